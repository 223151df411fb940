/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32/figures.h"
#include "user32/user32.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Hooks. The chain of a kind is the list of all hooks, newest first: each has a number, and whoever calls the
 * next one looks for the largest below its own, so that hooks may come and go meanwhile. */

struct hook {
    struct list link;
    uintptr_t number;
    int id;
    HOOKPROC proc;
    DWORD thread; /* 0: every thread of the process */
};

static struct list hooks = {&hooks, &hooks};
static uintptr_t last_number = 0x1000;
static atomic_int n_hooks[WH_MAX - WH_MIN + 1];

/* What this thread is in the middle of. */
static _Thread_local struct {
    int id;
    uintptr_t number;
} current;

static const struct hook *find_below(int id, uintptr_t number)
{
    list_each (node, next, &hooks) {
        const struct hook *h = container_of(node, struct hook, link);
        if (h->id == id && h->number < number && (!h->thread || h->thread == HOST.thread_id()))
            return h;
    }
    return NULL;
}

static LRESULT call_below(int id, uintptr_t number, int code, WPARAM wparam, LPARAM lparam)
{
    struct hook copy = {.proc = NULL};
    int former_id = current.id;
    uintptr_t former_number = current.number;
    const struct hook *h;
    LRESULT result;

    pthread_mutex_lock(&user32_lock);
    h = find_below(id, number);
    if (h)
        copy = *h;
    pthread_mutex_unlock(&user32_lock);
    if (!copy.proc)
        return 0;
    current.id = id;
    current.number = copy.number;
    result = copy.proc(code, wparam, lparam);
    current.id = former_id;
    current.number = former_number;
    return result;
}

bool hooks_there(int id)
{
    return atomic_load_explicit(&n_hooks[id - WH_MIN], memory_order_relaxed);
}

LRESULT hooks_call(int id, int code, WPARAM wparam, LPARAM lparam)
{
    return call_below(id, UINTPTR_MAX, code, wparam, lparam);
}

LRESULT WINAPI CallNextHookEx(HHOOK hook, INT code, WPARAM wparam, LPARAM lparam)
{
    (void)hook;
    return current.number ? call_below(current.id, current.number, code, wparam, lparam) : 0;
}

/* ---- Setting --------------------------------------------------------------------------------------------- */

static bool is_known(int id)
{
    return id == WH_MSGFILTER || id == WH_SYSMSGFILTER || id == WH_GETMESSAGE || id == WH_CALLWNDPROC ||
           id == WH_CALLWNDPROCRET;
}

HHOOK WINAPI SetWindowsHookExW(INT id, HOOKPROC proc, HINSTANCE instance, DWORD thread)
{
    struct hook *h;

    (void)instance;
    h = is_known(id) && proc ? calloc(1, sizeof *h) : NULL;
    if (!h) {
        fail(!is_known(id) ? ERROR_INVALID_HOOK_FILTER
             : !proc       ? ERROR_INVALID_FILTER_PROC
                           : ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    h->id = id;
    h->proc = proc;
    h->thread = thread;
    pthread_mutex_lock(&user32_lock);
    h->number = ++last_number;
    list_prepend(&hooks, &h->link);
    atomic_fetch_add_explicit(&n_hooks[id - WH_MIN], 1, memory_order_relaxed);
    pthread_mutex_unlock(&user32_lock);
    return (HHOOK)h->number;
}

HHOOK WINAPI SetWindowsHookExA(INT id, HOOKPROC proc, HINSTANCE instance, DWORD thread)
{
    return SetWindowsHookExW(id, proc, instance, thread);
}

BOOL WINAPI UnhookWindowsHookEx(HHOOK hook)
{
    struct hook *found = NULL;

    pthread_mutex_lock(&user32_lock);
    list_each (node, next, &hooks) {
        struct hook *h = container_of(node, struct hook, link);
        if (h->number == (uintptr_t)hook) {
            found = h;
            break;
        }
    }
    if (found) {
        list_remove(&found->link);
        atomic_fetch_sub_explicit(&n_hooks[found->id - WH_MIN], 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&user32_lock);
    free(found);
    return found || fail(ERROR_INVALID_HOOK_HANDLE);
}

/* ---- Message filters ------------------------------------------------------------------------------------- */

static BOOL call_filters(MSG *msg, INT code)
{
    if (hooks_there(WH_SYSMSGFILTER) && hooks_call(WH_SYSMSGFILTER, code, 0, (LPARAM)msg))
        return TRUE;
    return hooks_there(WH_MSGFILTER) && hooks_call(WH_MSGFILTER, code, 0, (LPARAM)msg);
}

BOOL WINAPI CallMsgFilterA(LPMSG msg, INT code)
{
    return msg && call_filters(msg, code);
}

BOOL WINAPI CallMsgFilterW(LPMSG msg, INT code)
{
    return msg && call_filters(msg, code);
}

long figure_hooks(void)
{
    long n = 0;

    for (size_t i = 0; i < sizeof n_hooks / sizeof *n_hooks; i++)
        n += atomic_load_explicit(&n_hooks[i], memory_order_relaxed);
    return n;
}
