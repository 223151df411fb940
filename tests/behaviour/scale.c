/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Numbers that the system's DDEML does not reach: requests on one conversation, conversations between the
 * same two programs on one topic, pairs of connect and disconnect. Nothing here is timed; tests/bench does
 * that. */

#include "support/support.h"

#include <stdlib.h>

#ifdef _WIN32
enum { REQUESTS = 5000, CONVERSATIONS = 1000, PAIRS = 2000, PARALLEL = 1000 };
#else
enum { REQUESTS = 5000, CONVERSATIONS = 1000, PAIRS = 2000, PARALLEL = 10000 };
#endif

/* The server and the client are two instances, on one thread or on two. */
static DWORD server, client;
static HSZ server_item;
static volatile int confirmed, updates, ended;

static HDDEDATA CALLBACK server_callback(UINT type, UINT fmt, HCONV conv, HSZ topic, HSZ item, HDDEDATA data,
                                         ULONG_PTR d1, ULONG_PTR d2)
{
    (void)conv, (void)topic, (void)data, (void)d1, (void)d2;
    switch (type) {
    case XTYP_CONNECT:
    case XTYP_ADVSTART:
        return (HDDEDATA)(uintptr_t)TRUE;
    case XTYP_CONNECT_CONFIRM:
        confirmed++;
        return 0;
    case XTYP_DISCONNECT:
        ended++;
        return 0;
    case XTYP_REQUEST:
    case XTYP_ADVREQ:
        return DdeCreateDataHandle(server, (LPBYTE) "price", 6, 0, item, fmt, 0);
    case XTYP_EXECUTE:
        return (HDDEDATA)(uintptr_t)(DdePostAdvise(server, 0, server_item) ? DDE_FACK : DDE_FNOTPROCESSED);
    default:
        return 0;
    }
}

static HDDEDATA CALLBACK client_callback(UINT type, UINT fmt, HCONV conv, HSZ topic, HSZ item, HDDEDATA data,
                                         ULONG_PTR d1, ULONG_PTR d2)
{
    (void)fmt, (void)conv, (void)topic, (void)item, (void)data, (void)d1, (void)d2;
    if (type == XTYP_ADVDATA)
        updates++;
    return (HDDEDATA)(uintptr_t)DDE_FACK;
}

static void start_server(void)
{
    HSZ name;

    server = 0;
    assert_int_equal(DdeInitializeA(&server, server_callback, 0, 0), DMLERR_NO_ERROR);
    name = DdeCreateStringHandleA(server, "Scale", CP_WINANSI);
    server_item = DdeCreateStringHandleA(server, "Item", CP_WINANSI);
    assert_true(DdeNameService(server, name, 0, DNS_REGISTER) != 0);
}

static HSZ service, topic, item;

static void start_client(void)
{
    client = 0;
    assert_int_equal(DdeInitializeA(&client, client_callback, 0, 0), DMLERR_NO_ERROR);
    service = DdeCreateStringHandleA(client, "Scale", CP_WINANSI);
    topic = DdeCreateStringHandleA(client, "Topic", CP_WINANSI);
    item = DdeCreateStringHandleA(client, "Item", CP_WINANSI);
}

static int one_thread_up(void **state)
{
    (void)state;
    confirmed = updates = ended = 0;
    start_server();
    start_client();
    return 0;
}

static int one_thread_down(void **state)
{
    (void)state;
    assert_true(DdeUninitialize(client));
    assert_true(DdeUninitialize(server));
    test_ledger_is_empty();
    return 0;
}

static HCONV connected(void)
{
    HCONV conv = DdeConnect(client, service, topic, NULL);

    if (!conv)
        fail_msg("DdeConnect failed: 0x%04x", DdeGetLastError(client));
    return conv;
}

static bool transact(HCONV conv, HSZ on, UINT type)
{
    return DdeClientTransaction((LPBYTE) "go", type == XTYP_EXECUTE ? 3 : 0, conv, on, CF_TEXT, type,
                                TEST_PATIENCE_MS, NULL) != 0;
}

static void many_requests_on_one_conversation(void **state)
{
    HCONV conv = connected();
    char text[8];

    (void)state;
    for (int i = 0; i < REQUESTS; i++) {
        HDDEDATA data =
            DdeClientTransaction(NULL, 0, conv, item, CF_TEXT, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);

        assert_true(data != 0);
        assert_int_equal(DdeGetData(data, (LPBYTE)text, sizeof text, 0), 6);
        assert_string_equal(text, "price");
        assert_true(DdeFreeDataHandle(data));
    }
    assert_true(DdeDisconnect(conv));
}

static void every_conversation_on_one_topic_has_its_own_link(void **state)
{
    HCONV *convs = calloc(CONVERSATIONS, sizeof *convs);

    (void)state;
    for (int i = 0; i < CONVERSATIONS; i++) {
        convs[i] = connected();
        assert_true(transact(convs[i], item, XTYP_ADVSTART));
    }
    assert_int_equal(confirmed, CONVERSATIONS);
    assert_true(DdePostAdvise(server, 0, server_item));
    test_pump_all();
    assert_int_equal(updates, CONVERSATIONS);
    for (int i = 0; i < CONVERSATIONS; i++)
        assert_true(DdeDisconnect(convs[i]));
    test_pump_all();
    assert_int_equal(ended, CONVERSATIONS);
    free(convs);
}

static void post_advise_inside_execute_reaches_the_client(void **state)
{
    HCONV conv = connected();

    (void)state;
    assert_true(transact(conv, item, XTYP_ADVSTART));
    assert_true(transact(conv, 0, XTYP_EXECUTE));
    test_pump_all();
    assert_int_equal(updates, 1);
    assert_true(DdeDisconnect(conv));
}

static void pairs_of_connect_and_disconnect_leave_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < PAIRS; i++)
        assert_true(DdeDisconnect(connected()));
    test_pump_all();
    assert_int_equal(ended, PAIRS);
}

/* ---- Two threads -------------------------------------------------------------------------------------- */

struct remote_server {
    struct test_event *ready, *stop;
};

static void run_server(void *arg)
{
    struct remote_server *remote = arg;

    start_server();
    test_event_set(remote->ready);
    test_event_pump(remote->stop, 10 * TEST_PATIENCE_MS);
    DdeUninitialize(server);
}

static void threads_keep_thousands_of_conversations(void **state)
{
    struct remote_server remote = {test_event_new(), test_event_new()};
    struct test_thread *thread = test_thread_start(run_server, &remote);
    HCONV *convs = calloc(PARALLEL, sizeof *convs);

    (void)state;
    confirmed = updates = ended = 0;
    assert_true(test_event_wait(remote.ready, TEST_PATIENCE_MS));
    start_client();
    for (int i = 0; i < PARALLEL; i++)
        convs[i] = connected();
    assert_true(transact(convs[PARALLEL / 2], item, XTYP_ADVSTART));
    for (int i = 0; i < PARALLEL; i++)
        assert_true(DdeDisconnect(convs[i]));
    assert_true(DdeUninitialize(client));
    test_event_set(remote.stop);
    test_thread_join(thread);
    assert_int_equal(confirmed, PARALLEL);
    assert_int_equal(ended, PARALLEL);
    free(convs);
    test_event_free(remote.ready);
    test_event_free(remote.stop);
}

static int threads_down(void **state)
{
    (void)state;
    test_ledger_is_empty();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rule_with("4.4", many_requests_on_one_conversation, one_thread_up, one_thread_down),
        rule_with("6.4", every_conversation_on_one_topic_has_its_own_link, one_thread_up, one_thread_down),
        rule_with("6.4", post_advise_inside_execute_reaches_the_client, one_thread_up, one_thread_down),
        rule_with("4.3", pairs_of_connect_and_disconnect_leave_nothing, one_thread_up, one_thread_down),
        rule_with("4.3", threads_keep_thousands_of_conversations, NULL, threads_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
