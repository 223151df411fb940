#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# coverage.sh: builds the preset `coverage`, runs the native tests with it and prints which lines and branches of the
# library they reached, by folder and by file, and every line that they did not. Fails if a test fails, or if
# src/core and src/wire together are below 98 % of the lines or 90 % of the branches.
#
#   coverage.sh [CTEST OPTION...]    with others than all tests, e.g. -R behaviour
#   coverage.sh report               only the tables, of what has been run already
#
# docs/proof.md says what counts as a branch, and explains the lines that nothing reaches.
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
cd "$project"
build=build/coverage
least_lines=98 least_branches=90

# step LOG COMMAND...: shows what the command printed only if it fails.
step() {
    log=$1
    shift
    "$@" >"$log" 2>&1 </dev/null && return 0
    tail -n 60 "$log"
    return 1
}

status=0
if [ "${1:-}" != report ]; then
    scripts/setup.sh test coverage
    mkdir -p "$build/log"
    step "$build/log/configure" cmake --preset coverage
    echo '==> building'
    step "$build/log/build" cmake --build --preset coverage --parallel "$(nproc)"
    find "$build" -name '*.gcda' -delete
    echo '==> testing'
    # What other projects build of this one is not counted.
    step "$build/log/test" ctest --preset coverage --label-exclude package "$@" || status=1
    grep 'tests passed' "$build/log/test"
fi

# Of each line all compilations count together: the shared library, the static one and the copies of tests/apart.
# Branches: those of the source; none that the compiler adds where there is no text, and no assertion's.
gcovr --root . --filter 'src/(api|base|core|wire|host/posix)/' "$build/CMakeFiles/ddeml_objects.dir" \
    --exclude-unreachable-branches --exclude-throw-branches --exclude-branches-by-pattern '.*\bassert\(.*' \
    --csv "$build/coverage.csv" --xml "$build/coverage.xml" --xml-pretty >"$build/log/gcovr" 2>&1 || {
    cat "$build/log/gcovr"
    exit 1
}

echo
awk -F , -v least_lines="$least_lines" -v least_branches="$least_branches" '
    function percent(n, of) { return of ? 100 * n / of : 100 }
    function row(name, c) {
        printf "%-34s %5d of %5d  %5.1f %%   %5d of %5d  %5.1f %%\n", name,
            c[2], c[1], percent(c[2], c[1]), c[4], c[3], percent(c[4], c[3])
    }
    NR > 1 {
        folder = $1; sub(/\/[^\/]*$/, "", folder)
        c[1] = $2; c[2] = $3; c[3] = $5; c[4] = $6
        if (!(folder in seen)) { seen[folder]; order[++n] = folder }
        files[folder, ++count[folder]] = $0
        for (i = 1; i <= 4; i++) { sum[folder, i] += c[i]; total[i] += c[i] }
        if (folder ~ /core$|wire$/) for (i = 1; i <= 4; i++) judged[i] += c[i]
    }
    END {
        printf "%-34s %14s  %7s   %14s  %7s\n", "", "lines", "", "branches", ""
        for (f = 1; f <= n; f++) {
            for (i = 1; i <= 4; i++) c[i] = sum[order[f], i]
            row(order[f], c)
            for (k = 1; k <= count[order[f]]; k++) {
                split(files[order[f], k], v, ",")
                name = v[1]; sub(/.*\//, "    ", name)
                c[1] = v[2]; c[2] = v[3]; c[3] = v[5]; c[4] = v[6]
                if (c[1]) row(name, c)
            }
        }
        row("all", total)
        row("src/core and src/wire", judged)
        low = percent(judged[2], judged[1]) < least_lines || percent(judged[4], judged[3]) < least_branches
        if (low) printf "BELOW %d %% of the lines or %d %% of the branches\n", least_lines, least_branches
        exit low
    }' "$build/coverage.csv" || status=1

echo
echo 'Lines that were not reached:'
awk -F '"' '
    /<class / { for (i = 1; i < NF; i++) if ($i ~ / filename=$/) file = $(i + 1) }
    /<methods\/>/ { lines = 1 }
    /<line / {
        number = hits = ""
        for (i = 1; i < NF; i++) { if ($i ~ /number=$/) number = $(i + 1); if ($i ~ /hits=$/) hits = $(i + 1) }
        if (hits == 0) {
            for (at = 0; at < number && (getline text < file) > 0; at++) ;
            close(file); sub(/^ +/, "", text)
            print file ":" number ": " text
        }
    }' "$build/coverage.xml"
exit "$status"
