/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The message loop inside a synchronous transaction, as a Windows program meets it
 * (docs/conformance.md, 6.3): its hooks, its keys, its request to quit. Client and server are on one thread,
 * so that the answer comes behind whatever a test has posted before it asks. */

#include "support/party.h"

enum { NOTE = WM_APP + 7 };

/* ---- A window that counts, and a hook that listens ----------------------------------------------------- */

static struct {
    struct party *server, *client;
    HCONV conv;
    HWND wnd;
    HHOOK hook;
    unsigned notes, keys, characters; /* that the window got     */
    unsigned offered_dde;             /* what the hook was shown: */
    unsigned offered_notes, offered_otherwise;
    MSG note;
    bool (*on_offer)(MSG *msg); /* the hook's answer; NULL: no */
} cast;

static LRESULT CALLBACK count(HWND wnd, UINT id, WPARAM wparam, LPARAM lparam)
{
    cast.notes += id == NOTE;
    cast.keys += id == WM_KEYDOWN;
    cast.characters += id == WM_CHAR;
    return DefWindowProcW(wnd, id, wparam, lparam);
}

static LRESULT CALLBACK listen(int code, WPARAM wparam, LPARAM lparam)
{
    MSG *msg = (MSG *)lparam;

    if (code < 0)
        return CallNextHookEx(cast.hook, code, wparam, lparam);
    cast.offered_otherwise += code != MSGF_DDEMGR;
    cast.offered_dde += msg->message >= WM_DDE_FIRST && msg->message <= WM_DDE_LAST;
    if (msg->message == NOTE) {
        cast.offered_notes++;
        cast.note = *msg;
    }
    return cast.on_offer && cast.on_offer(msg);
}

static int cast_up(void **state)
{
    WNDCLASSW class = {.lpszClassName = L"ModalLoopTest", .lpfnWndProc = count};

    (void)state;
    memset(&cast, 0, sizeof cast);
    RegisterClassW(&class);
    cast.wnd = CreateWindowExW(0, class.lpszClassName, NULL, WS_POPUP, 0, 0, 0, 0, NULL, NULL, NULL, NULL);
    cast.hook = SetWindowsHookExW(WH_MSGFILTER, listen, NULL, GetCurrentThreadId());
    cast.server = party_serve(0);
    cast.client = party_open(0);
    cast.conv = party_connect(cast.client, SERVICE, TOPIC);
    return cast.wnd && cast.hook ? 0 : -1;
}

static int cast_down(void **state)
{
    MSG msg;

    UnhookWindowsHookEx(cast.hook);
    DestroyWindow(cast.wnd);
    while (PeekMessageW(&msg, NULL, WM_QUIT, WM_QUIT, PM_REMOVE))
        ;
    return parties_down(state);
}

static void request(void)
{
    HDDEDATA data = party_transact(cast.client, cast.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);

    assert_non_null(data);
    DdeFreeDataHandle(data);
}

/* ---- Hooks --------------------------------------------------------------------------------------------- */

static void each_message_is_offered_to_the_hooks_and_dispatched(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        PostMessageW(cast.wnd, NOTE, 11, 22);
    request();
    assert_int_equal(cast.offered_notes, 3);
    assert_int_equal(cast.notes, 3);
    assert_ptr_equal(cast.note.hwnd, cast.wnd);
    assert_int_equal(cast.note.wParam, 11);
    assert_int_equal(cast.note.lParam, 22);
    assert_int_equal(cast.offered_otherwise, 0);
}

static void the_librarys_own_messages_are_not_offered(void **state)
{
    (void)state;
    request();
    assert_int_equal(cast.offered_dde, 0);
}

static bool take_notes(MSG *msg)
{
    return msg->message == NOTE;
}

static void what_a_hook_takes_is_not_dispatched(void **state)
{
    (void)state;
    cast.on_offer = take_notes;
    PostMessageW(cast.wnd, NOTE, 0, 0);
    request();
    assert_int_equal(cast.offered_notes, 1);
    assert_int_equal(cast.notes, 0);
}

static bool dispatch(MSG *msg)
{
    TranslateMessage(msg);
    DispatchMessageW(msg);
    return true;
}

static void a_hook_may_translate_and_dispatch_by_itself(void **state)
{
    (void)state;
    cast.on_offer = dispatch;
    PostMessageW(cast.wnd, NOTE, 0, 0);
    request();
    assert_int_equal(cast.notes, 1);
}

static void without_a_synchronous_transaction_no_hook_is_asked(void **state)
{
    DWORD id;

    (void)state;
    assert_non_null(party_transact(cast.client, cast.conv, XTYP_REQUEST, TIMEOUT_ASYNC, &id));
    PostMessageW(cast.wnd, NOTE, 0, 0);
    test_pump_all();
    party_connect(cast.client, SERVICE, TOPIC);
    assert_true(DdeDisconnect(cast.conv));
    party_close(cast.client);
    assert_int_equal(cast.offered_dde + cast.offered_notes + cast.offered_otherwise, 0);
    assert_int_equal(cast.notes, 1);
}

/* ---- Keys ---------------------------------------------------------------------------------------------- */

static void keys_are_dispatched_and_not_translated(void **state)
{
    (void)state;
    PostMessageW(cast.wnd, WM_KEYDOWN, 'A', 1);
    request();
    test_pump_all();
    assert_int_equal(cast.keys, 1);
    assert_int_equal(cast.characters, 0);
}

static void
a_hook_that_translates_gets_characters(void **state) /* which shows that the test above can fail */
{
    (void)state;
    cast.on_offer = dispatch;
    PostMessageW(cast.wnd, WM_KEYDOWN, 'A', 1);
    request();
    test_pump_all();
    assert_int_equal(cast.characters, 1);
}

/* ---- Quitting ------------------------------------------------------------------------------------------ */

static void expect_quit(int code)
{
    MSG msg = {0};

    assert_true(PeekMessageW(&msg, NULL, 0, 0, PM_REMOVE));
    assert_int_equal(msg.message, WM_QUIT);
    assert_int_equal((int)msg.wParam, code);
    assert_false(PeekMessageW(&msg, NULL, WM_QUIT, WM_QUIT, PM_REMOVE));
}

static void a_request_to_quit_waits_until_the_transaction_is_over(void **state)
{
    (void)state;
    PostQuitMessage(42);
    request();
    expect_quit(42);
}

static void a_request_to_quit_outlives_a_transaction_that_times_out(void **state)
{
    (void)state;
    assert_true(DdeEnableCallback(cast.server->id, 0, EC_DISABLE));
    PostQuitMessage(-3);
    assert_null(party_transact(cast.client, cast.conv, XTYP_REQUEST, 350, NULL));
    assert_error(cast.client, DMLERR_DATAACKTIMEOUT);
    expect_quit(-3);
}

static bool quit_in_callback(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_REQUEST)
        PostQuitMessage(7);
    return false;
}

static void a_callback_may_ask_to_quit_and_its_answer_still_arrives(void **state)
{
    (void)state;
    cast.server->hook = quit_in_callback;
    request();
    expect_quit(7);
}

static void a_request_to_quit_survives_the_end_of_conversation_and_instance(void **state)
{
    (void)state;
    PostQuitMessage(9);
    assert_true(DdeDisconnect(cast.conv));
    party_close(cast.client);
    party_close(cast.server);
    expect_quit(9);
}

int main(void)
{
#define cast_test(function) cmocka_unit_test_setup_teardown(function, cast_up, cast_down)
    static const struct CMUnitTest tests[] = {
        cast_test(each_message_is_offered_to_the_hooks_and_dispatched),
        cast_test(the_librarys_own_messages_are_not_offered),
        cast_test(what_a_hook_takes_is_not_dispatched),
        cast_test(a_hook_may_translate_and_dispatch_by_itself),
        cast_test(without_a_synchronous_transaction_no_hook_is_asked),
        cast_test(keys_are_dispatched_and_not_translated),
        cast_test(a_hook_that_translates_gets_characters),
        cast_test(a_request_to_quit_waits_until_the_transaction_is_over),
        cast_test(a_request_to_quit_outlives_a_transaction_that_times_out),
        cast_test(a_callback_may_ask_to_quit_and_its_answer_still_arrives),
        cast_test(a_request_to_quit_survives_the_end_of_conversation_and_instance),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
