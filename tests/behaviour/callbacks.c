/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What reaches the callback: the CBF_ filters, nesting, what a callback may do (docs/conformance.md, 1.6, 5).
 */

#include "support/party.h"

struct talk {
    struct party *server, *client;
    HCONV conv;
};

static struct talk talk_with(DWORD server_flags, DWORD client_flags)
{
    struct talk t = {party_serve(server_flags), party_open(client_flags), 0};

    t.conv = party_connect(t.client, SERVICE, TOPIC);
    return t;
}

static const UINT all_types[] = {XTYP_REQUEST, XTYP_POKE, XTYP_EXECUTE, XTYP_ADVSTART, XTYP_ADVSTOP};
enum { TYPES = sizeof all_types / sizeof *all_types };

static HDDEDATA transact(const struct talk *t, UINT type, DWORD timeout, DWORD *result)
{
    if (type == XTYP_POKE || type == XTYP_EXECUTE)
        return party_send(t->client, t->conv, type, "data", timeout, result);
    return party_transact(t->client, t->conv, type, timeout, result);
}

/* ---- CBF_FAIL_ ----------------------------------------------------------------------------------------- */

static void expect_filtered(DWORD flag, bool (*filtered)(UINT type))
{
    struct talk t = talk_with(flag, 0);

    for (int i = 0; i < TYPES; i++) {
        DWORD result = 0x5A5A;
        HDDEDATA value = transact(&t, all_types[i], TEST_PATIENCE_MS, &result);

        assert_int_equal(value != 0, !filtered(all_types[i]));
        assert_int_equal(party_count(t.server, all_types[i]), !filtered(all_types[i]));
        if (value)
            continue;
        assert_error(t.client, DMLERR_NOTPROCESSED);
        assert_int_equal(result, DDE_FNOTPROCESSED);
    }
}

static bool is_request(UINT type)
{
    return type == XTYP_REQUEST;
}

static bool is_poke(UINT type)
{
    return type == XTYP_POKE;
}

static bool is_execute(UINT type)
{
    return type == XTYP_EXECUTE;
}

static bool is_advise(UINT type)
{
    return type == XTYP_ADVSTART || type == XTYP_ADVSTOP;
}

static void failing_requests_refuses_them_alone(void **state)
{
    (void)state;
    expect_filtered(CBF_FAIL_REQUESTS, is_request);
}

static void failing_pokes_refuses_them_alone(void **state)
{
    (void)state;
    expect_filtered(CBF_FAIL_POKES, is_poke);
}

static void failing_executes_refuses_them_alone(void **state)
{
    (void)state;
    expect_filtered(CBF_FAIL_EXECUTES, is_execute);
}

static void failing_advises_refuses_starts_and_stops_alone(void **state)
{
    (void)state;
    expect_filtered(CBF_FAIL_ADVISES, is_advise);
}

static void loops_made_before_a_filter_stay_and_cannot_be_stopped_behind_it(void **state)
{
    struct talk t = talk_with(0, 0);

    (void)state;
    assert_non_null(transact(&t, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    assert_int_equal(DdeInitializeA(&t.server->id, NULL, APPCMD_FILTERINITS | CBF_FAIL_ADVISES, 0), 0);
    assert_null(transact(&t, XTYP_ADVSTOP, TEST_PATIENCE_MS, NULL));
    assert_true(party_post(t.server, TOPIC, ITEM));
    test_pump_all();
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), 1);
}

static void failing_all_transactions_refuses_conversations_too(void **state)
{
    struct party *server = party_serve(CBF_FAIL_ALLSVRXACTIONS), *client = party_open(0);

    (void)state;
    assert_null(DdeConnect(client->id, party_text(client, SERVICE), party_text(client, TOPIC), NULL));
    assert_int_equal(server->n, 0);
}

static void a_filter_takes_hold_of_running_conversations(void **state)
{
    struct talk t = talk_with(0, 0);

    (void)state;
    assert_int_equal(DdeInitializeA(&t.server->id, NULL, APPCMD_FILTERINITS | CBF_FAIL_ALLSVRXACTIONS, 0), 0);
    for (int i = 0; i < TYPES; i++)
        assert_null(transact(&t, all_types[i], TEST_PATIENCE_MS, NULL));
}

static void a_clients_filters_do_not_hinder_its_own_transactions(void **state)
{
    struct talk t = talk_with(0, CBF_FAIL_ALLSVRXACTIONS | CBF_SKIP_ALLNOTIFICATIONS);

    (void)state;
    for (int i = 0; i < TYPES; i++)
        assert_non_null(transact(&t, all_types[i], TEST_PATIENCE_MS, NULL));
}

static void a_client_only_instance_is_a_client_like_any_other(void **state)
{
    struct talk t = talk_with(0, APPCMD_CLIENTONLY);

    (void)state;
    assert_non_null(transact(&t, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    assert_true(party_post(t.server, TOPIC, ITEM));
    assert_non_null(transact(&t, XTYP_REQUEST, TIMEOUT_ASYNC, NULL));
    test_pump_all();
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), 1);
    assert_int_equal(party_count(t.client, XTYP_XACT_COMPLETE), 1);
}

/* ---- CBF_SKIP_ ----------------------------------------------------------------------------------------- */

static void skipping_disconnects_hides_them(void **state)
{
    struct talk t = talk_with(CBF_SKIP_DISCONNECTS, 0);

    (void)state;
    assert_true(DdeDisconnect(t.conv));
    test_pump_all();
    assert_int_equal(party_count(t.server, XTYP_DISCONNECT), 0);
    assert_false(DdeDisconnect(t.server->server)); /* it has ended all the same */
}

static void skipping_all_notifications_leaves_advstop_and_completions(void **state)
{
    struct talk t = talk_with(CBF_SKIP_ALLNOTIFICATIONS, CBF_SKIP_ALLNOTIFICATIONS);

    (void)state;
    assert_non_null(transact(&t, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    assert_non_null(transact(&t, XTYP_ADVSTOP, TIMEOUT_ASYNC, NULL));
    test_pump_all();
    assert_int_equal(party_count(t.server, XTYP_ADVSTOP), 1);
    assert_int_equal(party_count(t.client, XTYP_XACT_COMPLETE), 1);
    assert_true(DdeDisconnect(t.conv));
    party_register(t.client, "name");
    test_pump_all();
    assert_int_equal(t.server->n, 3); /* CONNECT, ADVSTART, ADVSTOP */
    assert_int_equal(t.client->n, 1);
}

/* ---- Nesting (1.6) ------------------------------------------------------------------------------------- */

struct nesting {
    HCONV inner_conv;
    unsigned seen_inside;
    bool inside;
};

static bool pump_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    struct nesting *n = p->arg;

    (void)result;
    if (c->type == XTYP_POKE && n->inside)
        n->seen_inside++;
    if (c->type == XTYP_EXECUTE || c->type == XTYP_ADVREQ) {
        n->inside = true;
        test_pump_all();
        n->inside = false;
    }
    return false;
}

static void transactions_of_a_conversation_do_not_nest(void **state)
{
    struct talk t = talk_with(0, 0);
    struct nesting nesting = {0};

    (void)state;
    t.server->hook = pump_inside;
    t.server->arg = &nesting;
    assert_non_null(transact(&t, XTYP_EXECUTE, TIMEOUT_ASYNC, NULL));
    assert_non_null(transact(&t, XTYP_POKE, TIMEOUT_ASYNC, NULL));
    assert_non_null(transact(&t, XTYP_POKE, TIMEOUT_ASYNC, NULL));
    test_pump_all();
    assert_int_equal(nesting.seen_inside, 0);
    assert_int_equal(party_count(t.server, XTYP_POKE), 2);
    assert_int_equal(party_count(t.client, XTYP_XACT_COMPLETE), 3);
}

static void transactions_do_not_nest_in_an_advreq_of_their_conversation(void **state)
{
    struct talk t = talk_with(0, 0);
    struct nesting nesting = {0};

    (void)state;
    assert_non_null(transact(&t, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    t.server->hook = pump_inside;
    t.server->arg = &nesting;
    assert_non_null(transact(&t, XTYP_POKE, TIMEOUT_ASYNC, NULL));
    assert_true(party_post(t.server, TOPIC, ITEM));
    assert_int_equal(party_count(t.server, XTYP_POKE), 0);
    test_pump_all();
    assert_int_equal(nesting.seen_inside, 0);
    assert_int_equal(party_count(t.server, XTYP_POKE), 1);
}

static void transactions_of_other_conversations_may_nest(void **state)
{
    struct talk t = talk_with(0, 0), other = t;
    struct nesting nesting = {0};

    (void)state;
    other.conv = party_connect(t.client, SERVICE, TOPIC);
    t.server->hook = pump_inside;
    t.server->arg = &nesting;
    assert_non_null(transact(&t, XTYP_EXECUTE, TIMEOUT_ASYNC, NULL));
    assert_non_null(transact(&other, XTYP_POKE, TIMEOUT_ASYNC, NULL));
    test_pump_all();
    assert_int_equal(nesting.seen_inside, 1);
}

static bool end_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    const struct talk *t = p->arg;

    (void)result;
    if (c->type == XTYP_EXECUTE) {
        DdeDisconnect(t->conv);
        test_pump_all();
        p->woken = (int)party_count(p, XTYP_DISCONNECT);
    }
    return false;
}

static void the_end_of_a_conversation_is_told_inside_a_callback_that_pumps(void **state)
{
    struct talk t = talk_with(0, 0);

    (void)state;
    t.server->hook = end_inside;
    t.server->arg = &t;
    assert_non_null(transact(&t, XTYP_EXECUTE, TIMEOUT_ASYNC, NULL));
    test_pump_all();
    assert_int_equal(t.server->woken, 1);
    assert_int_equal(party_count(t.server, XTYP_DISCONNECT), 1);
}

/* ---- What a callback may do --------------------------------------------------------------------------- */

static bool use_everything(struct party *p, const struct call *c, HDDEDATA *result)
{
    CONVINFO info = {.cb = sizeof info};
    char text[32];
    HSZ hsz;

    (void)result;
    if (c->type == XTYP_REGISTER || c->type == XTYP_UNREGISTER)
        return false;
    hsz = party_text(p, "made inside");
    p->woken += DdeQueryStringA(p->id, hsz, text, sizeof text, CP_WINANSI) == 11;
    p->woken += DdeFreeStringHandle(p->id, hsz);
    p->woken += DdeFreeDataHandle(party_data(p, "made inside", 0, 0, 0));
    p->woken += DdeNameService(p->id, hsz = party_text(p, "inside"), 0, DNS_REGISTER) != 0;
    p->woken += DdeNameService(p->id, hsz, 0, DNS_UNREGISTER) != 0;
    p->woken += !c->conv || DdeQueryConvInfo(c->conv, QID_SYNC, &info) == sizeof info;
    p->woken += !c->conv || DdeSetUserHandle(c->conv, QID_SYNC, 7);
    p->woken += !c->conv || DdeEnableCallback(p->id, c->conv, EC_QUERYWAITING) == FALSE;
    return false;
}

static void every_callback_may_use_the_library(void **state)
{
    enum { USES = 8 };
    struct talk t = talk_with(0, 0);

    (void)state;
    party_forget(t.server);
    t.server->hook = t.client->hook = use_everything;
    for (int i = 0; i < TYPES; i++)
        assert_non_null(transact(&t, all_types[i], TIMEOUT_ASYNC, NULL));
    assert_non_null(transact(&t, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    assert_true(party_post(t.server, TOPIC, ITEM));
    test_pump_all();
    assert_true(DdeDisconnect(t.conv));
    test_pump_all();
    for (int i = 0; i < 2; i++) {
        struct party *p = i ? t.client : t.server;
        unsigned news = party_count(p, XTYP_REGISTER) + party_count(p, XTYP_UNREGISTER);

        assert_int_equal(p->woken, USES * (p->n - news));
    }
    assert_int_equal(party_count(t.server, XTYP_DISCONNECT), 1);
}

static void each_instance_hears_with_its_own_callback(void **state)
{
    struct talk t = talk_with(0, 0);
    struct party *idle = party_open(0);

    (void)state;
    assert_non_null(transact(&t, XTYP_POKE, TEST_PATIENCE_MS, NULL));
    assert_int_equal(party_count(t.server, XTYP_POKE), 1);
    assert_int_equal(party_count(t.client, XTYP_POKE), 0);
    assert_int_equal(idle->n, 0);
}

static struct test_event *own_thread_seen;

static bool check_thread(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_REQUEST && DdeKeepStringHandle(p->id, c->hsz2)) /* only the owner's thread can */
        test_event_set(own_thread_seen);
    return false;
}

static void serve(struct party *p)
{
    p->hook = check_thread;
    party_register(p, SERVICE);
}

static void callbacks_run_on_the_thread_of_their_instance(void **state) /* 1.1 */
{
    struct talk t = {.client = party_open(0)};
    struct remote r;

    (void)state;
    own_thread_seen = test_event_new();
    remote_start(&r, 0, serve);
    t.conv = party_connect(t.client, SERVICE, TOPIC);
    assert_non_null(transact(&t, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    assert_true(test_event_wait(own_thread_seen, 0));
    remote_stop(&r);
    test_event_free(own_thread_seen);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("5", failing_requests_refuses_them_alone),
        rule("5", failing_pokes_refuses_them_alone),
        rule("5", failing_executes_refuses_them_alone),
        rule("5", failing_advises_refuses_starts_and_stops_alone),
        rule("5", loops_made_before_a_filter_stay_and_cannot_be_stopped_behind_it),
        rule("5", failing_all_transactions_refuses_conversations_too),
        rule("5", a_filter_takes_hold_of_running_conversations),
        rule("5", a_clients_filters_do_not_hinder_its_own_transactions),
        rule("4.1", a_client_only_instance_is_a_client_like_any_other),
        rule("5", skipping_disconnects_hides_them),
        rule("5", skipping_all_notifications_leaves_advstop_and_completions),
        rule("1.6", transactions_of_a_conversation_do_not_nest),
        rule("1.6", transactions_do_not_nest_in_an_advreq_of_their_conversation),
        rule("1.6", transactions_of_other_conversations_may_nest),
        rule("1.6", the_end_of_a_conversation_is_told_inside_a_callback_that_pumps),
        rule("1.6", every_callback_may_use_the_library),
        rule("1.1", each_instance_hears_with_its_own_callback),
        rule("1.1", callbacks_run_on_the_thread_of_their_instance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
