/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/posix/figures.h"
#include "host/posix/slots.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Global memory. A thread makes its blocks in a shelf of its own, more or less, so that threads seldom meet
 * at a lock. */

struct block {
    struct slot slot; /* first */
    void *bytes;
    size_t size, locks;
};

enum { SHELVES = SLOT_TAGS / 2, FIRST_TAG = SLOT_TAGS / 2 };

#define SHELF(i)                                                                                             \
    {                                                                                                        \
        .lock = PTHREAD_MUTEX_INITIALIZER, .slots = {                                                        \
            .tag = FIRST_TAG + (i),                                                                          \
            .item_size = sizeof(struct block)                                                                \
        }                                                                                                    \
    }

static struct shelf {
    pthread_mutex_t lock;
    long n;
    struct slots slots;
} shelves[SHELVES] = {
    SHELF(0), SHELF(1), SHELF(2),  SHELF(3),  SHELF(4),  SHELF(5),  SHELF(6),  SHELF(7),
    SHELF(8), SHELF(9), SHELF(10), SHELF(11), SHELF(12), SHELF(13), SHELF(14), SHELF(15),
};

/* The block, and its shelf locked; NULL, and nothing locked, if the handle is not live. */
static struct block *find(host_mem mem, struct shelf **shelfp)
{
    unsigned tag = mem % SLOT_TAGS;
    struct shelf *shelf;
    struct block *b;

    if (tag < FIRST_TAG)
        return NULL;
    shelf = &shelves[tag - FIRST_TAG];
    b = (struct block *)(void *)slots_at(&shelf->slots, mem);
    if (!b)
        return NULL;
    pthread_mutex_lock(&shelf->lock);
    if (atomic_load_explicit(&b->slot.handle, memory_order_relaxed) != mem) {
        pthread_mutex_unlock(&shelf->lock);
        return NULL;
    }
    *shelfp = shelf;
    return b;
}

static host_mem enter(struct shelf *shelf, void *bytes, size_t size)
{
    struct block *b;
    host_mem mem = 0;

    pthread_mutex_lock(&shelf->lock);
    b = (struct block *)(void *)slots_take(&shelf->slots);
    if (b) {
        b->bytes = bytes;
        b->size = size;
        b->locks = 0;
        mem = b->slot.value;
        atomic_store_explicit(&b->slot.handle, mem, memory_order_relaxed);
        shelf->n++;
    }
    pthread_mutex_unlock(&shelf->lock);
    return mem;
}

/* Fixed blocks are nothing special here: no block moves while it is locked. */
host_mem host_mem_alloc(size_t size, bool fixed)
{
    void *bytes = size ? calloc(1, size) : NULL;
    uint32_t first = host_thread_id();
    host_mem mem = 0;

    (void)fixed;
    if (!bytes)
        return 0;
    for (uint32_t i = 0; i < SHELVES && !mem; i++)
        mem = enter(&shelves[(first + i) % SHELVES], bytes, size);
    if (!mem)
        free(bytes);
    return mem;
}

host_mem host_mem_resize(host_mem mem, size_t size)
{
    struct shelf *shelf;
    struct block *b = find(mem, &shelf);
    char *bytes = NULL;

    if (!b)
        return 0;
    if (size && !b->locks)
        bytes = realloc(b->bytes, size);
    if (bytes) {
        if (size > b->size)
            memset(bytes + b->size, 0, size - b->size);
        b->bytes = bytes;
        b->size = size;
    }
    pthread_mutex_unlock(&shelf->lock);
    return bytes ? mem : 0;
}

void *host_mem_lock(host_mem mem)
{
    struct shelf *shelf;
    struct block *b = find(mem, &shelf);
    void *bytes;

    if (!b)
        return NULL;
    b->locks++;
    bytes = b->bytes;
    pthread_mutex_unlock(&shelf->lock);
    return bytes;
}

void host_mem_unlock(host_mem mem)
{
    struct shelf *shelf;
    struct block *b = find(mem, &shelf);

    if (!b)
        return;
    if (b->locks)
        b->locks--;
    pthread_mutex_unlock(&shelf->lock);
}

size_t host_mem_size(host_mem mem)
{
    struct shelf *shelf;
    struct block *b = find(mem, &shelf);
    size_t size;

    if (!b)
        return 0;
    size = b->size;
    pthread_mutex_unlock(&shelf->lock);
    return size;
}

void host_mem_free(host_mem mem)
{
    struct shelf *shelf;
    struct block *b = find(mem, &shelf);
    void *bytes;

    if (!b)
        return;
    bytes = b->bytes;
    b->bytes = NULL;
    atomic_store_explicit(&b->slot.handle, 0, memory_order_relaxed);
    slots_give(&shelf->slots, &b->slot);
    shelf->n--;
    pthread_mutex_unlock(&shelf->lock);
    free(bytes);
}

long figure_blocks(void)
{
    long n = 0;

    for (unsigned i = 0; i < SHELVES; i++) {
        pthread_mutex_lock(&shelves[i].lock);
        n += shelves[i].n;
        pthread_mutex_unlock(&shelves[i].lock);
    }
    return n;
}
