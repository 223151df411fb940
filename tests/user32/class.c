/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32_test.h"

/* Window classes. */

static ATOM registered(const char *name)
{
    WNDCLASSA class = {
        .lpfnWndProc = notes_proc, .lpszClassName = name, .cbWndExtra = 16, .style = CS_DBLCLKS};

    return RegisterClassA(&class);
}

static void a_class_is_found_by_name_without_regard_to_case_and_by_atom(void **state)
{
    ATOM atom = registered("Kind");
    HWND by_name = CreateWindowA("kIND", NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL);
    HWND by_atom = CreateWindowA((LPCSTR)MAKEINTATOM(atom), NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL);

    (void)state;
    assert_true(atom >= 0xC000);
    assert_non_null(by_name);
    assert_non_null(by_atom);
    assert_true(DestroyWindow(by_name));
    assert_true(DestroyWindow(by_atom));
    assert_true(UnregisterClassA((LPCSTR)MAKEINTATOM(atom), NULL));
}

static void a_name_is_registered_once(void **state)
{
    (void)state;
    assert_true(registered("Kind") != 0);
    assert_int_equal(registered("KIND"), 0);
    assert_int_equal(GetLastError(), ERROR_CLASS_ALREADY_EXISTS);
    assert_true(UnregisterClassA("Kind", NULL));
}

static void a_class_with_windows_stays(void **state)
{
    HWND wnd;

    (void)state;
    registered("Kind");
    wnd = CreateWindowA("Kind", NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL);
    assert_false(UnregisterClassA("Kind", NULL));
    assert_int_equal(GetLastError(), ERROR_CLASS_HAS_WINDOWS);
    DestroyWindow(wnd);
    assert_true(UnregisterClassW(u"Kind", NULL));
}

static void what_is_not_registered_has_no_windows_and_cannot_be_unregistered(void **state)
{
    (void)state;
    assert_null(CreateWindowA("NoSuch", NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL));
    assert_int_equal(GetLastError(), ERROR_CANNOT_FIND_WND_CLASS);
    assert_false(UnregisterClassA("NoSuch", NULL));
    assert_int_equal(GetLastError(), ERROR_CLASS_DOES_NOT_EXIST);
}

static void the_extended_form_needs_its_size(void **state)
{
    WNDCLASSEXA ansi = {.lpfnWndProc = notes_proc, .lpszClassName = "Kind"};
    WNDCLASSEXW wide = {.lpfnWndProc = notes_proc, .lpszClassName = u"Kind"};

    (void)state;
    assert_int_equal(RegisterClassExA(&ansi), 0);
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    ansi.cbSize = sizeof ansi;
    assert_true(RegisterClassExA(&ansi) != 0);
    assert_true(UnregisterClassA("Kind", NULL));
    assert_int_equal(RegisterClassExW(&wide), 0);
    wide.cbSize = sizeof wide;
    assert_true(RegisterClassExW(&wide) != 0);
    assert_true(UnregisterClassA("Kind", NULL));
}

static void what_is_known_of_a_class_can_be_asked_for(void **state)
{
    WNDCLASSA ansi;
    WNDCLASSW wide;

    (void)state;
    registered("Kind");
    assert_true(GetClassInfoA(NULL, "Kind", &ansi));
    assert_ptr_equal(ansi.lpfnWndProc, notes_proc);
    assert_int_equal(ansi.cbWndExtra, 16);
    assert_int_equal(ansi.style, CS_DBLCLKS);
    assert_string_equal(ansi.lpszClassName, "Kind");
    assert_true(GetClassInfoW(NULL, u"Kind", &wide));
    assert_ptr_not_equal(wide.lpfnWndProc,
                         notes_proc); /* it wants ANSI texts: only CallWindowProc knows how */
    assert_false(GetClassInfoA(NULL, "NoSuch", &ansi));
    assert_int_equal(GetLastError(), ERROR_CLASS_DOES_NOT_EXIST);
    UnregisterClassA("Kind", NULL);
}

static void the_name_of_a_windows_class_is_the_first_spelling(void **state)
{
    WCHAR wide[16];
    char ansi[16];
    HWND wnd;

    (void)state;
    registered("Kind");
    wnd = CreateWindowA("KIND", NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL);
    assert_int_equal(GetClassNameA(wnd, ansi, sizeof ansi), 4);
    assert_string_equal(ansi, "Kind");
    assert_int_equal(GetClassNameW(wnd, wide, 3), 2); /* as much as there is room for */
    assert_memory_equal(wide, u"Ki", sizeof u"Ki");
    DestroyWindow(wnd);
    assert_int_equal(GetClassNameA(wnd, ansi, sizeof ansi), 0);
    assert_int_equal(GetLastError(), ERROR_INVALID_WINDOW_HANDLE);
    UnregisterClassA("Kind", NULL);
}

static void a_class_for_utf16_makes_unicode_windows(void **state)
{
    WNDCLASSW class = {.lpfnWndProc = DefWindowProcW, .lpszClassName = u"Wide"};
    HWND wide, ansi;

    (void)state;
    registered("Kind");
    assert_true(RegisterClassW(&class) != 0);
    wide = CreateWindowA("Wide", NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL);
    ansi = CreateWindowW(u"Kind", NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL);
    assert_true(IsWindowUnicode(wide));
    assert_false(IsWindowUnicode(ansi));
    DestroyWindow(wide);
    DestroyWindow(ansi);
    UnregisterClassA("Kind", NULL);
    UnregisterClassA("Wide", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        user32_test(a_class_is_found_by_name_without_regard_to_case_and_by_atom),
        user32_test(a_name_is_registered_once),
        user32_test(a_class_with_windows_stays),
        user32_test(what_is_not_registered_has_no_windows_and_cannot_be_unregistered),
        user32_test(the_extended_form_needs_its_size),
        user32_test(what_is_known_of_a_class_can_be_asked_for),
        user32_test(the_name_of_a_windows_class_is_the_first_spelling),
        user32_test(a_class_for_utf16_makes_unicode_windows),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
