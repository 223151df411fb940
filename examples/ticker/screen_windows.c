/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "screen.h"

static char szShown[32];

void ScreenDress(WNDCLASS *pwc)
{
    pwc->hCursor = LoadCursor(NULL, IDC_ARROW);
    pwc->hbrBackground = (HBRUSH)GetStockObject(WHITE_BRUSH);
}

void ScreenOpen(HWND hwnd, int nCmdShow)
{
    ShowWindow(hwnd, nCmdShow);
    UpdateWindow(hwnd);
}

void ScreenShow(HWND hwnd, LPCSTR lpszText)
{
    lstrcpyn(szShown, lpszText, sizeof(szShown));
    InvalidateRect(hwnd, NULL, TRUE);
}

void ScreenComplain(LPCSTR lpszText)
{
    MessageBox(NULL, lpszText, "Ticker", MB_OK | MB_ICONSTOP);
}

LRESULT ScreenWindowProc(HWND hwnd, UINT msg, WPARAM wParam, LPARAM lParam)
{
    PAINTSTRUCT ps;
    HDC hdc;

    if (msg != WM_PAINT)
        return DefWindowProc(hwnd, msg, wParam, lParam);
    hdc = BeginPaint(hwnd, &ps);
    TextOut(hdc, 10, 10, szShown, lstrlen(szShown));
    EndPaint(hwnd, &ps);
    return 0;
}
