#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# check-packages.sh: is packages.txt the truth? Builds all presets where only the programs of the listed packages,
# what they depend on and Debian's minimal system can be called by name, and then asks dpkg whose the files are
# that were really used: tools, headers, and what the linker read. Fails if one is of no such package. Also
# names listed packages of which nothing was used. For a machine where scripts/test.sh has run.
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT HUP TERM

# ---- The packages that may be used ------------------------------------------------------------------------

awk '!/^#/ && NF { print $1 }' "$project/scripts/packages.txt" | sort >"$work/listed"

# Depends of everything installed, followed from the list and the minimal system.
dpkg-query -W -f '${db:Status-Status}|${Package}|${Essential}|${Priority}|${Provides}|${Pre-Depends}, ${Depends}\n' |
    awk -F '|' -v OFS='|' '$1 == "installed" { n = split($0, f, "|"); rest = f[6]
        for (i = 7; i <= n; i++) rest = rest "|" f[i]; print f[2], f[3], f[4], f[5] "\t" rest }' >"$work/installed"
awk -v listed="$work/listed" '
    function names(text, into,    n, i, part) { # "a (>= 1), b:any" -> a, b
        n = split(text, part, /, */)
        for (i = 1; i <= n; i++) { sub(/[ (:].*/, "", part[i]); into[i] = part[i] }
        return n
    }
    {
        split($0, half, "\t"); split(half[1], f, "|"); depends[f[1]] = half[2]
        if (f[2] == "yes" || f[3] == "required" || f[1] == "apt") todo[++n_todo] = f[1]
        n = names(f[4], list)
        for (i = 1; i <= n; i++) if (list[i] != "") provider[list[i]] = provider[list[i]] " " f[1]
    }
    END {
        while ((getline package < listed) > 0) todo[++n_todo] = package
        for (t = 1; t <= n_todo; t++) {
            package = todo[t]
            if (package in seen || !(package in depends)) continue
            seen[package]; print package
            n = split(depends[package], clause, /, */)
            for (i = 1; i <= n; i++) {
                m = split(clause[i], option, / *[|] */)
                for (j = 1; j <= m; j++) {
                    sub(/^ +/, "", option[j]); sub(/[ (:].*/, "", option[j])
                    if (option[j] in depends) { todo[++n_todo] = option[j]; break }
                    if (option[j] in provider) {
                        k = split(provider[option[j]], p, " ")
                        for (l = 1; l <= k; l++) todo[++n_todo] = p[l]
                        break
                    }
                }
            }
        }
    }' "$work/installed" | sort >"$work/allowed"

missing=$(comm -23 "$work/listed" "$work/allowed")
if [ -n "$missing" ]; then
    echo "check-packages.sh: not installed, run scripts/test.sh and scripts/setup.sh coverage first: $missing" >&2
    exit 2
fi

# Their files, one name for each: /bin, /lib and /sbin are links into /usr.
one_name='s#^/(bin|sbin|lib|lib32|lib64|libx32)/#/usr/\1/#'
while read -r package; do
    dpkg-query -L "$package" 2>/dev/null || dpkg-query -L "$package:$(dpkg --print-architecture)"
done <"$work/allowed" | sed -E "$one_name" | sort -u >"$work/files"

# ---- A build with nothing else on the path ----------------------------------------------------------------

mkdir "$work/bin"
find /usr/bin /usr/sbin -mindepth 1 -maxdepth 1 -printf '%p\n' | while read -r program; do
    printf '%s\t%s\n' "$program" "$(readlink -f "$program")" # an alternative belongs to nobody, its target does
done | awk -F '\t' -v files="$work/files" '
    BEGIN { while ((getline file < files) > 0) ours[file] }
    ($1 in ours) || ($2 in ours) { print $1 }' | xargs ln -s -t "$work/bin"

for preset in native asan tsan win64 win32 bench fuzz; do
    echo "==> $preset"
    build=$work/build/$preset
    in_minimal() { env -i PATH="$work/bin" HOME="$work" LC_ALL=C LDFLAGS=-Wl,-t "$@"; }
    (
        cd "$project"
        in_minimal cmake --preset "$preset" -B "$build" >"$work/configure" 2>&1 || {
            cat "$work/configure"
            exit 1
        }
        in_minimal cmake --build "$build" --parallel "$(nproc)" >"$work/log" 2>&1 || {
            tail -n 30 "$work/log"
            exit 1
        }
    )
    ninja=$(sed -n 's/^CMAKE_MAKE_PROGRAM:[^=]*=//p' "$build/CMakeCache.txt")
    {
        # Tools: every word of a command that is a program of the system; and CMake's own choice.
        "$ninja" -C "$build" -t commands | tr ' "' '[\n*]' | grep -E '^/(usr/)?s?bin/' || :
        sed -n -E 's#^CMAKE_[A-Z_]*(COMPILER|COMMAND|PROGRAM|AR|NM|RANLIB|LINKER|DLLTOOL|OBJDUMP):[A-Z]*=(/.*)#\2#p' \
            "$build/CMakeCache.txt"
        # Headers.
        "$ninja" -C "$build" -t deps | sed -n 's/^ *\(\/.*\)/\1/p'
        # What the linker read.
        sed -n -E 's/^\(?(\/[^ )]*)\)?.*/\1/p' "$work/log"
    } >>"$work/used"
done
# What the scripts and the tests call.
for program in Xvfb dpkg-source patchelf pkgconf dbus-daemon gnuplot gcovr; do
    command -v "$program" >>"$work/used"
done
echo /usr/lib/wine/wine64 >>"$work/used"

# ---- Whose files are they? --------------------------------------------------------------------------------

sort -u "$work/used" | while read -r path; do
    case $path in "$project"/* | "$work"/build/*) continue ;; esac
    case $path in "$work"/bin/*) path=/usr/bin/${path##*/} ;; esac
    [ -f "$path" ] || continue
    name=$(realpath -s "$path")
    printf '%s\t%s\n' "$name" "$(readlink -f "$path")"
    # The links on the way, which can be another package's: cc, its alternative, gcc, gcc-12.
    while [ -L "$name" ]; do
        name=$(realpath -s "$(cd "${name%/*}" && realpath -s "$(readlink "$name")")")
        printf '%s\t%s\n' "$name" "$(readlink -f "$path")"
    done
done | sed -E "$one_name" | sort -u >"$work/paths"

awk -F '\t' -v files="$work/files" '
    BEGIN { while ((getline file < files) > 0) ours[file] }
    !($1 in ours) && !($2 in ours) { print $1 }' "$work/paths" >"$work/strangers"

status=0
while read -r path; do
    echo "of no listed package: $path ($(dpkg-query -S "$path" 2>/dev/null || echo 'of no package at all'))"
    status=1
done <"$work/strangers"

tr '\t' '\n' <"$work/paths" | sort -u >"$work/either"
while read -r package; do
    dpkg-query -L "$package" | sed -E "$one_name" | sort -u | comm -12 - "$work/either" | grep -q . ||
        echo "listed, but nothing of it was used: $package"
done <"$work/listed"

echo "$(wc -l <"$work/paths") files used, $(wc -l <"$work/strangers") of them of no listed package"
exit "$status"
