/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef REBIND_LAUNCH_H
#define REBIND_LAUNCH_H

/* What launch_win32.c and sys_win32.c share. */

#include <windows.h>

WCHAR *wide_of(const char *utf8); /* of malloc, or NULL */

const char *system_words(DWORD error); /* until the next call */

#endif
