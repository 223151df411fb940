/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Service threads of a library that is refused something. */

#include "faults/fault.h"
#include "support/support.h"

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
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
