/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Whatever an application hands in: the documented error, and nothing lost.
 *
 * The first part gives every handle parameter of every function every kind of handle that it must not get;
 * the second does so from another thread; the rest are sizes, flags, pointers and texts. */

#include "support/party.h"
#include "support/raw.h"

#include <stdlib.h>

/* ---- The cast ----------------------------------------------------------------------------------------- */

/* Live handles of each kind, of two instances on one thread. */
static struct cast {
    struct party *server, *client;
    HCONV conv, served; /* the client's and the server's side          */
    HSZ text, stext;    /* of the client, of the server                */
    HDDEDATA data, sdata;
    DWORD xact, gone; /* a transaction under way, and one that is over */
    HSZ freed_text;
    HDDEDATA freed_data;
    HCONV freed_conv;
    HCONVLIST list, freed_list;
    DWORD freed_inst;
} cast;

static DDEMLLEDGER ledger(void)
{
    DDEMLLEDGER now = {.cb = sizeof now};

    DdemlGetLedger(0, &now);
    return now;
}

static void assert_ledger_equal(const DDEMLLEDGER *before, const char *what)
{
    DDEMLLEDGER now = ledger();

#define CHECK(name)                                                                                          \
    if (now.name != before->name)                                                                            \
        fail_msg("%s: %d %s", what, (int)(now.name - before->name), #name);
    DDEML_LEDGER_COLUMNS(CHECK)
#undef CHECK
}

static int up(void **state)
{
    struct party *third;

    (void)state;
    memset(&cast, 0, sizeof cast);
    cast.server = party_serve(0);
    cast.client = party_open(0);
    cast.conv = party_connect(cast.client, SERVICE, TOPIC);
    cast.served = cast.server->server;
    cast.text = party_text(cast.client, ITEM);
    cast.stext = party_text(cast.server, ITEM);
    cast.data = party_data(cast.client, "data", cast.text, CF_TEXT, HDATA_APPOWNED);
    cast.sdata = party_data(cast.server, "data", cast.stext, CF_TEXT, HDATA_APPOWNED);

    party_transact(cast.client, cast.conv, XTYP_REQUEST, TIMEOUT_ASYNC, &cast.gone);
    test_pump_all();
    DdeEnableCallback(cast.server->id, 0, EC_DISABLE);
    party_transact(cast.client, cast.conv, XTYP_REQUEST, TIMEOUT_ASYNC, &cast.xact);
    test_pump_all();

    cast.freed_conv = party_connect(cast.client, SERVICE, TOPIC);
    DdeDisconnect(cast.freed_conv);
    cast.list = DdeConnectList(cast.client->id, party_text(cast.client, SERVICE),
                               party_text(cast.client, TOPIC), 0, NULL);
    cast.freed_list = DdeConnectList(cast.client->id, party_text(cast.client, SERVICE),
                                     party_text(cast.client, TOPIC), 0, NULL);
    assert_non_null(cast.list);
    assert_true(DdeDisconnectList(cast.freed_list));
    cast.freed_text = party_text(cast.client, "freed");
    DdeFreeStringHandle(cast.client->id, cast.freed_text);
    cast.freed_data = party_data(cast.client, "freed", cast.text, CF_TEXT, 0);
    DdeFreeDataHandle(cast.freed_data);
    third = party_open(0);
    cast.freed_inst = third->id;
    party_close(third);
    test_pump_all();
    DdeGetLastError(cast.server->id);
    DdeGetLastError(cast.client->id);
    return 0;
}

/* ---- Probes: one per handle parameter ----------------------------------------------------------------- */

typedef uintptr_t probe_fn(uintptr_t h);

static BYTE buffer[300];
#define CLIENT cast.client->id
#define SERVER cast.server->id
#define PROBE(name, expression)                                                                              \
    static uintptr_t name(uintptr_t h)                                                                       \
    {                                                                                                        \
        return (uintptr_t)(expression);                                                                      \
    }

PROBE(inst_uninitialize, DdeUninitialize((DWORD)h))
PROBE(inst_string_a, DdeCreateStringHandleA((DWORD)h, "x", CP_WINANSI))
PROBE(inst_string_w, DdeCreateStringHandleW((DWORD)h, u"x", CP_WINUNICODE))
PROBE(inst_query_a, DdeQueryStringA((DWORD)h, cast.text, (LPSTR)buffer, 100, CP_WINANSI))
PROBE(inst_query_w, DdeQueryStringW((DWORD)h, cast.text, (LPWSTR)(void *)buffer, 100, CP_WINUNICODE))
PROBE(inst_keep, DdeKeepStringHandle((DWORD)h, cast.text))
PROBE(inst_free, DdeFreeStringHandle((DWORD)h, cast.text))
PROBE(inst_service, DdeNameService((DWORD)h, cast.stext, 0, DNS_REGISTER))
PROBE(inst_connect, DdeConnect((DWORD)h, cast.text, cast.text, NULL))
PROBE(inst_list, DdeConnectList((DWORD)h, cast.text, cast.text, 0, NULL))
PROBE(inst_data, DdeCreateDataHandle((DWORD)h, buffer, 10, 0, cast.text, CF_TEXT, 0))
PROBE(inst_abandon, DdeAbandonTransaction((DWORD)h, 0, 0))
PROBE(inst_advise, DdePostAdvise((DWORD)h, 0, 0))
PROBE(inst_enable, DdeEnableCallback((DWORD)h, 0, EC_ENABLEALL))

PROBE(conv_disconnect, DdeDisconnect((HCONV)h))
PROBE(conv_query, DdeQueryConvInfo((HCONV)h, QID_SYNC, &(CONVINFO){.cb = sizeof(CONVINFO)}))
PROBE(conv_user, DdeSetUserHandle((HCONV)h, QID_SYNC, 1))
PROBE(conv_transact, DdeClientTransaction(buffer, 10, (HCONV)h, cast.text, CF_TEXT, XTYP_POKE, 100, NULL))
PROBE(conv_later,
      DdeClientTransaction(NULL, 0, (HCONV)h, cast.text, CF_TEXT, XTYP_REQUEST, TIMEOUT_ASYNC, NULL))
PROBE(conv_by_handle, DdeClientTransaction((LPBYTE)cast.data, 0xFFFFFFFF, (HCONV)h, cast.text, CF_TEXT,
                                           XTYP_POKE, TIMEOUT_ASYNC, NULL))
PROBE(conv_abandon, DdeAbandonTransaction(CLIENT, (HCONV)h, 0))
PROBE(conv_enable, DdeEnableCallback(CLIENT, (HCONV)h, EC_DISABLE))
PROBE(conv_reconnect, DdeReconnect((HCONV)h))
PROBE(conv_impersonate, DdeImpersonateClient((HCONV)h))
PROBE(conv_next, DdeQueryNextServer(0, (HCONV)h))

PROBE(text_query_a, DdeQueryStringA(CLIENT, (HSZ)h, (LPSTR)buffer, 100, CP_WINANSI))
PROBE(text_query_w, DdeQueryStringW(CLIENT, (HSZ)h, (LPWSTR)(void *)buffer, 100, CP_WINUNICODE))
PROBE(text_measure, DdeQueryStringA(CLIENT, (HSZ)h, NULL, 0, CP_WINANSI))
PROBE(text_keep, DdeKeepStringHandle(CLIENT, (HSZ)h))
PROBE(text_free, DdeFreeStringHandle(CLIENT, (HSZ)h))
PROBE(text_register, DdeNameService(CLIENT, (HSZ)h, 0, DNS_REGISTER))
PROBE(text_unregister, DdeNameService(CLIENT, (HSZ)h, 0, DNS_UNREGISTER))
PROBE(text_second, DdeNameService(CLIENT, cast.text, (HSZ)h, DNS_REGISTER))
PROBE(text_connect, DdeConnect(CLIENT, (HSZ)h, cast.text, NULL))
PROBE(text_topic, DdeConnect(CLIENT, cast.text, (HSZ)h, NULL))
PROBE(text_list, DdeConnectList(CLIENT, (HSZ)h, cast.text, 0, NULL))
PROBE(text_request,
      DdeClientTransaction(NULL, 0, cast.conv, (HSZ)h, CF_TEXT, XTYP_REQUEST, TIMEOUT_ASYNC, NULL))
PROBE(text_poke, DdeClientTransaction(buffer, 10, cast.conv, (HSZ)h, CF_TEXT, XTYP_POKE, TIMEOUT_ASYNC, NULL))
PROBE(text_start,
      DdeClientTransaction(NULL, 0, cast.conv, (HSZ)h, CF_TEXT, XTYP_ADVSTART, TIMEOUT_ASYNC, NULL))
PROBE(text_stop, DdeClientTransaction(NULL, 0, cast.conv, (HSZ)h, CF_TEXT, XTYP_ADVSTOP, TIMEOUT_ASYNC, NULL))
PROBE(text_advise_topic, DdePostAdvise(CLIENT, (HSZ)h, 0))
PROBE(text_advise_item, DdePostAdvise(CLIENT, 0, (HSZ)h))

PROBE(data_add, DdeAddData((HDDEDATA)h, buffer, 10, 0))
PROBE(data_get, DdeGetData((HDDEDATA)h, buffer, 10, 0))
PROBE(data_measure, DdeGetData((HDDEDATA)h, NULL, 0, 0))
PROBE(data_access, DdeAccessData((HDDEDATA)h, NULL))
PROBE(data_unaccess, DdeUnaccessData((HDDEDATA)h))
PROBE(data_free, DdeFreeDataHandle((HDDEDATA)h))
PROBE(data_poke, DdeClientTransaction((LPBYTE)h, 0xFFFFFFFF, cast.conv, cast.text, CF_TEXT, XTYP_POKE,
                                      TIMEOUT_ASYNC, NULL))
PROBE(data_execute,
      DdeClientTransaction((LPBYTE)h, 0xFFFFFFFF, cast.conv, 0, 0, XTYP_EXECUTE, TIMEOUT_ASYNC, NULL))

PROBE(list_next, DdeQueryNextServer((HCONVLIST)h, 0))
PROBE(list_disconnect, DdeDisconnectList((HCONVLIST)h))
PROBE(list_connect, DdeConnectList(CLIENT, cast.text, cast.text, (HCONVLIST)h, NULL))

PROBE(xact_query, DdeQueryConvInfo(cast.conv, (DWORD)h, &(CONVINFO){.cb = sizeof(CONVINFO)}))
PROBE(xact_user, DdeSetUserHandle(cast.conv, (DWORD)h, 1))
PROBE(xact_abandon, DdeAbandonTransaction(CLIENT, cast.conv, (DWORD)h))

enum kind { INST, CONV, TEXT_, DATA, LIST, XACT };
enum traits {
    ZERO_OK = 1,     /* 0 has a meaning                                                        */
    ALL_ONES_OK = 2, /* so has -1                                                              */
    OTHERS_OK = 4,   /* no instance is named, so a handle of another one of the thread is good */
    TAKES_INST = 8,  /* names an instance besides the handle                                   */
};

static const struct probe {
    const char *name;
    enum kind kind;
    probe_fn *call;
    UINT error;
    unsigned traits;
} probes[] = {
#define P(kind, name, error, traits) {#name, kind, name, error, traits},
    P(INST, inst_uninitialize, DMLERR_INVALIDPARAMETER, 0) P(INST, inst_string_a, DMLERR_INVALIDPARAMETER, 0)
        P(INST, inst_string_w, DMLERR_INVALIDPARAMETER, 0) P(INST, inst_query_a, DMLERR_INVALIDPARAMETER, 0)
            P(INST, inst_query_w, DMLERR_INVALIDPARAMETER, 0) P(INST, inst_keep, DMLERR_INVALIDPARAMETER, 0)
                P(INST, inst_free, DMLERR_INVALIDPARAMETER, 0)
                    P(INST, inst_service, DMLERR_INVALIDPARAMETER, 0)
                        P(INST, inst_connect, DMLERR_INVALIDPARAMETER, 0)
                            P(INST, inst_list, DMLERR_INVALIDPARAMETER, 0)
                                P(INST, inst_data, DMLERR_INVALIDPARAMETER, 0) P(INST, inst_abandon,
                                                                                 DMLERR_INVALIDPARAMETER, 0)
                                    P(INST, inst_advise, DMLERR_INVALIDPARAMETER, 0)
                                        P(INST, inst_enable, DMLERR_INVALIDPARAMETER, 0)

                                            P(CONV, conv_disconnect, DMLERR_NO_CONV_ESTABLISHED, OTHERS_OK)
                                                P(CONV, conv_query, DMLERR_INVALIDPARAMETER, OTHERS_OK)
                                                    P(CONV, conv_user, DMLERR_INVALIDPARAMETER, OTHERS_OK)
                                                        P(CONV, conv_transact, DMLERR_INVALIDPARAMETER,
                                                          0) /* the other one is a server's side */
    P(CONV, conv_later, DMLERR_INVALIDPARAMETER, 0) P(CONV, conv_by_handle, DMLERR_INVALIDPARAMETER, 0) P(
        CONV, conv_abandon, DMLERR_INVALIDPARAMETER,
        ZERO_OK | TAKES_INST) P(CONV, conv_enable, DMLERR_INVALIDPARAMETER,
                                ZERO_OK | TAKES_INST) P(CONV, conv_reconnect, DMLERR_INVALIDPARAMETER, 0)
        P(CONV, conv_impersonate, DMLERR_NO_ERROR, 0) P(CONV, conv_next, DMLERR_INVALIDPARAMETER, 0)

            P(TEXT_, text_query_a, DMLERR_INVALIDPARAMETER,
              ZERO_OK | TAKES_INST) P(TEXT_, text_query_w, DMLERR_INVALIDPARAMETER, ZERO_OK | TAKES_INST)
                P(TEXT_, text_measure, DMLERR_INVALIDPARAMETER,
                  ZERO_OK | TAKES_INST) P(TEXT_, text_keep, DMLERR_INVALIDPARAMETER, TAKES_INST)
                    P(TEXT_, text_free, DMLERR_INVALIDPARAMETER,
                      ZERO_OK | TAKES_INST) P(TEXT_, text_register, DMLERR_INVALIDPARAMETER, TAKES_INST)
                        P(TEXT_, text_unregister, DMLERR_INVALIDPARAMETER, ZERO_OK | TAKES_INST) P(
                            TEXT_, text_second, DMLERR_INVALIDPARAMETER, ZERO_OK | TAKES_INST)
                            P(TEXT_, text_connect, DMLERR_INVALIDPARAMETER, ZERO_OK | TAKES_INST) P(
                                TEXT_, text_topic, DMLERR_INVALIDPARAMETER, ZERO_OK | TAKES_INST)
                                P(TEXT_, text_list, DMLERR_INVALIDPARAMETER, ZERO_OK | TAKES_INST) P(
                                    TEXT_, text_request, DMLERR_INVALIDPARAMETER,
                                    0) P(TEXT_, text_poke, DMLERR_INVALIDPARAMETER,
                                         0) P(TEXT_, text_start, DMLERR_INVALIDPARAMETER, 0)
                                    P(TEXT_, text_stop, DMLERR_INVALIDPARAMETER,
                                      0) P(TEXT_, text_advise_topic, DMLERR_INVALIDPARAMETER,
                                           ZERO_OK |
                                               TAKES_INST) P(TEXT_, text_advise_item, DMLERR_INVALIDPARAMETER,
                                                             ZERO_OK | TAKES_INST)

                                        P(DATA, data_add, DMLERR_INVALIDPARAMETER,
                                          OTHERS_OK) P(DATA, data_get, DMLERR_INVALIDPARAMETER, OTHERS_OK)
                                            P(DATA, data_measure, DMLERR_INVALIDPARAMETER, OTHERS_OK)
                                                P(DATA, data_access, DMLERR_INVALIDPARAMETER, OTHERS_OK)
                                                    P(DATA, data_unaccess, DMLERR_INVALIDPARAMETER,
                                                      OTHERS_OK) P(DATA, data_free, DMLERR_INVALIDPARAMETER,
                                                                   OTHERS_OK) P(DATA, data_poke,
                                                                                DMLERR_INVALIDPARAMETER, 0)
                                                        P(DATA, data_execute, DMLERR_INVALIDPARAMETER, 0)

                                                            P(LIST, list_next, DMLERR_INVALIDPARAMETER,
                                                              0) P(LIST, list_disconnect,
                                                                   DMLERR_INVALIDPARAMETER, 0)
                                                                P(LIST, list_connect, DMLERR_INVALIDPARAMETER,
                                                                  ZERO_OK | TAKES_INST)

                                                                    P(XACT, xact_query,
                                                                      DMLERR_UNFOUND_QUEUE_ID, ALL_ONES_OK)
                                                                        P(XACT, xact_user,
                                                                          DMLERR_UNFOUND_QUEUE_ID,
                                                                          ALL_ONES_OK)
                                                                            P(XACT, xact_abandon,
                                                                              DMLERR_UNFOUND_QUEUE_ID,
                                                                              ZERO_OK | TAKES_INST)
#undef P
};
enum { PROBES = sizeof probes / sizeof *probes };

static HDDEDATA CALLBACK silent(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                ULONG_PTR data1, ULONG_PTR data2)
{
    (void)type, (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)data1, (void)data2;
    return 0;
}

/* ---- The matrix --------------------------------------------------------------------------------------- */

static void try(const struct probe *p, const char *what, uintptr_t h)
{
    DDEMLLEDGER before = ledger();
    char name[100];
    uintptr_t r;
    UINT error;

    snprintf(name, sizeof name, "%s of %s", p->name, what);
    r = p->call(h);
    error = DdeGetLastError(cast.client->id);
    if (r)
        fail_msg("%s succeeded", name);
    if (error != p->error)
        fail_msg("%s: error %#x instead of %#x", name, (unsigned)error, (unsigned)p->error);
    assert_ledger_equal(&before, name);
}

static void no_function_accepts_a_number_for_a_handle(void **state)
{
    static const struct {
        const char *name;
        uintptr_t value;
    } numbers[] = {
        {"0", 0},
        {"-1", UINTPTR_MAX},
        {"1", 1},
        {"2", 2},
        {"0x1234", 0x1234},
        {"FACK", 0x8000},
        {"an atom", 0xC001},
        {"0xFFFF", 0xFFFF},
        {"-2", UINTPTR_MAX - 1},
        {"0x100000", 0x100000},
    };

    (void)state;
    for (int i = 0; i < PROBES; i++)
        for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
            bool good = (numbers[n].value == 0 && probes[i].traits & ZERO_OK) ||
                        (numbers[n].value == UINTPTR_MAX && probes[i].traits & ALL_ONES_OK) ||
                        (probes[i].kind == XACT && (numbers[n].value == cast.xact));
            if (!good)
                try(&probes[i], numbers[n].name, numbers[n].value);
        }
}

static void no_function_accepts_a_handle_of_another_kind(void **state)
{
    const struct {
        enum kind kind;
        uintptr_t value;
    } live[] = {{INST, CLIENT},
                {CONV, (uintptr_t)cast.conv},
                {TEXT_, (uintptr_t)cast.text},
                {DATA, (uintptr_t)cast.data},
                {LIST, (uintptr_t)cast.list},
                {CONV, (uintptr_t)cast.served},
                {INST, SERVER}};

    (void)state;
    skip_if_apart("it looks for the error in the client, also for the server's handles");
    for (int i = 0; i < PROBES; i++)
        for (size_t n = 0; n < sizeof live / sizeof *live; n++)
            if (live[n].kind != probes[i].kind)
                try(&probes[i], "a handle of another kind", live[n].value);
}

static void no_function_accepts_a_handle_that_is_no_longer_valid(void **state)
{
    const uintptr_t stale[] = {
        [INST] = cast.freed_inst,
        [CONV] = (uintptr_t)cast.freed_conv,
        [TEXT_] = (uintptr_t)cast.freed_text,
        [DATA] = (uintptr_t)cast.freed_data,
        [LIST] = (uintptr_t)cast.freed_list,
        [XACT] = cast.gone,
    };

    (void)state;
    for (int i = 0; i < PROBES; i++)
        try(&probes[i], "a stale handle", stale[probes[i].kind]);
}

static void no_function_accepts_a_handle_of_another_instance_than_the_one_it_concerns(void **state)
{
    const uintptr_t others[] = {
        [CONV] = (uintptr_t)cast.served,
        [TEXT_] = (uintptr_t)cast.stext,
        [DATA] = (uintptr_t)cast.sdata,
    };

    (void)state;
    for (int i = 0; i < PROBES; i++)
        if (probes[i].kind >= CONV && probes[i].kind <= DATA && !(probes[i].traits & OTHERS_OK)) {
            DDEMLLEDGER before = ledger();

            assert_int_equal(probes[i].call(others[probes[i].kind]), 0);
            assert_ledger_equal(&before, probes[i].name);
        }
}

static void an_error_that_concerns_no_instance_is_stored_in_all_of_the_thread(void **state)
{
    (void)state;
    DdeDisconnect((HCONV)(uintptr_t)1);
    assert_error(cast.client, DMLERR_NO_CONV_ESTABLISHED);
    assert_error(cast.server, DMLERR_NO_CONV_ESTABLISHED);
    DdePostAdvise(1, 0, 0);
    assert_error(cast.client, DMLERR_INVALIDPARAMETER);
    assert_error(cast.server, DMLERR_INVALIDPARAMETER);
}

static void an_error_that_concerns_one_instance_is_not_stored_in_another(void **state)
{
    (void)state;
    DdeKeepStringHandle(CLIENT, 0);
    assert_error(cast.server, DMLERR_NO_ERROR);
    assert_error(cast.client, DMLERR_INVALIDPARAMETER);
}

static void a_bad_instance_is_named_by_the_functions_that_return_an_error(void **state)
{
    const DWORD bad[] = {
        1, 0xFFFFFFFF, 0x100000, cast.freed_inst, (DWORD)(uintptr_t)cast.conv, (DWORD)(uintptr_t)cast.text};
    DDEMLLEDGER before = ledger();

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        DDEMLLEDGER out = {.cb = sizeof out, .instances = 77};
        DWORD id = bad[i];

        assert_int_equal(DdeGetLastError(id), DMLERR_INVALIDPARAMETER);
        assert_int_equal(DdeInitializeA(&id, silent, 0, 0), DMLERR_INVALIDPARAMETER);
        assert_int_equal(DdeInitializeW(&id, silent, 0, 0), DMLERR_INVALIDPARAMETER);
        assert_int_equal(id, bad[i]);
        assert_false(DdemlGetLedger(id, &out));
        assert_int_equal(out.instances, 77);
    }
    assert_error(cast.client, DMLERR_NO_ERROR);
    assert_ledger_equal(&before, "bad instances");
}

static void comparing_string_handles_survives_anything(void **state)
{
    const uintptr_t any[] = {0,
                             1,
                             UINTPTR_MAX,
                             0xC000,
                             CLIENT,
                             (uintptr_t)cast.conv,
                             (uintptr_t)cast.freed_text,
                             (uintptr_t)cast.text,
                             (uintptr_t)cast.stext};
    enum { N = sizeof any / sizeof *any };

    (void)state;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            int r = DdeCmpStringHandles((HSZ)any[i], (HSZ)any[j]);

            assert_in_range(r + 1, 0, 2);
            assert_int_equal(DdeCmpStringHandles((HSZ)any[j], (HSZ)any[i]), -r);
        }
    assert_error(cast.client, DMLERR_NO_ERROR);
}

/* ---- Another thread ----------------------------------------------------------------------------------- */

struct visit {
    bool with_instance;
    unsigned wrong;
    char what[100];
};

static void complain(struct visit *v, const char *name, const char *what)
{
    v->wrong++;
    snprintf(v->what, sizeof v->what, "%s %s", name, what);
}

static void visit(void *arg)
{
    const uintptr_t good[] = {
        [INST] = CLIENT,
        [CONV] = (uintptr_t)cast.conv,
        [TEXT_] = (uintptr_t)cast.text,
        [DATA] = (uintptr_t)cast.data,
        [XACT] = cast.xact,
    };
    struct visit *v = arg;
    DWORD own = 0;

    if (v->with_instance)
        DdeInitializeA(&own, silent, 0, 0);
    for (int i = 0; i < PROBES; i++) {
        const struct probe *p = &probes[i];
        DDEMLLEDGER before = ledger(), after;
        UINT expected = p->kind == XACT || p->kind == TEXT_ || p->traits & TAKES_INST
                            ? DMLERR_INVALIDPARAMETER
                            : p->error;
        uintptr_t r = p->call(good[p->kind]);
        UINT error = DdeGetLastError(v->with_instance ? own : cast.client->id);

        after = ledger();
        if (r)
            complain(v, p->name, "succeeded");
        if (error != (v->with_instance ? expected : DMLERR_DLL_NOT_INITIALIZED))
            complain(v, p->name, "stored another error");
        if (memcmp(&before, &after, sizeof before))
            complain(v, p->name, "changed the ledger");
    }
    if (own)
        DdeUninitialize(own);
}

static void use_elsewhere(bool with_instance)
{
    struct visit v = {.with_instance = with_instance};

    test_thread_join(test_thread_start(visit, &v));
    if (v.wrong)
        fail_msg("%u failures, the last one: %s", v.wrong, v.what);
    assert_error(cast.client, DMLERR_NO_ERROR);
    assert_error(cast.server, DMLERR_NO_ERROR);
}

static void nothing_can_be_used_on_a_thread_without_an_instance(void **state)
{
    (void)state;
    use_elsewhere(false);
}

static void nothing_can_be_used_on_a_thread_with_an_instance_of_its_own(void **state)
{
    (void)state;
    use_elsewhere(true);
}

/* ---- Transactions ------------------------------------------------------------------------------------- */

static HDDEDATA transact(void *data, DWORD cb, HSZ item, UINT fmt, UINT type)
{
    return DdeClientTransaction(data, cb, cast.conv, item, fmt, type, TIMEOUT_ASYNC, NULL);
}

static void a_transaction_of_no_known_type_is_refused(void **state)
{
    static const UINT types[] = {0,
                                 1,
                                 XTYP_ERROR,
                                 XTYP_ADVDATA,
                                 XTYP_ADVREQ,
                                 XTYP_CONNECT,
                                 XTYP_CONNECT_CONFIRM,
                                 XTYP_XACT_COMPLETE,
                                 XTYP_REGISTER,
                                 XTYP_DISCONNECT,
                                 XTYP_UNREGISTER,
                                 XTYP_WILDCONNECT,
                                 XTYP_MONITOR,
                                 XTYP_REQUEST | XTYPF_ACKREQ,
                                 XTYP_POKE | XTYPF_NODATA,
                                 XTYP_EXECUTE | XTYPF_ACKREQ,
                                 XTYP_ADVSTOP | XTYPF_ACKREQ,
                                 XTYP_ADVSTART | XTYPF_NOBLOCK,
                                 XTYP_ADVSTART | 0x0001,
                                 XTYP_REQUEST | 0x10000,
                                 0xFFFFFFFF};
    DDEMLLEDGER before = ledger();

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        assert_null(transact(buffer, 10, cast.text, CF_TEXT, types[i]));
        assert_error(cast.client, DMLERR_INVALIDPARAMETER);
    }
    assert_ledger_equal(&before, "wrong types");
}

static void a_format_that_no_message_can_carry_is_refused(void **state)
{
    static const UINT types[] = {XTYP_REQUEST, XTYP_POKE, XTYP_ADVSTART, XTYP_ADVSTOP};
    static const UINT formats[] = {0, 0x10000, 0x10001, 0xFFFFFFFF};
    DDEMLLEDGER before = ledger();

    (void)state;
    for (int i = 0; i < 4; i++)
        for (int f = 0; f < 4; f++) {
            assert_null(transact(buffer, 10, cast.text, formats[f], types[i]));
            assert_error(cast.client, DMLERR_INVALIDPARAMETER);
        }
    assert_ledger_equal(&before, "wrong formats");
}

/* A refused handle is not used up. */
static void data_made_for_something_else_is_refused_and_stays_the_caller_s(void **state)
{
    HSZ other = party_text(cast.client, "other");
    const HDDEDATA wrong[] = {
        party_data(cast.client, "x", other, CF_TEXT, 0),
        party_data(cast.client, "x", cast.text, CF_OEMTEXT, 0),
        party_data(cast.client, "x", 0, CF_TEXT, 0),
        party_data(cast.client, "x", (HSZ)(uintptr_t)1, CF_TEXT, 0),
        party_data(cast.server, "x", cast.stext, CF_TEXT, 0),
    };
    DDEMLLEDGER before = ledger();

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_null(transact(wrong[i], 0xFFFFFFFF, cast.text, CF_TEXT, XTYP_POKE));
        assert_error(cast.client, DMLERR_INVALIDPARAMETER);
        assert_int_equal(DdeGetData(wrong[i], NULL, 0, 0), 2);
    }
    assert_null(transact(wrong[0], 0xFFFFFFFF, 0, 0, XTYP_EXECUTE));
    assert_error(cast.client, DMLERR_INVALIDPARAMETER);
    assert_ledger_equal(&before, "wrong data");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_true(DdeFreeDataHandle(wrong[i]));
}

static void poke_and_execute_without_data_are_refused(void **state)
{
    DDEMLLEDGER before = ledger();

    (void)state;
    assert_null(transact(NULL, 10, cast.text, CF_TEXT, XTYP_POKE));
    assert_error(cast.client, DMLERR_MEMORY_ERROR);
    assert_null(transact(NULL, 0, 0, 0, XTYP_EXECUTE));
    assert_error(cast.client, DMLERR_MEMORY_ERROR);
    assert_null(transact(NULL, 0xFFFFFFFF, 0, 0, XTYP_EXECUTE));
    assert_error(cast.client, DMLERR_INVALIDPARAMETER);
    assert_ledger_equal(&before, "no data");
}

static void a_refused_transaction_leaves_the_result_untouched(void **state)
{
    DWORD result = 77;

    (void)state;
    assert_null(DdeClientTransaction(NULL, 0, cast.conv, 0, CF_TEXT, XTYP_REQUEST, 100, &result));
    assert_null(DdeClientTransaction(NULL, 0, 0, cast.text, CF_TEXT, XTYP_REQUEST, 100, &result));
    assert_null(DdeClientTransaction(NULL, 0, cast.served, cast.stext, CF_TEXT, XTYP_REQUEST, 100, &result));
    assert_int_equal(result, 77);
}

static void transactions_of_a_server_s_side_are_not_found(void **state)
{
    (void)state;
    assert_int_equal(DdeQueryConvInfo(cast.served, cast.xact, &(CONVINFO){.cb = sizeof(CONVINFO)}), 0);
    assert_error(cast.server, DMLERR_UNFOUND_QUEUE_ID);
    assert_false(DdeSetUserHandle(cast.served, cast.xact, 1));
    assert_error(cast.server, DMLERR_UNFOUND_QUEUE_ID);
    assert_false(DdeAbandonTransaction(SERVER, cast.served, cast.xact));
    assert_error(cast.server, DMLERR_INVALIDPARAMETER);
}

static void a_transaction_is_found_in_its_own_conversation_only(void **state)
{
    HCONV other = party_connect(cast.client, SERVICE, TOPIC);

    (void)state;
    assert_false(DdeSetUserHandle(other, cast.xact, 1));
    assert_error(cast.client, DMLERR_UNFOUND_QUEUE_ID);
    assert_false(DdeAbandonTransaction(CLIENT, other, cast.xact));
    assert_error(cast.client, DMLERR_UNFOUND_QUEUE_ID);
    assert_true(DdeSetUserHandle(cast.conv, cast.xact, 1));
}

/* ---- Conversations ------------------------------------------------------------------------------------ */

static void a_context_of_another_size_is_refused(void **state)
{
    static const UINT sizes[] = {0, 1, sizeof(CONVCONTEXT) - 1, sizeof(CONVCONTEXT) + 1, 0xFFFFFFFF};
    HSZ service = party_text(cast.client, SERVICE), topic = party_text(cast.client, TOPIC);
    DDEMLLEDGER before = ledger();

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        CONVCONTEXT context = {.cb = sizes[i]};

        assert_null(DdeConnect(CLIENT, service, topic, &context));
        assert_error(cast.client, DMLERR_INVALIDPARAMETER);
    }
    assert_ledger_equal(&before, "wrong contexts");
}

static void conversation_info_is_written_as_far_as_the_caller_has_room(void **state)
{
    unsigned char place[sizeof(CONVINFO) + 16];
    CONVINFO *info = (CONVINFO *)(void *)calloc(1, sizeof place);

    (void)state;
    for (DWORD cb = 0; cb <= sizeof place; cb++) {
        DWORD expected = cb < sizeof info->cb ? 0 : cb < sizeof *info ? cb : (DWORD)sizeof *info;

        memset(info, 0xEE, sizeof place);
        info->cb = cb;
        assert_int_equal(DdeQueryConvInfo(cast.conv, QID_SYNC, info), expected);
        assert_error(cast.client, expected ? DMLERR_NO_ERROR : DMLERR_INVALIDPARAMETER);
        memcpy(place, info, sizeof place);
        for (size_t i = expected ? expected : sizeof info->cb; i < sizeof place; i++)
            assert_int_equal(place[i], 0xEE);
    }
    free(info);
    assert_int_equal(DdeQueryConvInfo(cast.conv, QID_SYNC, NULL), 0);
    assert_error(cast.client, DMLERR_INVALIDPARAMETER);
}

static void an_unknown_command_for_callbacks_is_refused(void **state)
{
    static const UINT commands[] = {1, 3, EC_DISABLE | EC_ENABLEONE, 0x100, 0xFFFFFFFF};

    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        assert_false(DdeEnableCallback(CLIENT, cast.conv, commands[i]));
        assert_error(cast.client, DMLERR_INVALIDPARAMETER);
        assert_false(DdeEnableCallback(CLIENT, 0, commands[i]));
        assert_error(cast.client, DMLERR_INVALIDPARAMETER);
    }
}

static void an_unknown_command_for_names_is_refused(void **state)
{
    static const UINT commands[] = {0, 0x10, 0x11, DNS_REGISTER | 0x8000, 0xFFFFFFFF};
    DDEMLLEDGER before = ledger();

    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        assert_null(DdeNameService(SERVER, cast.stext, 0, commands[i]));
        assert_error(cast.server, DMLERR_INVALIDPARAMETER);
    }
    assert_null(DdeNameService(SERVER, cast.stext, cast.stext, DNS_REGISTER));
    assert_error(cast.server, DMLERR_INVALIDPARAMETER);
    assert_null(DdeNameService(SERVER, cast.stext, 0, DNS_UNREGISTER)); /* never registered */
    assert_error(cast.server, DMLERR_INVALIDPARAMETER);
    assert_ledger_equal(&before, "wrong commands");
}

static void server_functions_are_not_for_clients_and_monitors(void **state)
{
    struct party *not_servers[] = {party_open(APPCMD_CLIENTONLY), party_open(APPCLASS_MONITOR)};

    (void)state;
    for (int i = 0; i < 2; i++) {
        HSZ name = party_text(not_servers[i], "name");

        assert_null(DdeNameService(not_servers[i]->id, name, 0, DNS_REGISTER));
        assert_error(not_servers[i], DMLERR_DLL_USAGE);
        assert_false(DdePostAdvise(not_servers[i]->id, 0, 0));
        assert_error(not_servers[i], DMLERR_DLL_USAGE);
    }
    assert_null(DdeConnect(not_servers[1]->id, 0, 0, NULL));
    assert_error(not_servers[1], DMLERR_DLL_USAGE);
}

/* ---- Texts -------------------------------------------------------------------------------------------- */

static void a_text_in_an_unknown_code_page_is_refused(void **state)
{
    static const int pages[] = {1, 2, 3, 1003, 1005, 1199, 1201, 12345, 65002, -1};
    DDEMLLEDGER before = ledger();

    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        assert_null(DdeCreateStringHandleA(CLIENT, "x", pages[i]));
        assert_error(cast.client, DMLERR_INVALIDPARAMETER);
        assert_null(DdeCreateStringHandleW(CLIENT, u"x", pages[i]));
        assert_error(cast.client, DMLERR_INVALIDPARAMETER);
        memset(buffer, 0xEE, sizeof buffer);
        assert_int_equal(DdeQueryStringA(CLIENT, cast.text, (LPSTR)buffer, 10, pages[i]), 0);
        assert_error(cast.client, DMLERR_INVALIDPARAMETER);
        assert_int_equal(DdeQueryStringW(CLIENT, cast.text, NULL, 0, pages[i]), 0);
        assert_error(cast.client, DMLERR_INVALIDPARAMETER);
        assert_int_equal(buffer[0], 0xEE);
    }
    assert_ledger_equal(&before, "code pages");
}

static void no_text_is_refused_and_an_empty_one_has_no_handle(void **state)
{
    DDEMLLEDGER before = ledger();

    (void)state;
    assert_null(DdeCreateStringHandleA(CLIENT, NULL, 0));
    assert_error(cast.client, DMLERR_INVALIDPARAMETER);
    assert_null(DdeCreateStringHandleW(CLIENT, NULL, 0));
    assert_error(cast.client, DMLERR_INVALIDPARAMETER);
    assert_null(DdeCreateStringHandleA(CLIENT, "", 0));
    assert_null(DdeCreateStringHandleW(CLIENT, u"", 0));
    assert_error(cast.client, DMLERR_NO_ERROR);
    assert_ledger_equal(&before, "empty texts");
}

static void a_text_of_more_than_255_characters_is_refused(void **state)
{
    static const int lengths[] = {256, 257, 510, 511, 512, 513, 2000};
    DDEMLLEDGER before = ledger();
    WCHAR wide[2001];
    char text[2001];

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (int n = 0; n < lengths[i]; n++)
            text[n] = 'x', wide[n] = 'x';
        text[lengths[i]] = 0, wide[lengths[i]] = 0;
        assert_null(DdeCreateStringHandleA(CLIENT, text, CP_WINANSI));
        assert_error(cast.client, DMLERR_SYS_ERROR);
        assert_null(DdeCreateStringHandleW(CLIENT, wide, CP_WINUNICODE));
        assert_error(cast.client, DMLERR_SYS_ERROR);
    }
    assert_ledger_equal(&before, "long texts");
}

static void a_string_handle_is_not_freed_more_often_than_it_was_made(void **state)
{
    HSZ once = party_text(cast.client, "once"), service = party_text(cast.server, SERVICE);

    (void)state;
    assert_true(DdeFreeStringHandle(CLIENT, once));
    assert_false(DdeFreeStringHandle(CLIENT, once));
    assert_error(cast.client, DMLERR_INVALIDPARAMETER);
    while (DdeFreeStringHandle(SERVER, service)) /* the registration has a reference of its own */
        ;
    assert_error(cast.server, DMLERR_INVALIDPARAMETER);
    assert_int_equal(DdeQueryStringA(SERVER, service, NULL, 0, 0), strlen(SERVICE));
}

/* ---- Data --------------------------------------------------------------------------------------------- */

static void a_data_object_that_no_message_could_carry_is_refused(void **state)
{
    static const struct {
        DWORD cb, offset;
    } sizes[] = {{0xFFFFFFFF, 0}, {0, 0xFFFFFFFF},          {0xFFFFFFFF, 0xFFFFFFFF}, {0xFFFFFFFC, 0},
                 {0, 0xFFFFFFFC}, {0x80000000, 0x80000000}, {1, 0xFFFFFFFF},          {0xFFFFFFFF, 1}};
    DDEMLLEDGER before = ledger();

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_null(DdeCreateDataHandle(CLIENT, NULL, sizes[i].cb, sizes[i].offset, cast.text, CF_TEXT, 0));
        assert_error(cast.client, DMLERR_INVALIDPARAMETER);
        assert_null(DdeAddData(cast.data, buffer, sizes[i].cb, sizes[i].offset));
        assert_error(cast.client, DMLERR_INVALIDPARAMETER);
    }
    assert_int_equal(DdeGetData(cast.data, NULL, 0, 0), sizeof "data");
    assert_ledger_equal(&before, "sizes");
}

static void unknown_flags_of_a_data_object_are_refused(void **state)
{
    static const UINT flags[] = {2, 3, 0x8000, 0xFFFFFFFF};

    (void)state;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        assert_null(DdeCreateDataHandle(CLIENT, buffer, 1, 0, cast.text, CF_TEXT, flags[i]));
        assert_error(cast.client, DMLERR_INVALIDPARAMETER);
    }
}

static void adding_nothing_or_reading_beyond_the_end_is_refused(void **state)
{
    static const DWORD beyond[] = {sizeof "data" + 1, 100, 0xFFFFFFFF};

    (void)state;
    assert_null(DdeAddData(cast.data, NULL, 1, 0));
    assert_error(cast.client, DMLERR_INVALIDPARAMETER);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(DdeGetData(cast.data, buffer, sizeof buffer, beyond[i]), 0);
        assert_error(cast.client, DMLERR_INVALIDPARAMETER);
    }
    assert_int_equal(DdeGetData(cast.data, buffer, 0xFFFFFFFF, sizeof "data"),
                     0); /* at the end: nothing, no error */
    assert_error(cast.client, DMLERR_NO_ERROR);
}

static void an_object_does_not_grow_while_a_pointer_to_it_is_out(void **state)
{
    LPBYTE bytes = DdeAccessData(cast.data, NULL);

    (void)state;
    assert_null(DdeAddData(cast.data, buffer, 100, 0));
    assert_error(cast.client, DMLERR_INVALIDPARAMETER);
    assert_memory_equal(bytes, "data", sizeof "data");
    assert_true(DdeUnaccessData(cast.data));
    assert_false(DdeUnaccessData(cast.data));
    assert_error(cast.client, DMLERR_INVALIDPARAMETER);
}

/* ---- What callbacks return ---------------------------------------------------------------------------- */

static HDDEDATA bad_result;

static bool returns_bad(struct party *p, const struct call *call, HDDEDATA *result)
{
    (void)p;
    *result = bad_result;
    return call->type == XTYP_REQUEST || call->type == XTYP_ADVREQ || call->type == XTYP_WILDCONNECT;
}

static void a_callback_that_returns_no_data_handle_refuses(void **state)
{
    const uintptr_t bad[] = {1,
                             2,
                             0x8000,
                             UINTPTR_MAX - 1,
                             (uintptr_t)cast.freed_data,
                             (uintptr_t)cast.stext,
                             SERVER,
                             (uintptr_t)cast.data};
    HSZ item = cast.text;

    (void)state;
    DdeEnableCallback(SERVER, 0, EC_ENABLEALL);
    test_pump_all();
    assert_non_null(DdeClientTransaction(NULL, 0, cast.conv, item, CF_TEXT, XTYP_ADVSTART, 5000, NULL));
    DdeGetLastError(SERVER);
    cast.server->hook = returns_bad;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        DDEMLLEDGER before = ledger();

        bad_result = (HDDEDATA)bad[i];
        assert_null(DdeClientTransaction(NULL, 0, cast.conv, item, CF_TEXT, XTYP_REQUEST, 5000, NULL));
        assert_error(cast.client, DMLERR_NOTPROCESSED);
        assert_error(cast.server, DMLERR_INVALIDPARAMETER);
        DdePostAdvise(SERVER, 0, 0);
        assert_error(cast.server, DMLERR_INVALIDPARAMETER);
        assert_null(DdeConnect(CLIENT, 0, 0, NULL));
        assert_error(cast.client, DMLERR_NO_CONV_ESTABLISHED);
        test_pump_all();
        assert_ledger_equal(&before, "bad results");
    }
    cast.server->hook = NULL;
}

static bool offers_wrong_pairs(struct party *p, const struct call *call, HDDEDATA *result)
{
    HSZPAIR pairs[] = {{cast.text, cast.text},
                       {cast.stext, (HSZ)(uintptr_t)1},
                       {(HSZ)cast.served, cast.stext},
                       {cast.stext, cast.stext}};

    if (call->type != XTYP_WILDCONNECT)
        return false;
    /* No end mark, and half a pair too much. */
    *result = DdeCreateDataHandle(p->id, (LPBYTE)pairs, sizeof pairs - sizeof(HSZ), 0, 0, CF_TEXT, 0);
    return true;
}

static void pairs_that_are_no_names_of_the_server_are_passed_over(void **state)
{
    DDEMLLEDGER before = ledger();

    (void)state;
    cast.server->hook = offers_wrong_pairs;
    assert_null(DdeConnect(CLIENT, 0, 0, NULL));
    assert_error(cast.client, DMLERR_NO_CONV_ESTABLISHED);
    cast.server->hook = NULL;
    assert_ledger_equal(&before, "wrong pairs");
}

/* ---- Raw clients -------------------------------------------------------------------------------------- */

static struct raw raw;

static bool answers_shortly(struct party *p, const struct call *call, HDDEDATA *result)
{
    if (call->type != XTYP_REQUEST)
        return false;
    *result = DdeCreateDataHandle(p->id, (LPBYTE)(uintptr_t) "ab", 2, 0, call->hsz2, call->fmt, 0);
    return true;
}

/* An object that was made for no item has no room for a header: it must get some. */
static void a_request_without_an_item_gets_its_data_unharmed(void **state)
{
    struct party *server = party_open(0);
    const unsigned char *bytes;
    struct raw_seen *m;

    (void)state;
    raw_books_open();
    memset(&raw, 0, sizeof raw);
    party_register(server, RAW_SERVICE);
    server->hook = answers_shortly;
    raw_open(&raw);
    assert_true(raw_connect(&raw));
    assert_true(raw_post(&raw, WIRE_REQUEST, RAW_FORMAT, 0));
    m = raw_expect(&raw, WIRE_DATA);
    assert_int_equal(host_mem_size(m->mem), WIRE_HEADER + 2);
    bytes = host_mem_lock(m->mem);
    assert_memory_equal(bytes + WIRE_HEADER, "ab", 2);
    host_mem_unlock(m->mem);
    raw_free(m->mem);
    raw_terminate(&raw);
    test_pump_all();
    raw_die(&raw);
    party_close(server);
    raw_books_close();
}

#define BAD(section, test) rule_with(section, test, up, parties_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BAD("1.3", no_function_accepts_a_number_for_a_handle),
        BAD("1.3", no_function_accepts_a_handle_of_another_kind),
        BAD("1.3", no_function_accepts_a_handle_that_is_no_longer_valid),
        BAD("1.1", no_function_accepts_a_handle_of_another_instance_than_the_one_it_concerns),
        BAD("1.5", an_error_that_concerns_no_instance_is_stored_in_all_of_the_thread),
        BAD("1.5", an_error_that_concerns_one_instance_is_not_stored_in_another),
        BAD("1.5", a_bad_instance_is_named_by_the_functions_that_return_an_error),
        BAD("4.7", comparing_string_handles_survives_anything),
        BAD("1.1", nothing_can_be_used_on_a_thread_without_an_instance),
        BAD("1.1", nothing_can_be_used_on_a_thread_with_an_instance_of_its_own),
        BAD("4.4", a_transaction_of_no_known_type_is_refused),
        BAD("4.4", a_format_that_no_message_can_carry_is_refused),
        BAD("4.4", data_made_for_something_else_is_refused_and_stays_the_caller_s),
        BAD("4.4", poke_and_execute_without_data_are_refused),
        BAD("4.4", a_refused_transaction_leaves_the_result_untouched),
        BAD("4.4", transactions_of_a_server_s_side_are_not_found),
        BAD("4.4", a_transaction_is_found_in_its_own_conversation_only),
        BAD("4.3", a_context_of_another_size_is_refused),
        BAD("4.3", conversation_info_is_written_as_far_as_the_caller_has_room),
        BAD("4.3", an_unknown_command_for_callbacks_is_refused),
        BAD("4.2", an_unknown_command_for_names_is_refused),
        BAD("4.1", server_functions_are_not_for_clients_and_monitors),
        BAD("4.7", a_text_in_an_unknown_code_page_is_refused),
        BAD("4.7", no_text_is_refused_and_an_empty_one_has_no_handle),
        BAD("4.7", a_text_of_more_than_255_characters_is_refused),
        BAD("4.7", a_string_handle_is_not_freed_more_often_than_it_was_made),
        BAD("4.6", a_data_object_that_no_message_could_carry_is_refused),
        BAD("4.6", unknown_flags_of_a_data_object_are_refused),
        BAD("4.6", adding_nothing_or_reading_beyond_the_end_is_refused),
        BAD("4.6", an_object_does_not_grow_while_a_pointer_to_it_is_out),
        BAD("5.1", a_callback_that_returns_no_data_handle_refuses),
        BAD("5.1", pairs_that_are_no_names_of_the_server_are_passed_over),
        rule("5.1", a_request_without_an_item_gets_its_data_unharmed),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
