/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/posix/figures.h"
#include "host/posix/posix.h"

#include <stdlib.h>
#include <time.h>

/* Records are kept for ever, so that a thread may lock the record of another one that is about to end. */
static pthread_mutex_t records_lock = PTHREAD_MUTEX_INITIALIZER;
static struct host_thread *all_records, *free_records;

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool key_made;

static _Thread_local struct host_thread *self;

/* ---- A thread's end ------------------------------------------------------------------------------- */

static void give_record(struct host_thread *t)
{
    pthread_mutex_lock(&t->lock);
    queue_free_spare(t);
    t->live = false;
    pthread_mutex_unlock(&t->lock);

    pthread_mutex_lock(&records_lock);
    t->next_free = free_records;
    free_records = t;
    pthread_mutex_unlock(&records_lock);
}

/* A procedure that was running when the thread ended will never return, nor will a send that was waiting. */
static void thread_end(void *value)
{
    struct host_thread *me = value;
    void *core = me->slot;

    sent_abandon(me);
    batches_end(me);
    me->slot = NULL;
    if (core)
        me->at_exit(core);
    me->ending = true;
    windows_end(me);
    timers_deinit(me);
    self = NULL;
    give_record(me);
}

static void make_key(void)
{
    key_made = pthread_key_create(&key, thread_end) == 0;
}

/* ---- A thread's record ---------------------------------------------------------------------------- */

static struct host_thread *new_record(void)
{
    struct host_thread *t = calloc(1, sizeof *t);
    pthread_condattr_t monotonic;

    if (!t)
        return NULL;
    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&t->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    list_init(&t->core);
    list_init(&t->rest);
    list_init(&t->spare);
    list_init(&t->sent);
    list_init(&t->running);
    list_init(&t->roots);
    list_init(&t->closing);
    list_init(&t->batches);
    return t;
}

static struct host_thread *take_record(void)
{
    struct host_thread *t;

    pthread_mutex_lock(&records_lock);
    t = free_records;
    if (t) {
        free_records = t->next_free;
    } else {
        t = new_record();
        if (t) {
            t->next_record = all_records;
            all_records = t;
        }
    }
    pthread_mutex_unlock(&records_lock);
    if (!t)
        return NULL;
    pthread_mutex_lock(&t->lock);
    t->live = true;
    pthread_mutex_unlock(&t->lock);
    t->slot = NULL;
    t->ending = false;
    return t;
}

struct host_thread *thread_self(void)
{
    struct host_thread *t = self;

    if (t)
        return t;
    pthread_once(&key_once, make_key);
    t = key_made ? take_record() : NULL;
    if (!t)
        return NULL;
    if (pthread_setspecific(key, t) != 0) {
        give_record(t);
        return NULL;
    }
    self = t;
    return t;
}

struct host_thread *thread_peek(void)
{
    return self;
}

/* Numbers come round after four thousand million threads. */
uint32_t host_thread_id(void)
{
    static atomic_uint last;
    static _Thread_local uint32_t id;

    while (id == 0)
        id = atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
    return id;
}

void **host_thread_slot(void (*at_exit)(void *value))
{
    struct host_thread *me = thread_self();

    if (!me)
        return NULL;
    me->at_exit = at_exit;
    return &me->slot;
}

/* ---- Waking and sleeping -------------------------------------------------------------------------- */

struct host_thread *thread_lock_owner(host_wnd wnd, struct window **wp)
{
    struct window *w = window_at(wnd);
    struct host_thread *t = w ? atomic_load_explicit(&w->owner, memory_order_acquire) : NULL;

    if (!t)
        return NULL;
    pthread_mutex_lock(&t->lock);
    /* Handles are closed under their owner's lock, and no handle ever has two owners. */
    if (!window_open(w, wnd)) {
        pthread_mutex_unlock(&t->lock);
        return NULL;
    }
    *wp = w;
    return t;
}

/* The signal comes after the lock is free, or else the sleeper would wake up only to wait for the lock. */
void thread_unlock_and_wake(struct host_thread *t, enum wake what)
{
    bool asleep = t->waiting & what;

    if (asleep)
        t->waiting = 0;
    pthread_mutex_unlock(&t->lock);
    if (asleep)
        pthread_cond_signal(&t->wake);
}

void thread_wake(struct host_thread *t, enum wake what)
{
    pthread_mutex_lock(&t->lock);
    thread_unlock_and_wake(t, what);
}

static void stop_waiting(void *value)
{
    struct host_thread *me = value;

    me->waiting = 0;
    pthread_mutex_unlock(&me->lock);
}

void thread_park(struct host_thread *me, unsigned what, uint64_t until)
{
    struct timespec at = {.tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000};

    me->waiting = what;
    pthread_cleanup_push(stop_waiting, me); /* the thread may be cancelled in its sleep */
    if (until == FOREVER)
        pthread_cond_wait(&me->wake, &me->lock);
    else
        pthread_cond_timedwait(&me->wake, &me->lock, &at);
    pthread_cleanup_pop(0);
    me->waiting = 0;
}

/* ---- Figures -------------------------------------------------------------------------------------- */

static long sum_of_records(long (*figure)(const struct host_thread *t))
{
    long n = 0;

    pthread_mutex_lock(&records_lock);
    for (struct host_thread *t = all_records; t; t = t->next_record) {
        pthread_mutex_lock(&t->lock);
        n += figure(t);
        pthread_mutex_unlock(&t->lock);
    }
    pthread_mutex_unlock(&records_lock);
    return n;
}

static long live(const struct host_thread *t)
{
    return t->live;
}

static long remains(const struct host_thread *t)
{
    return t->live ? 0 : (long)(t->n_spare + t->timer_room);
}

static long queued(const struct host_thread *t)
{
    return (long)t->queued;
}

long figure_threads(void)
{
    return sum_of_records(live);
}

long figure_remains(void)
{
    return sum_of_records(remains);
}

long figure_posts(void)
{
    return sum_of_records(queued);
}
