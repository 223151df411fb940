/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_HOST_POSIX_SLOTS_H
#define DDEML_HOST_POSIX_SLOTS_H

/* Handles: a slot's index and generation, and a tag that keeps the handles of different tables apart. Slots
 * stand in chunks that are never moved nor given back, so that a stale or forged handle is looked up like any
 * other. A freed slot waits in line behind all others. */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SLOT_TAG_BITS = 5,
    SLOT_TAGS = 1 << SLOT_TAG_BITS,
    SLOT_INDEX_BITS = sizeof(uintptr_t) > 4 ? 20 : 18,
    SLOT_CHUNK = 512,
    SLOT_CHUNKS = (1 << SLOT_INDEX_BITS) / SLOT_CHUNK,
};

/* The head of whatever stands in a table. */
struct slot {
    _Atomic uintptr_t handle; /* the live handle; 0: none. The table's user sets it. */
    uintptr_t value;          /* what the handle is, or was last                       */
    struct slot *next_free;
};

/* All fields but `chunks` are under a lock of the user's. */
struct slots {
    unsigned tag;
    size_t item_size;
    uint32_t used, n_free;
    struct slot *first_free, *last_free;
    _Atomic(char *) chunks[SLOT_CHUNKS];
};

/* A slot with a new value, its handle still 0; everything behind the head is zero at the first use, else as
 * the last user left it. NULL: no memory, or too many. */
struct slot *slots_take(struct slots *s);
void slots_give(struct slots *s, struct slot *slot); /* its handle must be 0 again */

/* The slot that a handle speaks of, live or not; NULL: there is none. Takes no lock. */
static inline struct slot *slots_at(const struct slots *s, uintptr_t handle)
{
    uint32_t index = (uint32_t)(handle >> SLOT_TAG_BITS) % (1u << SLOT_INDEX_BITS);
    char *chunk = atomic_load_explicit(&s->chunks[index / SLOT_CHUNK], memory_order_acquire);

    if (!chunk)
        return NULL;
    return (struct slot *)(void *)(chunk + (index % SLOT_CHUNK) * s->item_size);
}

#endif
