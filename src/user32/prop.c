/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32/user32.h"

#include <stdlib.h>

/* Properties of windows. */

struct prop {
    struct prop *next;
    WCHAR *name; /* or an atom */
    HANDLE value;
};

static bool is_named(const struct prop *p, const WCHAR *name)
{
    if (is_atom(p->name) || is_atom(name))
        return p->name == name;
    return same_name(p->name, name);
}

static void free_prop(struct prop *p)
{
    if (!is_atom(p->name))
        free(p->name);
    free(p);
}

void props_free(struct prop *props)
{
    while (props) {
        struct prop *next = props->next;
        free_prop(props);
        props = next;
    }
}

/* Where it stands, or would; NULL, and the last error: no such window. Under the lock. */
static struct prop **find(HWND wnd, const WCHAR *name)
{
    struct window *w = window_find(wnd);
    struct prop **at = w ? &w->props : NULL;

    if (!at)
        fail(ERROR_INVALID_WINDOW_HANDLE);
    while (at && *at && !is_named(*at, name))
        at = &(*at)->next;
    return at;
}

BOOL WINAPI SetPropW(HWND wnd, LPCWSTR name, HANDLE value)
{
    struct prop *fresh = name ? calloc(1, sizeof *fresh) : NULL, **at;

    if (fresh)
        fresh->name = is_atom(name) ? (WCHAR *)(uintptr_t)name : wide_copy(name);
    if (!fresh || !fresh->name) {
        free(fresh);
        return fail(name ? ERROR_NOT_ENOUGH_MEMORY : ERROR_INVALID_PARAMETER);
    }
    pthread_mutex_lock(&user32_lock);
    at = find(wnd, name);
    if (at && !*at) {
        *at = fresh;
        fresh = NULL;
    }
    if (at)
        (*at)->value = value;
    pthread_mutex_unlock(&user32_lock);
    if (fresh)
        free_prop(fresh);
    return at != NULL;
}

HANDLE WINAPI GetPropW(HWND wnd, LPCWSTR name)
{
    HANDLE value = NULL;
    struct prop **at;

    pthread_mutex_lock(&user32_lock);
    at = find(wnd, name);
    if (at && *at)
        value = (*at)->value;
    pthread_mutex_unlock(&user32_lock);
    return value;
}

HANDLE WINAPI RemovePropW(HWND wnd, LPCWSTR name)
{
    struct prop *gone = NULL, **at;
    HANDLE value = NULL;

    pthread_mutex_lock(&user32_lock);
    at = find(wnd, name);
    if (at && *at) {
        gone = *at;
        value = gone->value;
        *at = gone->next;
    }
    pthread_mutex_unlock(&user32_lock);
    if (gone)
        free_prop(gone);
    return value;
}

static WCHAR *turned(const char *name)
{
    return is_atom(name) ? (WCHAR *)(uintptr_t)name : wide_from_ansi(name);
}

static void give_back(WCHAR *name)
{
    if (!is_atom(name))
        free(name);
}

BOOL WINAPI SetPropA(HWND wnd, LPCSTR name, HANDLE value)
{
    WCHAR *wide = turned(name);
    BOOL set = SetPropW(wnd, wide, value);

    give_back(wide);
    return set;
}

HANDLE WINAPI GetPropA(HWND wnd, LPCSTR name)
{
    WCHAR *wide = turned(name);
    HANDLE value = GetPropW(wnd, wide);

    give_back(wide);
    return value;
}

HANDLE WINAPI RemovePropA(HWND wnd, LPCSTR name)
{
    WCHAR *wide = turned(name);
    HANDLE value = RemovePropW(wnd, wide);

    give_back(wide);
    return value;
}
