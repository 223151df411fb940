/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32/user32.h"

#include <stdlib.h>

/* Global atoms are the host's. */

/* MAKEINTATOM(n). */
static ATOM integer_atom(const void *name)
{
    uintptr_t n = (uintptr_t)name;

    return n && n < 0xC000 ? (ATOM)n : (ATOM)fail(ERROR_INVALID_PARAMETER);
}

ATOM WINAPI GlobalAddAtomW(LPCWSTR name)
{
    ATOM atom;

    if (is_atom(name))
        return integer_atom(name);
    if (!*name || wide_length(name) > HOST_ATOM_CHARS)
        return fail(ERROR_INVALID_PARAMETER);
    atom = HOST.atom_add(name);
    return atom ? atom : (ATOM)fail(ERROR_NOT_ENOUGH_MEMORY);
}

ATOM WINAPI GlobalAddAtomA(LPCSTR name)
{
    WCHAR *wide;
    ATOM atom;

    if (is_atom(name))
        return integer_atom(name);
    wide = wide_from_ansi(name);
    atom = wide ? GlobalAddAtomW(wide) : (ATOM)fail(ERROR_NOT_ENOUGH_MEMORY);
    free(wide);
    return atom;
}

/* An atom that is there only because this has asked for it goes with the question. */
ATOM WINAPI GlobalFindAtomW(LPCWSTR name)
{
    WCHAR text[HOST_ATOM_CHARS + 1];
    ATOM atom = GlobalAddAtomW(name);

    if (atom < 0xC000)
        return atom;
    HOST.atom_delete(atom);
    if (HOST.atom_name(atom, text) && same_name(text, name))
        return atom;
    return fail(ERROR_FILE_NOT_FOUND);
}

ATOM WINAPI GlobalFindAtomA(LPCSTR name)
{
    WCHAR *wide;
    ATOM atom;

    if (is_atom(name))
        return integer_atom(name);
    wide = wide_from_ansi(name);
    atom = wide ? GlobalFindAtomW(wide) : (ATOM)fail(ERROR_NOT_ENOUGH_MEMORY);
    free(wide);
    return atom;
}

ATOM WINAPI GlobalDeleteAtom(ATOM atom)
{
    WCHAR text[HOST_ATOM_CHARS + 1];

    if (atom < 0xC000)
        return 0;
    if (!HOST.atom_name(atom, text) || name_text(atom, text)) {
        fail(ERROR_INVALID_HANDLE);
        return atom;
    }
    HOST.atom_delete(atom);
    return 0;
}

/* A registered name is no program's atom. */
static bool text_of(ATOM atom, WCHAR text[HOST_ATOM_CHARS + 1])
{
    if (!HOST.atom_name(atom, text) || name_text(atom, text))
        return fail(ERROR_INVALID_HANDLE);
    return true;
}

UINT WINAPI GlobalGetAtomNameW(ATOM atom, LPWSTR buffer, INT size)
{
    WCHAR text[HOST_ATOM_CHARS + 1];

    if (!buffer || size <= 0)
        return fail(ERROR_MORE_DATA);
    return text_of(atom, text) ? (UINT)put_wide(buffer, (size_t)size, text) : 0;
}

UINT WINAPI GlobalGetAtomNameA(ATOM atom, LPSTR buffer, INT size)
{
    WCHAR text[HOST_ATOM_CHARS + 1];

    if (!buffer || size <= 0)
        return fail(ERROR_MORE_DATA);
    return text_of(atom, text) ? (UINT)put_ansi(buffer, (size_t)size, text) : 0;
}
