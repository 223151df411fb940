/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/posix/posix.h"

#include <stdlib.h>

/* Every posted message stands in two lists: one of its thread (core or rest, merged by number) and one of its
 * window (dde or other). So each question is answered by the head of a list: what is next for the thread, in
 * either scope; what is next for host_take; what vanishes with the window. */

static bool is_dde(uint32_t id)
{
    return id >= 0x03E0 && id <= 0x03E8;
}

static bool is_core(uint32_t id)
{
    return is_dde(id) || (id >= HOST_EV_RESUME && id <= HOST_EV_DESTROYED);
}

void queue_append(struct host_thread *t, struct window *w, struct post *p)
{
    p->wnd = w;
    p->order = t->posts++;
    list_append(is_core(p->msg.id) ? &t->core : &t->rest, &p->in_thread);
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

static void remove_post(struct host_thread *t, struct post *p)
{
    list_remove(&p->in_thread);
    list_remove(&p->in_window);
    if (p->timer)
        return;
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

/* ---- In and out ----------------------------------------------------------------------------------- */

static int post(const struct host_msg *msg, size_t limit)
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
    queue_append(t, w, p);
    thread_unlock_and_wake(t, is_core(msg->id) ? WAKE_CORE : WAKE_REST);
    return HOST_OK;

unlock:
    pthread_mutex_unlock(&t->lock);
    return r;
}

int host_post(const struct host_msg *msg)
{
    return post(msg, QUEUE_LIMIT);
}

bool queue_post_news(host_wnd wnd)
{
    struct host_msg msg = {.to = wnd, .id = HOST_EV_NEWS};

    return post(&msg, SIZE_MAX) == HOST_OK;
}

static struct post *first_in_thread(struct list *l)
{
    return list_empty(l) ? NULL : container_of(l->next, struct post, in_thread);
}

bool queue_next(struct host_thread *me, unsigned kinds, struct job *job)
{
    struct post *p = kinds & WAKE_CORE ? first_in_thread(&me->core) : NULL;
    struct post *rest = kinds & WAKE_REST ? first_in_thread(&me->rest) : NULL;

    if (rest && (!p || rest->order < p->order))
        p = rest;
    if (!p)
        return false;
    *job = (struct job){.proc = p->wnd->proc, .ctx = p->wnd->ctx, .msg = p->msg};
    remove_post(me, p);
    return true;
}

bool host_take(host_wnd wnd, struct host_msg *msg)
{
    struct host_thread *me = thread_peek();
    struct window *w = window_own(me, wnd);
    struct post *p = NULL;

    if (!w)
        return false;
    pthread_mutex_lock(&me->lock);
    if (!list_empty(&w->dde)) {
        p = container_of(w->dde.next, struct post, in_window);
        *msg = p->msg;
        remove_post(me, p);
    }
    pthread_mutex_unlock(&me->lock);
    return p;
}

static void drop_list(struct host_thread *me, struct list *l)
{
    while (!list_empty(l))
        remove_post(me, container_of(l->next, struct post, in_window));
}

void queue_drop(struct host_thread *me, struct window *w)
{
    drop_list(me, &w->dde);
    drop_list(me, &w->other);
}
