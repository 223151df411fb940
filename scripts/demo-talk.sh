#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# demo-talk.sh COMMAND...: a server and its clients, each a process of its own, as somebody at a terminal would start
# them. COMMAND is how dde is run here. The server's trace goes to build/log/serve.
set -eu

run() { # ARGUMENT...: shows the command and what it prints
    printf '$ dde'
    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9.:/=-]*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    echo
    "$dde" "$@"
}

# One program: the words of COMMAND are its first ones.
wrapper=$(mktemp -d)
dde=$wrapper/dde
log=build/log
server=
# shellcheck disable=SC2317 # called by the trap
leave() {
    trap - EXIT
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || :
    fi
    rm -rf "$wrapper"
}
trap leave EXIT
{
    echo '#!/bin/sh'
    printf 'exec'
    printf " '%s'" "$@"
    # shellcheck disable=SC2016 # for the wrapper to expand
    echo ' "$@"'
} >"$dde"
chmod +x "$dde"
mkdir -p "$log"

echo "\$ dde serve --trace --quit '[quit]' 'Prices|London' 'Copper=9 812.50' Zinc=2600 &"
"$dde" serve --trace --quit '[quit]' 'Prices|London' 'Copper=9 812.50' Zinc=2600 >"$log/serve" 2>&1 &
server=$!
run request --wait --timeout 30s 'Prices|London!Copper'
run services --items 'Prices|London'
run poke 'Prices|London!Copper' '9 815.00'
run request --json 'Prices|London!Copper'
run execute 'Prices|London' '[buy("Copper", 5)]'

echo "\$ dde advise --count 3 'Prices|London!Copper' &    # and pokes, one after the other"
"$dde" advise --count 3 'Prices|London!Copper' >"$log/advise" &
advise=$!
price=9809
while kill -0 "$advise" 2>/dev/null; do
    price=$((price + 1))
    "$dde" poke 'Prices|London!Copper' "$price"
done
wait "$advise"
cat "$log/advise"

run execute 'Prices|London' '[quit]'
wait "$server"
server=
grep -q 'XTYP_ADVREQ' "$log/serve"
grep -q 'execute.*buy("Copper", 5)' "$log/serve"
