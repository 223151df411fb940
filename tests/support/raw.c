/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "support/raw.h"

#ifndef _WIN32
#include "host/posix/figures.h"
#endif

/* ---- Books ---------------------------------------------------------------------------------------- */

enum { NAMES = 16, BLOCKS = 65536, WAIT_MS = 1000 };

static struct {
    host_atom names[NAMES];
    host_mem blocks[BLOCKS];
    unsigned n_names, n_blocks;
    bool copies;
} books;

static void widen(const char *text, uint16_t *to)
{
    do {
        *to++ = (unsigned char)*text;
    } while (*text++);
}

static bool atom_exists(host_atom atom)
{
    uint16_t name[HOST_ATOM_CHARS + 1];

    return host_atom_name(atom, name) != 0;
}

host_atom raw_ref(const char *text)
{
    uint16_t name[HOST_ATOM_CHARS + 1];
    host_atom atom;

    widen(text, name);
    atom = host_atom_add(name);
    assert_true(atom >= 0xC000);
    return atom;
}

void raw_unref(host_atom atom)
{
    if (!atom)
        return;
    assert_true(atom_exists(atom));
    host_atom_delete(atom);
}

host_atom raw_name(const char *text)
{
    host_atom atom = raw_ref(text);

    for (unsigned i = 0; i < books.n_names; i++) {
        if (books.names[i] == atom) {
            host_atom_delete(atom);
            return atom;
        }
    }
    assert_true(books.n_names < NAMES);
    books.names[books.n_names++] = atom;
    return atom;
}

static host_mem enter(host_mem mem)
{
    if (mem) {
        assert_true(books.n_blocks < BLOCKS);
        books.blocks[books.n_blocks++] = mem;
    }
    return mem;
}

host_mem raw_bytes(const void *bytes, size_t size)
{
    host_mem mem = host_mem_alloc(size, false);
    void *to = host_mem_lock(mem);

    assert_non_null(to);
    memcpy(to, bytes, size);
    host_mem_unlock(mem);
    return enter(mem);
}

host_mem raw_object(uint16_t flags, const char *text)
{
    struct {
        uint16_t flags, fmt;
        char text[64];
    } object = {.flags = flags, .fmt = RAW_FORMAT};
    size_t size = strlen(text) + 1;

    assert_true(size <= sizeof object.text);
    memcpy(object.text, text, size);
    return raw_bytes(&object, WIRE_HEADER + size);
}

bool raw_exists(host_mem mem)
{
    return host_mem_size(mem) != 0;
}

void raw_free(host_mem mem)
{
    assert_true(raw_exists(mem));
    host_mem_free(mem);
}

bool raw_copies(void)
{
    return books.copies;
}

void raw_left(host_mem mem, bool lent)
{
    if (!mem)
        return;
    assert_int_equal(raw_exists(mem), lent || books.copies);
    host_mem_free(mem);
}

void raw_books_open(void)
{
    memset(&books, 0, sizeof books);
    raw_name(RAW_SERVICE);
    raw_name(RAW_TOPIC);
    raw_name(RAW_ITEM);
}

/* Frees what it finds, so that one test's loss is not the next one's. */
static unsigned blocks_left(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < books.n_blocks; i++) {
        n += raw_exists(books.blocks[i]);
        host_mem_free(books.blocks[i]);
    }
    return n;
}

static unsigned names_out_of_balance(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < books.n_names; i++) {
        if (!atom_exists(books.names[i])) {
            print_error("name %u: a reference too many has been deleted\n", i);
            n++;
            continue;
        }
        host_atom_delete(books.names[i]);
        if (atom_exists(books.names[i])) {
            print_error("name %u: a reference is left\n", i);
            n++;
        }
        while (!test_apart && atom_exists(books.names[i]))
            host_atom_delete(books.names[i]);
    }
    return n;
}

void raw_books_close(void)
{
    unsigned blocks = blocks_left(), names = names_out_of_balance();

    assert_int_equal(blocks, 0);
    assert_int_equal(names, 0);
#ifndef _WIN32
    assert_int_equal(figure_blocks(), 0);
    assert_int_equal(figure_atoms(), 0);
    assert_int_equal(figure_windows(), 0);
#endif
}

/* ---- Receiving ------------------------------------------------------------------------------------ */

static void read_object(struct raw_seen *m)
{
    const uint16_t *head = host_mem_size(m->mem) >= WIRE_HEADER ? host_mem_lock(m->mem) : NULL;

    if (!head)
        return;
    m->status = head[0];
    m->fmt = head[1];
    host_mem_unlock(m->mem);
}

static struct raw_seen read_message(const struct host_msg *hm)
{
    struct raw_seen m = {.id = hm->id, .from = hm->wparam};
    uintptr_t lo, hi;

    assert_true(wire_unpack(hm->id, hm->lparam, &lo, &hi));
    wire_free_packed(hm->id, hm->lparam);
    switch (hm->id) {
    case WIRE_ACK:
        m.status = (uint16_t)lo;
        m.mem = host_mem_size(hi) ? hi : 0;
        m.atom = !m.mem && hi >= 0xC000 && hi <= 0xFFFF ? (host_atom)hi : 0;
        break;
    case WIRE_EXECUTE:
        m.mem = hi;
        break;
    case WIRE_REQUEST:
    case WIRE_UNADVISE:
        m.fmt = (uint16_t)lo;
        m.atom = (host_atom)hi;
        break;
    default:
        m.mem = lo;
        m.atom = (host_atom)hi;
        read_object(&m);
        break;
    }
    enter(m.mem);
    return m;
}

static void on_initiate(struct raw *r, const struct host_msg *hm)
{
    struct host_msg ack = {.to = hm->wparam, .id = WIRE_ACK};
    host_atom service = (host_atom)hm->lparam, topic = (host_atom)(hm->lparam >> 16);

    if (!r->serves || hm->wparam == r->wnd || (service && service != raw_name(RAW_SERVICE)) ||
        (topic && topic != raw_name(RAW_TOPIC)))
        return;
    r->partner = hm->wparam;
    if (r->on_initiate)
        r->on_initiate(r);
    if (!r->wnd)
        return;
    service = raw_ref(RAW_SERVICE);
    topic = raw_ref(RAW_TOPIC);
    ack.wparam = r->wnd;
    ack.lparam = (uintptr_t)service | (uintptr_t)topic << 16;
    if (host_send(&ack, WAIT_MS) != HOST_OK) {
        raw_unref(service);
        raw_unref(topic);
    } else if (r->on_open) {
        r->on_open(r);
    }
}

static void on_initiate_ack(struct raw *r, const struct host_msg *hm)
{
    struct host_msg no = {.to = hm->wparam, .id = WIRE_TERMINATE, .wparam = r->wnd};

    raw_unref((host_atom)hm->lparam);
    raw_unref((host_atom)(hm->lparam >> 16));
    if (r->partner) {
        r->surplus++;
        host_post(&no);
        return;
    }
    r->partner = hm->wparam;
    if (r->on_open)
        r->on_open(r);
}

static void on_terminate(struct raw *r, const struct host_msg *hm)
{
    if (hm->wparam != r->partner)
        return; /* of one that it has refused */
    r->terminates++;
    if (!r->closing && !r->rude)
        raw_terminate(r);
}

static void receive(void *raw, const struct host_msg *hm)
{
    struct raw *r = raw;
    struct raw_seen m, *noted = &m;

    if (hm->id < WIRE_INITIATE || hm->id > WIRE_LAST)
        return;
    if (hm->id == WIRE_INITIATE) {
        on_initiate(r, hm);
    } else if (hm->id == WIRE_ACK && r->initiating) {
        on_initiate_ack(r, hm);
    } else if (hm->id == WIRE_TERMINATE) {
        on_terminate(r, hm);
    } else {
        m = read_message(hm);
        if (r->n_seen < RAW_SEEN) {
            noted = &r->seen[r->n_seen++];
            *noted = m;
        }
        if (r->on)
            r->on(r, noted);
    }
}

/* ---- Acting --------------------------------------------------------------------------------------- */

static void open_kind(struct raw *r, bool wide)
{
    memset(r, 0, sizeof *r);
    r->wnd = host_window_create(HOST_PLAIN, 0, wide, receive, r);
    assert_true(r->wnd != 0);
    books.copies = test_apart || host_post_passing(r->wnd) == HOST_PASS_COPY;
}

void raw_open(struct raw *r)
{
    open_kind(r, false);
}

void raw_open_wide(struct raw *r)
{
    open_kind(r, true);
}

void raw_die(struct raw *r)
{
    struct host_msg hm;
    struct raw_seen m;

    while (r->wnd && host_take(r->wnd, &hm)) {
        if (hm.id == WIRE_TERMINATE)
            continue;
        m = read_message(&hm);
        raw_unref(m.atom);
        host_mem_free(m.mem);
    }
    if (r->wnd)
        host_window_destroy(r->wnd);
    r->wnd = 0;
}

bool raw_connect(struct raw *r)
{
    host_atom service = raw_ref(RAW_SERVICE), topic = raw_ref(RAW_TOPIC);
    struct host_msg hm = {
        .id = WIRE_INITIATE,
        .wparam = r->wnd,
        .lparam = (uintptr_t)service | (uintptr_t)topic << 16,
    };

    r->partner = 0;
    r->initiating = true;
    host_broadcast(HOST_TOP_LEVEL, &hm, WAIT_MS, NULL, NULL);
    r->initiating = false;
    raw_unref(service);
    raw_unref(topic);
    return r->partner != 0;
}

bool raw_post_from(struct raw *r, host_wnd from, uint32_t id, uintptr_t lo, uintptr_t hi)
{
    struct host_msg hm = {.to = r->partner, .id = id, .wparam = from};

    assert_true(wire_pack(id, lo, hi, &hm.lparam));
    if (host_post(&hm) == HOST_OK)
        return true;
    wire_free_packed(id, hm.lparam);
    return false;
}

bool raw_post(struct raw *r, uint32_t id, uintptr_t lo, uintptr_t hi)
{
    return raw_post_from(r, r->wnd, id, lo, hi);
}

void raw_give(struct raw *r, uint32_t id, uintptr_t lo, uintptr_t hi)
{
    host_mem mem = id == WIRE_EXECUTE ? hi : lo;

    assert_true(raw_post(r, id, lo, hi));
    if (books.copies && mem)
        raw_free(mem);
}

void raw_terminate(struct raw *r)
{
    r->closing = true;
    raw_post(r, WIRE_TERMINATE, 0, 0);
}

void raw_answer(struct raw *r, struct raw_seen *m, uint16_t status)
{
    bool executed = m->id == WIRE_EXECUTE;

    if (m->mem)
        assert_true(raw_exists(m->mem));
    if (!executed && m->mem && (books.copies || status & WIRE_FACK))
        raw_free(m->mem);
    if (!raw_post(r, WIRE_ACK, status, executed ? m->mem : m->atom))
        fail_msg("the answer could not be posted");
    if (executed && books.copies)
        raw_free(m->mem);
    m->taken = true;
}

void raw_forget(struct raw *r)
{
    r->n_seen = 0;
}

static struct raw_seen *first_not_taken(struct raw *r)
{
    for (unsigned i = 0; i < r->n_seen; i++)
        if (!r->seen[i].taken)
            return &r->seen[i];
    return NULL;
}

static bool has_message(void *raw)
{
    return first_not_taken(raw) != NULL;
}

struct raw_seen *raw_next(struct raw *r)
{
    struct raw_seen *m;

    if (!test_pump_until(has_message, r, TEST_PATIENCE_MS))
        fail_msg("no message came");
    m = first_not_taken(r);
    m->taken = true;
    return m;
}

struct raw_seen *raw_expect(struct raw *r, uint32_t id)
{
    struct raw_seen *m = raw_next(r);

    assert_int_equal(m->id, id);
    return m;
}

void raw_expect_nothing(struct raw *r)
{
    struct raw_seen *m;

    test_pump_all();
    m = first_not_taken(r);
    if (m)
        fail_msg("message %#x came unasked", (unsigned)m->id);
}

struct terminates {
    struct raw *r;
    unsigned times;
};

static bool has_terminates(void *arg)
{
    const struct terminates *t = arg;

    return t->r->terminates >= t->times;
}

void raw_expect_terminate(struct raw *r, unsigned times)
{
    struct terminates t = {r, times};

    test_pump_until(has_terminates, &t, TEST_PATIENCE_MS);
    test_pump_all();
    assert_int_equal(r->terminates, times);
}

/* ---- Storms ------------------------------------------------------------------------------------------- */

static uint32_t chance;

void raw_seed(uint32_t seed)
{
    print_message("             seed %u\n", (unsigned)seed);
    chance = seed;
}

unsigned raw_random(unsigned n)
{
    chance ^= chance << 13;
    chance ^= chance >> 17;
    chance ^= chance << 5;
    return chance % n;
}

static host_mem any_object(void)
{
    static const uint16_t flags[] = {
        0, WIRE_FRELEASE, WIRE_FACKREQ, WIRE_FRELEASE | WIRE_FACKREQ, 0xFFFF, WIRE_FRESPONSE | WIRE_FRELEASE};

    return raw_object(flags[raw_random(6)], "storm");
}

/* All the ways in which a handle can be wrong. */
static host_mem wrong_mem(void)
{
    switch (raw_random(6)) {
    case 0:
        return 0;
    case 1:
        return raw_random(0x10000);
    case 2:
        return (host_mem)raw_random(0x7FFF) << 16 | 0xBEEE;
    case 3:
        return raw_bytes("x", 1);
    case 4:
        return any_object(); /* where another kind is expected */
    default:
        return books.n_blocks ? books.blocks[raw_random(books.n_blocks)] : 0;
    }
}

static uintptr_t any_atom(void)
{
    switch (raw_random(6)) {
    case 0:
        return 0;
    case 1:
        return 1 + raw_random(0xBFFE);
    default:
        return raw_ref(raw_random(4) ? RAW_ITEM : "RawOther");
    }
}

static void fill(uint32_t id, bool forged, uintptr_t *lo, uintptr_t *hi)
{
    *lo = 0;
    *hi = any_atom();
    switch (id) {
    case WIRE_ACK:
        *lo = raw_random(0x10000);
        if (forged)
            *hi = wrong_mem();
        break;
    case WIRE_REQUEST:
    case WIRE_UNADVISE:
        *lo = raw_random(3);
        break;
    case WIRE_EXECUTE:
        *hi = forged ? wrong_mem() : raw_bytes("storm", 6);
        break;
    case WIRE_TERMINATE:
        break;
    default:
        *lo = forged ? wrong_mem() : raw_random(8) ? any_object() : 0;
        break;
    }
}

static host_wnd any_sender(struct raw *r, host_wnd to)
{
    const host_wnd wrong[] = {0, to, raw_random(0x10000), r->wnd};

    if (test_apart) /* who names another process's window is cut off: tests/security/peer_posix.c */
        return wrong[raw_random(2) ? 0 : 3];
    return wrong[raw_random(4)];
}

/* Where the system copies what messages carry it reads them itself, and wrong handles do not come through. */
void raw_rage(struct raw *r, host_wnd to, unsigned odds)
{
    static const uint32_t ids[] = {WIRE_ADVISE, WIRE_UNADVISE, WIRE_ACK,      WIRE_DATA,
                                   WIRE_DATA,   WIRE_DATA,     WIRE_REQUEST,  WIRE_REQUEST,
                                   WIRE_POKE,   WIRE_EXECUTE,  WIRE_TERMINATE};
    bool forged = raw_random(odds) == 0, wrong = forged && !books.copies;
    struct host_msg hm = {.to = to, .id = ids[raw_random(forged ? 11 : 10)], .wparam = r->wnd};
    uintptr_t lo, hi;

    if (forged && raw_random(2))
        hm.wparam = any_sender(r, to);
    fill(hm.id, wrong && raw_random(2), &lo, &hi);
    if (wrong && raw_random(4) == 0)
        hm.lparam = wrong_mem(); /* P is none, or something else */
    else
        assert_true(wire_pack(hm.id, lo, hi, &hm.lparam));
    /* P is not for the books: its address may soon be that of something else, which is not to be freed. */
    if (host_post(&hm) != HOST_OK)
        wire_free_packed(hm.id, hm.lparam);
}

void raw_rave(struct raw *r, struct raw_seen *m)
{
    static const uint16_t statuses[] = {WIRE_FACK, 0, WIRE_FBUSY, 0xFFFF};
    unsigned dice = raw_random(64);

    if (dice < 40)
        raw_post(r, WIRE_ACK, statuses[dice % 4], m->id == WIRE_EXECUTE ? m->mem : m->atom);
    else if (dice < 56)
        raw_post(r, WIRE_DATA, any_object(), m->atom);
    else if (dice == 56)
        raw_terminate(r);
}

enum { MOST_REFERENCES = 100000 };

void raw_books_give_up(void)
{
    for (unsigned i = 0; i < books.n_blocks; i++)
        host_mem_free(books.blocks[i]);
    for (unsigned i = 0; i < books.n_names; i++) {
        assert_true(atom_exists(books.names[i]));
        for (unsigned n = 0; n < MOST_REFERENCES && atom_exists(books.names[i]); n++)
            host_atom_delete(books.names[i]);
    }
    books.n_names = books.n_blocks = 0;
}
