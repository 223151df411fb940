# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# To be sourced, with $project set: the one Wine that everything here uses, with a prefix of its own. With
# DDEML_WINE_PREFIX=NAME it is another prefix: two sessions, side by side, do not see each other's windows.

deps=${project:?}/build/deps
if [ -x "$deps/wine/wine" ]; then # both halves, see wine32.sh
    WINEPREFIX=$deps/prefix${DDEML_WINE_PREFIX:+-$DDEML_WINE_PREFIX}
    wine() { "$deps/wine/wine" "$@"; }
    wineserver() { "$deps/wine/wine" wineserver "$@"; }
else # the 64-bit half alone
    WINEPREFIX=$deps/prefix64${DDEML_WINE_PREFIX:+-$DDEML_WINE_PREFIX}
    wine() { /usr/lib/wine/wine64 "$@"; }
    wineserver() { /usr/lib/wine/wineserver64 "$@"; }
fi
export WINEPREFIX
export WINEDEBUG="${WINEDEBUG:--all}"
export WINEDLLOVERRIDES='mscoree,mshtml,winemenubuilder.exe=' # no .NET, no HTML, no desktop menus
export LC_ALL=C.UTF-8 # Wine takes the code pages from it
