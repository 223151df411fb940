#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# interop.sh [--write] [FILTER]: this library, the system's DDEML and a program of messages alone, 64 and 32 bits, each as
# a client of each, under Wine: what passes, and who is to blame where something does not. FILTER: only the scenarios whose
# names contain it. --write puts the table into docs/interop.md. Fails if there is a fault of this library.
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
cd "$project"

write=
if [ "${1-}" = --write ]; then
    write=1
    shift
fi
for preset in win64 win32; do
    cmake --preset "$preset" >/dev/null
    cmake --build --preset "$preset" --target interop_ours interop_system interop_raw interop_matrix >/dev/null
done

output=$(mktemp)
trap 'rm -f "$output"' EXIT
status=0
DDEML_TEST_TIMEOUT=3600 scripts/wine-run.sh build/win64/bin/interop_matrix.exe build/win64/bin build/win32/bin \
    ${1:+--only "$1"} >"$output" 2>&1 || status=$?
tr -d '\r' <"$output"

if [ -n "$write" ]; then
    page=docs/interop.md
    {
        sed '/^<!-- table -->/,$d' "$page"
        tr -d '\r' <"$output" | sed -n '/^<!-- table -->/,/^<!-- end -->/p'
        sed '1,/^<!-- end -->/d' "$page"
    } >"$output.page"
    cat "$output.page" >"$page"
    rm "$output.page"
fi
exit "$status"
