#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# planted.sh [PATCH...], planted.sh --check: how many simulated runs it takes to find each of the bugs of tests/sim/planted. Each is applied
# to a copy of the sources, which plays until something is violated, LIMIT (100 000) runs at most. Prints a table for
# docs/proof.md. Fails if a patch does not apply any more, does not compile, or survives. --check: only whether they apply.
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
cd "$project"
if [ "${1-}" = --check ]; then
    for patch in tests/sim/planted/*.patch; do
        patch -s -p1 --dry-run <"$patch" || { echo "$patch: does not apply" >&2; exit 1; }
    done
    exit 0
fi
limit=${LIMIT:-100000}
seed=${SEED:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ $# -gt 0 ] || set -- tests/sim/planted/*.patch

mkdir "$work/copy"
cp -r CMakeLists.txt CMakePresets.json cmake examples include src tests scripts "$work/copy"
cmake -S "$work/copy" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DDDEML_BUILD_TOOLS=OFF >/dev/null

# The first line of a patch that is no part of it says what is wrong.
what() {
    sed -n 's/^# //p;/^---/q' "$1" | head -n 1
}

survived=0
echo '| Planted bug | Runs until it was found | Violated |'
echo '|---|---|---|'
for patch; do
    name=$(basename "$patch" .patch)
    (cd "$work/copy" && patch -s -p1 <"$project/$patch") || { echo "$name: does not apply" >&2; exit 1; }
    cmake --build "$work/build" --target dde_sim >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
    if "$work/build/bin/dde_sim" --runs="$limit" --from="$seed" >"$work/found"; then
        survived=$((survived + 1))
        echo "| $name: $(what "$patch") | survived $limit | - |"
    else
        echo "| $name: $(what "$patch") | $(sed -n '1s/ runs.*//p' "$work/found") | $(sed -n '2s/:.*//p' "$work/found") |"
    fi
    (cd "$work/copy" && patch -s -R -p1 <"$project/$patch")
done
[ "$survived" -eq 0 ]
