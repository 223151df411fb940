/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32/user32.h"

#include <stdlib.h>

/* Window procedures, and what passes between one that expects ANSI texts and a caller with UTF-16, or the other
 * way round. */

enum { HANDLES = 0x10000 };

static const uintptr_t first_handle = 0xFFFF0000;

static struct proc *procs; /* by handle; under user32_lock */
static size_t n_procs, procs_room;

static bool make_room(void)
{
    size_t room = procs_room ? procs_room * 2 : 16;
    struct proc *more;

    if (n_procs < procs_room)
        return true;
    more = n_procs == HANDLES ? NULL : realloc(procs, room * sizeof *procs);
    if (!more)
        return false;
    procs = more;
    procs_room = room;
    return true;
}

WNDPROC proc_handle(struct proc proc)
{
    size_t i = 0;

    pthread_mutex_lock(&user32_lock);
    while (i < n_procs && !(procs[i].call == proc.call && procs[i].wide == proc.wide))
        i++;
    if (i == n_procs && make_room())
        procs[n_procs++] = proc;
    i = i < n_procs ? first_handle + i : 0;
    pthread_mutex_unlock(&user32_lock);
    return (WNDPROC)i;
}

struct proc proc_resolve(WNDPROC given, bool wide)
{
    struct proc proc = {given, wide};
    uintptr_t i = (uintptr_t)given - first_handle;

    pthread_mutex_lock(&user32_lock);
    if ((uintptr_t)given >= first_handle && i < n_procs)
        proc = procs[i];
    pthread_mutex_unlock(&user32_lock);
    return proc;
}

/* ---- Texts in messages ----------------------------------------------------------------------------------- */

struct call {
    struct proc proc;
    HWND wnd;
    UINT msg;
    WPARAM wparam;
    LPARAM lparam;
};

static LRESULT call_as_it_is(const struct call *c, WPARAM wparam, LPARAM lparam)
{
    return c->proc.call(c->wnd, c->msg, wparam, lparam);
}

/* The text in the form of the procedure; NULL: no memory. */
static void *turned(const struct call *c, const void *text)
{
    return c->proc.wide ? (void *)wide_from_ansi(text) : (void *)ansi_from_wide(text);
}

static LRESULT call_set_text(const struct call *c)
{
    void *text = turned(c, (const void *)c->lparam);
    LRESULT result = 0;

    if (text || !c->lparam)
        result = call_as_it_is(c, c->wparam, (LPARAM)text);
    free(text);
    return result;
}

/* A character is one unit in either form. */
static LRESULT call_get_text(const struct call *c)
{
    size_t size = c->wparam;
    void *text = size && c->lparam ? calloc(size, sizeof(WCHAR)) : NULL;
    LRESULT result = 0;
    void *other;

    if (!text)
        return 0;
    call_as_it_is(c, size, (LPARAM)text);
    if (c->proc.wide) {
        result = (LRESULT)put_ansi((char *)c->lparam, size, text);
    } else if ((other = wide_from_ansi(text))) {
        result = (LRESULT)put_wide((WCHAR *)c->lparam, size, other);
        free(other);
    }
    free(text);
    return result;
}

/* CREATESTRUCTA and -W differ in nothing but the form of the texts. */
static LRESULT call_create(const struct call *c)
{
    CREATESTRUCTW copy = *(const CREATESTRUCTW *)c->lparam;
    void *name = is_atom(copy.lpszName) ? NULL : turned(c, copy.lpszName);
    void *class = is_atom(copy.lpszClass) ? NULL : turned(c, copy.lpszClass);
    LRESULT result;

    if (name)
        copy.lpszName = name;
    if (class)
        copy.lpszClass = class;
    result = call_as_it_is(c, c->wparam, (LPARAM)&copy);
    free(name);
    free(class);
    return result;
}

LRESULT proc_call(struct proc proc, HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool wide)
{
    struct call c = {proc, wnd, msg, wparam, lparam};

    if (proc.wide == wide)
        return call_as_it_is(&c, wparam, lparam);
    switch (msg) {
    case WM_SETTEXT:
        return call_set_text(&c);
    case WM_GETTEXT:
        return call_get_text(&c);
    case WM_NCCREATE:
    case WM_CREATE:
        return call_create(&c);
    default:
        return call_as_it_is(&c, wparam, lparam);
    }
}

LRESULT WINAPI CallWindowProcA(WNDPROC former, HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    return former ? proc_call(proc_resolve(former, false), wnd, msg, wparam, lparam, false) : 0;
}

LRESULT WINAPI CallWindowProcW(WNDPROC former, HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    return former ? proc_call(proc_resolve(former, true), wnd, msg, wparam, lparam, true) : 0;
}
