/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32/figures.h"
#include "user32/user32.h"

#include <stdlib.h>

/* Window classes of the process. All are what CS_GLOBALCLASS makes of a class: there is one instance. */

static struct list classes = {&classes, &classes};
static long n_classes;

struct class *class_find(const WCHAR *name)
{
    list_each (node, next, &classes) {
        struct class *cls = container_of(node, struct class, link);
        if (is_atom(name) ? cls->atom == (ATOM)(uintptr_t)name : same_name(cls->name, name))
            return cls;
    }
    return NULL;
}

struct class *class_take(const WCHAR *name)
{
    struct class *cls;

    pthread_mutex_lock(&user32_lock);
    cls = name ? class_find(name) : NULL;
    if (cls)
        cls->windows++;
    pthread_mutex_unlock(&user32_lock);
    if (!cls)
        fail(ERROR_CANNOT_FIND_WND_CLASS);
    return cls;
}

void class_give(struct class *cls)
{
    pthread_mutex_lock(&user32_lock);
    cls->windows--;
    pthread_mutex_unlock(&user32_lock);
}

static void free_class(struct class *cls)
{
    if (!is_atom(cls->menu))
        free(cls->menu);
    free(cls->name);
    free(cls);
}

/* ---- Registering ----------------------------------------------------------------------------------------- */

/* Takes over the texts, whatever comes of it. */
static ATOM register_class(const WNDCLASSEXW *given, WCHAR *name, WCHAR *menu, bool wide)
{
    struct class *cls = calloc(1, sizeof *cls);
    DWORD error = ERROR_NOT_ENOUGH_MEMORY;

    if (!cls || !name)
        goto refuse;
    error = ERROR_INVALID_PARAMETER;
    if (!given->lpfnWndProc || given->cbClsExtra < 0 || given->cbWndExtra < 0)
        goto refuse;
    error = ERROR_NOT_ENOUGH_MEMORY;
    cls->atom = (ATOM)name_register(name);
    if (!cls->atom)
        goto refuse;
    cls->name = name;
    cls->menu = menu;
    cls->proc = proc_resolve(given->lpfnWndProc, wide);
    cls->instance = given->hInstance;
    cls->style = given->style;
    cls->class_extra = given->cbClsExtra;
    cls->window_extra = given->cbWndExtra;
    cls->icon = given->hIcon;
    cls->small_icon = given->hIconSm;
    cls->cursor = given->hCursor;
    cls->brush = given->hbrBackground;
    pthread_mutex_lock(&user32_lock);
    error = class_find(name) ? ERROR_CLASS_ALREADY_EXISTS : ERROR_SUCCESS;
    if (!error) {
        list_append(&classes, &cls->link);
        n_classes++;
    }
    pthread_mutex_unlock(&user32_lock);
    if (!error)
        return cls->atom;

refuse:
    free(cls);
    free(name);
    if (!is_atom(menu))
        free(menu);
    return fail(error);
}

ATOM WINAPI RegisterClassExW(const WNDCLASSEXW *class)
{
    WCHAR *menu;

    if (!class || class->cbSize != sizeof *class || is_atom(class->lpszClassName))
        return fail(ERROR_INVALID_PARAMETER);
    menu = is_atom(class->lpszMenuName) ? (WCHAR *)class->lpszMenuName : wide_copy(class->lpszMenuName);
    return register_class(class, wide_copy(class->lpszClassName), menu, true);
}

ATOM WINAPI RegisterClassExA(const WNDCLASSEXA *class)
{
    WNDCLASSEXW same;
    WCHAR *menu;

    if (!class || class->cbSize != sizeof *class || is_atom(class->lpszClassName))
        return fail(ERROR_INVALID_PARAMETER);
    /* They differ in the form of the texts. */
    same = *(const WNDCLASSEXW *)(const void *)class;
    menu = is_atom(class->lpszMenuName) ? (WCHAR *)(uintptr_t) class->lpszMenuName
                                        : wide_from_ansi(class->lpszMenuName);
    return register_class(&same, wide_from_ansi(class->lpszClassName), menu, false);
}

ATOM WINAPI RegisterClassW(const WNDCLASSW *class)
{
    WNDCLASSEXW same = {.cbSize = sizeof same};

    if (!class)
        return fail(ERROR_INVALID_PARAMETER);
    same.style = class->style;
    same.lpfnWndProc = class->lpfnWndProc;
    same.cbClsExtra = class->cbClsExtra;
    same.cbWndExtra = class->cbWndExtra;
    same.hInstance = class->hInstance;
    same.hIcon = class->hIcon;
    same.hCursor = class->hCursor;
    same.hbrBackground = class->hbrBackground;
    same.lpszMenuName = class->lpszMenuName;
    same.lpszClassName = class->lpszClassName;
    return RegisterClassExW(&same);
}

ATOM WINAPI RegisterClassA(const WNDCLASSA *class)
{
    WNDCLASSEXA same = {.cbSize = sizeof same};

    if (!class)
        return fail(ERROR_INVALID_PARAMETER);
    same.style = class->style;
    same.lpfnWndProc = class->lpfnWndProc;
    same.cbClsExtra = class->cbClsExtra;
    same.cbWndExtra = class->cbWndExtra;
    same.hInstance = class->hInstance;
    same.hIcon = class->hIcon;
    same.hCursor = class->hCursor;
    same.hbrBackground = class->hbrBackground;
    same.lpszMenuName = class->lpszMenuName;
    same.lpszClassName = class->lpszClassName;
    return RegisterClassExA(&same);
}

/* ---- Unregistering --------------------------------------------------------------------------------------- */

BOOL WINAPI UnregisterClassW(LPCWSTR name, HINSTANCE instance)
{
    struct class *cls;
    DWORD error = ERROR_SUCCESS;

    (void)instance; /* there is one */
    pthread_mutex_lock(&user32_lock);
    cls = name ? class_find(name) : NULL;
    if (!cls) {
        error = ERROR_CLASS_DOES_NOT_EXIST;
    } else if (cls->windows) {
        error = ERROR_CLASS_HAS_WINDOWS;
    } else {
        list_remove(&cls->link);
        n_classes--;
    }
    pthread_mutex_unlock(&user32_lock);
    if (error)
        return fail(error);
    free_class(cls);
    return TRUE;
}

BOOL WINAPI UnregisterClassA(LPCSTR name, HINSTANCE instance)
{
    WCHAR *wide = is_atom(name) ? (WCHAR *)(uintptr_t)name : wide_from_ansi(name);
    BOOL done = UnregisterClassW(wide, instance);

    if (!is_atom(wide))
        free(wide);
    return done;
}

/* ---- Asking ---------------------------------------------------------------------------------------------- */

/* The name of the class, and of the menu, are the caller's own or an atom's: that of the class stays as it was
 * asked for, that of the menu is told only if it is an atom. */
BOOL WINAPI GetClassInfoW(HINSTANCE instance, LPCWSTR name, WNDCLASSW *class)
{
    const struct class *cls;
    struct proc proc = {NULL, true};

    (void)instance;
    if (!class)
        return fail(ERROR_INVALID_PARAMETER);
    pthread_mutex_lock(&user32_lock);
    cls = name ? class_find(name) : NULL;
    if (cls) {
        proc = cls->proc;
        *class = (WNDCLASSW){
            .style = cls->style,
            .cbClsExtra = cls->class_extra,
            .cbWndExtra = cls->window_extra,
            .hInstance = cls->instance,
            .hIcon = cls->icon,
            .hCursor = cls->cursor,
            .hbrBackground = cls->brush,
            .lpszMenuName = is_atom(cls->menu) ? cls->menu : NULL,
            .lpszClassName = name,
        };
    }
    pthread_mutex_unlock(&user32_lock);
    if (!proc.call)
        return fail(ERROR_CLASS_DOES_NOT_EXIST);
    class->lpfnWndProc = proc.wide ? proc.call : proc_handle(proc);
    return TRUE;
}

BOOL WINAPI GetClassInfoA(HINSTANCE instance, LPCSTR name, WNDCLASSA *class)
{
    WCHAR *wide = is_atom(name) ? (WCHAR *)(uintptr_t)name : wide_from_ansi(name);
    BOOL found = GetClassInfoW(instance, wide, (WNDCLASSW *)(void *)class);
    struct proc proc;

    if (!is_atom(wide))
        free(wide);
    if (!found)
        return FALSE;
    proc = proc_resolve(class->lpfnWndProc, true);
    class->lpfnWndProc = proc.wide ? proc_handle(proc) : proc.call;
    class->lpszClassName = name;
    return TRUE;
}

long figure_classes(void)
{
    long n;

    pthread_mutex_lock(&user32_lock);
    n = n_classes;
    pthread_mutex_unlock(&user32_lock);
    return n;
}
