/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "support/party.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { PARTIES = 16 };

static struct party parties[PARTIES];
static atomic_bool taken[PARTIES];
static atomic_uint calls_made;

/* ---- The callback ------------------------------------------------------------------------------------- */

static void write_down_context(struct call *c)
{
    if ((c->type == XTYP_CONNECT || c->type == XTYP_WILDCONNECT) && c->data1)
        memcpy(&c->context, (const void *)c->data1, sizeof c->context);
}

static struct call *write_down(struct party *p, const struct call *received)
{
    struct call *c;

    if (p->n == p->room) {
        p->room = p->room ? 2 * p->room : 16;
        p->calls = realloc(p->calls, p->room * sizeof *p->calls);
        assert_non_null(p->calls);
    }
    c = &p->calls[p->n++];
    *c = *received;
    c->order = atomic_fetch_add(&calls_made, 1);
    if (c->hsz1)
        DdeQueryStringA(p->id, c->hsz1, c->text1, sizeof c->text1, CP_WINANSI);
    if (c->hsz2)
        DdeQueryStringA(p->id, c->hsz2, c->text2, sizeof c->text2, CP_WINANSI);
    if (c->data && c->data != (HDDEDATA)(uintptr_t)TRUE) {
        c->size = DdeGetData(c->data, NULL, 0, 0);
        DdeGetData(c->data, c->bytes, sizeof c->bytes, 0);
    }
    write_down_context(c);
    return c;
}

static HDDEDATA usual_answer(struct party *p, const struct call *c)
{
    switch (c->type) {
    case XTYP_CONNECT:
    case XTYP_ADVSTART:
        return (HDDEDATA)(uintptr_t)TRUE;
    case XTYP_REQUEST:
    case XTYP_ADVREQ:
        return p->value ? party_data(p, p->value, c->hsz2, c->fmt, 0) : 0;
    case XTYP_POKE:
    case XTYP_EXECUTE:
    case XTYP_ADVDATA:
        return (HDDEDATA)(uintptr_t)DDE_FACK;
    default:
        return 0;
    }
}

static HDDEDATA receive(struct party *p, const struct call *received)
{
    struct call c = *write_down(p, received); /* a copy: the record may grow meanwhile */
    HDDEDATA result = 0;

    if (c.type == XTYP_CONNECT_CONFIRM)
        p->server = c.conv;
    if (p->hook && p->hook(p, &c, &result))
        return result;
    return usual_answer(p, &c);
}

/* A callback does not say which instance it is for, so each party has one of its own. */
#define DOOR(n)                                                                                              \
    static HDDEDATA CALLBACK door_##n(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,    \
                                      ULONG_PTR data1, ULONG_PTR data2)                                      \
    {                                                                                                        \
        return receive(&parties[n], &(struct call){.type = type,                                             \
                                                   .fmt = fmt,                                               \
                                                   .conv = conv,                                             \
                                                   .hsz1 = hsz1,                                             \
                                                   .hsz2 = hsz2,                                             \
                                                   .data = data,                                             \
                                                   .data1 = data1,                                           \
                                                   .data2 = data2});                                         \
    }
DOOR(0)
DOOR(1)
DOOR(2)
DOOR(3)
DOOR(4)
DOOR(5)
DOOR(6)
DOOR(7)
DOOR(8)
DOOR(9)
DOOR(10)
DOOR(11)
DOOR(12)
DOOR(13)
DOOR(14)
DOOR(15)

static const PFNCALLBACK doors[PARTIES] = {door_0,  door_1,  door_2,  door_3, door_4,  door_5,
                                           door_6,  door_7,  door_8,  door_9, door_10, door_11,
                                           door_12, door_13, door_14, door_15};

/* ---- Beginning and end -------------------------------------------------------------------------------- */

static struct party *open(DWORD flags, bool wide)
{
    unsigned i = 0;

#ifndef TEST_SYSTEM_DDEML
    DdemlSetDeadlines(0, 30 * TEST_PATIENCE_MS); /* waiting for nobody is to hang, not to pass slowly */
#endif
    while (i < PARTIES && atomic_exchange(&taken[i], true))
        i++;
    assert_true(i < PARTIES);
    parties[i] = (struct party){.value = "value"};
    assert_int_equal((wide ? DdeInitializeW : DdeInitializeA)(&parties[i].id, doors[i], flags, 0),
                     DMLERR_NO_ERROR);
    assert_int_not_equal(parties[i].id, 0);
    return &parties[i];
}

struct party *party_open(DWORD flags)
{
    return open(flags, false);
}

struct party *party_open_wide(DWORD flags)
{
    return open(flags, true);
}

struct party *party_serve(DWORD flags)
{
    struct party *p = party_open(flags);

    party_register(p, SERVICE);
    party_forget(p);
    return p;
}

void party_close(struct party *p)
{
    DWORD id = p->id;

    assert_true(DdeUninitialize(id));
    p->id = 0;
}

int parties_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PARTIES; i++)
        if (atomic_load(&taken[i]) && parties[i].id)
            DdeUninitialize(parties[i].id);
    for (unsigned i = 0; i < PARTIES; i++) {
        free(parties[i].calls);
        parties[i] = (struct party){0};
        atomic_store(&taken[i], false);
    }
    test_pump_all();
#ifndef TEST_SYSTEM_DDEML
    test_ledger_is_empty();
#endif
    return 0;
}

/* ---- What parties do ---------------------------------------------------------------------------------- */

HSZ party_text(struct party *p, const char *text)
{
    HSZ hsz = text ? DdeCreateStringHandleA(p->id, text, CP_WINANSI) : 0;

    assert_true(hsz || !text);
    return hsz;
}

void party_register(struct party *p, const char *service)
{
    assert_non_null(DdeNameService(p->id, party_text(p, service), 0, DNS_REGISTER));
    test_news();
}

HCONV party_connect(struct party *client, const char *service, const char *topic)
{
    HCONV conv = DdeConnect(client->id, party_text(client, service), party_text(client, topic), NULL);

    assert_non_null(conv);
    return conv;
}

HDDEDATA party_transact(struct party *client, HCONV conv, UINT type, DWORD timeout, DWORD *result)
{
    return DdeClientTransaction(NULL, 0, conv, party_text(client, ITEM), CF_TEXT, type, timeout, result);
}

HDDEDATA party_send(struct party *client, HCONV conv, UINT type, const char *text, DWORD timeout,
                    DWORD *result)
{
    bool execute = type == XTYP_EXECUTE;

    return DdeClientTransaction((LPBYTE)(uintptr_t)text, (DWORD)strlen(text) + 1, conv,
                                execute ? 0 : party_text(client, ITEM), execute ? 0 : CF_TEXT, type, timeout,
                                result);
}

HDDEDATA party_data(struct party *p, const char *text, HSZ item, UINT fmt, UINT flags)
{
    return DdeCreateDataHandle(p->id, (LPBYTE)(uintptr_t)text, (DWORD)strlen(text) + 1, 0, item, fmt, flags);
}

BOOL party_post(struct party *server, const char *topic, const char *item)
{
    return DdePostAdvise(server->id, party_text(server, topic), party_text(server, item));
}

/* ---- What was written down ---------------------------------------------------------------------------- */

unsigned party_count(const struct party *p, UINT type)
{
    unsigned count = 0;

    for (unsigned i = 0; i < p->n; i++)
        count += p->calls[i].type == type;
    return count;
}

const struct call *party_call(const struct party *p, UINT type, unsigned nth)
{
    for (unsigned i = 0; i < p->n; i++)
        if (p->calls[i].type == type && !nth--)
            return &p->calls[i];
    fail_msg("there was no such callback of type 0x%04X", type);
    return NULL;
}

const struct call *party_last(const struct party *p, UINT type)
{
    unsigned count = party_count(p, type);

    return party_call(p, type, count ? count - 1 : 0);
}

void party_forget(struct party *p)
{
    p->n = 0;
}

/* ---- Parties on other threads -------------------------------------------------------------------------- */

static void remote_main(void *arg)
{
    struct remote *r = arg;

    r->party = party_open(r->flags);
    if (r->prepare)
        r->prepare(r->party);
    test_event_set(r->ready);
    test_event_pump(r->stop, 3 * TEST_PATIENCE_MS);
    if (r->party->id)
        party_close(r->party);
    test_event_set(r->done);
}

void remote_start(struct remote *r, DWORD flags, void (*prepare)(struct party *p))
{
    *r = (struct remote){.flags = flags, .prepare = prepare};
    r->ready = test_event_new();
    r->stop = test_event_new();
    r->done = test_event_new();
    r->thread = test_thread_start(remote_main, r);
    assert_true(test_event_pump(r->ready, TEST_PATIENCE_MS));
}

void remote_stop(struct remote *r)
{
    test_event_set(r->stop);
    assert_true(test_event_pump(r->done, TEST_PATIENCE_MS));
    test_thread_join(r->thread);
    test_event_free(r->ready);
    test_event_free(r->stop);
    test_event_free(r->done);
}
