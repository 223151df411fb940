/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32/user32.h"

#include <stdlib.h>

/* A thread's queue as programs see it: their messages, those of the library's windows, timers, and the end. */

static _Thread_local struct queue here;

struct queue *queue_here(void)
{
    return &here;
}

/* ---- What a message is ----------------------------------------------------------------------------------- */

/* Nobody moves a pointer here: it stands at 0, 0. */
MSG message_of(const struct user_post *post)
{
    MSG msg = {
        .hwnd = (HWND)post->msg.to,
        .message = post->msg.id,
        .wParam = post->msg.wparam,
        .lParam = (LPARAM)post->msg.lparam,
        .time = post->time ? post->time : GetTickCount(),
    };

    if (post->proc == on_timer)
        timer_message(post->ctx, &msg);
    return msg;
}

struct filter {
    HWND wnd; /* NULL: any; thread_only: none */
    UINT first, last;
    bool posted, timers;
};

static const HWND thread_only = (HWND)-1;

static bool fits_window(const struct filter *f, const struct user_post *post, HWND wnd)
{
    if (!f->wnd)
        return true;
    if (f->wnd == thread_only)
        return !wnd;
    if (wnd == f->wnd)
        return true;
    if (post->proc == on_host_message)
        return window_within(post->ctx, f->wnd);
    return post->proc == on_timer && wnd && timer_within(post->ctx, f->wnd);
}

static bool wanted(void *filter, const struct user_post *post)
{
    const struct filter *f = filter;
    bool timer = post->proc == on_timer;
    HWND wnd = timer ? timer_window(post->ctx) : (HWND)post->msg.to;
    UINT id = post->msg.id;

    if (timer ? !f->timers : !f->posted)
        return false;
    return fits_window(f, post, wnd) && ((!f->first && !f->last) || (id >= f->first && id <= f->last));
}

static bool ending(void *filter)
{
    (void)filter;
    return here.quit;
}

/* ---- Taking messages ------------------------------------------------------------------------------------- */

static bool take(MSG *msg, struct filter *f, bool remove, uint64_t until)
{
    struct user_look look = {wanted, ending, f, remove};
    struct user_post post;

    if (HOST.next(&look, until, &post)) {
        *msg = message_of(&post);
    } else if (here.quit) {
        *msg = (MSG){.message = WM_QUIT, .wParam = (WPARAM)here.quit_code, .time = GetTickCount()};
        here.quit = !remove;
    } else {
        return false;
    }
    if (remove) {
        here.time = msg->time;
        dde_taken(msg);
    }
    if (hooks_there(WH_GETMESSAGE))
        hooks_call(WH_GETMESSAGE, HC_ACTION, remove ? PM_REMOVE : PM_NOREMOVE, (LPARAM)msg);
    return true;
}

static bool valid(HWND wnd)
{
    return !wnd || wnd == thread_only || HOST.window_alive((host_wnd)wnd) ||
           fail(ERROR_INVALID_WINDOW_HANDLE);
}

BOOL WINAPI GetMessageW(LPMSG msg, HWND wnd, UINT first, UINT last)
{
    struct filter f = {wnd, first, last, true, true};

    if (!msg || !valid(wnd))
        return -1;
    while (!take(msg, &f, true, UINT64_MAX)) {
    }
    return msg->message != WM_QUIT;
}

BOOL WINAPI GetMessageA(LPMSG msg, HWND wnd, UINT first, UINT last)
{
    return GetMessageW(msg, wnd, first, last);
}

BOOL WINAPI PeekMessageW(LPMSG msg, HWND wnd, UINT first, UINT last, UINT flags)
{
    UINT kinds = HIWORD(flags);
    struct filter f = {wnd, first, last, true, true};

    if (kinds) {
        f.posted = kinds & QS_POSTMESSAGE;
        f.timers = kinds & QS_TIMER;
    }
    return msg && valid(wnd) && take(msg, &f, flags & PM_REMOVE, 0);
}

BOOL WINAPI PeekMessageA(LPMSG msg, HWND wnd, UINT first, UINT last, UINT flags)
{
    return PeekMessageW(msg, wnd, first, last, flags);
}

/* ---- Running their procedures ---------------------------------------------------------------------------- */

static LRESULT dispatch(const MSG *msg, bool wide)
{
    struct host_msg hm = {(host_wnd)msg->hwnd, msg->message, msg->wParam, (uintptr_t)msg->lParam};
    struct proc proc;
    uintptr_t result;

    if (msg->message == WM_TIMER && msg->lParam) {
        if (timer_proc_known((TIMERPROC)msg->lParam))
            ((TIMERPROC)msg->lParam)(msg->hwnd, WM_TIMER, msg->wParam, GetTickCount());
        return 0;
    }
    if (HOST.window_thread(hm.to) != HOST.thread_id())
        return 0;
    if (window_proc(msg->hwnd, &proc))
        return proc_call(proc, msg->hwnd, msg->message, msg->wParam, msg->lParam, wide);
    return HOST.call(&hm, &result) ? (LRESULT)result : 0;
}

LRESULT WINAPI DispatchMessageA(const MSG *msg)
{
    return msg ? dispatch(msg, false) : 0;
}

LRESULT WINAPI DispatchMessageW(const MSG *msg)
{
    return msg ? dispatch(msg, true) : 0;
}

/* Nobody presses a key here, Shift the least: a key that a program has posted means what is printed on it. */
static WCHAR character_of(WPARAM key)
{
    if (key >= 'A' && key <= 'Z')
        return (WCHAR)(key + 'a' - 'A');
    if ((key >= '0' && key <= '9') || key == VK_SPACE || key == VK_RETURN || key == VK_TAB ||
        key == VK_BACK || key == VK_ESCAPE)
        return (WCHAR)key;
    if (key >= VK_NUMPAD0 && key <= VK_NUMPAD9)
        return (WCHAR)('0' + key - VK_NUMPAD0);
    return 0;
}

BOOL WINAPI TranslateMessage(const MSG *msg)
{
    WCHAR character;

    if (!msg || msg->message < WM_KEYDOWN || msg->message > WM_SYSKEYUP || msg->message == WM_CHAR ||
        msg->message == WM_DEADCHAR)
        return FALSE;
    character = character_of(msg->wParam);
    if (character && msg->message == WM_KEYDOWN)
        PostMessageW(msg->hwnd, WM_CHAR, character, msg->lParam);
    else if (character && msg->message == WM_SYSKEYDOWN)
        PostMessageW(msg->hwnd, WM_SYSCHAR, character, msg->lParam);
    return TRUE;
}

/* ---- Posting --------------------------------------------------------------------------------------------- */

static bool is_dde(UINT msg)
{
    return msg >= WM_DDE_FIRST && msg <= WM_DDE_LAST;
}

static BOOL post_to(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    struct host_msg hm = {(host_wnd)wnd, msg, wparam, (uintptr_t)lparam};
    int r = is_dde(msg) ? dde_post(&hm) : HOST.post(&hm);

    return r == HOST_OK || fail(error_of(r));
}

static BOOL post_to_all(UINT msg, WPARAM wparam, LPARAM lparam)
{
    size_t n;
    host_wnd *all = HOST.top_level(&n);

    if (!all)
        return fail(ERROR_NOT_ENOUGH_MEMORY);
    for (size_t i = 0; i < n; i++)
        post_to((HWND)all[i], msg, wparam, lparam);
    free(all);
    return TRUE;
}

BOOL WINAPI PostMessageW(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    if (msg == WM_SETTEXT || msg == WM_GETTEXT || msg == WM_NCCREATE || msg == WM_CREATE ||
        msg == WM_COPYDATA)
        return fail(ERROR_MESSAGE_SYNC_ONLY);
    if (!wnd)
        return PostThreadMessageW(HOST.thread_id(), msg, wparam, lparam);
    if (wnd == HWND_BROADCAST || wnd == (HWND)-1)
        return post_to_all(msg, wparam, lparam);
    return post_to(wnd, msg, wparam, lparam);
}

BOOL WINAPI PostMessageA(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    return PostMessageW(wnd, msg, wparam, lparam);
}

BOOL WINAPI PostThreadMessageW(DWORD thread, UINT msg, WPARAM wparam, LPARAM lparam)
{
    struct host_msg hm = {0, msg, wparam, (uintptr_t)lparam};
    int r = HOST.post_thread(thread, &hm);

    if (r == HOST_GONE)
        return fail(ERROR_INVALID_THREAD_ID);
    return r == HOST_OK || fail(error_of(r));
}

BOOL WINAPI PostThreadMessageA(DWORD thread, UINT msg, WPARAM wparam, LPARAM lparam)
{
    return PostThreadMessageW(thread, msg, wparam, lparam);
}

VOID WINAPI PostQuitMessage(INT code)
{
    here.quit = true;
    here.quit_code = code;
}

/* ---- Waiting --------------------------------------------------------------------------------------------- */

static unsigned kinds_of(DWORD mask)
{
    return (mask & QS_SENDMESSAGE ? USER_SENT : 0) | (mask & QS_TIMER ? USER_TIMER : 0) |
           (mask & (QS_POSTMESSAGE | QS_ALLPOSTMESSAGE) ? USER_POSTED : 0);
}

static DWORD mask_of(unsigned kinds)
{
    return (kinds & USER_SENT ? QS_SENDMESSAGE : 0) | (kinds & USER_TIMER ? QS_TIMER : 0) |
           (kinds & USER_POSTED ? QS_POSTMESSAGE | QS_ALLPOSTMESSAGE : 0);
}

static uint64_t end_of(DWORD timeout)
{
    return timeout == INFINITE ? UINT64_MAX : HOST.now_ms() + timeout;
}

DWORD WINAPI MsgWaitForMultipleObjectsEx(DWORD count, const HANDLE *objects, DWORD timeout, DWORD mask,
                                         DWORD flags)
{
    (void)objects;
    if (count) {
        fail(ERROR_INVALID_HANDLE);
        return WAIT_FAILED;
    }
    if (here.quit && mask & QS_POSTMESSAGE)
        return WAIT_OBJECT_0;
    return HOST.wait(kinds_of(mask), flags & MWMO_INPUTAVAILABLE, end_of(timeout)) ? WAIT_OBJECT_0
                                                                                   : WAIT_TIMEOUT;
}

DWORD WINAPI MsgWaitForMultipleObjects(DWORD count, const HANDLE *objects, BOOL all, DWORD timeout,
                                       DWORD mask)
{
    return MsgWaitForMultipleObjectsEx(count, objects, timeout, mask, all ? MWMO_WAITALL : 0);
}

BOOL WINAPI WaitMessage(void)
{
    return MsgWaitForMultipleObjectsEx(0, NULL, INFINITE, QS_ALLINPUT, 0) == WAIT_OBJECT_0;
}

DWORD WINAPI GetQueueStatus(UINT mask)
{
    unsigned all, fresh;

    HOST.status(&all, &fresh);
    if (here.quit)
        all |= USER_POSTED;
    return MAKELONG(mask_of(fresh) & mask, mask_of(all) & mask);
}

LONG WINAPI GetMessageTime(void)
{
    return (LONG)here.time;
}

DWORD WINAPI GetMessagePos(void)
{
    return 0;
}
