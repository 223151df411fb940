/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* An old program: includes the headers it has always included. */
#include <windows.h>

#include <ddeml.h>

HDDEDATA CALLBACK DdeCallback(UINT wType, UINT wFmt, HCONV hConv, HSZ hsz1, HSZ hsz2, HDDEDATA hData,
                              ULONG_PTR dwData1, ULONG_PTR dwData2)
{
    (void)wType, (void)wFmt, (void)hConv, (void)hsz1, (void)hsz2, (void)hData, (void)dwData1, (void)dwData2;
    return NULL;
}

int main(void)
{
    DWORD idInst = 0;

    if (DdeInitialize(&idInst, DdeCallback, APPCLASS_STANDARD, 0) != DMLERR_NO_ERROR)
        return 1;
    return DdeUninitialize(idInst) ? 0 : 2;
}
