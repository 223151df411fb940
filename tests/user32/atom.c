/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32_test.h"

/* Global atoms, registered messages and clipboard formats. */

static void equal_names_are_one_atom_with_the_first_spelling(void **state)
{
    ATOM atom = GlobalAddAtomA("Item"), same = GlobalAddAtomW(u"ITEM");
    char ansi[16];
    WCHAR wide[16];

    (void)state;
    assert_true(atom >= 0xC000);
    assert_int_equal(atom, same);
    assert_int_equal(GlobalGetAtomNameA(atom, ansi, sizeof ansi), 4);
    assert_string_equal(ansi, "Item");
    assert_int_equal(GlobalGetAtomNameW(atom, wide, 3), 2);
    assert_memory_equal(wide, u"It", 6);
    assert_int_equal(GlobalDeleteAtom(atom), 0);
    assert_int_equal(GlobalFindAtomA("item"), atom); /* it was added twice */
    assert_int_equal(GlobalFindAtomW(u"item"), atom);
    assert_int_equal(GlobalDeleteAtom(atom), 0);
    assert_int_equal(GlobalFindAtomA("item"), 0);
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    assert_int_equal(GlobalDeleteAtom(atom), atom);
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    assert_int_equal(GlobalGetAtomNameA(atom, ansi, sizeof ansi), 0);
}

static void small_numbers_are_atoms_by_themselves(void **state)
{
    char name[16];

    (void)state;
    assert_int_equal(GlobalAddAtomA((LPCSTR)MAKEINTATOM(5)), 5);
    assert_int_equal(GlobalAddAtomA("#6"), 6);
    assert_int_equal(GlobalFindAtomW((LPCWSTR)MAKEINTATOM(7)), 7);
    assert_int_equal(GlobalFindAtomA((LPCSTR)MAKEINTATOM(8)), 8);
    assert_int_equal(GlobalAddAtomW((LPCWSTR)MAKEINTATOM(0xC000)), 0);
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_int_equal(GlobalDeleteAtom(5), 0);
    assert_int_equal(GlobalGetAtomNameA(5, name, sizeof name), 2);
    assert_string_equal(name, "#5");
}

static void names_have_1_to_255_characters(void **state)
{
    char name[257];
    ATOM atom;

    (void)state;
    memset(name, 'x', sizeof name);
    name[256] = 0;
    assert_int_equal(GlobalAddAtomA(name), 0);
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    name[255] = 0;
    atom = GlobalAddAtomA(name);
    assert_true(atom >= 0xC000);
    GlobalDeleteAtom(atom);
    assert_int_equal(GlobalAddAtomA(""), 0);
}

static void an_atom_is_the_librarys_too(void **state)
{
    ATOM atom = GlobalAddAtomA("Shared");

    (void)state;
    assert_int_equal(FreeDDElParam(WM_DDE_REQUEST, MAKELPARAM(CF_TEXT, atom)), TRUE);
    assert_int_equal(GlobalFindAtomA("Shared"), atom);
    GlobalDeleteAtom(atom);
}

static void a_name_is_one_message_and_one_format_for_ever(void **state)
{
    UINT message = RegisterWindowMessageA("MyMessage"), format = RegisterClipboardFormatA("MyFormat");
    char ansi[16];
    WCHAR wide[16];

    (void)state;
    assert_true(message >= 0xC000 && format >= 0xC000 && message != format);
    assert_int_equal(RegisterWindowMessageW(u"mymessage"), message);
    assert_int_equal(RegisterClipboardFormatW(u"MYFORMAT"), format);
    assert_int_equal(GetClipboardFormatNameA(format, ansi, sizeof ansi), 8);
    assert_string_equal(ansi, "MyFormat");
    assert_int_equal(GetClipboardFormatNameW(format, wide, 3), 2);
    assert_memory_equal(wide, u"My", 6);
    assert_int_equal(GetClipboardFormatNameA(CF_TEXT, ansi, sizeof ansi), 0);
    assert_int_equal(RegisterClipboardFormatA(""), 0);
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
}

static void a_registered_name_has_254_characters_at_most(void **state)
{
    char name[256];

    (void)state;
    memset(name, 'x', sizeof name);
    name[255] = 0;
    assert_int_equal(RegisterWindowMessageA(name), 0);
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    name[254] = 0;
    assert_true(RegisterWindowMessageA(name) >= 0xC000);
}

static void a_registered_name_is_no_global_atom(void **state)
{
    UINT format = RegisterClipboardFormatA("MyFormat");
    char name[16];

    (void)state;
    assert_int_equal(GlobalFindAtomA("MyFormat"), 0);
    assert_int_equal(GlobalGetAtomNameA((ATOM)format, name, sizeof name), 0);
    assert_int_equal(GlobalDeleteAtom((ATOM)format), format);
    assert_int_equal(RegisterClipboardFormatA("MyFormat"), format);
}

static void register_them(void *arg)
{
    *(UINT *)arg = RegisterWindowMessageA("FromElsewhere");
}

static void all_threads_get_the_same_number(void **state)
{
    UINT theirs = 0;

    (void)state;
    test_thread_join(test_thread_start(register_them, &theirs));
    assert_int_equal(RegisterWindowMessageA("FromElsewhere"), theirs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        user32_test(equal_names_are_one_atom_with_the_first_spelling),
        user32_test(small_numbers_are_atoms_by_themselves),
        user32_test(names_have_1_to_255_characters),
        user32_test(an_atom_is_the_librarys_too),
        user32_test(a_name_is_one_message_and_one_format_for_ever),
        user32_test(a_registered_name_has_254_characters_at_most),
        user32_test(a_registered_name_is_no_global_atom),
        user32_test(all_threads_get_the_same_number),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
