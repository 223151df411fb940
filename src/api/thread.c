/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Threads that serve DDE for programs without a message loop: the manual stands in winddeml.h. */

#include "api/api.h"

static uint64_t end_of(DWORD timeout)
{
    return timeout == 0xFFFFFFFF ? UINT64_MAX : host_now_ms() + timeout;
}

UINT WINAPI DdemlStartThread(PFNDDEMLTHREAD pfnStart, LPVOID lpParam, LPDWORD pidThread)
{
    return pidThread ? worker_start(pfnStart, lpParam, pidThread) : DMLERR_INVALIDPARAMETER;
}

UINT WINAPI DdemlCallThread(DWORD idThread, PFNDDEMLTHREAD pfnCall, LPVOID lpParam, DWORD dwTimeout)
{
    return pfnCall ? worker_call(idThread, pfnCall, lpParam, end_of(dwTimeout)) : DMLERR_INVALIDPARAMETER;
}

UINT WINAPI DdemlStopThread(DWORD idThread, DWORD dwTimeout)
{
    return worker_stop(idThread, end_of(dwTimeout));
}
