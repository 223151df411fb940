/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Conversation lists (docs/conformance.md, 4.3). */

#include "support/party.h"

enum { MANY = 5 };

static HCONVLIST connect_list(struct party *p, const char *service, const char *topic, HCONVLIST old)
{
    return DdeConnectList(p->id, party_text(p, service), party_text(p, topic), old, NULL);
}

static unsigned length(HCONVLIST list)
{
    unsigned n = 0;

    for (HCONV c = 0; (c = DdeQueryNextServer(list, c)) != 0;)
        n++;
    return n;
}

static struct party *servers[MANY];

static void serve_many(void)
{
    for (int i = 0; i < MANY; i++)
        servers[i] = party_serve(0);
}

/* ---- Making -------------------------------------------------------------------------------------------- */

static void a_list_has_one_conversation_with_each_server(void **state)
{
    struct party *client;
    HCONVLIST list;

    (void)state;
    serve_many();
    client = party_open(0);
    list = connect_list(client, SERVICE, TOPIC, 0);
    assert_non_null(list);
    assert_int_equal(length(list), MANY);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(party_count(servers[i], XTYP_CONNECT), 1);
        assert_int_equal(party_count(servers[i], XTYP_CONNECT_CONFIRM), 1);
    }
    test_pump_all();
    for (int i = 0; i < MANY; i++)
        assert_int_equal(party_count(servers[i], XTYP_DISCONNECT), 0);
}

static void every_member_can_be_used(void **state)
{
    struct party *client;
    HCONVLIST list;

    (void)state;
    serve_many();
    client = party_open(0);
    list = connect_list(client, SERVICE, TOPIC, 0);
    for (HCONV c = 0; (c = DdeQueryNextServer(list, c)) != 0;) {
        assert_true(DdeFreeDataHandle(party_transact(client, c, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
        assert_non_null(party_transact(client, c, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    }
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(party_count(servers[i], XTYP_REQUEST), 1);
        party_post(servers[i], TOPIC, ITEM);
    }
    test_pump_all();
    assert_int_equal(party_count(client, XTYP_ADVDATA), MANY);
}

static void each_member_has_a_window_of_its_own_and_both_sides_know_each_other(void **state)
{
    struct party *client;
    HCONVLIST list;
    HWND seen[MANY];
    int n = 0;

    (void)state;
    serve_many();
    client = party_open(0);
    list = connect_list(client, SERVICE, TOPIC, 0);
    for (HCONV c = 0; (c = DdeQueryNextServer(list, c)) != 0;) {
        CONVINFO mine = info_of(c), theirs;
        int i = 0;

        while (i < MANY && info_of(servers[i]->server).hwnd != mine.hwndPartner)
            i++;
        assert_true(i < MANY);
        theirs = info_of(servers[i]->server);
        assert_true(test_apart || mine.hConvPartner == servers[i]->server);
        assert_true(test_apart || theirs.hConvPartner == c);
        assert_true(theirs.hwndPartner == mine.hwnd && theirs.hwnd == mine.hwndPartner);
        assert_int_equal(mine.wStatus & (ST_CONNECTED | ST_ISLOCAL | ST_CLIENT),
                         ST_CONNECTED | ST_ISLOCAL | ST_CLIENT);
        for (int k = 0; k < n; k++)
            assert_true(seen[k] != mine.hwnd);
        seen[n++] = mine.hwnd;
    }
    assert_int_equal(n, MANY);
}

static void members_say_which_list_they_are_in(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONVLIST list = connect_list(client, SERVICE, TOPIC, 0);
    HCONV member = DdeQueryNextServer(list, 0), other = party_connect(client, SERVICE, TOPIC);

    (void)state;
    assert_true(info_of(member).hConvList == list);
    assert_int_equal(info_of(member).wStatus & ST_INLIST, ST_INLIST);
    assert_null(info_of(other).hConvList);
    assert_int_equal(info_of(other).wStatus & ST_INLIST, 0);
    assert_null(info_of(party_call(server, XTYP_CONNECT_CONFIRM, 0)->conv).hConvList);
}

static bool offer_three(struct party *p, const struct call *c, HDDEDATA *result)
{
    static const char *const topics[] = {"one", "two", "three"};
    HSZPAIR pairs[4] = {{0, 0}};

    if (c->type != XTYP_WILDCONNECT)
        return false;
    for (int i = 0; i < 3; i++)
        pairs[i] = (HSZPAIR){party_text(p, SERVICE), party_text(p, topics[i])};
    *result = DdeCreateDataHandle(p->id, (LPBYTE)pairs, sizeof pairs, 0, 0, 0, 0);
    return true;
}

static void a_wild_list_has_a_conversation_for_every_pair_that_is_offered(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    const char *expected[] = {"one", "two", "three"};
    HCONVLIST list;
    char topic[16];
    int n = 0;

    (void)state;
    server->hook = offer_three;
    list = connect_list(client, SERVICE, NULL, 0);
    for (HCONV c = 0; (c = DdeQueryNextServer(list, c)) != 0; n++) {
        DdeQueryStringA(client->id, info_of(c).hszTopic, topic, sizeof topic, CP_WINANSI);
        assert_string_equal(topic, expected[n]);
        assert_true(DdeFreeDataHandle(party_transact(client, c, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
        assert_string_equal(party_last(server, XTYP_REQUEST)->text1, topic);
    }
    assert_int_equal(n, 3);
    assert_int_equal(party_count(server, XTYP_CONNECT_CONFIRM), 3);
}

static bool offer_the_same_twice(struct party *p, const struct call *c, HDDEDATA *result)
{
    HSZPAIR pairs[3] = {{0, 0}};

    if (c->type != XTYP_WILDCONNECT)
        return false;
    pairs[0] = pairs[1] = (HSZPAIR){party_text(p, SERVICE), party_text(p, TOPIC)};
    *result = DdeCreateDataHandle(p->id, (LPBYTE)pairs, sizeof pairs, 0, 0, 0, 0);
    return true;
}

static void a_pair_that_is_offered_twice_is_in_the_list_once(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);

    (void)state;
    server->hook = offer_the_same_twice;
    assert_int_equal(length(connect_list(client, NULL, NULL, 0)), 1);
    test_pump_all();
    assert_int_equal(party_count(server, XTYP_DISCONNECT), party_count(server, XTYP_CONNECT_CONFIRM) - 1);
}

static void both_names_given_ask_with_connect(void **state) /* C5 */
{
    struct party *server = party_serve(0), *client = party_open(0);

    (void)state;
    assert_non_null(connect_list(client, SERVICE, TOPIC, 0));
    assert_int_equal(party_count(server, XTYP_CONNECT), 1);
    assert_int_equal(party_count(server, XTYP_WILDCONNECT), 0);
}

static void nobody_there_means_no_list(void **state)
{
    struct party *client = party_open(0);

    (void)state;
    assert_null(connect_list(client, SERVICE, TOPIC, 0));
    assert_error(client, DMLERR_NO_CONV_ESTABLISHED);
}

static void the_context_is_shown_to_every_server(void **state)
{
    struct party *client;
    CONVCONTEXT context = {.cb = sizeof context, .dwSecurity = 4711, .wCountryID = 49};

    (void)state;
    serve_many();
    client = party_open(0);
    assert_non_null(
        DdeConnectList(client->id, party_text(client, SERVICE), party_text(client, TOPIC), 0, &context));
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(party_call(servers[i], XTYP_CONNECT, 0)->context.dwSecurity, 4711);
        assert_int_equal(info_of(servers[i]->server).ConvCtxt.wCountryID, 49);
    }
}

static void an_instance_specific_name_lists_that_instance_alone(void **state)
{
    struct party *client = party_open(0);
    HCONVLIST list;

    (void)state;
    serve_many();
    list = connect_list(client, party_call(client, XTYP_REGISTER, 3)->text2, TOPIC, 0);
    assert_int_equal(length(list), 1);
    assert_true(info_of(DdeQueryNextServer(list, 0)).hwndPartner == info_of(servers[3]->server).hwnd);
}

static void register_it(struct party *p)
{
    party_register(p, SERVICE);
}

static void members_on_other_threads_can_be_used(void **state)
{
    struct remote r[3];
    struct party *client = party_open(0);
    HCONVLIST list;
    unsigned n = 0;

    (void)state;
    for (int i = 0; i < 3; i++)
        remote_start(&r[i], 0, register_it);
    list = connect_list(client, SERVICE, TOPIC, 0);
    for (HCONV c = 0; (c = DdeQueryNextServer(list, c)) != 0; n++)
        assert_true(DdeFreeDataHandle(party_transact(client, c, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
    assert_int_equal(n, 3);
    assert_true(DdeDisconnectList(list));
    for (int i = 0; i < 3; i++) {
        remote_stop(&r[i]);
        assert_int_equal(party_count(r[i].party, XTYP_REQUEST), 1);
        assert_int_equal(party_count(r[i].party, XTYP_DISCONNECT), 1);
    }
}

/* ---- From an old list ---------------------------------------------------------------------------------- */

static void a_new_list_keeps_the_old_conversations_and_adds_the_new_servers(void **state)
{
    struct party *first = party_serve(0), *client = party_open(0), *second;
    HCONVLIST old = connect_list(client, SERVICE, TOPIC, 0), list;
    HCONV kept = DdeQueryNextServer(old, 0);

    (void)state;
    second = party_serve(0);
    list = connect_list(client, SERVICE, TOPIC, old);
    assert_int_equal(length(list), 2);
    assert_true(info_of(kept).hConvList == list);
    assert_true(info_of(second->server).hConvPartner != 0);
    test_pump_all();
    assert_int_equal(party_count(first, XTYP_DISCONNECT), party_count(first, XTYP_CONNECT_CONFIRM) - 1);
    assert_int_equal(party_count(second, XTYP_DISCONNECT), 0);
    assert_true(DdeFreeDataHandle(party_transact(client, kept, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
}

static void the_old_list_is_invalid_afterwards(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONVLIST old = connect_list(client, SERVICE, TOPIC, 0);

    (void)state;
    assert_non_null(connect_list(client, SERVICE, TOPIC, old));
    assert_null(DdeQueryNextServer(old, 0));
    assert_error(client, DMLERR_INVALIDPARAMETER);
    assert_false(DdeDisconnectList(old));
    assert_error(client, DMLERR_INVALIDPARAMETER);
    assert_int_equal(party_count(server, XTYP_DISCONNECT), 0);
}

static void another_topic_of_the_same_server_is_no_duplicate(void **state)
{
    struct party *client = party_open(0);
    HCONVLIST list;

    (void)state;
    party_serve(0);
    list = connect_list(client, SERVICE, "first", 0);
    list = connect_list(client, SERVICE, "second", list);
    assert_int_equal(length(list), 2);
}

static void conversations_that_have_ended_are_dropped(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONVLIST list = connect_list(client, SERVICE, "first", 0);

    (void)state;
    list = connect_list(client, SERVICE, "second", list);
    DdeDisconnect(party_call(server, XTYP_CONNECT_CONFIRM, 0)->conv);
    test_pump_all();
    assert_int_equal(length(list), 1);
    list = connect_list(client, "nobody", TOPIC, list);
    assert_int_equal(length(list), 1); /* what lives is a list, though nobody new answered */
}

static void a_failure_dissolves_the_old_list_and_leaves_its_conversations_open(void **state)
{
    struct party *client = party_open(0);
    HCONVLIST old;
    HCONV member;
    CONVCONTEXT wrong = {.cb = 1};

    (void)state;
    party_serve(0);
    old = connect_list(client, SERVICE, TOPIC, 0);
    member = DdeQueryNextServer(old, 0);
    assert_null(DdeConnectList(client->id, 0, 0, old, &wrong));
    assert_error(client, DMLERR_INVALIDPARAMETER);
    assert_null(DdeQueryNextServer(old, 0));
    assert_null(info_of(member).hConvList);
    assert_true(DdeFreeDataHandle(party_transact(client, member, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
}

/* What the client's hook makes of its list in XTYP_DISCONNECT. */
static struct {
    HCONVLIST list;
    unsigned length;
    UINT error;
} renewed;

static bool renew_the_list(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type != XTYP_DISCONNECT)
        return false;
    renewed.list = connect_list(p, SERVICE, TOPIC, renewed.list);
    renewed.error = DdeGetLastError(p->id);
    renewed.length = length(renewed.list);
    return false;
}

static void a_conversation_that_is_ending_does_not_stand_for_its_server(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);

    (void)state;
    renewed.list = connect_list(client, SERVICE, TOPIC, 0);
    client->hook = renew_the_list;
    assert_true(DdeDisconnect(server->server));
    test_pump_all();
    assert_non_null(renewed.list);
    assert_int_equal(renewed.length, 1);
    assert_int_equal(length(renewed.list), 1);
}

static void a_conversation_that_is_ending_makes_no_list(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);

    (void)state;
    renewed.list = connect_list(client, SERVICE, TOPIC, 0);
    client->hook = renew_the_list;
    party_close(server);
    test_pump_all();
    assert_int_equal(party_count(client, XTYP_DISCONNECT), 1);
    assert_null(renewed.list);
    assert_int_equal(renewed.error, DMLERR_NO_CONV_ESTABLISHED);
}

/* ---- Walking and ending -------------------------------------------------------------------------------- */

static void a_member_that_ends_leaves_the_list_from_either_side(void **state)
{
    struct party *client;
    HCONVLIST list;
    HCONV first;

    (void)state;
    serve_many();
    client = party_open(0);
    list = connect_list(client, SERVICE, TOPIC, 0);
    first = DdeQueryNextServer(list, 0);
    assert_true(DdeDisconnect(first));
    assert_int_equal(length(list), MANY - 1);
    assert_null(DdeQueryNextServer(list, first));
    assert_error(client, DMLERR_INVALIDPARAMETER);
    for (int i = 0; i < MANY; i++)
        DdeDisconnect(servers[i]->server);
    test_pump_all();
    assert_int_equal(length(list), 0);
    assert_error(client, DMLERR_NO_ERROR);
    assert_true(DdeDisconnectList(list));
}

static bool still_listed;

static bool ask_for_the_list(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_DISCONNECT)
        still_listed = info_of(c->conv).wStatus & ST_INLIST && info_of(c->conv).hConvList;
    return false;
}

static void inside_its_disconnect_a_member_is_still_in_the_list(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);

    (void)state;
    still_listed = false;
    client->hook = ask_for_the_list;
    connect_list(client, SERVICE, TOPIC, 0);
    DdeDisconnect(server->server);
    test_pump_all();
    assert_true(still_listed);
}

static void what_is_no_member_has_no_next(void **state)
{
    struct party *client = party_open(0);
    HCONVLIST list;

    (void)state;
    party_serve(0);
    list = connect_list(client, SERVICE, TOPIC, 0);
    assert_null(DdeQueryNextServer(list, party_connect(client, SERVICE, TOPIC)));
    assert_error(client, DMLERR_INVALIDPARAMETER);
    assert_null(DdeQueryNextServer(0, 0));
    assert_error(client, DMLERR_INVALIDPARAMETER);
}

static void ending_a_list_tells_every_partner_once_and_not_the_caller(void **state)
{
    struct party *client;
    HCONVLIST list;

    (void)state;
    serve_many();
    client = party_open(0);
    list = connect_list(client, SERVICE, TOPIC, 0);
    assert_true(DdeDisconnectList(list));
    test_pump_all();
    for (int i = 0; i < MANY; i++)
        assert_int_equal(party_count(servers[i], XTYP_DISCONNECT), 1);
    assert_int_equal(party_count(client, XTYP_DISCONNECT), 0);
    assert_null(DdeQueryNextServer(list, 0));
    assert_error(client, DMLERR_INVALIDPARAMETER);
}

static bool free_the_list(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_XACT_COMPLETE)
        assert_true(DdeDisconnectList(p->arg));
    return false;
}

/* Its transactions fail one after the other, and then it is told of the end: unless it has freed the list. */
static void who_frees_a_list_hears_no_more_of_a_member_that_is_ending(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV conv;

    (void)state;
    client->arg = connect_list(client, SERVICE, TOPIC, 0);
    client->hook = free_the_list;
    conv = DdeQueryNextServer(client->arg, 0);
    assert_true(DdeDisconnect(server->server));
    for (int i = 0; i < 3; i++)
        assert_non_null(DdeClientTransaction(NULL, 0, conv, party_text(client, ITEM), CF_TEXT, XTYP_REQUEST,
                                             TIMEOUT_ASYNC, NULL));
    test_pump_all();
    assert_int_equal(party_count(client, XTYP_XACT_COMPLETE), 1);
    assert_int_equal(party_count(client, XTYP_DISCONNECT), 0);
}

static void uninitialising_ends_lists(void **state)
{
    struct party *client;

    (void)state;
    serve_many();
    client = party_open(0);
    assert_non_null(connect_list(client, SERVICE, TOPIC, 0));
    assert_non_null(connect_list(client, SERVICE, TOPIC, 0));
    party_close(client);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(party_count(servers[i], XTYP_DISCONNECT), 2);
}

/* ---- Callbacks in the middle -------------------------------------------------------------------------- */

static bool end_the_client(struct party *p, const struct call *c, HDDEDATA *result)
{
    struct party *client = p->arg;

    (void)result;
    if (c->type == XTYP_CONNECT && client->id && party_count(p, XTYP_CONNECT) == 1)
        party_close(client);
    return false;
}

static void the_client_may_be_ended_while_it_is_connecting(void **state)
{
    struct party *client;

    (void)state;
    serve_many();
    client = party_open(0);
    servers[2]->hook = end_the_client;
    servers[2]->arg = client;
    assert_null(connect_list(client, SERVICE, TOPIC, 0));
    test_pump_all();
    for (int i = 0; i < MANY; i++)
        assert_int_equal(party_count(servers[i], XTYP_DISCONNECT),
                         party_count(servers[i], XTYP_CONNECT_CONFIRM));
}

static bool hang_up(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_CONNECT_CONFIRM)
        DdeDisconnect(c->conv);
    return false;
}

static void a_server_that_hangs_up_when_it_is_confirmed_leaves_the_others(void **state)
{
    struct party *client;
    HCONVLIST list;

    (void)state;
    serve_many();
    servers[1]->hook = servers[3]->hook = hang_up;
    client = party_open(0);
    list = connect_list(client, SERVICE, TOPIC, 0);
    assert_non_null(list);
    test_pump_all();
    assert_int_equal(length(list), MANY - 2);
}

static bool end_the_server(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_CONNECT_CONFIRM)
        party_close(p);
    return false;
}

static void a_server_that_ends_when_it_is_confirmed_leaves_the_others(void **state)
{
    struct party *client;
    HCONVLIST list;

    (void)state;
    serve_many();
    servers[0]->hook = servers[3]->hook = end_the_server;
    client = party_open(0);
    list = connect_list(client, SERVICE, TOPIC, 0);
    assert_non_null(list);
    test_pump_all();
    assert_int_equal(length(list), MANY - 2);
}

static bool leave_and_ask(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type != XTYP_DISCONNECT)
        return false;
    party_close(p);
    still_listed = DdeQueryNextServer(renewed.list, 0) || DdeDisconnectList(renewed.list);
    return false;
}

/* Not only when it is finished, which has to wait for the callback. */
static void a_list_dies_with_its_instance_at_once(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);

    (void)state;
    still_listed = true;
    renewed.list = connect_list(client, SERVICE, TOPIC, 0);
    client->hook = leave_and_ask;
    assert_true(DdeDisconnect(server->server));
    test_pump_all();
    assert_false(still_listed);
}

static bool free_the_old_list(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_CONNECT)
        DdeDisconnectList(p->arg);
    return false;
}

static void the_old_list_cannot_be_freed_while_the_new_one_is_made(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONVLIST old = connect_list(client, SERVICE, TOPIC, 0), list;

    (void)state;
    server->hook = free_the_old_list;
    server->arg = old;
    list = connect_list(client, SERVICE, TOPIC, old);
    assert_int_equal(length(list), 1);
}

static void a_monitor_may_not_make_a_list(void **state)
{
    struct party *monitor = party_open(APPCLASS_MONITOR);

    (void)state;
    party_serve(0);
    assert_null(connect_list(monitor, SERVICE, TOPIC, 0));
    assert_error(monitor, DMLERR_DLL_USAGE);
}

static void another_instances_list_is_an_invalid_parameter(void **state)
{
    struct party *client = party_open(0), *other = party_open(0);
    HCONVLIST list;

    (void)state;
    party_serve(0);
    list = connect_list(client, SERVICE, TOPIC, 0);
    assert_null(connect_list(other, SERVICE, TOPIC, list));
    assert_error(other, DMLERR_INVALIDPARAMETER);
    assert_int_equal(length(list), 1); /* it is as it was */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("4.3", a_list_has_one_conversation_with_each_server),
        rule("4.3", every_member_can_be_used),
        rule("1.2", each_member_has_a_window_of_its_own_and_both_sides_know_each_other),
        rule("6.1", members_say_which_list_they_are_in),
        rule("4.3", a_wild_list_has_a_conversation_for_every_pair_that_is_offered),
        rule("4.3", a_pair_that_is_offered_twice_is_in_the_list_once),
        rule("5", both_names_given_ask_with_connect),
        rule("4.3", nobody_there_means_no_list),
        rule("4.3", the_context_is_shown_to_every_server),
        rule("4.3", an_instance_specific_name_lists_that_instance_alone),
        rule("4.3", members_on_other_threads_can_be_used),
        rule("4.3", a_new_list_keeps_the_old_conversations_and_adds_the_new_servers),
        rule("4.3", the_old_list_is_invalid_afterwards),
        rule("4.3", another_topic_of_the_same_server_is_no_duplicate),
        rule("4.3", conversations_that_have_ended_are_dropped),
        rule("4.3", a_conversation_that_is_ending_does_not_stand_for_its_server),
        rule("4.3", a_conversation_that_is_ending_makes_no_list),
        rule("4.3", a_failure_dissolves_the_old_list_and_leaves_its_conversations_open),
        rule("4.3", a_member_that_ends_leaves_the_list_from_either_side),
        rule("6.1", inside_its_disconnect_a_member_is_still_in_the_list),
        rule("4.3", what_is_no_member_has_no_next),
        rule("4.3", ending_a_list_tells_every_partner_once_and_not_the_caller),
        rule("4.3", who_frees_a_list_hears_no_more_of_a_member_that_is_ending),
        rule("4.3", uninitialising_ends_lists),
        rule("4.3", the_client_may_be_ended_while_it_is_connecting),
        rule("4.3", a_server_that_hangs_up_when_it_is_confirmed_leaves_the_others),
        rule("4.3", a_server_that_ends_when_it_is_confirmed_leaves_the_others),
        rule("4.3", the_old_list_cannot_be_freed_while_the_new_one_is_made),
        rule("1.6", a_list_dies_with_its_instance_at_once),
        rule("4.3", a_monitor_may_not_make_a_list),
        rule("4.3", another_instances_list_is_an_invalid_parameter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
