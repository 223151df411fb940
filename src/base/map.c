/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "base/map.h"

#include <assert.h>

#include "base/ahead.h"
#include "base/ledger.h"
#include "host/host.h"

void map_init(struct map *m)
{
    *m = (struct map){.mask = MAP_FIRST_BUCKETS - 1};
}

void map_init_off_books(struct map *m)
{
    *m = (struct map)MAP_OFF_BOOKS;
}

static void free_buckets(struct map *m)
{
    (m->off_books ? host_free : mem_free)(m->buckets);
}

void map_deinit(struct map *m)
{
    assert(m->count == 0);
    free_buckets(m);
    m->buckets = NULL;
    m->mask = MAP_FIRST_BUCKETS - 1;
    for (unsigned i = 0; i < MAP_FIRST_BUCKETS; i++)
        m->first[i] = NULL;
}

/* The first buckets are found through the table itself, never through a stored pointer: a map may be moved.
 */
static struct map_node **bucket(const struct map *m, uintptr_t hash)
{
    struct map_node **all = m->buckets ? m->buckets : (struct map_node **)m->first;

    return &all[hash & m->mask];
}

static void grow(struct map *m)
{
    struct map bigger = {.mask = m->mask * 2 + 1, .count = m->count, .off_books = m->off_books};

    bigger.buckets = (m->off_books ? host_alloc : mem_new)((bigger.mask + 1) * sizeof *bigger.buckets);
    if (!bigger.buckets)
        return;
    for (uintptr_t i = 0; i <= m->mask; i++) {
        struct map_node *node = *bucket(m, i);
        while (node) {
            struct map_node *next = node->next;
            struct map_node **to = bucket(&bigger, node->hash);
            node->next = *to;
            *to = node;
            node = next;
        }
    }
    free_buckets(m);
    *m = bigger;
}

void map_put(struct map *m, struct map_node *node, uintptr_t hash)
{
    struct map_node **to;

    if (m->count > m->mask)
        grow(m);
    to = bucket(m, hash);
    node->hash = hash;
    node->next = *to;
    *to = node;
    m->count++;
}

void map_remove(struct map *m, struct map_node *node)
{
    struct map_node **at = bucket(m, node->hash);

    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
    node->next = NULL;
    m->count--;
}

static struct map_node *same_hash(struct map_node *node, uintptr_t hash)
{
    while (node && node->hash != hash)
        node = node->next;
    return node;
}

struct map_node *map_first(const struct map *m, uintptr_t hash)
{
    return same_hash(*bucket(m, hash), hash);
}

struct map_node *map_next(const struct map_node *node)
{
    return same_hash(node->next, node->hash);
}

void map_fetch(const struct map *m, uintptr_t hash)
{
    fetch_ahead(*bucket(m, hash), CACHE_LINE);
}

uintptr_t map_hash(uintptr_t a, uintptr_t b)
{
    uint64_t h = (uint64_t)a * 0x9E3779B97F4A7C15u + (uint64_t)b;

    h ^= h >> 29;
    h *= 0xBF58476D1CE4E5B9u;
    h ^= h >> 32;
    return (uintptr_t)h;
}
