/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* MLCLNT.C - the client of RAWCLNT.C, with the DDE Management Library: goes through every transaction with the
 * server that the command line names ("MlServ Stocks"), and ends with 0 if each came out as it should, else with
 * the number of the step that did not. "/quit" at the end tells the server to end, too. An ordinary source for
 * Windows, which also runs elsewhere. */

#include <windows.h>
#include <ddeml.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE 20000

static DWORD idInst;
static HSZ hszItem, hszNoItem;
static HCONV hConv;
static long lUpdate;

static long Number(HDDEDATA hData)
{
    char sz[32];
    DWORD cb = DdeGetData(hData, (LPBYTE)sz, sizeof(sz) - 1, 0);

    sz[cb] = '\0';
    return atol(sz);
}

static HDDEDATA CALLBACK DdeCallback(UINT uType, UINT uFmt, HCONV hConvOf, HSZ hsz1, HSZ hsz2, HDDEDATA hData,
                                     ULONG_PTR dwData1, ULONG_PTR dwData2)
{
    if (uType != XTYP_ADVDATA)
        return NULL;
    lUpdate = Number(hData);
    return (HDDEDATA)DDE_FACK;
}

/* A transaction without data. */
static BOOL Transact(HSZ hsz, UINT uType)
{
    return DdeClientTransaction(NULL, 0, hConv, hsz, CF_TEXT, uType, PATIENCE, NULL) != NULL;
}

static BOOL Execute(LPCSTR lpszCommand)
{
    return DdeClientTransaction((LPBYTE)lpszCommand, lstrlenA(lpszCommand) + 1, hConv, NULL, 0, XTYP_EXECUTE,
                                PATIENCE, NULL) != NULL;
}

static long Request(HSZ hsz)
{
    HDDEDATA hData = DdeClientTransaction(NULL, 0, hConv, hsz, CF_TEXT, XTYP_REQUEST, PATIENCE, NULL);
    long lValue = hData ? Number(hData) : -1;

    if (hData)
        DdeFreeDataHandle(hData);
    return lValue;
}

/* Runs the message loop until the update comes, or a timer that says it is too late. */
static BOOL UpdateComes(long lWanted)
{
    UINT_PTR idLate = SetTimer(NULL, 0, PATIENCE, NULL);
    BOOL fLate = FALSE;
    MSG msg;

    while (lUpdate != lWanted && !fLate && GetMessage(&msg, NULL, 0, 0)) {
        fLate = msg.message == WM_TIMER && msg.wParam == idLate && msg.hwnd == NULL;
        DispatchMessage(&msg);
    }
    KillTimer(NULL, idLate);
    return !fLate;
}

static int Converse(BOOL fQuit)
{
    if (Request(hszItem) != 100)
        return 2;
    if (Request(hszNoItem) != -1)
        return 3;
    if (DdeClientTransaction((LPBYTE) "40", 3, hConv, hszNoItem, CF_TEXT, XTYP_POKE, PATIENCE, NULL))
        return 4;
    if (!DdeClientTransaction((LPBYTE) "41", 3, hConv, hszItem, CF_TEXT, XTYP_POKE, PATIENCE, NULL))
        return 5;
    if (!Transact(hszItem, XTYP_ADVSTART | XTYPF_ACKREQ))
        return 6;
    if (!Execute("[tick]"))
        return 7;
    if (!UpdateComes(42))
        return 8;
    if (!Transact(hszItem, XTYP_ADVSTOP))
        return 9;
    if (Execute("[nonsense]"))
        return 10;
    if (fQuit && !Execute("[quit]"))
        return 11;
    return 0;
}

int WINAPI WinMain(HINSTANCE hInstance, HINSTANCE hPrevInstance, LPSTR lpszCmdLine, int nCmdShow)
{
    char szService[64] = "MlServ", szTopic[64] = "Stocks";
    LPSTR lpszBlank, lpszQuit;
    HSZ hszService, hszTopic;
    int nFailed;

    idInst = 0;
    lUpdate = 0;
    lpszQuit = strstr(lpszCmdLine, " /quit");
    if (*lpszCmdLine && (lpszBlank = strchr(lpszCmdLine, ' ')) != NULL) {
        lstrcpynA(szService, lpszCmdLine, (int)(lpszBlank - lpszCmdLine) + 1);
        lstrcpynA(szTopic, lpszBlank + 1, lpszQuit ? (int)(lpszQuit - lpszBlank) : (int)sizeof(szTopic));
    }
    if (DdeInitializeA(&idInst, DdeCallback, APPCMD_CLIENTONLY, 0) != DMLERR_NO_ERROR)
        return 99;
    hszService = DdeCreateStringHandleA(idInst, szService, CP_WINANSI);
    hszTopic = DdeCreateStringHandleA(idInst, szTopic, CP_WINANSI);
    hszItem = DdeCreateStringHandleA(idInst, "ACME", CP_WINANSI);
    hszNoItem = DdeCreateStringHandleA(idInst, "NOSUCH", CP_WINANSI);

    hConv = DdeConnect(idInst, hszService, hszTopic, NULL);
    nFailed = hConv ? Converse(lpszQuit != NULL) : 1;
    if (hConv)
        DdeDisconnect(hConv);

    DdeFreeStringHandle(idInst, hszService);
    DdeFreeStringHandle(idInst, hszTopic);
    DdeFreeStringHandle(idInst, hszItem);
    DdeFreeStringHandle(idInst, hszNoItem);
    DdeUninitialize(idInst);
    return nFailed;
}
