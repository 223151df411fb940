/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_START_WIN32_H
#define TESTS_START_WIN32_H

#include <stdbool.h>
#include <windows.h>

/* Starts a process, which inherits what is to be inherited; line: in the code page. False: it cannot be started. Wine
 * gives up now and then where the machine is busy, for the new process was too slow for it: so it is tried again. */
static inline bool start_process(const char *line, UINT code_page, DWORD flags, STARTUPINFOW *startup,
                                 PROCESS_INFORMATION *started)
{
    enum { TRIES = 3, ROOM = 8192 };
    WCHAR wide[ROOM];
    bool done = false;

    if (!MultiByteToWideChar(code_page, 0, line, -1, wide, ROOM))
        return false;
    for (int i = 0; !done && i < TRIES; i++)
        done = CreateProcessW(NULL, wide, NULL, NULL, TRUE, flags, NULL, NULL, startup, started);
    return done;
}

#endif
