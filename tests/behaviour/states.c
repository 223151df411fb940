/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What CONVINFO says about a conversation while something goes on: wStatus and wConvst. */

#include "support/party.h"

/* Set on an established client side; it has no ST_ name. */
enum { ESTABLISHED_CLIENT = 0x8000 };

struct talk {
    struct party *server, *client;
    HCONV conv;
};

static struct talk talk(void)
{
    struct talk t = {party_serve(0), party_open(0), 0};

    t.conv = party_connect(t.client, SERVICE, TOPIC);
    return t;
}

static UINT blocking_of(HCONV conv)
{
    return info_of(conv).wStatus & (ST_BLOCKED | ST_BLOCKNEXT);
}

static HDDEDATA transact(const struct talk *t, UINT type, DWORD timeout, DWORD *result)
{
    if (type == XTYP_POKE || type == XTYP_EXECUTE)
        return party_send(t->client, t->conv, type, "data", timeout, result);
    return party_transact(t->client, t->conv, type, timeout, result);
}

/* What a callback of this type saw; conv 0: the conversation of the callback. */
static struct {
    UINT type;
    HCONV conv;
    DWORD id; /* of the transaction that is looked at */
    CONVINFO info;
    bool seen;
} look;

static bool look_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == look.type) {
        look.info = (CONVINFO){.cb = sizeof look.info};
        look.seen = DdeQueryConvInfo(look.conv ? look.conv : c->conv, look.id, &look.info) != 0;
    }
    return false;
}

static void look_at(struct party *p, UINT type, HCONV conv, DWORD id)
{
    look.type = type;
    look.conv = conv;
    look.id = id;
    look.seen = false;
    p->hook = look_inside;
}

/* ---- wStatus ------------------------------------------------------------------------------------------- */

static void a_disabled_conversation_is_blocked_until_it_is_enabled(void **state)
{
    struct talk t = talk();
    HCONV sides[] = {t.conv, t.server->server};
    DWORD ids[] = {t.client->id, t.server->id};

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(blocking_of(sides[i]), 0);
        assert_true(DdeEnableCallback(ids[i], sides[i], EC_DISABLE));
        assert_int_equal(blocking_of(sides[i]), ST_BLOCKED);
        assert_true(DdeEnableCallback(ids[i], sides[i], EC_ENABLEALL));
        assert_int_equal(blocking_of(sides[i]), 0);
    }
}

static void a_conversation_enabled_for_one_is_blocked_after_it_and_not_during_it(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_true(DdeEnableCallback(t.server->id, t.server->server, EC_DISABLE));
    assert_true(DdeEnableCallback(t.server->id, t.server->server, EC_ENABLEONE));
    assert_int_equal(blocking_of(t.server->server) & ST_BLOCKNEXT, ST_BLOCKNEXT);
    look_at(t.server, XTYP_POKE, 0, QID_SYNC);
    assert_non_null(transact(&t, XTYP_POKE, TEST_PATIENCE_MS, NULL));
    assert_true(look.seen);
    assert_int_equal(look.info.wStatus & ST_BLOCKED, 0);
    assert_int_equal(blocking_of(t.server->server), ST_BLOCKED);
}

static void an_update_is_seen_in_an_advising_conversation_on_both_sides(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_int_equal(info_of(t.server->server).wStatus & ST_ADVISE, 0);
    assert_non_null(transact(&t, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    look_at(t.server, XTYP_ADVREQ, 0, QID_SYNC);
    assert_true(party_post(t.server, TOPIC, ITEM));
    assert_true(look.seen);
    assert_int_equal(look.info.wStatus, ST_CONNECTED | ST_ISLOCAL | ST_ADVISE);
    look_at(t.client, XTYP_ADVDATA, 0, QID_SYNC);
    test_pump_all();
    assert_true(look.seen);
    assert_int_equal(look.info.wStatus,
                     ST_CONNECTED | ST_ISLOCAL | ST_ADVISE | ST_CLIENT | ESTABLISHED_CLIENT);
}

static void the_partners_end_is_seen_on_the_servers_side_too(void **state)
{
    struct talk t = talk();

    (void)state;
    look_at(t.server, XTYP_DISCONNECT, 0, QID_SYNC);
    assert_true(DdeDisconnect(t.conv));
    test_pump_all();
    assert_true(look.seen);
    assert_int_equal(look.info.wStatus & (ST_TERMINATED | ST_CONNECTED | ST_CLIENT), ST_TERMINATED);
}

/* ---- wConvst ------------------------------------------------------------------------------------------- */

static bool look_at_the_client(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_CONNECT_CONFIRM) {
        look.info = (CONVINFO){.cb = sizeof look.info};
        look.seen = DdeQueryConvInfo(info_of(c->conv).hConvPartner, QID_SYNC, &look.info) != 0;
    }
    return false;
}

static void a_client_whose_first_answer_is_in_waits_for_the_others(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV conv;

    (void)state;
    skip_if_apart("the state of a partner in another process is not known");
    look.seen = false;
    server->hook = look_at_the_client;
    conv = party_connect(client, SERVICE, TOPIC);
    assert_true(look.seen);
    assert_int_equal(look.info.wConvst, XST_INIT2);
    assert_int_equal(info_of(conv).wConvst, XST_CONNECTED);
}

static const struct {
    UINT type, sent, received;
} states[] = {{XTYP_REQUEST, XST_REQSENT, XST_DATARCVD},
              {XTYP_POKE, XST_POKESENT, XST_POKEACKRCVD},
              {XTYP_EXECUTE, XST_EXECSENT, XST_EXECACKRCVD},
              {XTYP_ADVSTART, XST_ADVSENT, XST_ADVACKRCVD},
              {XTYP_ADVSTOP, XST_UNADVSENT, XST_UNADVACKRCVD}};

static void an_asynchronous_transaction_is_sent_until_its_answer_is_in(void **state)
{
    struct talk t = talk();

    (void)state;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        CONVINFO info = {.cb = sizeof info};
        DWORD id;

        assert_non_null(transact(&t, states[i].type, TIMEOUT_ASYNC, &id));
        assert_int_equal(DdeQueryConvInfo(t.conv, id, &info), sizeof info);
        assert_int_equal(info.wConvst, states[i].sent);
        look_at(t.client, XTYP_XACT_COMPLETE, 0, id);
        test_pump_all();
        assert_true(look.seen);
        assert_int_equal(look.info.wConvst, states[i].received);
        assert_int_equal(info_of(t.conv).wConvst, XST_CONNECTED);
    }
}

static void a_refused_transaction_is_incomplete_and_the_next_one_begins_anew(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->value = NULL;
    for (int i = 0; i < 2; i++) {
        DWORD id;
        CONVINFO info = {.cb = sizeof info};

        assert_null(transact(&t, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
        assert_int_equal(info_of(t.conv).wConvst, XST_INCOMPLETE);
        assert_non_null(transact(&t, XTYP_POKE, TIMEOUT_ASYNC, &id));
        assert_int_equal(DdeQueryConvInfo(t.conv, id, &info), sizeof info);
        assert_int_equal(info.wConvst, XST_POKESENT);
        test_pump_all();
        assert_int_equal(info_of(t.conv).wConvst, XST_CONNECTED);
    }
}

static void a_server_shows_an_update_under_way_until_it_is_acknowledged(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_non_null(transact(&t, XTYP_ADVSTART | XTYPF_ACKREQ, TEST_PATIENCE_MS, NULL));
    assert_int_equal(info_of(t.server->server).wConvst, XST_CONNECTED);
    assert_true(party_post(t.server, TOPIC, ITEM));
    assert_int_equal(info_of(t.server->server).wConvst, XST_ADVDATASENT);
    assert_true(party_post(t.server, TOPIC, ITEM)); /* served when the acknowledgement is in */
    look_at(t.server, XTYP_ADVREQ, 0, QID_SYNC);
    test_pump_all();
    assert_true(look.seen);
    assert_int_equal(look.info.wConvst, XST_ADVDATAACKRCVD);
    assert_int_equal(info_of(t.server->server).wConvst, XST_CONNECTED);
}

static void an_update_that_needs_no_acknowledgement_is_not_waited_for(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_non_null(transact(&t, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    assert_true(party_post(t.server, TOPIC, ITEM));
    assert_int_equal(info_of(t.server->server).wConvst, XST_CONNECTED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("6.1", a_disabled_conversation_is_blocked_until_it_is_enabled),
        rule("6.1", a_conversation_enabled_for_one_is_blocked_after_it_and_not_during_it),
        rule("6.1", an_update_is_seen_in_an_advising_conversation_on_both_sides),
        rule("6.1", the_partners_end_is_seen_on_the_servers_side_too),
        rule("6.2", a_client_whose_first_answer_is_in_waits_for_the_others),
        rule("6.2", an_asynchronous_transaction_is_sent_until_its_answer_is_in),
        rule("6.2", a_refused_transaction_is_incomplete_and_the_next_one_begins_anew),
        rule("6.2", a_server_shows_an_update_under_way_until_it_is_acknowledged),
        rule("6.2", an_update_that_needs_no_acknowledgement_is_not_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
