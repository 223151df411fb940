/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "win32.h"
#include <limits.h>

_Static_assert(sizeof(WCHAR) == sizeof(uint16_t), "UTF-16 crosses the seam as uint16_t");

host_atom host_atom_add(const uint16_t *text)
{
    return GlobalAddAtomW((const WCHAR *)text);
}

void host_atom_delete(host_atom atom)
{
    if (atom >= MAXINTATOM)
        GlobalDeleteAtom(atom);
}

size_t host_atom_name(host_atom atom, uint16_t *buf)
{
    return atom == 0 ? 0 : GlobalGetAtomNameW(atom, (WCHAR *)buf, HOST_ATOM_CHARS + 1);
}

/* Both converters say how much a text needs, but write nothing useful into a buffer that is too small for
 * all of it. So: the longest beginning of the text that fits, found by asking. */
typedef int convert_fn(const void *src, int n, void *dst, int max);

static int to_wide(const void *src, int n, void *dst, int max)
{
    return MultiByteToWideChar(CP_ACP, 0, src, n, dst, max);
}

static int to_ansi(const void *src, int n, void *dst, int max)
{
    return WideCharToMultiByte(CP_ACP, 0, src, n, dst, max, NULL, NULL);
}

static size_t convert(convert_fn *fn, const void *src, size_t n, void *dst, size_t max)
{
    int fits = 0;
    int units = n > INT_MAX ? INT_MAX : (int)n;
    int room = max > INT_MAX ? INT_MAX : (int)max;
    int need = units == 0 ? 0 : fn(src, units, NULL, 0);

    if (dst == NULL || room == 0 || need <= 0)
        return need <= 0 ? 0 : (size_t)need;
    if (need <= room) {
        fits = units;
    } else {
        for (int low = 1, high = units - 1; low <= high;) {
            int middle = low + (high - low) / 2;

            if (fn(src, middle, NULL, 0) <= room) {
                fits = middle;
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
    }
    if (fits != 0)
        fn(src, fits, dst, room);
    return (size_t)need;
}

size_t host_ansi_to_wide(const char *src, size_t n, uint16_t *dst, size_t max)
{
    return convert(to_wide, src, n, dst, max);
}

size_t host_wide_to_ansi(const uint16_t *src, size_t n, char *dst, size_t max)
{
    return convert(to_ansi, src, n, dst, max);
}
