/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Every function with every error code that is documented for it: a cell of the matrix is one call that fails
 * in that way. After it the last error reads that code once, and nothing has been lost. The lists at the end
 * say which cells there have to be; a cell that is missing fails the test. */

#include "support/party.h"

#include "base/spares.h"
#include "host/host.h"

#define MILLISECOND 1
#define FOREVER     TEST_PATIENCE_MS
#define BY_HANDLE   0xFFFFFFFF

/* ---- What the host refuses ---------------------------------------------------------------------------- */

static enum { NOTHING, MEMORY, ATOMS, WINDOWS, POSTS } refused;

#define WRAP(type, name, parameters, arguments, what, failure)                                               \
    type __real_##name parameters;                                                                           \
    type __wrap_##name parameters;                                                                           \
    type __wrap_##name parameters                                                                            \
    {                                                                                                        \
        return refused == (what) ? (failure) : __real_##name arguments;                                      \
    }

WRAP(void *, host_alloc, (size_t size), (size), MEMORY, NULL)
WRAP(host_mem, host_mem_alloc, (size_t size, bool fixed), (size, fixed), MEMORY, 0)
WRAP(host_mem, host_mem_resize, (host_mem mem, size_t size), (mem, size), MEMORY, 0)
WRAP(void *, host_mem_lock, (host_mem mem), (mem), MEMORY, NULL)
WRAP(host_atom, host_atom_add, (const uint16_t *text), (text), ATOMS, 0)
WRAP(host_atom, host_atom_again, (host_atom atom, const uint16_t *text), (atom, text), ATOMS, 0)
WRAP(int, host_post, (const struct host_msg *msg), (msg), POSTS, HOST_GONE)
WRAP(host_wnd, host_window_create,
     (enum host_class cls, host_wnd parent, bool unicode, host_proc *proc, void *ctx),
     (cls, parent, unicode, proc, ctx), WINDOWS, 0)

#define WITHOUT(what, call) (refused = (what), (uintptr_t)(call))

/* ---- The situation ------------------------------------------------------------------------------------ */

/* A conversation, and what there is to do with it. Everything belongs to the client unless it says so. */
static struct {
    struct party *server, *client;
    DWORD failing; /* the instance whose last error it is going to be */
    HCONV conv;
    HCONVLIST list;                           /* of another conversation */
    HSZ service, topic, item, other, foreign; /* the last one is the server's */
    HDDEDATA data, passed;
    uintptr_t result; /* of a call inside a callback */
} set;

static HSZ const no_string = (HSZ)(uintptr_t)0xBAD1;
static HCONVLIST const no_list = (HCONVLIST)(uintptr_t)0xBAD1;
static HCONV const no_conv = (HCONV)(uintptr_t)0xBAD1;
static HDDEDATA const no_data = (HDDEDATA)(uintptr_t)0xBAD1;
static char letters[300];

static int set_up(void **state)
{
    (void)state;
    memset(&set, 0, sizeof set);
    set.server = party_serve(0);
    set.client = party_open(0);
    set.failing = set.client->id;
    set.service = party_text(set.client, SERVICE);
    set.topic = party_text(set.client, TOPIC);
    set.item = party_text(set.client, ITEM);
    set.other = party_text(set.client, "Other");
    set.foreign = party_text(set.server, "Foreign");
    set.list = DdeConnectList(set.client->id, set.service, set.topic, 0, NULL);
    assert_non_null(set.list);
    set.conv = party_connect(set.client, SERVICE, TOPIC); /* server->server is its other end */
    set.data = party_data(set.client, "data", set.item, CF_TEXT, 0);
    set.passed = party_data(set.client, "data", set.item, CF_TEXT, HDATA_APPOWNED);
    assert_non_null(DdeClientTransaction((LPBYTE)set.passed, BY_HANDLE, set.conv, set.item, CF_TEXT,
                                         XTYP_POKE, FOREVER, NULL));
    memset(letters, 'x', sizeof letters - 1);
    return 0;
}

static DWORD failing(const struct party *p)
{
    return set.failing = p->id;
}

static DWORD id(void)
{
    return set.client->id;
}

/* ---- Ways to fail ------------------------------------------------------------------------------------- */

static uintptr_t transact(UINT type, DWORD timeout)
{
    bool carries = type == XTYP_POKE || type == XTYP_EXECUTE;

    return (uintptr_t)DdeClientTransaction(carries ? (LPBYTE)letters : NULL, carries ? 8 : 0, set.conv,
                                           set.item, CF_TEXT, type, timeout, NULL);
}

static bool answer_busy(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = (HDDEDATA)(uintptr_t)DDE_FBUSY;
    return c->type == XTYP_POKE;
}

static bool answer_nothing(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)c;
    *result = 0;
    return true;
}

static bool answer_later(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)c;
    *result = CBR_BLOCK;
    return true;
}

static bool hang_up(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    DdeDisconnect(c->conv);
    return false;
}

static uintptr_t transact_with(party_hook *hook, UINT type, DWORD timeout)
{
    set.server->hook = hook;
    return transact(type, timeout);
}

/* The loop exists, but nobody answers when it is to end. */
static uintptr_t stop_unanswered(void)
{
    assert_true(transact(XTYP_ADVSTART, FOREVER));
    return transact_with(answer_later, XTYP_ADVSTOP, MILLISECOND);
}

static bool transact_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_REQUEST || c->type == XTYP_DISCONNECT)
        set.result = transact(XTYP_POKE, FOREVER);
    return false;
}

/* A second synchronous transaction while the first one waits. */
static uintptr_t transact_twice(void)
{
    uintptr_t first;

    set.result = TRUE;
    first = transact_with(transact_inside, XTYP_REQUEST, FOREVER);
    assert_true(DdeFreeDataHandle((HDDEDATA)first));
    return set.result;
}

/* Inside XTYP_DISCONNECT the handle is still one, but the conversation is over. */
static uintptr_t transact_too_late(void)
{
    set.result = TRUE;
    set.client->hook = transact_inside;
    assert_true(DdeDisconnect(set.server->server));
    test_pump_all();
    return set.result;
}

static int refused_then;

static bool reconnect_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type != XTYP_DISCONNECT)
        return false;
    set.result = WITHOUT(refused_then, DdeReconnect(c->conv));
    refused = NOTHING;
    return false;
}

/* The place for it is XTYP_DISCONNECT. The server's name may have gone by then. */
static uintptr_t reconnect(int without, bool name_stays)
{
    set.result = TRUE;
    refused_then = without;
    set.client->hook = reconnect_inside;
    if (!name_stays)
        assert_non_null(DdeNameService(set.server->id, 0, 0, DNS_UNREGISTER));
    assert_true(DdeDisconnect(set.server->server));
    test_pump_all();
    return set.result;
}

static uintptr_t connect_list(DWORD inst, HSZ service)
{
    return (uintptr_t)DdeConnectList(inst, service, inst == id() ? set.topic : 0, 0, NULL);
}

static bool enable_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_POKE)
        set.result = (uintptr_t)DdeEnableCallback(p->id, c->conv, EC_ENABLEALL);
    return false;
}

static uintptr_t enable_in_callback(void)
{
    set.result = TRUE;
    assert_true(transact_with(enable_inside, XTYP_POKE, FOREVER));
    failing(set.server);
    return set.result;
}

/* A loop whose updates carry nothing, so that nobody is asked for a value. */
static uintptr_t post_advise(int what)
{
    HSZ topic = party_text(set.server, TOPIC), item = party_text(set.server, ITEM);

    assert_true(transact(XTYP_ADVSTART | XTYPF_NODATA, FOREVER));
    return WITHOUT(what, DdePostAdvise(failing(set.server), topic, item));
}

static DWORD monitor(void)
{
    return failing(party_open(APPCLASS_MONITOR));
}

static DWORD client_only(void)
{
    return failing(party_open(APPCMD_CLIENTONLY));
}

static HDDEDATA CALLBACK deaf(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                              ULONG_PTR data1, ULONG_PTR data2)
{
    (void)type, (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)data1, (void)data2;
    return 0;
}

typedef UINT WINAPI initialize_fn(LPDWORD, PFNCALLBACK, DWORD, DWORD);

static UINT initialize(initialize_fn *function, DWORD already, DWORD flags)
{
    DWORD inst = already;
    UINT error = function(&inst, deaf, flags, 0);

    assert_int_equal(inst, already);
    return error;
}

static UINT query_info(HCONV conv, DWORD transaction)
{
    CONVINFO info = {.cb = sizeof info};

    return DdeQueryConvInfo(conv, transaction, &info);
}

/* ---- The matrix --------------------------------------------------------------------------------------- */

/* How the code is learnt: STORED is read by DdeGetLastError after a result of 0, RETURNED is the result.
 *
 * A cell of DLL_NOT_INITIALIZED is played on a thread without any instance, with handles that are good on
 * their own. There is nothing there that could store an error: DdeGetLastError says it for as long as that
 * is so. */
#define CELLS(X)                                                                                             \
    X(RETURNED, DdeInitializeA, INVALIDPARAMETER, initialize(DdeInitializeA, 0xBAD1, 0))                     \
    X(RETURNED, DdeInitializeA, DLL_USAGE, initialize(DdeInitializeA, id(), APPCLASS_MONITOR))               \
    X(RETURNED, DdeInitializeA, SYS_ERROR, WITHOUT(WINDOWS, initialize(DdeInitializeA, 0, 0)))               \
    X(RETURNED, DdeInitializeW, INVALIDPARAMETER, initialize(DdeInitializeW, 0xBAD1, 0))                     \
    X(RETURNED, DdeInitializeW, DLL_USAGE, initialize(DdeInitializeW, id(), APPCLASS_MONITOR))               \
    X(RETURNED, DdeInitializeW, SYS_ERROR, WITHOUT(MEMORY, initialize(DdeInitializeW, 0, 0)))                \
    X(STORED, DdeUninitialize, DLL_NOT_INITIALIZED, DdeUninitialize(id()))                                   \
    X(STORED, DdeUninitialize, INVALIDPARAMETER, DdeUninitialize(0xBAD1))                                    \
    X(RETURNED, DdeGetLastError, DLL_NOT_INITIALIZED, DdeGetLastError(id()))                                 \
    X(RETURNED, DdeGetLastError, INVALIDPARAMETER, DdeGetLastError(0xBAD1))                                  \
                                                                                                             \
    X(STORED, DdeNameService, DLL_NOT_INITIALIZED, DdeNameService(id(), set.other, 0, DNS_REGISTER))         \
    X(STORED, DdeNameService, DLL_USAGE, DdeNameService(client_only(), 0, 0, DNS_FILTERON))                  \
    X(STORED, DdeNameService, INVALIDPARAMETER, DdeNameService(id(), 0, 0, DNS_REGISTER))                    \
    X(STORED, DdeNameService, MEMORY_ERROR,                                                                  \
      WITHOUT(MEMORY, DdeNameService(id(), set.other, 0, DNS_REGISTER)))                                     \
                                                                                                             \
    X(STORED, DdeConnect, DLL_NOT_INITIALIZED, DdeConnect(id(), set.service, set.topic, NULL))               \
    X(STORED, DdeConnect, INVALIDPARAMETER, DdeConnect(id(), no_string, set.topic, NULL))                    \
    X(STORED, DdeConnect, NO_CONV_ESTABLISHED, DdeConnect(id(), set.other, set.topic, NULL))                 \
    X(STORED, DdeConnect, DLL_USAGE, DdeConnect(monitor(), 0, 0, NULL))                                      \
    X(STORED, DdeConnect, MEMORY_ERROR, WITHOUT(MEMORY, DdeConnect(id(), set.service, set.topic, NULL)))     \
    X(STORED, DdeConnect, SYS_ERROR, WITHOUT(ATOMS, DdeConnect(id(), set.service, set.topic, NULL)))         \
                                                                                                             \
    X(STORED, DdeConnectList, DLL_NOT_INITIALIZED, connect_list(id(), set.service))                          \
    X(STORED, DdeConnectList, INVALIDPARAMETER, connect_list(id(), no_string))                               \
    X(STORED, DdeConnectList, NO_CONV_ESTABLISHED, connect_list(id(), set.other))                            \
    X(STORED, DdeConnectList, SYS_ERROR, WITHOUT(ATOMS, connect_list(id(), set.service)))                    \
    X(STORED, DdeConnectList, DLL_USAGE, connect_list(monitor(), 0))                                         \
    X(STORED, DdeConnectList, MEMORY_ERROR, WITHOUT(WINDOWS, connect_list(id(), set.service)))               \
                                                                                                             \
    X(STORED, DdeQueryNextServer, DLL_NOT_INITIALIZED, DdeQueryNextServer(set.list, 0))                      \
    X(STORED, DdeQueryNextServer, INVALIDPARAMETER, DdeQueryNextServer(set.list, set.conv))                  \
    X(STORED, DdeDisconnectList, DLL_NOT_INITIALIZED, DdeDisconnectList(set.list))                           \
    X(STORED, DdeDisconnectList, INVALIDPARAMETER, DdeDisconnectList(no_list))                               \
                                                                                                             \
    X(STORED, DdeReconnect, DLL_NOT_INITIALIZED, DdeReconnect(set.conv))                                     \
    X(STORED, DdeReconnect, INVALIDPARAMETER, DdeReconnect(set.conv))                                        \
    X(STORED, DdeReconnect, NO_CONV_ESTABLISHED, reconnect(NOTHING, false))                                  \
    X(STORED, DdeReconnect, MEMORY_ERROR, reconnect(MEMORY, true))                                           \
    X(STORED, DdeReconnect, SYS_ERROR, reconnect(ATOMS, true))                                               \
                                                                                                             \
    X(STORED, DdeDisconnect, DLL_NOT_INITIALIZED, DdeDisconnect(set.conv))                                   \
    X(STORED, DdeDisconnect, NO_CONV_ESTABLISHED, DdeDisconnect(no_conv))                                    \
                                                                                                             \
    X(STORED, DdeQueryConvInfo, DLL_NOT_INITIALIZED, query_info(set.conv, QID_SYNC))                         \
    X(STORED, DdeQueryConvInfo, INVALIDPARAMETER, query_info(no_conv, QID_SYNC))                             \
    X(STORED, DdeQueryConvInfo, UNFOUND_QUEUE_ID, query_info(set.conv, 0xBAD1))                              \
                                                                                                             \
    X(STORED, DdeSetUserHandle, DLL_NOT_INITIALIZED, DdeSetUserHandle(set.conv, QID_SYNC, 1))                \
    X(STORED, DdeSetUserHandle, INVALIDPARAMETER, DdeSetUserHandle(no_conv, QID_SYNC, 1))                    \
    X(STORED, DdeSetUserHandle, UNFOUND_QUEUE_ID, DdeSetUserHandle(set.conv, 0xBAD1, 1))                     \
                                                                                                             \
    X(STORED, DdeEnableCallback, DLL_NOT_INITIALIZED, DdeEnableCallback(id(), 0, EC_ENABLEALL))              \
    X(STORED, DdeEnableCallback, INVALIDPARAMETER, DdeEnableCallback(id(), no_conv, EC_ENABLEALL))           \
    X(STORED, DdeEnableCallback, REENTRANCY, enable_in_callback())                                           \
                                                                                                             \
    X(STORED, DdeClientTransaction, DLL_NOT_INITIALIZED, transact(XTYP_REQUEST, FOREVER))                    \
    X(STORED, DdeClientTransaction, INVALIDPARAMETER, transact(XTYP_CONNECT, FOREVER))                       \
    X(STORED, DdeClientTransaction, NO_CONV_ESTABLISHED, transact_too_late())                                \
    X(STORED, DdeClientTransaction, REENTRANCY, transact_twice())                                            \
    X(STORED, DdeClientTransaction, MEMORY_ERROR, WITHOUT(MEMORY, transact(XTYP_POKE, FOREVER)))             \
    X(STORED, DdeClientTransaction, POSTMSG_FAILED, WITHOUT(POSTS, transact(XTYP_POKE, FOREVER)))            \
    X(STORED, DdeClientTransaction, BUSY, transact_with(answer_busy, XTYP_POKE, FOREVER))                    \
    X(STORED, DdeClientTransaction, NOTPROCESSED, transact_with(answer_nothing, XTYP_REQUEST, FOREVER))      \
    X(STORED, DdeClientTransaction, DATAACKTIMEOUT, transact_with(answer_later, XTYP_REQUEST, MILLISECOND))  \
    X(STORED, DdeClientTransaction, POKEACKTIMEOUT, transact_with(answer_later, XTYP_POKE, MILLISECOND))     \
    X(STORED, DdeClientTransaction, EXECACKTIMEOUT, transact_with(answer_later, XTYP_EXECUTE, MILLISECOND))  \
    X(STORED, DdeClientTransaction, ADVACKTIMEOUT, transact_with(answer_later, XTYP_ADVSTART, MILLISECOND))  \
    X(STORED, DdeClientTransaction, UNADVACKTIMEOUT, stop_unanswered())                                      \
    X(STORED, DdeClientTransaction, SERVER_DIED, transact_with(hang_up, XTYP_REQUEST, FOREVER))              \
                                                                                                             \
    X(STORED, DdeAbandonTransaction, DLL_NOT_INITIALIZED, DdeAbandonTransaction(id(), 0, 0))                 \
    X(STORED, DdeAbandonTransaction, INVALIDPARAMETER,                                                       \
      DdeAbandonTransaction(failing(set.server), set.server->server, 0))                                     \
    X(STORED, DdeAbandonTransaction, UNFOUND_QUEUE_ID, DdeAbandonTransaction(id(), set.conv, 0xBAD1))        \
                                                                                                             \
    X(STORED, DdePostAdvise, DLL_NOT_INITIALIZED, DdePostAdvise(id(), 0, 0))                                 \
    X(STORED, DdePostAdvise, DLL_USAGE, DdePostAdvise(client_only(), 0, 0))                                  \
    X(STORED, DdePostAdvise, INVALIDPARAMETER, DdePostAdvise(id(), set.foreign, 0))                          \
    X(STORED, DdePostAdvise, MEMORY_ERROR, post_advise(MEMORY))                                              \
    X(STORED, DdePostAdvise, POSTMSG_FAILED, post_advise(POSTS))                                             \
                                                                                                             \
    X(STORED, DdeCreateDataHandle, DLL_NOT_INITIALIZED, DdeCreateDataHandle(id(), NULL, 1, 0, 0, 0, 0))      \
    X(STORED, DdeCreateDataHandle, INVALIDPARAMETER, DdeCreateDataHandle(id(), NULL, 1, 0, 0, 0, 0xBAD1))    \
    X(STORED, DdeCreateDataHandle, MEMORY_ERROR,                                                             \
      WITHOUT(MEMORY, DdeCreateDataHandle(id(), NULL, 1, 0, 0, 0, 0)))                                       \
                                                                                                             \
    X(STORED, DdeAddData, DLL_NOT_INITIALIZED, DdeAddData(set.data, (LPBYTE)letters, 1, 0))                  \
    X(STORED, DdeAddData, INVALIDPARAMETER, DdeAddData(set.passed, (LPBYTE)letters, 1, 0))                   \
    X(STORED, DdeAddData, MEMORY_ERROR, WITHOUT(MEMORY, DdeAddData(set.data, (LPBYTE)letters, 8, 8)))        \
                                                                                                             \
    X(STORED, DdeGetData, DLL_NOT_INITIALIZED, DdeGetData(set.data, NULL, 0, 0))                             \
    X(STORED, DdeGetData, INVALIDPARAMETER, DdeGetData(set.data, (LPBYTE)letters, 1, 100))                   \
    X(STORED, DdeGetData, MEMORY_ERROR, WITHOUT(MEMORY, DdeGetData(set.data, (LPBYTE)letters, 1, 0)))        \
                                                                                                             \
    X(STORED, DdeAccessData, DLL_NOT_INITIALIZED, DdeAccessData(set.data, NULL))                             \
    X(STORED, DdeAccessData, INVALIDPARAMETER, DdeAccessData(no_data, NULL))                                 \
    X(STORED, DdeAccessData, MEMORY_ERROR, WITHOUT(MEMORY, DdeAccessData(set.data, NULL)))                   \
                                                                                                             \
    X(STORED, DdeUnaccessData, DLL_NOT_INITIALIZED, DdeUnaccessData(set.data))                               \
    X(STORED, DdeUnaccessData, INVALIDPARAMETER, DdeUnaccessData(set.data))                                  \
                                                                                                             \
    X(STORED, DdeFreeDataHandle, DLL_NOT_INITIALIZED, DdeFreeDataHandle(set.data))                           \
    X(STORED, DdeFreeDataHandle, INVALIDPARAMETER, DdeFreeDataHandle(no_data))                               \
                                                                                                             \
    X(STORED, DdeCreateStringHandleA, DLL_NOT_INITIALIZED, DdeCreateStringHandleA(id(), "text", 0))          \
    X(STORED, DdeCreateStringHandleA, INVALIDPARAMETER, DdeCreateStringHandleA(id(), NULL, 0))               \
    X(STORED, DdeCreateStringHandleA, SYS_ERROR, DdeCreateStringHandleA(id(), letters, 0))                   \
    X(STORED, DdeCreateStringHandleW, DLL_NOT_INITIALIZED, DdeCreateStringHandleW(id(), u"text", 0))         \
    X(STORED, DdeCreateStringHandleW, INVALIDPARAMETER, DdeCreateStringHandleW(id(), u"text", 0xBAD1))       \
    X(STORED, DdeCreateStringHandleW, SYS_ERROR, WITHOUT(ATOMS, DdeCreateStringHandleW(id(), u"text", 0)))   \
                                                                                                             \
    X(STORED, DdeKeepStringHandle, DLL_NOT_INITIALIZED, DdeKeepStringHandle(id(), set.item))                 \
    X(STORED, DdeKeepStringHandle, INVALIDPARAMETER, DdeKeepStringHandle(id(), set.foreign))                 \
    X(STORED, DdeFreeStringHandle, DLL_NOT_INITIALIZED, DdeFreeStringHandle(id(), set.item))                 \
    X(STORED, DdeFreeStringHandle, INVALIDPARAMETER, DdeFreeStringHandle(id(), set.foreign))                 \
    X(STORED, DdeQueryStringA, DLL_NOT_INITIALIZED, DdeQueryStringA(id(), set.item, NULL, 0, 0))             \
    X(STORED, DdeQueryStringA, INVALIDPARAMETER, DdeQueryStringA(id(), set.foreign, NULL, 0, 0))             \
    X(STORED, DdeQueryStringW, DLL_NOT_INITIALIZED, DdeQueryStringW(id(), set.item, NULL, 0, 0))             \
    X(STORED, DdeQueryStringW, INVALIDPARAMETER, DdeQueryStringW(id(), no_string, NULL, 0, 0))

/* Cells that stay empty, and why (docs/behaviour.md). */
#define EMPTY_CELLS(X)                                                                                       \
    X(DdeQueryConvInfo, NO_CONV_ESTABLISHED, "a handle of an ended conversation is an invalid parameter")    \
    X(DdeClientTransaction, DLL_USAGE, "a monitor cannot come to a conversation: DdeConnect fails so")

struct cell {
    const char *function, *name;
    UINT code;
    bool returned;
    uintptr_t (*provoke)(void);
    const char *empty; /* why nothing provokes it */
};

enum { STORED, RETURNED };

#define X(how, function, code, call)                                                                         \
    static uintptr_t function##_fails_with_##code(void)                                                      \
    {                                                                                                        \
        return (uintptr_t)(call);                                                                            \
    }
CELLS(X)
#undef X

#define TITLE(function, code) "2.6 " #function "_fails_with_" #code

static struct cell cells[] = {
#define X(how, function, code, call)                                                                         \
    {#function, TITLE(function, code), DMLERR_##code, how, function##_fails_with_##code, NULL},
    CELLS(X)
#undef X
#define X(function, code, why) {#function, #code, DMLERR_##code, STORED, NULL, why},
        EMPTY_CELLS(X)
#undef X
};
enum { N_CELLS = sizeof cells / sizeof *cells };

/* ---- Playing a cell ----------------------------------------------------------------------------------- */

struct outcome {
    const struct cell *cell;
    uintptr_t result;
    UINT last, after; /* errors */
};

static void play(void *arg)
{
    struct outcome *o = arg;

    o->result = o->cell->provoke();
    refused = NOTHING;
    o->last = DdeGetLastError(set.failing);
    o->after = DdeGetLastError(set.failing);
}

static void fails_as_documented(void **state)
{
    struct outcome o = {.cell = *state};
    bool bare = o.cell->code == DMLERR_DLL_NOT_INITIALIZED;

    set_up(state);
    DdeGetLastError(set.client->id);
    DdeGetLastError(set.server->id);
    if (bare)
        test_thread_join(test_thread_start(play, &o));
    else
        play(&o);
    assert_int_equal(o.result, o.cell->returned ? o.cell->code : 0);
    assert_int_equal(o.last, o.cell->returned && !bare ? DMLERR_NO_ERROR : o.cell->code);
    assert_int_equal(o.after, bare ? o.cell->code : DMLERR_NO_ERROR);
    set.client->hook = set.server->hook = answer_nothing;
}

/* ---- Is the matrix complete? -------------------------------------------------------------------------- */

enum { CODES = 18 };

/* The codes that are documented for each function, and those that this library gives besides. */
static const struct list {
    const char *function;
    UINT documented[CODES], besides[CODES];
} lists[] = {
#define NOT_INIT DMLERR_DLL_NOT_INITIALIZED
#define INVALID  DMLERR_INVALIDPARAMETER
    {"DdeInitializeA", {DMLERR_DLL_USAGE, INVALID, DMLERR_SYS_ERROR}, {0}},
    {"DdeInitializeW", {DMLERR_DLL_USAGE, INVALID, DMLERR_SYS_ERROR}, {0}},
    {"DdeUninitialize", {0}, {NOT_INIT, INVALID}},
    {"DdeGetLastError", {NOT_INIT, INVALID}, {0}},
    {"DdeNameService", {NOT_INIT, DMLERR_DLL_USAGE, INVALID}, {DMLERR_MEMORY_ERROR}},
    {"DdeConnect",
     {NOT_INIT, INVALID, DMLERR_NO_CONV_ESTABLISHED, DMLERR_DLL_USAGE},
     {DMLERR_MEMORY_ERROR, DMLERR_SYS_ERROR}},
    {"DdeConnectList",
     {NOT_INIT, INVALID, DMLERR_NO_CONV_ESTABLISHED, DMLERR_SYS_ERROR},
     {DMLERR_DLL_USAGE, DMLERR_MEMORY_ERROR}},
    {"DdeQueryNextServer", {INVALID}, {NOT_INIT}},
    {"DdeDisconnectList", {NOT_INIT, INVALID}, {0}},
    {"DdeReconnect",
     {NOT_INIT, INVALID, DMLERR_NO_CONV_ESTABLISHED},
     {DMLERR_MEMORY_ERROR, DMLERR_SYS_ERROR}},
    {"DdeDisconnect", {NOT_INIT, DMLERR_NO_CONV_ESTABLISHED}, {0}},
    {"DdeQueryConvInfo", {NOT_INIT, INVALID, DMLERR_NO_CONV_ESTABLISHED, DMLERR_UNFOUND_QUEUE_ID}, {0}},
    {"DdeSetUserHandle", {NOT_INIT, INVALID, DMLERR_UNFOUND_QUEUE_ID}, {0}},
    {"DdeEnableCallback", {NOT_INIT, INVALID, DMLERR_REENTRANCY}, {0}},
    {"DdeClientTransaction",
     {NOT_INIT, DMLERR_DLL_USAGE, INVALID, DMLERR_NO_CONV_ESTABLISHED, DMLERR_REENTRANCY, DMLERR_MEMORY_ERROR,
      DMLERR_POSTMSG_FAILED, DMLERR_BUSY, DMLERR_NOTPROCESSED, DMLERR_DATAACKTIMEOUT, DMLERR_POKEACKTIMEOUT,
      DMLERR_EXECACKTIMEOUT, DMLERR_ADVACKTIMEOUT, DMLERR_UNADVACKTIMEOUT, DMLERR_SERVER_DIED},
     {0}},
    {"DdeAbandonTransaction", {NOT_INIT, INVALID, DMLERR_UNFOUND_QUEUE_ID}, {0}},
    {"DdePostAdvise", {NOT_INIT, DMLERR_DLL_USAGE}, {INVALID, DMLERR_MEMORY_ERROR, DMLERR_POSTMSG_FAILED}},
    {"DdeCreateDataHandle", {NOT_INIT, INVALID, DMLERR_MEMORY_ERROR}, {0}},
    {"DdeAddData", {NOT_INIT, INVALID, DMLERR_MEMORY_ERROR}, {0}},
    {"DdeGetData", {NOT_INIT, INVALID}, {DMLERR_MEMORY_ERROR}},
    {"DdeAccessData", {NOT_INIT, INVALID}, {DMLERR_MEMORY_ERROR}},
    {"DdeUnaccessData", {NOT_INIT, INVALID}, {0}},
    {"DdeFreeDataHandle", {INVALID}, {NOT_INIT}},
    {"DdeCreateStringHandleA", {INVALID, DMLERR_SYS_ERROR}, {NOT_INIT}},
    {"DdeCreateStringHandleW", {INVALID, DMLERR_SYS_ERROR}, {NOT_INIT}},
    {"DdeKeepStringHandle", {INVALID}, {NOT_INIT}},
    {"DdeFreeStringHandle", {INVALID}, {NOT_INIT}},
    {"DdeQueryStringA", {0}, {NOT_INIT, INVALID}},
    {"DdeQueryStringW", {0}, {NOT_INIT, INVALID}},
    {"DdeCmpStringHandles", {0}, {0}},    /* sets no error */
    {"DdeSetQualityOfService", {0}, {0}}, /* these report to GetLastError */
    {"DdeGetQualityOfService", {0}, {0}},
    {"DdeImpersonateClient", {0}, {0}},
#undef NOT_INIT
#undef INVALID
};
enum { LISTS = sizeof lists / sizeof *lists };

static unsigned count(const UINT *codes, UINT code)
{
    unsigned n = 0;

    for (unsigned i = 0; i < CODES && codes[i]; i++)
        n += codes[i] == code;
    return n;
}

static const struct list *list_of(const char *function)
{
    for (unsigned i = 0; i < LISTS; i++)
        if (!strcmp(lists[i].function, function))
            return &lists[i];
    return NULL;
}

static unsigned cells_of(const char *function, UINT code)
{
    unsigned n = 0;

    for (unsigned i = 0; i < N_CELLS; i++)
        n += !strcmp(cells[i].function, function) && cells[i].code == code;
    return n;
}

static void every_code_that_is_listed_has_its_cell(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LISTS; i++)
        for (UINT code = DMLERR_FIRST; code <= DMLERR_LAST; code++) {
            unsigned listed = count(lists[i].documented, code) + count(lists[i].besides, code);

            if (listed != cells_of(lists[i].function, code))
                fail_msg("%s is listed with 0x%04X %u times and has %u cells for it", lists[i].function, code,
                         listed, cells_of(lists[i].function, code));
        }
}

static void every_cell_is_of_a_function_that_is_listed(void **state)
{
    (void)state;
    for (unsigned i = 0; i < N_CELLS; i++)
        assert_non_null(list_of(cells[i].function));
}

static void every_exported_function_has_its_list(void **state)
{
    static const char *const exported[] = {
#define DDEML_EXPORT(name, bytes) #name,
#include "ddeml_exports.inc"
#undef DDEML_EXPORT
    };

    (void)state;
    for (unsigned i = 0; i < sizeof exported / sizeof *exported; i++)
        if (!strncmp(exported[i], "Dde", 3) && strncmp(exported[i], "Ddeml", 5) && !list_of(exported[i]))
            fail_msg("%s has no list", exported[i]);
}

/* ---- Tests -------------------------------------------------------------------------------------------- */

int main(void)
{
    struct CMUnitTest tests[N_CELLS + 3] = {
        rule_with("2.6", every_code_that_is_listed_has_its_cell, NULL, NULL),
        rule_with("2.6", every_cell_is_of_a_function_that_is_listed, NULL, NULL),
        rule_with("2.6", every_exported_function_has_its_list, NULL, NULL),
    };
    unsigned n = 3;

    for (unsigned i = 0; i < N_CELLS; i++) {
        if (cells[i].empty)
            continue;
        tests[n] = (struct CMUnitTest)rule("2.6", fails_as_documented);
        tests[n].name = cells[i].name;
        tests[n++].initial_state = &cells[i];
    }
    spares_most = 0; /* every record comes from the heap, which is refused */
    return _cmocka_run_group_tests(DDEML_TEST_NAME, tests, n, NULL, NULL);
}
