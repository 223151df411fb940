/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32_test.h"

/* Queues: posting, looking, taking, running. */

static HWND wnd, other;

static int open_windows(void **state)
{
    (void)state;
    notes_open();
    wnd = notes_window(NULL);
    other = notes_window(NULL);
    notes_forget();
    return 0;
}

static int close_windows(void **state)
{
    DestroyWindow(wnd);
    DestroyWindow(other);
    notes_close();
    return nothing_left(state);
}

static bool peek(MSG *msg, HWND filter, UINT first, UINT last)
{
    return PeekMessageA(msg, filter, first, last, PM_REMOVE);
}

static void assert_next(HWND of, UINT id)
{
    MSG msg;

    assert_true(peek(&msg, NULL, 0, 0));
    assert_ptr_equal(msg.hwnd, of);
    assert_int_equal(msg.message, id);
}

static void assert_none(void)
{
    MSG msg;

    assert_false(peek(&msg, NULL, 0, 0));
}

/* ---- Order and filters ------------------------------------------------------------------------------------ */

static void messages_come_in_the_order_of_posting_whatever_their_kind(void **state)
{
    (void)state;
    PostMessageA(wnd, WM_USER, 0, 0);
    PostMessageA(other, WM_DDE_TERMINATE, 0, 0);
    PostThreadMessageA(GetCurrentThreadId(), WM_USER + 1, 0, 0);
    PostMessageW(wnd, WM_NULL, 0, 0);
    PostMessageA(wnd, 0x0505, 0, 0); /* a number of the library's own: here it is the program's */
    assert_next(wnd, WM_USER);
    assert_next(other, WM_DDE_TERMINATE);
    assert_next(NULL, WM_USER + 1);
    assert_next(wnd, WM_NULL);
    assert_next(wnd, 0x0505);
    assert_none();
}

static void a_message_brings_all_that_was_posted(void **state)
{
    DWORD before = GetTickCount();
    MSG msg;

    (void)state;
    PostMessageA(wnd, WM_USER, (WPARAM)-1, (LPARAM)&msg);
    assert_true(GetMessageA(&msg, NULL, 0, 0));
    assert_ptr_equal(msg.hwnd, wnd);
    assert_int_equal(msg.message, WM_USER);
    assert_true(msg.wParam == (WPARAM)-1);
    assert_ptr_equal(msg.lParam, &msg);
    assert_true(msg.time - before <= GetTickCount() - before);
    assert_int_equal((DWORD)GetMessageTime(), msg.time);
    assert_int_equal(GetMessagePos(), 0);
    assert_int_equal(msg.pt.x, 0);
}

static void a_window_filter_takes_the_windows_and_its_childrens(void **state)
{
    HWND child = notes_window(wnd);
    MSG msg;

    (void)state;
    PostMessageA(other, WM_USER, 0, 0);
    PostMessageA(child, WM_USER, 0, 0);
    PostMessageA(wnd, WM_USER, 0, 0);
    assert_true(peek(&msg, wnd, 0, 0));
    assert_ptr_equal(msg.hwnd, child);
    assert_true(peek(&msg, wnd, 0, 0));
    assert_ptr_equal(msg.hwnd, wnd);
    assert_false(peek(&msg, wnd, 0, 0));
    assert_next(other, WM_USER);
}

static void the_threads_own_messages_can_be_asked_for_alone(void **state)
{
    MSG msg;

    (void)state;
    PostMessageA(wnd, WM_USER, 0, 0);
    PostMessageA(NULL, WM_USER + 1, 0, 0); /* to the thread */
    assert_true(peek(&msg, (HWND)-1, 0, 0));
    assert_int_equal(msg.message, WM_USER + 1);
    assert_null(msg.hwnd);
    assert_next(wnd, WM_USER);
}

static void a_range_takes_its_ends_and_what_is_between(void **state)
{
    MSG msg;

    (void)state;
    for (UINT id = WM_USER; id < WM_USER + 4; id++)
        PostMessageA(wnd, id, 0, 0);
    assert_true(peek(&msg, NULL, WM_USER + 1, WM_USER + 2));
    assert_int_equal(msg.message, WM_USER + 1);
    assert_true(PeekMessageW(&msg, NULL, WM_USER + 1, WM_USER + 2, PM_REMOVE));
    assert_int_equal(msg.message, WM_USER + 2);
    assert_false(peek(&msg, NULL, WM_USER + 1, WM_USER + 2));
    assert_next(wnd, WM_USER);
    assert_next(wnd, WM_USER + 3);
}

static void without_pm_remove_a_message_stays(void **state)
{
    MSG msg;

    (void)state;
    PostMessageA(wnd, WM_USER, 0, 0);
    assert_true(PeekMessageA(&msg, NULL, 0, 0, PM_NOREMOVE));
    assert_true(PeekMessageA(&msg, NULL, 0, 0, PM_NOREMOVE | PM_NOYIELD));
    assert_next(wnd, WM_USER);
    assert_none();
}

static void kinds_can_be_asked_for(void **state)
{
    MSG msg;

    (void)state;
    PostMessageA(wnd, WM_USER, 0, 0);
    assert_false(PeekMessageA(&msg, NULL, 0, 0, PM_REMOVE | PM_QS_SENDMESSAGE));
    assert_true(PeekMessageA(&msg, NULL, 0, 0, PM_REMOVE | PM_QS_POSTMESSAGE));
    assert_int_equal(msg.message, WM_USER);
}

static void a_filter_for_a_window_that_is_not_there_is_an_error(void **state)
{
    HWND gone = notes_window(NULL);
    MSG msg;

    (void)state;
    DestroyWindow(gone);
    assert_int_equal(GetMessageA(&msg, gone, 0, 0), -1);
    assert_int_equal(GetLastError(), ERROR_INVALID_WINDOW_HANDLE);
    assert_false(PeekMessageA(&msg, gone, 0, 0, PM_REMOVE));
}

static void a_destroyed_windows_messages_are_gone(void **state)
{
    HWND gone = notes_window(NULL);

    (void)state;
    PostMessageA(gone, WM_USER, 0, 0);
    PostMessageA(wnd, WM_USER + 1, 0, 0);
    DestroyWindow(gone);
    assert_next(wnd, WM_USER + 1);
    assert_none();
}

/* ---- Posting ---------------------------------------------------------------------------------------------- */

static void what_cannot_be_posted_is_refused(void **state)
{
    HWND gone = notes_window(NULL);

    (void)state;
    DestroyWindow(gone);
    assert_false(PostMessageA(gone, WM_USER, 0, 0));
    assert_int_equal(GetLastError(), ERROR_INVALID_WINDOW_HANDLE);
    assert_false(PostMessageA(wnd, WM_SETTEXT, 0, (LPARAM) "text"));
    assert_int_equal(GetLastError(), ERROR_MESSAGE_SYNC_ONLY);
}

static void a_full_queue_refuses(void **state)
{
    unsigned n = 0;

    (void)state;
    while (n < 20000 && PostMessageA(wnd, WM_USER, n, 0))
        n++;
    assert_int_equal(n, 10000);
    assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_QUOTA);
    assert_false(PostThreadMessageA(GetCurrentThreadId(), WM_USER, 0, 0));
    assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_QUOTA);
    while (n--)
        assert_next(wnd, WM_USER);
}

static void a_post_to_all_reaches_every_top_level_window(void **state)
{
    HWND child = notes_window(wnd);

    (void)state;
    assert_true(PostMessageA(HWND_BROADCAST, WM_USER, 0, 0));
    run_all();
    assert_int_equal(notes_count(wnd, WM_USER), 1);
    assert_int_equal(notes_count(other, WM_USER), 1);
    assert_int_equal(notes_count(child, WM_USER), 0);
}

static void without_a_queue_a_thread_gets_no_messages(void **state)
{
    (void)state;
    assert_false(PostThreadMessageW(0x7FFFFFFF, WM_USER, 0, 0));
    assert_int_equal(GetLastError(), ERROR_INVALID_THREAD_ID);
}

struct partner {
    struct test_event *ready;
    DWORD thread;
    UINT got;
    HWND got_by;
};

static void wait_for_message(void *arg)
{
    struct partner *p = arg;
    MSG msg;

    PeekMessageA(&msg, NULL, 0, 0, PM_NOREMOVE); /* makes the queue */
    p->thread = GetCurrentThreadId();
    test_event_set(p->ready);
    GetMessageA(&msg, NULL, 0, 0);
    p->got = msg.message;
    p->got_by = msg.hwnd;
}

static void a_message_wakes_the_thread_that_waits_for_it(void **state)
{
    struct partner p = {.ready = test_event_new(), .got_by = wnd};
    struct test_thread *t = test_thread_start(wait_for_message, &p);

    (void)state;
    assert_true(test_event_wait(p.ready, TEST_PATIENCE_MS));
    assert_true(PostThreadMessageA(p.thread, WM_USER + 7, 0, 0));
    test_thread_join(t);
    assert_int_equal(p.got, WM_USER + 7);
    assert_null(p.got_by);
    assert_false(PostThreadMessageA(p.thread, WM_USER, 0, 0));
    test_event_free(p.ready);
}

/* ---- The end ---------------------------------------------------------------------------------------------- */

static void quit_comes_after_everything_that_was_posted(void **state)
{
    MSG msg;

    (void)state;
    PostQuitMessage(7);
    PostMessageA(wnd, WM_USER, 0, 0);
    assert_int_equal(GetMessageA(&msg, NULL, 0, 0), TRUE);
    assert_int_equal(msg.message, WM_USER);
    assert_int_equal(GetMessageW(&msg, NULL, 0, 0), FALSE);
    assert_int_equal(msg.message, WM_QUIT);
    assert_int_equal(msg.wParam, 7);
    assert_none();
}

static void quit_passes_every_filter(void **state)
{
    MSG msg;

    (void)state;
    PostMessageA(wnd, WM_USER, 0, 0);
    PostQuitMessage(7);
    assert_int_equal(GetMessageA(&msg, other, WM_KEYDOWN, WM_KEYUP), FALSE);
    assert_next(wnd, WM_USER);
}

static void quit_stays_until_it_is_taken(void **state)
{
    MSG msg;

    (void)state;
    PostQuitMessage(7);
    assert_true(PeekMessageA(&msg, NULL, 0, 0, PM_NOREMOVE));
    assert_int_equal(msg.message, WM_QUIT);
    assert_next(NULL, WM_QUIT);
    assert_none();
}

static void quit_comes_before_timers(void **state)
{
    MSG msg;

    (void)state;
    SetTimer(wnd, 1, 10, NULL);
    assert_int_equal(GetMessageA(&msg, NULL, 0, 0), TRUE);
    assert_int_equal(msg.message, WM_TIMER);
    MsgWaitForMultipleObjects(0, NULL, FALSE, TEST_PATIENCE_MS, QS_TIMER); /* the next one is due */
    PostQuitMessage(0);
    assert_int_equal(GetMessageA(&msg, NULL, 0, 0), FALSE);
    KillTimer(wnd, 1);
}

static void a_posted_wm_quit_is_one_too(void **state)
{
    MSG msg;

    (void)state;
    PostThreadMessageA(GetCurrentThreadId(), WM_QUIT, 5, 0);
    assert_int_equal(GetMessageA(&msg, NULL, 0, 0), FALSE);
    assert_int_equal(msg.wParam, 5);
}

static void a_quit_that_the_librarys_loop_meets_is_put_back(void **state)
{
    MSG msg;

    (void)state;
    PostMessageA(wnd, WM_QUIT, 5, 0);
    PostQuitMessage(6);
    DdemlDispatch(0);
    assert_int_equal(GetMessageA(&msg, NULL, 0, 0), FALSE);
    assert_int_equal(msg.wParam, 5);
}

static void the_librarys_loop_leaves_the_threads_own_messages(void **state)
{
    (void)state;
    PostThreadMessageA(GetCurrentThreadId(), WM_USER, 0, 0);
    assert_false(DdemlDispatch(0));
    assert_next(NULL, WM_USER);
}

/* ---- Dispatching ------------------------------------------------------------------------------------------ */

static LRESULT answer_42(HWND of, UINT msg, WPARAM wparam, LPARAM lparam, bool *done)
{
    (void)of;
    (void)wparam;
    (void)lparam;
    *done = msg == WM_USER;
    return 42;
}

static void dispatch_runs_the_procedure_and_returns_its_result(void **state)
{
    MSG msg = {.hwnd = wnd, .message = WM_USER, .wParam = 1, .lParam = 2};

    (void)state;
    notes_hook = answer_42;
    assert_int_equal(DispatchMessageA(&msg), 42);
    assert_int_equal(DispatchMessageW(&msg), 42);
    assert_int_equal(notes[0].wparam, 1);
    assert_int_equal(notes[0].lparam, 2);
    msg.hwnd = NULL;
    assert_int_equal(DispatchMessageA(&msg), 0);
    assert_int_equal(notes_count(wnd, WM_USER), 2);
}

static void dispatch_from_elsewhere(void *arg)
{
    MSG msg = {.hwnd = wnd, .message = WM_USER};

    (void)arg;
    assert_int_equal(DispatchMessageA(&msg), 0);
}

static void dispatch_runs_no_other_threads_procedures(void **state)
{
    (void)state;
    test_thread_join(test_thread_start(dispatch_from_elsewhere, NULL));
    assert_int_equal(n_notes, 0);
}

static void the_librarys_loop_runs_the_programs_procedures(void **state)
{
    (void)state;
    PostMessageA(wnd, WM_USER, 0, 0);
    assert_true(DdemlDispatch(0));
    assert_int_equal(notes_count(wnd, WM_USER), 1);
}

static void keys_become_characters(void **state)
{
    MSG key = {.hwnd = wnd, .message = WM_KEYDOWN, .wParam = 'A', .lParam = 1};
    MSG msg;

    (void)state;
    assert_true(TranslateMessage(&key));
    assert_true(peek(&msg, wnd, WM_CHAR, WM_CHAR));
    assert_int_equal(msg.wParam, 'a');
    assert_int_equal(msg.lParam, 1);
    key.wParam = VK_SHIFT; /* none, but a key all the same */
    assert_true(TranslateMessage(&key));
    key.message = WM_KEYUP;
    key.wParam = 'A';
    assert_true(TranslateMessage(&key));
    assert_none();
    key.message = WM_CHAR;
    assert_false(TranslateMessage(&key));
}

/* ---- Waiting ---------------------------------------------------------------------------------------------- */

static void waiting_ends_with_the_first_new_message_of_the_kind(void **state)
{
    MSG msg;

    (void)state;
    PostMessageA(wnd, WM_USER, 0, 0);
    assert_int_equal(MsgWaitForMultipleObjects(0, NULL, FALSE, 0, QS_POSTMESSAGE), WAIT_OBJECT_0);
    assert_int_equal(MsgWaitForMultipleObjects(0, NULL, FALSE, 0, QS_POSTMESSAGE), WAIT_TIMEOUT); /* seen */
    assert_int_equal(MsgWaitForMultipleObjectsEx(0, NULL, 0, QS_POSTMESSAGE, MWMO_INPUTAVAILABLE),
                     WAIT_OBJECT_0);
    assert_int_equal(MsgWaitForMultipleObjectsEx(0, NULL, 0, QS_TIMER, MWMO_INPUTAVAILABLE), WAIT_TIMEOUT);
    assert_true(PeekMessageA(&msg, NULL, 0, 0, PM_REMOVE));
    assert_int_equal(MsgWaitForMultipleObjectsEx(0, NULL, 0, QS_ALLINPUT, MWMO_INPUTAVAILABLE), WAIT_TIMEOUT);
    PostMessageA(wnd, WM_USER, 0, 0);
    assert_true(WaitMessage());
    assert_next(wnd, WM_USER);
}

static void there_are_no_objects_to_wait_for(void **state)
{
    HANDLE object = NULL;

    (void)state;
    assert_int_equal(MsgWaitForMultipleObjects(1, &object, FALSE, 0, QS_ALLINPUT), WAIT_FAILED);
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
}

static void the_state_of_the_queue_tells_what_is_there_and_what_is_new(void **state)
{
    DWORD status;

    (void)state;
    assert_int_equal(GetQueueStatus(QS_ALLINPUT), 0);
    PostMessageA(wnd, WM_USER, 0, 0);
    status = GetQueueStatus(QS_ALLINPUT);
    assert_int_equal(HIWORD(status), QS_POSTMESSAGE);
    assert_int_equal(LOWORD(status), QS_POSTMESSAGE);
    status = GetQueueStatus(QS_ALLINPUT);
    assert_int_equal(HIWORD(status), QS_POSTMESSAGE);
    assert_int_equal(LOWORD(status), 0);
    assert_next(wnd, WM_USER);
}

#define queue_test(function) cmocka_unit_test_setup_teardown(function, open_windows, close_windows)

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(messages_come_in_the_order_of_posting_whatever_their_kind),
        queue_test(a_message_brings_all_that_was_posted),
        queue_test(a_window_filter_takes_the_windows_and_its_childrens),
        queue_test(the_threads_own_messages_can_be_asked_for_alone),
        queue_test(a_range_takes_its_ends_and_what_is_between),
        queue_test(without_pm_remove_a_message_stays),
        queue_test(kinds_can_be_asked_for),
        queue_test(a_filter_for_a_window_that_is_not_there_is_an_error),
        queue_test(a_destroyed_windows_messages_are_gone),
        queue_test(what_cannot_be_posted_is_refused),
        queue_test(a_full_queue_refuses),
        queue_test(a_post_to_all_reaches_every_top_level_window),
        queue_test(without_a_queue_a_thread_gets_no_messages),
        queue_test(a_message_wakes_the_thread_that_waits_for_it),
        queue_test(quit_comes_after_everything_that_was_posted),
        queue_test(quit_passes_every_filter),
        queue_test(quit_stays_until_it_is_taken),
        queue_test(quit_comes_before_timers),
        queue_test(a_posted_wm_quit_is_one_too),
        queue_test(a_quit_that_the_librarys_loop_meets_is_put_back),
        queue_test(the_librarys_loop_leaves_the_threads_own_messages),
        queue_test(dispatch_runs_the_procedure_and_returns_its_result),
        queue_test(dispatch_runs_no_other_threads_procedures),
        queue_test(the_librarys_loop_runs_the_programs_procedures),
        queue_test(keys_become_characters),
        queue_test(waiting_ends_with_the_first_new_message_of_the_kind),
        queue_test(there_are_no_objects_to_wait_for),
        queue_test(the_state_of_the_queue_tells_what_is_there_and_what_is_new),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
