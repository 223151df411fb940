/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_HOST_POSIX_PEER_H
#define DDEML_HOST_POSIX_PEER_H

/* The other processes of the user. The functions here take the lock of the peers, under which the locks of
 * posix.h may be taken, never the other way round. Nothing here blocks but peers_poll. */

#include "host/posix/board.h"
#include "host/posix/parcel.h"
#include "base/map.h"
#include "host/posix/posix.h"

/* Above the bits of a window's handle that tell this process's windows apart stands the number of its process;
 * 0 if that has not joined the others. */
#if UINTPTR_MAX > UINT32_MAX
enum { PROCESS_SHIFT = 47 };
static inline board_number process_of(host_wnd wnd)
{
    return (board_number)(wnd >> PROCESS_SHIFT);
}
#else /* no room: processes stay by themselves */
enum { PROCESS_SHIFT = 16 };
static inline board_number process_of(host_wnd wnd)
{
    (void)wnd;
    return 0;
}
#endif

/* Joins the others if that has not been done. The number, or 0: there is nowhere to meet. */
board_number peers_join(void);
board_number peers_number(void); /* without trying: a load */

static inline bool is_remote(host_wnd wnd)
{
    return process_of(wnd) && process_of(wnd) != peers_number();
}

static inline uintptr_t window_hash(host_wnd wnd)
{
    const uintptr_t index = ((uintptr_t)1 << SLOT_INDEX_BITS) - 1;

    return map_hash_near(wnd >> SLOT_TAG_BITS & index, wnd >> (SLOT_TAG_BITS + SLOT_INDEX_BITS));
}

/* ---- Waiting (peer_in.c) -------------------------------------------------------------------------- */

/* One thread at a time waits for others: whoever can claim that goes on to peers_poll, which takes what has
 * come for this process or comes until the time, and ends early when peers_interrupt is called. */
bool peers_claim(void);
void peers_poll(uint64_t until);
void peers_interrupt(void);
void peers_glance(void); /* takes one packet of the process that was heard last, if it has come */
bool peers_look(void);   /* both, without waiting; false: another thread is at it, or nobody has joined */
bool peers_pause(void);  /* this thread has nothing to do. true: something has been gathered. Takes no lock */
void peers_flush(void);  /* this thread has nothing to do: what has been gathered goes out now */
int peers_descriptor(void); /* readable when there is something for peers_poll; -1: not joined */

/* A posted message has been taken: its sender may post another one, once it has been told. */
void inflow_taken(struct inflow *f);
void inflow_leave(struct inflow *f); /* nobody waits to be told: the record goes with the last message */
void peers_settle(void);             /* tells it; cheap if there is nothing to tell */

/* ---- Messages -------------------------------------------------------------------------------------- */

int peer_post(const struct host_msg *msg);

/* Sends to one window, or with to == 0 to a process's windows of that audience. serial 0: nobody waits. */
int peer_send(board_number process, host_wnd to, host_wnd from, const struct parcel *parcel,
              enum host_audience audience, uint64_t serial, uint64_t until);
void peer_reply(const struct caller *caller, int result, intptr_t value);

void peer_reply_now(const struct caller *caller, int result); /* under the lock of the peers */

int peer_ask(host_wnd wnd, uint64_t serial); /* its process, what it knows of it */

/* The processes that a broadcast message is for; at most `max`. */
size_t peers_audience(enum host_audience audience, const struct host_msg *msg, board_number *who, size_t max);

void peers_tell(uint32_t kind, const void *record, size_t size);

/* ---- Windows (remote.c) ---------------------------------------------------------------------------- */

struct remote {
    struct map_node node;
    host_wnd wnd;
    unsigned traits;
    uint32_t thread;
    struct list of_peer;
    struct list watches;   /* struct watch.of_remote */
    struct host_card card; /* size 0: none */
};

/* What is known of another process's window; false: it is not known, or is no more. */
bool remote_look(host_wnd wnd, struct remote *copy);

/* A window of this process shows another card, or closes. */
void window_changed(struct window *w);
void window_closed(struct window *w);

#endif
