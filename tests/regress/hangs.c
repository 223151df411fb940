/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Group H of docs/known-bugs.md: a call waits for somebody that it does not need, or does not serve what
 * comes in meanwhile. No test measures time: whatever hangs here hangs until the test program is ended. */

#include <stdlib.h>

#include "support/ours.h"
#include "support/talk.h"

static struct raw raw; /* a partner that is not of this library */

enum { INITIATE_MS = 1000, SHUTDOWN_MS = 100, SHORT_MS = 20, LONG_MS = 50 * TEST_PATIENCE_MS };

/* ---- Queues that are full ----------------------------------------------------------------------------- */

/* Windows that take only so many messages at a time. */
static struct {
    host_wnd wnd;
    unsigned room;
} narrow[4];

int __real_host_post(const struct host_msg *msg);
int __wrap_host_post(const struct host_msg *msg);
int __wrap_host_post(const struct host_msg *msg)
{
    for (unsigned i = 0; i < 4; i++)
        if (narrow[i].wnd && narrow[i].wnd == msg->to && msg->id <= WIRE_LAST) {
            if (!narrow[i].room)
                return HOST_FULL;
            narrow[i].room--;
        }
    return __real_host_post(msg);
}

static host_wnd window_of(HCONV conv, bool partners)
{
    CONVINFO info = {.cb = sizeof info};

    assert_true(DdeQueryConvInfo(conv, QID_SYNC, &info));
    return (host_wnd)(partners ? info.hwndPartner : info.hwnd);
}

/* ---- Fixtures ----------------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    (void)state;
    memset(narrow, 0, sizeof narrow);
    DdemlSetDeadlines(INITIATE_MS, SHUTDOWN_MS);
    raw_books_open();
    return 0;
}

static int tear_down(void **state)
{
    memset(narrow, 0, sizeof narrow);
    ours.inside = NULL;
    raw.on = NULL;
    ours_close();
    raw_die(&raw);
    parties_down(state);
    raw_books_close();
    return 0;
}

static void serve(struct party *p)
{
    party_register(p, SERVICE);
}

static void is_answered(struct party *client, HCONV conv)
{
    HDDEDATA data = party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);

    assert_int_equal(DdeGetData(data, NULL, 0, 0), sizeof "value");
    assert_true(DdeFreeDataHandle(data));
}

static bool has_answered(void *client)
{
    return party_count(client, XTYP_XACT_COMPLETE) > 0;
}

/* ---- Threads that do not look at their messages ------------------------------------------------------- */

struct hanging {
    void (*open)(void);
    void (*close)(void);
    struct test_event *ready, *go_on, *done;
    struct test_thread *thread;
};

static void hang(void *arg)
{
    struct hanging *h = arg;

    h->open();
    test_event_set(h->ready);
    test_event_wait(h->go_on, 3 * TEST_PATIENCE_MS);
    h->close();
    test_event_set(h->done);
}

static struct hanging start_hanging(void (*open)(void), void (*close)(void))
{
    return (struct hanging){
        .open = open,
        .close = close,
        .ready = test_event_new(),
        .go_on = test_event_new(),
        .done = test_event_new(),
    };
}

/* The record must stay where it is. */
static void let_hang(struct hanging *h)
{
    h->thread = test_thread_start(hang, h);
    assert_true(test_event_wait(h->ready, TEST_PATIENCE_MS));
}

static void let_go(struct hanging *h)
{
    test_event_set(h->go_on);
    assert_true(test_event_pump(h->done, TEST_PATIENCE_MS)); /* it may have a late answer to take leave of */
    test_thread_join(h->thread);
    test_event_free(h->ready);
    test_event_free(h->go_on);
    test_event_free(h->done);
}

/* With a window that has nothing to do with DDE. */
static _Thread_local struct raw bystander;

static void open_window(void)
{
    raw_open(&bystander);
}

static void close_window(void)
{
    raw_die(&bystander);
}

/* With an instance of the library. */
static _Thread_local struct party *sleeper;

static void open_instance(void)
{
    sleeper = party_open(0);
}

static void open_other_server(void)
{
    sleeper = party_open(0);
    sleeper->n = 0;
    assert_non_null(DdeCreateStringHandleA(sleeper->id, "Other", CP_WINANSI));
}

static void close_instance(void)
{
    party_close(sleeper);
}

static void hang_and_serve(void)
{
    sleeper = party_open(0);
    party_register(sleeper, SERVICE);
}

static void connect_beside(struct hanging *hung, unsigned n)
{
    struct remote r;
    struct party *client = party_open(0);

    for (unsigned i = 0; i < n; i++)
        let_hang(&hung[i]);
    DdemlSetDeadlines(SHORT_MS, 0);
    remote_start(&r, 0, serve);
    is_answered(client, party_connect(client, SERVICE, TOPIC));
    assert_null(DdeConnect(client->id, party_text(client, "Absent"), party_text(client, TOPIC), NULL));
    assert_error(client, DMLERR_NO_CONV_ESTABLISHED);
    party_close(client);
    remote_stop(&r);
    for (unsigned i = 0; i < n; i++)
        let_go(&hung[i]);
}

/* ---- H-01 .. H-08 ------------------------------------------------------------------------------------- */

static void h01_connecting_does_not_wait_for_windows_that_nobody_serves(void **state)
{
    struct hanging hung[5];

    (void)state;
    for (unsigned i = 0; i < 5; i++)
        hung[i] = i % 2 ? start_hanging(open_other_server, close_instance)
                        : start_hanging(open_window, close_window);
    connect_beside(hung, 5);
}

static void h02_an_instance_that_sleeps_does_not_hold_up_others(void **state)
{
    struct hanging sleeps = start_hanging(open_instance, close_instance);
    struct talk t = talk_begin();

    (void)state;
    let_hang(&sleeps);
    DdemlSetDeadlines(2, 0);
    for (unsigned i = 0; i < OFTEN(100); i++) {
        talk_connect(&t);
        assert_true(DdeDisconnect(t.conv));
        test_pump_all();
    }
    let_go(&sleeps);
}

static unsigned posted;

/* A server's hook: the value is the number of what was posted last. */
static bool give_posted(struct party *p, const struct call *c, HDDEDATA *result)
{
    char text[16];

    if (c->type != XTYP_ADVREQ)
        return false;
    snprintf(text, sizeof text, "%u", posted);
    *result = party_data(p, text, c->hsz2, c->fmt, 0);
    return true;
}

static void received_in_order(const struct party *p, HCONV conv, unsigned n)
{
    unsigned came = 0;

    for (unsigned i = 0; i < p->n; i++)
        if (p->calls[i].type == XTYP_ADVDATA && p->calls[i].conv == conv)
            assert_int_equal(number_of(&p->calls[i]), ++came);
    assert_int_equal(came, n);
}

static void h03_what_waits_for_a_thread_that_hangs_is_bounded(void **state)
{
    enum { BACKLOG = 10000, BEYOND = 100 };
    struct talk t = talk_connected();
    HCONV stalled = t.conv;
    unsigned refused = 0;

    (void)state;
    talk_start(&t, 0);
    narrow[0].wnd = window_of(stalled, false);
    talk_connect(&t);
    talk_start(&t, 0);
    t.server->hook = give_posted;
    for (posted = 1; posted <= BACKLOG + BEYOND; posted++) {
        if (!DdePostAdvise(t.server->id, t.server_topic, t.server_item)) {
            assert_error(t.server, DMLERR_POSTMSG_FAILED);
            refused++;
        }
        if (posted % 500 == 0)
            test_pump_all();
    }
    assert_int_equal(refused, BEYOND);
    test_pump_all();
    received_in_order(t.client, t.conv, BACKLOG + BEYOND);
    received_in_order(t.client, stalled, 0);
    assert_true(DdeDisconnect(stalled));
    test_pump_all();
    assert_int_equal(ledger_now().queued, 0);
}

static void h04_it_does_not_matter_who_came_first(void **state)
{
    struct hanging first = start_hanging(open_window, close_window);
    struct hanging last = start_hanging(open_window, close_window);
    struct remote r;
    struct party *client;

    (void)state;
    let_hang(&first);
    DdemlSetDeadlines(SHORT_MS, 0);
    remote_start(&r, 0, serve);
    let_hang(&last);
    client = party_open(0);
    is_answered(client, party_connect(client, SERVICE, TOPIC));
    party_close(client);
    remote_stop(&r);
    let_go(&last);
    let_go(&first);
}

static void h05_a_window_that_knows_no_dde_is_no_different(void **state)
{
    struct hanging hung = start_hanging(open_window, close_window);

    (void)state;
    connect_beside(&hung, 1);
}

static void h06_registering_a_name_waits_for_one_that_hangs_up_to_its_deadline(void **state)
{
    struct hanging hung = start_hanging(open_instance, close_instance);
    struct party *server, *other = party_open(0);

    (void)state;
    let_hang(&hung);
    DdemlSetDeadlines(SHORT_MS, 0);
    server = party_open(0);
    for (unsigned i = 0; i < OFTEN(20); i++) {
        party_register(server, SERVICE);
        assert_non_null(DdeNameService(server->id, 0, 0, DNS_UNREGISTER));
    }
    assert_int_equal(party_count(other, XTYP_REGISTER), OFTEN(20));
    assert_int_equal(party_count(other, XTYP_UNREGISTER), OFTEN(20));
    let_go(&hung);
}

static void h06_listing_the_servers_leaves_out_one_that_hangs(void **state)
{
    enum { SERVERS = 9 };
    struct hanging hung = start_hanging(hang_and_serve, close_instance);
    struct party *client = party_open(APPCMD_CLIENTONLY);
    HCONV conv = 0;
    HCONVLIST list;
    unsigned n = 0;

    (void)state;
    for (unsigned i = 0; i < SERVERS; i++)
        party_serve(0);
    let_hang(&hung);
    DdemlSetDeadlines(SHORT_MS, 0);
    list = DdeConnectList(client->id, party_text(client, SERVICE), party_text(client, TOPIC), 0, NULL);
    assert_non_null(list);
    while ((conv = DdeQueryNextServer(list, conv)) != 0) {
        is_answered(client, conv);
        n++;
    }
    assert_int_equal(n, SERVERS);
    assert_true(DdeDisconnectList(list));
    let_go(&hung);
}

static void h07_a_wildcard_that_nobody_answers_fails_at_its_deadline(void **state)
{
    struct hanging hung = start_hanging(open_instance, close_instance);
    struct party *client = party_open(0);

    (void)state;
    let_hang(&hung);
    DdemlSetDeadlines(SHORT_MS, 0);
    assert_null(DdeConnect(client->id, 0, 0, NULL));
    assert_error(client, DMLERR_NO_CONV_ESTABLISHED);
    let_go(&hung);
}

static void h08_an_execute_that_is_sent_is_acknowledged_too(void **state)
{
    static const uintptr_t results[] = {DDE_FACK, 0, DDE_FBUSY};

    (void)state;
#ifdef _WIN32
    skip(); /* Wine garbles the ACK of a command that it has not seen posted */
#endif
    raw_open(&raw);
    ours_open(APPCLASS_STANDARD);
    ours_serve();
    assert_true(raw_connect(&raw));
    for (unsigned i = 0; i < 3; i++) {
        host_mem mem = raw_bytes("[run]", 6);
        struct host_msg hm = {.to = raw.partner, .id = WIRE_EXECUTE, .wparam = raw.wnd};
        struct raw_seen *ack;

        ours_return(XTYP_EXECUTE, results[i]);
        assert_true(wire_pack(hm.id, 0, mem, &hm.lparam));
        assert_int_equal(host_send(&hm, TEST_PATIENCE_MS), HOST_OK);
        ack = raw_expect(&raw, WIRE_ACK);
        assert_int_equal(ack->status, results[i]);
        assert_string_equal(ours.text, "[run]");
        raw_free(ack->mem);
        host_mem_free(mem); /* if the ACK brought a copy */
    }
    assert_int_equal(ours_calls(XTYP_EXECUTE), 3);
}

/* ---- H-09 .. H-14 ------------------------------------------------------------------------------------- */

static void h09_a_conversation_with_oneself_needs_no_other_thread(void **state)
{
    struct party *p = party_serve(0);
    HCONV conv = party_connect(p, SERVICE, TOPIC);

    (void)state;
    for (unsigned i = 0; i < OFTEN(1000); i++)
        assert_non_null(party_send(p, conv, XTYP_EXECUTE, "[run]", LONG_MS, NULL));
    assert_int_equal(party_count(p, XTYP_EXECUTE), OFTEN(1000));
}

static bool spinning;

/* Whatever comes is queued again instead of being answered. */
static void put_back(struct raw *r, struct raw_seen *m)
{
    struct host_msg hm = {.to = r->wnd, .id = m->id, .wparam = m->from};

    m->taken = true;
    if (!spinning) {
        raw_unref(m->atom);
        return;
    }
    assert_true(wire_pack(m->id, m->fmt, m->atom, &hm.lparam));
    assert_int_equal(host_post(&hm), HOST_OK);
}

static void h10_the_deadline_holds_however_many_other_messages_come(void **state)
{
    (void)state;
    raw_open(&raw);
    raw.serves = true;
    ours_open(APPCMD_CLIENTONLY);
    assert_true(ours_connect());
    raw.on = put_back;
    spinning = true;
    assert_int_equal(ours_transact(XTYP_REQUEST, SHORT_MS, NULL), DMLERR_DATAACKTIMEOUT);
    spinning = false;
    test_pump_all();
}

#ifdef _WIN32
static unsigned offered;

static LRESULT CALLBACK claim(int code, WPARAM wparam, LPARAM lparam)
{
    (void)wparam, (void)lparam;
    offered += code == MSGF_DDEMGR;
    return code == MSGF_DDEMGR;
}

static void h10_a_hook_that_claims_every_message_gets_none_of_the_librarys(void **state)
{
    struct talk t = talk_connected();
    HHOOK hook = SetWindowsHookExW(WH_MSGFILTER, claim, NULL, GetCurrentThreadId());

    (void)state;
    assert_non_null(hook);
    offered = 0;
    assert_true(PostThreadMessageW(GetCurrentThreadId(), WM_USER, 0, 0));
    for (unsigned i = 0; i < OFTEN(500); i++)
        is_answered(t.client, t.conv);
    assert_int_equal(offered, 1);
    assert_true(DdeEnableCallback(t.server->id, 0, EC_DISABLE));
    assert_null(talk_do(&t, XTYP_REQUEST, SHORT_MS));
    assert_error(t.client, DMLERR_DATAACKTIMEOUT);
    assert_true(UnhookWindowsHookEx(hook));
}
#endif

/* Both sides ask each other, each from its own thread, until each has asked often enough. */
static unsigned failures;

static void ask_often(struct party *p, HCONV conv)
{
    for (unsigned i = 0; i < OFTEN(1000); i++) {
        HDDEDATA data = party_transact(p, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);

        if (data)
            DdeFreeDataHandle(data);
        else if (DdeGetLastError(p->id) != DMLERR_BUSY)
            failures++;
    }
}

static bool ask_back(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_EXECUTE)
        ask_often(p, party_connect(p, "Asker", TOPIC));
    return false;
}

static void serve_and_ask_back(struct party *p)
{
    p->hook = ask_back;
    party_register(p, SERVICE);
}

static void h11_two_programs_may_wait_for_each_other(void **state)
{
    struct party *asker = party_open(0);
    struct remote r;
    HCONV conv, other;

    (void)state;
    failures = 0;
    party_register(asker, "Asker");
    remote_start(&r, 0, serve_and_ask_back);
    conv = party_connect(asker, SERVICE, TOPIC);
    other = party_connect(asker, SERVICE, TOPIC);
    assert_non_null(party_send(asker, other, XTYP_EXECUTE, "[ask]", TIMEOUT_ASYNC, NULL));
    ask_often(asker, conv);
    assert_true(test_pump_until(has_answered, asker, 3 * TEST_PATIENCE_MS));
    remote_stop(&r);
    assert_int_equal(failures, 0);
    assert_int_equal(party_count(asker, XTYP_REQUEST), OFTEN(1000));
}

static bool update_first(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_REQUEST)
        party_post(p, TOPIC, ITEM);
    return false;
}

static bool ask_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_ADVDATA) {
        assert_null(party_transact(p, c->conv, XTYP_REQUEST, LONG_MS, NULL));
        assert_error(p, DMLERR_REENTRANCY);
    }
    return false;
}

static void h12_a_synchronous_call_inside_another_is_refused_and_harms_nothing(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    talk_start(&t, 0);
    t.server->hook = update_first;
    t.client->hook = ask_inside;
    for (unsigned i = 1; i <= OFTEN(500); i++) {
        is_answered(t.client, t.conv);
        assert_int_equal(party_count(t.client, XTYP_ADVDATA), i);
        assert_int_equal(party_count(t.server, XTYP_REQUEST), i);
    }
}

static void h13_a_partner_whose_queue_is_full_holds_up_nobody_else(void **state)
{
    enum { CLIENTS = 10 };
    struct talk t = talk_begin();
    unsigned n = OFTEN(1000);
    HCONV convs[CLIENTS];

    (void)state;
    t.server->hook = give_posted;
    for (unsigned i = 0; i < CLIENTS; i++) {
        talk_connect(&t);
        talk_start(&t, 0);
        convs[i] = t.conv;
    }
    narrow[0].wnd = window_of(convs[0], false);
    for (posted = 1; posted <= n; posted++)
        talk_post(&t);
    test_pump_all();
    received_in_order(t.client, convs[0], 0);
    for (unsigned i = 1; i < CLIENTS; i++)
        received_in_order(t.client, convs[i], n);

    narrow[0].wnd = 0; /* the next message makes it look again */
    assert_non_null(
        DdeClientTransaction(NULL, 0, convs[0], t.item, CF_TEXT, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    test_pump_all();
    received_in_order(t.client, convs[0], n);
}

/* Whoever has been given a message has room for one more. */
static bool make_room(struct party *p, const struct call *c, HDDEDATA *result)
{
    host_wnd wnd;

    (void)p, (void)result;
    if (c->type != XTYP_POKE && c->type != XTYP_XACT_COMPLETE)
        return false;
    wnd = window_of(c->conv, false);
    for (unsigned i = 0; i < 4; i++)
        if (narrow[i].wnd == wnd)
            narrow[i].room++;
    return false;
}

static void poked_in_order(const struct party *p, unsigned n)
{
    unsigned came = 0;

    for (unsigned i = 0; i < p->n; i++)
        if (p->calls[i].type == XTYP_POKE)
            assert_int_equal(number_of(&p->calls[i]), ++came);
    assert_int_equal(came, n);
}

struct both {
    struct party *party[2];
    unsigned n;
};

static bool all_is_through(void *arg)
{
    const struct both *b = arg;

    return party_count(b->party[0], XTYP_XACT_COMPLETE) >= b->n &&
           party_count(b->party[1], XTYP_XACT_COMPLETE) >= b->n;
}

static void h14_two_full_queues_that_post_to_each_other_get_through(void **state)
{
    struct both b = {{party_serve(0), party_open(0)}, OFTEN(1000)};
    HCONV convs[2];

    (void)state;
    party_register(b.party[1], "Other");
    convs[0] = party_connect(b.party[0], "Other", TOPIC);
    convs[1] = party_connect(b.party[1], SERVICE, TOPIC);
    for (unsigned i = 0; i < 4; i++) {
        narrow[i].wnd = window_of(convs[i / 2], i % 2);
        narrow[i].room = 8;
    }
    b.party[0]->hook = b.party[1]->hook = make_room;
    for (unsigned i = 1; i <= b.n; i++) {
        char text[16];

        snprintf(text, sizeof text, "%u", i);
        for (unsigned side = 0; side < 2; side++)
            assert_non_null(party_send(b.party[side], convs[side], XTYP_POKE, text, TIMEOUT_ASYNC, NULL));
    }
    assert_true(test_pump_until(all_is_through, &b, TEST_PATIENCE_MS));
    poked_in_order(b.party[0], b.n);
    poked_in_order(b.party[1], b.n);
    memset(narrow, 0, sizeof narrow);
}

/* ---- H-15 .. H-19 ------------------------------------------------------------------------------------- */

static HDDEDATA CALLBACK accept(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                ULONG_PTR data1, ULONG_PTR data2)
{
    (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)data1, (void)data2;
    return (HDDEDATA)(uintptr_t)(type == XTYP_CONNECT);
}

struct worker {
    struct test_thread *thread;
    struct test_event *stop, *done;
    unsigned count;
};

static void start_worker(struct worker *w, void (*run)(void *arg))
{
    w->stop = test_event_new();
    w->done = test_event_new();
    w->count = 0;
    w->thread = test_thread_start(run, w);
}

static void join_worker(struct worker *w)
{
    assert_true(test_event_pump(w->done, 3 * TEST_PATIENCE_MS));
    test_thread_join(w->thread);
    test_event_free(w->stop);
    test_event_free(w->done);
}

static void come_and_go(void *arg)
{
    struct worker *w = arg;

    while (!test_event_wait(w->stop, 0)) {
        DWORD id = 0;

        assert_int_equal(DdeInitializeA(&id, accept, APPCLASS_STANDARD, 0), DMLERR_NO_ERROR);
        DdeNameService(id, DdeCreateStringHandleA(id, SERVICE, CP_WINANSI), 0, DNS_REGISTER);
        DdemlDispatch(1);
        assert_true(DdeUninitialize(id));
        w->count++;
    }
    test_event_set(w->done);
}

static void h15_programs_may_come_and_go_while_another_asks_all(void **state)
{
    struct worker workers[2];
    struct party *client = party_open(0);

    (void)state;
    for (unsigned i = 0; i < 2; i++)
        start_worker(&workers[i], come_and_go);
    for (unsigned i = 0; i < OFTEN(300); i++) {
        HSZ service = i % 3 ? party_text(client, SERVICE) : 0, topic = party_text(client, TOPIC);
        HCONVLIST list = i % 2 ? DdeConnectList(client->id, service, topic, 0, NULL) : 0;
        HCONV conv = i % 2 ? 0 : DdeConnect(client->id, service, topic, NULL);

        if (list)
            assert_true(DdeDisconnectList(list));
        if (conv && !DdeDisconnect(conv))
            assert_error(client, DMLERR_INVALIDPARAMETER); /* the server has ended it already */
        test_pump_all();
    }
    for (unsigned i = 0; i < 2; i++)
        test_event_set(workers[i].stop);
    for (unsigned i = 0; i < 2; i++)
        join_worker(&workers[i]);
}

static void connect_and_close(void *arg)
{
    struct worker *w = arg;
    DWORD id = 0;
    HSZ service, topic;

    assert_int_equal(DdeInitializeA(&id, accept, APPCMD_CLIENTONLY, 0), DMLERR_NO_ERROR);
    service = DdeCreateStringHandleA(id, SERVICE, CP_WINANSI);
    topic = DdeCreateStringHandleA(id, TOPIC, CP_WINANSI);
    for (unsigned i = 0; i < OFTEN(200); i++)
        w->count += DdeDisconnect(DdeConnect(id, service, topic, NULL)) != 0;
    assert_true(DdeUninitialize(id));
    test_event_set(w->done);
}

static void h16_bursts_of_connections_from_many_threads_all_succeed(void **state)
{
    enum { WORKERS = 8 };
    struct party *server = party_serve(0);
    struct worker workers[WORKERS];

    (void)state;
    DdemlSetDeadlines(TEST_PATIENCE_MS, 0);
    for (unsigned i = 0; i < WORKERS; i++)
        start_worker(&workers[i], connect_and_close);
    for (unsigned i = 0; i < WORKERS; i++) {
        join_worker(&workers[i]);
        assert_int_equal(workers[i].count, OFTEN(200));
    }
    test_pump_all();
    assert_int_equal(party_count(server, XTYP_CONNECT_CONFIRM), WORKERS * OFTEN(200));
    assert_int_equal(party_count(server, XTYP_DISCONNECT), WORKERS * OFTEN(200));
}

/* The server floods the client before it grants the next loop. */
static bool flood_first(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_ADVSTART)
        for (int i = 0; i < 2; i++)
            DdePostAdvise(p->id, 0, 0);
    return false;
}

static void h17_a_loop_can_be_started_while_others_stream(void **state)
{
    struct talk t = talk_connected();
    unsigned n = OFTEN(100);

    (void)state;
    t.server->hook = flood_first;
    for (unsigned i = 0; i < n; i++) {
        char item[32];

        snprintf(item, sizeof item, "item %u", i);
        assert_non_null(DdeClientTransaction(NULL, 0, t.conv, party_text(t.client, item), CF_TEXT,
                                             XTYP_ADVSTART, LONG_MS, NULL));
    }
    test_pump_all();
    /* Before loop i was granted there were i others; the flood reaches the new one too, once it stands. */
    assert_true(party_count(t.client, XTYP_ADVDATA) >= n * (n - 1));
    assert_int_equal(party_count(t.server, XTYP_ADVSTART), n);
}

static void h18_the_servers_end_completes_all_that_is_pending_once(void **state)
{
    struct talk t = talk_connected();
    unsigned n = OFTEN(1000);

    (void)state;
    assert_true(DdeEnableCallback(t.server->id, 0, EC_DISABLE));
    for (unsigned i = 0; i < n; i++)
        assert_non_null(talk_do(&t, i % 2 ? XTYP_REQUEST : XTYP_EXECUTE, TIMEOUT_ASYNC));
    test_pump_all();
    party_close(t.server);
    test_pump_all();
    assert_int_equal(party_count(t.client, XTYP_XACT_COMPLETE), n);
    for (unsigned i = 0; i < n; i++)
        assert_null(party_call(t.client, XTYP_XACT_COMPLETE, i)->data);
    assert_int_equal(party_count(t.client, XTYP_DISCONNECT), 1);
    assert_int_equal(ledger_now().transactions, 0);
}

static bool leave_instead(struct party *p, const struct call *c, HDDEDATA *result)
{
    *result = 0;
    if (c->type != XTYP_REQUEST)
        return false;
    assert_true(DdeUninitialize(p->id));
    p->id = 0;
    return true;
}

static void leave(struct party *p)
{
    p->hook = leave_instead;
    party_register(p, SERVICE);
}

static bool is_over(void *client)
{
    return party_count(client, XTYP_DISCONNECT) > 0;
}

static void h19_whoever_waits_learns_that_the_server_has_gone(void **state)
{
    struct party *client = party_open(0);
    struct remote r;

    (void)state;
    remote_start(&r, 0, leave);
    party_connect(client, SERVICE, TOPIC);
    assert_null(party_transact(client, party_connect(client, SERVICE, TOPIC), XTYP_REQUEST, LONG_MS, NULL));
    assert_error(client, DMLERR_SERVER_DIED);
    assert_true(test_pump_until(is_over, client, TEST_PATIENCE_MS));
    test_pump_all();
    assert_int_equal(party_count(client, XTYP_DISCONNECT), 2); /* also where nothing was asked */
    remote_stop(&r);
}

/* ---- H-20 .. H-26 ------------------------------------------------------------------------------------- */

static bool answer_at_will(struct party *p, const struct call *c, HDDEDATA *result)
{
    static const ULONG_PTR results[] = {DDE_FACK, 0, DDE_FBUSY, (ULONG_PTR)-1 /* CBR_BLOCK */};

    (void)p;
    if (c->type != XTYP_EXECUTE)
        return false;
    *result = (HDDEDATA)results[raw_random(4)];
    return true;
}

static void h20_every_execute_completes_exactly_once(void **state)
{
    struct talk t = talk_begin();
    unsigned n = OFTEN(200);

    (void)state;
    raw_seed(20);
    t.server->hook = answer_at_will;
    for (unsigned round = 0; round < 10; round++) {
        DDEMLLEDGER now;

        talk_connect(&t);
        party_forget(t.client);
        for (unsigned i = 0; i < n; i++)
            assert_non_null(talk_do(&t, XTYP_EXECUTE, TIMEOUT_ASYNC));
        for (unsigned i = 0; i < n / 8; i++) {
            test_pump_all();
            DdeEnableCallback(t.server->id, t.server->server, EC_ENABLEALL);
        }
        assert_true(DdeDisconnect(t.server->server)); /* the rest */
        test_pump_all();
        assert_int_equal(party_count(t.client, XTYP_XACT_COMPLETE), n);
        now = ledger_now();
        assert_int_equal(now.transactions, 0);
    }
}

static void h21_connecting_to_a_server_that_hangs_fails_at_its_deadline(void **state)
{
    struct hanging hung = start_hanging(hang_and_serve, close_instance);
    struct talk t = talk_connected();

    (void)state;
    let_hang(&hung);
    DdemlSetDeadlines(SHORT_MS, 0);
    assert_non_null(DdeNameService(t.server->id, 0, 0, DNS_UNREGISTER)); /* leaves the one that hangs */
    for (unsigned i = 0; i < 10; i++) {
        assert_null(DdeConnect(t.client->id, t.service, t.topic, NULL));
        assert_error(t.client, DMLERR_NO_CONV_ESTABLISHED);
        is_answered(t.client, t.conv); /* the program goes on */
    }
    let_go(&hung);
}

/* Never answers; what it has been given is its own then. */
static void keep_silent(struct raw *r, struct raw_seen *m)
{
    (void)r;
    m->taken = true;
    raw_free(m->mem);
}

static void acknowledge(struct raw *r, struct raw_seen *m)
{
    raw_answer(r, m, WIRE_FACK);
}

static void h22_a_server_that_never_acknowledges_costs_one_timeout_each(void **state)
{
    (void)state;
    raw_open(&raw);
    raw.serves = true;
    ours_open(APPCMD_CLIENTONLY);
    assert_true(ours_connect());
    raw.on = keep_silent;
    for (unsigned i = 0; i < OFTEN(100); i++) {
        assert_int_equal(ours_transact(XTYP_EXECUTE, 1, NULL), DMLERR_EXECACKTIMEOUT);
        raw_forget(&raw);
    }
    ours_transact_async(XTYP_EXECUTE); /* nobody has to wait */
    test_pump_all();
    raw_forget(&raw);
    raw.on = acknowledge;
    assert_int_equal(ours_transact(XTYP_POKE, TEST_PATIENCE_MS, NULL), DMLERR_NO_ERROR);
}

static struct test_event *entered, *go_on;
static bool went_on;

static bool stay_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_EXECUTE) {
        test_event_set(entered);
        went_on = test_event_wait(go_on, TEST_PATIENCE_MS);
    }
    return false;
}

static void serve_and_stay_inside(struct party *p)
{
    p->hook = stay_inside;
    party_register(p, SERVICE);
}

/* A server on another thread that is inside a callback until it is let go; the client's conversation. */
static HCONV keep_inside(struct remote *r, struct party *client)
{
    HCONV conv;

    entered = test_event_new();
    go_on = test_event_new();
    remote_start(r, 0, serve_and_stay_inside);
    conv = party_connect(client, SERVICE, TOPIC);
    assert_non_null(party_send(client, conv, XTYP_EXECUTE, "[stay]", TIMEOUT_ASYNC, NULL));
    assert_true(test_event_wait(entered, TEST_PATIENCE_MS));
    return conv;
}

static void let_out(struct remote *r, struct party *client)
{
    test_event_set(go_on);
    assert_true(test_pump_until(has_answered, client, TEST_PATIENCE_MS));
    assert_true(went_on);
    remote_stop(r);
    test_event_free(entered);
    test_event_free(go_on);
}

static void h23_a_client_of_a_server_that_is_busy_elsewhere_times_out_and_goes_on(void **state)
{
    struct party *client = party_open(0);
    struct remote r;
    HCONV second;

    (void)state;
    entered = go_on = NULL;
    keep_inside(&r, client);
    test_event_set(go_on);
    assert_true(test_pump_until(has_answered, client, TEST_PATIENCE_MS));
    second = party_connect(client, SERVICE, TOPIC);
    test_event_reset(entered);
    test_event_reset(go_on);
    party_forget(client);
    assert_non_null(party_send(client, second, XTYP_EXECUTE, "[stay]", TIMEOUT_ASYNC, NULL));
    assert_true(test_event_wait(entered, TEST_PATIENCE_MS));
    for (unsigned i = 0; i < 10; i++) {
        assert_null(party_transact(client, second, XTYP_REQUEST, 1, NULL));
        assert_error(client, DMLERR_DATAACKTIMEOUT);
    }
    test_event_set(go_on);
    is_answered(client, second);
    let_out(&r, client);
}

static void h24_no_lock_is_held_while_a_callback_runs(void **state)
{
    struct party *client = party_open(0);
    struct remote r;

    (void)state;
    keep_inside(&r, client);
    DdemlSetDeadlines(SHORT_MS, 0);
    for (unsigned i = 0; i < 10; i++) { /* all that has to do with other instances */
        struct talk t = {.server = client};
        DWORD id = 0;
        HSZ name;
        HCONV conv;

        assert_int_equal(DdeInitializeA(&id, accept, APPCLASS_STANDARD, 0), DMLERR_NO_ERROR);
        name = DdeCreateStringHandleA(id, "Inside", CP_WINANSI);
        assert_non_null(DdeNameService(id, name, 0, DNS_REGISTER));
        conv = DdeConnect(t.server->id, party_text(client, "Inside"), party_text(client, TOPIC), NULL);
        assert_non_null(conv);
        assert_null(party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
        assert_error(client, DMLERR_NOTPROCESSED);
        assert_true(DdeDisconnect(conv));
        assert_true(DdeUninitialize(id));
    }
    let_out(&r, client);
}

static HCONV connected_at_once;

static bool connect_when_it_comes(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_REGISTER)
        connected_at_once = DdeConnect(p->id, c->hsz1, party_text(p, TOPIC), NULL);
    return false;
}

static void h25_a_server_is_ready_when_its_name_is_told(void **state)
{
    struct party *client = party_open(0);
    struct remote r;

    (void)state;
    connected_at_once = 0;
    client->hook = connect_when_it_comes;
    assert_null(DdeConnect(client->id, party_text(client, SERVICE), party_text(client, TOPIC), NULL));
    remote_start(&r, 0, serve);
    assert_int_equal(party_count(client, XTYP_REGISTER), 1);
    assert_non_null(connected_at_once);
    is_answered(client, connected_at_once);
    remote_stop(&r);
}

static bool know_one_format(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = 0;
    return c->type == XTYP_REQUEST && c->fmt != CF_TEXT;
}

static void h26_a_format_that_the_server_does_not_know_is_refused_at_once(void **state)
{
    static const UINT formats[] = {0xC001, 0xC002, 5, 13, CF_TEXT, 3, 4, 8, 0xFFFF};
    struct talk t = talk_connected();
    unsigned known = 0;

    (void)state;
    t.server->hook = know_one_format;
    for (unsigned i = 0; i < sizeof formats / sizeof *formats; i++) {
        HDDEDATA data =
            DdeClientTransaction(NULL, 0, t.conv, t.item, formats[i], XTYP_REQUEST, LONG_MS, NULL);

        if (data) {
            known++;
            assert_true(DdeFreeDataHandle(data));
        } else {
            assert_error(t.client, DMLERR_NOTPROCESSED);
        }
    }
    assert_int_equal(known, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* An argument chooses tests: "h01*". */
int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        TEST(h01_connecting_does_not_wait_for_windows_that_nobody_serves),
        TEST(h02_an_instance_that_sleeps_does_not_hold_up_others),
        TEST(h03_what_waits_for_a_thread_that_hangs_is_bounded),
        TEST(h04_it_does_not_matter_who_came_first),
        TEST(h05_a_window_that_knows_no_dde_is_no_different),
        TEST(h06_registering_a_name_waits_for_one_that_hangs_up_to_its_deadline),
        TEST(h06_listing_the_servers_leaves_out_one_that_hangs),
        TEST(h07_a_wildcard_that_nobody_answers_fails_at_its_deadline),
        TEST(h08_an_execute_that_is_sent_is_acknowledged_too),
        TEST(h09_a_conversation_with_oneself_needs_no_other_thread),
        TEST(h10_the_deadline_holds_however_many_other_messages_come),
#ifdef _WIN32
        TEST(h10_a_hook_that_claims_every_message_gets_none_of_the_librarys),
#endif
        TEST(h11_two_programs_may_wait_for_each_other),
        TEST(h12_a_synchronous_call_inside_another_is_refused_and_harms_nothing),
        TEST(h13_a_partner_whose_queue_is_full_holds_up_nobody_else),
        TEST(h14_two_full_queues_that_post_to_each_other_get_through),
        TEST(h15_programs_may_come_and_go_while_another_asks_all),
        TEST(h16_bursts_of_connections_from_many_threads_all_succeed),
        TEST(h17_a_loop_can_be_started_while_others_stream),
        TEST(h18_the_servers_end_completes_all_that_is_pending_once),
        TEST(h19_whoever_waits_learns_that_the_server_has_gone),
        TEST(h20_every_execute_completes_exactly_once),
        TEST(h21_connecting_to_a_server_that_hangs_fails_at_its_deadline),
        TEST(h22_a_server_that_never_acknowledges_costs_one_timeout_each),
        TEST(h23_a_client_of_a_server_that_is_busy_elsewhere_times_out_and_goes_on),
        TEST(h24_no_lock_is_held_while_a_callback_runs),
        TEST(h25_a_server_is_ready_when_its_name_is_told),
        TEST(h26_a_format_that_the_server_does_not_know_is_refused_at_once),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
