/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What belongs to a thread: its instances, and what waits for its end. A thread that ends without DdeUninitialize ends
 * them here. */

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
    struct list *place;

    t->ended = true;
    t->waiting = true; /* whatever it was doing is over; keeps the record until all instances have gone */
    while (!list_empty(&t->insts))
        inst_abort(container_of(t->insts.next, struct inst, node));
    while ((place = list_pop(&t->endings)) != NULL) {
        struct ending *e = container_of(place, struct ending, place);

        e->tell(e);
    }
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
    list_init(&t->endings);
    return *slot = t;
}

void thread_leave(struct thread *t)
{
    void **slot = host_thread_slot(thread_ends);

    if (!list_empty(&t->insts) || !list_empty(&t->endings) || t->waiting)
        return;
    mem_free(t);
    if (slot)
        *slot = NULL;
}

bool ending_await(struct ending *e, void (*tell)(struct ending *))
{
    struct thread *t = thread_enter();

    list_init(&e->place);
    e->tell = tell;
    if (t)
        list_append(&t->endings, &e->place);
    return t;
}

void ending_forget(struct ending *e)
{
    struct thread *t = list_empty(&e->place) ? NULL : thread_current();

    list_remove(&e->place);
    if (t)
        thread_leave(t);
}
