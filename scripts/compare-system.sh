#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# compare-system.sh [PATTERN]: the tests of behaviour that need only what every DDEML has, with this library and with the
# system's DDEML, under Wine. Each test runs in a process of its own, for at most DDEML_TEST_TIMEOUT seconds (5), because
# the system's may crash or hang. Prints a line per test: section, program, test, ours, the system's, and what the
# system's said; then how often each result came. PATTERN (a basic regular expression) chooses among those lines.
# Nothing is expected of the system's; fails if one of ours does not pass.
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
cd "$project"
preset=${DDEML_PRESET:-win64}

if [ "${DDEML_COMPARE_BUILT-}" != "$preset" ]; then
    cmake --preset "$preset" >/dev/null
    cmake --build --preset "$preset" --target conformance_system >/dev/null
    DDEML_COMPARE_BUILT=$preset exec scripts/wine-session.sh "$0" "$@"
fi

export DDEML_TEST_TIMEOUT="${DDEML_TEST_TIMEOUT:-5}"
output=$(mktemp)
table=$(mktemp)
trap 'rm -f "$output" "$table"' EXIT

# run PROGRAM NAME: sets result to pass, fail, crash or hang, and reason.
run() {
    status=0
    DDEML_TEST=$2 scripts/wine-run.sh "build/$preset/bin/$1.exe" >"$output" 2>&1 || status=$?
    result=fail
    reason=
    if [ "$status" -eq 124 ]; then
        result=hang
    elif grep -qi 'exception' "$output"; then
        result=crash
    elif [ "$status" -eq 0 ] && grep -q 'PASSED.* 1 test' "$output"; then
        result=pass
        return
    fi
    reason=$(tr -d '\r' <"$output" | sed -n '/ RUN /,$p' | sed '1d; s/^\[[A-Z ]*\] *-* *//; s/: error: Failure!//; /^$/d' |
        sed "s|$project/||" | head -n 2 | tr '\n\t' '  ')
}

scripts/conformance.sh --list | grep -e "${1-}" | while IFS='	' read -r section program test; do
    [ -e "build/$preset/bin/conformance_$program.exe" ] || continue
    run "behaviour_$program" "$section $test"
    ours=$result
    run "conformance_$program" "$section $test"
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$section" "$program" "$test" "$ours" "$result" "$reason" | tee -a "$table"
done

echo
awk -F '\t' '
    { ours[$4]++; system_[$5]++; n++ }
    END {
        printf "%d tests\n", n
        for (word in ours) printf "ours: %d %s\n", ours[word], word
        for (word in system_) printf "the system: %d %s\n", system_[word], word
        exit ours["pass"] != n
    }' "$table"
