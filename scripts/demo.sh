#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# demo.sh: programs converse by DDE (the command dde), then the storm of Q170626 with the ledger before and after; natively, and where
# Wine can be had also as Windows programs, beside the system's own DDEML. Sets up and builds what it needs.
#
# DDEML_SKIP_WINE=1 leaves the Windows half out.
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
cd "$project"
cycles=${DDEML_DEMO_CYCLES:-200}

# step WHAT COMMAND...: shows what the command printed only if it fails.
step() {
    what=$1
    shift
    mkdir -p build/log
    if ! "$@" >build/log/demo 2>&1 </dev/null; then
        cat build/log/demo
        echo "demo: failed to $what" >&2
        return 1
    fi
}

build() { # PRESET TARGET...
    preset=$1
    shift
    step "configure $preset" cmake --preset "$preset" &&
        step "build $preset" cmake --build --preset "$preset" --parallel "$(nproc)" --target "$@"
}

title() {
    printf '\n== %s\n\n' "$1"
}

echo 'Setting up and building (the first time takes a while)...'
step 'set up' scripts/setup.sh test
build native demo dde

title 'Linux: a server and its clients, each a process of its own'
scripts/demo-talk.sh build/native/bin/dde
title "Linux: the storm of Q170626, $cycles times"
build/native/bin/demo storm "$cycles" | tee build/log/storm.native

# ---- Windows ----------------------------------------------------------------------------------------

windows=no
if [ "${DDEML_SKIP_WINE:-0}" != 1 ] && step 'set up Wine' scripts/setup.sh windows && build win64 demo demo_system dde; then
    windows=yes
    title 'Windows (Wine): a server and its clients, each a process of its own'
    scripts/wine-session.sh sh -c '
        run=scripts/wine-run.sh
        scripts/demo-talk.sh $run build/win64/bin/dde.exe || exit
        '"printf '\n== %s\n\n' 'Windows (Wine): the storm with this library, $cycles times'"'
        $run build/win64/bin/demo.exe storm '"$cycles"' | tee build/log/storm.ours
        '"printf '\n== %s\n\n' 'Windows (Wine): the same program on the DDEML of the system, $cycles times'"'
        $run build/win64/bin/demo_system.exe storm '"$cycles"' | tee build/log/storm.system
    '
fi

# ---- What it showed ---------------------------------------------------------------------------------

# left FILE: blocks left behind per cycle
left() {
    tr -d '\r' <"$1" | awk '$1 == "blocks" { print $NF; found = 1 } END { if (!found) print "?" }'
}

title 'What was shown'
echo 'Programs conversed: request, poke, execute, a hot link. Then disconnects while 50 updates were on their way:'
echo "Linux:                $(left build/log/storm.native) blocks left behind by each disconnect under load; the ledger is all zeros."
failed=0
[ "$(left build/log/storm.native)" = 0.0 ] || failed=1
if [ "$windows" = yes ]; then
    echo "Windows, this library: $(left build/log/storm.ours) blocks left behind by each."
    echo "Windows, the system's: $(left build/log/storm.system) blocks left behind by each. That is Q170626."
    [ "$(left build/log/storm.ours)" = 0.0 ] || failed=1
else
    echo 'Windows: not shown, because Wine is not to be had here.'
fi
exit $failed
