/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* PackDDElParam, UnpackDDElParam, FreeDDElParam and ReuseDDElParam, for every message and for parameters that
 * are none. */

#include "support/support.h"

#include "host/host.h"

#ifndef _WIN32
#include "host/posix/figures.h"
#endif

enum kind { HALVES, BLOCK, DIRECT };

static const struct {
    UINT id;
    enum kind kind;
} messages[] = {
    {WM_DDE_INITIATE, HALVES}, {WM_DDE_TERMINATE, HALVES}, {WM_DDE_ADVISE, BLOCK},
    {WM_DDE_UNADVISE, HALVES}, {WM_DDE_ACK, BLOCK},        {WM_DDE_DATA, BLOCK},
    {WM_DDE_REQUEST, HALVES},  {WM_DDE_POKE, BLOCK},       {WM_DDE_EXECUTE, DIRECT},
};
enum { MESSAGES = sizeof messages / sizeof *messages };

static const UINT unknown[] = {0, WM_DDE_FIRST - 1, WM_DDE_LAST + 1, 0xFFFF, 0xFFFFFFFF};
enum { UNKNOWN = sizeof unknown / sizeof *unknown };

/* No block of global memory has such a handle. */
static const UINT_PTR forged[] = {0, 1, 2, 0x7F, 0xC000, 0xFFFF, UINTPTR_MAX, UINTPTR_MAX - 1};
enum { FORGED = sizeof forged / sizeof *forged };

static const UINT_PTR lo = 0x1234, hi = 0xC567;

static LPARAM halves(UINT_PTR low, UINT_PTR high)
{
    return (LPARAM)(int32_t)((uint32_t)(low & 0xFFFF) | (uint32_t)(high & 0xFFFF) << 16);
}

static void packing_and_unpacking_give_back_what_the_message_can_carry(void **state)
{
    (void)state;
    for (int i = 0; i < MESSAGES; i++) {
        LPARAM packed = PackDDElParam(messages[i].id, lo, hi);
        UINT_PTR low = 1, high = 1;

        assert_true(UnpackDDElParam(messages[i].id, packed, &low, &high));
        assert_int_equal(low, messages[i].kind == DIRECT ? 0 : lo);
        assert_int_equal(high, hi);
        assert_true(FreeDDElParam(messages[i].id, packed));
    }
}

static void a_block_carries_values_of_full_width(void **state)
{
    (void)state;
    for (int i = 0; i < MESSAGES; i++) {
        LPARAM packed = PackDDElParam(messages[i].id, UINTPTR_MAX - 5, UINTPTR_MAX - 6);
        UINT_PTR low, high;

        assert_true(UnpackDDElParam(messages[i].id, packed, &low, &high));
        if (messages[i].kind == BLOCK) {
            assert_true(low == UINTPTR_MAX - 5);
            assert_true(high == UINTPTR_MAX - 6);
        }
        FreeDDElParam(messages[i].id, packed);
    }
}

static void two_halves_are_sign_extended(void **state)
{
    (void)state;
    for (int i = 0; i < MESSAGES; i++)
        if (messages[i].kind == HALVES) {
            assert_true(PackDDElParam(messages[i].id, 1, 0x8000) == (LPARAM)(int32_t)0x80000001);
            assert_true(PackDDElParam(messages[i].id, lo, 0x7000) == halves(lo, 0x7000));
            assert_true(PackDDElParam(messages[i].id, 0x51234, 0x6C567) == halves(lo, hi));
        }
}

static void execute_carries_its_handle_as_it_is(void **state)
{
    (void)state;
    assert_true(PackDDElParam(WM_DDE_EXECUTE, 99, UINTPTR_MAX / 3) == (LPARAM)(UINTPTR_MAX / 3));
}

static void null_outputs_are_tolerated(void **state)
{
    (void)state;
    for (int i = 0; i < MESSAGES; i++) {
        LPARAM packed = PackDDElParam(messages[i].id, lo, hi);
        UINT_PTR low, high;

        assert_true(UnpackDDElParam(messages[i].id, packed, NULL, NULL));
        assert_true(UnpackDDElParam(messages[i].id, packed, &low, NULL));
        assert_true(UnpackDDElParam(messages[i].id, packed, NULL, &high));
        FreeDDElParam(messages[i].id, packed);
    }
}

static void unpacking_what_is_no_block_fails_with_zeros(void **state)
{
    (void)state;
    for (int i = 0; i < MESSAGES; i++)
        for (int f = 0; f < FORGED && messages[i].kind == BLOCK; f++) {
            UINT_PTR low = 1, high = 1;

            assert_false(UnpackDDElParam(messages[i].id, (LPARAM)forged[f], &low, &high));
            assert_int_equal(low, 0);
            assert_int_equal(high, 0);
        }
}

static void freeing_what_is_no_block_fails(void **state)
{
    (void)state;
    for (int i = 0; i < MESSAGES; i++)
        for (int f = 0; f < FORGED; f++)
            assert_int_equal(FreeDDElParam(messages[i].id, (LPARAM)forged[f]), messages[i].kind != BLOCK);
}

static void a_block_is_freed_once(void **state)
{
    LPARAM packed = PackDDElParam(WM_DDE_ACK, lo, hi);
    UINT_PTR low, high;

    (void)state;
    assert_true(FreeDDElParam(WM_DDE_ACK, packed));
    assert_false(FreeDDElParam(WM_DDE_ACK, packed));
    assert_false(UnpackDDElParam(WM_DDE_ACK, packed, &low, &high));
}

static void a_block_that_is_too_small_is_not_read(void **state)
{
    host_mem small = host_mem_alloc(4, false);
    UINT_PTR low = 1, high = 1;

    (void)state;
    assert_false(UnpackDDElParam(WM_DDE_POKE, (LPARAM)small, &low, &high));
    assert_int_equal(low, 0);
    assert_int_equal(high, 0);
    host_mem_free(small);
}

static void a_block_that_the_program_made_itself_is_accepted(void **state)
{
    host_mem own = host_mem_alloc(2 * sizeof(uintptr_t), false);
    uintptr_t *pair = host_mem_lock(own);
    UINT_PTR low, high;

    (void)state;
    pair[0] = lo;
    pair[1] = hi;
    host_mem_unlock(own);
    assert_true(UnpackDDElParam(WM_DDE_DATA, (LPARAM)own, &low, &high));
    assert_int_equal(low, lo);
    assert_int_equal(high, hi);
    assert_true(FreeDDElParam(WM_DDE_DATA, (LPARAM)own));
    assert_int_equal(host_mem_size(own), 0);
}

static void other_messages_cannot_be_unpacked_and_have_nothing_to_free(void **state)
{
    (void)state;
    for (int i = 0; i < UNKNOWN; i++) {
        UINT_PTR low = 1, high = 1;

        assert_false(UnpackDDElParam(unknown[i], 0x12345678, &low, &high));
        assert_int_equal(low, 0);
        assert_int_equal(high, 0);
        assert_true(FreeDDElParam(unknown[i], 0x12345678));
    }
}

static void freeing_leaves_alone_what_the_values_refer_to(void **state)
{
    host_mem object = host_mem_alloc(10, false);

    (void)state;
    FreeDDElParam(WM_DDE_DATA, PackDDElParam(WM_DDE_DATA, object, 0xC000));
    FreeDDElParam(WM_DDE_EXECUTE, PackDDElParam(WM_DDE_EXECUTE, 0, object));
    FreeDDElParam(WM_DDE_EXECUTE, (LPARAM)object);
    assert_int_equal(host_mem_size(object), 10);
    host_mem_free(object);
}

/* ---- Reuse -------------------------------------------------------------------------------------------- */

static void reusing_works_from_every_message_to_every_other(void **state)
{
    (void)state;
    for (int i = 0; i < MESSAGES; i++)
        for (int o = 0; o < MESSAGES; o++) {
            LPARAM in = PackDDElParam(messages[i].id, 1, 2);
            LPARAM out = ReuseDDElParam(in, messages[i].id, messages[o].id, lo, hi);
            UINT_PTR low, high;

            if (messages[i].kind == BLOCK && messages[o].kind == BLOCK)
                assert_true(out == in);
            if (messages[i].kind == BLOCK && messages[o].kind != BLOCK)
                assert_int_equal(host_mem_size((host_mem)in), 0); /* it is used up */
            assert_true(UnpackDDElParam(messages[o].id, out, &low, &high));
            assert_int_equal(low, messages[o].kind == DIRECT ? 0 : lo);
            assert_int_equal(high, hi);
            assert_true(FreeDDElParam(messages[o].id, out));
        }
}

static void reusing_what_is_no_block_makes_a_new_one(void **state)
{
    (void)state;
    for (int f = 0; f < FORGED; f++) {
        LPARAM out = ReuseDDElParam((LPARAM)forged[f], WM_DDE_DATA, WM_DDE_ACK, lo, hi);
        UINT_PTR low, high;

        assert_true(UnpackDDElParam(WM_DDE_ACK, out, &low, &high));
        assert_int_equal(low, lo);
        assert_int_equal(high, hi);
        assert_true(FreeDDElParam(WM_DDE_ACK, out));
    }
}

static void reusing_a_block_that_is_too_small_makes_a_new_one(void **state)
{
    host_mem small = host_mem_alloc(4, false);
    LPARAM out = ReuseDDElParam((LPARAM)small, WM_DDE_DATA, WM_DDE_ACK, lo, hi);
    UINT_PTR low, high;

    (void)state;
    assert_int_not_equal(out, small);
    assert_true(UnpackDDElParam(WM_DDE_ACK, out, &low, &high));
    assert_int_equal(low, lo);
    FreeDDElParam(WM_DDE_ACK, out);
    assert_int_equal(host_mem_size(small), 0);
}

/* What these functions allocate is their caller's and stands in no ledger; the host knows. */
static int down(void **state)
{
    (void)state;
#ifndef _WIN32
    assert_int_equal(figure_blocks(), 0);
#endif
    test_ledger_is_empty();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(packing_and_unpacking_give_back_what_the_message_can_carry, down),
        cmocka_unit_test_teardown(a_block_carries_values_of_full_width, down),
        cmocka_unit_test_teardown(two_halves_are_sign_extended, down),
        cmocka_unit_test_teardown(execute_carries_its_handle_as_it_is, down),
        cmocka_unit_test_teardown(null_outputs_are_tolerated, down),
        cmocka_unit_test_teardown(unpacking_what_is_no_block_fails_with_zeros, down),
        cmocka_unit_test_teardown(freeing_what_is_no_block_fails, down),
        cmocka_unit_test_teardown(a_block_is_freed_once, down),
        cmocka_unit_test_teardown(a_block_that_is_too_small_is_not_read, down),
        cmocka_unit_test_teardown(a_block_that_the_program_made_itself_is_accepted, down),
        cmocka_unit_test_teardown(other_messages_cannot_be_unpacked_and_have_nothing_to_free, down),
        cmocka_unit_test_teardown(freeing_leaves_alone_what_the_values_refer_to, down),
        cmocka_unit_test_teardown(reusing_works_from_every_message_to_every_other, down),
        cmocka_unit_test_teardown(reusing_what_is_no_block_makes_a_new_one, down),
        cmocka_unit_test_teardown(reusing_a_block_that_is_too_small_makes_a_new_one, down),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
