/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* An old program: it begins with WinMain, has a window, and converses with nobody but the library. */

#include <windows.h>
#include <ddeml.h>

static HDDEDATA CALLBACK Callback(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR data1, ULONG_PTR data2)
{
    return NULL;
}

static LRESULT CALLBACK WndProc(HWND hwnd, UINT msg, WPARAM wParam, LPARAM lParam)
{
    if (msg == WM_DESTROY)
        PostQuitMessage(0);
    return DefWindowProc(hwnd, msg, wParam, lParam);
}

int WINAPI WinMain(HINSTANCE hInstance, HINSTANCE hPrevInstance, LPSTR lpCmdLine, int nCmdShow)
{
    WNDCLASS wc = {0};
    DWORD idInst = 0;
    HWND hwnd;
    MSG msg;

    wc.lpfnWndProc = WndProc;
    wc.hInstance = hInstance;
    wc.lpszClassName = "Port";
    if (!RegisterClass(&wc) || DdeInitialize(&idInst, Callback, 0, 0) != DMLERR_NO_ERROR)
        return 1;
    hwnd = CreateWindow("Port", "Port", WS_OVERLAPPEDWINDOW, 0, 0, 0, 0, NULL, NULL, hInstance, NULL);
    PostMessage(hwnd, WM_CLOSE, 0, 0);
    while (GetMessage(&msg, NULL, 0, 0))
        DispatchMessage(&msg);
    return DdeUninitialize(idInst) ? (int)msg.wParam : 1;
}
