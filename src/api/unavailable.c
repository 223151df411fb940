/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Functions of the exported set that this version does not offer: security.
 * Each fails with an error that its documentation lists, takes nothing and changes nothing. */

#include "api/api.h"

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
