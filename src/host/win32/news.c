/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "win32.h"

#include "base/ring.h"

/* Who listens, and what each has not read yet, stands in memory that all processes of the session share,
 * 32-bit ones and 64-bit ones: numbers of fixed width, and no pointers. The board is small and always there,
 * because everybody looks at it before every event. What is unread takes 1 MiB per listener: only those who
 * listen or tell have it.
 *
 * A listener that has died is struck off by whoever meets it. Everything is under one lock of the system's,
 * which passes on when its holder dies; a holder that stands still is waited for once, and not again until
 * the lock has been had. */

enum { SEATS = 16, PATIENCE_MS = 250 };

struct seat {
    LONG kinds; /* 0: nobody sits here */
    LONG wnd, process;
    LONG told; /* HOST_EV_NEWS has been posted since it last heard */
};

struct board {
    volatile LONG kinds; /* of all; read without the lock, too */
    struct seat seats[SEATS];
};

struct shared {
    HANDLE section;
    void *view;
};

static HANDLE lock;
static struct shared board_memory, unread_memory;
static struct board *board;
static SRWLOCK unread_lock = SRWLOCK_INIT; /* while it is being opened */
static struct ring *volatile unread;       /* one per seat */
static volatile LONG stuck;

/* ---- Memory ----------------------------------------------------------------------------------------- */

static void shared_close(struct shared *s)
{
    if (s->view != NULL)
        UnmapViewOfFile(s->view);
    if (s->section != NULL)
        CloseHandle(s->section);
    s->view = NULL;
    s->section = NULL;
}

static void *shared_open(struct shared *s, const WCHAR *name, DWORD size)
{
    s->section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, size, name);
    if (s->section != NULL)
        s->view = MapViewOfFile(s->section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, size);
    if (s->view == NULL)
        shared_close(s);
    return s->view;
}

/* The numbers in the names change with what stands there. A process that may not have it goes without: it
 * cannot listen, and nobody hears of it. */
void win32_news_open(void)
{
    lock = CreateMutexW(NULL, FALSE, L"Local\\DdemlNewsLock1");
    if (lock != NULL)
        board = shared_open(&board_memory, L"Local\\DdemlNewsBoard1", sizeof *board);
}

/* At the exit of a program other threads are still running, perhaps in here; the system closes it all. */
void win32_news_close(void)
{
    if (win32_module() == GetModuleHandleW(NULL))
        return;
    board = NULL;
    unread = NULL;
    shared_close(&unread_memory);
    shared_close(&board_memory);
    if (lock != NULL)
        CloseHandle(lock);
    lock = NULL;
}

static bool unread_ready(void)
{
    AcquireSRWLockExclusive(&unread_lock);
    if (unread == NULL)
        unread = shared_open(&unread_memory, L"Local\\DdemlNewsUnread1", SEATS * sizeof(struct ring));
    ReleaseSRWLockExclusive(&unread_lock);
    return unread != NULL;
}

/* ---- Under the lock --------------------------------------------------------------------------------- */

static bool enter(DWORD patience)
{
    DWORD result = WaitForSingleObject(lock, patience);
    bool entered = result == WAIT_OBJECT_0 || result == WAIT_ABANDONED;

    InterlockedExchange(&stuck, !entered);
    return entered;
}

static void leave(void)
{
    ReleaseMutex(lock);
}

static void sum_up(void)
{
    LONG kinds = 0;

    for (size_t i = 0; i < SEATS; i++)
        kinds |= board->seats[i].kinds;
    InterlockedExchange(&board->kinds, kinds);
}

static HWND window_of(const struct seat *seat)
{
    return (HWND)(LONG_PTR)seat->wnd;
}

static bool is_alive(const struct seat *seat)
{
    DWORD process = 0;

    return GetWindowThreadProcessId(window_of(seat), &process) != 0 && process == (DWORD)seat->process;
}

static void strike_off(struct seat *seat)
{
    seat->kinds = 0;
    sum_up();
}

/* Also when nothing could be added: a line may be full, or spoilt, and its owner not know of it because the
 * event could not be posted then, or because whoever was about to do it was killed. */
static void announce(struct seat *seat, const struct ring *line)
{
    if (!seat->told && !ring_empty(line))
        seat->told = PostMessageW(window_of(seat), win32_messages()->news, 0, 0);
}

static struct seat *take_seat(HWND hwnd)
{
    for (size_t i = 0; i < SEATS; i++) {
        struct seat *seat = &board->seats[i];

        if (seat->kinds != 0 && is_alive(seat))
            continue;
        *seat = (struct seat){.wnd = (LONG)(LONG_PTR)hwnd, .process = (LONG)GetCurrentProcessId()};
        ring_clear(&unread[i]);
        return seat;
    }
    return NULL;
}

/* ---- The seam --------------------------------------------------------------------------------------- */

/* The seat of a window of the calling thread: nobody else changes who sits there. NULL: it has none. */
static struct seat *seat_of(HWND hwnd)
{
    for (size_t i = 0; board != NULL && board->kinds != 0 && i < SEATS; i++) {
        struct seat *seat = &board->seats[i];

        if (seat->kinds != 0 && window_of(seat) == hwnd && (DWORD)seat->process == GetCurrentProcessId())
            return seat;
    }
    return NULL;
}

void win32_news_end(HWND hwnd)
{
    struct seat *seat = seat_of(hwnd);

    if (seat == NULL || !enter(PATIENCE_MS)) /* if it stays, it is struck off later */
        return;
    strike_off(seat);
    leave();
}

bool host_listen(host_wnd wnd, uint32_t kinds)
{
    struct seat *seat;

    if (GetWindowThreadProcessId((HWND)wnd, NULL) != GetCurrentThreadId())
        return false;
    if (kinds == 0) {
        win32_news_end((HWND)wnd);
        return true;
    }
    if (board == NULL || !unread_ready())
        return false;
    seat = seat_of((HWND)wnd);
    if (!enter(PATIENCE_MS))
        return false;
    if (seat == NULL)
        seat = take_seat((HWND)wnd);
    if (seat != NULL) {
        seat->kinds = (LONG)kinds;
        seat->told = FALSE; /* it may be that of a former window of the same value */
        announce(seat, &unread[seat - board->seats]);
    }
    sum_up();
    leave();
    return seat != NULL;
}

uint32_t host_listened(void)
{
    return board != NULL ? (uint32_t)board->kinds : 0;
}

void host_tell(uint32_t kind, const void *record, size_t size)
{
    bool heard = false;

    if ((host_listened() & kind) == 0 || !unread_ready() || !enter(stuck ? 0 : PATIENCE_MS))
        return;
    for (size_t i = 0; i < SEATS; i++) {
        struct seat *seat = &board->seats[i];

        if (((uint32_t)seat->kinds & kind) == 0)
            continue;
        if (!is_alive(seat)) {
            strike_off(seat);
            continue;
        }
        heard = true;
        ring_put(&unread[i], kind, record, size);
        announce(seat, &unread[i]);
    }
    if (!heard) /* somebody was killed between striking off and summing up */
        sum_up();
    leave();
}

size_t host_hear(host_wnd wnd, uint32_t *kind, void *record, size_t max)
{
    bool own = GetWindowThreadProcessId((HWND)wnd, NULL) == GetCurrentThreadId();
    struct seat *seat = own ? seat_of((HWND)wnd) : NULL;
    struct ring *line;
    size_t size;

    if (seat == NULL || unread == NULL)
        return 0;
    if (!enter(PATIENCE_MS)) {
        PostMessageW((HWND)wnd, win32_messages()->news, 0, 0); /* another time */
        return 0;
    }
    line = &unread[seat - board->seats];
    size = ring_take(line, kind, record, max);
    seat->told = FALSE;
    announce(seat, line);
    leave();
    return size;
}
