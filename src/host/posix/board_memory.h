/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_HOST_POSIX_BOARD_MEMORY_H
#define DDEML_HOST_POSIX_BOARD_MEMORY_H

/* The memory behind board.h: a file that every process of the user maps.
 *
 * A process may be killed at any instruction and stand still at any other, so everything here is either changed
 * by one word, whose old and new value are both right, or can be made again from what is:
 *
 * - What belongs to a process stands under its slot, and only the process changes it. Who holds the slot's lock
 *   (a byte of the file) may do so too, and nobody gets it while the process lives: so the dead are buried.
 * - A name is one word: 49 bits of its hash, and the number of the process that serves it.
 * - An atom lives while a bit of its claims is set. Its text changes only while none is, under the board's lock;
 *   the chains, by which it is found, are made again by whoever gets the lock after somebody has died with it.
 *   The lock is a leaf: nothing else is taken under it.
 *
 * All that is read without a lock is atomic, and atomics in shared memory have to be free of locks. */

#include <pthread.h>

#include "host/posix/board.h"

_Static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_SHORT_LOCK_FREE == 2,
               "processes cannot share atomics with locks");

enum {
    BOARD_NUMBERS = 1 << BOARD_NUMBER_BITS,
    BOARD_DEAD = BOARD_NUMBERS, /* with a number: being buried */
    BOARD_SET_WORDS = BOARD_SLOTS / 64,
    BOARD_SERVES = 8, /* beside enum board_trait: it has names  */
    BOARD_TRAITS = 4,
    BOARD_NAMES = 8192,
    BOARD_FIRST_ATOM = 0xC000,
    BOARD_ATOMS = 0x10000 - BOARD_FIRST_ATOM,
    BOARD_ATOM_CHUNK = 512, /* so many get memory at a time */
    BOARD_BUCKETS = 4096,
    BOARD_TEXT_WORDS = (HOST_ATOM_CHARS + 3) / 4,
};

/* A bit for each slot. */
struct board_set {
    _Atomic uint64_t word[BOARD_SET_WORDS];
};

struct board_process {
    _Atomic uint32_t
        number; /* 0: there is none. Written last when one comes, and first when one is buried. */
    _Atomic uint32_t kinds;
    _Atomic int64_t pid;
};

struct board_atom {
    _Alignas(64) struct board_set claims;
    _Atomic uint32_t version; /* odd while the text is being changed */
    _Atomic uint32_t length;
    _Atomic uint64_t text[BOARD_TEXT_WORDS];

    /* under the lock */
    uint32_t hash;
    uint16_t next; /* its index + 1; 0: none */
    uint16_t linked;
};

/* What two processes have to agree on to share a board. Never changes. */
struct board_stamp {
    char magic[8];
    uint32_t version, bytes, mutex_bytes, pointer_bytes;
};

struct board {
    struct board_stamp stamp;
    _Alignas(64) _Atomic uint32_t last_number; /* the one tried last, modulo BOARD_NUMBERS */
    _Alignas(64) _Atomic uint64_t kinds;       /* of all, in the low half; above, how often it has changed */
    _Alignas(64) struct board_set with[BOARD_TRAITS], listening;
    struct board_process process[BOARD_SLOTS];
    _Alignas(64) _Atomic uint32_t names_end; /* all behind are 0 */
    _Alignas(64) _Atomic uint64_t name[BOARD_NAMES];

    _Alignas(64) pthread_mutex_t lock; /* robust, shared */
    _Atomic uint32_t atoms_end;        /* those with memory; only grows */

    /* under the lock */
    uint32_t last_atom; /* index of the one given out last */
    uint16_t bucket[BOARD_BUCKETS];

    _Alignas(4096) struct board_atom atom[BOARD_ATOMS];
};

/* ---- board.c -------------------------------------------------------------------------------------- */

struct board *board_memory(void);                      /* NULL: not joined */
int board_file(void);                                  /* its descriptor   */
bool board_allocate(int fd, size_t from, size_t size); /* false: errno */

/* ---- board_lists.c -------------------------------------------------------------------------------- */

void board_lists_bury(struct board *b, board_number who); /* the slot's lock is held */
void board_lists_forked(void);

/* ---- board_atoms.c -------------------------------------------------------------------------------- */

/* Takes the board's lock, and puts right what a process has left that died with it. false: it was not to be
 * had in time. A lock that could not be had once is not waited for again until it has been free. */
bool board_lock(struct board *b);
void board_unlock(struct board *b);
void board_atoms_bury(struct board *b, unsigned slot); /* the slot's lock is held */

/* ---- Sets of slots -------------------------------------------------------------------------------- */

static inline unsigned board_slot(unsigned number)
{
    return number % BOARD_SLOTS;
}

static inline void board_set_add(struct board_set *set, unsigned slot)
{
    atomic_fetch_or(&set->word[slot / 64], (uint64_t)1 << slot % 64);
}

static inline void board_set_remove(struct board_set *set, unsigned slot)
{
    uint64_t bit = (uint64_t)1 << slot % 64;

    if (atomic_load(&set->word[slot / 64]) & bit)
        atomic_fetch_and(&set->word[slot / 64], ~bit);
}

static inline bool board_set_empty(const struct board_set *set)
{
    for (unsigned i = 0; i < BOARD_SET_WORDS; i++) {
        if (atomic_load_explicit(&set->word[i], memory_order_acquire))
            return false;
    }
    return true;
}

#endif
