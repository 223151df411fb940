/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#define _GNU_SOURCE /* accept4, struct ucred */

#include "host/posix/memory.h"
#include "host/posix/peers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Connections. Each process listens at a socket of its own and connects to those that it has something to say
 * to; it never reads from what it has connected, nor writes to what it has accepted. So there is one line for
 * each direction, and what is said on it keeps its order. */

enum {
    PENDING_LIMIT = 16 << 20, /* bytes that wait for a slow process before posting to it fails */
    PENDING_FILES = 64,
    READ_TURN = 64, /* packets of one process in a row                               */
    LINE = 4096,    /* more than the system keeps: packets, or those who connect     */
    STRANGERS = 64,
    REST_MS = 100,
    EVENTS = 16,
    LONGEST_POLL_MS = 60000,
    BURST = 8,             /* packets without a pause                               */
    GATHERED = 16 << 10,   /* bytes that are written at once                        */
    FLUSH_NAP_NS = 200000, /* how long they wait at most, if there is room for them */
    FLUSH_RETRY_NS = 5000000,
    FLUSH_IDLE = 50,
    LEAVE_TRIES = 100,
    LEAVE_NAP_MS = 5,
};

static struct {
    pthread_mutex_t lock;
    int cancel;                  /* whether its holder can be cancelled otherwise */
    _Atomic board_number number; /* 0: not joined */
    int epoll, listener;
    bool resting;          /* the listener is not reported: of whoever waits for others */
    _Atomic int interrupt; /* an eventfd */
    struct list peers;
    struct list strangers; /* accepted, and have not said who they are: struct peer, number 0 */
    uint32_t last_id;
    struct peer *heard;   /* the one that was heard last, if it is still there */
    _Atomic int heard_in; /* its socket; -1: none                              */
    unsigned waiting_out;
    unsigned pending_files; /* descriptors of what is pending */
    bool flusher;           /* there is a thread that writes what is pending */
    atomic_long pending;    /* bytes, of all */
    atomic_uint pauses;     /* how often a thread has had nothing to do */
    atomic_bool polling;
    _Alignas(FRAME_ALIGN) unsigned char in[FRAME_PACKET];
} io = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .epoll = -1,
    .listener = -1,
    .interrupt = -1,
    .heard_in = -1,
    .peers = {&io.peers, &io.peers},
    .strangers = {&io.strangers, &io.strangers},
};

/* Nobody is cancelled in the middle of it: all the calls here are cancellation points. */
void peers_lock(void)
{
    int former;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &former);
    pthread_mutex_lock(&io.lock);
    io.cancel = former;
}

void peers_unlock(void)
{
    int former = io.cancel;

    pthread_mutex_unlock(&io.lock);
    pthread_setcancelstate(former, NULL);
}

struct list *peers_all(void)
{
    return &io.peers;
}

board_number peers_number(void)
{
    return atomic_load_explicit(&io.number, memory_order_acquire);
}

int peers_descriptor(void)
{
    return peers_number() ? io.epoll : -1;
}

/* ---- The door ---------------------------------------------------------------------------------------- */

static bool address_of(board_number number, struct sockaddr_un *a)
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

static bool watch_descriptor(int fd, uint32_t events, void *what)
{
    struct epoll_event e = {.events = events, .data.ptr = what};

    return epoll_ctl(io.epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

static void close_descriptor(int *fd)
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
    epoll_ctl(io.epoll, EPOLL_CTL_DEL, *fd, NULL);
    shutdown(*fd, SHUT_RDWR);
    close_descriptor(fd);
}

static bool listen_at(board_number number)
{
    struct sockaddr_un a;

    io.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (io.listener < 0 || !address_of(number, &a))
        return false;
    unlink(a.sun_path); /* of a process that had the number before */
    return bind(io.listener, (struct sockaddr *)&a, sizeof a) == 0 && listen(io.listener, SOMAXCONN) == 0;
}

static void open_sockets(board_number number)
{
    int interrupt;

    io.epoll = epoll_create1(EPOLL_CLOEXEC);
    interrupt = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    atomic_store_explicit(&io.interrupt, interrupt, memory_order_relaxed);
    if (io.epoll >= 0 && interrupt >= 0 && listen_at(number) &&
        watch_descriptor(io.listener, EPOLLIN, &io.listener)) {
        atomic_store_explicit(&io.number, number, memory_order_release);
        return;
    }
    close_descriptor(&io.epoll);
    close_descriptor(&io.listener);
    if (interrupt >= 0)
        close(interrupt);
    atomic_store_explicit(&io.interrupt, -1, memory_order_relaxed);
}

/* ---- One peer -------------------------------------------------------------------------------------- */

static struct peer *peer_new(struct list *among)
{
    struct peer *p = calloc(1, sizeof *p);

    if (!p)
        return NULL;
    p->in = p->out = -1;
    p->id = ++io.last_id;
    list_init(&p->pending);
    list_init(&p->remotes);
    list_init(&p->all_known);
    map_init_off_books(&p->known);
    list_append(among, &p->place);
    return p;
}

static void note_pending(struct peer *p, long bytes)
{
    p->pending_bytes += (size_t)bytes;
    atomic_fetch_add_explicit(&io.pending, bytes, memory_order_relaxed);
}

static void packet_free(struct packet *packet)
{
    if (packet->fd >= 0)
        io.pending_files--;
    close_descriptor(&packet->fd);
    free(packet);
}

static void drop_pending(struct peer *p)
{
    struct list *node;

    while ((node = list_pop(&p->pending)) != NULL) {
        struct packet *packet = container_of(node, struct packet, place);

        packet_free(packet);
    }
    note_pending(p, -(long)p->pending_bytes);
    if (p->wants_out)
        io.waiting_out--;
    p->wants_out = false;
}

static void note_heard(struct peer *p)
{
    io.heard = p;
    atomic_store_explicit(&io.heard_in, p ? p->in : -1, memory_order_relaxed);
}

/* It has gone, or is cut off: its windows are no more, and nobody waits for it. The record goes when nobody
 * stands on it: at the end of peers_poll. */
static void doom(struct peer *p)
{
    if (p->doomed)
        return;
    p->doomed = true;
    if (io.heard == p)
        note_heard(NULL);
    close_line(&p->in);
    close_line(&p->out);
    drop_pending(p);
    peer_forget(p);
}

static void bury_doomed(struct list *among)
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
    list_each (node, next, &io.peers) {
        struct peer *p = container_of(node, struct peer, place);

        if (p->number == number && !p->doomed)
            return p;
    }
    return NULL;
}

/* The kernel says who is at the other end; 0: nobody of this user. */
static long process_at(int fd)
{
    struct ucred who;
    socklen_t size = sizeof who;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.uid == geteuid() ? who.pid : 0;
}

static bool is_process(int fd, board_number number)
{
    return process_at(fd) && process_at(fd) == board_pid(number);
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
    if (!address_of(number, &a))
        return HOST_GONE;
    *fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0)
        return HOST_FAULT;
    if (connect(*fd, (struct sockaddr *)&a, sizeof a) != 0)
        error = errno;
    else if (!is_process(*fd, number))
        error = EPERM;
    if (!error)
        return HOST_OK;
    close_descriptor(fd);
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
        p = peer_new(&io.peers);
    if (!p) {
        close(fd);
        return NULL;
    }
    p->number = number;
    p->pid = process_at(fd);
    p->out = fd;
    /* HELLO is a packet of its own: it must not wait for what comes after it. */
    if (watch_descriptor(fd, EPOLLRDHUP, p) && frame_hello(p) == HOST_OK && list_empty(&p->pending))
        return p;
    drop_pending(p);
    close_line(&p->out);
    p->doomed |= fresh;
    return NULL;
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

static bool no_room(int error)
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
    io.waiting_out += want ? 1 : -1u;
    epoll_ctl(io.epoll, EPOLL_CTL_MOD, p->out, &e);
}

static int flush(struct peer *p)
{
    while (!list_empty(&p->pending)) {
        struct packet *packet = container_of(p->pending.next, struct packet, place);

        if (write_now(p->out, packet->bytes, packet->size, packet->fd) < 0) {
            if (!no_room(errno))
                break;
            want_out(p, true);
            return HOST_FULL;
        }
        note_pending(p, -(long)packet->size);
        list_remove(&packet->place);
        packet_free(packet);
    }
    want_out(p, false);
    if (list_empty(&p->pending))
        return HOST_OK;
    drop_pending(p); /* nobody will ever read it */
    return HOST_GONE;
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
    io.pending_files += fd >= 0;
    packet->size = size;
    packet->room = room;
    memcpy(packet->bytes, bytes, size);
    list_append(&p->pending, &packet->place);
    note_pending(p, (long)size);
    return true;
}

static void flush_each(void)
{
    list_each (node, next, &io.peers) {
        struct peer *p = container_of(node, struct peer, place);

        if (!p->doomed && !list_empty(&p->pending))
            flush(p);
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
        idle = atomic_load_explicit(&io.pending, memory_order_relaxed) ? 0 : idle + 1;
        flush_each();
        io.flusher = idle < FLUSH_IDLE;
        nap.tv_nsec = io.waiting_out ? FLUSH_RETRY_NS : FLUSH_NAP_NS;
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

    if (io.flusher || pthread_attr_init(&detached) != 0)
        return;
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    io.flusher = pthread_create(&id, &detached, keep_flushing, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    pthread_attr_destroy(&detached);
}

bool peers_pause(void)
{
    atomic_fetch_add_explicit(&io.pauses, 1, memory_order_relaxed);
    return atomic_load_explicit(&io.pending, memory_order_relaxed);
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
    unsigned pauses = atomic_load_explicit(&io.pauses, memory_order_relaxed);

    if (p->pauses != pauses) {
        p->pauses = pauses;
        p->run = 0;
    }
    return ++p->run > BURST;
}

int peer_write(struct peer *p, const void *bytes, size_t size, int fd)
{
    bool gather = in_a_burst(p);
    int r = p->doomed ? HOST_GONE : gather ? HOST_OK : flush(p);

    if (r == HOST_OK && !gather && write_now(p->out, bytes, size, fd) >= 0)
        return HOST_OK;
    if (r == HOST_GONE || (r == HOST_OK && !gather && !no_room(errno)))
        return HOST_GONE; /* its end will be noticed when what it has said itself has been read */
    if (!keep(p, bytes, size, fd))
        return HOST_FAULT;
    if (!gather)
        want_out(p, true);
    else if (p->pending_bytes >= GATHERED)
        flush(p); /* what has no room goes out later */
    start_flusher();
    return HOST_OK;
}

bool peer_congested(const struct peer *p, int fd)
{
    return p->pending_bytes > PENDING_LIMIT || (fd >= 0 && io.pending_files >= PENDING_FILES);
}

void peer_let_go(struct peer *p)
{
    doom(p);
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
    struct iovec part = {.iov_base = io.in, .iov_len = sizeof io.in};
    struct msghdr m = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(p->in, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    size_t many;

    if (n < 0)
        return no_room(errno) ? READ_NOTHING : READ_END;
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
    doom(p);
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
            close_descriptor(&fd);
            doom(p);
            return false;
        case READ_WRONG:
            close_descriptor(&fd);
            cut_off(p);
            return false;
        case READ_PACKET:
            break;
        }
        if (!frames_read(p, io.in, size, fd)) {
            if (!p->doomed)
                cut_off(p);
            return false;
        }
        p = greet(p);
        if (!p->doomed)
            note_heard(p);
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

    if (is_process(stranger->in, stranger->claims))
        return true;
    return has_hung_up(stranger->in) && !board_alive(stranger->claims) &&
           (!p || p->pid == process_at(stranger->in));
}

static struct peer *turn_away(struct peer *stranger)
{
    (has_hung_up(stranger->in) ? doom : cut_off)(stranger);
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
        stranger->number = stranger->claims;
        list_remove(&stranger->place);
        list_append(&io.peers, &stranger->place);
        return stranger;
    }
    p->in = stranger->in;
    p->greeted = true;
    e.data.ptr = p;
    epoll_ctl(io.epoll, EPOLL_CTL_MOD, p->in, &e);
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

    list_each (node, next, &io.strangers) {
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
    struct peer *p = ours ? peer_new(&io.strangers) : NULL;

    if (p && watch_descriptor(fd, EPOLLIN, p)) {
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
    struct epoll_event e = {.events = rest ? 0 : EPOLLIN, .data.ptr = &io.listener};

    if (rest != io.resting && epoll_ctl(io.epoll, EPOLL_CTL_MOD, io.listener, &e) == 0)
        io.resting = rest;
}

static void accept_all(void)
{
    int fd = -1;

    for (int n = 0; n < LINE; n++) {
        fd = accept4(io.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
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
    doom(p);
}

static void attend(const struct epoll_event *e)
{
    struct peer *p;

    if (e->data.ptr == &io.listener) {
        accept_all();
    } else {
        p = e->data.ptr;
        if (p->doomed)
            return;
        if (e->events & EPOLLOUT && p->out >= 0)
            flush(p);
        if (e->events & EPOLLIN && p->in >= 0)
            read_from(p, 1); /* as a rule there is no more; else it is reported again */
        else if (e->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
            hung_up(p);
    }
}

bool peers_claim(void)
{
    return peers_number() && !atomic_exchange_explicit(&io.polling, true, memory_order_acquire);
}

static void give_back(void *unused)
{
    (void)unused;
    atomic_store_explicit(&io.polling, false, memory_order_release);
}

static int milliseconds_until(uint64_t until)
{
    uint64_t now = until ? host_now_ms() : 0;
    uint64_t left = until > now ? until - now : 0;
    uint64_t most = io.resting ? REST_MS : LONGEST_POLL_MS;

    return (int)(left > most ? most : left);
}

/* The interrupt is the concern of whoever waits here, and not of those who have the epoll in loops of their own.
 * true: there is something from the process that was heard last, so that it need not be asked which it is. */
static bool wait_or_be_interrupted(int timeout)
{
    struct pollfd any[] = {
        {.fd = io.epoll, .events = POLLIN},
        {.fd = atomic_load_explicit(&io.interrupt, memory_order_relaxed), .events = POLLIN},
        {.fd = atomic_load_explicit(&io.heard_in, memory_order_relaxed), .events = POLLIN}};
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
    a->n = a->heard ? 0 : epoll_wait(io.epoll, a->events, EVENTS, 0);
    pthread_cleanup_pop(0);
}

void peers_poll(uint64_t until)
{
    struct arrivals a;

    wait_for_arrivals(&a, milliseconds_until(until));
    peers_lock();
    if (a.heard && io.heard)
        read_from(io.heard, 1);
    for (int i = 0; i < a.n; i++)
        attend(&a.events[i]);
    if (io.resting)
        accept_all();
    settle_all(); /* also what was for windows that have closed */
    bury_doomed(&io.peers);
    bury_doomed(&io.strangers);
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
    if (io.heard)
        read_from(io.heard, 1);
    give_back(NULL);
    peers_unlock();
}

void peers_interrupt(void)
{
    uint64_t one = 1;
    int fd = atomic_load_explicit(&io.interrupt, memory_order_relaxed), former;
    ssize_t n = -1;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &former); /* it does not wait */
    if (fd >= 0)
        n = write(fd, &one, sizeof one);
    (void)n; /* if it could not be written it is readable already */
    pthread_setcancelstate(former, NULL);
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
    int interrupt = atomic_load_explicit(&io.interrupt, memory_order_relaxed);

    hold_leaves(false);
    windows_forked();
    news_forked();
    calls_forked();
    thread_forked();
    list_each (node, next, &io.peers) {
        struct peer *p = container_of(node, struct peer, place);

        close_descriptor(&p->in);
        close_descriptor(&p->out);
        drop_pending(p);
        peer_forget(p);
    }
    list_each (stranger, after, &io.strangers)
        close_descriptor(&container_of(stranger, struct peer, place)->in);
    list_init(&io.peers);
    list_init(&io.strangers);
    note_heard(NULL);
    close_descriptor(&io.epoll);
    close_descriptor(&io.listener);
    if (interrupt >= 0)
        close(interrupt);
    atomic_store_explicit(&io.interrupt, -1, memory_order_relaxed);
    atomic_store_explicit(&io.number, 0, memory_order_relaxed);
    atomic_store_explicit(&io.polling, false, memory_order_relaxed);
    io.flusher = io.resting = false;
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
    return !atomic_load_explicit(&io.pending, memory_order_relaxed);
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
    if (address_of(peers_number(), &a))
        unlink(a.sun_path);
}
