/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include <stdio.h>

#include "screen.h"

void ScreenDress(WNDCLASS *pwc)
{
}

void ScreenOpen(HWND hwnd, int nCmdShow)
{
}

void ScreenShow(HWND hwnd, LPCSTR lpszText)
{
    puts(lpszText);
    fflush(stdout);
}

void ScreenComplain(LPCSTR lpszText)
{
    fprintf(stderr, "Ticker: %s\n", lpszText);
}

LRESULT ScreenWindowProc(HWND hwnd, UINT msg, WPARAM wParam, LPARAM lParam)
{
    return DefWindowProc(hwnd, msg, wParam, lParam);
}
