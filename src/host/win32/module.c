/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "win32.h"

/* The library may live in a program or in a DLL that comes and goes, so everything the system keeps for us
 * by address (window classes, the thread-end callback) is set up on first use, under the module that really
 * contains this code, and taken down by a destructor: it runs when the DLL is unloaded, and at exit() for a
 * program. Once the process itself is coming down nothing is touched any more: its other threads are dead
 * and may have died holding any lock, and the system takes everything back. */

static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
static bool ready;
static struct messages messages;

HINSTANCE win32_module(void)
{
    HMODULE module = NULL;

    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                       (const WCHAR *)&once, &module);
    return module;
}

void win32_stay(void)
{
    HMODULE module;

    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                       (const WCHAR *)&once, &module);
}

bool win32_process_is_ending(void)
{
    /* Exported by ntdll since Windows 2000, declared nowhere. */
    FARPROC ask = GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "RtlDllShutdownInProgress");
    BOOLEAN(NTAPI * in_progress)(void) = (BOOLEAN(NTAPI *)(void))(void (*)(void))ask;

    return in_progress != NULL && in_progress();
}

const struct messages *win32_messages(void)
{
    return &messages;
}

static BOOL CALLBACK set_up(INIT_ONCE *self, void *arg, void **result)
{
    (void)self;
    (void)arg;
    (void)result;
    messages.resume = RegisterWindowMessageW(L"DdemlResume");
    messages.arrived = RegisterWindowMessageW(L"DdemlServiceArrived");
    messages.left = RegisterWindowMessageW(L"DdemlServiceLeft");
    messages.moved = RegisterWindowMessageW(L"DdemlConversationMoved");
    messages.news = RegisterWindowMessageW(L"DdemlNews");
    messages.count = RegisterWindowMessageW(L"DdemlCount");
    if (messages.resume == 0 || messages.arrived == 0 || messages.left == 0 || messages.moved == 0 ||
        messages.news == 0 || messages.count == 0)
        return FALSE;
    if (!win32_threads_open())
        return FALSE;
    if (!win32_classes_open()) {
        win32_threads_close();
        return FALSE;
    }
    win32_news_open();
    ready = true;
    return TRUE;
}

bool win32_ready(void)
{
    return InitOnceExecuteOnce(&once, set_up, NULL, NULL);
}

__attribute__((destructor)) static void take_down(void)
{
    if (!ready || win32_process_is_ending())
        return;
    ready = false;
    win32_threads_close();
    win32_classes_close();
    win32_news_close();
}
