/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#define _GNU_SOURCE /* pthread_timedjoin_np */

#include "host/host.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

struct beginning {
    void (*run)(void *arg);
    void *arg;
};

static void *begin(void *beginning)
{
    struct beginning b = *(struct beginning *)beginning;

    free(beginning);
    b.run(b.arg);
    return NULL;
}

/* Signals are for the program's own threads. */
uintptr_t host_thread_start(void (*run)(void *arg), void *arg)
{
    struct beginning *b = malloc(sizeof *b);
    sigset_t all, former;
    pthread_t id;
    int error;

    if (!b)
        return 0;
    *b = (struct beginning){run, arg};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    error = pthread_create(&id, NULL, begin, b);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    if (!error)
        return (uintptr_t)id;
    free(b);
    return 0;
}

int host_thread_join(uintptr_t thread, uint32_t wait_ms)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    return pthread_timedjoin_np((pthread_t)thread, NULL, &until) == 0 ? HOST_OK : HOST_LATE;
}

void host_thread_let_go(uintptr_t thread)
{
    pthread_detach((pthread_t)thread);
}
