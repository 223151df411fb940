/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The handle table: a handle names one object, or nothing. */

#include "support/support.h"

#include <stdlib.h>

#include "base/handle.h"

enum {
    MANY = 3000,       /* more than the table has room for at first             */
    REUSES = 3 * 4096, /* more than one slot alone has values, seen by 32 bits  */
};

static int thing, other_thing;

/* ---- One handle --------------------------------------------------------------------------------------- */

static void a_handle_finds_its_object(void **state)
{
    uintptr_t a = handle_new(HANDLE_DATA, &thing), b = handle_new(HANDLE_DATA, &other_thing);

    (void)state;
    assert_int_not_equal(a, b);
    assert_ptr_equal(handle_get(a, HANDLE_DATA), &thing);
    assert_ptr_equal(handle_get(b, HANDLE_DATA), &other_thing);
    handle_free(a);
    assert_ptr_equal(handle_get(b, HANDLE_DATA), &other_thing);
    handle_free(b);
}

static void a_handle_of_another_kind_finds_nothing(void **state)
{
    (void)state;
    for (int kind = HANDLE_INSTANCE; kind <= HANDLE_DATA; kind++) {
        uintptr_t h = handle_new((enum handle_kind)kind, &thing);

        for (int asked = HANDLE_INSTANCE; asked <= HANDLE_DATA; asked++) {
            void *expected = asked == kind ? &thing : NULL;
            assert_ptr_equal(handle_get(h, (enum handle_kind)asked), expected);
            assert_ptr_equal(handle_get32((uint32_t)h, (enum handle_kind)asked), expected);
        }
        handle_free(h);
    }
}

static void a_freed_handle_finds_nothing_even_when_its_slot_is_in_use_again(void **state)
{
    uintptr_t stale = handle_new(HANDLE_STRING, &thing);

    (void)state;
    handle_free(stale);
    assert_null(handle_get(stale, HANDLE_STRING));
    for (int i = 0; i < REUSES; i++) {
        uintptr_t h = handle_new(HANDLE_STRING, &other_thing);

        assert_int_not_equal(h, stale);
        assert_null(handle_get(stale, HANDLE_STRING));
        assert_null(handle_get32((uint32_t)stale, HANDLE_STRING));
        handle_free(h);
    }
}

static void a_retired_handle_finds_nothing_and_the_renewed_one_the_same_object(void **state)
{
    uintptr_t former = handle_new(HANDLE_DATA, &thing), h = former;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        bool kept = handle_retire(h);

        assert_int_equal(kept, sizeof h > 4);
        assert_null(handle_get(h, HANDLE_DATA));
        h = kept ? handle_renew(h) : handle_new(HANDLE_DATA, &thing);
        assert_ptr_equal(handle_get(h, HANDLE_DATA), &thing);
        assert_int_not_equal(h, former);
        assert_null(handle_get(former, HANDLE_DATA));
    }
    handle_free(h);
    assert_null(handle_get(h, HANDLE_DATA));
}

static void forged_handles_find_nothing(void **state)
{
    uintptr_t h = handle_new(HANDLE_CONVERSATION, &thing);
    uintptr_t forged[] = {0,
                          1,
                          2,
                          0x7F,
                          0xC000,
                          0xFFFF,
                          0x8000,
                          0x000FFFFF,
                          0xFFFFFFFF,
                          0x80000000,
                          h - 1,
                          h + 1,
                          h ^ (uintptr_t)1 << 19,
                          h ^ (uintptr_t)1 << 20,
                          h ^ (uintptr_t)1 << 31,
                          UINTPTR_MAX,
                          UINTPTR_MAX - 1,
                          UINTPTR_MAX / 2,
                          (uintptr_t)&thing};

    (void)state;
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++)
        for (int kind = HANDLE_INSTANCE; kind <= HANDLE_DATA; kind++) {
            assert_null(handle_get(forged[i], (enum handle_kind)kind));
            if ((uint32_t)forged[i] != (uint32_t)h)
                assert_null(handle_get32((uint32_t)forged[i], (enum handle_kind)kind));
        }
    handle_free(h);
}

static void the_low_32_bits_are_enough_to_find_an_object(void **state)
{
    uintptr_t h = handle_new(HANDLE_INSTANCE, &thing);

    (void)state;
    assert_ptr_equal(handle_get32((uint32_t)h, HANDLE_INSTANCE), &thing);
    handle_free(h);
    assert_null(handle_get32((uint32_t)h, HANDLE_INSTANCE));
}

/* ---- Many --------------------------------------------------------------------------------------------- */

static bool means_something(uintptr_t h)
{
    return (uint32_t)h < 0x00100000 || (uint32_t)h == 0xFFFFFFFF;
}

/* Longer than the generations of every slot in use last, where a handle has 32 bits. */
static void no_handle_has_a_value_that_means_something(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 600u * 4096; i++) {
        uintptr_t h = handle_new(HANDLE_DATA, &thing);

        if (means_something(h) || handle_get(h, HANDLE_DATA) != &thing)
            fail_msg("handle %u is %#lx", i, (unsigned long)h);
        handle_free(h);
    }
}

static int by_value(const void *a, const void *b)
{
    uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;

    return x < y ? -1 : x > y;
}

static void handles_of_many_objects_differ_and_find_each_its_own(void **state)
{
    uintptr_t *h = calloc(MANY, sizeof *h), *sorted = calloc(MANY, sizeof *h);
    int *things = calloc(MANY, sizeof *things);

    (void)state;
    for (int i = 0; i < MANY; i++)
        sorted[i] = h[i] = handle_new(HANDLE_DATA, &things[i]);
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(handle_get(h[i], HANDLE_DATA), &things[i]);
    qsort(sorted, MANY, sizeof *sorted, by_value);
    for (int i = 1; i < MANY; i++)
        assert_int_not_equal(sorted[i - 1], sorted[i]);
    for (int i = 0; i < MANY; i++)
        handle_free(h[i]);
    for (int i = 0; i < MANY; i++)
        assert_null(handle_get(h[i], HANDLE_DATA));
    free(h);
    free(sorted);
    free(things);
}

/* ---- Threads ------------------------------------------------------------------------------------------ */

struct visit {
    uintptr_t handle;
    void *found, *found32;
};

static void look_up(void *arg)
{
    struct visit *v = arg;

    v->found = handle_get(v->handle, HANDLE_DATA);
    v->found32 = handle_get32((uint32_t)v->handle, HANDLE_DATA);
}

static void a_handle_finds_nothing_on_another_thread(void **state)
{
    struct visit v = {handle_new(HANDLE_DATA, &thing), &v, &v};

    (void)state;
    test_thread_join(test_thread_start(look_up, &v));
    assert_null(v.found);
    assert_null(v.found32);
    assert_ptr_equal(handle_get(v.handle, HANDLE_DATA), &thing);
    handle_free(v.handle);
}

enum { WORKERS = 4, ROUNDS = 20000 };

struct worker {
    int thing;
    uintptr_t foreign; /* a handle of the main thread */
    unsigned wrong;
};

static void work(void *arg)
{
    struct worker *w = arg;
    uintptr_t last = 0;

    for (int i = 0; i < ROUNDS; i++) {
        uintptr_t h = handle_new(HANDLE_DATA, &w->thing);

        w->wrong += handle_get(h, HANDLE_DATA) != &w->thing;
        w->wrong += handle_get(last, HANDLE_DATA) != NULL;
        w->wrong += handle_get(w->foreign, HANDLE_DATA) != NULL;
        handle_free(h);
        last = h;
    }
}

static void threads_that_share_the_table_do_not_see_each_other(void **state)
{
    struct worker workers[WORKERS] = {{0}};
    struct test_thread *threads[WORKERS];
    uintptr_t mine = handle_new(HANDLE_DATA, &thing);

    (void)state;
    for (int i = 0; i < WORKERS; i++) {
        workers[i].foreign = mine;
        threads[i] = test_thread_start(work, &workers[i]);
    }
    for (int i = 0; i < WORKERS; i++)
        test_thread_join(threads[i]);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(workers[i].wrong, 0);
    assert_ptr_equal(handle_get(mine, HANDLE_DATA), &thing);
    handle_free(mine);
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
        cmocka_unit_test_teardown(no_handle_has_a_value_that_means_something, down),
        cmocka_unit_test_teardown(a_handle_finds_its_object, down),
        cmocka_unit_test_teardown(a_handle_of_another_kind_finds_nothing, down),
        cmocka_unit_test_teardown(a_freed_handle_finds_nothing_even_when_its_slot_is_in_use_again, down),
        cmocka_unit_test_teardown(a_retired_handle_finds_nothing_and_the_renewed_one_the_same_object, down),
        cmocka_unit_test_teardown(forged_handles_find_nothing, down),
        cmocka_unit_test_teardown(the_low_32_bits_are_enough_to_find_an_object, down),
        cmocka_unit_test_teardown(handles_of_many_objects_differ_and_find_each_its_own, down),
        cmocka_unit_test_teardown(a_handle_finds_nothing_on_another_thread, down),
        cmocka_unit_test_teardown(threads_that_share_the_table_do_not_see_each_other, down),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
