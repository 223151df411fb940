/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/posix/figures.h"
#include "host/posix/peer.h"
#include "host/posix/user.h"

#include <stdlib.h>

/* A batch is one message on its way to one or many windows of other threads or processes. It belongs to its
 * sender and to everybody who has not yet done his part, so a sender that gives up leaves nothing of its own
 * behind. A batch that has come from another process has no sender here: when all have done their part, that
 * process is told. */

enum sent_state {
    SENT_OWN,     /* for a window of the sender's: never leaves its hands */
    SENT_WAITING, /* in host_thread.sent                                   */
    SENT_RUNNING, /* in host_thread.running                                */
    SENT_AWAY,    /* another process has it                                */
    SENT_DONE,
    SENT_GONE,  /* there was no such window, or it closed before          */
    SENT_CUT,   /* the thread ended in mid-procedure                      */
    SENT_LATE,  /* the sender took it back, or nobody began with it in time */
    SENT_FAULT, /* there was no memory for it                             */
};

struct sent {
    struct list link;
    struct batch *batch;
    struct host_thread *target;
    host_wnd to;           /* 0: the audience in another process    */
    board_number process;  /* 0: this one                           */
    enum sent_state state; /* with link: under the target's lock; away: under that of the calls */
    struct map_node by_serial;
    struct host_msg lent; /* what was made of a parcel while the procedure runs; to is 0: nothing */
    bool replied;         /* under the target's lock: the sender has been told, and may be gone          */
    uintptr_t result;     /* with state: what the procedure returned */
};

struct batch {
    struct list link;           /* owner: the sender */
    atomic_size_t refs;         /* the sender's, and one for each part that others hold */
    atomic_size_t parts;        /* those that are neither done nor gone, and one until all are given out */
    atomic_size_t away;         /* those of them that other processes have                               */
    struct host_thread *sender; /* NULL: caller */
    struct caller caller;
    atomic_int result; /* for the caller            */
    atomic_uintptr_t value;
    struct host_msg msg;
    struct parcel *parcel; /* the same in bytes; NULL: not needed yet */
    uint64_t until;
    enum host_audience audience;
    size_t n;
    struct sent sent[];
};

/* What other processes have been sent and have not answered yet. A leaf lock. */
static struct {
    pthread_mutex_t lock;
    pthread_once_t once;
    struct map by_serial;
    struct list all; /* struct sent.link */
    uint64_t last;
} calls = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .once = PTHREAD_ONCE_INIT,
    .all = {&calls.all, &calls.all},
};

static atomic_long n_batches;

/* ---- Batches -------------------------------------------------------------------------------------- */

static struct batch *batch_new(struct host_thread *sender, size_t n, uint64_t until)
{
    struct batch *b = calloc(1, sizeof *b + n * sizeof b->sent[0]);

    if (!b)
        return NULL;
    atomic_fetch_add_explicit(&n_batches, 1, memory_order_relaxed);
    atomic_init(&b->refs, 1);
    atomic_init(&b->parts, 1);
    atomic_init(&b->result, HOST_GONE);
    b->sender = sender;
    b->until = until;
    b->n = n;
    list_init(&b->link);
    for (size_t i = 0; i < n; i++) {
        b->sent[i].batch = b;
        list_init(&b->sent[i].link);
    }
    if (sender)
        list_append(&sender->batches, &b->link);
    return b;
}

static void batch_unref(struct batch *b)
{
    if (atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) > 1)
        return;
    if (b->caller.inflow)
        inflow_leave(b->caller.inflow);
    parcel_free(b->parcel);
    free(b);
    atomic_fetch_sub_explicit(&n_batches, 1, memory_order_relaxed);
}

bool batch_over(const struct batch *b)
{
    return atomic_load_explicit(&b->parts, memory_order_acquire) == 0;
}

/* Somebody else's part is over. The sender may have left already; its record is still there to be woken. */
static void part_ends(struct batch *b)
{
    if (atomic_fetch_sub_explicit(&b->parts, 1, memory_order_acq_rel) > 1)
        ;
    else if (b->sender)
        thread_wake(b->sender, WAKE_REPLY);
    else if (b->caller.serial)
        peer_reply(&b->caller, atomic_load_explicit(&b->result, memory_order_relaxed),
                   (intptr_t)atomic_load_explicit(&b->value, memory_order_relaxed));
}

static void part_over(struct batch *b)
{
    part_ends(b);
    batch_unref(b);
}

static void give_part(struct batch *b)
{
    atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&b->parts, 1, memory_order_relaxed);
}

static void hand_to_thread(struct sent *s)
{
    struct window *w;
    struct host_thread *t = thread_lock_owner(s->to, &w);

    if (!t) {
        s->state = SENT_GONE;
        return;
    }
    s->target = t;
    if (t == s->batch->sender) {
        s->state = SENT_OWN;
        pthread_mutex_unlock(&t->lock);
        return;
    }
    give_part(s->batch);
    s->state = SENT_WAITING;
    list_append(&t->sent, &s->link);
    thread_unlock_and_wake(t, WAKE_SENT);
}

/* ---- Calls of other processes ---------------------------------------------------------------------- */

static void make_calls(void)
{
    map_init_off_books(&calls.by_serial);
}

static uint64_t call_begin(struct sent *s)
{
    uint64_t serial;

    pthread_once(&calls.once, make_calls);
    give_part(s->batch);
    pthread_mutex_lock(&calls.lock);
    serial = ++calls.last;
    s->state = SENT_AWAY;
    atomic_fetch_add_explicit(&s->batch->away, 1, memory_order_relaxed);
    map_put(&calls.by_serial, &s->by_serial, (uintptr_t)serial);
    list_append(&calls.all, &s->link);
    pthread_mutex_unlock(&calls.lock);
    return serial;
}

/* Under the lock. */
static void call_end(struct sent *s, enum sent_state state)
{
    map_remove(&calls.by_serial, &s->by_serial);
    list_remove(&s->link);
    s->state = state;
    atomic_fetch_sub_explicit(&s->batch->away, 1, memory_order_relaxed);
}

/* Ends it unless that has been done. */
static bool call_stop(struct sent *s, enum sent_state state)
{
    bool away;

    pthread_mutex_lock(&calls.lock);
    away = s->state == SENT_AWAY;
    if (away)
        call_end(s, state);
    pthread_mutex_unlock(&calls.lock);
    return away;
}

static enum sent_state state_of(int result)
{
    switch (result) {
    case HOST_OK:
        return SENT_DONE;
    case HOST_GONE:
        return SENT_GONE;
    case HOST_FULL:
    case HOST_LATE:
        return SENT_LATE;
    case HOST_FAULT:
        return SENT_FAULT;
    default:
        return SENT_CUT;
    }
}

bool calls_answer(uint16_t process, uint64_t serial, int result, intptr_t value)
{
    struct map_node *node;
    struct sent *s = NULL;
    bool possible;

    pthread_once(&calls.once, make_calls);
    pthread_mutex_lock(&calls.lock);
    possible = serial <= calls.last;
    node = map_first(&calls.by_serial, (uintptr_t)serial);
    if (node)
        s = container_of(node, struct sent, by_serial);
    if (s && s->process == process) {
        call_end(s, state_of(result));
        s->result = (uintptr_t)value;
    } else {
        s = NULL;
    }
    pthread_mutex_unlock(&calls.lock);
    if (s)
        part_over(s->batch);
    return possible;
}

void calls_ended(uint16_t process)
{
    struct sent *s;

    do {
        s = NULL;
        pthread_mutex_lock(&calls.lock);
        list_each (node, next, &calls.all)
            if (container_of(node, struct sent, link)->process == process)
                s = container_of(node, struct sent, link);
        if (s)
            call_end(s, SENT_GONE);
        pthread_mutex_unlock(&calls.lock);
        if (s)
            part_over(s->batch);
    } while (s);
}

void calls_hold(bool hold)
{
    (hold ? pthread_mutex_lock : pthread_mutex_unlock)(&calls.lock);
}

/* They are its parent's. */
void calls_forked(void)
{
    pthread_once(&calls.once, make_calls);
    while (!list_empty(&calls.all))
        call_end(container_of(calls.all.next, struct sent, link), SENT_CUT);
}

static void hand_to_process(struct sent *s)
{
    struct batch *b = s->batch;
    bool waits = s->to || b->audience != HOST_EVENT_WINDOWS;
    uint64_t serial = 0;
    int r;

    if (!b->parcel)
        b->parcel = parcel_pack(&b->msg, PARCEL_SENT);
    if (!b->parcel) {
        s->state = SENT_FAULT;
        return;
    }
    s->state = SENT_DONE;
    if (waits)
        serial = call_begin(s);
    r = peer_send(s->process, s->to, b->msg.wparam, b->parcel, b->audience, serial, b->until);
    if (r != HOST_OK && waits && call_stop(s, state_of(r)))
        part_over(b);
}

/* As for posting: it does not wait yet. */
static void hand_over(struct sent *s)
{
    int former;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &former);
    (s->process ? hand_to_process : hand_to_thread)(s);
    pthread_setcancelstate(former, NULL);
}

/* What has become of a part of mine until now. If it has not begun, it never will. */
static enum sent_state take_back(struct sent *s)
{
    enum sent_state was;

    if (s->process && call_stop(s, SENT_CUT)) {
        batch_unref(s->batch);
        return SENT_AWAY;
    }
    if (!s->target)
        return s->state;
    pthread_mutex_lock(&s->target->lock);
    was = s->state;
    if (was == SENT_WAITING) {
        list_remove(&s->link);
        s->state = SENT_LATE;
    }
    pthread_mutex_unlock(&s->target->lock);
    if (was == SENT_WAITING)
        batch_unref(s->batch);
    return was;
}

/* The sender leaves. */
static void batch_close(struct batch *b)
{
    if (!batch_over(b)) {
        for (size_t i = 0; i < b->n; i++)
            take_back(&b->sent[i]);
    }
    list_remove(&b->link);
    batch_unref(b);
}

void batches_end(struct host_thread *me)
{
    while (!list_empty(&me->batches))
        batch_close(container_of(me->batches.next, struct batch, link));
}

/* ---- The receiver's side -------------------------------------------------------------------------- */

/* What has come from another process too late is not begun with. */
bool sent_next(struct host_thread *me, struct job *job)
{
    struct list *link = list_pop(&me->sent);
    struct window *w;
    struct sent *s;

    if (!link)
        return false;
    s = container_of(link, struct sent, link);
    s->state = SENT_RUNNING;
    list_append(&me->running, link);
    w = window_at(s->to); /* is there: sent_refuse has seen to the others */
    *job = (struct job){.proc = w->proc, .ctx = w->ctx, .msg = s->batch->msg, .sent = s};
    job->msg.to = s->to;
    return true;
}

static void leave(struct sent *s, enum sent_state state, uintptr_t value)
{
    int result = state == SENT_DONE ? HOST_OK : state == SENT_LATE ? HOST_LATE : HOST_UNSURE;
    bool replied;

    if (s->lent.to)
        parcel_returned(s->batch->parcel, &s->lent);
    pthread_mutex_lock(&s->target->lock);
    list_remove(&s->link);
    replied = s->replied;
    if (!replied) {
        s->state = state;
        s->result = value;
    }
    pthread_mutex_unlock(&s->target->lock);
    if (replied) {
        batch_unref(s->batch);
        return;
    }
    atomic_store_explicit(&s->batch->value, value, memory_order_relaxed);
    atomic_store_explicit(&s->batch->result, result, memory_order_relaxed);
    part_over(s->batch);
}

bool sent_open(struct sent *s, struct host_msg *msg)
{
    const struct batch *b = s->batch;

    if (b->sender)
        return true;
    if (host_now_ms() >= b->until || !parcel_unpack(b->parcel, msg)) {
        leave(s, SENT_LATE, 0);
        return false;
    }
    s->lent = *msg;
    return true;
}

void sent_finish(struct sent *sent, uintptr_t result)
{
    leave(sent, SENT_DONE, result);
}

static host_wnd *receivers(host_wnd to, enum host_audience audience, size_t *n)
{
    host_wnd *one;

    if (!to)
        return window_audience(audience, n);
    one = malloc(sizeof *one);
    *n = one != NULL;
    if (one)
        *one = to;
    return one;
}

/* Under the lock of the peers, so the answer that is due at once is given differently. */
void sent_arrived(const struct caller *caller, host_wnd to, enum host_audience audience,
                  struct parcel *parcel, uint64_t until)
{
    size_t n = 0;
    host_wnd *all = receivers(to, audience, &n);
    struct batch *b = all ? batch_new(NULL, n, until) : NULL;

    if (!b) {
        parcel_free(parcel);
        inflow_leave(caller->inflow);
        peer_reply_now(caller, HOST_FAULT);
        free(all);
        return;
    }
    b->caller = *caller;
    b->parcel = parcel;
    for (size_t i = 0; i < n; i++) {
        b->sent[i].to = all[i];
        hand_to_thread(&b->sent[i]);
    }
    free(all);
    if (atomic_fetch_sub_explicit(&b->parts, 1, memory_order_acq_rel) == 1)
        peer_reply_now(caller, atomic_load_explicit(&b->result, memory_order_relaxed));
    batch_unref(b);
}

static struct sent *first_for(struct host_thread *me, host_wnd wnd)
{
    struct sent *found = NULL;

    list_each (node, next, &me->sent) {
        struct sent *s = container_of(node, struct sent, link);
        if (s->to == wnd) {
            found = s;
            break;
        }
    }
    return found;
}

/* Nothing new can come for the window, so this ends. */
void sent_refuse(struct host_thread *me, host_wnd gone)
{
    struct sent *s;

    do {
        pthread_mutex_lock(&me->lock);
        s = first_for(me, gone);
        if (s) {
            list_remove(&s->link);
            s->state = SENT_GONE;
        }
        pthread_mutex_unlock(&me->lock);
        if (s)
            part_over(s->batch);
    } while (s);
}

void sent_abandon(struct host_thread *me)
{
    while (!list_empty(&me->running))
        leave(container_of(me->running.next, struct sent, link), SENT_CUT, 0);
}

/* ---- The sender's side ---------------------------------------------------------------------------- */

static bool call_own(struct host_thread *me, const struct host_msg *msg)
{
    struct window *w = window_own(me, msg->to);

    if (!w || !window_open(w, msg->to))
        return false;
    w->proc(w->ctx, msg);
    return true;
}

/* Other processes have got names as text; threads of this one read the sender's atoms. */
static bool only_processes_left(const struct batch *b)
{
    return atomic_load_explicit(&b->parts, memory_order_acquire) ==
           atomic_load_explicit(&b->away, memory_order_relaxed);
}

static void wait_for(struct host_thread *me, struct batch *b, uint64_t until, bool (*enough)(void *arg),
                     void *arg)
{
    struct job job;

    atomic_fetch_sub_explicit(&b->parts, 1, memory_order_acq_rel);
    while (!batch_over(b) && host_now_ms() < until) {
        if (enough && enough(arg) && only_processes_left(b))
            return;
        if (job_next(me, WAKE_SENT | WAKE_REPLY, b, until, &job))
            job_run(&job);
    }
}

/* What the sender may say about a part of its that was in this state when it left. */
static int result_of(enum sent_state state)
{
    switch (state) {
    case SENT_OWN:
    case SENT_DONE:
        return HOST_OK;
    case SENT_GONE:
        return HOST_GONE;
    case SENT_WAITING:
    case SENT_LATE:
        return HOST_LATE;
    case SENT_FAULT:
        return HOST_FAULT;
    default:
        return HOST_UNSURE;
    }
}

int host_send(const struct host_msg *msg, uint32_t wait_ms)
{
    uint64_t until = host_now_ms() + wait_ms;
    struct host_thread *me = thread_self();
    struct batch *b;
    int r;

    if (!me)
        return HOST_FAULT;
    if (call_own(me, msg))
        return HOST_OK;
    if (!host_window_alive(msg->to))
        return HOST_GONE;
    b = batch_new(me, 1, until);
    if (!b)
        return HOST_FAULT;
    b->msg = *msg;
    b->sent[0].to = msg->to;
    b->sent[0].process = is_remote(msg->to) ? process_of(msg->to) : 0;
    hand_over(&b->sent[0]);
    wait_for(me, b, until, NULL, NULL);
    r = result_of(take_back(&b->sent[0]));
    if (b->parcel && (r == HOST_OK || r == HOST_UNSURE))
        parcel_delivered(msg, PARCEL_SENT);
    batch_close(b);
    return r;
}

bool host_window_meet(host_wnd wnd, uint32_t wait_ms)
{
    uint64_t until = host_now_ms() + wait_ms;
    struct host_thread *me = thread_self();
    struct batch *b;
    int r;

    if (host_window_alive(wnd) || !is_remote(wnd) || !me)
        return host_window_alive(wnd);
    b = batch_new(me, 1, until);
    if (!b)
        return false;
    b->sent[0].process = process_of(wnd);
    r = peer_ask(wnd, call_begin(&b->sent[0]));
    if (r != HOST_OK && call_stop(&b->sent[0], state_of(r)))
        part_over(b);
    wait_for(me, b, until, NULL, NULL);
    batch_close(b);
    return host_window_alive(wnd);
}

/* The worst that happened to any part; windows that have gone are none of the audience. */
static int result_of_all(struct batch *b)
{
    int worst = HOST_OK;

    for (size_t i = 0; i < b->n && !batch_over(b) && worst != HOST_UNSURE; i++) {
        int r = result_of(take_back(&b->sent[i]));
        if (r == HOST_UNSURE || r == HOST_LATE)
            worst = r;
    }
    return worst;
}

int host_broadcast(enum host_audience audience, const struct host_msg *msg, uint32_t wait_ms,
                   bool (*enough)(void *arg), void *arg)
{
    uint64_t until = host_now_ms() + wait_ms;
    struct host_thread *me = thread_self();
    board_number others[BOARD_SLOTS];
    struct batch *b = NULL;
    size_t n, m = me ? peers_audience(audience, msg, others, BOARD_SLOTS) : 0;
    host_wnd *to;
    int r;

    to = me ? window_audience(audience, &n) : NULL;
    if (to)
        b = batch_new(me, n + m, until);
    if (!b) {
        free(to);
        return HOST_FAULT;
    }
    b->msg = *msg;
    b->audience = audience;
    for (size_t i = 0; i < m; i++)
        b->sent[i].process = others[i];
    for (size_t i = 0; i < n; i++)
        b->sent[m + i].to = to[i];
    free(to);
    for (size_t i = 0; i < n + m; i++)
        hand_over(&b->sent[i]);
    /* While the others are at it. */
    for (size_t i = m; i < n + m; i++) {
        struct host_msg mine = *msg;
        mine.to = b->sent[i].to;
        call_own(me, &mine);
    }
    wait_for(me, b, until, enough, arg);
    r = result_of_all(b);
    batch_close(b);
    return r;
}

long figure_sends(void)
{
    return atomic_load_explicit(&n_batches, memory_order_relaxed);
}

/* ---- For user.c: what SendMessage adds ------------------------------------------------------------ */

enum { HUNG_MS = 5000 };

/* The first who asks a thread starts its clock, which any look at its queue stops. Asleep it would answer. */
static bool seems_hung(struct host_thread *t, uint64_t now)
{
    bool hung;

    pthread_mutex_lock(&t->lock);
    hung = !t->waiting && t->probed && now - t->probed >= HUNG_MS;
    if (t->waiting)
        t->probed = 0;
    else if (!t->probed)
        t->probed = now;
    pthread_mutex_unlock(&t->lock);
    return hung;
}

static void sleep_for_reply(struct host_thread *me, struct batch *b, uint64_t until)
{
    peers_flush();
    pthread_mutex_lock(&me->lock);
    if (!batch_over(b))
        thread_park(me, WAKE_REPLY, until);
    pthread_mutex_unlock(&me->lock);
    thread_leave_watch(me);
}

/* What another process's threads are doing is not known: there the deadline alone counts. */
static void wait_for_reply(struct host_thread *me, struct batch *b, uint64_t until, unsigned flags)
{
    struct host_thread *target = b->sent[0].target;
    bool probes = target && flags & (USER_ABORT_IF_HUNG | USER_NO_TIMEOUT);
    struct job job;

    atomic_fetch_sub_explicit(&b->parts, 1, memory_order_acq_rel);
    while (!batch_over(b)) {
        uint64_t now = host_now_ms(), next = until;

        if (now >= until && !(probes && flags & USER_NO_TIMEOUT))
            return;
        if (probes && seems_hung(target, now))
            return;
        if (probes && (next > now + HUNG_MS || now >= until))
            next = now + HUNG_MS;
        if (flags & USER_BLOCK)
            sleep_for_reply(me, b, next);
        else if (job_next(me, WAKE_SENT | WAKE_REPLY, b, next, &job))
            job_run(&job);
    }
}

int user_send(const struct host_msg *msg, uint32_t wait_ms, unsigned flags, uintptr_t *result)
{
    uint64_t until = wait_ms == USER_FOREVER ? FOREVER : host_now_ms() + wait_ms;
    struct host_thread *me = thread_self();
    struct batch *b;
    int r;

    *result = 0;
    if (!me)
        return HOST_FAULT;
    if (user_call(msg, result))
        return HOST_OK;
    if (!host_window_alive(msg->to))
        return HOST_GONE;
    b = batch_new(me, 1, until);
    if (!b)
        return HOST_FAULT;
    b->msg = *msg;
    b->sent[0].to = msg->to;
    b->sent[0].process = is_remote(msg->to) ? process_of(msg->to) : 0;
    hand_over(&b->sent[0]);
    wait_for_reply(me, b, until, flags);
    r = result_of(take_back(&b->sent[0]));
    if (r == HOST_OK)
        *result = b->sent[0].result;
    if (b->parcel && (r == HOST_OK || r == HOST_UNSURE))
        parcel_delivered(msg, PARCEL_SENT);
    batch_close(b);
    return r;
}

/* What this thread is in the middle of: the message that came last. */
static struct sent *innermost(struct host_thread *me)
{
    if (!me || list_empty(&me->running))
        return NULL;
    return container_of(me->running.prev, struct sent, link);
}

bool user_in_send(bool *replied)
{
    struct sent *s = innermost(thread_peek());

    *replied = s && s->replied;
    return s;
}

bool user_reply(uintptr_t result)
{
    struct host_thread *me = thread_peek();
    struct sent *s = innermost(me);

    if (!s || s->replied)
        return false;
    pthread_mutex_lock(&me->lock);
    s->result = result;
    s->state = SENT_DONE;
    s->replied = true;
    pthread_mutex_unlock(&me->lock);
    atomic_store_explicit(&s->batch->value, result, memory_order_relaxed);
    atomic_store_explicit(&s->batch->result, HOST_OK, memory_order_relaxed);
    part_ends(s->batch);
    return true;
}
