/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/posix/slots.h"

#include "base/ahead.h"

#include <stdbool.h>
#include <stdlib.h>

enum {
    GENERATION_SHIFT = SLOT_INDEX_BITS + SLOT_TAG_BITS,
    /* Handles look like small positive numbers, whatever a program does with them. */
    HANDLE_BITS = sizeof(uintptr_t) > 4 ? 47 : 31,
    FREE_LINE = SLOT_CHUNK / 2, /* so many freed slots wait before the first is used again */
};

static const uintptr_t generations = (uintptr_t)1 << (HANDLE_BITS - GENERATION_SHIFT);

static struct slot *take_fresh(struct slots *s)
{
    struct slot *slot;
    char *chunk;

    if (s->used == (uint32_t)SLOT_CHUNKS * SLOT_CHUNK)
        return NULL;
    chunk = atomic_load_explicit(&s->chunks[s->used / SLOT_CHUNK], memory_order_relaxed);
    if (!chunk) {
        /* Never given back: what stands before the first line is lost. */
        chunk = calloc(1, SLOT_CHUNK * s->item_size + CACHE_LINE - 1);
        if (!chunk)
            return NULL;
        chunk += -(uintptr_t)chunk % CACHE_LINE;
        atomic_store_explicit(&s->chunks[s->used / SLOT_CHUNK], chunk, memory_order_release);
    }
    slot = (struct slot *)(void *)(chunk + (s->used % SLOT_CHUNK) * s->item_size);
    slot->value = (uintptr_t)s->used++ << SLOT_TAG_BITS | s->tag;
    return slot;
}

static struct slot *take_freed(struct slots *s)
{
    struct slot *slot = s->first_free;

    if (slot) {
        s->first_free = slot->next_free;
        s->n_free--;
    }
    return slot;
}

struct slot *slots_take(struct slots *s)
{
    struct slot *slot = s->n_free > FREE_LINE ? take_freed(s) : take_fresh(s);
    uintptr_t generation;

    if (!slot)
        slot = take_freed(s);
    if (!slot)
        return NULL;
    generation = (slot->value >> GENERATION_SHIFT) % generations + 1;
    if (generation == generations)
        generation = 1;
    slot->value = generation << GENERATION_SHIFT | slot->value % ((uintptr_t)1 << GENERATION_SHIFT);
    return slot;
}

void slots_give(struct slots *s, struct slot *slot)
{
    slot->next_free = NULL;
    if (s->n_free++)
        s->last_free->next_free = slot;
    else
        s->first_free = slot;
    s->last_free = slot;
}
