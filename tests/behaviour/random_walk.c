/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Random walks through the public functions: the instances of one or two threads converse, and their
 * callbacks do whatever comes into their heads, the end of their own instance included. Whatever has
 * happened, nothing may be left when all instances have ended.
 *
 * random_walk            the walks that are always the same, and a few new ones, whose seeds are printed
 * random_walk seed n     n walks from that seed on, of one thread and of two */

#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "host/host.h"

enum {
    SLOTS = 3,   /* instances per thread                             */
    MEMORY = 16, /* handles that a walker remembers, dead or alive   */
    STEPS = 200, /* of one walker, those of its callbacks included   */
    DEPTH = 6,   /* of callbacks in callbacks                        */
    NAMES = 4,   /* texts                                            */
#ifdef _WIN32    /* where each step of a walk costs milliseconds under Wine */
    FIXED_WALKS = 40,
    FRESH_WALKS = 3,
#else
    FIXED_WALKS = 400,
    FRESH_WALKS = 10,
#endif
};

struct walker {
    uint64_t state;
    unsigned seed, steps, depth;
    DWORD ids[SLOTS];
    struct known {
        HCONV conv;
        unsigned slot; /* of its instance, as far as the walker knows */
    } convs[MEMORY];
    HDDEDATA data[MEMORY];
    HDDEDATA lent; /* what a callback was given last */
    HSZ strings[MEMORY];
    DWORD xacts[MEMORY];
    HCONVLIST lists[MEMORY];
    HCONV ended; /* while its XTYP_DISCONNECT is running */
};

static _Thread_local struct walker *me;

/* Keeps the names of this run apart from those of any other program. */
static unsigned run_mark;

/* ---- Chance -------------------------------------------------------------------------------------------- */

static unsigned chance(unsigned n)
{
    me->state = me->state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(me->state >> 33) % n;
}

static DWORD any_id(void)
{
    return me->ids[chance(SLOTS)];
}

static struct known any_conv(void)
{
    struct known none = {0};

    return chance(20) ? me->convs[chance(MEMORY)] : none;
}

static void keep_conv(HCONV conv, unsigned slot)
{
    struct known *place = &me->convs[chance(MEMORY)];

    if (conv) {
        place->conv = conv;
        place->slot = slot;
    }
}

static void name_text(char *to, size_t size, unsigned seed, unsigned i)
{
    snprintf(to, size, "walk %x/%x/%x", run_mark, seed, i);
}

static HSZ any_string(DWORD id)
{
    char text[64];
    HSZ hsz;

    switch (chance(8)) {
    case 0:
        return 0;
    case 1:
        return me->strings[chance(MEMORY)];
    default:
        name_text(text, sizeof text, me->seed, chance(NAMES));
        hsz = DdeCreateStringHandleA(id, text, CP_WINANSI);
        if (hsz)
            me->strings[chance(MEMORY)] = hsz;
        return hsz;
    }
}

static HDDEDATA new_data(DWORD id, HSZ item, UINT fmt)
{
    static unsigned char bytes[64] = "[the walk goes on]";
    HDDEDATA data = DdeCreateDataHandle(id, bytes, 1 + chance(sizeof bytes), chance(3) ? 0 : chance(8), item,
                                        fmt, chance(3) ? 0 : HDATA_APPOWNED);

    me->data[chance(MEMORY)] = data;
    return data;
}

static UINT any_format(void)
{
    return CF_TEXT + chance(2);
}

/* ---- Steps --------------------------------------------------------------------------------------------- */

static PFNCALLBACK const callbacks[SLOTS];

static void step_initialize(void)
{
    static const DWORD flags[] = {
        APPCLASS_STANDARD,        APPCLASS_STANDARD,      CBF_SKIP_DISCONNECTS,
        CBF_FAIL_POKES,           APPCMD_CLIENTONLY,      CBF_SKIP_CONNECT_CONFIRMS,
        CBF_FAIL_SELFCONNECTIONS, CBF_SKIP_REGISTRATIONS, APPCLASS_MONITOR | MF_MASK};
    unsigned slot = chance(SLOTS);
    bool wide = chance(2), fresh = !me->ids[slot];
    DWORD how = flags[chance(sizeof flags / sizeof *flags)];
    unsigned i;

    if (!fresh && chance(4))
        return;
    (wide ? DdeInitializeW : DdeInitializeA)(&me->ids[slot], callbacks[slot], how, 0);
    for (i = 0; fresh && i < 2; i++)
        DdeNameService(me->ids[slot], any_string(me->ids[slot]), 0, DNS_REGISTER);
    if (chance(2))
        DdeNameService(me->ids[slot], 0, 0, DNS_FILTEROFF);
}

static void step_uninitialize(void)
{
    unsigned slot = chance(SLOTS);
    DWORD id = me->ids[slot];

    if (chance(6))
        return;
    me->ids[slot] = 0;
    DdeUninitialize(id);
}

static void step_connect(void)
{
    CONVCONTEXT context = {.cb = sizeof context};
    unsigned slot = chance(SLOTS);
    DWORD id = me->ids[slot];

    keep_conv(DdeConnect(id, any_string(id), any_string(id), chance(2) ? &context : NULL), slot);
}

static void step_list(void)
{
    unsigned slot = chance(SLOTS);
    DWORD id = me->ids[slot];
    HCONVLIST *list = &me->lists[chance(MEMORY)];
    HCONV conv = 0;

    switch (chance(4)) {
    case 0:
        *list = DdeConnectList(id, any_string(id), any_string(id), chance(2) ? 0 : *list, NULL);
        break;
    case 1:
        DdeDisconnectList(*list);
        break;
    default:
        for (int i = 0; i < 3 && (conv = DdeQueryNextServer(*list, conv)) != 0; i++)
            keep_conv(conv, slot);
        break;
    }
}

static void step_reconnect(void)
{
    keep_conv(DdeReconnect(chance(4) ? me->ended : any_conv().conv), chance(SLOTS));
}

static void step_disconnect(void)
{
    if (!chance(3))
        DdeDisconnect(any_conv().conv);
}

static void step_transact(void)
{
    static const UINT types[] = {XTYP_REQUEST,
                                 XTYP_POKE,
                                 XTYP_EXECUTE,
                                 XTYP_ADVSTART,
                                 XTYP_ADVSTART | XTYPF_NODATA,
                                 XTYP_ADVSTART | XTYPF_ACKREQ,
                                 XTYP_ADVSTART | XTYPF_ACKREQ | XTYPF_NODATA,
                                 XTYP_ADVSTOP};
    static char text[] = "[command]";
    UINT type = types[chance(8)], fmt = any_format();
    bool by_handle = chance(2);
    struct known at = any_conv();
    DWORD id = me->ids[at.slot], result = 0, wait = chance(3) ? TIMEOUT_ASYNC : chance(10);
    HSZ item = any_string(id);
    HDDEDATA answer, data = by_handle ? new_data(id, type == XTYP_EXECUTE ? 0 : item, fmt) : 0;

    if (by_handle && !chance(4))
        data = me->data[chance(MEMORY)];
    answer = DdeClientTransaction(by_handle ? (LPBYTE)data : (LPBYTE)text,
                                  by_handle ? 0xFFFFFFFF : (DWORD)sizeof text, at.conv, item, fmt, type, wait,
                                  &result);
    if (wait == TIMEOUT_ASYNC)
        me->xacts[chance(MEMORY)] = result;
    else if (answer && type == XTYP_REQUEST)
        me->data[chance(MEMORY)] = answer;
}

static void step_abandon(void)
{
    struct known at = any_conv();

    DdeAbandonTransaction(me->ids[at.slot], at.conv, chance(3) ? me->xacts[chance(MEMORY)] : 0);
}

static void step_enable(void)
{
    static const UINT commands[] = {EC_ENABLEALL, EC_ENABLEALL, EC_ENABLEONE, EC_DISABLE, EC_QUERYWAITING};
    struct known at = any_conv();

    DdeEnableCallback(me->ids[at.slot], at.conv, commands[chance(5)]);
}

static void step_advise(void)
{
    DWORD id = any_id();

    DdePostAdvise(id, any_string(id), any_string(id));
}

static void step_names(void)
{
    static const UINT commands[] = {DNS_REGISTER, DNS_REGISTER, DNS_UNREGISTER, DNS_FILTERON, DNS_FILTEROFF};
    DWORD id = any_id();

    DdeNameService(id, any_string(id), 0, commands[chance(5)]);
}

static void step_data(void)
{
    HDDEDATA data = me->data[chance(MEMORY)];
    unsigned char bytes[200] = {0};
    DWORD size;

    switch (chance(6)) {
    case 0:
        DdeFreeDataHandle(data);
        break;
    case 1:
        DdeAddData(data, bytes, 1 + chance(100), chance(100));
        break;
    case 2:
        DdeGetData(data, bytes, chance(sizeof bytes), chance(8));
        break;
    case 3:
        DdeAccessData(data, &size);
        break;
    case 4:
        DdeUnaccessData(data);
        break;
    default:
        new_data(any_id(), any_string(any_id()), any_format());
        break;
    }
}

static void step_string(void)
{
    HSZ hsz = me->strings[chance(MEMORY)];
    char text[64];

    switch (chance(3)) {
    case 0:
        DdeFreeStringHandle(any_id(), hsz);
        break;
    case 1:
        DdeKeepStringHandle(any_id(), hsz);
        break;
    default:
        DdeQueryStringA(any_id(), hsz, text, sizeof text, CP_WINANSI);
        break;
    }
}

static void step_info(void)
{
    CONVINFO info = {.cb = sizeof info};
    HCONV conv = any_conv().conv;

    if (DdeQueryConvInfo(conv, chance(2) ? QID_SYNC : me->xacts[chance(MEMORY)], &info))
        keep_conv(info.hConvPartner, chance(SLOTS));
    DdeSetUserHandle(conv, chance(2) ? QID_SYNC : me->xacts[chance(MEMORY)], chance(100));
}

static void step_dispatch(void)
{
    test_pump_all();
}

static void (*const steps[])(void) = {
    step_initialize, step_uninitialize, step_connect,   step_connect, step_disconnect, step_transact,
    step_transact,   step_transact,     step_transact,  step_abandon, step_enable,     step_advise,
    step_advise,     step_names,        step_data,      step_string,  step_info,       step_dispatch,
    step_dispatch,   step_list,         step_reconnect,
};

static void step(void)
{
    if (!me->steps)
        return;
    me->steps--;
    steps[chance(sizeof steps / sizeof *steps)]();
}

/* ---- Callbacks ----------------------------------------------------------------------------------------- */

static HDDEDATA offer(DWORD id)
{
    HSZPAIR pairs[3] = {{any_string(id), any_string(id)}, {any_string(id), any_string(id)}, {0, 0}};

    return DdeCreateDataHandle(id, (LPBYTE)pairs, sizeof pairs, 0, 0, 0, chance(4) ? 0 : HDATA_APPOWNED);
}

static HDDEDATA result_of(DWORD id, UINT type, UINT fmt, HSZ item)
{
    if (type == XTYP_WILDCONNECT && chance(4))
        return offer(id);
    if (!chance(12))
        return CBR_BLOCK;
    if (!chance(12))
        return me->data[chance(MEMORY)];
    if (!chance(8))
        return me->lent;
    if (!chance(8))
        return 0;
    if (type == XTYP_REQUEST || type == XTYP_ADVREQ)
        return new_data(id, item, fmt);
    if (type & XCLASS_FLAGS)
        return (HDDEDATA)(uintptr_t)(chance(4) ? DDE_FACK : chance(0x10000));
    return (HDDEDATA)(uintptr_t)TRUE;
}

static HDDEDATA walk(unsigned slot, UINT type, UINT fmt, HCONV conv, HSZ hsz2, HDDEDATA data)
{
    HCONV ended = me->ended;
    unsigned n;

    if (type == XTYP_DISCONNECT)
        me->ended = conv;
    keep_conv(conv, slot);
    if (data && (uintptr_t)data != TRUE)
        me->data[chance(MEMORY)] = me->lent = data;
    if (me->depth >= DEPTH) {
        me->ended = ended;
        return chance(2) ? (HDDEDATA)(uintptr_t)TRUE : 0;
    }
    me->depth++;
    for (n = chance(4); n; n--)
        step();
    me->depth--;
    me->ended = ended;
    return result_of(me->ids[slot], type, fmt, hsz2);
}

#define SLOT(n)                                                                                              \
    static HDDEDATA CALLBACK callback_##n(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2,               \
                                          HDDEDATA data, ULONG_PTR data1, ULONG_PTR data2)                   \
    {                                                                                                        \
        (void)hsz1;                                                                                          \
        (void)data1;                                                                                         \
        (void)data2;                                                                                         \
        return walk(n, type, fmt, conv, hsz2, data);                                                         \
    }
SLOT(0)
SLOT(1)
SLOT(2)

static PFNCALLBACK const callbacks[SLOTS] = {callback_0, callback_1, callback_2};

/* ---- Walks --------------------------------------------------------------------------------------------- */

static void run(void *walker)
{
    int i;

    me = walker;
    for (i = 0; i < 4 * SLOTS; i++)
        step_initialize();
    for (i = 0; i < 4; i++)
        step_connect();
    while (me->steps) {
        step();
        if (!chance(4))
            step_dispatch();
    }
    for (i = 0; i < SLOTS; i++) {
        DWORD id = me->ids[i];

        me->ids[i] = 0;
        if (id)
            DdeUninitialize(id);
    }
}

static void start(struct walker *w, unsigned seed, unsigned who)
{
    memset(w, 0, sizeof *w);
    w->seed = seed;
    w->state = ((uint64_t)seed * 2 + who) * 0x9E3779B97F4A7C15u;
    w->steps = STEPS;
}

/* Nobody else uses these names: a reference that was lost keeps its atom alive. */
static void assert_no_atoms(unsigned seed)
{
    uint16_t wide[64], left[HOST_ATOM_CHARS + 1];
    char text[64];
    unsigned i, k;

    for (i = 0; i < NAMES; i++) {
        host_atom atom;

        name_text(text, sizeof text, seed, i);
        for (k = 0; k <= strlen(text); k++)
            wide[k] = (unsigned char)text[k];
        atom = host_atom_add(wide);
        host_atom_delete(atom);
        if (host_atom_name(atom, left))
            fail_msg("seed %u: an atom is left", seed);
    }
}

static void walk_once(unsigned seed, bool two)
{
    static struct walker first, second;
    struct test_thread *other = NULL;

    start(&first, seed, 0);
    start(&second, seed, 1);
    if (two)
        other = test_thread_start(run, &second);
    run(&first);
    if (two)
        test_thread_join(other);
    me = NULL;
    assert_no_atoms(seed);
    test_ledger_is_empty();
}

static void walk_all(unsigned seed, unsigned n, bool two)
{
    for (; n; n--)
        walk_once(seed++, two);
}

/* ---- Tests --------------------------------------------------------------------------------------------- */

static unsigned given_seed, given_walks, fresh_seed;

static void one_thread_leaves_nothing_behind(void **state)
{
    (void)state;
    walk_all(1, FIXED_WALKS, false);
}

static void two_threads_leave_nothing_behind(void **state)
{
    (void)state;
    walk_all(1, FIXED_WALKS / 10, true);
}

static void new_walks_leave_nothing_behind(void **state)
{
    (void)state;
    print_message("fresh seeds: %u to %u\n", fresh_seed, fresh_seed + FRESH_WALKS - 1);
    walk_all(fresh_seed, FRESH_WALKS, false);
    walk_all(fresh_seed, FRESH_WALKS, true);
}

static void given_walks_leave_nothing_behind(void **state)
{
    (void)state;
    walk_all(given_seed, given_walks, false);
    walk_all(given_seed, given_walks, true);
}

static int setup(void **state)
{
    (void)state;
    DdemlSetDeadlines(200, 2000);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest usual[] = {
        rule_with("4.9", one_thread_leaves_nothing_behind, NULL, NULL),
        rule_with("4.9", two_threads_leave_nothing_behind, NULL, NULL),
        rule_with("4.9", new_walks_leave_nothing_behind, NULL, NULL),
    };
    static const struct CMUnitTest given[] = {
        rule_with("4.9", given_walks_leave_nothing_behind, NULL, NULL),
    };

    run_mark = (unsigned)test_now_ms();
    fresh_seed = 1000 + (unsigned)time(NULL) % 100000000;
    if (argc == 3) {
        given_seed = (unsigned)strtoul(argv[1], NULL, 10);
        given_walks = (unsigned)strtoul(argv[2], NULL, 10);
        return cmocka_run_group_tests(given, setup, NULL);
    }
    return cmocka_run_group_tests(usual, setup, NULL);
}
