/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* CBR_BLOCK and DdeEnableCallback (docs/conformance.md, 4.3, 5.1, 6.5). */

#include "support/party.h"

struct talk {
    struct party *server, *client;
    HCONV conv;
};

static struct talk talk(void)
{
    struct talk t = {party_serve(0), party_open(0), 0};

    t.conv = party_connect(t.client, SERVICE, TOPIC);
    party_forget(t.server);
    return t;
}

static void start(const struct talk *t, UINT type)
{
    if (type == XTYP_POKE || type == XTYP_EXECUTE)
        assert_non_null(party_send(t->client, t->conv, type, "data", TIMEOUT_ASYNC, NULL));
    else
        assert_non_null(party_transact(t->client, t->conv, type, TIMEOUT_ASYNC, NULL));
}

static void poke_number(const struct talk *t, int number)
{
    char text[16];

    snprintf(text, sizeof text, "%d", number);
    assert_non_null(party_send(t->client, t->conv, XTYP_POKE, text, TIMEOUT_ASYNC, NULL));
}

static BOOL enable(struct party *p, HCONV conv, UINT command)
{
    return DdeEnableCallback(p->id, conv, command);
}

static UINT status(HCONV conv)
{
    CONVINFO info = {.cb = sizeof info};

    assert_int_equal(DdeQueryConvInfo(conv, QID_SYNC, &info), sizeof info);
    return info.wStatus;
}

static unsigned pokes(const struct talk *t)
{
    return party_count(t->server, XTYP_POKE);
}

static unsigned completions(const struct talk *t)
{
    return party_count(t->client, XTYP_XACT_COMPLETE);
}

/* ---- CBR_BLOCK ----------------------------------------------------------------------------------------- */

static UINT blocked_type;

/* Blocks the first delivery of the type. */
static bool block_once(struct party *p, const struct call *c, HDDEDATA *result)
{
    *result = CBR_BLOCK;
    return c->type == blocked_type && party_count(p, c->type) == 1;
}

/* Asks for something that the server will block, once. */
static void start_blocked(const struct talk *t, UINT type)
{
    blocked_type = type;
    t->server->hook = block_once;
    start(t, type);
    test_pump_all();
}

/* A filter that is set now is what the blocked one meets when it comes again. */
static void refuse_loops_and_go_on(const struct talk *t)
{
    assert_int_equal(DdeInitializeA(&t->server->id, NULL, APPCMD_FILTERINITS | CBF_FAIL_ADVISES, 0), 0);
    assert_true(enable(t->server, t->server->server, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(party_last(t->client, XTYP_XACT_COMPLETE)->data2, 0);
}

static void expect_same(const struct call *a, const struct call *b)
{
    assert_int_equal(a->fmt, b->fmt);
    assert_ptr_equal(a->conv, b->conv);
    assert_string_equal(a->text1, b->text1);
    assert_string_equal(a->text2, b->text2);
    assert_int_equal(a->data != 0, b->data != 0);
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->bytes, b->bytes, sizeof a->bytes);
    assert_int_equal(a->data1, b->data1);
    assert_int_equal(a->data2, b->data2);
}

/* With a loop, if that is what is to be ended. */
static struct talk talk_about(UINT type)
{
    struct talk t = talk();

    if (type == XTYP_ADVSTOP)
        start(&t, XTYP_ADVSTART);
    test_pump_all();
    return t;
}

static void a_blocked_transaction_comes_again_with_equal_arguments(void **state)
{
    static const UINT types[] = {XTYP_REQUEST, XTYP_POKE, XTYP_EXECUTE, XTYP_ADVSTART, XTYP_ADVSTOP};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct talk t = talk_about(types[i]);

        party_forget(t.client);
        blocked_type = types[i];
        t.server->hook = block_once;
        start(&t, types[i]);
        test_pump_all();
        assert_int_equal(party_count(t.server, types[i]), 1);
        assert_int_equal(completions(&t), 0); /* not answered */
        assert_int_equal(status(t.server->server) & ST_BLOCKED, ST_BLOCKED);
        assert_true(enable(t.server, t.server->server, EC_ENABLEALL));
        assert_int_equal(party_count(t.server, types[i]), 1); /* not inside the call */
        test_pump_all();
        assert_int_equal(party_count(t.server, types[i]), 2);
        expect_same(party_call(t.server, types[i], 0), party_call(t.server, types[i], 1));
        assert_int_equal(party_last(t.client, XTYP_XACT_COMPLETE)->data2, DDE_FACK);
        assert_int_equal(status(t.server->server) & ST_BLOCKED, 0);
        party_close(t.client);
        party_close(t.server);
    }
}

static void a_blocked_update_comes_again_with_equal_arguments(void **state)
{
    static const UINT flags[] = {0, XTYPF_ACKREQ, XTYPF_NODATA, XTYPF_ACKREQ | XTYPF_NODATA};

    (void)state;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        struct talk t = talk();

        assert_non_null(party_transact(t.client, t.conv, XTYP_ADVSTART | flags[i], TEST_PATIENCE_MS, NULL));
        blocked_type = XTYP_ADVDATA;
        t.client->hook = block_once;
        assert_true(party_post(t.server, TOPIC, ITEM));
        test_pump_all();
        assert_int_equal(party_count(t.client, XTYP_ADVDATA), 1);
        assert_true(enable(t.client, t.conv, EC_ENABLEALL));
        test_pump_all();
        assert_int_equal(party_count(t.client, XTYP_ADVDATA), 2);
        expect_same(party_call(t.client, XTYP_ADVDATA, 0), party_call(t.client, XTYP_ADVDATA, 1));
        party_close(t.client);
        party_close(t.server);
    }
}

static void a_blocked_completion_comes_again_with_equal_arguments(void **state)
{
    struct talk t = talk();

    (void)state;
    blocked_type = XTYP_XACT_COMPLETE;
    t.client->hook = block_once;
    start(&t, XTYP_REQUEST);
    test_pump_all();
    assert_int_equal(completions(&t), 1);
    assert_true(enable(t.client, t.conv, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(completions(&t), 2);
    expect_same(party_call(t.client, XTYP_XACT_COMPLETE, 0), party_call(t.client, XTYP_XACT_COMPLETE, 1));
}

static bool block_always(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = CBR_BLOCK;
    return c->type == blocked_type;
}

static void a_transaction_can_be_blocked_again_and_again(void **state)
{
    struct talk t = talk();

    (void)state;
    blocked_type = XTYP_POKE;
    t.server->hook = block_always;
    start(&t, XTYP_POKE);
    for (unsigned i = 1; i < 5; i++) {
        test_pump_all();
        assert_int_equal(pokes(&t), i);
        assert_true(enable(t.server, t.server->server, EC_ENABLEALL));
    }
    t.server->hook = NULL;
    test_pump_all();
    assert_int_equal(pokes(&t), 5);
    assert_int_equal(completions(&t), 1);
}

static void a_loop_whose_start_is_blocked_and_then_refused_leaves_nothing(void **state)
{
    struct talk t = talk();

    (void)state;
    start_blocked(&t, XTYP_ADVSTART);
    refuse_loops_and_go_on(&t);
    assert_int_equal(status(t.server->server) & ST_ADVISE, 0);
    assert_true(party_post(t.server, TOPIC, ITEM));
    assert_int_equal(DdeInitializeA(&t.server->id, NULL, APPCMD_FILTERINITS, 0), 0);
    start(&t, XTYP_ADVSTART);
    test_pump_all();
    assert_int_equal(party_last(t.client, XTYP_XACT_COMPLETE)->data2, DDE_FACK);
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), 0); /* nothing has changed since */
}

static void a_loop_whose_end_is_blocked_and_then_refused_goes_on(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, XTYP_ADVSTART);
    test_pump_all();
    start_blocked(&t, XTYP_ADVSTOP);
    assert_true(party_post(t.server, TOPIC, ITEM));
    test_pump_all();
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), 0); /* it may be ending */
    refuse_loops_and_go_on(&t);
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), 1);
    assert_true(party_post(t.server, TOPIC, ITEM));
    test_pump_all();
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), 2);
}

static void a_synchronous_client_of_a_blocked_server_times_out(void **state)
{
    struct talk t = talk();

    (void)state;
    blocked_type = XTYP_REQUEST;
    t.server->hook = block_once;
    assert_null(party_transact(t.client, t.conv, XTYP_REQUEST, 10, NULL));
    assert_error(t.client, DMLERR_DATAACKTIMEOUT);
    assert_true(enable(t.server, t.server->server, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(t.client->n, 0);
}

static void a_block_holds_back_its_own_conversation_alone(void **state)
{
    struct talk t = talk(), other = t;

    (void)state;
    blocked_type = XTYP_POKE;
    t.server->hook = block_once;
    other.conv = party_connect(t.client, SERVICE, TOPIC);
    start(&t, XTYP_POKE);
    test_pump_all();
    start(&t, XTYP_POKE);
    start(&other, XTYP_POKE);
    test_pump_all();
    assert_int_equal(pokes(&t), 2);
    assert_ptr_equal(party_call(t.server, XTYP_POKE, 1)->conv, t.server->server);
    assert_int_equal(completions(&t), 1);
}

static void a_change_while_the_start_of_its_loop_is_blocked_is_delivered_in_the_end(void **state)
{
    struct talk t = talk();

    (void)state;
    blocked_type = XTYP_ADVSTART;
    t.server->hook = block_once;
    start(&t, XTYP_ADVSTART);
    test_pump_all();
    assert_true(party_post(t.server, TOPIC, ITEM));
    test_pump_all();
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), 0);
    assert_true(enable(t.server, t.server->server, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), 1);
}

/* ---- Order (U-12) -------------------------------------------------------------------------------------- */

static bool block_the_fifth(struct party *p, const struct call *c, HDDEDATA *result)
{
    *result = CBR_BLOCK;
    return c->type == XTYP_POKE && party_count(p, XTYP_POKE) == 5;
}

static void after_a_block_all_come_in_order_the_blocked_one_first(void **state)
{
    struct talk t = talk();
    char text[16];

    (void)state;
    t.server->hook = block_the_fifth;
    for (int i = 1; i <= 20; i++)
        poke_number(&t, i);
    test_pump_all();
    assert_int_equal(pokes(&t), 5);
    assert_true(enable(t.server, t.server->server, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(pokes(&t), 21);
    for (unsigned i = 5; i <= 20; i++) {
        snprintf(text, sizeof text, "%u", i);
        assert_string_equal(party_call(t.server, XTYP_POKE, i)->bytes, text);
    }
}

static void enabling_one_at_a_time_delivers_one_each_in_order(void **state)
{
    struct talk t = talk();
    char text[16];

    (void)state;
    t.server->hook = block_the_fifth;
    for (int i = 1; i <= 20; i++)
        poke_number(&t, i);
    test_pump_all();
    for (unsigned i = 5; i <= 20; i++) {
        assert_true(enable(t.server, t.server->server, EC_ENABLEONE));
        test_pump_all();
        assert_int_equal(pokes(&t), i + 1);
        snprintf(text, sizeof text, "%u", i);
        assert_string_equal(party_last(t.server, XTYP_POKE)->bytes, text);
        assert_int_equal(status(t.server->server) & ST_BLOCKED, ST_BLOCKED);
    }
}

static void transactions_of_different_types_keep_their_order(void **state)
{
    static const UINT types[] = {XTYP_POKE,    XTYP_ADVSTART, XTYP_REQUEST,
                                 XTYP_EXECUTE, XTYP_ADVSTOP,  XTYP_POKE};
    enum { N = sizeof types / sizeof *types };
    struct talk t = talk();

    (void)state;
    assert_true(enable(t.server, 0, EC_DISABLE));
    for (int i = 0; i < N; i++)
        start(&t, types[i]);
    test_pump_all();
    assert_int_equal(t.server->n, 0);
    assert_true(enable(t.server, 0, EC_ENABLEALL));
    test_pump_all();
    for (int i = 0; i < N; i++)
        assert_int_equal(t.server->calls[i].type, types[i]);
}

static void a_block_while_the_queue_is_worked_off_stops_it_and_keeps_its_order(void **state)
{
    struct talk t = talk();
    char text[16];

    (void)state;
    t.server->hook = block_the_fifth;
    assert_true(enable(t.server, 0, EC_DISABLE));
    for (int i = 1; i <= 10; i++)
        poke_number(&t, i);
    test_pump_all();
    assert_true(enable(t.server, 0, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(pokes(&t), 5);
    assert_true(enable(t.server, t.server->server, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(pokes(&t), 11);
    for (unsigned i = 5; i <= 10; i++) {
        snprintf(text, sizeof text, "%u", i);
        assert_string_equal(party_call(t.server, XTYP_POKE, i)->bytes, text);
    }
}

/* ---- DdeEnableCallback -------------------------------------------------------------------------------- */

static void disabling_queues_and_enabling_delivers_from_the_message_loop(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_true(enable(t.server, t.server->server, EC_DISABLE));
    assert_int_equal(status(t.server->server) & ST_BLOCKED, ST_BLOCKED);
    start(&t, XTYP_POKE);
    test_pump_all();
    assert_int_equal(pokes(&t), 0);
    assert_true(enable(t.server, t.server->server, EC_ENABLEALL));
    assert_int_equal(pokes(&t), 0);
    test_pump_all();
    assert_int_equal(pokes(&t), 1);
    assert_int_equal(completions(&t), 1);
}

static void disabling_the_client_queues_updates_and_completions(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_non_null(party_transact(t.client, t.conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    assert_true(enable(t.client, t.conv, EC_DISABLE));
    start(&t, XTYP_REQUEST);
    assert_true(party_post(t.server, TOPIC, ITEM));
    start(&t, XTYP_POKE);
    test_pump_all();
    assert_int_equal(t.client->n, 0);
    assert_true(enable(t.client, t.conv, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), 1);
    assert_int_equal(completions(&t), 2);
}

static void synchronous_transactions_do_not_mind_that_their_own_conversation_is_blocked(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_true(enable(t.client, 0, EC_DISABLE));
    assert_non_null(party_transact(t.client, t.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
}

static void disabling_all_holds_for_conversations_to_come(void **state)
{
    struct talk t = talk(), later = t;

    (void)state;
    assert_true(enable(t.server, 0, EC_DISABLE));
    later.conv = party_connect(t.client, SERVICE, TOPIC); /* connecting is not held back */
    start(&t, XTYP_POKE);
    start(&later, XTYP_POKE);
    test_pump_all();
    assert_int_equal(pokes(&t), 0);
    assert_true(enable(t.server, 0, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(pokes(&t), 2);
    later.conv = party_connect(t.client, SERVICE, TOPIC);
    start(&later, XTYP_POKE);
    test_pump_all();
    assert_int_equal(pokes(&t), 3);
}

static void one_conversation_can_be_enabled_among_disabled_ones(void **state)
{
    struct talk t = talk(), other = t;
    HCONV first = t.server->server;

    (void)state;
    other.conv = party_connect(t.client, SERVICE, TOPIC);
    assert_true(enable(t.server, 0, EC_DISABLE));
    assert_true(enable(t.server, first, EC_ENABLEALL));
    start(&t, XTYP_POKE);
    start(&other, XTYP_POKE);
    test_pump_all();
    assert_int_equal(pokes(&t), 1);
    assert_ptr_equal(party_last(t.server, XTYP_POKE)->conv, first);
}

static void enabling_one_with_nothing_waiting_lets_the_next_arriving_through(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_true(enable(t.server, t.server->server, EC_DISABLE));
    assert_true(enable(t.server, t.server->server, EC_ENABLEONE));
    assert_int_equal(status(t.server->server) & (ST_BLOCKED | ST_BLOCKNEXT), ST_BLOCKNEXT);
    start(&t, XTYP_POKE);
    start(&t, XTYP_POKE);
    test_pump_all();
    assert_int_equal(pokes(&t), 1);
    assert_int_equal(status(t.server->server) & (ST_BLOCKED | ST_BLOCKNEXT), ST_BLOCKED);
}

static void enabling_one_of_all_delivers_one_of_any_and_blocks_all(void **state)
{
    struct talk t = talk(), other = t;
    HCONV first = t.server->server;

    (void)state;
    other.conv = party_connect(t.client, SERVICE, TOPIC);
    assert_true(enable(t.server, 0, EC_DISABLE));
    for (int i = 0; i < 2; i++) {
        start(&t, XTYP_POKE);
        start(&other, XTYP_POKE);
    }
    test_pump_all();
    for (unsigned i = 1; i <= 4; i++) {
        assert_true(enable(t.server, 0, EC_ENABLEONE));
        test_pump_all();
        assert_int_equal(pokes(&t), i);
        assert_int_equal(status(first) & ST_BLOCKED, ST_BLOCKED);
        assert_int_equal(status(t.server->server) & ST_BLOCKED, ST_BLOCKED);
    }
}

static void enabling_one_of_all_with_nothing_waiting_lets_the_next_of_any_through(void **state)
{
    struct talk t = talk(), other = t;

    (void)state;
    other.conv = party_connect(t.client, SERVICE, TOPIC);
    assert_true(enable(t.server, 0, EC_ENABLEONE));
    start(&other, XTYP_POKE);
    start(&other, XTYP_POKE);
    start(&t, XTYP_POKE);
    test_pump_all();
    assert_int_equal(pokes(&t), 1);
    assert_ptr_equal(party_last(t.server, XTYP_POKE)->conv, t.server->server);
}

static void enabling_one_of_all_holds_for_conversations_to_come(void **state)
{
    struct talk t = talk(), later = t, last = t;
    HCONV second;

    (void)state;
    assert_true(enable(t.server, 0, EC_ENABLEONE));
    later.conv = party_connect(t.client, SERVICE, TOPIC);
    second = t.server->server;
    start(&later, XTYP_POKE);
    start(&later, XTYP_POKE);
    test_pump_all();
    last.conv = party_connect(t.client, SERVICE, TOPIC);
    start(&last, XTYP_POKE);
    start(&t, XTYP_POKE);
    test_pump_all();
    assert_int_equal(pokes(&t), 1);
    assert_ptr_equal(party_last(t.server, XTYP_POKE)->conv, second);
    assert_int_equal(status(t.server->server) & ST_BLOCKED, ST_BLOCKED);
}

static void a_block_of_the_one_that_was_enabled_lets_it_come_again(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_true(enable(t.server, 0, EC_DISABLE));
    poke_number(&t, 1);
    poke_number(&t, 2);
    test_pump_all();
    blocked_type = XTYP_POKE;
    t.server->hook = block_once;
    for (int i = 0; i < 2; i++) {
        assert_true(enable(t.server, 0, EC_ENABLEONE));
        test_pump_all();
    }
    assert_int_equal(pokes(&t), 2);
    assert_string_equal(party_call(t.server, XTYP_POKE, 1)->bytes, "1");
}

static void set_filter(struct party *p, DWORD filter)
{
    assert_int_equal(DdeInitializeA(&p->id, NULL, APPCMD_FILTERINITS | filter, 0), 0);
}

static void what_a_filter_refuses_is_not_the_one_that_was_enabled(void **state)
{
    (void)state;
    for (int all = 0; all < 2; all++) {
        struct talk t = talk();
        HCONV first = t.server->server;

        party_connect(t.client, SERVICE, TOPIC);
        set_filter(t.server, CBF_FAIL_REQUESTS | CBF_FAIL_ADVISES);
        assert_true(enable(t.server, all ? 0 : first, EC_ENABLEONE));
        start(&t, XTYP_REQUEST);
        start(&t, XTYP_ADVSTART);
        start(&t, XTYP_ADVSTOP);
        test_pump_all();
        assert_int_equal(completions(&t), 3); /* refused */
        assert_int_equal(status(first) & (ST_BLOCKED | ST_BLOCKNEXT), ST_BLOCKNEXT);
        assert_int_equal(status(t.server->server) & (ST_BLOCKED | ST_BLOCKNEXT), all ? ST_BLOCKNEXT : 0);
        start(&t, XTYP_POKE);
        start(&t, XTYP_POKE);
        test_pump_all();
        assert_int_equal(pokes(&t), 1);
        assert_int_equal(status(first) & (ST_BLOCKED | ST_BLOCKNEXT), ST_BLOCKED);
        assert_int_equal(status(t.server->server) & (ST_BLOCKED | ST_BLOCKNEXT), all ? ST_BLOCKED : 0);
        party_close(t.client);
        party_close(t.server);
    }
}

static void each_blockable_callback_is_the_one_that_was_enabled(void **state)
{
    static const UINT types[] = {XTYP_REQUEST, XTYP_POKE, XTYP_EXECUTE, XTYP_ADVSTART, XTYP_ADVSTOP};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct talk t = talk_about(types[i]);

        assert_true(enable(t.server, 0, EC_ENABLEONE));
        assert_true(enable(t.client, 0, EC_ENABLEONE));
        start(&t, types[i]);
        test_pump_all();
        assert_int_equal(party_count(t.server, types[i]), 1);
        assert_int_equal(status(t.server->server) & (ST_BLOCKED | ST_BLOCKNEXT), ST_BLOCKED);
        assert_int_equal(party_count(t.client, XTYP_XACT_COMPLETE), types[i] == XTYP_ADVSTOP ? 2 : 1);
        assert_int_equal(status(t.conv) & (ST_BLOCKED | ST_BLOCKNEXT), ST_BLOCKED);
        party_close(t.client);
        party_close(t.server);
    }
}

static void an_update_is_the_one_that_was_enabled(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_non_null(party_transact(t.client, t.conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    assert_true(enable(t.client, t.conv, EC_ENABLEONE));
    for (int i = 0; i < 2; i++)
        assert_true(party_post(t.server, TOPIC, ITEM));
    test_pump_all();
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), 1);
    assert_int_equal(status(t.conv) & (ST_BLOCKED | ST_BLOCKNEXT), ST_BLOCKED);
}

static void asking_whether_something_waits_changes_nothing(void **state)
{
    struct talk t = talk();
    HCONV other = party_connect(t.client, SERVICE, TOPIC), first;

    (void)state;
    first = party_connect(t.client, SERVICE, TOPIC) ? t.server->server : 0;
    assert_false(enable(t.server, 0, EC_QUERYWAITING));
    assert_true(enable(t.server, 0, EC_DISABLE));
    assert_false(enable(t.server, 0, EC_QUERYWAITING));
    assert_non_null(party_send(t.client, other, XTYP_POKE, "x", TIMEOUT_ASYNC, NULL));
    test_pump_all();
    assert_true(enable(t.server, 0, EC_QUERYWAITING));
    assert_true(enable(t.server, 0, EC_QUERYWAITING));
    assert_false(enable(t.server, first, EC_QUERYWAITING));
    assert_int_equal(pokes(&t), 0);
    assert_error(t.server, DMLERR_NO_ERROR);
    assert_true(enable(t.server, 0, EC_ENABLEALL));
    test_pump_all();
    assert_false(enable(t.server, 0, EC_QUERYWAITING));
}

static void a_blocked_transaction_is_one_that_waits(void **state)
{
    struct talk t = talk();

    (void)state;
    blocked_type = XTYP_POKE;
    t.server->hook = block_once;
    start(&t, XTYP_POKE);
    test_pump_all();
    assert_true(enable(t.server, t.server->server, EC_QUERYWAITING));
}

static void enabling_checks_its_arguments(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_false(enable(t.server, (HCONV)(uintptr_t)0x7777, EC_DISABLE));
    assert_error(t.server, DMLERR_INVALIDPARAMETER);
    assert_false(enable(t.server, t.conv, EC_DISABLE)); /* another instance's */
    assert_error(t.server, DMLERR_INVALIDPARAMETER);
    assert_false(enable(t.server, 0, 0x55));
    assert_error(t.server, DMLERR_INVALIDPARAMETER);
    assert_false(DdeEnableCallback(t.server->id ^ 0x10000, 0, EC_ENABLEALL));
    assert_error(t.server, DMLERR_INVALIDPARAMETER);
}

/* ---- Inside callbacks (C3) ---------------------------------------------------------------------------- */

struct inside {
    HCONV other;
    BOOL all, one, everything, disabled, queried, others;
    UINT error_all, error_one, error_everything;
};

static bool enable_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    struct inside *in = p->arg;

    (void)result;
    if (c->type != XTYP_EXECUTE)
        return false;
    in->all = enable(p, c->conv, EC_ENABLEALL);
    in->error_all = DdeGetLastError(p->id);
    in->one = enable(p, c->conv, EC_ENABLEONE);
    in->error_one = DdeGetLastError(p->id);
    in->everything = enable(p, 0, EC_ENABLEALL);
    in->error_everything = DdeGetLastError(p->id);
    in->others = enable(p, in->other, EC_ENABLEALL);
    in->queried = enable(p, c->conv, EC_QUERYWAITING);
    in->disabled = enable(p, c->conv, EC_DISABLE);
    return false;
}

static void a_callback_may_disable_its_conversation_but_not_enable_it(void **state)
{
    struct talk t = talk();
    struct inside in = {.other = t.server->server};

    (void)state;
    t.conv = party_connect(t.client, SERVICE, TOPIC);
    t.server->hook = enable_inside;
    t.server->arg = &in;
    start(&t, XTYP_EXECUTE);
    start(&t, XTYP_POKE);
    test_pump_all();
    assert_false(in.all || in.one || in.everything);
    assert_int_equal(in.error_all, DMLERR_REENTRANCY);
    assert_int_equal(in.error_one, DMLERR_REENTRANCY);
    assert_int_equal(in.error_everything, DMLERR_REENTRANCY);
    assert_true(in.others); /* another conversation's are not running */
    assert_true(in.disabled);
    assert_int_equal(completions(&t), 1); /* the command itself was answered */
    assert_int_equal(pokes(&t), 0);
    assert_true(enable(t.server, t.server->server, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(pokes(&t), 1);
}

/* ---- What is never held back -------------------------------------------------------------------------- */

static void what_cannot_block_is_delivered_while_blocked(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_non_null(party_transact(t.client, t.conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    assert_true(enable(t.server, 0, EC_DISABLE));
    assert_true(enable(t.client, 0, EC_DISABLE));
    party_forget(t.server);
    assert_true(party_post(t.server, TOPIC, ITEM));
    assert_true(DdeDisconnect(party_connect(t.client, SERVICE, TOPIC)));
    party_register(t.server, "second");
    test_pump_all();
    assert_int_equal(party_count(t.server, XTYP_ADVREQ), 1);
    assert_int_equal(party_count(t.server, XTYP_CONNECT), 1);
    assert_int_equal(party_count(t.server, XTYP_CONNECT_CONFIRM), 1);
    assert_int_equal(party_count(t.server, XTYP_DISCONNECT), 1);
    assert_int_equal(party_count(t.client, XTYP_REGISTER), 1);
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), 0);
}

/* ---- The end while blocked ---------------------------------------------------------------------------- */

static void the_clients_end_is_told_at_once_and_what_waited_is_discarded(void **state)
{
    struct talk t = talk();

    (void)state;
    blocked_type = XTYP_POKE;
    t.server->hook = block_once;
    for (int i = 0; i < 10; i++)
        start(&t, i % 2 ? XTYP_EXECUTE : XTYP_POKE);
    test_pump_all();
    assert_true(DdeDisconnect(t.conv));
    test_pump_all();
    assert_int_equal(pokes(&t), 1);
    assert_int_equal(party_count(t.server, XTYP_DISCONNECT), 1);
    assert_false(enable(t.server, 0, EC_QUERYWAITING));
    assert_true(enable(t.server, 0, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(pokes(&t), 1);
    assert_int_equal(party_count(t.server, XTYP_EXECUTE), 0);
}

static void the_servers_end_is_told_to_a_blocked_client_and_its_updates_are_discarded(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_non_null(party_transact(t.client, t.conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    assert_true(enable(t.client, 0, EC_DISABLE));
    for (int i = 0; i < 10; i++)
        assert_true(party_post(t.server, TOPIC, ITEM));
    start(&t, XTYP_REQUEST);
    test_pump_all();
    start(&t, XTYP_REQUEST); /* one answered, one not */
    assert_true(DdeDisconnect(t.server->server));
    test_pump_all();
    assert_int_equal(party_count(t.client, XTYP_DISCONNECT), 1);
    assert_int_equal(t.client->n, 1);
}

static void the_own_end_discards_what_waited(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_true(enable(t.server, 0, EC_DISABLE));
    for (int i = 0; i < 10; i++)
        start(&t, XTYP_POKE);
    test_pump_all();
    assert_true(DdeDisconnect(t.server->server));
    test_pump_all();
    assert_int_equal(t.server->n, 0);
    assert_int_equal(party_count(t.client, XTYP_DISCONNECT), 1);
}

static void uninitialising_while_blocked_leaves_nothing(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_non_null(party_transact(t.client, t.conv, XTYP_ADVSTART | XTYPF_ACKREQ, TEST_PATIENCE_MS, NULL));
    assert_true(enable(t.server, 0, EC_DISABLE));
    assert_true(enable(t.client, 0, EC_DISABLE));
    for (int i = 0; i < 10; i++) {
        start(&t, i % 2 ? XTYP_REQUEST : XTYP_POKE);
        assert_true(party_post(t.server, TOPIC, ITEM));
    }
    test_pump_all();
    party_close(t.server);
    party_close(t.client);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("5.1", a_blocked_transaction_comes_again_with_equal_arguments),
        rule("5.1", a_blocked_update_comes_again_with_equal_arguments),
        rule("5.1", a_blocked_completion_comes_again_with_equal_arguments),
        rule("5.1", a_transaction_can_be_blocked_again_and_again),
        rule("5.1", a_loop_whose_start_is_blocked_and_then_refused_leaves_nothing),
        rule("5.1", a_loop_whose_end_is_blocked_and_then_refused_goes_on),
        rule("5.1", a_synchronous_client_of_a_blocked_server_times_out),
        rule("6.5", a_block_holds_back_its_own_conversation_alone),
        rule("6.5", a_change_while_the_start_of_its_loop_is_blocked_is_delivered_in_the_end),
        rule("5.1", after_a_block_all_come_in_order_the_blocked_one_first),
        rule("6.5", enabling_one_at_a_time_delivers_one_each_in_order),
        rule("6.5", transactions_of_different_types_keep_their_order),
        rule("6.5", a_block_while_the_queue_is_worked_off_stops_it_and_keeps_its_order),
        rule("6.5", disabling_queues_and_enabling_delivers_from_the_message_loop),
        rule("6.5", disabling_the_client_queues_updates_and_completions),
        rule("6.5", synchronous_transactions_do_not_mind_that_their_own_conversation_is_blocked),
        rule("6.5", disabling_all_holds_for_conversations_to_come),
        rule("6.5", one_conversation_can_be_enabled_among_disabled_ones),
        rule("6.5", enabling_one_with_nothing_waiting_lets_the_next_arriving_through),
        rule("6.5", enabling_one_of_all_delivers_one_of_any_and_blocks_all),
        rule("6.5", enabling_one_of_all_with_nothing_waiting_lets_the_next_of_any_through),
        rule("6.5", enabling_one_of_all_holds_for_conversations_to_come),
        rule("6.5", a_block_of_the_one_that_was_enabled_lets_it_come_again),
        rule("6.5", what_a_filter_refuses_is_not_the_one_that_was_enabled),
        rule("6.5", each_blockable_callback_is_the_one_that_was_enabled),
        rule("6.5", an_update_is_the_one_that_was_enabled),
        rule("4.3", asking_whether_something_waits_changes_nothing),
        rule("6.5", a_blocked_transaction_is_one_that_waits),
        rule("4.3", enabling_checks_its_arguments),
        rule("4.3", a_callback_may_disable_its_conversation_but_not_enable_it),
        rule("6.5", what_cannot_block_is_delivered_while_blocked),
        rule("6.5", the_clients_end_is_told_at_once_and_what_waited_is_discarded),
        rule("6.5", the_servers_end_is_told_to_a_blocked_client_and_its_updates_are_discarded),
        rule("6.5", the_own_end_discards_what_waited),
        rule("4.1", uninitialising_while_blocked_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
