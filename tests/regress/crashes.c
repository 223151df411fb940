/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Known bugs, group C: crashes on bad input or bad timing. Each test bears the number of its row in
 * docs/known-bugs.md. C-26 stands in tests/faults/regress.c. */

#include "support/ours.h"
#include "support/party.h"

#include <stdatomic.h>
#include <stdlib.h>

/* How much of what the row is about; the everyday run is not a soak. */
#ifdef _WIN32
enum { GUESSES = 20000, GROWN = 4 << 20, ENDS = 30, STEPS = 1000, FLOODERS = 2, STORM = 1000 };
#else
enum { GUESSES = 1000000, GROWN = 64 << 20, ENDS = 500, STEPS = 20000, FLOODERS = 4, STORM = 5000 };
#endif

struct talk {
    struct party *server, *client;
    HCONV conv;
};

static struct talk talk(void)
{
    struct talk t = {party_serve(0), party_open(0), 0};

    t.conv = party_connect(t.client, SERVICE, TOPIC);
    party_forget(t.server);
    return t;
}

static void still_works(struct party *client, HCONV conv)
{
    HDDEDATA data = party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);

    assert_non_null(data);
    assert_true(DdeFreeDataHandle(data));
}

static uint32_t random32(void)
{
    static uint32_t x = 20261123;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

static uintptr_t random_value(void)
{
    return sizeof(uintptr_t) > 4 && random32() % 2 ? (uintptr_t)((uint64_t)random32() << 32 | random32())
                                                   : random32();
}

static int live_data(void)
{
    DDEMLLEDGER ledger = {.cb = sizeof ledger};

    assert_true(DdemlGetLedger(0, &ledger));
    return (int)ledger.data;
}

/* ---- Bad handles --------------------------------------------------------------------------------------- */

static void c01_adding_to_or_from_nothing_is_an_error(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA data = party_data(p, "abc", 0, 0, 0), freed = party_data(p, "x", 0, 0, 0);
    BYTE byte = 0;

    (void)state;
    assert_true(DdeFreeDataHandle(freed));
    assert_null(DdeAddData(0, &byte, 1, 0));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_null(DdeAddData(freed, &byte, 1, 0));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_null(DdeAddData((HDDEDATA)party_text(p, "a string"), &byte, 1, 0));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    for (int i = 0; i < 10000; i++)
        assert_null(DdeAddData((HDDEDATA)random_value(), &byte, 1, 0));
    assert_null(DdeAddData(data, NULL, 1, 0));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_null(DdeAddData(data, &byte, 1, 0xFFFFFFFF));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_null(DdeAddData(data, &byte, 0xFFFFFFFF, 0xFFFFFFFF));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_int_equal(DdeGetData(data, NULL, 0, 0), 4);
}

static void c02_a_data_handle_keeps_its_value_however_the_object_grows(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA data = DdeCreateDataHandle(p->id, (LPBYTE) "a", 1, 0, 0, 0, 0);
    BYTE first, last;

    (void)state;
    for (DWORD size = 1; size < GROWN; size *= 2)
        assert_ptr_equal(DdeAddData(data, (LPBYTE) "z", 1, 2 * size - 1), data);
    assert_int_equal(DdeGetData(data, NULL, 0, 0), GROWN);
    assert_int_equal(DdeGetData(data, &first, 1, 0), 1);
    assert_int_equal(DdeGetData(data, &last, 1, GROWN - 1), 1);
    assert_int_equal(first, 'a');
    assert_int_equal(last, 'z');
    assert_true(DdeFreeDataHandle(data));
}

static void c07_garbage_is_not_freed(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    for (int i = 0; i < GUESSES; i++)
        assert_false(DdeFreeDataHandle((HDDEDATA)random_value()));
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

/* Frees what it is given, more than once; what it has seen must be there once more when it returns. */
static HDDEDATA lent;

static bool free_what_is_lent(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (!c->data || !c->size)
        return false;
    lent = c->data;
    for (int i = 0; i < 3; i++)
        DdeFreeDataHandle(c->data);
    assert_int_equal(DdeGetData(c->data, NULL, 0, 0), c->size);
    return false;
}

static void dead_by_now(void)
{
    assert_true(lent);
    assert_false(DdeFreeDataHandle(lent));
    assert_int_equal(live_data(), 0);
    lent = 0;
}

static void c08_what_is_lent_to_a_callback_is_freed_once_by_the_library(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = t.client->hook = free_what_is_lent;
    assert_non_null(party_send(t.client, t.conv, XTYP_POKE, "x", TEST_PATIENCE_MS, NULL));
    dead_by_now();
    assert_non_null(party_send(t.client, t.conv, XTYP_EXECUTE, "[x]", TEST_PATIENCE_MS, NULL));
    dead_by_now();
    assert_non_null(party_transact(t.client, t.conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    assert_true(party_post(t.server, TOPIC, ITEM));
    test_pump_all();
    dead_by_now();
    assert_non_null(party_transact(t.client, t.conv, XTYP_REQUEST, TIMEOUT_ASYNC, NULL));
    test_pump_all();
    dead_by_now();
}

static void c09_true_and_other_small_values_are_no_data(void **state)
{
    static const intptr_t values[] = {0, 1, -1, 2, 3, 0xC000, 0xFFFF, 0x8000};
    struct talk t = talk();
    HDDEDATA done = party_send(t.client, t.conv, XTYP_POKE, "x", TIMEOUT_ASYNC, NULL);

    (void)state;
    assert_false(DdeFreeDataHandle(done));
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        assert_false(DdeFreeDataHandle((HDDEDATA)values[i]));
        assert_null(DdeAccessData((HDDEDATA)values[i], NULL));
        assert_int_equal(DdeGetData((HDDEDATA)values[i], NULL, 0, 0), 0);
    }
    test_pump_all();
}

static void c29_a_dead_foreign_or_random_handle_cannot_be_accessed(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA freed = party_data(p, "x", 0, 0, 0);
    DWORD size = 7;

    (void)state;
    assert_true(DdeFreeDataHandle(freed));
    assert_null(DdeAccessData(freed, &size));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_false(DdeUnaccessData(freed));
    assert_null(DdeAccessData((HDDEDATA)party_text(p, "x"), &size));
    for (int i = 0; i < GUESSES; i++)
        assert_null(DdeAccessData((HDDEDATA)random_value(), &size));
    assert_int_equal(size, 7);
}

static void c24_no_part_of_a_handle_stands_for_the_whole(void **state)
{
    struct talk t = talk();
    HDDEDATA data = party_data(t.client, "x", 0, 0, 0);
    HSZ hsz = party_text(t.client, "text");

    (void)state;
    for (unsigned bit = 0; bit < 8 * sizeof(uintptr_t); bit++) {
        uintptr_t wrong = (uintptr_t)1 << bit;

        assert_int_equal(DdeGetData((HDDEDATA)((uintptr_t)data ^ wrong), NULL, 0, 0), 0);
        assert_false(DdeKeepStringHandle(t.client->id, (HSZ)((uintptr_t)hsz ^ wrong)) &&
                     !DdeFreeStringHandle(t.client->id, (HSZ)((uintptr_t)hsz ^ wrong)));
        assert_false(DdeSetUserHandle((HCONV)((uintptr_t)t.conv ^ wrong), QID_SYNC, 0) &&
                     (HCONV)((uintptr_t)t.conv ^ wrong) != t.server->server);
    }
    assert_int_equal(DdeGetData(data, NULL, 0, 0), 2);
    still_works(t.client, t.conv);
}

/* ---- Ends that meet ------------------------------------------------------------------------------------ */

static bool hang_up(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_EXECUTE || c->type == XTYP_ADVDATA)
        DdeDisconnect(c->conv);
    return false;
}

static void serve_and_hang_up(struct party *p)
{
    p->hook = hang_up;
    party_register(p, SERVICE);
}

static void c03_both_sides_may_end_a_conversation_at_once_and_inside_callbacks(void **state)
{
    struct party *client = party_open(0);
    HSZ service = party_text(client, SERVICE), topic = party_text(client, TOPIC);
    struct remote r;

    (void)state;
    client->hook = hang_up;
    remote_start(&r, 0, serve_and_hang_up);
    for (int i = 0; i < ENDS; i++) {
        HCONV conv = DdeConnect(client->id, service, topic, NULL);

        assert_non_null(conv);
        party_send(client, conv, XTYP_EXECUTE, "[end]", TIMEOUT_ASYNC, NULL);
        if (i % 3 == 1)
            DdemlDispatch(0);
        if (i % 3 != 2)
            DdeDisconnect(conv);
        party_forget(client);
    }
    remote_stop(&r);
}

/* A server that ends everything inside its callback; its thread waits for that. */
struct leaver {
    DWORD id;
    volatile int gone;
    struct test_event *ready, *done;
};
static struct leaver leaver;

static HDDEDATA CALLBACK leave(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                               ULONG_PTR d1, ULONG_PTR d2)
{
    (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)d1, (void)d2;
    if (type == XTYP_DISCONNECT) {
        DdeUninitialize(leaver.id);
        leaver.gone = 1;
    }
    return (HDDEDATA)(uintptr_t)(type == XTYP_CONNECT);
}

static bool has_gone(void *arg)
{
    (void)arg;
    return leaver.gone;
}

static void serve_until_left(void *arg)
{
    (void)arg;
    leaver.id = 0;
    leaver.gone = 0;
    DdeInitializeA(&leaver.id, leave, 0, 0);
    DdeNameService(leaver.id, DdeCreateStringHandleA(leaver.id, "Leaver", CP_WINANSI), 0, DNS_REGISTER);
    test_event_set(leaver.ready);
    test_pump_until(has_gone, NULL, TEST_PATIENCE_MS);
    test_event_set(leaver.done);
}

static void c04_the_partner_may_destroy_everything_when_it_hears_of_the_end(void **state)
{
    struct party *client = party_open(0);

    (void)state;
    leaver.ready = test_event_new();
    leaver.done = test_event_new();
    for (int i = 0; i < ENDS / 10; i++) {
        struct test_thread *thread = test_thread_start(serve_until_left, NULL);
        HCONV conv;

        assert_true(test_event_pump(leaver.ready, TEST_PATIENCE_MS));
        conv = party_connect(client, "Leaver", TOPIC);
        assert_true(DdeDisconnect(conv));
        assert_false(DdeDisconnect(conv));
        assert_true(test_event_pump(leaver.done, TEST_PATIENCE_MS));
        test_thread_join(thread);
        assert_true(leaver.gone);
        test_event_reset(leaver.ready);
        test_event_reset(leaver.done);
    }
    test_event_free(leaver.ready);
    test_event_free(leaver.done);
}

/* Two threads with conversations, a loop and messages under way end at the same moment, without a word. */
struct doomed {
    struct test_event *ready, *end;
    bool serves;
    bool connected;
};

static HDDEDATA CALLBACK accept_all(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                    ULONG_PTR d1, ULONG_PTR d2)
{
    (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)d1, (void)d2;
    return (HDDEDATA)(uintptr_t)(type == XTYP_CONNECT || type == XTYP_ADVSTART ? TRUE : DDE_FACK);
}

static void live_and_die(void *arg)
{
    struct doomed *d = arg;
    DWORD id = 0;
    HSZ name;
    HCONV conv;

    DdeInitializeA(&id, accept_all, 0, 0);
    name = DdeCreateStringHandleA(id, "Doomed", CP_WINANSI);
    if (d->serves)
        DdeNameService(id, name, 0, DNS_REGISTER);
    for (int i = 0; i < 3 && !d->serves; i++) {
        conv = DdeConnect(id, name, name, NULL);
        d->connected = conv != 0;
        DdeClientTransaction(NULL, 0, conv, name, CF_TEXT, XTYP_ADVSTART, TIMEOUT_ASYNC, NULL);
        DdeClientTransaction((LPBYTE) "x", 2, conv, name, CF_TEXT, XTYP_POKE, TIMEOUT_ASYNC, NULL);
        DdeClientTransaction((LPBYTE) "x", 2, conv, 0, 0, XTYP_EXECUTE, TIMEOUT_ASYNC, NULL);
    }
    test_event_set(d->ready);
    if (d->serves)
        test_event_pump(d->end, TEST_PATIENCE_MS);
    else
        test_event_wait(d->end, TEST_PATIENCE_MS);
}

static void c05_threads_that_end_together_destroy_each_conversation_once(void **state)
{
    (void)state;
    for (int i = 0; i < ENDS / 10; i++) {
        struct test_event *end = test_event_new();
        struct doomed server = {test_event_new(), end, true, false},
                      client = {test_event_new(), end, false, false};
        struct test_thread *a = test_thread_start(live_and_die, &server), *b;

        assert_true(test_event_wait(server.ready, TEST_PATIENCE_MS));
        b = test_thread_start(live_and_die, &client);
        assert_true(test_event_wait(client.ready, TEST_PATIENCE_MS));
        test_event_set(end);
        test_thread_join(a);
        test_thread_join(b);
        assert_true(client.connected);
        test_event_free(server.ready);
        test_event_free(client.ready);
        test_event_free(end);
        test_ledger_is_empty();
    }
}

static bool end_instead(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_REQUEST)
        DdeDisconnect(c->conv);
    return false;
}

static void serve_and_end_instead(struct party *p)
{
    p->hook = end_instead;
    party_register(p, SERVICE);
}

static bool has_heard(void *client)
{
    return party_count(client, XTYP_DISCONNECT) > 0;
}

static void c06_an_end_and_a_timeout_that_meet_make_one_disconnect(void **state)
{
    struct party *client = party_open(0);
    struct remote r;

    (void)state;
    remote_start(&r, 0, serve_and_end_instead);
    for (int i = 0; i < ENDS / 5; i++) {
        HCONV conv = party_connect(client, SERVICE, TOPIC);
        UINT error;

        party_forget(client);
        assert_null(party_transact(client, conv, XTYP_REQUEST, (DWORD)(i % 3), NULL));
        error = DdeGetLastError(client->id);
        assert_true(error == DMLERR_SERVER_DIED || error == DMLERR_DATAACKTIMEOUT);
        assert_true(test_pump_until(has_heard, client, TEST_PATIENCE_MS));
        test_pump_all();
        assert_int_equal(party_count(client, XTYP_DISCONNECT), 1);
        assert_false(DdeDisconnect(conv));
    }
    remote_stop(&r);
}

static void c21_a_server_that_ends_the_conversation_during_a_call_has_died(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = end_instead;
    for (int i = 0; i < ENDS; i++) {
        assert_null(party_transact(t.client, t.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
        assert_error(t.client, DMLERR_SERVER_DIED);
        t.conv = party_connect(t.client, SERVICE, TOPIC);
        party_forget(t.server);
        party_forget(t.client);
    }
}

/* Clients that send as fast as they can until their server has gone. */
struct flood {
    struct test_event *over;
    unsigned sent;
};

static void flood(void *arg)
{
    struct flood *f = arg;
    DWORD id = 0;
    HSZ service, topic;
    HCONV conv;

    DdeInitializeA(&id, accept_all, APPCMD_CLIENTONLY, 0);
    service = DdeCreateStringHandleA(id, SERVICE, CP_WINANSI);
    topic = DdeCreateStringHandleA(id, TOPIC, CP_WINANSI);
    conv = DdeConnect(id, service, topic, NULL);
    while (!test_event_wait(f->over, 0)) {
        f->sent +=
            DdeClientTransaction((LPBYTE) "x", 2, conv, topic, CF_TEXT, XTYP_POKE, TIMEOUT_ASYNC, NULL) != 0;
        DdemlDispatch(0);
    }
    DdeUninitialize(id);
}

static unsigned pokes, pokes_after_the_end;
static bool ended;

static HDDEDATA CALLBACK count_pokes(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                     ULONG_PTR d1, ULONG_PTR d2)
{
    pokes += type == XTYP_POKE;
    pokes_after_the_end += ended;
    return accept_all(type, fmt, conv, hsz1, hsz2, data, d1, d2);
}

static bool are_enough(void *n)
{
    return pokes >= *(unsigned *)n;
}

static void c22_no_callback_comes_after_the_end_of_its_instance(void **state)
{
    struct test_event *over = test_event_new();
    struct flood floods[FLOODERS];
    struct test_thread *threads[FLOODERS];
    DWORD id = 0;

    (void)state;
    pokes = pokes_after_the_end = 0;
    ended = false;
    assert_int_equal(DdeInitializeA(&id, count_pokes, 0, 0), DMLERR_NO_ERROR);
    assert_non_null(DdeNameService(id, DdeCreateStringHandleA(id, SERVICE, CP_WINANSI), 0, DNS_REGISTER));
    for (int i = 0; i < FLOODERS; i++) {
        floods[i] = (struct flood){.over = over};
        threads[i] = test_thread_start(flood, &floods[i]);
    }
    assert_true(test_pump_until(are_enough, &(unsigned){100}, TEST_PATIENCE_MS));
    assert_true(DdeUninitialize(id));
    ended = true;
    test_pump_all();
    test_event_set(over);
    for (int i = 0; i < FLOODERS; i++)
        test_thread_join(threads[i]);
    test_pump_all();
    test_event_free(over);
    assert_int_equal(pokes_after_the_end, 0);
}

/* ---- Beginning ----------------------------------------------------------------------------------------- */

/* An instance before main begins and another one after it has ended. */
static UINT early_error = DMLERR_SYS_ERROR;
static bool early_text, early_end;

__attribute__((constructor)) static void begin_early(void)
{
    DWORD id = 0;

    early_error = DdeInitializeA(&id, accept_all, 0, 0);
    early_text = DdeCreateStringHandleA(id, "early", CP_WINANSI) != 0;
    early_end = DdeUninitialize(id);
}

__attribute__((destructor)) static void begin_late(void)
{
    DDEMLLEDGER ledger = {.cb = sizeof ledger};
    DWORD id = 0;

    if (DdeInitializeA(&id, accept_all, 0, 0) != DMLERR_NO_ERROR ||
        !DdeCreateStringHandleA(id, "late", CP_WINANSI) || !DdeUninitialize(id) ||
        !DdemlGetLedger(0, &ledger) || ledger.instances || ledger.heap)
        _Exit(1);
}

static void c12_an_instance_may_be_made_before_main_begins_and_after_it_ends(void **state)
{
    (void)state;
    assert_int_equal(early_error, DMLERR_NO_ERROR);
    assert_true(early_text);
    assert_true(early_end);
}

/* ---- Loops --------------------------------------------------------------------------------------------- */

static unsigned depth_wanted;

static bool post_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_ADVREQ && depth_wanted) {
        depth_wanted--;
        assert_true(DdePostAdvise(p->id, c->hsz1, c->hsz2));
    }
    return false;
}

/* It asks again inside, as documented: a program that never stops doing so has no end. */
static void c13_an_item_may_be_posted_inside_its_own_advreq(void **state)
{
    static const UINT flags[] = {0, XTYPF_ACKREQ};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct talk t = talk();

        t.server->hook = post_inside;
        assert_non_null(party_transact(t.client, t.conv, XTYP_ADVSTART | flags[i], TEST_PATIENCE_MS, NULL));
        depth_wanted = 100;
        assert_true(party_post(t.server, TOPIC, ITEM));
        test_pump_all();
        assert_int_equal(depth_wanted, 0);
        assert_true(party_count(t.client, XTYP_ADVDATA) > 0);
        still_works(t.client, t.conv);
        party_close(t.client);
        party_close(t.server);
    }
}

static bool any_answer(struct party *p, const struct call *c, HDDEDATA *result)
{
    p->value = random32() % 3 ? "value" : NULL;
    *result = (HDDEDATA)(uintptr_t)(random32() % 2);
    return c->type == XTYP_ADVSTART;
}

static void c20_loops_may_be_started_refused_updated_and_stopped_in_any_order(void **state)
{
    static const char *const items[] = {"one", "two", "three"};
    static const UINT types[] = {XTYP_ADVSTART, XTYP_ADVSTART | XTYPF_NODATA, XTYP_ADVSTART | XTYPF_ACKREQ,
                                 XTYP_ADVSTOP, XTYP_ADVSTOP};
    struct talk t = talk();

    (void)state;
    t.server->hook = any_answer;
    for (int i = 0; i < STEPS; i++) {
        const char *item = items[random32() % 3];
        HSZ hsz = party_text(t.client, item);
        UINT type = types[random32() % 5];

        switch (random32() % 4) {
        case 0:
            DdeClientTransaction(NULL, 0, t.conv, hsz, CF_TEXT, type, TEST_PATIENCE_MS, NULL);
            break;
        case 1:
            DdeClientTransaction(NULL, 0, t.conv, hsz, CF_TEXT, type, TIMEOUT_ASYNC, NULL);
            break;
        case 2:
            assert_true(party_post(t.server, TOPIC, item));
            break;
        default:
            test_pump_all();
            break;
        }
        assert_true(DdeFreeStringHandle(t.client->id, hsz));
        assert_int_equal(party_count(t.client, XTYP_DISCONNECT) + party_count(t.server, XTYP_DISCONNECT), 0);
        if (i % 100 == 0) {
            party_forget(t.client);
            party_forget(t.server);
        }
    }
    test_pump_all();
    t.server->hook = NULL;
    t.server->value = "value";
    still_works(t.client, t.conv);
}

static void c28_any_order_of_transactions_is_legal(void **state)
{
    struct talk t = talk();
    bool looped = false;

    (void)state;
    for (int i = 0; i < STEPS / 10; i++) {
        HDDEDATA data = 0;

        switch (random32() % 6) {
        case 0:
            still_works(t.client, t.conv);
            continue;
        case 1:
            data = party_send(t.client, t.conv, XTYP_POKE, "x", TEST_PATIENCE_MS, NULL);
            assert_non_null(data);
            continue;
        case 2:
            data = party_transact(t.client, t.conv, XTYP_ADVSTART | XTYPF_NODATA, TEST_PATIENCE_MS, NULL);
            assert_non_null(data);
            looped = true;
            continue;
        case 3:
            data = party_transact(t.client, t.conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL);
            assert_non_null(data);
            looped = true;
            continue;
        case 4:
            data = party_transact(t.client, t.conv, XTYP_ADVSTOP, TEST_PATIENCE_MS, NULL);
            assert_int_equal(data != 0, looped);
            looped = false;
            continue;
        default:
            test_pump_all();
            party_forget(t.client);
            assert_true(party_post(t.server, TOPIC, ITEM));
            test_pump_all();
            assert_int_equal(party_count(t.client, XTYP_ADVDATA), looped);
            continue;
        }
    }
}

/* ---- Monitors ------------------------------------------------------------------------------------------ */

static unsigned blocks_seen;

/* A monitor that does with a callback's result what the monitor of old did: it reads it as data. */
static bool read_results(struct party *p, const struct call *c, HDDEDATA *result)
{
    MONCBSTRUCT event;

    (void)p, (void)result;
    if (c->type != XTYP_MONITOR)
        return false;
    assert_int_equal(DdeGetData(c->data, (LPBYTE)&event, sizeof event, 0), sizeof event);
    if (event.dwRet == (DWORD)(uintptr_t)CBR_BLOCK) {
        blocks_seen++;
        assert_null(DdeAccessData(CBR_BLOCK, NULL));
        assert_false(DdeFreeDataHandle(CBR_BLOCK));
    }
    return true;
}

static bool block_each_once(struct party *p, const struct call *c, HDDEDATA *result)
{
    *result = CBR_BLOCK;
    return party_count(p, c->type) == 1 && !(c->type & XTYPF_NOBLOCK);
}

static void do_everything(const struct talk *t)
{
    static const UINT types[] = {XTYP_ADVSTART, XTYP_REQUEST, XTYP_ADVSTOP};

    for (int i = 0; i < 3; i++)
        assert_non_null(party_transact(t->client, t->conv, types[i], TIMEOUT_ASYNC, NULL));
    assert_non_null(party_send(t->client, t->conv, XTYP_POKE, "x", TIMEOUT_ASYNC, NULL));
    assert_non_null(party_send(t->client, t->conv, XTYP_EXECUTE, "x", TIMEOUT_ASYNC, NULL));
    test_pump_all();
}

static void c10_a_monitor_is_told_of_a_block_and_finds_no_data_in_it(void **state)
{
    struct party *monitor = party_open(APPCLASS_MONITOR | MF_CALLBACKS);
    struct talk t = talk();

    (void)state;
    blocks_seen = 0;
    monitor->hook = read_results;
    t.server->hook = block_each_once;
    do_everything(&t);
    for (int i = 0; i < 5; i++) {
        assert_true(DdeEnableCallback(t.server->id, 0, EC_ENABLEALL));
        test_pump_all();
    }
    assert_int_equal(party_count(t.client, XTYP_XACT_COMPLETE), 5);
    assert_int_equal(blocks_seen, 5);
}

static bool leave_soon(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_MONITOR && party_count(p, XTYP_MONITOR) == (unsigned)(uintptr_t)p->arg)
        party_close(p);
    return false;
}

static void c11_a_monitor_may_go_at_any_moment(void **state)
{
    struct talk t = talk();

    (void)state;
    for (uintptr_t n = 1; n <= 12; n++) {
        struct party *monitor =
            party_open(APPCLASS_MONITOR | MF_CALLBACKS | MF_CONV | MF_LINKS | MF_POSTMSGS | MF_HSZ_INFO);

        monitor->arg = (void *)(2 * n);
        monitor->hook = leave_soon;
        party_forget(t.client);
        do_everything(&t);
        assert_int_equal(party_count(t.client, XTYP_XACT_COMPLETE), 5);
        assert_int_equal(monitor->id, 0);
        still_works(t.client, t.conv);
    }
}

/* ---- Names --------------------------------------------------------------------------------------------- */

static void c14_a_name_that_is_too_long_is_refused_and_harms_nothing(void **state)
{
    static const size_t lengths[] = {256, 257, 4096, 65536};
    static char narrow[65537];
    static WCHAR wide[65537];
    struct talk t = talk();
    char back[256];
    HSZ longest;

    (void)state;
    memset(narrow, 'n', 255);
    longest = party_text(t.client, narrow);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (size_t k = 0; k < lengths[i]; k++) {
            narrow[k] = 'n';
            wide[k] = u'n';
        }
        assert_null(DdeCreateStringHandleA(t.client->id, narrow, CP_WINANSI));
        assert_error(t.client, DMLERR_SYS_ERROR);
        assert_null(DdeCreateStringHandleW(t.client->id, wide, CP_WINUNICODE));
        assert_error(t.client, DMLERR_SYS_ERROR);
    }
    assert_int_equal(DdeQueryStringA(t.client->id, longest, back, sizeof back, CP_WINANSI), 255);
    assert_true(DdeFreeStringHandle(t.client->id, longest));
    still_works(t.client, t.conv);
}

static void c15_nobody_can_release_the_names_of_another(void **state)
{
    struct talk t = talk();
    HSZ mine = party_text(t.server, "shared"), theirs = party_text(t.client, "shared");
    HCONV conv = DdeConnect(t.client->id, party_text(t.client, SERVICE), theirs, NULL);
    char text[8];

    (void)state;
    assert_true(DdeFreeStringHandle(t.client->id, theirs)); /* the conversation still uses it */
    for (int i = 0; i < 1000; i++) {
        assert_false(DdeFreeStringHandle(t.client->id, theirs));
        assert_error(t.client, DMLERR_INVALIDPARAMETER);
        assert_false(DdeFreeStringHandle(t.client->id, mine)); /* another instance's handle is none */
    }
    assert_int_equal(DdeQueryStringA(t.server->id, mine, text, sizeof text, CP_WINANSI), 6);
    assert_string_equal(text, "shared");
    assert_true(DdeFreeStringHandle(t.server->id, mine));
    still_works(t.client, conv);
    assert_string_equal(party_last(t.server, XTYP_REQUEST)->text1, "shared");
}

static void c16_a_name_is_released_as_often_as_it_was_made(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = party_text(p, "once");
    int freed = 0;

    (void)state;
    for (int i = 0; i < 10; i++)
        freed += DdeFreeStringHandle(p->id, hsz) != 0;
    assert_int_equal(freed, 1);
}

static void c17_only_a_packed_parameter_unpacks(void **state)
{
    static const UINT packed[] = {0x03E2, 0x03E4, 0x03E5, 0x03E7}; /* ADVISE, ACK, DATA, POKE */
    UINT_PTR lo, hi;

    (void)state;
    for (size_t i = 0; i < sizeof packed / sizeof *packed; i++) {
        LPARAM real = PackDDElParam(packed[i], 7, 0xC123);

        for (LPARAM name = 0; name < 0x10000; name++)
            assert_false(UnpackDDElParam(packed[i], name, &lo, &hi));
        for (int k = 0; k < 20000; k++) /* no handle of any system ends like this */
            assert_false(UnpackDDElParam(packed[i], (LPARAM)(random32() | 5), &lo, &hi));
        assert_int_equal(lo + hi, 0);
        assert_false(FreeDDElParam(packed[i], 0xC123));
        assert_true(UnpackDDElParam(packed[i], real, &lo, &hi));
        assert_int_equal(lo, 7);
        assert_int_equal(hi, 0xC123);
        assert_true(FreeDDElParam(packed[i], real));
    }
}

static void c18_no_text_and_an_empty_one_do_no_harm(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = party_text(p, "text");
    char buffer[8] = "x";

    (void)state;
    assert_null(DdeCreateStringHandleA(p->id, NULL, CP_WINANSI));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_null(DdeCreateStringHandleW(p->id, NULL, CP_WINUNICODE));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_null(DdeCreateStringHandleA(p->id, "", CP_WINANSI));
    assert_null(DdeCreateStringHandleW(p->id, u"", CP_WINUNICODE));
    assert_error(p, DMLERR_NO_ERROR);
    assert_int_equal(DdeQueryStringA(p->id, hsz, NULL, 0, CP_WINANSI), 4);
    DdeQueryStringA(p->id, 0, buffer, sizeof buffer, CP_WINANSI);
    assert_string_equal(buffer, "");
    assert_int_equal(DdeCmpStringHandles(0, 0), 0);
    assert_int_equal(DdeCmpStringHandles(0, hsz), -1);
    assert_int_equal(DdeCmpStringHandles(hsz, 0), 1);
    assert_false(DdeKeepStringHandle(p->id, 0));
    assert_true(DdeFreeStringHandle(p->id, 0));
}

/* An empty text has no handle, and no handle stands for any name: so it is documented. */
static void c19_an_empty_name_stands_for_any_and_does_no_harm(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HSZ empty = DdeCreateStringHandleA(client->id, "", CP_WINANSI);

    (void)state;
    assert_null(DdeConnect(client->id, empty, party_text(client, TOPIC), NULL));
    assert_error(client, DMLERR_NO_CONV_ESTABLISHED);
    assert_null(DdeConnect(client->id, party_text(client, SERVICE), empty, NULL));
    assert_null(DdeConnect(client->id, empty, empty, NULL));
    assert_int_equal(party_count(server, XTYP_WILDCONNECT), 3);
    assert_int_equal(party_count(server, XTYP_CONNECT), 0);
    assert_null(DdeNameService(server->id, empty, 0, DNS_REGISTER));
    assert_error(server, DMLERR_INVALIDPARAMETER);
}

/* ---- Structures, values, messages ---------------------------------------------------------------------- */

static void c23_a_callback_finds_the_programs_own_value_with_the_conversation(void **state)
{
    struct talk t = talk();
    CONVINFO info = {.cb = sizeof info};
    int mine;

    (void)state;
    assert_true(DdeSetUserHandle(t.conv, QID_SYNC, (DWORD_PTR)&mine));
    assert_non_null(party_transact(t.client, t.conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    assert_true(party_post(t.server, TOPIC, ITEM));
    test_pump_all();
    assert_true(DdeQueryConvInfo(party_last(t.client, XTYP_ADVDATA)->conv, QID_SYNC, &info));
    assert_ptr_equal((void *)info.hUser, &mine);
}

static void c27_as_much_of_the_information_is_written_as_there_is_room_for(void **state)
{
    enum { OLD = offsetof(CONVINFO, hwnd), MORE = 100 };
    static const UINT sizes[] = {4, offsetof(CONVINFO, hszTopic), OLD, sizeof(CONVINFO),
                                 sizeof(CONVINFO) + MORE};
    struct talk t = talk();
    union {
        CONVINFO info;
        unsigned char bytes[sizeof(CONVINFO) + MORE];
    } room;

    (void)state;
    memset(&room, 0xEE, sizeof room);
    room.info.cb = 0;
    assert_int_equal(DdeQueryConvInfo(t.conv, QID_SYNC, &room.info), 0);
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        UINT written = sizes[i] < sizeof(CONVINFO) ? sizes[i] : (UINT)sizeof(CONVINFO);

        memset(&room, 0xEE, sizeof room);
        room.info.cb = sizes[i];
        assert_int_equal(DdeQueryConvInfo(t.conv, QID_SYNC, &room.info), written);
        for (size_t k = written; k < sizeof room.bytes; k++)
            assert_int_equal(room.bytes[k], 0xEE);
    }
}

static struct raw raging;

static int raging_up(void **state)
{
    (void)state;
    raw_books_open();
    raw_open(&raging);
    ours_open(0);
    ours_serve();
    return raw_connect(&raging) ? 0 : -1;
}

static int raging_down(void **state)
{
    (void)state;
    raging.on = NULL;
    DdemlSetDeadlines(0, 100); /* it confirms nothing */
    ours_close();
    parties_down(state);
    raw_die(&raging);
    test_pump_all();
    test_ledger_is_empty();
    raw_books_give_up();
    raw_books_close();
    return 0;
}

static bool is_raged_at(void)
{
    CONVINFO info = {.cb = sizeof info};

    return DdeQueryConvInfo(ours.conv, QID_SYNC, &info) && info.wStatus & ST_CONNECTED;
}

static void c25_bad_messages_close_at_most_their_own_conversation(void **state)
{
    struct talk t = talk();

    (void)state;
    raw_seed(170626);
    raw_name("RawOther");
    raging.on = raw_rave;
    raging.rude = true;
    for (int i = 0; i < STORM; i++) {
        if (!is_raged_at()) {
            raging.closing = false;
            assert_true(raw_connect(&raging));
        }
        raw_rage(&raging, raging.partner, 8);
        raw_forget(&raging);
        if (i % 7 == 0)
            test_pump_all();
    }
    test_pump_all();
    still_works(t.client, t.conv);
    assert_int_equal(party_count(t.client, XTYP_DISCONNECT), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        party_test(c01_adding_to_or_from_nothing_is_an_error),
        party_test(c02_a_data_handle_keeps_its_value_however_the_object_grows),
        party_test(c03_both_sides_may_end_a_conversation_at_once_and_inside_callbacks),
        party_test(c04_the_partner_may_destroy_everything_when_it_hears_of_the_end),
        party_test(c05_threads_that_end_together_destroy_each_conversation_once),
        party_test(c06_an_end_and_a_timeout_that_meet_make_one_disconnect),
        party_test(c07_garbage_is_not_freed),
        party_test(c08_what_is_lent_to_a_callback_is_freed_once_by_the_library),
        party_test(c09_true_and_other_small_values_are_no_data),
        party_test(c10_a_monitor_is_told_of_a_block_and_finds_no_data_in_it),
        party_test(c11_a_monitor_may_go_at_any_moment),
        party_test(c12_an_instance_may_be_made_before_main_begins_and_after_it_ends),
        party_test(c13_an_item_may_be_posted_inside_its_own_advreq),
        party_test(c14_a_name_that_is_too_long_is_refused_and_harms_nothing),
        party_test(c15_nobody_can_release_the_names_of_another),
        party_test(c16_a_name_is_released_as_often_as_it_was_made),
        party_test(c17_only_a_packed_parameter_unpacks),
        party_test(c18_no_text_and_an_empty_one_do_no_harm),
        party_test(c19_an_empty_name_stands_for_any_and_does_no_harm),
        party_test(c20_loops_may_be_started_refused_updated_and_stopped_in_any_order),
        party_test(c21_a_server_that_ends_the_conversation_during_a_call_has_died),
        party_test(c22_no_callback_comes_after_the_end_of_its_instance),
        party_test(c23_a_callback_finds_the_programs_own_value_with_the_conversation),
        party_test(c24_no_part_of_a_handle_stands_for_the_whole),
        cmocka_unit_test_setup_teardown(c25_bad_messages_close_at_most_their_own_conversation, raging_up,
                                        raging_down),
        party_test(c27_as_much_of_the_information_is_written_as_there_is_room_for),
        party_test(c28_any_order_of_transactions_is_legal),
        party_test(c29_a_dead_foreign_or_random_handle_cannot_be_accessed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
