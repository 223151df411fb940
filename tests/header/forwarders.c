/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* An old source on a machine without Windows headers: whichever name it includes first (FIRST = 0..3), all of
 * DDE is there. Compiled as C and as C++, with include/posix on the path; nothing is run. */

#if FIRST == 0
#include <winddeml.h>
#elif FIRST == 1
#include <windows.h>
#elif FIRST == 2
#include <ddeml.h>
#else
#include <dde.h>
#endif

/* One thing from each of the old headers before the others are in. */
typedef BOOL from_windows_h;
typedef CONVINFO from_ddeml_h;
typedef DDEACK from_dde_h;

#include <dde.h>
#include <ddeml.h>
#include <windows.h>

#include <winddeml.h>

/* The way such sources spell a callback. */
HDDEDATA EXPENTRY DdeCallback(UINT wType, UINT wFmt, HCONV hConv, HSZ hsz1, HSZ hsz2, HDDEDATA hData,
                              DWORD_PTR dwData1, DWORD_PTR dwData2);

PFNCALLBACK callback(void);
PFNCALLBACK callback(void)
{
    return DdeCallback;
}
