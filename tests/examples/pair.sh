#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# pair.sh SERVER CLIENT: the client gets a price and 25 updates from the server, which ends by itself when the
# client has left. Fails unless both succeed.

case $1 in
*thread*) "$1" 60 & ;;
*) "$1" --once & ;;
esac
server=$!
said=$("$2" 25)
client=$?
[ "$client" -eq 0 ] || kill "$server"
wait "$server"
served=$?

echo "$said" | tail -n 3
echo "client: $client, server: $served"
[ "$client" -eq 0 ] && [ "$served" -eq 0 ] &&
    [ "$(echo "$said" | grep -c '^update  *[0-9][0-9]*$')" -eq 25 ] &&
    [ "$(echo "$said" | grep -c '^price  *[0-9][0-9]*$')" -eq 1 ]
