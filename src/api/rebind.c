/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Modules that were linked with the system's DDEML, in a process that has this library: winddeml.h has the manual. */

#include "api/api.h"

UINT WINAPI DdemlRebindModule(HANDLE hModule, BOOL fRebind)
{
    static const struct host_call calls[] = {
#define DDEML_EXPORT(name, bytes) {#name, (void (*)(void))name},
#include "ddeml_exports.inc"
#undef DDEML_EXPORT
    };
    int n = host_redirect(hModule, calls, sizeof calls / sizeof *calls, fRebind != FALSE);

    if (n > 0)
        return DMLERR_NO_ERROR;
    switch (n) {
    case HOST_GONE:
        return DMLERR_INVALIDPARAMETER;
    case HOST_FAULT:
        return DMLERR_SYS_ERROR;
    default:
        return DMLERR_NOTPROCESSED;
    }
}
