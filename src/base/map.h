/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_MAP_H
#define DDEML_MAP_H

/* A hash table of nodes that stand inside the objects they index. Putting a node in never fails: the first
 * buckets are part of the table, and when there is no memory for more the chains grow instead. Equal hashes
 * are the caller's to tell apart: map_first / map_next walk the candidates. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_node {
    struct map_node *next;
    uintptr_t hash;
};

#define MAP_FIRST_BUCKETS 8

struct map {
    struct map_node **buckets; /* NULL: first[] */
    size_t mask, count;
    bool off_books; /* the ledger does not see its buckets */
    struct map_node *first[MAP_FIRST_BUCKETS];
};

/* Of a table for what belongs to no instance. */
#define MAP_OFF_BOOKS                                                                                        \
    {                                                                                                        \
        .mask = MAP_FIRST_BUCKETS - 1, .off_books = true                                                     \
    }

void map_init(struct map *m);
void map_init_off_books(struct map *m);
void map_deinit(struct map *m); /* must be empty */
void map_put(struct map *m, struct map_node *node, uintptr_t hash);
void map_remove(struct map *m, struct map_node *node); /* must be in it */

struct map_node *map_first(const struct map *m, uintptr_t hash);
struct map_node *map_next(const struct map_node *node); /* the next one with the same hash */

/* What stands at that hash will be looked up soon. */
void map_fetch(const struct map *m, uintptr_t hash);

/* Mixes two keys into one hash. */
uintptr_t map_hash(uintptr_t a, uintptr_t b);

/* The same for what is counted, and looked up one after the other: of two neighbours the buckets are neighbours, and
 * not the same one. */
static inline uintptr_t map_hash_near(uintptr_t number, uintptr_t key)
{
    return number + map_hash(key, 0);
}

#endif
