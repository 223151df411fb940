/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "base/ahead.h"
#include "host/posix/peer.h"

#include <stdlib.h>

/* Every posted message stands in two lists: one of its thread (core or rest, merged by number) and one of its
 * window (dde or other). So each question is answered by the head of a list: what is next for the thread, in
 * either scope; what is next for host_take; what vanishes with the window. */

static bool is_dde(uint32_t id)
{
    return id >= 0x03E0 && id <= 0x03E8;
}

/* A window of user32's has numbers of its own above those of DDE. */
static bool is_core(const struct window *w, uint32_t id)
{
    if (is_dde(id) || w->traits & USER_TRAIT)
        return is_dde(id);
    return (id >= HOST_EV_RESUME && id <= HOST_EV_DESTROYED) || id == HOST_EV_LOST;
}

void queue_append(struct host_thread *t, struct window *w, struct post *p)
{
    p->wnd = w;
    p->order = t->posts++;
    list_append(is_core(w, p->msg.id) ? &t->core : &t->rest, &p->in_thread);
    list_append(is_dde(p->msg.id) ? &w->dde : &w->other, &p->in_window);
}

/* ---- Memory of posts ------------------------------------------------------------------------------ */

static struct post *new_post(struct host_thread *t)
{
    struct list *spare = list_pop(&t->spare);

    if (!spare)
        return calloc(1, sizeof(struct post));
    t->n_spare--;
    return container_of(spare, struct post, in_thread);
}

/* What it has from another process is the caller's by now. */
static void remove_post(struct host_thread *t, struct post *p)
{
    list_remove(&p->in_thread);
    list_remove(&p->in_window);
    if (p->timer)
        return;
    p->parcel = NULL;
    p->inflow = NULL;
    p->tries = 0;
    t->queued--;
    if (t->n_spare == SPARE_LIMIT) {
        free(p);
        return;
    }
    list_prepend(&t->spare, &p->in_thread);
    t->n_spare++;
}

void queue_free_spare(struct host_thread *me)
{
    struct list *spare;

    while ((spare = list_pop(&me->spare)))
        free(container_of(spare, struct post, in_thread));
    me->n_spare = 0;
}

/* How often a message is tried to be unpacked. */
enum { MOST_TRIES = 100 };

/* ---- In and out ----------------------------------------------------------------------------------- */

static int post(const struct host_msg *msg, struct parcel *parcel, struct inflow *inflow, size_t limit)
{
    struct window *w;
    struct host_thread *t = thread_lock_owner(msg->to, &w);
    struct post *p;
    int r = HOST_FULL;

    if (!t)
        return HOST_GONE;
    if (t->queued >= limit)
        goto unlock;
    r = HOST_FAULT;
    p = new_post(t);
    if (!p)
        goto unlock;
    t->queued++;
    p->msg = *msg;
    p->parcel = parcel;
    p->inflow = inflow;
    p->time = t->user && w->traits & USER_TRAIT ? (uint32_t)host_now_ms() : 0;
    queue_append(t, w, p);
    thread_unlock_and_wake(t, is_core(w, p->msg.id) ? WAKE_CORE : WAKE_REST);
    return HOST_OK;

unlock:
    pthread_mutex_unlock(&t->lock);
    return r;
}

int host_post(const struct host_msg *msg)
{
    return is_remote(msg->to) ? peer_post(msg) : post(msg, NULL, NULL, QUEUE_LIMIT);
}

bool queue_post_event(host_wnd wnd, uint32_t id, uintptr_t wparam)
{
    struct host_msg msg = {.to = wnd, .id = id, .wparam = wparam};

    return post(&msg, NULL, NULL, SIZE_MAX) == HOST_OK;
}

int queue_post_parcel(host_wnd wnd, host_wnd from, struct parcel *parcel, struct inflow *inflow)
{
    struct host_msg msg = {.to = wnd, .id = parcel_id(parcel), .wparam = from};

    return post(&msg, parcel, inflow, SIZE_MAX);
}

bool queue_open_parcel(struct parcel *parcel, struct host_msg *msg)
{
    host_wnd from = msg->wparam;
    bool opened = parcel_unpack(parcel, msg);

    msg->wparam = from;
    return opened;
}

static struct post *first_in_thread(struct list *l)
{
    return list_empty(l) ? NULL : container_of(l->next, struct post, in_thread);
}

static void look_ahead(const struct list *core, const struct post *p)
{
    const struct list *one = p->in_thread.next, *two = one->next;

    if (one == core || two == core)
        return;
    fetch_ahead(container_of(one, struct post, in_thread)->wnd->ctx, MOST_LOOKED_AT);
    fetch_ahead(container_of(two, struct post, in_thread)->wnd, CACHE_LINE);
}

bool queue_next(struct host_thread *me, unsigned kinds, struct job *job)
{
    struct post *p = kinds & WAKE_CORE ? first_in_thread(&me->core) : NULL;
    struct post *rest = kinds & WAKE_REST ? first_in_thread(&me->rest) : NULL;

    if (rest && (!p || rest->order < p->order))
        p = rest;
    if (!p)
        return false;
    *job = (struct job){.proc = p->wnd->proc,
                        .ctx = p->wnd->ctx,
                        .msg = p->msg,
                        .parcel = p->parcel,
                        .inflow = p->inflow,
                        .tries = p->tries};
    if (p != rest)
        look_ahead(&me->core, p);
    remove_post(me, p);
    return true;
}

/* There was no memory to unpack it. There is for the record: it has just been given back; if it has been taken
 * by somebody else, or there is no memory for very long, the message is lost like those of a system without
 * memory: others wait behind it, some of which may be those that give memory back. */
void queue_put_back(struct host_thread *me, const struct job *job)
{
    struct window *w = window_at(job->msg.to);
    bool again = job->tries + 1 < MOST_TRIES && window_open(w, job->msg.to);
    struct post *p = again ? new_post(me) : NULL;

    if (!p) {
        parcel_free(job->parcel);
        inflow_taken(job->inflow);
        return;
    }
    me->queued++;
    p->msg = job->msg;
    p->parcel = job->parcel;
    p->inflow = job->inflow;
    p->tries = job->tries + 1;
    p->wnd = w;
    p->order = 0;
    list_prepend(is_core(w, p->msg.id) ? &me->core : &me->rest, &p->in_thread);
    list_prepend(is_dde(p->msg.id) ? &w->dde : &w->other, &p->in_window);
}

bool host_take(host_wnd wnd, struct host_msg *msg)
{
    struct host_thread *me = thread_peek();
    struct window *w = window_own(me, wnd);
    struct parcel *parcel = NULL;
    struct inflow *inflow = NULL;
    struct post *p = NULL;
    bool unpacked;

    if (!w)
        return false;
    pthread_mutex_lock(&me->lock);
    if (!list_empty(&w->dde)) {
        p = container_of(w->dde.next, struct post, in_window);
        *msg = p->msg;
        parcel = p->parcel;
        inflow = p->inflow;
        remove_post(me, p);
    }
    pthread_mutex_unlock(&me->lock);
    if (!parcel)
        return p;
    unpacked = queue_open_parcel(parcel, msg);
    parcel_free(parcel);
    inflow_taken(inflow);
    peers_settle();
    return unpacked || host_take(wnd, msg); /* without memory it is passed over: it leaves nothing behind */
}

static void drop_list(struct host_thread *me, struct list *l)
{
    while (!list_empty(l)) {
        struct post *p = container_of(l->next, struct post, in_window);

        parcel_free(p->parcel);
        if (p->inflow)
            inflow_taken(p->inflow);
        remove_post(me, p);
    }
}

void queue_drop(struct host_thread *me, struct window *w)
{
    drop_list(me, &w->dde);
    drop_list(me, &w->other);
}

/* ---- For user.c ----------------------------------------------------------------------------------- */

struct post *queue_new_post(struct host_thread *t)
{
    struct post *p = new_post(t);

    if (p)
        t->queued++;
    return p;
}

void queue_remove(struct host_thread *t, struct post *p)
{
    remove_post(t, p);
}
