/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#define _GNU_SOURCE /* a mapping without a reserve */

#include "fuzz/fuzz.h"

#include "fuzz/inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PIECES = 256, BLOCKS = 256, ATOMS = 256, LARGEST_PIECE = 4096, MOST_REFERENCES = 4096 };

#define ENDLESS (2 * (size_t)UINT32_MAX + 4096) /* as many units as a 32-bit number can tell */

const char *const fuzz_names[FUZZ_NAMES] = {"S", "T", "Item", "Raw", "Other", "System"};

static struct {
    const uint8_t *at;
    size_t left;
    void *piece[PIECES];
    host_mem *block; /* room for room of them */
    host_atom atom[ATOMS];
    unsigned n_pieces, n_blocks, n_atoms, room;
    bool forged;
    unsigned char *endless;
    DDEMLLEDGER before;
} in;

void fuzz_fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("fuzz: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

/* ---- Reading -------------------------------------------------------------------------------------------- */

bool fuzz_more(void)
{
    return in.left > 0;
}

unsigned fuzz_byte(void)
{
    if (!in.left)
        return 0;
    in.left--;
    return *in.at++;
}

unsigned fuzz_below(unsigned n)
{
    return fuzz_byte() % n;
}

uint32_t fuzz_word(void)
{
    unsigned low = fuzz_byte();

    return low | fuzz_byte() << 8;
}

size_t fuzz_bytes(void *to, size_t n)
{
    if (n > in.left)
        n = in.left;
    if (n)
        memcpy(to, in.at, n);
    in.at += n;
    in.left -= n;
    return n;
}

uint64_t fuzz_number(void)
{
    static const uint64_t limits[] = {0,          1,          UINT64_MAX, INT64_MAX, UINT32_MAX, INT32_MAX,
                                      0x80000000, UINT16_MAX, 0x8000,     0xC000,    0xBFFF,     0xFF,
                                      0x100,      0x10000,    4,          8};
    unsigned kind = fuzz_byte();
    uint64_t n = 0;

    switch (kind >> 6) {
    case 0:
        return limits[kind & 15];
    case 1:
        return kind & 63;
    case 2:
        return fuzz_word();
    default:
        fuzz_bytes(&n, 1 + (kind & 7));
        return n;
    }
}

uint32_t fuzz_size(void)
{
    unsigned kind = fuzz_byte();

    return kind < 224 ? kind : kind < 240 ? fuzz_word() : (uint32_t)fuzz_number();
}

bool fuzz_step(struct fuzz_steps *steps)
{
    if (!steps->left || steps->depth >= steps->deepest || !fuzz_more())
        return false;
    steps->left--;
    steps->depth++;
    steps->all[fuzz_below(steps->n)]();
    steps->depth--;
    return true;
}

/* ---- Making --------------------------------------------------------------------------------------------- */

void *fuzz_exact(size_t size)
{
    void *p;

    if (size > LARGEST_PIECE || in.n_pieces == PIECES)
        return in.endless;
    p = calloc(1, size ? size : 1);
    if (!p)
        fuzz_fail("no memory");
    if (!size) { /* a pointer that may not be read */
        free(p);
        p = malloc(0);
    }
    fuzz_bytes(p, size);
    in.piece[in.n_pieces++] = p;
    return p;
}

char *fuzz_text(size_t most)
{
    size_t n = fuzz_byte();
    char *text;

    if (n > most)
        n = most;
    n += n % 2;
    text = fuzz_exact(n + 2);
    text[n] = text[n + 1] = 0;
    return text;
}

/* However many there are: what is forgotten nobody would give back. */
void fuzz_remember(host_mem block)
{
    if (!block)
        return;
    if (in.n_blocks == in.room) {
        in.room += BLOCKS;
        in.block = realloc(in.block, in.room * sizeof *in.block);
        fuzz_assert(in.block);
    }
    in.block[in.n_blocks++] = block;
}

host_mem fuzz_block(size_t size)
{
    host_mem block = in.n_blocks < BLOCKS && size ? host_mem_alloc(size, false) : 0;
    void *bytes = block ? host_mem_lock(block) : NULL;

    if (bytes) {
        fuzz_bytes(bytes, size);
        host_mem_unlock(block);
    }
    fuzz_remember(block);
    return block;
}

host_mem fuzz_any_block(void)
{
    return in.n_blocks ? in.block[fuzz_below(in.n_blocks)] : 0;
}

static host_atom atom_of(unsigned name)
{
    uint16_t text[HOST_ATOM_CHARS + 1];
    size_t i = 0;

    do {
        text[i] = (unsigned char)fuzz_names[name][i];
    } while (text[i++]);
    return host_atom_add(text);
}

host_atom fuzz_atom(unsigned name)
{
    return atom_of(name % FUZZ_NAMES);
}

void fuzz_remember_atom(host_atom atom)
{
    if (in.n_atoms < ATOMS)
        in.atom[in.n_atoms++] = atom;
}

/* ---- Begin and end -------------------------------------------------------------------------------------- */

static DDEMLLEDGER ledger_now(void)
{
    DDEMLLEDGER now = {.cb = sizeof now};

    if (!DdemlGetLedger(0, &now))
        fuzz_fail("no ledger");
    return now;
}

static void start(void)
{
    if (in.endless)
        return;
    in.endless =
        mmap(NULL, ENDLESS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (in.endless == MAP_FAILED)
        fuzz_fail("no address space");
    inside_start();
}

void fuzz_begin(const uint8_t *data, size_t size, bool (*asleep)(void))
{
    start();
    in.at = data;
    in.left = size;
    in.n_pieces = in.n_blocks = in.n_atoms = 0;
    in.forged = false;
    inside_begin(asleep);
    DdemlSetDeadlines(1000, 30000);
    in.before = ledger_now();
}

bool fuzz_wants_thread(const uint8_t *data, size_t size)
{
    return size && data[size - 1] % 32 == 31;
}

void fuzz_books_forged(void)
{
    in.forged = true;
}

static void give_back(void)
{
    for (unsigned i = 0; i < in.n_pieces; i++)
        free(in.piece[i]);
    for (unsigned i = 0; i < in.n_blocks; i++)
        host_mem_free(in.block[i]);
    for (unsigned i = 0; i < in.n_atoms; i++)
        host_atom_delete(in.atom[i]);
    for (unsigned name = 0; name < FUZZ_NAMES; name++) {
        uint16_t text[HOST_ATOM_CHARS + 1];
        host_atom atom = atom_of(name);

        for (unsigned n = 0; n < MOST_REFERENCES && host_atom_name(atom, text); n++)
            host_atom_delete(atom);
    }
}

static void check_ledger(void)
{
    const DDEMLLEDGER now = ledger_now(), *was = &in.before;
    bool empty = true;

#define CHECK(column)                                                                                        \
    if (now.column != was->column) {                                                                         \
        fprintf(stderr, "left: %d %s\n", (int)(now.column - was->column), #column);                          \
        empty = false;                                                                                       \
    }
    if (in.forged) {
        CHECK(instances)
        CHECK(conversations)
        CHECK(transactions)
        CHECK(links)
        CHECK(strings)
        CHECK(data)
        CHECK(windows)
        CHECK(heap)
    } else {
        DDEML_LEDGER_COLUMNS(CHECK)
    }
#undef CHECK
    if (!empty)
        fuzz_fail("the ledger is not as it was");
}

void fuzz_end(void)
{
    inside_end();
    check_ledger();
    give_back();
    inside_check();
}
