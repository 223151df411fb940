/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#define _GNU_SOURCE /* SOCK_CLOEXEC */

#include "host/posix/memory.h"
#include "host/posix/peer_io.h"

#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Joining the other processes of the user, and leaving them: at the end, or as a child of fork. */

enum {
    LEAVE_TRIES = 100,
    LEAVE_NAP_MS = 5,
};

static bool listen_at(board_number number)
{
    struct sockaddr_un a;

    peer_io.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (peer_io.listener < 0 || !peer_address(number, &a))
        return false;
    unlink(a.sun_path); /* of a process that had the number before */
    return bind(peer_io.listener, (struct sockaddr *)&a, sizeof a) == 0 &&
           listen(peer_io.listener, SOMAXCONN) == 0;
}

static void open_sockets(board_number number)
{
    int interrupt;

    peer_io.epoll = epoll_create1(EPOLL_CLOEXEC);
    interrupt = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    atomic_store_explicit(&peer_io.interrupt, interrupt, memory_order_relaxed);
    if (peer_io.epoll >= 0 && interrupt >= 0 && listen_at(number) &&
        peers_watch(peer_io.listener, EPOLLIN, &peer_io.listener)) {
        atomic_store_explicit(&peer_io.number, number, memory_order_release);
        return;
    }
    peer_close(&peer_io.epoll);
    peer_close(&peer_io.listener);
    if (interrupt >= 0)
        close(interrupt);
    atomic_store_explicit(&peer_io.interrupt, -1, memory_order_relaxed);
}

/* ---- Coming and leaving ---------------------------------------------------------------------------- */

/* None of them is waited for by somebody who has another one. */
static void hold_leaves(bool hold)
{
    threads_hold(hold);
    windows_hold(hold);
    calls_hold(hold);
    news_hold(hold);
    atoms_hold(hold);
    shelves_hold(hold);
    core_hold(hold);
}

/* A child of fork knows nobody. The descriptors are its copies; what stands behind them is its parent's. */
static void forked(void)
{
    int interrupt = atomic_load_explicit(&peer_io.interrupt, memory_order_relaxed);

    hold_leaves(false);
    windows_forked();
    news_forked();
    calls_forked();
    thread_forked();
    list_each (node, next, &peer_io.peers) {
        struct peer *p = container_of(node, struct peer, place);

        peer_close(&p->in);
        peer_close(&p->out);
        peer_unname(p);
        peer_drop_pending(p);
        peer_forget(p);
    }
    list_each (stranger, after, &peer_io.strangers)
        peer_close(&container_of(stranger, struct peer, place)->in);
    list_init(&peer_io.peers);
    list_init(&peer_io.strangers);
    peer_note_heard(NULL);
    peer_close(&peer_io.epoll);
    peer_close(&peer_io.listener);
    if (interrupt >= 0)
        close(interrupt);
    atomic_store_explicit(&peer_io.interrupt, -1, memory_order_relaxed);
    atomic_store_explicit(&peer_io.number, 0, memory_order_relaxed);
    atomic_store_explicit(&peer_io.polling, false, memory_order_relaxed);
    peer_io.flusher = peer_io.resting = false;
    board_forked();
    peers_unlock();
}

static void before_fork(void)
{
    peers_lock();
    hold_leaves(true);
}

static void after_fork(void)
{
    hold_leaves(false);
    peers_unlock();
}

static void at_fork(void)
{
    pthread_atfork(before_fork, after_fork, forked);
}

board_number peers_join(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    board_number number = peers_number();

    if (number || PROCESS_SHIFT < 32)
        return number;
    pthread_once(&once, at_fork);
    number = board_join();
    if (!number)
        return 0;
    peers_lock();
    if (!peers_number())
        open_sockets(number);
    peers_unlock();
    return peers_number();
}

static bool all_flushed(void)
{
    peers_flush();
    return !atomic_load_explicit(&peer_io.pending, memory_order_relaxed);
}

/* Whoever leaves in good order has said all that it had to say, unless somebody does not listen, and leaves nothing
 * to be tidied up. */
__attribute__((destructor)) static void leave(void)
{
    struct sockaddr_un a;

    if (!peers_number())
        return;
    for (int i = 0; i < LEAVE_TRIES && !all_flushed(); i++)
        poll(NULL, 0, LEAVE_NAP_MS);
    if (peer_address(peers_number(), &a))
        unlink(a.sun_path);
}
