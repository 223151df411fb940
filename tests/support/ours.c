/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "support/ours.h"

struct ours ours;

static char command[] = "[command]";

unsigned ours_index(UINT type)
{
    return (type & XTYP_MASK) >> XTYP_SHIFT;
}

unsigned ours_calls(UINT type)
{
    return ours.calls[ours_index(type)];
}

void ours_return(UINT type, uintptr_t result)
{
    ours.results[ours_index(type)] = (HDDEDATA)result;
}

static void note_data(HDDEDATA data)
{
    ours.size = DdeGetData(data, NULL, 0, 0);
    memset(ours.text, 0, sizeof ours.text);
    DdeGetData(data, (LPBYTE)ours.text, sizeof ours.text - 1, 0);
}

static bool carries_data(UINT type)
{
    return type == XTYP_ADVDATA || type == XTYP_POKE || type == XTYP_EXECUTE || type == XTYP_XACT_COMPLETE;
}

static HDDEDATA CALLBACK callback(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR data1, ULONG_PTR data2)
{
    HDDEDATA result;

    (void)hsz1;
    ours.calls[ours_index(type)]++;
    if (conv)
        ours.conv = conv;
    if (carries_data(type)) {
        ours.fmt = fmt;
        ours.data1 = data1;
        ours.data2 = data2;
        if (data && (uintptr_t)data != TRUE)
            note_data(data);
    }
    if (ours.inside)
        ours.inside(type);
    result = ours.results[ours_index(type)];
    if ((type == XTYP_REQUEST || type == XTYP_ADVREQ) && ours.answer && !result)
        result = DdeCreateDataHandle(ours.id, (LPBYTE)(uintptr_t)ours.answer, (DWORD)strlen(ours.answer) + 1,
                                     0, hsz2, fmt, 0);
    return result;
}

void ours_open(DWORD flags)
{
    memset(&ours, 0, sizeof ours);
    assert_int_equal(DdeInitializeA(&ours.id, callback, flags, 0), DMLERR_NO_ERROR);
    ours.service = DdeCreateStringHandleA(ours.id, RAW_SERVICE, CP_WINANSI);
    ours.topic = DdeCreateStringHandleA(ours.id, RAW_TOPIC, CP_WINANSI);
    ours.item = DdeCreateStringHandleA(ours.id, RAW_ITEM, CP_WINANSI);
    assert_true(ours.service && ours.topic && ours.item);
}

void ours_serve(void)
{
    ours_return(XTYP_CONNECT, TRUE);
    ours_return(XTYP_ADVSTART, TRUE);
    ours_return(XTYP_POKE, DDE_FACK);
    ours_return(XTYP_EXECUTE, DDE_FACK);
    assert_true(DdeNameService(ours.id, ours.service, 0, DNS_REGISTER));
}

void ours_close(void)
{
    if (ours.id)
        assert_true(DdeUninitialize(ours.id));
    ours.id = 0;
}

bool ours_connect(void)
{
    ours.conv = DdeConnect(ours.id, ours.service, ours.topic, NULL);
    return ours.conv != 0;
}

static HDDEDATA transact(UINT type, DWORD timeout, DWORD *result)
{
    bool carries = type == XTYP_POKE || type == XTYP_EXECUTE;
    bool named = type != XTYP_EXECUTE;

    return DdeClientTransaction(carries ? (LPBYTE)command : NULL, carries ? sizeof command : 0, ours.conv,
                                named ? ours.item : 0, named ? RAW_FORMAT : 0, type, timeout, result);
}

UINT ours_transact(UINT type, DWORD timeout, DWORD *flags)
{
    HDDEDATA data;

    DdeGetLastError(ours.id);
    data = transact(type, timeout, flags);
    if (data && type == XTYP_REQUEST) {
        note_data(data);
        assert_true(DdeFreeDataHandle(data));
    }
    return data ? DMLERR_NO_ERROR : DdeGetLastError(ours.id);
}

DWORD ours_transact_async(UINT type)
{
    DWORD id = 0;

    assert_true(transact(type, TIMEOUT_ASYNC, &id) != 0);
    return id;
}
