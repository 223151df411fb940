/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Acting for the client of a conversation. All of it is the system's: Windows keeps, for every DDE
 * conversation, whom the server may impersonate. Unlike everything else these functions report failures as
 * the system does: GetLastError on Windows, errno elsewhere; DdeGetLastError knows nothing of them. */

#include "api/api.h"

/* DdeImpersonateClient (4.3): the calling thread takes the client's identity, as far as the quality of
 * service of the conversation (CONVCONTEXT.qos) allows; RevertToSelf undoes that.
 *
 * hConv  The server's side.
 *
 * Returns nonzero, or 0, and the thread keeps its own identity: ERROR_INVALID_WINDOW_HANDLE (EINVAL) if there
 * is no such conversation, ERROR_CALL_NOT_IMPLEMENTED (ENOSYS) where nobody can be impersonated, or what the
 * system says. */
BOOL WINAPI DdeImpersonateClient(HCONV hConv)
{
    const struct conv *c = conv_get(hConv);
    bool served = c && !c->client;

    return host_impersonate(served ? c->end.partner : 0, served ? c->end.self : 0);
}

/* ImpersonateDdeClientWindow (4.8): the same for any DDE conversation, which its two windows name. */
BOOL WINAPI ImpersonateDdeClientWindow(HWND hWndClient, HWND hWndServer)
{
    return host_impersonate((host_wnd)hWndClient, (host_wnd)hWndServer);
}

/* DdeGetQualityOfService: exported by user32, but in no manual and no header. Its name and its three
 * arguments (12 bytes on 32 bits) say that it tells the quality of service of the conversation of two
 * windows.
 *
 * Returns 0: ERROR_INVALID_WINDOW_HANDLE (EINVAL), ERROR_INVALID_PARAMETER (EINVAL) without pqos, else
 * ERROR_CALL_NOT_IMPLEMENTED (ENOSYS): programs that import it can start, and learn that it is not here. */
BOOL WINAPI DdeGetQualityOfService(HWND hwndClient, HWND hwndServer, PSECURITY_QUALITY_OF_SERVICE pqos)
{
    return host_quality_of((host_wnd)hwndClient, (host_wnd)hwndServer, pqos);
}

/* DdeSetQualityOfService (4.8): how far the servers of the conversations that a window will ask for may
 * impersonate its owner. Conversations of DDEML take it from CONVCONTEXT.qos instead.
 *
 * pqosPrev  Receives what it was; may be NULL. A system that does not tell: the default, which is
 *           SecurityImpersonation, static tracking, effective rights only.
 *
 * Returns nonzero, or 0: ERROR_INVALID_WINDOW_HANDLE (EINVAL), ERROR_INVALID_PARAMETER (EINVAL) without
 * pqosNew, ERROR_CALL_NOT_IMPLEMENTED (ENOSYS), or what the system says. */
BOOL WINAPI DdeSetQualityOfService(HWND hwndClient, const SECURITY_QUALITY_OF_SERVICE *pqosNew,
                                   PSECURITY_QUALITY_OF_SERVICE pqosPrev)
{
    return host_quality((host_wnd)hwndClient, pqosNew, pqosPrev) == HOST_OK;
}
