/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/posix/board.h"
#include "host/posix/figures.h"
#include "host/posix/posix.h"
#include "host/posix/spelling.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* References are counted here, in the process. On the board, where there is one, the process claims an atom as long
 * as it has references on it, so that its number stands for its text in all processes.
 *
 * The process joins before its first atom. An atom that it has nevertheless made before (there was nowhere to join, or
 * it is the child of a fork) is claimed when the next one is added after it has joined; if the board knows
 * the text by another number, the atom remains what it is, for this process only. So does one that is made while
 * the board cannot be written; none gets a number that the board knows at that moment. Numbers of this process go
 * before those of the board. */

enum { FIRST_STRING = 0xC000, STRINGS = 0x10000 - FIRST_STRING, BUCKETS = 4096 };

struct atom {
    struct atom *next; /* in its bucket */
    uint64_t refs;
    uint32_t hash;
    host_atom number;
    bool claimed; /* by table.claimant */
    uint16_t length;
    uint16_t text[]; /* the first spelling, with its terminator */
};

/* Its lock may be held when the board's is taken. */
static struct {
    pthread_mutex_t lock;
    struct atom *bucket[BUCKETS];
    struct atom *atom[STRINGS]; /* by number */
    uint64_t refs;
    size_t last;           /* the number given out last: numbers come again as late as can be */
    board_number claimant; /* this process's number when it claimed; 0: it has not */
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* At most HOST_ATOM_CHARS + 1: no need to know how long it really is. */
static size_t length_of(const uint16_t *text)
{
    size_t n = 0;

    while (n <= HOST_ATOM_CHARS && text[n])
        n++;
    return n;
}

/* ---- Integer atoms -------------------------------------------------------------------------------- */

/* "#" and nothing but digits behind it. */
static bool names_integer(const uint16_t *text, host_atom *atom)
{
    uint32_t value = 0;

    if (text[0] != '#' || !text[1])
        return false;
    for (text++; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        if (value < FIRST_STRING)
            value = value * 10 + (*text - '0');
    }
    *atom = value < FIRST_STRING ? (host_atom)value : 0;
    return true;
}

static size_t integer_name(host_atom atom, uint16_t *buf)
{
    uint16_t digits[5];
    size_t n = 0, length = 0;

    for (; atom; atom /= 10)
        digits[n++] = (uint16_t)('0' + atom % 10);
    buf[length++] = '#';
    while (n)
        buf[length++] = digits[--n];
    buf[length] = 0;
    return length;
}

/* ---- The table, under its lock -------------------------------------------------------------------- */

static struct atom *find(const uint16_t *text, size_t length, uint32_t hash)
{
    struct atom *a = table.bucket[hash % BUCKETS];

    while (a && !(a->hash == hash && a->length == length && spelling_same(a->text, text, length)))
        a = a->next;
    return a;
}

/* A number that the board gives for the text; 0: none. */
static host_atom claim(const uint16_t *text, size_t length)
{
    host_atom number = table.claimant ? board_claim(text, length) : 0;

    if (number && table.atom[number - FIRST_STRING]) { /* by one that is not on the board */
        board_drop(number);
        number = 0;
    }
    return number;
}

/* The board's, if somebody else has claimed it before. */
static void first_spelling(struct atom *a)
{
    uint16_t text[HOST_ATOM_CHARS + 1];

    if (board_atom_name(a->number, text) == a->length)
        memcpy(a->text, text, a->length * sizeof *text);
}

static host_atom next_number(void)
{
    uint16_t text[HOST_ATOM_CHARS + 1];

    for (size_t i = 0; i < STRINGS; i++) {
        host_atom number = (host_atom)(FIRST_STRING + table.last);

        table.last = (table.last + 1) % STRINGS;
        if (!table.atom[number - FIRST_STRING] && !board_atom_name(number, text))
            return number;
    }
    return 0;
}

static struct atom *make(const uint16_t *text, size_t length, uint32_t hash)
{
    struct atom *a = malloc(sizeof *a + (length + 1) * sizeof a->text[0]);

    if (!a)
        return NULL;
    *a = (struct atom){.next = table.bucket[hash % BUCKETS], .hash = hash, .length = (uint16_t)length};
    a->number = claim(text, length);
    a->claimed = a->number;
    if (!a->claimed)
        a->number = next_number();
    if (!a->number) {
        free(a);
        return NULL;
    }
    memcpy(a->text, text, (length + 1) * sizeof a->text[0]);
    if (a->claimed)
        first_spelling(a);
    table.bucket[hash % BUCKETS] = a;
    table.atom[a->number - FIRST_STRING] = a;
    return a;
}

/* This process has got another number than it had: what it claimed under that is no longer its own. */
static void claim_all(board_number self)
{
    table.claimant = self;
    for (size_t i = 0; i < STRINGS; i++) {
        struct atom *a = table.atom[i];
        host_atom number = a ? board_claim(a->text, a->length) : 0;

        if (!a)
            continue;
        a->claimed = number == a->number;
        if (number && !a->claimed)
            board_drop(number);
    }
}

static void drop(struct atom *a)
{
    struct atom **at = &table.bucket[a->hash % BUCKETS];

    while (*at != a)
        at = &(*at)->next;
    *at = a->next;
    table.atom[a->number - FIRST_STRING] = NULL;
    if (a->claimed)
        board_drop(a->number);
    free(a);
}

void atoms_hold(bool hold)
{
    (hold ? pthread_mutex_lock : pthread_mutex_unlock)(&table.lock);
}

static void lock_and_claim(void)
{
    board_number self = board_join();

    pthread_mutex_lock(&table.lock);
    if (table.claimant != self)
        claim_all(self);
}

static host_atom add_reference(struct atom *a)
{
    if (!a)
        return 0;
    a->refs++;
    table.refs++;
    return a->number;
}

/* ---- The seam ------------------------------------------------------------------------------------- */

host_atom host_atom_add(const uint16_t *text)
{
    size_t length = length_of(text);
    host_atom number = 0;
    struct atom *a;
    uint32_t hash;

    if (length == 0 || length > HOST_ATOM_CHARS)
        return 0;
    if (names_integer(text, &number))
        return number;
    hash = spelling_hash(text, length);
    lock_and_claim();
    a = find(text, length, hash);
    number = add_reference(a ? a : make(text, length, hash));
    pthread_mutex_unlock(&table.lock);
    return number;
}

/* To the letter, which is quicker to find out than regardless of case. */
static bool reads(const struct atom *a, const uint16_t *text)
{
    size_t n = 0;

    while (n < a->length && a->text[n] == text[n])
        n++;
    return n == a->length && !text[n];
}

/* Somebody may have deleted one too many, and the number may stand for another text by now. */
host_atom host_atom_again(host_atom atom, const uint16_t *text)
{
    host_atom number;
    struct atom *a;

    if (atom < FIRST_STRING)
        return atom;
    lock_and_claim();
    a = table.atom[atom - FIRST_STRING];
    number = a && reads(a, text) ? add_reference(a) : 0;
    pthread_mutex_unlock(&table.lock);
    return number ? number : host_atom_add(text);
}

void host_atom_delete(host_atom atom)
{
    struct atom *a;

    if (atom < FIRST_STRING)
        return;
    pthread_mutex_lock(&table.lock);
    a = table.atom[atom - FIRST_STRING];
    if (a) {
        table.refs--;
        if (--a->refs == 0)
            drop(a);
    }
    pthread_mutex_unlock(&table.lock);
}

size_t host_atom_name(host_atom atom, uint16_t *buf)
{
    const struct atom *a;
    size_t length = 0;

    if (atom == 0)
        return 0;
    if (atom < FIRST_STRING)
        return integer_name(atom, buf);
    pthread_mutex_lock(&table.lock);
    a = table.atom[atom - FIRST_STRING];
    if (a) {
        length = a->length;
        memcpy(buf, a->text, (length + 1) * sizeof a->text[0]);
    }
    pthread_mutex_unlock(&table.lock);
    return a ? length : board_atom_name(atom, buf);
}

long figure_atoms(void)
{
    long n;

    pthread_mutex_lock(&table.lock);
    n = (long)table.refs;
    pthread_mutex_unlock(&table.lock);
    return n;
}
