/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The copies, and how a thread waits in all of them. */

#include "apart/apart.h"

#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "host/posix/posix.h"
#include "support/support.h"

static struct copy copies[APART_COPIES];
static atomic_bool loaded[APART_COPIES];
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

static _Thread_local unsigned mine; /* a bit for each copy */

/* ---- The bell: one for all, because a thread that has been woken for nothing just looks again -------------- */

enum { MOST_THREADS = 64 };

/* Who sleeps has an eventfd, so that it can sleep on the copies' descriptors, too. */
struct sleeper {
    struct sleeper *next;
    int fd;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t rung;
static struct sleeper sleepers[MOST_THREADS], *asleep, *awake;

__attribute__((constructor)) static void make_beds(void)
{
    for (unsigned i = 0; i < MOST_THREADS; i++) {
        sleepers[i] = (struct sleeper){.next = awake, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
        awake = &sleepers[i];
    }
}

static uint64_t bell(void)
{
    uint64_t n;

    pthread_mutex_lock(&lock);
    n = rung;
    pthread_mutex_unlock(&lock);
    return n;
}

static void ring(void)
{
    pthread_mutex_lock(&lock);
    rung++;
    for (struct sleeper *s = asleep; s; s = s->next)
        eventfd_write(s->fd, 1);
    pthread_mutex_unlock(&lock);
}

static void move(struct sleeper *s, struct sleeper **from, struct sleeper **to)
{
    while (*from != s)
        from = &(*from)->next;
    *from = s->next;
    s->next = *to;
    *to = s;
}

/* NULL: it has rung since. */
static struct sleeper *lie_down(uint64_t was)
{
    struct sleeper *s = NULL;

    pthread_mutex_lock(&lock);
    if (rung == was) {
        s = awake;
        assert_non_null(s);
        move(s, &awake, &asleep);
    }
    pthread_mutex_unlock(&lock);
    return s;
}

static void get_up(void *sleeper)
{
    struct sleeper *s = sleeper;
    eventfd_t unused;

    pthread_mutex_lock(&lock);
    eventfd_read(s->fd, &unused);
    move(s, &asleep, &awake);
    pthread_mutex_unlock(&lock);
}

static int left(uint64_t until)
{
    uint64_t now = test_now_ms();

    return until == FOREVER ? -1 : until <= now ? 0 : until - now > 60000 ? 60000 : (int)(until - now);
}

/* ---- Waiting ------------------------------------------------------------------------------------------ */

#define each_of_mine(i) (unsigned i = copy_of_mine(0); i < APART_COPIES; i = copy_of_mine(i + 1))

unsigned copy_of_mine(unsigned i)
{
    while (i < APART_COPIES && !(mine >> i & 1))
        i++;
    return i;
}

static uint64_t arm_all(unsigned kinds, uint64_t until)
{
    for
        each_of_mine(i)
        {
            uint64_t due = copies[i].inside->arm(kinds);

            until = due < until ? due : until;
        }
    return until;
}

static nfds_t list_descriptors(struct pollfd *on, int bell)
{
    nfds_t n = 0;

    on[n++] = (struct pollfd){.fd = bell, .events = POLLIN};
    for
        each_of_mine(i) on[n++] = (struct pollfd){.fd = copies[i].inside->descriptor(), .events = POLLIN};
    return n;
}

/* The thread may be cancelled in its sleep. */
static void sleep_as(struct sleeper *s, struct pollfd *on, nfds_t n, int timeout)
{
    pthread_cleanup_push(get_up, s);
    poll(on, n, timeout);
    pthread_cleanup_pop(1);
}

static void sleep_until(uint64_t until, uint64_t was)
{
    struct pollfd on[APART_COPIES + 1];
    struct sleeper *s = lie_down(was);

    if (s)
        sleep_as(s, on, list_descriptors(on, s->fd), left(until));
}

static bool run_one_but(unsigned but, unsigned kinds)
{
    for
        each_of_mine(i) if (i != but && copies[i].inside->run_one(kinds)) return true;
    return false;
}

static void wait(unsigned copy, unsigned kinds, uint64_t until, uint64_t was)
{
    until = arm_all(kinds, until);
    if (!run_one_but(copy, kinds))
        sleep_until(until, was);
    arm_all(0, until);
}

/* What one copy has sent another, which has not looked at it yet. */
static bool something_is_on_its_way(void)
{
    struct pollfd on[APART_COPIES];
    nfds_t n = 0;

    for
        each_of_mine(i) on[n++] = (struct pollfd){.fd = copies[i].inside->descriptor(), .events = POLLIN};
    return poll(on, n, 0) > 0;
}

bool copies_dispatch(uint64_t until)
{
    bool any = false;

    for (;;) {
        uint64_t was = bell(), due = arm_all(WAKE_SENT | WAKE_CORE | WAKE_REST, until);

        for
            each_of_mine(i) any |= copies[i].DdemlDispatch(0);
        if (any)
            break;
        if (something_is_on_its_way())
            continue;
        if (test_now_ms() >= until)
            break;
        sleep_until(due, was);
    }
    arm_all(0, until);
    return any;
}

/* ---- Loading ------------------------------------------------------------------------------------------- */

__attribute__((constructor)) static void say_so(void)
{
    test_apart = true;
}

bool (*apart_refuses)(const char *what);
const struct flavour *(*apart_flavour)(void);

static bool refuses(const char *what)
{
    return apart_refuses && apart_refuses(what);
}

static const struct flavour *flavour(void)
{
    return apart_flavour();
}

static const struct apart_program program = {wait, bell, ring, refuses, flavour};

static void *find(void *library, const char *name)
{
    void *found = dlsym(library, name);

    if (!found) {
        fprintf(stderr, "%s\n", dlerror());
        abort();
    }
    return found;
}

static DWORD deadlines[2]; /* under the lock */

void copies_set_deadlines(DWORD initiate, DWORD shutdown)
{
    pthread_mutex_lock(&loading);
    deadlines[0] = initiate ? initiate : deadlines[0];
    deadlines[1] = shutdown ? shutdown : deadlines[1];
    for (unsigned i = 0; i < APART_COPIES; i++)
        if (atomic_load(&loaded[i]))
            copies[i].DdemlSetDeadlines(initiate, shutdown);
    pthread_mutex_unlock(&loading);
}

static void load(unsigned i)
{
    char path[sizeof APART_LIBRARY + 16];
    void *library;

    snprintf(path, sizeof path, "%s-%u.so", APART_LIBRARY, i);
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        abort();
    }
#define X(name) *(void **)&copies[i].name = find(library, #name);
    APART_DDE(X)
#undef X
    copies[i].inside = find(library, "ddeml_apart_copy");
    copies[i].inside->begin(i, &program);
    copies[i].DdemlSetDeadlines(deadlines[0], deadlines[1]);
}

const struct copy *copy_if_loaded(unsigned i)
{
    return atomic_load(&loaded[i]) ? &copies[i] : NULL;
}

const struct copy *copy_at(unsigned i)
{
    pthread_mutex_lock(&loading);
    if (!atomic_load(&loaded[i]))
        load(i);
    atomic_store(&loaded[i], true);
    pthread_mutex_unlock(&loading);
    mine |= 1u << i;
    return &copies[i];
}
