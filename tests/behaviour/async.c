/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Asynchronous transactions, XTYP_XACT_COMPLETE, DdeAbandonTransaction (docs/conformance.md, 4.4,
 * 5, 6.2, 6.6). */

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

/* Starts any of the five; returns its id. */
static DWORD start(const struct talk *t, UINT type)
{
    DWORD id = 0;

    if (type == XTYP_POKE || type == XTYP_EXECUTE)
        assert_non_null(party_send(t->client, t->conv, type, "data", TIMEOUT_ASYNC, &id));
    else
        assert_non_null(party_transact(t->client, t->conv, type, TIMEOUT_ASYNC, &id));
    return id;
}

static HDDEDATA request(const struct talk *t)
{
    return party_transact(t->client, t->conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
}

static unsigned completions(const struct talk *t)
{
    return party_count(t->client, XTYP_XACT_COMPLETE);
}

/* ---- Starting ------------------------------------------------------------------------------------------ */

static void the_call_returns_before_anything_happens(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, XTYP_REQUEST);
    assert_int_equal(t.server->n, 0);
    assert_int_equal(t.client->n, 0);
}

static void ids_are_unique_and_no_special_values(void **state)
{
    enum { MANY = 500 };
    struct talk t = talk();
    DWORD ids[MANY];

    (void)state;
    for (int i = 0; i < MANY; i++) {
        ids[i] = start(&t, XTYP_REQUEST);
        assert_true(ids[i] != 0 && ids[i] != QID_SYNC);
        for (int j = 0; j < i; j++)
            assert_int_not_equal(ids[i], ids[j]);
    }
    test_pump_all();
    assert_int_equal(completions(&t), MANY);
}

static void the_id_need_not_be_asked_for(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_non_null(party_transact(t.client, t.conv, XTYP_REQUEST, TIMEOUT_ASYNC, NULL));
    test_pump_all();
    assert_int_equal(completions(&t), 1);
    assert_int_not_equal(party_last(t.client, XTYP_XACT_COMPLETE)->data1, 0);
}

static void a_failed_check_leaves_the_id_alone(void **state)
{
    struct talk t = talk();
    DWORD id = 0x5A5A5A5A;

    (void)state;
    assert_null(DdeClientTransaction(NULL, 0, t.conv, 0, CF_TEXT, XTYP_REQUEST, TIMEOUT_ASYNC, &id));
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
    assert_int_equal(id, 0x5A5A5A5A);
}

/* ---- Completion ---------------------------------------------------------------------------------------- */

static const struct call *complete(struct talk *t, UINT type, DWORD *id)
{
    *id = start(t, type);
    test_pump_all();
    return party_last(t->client, XTYP_XACT_COMPLETE);
}

static void expect_completion(const struct call *c, const struct talk *t, UINT fmt, const char *item,
                              DWORD id, ULONG_PTR flags)
{
    assert_int_equal(c->fmt, fmt);
    assert_ptr_equal(c->conv, t->conv);
    assert_string_equal(c->text1, TOPIC);
    assert_string_equal(c->text2, item);
    assert_int_equal(c->data1, id);
    assert_int_equal(c->data2, flags);
}

static void a_request_completes_with_its_data(void **state)
{
    struct talk t = talk();
    DWORD id;
    const struct call *c = complete(&t, XTYP_REQUEST, &id);

    (void)state;
    expect_completion(c, &t, CF_TEXT, ITEM, id, DDE_FACK);
    assert_int_equal(c->size, sizeof "value");
    assert_string_equal(c->bytes, "value");
}

static void what_brings_no_data_completes_with_true_and_no_format(void **state)
{
    static const UINT types[] = {XTYP_POKE, XTYP_ADVSTART, XTYP_ADVSTOP, XTYP_EXECUTE};
    struct talk t = talk();
    DWORD id;

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct call *c = complete(&t, types[i], &id);

        expect_completion(c, &t, 0, types[i] == XTYP_EXECUTE ? "" : ITEM, id, DDE_FACK);
        assert_ptr_equal(c->data, (HDDEDATA)(uintptr_t)TRUE);
    }
}

static ULONG_PTR answer_value;

static bool give_answer(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = (HDDEDATA)answer_value;
    return c->type != XTYP_CONNECT && c->type != XTYP_DISCONNECT;
}

static void a_refusal_completes_without_data(void **state)
{
    static const UINT types[] = {XTYP_REQUEST, XTYP_POKE, XTYP_EXECUTE, XTYP_ADVSTART, XTYP_ADVSTOP};
    struct talk t = talk();
    DWORD id;

    (void)state;
    t.server->hook = give_answer;
    answer_value = 0;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct call *c = complete(&t, types[i], &id);

        expect_completion(c, &t, 0, types[i] == XTYP_EXECUTE ? "" : ITEM, id, 0);
        assert_null(c->data);
    }
}

static void the_flags_of_the_answer_come_with_the_completion(void **state)
{
    static const ULONG_PTR answers[] = {DDE_FACK | 0x42, DDE_FBUSY, DDE_FBUSY | 0x17, 0x99};
    struct talk t = talk();
    DWORD id;

    (void)state;
    t.server->hook = give_answer;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const struct call *c;

        answer_value = answers[i];
        c = complete(&t, XTYP_POKE, &id);
        expect_completion(c, &t, 0, ITEM, id, answers[i]);
        assert_int_equal(c->data != 0, (answers[i] & DDE_FACK) != 0);
    }
}

static void a_completion_that_failed_stores_no_last_error(void **state)
{
    struct talk t = talk();
    DWORD id;

    (void)state;
    t.server->hook = give_answer;
    answer_value = 0;
    complete(&t, XTYP_POKE, &id);
    assert_error(t.client, DMLERR_NO_ERROR);
}

static void several_are_answered_in_the_order_of_their_posting(void **state)
{
    static const UINT types[] = {XTYP_POKE,    XTYP_REQUEST, XTYP_EXECUTE,
                                 XTYP_REQUEST, XTYP_EXECUTE, XTYP_POKE};
    enum { N = sizeof types / sizeof *types };
    struct talk t = talk();
    DWORD ids[N];

    (void)state;
    for (int i = 0; i < N; i++)
        ids[i] = start(&t, types[i]);
    test_pump_all();
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(t.server->calls[i].type, types[i]);
        assert_int_equal(party_call(t.client, XTYP_XACT_COMPLETE, i)->data1, ids[i]);
        assert_int_equal(party_call(t.client, XTYP_XACT_COMPLETE, i)->fmt,
                         types[i] == XTYP_REQUEST ? CF_TEXT : 0);
    }
}

static bool count_requests(struct party *p, const struct call *c, HDDEDATA *result)
{
    char text[16];

    if (c->type != XTYP_REQUEST)
        return false;
    snprintf(text, sizeof text, "%u", party_count(p, XTYP_REQUEST));
    *result = party_data(p, text, c->hsz2, c->fmt, 0);
    return true;
}

static void expect_request_gives(const struct talk *t, const char *expected)
{
    HDDEDATA data = request(t);
    char text[16];

    assert_non_null(data);
    DdeGetData(data, (LPBYTE)text, sizeof text, 0);
    assert_string_equal(text, expected);
    assert_true(DdeFreeDataHandle(data));
}

static void a_synchronous_one_behind_asynchronous_ones_gets_its_own_answer(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = count_requests;
    start(&t, XTYP_REQUEST);
    start(&t, XTYP_REQUEST);
    expect_request_gives(&t, "3");
    test_pump_all();
    assert_int_equal(completions(&t), 2);
    assert_string_equal(party_call(t.client, XTYP_XACT_COMPLETE, 0)->bytes, "1");
    assert_string_equal(party_call(t.client, XTYP_XACT_COMPLETE, 1)->bytes, "2");
}

static void several_conversations_do_not_mix_their_answers(void **state)
{
    struct talk t = talk(), other = t;
    DWORD first, second;

    (void)state;
    t.server->hook = count_requests;
    other.conv = party_connect(t.client, SERVICE, TOPIC);
    first = start(&other, XTYP_REQUEST);
    second = start(&t, XTYP_REQUEST);
    test_pump_all();
    assert_int_equal(completions(&t), 2);
    for (unsigned i = 0; i < 2; i++) {
        const struct call *c = party_call(t.client, XTYP_XACT_COMPLETE, i);

        assert_ptr_equal(c->conv, c->data1 == first ? other.conv : t.conv);
        assert_true(c->data1 == first || c->data1 == second);
    }
}

static void serve(struct party *p)
{
    p->hook = count_requests;
    party_register(p, SERVICE);
}

static bool all_complete(void *t)
{
    return completions(t) == 100;
}

static void completions_come_from_another_thread_in_order(void **state)
{
    struct talk t = {.client = party_open(0)};
    struct remote r;
    char text[16];

    (void)state;
    remote_start(&r, 0, serve);
    t.conv = party_connect(t.client, SERVICE, TOPIC);
    for (int i = 0; i < 100; i++)
        start(&t, XTYP_REQUEST);
    assert_true(test_pump_until(all_complete, &t, TEST_PATIENCE_MS));
    for (unsigned i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "%u", i + 1);
        assert_string_equal(party_call(t.client, XTYP_XACT_COMPLETE, i)->bytes, text);
    }
    remote_stop(&r);
}

/* ---- Inside the completion ---------------------------------------------------------------------------- */

static const struct talk *inside;
static HDDEDATA inner_data;
static UINT inner_size;
static CONVINFO inner_info;

static bool look_and_transact(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type != XTYP_XACT_COMPLETE || party_count(p, XTYP_XACT_COMPLETE) > 1)
        return false;
    inner_info.cb = sizeof inner_info;
    inner_size = DdeQueryConvInfo(c->conv, (DWORD)c->data1, &inner_info);
    start(inside, XTYP_POKE);
    inner_data = request(inside);
    return false;
}

static void the_completion_may_start_more(void **state)
{
    struct talk t = talk();

    (void)state;
    inside = &t;
    inner_data = 0;
    t.client->hook = look_and_transact;
    start(&t, XTYP_REQUEST);
    test_pump_all();
    assert_non_null(inner_data);
    assert_int_equal(completions(&t), 2);
}

static void an_id_lives_until_its_completion_returns(void **state)
{
    struct talk t = talk();
    CONVINFO info = {.cb = sizeof info};
    DWORD id;

    (void)state;
    inside = &t;
    inner_size = 0;
    t.client->hook = look_and_transact;
    id = start(&t, XTYP_REQUEST);
    assert_true(DdeSetUserHandle(t.conv, id, 0x1234));
    assert_int_equal(DdeQueryConvInfo(t.conv, id, &info), sizeof info);
    test_pump_all();
    assert_int_equal(inner_size, sizeof inner_info);
    assert_int_equal(inner_info.hUser, 0x1234);
    assert_int_equal(inner_info.wType, XTYP_REQUEST);
    assert_int_equal(DdeQueryConvInfo(t.conv, id, &info), 0);
    assert_error(t.client, DMLERR_UNFOUND_QUEUE_ID);
    assert_false(DdeSetUserHandle(t.conv, id, 1));
    assert_error(t.client, DMLERR_UNFOUND_QUEUE_ID);
    assert_false(DdeAbandonTransaction(t.client->id, t.conv, id));
    assert_error(t.client, DMLERR_UNFOUND_QUEUE_ID);
}

/* ---- Abandoning ---------------------------------------------------------------------------------------- */

static void an_abandoned_transaction_does_not_complete(void **state)
{
    struct talk t = talk();
    DWORD id = start(&t, XTYP_REQUEST), kept = start(&t, XTYP_REQUEST);

    (void)state;
    assert_true(DdeAbandonTransaction(t.client->id, t.conv, id));
    test_pump_all();
    assert_int_equal(party_count(t.server, XTYP_REQUEST), 2); /* it was posted: the server does see it */
    assert_int_equal(completions(&t), 1);
    assert_int_equal(party_last(t.client, XTYP_XACT_COMPLETE)->data1, kept);
}

static void the_answer_to_an_abandoned_transaction_is_not_taken_for_the_next_one(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = count_requests;
    assert_true(DdeAbandonTransaction(t.client->id, t.conv, start(&t, XTYP_REQUEST)));
    expect_request_gives(&t, "2");
}

static void every_type_can_be_abandoned(void **state)
{
    static const UINT types[] = {XTYP_REQUEST, XTYP_POKE, XTYP_EXECUTE, XTYP_ADVSTART, XTYP_ADVSTOP};
    struct talk t = talk();

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        assert_true(DdeAbandonTransaction(t.client->id, t.conv, start(&t, types[i])));
    test_pump_all();
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        assert_int_equal(party_count(t.server, types[i]), 1);
    assert_int_equal(t.client->n, 0);
}

static void an_abandoned_id_is_unknown(void **state)
{
    struct talk t = talk();
    CONVINFO info = {.cb = sizeof info};
    DWORD id = start(&t, XTYP_REQUEST);

    (void)state;
    assert_true(DdeAbandonTransaction(t.client->id, t.conv, id));
    assert_false(DdeAbandonTransaction(t.client->id, t.conv, id));
    assert_error(t.client, DMLERR_UNFOUND_QUEUE_ID);
    assert_int_equal(DdeQueryConvInfo(t.conv, id, &info), 0);
    assert_error(t.client, DMLERR_UNFOUND_QUEUE_ID);
}

static void all_transactions_of_a_conversation_can_be_abandoned(void **state)
{
    struct talk t = talk(), other = t;
    DWORD kept;

    (void)state;
    other.conv = party_connect(t.client, SERVICE, TOPIC);
    start(&t, XTYP_REQUEST);
    start(&t, XTYP_POKE);
    kept = start(&other, XTYP_REQUEST);
    assert_true(DdeAbandonTransaction(t.client->id, t.conv, 0));
    test_pump_all();
    assert_int_equal(completions(&t), 1);
    assert_int_equal(party_last(t.client, XTYP_XACT_COMPLETE)->data1, kept);
}

static void all_transactions_of_an_instance_can_be_abandoned(void **state)
{
    struct talk t = talk(), other = t;

    (void)state;
    other.conv = party_connect(t.client, SERVICE, TOPIC);
    start(&t, XTYP_REQUEST);
    start(&other, XTYP_REQUEST);
    assert_true(DdeAbandonTransaction(t.client->id, 0, 0x12345)); /* the id is ignored */
    test_pump_all();
    assert_int_equal(completions(&t), 0);
}

static void a_completion_that_waits_can_be_abandoned(void **state)
{
    struct talk t = talk();
    DWORD id;

    (void)state;
    assert_true(DdeEnableCallback(t.client->id, t.conv, EC_DISABLE));
    id = start(&t, XTYP_REQUEST);
    test_pump_all();
    assert_true(DdeEnableCallback(t.client->id, t.conv, EC_QUERYWAITING));
    assert_true(DdeAbandonTransaction(t.client->id, t.conv, id));
    assert_false(DdeEnableCallback(t.client->id, t.conv, EC_QUERYWAITING));
    assert_true(DdeEnableCallback(t.client->id, t.conv, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(completions(&t), 0);
}

static BOOL abandoned_itself;

static bool abandon_all(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_XACT_COMPLETE)
        abandoned_itself = DdeAbandonTransaction(p->id, 0, 0);
    return false;
}

static void a_completion_may_abandon_itself_and_the_others(void **state)
{
    struct talk t = talk();

    (void)state;
    t.client->hook = abandon_all;
    start(&t, XTYP_REQUEST);
    start(&t, XTYP_REQUEST);
    start(&t, XTYP_POKE);
    test_pump_all();
    assert_true(abandoned_itself);
    assert_int_equal(completions(&t), 1);
}

static void abandoning_checks_its_arguments(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_false(DdeAbandonTransaction(t.client->id, t.conv, 0x12345));
    assert_error(t.client, DMLERR_UNFOUND_QUEUE_ID);
    assert_false(DdeAbandonTransaction(t.server->id, t.server->server, 0));
    assert_error(t.server, DMLERR_INVALIDPARAMETER);
    assert_false(DdeAbandonTransaction(t.client->id, (HCONV)(uintptr_t)0x7777, 0));
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
    assert_false(DdeAbandonTransaction(t.server->id, t.conv, 0)); /* another instance's */
    assert_error(t.server, DMLERR_INVALIDPARAMETER);
    assert_false(DdeAbandonTransaction(t.client->id ^ 0x10000, 0, 0));
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
}

static void abandoning_nothing_succeeds(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_true(DdeAbandonTransaction(t.client->id, t.conv, 0));
    assert_true(DdeAbandonTransaction(t.client->id, 0, 0));
}

static void the_ids_of_conversations_are_apart(void **state)
{
    struct talk t = talk();
    HCONV other = party_connect(t.client, SERVICE, TOPIC);
    DWORD id = start(&t, XTYP_REQUEST);

    (void)state;
    assert_false(DdeAbandonTransaction(t.client->id, other, id));
    assert_error(t.client, DMLERR_UNFOUND_QUEUE_ID);
}

/* ---- The end of the conversation (6.6) ---------------------------------------------------------------- */

static void the_servers_end_completes_each_as_failed_before_it_is_told(void **state)
{
    struct talk t = talk();
    DWORD first, second;

    (void)state;
    assert_true(DdeEnableCallback(t.server->id, 0, EC_DISABLE));
    first = start(&t, XTYP_REQUEST);
    second = start(&t, XTYP_POKE);
    test_pump_all();
    assert_true(DdeDisconnect(t.server->server));
    test_pump_all();
    assert_int_equal(t.client->n, 3);
    expect_completion(&t.client->calls[0], &t, 0, ITEM, first, 0);
    expect_completion(&t.client->calls[1], &t, 0, ITEM, second, 0);
    assert_null(t.client->calls[0].data);
    assert_null(t.client->calls[1].data);
    assert_int_equal(t.client->calls[2].type, XTYP_DISCONNECT);
}

static struct talk ending;

static bool end_and_dispatch(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_XACT_COMPLETE && party_count(p, XTYP_XACT_COMPLETE) == 1) {
        assert_true(DdeDisconnect(ending.server->server));
        test_pump_all();
    }
    return false;
}

static void what_is_answered_and_waits_behind_a_callback_is_told_before_the_end(void **state)
{
    DWORD first, second;

    (void)state;
    ending = talk();
    ending.client->hook = end_and_dispatch;
    first = start(&ending, XTYP_POKE);
    second = start(&ending, XTYP_POKE);
    test_pump_all();
    assert_int_equal(ending.client->n, 3);
    expect_completion(&ending.client->calls[0], &ending, 0, ITEM, first, DDE_FACK);
    expect_completion(&ending.client->calls[1], &ending, 0, ITEM, second, DDE_FACK);
    assert_int_equal(ending.client->calls[2].type, XTYP_DISCONNECT);
}

static void the_clients_own_end_completes_none(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, XTYP_REQUEST);
    start(&t, XTYP_POKE);
    assert_true(DdeDisconnect(t.conv));
    test_pump_all();
    assert_int_equal(t.client->n, 0);
}

static bool disconnect(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_XACT_COMPLETE)
        DdeDisconnect(c->conv);
    return false;
}

static void a_completion_may_end_the_conversation_with_others_outstanding(void **state)
{
    struct talk t = talk();

    (void)state;
    t.client->hook = disconnect;
    for (int i = 0; i < 5; i++)
        start(&t, XTYP_REQUEST);
    test_pump_all();
    assert_int_equal(t.client->n, 1);
    assert_int_equal(party_count(t.server, XTYP_DISCONNECT), 1);
}

static bool refuse_loops(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = 0;
    return c->type == XTYP_ADVSTART;
}

static UINT loops(const struct talk *t)
{
    CONVINFO info = {.cb = sizeof info};

    assert_int_equal(DdeQueryConvInfo(t->conv, QID_SYNC, &info), sizeof info);
    return info.wStatus & ST_ADVISE;
}

static void a_loop_that_is_refused_and_stopped_at_once_is_none(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = refuse_loops;
    start(&t, XTYP_ADVSTART);
    start(&t, XTYP_ADVSTOP);
    test_pump_all();
    assert_int_equal(completions(&t), 2);
    assert_int_equal(loops(&t), 0);
}

static bool block_the_second_stop(struct party *p, const struct call *c, HDDEDATA *result)
{
    *result = CBR_BLOCK;
    return c->type == XTYP_ADVSTOP && party_count(p, XTYP_ADVSTOP) == 2;
}

static void a_loop_that_was_stopped_and_started_is_there_until_it_has_been_stopped_again(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = block_the_second_stop;
    for (int i = 0; i < 2; i++) {
        start(&t, XTYP_ADVSTART);
        start(&t, XTYP_ADVSTOP);
    }
    test_pump_all();
    assert_int_equal(completions(&t), 3);
    assert_int_not_equal(loops(&t), 0);
    t.server->hook = NULL;
    assert_true(DdeEnableCallback(t.server->id, 0, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(completions(&t), 4);
    assert_int_equal(loops(&t), 0);
}

/* What is asked of a loop before the first answer is in; the loop is there if the last grant was later than
 * the last end. */
static void what_is_asked_of_a_loop_in_one_go_counts_in_order(void **state)
{
    static const struct row {
        UINT asked[4];
        bool loop;
    } rows[] = {
        {{XTYP_ADVSTART}, true},
        {{XTYP_ADVSTART, XTYP_ADVSTOP}, false},
        {{XTYP_ADVSTART, XTYP_ADVSTOP, XTYP_ADVSTOP}, false},
        {{XTYP_ADVSTART, XTYP_ADVSTOP, XTYP_ADVSTART}, true},
        {{XTYP_ADVSTART, XTYP_ADVSTART, XTYP_ADVSTOP}, false},
        {{XTYP_ADVSTOP, XTYP_ADVSTART}, true},
        {{XTYP_ADVSTART, XTYP_ADVSTOP, XTYP_ADVSTART, XTYP_ADVSTOP}, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct talk t = talk();

        for (int k = 0; k < 4 && rows[i].asked[k]; k++)
            start(&t, rows[i].asked[k]);
        test_pump_all();
        assert_int_equal(loops(&t), rows[i].loop ? ST_ADVISE : 0);
        assert_true(party_post(t.server, TOPIC, ITEM));
        test_pump_all();
        assert_int_equal(party_count(t.client, XTYP_ADVDATA), rows[i].loop);
        party_close(t.client);
        party_close(t.server);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("4.4", the_call_returns_before_anything_happens),
        rule("1.3", ids_are_unique_and_no_special_values),
        rule("4.4", the_id_need_not_be_asked_for),
        rule("4.4", a_failed_check_leaves_the_id_alone),
        rule("5", a_request_completes_with_its_data),
        rule("5", what_brings_no_data_completes_with_true_and_no_format),
        rule("5", a_refusal_completes_without_data),
        rule("5.1", the_flags_of_the_answer_come_with_the_completion),
        rule("1.5", a_completion_that_failed_stores_no_last_error),
        rule("6.2", several_are_answered_in_the_order_of_their_posting),
        rule("6.2", a_synchronous_one_behind_asynchronous_ones_gets_its_own_answer),
        rule("6.2", several_conversations_do_not_mix_their_answers),
        rule("6.2", completions_come_from_another_thread_in_order),
        rule("5.1", the_completion_may_start_more),
        rule("2.6", an_id_lives_until_its_completion_returns),
        rule("4.4", an_abandoned_transaction_does_not_complete),
        rule("6.2", the_answer_to_an_abandoned_transaction_is_not_taken_for_the_next_one),
        rule("4.4", every_type_can_be_abandoned),
        rule("4.4", an_abandoned_id_is_unknown),
        rule("4.4", all_transactions_of_a_conversation_can_be_abandoned),
        rule("4.4", all_transactions_of_an_instance_can_be_abandoned),
        rule("4.4", a_completion_that_waits_can_be_abandoned),
        rule("4.4", a_completion_may_abandon_itself_and_the_others),
        rule("4.4", abandoning_checks_its_arguments),
        rule("4.4", abandoning_nothing_succeeds),
        rule("4.4", the_ids_of_conversations_are_apart),
        rule("6.6", the_servers_end_completes_each_as_failed_before_it_is_told),
        rule("6.6", what_is_answered_and_waits_behind_a_callback_is_told_before_the_end),
        rule("6.6", the_clients_own_end_completes_none),
        rule("1.6", a_completion_may_end_the_conversation_with_others_outstanding),
        rule("6.4", a_loop_that_is_refused_and_stopped_at_once_is_none),
        rule("6.4", a_loop_that_was_stopped_and_started_is_there_until_it_has_been_stopped_again),
        rule("6.4", what_is_asked_of_a_loop_in_one_go_counts_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
