/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The API under its own names, for the copy of the process that runs. */

#include "host/sim/copy.h"
#include "host/sim/inside.h"

enum {
#define DDEML_EXPORT(name, bytes) API_##name,
#include "ddeml_exports.inc"
#undef DDEML_EXPORT
};

#define FORWARD(type, name, parameters, arguments)                                                           \
    type WINAPI name parameters                                                                              \
    {                                                                                                        \
        const struct copy *copy = thread_current()->process->copy;                                           \
        type result;                                                                                         \
                                                                                                             \
        story_api(#name, API_##name, false, 0);                                                              \
        result = copy->name arguments;                                                                       \
        story_api(#name, API_##name, true, (uintptr_t)result);                                               \
        return result;                                                                                       \
    }

FORWARD(BOOL, DdeAbandonTransaction, (DWORD idInst, HCONV hConv, DWORD idTransaction),
        (idInst, hConv, idTransaction))
FORWARD(LPBYTE, DdeAccessData, (HDDEDATA hData, LPDWORD pcbDataSize), (hData, pcbDataSize))
FORWARD(HDDEDATA, DdeAddData, (HDDEDATA hData, LPBYTE pSrc, DWORD cb, DWORD cbOff), (hData, pSrc, cb, cbOff))
FORWARD(HDDEDATA, DdeClientTransaction,
        (LPBYTE pData, DWORD cbData, HCONV hConv, HSZ hszItem, UINT wFmt, UINT wType, DWORD dwTimeout,
         LPDWORD pdwResult),
        (pData, cbData, hConv, hszItem, wFmt, wType, dwTimeout, pdwResult))
FORWARD(INT, DdeCmpStringHandles, (HSZ hsz1, HSZ hsz2), (hsz1, hsz2))
FORWARD(HCONV, DdeConnect, (DWORD idInst, HSZ hszService, HSZ hszTopic, PCONVCONTEXT pCC),
        (idInst, hszService, hszTopic, pCC))
FORWARD(HCONVLIST, DdeConnectList,
        (DWORD idInst, HSZ hszService, HSZ hszTopic, HCONVLIST hConvList, PCONVCONTEXT pCC),
        (idInst, hszService, hszTopic, hConvList, pCC))
FORWARD(HDDEDATA, DdeCreateDataHandle,
        (DWORD idInst, LPBYTE pSrc, DWORD cb, DWORD cbOff, HSZ hszItem, UINT wFmt, UINT afCmd),
        (idInst, pSrc, cb, cbOff, hszItem, wFmt, afCmd))
FORWARD(HSZ, DdeCreateStringHandleA, (DWORD idInst, LPCSTR psz, INT iCodePage), (idInst, psz, iCodePage))
FORWARD(HSZ, DdeCreateStringHandleW, (DWORD idInst, LPCWSTR psz, INT iCodePage), (idInst, psz, iCodePage))
FORWARD(BOOL, DdeDisconnect, (HCONV hConv), (hConv))
FORWARD(BOOL, DdeDisconnectList, (HCONVLIST hConvList), (hConvList))
FORWARD(BOOL, DdeEnableCallback, (DWORD idInst, HCONV hConv, UINT wCmd), (idInst, hConv, wCmd))
FORWARD(BOOL, DdeFreeDataHandle, (HDDEDATA hData), (hData))
FORWARD(BOOL, DdeFreeStringHandle, (DWORD idInst, HSZ hsz), (idInst, hsz))
FORWARD(DWORD, DdeGetData, (HDDEDATA hData, LPBYTE pDst, DWORD cbMax, DWORD cbOff),
        (hData, pDst, cbMax, cbOff))
FORWARD(UINT, DdeGetLastError, (DWORD idInst), (idInst))
FORWARD(BOOL, DdeGetQualityOfService, (HWND hwndClient, HWND hwndServer, PSECURITY_QUALITY_OF_SERVICE pqos),
        (hwndClient, hwndServer, pqos))
FORWARD(BOOL, DdeImpersonateClient, (HCONV hConv), (hConv))
FORWARD(UINT, DdeInitializeA, (LPDWORD pidInst, PFNCALLBACK pfnCallback, DWORD afCmd, DWORD ulRes),
        (pidInst, pfnCallback, afCmd, ulRes))
FORWARD(UINT, DdeInitializeW, (LPDWORD pidInst, PFNCALLBACK pfnCallback, DWORD afCmd, DWORD ulRes),
        (pidInst, pfnCallback, afCmd, ulRes))
FORWARD(BOOL, DdeKeepStringHandle, (DWORD idInst, HSZ hsz), (idInst, hsz))
FORWARD(HDDEDATA, DdeNameService, (DWORD idInst, HSZ hsz1, HSZ hsz2, UINT afCmd), (idInst, hsz1, hsz2, afCmd))
FORWARD(BOOL, DdePostAdvise, (DWORD idInst, HSZ hszTopic, HSZ hszItem), (idInst, hszTopic, hszItem))
FORWARD(UINT, DdeQueryConvInfo, (HCONV hConv, DWORD idTransaction, PCONVINFO pConvInfo),
        (hConv, idTransaction, pConvInfo))
FORWARD(HCONV, DdeQueryNextServer, (HCONVLIST hConvList, HCONV hConvPrev), (hConvList, hConvPrev))
FORWARD(DWORD, DdeQueryStringA, (DWORD idInst, HSZ hsz, LPSTR psz, DWORD cchMax, INT iCodePage),
        (idInst, hsz, psz, cchMax, iCodePage))
FORWARD(DWORD, DdeQueryStringW, (DWORD idInst, HSZ hsz, LPWSTR psz, DWORD cchMax, INT iCodePage),
        (idInst, hsz, psz, cchMax, iCodePage))
FORWARD(HCONV, DdeReconnect, (HCONV hConv), (hConv))
FORWARD(BOOL, DdeSetQualityOfService,
        (HWND hwndClient, const SECURITY_QUALITY_OF_SERVICE *pqosNew, PSECURITY_QUALITY_OF_SERVICE pqosPrev),
        (hwndClient, pqosNew, pqosPrev))
FORWARD(BOOL, DdeSetUserHandle, (HCONV hConv, DWORD id, DWORD_PTR hUser), (hConv, id, hUser))
FORWARD(BOOL, DdeUnaccessData, (HDDEDATA hData), (hData))
FORWARD(BOOL, DdeUninitialize, (DWORD idInst), (idInst))
FORWARD(BOOL, FreeDDElParam, (UINT msg, LPARAM lParam), (msg, lParam))
FORWARD(BOOL, ImpersonateDdeClientWindow, (HWND hWndClient, HWND hWndServer), (hWndClient, hWndServer))
FORWARD(LPARAM, PackDDElParam, (UINT msg, UINT_PTR uiLo, UINT_PTR uiHi), (msg, uiLo, uiHi))
FORWARD(LPARAM, ReuseDDElParam, (LPARAM lParam, UINT msgIn, UINT msgOut, UINT_PTR uiLo, UINT_PTR uiHi),
        (lParam, msgIn, msgOut, uiLo, uiHi))
FORWARD(BOOL, UnpackDDElParam, (UINT msg, LPARAM lParam, PUINT_PTR puiLo, PUINT_PTR puiHi),
        (msg, lParam, puiLo, puiHi))
FORWARD(UINT, DdemlCallThread, (DWORD idThread, PFNDDEMLTHREAD pfnCall, LPVOID lpParam, DWORD dwTimeout),
        (idThread, pfnCall, lpParam, dwTimeout))
FORWARD(BOOL, DdemlDispatch, (DWORD dwTimeout), (dwTimeout))
FORWARD(INT, DdemlGetFd, (void), ())
FORWARD(BOOL, DdemlGetLedger, (DWORD idInst, DDEMLLEDGER *pLedger), (idInst, pLedger))
FORWARD(DWORD, DdemlGetVersion, (void), ())
FORWARD(DWORD, DdemlListHolders, (PFNDDEMLHOLDER pfnHolder, LPVOID lpParam, DWORD dwTimeout),
        (pfnHolder, lpParam, dwTimeout))
FORWARD(BOOL, DdemlSetDeadlines, (DWORD dwInitiate, DWORD dwShutdown), (dwInitiate, dwShutdown))
FORWARD(UINT, DdemlRebindModule, (HANDLE hModule, BOOL fRebind), (hModule, fRebind))
FORWARD(UINT, DdemlStartThread, (PFNDDEMLTHREAD pfnStart, LPVOID lpParam, LPDWORD pidThread),
        (pfnStart, lpParam, pidThread))
FORWARD(UINT, DdemlStopThread, (DWORD idThread, DWORD dwTimeout), (idThread, dwTimeout))
