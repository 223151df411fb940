/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/posix/memory.h"
#include "host/posix/posix.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t core_lock = PTHREAD_MUTEX_INITIALIZER;

void host_lock(void)
{
    pthread_mutex_lock(&core_lock);
}

void host_unlock(void)
{
    pthread_mutex_unlock(&core_lock);
}

void core_hold(bool hold)
{
    (hold ? host_lock : host_unlock)();
}

static uint64_t ms_of(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t host_now_ms(void)
{
    return ms_of(CLOCK_MONOTONIC);
}

uint64_t recent_ms(void)
{
#ifdef CLOCK_MONOTONIC_COARSE
    return ms_of(CLOCK_MONOTONIC_COARSE);
#else
    return ms_of(CLOCK_MONOTONIC);
#endif
}

uint32_t host_process_id(void)
{
    return (uint32_t)getpid();
}

void *host_alloc(size_t size)
{
    return zeros_new(size);
}

void host_free(void *p)
{
    free(p);
}
