/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "support/talk.h"

#include <stdlib.h>

struct talk talk_begin(void)
{
    struct talk t = {.server = party_serve(0), .client = party_open(0)};

    t.service = party_text(t.client, SERVICE);
    t.topic = party_text(t.client, TOPIC);
    t.item = party_text(t.client, ITEM);
    t.server_topic = party_text(t.server, TOPIC);
    t.server_item = party_text(t.server, ITEM);
    return t;
}

void talk_connect(struct talk *t)
{
    t->conv = DdeConnect(t->client->id, t->service, t->topic, NULL);
    assert_non_null(t->conv);
}

struct talk talk_connected(void)
{
    struct talk t = talk_begin();

    talk_connect(&t);
    party_forget(t.server);
    return t;
}

HDDEDATA talk_do(const struct talk *t, UINT type, DWORD timeout)
{
    static char text[] = "[text]";
    bool executes = type == XTYP_EXECUTE, sends = executes || type == XTYP_POKE;

    return DdeClientTransaction(sends ? (LPBYTE)text : NULL, sends ? sizeof text : 0, t->conv,
                                executes ? 0 : t->item, executes ? 0 : CF_TEXT, type, timeout, NULL);
}

void talk_start(const struct talk *t, UINT flags)
{
    assert_non_null(talk_do(t, XTYP_ADVSTART | flags, TEST_PATIENCE_MS));
}

void talk_stop(const struct talk *t)
{
    assert_non_null(talk_do(t, XTYP_ADVSTOP, TEST_PATIENCE_MS));
}

void talk_post(const struct talk *t)
{
    assert_true(DdePostAdvise(t->server->id, t->server_topic, t->server_item));
}

void talk_cycles(struct talk *t, unsigned times, void (*cycle)(struct talk *t, unsigned i))
{
    DDEMLLEDGER before = {0};

    for (unsigned i = 0; i < times; i++) {
        party_forget(t->server);
        party_forget(t->client);
        cycle(t, i);
        test_pump_all();
        if (i == 0)
            before = ledger_now();
        else
            ledger_is(&before);
    }
}

DDEMLLEDGER ledger_now(void)
{
    DDEMLLEDGER now = {.cb = sizeof now};

    assert_true(DdemlGetLedger(0, &now));
    return now;
}

void ledger_is(const DDEMLLEDGER *before)
{
    DDEMLLEDGER now = ledger_now();

    if (!memcmp(before, &now, sizeof now))
        return;
#define CHECK(name)                                                                                          \
    if (now.name != before->name)                                                                            \
        print_error("%d instead of %d %s\n", (int)now.name, (int)before->name, #name);
    DDEML_LEDGER_COLUMNS(CHECK)
#undef CHECK
    fail_msg("the ledger has changed");
}

bool count_up(struct party *p, const struct call *c, HDDEDATA *result)
{
    char text[16];

    if (c->type != XTYP_ADVREQ)
        return false;
    snprintf(text, sizeof text, "%u", party_count(p, XTYP_ADVREQ));
    *result = party_data(p, text, c->hsz2, c->fmt, 0);
    return true;
}

int number_of(const struct call *c)
{
    return atoi((const char *)c->bytes);
}
