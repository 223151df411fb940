/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What belongs to a thread: its instances. A thread that ends without DdeUninitialize ends them here. */

#include "core/core.h"

#include <stdatomic.h>

static _Atomic uint32_t initiate_ms = 1000, shutdown_ms = 30000;

uint32_t deadline_initiate(void)
{
    return atomic_load(&initiate_ms);
}

uint32_t deadline_shutdown(void)
{
    return atomic_load(&shutdown_ms);
}

void deadline_set(uint32_t initiate, uint32_t shutdown)
{
    if (initiate)
        atomic_store(&initiate_ms, initiate);
    if (shutdown)
        atomic_store(&shutdown_ms, shutdown);
}

static void thread_ends(void *value)
{
    struct thread *t = value;

    t->ended = true;
    t->waiting = true; /* whatever it was doing is over; keeps the record until all instances have gone */
    while (!list_empty(&t->insts))
        inst_abort(container_of(t->insts.next, struct inst, node));
    mem_free(t);
}

struct thread *thread_current(void)
{
    void **slot = host_thread_slot(thread_ends);

    return slot ? *slot : NULL;
}

struct thread *thread_enter(void)
{
    void **slot = host_thread_slot(thread_ends);
    struct thread *t;

    if (!slot || *slot)
        return slot ? *slot : NULL;
    t = mem_new(sizeof *t);
    if (!t)
        return NULL;
    list_init(&t->insts);
    return *slot = t;
}

void thread_leave(struct thread *t)
{
    void **slot = host_thread_slot(thread_ends);

    if (!list_empty(&t->insts) || t->waiting)
        return;
    mem_free(t);
    if (slot)
        *slot = NULL;
}
