/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#define _GNU_SOURCE /* F_DUPFD_CLOEXEC */

#include "host/posix/peer_io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

/* What is written to other processes: at once, gathered with what comes after it, or kept until there is room. */

enum {
    PENDING_LIMIT = 16 << 20, /* bytes that wait for a slow process before posting to it fails */
    PENDING_FILES = 64,
    BURST = 8,             /* packets without a pause                               */
    GATHERED = 16 << 10,   /* bytes that are written at once                        */
    FLUSH_NAP_NS = 200000, /* how long they wait at most, if there is room for them */
    FLUSH_RETRY_NS = 5000000,
    FLUSH_IDLE = 50,
};

/* ---- What waits ------------------------------------------------------------------------------------- */

static void note_pending(struct peer *p, long bytes)
{
    p->pending_bytes += (size_t)bytes;
    atomic_fetch_add_explicit(&peer_io.pending, bytes, memory_order_relaxed);
}

static void packet_free(struct packet *packet)
{
    if (packet->fd >= 0)
        peer_io.pending_files--;
    peer_close(&packet->fd);
    free(packet);
}

void peer_drop_pending(struct peer *p)
{
    struct list *node;

    while ((node = list_pop(&p->pending)) != NULL) {
        struct packet *packet = container_of(node, struct packet, place);

        packet_free(packet);
    }
    note_pending(p, -(long)p->pending_bytes);
    p->wants_out = false;
}

/* ---- Writing --------------------------------------------------------------------------------------- */

static ssize_t write_now(int socket, const void *bytes, size_t size, int fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    struct cmsghdr *c;

    if (fd >= 0) {
        m.msg_control = control.bytes;
        m.msg_controllen = sizeof control.bytes;
        c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    return sendmsg(socket, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool peer_no_room(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ENOMEM || error == EINTR ||
           error == ETOOMANYREFS;
}

static void want_out(struct peer *p, bool want)
{
    struct epoll_event e = {.events = EPOLLRDHUP | (want ? EPOLLOUT : 0), .data.ptr = p};

    if (want == p->wants_out)
        return;
    p->wants_out = want;
    epoll_ctl(peer_io.epoll, EPOLL_CTL_MOD, p->out, &e);
}

/* Nobody will ever read it, or it cannot be said, and then nothing that comes after it may be: that would be taken for
 * what follows what has been heard. The end is noticed when what the other one has said itself has been read. */
static int line_ends(struct peer *p)
{
    shutdown(p->out, SHUT_RDWR);
    peer_drop_pending(p);
    return HOST_GONE;
}

int peer_flush(struct peer *p)
{
    while (!list_empty(&p->pending)) {
        struct packet *packet = container_of(p->pending.next, struct packet, place);

        if (write_now(p->out, packet->bytes, packet->size, packet->fd) < 0) {
            if (!peer_no_room(errno))
                return line_ends(p);
            want_out(p, errno != ETOOMANYREFS); /* then it is ready for writing all the time */
            return HOST_FULL;
        }
        note_pending(p, -(long)packet->size);
        list_remove(&packet->place);
        packet_free(packet);
    }
    want_out(p, false);
    return HOST_OK;
}

static bool join_last(struct peer *p, const void *bytes, size_t size, int fd)
{
    struct packet *last;

    if (list_empty(&p->pending))
        return false;
    last = container_of(p->pending.prev, struct packet, place);
    if (fd >= 0 || last->fd >= 0 || last->room - last->size < size)
        return false;
    memcpy(last->bytes + last->size, bytes, size);
    last->size += size;
    note_pending(p, (long)size);
    return true;
}

static bool keep(struct peer *p, const void *bytes, size_t size, int fd)
{
    size_t room = fd >= 0 ? size : FRAME_PACKET;
    struct packet *packet;

    if (join_last(p, bytes, size, fd))
        return true;
    packet = malloc(sizeof *packet + room);
    if (!packet)
        return false;
    packet->fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (fd >= 0 && packet->fd < 0) {
        free(packet);
        return false;
    }
    peer_io.pending_files += fd >= 0;
    packet->size = size;
    packet->room = room;
    memcpy(packet->bytes, bytes, size);
    list_append(&p->pending, &packet->place);
    note_pending(p, (long)size);
    return true;
}

static void flush_each(void)
{
    list_each (node, next, &peer_io.peers) {
        struct peer *p = container_of(node, struct peer, place);

        if (!p->doomed && !list_empty(&p->pending))
            peer_flush(p);
    }
}

/* Writes what is pending while nobody else does, and ends when there has been nothing for a while. */
static void *keep_flushing(void *arg)
{
    struct timespec nap = {.tv_nsec = FLUSH_NAP_NS};
    unsigned idle = 0;

    (void)arg;
    while (idle < FLUSH_IDLE) {
        nanosleep(&nap, NULL);
        peers_lock();
        idle = atomic_load_explicit(&peer_io.pending, memory_order_relaxed) ? 0 : idle + 1;
        flush_each();
        peer_io.flusher = idle < FLUSH_IDLE;
        nap.tv_nsec =
            atomic_load_explicit(&peer_io.pending, memory_order_relaxed) ? FLUSH_RETRY_NS : FLUSH_NAP_NS;
        peers_unlock();
    }
    return NULL;
}

/* Without a thread for it, it goes out with the next message, or when a thread waits for some. */
static void start_flusher(void)
{
    pthread_attr_t detached;
    sigset_t all, former;
    pthread_t id;

    if (peer_io.flusher || pthread_attr_init(&detached) != 0)
        return;
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    peer_io.flusher = pthread_create(&id, &detached, keep_flushing, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    pthread_attr_destroy(&detached);
}

bool peers_pause(void)
{
    atomic_fetch_add_explicit(&peer_io.pauses, 1, memory_order_relaxed);
    return atomic_load_explicit(&peer_io.pending, memory_order_relaxed);
}

void peers_flush(void)
{
    if (!peers_pause())
        return;
    peers_lock();
    flush_each();
    peers_unlock();
}

/* The first few packets after a pause go out at once. Those that follow before the next pause are gathered: it
 * costs as much to write many as to write one. */
static bool in_a_burst(struct peer *p)
{
    unsigned pauses = atomic_load_explicit(&peer_io.pauses, memory_order_relaxed);

    if (p->pauses != pauses) {
        p->pauses = pauses;
        p->run = 0;
    }
    return ++p->run > BURST;
}

int peer_write(struct peer *p, const void *bytes, size_t size, int fd)
{
    bool gather = in_a_burst(p);
    int r = p->doomed ? HOST_GONE : gather ? HOST_OK : peer_flush(p);

    if (r == HOST_OK && !gather && write_now(p->out, bytes, size, fd) >= 0)
        return HOST_OK;
    if (r == HOST_GONE)
        return r;
    if (r == HOST_OK && !gather && !peer_no_room(errno))
        return line_ends(p);
    if (!keep(p, bytes, size, fd))
        return HOST_FAULT;
    if (!gather || p->pending_bytes >= GATHERED)
        peer_flush(p); /* what has no room goes out later */
    start_flusher();
    return HOST_OK;
}

bool peer_congested(const struct peer *p, int fd)
{
    return p->pending_bytes > PENDING_LIMIT || (fd >= 0 && peer_io.pending_files >= PENDING_FILES);
}
