/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Messages that do not get through: what must arrive all the same is sent again. */

#include "support/ours.h"

/* ---- What the host refuses ------------------------------------------------------------------------------
 */

static struct {
    uint32_t post; /* messages of this kind; 0: none */
    int result;
} refused;

int __real_host_post(const struct host_msg *msg);
int __wrap_host_post(const struct host_msg *msg);
int __wrap_host_post(const struct host_msg *msg)
{
    return refused.post && msg->id == refused.post ? refused.result : __real_host_post(msg);
}

/* ---- Fixtures -------------------------------------------------------------------------------------------
 */

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

/* ---- Initiating -----------------------------------------------------------------------------------------
 */

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

/* ---- Tests ----------------------------------------------------------------------------------------------
 */

#define RAW(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RAW(a_surplus_server_whose_queue_is_full_is_told_later),
        RAW(a_surplus_server_that_is_told_later_outlives_the_conversation),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
