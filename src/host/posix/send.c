/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/posix/figures.h"
#include "host/posix/posix.h"

#include <stdlib.h>

/* A batch is one message on its way to one or many windows of other threads. It belongs to its sender and to
 * every thread that has not yet done its part, so a sender that gives up leaves nothing of its own behind. */

enum sent_state {
    SENT_OWN,     /* for a window of the sender's: never leaves its hands */
    SENT_WAITING, /* in host_thread.sent                                   */
    SENT_RUNNING, /* in host_thread.running                                */
    SENT_DONE,
    SENT_GONE, /* there was no such window, or it closed before          */
    SENT_CUT,  /* the thread ended in mid-procedure                      */
    SENT_LATE, /* the sender took it back                                */
};

struct sent {
    struct list link;
    struct batch *batch;
    struct host_thread *target;
    host_wnd to;
    enum sent_state state; /* with link: under the target's lock */
};

struct batch {
    struct list link;    /* owner: the sender */
    atomic_size_t refs;  /* the sender's, and one for each part that others hold */
    atomic_size_t parts; /* those that are neither done nor gone, and one until all are given out */
    struct host_thread *sender;
    struct host_msg msg;
    size_t n;
    struct sent sent[];
};

static atomic_long n_batches;

/* ---- Batches -------------------------------------------------------------------------------------- */

static struct batch *batch_new(struct host_thread *me, const struct host_msg *msg, const host_wnd *to,
                               size_t n)
{
    struct batch *b = calloc(1, sizeof *b + n * sizeof b->sent[0]);

    if (!b)
        return NULL;
    atomic_fetch_add_explicit(&n_batches, 1, memory_order_relaxed);
    atomic_init(&b->refs, 1);
    atomic_init(&b->parts, 1);
    b->sender = me;
    b->msg = *msg;
    b->n = n;
    for (size_t i = 0; i < n; i++) {
        b->sent[i].batch = b;
        b->sent[i].to = to[i];
        list_init(&b->sent[i].link);
    }
    list_append(&me->batches, &b->link);
    return b;
}

static void batch_unref(struct batch *b)
{
    if (atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) > 1)
        return;
    free(b);
    atomic_fetch_sub_explicit(&n_batches, 1, memory_order_relaxed);
}

bool batch_over(const struct batch *b)
{
    return atomic_load_explicit(&b->parts, memory_order_acquire) == 0;
}

/* Somebody else's part is over. The sender may have left already; its record is still there to be woken. */
static void part_over(struct batch *b)
{
    if (atomic_fetch_sub_explicit(&b->parts, 1, memory_order_acq_rel) == 1)
        thread_wake(b->sender, WAKE_REPLY);
    batch_unref(b);
}

static void hand_over(struct sent *s)
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
    atomic_fetch_add_explicit(&s->batch->refs, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->batch->parts, 1, memory_order_relaxed);
    s->state = SENT_WAITING;
    list_append(&t->sent, &s->link);
    thread_unlock_and_wake(t, WAKE_SENT);
}

/* What has become of a part of mine until now. If it has not begun, it never will. */
static enum sent_state take_back(struct sent *s)
{
    enum sent_state was;

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

static void leave(struct sent *s, enum sent_state state)
{
    pthread_mutex_lock(&s->target->lock);
    list_remove(&s->link);
    s->state = state;
    pthread_mutex_unlock(&s->target->lock);
    part_over(s->batch);
}

void sent_finish(struct sent *sent)
{
    leave(sent, SENT_DONE);
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
        leave(container_of(me->running.next, struct sent, link), SENT_CUT);
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

static void wait_for(struct host_thread *me, struct batch *b, uint64_t until)
{
    struct job job;

    atomic_fetch_sub_explicit(&b->parts, 1, memory_order_acq_rel);
    while (!batch_over(b) && host_now_ms() < until) {
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
    b = batch_new(me, msg, &msg->to, 1);
    if (!b)
        return HOST_FAULT;
    hand_over(&b->sent[0]);
    wait_for(me, b, until);
    r = result_of(take_back(&b->sent[0]));
    batch_close(b);
    return r;
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

int host_broadcast(enum host_audience audience, const struct host_msg *msg, uint32_t wait_ms)
{
    uint64_t until = host_now_ms() + wait_ms;
    struct host_thread *me = thread_self();
    struct batch *b = NULL;
    host_wnd *to;
    size_t n;
    int r;

    to = me ? window_audience(audience, &n) : NULL;
    if (to)
        b = batch_new(me, msg, to, n);
    free(to);
    if (!b)
        return HOST_FAULT;
    for (size_t i = 0; i < n; i++)
        hand_over(&b->sent[i]);
    /* While the others are at it. */
    for (size_t i = 0; i < n; i++) {
        struct host_msg mine = *msg;
        mine.to = b->sent[i].to;
        call_own(me, &mine);
    }
    wait_for(me, b, until);
    r = result_of_all(b);
    batch_close(b);
    return r;
}

long figure_sends(void)
{
    return atomic_load_explicit(&n_batches, memory_order_relaxed);
}
