/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "base/handle.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "host/host.h"

enum {
    INDEX_BITS = 20,
    CHUNK = 1024,
    CHUNKS = (1 << INDEX_BITS) / CHUNK,
    GENERATIONS = 1 << (32 - INDEX_BITS)
};

/* Freed slots wait until this many stand in line, so that a stale handle stays stale for long. */
enum { FREE_LINE = CHUNK / 2 };

struct slot {
    _Atomic uintptr_t handle; /* 0: free                                     */
    _Atomic uint32_t thread;
    _Atomic int kind;
    void *obj;            /* read by the owning thread alone             */
    uintptr_t generation; /* its owner's; under the lock if it has none, as is next */
    uint32_t next;        /* the next free slot                          */
};

/* Slots are never given back: a stale handle may be looked up at any time, on any thread, without a lock. */
static struct slot first_chunk[CHUNK];
static _Atomic(struct slot *) chunks[CHUNKS] = {first_chunk};

/* Under host_lock. Slot 0 is not used: it stands for "none". */
static uint32_t chunk_count = 1, used = 1, free_first, free_last, free_count;

static struct slot *slot_at(uint32_t index)
{
    struct slot *chunk = atomic_load_explicit(&chunks[index / CHUNK], memory_order_acquire);

    return chunk ? &chunk[index % CHUNK] : NULL;
}

/* Under the lock: a fresh slot, or one that has been free for long (`hurry`: any free one); 0 if there is
 * none. */
static uint32_t take_slot(bool hurry)
{
    uint32_t index = free_first;

    if (index && (hurry || free_count > FREE_LINE)) {
        free_first = slot_at(index)->next;
        free_count--;
        return index;
    }
    return used < chunk_count * CHUNK ? used++ : 0;
}

static bool add_chunk(void)
{
    struct slot *chunk = host_alloc(CHUNK * sizeof *chunk);

    if (!chunk)
        return false;
    host_lock();
    if (chunk_count < CHUNKS) {
        atomic_store_explicit(&chunks[chunk_count++], chunk, memory_order_release);
        chunk = NULL;
    }
    host_unlock();
    host_free(chunk);
    return !chunk;
}

/* Generations whose low bits are all zeros or all ones are left out, which keeps the low 32 bits of a handle
 * away from every value that means something. */
static uintptr_t next_handle(struct slot *s, uint32_t index)
{
    do {
        s->generation++;
    } while (s->generation % GENERATIONS == 0 || s->generation % GENERATIONS == GENERATIONS - 1);
    return (s->generation << INDEX_BITS) | index;
}

uintptr_t handle_new(enum handle_kind kind, void *obj)
{
    uint32_t thread = host_thread_id(), index;
    bool hurry = false;
    uintptr_t handle;
    struct slot *s;

    for (;;) {
        host_lock();
        index = take_slot(hurry);
        if (index)
            break;
        host_unlock();
        if (hurry)
            return 0;
        hurry = !add_chunk();
    }
    s = slot_at(index);
    handle = next_handle(s, index);
    s->obj = obj;
    atomic_store_explicit(&s->thread, thread, memory_order_relaxed);
    atomic_store_explicit(&s->kind, kind, memory_order_relaxed);
    atomic_store_explicit(&s->handle, handle, memory_order_release);
    host_unlock();
    return handle;
}

static uint32_t index_of(uintptr_t handle)
{
    return (uint32_t)(handle % (1u << INDEX_BITS));
}

/* While the slot is kept nobody else has it, so that its generation is the owner's. */
bool handle_retire(uintptr_t handle)
{
    if (sizeof handle <= 4) {
        handle_free(handle);
        return false;
    }
    atomic_store_explicit(&slot_at(index_of(handle))->handle, 0, memory_order_relaxed);
    return true;
}

uintptr_t handle_renew(uintptr_t retired)
{
    uint32_t index = index_of(retired);
    struct slot *s = slot_at(index);
    uintptr_t handle = next_handle(s, index);

    atomic_store_explicit(&s->handle, handle, memory_order_release);
    return handle;
}

void handle_free(uintptr_t handle)
{
    uint32_t index = index_of(handle);
    struct slot *s = slot_at(index);

    atomic_store_explicit(&s->handle, 0, memory_order_relaxed);
    host_lock();
    s->next = 0;
    if (free_count++)
        slot_at(free_last)->next = index;
    else
        free_first = index;
    free_last = index;
    host_unlock();
}

/* The order of the tests matters: once the thread is known to be this one, nobody else can change the slot.
 */
static inline void *resolve(uintptr_t handle, uintptr_t mask, enum handle_kind kind)
{
    struct slot *s = slot_at(index_of(handle));
    uintptr_t live = s ? atomic_load_explicit(&s->handle, memory_order_acquire) : 0;

    if (!live || (live & mask) != handle)
        return NULL;
    if (atomic_load_explicit(&s->thread, memory_order_relaxed) != host_thread_id())
        return NULL;
    return atomic_load_explicit(&s->kind, memory_order_relaxed) == (int)kind ? s->obj : NULL;
}

void *handle_get(uintptr_t handle, enum handle_kind kind)
{
    return resolve(handle, UINTPTR_MAX, kind);
}

void *handle_get32(uint32_t low, enum handle_kind kind)
{
    return resolve(low, UINT32_MAX, kind);
}
