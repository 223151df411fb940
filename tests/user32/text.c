/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32_test.h"

/* The names of kernel32 and wsprintf. */

static void texts_are_measured_copied_and_joined(void **state)
{
    char ansi[16];
    WCHAR wide[16];

    (void)state;
    assert_int_equal(lstrlenA("four"), 4);
    assert_int_equal(lstrlenA(NULL), 0);
    assert_int_equal(lstrlenW(u"five5"), 5);
    assert_int_equal(lstrlenW(NULL), 0);
    assert_ptr_equal(lstrcpyA(ansi, "one"), ansi);
    assert_ptr_equal(lstrcatA(ansi, "two"), ansi);
    assert_string_equal(ansi, "onetwo");
    assert_ptr_equal(lstrcpyW(wide, u"one"), wide);
    assert_ptr_equal(lstrcatW(wide, u"two"), wide);
    assert_memory_equal(wide, u"onetwo", 14);
    assert_ptr_equal(lstrcpynA(ansi, "abcdef", 4), ansi);
    assert_string_equal(ansi, "abc");
    assert_ptr_equal(lstrcpynW(wide, u"abcdef", 4), wide);
    assert_memory_equal(wide, u"abc", 8);
}

static void texts_are_compared_as_words_in_a_dictionary(void **state)
{
    (void)state;
    assert_int_equal(lstrcmpA("word", "word"), 0);
    assert_true(lstrcmpA("a", "B") < 0);
    assert_true(lstrcmpA("a", "A") < 0);
    assert_true(lstrcmpW(u"b", u"A") > 0);
    assert_true(lstrcmpA(NULL, "") < 0);
    assert_int_equal(lstrcmpiA("WORD", "word"), 0);
    assert_int_equal(lstrcmpiW(u"\u00C4", u"\u00E4"), 0);
    assert_int_equal(lstrcmpiA("\xC4", "\xE4"), 0);
    assert_true(lstrcmpiW(u"a", u"ab") < 0);
}

static const char *WINAPIV formatted(const char *format, ...)
{
    static char text[2048];
    __ms_va_list arguments;
    int n;

    __ms_va_start(arguments, format);
    n = wvsprintfA(text, format, arguments);
    __ms_va_end(arguments);
    assert_int_equal(n, strlen(text));
    return text;
}

static void numbers_are_formatted(void **state)
{
    (void)state;
    assert_string_equal(formatted("%d %i %u", -5, 6, 4000000000u), "-5 6 4000000000");
    assert_string_equal(formatted("%ld %lu %hd", (LONG)-2147483647 - 1, (ULONG)7, 0x18001),
                        "-2147483648 7 -32767");
    assert_string_equal(formatted("%x %X %#x %#X", 255, 255, 255, 255), "ff FF 0xff 0XFF");
    assert_string_equal(formatted("[%5d] [%-5d] [%05d] [%.3d]", 42, 42, -42, 7),
                        "[   42] [42   ] [-0042] [007]");
    assert_string_equal(formatted("%I64d %I64x", -5000000000LL, 0x123456789ALL), "-5000000000 123456789a");
    assert_string_equal(formatted("%p", (void *)(uintptr_t)0xAB),
                        sizeof(void *) == 8 ? "00000000000000AB" : "000000AB");
}

static void texts_are_formatted_in_either_form(void **state)
{
    WCHAR wide[32];

    (void)state;
    assert_string_equal(formatted("%s|%5s|%-5s|%.2s", "a", "b", "c", "defg"), "a|    b|c    |de");
    assert_string_equal(formatted("%S %ls %hs", u"\u20AC", u"w", "a"), "\x80 w a");
    assert_string_equal(formatted("%c%C%%%c", 'a', u'\u20AC', 'b'), "a\x80%b");
    assert_string_equal(formatted("%s", NULL), "(null)");
    assert_int_equal(wsprintfW(wide, u"%s-%S-%d%c", u"w", "\x80", 5, u'x'), 6);
    assert_memory_equal(wide, u"w-\u20AC-5x", 14);
}

static void what_is_no_format_stands_for_itself(void **state)
{
    char text[16];

    (void)state;
    assert_int_equal(wsprintfA(text, "100%% %y"), 6);
    assert_string_equal(text, "100% y");
    assert_int_equal(wsprintfA(text, "end%"), 3);
    assert_string_equal(text, "end");
}

static void no_result_is_longer_than_1023(void **state)
{
    WCHAR wide[1024];
    char text[1024];

    (void)state;
    assert_int_equal(wsprintfA(text, "%2000d", 1), 1023);
    assert_int_equal(text[1022], ' ');
    assert_int_equal(wsprintfW(wide, u"%s%s", u"x", u"y"), 2);
}

static const WCHAR *WINAPIV wide_formatted(const WCHAR *format, ...)
{
    static WCHAR text[1024];
    __ms_va_list arguments;

    __ms_va_start(arguments, format);
    wvsprintfW(text, format, arguments);
    __ms_va_end(arguments);
    return text;
}

static void a_list_of_arguments_will_do(void **state)
{
    (void)state;
    assert_memory_equal(wide_formatted(u"%d%s", 5, u"x"), u"5x", 6);
}

static void set_error(void *arg)
{
    (void)arg;
    assert_int_equal(GetLastError(), 0);
    SetLastError(7);
}

static void every_thread_has_a_last_error_of_its_own(void **state)
{
    (void)state;
    SetLastError(5);
    test_thread_join(test_thread_start(set_error, NULL));
    assert_int_equal(GetLastError(), 5);
}

static void time_goes_on(void **state)
{
    DWORD begin = GetTickCount();
    ULONGLONG long_begin = GetTickCount64();

    (void)state;
    Sleep(2);
    assert_true(GetTickCount() - begin >= 1);
    assert_true(GetTickCount64() > long_begin);
}

static void tell_id(void *id)
{
    *(DWORD *)id = GetCurrentThreadId();
}

static void threads_have_numbers(void **state)
{
    DWORD other = 0;

    (void)state;
    test_thread_join(test_thread_start(tell_id, &other));
    assert_true(other && other != GetCurrentThreadId());
    assert_int_equal(GetCurrentThreadId(), GetCurrentThreadId());
}

static void there_is_one_instance(void **state)
{
    (void)state;
    assert_non_null(GetModuleHandleA(NULL));
    assert_ptr_equal(GetModuleHandleW(NULL), GetModuleHandleA(NULL));
    assert_null(GetModuleHandleA("user32"));
    assert_int_equal(GetLastError(), ERROR_MOD_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        user32_test(texts_are_measured_copied_and_joined),
        user32_test(texts_are_compared_as_words_in_a_dictionary),
        user32_test(numbers_are_formatted),
        user32_test(texts_are_formatted_in_either_form),
        user32_test(what_is_no_format_stands_for_itself),
        user32_test(no_result_is_longer_than_1023),
        user32_test(a_list_of_arguments_will_do),
        user32_test(every_thread_has_a_last_error_of_its_own),
        user32_test(time_goes_on),
        user32_test(threads_have_numbers),
        user32_test(there_is_one_instance),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
