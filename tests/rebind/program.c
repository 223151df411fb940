/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* A program as it was linked long ago: the system's headers, the system's user32, no word of another library. Server
 * and client in one, with functions of user32 that are not DDE's beside those that are.
 *
 * It prints on one line: whose DDEML it found itself running on, what the conversation brought, and its arguments. The
 * first argument, if there is one, is what it exits with. To tell whose, it looks whether ddeml.dll is there and
 * whether that library's own books know of the conversation. */

#include <windows.h>

#include <ddeml.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static DWORD instance;
static HSZ service, topic, item;
static unsigned timers;

static HDDEDATA CALLBACK callback(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR data1, ULONG_PTR data2)
{
    (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)data1, (void)data2;
    switch (type) {
    case XTYP_CONNECT:
        return (HDDEDATA)TRUE;
    case XTYP_REQUEST:
        return DdeCreateDataHandle(instance, (LPBYTE) "9812.50", 8, 0, item, CF_TEXT, 0);
    default:
        return NULL;
    }
}

static VOID CALLBACK on_timer(HWND wnd, UINT msg, UINT_PTR id, DWORD time)
{
    (void)wnd, (void)msg, (void)time;
    timers++;
    KillTimer(NULL, id);
}

/* A function of user32 that is no function of DDE has to do its work, whoever does DDE's. */
static void wait_for_a_timer(void)
{
    MSG msg;

    SetTimer(NULL, 0, 10, on_timer);
    while (!timers && GetMessageA(&msg, NULL, 0, 0) > 0)
        DispatchMessageA(&msg);
}

/* The sides of conversations that ddeml.dll has on its books; -1: there is no such library. */
static long known_to_ddeml(void)
{
    typedef BOOL(WINAPI * get_ledger)(DWORD inst, DWORD * ledger);
    HMODULE library = GetModuleHandleA("ddeml.dll");
    get_ledger get = library ? (get_ledger)(void (*)(void))GetProcAddress(library, "DdemlGetLedger") : NULL;
    DWORD ledger[3] = {sizeof ledger}; /* the size, instances, conversations */

    return get && get(0, ledger) ? (long)ledger[2] : -1;
}

int main(int argc, char *argv[])
{
    char text[16] = "nothing";
    HDDEDATA data;
    HCONV conv;
    long known;

    DdeInitializeA(&instance, callback, APPCLASS_STANDARD, 0);
    service = DdeCreateStringHandleA(instance, "Rebound", CP_WINANSI);
    topic = DdeCreateStringHandleA(instance, "London", CP_WINANSI);
    item = DdeCreateStringHandleA(instance, "Copper", CP_WINANSI);
    DdeNameService(instance, service, NULL, DNS_REGISTER);
    conv = DdeConnect(instance, service, topic, NULL);
    data = DdeClientTransaction(NULL, 0, conv, item, CF_TEXT, XTYP_REQUEST, 5000, NULL);
    if (data)
        DdeGetData(data, (LPBYTE)text, sizeof text - 1, 0);
    DdeFreeDataHandle(data);
    wait_for_a_timer();
    known = known_to_ddeml();
    DdeUninitialize(instance);
    printf("%s: %s, timers: %u, arguments:",
           known < 0    ? "system"
           : known == 2 ? "ddeml"
                        : "mixture",
           text, timers);
    for (int i = 1; i < argc; i++)
        printf(" [%s]", argv[i]);
    puts("");
    return argc > 1 ? atoi(argv[1]) : 0;
}
