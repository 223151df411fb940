/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32_test.h"

#include <pthread.h>

#include "host/posix/figures.h"
#include "user32/figures.h"

struct note notes[NOTES_MAX];
unsigned n_notes;
LRESULT (*notes_hook)(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool *done);

int nothing_left(void **state)
{
    static const struct {
        const char *name;
        long (*figure)(void);
    } figures[] = {
        {"windows", figure_windows}, {"posts", figure_posts},       {"sends", figure_sends},
        {"blocks", figure_blocks},   {"fixed", figure_fixed},       {"classes", figure_classes},
        {"hooks", figure_hooks},     {"received", figure_received},
    };
    MSG msg;
    bool left = false;

    (void)state;
    while (PeekMessageA(&msg, NULL, 0, 0, PM_REMOVE)) {
        print_error("left: message %#x\n", msg.message);
        left = true;
    }
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        if (figures[i].figure()) {
            print_error("left: %ld %s\n", figures[i].figure(), figures[i].name);
            left = true;
        }
    }
    if (figure_atoms() != figure_names()) {
        print_error("left: %ld references on atoms\n", figure_atoms() - figure_names());
        left = true;
    }
    n_notes = 0;
    notes_hook = NULL;
    test_ledger_is_empty();
    return left ? -1 : 0;
}

/* ---- Notes ----------------------------------------------------------------------------------------------- */

static pthread_mutex_t notes_lock = PTHREAD_MUTEX_INITIALIZER;

static void note(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    pthread_mutex_lock(&notes_lock);
    if (n_notes < NOTES_MAX)
        notes[n_notes++] = (struct note){wnd, msg, wparam, lparam};
    pthread_mutex_unlock(&notes_lock);
}

LRESULT CALLBACK notes_proc(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    bool done = false;
    LRESULT result = 0;

    note(wnd, msg, wparam, lparam);
    if (notes_hook)
        result = notes_hook(wnd, msg, wparam, lparam, &done);
    return done ? result : DefWindowProcA(wnd, msg, wparam, lparam);
}

void notes_open(void)
{
    WNDCLASSA class = {.lpfnWndProc = notes_proc, .lpszClassName = NOTES};

    assert_true(RegisterClassA(&class) != 0);
}

void notes_close(void)
{
    assert_true(UnregisterClassA(NOTES, NULL));
}

HWND notes_window(HWND parent)
{
    HWND wnd = CreateWindowExA(0, NOTES, "note", parent ? WS_CHILD : WS_OVERLAPPEDWINDOW, 0, 0, 0, 0, parent,
                               NULL, NULL, NULL);

    assert_non_null(wnd);
    return wnd;
}

void notes_forget(void)
{
    n_notes = 0;
}

unsigned notes_count(HWND wnd, UINT msg)
{
    unsigned n = 0;

    for (unsigned i = 0; i < n_notes; i++)
        n += notes[i].wnd == wnd && notes[i].msg == msg;
    return n;
}

/* ---- Loops ----------------------------------------------------------------------------------------------- */

void run_all(void)
{
    MSG msg;

    while (PeekMessageA(&msg, NULL, 0, 0, PM_REMOVE))
        DispatchMessageA(&msg);
}

void run_until(const volatile int *flag)
{
    uint64_t end = test_now_ms() + TEST_PATIENCE_MS;

    for (run_all(); !*flag && test_now_ms() < end; run_all())
        MsgWaitForMultipleObjects(0, NULL, FALSE, 100, QS_ALLINPUT);
    assert_true(*flag);
}
