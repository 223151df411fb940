/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* A program as anybody would write it for Windows: the system's headers, no word of another library. It calls
 * every function of DDEML through its ordinary declaration and prints "ok" if each did its work, or refused
 * where there was none to do. */

#include <windows.h>

#include <dde.h>
#include <ddeml.h>

#include <stdio.h>
#include <string.h>

static DWORD instance;
static HSZ service, topic, item;

/* Prints which step failed; the first one decides. */
#define STEP(condition)                                                                                      \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            printf("failed: %s (last error %#x)\n", #condition, DdeGetLastError(instance));                  \
            return 1;                                                                                        \
        }                                                                                                    \
    } while (0)

static HDDEDATA CALLBACK callback(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR data1, ULONG_PTR data2)
{
    (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)data1, (void)data2;
    switch (type) {
    case XTYP_CONNECT:
        return (HDDEDATA)TRUE;
    case XTYP_REQUEST:
        return DdeCreateDataHandle(instance, (LPBYTE) "value", 6, 0, item, CF_TEXT, 0);
    default:
        return NULL;
    }
}

static int strings(void)
{
    char ansi[16];
    WCHAR wide[16];

    service = DdeCreateStringHandleA(instance, "Service", CP_WINANSI);
    topic = DdeCreateStringHandleW(instance, L"Topic", CP_WINUNICODE);
    item = DdeCreateStringHandleA(instance, "Item", CP_WINANSI);
    STEP(service != NULL && topic != NULL && item != NULL);
    STEP(DdeCmpStringHandles(service, topic) != 0);
    STEP(DdeKeepStringHandle(instance, item) && DdeFreeStringHandle(instance, item));
    STEP(DdeQueryStringA(instance, topic, ansi, sizeof(ansi), CP_WINANSI) == 5);
    STEP(strcmp(ansi, "Topic") == 0);
    STEP(DdeQueryStringW(instance, service, wide, 16, CP_WINUNICODE) == 7);
    STEP(wide[0] == L'S' && wide[7] == L'\0');
    return 0;
}

static int data_objects(void)
{
    HDDEDATA data = DdeCreateDataHandle(instance, (LPBYTE) "one", 4, 0, item, CF_TEXT, HDATA_APPOWNED);
    char text[8];
    DWORD size = 0;

    STEP(data != NULL);
    data = DdeAddData(data, (LPBYTE) "two", 4, 3);
    STEP(data != NULL && DdeGetData(data, (LPBYTE)text, sizeof(text), 0) == 7);
    STEP(strcmp(text, "onetwo") == 0);
    STEP(DdeAccessData(data, &size) != NULL && size == 7 && DdeUnaccessData(data));
    STEP(DdeFreeDataHandle(data));
    return 0;
}

static int conversation(void)
{
    CONVINFO info = {.cb = sizeof(info)};
    HCONV conv = DdeConnect(instance, service, topic, NULL);
    HDDEDATA data;
    char text[8];

    STEP(conv != NULL);
    STEP(DdeSetUserHandle(conv, QID_SYNC, 4711));
    STEP(DdeQueryConvInfo(conv, QID_SYNC, &info) != 0 && info.hUser == 4711);
    STEP(DdeEnableCallback(instance, conv, EC_ENABLEALL));

    data = DdeClientTransaction(NULL, 0, conv, item, CF_TEXT, XTYP_REQUEST, 5000, NULL);
    STEP(data != NULL && DdeGetData(data, (LPBYTE)text, sizeof(text), 0) == 6);
    STEP(strcmp(text, "value") == 0 && DdeFreeDataHandle(data));
    STEP(DdePostAdvise(instance, topic, item));

    /* What there is nothing to do for. */
    STEP(!DdeAbandonTransaction(instance, conv, 0x7FFFFFFF));
    STEP(!DdeImpersonateClient(conv));
    STEP(DdeReconnect(NULL) == NULL);
    STEP(DdeDisconnect(conv));
    STEP(!DdeDisconnect(conv));
    return 0;
}

static int conversation_list(void)
{
    HCONVLIST list = DdeConnectList(instance, service, topic, NULL, NULL);

    for (HCONV conv = DdeQueryNextServer(list, NULL); conv != NULL; conv = DdeQueryNextServer(list, conv))
        STEP(DdeEnableCallback(instance, conv, EC_ENABLEALL));
    STEP(DdeDisconnectList(list) == (list != NULL));
    return 0;
}

static int raw_parameters(void)
{
    UINT_PTR low = 0, high = 0;
    LPARAM packed = PackDDElParam(WM_DDE_DATA, 0x1234, 0xC001);

    STEP(packed != 0);
    STEP(UnpackDDElParam(WM_DDE_DATA, packed, &low, &high) && low == 0x1234 && high == 0xC001);
    packed = ReuseDDElParam(packed, WM_DDE_DATA, WM_DDE_ACK, DDE_FACK, 0xC001);
    STEP(packed != 0);
    STEP(UnpackDDElParam(WM_DDE_ACK, packed, &low, &high) && low == DDE_FACK);
    STEP(FreeDDElParam(WM_DDE_ACK, packed));
    return 0;
}

BOOL WINAPI DdeGetQualityOfService(HWND client, HWND server,
                                   SECURITY_QUALITY_OF_SERVICE *quality); /* in no header */

static int security(void)
{
    SECURITY_QUALITY_OF_SERVICE wanted = {.Length = sizeof(wanted)}, before;

    (void)DdeSetQualityOfService(NULL, &wanted, &before); /* some systems do not look at the window */
    STEP(!DdeGetQualityOfService(NULL, NULL, &before));
    STEP(!ImpersonateDdeClientWindow(NULL, NULL));
    return 0;
}

int main(void)
{
    DWORD second = 0;

    STEP(DdeInitializeA(&instance, callback, APPCLASS_STANDARD, 0) == DMLERR_NO_ERROR);
    STEP(DdeInitializeW(&second, callback, APPCMD_CLIENTONLY, 0) == DMLERR_NO_ERROR);
    STEP(DdeUninitialize(second));
    if (strings() != 0 || data_objects() != 0)
        return 1;
    STEP(DdeNameService(instance, service, NULL, DNS_REGISTER) != NULL);
    if (conversation() != 0 || conversation_list() != 0 || raw_parameters() != 0 || security() != 0)
        return 1;
    STEP(DdeNameService(instance, service, NULL, DNS_UNREGISTER) != NULL);
    STEP(DdeFreeStringHandle(instance, service) && DdeFreeStringHandle(instance, topic));
    STEP(DdeFreeStringHandle(instance, item));
    STEP(DdeUninitialize(instance));
    puts("ok");
    return 0;
}
