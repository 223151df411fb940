/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Monitoring (docs/conformance.md, 7). Where something happens it is put into a record, which the host
 * carries to whoever listens; a monitor instance makes the documented structure of it and calls its callback.
 * A record has the same form in processes of either width, and its names are texts: by the time it is read
 * the atoms may have gone. */

#include "core/core.h"

#include <string.h>

enum { NAMES = 3 };

/* ---- Records ------------------------------------------------------------------------------------------ */

/* Every record begins with this and ends with its names, each with its length before it. That of a message is
 * a struct wire_report, which has none. */
struct event {
    uint32_t time, task;
};

struct string_event {
    struct event event;
    uint32_t action;
};

struct error_event {
    struct event event;
    uint32_t error;
};

struct conv_event {
    struct event event;
    uint64_t client, server;
    uint32_t established;
};

struct link_event {
    struct event event;
    uint64_t client, server;
    uint32_t established, no_data, fmt, is_server;
};

struct callback_event {
    struct event event;
    uint64_t conv, data, d1, d2;
    uint32_t result, type, fmt, size;
    CONVCONTEXT context;
    unsigned char excerpt[WIRE_EXCERPT];
};

/* The whole of a record: its fixed part, and then the names. */
struct record {
    size_t size;
    union {
        struct event event;
        struct string_event string;
        struct error_event error;
        struct conv_event conv;
        struct link_event link;
        struct callback_event callback;
        struct wire_report message;
        unsigned char bytes[HOST_NEWS_SIZE];
    } u;
};

_Static_assert(sizeof(CONVCONTEXT) == 36, "the same in processes of either width");
_Static_assert(sizeof(struct callback_event) + NAMES * (HOST_ATOM_CHARS + 1) * sizeof(uint16_t) <=
                   HOST_NEWS_SIZE,
               "the largest record has room for the longest names");

/* ---- Telling ------------------------------------------------------------------------------------------ */

static bool listened(const struct inst *in, uint32_t kind)
{
    return host_listened() & kind && !in->monitor;
}

static void begin(struct record *r, size_t size)
{
    memset(r->u.bytes, 0, size);
    r->size = size;
    r->u.event.time = (uint32_t)host_now_ms();
    r->u.event.task = host_session_thread();
}

static void add_name(struct record *r, const struct string *s)
{
    uint16_t length = s ? (uint16_t)s->length : 0;

    memcpy(r->u.bytes + r->size, &length, sizeof length);
    r->size += sizeof length;
    if (s)
        memcpy(r->u.bytes + r->size, s->text, length * sizeof *s->text);
    r->size += length * sizeof(uint16_t);
}

static void tell(uint32_t kind, const struct record *r)
{
    host_tell(kind, r->u.bytes, r->size);
}

/* An error that belongs to no instance is stored in all of the thread. It is not told if nobody but a monitor
 * can have made it. */
static bool is_somebodys(void)
{
    struct thread *t = thread_current();

    if (!t || t->watching)
        return false;
    list_each (node, next, &t->insts)
        if (!container_of(node, struct inst, node)->monitor)
            return true;
    return false;
}

static void tell_error(UINT error)
{
    struct record r;

    begin(&r, sizeof r.u.error);
    r.u.error.error = error;
    tell(MF_ERRORS, &r);
}

void monitor_error(const struct inst *in, UINT error)
{
    if (host_listened() & MF_ERRORS && (in ? !in->monitor : is_somebodys()))
        tell_error(error);
}

/* It is not the error of the instance that happens to hear of it, be it a monitor. */
void monitor_intruder(void)
{
    if (host_listened() & MF_ERRORS)
        tell_error(DMLERR_SYS_ERROR);
}

void monitor_string(const struct string *s, UINT action)
{
    struct record r;

    if (!listened(s->inst, MF_HSZ_INFO))
        return;
    begin(&r, sizeof r.u.string);
    r.u.string.action = action;
    add_name(&r, s);
    tell(MF_HSZ_INFO, &r);
}

static const struct string *service_of(const struct conv *c)
{
    return c->client ? c->service : c->service_req;
}

void monitor_conv(struct conv *c, bool established)
{
    struct record r;
    bool news = c->established != established;

    c->established = established;
    if (!established)
        list_each (node, next, &c->links)
            monitor_link(container_of(node, struct link, node), false);
    if (!news || !listened(c->inst, MF_CONV))
        return;
    begin(&r, sizeof r.u.conv);
    r.u.conv.established = established;
    r.u.conv.client = c->client ? c->end.self : c->end.partner;
    r.u.conv.server = c->client ? c->end.partner : c->end.self;
    add_name(&r, service_of(c));
    add_name(&r, c->topic);
    tell(MF_CONV, &r);
}

void monitor_link(struct link *l, bool established)
{
    const struct conv *c = l->conv;
    struct record r;
    bool news;

    established = established && c->established;
    news = l->established != established;
    l->established = established;
    if (!news || !listened(l->inst, MF_LINKS))
        return;
    begin(&r, sizeof r.u.link);
    r.u.link.established = established;
    r.u.link.no_data = l->no_data;
    r.u.link.fmt = l->fmt;
    r.u.link.is_server = !c->client;
    r.u.link.client = c->client ? c->end.self : c->end.partner;
    r.u.link.server = c->client ? c->end.partner : c->end.self;
    add_name(&r, service_of(c));
    add_name(&r, c->topic);
    add_name(&r, l->item);
    tell(MF_LINKS, &r);
}

static void quote_data(struct callback_event *e, uintptr_t handle)
{
    struct data *d = data_get((HDDEDATA)handle);
    const unsigned char *bytes = d ? data_lock(d) : NULL;

    if (!bytes)
        return;
    e->size = (uint32_t)d->size;
    memcpy(e->excerpt, bytes, d->size < WIRE_EXCERPT ? d->size : WIRE_EXCERPT);
    data_unlock(d);
}

void monitor_callback(const struct inst *in, const struct conv *c, const struct callback *cb)
{
    bool initiates = cb->type == XTYP_CONNECT || cb->type == XTYP_WILDCONNECT;
    struct record r;

    if (!listened(in, MF_CALLBACKS))
        return;
    begin(&r, sizeof r.u.callback);
    r.u.callback.conv = cb->conv;
    r.u.callback.data = cb->data;
    r.u.callback.d1 = cb->d1;
    r.u.callback.d2 = cb->d2;
    r.u.callback.result = (uint32_t)cb->result;
    r.u.callback.type = cb->type;
    r.u.callback.fmt = cb->fmt;
    if (c)
        r.u.callback.context = c->context;
    else if (initiates && cb->d1)
        r.u.callback.context = *(const CONVCONTEXT *)cb->d1;
    quote_data(&r.u.callback, cb->data);
    add_name(&r, string_get_any((HSZ)cb->hsz1));
    add_name(&r, string_get_any((HSZ)cb->hsz2));
    tell(MF_CALLBACKS, &r);
}

/* Windows of this library show a card. One that has gone showed one, unless it is the partner: then we know.
 */
static bool is_ours(const struct conv *c, host_wnd from)
{
    struct host_card card;

    if (!from)
        return false;
    if (c && from == c->end.partner)
        return c->partner_handle != 0;
    return !host_window_alive(from) || host_card_get(from, &card);
}

void monitor_received(const struct inst *in, const struct conv *c, enum wire_way way,
                      const struct host_msg *hm)
{
    if (listened(in, way) && !is_ours(c, hm->wparam))
        wire_tell(way, hm);
}

/* ---- Delivering --------------------------------------------------------------------------------------- */

/* A record that is being delivered. */
struct delivered {
    struct inst *in;
    const struct record *r;
    struct string *names[NAMES];
    const unsigned char *text; /* the first name as it was, in UTF-16 */
    size_t length;
    size_t size; /* of the structure */
    union {
        MONERRSTRUCT error;
        MONHSZSTRUCTA ansi;
        MONHSZSTRUCTW wide;
        MONCONVSTRUCT conv;
        MONLINKSTRUCT link;
        MONCBSTRUCT callback;
        MONMSGSTRUCT message;
        unsigned char bytes[sizeof(MONHSZSTRUCTW) + (HOST_ATOM_CHARS + 1) * sizeof(WCHAR)];
    } u;
};

static HSZ name(const struct delivered *d, unsigned i)
{
    return d->names[i] ? (HSZ)(uintptr_t)d->names[i]->atom : 0;
}

/* A handle of another process, which may be wider than ours. */
#define HANDLE_OF(type, value) ((type)(uintptr_t)(value))

static void make_error(struct delivered *d)
{
    d->u.error = (MONERRSTRUCT){
        .cb = sizeof d->u.error,
        .wLastError = d->r->u.error.error,
        .dwTime = d->r->u.event.time,
        .hTask = HANDLE_OF(HANDLE, d->r->u.event.task),
    };
    d->size = sizeof d->u.error;
}

static void make_ansi(struct delivered *d)
{
    uint16_t text[HOST_ATOM_CHARS];
    char *to = d->u.ansi.str;
    size_t n;

    memcpy(text, d->text, d->length * sizeof *text);
    n = host_from_wide(HOST_ANSI, text, d->length, to, 2 * HOST_ATOM_CHARS);
    to[n] = 0;
    d->size = sizeof d->u.ansi + n;
    d->u.ansi.cb = (UINT)d->size;
    d->u.ansi.fsAction = (BOOL)d->r->u.string.action;
    d->u.ansi.dwTime = d->r->u.event.time;
    d->u.ansi.hsz = name(d, 0);
    d->u.ansi.hTask = HANDLE_OF(HANDLE, d->r->u.event.task);
}

static void make_wide(struct delivered *d)
{
    WCHAR *to = d->u.wide.str;

    memcpy(to, d->text, d->length * sizeof *to);
    to[d->length] = 0;
    d->size = sizeof d->u.wide + d->length * sizeof(WCHAR);
    d->u.wide.cb = (UINT)d->size;
    d->u.wide.fsAction = (BOOL)d->r->u.string.action;
    d->u.wide.dwTime = d->r->u.event.time;
    d->u.wide.hsz = name(d, 0);
    d->u.wide.hTask = HANDLE_OF(HANDLE, d->r->u.event.task);
}

static void make_string(struct delivered *d)
{
    (d->in->unicode ? make_wide : make_ansi)(d);
}

static void make_conv(struct delivered *d)
{
    const struct conv_event *e = &d->r->u.conv;

    d->u.conv = (MONCONVSTRUCT){
        .cb = sizeof d->u.conv,
        .fConnect = (BOOL)e->established,
        .dwTime = e->event.time,
        .hTask = HANDLE_OF(HANDLE, e->event.task),
        .hszSvc = name(d, 0),
        .hszTopic = name(d, 1),
        .hConvClient = HANDLE_OF(HCONV, e->client),
        .hConvServer = HANDLE_OF(HCONV, e->server),
    };
    d->size = sizeof d->u.conv;
}

static void make_link(struct delivered *d)
{
    const struct link_event *e = &d->r->u.link;

    d->u.link = (MONLINKSTRUCT){
        .cb = sizeof d->u.link,
        .dwTime = e->event.time,
        .hTask = HANDLE_OF(HANDLE, e->event.task),
        .fEstablished = (BOOL)e->established,
        .fNoData = (BOOL)e->no_data,
        .hszSvc = name(d, 0),
        .hszTopic = name(d, 1),
        .hszItem = name(d, 2),
        .wFmt = e->fmt,
        .fServer = (BOOL)e->is_server,
        .hConvServer = HANDLE_OF(HCONV, e->server),
        .hConvClient = HANDLE_OF(HCONV, e->client),
    };
    d->size = sizeof d->u.link;
}

static void make_callback(struct delivered *d)
{
    const struct callback_event *e = &d->r->u.callback;

    d->u.callback = (MONCBSTRUCT){
        .cb = sizeof d->u.callback,
        .dwTime = e->event.time,
        .hTask = HANDLE_OF(HANDLE, e->event.task),
        .dwRet = e->result,
        .wType = e->type,
        .wFmt = e->fmt,
        .hConv = HANDLE_OF(HCONV, e->conv),
        .hsz1 = name(d, 0),
        .hsz2 = name(d, 1),
        .hData = HANDLE_OF(HDDEDATA, e->data),
        .dwData1 = (ULONG_PTR)e->d1,
        .dwData2 = (ULONG_PTR)e->d2,
        .cc = e->context,
        .cbData = e->size,
    };
    memcpy(d->u.callback.Data, e->excerpt, sizeof e->excerpt);
    d->size = sizeof d->u.callback;
}

static void make_message(struct delivered *d)
{
    const struct wire_report *e = &d->r->u.message;

    d->u.message = (MONMSGSTRUCT){
        .cb = sizeof d->u.message,
        .hwndTo = HANDLE_OF(HWND, e->to),
        .dwTime = e->time,
        .hTask = HANDLE_OF(HANDLE, e->task),
        .wMsg = e->id,
        .wParam = (WPARAM)e->wparam,
        .lParam = (LPARAM)e->lparam,
        .dmhd = {.uiLo = (UINT_PTR)e->lo, .uiHi = (UINT_PTR)e->hi, .cbData = e->size},
    };
    memcpy(d->u.message.dmhd.Data, e->excerpt, sizeof e->excerpt);
    d->size = sizeof d->u.message;
}

static const struct form {
    uint32_t kind;
    size_t size;    /* of the fixed part */
    unsigned names; /* behind it          */
    void (*make)(struct delivered *d);
} forms[] = {
    {MF_HSZ_INFO, sizeof(struct string_event), 1, make_string},
    {MF_SENDMSGS, sizeof(struct wire_report), 0, make_message},
    {MF_POSTMSGS, sizeof(struct wire_report), 0, make_message},
    {MF_CALLBACKS, sizeof(struct callback_event), 2, make_callback},
    {MF_ERRORS, sizeof(struct error_event), 0, make_error},
    {MF_LINKS, sizeof(struct link_event), 3, make_link},
    {MF_CONV, sizeof(struct conv_event), 2, make_conv},
};

static const struct form *form_of(uint32_t kind)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].kind == kind)
            return &forms[i];
    return NULL;
}

/* Reads the next name at *at; false if there is none. */
static bool read_name(struct delivered *d, size_t *at, unsigned i)
{
    const unsigned char *bytes = d->r->u.bytes + *at;
    size_t left = d->r->size - *at;
    uint16_t text[HOST_ATOM_CHARS + 1], length = 0;

    if (left >= sizeof length)
        memcpy(&length, bytes, sizeof length);
    if (left < sizeof length || length > HOST_ATOM_CHARS || left - sizeof length < length * sizeof *text)
        return false;
    *at += sizeof length + length * sizeof *text;
    if (i == 0) {
        d->text = bytes + sizeof length;
        d->length = length;
    }
    memcpy(text, bytes + sizeof length, length * sizeof *text);
    text[length] = 0;
    d->names[i] = length ? string_from_text(d->in, text) : NULL;
    return true;
}

/* What another process has written is not believed. */
static bool read_record(struct delivered *d, const struct form *form)
{
    size_t at = form->size;

    if (d->r->size < form->size || d->r->size > sizeof d->r->u)
        return false;
    for (unsigned i = 0; i < form->names; i++)
        if (!read_name(d, &at, i))
            return false;
    return true;
}

static void deliver(struct delivered *d, uint32_t kind)
{
    struct thread *t = d->in->thread;
    struct data *data = data_new(d->in, d->u.bytes, d->size, 0, 0, 0, false);

    if (!data)
        return;
    data->owner = DATA_LENT;
    data->read_only = true;
    t->watching++;
    inst_raise(d->in, NULL, XTYP_MONITOR, 0, 0, 0, 0, data->handle, 0, kind);
    t->watching--;
    data_free(data);
}

bool monitor_listen(const struct inst *in, DWORD flags)
{
    return !in->monitor || host_listen(in->event, flags & MF_MASK);
}

/* Without memory an event is lost. */
static void deliver_next(struct inst *in)
{
    struct record r;
    struct delivered d = {.in = in, .r = &r};
    const struct form *form;
    uint32_t kind;

    r.size = host_hear(in->event, &kind, r.u.bytes, sizeof r.u.bytes);
    form = r.size && in->flags & kind ? form_of(kind) : NULL;
    if (form && read_record(&d, form)) {
        form->make(&d);
        deliver(&d, kind);
    }
    for (unsigned i = 0; i < NAMES; i++)
        string_unref(d.names[i]);
}

/* A callback that dispatches messages is not called again from within: as many events may wait as a ring
 * holds, and the stack is not made for that. They come when it has returned. */
void monitor_deliver(struct inst *in)
{
    struct host_msg again = {.to = in->event, .id = HOST_EV_NEWS};

    in->news_wait = true;
    if (in->delivering_news)
        return;
    in->delivering_news = true;
    do {
        in->news_wait = false;
        deliver_next(in);
    } while (in->news_wait && !in->ending && host_post(&again) != HOST_OK);
    in->delivering_news = false;
}
