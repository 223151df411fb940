/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Monitoring (docs/conformance.md, 7). */

#include "support/party.h"
#include "support/raw.h"

#define EVERYTHING   (MF_HSZ_INFO | MF_SENDMSGS | MF_POSTMSGS | MF_CALLBACKS | MF_ERRORS | MF_LINKS | MF_CONV)
#define EVERY_WINDOW ((HWND)(uintptr_t)0xFFFF)

/* ---- What a monitor was told -------------------------------------------------------------------------- */

struct event {
    UINT kind;
    DWORD size;
    union {
        MONHSZSTRUCTA ansi;
        MONHSZSTRUCTW wide;
        MONMSGSTRUCT message;
        MONCBSTRUCT callback;
        MONERRSTRUCT error;
        MONLINKSTRUCT link;
        MONCONVSTRUCT conv;
        unsigned char bytes[1024];
    } u;
    char name1[256], name2[256], name3[256]; /* of its atoms, while it was told */
};

enum { EVENTS = 100 };

struct log {
    struct event events[EVENTS]; /* the first ones */
    unsigned n;
    void (*inside)(struct party *monitor); /* runs in every event */
};

static void read_name(HSZ atom, char *to)
{
    uint16_t text[HOST_ATOM_CHARS + 1];
    size_t n = atom ? host_atom_name((host_atom)(uintptr_t)atom, text) : 0;

    host_from_wide(HOST_ANSI, text, n, to, 255);
    to[n] = 0;
}

static void read_names(struct event *e)
{
    switch (e->kind) {
    case MF_HSZ_INFO: /* before the text both forms are the same */
        read_name(e->u.ansi.hsz, e->name1);
        break;
    case MF_CALLBACKS:
        read_name(e->u.callback.hsz1, e->name1);
        read_name(e->u.callback.hsz2, e->name2);
        break;
    case MF_LINKS:
        read_name(e->u.link.hszSvc, e->name1);
        read_name(e->u.link.hszTopic, e->name2);
        read_name(e->u.link.hszItem, e->name3);
        break;
    case MF_CONV:
        read_name(e->u.conv.hszSvc, e->name1);
        read_name(e->u.conv.hszTopic, e->name2);
        break;
    }
}

static bool note(struct party *p, const struct call *c, HDDEDATA *result)
{
    struct log *log = p->arg;
    struct event e = {.kind = (UINT)c->data2, .size = c->size};

    (void)result;
    if (c->type != XTYP_MONITOR)
        return false;
    DdeGetData(c->data, e.u.bytes, sizeof e.u, 0);
    read_names(&e);
    if (log->n < EVENTS)
        log->events[log->n] = e;
    log->n++;
    if (log->inside)
        log->inside(p);
    return true;
}

static struct log first, second, third;

static struct party *watch(struct party *p, struct log *log)
{
    memset(log, 0, sizeof *log);
    p->hook = note;
    p->arg = log;
    return p;
}

static struct party *monitor_open(DWORD kinds, struct log *log)
{
    return watch(party_open(APPCLASS_MONITOR | kinds), log);
}

/* Forgets what has been told until now. */
static void log_forget(struct log *log)
{
    test_pump_all();
    log->n = 0;
}

/* What has been told by now must be n events. */
static void expect_events(struct log *log, unsigned n)
{
    test_pump_all();
    assert_int_equal(log->n, n);
}

/* The nth event of a kind. */
static const struct event *event_of(const struct log *log, UINT kind, unsigned nth)
{
    for (unsigned i = 0; i < log->n && i < EVENTS; i++)
        if (log->events[i].kind == kind && !nth--)
            return &log->events[i];
    fail_msg("there was no such event of kind %#x", kind);
    return NULL;
}

static unsigned count_of(const struct log *log, UINT kind)
{
    unsigned n = 0;

    for (unsigned i = 0; i < log->n && i < EVENTS; i++)
        n += log->events[i].kind == kind;
    return n;
}

static void *this_task(void)
{
    return (void *)(uintptr_t)host_session_thread();
}

/* 32-bit milliseconds, which come round. */
static void assert_time(DWORD time, uint64_t since)
{
    assert_true((DWORD)(time - (DWORD)since) <= (DWORD)(test_now_ms() - since));
}

static void fail_somehow(struct party *p)
{
    assert_null(DdeNameService(p->id, 0, 0, 0));
    DdeGetLastError(p->id);
}

static int down(void **state)
{
    int result = parties_down(state);

    assert_int_equal(host_listened(), 0);
    return result;
}

/* ---- How events come --------------------------------------------------------------------------------- */

static void an_event_has_its_structure_and_its_kind_alone(void **state)
{
    struct party *monitor = monitor_open(MF_ERRORS, &first), *p = party_open(0);
    const struct call *c;

    (void)state;
    fail_somehow(p);
    expect_events(&first, 1);
    c = party_last(monitor, XTYP_MONITOR);
    assert_int_equal(c->fmt, 0);
    assert_null(c->conv);
    assert_null(c->hsz1);
    assert_null(c->hsz2);
    assert_int_equal(c->data1, 0);
    assert_int_equal(c->data2, MF_ERRORS);
    assert_int_equal(c->size, sizeof(MONERRSTRUCT));
}

static void events_come_from_the_message_loop(void **state)
{
    struct party *p;

    (void)state;
    monitor_open(MF_ERRORS, &first);
    p = party_open(0);
    fail_somehow(p);
    assert_int_equal(first.n, 0);
    expect_events(&first, 1);
}

static void the_structure_is_lent(void **state)
{
    struct party *monitor = monitor_open(MF_ERRORS, &first), *p = party_open(0);
    HDDEDATA data;

    (void)state;
    fail_somehow(p);
    test_pump_all();
    data = party_last(monitor, XTYP_MONITOR)->data;
    assert_int_equal(DdeGetData(data, NULL, 0, 0), 0);
}

static void events_of_all_kinds_come_in_order(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    monitor_open(MF_ERRORS | MF_HSZ_INFO, &first);
    for (unsigned i = 0; i < EVENTS / 2; i++) {
        party_text(p, "text");
        fail_somehow(p);
    }
    expect_events(&first, EVENTS);
    for (unsigned i = 0; i < EVENTS; i++)
        assert_int_equal(first.events[i].kind, i % 2 ? MF_ERRORS : MF_HSZ_INFO);
}

static void each_monitor_gets_the_kinds_that_it_asked_for(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    monitor_open(MF_ERRORS, &first);
    monitor_open(MF_ERRORS | MF_HSZ_INFO, &second);
    monitor_open(0, &third);
    party_text(p, "text");
    fail_somehow(p);
    test_pump_all();
    assert_int_equal(count_of(&first, MF_ERRORS), 1);
    assert_int_equal(first.n, 1);
    assert_int_equal(count_of(&second, MF_ERRORS), 1);
    assert_int_equal(count_of(&second, MF_HSZ_INFO), 1);
    assert_int_equal(second.n, 2);
    assert_int_equal(third.n, 0);
}

static void more_monitors_than_the_header_says_may_watch(void **state)
{
    struct party *p = party_open(0);
    static struct log logs[MAX_MONITORS + 2];

    (void)state;
    for (unsigned i = 0; i < MAX_MONITORS + 2; i++)
        monitor_open(MF_ERRORS, &logs[i]);
    fail_somehow(p);
    for (unsigned i = 0; i < MAX_MONITORS + 2; i++)
        expect_events(&logs[i], 1);
}

static void reinitialising_replaces_what_is_watched(void **state)
{
    struct party *monitor = monitor_open(MF_ERRORS, &first), *p = party_open(0);

    (void)state;
    fail_somehow(p); /* nor is this told: it has not been delivered yet */
    assert_int_equal(DdeInitializeA(&monitor->id, NULL, APPCLASS_MONITOR | MF_HSZ_INFO, 0), DMLERR_NO_ERROR);
    fail_somehow(p);
    party_text(p, "text");
    expect_events(&first, 1);
    assert_int_equal(first.events[0].kind, MF_HSZ_INFO);
    assert_int_equal(DdeInitializeA(&monitor->id, NULL, APPCLASS_MONITOR, 0), DMLERR_NO_ERROR);
    fail_somehow(p);
    party_text(p, "text");
    expect_events(&first, 1);
}

static void the_flags_of_others_mean_nothing(void **state)
{
    struct party *p = party_open(EVERYTHING);

    (void)state;
    fail_somehow(p);
    party_text(p, "text");
    test_pump_all();
    assert_int_equal(party_count(p, XTYP_MONITOR), 0);
}

static void what_is_unread_is_dropped_with_the_monitor(void **state)
{
    struct party *monitor = monitor_open(EVERYTHING, &first), *p = party_open(0);

    (void)state;
    party_text(p, "text");
    fail_somehow(p);
    party_close(monitor);
    expect_events(&first, 0);
}

static void uninitialise(struct party *monitor)
{
    assert_true(DdeUninitialize(monitor->id));
    monitor->id = 0;
}

static void a_monitor_may_end_in_its_callback(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    monitor_open(MF_ERRORS | MF_HSZ_INFO, &first);
    first.inside = uninitialise;
    for (unsigned i = 0; i < 5; i++)
        party_text(p, "text");
    expect_events(&first, 1);
    assert_int_equal(host_listened(), 0);
}

static unsigned inside_now, deepest;

static void dispatch_inside(struct party *monitor)
{
    (void)monitor;
    if (++inside_now > deepest)
        deepest = inside_now;
    test_pump_all();
    inside_now--;
}

/* Each call takes kilobytes of the stack, and as many wait as a ring holds. */
static void a_monitor_that_dispatches_messages_gets_one_event_after_the_other(void **state)
{
    enum { MANY = 1000 };
    struct party *p = party_open(0);

    (void)state;
    monitor_open(MF_HSZ_INFO | MF_ERRORS, &first);
    first.inside = dispatch_inside;
    deepest = 0;
    for (unsigned i = 0; i < MANY / 2; i++) {
        party_text(p, "text");
        fail_somehow(p);
    }
    expect_events(&first, MANY);
    assert_int_equal(deepest, 1);
    for (unsigned i = 0; i < EVENTS; i++)
        assert_int_equal(first.events[i].kind, i % 2 ? MF_ERRORS : MF_HSZ_INFO);
    fail_somehow(p);
    expect_events(&first, MANY + 1);
}

static void end_inside(struct party *monitor)
{
    if (++inside_now == 1)
        test_pump_all();
    if (monitor->id)
        uninitialise(monitor);
    inside_now--;
}

static void a_monitor_that_dispatches_messages_may_end_in_its_callback(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    monitor_open(MF_HSZ_INFO, &first);
    first.inside = end_inside;
    for (unsigned i = 0; i < 5; i++)
        party_text(p, "text");
    expect_events(&first, 1);
    assert_int_equal(host_listened(), 0);
}

static void make_what_would_be_told(struct party *monitor)
{
    HSZ text = party_text(monitor, "text");

    DdeKeepStringHandle(monitor->id, text);
    DdeFreeStringHandle(monitor->id, text);
    DdeFreeStringHandle(monitor->id, text);
    fail_somehow(monitor);
    DdeFreeDataHandle((HDDEDATA)(uintptr_t)0x7FFFFFF1); /* stored in all instances */
}

static void what_monitors_do_is_told_to_nobody(void **state)
{
    struct party *monitor, *p;

    (void)state;
    skip_if_apart("it makes errors that are stored in all instances of a process");
    monitor = monitor_open(EVERYTHING, &first);
    p = party_open(0);
    monitor_open(EVERYTHING, &second);
    first.inside = make_what_would_be_told; /* or it would never come to an end */
    fail_somehow(p);
    expect_events(&first, 1);
    make_what_would_be_told(monitor);
    expect_events(&first, 2); /* the last: p's error, too */
    party_text(monitor, "left");
    party_close(monitor);
    expect_events(&second, 2);
}

/* ---- Errors ------------------------------------------------------------------------------------------- */

static void an_error_is_told_with_all_its_fields(void **state)
{
    struct party *p = party_open(0);
    uint64_t since = test_now_ms();
    const MONERRSTRUCT *e;

    (void)state;
    monitor_open(MF_ERRORS, &first);
    assert_null(DdeConnect(p->id, party_text(p, "nobody"), party_text(p, TOPIC), NULL));
    expect_events(&first, 1);
    assert_int_equal(first.events[0].size, sizeof *e);
    e = &first.events[0].u.error;
    assert_int_equal(e->cb, sizeof *e);
    assert_int_equal(e->wLastError, DMLERR_NO_CONV_ESTABLISHED);
    assert_time(e->dwTime, since);
    assert_ptr_equal(e->hTask, this_task());
}

static void an_error_of_all_instances_is_told_once(void **state)
{
    (void)state;
    monitor_open(MF_ERRORS, &first);
    party_open(0);
    party_open(0);
    assert_false(DdeFreeDataHandle((HDDEDATA)(uintptr_t)0x7FFFFFF1));
    expect_events(&first, 1);
    assert_int_equal(first.events[0].u.error.wLastError, DMLERR_INVALIDPARAMETER);
}

static void taking_an_error_is_none(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    fail_somehow(p);
    monitor_open(MF_ERRORS, &first);
    DdeGetLastError(p->id);
    expect_events(&first, 0);
}

/* ---- Strings ------------------------------------------------------------------------------------------ */

static void expect_ansi(const struct event *e, BOOL action, const char *text, uint64_t since)
{
    const MONHSZSTRUCTA *s = &e->u.ansi;

    assert_int_equal(e->kind, MF_HSZ_INFO);
    assert_int_equal(e->size, sizeof *s + strlen(text));
    assert_int_equal(s->cb, e->size);
    assert_int_equal(s->fsAction, action);
    assert_time(s->dwTime, since);
    assert_ptr_equal(s->hTask, this_task());
    assert_true((uintptr_t)s->hsz >= 0xC000 && (uintptr_t)s->hsz <= 0xFFFF);
    assert_string_equal(e->name1, text);
    assert_string_equal((const char *)e->u.bytes + offsetof(MONHSZSTRUCTA, str), text);
}

static void a_string_is_told_from_its_making_to_its_end(void **state)
{
    struct party *p = party_open(0);
    uint64_t since = test_now_ms();
    host_atom atom;
    HSZ text;

    (void)state;
    monitor_open(MF_HSZ_INFO, &first);
    text = party_text(p, "Text");
    atom = raw_ref("Text");
    assert_true(DdeKeepStringHandle(p->id, text));
    assert_true(DdeFreeStringHandle(p->id, text));
    expect_events(&first, 3);
    expect_ansi(&first.events[0], MH_CREATE, "Text", since);
    expect_ansi(&first.events[1], MH_KEEP, "Text", since);
    expect_ansi(&first.events[2], MH_DELETE, "Text", since);
    assert_int_equal((uintptr_t)first.events[0].u.ansi.hsz, atom);
    raw_unref(atom);
    assert_true(DdeKeepStringHandle(p->id, text)); /* two references, one handle */
    log_forget(&first);
    party_close(p);
    expect_events(&first, 1);
    expect_ansi(&first.events[0], MH_CLEANUP, "Text", since);
}

static void an_atom_that_has_gone_can_still_be_read(void **state)
{
    struct party *p = party_open(0);
    uint64_t since = test_now_ms();
    uint16_t name[HOST_ATOM_CHARS + 1];

    (void)state;
    monitor_open(MF_HSZ_INFO, &first);
    DdeFreeStringHandle(p->id, party_text(p, "shortlived"));
    expect_events(&first, 2);
    expect_ansi(&first.events[1], MH_DELETE, "shortlived", since);
    assert_int_equal(host_atom_name((host_atom)(uintptr_t)first.events[1].u.ansi.hsz, name), 0);
}

static char queried[256];

static void query_name(struct party *monitor)
{
    DdeQueryStringA(monitor->id, first.events[first.n - 1].u.conv.hszSvc, queried, sizeof queried,
                    CP_WINANSI);
}

static void the_names_of_an_event_can_be_queried_in_the_callback(void **state)
{
    struct party *client = party_open(0), *monitor;
    HSZ atom;

    (void)state;
    party_serve(0);
    monitor = monitor_open(MF_CONV, &first);
    first.inside = query_name;
    party_connect(client, SERVICE, TOPIC);
    expect_events(&first, 2);
    assert_string_equal(queried, SERVICE);
    atom = first.events[0].u.conv.hszSvc;
    assert_int_equal(DdeQueryStringA(monitor->id, atom, queried, sizeof queried, CP_WINANSI), 0);
    assert_int_equal(DdeQueryStringA(client->id, atom, queried, sizeof queried, CP_WINANSI), 0);
}

static void a_unicode_monitor_gets_texts_in_unicode(void **state)
{
    static const WCHAR zhmega[] = {0x0416, 'm', 'e', 'g', 'a', 0};
    struct party *p = party_open(0);
    const MONHSZSTRUCTW *wide;

    (void)state;
    watch(party_open_wide(APPCLASS_MONITOR | MF_HSZ_INFO), &first);
    monitor_open(MF_HSZ_INFO, &second);
    assert_non_null(DdeCreateStringHandleW(p->id, zhmega, CP_WINUNICODE));
    expect_events(&first, 1);
    wide = &first.events[0].u.wide;
    assert_int_equal(first.events[0].size, sizeof *wide + 5 * sizeof(WCHAR));
    assert_int_equal(wide->cb, first.events[0].size);
    assert_int_equal(wide->fsAction, MH_CREATE);
    assert_ptr_equal(wide->hTask, this_task());
    assert_memory_equal(first.events[0].u.bytes + offsetof(MONHSZSTRUCTW, str), zhmega, sizeof zhmega);
    expect_events(&second, 1);
    assert_string_equal((const char *)second.events[0].u.bytes + offsetof(MONHSZSTRUCTA, str), "?mega");
    assert_int_equal(second.events[0].size, sizeof(MONHSZSTRUCTA) + 5);
}

static void the_longest_text_is_told_whole(void **state)
{
    struct party *p = party_open(0);
    char text[256] = "";

    (void)state;
    memset(text, 'x', 255);
    monitor_open(MF_HSZ_INFO, &first);
    watch(party_open_wide(APPCLASS_MONITOR | MF_HSZ_INFO), &second);
    party_text(p, text);
    expect_events(&first, 1);
    assert_string_equal((const char *)first.events[0].u.bytes + offsetof(MONHSZSTRUCTA, str), text);
    assert_int_equal(second.events[0].size, sizeof(MONHSZSTRUCTW) + 255 * sizeof(WCHAR));
}

/* ---- Conversations ------------------------------------------------------------------------------------ */

static void expect_conv(const struct event *e, bool established, const CONVINFO *client, uint64_t since)
{
    const MONCONVSTRUCT *c = &e->u.conv;

    assert_int_equal(e->kind, MF_CONV);
    assert_int_equal(e->size, sizeof *c);
    assert_int_equal(c->cb, sizeof *c);
    assert_int_equal(c->fConnect, established);
    assert_time(c->dwTime, since);
    assert_ptr_equal(c->hTask, this_task());
    assert_string_equal(e->name1, SERVICE);
    assert_string_equal(e->name2, TOPIC);
    assert_ptr_equal(c->hConvClient, client->hwnd);
    assert_ptr_equal(c->hConvServer, client->hwndPartner);
}

static void each_side_tells_the_beginning_and_the_end_of_a_conversation(void **state)
{
    struct party *client = party_open(0);
    uint64_t since = test_now_ms();
    CONVINFO info;
    HCONV conv;

    (void)state;
    party_serve(0);
    monitor_open(MF_CONV, &first);
    conv = party_connect(client, SERVICE, TOPIC);
    info = info_of(conv);
    expect_events(&first, 2);
    expect_conv(&first.events[0], true, &info, since);
    expect_conv(&first.events[1], true, &info, since);
    assert_true(DdeDisconnect(conv));
    expect_events(&first, 4);
    expect_conv(&first.events[2], false, &info, since);
    expect_conv(&first.events[3], false, &info, since);
}

static void every_way_to_end_is_told_once_by_each_side(void **state)
{
    enum { BY_CLIENT, BY_SERVER, BY_BOTH, BY_CLIENTS_END, BY_SERVERS_END, WAYS };

    (void)state;
    for (int way = BY_CLIENT; way < WAYS; way++) {
        struct party *server = party_serve(0), *client = party_open(0);
        struct party *monitor = monitor_open(MF_CONV, &first);
        HCONV conv = party_connect(client, SERVICE, TOPIC);

        expect_events(&first, 2);
        if (way == BY_CLIENT || way == BY_BOTH)
            DdeDisconnect(conv);
        if (way == BY_SERVER || way == BY_BOTH)
            DdeDisconnect(server->server);
        if (way == BY_CLIENTS_END)
            party_close(client);
        if (way == BY_SERVERS_END)
            party_close(server);
        expect_events(&first, 4);
        assert_false(first.events[2].u.conv.fConnect || first.events[3].u.conv.fConnect);
        party_close(monitor);
        parties_down(state);
    }
}

static void a_conversation_that_does_not_come_about_is_not_told(void **state)
{
    struct party *client = party_open(0);

    (void)state;
    monitor_open(MF_CONV, &first);
    assert_null(DdeConnect(client->id, party_text(client, "nobody"), party_text(client, TOPIC), NULL));
    expect_events(&first, 0);
}

static void the_end_of_a_conversation_that_began_before_is_told(void **state)
{
    struct party *client = party_open(0);
    HCONV conv;

    (void)state;
    party_serve(0);
    conv = party_connect(client, SERVICE, TOPIC);
    monitor_open(MF_CONV, &first);
    DdeDisconnect(conv);
    expect_events(&first, 2);
    assert_int_equal(first.events[0].u.conv.fConnect, FALSE);
}

/* ---- Loops -------------------------------------------------------------------------------------------- */

static void expect_link(const struct event *e, bool established, bool warm, bool server,
                        const CONVINFO *client, uint64_t since)
{
    const MONLINKSTRUCT *l = &e->u.link;

    assert_int_equal(e->kind, MF_LINKS);
    assert_int_equal(e->size, sizeof *l);
    assert_int_equal(l->cb, sizeof *l);
    assert_time(l->dwTime, since);
    assert_ptr_equal(l->hTask, this_task());
    assert_int_equal(l->fEstablished, established);
    assert_int_equal(l->fNoData, warm);
    assert_string_equal(e->name1, SERVICE);
    assert_string_equal(e->name2, TOPIC);
    assert_string_equal(e->name3, ITEM);
    assert_int_equal(l->wFmt, CF_TEXT);
    assert_int_equal(l->fServer, server);
    assert_ptr_equal(l->hConvClient, client->hwnd);
    assert_ptr_equal(l->hConvServer, client->hwndPartner);
}

static void each_side_tells_the_beginning_and_the_end_of_a_loop(void **state)
{
    struct party *client = party_open(0);
    uint64_t since = test_now_ms();
    CONVINFO info;
    HCONV conv;

    (void)state;
    party_serve(0);
    conv = party_connect(client, SERVICE, TOPIC);
    info = info_of(conv);
    for (int warm = 0; warm < 2; warm++) {
        UINT flags = warm ? XTYPF_NODATA : 0;
        struct party *monitor = monitor_open(MF_LINKS, &first);

        assert_non_null(party_transact(client, conv, XTYP_ADVSTART | flags, TEST_PATIENCE_MS, NULL));
        expect_events(&first, 2);
        expect_link(&first.events[0], true, warm, true, &info, since);
        expect_link(&first.events[1], true, warm, false, &info, since);
        assert_non_null(party_transact(client, conv, XTYP_ADVSTOP, TEST_PATIENCE_MS, NULL));
        expect_events(&first, 4);
        expect_link(&first.events[2], false, warm, true, &info, since);
        expect_link(&first.events[3], false, warm, false, &info, since);
        party_close(monitor);
    }
}

static bool refuse_loops(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = 0;
    return c->type == XTYP_ADVSTART;
}

static void a_refused_loop_is_not_told(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    server->hook = refuse_loops;
    monitor_open(MF_LINKS, &first);
    assert_null(party_transact(client, conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    expect_events(&first, 0);
}

static void loops_end_before_their_conversation(void **state)
{
    struct party *client = party_open(0);
    HCONV conv;

    (void)state;
    party_serve(0);
    conv = party_connect(client, SERVICE, TOPIC);
    assert_non_null(party_transact(client, conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    monitor_open(MF_LINKS | MF_CONV, &first);
    DdeDisconnect(conv);
    expect_events(&first, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(first.events[i].kind, i % 2 ? MF_CONV : MF_LINKS);
    assert_int_equal(first.events[0].u.link.fServer, FALSE);
    assert_int_equal(first.events[2].u.link.fServer, TRUE);
}

/* ---- Callbacks ---------------------------------------------------------------------------------------- */

/* The call that was made `order`-th of those of both. */
static const struct call *earliest(struct party *a, struct party *b, unsigned *ia, unsigned *ib)
{
    if (*ib == b->n || (*ia < a->n && a->calls[*ia].order < b->calls[*ib].order))
        return &a->calls[(*ia)++];
    return &b->calls[(*ib)++];
}

static bool is_initiate(UINT type)
{
    return type == XTYP_CONNECT || type == XTYP_WILDCONNECT;
}

static void expect_callback(const struct event *e, const struct call *c, uint64_t since)
{
    const MONCBSTRUCT *m = &e->u.callback;
    size_t quoted = c->size < sizeof m->Data ? c->size : sizeof m->Data;

    assert_int_equal(e->kind, MF_CALLBACKS);
    assert_int_equal(e->size, sizeof *m);
    assert_int_equal(m->cb, sizeof *m);
    assert_time(m->dwTime, since);
    assert_ptr_equal(m->hTask, this_task());
    assert_int_equal(m->wType, c->type);
    assert_int_equal(m->wFmt, c->fmt);
    assert_ptr_equal(m->hConv, c->conv);
    assert_string_equal(e->name1, c->text1);
    assert_string_equal(e->name2, c->text2);
    assert_ptr_equal(m->hData, c->data);
    assert_int_equal(m->dwData1, c->data1);
    assert_int_equal(m->dwData2, c->data2);
    assert_int_equal(m->cbData, c->size);
    assert_memory_equal(m->Data, c->bytes, quoted);
    if (is_initiate(c->type))
        assert_memory_equal(&m->cc, &c->context, sizeof m->cc);
    else
        assert_int_equal(m->cc.cb, c->conv ? sizeof m->cc : 0);
}

#define LONG_TEXT "0123456789 0123456789 0123456789 0123456789"

static void every_callback_is_told_with_all_its_fields(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    uint64_t since = test_now_ms();
    unsigned is = 0, ic = 0;
    HCONV conv;

    (void)state;
    monitor_open(MF_CALLBACKS, &first);
    party_forget(client);
    party_forget(server);
    DdeConnect(client->id, 0, 0, NULL);
    conv = party_connect(client, SERVICE, TOPIC);
    party_transact(client, conv, XTYP_ADVSTART | XTYPF_ACKREQ, TEST_PATIENCE_MS, NULL);
    party_post(server, TOPIC, ITEM);
    test_pump_all();
    party_send(client, conv, XTYP_POKE, LONG_TEXT, TEST_PATIENCE_MS, NULL);
    party_send(client, conv, XTYP_EXECUTE, "[run]", TEST_PATIENCE_MS, NULL);
    party_transact(client, conv, XTYP_REQUEST, TIMEOUT_ASYNC, NULL);
    test_pump_all();
    party_send(client, conv, XTYP_POKE, "short", TIMEOUT_ASYNC, NULL);
    test_pump_all();
    party_transact(client, conv, XTYP_ADVSTOP, TEST_PATIENCE_MS, NULL);
    party_register(client, "another");
    DdeDisconnect(conv);
    test_pump_all();
    expect_events(&first, server->n + client->n);
    assert_true(first.n > 14 && first.n <= EVENTS);
    for (unsigned i = 0; i < first.n; i++)
        expect_callback(&first.events[i], earliest(server, client, &is, &ic), since);
}

static void the_context_of_a_conversation_is_told_with_its_callbacks(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    CONVCONTEXT context = {.cb = sizeof context, .iCodePage = CP_WINANSI, .dwLangID = 7, .dwSecurity = 9};
    CONVINFO info;
    HCONV conv;

    (void)state;
    monitor_open(MF_CALLBACKS, &first);
    conv = DdeConnect(client->id, party_text(client, SERVICE), party_text(client, TOPIC), &context);
    assert_non_null(conv);
    party_send(client, conv, XTYP_POKE, "value", TEST_PATIENCE_MS, NULL);
    info = info_of(server->server);
    expect_events(&first, 3);
    assert_int_equal(first.events[0].u.callback.wType, XTYP_CONNECT);
    assert_int_equal(first.events[0].u.callback.cc.dwLangID, 7);
    assert_int_equal(first.events[2].u.callback.wType, XTYP_POKE);
    assert_memory_equal(&first.events[2].u.callback.cc, &info.ConvCtxt, sizeof info.ConvCtxt);
}

static bool block_once(struct party *p, const struct call *c, HDDEDATA *result)
{
    *result = CBR_BLOCK;
    return c->type == XTYP_POKE && !p->woken++;
}

static void the_result_is_told_even_if_it_blocks(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    server->hook = block_once;
    monitor_open(MF_CALLBACKS, &first);
    party_send(client, conv, XTYP_POKE, "value", TIMEOUT_ASYNC, NULL);
    expect_events(&first, 1);
    assert_int_equal(first.events[0].u.callback.dwRet, 0xFFFFFFFF);
    DdeEnableCallback(server->id, server->server, EC_ENABLEALL);
    test_pump_all();
    assert_int_equal(first.events[1].u.callback.wType, XTYP_POKE);
    assert_int_equal(first.events[1].u.callback.dwRet, DDE_FACK);
}

static bool end_the_instance(struct party *p, const struct call *c, HDDEDATA *result)
{
    *result = (HDDEDATA)(uintptr_t)DDE_FACK;
    if (c->type != XTYP_POKE)
        return false;
    DdeUninitialize(p->id);
    p->id = 0;
    return true;
}

static void a_callback_that_ends_its_instance_is_told(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV conv = party_connect(client, SERVICE, TOPIC);
    const struct event *e;

    (void)state;
    server->hook = end_the_instance;
    monitor_open(MF_CALLBACKS, &first);
    party_send(client, conv, XTYP_POKE, "value", TIMEOUT_ASYNC, NULL);
    test_pump_all();
    e = event_of(&first, MF_CALLBACKS, 0);
    for (unsigned i = 1; e->u.callback.wType != XTYP_POKE; i++)
        e = event_of(&first, MF_CALLBACKS, i);
    assert_string_equal(e->name2, ITEM);
    assert_int_equal(e->u.callback.cbData, 6);
    assert_int_equal(e->u.callback.dwRet, DDE_FACK);
}

/* ---- Messages ----------------------------------------------------------------------------------------- */

static const MONMSGSTRUCT *expect_message(const struct event *e, UINT kind, HWND to, UINT id, HWND from,
                                          uint64_t since)
{
    const MONMSGSTRUCT *m = &e->u.message;

    assert_int_equal(m->wMsg, id);
    assert_int_equal(e->kind, kind);
    assert_int_equal(e->size, sizeof *m);
    assert_int_equal(m->cb, sizeof *m);
    assert_ptr_equal(m->hwndTo, to);
    assert_time(m->dwTime, since);
    assert_ptr_equal(m->hTask, to == EVERY_WINDOW ? NULL : this_task());
    assert_ptr_equal((HWND)m->wParam, from);
    return m;
}

static void expect_parts(const MONMSGSTRUCT *m, uintptr_t lo, uintptr_t hi)
{
    assert_int_equal(m->dmhd.uiLo, lo);
    assert_int_equal(m->dmhd.uiHi, hi);
}

/* The object as it travels: its flags and format, and the data. */
static void expect_object(const MONMSGSTRUCT *m, uint16_t flags, const char *text)
{
    size_t size = strlen(text) + 1, quoted = sizeof m->dmhd.Data - 4;
    uint16_t head[2];

    memcpy(head, m->dmhd.Data, sizeof head);
    assert_int_equal(m->dmhd.cbData, sizeof head + size);
    assert_int_equal(head[0], flags);
    assert_int_equal(head[1], CF_TEXT);
    assert_memory_equal((const char *)m->dmhd.Data + 4, text, size < quoted ? size : quoted);
    assert_int_not_equal(m->dmhd.uiLo, 0);
}

static void the_messages_of_a_connection_are_told(void **state)
{
    struct party *client = party_open(0);
    host_atom service = raw_ref(SERVICE), topic = raw_ref(TOPIC);
    uint64_t since = test_now_ms();
    const MONMSGSTRUCT *m;
    CONVINFO info;
    HCONV conv;

    (void)state;
    party_serve(0);
    monitor_open(MF_SENDMSGS | MF_POSTMSGS, &first);
    conv = party_connect(client, SERVICE, TOPIC);
    info = info_of(conv);
    DdeDisconnect(conv);
    expect_events(&first, 4);
    m = expect_message(&first.events[0], MF_SENDMSGS, EVERY_WINDOW, WM_DDE_INITIATE, info.hwnd, since);
    expect_parts(m, service, topic);
    assert_int_equal((uint32_t)m->lParam, (uint32_t)service | (uint32_t)topic << 16);
    assert_int_equal(m->dmhd.cbData, 0);
    m = expect_message(&first.events[1], MF_SENDMSGS, info.hwnd, WM_DDE_ACK, info.hwndPartner, since);
    expect_parts(m, service, topic);
    m = expect_message(&first.events[2], MF_POSTMSGS, info.hwndPartner, WM_DDE_TERMINATE, info.hwnd, since);
    expect_parts(m, 0, 0);
    expect_message(&first.events[3], MF_POSTMSGS, info.hwnd, WM_DDE_TERMINATE, info.hwndPartner, since);
    raw_unref(service);
    raw_unref(topic);
}

static void the_messages_of_transactions_are_told_with_what_they_carry(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV conv = party_connect(client, SERVICE, TOPIC);
    CONVINFO info = info_of(conv);
    host_atom item = raw_ref(ITEM);
    uint64_t since = test_now_ms();
    const MONMSGSTRUCT *m;
    uint16_t options[2];

    (void)state;
    server->value = LONG_TEXT;
    monitor_open(MF_SENDMSGS | MF_POSTMSGS, &first);
    DdeFreeDataHandle(party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    party_send(client, conv, XTYP_POKE, "short", TEST_PATIENCE_MS, NULL);
    party_send(client, conv, XTYP_EXECUTE, "[run]", TEST_PATIENCE_MS, NULL);
    party_transact(client, conv, XTYP_ADVSTART | XTYPF_ACKREQ, TEST_PATIENCE_MS, NULL);
    party_transact(client, conv, XTYP_ADVSTOP, TEST_PATIENCE_MS, NULL);
    expect_events(&first, 10);

#define TO_SERVER(i, id) expect_message(&first.events[i], MF_POSTMSGS, info.hwndPartner, id, info.hwnd, since)
#define TO_CLIENT(i, id) expect_message(&first.events[i], MF_POSTMSGS, info.hwnd, id, info.hwndPartner, since)
    m = TO_SERVER(0, WM_DDE_REQUEST);
    expect_parts(m, CF_TEXT, item);
    assert_int_equal(m->dmhd.cbData, 0);
    m = TO_CLIENT(1, WM_DDE_DATA);
    expect_object(m, DDE_FRELEASE | DDE_FREQUESTED, LONG_TEXT);
    assert_int_equal(m->dmhd.uiHi, item);
    assert_int_not_equal(m->lParam, 0);
    m = TO_SERVER(2, WM_DDE_POKE);
    expect_object(m, DDE_FRELEASE, "short");
    assert_int_equal(m->dmhd.uiHi, item);
    expect_parts(TO_CLIENT(3, WM_DDE_ACK), DDE_FACK, item);
    m = TO_SERVER(4, WM_DDE_EXECUTE);
    assert_int_equal(m->dmhd.uiLo, 0);
    assert_int_equal(m->dmhd.uiHi, (uintptr_t)m->lParam);
    assert_int_equal(m->dmhd.cbData, 6);
    assert_memory_equal(m->dmhd.Data, "[run]", 6);
    m = TO_CLIENT(5, WM_DDE_ACK);
    assert_int_equal(m->dmhd.uiLo, DDE_FACK);
    m = TO_SERVER(6, WM_DDE_ADVISE);
    memcpy(options, m->dmhd.Data, sizeof options);
    assert_int_equal(m->dmhd.cbData, sizeof options);
    assert_int_equal(options[0], DDE_FACKREQ);
    assert_int_equal(options[1], CF_TEXT);
    TO_CLIENT(7, WM_DDE_ACK);
    expect_parts(TO_SERVER(8, WM_DDE_UNADVISE), CF_TEXT, item);
    TO_CLIENT(9, WM_DDE_ACK);
#undef TO_SERVER
#undef TO_CLIENT
    raw_unref(item);
}

static void a_message_that_cannot_be_posted_is_not_told(void **state)
{
    struct party *client = party_open(0);
    struct party *monitor;
    struct raw server;
    HCONV conv;

    (void)state;
    raw_books_open();
    raw_open(&server);
    server.serves = true;
    conv = party_connect(client, RAW_SERVICE, RAW_TOPIC);
    monitor = monitor_open(MF_POSTMSGS, &first);
    raw_die(&server);
    assert_null(party_transact(client, conv, XTYP_REQUEST, TIMEOUT_ASYNC, NULL));
    expect_events(&first, 0);
    party_close(client);
    party_close(monitor);
    raw_books_close();
}

/* ---- Messages of programs that speak DDE themselves ------------------------------------------------- */

static void expect_ids(const UINT *ids, unsigned n)
{
    expect_events(&first, n);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(first.events[i].u.message.wMsg, ids[i]);
}

static void what_a_stranger_serves_is_told_once(void **state)
{
    static const UINT ids[] = {WM_DDE_INITIATE, WM_DDE_ACK,       WM_DDE_REQUEST,
                               WM_DDE_DATA,     WM_DDE_TERMINATE, WM_DDE_TERMINATE};
    struct party *client = party_open(0);
    uint64_t since = test_now_ms();
    struct party *monitor;
    struct raw server;
    CONVINFO info;
    HCONV conv;

    (void)state;
    raw_books_open();
    raw_open(&server);
    server.serves = true;
    monitor = monitor_open(MF_SENDMSGS | MF_POSTMSGS, &first);
    conv = party_connect(client, RAW_SERVICE, RAW_TOPIC);
    info = info_of(conv);
    assert_non_null(DdeClientTransaction(NULL, 0, conv, party_text(client, RAW_ITEM), RAW_FORMAT,
                                         XTYP_REQUEST, TIMEOUT_ASYNC, NULL));
    raw_unref(raw_expect(&server, WIRE_REQUEST)->atom);
    raw_give(&server, WIRE_DATA, raw_object(WIRE_FRELEASE | WIRE_FRESPONSE, "answer"), raw_ref(RAW_ITEM));
    test_pump_all();
    raw_terminate(&server);
    expect_ids(ids, 6);
    expect_message(&first.events[1], MF_SENDMSGS, info.hwnd, WM_DDE_ACK, (HWND)server.wnd, since);
    expect_object(
        expect_message(&first.events[3], MF_POSTMSGS, info.hwnd, WM_DDE_DATA, (HWND)server.wnd, since),
        DDE_FRELEASE | DDE_FREQUESTED, "answer");
    party_close(client);
    raw_die(&server);
    party_close(monitor);
    raw_books_close();
}

static void what_a_stranger_asks_for_is_told_once(void **state)
{
    static const UINT ids[] = {WM_DDE_INITIATE, WM_DDE_ACK,       WM_DDE_POKE,
                               WM_DDE_ACK,      WM_DDE_TERMINATE, WM_DDE_TERMINATE};
    struct party *server = party_open(0);
    uint64_t since = test_now_ms();
    struct party *monitor;
    struct raw client;

    (void)state;
    raw_books_open();
    party_register(server, RAW_SERVICE);
    raw_open(&client);
    monitor = monitor_open(MF_SENDMSGS | MF_POSTMSGS, &first);
    assert_true(raw_connect(&client));
    raw_give(&client, WIRE_POKE, raw_object(WIRE_FRELEASE, "value"), raw_ref(RAW_ITEM));
    raw_unref(raw_expect(&client, WIRE_ACK)->atom);
    raw_terminate(&client);
    expect_ids(ids, 6);
    assert_int_equal(first.events[0].kind, MF_SENDMSGS);
    assert_ptr_not_equal(first.events[0].u.message.hwndTo, EVERY_WINDOW);
    assert_ptr_equal((HWND)first.events[0].u.message.wParam, (HWND)client.wnd);
    expect_message(&first.events[1], MF_SENDMSGS, (HWND)client.wnd, WM_DDE_ACK, (HWND)client.partner, since);
    expect_object(expect_message(&first.events[2], MF_POSTMSGS, (HWND)client.partner, WM_DDE_POKE,
                                 (HWND)client.wnd, since),
                  DDE_FRELEASE, "value");
    party_close(server);
    raw_die(&client);
    party_close(monitor);
    raw_books_close();
}

static void what_nobody_has_posted_or_nobody_can_read_is_told_as_it_is(void **state)
{
    struct host_msg hm = {.id = WIRE_DATA};
    struct party *server, *monitor;
    struct raw client;

    (void)state;
#ifdef _WIN32
    skip(); /* the system reads what it passes, and a block that has been freed may be another one by then */
#endif
    hm.lparam = host_mem_alloc(2 * sizeof(uintptr_t), true);
    host_mem_free(hm.lparam);
    server = party_open(0);
    raw_books_open();
    party_register(server, RAW_SERVICE);
    raw_open(&client);
    assert_true(raw_connect(&client));
    monitor = monitor_open(MF_POSTMSGS, &first);
    assert_true(raw_post_from(&client, 0, WIRE_TERMINATE, 0, 0));
    hm.to = client.partner;
    assert_int_equal(host_post(&hm), HOST_OK);
    expect_events(&first, 2);
    assert_int_equal(first.events[0].u.message.wMsg, WM_DDE_TERMINATE);
    assert_int_equal(first.events[1].u.message.wMsg, WM_DDE_DATA);
    assert_int_equal(first.events[1].u.message.lParam, hm.lparam);
    party_close(server);
    raw_die(&client);
    party_close(monitor);
    raw_books_close();
}

/* Whoever listens hears what any process tells. */
static void what_is_no_record_is_not_told(void **state)
{
    static const size_t sizes[] = {1, 31, 32, 33, 64, HOST_NEWS_SIZE};
    unsigned char forged[HOST_NEWS_SIZE];

    (void)state;
    memset(forged, 0xFF, sizeof forged);
    monitor_open(MF_CONV, &first);
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
        host_tell(MF_CONV, forged, sizes[i]);
    expect_events(&first, 0);
}

/* ---- Threads ------------------------------------------------------------------------------------------ */

static struct test_event *all_heard;

static void tell_when_all_are_heard(struct party *monitor)
{
    struct log *log = monitor->arg;

    if (log->n == 2)
        test_event_set(all_heard);
}

static void watch_for_two(struct party *p)
{
    watch(p, &first);
    first.inside = tell_when_all_are_heard;
}

static void events_of_other_threads_name_their_thread(void **state)
{
    struct party *p = party_open(0);
    struct remote remote;

    (void)state;
    all_heard = test_event_new();
    remote_start(&remote, APPCLASS_MONITOR | MF_ERRORS | MF_HSZ_INFO, watch_for_two);
    party_text(p, "text");
    fail_somehow(p);
    assert_true(test_event_wait(all_heard, TEST_PATIENCE_MS));
    remote_stop(&remote);
    test_event_free(all_heard);
    assert_int_equal(first.n, 2);
    expect_ansi(&first.events[0], MH_CREATE, "text", 0);
    assert_ptr_equal(first.events[1].u.error.hTask, this_task());
}

static void serve(struct party *p)
{
    party_register(p, SERVICE);
}

static void messages_between_threads_are_told_once(void **state)
{
    struct party *client;
    struct remote server;
    HCONV conv;

    (void)state;
    remote_start(&server, 0, serve);
    client = party_open(0);
    monitor_open(MF_SENDMSGS | MF_POSTMSGS | MF_CONV, &first);
    conv = party_connect(client, SERVICE, TOPIC);
    DdeFreeDataHandle(party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    DdeDisconnect(conv);
    remote_stop(&server);
    expect_events(&first, 10);
    assert_int_equal(count_of(&first, MF_SENDMSGS), 2);
    assert_int_equal(count_of(&first, MF_POSTMSGS), 4);
    assert_int_equal(count_of(&first, MF_CONV), 4);
}

struct sleeper {
    struct test_event *ready, *go_on;
    unsigned events;
};

/* A monitor that does not look at its messages until it is told to. */
static void sleep_then_listen(void *arg)
{
    struct sleeper *s = arg;
    struct party *monitor = monitor_open(MF_HSZ_INFO | MF_ERRORS, &first);

    test_event_set(s->ready);
    test_event_wait(s->go_on, 3 * TEST_PATIENCE_MS);
    test_pump_all();
    s->events = first.n;
    party_close(monitor);
}

static void a_monitor_that_hangs_costs_the_others_nothing(void **state)
{
    enum { MANY = 10000 };
    char text[200] = "";
    struct sleeper s = {test_event_new(), test_event_new(), 0};
    struct test_thread *thread = test_thread_start(sleep_then_listen, &s);
    struct party *p, *client;
    HCONV conv;

    (void)state;
    memset(text, 'x', sizeof text - 1);
    assert_true(test_event_wait(s.ready, TEST_PATIENCE_MS));
    p = party_open(0);
    for (unsigned i = 0; i < MANY / 2; i++)
        DdeFreeStringHandle(p->id, party_text(p, text));
    party_serve(0);
    client = party_open(0);
    conv = party_connect(client, SERVICE, TOPIC);
    assert_non_null(party_send(client, conv, XTYP_POKE, "value", TEST_PATIENCE_MS, NULL));
    party_close(client);
    test_event_set(s.go_on);
    test_thread_join(thread);
    assert_true(s.events > 1000 && s.events < MANY);
    assert_int_equal(first.events[0].u.ansi.fsAction, MH_CREATE); /* the oldest were kept */
    test_event_free(s.ready);
    test_event_free(s.go_on);
}

static void end_without_a_word(void *arg)
{
    monitor_open(EVERYTHING, &first)->id = 0; /* not to be closed by the teardown: its thread's end does it */
    test_event_set(arg);
}

static void a_monitor_whose_thread_ends_is_none_any_more(void **state)
{
    struct test_event *ready = test_event_new();
    struct test_thread *thread = test_thread_start(end_without_a_word, ready);
    struct party *p;

    (void)state;
    assert_true(test_event_wait(ready, TEST_PATIENCE_MS));
    test_thread_join(thread);
    test_event_free(ready);
    p = party_open(0);
    fail_somehow(p);
    assert_int_equal(host_listened(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rule_with("7", an_event_has_its_structure_and_its_kind_alone, NULL, down),
        rule_with("7", events_come_from_the_message_loop, NULL, down),
        rule_with("7", the_structure_is_lent, NULL, down),
        rule_with("7", events_of_all_kinds_come_in_order, NULL, down),
        rule_with("7", each_monitor_gets_the_kinds_that_it_asked_for, NULL, down),
        rule_with("7", more_monitors_than_the_header_says_may_watch, NULL, down),
        rule_with("7", reinitialising_replaces_what_is_watched, NULL, down),
        rule_with("7", the_flags_of_others_mean_nothing, NULL, down),
        rule_with("7", what_is_unread_is_dropped_with_the_monitor, NULL, down),
        rule_with("7", a_monitor_may_end_in_its_callback, NULL, down),
        rule_with("7", a_monitor_that_dispatches_messages_gets_one_event_after_the_other, NULL, down),
        rule_with("7", a_monitor_that_dispatches_messages_may_end_in_its_callback, NULL, down),
        rule_with("7", what_monitors_do_is_told_to_nobody, NULL, down),
        rule_with("7", an_error_is_told_with_all_its_fields, NULL, down),
        rule_with("7", an_error_of_all_instances_is_told_once, NULL, down),
        rule_with("7", taking_an_error_is_none, NULL, down),
        rule_with("7", a_string_is_told_from_its_making_to_its_end, NULL, down),
        rule_with("7", an_atom_that_has_gone_can_still_be_read, NULL, down),
        rule_with("7", the_names_of_an_event_can_be_queried_in_the_callback, NULL, down),
        rule_with("7", a_unicode_monitor_gets_texts_in_unicode, NULL, down),
        rule_with("7", the_longest_text_is_told_whole, NULL, down),
        rule_with("7", each_side_tells_the_beginning_and_the_end_of_a_conversation, NULL, down),
        rule_with("7", every_way_to_end_is_told_once_by_each_side, NULL, down),
        rule_with("7", a_conversation_that_does_not_come_about_is_not_told, NULL, down),
        rule_with("7", the_end_of_a_conversation_that_began_before_is_told, NULL, down),
        rule_with("7", each_side_tells_the_beginning_and_the_end_of_a_loop, NULL, down),
        rule_with("7", a_refused_loop_is_not_told, NULL, down),
        rule_with("7", loops_end_before_their_conversation, NULL, down),
        rule_with("7", every_callback_is_told_with_all_its_fields, NULL, down),
        rule_with("7", the_context_of_a_conversation_is_told_with_its_callbacks, NULL, down),
        rule_with("7", the_result_is_told_even_if_it_blocks, NULL, down),
        rule_with("7", a_callback_that_ends_its_instance_is_told, NULL, down),
        rule_with("7", the_messages_of_a_connection_are_told, NULL, down),
        rule_with("7", the_messages_of_transactions_are_told_with_what_they_carry, NULL, down),
        rule_with("7", a_message_that_cannot_be_posted_is_not_told, NULL, down),
        rule_with("7", what_a_stranger_serves_is_told_once, NULL, down),
        rule_with("7", what_a_stranger_asks_for_is_told_once, NULL, down),
        rule_with("7", what_nobody_has_posted_or_nobody_can_read_is_told_as_it_is, NULL, down),
        rule_with("7", what_is_no_record_is_not_told, NULL, down),
        rule_with("7", events_of_other_threads_name_their_thread, NULL, down),
        rule_with("7", messages_between_threads_are_told_once, NULL, down),
        rule_with("7", a_monitor_that_hangs_costs_the_others_nothing, NULL, down),
        rule_with("7", a_monitor_whose_thread_ends_is_none_any_more, NULL, down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
