/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "leak/pair.h"

#include "leak/counters.h"

struct side client, server;
bool pair_lenient;

DWORD pair_patience(void)
{
    return pair_lenient ? 3 : TEST_PATIENCE_MS;
}

void pair_expect(bool well, const char *what, const char *file, int line)
{
    if (!pair_lenient)
        _assert_true(well, what, file, line);
}

static BYTE value[] = "some value of an item";

/* ---- Callbacks ------------------------------------------------------------------------------------- */

static unsigned item_of(const struct side *s, HSZ item)
{
    unsigned i = 0;

    while (i < ITEMS - 1 && s->item[i] != item)
        i++;
    return i;
}

static HDDEDATA value_of(const struct side *s, const struct call *call)
{
    if (s->keeps)
        return s->kept[item_of(s, call->item)];
    return DdeCreateDataHandle(s->inst, value, sizeof value, 0, call->item, call->fmt, 0);
}

static HDDEDATA usual_answer(struct side *s, const struct call *call)
{
    switch (call->type) {
    case XTYP_ADVREQ:
    case XTYP_REQUEST:
        return value_of(s, call);
    case XTYP_CONNECT:
    case XTYP_ADVSTART:
        return (HDDEDATA)(UINT_PTR)TRUE;
    case XTYP_ADVDATA:
    case XTYP_POKE:
    case XTYP_EXECUTE:
        return (HDDEDATA)(UINT_PTR)DDE_FACK;
    default:
        return 0;
    }
}

static HDDEDATA called(struct side *s, const struct call *call)
{
    HDDEDATA result = 0;

    s->calls[KIND(call->type)]++;
    if (call->type == XTYP_CONNECT_CONFIRM)
        s->conv = call->conv;
    if (call->type == XTYP_DISCONNECT && call->conv == s->conv)
        s->conv = 0;
    if (s->answer && s->answer(s, call, &result))
        return result;
    return usual_answer(s, call);
}

static HDDEDATA CALLBACK client_called(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                       ULONG_PTR d1, ULONG_PTR d2)
{
    (void)hsz1, (void)d1, (void)d2;
    return called(&client,
                  &(struct call){.type = type, .fmt = fmt, .conv = conv, .item = hsz2, .data = data});
}

static HDDEDATA CALLBACK server_called(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                       ULONG_PTR d1, ULONG_PTR d2)
{
    (void)hsz1, (void)d1, (void)d2;
    return called(&server,
                  &(struct call){.type = type, .fmt = fmt, .conv = conv, .item = hsz2, .data = data});
}

/* ---- Instances ------------------------------------------------------------------------------------- */

static void open_side(struct side *s, PFNCALLBACK callback, DWORD flags)
{
    static const char *const items[ITEMS] = {"first", "second", "third", "fourth"};

    s->inst = 0;
    s->conv = 0;
    memset((void *)(uintptr_t)s->calls, 0, sizeof s->calls);
    expect(DdeInitializeA(&s->inst, callback, flags, 0) == DMLERR_NO_ERROR);
    s->service = DdeCreateStringHandleA(s->inst, "ddeml leak test", CP_WINANSI);
    s->topic = DdeCreateStringHandleA(s->inst, "topic", CP_WINANSI);
    expect(s->service && s->topic);
    for (unsigned i = 0; i < ITEMS; i++) {
        s->item[i] = DdeCreateStringHandleA(s->inst, items[i], CP_WINANSI);
        expect(s->item[i] != 0);
    }
}

void client_open(void)
{
    open_side(&client, client_called, APPCLASS_STANDARD | APPCMD_CLIENTONLY);
}

void server_open(DWORD flags)
{
    open_side(&server, server_called, APPCLASS_STANDARD | flags);
    for (unsigned i = 0; i < ITEMS && server.keeps; i++) {
        server.kept[i] =
            DdeCreateDataHandle(server.inst, value, sizeof value, 0, server.item[i], CF_TEXT, HDATA_APPOWNED);
        expect(server.kept[i] != 0);
    }
    expect(DdeNameService(server.inst, server.service, 0, DNS_REGISTER) != 0);
}

void side_close(struct side *s)
{
    if (!s->inst)
        return;
    for (unsigned i = 0; i < ITEMS; i++) {
        if (s->kept[i])
            DdeFreeDataHandle(s->kept[i]);
        s->kept[i] = 0;
        DdeFreeStringHandle(s->inst, s->item[i]);
    }
    DdeFreeStringHandle(s->inst, s->service);
    DdeFreeStringHandle(s->inst, s->topic);
    side_drop(s);
}

void side_drop(struct side *s)
{
    DWORD inst = s->inst;

    s->inst = 0; /* first: callbacks that come meanwhile see a side that has gone */
    s->conv = 0;
    memset(s->kept, 0, sizeof s->kept);
    if (inst)
        DdeUninitialize(inst);
}

/* ---- Conversations --------------------------------------------------------------------------------- */

void pair_connect(void)
{
    client.conv = DdeConnect(client.inst, client.service, client.topic, NULL);
    expect(client.conv != 0);
}

bool pair_transact(UINT type, unsigned item, DWORD timeout)
{
    bool sends = type == XTYP_POKE || type == XTYP_EXECUTE;
    bool executes = type == XTYP_EXECUTE;
    HDDEDATA result =
        DdeClientTransaction(sends ? value : NULL, sends ? sizeof value : 0, client.conv,
                             executes ? 0 : client.item[item], executes ? 0 : CF_TEXT, type, timeout, NULL);

    counters_executes += executes;
    if (result && type == XTYP_REQUEST && timeout != TIMEOUT_ASYNC)
        DdeFreeDataHandle(result);
    return result != 0;
}

void pair_transact_all(DWORD timeout, unsigned times)
{
    static const UINT types[] = {XTYP_REQUEST, XTYP_POKE, XTYP_EXECUTE, XTYP_ADVSTART, XTYP_ADVSTOP};

    for (unsigned i = 0; i < times; i++)
        for (unsigned j = 0; j < sizeof types / sizeof *types; j++)
            pair_transact(types[j], ITEMS - 1, timeout);
}

void pair_update(unsigned items, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        for (unsigned j = 0; j < items; j++)
            DdePostAdvise(server.inst, server.topic, server.item[j]);
}

void side_end(struct side *s)
{
    HCONV conv = s->conv;

    s->conv = 0;
    if (conv)
        DdeDisconnect(conv);
}

/* ---- The case of Q170626 --------------------------------------------------------------------------- */

bool q170626_cycle(const struct q170626 *how)
{
    bool well = true;

    pair_connect();
    expect(pair_transact(XTYP_ADVSTART | how->loop, 0, SYNC_MS));
    pair_update(1, how->updates);
    if (how->stop != STOP_NOT)
        well = pair_transact(XTYP_ADVSTOP, 0, how->stop == STOP_SYNC ? SYNC_MS : TIMEOUT_ASYNC);
    side_end(&client);
    test_pump_all();
    return well;
}
