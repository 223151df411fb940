/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "interop/lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lines {
    HANDLE from, thread, there;
    void (*at_end)(void);
    CRITICAL_SECTION lock;
    char bytes[2 * LINE];
    size_t n;
    bool ended;
};

static bool has_line(const struct lines *l)
{
    return memchr(l->bytes, '\n', l->n) != NULL;
}

static DWORD WINAPI read_on(void *lines)
{
    struct lines *l = lines;
    char some[512];
    DWORD got;

    while (ReadFile(l->from, some, sizeof some, &got, NULL) && got) {
        EnterCriticalSection(&l->lock);
        if (got > sizeof l->bytes - l->n) /* whoever says so much without being heard is beside itself */
            got = (DWORD)(sizeof l->bytes - l->n);
        memcpy(l->bytes + l->n, some, got);
        l->n += got;
        if (has_line(l))
            SetEvent(l->there);
        LeaveCriticalSection(&l->lock);
    }
    if (l->at_end)
        l->at_end();
    EnterCriticalSection(&l->lock);
    l->ended = true;
    SetEvent(l->there);
    LeaveCriticalSection(&l->lock);
    return 0;
}

struct lines *lines_open(HANDLE from, void (*at_end)(void))
{
    struct lines *l = calloc(1, sizeof *l);

    if (!l)
        abort();
    l->from = from;
    l->at_end = at_end;
    InitializeCriticalSection(&l->lock);
    l->there = CreateEventW(NULL, TRUE, FALSE, NULL);
    l->thread = CreateThread(NULL, 0, read_on, l, 0, NULL);
    if (!l->there || !l->thread)
        abort();
    return l;
}

void lines_close(struct lines *l)
{
    WaitForSingleObject(l->thread, INFINITE);
    CloseHandle(l->thread);
    CloseHandle(l->there);
    DeleteCriticalSection(&l->lock);
    free(l);
}

HANDLE lines_event(const struct lines *l)
{
    return l->there;
}

bool lines_take(struct lines *l, char line[LINE])
{
    bool taken = false;
    size_t size;

    EnterCriticalSection(&l->lock);
    if (has_line(l)) {
        size = (size_t)((char *)memchr(l->bytes, '\n', l->n) - l->bytes) + 1;
        snprintf(line, LINE, "%.*s", (int)size - 1, l->bytes);
        l->n -= size;
        memmove(l->bytes, l->bytes + size, l->n);
        taken = true;
    }
    if (!has_line(l) && !l->ended)
        ResetEvent(l->there);
    LeaveCriticalSection(&l->lock);
    return taken;
}

bool lines_wait(struct lines *l, char line[LINE], DWORD ms)
{
    return WaitForSingleObject(l->there, ms) == WAIT_OBJECT_0 && lines_take(l, line);
}

bool lines_say(HANDLE to, const char *line)
{
    char whole[LINE + 1];
    int n = snprintf(whole, sizeof whole, "%s\n", line);
    DWORD done;

    if (n < 0 || n > LINE)
        abort();
    return WriteFile(to, whole, (DWORD)n, &done, NULL) && done == (DWORD)n;
}
