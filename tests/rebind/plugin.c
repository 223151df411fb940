/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* A DLL that was linked with the system's DDEML, and the one function that it exports: server and client in one. */

#include <windows.h>

#include <ddeml.h>

#include "rebind/plugin.h"

static DWORD instance;

static HDDEDATA CALLBACK callback(UINT type, UINT fmt, HCONV conv, HSZ topic, HSZ item, HDDEDATA data,
                                  ULONG_PTR data1, ULONG_PTR data2)
{
    (void)fmt, (void)conv, (void)topic, (void)data, (void)data1, (void)data2;
    if (type == XTYP_CONNECT)
        return (HDDEDATA)TRUE;
    return type == XTYP_REQUEST ? DdeCreateDataHandle(instance, (LPBYTE) "9812.50", 8, 0, item, CF_TEXT, 0)
                                : NULL;
}

__declspec(dllexport) converse_function converse;

void converse(char value[16], void (*meanwhile)(void))
{
    HSZ service, item;
    HDDEDATA data;
    HCONV conv;

    DdeInitializeA(&instance, callback, APPCLASS_STANDARD, 0);
    service = DdeCreateStringHandleA(instance, "Plugged", CP_WINANSI);
    item = DdeCreateStringHandleA(instance, "Copper", CP_WINANSI);
    DdeNameService(instance, service, NULL, DNS_REGISTER);
    conv = DdeConnect(instance, service, service, NULL);
    data = DdeClientTransaction(NULL, 0, conv, item, CF_TEXT, XTYP_REQUEST, 5000, NULL);
    DdeGetData(data, (LPBYTE)value, 15, 0);
    DdeFreeDataHandle(data);
    meanwhile();
    DdeFreeStringHandle(instance, item);
    DdeFreeStringHandle(instance, service);
    DdeUninitialize(instance);
    instance = 0;
}
