/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "win32.h"
#include <ddeml.h>

static UINT system_id(uint32_t id)
{
    switch (id) {
    case HOST_EV_RESUME:
        return win32_messages()->resume;
    case HOST_EV_REGISTER:
        return win32_messages()->arrived;
    case HOST_EV_UNREGISTER:
        return win32_messages()->left;
    case HOST_EV_MOVED:
        return win32_messages()->moved;
    case HOST_EV_NEWS:
        return win32_messages()->news;
    case HOST_EV_COUNT:
        return win32_messages()->count;
    default:
        return id;
    }
}

static bool of_this_thread(HWND hwnd)
{
    return GetWindowThreadProcessId(hwnd, NULL) == GetCurrentThreadId();
}

/* ---- Posting and sending ---------------------------------------------------------------------------- */

int host_post(const struct host_msg *msg)
{
    HWND to = (HWND)msg->to;

    if (!win32_ready())
        return HOST_FAULT;
    /* Neither "this thread" nor "everybody" is a window. */
    if (to == NULL || to == HWND_BROADCAST)
        return HOST_GONE;
    win32_expect(to);
    SetLastError(ERROR_SUCCESS); /* Wine refuses some messages without giving a reason */
    if (PostMessageW(to, system_id(msg->id), msg->wparam, (LPARAM)msg->lparam))
        return HOST_OK;
    switch (GetLastError()) {
    case ERROR_INVALID_WINDOW_HANDLE:
        return HOST_GONE;
    case ERROR_NOT_ENOUGH_QUOTA:
        return HOST_FULL;
    default:
        return IsWindow(to) ? HOST_FAULT : HOST_GONE;
    }
}

int host_send(const struct host_msg *msg, uint32_t wait_ms)
{
    HWND to = (HWND)msg->to;
    DWORD_PTR result;
    DWORD error;

    if (!win32_ready())
        return HOST_FAULT;
    if (!IsWindow(to))
        return HOST_GONE;
    if (of_this_thread(to)) {
        SendMessageW(to, system_id(msg->id), msg->wparam, (LPARAM)msg->lparam);
        return HOST_OK;
    }
    SetLastError(ERROR_SUCCESS);
    if (SendMessageTimeoutW(to, system_id(msg->id), msg->wparam, (LPARAM)msg->lparam, SMTO_NORMAL,
                            wait_ms != 0 ? wait_ms : 1, &result))
        return HOST_OK;
    error = GetLastError();
    if (!IsWindow(to))
        return HOST_GONE;
    /* Nobody says whether it had begun. */
    return error == ERROR_TIMEOUT || error == ERROR_SUCCESS ? HOST_UNSURE : HOST_FAULT;
}

/* ---- Asking everybody ------------------------------------------------------------------------------- */

/* One broadcast that is waiting. The system is told its number and not its address, because answers may come
 * when it is long over, or never. */
struct broadcast {
    struct broadcast *outer;
    ULONG_PTR number;
    HWND *windows; /* whom to ask; NULL once answered */
    size_t count, room, waiting, next;
    bool no_memory;
};

static ULONG_PTR last_number(void)
{
    static LONG number;

    return (ULONG)InterlockedIncrement(&number);
}

static BOOL CALLBACK add_window(HWND hwnd, LPARAM arg)
{
    struct broadcast *all = (struct broadcast *)arg;

    if (all->count == all->room) {
        size_t room = all->room != 0 ? 2 * all->room : 64;
        HWND *windows = host_alloc(room * sizeof(HWND));

        if (windows == NULL) {
            all->no_memory = true;
            return FALSE;
        }
        for (size_t i = 0; i < all->count; i++)
            windows[i] = all->windows[i];
        host_free(all->windows);
        all->windows = windows;
        all->room = room;
    }
    all->windows[all->count++] = hwnd;
    return TRUE;
}

/* Takes out those of the class IME: the system makes one for every thread that has windows, for typing. They say
 * nothing to anybody, and there can be as many of them as of all others. Should the order of the windows have
 * changed since they were listed, some stay, and are asked. */
static void leave_out_typing(struct broadcast *all)
{
    HWND typing = FindWindowExW(NULL, NULL, L"IME", NULL);
    size_t kept = 0;

    for (size_t i = 0; i < all->count; i++) {
        if (all->windows[i] != typing)
            all->windows[kept++] = all->windows[i];
        else if (i + 1 < all->count)
            typing = FindWindowExW(NULL, typing, L"IME", NULL);
    }
    all->count = kept;
}

/* The system refuses a thread that has windows another desktop, so that it need not be asked each time. */
static HDESK desktop_of(struct thread *thread)
{
    if (thread->desktop == NULL || (thread->windows == NULL && thread->timed == NULL))
        thread->desktop = GetThreadDesktop(thread->id);
    return thread->desktop;
}

/* Those of the thread's desktop. EnumWindows finds the same ones, but Wine has it ask once more about each. */
static void list_top_level(struct broadcast *all, struct thread *thread)
{
    if (EnumDesktopWindows(desktop_of(thread), add_window, (LPARAM)all) || all->no_memory)
        return;
    all->count = 0;
    EnumWindows(add_window, (LPARAM)all);
}

static void list_windows(struct broadcast *all, enum host_audience audience, struct thread *thread)
{
    HWND hwnd = NULL;

    if (audience == HOST_TOP_LEVEL) {
        list_top_level(all, thread);
        leave_out_typing(all);
        return;
    }
    /* The walk ends early if the window it stands on dies; then it begins anew. */
    do {
        all->count = 0;
        for (hwnd = NULL; (hwnd = FindWindowExW(HWND_MESSAGE, hwnd, win32_event_class(), NULL)) != NULL;) {
            if (!add_window(hwnd, (LPARAM)all))
                return;
        }
    } while (all->count != 0 && !IsWindow(all->windows[all->count - 1]));
}

static void CALLBACK answered(HWND hwnd, UINT id, ULONG_PTR number, LRESULT result)
{
    struct thread *thread = win32_thread();
    struct broadcast *all = thread != NULL ? thread->broadcasts : NULL;

    (void)id;
    (void)result;
    while (all != NULL && all->number != number)
        all = all->outer;
    if (all == NULL)
        return;
    /* Answers come mostly in the order of the questions: the search goes on where the last one ended. */
    for (size_t i = 0; i < all->count; i++) {
        size_t at = (all->next + i) % all->count;

        if (all->windows[at] == hwnd) {
            all->windows[at] = NULL;
            all->waiting--;
            all->next = at + 1;
            return;
        }
    }
}

/* A window that dies gives no answer. */
static void forget_dead_windows(struct broadcast *all)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->windows[i] != NULL && !IsWindow(all->windows[i])) {
            all->windows[i] = NULL;
            all->waiting--;
        }
    }
}

/* Windows of this thread are called, and have answered, before the function returns. */
static void ask(struct broadcast *all, UINT id, WPARAM wparam, LPARAM lparam)
{
    all->waiting = all->count;
    for (size_t i = 0; i < all->count; i++) {
        if (SendMessageCallbackW(all->windows[i], id, wparam, lparam, answered, all->number))
            continue;
        all->windows[i] = NULL;
        all->waiting--;
    }
}

/* Delivers what has been sent to this thread, and the answers; leaves what is posted where it is. */
static void serve(void)
{
    MSG msg;

    PeekMessageW(&msg, NULL, 0, 0, PM_NOREMOVE | PM_QS_SENDMESSAGE);
}

/* Until all have answered or are dead, or time is up. Some have answered while others were being asked, as a rule:
 * so it does not begin with waiting. */
static void await_answers(struct broadcast *all, ULONGLONG now, ULONGLONG until)
{
    const DWORD slice = 50; /* between two looks for windows that died */
    ULONGLONG look = now + slice;

    if (all->waiting != 0)
        serve();
    while (all->waiting != 0 && now < until) {
        ULONGLONG next = look < until ? look : until;

        MsgWaitForMultipleObjectsEx(0, NULL, next > now ? (DWORD)(next - now) : 0, QS_SENDMESSAGE,
                                    MWMO_INPUTAVAILABLE);
        serve();
        now = GetTickCount64();
        if (now >= next) {
            forget_dead_windows(all);
            look = now + slice;
        }
    }
}

int host_broadcast(enum host_audience audience, const struct host_msg *msg, uint32_t wait_ms,
                   bool (*enough)(void *arg), void *arg)
{
    struct broadcast all = {.number = last_number()};
    struct thread *thread = win32_thread();
    ULONGLONG begin = GetTickCount64();

    (void)enough; /* whoever is asked reads the sender's own atoms: he must have done so */
    (void)arg;
    if (thread == NULL)
        return HOST_FAULT;
    list_windows(&all, audience, thread);
    all.outer = thread->broadcasts;
    thread->broadcasts = &all;
    if (!all.no_memory)
        ask(&all, system_id(msg->id), msg->wparam, (LPARAM)msg->lparam);
    await_answers(&all, GetTickCount64(), begin + wait_ms);
    if (all.waiting != 0)
        win32_stay(); /* somebody answers later: the system calls answered() then */
    thread->broadcasts = all.outer;
    host_free(all.windows);
    if (all.no_memory)
        return HOST_FAULT;
    return all.waiting != 0 ? HOST_UNSURE : HOST_OK;
}

/* ---- Taking and dispatching ------------------------------------------------------------------------- */

/* Not every look is free: Wine makes new blocks for a WM_DDE_* message each time it shows it, so one is never
 * looked at without taking it. And Wine cannot hand over blocks larger than the stack it has left: the
 * message is lost, the call says yes and fills in nothing. */
static bool next_message(MSG *msg, HWND wnd, UINT lowest, UINT highest, UINT flags)
{
    ZeroMemory(msg, sizeof *msg);
    return PeekMessageW(msg, wnd, lowest, highest, PM_REMOVE | flags) != 0;
}

bool host_take(host_wnd wnd, struct host_msg *msg)
{
    bool quit = false, taken = false;
    int code = 0;
    MSG m;

    if (!of_this_thread((HWND)wnd))
        return false;
    while (!taken &&
           next_message(&m, (HWND)wnd, WM_DDE_LOWEST, WM_DDE_HIGHEST, PM_NOYIELD | PM_QS_POSTMESSAGE)) {
        taken = m.message >= WM_DDE_LOWEST && m.message <= WM_DDE_HIGHEST;
        if (m.message == WM_QUIT) { /* passes every filter */
            quit = true;
            code = (int)m.wParam;
        }
    }
    if (quit)
        PostQuitMessage(code);
    if (taken) {
        msg->to = (host_wnd)m.hwnd;
        msg->id = m.message;
        msg->wparam = m.wParam;
        msg->lparam = (uintptr_t)m.lParam;
    }
    return taken;
}

struct pump {
    unsigned turn;
    bool quit;
    int code;
};

/* Removes and dispatches one message; false if there is none that matches. A program's filter may claim what
 * is offered to it, and then it is not dispatched: our own windows' messages carry what would be lost with
 * them. */
static bool step(struct pump *pump, HWND wnd, UINT lowest, UINT highest, bool offer)
{
    MSG msg;

    if (!next_message(&msg, wnd, lowest, highest, 0))
        return false;
    if (msg.message == WM_QUIT) {
        pump->quit = true;
        pump->code = (int)msg.wParam;
    } else if (!offer || host_window_ours((host_wnd)msg.hwnd) || !CallMsgFilterW(&msg, MSGF_DDEMGR)) {
        DispatchMessageW(&msg);
    }
    return true;
}

/* Timer messages have one number for everybody, so those of our windows are asked for one by one. Once round:
 * a look may run procedures that change the list. */
static bool step_timers(struct pump *pump)
{
    struct thread *thread = win32_thread();
    HWND first = thread != NULL ? win32_next_timed(thread) : NULL, wnd = first;

    while (wnd != NULL) {
        if (step(pump, wnd, WM_TIMER, WM_TIMER, false))
            return true;
        wnd = win32_next_timed(thread);
        if (wnd == first)
            break;
    }
    return false;
}

/* Kinds take turns, so that none starves another. */
static bool step_dde(struct pump *pump)
{
    const UINT resume = win32_messages()->resume;

    for (unsigned tried = 0; tried < 3; tried++) {
        bool stepped;

        switch (pump->turn++ % 3) {
        case 0:
            stepped = step(pump, NULL, WM_DDE_LOWEST, WM_DDE_HIGHEST, false);
            break;
        case 1:
            stepped = step(pump, NULL, resume, resume, false);
            break;
        default:
            stepped = step_timers(pump);
            break;
        }
        if (stepped)
            return true;
    }
    return false;
}

static bool step_scope(struct pump *pump, enum host_scope scope)
{
    return scope == HOST_ALL_MESSAGES ? step(pump, NULL, 0, 0, true) : step_dde(pump);
}

/* A request to quit that was met on the way goes back when the pumping is over. */
static void put_back(const struct pump *pump)
{
    if (pump->quit)
        PostQuitMessage(pump->code);
}

/* Until something may have come, at most until `until`. */
static void wait_for_input(enum host_scope scope, uint64_t now, uint64_t until)
{
    DWORD wait = until - now < INFINITE - 1 ? (DWORD)(until - now) : INFINITE - 1;

    /* While only DDE is wanted others' messages stay in the queue, so "input available" would spin; without
     * it a message that came between two of our looks goes unnoticed: hence in slices. */
    if (scope == HOST_ALL_MESSAGES)
        MsgWaitForMultipleObjectsEx(0, NULL, wait, QS_ALLINPUT, MWMO_INPUTAVAILABLE);
    else
        MsgWaitForMultipleObjectsEx(0, NULL, wait < 20 ? wait : 20, QS_ALLINPUT, 0);
}

bool host_dispatch(enum host_scope scope, uint64_t until)
{
    struct pump pump = {0};
    bool stepped = false;
    uint64_t now;

    if (!win32_ready())
        return false;
    for (;;) {
        stepped = step_scope(&pump, scope);
        if (pump.quit && stepped) /* a second try gets past a request to quit */
            stepped = step_scope(&pump, scope);
        if (stepped || pump.quit || (now = host_now_ms()) >= until)
            break;
        wait_for_input(scope, now, until);
    }
    put_back(&pump);
    return stepped;
}

/* Whoever pumps waits for an answer, as a rule. It is not there yet if the question has gone to another thread,
 * so that a look before the first wait would be one more call for nothing. */
static bool may_look_at_once(enum host_scope scope)
{
    struct thread *thread = win32_thread();
    bool expected = thread == NULL || thread->expects || scope != HOST_ALL_MESSAGES;

    if (thread != NULL)
        thread->expects = false;
    return expected;
}

bool host_pump(enum host_scope scope, bool (*done)(void *arg), void *arg, uint64_t until)
{
    struct pump pump = {0};
    uint64_t now;
    bool is_done, look;

    if (!win32_ready())
        return done(arg);
    for (look = may_look_at_once(scope); !(is_done = done(arg)) && (now = host_now_ms()) < until;
         look = true) {
        if (look && step_scope(&pump, scope))
            continue;
        is_done = look && done(arg); /* looking has delivered what was sent */
        if (is_done)
            break;
        wait_for_input(scope, now, until);
    }
    put_back(&pump);
    return is_done;
}
