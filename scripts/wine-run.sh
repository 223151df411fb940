#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# wine-run.sh PROGRAM.exe [ARGUMENT...]: runs a Windows program under the project's Wine. CTest runs every
# Windows test through it. The exit code is the program's; 124 after DDEML_TEST_TIMEOUT seconds (60). A process
# that the program has started and that outlives it by more than a moment is ended and makes the run fail.
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/wine-env.sh
. "$project/scripts/wine-env.sh"

if [ "${DDEML_WINE_SESSION-}" != "$WINEPREFIX" ]; then
    exec "$project/scripts/wine-session.sh" "$0" "$@"
fi

# A mark in the environment, inherited by everything the program starts.
mark="$$.$(date +%s%N)"
marked() { # process ids; without Wine's own programs, which any program may be the first to need
    # shellcheck disable=SC2013 # no blanks in these names
    for environment in $(grep -lzsx "DDEML_WINE_RUN=$mark" /proc/[0-9]*/environ); do
        pid=${environment#/proc/}
        pid=${pid%/environ}
        name=$(cat "/proc/$pid/comm" 2>/dev/null) || continue
        case $name in
        wineserver* | explorer.exe | services.exe | plugplay.exe | winedevice.exe | svchost.exe | rpcss.exe) ;;
        conhost.exe | wineboot.exe | winemenubuilder* | tabtip.exe) ;;
        *) echo "$pid" ;;
        esac
    done
}

limit=${DDEML_TEST_TIMEOUT:-60}
launch=/usr/lib/wine/wine64
if [ -x "$deps/wine/wine" ]; then
    launch=$deps/wine/wine
fi
# What the program prints goes through a file: a pipe would stay open in whatever part of Wine the program was
# the first to need, and its reader would wait for an end that does not come.
output=$(mktemp)
trap 'rm -f "$output"' EXIT
status=0
DDEML_WINE_RUN=$mark timeout --kill-after=3 "$limit" "$launch" "$@" </dev/null >"$output" 2>&1 || status=$?
cat "$output"
if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
    echo "wine-run.sh: ended after $limit s: $1" >&2
    status=124
fi

tries=50
[ "$status" -eq 0 ] || tries=5
while left=$(marked) && [ -n "$left" ] && [ "$tries" -gt 0 ]; do
    sleep 0.1
    tries=$((tries - 1))
done
for pid in $left; do
    echo "wine-run.sh: left running, ended now: $(cat "/proc/$pid/comm" 2>/dev/null)" >&2
    kill -KILL "$pid" 2>/dev/null || :
    [ "$status" -ne 0 ] || status=98
done
exit "$status"
