#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# bench.sh [--write] [NAME...]: builds and runs the benchmarks, all of them or those whose names contain a NAME
# (tests/bench, one question each), and prints one table. --write also puts the table into docs/performance.md, and the
# plots beside it.
#
# Each comparison takes turns in one run; ratios are of the two figures of one turn: median, and least to most. What
# else runs on the machine disturbs both sides, but not equally: a quiet machine is wanted.
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
cd "$project"

write=0
if [ "${1-}" = --write ]; then
    write=1
    shift
fi

# chosen NAME: is it among those named?
patterns=$*
chosen() {
    [ -n "$patterns" ] || return 0
    for pattern in $patterns; do
        case $1 in *"$pattern"*) return 0 ;; esac
    done
    return 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT HUP TERM

# quietly COMMAND...: shows what it printed only if it fails.
quietly() {
    "$@" >"$work/log" 2>&1 </dev/null || {
        cat "$work/log" >&2
        exit 1
    }
}

echo '==> building' >&2
quietly scripts/setup.sh bench
quietly cmake --preset bench
quietly cmake --build --preset bench --parallel "$(nproc)"
native=$(for f in build/bench/bin/bench_*; do echo "${f##*/}"; done | grep -v '^bench_versus' || :)

# Processes meet in a folder of this run's own.
XDG_RUNTIME_DIR=$work
export XDG_RUNTIME_DIR

for name in $native; do
    chosen "$name" || continue
    echo "==> $name" >&2
    "build/bench/bin/$name" >>"$work/results"
done

if chosen bench_versus; then
    echo '==> bench_versus, under Wine' >&2
    quietly scripts/setup.sh windows
    quietly cmake --preset win64 -B build/bench-win64 -DDDEML_BUILD_TESTS=OFF -DDDEML_BUILD_BENCH=ON
    quietly cmake --build build/bench-win64 --parallel "$(nproc)" --target bench_versus bench_versus_system
    DDEML_TEST_TIMEOUT=600 scripts/wine-session.sh scripts/wine-run.sh build/bench-win64/bin/bench_versus.exe |
        tr -d '\r' >>"$work/results"
fi

{
    echo '| Question | This library | Other side | Ratio | Target | |'
    echo '|---|---|---|---|---|---|'
    grep '^|' "$work/results"
} >"$work/table"
cat "$work/table"

# ---- Plots ------------------------------------------------------------------------------------------------

plot() { # NAME: reads gnuplot's commands
    {
        cat <<END
set terminal svg size 900,$2 background '#ffffff' font 'sans-serif,12' noenhanced
set output '$project/docs/$1.svg'
set datafile separator '\t'
END
        cat
    } >"$work/plot.gp"
    gnuplot "$work/plot.gp"
    sed -i "s|$work/||" "$project/docs/$1.svg" # the titles that gnuplot makes up for what has none
}

# curves KIND: one file for each curve, and what gnuplot plots of them.
curves() {
    grep "^#$1	" "$work/results" | cut -f 2 | sort -u >"$work/curves"
    commands=
    n=0
    while read -r curve; do
        n=$((n + 1))
        grep "^#$1	$curve	" "$work/results" | cut -f 3- >"$work/$1.$n"
        commands="$commands${commands:+, }'$work/$1.$n' using 1:2:3:4 with yerrorlines title '$curve'"
    done <"$work/curves"
    echo "plot $commands"
}

if [ "$write" = 1 ]; then
    grep '^#ratio' "$work/results" | cut -f 2- >"$work/ratios"
    rows=$(wc -l <"$work/ratios")
    plot performance-ratios $((120 + 26 * rows)) <<END
set title 'Ratio of each comparison: median, least to most; the target in red'
set logscale x
set grid x
set yrange [-0.5:$rows - 0.5] reverse
set key off
set lmargin 78
plot '$work/ratios' using 2:0:3:4:ytic(1) with xerrorbars pt 7 lc rgb '#1f6fb4', \
     '' using 5:0 with points pt 2 ps 1.2 lc rgb '#c22'
END
    plot performance-open 560 <<END
set title 'Cost of an operation as conversations are open, two threads'
set logscale xy
set grid
set xlabel 'open conversations'
set ylabel 'microseconds'
set key outside below
$(curves open)
END
    plot performance-links 380 <<END
set title 'Updates a second, two processes'
set logscale x
set grid
set xlabel 'hot links on one item'
set yrange [0:]
set key off
$(curves links)
END
    awk -v table="$work/table" '
        /<!-- table -->/ { print; print ""; while ((getline line < table) > 0) print line; print ""; skip = 1 }
        /<!-- end -->/ { skip = 0 }
        !skip && !/<!-- table -->/ { print }' docs/performance.md >"$work/performance.md"
    cp "$work/performance.md" docs/performance.md
fi
