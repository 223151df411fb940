/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#define _GNU_SOURCE /* nftw, mkdtemp */

#include "fuzz/inside.h"

#include "fuzz/fuzz.h"
#include "host/posix/figures.h"
#include "host/posix/memory.h"
#include "host/posix/peer.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* LARGEST: a block that would be larger is refused, as by a system without memory; filling it takes too long. FILE:
 * blocks from here on are files, so that these are met as well. */
enum { LARGEST = 256 << 10, FILE_FROM = 64 << 10 };

static struct {
    bool started, meets, asking, full;
    bool (*asleep)(void);
    uint64_t us;
    char folder[64];
} host = {.us = 1000000000};

/* ---- The clock ---------------------------------------------------------------------------------------- */

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
void __wrap_thread_park(struct host_thread *me, unsigned what, uint64_t until);

/* It moves a little with every look, so that nobody looks at it for ever. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    if (!host.started || clock == CLOCK_REALTIME)
        return __real_clock_gettime(clock, now);
    host.us++;
    now->tv_sec = (time_t)(host.us / 1000000);
    now->tv_nsec = (long)(host.us % 1000000) * 1000;
    return 0;
}

void inside_pass(uint32_t ms)
{
    host.us += (uint64_t)ms * 1000;
}

static bool ask(void)
{
    bool done;

    if (!host.asleep || host.asking)
        return false;
    host.asking = true;
    done = host.asleep();
    host.asking = false;
    return done;
}

/* There is nobody else who could wake this thread: either the door does, or a connection, or the time. */
void __wrap_thread_park(struct host_thread *me, unsigned what, uint64_t until)
{
    bool done;

    me->waiting = what | WAKE_WATCH;
    pthread_mutex_unlock(&me->lock);
    done = what && ask();
    peers_look();
    pthread_mutex_lock(&me->lock);
    if (me->waiting && !done && until == FOREVER)
        fuzz_fail("the library waits for ever");
    if (me->waiting && !done && until * 1000 > host.us)
        host.us = until * 1000;
    me->waiting = 0;
}

/* ---- No more than there is ---------------------------------------------------------------------------- */

host_mem __real_host_mem_alloc(size_t size, bool fixed);
host_mem __wrap_host_mem_alloc(size_t size, bool fixed);
host_mem __real_host_mem_resize(host_mem mem, size_t size);
host_mem __wrap_host_mem_resize(host_mem mem, size_t size);
int __real_pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*run)(void *), void *arg);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*run)(void *), void *arg);
int __real_host_post(const struct host_msg *msg);
int __wrap_host_post(const struct host_msg *msg);

host_mem __wrap_host_mem_alloc(size_t size, bool fixed)
{
    return size > LARGEST ? 0 : __real_host_mem_alloc(size, fixed);
}

host_mem __wrap_host_mem_resize(host_mem mem, size_t size)
{
    return size > LARGEST ? 0 : __real_host_mem_resize(mem, size);
}

int __wrap_host_post(const struct host_msg *msg)
{
    return host.full ? HOST_FULL : __real_host_post(msg);
}

void inside_fill(bool full)
{
    host.full = full;
}

/* The library gets no threads. */
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
    (void)id;
    (void)attr;
    (void)run;
    (void)arg;
    return EAGAIN;
}

/* ---- A thread of its own ------------------------------------------------------------------------------ */

static _Thread_local bool on_own_thread;

static void *begin(void *run)
{
    on_own_thread = true;
    (*(void (**)(void))run)();
    return NULL;
}

void inside_on_thread(void (*run)(void))
{
    pthread_t id;

    if (__real_pthread_create(&id, NULL, begin, &run) != 0)
        fuzz_fail("no thread");
    pthread_join(id, NULL);
}

void inside_end_thread(void)
{
    if (on_own_thread)
        pthread_exit(NULL);
}

/* ---- Begin and end ------------------------------------------------------------------------------------ */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(host.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void inside_meet(void)
{
    const char *at = getenv("XDG_RUNTIME_DIR");

    if (host.meets)
        return;
    host.meets = true;
    snprintf(host.folder, sizeof host.folder, "%s/fuzz-XXXXXX", at && strlen(at) < 40 ? at : "/tmp");
    if (!mkdtemp(host.folder) || setenv("XDG_RUNTIME_DIR", host.folder, 1) != 0)
        fuzz_fail("no folder: %s", strerror(errno));
    atexit(remove_folder);
}

/* What is too long for a path is no place to meet. */
void inside_start(void)
{
    char nowhere[256];

    memset(nowhere, '/', sizeof nowhere - 1);
    nowhere[sizeof nowhere - 1] = 0;
    if (!host.meets)
        setenv("XDG_RUNTIME_DIR", nowhere, 1);
    mem_large = FILE_FROM;
    host.started = true;
}

void inside_begin(bool (*asleep)(void))
{
    host.asleep = asleep;
    host.asking = host.full = false;
}

void inside_end(void)
{
    host.asleep = NULL;
    host.full = false;
}

void inside_check(void)
{
    bool empty = true;

#define CHECK(figure)                                                                                        \
    if (figure()) {                                                                                          \
        fprintf(stderr, "left: %ld %s\n", figure(), #figure);                                                \
        empty = false;                                                                                       \
    }
    CHECK(figure_windows)
    CHECK(figure_posts)
    CHECK(figure_sends)
    CHECK(figure_blocks)
    CHECK(figure_atoms)
#undef CHECK
    if (!empty)
        fuzz_fail("the host has something left");
}
