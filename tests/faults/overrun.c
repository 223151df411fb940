/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* XTYP_ERROR (docs/conformance.md, 2.6, 5, 6.4): a partner's queue is full, and more than half of what a
 * conversation may hold back is being held back. The queue is full when the test says so, which needs no real
 * one. */

#ifndef _WIN32
#include <pthread.h>
#endif
#include <stdlib.h>

#include "host/host.h"
#include "support/party.h"
#include "wire/wire.h"

enum { HALF = WIRE_BACKLOG_LIMIT / 2 };

/* No WM_DDE_* message goes through while this is set. */
static bool full;

int __real_host_post(const struct host_msg *msg);
int __wrap_host_post(const struct host_msg *msg);

int __wrap_host_post(const struct host_msg *msg)
{
    if (full && msg->id >= WIRE_TERMINATE && msg->id <= WIRE_LAST)
        return HOST_FULL;
    return __real_host_post(msg);
}

static int down(void **state)
{
    full = false;
    return parties_down(state);
}

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

static void start(const struct talk *t, HCONV conv)
{
    assert_non_null(party_transact(t->client, conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
}

static void post(const struct talk *t, unsigned n)
{
    while (n--)
        assert_true(party_post(t->server, TOPIC, ITEM));
}

static unsigned told(const struct party *p)
{
    return party_count(p, XTYP_ERROR);
}

/* ---- When ---------------------------------------------------------------------------------------------- */

static void the_server_is_told_once_when_more_than_half_is_held_back(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, t.conv);
    full = true;
    post(&t, HALF);
    assert_int_equal(told(t.server), 0);
    post(&t, 1);
    assert_int_equal(told(t.server), 1);
    post(&t, HALF - 1);
    assert_int_equal(told(t.server), 1);
    assert_false(party_post(t.server, TOPIC, ITEM));
    assert_error(t.server, DMLERR_POSTMSG_FAILED);
    assert_int_equal(told(t.server), 1);
    assert_int_equal(told(t.client), 0);
}

static void it_names_the_conversation_and_low_memory_and_nothing_else(void **state)
{
    struct talk t = talk();
    const struct call *c;

    (void)state;
    start(&t, t.conv);
    full = true;
    post(&t, HALF + 1);
    c = party_last(t.server, XTYP_ERROR);
    assert_ptr_equal(c->conv, t.server->server);
    assert_int_equal(c->data1 & 0xFFFF, DMLERR_LOW_MEMORY);
    assert_int_equal(c->fmt, 0);
    assert_true(!c->hsz1 && !c->hsz2 && !c->data);
    assert_int_equal(c->data2, 0);
    assert_error(t.server, DMLERR_NO_ERROR);
}

static void what_was_held_back_arrives_and_then_it_may_be_told_again(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, t.conv);
    full = true;
    post(&t, HALF + 1);
    full = false;
    post(&t, 1); /* takes the others along */
    test_pump_all();
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), HALF + 2);
    full = true;
    post(&t, HALF);
    assert_int_equal(told(t.server), 1);
    post(&t, 1);
    assert_int_equal(told(t.server), 2);
}

static void each_conversation_is_told_of_by_itself(void **state)
{
    struct talk t = talk();
    HCONV second = party_connect(t.client, SERVICE, TOPIC);

    (void)state;
    start(&t, t.conv);
    start(&t, second);
    full = true;
    post(&t, HALF + 10);
    assert_int_equal(told(t.server), 2);
    assert_ptr_not_equal(party_call(t.server, XTYP_ERROR, 0)->conv,
                         party_call(t.server, XTYP_ERROR, 1)->conv);
}

static void a_client_is_told_of_its_own_transactions(void **state)
{
    struct talk t = talk();

    (void)state;
    full = true;
    for (unsigned i = 0; i <= HALF; i++) {
        assert_int_equal(told(t.client), 0);
        assert_non_null(party_send(t.client, t.conv, XTYP_POKE, "x", TIMEOUT_ASYNC, NULL));
    }
    assert_int_equal(told(t.client), 1);
    assert_ptr_equal(party_last(t.client, XTYP_ERROR)->conv, t.conv);
    assert_int_equal(told(t.server), 0);
}

static void a_server_is_told_of_its_answers(void **state)
{
    struct talk t = talk();

    (void)state;
    for (unsigned i = 0; i <= HALF; i++)
        assert_non_null(party_transact(t.client, t.conv, XTYP_REQUEST, TIMEOUT_ASYNC, NULL));
    full = true;
    test_pump_all();
    assert_int_equal(party_count(t.server, XTYP_REQUEST), HALF + 1);
    assert_int_equal(told(t.server), 1);
}

/* ---- What the callback may do -------------------------------------------------------------------------- */

static bool make_room(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_ERROR) {
        full = false;
        assert_true(party_post(p, TOPIC, ITEM));
    }
    return false;
}

static void the_callback_may_post_more(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, t.conv);
    t.server->hook = make_room;
    full = true;
    post(&t, HALF + 1);
    test_pump_all();
    assert_int_equal(told(t.server), 1);
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), HALF + 2);
}

static bool hang_up(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_ERROR) {
        full = false;
        assert_true(DdeDisconnect(c->conv));
    }
    return false;
}

static void the_callback_may_end_the_conversation(void **state)
{
    struct talk t = talk();
    HCONV second = party_connect(t.client, SERVICE, TOPIC);

    (void)state;
    start(&t, t.conv);
    start(&t, second);
    t.server->hook = hang_up;
    full = true;
    post(&t, HALF + 1);
    test_pump_all();
    assert_int_equal(told(t.server), 1); /* with the room that this made the other one goes on */
    assert_int_equal(party_count(t.client, XTYP_DISCONNECT), 1);
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), HALF + 1);
}

static bool leave(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_ERROR) {
        full = false;
        party_close(p);
    }
    return false;
}

static void the_callback_may_end_the_instance(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, t.conv);
    t.server->hook = leave;
    full = true;
    post(&t, HALF);
    party_post(t.server, TOPIC, ITEM);
    test_pump_all();
    assert_int_equal(t.server->id, 0);
    assert_int_equal(party_count(t.client, XTYP_DISCONNECT), 1);
}

static void a_waiting_client_may_end_its_conversation(void **state)
{
    struct talk t = talk();

    (void)state;
    t.client->hook = hang_up;
    full = true;
    for (unsigned i = 0; i < HALF; i++)
        assert_non_null(party_send(t.client, t.conv, XTYP_POKE, "x", TIMEOUT_ASYNC, NULL));
    assert_null(party_send(t.client, t.conv, XTYP_POKE, "x", TEST_PATIENCE_MS, NULL));
    assert_error(t.client, DMLERR_NO_CONV_ESTABLISHED);
    assert_int_equal(told(t.client), 1);
}

static void a_client_may_end_its_instance_while_it_waits_or_posts(void **state)
{
    static const DWORD timeouts[] = {TEST_PATIENCE_MS, TIMEOUT_ASYNC};

    (void)state;
    for (int k = 0; k < 2; k++) {
        struct talk t = talk();

        t.client->hook = leave;
        full = true;
        for (unsigned i = 0; i < HALF; i++)
            assert_non_null(party_send(t.client, t.conv, XTYP_POKE, "x", TIMEOUT_ASYNC, NULL));
        assert_null(party_send(t.client, t.conv, XTYP_POKE, "x", timeouts[k], NULL));
        assert_int_equal(t.client->id, 0);
        party_close(t.server);
    }
}

/* The loops are asked for again while the queue is full, and one is one too many. */
static bool reconnect(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_ERROR)
        DdeDisconnect(c->conv);
    if (c->type == XTYP_DISCONNECT) {
        full = true;
        assert_null(DdeReconnect(c->conv));
        assert_error(p, DMLERR_NO_CONV_ESTABLISHED);
        full = false;
    }
    return false;
}

static void a_client_may_end_what_it_reconnects(void **state)
{
    struct talk t = talk();

    (void)state;
    for (unsigned fmt = 1; fmt <= HALF + 1; fmt++)
        assert_non_null(DdeClientTransaction(NULL, 0, t.conv, party_text(t.client, ITEM), 0xC000 + fmt,
                                             XTYP_ADVSTART, TIMEOUT_ASYNC, NULL));
    test_pump_all();
    t.client->hook = reconnect;
    assert_true(DdeDisconnect(t.server->server));
    test_pump_all();
    assert_int_equal(told(t.client), 1);
    assert_int_equal(party_count(t.client, XTYP_DISCONNECT), 1);
}

#ifndef _WIN32 /* where such a thread never leaves the system's frames */
static HDDEDATA CALLBACK die(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                             ULONG_PTR data1, ULONG_PTR data2)
{
    (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)data1, (void)data2;
    if (type == XTYP_ERROR)
        pthread_exit(NULL);
    return (HDDEDATA)(uintptr_t)(type == XTYP_CONNECT);
}

static void post_and_die(void *arg)
{
    static char text[] = "x";
    DWORD id = 0, timeout = *(DWORD *)arg;
    HCONV conv;
    HSZ hsz;

    assert_int_equal(DdeInitializeA(&id, die, 0, 0), DMLERR_NO_ERROR);
    hsz = DdeCreateStringHandleA(id, SERVICE, CP_WINANSI);
    assert_non_null(DdeNameService(id, hsz, 0, DNS_REGISTER));
    conv = DdeConnect(id, hsz, hsz, NULL);
    full = true;
    for (unsigned i = 0; i < HALF; i++)
        DdeClientTransaction((LPBYTE)text, sizeof text, conv, hsz, CF_TEXT, XTYP_POKE, TIMEOUT_ASYNC, NULL);
    DdeClientTransaction((LPBYTE)text, sizeof text, conv, hsz, CF_TEXT, XTYP_POKE, timeout, NULL);
    abort();
}

static void a_clients_thread_may_end_in_it(void **state)
{
    static DWORD timeouts[] = {TEST_PATIENCE_MS, TIMEOUT_ASYNC};

    (void)state;
    DdemlSetDeadlines(0, 50);
    for (int k = 0; k < 2; k++) {
        test_thread_join(test_thread_start(post_and_die, &timeouts[k]));
        full = false;
        test_ledger_is_empty();
    }
    DdemlSetDeadlines(0, 30000);
}
#endif

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, down)
        TEST(the_server_is_told_once_when_more_than_half_is_held_back),
        TEST(it_names_the_conversation_and_low_memory_and_nothing_else),
        TEST(what_was_held_back_arrives_and_then_it_may_be_told_again),
        TEST(each_conversation_is_told_of_by_itself),
        TEST(a_client_is_told_of_its_own_transactions),
        TEST(a_server_is_told_of_its_answers),
        TEST(the_callback_may_post_more),
        TEST(the_callback_may_end_the_conversation),
        TEST(the_callback_may_end_the_instance),
        TEST(a_waiting_client_may_end_its_conversation),
        TEST(a_client_may_end_its_instance_while_it_waits_or_posts),
        TEST(a_client_may_end_what_it_reconnects),
#ifndef _WIN32
        TEST(a_clients_thread_may_end_in_it),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
