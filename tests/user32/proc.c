/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32_test.h"

/* Window procedures: subclassing, and texts between ANSI and UTF-16. */

static WNDPROC former;
static unsigned n_sub;

static LRESULT CALLBACK sub_proc(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    n_sub++;
    return CallWindowProcA(former, wnd, msg, wparam, lparam);
}

static void a_subclass_gets_the_messages_first_and_passes_them_on(void **state)
{
    HWND wnd;

    (void)state;
    notes_open();
    wnd = notes_window(NULL);
    former = (WNDPROC)SetWindowLongPtrA(wnd, GWLP_WNDPROC, (LONG_PTR)sub_proc);
    assert_ptr_equal(former, notes_proc);
    assert_ptr_equal(GetWindowLongPtrA(wnd, GWLP_WNDPROC), sub_proc);
    notes_forget();
    n_sub = 0;
    SendMessageA(wnd, WM_USER, 1, 2);
    assert_int_equal(n_sub, 1);
    assert_int_equal(notes_count(wnd, WM_USER), 1);
    SetWindowLongPtrA(wnd, GWLP_WNDPROC, (LONG_PTR)former);
    SendMessageA(wnd, WM_USER, 1, 2);
    assert_int_equal(n_sub, 1);
    DestroyWindow(wnd);
    notes_close();
}

/* What the procedures below were given, or give. */
static char ansi_seen[32];
static WCHAR wide_seen[32];

static LRESULT CALLBACK ansi_proc(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    if (msg == WM_SETTEXT)
        lstrcpynA(ansi_seen, (const char *)lparam, sizeof ansi_seen);
    return DefWindowProcA(wnd, msg, wparam, lparam);
}

static LRESULT CALLBACK wide_proc(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    if (msg == WM_SETTEXT)
        lstrcpynW(wide_seen, (const WCHAR *)lparam, 32);
    return DefWindowProcW(wnd, msg, wparam, lparam);
}

static HWND ansi_window(void)
{
    WNDCLASSA class = {.lpfnWndProc = ansi_proc, .lpszClassName = "Ansi"};

    assert_true(RegisterClassA(&class) != 0);
    return CreateWindowA("Ansi", "ansi", 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL);
}

static HWND wide_window(void)
{
    WNDCLASSW class = {.lpfnWndProc = wide_proc, .lpszClassName = u"Wide"};

    assert_true(RegisterClassW(&class) != 0);
    return CreateWindowW(u"Wide", u"wide", 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL);
}

static void end(HWND wnd, const char *class)
{
    assert_true(DestroyWindow(wnd));
    assert_true(UnregisterClassA(class, NULL));
}

static void texts_reach_a_procedure_in_its_own_form(void **state)
{
    HWND ansi = ansi_window(), wide = wide_window();

    (void)state;
    SendMessageW(ansi, WM_SETTEXT, 0, (LPARAM)u"\u20AC");
    assert_string_equal(ansi_seen, "\x80");
    SendMessageA(wide, WM_SETTEXT, 0, (LPARAM) "\x80");
    assert_memory_equal(wide_seen, u"\u20AC", 4);
    end(ansi, "Ansi");
    end(wide, "Wide");
}

static void texts_come_back_in_the_form_of_who_asks(void **state)
{
    HWND ansi = ansi_window(), wide = wide_window();
    WCHAR wide_text[8];
    char ansi_text[8];

    (void)state;
    assert_int_equal(SendMessageW(ansi, WM_GETTEXT, 8, (LPARAM)wide_text), 4);
    assert_memory_equal(wide_text, u"ansi", 10);
    assert_int_equal(SendMessageA(wide, WM_GETTEXT, 3, (LPARAM)ansi_text), 2);
    assert_string_equal(ansi_text, "wi");
    assert_int_equal(SendMessageA(wide, WM_GETTEXTLENGTH, 0, 0), 4);
    end(ansi, "Ansi");
    end(wide, "Wide");
}

static void a_former_procedure_of_the_other_form_is_called_through_callwindowproc(void **state)
{
    HWND wide = wide_window();

    (void)state;
    former = (WNDPROC)SetWindowLongPtrA(wide, GWLP_WNDPROC, (LONG_PTR)sub_proc);
    assert_ptr_not_equal(former, wide_proc);
    assert_false(IsWindowUnicode(wide)); /* as its procedure is now */
    n_sub = 0;
    SendMessageA(wide, WM_SETTEXT, 0, (LPARAM) "\x80");
    assert_int_equal(n_sub, 1);
    assert_memory_equal(wide_seen, u"\u20AC", 4);
    SetWindowLongPtrA(wide, GWLP_WNDPROC, (LONG_PTR)former); /* it is known by that */
    assert_true(IsWindowUnicode(wide));
    assert_ptr_equal(SetWindowLongPtrW(wide, GWLP_WNDPROC, (LONG_PTR)wide_proc), wide_proc);
    end(wide, "Wide");
}

static void callwindowproc_turns_texts_for_a_known_procedure_only(void **state)
{
    HWND ansi = ansi_window();
    WNDPROC handle = (WNDPROC)GetWindowLongPtrW(ansi, GWLP_WNDPROC);

    (void)state;
    CallWindowProcW(handle, ansi, WM_SETTEXT, 0, (LPARAM)u"turned");
    assert_string_equal(ansi_seen, "turned");
    CallWindowProcW(ansi_proc, ansi, WM_SETTEXT, 0, (LPARAM) "as it is");
    assert_string_equal(ansi_seen, "as it is");
    assert_int_equal(CallWindowProcA(NULL, ansi, WM_NULL, 0, 0), 0);
    end(ansi, "Ansi");
}

static char created_name[16], created_class[16];

static LRESULT CALLBACK create_proc(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    const CREATESTRUCTA *cs = (const CREATESTRUCTA *)lparam;

    if (msg == WM_NCCREATE) {
        lstrcpynA(created_name, cs->lpszName, sizeof created_name);
        lstrcpynA(created_class, cs->lpszClass, sizeof created_class);
    }
    return DefWindowProcA(wnd, msg, wparam, lparam);
}

static void the_texts_of_creation_are_turned_too(void **state)
{
    WNDCLASSA class = {.lpfnWndProc = create_proc, .lpszClassName = "Created"};
    HWND wnd;
    char title[16];

    (void)state;
    assert_true(RegisterClassA(&class) != 0);
    wnd = CreateWindowW(u"Created", u"\u20ACuro", 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL);
    assert_string_equal(created_name, "\x80uro");
    assert_string_equal(created_class, "Created");
    assert_int_equal(GetWindowTextA(wnd, title, sizeof title), 4);
    assert_string_equal(title, "\x80uro");
    end(wnd, "Created");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        user32_test(a_subclass_gets_the_messages_first_and_passes_them_on),
        user32_test(texts_reach_a_procedure_in_its_own_form),
        user32_test(texts_come_back_in_the_form_of_who_asks),
        user32_test(a_former_procedure_of_the_other_form_is_called_through_callwindowproc),
        user32_test(callwindowproc_turns_texts_for_a_known_procedure_only),
        user32_test(the_texts_of_creation_are_turned_too),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
