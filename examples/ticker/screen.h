/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TICKER_SCREEN_H
#define TICKER_SCREEN_H

/* All that the ticker shows: screen_windows.c and screen_console.c. */

#include <windows.h>

void ScreenDress(WNDCLASS *pwc); /* what is of the screen in a window class */
void ScreenOpen(HWND hwnd, int nCmdShow);
void ScreenShow(HWND hwnd, LPCSTR lpszText);
void ScreenComplain(LPCSTR lpszText);
LRESULT ScreenWindowProc(HWND hwnd, UINT msg, WPARAM wParam, LPARAM lParam); /* in place of DefWindowProc */

#endif
