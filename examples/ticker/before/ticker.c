/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* TICKER.C - shows a price in its window and serves it by DDE: service Ticker, topic Prices, item COPPER; the command
 * [close] ends it. The program as it was on Windows; docs/porting.md tells how it came to Linux. */

#include <windows.h>
#include <ddeml.h>
#include <string.h>

#define IDT_TICK 1

static DWORD idInst;
static HSZ hszService, hszTopic, hszItem;
static HWND hwndMain;
static int nPrice = 7100;

static void FormatPrice(LPSTR lpsz)
{
    wsprintf(lpsz, "%d.%02d", nPrice / 100, nPrice % 100);
}

static void Tick(void)
{
    nPrice += nPrice % 7 - 3;
    InvalidateRect(hwndMain, NULL, TRUE);
    DdePostAdvise(idInst, hszTopic, hszItem);
}

static BOOL Is(HDDEDATA hData, LPCSTR lpsz)
{
    char sz[32];
    DWORD cb = DdeGetData(hData, (LPBYTE)sz, sizeof(sz) - 1, 0);

    sz[cb] = '\0';
    return lstrcmpi(sz, lpsz) == 0;
}

static HDDEDATA CALLBACK DdeCallback(UINT uType, UINT uFmt, HCONV hConv, HSZ hsz1, HSZ hsz2, HDDEDATA hData,
                                     ULONG_PTR dwData1, ULONG_PTR dwData2)
{
    char sz[32];

    switch (uType) {
    case XTYP_CONNECT:
        return (HDDEDATA)(ULONG_PTR)(DdeCmpStringHandles(hsz1, hszTopic) == 0);
    case XTYP_ADVSTART:
        return (HDDEDATA)(ULONG_PTR)(uFmt == CF_TEXT && DdeCmpStringHandles(hsz2, hszItem) == 0);
    case XTYP_REQUEST:
    case XTYP_ADVREQ:
        if (uFmt != CF_TEXT || DdeCmpStringHandles(hsz2, hszItem) != 0)
            return NULL;
        FormatPrice(sz);
        return DdeCreateDataHandle(idInst, (LPBYTE)sz, lstrlen(sz) + 1, 0, hszItem, CF_TEXT, 0);
    case XTYP_EXECUTE:
        if (!Is(hData, "[close]"))
            return (HDDEDATA)DDE_FNOTPROCESSED;
        PostMessage(hwndMain, WM_CLOSE, 0, 0);
        return (HDDEDATA)DDE_FACK;
    }
    return NULL;
}

static void Paint(HWND hwnd)
{
    PAINTSTRUCT ps;
    char sz[32];
    HDC hdc = BeginPaint(hwnd, &ps);

    FormatPrice(sz);
    TextOut(hdc, 10, 10, sz, lstrlen(sz));
    EndPaint(hwnd, &ps);
}

static LRESULT CALLBACK WndProc(HWND hwnd, UINT msg, WPARAM wParam, LPARAM lParam)
{
    switch (msg) {
    case WM_CREATE:
        SetTimer(hwnd, IDT_TICK, 1000, NULL);
        return 0;
    case WM_TIMER:
        Tick();
        return 0;
    case WM_PAINT:
        Paint(hwnd);
        return 0;
    case WM_DESTROY:
        KillTimer(hwnd, IDT_TICK);
        PostQuitMessage(0);
        return 0;
    }
    return DefWindowProc(hwnd, msg, wParam, lParam);
}

int WINAPI WinMain(HINSTANCE hInstance, HINSTANCE hPrevInstance, LPSTR lpszCmdLine, int nCmdShow)
{
    WNDCLASS wc;
    MSG msg;

    if (DdeInitialize(&idInst, DdeCallback, CBF_FAIL_POKES, 0) != DMLERR_NO_ERROR) {
        MessageBox(NULL, "No DDE.", "Ticker", MB_OK | MB_ICONSTOP);
        return 1;
    }
    hszService = DdeCreateStringHandle(idInst, "Ticker", CP_WINANSI);
    hszTopic = DdeCreateStringHandle(idInst, "Prices", CP_WINANSI);
    hszItem = DdeCreateStringHandle(idInst, "COPPER", CP_WINANSI);
    DdeNameService(idInst, hszService, NULL, DNS_REGISTER);

    memset(&wc, 0, sizeof(wc));
    wc.hInstance = hInstance;
    wc.lpfnWndProc = WndProc;
    wc.lpszClassName = "Ticker";
    wc.hCursor = LoadCursor(NULL, IDC_ARROW);
    wc.hbrBackground = (HBRUSH)GetStockObject(WHITE_BRUSH);
    RegisterClass(&wc);
    hwndMain = CreateWindow("Ticker", "Copper", WS_OVERLAPPEDWINDOW, CW_USEDEFAULT, CW_USEDEFAULT, 200, 100,
                            NULL, NULL, hInstance, NULL);
    ShowWindow(hwndMain, nCmdShow);
    UpdateWindow(hwndMain);
    while (GetMessage(&msg, NULL, 0, 0)) {
        TranslateMessage(&msg);
        DispatchMessage(&msg);
    }
    DdeUninitialize(idInst);
    return (int)msg.wParam;
}
