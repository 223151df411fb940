/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32_test.h"

/* Hooks. */

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

static int order[8];
static unsigned n_order;
static MSG offered;
static int offered_code;

static LRESULT CALLBACK older(int code, WPARAM wparam, LPARAM lparam)
{
    order[n_order++ % 8] = 1;
    return CallNextHookEx(NULL, code, wparam, lparam);
}

static LRESULT CALLBACK newer(int code, WPARAM wparam, LPARAM lparam)
{
    order[n_order++ % 8] = 2;
    return CallNextHookEx(NULL, code, wparam, lparam);
}

static LRESULT CALLBACK claim(int code, WPARAM wparam, LPARAM lparam)
{
    (void)wparam;
    offered = *(const MSG *)lparam;
    offered_code = code;
    return 1;
}

static void the_newest_hook_is_called_first_and_calls_the_next(void **state)
{
    HHOOK first = SetWindowsHookExA(WH_MSGFILTER, older, NULL, GetCurrentThreadId());
    HHOOK second = SetWindowsHookExW(WH_MSGFILTER, newer, NULL, GetCurrentThreadId());
    MSG msg = {0};

    (void)state;
    n_order = 0;
    assert_false(CallMsgFilterA(&msg, 1));
    assert_int_equal(n_order, 2);
    assert_int_equal(order[0], 2);
    assert_int_equal(order[1], 1);
    assert_true(UnhookWindowsHookEx(second));
    assert_false(CallMsgFilterW(&msg, 1));
    assert_int_equal(n_order, 3);
    assert_true(UnhookWindowsHookEx(first));
    assert_false(UnhookWindowsHookEx(first));
    assert_int_equal(GetLastError(), ERROR_INVALID_HOOK_HANDLE);
}

static void a_filter_may_claim_a_message(void **state)
{
    HHOOK hook = SetWindowsHookExA(WH_MSGFILTER, claim, NULL, GetCurrentThreadId());
    MSG msg = {.hwnd = wnd, .message = WM_USER};

    (void)state;
    assert_true(CallMsgFilterA(&msg, 5));
    assert_int_equal(offered_code, 5);
    assert_int_equal(offered.message, WM_USER);
    UnhookWindowsHookEx(hook);
}

static void the_filters_of_the_system_come_first(void **state)
{
    HHOOK system = SetWindowsHookExA(WH_SYSMSGFILTER, claim, NULL, 0);
    HHOOK own = SetWindowsHookExA(WH_MSGFILTER, older, NULL, GetCurrentThreadId());
    MSG msg = {0};

    (void)state;
    n_order = 0;
    assert_true(CallMsgFilterA(&msg, 1));
    assert_int_equal(n_order, 0);
    UnhookWindowsHookEx(own);
    UnhookWindowsHookEx(system);
}

static void the_librarys_loop_offers_the_programs_messages_to_the_filter(void **state)
{
    HHOOK hook = SetWindowsHookExA(WH_MSGFILTER, claim, NULL, GetCurrentThreadId());

    (void)state;
    PostMessageA(wnd, WM_USER, 3, 4);
    DdemlDispatch(0);
    assert_int_equal(offered_code, MSGF_DDEMGR);
    assert_ptr_equal(offered.hwnd, wnd);
    assert_int_equal(offered.message, WM_USER);
    assert_int_equal(offered.wParam, 3);
    assert_int_equal(offered.lParam, 4);
    assert_int_equal(notes_count(wnd, WM_USER), 0); /* it has been claimed */
    UnhookWindowsHookEx(hook);
    PostMessageA(wnd, WM_USER, 3, 4);
    DdemlDispatch(0);
    assert_int_equal(notes_count(wnd, WM_USER), 1);
}

static LRESULT CALLBACK change(int code, WPARAM wparam, LPARAM lparam)
{
    MSG *msg = (MSG *)lparam;

    assert_int_equal(code, HC_ACTION);
    if (wparam == PM_REMOVE)
        msg->wParam++;
    return 0;
}

static void a_getmessage_hook_sees_every_message_that_is_taken_and_may_change_it(void **state)
{
    HHOOK hook = SetWindowsHookExA(WH_GETMESSAGE, change, NULL, GetCurrentThreadId());
    MSG msg;

    (void)state;
    PostMessageA(wnd, WM_USER, 1, 0);
    assert_true(PeekMessageA(&msg, NULL, 0, 0, PM_NOREMOVE));
    assert_int_equal(msg.wParam, 1);
    assert_true(GetMessageA(&msg, NULL, 0, 0));
    assert_int_equal(msg.wParam, 2);
    UnhookWindowsHookEx(hook);
}

static CWPSTRUCT before;
static CWPRETSTRUCT after;
static bool by_own_thread;

static LRESULT CALLBACK on_call(int code, WPARAM wparam, LPARAM lparam)
{
    before = *(const CWPSTRUCT *)lparam;
    by_own_thread = wparam;
    return CallNextHookEx(NULL, code, wparam, lparam);
}

static LRESULT CALLBACK on_return(int code, WPARAM wparam, LPARAM lparam)
{
    after = *(const CWPRETSTRUCT *)lparam;
    return CallNextHookEx(NULL, code, wparam, lparam);
}

static LRESULT answer(HWND of, UINT msg, WPARAM wparam, LPARAM lparam, bool *done)
{
    (void)of;
    (void)wparam;
    (void)lparam;
    *done = msg == WM_USER;
    return 42;
}

static void hooks_see_what_is_sent_and_what_comes_of_it(void **state)
{
    HHOOK call = SetWindowsHookExA(WH_CALLWNDPROC, on_call, NULL, GetCurrentThreadId());
    HHOOK back = SetWindowsHookExA(WH_CALLWNDPROCRET, on_return, NULL, GetCurrentThreadId());

    (void)state;
    notes_hook = answer;
    SendMessageA(wnd, WM_USER, 1, 2);
    assert_ptr_equal(before.hwnd, wnd);
    assert_int_equal(before.message, WM_USER);
    assert_int_equal(before.wParam, 1);
    assert_int_equal(before.lParam, 2);
    assert_true(by_own_thread);
    assert_int_equal(after.lResult, 42);
    assert_int_equal(after.message, WM_USER);
    memset(&before, 0, sizeof before);
    PostMessageA(wnd, WM_USER, 1, 2);
    run_all();
    assert_null(before.hwnd); /* that was not sent */
    UnhookWindowsHookEx(call);
    UnhookWindowsHookEx(back);
}

static void offer(void *arg)
{
    MSG msg = {0};

    *(BOOL *)arg = CallMsgFilterA(&msg, 1);
}

static void a_hook_is_for_one_thread_or_for_all(void **state)
{
    HHOOK own = SetWindowsHookExA(WH_MSGFILTER, claim, NULL, GetCurrentThreadId()), all;
    BOOL claimed = TRUE;

    (void)state;
    test_thread_join(test_thread_start(offer, &claimed));
    assert_false(claimed);
    UnhookWindowsHookEx(own);
    all = SetWindowsHookExA(WH_MSGFILTER, claim, NULL, 0);
    test_thread_join(test_thread_start(offer, &claimed));
    assert_true(claimed);
    UnhookWindowsHookEx(all);
}

static HHOOK removed;

static LRESULT CALLBACK remove_itself(int code, WPARAM wparam, LPARAM lparam)
{
    assert_true(UnhookWindowsHookEx(removed));
    return CallNextHookEx(NULL, code, wparam, lparam);
}

static void a_hook_may_remove_itself(void **state)
{
    HHOOK rest = SetWindowsHookExA(WH_MSGFILTER, claim, NULL, 0);
    MSG msg = {0};

    (void)state;
    removed = SetWindowsHookExA(WH_MSGFILTER, remove_itself, NULL, 0);
    assert_true(CallMsgFilterA(&msg, 1));
    UnhookWindowsHookEx(rest);
}

static void what_there_is_no_hook_for_is_refused(void **state)
{
    (void)state;
    assert_null(SetWindowsHookExA(WH_KEYBOARD, claim, NULL, 0));
    assert_int_equal(GetLastError(), ERROR_INVALID_HOOK_FILTER);
    assert_null(SetWindowsHookExA(WH_MSGFILTER, NULL, NULL, 0));
    assert_int_equal(GetLastError(), ERROR_INVALID_FILTER_PROC);
    assert_int_equal(CallNextHookEx(NULL, 0, 0, 0), 0);
}

#define hook_test(function) cmocka_unit_test_setup_teardown(function, open_window, close_window)

int main(void)
{
    const struct CMUnitTest tests[] = {
        hook_test(the_newest_hook_is_called_first_and_calls_the_next),
        hook_test(a_filter_may_claim_a_message),
        hook_test(the_filters_of_the_system_come_first),
        hook_test(the_librarys_loop_offers_the_programs_messages_to_the_filter),
        hook_test(a_getmessage_hook_sees_every_message_that_is_taken_and_may_change_it),
        hook_test(hooks_see_what_is_sent_and_what_comes_of_it),
        hook_test(a_hook_is_for_one_thread_or_for_all),
        hook_test(a_hook_may_remove_itself),
        hook_test(what_there_is_no_hook_for_is_refused),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
