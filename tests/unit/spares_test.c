/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Records that are kept for the next one. */

#include "support/support.h"

#include "base/ledger.h"
#include "base/spares.h"

enum { WORDS = 10, MANY = 100 };

static uintptr_t let_go_sum;

static void let_go(uintptr_t kept)
{
    let_go_sum += kept;
}

static long heap(void)
{
    return ledger_process().column[LEDGER_heap];
}

static uintptr_t *record_of(struct spares *s, uintptr_t *kept)
{
    uintptr_t *record = spares_new(s, WORDS * sizeof *record, kept);

    for (int i = 0; i < WORDS; i++) {
        assert_int_equal(record[i], 0);
        record[i] = ~(uintptr_t)0;
    }
    return record;
}

static void a_record_is_zeros_also_the_second_time(void **state)
{
    struct spares s;

    (void)state;
    spares_init(&s, NULL, NULL);
    for (int i = 0; i < 3; i++)
        spares_free(&s, record_of(&s, NULL), 0);
    spares_deinit(&s);
}

static void what_is_kept_with_a_record_comes_back_with_it(void **state)
{
    struct spares s;
    uintptr_t kept = 1, *record;

    (void)state;
    let_go_sum = 0;
    spares_init(&s, NULL, let_go);
    record = record_of(&s, &kept);
    assert_int_equal(kept, 0);
    spares_free(&s, record, 7);
    record = record_of(&s, &kept);
    assert_int_equal(kept, spares_most ? 7 : 0);
    assert_int_equal(let_go_sum, spares_most ? 0 : 7);
    spares_free(&s, record, kept);
    spares_deinit(&s);
    assert_int_equal(let_go_sum, 7);
}

static void on_the_books_are_the_records_in_use(void **state)
{
    struct ledger books = {0};
    uintptr_t *records[MANY];
    struct spares s;

    (void)state;
    ledger_open(&books);
    spares_init(&s, &books, NULL);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++) {
            records[i] = record_of(&s, NULL);
            assert_int_equal(heap(), i + 1);
        }
        for (int i = 0; i < MANY; i++)
            spares_free(&s, records[i], 0);
        assert_int_equal(heap(), 0);
    }
    spares_deinit(&s);
    ledger_close(&books);
}

static void only_a_few_records_are_kept(void **state)
{
    uintptr_t *records[MANY];
    struct spares s;

    (void)state;
    let_go_sum = 0;
    spares_init(&s, NULL, let_go);
    for (int i = 0; i < MANY; i++)
        records[i] = record_of(&s, NULL);
    for (int i = 0; i < MANY; i++)
        spares_free(&s, records[i], 1);
    assert_int_equal(let_go_sum, MANY - spares_most);
    spares_deinit(&s);
    assert_int_equal(let_go_sum, MANY);
}

static void records_that_come_and_go_for_long_are_kept_all_the_same(void **state)
{
    struct spares s;

    (void)state;
    let_go_sum = 0;
    spares_init(&s, NULL, let_go);
    for (int i = 0; i < MANY; i++)
        spares_free(&s, record_of(&s, NULL), 1);
    assert_int_equal(let_go_sum, spares_most ? 0 : MANY);
    spares_deinit(&s);
    assert_int_equal(let_go_sum, spares_most ? 1 : MANY);
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
        cmocka_unit_test_teardown(a_record_is_zeros_also_the_second_time, down),
        cmocka_unit_test_teardown(what_is_kept_with_a_record_comes_back_with_it, down),
        cmocka_unit_test_teardown(on_the_books_are_the_records_in_use, down),
        cmocka_unit_test_teardown(only_a_few_records_are_kept, down),
        cmocka_unit_test_teardown(records_that_come_and_go_for_long_are_kept_all_the_same, down),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
