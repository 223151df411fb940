/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Known bugs, group S: limits and scale. Each test bears the number of its row in docs/known-bugs.md;
 * docs/limits.md lists the limits. S-04 stands in tests/faults/regress.c. */

#include "support/ours.h"
#include "support/party.h"

#include <stdlib.h>

/* How much of what the row is about; making a conversation takes milliseconds under Wine. */
#ifdef _WIN32
enum {
    CONVERSATIONS = 30,
    ROUNDS = 3,
    PARTNERS = 20,
    NAMES = 300,
    UPDATES = 300,
    BIG = 700 * 1024,
    NUMBERS = 50000,
    TOPICS = 3,
    ITEMS = 100,
    THREADS = 3,
    INSTANCES = 3,
};
#else
enum {
    CONVERSATIONS = 500,
    ROUNDS = 5,
    PARTNERS = 300,  /* more than NetDDE's 254 */
    NAMES = 0x4000,  /* more than the table of names has room for */
    UPDATES = 12000, /* more than a queue holds */
    BIG = 16 * 1024 * 1024,
    NUMBERS = 100000,
    TOPICS = 10,
    ITEMS = 300,
    THREADS = 8,
    INSTANCES = 8,
};
#endif

struct talk {
    struct party *server, *client;
    HCONV conv;
};

static struct talk talk(void)
{
    struct talk t = {party_serve(0), party_open(0), 0};

    t.conv = party_connect(t.client, SERVICE, TOPIC);
    return t;
}

static char *long_text(size_t n)
{
    static char text[65537];

    assert_true(n < sizeof text);
    memset(text, 'n', n);
    text[n] = 0;
    return text;
}

static void still_works(struct party *client, HCONV conv)
{
    HDDEDATA data = party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);

    assert_non_null(data);
    assert_true(DdeFreeDataHandle(data));
}

static int held(const char *column, DWORD id)
{
    DDEMLLEDGER ledger = {.cb = sizeof ledger};

    assert_true(DdemlGetLedger(id, &ledger));
    return !strcmp(column, "windows") ? (int)ledger.windows : (int)ledger.conversations;
}

/* ---- Names --------------------------------------------------------------------------------------------- */

static void s01_a_name_of_255_characters_works_and_a_longer_one_is_refused(void **state)
{
    static const size_t too_long[] = {256, 257, 4096, 10000, 65536};
    struct party *server = party_open(0), *client = party_open(0);
    char *text = long_text(255);
    HDDEDATA data;
    HCONV conv;

    (void)state;
    party_register(server, text);
    conv = party_connect(client, text, text);
    data = DdeClientTransaction(NULL, 0, conv, party_text(client, text), CF_TEXT, XTYP_REQUEST,
                                TEST_PATIENCE_MS, NULL);
    assert_non_null(data);
    assert_true(DdeFreeDataHandle(data));
    assert_int_equal(strlen(party_last(server, XTYP_REQUEST)->text2), 255);
    for (size_t i = 0; i < sizeof too_long / sizeof *too_long; i++) {
        assert_null(DdeCreateStringHandleA(client->id, long_text(too_long[i]), CP_WINANSI));
        assert_error(client, DMLERR_SYS_ERROR);
    }
    still_works(client, conv);
}

static void s02_an_item_as_long_as_a_url_is_refused_and_the_conversation_goes_on(void **state)
{
    struct talk t = talk();
    HSZ item = DdeCreateStringHandleA(t.client->id, long_text(2083), CP_WINANSI);

    (void)state;
    assert_null(item);
    assert_error(t.client, DMLERR_SYS_ERROR);
    assert_null(DdeClientTransaction(NULL, 0, t.conv, item, CF_TEXT, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
    still_works(t.client, t.conv);
}

/* On Windows the table of names is everybody's: the test takes part of it only. */
static void s07_one_program_that_makes_many_names_does_not_take_those_of_another(void **state)
{
    struct talk t = talk();
    struct party *greedy = party_open(0);
    HSZ *names = calloc(NAMES, sizeof *names);
    char text[32];
    int n = 0;

    (void)state;
    still_works(t.client, t.conv); /* has its names */
    for (; n < NAMES; n++) {
        snprintf(text, sizeof text, "name %d", n);
        names[n] = DdeCreateStringHandleA(greedy->id, text, CP_WINANSI);
        if (!names[n])
            break;
    }
#ifdef _WIN32
    assert_int_equal(n, NAMES);
#else
    assert_true(n < NAMES); /* the table is full, and that is an error */
    assert_error(greedy, DMLERR_SYS_ERROR);
#endif
    still_works(t.client, t.conv);
    assert_true(DdeCreateStringHandleA(t.client->id, SERVICE, CP_WINANSI));
    while (n)
        assert_true(DdeFreeStringHandle(greedy->id, names[--n]));
    assert_true(DdeCreateStringHandleA(greedy->id, "room again", CP_WINANSI));
    free(names);
}

/* ---- Conversations and partners ------------------------------------------------------------------------ */

static void s03_many_conversations_end_without_an_error_and_leave_no_window(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HSZ service = party_text(client, SERVICE), topic = party_text(client, TOPIC);
    int windows = held("windows", 0);
    HCONV convs[CONVERSATIONS];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CONVERSATIONS; i++) {
            convs[i] = DdeConnect(client->id, service, topic, NULL);
            assert_non_null(convs[i]);
        }
        for (int i = 0; i < CONVERSATIONS; i++)
            assert_true(DdeDisconnect(convs[i]));
        test_pump_all();
        assert_int_equal(held("windows", 0), windows);
        assert_int_equal(held("conversations", 0), 0);
    }
    assert_int_equal(party_count(server, XTYP_DISCONNECT), ROUNDS * CONVERSATIONS);
    assert_error(client, DMLERR_NO_ERROR);
    assert_error(server, DMLERR_NO_ERROR);
}

static void s05_conversations_that_are_never_ended_stand_in_the_ledger_of_who_opened_them(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0), *other = party_open(0);

    (void)state;
    for (int i = 0; i < 40; i++)
        party_connect(client, SERVICE, TOPIC);
    assert_int_equal(held("conversations", client->id), 40);
    assert_int_equal(held("conversations", server->id), 40);
    assert_int_equal(held("conversations", other->id), 0);
}

static struct raw *partners;

static int partners_up(void **state)
{
    (void)state;
    raw_books_open();
    partners = calloc(PARTNERS, sizeof *partners);
    ours_open(0);
    ours_serve();
    return 0;
}

static int partners_down(void **state)
{
    (void)state;
    ours_close();
    for (int i = 0; i < PARTNERS; i++)
        raw_die(&partners[i]);
    free(partners);
    test_pump_all();
    test_ledger_is_empty();
    raw_books_close();
    return 0;
}

static void s06_there_is_no_set_number_of_partners(void **state)
{
    (void)state;
    for (int i = 0; i < PARTNERS; i++) {
        raw_open(&partners[i]);
        assert_true(raw_connect(&partners[i]));
    }
    assert_int_equal(ours_calls(XTYP_CONNECT_CONFIRM), PARTNERS);
    for (int i = 0; i < PARTNERS; i++)
        raw_terminate(&partners[i]);
    for (int i = 0; i < PARTNERS; i++)
        raw_expect_terminate(&partners[i], 1);
    assert_int_equal(ours_calls(XTYP_DISCONNECT), PARTNERS);
}

static bool told_name(const struct party *p, HSZ name)
{
    char text[256];

    DdeQueryStringA(p->id, name, text, sizeof text, CP_WINANSI);
    return strncmp(text, SERVICE, strlen(SERVICE)) == 0;
}

static HSZ specific[2];

static bool note_specific(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_REGISTER && told_name(p, c->hsz2)) {
        DdeKeepStringHandle(p->id, c->hsz2);
        specific[specific[0] != 0] = c->hsz2;
    }
    return false;
}

static void s15_two_servers_of_one_name_are_both_reachable(void **state)
{
    struct party *client = party_open(0), *servers[2];

    (void)state;
    specific[0] = specific[1] = 0;
    client->hook = note_specific;
    servers[0] = party_serve(0);
    servers[1] = party_serve(0);
    assert_true(specific[0] && specific[1]);
    for (int i = 0; i < 2; i++)
        assert_non_null(DdeConnect(client->id, specific[i], party_text(client, TOPIC), NULL));
    assert_int_equal(party_count(servers[0], XTYP_CONNECT_CONFIRM), 1);
    assert_int_equal(party_count(servers[1], XTYP_CONNECT_CONFIRM), 1);
}

static bool take_one_client(struct party *p, const struct call *c, HDDEDATA *result)
{
    *result = (HDDEDATA)(uintptr_t)(party_count(p, XTYP_CONNECT_CONFIRM) == party_count(p, XTYP_DISCONNECT));
    return c->type == XTYP_CONNECT;
}

static void s16_a_server_may_refuse_a_second_client_and_take_it_later(void **state)
{
    struct talk t = {party_serve(0), party_open(0), 0};
    HSZ service = party_text(t.client, SERVICE), topic = party_text(t.client, TOPIC);

    (void)state;
    t.server->hook = take_one_client;
    t.conv = party_connect(t.client, SERVICE, TOPIC);
    for (int i = 0; i < 10; i++) {
        assert_null(DdeConnect(t.client->id, service, topic, NULL));
        assert_error(t.client, DMLERR_NO_CONV_ESTABLISHED);
    }
    still_works(t.client, t.conv);
    assert_true(DdeDisconnect(t.conv));
    test_pump_all();
    still_works(t.client, party_connect(t.client, SERVICE, TOPIC));
}

/* ---- Queues -------------------------------------------------------------------------------------------- */

static bool count_up(struct party *p, const struct call *c, HDDEDATA *result)
{
    char text[16];

    if (c->type != XTYP_ADVREQ)
        return false;
    snprintf(text, sizeof text, "%u", party_count(p, XTYP_ADVREQ));
    *result = party_data(p, text, c->hsz2, c->fmt, 0);
    return true;
}

struct arrival {
    const struct party *client;
    unsigned n;
};

static bool has_arrived(void *arg)
{
    const struct arrival *a = arg;

    return party_count(a->client, XTYP_ADVDATA) >= a->n;
}

/* What the queue had no room for is posted a little later. */
static void all_arrive(const struct talk *t, unsigned n)
{
    struct arrival a = {t->client, n};

    test_pump_until(has_arrived, &a, TEST_PATIENCE_MS);
    test_pump_all();
    assert_int_equal(party_count(t->client, XTYP_ADVDATA), n);
}

static void s08_more_updates_than_a_queue_holds_all_arrive_in_order(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = count_up;
    assert_non_null(party_transact(t.client, t.conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    party_forget(t.client);
    for (int i = 0; i < UPDATES; i++)
        assert_true(party_post(t.server, TOPIC, ITEM)); /* the client dispatches nothing meanwhile */
    all_arrive(&t, UPDATES);
    for (unsigned i = 0; i < UPDATES; i++)
        assert_int_equal(atoi((const char *)party_call(t.client, XTYP_ADVDATA, i)->bytes), i + 1);
}

/* Wine's queues have no end; tests/faults/overrun.c shows the same there with a queue that pretends to be
 * full.
 */
static void s09_a_server_that_outruns_its_client_is_told_before_updates_are_lost(void **state)
{
    struct talk t = talk();
    unsigned posted = 0;

    (void)state;
    assert_non_null(party_transact(t.client, t.conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
#ifdef _WIN32
    while (posted < UPDATES && party_post(t.server, TOPIC, ITEM))
        posted++;
    assert_int_equal(party_count(t.server, XTYP_ERROR), 0);
#else
    while (!party_count(t.server, XTYP_ERROR) && posted < 100000 && party_post(t.server, TOPIC, ITEM))
        posted++;
    assert_int_equal(party_count(t.server, XTYP_ERROR), 1);
    assert_int_equal(party_last(t.server, XTYP_ERROR)->data1 & 0xFFFF, DMLERR_LOW_MEMORY);
    while (posted < 100000 && party_post(t.server, TOPIC, ITEM))
        posted++;
    assert_true(posted < 100000); /* there is an end, and it is an error */
    assert_error(t.server, DMLERR_POSTMSG_FAILED);
    assert_int_equal(party_count(t.server, XTYP_ERROR), 1);
#endif
    all_arrive(&t, posted); /* what was accepted is not lost */
    still_works(t.client, t.conv);
}

/* ---- Sizes --------------------------------------------------------------------------------------------- */

static unsigned char *pattern(size_t size)
{
    unsigned char *bytes = malloc(size);

    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(i * 7 + i / 251);
    return bytes;
}

static struct {
    const unsigned char *bytes;
    DWORD size;
    bool equal;
} expected;

static bool is_expected(HDDEDATA data)
{
    DWORD size = 0;
    const BYTE *bytes = DdeAccessData(data, &size);
    bool equal = bytes && size == expected.size && !memcmp(bytes, expected.bytes, size);

    DdeUnaccessData(data);
    return equal;
}

static bool give_and_take(struct party *p, const struct call *c, HDDEDATA *result)
{
    if (c->type == XTYP_POKE) {
        expected.equal = is_expected(c->data);
        *result = (HDDEDATA)(uintptr_t)DDE_FACK;
        return true;
    }
    if (c->type != XTYP_REQUEST)
        return false;
    *result =
        DdeCreateDataHandle(p->id, (LPBYTE)(uintptr_t)expected.bytes, expected.size, 0, c->hsz2, c->fmt, 0);
    return true;
}

/* There and back again. */
static void travels(const struct talk *t, DWORD size)
{
    unsigned char *bytes = pattern(size);
    HDDEDATA data;

    t->server->hook = give_and_take;
    expected.bytes = bytes;
    expected.size = size;
    expected.equal = false;
    assert_non_null(DdeClientTransaction(bytes, size, t->conv, party_text(t->client, ITEM), CF_TEXT,
                                         XTYP_POKE, TEST_PATIENCE_MS, NULL));
    assert_true(expected.equal);
    data = party_transact(t->client, t->conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
    assert_non_null(data);
    assert_true(is_expected(data));
    assert_true(DdeFreeDataHandle(data));
    free(bytes);
}

static void s10_data_may_be_larger_than_64_kib(void **state)
{
    static const DWORD sizes[] = {1, 65529, 65535, 65536, 65537, BIG};
    struct talk t = talk();
    BYTE byte = 0;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        travels(&t, sizes[i]);
    if (host_post_limit() < SIZE_MAX) { /* Wine's, which loses what is larger */
        DWORD largest = (DWORD)host_post_limit() - WIRE_HEADER;
        unsigned char *bytes = pattern(largest + 1);

        travels(&t, largest);
        assert_null(DdeClientTransaction(bytes, largest + 1, t.conv, party_text(t.client, ITEM), CF_TEXT,
                                         XTYP_POKE, TEST_PATIENCE_MS, NULL));
        assert_error(t.client, DMLERR_MEMORY_ERROR);
        free(bytes);
    }
    /* What no message could carry is refused when it is made. */
    assert_null(DdeCreateDataHandle(t.client->id, &byte, 1, 0xFFFFFFFB, 0, CF_TEXT, 0));
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
}

static void s11_a_table_of_many_numbers_travels_as_one_object(void **state)
{
    struct talk t = talk();

    (void)state;
    travels(&t, NUMBERS * sizeof(double) / (sizeof(void *) > 4 ? 1 : 2));
}

/* ---- Links --------------------------------------------------------------------------------------------- */

static bool refuse_other_formats(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = (HDDEDATA)(uintptr_t)(c->fmt == CF_TEXT);
    return c->type == XTYP_ADVSTART;
}

static void s12_many_links_cost_one_conversation_per_topic_and_one_question_each(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    char text[32];

    (void)state;
    server->hook = refuse_other_formats;
    for (int topic = 0; topic < TOPICS; topic++) {
        HCONV conv;

        snprintf(text, sizeof text, "topic %d", topic);
        conv = party_connect(client, SERVICE, text);
        for (int item = 0; item < ITEMS; item++) {
            HSZ hsz;

            snprintf(text, sizeof text, "item %d", item);
            hsz = party_text(client, text);
            assert_null(DdeClientTransaction(NULL, 0, conv, hsz, CF_UNICODETEXT, XTYP_ADVSTART,
                                             TEST_PATIENCE_MS, NULL));
            assert_non_null(
                DdeClientTransaction(NULL, 0, conv, hsz, CF_TEXT, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
        }
    }
    assert_int_equal(party_count(server, XTYP_CONNECT), TOPICS);
    assert_int_equal(party_count(server, XTYP_ADVSTART), 2 * TOPICS * ITEMS);
    party_forget(server);
    assert_true(DdePostAdvise(server->id, 0, party_text(server, "item 1")));
    test_pump_all();
    assert_int_equal(party_count(server, XTYP_ADVREQ), TOPICS);
    assert_int_equal(party_count(client, XTYP_ADVDATA), TOPICS);
}

/* ---- Time ---------------------------------------------------------------------------------------------- */

static struct raw silent;

static int silent_up(void **state)
{
    (void)state;
    raw_books_open();
    raw_open(&silent);
    silent.serves = silent.rude = true;
    ours_open(APPCMD_CLIENTONLY);
    return 0;
}

static int silent_down(void **state)
{
    (void)state;
    ours_close();
    raw_die(&silent);
    test_pump_all();
    DdemlSetDeadlines(0, 30 * TEST_PATIENCE_MS);
    test_ledger_is_empty();
    raw_books_close();
    return 0;
}

/* Nothing but time tells this from the 30 s that are set at first. */
static void s13_the_wait_for_a_silent_partner_at_the_end_is_a_parameter(void **state)
{
    uint64_t began = test_now_ms();

    (void)state;
    assert_true(DdemlSetDeadlines(0, 200));
    assert_true(ours_connect());
    assert_true(DdeUninitialize(ours.id));
    ours.id = 0;
    assert_true(test_now_ms() - began < TEST_PATIENCE_MS);
}

/* ---- Instances and threads ----------------------------------------------------------------------------- */

/* Which instance a thread is just working with, and how often it has been asked. */
static _Thread_local DWORD at_work;
static _Thread_local int asked;

static HDDEDATA CALLBACK serve_myself(UINT type, UINT fmt, HCONV conv, HSZ topic, HSZ item, HDDEDATA data,
                                      ULONG_PTR d1, ULONG_PTR d2)
{
    (void)conv, (void)topic, (void)data, (void)d1, (void)d2;
    if (type == XTYP_CONNECT)
        return (HDDEDATA)(uintptr_t)TRUE;
    if (type != XTYP_REQUEST)
        return 0;
    asked++;
    return DdeCreateDataHandle(at_work, (LPBYTE) "x", 2, 0, item, fmt, 0);
}

/* One instance's life with itself, beside those that the thread has already; the deepest one's first. */
static bool nest(unsigned thread, unsigned n)
{
    DWORD id = 0;
    bool good = DdeInitializeA(&id, serve_myself, CBF_SKIP_ALLNOTIFICATIONS, 0) == DMLERR_NO_ERROR;
    char text[32];
    HSZ service;
    HCONV conv;
    HDDEDATA data;

    snprintf(text, sizeof text, "thread %u instance %u", thread, n);
    service = DdeCreateStringHandleA(id, text, CP_WINANSI);
    good = good && DdeNameService(id, service, 0, DNS_REGISTER);
    if (n + 1 < INSTANCES)
        good = nest(thread, n + 1) && good;
    at_work = id;
    conv = DdeConnect(id, service, service, NULL);
    data = DdeClientTransaction(NULL, 0, conv, service, CF_TEXT, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
    good = good && conv && data && DdeFreeDataHandle(data);
    return DdeUninitialize(id) && good;
}

struct worker {
    struct test_thread *thread;
    unsigned number;
    bool good;
};

static void work(void *arg)
{
    struct worker *w = arg;

    w->good = nest(w->number, 0) && asked == INSTANCES;
}

static void s14_many_instances_on_many_threads_transact_at_the_same_time(void **state)
{
    struct worker workers[THREADS];

    (void)state;
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.number = i};
        workers[i].thread = test_thread_start(work, &workers[i]);
    }
    for (unsigned i = 0; i < THREADS; i++)
        test_thread_join(workers[i].thread);
    for (unsigned i = 0; i < THREADS; i++)
        assert_true(workers[i].good);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        party_test(s01_a_name_of_255_characters_works_and_a_longer_one_is_refused),
        party_test(s02_an_item_as_long_as_a_url_is_refused_and_the_conversation_goes_on),
        party_test(s03_many_conversations_end_without_an_error_and_leave_no_window),
        party_test(s05_conversations_that_are_never_ended_stand_in_the_ledger_of_who_opened_them),
        cmocka_unit_test_setup_teardown(s06_there_is_no_set_number_of_partners, partners_up, partners_down),
        party_test(s07_one_program_that_makes_many_names_does_not_take_those_of_another),
        party_test(s08_more_updates_than_a_queue_holds_all_arrive_in_order),
        party_test(s09_a_server_that_outruns_its_client_is_told_before_updates_are_lost),
        party_test(s10_data_may_be_larger_than_64_kib),
        party_test(s11_a_table_of_many_numbers_travels_as_one_object),
        party_test(s12_many_links_cost_one_conversation_per_topic_and_one_question_each),
        cmocka_unit_test_setup_teardown(s13_the_wait_for_a_silent_partner_at_the_end_is_a_parameter,
                                        silent_up, silent_down),
        party_test(s14_many_instances_on_many_threads_transact_at_the_same_time),
        party_test(s15_two_servers_of_one_name_are_both_reachable),
        party_test(s16_a_server_may_refuse_a_second_client_and_take_it_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
