#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# wine-session.sh COMMAND...: runs COMMAND while a display and a Wine of our own are up, and takes both down
# again. Inside, wine-run.sh starts a Windows program in a fraction of a second. The Wine prefix is made when
# it does not exist yet. Inside another session: just runs COMMAND.
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/wine-env.sh
. "$project/scripts/wine-env.sh"

if [ "${DDEML_WINE_SESSION-}" = "$WINEPREFIX" ]; then
    exec "$@"
fi

# All of it on one core, DDEML_WINE_CORE or the first. Every call of a Windows program is a conversation with the
# wineserver in which only one of the two works: on two cores each waits for the other to wake up, which takes five
# times as long. DDEML_WINE_CORE=any leaves it to the system.
core=${DDEML_WINE_CORE:-$(sed -n 's/^Cpus_allowed_list:[[:space:]]*\([0-9]*\).*/\1/p' /proc/self/status)}
if [ "$core" != any ]; then
    export DDEML_WINE_CORE=any
    if taskset -c "$core" true 2>/dev/null; then
        exec taskset -c "$core" "$0" "$@"
    fi
fi

# One session at a time: the end of it ends everything in the prefix.
mkdir -p "$deps"
exec 9>"$WINEPREFIX.lock"
flock 9

run=$(mktemp -d)
xvfb=
# shellcheck disable=SC2317 # called by the trap
leave() {
    trap - EXIT
    exec 8>&- # the keeper sees the end of its input
    if [ -d "$WINEPREFIX" ]; then
        wineserver -k 9>&- || :
    fi
    if [ -n "$xvfb" ]; then
        kill "$xvfb" 2>/dev/null || :
        wait "$xvfb" || :
    fi
    rm -rf "$run"
}
trap leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

mkfifo "$run/display" "$run/keeper"
Xvfb -displayfd 3 -screen 0 800x600x24 -nolisten tcp -noreset \
    3>"$run/display" 9>&- >"$run/xvfb.log" 2>&1 &
xvfb=$!
if ! read -r display <"$run/display"; then
    cat "$run/xvfb.log" >&2
    echo "wine-session.sh: Xvfb does not start" >&2
    exit 1
fi
export DISPLAY=":$display"
unset XAUTHORITY WAYLAND_DISPLAY

if [ ! -e "$WINEPREFIX/.complete" ]; then
    rm -rf "$WINEPREFIX"
    echo "==> Making a Wine prefix (once)"
    {
        wine wineboot -i && wineserver -w &&
            wine reg add 'HKCU\Software\Wine\WineDbg' /v ShowCrashDialog /t REG_DWORD /d 0 /f
    } >"$run/wineboot.log" 2>&1 9>&- </dev/null || {
        cat "$run/wineboot.log" >&2
        echo "wine-session.sh: Wine cannot make its prefix" >&2
        exit 1
    }
    : >"$WINEPREFIX/.complete"
fi

# A program that does nothing keeps Wine's own services up between the tests.
wine cmd <"$run/keeper" >/dev/null 2>&1 9>&- &
exec 8>"$run/keeper"
wine cmd /c exit >/dev/null 2>&1 8>&- 9>&- </dev/null

status=0
DDEML_WINE_SESSION=$WINEPREFIX "$@" 8>&- 9>&- || status=$?
exit "$status"
