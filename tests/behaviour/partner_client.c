/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Our client and a server that speaks WM_DDE_* itself, well or badly. The letters and numbers in the names
 * are the rows of docs/ownership.md. */

#include "support/ours.h"

static struct raw server;

enum { A_WHILE = 5000, A_MOMENT = 20, INITIATE_MS = 1000, SHUTDOWN_MS = 100 };

static const UINT kinds[] = {XTYP_REQUEST, XTYP_POKE, XTYP_ADVSTART, XTYP_ADVSTOP, XTYP_EXECUTE};
enum { KINDS = sizeof kinds / sizeof *kinds, KINDS_WITH_ITEM = KINDS - 1 };

/* ---- Fixtures ------------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    (void)state;
    DdemlSetDeadlines(INITIATE_MS, SHUTDOWN_MS);
    raw_books_open();
    raw_open(&server);
    server.serves = true;
    ours_open(APPCMD_CLIENTONLY);
    return 0;
}

static int set_up_connected(void **state)
{
    set_up(state);
    return ours_connect() ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    ours.inside = NULL;
    server.on = NULL;
    ours_close();
    raw_die(&server);
    test_pump_all();
    test_ledger_is_empty();
    raw_books_close();
    return 0;
}

/* ---- What the server does about a message ----------------------------------------------------------- */

static uint16_t given_status;
static uint16_t given_flags;
static host_mem given_mem;

static void give_status(struct raw *r, struct raw_seen *m)
{
    raw_answer(r, m, given_status);
}

static void give_data(struct raw *r, struct raw_seen *m)
{
    if (m->id != WIRE_REQUEST)
        return; /* the ACK of what it has given */
    m->taken = true;
    given_mem = raw_object(given_flags, "value");
    assert_true(raw_post(r, WIRE_DATA, given_mem, m->atom));
}

/* What it has taken is lost with it, and it frees that itself; the rest is its window's end. */
static void lose(struct raw_seen *m)
{
    m->taken = true;
    raw_unref(m->atom);
    if (m->mem)
        raw_free(m->mem);
}

static void die_instead(struct raw *r, struct raw_seen *m)
{
    lose(m);
    raw_die(r);
}

static void terminate_instead(struct raw *r, struct raw_seen *m)
{
    lose(m);
    raw_terminate(r);
}

static void terminate_and_die(struct raw *r, struct raw_seen *m)
{
    lose(m);
    raw_terminate(r);
    raw_die(r);
}

static void answer_and_die(struct raw *r, struct raw_seen *m)
{
    raw_answer(r, m, WIRE_FACK);
    raw_die(r);
}

/* ---- What our side is to see ------------------------------------------------------------------------ */

static void start_loop(UINT flags)
{
    server.on = give_status;
    given_status = WIRE_FACK;
    assert_int_equal(ours_transact(XTYP_ADVSTART | flags, A_WHILE, NULL), DMLERR_NO_ERROR);
    server.on = NULL;
    raw_forget(&server);
}

/* The conversation is in order: a request is answered. */
static void still_works(void)
{
    raw_forget(&server);
    given_flags = WIRE_FRESPONSE | WIRE_FRELEASE;
    server.on = give_data;
    assert_int_equal(ours_transact(XTYP_REQUEST, A_WHILE, NULL), DMLERR_NO_ERROR);
    assert_string_equal(ours.text, "value");
    raw_left(given_mem, false);
    server.on = NULL;
    raw_forget(&server);
    assert_int_equal(ours_calls(XTYP_DISCONNECT), 0);
    assert_int_equal(server.terminates, 0);
}

static bool is_disconnected(void *arg)
{
    (void)arg;
    return ours_calls(XTYP_DISCONNECT) > 0;
}

static void disconnected_once(void)
{
    assert_true(test_pump_until(is_disconnected, NULL, TEST_PATIENCE_MS));
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_DISCONNECT), 1);
    assert_int_equal(ours_transact(XTYP_REQUEST, A_WHILE, NULL), DMLERR_INVALIDPARAMETER);
}

/* ---- Initiating ------------------------------------------------------------------------------------- */

static void connecting_leaves_no_atom_behind_I1_I2(void **state)
{
    (void)state;
    assert_true(ours_connect());
    assert_true(DdeDisconnect(ours.conv));
    raw_expect_terminate(&server, 1);
}

static void a_surplus_answer_gets_terminate_I4(void **state)
{
    struct raw second;

    (void)state;
    raw_open(&second);
    second.serves = second.rude = true;
    server.rude = true;
    assert_true(ours_connect());
    test_pump_all();
    assert_int_equal(server.terminates + second.terminates, 1);
    assert_true(DdeDisconnect(ours.conv));
    test_pump_all();
    assert_int_equal(server.terminates, 1);
    assert_int_equal(second.terminates, 1);
    raw_terminate(&server);
    raw_terminate(&second);
    test_pump_all();
    raw_die(&second);
}

static void no_answer_is_no_conversation(void **state)
{
    (void)state;
    server.serves = false;
    assert_false(ours_connect());
    assert_int_equal(DdeGetLastError(ours.id), DMLERR_NO_CONV_ESTABLISHED);
}

static void a_server_that_dies_before_its_ack_is_no_conversation(void **state)
{
    (void)state;
    server.on_initiate = raw_die;
    assert_false(ours_connect());
    assert_int_equal(DdeGetLastError(ours.id), DMLERR_NO_CONV_ESTABLISHED);
}

static void a_server_that_dies_right_after_its_ack_is_noticed(void **state)
{
    (void)state;
    server.on_open = raw_die;
    if (ours_connect())
        disconnected_once();
    else
        assert_int_equal(DdeGetLastError(ours.id), DMLERR_NO_CONV_ESTABLISHED);
}

static void a_server_that_terminates_right_after_its_ack_is_answered(void **state)
{
    (void)state;
    server.on_open = raw_terminate;
    assert_true(ours_connect());
    disconnected_once();
    raw_expect_terminate(&server, 1);
}

static void terminate_twice_and_dispatch(struct raw *r)
{
    raw_terminate(r);
    raw_terminate(r);
    test_pump_all();
}

/* Two that answer each other would never end. */
static void a_server_that_terminates_twice_inside_the_initiate_is_answered_once(void **state)
{
    (void)state;
    server.on_open = terminate_twice_and_dispatch;
    assert_false(ours_connect());
    raw_expect_terminate(&server, 1);
}

static void send_data_early(struct raw *r)
{
    raw_give(r, WIRE_DATA, raw_object(WIRE_FRELEASE, "early"), raw_ref(RAW_ITEM));
}

static void data_before_the_ack_of_initiate_does_no_harm(void **state)
{
    (void)state;
    server.on_initiate = send_data_early;
    assert_true(ours_connect());
    raw_expect_nothing(&server);
    still_works();
    assert_int_equal(ours_calls(XTYP_ADVDATA), 0);
}

static void acknowledge_early(struct raw *r)
{
    assert_true(raw_post(r, WIRE_ACK, WIRE_FACK, raw_ref(RAW_ITEM)));
    test_pump_all();
}

static void an_ack_that_is_read_before_that_of_initiate_does_no_harm(void **state)
{
    (void)state;
    server.on_initiate = acknowledge_early;
    assert_true(ours_connect());
    raw_expect_nothing(&server);
    still_works();
}

static void an_ack_that_is_read_behind_that_of_initiate_does_no_harm(void **state)
{
    (void)state;
    server.on_open = acknowledge_early;
    assert_true(ours_connect());
    raw_expect_nothing(&server);
    still_works();
}

/* The client's thread dispatches while its INITIATE is still going round. */
static void send_data_and_dispatch(struct raw *r)
{
    send_data_early(r);
    test_pump_all();
}

static void data_that_is_dispatched_before_the_conversation_is_there_does_no_harm(void **state)
{
    (void)state;
    server.on_open = send_data_and_dispatch;
    assert_true(ours_connect());
    raw_expect_nothing(&server);
    still_works();
    assert_int_equal(ours_calls(XTYP_ADVDATA), 0);
}

static void acknowledge_nameless(struct raw *r)
{
    struct host_msg ack = {.to = r->partner, .id = WIRE_ACK, .wparam = r->wnd};

    host_send(&ack, INITIATE_MS);
}

static void an_ack_of_initiate_without_names_is_refused(void **state)
{
    (void)state;
    server.on_initiate = acknowledge_nameless;
    server.rude = true;
    assert_true(ours_connect()); /* thanks to the proper ACK that follows */
    raw_expect_terminate(&server, 1);
}

/* ---- Answers to transactions ------------------------------------------------------------------------ */

struct answer_row {
    const char *name;
    UINT type;
    uint16_t status;
    UINT error;
};

static const struct answer_row answer_rows[] = {
    {"Q2 refused request", XTYP_REQUEST, 0, DMLERR_NOTPROCESSED},
    {"Q2 busy request", XTYP_REQUEST, WIRE_FBUSY, DMLERR_BUSY},
    {"K2 accepted poke", XTYP_POKE, WIRE_FACK, DMLERR_NO_ERROR},
    {"K3 refused poke", XTYP_POKE, 0, DMLERR_NOTPROCESSED},
    {"K3 busy poke", XTYP_POKE, WIRE_FBUSY, DMLERR_BUSY},
    {"V2 accepted advise", XTYP_ADVSTART, WIRE_FACK, DMLERR_NO_ERROR},
    {"V3 refused advise", XTYP_ADVSTART, 0, DMLERR_NOTPROCESSED},
    {"V3 busy advise", XTYP_ADVSTART, WIRE_FBUSY, DMLERR_BUSY},
    {"U2 accepted unadvise", XTYP_ADVSTOP, WIRE_FACK, DMLERR_NO_ERROR},
    {"U2 refused unadvise", XTYP_ADVSTOP, 0, DMLERR_NOTPROCESSED},
    {"X2 accepted execute", XTYP_EXECUTE, WIRE_FACK, DMLERR_NO_ERROR},
    {"X2 refused execute", XTYP_EXECUTE, 0, DMLERR_NOTPROCESSED},
    {"X2 busy execute", XTYP_EXECUTE, WIRE_FBUSY, DMLERR_BUSY},
    {"application bits of an accepted poke", XTYP_POKE, WIRE_FACK | 0x5A, DMLERR_NO_ERROR},
    {"reserved bits of an accepted poke", XTYP_POKE, WIRE_FACK | 0x3F00, DMLERR_NO_ERROR},
    {"reserved bits of a refused poke", XTYP_POKE, 0x3F00, DMLERR_NOTPROCESSED},
    {"busy bit of an accepted poke", XTYP_POKE, WIRE_FACK | WIRE_FBUSY, DMLERR_NO_ERROR},
    {"reserved bits of an accepted execute", XTYP_EXECUTE, WIRE_FACK | 0x3F00, DMLERR_NO_ERROR},
};
enum { ANSWER_ROWS = sizeof answer_rows / sizeof *answer_rows };

/* After any answer G is gone: freed by the server that accepted it, or by us. */
static void object_is_gone(const struct raw_seen *m)
{
    assert_false(m->mem && raw_exists(m->mem));
}

static void an_answer_in_time(void **state)
{
    const struct answer_row *row = *state;
    DWORD flags = 0;

    server.on = give_status;
    given_status = row->status;
    assert_int_equal(ours_transact(row->type, A_WHILE, &flags), row->error);
    assert_int_equal(flags & (DDE_FACK | DDE_FAPPSTATUS), row->status & (DDE_FACK | DDE_FAPPSTATUS));
    assert_int_equal(server.n_seen, 1);
    object_is_gone(&server.seen[0]);
    raw_expect_nothing(&server);
    still_works();
}

static void an_answer_too_late(void **state)
{
    const struct answer_row *row = *state;
    UINT error = ours_transact(row->type, A_MOMENT, NULL);
    struct raw_seen *m = raw_next(&server);

    assert_int_equal(error, row->type == XTYP_REQUEST    ? DMLERR_DATAACKTIMEOUT
                            : row->type == XTYP_POKE     ? DMLERR_POKEACKTIMEOUT
                            : row->type == XTYP_EXECUTE  ? DMLERR_EXECACKTIMEOUT
                            : row->type == XTYP_ADVSTART ? DMLERR_ADVACKTIMEOUT
                                                         : DMLERR_UNADVACKTIMEOUT);
    raw_answer(&server, m, row->status);
    raw_expect_nothing(&server);
    object_is_gone(m);
    still_works();
}

static void an_answer_to_an_abandoned_transaction(void **state)
{
    const struct answer_row *row = *state;
    DWORD id = ours_transact_async(row->type);
    struct raw_seen *m = raw_next(&server);

    assert_true(DdeAbandonTransaction(ours.id, ours.conv, id));
    raw_answer(&server, m, row->status);
    raw_expect_nothing(&server);
    object_is_gone(m);
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 0);
    still_works();
}

static void an_answer_after_our_terminate_A6(void **state)
{
    const struct answer_row *row = *state;
    struct raw_seen *m;

    server.rude = true;
    ours_transact_async(row->type);
    m = raw_next(&server);
    assert_true(DdeDisconnect(ours.conv));
    raw_answer(&server, m, row->status);
    raw_expect_nothing(&server);
    object_is_gone(m);
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 0);
    assert_int_equal(ours_calls(XTYP_DISCONNECT), 0);
    raw_terminate(&server);
}

static void answers_out_of_order_find_their_transactions(void **state)
{
    struct raw_seen *first, *second;

    (void)state;
    ours_transact_async(XTYP_EXECUTE);
    first = raw_expect(&server, WIRE_EXECUTE);
    ours_transact_async(XTYP_POKE);
    second = raw_expect(&server, WIRE_POKE);
    raw_answer(&server, second, WIRE_FACK | 2);
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 1);
    assert_int_equal(ours.data2 & DDE_FAPPSTATUS, 2);
    raw_answer(&server, first, WIRE_FACK | 1);
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 2);
    assert_int_equal(ours.data2 & DDE_FAPPSTATUS, 1);
    object_is_gone(first);
}

static void an_execute_may_be_acknowledged_with_another_object(void **state)
{
    struct raw_seen *m;
    host_mem other;

    (void)state;
    ours_transact_async(XTYP_EXECUTE);
    m = raw_expect(&server, WIRE_EXECUTE);
    other = raw_bytes("other", 6);
    assert_true(raw_post(&server, WIRE_ACK, WIRE_FACK, other));
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 1);
    raw_left(m->mem, false); /* what we had posted is freed, once */
    raw_free(other);
    still_works();
}

static void an_ack_may_carry_no_item(void **state)
{
    struct raw_seen *m;

    (void)state;
    for (unsigned i = 0; i < KINDS_WITH_ITEM; i++) {
        unsigned before = ours_calls(XTYP_XACT_COMPLETE);

        ours_transact_async(kinds[i]);
        m = raw_next(&server);
        if (m->mem)
            raw_free(m->mem);
        raw_unref(m->atom);
        assert_true(raw_post(&server, WIRE_ACK, WIRE_FACK, 0));
        test_pump_all();
        assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), before + 1);
    }
    still_works();
}

static void the_item_of_an_ack_may_differ_in_case(void **state)
{
    struct raw_seen *m;

    (void)state;
    ours_transact_async(XTYP_POKE);
    m = raw_expect(&server, WIRE_POKE);
    raw_unref(m->atom);
    m->atom = raw_ref("RAWITEM");
    raw_answer(&server, m, WIRE_FACK);
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 1);
    still_works();
}

/* ---- DATA as the answer to REQUEST --------------------------------------------------------------------- */

struct response_row {
    const char *name;
    uint16_t flags;
    bool acknowledged;
    bool lent; /* G stays the server's */
};

static const struct response_row response_rows[] = {
    {"D4 response", WIRE_FRESPONSE | WIRE_FRELEASE, false, false},
    {"D5 response", WIRE_FRESPONSE | WIRE_FRELEASE | WIRE_FACKREQ, true, false},
    {"D7 response", WIRE_FRESPONSE | WIRE_FACKREQ, true, true},
    {"D8 response", WIRE_FRESPONSE, false, true},
    {"D4 response without the flag", WIRE_FRELEASE, false, false},
    {"D5 response without the flag", WIRE_FRELEASE | WIRE_FACKREQ, true, false},
    {"D7 response without the flag", WIRE_FACKREQ, true, true},
    {"D8 response without the flag", 0, false, true},
    {"D4 response with random flags", 0x6FFF, false, false},
    {"D5 response with all flags", 0xFFFF, true, false},
    {"D7 response with random flags", 0x8ABC, true, true},
};
enum { RESPONSE_ROWS = sizeof response_rows / sizeof *response_rows };

/* What is left after a DATA: an ACK if one is due, G if it was lent. */
static void settled(host_mem mem, bool acknowledged, uint16_t status, bool lent)
{
    struct raw_seen *ack;

    if (acknowledged) {
        ack = raw_expect(&server, WIRE_ACK);
        assert_int_equal(ack->status, status);
        assert_int_equal(ack->atom, raw_name(RAW_ITEM));
        raw_unref(ack->atom);
    }
    raw_expect_nothing(&server);
    raw_left(mem, lent);
}

static void a_response_in_time(void **state)
{
    const struct response_row *row = *state;

    server.on = give_data;
    given_flags = row->flags;
    assert_int_equal(ours_transact(XTYP_REQUEST, A_WHILE, NULL), DMLERR_NO_ERROR);
    assert_string_equal(ours.text, "value");
    settled(given_mem, row->acknowledged, WIRE_FACK, row->lent);
    still_works();
}

static void a_response_too_late(void **state)
{
    const struct response_row *row = *state;

    assert_int_equal(ours_transact(XTYP_REQUEST, A_MOMENT, NULL), DMLERR_DATAACKTIMEOUT);
    given_flags = row->flags;
    give_data(&server, raw_expect(&server, WIRE_REQUEST));
    settled(given_mem, row->acknowledged, WIRE_FACK, row->lent);
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 0);
    still_works();
}

static void a_response_after_our_terminate_D9_D10(void **state)
{
    const struct response_row *row = *state;
    struct raw_seen *m;

    server.rude = true;
    ours_transact_async(XTYP_REQUEST);
    m = raw_expect(&server, WIRE_REQUEST);
    assert_true(DdeDisconnect(ours.conv));
    given_flags = row->flags;
    give_data(&server, m);
    settled(given_mem, false, 0, row->lent);
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 0);
    raw_terminate(&server);
}

/* The server dies between its DATA and our ACK: then G is ours to free if it was given (D15). */
static void a_response_whose_server_has_gone_D15(void **state)
{
    const struct response_row *row = *state;
    struct raw_seen *m;

    ours_transact_async(XTYP_REQUEST);
    m = raw_expect(&server, WIRE_REQUEST);
    given_flags = row->flags;
    give_data(&server, m);
    raw_die(&server);
    disconnected_once();
    raw_left(given_mem, row->lent);
}

static void a_positive_ack_before_the_data_refuses_the_request(void **state)
{
    struct raw_seen *m;

    (void)state;
    ours_transact_async(XTYP_REQUEST);
    m = raw_expect(&server, WIRE_REQUEST);
    raw_answer(&server, m, WIRE_FACK);
    given_mem = raw_object(WIRE_FRESPONSE | WIRE_FRELEASE, "value");
    assert_true(raw_post(&server, WIRE_DATA, given_mem, raw_ref(RAW_ITEM)));
    settled(given_mem, false, 0, false);
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 1);
    still_works();
}

static void data_may_be_longer_than_the_text(void **state)
{
    static const struct {
        uint16_t flags, fmt;
        char text[40];
    } object = {WIRE_FRESPONSE | WIRE_FRELEASE, RAW_FORMAT, "short"};
    struct raw_seen *m;

    (void)state;
    ours_transact_async(XTYP_REQUEST);
    m = raw_expect(&server, WIRE_REQUEST);
    raw_give(&server, WIRE_DATA, raw_bytes(&object, sizeof object), m->atom);
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 1);
    assert_string_equal(ours.text, "short");
    assert_true(ours.size >= sizeof object.text);
}

static void data_may_be_nothing_but_its_header(void **state)
{
    static const uint16_t header[] = {WIRE_FRESPONSE | WIRE_FRELEASE, RAW_FORMAT};
    struct raw_seen *m;

    (void)state;
    ours_transact_async(XTYP_REQUEST);
    m = raw_expect(&server, WIRE_REQUEST);
    raw_give(&server, WIRE_DATA, raw_bytes(header, sizeof header), m->atom);
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 1);
    still_works();
}

/* ---- DATA of a loop ----------------------------------------------------------------------------------- */

struct update_row {
    const char *name;
    bool loop;
    UINT loop_flags;
    bool notice; /* G = 0 */
    uint16_t flags;
    uintptr_t result; /* of XTYP_ADVDATA */
    bool acknowledged;
    uint16_t status;
    bool lent; /* G stays or becomes the server's again */
};

enum { R = WIRE_FRELEASE, A = WIRE_FACKREQ, WARM = XTYPF_NODATA, ACKED = XTYPF_ACKREQ };

static const struct update_row update_rows[] = {
    {"D2 notice", true, WARM, true, 0, DDE_FACK, false, 0, false},
    {"D3 notice of a loop with ACKREQ", true, WARM | ACKED, true, 0, DDE_FACK, true, WIRE_FACK, false},
    {"D3 notice refused", true, WARM | ACKED, true, 0, 0, true, 0, false},
    {"D3 notice met busy", true, WARM | ACKED, true, 0, DDE_FBUSY, true, WIRE_FBUSY, false},
    {"D4 update accepted", true, 0, false, R, DDE_FACK, false, 0, false},
    {"D4 update refused", true, 0, false, R, 0, false, 0, false},
    {"D4 update met busy", true, 0, false, R, DDE_FBUSY, false, 0, false},
    {"D5 update accepted", true, ACKED, false, R | A, DDE_FACK, true, WIRE_FACK, false},
    {"D5 update accepted in a loop without ACKREQ", true, 0, false, R | A, DDE_FACK, true, WIRE_FACK, false},
    {"D5 application bits", true, ACKED, false, R | A, DDE_FACK | 7, true, WIRE_FACK | 7, false},
    {"D6 update refused", true, ACKED, false, R | A, 0, true, 0, true},
    {"D6 update met busy", true, ACKED, false, R | A, DDE_FBUSY, true, WIRE_FBUSY, true},
    {"D7 lent update accepted", true, ACKED, false, A, DDE_FACK, true, WIRE_FACK, true},
    {"D7 lent update refused", true, ACKED, false, A, 0, true, 0, true},
    {"D7 lent update met busy", true, ACKED, false, A, DDE_FBUSY, true, WIRE_FBUSY, true},
    {"D8 neither given nor lent", true, 0, false, 0, DDE_FACK, false, 0, true},
    {"D8 in a loop with ACKREQ", true, ACKED, false, 0, DDE_FACK, false, 0, true},
    {"unknown item, D4", false, 0, false, R, DDE_FACK, false, 0, false},
    {"unknown item, D6", false, 0, false, R | A, DDE_FACK, true, 0, true},
    {"unknown item, D7", false, 0, false, A, DDE_FACK, true, 0, true},
    {"unknown item, D8", false, 0, false, 0, DDE_FACK, false, 0, true},
    {"unknown item, notice", false, 0, true, 0, DDE_FACK, false, 0, false},
    {"random flags, D4", true, 0, false, 0x7FFF, DDE_FACK, false, 0, false},
    {"random flags, D7", true, 0, false, 0x9FFF, DDE_FACK, true, WIRE_FACK, true},
};
enum { UPDATE_ROWS = sizeof update_rows / sizeof *update_rows };

static host_mem post_update(const struct update_row *row)
{
    host_mem mem = row->notice ? 0 : raw_object(row->flags, "update");

    assert_true(raw_post(&server, WIRE_DATA, mem, raw_ref(RAW_ITEM)));
    return mem;
}

static void prepare_loop(const struct update_row *row)
{
    if (row->loop)
        start_loop(row->loop_flags);
    ours_return(XTYP_ADVDATA, row->result);
}

static bool is_given(const struct update_row *row)
{
    return row->flags & WIRE_FRELEASE;
}

static void an_update(void **state)
{
    const struct update_row *row = *state;
    host_mem mem;

    prepare_loop(row);
    mem = post_update(row);
    settled(mem, row->acknowledged, row->status, row->lent);
    assert_int_equal(ours_calls(XTYP_ADVDATA), row->loop);
    if (row->loop && !row->notice)
        assert_string_equal(ours.text, "update");
    still_works();
}

static void updates_after_our_terminate_D9_D10(void **state)
{
    const struct update_row *row = *state;
    host_mem queued, later;

    server.rude = true;
    prepare_loop(row);
    queued = post_update(row);
    assert_true(DdeDisconnect(ours.conv));
    later = post_update(row);
    settled(queued, false, 0, !is_given(row));
    settled(later, false, 0, !is_given(row));
    assert_int_equal(ours_calls(XTYP_ADVDATA), 0);
    raw_terminate(&server);
}

static void an_update_that_is_blocked_when_we_end(void **state)
{
    const struct update_row *row = *state;
    host_mem mem;

    prepare_loop(row);
    assert_true(DdeEnableCallback(ours.id, 0, EC_DISABLE));
    mem = post_update(row);
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_ADVDATA), 0);
    if (row->loop) { /* without one there is nothing to deliver, and so nothing to block */
        assert_true(DdeDisconnect(ours.conv));
        settled(mem, false, 0, !is_given(row));
    } else {
        settled(mem, row->acknowledged, row->status, row->lent);
    }
}

/* Else the server would take it for the answer to the update before. */
static void the_refusal_of_an_update_waits_for_the_answers_that_are_due(void **state)
{
    struct raw_seen *m;
    host_mem refused;

    (void)state;
    start_loop(ACKED);
    ours_return(XTYP_ADVDATA, DDE_FACK);
    assert_true(DdeEnableCallback(ours.id, 0, EC_DISABLE));
    raw_give(&server, WIRE_DATA, raw_object(R | A, "update"), raw_ref(RAW_ITEM));
    refused = raw_object(R | A, "unwanted");
    assert_true(raw_post(&server, WIRE_DATA, refused, raw_ref("RawOther")));
    raw_expect_nothing(&server);
    assert_true(DdeEnableCallback(ours.id, 0, EC_ENABLEALL));
    m = raw_expect(&server, WIRE_ACK);
    assert_int_equal(m->status, WIRE_FACK);
    raw_unref(m->atom);
    m = raw_expect(&server, WIRE_ACK);
    assert_int_equal(m->status, 0);
    raw_unref(m->atom);
    raw_left(refused, true);
}

static void an_update_that_is_blocked_when_the_server_ends(void **state)
{
    const struct update_row *row = *state;
    host_mem mem;

    prepare_loop(row);
    assert_true(DdeEnableCallback(ours.id, 0, EC_DISABLE));
    mem = post_update(row);
    raw_terminate(&server);
    disconnected_once();
    raw_expect_terminate(&server, 1);
    if (row->loop)
        settled(mem, false, 0, !is_given(row));
    else
        settled(mem, row->acknowledged, row->status, row->lent);
}

static void updates_whose_server_has_gone_D15(void **state)
{
    const struct update_row *row = *state;
    host_mem mem;

    prepare_loop(row);
    mem = post_update(row);
    raw_die(&server);
    disconnected_once();
    raw_left(mem, !is_given(row));
}

static void an_update_of_a_stranger_is_disposed_of(void **state)
{
    const struct update_row *row = *state;
    struct raw stranger;
    host_mem mem = row->notice ? 0 : raw_object(row->flags, "update");

    prepare_loop(row);
    raw_open(&stranger);
    assert_true(raw_post_from(&server, stranger.wnd, WIRE_DATA, mem, raw_ref(RAW_ITEM)));
    settled(mem, false, 0, !is_given(row));
    raw_expect_nothing(&stranger);
    raw_die(&stranger);
    assert_int_equal(ours_calls(XTYP_ADVDATA), 0);
    still_works();
}

static void an_update_of_nobody_is_left_alone(void **state)
{
    const struct update_row *row = *state;
    host_mem mem = row->notice ? 0 : raw_object(row->flags, "update");
    host_atom item = raw_ref(RAW_ITEM);

    prepare_loop(row);
    assert_true(raw_post_from(&server, 0, WIRE_DATA, mem, item));
    settled(mem, false, 0, true);
    if (!test_apart) /* else it was given away with the post */
        raw_unref(item);
    assert_int_equal(ours_calls(XTYP_ADVDATA), 0);
    still_works();
}

static void an_update_may_come_before_the_ack_of_advise(void **state)
{
    struct raw_seen *m;

    (void)state;
    ours_return(XTYP_ADVDATA, DDE_FACK);
    ours_transact_async(XTYP_ADVSTART);
    m = raw_expect(&server, WIRE_ADVISE);
    raw_give(&server, WIRE_DATA, raw_object(R, "first"), raw_ref(RAW_ITEM));
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_ADVDATA), 1);
    assert_string_equal(ours.text, "first");
    raw_answer(&server, m, WIRE_FACK);
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 1);
    still_works();
}

/* Q165245, Q165305: the last update crosses the UNADVISE. */
static void updates_that_cross_the_unadvise_do_not_end_the_conversation(void **state)
{
    struct raw_seen *m;
    host_mem before, between, after;

    (void)state;
    ours_return(XTYP_ADVDATA, DDE_FACK);
    start_loop(XTYPF_ACKREQ);
    ours_transact_async(XTYP_ADVSTOP);
    before = raw_object(R | A, "before");
    assert_true(raw_post(&server, WIRE_DATA, before, raw_ref(RAW_ITEM)));
    m = raw_expect(&server, WIRE_UNADVISE);
    between = raw_object(R | A, "between");
    assert_true(raw_post(&server, WIRE_DATA, between, raw_ref(RAW_ITEM)));
    raw_answer(&server, m, WIRE_FACK);
    after = raw_object(R | A, "after");
    assert_true(raw_post(&server, WIRE_DATA, after, raw_ref(RAW_ITEM)));
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 1);
    for (unsigned i = 0; i < 3; i++) {
        m = raw_expect(&server, WIRE_ACK);
        raw_unref(m->atom);
        raw_left(i == 0 ? before : i == 1 ? between : after, !(m->status & WIRE_FACK)); /* D5, D6 */
    }
    raw_expect_nothing(&server);
    still_works();
}

/* ---- Messages that nobody asked for ------------------------------------------------------------------- */

static void a_spontaneous_ack_is_absorbed_A7(void **state)
{
    (void)state;
    assert_true(raw_post(&server, WIRE_ACK, WIRE_FACK, raw_ref(RAW_ITEM)));
    assert_true(raw_post(&server, WIRE_ACK, 0, raw_ref(RAW_ITEM)));
    assert_true(raw_post(&server, WIRE_ACK, WIRE_FACK, 0));
    assert_true(raw_post(&server, WIRE_ACK, WIRE_FACK, 17));
    assert_true(raw_post(&server, WIRE_ACK, WIRE_FACK, (uintptr_t)-1));
    raw_expect_nothing(&server);
    still_works();
}

enum { ECHOED = 8 };

static host_mem echoed[ECHOED];
static unsigned n_echoed;

/* As Wine's DDEML does it: the DATA and the ACK have one reference between them. */
static void give_with_echo(struct raw *r, struct raw_seen *m)
{
    if (m->id != WIRE_REQUEST)
        return;
    assert_true(n_echoed < ECHOED);
    echoed[n_echoed] = raw_object(WIRE_FRESPONSE, "value");
    assert_true(raw_post(r, WIRE_DATA, echoed[n_echoed++], m->atom));
    assert_true(raw_post(r, WIRE_ACK, WIRE_FACK, m->atom));
    m->taken = true;
}

static void echoed_are_left(void)
{
    while (n_echoed)
        raw_left(echoed[--n_echoed], true);
}

/* From another process on Linux every block comes to stay, so that no DATA looks as Wine's does, and every message
 * brings a reference of its own. */
static void needs_one_reference_for_two(void)
{
    if (host_window_foreign(server.partner))
        skip(); /* the echo is Wine's, where references are the session's */
}

static void an_acknowledgement_of_a_request_that_data_has_answered_is_an_echo_A9(void **state)
{
    (void)state;
    needs_one_reference_for_two();
    server.on = give_with_echo;
    for (int i = 0; i < 3; i++)
        assert_int_equal(ours_transact(XTYP_REQUEST, A_WHILE, NULL), DMLERR_NO_ERROR);
    ours_transact_async(XTYP_REQUEST);
    ours_transact_async(XTYP_REQUEST);
    test_pump_all();
    raw_expect_nothing(&server);
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 2);
    assert_string_equal(ours.text,
                        "value"); /* the first one's echo was not taken for the second one's answer */
    echoed_are_left();
    still_works();
}

static void an_echo_is_not_the_answer_to_a_poke_of_the_same_item_A9(void **state)
{
    struct raw_seen *m;

    (void)state;
    needs_one_reference_for_two();
    ours_transact_async(XTYP_REQUEST);
    ours_transact_async(XTYP_POKE);
    give_with_echo(&server, raw_expect(&server, WIRE_REQUEST));
    m = raw_expect(&server, WIRE_POKE);
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 1);
    raw_answer(&server, m, 0);
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 2);
    assert_int_equal(ours.data2 & WIRE_FACK, 0);
    echoed_are_left();
    still_works();
}

static void an_echo_comes_right_after_the_data_or_is_none_A9(void **state)
{
    struct raw_seen *m;

    (void)state;
    needs_one_reference_for_two();
    server.on = give_with_echo;
    assert_int_equal(ours_transact(XTYP_REQUEST, A_WHILE, NULL), DMLERR_NO_ERROR);
    server.on = NULL;
    raw_expect_nothing(&server);
    echoed_are_left();
    ours_transact_async(XTYP_REQUEST);
    m = raw_expect(&server, WIRE_REQUEST);
    ours_transact_async(XTYP_POKE);
    raw_give(&server, WIRE_DATA, raw_object(WIRE_FRESPONSE | WIRE_FRELEASE, "value"), m->atom);
    raw_answer(&server, raw_expect(&server, WIRE_POKE),
               WIRE_FACK); /* about the same item: the answer to the POKE */
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 2);
    assert_true(raw_post(&server, WIRE_ACK, WIRE_FACK, raw_ref(RAW_ITEM))); /* A7 */
    raw_expect_nothing(&server);
    still_works();
}

static void a_spontaneous_ack_is_not_the_answer_to_another_item(void **state)
{
    struct raw_seen *m;

    (void)state;
    raw_name("RawOther");
    ours_transact_async(XTYP_POKE);
    m = raw_expect(&server, WIRE_POKE);
    assert_true(raw_post(&server, WIRE_ACK, WIRE_FACK, raw_ref("RawOther")));
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 0);
    raw_answer(&server, m, WIRE_FACK);
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 1);
    still_works();
}

/* What only a client may post. */
static void messages_for_a_server_are_disposed_of(void **state)
{
    host_mem lent;

    (void)state;
    assert_true(raw_post(&server, WIRE_REQUEST, RAW_FORMAT, raw_ref(RAW_ITEM)));
    assert_true(raw_post(&server, WIRE_UNADVISE, RAW_FORMAT, raw_ref(RAW_ITEM)));
    raw_give(&server, WIRE_ADVISE, raw_object(0, ""), raw_ref(RAW_ITEM));
    raw_give(&server, WIRE_POKE, raw_object(R, "poke"), raw_ref(RAW_ITEM));
    raw_give(&server, WIRE_EXECUTE, 0, raw_bytes("run", 4));
    lent = raw_object(0, "lent");
    assert_true(raw_post(&server, WIRE_POKE, lent, raw_ref(RAW_ITEM)));
    settled(lent, false, 0, true);
    still_works();
}

/* ---- What cannot be read (D13) ------------------------------------------------------------------------ */

/* A system that copies what messages carry reads it itself, and a wrong handle does not come through. */
static void needs_wrong_handles(void)
{
    if (raw_copies())
        skip(); /* it copies blocks itself: a message with a wrong handle does not arrive */
}

/* A handle that no block has. */
static host_mem dead_block(void)
{
    host_mem mem = host_mem_alloc(8, false);

    host_mem_free(mem);
    return mem;
}

static void violated(void)
{
    disconnected_once();
    raw_expect_terminate(&server, 1);
}

static void an_unreadable_object_ends_the_conversation_D13(void **state)
{
    (void)state;
    needs_wrong_handles();
    assert_true(raw_post(&server, WIRE_DATA, dead_block(), raw_ref(RAW_ITEM)));
    violated();
}

static void an_object_without_a_header_ends_the_conversation_D13(void **state)
{
    host_mem mem;

    (void)state;
    needs_wrong_handles();
    mem = raw_bytes("12", 2);
    assert_true(raw_post(&server, WIRE_DATA, mem, raw_ref(RAW_ITEM)));
    violated();
    raw_free(mem); /* whose it is cannot be known */
}

static void an_unreadable_message_ends_the_conversation(void **state)
{
    struct host_msg hm = {
        .to = server.partner, .id = WIRE_DATA, .wparam = server.wnd, .lparam = dead_block()};

    (void)state;
    needs_wrong_handles();
    assert_int_equal(host_post(&hm), HOST_OK);
    violated();
}

static void pump_inside(UINT type)
{
    if (type == XTYP_DISCONNECT)
        test_pump_all();
}

static void a_conversation_is_ended_once_however_bad_the_messages(void **state)
{
    (void)state;
    needs_wrong_handles();
    ours.inside = pump_inside;
    assert_true(raw_post(&server, WIRE_DATA, dead_block(), raw_ref(RAW_ITEM)));
    assert_true(raw_post(&server, WIRE_DATA, dead_block(), raw_ref(RAW_ITEM)));
    raw_terminate(&server);
    disconnected_once();
    raw_expect_terminate(&server, 1);
}

static void send_garbage_instead(struct raw *r, struct raw_seen *m)
{
    lose(m);
    raw_post(r, WIRE_DATA, dead_block(), raw_ref(RAW_ITEM));
}

static void an_unreadable_answer_fails_the_transaction(void **state)
{
    (void)state;
    needs_wrong_handles();
    server.on = send_garbage_instead;
    assert_int_equal(ours_transact(XTYP_REQUEST, A_WHILE, NULL), DMLERR_SERVER_DIED);
    violated();
}

/* The answers are in order. Without that one the next would each be taken for its neighbour's. */
static void behind_an_unreadable_answer_no_refusal_frees_what_was_accepted_D13(void **state)
{
    struct raw_seen *m;

    (void)state;
    needs_wrong_handles();
    ours_transact_async(XTYP_REQUEST);
    ours_transact_async(XTYP_POKE);
    ours_transact_async(XTYP_ADVSTOP);
    lose(raw_expect(&server, WIRE_REQUEST));
    m = raw_expect(&server, WIRE_POKE);
    assert_true(raw_post(&server, WIRE_DATA, dead_block(), raw_ref(RAW_ITEM)));
    assert_true(raw_post(&server, WIRE_ACK, WIRE_FACK, m->atom));
    raw_answer(&server, raw_expect(&server, WIRE_UNADVISE), 0);
    violated();
    raw_left(m->mem, true); /* the server's, which has accepted it */
}

static unsigned completed_before_the_end;

/* Lets the server answer what it has got, after the conversation has ended. */
static void answer_late_inside(UINT type)
{
    if (type == XTYP_XACT_COMPLETE) {
        assert_int_equal(ours.data2, 0);
        test_pump_all();
    }
    if (type == XTYP_DISCONNECT)
        completed_before_the_end = ours_calls(XTYP_XACT_COMPLETE);
}

static void asynchronous_transactions_are_completed_before_a_violation_is_told(void **state)
{
    (void)state;
    needs_wrong_handles();
    ours.inside = answer_late_inside;
    completed_before_the_end = 0;
    given_status = WIRE_FACK;
    server.on = give_status;
    assert_true(raw_post(&server, WIRE_DATA, dead_block(), raw_ref(RAW_ITEM)));
    for (unsigned i = 0; i < KINDS; i++)
        ours_transact_async(kinds[i]);
    disconnected_once();
    assert_int_equal(completed_before_the_end, KINDS);
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), KINDS);
    raw_expect_terminate(&server, 1);
}

/* The server's TERMINATE comes while the first completion is told: no answer is waited for any more. */
static void terminate_and_abandon_inside(UINT type)
{
    if (type != XTYP_XACT_COMPLETE || ours_calls(XTYP_XACT_COMPLETE) > 1)
        return;
    raw_terminate(&server);
    test_pump_all();
    assert_true(DdeAbandonTransaction(ours.id, ours.conv, 0));
}

static void completions_that_wait_behind_a_violation_can_be_abandoned(void **state)
{
    (void)state;
    needs_wrong_handles();
    ours.inside = terminate_and_abandon_inside;
    given_status = WIRE_FACK;
    server.on = give_status;
    assert_true(raw_post(&server, WIRE_DATA, dead_block(), raw_ref(RAW_ITEM)));
    for (int i = 0; i < 3; i++)
        ours_transact_async(XTYP_REQUEST);
    disconnected_once();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 1);
    raw_expect_terminate(&server, 1);
}

static void abandon_inside(UINT type)
{
    if (type == XTYP_DISCONNECT)
        assert_true(DdeAbandonTransaction(ours.id, ours.conv, 0));
}

static void transactions_that_a_violation_has_completed_can_be_abandoned(void **state)
{
    (void)state;
    needs_wrong_handles();
    ours.inside = abandon_inside;
    given_status = WIRE_FACK;
    server.on = give_status;
    assert_true(raw_post(&server, WIRE_DATA, dead_block(), raw_ref(RAW_ITEM)));
    ours_transact_async(XTYP_REQUEST);
    disconnected_once();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 1);
}

/* ---- The end ------------------------------------------------------------------------------------------ */

struct end_row {
    const char *name;
    void (*on)(struct raw *r, struct raw_seen *m);
    bool answered; /* the transaction has its answer before the end */
};

static const struct end_row end_rows[] = {
    {"dies instead of answering", die_instead, false},
    {"terminates instead of answering D12 K7 V5 X4", terminate_instead, false},
    {"terminates and destroys its window", terminate_and_die, false},
    {"answers and dies", answer_and_die, true},
};
enum { END_ROWS = sizeof end_rows / sizeof *end_rows };

static void the_server_ends_during_a_synchronous_transaction(void **state)
{
    const struct end_row *row = *state;

    for (unsigned i = 0; i < KINDS; i++) {
        UINT error;

        server.on = row->on;
        error = ours_transact(kinds[i], A_WHILE, NULL);
        if (!row->answered)
            assert_int_equal(error, DMLERR_SERVER_DIED);
        else if (kinds[i] == XTYP_REQUEST)
            assert_int_equal(error, DMLERR_NOTPROCESSED);
        else
            assert_int_equal(error, DMLERR_NO_ERROR);
        disconnected_once();
        ours.calls[ours_index(XTYP_DISCONNECT)] = 0;
        raw_die(&server);
        raw_open(&server);
        server.serves = true;
        assert_true(ours_connect());
    }
}

static void the_server_ends_during_asynchronous_transactions(void **state)
{
    const struct end_row *row = *state;

    for (unsigned i = 0; i < KINDS; i++)
        ours_transact_async(kinds[i]);
    server.on = row->on;
    disconnected_once();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), KINDS);
}

static void the_server_ends_with_loops_open(void **state)
{
    const struct end_row *row = *state;

    start_loop(XTYPF_ACKREQ);
    ours_transact_async(XTYP_EXECUTE);
    server.on = row->on;
    disconnected_once();
}

/* That a window of another process has gone may be known only afterwards. */
static void expect_posting_failed(UINT error)
{
    assert_int_equal(error, test_apart && error == DMLERR_SERVER_DIED ? error : DMLERR_POSTMSG_FAILED);
}

static void posting_to_a_dead_server_frees_everything_Q1_K1_V1_U1_X1(void **state)
{
    (void)state;
    for (unsigned i = 0; i < KINDS; i++) {
        raw_die(&server);
        expect_posting_failed(ours_transact(kinds[i], A_WHILE, NULL));
        disconnected_once();
        ours.calls[ours_index(XTYP_DISCONNECT)] = 0;
        raw_open(&server);
        server.serves = true;
        assert_true(ours_connect());
    }
}

static void a_server_that_dies_silently_is_noticed(void **state)
{
    (void)state;
    raw_die(&server);
    disconnected_once();
}

static void a_server_that_never_confirms_does_not_hold_up_disconnect(void **state)
{
    (void)state;
    server.rude = true;
    start_loop(0);
    assert_true(DdeDisconnect(ours.conv));
    raw_expect_terminate(&server, 1);
    assert_true(ours_connect()); /* others can come and go meanwhile */
    assert_true(DdeDisconnect(ours.conv));
    raw_expect_terminate(&server, 2);
}

static void a_server_that_never_confirms_does_not_hold_up_uninitialize(void **state)
{
    (void)state;
    server.rude = true;
    start_loop(0);
    ours_close();
    assert_true(server.terminates > 0);
}

static void a_server_that_dies_instead_of_confirming_is_noticed(void **state)
{
    (void)state;
    server.rude = true;
    assert_true(DdeDisconnect(ours.conv));
    raw_expect_terminate(&server, 1);
    raw_die(&server);
    DdemlSetDeadlines(0, 600000); /* longer than the test may last */
    ours_close();
}

static void a_second_terminate_is_ignored(void **state)
{
    (void)state;
    raw_terminate(&server);
    raw_terminate(&server);
    disconnected_once();
    raw_expect_terminate(&server, 1);
}

static void terminates_that_cross_are_confirmations(void **state)
{
    (void)state;
    raw_terminate(&server);
    assert_true(DdeDisconnect(ours.conv));
    raw_expect_terminate(&server, 1);
    assert_int_equal(ours_calls(XTYP_DISCONNECT), 0);
}

static void a_terminate_of_a_stranger_is_ignored(void **state)
{
    struct raw stranger;

    (void)state;
    raw_open(&stranger);
    assert_true(raw_post_from(&server, stranger.wnd, WIRE_TERMINATE, 0, 0));
    assert_true(raw_post_from(&server, 0, WIRE_TERMINATE, 0, 0));
    raw_expect_nothing(&stranger);
    raw_die(&stranger);
    still_works();
}

static void die_inside(UINT type)
{
    if (type == XTYP_ADVDATA)
        raw_die(&server);
}

static void a_server_that_dies_during_the_callback_is_noticed(void **state)
{
    host_mem mem;

    (void)state;
    ours.inside = die_inside;
    ours_return(XTYP_ADVDATA, 0);
    start_loop(XTYPF_ACKREQ);
    mem = raw_object(R | A, "update");
    assert_true(raw_post(&server, WIRE_DATA, mem, raw_ref(RAW_ITEM)));
    disconnected_once();
    raw_left(mem, false); /* D15: refused, but the refusal could not be given */
}

/* ---- Threads that hang -------------------------------------------------------------------------------- */

struct hanging {
    struct test_event *ready, *go_on;
};

/* A thread with a top-level window that never looks at its messages. */
static void hang(void *arg)
{
    struct hanging *h = arg;
    struct raw r;

    raw_open(&r);
    r.serves = true;
    test_event_set(h->ready);
    test_event_wait(h->go_on, TEST_PATIENCE_MS);
    raw_die(&r);
}

static struct test_thread *start_hanging(struct hanging *h, void (*run)(void *arg))
{
    struct test_thread *t;

    h->ready = test_event_new();
    h->go_on = test_event_new();
    t = test_thread_start(run, h);
    assert_true(test_event_wait(h->ready, TEST_PATIENCE_MS));
    return t;
}

static void stop_hanging(struct hanging *h, struct test_thread *t)
{
    test_event_set(h->go_on);
    test_thread_join(t);
    test_event_free(h->ready);
    test_event_free(h->go_on);
}

static void a_hanging_window_does_not_hide_a_server(void **state)
{
    struct hanging h;
    struct test_thread *t = start_hanging(&h, hang);

    (void)state;
    DdemlSetDeadlines(50, 0);
    assert_true(ours_connect());
    still_works();
    stop_hanging(&h, t);
}

static void a_hanging_window_alone_is_no_server(void **state)
{
    struct hanging h;
    struct test_thread *t = start_hanging(&h, hang);

    (void)state;
    DdemlSetDeadlines(50, 0);
    server.serves = false;
    assert_false(ours_connect());
    assert_int_equal(DdeGetLastError(ours.id), DMLERR_NO_CONV_ESTABLISHED);
    stop_hanging(&h, t);
}

static struct hanging *hanging_server;

static HDDEDATA CALLBACK hang_in_connect(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                         ULONG_PTR data1, ULONG_PTR data2)
{
    (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)data1, (void)data2;
    if (type == XTYP_CONNECT)
        test_event_wait(hanging_server->go_on, TEST_PATIENCE_MS);
    return type == XTYP_CONNECT ? (HDDEDATA)TRUE : 0;
}

static bool is_let_go(void *arg)
{
    return test_event_wait(((struct hanging *)arg)->go_on, 0);
}

static void serve_and_hang(void *arg)
{
    struct hanging *h = arg;
    DWORD id = 0;
    HSZ name;

    hanging_server = h;
    DdeInitializeA(&id, hang_in_connect, APPCLASS_STANDARD, 0);
    name = DdeCreateStringHandleA(id, RAW_SERVICE, CP_WINANSI);
    DdeNameService(id, name, 0, DNS_REGISTER);
    test_event_set(h->ready);
    test_pump_until(is_let_go, h, TEST_PATIENCE_MS);
    test_pump_all();
    DdeUninitialize(id);
}

static void a_server_that_hangs_in_connect_does_not_hide_another(void **state)
{
    struct hanging h;
    struct test_thread *t;

    (void)state;
#ifdef _WIN32
    skip(); /* what the server sends in the end cannot be taken back there, and its two atoms are lost */
#endif
    t = start_hanging(&h, serve_and_hang);
    DdemlSetDeadlines(50, 0);
    assert_true(ours_connect());
    still_works();
    stop_hanging(&h, t);
}

static void a_server_that_hangs_in_connect_is_given_up(void **state)
{
    struct hanging h;
    struct test_thread *t = start_hanging(&h, serve_and_hang);

    (void)state;
    DdemlSetDeadlines(50, 0);
    server.serves = false;
    assert_false(ours_connect());
    assert_int_equal(DdeGetLastError(ours.id), DMLERR_NO_CONV_ESTABLISHED);
    stop_hanging(&h, t);
}

/* ---- A thread that ends ------------------------------------------------------------------------------- */

/* Everything that may lie in the queue of a client window that goes without DdeUninitialize. */
static void end_with_a_full_queue(void *arg)
{
    host_mem *lent = arg;
    struct raw_seen *m[KINDS];

    raw_open(&server);
    server.serves = true;
    ours_open(APPCMD_CLIENTONLY);
    assert_true(ours_connect());
    start_loop(XTYPF_ACKREQ);
    for (unsigned i = 0; i < KINDS; i++) {
        ours_transact_async(kinds[i]);
        m[i] = raw_next(&server);
    }
    for (unsigned i = 0; i < KINDS; i++)
        raw_answer(&server, m[i], i % 2 ? WIRE_FACK : 0);
    raw_give(&server, WIRE_DATA, raw_object(R, "update"), raw_ref(RAW_ITEM));
    raw_give(&server, WIRE_DATA, raw_object(R | A, "update"), raw_ref(RAW_ITEM));
    *lent = raw_object(A, "update");
    raw_post(&server, WIRE_DATA, *lent, raw_ref(RAW_ITEM));
    server.rude = true;
}

static void a_thread_that_ends_drains_its_windows_D14_A8(void **state)
{
    host_mem lent = 0;

    (void)state;
    test_thread_join(test_thread_start(end_with_a_full_queue, &lent));
    ours.id = 0;
    server.wnd = 0;
    raw_left(lent, true);
}

static int set_up_books(void **state)
{
    (void)state;
    DdemlSetDeadlines(INITIATE_MS, SHUTDOWN_MS);
    raw_books_open();
    return 0;
}

/* ---- A storm ------------------------------------------------------------------------------------------ */

enum { STORM_MESSAGES = 6000 };

struct storm_row {
    const char *name;
    uint32_t seed;
    unsigned odds; /* one message in so many is forged */
};

static const struct storm_row storm_rows[] = {
    {"a breeze", 1, 500},
    {"wind", 20261123, 50},
    {"gale", 0xDDE, 10},
    {"hurricane", 0xC0FFEE, 1},
};
enum { STORM_ROWS = sizeof storm_rows / sizeof *storm_rows };

static bool carries(UINT type)
{
    return type == XTYP_POKE || type == XTYP_EXECUTE;
}

static void start_something(UINT type)
{
    char text[] = "storm";

    DdeClientTransaction(carries(type) ? (LPBYTE)text : NULL, carries(type) ? sizeof text : 0, ours.conv,
                         type == XTYP_EXECUTE ? 0 : ours.item, RAW_FORMAT, type, TIMEOUT_ASYNC, NULL);
}

static bool is_connected(void)
{
    CONVINFO info = {.cb = sizeof info};

    return DdeQueryConvInfo(ours.conv, QID_SYNC, &info) && info.wStatus & ST_CONNECTED;
}

/* Now and then something of our own, so that the storm meets every state. */
static void act(void)
{
    static const UINT gates[] = {EC_DISABLE, EC_ENABLEONE, EC_ENABLEALL};
    unsigned dice = raw_random(32);

    if (dice < KINDS)
        start_something(kinds[dice]);
    else if (dice < 8)
        DdeEnableCallback(ours.id, 0, gates[dice - KINDS]);
    else if (dice == 8)
        DdeAbandonTransaction(ours.id, 0, 0);
    else if (dice == 9 && raw_random(8) == 0)
        DdeDisconnect(ours.conv);
    else if (dice == 10 && is_connected())
        ours_transact(kinds[raw_random(KINDS)], 1, NULL);
    else
        test_pump_all();
}

static void act_inside(UINT type)
{
    static const uintptr_t results[] = {DDE_FACK, 0, DDE_FBUSY, (uintptr_t)CBR_BLOCK};

    ours_return(XTYP_ADVDATA, results[raw_random(4)]);
    ours_return(XTYP_XACT_COMPLETE, results[raw_random(8) ? 0 : 3]);
    if (type != XTYP_DISCONNECT && raw_random(64) == 0)
        DdeDisconnect(ours.conv);
}

static void a_storm_of_messages_does_no_harm(void **state)
{
    const struct storm_row *row = *state;
    host_wnd before = 0;

    raw_seed(row->seed);
    raw_name("RawOther");
    server.on = raw_rave;
    server.rude = true;
    ours.inside = act_inside;
    for (unsigned i = 0; i < STORM_MESSAGES; i++) {
        if (!is_connected()) {
            before = server.partner; /* a tombstone, or gone */
            server.closing = false;
            assert_true(ours_connect());
        }
        raw_rage(&server, raw_random(8) ? server.partner : before, row->odds);
        act();
    }
    ours.inside = NULL;
    ours_close();
    raw_die(&server);
    raw_books_give_up();
}

/* ---- All ---------------------------------------------------------------------------------------------- */

#define DIRECTLY(section, f)  rule_with(section, f, set_up, tear_down)
#define CONNECTED(section, f) rule_with(section, f, set_up_connected, tear_down)

static const struct CMUnitTest single_tests[] = {
    DIRECTLY("protocol 5.1", connecting_leaves_no_atom_behind_I1_I2),
    DIRECTLY("protocol 5.1", a_surplus_answer_gets_terminate_I4),
    DIRECTLY("protocol 6.1", no_answer_is_no_conversation),
    DIRECTLY("protocol 6.1", a_server_that_dies_before_its_ack_is_no_conversation),
    DIRECTLY("protocol 7.6", a_server_that_dies_right_after_its_ack_is_noticed),
    DIRECTLY("protocol 7.1", a_server_that_terminates_right_after_its_ack_is_answered),
    DIRECTLY("protocol 7.1", a_server_that_terminates_twice_inside_the_initiate_is_answered_once),
    DIRECTLY("protocol 6.1", data_before_the_ack_of_initiate_does_no_harm),
    DIRECTLY("protocol 6.1", an_ack_that_is_read_before_that_of_initiate_does_no_harm),
    DIRECTLY("protocol 6.1", an_ack_that_is_read_behind_that_of_initiate_does_no_harm),
    DIRECTLY("protocol 6.1", data_that_is_dispatched_before_the_conversation_is_there_does_no_harm),
    DIRECTLY("protocol 6.1", an_ack_of_initiate_without_names_is_refused),
    CONNECTED("protocol 8.4", answers_out_of_order_find_their_transactions),
    CONNECTED("protocol 8.4", the_refusal_of_an_update_waits_for_the_answers_that_are_due),
    CONNECTED("protocol 8.4", an_execute_may_be_acknowledged_with_another_object),
    CONNECTED("protocol 8.4", an_ack_may_carry_no_item),
    CONNECTED("protocol 8.4", the_item_of_an_ack_may_differ_in_case),
    CONNECTED("protocol 8.3", a_positive_ack_before_the_data_refuses_the_request),
    CONNECTED("protocol 8.4", data_may_be_longer_than_the_text),
    CONNECTED("protocol 8.4", data_may_be_nothing_but_its_header),
    CONNECTED("protocol 8.4", an_update_may_come_before_the_ack_of_advise),
    CONNECTED("protocol 8.2", updates_that_cross_the_unadvise_do_not_end_the_conversation),
    CONNECTED("protocol 8.3", a_spontaneous_ack_is_absorbed_A7),
    CONNECTED("protocol 8.3", an_acknowledgement_of_a_request_that_data_has_answered_is_an_echo_A9),
    CONNECTED("protocol 8.3", an_echo_is_not_the_answer_to_a_poke_of_the_same_item_A9),
    CONNECTED("protocol 8.3", an_echo_comes_right_after_the_data_or_is_none_A9),
    CONNECTED("protocol 8.3", a_spontaneous_ack_is_not_the_answer_to_another_item),
    CONNECTED("protocol 8.5", messages_for_a_server_are_disposed_of),
    CONNECTED("protocol 8.3", an_unreadable_object_ends_the_conversation_D13),
    CONNECTED("protocol 8.3", an_object_without_a_header_ends_the_conversation_D13),
    CONNECTED("protocol 8.3", an_unreadable_message_ends_the_conversation),
    CONNECTED("protocol 8.3", a_conversation_is_ended_once_however_bad_the_messages),
    CONNECTED("protocol 8.3", an_unreadable_answer_fails_the_transaction),
    CONNECTED("protocol 8.3", behind_an_unreadable_answer_no_refusal_frees_what_was_accepted_D13),
    CONNECTED("protocol 7.6", posting_to_a_dead_server_frees_everything_Q1_K1_V1_U1_X1),
    CONNECTED("protocol 7.6", a_server_that_dies_silently_is_noticed),
    CONNECTED("protocol 7.5", a_server_that_never_confirms_does_not_hold_up_disconnect),
    CONNECTED("protocol 7.5", a_server_that_never_confirms_does_not_hold_up_uninitialize),
    CONNECTED("protocol 7.6", a_server_that_dies_instead_of_confirming_is_noticed),
    CONNECTED("protocol 7.1", a_second_terminate_is_ignored),
    CONNECTED("protocol 7.1", terminates_that_cross_are_confirmations),
    CONNECTED("protocol 8.5", a_terminate_of_a_stranger_is_ignored),
    CONNECTED("protocol 7.6", a_server_that_dies_during_the_callback_is_noticed),
    DIRECTLY("protocol 6.1", a_hanging_window_does_not_hide_a_server),
    DIRECTLY("protocol 6.1", a_hanging_window_alone_is_no_server),
    DIRECTLY("protocol 6.1", a_server_that_hangs_in_connect_does_not_hide_another),
    DIRECTLY("protocol 6.1", a_server_that_hangs_in_connect_is_given_up),
    rule_with("protocol 7.5", a_thread_that_ends_drains_its_windows_D14_A8, set_up_books, tear_down),
    CONNECTED("6.6", asynchronous_transactions_are_completed_before_a_violation_is_told),
    CONNECTED("6.6", transactions_that_a_violation_has_completed_can_be_abandoned),
    CONNECTED("6.6", completions_that_wait_behind_a_violation_can_be_abandoned),
};

/* Each of these once for each row of its table. */
static const struct rule {
    const char *name;
    CMUnitTestFunction test;
    const void *rows; /* each begins with its name */
    size_t n, size;
} rules[] = {
#define RULE(section, f, rows, n)                                                                            \
    {                                                                                                        \
        section " " #f, f, rows, n, sizeof *(rows)                                                           \
    }
    RULE("protocol 5.8", an_answer_in_time, answer_rows, ANSWER_ROWS),
    RULE("protocol 8.2", an_answer_too_late, answer_rows, ANSWER_ROWS),
    RULE("protocol 8.2", an_answer_to_an_abandoned_transaction, answer_rows, ANSWER_ROWS),
    RULE("protocol 5.8", an_answer_after_our_terminate_A6, answer_rows, ANSWER_ROWS),
    RULE("protocol 5.3", a_response_in_time, response_rows, RESPONSE_ROWS),
    RULE("protocol 8.2", a_response_too_late, response_rows, RESPONSE_ROWS),
    RULE("protocol 5.3", a_response_after_our_terminate_D9_D10, response_rows, RESPONSE_ROWS),
    RULE("protocol 5.3", a_response_whose_server_has_gone_D15, response_rows, RESPONSE_ROWS),
    RULE("protocol 5.3", an_update, update_rows, UPDATE_ROWS),
    RULE("protocol 5.3", updates_after_our_terminate_D9_D10, update_rows, UPDATE_ROWS),
    RULE("protocol 8.6", an_update_that_is_blocked_when_we_end, update_rows, UPDATE_ROWS),
    RULE("protocol 8.6", an_update_that_is_blocked_when_the_server_ends, update_rows, UPDATE_ROWS),
    RULE("protocol 5.3", updates_whose_server_has_gone_D15, update_rows, UPDATE_ROWS),
    RULE("protocol 8.5", an_update_of_a_stranger_is_disposed_of, update_rows, UPDATE_ROWS),
    RULE("protocol 8.5", an_update_of_nobody_is_left_alone, update_rows, UPDATE_ROWS),
    RULE("protocol 7.1", the_server_ends_during_a_synchronous_transaction, end_rows, END_ROWS),
    RULE("protocol 7.1", the_server_ends_during_asynchronous_transactions, end_rows, END_ROWS),
    RULE("protocol 7.1", the_server_ends_with_loops_open, end_rows, END_ROWS),
    RULE("protocol 8.3", a_storm_of_messages_does_no_harm, storm_rows, STORM_ROWS),
};

enum { MAX_TESTS = 512, MAX_NAME = 160 };

int main(void)
{
    static struct CMUnitTest tests[MAX_TESTS];
    static char names[MAX_TESTS][MAX_NAME];
    size_t n = 0;

    for (size_t i = 0; i < sizeof single_tests / sizeof *single_tests; i++)
        tests[n++] = single_tests[i];
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        for (size_t row = 0; row < rules[i].n; row++, n++) {
            const char *at = (const char *)rules[i].rows + row * rules[i].size;

            snprintf(names[n], MAX_NAME, "%s: %s", rules[i].name, *(const char *const *)(const void *)at);
            tests[n] = (struct CMUnitTest){names[n], rules[i].test, set_up_connected, tear_down,
                                           (void *)(uintptr_t)at};
        }
    }
    return _cmocka_run_group_tests("partner_client", tests, n, NULL, NULL);
}
