#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# soak.sh [MINUTES]: this library, the system's DDEML and a program of messages alone, 64 and 32 bits, all in one Wine,
# conversing at random for so many minutes (30). Prints what those of this library hold after the first minute and at the
# end, without conversations: blocks of the heap, the ledger, the global atoms there are. Fails unless that is equal.
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
cd "$project"
minutes=${1:-30}

for preset in win64 win32; do
    cmake --preset "$preset" >/dev/null
    cmake --build --preset "$preset" --target interop_ours interop_system interop_raw interop_soak >/dev/null
done
export DDEML_WINE_PREFIX="${DDEML_WINE_PREFIX-soak}" # other tests have their own
DDEML_TEST_TIMEOUT=$((minutes * 60 + 600)) exec scripts/wine-run.sh build/win64/bin/interop_soak.exe \
    build/win64/bin build/win32/bin 60 $((minutes * 60))
