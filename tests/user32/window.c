/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32_test.h"

#include <sys/wait.h>
#include <unistd.h>

/* Windows: how they are made, what they keep, and how they end. */

static void assert_notes(const UINT *wanted, size_t n)
{
    assert_int_equal(n_notes, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(notes[i].msg, wanted[i]);
}

#define assert_messages(...)                                                                                 \
    do {                                                                                                     \
        const UINT wanted_[] = {__VA_ARGS__};                                                                \
        assert_notes(wanted_, sizeof wanted_ / sizeof *wanted_);                                             \
    } while (0)

static int open_notes(void **state)
{
    (void)state;
    notes_open();
    return 0;
}

static int close_notes(void **state)
{
    notes_close();
    return nothing_left(state);
}

/* ---- Beginning and end ----------------------------------------------------------------------------------- */

static void a_window_hears_of_its_creation_and_its_end(void **state)
{
    HWND wnd = notes_window(NULL);

    (void)state;
    assert_messages(WM_NCCREATE, WM_CREATE);
    notes_forget();
    assert_true(DestroyWindow(wnd));
    assert_messages(WM_DESTROY, WM_NCDESTROY);
    assert_false(IsWindow(wnd));
}

static CREATESTRUCTA seen;
static char seen_name[16], seen_class[16];

static LRESULT keep_create(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool *done)
{
    (void)wnd;
    (void)wparam;
    (void)done;
    if (msg == WM_CREATE) {
        seen = *(const CREATESTRUCTA *)lparam;
        strcpy(seen_name, seen.lpszName);
        strcpy(seen_class, seen.lpszClass);
    }
    return 0;
}

static void creation_tells_what_was_asked_for(void **state)
{
    int param;
    HWND wnd;

    (void)state;
    notes_hook = keep_create;
    wnd = CreateWindowExW(WS_EX_TOPMOST, u"notes", u"Title", WS_POPUP, 1, 2, 3, 4, NULL, (HMENU)5,
                          (HINSTANCE)6, &param);
    assert_ptr_equal(seen.lpCreateParams, &param);
    assert_ptr_equal(seen.hInstance, 6);
    assert_ptr_equal(seen.hMenu, 5);
    assert_int_equal(seen.x, 1);
    assert_int_equal(seen.y, 2);
    assert_int_equal(seen.cx, 3);
    assert_int_equal(seen.cy, 4);
    assert_int_equal(seen.style, (LONG)WS_POPUP);
    assert_int_equal(seen.dwExStyle, WS_EX_TOPMOST);
    assert_string_equal(seen_name, "Title"); /* an ANSI window's texts are ANSI */
    assert_string_equal(seen_class, "notes");
    DestroyWindow(wnd);
}

static LRESULT refuse_nccreate(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool *done)
{
    (void)wnd;
    (void)wparam;
    (void)lparam;
    *done = msg == WM_NCCREATE;
    return FALSE;
}

static void a_window_that_refuses_wm_nccreate_is_none(void **state)
{
    (void)state;
    notes_hook = refuse_nccreate;
    assert_null(CreateWindowA(NOTES, NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL));
    assert_messages(WM_NCCREATE, WM_NCDESTROY);
}

static LRESULT refuse_create(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool *done)
{
    (void)wnd;
    (void)wparam;
    (void)lparam;
    *done = msg == WM_CREATE;
    return -1;
}

static void a_window_that_refuses_wm_create_is_destroyed(void **state)
{
    (void)state;
    notes_hook = refuse_create;
    assert_null(CreateWindowA(NOTES, NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL));
    assert_messages(WM_NCCREATE, WM_CREATE, WM_DESTROY, WM_NCDESTROY);
}

static LRESULT leave_in_create(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool *done)
{
    (void)wparam;
    (void)lparam;
    if (msg == WM_CREATE) {
        *done = true;
        DestroyWindow(wnd);
    }
    return 0;
}

static void a_window_may_destroy_itself_while_it_is_created(void **state)
{
    (void)state;
    notes_hook = leave_in_create;
    assert_null(CreateWindowA(NOTES, NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL));
    assert_messages(WM_NCCREATE, WM_CREATE, WM_DESTROY, WM_NCDESTROY);
}

static bool all_alive;
static HWND family[3];

static LRESULT count_family(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool *done)
{
    (void)wnd;
    (void)wparam;
    (void)lparam;
    (void)done;
    if (msg == WM_DESTROY)
        all_alive = all_alive && IsWindow(family[0]) && IsWindow(family[1]) && IsWindow(family[2]);
    return 0;
}

static void children_end_with_their_parent(void **state)
{
    static const struct {
        unsigned who;
        UINT msg;
    } wanted[] = {
        {0, WM_DESTROY},   {1, WM_DESTROY},   {2, WM_DESTROY},
        {2, WM_NCDESTROY}, {1, WM_NCDESTROY}, {0, WM_NCDESTROY},
    };

    (void)state;
    family[0] = notes_window(NULL);
    family[1] = notes_window(family[0]);
    family[2] = notes_window(family[1]);
    notes_forget();
    all_alive = true;
    notes_hook = count_family;
    assert_true(DestroyWindow(family[0]));
    assert_true(all_alive); /* at every WM_DESTROY all are still there */
    assert_int_equal(n_notes, 6);
    for (unsigned i = 0; i < 6; i++) {
        assert_ptr_equal(notes[i].wnd, family[wanted[i].who]);
        assert_int_equal(notes[i].msg, wanted[i].msg);
    }
    assert_false(IsWindow(family[1]));
}

static void owned_windows_end_with_their_owner(void **state)
{
    HWND owner = notes_window(NULL);
    HWND owned = CreateWindowA(NOTES, NULL, WS_POPUP, 0, 0, 0, 0, owner, NULL, NULL, NULL);

    (void)state;
    assert_ptr_equal(GetParent(owned), owner);
    assert_false(IsChild(owner, owned));
    assert_true(DestroyWindow(owner));
    assert_false(IsWindow(owned));
}

static LRESULT destroy_again(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool *done)
{
    (void)wparam;
    (void)lparam;
    (void)done;
    if (msg == WM_DESTROY || msg == WM_NCDESTROY)
        assert_false(DestroyWindow(wnd));
    return 0;
}

static void what_is_being_destroyed_cannot_be_destroyed(void **state)
{
    HWND wnd = notes_window(NULL);

    (void)state;
    notes_forget();
    notes_hook = destroy_again;
    assert_true(DestroyWindow(wnd));
    assert_messages(WM_DESTROY, WM_NCDESTROY);
    assert_false(DestroyWindow(wnd));
    assert_int_equal(GetLastError(), ERROR_INVALID_WINDOW_HANDLE);
}

static HWND others;

static void destroy_others(void *arg)
{
    (void)arg;
    assert_false(DestroyWindow(others));
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
    assert_null(CreateWindowA(NOTES, NULL, WS_CHILD, 0, 0, 0, 0, others, NULL, NULL, NULL));
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
}

static void only_its_own_thread_destroys_a_window_or_gives_it_children(void **state)
{
    (void)state;
    others = notes_window(NULL);
    test_thread_join(test_thread_start(destroy_others, NULL));
    assert_true(IsWindow(others));
    DestroyWindow(others);
}

static void make_windows(void *wnd)
{
    HWND *made = wnd;

    *made = notes_window(NULL);
    notes_window(*made);
    SetTimer(*made, 1, 60000, NULL);
    PostMessageA(*made, WM_USER, 0, 0);
    PostThreadMessageA(GetCurrentThreadId(), WM_USER, 0, 0);
    notes_forget();
}

static void a_threads_end_takes_its_windows_along_without_a_word(void **state)
{
    HWND made = NULL;

    (void)state;
    test_thread_join(test_thread_start(make_windows, &made));
    assert_int_equal(n_notes, 0);
    assert_false(IsWindow(made));
}

/* In the child: 0 if all is well. */
static int look_in_child(HWND parents)
{
    HWND own;

    if (IsWindow(parents) || GetParent(parents) || FindWindowA(NOTES, NULL) || KillTimer(NULL, 1))
        return 1;
    own = CreateWindowA(NOTES, NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL);
    if (!own || SendMessageA(own, WM_GETTEXTLENGTH, 0, 0) != 0)
        return 2;
    return DestroyWindow(own) ? 0 : 3;
}

static void a_forked_child_has_none_of_its_parents_windows(void **state)
{
    HWND wnd = notes_window(NULL);
    UINT_PTR timer = SetTimer(NULL, 0, 60000, NULL);
    int status;
    pid_t child;

    (void)state;
    child = fork();
    if (child == 0)
        _exit(look_in_child(wnd));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(IsWindow(wnd));
    KillTimer(NULL, timer);
    DestroyWindow(wnd);
}

/* ---- Where it stands ------------------------------------------------------------------------------------- */

static void a_child_needs_a_parent_that_is_there(void **state)
{
    HWND gone = notes_window(NULL);

    (void)state;
    DestroyWindow(gone);
    assert_null(CreateWindowA(NOTES, NULL, WS_CHILD, 0, 0, 0, 0, NULL, NULL, NULL, NULL));
    assert_int_equal(GetLastError(), ERROR_TLW_WITH_WSCHILD);
    assert_null(CreateWindowA(NOTES, NULL, WS_CHILD, 0, 0, 0, 0, gone, NULL, NULL, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_WINDOW_HANDLE);
}

static void children_know_their_parents(void **state)
{
    HWND parent = notes_window(NULL), child = notes_window(parent), grandchild = notes_window(child);

    (void)state;
    assert_null(GetParent(parent));
    assert_ptr_equal(GetParent(grandchild), child);
    assert_true(IsChild(parent, child));
    assert_true(IsChild(parent, grandchild));
    assert_false(IsChild(child, parent));
    assert_false(IsChild(child, child));
    DestroyWindow(parent);
    assert_null(GetParent(child));
    assert_int_equal(GetLastError(), ERROR_INVALID_WINDOW_HANDLE);
}

static BOOL CALLBACK gather(HWND wnd, LPARAM lparam)
{
    HWND *wanted = (HWND *)lparam;

    for (unsigned i = 0; i < 3; i++)
        if (wnd == wanted[i])
            wanted[i] = NULL;
    return TRUE;
}

static BOOL CALLBACK stop_at_once(HWND wnd, LPARAM lparam)
{
    (void)wnd;
    ++*(int *)lparam;
    return FALSE;
}

static void all_top_level_windows_are_enumerated_until_somebody_says_stop(void **state)
{
    HWND top = notes_window(NULL), other = notes_window(NULL), child = notes_window(top);
    HWND wanted[3] = {top, other, child};
    int calls = 0;

    (void)state;
    assert_true(EnumWindows(gather, (LPARAM)wanted));
    assert_null(wanted[0]);
    assert_null(wanted[1]);
    assert_ptr_equal(wanted[2], child); /* it is none */
    assert_false(EnumWindows(stop_at_once, (LPARAM)&calls));
    assert_int_equal(calls, 1);
    DestroyWindow(top);
    DestroyWindow(other);
}

static void a_window_is_found_by_class_and_title(void **state)
{
    HWND first = notes_window(NULL), second = notes_window(NULL);

    (void)state;
    SetWindowTextA(second, "Second");
    assert_ptr_equal(FindWindowA(NOTES, "second"), second);
    assert_ptr_equal(FindWindowW(u"Notes", u"Second"), second);
    assert_ptr_equal(FindWindowA(NULL, "Second"), second);
    assert_non_null(FindWindowA("notes", NULL));
    assert_null(FindWindowA(NOTES, "Third"));
    assert_null(FindWindowA("NoSuch", NULL));
    DestroyWindow(first);
    DestroyWindow(second);
}

static void a_message_only_window_hears_no_broadcasts_and_is_not_found(void **state)
{
    HWND wnd = CreateWindowA(NOTES, "Silent", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);

    (void)state;
    assert_non_null(wnd);
    notes_forget();
    SendMessageA(HWND_BROADCAST, WM_USER, 0, 0);
    assert_int_equal(n_notes, 0);
    assert_null(FindWindowA(NULL, "Silent"));
    DestroyWindow(wnd);
}

static void a_window_tells_its_thread_and_process(void **state)
{
    HWND wnd = notes_window(NULL);
    DWORD process = 0;

    (void)state;
    assert_int_equal(GetWindowThreadProcessId(wnd, &process), GetCurrentThreadId());
    assert_int_equal(process, GetCurrentProcessId());
    assert_int_equal(process, getpid());
    DestroyWindow(wnd);
    assert_int_equal(GetWindowThreadProcessId(wnd, NULL), 0);
    assert_int_equal(GetLastError(), ERROR_INVALID_WINDOW_HANDLE);
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

static void the_librarys_windows_have_the_names_that_they_have_on_windows(void **state)
{
    DWORD instance = 0;
    char name[16];
    HWND mom;

    (void)state;
    DdeInitializeA(&instance, no_callback, 0, 0);
    mom = FindWindowA("DDEMLMom", NULL);
    assert_non_null(mom);
    assert_int_equal(GetClassNameA(mom, name, sizeof name), 8);
    assert_string_equal(name, "DDEMLMom");
    DdeUninitialize(instance);
}

/* ---- What it keeps --------------------------------------------------------------------------------------- */

static void a_title_is_set_asked_for_and_cut_to_the_buffer(void **state)
{
    HWND wnd = notes_window(NULL);
    char ansi[16];
    WCHAR wide[16];

    (void)state;
    assert_int_equal(GetWindowTextA(wnd, ansi, sizeof ansi), 4);
    assert_string_equal(ansi, "note");
    assert_true(SetWindowTextW(wnd, u"\u20ACuro"));
    assert_int_equal(GetWindowTextLengthA(wnd), 4);
    assert_int_equal(GetWindowTextLengthW(wnd), 4);
    assert_int_equal(GetWindowTextA(wnd, ansi, sizeof ansi), 4);
    assert_string_equal(ansi, "\x80uro");
    assert_int_equal(GetWindowTextW(wnd, wide, 3), 2);
    assert_memory_equal(wide, u"\u20ACu", 6);
    assert_true(SetWindowTextA(wnd, NULL));
    assert_int_equal(GetWindowTextA(wnd, ansi, sizeof ansi), 0);
    DestroyWindow(wnd);
}

static int open_extra(void **state)
{
    WNDCLASSA class = {.lpfnWndProc = DefWindowProcA, .lpszClassName = "Extra", .cbWndExtra = 16};

    (void)state;
    return RegisterClassA(&class) ? 0 : -1;
}

static int close_extra(void **state)
{
    UnregisterClassA("Extra", NULL);
    return nothing_left(state);
}

static void extra_bytes_are_zero_at_first_and_hold_words_longs_and_pointers(void **state)
{
    HWND wnd = CreateWindowA("Extra", NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL);
    int value;

    (void)state;
    assert_int_equal(GetWindowLongPtrA(wnd, 0), 0);
    assert_int_equal(SetWindowLongPtrA(wnd, 8, (LONG_PTR)&value), 0);
    assert_ptr_equal(GetWindowLongPtrW(wnd, 8), &value);
    assert_int_equal(SetWindowLongA(wnd, 0, -5), 0);
    assert_int_equal(SetWindowLongW(wnd, 0, -6), -5);
    assert_int_equal(GetWindowLongA(wnd, 0), -6);
    assert_int_equal(SetWindowWord(wnd, 4, 0xBEEF), 0);
    assert_int_equal(GetWindowWord(wnd, 4), 0xBEEF);
    assert_int_equal(GetWindowLongW(wnd, 0), -6);
    DestroyWindow(wnd);
}

static void beyond_the_extra_bytes_there_is_nothing(void **state)
{
    HWND wnd = CreateWindowA("Extra", NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL);

    (void)state;
    SetLastError(0);
    assert_int_equal(SetWindowLongPtrA(wnd, 9, 1), 0);
    assert_int_equal(GetLastError(), ERROR_INVALID_INDEX);
    SetLastError(0);
    assert_int_equal(GetWindowLongA(wnd, 13), 0);
    assert_int_equal(GetLastError(), ERROR_INVALID_INDEX);
    SetLastError(0);
    assert_int_equal(GetWindowWord(wnd, -4), 0);
    assert_int_equal(GetLastError(), ERROR_INVALID_INDEX);
    DestroyWindow(wnd);
    SetLastError(0);
    assert_int_equal(GetWindowLongPtrA(wnd, 0), 0);
    assert_int_equal(GetLastError(), ERROR_INVALID_WINDOW_HANDLE);
}

static void style_id_user_data_and_instance_stand_at_their_numbers(void **state)
{
    HWND parent = notes_window(NULL);
    HWND wnd = CreateWindowExA(WS_EX_TOPMOST, "Extra", NULL, WS_CHILD | WS_DISABLED, 0, 0, 0, 0, parent,
                               (HMENU)7, (HINSTANCE)8, NULL);

    (void)state;
    assert_int_equal(GetWindowLongA(wnd, GWL_STYLE), WS_CHILD | WS_DISABLED);
    assert_int_equal(GetWindowLongA(wnd, GWL_EXSTYLE), WS_EX_TOPMOST);
    assert_int_equal(GetWindowLongA(wnd, GWL_ID), 7);
    assert_int_equal(GetWindowWord(wnd, GWL_ID), 7);
    assert_int_equal(GetWindowLongPtrA(wnd, GWLP_HINSTANCE), 8);
    assert_ptr_equal(GetWindowLongPtrA(wnd, GWLP_HWNDPARENT), parent);
    assert_int_equal(SetWindowLongPtrA(wnd, GWLP_USERDATA, -9), 0);
    assert_int_equal(GetWindowLongPtrW(wnd, GWLP_USERDATA), -9);
    DestroyWindow(parent);
}

static void a_pointer_is_not_asked_for_as_a_long(void **state)
{
    HWND wnd = notes_window(NULL);

    (void)state;
    SetLastError(0);
    assert_int_equal(GetWindowLongA(wnd, GWLP_WNDPROC), 0);
    assert_int_equal(GetLastError(), ERROR_INVALID_INDEX);
    DestroyWindow(wnd);
}

static void properties_have_names_or_atoms_and_go_with_the_window(void **state)
{
    HWND wnd = notes_window(NULL);

    (void)state;
    assert_null(GetPropA(wnd, "Partner"));
    assert_true(SetPropA(wnd, "Partner", (HANDLE)1));
    assert_true(SetPropW(wnd, u"PARTNER", (HANDLE)2));
    assert_ptr_equal(GetPropW(wnd, u"partner"), 2);
    assert_true(SetPropA(wnd, (LPCSTR)MAKEINTATOM(3), (HANDLE)3));
    assert_ptr_equal(GetPropA(wnd, (LPCSTR)MAKEINTATOM(3)), 3);
    assert_ptr_equal(RemovePropA(wnd, "Partner"), 2);
    assert_null(RemovePropW(wnd, u"Partner"));
    DestroyWindow(wnd);
    assert_false(SetPropA(wnd, "Partner", (HANDLE)1));
    assert_int_equal(GetLastError(), ERROR_INVALID_WINDOW_HANDLE);
}

/* ---- The default procedure ------------------------------------------------------------------------------- */

static void by_default_wm_close_destroys(void **state)
{
    HWND wnd = notes_window(NULL);

    (void)state;
    SendMessageA(wnd, WM_CLOSE, 0, 0);
    assert_false(IsWindow(wnd));
}

static void by_default_a_session_may_end_and_anything_else_is_zero(void **state)
{
    HWND wnd = notes_window(NULL);

    (void)state;
    assert_int_equal(DefWindowProcA(wnd, WM_QUERYENDSESSION, 0, 0), TRUE);
    assert_int_equal(DefWindowProcW(wnd, WM_QUERYOPEN, 0, 0), TRUE);
    assert_int_equal(DefWindowProcA(wnd, WM_USER + 1, 2, 3), 0);
    assert_int_equal(DefWindowProcW(wnd, WM_NULL, 0, 0), 0);
    DestroyWindow(wnd);
}

#define notes_test(function) cmocka_unit_test_setup_teardown(function, open_notes, close_notes)

static int open_both(void **state)
{
    return open_notes(state) || open_extra(state) ? -1 : 0;
}

static int close_both(void **state)
{
    notes_close();
    return close_extra(state);
}

#define extra_test(function) cmocka_unit_test_setup_teardown(function, open_both, close_both)

int main(void)
{
    const struct CMUnitTest tests[] = {
        notes_test(a_window_hears_of_its_creation_and_its_end),
        notes_test(creation_tells_what_was_asked_for),
        notes_test(a_window_that_refuses_wm_nccreate_is_none),
        notes_test(a_window_that_refuses_wm_create_is_destroyed),
        notes_test(a_window_may_destroy_itself_while_it_is_created),
        notes_test(children_end_with_their_parent),
        notes_test(owned_windows_end_with_their_owner),
        notes_test(what_is_being_destroyed_cannot_be_destroyed),
        notes_test(only_its_own_thread_destroys_a_window_or_gives_it_children),
        notes_test(a_threads_end_takes_its_windows_along_without_a_word),
        notes_test(a_forked_child_has_none_of_its_parents_windows),
        notes_test(a_child_needs_a_parent_that_is_there),
        notes_test(children_know_their_parents),
        notes_test(all_top_level_windows_are_enumerated_until_somebody_says_stop),
        notes_test(a_window_is_found_by_class_and_title),
        notes_test(a_message_only_window_hears_no_broadcasts_and_is_not_found),
        notes_test(a_window_tells_its_thread_and_process),
        notes_test(the_librarys_windows_have_the_names_that_they_have_on_windows),
        notes_test(a_title_is_set_asked_for_and_cut_to_the_buffer),
        extra_test(extra_bytes_are_zero_at_first_and_hold_words_longs_and_pointers),
        extra_test(beyond_the_extra_bytes_there_is_nothing),
        extra_test(style_id_user_data_and_instance_stand_at_their_numbers),
        notes_test(a_pointer_is_not_asked_for_as_a_long),
        notes_test(properties_have_names_or_atoms_and_go_with_the_window),
        notes_test(by_default_wm_close_destroys),
        notes_test(by_default_a_session_may_end_and_anything_else_is_zero),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
