/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Service threads of a library that is refused something. */

#include "faults/fault.h"
#include "support/support.h"
#include "wire/wire.h"

static bool nothing_is_left(void *unused)
{
    DDEMLLEDGER left = {.cb = sizeof left};

    (void)unused;
    return DdemlGetLedger(0, &left) && !left.heap && !left.windows;
}

/* Told, but not waited for: it ends without another word. */
static void a_thread_that_cannot_be_waited_for_ends_all_the_same(void **state)
{
    DWORD id;

    (void)state;
    assert_int_equal(DdemlStartThread(NULL, NULL, &id), DMLERR_NO_ERROR);
    fault_arm(1, false, &flavours[0]);
    assert_int_equal(DdemlStopThread(id, TEST_PATIENCE_MS), DMLERR_MEMORY_ERROR);
    fault_rest();
    assert_true(test_pump_until(nothing_is_left, NULL, TEST_PATIENCE_MS));
    assert_int_equal(DdemlStopThread(id, TEST_PATIENCE_MS), DMLERR_INVALIDPARAMETER);
}

static void CALLBACK nothing(LPVOID unused)
{
    (void)unused;
}

/* Its window is hidden, but any program can find windows. */
static void what_is_posted_to_its_window_is_disposed_of(void **state)
{
    struct host_msg hm = {.id = WIRE_TERMINATE};
    DWORD id;

    (void)state;
    assert_int_equal(DdemlStartThread(NULL, NULL, &id), DMLERR_NO_ERROR);
    hm.to = fault_window;
    assert_int_equal(host_post(&hm), HOST_OK);
    hm.id = WIRE_REQUEST;
    assert_int_equal(host_post(&hm), HOST_OK);
    for (int i = 0; i < 3; i++) /* behind each of which a message has its turn */
        assert_int_equal(DdemlCallThread(id, nothing, NULL, TEST_PATIENCE_MS), DMLERR_NO_ERROR);
    assert_int_equal(DdemlStopThread(id, TEST_PATIENCE_MS), DMLERR_NO_ERROR);
}

/* A worker that could not be told is told once more when nothing is refused any more. */
static void start_call_and_stop(void)
{
    DWORD id = 0;

    DdemlStartThread(nothing, NULL, &id);
    DdemlCallThread(id, nothing, NULL, 50);
    DdemlStopThread(id, 50);
    fault_rest();
    DdemlStopThread(id, TEST_PATIENCE_MS);
    assert_true(test_pump_until(nothing_is_left, NULL, TEST_PATIENCE_MS));
}

static void nothing_is_left_whatever_is_refused(void **state)
{
    (void)state;
    for (int for_good = 0; for_good < 2; for_good++) {
        unsigned n = 0;

        do {
            n++;
            fault_arm(n, for_good, &flavours[n % FLAVOURS]);
            start_call_and_stop();
        } while (fault_fired());
        assert_true(n > 5);
    }
}

static int down(void **state)
{
    (void)state;
    fault_rest();
    test_ledger_is_empty();
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_thread_that_cannot_be_waited_for_ends_all_the_same, down),
        cmocka_unit_test_teardown(what_is_posted_to_its_window_is_disposed_of, down),
        cmocka_unit_test_teardown(nothing_is_left_whatever_is_refused, down),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
