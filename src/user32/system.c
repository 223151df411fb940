/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32/instance.h"
#include "user32/user32.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

/* The few kernel32 names that such programs cannot do without. */

static _Thread_local DWORD last_error;

DWORD WINAPI GetLastError(void)
{
    return last_error;
}

VOID WINAPI SetLastError(DWORD error)
{
    last_error = error;
}

bool fail(DWORD error)
{
    last_error = error;
    return false;
}

DWORD error_of(int r)
{
    switch (r) {
    case HOST_GONE:
        return ERROR_INVALID_WINDOW_HANDLE;
    case HOST_FULL:
        return ERROR_NOT_ENOUGH_QUOTA;
    case HOST_LATE:
    case HOST_UNSURE:
        return ERROR_TIMEOUT;
    default:
        return ERROR_NOT_ENOUGH_MEMORY;
    }
}

DWORD WINAPI GetTickCount(void)
{
    return (DWORD)HOST.now_ms();
}

ULONGLONG WINAPI GetTickCount64(void)
{
    return HOST.now_ms();
}

VOID WINAPI Sleep(DWORD milliseconds)
{
    struct timespec left = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};

    if (milliseconds == INFINITE) {
        for (;;)
            pause();
    }
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

DWORD WINAPI GetCurrentThreadId(void)
{
    return HOST.thread_id();
}

DWORD WINAPI GetCurrentProcessId(void)
{
    return (DWORD)getpid();
}

HMODULE WINAPI GetModuleHandleA(LPCSTR name)
{
    if (name) {
        fail(ERROR_MOD_NOT_FOUND);
        return NULL;
    }
    return USER32_INSTANCE;
}

HMODULE WINAPI GetModuleHandleW(LPCWSTR name)
{
    return GetModuleHandleA((const char *)name);
}
