/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The library's functions, each for the copy that serves the instance or has made the handle. What the program
 * knows of handles is the copy's number, in the bits that no copy uses, and the copy's own value. */

#include "apart/apart.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"

/* ---- Handles ------------------------------------------------------------------------------------------- */

enum { TAG_SHIFT = 56 };

/* What is no handle is as it is: 0, TRUE, DDE_FACK, CBR_BLOCK, any number that a test makes up. */
static bool is_handle(uintptr_t value)
{
    return value >= 0x100000 && value >> TAG_SHIFT == 0;
}

static uintptr_t tagged(unsigned copy, uintptr_t value)
{
    return is_handle(value) ? value | (uintptr_t)(copy + 1) << TAG_SHIFT : value;
}

/* Of another copy it is no handle of this one's, as it would not be in another process. */
static uintptr_t untagged(unsigned copy, uintptr_t value)
{
    return value >> TAG_SHIFT == copy + 1 ? value & ~((uintptr_t)0xFF << TAG_SHIFT) : value;
}

#define IN(copy, handle)  ((__typeof__(handle))untagged(copy, (uintptr_t)(handle)))
#define OUT(copy, handle) ((__typeof__(handle))tagged(copy, (uintptr_t)(handle)))

static const DWORD nobody = 0xFFFFFFFE;

/* Has the calling thread an instance in this copy? */
static bool serves_this_thread(const struct copy *c)
{
    return c && c->DdeGetLastError(nobody) == DMLERR_INVALIDPARAMETER;
}

/* The copy that has made the handle and serves this thread; APART_COPIES: none. */
static unsigned maker(const void *handle)
{
    unsigned tag = (unsigned)((uintptr_t)handle >> TAG_SHIFT);

    return tag >= 1 && tag <= APART_COPIES && serves_this_thread(copy_if_loaded(tag - 1)) ? tag - 1
                                                                                          : APART_COPIES;
}

/* For what nobody has made every copy that serves the thread is asked: the error is every instance's. */
#define ASK(copy, type, failure, call)                                                                       \
    do {                                                                                                     \
        type result_ = (failure);                                                                            \
        if ((copy) != APART_COPIES) {                                                                        \
            const struct copy *c = copy_at(copy);                                                            \
            return call;                                                                                     \
        }                                                                                                    \
        for (unsigned i_ = copy_of_mine(0); i_ < APART_COPIES; i_ = copy_of_mine(i_ + 1)) {                  \
            const struct copy *c = copy_at(i_);                                                              \
            if (serves_this_thread(c))                                                                       \
                result_ = call;                                                                              \
        }                                                                                                    \
        return result_;                                                                                      \
    } while (0)

/* ---- Instances ----------------------------------------------------------------------------------------- */

/* How many instances a copy serves when there are more than copies. */
enum { SEATS = 4 };

static struct seat {
    bool taken;
    DWORD id, own; /* as the program knows it, and as the copy does */
    PFNCALLBACK callback;
} seats[APART_PARTIES][SEATS];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static HDDEDATA call(unsigned copy, PFNCALLBACK callback, UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2,
                     HDDEDATA data, ULONG_PTR data1, ULONG_PTR data2);

/* A callback does not say whose it is, so every seat has one of its own. */
#define DOOR(c, n)                                                                                           \
    static HDDEDATA CALLBACK door_##c##_##n(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2,             \
                                            HDDEDATA data, ULONG_PTR data1, ULONG_PTR data2)                 \
    {                                                                                                        \
        return call(c, seats[c][n].callback, type, fmt, conv, hsz1, hsz2, data, data1, data2);               \
    }
#define DOORS(c) DOOR(c, 0) DOOR(c, 1) DOOR(c, 2) DOOR(c, 3)
#define ALL(X)   X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
ALL(DOORS)

static const PFNCALLBACK doors[APART_PARTIES][SEATS] = {
#define ROW(c) {door_##c##_0, door_##c##_1, door_##c##_2, door_##c##_3},
    ALL(ROW)
#undef ROW
};

/* Instances also end with their thread. */
static void forget_the_dead(unsigned c)
{
    DDEMLLEDGER ledger = {.cb = sizeof ledger};
    const struct copy *copy = copy_if_loaded(c);

    if (copy && copy->DdemlGetLedger(0, &ledger) && ledger.instances == 0)
        for (unsigned n = 0; n < SEATS; n++)
            if (seats[c][n].own)
                seats[c][n] = (struct seat){0};
}

/* A seat at the copy with the fewest others. */
static struct seat *take_seat(unsigned *copy, unsigned *place)
{
    struct seat *seat = NULL;

    pthread_mutex_lock(&lock);
    for (unsigned c = 0; c < APART_PARTIES; c++)
        forget_the_dead(c);
    for (unsigned n = 0; n < SEATS && !seat; n++) {
        for (unsigned c = 0; c < APART_PARTIES && !seat; c++) {
            if (seats[c][n].taken)
                continue;
            seat = &seats[c][n];
            seat->taken = true;
            *copy = c;
            *place = n;
        }
    }
    pthread_mutex_unlock(&lock);
    return seat;
}

static struct seat *seat_of(DWORD id, unsigned *copy)
{
    for (unsigned c = 0; c < APART_PARTIES; c++) {
        for (unsigned n = 0; n < SEATS; n++) {
            if (id && seats[c][n].id == id) {
                *copy = c;
                return &seats[c][n];
            }
        }
    }
    *copy = APART_COPIES;
    return NULL;
}

/* The copy that serves an instance of this thread, and its own name for it. */
static unsigned home(DWORD *id)
{
    unsigned copy;
    struct seat *seat;

    pthread_mutex_lock(&lock);
    seat = seat_of(*id, &copy);
    *id = seat ? seat->own : nobody;
    pthread_mutex_unlock(&lock);
    return seat && serves_this_thread(copy_if_loaded(copy)) ? copy : APART_COPIES;
}

static UINT initialize(LPDWORD id, PFNCALLBACK callback, DWORD flags, DWORD reserved, bool wide)
{
    static DWORD last = 0x40000000;
    unsigned copy = 0, place = 0;
    DWORD own = 0;
    struct seat *seat;
    UINT error;

    if (!id || *id || !callback) { /* nothing new */
        if (id && *id) {
            own = *id;
            copy = home(&own);
        }
        if (copy == APART_COPIES)
            copy = 0;
        return (wide ? copy_at(copy)->DdeInitializeW
                     : copy_at(copy)->DdeInitializeA)(id ? &own : NULL, callback, flags, reserved);
    }
    seat = take_seat(&copy, &place);
    assert(seat);
    seat->callback = callback;
    error = (wide ? copy_at(copy)->DdeInitializeW : copy_at(copy)->DdeInitializeA)(&own, doors[copy][place],
                                                                                   flags, reserved);
    pthread_mutex_lock(&lock);
    if (error == DMLERR_NO_ERROR) {
        seat->own = own;
        *id = seat->id = last += 4;
    } else {
        *seat = (struct seat){0};
    }
    pthread_mutex_unlock(&lock);
    return error;
}

UINT WINAPI DdeInitializeA(LPDWORD pidInst, PFNCALLBACK pfnCallback, DWORD afCmd, DWORD ulRes)
{
    return initialize(pidInst, pfnCallback, afCmd, ulRes, false);
}

UINT WINAPI DdeInitializeW(LPDWORD pidInst, PFNCALLBACK pfnCallback, DWORD afCmd, DWORD ulRes)
{
    return initialize(pidInst, pfnCallback, afCmd, ulRes, true);
}

BOOL WINAPI DdeUninitialize(DWORD idInst)
{
    DWORD own = idInst;
    unsigned copy = home(&own);
    struct seat *seat;
    BOOL done;

    if (copy == APART_COPIES)
        ASK(copy, BOOL, FALSE, c->DdeUninitialize(own));
    done = copy_at(copy)->DdeUninitialize(own);
    if (!done)
        return done;
    pthread_mutex_lock(&lock);
    seat = seat_of(idInst, &copy);
    if (seat)
        *seat = (struct seat){0};
    pthread_mutex_unlock(&lock);
    return done;
}

/* ---- Callbacks ----------------------------------------------------------------------------------------- */

/* The pairs that answer XTYP_WILDCONNECT name strings, in data that the copy is going to read. */
static void untag_pairs(unsigned copy, HDDEDATA data)
{
    const struct copy *c = copy_at(copy);
    HSZPAIR pair;
    HDDEDATA whole = IN(copy, data);

    for (DWORD at = 0; c->DdeGetData(whole, (LPBYTE)&pair, sizeof pair, at) == sizeof pair;
         at += sizeof pair) {
        HSZPAIR own = {IN(copy, pair.hszSvc), IN(copy, pair.hszTopic)};

        c->DdeAddData(whole, (LPBYTE)&own, sizeof own, at);
    }
}

#define TAG(copy, record, member) ((record)->member = OUT(copy, (record)->member))

/* What a monitor is told is written for its own process. */
static void tag_event(unsigned copy, HDDEDATA data, ULONG_PTR kind)
{
    const struct copy *c = copy_at(copy);
    void *event = c->DdeAccessData(data, NULL);

    switch (event ? kind : 0) {
    case MF_HSZ_INFO:
        TAG(copy, (MONHSZSTRUCTA *)event, hsz);
        break;
    case MF_CONV:
        TAG(copy, (MONCONVSTRUCT *)event, hszSvc);
        TAG(copy, (MONCONVSTRUCT *)event, hszTopic);
        TAG(copy, (MONCONVSTRUCT *)event, hConvClient);
        TAG(copy, (MONCONVSTRUCT *)event, hConvServer);
        break;
    case MF_LINKS:
        TAG(copy, (MONLINKSTRUCT *)event, hszSvc);
        TAG(copy, (MONLINKSTRUCT *)event, hszTopic);
        TAG(copy, (MONLINKSTRUCT *)event, hszItem);
        TAG(copy, (MONLINKSTRUCT *)event, hConvClient);
        TAG(copy, (MONLINKSTRUCT *)event, hConvServer);
        break;
    case MF_CALLBACKS:
        TAG(copy, (MONCBSTRUCT *)event, hConv);
        TAG(copy, (MONCBSTRUCT *)event, hsz1);
        TAG(copy, (MONCBSTRUCT *)event, hsz2);
        TAG(copy, (MONCBSTRUCT *)event, hData);
        break;
    }
    c->DdeUnaccessData(data);
}

static HDDEDATA call(unsigned copy, PFNCALLBACK callback, UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2,
                     HDDEDATA data, ULONG_PTR data1, ULONG_PTR data2)
{
    HDDEDATA result;

    if (type == XTYP_MONITOR && data)
        tag_event(copy, data, data2);
    result =
        callback(type, fmt, OUT(copy, conv), OUT(copy, hsz1), OUT(copy, hsz2), OUT(copy, data), data1, data2);
    if (type == XTYP_WILDCONNECT && maker(result) == copy)
        untag_pairs(copy, result);
    return IN(copy, result);
}

/* ---- The other functions -------------------------------------------------------------------------------- */

#define OF_INSTANCE(type, failure, call)                                                                     \
    do {                                                                                                     \
        unsigned copy = home(&idInst);                                                                       \
        ASK(copy, type, failure, call);                                                                      \
    } while (0)

#define OF_HANDLE(handle, type, failure, call)                                                               \
    do {                                                                                                     \
        unsigned copy = maker(handle);                                                                       \
        ASK(copy, type, failure, call);                                                                      \
    } while (0)

UINT WINAPI DdeGetLastError(DWORD idInst)
{
    OF_INSTANCE(UINT, DMLERR_DLL_NOT_INITIALIZED, c->DdeGetLastError(idInst));
}

HSZ WINAPI DdeCreateStringHandleA(DWORD idInst, LPCSTR psz, INT iCodePage)
{
    OF_INSTANCE(HSZ, 0, OUT(copy, c->DdeCreateStringHandleA(idInst, psz, iCodePage)));
}

HSZ WINAPI DdeCreateStringHandleW(DWORD idInst, LPCWSTR psz, INT iCodePage)
{
    OF_INSTANCE(HSZ, 0, OUT(copy, c->DdeCreateStringHandleW(idInst, psz, iCodePage)));
}

DWORD WINAPI DdeQueryStringA(DWORD idInst, HSZ hsz, LPSTR psz, DWORD cchMax, INT iCodePage)
{
    OF_INSTANCE(DWORD, 0, c->DdeQueryStringA(idInst, IN(copy, hsz), psz, cchMax, iCodePage));
}

DWORD WINAPI DdeQueryStringW(DWORD idInst, HSZ hsz, LPWSTR psz, DWORD cchMax, INT iCodePage)
{
    OF_INSTANCE(DWORD, 0, c->DdeQueryStringW(idInst, IN(copy, hsz), psz, cchMax, iCodePage));
}

BOOL WINAPI DdeKeepStringHandle(DWORD idInst, HSZ hsz)
{
    OF_INSTANCE(BOOL, FALSE, c->DdeKeepStringHandle(idInst, IN(copy, hsz)));
}

BOOL WINAPI DdeFreeStringHandle(DWORD idInst, HSZ hsz)
{
    OF_INSTANCE(BOOL, FALSE, c->DdeFreeStringHandle(idInst, IN(copy, hsz)));
}

INT WINAPI DdeCmpStringHandles(HSZ hsz1, HSZ hsz2)
{
    unsigned copy = maker(hsz1), other = maker(hsz2);

    if (copy != APART_COPIES && other != APART_COPIES && copy != other)
        return copy < other ? -1 : 1; /* of different processes: nothing is known but that they differ */
    copy = copy != APART_COPIES ? copy : other;
    ASK(copy, INT, 0, c->DdeCmpStringHandles(IN(copy, hsz1), IN(copy, hsz2)));
}

HDDEDATA WINAPI DdeNameService(DWORD idInst, HSZ hsz1, HSZ hsz2, UINT afCmd)
{
    OF_INSTANCE(HDDEDATA, 0, c->DdeNameService(idInst, IN(copy, hsz1), IN(copy, hsz2), afCmd));
}

HCONV WINAPI DdeConnect(DWORD idInst, HSZ hszService, HSZ hszTopic, PCONVCONTEXT pCC)
{
    OF_INSTANCE(HCONV, 0, OUT(copy, c->DdeConnect(idInst, IN(copy, hszService), IN(copy, hszTopic), pCC)));
}

HCONV WINAPI DdeReconnect(HCONV hConv)
{
    OF_HANDLE(hConv, HCONV, 0, OUT(copy, c->DdeReconnect(IN(copy, hConv))));
}

BOOL WINAPI DdeDisconnect(HCONV hConv)
{
    OF_HANDLE(hConv, BOOL, FALSE, c->DdeDisconnect(IN(copy, hConv)));
}

/* Only as many bytes as there is room for have been written. */
#define TAG_IF_THERE(member)                                                                                 \
    if (size >= offsetof(CONVINFO, member) + sizeof info->member)                                            \
    info->member = OUT(copy, info->member)

static UINT tag_info(unsigned copy, UINT size, PCONVINFO info)
{
    TAG_IF_THERE(hConvPartner);
    TAG_IF_THERE(hszSvcPartner);
    TAG_IF_THERE(hszServiceReq);
    TAG_IF_THERE(hszTopic);
    TAG_IF_THERE(hszItem);
    TAG_IF_THERE(hConvList);
    return size;
}

UINT WINAPI DdeQueryConvInfo(HCONV hConv, DWORD idTransaction, PCONVINFO pConvInfo)
{
    OF_HANDLE(hConv, UINT, 0,
              tag_info(copy, c->DdeQueryConvInfo(IN(copy, hConv), idTransaction, pConvInfo), pConvInfo));
}

BOOL WINAPI DdeSetUserHandle(HCONV hConv, DWORD id, DWORD_PTR hUser)
{
    OF_HANDLE(hConv, BOOL, FALSE, c->DdeSetUserHandle(IN(copy, hConv), id, hUser));
}

HCONVLIST WINAPI DdeConnectList(DWORD idInst, HSZ hszService, HSZ hszTopic, HCONVLIST hConvList,
                                PCONVCONTEXT pCC)
{
    OF_INSTANCE(HCONVLIST, 0,
                OUT(copy, c->DdeConnectList(idInst, IN(copy, hszService), IN(copy, hszTopic),
                                            IN(copy, hConvList), pCC)));
}

HCONV WINAPI DdeQueryNextServer(HCONVLIST hConvList, HCONV hConvPrev)
{
    OF_HANDLE(hConvList, HCONV, 0,
              OUT(copy, c->DdeQueryNextServer(IN(copy, hConvList), IN(copy, hConvPrev))));
}

BOOL WINAPI DdeDisconnectList(HCONVLIST hConvList)
{
    OF_HANDLE(hConvList, BOOL, FALSE, c->DdeDisconnectList(IN(copy, hConvList)));
}

BOOL WINAPI DdeImpersonateClient(HCONV hConv)
{
    OF_HANDLE(hConv, BOOL, FALSE, c->DdeImpersonateClient(IN(copy, hConv)));
}

HDDEDATA WINAPI DdeCreateDataHandle(DWORD idInst, LPBYTE pSrc, DWORD cb, DWORD cbOff, HSZ hszItem, UINT wFmt,
                                    UINT afCmd)
{
    OF_INSTANCE(HDDEDATA, 0,
                OUT(copy, c->DdeCreateDataHandle(idInst, pSrc, cb, cbOff, IN(copy, hszItem), wFmt, afCmd)));
}

HDDEDATA WINAPI DdeAddData(HDDEDATA hData, LPBYTE pSrc, DWORD cb, DWORD cbOff)
{
    OF_HANDLE(hData, HDDEDATA, 0, OUT(copy, c->DdeAddData(IN(copy, hData), pSrc, cb, cbOff)));
}

DWORD WINAPI DdeGetData(HDDEDATA hData, LPBYTE pDst, DWORD cbMax, DWORD cbOff)
{
    OF_HANDLE(hData, DWORD, 0, c->DdeGetData(IN(copy, hData), pDst, cbMax, cbOff));
}

LPBYTE WINAPI DdeAccessData(HDDEDATA hData, LPDWORD pcbDataSize)
{
    OF_HANDLE(hData, LPBYTE, NULL, c->DdeAccessData(IN(copy, hData), pcbDataSize));
}

BOOL WINAPI DdeUnaccessData(HDDEDATA hData)
{
    OF_HANDLE(hData, BOOL, FALSE, c->DdeUnaccessData(IN(copy, hData)));
}

BOOL WINAPI DdeFreeDataHandle(HDDEDATA hData)
{
    OF_HANDLE(hData, BOOL, FALSE, c->DdeFreeDataHandle(IN(copy, hData)));
}

HDDEDATA WINAPI DdeClientTransaction(LPBYTE pData, DWORD cbData, HCONV hConv, HSZ hszItem, UINT wFmt,
                                     UINT wType, DWORD dwTimeout, LPDWORD pdwResult)
{
    bool by_handle = cbData == 0xFFFFFFFF;

    OF_HANDLE(hConv, HDDEDATA, 0,
              OUT(copy, c->DdeClientTransaction(by_handle ? IN(copy, pData) : pData, cbData, IN(copy, hConv),
                                                IN(copy, hszItem), wFmt, wType, dwTimeout, pdwResult)));
}

BOOL WINAPI DdeAbandonTransaction(DWORD idInst, HCONV hConv, DWORD idTransaction)
{
    OF_INSTANCE(BOOL, FALSE, c->DdeAbandonTransaction(idInst, IN(copy, hConv), idTransaction));
}

BOOL WINAPI DdePostAdvise(DWORD idInst, HSZ hszTopic, HSZ hszItem)
{
    OF_INSTANCE(BOOL, FALSE, c->DdePostAdvise(idInst, IN(copy, hszTopic), IN(copy, hszItem)));
}

BOOL WINAPI DdeEnableCallback(DWORD idInst, HCONV hConv, UINT wCmd)
{
    OF_INSTANCE(BOOL, FALSE, c->DdeEnableCallback(idInst, IN(copy, hConv), wCmd));
}

/* ---- What belongs to no instance -------------------------------------------------------------------------- */

BOOL WINAPI DdemlGetLedger(DWORD idInst, DDEMLLEDGER *pLedger)
{
    DDEMLLEDGER all = {0}, one = {.cb = sizeof one};

    if (idInst || !pLedger || pLedger->cb != sizeof *pLedger)
        OF_INSTANCE(BOOL, FALSE, c->DdemlGetLedger(idInst, pLedger));
    for (unsigned i = 0; i < APART_COPIES; i++) {
        if (!copy_if_loaded(i))
            continue;
        copy_if_loaded(i)->DdemlGetLedger(0, &one);
#define ADD(name) all.name += one.name;
        DDEML_LEDGER_COLUMNS(ADD)
#undef ADD
    }
    all.cb = sizeof all;
    *pLedger = all;
    return TRUE;
}

BOOL WINAPI DdemlDispatch(DWORD dwTimeout)
{
    return copies_dispatch(dwTimeout == 0            ? 0
                           : dwTimeout == 0xFFFFFFFF ? UINT64_MAX
                                                     : test_now_ms() + dwTimeout);
}

BOOL WINAPI DdemlSetDeadlines(DWORD dwInitiate, DWORD dwShutdown)
{
    copies_set_deadlines(dwInitiate, dwShutdown);
    return TRUE;
}

DWORD WINAPI DdemlGetVersion(void)
{
    return copy_at(APART_OTHER)->DdemlGetVersion();
}

LPARAM WINAPI PackDDElParam(UINT msg, UINT_PTR uiLo, UINT_PTR uiHi)
{
    return copy_at(APART_OTHER)->PackDDElParam(msg, uiLo, uiHi);
}

BOOL WINAPI UnpackDDElParam(UINT msg, LPARAM lParam, PUINT_PTR puiLo, PUINT_PTR puiHi)
{
    return copy_at(APART_OTHER)->UnpackDDElParam(msg, lParam, puiLo, puiHi);
}

BOOL WINAPI FreeDDElParam(UINT msg, LPARAM lParam)
{
    return copy_at(APART_OTHER)->FreeDDElParam(msg, lParam);
}

LPARAM WINAPI ReuseDDElParam(LPARAM lParam, UINT msgIn, UINT msgOut, UINT_PTR uiLo, UINT_PTR uiHi)
{
    return copy_at(APART_OTHER)->ReuseDDElParam(lParam, msgIn, msgOut, uiLo, uiHi);
}

BOOL WINAPI DdeSetQualityOfService(HWND hwndClient, const SECURITY_QUALITY_OF_SERVICE *pqosNew,
                                   PSECURITY_QUALITY_OF_SERVICE pqosPrev)
{
    return copy_at(APART_OTHER)->DdeSetQualityOfService(hwndClient, pqosNew, pqosPrev);
}

BOOL WINAPI DdeGetQualityOfService(HWND hwndClient, HWND hwndServer, PSECURITY_QUALITY_OF_SERVICE pqos)
{
    return copy_at(APART_OTHER)->DdeGetQualityOfService(hwndClient, hwndServer, pqos);
}

BOOL WINAPI ImpersonateDdeClientWindow(HWND hWndClient, HWND hWndServer)
{
    return copy_at(APART_OTHER)->ImpersonateDdeClientWindow(hWndClient, hWndServer);
}
