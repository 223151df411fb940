/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32/user32.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* ---- In the receiver's thread ---------------------------------------------------------------------------- */

static void tell_before(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool own)
{
    CWPSTRUCT cwp = {lparam, wparam, msg, wnd};

    if (hooks_there(WH_CALLWNDPROC))
        hooks_call(WH_CALLWNDPROC, HC_ACTION, own, (LPARAM)&cwp);
}

static void tell_after(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool own, LRESULT result)
{
    CWPRETSTRUCT cwp = {result, lparam, wparam, msg, wnd};

    if (hooks_there(WH_CALLWNDPROCRET))
        hooks_call(WH_CALLWNDPROCRET, HC_ACTION, own, (LPARAM)&cwp);
}

static LRESULT give(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool wide, bool own)
{
    struct proc proc;
    LRESULT result;

    tell_before(wnd, msg, wparam, lparam, own);
    if (!window_proc(wnd, &proc))
        return 0;
    result = proc_call(proc, wnd, msg, wparam, lparam, wide);
    tell_after(wnd, msg, wparam, lparam, own, result);
    return result;
}

LRESULT send_here(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool wide)
{
    return give(wnd, msg, wparam, lparam, wide, true);
}

/* ---- Texts between threads ------------------------------------------------------------------------------- */

/* A sender that gives up must not take its buffer from under a receiver that has begun: both hold this one. */
struct text {
    atomic_int refs;
    size_t size; /* units */
    WCHAR units[];
};

static bool has_text(UINT msg)
{
    return msg == WM_SETTEXT || msg == WM_GETTEXT;
}

static struct text *text_new(size_t size)
{
    struct text *t = calloc(1, sizeof *t + size * sizeof t->units[0]);

    if (!t)
        return NULL;
    atomic_init(&t->refs, 2);
    t->size = size;
    return t;
}

static void text_unref(struct text *t)
{
    if (atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) == 1)
        free(t);
}

/* What the message is to carry; NULL: no memory, or nothing to carry. */
static struct text *text_of(UINT msg, WPARAM wparam, LPARAM lparam, bool wide)
{
    WCHAR *copy;
    struct text *t;

    if (!lparam || (msg == WM_GETTEXT && !wparam))
        return NULL;
    if (msg == WM_GETTEXT)
        return text_new(wparam);
    copy = wide ? wide_copy((const WCHAR *)lparam) : wide_from_ansi((const char *)lparam);
    t = copy ? text_new(wide_length(copy) + 1) : NULL;
    if (t)
        put_wide(t->units, t->size, copy);
    free(copy);
    return t;
}

LRESULT send_arrived(const struct host_msg *msg)
{
    struct text *t = has_text(msg->id) ? (struct text *)msg->lparam : NULL;
    LRESULT result;

    if (!t)
        return give((HWND)msg->to, msg->id, msg->wparam, (LPARAM)msg->lparam, true, false);
    result = give((HWND)msg->to, msg->id, msg->wparam, (LPARAM)t->units, true, false);
    text_unref(t);
    return result;
}

/* ---- In the sender's thread ------------------------------------------------------------------------------ */

struct delivery {
    uint32_t wait_ms;
    unsigned flags; /* enum user_send_flags */
};

static const struct delivery for_ever = {USER_FOREVER, 0};

static int send_text(const struct host_msg *msg, bool wide, const struct delivery *how, uintptr_t *result)
{
    struct text *t = text_of(msg->id, msg->wparam, (LPARAM)msg->lparam, wide);
    struct host_msg carried = *msg;
    int r;

    if (!t && msg->lparam && !(msg->id == WM_GETTEXT && !msg->wparam))
        return HOST_FAULT;
    carried.lparam = (uintptr_t)t;
    r = HOST.send(&carried, how->wait_ms, how->flags, result);
    if (!t)
        return r;
    if (r == HOST_OK && msg->id == WM_GETTEXT) {
        t->units[t->size - 1] = 0;
        *result = wide ? put_wide((WCHAR *)msg->lparam, t->size, t->units)
                       : put_ansi((char *)msg->lparam, t->size, t->units);
    }
    if (r != HOST_OK && r != HOST_UNSURE)
        text_unref(t); /* the receiver's share: it will never see it */
    text_unref(t);
    return r;
}

/* A pointer means nothing in another process, and nothing to the library's own windows. */
static int send_to(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool wide, const struct delivery *how,
                   uintptr_t *result)
{
    struct host_msg hm = {(host_wnd)wnd, msg, wparam, (uintptr_t)lparam};
    struct proc proc;

    *result = 0;
    if (HOST.window_thread(hm.to) == HOST.thread_id() && window_proc(wnd, &proc)) {
        *result = (uintptr_t)send_here(wnd, msg, wparam, lparam, wide);
        return HOST_OK;
    }
    if (!has_text(msg))
        return HOST.send(&hm, how->wait_ms, how->flags, result);
    if (!window_proc(wnd, &proc))
        return HOST.window_alive(hm.to) ? HOST_OK : HOST_GONE;
    return send_text(&hm, wide, how, result);
}

/* Old sources write -1. */
static bool is_broadcast(HWND wnd)
{
    return wnd == HWND_BROADCAST || wnd == (HWND)-1;
}

/* All threads are asked at the same time. One that hangs is not waited for longer than this. */
enum { BROADCAST_MS = 5000 };

static int broadcast(UINT msg, WPARAM wparam, LPARAM lparam, uint32_t wait_ms)
{
    struct host_msg hm = {0, msg, wparam, (uintptr_t)lparam};

    return has_text(msg) ? HOST_FAULT : HOST.broadcast(HOST_TOP_LEVEL, &hm, wait_ms);
}

static LRESULT send_message(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool wide)
{
    uintptr_t result;
    int r;

    if (is_broadcast(wnd))
        return broadcast(msg, wparam, lparam, BROADCAST_MS) != HOST_FAULT;
    r = send_to(wnd, msg, wparam, lparam, wide, &for_ever, &result);
    if (r != HOST_OK)
        return fail(error_of(r));
    return (LRESULT)result;
}

LRESULT WINAPI SendMessageA(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    return send_message(wnd, msg, wparam, lparam, false);
}

LRESULT WINAPI SendMessageW(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    return send_message(wnd, msg, wparam, lparam, true);
}

static unsigned send_flags(UINT flags)
{
    return (flags & SMTO_BLOCK ? USER_BLOCK : 0) | (flags & SMTO_ABORTIFHUNG ? USER_ABORT_IF_HUNG : 0) |
           (flags & SMTO_NOTIMEOUTIFNOTHUNG ? USER_NO_TIMEOUT : 0);
}

static LRESULT send_timeout(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, UINT flags, UINT timeout,
                            PDWORD_PTR result, bool wide)
{
    const struct delivery how = {timeout, send_flags(flags)};
    uintptr_t value = 0;
    int r;

    if (is_broadcast(wnd))
        r = broadcast(msg, wparam, lparam, timeout);
    else
        r = send_to(wnd, msg, wparam, lparam, wide, &how, &value);
    if (result)
        *result = value;
    return r == HOST_OK || fail(error_of(r));
}

LRESULT WINAPI SendMessageTimeoutA(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, UINT flags, UINT timeout,
                                   PDWORD_PTR result)
{
    return send_timeout(wnd, msg, wparam, lparam, flags, timeout, result, false);
}

LRESULT WINAPI SendMessageTimeoutW(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, UINT flags, UINT timeout,
                                   PDWORD_PTR result)
{
    return send_timeout(wnd, msg, wparam, lparam, flags, timeout, result, true);
}

/* ---- In the middle of a message --------------------------------------------------------------------------- */

BOOL WINAPI InSendMessage(void)
{
    bool replied;

    return HOST.in_send(&replied);
}

DWORD WINAPI InSendMessageEx(LPVOID reserved)
{
    bool replied;

    (void)reserved;
    if (!HOST.in_send(&replied))
        return ISMEX_NOSEND;
    return replied ? ISMEX_SEND | ISMEX_REPLIED : ISMEX_SEND;
}

BOOL WINAPI ReplyMessage(LRESULT result)
{
    return HOST.reply((uintptr_t)result);
}
