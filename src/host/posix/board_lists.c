/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Who has windows that hear, who serves which name, who listens: words that anybody may read at any time. */

#include "host/posix/board_memory.h"
#include "host/posix/spelling.h"

#include <string.h>

/* How often this process serves what stands at each place of the board's names. The lock is a leaf. */
static struct {
    pthread_mutex_t lock;
    uint32_t served[BOARD_NAMES];
    uint32_t n; /* names */
} own = {.lock = PTHREAD_MUTEX_INITIALIZER};

void board_lists_forked(void)
{
    pthread_mutex_init(&own.lock, NULL);
    memset(own.served, 0, sizeof own.served);
    own.n = 0;
}

/* ---- Sets of processes ---------------------------------------------------------------------------- */

/* A set as it was at some moment, word by word. */
struct seen {
    uint64_t word[BOARD_SET_WORDS];
};

static void look_at(struct seen *seen, const struct board_set *set)
{
    for (unsigned i = 0; i < BOARD_SET_WORDS; i++)
        seen->word[i] |= atomic_load_explicit(&set->word[i], memory_order_acquire);
}

static unsigned take_slot(uint64_t *word)
{
    unsigned i = (unsigned)__builtin_ctzll(*word);

    *word &= *word - 1;
    return i;
}

/* The numbers of all but this process. */
static size_t list(struct board *b, struct seen *seen, board_number *who, size_t max)
{
    unsigned self = board_slot(board_self());
    size_t n = 0;

    seen->word[self / 64] &= ~((uint64_t)1 << self % 64);
    for (unsigned i = 0; i < BOARD_SET_WORDS; i++) {
        while (seen->word[i]) {
            unsigned slot = i * 64 + take_slot(&seen->word[i]);
            uint32_t number = atomic_load_explicit(&b->process[slot].number, memory_order_acquire);

            if (number == 0 || number & BOARD_DEAD)
                continue;
            if (n < max)
                who[n] = (board_number)number;
            n++;
        }
    }
    return n;
}

/* ---- Traits --------------------------------------------------------------------------------------- */

static void set_traits(struct board *b, unsigned slot, unsigned mask, unsigned traits)
{
    for (unsigned i = 0; i < BOARD_TRAITS; i++) {
        if (!(mask & 1u << i))
            continue;
        if (traits & 1u << i)
            board_set_add(&b->with[i], slot);
        else
            board_set_remove(&b->with[i], slot);
    }
}

void board_set_traits(unsigned traits)
{
    struct board *b = board_memory();

    if (b)
        set_traits(b, board_slot(board_self()), BOARD_TOP_LEVEL | BOARD_UNFILTERED | BOARD_EVENTS, traits);
}

static void look_for(struct seen *seen, const struct board *b, unsigned traits)
{
    for (unsigned i = 0; i < BOARD_TRAITS; i++) {
        if (traits & 1u << i)
            look_at(seen, &b->with[i]);
    }
}

size_t board_with(unsigned traits, board_number *who, size_t max)
{
    struct board *b = board_memory();
    struct seen seen = {{0}};

    if (!b)
        return 0;
    look_for(&seen, b, traits);
    return list(b, &seen, who, max);
}

/* ---- Names ---------------------------------------------------------------------------------------- */

static const uint64_t number_part = BOARD_NUMBERS - 1;

uint64_t board_hash(const uint16_t *name)
{
    size_t length = 0;
    uint64_t hash;

    while (name[length])
        length++;
    hash = spelling_hash64(name, length);
    return hash ? hash : 1;
}

static uint32_t place_of(const struct board *b, uint64_t name)
{
    uint32_t end = atomic_load(&b->names_end), i = 0;

    while (i < end && atomic_load_explicit(&b->name[i], memory_order_relaxed) != name)
        i++;
    return i < end ? i : BOARD_NAMES;
}

/* The first free place, so that there is little to read. */
static uint32_t write_name(struct board *b, uint64_t name)
{
    for (uint32_t i = 0; i < BOARD_NAMES; i++) {
        uint64_t none = 0;
        uint32_t end;

        if (atomic_load_explicit(&b->name[i], memory_order_relaxed) ||
            !atomic_compare_exchange_strong(&b->name[i], &none, name))
            continue;
        end = atomic_load(&b->names_end);
        while (end <= i && !atomic_compare_exchange_weak(&b->names_end, &end, i + 1))
            ;
        return i;
    }
    return BOARD_NAMES;
}

bool board_serve(uint64_t hash)
{
    struct board *b = board_memory();
    board_number self = board_self();
    uint64_t name = (hash & ~number_part) | self;
    uint32_t i;

    if (!b)
        return false;
    pthread_mutex_lock(&own.lock);
    i = place_of(b, name);
    if (i == BOARD_NAMES) {
        i = write_name(b, name);
        if (i < BOARD_NAMES && own.n++ == 0)
            set_traits(b, board_slot(self), BOARD_SERVES, BOARD_SERVES);
    }
    if (i < BOARD_NAMES)
        own.served[i]++;
    pthread_mutex_unlock(&own.lock);
    return i < BOARD_NAMES;
}

void board_serve_no_more(uint64_t hash)
{
    struct board *b = board_memory();
    board_number self = board_self();
    uint32_t i;

    if (!b)
        return;
    pthread_mutex_lock(&own.lock);
    i = place_of(b, (hash & ~number_part) | self);
    if (i < BOARD_NAMES && --own.served[i] == 0) {
        atomic_store(&b->name[i], 0);
        if (--own.n == 0)
            set_traits(b, board_slot(self), BOARD_SERVES, 0);
    }
    pthread_mutex_unlock(&own.lock);
}

size_t board_servers(uint64_t hash, board_number *who, size_t max)
{
    struct board *b = board_memory();
    uint64_t part = hash & ~number_part;
    struct seen seen = {{0}};
    uint32_t end;

    if (!b)
        return 0;
    if (!hash)
        return board_with(BOARD_UNFILTERED | BOARD_SERVES, who, max);
    look_for(&seen, b, BOARD_UNFILTERED);
    end = atomic_load(&b->names_end);
    for (uint32_t i = 0; i < end; i++) {
        uint64_t name = atomic_load_explicit(&b->name[i], memory_order_acquire);
        unsigned slot = board_slot((unsigned)(name & number_part));

        if (name && (name & ~number_part) == part)
            seen.word[slot / 64] |= (uint64_t)1 << slot % 64;
    }
    return list(b, &seen, who, max);
}

/* ---- News ----------------------------------------------------------------------------------------- */

/* Whoever has changed a process's kinds adds all up anew, and again if somebody else did so meanwhile. */
static void sum_up(struct board *b)
{
    uint64_t former = atomic_load(&b->kinds), sum;

    do {
        struct seen seen = {{0}};

        sum = ((former >> 32) + 1) << 32;
        look_at(&seen, &b->listening);
        for (unsigned i = 0; i < BOARD_SET_WORDS; i++) {
            while (seen.word[i])
                sum |= atomic_load(&b->process[i * 64 + take_slot(&seen.word[i])].kinds);
        }
    } while (!atomic_compare_exchange_strong(&b->kinds, &former, sum));
}

static void set_kinds(struct board *b, unsigned slot, uint32_t kinds)
{
    atomic_store(&b->process[slot].kinds, kinds);
    if (kinds)
        board_set_add(&b->listening, slot);
    else
        board_set_remove(&b->listening, slot);
    sum_up(b);
}

void board_set_kinds(uint32_t kinds)
{
    struct board *b = board_memory();

    if (b)
        set_kinds(b, board_slot(board_self()), kinds);
}

uint32_t board_kinds(void)
{
    struct board *b = board_memory();

    return b ? (uint32_t)atomic_load_explicit(&b->kinds, memory_order_relaxed) : 0;
}

size_t board_listeners(uint32_t kind, board_number *who, size_t max)
{
    struct board *b = board_memory();
    struct seen seen = {{0}};

    if (!b)
        return 0;
    look_at(&seen, &b->listening);
    for (unsigned i = 0; i < BOARD_SET_WORDS; i++) {
        uint64_t left = seen.word[i];

        while (left) {
            unsigned bit = take_slot(&left);

            if (!(atomic_load(&b->process[i * 64 + bit].kinds) & kind))
                seen.word[i] &= ~((uint64_t)1 << bit);
        }
    }
    return list(b, &seen, who, max);
}

/* ---- The dead ------------------------------------------------------------------------------------- */

void board_lists_bury(struct board *b, board_number who)
{
    unsigned slot = board_slot(who);

    for (uint32_t i = 0; i < BOARD_NAMES; i++) {
        if ((atomic_load_explicit(&b->name[i], memory_order_relaxed) & number_part) == who)
            atomic_store(&b->name[i], 0);
    }
    set_traits(b, slot, (1u << BOARD_TRAITS) - 1, 0);
    set_kinds(b, slot, 0);
}
