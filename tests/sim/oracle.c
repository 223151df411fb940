/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "oracle.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/host.h"

enum { TALKS = 1024, DEEDS = 8192, VALUES = 16384 };

static struct {
    struct talk talks[TALKS];
    struct deed deeds[DEEDS];
    struct value values[VALUES];
    unsigned n_talks, n_deeds, n_values;
    uint64_t events; /* counts what has to be told apart in time */
} records;

struct talk *const oracle_talks = records.talks;

unsigned oracle_n_talks(void)
{
    return records.n_talks;
}

void oracle_reset(void)
{
    memset(records.talks, 0, records.n_talks * sizeof *records.talks);
    memset(records.deeds, 0, records.n_deeds * sizeof *records.deeds);
    memset(records.values, 0, records.n_values * sizeof *records.values);
    records.n_talks = records.n_deeds = records.n_values = 0;
    records.events = 0;
    monitors_reset();
}

static bool room(unsigned used, unsigned most)
{
    play.full = play.full || used + most / 8 >= most;
    return used < most;
}

void violated(const char *rule, const char *fmt, ...)
{
    char text[400];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    sim_violate("%s: %s", rule, text);
}

/* What the world has done to a process cannot be held against what it then loses. */
static bool was_hit(const struct party *p, uint64_t before)
{
    (void)p;
    return sim_figures()->n_fired > before;
}

static bool is_alive(const struct party *p)
{
    return !sim_killed(p->actor->process);
}

/* ---- Conversations ------------------------------------------------------------------------------------- */

static UINT status_of(HCONV conv)
{
    CONVINFO info = {.cb = sizeof info};

    return CALL(DdeQueryConvInfo)(conv, QID_SYNC, &info) ? info.wStatus : 0;
}

static int index_of(const HSZ *names, int n, HSZ hsz)
{
    for (int i = 0; i < n; i++)
        if (hsz && names[i] == hsz)
            return i;
    return -1;
}

static int format_of(UINT fmt)
{
    for (int i = 0; i < FORMATS; i++)
        if (play_formats[i] == fmt)
            return i;
    return -1;
}

struct talk *oracle_talk(struct party *p, HCONV h)
{
    for (unsigned i = records.n_talks; h && i--;)
        if (records.talks[i].party == p && records.talks[i].handle == h && records.talks[i].open)
            return &records.talks[i];
    return NULL;
}

static struct talk *talk_at(uintptr_t wnd, uintptr_t partner)
{
    for (unsigned i = records.n_talks; wnd && partner && i--;)
        if (records.talks[i].wnd == wnd && records.talks[i].partner == partner && !records.talks[i].peer)
            return &records.talks[i];
    return NULL;
}

static void pair(struct talk *a, struct talk *b)
{
    a->peer = b;
    b->peer = a;
}

/* Asks the library who is at the other end; on the thread of the talk. */
static void look_up(struct talk *t)
{
    CONVINFO info = {.cb = sizeof info};
    struct talk *other;

    if (t->peer || t->raw || !CALL(DdeQueryConvInfo)(t->handle, QID_SYNC, &info))
        return;
    t->wnd = (uintptr_t)info.hwnd;
    t->partner = (uintptr_t)info.hwndPartner;
    t->topic = index_of(t->party->topics, TOPICS, info.hszTopic);
    t->service = index_of(t->party->services, SERVICES, t->client ? info.hszSvcPartner : info.hszServiceReq);
    t->raw = raw_window(t->partner);
    other = t->raw ? NULL : talk_at(t->partner, t->wnd);
    if (other && other->client != t->client)
        pair(t, other);
}

static enum gate gate_of(struct party *p);

struct talk *oracle_connected(struct party *p, HCONV h, bool client)
{
    struct talk *t = oracle_talk(p, h);

    if (t || !h || !room(records.n_talks, TALKS))
        return t;
    t = &records.talks[records.n_talks];
    *t = (struct talk){
        .number = records.n_talks++,
        .party = p,
        .handle = h,
        .client = client,
        .open = true,
        .restarts = client && p->reconnecting,
        .topic = -1,
        .service = -1,
        .since = ++records.events,
        .gate = gate_of(p),
    };
    look_up(t);
    sim_note("talk %u: %s of party %u, handle %lx", t->number, client ? "client" : "server", p->number,
             (unsigned long)(uintptr_t)h);
    return t;
}

/* Nothing that was under way completes any more. */
static void drop_deeds(struct talk *t)
{
    for (struct deed *d = t->first; d; d = d->next)
        if (d->state == DEED_SENT || d->state == DEED_ASKING)
            d->state = DEED_DROPPED;
}

void oracle_ended(struct talk *t)
{
    t->open = false;
    drop_deeds(t);
}

/* Whichever it was: a wild handle may be right. */
void oracle_disconnected(struct actor *a, HCONV h)
{
    for (unsigned i = 0; i < records.n_talks; i++)
        if (records.talks[i].party->actor == a && records.talks[i].handle == h && records.talks[i].open)
            oracle_ended(&records.talks[i]);
}

void oracle_left(struct party *p)
{
    for (unsigned i = 0; i < records.n_talks; i++)
        if (records.talks[i].party == p && records.talks[i].open)
            oracle_ended(&records.talks[i]);
}

void oracle_reconnected(struct talk *old, struct talk *now)
{
    if (status_of(old->handle) & ST_CONNECTED)
        violated("legal", "talk %u: reconnected while it was open", old->number);
    for (int item = 0; item < ITEMS; item++)
        for (int fmt = 0; fmt < FORMATS; fmt++)
            now->loops[item][fmt].mode = old->loops[item][fmt].mode;
}

/* One that is open: client 1, server 0, either -1. */
struct talk *oracle_any(struct party *p, unsigned (*pick)(void *arg, unsigned n), void *arg, int client)
{
    unsigned n = 0, at;

    for (unsigned i = 0; i < records.n_talks; i++) {
        struct talk *t = &records.talks[i];

        n += t->party == p && t->open && (client < 0 || t->client == client);
    }
    at = n ? pick(arg, n) : 0;
    for (unsigned i = 0; n && i < records.n_talks; i++) {
        struct talk *t = &records.talks[i];

        if (t->party == p && t->open && (client < 0 || t->client == client) && !at--)
            return t;
    }
    return NULL;
}

/* ---- Gates: what DdeEnableCallback and CBR_BLOCK have said ------------------------------------------------ */

static enum gate party_gates[PARTIES];

static enum gate gate_of(struct party *p)
{
    return party_gates[p->number];
}

void oracle_entered(struct party *p)
{
    party_gates[p->number] = GATE_FREE;
}

static void set_all_gates(struct party *p, enum gate gate)
{
    party_gates[p->number] = gate;
    for (unsigned i = 0; i < records.n_talks; i++)
        if (records.talks[i].party == p)
            records.talks[i].gate = gate;
}

/* The one transaction of EC_ENABLEONE for all may be one that is refused unasked: then what holds nobody knows. */
void oracle_enable(struct party *p, struct talk *t, UINT command)
{
    enum gate gate = command == EC_DISABLE ? GATE_SHUT : command == EC_ENABLEONE ? GATE_SINGLE : GATE_FREE;
    bool known = command == EC_DISABLE || party_gates[p->number] != GATE_UNKNOWN;

    sim_note("party %u: talk %d enable %#x", p->number, t ? (int)t->number : -1, command);
    if (t)
        t->gate = known ? gate : GATE_UNKNOWN;
    else
        set_all_gates(p, gate == GATE_SINGLE ? GATE_UNKNOWN : gate);
}

/* The one transaction of EC_ENABLEONE begins. */
static void gate_passes(struct talk *t)
{
    if (t->gate == GATE_SINGLE)
        t->gate = GATE_WITHIN;
}

/* ---- Values ---------------------------------------------------------------------------------------------- */

struct value *value_new(enum value_kind kind, struct talk *from, int item, int fmt, uint32_t size)
{
    struct value *v;

    if (!room(records.n_values, VALUES))
        return NULL;
    v = &records.values[records.n_values++];
    *v = (struct value){.id = records.n_values,
                        .kind = kind,
                        .from = from,
                        .item = item,
                        .fmt = fmt,
                        .size = size < 8 ? 8 : size,
                        .faults = sim_figures()->n_fired};
    return v;
}

uint32_t oracle_values(void)
{
    return records.n_values;
}

static unsigned char filler(uint32_t id, uint32_t i)
{
    return (unsigned char)('!' + (id * 31 + i * 7) % 90);
}

void value_write(const struct value *v, unsigned char *bytes)
{
    char head[9];

    snprintf(head, sizeof head, "%08x", (unsigned)v->id);
    for (uint32_t i = 0; i < v->size; i++)
        bytes[i] = i < 8 ? (unsigned char)head[i] : filler(v->id, i);
}

uint32_t value_write_text(const struct value *v, bool wide, unsigned char *bytes)
{
    uint32_t step = wide ? 2 : 1;
    unsigned char narrow[VALUE_MOST];

    value_write(v, narrow);
    for (uint32_t i = 0; i <= v->size; i++) {
        bytes[i * step] = i < v->size ? narrow[i] : 0;
        if (wide)
            bytes[i * step + 1] = 0;
    }
    return (v->size + 1) * step;
}

static const struct value *value_of(const unsigned char *bytes, uint32_t size)
{
    unsigned char right[VALUE_MOST];
    unsigned id = 0;
    char head[9] = "";

    if (size >= 8)
        memcpy(head, bytes, 8);
    if (sscanf(head, "%8x", &id) != 1 || !id || id > records.n_values || records.values[id - 1].size != size)
        return NULL;
    value_write(&records.values[id - 1], right);
    return memcmp(right, bytes, size) ? NULL : &records.values[id - 1];
}

const struct value *value_read(HDDEDATA data)
{
    unsigned char bytes[VALUE_MOST + 1];
    DWORD size = CALL(DdeGetData)(data, NULL, 0, 0);

    if (size > VALUE_MOST || CALL(DdeGetData)(data, bytes, sizeof bytes, 0) != size)
        return NULL;
    return value_of(bytes, size);
}

const struct value *value_read_text(HDDEDATA data, bool wide)
{
    unsigned char bytes[2 * VALUE_MOST + 2];
    uint32_t step = wide ? 2 : 1, n = 0;
    DWORD size = CALL(DdeGetData)(data, bytes, sizeof bytes, 0);

    while (n * step < size && bytes[n * step]) {
        bytes[n] = bytes[n * step];
        n++;
    }
    return value_of(bytes, n);
}

/* ---- Transactions ---------------------------------------------------------------------------------------- */

static enum loop_mode mode_of(UINT flags)
{
    return flags & XTYPF_NODATA ? LOOP_WARM : flags & XTYPF_ACKREQ ? LOOP_HOT_ACK : LOOP_HOT;
}

/* A loop that is asked for with other flags may be either from then on. */
static void loop_asked(const struct deed *d)
{
    struct loop *l = &d->talk->loops[d->item][d->fmt];

    l->mode = l->mode == LOOP_NONE || l->mode == mode_of(d->flags) ? mode_of(d->flags) : LOOP_MIXED;
}

struct deed *oracle_asks(struct talk *t, UINT type, UINT flags, int item, int fmt, bool async,
                         struct value *sent)
{
    static struct deed spare;
    struct deed *d = &spare;

    if (room(records.n_deeds, DEEDS))
        d = &records.deeds[records.n_deeds++];
    *d = (struct deed){
        .talk = t, .type = type, .flags = flags, .item = item, .fmt = fmt, .async = async, .sent = sent};
    if (type == XTYP_ADVSTART)
        loop_asked(d);
    if (d == &spare)
        return d;
    if (t->last)
        t->last->next = d;
    else
        t->first = d;
    t->last = d;
    return d;
}

static bool is_positive(const struct deed *d)
{
    switch (d->type) {
    case XTYP_ADVSTART:
        return d->reply != 0;
    case XTYP_ADVSTOP:
        return true;
    case XTYP_REQUEST:
        return d->answer != NULL;
    default:
        return d->reply & DDE_FACK;
    }
}

/* Which question a server was asked can be told only if it is asked each: not those about loops that DdeReconnect has
 * begun, for to end one that is none is refused without asking. */
static bool is_known(const struct deed *d)
{
    const struct talk *t = d->talk;
    bool of_loop = d->type == XTYP_ADVSTART || d->type == XTYP_ADVSTOP;

    return t->peer && !t->raw && !t->peer->party->fickle && !was_hit(t->peer->party, 0) &&
           !was_hit(t->party, 0) && !(of_loop && t->restarts);
}

/* A transaction has succeeded: its server must have said so, and the same. */
static void check_success(const struct deed *d, UINT flags, HDDEDATA data)
{
    const struct talk *t = d->talk;
    const struct value *v;

    if (!is_known(d))
        return;
    if (!d->served || !d->replied)
        violated("answer", "talk %u: transaction %#x has succeeded, and its server has not %s", t->number,
                 d->type, d->served ? "answered" : "been asked");
    else if (!is_positive(d))
        violated("answer", "talk %u: transaction %#x has succeeded, and its server has refused", t->number,
                 d->type);
    else if (d->type == XTYP_REQUEST) {
        v = value_read(data);
        if (!v)
            violated("bytes", "talk %u: the answer to a request is not what anybody has sent", t->number);
        else if (v != d->answer)
            violated("answer", "talk %u: a request has got value %u instead of %u", t->number, v->id,
                     d->answer->id);
    } else if (d->type != XTYP_ADVSTART && d->type != XTYP_ADVSTOP &&
               (flags & DDE_FAPPSTATUS) != (d->reply & DDE_FAPPSTATUS)) {
        violated("answer", "talk %u: the server has said %#x, the client hears %#x", t->number,
                 (unsigned)d->reply, flags);
    }
}

/* A refusal that the server has not meant. */
static void check_refusal(const struct deed *d)
{
    const struct talk *t = d->talk;

    if (is_known(d) && d->replied && is_positive(d) && t->peer->open && t->open)
        violated("answer", "talk %u: transaction %#x was refused, and its server has not", t->number,
                 d->type);
}

static bool is_refusal(UINT error)
{
    return error == DMLERR_NOTPROCESSED || error == DMLERR_BUSY;
}

void oracle_asked(struct deed *d, HDDEDATA result, UINT error, DWORD told)
{
    sim_note("talk %u: transaction %#x flags %#x item %d fmt %d: %s %u, error %#x", d->talk->number, d->type,
             d->flags, d->item, d->fmt, d->async ? "async" : "sync", (unsigned)told, error);
    if (d->async) {
        if (d->state == DEED_ASKING)
            d->state = result ? DEED_SENT : DEED_UNSENT;
        d->id = result && d->state == DEED_SENT ? told : d->id;
        return;
    }
    if (d->state == DEED_ASKING)
        d->state = DEED_DONE;
    if (result)
        check_success(d, told, result);
    else if (is_refusal(error))
        check_refusal(d);
}

struct deed *oracle_deed(struct talk *t, unsigned n)
{
    struct deed *d = t->first;

    while (d && (d->state != DEED_SENT || !d->id || n--))
        d = d->next;
    return d;
}

static void abandon(struct talk *t, DWORD id)
{
    for (struct deed *d = t->first; d; d = d->next)
        if (d->async && (!id || d->id == id) &&
            (d->state == DEED_SENT || d->state == DEED_ASKING || d->completing))
            d->state = DEED_ABANDONED;
    if (t->client && t->blocked && t->blocked->state == DEED_ABANDONED)
        t->blocked = NULL;
}

void oracle_abandoned(struct party *p, struct talk *t, DWORD id)
{
    for (unsigned i = 0; !t && i < records.n_talks; i++)
        if (records.talks[i].party == p && records.talks[i].open)
            abandon(&records.talks[i], 0);
    if (t)
        abandon(t, id);
}

/* ---- Advising ---------------------------------------------------------------------------------------------- */

void oracle_posts(struct party *p, int topic, int item)
{
    records.events++;
    for (unsigned i = 0; i < records.n_talks; i++) {
        struct talk *t = &records.talks[i];

        if (t->party != p || t->client || (topic >= 0 && t->topic != topic))
            continue;
        for (int k = 0; k < ITEMS; k++)
            for (int f = 0; (item < 0 || k == item) && f < FORMATS; f++)
                t->loops[k][f].posted_at = records.events;
    }
}

/* The application has been told that something was lost. */
void oracle_posted(struct party *p, uint32_t first_value, bool succeeded)
{
    for (uint32_t i = first_value; !succeeded && i < records.n_values; i++)
        if (records.values[i].from->party == p && records.values[i].kind == VALUE_UPDATE)
            records.values[i].lost = true;
}

/* ---- Callbacks: what they are ---------------------------------------------------------------------------------- */

enum { NEVER, MAYBE, ALWAYS };

/* What a transaction carries. */
static const struct form {
    UINT type;
    const char *name;
    bool blockable, conv, client;
    uint8_t fmt, hsz1, hsz2, data, d1, d2;
    DWORD filter;
} forms[] = {
    {XTYP_REQUEST, "REQUEST", true, true, false, ALWAYS, ALWAYS, MAYBE, NEVER, NEVER, NEVER,
     CBF_FAIL_REQUESTS},
    {XTYP_POKE, "POKE", true, true, false, ALWAYS, ALWAYS, MAYBE, ALWAYS, NEVER, NEVER, CBF_FAIL_POKES},
    {XTYP_EXECUTE, "EXECUTE", true, true, false, NEVER, ALWAYS, NEVER, ALWAYS, NEVER, NEVER,
     CBF_FAIL_EXECUTES},
    {XTYP_ADVSTART, "ADVSTART", true, true, false, ALWAYS, ALWAYS, MAYBE, NEVER, NEVER, NEVER,
     CBF_FAIL_ADVISES},
    {XTYP_ADVSTOP, "ADVSTOP", true, true, false, ALWAYS, ALWAYS, ALWAYS, NEVER, NEVER, NEVER,
     CBF_FAIL_ADVISES},
    {XTYP_ADVREQ, "ADVREQ", false, true, false, ALWAYS, ALWAYS, ALWAYS, NEVER, MAYBE, NEVER, 0},
    {XTYP_ADVDATA, "ADVDATA", true, true, true, ALWAYS, ALWAYS, ALWAYS, MAYBE, NEVER, NEVER, 0},
    {XTYP_XACT_COMPLETE, "XACT_COMPLETE", true, true, true, MAYBE, ALWAYS, MAYBE, MAYBE, ALWAYS, MAYBE, 0},
    {XTYP_CONNECT, "CONNECT", false, false, false, NEVER, ALWAYS, ALWAYS, NEVER, MAYBE, MAYBE,
     CBF_FAIL_CONNECTIONS},
    {XTYP_WILDCONNECT, "WILDCONNECT", false, false, false, NEVER, MAYBE, MAYBE, NEVER, MAYBE, MAYBE,
     CBF_FAIL_CONNECTIONS},
    {XTYP_CONNECT_CONFIRM, "CONNECT_CONFIRM", false, true, false, NEVER, ALWAYS, ALWAYS, NEVER, NEVER, MAYBE,
     CBF_SKIP_CONNECT_CONFIRMS},
    {XTYP_DISCONNECT, "DISCONNECT", false, true, false, NEVER, NEVER, NEVER, NEVER, NEVER, MAYBE,
     CBF_SKIP_DISCONNECTS},
    {XTYP_REGISTER, "REGISTER", false, false, false, NEVER, ALWAYS, ALWAYS, NEVER, NEVER, NEVER,
     CBF_SKIP_REGISTRATIONS},
    {XTYP_UNREGISTER, "UNREGISTER", false, false, false, NEVER, ALWAYS, ALWAYS, NEVER, NEVER, NEVER,
     CBF_SKIP_UNREGISTRATIONS},
    {XTYP_ERROR, "ERROR", false, true, false, NEVER, NEVER, NEVER, NEVER, ALWAYS, NEVER, 0},
    {XTYP_MONITOR, "MONITOR", false, false, false, NEVER, NEVER, NEVER, ALWAYS, NEVER, ALWAYS, 0},
};

static const struct form *form_of(UINT type)
{
    for (unsigned i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].type == type)
            return &forms[i];
    return NULL;
}

static bool differs(uint8_t rule, uintptr_t value)
{
    return (rule == NEVER && value) || (rule == ALWAYS && !value);
}

/* What the arguments of a transaction must and must not say. */
static void check_envelope(const struct heard *h, const struct form *f)
{
    const struct party *p = h->party;
    const char *odd =
        differs(f->fmt, h->fmt) ? "format"
        : differs(f->conv, (uintptr_t)h->conv) && f->type != XTYP_CONNECT_CONFIRM && f->conv == NEVER
            ? "conversation"
        : f->conv && !h->conv                  ? "conversation"
        : differs(f->hsz1, (uintptr_t)h->hsz1) ? "first name"
        : differs(f->hsz2, (uintptr_t)h->hsz2) ? "second name"
        : differs(f->data, (uintptr_t)h->data) ? "data"
        : differs(f->d1, h->d1)                ? "first number"
        : differs(f->d2, h->d2)                ? "second number"
                                               : NULL;

    if (odd)
        violated("envelope", "party %u: the %s of %s", p->number, odd, f->name);
    if (p->actor != play_self() || p->actor->thread != host_thread_id())
        violated("envelope", "party %u: %s on another thread", p->number, f->name);
}

static void check_conversation(struct heard *h, const struct form *f)
{
    struct talk *t = h->talk;
    bool server_only = f->conv && !f->client && h->type != XTYP_DISCONNECT && h->type != XTYP_ERROR;

    if (t->quitting && h->type != XTYP_DISCONNECT)
        violated("legal", "talk %u: %s inside or after its DISCONNECT", t->number, f->name);
    if (t->quitting && h->type == XTYP_DISCONNECT)
        violated("legal", "talk %u: DISCONNECT a second time", t->number);
    if ((f->client && !t->client) || (server_only && t->client))
        violated("legal", "talk %u: %s on the wrong side", t->number, f->name);
    if (!f->blockable || h->after_end || t->raw)
        return;
    if (t->inside)
        violated("legal", "talk %u: %s inside another transaction", t->number, f->name);
    if (t->gate == GATE_SHUT || t->gate == GATE_WITHIN)
        violated("legal", "talk %u: %s while it is blocked", t->number, f->name);
}

/* What is told to every instance. */
static bool is_news(UINT type)
{
    return type == XTYP_REGISTER || type == XTYP_UNREGISTER;
}

static void check_party(const struct heard *h, const struct form *f)
{
    const struct party *p = h->party;

    if (!p->open)
        violated("legal", "party %u: %s after its end", p->number, f->name);
    if (p->flags & f->filter)
        violated("legal", "party %u: %s, which it does not want", p->number, f->name);
    if (p->monitor != (h->type == XTYP_MONITOR) && !(p->monitor && is_news(h->type)))
        violated("legal", "party %u: %s for a%s monitor", p->number, f->name,
                 p->monitor ? "" : " party that is no");
}

/* ---- Callbacks: what they bring ----------------------------------------------------------------------------------- */

/* Where the value comes from tells who the partner is, if nothing has before. */
static bool came_from(struct talk *t, const struct value *v)
{
    struct talk *from = v->from;

    if (!t->peer && !from->peer && from->client != t->client)
        pair(t, from);
    if (t->peer == from)
        return true;
    violated("partner", "talk %u: value %u is of talk %u", t->number, v->id, from->number);
    return false;
}

static bool same_subject(const struct deed *d, const struct heard *h, int item)
{
    if (d->type != h->type || (d->sent && d->sent != h->value))
        return false;
    return d->type == XTYP_EXECUTE || (d->item == item && d->fmt == format_of(h->fmt));
}

/* A transaction has reached its server: the next one in line that fits. */
static struct deed *serve(struct talk *server, const struct heard *h)
{
    struct talk *client = server->peer;
    int item = index_of(h->party->items, ITEMS, h->hsz2);
    struct deed *d = client->served ? client->served->next : client->first;

    while (d && !same_subject(d, h, item))
        d = d->next;
    if (!d) {
        for (d = client->first; d && !same_subject(d, h, item); d = d->next)
            ;
        violated(d ? "order" : "once", "talk %u: %s %s", server->number, form_of(h->type)->name,
                 d ? "out of order, or a second time" : "that nobody has sent");
        return NULL;
    }
    client->served = d;
    d->served = true;
    return d;
}

/* What was blocked is refused without a word: by a filter that has been set meanwhile, or for want of memory. */
static bool may_refuse_blocked(const struct talk *t)
{
    return t->party->fickle || was_hit(t->party, t->blocked_hits);
}

static void hear_server(struct heard *h)
{
    struct talk *t = h->talk;

    if (h->type == XTYP_POKE)
        h->value = value_read(h->data);
    if (h->type == XTYP_EXECUTE)
        h->value = value_read_text(h->data, h->party->wide);
    if (t->raw)
        return;
    if (h->data && !h->value) {
        violated("bytes", "talk %u: %s has brought what nobody has sent", t->number, form_of(h->type)->name);
        return;
    }
    if (h->value && !came_from(t, h->value))
        return;
    if (!t->peer)
        return;
    if (h->hsz2 && index_of(h->party->items, ITEMS, h->hsz2) < 0)
        return; /* a party that could not have all names */
    if (t->peer->restarts && h->type == XTYP_ADVSTART)
        return;
    if (t->blocked) {
        h->deed = same_subject(t->blocked, h, index_of(h->party->items, ITEMS, h->hsz2)) ? t->blocked : NULL;
        t->blocked = NULL;
        if (!h->deed && !may_refuse_blocked(t))
            violated("again", "talk %u: %s instead of the transaction that was blocked", t->number,
                     form_of(h->type)->name);
    }
    if (!h->deed)
        h->deed = serve(t, h);
}

/* Of a plain hot loop every update between the last and this one should have come. */
static void check_gap(struct talk *t, const struct loop *l, const struct value *v)
{
    for (uint32_t id = l->last ? l->last->id + 1 : 1; id < v->id; id++) {
        const struct value *u = &records.values[id - 1];

        if (u->kind == VALUE_UPDATE && u->from == v->from && u->item == v->item && u->fmt == v->fmt &&
            !u->lost && l->last && !was_hit(u->from->party, u->faults))
            violated("order", "talk %u: update %u has come, and %u before it has not", t->number, v->id,
                     u->id);
    }
}

static void hear_update(struct heard *h)
{
    struct talk *t = h->talk;
    int item = index_of(h->party->items, ITEMS, h->hsz2), fmt = format_of(h->fmt);
    struct loop *l = item >= 0 && fmt >= 0 ? &t->loops[item][fmt] : NULL;
    const struct value *again = t->blocked_value;
    struct value *v;

    if (t->raw)
        return;
    h->value = h->data ? value_read(h->data) : NULL;
    if (h->data && !h->value) {
        violated("bytes", "talk %u: an update is not what anybody has sent", t->number);
        return;
    }
    if (!l || l->mode == LOOP_NONE) {
        violated("legal", "talk %u: ADVDATA of a loop that it has not asked for", t->number);
        return;
    }
    if ((t->blocked || t->blocked_notice || again) && (again != h->value || t->blocked))
        violated("again", "talk %u: ADVDATA instead of what was blocked", t->number);
    t->blocked_value = NULL;
    t->blocked_notice = false;
    if (!h->value || again == h->value || !came_from(t, h->value))
        return;
    v = &records.values[h->value->id - 1];
    if (v->kind != VALUE_UPDATE || v->item != item || v->fmt != fmt)
        violated("partner", "talk %u: value %u is not of this loop", t->number, v->id);
    if (v->got)
        violated("once", "talk %u: update %u for a second time", t->number, v->id);
    else if (l->last && l->last->id > v->id)
        violated("order", "talk %u: update %u after %u", t->number, v->id, l->last->id);
    else if (l->mode == LOOP_HOT)
        check_gap(t, l, v);
    v->got = true;
    l->last = v;
}

static struct deed *find_deed(struct talk *t, const struct heard *h)
{
    struct deed *d = t->first;

    while (d && !(d->async && d->id == h->d1))
        d = d->next;
    for (struct deed *e = t->first; !d && e; e = e->next) /* whose id has not been asked for */
        if (e->async && !e->id && (e->state == DEED_SENT || e->state == DEED_ASKING)) {
            e->id = (DWORD)h->d1;
            d = e;
        }
    return d;
}

static void hear_completion(struct heard *h)
{
    struct talk *t = h->talk;
    struct deed *d = find_deed(t, h);
    bool again = d && t->blocked == d;

    h->deed = d;
    if (!d) {
        violated("once", "talk %u: completion of transaction %u, which is none", t->number, (unsigned)h->d1);
        return;
    }
    if ((t->blocked || t->blocked_value || t->blocked_notice) && !again && !h->after_end)
        violated("again", "talk %u: a completion instead of what was blocked", t->number);
    t->blocked = NULL;
    if (d->state == DEED_ASKING)
        d->state = DEED_SENT;
    if (d->state != DEED_SENT)
        violated("once", "talk %u: transaction %u completes in state %d", t->number, (unsigned)h->d1,
                 d->state);
    for (struct deed *e = t->first; e != d && !again && !h->after_end; e = e->next)
        if (e->async && e->state == DEED_SENT && !t->raw)
            violated("order", "talk %u: transaction %u has completed before %u", t->number, d->id, e->id);
    d->state = DEED_DONE;
    d->completing = true;
    if (h->data)
        check_success(d, (UINT)h->d2, h->data);
    else if (!h->after_end)
        check_refusal(d);
}

static void hear_question(struct heard *h)
{
    int item = index_of(h->party->items, ITEMS, h->hsz2), fmt = format_of(h->fmt);

    records.events++;
    if (item >= 0 && fmt >= 0)
        h->talk->loops[item][fmt].asked_at = records.events;
    if (!h->party->posting && h->d1 != CADV_LATEACK && h->d1 != 0)
        violated("legal", "talk %u: ADVREQ without DdePostAdvise", h->talk->number);
}

static void hear_disconnect(struct heard *h)
{
    struct talk *t = h->talk;

    t->quitting = true;
    for (struct deed *d = t->first; d; d = d->next)
        if (d->async && d->state == DEED_SENT && t->gate == GATE_FREE && !t->blocked && d->id)
            violated("once", "talk %u: transaction %u has not completed before DISCONNECT", t->number, d->id);
}

static void hear_conversation(struct heard *h, const struct form *f)
{
    h->talk = oracle_talk(h->party, h->conv);
    if (!h->talk && (h->type == XTYP_CONNECT_CONFIRM || h->party->connecting || h->party->secretive))
        h->talk = oracle_connected(h->party, h->conv, status_of(h->conv) & ST_CLIENT);
    if (!h->talk) {
        if (!play.full)
            violated("legal", "party %u: %s for a conversation that is none", h->party->number, f->name);
        return;
    }
    look_up(h->talk);
    h->after_end = h->type == XTYP_XACT_COMPLETE && !(status_of(h->conv) & ST_CONNECTED);
    check_conversation(h, f);
    if (f->blockable) {
        if (!h->after_end)
            gate_passes(h->talk);
        h->talk->inside++;
    }
}

static int number_of(const struct heard *h)
{
    const struct talk *t = oracle_talk(h->party, h->conv);

    return t ? (int)t->number : -1;
}

void oracle_begins(struct heard *h)
{
    typedef void hear_fn(struct heard *);
    static const struct {
        UINT type;
        hear_fn *hear;
    } hears[] = {
        {XTYP_REQUEST, hear_server},        {XTYP_POKE, hear_server},
        {XTYP_EXECUTE, hear_server},        {XTYP_ADVSTART, hear_server},
        {XTYP_ADVSTOP, hear_server},        {XTYP_ADVREQ, hear_question},
        {XTYP_ADVDATA, hear_update},        {XTYP_XACT_COMPLETE, hear_completion},
        {XTYP_DISCONNECT, hear_disconnect},
    };
    const struct form *f = form_of(h->type);

    if (!f) {
        violated("envelope", "party %u: %#x is no transaction", h->party->number, h->type);
        return;
    }
    sim_note("party %u: %s item %d fmt %u talk %d data1 %u", h->party->number, f->name,
             index_of(h->party->items, ITEMS, h->hsz2), h->fmt, number_of(h),
             f->type == XTYP_CONNECT || f->type == XTYP_WILDCONNECT ? 0 : (unsigned)h->d1);
    h->blockable = f->blockable;
    check_party(h, f);
    check_envelope(h, f);
    if (f->conv)
        hear_conversation(h, f);
    for (unsigned i = 0; h->talk && i < sizeof hears / sizeof *hears; i++)
        if (hears[i].type == h->type)
            hears[i].hear(h);
    if (h->type == XTYP_MONITOR)
        monitors_heard(h->party, h->data, h->d2);
}

/* ---- Callbacks: what they return -------------------------------------------------------------------------------- */

static void note_block(struct heard *h)
{
    struct talk *t = h->talk;

    t->blocked_hits = sim_figures()->n_fired;
    if (h->type == XTYP_ADVDATA) {
        t->blocked_value = h->value;
        t->blocked_notice = !h->value;
        if (t->raw)
            t->blocked_notice = false;
        return;
    }
    if (h->type == XTYP_XACT_COMPLETE && h->after_end)
        return;
    if (h->deed && h->type == XTYP_XACT_COMPLETE && h->deed->state == DEED_DONE) {
        h->deed->state = DEED_SENT;
        t->blocked = h->deed;
    } else if (h->type != XTYP_XACT_COMPLETE) {
        t->blocked = h->deed;
    }
}

/* The loop is the server's, or is no more. */
static void note_loop(const struct heard *h, bool granted)
{
    int item = index_of(h->party->items, ITEMS, h->hsz2), fmt = format_of(h->fmt);
    struct loop *l = item >= 0 && fmt >= 0 ? &h->talk->loops[item][fmt] : NULL;

    if (!l)
        return;
    if (granted && !l->granted)
        l->posted_at = l->asked_at = 0;
    l->granted = granted;
    if (!granted)
        l->newest = NULL;
}

static void note_reply(struct heard *h, HDDEDATA result, const struct value *answer)
{
    if (h->type == XTYP_ADVSTART && result)
        note_loop(h, true);
    if (h->type == XTYP_ADVSTOP)
        note_loop(h, false);
    if (!h->deed || h->type == XTYP_XACT_COMPLETE)
        return;
    h->deed->replied = true;
    h->deed->reply = (uintptr_t)result;
    h->deed->answer = answer;
}

/* Was the update sent? If the conversation or the loop has ended meanwhile, it was not. */
static void note_update(struct heard *h, struct value *answer)
{
    if (!answer)
        return;
    if (!h->talk->open || !h->party->open || h->talk->quitting)
        answer->lost = true;
    else if (answer->item >= 0 && answer->fmt >= 0)
        h->talk->loops[answer->item][answer->fmt].newest = answer;
}

void oracle_ends(struct heard *h, HDDEDATA result, struct value *answer)
{
    struct talk *t = h->talk;
    bool blocks;

    if (!h->party->monitor)
        monitors_called(h, result);
    if (!t)
        return;
    if (h->type == XTYP_XACT_COMPLETE && h->deed)
        h->deed->completing = false;
    blocks = h->blockable && result == CBR_BLOCK && t->open && !t->quitting;
    if (h->blockable)
        t->inside--;
    if (h->blockable && !h->after_end && t->gate == GATE_WITHIN)
        t->gate = GATE_SHUT;
    if (blocks && !h->after_end)
        t->gate = GATE_SHUT;
    if (blocks)
        note_block(h);
    else if (h->blockable && t->open)
        note_reply(h, result, answer);
    else if (h->type == XTYP_ADVREQ)
        note_update(h, answer);
    if (h->type == XTYP_DISCONNECT)
        oracle_ended(t);
}

/* ---- Time ------------------------------------------------------------------------------------------------------- */

/* What a call may take beyond its deadline: the grain of the library's own looking out. */
enum { GRAIN_MS = 250 };

struct stopwatch oracle_starts(struct actor *a)
{
    return (struct stopwatch){sim_now_ms(), sim_excused_ms(), a->in_callbacks_ms, a->allowed_ms};
}

void oracle_stops(struct actor *a, const struct stopwatch *w, const char *call, uint64_t may_ms)
{
    uint64_t took = sim_now_ms() - w->began;
    uint64_t excused =
        sim_excused_ms() - w->lost + a->in_callbacks_ms - w->callbacks + a->allowed_ms - w->allowed;

    if (took > may_ms + excused + GRAIN_MS + play.world.max_late_ms)
        violated("deadline", "%s has taken %u ms, and might take %u", call, (unsigned)(took - excused),
                 (unsigned)may_ms);
}

/* ---- At rest ------------------------------------------------------------------------------------------------------ */

static bool is_open(const struct talk *t)
{
    return t->open && status_of(t->handle) & ST_CONNECTED;
}

/* A server that does not know whether its client has got the offer may wait for its confirmation for as long as the
 * client's window lives. */
static bool was_unsure(void)
{
    const struct sim_figures *f = sim_figures();

    return f->hangs || f->jumps || play.world.max_delay_ms || f->fired[SIM_FAULT_send_unsure] ||
           f->fired[SIM_FAULT_send_late];
}

/* What has ended on both sides is gone for good. Of whom nobody was told, nobody can know; and without a timer nothing
 * is tried a second time. */
static void books_at_rest(const struct party *p, long known)
{
    DDEMLLEDGER ledger = {.cb = sizeof ledger};

    if (p->secretive || raw_any() || sim_figures()->fired[SIM_FAULT_timer] || play.full ||
        !CALL(DdemlGetLedger)(p->id, &ledger))
        return;
    if (ledger.conversations > known && !was_unsure())
        violated("rest", "party %u: %ld conversations are open, and it has %ld", p->number, known,
                 (long)ledger.conversations);
    if (ledger.queued)
        violated("rest", "party %u: %ld messages are waiting", p->number, (long)ledger.queued);
}

/* Their ends may have been kept from the application. */
void oracle_at_rest(struct party *p)
{
    long known = 0;

    for (unsigned i = 0; i < records.n_talks; i++) {
        struct talk *t = &records.talks[i];

        if (t->party != p || !t->open)
            continue;
        known++;
        look_up(t);
        if (is_open(t))
            continue;
        known--;
        if (!(p->flags & CBF_SKIP_DISCONNECTS) && !p->secretive)
            violated("legal", "talk %u has ended without DISCONNECT", t->number);
        oracle_ended(t);
    }
    books_at_rest(p, known);
}

static void talk_at_rest(const struct talk *t)
{
    if ((t->blocked || t->blocked_value || t->blocked_notice) && !may_refuse_blocked(t))
        violated("again", "talk %u: what was blocked has not come again", t->number);
    for (const struct deed *d = t->first; d; d = d->next)
        if (d->async && d->state == DEED_SENT)
            violated("once", "talk %u: transaction %u has never completed", t->number, d->id);
}

static const struct value *last_update(const struct talk *t, int item, int fmt)
{
    for (uint32_t id = records.n_values; id; id--) {
        const struct value *u = &records.values[id - 1];

        if (u->kind == VALUE_UPDATE && u->from == t && u->item == item && u->fmt == fmt && !u->lost &&
            !was_hit(t->party, u->faults))
            return u;
    }
    return NULL;
}

static void loop_at_rest(const struct talk *server, int item, int fmt)
{
    const struct loop *s = &server->loops[item][fmt], *c = &server->peer->loops[item][fmt];
    const struct value *last = last_update(server, item, fmt);

    if (!s->granted || was_hit(server->party, 0) || was_hit(server->peer->party, 0))
        return;
    if (c->mode == LOOP_HOT && last && (!c->last || c->last->id < last->id))
        violated("order", "talk %u: update %u has never come", server->peer->number, last->id);
    if (c->mode == LOOP_HOT_ACK && s->newest && !s->newest->lost && (!c->last || c->last->id < s->newest->id))
        violated("newest", "talk %u: the newest value %u has never come", server->peer->number,
                 s->newest->id);
    if ((c->mode == LOOP_HOT_ACK || c->mode == LOOP_HOT) && s->asked_at < s->posted_at)
        violated("newest", "talk %u: the newest value of item %d was never asked for", server->number, item);
}

/* Without a timer nothing is tried a second time. */
void oracle_all_at_rest(void)
{
    if (sim_figures()->fired[SIM_FAULT_timer])
        return;
    for (unsigned i = 0; i < records.n_talks; i++) {
        struct talk *t = &records.talks[i];

        if (!t->open || !is_alive(t->party) || t->raw || !t->peer || !t->peer->open ||
            !is_alive(t->peer->party))
            continue;
        talk_at_rest(t);
        for (int item = 0; !t->client && item < ITEMS; item++)
            for (int fmt = 0; fmt < FORMATS; fmt++)
                loop_at_rest(t, item, fmt);
    }
}

void oracle_process_over(int process)
{
    DDEMLLEDGER ledger = {.cb = sizeof ledger};

    CALL(DdemlGetLedger)(0, &ledger);
#define X(name)                                                                                              \
    if (ledger.name)                                                                                         \
        violated("ledger", "process %d: %ld " #name, process, (long)ledger.name);
    DDEML_LEDGER_COLUMNS(X)
#undef X
}

/* What stands in the host's books. Nobody knows what a hostile partner, or a process that was killed with messages
 * on their way to it, has left of what is everybody's; or whether names that were offered have arrived. */
void oracle_world_over(void)
{
    bool known = !raw_hostile() && !sim_figures()->kills && !play.torn;

    for (int process = 0; process < play.n_processes; process++) {
        struct sim_left left = sim_left(process);

        if (left.windows || left.timers || left.blocks)
            violated("ledger", "process %d: %ld windows, %ld timers, %ld blocks of the heap", process,
                     left.windows, left.timers, left.blocks);
        if (known && (left.gmem || left.queued || (left.atoms && !was_unsure())))
            violated("ledger", "process %d: %ld global blocks, %ld atoms, %ld messages", process, left.gmem,
                     left.atoms, left.queued);
    }
}
