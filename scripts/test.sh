#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# test.sh [PRESET...]: sets up what is missing, builds and runs the tests. All presets if none is named:
#
#   native   Linux                                  asan    with the address, undefined and leak sanitizers
#   win64    64-bit Windows, under Wine             tsan    with the thread sanitizer
#   win32    32-bit Windows, under Wine             bench   benchmarks, tried out only (not among "all")
#
# DDEML_FULL=1 repeats every scenario of the leak suite 10 000 times, under Wine 1 000 times,
# and lets every call of the host fail in each; that takes much longer.
#
# Needs Debian 12 with root or sudo, or a machine where all of scripts/packages.txt is installed. Fails where
# 32-bit Wine is not to be had, unless DDEML_SKIP_WIN32=1 says that this is known.
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
cd "$project"

# Two runs in one tree would write over one another.
mkdir -p build
exec 9>build/test.lock
flock -n 9 || {
    echo 'Waiting for another run of test.sh in this tree...'
    flock 9
}

summary=
failed=0
passed_tests=0
failed_tests=0
skipped_tests=0

row() { # PRESET RESULT PASSED FAILED SKIPPED SECONDS
    summary="$summary$(printf '%-8s %-28s %7s %7s %8s %6s s' "$@")
"
    echo "$1: $2"
}

# step LOG COMMAND...: shows what the command printed only if it fails, without the steps that went well.
step() {
    log=$1
    shift
    mkdir -p "${log%/*}"
    "$@" >"$log" 2>&1 </dev/null && return 0
    grep -Ev '^\[[0-9]+/[0-9]+\] ' "$log"
    return 1
}

set_up() { # PRESET
    case $1 in
    win32) scripts/setup.sh windows win32 ;;
    win64)
        scripts/setup.sh windows || return 1
        # Both Windows presets share one Wine where the machine can have it.
        [ "$skip_win32" = 1 ] || scripts/setup.sh win32 || :
        ;;
    bench) scripts/setup.sh bench ;;
    *) scripts/setup.sh test ;;
    esac
}

run_tests() { # PRESET
    log=build/$1/log/test
    case $1 in
    win64) session="env DDEML_WINE_PREFIX=win64 DDEML_WINE_CORE=$first_core scripts/wine-session.sh" ;;
    win32) session="env DDEML_WINE_PREFIX=win32 DDEML_WINE_CORE=$last_core scripts/wine-session.sh" ;;
    ?san) session=$fixed_addresses ;;
    *) session= ;;
    esac
    begin=$(date +%s)
    $session ctest --preset "$1" </dev/null >"$log" 2>&1 && echo 0 >"$log.status" || echo 1 >"$log.status"
    echo $(($(date +%s) - begin)) >"$log.seconds"
}

prepare() { # PRESET
    logs=build/$1/log
    echo "==> building $1"
    if [ "$1" = win32 ] && [ "$skip_win32" = 1 ]; then
        row "$1" 'NOT RUN: DDEML_SKIP_WIN32=1' - - - 0
        return 0
    fi
    problem=
    begin=$(date +%s)
    if ! set_up "$1"; then
        problem='set-up failed'
    elif ! step "$logs/configure" cmake --preset "$1" -DDDEML_LEAK_FULL="${DDEML_FULL:-0}"; then
        problem='configuring failed'
    elif ! step "$logs/build" cmake --build --preset "$1" --parallel "$(nproc)"; then
        problem='building failed'
    fi
    if [ -n "$problem" ]; then
        row "$1" "NOT RUN: $problem" - - - $(($(date +%s) - begin))
        failed=1
        return 0
    fi
    rm -f "$logs"/test*
    ready="$ready $1"
}

report() { # PRESET, which has run
    log=build/$1/log/test
    cat "$log"
    result=passed
    [ "$(cat "$log.status")" = 0 ] || result=FAILED
    # 100% tests passed, 0 tests failed out of 12
    total=$(sed -n 's/.*tests failed out of \([0-9]*\).*/\1/p' "$log" | tail -n 1)
    bad=$(sed -n 's/.*, \([0-9]*\) tests failed out of.*/\1/p' "$log" | tail -n 1)
    skipped=$(grep -c '\*\*\*Skipped' "$log" || :)
    total=${total:-0} bad=${bad:-0}
    good=$((total - bad - skipped))
    if [ "$total" -eq 0 ]; then
        result='FAILED: ran no test'
    fi
    [ "$result" = passed ] || failed=1
    passed_tests=$((passed_tests + good))
    failed_tests=$((failed_tests + bad))
    skipped_tests=$((skipped_tests + skipped))
    row "$1" "$result" "$good" "$bad" "$skipped" "$(cat "$log.seconds")"
}

# The sanitizers of some compilers do not start where a kernel spreads addresses very widely.
fixed_addresses='setarch -R'
$fixed_addresses true 2>/dev/null || fixed_addresses=
skip_win32=${DDEML_SKIP_WIN32:-0}
first_core=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*\([0-9]*\).*/\1/p' /proc/self/status)
last_core=$(sed -n 's/^Cpus_allowed_list:.*[^0-9]\([0-9]*\)$/\1/p' /proc/self/status)
start=$(date +%s)
[ $# -gt 0 ] || set -- native asan tsan win64 win32
ready=
for preset in "$@"; do
    prepare "$preset"
done

# A Wine session keeps one core busy, so two of them run side by side; everything else uses all cores by itself.
beside=
case $ready in
*win64*win32* | *win32*win64*) beside=win32 ;;
esac
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null' EXIT
trap 'exit 130' INT HUP TERM
for preset in $ready; do
    [ "$preset" != "$beside" ] || continue
    echo
    echo "==> testing $preset"
    if [ "$preset" = win64 ] && [ -n "$beside" ]; then
        run_tests "$beside" &
        pid=$!
    fi
    run_tests "$preset"
    report "$preset"
done
if [ -n "$beside" ]; then
    echo
    echo "==> testing $beside"
    wait "$pid"
    pid=
    report "$beside"
fi

echo
printf '%-8s %-28s %7s %7s %8s %8s\n' preset result passed failed skipped time
printf '%s' "$summary"
echo
if [ "$failed" -eq 0 ]; then
    echo "All well, in $(($(date +%s) - start)) s."
else
    echo "NOT ALL WELL, in $(($(date +%s) - start)) s: see above."
fi
echo "$passed_tests passed, $failed_tests failed, $skipped_tests skipped"
exit "$failed"
