/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The atoms of all processes. Claims are made under the board's lock and dropped without it: an atom that nobody
 * claims any more stays in its chain until its text is claimed again or its number is wanted for another one. */
#define _GNU_SOURCE

#include "host/posix/board_memory.h"
#include "host/posix/spelling.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { LOCK_MS = 250, NONE = -1 };

/* ---- Text ----------------------------------------------------------------------------------------- */

static size_t words_of(size_t length)
{
    return (length + 3) / 4;
}

/* The order of these loads and stores keeps what they touch between the two looks at the version (text_read),
 * or between its two changes (text_write). */
static void text_load(const struct board_atom *a, uint16_t text[4 * BOARD_TEXT_WORDS], size_t length)
{
    uint64_t words[BOARD_TEXT_WORDS];

    for (size_t i = 0; i < words_of(length); i++)
        words[i] = atomic_load_explicit(&a->text[i], memory_order_acquire);
    memcpy(text, words, words_of(length) * sizeof words[0]);
}

static void text_write(struct board_atom *a, const uint16_t *text, size_t length, uint32_t hash)
{
    uint32_t version = atomic_load_explicit(&a->version, memory_order_relaxed) | 1;
    uint64_t words[BOARD_TEXT_WORDS] = {0};

    memcpy(words, text, length * sizeof *text);
    atomic_store_explicit(&a->version, version, memory_order_relaxed);
    atomic_store_explicit(&a->length, (uint32_t)length, memory_order_release);
    for (size_t i = 0; i < words_of(length); i++)
        atomic_store_explicit(&a->text[i], words[i], memory_order_release);
    a->hash = hash;
    atomic_store_explicit(&a->version, version + 1, memory_order_release);
}

/* Without the lock. false: it changed meanwhile, so that it is another atom by now. */
static bool text_read(const struct board_atom *a, uint16_t text[4 * BOARD_TEXT_WORDS], size_t *length)
{
    uint32_t version = atomic_load_explicit(&a->version, memory_order_acquire);

    *length = atomic_load_explicit(&a->length, memory_order_acquire);
    if (version % 2 || *length > HOST_ATOM_CHARS)
        return false;
    if (board_set_empty(&a->claims))
        *length = 0;
    text_load(a, text, *length);
    return atomic_load_explicit(&a->version, memory_order_relaxed) == version;
}

/* ---- The chains, under the lock ------------------------------------------------------------------- */

static uint32_t ends_at(const struct board *b)
{
    return atomic_load_explicit(&b->atoms_end, memory_order_acquire);
}

static void link_atom(struct board *b, uint32_t i)
{
    struct board_atom *a = &b->atom[i];
    uint16_t *first = &b->bucket[a->hash % BOARD_BUCKETS];

    a->next = *first;
    a->linked = 1;
    *first = (uint16_t)(i + 1);
}

static void unlink_atom(struct board *b, uint32_t i)
{
    struct board_atom *a = &b->atom[i];
    uint16_t *at = &b->bucket[a->hash % BOARD_BUCKETS];

    if (!a->linked)
        return;
    while (*at && *at != i + 1)
        at = &b->atom[*at - 1].next;
    *at = a->next;
    a->linked = 0;
}

static void repair(struct board *b)
{
    memset(b->bucket, 0, sizeof b->bucket);
    for (uint32_t i = 0; i < ends_at(b); i++) {
        b->atom[i].linked = 0;
        if (!board_set_empty(&b->atom[i].claims))
            link_atom(b, i);
    }
}

static bool reads(const struct board_atom *a, const uint16_t *text, size_t length, uint32_t hash)
{
    uint16_t own[4 * BOARD_TEXT_WORDS];

    if (a->hash != hash || atomic_load_explicit(&a->length, memory_order_relaxed) != length)
        return false;
    text_load(a, own, length);
    return spelling_same(own, text, length);
}

static int32_t find(const struct board *b, const uint16_t *text, size_t length, uint32_t hash)
{
    uint16_t at = b->bucket[hash % BOARD_BUCKETS];

    while (at && !reads(&b->atom[at - 1], text, length, hash))
        at = b->atom[at - 1].next;
    return at ? at - 1 : NONE;
}

/* ---- The lock ------------------------------------------------------------------------------------- */

static int lock_within(pthread_mutex_t *lock, unsigned ms)
{
    struct timespec at;
#ifdef __SANITIZE_THREAD__ /* which does not see pthread_mutex_clocklock */
    clockid_t clock = CLOCK_REALTIME;
#else
    clockid_t clock = CLOCK_MONOTONIC;
#endif

    clock_gettime(clock, &at);
    at.tv_nsec += (long)ms * 1000000;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
#ifdef __SANITIZE_THREAD__
    return pthread_mutex_timedlock(lock, &at);
#else
    return pthread_mutex_clocklock(lock, clock, &at);
#endif
}

bool board_lock(struct board *b)
{
    static atomic_bool stuck; /* somebody stands still with it */
    int error = pthread_mutex_trylock(&b->lock);

    if (error == EBUSY) {
        if (!atomic_load_explicit(&stuck, memory_order_relaxed))
            error = lock_within(&b->lock, LOCK_MS);
        atomic_store_explicit(&stuck, error == ETIMEDOUT || error == EBUSY, memory_order_relaxed);
    } else if (atomic_load_explicit(&stuck, memory_order_relaxed)) {
        atomic_store_explicit(&stuck, false, memory_order_relaxed);
    }
    if (error == EOWNERDEAD) {
        repair(b);
        error = pthread_mutex_consistent(&b->lock);
    }
    return error == 0;
}

void board_unlock(struct board *b)
{
    pthread_mutex_unlock(&b->lock);
}

/* ---- Numbers, under the lock ---------------------------------------------------------------------- */

static bool grow(struct board *b)
{
    uint32_t end = ends_at(b);

    if (end == BOARD_ATOMS || !board_allocate(board_file(), offsetof(struct board, atom[end]),
                                              BOARD_ATOM_CHUNK * sizeof b->atom[0]))
        return false;
    atomic_store_explicit(&b->atoms_end, end + BOARD_ATOM_CHUNK, memory_order_release);
    b->last_atom = end;
    return true;
}

/* The next one that nobody claims, among so many. */
static int32_t next_free(struct board *b, uint32_t n)
{
    uint32_t end = ends_at(b);

    while (n--) {
        b->last_atom = (b->last_atom + 1) % end;
        if (board_set_empty(&b->atom[b->last_atom].claims))
            return (int32_t)b->last_atom;
    }
    return NONE;
}

/* In turn, so that a number comes again late. More get memory when half of them are in use in a row: so most looks
 * find one at once. */
static int32_t take_free(struct board *b)
{
    uint32_t end = ends_at(b);
    int32_t i = next_free(b, end / 2);

    if (i == NONE && grow(b))
        i = (int32_t)b->last_atom;
    return i == NONE ? next_free(b, end - end / 2) : i;
}

static int32_t make(struct board *b, const uint16_t *text, size_t length, uint32_t hash)
{
    int32_t i = take_free(b);

    if (i == NONE)
        return NONE;
    unlink_atom(b, (uint32_t)i);
    text_write(&b->atom[i], text, length, hash);
    link_atom(b, (uint32_t)i);
    return i;
}

/* ---- Claims --------------------------------------------------------------------------------------- */

host_atom board_claim(const uint16_t *text, size_t length)
{
    struct board *b = board_memory();
    uint32_t hash;
    int32_t i;

    if (!b || length == 0 || length > HOST_ATOM_CHARS)
        return 0;
    hash = spelling_hash(text, length);
    if (!board_lock(b))
        return 0;
    i = find(b, text, length, hash);
    if (i == NONE)
        i = make(b, text, length, hash);
    else if (board_set_empty(&b->atom[i].claims))
        text_write(&b->atom[i], text, length, hash); /* it begins anew, with this spelling */
    if (i != NONE)
        board_set_add(&b->atom[i].claims, board_slot(board_self()));
    board_unlock(b);
    return i == NONE ? 0 : (host_atom)(BOARD_FIRST_ATOM + i);
}

/* The atom, if its memory is there. */
static struct board_atom *atom_at(struct board *b, host_atom atom)
{
    if (!b || atom < BOARD_FIRST_ATOM || atom - BOARD_FIRST_ATOM >= (int64_t)ends_at(b))
        return NULL;
    return &b->atom[atom - BOARD_FIRST_ATOM];
}

void board_drop(host_atom atom)
{
    struct board_atom *a = atom_at(board_memory(), atom);

    if (a)
        board_set_remove(&a->claims, board_slot(board_self()));
}

size_t board_atom_name(host_atom atom, uint16_t buf[HOST_ATOM_CHARS + 1])
{
    struct board_atom *a = atom_at(board_memory(), atom);
    uint16_t text[4 * BOARD_TEXT_WORDS];
    size_t length;

    if (!a || !text_read(a, text, &length) || length == 0)
        return 0;
    memcpy(buf, text, length * sizeof *buf);
    buf[length] = 0;
    return length;
}

host_atom board_find(const uint16_t *text, size_t length)
{
    struct board *b = board_memory();
    uint32_t hash;
    int32_t i;

    if (!b || length == 0 || length > HOST_ATOM_CHARS)
        return 0;
    hash = spelling_hash(text, length);
    if (!board_lock(b))
        return 0;
    i = find(b, text, length, hash);
    if (i != NONE && board_set_empty(&b->atom[i].claims))
        i = NONE;
    board_unlock(b);
    return i == NONE ? 0 : (host_atom)(BOARD_FIRST_ATOM + i);
}

void board_atoms_bury(struct board *b, unsigned slot)
{
    for (uint32_t i = 0; i < ends_at(b); i++)
        board_set_remove(&b->atom[i].claims, slot);
}
