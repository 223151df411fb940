/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32_test.h"

#include "host/posix/figures.h"
#include "user32/figures.h"

/* What the system does for raw programs when a window is another process's. Here one is only said to be: nothing is
 * copied, so that a test sees every block that is freed. */

static HWND mine, theirs;

bool __real_host_window_foreign(uintptr_t wnd);
bool __wrap_host_window_foreign(uintptr_t wnd);

bool __wrap_host_window_foreign(uintptr_t wnd)
{
    return (theirs && wnd == (uintptr_t)theirs) || __real_host_window_foreign(wnd);
}

static int open_windows(void **state)
{
    (void)state;
    notes_open();
    mine = notes_window(NULL);
    theirs = notes_window(NULL);
    return 0;
}

static int close_windows(void **state)
{
    HWND wnd = theirs;

    theirs = NULL;
    DestroyWindow(mine);
    DestroyWindow(wnd);
    notes_close();
    return nothing_left(state);
}

static HGLOBAL object(WORD flags)
{
    HGLOBAL mem = GlobalAlloc(GHND | GMEM_DDESHARE, 8);
    WORD *head = GlobalLock(mem);

    head[0] = flags;
    head[1] = CF_TEXT;
    GlobalUnlock(mem);
    return mem;
}

static bool exists(HGLOBAL mem)
{
    return GlobalFlags(mem) != GMEM_INVALID_HANDLE;
}

static void post(HWND to, HWND from, UINT msg, UINT_PTR lo, UINT_PTR hi)
{
    assert_true(PostMessageA(to, msg, (WPARAM)from, PackDDElParam(msg, lo, hi)));
}

/* Takes the next message and frees its P. */
static MSG taken(HWND of)
{
    MSG msg;

    assert_true(PeekMessageA(&msg, of, 0, 0, PM_REMOVE));
    FreeDDElParam(msg.message, msg.lParam);
    return msg;
}

enum { ITEM = 5 };

/* ---- The sender's side ------------------------------------------------------------------------------------ */

static void what_is_given_away_is_freed_once_it_has_been_posted(void **state)
{
    HGLOBAL data = object(DDE_FRELEASE), poke = object(DDE_FRELEASE), advise = object(DDE_FACKREQ);

    (void)state;
    post(theirs, mine, WM_DDE_DATA, (UINT_PTR)data, ITEM);
    post(theirs, mine, WM_DDE_POKE, (UINT_PTR)poke, ITEM);
    post(theirs, mine, WM_DDE_ADVISE, (UINT_PTR)advise, ITEM);
    assert_false(exists(data));
    assert_false(exists(poke));
    assert_false(exists(advise));
    for (int i = 0; i < 3; i++)
        taken(theirs);
}

static void what_is_lent_stays(void **state)
{
    HGLOBAL data = object(DDE_FACKREQ), poke = object(0), command = object(0);

    (void)state;
    post(theirs, mine, WM_DDE_DATA, (UINT_PTR)data, ITEM);
    post(theirs, mine, WM_DDE_POKE, (UINT_PTR)poke, ITEM);
    post(theirs, mine, WM_DDE_EXECUTE, 0, (UINT_PTR)command);
    for (int i = 0; i < 3; i++)
        taken(theirs);
    assert_null(GlobalFree(data));
    assert_null(GlobalFree(poke));
    assert_null(GlobalFree(command));
}

static void what_could_not_be_posted_stays(void **state)
{
    HGLOBAL data = object(DDE_FRELEASE);
    LPARAM packed = PackDDElParam(WM_DDE_DATA, (UINT_PTR)data, ITEM);
    unsigned n = 0;

    (void)state;
    while (PostMessageA(theirs, WM_USER, 0, 0))
        n++;
    assert_false(PostMessageA(theirs, WM_DDE_DATA, (WPARAM)mine, packed));
    assert_true(FreeDDElParam(WM_DDE_DATA, packed));
    assert_null(GlobalFree(data));
    while (n--)
        taken(theirs);
}

static void within_the_process_nothing_is_freed(void **state)
{
    HGLOBAL data = object(DDE_FRELEASE);

    (void)state;
    post(mine, mine, WM_DDE_DATA, (UINT_PTR)data, ITEM);
    taken(mine);
    post(mine, mine, WM_DDE_ACK, 0, ITEM);
    taken(mine);
    assert_null(GlobalFree(data));
}

/* ---- The receiver's side ---------------------------------------------------------------------------------- */

/* It comes from there, and the answer goes back. */
static HGLOBAL receive(UINT msg, UINT_PTR item)
{
    HGLOBAL mem = object(DDE_FRELEASE);

    post(mine, theirs, msg, msg == WM_DDE_EXECUTE ? 0 : (UINT_PTR)mem,
         msg == WM_DDE_EXECUTE ? (UINT_PTR)mem : item);
    taken(mine);
    return mem;
}

static void answer(WORD status, UINT_PTR hi)
{
    post(theirs, mine, WM_DDE_ACK, status, hi);
    taken(theirs);
}

static void what_is_refused_is_freed(void **state)
{
    static const UINT kinds[] = {WM_DDE_DATA, WM_DDE_POKE, WM_DDE_ADVISE};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        HGLOBAL mem = receive(kinds[i], ITEM);
        answer(i == 1 ? DDE_FBUSY : 0, ITEM);
        assert_false(exists(mem));
    }
    assert_int_equal(figure_received(), 0);
}

static void what_is_accepted_is_the_programs(void **state)
{
    HGLOBAL mem = receive(WM_DDE_POKE, ITEM);

    (void)state;
    answer(DDE_FACK, ITEM);
    assert_int_equal(figure_received(), 0);
    assert_null(GlobalFree(mem));
}

static void an_executes_object_goes_with_the_answer(void **state)
{
    HGLOBAL accepted = receive(WM_DDE_EXECUTE, 0), refused;

    (void)state;
    answer(DDE_FACK, (UINT_PTR)accepted);
    assert_false(exists(accepted));
    refused = receive(WM_DDE_EXECUTE, 0);
    answer(0, (UINT_PTR)refused);
    assert_false(exists(refused));
}

static void of_two_for_one_item_the_last_one_counts(void **state)
{
    HGLOBAL first = receive(WM_DDE_DATA, ITEM), second = receive(WM_DDE_DATA, ITEM);

    (void)state;
    answer(0, ITEM);
    assert_false(exists(second));
    assert_null(GlobalFree(first));
}

static void the_answer_about_another_item_frees_nothing(void **state)
{
    HGLOBAL mem = receive(WM_DDE_DATA, ITEM);

    (void)state;
    answer(0, ITEM + 1);
    assert_null(GlobalFree(mem));
}

static void what_is_only_looked_at_is_not_received(void **state)
{
    HGLOBAL mem = object(DDE_FRELEASE);
    MSG msg;

    (void)state;
    post(mine, theirs, WM_DDE_DATA, (UINT_PTR)mem, ITEM);
    assert_true(PeekMessageA(&msg, mine, 0, 0, PM_NOREMOVE));
    assert_int_equal(figure_received(), 0);
    taken(mine);
    assert_int_equal(figure_received(), 1);
    answer(0, ITEM);
}

static void the_end_of_a_conversation_or_a_window_forgets_it(void **state)
{
    HGLOBAL first = receive(WM_DDE_DATA, ITEM), second, third;
    HWND kept = mine;

    (void)state;
    PostMessageA(mine, WM_DDE_TERMINATE, (WPARAM)theirs, 0);
    taken(mine);
    assert_int_equal(figure_received(), 0);
    second = receive(WM_DDE_DATA, ITEM);
    PostMessageA(theirs, WM_DDE_TERMINATE, (WPARAM)mine, 0);
    taken(theirs);
    assert_int_equal(figure_received(), 0);
    mine = notes_window(NULL);
    third = receive(WM_DDE_DATA, ITEM);
    DestroyWindow(mine);
    assert_int_equal(figure_received(), 0);
    mine = kept;
    assert_null(GlobalFree(first));
    assert_null(GlobalFree(second));
    assert_null(GlobalFree(third));
}

static void the_librarys_loop_receives_too(void **state)
{
    HGLOBAL mem = object(DDE_FRELEASE);

    (void)state;
    post(mine, theirs, WM_DDE_DATA, (UINT_PTR)mem, ITEM);
    notes_forget();
    assert_true(DdemlDispatch(0));
    assert_int_equal(notes_count(mine, WM_DDE_DATA), 1);
    FreeDDElParam(WM_DDE_DATA, notes[0].lparam);
    answer(0, ITEM);
    assert_false(exists(mem));
}

#define dde_test(function) cmocka_unit_test_setup_teardown(function, open_windows, close_windows)

int main(void)
{
    const struct CMUnitTest tests[] = {
        dde_test(what_is_given_away_is_freed_once_it_has_been_posted),
        dde_test(what_is_lent_stays),
        dde_test(what_could_not_be_posted_stays),
        dde_test(within_the_process_nothing_is_freed),
        dde_test(what_is_refused_is_freed),
        dde_test(what_is_accepted_is_the_programs),
        dde_test(an_executes_object_goes_with_the_answer),
        dde_test(of_two_for_one_item_the_last_one_counts),
        dde_test(the_answer_about_another_item_frees_nothing),
        dde_test(what_is_only_looked_at_is_not_received),
        dde_test(the_end_of_a_conversation_or_a_window_forgets_it),
        dde_test(the_librarys_loop_receives_too),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
