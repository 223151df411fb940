/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/sim/inside.h"

#include <string.h>

/* A world that moves blocks between processes, as Windows does. What is given away it frees at the sender's when the
 * message has been posted; what is refused it frees at the receiver's, who believes that it is the sender's again;
 * an EXECUTE's block stays the sender's, who gets it back with the answer, or loses it with the conversation. What
 * is only lent goes with the answer. */

struct moved {
    struct list place;
    host_wnd theirs;
    uintptr_t item; /* of what has been received; 0: an EXECUTE's block, out */
    host_mem mem;
    bool lent;
};

static void track(struct window *w, host_wnd theirs, uintptr_t item, host_mem mem, bool lent)
{
    struct moved *m = world_new(sizeof *m);

    m->theirs = theirs;
    m->item = item;
    m->mem = mem;
    m->lent = lent;
    list_append(&w->moved, &m->place);
}

static void forget(struct moved *m)
{
    list_remove(&m->place);
    world_give(m, sizeof *m);
}

static struct moved *oldest(struct window *w, host_wnd theirs, uintptr_t item, host_mem mem)
{
    list_each (node, next, &w->moved) {
        struct moved *m = container_of(node, struct moved, place);

        if (m->theirs == theirs && m->item == item && (item || m->mem == mem))
            return m;
    }
    return NULL;
}

static uint16_t flags_of(host_mem mem)
{
    size_t size;
    const void *bytes = mem_bytes(mem, &size);
    uint16_t flags = 0;

    if (bytes && size >= sizeof flags)
        memcpy(&flags, bytes, sizeof flags);
    return flags;
}

/* The answer to what the window has received, or the return of an EXECUTE's block. */
static void answered(struct window *w, const struct host_msg *ack, const uintptr_t part[2])
{
    bool refused = !(part[0] & STATUS_ACK);
    struct moved *m;

    if (part[1] > 0xFFFF) {
        if (mem_origin(part[1]))
            mem_take_back(w->process, part[1]);
        return;
    }
    m = oldest(w, ack->to, part[1], 0);
    if (!m)
        return;
    if (m->mem && (refused || m->lent))
        mem_take_back(w->process, m->mem);
    forget(m);
}

/* The answer to a question that has no block, and so stands in line without one. */
static void responded(struct window *w, const struct host_msg *data, const uintptr_t part[2])
{
    struct moved *m = oldest(w, data->to, part[1], 0);

    if (m && !m->mem)
        forget(m);
}

/* By the calling process, to another one. part: what the message carried. */
void moving_posted(const struct host_msg *msg, const uintptr_t part[2])
{
    struct window *w = window_own(msg->wparam);

    switch (msg->id) {
    case EV_ADVISE:
    case EV_DATA:
    case EV_POKE:
        if (w && msg->id == EV_DATA && flags_of(part[0]) & FLAG_RESPONSE)
            responded(w, msg, part);
        if (msg->id == EV_ADVISE || flags_of(part[0]) & FLAG_RELEASE)
            mem_take_back(world.current->process, part[0]);
        break;
    case EV_EXECUTE:
        if (w && part[1])
            track(w, msg->to, 0, part[1], false);
        break;
    case EV_ACK:
        if (w)
            answered(w, msg, part);
        break;
    default:
        break;
    }
}

void moving_taken(struct window *w, const struct host_msg *msg, const uintptr_t part[2])
{
    struct moved *m;

    switch (msg->id) {
    case EV_ADVISE:
    case EV_DATA:
    case EV_POKE: {
        uint16_t flags = flags_of(part[0]);
        bool lent = msg->id != EV_ADVISE && !(flags & FLAG_RELEASE);

        if (part[0] && (lent || msg->id != EV_DATA || flags & FLAG_ACKREQ))
            track(w, msg->wparam, part[1], part[0], lent);
        break;
    }
    case EV_REQUEST:
    case EV_UNADVISE:
        if (part[1])
            track(w, msg->wparam, part[1], 0, false);
        break;
    case EV_ACK:
        m = part[1] > 0xFFFF ? oldest(w, msg->wparam, 0, part[1]) : NULL;
        if (m)
            forget(m);
        break;
    default:
        break;
    }
}

bool sim_moves(void)
{
    return world.move;
}

void moving_end(struct window *w)
{
    while (!list_empty(&w->moved)) {
        struct moved *m = container_of(w->moved.next, struct moved, place);

        if (m->mem && (m->lent || !m->item))
            mem_take_back(w->process, m->mem);
        forget(m);
    }
}
