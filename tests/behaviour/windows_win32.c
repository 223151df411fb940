/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What can only be seen on Windows: the windows themselves, and what the wait of a synchronous transaction
 * does with a thread's other messages. */

#include "support/party.h"

struct talk {
    struct party *server, *client;
    HCONV conv;
};

static struct talk talk_of(struct party *server, struct party *client)
{
    struct talk t = {server, client, 0};

    t.conv = party_connect(client, SERVICE, TOPIC);
    return t;
}

static struct talk talk(void)
{
    struct party *server = party_serve(0);

    return talk_of(server, party_open(0));
}

static HWND window_of(HCONV conv)
{
    CONVINFO info = {.cb = sizeof info};

    assert_int_equal(DdeQueryConvInfo(conv, QID_SYNC, &info), sizeof info);
    return info.hwnd;
}

/* ---- Windows ------------------------------------------------------------------------------------------- */

static BOOL CALLBACK count_moms(HWND window, LPARAM count)
{
    char name[32] = "";

    GetClassNameA(window, name, sizeof name);
    if (GetWindowThreadProcessId(window, NULL) != GetCurrentThreadId() || strcmp(name, "DDEMLMom") != 0)
        return TRUE;
    assert_false(IsWindowVisible(window));
    assert_ptr_equal(GetAncestor(window, GA_PARENT), GetDesktopWindow());
    ++*(unsigned *)count;
    return TRUE;
}

static unsigned moms(void)
{
    unsigned count = 0;

    EnumWindows(count_moms, (LPARAM)&count);
    return count;
}

static void an_instance_has_one_hidden_top_level_window(void **state)
{
    struct party *p;

    (void)state;
    assert_int_equal(moms(), 0);
    p = party_open(0);
    assert_int_equal(moms(), 1);
    party_open(0);
    assert_int_equal(moms(), 2);
    party_close(p);
    assert_int_equal(moms(), 1);
}

static void expect_class(HCONV conv, const char *expected, bool unicode)
{
    char name[32] = "";

    GetClassNameA(window_of(conv), name, sizeof name);
    assert_string_equal(name, expected);
    assert_int_equal(IsWindowUnicode(window_of(conv)) != 0, unicode);
}

static void the_windows_of_an_ansi_instance_are_ansi(void **state)
{
    struct talk t = talk();

    (void)state;
    expect_class(t.conv, "DDEMLAnsiClient", false);
    expect_class(t.server->server, "DDEMLAnsiServer", false);
}

static void the_windows_of_a_unicode_instance_are_unicode(void **state)
{
    struct party *server = party_open_wide(0);
    struct talk t;

    (void)state;
    party_register(server, SERVICE);
    t = talk_of(server, party_open_wide(0));
    expect_class(t.conv, "DDEMLUnicodeClient", true);
    expect_class(t.server->server, "DDEMLUnicodeServer", true);
}

static void a_conversations_window_goes_with_it(void **state)
{
    struct talk t = talk();
    HWND window = window_of(t.conv);

    (void)state;
    assert_true(IsWindow(window));
    assert_true(DdeDisconnect(t.conv));
    test_pump_all();
    assert_false(IsWindow(window));
}

static BOOL CALLBACK destroy_ddeml(HWND window, LPARAM unused)
{
    char name[32] = "";

    (void)unused;
    GetClassNameA(window, name, sizeof name);
    if (!strncmp(name, "DDEML", 5))
        assert_true(DestroyWindow(window));
    return TRUE;
}

/* As one that destroys all windows of its thread at its end. The conversations end with them. */
static void a_program_may_destroy_the_windows_of_its_instances(void **state)
{
    struct talk t = talk();

    (void)state;
    EnumThreadWindows(GetCurrentThreadId(), destroy_ddeml, 0);
    test_pump_all();
    assert_int_equal(moms(), 0);
    assert_null(party_transact(t.client, t.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    party_close(t.client);
    party_close(t.server);
}

static void a_data_handle_is_no_memory_handle(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA data = party_data(p, "abc", 0, 0, 0);

    (void)state;
    assert_null(GlobalLock((HGLOBAL)data));
}

/* ---- The wait ------------------------------------------------------------------------------------------ */

static struct {
    HHOOK hook;
    bool swallow;     /* what the hook answers about the window's messages */
    unsigned offered; /* the window's messages that the hook was shown     */
    unsigned dispatched, chars;
} wait;

static LRESULT CALLBACK window_proc(HWND window, UINT message, WPARAM wparam, LPARAM lparam)
{
    wait.dispatched += message == WM_USER || message == WM_KEYDOWN;
    wait.chars += message == WM_CHAR;
    return DefWindowProcA(window, message, wparam, lparam);
}

static LRESULT CALLBACK filter(int code, WPARAM wparam, LPARAM lparam)
{
    const MSG *m = (const MSG *)lparam;

    if (code != MSGF_DDEMGR || (m->message != WM_USER && m->message != WM_KEYDOWN))
        return CallNextHookEx(wait.hook, code, wparam, lparam);
    wait.offered++;
    return wait.swallow;
}

static HWND wait_begin(bool swallow)
{
    HWND window = CreateWindowA("STATIC", "", 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL);

    assert_non_null(window);
    SetWindowLongPtrA(window, GWLP_WNDPROC, (LONG_PTR)window_proc);
    memset(&wait, 0, sizeof wait);
    wait.swallow = swallow;
    wait.hook = SetWindowsHookExA(WH_MSGFILTER, filter, NULL, GetCurrentThreadId());
    assert_non_null(wait.hook);
    return window;
}

static void wait_end(HWND window)
{
    UnhookWindowsHookEx(wait.hook);
    DestroyWindow(window);
}

static void the_wait_offers_each_message_to_the_hooks_and_dispatches_it(void **state)
{
    struct talk t = talk();
    HWND window = wait_begin(false);

    (void)state;
    assert_true(PostMessageA(window, WM_USER, 0, 0));
    assert_true(DdeFreeDataHandle(party_transact(t.client, t.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
    assert_int_equal(wait.offered, 1);
    assert_int_equal(wait.dispatched, 1);
    wait_end(window);
}

static void what_a_hook_takes_is_not_dispatched(void **state)
{
    struct talk t = talk();
    HWND window = wait_begin(true);

    (void)state;
    assert_true(PostMessageA(window, WM_USER, 0, 0));
    assert_true(DdeFreeDataHandle(party_transact(t.client, t.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
    assert_int_equal(wait.offered, 1);
    assert_int_equal(wait.dispatched, 0);
    wait_end(window);
}

static void the_wait_makes_no_characters_of_keys(void **state)
{
    struct talk t = talk();
    HWND window = wait_begin(false);

    (void)state;
    assert_true(PostMessageA(window, WM_KEYDOWN, 'A', 0));
    assert_true(DdeFreeDataHandle(party_transact(t.client, t.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
    test_pump_all();
    assert_int_equal(wait.dispatched, 1);
    assert_int_equal(wait.chars, 0);
    wait_end(window);
}

static void a_quit_message_waits_until_the_transaction_is_over(void **state)
{
    struct talk t = talk();
    MSG m;

    (void)state;
    assert_true(DdeEnableCallback(t.server->id, 0, EC_DISABLE)); /* the queue gets empty: WM_QUIT is seen */
    PostQuitMessage(7);
    assert_null(party_transact(t.client, t.conv, XTYP_REQUEST, 50, NULL));
    assert_error(t.client, DMLERR_DATAACKTIMEOUT);
    assert_true(PeekMessageA(&m, NULL, WM_QUIT, WM_QUIT, PM_REMOVE));
    assert_int_equal(m.message, WM_QUIT);
    assert_int_equal(m.wParam, 7);
}

/* ---- Windows that the program destroys ----------------------------------------------------------------- */

enum { MOM, EVENT, SIDE, WINDOWS };

static struct {
    HWND windows[2][WINDOWS]; /* of the server, of the client */
    struct party *parties[2];
    unsigned side, which, when, also;
    bool done;
} victim;

struct newest {
    const HWND *known;
    HWND found;
};

static BOOL CALLBACK look_for_mom(HWND window, LPARAM arg)
{
    struct newest *n = (struct newest *)arg;
    char name[16] = "";

    GetClassNameA(window, name, sizeof name);
    if (!lstrcmpiA(name, "DDEMLMom") && window != *n->known)
        n->found = window;
    return TRUE;
}

static HWND new_mom(HWND known)
{
    struct newest n = {&known, NULL};

    EnumThreadWindows(GetCurrentThreadId(), look_for_mom, (LPARAM)&n);
    return n.found;
}

static HWND new_event(HWND known)
{
    HWND window = NULL;

    do {
        window = FindWindowExA(HWND_MESSAGE, window, "DDEMLEvent", NULL);
    } while (window && (window == known || GetWindowThreadProcessId(window, NULL) != GetCurrentThreadId()));
    return window;
}

static void destroy_the_victim(void)
{
    if (victim.done)
        return;
    victim.done = true;
    assert_true(DestroyWindow(victim.windows[victim.side][victim.which]));
}

/* What a callback does meanwhile, and while the window is being destroyed. */
static bool destroying_hook(struct party *p, const struct call *call, HDDEDATA *result)
{
    (void)result;
    if (victim.when && call->type == victim.when)
        destroy_the_victim();
    if (!victim.done || (call->type != XTYP_REQUEST && call->type != XTYP_XACT_COMPLETE &&
                         call->type != XTYP_DISCONNECT && call->type != XTYP_POKE))
        return false;
    if (victim.also == 1)
        DdeDisconnect(call->conv);
    if (victim.also == 2)
        DdeUninitialize(p->id);
    return false;
}

static void play_victim(void)
{
    struct talk t;

    victim.done = false;
    victim.parties[0] = party_serve(0);
    victim.windows[0][MOM] = new_mom(NULL);
    victim.windows[0][EVENT] = new_event(NULL);
    victim.parties[1] = party_open(0);
    victim.windows[1][MOM] = new_mom(victim.windows[0][MOM]);
    victim.windows[1][EVENT] = new_event(victim.windows[0][EVENT]);
    t = talk_of(victim.parties[0], victim.parties[1]);
    victim.windows[0][SIDE] = window_of(t.server->server);
    victim.windows[1][SIDE] = window_of(t.conv);
    t.server->hook = t.client->hook = destroying_hook;
    party_transact(t.client, t.conv, XTYP_ADVSTART, TIMEOUT_ASYNC, NULL);
    party_transact(t.client, t.conv, XTYP_REQUEST, TIMEOUT_ASYNC, NULL);
    party_send(t.client, t.conv, XTYP_POKE, "text", TIMEOUT_ASYNC, NULL);
    if (!victim.when)
        destroy_the_victim();
    test_pump_all();
    if (!victim.done)
        destroy_the_victim();
    test_pump_all();
    parties_down(NULL);
}

static void every_window_may_be_destroyed_at_every_time(void **state)
{
    static const unsigned when[] = {0, XTYP_ADVSTART, XTYP_REQUEST, XTYP_XACT_COMPLETE};

    (void)state;
    for (victim.side = 0; victim.side < 2; victim.side++)
        for (victim.which = 0; victim.which < WINDOWS; victim.which++)
            for (unsigned i = 0; i < sizeof when / sizeof *when; i++)
                for (victim.also = 0; victim.also < 3; victim.also++) {
                    victim.when = when[i];
                    play_victim();
                }
}

/* ---- Windows that somebody refuses --------------------------------------------------------------------- */

static struct {
    const WCHAR *class;
    WNDPROC former;
    unsigned n;
} refused;

static LRESULT CALLBACK refuse(HWND window, UINT id, WPARAM wparam, LPARAM lparam)
{
    if (id != WM_CREATE)
        return CallWindowProcW(refused.former, window, id, wparam, lparam);
    refused.n++;
    DestroyWindow(window); /* some systems do so themselves when they get this answer */
    return -1;
}

/* Programs subclass windows in such hooks before these get their first message. */
static LRESULT CALLBACK subclass(int code, WPARAM window, LPARAM how)
{
    WCHAR class[32] = L"";

    if (code == HCBT_CREATEWND) {
        GetClassNameW((HWND)window, class, 32);
        if (!lstrcmpiW(class, refused.class))
            refused.former = (WNDPROC)SetWindowLongPtrW((HWND)window, GWLP_WNDPROC, (LONG_PTR)refuse);
    }
    return CallNextHookEx(NULL, code, window, how);
}

static BOOL CALLBACK never(const DDEMLHOLDER *holder, LPVOID param)
{
    (void)holder, (void)param;
    return FALSE;
}

static HDDEDATA CALLBACK silent(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                ULONG_PTR data1, ULONG_PTR data2)
{
    (void)type, (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)data1, (void)data2;
    return 0;
}

static void a_window_that_is_refused_leaves_nothing_behind(void **state)
{
    HHOOK hook = SetWindowsHookExW(WH_CBT, subclass, NULL, GetCurrentThreadId());
    const WCHAR *classes[] = {L"DDEMLMom", L"DDEMLEvent"};
    UINT results[2];
    DWORD answers;

    (void)state;
    refused.n = 0;
    for (unsigned i = 0; i < 2; i++) {
        DWORD id = 0;

        refused.class = classes[i];
        results[i] = DdeInitializeW(&id, silent, APPCMD_CLIENTONLY, 0);
    }
    answers = DdemlListHolders(never, NULL, 50);
    UnhookWindowsHookEx(hook);
    assert_int_equal(results[0], DMLERR_SYS_ERROR);
    assert_int_equal(results[1], DMLERR_SYS_ERROR);
    assert_int_equal(answers, 0);
    assert_int_equal(refused.n, 3);
}

/* ---- Who is asked --------------------------------------------------------------------------------------- */

static struct {
    HWND typing, others[3];
    unsigned typing_heard, others_heard;
    WNDPROC former[2];
} asked;

static LRESULT CALLBACK count_questions(HWND window, UINT id, WPARAM wparam, LPARAM lparam)
{
    bool typing = window == asked.typing;

    if (id == WM_DDE_INITIATE)
        ++*(typing ? &asked.typing_heard : &asked.others_heard);
    return CallWindowProcW(asked.former[typing], window, id, wparam, lparam);
}

static HWND listener(const WCHAR *class)
{
    HWND window = CreateWindowExW(0, class, NULL, WS_POPUP | WS_DISABLED, 0, 0, 0, 0, NULL, NULL, NULL, NULL);

    assert_non_null(window);
    asked.former[lstrcmpW(class, L"IME") == 0] =
        (WNDPROC)SetWindowLongPtrW(window, GWLP_WNDPROC, (LONG_PTR)count_questions);
    return window;
}

/* Wherever in the order of the windows those of the system stand. */
static void initiate_comes_to_every_top_level_window_but_those_for_typing(void **state)
{
    struct party *client = party_open(0);

    (void)state;
    asked.typing_heard = asked.others_heard = 0;
    asked.others[0] = listener(L"Static");
    asked.others[1] = listener(L"Static");
    asked.typing = listener(L"IME");
    asked.others[2] = listener(L"Static");
    SetWindowPos(asked.others[0], HWND_BOTTOM, 0, 0, 0, 0, SWP_NOMOVE | SWP_NOSIZE | SWP_NOACTIVATE);
    assert_null(DdeConnect(client->id, party_text(client, "Nobody"), party_text(client, TOPIC), NULL));
    for (int i = 0; i < 3; i++)
        DestroyWindow(asked.others[i]);
    DestroyWindow(asked.typing);
    assert_int_equal(asked.others_heard, 3);
    assert_int_equal(asked.typing_heard, 0);
    party_close(client);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("1.2", an_instance_has_one_hidden_top_level_window),
        rule("1.2", the_windows_of_an_ansi_instance_are_ansi),
        rule("1.2", the_windows_of_a_unicode_instance_are_unicode),
        rule("1.2", a_conversations_window_goes_with_it),
        rule("1.2", a_program_may_destroy_the_windows_of_its_instances),
        rule("1.2", every_window_may_be_destroyed_at_every_time),
        rule("1.2", a_window_that_is_refused_leaves_nothing_behind),
        rule("5.1", initiate_comes_to_every_top_level_window_but_those_for_typing),
        rule("1.3", a_data_handle_is_no_memory_handle),
        rule("6.3", the_wait_offers_each_message_to_the_hooks_and_dispatches_it),
        rule("6.3", what_a_hook_takes_is_not_dispatched),
        rule("6.3", the_wait_makes_no_characters_of_keys),
        rule("6.3", a_quit_message_waits_until_the_transaction_is_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
