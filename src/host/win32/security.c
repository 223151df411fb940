/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "win32.h"

/* What user32 offers under the very names that this library exports: hence by address, and never from the
 * module that contains this code. */

typedef BOOL WINAPI set_quality(HWND client, const SECURITY_QUALITY_OF_SERVICE *quality,
                                SECURITY_QUALITY_OF_SERVICE *former);
typedef BOOL WINAPI impersonate(HWND client, HWND server);
typedef void any_function(void);

static any_function *of_the_system(const char *name)
{
    HMODULE user32 = GetModuleHandleW(L"user32.dll");

    if (user32 == NULL || user32 == win32_module())
        return NULL;
    return (any_function *)GetProcAddress(user32, name);
}

/* Wine 8 fails without a reason where it has nothing but the name. */
static bool is_absent(void)
{
    if (GetLastError() == ERROR_SUCCESS)
        SetLastError(ERROR_CALL_NOT_IMPLEMENTED);
    return GetLastError() == ERROR_CALL_NOT_IMPLEMENTED;
}

static const SECURITY_QUALITY_OF_SERVICE usual = {
    .Length = sizeof usual,
    .ImpersonationLevel = SecurityImpersonation,
    .ContextTrackingMode = SECURITY_STATIC_TRACKING,
    .EffectiveOnly = TRUE,
};

int host_quality(host_wnd client, const SECURITY_QUALITY_OF_SERVICE *quality,
                 SECURITY_QUALITY_OF_SERVICE *former)
{
    set_quality *set = (set_quality *)of_the_system("DdeSetQualityOfService");

    if (!IsWindow((HWND)client)) {
        SetLastError(ERROR_INVALID_WINDOW_HANDLE);
        return HOST_GONE;
    }
    if (quality == NULL) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return HOST_FAULT;
    }
    if (former != NULL)
        *former = usual; /* Wine 8 does not tell */
    SetLastError(ERROR_SUCCESS);
    if (set != NULL && set((HWND)client, quality, former))
        return HOST_OK;
    return is_absent() ? HOST_ABSENT : HOST_FAULT;
}

static bool are_windows(host_wnd client, host_wnd server)
{
    if (IsWindow((HWND)client) && IsWindow((HWND)server))
        return true;
    SetLastError(ERROR_INVALID_WINDOW_HANDLE);
    return false;
}

/* The system's function is not asked: nothing says what it takes and does, and Wine 8 ends who calls it. */
bool host_quality_of(host_wnd client, host_wnd server, const SECURITY_QUALITY_OF_SERVICE *quality)
{
    if (are_windows(client, server))
        SetLastError(quality == NULL ? ERROR_INVALID_PARAMETER : ERROR_CALL_NOT_IMPLEMENTED);
    return false;
}

bool host_impersonate(host_wnd client, host_wnd server)
{
    impersonate *act = (impersonate *)of_the_system("ImpersonateDdeClientWindow");

    if (!are_windows(client, server))
        return false;
    SetLastError(ERROR_SUCCESS);
    if (act != NULL && act((HWND)client, (HWND)server))
        return true;
    is_absent();
    return false;
}
