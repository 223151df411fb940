/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "base/ring.h"
#include "host/posix/peer.h"

#include <stdlib.h>

struct listener {
    host_wnd wnd;

    /* under the lock of the news */
    struct list place;
    uint32_t kinds;
    bool told; /* HOST_EV_NEWS has been posted since it last heard */
    bool due;  /* and is to be posted now, by whoever sees this     */
    struct ring unread;
};

static struct {
    pthread_mutex_t lock;
    struct list listeners;
    _Atomic uint32_t kinds; /* of all; read without the lock, too */
} news = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .listeners = {&news.listeners, &news.listeners},
};

/* ---- Listening ------------------------------------------------------------------------------------ */

static void sum_up(void)
{
    uint32_t kinds = 0;

    list_each (node, next, &news.listeners)
        kinds |= container_of(node, struct listener, place)->kinds;
    atomic_store_explicit(&news.kinds, kinds, memory_order_relaxed);
    board_set_kinds(kinds);
}

/* A closed window hears no more, but what it has heard goes with its end. */
void news_end(struct window *w)
{
    struct listener *l = w->listener;

    if (!l)
        return;
    w->listener = NULL;
    pthread_mutex_lock(&news.lock);
    list_remove(&l->place);
    sum_up();
    pthread_mutex_unlock(&news.lock);
    free(l);
}

static struct listener *listener_new(struct window *w)
{
    struct listener *l = calloc(1, sizeof *l);

    if (!l)
        return NULL;
    l->wnd = w->slot.value;
    list_init(&l->place);
    w->listener = l;
    return l;
}

bool host_listen(host_wnd wnd, uint32_t kinds)
{
    struct window *w = window_own(thread_peek(), wnd);
    struct listener *l;

    if (!w || !window_open(w, wnd))
        return false;
    if (!kinds) {
        news_end(w);
        return true;
    }
    l = w->listener ? w->listener : listener_new(w);
    if (!l)
        return false;
    pthread_mutex_lock(&news.lock);
    l->kinds = kinds;
    if (list_empty(&l->place))
        list_append(&news.listeners, &l->place);
    sum_up();
    pthread_mutex_unlock(&news.lock);
    return true;
}

uint32_t host_listened(void)
{
    return atomic_load_explicit(&news.kinds, memory_order_relaxed) | board_kinds();
}

void news_hold(bool hold)
{
    (hold ? pthread_mutex_lock : pthread_mutex_unlock)(&news.lock);
}

/* The windows that listened are its parent's. */
void news_forked(void)
{
    list_init(&news.listeners);
    atomic_store_explicit(&news.kinds, 0, memory_order_relaxed);
}

/* ---- Telling and hearing -------------------------------------------------------------------------- */

/* Under the lock: tells of what there is to hear. Also when nothing could be added: a line may be full and
 * its owner not know of it, because there was no memory for the event. */
static bool announce(struct listener *l)
{
    if (ring_empty(&l->unread) || l->told)
        return false;
    return l->due = l->told = true;
}

static host_wnd next_due(void)
{
    host_wnd wnd = 0;

    pthread_mutex_lock(&news.lock);
    list_each (node, next, &news.listeners) {
        struct listener *l = container_of(node, struct listener, place);

        if (l->due) {
            l->due = false;
            wnd = l->wnd;
            break;
        }
    }
    pthread_mutex_unlock(&news.lock);
    return wnd;
}

/* Without memory for the event the next record tries again. */
static void not_told(host_wnd wnd)
{
    pthread_mutex_lock(&news.lock);
    list_each (node, next, &news.listeners) {
        struct listener *l = container_of(node, struct listener, place);

        if (l->wnd == wnd)
            l->told = false;
    }
    pthread_mutex_unlock(&news.lock);
}

static void post_what_is_due(void)
{
    host_wnd wnd;

    while ((wnd = next_due()) != 0)
        if (!queue_post_event(wnd, HOST_EV_NEWS, 0))
            not_told(wnd);
}

void news_deliver(uint32_t kind, const void *record, size_t size)
{
    bool due = false;

    pthread_mutex_lock(&news.lock);
    list_each (node, next, &news.listeners) {
        struct listener *l = container_of(node, struct listener, place);

        if (!(l->kinds & kind))
            continue;
        ring_put(&l->unread, kind, record, size);
        due |= announce(l);
    }
    pthread_mutex_unlock(&news.lock);
    if (due)
        post_what_is_due();
}

void host_tell(uint32_t kind, const void *record, size_t size)
{
    if (atomic_load_explicit(&news.kinds, memory_order_relaxed) & kind)
        news_deliver(kind, record, size);
    peers_tell(kind, record, size);
}

size_t host_hear(host_wnd wnd, uint32_t *kind, void *record, size_t max)
{
    struct window *w = window_own(thread_peek(), wnd);
    struct listener *l = w ? w->listener : NULL;
    size_t size;
    bool due;

    if (!l)
        return 0;
    pthread_mutex_lock(&news.lock);
    size = ring_take(&l->unread, kind, record, max);
    l->told = false;
    due = announce(l);
    pthread_mutex_unlock(&news.lock);
    if (due)
        post_what_is_due();
    return size;
}
