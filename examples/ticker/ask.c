/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* ASK.C - asks the ticker for its price, prints it, and tells it to close: a partner for trying the port. */

#include <windows.h>
#include <ddeml.h>
#include <stdio.h>

static HDDEDATA CALLBACK Callback(UINT uType, UINT uFmt, HCONV hConv, HSZ hsz1, HSZ hsz2, HDDEDATA hData,
                                  ULONG_PTR dwData1, ULONG_PTR dwData2)
{
    return NULL;
}

int WINAPI WinMain(HINSTANCE hInstance, HINSTANCE hPrevInstance, LPSTR lpszCmdLine, int nCmdShow)
{
    char sz[32] = "";
    DWORD idInst = 0;
    HSZ hszService, hszTopic, hszItem;
    HCONV hConv;
    HDDEDATA hData;

    DdeInitialize(&idInst, Callback, APPCMD_CLIENTONLY, 0);
    hszService = DdeCreateStringHandle(idInst, "Ticker", CP_WINANSI);
    hszTopic = DdeCreateStringHandle(idInst, "Prices", CP_WINANSI);
    hszItem = DdeCreateStringHandle(idInst, "COPPER", CP_WINANSI);
    hConv = DdeConnect(idInst, hszService, hszTopic, NULL);
    hData = DdeClientTransaction(NULL, 0, hConv, hszItem, CF_TEXT, XTYP_REQUEST, 5000, NULL);
    if (hData)
        DdeGetData(hData, (LPBYTE)sz, sizeof(sz) - 1, 0);
    puts(sz);
    DdeClientTransaction((LPBYTE) "[close]", 8, hConv, NULL, 0, XTYP_EXECUTE, 5000, NULL);
    DdeUninitialize(idInst);
    return sz[0] == '\0';
}
