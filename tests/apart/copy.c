/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The part of a copy that is not of the library; see copy.h. The linker sends here what the library does when
 * it goes to sleep and when it wakes a thread. */

#include "apart/copy.h"
#include "faults/fault.h"
#include "host/posix/figures.h"
#include "host/posix/peer.h"

#include <malloc.h>
#include <stdatomic.h>

/* What the copy has from malloc, as tests/leak counts it. */
static atomic_long blocks, bytes;

static unsigned self;
static const struct apart_program *program;

/* What the linker makes of calls of these. */
void __wrap_thread_park(struct host_thread *me, unsigned what, uint64_t until);
void __real_thread_park(struct host_thread *me, unsigned what, uint64_t until);
int __wrap_pthread_cond_signal(pthread_cond_t *cond);
int __real_pthread_cond_signal(pthread_cond_t *cond);
bool __wrap_host_pump(enum host_scope scope, bool (*done)(void *arg), void *arg, uint64_t until);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);

static void *enters(void *p)
{
    if (p) {
        atomic_fetch_add(&blocks, 1);
        atomic_fetch_add(&bytes, (long)malloc_usable_size(p));
    }
    return p;
}

static void leaves(void *p)
{
    if (p) {
        atomic_fetch_sub(&blocks, 1);
        atomic_fetch_sub(&bytes, (long)malloc_usable_size(p));
    }
}

/* What fails in the copies is for the program to decide; wraps.c asks. */
bool fault_hits(const char *what)
{
    return program && program->refuses(what);
}

const struct flavour *fault_flavour(void)
{
    return program->flavour();
}

void *__wrap_malloc(size_t size)
{
    return fault_hits("malloc") ? NULL : enters(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fault_hits("calloc") ? NULL : enters(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t size)
{
    void *moved;

    if (fault_hits("realloc"))
        return NULL;
    leaves(p);
    moved = __real_realloc(p, size);
    if (!moved)
        enters(p);
    return enters(moved);
}

void __wrap_free(void *p)
{
    leaves(p);
    __real_free(p);
}

static long apart_blocks(void)
{
    return atomic_load(&blocks);
}

static long apart_bytes(void)
{
    return atomic_load(&bytes);
}

void __wrap_thread_park(struct host_thread *me, unsigned what, uint64_t until)
{
    uint64_t rung = program->bell();

    if (!what) { /* for memory */
        __real_thread_park(me, what, until);
        return;
    }
    me->waiting = what;
    pthread_mutex_unlock(&me->lock);
    program->wait(self, what, until, rung);
    peers_look();
    pthread_mutex_lock(&me->lock);
    me->waiting = 0;
}

int __wrap_pthread_cond_signal(pthread_cond_t *cond)
{
    program->ring();
    return __real_pthread_cond_signal(cond);
}

static bool run_sent(void)
{
    struct host_thread *me = thread_peek();
    struct job job;
    bool found;

    if (!me)
        return false;
    peers_look();
    pthread_mutex_lock(&me->lock);
    found = sent_next(me, &job);
    pthread_mutex_unlock(&me->lock);
    if (found)
        job_run(&job);
    else
        peers_flush();
    return found;
}

static bool run_one(unsigned kinds)
{
    return kinds & WAKE_CORE ? host_dispatch(kinds & WAKE_REST ? HOST_ALL_MESSAGES : HOST_DDE_MESSAGES, 0)
                             : run_sent();
}

static uint64_t arm(unsigned kinds)
{
    struct host_thread *me = thread_peek();
    uint64_t due = FOREVER;

    if (!me)
        return due;
    pthread_mutex_lock(&me->lock);
    me->waiting = kinds;
    pthread_mutex_unlock(&me->lock);
    return kinds & WAKE_CORE ? timers_next(me) : due;
}

/* As the library's, but what happens in another copy may be what is waited for, too: a callback there that
 * ends it. */
bool __wrap_host_pump(enum host_scope scope, bool (*done)(void *arg), void *arg, uint64_t until)
{
    unsigned kinds = WAKE_SENT | WAKE_CORE | (scope == HOST_ALL_MESSAGES ? WAKE_REST : 0);

    while (!done(arg)) {
        uint64_t rung = program->bell(), due = arm(kinds);

        if (run_one(kinds))
            continue;
        if (host_now_ms() >= until)
            return done(arg);
        program->wait(self, kinds, due < until ? due : until, rung);
    }
    return true;
}

static void begin(unsigned copy, const struct apart_program *p)
{
    self = copy;
    program = p;
}

extern const struct apart_copy APART_COPY;
__attribute__((visibility("default"))) const struct apart_copy APART_COPY = {.begin = begin,
                                                                             .run_one = run_one,
                                                                             .arm = arm,
                                                                             .descriptor = peers_descriptor,
#define X(name) .name = name,
                                                                             APART_HOST(X) APART_FIGURES(X)
#undef X
};
