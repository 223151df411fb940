/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What this library offers beyond the system's: the manual of these functions stands in winddeml.h. */

#include "api/api.h"

BOOL WINAPI DdemlGetLedger(DWORD idInst, DDEMLLEDGER *pLedger)
{
    struct inst *in = idInst ? inst_get(idInst) : NULL;
    struct ledger now = in ? in->ledger : ledger_process();
    LONG *column = pLedger ? (LONG *)(void *)((char *)pLedger + sizeof pLedger->cb) : NULL;
    size_t n;

    if (!pLedger || pLedger->cb < sizeof pLedger->cb + sizeof *column || (idInst && !in))
        return FALSE;
    n = (pLedger->cb - sizeof pLedger->cb) / sizeof *column;
    for (size_t i = 0; i < n && i < LEDGER_N; i++)
        column[i] = (LONG)now.column[i];
    return TRUE;
}

DWORD WINAPI DdemlListHolders(PFNDDEMLHOLDER pfnHolder, LPVOID lpParam, DWORD dwTimeout)
{
    return pfnHolder ? holders_ask(pfnHolder, lpParam, dwTimeout) : 0;
}

/* As many messages as a queue holds: messages that beget messages must not keep the caller here for ever. */
enum { AT_ONE_GO = 10000 };

BOOL WINAPI DdemlDispatch(DWORD dwTimeout)
{
    uint64_t until = dwTimeout == 0xFFFFFFFF ? UINT64_MAX : dwTimeout ? host_now_ms() + dwTimeout : 0;
    unsigned n = 0;

    if (!host_dispatch(HOST_ALL_MESSAGES, until))
        return FALSE;
    while (n++ < AT_ONE_GO && host_dispatch(HOST_ALL_MESSAGES, 0))
        ;
    return TRUE;
}

INT WINAPI DdemlGetFd(void)
{
    return host_descriptor();
}

BOOL WINAPI DdemlSetDeadlines(DWORD dwInitiate, DWORD dwShutdown)
{
    deadline_set(dwInitiate, dwShutdown);
    return TRUE;
}

DWORD WINAPI DdemlGetVersion(void)
{
    return DDEML_VERSION;
}
