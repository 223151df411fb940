/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_HOST_POSIX_PEERS_H
#define DDEML_HOST_POSIX_PEERS_H

/* What the files that deal with other processes share, under one lock: peer*.c have the connections,
 * frames.c what is said on them, remote.c the windows at the other end. */

#include "host/posix/frames.h"
#include "host/posix/peer.h"

/* A posted message counts until its receiver has taken it. The messages of one process for one thread go by one
 * lane, and a lane that is full does not hold up another. */
struct inflow {
    uint32_t lane;
    unsigned outstanding; /* of which the sender does not know that they have been taken */
    atomic_uint refs;     /* the peer's, and one for each message in a queue               */
    atomic_uint taken;    /* since the sender has been told                                */
};

enum { SENT_LANE = FRAME_LANES }; /* what has been sent and not been done with; needs no credit */

/* A window of this process that has been introduced to the peer. */
struct known {
    struct map_node node;
    struct list of_peer;
    host_wnd wnd;
};

/* News for a process that has so many bytes waiting are lost. */
enum { NEWS_PENDING = 1 << 20 };

struct peer {
    struct list place;
    struct map_node by_number; /* unless it is doomed, or a stranger */
    board_number number;
    long pid;            /* of the process that this one has connected to */
    uint32_t id;         /* no other peer ever has it         */
    board_number claims; /* who it says it is: not looked at yet */
    int out, in;         /* sockets; -1: none         */
    bool greeted, doomed;
    struct list pending; /* struct packet */
    size_t pending_bytes;
    unsigned run, pauses; /* packets in a row since the last pause */
    bool wants_out;       /* waits for room */
    struct list remotes;
    struct map known; /* struct known, by window */
    struct list all_known;
    struct inflow *inflows[SENT_LANE + 1]; /* NULL: nothing has come by it yet      */
    unsigned out_by[FRAME_LANES];          /* posted and not known to be taken      */
    struct parcel *posted, *got;           /* last, in either direction; NULL: none, or it had a descriptor */
};

struct packet {
    struct list place;
    size_t size, room;
    int fd;
    unsigned char bytes[];
};

void peers_lock(void);
void peers_unlock(void);

/* ---- connections (peer*.c) ------------------------------------------------------------------------- */

/* Connected; NULL and why: it is dead, cannot be reached now, or there are no descriptors. */
struct peer *peer_get(board_number number, int *why);
struct peer *peer_known(board_number number); /* NULL: there is no connection */
struct list *peers_all(void);

/* Writes a packet of whole frames, or keeps it until there is room. HOST_GONE, HOST_FAULT: it is lost. fd stays
 * the caller's. */
int peer_write(struct peer *p, const void *bytes, size_t size, int fd);
/* So much waits for it, or so many descriptors, that nothing more is said to it that can wait. */
bool peer_congested(const struct peer *p, int fd);
void peer_let_go(struct peer *p); /* there is no memory for what has to be said or heard: as if it had gone */

/* ---- what is said (frames.c) ------------------------------------------------------------------------ */

int frame_hello(struct peer *p);
bool frames_read(struct peer *p, const unsigned char *bytes, size_t size,
                 int fd);         /* false: a faulty partner */
void peer_forget(struct peer *p); /* what it has said, when it has gone */
void settle_all(void);            /* peers_settle, under the lock       */

/* ---- remote.c --------------------------------------------------------------------------------------- */

struct remote *remote_find(host_wnd wnd);
bool remote_put(struct list *of_peer, const struct remote *as); /* false: no memory     */
void remote_gone(struct remote *r);                             /* those who watch it are told */
void watches_end(struct window *w);

#endif
