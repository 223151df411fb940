/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32_test.h"

/* Timers. */

static HWND wnd;

static int open_window(void **state)
{
    (void)state;
    notes_open();
    wnd = notes_window(NULL);
    notes_forget();
    return 0;
}

static int close_window(void **state)
{
    DestroyWindow(wnd);
    notes_close();
    return nothing_left(state);
}

static void a_timer_of_a_window_sends_it_its_number_again_and_again(void **state)
{
    MSG msg;

    (void)state;
    assert_true(SetTimer(wnd, 5, 1, NULL) != 0);
    for (int i = 0; i < 3; i++) {
        assert_true(GetMessageA(&msg, NULL, 0, 0));
        assert_ptr_equal(msg.hwnd, wnd);
        assert_int_equal(msg.message, WM_TIMER);
        assert_int_equal(msg.wParam, 5);
        assert_int_equal(msg.lParam, 0);
    }
    assert_true(KillTimer(wnd, 5));
}

static void a_timer_comes_when_nothing_else_is_there(void **state)
{
    MSG msg;

    (void)state;
    SetTimer(wnd, 5, 10, NULL);
    assert_int_equal(MsgWaitForMultipleObjects(0, NULL, FALSE, TEST_PATIENCE_MS, QS_TIMER), WAIT_OBJECT_0);
    PostMessageA(wnd, WM_USER, 0, 0);
    assert_true(GetMessageA(&msg, NULL, 0, 0));
    assert_int_equal(msg.message, WM_USER);
    assert_true(GetMessageA(&msg, NULL, 0, 0));
    assert_int_equal(msg.message, WM_TIMER);
    KillTimer(wnd, 5);
}

static void at_most_one_of_a_timers_messages_is_there(void **state)
{
    MSG msg;

    (void)state;
    SetTimer(wnd, 5, 10, NULL);
    SetTimer(wnd, 6, 60, NULL);
    while (GetMessageA(&msg, wnd, WM_TIMER, WM_TIMER) && msg.wParam != 6) {
    }
    /* 5 has been due often enough; now it stops, and so does what it has left. */
    KillTimer(wnd, 6);
    KillTimer(wnd, 5);
    assert_false(PeekMessageA(&msg, NULL, 0, 0, PM_REMOVE));
}

static unsigned n_calls;
static HWND called_for;
static UINT_PTR called_with;

static VOID CALLBACK on_time(HWND of, UINT msg, UINT_PTR id, DWORD time)
{
    (void)time;
    assert_int_equal(msg, WM_TIMER);
    n_calls++;
    called_for = of;
    called_with = id;
}

static void a_timer_with_a_procedure_calls_it_in_dispatch(void **state)
{
    MSG msg;

    (void)state;
    n_calls = 0;
    SetTimer(wnd, 5, 10, on_time);
    assert_true(GetMessageA(&msg, NULL, 0, 0));
    assert_ptr_equal(msg.lParam, on_time);
    DispatchMessageA(&msg);
    assert_int_equal(n_calls, 1);
    assert_ptr_equal(called_for, wnd);
    assert_int_equal(called_with, 5);
    assert_int_equal(notes_count(wnd, WM_TIMER), 0);
    KillTimer(wnd, 5);
    DispatchMessageA(&msg); /* nobody knows the procedure any more */
    assert_int_equal(n_calls, 1);
}

static void a_timer_of_the_thread_gets_a_number_of_its_own(void **state)
{
    UINT_PTR first = SetTimer(NULL, 5, 10, on_time), second = SetTimer(NULL, 5, 60000, NULL);
    MSG msg;

    (void)state;
    assert_true(first && second && first != second);
    assert_true(GetMessageA(&msg, (HWND)-1, 0, 0));
    assert_null(msg.hwnd);
    assert_int_equal(msg.message, WM_TIMER);
    assert_int_equal(msg.wParam, first);
    assert_int_equal(SetTimer(NULL, first, 60000, NULL), first); /* its own number names it */
    assert_true(KillTimer(NULL, first));
    assert_true(KillTimer(NULL, second));
}

static void the_same_number_sets_the_same_timer_anew(void **state)
{
    MSG msg;

    (void)state;
    SetTimer(wnd, 5, 60000, on_time);
    SetTimer(wnd, 5, 10, NULL);
    assert_true(GetMessageA(&msg, NULL, 0, 0));
    assert_int_equal(msg.lParam, 0);
    assert_true(KillTimer(wnd, 5));
    assert_false(KillTimer(wnd, 5));
}

static void number_0_is_a_number(void **state)
{
    MSG msg;

    (void)state;
    assert_true(SetTimer(wnd, 0, 10, NULL) != 0);
    assert_true(GetMessageA(&msg, NULL, 0, 0));
    assert_int_equal(msg.wParam, 0);
    assert_true(KillTimer(wnd, 0));
}

static void timers_go_with_their_window(void **state)
{
    HWND gone = notes_window(NULL);
    MSG msg;

    (void)state;
    SetTimer(gone, 5, 10, NULL);
    MsgWaitForMultipleObjects(0, NULL, FALSE, TEST_PATIENCE_MS, QS_TIMER);
    DestroyWindow(gone);
    assert_false(PeekMessageA(&msg, NULL, 0, 0, PM_REMOVE));
    assert_int_equal(SetTimer(gone, 5, 10, NULL), 0);
    assert_int_equal(GetLastError(), ERROR_INVALID_WINDOW_HANDLE);
}

static void the_librarys_loop_runs_timers(void **state)
{
    (void)state;
    n_calls = 0;
    SetTimer(wnd, 5, 10, NULL);
    SetTimer(NULL, 0, 10, on_time);
    for (int i = 0; i < 1000 && !(n_calls && notes_count(wnd, WM_TIMER)); i++)
        DdemlDispatch(TEST_PATIENCE_MS);
    assert_true(n_calls > 0);
    assert_true(notes_count(wnd, WM_TIMER) > 0);
    KillTimer(wnd, 5);
    KillTimer(NULL, called_with);
}

#define timer_test(function) cmocka_unit_test_setup_teardown(function, open_window, close_window)

int main(void)
{
    const struct CMUnitTest tests[] = {
        timer_test(a_timer_of_a_window_sends_it_its_number_again_and_again),
        timer_test(a_timer_comes_when_nothing_else_is_there),
        timer_test(at_most_one_of_a_timers_messages_is_there),
        timer_test(a_timer_with_a_procedure_calls_it_in_dispatch),
        timer_test(a_timer_of_the_thread_gets_a_number_of_its_own),
        timer_test(the_same_number_sets_the_same_timer_anew),
        timer_test(number_0_is_a_number),
        timer_test(timers_go_with_their_window),
        timer_test(the_librarys_loop_runs_timers),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
