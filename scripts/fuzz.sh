#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# fuzz.sh [SECONDS [DOOR...]]: fuzzes each door (tests/fuzz/fuzz.h) for so long, one after the other, 60 s and all of
# them if nothing else is said. Afterwards the corpus in tests/fuzz/corpus has the few inputs that lead as far as all
# that have ever been found on this machine (build/fuzz/corpus), the executions are added to tests/fuzz/totals, and the
# table of docs/proof.md is that of the present code.
#
# What is found stays as build/fuzz/found/DOOR-...; to have it replayed for ever, put it into the corpus as found-NAME.
# Fails if anything was found. Doors: window socket calls packing text. An hour of each on the final code, in slices:
# six times "scripts/fuzz.sh 600".
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
cd "$project"
seconds=${1:-60}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- window socket calls packing text

MOST_FILES=190 MOST_BYTES=95000 LONGEST=2048
totals=tests/fuzz/totals
work=build/fuzz

# The code that is fuzzed, whatever commit it is in; only what is committed counts.
code=$(git rev-parse HEAD:src HEAD:include | git hash-object --stdin | cut -c 1-12)
git diff --quiet HEAD -- src include || code=uncommitted

mkdir -p "$work/log" "$work/found"
exec 9>"$work/fuzz.lock"
flock -n 9 || {
    echo 'fuzz.sh: another one is running in this tree' >&2
    exit 2
}
scripts/setup.sh fuzz
{ cmake --preset fuzz && cmake --build --preset fuzz --parallel "$(nproc)"; } >"$work/log/build" 2>&1 || {
    cat "$work/log/build"
    exit 1
}

export ASAN_OPTIONS=allocator_may_return_null=1:max_allocation_size_mb=512:quarantine_size_mb=32
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

# Adds to the line of door and code.
count() { # DOOR EXECUTIONS SECONDS FINDINGS
    touch "$totals"
    awk -v OFS='\t' -v door="$1" -v code="$code" -v n="$2" -v s="$3" -v bad="$4" '
        $1 == door && $2 == code { $3 += s; $4 += n; $5 += bad; known = 1 }
        { print $1, $2, $3, $4, $5 }
        END { if (!known) print door, code, s, n, bad }' "$totals" | sort >"$work/totals"
    cp "$work/totals" "$totals"
}

# The corpus becomes what leads as far as everything that is known.
choose() { # DOOR
    corpus=tests/fuzz/corpus/$1 new=$work/chosen
    rm -rf "$new"
    mkdir -p "$new"
    "$work/bin/fuzz_choose_$1" "$MOST_FILES" "$MOST_BYTES" "$corpus" "$work/corpus/$1" >"$work/log/choose-$1" || return 1
    while read -r path; do
        case ${path##*/} in
        found-*) cp "$path" "$new" ;;
        *) cp "$path" "$new/$(sha1sum "$path" | cut -c 1-16)" ;;
        esac
    done <"$work/log/choose-$1"
    rm -rf "$corpus"
    mv "$new" "$corpus"
}

run() { # DOOR
    log=$work/log/$1
    mkdir -p "$work/corpus/$1" "tests/fuzz/corpus/$1"
    begin=$(date +%s)
    findings=0
    nice -n 15 "$work/bin/fuzz_$1" -max_total_time="$seconds" -max_len=$LONGEST -timeout=60 -rss_limit_mb=4096 \
        -entropic=0 -print_final_stats=1 -artifact_prefix="$work/found/$1-" "$work/corpus/$1" "tests/fuzz/corpus/$1" \
        >"$log" 2>&1 || findings=1
    n=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    took=$(($(date +%s) - begin))
    echo "$1: ${n:-0} executions in $took s, $findings findings"
    count "$1" "${n:-0}" "$took" "$findings"
    if [ "$findings" -gt 0 ]; then
        grep -E '^(left:|fuzz:|SUMMARY)|ERROR|runtime error|Test unit' "$log" || tail "$log"
        return 1
    fi
    choose "$1"
}

failed=0
for door in "$@"; do
    run "$door" || failed=1
done

# Only what was run on the present code counts.
awk -v code="$code" '
    BEGIN {
        printf "Code: `%s` (src and include of a commit: `git rev-parse HEAD:src HEAD:include | git hash-object --stdin`).\n\n", code
        print "| Door | Seconds | Executions | Findings |"
        print "|---|---:|---:|---:|"
    }
    $2 == code { printf "| %s | %d | %d | %d |\n", $1, $3, $4, $5; s += $3; n += $4; bad += $5 }
    $2 != code { before += $4 }
    END {
        printf "| all | %d | %d | %d |\n", s, n, bad
        printf "\nOn earlier versions: %d executions.\n", before
    }' "$totals" >"$work/table"
cat "$work/table"
awk -v table="$work/table" '
    /^<!-- end of fuzz.sh -->/ { skip = 0 }
    !skip { print }
    /^<!-- fuzz.sh -->/ { skip = 1; while ((getline line < table) > 0) print line }' docs/proof.md >"$work/proof"
cp "$work/proof" docs/proof.md
exit "$failed"
