/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/posix/figures.h"
#include "host/posix/peer.h"

#include <sched.h>
#include <stdlib.h>
#include <time.h>

/* Records are kept for ever, so that a thread may lock the record of another one that is about to end. */
static pthread_mutex_t records_lock = PTHREAD_MUTEX_INITIALIZER;
static struct host_thread *all_records, *free_records;

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool key_made;

/* These stand where the program's own do, which makes them much faster to get at. */
#define QUICK __attribute__((tls_model("initial-exec")))

static _Thread_local QUICK struct host_thread *self;
static _Thread_local QUICK uint32_t thread_id;

/* How soon a thread tries again to wait for other processes when somebody else does that for a moment. */
enum { POLL_AGAIN_MS = 10 };

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

static void leave_line(struct host_thread *me);

/* A procedure that was running when the thread ended will never return, nor will a send that was waiting. */
static void thread_end(void *value)
{
    struct host_thread *me = value;
    void *core = me->slot;

    leave_line(me); /* first: whoever stands in line may be given the watch */
    thread_leave_watch(me);
    sent_abandon(me);
    batches_end(me);
    me->slot = NULL;
    if (core)
        me->at_exit(core);
    me->ending = true;
    windows_end(me);
    user_thread_end(me);
    timers_deinit(me);
    loop_close(me);
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
    list_init(&t->off_watch);
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

    while (thread_id == 0)
        thread_id = atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
    return thread_id;
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
    bool waiting = t->waiting & what, asleep = waiting && !t->looking, polling = t->polling;

    if (what & (WAKE_SENT | WAKE_CORE | WAKE_REST))
        loop_signal(t);
    if (waiting)
        t->waiting = 0;
    pthread_mutex_unlock(&t->lock);
    if (t == self)
        ; /* it takes this itself from what others have sent: it is not asleep any more */
    else if (asleep && polling)
        peers_interrupt();
    else if (asleep)
        pthread_cond_signal(&t->wake);
}

void thread_wake(struct host_thread *t, enum wake what)
{
    pthread_mutex_lock(&t->lock);
    thread_unlock_and_wake(t, what);
}

/* ---- The watch on other processes ------------------------------------------------------------------ */

/* One of the sleeping threads is on watch: it waits for what other processes send, besides its own messages.
 * When it has something to do it hands the watch over to another sleeper, which has it from that moment: if it
 * is woken by something else at the same time it hands it on. So nobody who has something to do keeps it, and
 * it is never lost while somebody stands in line. A leaf lock. */
static struct {
    pthread_mutex_t lock;
    _Atomic(struct host_thread *) on;
    struct list others; /* struct host_thread.off_watch: asleep, could take over */
} watch = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .others = {&watch.others, &watch.others},
};

/* false: somebody else is, and this thread stands in line. */
static bool go_on_watch(struct host_thread *me)
{
    struct host_thread *nobody = NULL;
    bool mine;

    pthread_mutex_lock(&watch.lock);
    mine = atomic_compare_exchange_strong(&watch.on, &nobody, me) || nobody == me;
    if (!mine)
        list_append(&watch.others, &me->off_watch);
    pthread_mutex_unlock(&watch.lock);
    return mine;
}

static void leave_line(struct host_thread *me)
{
    pthread_mutex_lock(&watch.lock);
    list_remove(&me->off_watch);
    pthread_mutex_unlock(&watch.lock);
}

void thread_leave_watch(struct host_thread *me)
{
    struct host_thread *next;
    struct list *node;

    if (atomic_load_explicit(&watch.on, memory_order_relaxed) != me)
        return;
    pthread_mutex_lock(&watch.lock);
    node = list_pop(&watch.others);
    next = node ? container_of(node, struct host_thread, off_watch) : NULL;
    atomic_store_explicit(&watch.on, next, memory_order_relaxed);
    pthread_mutex_unlock(&watch.lock);
    if (next)
        thread_wake(next, WAKE_WATCH);
}

static void stop_waiting(void *value)
{
    struct host_thread *me = value;

    me->waiting = 0;
    pthread_mutex_unlock(&me->lock);
}

static void wait_for_signal(struct host_thread *me, uint64_t until)
{
    struct timespec at = {.tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000};

    pthread_cleanup_push(stop_waiting, me); /* the thread may be cancelled in its sleep */
    if (until == FOREVER)
        pthread_cond_wait(&me->wake, &me->lock);
    else
        pthread_cond_timedwait(&me->wake, &me->lock, &at);
    pthread_cleanup_pop(0);
}

/* Under no lock: whoever is cancelled here is not asleep any more. */
static void stop_polling(void *value)
{
    struct host_thread *me = value;

    pthread_mutex_lock(&me->lock);
    me->polling = false;
    stop_waiting(me);
}

/* Others may be at it for a moment, who have no messages to wait for. */
static void keep_watch(struct host_thread *me, uint64_t until)
{
    uint64_t soon = host_now_ms() + POLL_AGAIN_MS;

    if (!peers_claim()) {
        wait_for_signal(me, until < soon ? until : soon);
        return;
    }
    me->polling = true;
    pthread_mutex_unlock(&me->lock);
    pthread_cleanup_push(stop_polling, me);
    peers_poll(until);
    pthread_cleanup_pop(0);
    pthread_mutex_lock(&me->lock);
    me->polling = false;
}

/* Putting a thread to sleep and waking it up takes longer than most answers do, so that whoever waits looks out for
 * a moment first: if the other one needs this core, by letting it go ahead. Where that is in vain it is tried more
 * and more seldom; where a third one goes ahead, which can take milliseconds, not for many times as long. */
enum { LOOKS = 2400, LOOKS_AT_ONCE = 40, SELDOM = 12, LONG_US = 250, TIMES_AS_LONG = 16 };

static uint64_t exact_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void breathe(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static void look_out(struct host_thread *me)
{
    uint64_t begin = exact_us(), took;

    if (begin < me->look_again)
        return;
    me->looking = true;
    pthread_mutex_unlock(&me->lock);
    for (int i = 0; i < LOOKS && atomic_load_explicit(&me->waiting, memory_order_relaxed); i++) {
        if (i % LOOKS_AT_ONCE) {
            breathe();
        } else {
            sched_yield();
            peers_glance();
        }
    }
    took = exact_us() - begin;
    if (took > LONG_US)
        me->look_again = begin + took * TIMES_AS_LONG;
    pthread_mutex_lock(&me->lock);
    me->looking = false;
    me->vain = !me->waiting ? 0 : me->vain < SELDOM ? me->vain + 1 : SELDOM;
    me->no_looks = (1u << me->vain) - 1;
}

void thread_park(struct host_thread *me, unsigned what, uint64_t until)
{
    me->waiting = what | WAKE_WATCH;
    if (me->no_looks)
        me->no_looks--;
    else if (what)
        look_out(me);
    if (!me->waiting)
        return;
    if (!peers_number() || !what) {
        wait_for_signal(me, until);
    } else if (go_on_watch(me)) {
        keep_watch(me, until);
    } else {
        wait_for_signal(me, until);
        leave_line(me);
    }
    me->waiting = 0;
}

void threads_hold(bool hold)
{
    (hold ? pthread_mutex_lock : pthread_mutex_unlock)(&records_lock);
    (hold ? pthread_mutex_lock : pthread_mutex_unlock)(&watch.lock);
}

/* Its record stays where it is, and with it whatever was the parent's. */
void thread_forked(void)
{
    atomic_store_explicit(&watch.on, NULL, memory_order_relaxed);
    list_init(&watch.others);
    users_forked();
    all_records = free_records = NULL;
    if (self)
        pthread_setspecific(key, NULL);
    self = NULL;
    thread_id = 0;
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
