#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# setup.sh PART...: makes a Debian 12 machine ready; asks nothing, repeats nothing that is done already.
#
#   build     what building the library needs
#   test      what building and running the tests needs
#   coverage  what counts the lines that tests reach
#   bench     what the benchmarks are compared with, and what draws their plots
#   fuzz      what the fuzzers are built with
#   windows   the same for Windows: cross compilers, CMocka for them, 64-bit Wine
#   win32     32-bit Wine; fails where the machine's package sources have none
#
# Packages come from packages.txt and are installed as root or by sudo. Everything else goes to build/deps.
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
deps=$project/build/deps

say() { echo "==> $*"; }

# quietly LOG COMMAND...: shows what the command printed only if it fails.
quietly() {
    log=$1
    shift
    mkdir -p "${log%/*}"
    "$@" >"$log" 2>&1 </dev/null || {
        cat "$log" >&2
        echo "setup.sh: failed: $*" >&2
        return 1
    }
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

# ---- Packages ---------------------------------------------------------------------------------------------

# packages GROUP...: installs the packages of these groups that are missing.
packages() {
    missing=
    for group in "$@"; do
        names=$(awk -v group="$group" '!/^#/ && $2 == group { print $1 }' "$project/scripts/packages.txt")
        for package in $names; do
            state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=
            [ "$state" = installed ] || missing="$missing $package"
        done
    done
    [ -n "$missing" ] || return 0

    say "Installing Debian packages:$missing"
    quietly "$deps/log/apt-update" as_root apt-get -q -o DPkg::Lock::Timeout=300 update
    # shellcheck disable=SC2086 # a list of words
    quietly "$deps/log/apt-install" as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install $missing
}

# ---- CMocka for Windows -----------------------------------------------------------------------------------

cmocka_source() {
    [ ! -d "$deps/src/cmocka" ] || return 0
    rm -rf "$deps/src"
    mkdir -p "$deps/src"
    # shellcheck source=scripts/apt-private.sh
    . "$project/scripts/apt-private.sh"
    apt_open "$deps/apt" deb-src all &&
        (cd "$deps/src" && apt_run source cmocka) &&
        rm -rf "$deps/apt" &&
        mv "$deps/src"/cmocka-*/ "$deps/src/cmocka"
}

cmocka_build() { # ARCHITECTURE
    build=$deps/src/build-$1
    # -w: its warnings are not ours to mend.
    cmake -S "$deps/src/cmocka" -B "$build" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$project/cmake/mingw-$1.cmake" \
        -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS=-w -DWITH_STATIC_LIB=ON -DWITH_EXAMPLES=OFF -DUNIT_TESTING=OFF &&
        cmake --build "$build" --target cmocka-static &&
        mkdir -p "$deps/$1.part/lib" "$deps/$1.part/include" &&
        cp "$build/src/libcmocka-static.a" "$deps/$1.part/lib/libcmocka.a" &&
        cp "$deps/src/cmocka/include/cmocka.h" "$deps/$1.part/include"
}

cmocka() {
    for arch in x86_64 i686; do
        [ ! -f "$deps/$arch/lib/libcmocka.a" ] || continue
        say "Building CMocka for Windows, $arch, from the distribution's source"
        quietly "$deps/log/cmocka-source" cmocka_source
        rm -rf "${deps:?}/$arch" "$deps/$arch.part"
        quietly "$deps/log/cmocka-$arch" cmocka_build "$arch"
        mv "$deps/$arch.part" "$deps/$arch"
    done
}

# ---- Parts ------------------------------------------------------------------------------------------------

for part in "$@"; do
    case $part in
    build) packages build ;;
    test) packages build test ;;
    coverage) packages coverage ;;
    bench) packages build test bench ;;
    fuzz) packages build test fuzz ;;
    windows)
        packages build test windows
        cmocka
        ;;
    win32)
        packages build test windows
        if [ ! -x "$deps/wine/wine" ]; then
            say "Putting 32-bit Wine into build/deps/wine"
            quietly "$deps/log/wine32" "$project/scripts/wine32.sh" "$deps/wine"
        fi
        ;;
    *)
        echo "setup.sh: no such part: $part" >&2
        exit 2
        ;;
    esac
done
