/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Functions of the exported set that this version does not offer: conversation lists, reconnecting, security.
 * Each fails with an error that its documentation lists, takes nothing and changes nothing. */

#include "api/api.h"

static uintptr_t refuse(struct inst *in, UINT error)
{
    return (uintptr_t)api_fail(in, error);
}

HCONVLIST WINAPI DdeConnectList(DWORD idInst, HSZ hszService, HSZ hszTopic, HCONVLIST hConvList,
                                PCONVCONTEXT pCC)
{
    struct inst *in = api_inst(idInst);

    (void)hszService, (void)hszTopic, (void)hConvList, (void)pCC;
    return in ? (HCONVLIST)refuse(in, DMLERR_SYS_ERROR) : 0;
}

HCONV WINAPI DdeQueryNextServer(HCONVLIST hConvList, HCONV hConvPrev)
{
    (void)hConvList, (void)hConvPrev;
    return (HCONV)refuse(NULL, DMLERR_INVALIDPARAMETER);
}

BOOL WINAPI DdeDisconnectList(HCONVLIST hConvList)
{
    (void)hConvList;
    return api_fail(NULL, DMLERR_INVALIDPARAMETER);
}

HCONV WINAPI DdeReconnect(HCONV hConv)
{
    struct conv *c = conv_get(hConv);

    return (HCONV)refuse(c ? c->inst : NULL,
                         c && c->client ? DMLERR_NO_CONV_ESTABLISHED : DMLERR_INVALIDPARAMETER);
}

BOOL WINAPI DdeImpersonateClient(HCONV hConv)
{
    (void)hConv;
    return FALSE;
}

BOOL WINAPI DdeSetQualityOfService(HWND hwndClient, const SECURITY_QUALITY_OF_SERVICE *pqosNew,
                                   PSECURITY_QUALITY_OF_SERVICE pqosPrev)
{
    (void)hwndClient, (void)pqosNew, (void)pqosPrev;
    return FALSE;
}

BOOL WINAPI ImpersonateDdeClientWindow(HWND hWndClient, HWND hWndServer)
{
    (void)hWndClient, (void)hWndServer;
    return FALSE;
}
