/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/sim/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Threads, and who goes on when. */

struct thread *thread_current(void)
{
    if (!world.current) {
        fprintf(stderr, "sim: a host call out of no simulated thread\n");
        abort();
    }
    return world.current;
}

enum { MOST_THREADS = 512 }; /* at a time */

/* ---- Beginning and end --------------------------------------------------------------------------------- */

/* A procedure that was running when the thread ended will never return, nor will a send that was waiting. */
static void finish(struct thread *t)
{
    void *value;

    sent_abandon(t, false);
    batches_end(t);
    value = t->slot;
    t->slot = NULL;
    if (value)
        t->at_exit(value);
    t->ending = true;
    windows_end(t);
    t->state = THREAD_OVER;
}

_Noreturn void sim_exit(void)
{
    finish(thread_current());
    stack_quit();
}

static void thread_main(void *thread)
{
    struct thread *t = thread;

    story_call(CALL_begins, (uint64_t)t->number, 0, 0);
    t->run(t->arg);
    finish(t);
}

struct thread *thread_new(struct process *p, void (*run)(void *arg), void *arg)
{
    struct thread *t = world_new(sizeof *t);

    if (world.n_alive == MOST_THREADS) {
        fprintf(stderr, "sim: more than %d threads\n", MOST_THREADS);
        abort();
    }
    if (world.n_threads + 1 >= world.threads_room) {
        world.threads_room = world.threads_room * 2 + 32;
        world.by_number = realloc(world.by_number, (size_t)world.threads_room * sizeof(struct thread *));
        if (!world.by_number)
            abort();
    }
    t->number = ++world.n_threads;
    world.by_number[t->number] = t;
    t->id = ++p->last_thread;
    t->process = p;
    t->run = run;
    t->arg = arg;
    t->ready_since = world.now;
    list_init(&t->core);
    list_init(&t->rest);
    list_init(&t->transit);
    list_init(&t->sent);
    list_init(&t->running);
    list_init(&t->roots);
    list_init(&t->closing);
    list_init(&t->batches);
    list_init(&t->timed);
    list_append(&world.threads, &t->place);
    p->n_threads++;
    world.n_alive++;
    return t;
}

static void leave_world(struct thread *t)
{
    if (t->stack)
        stack_give(t->stack);
    t->stack = NULL;
    list_remove(&t->place);
    t->process->n_threads--;
    world.n_alive--;
}

void thread_stop(struct thread *t)
{
    sent_abandon(t, true);
    batches_end(t);
    windows_vanish(t);
    t->state = THREAD_OVER;
    if (t == world.current)
        stack_quit();
    leave_world(t);
}

/* ---- Waiting ------------------------------------------------------------------------------------------- */

/* As long as this nobody means to wait. */
#define TOO_LONG MS(86400000)

/* The host's own waits; an idle loop may be one without end, and a lock is never held for long. */
static void check_deadline(enum call call, uint64_t until)
{
    bool needs = (call == CALL_pump && !world.current->started) || call == CALL_send ||
                 call == CALL_broadcast || call == CALL_window_meet || call == CALL_thread_join;

    if (needs && until - world.now > TOO_LONG)
        story_misuse("waits without a deadline", (uintptr_t)call);
}

bool thread_wait(enum call call, uintptr_t what, bool (*ready)(void *arg), void *arg, uint64_t until)
{
    struct thread *t = thread_current();

    check_deadline(call, until);
    t->state = THREAD_WAITING;
    t->ready = ready;
    t->ready_arg = arg;
    t->until = until;
    if (until != FOREVER && until > world.now + MS(1) && world.options.max_late_ms)
        t->until += chance_below(world.options.max_late_ms * 1000 + 1);
    t->waits_in = call;
    t->waits_for = what;
    t->ready_since = 0;
    stack_leave(t->stack);
    if (t->could_go > until)
        t->excused += t->could_go - until;
    return t->was_ready;
}

void thread_preempt(void)
{
    struct thread *t = thread_current();

    if (t->process->lock_owner == t)
        return;
    world.figures.preempted++;
    t->ready_since = world.now;
    stack_leave(t->stack);
}

void sim_yield(void)
{
    thread_preempt();
}

void sim_sleep(uint32_t ms)
{
    thread_wait(CALL_now_ms, 0, NULL, NULL, world.now + MS(ms));
}

bool sim_wait(bool (*ready)(void *arg), void *arg, uint32_t ms)
{
    if (ready(arg))
        return true;
    return thread_wait(CALL_goes_on, 0, ready, arg, world.now + MS(ms));
}

/* ---- Scheduling ---------------------------------------------------------------------------------------- */

/* Could it go on? If so it is noted since when. */
static bool could_go_on(struct thread *t)
{
    bool ready;

    if (t->state == THREAD_RUNNABLE)
        return true;
    ready = t->ready && t->ready(t->ready_arg);
    if (!ready && world.now < t->until)
        return false;
    t->was_ready = ready;
    if (!t->ready_since)
        t->ready_since = ready ? world.now : t->until;
    return true;
}

static struct thread *pick(void)
{
    struct thread *ready[MOST_THREADS];
    uint32_t n = 0;

    list_each (node, next, &world.threads) {
        struct thread *t = container_of(node, struct thread, place);

        if (could_go_on(t) && t->process->hung_until <= world.now)
            ready[n++] = t;
    }
    if (!n)
        return NULL;
    return ready[n > 1 ? chance_below(n) : 0];
}

static uint64_t after_now(uint64_t a, uint64_t b)
{
    return b > world.now && b < a ? b : a;
}

/* When something happens to it that may let it go on. */
static uint64_t next_for(struct thread *t)
{
    uint64_t next = FOREVER;

    if (t->state == THREAD_WAITING) {
        next = after_now(next, t->until);
        next = after_now(next, queue_next_arrival(t));
        next = after_now(next, sent_next_arrival(t));
        next = after_now(next, windows_next_due(t));
    }
    if (next < t->process->hung_until)
        next = t->process->hung_until;
    return after_now(next, t->process->hung_until);
}

static uint64_t next_time(void)
{
    uint64_t next = FOREVER;

    list_each (node, n, &world.threads)
        next = after_now(next, next_for(container_of(node, struct thread, place)));
    return next;
}

static void go_on(struct thread *t)
{
    struct process *p = t->process;

    t->state = THREAD_RUNNABLE;
    t->could_go = t->ready_since ? t->ready_since : world.now;
    t->excused += world.now - t->could_go;
    t->ready_since = 0;
    t->quantum = 0;
    world.current = t;
    world.figures.switches++;
    story_mix((uint64_t)t->number << 40 ^ world.now);
    if (!t->stack)
        t->stack = stack_take(thread_main, t);
    stack_enter(t->stack);
    world.current = NULL;
    if (t->state != THREAD_OVER)
        return;
    leave_world(t);
    if (p->n_threads == 0 && !p->over)
        process_settle(p);
}

bool sim_run(uint64_t until_ms)
{
    while (world.n_alive) {
        struct thread *t = pick();
        uint64_t next;

        if (t) {
            if (world.now >= MS(until_ms))
                return false;
            go_on(t);
            continue;
        }
        next = next_time();
        if (next == FOREVER || next > MS(until_ms))
            return false;
        world.now = next;
    }
    return true;
}

/* ---- What is told of them ------------------------------------------------------------------------------- */

const char *sim_why(void)
{
    static char text[4000];
    size_t n = 0;

    text[0] = 0;
    list_each (node, next, &world.threads) {
        const struct thread *t = container_of(node, struct thread, place);

        if (n + 200 > sizeof text)
            break;
        n += (size_t)snprintf(text + n, sizeof text - n, "p%d.t%d ", t->process->number, t->number);
        if (t->process->hung_until > world.now)
            n += (size_t)snprintf(text + n, sizeof text - n, "(hangs) ");
        if (t->state == THREAD_RUNNABLE)
            n += (size_t)snprintf(text + n, sizeof text - n, "can run\n");
        else if (t->until == FOREVER)
            n += (size_t)snprintf(text + n, sizeof text - n, "waits in %s for %llx, for ever\n",
                                  call_name(t->waits_in), (unsigned long long)t->waits_for);
        else
            n += (size_t)snprintf(text + n, sizeof text - n, "waits in %s for %llx, until %llu ms\n",
                                  call_name(t->waits_in), (unsigned long long)t->waits_for,
                                  (unsigned long long)(t->until / 1000));
    }
    return text;
}

int sim_self(void)
{
    return world.current ? world.current->process->number : -1;
}

int sim_self_thread(void)
{
    return world.current ? world.current->number : 0;
}

uint64_t sim_excused_ms(void)
{
    return (thread_current()->excused + 999) / 1000;
}

bool sim_thread_over(int thread)
{
    return thread < 1 || thread > world.n_threads || world.by_number[thread]->state == THREAD_OVER;
}

/* ---- The host's calls ---------------------------------------------------------------------------------- */

uint32_t host_thread_id(void)
{
    call_begin(CALL_thread_id);
    return world.current->id;
}

uint32_t host_session_thread(void)
{
    call_begin(CALL_session_thread);
    return (uint32_t)world.current->number;
}

uint64_t host_now_ms(void)
{
    call_begin(CALL_now_ms);
    return world.now / 1000;
}

void **host_thread_slot(void (*at_exit)(void *value))
{
    struct thread *t = thread_current();

    call_begin(CALL_thread_slot);
    if (!t->has_slot && call_fails(SIM_FAULT_slot))
        return NULL;
    t->has_slot = true;
    t->at_exit = at_exit;
    return &t->slot;
}

uintptr_t host_thread_start(void (*run)(void *arg), void *arg)
{
    struct thread *t;

    call_begin(CALL_thread_start);
    if (call_fails(SIM_FAULT_thread))
        return 0;
    t = thread_new(world.current->process, run, arg);
    t->started = true;
    t->process->n_handles++;
    story_call(CALL_thread_start, (uint64_t)t->number, 0, 0);
    return (uintptr_t)t->number;
}

static struct thread *started(uintptr_t handle)
{
    struct thread *t = handle && handle <= (uintptr_t)world.n_threads ? world.by_number[handle] : NULL;

    if (t && t->started && t->process == world.current->process)
        return t;
    story_misuse("no handle of a thread", handle);
    return NULL;
}

static bool is_over(void *thread)
{
    return ((struct thread *)thread)->state == THREAD_OVER;
}

static void close_handle(struct thread *t)
{
    t->started = false;
    t->process->n_handles--;
}

int host_thread_join(uintptr_t thread, uint32_t wait_ms)
{
    struct thread *t;

    call_begin(CALL_thread_join);
    t = started(thread);
    if (!t)
        return HOST_LATE;
    if (!is_over(t) && !thread_wait(CALL_thread_join, thread, is_over, t, world.now + MS(wait_ms)))
        return HOST_LATE;
    close_handle(t);
    return HOST_OK;
}

void host_thread_let_go(uintptr_t thread)
{
    struct thread *t;

    call_begin(CALL_thread_let_go);
    t = started(thread);
    if (t)
        close_handle(t);
}

static bool lock_is_free(void *process)
{
    return !((struct process *)process)->lock_owner;
}

void host_lock(void)
{
    struct process *p = thread_current()->process;

    call_begin(CALL_lock);
    while (p->lock_owner)
        thread_wait(CALL_lock, 0, lock_is_free, p, FOREVER);
    p->lock_owner = world.current;
}

void host_unlock(void)
{
    call_begin(CALL_unlock);
    world.current->process->lock_owner = NULL;
}
