/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What every callback has in common: arguments that are not used, results that do not matter; and an instance
 * that is ending. */

#include "support/party.h"

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

static HDDEDATA transact(const struct talk *t, UINT type, DWORD timeout)
{
    if (type == XTYP_POKE || type == XTYP_EXECUTE)
        return party_send(t->client, t->conv, type, "data", timeout, NULL);
    return party_transact(t->client, t->conv, type, timeout, NULL);
}

/* Everything that can be raised without a monitor, at least once. */
static void raise_everything(struct talk *t)
{
    HCONV wild;

    party_register(t->server, "second");
    assert_non_null(DdeNameService(t->server->id, party_text(t->server, "second"), 0, DNS_UNREGISTER));
    assert_non_null(transact(t, XTYP_POKE, TEST_PATIENCE_MS));
    assert_non_null(transact(t, XTYP_EXECUTE, TEST_PATIENCE_MS));
    assert_non_null(transact(t, XTYP_ADVSTART, TEST_PATIENCE_MS));
    assert_non_null(transact(t, XTYP_REQUEST, TIMEOUT_ASYNC));
    assert_true(party_post(t->server, TOPIC, ITEM));
    test_pump_all();
    assert_non_null(transact(t, XTYP_ADVSTOP, TEST_PATIENCE_MS));
    wild = DdeConnect(t->client->id, 0, 0, NULL);
    if (wild)
        assert_true(DdeDisconnect(wild));
    assert_true(DdeDisconnect(t->conv));
    test_pump_all();
}

/* ---- Arguments ----------------------------------------------------------------------------------------- */

enum { FMT = 1, CONV = 2, HSZ1 = 4, HSZ2 = 8, DATA = 16, DATA1 = 32, DATA2 = 64 };

static const struct {
    UINT type;
    unsigned may_use;
} arguments[] = {
    {XTYP_CONNECT, HSZ1 | HSZ2 | DATA1 | DATA2},
    {XTYP_WILDCONNECT, HSZ1 | HSZ2 | DATA1 | DATA2},
    {XTYP_CONNECT_CONFIRM, CONV | HSZ1 | HSZ2 | DATA2},
    {XTYP_DISCONNECT, CONV | DATA2},
    {XTYP_REQUEST, FMT | CONV | HSZ1 | HSZ2},
    {XTYP_POKE, FMT | CONV | HSZ1 | HSZ2 | DATA},
    {XTYP_EXECUTE, CONV | HSZ1 | DATA},
    {XTYP_ADVSTART, FMT | CONV | HSZ1 | HSZ2},
    {XTYP_ADVSTOP, FMT | CONV | HSZ1 | HSZ2},
    {XTYP_ADVREQ, FMT | CONV | HSZ1 | HSZ2 | DATA1},
    {XTYP_ADVDATA, FMT | CONV | HSZ1 | HSZ2 | DATA},
    {XTYP_XACT_COMPLETE, FMT | CONV | HSZ1 | HSZ2 | DATA | DATA1 | DATA2},
    {XTYP_REGISTER, HSZ1 | HSZ2},
    {XTYP_UNREGISTER, HSZ1 | HSZ2},
};
enum { KINDS = sizeof arguments / sizeof *arguments };

static unsigned used(const struct call *c)
{
    return (c->fmt ? FMT : 0) | (c->conv ? CONV : 0) | (c->hsz1 ? HSZ1 : 0) | (c->hsz2 ? HSZ2 : 0) |
           (c->data ? DATA : 0) | (c->data1 ? DATA1 : 0) | (c->data2 ? DATA2 : 0);
}

static unsigned misused(const struct party *p, UINT type, unsigned may_use, unsigned *seen)
{
    unsigned all = 0;

    for (unsigned i = 0; i < p->n; i++) {
        if (p->calls[i].type != type)
            continue;
        ++*seen;
        all |= used(&p->calls[i]) & ~may_use;
    }
    return all;
}

static void what_a_transaction_does_not_use_is_0(void **state)
{
    struct talk t = talk();

    (void)state;
    raise_everything(&t);
    for (int i = 0; i < KINDS; i++) {
        unsigned seen = 0;

        assert_int_equal(misused(t.server, arguments[i].type, arguments[i].may_use, &seen), 0);
        assert_int_equal(misused(t.client, arguments[i].type, arguments[i].may_use, &seen), 0);
        assert_int_not_equal(seen, 0);
    }
}

/* ---- Results ------------------------------------------------------------------------------------------- */

/* What every callback that only tells something returns; its server goes on as if nothing had been said. */
static uintptr_t told;

static bool is_told(UINT type)
{
    return type == XTYP_CONNECT_CONFIRM || type == XTYP_DISCONNECT || type == XTYP_REGISTER ||
           type == XTYP_UNREGISTER;
}

static bool answer_what_is_told(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = (HDDEDATA)told;
    return is_told(c->type);
}

static void a_block_of_what_is_told_is_ignored(void **state)
{
    struct talk t = {party_open(0), party_open(0), 0};

    (void)state;
    told = (uintptr_t)CBR_BLOCK;
    t.server->hook = t.client->hook = answer_what_is_told;
    party_register(t.server, SERVICE);
    t.conv = party_connect(t.client, SERVICE, TOPIC);
    raise_everything(&t);
    assert_int_equal(party_count(t.server, XTYP_CONNECT_CONFIRM), 1); /* each came once */
    assert_int_equal(party_count(t.server, XTYP_DISCONNECT), 1);
    assert_int_equal(party_count(t.client, XTYP_REGISTER), 2);
    assert_int_equal(party_count(t.client, XTYP_UNREGISTER), 1);
}

static bool answer_with_anything(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = (HDDEDATA)told;
    return is_told(c->type) || c->type == XTYP_ADVSTOP || c->type == XTYP_XACT_COMPLETE;
}

static void results_of_notifications_do_not_matter(void **state)
{
    static const uintptr_t results[] = {1, DDE_FACK, 0x12345, 0xFFFF};

    (void)state;
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        struct talk t = {party_open(0), party_open(0), 0};

        told = results[i];
        t.server->hook = t.client->hook = answer_with_anything;
        party_register(t.server, SERVICE);
        t.conv = party_connect(t.client, SERVICE, TOPIC);
        raise_everything(&t);
        assert_error(t.server, DMLERR_NO_ERROR);
        party_close(t.client);
        party_close(t.server);
    }
}

static bool block_wildconnect(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = CBR_BLOCK;
    return c->type == XTYP_WILDCONNECT;
}

static void a_block_of_wildconnect_counts_as_a_refusal(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = block_wildconnect;
    assert_null(DdeConnect(t.client->id, 0, 0, NULL));
    assert_error(t.client, DMLERR_NO_CONV_ESTABLISHED);
    assert_int_equal(party_count(t.server, XTYP_WILDCONNECT), 1);
    assert_non_null(transact(&t, XTYP_REQUEST, TEST_PATIENCE_MS)); /* nothing is blocked */
}

/* ---- An instance that is ending ------------------------------------------------------------------------ */

static struct {
    struct talk *talk; /* of the instance that ends, as client */
    struct party *other;
    HDDEDATA answer;
    HCONV to_it, from_it;
    UINT error;
    bool tried;
} ending;

static bool try_something_new(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type != XTYP_POKE || ending.tried)
        return false;
    ending.tried = true;
    ending.answer = party_transact(p, ending.talk->conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
    ending.error = DdeGetLastError(p->id);
    ending.from_it = DdeConnect(p->id, party_text(p, "Other"), party_text(p, TOPIC), NULL);
    ending.to_it = DdeConnect(ending.other->id, party_text(ending.other, SERVICE),
                              party_text(ending.other, TOPIC), NULL);
    return false;
}

static void an_instance_that_is_ending_begins_nothing(void **state)
{
    struct party *other = party_open(0), *p = party_serve(0);
    struct talk to = {other, p, 0}, from = {p, other, 0};

    (void)state;
    party_register(other, "Other");
    to.conv = party_connect(p, "Other", TOPIC);
    from.conv = party_connect(other, SERVICE, TOPIC);
    memset(&ending, 0, sizeof ending);
    ending.talk = &to;
    ending.other = other;
    p->hook = try_something_new;
    assert_non_null(transact(&from, XTYP_POKE, TIMEOUT_ASYNC)); /* is delivered by DdeUninitialize */
    party_close(p);
    assert_true(ending.tried);
    assert_null(ending.answer);
    assert_int_equal(ending.error, DMLERR_REENTRANCY);
    assert_null(ending.from_it);
    assert_null(ending.to_it);
}

/* ---- Data that has been passed ------------------------------------------------------------------------- */

static void app_owned_data_cannot_be_changed_once_it_was_sent(void **state)
{
    struct talk t = talk();
    HSZ item = party_text(t.client, ITEM);
    HDDEDATA data = party_data(t.client, "abc", item, CF_TEXT, HDATA_APPOWNED);
    char text[4];

    (void)state;
    assert_non_null(DdeAddData(data, (LPBYTE)(uintptr_t) "x", 1, 0));
    assert_non_null(DdeClientTransaction((LPBYTE)data, 0xFFFFFFFF, t.conv, item, CF_TEXT, XTYP_POKE,
                                         TEST_PATIENCE_MS, NULL));
    assert_null(DdeAddData(data, (LPBYTE)(uintptr_t) "y", 1, 0));
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
    assert_int_equal(DdeGetData(data, (LPBYTE)text, sizeof text, 0), sizeof text);
    assert_string_equal(text, "xbc");
    assert_true(DdeFreeDataHandle(data));
}

static void data_made_in_another_format_is_an_invalid_parameter(void **state)
{
    struct talk t = talk();
    HSZ item = party_text(t.client, ITEM);
    HDDEDATA data = party_data(t.client, "abc", item, CF_TEXT + 1, 0);

    (void)state;
    assert_null(DdeClientTransaction((LPBYTE)data, 0xFFFFFFFF, t.conv, item, CF_TEXT, XTYP_POKE,
                                     TEST_PATIENCE_MS, NULL));
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
    assert_int_equal(DdeGetData(data, NULL, 0, 0), 4); /* still the caller's */
    assert_int_equal(party_count(t.server, XTYP_POKE), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("5", what_a_transaction_does_not_use_is_0),
        rule("5", a_block_of_what_is_told_is_ignored),
        rule("5", results_of_notifications_do_not_matter),
        rule("5", a_block_of_wildconnect_counts_as_a_refusal),
        rule("4.1", an_instance_that_is_ending_begins_nothing),
        rule("4.6", app_owned_data_cannot_be_changed_once_it_was_sent),
        rule("4.4", data_made_in_another_format_is_an_invalid_parameter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
