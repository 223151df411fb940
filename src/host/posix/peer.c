/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#define _GNU_SOURCE /* SOCK_CLOEXEC, struct ucred */

#include "host/posix/peer_io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Connections. Each process listens at a socket of its own and connects to those that it has something to say
 * to; it never reads from what it has connected, nor writes to what it has accepted. So there is one line for
 * each direction, and what is said on it keeps its order. */

struct peer_io peer_io = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .epoll = -1,
    .listener = -1,
    .interrupt = -1,
    .heard_in = -1,
    .peers = {&peer_io.peers, &peer_io.peers},
    .by_number = MAP_OFF_BOOKS,
    .strangers = {&peer_io.strangers, &peer_io.strangers},
};

/* Nobody is cancelled in the middle of it: all the calls here are cancellation points. */
void peers_lock(void)
{
    int former;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &former);
    pthread_mutex_lock(&peer_io.lock);
    peer_io.cancel = former;
}

void peers_unlock(void)
{
    int former = peer_io.cancel;

    pthread_mutex_unlock(&peer_io.lock);
    pthread_setcancelstate(former, NULL);
}

struct list *peers_all(void)
{
    return &peer_io.peers;
}

board_number peers_number(void)
{
    return atomic_load_explicit(&peer_io.number, memory_order_acquire);
}

int peers_descriptor(void)
{
    return peers_number() ? peer_io.epoll : -1;
}

/* ---- The door ---------------------------------------------------------------------------------------- */

bool peer_address(board_number number, struct sockaddr_un *a)
{
    char path[BOARD_PATH];

    memset(a, 0, sizeof *a);
    a->sun_family = AF_UNIX;
    board_path(number, path);
    if (!path[0])
        return false;
    memcpy(a->sun_path, path, sizeof a->sun_path < sizeof path ? sizeof a->sun_path : sizeof path);
    return true;
}

bool peers_watch(int fd, uint32_t events, void *what)
{
    struct epoll_event e = {.events = events, .data.ptr = what};

    return epoll_ctl(peer_io.epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

void peer_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* A child of fork may have a copy yet, for which the line would stay open, and in the epoll: so closing alone is
 * not enough. */
static void close_line(int *fd)
{
    if (*fd < 0)
        return;
    epoll_ctl(peer_io.epoll, EPOLL_CTL_DEL, *fd, NULL);
    shutdown(*fd, SHUT_RDWR);
    peer_close(fd);
}

/* ---- One peer -------------------------------------------------------------------------------------- */

struct peer *peer_new(struct list *among)
{
    struct peer *p = calloc(1, sizeof *p);

    if (!p)
        return NULL;
    p->in = p->out = -1;
    p->id = ++peer_io.last_id;
    list_init(&p->pending);
    list_init(&p->remotes);
    list_init(&p->all_known);
    map_init_off_books(&p->known);
    list_append(among, &p->place);
    return p;
}

void peer_name(struct peer *p, board_number number)
{
    p->number = number;
    map_put(&peer_io.by_number, &p->by_number, number);
}

void peer_unname(struct peer *p)
{
    if (p->number && !p->doomed)
        map_remove(&peer_io.by_number, &p->by_number);
}

/* It has gone, or is cut off: its windows are no more, and nobody waits for it. The record goes when nobody
 * stands on it: at the end of peers_poll. */
void peer_doom(struct peer *p)
{
    if (p->doomed)
        return;
    peer_unname(p);
    p->doomed = true;
    if (peer_io.heard == p)
        peer_note_heard(NULL);
    close_line(&p->in);
    close_line(&p->out);
    peer_drop_pending(p);
    peer_forget(p);
}

void peers_bury(struct list *among)
{
    list_each (node, next, among) {
        struct peer *p = container_of(node, struct peer, place);

        if (!p->doomed)
            continue;
        list_remove(&p->place);
        if (p->number)
            board_bury(p->number);
        free(p);
    }
}

struct peer *peer_known(board_number number)
{
    struct map_node *node = map_first(&peer_io.by_number, number);

    return node ? container_of(node, struct peer, by_number) : NULL;
}

/* The kernel says who is at the other end; 0: nobody of this user. */
long peer_process_at(int fd)
{
    struct ucred who;
    socklen_t size = sizeof who;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.uid == geteuid() ? who.pid : 0;
}

bool peer_is_process(int fd, board_number number)
{
    return peer_process_at(fd) && peer_process_at(fd) == board_pid(number);
}

static int why_not(int error)
{
    switch (error) {
    case ECONNREFUSED:
    case ENOENT:
    case EPERM:
        return HOST_GONE;
    case EAGAIN: /* it does not accept, because it is stopped */
        return HOST_FULL;
    default:
        return HOST_FAULT;
    }
}

static int connect_to(board_number number, int *fd)
{
    struct sockaddr_un a;
    int error = 0;

    *fd = -1;
    if (!peer_address(number, &a))
        return HOST_GONE;
    *fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0)
        return HOST_FAULT;
    if (connect(*fd, (struct sockaddr *)&a, sizeof a) != 0)
        error = errno;
    else if (!peer_is_process(*fd, number))
        error = EPERM;
    if (!error)
        return HOST_OK;
    peer_close(fd);
    return why_not(error);
}

struct peer *peer_get(board_number number, int *why)
{
    struct peer *p = peer_known(number);
    bool fresh = !p;
    int fd;

    if (p && p->out >= 0)
        return p;
    *why = peers_number() && number && number != peers_number() ? connect_to(number, &fd) : HOST_GONE;
    if (*why != HOST_OK) {
        if (*why == HOST_GONE)
            board_bury(number);
        return NULL;
    }
    *why = HOST_FAULT;
    if (!p)
        p = peer_new(&peer_io.peers);
    if (!p) {
        close(fd);
        return NULL;
    }
    if (fresh)
        peer_name(p, number);
    p->pid = peer_process_at(fd);
    p->out = fd;
    /* HELLO is a packet of its own: it must not wait for what comes after it. */
    if (peers_watch(fd, EPOLLRDHUP, p) && frame_hello(p) == HOST_OK && list_empty(&p->pending))
        return p;
    peer_drop_pending(p);
    close_line(&p->out);
    if (fresh)
        peer_unname(p);
    p->doomed |= fresh;
    return NULL;
}

void peer_let_go(struct peer *p)
{
    peer_doom(p);
}
