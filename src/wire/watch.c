/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Messages as a monitor is told of them: taken apart without anything being taken. */

#include "wire/wire.h"

#include <string.h>

enum { EVERY_WINDOW = 0xFFFF };

/* The ACK of an INITIATE is sent, and carries two atoms as an INITIATE does. */
static bool take_apart(enum wire_way way, const struct host_msg *hm, uintptr_t *lo, uintptr_t *hi)
{
    return wire_unpack(way == WIRE_SENT ? WIRE_INITIATE : hm->id, hm->lparam, lo, hi);
}

static host_mem object_in(enum wire_way way, uint32_t id, uintptr_t lo, uintptr_t hi)
{
    if (way == WIRE_SENT)
        return 0;
    switch (id) {
    case WIRE_ADVISE:
    case WIRE_DATA:
    case WIRE_POKE:
        return lo;
    case WIRE_EXECUTE:
        return hi;
    default:
        return 0;
    }
}

static void quote(struct wire_report *r, host_mem mem)
{
    const void *bytes = mem ? host_mem_lock(mem) : NULL;
    size_t size = bytes ? host_mem_size(mem) : 0;

    if (!bytes)
        return;
    memcpy(r->excerpt, bytes, size < WIRE_EXCERPT ? size : WIRE_EXCERPT);
    r->size = (uint32_t)size;
    host_mem_unlock(mem);
}

static void describe(struct wire_report *r, enum wire_way way, const struct host_msg *hm)
{
    uintptr_t lo, hi;

    *r = (struct wire_report){
        .time = (uint32_t)host_now_ms(),
        .task = hm->to ? host_window_thread(hm->to) : 0,
        .to = hm->to ? hm->to : EVERY_WINDOW,
        .wparam = hm->wparam,
        .lparam = hm->lparam,
        .id = hm->id,
    };
    if (!take_apart(way, hm, &lo, &hi))
        return;
    r->lo = lo;
    r->hi = hi;
    quote(r, object_in(way, hm->id, lo, hi));
}

void wire_tell(enum wire_way way, const struct host_msg *hm)
{
    struct wire_report r;

    if (!(host_listened() & way))
        return;
    describe(&r, way, hm);
    host_tell(way, &r, sizeof r);
}

/* Described before, because afterwards it belongs to somebody else; told afterwards, because it may fail. */
int wire_post_message(const struct host_msg *hm)
{
    bool listened = host_listened() & WIRE_POSTED;
    struct wire_report r;
    int result;

    if (listened)
        describe(&r, WIRE_POSTED, hm);
    result = host_post(hm);
    if (listened && result == HOST_OK)
        host_tell(WIRE_POSTED, &r, sizeof r);
    return result;
}

int wire_send_message(const struct host_msg *hm, uint32_t wait_ms)
{
    wire_tell(WIRE_SENT, hm);
    return host_send(hm, wait_ms);
}

int wire_send_to_all(const struct host_msg *hm, uint32_t wait_ms, bool (*enough)(void *arg), void *arg)
{
    struct host_msg all = *hm;

    all.to = 0;
    wire_tell(WIRE_SENT, &all);
    return host_broadcast(HOST_TOP_LEVEL, &all, wait_ms, enough, arg);
}
