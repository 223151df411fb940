/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32_test.h"

/* Global and local memory. */

static void a_movable_block_is_a_handle_that_is_locked_and_unlocked(void **state)
{
    HGLOBAL mem = GlobalAlloc(GHND, 10);
    char *bytes = GlobalLock(mem);

    (void)state;
    assert_non_null(bytes);
    assert_ptr_not_equal(bytes, mem);
    for (int i = 0; i < 10; i++)
        assert_int_equal(bytes[i], 0);
    assert_int_equal(GlobalSize(mem), 10);
    assert_ptr_equal(GlobalLock(mem), bytes);
    assert_int_equal(GlobalFlags(mem), 2);
    assert_true(GlobalUnlock(mem));
    SetLastError(5);
    assert_false(GlobalUnlock(mem)); /* it is unlocked */
    assert_int_equal(GetLastError(), NO_ERROR);
    assert_false(GlobalUnlock(mem));
    assert_int_equal(GetLastError(), ERROR_NOT_LOCKED);
    assert_null(GlobalFree(mem));
}

static void a_fixed_block_is_its_address(void **state)
{
    char *bytes = GlobalAlloc(GPTR, 10);

    (void)state;
    bytes[9] = 1;
    assert_ptr_equal(GlobalLock(bytes), bytes);
    assert_true(GlobalUnlock(bytes));
    assert_true(GlobalUnlock(bytes));
    assert_int_equal(GlobalFlags(bytes), 0);
    assert_int_equal(GlobalSize(bytes), 10);
    assert_ptr_equal(GlobalHandle(bytes), bytes);
    assert_null(GlobalFree(bytes));
}

static void the_handle_of_an_address_is_found(void **state)
{
    HGLOBAL mem = GlobalAlloc(GMEM_MOVEABLE | GMEM_DDESHARE, 10), other = GlobalAlloc(GMEM_MOVEABLE, 10);
    void *bytes = GlobalLock(mem);
    int nothing;

    (void)state;
    assert_ptr_equal(GlobalHandle(bytes), mem);
    assert_null(GlobalHandle(&nothing));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    GlobalFree(mem);
    GlobalFree(other);
}

static void a_block_is_freed_once_whatever_its_locks(void **state)
{
    HGLOBAL mem = GlobalAlloc(GMEM_MOVEABLE, 10);
    volatile uintptr_t stale = (uintptr_t)mem; /* or the compiler would see through it */

    (void)state;
    GlobalLock(mem);
    assert_null(GlobalFree(mem));
    assert_ptr_equal(GlobalFree((HGLOBAL)stale), stale);
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    assert_null(GlobalLock((HGLOBAL)stale));
    assert_int_equal(GlobalSize((HGLOBAL)stale), 0);
    assert_int_equal(GlobalFlags((HGLOBAL)stale), GMEM_INVALID_HANDLE);
    assert_null(GlobalReAlloc((HGLOBAL)stale, 5, 0));
    assert_false(GlobalUnlock((HGLOBAL)stale));
    assert_null(GlobalFree(NULL));
}

static void a_movable_block_grows_and_shrinks_under_its_handle(void **state)
{
    HGLOBAL mem = GlobalAlloc(GHND, 2);
    char *bytes = GlobalLock(mem);

    (void)state;
    bytes[1] = 7;
    GlobalUnlock(mem);
    assert_ptr_equal(GlobalReAlloc(mem, 100000, GMEM_ZEROINIT), mem);
    assert_int_equal(GlobalSize(mem), 100000);
    bytes = GlobalLock(mem);
    assert_int_equal(bytes[1], 7);
    assert_int_equal(bytes[99999], 0);
    assert_null(GlobalReAlloc(mem, 200000, 0)); /* it cannot move now */
    assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    assert_ptr_equal(GlobalReAlloc(mem, 50000, 0), mem);
    GlobalUnlock(mem);
    assert_ptr_equal(GlobalReAlloc(mem, 1, 0), mem);
    assert_int_equal(GlobalSize(mem), 1);
    GlobalFree(mem);
}

static void a_fixed_block_moves_only_if_it_may(void **state)
{
    char *bytes = GlobalAlloc(GPTR, 2);

    (void)state;
    bytes[1] = 7;
    assert_null(GlobalReAlloc(bytes, 100000, GMEM_ZEROINIT));
    assert_ptr_equal(GlobalReAlloc(bytes, 1, 0), bytes);
    bytes = GlobalReAlloc(bytes, 100000, GMEM_MOVEABLE | GMEM_ZEROINIT);
    assert_non_null(bytes);
    assert_int_equal(bytes[1], 7);
    assert_int_equal(bytes[99999], 0);
    assert_null(GlobalFree(bytes));
}

static void a_block_of_no_size_is_a_discarded_one(void **state)
{
    HGLOBAL mem = GlobalAlloc(GMEM_MOVEABLE, 0);

    (void)state;
    assert_non_null(mem);
    assert_int_equal(GlobalSize(mem), 0);
    assert_true(GlobalFlags(mem) & GMEM_DISCARDED);
    assert_null(GlobalLock(mem));
    assert_int_equal(GetLastError(), ERROR_DISCARDED);
    assert_ptr_equal(GlobalReAlloc(mem, 8, GMEM_MOVEABLE), mem);
    assert_int_equal(GlobalSize(mem), 8);
    assert_false(GlobalFlags(mem) & GMEM_DISCARDED);
    assert_ptr_equal(GlobalDiscard(mem), mem);
    assert_true(GlobalFlags(mem) & GMEM_DISCARDED);
    assert_null(GlobalFree(mem));
}

static void what_is_locked_is_not_discarded(void **state)
{
    HGLOBAL mem = GlobalAlloc(GMEM_MOVEABLE | GMEM_DISCARDABLE, 8), plain = GlobalAlloc(GMEM_MOVEABLE, 8);

    (void)state;
    assert_int_equal(GlobalFlags(mem), GMEM_DISCARDABLE);
    assert_int_equal(GlobalFlags(plain), 0);
    assert_ptr_equal(GlobalReAlloc(plain, 0, GMEM_MODIFY | GMEM_DISCARDABLE), plain);
    assert_int_equal(GlobalFlags(plain), GMEM_DISCARDABLE);
    GlobalLock(mem);
    assert_null(GlobalDiscard(mem));
    GlobalUnlock(mem);
    GlobalFree(mem);
    GlobalFree(plain);
}

static void local_memory_is_the_same(void **state)
{
    HLOCAL mem = LocalAlloc(LMEM_MOVEABLE | LMEM_ZEROINIT | LMEM_DISCARDABLE, 10);
    char *bytes = LocalLock(mem), *fixed = LocalAlloc(LPTR, 3);

    (void)state;
    assert_int_equal(bytes[9], 0);
    assert_ptr_equal(LocalHandle(bytes), mem);
    assert_int_equal(LocalSize(mem), 10);
    assert_int_equal(LocalFlags(mem), LMEM_DISCARDABLE | 1);
    assert_false(LocalUnlock(mem));
    assert_ptr_equal(LocalReAlloc(mem, 20, LMEM_MOVEABLE), mem);
    assert_int_equal(LocalSize(mem), 20);
    assert_null(LocalFree(mem));
    assert_ptr_equal(LocalLock(fixed), fixed);
    assert_int_equal(LocalFlags(fixed), 0);
    assert_null(LocalFree(fixed));
    assert_int_equal(LocalFlags(NULL), LMEM_INVALID_HANDLE);
}

/* The library, and another program, know it by a handle. */
static void a_fixed_block_travels_too(void **state)
{
    HWND wnd;
    DDEDATA *data = GlobalAlloc(GPTR, sizeof *data);
    HGLOBAL command = GlobalAlloc(GPTR, 4);
    UINT_PTR lo, hi;
    MSG msg;

    (void)state;
    notes_open();
    wnd = notes_window(NULL);
    data->cfFormat = CF_TEXT;
    assert_true(PostMessageA(wnd, WM_DDE_DATA, 0, PackDDElParam(WM_DDE_DATA, (UINT_PTR)data, 5)));
    assert_true(GetMessageA(&msg, NULL, 0, 0));
    assert_true(UnpackDDElParam(WM_DDE_DATA, msg.lParam, &lo, &hi));
    assert_int_equal(hi, 5);
    assert_ptr_not_equal((void *)lo, data);
    assert_ptr_equal(GlobalLock((HGLOBAL)lo), data);
    FreeDDElParam(WM_DDE_DATA, msg.lParam);
    assert_null(GlobalFree((HGLOBAL)lo));
    assert_int_equal(GlobalFlags(data), GMEM_INVALID_HANDLE); /* by either name */

    assert_true(PostMessageA(wnd, WM_DDE_EXECUTE, 0, (LPARAM)command));
    assert_true(GetMessageA(&msg, NULL, 0, 0));
    assert_ptr_equal(GlobalLock((HGLOBAL)msg.lParam), command);
    assert_null(GlobalFree(command)); /* by the other one */
    DestroyWindow(wnd);
    data = GlobalAlloc(GPTR, sizeof *data);
    assert_false(
        PostMessageA(wnd, WM_DDE_DATA, 0, (lo = (UINT_PTR)PackDDElParam(WM_DDE_DATA, (UINT_PTR)data, 5))));
    assert_true(FreeDDElParam(WM_DDE_DATA, (LPARAM)lo)); /* an unsent message is still all the sender's */
    assert_null(GlobalFree(data));
    notes_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        user32_test(a_movable_block_is_a_handle_that_is_locked_and_unlocked),
        user32_test(a_fixed_block_is_its_address),
        user32_test(the_handle_of_an_address_is_found),
        user32_test(a_block_is_freed_once_whatever_its_locks),
        user32_test(a_movable_block_grows_and_shrinks_under_its_handle),
        user32_test(a_fixed_block_moves_only_if_it_may),
        user32_test(a_block_of_no_size_is_a_discarded_one),
        user32_test(what_is_locked_is_not_discarded),
        user32_test(local_memory_is_the_same),
        user32_test(a_fixed_block_travels_too),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
