/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef CONTRACT_THREAD_H
#define CONTRACT_THREAD_H

/* Threads and events for the contract suite. An event stays set; waiting for one has a deadline. On the simulator
 * (DDEML_HOST_SIM) they are the simulated ones. */

#include <stdbool.h>

struct thread_call {
    void (*run)(void *arg);
    void *arg;
};

#ifdef _WIN32

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <process.h>

struct thread {
    HANDLE handle;
    struct thread_call call;
};

struct event {
    HANDLE handle;
};

static inline unsigned __stdcall thread_main(void *arg)
{
    struct thread_call *call = arg;

    call->run(call->arg);
    return 0;
}

static inline bool thread_start(struct thread *t, void (*run)(void *arg), void *arg)
{
    t->call = (struct thread_call){run, arg};
    t->handle = (HANDLE)_beginthreadex(NULL, 0, thread_main, &t->call, 0, NULL);
    return t->handle != NULL;
}

static inline void thread_join(struct thread *t)
{
    WaitForSingleObject(t->handle, INFINITE);
    CloseHandle(t->handle);
}

static inline bool event_init(struct event *e)
{
    e->handle = CreateEventW(NULL, TRUE, FALSE, NULL);
    return e->handle != NULL;
}

static inline void event_deinit(struct event *e)
{
    CloseHandle(e->handle);
}

static inline void event_set(struct event *e)
{
    SetEvent(e->handle);
}

static inline bool event_wait(struct event *e, unsigned ms)
{
    return WaitForSingleObject(e->handle, ms) == WAIT_OBJECT_0;
}

#elif defined(DDEML_HOST_SIM)

#include "host/sim/sim.h"

/* Simulated threads need a world, which tests/sim/contract.c makes. */
#define main contract_main
int main(int argc, char **argv);

struct thread {
    int number;
};

struct event {
    bool set;
};

static inline bool thread_start(struct thread *t, void (*run)(void *arg), void *arg)
{
    t->number = sim_thread(sim_self(), run, arg);
    return t->number != 0;
}

static inline bool thread_is_over(void *number)
{
    return sim_thread_over(*(int *)number);
}

static inline void thread_join(struct thread *t)
{
    while (!sim_wait(thread_is_over, &t->number, 1000000)) {
    }
}

_Noreturn static inline void thread_exit(void)
{
    sim_exit();
}

static inline bool event_init(struct event *e)
{
    e->set = false;
    return true;
}

static inline void event_deinit(struct event *e)
{
    (void)e;
}

static inline void event_set(struct event *e)
{
    e->set = true;
}

static inline bool event_is_set(void *event)
{
    return ((struct event *)event)->set;
}

static inline bool event_wait(struct event *e, unsigned ms)
{
    return sim_wait(event_is_set, e, ms);
}

#else

#include <errno.h>
#include <pthread.h>
#include <time.h>

struct thread {
    pthread_t handle;
    struct thread_call call;
};

struct event {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool set;
};

static inline void *thread_main(void *arg)
{
    struct thread_call *call = arg;

    call->run(call->arg);
    return NULL;
}

static inline bool thread_start(struct thread *t, void (*run)(void *arg), void *arg)
{
    t->call = (struct thread_call){run, arg};
    return pthread_create(&t->handle, NULL, thread_main, &t->call) == 0;
}

static inline void thread_join(struct thread *t)
{
    pthread_join(t->handle, NULL);
}

_Noreturn static inline void thread_exit(void)
{
    pthread_exit(NULL);
}

static inline bool event_init(struct event *e)
{
    pthread_condattr_t monotonic;

    e->set = false;
    pthread_mutex_init(&e->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&e->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return true;
}

static inline void event_deinit(struct event *e)
{
    pthread_cond_destroy(&e->changed);
    pthread_mutex_destroy(&e->lock);
}

static inline void event_set(struct event *e)
{
    pthread_mutex_lock(&e->lock);
    e->set = true;
    pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->lock);
}

static inline bool event_wait(struct event *e, unsigned ms)
{
    struct timespec until;
    bool set;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&e->lock);
    while (!e->set && pthread_cond_timedwait(&e->changed, &e->lock, &until) != ETIMEDOUT) {
    }
    set = e->set;
    pthread_mutex_unlock(&e->lock);
    return set;
}

#endif

#endif
