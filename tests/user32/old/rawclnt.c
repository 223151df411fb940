/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* RAWCLNT.C - a DDE client as programs of the message era were written: it speaks WM_DDE_* itself.
 *
 * Goes through every transaction with the server that the command line names ("RawServ Stocks"), and ends with 0
 * if each came out as it should, else with the number of the step that did not. "/quit" at the end of the command
 * line tells the server to end, too. An ordinary source for Windows, which also runs elsewhere. */

#include <windows.h>
#include <dde.h>
#include <stdlib.h>
#include <string.h>

#define TIMER_LATE 1

/* What the client is waiting for. */
enum {
    STEP_CONNECT = 1,
    STEP_REQUEST,
    STEP_REFUSED, /* a request for what the server does not have */
    STEP_NOPOKE,  /* the same of a poke                           */
    STEP_POKE,
    STEP_ADVISE,
    STEP_TICK,   /* the acknowledgement of [tick]     */
    STEP_UPDATE, /* the data that follows             */
    STEP_UNADVISE,
    STEP_REJECT, /* a command that the server does not know */
    STEP_QUIT,
    STEP_END /* its TERMINATE                    */
};

static HWND hwndClient, hwndServer;
static int nStep;
static BOOL fInitiating, fFailed, fQuit, fAcked, fUpdated;
static HGLOBAL hOut; /* what is on its way, and ours if it is refused */

static void Fail(HWND hwnd)
{
    fFailed = TRUE;
    DestroyWindow(hwnd);
}

static BOOL Post(UINT msg, UINT_PTR uLow, UINT_PTR uHigh)
{
    LPARAM lParam = PackDDElParam(msg, uLow, uHigh);

    if (PostMessage(hwndServer, msg, (WPARAM)hwndClient, lParam))
        return TRUE;
    FreeDDElParam(msg, lParam);
    return FALSE;
}

static BOOL Request(LPCSTR lpszItem)
{
    ATOM aItem = GlobalAddAtomA(lpszItem);

    if (Post(WM_DDE_REQUEST, CF_TEXT, aItem))
        return TRUE;
    GlobalDeleteAtom(aItem);
    return FALSE;
}

static BOOL Poke(LPCSTR lpszItem, LPCSTR lpszValue)
{
    ATOM aItem = GlobalAddAtomA(lpszItem);
    DDEPOKE *pPoke;

    hOut = GlobalAlloc(GHND | GMEM_DDESHARE, sizeof(DDEPOKE) + lstrlenA(lpszValue));
    pPoke = (DDEPOKE *)GlobalLock(hOut);
    pPoke->fRelease = TRUE;
    pPoke->cfFormat = CF_TEXT;
    lstrcpyA((LPSTR)pPoke->Value, lpszValue);
    GlobalUnlock(hOut);
    if (Post(WM_DDE_POKE, (UINT_PTR)hOut, aItem))
        return TRUE;
    GlobalFree(hOut);
    GlobalDeleteAtom(aItem);
    return FALSE;
}

static BOOL Advise(void)
{
    ATOM aItem = GlobalAddAtomA("ACME");
    DDEADVISE *pOptions;

    hOut = GlobalAlloc(GHND | GMEM_DDESHARE, sizeof(DDEADVISE));
    pOptions = (DDEADVISE *)GlobalLock(hOut);
    pOptions->fAckReq = TRUE;
    pOptions->cfFormat = CF_TEXT;
    GlobalUnlock(hOut);
    if (Post(WM_DDE_ADVISE, (UINT_PTR)hOut, aItem))
        return TRUE;
    GlobalFree(hOut);
    GlobalDeleteAtom(aItem);
    return FALSE;
}

static BOOL Unadvise(void)
{
    ATOM aItem = GlobalAddAtomA("ACME");

    if (Post(WM_DDE_UNADVISE, CF_TEXT, aItem))
        return TRUE;
    GlobalDeleteAtom(aItem);
    return FALSE;
}

static BOOL Execute(LPCSTR lpszCommand)
{
    hOut = GlobalAlloc(GHND | GMEM_DDESHARE, lstrlenA(lpszCommand) + 1);
    lstrcpyA((LPSTR)GlobalLock(hOut), lpszCommand);
    GlobalUnlock(hOut);
    if (Post(WM_DDE_EXECUTE, 0, (UINT_PTR)hOut))
        return TRUE;
    GlobalFree(hOut);
    return FALSE;
}

/* Begins the step that follows the one that has just come out well. */
static void NextStep(HWND hwnd)
{
    BOOL fDone = TRUE;

    switch (++nStep) {
    case STEP_REQUEST:
        fDone = Request("ACME");
        break;
    case STEP_REFUSED:
        fDone = Request("NOSUCH");
        break;
    case STEP_NOPOKE:
        fDone = Poke("NOSUCH", "40");
        break;
    case STEP_POKE:
        fDone = Poke("ACME", "41");
        break;
    case STEP_ADVISE:
        fDone = Advise();
        break;
    case STEP_TICK:
        fDone = Execute("[tick]");
        break;
    case STEP_UNADVISE:
        fDone = Unadvise();
        break;
    case STEP_REJECT:
        fDone = Execute("[nonsense]");
        break;
    case STEP_QUIT:
        if (fQuit)
            fDone = Execute("[quit]");
        else
            NextStep(hwnd);
        break;
    case STEP_END:
        if (!PostMessage(hwndServer, WM_DDE_TERMINATE, (WPARAM)hwnd, 0))
            DestroyWindow(hwnd); /* it was faster */
        break;
    }
    if (!fDone)
        Fail(hwnd);
}

static void OnData(HWND hwnd, LPARAM lParam)
{
    UINT_PTR uData, uItem;
    DDEDATA *pData;
    BOOL fRelease, fAckReq, fResponse;
    long lValue;

    UnpackDDElParam(WM_DDE_DATA, lParam, &uData, &uItem);
    FreeDDElParam(WM_DDE_DATA, lParam);
    pData = (DDEDATA *)GlobalLock((HGLOBAL)uData);
    if (!pData) {
        GlobalDeleteAtom((ATOM)uItem);
        Fail(hwnd);
        return;
    }
    fRelease = pData->fRelease;
    fAckReq = pData->fAckReq;
    fResponse = pData->fResponse;
    lValue = atol((char *)pData->Value);
    GlobalUnlock((HGLOBAL)uData);
    if (fRelease)
        GlobalFree((HGLOBAL)uData);
    if (!fAckReq || !Post(WM_DDE_ACK, 0x8000, uItem))
        GlobalDeleteAtom((ATOM)uItem);
    if (nStep == STEP_REQUEST && fResponse && lValue == 100) {
        NextStep(hwnd);
    } else if ((nStep == STEP_TICK || nStep == STEP_UPDATE) && !fResponse && lValue == 42) {
        fUpdated = TRUE;
        if (fAcked) {
            nStep = STEP_UPDATE;
            NextStep(hwnd);
        }
    } else {
        Fail(hwnd);
    }
}

static void OnAck(HWND hwnd, LPARAM lParam)
{
    UINT_PTR uStatus, uHigh;
    BOOL fPositive, fExecute = nStep == STEP_TICK || nStep == STEP_REJECT || nStep == STEP_QUIT;

    UnpackDDElParam(WM_DDE_ACK, lParam, &uStatus, &uHigh);
    FreeDDElParam(WM_DDE_ACK, lParam);
    fPositive = (uStatus & 0x8000) != 0;
    if (fExecute)
        GlobalFree((HGLOBAL)uHigh);
    else
        GlobalDeleteAtom((ATOM)uHigh);
    if (!fPositive && (nStep == STEP_NOPOKE || nStep == STEP_POKE || nStep == STEP_ADVISE))
        GlobalFree(hOut);
    if (fPositive == (nStep == STEP_REFUSED || nStep == STEP_NOPOKE || nStep == STEP_REJECT)) {
        Fail(hwnd);
    } else if (nStep == STEP_TICK) {
        fAcked = TRUE;
        if (!fUpdated)
            return;
        nStep = STEP_UPDATE;
        NextStep(hwnd);
    } else {
        NextStep(hwnd);
    }
}

/* Of the INITIATE. */
static void OnAnswer(HWND hwnd, HWND hwndFrom, LPARAM lParam)
{
    GlobalDeleteAtom(LOWORD(lParam));
    GlobalDeleteAtom(HIWORD(lParam));
    if (!hwndServer)
        hwndServer = hwndFrom;
    else
        PostMessage(hwndFrom, WM_DDE_TERMINATE, (WPARAM)hwnd, 0);
}

static LRESULT CALLBACK ClientWndProc(HWND hwnd, UINT msg, WPARAM wParam, LPARAM lParam)
{
    switch (msg) {
    case WM_CREATE:
        SetTimer(hwnd, TIMER_LATE, 20000, NULL);
        return 0;
    case WM_TIMER:
        Fail(hwnd);
        return 0;
    case WM_DDE_ACK:
        if (fInitiating)
            OnAnswer(hwnd, (HWND)wParam, lParam);
        else
            OnAck(hwnd, lParam);
        return 0;
    case WM_DDE_DATA:
        OnData(hwnd, lParam);
        return 0;
    case WM_DDE_TERMINATE:
        if ((HWND)wParam != hwndServer)
            return 0; /* of one that was not wanted */
        if (nStep != STEP_END) {
            PostMessage(hwndServer, WM_DDE_TERMINATE, (WPARAM)hwnd, 0);
            /* A server that has been told to quit may be the first to say so. */
            fFailed = nStep != STEP_QUIT;
        }
        DestroyWindow(hwnd);
        return 0;
    case WM_DESTROY:
        KillTimer(hwnd, TIMER_LATE);
        PostQuitMessage(fFailed ? nStep : 0);
        return 0;
    }
    return DefWindowProc(hwnd, msg, wParam, lParam);
}

int WINAPI WinMain(HINSTANCE hInstance, HINSTANCE hPrevInstance, LPSTR lpszCmdLine, int nCmdShow)
{
    char szService[64] = "RawServ", szTopic[64] = "Stocks";
    LPSTR lpszBlank, lpszQuit;
    WNDCLASS wc;
    ATOM aService, aTopic;
    MSG msg;

    hwndServer = NULL;
    fFailed = fAcked = fUpdated = FALSE;
    fQuit = (lpszQuit = strstr(lpszCmdLine, " /quit")) != NULL;
    if (*lpszCmdLine && (lpszBlank = strchr(lpszCmdLine, ' ')) != NULL) {
        lstrcpynA(szService, lpszCmdLine, (int)(lpszBlank - lpszCmdLine) + 1);
        lstrcpynA(szTopic, lpszBlank + 1, fQuit ? (int)(lpszQuit - lpszBlank) : (int)sizeof(szTopic));
    }
    memset(&wc, 0, sizeof(wc));
    wc.hInstance = hInstance;
    wc.lpfnWndProc = ClientWndProc;
    wc.lpszClassName = "RawClnt";
    if (!RegisterClass(&wc))
        return 99;
    hwndClient = CreateWindow("RawClnt", NULL, WS_OVERLAPPEDWINDOW, 0, 0, 0, 0, NULL, NULL, hInstance, NULL);
    if (!hwndClient)
        return 99;

    nStep = STEP_CONNECT;
    fInitiating = TRUE;
    aService = GlobalAddAtomA(szService);
    aTopic = GlobalAddAtomA(szTopic);
    SendMessage(HWND_BROADCAST, WM_DDE_INITIATE, (WPARAM)hwndClient, MAKELPARAM(aService, aTopic));
    GlobalDeleteAtom(aService);
    GlobalDeleteAtom(aTopic);
    fInitiating = FALSE;
    if (hwndServer)
        NextStep(hwndClient);
    else
        Fail(hwndClient);

    while (GetMessage(&msg, NULL, 0, 0)) {
        TranslateMessage(&msg);
        DispatchMessage(&msg);
    }
    UnregisterClass("RawClnt", hInstance);
    return (int)msg.wParam;
}
