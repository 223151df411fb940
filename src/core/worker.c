/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Threads that the library keeps for programs without a message loop. Such a worker dispatches messages and, between
 * them, does what it is told; whoever tells it waits meanwhile as in a synchronous transaction.
 *
 * What is said between threads stands in records under the host's lock. Messages only wake: each has a quiet window
 * for that, the worker as long as it lives, the asker as long as it waits. So nobody can make a worker run anything
 * by sending it messages.
 *
 * The window's end is not the thread's: on Windows a program may destroy any window of its threads. Then the worker
 * gets another one, and an asker looks for itself. That its thread ends is told by the thread (struct ending). */

#include "core/core.h"

/* How long to wait for a new thread's beginning, and for its very end after its last word: neither takes any time,
 * unless the system has other worries. How often whoever waits looks for itself, should nobody have been able to
 * wake it. */
enum { BEGIN_MS = 10000, END_MS = 1000, LOOK_MS = 100 };

enum errand_state { ERRAND_WAITING, ERRAND_RUNNING, ERRAND_DONE, ERRAND_LOST };

/* What a thread has as long as somebody may want to wake it. */
struct sleeper {
    struct ending ending;
    host_wnd wnd; /* 0: it cannot be woken                                      */
    bool woken;   /* a message is on its way to the window                      */
    bool lost;    /* the window has gone, and the thread has not seen to it yet */
};

/* Something that a thread waits for: that a worker has run a function, has begun, or has ended. */
struct errand {
    struct list place;     /* in a list of the worker, until it is done or lost */
    struct worker *worker; /* the asker's reference */
    PFNDDEMLTHREAD function;
    LPVOID param;
    enum errand_state state;
    struct sleeper asker;
    unsigned refs; /* the asker's, the worker's */
};

struct worker {
    struct list place; /* in the list of all, until its end */
    DWORD id;
    unsigned refs;
    PFNDDEMLTHREAD start;
    LPVOID param;
    struct sleeper sleeper;
    uint32_t thread;  /* host_thread_id; 0: not begun yet                 */
    uintptr_t handle; /* the host's, of the thread: whoever takes it out disposes of it */
    bool stopping, over;
    struct list calls;    /* struct errand.place: functions to be run         */
    struct list running;  /* the same: the one that is being run              */
    struct list starters; /* the same: who waits for its beginning            */
    struct list stoppers; /* the same: who waits for its end                  */
};

/* Under the host's lock. */
static struct {
    struct list all;
    DWORD last_id;
} workers = {.all = {&workers.all, &workers.all}};

/* ---- Records ------------------------------------------------------------------------------------------- */

static void worker_unref(struct worker *w)
{
    bool last;

    host_lock();
    last = --w->refs == 0;
    host_unlock();
    if (last)
        mem_free(w);
}

static struct worker *worker_new(PFNDDEMLTHREAD start, LPVOID param)
{
    struct worker *w = mem_new(sizeof *w);

    if (!w)
        return NULL;
    list_init(&w->calls);
    list_init(&w->running);
    list_init(&w->starters);
    list_init(&w->stoppers);
    w->start = start;
    w->param = param;
    w->refs = 1;
    host_lock();
    w->id = ++workers.last_id ? workers.last_id : ++workers.last_id;
    list_append(&workers.all, &w->place);
    host_unlock();
    return w;
}

/* With a reference for the caller; NULL: there is none, or no more. */
static struct worker *worker_get(DWORD id)
{
    struct worker *found = NULL;

    host_lock();
    list_each (place, next, &workers.all) {
        struct worker *w = container_of(place, struct worker, place);

        if (w->id == id)
            found = w;
    }
    if (found)
        found->refs++;
    host_unlock();
    return found;
}

/* ---- Sleepers ------------------------------------------------------------------------------------------ */

/* Anybody may post and send to the window; a program may destroy it. */
static void sleeper_event(void *sleeper, const struct host_msg *hm)
{
    struct sleeper *s = sleeper;
    bool gone = hm->id == HOST_EV_DESTROYED;

    if (!gone && hm->id != HOST_EV_RESUME) {
        wire_stray(NULL, hm);
        return;
    }
    host_lock();
    s->woken = false;
    if (gone) {
        s->wnd = 0;
        s->lost = true;
    }
    host_unlock();
    if (gone) {
        wire_take_strays(NULL, hm->to);
        ledger_count(NULL, LEDGER_windows, -1);
    }
}

/* Opens it again if its window has gone. False: the system refuses. */
static bool sleeper_reopen(struct sleeper *s)
{
    host_wnd wnd = s->wnd;

    if (wnd)
        return true;
    wnd = host_window_create(HOST_QUIET, 0, true, sleeper_event, s);
    if (wnd)
        ledger_count(NULL, LEDGER_windows, 1);
    host_lock();
    s->wnd = wnd;
    s->lost = false;
    host_unlock();
    return wnd;
}

static bool sleeper_open(struct sleeper *s, void (*thread_ends)(struct ending *))
{
    if (!ending_await(&s->ending, thread_ends))
        return false;
    if (sleeper_reopen(s))
        return true;
    ending_forget(&s->ending);
    return false;
}

/* Taking what has been posted may deliver what has been sent: that may destroy the window, or end the thread. */
static void sleeper_close(struct sleeper *s)
{
    host_wnd wnd = s->wnd;

    if (wnd) {
        host_window_seal(wnd);
        wire_take_strays(NULL, wnd);
    }
    host_lock();
    wnd = s->wnd;
    s->wnd = 0;
    host_unlock();
    if (wnd) {
        host_window_destroy(wnd);
        ledger_count(NULL, LEDGER_windows, -1);
    }
    ending_forget(&s->ending);
}

static void sleeper_wake(struct sleeper *s)
{
    struct host_msg hm = {.id = HOST_EV_RESUME};

    host_lock();
    if (!s->woken) {
        hm.to = s->wnd;
        s->woken = hm.to;
    }
    host_unlock();
    if (!hm.to || host_post(&hm) == HOST_OK)
        return;
    host_lock();
    s->woken = false;
    host_unlock();
}

/* ---- Errands ------------------------------------------------------------------------------------------- */

static void errand_unref(struct errand *e)
{
    bool last;

    host_lock();
    last = --e->refs == 0;
    host_unlock();
    if (last)
        mem_free(e);
}

/* Takes it out of the worker's hands, and tells the asker. */
static void errand_over(struct errand *e, enum errand_state state)
{
    host_lock();
    list_remove(&e->place);
    e->state = state;
    host_unlock();
    sleeper_wake(&e->asker);
    errand_unref(e);
}

static void all_over(struct list *errands, enum errand_state state)
{
    struct list *place;

    do {
        host_lock();
        place = list_pop(errands);
        host_unlock();
        if (place)
            errand_over(container_of(place, struct errand, place), state);
    } while (place);
}

/* ---- The worker ---------------------------------------------------------------------------------------- */

/* If it is waited for, its last thread handle is left to whoever waits. */
static void worker_over(struct worker *w)
{
    uintptr_t handle = 0;

    host_lock();
    list_remove(&w->place);
    w->over = w->stopping = true;
    if (list_empty(&w->stoppers)) {
        handle = w->handle;
        w->handle = 0;
    }
    host_unlock();
    all_over(&w->starters, ERRAND_LOST);
    all_over(&w->running, ERRAND_LOST);
    all_over(&w->calls, ERRAND_LOST);
    all_over(&w->stoppers, ERRAND_DONE);
    if (handle)
        host_thread_let_go(handle);
    worker_unref(w);
}

static bool has_orders(void *worker)
{
    struct worker *w = worker;
    bool has;

    host_lock();
    has = w->stopping || w->sleeper.lost || !list_empty(&w->calls);
    host_unlock();
    return has;
}

/* False: it is to stop. *e may be NULL: who had called has given up meanwhile, or there was something else to do. */
static bool next_call(struct worker *w, struct errand **e)
{
    struct list *place;
    bool stopping;

    host_lock();
    stopping = w->stopping;
    place = stopping ? NULL : list_pop(&w->calls);
    *e = place ? container_of(place, struct errand, place) : NULL;
    if (*e) {
        list_append(&w->running, place);
        (*e)->state = ERRAND_RUNNING;
    }
    host_unlock();
    return !stopping;
}

static void obey(struct worker *w)
{
    struct errand *e;

    for (;;) {
        bool can_be_woken = sleeper_reopen(&w->sleeper);

        host_pump(HOST_ALL_MESSAGES, has_orders, w, can_be_woken ? UINT64_MAX : host_now_ms() + LOOK_MS);
        if (!next_call(w, &e))
            return;
        if (!e)
            continue;
        e->function(e->param);
        errand_over(e, ERRAND_DONE);
        host_dispatch(HOST_ALL_MESSAGES, 0); /* messages have their turn, however much it is told */
    }
}

static void leave(struct worker *w)
{
    sleeper_close(&w->sleeper);
    worker_over(w);
}

/* In whatever it was told to run. */
static void worker_thread_ends(struct ending *e)
{
    leave(container_of(e, struct worker, sleeper.ending));
}

/* Whoever has started it is told that it runs, or has given up and withdrawn: one of the two, under the lock. */
static bool begin(struct worker *w)
{
    bool open = sleeper_open(&w->sleeper, worker_thread_ends);
    uint32_t thread = host_thread_id();
    bool go;

    host_lock();
    w->thread = thread;
    go = open && !w->stopping && !list_empty(&w->starters);
    if (go)
        container_of(w->starters.next, struct errand, place)->state = ERRAND_DONE;
    host_unlock();
    if (go)
        all_over(&w->starters, ERRAND_DONE);
    return go;
}

static void leave_instances(void)
{
    struct thread *t;

    while ((t = thread_current()) != NULL && !list_empty(&t->insts))
        inst_close(container_of(t->insts.next, struct inst, node));
}

static void work(void *worker)
{
    struct worker *w = worker;

    if (begin(w)) {
        if (w->start)
            w->start(w->param);
        obey(w);
        leave_instances();
    }
    leave(w);
}

/* ---- Whoever tells it ---------------------------------------------------------------------------------- */

/* Under the host's lock. */
static void hand_over(struct errand *e, struct list *errands)
{
    e->refs++;
    list_append(errands, &e->place);
}

/* Lets go of an errand. What has not been begun will not be. */
static enum errand_state errand_leave(struct errand *e)
{
    enum errand_state state;
    bool withdrawn;

    host_lock();
    state = e->state;
    withdrawn = state == ERRAND_WAITING && !list_empty(&e->place);
    if (withdrawn)
        list_remove(&e->place);
    host_unlock();
    if (withdrawn)
        errand_unref(e);
    errand_unref(e);
    return state;
}

/* The thread handle of a worker that is over, for whoever disposes of it; 0: it is not over, or somebody else's. */
static uintptr_t take_handle(struct worker *w)
{
    uintptr_t handle = 0;

    host_lock();
    if (w->over) {
        handle = w->handle;
        w->handle = 0;
    }
    host_unlock();
    return handle;
}

/* In a callback that runs while it waits: its call will never return. */
static void asker_thread_ends(struct ending *ending)
{
    struct errand *e = container_of(ending, struct errand, asker.ending);
    struct worker *w = e->worker;
    uintptr_t handle;

    sleeper_close(&e->asker);
    errand_leave(e);
    handle = take_handle(w);
    if (handle)
        host_thread_let_go(handle);
    worker_unref(w);
}

static struct errand *errand_new(struct worker *w, PFNDDEMLTHREAD function, LPVOID param)
{
    struct errand *e = mem_new(sizeof *e);

    if (!e)
        return NULL;
    list_init(&e->place);
    e->worker = w;
    e->function = function;
    e->param = param;
    e->refs = 1;
    if (sleeper_open(&e->asker, asker_thread_ends))
        return e;
    mem_free(e);
    return NULL;
}

static bool is_settled(void *errand)
{
    struct errand *e = errand;
    enum errand_state state;

    host_lock();
    state = e->state;
    host_unlock();
    return state == ERRAND_DONE || state == ERRAND_LOST;
}

/* Waits, and ends the errand for the asker. */
static enum errand_state await(struct errand *e, struct worker *w, uint64_t until)
{
    uint64_t now;

    while (!is_settled(e) && (now = host_now_ms()) < until) {
        sleeper_wake(&w->sleeper);
        host_pump(HOST_DDE_MESSAGES, is_settled, e, until - now > LOOK_MS ? now + LOOK_MS : until);
    }
    sleeper_close(&e->asker);
    return errand_leave(e);
}

static void tell_to_stop(struct worker *w)
{
    host_lock();
    w->stopping = true;
    host_unlock();
}

/* It may have come to its end already. */
static void keep_handle(struct worker *w, uintptr_t handle)
{
    bool over;

    host_lock();
    over = w->over;
    if (!over)
        w->handle = handle;
    host_unlock();
    if (over)
        host_thread_let_go(handle);
}

static void start_thread(struct worker *w)
{
    uintptr_t handle = host_thread_start(work, w);

    if (handle)
        keep_handle(w, handle);
    else
        worker_over(w);
}

static UINT begin_worker(struct worker *w, struct errand *e, DWORD *id)
{
    bool begun;

    host_lock();
    hand_over(e, &w->starters);
    w->refs++;
    host_unlock();
    *id = w->id;
    start_thread(w);
    begun = await(e, w, host_now_ms() + BEGIN_MS) == ERRAND_DONE;
    if (!begun) {
        tell_to_stop(w);
        sleeper_wake(&w->sleeper);
        *id = 0;
    }
    worker_unref(w);
    return begun ? DMLERR_NO_ERROR : DMLERR_SYS_ERROR;
}

UINT worker_start(PFNDDEMLTHREAD start, LPVOID param, DWORD *id)
{
    struct worker *w = worker_new(start, param);
    struct errand *e = w ? errand_new(w, NULL, NULL) : NULL;

    if (e)
        return begin_worker(w, e, id);
    if (w)
        worker_over(w);
    return DMLERR_MEMORY_ERROR;
}

static bool is_own(struct worker *w)
{
    uint32_t me = host_thread_id();
    bool own;

    host_lock();
    own = w->thread == me;
    host_unlock();
    return own;
}

static UINT call(struct worker *w, PFNDDEMLTHREAD function, LPVOID param, uint64_t until)
{
    static const UINT results[] = {
        [ERRAND_WAITING] = DMLERR_BUSY,
        [ERRAND_RUNNING] = DMLERR_EXECACKTIMEOUT,
        [ERRAND_DONE] = DMLERR_NO_ERROR,
        [ERRAND_LOST] = DMLERR_SERVER_DIED,
    };
    struct errand *e = errand_new(w, function, param);

    if (!e)
        return DMLERR_MEMORY_ERROR;
    host_lock();
    if (w->stopping)
        e->state = ERRAND_LOST;
    else
        hand_over(e, &w->calls);
    host_unlock();
    return results[await(e, w, until)];
}

UINT worker_call(DWORD id, PFNDDEMLTHREAD function, LPVOID param, uint64_t until)
{
    struct worker *w = worker_get(id);
    UINT r;

    if (!w)
        return DMLERR_INVALIDPARAMETER;
    if (is_own(w)) {
        worker_unref(w); /* its thread has it, and may end in the function */
        function(param);
        return DMLERR_NO_ERROR;
    }
    r = call(w, function, param, until);
    worker_unref(w);
    return r;
}

static UINT end_worker(struct worker *w, uint64_t until)
{
    struct errand *e = errand_new(w, NULL, NULL);
    uintptr_t handle;
    bool over;

    if (!e) {
        tell_to_stop(w);
        sleeper_wake(&w->sleeper);
        return DMLERR_MEMORY_ERROR;
    }
    host_lock();
    w->stopping = true;
    if (w->over)
        e->state = ERRAND_DONE;
    else
        hand_over(e, &w->stoppers);
    host_unlock();
    over = await(e, w, until) == ERRAND_DONE;
    handle = take_handle(w); /* the thread has said its last word: it has ended in a moment */
    if (handle && host_thread_join(handle, END_MS) != HOST_OK)
        host_thread_let_go(handle);
    return over || handle ? DMLERR_NO_ERROR : DMLERR_EXECACKTIMEOUT;
}

UINT worker_stop(DWORD id, uint64_t until)
{
    struct worker *w = worker_get(id);
    UINT r = DMLERR_NO_ERROR;

    if (!w)
        return DMLERR_INVALIDPARAMETER;
    if (is_own(w))
        tell_to_stop(w);
    else
        r = end_worker(w, until);
    worker_unref(w);
    return r;
}
