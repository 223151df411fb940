/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The operations of a play: what an actor may do in a step. Each tells the oracle what it is about to do and what has
 * come of it. */

#include <stdio.h>
#include <string.h>

#include "host/host.h"
#include "oracle.h"

const char *const called_names[CALLED_N] = {
#define DDEML_EXPORT(name, bytes) #name,
#include "ddeml_exports.inc"
#undef DDEML_EXPORT
};
uint64_t called[CALLED_N];

/* ---- Choices ------------------------------------------------------------------------------------------------ */

static unsigned pick(void *actor, unsigned n)
{
    return chance(actor, n);
}

static struct party *any_party(struct actor *a)
{
    struct party *p = a->parties[chance(a, AT_ONCE)];

    return p ? p : a->parties[0] ? a->parties[0] : a->parties[1];
}

static struct talk *any_talk(struct party *p, int client)
{
    return oracle_any(p, pick, p->actor, client);
}

static int any_item(struct actor *a)
{
    return (int)chance(a, ITEMS);
}

static int any_format(struct actor *a)
{
    return permille(a, 800) ? 0 : (int)chance(a, FORMATS);
}

/* What a program passes by mistake: something dead, of somebody else, or nothing. */
static uintptr_t wild_handle(struct actor *a)
{
    struct party *other = play.n_parties ? &play.parties[chance(a, play.n_parties)] : NULL;

    switch (chance(a, 4)) {
    case 0:
        return 0;
    case 1:
        return other ? (uintptr_t)other->items[0] : 1;
    case 2:
        return other ? (uintptr_t)other->lists[0] : 2;
    default:
        return oracle_n_talks() ? (uintptr_t)oracle_talks[chance(a, oracle_n_talks())].handle : 3;
    }
}

/* How long a call may take beyond its own deadline: whoever waits is asked and answers meanwhile, and each answer is
 * waited for. The single waits are the simulator's to check. */
static uint64_t others_ms(void)
{
    return 30 * (uint64_t)play.initiate_ms;
}

/* ---- Instances ---------------------------------------------------------------------------------------------- */

static HSZ new_string(struct party *p, const char *text)
{
    WCHAR wide[64];
    unsigned i;

    if (!permille(p->actor, 300))
        return CALL(DdeCreateStringHandleA)(p->id, text, CP_WINANSI);
    for (i = 0; text[i]; i++)
        wide[i] =
            (WCHAR)(permille(p->actor, 100) && text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i]);
    wide[i] = 0;
    return CALL(DdeCreateStringHandleW)(p->id, wide, CP_WINUNICODE);
}

static void new_strings(struct party *p)
{
    for (int i = 0; i < SERVICES; i++)
        p->services[i] = new_string(p, play_services[i]);
    for (int i = 0; i < TOPICS; i++)
        p->topics[i] = new_string(p, play_topics[i]);
    for (int i = 0; i < ITEMS; i++)
        p->items[i] = new_string(p, play_items[i]);
}

static UINT initialize(struct party *p, DWORD flags)
{
    return p->wide ? CALL(DdeInitializeW)(&p->id, p->callback, flags, 0)
                   : CALL(DdeInitializeA)(&p->id, p->callback, flags, 0);
}

static bool is_client_only(DWORD flags)
{
    return flags & APPCMD_CLIENTONLY;
}

static void take_flags(struct party *p, DWORD flags)
{
    p->flags = flags & ~(DWORD)(APPCLASS_MASK | APPCMD_MASK);
    if (p->client_only)
        p->flags |= CBF_FAIL_ALLSVRXACTIONS;
    p->secretive = p->secretive || p->flags & (CBF_SKIP_CONNECT_CONFIRMS | CBF_SKIP_DISCONNECTS);
    play.secretive = play.secretive || p->secretive;
}

bool party_open(struct actor *a, DWORD flags, bool wide)
{
    unsigned place = a->parties[0] ? 1 : 0;
    struct party *p;

    if (a->parties[place] || play.n_parties == PARTIES)
        return false;
    p = &play.parties[play.n_parties];
    *p = (struct party){.number = play.n_parties++, .actor = a, .wide = wide, .open = true};
    p->callback = play_callbacks[p->number];
    p->monitor = (flags & APPCLASS_MASK) == APPCLASS_MONITOR;
    p->client_only = is_client_only(flags);
    p->filter = true;
    take_flags(p, flags);
    oracle_entered(p);
    monitors_opening(p);
    if (initialize(p, flags) != DMLERR_NO_ERROR) {
        p->open = false;
        return false;
    }
    a->parties[place] = p;
    if (p->monitor)
        monitors_open(p);
    sim_note("party %u: of actor %u, flags %#x", p->number, a->number, (unsigned)flags);
    new_strings(p);
    return true;
}

static void forget(struct party *p)
{
    for (int i = 0; i < AT_ONCE; i++)
        if (p->actor->parties[i] == p)
            p->actor->parties[i] = NULL;
}

/* Inside a callback it takes effect at once; the time that the end takes is then that of the call around it. */
void party_close(struct party *p)
{
    struct actor *a = p->actor;
    uint64_t may = play.shutdown_ms + others_ms();
    struct stopwatch w = oracle_starts(a);

    if (p->leaving || !p->open)
        return;
    p->leaving = true;
    forget(p);
    sim_note("party %u: leaves", p->number);
    if (!CALL(DdeUninitialize)(p->id))
        violated("legal", "party %u: DdeUninitialize fails", p->number);
    p->open = false;
    oracle_left(p);
    if (a->depth || a->syncs)
        a->allowed_ms += may;
    oracle_stops(a, &w, "DdeUninitialize", may);
}

static DWORD any_flags(struct actor *a)
{
    static const DWORD flags[] = {
        0,
        0,
        0,
        0,
        0,
        0,
        CBF_SKIP_DISCONNECTS,
        CBF_FAIL_POKES,
        CBF_FAIL_ADVISES,
        CBF_SKIP_CONNECT_CONFIRMS,
        CBF_FAIL_SELFCONNECTIONS,
        CBF_SKIP_REGISTRATIONS | CBF_SKIP_UNREGISTRATIONS,
        CBF_FAIL_EXECUTES | CBF_FAIL_REQUESTS,
        APPCMD_CLIENTONLY,
        APPCLASS_MONITOR | MF_MASK,
        APPCLASS_MONITOR | MF_CALLBACKS | MF_CONV,
    };

    return flags[chance(a, sizeof flags / sizeof *flags)];
}

static void op_initialize(struct actor *a)
{
    DWORD flags = any_flags(a);
    bool wide = chance(a, 2);

    if (party_open(a, flags, wide)) {
        struct party *p = a->parties[1] ? a->parties[1] : a->parties[0];

        if (p->services[0] && !p->monitor && !p->client_only)
            CALL(DdeNameService)(p->id, p->services[chance(a, SERVICES - 1)], 0, DNS_REGISTER);
    }
}

static void op_reinitialize(struct actor *a)
{
    struct party *p = any_party(a);
    DWORD flags = any_flags(a), kept = 0;

    if (!p || p->monitor)
        return;
    if ((flags & APPCLASS_MASK) == APPCLASS_MONITOR)
        flags = 0;
    kept = p->flags;
    p->fickle = true;
    p->flags = 0; /* until it has returned either may hold; it raises nothing */
    if (initialize(p, flags | APPCMD_FILTERINITS) == DMLERR_NO_ERROR)
        take_flags(p, flags);
    else
        p->flags = kept;
}

static void op_uninitialize(struct actor *a)
{
    struct party *p = any_party(a);

    if (p)
        party_close(p);
    else
        CALL(DdeUninitialize)((DWORD)wild_handle(a));
}

static void op_last_error(struct actor *a)
{
    struct party *p = any_party(a);

    CALL(DdeGetLastError)(p ? p->id : 0);
}

/* ---- Names ------------------------------------------------------------------------------------------------------ */

static void op_names(struct actor *a)
{
    static const UINT commands[] = {DNS_REGISTER,
                                    DNS_REGISTER,
                                    DNS_REGISTER,
                                    DNS_UNREGISTER,
                                    DNS_FILTEROFF,
                                    DNS_FILTERON,
                                    DNS_REGISTER | DNS_FILTEROFF};
    struct party *p = any_party(a);
    struct stopwatch w = oracle_starts(a);

    if (!p)
        return;
    CALL(DdeNameService)
    (p->id, permille(a, 950) ? p->services[chance(a, SERVICES - 1)] : 0, 0, commands[chance(a, 7)]);
    oracle_stops(a, &w, "DdeNameService", others_ms());
}

/* ---- Conversations ---------------------------------------------------------------------------------------------- */

static HSZ service_to_ask(struct party *p)
{
    struct actor *a = p->actor;

    return permille(a, 80) ? 0 : p->services[permille(a, 100) ? RAW_SERVICE : chance(a, SERVICES - 1)];
}

static HSZ topic_to_ask(struct party *p)
{
    return permille(p->actor, 80) ? 0 : p->topics[chance(p->actor, TOPICS)];
}

static CONVCONTEXT any_context(struct actor *a)
{
    CONVCONTEXT context = {.cb = sizeof context, .iCodePage = CP_WINANSI, .dwSecurity = chance(a, 100)};

    if (permille(a, 100))
        context.qos.Length = sizeof context.qos;
    return context;
}

static void op_connect(struct actor *a)
{
    struct party *p = any_party(a);
    CONVCONTEXT context = any_context(a);
    struct stopwatch w = oracle_starts(a);
    HCONV conv;

    if (!p)
        return;
    p->connecting++;
    conv = CALL(DdeConnect)(p->id, service_to_ask(p), topic_to_ask(p), chance(a, 2) ? &context : NULL);
    p->connecting--;
    oracle_stops(a, &w, "DdeConnect", others_ms());
    if (conv && p->open)
        oracle_connected(p, conv, true);
}

static void op_disconnect(struct actor *a)
{
    struct party *p = any_party(a);
    struct talk *t = p ? any_talk(p, -1) : NULL;
    HCONV conv = t ? t->handle : (HCONV)wild_handle(a);
    struct stopwatch w = oracle_starts(a);

    if (CALL(DdeDisconnect)(conv))
        oracle_disconnected(a, conv);
    oracle_stops(a, &w, "DdeDisconnect", 0);
}

static void take_members(struct party *p, HCONVLIST list)
{
    HCONV conv = 0;

    while (p->open && (conv = CALL(DdeQueryNextServer)(list, conv)) != 0)
        oracle_connected(p, conv, true);
}

static void op_connect_list(struct actor *a)
{
    struct party *p = any_party(a);
    HCONVLIST *place = p ? &p->lists[chance(a, REMEMBERED)] : NULL, old;
    CONVCONTEXT context = any_context(a);
    struct stopwatch w = oracle_starts(a);

    if (!p)
        return;
    old = chance(a, 2) ? *place : 0;
    if (old)
        *place = 0;
    p->connecting++;
    *place =
        CALL(DdeConnectList)(p->id, service_to_ask(p), topic_to_ask(p), old, chance(a, 2) ? &context : NULL);
    p->connecting--;
    oracle_stops(a, &w, "DdeConnectList", others_ms());
    take_members(p, *place);
}

static void op_next_server(struct actor *a)
{
    struct party *p = any_party(a);

    if (p)
        take_members(p, p->lists[chance(a, REMEMBERED)]);
}

static void op_disconnect_list(struct actor *a)
{
    struct party *p = any_party(a);
    HCONVLIST *list = p ? &p->lists[chance(a, REMEMBERED)] : NULL;
    HCONV conv = 0, members[64];
    unsigned n = 0;

    if (!p || !*list)
        return;
    while (n < 64 && (conv = CALL(DdeQueryNextServer)(*list, conv)) != 0)
        members[n++] = conv;
    if (CALL(DdeDisconnectList)(*list))
        for (unsigned i = 0; i < n; i++) {
            struct talk *t = oracle_talk(p, members[i]);

            if (t)
                oracle_ended(t);
        }
    *list = 0;
}

void party_reconnect(struct talk *t)
{
    struct party *p = t->party;
    struct talk *now;
    HCONV conv;

    p->connecting++;
    p->reconnecting++;
    conv = CALL(DdeReconnect)(t->handle);
    now = conv ? oracle_connected(p, conv, true) : NULL;
    p->reconnecting--;
    p->connecting--;
    if (now)
        oracle_reconnected(t, now);
}

/* Of one that its server has not ended it fails. */
static void op_reconnect(struct actor *a)
{
    struct party *p = any_party(a);
    struct talk *t = p ? any_talk(p, 1) : NULL;

    if (t)
        party_reconnect(t);
}

static void op_info(struct actor *a)
{
    struct party *p = any_party(a);
    struct talk *t = p ? any_talk(p, -1) : NULL;
    CONVINFO info = {.cb = permille(a, 800) ? sizeof info : chance(a, sizeof info)};
    struct deed *d = t ? oracle_deed(t, chance(a, 3)) : NULL;

    if (!t) {
        CALL(DdeQueryConvInfo)((HCONV)wild_handle(a), QID_SYNC, &info);
        return;
    }
    CALL(DdeQueryConvInfo)(t->handle, d && chance(a, 2) ? d->id : QID_SYNC, &info);
    if (info.cb == sizeof info && info.hConvPartner)
        CALL(DdeQueryConvInfo)(info.hConvPartner, QID_SYNC, &info);
}

static void op_user_handle(struct actor *a)
{
    struct party *p = any_party(a);
    struct talk *t = p ? any_talk(p, -1) : NULL;
    struct deed *d = t ? oracle_deed(t, chance(a, 3)) : NULL;

    CALL(DdeSetUserHandle)
    (t ? t->handle : (HCONV)wild_handle(a), d && chance(a, 2) ? d->id : QID_SYNC, chance(a, 9));
}

static void op_security(struct actor *a)
{
    struct party *p = any_party(a);
    struct talk *t = p ? any_talk(p, -1) : NULL;
    SECURITY_QUALITY_OF_SERVICE quality = {.Length = sizeof quality};

    if (!t)
        return;
    CALL(DdeImpersonateClient)(t->handle);
    CALL(ImpersonateDdeClientWindow)((HWND)t->partner, (HWND)t->wnd);
    CALL(DdeSetQualityOfService)((HWND)t->wnd, &quality, NULL);
    CALL(DdeGetQualityOfService)((HWND)t->wnd, (HWND)t->partner, &quality);
}

/* ---- Transactions -------------------------------------------------------------------------------------------------- */

static HDDEDATA new_handle(struct party *p, const unsigned char *bytes, uint32_t size, int item, int fmt,
                           UINT how)
{
    struct actor *a = p->actor;
    uint32_t first = chance(a, 2) ? size : chance(a, size);
    HDDEDATA data =
        CALL(DdeCreateDataHandle)(p->id, (LPBYTE)(uintptr_t)bytes, first, 0, item < 0 ? 0 : p->items[item],
                                  fmt < 0 ? 0 : play_formats[fmt], how);
    HDDEDATA whole = data;

    if (data && first < size)
        whole = CALL(DdeAddData)(data, (LPBYTE)(uintptr_t)bytes + first, size - first, first);
    if (data && !whole)
        CALL(DdeFreeDataHandle)(data);
    return whole;
}

static uint32_t any_size(struct actor *a)
{
    return permille(a, 900) ? 8 + chance(a, 24) : 8 + chance(a, VALUE_MOST - 8);
}

HDDEDATA party_answer(struct heard *h, struct value **answer)
{
    struct party *p = h->party;
    unsigned char bytes[VALUE_MOST];
    struct value *v;
    HDDEDATA data;
    int item = -1, fmt = -1;

    for (int i = 0; i < ITEMS; i++)
        item = p->items[i] == h->hsz2 ? i : item;
    for (int i = 0; i < FORMATS; i++)
        fmt = play_formats[i] == h->fmt ? i : fmt;
    if (!h->talk || item < 0 || fmt < 0 || !p->items[item])
        return 0;
    v = value_new(h->type == XTYP_REQUEST ? VALUE_ANSWER : VALUE_UPDATE, h->talk, item, fmt,
                  any_size(p->actor));
    if (!v)
        return 0;
    value_write(v, bytes);
    data = new_handle(p, bytes, v->size, item, fmt, permille(p->actor, 100) ? HDATA_APPOWNED : 0);
    if (data)
        *answer = v;
    else
        v->lost = true;
    return data;
}

static const UINT types[] = {XTYP_REQUEST, XTYP_REQUEST,  XTYP_POKE,     XTYP_POKE,     XTYP_POKE,
                             XTYP_EXECUTE, XTYP_ADVSTART, XTYP_ADVSTART, XTYP_ADVSTART, XTYP_ADVSTOP};
static const UINT loop_flags[] = {
    0, 0, 0, XTYPF_ACKREQ, XTYPF_ACKREQ, XTYPF_NODATA, XTYPF_NODATA | XTYPF_ACKREQ};

/* Where blocks move, an answer belongs to the oldest block of its item; the answer to a notice would take it away. */
static UINT any_loop(struct actor *a)
{
    UINT flags = loop_flags[chance(a, 7)];

    return sim_moves() && flags & XTYPF_NODATA ? XTYPF_NODATA : flags;
}

/* Asks; by pointer or by handle. */
static void transact(struct talk *t, UINT type, bool async)
{
    struct party *p = t->party;
    struct actor *a = p->actor;
    bool wide = p->wide, command = type == XTYP_EXECUTE, sends = command || type == XTYP_POKE;
    UINT flags = type == XTYP_ADVSTART ? any_loop(a) : 0, error;
    int item = command ? -1 : any_item(a), fmt = command ? -1 : any_format(a);
    DWORD wait = async ? TIMEOUT_ASYNC : permille(a, 50) ? 0 : 50 + chance(a, 500), told = 0, size = 0;
    struct value *v =
        sends ? value_new(command ? VALUE_COMMAND : VALUE_POKE, t, item, fmt, any_size(a)) : NULL;
    unsigned char bytes[2 * VALUE_MOST + 2];
    bool by_handle = sends && chance(a, 2), asks_id = permille(a, 900);
    HDDEDATA data = 0, result;
    struct stopwatch w;
    struct deed *d;
    DWORD id = p->id;

    if (sends && !v)
        return;
    if (command)
        size = value_write_text(v, wide, bytes);
    else if (sends)
        value_write(v, bytes);
    size = v && !command ? v->size : size;
    if (by_handle && !(data = new_handle(p, bytes, size, item, fmt, permille(a, 200) ? HDATA_APPOWNED : 0)))
        return;
    d = oracle_asks(t, type, flags, item, fmt, async, v);
    a->syncs += !async;
    w = oracle_starts(a);
    result = CALL(DdeClientTransaction)(by_handle ? (LPBYTE)data
                                        : sends   ? bytes
                                                  : NULL,
                                        by_handle ? 0xFFFFFFFF : size, t->handle,
                                        item < 0 ? 0 : p->items[item], fmt < 0 ? 0 : play_formats[fmt],
                                        type | flags, wait, async && !asks_id ? NULL : &told);
    a->syncs -= !async;
    oracle_stops(a, &w, "DdeClientTransaction", async ? 0 : wait + others_ms());
    error = result || !p->open ? DMLERR_NO_ERROR : CALL(DdeGetLastError)(id);
    oracle_asked(d, result, error, told);
    if (result && !async && type == XTYP_REQUEST && !CALL(DdeFreeDataHandle)(result) && p->open)
        violated("legal", "talk %u: the answer to a request cannot be freed", t->number);
}

static void op_transact(struct actor *a)
{
    struct party *p = any_party(a);
    struct talk *t = p ? any_talk(p, 1) : NULL;
    UINT type = types[chance(a, sizeof types / sizeof *types)];
    DWORD told;

    if (t && t->open && !(t->handle == p->ending))
        transact(t, type, a->syncs || permille(a, 600));
    else
        CALL(DdeClientTransaction)(NULL, 0, (HCONV)wild_handle(a), 0, 0, type, TIMEOUT_ASYNC, &told);
}

/* Many at once. */
static void op_burst(struct actor *a)
{
    struct party *p = any_party(a);
    struct talk *t = p ? any_talk(p, 1) : NULL;

    for (unsigned n = 2 + chance(a, 6); t && t->open && t->handle != p->ending && n; n--)
        transact(t, types[chance(a, sizeof types / sizeof *types)], true);
}

/* A plain hot loop and a wait for it. */
static void op_subscribe(struct actor *a)
{
    struct party *p = any_party(a);
    struct talk *t = p ? any_talk(p, 1) : NULL;

    if (t && t->open && t->handle != p->ending)
        transact(t, XTYP_ADVSTART, a->syncs || chance(a, 2));
}

static void op_abandon(struct actor *a)
{
    struct party *p = any_party(a);
    struct talk *t = p ? any_talk(p, 1) : NULL;
    struct deed *d = t ? oracle_deed(t, chance(a, 3)) : NULL;
    bool all = !t || permille(a, 100);

    if (p && CALL(DdeAbandonTransaction)(p->id, all ? 0 : t->handle, d && !all ? d->id : 0))
        oracle_abandoned(p, all ? NULL : t, d && !all ? d->id : 0);
}

void party_post(struct party *p, int topic, int item)
{
    uint32_t first = oracle_values();
    struct stopwatch w = oracle_starts(p->actor);
    BOOL posted;

    if (!p->open || (topic >= 0 && !p->topics[topic]) || (item >= 0 && !p->items[item]))
        return;
    p->posting++;
    oracle_posts(p, topic, item);
    posted = CALL(DdePostAdvise)(p->id, topic < 0 ? 0 : p->topics[topic], item < 0 ? 0 : p->items[item]);
    oracle_posted(p, first, posted);
    p->posting--;
    oracle_stops(p->actor, &w, "DdePostAdvise", 0);
}

static void op_post(struct actor *a)
{
    struct party *p = any_party(a);

    for (unsigned n = permille(a, 800) ? 1 + chance(a, 3) : chance(a, 20); p && p->open && !play.full && n;
         n--)
        party_post(p, permille(a, 200) ? -1 : (int)chance(a, TOPICS), permille(a, 300) ? -1 : any_item(a));
}

static void op_enable(struct actor *a)
{
    static const UINT commands[] = {EC_ENABLEALL, EC_ENABLEALL, EC_ENABLEALL,   EC_ENABLEONE,
                                    EC_ENABLEONE, EC_DISABLE,   EC_QUERYWAITING};
    struct party *p = any_party(a);
    struct talk *t = p && permille(a, 700) ? any_talk(p, -1) : NULL;
    UINT command = commands[chance(a, 7)];
    BOOL done;

    if (!p)
        return;
    done = CALL(DdeEnableCallback)(p->id, t ? t->handle : 0, command);
    if (done && command != EC_QUERYWAITING)
        oracle_enable(p, t, command);
}

/* ---- Strings and data ------------------------------------------------------------------------------------------- */

static void op_string(struct actor *a)
{
    struct party *p = any_party(a);
    HSZ *place = p ? &p->strings[chance(a, REMEMBERED)] : NULL;
    WCHAR wide[40];
    char text[40];

    if (!p)
        return;
    switch (chance(a, 6)) {
    case 0:
        snprintf(text, sizeof text, "string %u", chance(a, 8));
        CALL(DdeFreeStringHandle)(p->id, *place);
        *place = new_string(p, text);
        break;
    case 1:
        CALL(DdeKeepStringHandle)(p->id, *place);
        break;
    case 2:
        CALL(DdeFreeStringHandle)(p->id, *place);
        *place = 0;
        break;
    case 3:
        CALL(DdeQueryStringA)(p->id, *place, text, chance(a, sizeof text), CP_WINANSI);
        break;
    case 4:
        CALL(DdeQueryStringW)(p->id, *place, wide, chance(a, 40), CP_WINUNICODE);
        break;
    default:
        if (CALL(DdeCmpStringHandles)(*place, *place))
            violated("legal", "party %u: a string differs from itself", p->number);
        CALL(DdeCmpStringHandles)(*place, p->items[0]);
        break;
    }
}

static void op_data(struct actor *a)
{
    struct party *p = any_party(a);
    HDDEDATA *place = p ? &p->data[chance(a, REMEMBERED)] : NULL;
    unsigned char bytes[100] = {0};
    DWORD size;

    if (!p)
        return;
    switch (chance(a, 6)) {
    case 0:
        CALL(DdeFreeDataHandle)(*place);
        *place = CALL(DdeCreateDataHandle)(p->id, bytes, 1 + chance(a, 100), chance(a, 9), p->items[0],
                                           play_formats[0], chance(a, 2) ? HDATA_APPOWNED : 0);
        break;
    case 1:
        if (*place && CALL(DdeAddData)(*place, bytes, 1 + chance(a, 100), chance(a, 200)))
            break;
        break;
    case 2:
        CALL(DdeGetData)(*place, bytes, chance(a, sizeof bytes), chance(a, 50));
        break;
    case 3:
        if (CALL(DdeAccessData)(*place, &size) && chance(a, 2))
            CALL(DdeUnaccessData)(*place);
        break;
    case 4:
        CALL(DdeFreeDataHandle)(permille(a, 900) ? *place : (HDDEDATA)wild_handle(a));
        *place = 0;
        break;
    default:
        if (p->lent)
            CALL(DdeAddData)(p->lent, bytes, 1, 0);
        break;
    }
}

/* Packed parameters, as a program that speaks WM_DDE_* itself makes them. */
static void op_pack(struct actor *a)
{
    UINT message = 0x03E0 + chance(a, 9);
    LPARAM packed = CALL(PackDDElParam)(message, chance(a, 0x10000), chance(a, 0x10000));
    UINT_PTR lo, hi;

    CALL(UnpackDDElParam)(message, packed, &lo, &hi);
    if (chance(a, 2) && message == 0x03E5)
        packed = CALL(ReuseDDElParam)(packed, message, 0x03E4, 1, 2);
    CALL(FreeDDElParam)(message == 0x03E5 ? 0x03E4 : message, packed);
}

/* ---- Extensions ---------------------------------------------------------------------------------------------------- */

static void op_dispatch(struct actor *a)
{
    CALL(DdemlDispatch)(permille(a, 700) ? 0 : chance(a, 100));
}

static void op_ledger(struct actor *a)
{
    DDEMLLEDGER ledger = {.cb = sizeof ledger};
    struct party *p = any_party(a);

    CALL(DdemlGetLedger)(p ? p->id : 0, &ledger);
    if (p && !p->leaving && ledger.instances != 1)
        violated("ledger", "party %u: counts %ld instances in itself", p->number, (long)ledger.instances);
}

static void op_about(struct actor *a)
{
    (void)a;
    if (CALL(DdemlGetVersion)() != DDEML_VERSION)
        violated("legal", "another version");
    if (CALL(DdemlRebindModule)(NULL, TRUE) != DMLERR_NOTPROCESSED)
        violated("legal", "a module leads elsewhere on Linux");
    CALL(DdemlGetFd)();
}

static BOOL CALLBACK holder(const DDEMLHOLDER *h, LPVOID actor)
{
    if (h->process.instances <= 0)
        violated("ledger", "a process with an instance counts none");
    return permille(actor, 900);
}

static void op_holders(struct actor *a)
{
    DWORD wait = chance(a, 50);
    struct stopwatch w = oracle_starts(a);

    CALL(DdemlListHolders)(holder, a, wait);
    oracle_stops(a, &w, "DdemlListHolders", wait + others_ms());
}

/* ---- Service threads ------------------------------------------------------------------------------------------------ */

static void CALLBACK service_begins(LPVOID actor)
{
    struct actor *a = actor;

    play_enter(a);
    op_initialize(a);
}

static void CALLBACK service_steps(LPVOID actor)
{
    struct actor *a = actor;

    for (unsigned n = 1 + a->number % 3; n && play_next_step(a); n--)
        ops_step(a);
}

static struct actor *service_of(struct actor *a)
{
    for (unsigned i = 0; i < play.n_actors; i++)
        if (play.actors[i].keeper == a && play.actors[i].service_thread)
            return &play.actors[i];
    return NULL;
}

static void op_start_thread(struct actor *a)
{
    struct actor *s = a->kind == ACTOR_PLAIN && !service_of(a) ? play_cast(ACTOR_SERVICE, a->process) : NULL;

    if (!s)
        return;
    s->keeper = a;
    s->steps = 20;
    if (CALL(DdemlStartThread)(service_begins, s, &s->service_thread) != DMLERR_NO_ERROR) {
        s->stage = STAGE_GONE;
        s->service_thread = 0;
    }
}

static void op_call_thread(struct actor *a)
{
    struct actor *s = service_of(a);

    if (s)
        CALL(DdemlCallThread)(s->service_thread, service_steps, s, 5000);
}

/* Its parties end in it, or have ended. */
void service_stop(struct actor *s, DWORD wait)
{
    UINT error;

    for (int i = 0; i < AT_ONCE; i++)
        if (s->parties[i])
            s->parties[i]->leaving = true;
    s->stopping = true;
    error = CALL(DdemlStopThread)(s->service_thread, wait);
    if (error != DMLERR_NO_ERROR && error != DMLERR_INVALIDPARAMETER)
        return;
    s->service_thread = 0;
    s->stage = STAGE_GONE;
    for (int i = 0; i < AT_ONCE; i++) {
        if (!s->parties[i])
            continue;
        s->parties[i]->open = false;
        oracle_left(s->parties[i]);
        s->parties[i] = NULL;
    }
}

static void op_stop_thread(struct actor *a)
{
    struct actor *s = service_of(a);

    if (s)
        service_stop(s, chance(a, 2) ? 5000 : 0);
}

/* ---- Misfortunes ----------------------------------------------------------------------------------------------------- */

static void op_yield(struct actor *a)
{
    if (chance(a, 4))
        sim_yield();
    else
        sim_sleep(chance(a, 30));
}

static void op_kill(struct actor *a)
{
    int victim = play.actors[chance(a, play.n_actors)].process;

    if (permille(a, 200) && victim != a->process && sim_alive(victim)) {
        sim_note("actor %u kills process %d", a->number, victim);
        sim_kill(victim);
    }
}

/* The thread ends, wherever it is, and its instances with it; nobody calls them back. */
static void op_exit(struct actor *a)
{
    if (!permille(a, 200) || a->kind != ACTOR_PLAIN || service_of(a))
        return;
    sim_note("actor %u ends its thread", a->number);
    for (unsigned i = 0; i < play.n_parties; i++) {
        if (play.parties[i].actor != a)
            continue;
        play.parties[i].open = false;
        oracle_left(&play.parties[i]);
    }
    play.torn = play.torn || a->depth;
    a->exits = true;
    a->stage = STAGE_GONE;
    sim_exit();
}

static void op_hang(struct actor *a)
{
    int victim = play.actors[chance(a, play.n_actors)].process;

    uint32_t ms;

    if (!sim_alive(victim))
        return;
    ms = chance(a, 2000);
    play_busy_for(ms); /* what waits for it happens then */
    sim_hang(victim, ms);
}

/* ---- The table ---------------------------------------------------------------------------------------------------------- */

static const struct op {
    const char *name;
    void (*run)(struct actor *a);
    unsigned weight;
    bool needed; /* never left out by the seed */
} ops[] = {
    {"initialize", op_initialize, 3, true},
    {"reinitialize", op_reinitialize, 1, false},
    {"uninitialize", op_uninitialize, 1, false},
    {"last_error", op_last_error, 1, false},
    {"names", op_names, 3, true},
    {"connect", op_connect, 10, true},
    {"disconnect", op_disconnect, 3, false},
    {"connect_list", op_connect_list, 3, false},
    {"next_server", op_next_server, 1, false},
    {"disconnect_list", op_disconnect_list, 1, false},
    {"reconnect", op_reconnect, 1, false},
    {"info", op_info, 2, false},
    {"user_handle", op_user_handle, 1, false},
    {"security", op_security, 1, false},
    {"transact", op_transact, 14, true},
    {"burst", op_burst, 4, false},
    {"subscribe", op_subscribe, 6, true},
    {"abandon", op_abandon, 2, false},
    {"post", op_post, 12, true},
    {"enable", op_enable, 6, false},
    {"string", op_string, 3, false},
    {"data", op_data, 3, false},
    {"pack", op_pack, 1, false},
    {"dispatch", op_dispatch, 14, true},
    {"ledger", op_ledger, 1, false},
    {"about", op_about, 1, false},
    {"holders", op_holders, 1, false},
    {"start_thread", op_start_thread, 1, false},
    {"call_thread", op_call_thread, 2, false},
    {"stop_thread", op_stop_thread, 1, false},
    {"yield", op_yield, 4, true},
    {"kill", op_kill, 1, false},
    {"hang", op_hang, 1, false},
    {"exit", op_exit, 1, false},
};

enum { OPS = sizeof ops / sizeof *ops };

static struct {
    unsigned weight[OPS], sum;
    bool off[OPS];
} chosen;

const char *ops_name(unsigned i)
{
    return i < OPS ? ops[i].name : NULL;
}

/* Each seed has its own taste: a quarter of the operations never come, a quarter come often. */
void ops_prepare(void)
{
    chosen.sum = 0;
    for (unsigned i = 0; i < OPS; i++) {
        unsigned taste = sim_below(4);

        chosen.weight[i] = ops[i].weight * (taste == 0 ? ops[i].needed : taste == 3 ? 4 : 1);
        chosen.sum += chosen.weight[i];
        chosen.off[i] = play_without(ops[i].name);
    }
}

void ops_step(struct actor *a)
{
    unsigned at = chance(a, chosen.sum), i = 0;

    if (play.full || sim_violations())
        return;
    while (at >= chosen.weight[i])
        at -= chosen.weight[i++];
    if (chosen.off[i])
        return;
    play_busy();
    sim_note("actor %u: %s", a->number, ops[i].name);
    ops[i].run(a);
}
