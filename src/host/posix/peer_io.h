/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_HOST_POSIX_PEER_IO_H
#define DDEML_HOST_POSIX_PEER_IO_H

/* What the files of the connections share: peer.c has the peers, peer_out.c what is written to them, peer_in.c what
 * is read from them, peer_join.c this process's coming and leaving. All under the lock of the peers, but for what
 * is atomic. */

#include "host/posix/peers.h"

#include <pthread.h>

struct sockaddr_un;

extern struct peer_io {
    pthread_mutex_t lock;
    int cancel;                  /* whether its holder can be cancelled otherwise */
    _Atomic board_number number; /* 0: not joined */
    int epoll, listener;
    bool resting;          /* the listener is not reported: of whoever waits for others */
    _Atomic int interrupt; /* an eventfd */
    struct list peers;
    struct map by_number;
    struct list strangers; /* accepted, and have not said who they are: struct peer, number 0 */
    uint32_t last_id;
    struct peer *heard;     /* the one that was heard last, if it is still there */
    _Atomic int heard_in;   /* its socket; -1: none                              */
    unsigned pending_files; /* descriptors of what is pending */
    bool flusher;           /* there is a thread that writes what is pending */
    atomic_long pending;    /* bytes, of all */
    atomic_uint pauses;     /* how often a thread has had nothing to do */
    atomic_bool polling;
    _Alignas(FRAME_ALIGN) unsigned char in[FRAME_PACKET];
} peer_io;

/* ---- peer.c ----------------------------------------------------------------------------------------- */

bool peer_address(board_number number, struct sockaddr_un *a);
bool peers_watch(int fd, uint32_t events, void *what);
void peer_close(int *fd);

/* Of this user, as the kernel tells: 0: another user's. */
long peer_process_at(int fd);
bool peer_is_process(int fd, board_number number);

struct peer *peer_new(struct list *among); /* NULL: no memory */
void peer_name(struct peer *p, board_number number);
void peer_unname(struct peer *p); /* it is about to be doomed, or dropped */
void peer_doom(struct peer *p);
void peers_bury(struct list *among);

/* ---- peer_out.c ------------------------------------------------------------------------------------- */

void peer_drop_pending(struct peer *p);
int peer_flush(struct peer *p);

/* Nothing was written because there is no room just now. */
bool peer_no_room(int error);

/* ---- peer_in.c -------------------------------------------------------------------------------------- */

void peer_note_heard(struct peer *p);

#endif
