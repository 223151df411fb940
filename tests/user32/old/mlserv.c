/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* MLSERV.C - the server of RAWSERV.C, with the DDE Management Library: service and topic are the words of the
 * command line, "MlServ Stocks" if there are none; the item ACME is a number as text; [tick] adds one to it and
 * [quit] ends the program. An ordinary source for Windows, which also runs elsewhere. */

#include <windows.h>
#include <ddeml.h>
#include <stdlib.h>
#include <string.h>

static DWORD idInst;
static HSZ hszService, hszTopic, hszItem;
static long lValue;
static HWND hwndMain; /* shows that the server is ready, and hears that it should end */

static HDDEDATA Value(void)
{
    char sz[32];

    wsprintfA(sz, "%ld", lValue);
    return DdeCreateDataHandle(idInst, (LPBYTE)sz, lstrlenA(sz) + 1, 0, hszItem, CF_TEXT, 0);
}

static HDDEDATA OnPoke(HDDEDATA hData)
{
    char sz[32];
    DWORD cb = DdeGetData(hData, (LPBYTE)sz, sizeof(sz) - 1, 0);

    sz[cb] = '\0';
    lValue = atol(sz);
    DdePostAdvise(idInst, hszTopic, hszItem);
    return (HDDEDATA)DDE_FACK;
}

static HDDEDATA OnExecute(HDDEDATA hData)
{
    char sz[64];
    DWORD cb = DdeGetData(hData, (LPBYTE)sz, sizeof(sz) - 1, 0);

    sz[cb] = '\0';
    if (lstrcmpiA(sz, "[tick]") == 0) {
        lValue++;
        DdePostAdvise(idInst, hszTopic, hszItem);
        return (HDDEDATA)DDE_FACK;
    }
    if (lstrcmpiA(sz, "[quit]") == 0) {
        PostMessage(hwndMain, WM_CLOSE, 0, 0);
        return (HDDEDATA)DDE_FACK;
    }
    return (HDDEDATA)DDE_FNOTPROCESSED;
}

static HDDEDATA CALLBACK DdeCallback(UINT uType, UINT uFmt, HCONV hConv, HSZ hsz1, HSZ hsz2, HDDEDATA hData,
                                     ULONG_PTR dwData1, ULONG_PTR dwData2)
{
    BOOL fItem = uFmt == CF_TEXT && DdeCmpStringHandles(hsz2, hszItem) == 0;

    switch (uType) {
    case XTYP_CONNECT:
        return (HDDEDATA)(ULONG_PTR)(DdeCmpStringHandles(hsz1, hszTopic) == 0 &&
                                     DdeCmpStringHandles(hsz2, hszService) == 0);
    case XTYP_REQUEST:
    case XTYP_ADVREQ:
        return fItem ? Value() : NULL;
    case XTYP_ADVSTART:
        return (HDDEDATA)(ULONG_PTR)fItem;
    case XTYP_POKE:
        return fItem ? OnPoke(hData) : (HDDEDATA)DDE_FNOTPROCESSED;
    case XTYP_EXECUTE:
        return OnExecute(hData);
    }
    return NULL;
}

static LRESULT CALLBACK MainWndProc(HWND hwnd, UINT msg, WPARAM wParam, LPARAM lParam)
{
    if (msg == WM_DESTROY)
        PostQuitMessage(0);
    return DefWindowProc(hwnd, msg, wParam, lParam);
}

int WINAPI WinMain(HINSTANCE hInstance, HINSTANCE hPrevInstance, LPSTR lpszCmdLine, int nCmdShow)
{
    char szService[64] = "MlServ", szTopic[64] = "Stocks";
    LPSTR lpszBlank;
    WNDCLASS wc;
    MSG msg;

    idInst = 0;
    lValue = 100;
    if (*lpszCmdLine && (lpszBlank = strchr(lpszCmdLine, ' ')) != NULL) {
        lstrcpynA(szService, lpszCmdLine, (int)(lpszBlank - lpszCmdLine) + 1);
        lstrcpynA(szTopic, lpszBlank + 1, sizeof(szTopic));
    }
    if (DdeInitializeA(&idInst, DdeCallback, CBF_FAIL_SELFCONNECTIONS, 0) != DMLERR_NO_ERROR)
        return 1;
    hszService = DdeCreateStringHandleA(idInst, szService, CP_WINANSI);
    hszTopic = DdeCreateStringHandleA(idInst, szTopic, CP_WINANSI);
    hszItem = DdeCreateStringHandleA(idInst, "ACME", CP_WINANSI);
    if (!DdeNameService(idInst, hszService, NULL, DNS_REGISTER))
        return 1;

    memset(&wc, 0, sizeof(wc));
    wc.hInstance = hInstance;
    wc.lpfnWndProc = MainWndProc;
    wc.lpszClassName = "MlServMain";
    if (!RegisterClass(&wc))
        return 1;
    hwndMain =
        CreateWindow("MlServMain", szService, WS_OVERLAPPEDWINDOW, 0, 0, 0, 0, NULL, NULL, hInstance, NULL);
    while (GetMessage(&msg, NULL, 0, 0)) {
        TranslateMessage(&msg);
        DispatchMessage(&msg);
    }

    UnregisterClass("MlServMain", hInstance);
    DdeNameService(idInst, hszService, NULL, DNS_UNREGISTER);
    DdeFreeStringHandle(idInst, hszService);
    DdeFreeStringHandle(idInst, hszTopic);
    DdeFreeStringHandle(idInst, hszItem);
    DdeUninitialize(idInst);
    return (int)msg.wParam;
}
