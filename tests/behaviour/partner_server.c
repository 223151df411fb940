/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Our server and a client that speaks WM_DDE_* itself, well or badly. The letters and numbers in the names
 * are the rows of docs/ownership.md. */

#include "support/inside.h"
#include "support/ours.h"

static struct raw client;

enum { INITIATE_MS = 1000, SHUTDOWN_MS = 100 };
enum { R = WIRE_FRELEASE, A = WIRE_FACKREQ, WARM = WIRE_FDEFERUPD };

/* ---- Fixtures ------------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    (void)state;
    DdemlSetDeadlines(INITIATE_MS, SHUTDOWN_MS);
    raw_books_open();
    raw_open(&client);
    ours_open(APPCLASS_STANDARD);
    ours_serve();
    return 0;
}

static int set_up_connected(void **state)
{
    set_up(state);
    return raw_connect(&client) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    ours.inside = NULL;
    client.on = NULL;
    ours_close();
    raw_die(&client);
    test_pump_all();
    test_ledger_is_empty();
    raw_books_close();
    return 0;
}

/* ---- What our side is to see ------------------------------------------------------------------------ */

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
}

/* The conversation is in order: a request is answered. */
static void still_works(void)
{
    const char *answer = ours.answer;
    struct raw_seen *m;

    ours.answer = "works";
    raw_expect_nothing(&client);
    raw_forget(&client);
    assert_true(raw_post(&client, WIRE_REQUEST, RAW_FORMAT, raw_ref(RAW_ITEM)));
    m = raw_expect(&client, WIRE_DATA);
    raw_free(m->mem);
    raw_unref(m->atom);
    ours.answer = answer;
    raw_forget(&client);
    assert_int_equal(ours_calls(XTYP_DISCONNECT), 0);
    assert_int_equal(client.terminates, 0);
}

/* ---- Initiating --------------------------------------------------------------------------------------- */

static void connecting_leaves_no_atom_behind_I1_I2(void **state)
{
    (void)state;
    assert_true(raw_connect(&client));
    assert_int_equal(ours_calls(XTYP_CONNECT), 1);
    assert_int_equal(ours_calls(XTYP_CONNECT_CONFIRM), 1);
    raw_terminate(&client);
    disconnected_once();
    raw_expect_terminate(&client, 1);
}

static void a_server_that_refuses_says_nothing(void **state)
{
    (void)state;
    ours_return(XTYP_CONNECT, FALSE);
    assert_false(raw_connect(&client));
    assert_int_equal(ours_calls(XTYP_CONNECT), 1);
    assert_int_equal(ours_calls(XTYP_CONNECT_CONFIRM), 0);
}

static void die_in_connect(UINT type)
{
    if (type == XTYP_CONNECT)
        raw_die(&client);
}

static void a_client_that_dies_before_the_ack_leaves_no_conversation_I3(void **state)
{
    (void)state;
    ours.inside = die_in_connect;
    raw_connect(&client);
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_CONNECT), 1);
    assert_int_equal(ours_calls(XTYP_CONNECT_CONFIRM), 0);
    assert_int_equal(ours_calls(XTYP_DISCONNECT), 0);
}

static void a_client_that_dies_right_after_the_ack_is_noticed(void **state)
{
    (void)state;
    client.on_open = raw_die;
    raw_connect(&client);
    disconnected_once();
}

static void a_client_that_terminates_right_after_the_ack_is_answered(void **state)
{
    (void)state;
    client.on_open = raw_terminate;
    assert_true(raw_connect(&client));
    disconnected_once();
    raw_expect_terminate(&client, 1);
}

static UINT first_told; /* to the server */

static void note_first(UINT type)
{
    if (!first_told && type != XTYP_CONNECT)
        first_told = type;
}

static void ask_and_dispatch(struct raw *r)
{
    assert_true(raw_post(r, WIRE_REQUEST, RAW_FORMAT, raw_ref(RAW_ITEM)));
    test_pump_all();
}

/* The call that has sent the ACK is still waiting for its return. */
static void what_a_client_asks_inside_the_ack_comes_after_connect_confirm(void **state)
{
    struct raw_seen *m;

    (void)state;
    first_told = 0;
    ours.inside = note_first;
    ours.answer = "answer";
    client.on_open = ask_and_dispatch;
    assert_true(raw_connect(&client));
    m = raw_expect(&client, WIRE_DATA);
    raw_free(m->mem);
    raw_unref(m->atom);
    assert_int_equal(first_told, XTYP_CONNECT_CONFIRM);
    assert_int_equal(ours_calls(XTYP_CONNECT_CONFIRM), 1);
    assert_int_equal(ours_calls(XTYP_REQUEST), 1);
}

static void terminate_and_dispatch(struct raw *r)
{
    raw_terminate(r);
    test_pump_all();
}

static void of_a_client_that_is_gone_before_connect_confirm_nothing_is_told(void **state)
{
    (void)state;
    client.on_open = terminate_and_dispatch;
    assert_true(raw_connect(&client));
    raw_expect_terminate(&client, 1);
    assert_int_equal(ours_calls(XTYP_CONNECT_CONFIRM), 0);
    assert_int_equal(ours_calls(XTYP_DISCONNECT), 0);
}

static void a_client_that_wants_no_second_server_is_answered_I4(void **state)
{
    DWORD second = ours.id;

    (void)state;
    /* A second server in the same place: another instance, which answers too. */
    ours_open(APPCLASS_STANDARD);
    ours_serve();
    assert_true(raw_connect(&client));
    assert_int_equal(client.surplus, 1);
    disconnected_once();
    assert_true(DdeUninitialize(second));
}

static void dead_names_are_nobodys(void **state)
{
    host_atom dead = raw_ref("RawDead");
    struct host_msg hm = {
        .id = WIRE_INITIATE, .wparam = client.wnd, .lparam = (uintptr_t)dead | (uintptr_t)dead << 16};

    (void)state;
    raw_unref(dead);
    host_broadcast(HOST_TOP_LEVEL, &hm, INITIATE_MS, NULL, NULL);
    assert_int_equal(ours_calls(XTYP_CONNECT), 0);
}

struct hanging {
    struct test_event *ready, *go_on;
    host_wnd wnd;
};

/* A thread with a top-level window that never looks at its messages. */
static void hang(void *arg)
{
    struct hanging *h = arg;
    struct raw r;

    raw_open(&r);
    r.initiating = true;
    h->wnd = r.wnd;
    test_event_set(h->ready);
    test_event_wait(h->go_on, TEST_PATIENCE_MS);
    test_pump_all(); /* some systems cannot take back what they have sent */
    raw_die(&r);
}

static void a_client_that_hangs_before_the_ack_is_given_up(void **state)
{
    struct hanging h = {0};
    struct test_thread *t;
    struct host_msg hm = {.id = WIRE_INITIATE};

    (void)state;
    skip_if_apart("it looks into the instance for a window");
#ifdef _WIN32
    skip(); /* there nobody knows whether the client still gets the ACK, and its two atoms are lost */
#endif
    h.ready = test_event_new();
    h.go_on = test_event_new();
    t = test_thread_start(hang, &h);
    assert_true(test_event_wait(h.ready, TEST_PATIENCE_MS));
    DdemlSetDeadlines(50, 0);
    hm.to = inside_of(ours.id).mom;
    hm.wparam = h.wnd;
    hm.lparam = (uintptr_t)raw_name(RAW_SERVICE) | (uintptr_t)raw_name(RAW_TOPIC) << 16;
    host_send(&hm, INITIATE_MS);
    assert_int_equal(ours_calls(XTYP_CONNECT), 1);
    assert_true(raw_connect(&client)); /* others are served */
    test_event_set(h.go_on);
    test_thread_join(t);
    test_event_free(h.ready);
    test_event_free(h.go_on);
}

/* ---- What a client asks ------------------------------------------------------------------------------- */

struct ask_row {
    const char *name;
    uint32_t id;
    uint16_t flags; /* of the object; UNADVISE, REQUEST: none */
    bool empty;     /* G = 0                                    */
    bool looped;    /* a loop exists already                     */
    UINT type;      /* of the callback; 0: none                   */
    uintptr_t result;
    uint32_t answer; /* 0: none */
    uint16_t status;
    bool lent; /* G stays or becomes the client's again */
};

static const struct ask_row ask_rows[] = {
    {"Q2 answered request", WIRE_REQUEST, 0, true, false, XTYP_REQUEST, 1, WIRE_DATA,
     WIRE_FRESPONSE | WIRE_FRELEASE, false},
    {"Q2 refused request", WIRE_REQUEST, 0, true, false, XTYP_REQUEST, 0, WIRE_ACK, 0, false},
    {"K2 accepted poke", WIRE_POKE, R, false, false, XTYP_POKE, DDE_FACK, WIRE_ACK, WIRE_FACK, false},
    {"K2 application bits", WIRE_POKE, R, false, false, XTYP_POKE, DDE_FACK | 9, WIRE_ACK, WIRE_FACK | 9,
     false},
    {"K3 refused poke", WIRE_POKE, R, false, false, XTYP_POKE, 0, WIRE_ACK, 0, true},
    {"K3 busy poke", WIRE_POKE, R, false, false, XTYP_POKE, DDE_FBUSY, WIRE_ACK, WIRE_FBUSY, true},
    {"K4 lent poke accepted", WIRE_POKE, 0, false, false, XTYP_POKE, DDE_FACK, WIRE_ACK, WIRE_FACK, true},
    {"K4 lent poke refused", WIRE_POKE, 0, false, false, XTYP_POKE, 0, WIRE_ACK, 0, true},
    {"K4 lent poke met busy", WIRE_POKE, 0, false, false, XTYP_POKE, DDE_FBUSY, WIRE_ACK, WIRE_FBUSY, true},
    {"K2 poke with all flags", WIRE_POKE, 0xFFFF, false, false, XTYP_POKE, DDE_FACK, WIRE_ACK, WIRE_FACK,
     false},
    {"K4 poke with all flags but one", WIRE_POKE, 0xDFFF, false, false, XTYP_POKE, DDE_FACK, WIRE_ACK,
     WIRE_FACK, true},
    {"K11 poke without an object", WIRE_POKE, 0, true, false, 0, 0, WIRE_ACK, 0, false},
    {"V2 accepted hot loop", WIRE_ADVISE, A, false, false, XTYP_ADVSTART, TRUE, WIRE_ACK, WIRE_FACK, false},
    {"V2 accepted warm loop", WIRE_ADVISE, WARM, false, false, XTYP_ADVSTART, TRUE, WIRE_ACK, WIRE_FACK,
     false},
    {"V2 accepted with reserved bits", WIRE_ADVISE, 0x3FFF, false, false, XTYP_ADVSTART, TRUE, WIRE_ACK,
     WIRE_FACK, false},
    {"V2 asked for again", WIRE_ADVISE, 0, false, true, XTYP_ADVSTART, TRUE, WIRE_ACK, WIRE_FACK, false},
    {"V3 refused loop", WIRE_ADVISE, A, false, false, XTYP_ADVSTART, FALSE, WIRE_ACK, 0, true},
    {"U2 unadvise", WIRE_UNADVISE, 0, true, true, XTYP_ADVSTOP, 0, WIRE_ACK, WIRE_FACK, false},
    {"U2 unadvise without a loop", WIRE_UNADVISE, 0, true, false, 0, 0, WIRE_ACK, 0, false},
    {"X2 accepted execute", WIRE_EXECUTE, 0, false, false, XTYP_EXECUTE, DDE_FACK, WIRE_ACK, WIRE_FACK, true},
    {"X2 refused execute", WIRE_EXECUTE, 0, false, false, XTYP_EXECUTE, 0, WIRE_ACK, 0, true},
    {"X2 busy execute", WIRE_EXECUTE, 0, false, false, XTYP_EXECUTE, DDE_FBUSY, WIRE_ACK, WIRE_FBUSY, true},
    {"X8 execute without an object", WIRE_EXECUTE, 0, true, false, 0, 0, 0, 0, false},
};
enum { ASK_ROWS = sizeof ask_rows / sizeof *ask_rows };

static void start_loop(uint16_t flags)
{
    struct raw_seen *m;

    raw_give(&client, WIRE_ADVISE, raw_object(flags, ""), raw_ref(RAW_ITEM));
    m = raw_expect(&client, WIRE_ACK);
    assert_int_equal(m->status, WIRE_FACK);
    raw_unref(m->atom);
    raw_forget(&client);
    ours.calls[ours_index(XTYP_ADVSTART)] = 0;
}

/* Wine refuses to post a POKE without an object, and loses an EXECUTE without one. */
static bool can_be_posted(const struct ask_row *row)
{
    return !(raw_copies() && row->empty && (row->id == WIRE_POKE || row->id == WIRE_EXECUTE));
}

static void prepare(const struct ask_row *row)
{
    if (!can_be_posted(row))
        skip(); /* it copies blocks itself: a message that lacks its block does not arrive */
    if (row->looped)
        start_loop(0);
    if (row->type == XTYP_REQUEST)
        ours.answer = row->result ? "value" : NULL;
    else
        ours_return(row->type, row->result);
}

/* Posts the question; returns G. */
static host_mem ask_from(const struct ask_row *row, host_wnd from, host_atom item)
{
    host_mem mem = row->empty                ? 0
                   : row->id == WIRE_EXECUTE ? raw_bytes("[run]", 6)
                                             : raw_object(row->flags, "text");
    bool plain = row->id == WIRE_REQUEST || row->id == WIRE_UNADVISE;

    assert_true(raw_post_from(&client, from, row->id, plain ? RAW_FORMAT : mem,
                              row->id == WIRE_EXECUTE ? mem : item));
    return mem;
}

static host_atom item_of(const struct ask_row *row)
{
    return row->id == WIRE_EXECUTE ? 0 : raw_ref(RAW_ITEM);
}

static host_mem ask(const struct ask_row *row)
{
    return ask_from(row, client.wnd, item_of(row));
}

static void answered(const struct ask_row *row, host_mem mem)
{
    struct raw_seen *m;

    if (row->answer) {
        m = raw_expect(&client, row->answer);
        assert_int_equal(m->status, row->status);
        if (row->id == WIRE_EXECUTE && m->mem != mem)
            raw_left(m->mem, false);
        else if (row->id == WIRE_EXECUTE)
            assert_true(m->mem == mem);
        else
            assert_int_equal(m->atom, raw_name(RAW_ITEM));
        raw_unref(m->atom);
        if (row->answer == WIRE_DATA)
            raw_free(m->mem);
    }
    raw_expect_nothing(&client);
    raw_left(mem, row->lent);
}

static void a_question(void **state)
{
    const struct ask_row *row = *state;
    host_mem mem;

    prepare(row);
    mem = ask(row);
    answered(row, mem);
    if (row->type)
        assert_int_equal(ours_calls(row->type), 1);
    still_works();
}

static bool is_lent_poke(const struct ask_row *row)
{
    return row->id == WIRE_POKE && !row->empty && !(row->flags & R);
}

static void questions_after_our_terminate_Q3_K5_K6_V4_U3_X3(void **state)
{
    const struct ask_row *row = *state;
    host_mem queued, later;

    prepare(row);
    client.rude = true;
    queued = ask(row);
    assert_true(DdeDisconnect(ours.conv));
    later = ask(row);
    raw_expect_nothing(&client);
    raw_left(queued, is_lent_poke(row));
    raw_left(later, is_lent_poke(row));
    assert_int_equal(row->type ? ours_calls(row->type) : 0, 0);
    raw_terminate(&client);
}

static void a_question_that_is_blocked_when_we_end(void **state)
{
    const struct ask_row *row = *state;
    host_mem mem;

    prepare(row);
    assert_true(DdeEnableCallback(ours.id, 0, EC_DISABLE));
    mem = ask(row);
    raw_expect_nothing(&client);
    assert_true(DdeDisconnect(ours.conv));
    raw_expect_nothing(&client);
    raw_left(mem, is_lent_poke(row));
    assert_int_equal(row->type ? ours_calls(row->type) : 0, 0);
}

static void a_question_that_is_blocked_when_the_client_ends(void **state)
{
    const struct ask_row *row = *state;
    host_mem mem;

    prepare(row);
    assert_true(DdeEnableCallback(ours.id, 0, EC_DISABLE));
    mem = ask(row);
    raw_terminate(&client);
    disconnected_once();
    raw_expect_nothing(&client);
    raw_left(mem, is_lent_poke(row));
    assert_int_equal(row->type ? ours_calls(row->type) : 0, 0);
}

static void a_blocked_question_is_asked_again(void **state)
{
    const struct ask_row *row = *state;
    HDDEDATA result;
    host_mem mem;

    prepare(row);
    if (row->type) {
        result = ours.results[ours_index(row->type)];
        ours_return(row->type, (uintptr_t)CBR_BLOCK);
        mem = ask(row);
        raw_expect_nothing(&client);
        ours_return(row->type, (uintptr_t)result);
        assert_int_equal(ours_calls(row->type), 1);
        assert_true(DdeEnableCallback(ours.id, 0, EC_ENABLEALL));
        answered(row, mem);
        assert_int_equal(ours_calls(row->type), 2);
    }
    still_works();
}

static void a_question_whose_client_has_gone_K10_V7_X5(void **state)
{
    const struct ask_row *row = *state;
    host_mem mem;

    prepare(row);
    mem = ask(row);
    raw_die(&client);
    disconnected_once();
    raw_left(mem, is_lent_poke(row));
}

static void die_in_the_callback(UINT type)
{
    if (type != XTYP_DISCONNECT)
        raw_die(&client);
}

static void a_question_whose_client_dies_during_the_callback(void **state)
{
    const struct ask_row *row = *state;
    host_mem mem;

    prepare(row);
    ours.inside = die_in_the_callback;
    mem = ask(row);
    if (row->type) {
        disconnected_once();
        assert_int_equal(ours_calls(row->type), 1);
        raw_left(mem, is_lent_poke(row));
    } else {
        answered(row, mem);
    }
}

static void disconnect_in_the_callback(UINT type)
{
    if (type != XTYP_DISCONNECT)
        DdeDisconnect(ours.conv);
}

static void a_question_whose_callback_disconnects(void **state)
{
    const struct ask_row *row = *state;
    host_mem mem;

    prepare(row);
    ours.inside = disconnect_in_the_callback;
    mem = ask(row);
    if (row->type) {
        raw_expect_nothing(&client);
        raw_expect_terminate(&client, 1);
        raw_left(mem, is_lent_poke(row));
        assert_int_equal(ours_calls(XTYP_DISCONNECT), 0);
    } else {
        answered(row, mem);
    }
}

static void a_question_before_the_clients_terminate_is_answered(void **state)
{
    const struct ask_row *row = *state;
    host_mem mem;

    prepare(row);
    mem = ask(row);
    raw_terminate(&client);
    answered(row, mem);
    raw_expect_terminate(&client, 1);
    disconnected_once();
}

static void a_question_of_a_stranger_is_disposed_of(void **state)
{
    const struct ask_row *row = *state;
    struct raw stranger;
    host_mem mem;

    prepare(row);
    raw_open(&stranger);
    mem = ask_from(row, stranger.wnd, item_of(row));
    raw_expect_nothing(&client);
    raw_expect_nothing(&stranger);
    raw_left(mem, is_lent_poke(row));
    assert_int_equal(row->type ? ours_calls(row->type) : 0, 0);
    raw_die(&stranger);
    still_works();
}

static void a_question_of_nobody_is_left_alone(void **state)
{
    const struct ask_row *row = *state;
    host_atom item;
    host_mem mem;

    prepare(row);
    item = item_of(row);
    mem = ask_from(row, 0, item);
    raw_expect_nothing(&client);
    raw_left(mem, true);
    if (!test_apart) /* else it was given away with the post */
        raw_unref(item);
    assert_int_equal(row->type ? ours_calls(row->type) : 0, 0);
    still_works();
}

/* To a window that never had a conversation (docs/conformance.md, protocol 8.5). */
static void a_question_to_the_wrong_window_is_disposed_of(void **state)
{
    const struct ask_row *row = *state;
    const struct inside in = inside_of(ours.id);
    const host_wnd wrong[] = {in.mom, in.event};
    host_wnd right = client.partner;

    skip_if_apart("it looks into the instance for windows");
    prepare(row);
    for (unsigned i = 0; i < 2; i++) {
        host_mem mem;

        client.partner = wrong[i];
        mem = ask(row);
        raw_expect_nothing(&client);
        raw_left(mem, is_lent_poke(row));
    }
    client.partner = right;
    assert_int_equal(row->type ? ours_calls(row->type) : 0, 0);
    still_works();
}

static struct {
    host_wnd to[2];
    host_mem given[2];
} last;

static void end_and_poke(UINT type)
{
    if (type != XTYP_REGISTER || !ours.id)
        return;
    ours_close();
    for (unsigned i = 0; i < 2; i++) {
        client.partner = last.to[i];
        last.given[i] = raw_object(R, "late");
        assert_true(raw_post(&client, WIRE_POKE, last.given[i], raw_ref(RAW_ITEM)));
    }
}

/* It ends when its callback returns, and dispatches nothing more. */
static void a_poke_to_an_instance_that_is_ending_is_disposed_of(void **state)
{
    const struct inside in = inside_of(ours.id);

    (void)state;
    skip_if_apart("it looks into the instance for windows");
    last.to[0] = in.mom;
    last.to[1] = in.event;
    ours.inside = end_and_poke;
    assert_true(DdeNameService(ours.id, ours.topic, 0, DNS_REGISTER));
    assert_int_equal(ours.id, 0);
    for (unsigned i = 0; i < 2; i++)
        raw_left(last.given[i], false);
}

/* The ACK of an INITIATE that nobody there has sent. */
static void an_offer_to_the_wrong_window_gives_up_its_names(void **state)
{
    const struct inside in = inside_of(ours.id);
    const host_wnd wrong[] = {in.mom, in.event, client.partner};

    (void)state;
    skip_if_apart("it looks into the instance for windows");
    for (unsigned i = 0; i < 3; i++) {
        struct host_msg ack = {.to = wrong[i], .id = WIRE_ACK, .wparam = client.wnd};

        ack.lparam = (uintptr_t)raw_ref(RAW_SERVICE) | (uintptr_t)raw_ref(RAW_TOPIC) << 16;
        assert_int_equal(host_send(&ack, INITIATE_MS), HOST_OK);
        ack.lparam = raw_ref(RAW_SERVICE); /* an offer that is only half of one */
        assert_int_equal(host_send(&ack, INITIATE_MS), HOST_OK);
    }
}

/* ---- Variations --------------------------------------------------------------------------------------- */

static void an_execute_needs_no_terminator(void **state)
{
    host_mem mem = raw_bytes("[run]", 5);
    struct raw_seen *m;

    (void)state;
    assert_true(raw_post(&client, WIRE_EXECUTE, 0, mem));
    m = raw_expect(&client, WIRE_ACK);
    assert_string_equal(ours.text, "[run]");
    if (m->mem != mem)
        raw_left(m->mem, false);
    raw_free(mem);
    still_works();
}

static void an_item_of_none_is_answered_with_none(void **state)
{
    struct raw_seen *m;

    (void)state;
    assert_true(raw_post(&client, WIRE_REQUEST, RAW_FORMAT, 0));
    m = raw_next(&client);
    assert_int_equal(m->atom, 0);
    if (m->id == WIRE_DATA)
        raw_free(m->mem);
    raw_give(&client, WIRE_POKE, raw_object(R, "poke"), 0);
    m = raw_expect(&client, WIRE_ACK);
    assert_int_equal(m->atom, 0);
    assert_true(raw_post(&client, WIRE_UNADVISE, RAW_FORMAT, 0));
    m = raw_expect(&client, WIRE_ACK);
    assert_int_equal(m->status, 0);
    assert_int_equal(m->atom, 0);
    still_works();
}

static void unadvise_without_item_and_format_ends_all_loops(void **state)
{
    struct raw_seen *m;

    (void)state;
    raw_name("RawOther");
    start_loop(0);
    raw_give(&client, WIRE_ADVISE, raw_object(0, ""), raw_ref("RawOther"));
    raw_unref(raw_expect(&client, WIRE_ACK)->atom);
    assert_true(raw_post(&client, WIRE_UNADVISE, 0, 0));
    m = raw_expect(&client, WIRE_ACK);
    assert_int_equal(m->status, WIRE_FACK);
    assert_int_equal(ours_calls(XTYP_ADVSTOP), 2);
    still_works();
}

static void block_the_second_stop(UINT type)
{
    if (type == XTYP_ADVSTOP)
        ours_return(type, ours_calls(type) == 2 ? (uintptr_t)CBR_BLOCK : 0);
}

/* The filter is set while the second loop's end is blocked. */
static void unadvise_that_leaves_a_loop_is_answered_with_no(void **state)
{
    struct raw_seen *m;

    (void)state;
    ours.inside = block_the_second_stop;
    ours.answer = "value";
    raw_name("RawOther");
    start_loop(0);
    raw_give(&client, WIRE_ADVISE, raw_object(0, ""), raw_ref("RawOther"));
    raw_unref(raw_expect(&client, WIRE_ACK)->atom);
    assert_true(raw_post(&client, WIRE_UNADVISE, 0, 0));
    raw_expect_nothing(&client);
    assert_int_equal(ours_calls(XTYP_ADVSTOP), 2);
    assert_int_equal(DdeInitializeA(&ours.id, NULL, CBF_FAIL_ADVISES, 0), DMLERR_NO_ERROR);
    assert_true(DdeEnableCallback(ours.id, 0, EC_ENABLEALL));
    m = raw_expect(&client, WIRE_ACK);
    assert_int_equal(m->status, 0);
    assert_true(DdePostAdvise(ours.id, 0, 0));
    m = raw_expect(&client, WIRE_DATA);
    assert_int_equal(m->atom, raw_name("RawOther"));
    raw_free(m->mem);
    raw_unref(m->atom);
    raw_expect_nothing(&client);
    still_works();
}

static void a_dead_item_is_refused(void **state)
{
    host_atom dead = raw_ref("RawDead");
    struct raw_seen *m;

    (void)state;
    raw_unref(dead);
    assert_true(raw_post(&client, WIRE_REQUEST, RAW_FORMAT, dead));
    m = raw_expect(&client, WIRE_ACK);
    assert_int_equal(m->status, 0);
    assert_int_equal(ours_calls(XTYP_REQUEST), 0);
    still_works();
}

static void a_dead_item_is_refused_in_its_turn(void **state)
{
    host_atom dead = raw_ref("RawDead");
    struct raw_seen *m;

    (void)state;
    raw_unref(dead);
    assert_true(DdeEnableCallback(ours.id, 0, EC_DISABLE));
    raw_give(&client, WIRE_POKE, raw_object(R, "poke"), raw_ref(RAW_ITEM));
    assert_true(raw_post(&client, WIRE_REQUEST, RAW_FORMAT, dead));
    raw_expect_nothing(&client);
    assert_true(DdeEnableCallback(ours.id, 0, EC_ENABLEALL));
    m = raw_expect(&client, WIRE_ACK);
    assert_int_equal(m->status, WIRE_FACK);
    assert_int_equal(m->atom, raw_name(RAW_ITEM));
    raw_unref(m->atom);
    m = raw_expect(&client, WIRE_ACK);
    assert_int_equal(m->status, 0);
    assert_int_equal(ours_calls(XTYP_REQUEST), 0);
    still_works();
}

/* ---- Updates ------------------------------------------------------------------------------------------ */

static void post_advise(void)
{
    assert_true(DdePostAdvise(ours.id, ours.topic, ours.item));
}

static struct raw_seen *expect_update(uint16_t flags, bool notice)
{
    struct raw_seen *m = raw_expect(&client, WIRE_DATA);

    assert_int_equal(m->mem == 0, notice);
    if (!notice)
        assert_int_equal(m->status, flags);
    assert_int_equal(m->atom, raw_name(RAW_ITEM));
    return m;
}

struct loop_row {
    const char *name;
    uint16_t loop_flags;
    bool answered;
    uint16_t status;
};

static const struct loop_row loop_rows[] = {
    {"D2 notice", WARM, false, 0},
    {"D3 notice accepted", WARM | A, true, WIRE_FACK},
    {"D3 notice refused", WARM | A, true, 0},
    {"D4 update", 0, false, 0},
    {"D5 update accepted", A, true, WIRE_FACK},
    {"D5 update accepted with reserved bits", A, true, WIRE_FACK | 0x3F00},
    {"D6 update refused", A, true, 0},
    {"D6 update met busy", A, true, WIRE_FBUSY},
};
enum { LOOP_ROWS = sizeof loop_rows / sizeof *loop_rows };

static bool is_warm(const struct loop_row *row)
{
    return row->loop_flags & WARM;
}

/* The update of a new loop, taken by the client. */
static struct raw_seen *get_update(const struct loop_row *row)
{
    ours.answer = "update";
    start_loop(row->loop_flags);
    post_advise();
    return expect_update(R | (row->loop_flags & A), is_warm(row));
}

static void answer_update(const struct loop_row *row, struct raw_seen *m)
{
    if (row->answered) {
        raw_answer(&client, m, row->status);
    } else {
        raw_unref(m->atom);
        if (m->mem)
            raw_free(m->mem);
    }
}

static void an_update(void **state)
{
    const struct loop_row *row = *state;
    struct raw_seen *m = get_update(row);

    answer_update(row, m);
    raw_expect_nothing(&client);
    assert_false(raw_exists(m->mem));
    assert_int_equal(ours_calls(XTYP_ADVREQ), !is_warm(row));
    still_works();
}

static void an_update_waits_for_the_ack_of_the_one_before(void **state)
{
    const struct loop_row *row = *state;
    struct raw_seen *m = get_update(row);

    post_advise();
    post_advise();
    if (row->answered) {
        raw_expect_nothing(&client);
        answer_update(row, m);
    }
    answer_update(row, expect_update(R | (row->loop_flags & A), is_warm(row)));
    if (!row->answered) {
        answer_update(row, expect_update(R, is_warm(row)));
        answer_update(row, m);
    }
    still_works();
}

static void an_ack_after_the_loop_has_ended_is_absorbed(void **state)
{
    const struct loop_row *row = *state;
    struct raw_seen *m = get_update(row), *ack;

    assert_true(raw_post(&client, WIRE_UNADVISE, RAW_FORMAT, raw_ref(RAW_ITEM)));
    ack = raw_expect(&client, WIRE_ACK);
    assert_int_equal(ack->status, WIRE_FACK);
    raw_unref(ack->atom);
    answer_update(row, m);
    raw_expect_nothing(&client);
    assert_false(raw_exists(m->mem));
    still_works();
}

static void an_ack_after_our_terminate_A6(void **state)
{
    const struct loop_row *row = *state;
    struct raw_seen *m = get_update(row);

    client.rude = true;
    assert_true(DdeDisconnect(ours.conv));
    answer_update(row, m);
    raw_expect_nothing(&client);
    assert_false(raw_exists(m->mem));
    raw_terminate(&client);
}

/* What it had been given is the client's even if it does not say so any more. */
static void a_client_that_terminates_instead_of_the_ack_keeps_the_object_D11(void **state)
{
    const struct loop_row *row = *state;
    struct raw_seen *m = get_update(row);

    raw_terminate(&client);
    disconnected_once();
    raw_unref(m->atom);
    if (m->mem)
        raw_free(m->mem);
}

static void a_client_that_dies_instead_of_the_ack_keeps_the_object(void **state)
{
    const struct loop_row *row = *state;
    struct raw_seen *m = get_update(row);

    raw_die(&client);
    disconnected_once();
    raw_unref(m->atom);
    if (m->mem)
        raw_free(m->mem);
}

static void an_ack_of_an_update_may_carry_no_item(void **state)
{
    const struct loop_row *row = *state;
    struct raw_seen *m = get_update(row);

    raw_unref(m->atom);
    m->atom = 0;
    answer_update(row, m);
    raw_expect_nothing(&client);
    assert_false(raw_exists(m->mem));
    if (row->answered) {
        post_advise(); /* the loop does not wait for ever */
        answer_update(row, expect_update(R | A, is_warm(row)));
    }
    still_works();
}

static void an_update_that_cannot_be_posted_is_freed_D1(void **state)
{
    const struct loop_row *row = *state;

    ours.answer = "update";
    start_loop(row->loop_flags);
    raw_die(&client);
    DdePostAdvise(ours.id, ours.topic, ours.item);
    disconnected_once();
}

static void an_update_whose_client_dies_in_the_callback_is_freed(void **state)
{
    const struct loop_row *row = *state;

    ours.answer = "update";
    start_loop(row->loop_flags);
    ours.inside = die_in_the_callback;
    DdePostAdvise(ours.id, ours.topic, ours.item);
    if (is_warm(row)) /* no callback */
        answer_update(row, raw_expect(&client, WIRE_DATA));
    else
        disconnected_once();
}

static void an_ack_that_was_not_asked_for_is_absorbed_A7(void **state)
{
    const struct loop_row *row = *state;
    struct raw_seen *m = get_update(row);

    answer_update(row, m);
    assert_true(raw_post(&client, WIRE_ACK, WIRE_FACK, raw_ref(RAW_ITEM)));
    assert_true(raw_post(&client, WIRE_ACK, 0, raw_ref(RAW_ITEM)));
    assert_true(raw_post(&client, WIRE_ACK, WIRE_FACK, 0));
    assert_true(raw_post(&client, WIRE_ACK, WIRE_FACK, 17));
    assert_true(raw_post(&client, WIRE_ACK, WIRE_FACK, (uintptr_t)-1));
    raw_expect_nothing(&client);
    still_works();
}

/* ---- Messages that nobody asked for, and what cannot be read ------------------------------------------ */

static void data_for_a_server_is_disposed_of(void **state)
{
    host_mem lent = raw_object(A, "lent");

    (void)state;
    raw_give(&client, WIRE_DATA, raw_object(R, "data"), raw_ref(RAW_ITEM));
    raw_give(&client, WIRE_DATA, raw_object(R | A, "data"), raw_ref(RAW_ITEM));
    assert_true(raw_post(&client, WIRE_DATA, lent, raw_ref(RAW_ITEM)));
    assert_true(raw_post(&client, WIRE_DATA, 0, raw_ref(RAW_ITEM)));
    raw_expect_nothing(&client);
    raw_left(lent, true);
    still_works();
}

struct garbage_row {
    const char *name;
    uint32_t id;
    bool dead_message; /* P is none; else G is */
};

static const struct garbage_row garbage_rows[] = {
    {"poke", WIRE_POKE, false},          {"advise", WIRE_ADVISE, false},
    {"execute", WIRE_EXECUTE, false},    {"data", WIRE_DATA, false},
    {"a poke's block", WIRE_POKE, true}, {"an advise's block", WIRE_ADVISE, true},
    {"an ack's block", WIRE_ACK, true},  {"a data's block", WIRE_DATA, true},
};
enum { GARBAGE_ROWS = sizeof garbage_rows / sizeof *garbage_rows };

static void post_garbage(const struct garbage_row *row)
{
    host_mem dead = raw_copies() ? 0 : host_mem_alloc(8, false);
    struct host_msg hm = {.to = client.partner, .id = row->id, .wparam = client.wnd, .lparam = dead};

    if (!dead)
        skip(); /* a system that copies reads the handle itself, and it does not come through */
    host_mem_free(dead);
    if (row->dead_message)
        assert_int_equal(host_post(&hm), HOST_OK);
    else
        assert_true(raw_post(&client, row->id, dead, row->id == WIRE_EXECUTE ? dead : raw_ref(RAW_ITEM)));
}

static void what_cannot_be_read_ends_the_conversation_D13(void **state)
{
    post_garbage(*state);
    disconnected_once();
    raw_expect_terminate(&client, 1);
    raw_expect_nothing(&client);
}

static void pump_inside(UINT type)
{
    if (type == XTYP_DISCONNECT)
        test_pump_all();
}

static void a_conversation_is_ended_once_however_bad_the_messages(void **state)
{
    ours.inside = pump_inside;
    post_garbage(*state);
    post_garbage(*state);
    raw_terminate(&client);
    disconnected_once();
    raw_expect_terminate(&client, 1);
}

/* ---- The end ------------------------------------------------------------------------------------------ */

static void a_client_that_dies_silently_is_noticed(void **state)
{
    (void)state;
    start_loop(A);
    raw_die(&client);
    disconnected_once();
}

static void a_client_that_terminates_and_dies_is_noticed_once(void **state)
{
    (void)state;
    start_loop(A);
    raw_terminate(&client);
    raw_die(&client);
    disconnected_once();
}

static void a_second_terminate_is_ignored(void **state)
{
    (void)state;
    raw_terminate(&client);
    raw_terminate(&client);
    disconnected_once();
    raw_expect_terminate(&client, 1);
}

static void terminates_that_cross_are_confirmations(void **state)
{
    (void)state;
    raw_terminate(&client);
    assert_true(DdeDisconnect(ours.conv));
    raw_expect_terminate(&client, 1);
    assert_int_equal(ours_calls(XTYP_DISCONNECT), 0);
}

/* What instances of this library say to each other while a conversation comes about. */
static void a_conversation_that_is_there_cannot_be_moved(void **state)
{
    struct raw stranger;
    struct host_msg moved = {.to = client.partner, .id = HOST_EV_MOVED, .lparam = client.wnd};

    (void)state;
    raw_open(&stranger);
    moved.wparam = stranger.wnd;
    host_send(&moved, TEST_PATIENCE_MS);
    still_works();
    raw_expect_nothing(&stranger);
    raw_die(&stranger);
}

static void a_terminate_of_a_stranger_is_ignored(void **state)
{
    struct raw stranger;

    (void)state;
    raw_open(&stranger);
    assert_true(raw_post_from(&client, stranger.wnd, WIRE_TERMINATE, 0, 0));
    assert_true(raw_post_from(&client, 0, WIRE_TERMINATE, 0, 0));
    raw_expect_nothing(&stranger);
    raw_die(&stranger);
    still_works();
}

static void a_client_that_never_confirms_does_not_hold_up_uninitialize(void **state)
{
    (void)state;
    client.rude = true;
    start_loop(A);
    ours_close();
    assert_int_equal(client.terminates, 1);
}

static void a_client_that_dies_instead_of_confirming_is_noticed(void **state)
{
    (void)state;
    client.rude = true;
    assert_true(DdeDisconnect(ours.conv));
    raw_expect_terminate(&client, 1);
    raw_die(&client);
    DdemlSetDeadlines(0, 600000); /* longer than the test may last */
    ours_close();
}

static void a_late_confirmation_reaches_nobody(void **state)
{
    (void)state;
    client.rude = true;
    ours_close();
    if (raw_post(&client, WIRE_TERMINATE, 0, 0))
        assert_true(
            test_apart); /* then it is lost on the way: the client has not heard of the window's end */
}

/* Everything that may lie in the queue of a server window that goes without DdeUninitialize. */
static void end_with_a_full_queue(void *arg)
{
    host_mem *asked = arg;
    struct raw_seen *m;

    raw_open(&client);
    ours_open(APPCLASS_STANDARD);
    ours_serve();
    ours.answer = "update";
    assert_true(raw_connect(&client));
    start_loop(A);
    post_advise();
    m = expect_update(R | A, false);
    for (unsigned i = 0; i < ASK_ROWS; i++)
        if (can_be_posted(&ask_rows[i]))
            asked[i] = ask(&ask_rows[i]);
    raw_answer(&client, m, 0);
    client.rude = true;
}

static void a_thread_that_ends_drains_its_windows_Q4_K9_V6_U4_X6(void **state)
{
    host_mem asked[ASK_ROWS] = {0};

    (void)state;
    test_thread_join(test_thread_start(end_with_a_full_queue, asked));
    ours.id = 0;
    client.wnd = 0;
    for (unsigned i = 0; i < ASK_ROWS; i++)
        raw_left(asked[i], is_lent_poke(&ask_rows[i]));
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
    {"a breeze", 2, 500},
    {"wind", 20261124, 50},
    {"gale", 0x3E0, 10},
    {"hurricane", 0xBADBEEF, 1},
};
enum { STORM_ROWS = sizeof storm_rows / sizeof *storm_rows };

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

    if (dice < 4)
        DdePostAdvise(ours.id, 0, 0);
    else if (dice < 7)
        DdeEnableCallback(ours.id, 0, gates[dice - 4]);
    else if (dice == 7 && raw_random(8) == 0)
        DdeDisconnect(ours.conv);
    else
        test_pump_all();
}

static void act_inside(UINT type)
{
    static const uintptr_t results[] = {DDE_FACK, 0, DDE_FBUSY, (uintptr_t)CBR_BLOCK};

    ours.answer = raw_random(4) ? "value" : NULL;
    ours_return(XTYP_POKE, results[raw_random(4)]);
    ours_return(XTYP_EXECUTE, results[raw_random(4)]);
    ours_return(XTYP_ADVSTART, results[raw_random(8) ? 0 : raw_random(4)]);
    ours_return(XTYP_ADVSTOP, results[raw_random(8) ? 0 : 3]);
    if (type != XTYP_DISCONNECT && type != XTYP_CONNECT && raw_random(64) == 0)
        DdeDisconnect(ours.conv);
}

static void a_storm_of_messages_does_no_harm(void **state)
{
    const struct storm_row *row = *state;
    const struct inside in = inside_of(ours.id);
    host_wnd others[] = {0, in.mom, in.event};

    raw_seed(row->seed);
    raw_name("RawOther");
    client.on = raw_rave;
    client.rude = true;
    ours.inside = act_inside;
    for (unsigned i = 0; i < STORM_MESSAGES; i++) {
        if (!is_connected()) {
            others[0] = client.partner; /* a tombstone, or gone */
            client.closing = false;
            assert_true(raw_connect(&client));
        }
        raw_rage(&client, raw_random(8) ? client.partner : others[raw_random(3)], row->odds);
        act();
    }
    ours.inside = NULL;
    ours_close();
    raw_die(&client);
    raw_books_give_up();
}

/* ---- All ---------------------------------------------------------------------------------------------- */

#define DIRECTLY(section, f)  rule_with(section, f, set_up, tear_down)
#define CONNECTED(section, f) rule_with(section, f, set_up_connected, tear_down)

static const struct CMUnitTest single_tests[] = {
    DIRECTLY("protocol 5.1", connecting_leaves_no_atom_behind_I1_I2),
    DIRECTLY("protocol 6.1", a_server_that_refuses_says_nothing),
    DIRECTLY("protocol 6.1", a_client_that_dies_before_the_ack_leaves_no_conversation_I3),
    DIRECTLY("protocol 7.6", a_client_that_dies_right_after_the_ack_is_noticed),
    DIRECTLY("protocol 7.1", a_client_that_terminates_right_after_the_ack_is_answered),
    DIRECTLY("5.1", what_a_client_asks_inside_the_ack_comes_after_connect_confirm),
    DIRECTLY("5.1", of_a_client_that_is_gone_before_connect_confirm_nothing_is_told),
    DIRECTLY("protocol 5.1", a_client_that_wants_no_second_server_is_answered_I4),
    DIRECTLY("protocol 5.1", dead_names_are_nobodys),
    DIRECTLY("protocol 6.1", a_client_that_hangs_before_the_ack_is_given_up),
    DIRECTLY("protocol 8.5", a_poke_to_an_instance_that_is_ending_is_disposed_of),
    CONNECTED("protocol 5.1", an_offer_to_the_wrong_window_gives_up_its_names),
    CONNECTED("protocol 8.4", an_execute_needs_no_terminator),
    CONNECTED("protocol 8.4", an_item_of_none_is_answered_with_none),
    CONNECTED("protocol 8.4", unadvise_without_item_and_format_ends_all_loops),
    CONNECTED("protocol 8.4", unadvise_that_leaves_a_loop_is_answered_with_no),
    CONNECTED("protocol 5.2", a_dead_item_is_refused),
    CONNECTED("protocol 8.5", data_for_a_server_is_disposed_of),
    CONNECTED("protocol 7.6", a_client_that_dies_silently_is_noticed),
    CONNECTED("protocol 7.1", a_client_that_terminates_and_dies_is_noticed_once),
    CONNECTED("protocol 7.1", a_second_terminate_is_ignored),
    CONNECTED("protocol 7.1", terminates_that_cross_are_confirmations),
    CONNECTED("protocol 8.5", a_terminate_of_a_stranger_is_ignored),
    CONNECTED("protocol 8.5", a_conversation_that_is_there_cannot_be_moved),
    CONNECTED("protocol 7.5", a_client_that_never_confirms_does_not_hold_up_uninitialize),
    CONNECTED("protocol 7.6", a_client_that_dies_instead_of_confirming_is_noticed),
    CONNECTED("protocol 8.5", a_late_confirmation_reaches_nobody),
    rule_with("protocol 7.5", a_thread_that_ends_drains_its_windows_Q4_K9_V6_U4_X6, set_up_books, tear_down),
    CONNECTED("protocol 5.2", a_dead_item_is_refused_in_its_turn),
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
    RULE("protocol 6.2", a_question, ask_rows, ASK_ROWS),
    RULE("protocol 7.1", questions_after_our_terminate_Q3_K5_K6_V4_U3_X3, ask_rows, ASK_ROWS),
    RULE("protocol 8.6", a_question_that_is_blocked_when_we_end, ask_rows, ASK_ROWS),
    RULE("protocol 8.6", a_question_that_is_blocked_when_the_client_ends, ask_rows, ASK_ROWS),
    RULE("protocol 8.6", a_blocked_question_is_asked_again, ask_rows, ASK_ROWS),
    RULE("protocol 7.6", a_question_whose_client_has_gone_K10_V7_X5, ask_rows, ASK_ROWS),
    RULE("protocol 7.6", a_question_whose_client_dies_during_the_callback, ask_rows, ASK_ROWS),
    RULE("protocol 7.1", a_question_whose_callback_disconnects, ask_rows, ASK_ROWS),
    RULE("protocol 7.1", a_question_before_the_clients_terminate_is_answered, ask_rows, ASK_ROWS),
    RULE("protocol 8.5", a_question_of_a_stranger_is_disposed_of, ask_rows, ASK_ROWS),
    RULE("protocol 8.5", a_question_of_nobody_is_left_alone, ask_rows, ASK_ROWS),
    RULE("protocol 8.5", a_question_to_the_wrong_window_is_disposed_of, ask_rows, ASK_ROWS),
    RULE("protocol 5.3", an_update, loop_rows, LOOP_ROWS),
    RULE("protocol 5.3", an_update_waits_for_the_ack_of_the_one_before, loop_rows, LOOP_ROWS),
    RULE("protocol 8.2", an_ack_after_the_loop_has_ended_is_absorbed, loop_rows, LOOP_ROWS),
    RULE("protocol 5.8", an_ack_after_our_terminate_A6, loop_rows, LOOP_ROWS),
    RULE("protocol 5.3", a_client_that_terminates_instead_of_the_ack_keeps_the_object_D11, loop_rows,
         LOOP_ROWS),
    RULE("protocol 7.6", a_client_that_dies_instead_of_the_ack_keeps_the_object, loop_rows, LOOP_ROWS),
    RULE("protocol 8.4", an_ack_of_an_update_may_carry_no_item, loop_rows, LOOP_ROWS),
    RULE("protocol 5.3", an_update_that_cannot_be_posted_is_freed_D1, loop_rows, LOOP_ROWS),
    RULE("protocol 7.6", an_update_whose_client_dies_in_the_callback_is_freed, loop_rows, LOOP_ROWS),
    RULE("protocol 8.2", an_ack_that_was_not_asked_for_is_absorbed_A7, loop_rows, LOOP_ROWS),
    RULE("protocol 8.3", what_cannot_be_read_ends_the_conversation_D13, garbage_rows, GARBAGE_ROWS),
    RULE("protocol 8.3", a_conversation_is_ended_once_however_bad_the_messages, garbage_rows, GARBAGE_ROWS),
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
    return _cmocka_run_group_tests("partner_server", tests, n, NULL, NULL);
}
