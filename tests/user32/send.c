/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32_test.h"

/* SendMessage: within a thread, between threads, to all, and with a deadline. */

/* A thread with a window, which runs its messages until it is told to stop. */
struct partner {
    struct test_event *ready, *stop;
    struct test_thread *thread;
    HWND wnd;
    bool deaf; /* it never looks at its queue */
};

static void serve(void *arg)
{
    struct partner *p = arg;
    MSG msg;

    p->wnd = notes_window(NULL);
    test_event_set(p->ready);
    if (p->deaf)
        test_event_wait(p->stop, TEST_PATIENCE_MS);
    else
        while (GetMessageA(&msg, NULL, 0, 0))
            DispatchMessageA(&msg);
    DestroyWindow(p->wnd);
}

static void start(struct partner *p)
{
    p->ready = test_event_new();
    p->stop = test_event_new();
    p->thread = test_thread_start(serve, p);
    assert_true(test_event_wait(p->ready, TEST_PATIENCE_MS));
    notes_forget();
}

static void stop(struct partner *p)
{
    test_event_set(p->stop);
    PostMessageA(p->wnd, WM_QUIT, 0, 0);
    test_thread_join(p->thread);
    test_event_free(p->ready);
    test_event_free(p->stop);
}

static HWND mine;

static int open_mine(void **state)
{
    (void)state;
    notes_open();
    mine = notes_window(NULL);
    notes_forget();
    return 0;
}

static int close_mine(void **state)
{
    DestroyWindow(mine);
    notes_close();
    return nothing_left(state);
}

enum { ASK = WM_USER + 1, ASK_BACK, REPLY, TALK };

static bool in_send, in_send_late, replied;
static volatile int asked;

static LRESULT answer(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool *done)
{
    *done = true;
    switch (msg) {
    case ASK:
        in_send = InSendMessage();
        asked = 1;
        return (LRESULT)wparam * 2;
    case ASK_BACK: /* the sender is waiting: it gets it all the same */
        return SendMessageA((HWND)lparam, ASK, wparam, 0) + 1;
    case REPLY:
        replied = ReplyMessage(77);
        assert_int_equal(InSendMessageEx(NULL), ISMEX_SEND | ISMEX_REPLIED);
        in_send_late = ReplyMessage(78);
        test_event_wait((struct test_event *)lparam, TEST_PATIENCE_MS);
        return 79;
    case TALK:
        return SendMessageA(wnd, ASK, wparam, 0);
    default:
        *done = false;
        return 0;
    }
}

/* ---- Results ---------------------------------------------------------------------------------------------- */

static void within_a_thread_it_is_a_call(void **state)
{
    (void)state;
    notes_hook = answer;
    PostMessageA(mine, WM_USER, 0, 0);
    assert_int_equal(SendMessageA(mine, ASK, 21, 0), 42);
    assert_false(in_send);
    assert_int_equal(InSendMessageEx(NULL), ISMEX_NOSEND);
    assert_false(ReplyMessage(0));
    assert_int_equal(notes_count(mine, WM_USER), 0); /* what was posted waits */
    run_all();
}

static void between_threads_the_result_comes_back(void **state)
{
    struct partner p = {0};

    (void)state;
    start(&p);
    notes_hook = answer;
    assert_int_equal(SendMessageA(p.wnd, ASK, 21, 0), 42);
    assert_true(in_send);
    assert_int_equal(SendMessageW(p.wnd, ASK, (WPARAM)-4, 0), -8);
    assert_int_equal(SendMessageA(p.wnd, WM_USER, 0, 0), 0);
    stop(&p);
}

static void whoever_waits_for_an_answer_is_asked_meanwhile(void **state)
{
    struct partner p = {0};

    (void)state;
    start(&p);
    notes_hook = answer;
    assert_int_equal(SendMessageA(p.wnd, ASK_BACK, 5, (LPARAM)mine), 11);
    stop(&p);
}

static void a_nested_result_is_not_the_outer_ones(void **state)
{
    struct partner p = {0};

    (void)state;
    start(&p);
    notes_hook = answer;
    assert_int_equal(SendMessageA(p.wnd, TALK, 5, 0), 10);
    assert_int_equal(SendMessageA(p.wnd, WM_USER, 0, 0), 0);
    stop(&p);
}

static HDDEDATA CALLBACK no_callback(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                     ULONG_PTR data1, ULONG_PTR data2)
{
    (void)type;
    (void)fmt;
    (void)conv;
    (void)hsz1;
    (void)hsz2;
    (void)data;
    (void)data1;
    (void)data2;
    return NULL;
}

static LRESULT answer_with_instance(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool *done)
{
    static DWORD instance;

    if (msg == WM_USER)
        DdeInitializeA(&instance, no_callback, 0, 0);
    if (msg == WM_DESTROY && wnd != mine)
        DdeUninitialize(instance);
    return answer(wnd, msg, wparam, lparam, done);
}

static void a_window_of_the_librarys_has_no_result(void **state)
{
    struct partner p = {0};
    HWND mom;

    (void)state;
    start(&p);
    notes_hook = answer_with_instance;
    SendMessageA(p.wnd, WM_USER, 0, 0);
    mom = FindWindowA("DDEMLMom", NULL);
    assert_non_null(mom);
    assert_int_equal(SendMessageA(p.wnd, ASK, 21, 0), 42);
    assert_int_equal(SendMessageA(mom, ASK, 21, 0), 0); /* nor does it tell that of another */
    stop(&p);
}

static void a_sender_is_let_go_by_the_first_reply(void **state)
{
    struct test_event *go_on = test_event_new();
    struct partner p = {0};

    (void)state;
    start(&p);
    notes_hook = answer;
    replied = in_send_late = false;
    assert_int_equal(SendMessageA(p.wnd, REPLY, 0, (LPARAM)go_on), 77);
    test_event_set(go_on);
    stop(&p);
    assert_true(replied);
    assert_false(in_send_late); /* there is nobody any more */
    test_event_free(go_on);
}

static void what_is_gone_gets_nothing(void **state)
{
    HWND gone = notes_window(NULL);

    (void)state;
    DestroyWindow(gone);
    SetLastError(0);
    assert_int_equal(SendMessageA(gone, ASK, 1, 0), 0);
    assert_int_equal(GetLastError(), ERROR_INVALID_WINDOW_HANDLE);
}

/* ---- Texts ------------------------------------------------------------------------------------------------ */

static void texts_go_to_another_thread_and_come_back(void **state)
{
    struct partner p = {0};
    WCHAR wide[8];
    char ansi[8];

    (void)state;
    start(&p);
    assert_true(SetWindowTextA(p.wnd, "\x80uro"));
    assert_int_equal(GetWindowTextW(p.wnd, wide, 8), 4);
    assert_memory_equal(wide, u"\u20ACuro", 10);
    assert_int_equal(GetWindowTextA(p.wnd, ansi, 3), 2);
    assert_string_equal(ansi, "\x80u");
    assert_int_equal(GetWindowTextLengthA(p.wnd), 4);
    assert_true(SetWindowTextW(p.wnd, NULL));
    assert_int_equal(GetWindowTextA(p.wnd, ansi, 8), 0);
    stop(&p);
}

/* ---- Deadlines -------------------------------------------------------------------------------------------- */

static void a_deadline_ends_the_wait_and_the_message_is_never_delivered(void **state)
{
    struct partner p = {.deaf = true};
    DWORD_PTR result = 5;

    (void)state;
    start(&p);
    assert_false(SendMessageTimeoutA(p.wnd, ASK, 1, 0, SMTO_NORMAL, 30, &result));
    assert_int_equal(GetLastError(), ERROR_TIMEOUT);
    assert_false(SendMessageTimeoutW(p.wnd, WM_SETTEXT, 0, (LPARAM)u"text", SMTO_NORMAL, 30, NULL));
    stop(&p);
    assert_int_equal(notes_count(p.wnd, ASK), 0);
    assert_int_equal(notes_count(p.wnd, WM_SETTEXT), 0);
}

static void in_time_there_is_a_result(void **state)
{
    struct partner p = {0};
    DWORD_PTR result = 0;

    (void)state;
    start(&p);
    notes_hook = answer;
    assert_true(SendMessageTimeoutA(p.wnd, ASK, 21, 0, SMTO_NORMAL, TEST_PATIENCE_MS, &result));
    assert_int_equal(result, 42);
    assert_true(
        SendMessageTimeoutW(p.wnd, ASK, 1, 0, SMTO_BLOCK | SMTO_ABORTIFHUNG, TEST_PATIENCE_MS, &result));
    assert_int_equal(result, 2);
    assert_true(
        SendMessageTimeoutA(mine, ASK, 3, 0, SMTO_NORMAL, 0, &result)); /* one's own knows no deadline */
    assert_int_equal(result, 6);
    stop(&p);
}

static void a_sender_that_blocks_is_not_asked_meanwhile(void **state)
{
    struct partner p = {0};
    DWORD_PTR result;

    (void)state;
    start(&p);
    notes_hook = answer;
    asked = 0;
    assert_false(SendMessageTimeoutA(p.wnd, ASK_BACK, 5, (LPARAM)mine, SMTO_BLOCK, 1000, &result));
    assert_int_equal(notes_count(mine, ASK), 0);
    run_until(&asked); /* now it is */
    stop(&p);
    assert_int_equal(notes_count(mine, ASK), 1);
}

static void a_receiver_that_hangs_is_given_up_before_the_deadline(void **state)
{
    struct partner p = {.deaf = true};
    uint64_t begin = test_now_ms();
    DWORD_PTR result;

    (void)state;
    start(&p);
    assert_false(SendMessageTimeoutA(p.wnd, ASK, 1, 0, SMTO_ABORTIFHUNG, 10 * TEST_PATIENCE_MS, &result));
    assert_true(test_now_ms() - begin < 10 * TEST_PATIENCE_MS);
    /* It is known to hang: nobody waits again. Nor does who waits as long as it does not hang. */
    assert_false(SendMessageTimeoutA(p.wnd, ASK, 1, 0, SMTO_NOTIMEOUTIFNOTHUNG, 10, &result));
    stop(&p);
}

static void the_end_of_a_thread_ends_the_wait(void **state)
{
    struct partner p = {.deaf = true};

    (void)state;
    start(&p);
    test_event_set(p.stop);
    SetLastError(0);
    assert_int_equal(SendMessageA(p.wnd, ASK, 1, 0), 0);
    assert_int_equal(GetLastError(), ERROR_INVALID_WINDOW_HANDLE);
    stop(&p);
}

/* ---- To all ------------------------------------------------------------------------------------------------ */

static void a_broadcast_reaches_the_top_level_windows_of_all_threads(void **state)
{
    struct partner p = {0};
    HWND child = notes_window(mine);

    (void)state;
    start(&p);
    assert_true(SendMessageA(HWND_BROADCAST, ASK, 1, 0));
    assert_true(SendMessageA((HWND)-1, ASK, 1, 0)); /* as old sources have it */
    stop(&p);
    assert_int_equal(notes_count(p.wnd, ASK), 2);
    assert_int_equal(notes_count(mine, ASK), 2);
    assert_int_equal(notes_count(child, ASK), 0);
}

static void a_broadcast_waits_for_the_deadline_at_most(void **state)
{
    struct partner deaf = {.deaf = true}, p = {0};
    DWORD_PTR result;

    (void)state;
    start(&deaf);
    start(&p);
    assert_false(SendMessageTimeoutA(HWND_BROADCAST, ASK, 1, 0, SMTO_NORMAL, 1000, &result));
    assert_int_equal(GetLastError(), ERROR_TIMEOUT);
    stop(&p);
    stop(&deaf);
    assert_int_equal(notes_count(mine, ASK), 1);
    assert_int_equal(notes_count(p.wnd, ASK), 1); /* the others have got it */
}

#define send_test(function) cmocka_unit_test_setup_teardown(function, open_mine, close_mine)

int main(void)
{
    const struct CMUnitTest tests[] = {
        send_test(within_a_thread_it_is_a_call),
        send_test(between_threads_the_result_comes_back),
        send_test(whoever_waits_for_an_answer_is_asked_meanwhile),
        send_test(a_nested_result_is_not_the_outer_ones),
        send_test(a_window_of_the_librarys_has_no_result),
        send_test(a_sender_is_let_go_by_the_first_reply),
        send_test(what_is_gone_gets_nothing),
        send_test(texts_go_to_another_thread_and_come_back),
        send_test(a_deadline_ends_the_wait_and_the_message_is_never_delivered),
        send_test(in_time_there_is_a_result),
        send_test(a_sender_that_blocks_is_not_asked_meanwhile),
        send_test(a_receiver_that_hangs_is_given_up_before_the_deadline),
        send_test(the_end_of_a_thread_ends_the_wait),
        send_test(a_broadcast_reaches_the_top_level_windows_of_all_threads),
        send_test(a_broadcast_waits_for_the_deadline_at_most),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
