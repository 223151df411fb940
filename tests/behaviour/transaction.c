/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Synchronous transactions: DdeClientTransaction with a timeout (docs/conformance.md, 4.4, 5.1, 6.3). */

#include "support/party.h"

/* Long enough never to be reached by what succeeds, and no wait at all in what does not. */
#define AMPLE TEST_PATIENCE_MS
enum { BRIEF = 10, UNTOUCHED = 0x5A5A5A5A };

struct talk {
    struct party *server, *client;
    HCONV conv;
};

static struct talk talk_on(const char *service)
{
    struct talk t = {party_open(0), party_open(0), 0};

    party_register(t.server, service);
    t.conv = party_connect(t.client, service, TOPIC);
    party_forget(t.server);
    party_forget(t.client);
    return t;
}

static struct talk talk(void)
{
    return talk_on(SERVICE);
}

static const UINT all_types[] = {XTYP_REQUEST, XTYP_POKE, XTYP_EXECUTE, XTYP_ADVSTART, XTYP_ADVSTOP};
enum { TYPES = sizeof all_types / sizeof *all_types };

/* Any of the five, with data if it takes any. */
static HDDEDATA transact(const struct talk *t, UINT type, DWORD timeout, DWORD *result)
{
    if (type == XTYP_POKE || type == XTYP_EXECUTE)
        return party_send(t->client, t->conv, type, "data", timeout, result);
    return party_transact(t->client, t->conv, type, timeout, result);
}

/* ---- The five transactions ---------------------------------------------------------------------------- */

static void expect_server_call(const struct call *c, UINT fmt, HCONV conv, const char *item)
{
    assert_int_equal(c->fmt, fmt);
    assert_ptr_equal(c->conv, conv);
    assert_string_equal(c->text1, TOPIC);
    assert_string_equal(c->text2, item);
    assert_int_equal(c->data1, 0);
    assert_int_equal(c->data2, 0);
}

static void request_returns_the_servers_data(void **state)
{
    struct talk t = talk();
    DWORD result = UNTOUCHED;
    HDDEDATA data = transact(&t, XTYP_REQUEST, AMPLE, &result);
    char text[16];

    (void)state;
    assert_int_equal(DdeGetData(data, (LPBYTE)text, sizeof text, 0), sizeof "value");
    assert_string_equal(text, "value");
    assert_int_equal(result, 0);
    expect_server_call(party_last(t.server, XTYP_REQUEST), CF_TEXT, t.server->server, ITEM);
    assert_null(party_last(t.server, XTYP_REQUEST)->data);
    assert_error(t.client, DMLERR_NO_ERROR);
}

static void expect_acknowledged(const struct talk *t, UINT type)
{
    DWORD result = UNTOUCHED;

    assert_ptr_equal(transact(t, type, AMPLE, &result), (HDDEDATA)(uintptr_t)TRUE);
    assert_int_equal(result, DDE_FACK);
    assert_error(t->client, DMLERR_NO_ERROR);
}

static void poke_gives_the_server_the_data(void **state)
{
    struct talk t = talk();
    const struct call *c;

    (void)state;
    expect_acknowledged(&t, XTYP_POKE);
    c = party_last(t.server, XTYP_POKE);
    expect_server_call(c, CF_TEXT, t.server->server, ITEM);
    assert_int_equal(c->size, sizeof "data");
    assert_string_equal(c->bytes, "data");
}

static void execute_gives_the_server_the_command(void **state)
{
    struct talk t = talk();
    const struct call *c;

    (void)state;
    expect_acknowledged(&t, XTYP_EXECUTE);
    c = party_last(t.server, XTYP_EXECUTE);
    expect_server_call(c, 0, t.server->server, "");
    assert_null(c->hsz2);
    assert_int_equal(c->size, sizeof "data");
    assert_string_equal(c->bytes, "data");
}

static void execute_ignores_item_and_format(void **state) /* C20, 1.3 */
{
    struct talk t = talk();

    (void)state;
    assert_non_null(DdeClientTransaction((LPBYTE)(uintptr_t) "data", 5, t.conv, (HSZ)(uintptr_t)0x7777,
                                         CF_TEXT, XTYP_EXECUTE, AMPLE, NULL));
    expect_server_call(party_last(t.server, XTYP_EXECUTE), 0, t.server->server, "");
}

static void advstart_asks_the_server_for_a_loop(void **state)
{
    struct talk t = talk();

    (void)state;
    expect_acknowledged(&t, XTYP_ADVSTART);
    expect_server_call(party_last(t.server, XTYP_ADVSTART), CF_TEXT, t.server->server, ITEM);
    assert_null(party_last(t.server, XTYP_ADVSTART)->data);
}

static void advstop_tells_the_server(void **state)
{
    struct talk t = talk();

    (void)state;
    expect_acknowledged(&t, XTYP_ADVSTART);
    expect_acknowledged(&t, XTYP_ADVSTOP);
    expect_server_call(party_last(t.server, XTYP_ADVSTOP), CF_TEXT, t.server->server, ITEM);
}

static void the_result_need_not_be_asked_for(void **state)
{
    struct talk t = talk();

    (void)state;
    for (int i = 0; i < TYPES; i++)
        assert_non_null(transact(&t, all_types[i], AMPLE, NULL));
}

static void data_of_no_bytes_can_be_poked(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_non_null(DdeClientTransaction((LPBYTE)(uintptr_t) "", 0, t.conv, party_text(t.client, ITEM),
                                         CF_TEXT, XTYP_POKE, AMPLE, NULL));
    assert_non_null(party_last(t.server, XTYP_POKE)->data);
    assert_int_equal(party_last(t.server, XTYP_POKE)->size, 0);
}

static void no_null_is_added_to_the_data(void **state) /* Q107387 */
{
    struct talk t = talk();

    (void)state;
    assert_non_null(DdeClientTransaction((LPBYTE)(uintptr_t) "data", 4, t.conv, party_text(t.client, ITEM),
                                         CF_TEXT, XTYP_POKE, AMPLE, NULL));
    assert_int_equal(party_last(t.server, XTYP_POKE)->size, 4);
}

static void any_format_number_reaches_the_server(void **state)
{
    static const UINT formats[] = {1, CF_UNICODETEXT, 0x7FFF, 0xC000, 0xFFFF};
    struct talk t = talk();

    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        HDDEDATA data = DdeClientTransaction(NULL, 0, t.conv, party_text(t.client, ITEM), formats[i],
                                             XTYP_REQUEST, AMPLE, NULL);

        assert_non_null(data);
        assert_int_equal(party_last(t.server, XTYP_REQUEST)->fmt, formats[i]);
        assert_true(DdeFreeDataHandle(data));
    }
}

static void serve(struct party *p)
{
    party_register(p, SERVICE);
}

static void the_five_transactions_work_across_threads(void **state)
{
    struct talk t = {.client = party_open(0)};
    struct remote r;

    (void)state;
    remote_start(&r, 0, serve);
    t.conv = party_connect(t.client, SERVICE, TOPIC);
    for (int i = 0; i < TYPES; i++)
        assert_non_null(transact(&t, all_types[i], AMPLE, NULL));
    remote_stop(&r);
    for (int i = 0; i < TYPES; i++)
        assert_int_equal(party_count(r.party, all_types[i]), 1);
    assert_int_equal(party_count(t.client, XTYP_DISCONNECT), 1);
}

static void the_five_transactions_work_with_oneself(void **state) /* 6.7 */
{
    struct party *p = party_serve(0);
    struct talk t = {p, p, party_connect(p, SERVICE, TOPIC)};

    (void)state;
    for (int i = 0; i < TYPES; i++)
        assert_non_null(transact(&t, all_types[i], AMPLE, NULL));
}

/* ---- Answers ------------------------------------------------------------------------------------------- */

static UINT answer_type;
static ULONG_PTR answer_value;

static bool give_answer(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = (HDDEDATA)answer_value;
    return c->type == answer_type;
}

static void expect_answer(struct talk *t, UINT type, ULONG_PTR answer, UINT error, DWORD flags)
{
    DWORD result = UNTOUCHED;

    answer_type = type;
    answer_value = answer;
    t->server->hook = give_answer;
    assert_int_equal(transact(t, type, AMPLE, &result) != 0, error == DMLERR_NO_ERROR);
    assert_error(t->client, error);
    assert_int_equal(result, flags);
}

static void a_refusal_is_not_processed(void **state)
{
    struct talk t = talk();

    (void)state;
    for (int i = 0; i < TYPES; i++)
        expect_answer(&t, all_types[i], 0, DMLERR_NOTPROCESSED, DDE_FNOTPROCESSED);
}

static void a_busy_server_is_busy(void **state)
{
    struct talk t = talk();

    (void)state;
    expect_answer(&t, XTYP_POKE, DDE_FBUSY, DMLERR_BUSY, DDE_FBUSY);
    expect_answer(&t, XTYP_EXECUTE, DDE_FBUSY, DMLERR_BUSY, DDE_FBUSY);
}

static void the_application_byte_travels_with_every_answer(void **state) /* C7 */
{
    struct talk t = talk();

    (void)state;
    expect_answer(&t, XTYP_POKE, DDE_FACK | 0x12, DMLERR_NO_ERROR, DDE_FACK | 0x12);
    expect_answer(&t, XTYP_EXECUTE, DDE_FACK | 0xFF, DMLERR_NO_ERROR, DDE_FACK | 0xFF);
    expect_answer(&t, XTYP_POKE, DDE_FBUSY | 0x34, DMLERR_BUSY, DDE_FBUSY | 0x34);
    expect_answer(&t, XTYP_EXECUTE, 0x56, DMLERR_NOTPROCESSED, 0x56);
}

static void true_is_an_application_byte_and_no_acknowledgement(void **state) /* C17 */
{
    struct talk t = talk();

    (void)state;
    expect_answer(&t, XTYP_POKE, TRUE, DMLERR_NOTPROCESSED, 1);
}

static void ack_wins_over_busy(void **state)
{
    struct talk t = talk();

    (void)state;
    expect_answer(&t, XTYP_POKE, DDE_FACK | DDE_FBUSY, DMLERR_NO_ERROR, DDE_FACK);
}

static void reserved_bits_of_an_answer_do_not_travel(void **state)
{
    struct talk t = talk();

    (void)state;
    expect_answer(&t, XTYP_POKE, 0x10000 | 0x3F00 | DDE_FACK, DMLERR_NO_ERROR, DDE_FACK);
}

static void stopping_a_loop_that_is_not_there_is_not_processed(void **state)
{
    struct talk t = talk();
    DWORD result = UNTOUCHED;

    (void)state;
    assert_null(transact(&t, XTYP_ADVSTOP, AMPLE, &result));
    assert_error(t.client, DMLERR_NOTPROCESSED);
    assert_int_equal(result, DDE_FNOTPROCESSED);
    assert_int_equal(party_count(t.server, XTYP_ADVSTOP), 0);
}

/* ---- Checks -------------------------------------------------------------------------------------------- */

static void expect_failure(struct talk *t, HCONV conv, HSZ item, UINT fmt, UINT type, UINT error)
{
    DWORD result = UNTOUCHED;

    assert_null(DdeClientTransaction(NULL, 0, conv, item, fmt, type, AMPLE, &result));
    assert_error(t->client, error);
    assert_int_equal(result, UNTOUCHED);
}

static void a_bad_conversation_is_an_invalid_parameter(void **state)
{
    struct talk t = talk();
    HSZ item = party_text(t.client, ITEM);

    (void)state;
    expect_failure(&t, 0, item, CF_TEXT, XTYP_REQUEST, DMLERR_INVALIDPARAMETER);
    expect_failure(&t, (HCONV)(uintptr_t)0x7777, item, CF_TEXT, XTYP_REQUEST, DMLERR_INVALIDPARAMETER);
    expect_failure(&t, (HCONV)item, item, CF_TEXT, XTYP_REQUEST, DMLERR_INVALIDPARAMETER);
    assert_true(DdeDisconnect(t.conv));
    expect_failure(&t, t.conv, item, CF_TEXT, XTYP_REQUEST, DMLERR_INVALIDPARAMETER);
}

static void the_servers_side_is_an_invalid_parameter(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_null(DdeClientTransaction(NULL, 0, t.server->server, party_text(t.server, ITEM), CF_TEXT,
                                     XTYP_REQUEST, AMPLE, NULL));
    assert_error(t.server, DMLERR_INVALIDPARAMETER);
}

static void no_item_or_format_is_an_invalid_parameter_but_for_execute(void **state)
{
    struct talk t = talk();
    HSZ item = party_text(t.client, ITEM);

    (void)state;
    for (int i = 0; i < TYPES; i++) {
        if (all_types[i] == XTYP_EXECUTE)
            continue;
        expect_failure(&t, t.conv, 0, CF_TEXT, all_types[i], DMLERR_INVALIDPARAMETER);
        expect_failure(&t, t.conv, item, 0, all_types[i], DMLERR_INVALIDPARAMETER);
        expect_failure(&t, t.conv, party_text(t.server, ITEM), CF_TEXT, all_types[i],
                       DMLERR_INVALIDPARAMETER);
    }
}

static void a_type_that_is_no_clients_is_an_invalid_parameter(void **state)
{
    static const UINT types[] = {0,
                                 XTYP_CONNECT,
                                 XTYP_ADVDATA,
                                 XTYP_ADVREQ,
                                 XTYP_XACT_COMPLETE,
                                 XTYP_DISCONNECT,
                                 XTYP_REQUEST | XTYPF_ACKREQ,
                                 XTYP_ADVSTOP | XTYPF_NODATA,
                                 0xFFFF};
    struct talk t = talk();

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        expect_failure(&t, t.conv, party_text(t.client, ITEM), CF_TEXT, types[i], DMLERR_INVALIDPARAMETER);
}

static void sending_nothing_from_nowhere_is_a_memory_error(void **state)
{
    struct talk t = talk();
    HSZ item = party_text(t.client, ITEM);

    (void)state;
    expect_failure(&t, t.conv, item, CF_TEXT, XTYP_POKE, DMLERR_MEMORY_ERROR);
    expect_failure(&t, t.conv, 0, 0, XTYP_EXECUTE, DMLERR_MEMORY_ERROR);
    expect_failure(&t, t.conv, item, 0, XTYP_POKE, DMLERR_INVALIDPARAMETER); /* which is checked first */
}

/* ---- Time ---------------------------------------------------------------------------------------------- */

static UINT timeout_error(UINT type)
{
    switch (type) {
    case XTYP_REQUEST:
        return DMLERR_DATAACKTIMEOUT;
    case XTYP_POKE:
        return DMLERR_POKEACKTIMEOUT;
    case XTYP_EXECUTE:
        return DMLERR_EXECACKTIMEOUT;
    case XTYP_ADVSTART:
        return DMLERR_ADVACKTIMEOUT;
    default:
        return DMLERR_UNADVACKTIMEOUT;
    }
}

static void each_type_has_its_own_timeout_error(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_true(DdeEnableCallback(t.server->id, 0, EC_DISABLE));
    for (int i = 0; i < TYPES; i++) {
        DWORD result = UNTOUCHED;

        assert_null(transact(&t, all_types[i], BRIEF, &result));
        assert_error(t.client, timeout_error(all_types[i]));
        assert_int_equal(result, UNTOUCHED); /* there was no answer to tell of */
    }
}

static void a_timeout_of_zero_does_not_wait(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_true(DdeEnableCallback(t.server->id, 0, EC_DISABLE));
    assert_null(transact(&t, XTYP_REQUEST, 0, NULL));
    assert_error(t.client, DMLERR_DATAACKTIMEOUT);
}

static void a_late_answer_is_dropped_in_silence(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_true(DdeEnableCallback(t.server->id, 0, EC_DISABLE));
    for (int i = 0; i < TYPES; i++)
        assert_null(transact(&t, all_types[i], BRIEF, NULL));
    DdeGetLastError(t.client->id);
    assert_true(DdeEnableCallback(t.server->id, 0, EC_ENABLEALL));
    test_pump_all();
    for (int i = 0; i < TYPES; i++)
        assert_int_equal(party_count(t.server, all_types[i]), 1);
    assert_int_equal(t.client->n, 0);
    assert_error(t.client, DMLERR_NO_ERROR);
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

static void a_late_answer_is_not_taken_for_the_next_one(void **state)
{
    struct talk t = talk();
    char text[16];

    (void)state;
    t.server->hook = count_requests;
    assert_true(DdeEnableCallback(t.server->id, 0, EC_DISABLE));
    assert_null(transact(&t, XTYP_REQUEST, BRIEF, NULL));
    assert_true(DdeEnableCallback(t.server->id, 0, EC_ENABLEALL));
    DdeGetData(transact(&t, XTYP_REQUEST, AMPLE, NULL), (LPBYTE)text, sizeof text, 0);
    assert_string_equal(text, "2");
}

/* A loop whose start came too late for the client does not outlive the doubt: its updates are taken and lost.
 */
static void a_conversation_is_usable_after_a_timeout(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_true(DdeEnableCallback(t.server->id, 0, EC_DISABLE));
    for (int i = 0; i < TYPES; i++)
        assert_null(transact(&t, all_types[i], BRIEF, NULL));
    assert_true(DdeEnableCallback(t.server->id, 0, EC_ENABLEALL));
    for (int i = 0; i < TYPES; i++)
        assert_non_null(transact(&t, all_types[i], AMPLE, NULL));
    assert_int_equal(party_count(t.client, XTYP_DISCONNECT), 0);
}

/* ---- Nesting (6.3) ------------------------------------------------------------------------------------- */

struct nested {
    struct talk *talk;
    HDDEDATA sync, async;
    UINT error;
    DWORD flags;
    HCONV connected;
    BOOL posted;
};

static bool transact_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    struct nested *n = p->arg;
    DWORD flags = UNTOUCHED;

    (void)result;
    if (c->type != XTYP_REQUEST || n->sync)
        return false;
    n->sync = transact(n->talk, XTYP_POKE, AMPLE, &flags);
    n->error = DdeGetLastError(n->talk->client->id);
    n->flags = flags;
    n->async = transact(n->talk, XTYP_POKE, TIMEOUT_ASYNC, NULL);
    n->connected = DdeConnect(p->id, party_text(p, SERVICE), party_text(p, TOPIC), NULL);
    n->posted = DdePostAdvise(p->id, 0, 0);
    return false;
}

static void a_second_synchronous_transaction_of_the_thread_is_refused_others_are_not(void **state)
{
    struct talk t = talk(), other = talk_on("other");
    struct nested nested = {.talk = &other};

    (void)state;
    skip_if_apart("the threads of two processes are two threads");
    t.server->hook = other.server->hook = transact_inside;
    t.server->arg = other.server->arg = &nested;
    assert_non_null(transact(&t, XTYP_REQUEST, AMPLE, NULL));
    assert_null(nested.sync);
    assert_int_equal(nested.error, DMLERR_REENTRANCY);
    assert_int_equal(nested.flags, UNTOUCHED);
    assert_non_null(nested.async);
    assert_non_null(nested.connected);
    assert_true(nested.posted);
    assert_non_null(transact(&other, XTYP_REQUEST, AMPLE, NULL)); /* over: allowed again */
}

static void a_callback_outside_a_synchronous_transaction_may_make_one(void **state)
{
    struct talk t = talk(), other = talk_on("other");
    struct nested nested = {.talk = &other};

    (void)state;
    t.server->hook = other.server->hook = transact_inside;
    t.server->arg = other.server->arg = &nested;
    assert_non_null(transact(&t, XTYP_REQUEST, TIMEOUT_ASYNC, NULL));
    test_pump_all();
    assert_non_null(nested.sync);
    assert_int_equal(party_count(t.client, XTYP_XACT_COMPLETE), 1);
}

static void callbacks_run_during_a_synchronous_transaction(void **state)
{
    struct talk t = talk(), other = talk_on("other");

    (void)state;
    assert_non_null(transact(&other, XTYP_POKE, TIMEOUT_ASYNC, NULL));
    assert_non_null(transact(&t, XTYP_REQUEST, AMPLE, NULL));
    test_news(); /* which of two processes comes first is nobody's to say */
    assert_int_equal(party_count(other.server, XTYP_POKE), 1);
}

/* ---- The end while waiting ---------------------------------------------------------------------------- */

static HCONV to_end;

static bool end_it(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type != XTYP_CONNECT && c->type != XTYP_CONNECT_CONFIRM && to_end)
        DdeDisconnect(to_end);
    return false;
}

static void a_server_that_ends_the_conversation_instead_of_answering_has_died(void **state)
{
    (void)state;
    for (int i = 0; i < TYPES; i++) {
        struct talk t = talk();
        DWORD result = UNTOUCHED;

        if (all_types[i] == XTYP_ADVSTOP)
            assert_non_null(transact(&t, XTYP_ADVSTART, AMPLE, NULL));
        t.server->hook = end_it;
        to_end = t.server->server;
        assert_null(transact(&t, all_types[i], AMPLE, &result));
        assert_error(t.client, DMLERR_SERVER_DIED);
        assert_int_equal(result, UNTOUCHED);
        assert_int_equal(party_count(t.client, XTYP_DISCONNECT), 1); /* before the call returned */
        assert_int_equal(party_count(t.server, XTYP_DISCONNECT), 0);
        party_close(t.client);
        party_close(t.server);
    }
}

static void a_client_that_ends_its_conversation_while_waiting_has_none(void **state)
{
    (void)state;
    for (int i = 0; i < TYPES; i++) {
        struct talk t = talk();

        if (all_types[i] == XTYP_ADVSTOP)
            assert_non_null(transact(&t, XTYP_ADVSTART, AMPLE, NULL));
        t.server->hook = end_it;
        to_end = t.conv;
        assert_null(transact(&t, all_types[i], AMPLE, NULL));
        assert_error(t.client, DMLERR_NO_CONV_ESTABLISHED);
        test_pump_all();
        assert_int_equal(party_count(t.client, XTYP_DISCONNECT), 0);
        assert_int_equal(party_count(t.server, XTYP_DISCONNECT), 1);
        party_close(t.client);
        party_close(t.server);
    }
}

static HDDEDATA inner_result;
static UINT inner_error;

static bool transact_in_disconnect(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type != XTYP_DISCONNECT)
        return false;
    inner_result = party_transact(p, c->conv, XTYP_REQUEST, AMPLE, NULL);
    inner_error = DdeGetLastError(p->id);
    return false;
}

static void a_conversation_that_was_ended_takes_no_transaction(void **state)
{
    struct talk t = talk();

    (void)state;
    t.client->hook = transact_in_disconnect;
    inner_result = (HDDEDATA)(uintptr_t)TRUE;
    assert_true(DdeDisconnect(t.server->server));
    test_pump_all();
    assert_null(inner_result);
    assert_int_equal(inner_error, DMLERR_NO_CONV_ESTABLISHED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("4.4", request_returns_the_servers_data),
        rule("4.4", poke_gives_the_server_the_data),
        rule("4.4", execute_gives_the_server_the_command),
        rule("4.4", execute_ignores_item_and_format),
        rule("4.4", advstart_asks_the_server_for_a_loop),
        rule("4.4", advstop_tells_the_server),
        rule("4.4", the_result_need_not_be_asked_for),
        rule("4.4", data_of_no_bytes_can_be_poked),
        rule("4.4", no_null_is_added_to_the_data),
        rule("4.4", any_format_number_reaches_the_server),
        rule("4.4", the_five_transactions_work_across_threads),
        rule("6.7", the_five_transactions_work_with_oneself),
        rule("5.1", a_refusal_is_not_processed),
        rule("5.1", a_busy_server_is_busy),
        rule("4.4", the_application_byte_travels_with_every_answer),
        rule("5.1", true_is_an_application_byte_and_no_acknowledgement),
        rule("5.1", ack_wins_over_busy),
        rule("5.1", reserved_bits_of_an_answer_do_not_travel),
        rule("5.1", stopping_a_loop_that_is_not_there_is_not_processed),
        rule("4.4", a_bad_conversation_is_an_invalid_parameter),
        rule("4.4", the_servers_side_is_an_invalid_parameter),
        rule("4.4", no_item_or_format_is_an_invalid_parameter_but_for_execute),
        rule("4.4", a_type_that_is_no_clients_is_an_invalid_parameter),
        rule("4.4", sending_nothing_from_nowhere_is_a_memory_error),
        rule("6.2", each_type_has_its_own_timeout_error),
        rule("4.4", a_timeout_of_zero_does_not_wait),
        rule("4.4", a_late_answer_is_dropped_in_silence),
        rule("6.2", a_late_answer_is_not_taken_for_the_next_one),
        rule("4.4", a_conversation_is_usable_after_a_timeout),
        rule("6.3", a_second_synchronous_transaction_of_the_thread_is_refused_others_are_not),
        rule("6.3", a_callback_outside_a_synchronous_transaction_may_make_one),
        rule("6.3", callbacks_run_during_a_synchronous_transaction),
        rule("6.3", a_server_that_ends_the_conversation_instead_of_answering_has_died),
        rule("4.4", a_client_that_ends_its_conversation_while_waiting_has_none),
        rule("4.4", a_conversation_that_was_ended_takes_no_transaction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
