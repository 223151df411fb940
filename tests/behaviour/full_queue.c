/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Messages that do not get through: what must arrive all the same is sent again, and a partner that can never
 * have heard of us is not waited for. */

#include "support/ours.h"
#include "support/party.h"

/* ---- What the host refuses ---------------------------------------------------------------------------- */

static struct {
    uint32_t post, send; /* messages of this kind; 0: none */
    int result;
    unsigned times; /* posts refused so far */
} refused;

int __real_host_post(const struct host_msg *msg);
int __wrap_host_post(const struct host_msg *msg);
int __wrap_host_post(const struct host_msg *msg)
{
    if (!refused.post || msg->id != refused.post)
        return __real_host_post(msg);
    refused.times++;
    return refused.result;
}

/* Not delivered, though the sender cannot be sure of that. */
int __real_host_send(const struct host_msg *msg, uint32_t wait_ms);
int __wrap_host_send(const struct host_msg *msg, uint32_t wait_ms);
int __wrap_host_send(const struct host_msg *msg, uint32_t wait_ms)
{
    if (!refused.send || msg->id != refused.send)
        return __real_host_send(msg, wait_ms);
    host_atom_delete((host_atom)msg->lparam); /* nobody else will */
    host_atom_delete((host_atom)(msg->lparam >> 16));
    return refused.result;
}

/* ---- Fixtures ----------------------------------------------------------------------------------------- */

enum { INITIATE_MS = 1000, SHUTDOWN_MS = 100 };

static struct raw first, second;

static int set_up(void **state)
{
    (void)state;
    memset(&refused, 0, sizeof refused);
    DdemlSetDeadlines(INITIATE_MS, SHUTDOWN_MS);
    raw_books_open();
    raw_open(&first);
    raw_open(&second);
    ours_open(APPCMD_CLIENTONLY);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ours_close();
    raw_die(&first);
    raw_die(&second);
    test_pump_all();
    test_ledger_is_empty();
    raw_books_close();
    return 0;
}

/* ---- Initiating --------------------------------------------------------------------------------------- */

static bool surplus_has_gone(void *arg)
{
    (void)arg;
    return first.terminates + second.terminates == 1;
}

static void a_surplus_server_whose_queue_is_full_is_told_later(void **state)
{
    (void)state;
    first.serves = second.serves = true;
    refused.post = WIRE_TERMINATE;
    refused.result = HOST_FULL;
    assert_true(ours_connect());
    test_pump_all();
    assert_int_equal(first.terminates + second.terminates, 0);
    refused.post = 0;
    assert_true(test_pump_until(surplus_has_gone, NULL, TEST_PATIENCE_MS));
    assert_true(DdeDisconnect(ours.conv)); /* which is the other one */
    test_pump_all();
    assert_int_equal(first.terminates, 1);
    assert_int_equal(second.terminates, 1);
}

static void a_surplus_server_that_is_told_later_outlives_the_conversation(void **state)
{
    (void)state;
    first.serves = second.serves = true;
    refused.post = WIRE_TERMINATE;
    refused.result = HOST_FULL;
    assert_true(ours_connect());
    assert_true(DdeDisconnect(ours.conv));
    refused.post = 0;
    ours_close(); /* waits for both */
    assert_int_equal(first.terminates, 1);
    assert_int_equal(second.terminates, 1);
}

static bool has_been_told(void *arg)
{
    return party_count(arg, XTYP_DISCONNECT) > 0;
}

static void a_client_that_never_took_the_ack_is_noticed(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);

    (void)state;
    refused.send = WIRE_ACK;
    refused.result = HOST_UNSURE;
    assert_null(DdeConnect(client->id, party_text(client, SERVICE), party_text(client, TOPIC), NULL));
    assert_int_equal(party_count(server, XTYP_CONNECT_CONFIRM), 1);
    assert_true(test_pump_until(has_been_told, server, TEST_PATIENCE_MS));
}

/* ---- Tests -------------------------------------------------------------------------------------------- */

/* ---- Updates ------------------------------------------------------------------------------------------ */

static unsigned number;

static bool count_up(struct party *p, const struct call *c, HDDEDATA *result)
{
    char text[16];

    if (c->type != XTYP_ADVREQ)
        return false;
    snprintf(text, sizeof text, "%u", ++number);
    *result = party_data(p, text, c->hsz2, c->fmt, 0);
    return true;
}

static bool has_all_updates(void *arg)
{
    return party_count(arg, XTYP_ADVDATA) == number - 1;
}

static void what_was_held_back_outlasts_a_system_that_refuses(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    number = 0;
    server->hook = count_up;
    assert_non_null(party_transact(client, conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    refused.post = WIRE_DATA;
    refused.result = HOST_FULL;
    for (int i = 0; i < 3; i++)
        assert_true(party_post(server, TOPIC, ITEM));
    refused.result = HOST_FAULT;
    assert_false(party_post(server, TOPIC, ITEM)); /* must not overtake them */
    assert_error(server, DMLERR_MEMORY_ERROR);
    test_pump_all();
    assert_int_equal(party_count(client, XTYP_ADVDATA), 0);
    refused.post = 0;
    assert_true(party_post(server, TOPIC, ITEM));
    assert_true(test_pump_until(has_all_updates, client, TEST_PATIENCE_MS));
    for (unsigned i = 0; i < 4; i++) {
        static const char *const in_order[] = {"1", "2", "3", "5"};

        assert_string_equal(party_call(client, XTYP_ADVDATA, i)->bytes, in_order[i]);
    }
}

static bool has_been_tried(void *arg)
{
    (void)arg;
    return refused.times > 1;
}

static bool has_three_updates(void *arg)
{
    return party_count(arg, XTYP_ADVDATA) == 3;
}

static void what_was_held_back_is_sent_when_the_system_has_recovered(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    assert_non_null(party_transact(client, conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    refused.post = WIRE_DATA;
    refused.result = HOST_FULL;
    for (int i = 0; i < 3; i++)
        assert_true(party_post(server, TOPIC, ITEM));
    refused.result = HOST_FAULT;
    refused.times = 0;
    assert_true(test_pump_until(has_been_tried, NULL, TEST_PATIENCE_MS));
    assert_int_equal(party_count(client, XTYP_ADVDATA), 0);
    refused.post = 0;
    assert_true(test_pump_until(has_three_updates, client, TEST_PATIENCE_MS));
}

static int forget_refusals(void **state)
{
    memset(&refused, 0, sizeof refused);
    return parties_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rule_with("protocol 5.1", a_surplus_server_whose_queue_is_full_is_told_later, set_up, tear_down),
        rule_with("protocol 5.1", a_surplus_server_that_is_told_later_outlives_the_conversation, set_up,
                  tear_down),
        rule_with("protocol 7.6", a_client_that_never_took_the_ack_is_noticed, NULL, forget_refusals),
        rule_with("protocol 6.2", what_was_held_back_outlasts_a_system_that_refuses, NULL, forget_refusals),
        rule_with("protocol 6.2", what_was_held_back_is_sent_when_the_system_has_recovered, NULL,
                  forget_refusals),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
