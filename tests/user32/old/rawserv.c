/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* RAWSERV.C - a DDE server as programs of the message era were written: it speaks WM_DDE_* itself.
 *
 * Service and topic are the words of the command line, "RawServ Stocks" if there are none. The item ACME is a
 * number as text. It can be asked for, poked and advised about; [tick] adds one to it, and [quit] ends the
 * program. An ordinary source for Windows, which also runs elsewhere. */

#include <windows.h>
#include <dde.h>
#include <stdlib.h>
#include <string.h>

#define MAXCONVS 32

typedef struct {
    HWND hwndConv;   /* ours, NULL: free     */
    HWND hwndClient; /* the partner          */
    BOOL fAdvise;    /* ACME is being watched */
    BOOL fAckReq;
    BOOL fDeferUpd;
    BOOL fTerminated; /* we have said so     */
} CONV;

static HINSTANCE hInst;
static HWND hwndMain;
static CONV convs[MAXCONVS];
static char szService[64] = "RawServ";
static char szTopic[64] = "Stocks";
static BOOL fClosing;
static long lValue;

static CONV *FindConv(HWND hwnd)
{
    int i;

    for (i = 0; i < MAXCONVS; i++) {
        if (convs[i].hwndConv == hwnd)
            return &convs[i];
    }
    return NULL;
}

static BOOL AtomIs(ATOM atom, LPCSTR lpszText)
{
    char sz[256];

    return GlobalGetAtomNameA(atom, sz, sizeof(sz)) && lstrcmpiA(sz, lpszText) == 0;
}

/* ---- Sending ---------------------------------------------------------------------------------------- */

static void Ack(CONV *pConv, WORD wStatus, UINT_PTR uHigh)
{
    LPARAM lParam = PackDDElParam(WM_DDE_ACK, wStatus, uHigh);

    if (!PostMessage(pConv->hwndClient, WM_DDE_ACK, (WPARAM)pConv->hwndConv, lParam))
        FreeDDElParam(WM_DDE_ACK, lParam);
}

static void SendValue(CONV *pConv, BOOL fResponse)
{
    HGLOBAL hData;
    DDEDATA *pData = NULL;
    ATOM aItem;
    LPARAM lParam;

    hData = fResponse || !pConv->fDeferUpd ? GlobalAlloc(GHND | GMEM_DDESHARE, sizeof(DDEDATA) + 32) : NULL;
    if (hData && (pData = (DDEDATA *)GlobalLock(hData)) != NULL) {
        pData->fResponse = fResponse;
        pData->fRelease = TRUE;
        pData->fAckReq = !fResponse && pConv->fAckReq;
        pData->cfFormat = CF_TEXT;
        wsprintfA((LPSTR)pData->Value, "%ld", lValue);
        GlobalUnlock(hData);
    }
    aItem = GlobalAddAtomA("ACME");
    lParam = PackDDElParam(WM_DDE_DATA, (UINT_PTR)hData, aItem);
    if (!PostMessage(pConv->hwndClient, WM_DDE_DATA, (WPARAM)pConv->hwndConv, lParam)) {
        if (hData)
            GlobalFree(hData);
        GlobalDeleteAtom(aItem);
        FreeDDElParam(WM_DDE_DATA, lParam);
    }
}

static void SetValue(long lNew)
{
    int i;

    lValue = lNew;
    for (i = 0; i < MAXCONVS; i++) {
        if (convs[i].hwndConv && convs[i].fAdvise)
            SendValue(&convs[i], FALSE);
    }
}

/* ---- Receiving -------------------------------------------------------------------------------------- */

static void OnRequest(CONV *pConv, LPARAM lParam)
{
    UINT_PTR uFormat, uItem;

    UnpackDDElParam(WM_DDE_REQUEST, lParam, &uFormat, &uItem);
    if (uFormat == CF_TEXT && AtomIs((ATOM)uItem, "ACME")) {
        GlobalDeleteAtom((ATOM)uItem);
        SendValue(pConv, TRUE);
    } else {
        Ack(pConv, 0, uItem);
    }
}

static void OnAdvise(CONV *pConv, LPARAM lParam)
{
    UINT_PTR uOptions, uItem;
    DDEADVISE *pOptions;
    BOOL fTaken = FALSE;

    UnpackDDElParam(WM_DDE_ADVISE, lParam, &uOptions, &uItem);
    FreeDDElParam(WM_DDE_ADVISE, lParam);
    pOptions = (DDEADVISE *)GlobalLock((HGLOBAL)uOptions);
    if (pOptions && pOptions->cfFormat == CF_TEXT && AtomIs((ATOM)uItem, "ACME")) {
        pConv->fAdvise = fTaken = TRUE;
        pConv->fAckReq = pOptions->fAckReq;
        pConv->fDeferUpd = pOptions->fDeferUpd;
    }
    if (pOptions)
        GlobalUnlock((HGLOBAL)uOptions);
    if (fTaken)
        GlobalFree((HGLOBAL)uOptions);
    Ack(pConv, (WORD)(fTaken ? 0x8000 : 0), uItem);
}

static void OnUnadvise(CONV *pConv, LPARAM lParam)
{
    UINT_PTR uFormat, uItem;
    BOOL fWas = pConv->fAdvise;

    UnpackDDElParam(WM_DDE_UNADVISE, lParam, &uFormat, &uItem);
    pConv->fAdvise = FALSE;
    Ack(pConv, (WORD)(fWas ? 0x8000 : 0), uItem);
}

static void OnPoke(CONV *pConv, LPARAM lParam)
{
    UINT_PTR uData, uItem;
    DDEPOKE *pPoke;
    BOOL fTaken = FALSE, fRelease = FALSE;
    long lNew = 0;

    UnpackDDElParam(WM_DDE_POKE, lParam, &uData, &uItem);
    FreeDDElParam(WM_DDE_POKE, lParam);
    pPoke = (DDEPOKE *)GlobalLock((HGLOBAL)uData);
    if (pPoke && pPoke->cfFormat == CF_TEXT && AtomIs((ATOM)uItem, "ACME")) {
        fTaken = TRUE;
        fRelease = pPoke->fRelease;
        lNew = atol((char *)pPoke->Value);
    }
    if (pPoke)
        GlobalUnlock((HGLOBAL)uData);
    if (fTaken && fRelease)
        GlobalFree((HGLOBAL)uData);
    Ack(pConv, (WORD)(fTaken ? 0x8000 : 0), uItem);
    if (fTaken)
        SetValue(lNew);
}

/* A window gets its commands in the form that both windows agree on: ours is an ANSI one. */
static void OnExecute(CONV *pConv, LPARAM lParam)
{
    HGLOBAL hCommands = (HGLOBAL)lParam;
    LPCSTR lpsz = (LPCSTR)GlobalLock(hCommands);
    BOOL fTick = lpsz && lstrcmpiA(lpsz, "[tick]") == 0;
    BOOL fQuit = lpsz && lstrcmpiA(lpsz, "[quit]") == 0;

    if (lpsz)
        GlobalUnlock(hCommands);
    Ack(pConv, (WORD)(fTick || fQuit ? 0x8000 : 0), (UINT_PTR)hCommands);
    if (fTick)
        SetValue(lValue + 1);
    if (fQuit)
        PostMessage(hwndMain, WM_CLOSE, 0, 0);
}

/* Of an update. A refused object is ours again. */
static void OnAck(LPARAM lParam)
{
    UINT_PTR uStatus, uItem;

    UnpackDDElParam(WM_DDE_ACK, lParam, &uStatus, &uItem);
    FreeDDElParam(WM_DDE_ACK, lParam);
    if (uItem)
        GlobalDeleteAtom((ATOM)uItem);
}

/* Ends the program as soon as nobody talks to it any more. */
static void CloseWhenAlone(void)
{
    int i;

    for (i = 0; i < MAXCONVS; i++) {
        if (convs[i].hwndConv)
            return;
    }
    DestroyWindow(hwndMain);
}

static void OnClose(void)
{
    int i;

    fClosing = TRUE;
    for (i = 0; i < MAXCONVS; i++) {
        if (!convs[i].hwndConv || convs[i].fTerminated)
            continue;
        convs[i].fTerminated = TRUE;
        if (!PostMessage(convs[i].hwndClient, WM_DDE_TERMINATE, (WPARAM)convs[i].hwndConv, 0))
            DestroyWindow(convs[i].hwndConv); /* the client has gone */
    }
    CloseWhenAlone();
}

static LRESULT CALLBACK ConvWndProc(HWND hwnd, UINT msg, WPARAM wParam, LPARAM lParam)
{
    CONV *pConv = FindConv(hwnd);

    if (!pConv)
        return DefWindowProc(hwnd, msg, wParam, lParam);
    switch (msg) {
    case WM_DDE_REQUEST:
        OnRequest(pConv, lParam);
        return 0;
    case WM_DDE_ADVISE:
        OnAdvise(pConv, lParam);
        return 0;
    case WM_DDE_UNADVISE:
        OnUnadvise(pConv, lParam);
        return 0;
    case WM_DDE_POKE:
        OnPoke(pConv, lParam);
        return 0;
    case WM_DDE_EXECUTE:
        OnExecute(pConv, lParam);
        return 0;
    case WM_DDE_ACK:
        OnAck(lParam);
        return 0;
    case WM_DDE_TERMINATE:
        if (!pConv->fTerminated)
            PostMessage(pConv->hwndClient, WM_DDE_TERMINATE, (WPARAM)hwnd, 0);
        DestroyWindow(hwnd);
        if (fClosing)
            CloseWhenAlone();
        return 0;
    case WM_DESTROY:
        memset(pConv, 0, sizeof(*pConv));
        return 0;
    }
    return DefWindowProc(hwnd, msg, wParam, lParam);
}

/* ---- Conversations begin ---------------------------------------------------------------------------- */

static void OnInitiate(HWND hwndClient, ATOM aService, ATOM aTopic)
{
    CONV *pConv = FindConv(NULL);
    ATOM aOurService, aOurTopic;

    if (fClosing || !pConv || (aService && !AtomIs(aService, szService)) ||
        (aTopic && !AtomIs(aTopic, szTopic)))
        return;
    pConv->hwndConv = CreateWindow("RawServConv", NULL, WS_CHILD, 0, 0, 0, 0, hwndMain, NULL, hInst, NULL);
    if (!pConv->hwndConv)
        return;
    pConv->hwndClient = hwndClient;
    aOurService = GlobalAddAtomA(szService);
    aOurTopic = GlobalAddAtomA(szTopic);
    SendMessage(hwndClient, WM_DDE_ACK, (WPARAM)pConv->hwndConv, MAKELPARAM(aOurService, aOurTopic));
}

static LRESULT CALLBACK MainWndProc(HWND hwnd, UINT msg, WPARAM wParam, LPARAM lParam)
{
    switch (msg) {
    case WM_DDE_INITIATE:
        OnInitiate((HWND)wParam, LOWORD(lParam), HIWORD(lParam));
        return 0;
    case WM_CLOSE:
        OnClose();
        return 0;
    case WM_DESTROY:
        PostQuitMessage(0);
        return 0;
    }
    return DefWindowProc(hwnd, msg, wParam, lParam);
}

int WINAPI WinMain(HINSTANCE hInstance, HINSTANCE hPrevInstance, LPSTR lpszCmdLine, int nCmdShow)
{
    WNDCLASS wc;
    MSG msg;
    LPSTR lpszBlank;

    hInst = hInstance;
    fClosing = FALSE;
    lValue = 100;
    if (*lpszCmdLine && (lpszBlank = strchr(lpszCmdLine, ' ')) != NULL) {
        lstrcpynA(szService, lpszCmdLine, (int)(lpszBlank - lpszCmdLine) + 1);
        lstrcpynA(szTopic, lpszBlank + 1, sizeof(szTopic));
    }
    memset(&wc, 0, sizeof(wc));
    wc.hInstance = hInstance;
    wc.lpfnWndProc = MainWndProc;
    wc.lpszClassName = "RawServMain";
    if (!RegisterClass(&wc))
        return 1;
    wc.lpfnWndProc = ConvWndProc;
    wc.lpszClassName = "RawServConv";
    if (!RegisterClass(&wc))
        return 1;
    hwndMain =
        CreateWindow("RawServMain", szService, WS_OVERLAPPEDWINDOW, 0, 0, 0, 0, NULL, NULL, hInstance, NULL);
    if (!hwndMain)
        return 1;
    while (GetMessage(&msg, NULL, 0, 0)) {
        TranslateMessage(&msg);
        DispatchMessage(&msg);
    }
    UnregisterClass("RawServConv", hInstance);
    UnregisterClass("RawServMain", hInstance);
    return (int)msg.wParam;
}
