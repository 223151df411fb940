/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "win32.h"
#include <limits.h>

_Static_assert(sizeof(WCHAR) == sizeof(uint16_t), "UTF-16 crosses the seam as uint16_t");

host_atom host_atom_add(const uint16_t *text)
{
    return GlobalAddAtomW((const WCHAR *)text);
}

/* The system counts by text only. */
host_atom host_atom_again(host_atom atom, const uint16_t *text)
{
    (void)atom;
    return host_atom_add(text);
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

/* The numbers below 37 stand for settings (CP_OEMCP, CP_THREAD_ACP); they are no code pages. Some that are
 * valid (UTF-32) cannot be converted: hence a trial. */
bool host_code_page(unsigned code_page)
{
    return code_page == HOST_ANSI ||
           (code_page >= 37 && MultiByteToWideChar(code_page, 0, "A", 1, NULL, 0) == 1);
}

static int units(size_t n)
{
    return n > INT_MAX ? INT_MAX : (int)n;
}

size_t host_to_wide(unsigned code_page, const char *src, size_t n, uint16_t *dst, size_t max)
{
    int room = dst != NULL ? units(max) : 0;

    if (units(n) == 0 || (dst != NULL && room == 0))
        return 0;
    return (size_t)MultiByteToWideChar(code_page, 0, src, units(n), (WCHAR *)dst, room);
}

size_t host_from_wide(unsigned code_page, const uint16_t *src, size_t n, char *dst, size_t max)
{
    int room = dst != NULL ? units(max) : 0;

    if (units(n) == 0 || (dst != NULL && room == 0))
        return 0;
    return (size_t)WideCharToMultiByte(code_page, 0, (const WCHAR *)src, units(n), dst, room, NULL, NULL);
}
