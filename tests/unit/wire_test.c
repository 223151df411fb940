/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Who owns what a message carries, and who frees it: every cell of the ownership table, and every way of
 * reading, posting and answering a message. Two ends without a conversation stand for the partners; the
 * ledger and the host say what has become of P, G and A. */

#include "support/support.h"

#include "wire/wire.h"

#ifndef _WIN32
#include "host/posix/figures.h"
#endif

enum { BYTES = 10, FMT = 7 };

static const char payload[BYTES] = "123456789";

static struct pair {
    struct ledger ours, theirs;
    struct wire_end here, there;
} p;

static void ignore(void *ctx, const struct host_msg *msg)
{
    (void)ctx, (void)msg;
}

static void open_ends(bool local)
{
    memset(&p, 0, sizeof p);
    p.here.self = p.there.partner = host_window_create(HOST_PLAIN, 0, false, ignore, NULL);
    p.there.self = p.here.partner = host_window_create(HOST_PLAIN, 0, false, ignore, NULL);
    p.here.local = p.there.local = local;
    p.here.passing = p.there.passing = host_post_passing(p.there.self);
    p.here.ledger = &p.ours;
    p.there.ledger = &p.theirs;
    list_init(&p.here.backlog);
    list_init(&p.there.backlog);
}

static int up(void **state)
{
    (void)state;
    open_ends(true);
    return 0;
}

static int up_foreign(void **state)
{
    (void)state;
    open_ends(false);
    return 0;
}

static int down(void **state)
{
    (void)state;
    host_window_destroy(p.here.self);
    host_window_destroy(p.there.self);
#ifndef _WIN32
    assert_int_equal(figure_blocks(), 0);
    assert_int_equal(figure_atoms(), 0);
#endif
    for (int c = 0; c < LEDGER_N; c++) {
        assert_int_equal(p.ours.column[c], 0);
        assert_int_equal(p.theirs.column[c], 0);
    }
    test_ledger_is_empty();
    return 0;
}

/* ---- Messages and what they carry --------------------------------------------------------------------- */

#define A 1
#define G 2

/* Of every message that carries something: what, and how much of G is a header. */
static const struct carried {
    uint32_t id;
    unsigned what;
    size_t header;
} messages[] = {
    {WIRE_ADVISE, A | G, WIRE_HEADER},
    {WIRE_UNADVISE, A, 0},
    {WIRE_ACK, A | G, 0},
    {WIRE_DATA, A | G, WIRE_HEADER},
    {WIRE_REQUEST, A, 0},
    {WIRE_POKE, A | G, WIRE_HEADER},
    {WIRE_EXECUTE, G, 0},
};
enum { MESSAGES = sizeof messages / sizeof *messages };

static host_atom add_atom(struct wire_end *end)
{
    static const uint16_t text[] = {'w', 'i', 'r', 'e', 0};

    if (end)
        ledger_count(end->ledger, LEDGER_atoms, 1);
    return host_atom_add(text);
}

static bool atom_exists(host_atom atom)
{
    uint16_t text[HOST_ATOM_CHARS + 1];

    return host_atom_name(atom, text) != 0;
}

static bool mem_exists(host_mem mem)
{
    return host_mem_size(mem) != 0;
}

static struct wire_msg message(struct wire_end *end, const struct carried *c)
{
    struct wire_msg m = {.id = c->id, .status = WIRE_FRELEASE, .fmt = FMT, .owned = true, .size = BYTES};

    if (c->what & A)
        m.atom = add_atom(end);
    if (c->what & G)
        m.mem = wire_mem_new(end, c->header, payload, BYTES);
    m.answer = m.atom;
    return m;
}

/* The same as it is posted: the ACK that gives an item back carries no G. */
static struct wire_msg travelling(struct wire_end *end, const struct carried *c)
{
    struct carried without_g = {.id = c->id, .what = A};

    return message(end, c->id == WIRE_ACK ? &without_g : c);
}

static const struct carried *carried(uint32_t id)
{
    const struct carried *c = messages;

    while (c->id != id)
        c++;
    return c;
}

/* What others gave away and nobody here frees. */
static void free_by_hand(host_atom atom, host_mem mem)
{
    if (atom && atom_exists(atom))
        host_atom_delete(atom);
    if (mem_exists(mem))
        host_mem_free(mem);
}

/* ---- The ownership table ------------------------------------------------------------------------------ */

/* Section 5 in other words than those of wire.c: everything that is ours to free is freed, except that the G
 * of an ACK has been given back when it is gone, and that what came from nobody stays with nobody. */
static unsigned expected(uint32_t id, enum wire_situation situation)
{
    unsigned copies = p.here.passing == HOST_PASS_COPY ? G & carried(id)->what : 0; /* nobody else's */

    if (situation == WIRE_ANONYMOUS)
        return copies;
    if (id == WIRE_ACK && situation != WIRE_POST_FAILED)
        return A | copies;
    return carried(id)->what;
}

static void dispose_everything_everywhere(void)
{
    for (int i = 0; i < MESSAGES; i++)
        for (int situation = 0; situation < WIRE_SITUATIONS; situation++) {
            const struct carried *c = &messages[i];
            unsigned freed = expected(c->id, (enum wire_situation)situation);
            struct wire_msg m = message(&p.here, c);
            host_atom atom = m.atom;
            host_mem mem = m.mem;

            wire_dispose(&p.here, &m, (enum wire_situation)situation);
            assert_int_equal(m.atom, 0);
            assert_int_equal(m.mem, 0);
            assert_int_equal(atom && atom_exists(atom), (c->what & ~freed & A) != 0);
            assert_int_equal(mem && mem_exists(mem), (c->what & ~freed & G) != 0);
            if (p.here.local) { /* it goes on standing in the process's books: here it is taken off by hand */
                ledger_count(NULL, LEDGER_atoms, -(long)((c->what & ~freed & A) != 0));
                ledger_count(NULL, LEDGER_memory, -(long)((c->what & ~freed & G) != 0));
            }
            for (int column = 0; column < LEDGER_N; column++)
                assert_int_equal(p.ours.column[column], 0);
            test_ledger_is_empty();
            free_by_hand(atom, mem);
        }
}

static void each_message_is_disposed_of_by_the_table_in_each_situation(void **state)
{
    (void)state;
    for (int passing = HOST_PASS_SAME; passing <= HOST_PASS_COPY; passing++) {
        p.here.passing = (enum host_passing)passing;
        dispose_everything_everywhere();
    }
}

static void a_block_that_was_only_lent_is_never_freed(void **state)
{
    static const uint32_t ids[] = {WIRE_DATA, WIRE_POKE};

    (void)state;
    for (int i = 0; i < 2; i++)
        for (int situation = WIRE_ACCEPTED; situation < WIRE_SITUATIONS; situation++) {
            struct wire_msg m = {.id = ids[i], .mem = host_mem_alloc(BYTES, false)};
            host_mem lent = m.mem;

            wire_dispose(&p.here, &m, (enum wire_situation)situation);
            assert_true(mem_exists(lent));
            host_mem_free(lent);
        }
}

static void disposing_twice_frees_once(void **state)
{
    (void)state;
    for (int i = 0; i < MESSAGES; i++) {
        struct wire_msg m = message(&p.here, &messages[i]);

        wire_dispose(&p.here, &m, WIRE_POST_FAILED);
        wire_dispose(&p.here, &m, WIRE_POST_FAILED);
    }
}

/* D5 D6 D11, K2 K3 K7, V2 V3 V5, X2 X4 */
static bool comes_back(uint32_t id, enum wire_outcome outcome)
{
    static const bool same[WIRE_OUTCOMES] = {[WIRE_NACKED] = true},
                      execute[WIRE_OUTCOMES] = {true, true, false};

    if (p.here.passing == HOST_PASS_COPY)
        return false; /* the sender has freed its own long ago */
    if (id == WIRE_EXECUTE)
        return execute[outcome];
    return p.here.passing == HOST_PASS_SAME && same[outcome]; /* else the system has freed it */
}

static void settle_everything(void)
{
    static const uint32_t ids[] = {WIRE_DATA, WIRE_POKE, WIRE_ADVISE, WIRE_EXECUTE};

    for (int i = 0; i < 4; i++)
        for (int outcome = 0; outcome < WIRE_OUTCOMES; outcome++) {
            bool back = comes_back(ids[i], (enum wire_outcome)outcome);
            struct wire_sent sent = {.id = ids[i], .mem = host_mem_alloc(BYTES, false)};
            host_mem mem = sent.mem;

            if (p.here.local && back)
                ledger_count(NULL, LEDGER_memory, 1); /* the partner's answer has left it on the books */
            wire_settle(&p.here, &sent, (enum wire_outcome)outcome);
            assert_int_equal(sent.mem, 0);
            assert_int_equal(mem_exists(mem), !back);
            test_ledger_is_empty();
            host_mem_free(mem);
        }
}

static void an_answer_gives_an_object_back_to_its_sender_or_does_not(void **state)
{
    (void)state;
    for (int passing = HOST_PASS_SAME; passing <= HOST_PASS_COPY; passing++) {
        p.here.passing = (enum host_passing)passing;
        settle_everything();
    }
}

static void settling_what_was_not_remembered_does_nothing(void **state)
{
    struct wire_sent sent = {.id = WIRE_POKE};

    (void)state;
    for (int outcome = 0; outcome < WIRE_OUTCOMES; outcome++)
        wire_settle(&p.here, &sent, (enum wire_outcome)outcome);
}

/* ---- Posting and reading ------------------------------------------------------------------------------ */

static struct host_msg take(struct wire_end *end)
{
    struct host_msg hm = {0};

    assert_true(host_take(end->self, &hm));
    return hm;
}

static enum wire_reading receive(struct wire_end *end, struct wire_msg *m)
{
    struct host_msg hm = take(end);

    return wire_read(end, &hm, m);
}

static void post_read_dispose(uint32_t id)
{
    struct wire_msg m = travelling(&p.here, carried(id)), got;
    host_atom atom = m.atom;
    host_mem mem = m.mem, copy;

    assert_int_equal(wire_post(&p.here, &m, NULL), HOST_OK);
    for (int c = 0; c < LEDGER_N; c++)
        assert_int_equal(p.ours.column[c], 0); /* it is on its way */
    assert_int_equal(receive(&p.there, &got), WIRE_READ_OK);
    assert_int_equal(got.id, id);
    assert_int_equal(got.from, p.here.self);
    assert_int_equal(got.mem != 0, mem != 0);
    if (p.here.passing == HOST_PASS_SAME)
        assert_int_equal(got.mem, mem);
    if (id == WIRE_ACK) {
        assert_int_equal(got.answer, atom);
        wire_ack_is_atom(&p.there, &got);
    }
    assert_int_equal(got.atom, atom);
    if (carried(id)->header || id == WIRE_REQUEST || id == WIRE_UNADVISE)
        assert_int_equal(got.fmt, FMT);
    if (mem) {
        assert_int_equal(got.size, BYTES);
        assert_true(got.owned);
    }
    copy = got.mem;
    wire_dispose(&p.there, &got, WIRE_ACCEPTED);
    assert_false(atom && atom_exists(atom));
    assert_false(mem && mem_exists(mem));
    assert_false(copy && mem_exists(copy));
}

static void what_is_posted_is_read_by_the_partner_and_is_then_his(void **state)
{
    (void)state;
    for (int i = 0; i < MESSAGES; i++)
        post_read_dispose(messages[i].id);
}

static void a_local_message_stands_in_the_process_s_books_while_it_is_under_way(void **state)
{
    struct wire_msg m = message(&p.here, carried(WIRE_POKE)), got;
    struct ledger now;

    (void)state;
    wire_post(&p.here, &m, NULL);
    now = ledger_process();
    assert_int_equal(now.column[LEDGER_queued], 1);
    assert_int_equal(now.column[LEDGER_packed], 1);
    assert_int_equal(now.column[LEDGER_atoms], 1);
    assert_int_equal(now.column[LEDGER_memory], 1);
    receive(&p.there, &got);
    assert_int_equal(p.theirs.column[LEDGER_atoms], 1);
    assert_int_equal(p.theirs.column[LEDGER_memory], 1);
    wire_dispose(&p.there, &got, WIRE_CLOSING);
}

static void a_message_to_a_stranger_leaves_the_books_at_once(void **state)
{
    struct wire_msg m = message(&p.here, carried(WIRE_POKE)), got;

    (void)state;
    wire_post(&p.here, &m, NULL);
    test_ledger_is_empty();
    receive(&p.there, &got);
    wire_dispose(&p.there, &got, WIRE_ACCEPTED);
}

static void a_message_that_cannot_be_posted_is_disposed_of(void **state)
{
    (void)state;
    host_window_destroy(p.there.self);
    for (int i = 0; i < MESSAGES; i++) {
        struct wire_sent sent = {.id = 1, .mem = 1};
        struct wire_msg m = message(&p.here, &messages[i]);

        assert_int_equal(wire_post(&p.here, &m, &sent), HOST_GONE);
        assert_int_equal(sent.mem, 0);
    }
    test_ledger_is_empty();
}

static void posting_remembers_the_object_until_the_answer(void **state)
{
    struct wire_msg m = message(&p.here, carried(WIRE_POKE)), got;
    host_mem mem = m.mem;
    struct wire_sent sent;

    (void)state;
    assert_int_equal(wire_post(&p.here, &m, &sent), HOST_OK);
    assert_int_equal(sent.id, WIRE_POKE);
    assert_int_equal(sent.mem, mem);
    receive(&p.there, &got);
    wire_dispose(&p.there, &got, WIRE_ACCEPTED);
}

static void the_header_says_flags_and_format(void **state)
{
    struct wire_msg m = message(&p.here, carried(WIRE_DATA)), got;
    const uint16_t *head;

    (void)state;
    m.status = WIRE_FRELEASE | WIRE_FRESPONSE | WIRE_FACKREQ;
    wire_post(&p.here, &m, NULL);
    receive(&p.there, &got);
    assert_int_equal(got.status, WIRE_FRELEASE | WIRE_FRESPONSE | WIRE_FACKREQ);
    head = host_mem_lock(got.mem);
    assert_int_equal(head[0], WIRE_FRELEASE | WIRE_FRESPONSE | WIRE_FACKREQ);
    assert_int_equal(head[1], FMT);
    assert_memory_equal(head + 2, payload, BYTES);
    host_mem_unlock(got.mem);
    wire_dispose(&p.there, &got, WIRE_ACCEPTED);
}

/* ---- Bad messages ------------------------------------------------------------------------------------- */

/* Reads a message as nobody who keeps to the protocol would post it; some systems do not even let it pass. */
static enum wire_reading read_raw(host_wnd from, uint32_t id, uintptr_t lparam, struct wire_msg *m)
{
    struct host_msg hm = {.to = p.here.self, .id = id, .wparam = from, .lparam = lparam};

    p.here.passing = HOST_PASS_SAME;
    if (from == p.here.partner && p.here.local)
        ledger_count(NULL, LEDGER_queued, 1);
    return wire_read(&p.here, &hm, m);
}

static uintptr_t pack(uint32_t id, uintptr_t lo, uintptr_t hi)
{
    uintptr_t lparam;

    assert_true(wire_pack(id, lo, hi, &lparam));
    return lparam;
}

static const uint32_t packed_ids[] = {WIRE_ADVISE, WIRE_ACK, WIRE_DATA, WIRE_POKE};
static const uintptr_t forged[] = {0, 1, 0xC000, 0xFFFF, UINTPTR_MAX};

static void a_forged_parameter_block_is_unreadable(void **state)
{
    struct wire_msg m;

    (void)state;
    for (size_t i = 0; i < sizeof packed_ids / sizeof *packed_ids; i++)
        for (size_t f = 0; f < sizeof forged / sizeof *forged; f++) {
            assert_int_equal(read_raw(p.here.partner, packed_ids[i], forged[f], &m), WIRE_READ_UNREADABLE);
            assert_int_equal(m.atom, 0);
            assert_int_equal(m.mem, 0);
        }
}

/* D13: the object stays, P and the atom go. */
static void a_forged_object_is_unreadable_and_its_message_is_disposed_of(void **state)
{
    static const uint32_t ids[] = {WIRE_ADVISE, WIRE_DATA, WIRE_POKE};
    struct wire_msg m;

    (void)state;
    for (int i = 0; i < 3; i++)
        for (size_t f = 1; f < sizeof forged / sizeof *forged; f++) {
            host_atom atom = add_atom(NULL);
            uintptr_t lparam = pack(ids[i], forged[f], atom);

            assert_int_equal(read_raw(p.here.partner, ids[i], lparam, &m), WIRE_READ_UNREADABLE);
            assert_false(atom_exists(atom));
            assert_false(mem_exists(lparam));
            test_ledger_is_empty();
        }
}

static void a_forged_command_is_unreadable(void **state)
{
    struct wire_msg m;

    (void)state;
    for (size_t f = 1; f < sizeof forged / sizeof *forged; f++) {
        assert_int_equal(read_raw(p.here.partner, WIRE_EXECUTE, forged[f], &m), WIRE_READ_UNREADABLE);
    }
    test_ledger_is_empty();
}

static void an_object_too_small_for_its_header_is_unreadable(void **state)
{
    host_mem small = host_mem_alloc(3, false);
    struct wire_msg m;

    (void)state;
    assert_int_equal(read_raw(p.here.partner, WIRE_POKE, pack(WIRE_POKE, small, add_atom(NULL)), &m),
                     WIRE_READ_UNREADABLE);
    test_ledger_is_empty();
    host_mem_free(small);
}

static void a_notice_without_an_object_is_read(void **state)
{
    host_atom atom = add_atom(NULL);
    struct wire_msg m;

    (void)state;
    assert_int_equal(read_raw(p.here.partner, WIRE_DATA, pack(WIRE_DATA, 0, atom), &m), WIRE_READ_OK);
    assert_int_equal(m.mem, 0);
    assert_int_equal(m.atom, atom);
    wire_dispose(&p.here, &m, WIRE_ACCEPTED);
    assert_false(atom_exists(atom));
}

/* Sections 8.5: what comes from a third window is freed, as nobody else will. */
static void what_a_stray_message_carries_is_freed(void **state)
{
    host_wnd third = host_window_create(HOST_PLAIN, 0, false, ignore, NULL);
    struct wire_msg m, got;

    (void)state;
    for (int i = 0; i < MESSAGES; i++) {
        struct wire_end from = {
            .self = third, .partner = p.here.self, .passing = p.here.passing, .ledger = &p.theirs};
        host_atom atom;
        host_mem mem;

        list_init(&from.backlog);
        m = travelling(&from, &messages[i]);
        atom = m.atom, mem = m.mem;
        wire_post(&from, &m, NULL);
        assert_int_equal(receive(&p.here, &got), WIRE_READ_STRAY);
        assert_false(atom && atom_exists(atom));
        assert_false(mem && mem_exists(mem));
        test_ledger_is_empty();
    }
    host_window_destroy(third);
}

static void what_comes_from_no_window_stays_with_whoever_sent_it(void **state)
{
    host_mem mem = host_mem_alloc(BYTES, false);
    host_atom atom = add_atom(NULL);
    uint16_t *head = host_mem_lock(mem);
    struct wire_msg m;

    (void)state;
    head[0] = WIRE_FRELEASE;
    host_mem_unlock(mem);
    assert_int_equal(read_raw(0, WIRE_POKE, pack(WIRE_POKE, mem, atom), &m), WIRE_READ_STRAY);
    assert_true(atom_exists(atom));
    assert_int_equal(mem_exists(mem), host_post_passing(0) != HOST_PASS_COPY); /* a copy is nobody else's */
    test_ledger_is_empty();
    free_by_hand(atom, mem);
}

static void an_object_without_frelease_stays_its_sender_s(void **state)
{
    host_mem mem = host_mem_alloc(WIRE_HEADER + BYTES, false), copy;
    struct wire_msg m;

    (void)state;
    assert_int_equal(read_raw(p.here.partner, WIRE_DATA, pack(WIRE_DATA, mem, add_atom(NULL)), &m),
                     WIRE_READ_OK);
    assert_false(m.owned);
    copy = wire_claim(&p.here, &m);
    assert_int_not_equal(copy, mem);
    assert_int_equal(host_mem_size(copy), WIRE_HEADER + BYTES);
    wire_dispose(&p.here, &m, WIRE_ACCEPTED);
    assert_true(mem_exists(mem));
    host_mem_free(mem);
    m = (struct wire_msg){.id = WIRE_DATA, .mem = copy, .owned = true};
    wire_dispose(&p.here, &m, WIRE_ACCEPTED);
}

static void claiming_an_owned_object_takes_it_out_of_the_message(void **state)
{
    struct wire_msg m = message(&p.here, carried(WIRE_POKE));
    host_mem mem = m.mem;

    (void)state;
    assert_int_equal(wire_claim(&p.here, &m), mem);
    assert_int_equal(m.mem, 0);
    wire_dispose(&p.here, &m, WIRE_ACCEPTED);
    assert_true(mem_exists(mem));
    m.mem = mem;
    wire_dispose(&p.here, &m, WIRE_ACCEPTED);
}

/* ---- Answers ------------------------------------------------------------------------------------------ */

/* Posts a message there, answers it from there, and returns what the ACK says; *back: G has come back. */
static struct wire_msg answered(uint32_t id, uint16_t status, bool *back)
{
    struct wire_msg m = message(&p.here, carried(id)), got, ack;
    struct wire_sent sent;

    wire_post(&p.here, &m, &sent);
    receive(&p.there, &got);
    assert_int_equal(wire_answer(&p.there, &got, status), HOST_OK);
    *back = p.here.passing == HOST_PASS_SAME ? sent.mem && mem_exists(sent.mem) : false;
    assert_int_equal(receive(&p.here, &ack), WIRE_READ_OK);
    assert_int_equal(ack.id, WIRE_ACK);
    assert_int_equal(ack.status, status);
    if (id != WIRE_EXECUTE)
        wire_ack_is_atom(&p.here, &ack);
    else if (p.here.passing == HOST_PASS_SAME)
        assert_int_equal(ack.answer, sent.mem);
    wire_dispose(&p.here, &ack, WIRE_ACCEPTED);
    wire_settle(&p.here, &sent, status & WIRE_FACK ? WIRE_ACKED : WIRE_NACKED);
    return ack;
}

static void an_answer_takes_back_what_the_table_gives_back(void **state)
{
    static const uint16_t statuses[] = {WIRE_FACK, 0, WIRE_FBUSY, 0x12, WIRE_FACK | 0x34};
    bool back;

    (void)state;
    for (int i = 0; i < MESSAGES; i++)
        for (size_t s = 0; s < sizeof statuses / sizeof *statuses && messages[i].id != WIRE_ACK; s++) {
            bool has_g = messages[i].what & G && p.here.passing == HOST_PASS_SAME;

            answered(messages[i].id, statuses[s], &back);
            assert_int_equal(back, has_g && (messages[i].id == WIRE_EXECUTE || !(statuses[s] & WIRE_FACK)));
        }
}

/* D15 K10 V7 X5 */
static void what_an_answer_that_cannot_be_given_would_have_carried_is_freed(void **state)
{
    static const uint16_t statuses[] = {WIRE_FACK, 0, WIRE_FBUSY};

    (void)state;
    for (int i = 0; i < MESSAGES; i++)
        for (int s = 0; s < 3 && messages[i].id != WIRE_ACK; s++) {
            struct wire_msg m = message(&p.here, &messages[i]), got;
            host_mem mem = m.mem;

            wire_post(&p.here, &m, NULL);
            receive(&p.there, &got);
            p.there.partner = 0;
            assert_int_equal(wire_answer(&p.there, &got, statuses[s]), HOST_GONE);
            p.there.partner = p.here.self;
            assert_false(mem && mem_exists(mem));
            test_ledger_is_empty();
        }
}

/* ---- The backlog -------------------------------------------------------------------------------------- */

/* Wine's queues have no limit. */
#ifndef _WIN32

static void fill(host_wnd wnd)
{
    struct host_msg hm = {.to = wnd, .id = WIRE_TERMINATE};

    while (host_post(&hm) == HOST_OK)
        ;
}

static void empty(host_wnd wnd)
{
    struct host_msg hm;

    while (host_take(wnd, &hm))
        ;
}

static void what_meets_a_full_queue_is_kept_and_sent_later_in_order(void **state)
{
    struct wire_msg m, got;

    (void)state;
    fill(p.there.self);
    for (uint16_t i = 0; i < 3; i++) {
        m = message(&p.here, carried(WIRE_POKE));
        m.fmt = i;
        assert_int_equal(wire_post(&p.here, &m, NULL), HOST_OK);
    }
    assert_int_equal(p.here.backlog_count, 3);
    assert_int_equal(p.ours.column[LEDGER_queued], 3);
    assert_int_equal(wire_flush(&p.here), HOST_FULL);
    empty(p.there.self);
    m = message(&p.here, carried(WIRE_POKE));
    m.fmt = 3;
    assert_int_equal(wire_post(&p.here, &m, NULL), HOST_OK); /* behind the others */
    assert_int_equal(p.here.backlog_count, 0);
    for (uint16_t i = 0; i < 4; i++) {
        assert_int_equal(receive(&p.there, &got), WIRE_READ_OK);
        assert_int_equal(got.fmt, i);
        wire_dispose(&p.there, &got, WIRE_ACCEPTED);
    }
}

static void dropping_the_backlog_frees_what_it_carries(void **state)
{
    (void)state;
    fill(p.there.self);
    for (int i = 0; i < MESSAGES; i++) {
        struct wire_msg m = message(&p.here, &messages[i]);

        assert_int_equal(wire_post(&p.here, &m, NULL), HOST_OK);
    }
    wire_drop_backlog(&p.here);
    test_ledger_is_empty();
}

static void the_backlog_goes_when_the_partner_has_gone(void **state)
{
    struct wire_msg m = message(&p.here, carried(WIRE_POKE));

    (void)state;
    fill(p.there.self);
    wire_post(&p.here, &m, NULL);
    host_window_destroy(p.there.self);
    assert_int_equal(wire_flush(&p.here), HOST_GONE);
    assert_int_equal(p.here.backlog_count, 0);
    test_ledger_is_empty();
}

#endif

#define LOCAL(test) cmocka_unit_test_setup_teardown(test, up, down)
#define FOREIGN(test)                                                                                        \
    {                                                                                                        \
#test " (foreign partner)", test, up_foreign, down, NULL                                             \
    }
#define BOTH(test) LOCAL(test), FOREIGN(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(each_message_is_disposed_of_by_the_table_in_each_situation),
        BOTH(a_block_that_was_only_lent_is_never_freed),
        BOTH(disposing_twice_frees_once),
        BOTH(an_answer_gives_an_object_back_to_its_sender_or_does_not),
        BOTH(settling_what_was_not_remembered_does_nothing),
        BOTH(what_is_posted_is_read_by_the_partner_and_is_then_his),
        LOCAL(a_local_message_stands_in_the_process_s_books_while_it_is_under_way),
        FOREIGN(a_message_to_a_stranger_leaves_the_books_at_once),
        BOTH(a_message_that_cannot_be_posted_is_disposed_of),
        BOTH(posting_remembers_the_object_until_the_answer),
        BOTH(the_header_says_flags_and_format),
        BOTH(a_forged_parameter_block_is_unreadable),
        FOREIGN(a_forged_object_is_unreadable_and_its_message_is_disposed_of),
        FOREIGN(a_forged_command_is_unreadable),
        FOREIGN(an_object_too_small_for_its_header_is_unreadable),
        FOREIGN(a_notice_without_an_object_is_read),
        BOTH(what_a_stray_message_carries_is_freed),
        BOTH(what_comes_from_no_window_stays_with_whoever_sent_it),
        FOREIGN(an_object_without_frelease_stays_its_sender_s),
        BOTH(claiming_an_owned_object_takes_it_out_of_the_message),
        BOTH(an_answer_takes_back_what_the_table_gives_back),
        BOTH(what_an_answer_that_cannot_be_given_would_have_carried_is_freed),
#ifndef _WIN32
        BOTH(what_meets_a_full_queue_is_kept_and_sent_later_in_order),
        BOTH(dropping_the_backlog_frees_what_it_carries),
        BOTH(the_backlog_goes_when_the_partner_has_gone),
#endif
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
