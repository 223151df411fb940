#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# fuzz.sh [SECONDS [DOOR...]]: fuzzes the doors (tests/fuzz/fuzz.h), all of them if none is named, side by side for so
# long, 60 s if nothing else is said. Afterwards the corpus in tests/fuzz/corpus has the few inputs that lead as far as
# all that have ever been found on this machine (build/fuzz/corpus), the executions are added to tests/fuzz/totals, and
# the table of docs/proof.md is that of the present code.
#
# What is found stays as build/fuzz/found/DOOR-...; to have it replayed for ever, put it into the corpus as found-NAME.
# Fails if anything was found. Doors: window socket calls packing text program. An hour of each on the final code, in
# slices: six times "scripts/fuzz.sh 600".
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
cd "$project"
seconds=${1:-60}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- window socket calls packing text program

MOST_FILES=190 MOST_BYTES=95000 LONGEST=2048
totals=tests/fuzz/totals
work=build/fuzz

# The code that a door leads into, whatever commit it is in; only what is committed counts.
code_of() { # DOOR
    case $1 in
    program) set -- src/rebind ;;
    *) set -- include src ':!src/host/sim' ':!src/host/win32' ':!src/rebind' ':!src/tools' ':!src/user32' ':!src/winmain' ;;
    esac
    git diff --quiet HEAD -- "$@" || {
        echo uncommitted
        return 0
    }
    git ls-files -s -- "$@" | git hash-object --stdin | cut -c 1-12
}

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
count() { # DOOR CODE SECONDS CPU-SECONDS EXECUTIONS FINDINGS
    touch "$totals"
    awk -v OFS='\t' -v door="$1" -v code="$2" -v s="$3" -v cpu="$4" -v n="$5" -v bad="$6" '
        $1 == door && $2 == code { $3 += s; $4 += cpu; $5 += n; $6 += bad; known = 1 }
        { print $1, $2, $3, $4, $5, $6 }
        END { if (!known) print door, code, s, cpu, n, bad }' "$totals" | sort >"$work/totals"
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

fuzz() { # DOOR
    mkdir -p "$work/corpus/$1" "tests/fuzz/corpus/$1"
    code=$(code_of "$1") # as it is now: the slice may be long
    begin=$(date +%s)
    findings=0
    nice -n 15 "$work/bin/fuzz_$1" -max_total_time="$seconds" -max_len=$LONGEST -timeout=60 -rss_limit_mb=4096 \
        -entropic=0 -print_final_stats=1 -artifact_prefix="$work/found/$1-" "$work/corpus/$1" "tests/fuzz/corpus/$1" \
        >"$work/log/$1" 2>&1 || findings=1
    took=$(($(date +%s) - begin))
    n=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log/$1")
    times >"$work/log/$1.times" # of this shell, and of what it has started
    cpu=$(sed -n '2 { s/[ms]/ /g; p; }' "$work/log/$1.times" | awk '{ printf "%d", $1 * 60 + $2 + $3 * 60 + $4 }')
    echo "$code $took $cpu ${n:-0} $findings" >"$work/log/$1.result"
}

report() { # DOOR
    read -r code took cpu n findings <"$work/log/$1.result"
    echo "$1: $n executions in $took s ($cpu s of a processor), $findings findings"
    count "$1" "$code" "$took" "$cpu" "$n" "$findings"
    if [ "$findings" -gt 0 ]; then
        grep -E '^(left:|fuzz:|SUMMARY)|ERROR|runtime error|Test unit' "$work/log/$1" || tail "$work/log/$1"
        return 1
    fi
    choose "$1"
}

for door in "$@"; do
    rm -f "$work/log/$door.result"
    fuzz "$door" &
done
wait

failed=0
for door in "$@"; do
    report "$door" || failed=1
done

# Only what was run on the present code counts.
{
    cat <<'END'
| Door | Code | Seconds | of a processor | Executions | Findings |
|---|---|---:|---:|---:|---:|
END
    for door in calls packing program socket text window; do
        awk -F '\t' -v door="$door" -v code="$(code_of "$door")" '
            $1 == door && $2 == code { printf "| %s | `%s` | %d | %d | %d | %d |\n", $1, $2, $3, $4, $5, $6 }' "$totals"
    done
} >"$work/table"
awk -F '|' '
    NR > 2 { s += $4; cpu += $5; n += $6; bad += $7 }
    { print }
    END { printf "| all | | %d | %d | %d | %d |\n", s, cpu, n, bad }' "$work/table" >"$work/sum"
awk -F '\t' -v now="$(cut -d '`' -f 2 "$work/table" | tail -n +3 | tr '\n' ' ')" '
    BEGIN { split(now, codes, " "); for (i in codes) present[codes[i]] = 1 }
    !($2 in present) { before += $5 }
    END { printf "\nOn earlier versions: %d executions.\n", before }' "$totals" >>"$work/sum"
mv "$work/sum" "$work/table"
cat "$work/table"
awk -v table="$work/table" '
    /^<!-- end of fuzz.sh -->/ { skip = 0 }
    !skip { print }
    /^<!-- fuzz.sh -->/ { skip = 1; while ((getline line < table) > 0) print line }' docs/proof.md >"$work/proof"
cp "$work/proof" docs/proof.md
exit "$failed"
