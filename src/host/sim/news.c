/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/sim/inside.h"

#include <stdlib.h>
#include <string.h>

/* Records for those who listen, in all processes. */

enum { ROOM = 1 << 20 };

struct record {
    struct list place;
    uint64_t arrives;
    uint32_t kind;
    size_t size;
    unsigned char bytes[];
};

struct listener {
    struct list place;
    struct window *wnd;
    uint32_t kinds;
    struct list unread;
    size_t size;
    bool told; /* HOST_EV_NEWS has been posted since it last heard */
};

static void drop(struct listener *l, struct record *r)
{
    list_remove(&r->place);
    l->size -= r->size;
    free(r);
}

void news_end(struct window *w)
{
    struct listener *l = w->listener;

    if (!l)
        return;
    w->listener = NULL;
    list_remove(&l->place);
    while (!list_empty(&l->unread))
        drop(l, container_of(l->unread.next, struct record, place));
    world_give(l, sizeof *l);
}

static struct listener *listener_new(struct window *w)
{
    struct listener *l = world_new(sizeof *l);

    l->wnd = w;
    w->listener = l;
    list_init(&l->unread);
    list_append(&world.listeners, &l->place);
    return l;
}

bool host_listen(host_wnd wnd, uint32_t kinds)
{
    struct window *w;

    call_begin(CALL_listen);
    w = window_open_own(wnd);
    if (!w || (kinds && call_fails(SIM_FAULT_listen)))
        return false;
    if (!kinds)
        news_end(w);
    else
        (w->listener ? w->listener : listener_new(w))->kinds = kinds;
    return true;
}

uint32_t host_listened(void)
{
    uint32_t kinds = 0;

    call_begin(CALL_listened);
    list_each (node, next, &world.listeners)
        kinds |= container_of(node, struct listener, place)->kinds;
    return kinds;
}

/* From another process it arrives as late as any message, and behind what came before it. */
static uint64_t arrival(const struct listener *l)
{
    uint64_t at = travel(world.current, l->wnd);
    const struct record *last = container_of(l->unread.prev, struct record, place);

    return l->unread.prev != &l->unread && last->arrives > at ? last->arrives : at;
}

static void announce(struct listener *l)
{
    const struct record *first = container_of(l->unread.next, struct record, place);

    if (l->told || list_empty(&l->unread) || !l->wnd->open)
        return;
    l->told = true;
    queue_post_event(l->wnd, HOST_EV_NEWS, 0, NULL, first->arrives);
}

static void give(struct listener *l, uint32_t kind, const void *bytes, size_t size)
{
    struct record *r = l->size + size <= ROOM ? malloc(sizeof *r + size) : NULL;

    if (!r)
        return;
    r->kind = kind;
    r->size = size;
    r->arrives = arrival(l);
    memcpy(r->bytes, bytes, size);
    list_append(&l->unread, &r->place);
    l->size += size;
    announce(l);
}

void host_tell(uint32_t kind, const void *record, size_t size)
{
    call_begin(CALL_tell);
    list_each (node, next, &world.listeners) {
        struct listener *l = container_of(node, struct listener, place);

        if (l->kinds & kind && !call_fails(SIM_FAULT_tell))
            give(l, kind, record, size);
    }
}

size_t host_hear(host_wnd wnd, uint32_t *kind, void *record, size_t max)
{
    struct listener *l;
    struct window *w;
    struct record *r;
    size_t size;

    call_begin(CALL_hear);
    w = window_own(wnd);
    l = w ? w->listener : NULL;
    if (!l)
        return 0;
    l->told = false;
    r = container_of(l->unread.next, struct record, place);
    if (list_empty(&l->unread) || r->arrives > world.now) {
        announce(l);
        return 0;
    }
    *kind = r->kind;
    size = r->size;
    memcpy(record, r->bytes, size < max ? size : max);
    drop(l, r);
    announce(l);
    return size;
}
