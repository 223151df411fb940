/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32/user32.h"

#include <stdlib.h>

/* Every timer has a window of the host's behind it, which the host's timers know and nobody else sees. */

enum { FASTEST_MS = 10 };

struct timer {
    struct list link; /* of the thread's */
    host_wnd behind;
    struct window *window; /* NULL: the thread's own */
    UINT_PTR id;
    TIMERPROC proc;
};

static _Thread_local struct list timers;
static _Thread_local UINT_PTR last_id; /* that this thread has made up */

static struct list *timers_here(void)
{
    if (!timers.next)
        list_init(&timers);
    return &timers;
}

static struct timer *find(const struct window *w, UINT_PTR id)
{
    list_each (node, next, timers_here()) {
        struct timer *t = container_of(node, struct timer, link);
        if (t->window == w && t->id == id)
            return t;
    }
    return NULL;
}

static void free_timer(struct timer *t)
{
    list_remove(&t->link);
    free(t);
}

static void stop(struct timer *t)
{
    HOST.window_destroy(t->behind);
    free_timer(t);
}

void timers_forked(void)
{
    list_init(&timers);
}

void timers_of_window_end(const struct window *w)
{
    list_each (node, next, timers_here()) {
        struct timer *t = container_of(node, struct timer, link);
        if (t->window == w)
            stop(t);
    }
}

/* ---- Their messages -------------------------------------------------------------------------------------- */

HWND timer_window(const void *timer)
{
    const struct timer *t = timer;

    return t->window ? t->window->handle : NULL;
}

bool timer_within(const void *timer, HWND top)
{
    const struct timer *t = timer;

    return t->window && window_within(t->window, top);
}

void timer_message(const void *timer, MSG *msg)
{
    const struct timer *t = timer;

    msg->hwnd = timer_window(t);
    msg->wParam = t->id;
    msg->lParam = (LPARAM)t->proc;
}

bool timer_proc_known(TIMERPROC proc)
{
    list_each (node, next, timers_here()) {
        if (container_of(node, struct timer, link)->proc == proc)
            return true;
    }
    return false;
}

/* Out of a loop of the library's, or the thread has ended. */
void on_timer(void *timer, const struct host_msg *hm)
{
    struct user_post post = {.msg = *hm, .proc = on_timer, .ctx = timer};
    MSG msg;

    if (hm->id == HOST_EV_DESTROYED) {
        free_timer(timer);
        return;
    }
    msg = message_of(&post);
    if (!CallMsgFilterW(&msg, MSGF_DDEMGR))
        DispatchMessageW(&msg);
}

/* ---- SetTimer -------------------------------------------------------------------------------------------- */

static UINT_PTR fresh_id(void)
{
    do {
        last_id++;
    } while (last_id == 0 || find(NULL, last_id));
    return last_id;
}

static struct timer *new_timer(struct window *w, UINT_PTR id)
{
    struct timer *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->behind = HOST.window_create(HOST_CLIENT, false, on_timer, t);
    if (!t->behind) {
        free(t);
        return NULL;
    }
    t->window = w;
    t->id = id;
    list_append(timers_here(), &t->link);
    return t;
}

UINT_PTR WINAPI SetTimer(HWND wnd, UINT_PTR id, UINT interval, TIMERPROC proc)
{
    struct window *w = wnd ? window_mine(wnd) : NULL;
    struct timer *t;

    if (wnd && !w)
        return 0;
    t = find(w, id);
    if (!t && !w)
        id = fresh_id();
    if (!t)
        t = new_timer(w, id);
    if (!t)
        return fail(ERROR_NOT_ENOUGH_MEMORY);
    if (interval < FASTEST_MS)
        interval = FASTEST_MS;
    if (interval > INT32_MAX)
        interval = INT32_MAX;
    if (!HOST.timer(t->behind, interval, WM_TIMER)) {
        stop(t);
        return fail(ERROR_NOT_ENOUGH_MEMORY);
    }
    t->proc = proc;
    return id ? id : 1;
}

BOOL WINAPI KillTimer(HWND wnd, UINT_PTR id)
{
    struct window *w = wnd ? window_mine(wnd) : NULL;
    struct timer *t;

    if (wnd && !w)
        return FALSE;
    t = find(w, id);
    if (!t)
        return fail(ERROR_INVALID_PARAMETER);
    stop(t);
    return TRUE;
}
