/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32/figures.h"
#include "user32/user32.h"

#include <stdlib.h>

/* Registered messages, clipboard formats and classes share one table of numbers, as on Windows. A number is that
 * of a global atom, because those mean the same in all processes of the user; its text has a mark in front, so
 * that it is no program's atom. Each name holds one reference, for as long as the process lives. */

enum { MARK = 0x0001 };

static struct name {
    struct name *next;
    host_atom atom;
} * names; /* under user32_lock */

static size_t n_names;

/* Holds the atom for good, if it is not held yet. */
static bool keep(host_atom atom)
{
    struct name *name;

    for (name = names; name; name = name->next) {
        if (name->atom == atom) {
            HOST.atom_delete(atom);
            return true;
        }
    }
    name = malloc(sizeof *name);
    if (!name)
        return false;
    *name = (struct name){names, atom};
    names = name;
    n_names++;
    return true;
}

UINT name_register(const WCHAR *text)
{
    WCHAR marked[HOST_ATOM_CHARS + 1] = {MARK};
    host_atom atom;
    bool kept;

    if (!text || !*text || wide_length(text) >= HOST_ATOM_CHARS)
        return fail(ERROR_INVALID_PARAMETER);
    put_wide(marked + 1, HOST_ATOM_CHARS, text);
    atom = HOST.atom_add(marked);
    if (!atom)
        return fail(ERROR_NOT_ENOUGH_MEMORY);
    pthread_mutex_lock(&user32_lock);
    kept = keep(atom);
    pthread_mutex_unlock(&user32_lock);
    if (kept)
        return atom;
    HOST.atom_delete(atom);
    return fail(ERROR_NOT_ENOUGH_MEMORY);
}

bool name_text(UINT number, WCHAR text[HOST_ATOM_CHARS])
{
    WCHAR marked[HOST_ATOM_CHARS + 1];

    if (number < 0xC000 || number > 0xFFFF || !HOST.atom_name((host_atom)number, marked) || marked[0] != MARK)
        return false;
    put_wide(text, HOST_ATOM_CHARS, marked + 1);
    return true;
}

static UINT register_ansi(const char *text)
{
    WCHAR *wide = wide_from_ansi(text);
    UINT number = name_register(wide);

    free(wide);
    return number;
}

UINT WINAPI RegisterWindowMessageA(LPCSTR name)
{
    return register_ansi(name);
}

UINT WINAPI RegisterWindowMessageW(LPCWSTR name)
{
    return name_register(name);
}

UINT WINAPI RegisterClipboardFormatA(LPCSTR name)
{
    return register_ansi(name);
}

UINT WINAPI RegisterClipboardFormatW(LPCWSTR name)
{
    return name_register(name);
}

INT WINAPI GetClipboardFormatNameA(UINT format, LPSTR name, INT size)
{
    WCHAR text[HOST_ATOM_CHARS];

    if (!name || size <= 0 || !name_text(format, text))
        return fail(ERROR_INVALID_PARAMETER);
    return (INT)put_ansi(name, (size_t)size, text);
}

INT WINAPI GetClipboardFormatNameW(UINT format, LPWSTR name, INT size)
{
    WCHAR text[HOST_ATOM_CHARS];

    if (!name || size <= 0 || !name_text(format, text))
        return fail(ERROR_INVALID_PARAMETER);
    return (INT)put_wide(name, (size_t)size, text);
}

long figure_names(void)
{
    long n;

    pthread_mutex_lock(&user32_lock);
    n = (long)n_names;
    pthread_mutex_unlock(&user32_lock);
    return n;
}
