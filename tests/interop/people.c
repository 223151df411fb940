/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "interop/people.h"

#include <stdio.h>
#include <string.h>

#include "support/start_win32.h"

enum { START_MS = 30000 };

struct program programs[PROGRAMS] = {
    {"ours 64", "interop_ours.exe", OURS, 64, "", false},
    {"ours 32", "interop_ours.exe", OURS, 32, "", false},
    {"system 64", "interop_system.exe", SYSTEM, 64, "", false},
    {"system 32", "interop_system.exe", SYSTEM, 32, "", false},
    {"raw 64", "interop_raw.exe", RAW, 64, "", false},
    {"raw 32", "interop_raw.exe", RAW, 32, "", false},
};

void programs_find(const char *folder64, const char *folder32)
{
    for (size_t i = 0; i < PROGRAMS; i++) {
        struct program *p = &programs[i];

        snprintf(p->path, sizeof p->path, "%s/%s", p->bits == 64 ? folder64 : folder32, p->file);
        p->there = GetFileAttributesA(p->path) != INVALID_FILE_ATTRIBUTES;
    }
}

static bool make_pipe(HANDLE *mine, HANDLE *its, bool it_reads)
{
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};

    return CreatePipe(it_reads ? its : mine, it_reads ? mine : its, &inherited, 0) &&
           SetHandleInformation(*mine, HANDLE_FLAG_INHERIT, 0);
}

bool agent_start(struct agent *a, const struct program *p)
{
    STARTUPINFOW startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION process;
    char command[MAX_PATH + 2], line[LINE];

    memset(a, 0, sizeof *a);
    snprintf(command, sizeof command, "\"%s\"", p->path);
    if (!make_pipe(&a->input, &startup.hStdInput, true) || !make_pipe(&a->output, &startup.hStdOutput, false))
        return false;
    startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    if (start_process(command, CP_ACP, 0, &startup, &process)) {
        CloseHandle(process.hThread);
        a->process = process.hProcess;
    }
    CloseHandle(startup.hStdInput);
    CloseHandle(startup.hStdOutput);
    if (!a->process)
        return false;
    a->program = p;
    a->lines = lines_open(a->output, NULL);
    return agent_hear(a, line, START_MS);
}

void agent_end(struct agent *a)
{
    if (!a->process)
        return;
    TerminateProcess(a->process, 0);
    WaitForSingleObject(a->process, INFINITE);
    lines_close(a->lines);
    CloseHandle(a->process);
    CloseHandle(a->input);
    CloseHandle(a->output);
    memset(a, 0, sizeof *a);
}

void agent_tell(struct agent *a, const char *line)
{
    lines_say(a->input, line);
}

bool agent_hear(struct agent *a, char line[LINE], DWORD ms)
{
    return lines_wait(a->lines, line, ms);
}
