/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_USER32_TEST_H
#define TESTS_USER32_TEST_H

/* For tests of libddeml-user32. Wine's headers come first: the public header defers to them. */

#include <windows.h>

#include <dde.h>
#include <ddeml.h>

#include "support/support.h"

/* Teardown of every test: fails it unless windows, messages, memory, atoms, classes and hooks have gone. */
int nothing_left(void **state);
#define user32_test(function) cmocka_unit_test_teardown(function, nothing_left)

/* A window class whose procedure writes its messages down before the default procedure gets them. */
#define NOTES "Notes"
void notes_open(void);  /* registers the class   */
void notes_close(void); /* and unregisters it    */

struct note {
    HWND wnd;
    UINT msg;
    WPARAM wparam;
    LPARAM lparam;
};

enum { NOTES_MAX = 256 };

/* Of all windows and threads: to be read when nobody is writing. */
extern struct note notes[NOTES_MAX];
extern unsigned n_notes;
extern LRESULT (*notes_hook)(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool *done);
LRESULT CALLBACK notes_proc(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam);

HWND notes_window(HWND parent); /* a child, or with NULL a top-level window */
void notes_forget(void);
unsigned notes_count(HWND wnd, UINT msg);

/* Dispatches this thread's messages until the flag is set; fails the test after TEST_PATIENCE_MS. */
void run_until(const volatile int *flag);
/* Dispatches what there is. */
void run_all(void);

#endif
