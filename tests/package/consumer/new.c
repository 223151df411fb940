/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* A new program: includes our header by its own name. */
#include <winddeml.h>

static HDDEDATA CALLBACK callback(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR data1, ULONG_PTR data2)
{
    (void)type, (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)data1, (void)data2;
    return NULL;
}

int main(void)
{
    DWORD instance = 0;

    if (DdemlGetVersion() != DDEML_VERSION)
        return 1;
    if (DdeInitializeA(&instance, callback, APPCMD_CLIENTONLY, 0) != DMLERR_NO_ERROR)
        return 2;
    return DdeUninitialize(instance) ? 0 : 3;
}
