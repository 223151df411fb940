#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# simulate.sh [RUNS [SEED]]: plays RUNS (1 000 000) random programs in the simulator (tests/sim), from SEED on, or from
# one that the clock gives. Prints how many there were, their seeds, how often each exported function was called, and
# what was violated: with a line that plays it again. Fails if anything was, or if a function was never called.
set -eu

cd "$(dirname "$0")/.."
preset=${DDEML_PRESET:-native}

[ -e "build/$preset/CMakeCache.txt" ] || cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" --target dde_sim >/dev/null
exec "build/$preset/bin/dde_sim" --runs="${1-1000000}" --from="${2-clock}" --jobs="$(nproc)" --names
