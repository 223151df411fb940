/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Starts a program with our library in place of the system's DDEML, without changing a file. The process is created
 * suspended: the program's image is mapped, the loader has not run in it. The image is read, a new directory of
 * imports is put behind it in memory, and the headers are made to lead there; then the loader does the rest. No code
 * is injected. */

#include "sys.h"
#include "tool.h"

#include "launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winternl.h>

enum { GRANULE = 0x10000, LONGEST_PATH = 2048 };

struct child {
    const char *program;
    HANDLE process, thread;
    uint8_t *base;
    struct rebind_bytes image;
};

/* Says why, and ends the process, of which not one instruction has run. */
static int give_up(struct child *c, const char *why)
{
    TerminateProcess(c->process, EXIT_LAUNCH);
    return fail_with(EXIT_LAUNCH, c->program, why);
}

static int give_up_system(struct child *c)
{
    return give_up(c, system_words(GetLastError()));
}

/* ---- The command line ----------------------------------------------------------------------------------- */

/* Behind the first n arguments, as CommandLineToArgvW tells them apart. The program gets the rest as it was written. */
static WCHAR *skip_arguments(WCHAR *line, int n)
{
    for (int i = 0; i < n; i++) {
        bool quoted = false;

        for (; *line && (quoted || (*line != L' ' && *line != L'\t')); line++) {
            if (*line == L'"')
                quoted = !quoted;
            else if (i && *line == L'\\' && (line[1] == L'\\' || line[1] == L'"'))
                line++; /* a pair of backslashes, or a quotation mark that is none */
        }
        while (*line == L' ' || *line == L'\t')
            line++;
    }
    return line;
}

/* ---- The library ---------------------------------------------------------------------------------------- */

static bool path_of_library(const char *dll, WCHAR path[LONGEST_PATH])
{
    WCHAR *wide, *last;
    DWORD n;

    if (dll) {
        wide = wide_of(dll);
        n = wide ? GetFullPathNameW(wide, LONGEST_PATH, path, NULL) : 0;
        free(wide);
        return n && n < LONGEST_PATH;
    }
    n = GetModuleFileNameW(NULL, path, LONGEST_PATH - 16);
    if (!n || n >= LONGEST_PATH - 16)
        return false;
    last = wcsrchr(path, L'\\');
    wcscpy(last ? last + 1 : path, L"ddeml.dll");
    return true;
}

/* In the system's own code page, as the loader reads names; false if it has no such characters. */
static bool loader_spells(const WCHAR *path, char *name, int room)
{
    BOOL lost = FALSE;

    return WideCharToMultiByte(CP_ACP, WC_NO_BEST_FIT_CHARS, path, -1, name, room, NULL, &lost) && !lost;
}

static const char *find_library(const char *dll, uint16_t machine, char *name, int room)
{
    WCHAR path[LONGEST_PATH], plain[LONGEST_PATH];
    uint8_t head[4096];
    DWORD n = 0;
    HANDLE file;
    uint32_t nt;

    if (!path_of_library(dll, path))
        return "the path of ddeml.dll is too long";
    file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return dll ? "the DLL that --dll names cannot be read"
                   : "there is no ddeml.dll beside ddeml-rebind; --dll tells where it is";
    if (!ReadFile(file, head, sizeof head, &n, NULL))
        n = 0;
    CloseHandle(file);
    nt = n >= 64 ? pe_get32(head + 60) : 0;
    if (n < 64 || nt > n - 6 || pe_get16(head + nt + 4) != machine)
        return machine == PE_I386 ? "it needs the 32-bit ddeml.dll" : "it needs the 64-bit ddeml.dll";
    if (loader_spells(path, name, room))
        return NULL;
    n = GetShortPathNameW(path, plain, LONGEST_PATH);
    return n && n < LONGEST_PATH && loader_spells(plain, name, room)
               ? NULL
               : "the path of ddeml.dll has characters that the system's code page has not";
}

/* ---- The image ------------------------------------------------------------------------------------------ */

static bool is_of_our_kind(struct child *c)
{
    BOOL we = FALSE, it = FALSE;

    return IsWow64Process(GetCurrentProcess(), &we) && IsWow64Process(c->process, &it) && we == it;
}

static bool find_image(struct child *c)
{
    PROCESS_BASIC_INFORMATION facts;
    PEB peb;

    if (NtQueryInformationProcess(c->process, ProcessBasicInformation, &facts, sizeof facts, NULL) < 0 ||
        !ReadProcessMemory(c->process, facts.PebBaseAddress, &peb, sizeof peb, NULL))
        return false;
    c->base = peb.Reserved3[1]; /* ImageBaseAddress */
    return c->base != NULL;
}

/* What cannot be read counts as zeros. */
static bool read_image(struct child *c)
{
    uint8_t head[GRANULE / 16];
    uint32_t nt, size;

    if (!ReadProcessMemory(c->process, c->base, head, sizeof head, NULL))
        return false;
    nt = pe_get32(head + 60);
    size = nt <= sizeof head - PE_AT_CHECKSUM ? pe_get32(head + nt + PE_AT_IMAGE_SIZE) : 0;
    c->image = (struct rebind_bytes){size && size <= INT32_MAX ? calloc(1, size) : NULL, size};
    if (!c->image.at)
        return false;
    for (size_t i = 0; i < size; i += sizeof head)
        ReadProcessMemory(c->process, c->base + i, c->image.at + i,
                          size - i < sizeof head ? size - i : sizeof head, NULL);
    return true;
}

/* Memory behind the image, as near as 32 bits reach. */
static uint8_t *room_behind(struct child *c, size_t size)
{
    uintptr_t from = (uintptr_t)c->base + c->image.size, at = from;
    MEMORY_BASIC_INFORMATION facts;
    void *room;

    while (at - from < INT32_MAX && VirtualQueryEx(c->process, (void *)at, &facts, sizeof facts)) {
        uintptr_t end = (uintptr_t)facts.BaseAddress + facts.RegionSize;

        at = (at + GRANULE - 1) / GRANULE * GRANULE;
        if (facts.State == MEM_FREE && at < end && end - at >= size) {
            room = VirtualAllocEx(c->process, (void *)at, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
            if (room)
                return room;
        }
        if (end <= from)
            break; /* the end of memory */
        at = end > at ? end : at + GRANULE;
    }
    return NULL;
}

static bool write_header(struct child *c, const struct rebind_patch *patch)
{
    uint8_t *at = c->base + patch->rva;
    DWORD before;
    bool done;

    if (!VirtualProtectEx(c->process, at, 4, PAGE_READWRITE, &before))
        return false;
    done = WriteProcessMemory(c->process, at, &patch->value, 4, NULL);
    return VirtualProtectEx(c->process, at, 4, before, &before) && done;
}

static int patch(struct child *c, const char *name)
{
    struct rebind_report report;
    struct rebind_memory m;
    enum rebind_result result = rebind_mapped(c->image.at, c->image.size, name, 0, &m, &report);
    uint8_t *room;
    bool done;

    if (result == REBIND_REBOUND)
        return EXIT_OK;
    if (result != REBIND_OK) {
        char why[300];

        snprintf(why, sizeof why, "%s%s%s%s; not started", rebind_says(result), report.detail[0] ? " (" : "",
                 report.detail, report.detail[0] ? ")" : "");
        return give_up(c, why);
    }
    room = room_behind(c, m.directory.size);
    free(m.directory.at);
    if (!room)
        return give_up(c, "there is no room behind it in memory");
    if (rebind_mapped(c->image.at, c->image.size, name, (uint32_t)(room - c->base), &m, &report) != REBIND_OK)
        return give_up(c, rebind_says(REBIND_NO_MEMORY));
    done = WriteProcessMemory(c->process, room, m.directory.at, m.directory.size, NULL);
    for (unsigned i = 0; i < m.n_patches; i++)
        done = done && write_header(c, &m.patches[i]);
    free(m.directory.at);
    return done ? EXIT_OK : give_up_system(c);
}

static int prepare(struct child *c, const char *dll)
{
    uint16_t machine = sizeof(void *) == 8 ? PE_AMD64 : PE_I386;
    char name[LONGEST_PATH];
    const char *wrong;
    int exit_code;

    if (!is_of_our_kind(c))
        return give_up(c, machine == PE_AMD64 ? "is a 32-bit program: the 32-bit ddeml-rebind can start it"
                                              : "is a 64-bit program: the 64-bit ddeml-rebind can start it");
    wrong = find_library(dll, machine, name, sizeof name);
    if (wrong)
        return give_up(c, wrong);
    if (!find_image(c) || !read_image(c))
        return give_up(c, "its image cannot be read in memory");
    exit_code = patch(c, name);
    free(c->image.at);
    return exit_code;
}

/* ---- Running -------------------------------------------------------------------------------------------- */

/* Ctrl+C is for the program. */
static BOOL WINAPI leave_it_to_the_program(DWORD event)
{
    return event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT;
}

static int wait_for(struct child *c)
{
    DWORD code = EXIT_LAUNCH;

    if (ResumeThread(c->thread) == (DWORD)-1)
        return give_up_system(c);
    WaitForSingleObject(c->process, INFINITE);
    GetExitCodeProcess(c->process, &code);
    return (int)code;
}

int sys_run(int first, const char *program, const char *dll)
{
    WCHAR *line = _wcsdup(GetCommandLineW());
    STARTUPINFOW startup;
    PROCESS_INFORMATION started;
    struct child c = {.program = program};
    int exit_code;

    if (!line)
        return fail_with(EXIT_LAUNCH, program, rebind_says(REBIND_NO_MEMORY));
    GetStartupInfoW(&startup); /* its streams, and how its window is shown, are ours */
    if (!CreateProcessW(NULL, skip_arguments(line, first), NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL,
                        &startup, &started)) {
        free(line);
        return fail_with(EXIT_LAUNCH, program, system_words(GetLastError()));
    }
    free(line);
    c.process = started.hProcess;
    c.thread = started.hThread;
    SetConsoleCtrlHandler(leave_it_to_the_program, TRUE);
    exit_code = prepare(&c, dll);
    if (!exit_code)
        exit_code = wait_for(&c);
    CloseHandle(c.thread);
    CloseHandle(c.process);
    return exit_code;
}
