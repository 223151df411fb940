/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#define _GNU_SOURCE /* accept4, struct ucred */

#include "host/posix/peer_io.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* What is read from other processes, and who gets in. */

enum {
    READ_TURN = 64, /* packets of one process in a row                               */
    LINE = 4096,    /* more than the system keeps: packets, or those who connect     */
    STRANGERS = 64,
    REST_MS = 100,
    EVENTS = 16,
    LONGEST_POLL_MS = 60000,
};

void peer_note_heard(struct peer *p)
{
    peer_io.heard = p;
    atomic_store_explicit(&peer_io.heard_in, p ? p->in : -1, memory_order_relaxed);
}

/* ---- Reading --------------------------------------------------------------------------------------- */

/* The first descriptor that a packet brings; others are closed. */
static int descriptor_of(struct msghdr *m, size_t *many)
{
    int found = -1;

    *many = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        *many += n;
        for (size_t i = 0; i < n; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (found < 0)
                found = fd;
            else
                close(fd);
        }
    }
    return found;
}

enum reading { READ_PACKET, READ_NOTHING, READ_END, READ_WRONG };

static enum reading read_packet(struct peer *p, size_t *size, int *fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(4 * sizeof(int))];
    } control;
    struct iovec part = {.iov_base = peer_io.in, .iov_len = sizeof peer_io.in};
    struct msghdr m = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(p->in, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    size_t many;

    if (n < 0)
        return peer_no_room(errno) ? READ_NOTHING : READ_END;
    *fd = descriptor_of(&m, &many);
    *size = (size_t)n;
    if (n == 0 || (m.msg_flags & MSG_CTRUNC && !many)) /* this process has no descriptor for what was sent */
        return READ_END;
    return m.msg_flags & MSG_TRUNC || many > 1 ? READ_WRONG : READ_PACKET;
}

/* A faulty or hostile process: nothing more is heard of it, and nothing more said to it. Those who monitor are
 * told. */
static void cut_off(struct peer *p)
{
    struct ucred who = {0};
    socklen_t size = sizeof who;

    getsockopt(p->in, SOL_SOCKET, SO_PEERCRED, &who, &size);
    window_tell_intruder((uint32_t)who.pid);
    peer_doom(p);
}

static struct peer *greet(struct peer *stranger);

/* true: there may be more. */
static bool read_from(struct peer *p, unsigned turns)
{
    for (unsigned turn = 0; turn < turns && !p->doomed; turn++) {
        size_t size;
        int fd = -1;

        switch (read_packet(p, &size, &fd)) {
        case READ_NOTHING:
            return false;
        case READ_END:
            peer_close(&fd);
            peer_doom(p);
            return false;
        case READ_WRONG:
            peer_close(&fd);
            cut_off(p);
            return false;
        case READ_PACKET:
            break;
        }
        if (!frames_read(p, peer_io.in, size, fd)) {
            if (!p->doomed)
                cut_off(p);
            return false;
        }
        p = greet(p);
        if (!p->doomed)
            peer_note_heard(p);
    }
    return !p->doomed;
}

static bool has_hung_up(int fd)
{
    struct pollfd p = {.fd = fd};

    return poll(&p, 1, 0) == 1 && p.revents & (POLLHUP | POLLERR);
}

/* One that has ended may be off the board already. What it has said before is heard all the same, unless that
 * number has been known as another process's. */
static bool is_who_it_says(const struct peer *stranger)
{
    const struct peer *p = peer_known(stranger->claims);

    if (peer_is_process(stranger->in, stranger->claims))
        return true;
    return has_hung_up(stranger->in) && !board_alive(stranger->claims) &&
           (!p || p->pid == peer_process_at(stranger->in));
}

static struct peer *turn_away(struct peer *stranger)
{
    (has_hung_up(stranger->in) ? peer_doom : cut_off)(stranger);
    return stranger;
}

/* Everything that it has said until now, but no more than a line holds: a process that goes on and on is none
 * that has ended. */
static void hear_out(struct peer *p)
{
    for (int turn = 0; turn < LINE / READ_TURN && p->in >= 0 && read_from(p, READ_TURN); turn++)
        ;
}

/* The peer, whose connection to this process is closed unless it is still its own. */
static struct peer *peer_former(board_number number)
{
    struct peer *p = peer_known(number);

    if (p)
        hear_out(p);
    return peer_known(number);
}

/* A stranger that has said who it is becomes the peer that it is. */
static struct peer *greet(struct peer *stranger)
{
    struct peer *p;
    struct epoll_event e = {.events = EPOLLIN};

    if (stranger->doomed || stranger->greeted || !stranger->claims)
        return stranger;
    if (!is_who_it_says(stranger))
        return turn_away(stranger);
    p = peer_former(stranger->claims);
    if (p && p->in >= 0)
        return turn_away(stranger);
    stranger->greeted = true;
    if (!p) {
        peer_name(stranger, stranger->claims);
        list_remove(&stranger->place);
        list_append(&peer_io.peers, &stranger->place);
        return stranger;
    }
    p->in = stranger->in;
    p->greeted = true;
    e.data.ptr = p;
    epoll_ctl(peer_io.epoll, EPOLL_CTL_MOD, p->in, &e);
    stranger->in = -1; /* the peer lives on */
    stranger->doomed = true;
    return p;
}

/* Who connects says at once who it is. Of those who keep silent only so many are kept, since each takes a
 * descriptor. */
static void limit_strangers(void)
{
    struct peer *oldest = NULL;
    unsigned n = 0;

    list_each (node, next, &peer_io.strangers) {
        struct peer *p = container_of(node, struct peer, place);

        if (p->doomed)
            continue;
        oldest = oldest ? oldest : p;
        n++;
    }
    if (n > STRANGERS)
        cut_off(oldest);
}

/* Other users' processes do not get this far where the folder is as it should be. */
static void accept_one(int fd)
{
    struct ucred who = {0};
    socklen_t size = sizeof who;
    bool ours = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.uid == geteuid();
    struct peer *p = ours ? peer_new(&peer_io.strangers) : NULL;

    if (p && peers_watch(fd, EPOLLIN, p)) {
        p->in = fd;
        read_from(p, READ_TURN);
        limit_strangers();
        return;
    }
    close(fd);
    if (p)
        p->doomed = true;
    if (!ours)
        window_tell_intruder((uint32_t)who.pid);
}

/* Without a descriptor for it whoever wants to connect stays in the line, and would be reported all the time. So
 * the line is looked at only now and then until there is one. */
static void rest_listener(bool rest)
{
    struct epoll_event e = {.events = rest ? 0 : EPOLLIN, .data.ptr = &peer_io.listener};

    if (rest != peer_io.resting && epoll_ctl(peer_io.epoll, EPOLL_CTL_MOD, peer_io.listener, &e) == 0)
        peer_io.resting = rest;
}

static void accept_all(void)
{
    int fd = -1;

    for (int n = 0; n < LINE; n++) {
        fd = accept4(peer_io.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            break;
        accept_one(fd);
    }
    rest_listener(fd < 0 && errno != EAGAIN && errno != ECONNABORTED && errno != EINTR);
}

/* It has closed its ear. What it has said before is read first, also if it stands in the line of those that
 * have not been accepted yet. */
static void hung_up(struct peer *p)
{
    accept_all();
    hear_out(p);
    peer_doom(p);
}

static void attend(const struct epoll_event *e)
{
    struct peer *p;

    if (e->data.ptr == &peer_io.listener) {
        accept_all();
    } else {
        p = e->data.ptr;
        if (p->doomed)
            return;
        if (e->events & EPOLLOUT && p->out >= 0)
            peer_flush(p);
        if (e->events & EPOLLIN && p->in >= 0)
            read_from(p, 1); /* as a rule there is no more; else it is reported again */
        else if (e->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
            hung_up(p);
    }
}

bool peers_claim(void)
{
    return peers_number() && !atomic_exchange_explicit(&peer_io.polling, true, memory_order_acquire);
}

static void give_back(void *unused)
{
    (void)unused;
    atomic_store_explicit(&peer_io.polling, false, memory_order_release);
}

static int milliseconds_until(uint64_t until)
{
    uint64_t now = until ? host_now_ms() : 0;
    uint64_t left = until > now ? until - now : 0;
    uint64_t most = peer_io.resting ? REST_MS : LONGEST_POLL_MS;

    return (int)(left > most ? most : left);
}

/* The interrupt is the concern of whoever waits here, and not of those who have the epoll in loops of their own.
 * true: there is something from the process that was heard last, so that it need not be asked which it is. */
static bool wait_or_be_interrupted(int timeout)
{
    struct pollfd any[] = {
        {.fd = peer_io.epoll, .events = POLLIN},
        {.fd = atomic_load_explicit(&peer_io.interrupt, memory_order_relaxed), .events = POLLIN},
        {.fd = atomic_load_explicit(&peer_io.heard_in, memory_order_relaxed), .events = POLLIN}};
    uint64_t count;

    if (poll(any, 3, timeout) > 0 && any[1].revents && read(any[1].fd, &count, sizeof count) < 0)
        return false; /* it comes again */
    return any[2].revents & POLLIN;
}

struct arrivals {
    bool heard; /* see above, and then nothing else is */
    int n;
    struct epoll_event events[EVENTS];
};

/* The thread may be cancelled while it waits. */
static void wait_for_arrivals(struct arrivals *a, int timeout)
{
    pthread_cleanup_push(give_back, NULL);
    a->heard = timeout && wait_or_be_interrupted(timeout);
    a->n = a->heard ? 0 : epoll_wait(peer_io.epoll, a->events, EVENTS, 0);
    pthread_cleanup_pop(0);
}

void peers_poll(uint64_t until)
{
    struct arrivals a;

    wait_for_arrivals(&a, milliseconds_until(until));
    peers_lock();
    if (a.heard && peer_io.heard)
        read_from(peer_io.heard, 1);
    for (int i = 0; i < a.n; i++)
        attend(&a.events[i]);
    if (peer_io.resting)
        accept_all();
    settle_all(); /* also what was for windows that have closed */
    peers_bury(&peer_io.peers);
    peers_bury(&peer_io.strangers);
    give_back(NULL);
    peers_unlock();
}

bool peers_look(void)
{
    int former;

    if (!peers_claim())
        return false;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &former); /* it does not wait */
    peers_poll(0);
    pthread_setcancelstate(former, NULL);
    return true;
}

void peers_glance(void)
{
    if (!peers_claim())
        return;
    peers_lock();
    if (peer_io.heard)
        read_from(peer_io.heard, 1);
    give_back(NULL);
    peers_unlock();
}

void peers_interrupt(void)
{
    uint64_t one = 1;
    int fd = atomic_load_explicit(&peer_io.interrupt, memory_order_relaxed), former;
    ssize_t n = -1;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &former); /* it does not wait */
    if (fd >= 0)
        n = write(fd, &one, sizeof one);
    (void)n; /* if it could not be written it is readable already */
    pthread_setcancelstate(former, NULL);
}
