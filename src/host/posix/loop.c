/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What lets a thread wait for its messages in somebody else's event loop: one epoll descriptor, which is readable
 * as soon as one of three others is. The first is signalled when a message comes into an empty queue, the second is
 * the clock of the thread's next timer, the third has all that comes from other processes.
 *
 * Invariant: while a message waits for the thread the first is readable. It is taken back under the lock of the
 * queue, by the dispatch that finds that empty; so a program that polls never misses anything, however seldom it
 * dispatches, and a thread that has nothing to do is not woken. The clock is never set later than the next timer, and
 * not set anew while a timer's event waits. */

#include "host/posix/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct loop {
    struct list place; /* of all there are */
    struct host_thread *thread;
    int epoll, event, timer;
    bool signalled; /* under the thread's lock */
    uint64_t armed; /* for when: timers_next   */
    bool has_peers; /* the connections to other processes are in it */
};

/* A leaf lock; so that a child of fork can close what it has got copies of. */
static pthread_mutex_t loops_lock = PTHREAD_MUTEX_INITIALIZER;
static struct list loops = {&loops, &loops};

/* ---- Making and closing ---------------------------------------------------------------------------- */

static void close_all(const struct loop *l)
{
    const int fds[] = {l->epoll, l->event, l->timer};

    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static void before_fork(void)
{
    pthread_mutex_lock(&loops_lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&loops_lock);
}

/* The child has copies of descriptors behind which stand its parent's: signals would be crossed. */
static void forked(void)
{
    struct list *place;

    pthread_mutex_init(&loops_lock, NULL);
    while ((place = list_pop(&loops)) != NULL) {
        struct loop *l = container_of(place, struct loop, place);

        close_all(l);
        l->thread->loop = NULL;
        free(l);
    }
}

static void at_fork(void)
{
    pthread_atfork(before_fork, after_fork, forked);
}

static bool watch_descriptor(const struct loop *l, int fd)
{
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

/* Signalled at first: nobody has looked yet for what is there already. */
static bool fill(struct loop *l)
{
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->event = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    l->signalled = true;
    l->armed = FOREVER;
    return l->epoll >= 0 && l->event >= 0 && l->timer >= 0 && watch_descriptor(l, l->event) &&
           watch_descriptor(l, l->timer);
}

static void set_loop(struct host_thread *me, struct loop *l)
{
    pthread_mutex_lock(&me->lock);
    me->loop = l;
    pthread_mutex_unlock(&me->lock);
}

static bool open_loop(struct host_thread *me)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct loop *l = calloc(1, sizeof *l);
    int why;

    if (!l)
        return false;
    pthread_once(&once, at_fork);
    l->thread = me;
    if (!fill(l)) {
        why = errno;
        close_all(l);
        free(l);
        errno = why;
        return false;
    }
    pthread_mutex_lock(&loops_lock);
    list_append(&loops, &l->place);
    pthread_mutex_unlock(&loops_lock);
    set_loop(me, l);
    return true;
}

void loop_close(struct host_thread *me)
{
    struct loop *l = me->loop;

    if (!l)
        return;
    set_loop(me, NULL); /* from here on nobody signals it */
    pthread_mutex_lock(&loops_lock);
    list_remove(&l->place);
    pthread_mutex_unlock(&loops_lock);
    close_all(l);
    free(l);
}

bool loop_join(struct host_thread *me)
{
    struct loop *l = me->loop;
    int peers;

    if (!l || l->has_peers)
        return true;
    peers = peers_descriptor();
    l->has_peers = peers >= 0 && watch_descriptor(l, peers);
    return l->has_peers || peers < 0;
}

int host_descriptor(void)
{
    struct host_thread *me = thread_self();

    if (!me || me->ending) {
        errno = ENOMEM;
        return -1;
    }
    if (!me->loop && !open_loop(me))
        return -1;
    return loop_join(me) ? me->loop->epoll : -1;
}

/* ---- Signals --------------------------------------------------------------------------------------- */

/* Both may be points where a thread is cancelled, and both are called under a lock. */
static void put_signal(const struct loop *l, bool on)
{
    uint64_t count = 1;
    int former;
    ssize_t n;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &former);
    n = on ? write(l->event, &count, sizeof count) : read(l->event, &count, sizeof count);
    pthread_setcancelstate(former, NULL);
    (void)n; /* it is as it should be already */
}

void loop_signal(struct host_thread *t)
{
    if (!t->loop || t->loop->signalled)
        return;
    t->loop->signalled = true;
    put_signal(t->loop, true);
}

static void set_timer(struct loop *l, uint64_t due)
{
    struct itimerspec at = {{0}, {0}}; /* never */

    if (due == l->armed)
        return;
    l->armed = due;
    if (due != FOREVER) {
        at.it_value.tv_sec = (time_t)(due / 1000);
        at.it_value.tv_nsec = (long)(due % 1000) * 1000000;
    }
    timerfd_settime(l->timer, TFD_TIMER_ABSTIME, &at, NULL);
}

void loop_timer_set(struct host_thread *me)
{
    if (me->loop && timers_next(me) < me->loop->armed)
        set_timer(me->loop, timers_next(me));
}

void loop_settle(struct host_thread *me)
{
    struct loop *l = me->loop;

    if (!l)
        return;
    pthread_mutex_lock(&me->lock);
    if (l->signalled && list_empty(&me->core) && list_empty(&me->rest) && list_empty(&me->sent)) {
        l->signalled = false;
        put_signal(l, false);
    }
    pthread_mutex_unlock(&me->lock);
    set_timer(l, timers_next(me));
}
