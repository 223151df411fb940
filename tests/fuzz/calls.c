/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The door of the API: every exported function, in any order, with handles that are alive, dead, of another kind or
 * made up, with sizes as large as they can be, and with callbacks that do more of the same. Pointers are good for as
 * many bytes as the caller says. */

#include "fuzz/fuzz.h"

#include "fuzz/inside.h"

#include <string.h>

enum {
    SLOTS = 3, /* instances                                          */
    KEPT = 8,  /* handles of each kind that are remembered           */
    DEPTH = 5, /* of callbacks in callbacks                          */
    STEPS = 400,
    MOST = 64, /* instances in all */
};

enum kind { INSTS, CONVS, LISTS, STRINGS, DATAS, XACTS, WINDOWS, KINDS };

static struct {
    uintptr_t kept[KINDS][KEPT];
    DWORD ids[SLOTS];
    DWORD made[MOST]; /* every instance there has been */
    unsigned n_made;
    struct fuzz_steps steps;
} door;

/* ---- Handles -------------------------------------------------------------------------------------------- */

static void keep(enum kind kind, uintptr_t value)
{
    if (value)
        door.kept[kind][fuzz_below(KEPT)] = value;
}

static uintptr_t any(enum kind kind)
{
    unsigned b = fuzz_byte();

    switch (b >> 4) {
    case 12:
        return door.kept[b % KINDS][fuzz_below(KEPT)];
    case 13:
        return door.kept[kind][b % KEPT] + fuzz_byte() - 128;
    case 14:
        return 0;
    case 15:
        return (uintptr_t)fuzz_number();
    default:
        return door.kept[kind][b % KEPT];
    }
}

static DWORD any_id(void)
{
    unsigned b = fuzz_byte();

    return b < 240 ? door.ids[b % SLOTS] : (DWORD)any(INSTS);
}

static HCONV any_conv(void)
{
    return (HCONV)any(CONVS);
}

static HDDEDATA any_data(void)
{
    return (HDDEDATA)any(DATAS);
}

static HWND any_window(void)
{
    return (HWND)any(WINDOWS);
}

/* Of the few names that everybody uses, so that they meet. */
static HSZ any_name(DWORD id)
{
    unsigned b = fuzz_byte();
    HSZ hsz;

    if (b >= 192)
        return (HSZ)any(STRINGS);
    hsz = DdeCreateStringHandleA(id, fuzz_names[b % 3], CP_WINANSI);
    keep(STRINGS, (uintptr_t)hsz);
    return hsz;
}

static UINT any_format(void)
{
    unsigned b = fuzz_byte();

    return b < 224 ? CF_TEXT + b % 2 : (UINT)fuzz_number();
}

static DWORD any_wait(void)
{
    unsigned b = fuzz_byte();

    return b < 96 ? TIMEOUT_ASYNC : b < 240 ? b : fuzz_word();
}

/* A structure that begins with its size, which is often wrong. */
static void *any_sized(size_t right)
{
    unsigned b = fuzz_byte();
    UINT cb = b < 128 ? (UINT)right : fuzz_size();
    UINT *p = fuzz_exact(cb < sizeof cb ? sizeof cb : cb);

    *p = cb;
    return p;
}

static CONVCONTEXT *any_context(void)
{
    return fuzz_byte() & 1 ? any_sized(sizeof(CONVCONTEXT)) : NULL;
}

/* ---- Instances and names ---------------------------------------------------------------------------------- */

static PFNCALLBACK const callbacks[SLOTS];

static void initialize(void)
{
    static const DWORD usual[] = {APPCLASS_STANDARD, APPCMD_CLIENTONLY, APPCMD_FILTERINITS,
                                  APPCLASS_MONITOR | MF_MASK, CBF_FAIL_SELFCONNECTIONS};
    unsigned slot = fuzz_below(SLOTS), b = fuzz_byte();
    DWORD flags = b < 192 ? usual[b % 5] : (DWORD)fuzz_number(), id = door.ids[slot], reserved = 0;
    PFNCALLBACK callback = callbacks[slot];

    if (b % 16 == 15) {
        id = (DWORD)any(INSTS);
        callback = fuzz_byte() & 1 ? callback : NULL;
        reserved = (DWORD)fuzz_number();
    }
    if (door.n_made == MOST)
        return;
    if (((b & 32) ? DdeInitializeW : DdeInitializeA)(&id, callback, flags, reserved) == DMLERR_NO_ERROR)
        door.made[door.n_made++] = id;
    keep(INSTS, id);
    if (!door.ids[slot] || b % 16 != 15)
        door.ids[slot] = id;
    if (fuzz_byte() & 1)
        DdeNameService(id, any_name(id), 0, DNS_REGISTER);
}

static void uninitialize(void)
{
    if (fuzz_byte() < 128)
        DdeUninitialize(any_id());
}

static void last_error(void)
{
    DdeGetLastError(any_id());
}

static void name_service(void)
{
    DWORD id = any_id();
    HSZ name = any_name(id), other = fuzz_byte() < 224 ? 0 : (HSZ)any(STRINGS);
    unsigned b = fuzz_byte();

    DdeNameService(id, name, other, b < 224 ? b % 16 : (UINT)fuzz_number());
}

/* ---- Strings ---------------------------------------------------------------------------------------------- */

static int any_page(void)
{
    unsigned b = fuzz_byte();

    return b < 96 ? CP_WINANSI : b < 192 ? CP_WINUNICODE : b < 224 ? 0 : (int)(uint32_t)fuzz_number();
}

static void create_string(void)
{
    DWORD id = any_id();
    int page = any_page();
    bool wide = fuzz_byte() & 1;
    char *text = fuzz_byte() < 240 ? fuzz_text(520) : NULL;

    keep(STRINGS, (uintptr_t)(wide ? DdeCreateStringHandleW(id, (LPCWSTR)(void *)text, page)
                                   : DdeCreateStringHandleA(id, text, page)));
}

static void query_string(void)
{
    DWORD id = any_id(), room = fuzz_size();
    HSZ hsz = (HSZ)any(STRINGS);
    int page = any_page();
    bool wide = fuzz_byte() & 1;
    void *to = fuzz_byte() < 224 ? fuzz_exact((size_t)room * sizeof(WCHAR)) : NULL;

    if (wide)
        DdeQueryStringW(id, hsz, to, room, page);
    else
        DdeQueryStringA(id, hsz, to, room, page);
}

static void keep_string(void)
{
    DWORD id = any_id();

    DdeKeepStringHandle(id, (HSZ)any(STRINGS));
}

static void free_string(void)
{
    DWORD id = any_id();

    DdeFreeStringHandle(id, (HSZ)any(STRINGS));
}

static void compare_strings(void)
{
    HSZ a = (HSZ)any(STRINGS);

    DdeCmpStringHandles(a, (HSZ)any(STRINGS));
}

/* ---- Conversations ---------------------------------------------------------------------------------------- */

static void connect_one(void)
{
    DWORD id = any_id();
    HSZ service = any_name(id), topic = any_name(id);

    keep(CONVS, (uintptr_t)DdeConnect(id, service, topic, any_context()));
}

static void connect_list(void)
{
    DWORD id = any_id();
    HSZ service = any_name(id), topic = any_name(id);
    HCONVLIST former = fuzz_byte() & 1 ? 0 : (HCONVLIST)any(LISTS);

    keep(LISTS, (uintptr_t)DdeConnectList(id, service, topic, former, any_context()));
}

static void next_server(void)
{
    HCONVLIST list = (HCONVLIST)any(LISTS);
    HCONV conv = fuzz_byte() & 1 ? 0 : any_conv();

    keep(CONVS, (uintptr_t)DdeQueryNextServer(list, conv));
}

static void disconnect_list(void)
{
    DdeDisconnectList((HCONVLIST)any(LISTS));
}

static void disconnect(void)
{
    DdeDisconnect(any_conv());
}

static void reconnect(void)
{
    keep(CONVS, (uintptr_t)DdeReconnect(any_conv()));
}

static void info(void)
{
    HCONV conv = any_conv();
    DWORD xact = fuzz_byte() & 1 ? QID_SYNC : (DWORD)any(XACTS);
    CONVINFO *to = fuzz_byte() < 240 ? any_sized(sizeof *to) : NULL;

    if (DdeQueryConvInfo(conv, xact, to) == sizeof *to) {
        keep(CONVS, (uintptr_t)to->hConvPartner);
        keep(WINDOWS, (uintptr_t)to->hwnd);
        keep(WINDOWS, (uintptr_t)to->hwndPartner);
        keep(LISTS, (uintptr_t)to->hConvList);
        keep(STRINGS, (uintptr_t)to->hszServiceReq);
    }
}

static void user_handle(void)
{
    HCONV conv = any_conv();
    DWORD xact = fuzz_byte() & 1 ? QID_SYNC : (DWORD)any(XACTS);

    DdeSetUserHandle(conv, xact, (DWORD_PTR)fuzz_number());
}

static void enable(void)
{
    static const UINT commands[] = {EC_ENABLEALL, EC_ENABLEONE, EC_DISABLE, EC_QUERYWAITING};
    DWORD id = any_id();
    HCONV conv = any_conv();
    unsigned b = fuzz_byte();

    DdeEnableCallback(id, conv, b < 240 ? commands[b % 4] : (UINT)fuzz_number());
}

/* ---- Data --------------------------------------------------------------------------------------------------- */

static HDDEDATA new_data(DWORD id, HSZ item, UINT fmt)
{
    DWORD cb = fuzz_size(), offset = fuzz_byte() < 192 ? 0 : fuzz_size();
    LPBYTE from = fuzz_byte() < 224 ? fuzz_exact(cb) : NULL;
    unsigned b = fuzz_byte();
    HDDEDATA data = DdeCreateDataHandle(id, from, cb, offset, item, fmt,
                                        b < 128   ? 0
                                        : b < 240 ? HDATA_APPOWNED
                                                  : (UINT)fuzz_number());

    keep(DATAS, (uintptr_t)data);
    return data;
}

static void create_data(void)
{
    DWORD id = any_id();
    HSZ item = any_name(id);

    new_data(id, item, any_format());
}

static void add_data(void)
{
    HDDEDATA data = any_data();
    DWORD cb = fuzz_size(), offset = fuzz_size();

    DdeAddData(data, fuzz_byte() < 240 ? fuzz_exact(cb) : NULL, cb, offset);
}

static void get_data(void)
{
    HDDEDATA data = any_data();
    DWORD cb = fuzz_size(), offset = fuzz_byte() & 1 ? 0 : fuzz_size();
    LPBYTE to = fuzz_byte() < 224 ? fuzz_exact(cb) : NULL;
    DWORD n = DdeGetData(data, to, cb, offset);

    fuzz_assert(!to || n <= cb);
}

/* Every byte of it can be read, and written where that is allowed: an object that no message has carried. */
static void access_data(void)
{
    HDDEDATA data = any_data();
    bool tell = fuzz_byte() & 1;
    DWORD size = 0;
    const volatile BYTE *bytes = DdeAccessData(data, tell ? &size : NULL);

    if (bytes && size) {
        (void)bytes[0];
        (void)bytes[size - 1];
    }
}

static void unaccess_data(void)
{
    DdeUnaccessData(any_data());
}

static void free_data(void)
{
    DdeFreeDataHandle(any_data());
}

/* ---- Transactions ------------------------------------------------------------------------------------------- */

static void transact(void)
{
    static const UINT types[] = {XTYP_REQUEST,
                                 XTYP_POKE,
                                 XTYP_EXECUTE,
                                 XTYP_ADVSTART,
                                 XTYP_ADVSTART | XTYPF_NODATA,
                                 XTYP_ADVSTART | XTYPF_ACKREQ,
                                 XTYP_ADVSTART | XTYPF_ACKREQ | XTYPF_NODATA,
                                 XTYP_ADVSTOP};
    unsigned b = fuzz_byte();
    UINT type = b < 240 ? types[b % 8] : (UINT)fuzz_number(), fmt = any_format();
    HCONV conv = any_conv();
    DWORD id = any_id(), wait = any_wait(), size, result = 0;
    HSZ item = any_name(id);
    bool tell = fuzz_byte() < 224;
    LPBYTE data;
    HDDEDATA answer;

    if (b % 16 < 8) {
        size = fuzz_size();
        data = size == UINT32_MAX ? NULL : fuzz_exact(size);
    } else {
        size = UINT32_MAX;
        data = (LPBYTE)(fuzz_byte() & 1 ? any_data() : new_data(id, type == XTYP_EXECUTE ? 0 : item, fmt));
    }
    answer = DdeClientTransaction(data, size, conv, item, fmt, type, wait, tell ? &result : NULL);
    if (wait == TIMEOUT_ASYNC)
        keep(XACTS, result);
    else if (type == XTYP_REQUEST)
        keep(DATAS, (uintptr_t)answer);
}

static void abandon(void)
{
    DWORD id = any_id();
    HCONV conv = any_conv();

    DdeAbandonTransaction(id, conv, (DWORD)any(XACTS));
}

static void post_advise(void)
{
    DWORD id = any_id();
    HSZ topic = any_name(id);

    DdePostAdvise(id, topic, any_name(id));
}

/* ---- Everything else ---------------------------------------------------------------------------------------- */

static void security(void)
{
    SECURITY_QUALITY_OF_SERVICE *quality = fuzz_byte() & 1 ? any_sized(sizeof *quality) : NULL;
    HWND one = any_window(), other = any_window();

    /* what it points to has no size of its own to be wrong about */
    if (quality && quality->Length < sizeof *quality)
        quality = NULL;
    DdeImpersonateClient(any_conv());
    ImpersonateDdeClientWindow(one, other);
    DdeSetQualityOfService(one, quality, quality);
    DdeGetQualityOfService(one, other, quality);
}

static void packing(void)
{
    UINT msg = WM_DDE_FIRST + fuzz_below(10), out = WM_DDE_FIRST + fuzz_below(10);
    UINT_PTR lo, hi;
    LPARAM lparam = PackDDElParam(msg, (UINT_PTR)any(DATAS), (UINT_PTR)any(STRINGS));

    UnpackDDElParam(msg, lparam, &lo, &hi);
    lparam = ReuseDDElParam(lparam, msg, out, lo, hi);
    FreeDDElParam(out, lparam);
    FreeDDElParam(msg, (LPARAM)any(DATAS));
}

static void ledger(void)
{
    DDEMLLEDGER *to = any_sized(sizeof *to);

    DdemlGetLedger(fuzz_byte() & 1 ? any_id() : 0, to);
}

static bool another_step(void);

static BOOL CALLBACK holder(const DDEMLHOLDER *held, LPVOID param)
{
    (void)param;
    keep(INSTS, held->idInst);
    another_step();
    return fuzz_byte() & 1;
}

static void holders(void)
{
    PFNDDEMLHOLDER tell = fuzz_byte() < 240 ? holder : NULL;

    DdemlListHolders(tell, NULL, fuzz_below(100));
}

static void dispatch(void)
{
    DdemlDispatch(fuzz_below(4) ? 0 : fuzz_byte());
}

static void time_passes(void)
{
    inside_pass(fuzz_word());
    DdemlDispatch(0);
}

static void CALLBACK called(LPVOID param)
{
    (void)param;
    another_step();
}

/* There are no other threads here: the system refuses them. */
static void threads(void)
{
    DWORD id = 0, other = (DWORD)any(INSTS);

    fuzz_assert(DdemlStartThread(fuzz_byte() & 1 ? called : NULL, NULL, fuzz_byte() < 224 ? &id : NULL) !=
                DMLERR_NO_ERROR);
    fuzz_assert(!id);
    fuzz_assert(DdemlCallThread(other, fuzz_byte() < 224 ? called : NULL, NULL, any_wait()) ==
                DMLERR_INVALIDPARAMETER);
    fuzz_assert(DdemlStopThread(other, any_wait()) == DMLERR_INVALIDPARAMETER);
}

static void deadlines(void)
{
    DWORD initiate = fuzz_word();

    DdemlSetDeadlines(initiate, fuzz_word());
    fuzz_assert(DdemlGetVersion() == DDEML_VERSION);
}

static void fill_queue(void)
{
    inside_fill(fuzz_byte() < 128);
}

static void end_thread(void)
{
    if (fuzz_byte() < 64)
        inside_end_thread();
}

static void (*const steps[])(void) = {
    initialize,      initialize,  uninitialize,    last_error,    name_service, create_string, query_string,
    keep_string,     free_string, compare_strings, connect_one,   fill_queue,   connect_list,  next_server,
    disconnect_list, disconnect,  reconnect,       info,          user_handle,  enable,        create_data,
    add_data,        get_data,    access_data,     unaccess_data, free_data,    transact,      transact,
    transact,        transact,    abandon,         post_advise,   end_thread,   security,      packing,
    ledger,          holders,     dispatch,        dispatch,      dispatch,     time_passes,   threads,
    deadlines,
};

static bool another_step(void)
{
    return fuzz_step(&door.steps);
}

/* ---- Callbacks ---------------------------------------------------------------------------------------------- */

/* A list of pairs, well made or not. */
static HDDEDATA offer(DWORD id)
{
    HSZPAIR *pairs = fuzz_exact(3 * sizeof *pairs);
    DWORD size = fuzz_below(3 * sizeof *pairs + 1);

    for (int i = 0; i < 2; i++) {
        pairs[i].hszSvc = any_name(id);
        pairs[i].hszTopic = any_name(id);
    }
    if (fuzz_byte() & 1)
        pairs[2] = (HSZPAIR){0};
    return DdeCreateDataHandle(id, (LPBYTE)pairs, size, 0, 0, 0, fuzz_byte() & 1 ? HDATA_APPOWNED : 0);
}

static HDDEDATA answer(DWORD id, UINT type, UINT fmt, HSZ item)
{
    unsigned b = fuzz_byte();

    if (b < 16)
        return CBR_BLOCK;
    if (b < 32)
        return 0;
    if (b < 48)
        return any_data();
    if (b < 56)
        return (HDDEDATA)(uintptr_t)fuzz_number();
    if (type == XTYP_WILDCONNECT)
        return offer(id);
    if (type == XTYP_REQUEST || type == XTYP_ADVREQ)
        return new_data(id, item, fmt);
    if (type & XCLASS_FLAGS)
        return (HDDEDATA)(uintptr_t)(b < 224 ? DDE_FACK : fuzz_word());
    return (HDDEDATA)(uintptr_t)TRUE;
}

static HDDEDATA call(unsigned slot, UINT type, UINT fmt, HCONV conv, HSZ hsz2, HDDEDATA data)
{
    keep(CONVS, (uintptr_t)conv);
    if ((uintptr_t)data > TRUE)
        keep(DATAS, (uintptr_t)data);
    if (!fuzz_more())
        return (HDDEDATA)(uintptr_t)TRUE;
    for (unsigned n = fuzz_below(4); n; n--)
        another_step();
    return answer(door.ids[slot], type, fmt, hsz2);
}

#define SLOT(n)                                                                                              \
    static HDDEDATA CALLBACK callback_##n(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2,               \
                                          HDDEDATA data, ULONG_PTR data1, ULONG_PTR data2)                   \
    {                                                                                                        \
        (void)hsz1;                                                                                          \
        (void)data1;                                                                                         \
        (void)data2;                                                                                         \
        return call(n, type, fmt, conv, hsz2, data);                                                         \
    }
SLOT(0)
SLOT(1)
SLOT(2)

static PFNCALLBACK const callbacks[SLOTS] = {callback_0, callback_1, callback_2};

/* ---- The door ----------------------------------------------------------------------------------------------- */

/* While the library waits, and inside whatever it waits in. */
static bool asleep(void)
{
    if (!fuzz_more() || fuzz_byte() & 1)
        return false;
    return another_step();
}

static void end_all(void)
{
    for (unsigned i = 0; i < door.n_made; i++)
        DdeUninitialize(door.made[i]);
}

static void run(void)
{
    fuzz_assert(DdemlGetFd() >= 0); /* before everything, and for ever: a thread has one */
    for (unsigned i = 0; i < SLOTS; i++)
        initialize();
    while (fuzz_more() && door.steps.left)
        another_step();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_begin(data, size, asleep);
    memset(&door, 0, sizeof door);
    door.steps = (struct fuzz_steps){steps, sizeof steps / sizeof *steps, STEPS, DEPTH, 0};
    if (fuzz_wants_thread(data, size)) {
        inside_on_thread(run);
    } else {
        run();
        end_all();
    }
    fuzz_end();
    return 0;
}
