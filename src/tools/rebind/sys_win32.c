/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "sys.h"
#include "tool.h"

#include "launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include <shellapi.h>

/* ---- The program ---------------------------------------------------------------------------------------- */

static char **arguments;

WCHAR *wide_of(const char *utf8)
{
    int n = MultiByteToWideChar(CP_UTF8, 0, utf8, -1, NULL, 0);
    WCHAR *wide = malloc(((size_t)n + 1) * sizeof *wide);

    if (wide) {
        wide[0] = L'\0';
        MultiByteToWideChar(CP_UTF8, 0, utf8, -1, wide, n);
    }
    return wide;
}

static char *utf8_of(const WCHAR *wide)
{
    int n = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *utf8 = malloc((size_t)n + 1);

    if (utf8) {
        utf8[0] = '\0';
        WideCharToMultiByte(CP_UTF8, 0, wide, -1, utf8, n, NULL, NULL);
    }
    return utf8;
}

void sys_begin(int *argc, char ***argv)
{
    int n = 0;
    LPWSTR *wide = CommandLineToArgvW(GetCommandLineW(), &n);

    arguments = wide ? calloc((size_t)n + 1, sizeof *arguments) : NULL;
    if (!arguments)
        exit(EXIT_FILE);
    for (int i = 0; i < n; i++) {
        arguments[i] = utf8_of(wide[i]);
        if (!arguments[i])
            exit(EXIT_FILE);
    }
    LocalFree(wide);
    *argc = n;
    *argv = arguments;
}

void sys_end(void)
{
    for (char **a = arguments; *a; a++)
        free(*a);
    free(arguments);
}

/* A console shows all of Unicode; a file or a pipe gets UTF-8. */
void sys_print(bool error, const char *text)
{
    HANDLE to = GetStdHandle(error ? STD_ERROR_HANDLE : STD_OUTPUT_HANDLE);
    WCHAR *wide = wide_of(text);
    DWORD mode, written;

    if (wide && GetConsoleMode(to, &mode))
        WriteConsoleW(to, wide, (DWORD)wcslen(wide), &written, NULL);
    else
        WriteFile(to, text, (DWORD)strlen(text), &written, NULL);
    free(wide);
}

/* ---- Files ---------------------------------------------------------------------------------------------- */

const char *system_words(DWORD error)
{
    static char *words;
    WCHAR text[300];
    DWORD n = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, error, 0, text,
                             300, NULL);

    while (n && (text[n - 1] <= L' ' || text[n - 1] == L'.'))
        text[--n] = L'\0';
    free(words);
    words = n ? utf8_of(text) : NULL;
    return words ? words : "the system refuses";
}

static bool system_says(const char **why)
{
    *why = system_words(GetLastError());
    return false;
}

static bool read_whole(HANDLE file, struct rebind_bytes *bytes)
{
    LARGE_INTEGER size;
    DWORD n = 0;

    if (!GetFileSizeEx(file, &size))
        return false;
    SetLastError(ERROR_FILE_TOO_LARGE);
    if (size.QuadPart > INT32_MAX)
        return false;
    bytes->size = (size_t)size.QuadPart;
    bytes->at = malloc(bytes->size + 1);
    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    if (!bytes->at || !ReadFile(file, bytes->at, (DWORD)bytes->size, &n, NULL))
        return false;
    SetLastError(ERROR_HANDLE_EOF);
    return n == bytes->size;
}

bool sys_read(const char *path, struct rebind_bytes *bytes, const char **why)
{
    WCHAR *wide = wide_of(path);
    HANDLE file = INVALID_HANDLE_VALUE;
    bool done;

    bytes->at = NULL;
    if (wide)
        file = CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0,
                           NULL);
    done = file != INVALID_HANDLE_VALUE && read_whole(file, bytes);
    if (!done) {
        system_says(why);
        free(bytes->at);
    }
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    free(wide);
    return done;
}

static bool create(const WCHAR *path, const struct rebind_bytes *bytes, const char **why)
{
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
    DWORD n = 0;
    bool done;

    if (file == INVALID_HANDLE_VALUE)
        return system_says(why);
    done = WriteFile(file, bytes->at, (DWORD)bytes->size, &n, NULL) && n == bytes->size &&
           FlushFileBuffers(file);
    if (!done)
        system_says(why);
    CloseHandle(file);
    if (!done)
        DeleteFileW(path);
    return done;
}

bool sys_create(const char *path, const struct rebind_bytes *bytes, const char **why)
{
    WCHAR *wide = wide_of(path);
    bool done = wide ? create(wide, bytes, why) : system_says(why);

    free(wide);
    return done;
}

/* ReplaceFile keeps who may use the file, and wants whole paths. */
static bool replace(const WCHAR *path, const WCHAR *beside, const struct rebind_bytes *bytes,
                    const char **why)
{
    bool done;

    if (!create(beside, bytes, why))
        return false;
    done = ReplaceFileW(path, beside, NULL, 0, NULL, NULL) || system_says(why);
    if (!done)
        DeleteFileW(beside);
    return done;
}

bool sys_replace(const char *path, const struct rebind_bytes *bytes, const char **why)
{
    WCHAR *wide = wide_of(path), *full, *beside;
    DWORD n = wide ? GetFullPathNameW(wide, 0, NULL, NULL) : 0, room = n + 32;
    bool done = false;

    full = malloc(room * sizeof *full);
    beside = malloc(room * sizeof *beside);
    if (n && full && beside && GetFullPathNameW(wide, n, full, NULL) == n - 1) {
        _snwprintf(beside, room, L"%ls.%lx.tmp", full, (unsigned long)GetCurrentProcessId());
        done = replace(full, beside, bytes, why);
    } else {
        *why = system_words(ERROR_NOT_ENOUGH_MEMORY);
    }
    free(beside);
    free(full);
    free(wide);
    return done;
}

bool sys_is_beside(const char *path, const char *name)
{
    size_t folder = strlen(path);
    char *other = malloc(folder + strlen(name) + 1);
    WCHAR *wide = NULL;
    bool there;

    while (folder && path[folder - 1] != '\\' && path[folder - 1] != '/' && path[folder - 1] != ':')
        folder--;
    if (other) {
        memcpy(other, path, folder);
        strcpy(other + folder, name);
        wide = wide_of(other);
    }
    there = wide && GetFileAttributesW(wide) != INVALID_FILE_ATTRIBUTES;
    free(wide);
    free(other);
    return there;
}
