/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/posix/user.h"
#include "host/posix/peer.h"

#include <stdlib.h>

/* Beyond the seam: what makes a user32 of the host. */

/* A thread that has called one of the functions that look at a queue. */
struct user_thread {
    struct list link; /* under the lock of all */
    uint32_t id;
    struct host_thread *host;
    struct list posts; /* struct post.in_thread, under the host thread's lock: those to no window */
    uint64_t seen;     /* the same: the number of the first post that it has not looked for        */
    bool starved;      /* there was no memory for what has come: it is to be tried again soon      */
};

enum { MEMORY_WAIT_MS = 10 };

static struct {
    pthread_mutex_t lock; /* taken before that of a thread */
    struct list threads;
} all = {PTHREAD_MUTEX_INITIALIZER, {&all.threads, &all.threads}};

/* ---- Results -------------------------------------------------------------------------------------- */

/* The address of the message is the name of the call: it is there until the caller has read the result. */
static _Thread_local struct {
    const struct host_msg *msg;
    uintptr_t value;
} last_result;

/* The job that was begun last, by the address of its message; NULL: one has ended since. */
static _Thread_local struct {
    const struct host_msg *msg;
    bool sent;
} last_job;

void result_forget(void)
{
    last_result.msg = NULL;
}

void job_begins(const struct host_msg *msg, bool sent)
{
    result_forget();
    last_job.msg = msg;
    last_job.sent = sent;
}

void job_ends(void)
{
    last_job.msg = NULL;
}

uintptr_t result_of_call(const struct host_msg *msg)
{
    return last_result.msg == msg ? last_result.value : 0;
}

static void set_result(const struct host_msg *msg, uintptr_t value)
{
    last_result.msg = msg;
    last_result.value = value;
}

bool user_call(const struct host_msg *msg, uintptr_t *result)
{
    struct host_thread *me = thread_peek();
    struct window *w = window_own(me, msg->to);

    if (!w || !window_open(w, msg->to))
        return false;
    result_forget();
    w->proc(w->ctx, msg);
    *result = result_of_call(msg);
    return true;
}

/* ---- Threads -------------------------------------------------------------------------------------- */

/* NULL: no memory for it, or the thread is ending. */
static struct host_thread *user_self(void)
{
    struct host_thread *me = thread_self();
    struct user_thread *user;

    if (!me || me->user)
        return me;
    user = me->ending ? NULL : calloc(1, sizeof *user);
    if (!user)
        return NULL;
    user->id = host_session_thread();
    user->host = me;
    list_init(&user->posts);
    pthread_mutex_lock(&me->lock);
    me->user = user;
    pthread_mutex_unlock(&me->lock);
    pthread_mutex_lock(&all.lock);
    list_append(&all.threads, &user->link);
    pthread_mutex_unlock(&all.lock);
    return me;
}

/* The child of a fork has none of its parent's threads. */
void users_forked(void)
{
    pthread_mutex_init(&all.lock, NULL);
    list_init(&all.threads);
}

void user_thread_end(struct host_thread *me)
{
    struct user_thread *user = me->user;
    struct list *node;

    if (!user)
        return;
    pthread_mutex_lock(&all.lock);
    list_remove(&user->link);
    pthread_mutex_unlock(&all.lock);
    pthread_mutex_lock(&me->lock);
    while ((node = user->posts.next) != &user->posts)
        queue_remove(me, container_of(node, struct post, in_thread));
    queue_free_spare(me);
    me->user = NULL;
    pthread_mutex_unlock(&me->lock);
    free(user);
}

static int append_to(struct user_thread *user, const struct host_msg *msg)
{
    struct host_thread *t = user->host;
    struct post *p = NULL;
    int r = HOST_FULL;

    pthread_mutex_lock(&t->lock);
    if (t->queued < QUEUE_LIMIT) {
        p = queue_new_post(t);
        r = p ? HOST_OK : HOST_FAULT;
    }
    if (p) {
        p->wnd = NULL;
        p->msg = *msg;
        p->time = (uint32_t)host_now_ms();
        p->order = t->posts++;
        p->parcel = NULL;
        p->inflow = NULL;
        list_init(&p->in_window);
        list_append(&user->posts, &p->in_thread);
    }
    thread_unlock_and_wake(t, WAKE_REST);
    return r;
}

static int post_thread(uint32_t thread, const struct host_msg *msg)
{
    int r = HOST_GONE;

    if (thread == host_session_thread())
        user_self();
    pthread_mutex_lock(&all.lock);
    list_each (node, next, &all.threads) {
        struct user_thread *user = container_of(node, struct user_thread, link);
        if (user->id == thread) {
            r = append_to(user, msg);
            break;
        }
    }
    pthread_mutex_unlock(&all.lock);
    return r;
}

/* ---- Looking at the queue ------------------------------------------------------------------------- */

/* The timers of user32 have other numbers than the core's. */
static bool is_low(const struct post *p)
{
    return p->timer && p->msg.id != HOST_EV_TIMER;
}

static struct post *post_at(struct list *node, const struct list *end)
{
    return node == end ? NULL : container_of(node, struct post, in_thread);
}

static void describe(const struct post *p, struct user_post *out)
{
    *out = (struct user_post){.msg = p->msg, .time = p->time};
    if (!p->wnd)
        return;
    out->proc = p->wnd->proc;
    out->ctx = p->wnd->ctx;
}

/* The three lists of a thread, merged by number. */
struct walk {
    struct list *end[3], *at[3];
};

static struct walk walk_begin(struct host_thread *me)
{
    struct walk walk = {{&me->core, &me->rest, &me->user->posts}, {NULL, NULL, NULL}};

    for (unsigned i = 0; i < 3; i++)
        walk.at[i] = walk.end[i]->next;
    return walk;
}

static struct post *walk_next(struct walk *walk)
{
    struct post *first = NULL;
    unsigned list = 0;

    for (unsigned i = 0; i < 3; i++) {
        struct post *p = post_at(walk->at[i], walk->end[i]);
        if (p && (!first || p->order < first->order)) {
            first = p;
            list = i;
        }
    }
    if (first)
        walk->at[list] = walk->at[list]->next;
    return first;
}

static struct post *find(struct host_thread *me, const struct user_look *look, bool low)
{
    struct walk walk = walk_begin(me);
    struct user_post described;
    struct post *p;

    while ((p = walk_next(&walk))) {
        if (is_low(p) != low)
            continue;
        describe(p, &described);
        if (look->wants(look->arg, &described))
            break;
    }
    return p;
}

/* Makes the message of what another process has posted. Under the lock, which it lets go of meanwhile: nobody
 * else takes what is in this thread's queue. false: no memory. */
static bool open_post(struct host_thread *me, struct post *p)
{
    struct host_msg msg = p->msg;
    bool opened;

    if (!p->parcel)
        return true;
    pthread_mutex_unlock(&me->lock);
    opened = queue_open_parcel(p->parcel, &msg);
    pthread_mutex_lock(&me->lock);
    me->user->starved = !opened;
    if (!opened)
        return false;
    parcel_free(p->parcel);
    p->parcel = NULL;
    p->msg = msg;
    return true;
}

/* The sender may post another one. Not under the lock. */
static void settle(struct host_thread *me, struct post *p)
{
    struct inflow *inflow = p->inflow;

    if (!inflow)
        return;
    p->inflow = NULL;
    pthread_mutex_unlock(&me->lock);
    inflow_taken(inflow);
    peers_settle();
    pthread_mutex_lock(&me->lock);
}

static bool take(struct host_thread *me, const struct user_look *look, bool low, struct user_post *out)
{
    struct post *p = find(me, look, low);

    if (!p || !open_post(me, p))
        return false;
    settle(me, p);
    describe(p, out);
    if (look->remove)
        queue_remove(me, p);
    return true;
}

static void deliver_sent(struct host_thread *me)
{
    struct job job;

    while (sent_next(me, &job)) {
        pthread_mutex_unlock(&me->lock);
        job_run(&job);
        pthread_mutex_lock(&me->lock);
    }
}

static void look_up(struct host_thread *me)
{
    me->probed = 0;
    me->user->seen = me->posts;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Once through everything; true: that is all that is to be looked for. */
static bool look_once(struct host_thread *me, const struct user_look *look, struct user_post *out,
                      bool *found)
{
    deliver_sent(me);
    timers_raise(me, host_now_ms());
    look_up(me);
    *found = take(me, look, false, out);
    if (*found || look->settled(look->arg))
        return true;
    *found = take(me, look, true, out);
    return *found;
}

/* Sleeps until there may be something. What other processes wait for goes out first, and what comes from them
 * meanwhile is looked at before. */
static void sleep_for_input(struct host_thread *me, bool *flushed, uint64_t until)
{
    if (me->user->starved)
        until = sooner(until, host_now_ms() + MEMORY_WAIT_MS);
    me->user->starved = false;
    if (*flushed)
        thread_park(me, WAKE_SENT | WAKE_CORE | WAKE_REST, sooner(until, timers_next(me)));
    else
        flush_unlocked(me);
    *flushed = !*flushed;
}

static bool next_post(const struct user_look *look, uint64_t until, struct user_post *out)
{
    struct host_thread *me = user_self();
    bool found = false, flushed = false, over;

    if (!me)
        return false;
    look_around(me, recent_ms());
    pthread_mutex_lock(&me->lock);
    over = look_once(me, look, out, &found);
    if (!over && !until) { /* what is on its way from another process is there, too */
        pthread_mutex_unlock(&me->lock);
        over = !peers_look();
        pthread_mutex_lock(&me->lock);
        over = over || look_once(me, look, out, &found);
        if (!found)
            flush_unlocked(me);
    }
    while (!over && host_now_ms() < until) {
        sleep_for_input(me, &flushed, until);
        over = look_once(me, look, out, &found);
    }
    pthread_mutex_unlock(&me->lock);
    thread_leave_watch(me);
    if (!found)
        loop_settle(me);
    return found;
}

/* What stands in a list: the newest first, as far back as it is of interest. */
static unsigned kinds_in(const struct list *l, uint64_t since)
{
    unsigned kinds = 0;

    for (const struct list *node = l->prev; node != l; node = node->prev) {
        const struct post *p = container_of(node, struct post, in_thread);
        if (p->order < since)
            break;
        kinds |= is_low(p) ? USER_TIMER : USER_POSTED;
        if (kinds == (USER_TIMER | USER_POSTED))
            break;
    }
    return kinds;
}

static unsigned kinds_since(struct host_thread *me, uint64_t since)
{
    return kinds_in(&me->core, since) | kinds_in(&me->rest, since) | kinds_in(&me->user->posts, since) |
           (list_empty(&me->sent) ? 0 : USER_SENT);
}

static unsigned wait_for_input(unsigned kinds, bool old, uint64_t until)
{
    struct host_thread *me = user_self();
    bool flushed = false;
    unsigned there;

    if (!me)
        return 0;
    peers_look();
    pthread_mutex_lock(&me->lock);
    for (;;) {
        timers_raise(me, host_now_ms());
        there = kinds_since(me, old ? 0 : me->user->seen) & kinds;
        if (there || host_now_ms() >= until)
            break;
        sleep_for_input(me, &flushed, until);
    }
    look_up(me);
    pthread_mutex_unlock(&me->lock);
    thread_leave_watch(me);
    return there;
}

static void status(unsigned *every, unsigned *fresh)
{
    struct host_thread *me = user_self();

    *every = *fresh = 0;
    if (!me)
        return;
    pthread_mutex_lock(&me->lock);
    timers_raise(me, host_now_ms());
    *every = kinds_since(me, 0);
    *fresh = kinds_since(me, me->user->seen);
    look_up(me);
    pthread_mutex_unlock(&me->lock);
}

/* ---- Windows -------------------------------------------------------------------------------------- */

static host_wnd create_window(enum host_class cls, bool unicode, host_proc *proc, void *ctx)
{
    struct host_thread *me = user_self();
    host_wnd wnd = me ? host_window_create(cls, 0, unicode, proc, ctx) : 0;

    if (wnd)
        atomic_fetch_or_explicit(&window_at(wnd)->traits, USER_TRAIT, memory_order_acq_rel);
    return wnd;
}

static void set_unicode(host_wnd wnd, bool unicode)
{
    struct window *w = window_own(thread_peek(), wnd);

    if (!w)
        return;
    if (unicode)
        atomic_fetch_or_explicit(&w->traits, UNICODE_TRAIT, memory_order_acq_rel);
    else
        atomic_fetch_and_explicit(&w->traits, ~(unsigned)UNICODE_TRAIT, memory_order_acq_rel);
}

static void **window_ctx(host_wnd wnd, host_proc *proc)
{
    struct window *w = window_own(thread_peek(), wnd);

    return w && window_open(w, wnd) && w->proc == proc ? &w->ctx : NULL;
}

static int broadcast(enum host_audience audience, const struct host_msg *msg, uint32_t wait_ms)
{
    return host_broadcast(audience, msg, wait_ms, NULL, NULL);
}

static host_wnd *top_level(size_t *n)
{
    return window_audience(HOST_TOP_LEVEL, n);
}

static enum user_call how(const struct host_msg *msg)
{
    if (last_job.msg != msg)
        return USER_CALL_DIRECT;
    return last_job.sent ? USER_CALL_SENT : USER_CALL_PUMPED;
}

const struct user_host ddeml_user_host = {
    .post = host_post,
    .broadcast = broadcast,
    .window_destroy = host_window_destroy,
    .window_alive = host_window_alive,
    .window_unicode = host_window_unicode,
    .window_is = host_window_is,
    .window_foreign = host_window_foreign,
    .window_thread = host_window_thread,
    .thread_id = host_session_thread,
    .now_ms = host_now_ms,
    .mem_alloc = host_mem_alloc,
    .mem_resize = host_mem_resize,
    .mem_lock = host_mem_lock,
    .mem_unlock = host_mem_unlock,
    .mem_size = host_mem_size,
    .mem_free = host_mem_free,
    .atom_add = host_atom_add,
    .atom_delete = host_atom_delete,
    .atom_name = host_atom_name,
    .to_wide = host_to_wide,
    .from_wide = host_from_wide,
    .window_create = create_window,
    .window_set_unicode = set_unicode,
    .window_ctx = window_ctx,
    .top_level = top_level,
    .timer = user_timer,
    .next = next_post,
    .wait = wait_for_input,
    .status = status,
    .post_thread = post_thread,
    .send = user_send,
    .call = user_call,
    .result = set_result,
    .how = how,
    .in_send = user_in_send,
    .reply = user_reply,
    .mem_locks = mem_locks,
    .mem_of = mem_of,
};
