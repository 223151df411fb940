/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Messages for other processes as bytes, and the blocks that they carry: what arrives, who owns what
 * afterwards, and that nothing which is not as it must be gets in. */

#define _GNU_SOURCE /* memory descriptors */

#include "support/support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/posix/figures.h"
#include "host/posix/memory.h"
#include "host/posix/parcel.h"
#include "wire/wire.h"

enum { FROM = 0x12345, PLAIN = 0x0400, MB = 1024 * 1024, LARGE = MB / 4 /* in these tests */ };

static size_t usual; /* mem_large */

/* ---- Calls that fail on purpose ----------------------------------------------------------------------- */

static unsigned calls, failing; /* the call that fails; 0: none does */
static int reason = ENOMEM;

static bool fails(void)
{
    if (!failing || ++calls != failing)
        return false;
    errno = reason;
    return true;
}

#define WRAP(type, name, parameters, arguments, failure)                                                     \
    type __real_##name parameters;                                                                           \
    type __wrap_##name parameters;                                                                           \
    type __wrap_##name parameters                                                                            \
    {                                                                                                        \
        return fails() ? failure : __real_##name arguments;                                                  \
    }

WRAP(host_mem, host_mem_alloc, (size_t size, bool fixed), (size, fixed), 0)
WRAP(void *, host_mem_lock, (host_mem mem), (mem), NULL)
WRAP(host_atom, host_atom_add, (const uint16_t *text), (text), 0)

WRAP(void *, mremap, (void *at, size_t size, size_t larger, int flags), (at, size, larger, flags), MAP_FAILED)
WRAP(int, madvise, (void *at, size_t size, int advice), (at, size, advice), -1)

/* ---- What there is ------------------------------------------------------------------------------------ */

static long descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    long n = 0;

    assert_non_null(folder);
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

static struct books {
    long blocks, atoms, descriptors;
} before;

static struct books books(void)
{
    return (struct books){figure_blocks(), figure_atoms(), descriptors()};
}

static int down(void **state)
{
    struct books now = books();

    (void)state;
    assert_int_equal(now.blocks, before.blocks);
    assert_int_equal(now.atoms, before.atoms);
    assert_int_equal(now.descriptors, before.descriptors);
    return 0;
}

static host_atom atom_of(const char *text)
{
    uint16_t wide[HOST_ATOM_CHARS + 1];
    host_atom atom;
    size_t n = 0;

    do
        wide[n] = (unsigned char)text[n];
    while (text[n++]);
    atom = host_atom_add(wide);
    assert_true(atom != 0);
    return atom;
}

static int up(void **state)
{
    (void)state;
    failing = 0;
    reason = ENOMEM;
    host_atom_delete(atom_of("once")); /* the process meets the others with its first atom, and stays there */
    before = books();
    return 0;
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, up, down)

/* An atom that nobody holds. */
static host_atom dead_atom(void)
{
    host_atom atom = atom_of("gone");

    host_atom_delete(atom);
    return atom;
}

static unsigned char byte_at(size_t i, unsigned seed)
{
    return (unsigned char)((i * 31 + i / 253 + seed) & 0x5F); /* never the bit of fRelease */
}

static void fill(host_mem mem, unsigned seed)
{
    unsigned char *bytes = host_mem_lock(mem);
    size_t size = host_mem_size(mem);

    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = byte_at(i, seed);
    host_mem_unlock(mem);
}

static host_mem block_of(size_t size, unsigned seed)
{
    host_mem mem = host_mem_alloc(size, false);

    assert_true(mem != 0);
    fill(mem, seed);
    return mem;
}

/* The first `kept` bytes are what fill() has made, the others zero; `flags` are bits that are set besides. */
static void holds(host_mem mem, size_t size, size_t kept, unsigned seed, uint16_t flags)
{
    unsigned char *bytes = host_mem_lock(mem);
    size_t wrong = 0;

    assert_non_null(bytes);
    assert_int_equal(host_mem_size(mem), size);
    for (size_t i = 0; i < size; i++) {
        unsigned char want = i < kept ? byte_at(i, seed) : 0;

        if (i == 1 && size >= 2)
            want = (unsigned char)(want | flags >> 8);
        wrong += bytes[i] != want;
    }
    assert_int_equal(wrong, 0);
    host_mem_unlock(mem);
}

static host_mem dead_block(void)
{
    host_mem mem = block_of(8, 0);

    host_mem_free(mem);
    return mem;
}

/* ---- Passing ------------------------------------------------------------------------------------------ */

static struct host_msg message(uint32_t id, uintptr_t lparam)
{
    return (struct host_msg){.to = 1, .id = id, .wparam = FROM, .lparam = lparam};
}

static struct host_msg packed(uint32_t id, uintptr_t lo, uintptr_t hi)
{
    struct host_msg m = message(id, 0);

    assert_true(wire_pack(id, lo, hi, &m.lparam));
    return m;
}

static struct parcel *pack(const struct host_msg *m, enum parcel_way way)
{
    struct parcel *p = parcel_pack(m, way);

    assert_non_null(p);
    assert_true(p->size <= PARCEL_MAX);
    return p;
}

/* What the partner makes of the same bytes and another descriptor of the same file. */
static struct parcel *arrived(const struct parcel *p)
{
    bool wrong = true;
    struct parcel *there = parcel_open(p->bytes, p->size, p->fd < 0 ? -1 : dup(p->fd), &wrong);

    assert_false(wrong);
    assert_non_null(there);
    return there;
}

/* Packs, opens and unpacks; the original stays as it is. */
static struct host_msg passed(const struct host_msg *m, enum parcel_way way)
{
    struct parcel *p = pack(m, way), *there = arrived(p);
    struct host_msg out = {.to = 2};

    parcel_free(p);
    assert_true(parcel_unpack(there, &out));
    parcel_free(there);
    assert_int_equal(out.to, 2);
    assert_int_equal(out.id, m->id);
    assert_int_equal(out.wparam, m->wparam);
    return out;
}

/* Takes P out of a posted message. */
static void take_packed(const struct host_msg *m, uintptr_t *lo, uintptr_t *hi)
{
    assert_true(wire_unpack(m->id, m->lparam, lo, hi));
    assert_true(wire_free_packed(m->id, m->lparam));
}

static ino_t inode_of(int fd)
{
    struct stat st;

    assert_int_equal(fstat(fd, &st), 0);
    return st.st_ino;
}

static bool is_sealed(int fd)
{
    return (fcntl(fd, F_GET_SEALS) & 15) == (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
}

/* ---- What arrives, and whose it is -------------------------------------------------------------------- */

/* The parts of a message: a number, an atom, a block. */
enum { N, A, G };

static const struct passing {
    uint32_t id;
    enum parcel_way way;
    int lo, hi;
    bool packs, lends, whole; /* P; the atoms remain the sender's; lParam is one number */
} passings[] = {
    {WIRE_INITIATE, PARCEL_SENT, A, A, false, true, false},
    {WIRE_INITIATE, PARCEL_POSTED, N, N, false, false, true},
    {WIRE_TERMINATE, PARCEL_SENT, N, N, false, false, true},
    {WIRE_TERMINATE, PARCEL_POSTED, N, N, false, false, true},
    {WIRE_ADVISE, PARCEL_SENT, G, A, true, false, false},
    {WIRE_ADVISE, PARCEL_POSTED, G, A, true, false, false},
    {WIRE_UNADVISE, PARCEL_SENT, N, A, false, false, false},
    {WIRE_UNADVISE, PARCEL_POSTED, N, A, false, false, false},
    {WIRE_ACK, PARCEL_SENT, A, A, false, false, false},
    {WIRE_ACK, PARCEL_POSTED, N, A, true, false, false},
    {WIRE_ACK, PARCEL_POSTED, N, N, true, false, false},
    {WIRE_DATA, PARCEL_SENT, G, A, true, false, false},
    {WIRE_DATA, PARCEL_POSTED, G, A, true, false, false},
    {WIRE_DATA, PARCEL_POSTED, G, N, true, false, false},
    {WIRE_REQUEST, PARCEL_SENT, N, A, false, false, false},
    {WIRE_REQUEST, PARCEL_POSTED, N, A, false, false, false},
    {WIRE_POKE, PARCEL_SENT, G, A, true, false, false},
    {WIRE_POKE, PARCEL_POSTED, G, A, true, false, false},
    {WIRE_EXECUTE, PARCEL_SENT, N, G, false, false, false},
    {WIRE_EXECUTE, PARCEL_POSTED, N, G, false, false, false},
    {HOST_EV_REGISTER, PARCEL_SENT, A, A, false, true, false},
    {HOST_EV_REGISTER, PARCEL_POSTED, N, N, false, false, true},
    {HOST_EV_UNREGISTER, PARCEL_SENT, A, A, false, true, false},
    {HOST_EV_UNREGISTER, PARCEL_POSTED, N, N, false, false, true},
    {HOST_EV_MOVED, PARCEL_SENT, N, N, false, false, true},
    {HOST_EV_MOVED, PARCEL_POSTED, N, N, false, false, true},
    {PLAIN, PARCEL_SENT, N, N, false, false, true},
    {PLAIN, PARCEL_POSTED, N, N, false, false, true},
};

enum { PASSINGS = sizeof passings / sizeof *passings, BYTES = 1000 };

static uintptr_t part_of(int kind, int i)
{
    switch (kind) {
    case A:
        return atom_of(i ? "Item" : "Service");
    case G:
        return block_of(BYTES, 1);
    default:
        return i ? 0x1234 : 0x8007;
    }
}

static struct host_msg message_of(const struct passing *p, const uintptr_t part[2])
{
    if (p->packs)
        return packed(p->id, part[0], part[1]);
    if (p->id == WIRE_EXECUTE)
        return message(p->id, part[1]);
    if (p->whole)
        return message(p->id, (uintptr_t)0x123456789ABCDEF0);
    return message(p->id, (uintptr_t)(intptr_t)(int32_t)(part[0] | part[1] << 16));
}

static void compare_part(const struct passing *p, int kind, uintptr_t was, uintptr_t is)
{
    bool frees = p->id == WIRE_DATA || p->id == WIRE_POKE;

    if (kind != G) {
        assert_int_equal(is, was); /* one process: the same text has the same number */
        return;
    }
    assert_int_not_equal(is, was);
    holds(was, BYTES, BYTES, 1, 0);
    holds(is, BYTES, BYTES, 1, frees ? WIRE_FRELEASE : 0);
}

static void free_part(int kind, uintptr_t value)
{
    if (kind == A)
        host_atom_delete((host_atom)value);
    if (kind == G)
        host_mem_free(value);
}

static long count(const struct passing *p, int kind)
{
    return (p->lo == kind) + (p->hi == kind);
}

/* The parts of what has arrived; takes P. */
static void parts_of(const struct passing *c, const struct host_msg *m, uintptr_t part[2])
{
    part[0] = m->lparam & 0xFFFF;
    part[1] = m->lparam >> 16 & 0xFFFF;
    if (c->packs)
        take_packed(m, &part[0], &part[1]);
    if (c->id == WIRE_EXECUTE)
        part[1] = m->lparam;
}

/* What the receiver has to free, and what is its sender's after the message has been delivered. */
static void free_all(const struct passing *c, const uintptr_t sent[2], const uintptr_t got[2])
{
    free_part(c->lends ? N : c->lo, got[0]);
    free_part(c->lends ? N : c->hi, got[1]);
    free_part(c->lends || c->lo == G ? c->lo : N, sent[0]);
    free_part(c->lends || c->hi == G ? c->hi : N, sent[1]);
}

static void go_through(const struct passing *c)
{
    uintptr_t part[2] = {part_of(c->lo, 0), part_of(c->hi, 1)}, got[2] = {0};
    struct host_msg m = message_of(c, part), out = {.to = 2};
    long atoms = figure_atoms(), blocks = figure_blocks(), n = count(c, A);
    struct parcel *p = pack(&m, c->way), *there = arrived(p);

    assert_int_equal(p->fd, -1);
    assert_int_equal(parcel_id(there), c->id);
    assert_int_equal(parcel_from(there), FROM);
    assert_int_equal(figure_atoms(), atoms);
    assert_int_equal(figure_blocks(), blocks);
    assert_true(parcel_unpack(there, &out));
    assert_int_equal(out.to, 2);
    assert_int_equal(out.id, m.id);
    assert_int_equal(out.wparam, m.wparam);
    assert_int_equal(figure_atoms(), atoms + n);
    assert_int_equal(figure_blocks(), blocks + count(c, G) + c->packs);

    if (c->packs) /* nothing has kept it locked */
        assert_int_equal(host_mem_resize(m.lparam, 2 * sizeof part[0]), m.lparam);
    parcel_delivered(&m, c->way);
    assert_int_equal(figure_atoms(), c->lends ? atoms + n : atoms);
    assert_int_equal(figure_blocks(), blocks + count(c, G));

    if (c->whole)
        assert_int_equal(out.lparam, m.lparam);
    parts_of(c, &out, got);
    if (!c->whole && c->id != WIRE_EXECUTE)
        compare_part(c, c->lo, part[0], got[0]);
    if (!c->whole)
        compare_part(c, c->hi, part[1], got[1]);
    parcel_returned(there, &out);
    assert_int_equal(figure_atoms(), atoms);
    parcel_free(p);
    parcel_free(there);
    free_all(c, part, got);
}

static void every_message_arrives_and_is_owned_as_the_protocol_says(void **state)
{
    (void)state;
    for (int i = 0; i < PASSINGS; i++) {
        struct books was = books();

        go_through(&passings[i]);
        assert_int_equal(books().atoms, was.atoms);
        assert_int_equal(books().blocks, was.blocks);
    }
}

static void atoms_without_text_travel_as_numbers(void **state)
{
    const host_atom atom[] = {0, 1, 0xBFFF, dead_atom()};
    const struct host_msg none = message(WIRE_TERMINATE, 0);
    struct parcel *empty = pack(&none, PARCEL_POSTED);

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct host_msg m =
            message(WIRE_REQUEST, (uintptr_t)(intptr_t)(int32_t)((uint32_t)atom[i] << 16 | 1));
        struct host_msg hello = message(WIRE_INITIATE, (uint32_t)atom[i] << 16 | atom[i]), out;
        struct parcel *p = pack(&m, PARCEL_POSTED);

        assert_int_equal(p->size, empty->size);
        parcel_free(p);
        assert_int_equal(passed(&m, PARCEL_POSTED).lparam, m.lparam);
        out = passed(&hello, PARCEL_SENT);
        assert_int_equal((uint32_t)out.lparam, (uint32_t)hello.lparam);
    }
    parcel_free(empty);
}

static void the_longest_names_arrive_whole(void **state)
{
    uint16_t text[HOST_ATOM_CHARS + 1], buf[HOST_ATOM_CHARS + 1];
    host_atom atom[2];
    struct host_msg m, out;

    (void)state;
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < HOST_ATOM_CHARS; k++)
            text[k] = (uint16_t)(0x4E00 + k + i);
        text[HOST_ATOM_CHARS] = 0;
        atom[i] = host_atom_add(text);
        assert_true(atom[i] >= 0xC000);
    }
    m = message(WIRE_ACK, (uintptr_t)atom[0] | (uintptr_t)atom[1] << 16);
    out = passed(&m, PARCEL_SENT);
    assert_int_equal(out.lparam & 0xFFFF, atom[0]);
    assert_int_equal(out.lparam >> 16 & 0xFFFF, atom[1]);
    assert_int_equal(host_atom_name(atom[1], buf), HOST_ATOM_CHARS);
    assert_memory_equal(buf, text, sizeof text);
    for (int i = 0; i < 4; i++)
        host_atom_delete(atom[i % 2]);
}

static void initiate_tells_which_service_it_wants(void **state)
{
    uint16_t buf[HOST_ATOM_CHARS + 1] = {0};
    const uint16_t want[] = {'E', 'x', 'c', 'e', 'l', 0}, number[] = {'#', '7', 0};
    host_atom atom = atom_of("Excel");
    struct host_msg m = message(WIRE_INITIATE, atom);
    struct parcel *p = pack(&m, PARCEL_SENT);

    (void)state;
    assert_int_equal(parcel_service(p, buf), 5);
    assert_memory_equal(buf, want, sizeof want);
    parcel_free(p);
    m.lparam = 7 | (uintptr_t)atom << 16;
    p = pack(&m, PARCEL_SENT);
    assert_int_equal(parcel_service(p, buf), 2);
    assert_memory_equal(buf, number, sizeof number);
    parcel_free(p);
    m.lparam = (uintptr_t)atom << 16;
    p = pack(&m, PARCEL_SENT);
    assert_int_equal(parcel_service(p, buf), 0);
    parcel_free(p);
    m = message(WIRE_ACK, atom);
    p = pack(&m, PARCEL_SENT);
    assert_int_equal(parcel_service(p, buf), 0);
    parcel_free(p);
    host_atom_delete(atom);
}

static void an_ack_brings_what_its_high_part_is(void **state)
{
    uintptr_t number[] = {0, 1, 0xBFFF, dead_atom(), 0x10000, dead_block(), UINTPTR_MAX};
    uintptr_t lo, hi;

    (void)state;
    for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
        struct host_msg m = packed(WIRE_ACK, 0x8000, number[i]), out = passed(&m, PARCEL_POSTED);

        parcel_delivered(&m, PARCEL_POSTED);
        take_packed(&out, &lo, &hi);
        assert_int_equal(lo, 0x8000);
        assert_int_equal(hi, number[i]);
    }
}

static void an_execute_comes_back_under_its_own_number(void **state)
{
    const size_t size[] = {10, PARCEL_INLINE + 1, LARGE};
    uintptr_t lo, hi;

    (void)state;
    for (int i = 0; i < 3; i++) {
        host_mem mine = block_of(size[i], 3);
        struct host_msg m = message(WIRE_EXECUTE, mine), there = passed(&m, PARCEL_POSTED), ack, back;
        long blocks = figure_blocks();

        assert_int_not_equal(there.lparam, mine);
        holds(there.lparam, size[i], size[i], 3, 0);
        ack = packed(WIRE_ACK, 0x8000, there.lparam);
        back = passed(&ack, PARCEL_POSTED);
        parcel_delivered(&ack, PARCEL_POSTED);
        take_packed(&back, &lo, &hi);
        assert_int_equal(hi, mine);
        assert_int_equal(figure_blocks(), blocks); /* no copy came with it */
        host_mem_free(there.lparam);
        holds(mine, size[i], size[i], 3, 0);
        host_mem_free(mine);
    }
}

static void a_block_made_here_has_no_origin(void **state)
{
    host_mem mem = block_of(10, 0);

    (void)state;
    mem_set_origin(mem, 77);
    assert_int_equal(mem_origin(mem), 77);
    host_mem_free(mem);
    assert_int_equal(mem_origin(mem), 0);
    mem_set_origin(mem, 77);
    for (int i = 0; i < 2000; i++) { /* the same slot comes again */
        mem = block_of(1, 0);
        assert_int_equal(mem_origin(mem), 0);
        mem_set_origin(mem, 77);
        host_mem_free(mem);
    }
}

static void data_and_poke_arrive_with_the_right_to_free(void **state)
{
    const uint32_t id[] = {WIRE_DATA, WIRE_POKE, WIRE_ADVISE};
    const size_t size[] = {1, 2, 100, LARGE};
    uintptr_t lo, hi;

    (void)state;
    for (int i = 0; i < 12; i++) {
        size_t n = size[i % 4];
        host_mem mine = block_of(n, 5);
        struct host_msg m = packed(id[i / 4], mine, 0), out = passed(&m, PARCEL_POSTED);

        parcel_delivered(&m, PARCEL_POSTED);
        take_packed(&out, &lo, &hi);
        holds(lo, n, n, 5, id[i / 4] == WIRE_ADVISE ? 0 : WIRE_FRELEASE);
        holds(mine, n, n, 5, 0);
        host_mem_free(lo);
        host_mem_free(mine);
    }
}

static void refused(const struct host_msg *m)
{
    long blocks = figure_blocks();

    errno = 0;
    assert_null(parcel_pack(m, PARCEL_POSTED));
    assert_int_equal(errno, EINVAL);
    assert_int_equal(figure_blocks(), blocks);
    parcel_delivered(m, PARCEL_POSTED);
}

static void what_is_no_block_cannot_be_packed(void **state)
{
    const uint32_t id[] = {WIRE_ADVISE, WIRE_POKE, WIRE_DATA, WIRE_ACK};
    host_mem small = block_of(2 * sizeof(uintptr_t) - 1, 0), dead = dead_block();
    const uintptr_t no_pair[] = {0, 1, 0xC000, dead, small};
    struct host_msg m;

    (void)state;
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 5; k++) {
            m = message(id[i], no_pair[k]);
            errno = 0;
            assert_null(parcel_pack(&m, PARCEL_POSTED));
            assert_int_equal(errno, EINVAL);
            parcel_delivered(&m, PARCEL_POSTED);
        }
    for (int i = 0; i < 3; i++) {
        m = packed(id[i], dead, 0);
        refused(&m);
    }
    for (int i = 0; i < 2; i++) {
        m = packed(id[i], 0, 0);
        refused(&m);
    }
    m = message(WIRE_EXECUTE, dead);
    refused(&m);
    assert_int_equal(host_mem_size(small), 2 * sizeof(uintptr_t) - 1);
    host_mem_free(small);
}

static void a_notice_and_an_empty_execute_travel_without_a_block(void **state)
{
    struct host_msg m = packed(WIRE_DATA, 0, atom_of("Item")), out = passed(&m, PARCEL_POSTED);
    uintptr_t lo, hi;

    (void)state;
    parcel_delivered(&m, PARCEL_POSTED);
    take_packed(&out, &lo, &hi);
    assert_int_equal(lo, 0);
    host_atom_delete((host_atom)hi);
    m = message(WIRE_EXECUTE, 0);
    assert_int_equal(passed(&m, PARCEL_POSTED).lparam, 0);
}

/* ---- Payloads ----------------------------------------------------------------------------------------- */

static void payloads_of_every_size_arrive_exactly(void **state)
{
    const size_t size[] = {1,         3,     PARCEL_INLINE - 1, PARCEL_INLINE, PARCEL_INLINE + 1,
                           LARGE - 1, LARGE, LARGE + 1,         1000003};

    (void)state;
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        host_mem mine = block_of(size[i], (unsigned)i);
        struct host_msg m = message(WIRE_EXECUTE, mine), out;
        struct parcel *p = pack(&m, PARCEL_POSTED);

        assert_int_equal(p->fd >= 0, size[i] > PARCEL_INLINE);
        assert_true(p->fd < 0 || is_sealed(p->fd));
        parcel_free(p);
        out = passed(&m, PARCEL_POSTED);
        holds(out.lparam, size[i], size[i], (unsigned)i, 0);
        host_mem_free(out.lparam);
        holds(mine, size[i], size[i], (unsigned)i, 0);
        host_mem_free(mine);
    }
}

/* Of a message with a block and a name. */
static struct parcel *parcel_with(uint32_t id, host_wnd from, host_mem mem, const char *name)
{
    struct host_msg m = packed(id, mem, atom_of(name));
    struct parcel *p;

    m.wparam = from;
    p = pack(&m, PARCEL_POSTED);
    parcel_delivered(&m, PARCEL_POSTED);
    return p;
}

static void parcels_are_the_same_if_only_the_sender_differs(void **state)
{
    host_mem mem = block_of(100, 1), equal = block_of(100, 1), other = block_of(100, 2),
             longer = block_of(101, 1), large = block_of(PARCEL_INLINE + 1, 1);
    struct parcel *p = parcel_with(WIRE_POKE, FROM, mem, "Item"),
                  *file = parcel_with(WIRE_POKE, FROM, large, "Item");
    const struct {
        struct parcel *p;
        bool same;
    } cases[] = {
        {parcel_with(WIRE_POKE, FROM + 1, mem, "Item"), true},
        {parcel_with(WIRE_POKE, FROM, equal, "Item"), true},
        {parcel_with(WIRE_POKE, FROM, other, "Item"), false},
        {parcel_with(WIRE_POKE, FROM, longer, "Item"), false},
        {parcel_with(WIRE_POKE, FROM, mem, "Itex"), false},
        {parcel_with(WIRE_DATA, FROM, mem, "Item"), false},
        {parcel_with(WIRE_POKE, FROM, large, "Item"), false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(parcel_same(p, cases[i].p), cases[i].same);
        assert_int_equal(parcel_same(cases[i].p, p), cases[i].same);
        parcel_free(cases[i].p);
    }
    assert_false(parcel_same(file, file)); /* which of the two descriptors would it be? */
    parcel_free(p);
    parcel_free(file);
    host_mem_free(mem);
    host_mem_free(equal);
    host_mem_free(other);
    host_mem_free(longer);
    host_mem_free(large);
}

static void a_parcel_that_is_shared_goes_with_the_last_who_has_it(void **state)
{
    host_mem mem = block_of(100, 1);
    struct parcel *p = parcel_with(WIRE_POKE, FROM, mem, "Item"), *shared = parcel_share(p);
    struct host_msg out = {.to = 2};
    uintptr_t lo, hi;

    (void)state;
    parcel_free(p);
    assert_true(parcel_unpack(shared, &out));
    parcel_free(shared);
    take_packed(&out, &lo, &hi);
    holds(lo, 100, 100, 1, 0x2000);
    host_mem_free(lo);
    host_atom_delete((host_atom)hi);
    host_mem_free(mem);
}

static ino_t inode_packed(host_mem mem)
{
    struct host_msg m = message(WIRE_EXECUTE, mem);
    struct parcel *p = pack(&m, PARCEL_POSTED);
    ino_t inode;

    assert_true(is_sealed(p->fd));
    inode = inode_of(p->fd);
    parcel_free(p);
    return inode;
}

static void a_large_block_is_passed_itself_until_somebody_may_have_written(void **state)
{
    host_mem mem = block_of(LARGE, 1);
    ino_t first = inode_packed(mem), second, third;

    (void)state;
    assert_int_equal(inode_packed(mem), first);
    assert_non_null(host_mem_lock(mem));
    second = inode_packed(mem); /* locked: a copy */
    assert_int_not_equal(second, first);
    host_mem_unlock(mem);
    third = inode_packed(mem);
    assert_int_not_equal(third, first);
    holds(mem, LARGE, LARGE, 1, 0);
    host_mem_free(mem);
}

static void a_locked_block_is_copied_as_it_is(void **state)
{
    host_mem mem = block_of(LARGE, 1);
    unsigned char *bytes = host_mem_lock(mem);
    struct host_msg m = message(WIRE_EXECUTE, mem), out = passed(&m, PARCEL_POSTED);

    (void)state;
    holds(out.lparam, LARGE, LARGE, 1, 0);
    bytes[7] ^= 1; /* it can still be written, and nobody else sees that */
    assert_ptr_equal(host_mem_lock(mem), bytes);
    holds(out.lparam, LARGE, LARGE, 1, 0);
    host_mem_free(out.lparam);
    host_mem_free(mem);
}

static void what_came_can_be_passed_on(void **state)
{
    host_mem mine = block_of(LARGE, 1);
    struct host_msg m = message(WIRE_EXECUTE, mine), there = passed(&m, PARCEL_POSTED), further;

    (void)state;
    fill(there.lparam, 2);
    further = passed(&there, PARCEL_POSTED);
    holds(further.lparam, LARGE, LARGE, 2, 0);
    assert_int_equal(host_mem_resize(there.lparam, 10), there.lparam); /* nothing has kept it locked */
    host_mem_free(further.lparam);
    host_mem_free(there.lparam);
    host_mem_free(mine);
}

static void writing_on_one_side_is_not_seen_on_the_other(void **state)
{
    host_mem mine = block_of(LARGE, 1);
    struct host_msg m = message(WIRE_EXECUTE, mine), one, two, again;
    struct parcel *p = pack(&m, PARCEL_POSTED), *there = arrived(p);

    (void)state;
    assert_true(parcel_unpack(there, &one));
    assert_true(parcel_unpack(there, &two));
    fill(one.lparam, 2);
    holds(mine, LARGE, LARGE, 1, 0);
    holds(two.lparam, LARGE, LARGE, 1, 0);
    fill(mine, 3);
    holds(one.lparam, LARGE, LARGE, 2, 0);
    holds(two.lparam, LARGE, LARGE, 1, 0);
    parcel_free(p);
    parcel_free(there);
    again = passed(&m, PARCEL_POSTED); /* what is sent again is what it is now */
    holds(again.lparam, LARGE, LARGE, 3, 0);
    host_mem_free(again.lparam);
    host_mem_free(one.lparam);
    host_mem_free(two.lparam);
    host_mem_free(mine);
}

/* ---- Large blocks ------------------------------------------------------------------------------------- */

/* A large block that has been in a parcel, and one that has come in one. */
static host_mem sent_block(size_t size, unsigned seed)
{
    host_mem mem = block_of(size, seed);

    inode_packed(mem);
    return mem;
}

static host_mem came_block(size_t size, unsigned seed)
{
    host_mem mem = block_of(size, seed);
    struct host_msg m = message(WIRE_EXECUTE, mem), out = passed(&m, PARCEL_POSTED);

    host_mem_free(mem);
    return out.lparam;
}

static void blocks_keep_their_bytes_when_they_are_resized(void **state)
{
    const size_t size[] = {3,         LARGE - 1, LARGE, LARGE + 1, 5, LARGE + 5000, LARGE + 4096,
                           LARGE + 5, 3 * MB,    LARGE, 4 * MB,    1};
    host_mem (*const make[])(size_t size, unsigned seed) = {block_of, sent_block, came_block};

    (void)state;
    for (int i = 0; i < 3; i++) {
        size_t kept = LARGE + 100;
        host_mem mem = make[i](kept, 1);
        struct host_msg m = message(WIRE_EXECUTE, mem), out;

        for (size_t k = 0; k < sizeof size / sizeof *size; k++) {
            assert_int_equal(host_mem_resize(mem, size[k]), mem);
            kept = size[k] < kept ? size[k] : kept;
            holds(mem, size[k], kept, 1, 0);
        }
        for (size_t k = 0; k < sizeof size / sizeof *size; k++) { /* and between two posts */
            fill(mem, 2);
            kept = host_mem_size(mem);
            assert_int_equal(host_mem_resize(mem, size[k]), mem);
            kept = size[k] < kept ? size[k] : kept;
            out = passed(&m, PARCEL_POSTED);
            holds(out.lparam, size[k], kept, 2, 0);
            holds(mem, size[k], kept, 2, 0);
            host_mem_free(out.lparam);
        }
        host_mem_free(mem);
    }
}

static void a_large_block_that_cannot_grow_is_as_it_was(void **state)
{
    host_mem mem = block_of(LARGE + 1, 1), bigger = 0;

    (void)state;
    for (unsigned n = 1; !bigger; n++) {
        calls = 0;
        failing = n;
        bigger = host_mem_resize(mem, MB);
        failing = 0;
        assert_true(n <= 3 && (bigger || calls >= n));
        if (!bigger)
            holds(mem, LARGE + 1, LARGE + 1, 1, 0);
    }
    holds(mem, MB, LARGE + 1, 1, 0);
    inode_packed(mem);
    host_mem_free(mem);
}

static void without_pages_for_a_file_a_block_is_on_the_heap(void **state)
{
    long files = descriptors();
    host_mem mem;

    (void)state;
    calls = 0;
    failing = 2; /* madvise: the second after host_mem_alloc itself */
    mem = host_mem_alloc(LARGE, false);
    failing = 0;
    assert_int_equal(descriptors(), files);
    holds(mem, LARGE, 0, 0, 0);
    assert_int_equal(host_mem_resize(mem, MB), mem);
    holds(mem, MB, 0, 0, 0);
    host_mem_free(mem);
}

static void pages_are_made_without_the_newest_system_too(void **state)
{
    host_mem mem;

    (void)state;
    calls = 0;
    failing = 2;
    reason = EINVAL; /* it does not know that advice */
    mem = host_mem_alloc(LARGE, false);
    failing = 0;
    assert_true(descriptors() > before.descriptors);
    fill(mem, 1);
    inode_packed(mem);
    holds(mem, LARGE, LARGE, 1, 0);
    host_mem_free(mem);
}

static void a_locked_large_block_is_not_resized(void **state)
{
    host_mem mem = block_of(LARGE, 1);

    (void)state;
    assert_non_null(host_mem_lock(mem));
    assert_int_equal(host_mem_resize(mem, 2 * LARGE), 0);
    assert_int_equal(host_mem_resize(mem, 1), 0);
    host_mem_unlock(mem);
    assert_int_equal(host_mem_resize(mem, 0), 0);
    holds(mem, LARGE, LARGE, 1, 0);
    host_mem_free(mem);
}

static void many_large_blocks_leave_descriptors_for_the_program(void **state)
{
    enum { MANY = 300 };
    static host_mem mem[MANY];
    long first = descriptors(), last;

    (void)state;
    for (unsigned i = 0; i < MANY; i++)
        mem[i] = block_of(LARGE, i);
    last = descriptors();
    assert_true(last > first && last - first <= 128);
    for (unsigned i = 0; i < MANY; i++) {
        inode_packed(mem[i]);
        holds(mem[i], LARGE, LARGE, i, 0);
        host_mem_free(mem[i]);
    }
}

/* ---- Limits ------------------------------------------------------------------------------------------- */

static struct rlimit limit(int resource, rlim_t value)
{
    struct rlimit former, now;

    assert_int_equal(getrlimit((__rlimit_resource_t)resource, &former), 0);
    now = former;
    now.rlim_cur = value;
    assert_int_equal(setrlimit((__rlimit_resource_t)resource, &now), 0);
    return former;
}

static void unlimit(int resource, const struct rlimit *former)
{
    assert_int_equal(setrlimit((__rlimit_resource_t)resource, former), 0);
}

static rlim_t next_descriptor(void)
{
    int fd = dup(0);

    assert_true(fd >= 0);
    close(fd);
    return (rlim_t)fd;
}

static void without_descriptors_packing_fails_and_nothing_is_lost(void **state)
{
    host_mem mem[4] = {block_of(LARGE, 0), sent_block(LARGE, 1), came_block(LARGE, 2), 0};
    struct rlimit former = limit(RLIMIT_NOFILE, next_descriptor());
    int error[4];
    bool refuses[4];

    (void)state;
    mem[3] = host_mem_alloc(LARGE, false); /* on the heap */
    for (int i = 0; i < 4; i++) {
        struct host_msg m = message(WIRE_EXECUTE, mem[i]);

        errno = 0;
        refuses[i] = !parcel_pack(&m, PARCEL_POSTED);
        error[i] = errno;
    }
    unlimit(RLIMIT_NOFILE, &former);
    assert_true(mem[3] != 0);
    holds(mem[3], LARGE, 0, 0, 0);
    fill(mem[3], 3);
    for (unsigned i = 0; i < 4; i++) {
        assert_true(refuses[i]);
        assert_int_equal(error[i], EMFILE);
        holds(mem[i], LARGE, LARGE, i, 0);
        inode_packed(mem[i]);
        host_mem_free(mem[i]);
    }
}

static void files_that_would_be_too_large_are_not_made(void **state)
{
    host_mem small = block_of(LARGE, 1), large, heap;
    struct rlimit former = limit(RLIMIT_FSIZE, MB);
    struct host_msg m;

    (void)state;
    assert_int_equal(host_mem_resize(small, 2 * MB), 0); /* and no signal */
    large = host_mem_resize(small, MB);
    heap = host_mem_alloc(2 * MB, false);
    m = message(WIRE_EXECUTE, heap);
    errno = 0;
    assert_null(parcel_pack(&m, PARCEL_POSTED));
    assert_int_equal(errno, EFBIG);
    unlimit(RLIMIT_FSIZE, &former);
    assert_int_equal(large, small);
    holds(small, MB, LARGE, 1, 0);
    holds(heap, 2 * MB, 0, 0, 0);
    host_mem_free(small);
    host_mem_free(heap);
}

/* Private mappings are refused, shared ones are not. */
static void without_memory_for_a_view_there_is_a_copy_or_a_second_try(void **state)
{
    host_mem mem = block_of(LARGE, 1);
    struct host_msg m = message(WIRE_EXECUTE, mem), out;
    struct rlimit former = limit(RLIMIT_DATA, 1);
    struct parcel *p = parcel_pack(&m, PARCEL_POSTED), *there = p ? arrived(p) : NULL;
    bool unpacked = there && parcel_unpack(there, &out);

    (void)state;
    unlimit(RLIMIT_DATA, &former);
    assert_non_null(there);
    assert_false(unpacked);
    holds(mem, LARGE, LARGE, 1, 0);
    assert_true(parcel_unpack(there, &out));
    holds(out.lparam, LARGE, LARGE, 1, 0);
    assert_int_not_equal(inode_packed(mem), inode_of(p->fd));
    parcel_free(p);
    parcel_free(there);
    host_mem_free(out.lparam);
    host_mem_free(mem);
}

static void unpacking_that_fails_makes_nothing_and_can_be_tried_again(void **state)
{
    (void)state;
    for (int i = 0; i < PASSINGS; i++) {
        const struct passing *c = &passings[i];
        uintptr_t part[2] = {part_of(c->lo, 0), part_of(c->hi, 1)}, got[2] = {0};
        struct host_msg m = message_of(c, part), out;
        struct parcel *p = pack(&m, c->way);
        long atoms = figure_atoms(), blocks = figure_blocks();
        bool done = false;

        for (unsigned n = 1; !done; n++) {
            calls = 0;
            failing = n;
            done = parcel_unpack(p, &out);
            failing = 0;
            assert_true(n <= 7 && (done || calls >= n));
            if (!done) {
                assert_int_equal(figure_atoms(), atoms);
                assert_int_equal(figure_blocks(), blocks);
            }
        }
        parcel_returned(p, &out);
        parcel_free(p);
        parts_of(c, &out, got);
        parcel_delivered(&m, c->way);
        free_all(c, part, got);
    }
}

static void packing_that_fails_leaves_the_message_as_it_is(void **state)
{
    (void)state;
    for (int i = 0; i < PASSINGS; i++) {
        const struct passing *c = &passings[i];
        uintptr_t part[2] = {part_of(c->lo, 0), part_of(c->hi, 1)};
        struct host_msg m = message_of(c, part);
        long atoms = figure_atoms(), blocks = figure_blocks();
        struct parcel *p = NULL;

        for (unsigned n = 1; !p; n++) {
            calls = 0;
            failing = n;
            p = parcel_pack(&m, c->way);
            failing = 0;
            assert_true(n <= 4 && (p || calls >= n));
            assert_int_equal(figure_atoms(), atoms);
            assert_int_equal(figure_blocks(), blocks);
        }
        parcel_free(p);
        parcel_delivered(&m, c->way);
        free_all(c, part, (const uintptr_t[2]){0});
    }
}

/* ---- What does not get in ----------------------------------------------------------------------------- */

/* The head of a parcel, and where the texts begin. */
enum {
    VERSION,
    ID = 4,
    WAY = 8,
    FLAGS = 10,
    LENGTH0 = 12,
    LENGTH1 = 14,
    SIZE = 16,
    ORIGIN = 32,
    NUMBER0 = 40,
    NUMBER1 = 48,
    TEXTS = 56
};

static bool is_wrong(const void *bytes, size_t size, int fd)
{
    bool wrong = false;
    struct parcel *p = parcel_open(bytes, size, fd, &wrong);

    assert_true(!p == wrong);
    parcel_free(p);
    return wrong;
}

static struct parcel *sample(uint32_t id, enum parcel_way way, size_t size)
{
    uintptr_t lo, hi;
    struct parcel *p;
    struct host_msg m;

    if (id == WIRE_EXECUTE)
        m = message(id, block_of(size, 1));
    else if (id == WIRE_TERMINATE)
        m = message(id, 0);
    else if (id == WIRE_REQUEST)
        m = message(id, 1 | (uintptr_t)atom_of("Item") << 16);
    else if (way == PARCEL_SENT)
        m = message(id, atom_of("Service") | (uintptr_t)atom_of("Topic") << 16);
    else
        m = packed(id, id == WIRE_ACK ? 0x8000 : block_of(size, 1), atom_of("Item"));
    p = pack(&m, way);
    if (way == PARCEL_SENT) {
        host_atom_delete((host_atom)(m.lparam & 0xFFFF));
        host_atom_delete((host_atom)(m.lparam >> 16 & 0xFFFF));
        return p;
    }
    assert_true(wire_unpack(id, m.lparam, &lo, &hi));
    parcel_delivered(&m, way);
    host_mem_free(lo);
    host_mem_free(hi);
    return p;
}

static void a_head_that_does_not_fit_is_refused(void **state)
{
    static const struct change {
        uint32_t id;
        enum parcel_way way;
        size_t block;
        int at, width;
        uint64_t value;
        bool fits;
    } changes[] = {
        {WIRE_DATA, PARCEL_POSTED, 10, VERSION, 4, 0, false},
        {WIRE_DATA, PARCEL_POSTED, 10, VERSION, 4, 0x44440002, false},
        {WIRE_DATA, PARCEL_POSTED, 10, ID, 4, WIRE_POKE, true},
        {WIRE_DATA, PARCEL_POSTED, 10, ID, 4, WIRE_ADVISE, true},
        {WIRE_DATA, PARCEL_POSTED, 10, ID, 4, WIRE_ACK, false}, /* an atom and a block in one */
        {WIRE_DATA, PARCEL_POSTED, 10, ID, 4, WIRE_EXECUTE, false},
        {WIRE_DATA, PARCEL_POSTED, 10, ID, 4, WIRE_REQUEST, false},
        {WIRE_DATA, PARCEL_POSTED, 10, ID, 4, WIRE_TERMINATE, false},
        {WIRE_DATA, PARCEL_POSTED, 10, ID, 4, PLAIN, false},
        {WIRE_DATA, PARCEL_POSTED, 10, WAY, 2, 1, true},
        {WIRE_DATA, PARCEL_POSTED, 10, WAY, 2, 2, false},
        {WIRE_DATA, PARCEL_POSTED, 10, WAY, 2, 0xFFFF, false},
        {WIRE_DATA, PARCEL_POSTED, 10, FLAGS, 2, 0, false},
        {WIRE_DATA, PARCEL_POSTED, 10, FLAGS, 2, 2, false},
        {WIRE_DATA, PARCEL_POSTED, 10, FLAGS, 2, 3, false},
        {WIRE_DATA, PARCEL_POSTED, 10, FLAGS, 2, 5, false},
        {WIRE_DATA, PARCEL_POSTED, 10, LENGTH0, 2, 1, false},
        {WIRE_DATA, PARCEL_POSTED, 10, LENGTH1, 2, 3, false},
        {WIRE_DATA, PARCEL_POSTED, 10, LENGTH1, 2, 0xFFFF, false},
        {WIRE_DATA, PARCEL_POSTED, 10, SIZE, 8, 9, false},
        {WIRE_DATA, PARCEL_POSTED, 10, SIZE, 8, 11, false},
        {WIRE_DATA, PARCEL_POSTED, 10, SIZE, 8, 0, false},
        {WIRE_DATA, PARCEL_POSTED, 10, SIZE, 8, UINT64_MAX, false},
        {WIRE_DATA, PARCEL_POSTED, 10, SIZE, 8, (uint64_t)1 << 32 | 10, false},
        {WIRE_DATA, PARCEL_POSTED, 10, ORIGIN, 8, 1, false},
        {WIRE_DATA, PARCEL_POSTED, 10, NUMBER0, 8, 1, false},
        {WIRE_DATA, PARCEL_POSTED, 10, NUMBER1, 8, 1, false},
        {WIRE_REQUEST, PARCEL_POSTED, 0, ID, 4, WIRE_UNADVISE, true},
        {WIRE_REQUEST, PARCEL_POSTED, 0, ID, 4, WIRE_DATA, false}, /* a link that is 1: no block */
        {WIRE_REQUEST, PARCEL_POSTED, 0, ID, 4, WIRE_POKE, false},
        {WIRE_REQUEST, PARCEL_POSTED, 0, ID, 4, WIRE_ACK, true},
        {WIRE_REQUEST, PARCEL_POSTED, 0, NUMBER0, 8, 0xFFFF, true},
        {WIRE_REQUEST, PARCEL_POSTED, 0, NUMBER0, 8, 0x10000, false},
        {WIRE_REQUEST, PARCEL_POSTED, 0, FLAGS, 2, 1, false},
        {WIRE_REQUEST, PARCEL_POSTED, 0, SIZE, 8, 1, false},
        {WIRE_REQUEST, PARCEL_POSTED, 0, ORIGIN, 8, 1, false},
        {WIRE_EXECUTE, PARCEL_POSTED, 10, ORIGIN, 8, 0, false},
        {WIRE_EXECUTE, PARCEL_POSTED, 10, ORIGIN, 8, 1, true},
        {WIRE_EXECUTE, PARCEL_POSTED, 10, NUMBER0, 8, 1, false},
        {WIRE_EXECUTE, PARCEL_POSTED, 10, NUMBER1, 8, 1, false},
        {WIRE_INITIATE, PARCEL_SENT, 0, WAY, 2, 0, false},
        {WIRE_INITIATE, PARCEL_SENT, 0, ID, 4, HOST_EV_REGISTER, true},
        {WIRE_INITIATE, PARCEL_SENT, 0, ID, 4, HOST_EV_MOVED, false},
        {WIRE_INITIATE, PARCEL_SENT, 0, NUMBER0, 8, 5, false},
        {WIRE_ACK, PARCEL_SENT, 0, WAY, 2, 0, false},
        {WIRE_ACK, PARCEL_POSTED, 0, NUMBER1, 8, 5, false},
        {WIRE_ACK, PARCEL_POSTED, 0, NUMBER0, 8, UINT64_MAX, true},
        {WIRE_TERMINATE, PARCEL_POSTED, 0, NUMBER0, 8, 5, false},
        {WIRE_TERMINATE, PARCEL_POSTED, 0, NUMBER1, 8, UINT64_MAX, true},
        {WIRE_TERMINATE, PARCEL_POSTED, 0, ID, 4, UINT32_MAX, true},
        {WIRE_TERMINATE, PARCEL_POSTED, 0, ID, 4, WIRE_POKE, false},
        {WIRE_TERMINATE, PARCEL_POSTED, 0, ID, 4, WIRE_DATA, true}, /* a notice for item 0 */
    };

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const struct change *c = &changes[i];
        struct parcel *p = sample(c->id, c->way, c->block);

        assert_false(is_wrong(p->bytes, p->size, -1));
        memcpy(p->bytes + c->at, &c->value, (size_t)c->width);
        if (is_wrong(p->bytes, p->size, -1) == c->fits)
            fail_msg("change %zu: %s", i, c->fits ? "refused" : "accepted");
        parcel_free(p);
    }
}

static void parcels_of_any_other_length_are_refused(void **state)
{
    static unsigned char longer[PARCEL_MAX + 2];
    const struct {
        uint32_t id;
        enum parcel_way way;
        size_t block;
    } samples[] = {{WIRE_INITIATE, PARCEL_SENT, 0},    {WIRE_REQUEST, PARCEL_POSTED, 0},
                   {WIRE_TERMINATE, PARCEL_POSTED, 0}, {WIRE_ACK, PARCEL_POSTED, 0},
                   {WIRE_DATA, PARCEL_POSTED, 300},    {WIRE_DATA, PARCEL_POSTED, PARCEL_INLINE + 1},
                   {WIRE_EXECUTE, PARCEL_POSTED, 50},  {WIRE_EXECUTE, PARCEL_POSTED, LARGE}};

    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct parcel *p = sample(samples[i].id, samples[i].way, samples[i].block);

        memcpy(longer, p->bytes, p->size);
        for (size_t size = 0; size < p->size; size++) {
            unsigned char *exact = malloc(size ? size : 1); /* reading past it is found out */

            memcpy(exact, p->bytes, size);
            assert_true(is_wrong(exact, size, p->fd < 0 ? -1 : dup(p->fd)));
            free(exact);
        }
        for (size_t more = 1; more < 8; more++)
            assert_true(is_wrong(longer, p->size + more, p->fd < 0 ? -1 : dup(p->fd)));
        assert_true(is_wrong(longer, sizeof longer, p->fd < 0 ? -1 : dup(p->fd)));
        parcel_free(p);
    }
}

static void texts_that_are_no_names_of_strings_are_refused(void **state)
{
    const uint16_t text[][4] = {{0, 'b', 'c', 'd'},   {'a', 'b', 'c', 0},   {'a', 0, 'c', 'd'},
                                {'#', '1', '2', '3'}, {'#', '0', '0', '0'}, {'#', '9', '9', 'a'},
                                {'#', '#', '1', '1'}, {'1', '1', '1', '1'}};

    (void)state;
    for (int i = 0; i < 8; i++) {
        struct parcel *p = sample(WIRE_REQUEST, PARCEL_POSTED, 0);

        memcpy(p->bytes + TEXTS, text[i], sizeof text[i]);
        assert_int_equal(is_wrong(p->bytes, p->size, -1), i < 5);
        parcel_free(p);
    }
}

static void names_longer_than_255_are_refused(void **state)
{
    unsigned char bytes[TEXTS + 256 * 2];
    struct parcel *p = sample(WIRE_REQUEST, PARCEL_POSTED, 0);
    uint16_t length = 255;

    (void)state;
    memset(bytes, 'a', sizeof bytes);
    memcpy(bytes, p->bytes, TEXTS);
    memcpy(bytes + LENGTH1, &length, sizeof length);
    assert_false(is_wrong(bytes, sizeof bytes - 2, -1));
    length = 256;
    memcpy(bytes + LENGTH1, &length, sizeof length);
    assert_true(is_wrong(bytes, sizeof bytes, -1));
    parcel_free(p);
}

/* A file in memory of that size, with these seals. */
static int file_of(size_t size, bool whole, int seals)
{
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    assert_int_equal(whole ? fallocate(fd, 0, 0, (off_t)size) : 0, 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
    return fd;
}

/* Another descriptor of the same file, which it closes. */
static int reopened(int fd, int flags)
{
    char path[32];
    int again;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    again = open(path, flags | O_CLOEXEC);
    assert_true(again >= 0);
    close(fd);
    return again;
}

static void only_a_sealed_file_of_enough_bytes_is_a_descriptor(void **state)
{
    enum { SEALS = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW, SIZE_OF_IT = 100000 };
    struct parcel *p = sample(WIRE_POKE, PARCEL_POSTED, SIZE_OF_IT),
                  *without = sample(WIRE_POKE, PARCEL_POSTED, 100);
    int both[2];

    (void)state;
    assert_false(is_wrong(p->bytes, p->size, file_of(SIZE_OF_IT, true, SEALS)));
    assert_false(is_wrong(p->bytes, p->size, file_of(SIZE_OF_IT, true, SEALS | F_SEAL_SEAL)));
    assert_false(is_wrong(p->bytes, p->size, file_of(SIZE_OF_IT + 1, true, SEALS)));
    assert_true(is_wrong(p->bytes, p->size, file_of(SIZE_OF_IT - 1, true, SEALS)));
    assert_true(is_wrong(p->bytes, p->size, file_of(SIZE_OF_IT, false, SEALS)));
    assert_true(is_wrong(p->bytes, p->size, file_of(SIZE_OF_IT, true, 0)));
    assert_true(is_wrong(p->bytes, p->size, file_of(SIZE_OF_IT, true, SEALS & ~F_SEAL_WRITE)));
    assert_true(is_wrong(p->bytes, p->size, file_of(SIZE_OF_IT, true, SEALS & ~F_SEAL_SHRINK)));
    assert_true(is_wrong(p->bytes, p->size, file_of(SIZE_OF_IT, true, SEALS & ~F_SEAL_GROW)));
    assert_true(is_wrong(p->bytes, p->size, open("/proc/self/exe", O_RDONLY)));
    assert_true(is_wrong(p->bytes, p->size, open("/dev/zero", O_RDWR)));
    assert_false(is_wrong(p->bytes, p->size, reopened(file_of(SIZE_OF_IT, true, SEALS), O_RDONLY)));
    assert_true(is_wrong(p->bytes, p->size, reopened(file_of(SIZE_OF_IT, true, SEALS), O_WRONLY)));
    assert_true(is_wrong(p->bytes, p->size, reopened(file_of(SIZE_OF_IT, true, SEALS), O_PATH)));
    assert_int_equal(pipe(both), 0);
    assert_true(is_wrong(p->bytes, p->size, both[0]));
    assert_true(is_wrong(p->bytes, p->size, both[1]));
    assert_true(is_wrong(p->bytes, p->size, -1));
    assert_true(is_wrong(without->bytes, without->size, file_of(SIZE_OF_IT, true, SEALS)));
    parcel_free(p);
    parcel_free(without);
}

static void payloads_travel_in_one_way_only(void **state)
{
    static unsigned char bytes[PARCEL_MAX];
    struct parcel *in = sample(WIRE_EXECUTE, PARCEL_POSTED, 10);
    struct parcel *file = sample(WIRE_EXECUTE, PARCEL_POSTED, PARCEL_INLINE + 1);
    uint64_t size = PARCEL_INLINE;

    (void)state;
    memcpy(bytes, in->bytes, TEXTS);
    memcpy(bytes + SIZE, &size, sizeof size);
    assert_false(is_wrong(bytes, TEXTS + PARCEL_INLINE, -1));
    memcpy(file->bytes + SIZE, &size, sizeof size);
    assert_true(is_wrong(file->bytes, file->size, dup(file->fd)));
    size++;
    memcpy(bytes + SIZE, &size, sizeof size);
    assert_true(is_wrong(bytes, TEXTS + PARCEL_INLINE + 1, -1));
    memcpy(file->bytes + SIZE, &size, sizeof size);
    assert_false(is_wrong(file->bytes, file->size, dup(file->fd)));
    parcel_free(in);
    parcel_free(file);
}

/* Frees what a message has brought, whatever it was. */
static void dispose(const struct host_msg *m, enum parcel_way way, const struct parcel *p)
{
    bool two_atoms = way == PARCEL_SENT && (m->id == WIRE_ACK || m->id == WIRE_INITIATE);
    uintptr_t lo, hi;

    parcel_returned(p, m);
    if (!two_atoms && m->id >= WIRE_ADVISE && m->id <= WIRE_LAST) {
        take_packed(m, &lo, &hi);
        if (m->id != WIRE_ACK)
            host_mem_free(lo);
    } else {
        lo = m->lparam & 0xFFFF;
        hi = m->lparam >> 16 & 0xFFFF;
    }
    host_mem_free(hi);
    if (two_atoms)
        host_atom_delete((host_atom)lo);
    if (hi <= 0xFFFF)
        host_atom_delete((host_atom)hi);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* One to four fields or bytes become something else, often something that is nearly right. */
static size_t spoil(unsigned char *bytes, size_t size, uint32_t *seed)
{
    static const uint32_t ids[] = {WIRE_INITIATE, WIRE_ACK,         WIRE_DATA,     WIRE_POKE, WIRE_ADVISE,
                                   WIRE_EXECUTE,  HOST_EV_REGISTER, HOST_EV_MOVED, PLAIN};
    static const int fields[] = {ID, WAY, FLAGS, LENGTH0, LENGTH1, SIZE, ORIGIN, NUMBER0, NUMBER1};

    for (uint32_t n = next_random(seed) % 4 + 1; n; n--) {
        uint32_t r = next_random(seed), id = ids[r % 9];

        switch (next_random(seed) % 5) {
        case 0:
            bytes[r % size] = (unsigned char)(r >> 16);
            break;
        case 1:
            bytes[r % size] ^= (unsigned char)(1 << (r >> 16) % 8);
            break;
        case 2:
            bytes[fields[r % 9]] = (unsigned char)((r >> 16) % 4);
            break;
        case 3:
            memcpy(bytes + ID, &id, sizeof id);
            break;
        default:
            if ((r >> 16) % 16 == 0)
                size -= r % size;
        }
        if (size <= TEXTS)
            break;
    }
    return size;
}

static void spoilt_parcels_do_no_harm(void **state)
{
    enum { ROUNDS = 200000, SAMPLES = 8 };
    struct parcel *p[SAMPLES] = {
        sample(WIRE_INITIATE, PARCEL_SENT, 0),
        sample(WIRE_REQUEST, PARCEL_POSTED, 0),
        sample(WIRE_TERMINATE, PARCEL_POSTED, 0),
        sample(WIRE_ACK, PARCEL_POSTED, 0),
        sample(WIRE_DATA, PARCEL_POSTED, 30),
        sample(WIRE_EXECUTE, PARCEL_POSTED, 40),
        sample(WIRE_POKE, PARCEL_POSTED, PARCEL_INLINE + 1),
        sample(WIRE_ACK, PARCEL_SENT, 0),
    };
    long blocks = figure_blocks(), atoms = figure_atoms(), files = descriptors();
    uint32_t seed = 20260401, in = 0;

    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        const struct parcel *model = p[i % SAMPLES];
        size_t size = model->size;
        unsigned char *bytes = malloc(size);
        struct parcel *there;
        struct host_msg out;
        uint16_t way;
        bool wrong;

        memcpy(bytes, model->bytes, size);
        size = spoil(bytes, size, &seed);
        bytes = realloc(bytes, size ? size : 1);
        there = parcel_open(bytes, size, model->fd < 0 ? -1 : dup(model->fd), &wrong);
        free(bytes);
        assert_true(!there == wrong);
        if (!there)
            continue;
        in++;
        assert_true(parcel_unpack(there, &out));
        memcpy(&way, there->bytes + WAY, sizeof way);
        dispose(&out, (enum parcel_way)way, there);
        parcel_free(there);
        if (figure_blocks() != blocks || figure_atoms() != atoms)
            fail_msg("round %u leaves something", i);
    }
    assert_int_equal(descriptors(), files);
    assert_true(in > ROUNDS / 50 && in < ROUNDS); /* some are still right, of course */
    for (int i = 0; i < SAMPLES; i++)
        parcel_free(p[i]);
}

/* ---- Between processes -------------------------------------------------------------------------------- */

enum { PIECE = 64 * MB };

/* What the receiver has found out. */
struct findings {
    bool good;
    ino_t file, mapped; /* of its descriptor; of what its block's bytes are */
};

/* The inode of what is mapped at an address. */
static ino_t mapped_at(const void *address)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    unsigned long start, end, inode;
    char line[512];
    ino_t found = 0;

    while (maps && fgets(line, sizeof line, maps))
        if (sscanf(line, "%lx-%lx %*s %*s %*s %lu", &start, &end, &inode) == 3 &&
            (uintptr_t)address >= start && (uintptr_t)address < end)
            found = inode;
    if (maps)
        fclose(maps);
    return found;
}

static bool post(int socket, const struct parcel *p)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.head = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    struct iovec iov = {(void *)p->bytes, p->size};
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};

    memcpy(CMSG_DATA(&control.head), &p->fd, sizeof(int));
    return sendmsg(socket, &m, 0) == (ssize_t)p->size;
}

static struct parcel *receive(int socket)
{
    static char bytes[PARCEL_MAX];
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = {bytes, sizeof bytes};
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
    int fd = -1;
    bool wrong;

    if (n <= 0)
        return NULL;
    if (CMSG_FIRSTHDR(&m))
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
    return parcel_open(bytes, (size_t)n, fd, &wrong);
}

/* The other process: reads all, then writes all. */
static void receiver(int socket)
{
    struct findings f = {0};
    struct parcel *p = receive(socket);
    long blocks = figure_blocks();
    struct host_msg m;
    unsigned char *bytes;
    uintptr_t lo, hi;
    size_t bad = 0;

    if (p && parcel_unpack(p, &m) && wire_unpack(m.id, m.lparam, &lo, &hi) &&
        (bytes = host_mem_lock(lo)) != NULL) {
        f.file = inode_of(p->fd);
        f.mapped = mapped_at(bytes + PIECE / 2);
        for (size_t i = 0; i < PIECE; i += 61)
            bad += bytes[i] != byte_at(i, 9);
        memset(bytes, 0, PIECE);
        f.good = !bad && host_mem_size(lo) == PIECE && m.id == WIRE_DATA && m.wparam == FROM;
        wire_free_packed(m.id, m.lparam);
        host_mem_free(lo);
        parcel_free(p);
        f.good = f.good && figure_blocks() == blocks;
    }
    _exit(write(socket, &f, sizeof f) == sizeof f ? 0 : 1);
}

static void large_blocks_are_the_same_pages_in_both_processes(void **state)
{
    struct findings f = {0};
    struct host_msg m;
    struct parcel *p;
    int socket[2], status;
    host_mem mem;
    ino_t made;
    pid_t child;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, socket), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(socket[0]);
        receiver(socket[1]);
    }
    close(socket[1]);
    mem = block_of(PIECE, 9);
    made = mapped_at(host_mem_lock(mem));
    host_mem_unlock(mem);
    m = packed(WIRE_DATA, mem, 0);
    p = pack(&m, PARCEL_POSTED);
    parcel_delivered(&m, PARCEL_POSTED);
    assert_true(is_sealed(p->fd));
    assert_true(post(socket[0], p));
    assert_int_equal(read(socket[0], &f, sizeof f), sizeof f);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(f.good);
    assert_int_equal(f.file, made); /* what was filled, what was sent and what was read are one */
    assert_int_equal(f.file, inode_of(p->fd));
    assert_int_equal(f.mapped, made);
    holds(mem, PIECE, PIECE, 9, 0);
    parcel_free(p);
    host_mem_free(mem);
    close(socket[0]);
}

static void a_block_that_a_child_can_write_to_is_copied(void **state)
{
    host_mem mem = block_of(LARGE, 1);
    struct host_msg m = message(WIRE_EXECUTE, mem), out;
    struct parcel *p;
    int end[2], status;
    ino_t made;
    pid_t child;
    char c;

    (void)state;
    made = mapped_at(host_mem_lock(mem));
    host_mem_unlock(mem);
    assert_int_equal(pipe(end), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) { /* until its parent has closed the other end */
        close(end[1]);
        _exit((int)read(end[0], &c, 1));
    }
    p = pack(&m, PARCEL_POSTED);
    close(end[0]);
    close(end[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(is_sealed(p->fd));
    assert_int_not_equal(inode_of(p->fd), made);
    parcel_free(p);
    out = passed(&m, PARCEL_POSTED);
    holds(out.lparam, LARGE, LARGE, 1, 0);
    holds(mem, LARGE, LARGE, 1, 0);
    host_mem_free(out.lparam);
    host_mem_free(mem);
}

/* ---- Threads ------------------------------------------------------------------------------------------ */

static void use_it(void *arg)
{
    host_mem mem = *(host_mem *)arg;
    struct host_msg m = message(WIRE_EXECUTE, mem);
    uint32_t seed = host_thread_id() * 7919;

    for (int i = 0; i < 300; i++) {
        uint32_t r = next_random(&seed);
        struct parcel *p;
        const volatile unsigned char *bytes;

        switch (r % 4) {
        case 0:
            host_mem_resize(mem, LARGE - 100 + r / 4 % 200);
            break;
        case 1:
            bytes = host_mem_lock(mem);
            if (bytes && bytes[100] != byte_at(100, 4))
                abort();
            host_mem_unlock(mem);
            break;
        default: /* fails if another thread resizes the block meanwhile */
            p = parcel_pack(&m, PARCEL_POSTED);
            if (!p && errno != EINVAL)
                abort();
            parcel_free(p);
        }
    }
}

static void threads_may_share_a_block(void **state)
{
    host_mem mem = block_of(LARGE, 4);
    struct test_thread *t[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        t[i] = test_thread_start(use_it, &mem);
    for (int i = 0; i < 4; i++)
        test_thread_join(t[i]);
    host_mem_free(mem);
}

static void only_very_large_blocks_take_a_descriptor(void **state)
{
    const size_t size[] = {MB, usual - 1, usual};

    (void)state;
    mem_large = usual;
    for (int i = 0; i < 3; i++) {
        host_mem mem = host_mem_alloc(size[i], false);
        long more = descriptors() - before.descriptors;

        host_mem_free(mem);
        assert_int_equal(more, i == 2);
    }
    mem_large = LARGE;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(every_message_arrives_and_is_owned_as_the_protocol_says),
        RULE(atoms_without_text_travel_as_numbers),
        RULE(the_longest_names_arrive_whole),
        RULE(initiate_tells_which_service_it_wants),
        RULE(an_ack_brings_what_its_high_part_is),
        RULE(an_execute_comes_back_under_its_own_number),
        RULE(a_block_made_here_has_no_origin),
        RULE(data_and_poke_arrive_with_the_right_to_free),
        RULE(what_is_no_block_cannot_be_packed),
        RULE(a_notice_and_an_empty_execute_travel_without_a_block),
        RULE(payloads_of_every_size_arrive_exactly),
        RULE(parcels_are_the_same_if_only_the_sender_differs),
        RULE(a_parcel_that_is_shared_goes_with_the_last_who_has_it),
        RULE(a_large_block_is_passed_itself_until_somebody_may_have_written),
        RULE(a_locked_block_is_copied_as_it_is),
        RULE(what_came_can_be_passed_on),
        RULE(writing_on_one_side_is_not_seen_on_the_other),
        RULE(blocks_keep_their_bytes_when_they_are_resized),
        RULE(a_large_block_that_cannot_grow_is_as_it_was),
        RULE(without_pages_for_a_file_a_block_is_on_the_heap),
        RULE(pages_are_made_without_the_newest_system_too),
        RULE(a_locked_large_block_is_not_resized),
        RULE(many_large_blocks_leave_descriptors_for_the_program),
        RULE(without_descriptors_packing_fails_and_nothing_is_lost),
        RULE(files_that_would_be_too_large_are_not_made),
        RULE(without_memory_for_a_view_there_is_a_copy_or_a_second_try),
        RULE(unpacking_that_fails_makes_nothing_and_can_be_tried_again),
        RULE(packing_that_fails_leaves_the_message_as_it_is),
        RULE(a_head_that_does_not_fit_is_refused),
        RULE(parcels_of_any_other_length_are_refused),
        RULE(texts_that_are_no_names_of_strings_are_refused),
        RULE(names_longer_than_255_are_refused),
        RULE(only_a_sealed_file_of_enough_bytes_is_a_descriptor),
        RULE(payloads_travel_in_one_way_only),
        RULE(spoilt_parcels_do_no_harm),
        RULE(large_blocks_are_the_same_pages_in_both_processes),
        RULE(a_block_that_a_child_can_write_to_is_copied),
        RULE(threads_may_share_a_block),
        RULE(only_very_large_blocks_take_a_descriptor),
    };

    usual = mem_large;
    mem_large = LARGE;
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
