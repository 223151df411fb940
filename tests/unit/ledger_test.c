/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The ledger itself. */

#include "support/support.h"

#include "base/ledger.h"

static long process(enum ledger_column column)
{
    return ledger_process().column[column];
}

static void counting_books_for_the_instance_and_for_the_process(void **state)
{
    struct ledger own = {0};

    (void)state;
    for (int c = 0; c < LEDGER_N; c++) {
        ledger_count(&own, (enum ledger_column)c, c + 1);
        assert_int_equal(own.column[c], c + 1);
        assert_int_equal(process((enum ledger_column)c), c + 1);
    }
    for (int c = 0; c < LEDGER_N; c++)
        ledger_count(&own, (enum ledger_column)c, -(c + 1));
}

static void counting_without_an_instance_books_for_the_process_alone(void **state)
{
    (void)state;
    ledger_count(NULL, LEDGER_atoms, 3);
    assert_int_equal(process(LEDGER_atoms), 3);
    ledger_count(NULL, LEDGER_atoms, -3);
}

static void what_changes_hands_changes_the_instances_figures_alone(void **state)
{
    struct ledger from = {0}, to = {0};

    (void)state;
    ledger_count(&from, LEDGER_memory, 1);
    ledger_hand(&from, LEDGER_memory, -1);
    ledger_hand(&to, LEDGER_memory, 1);
    assert_int_equal(from.column[LEDGER_memory], 0);
    assert_int_equal(to.column[LEDGER_memory], 1);
    assert_int_equal(process(LEDGER_memory), 1);
    ledger_count(&to, LEDGER_memory, -1);
}

static void own_memory_is_zeroed_and_counted(void **state)
{
    unsigned char *p = mem_new(100);

    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(p[i], 0);
    assert_int_equal(process(LEDGER_heap), 1);
    mem_free(p);
    assert_int_equal(process(LEDGER_heap), 0);
    mem_free(NULL);
    assert_int_equal(process(LEDGER_heap), 0);
}

enum { THREADS = 4, ROUNDS = 10000 };

static void book(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        ledger_count(NULL, LEDGER_links, 3);
        ledger_count(NULL, LEDGER_links, -2);
    }
}

static void no_booking_of_any_thread_is_lost(void **state)
{
    struct test_thread *threads[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        threads[i] = test_thread_start(book, NULL);
    for (int i = 0; i < THREADS; i++)
        test_thread_join(threads[i]);
    assert_int_equal(process(LEDGER_links), THREADS * ROUNDS);
    ledger_count(NULL, LEDGER_links, -THREADS * ROUNDS);
}

/* ---- DdemlGetLedger ----------------------------------------------------------------------------------- */

static void a_structure_without_room_for_a_column_is_refused(void **state)
{
    DDEMLLEDGER out = {.cb = sizeof out.cb + sizeof out.instances - 1, .instances = 77};

    (void)state;
    assert_false(DdemlGetLedger(0, NULL));
    assert_false(DdemlGetLedger(0, &out));
    out.cb = 0;
    assert_false(DdemlGetLedger(0, &out));
    assert_int_equal(out.instances, 77);
}

static void a_short_structure_gets_the_columns_that_fit(void **state)
{
    DDEMLLEDGER out = {.cb = sizeof out.cb + 2 * sizeof out.instances, .instances = 77, .transactions = 77};

    (void)state;
    ledger_count(NULL, LEDGER_conversations, 5);
    assert_true(DdemlGetLedger(0, &out));
    ledger_count(NULL, LEDGER_conversations, -5);
    assert_int_equal(out.instances, 0);
    assert_int_equal(out.conversations, 5);
    assert_int_equal(out.transactions, 77);
}

static void room_beyond_the_known_columns_is_not_touched(void **state)
{
    struct {
        DDEMLLEDGER known;
        LONG more[4];
    } out = {.known = {.cb = sizeof out}, .more = {1, 2, 3, 4}};

    (void)state;
    assert_true(DdemlGetLedger(0, &out.known));
    assert_int_equal(out.known.cb, sizeof out);
    for (int i = 0; i < 4; i++)
        assert_int_equal(out.more[i], i + 1);
}

static void an_id_that_is_no_instance_is_refused(void **state)
{
    static const DWORD bad[] = {1, 2, 0x00100001, 0x7FFFFFFF, 0xFFFFFFFF};
    DDEMLLEDGER out = {.cb = sizeof out, .instances = 77};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(DdemlGetLedger(bad[i], &out));
    assert_int_equal(out.instances, 77);
}

static int down(void **state)
{
    (void)state;
    test_ledger_is_empty();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(counting_books_for_the_instance_and_for_the_process, down),
        cmocka_unit_test_teardown(counting_without_an_instance_books_for_the_process_alone, down),
        cmocka_unit_test_teardown(what_changes_hands_changes_the_instances_figures_alone, down),
        cmocka_unit_test_teardown(own_memory_is_zeroed_and_counted, down),
        cmocka_unit_test_teardown(no_booking_of_any_thread_is_lost, down),
        cmocka_unit_test_teardown(a_structure_without_room_for_a_column_is_refused, down),
        cmocka_unit_test_teardown(a_short_structure_gets_the_columns_that_fit, down),
        cmocka_unit_test_teardown(room_beyond_the_known_columns_is_not_touched, down),
        cmocka_unit_test_teardown(an_id_that_is_no_instance_is_refused, down),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
