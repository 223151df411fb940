#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# wine32.sh DIR: puts the 32-bit half of Wine beside the installed wine64, in the folder DIR. Afterwards DIR/wine
# runs 32-bit and 64-bit programs under one wineserver, so that they can talk DDE to one another.
#
# The usual way, a second architecture for the whole machine, is not open everywhere: apt refuses it where
# the 64-bit packages are newer than what the 32-bit index has. So this downloads the 32-bit packages through a
# private apt and unpacks them without installing anything. About 350 MB; works without network afterwards.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=${1:?usage: wine32.sh DIR}
if [ -x "$root/wine" ]; then
    exit 0
fi
rm -rf "$root" # what an interrupted run has left
mkdir -p "$root"
root=$(cd "$root" && pwd)

# shellcheck source=scripts/apt-private.sh
. "$here/apt-private.sh"

version=$(dpkg-query -W -f '${Version}' wine64)
download() { # SUITES
    apt_open "$root/apt" deb "$1" amd64,i386
    apt_run -d install "wine32:i386=$version" "libwine:i386=$version"
}
# The release alone is where both architectures are at the same versions; else perhaps with its updates.
download release || download all || {
    echo "wine32.sh: no 32-bit Wine of version $version in this machine's package sources" >&2
    rm -rf "$root"
    exit 1
}
for deb in "$root"/apt/cache/archives/*.deb; do
    dpkg-deb -x "$deb" "$root"
done
rm -rf "$root/apt"

# The 64-bit half: links to the host's files, copies if DIR is on another file system.
mkdir -p "$root/usr/lib/x86_64-linux-gnu"
for path in usr/lib/x86_64-linux-gnu/wine usr/lib/wine/wine64 usr/lib/wine/wineserver64; do
    cp -al "/$path" "$root/$path" 2>/dev/null || {
        rm -rf "${root:?}/$path"
        cp -a "/$path" "$root/$path"
    }
done
ln -f "$root/usr/lib/wine/wineserver64" "$root/usr/lib/wine/wineserver"

# What the package's own installation does: zlib1.dll marked as one of Wine's own.
for machine in i686:i386 x86_64:x86_64; do
    in=$root/usr/${machine%:*}-w64-mingw32/lib/zlib1.dll
    out=$root/usr/lib/i386-linux-gnu/wine/${machine#*:}-windows/zlib1.dll
    [ -f "$in" ] || continue
    mkdir -p "${out%/*}"
    {
        head -c 64 "$in"
        printf 'Wine builtin DLL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
        tail -c +97 "$in"
    } >"$out"
done

# Debug data is half of it all. Only the i386 files: the 64-bit ones may be the host's own.
find "$root/usr/lib/i386-linux-gnu/wine/i386-windows" -type f ! -name '*.a' -print0 |
    xargs -0 -n 50 i686-w64-mingw32-strip 2>/dev/null || :

# The one 32-bit Linux program names /lib/ld-linux.so.2 as its loader. It gets the one in DIR instead, so
# that nothing outside DIR is needed or changed.
patchelf --set-interpreter "$root/lib/ld-linux.so.2" "$root/usr/lib/wine/wine"

cat >"$root/wine.part" <<W
#!/bin/sh
root='$root'
export LD_LIBRARY_PATH="\$root/lib/i386-linux-gnu:\$root/usr/lib/i386-linux-gnu"
export WINELOADER="\$root/usr/lib/wine/wine" WINESERVER="\$root/usr/lib/wine/wineserver"
case \${1-} in
wineserver) shift && exec "\$WINESERVER" "\$@" ;;
*) exec "\$WINELOADER" "\$@" ;;
esac
W
chmod +x "$root/wine.part"
mv "$root/wine.part" "$root/wine"
