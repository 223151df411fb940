/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* DdeReconnect (docs/conformance.md, 4.3). */

#include "support/party.h"

/* What the client's hook does in XTYP_DISCONNECT, and what came of it. */
static struct {
    bool wanted;
    HCONV old, fresh;
    UINT error;
} again;

static bool reconnect(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type != XTYP_DISCONNECT || !again.wanted)
        return false;
    again.wanted = false;
    again.old = c->conv;
    again.fresh = DdeReconnect(c->conv);
    again.error = DdeGetLastError(p->id);
    return false;
}

static struct party *reconnecting_client(void)
{
    struct party *client = party_open(0);

    memset(&again, 0, sizeof again);
    again.wanted = true;
    client->hook = reconnect;
    return client;
}

static void server_ends_it(struct party *server)
{
    assert_true(DdeDisconnect(server->server));
    test_pump_all();
}

static void start(struct party *client, HCONV conv, const char *item, UINT flags)
{
    assert_non_null(DdeClientTransaction(NULL, 0, conv, party_text(client, item), CF_TEXT,
                                         XTYP_ADVSTART | flags, TEST_PATIENCE_MS, NULL));
}

/* ---- The conversation --------------------------------------------------------------------------------- */

static void a_conversation_that_its_server_ended_can_be_opened_again(void **state)
{
    struct party *server = party_serve(0), *client = reconnecting_client();
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    server_ends_it(server);
    assert_true(again.old == conv);
    assert_true(again.fresh && again.fresh != conv);
    assert_int_equal(again.error, DMLERR_NO_ERROR);
    assert_int_equal(party_count(server, XTYP_CONNECT), 2);
    assert_int_equal(party_count(server, XTYP_CONNECT_CONFIRM), 2);
    assert_true(DdeFreeDataHandle(party_transact(client, again.fresh, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
    assert_int_equal(party_count(client, XTYP_DISCONNECT), 1);
}

static void the_old_handle_dies_with_the_callback(void **state)
{
    struct party *server = party_serve(0), *client = reconnecting_client();
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    server_ends_it(server);
    assert_null(DdeReconnect(conv));
    assert_error(client, DMLERR_INVALIDPARAMETER);
    assert_false(DdeDisconnect(conv));
    assert_error(client, DMLERR_NO_CONV_ESTABLISHED);
    assert_true(DdeDisconnect(again.fresh));
}

static void names_and_context_are_those_of_the_first_time(void **state)
{
    struct party *server = party_serve(0), *client = reconnecting_client();
    CONVCONTEXT context = {.cb = sizeof context, .dwSecurity = 99};

    (void)state;
    assert_non_null(DdeConnect(client->id, party_text(client, SERVICE), party_text(client, TOPIC), &context));
    server_ends_it(server);
    assert_string_equal(party_call(server, XTYP_CONNECT, 1)->text1, TOPIC);
    assert_string_equal(party_call(server, XTYP_CONNECT, 1)->text2, SERVICE);
    assert_int_equal(party_call(server, XTYP_CONNECT, 1)->context.dwSecurity, 99);
}

static bool offer(struct party *p, const struct call *c, HDDEDATA *result)
{
    HSZPAIR pairs[2] = {{0, 0}};

    if (c->type != XTYP_WILDCONNECT)
        return false;
    pairs[0] = (HSZPAIR){party_text(p, SERVICE), party_text(p, TOPIC)};
    *result = DdeCreateDataHandle(p->id, (LPBYTE)pairs, sizeof pairs, 0, 0, 0, 0);
    return true;
}

static void a_wild_conversation_is_opened_again_with_what_it_was_about(void **state)
{
    struct party *server = party_serve(0), *client = reconnecting_client();

    (void)state;
    server->hook = offer;
    assert_non_null(DdeConnect(client->id, 0, 0, NULL));
    server_ends_it(server);
    assert_non_null(again.fresh);
    assert_string_equal(party_last(server, XTYP_CONNECT)->text1, TOPIC);
    assert_string_equal(party_last(server, XTYP_CONNECT)->text2, SERVICE);
}

static void user_handle_and_list_pass_to_the_new_conversation(void **state)
{
    struct party *server = party_serve(0), *client = reconnecting_client();
    HCONVLIST list =
        DdeConnectList(client->id, party_text(client, SERVICE), party_text(client, TOPIC), 0, NULL);

    (void)state;
    assert_true(DdeSetUserHandle(DdeQueryNextServer(list, 0), QID_SYNC, 4711));
    server_ends_it(server);
    assert_true(DdeQueryNextServer(list, 0) == again.fresh);
    assert_null(DdeQueryNextServer(list, again.fresh));
    assert_int_equal(info_of(again.fresh).hUser, 4711);
    assert_true(info_of(again.fresh).hConvList == list);
    assert_int_equal(info_of(again.fresh).wStatus & (ST_CONNECTED | ST_INLIST), ST_CONNECTED | ST_INLIST);
}

static void a_server_that_has_gone_cannot_be_reconnected_to(void **state)
{
    struct party *server = party_serve(0), *client = reconnecting_client();

    (void)state;
    party_connect(client, SERVICE, TOPIC);
    party_close(server);
    test_pump_all();
    assert_int_equal(party_count(client, XTYP_DISCONNECT), 1);
    assert_null(again.fresh);
    assert_int_equal(again.error, DMLERR_NO_CONV_ESTABLISHED);
}

static void another_server_of_the_name_may_take_over(void **state)
{
    struct party *server = party_serve(0), *second = party_serve(0), *client = reconnecting_client();

    (void)state;
    party_connect(client, SERVICE, TOPIC);
    test_pump_all();
    party_close(party_count(server, XTYP_DISCONNECT) ? second : server);
    test_pump_all();
    assert_non_null(again.fresh);
    assert_true(DdeFreeDataHandle(party_transact(client, again.fresh, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
}

static void an_open_conversation_is_not_to_be_reconnected(void **state)
{
    struct party *client = party_open(0);
    HCONV conv;

    (void)state;
    party_serve(0);
    conv = party_connect(client, SERVICE, TOPIC);
    assert_null(DdeReconnect(conv));
    assert_error(client, DMLERR_INVALIDPARAMETER);
    assert_true(DdeFreeDataHandle(party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
}

static void a_server_has_nothing_to_reconnect(void **state)
{
    struct party *client = party_open(0), *server = party_serve(0);
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    memset(&again, 0, sizeof again);
    again.wanted = true;
    server->hook = reconnect;
    DdeDisconnect(conv);
    test_pump_all();
    assert_false(again.wanted);
    assert_null(again.fresh);
    assert_int_equal(again.error, DMLERR_INVALIDPARAMETER);
}

/* ---- Its loops ---------------------------------------------------------------------------------------- */

static void every_loop_is_asked_for_again_with_its_format_and_flags(void **state)
{
    struct party *server = party_serve(0), *client = reconnecting_client();
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    start(client, conv, "hot", 0);
    start(client, conv, "warm", XTYPF_NODATA);
    start(client, conv, "acked", XTYPF_ACKREQ);
    party_forget(server);
    server_ends_it(server);
    assert_int_equal(party_count(server, XTYP_ADVSTART), 3);
    assert_string_equal(party_call(server, XTYP_ADVSTART, 0)->text2, "hot");
    assert_string_equal(party_call(server, XTYP_ADVSTART, 1)->text2, "warm");
    assert_string_equal(party_call(server, XTYP_ADVSTART, 2)->text2, "acked");
    assert_int_equal(party_call(server, XTYP_ADVSTART, 0)->fmt, CF_TEXT);
    assert_true(party_call(server, XTYP_CONNECT_CONFIRM, 0)->order <
                party_call(server, XTYP_ADVSTART, 0)->order);
    assert_int_equal(party_count(client, XTYP_XACT_COMPLETE), 0);
    assert_int_equal(info_of(again.fresh).wStatus & ST_ADVISE, ST_ADVISE);
}

static void updates_come_on_the_new_conversation(void **state)
{
    struct party *server = party_serve(0), *client = reconnecting_client();
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    start(client, conv, "hot", 0);
    start(client, conv, "warm", XTYPF_NODATA);
    server_ends_it(server);
    assert_true(party_post(server, TOPIC, NULL));
    test_pump_all();
    assert_int_equal(party_count(client, XTYP_ADVDATA), 2);
    assert_true(party_call(client, XTYP_ADVDATA, 0)->conv == again.fresh);
    assert_int_equal(party_call(client, XTYP_ADVDATA, 0)->size, sizeof "value");
    assert_null(party_call(client, XTYP_ADVDATA, 1)->data);
}

static void a_loop_that_was_stopped_is_not_asked_for(void **state)
{
    struct party *server = party_serve(0), *client = reconnecting_client();
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    start(client, conv, "stopped", 0);
    start(client, conv, "kept", 0);
    assert_non_null(DdeClientTransaction(NULL, 0, conv, party_text(client, "stopped"), CF_TEXT, XTYP_ADVSTOP,
                                         TEST_PATIENCE_MS, NULL));
    party_forget(server);
    server_ends_it(server);
    assert_int_equal(party_count(server, XTYP_ADVSTART), 1);
    assert_string_equal(party_call(server, XTYP_ADVSTART, 0)->text2, "kept");
}

static bool refuse_one(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = 0;
    return c->type == XTYP_ADVSTART && !strcmp(c->text2, "one");
}

static void a_loop_that_is_refused_is_gone_without_a_word(void **state)
{
    struct party *server = party_serve(0), *client = reconnecting_client();
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    start(client, conv, "one", 0);
    start(client, conv, "two", 0);
    server->hook = refuse_one;
    server_ends_it(server);
    assert_error(client, DMLERR_NO_ERROR);
    party_post(server, TOPIC, NULL);
    test_pump_all();
    assert_int_equal(party_count(client, XTYP_ADVDATA), 1);
    assert_string_equal(party_last(client, XTYP_ADVDATA)->text2, "two");
    assert_int_equal(party_count(client, XTYP_XACT_COMPLETE), 0);
}

/* ---- Callbacks in the middle -------------------------------------------------------------------------- */

static bool end_the_client(struct party *p, const struct call *c, HDDEDATA *result)
{
    struct party *client = p->arg;

    (void)result;
    if (c->type == XTYP_CONNECT && client->id)
        party_close(client);
    return false;
}

static void the_client_may_be_ended_while_it_reconnects(void **state)
{
    struct party *server = party_serve(0), *client = reconnecting_client();
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    start(client, conv, "item", 0);
    server->hook = end_the_client;
    server->arg = client;
    server_ends_it(server);
    assert_null(again.fresh);
    assert_int_equal(party_count(server, XTYP_ADVSTART), 1);
}

static bool hang_up_in_advstart(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_ADVSTART)
        DdeDisconnect(c->conv);
    return false;
}

static bool keep_reconnecting(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_DISCONNECT)
        again.fresh = DdeReconnect(c->conv);
    return false;
}

/* Else a server that cannot bear the loop and a client that insists would keep each other busy for ever. */
static void a_loop_that_was_not_granted_is_not_asked_for_the_next_time(void **state)
{
    struct party *server = party_serve(0), *client = reconnecting_client();
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    start(client, conv, "item", 0);
    client->hook = keep_reconnecting;
    server->hook = hang_up_in_advstart;
    party_forget(server);
    server_ends_it(server);
    assert_int_equal(party_count(server, XTYP_CONNECT), 2);
    assert_int_equal(party_count(server, XTYP_ADVSTART), 1);
    assert_non_null(again.fresh);
    assert_true(DdeFreeDataHandle(party_transact(client, again.fresh, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
}

/* ---- The server on another thread --------------------------------------------------------------------- */

static void register_it(struct party *p)
{
    party_register(p, SERVICE);
}

static bool hang_up_on_execute(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_EXECUTE)
        DdeDisconnect(c->conv);
    return false;
}

static void hang_up_when_told(struct party *p)
{
    register_it(p);
    p->hook = hang_up_on_execute;
}

static void a_server_that_died_instead_of_answering_can_be_reconnected_to(void **state)
{
    struct remote r;
    struct party *client = reconnecting_client();
    HCONV conv;

    (void)state;
    remote_start(&r, 0, hang_up_when_told);
    conv = party_connect(client, SERVICE, TOPIC);
    start(client, conv, "item", 0);
    assert_null(party_send(client, conv, XTYP_EXECUTE, "quit", TEST_PATIENCE_MS, NULL));
    assert_int_equal(again.error, DMLERR_NO_ERROR);
    assert_non_null(again.fresh);
    assert_true(DdeFreeDataHandle(party_transact(client, again.fresh, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
    remote_stop(&r);
    assert_int_equal(party_count(r.party, XTYP_ADVSTART), 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("4.3", a_conversation_that_its_server_ended_can_be_opened_again),
        rule("4.3", the_old_handle_dies_with_the_callback),
        rule("4.3", names_and_context_are_those_of_the_first_time),
        rule("4.3", a_wild_conversation_is_opened_again_with_what_it_was_about),
        rule("4.3", user_handle_and_list_pass_to_the_new_conversation),
        rule("4.3", a_server_that_has_gone_cannot_be_reconnected_to),
        rule("4.3", another_server_of_the_name_may_take_over),
        rule("4.3", an_open_conversation_is_not_to_be_reconnected),
        rule("4.3", a_server_has_nothing_to_reconnect),
        rule("4.3", every_loop_is_asked_for_again_with_its_format_and_flags),
        rule("4.3", updates_come_on_the_new_conversation),
        rule("4.3", a_loop_that_was_stopped_is_not_asked_for),
        rule("4.3", a_loop_that_is_refused_is_gone_without_a_word),
        rule("4.3", the_client_may_be_ended_while_it_reconnects),
        rule("4.3", a_loop_that_was_not_granted_is_not_asked_for_the_next_time),
        rule("4.3", a_server_that_died_instead_of_answering_can_be_reconnected_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
