/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The door of messages: hostile windows post and send WM_DDE_* and what instances tell each other to every window of
 * ours: of instances (mom, event), of conversations of either side, of lists, of a monitor. They do so at any time:
 * while nothing is going on, in conversations with loops of every kind, in the middle of callbacks, while a
 * transaction waits, and when everything ends. Senders, blocks, atoms and lParams are right or wrong as the input
 * says. */

#include "fuzz/fuzz.h"

#include "fuzz/inside.h"
#include "support/inside.h"

#include <string.h>

enum { SERVER, CLIENT, MONITOR, INSTANCES };

enum {
    HOSTILE = 3,
    OURS = 24, /* windows that the hostile ones have heard of */
    KEPT = 8,
    DEPTH = 5,
    STEPS = 300,
    WAIT_MS = 20,
    HALF = 16,
};

static struct {
    DWORD ids[INSTANCES];
    host_wnd hostile[HOSTILE], ours[OURS];
    unsigned n_ours;
    HCONV convs[KEPT];
    HCONVLIST list;
    DWORD xacts[KEPT];
    host_atom atoms[KEPT]; /* that have come in messages */
    struct fuzz_steps steps;
} door;

static bool another_step(void);

/* ---- What the hostile windows know --------------------------------------------------------------------------- */

static bool is_ours(host_wnd wnd)
{
    for (unsigned i = 0; i < OURS; i++)
        if (wnd && door.ours[i] == wnd)
            return true;
    return false;
}

static bool is_hostile(host_wnd wnd)
{
    for (unsigned i = 0; i < HOSTILE; i++)
        if (wnd && door.hostile[i] == wnd)
            return true;
    return false;
}

static void learn(host_wnd wnd)
{
    if (wnd && !is_ours(wnd) && !is_hostile(wnd))
        door.ours[door.n_ours++ % OURS] = wnd;
}

static void learn_conv(HCONV conv)
{
    CONVINFO info = {.cb = sizeof info};

    if (!conv)
        return;
    door.convs[fuzz_below(KEPT)] = conv;
    if (DdeQueryConvInfo(conv, QID_SYNC, &info))
        learn((host_wnd)info.hwnd);
}

static host_wnd any_of_ours(void)
{
    unsigned b = fuzz_byte();

    return b < 248 ? door.ours[b % OURS] : (host_wnd)fuzz_number();
}

/* As a rule itself. Who speaks for a window of ours makes the books wrong: see fuzz_books_forged. */
static host_wnd any_sender(void)
{
    unsigned b = fuzz_byte();
    host_wnd from = b < 224   ? door.hostile[b % HOSTILE]
                    : b < 232 ? 0
                    : b < 240 ? (host_wnd)fuzz_number()
                              : any_of_ours();

    if (from && !is_hostile(from))
        fuzz_books_forged();
    return from;
}

static uintptr_t any_atom(void)
{
    unsigned b = fuzz_byte();

    return b < 192 ? fuzz_atom(b) : b < 208 ? 0 : b < 232 ? door.atoms[b % KEPT] : fuzz_word();
}

/* The head of an object and a few bytes; often a good one. */
static host_mem any_object(void)
{
    static const uint16_t usual[] = {0, 0x2000, 0x8000, 0xA000, 0x3000, 0xB000, 0x4000, 0xC000};
    unsigned b = fuzz_byte();
    host_mem mem = fuzz_block(b < 224 ? 4 + b % 16 : b % 8);
    uint16_t *head = mem && b < 192 ? host_mem_lock(mem) : NULL;

    if (head) {
        head[0] = usual[b % 8];
        head[1] = (uint16_t)(CF_TEXT + b / 128);
        host_mem_unlock(mem);
    }
    return mem;
}

static host_mem any_block(void)
{
    unsigned b = fuzz_byte();

    return b < 192 ? any_object() : b < 224 ? fuzz_any_block() : (host_mem)fuzz_number();
}

/* ---- Hostile messages ------------------------------------------------------------------------------------------ */

static uintptr_t packed(uint32_t id)
{
    UINT_PTR lo = 0, hi = 0;

    switch (id) {
    case WM_DDE_ADVISE:
    case WM_DDE_DATA:
    case WM_DDE_POKE:
        lo = any_block();
        hi = any_atom();
        break;
    case WM_DDE_ACK:
        lo = fuzz_word();
        hi = fuzz_byte() & 1 ? any_atom() : any_block();
        break;
    case WM_DDE_EXECUTE:
        hi = any_block();
        break;
    case WM_DDE_TERMINATE:
        break;
    default:
        lo = fuzz_byte() & 1 ? CF_TEXT : fuzz_word();
        hi = any_atom();
        break;
    }
    return (uintptr_t)PackDDElParam(id, lo, hi);
}

static uintptr_t any_lparam(uint32_t id)
{
    unsigned b = fuzz_byte();

    return b < 224 ? packed(id) : b < 240 ? any_block() : (uintptr_t)fuzz_number();
}

static uintptr_t two_atoms(void)
{
    uintptr_t one = any_atom();

    return one | any_atom() << HALF;
}

static void post(host_wnd to, uint32_t id, host_wnd from, uintptr_t lparam)
{
    struct host_msg hm = {.to = to, .id = id, .wparam = from, .lparam = lparam};

    if (host_post(&hm) != HOST_OK)
        FreeDDElParam(id, (LPARAM)lparam);
}

static void hostile_post(void)
{
    uint32_t id = WM_DDE_FIRST + fuzz_below(9);
    host_wnd to = any_of_ours(), from = any_sender();

    post(to, id, from, id == WM_DDE_INITIATE ? two_atoms() : any_lparam(id));
}

/* Nobody says who frees what a message carries that is posted by right, but sent: it stays with its sender. */
static void hostile_send(void)
{
    uint32_t id = WM_DDE_FIRST + fuzz_below(9);
    struct host_msg hm = {.to = any_of_ours(), .id = id, .wparam = any_sender()};
    bool atoms = id == WM_DDE_INITIATE || (id == WM_DDE_ACK && fuzz_byte() < 192);

    hm.lparam = atoms ? two_atoms() : any_lparam(id);
    if (!atoms && id != WM_DDE_EXECUTE)
        fuzz_remember((host_mem)hm.lparam);
    host_send(&hm, WAIT_MS);
}

static void hostile_event(void)
{
    static const uint32_t ids[] = {HOST_EV_MOVED, HOST_EV_REGISTER, HOST_EV_UNREGISTER, HOST_EV_COUNT};
    struct host_msg hm = {.to = any_of_ours(), .id = ids[fuzz_below(4)], .wparam = any_sender()};

    hm.lparam = hm.id == HOST_EV_MOVED ? any_of_ours() : two_atoms();
    host_send(&hm, WAIT_MS);
}

static void hostile_initiate(void)
{
    host_atom service = fuzz_byte() < 192 ? fuzz_atom(0) : (host_atom)any_atom();
    host_atom topic = fuzz_byte() < 192 ? fuzz_atom(1) : (host_atom)any_atom();
    struct host_msg hm = {
        .id = WM_DDE_INITIATE, .wparam = any_sender(), .lparam = service | (uintptr_t)topic << HALF};

    host_broadcast(HOST_TOP_LEVEL, &hm, WAIT_MS, NULL, NULL);
}

/* The atoms that it answers with are the receiver's. */
static void answer_initiate(host_wnd me, const struct host_msg *hm)
{
    unsigned b = fuzz_byte();
    struct host_msg ack = {.to = hm->wparam, .id = WM_DDE_ACK, .wparam = me};

    if (hm->wparam == me || b < 32)
        return;
    for (unsigned n = b % 4 == 3 ? 2 : 1; n; n--) {
        ack.lparam = b < 192 ? fuzz_atom(3) | (uintptr_t)fuzz_atom(1) << HALF : two_atoms();
        host_send(&ack, WAIT_MS);
    }
    if (b % 8 == 1)
        another_step();
}

static void note(const struct host_msg *hm, UINT_PTR lo, UINT_PTR hi)
{
    host_atom atom = (host_atom)hi;

    fuzz_remember((host_mem)lo);
    fuzz_remember((host_mem)hi);
    door.atoms[hm->id % KEPT] = atom;
    if (hi <= UINT16_MAX)
        fuzz_remember_atom(atom);
}

/* The right answer, a wrong one, none, or something else. */
static void react(host_wnd me, const struct host_msg *hm, UINT_PTR lo, UINT_PTR hi)
{
    static const uint16_t statuses[] = {0x8000, 0, 0x4000, 0xFFFF};
    unsigned b = fuzz_byte();

    (void)lo;
    if (hm->id == WM_DDE_ACK && b < 192)
        return;
    if (b < 128)
        post(hm->wparam, WM_DDE_ACK, me,
             (uintptr_t)PackDDElParam(WM_DDE_ACK, statuses[b % 8 < 5 ? 0 : b % 4], hi));
    else if (b < 176)
        post(
            hm->wparam, WM_DDE_DATA, me,
            (uintptr_t)PackDDElParam(WM_DDE_DATA, any_object(), (host_atom)hi >= 0xC000 ? (host_atom)hi : 0));
    else if (b < 184)
        post(hm->wparam, WM_DDE_TERMINATE, me, 0);
    else if (b < 200)
        another_step();
}

static void take_all(host_wnd wnd)
{
    struct host_msg hm;

    while (host_take(wnd, &hm)) {
        UINT_PTR lo = 0, hi = 0;

        UnpackDDElParam(hm.id, (LPARAM)hm.lparam, &lo, &hi);
        FreeDDElParam(hm.id, (LPARAM)hm.lparam);
        note(&hm, lo, hi);
    }
}

static void hostile_proc(void *ctx, const struct host_msg *hm)
{
    host_wnd me = *(const host_wnd *)ctx;
    UINT_PTR lo = 0, hi = 0;

    learn(hm->wparam);
    if (hm->id == HOST_EV_DESTROYED)
        take_all(me);
    if (hm->id < WM_DDE_FIRST || hm->id > WM_DDE_LAST)
        return;
    if (hm->id == WM_DDE_INITIATE) {
        answer_initiate(me, hm);
    } else if (hm->id == WM_DDE_TERMINATE) {
        if (fuzz_byte() < 224)
            post(hm->wparam, WM_DDE_TERMINATE, me, 0);
    } else if (UnpackDDElParam(hm->id, (LPARAM)hm->lparam, &lo, &hi)) {
        FreeDDElParam(hm->id, (LPARAM)hm->lparam);
        note(hm, lo, hi);
        react(me, hm, lo, hi);
    } else if (hm->id == WM_DDE_ACK) { /* of an INITIATE: that is not packed */
        fuzz_remember_atom((host_atom)hm->lparam);
        fuzz_remember_atom((host_atom)(hm->lparam >> HALF));
    }
}

static void open_hostile(unsigned i)
{
    door.hostile[i] =
        host_window_create(i == 2 ? HOST_EVENT : HOST_PLAIN, 0, i == 1, hostile_proc, &door.hostile[i]);
    fuzz_assert(door.hostile[i]);
}

static void close_hostile(unsigned i)
{
    take_all(door.hostile[i]);
    host_window_destroy(door.hostile[i]);
    door.hostile[i] = 0;
}

static void hostile_dies(void)
{
    unsigned i = fuzz_below(HOSTILE);

    if (fuzz_byte() < 128)
        return;
    close_hostile(i);
    open_hostile(i);
}

/* ---- What the program does meanwhile --------------------------------------------------------------------------- */

static HDDEDATA CALLBACK callback(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR d1, ULONG_PTR d2);

static void open_instance(unsigned i)
{
    static const DWORD flags[] = {0, APPCMD_CLIENTONLY, APPCLASS_MONITOR | MF_MASK};
    unsigned b = fuzz_byte();
    struct inside inside;

    if (door.ids[i] || (i == MONITOR && !(b & 2))) /* listening to all of it takes time */
        return;
    (b & 1 ? DdeInitializeW : DdeInitializeA)(&door.ids[i], callback,
                                              flags[i] | (b & 4 ? CBF_SKIP_CONNECT_CONFIRMS : 0), 0);
    fuzz_assert(door.ids[i]);
    inside = inside_of(door.ids[i]);
    learn(inside.mom);
    learn(inside.event);
    if (i == SERVER)
        DdeNameService(door.ids[i], DdeCreateStringHandleA(door.ids[i], fuzz_names[0], CP_WINANSI), 0,
                       b & 8 ? DNS_REGISTER | DNS_FILTEROFF : DNS_REGISTER);
}

static void end_instance(void)
{
    unsigned i = fuzz_below(INSTANCES);
    DWORD id = door.ids[i];

    if (fuzz_byte() < 192)
        return;
    door.ids[i] = 0;
    DdeUninitialize(id);
    open_instance(i);
}

static HSZ name(DWORD id, unsigned which)
{
    return DdeCreateStringHandleA(id, fuzz_names[which % FUZZ_NAMES], CP_WINANSI);
}

/* To our server, to a hostile one, to any. */
static void choose_target(HSZ *service, HSZ *topic)
{
    unsigned b = fuzz_byte();
    DWORD id = door.ids[CLIENT];

    *service = b % 4 < 3 ? name(id, b % 4 == 0 ? 0 : 3) : 0;
    *topic = b < 224 ? name(id, 1) : 0;
}

static void connect_one(void)
{
    HSZ service, topic;

    choose_target(&service, &topic);
    learn_conv(DdeConnect(door.ids[CLIENT], service, topic, NULL));
}

static void connect_list(void)
{
    HSZ service, topic;
    HCONV conv = 0;

    choose_target(&service, &topic);
    door.list = DdeConnectList(door.ids[CLIENT], service, topic, fuzz_byte() & 1 ? door.list : 0, NULL);
    for (int i = 0; i < 4 && (conv = DdeQueryNextServer(door.list, conv)) != 0; i++)
        learn_conv(conv);
}

static void disconnect_list(void)
{
    if (fuzz_byte() < 64)
        DdeDisconnectList(door.list);
}

static HCONV any_conv(void)
{
    return door.convs[fuzz_below(KEPT)];
}

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
    static BYTE value[] = "value";
    unsigned b = fuzz_byte();
    DWORD wait = b < 128 ? TIMEOUT_ASYNC : b, result = 0;
    HSZ item = name(door.ids[CLIENT], 2);
    HDDEDATA data =
        DdeClientTransaction(value, sizeof value, any_conv(), item, CF_TEXT, types[b % 8], wait, &result);

    if (wait == TIMEOUT_ASYNC)
        door.xacts[b / 8 % KEPT] = result;
    else if (types[b % 8] == XTYP_REQUEST)
        DdeFreeDataHandle(data);
}

static void abandon(void)
{
    DdeAbandonTransaction(door.ids[CLIENT], any_conv(), door.xacts[fuzz_below(KEPT)]);
}

static void disconnect(void)
{
    if (fuzz_byte() < 96)
        DdeDisconnect(any_conv());
}

static void enable(void)
{
    static const UINT commands[] = {EC_ENABLEALL, EC_ENABLEONE, EC_DISABLE, EC_ENABLEALL};
    unsigned b = fuzz_byte();

    DdeEnableCallback(door.ids[b & 1], b & 2 ? any_conv() : 0, commands[b / 4 % 4]);
}

static void post_advise(void)
{
    DWORD id = door.ids[SERVER];
    unsigned b = fuzz_byte();

    DdePostAdvise(id, b & 1 ? name(id, 1) : 0, b & 2 ? name(id, 2) : 0);
}

static void names(void)
{
    static const UINT commands[] = {DNS_REGISTER, DNS_UNREGISTER, DNS_FILTERON, DNS_FILTEROFF};
    DWORD id = door.ids[SERVER];
    unsigned b = fuzz_byte();

    DdeNameService(id, name(id, b & 1 ? 0 : 4), 0, commands[b / 2 % 4]);
}

static void dispatch(void)
{
    for (unsigned n = fuzz_below(8); n; n--)
        host_dispatch(HOST_ALL_MESSAGES, 0);
}

static void dispatch_all(void)
{
    DdemlDispatch(0);
}

static void time_passes(void)
{
    inside_pass(fuzz_byte() * 16);
    DdemlDispatch(0);
}

static BOOL CALLBACK holder(const DDEMLHOLDER *held, LPVOID param)
{
    (void)held;
    (void)param;
    another_step();
    return fuzz_byte() & 1;
}

static void holders(void)
{
    DdemlListHolders(holder, NULL, fuzz_below(100));
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
    hostile_post, hostile_post, hostile_post,  hostile_post,     hostile_post, hostile_post,
    hostile_post, hostile_send, hostile_event, hostile_initiate, hostile_dies, end_instance,
    connect_one,  holders,      connect_list,  disconnect_list,  transact,     transact,
    fill_queue,   abandon,      disconnect,    enable,           post_advise,  end_thread,
    names,        dispatch,     dispatch,      dispatch_all,     dispatch_all, time_passes,
};

static bool another_step(void)
{
    return fuzz_step(&door.steps);
}

static DWORD owner_of(UINT type)
{
    return type == XTYP_REQUEST || type == XTYP_ADVREQ || type == XTYP_WILDCONNECT ? door.ids[SERVER] : 0;
}

static HDDEDATA value_of(UINT type, UINT fmt, HSZ topic, HSZ item)
{
    static BYTE value[] = "a value";
    DWORD id = owner_of(type);
    HSZPAIR pairs[2] = {{0, 0}, {0, 0}};

    if (type != XTYP_WILDCONNECT)
        return DdeCreateDataHandle(id, value, sizeof value, 0, item, fmt, 0);
    pairs[0].hszSvc = name(id, 0);
    pairs[0].hszTopic = topic ? topic : name(id, 1);
    return DdeCreateDataHandle(id, (LPBYTE)pairs, sizeof pairs, 0, 0, 0, 0);
}

static HDDEDATA CALLBACK callback(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR d1, ULONG_PTR d2)
{
    unsigned b;

    (void)data;
    (void)d1;
    (void)d2;
    if (type == XTYP_CONNECT_CONFIRM)
        learn_conv(conv);
    if (type == XTYP_MONITOR)
        return 0;
    if (!fuzz_more())
        return (HDDEDATA)(uintptr_t)TRUE;
    b = fuzz_byte();
    if (b % 8 == 7)
        another_step();
    if (type == XTYP_DISCONNECT && b % 8 == 6)
        learn_conv(DdeReconnect(conv));
    if (b < 24)
        return CBR_BLOCK;
    if (b < 40)
        return 0;
    if (owner_of(type))
        return value_of(type, fmt, hsz1, hsz2);
    if (type & XCLASS_FLAGS)
        return (HDDEDATA)(uintptr_t)(b < 200 ? DDE_FACK : DDE_FBUSY);
    return (HDDEDATA)(uintptr_t)TRUE;
}

/* ---- The door -------------------------------------------------------------------------------------------------- */

/* What the hostile windows do while the library waits. */
static bool asleep(void)
{
    if (!fuzz_more() || fuzz_byte() & 1)
        return false;
    return another_step();
}

static void run(void)
{
    for (unsigned i = 0; i < HOSTILE; i++)
        open_hostile(i);
    for (unsigned i = 0; i < INSTANCES; i++)
        open_instance(i);
    while (fuzz_more() && door.steps.left)
        another_step();
}

static void end_all(void)
{
    for (unsigned i = 0; i < INSTANCES; i++)
        DdeUninitialize(door.ids[i]);
    for (unsigned i = 0; i < HOSTILE; i++)
        close_hostile(i);
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
        door.steps.left = 0;
        end_all();
    }
    fuzz_end();
    return 0;
}
