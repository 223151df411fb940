/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <conio.h>
#include <shellapi.h>

/* ---- The program ---- */

static volatile LONG interrupted;
static char **arguments;

static BOOL WINAPI on_control(DWORD event)
{
    (void)event;
    InterlockedExchange(&interrupted, 1);
    return TRUE;
}

void sys_begin(int *argc, char ***argv)
{
    LPWSTR *wide = CommandLineToArgvW(GetCommandLineW(), argc);

    if (!wide)
        *argc = 0;
    arguments = must_alloc(((size_t)*argc + 1) * sizeof *arguments);
    for (int i = 0; i < *argc; i++) {
        struct text t = {0};

        text_utf16(&t, wide[i], wcslen(wide[i]));
        text_put(&t, "");
        arguments[i] = t.at;
    }
    LocalFree(wide);
    *argv = arguments;
    SetConsoleCtrlHandler(on_control, TRUE);
}

void sys_end(void)
{
    for (char **a = arguments; a && *a; a++)
        free(*a);
    free(arguments);
}

bool sys_interrupted(void)
{
    return interrupted != 0;
}

unsigned long sys_process_id(void)
{
    return GetCurrentProcessId();
}

void sys_program_name(unsigned long process, struct text *name)
{
    HANDLE handle = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, process);
    WCHAR path[MAX_PATH], *start = path;
    DWORD n = MAX_PATH;

    if (!handle)
        return;
    if (QueryFullProcessImageNameW(handle, 0, path, &n)) {
        for (WCHAR *p = path; *p; p++)
            if (*p == L'\\')
                start = p + 1;
        text_utf16(name, start, n - (DWORD)(start - path));
    }
    CloseHandle(handle);
}

/* ---- Time ---- */

uint64_t sys_now_ms(void)
{
    return GetTickCount64();
}

void sys_wall_clock(char *text, size_t n)
{
    SYSTEMTIME t;

    GetLocalTime(&t);
    snprintf(text, n, "%04d-%02d-%02dT%02d:%02d:%02d.%03d", t.wYear, t.wMonth, t.wDay, t.wHour, t.wMinute,
             t.wSecond, t.wMilliseconds);
}

/* ---- Encodings ---- */

static void decode(UINT page, struct text *utf8, const char *bytes, size_t n)
{
    int units = n ? MultiByteToWideChar(page, 0, bytes, (int)n, NULL, 0) : 0;
    WCHAR *wide = must_alloc(((size_t)units + 1) * sizeof *wide);

    if (units)
        MultiByteToWideChar(page, 0, bytes, (int)n, wide, units);
    text_utf16(utf8, wide, (size_t)units);
    free(wide);
}

static bool encode(UINT page, struct text *bytes, const char *utf8)
{
    size_t units;
    WCHAR *wide = utf16_of(utf8, &units);
    DWORD options = page == CP_UTF8 ? 0 : WC_NO_BEST_FIT_CHARS; /* what only looks alike is another text */
    BOOL lost = FALSE, *tell = page == CP_UTF8 ? NULL : &lost;
    int n = units ? WideCharToMultiByte(page, options, wide, (int)units, NULL, 0, NULL, tell) : 0;
    char *narrow = must_alloc((size_t)n + 1);

    if (n)
        WideCharToMultiByte(page, options, wide, (int)units, narrow, n, NULL, tell);
    text_add(bytes, narrow, (size_t)n);
    free(narrow);
    free(wide);
    return !lost;
}

static UINT page_of(enum sys_encoding encoding)
{
    return encoding == SYS_ANSI ? GetACP() : GetOEMCP();
}

void sys_decode(enum sys_encoding encoding, struct text *utf8, const char *bytes, size_t n)
{
    decode(page_of(encoding), utf8, bytes, n);
}

bool sys_encode(enum sys_encoding encoding, struct text *bytes, const char *utf8)
{
    return encode(page_of(encoding), bytes, utf8);
}

/* ---- Clipboard formats ---- */

unsigned sys_format_number(const char *name)
{
    WCHAR *wide = utf16_of(name, NULL);
    unsigned number = RegisterClipboardFormatW(wide);

    free(wide);
    return number;
}

bool sys_format_name(unsigned number, struct text *name)
{
    WCHAR wide[256];
    int n = GetClipboardFormatNameW(number, wide, 256);

    text_utf16(name, wide, n > 0 ? (size_t)n : 0);
    return n > 0;
}

/* ---- Standard streams ---- */

static bool write_bytes(HANDLE to, const char *bytes, size_t n)
{
    while (n) {
        DWORD written, now = n > 0x4000 ? 0x4000 : (DWORD)n;

        if (!WriteFile(to, bytes, now, &written, NULL) || !written)
            return false;
        bytes += written;
        n -= written;
    }
    return true;
}

/* A console takes Unicode; a file or a pipe gets what a console would show, if there is one, else UTF-8. */
static bool write_text(HANDLE to, const char *utf8)
{
    struct text t = {0};
    DWORD mode;
    bool done = true;

    if (GetConsoleMode(to, &mode)) {
        size_t units, at = 0;
        WCHAR *wide = utf16_of(utf8, &units);

        while (done && at < units) {
            DWORD written = 0, now = units - at > 0x2000 ? 0x2000 : (DWORD)(units - at);

            done = WriteConsoleW(to, wide + at, now, &written, NULL) && written;
            at += written;
        }
        free(wide);
        return done;
    }
    encode(GetConsoleOutputCP() ? GetConsoleOutputCP() : CP_UTF8, &t, utf8);
    done = write_bytes(to, text_of(&t), t.n);
    text_free(&t);
    return done;
}

bool sys_write(const char *bytes, size_t n, bool text)
{
    HANDLE to = GetStdHandle(STD_OUTPUT_HANDLE);

    return text ? write_text(to, bytes) : write_bytes(to, bytes, n);
}

void sys_write_error(const char *utf8)
{
    write_text(GetStdHandle(STD_ERROR_HANDLE), utf8);
}

/* Neither consoles nor all pipes can be looked into without waiting: a thread does the waiting. */
static struct {
    CRITICAL_SECTION lock;
    HANDLE thread;
    struct text read;
    bool ended;
} standard_input;

static DWORD WINAPI read_input(LPVOID nothing)
{
    HANDLE from = GetStdHandle(STD_INPUT_HANDLE);
    char chunk[4096];
    DWORD size;

    (void)nothing;
    do {
        if (!ReadFile(from, chunk, sizeof chunk, &size, NULL))
            size = 0;
        EnterCriticalSection(&standard_input.lock);
        text_add(&standard_input.read, chunk, size);
        standard_input.ended = size == 0;
        LeaveCriticalSection(&standard_input.lock);
    } while (size);
    return 0;
}

int sys_read_input(char *bytes, size_t n)
{
    int size;

    if (!standard_input.thread) {
        InitializeCriticalSection(&standard_input.lock);
        standard_input.thread = CreateThread(NULL, 0, read_input, NULL, 0, NULL);
        if (!standard_input.thread)
            return -1;
    }
    EnterCriticalSection(&standard_input.lock);
    if (n > standard_input.read.n)
        n = standard_input.read.n;
    size = n ? (int)n : standard_input.ended ? -1 : 0;
    if (n) {
        memcpy(bytes, standard_input.read.at, n);
        memmove(standard_input.read.at, standard_input.read.at + n, standard_input.read.n - n + 1);
        standard_input.read.n -= n;
    }
    LeaveCriticalSection(&standard_input.lock);
    return size;
}

/* ---- Files ---- */

static const char *last_error(void)
{
    static char text[256];
    WCHAR wide[256];
    struct text t = {0};
    DWORD n = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, GetLastError(),
                             0, wide, 256, NULL);

    while (n && wide[n - 1] <= ' ')
        n--;
    text_utf16(&t, wide, n);
    snprintf(text, sizeof text, "%s", text_of(&t));
    text_free(&t);
    return text;
}

static HANDLE open_file(const char *path, DWORD access)
{
    WCHAR *wide = utf16_of(path, NULL);
    HANDLE file = CreateFileW(wide, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);

    free(wide);
    return file;
}

bool sys_read_file(const char *path, struct text *bytes, const char **why)
{
    bool standard = !strcmp(path, "-");
    HANDLE file = standard ? GetStdHandle(STD_INPUT_HANDLE) : open_file(path, GENERIC_READ);
    char chunk[4096];
    DWORD size = 1;
    bool done = file != INVALID_HANDLE_VALUE;

    *why = last_error();
    while (done && size && !interrupted) {
        done = ReadFile(file, chunk, sizeof chunk, &size, NULL) || GetLastError() == ERROR_BROKEN_PIPE;
        *why = last_error();
        text_add(bytes, chunk, done ? size : 0);
    }
    if (!standard && file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    return done;
}

uint64_t sys_file_stamp(const char *path)
{
    WCHAR *wide = utf16_of(path, NULL);
    WIN32_FILE_ATTRIBUTE_DATA data = {0};

    GetFileAttributesExW(wide, GetFileExInfoStandard, &data);
    free(wide);
    return ((uint64_t)data.ftLastWriteTime.dwHighDateTime << 32 | data.ftLastWriteTime.dwLowDateTime) ^
           (uint64_t)data.nFileSizeLow << 20;
}

/* ---- The terminal ---- */

static DWORD output_mode;

bool sys_is_terminal(void)
{
    DWORD mode;

    return GetConsoleMode(GetStdHandle(STD_OUTPUT_HANDLE), &mode) &&
           GetConsoleMode(GetStdHandle(STD_INPUT_HANDLE), &mode);
}

void sys_terminal_begin(void)
{
    HANDLE output = GetStdHandle(STD_OUTPUT_HANDLE);

    GetConsoleMode(output, &output_mode);
    SetConsoleMode(output, output_mode | ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
}

void sys_terminal_end(void)
{
    SetConsoleMode(GetStdHandle(STD_OUTPUT_HANDLE), output_mode);
}

void sys_terminal_size(int *rows, int *columns)
{
    CONSOLE_SCREEN_BUFFER_INFO info;

    *rows = 24;
    *columns = 80;
    if (!GetConsoleScreenBufferInfo(GetStdHandle(STD_OUTPUT_HANDLE), &info))
        return;
    *rows = info.srWindow.Bottom - info.srWindow.Top + 1;
    *columns = info.srWindow.Right - info.srWindow.Left + 1;
}

int sys_terminal_key(void)
{
    return _kbhit() ? _getch() : 0;
}

/* ---- Programs ---- */

struct sys_process {
    HANDLE process, job, output;
};

/* As CommandLineToArgvW takes it apart: backslashes count only before a quotation mark. */
static void add_argument(struct text *line, const char *argument)
{
    size_t slashes = 0;

    text_put(line, line->n ? " \"" : "\"");
    for (const char *p = argument;; p++) {
        if (*p == '\\') {
            slashes++;
            continue;
        }
        if (*p == '"' || !*p)
            slashes *= 2;
        if (*p == '"')
            slashes++;
        while (slashes) {
            text_char(line, '\\');
            slashes--;
        }
        if (!*p)
            break;
        text_char(line, *p);
    }
    text_char(line, '"');
}

/* What it starts itself ends with it. */
static HANDLE job_that_ends_together(void)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {.BasicLimitInformation.LimitFlags =
                                                       JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
    HANDLE job = CreateJobObjectW(NULL, NULL);

    if (job)
        SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
    return job;
}

static bool spawn(struct sys_process *p, const char *line, HANDLE input, HANDLE output)
{
    STARTUPINFOW startup = {.cb = sizeof startup,
                            .dwFlags = STARTF_USESTDHANDLES,
                            .hStdInput = input,
                            .hStdOutput = output,
                            .hStdError = GetStdHandle(STD_ERROR_HANDLE)};
    PROCESS_INFORMATION started;
    WCHAR *wide = utf16_of(line, NULL);
    bool done = CreateProcessW(NULL, wide, NULL, NULL, TRUE, CREATE_SUSPENDED | CREATE_NEW_PROCESS_GROUP,
                               NULL, NULL, &startup, &started);

    free(wide);
    if (!done)
        return false;
    p->process = started.hProcess;
    if (p->job)
        AssignProcessToJobObject(p->job, started.hProcess);
    ResumeThread(started.hThread);
    CloseHandle(started.hThread);
    return true;
}

struct sys_process *sys_process_start(char *const argv[], const char **why)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    struct sys_process *p = must_alloc(sizeof *p);
    struct text line = {0};
    HANDLE output = NULL, input;
    bool done;

    for (int i = 0; argv[i]; i++)
        add_argument(&line, argv[i]);
    input = CreateFileW(L"NUL", GENERIC_READ, 0, &inherited, OPEN_EXISTING, 0, NULL);
    done = CreatePipe(&p->output, &output, &inherited, 0);
    if (done) {
        SetHandleInformation(p->output, HANDLE_FLAG_INHERIT, 0);
        p->job = job_that_ends_together();
        done = spawn(p, text_of(&line), input, output);
        *why = last_error();
        CloseHandle(output);
    }
    CloseHandle(input);
    text_free(&line);
    if (done)
        return p;
    sys_process_end(p);
    return NULL;
}

static void take_output(struct sys_process *p, struct text *output)
{
    char chunk[4096];
    DWORD there = 0, size = 0;

    while (PeekNamedPipe(p->output, NULL, 0, NULL, &there, NULL) && there &&
           ReadFile(p->output, chunk, sizeof chunk, &size, NULL) && size)
        text_add(output, chunk, size);
}

bool sys_process_look(struct sys_process *p, struct text *output, int *code)
{
    bool ended = WaitForSingleObject(p->process, 0) == WAIT_OBJECT_0;
    DWORD exit_code = 0;

    take_output(p, output);
    if (!ended)
        return false;
    GetExitCodeProcess(p->process, &exit_code);
    *code = (int)exit_code;
    return true;
}

void sys_process_end(struct sys_process *p)
{
    if (p->process) {
        TerminateProcess(p->process, 1);
        CloseHandle(p->process);
    }
    if (p->job)
        CloseHandle(p->job);
    if (p->output)
        CloseHandle(p->output);
    free(p);
}
