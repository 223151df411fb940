/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/host.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static pthread_mutex_t core_lock = PTHREAD_MUTEX_INITIALIZER;

void host_lock(void)
{
    pthread_mutex_lock(&core_lock);
}

void host_unlock(void)
{
    pthread_mutex_unlock(&core_lock);
}

uint64_t host_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void *host_alloc(size_t size)
{
    return calloc(1, size);
}

void host_free(void *p)
{
    free(p);
}
