/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Opening conversations: DdeConnect, XTYP_CONNECT, XTYP_WILDCONNECT, XTYP_CONNECT_CONFIRM
 * (docs/conformance.md, 4.3, 5, 5.1). Their end is in teardown.c. */

#include "support/party.h"

static HCONV try_connect(struct party *client, const char *service, const char *topic)
{
    return DdeConnect(client->id, party_text(client, service), party_text(client, topic), NULL);
}

static void expect_refused(struct party *client, const char *service, const char *topic)
{
    assert_null(try_connect(client, service, topic));
    assert_error(client, DMLERR_NO_CONV_ESTABLISHED);
}

/* ---- Both names given ---------------------------------------------------------------------------------- */

static void the_server_is_asked_and_told_inside_the_call(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);

    (void)state;
    party_connect(client, SERVICE, TOPIC);
    assert_int_equal(server->n, 2);
    assert_int_equal(server->calls[0].type, XTYP_CONNECT);
    assert_int_equal(server->calls[1].type, XTYP_CONNECT_CONFIRM);
    assert_int_equal(client->n, 0);
}

static void connect_has_topic_service_and_context(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    const struct call *c;

    (void)state;
    party_connect(client, SERVICE, TOPIC);
    c = party_last(server, XTYP_CONNECT);
    assert_string_equal(c->text1, TOPIC);
    assert_string_equal(c->text2, SERVICE);
    assert_int_equal(c->fmt, 0);
    assert_null(c->conv);
    assert_null(c->data);
    assert_true(c->data1 != 0);
    assert_int_equal(c->data2, 0);
}

static void connect_confirm_has_the_servers_handle_topic_and_service(void **state) /* C15 */
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV conv = party_connect(client, SERVICE, TOPIC);
    const struct call *c = party_last(server, XTYP_CONNECT_CONFIRM);

    (void)state;
    assert_non_null(c->conv);
    assert_ptr_not_equal(c->conv, conv);
    assert_string_equal(c->text1, TOPIC);
    assert_string_equal(c->text2, SERVICE);
    assert_int_equal(c->fmt, 0);
    assert_null(c->data);
    assert_int_equal(c->data1, 0);
    assert_int_equal(c->data2, 0);
}

static void names_match_regardless_of_case(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);

    (void)state;
    party_connect(client, "QUOTES", TOPIC);
    assert_int_equal(party_count(server, XTYP_CONNECT), 1);
}

static bool refuse_connect(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = 0;
    return c->type == XTYP_CONNECT;
}

static void a_server_that_refuses_gets_no_conversation(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);

    (void)state;
    server->hook = refuse_connect;
    expect_refused(client, SERVICE, TOPIC);
    assert_int_equal(party_count(server, XTYP_CONNECT_CONFIRM), 0);
}

static bool block_connect(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = CBR_BLOCK;
    return c->type == XTYP_CONNECT || c->type == XTYP_WILDCONNECT;
}

static void a_block_of_connect_counts_as_a_refusal(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);

    (void)state;
    server->hook = block_connect;
    expect_refused(client, SERVICE, TOPIC);
    test_pump_all();
    assert_int_equal(server->n, 1);
    expect_refused(client, NULL, NULL);
    assert_int_equal(server->n, 2);
}

static void nobody_there_means_no_conversation(void **state)
{
    struct party *client = party_open(0);

    (void)state;
    expect_refused(client, SERVICE, TOPIC);
    expect_refused(client, NULL, NULL);
}

static void a_name_that_is_not_registered_is_not_asked_for(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);

    (void)state;
    expect_refused(client, "other", TOPIC);
    assert_int_equal(server->n, 0);
}

static void a_bad_name_is_an_invalid_parameter(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HSZ service = party_text(client, SERVICE), topic = party_text(client, TOPIC);

    (void)state;
    assert_null(DdeConnect(client->id, (HSZ)(uintptr_t)0x7777, topic, NULL));
    assert_error(client, DMLERR_INVALIDPARAMETER);
    assert_null(DdeConnect(client->id, service, (HSZ)(uintptr_t)0x7777, NULL));
    assert_error(client, DMLERR_INVALIDPARAMETER);
    assert_null(DdeConnect(client->id, party_text(server, SERVICE), topic, NULL));
    assert_error(client, DMLERR_INVALIDPARAMETER);
    assert_int_equal(server->n, 0);
}

static void an_unknown_instance_is_an_invalid_parameter(void **state)
{
    struct party *client = party_open(0);

    (void)state;
    assert_null(DdeConnect(client->id ^ 0x10000, 0, 0, NULL));
    assert_error(client, DMLERR_INVALIDPARAMETER);
}

/* ---- Many ---------------------------------------------------------------------------------------------- */

enum { MANY = 50 };

static bool echo_conv(struct party *p, const struct call *c, HDDEDATA *result)
{
    if (c->type != XTYP_REQUEST)
        return false;
    *result = DdeCreateDataHandle(p->id, (LPBYTE)(uintptr_t)&c->conv, sizeof c->conv, 0, c->hsz2, c->fmt, 0);
    return true;
}

static void two_programs_can_hold_many_conversations_on_one_topic(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV conv[MANY], other;

    (void)state;
    server->hook = echo_conv;
    for (int i = 0; i < MANY; i++)
        conv[i] = party_connect(client, SERVICE, TOPIC);
    for (int i = MANY - 1; i >= 0; i--) {
        HDDEDATA data = party_transact(client, conv[i], XTYP_REQUEST, TEST_PATIENCE_MS, NULL);

        assert_int_equal(DdeGetData(data, (LPBYTE)&other, sizeof other, 0), sizeof other);
        assert_ptr_equal(other, party_call(server, XTYP_CONNECT_CONFIRM, (unsigned)i)->conv);
        assert_true(DdeFreeDataHandle(data));
    }
}

static void the_end_of_one_conversation_leaves_the_others_on_its_topic(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV first = party_connect(client, SERVICE, TOPIC), second = party_connect(client, SERVICE, TOPIC);
    HCONV ended;

    (void)state;
    ended = party_call(server, XTYP_CONNECT_CONFIRM, 0)->conv;
    assert_true(DdeDisconnect(first));
    test_pump_all();
    assert_int_equal(party_count(server, XTYP_DISCONNECT), 1);
    assert_ptr_equal(party_last(server, XTYP_DISCONNECT)->conv, ended);
    assert_non_null(party_transact(client, second, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
}

static void of_several_servers_one_is_kept_and_the_others_are_told(void **state)
{
    struct party *servers[3] = {party_serve(0), party_serve(0), party_serve(0)}, *client = party_open(0);
    unsigned kept = 0;
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(party_count(servers[i], XTYP_CONNECT_CONFIRM), 1);
        assert_int_equal(party_count(servers[i], XTYP_DISCONNECT), 0);
    }
    test_pump_all();
    for (int i = 0; i < 3; i++) {
        if (!party_count(servers[i], XTYP_DISCONNECT)) {
            kept++;
            continue;
        }
        assert_int_equal(party_count(servers[i], XTYP_DISCONNECT), 1);
        assert_ptr_equal(party_last(servers[i], XTYP_DISCONNECT)->conv,
                         party_last(servers[i], XTYP_CONNECT_CONFIRM)->conv);
    }
    assert_int_equal(kept, 1);
    assert_non_null(party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    assert_int_equal(party_count(client, XTYP_DISCONNECT), 0);
}

static void an_instance_specific_name_reaches_that_instance_alone(void **state)
{
    struct party *servers[3] = {0}, *client = party_open(0);

    (void)state;
    for (int i = 0; i < 3; i++)
        servers[i] = party_serve(0);
    party_connect(client, party_call(client, XTYP_REGISTER, 1)->text2, TOPIC);
    assert_int_equal(party_count(servers[0], XTYP_CONNECT), 0);
    assert_int_equal(party_count(servers[1], XTYP_CONNECT), 1);
    assert_int_equal(party_count(servers[2], XTYP_CONNECT), 0);
}

/* What a server knows are base names: it is asked for the one that the client's name stands for. */
static void an_instance_specific_name_is_shown_to_the_server_as_its_base_name(void **state)
{
    struct party *client = party_open(0), *server = party_open(0);

    (void)state;
    party_register(server, SERVICE);
    party_connect(client, party_last(client, XTYP_REGISTER)->text2, TOPIC);
    assert_string_equal(party_last(server, XTYP_CONNECT)->text2, SERVICE);
    assert_string_equal(party_last(server, XTYP_CONNECT_CONFIRM)->text2, SERVICE);
}

static void an_instance_specific_name_dies_with_its_instance(void **state)
{
    struct party *client = party_open(0), *server = party_serve(0), *other = party_serve(0);
    const char *specific = party_call(client, XTYP_REGISTER, 0)->text2;

    (void)state;
    party_close(server);
    expect_refused(client, specific, TOPIC);
    assert_int_equal(party_count(other, XTYP_CONNECT), 0);
}

/* ---- The context --------------------------------------------------------------------------------------- */

static void expect_default_context(const struct call *c, int code_page)
{
    CONVCONTEXT expected;

    memset(&expected, 0, sizeof expected); /* C18 */
    expected.cb = sizeof expected;
    expected.iCodePage = code_page;
    assert_memory_equal(&c->context, &expected, sizeof expected);
}

static void the_default_context_has_the_code_page_of_the_clients_kind(void **state)
{
    struct party *server = party_serve(0);

    (void)state;
    party_connect(party_open(0), SERVICE, TOPIC);
    expect_default_context(party_call(server, XTYP_CONNECT, 0), CP_WINANSI);
    party_connect(party_open_wide(0), SERVICE, TOPIC);
    expect_default_context(party_call(server, XTYP_CONNECT, 1), CP_WINUNICODE);
}

static void the_clients_context_is_copied_for_the_server(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    CONVCONTEXT context, before;

    (void)state;
    memset(&context, 0, sizeof context);
    context.cb = sizeof context;
    context.wCountryID = 49;
    context.iCodePage = CP_WINUNICODE;
    context.dwLangID = 0x407;
    context.dwSecurity = 0xCAFE;
    before = context;
    assert_non_null(DdeConnect(client->id, party_text(client, SERVICE), party_text(client, TOPIC), &context));
    assert_memory_equal(&context, &before, sizeof context);
    assert_memory_equal(&party_last(server, XTYP_CONNECT)->context, &before, sizeof context);
    assert_true(party_last(server, XTYP_CONNECT)->data1 != (ULONG_PTR)&context);
}

static void a_context_of_another_size_is_an_invalid_parameter(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    CONVCONTEXT context = {.cb = sizeof context - 4};

    (void)state;
    assert_null(DdeConnect(client->id, party_text(client, SERVICE), party_text(client, TOPIC), &context));
    assert_error(client, DMLERR_INVALIDPARAMETER);
    assert_int_equal(server->n, 0);
}

/* ---- To oneself (6.7) ---------------------------------------------------------------------------------- */

static void an_instance_can_connect_to_itself_and_is_told_so(void **state)
{
    struct party *p = party_serve(0);
    HCONV conv = party_connect(p, SERVICE, TOPIC);

    (void)state;
    assert_int_equal(party_last(p, XTYP_CONNECT)->data2, 1);
    assert_int_equal(party_last(p, XTYP_CONNECT_CONFIRM)->data2, 1);
    assert_ptr_not_equal(p->server, conv);
    assert_true(DdeDisconnect(conv));
    test_pump_all();
    assert_int_equal(party_count(p, XTYP_DISCONNECT), 1);
    assert_int_equal(party_last(p, XTYP_DISCONNECT)->data2, 1);
    assert_ptr_equal(party_last(p, XTYP_DISCONNECT)->conv, p->server);
}

static void connecting_to_oneself_can_be_filtered(void **state)
{
    struct party *p = party_serve(CBF_FAIL_SELFCONNECTIONS), *client = party_open(0);

    (void)state;
    expect_refused(p, SERVICE, TOPIC);
    expect_refused(p, NULL, NULL);
    assert_int_equal(p->n, 0);
    party_connect(client, SERVICE, TOPIC);
}

/* ---- Filters of the server ---------------------------------------------------------------------------- */

static void failing_connections_refuses_unasked(void **state)
{
    struct party *server = party_serve(CBF_FAIL_CONNECTIONS), *client = party_open(0);

    (void)state;
    expect_refused(client, SERVICE, TOPIC);
    expect_refused(client, NULL, NULL);
    assert_int_equal(server->n, 0);
}

static void skipping_confirms_hides_them_only(void **state)
{
    struct party *server = party_serve(CBF_SKIP_CONNECT_CONFIRMS), *client = party_open(0);
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    assert_int_equal(party_count(server, XTYP_CONNECT_CONFIRM), 0);
    assert_non_null(party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
}

/* ---- Wildcards ----------------------------------------------------------------------------------------- */

struct offer {
    const char *service, *topic;
};

/* What a server answers to XTYP_WILDCONNECT: an array of so many bytes in all. */
struct offers {
    struct offer pairs[4];
    DWORD size;
    UINT flags;
    HDDEDATA made;
};

static bool answer_with_offers(struct party *p, const struct call *c, HDDEDATA *result)
{
    struct offers *offers = p->arg;
    HSZPAIR pairs[5] = {{0}};

    if (c->type != XTYP_WILDCONNECT)
        return false;
    for (int i = 0; i < 4; i++) {
        pairs[i].hszSvc = party_text(p, offers->pairs[i].service);
        pairs[i].hszTopic = party_text(p, offers->pairs[i].topic);
    }
    offers->made = DdeCreateDataHandle(p->id, (LPBYTE)pairs, offers->size ? offers->size : sizeof pairs, 0, 0,
                                       0, offers->flags);
    *result = offers->made;
    return true;
}

static struct party *offering(struct offers *offers)
{
    struct party *server = party_serve(0);

    server->hook = answer_with_offers;
    server->arg = offers;
    return server;
}

static void expect_wild_call(const struct call *c, const char *topic, const char *service)
{
    assert_string_equal(c->text1, topic);
    assert_string_equal(c->text2, service);
    assert_int_equal(c->fmt, 0);
    assert_null(c->conv);
    assert_null(c->data);
    assert_true(c->data1 != 0);
    assert_int_equal(c->data2, 0);
    expect_default_context(c, CP_WINANSI);
}

static void a_wild_name_is_shown_as_no_handle(void **state)
{
    struct offers offers = {.pairs = {{SERVICE, TOPIC}}};
    struct party *server = offering(&offers), *client = party_open(0);

    (void)state;
    party_connect(client, NULL, TOPIC);
    expect_wild_call(party_call(server, XTYP_WILDCONNECT, 0), TOPIC, "");
    party_connect(client, SERVICE, NULL);
    expect_wild_call(party_call(server, XTYP_WILDCONNECT, 1), "", SERVICE);
    party_connect(client, NULL, NULL);
    expect_wild_call(party_call(server, XTYP_WILDCONNECT, 2), "", "");
    assert_int_equal(party_count(server, XTYP_CONNECT), 0);
}

static void a_wild_connection_is_confirmed_with_the_offered_names(void **state)
{
    struct offers offers = {.pairs = {{SERVICE, "offered"}}};
    struct party *server = offering(&offers), *client = party_open(0);
    HCONV conv = party_connect(client, NULL, NULL);
    CONVINFO info = {.cb = sizeof info};
    char text[32];

    (void)state;
    assert_int_equal(party_count(server, XTYP_CONNECT_CONFIRM), 1);
    assert_string_equal(party_last(server, XTYP_CONNECT_CONFIRM)->text1, "offered");
    assert_string_equal(party_last(server, XTYP_CONNECT_CONFIRM)->text2, SERVICE);
    assert_int_equal(DdeQueryConvInfo(conv, QID_SYNC, &info), sizeof info);
    DdeQueryStringA(client->id, info.hszTopic, text, sizeof text, CP_WINANSI);
    assert_string_equal(text, "offered");
    DdeQueryStringA(client->id, info.hszSvcPartner, text, sizeof text, CP_WINANSI);
    assert_string_equal(text, SERVICE);
    assert_null(info.hszServiceReq);
}

static void of_several_offered_pairs_one_conversation_stays(void **state)
{
    struct offers offers = {.pairs = {{SERVICE, "one"}, {SERVICE, "two"}, {SERVICE, "three"}}};
    struct party *server = offering(&offers), *client = party_open(0);

    (void)state;
    party_connect(client, NULL, NULL);
    test_pump_all();
    assert_int_equal(party_count(server, XTYP_CONNECT_CONFIRM), 3);
    assert_int_equal(party_count(server, XTYP_DISCONNECT), 2);
}

static void an_offer_of_nothing_is_a_refusal(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0); /* answers WILDCONNECT with NULL */

    (void)state;
    expect_refused(client, NULL, NULL);
    assert_int_equal(party_count(server, XTYP_WILDCONNECT), 1);
    assert_int_equal(party_count(server, XTYP_CONNECT_CONFIRM), 0);
}

static void expect_confirmed(const struct offers *given, const char *service, const char *topic,
                             unsigned count)
{
    struct offers offers = *given;
    struct party *server = offering(&offers), *client = party_open(0);

    try_connect(client, service, topic);
    assert_int_equal(party_count(server, XTYP_CONNECT_CONFIRM), count);
    party_close(client);
    party_close(server);
}

static void offered_pairs_that_were_not_asked_for_are_skipped(void **state)
{
    struct offers offers = {.pairs = {{SERVICE, "other"}, {"other", TOPIC}, {SERVICE, TOPIC}}};

    (void)state;
    expect_confirmed(&offers, NULL, TOPIC, 2);
    expect_confirmed(&offers, SERVICE, NULL, 2);
    expect_confirmed(&offers, NULL, NULL, 3);
}

static void offered_pairs_end_with_the_first_that_lacks_a_name(void **state)
{
    (void)state;
    expect_confirmed(&(struct offers){.pairs = {{NULL, NULL}, {SERVICE, TOPIC}}}, NULL, NULL, 0);
    expect_confirmed(&(struct offers){.pairs = {{SERVICE, TOPIC}, {NULL, "x"}, {SERVICE, "y"}}}, NULL, NULL,
                     1);
    expect_confirmed(&(struct offers){.pairs = {{SERVICE, TOPIC}, {"x", NULL}, {SERVICE, "y"}}}, NULL, NULL,
                     1);
}

static void offered_pairs_without_a_terminator_end_with_the_last_whole_one(void **state) /* C14 */
{
    struct offers offers = {.pairs = {{SERVICE, "one"}, {SERVICE, "two"}, {SERVICE, "three"}}};

    (void)state;
    offers.size = 2 * sizeof(HSZPAIR);
    expect_confirmed(&offers, NULL, NULL, 2);
    offers.size = 2 * sizeof(HSZPAIR) - 1;
    expect_confirmed(&offers, NULL, NULL, 1);
    offers.size = sizeof(HSZPAIR) / 2;
    expect_confirmed(&offers, NULL, NULL, 0);
}

static bool answer_nonsense(struct party *p, const struct call *c, HDDEDATA *result)
{
    HSZPAIR pairs[2] = {{(HSZ)(uintptr_t)0x7777, (HSZ)(uintptr_t)0x8888}, {0}};

    if (c->type != XTYP_WILDCONNECT)
        return false;
    *result = p->arg ? (HDDEDATA)(uintptr_t)0x7777
                     : DdeCreateDataHandle(p->id, (LPBYTE)pairs, sizeof pairs, 0, 0, 0, 0);
    return true;
}

static void an_offer_that_makes_no_sense_is_a_refusal(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);

    (void)state;
    server->hook = answer_nonsense;
    expect_refused(client, NULL, NULL);
    server->arg = server;
    expect_refused(client, NULL, NULL);
    assert_int_equal(party_count(server, XTYP_WILDCONNECT), 2);
}

static void an_offered_array_is_freed_by_the_library(void **state)
{
    struct offers offers = {.pairs = {{SERVICE, TOPIC}}};
    struct party *client = party_open(0);

    (void)state;
    offering(&offers);
    party_connect(client, NULL, NULL);
    assert_false(DdeFreeDataHandle(offers.made));
}

static void an_app_owned_array_stays_the_applications(void **state)
{
    struct offers offers = {.pairs = {{SERVICE, TOPIC}}, .flags = HDATA_APPOWNED};
    struct party *client = party_open(0);

    (void)state;
    offering(&offers);
    party_connect(client, NULL, NULL);
    assert_true(DdeFreeDataHandle(offers.made));
}

static void wildcards_are_not_asked_of_an_instance_without_a_name(void **state)
{
    struct party *server = party_open(0), *client = party_open(0);

    (void)state;
    expect_refused(client, NULL, NULL);
    expect_refused(client, NULL, TOPIC);
    assert_int_equal(server->n, 0);
}

static void wildcards_for_an_unregistered_service_are_not_asked(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);

    (void)state;
    expect_refused(client, "other", NULL);
    assert_int_equal(server->n, 0);
}

static void wildcards_are_asked_without_the_name_filter(void **state)
{
    struct party *server = party_open(0), *client = party_open(0);

    (void)state;
    assert_non_null(DdeNameService(server->id, 0, 0, DNS_FILTEROFF));
    expect_refused(client, "other", NULL);
    assert_int_equal(party_count(server, XTYP_WILDCONNECT), 1);
}

static void a_wild_connection_to_oneself_is_told_so(void **state)
{
    struct offers offers = {.pairs = {{SERVICE, TOPIC}}};
    struct party *server = offering(&offers);

    (void)state;
    party_connect(server, NULL, NULL);
    assert_int_equal(party_last(server, XTYP_WILDCONNECT)->data2, 1);
    assert_int_equal(party_last(server, XTYP_CONNECT_CONFIRM)->data2, 1);
}

/* ---- Inside callbacks ---------------------------------------------------------------------------------- */

static UINT connect_inside;
static HCONV inner;

static bool connect_to_inner(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == connect_inside && !strcmp(c->type == XTYP_CONNECT ? c->text2 : SERVICE, SERVICE))
        inner = DdeConnect(p->id, party_text(p, "inner"), party_text(p, TOPIC), NULL);
    return false;
}

static void a_callback_may_connect(void **state)
{
    static const UINT types[] = {XTYP_CONNECT, XTYP_CONNECT_CONFIRM, XTYP_REQUEST, XTYP_POKE};
    struct party *server = party_serve(0), *other = party_open(0), *client = party_open(0);

    (void)state;
    party_register(other, "inner");
    server->hook = connect_to_inner;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        HCONV conv;

        inner = 0;
        connect_inside = types[i];
        conv = party_connect(client, SERVICE, TOPIC);
        assert_non_null(party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
        assert_non_null(party_send(client, conv, XTYP_POKE, "x", TEST_PATIENCE_MS, NULL));
        assert_non_null(inner);
    }
    assert_int_equal(party_count(other, XTYP_CONNECT_CONFIRM), 4);
}

static bool hang_up_at_once(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_CONNECT_CONFIRM)
        DdeDisconnect(c->conv);
    return false;
}

static void a_server_may_end_the_conversation_when_it_is_confirmed(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV conv;

    (void)state;
    server->hook = hang_up_at_once;
    conv = try_connect(client, SERVICE, TOPIC);
    test_pump_all();
    assert_int_equal(party_count(client, XTYP_DISCONNECT), conv ? 1 : 0);
    assert_int_equal(party_count(server, XTYP_DISCONNECT), 0);
    assert_false(DdeDisconnect(conv));
}

/* ---- Threads ------------------------------------------------------------------------------------------- */

static struct test_event *ended;

static bool hear_the_end(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    (void)result;
    if (c->type == XTYP_DISCONNECT)
        test_event_set(ended);
    return false;
}

static void serve(struct party *p)
{
    p->hook = hear_the_end;
    party_register(p, SERVICE);
}

static void a_server_on_another_thread_is_asked_and_told_before_the_call_returns(void **state)
{
    struct party *client = party_open(0);
    struct remote r;

    (void)state;
    ended = test_event_new();
    remote_start(&r, 0, serve);
    assert_true(DdeDisconnect(party_connect(client, SERVICE, TOPIC)));
    expect_refused(client, "other", TOPIC);
    assert_true(test_event_pump(ended, TEST_PATIENCE_MS)); /* which nobody waits for inside a call */
    remote_stop(&r);
    test_event_free(ended);
    assert_int_equal(party_count(r.party, XTYP_CONNECT), 1);
    assert_int_equal(party_count(r.party, XTYP_CONNECT_CONFIRM), 1);
    assert_int_equal(party_count(r.party, XTYP_DISCONNECT), 1);
    assert_int_equal(party_last(r.party, XTYP_CONNECT)->data2, 0);
    expect_default_context(party_last(r.party, XTYP_CONNECT), CP_WINANSI);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("4.3", the_server_is_asked_and_told_inside_the_call),
        rule("5", connect_has_topic_service_and_context),
        rule("5", connect_confirm_has_the_servers_handle_topic_and_service),
        rule("1.4", names_match_regardless_of_case),
        rule("5.1", a_server_that_refuses_gets_no_conversation),
        rule("5", a_block_of_connect_counts_as_a_refusal),
        rule("4.3", nobody_there_means_no_conversation),
        rule("5.1", a_name_that_is_not_registered_is_not_asked_for),
        rule("4.3", a_bad_name_is_an_invalid_parameter),
        rule("1.5", an_unknown_instance_is_an_invalid_parameter),
        rule("4.3", two_programs_can_hold_many_conversations_on_one_topic),
        rule("4.3", the_end_of_one_conversation_leaves_the_others_on_its_topic),
        rule("4.3", of_several_servers_one_is_kept_and_the_others_are_told),
        rule("1.4", an_instance_specific_name_reaches_that_instance_alone),
        rule("1.4", an_instance_specific_name_is_shown_to_the_server_as_its_base_name),
        rule("1.4", an_instance_specific_name_dies_with_its_instance),
        rule("4.3", the_default_context_has_the_code_page_of_the_clients_kind),
        rule("4.3", the_clients_context_is_copied_for_the_server),
        rule("4.3", a_context_of_another_size_is_an_invalid_parameter),
        rule("6.7", an_instance_can_connect_to_itself_and_is_told_so),
        rule("5", connecting_to_oneself_can_be_filtered),
        rule("5", failing_connections_refuses_unasked),
        rule("5", skipping_confirms_hides_them_only),
        rule("5", a_wild_name_is_shown_as_no_handle),
        rule("5.1", a_wild_connection_is_confirmed_with_the_offered_names),
        rule("5.1", of_several_offered_pairs_one_conversation_stays),
        rule("5.1", an_offer_of_nothing_is_a_refusal),
        rule("5.1", offered_pairs_that_were_not_asked_for_are_skipped),
        rule("5.1", offered_pairs_end_with_the_first_that_lacks_a_name),
        rule("5.1", offered_pairs_without_a_terminator_end_with_the_last_whole_one),
        rule("5.1", an_offer_that_makes_no_sense_is_a_refusal),
        rule("5.1", an_offered_array_is_freed_by_the_library),
        rule("5.1", an_app_owned_array_stays_the_applications),
        rule("5.1", wildcards_are_not_asked_of_an_instance_without_a_name),
        rule("5.1", wildcards_for_an_unregistered_service_are_not_asked),
        rule("5.1", wildcards_are_asked_without_the_name_filter),
        rule("6.7", a_wild_connection_to_oneself_is_told_so),
        rule("4.3", a_callback_may_connect),
        rule("5.1", a_server_may_end_the_conversation_when_it_is_confirmed),
        rule("4.3", a_server_on_another_thread_is_asked_and_told_before_the_call_returns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
