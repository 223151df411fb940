/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The door of texts: string handles in every code page, conversion, comparison, and the commands of XTYP_EXECUTE
 * between ANSI and Unicode instances. Buffers have exactly the size that is told. */

#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { INSTANCES = 2, KEPT = 12, GUARD = 0xA5 };

static struct {
    DWORD id[INSTANCES];
    HCONV conv;
    HSZ kept[KEPT];
    unsigned owner[KEPT];
} door;

/* ---- Code pages ----------------------------------------------------------------------------------------- */

static int any_page(void)
{
    static const int pages[] = {0,     CP_WINANSI, CP_WINUNICODE, 1252,  1251,  932,   936,   949,
                                950,   437,        850,           65000, 65001, 54936, 20127, 28591,
                                28605, 51932,      1255,          1258,  874,   37};
    unsigned b = fuzz_byte();

    return b < 240 ? pages[b % (sizeof pages / sizeof *pages)] : (int)(uint32_t)fuzz_number();
}

static bool is_wide(int page, bool unicode)
{
    return page == CP_WINUNICODE || (!page && unicode);
}

/* ---- Handles -------------------------------------------------------------------------------------------- */

static unsigned any_place(void)
{
    return fuzz_below(KEPT);
}

static HSZ any_hsz(void)
{
    unsigned b = fuzz_byte();

    return b < 224 ? door.kept[b % KEPT] : (HSZ)(uintptr_t)fuzz_number();
}

static void keep(HSZ hsz, unsigned owner)
{
    unsigned place = any_place();

    if (door.kept[place])
        DdeFreeStringHandle(door.id[door.owner[place]], door.kept[place]);
    door.kept[place] = hsz;
    door.owner[place] = owner;
}

static void create(void)
{
    unsigned owner = fuzz_below(INSTANCES);
    bool unicode = fuzz_byte() & 1;
    int page = any_page();
    char *text = fuzz_text(600);

    keep(unicode ? DdeCreateStringHandleW(door.id[owner], (LPCWSTR)(void *)text, page)
                 : DdeCreateStringHandleA(door.id[owner], text, page),
         owner);
}

static DWORD ask(DWORD id, HSZ hsz, void *to, DWORD room, int page, bool unicode)
{
    return unicode ? DdeQueryStringW(id, hsz, to, room, page) : DdeQueryStringA(id, hsz, to, room, page);
}

/* What is copied is told, is no more than there is room for, and ends; what is measured is what fits into a buffer
 * that is large enough. */
static void query(void)
{
    DWORD id = door.id[fuzz_below(INSTANCES)];
    HSZ hsz = any_hsz();
    bool unicode = fuzz_byte() & 1;
    int page = any_page();
    DWORD room = fuzz_size() % 2048, all = ask(id, hsz, NULL, room, page, unicode), n;
    size_t unit = is_wide(page, unicode) ? sizeof(uint16_t) : 1;
    unsigned char *exact = malloc(room ? room * unit : 1);

    fuzz_assert(exact);
    memset(exact, GUARD, room * unit);
    n = ask(id, hsz, exact, room, page, unicode);
    fuzz_assert(n < room || (!room && !n) || (!hsz && n == 1)); /* 0 is known to be read as one character */
    if (n && hsz) {
        fuzz_assert(!exact[n * unit] && (unit == 1 || !exact[n * unit + 1]));
        fuzz_assert(n <= all && (room <= all || n == all));
    }
    free(exact);
}

static void compare(void)
{
    HSZ a = any_hsz(), b = any_hsz();
    INT one = DdeCmpStringHandles(a, b);

    fuzz_assert(one == -DdeCmpStringHandles(b, a));
    fuzz_assert(one || a == b || DdeCmpStringHandles(a, a) == 0);
}

static void count(void)
{
    DWORD id = door.id[fuzz_below(INSTANCES)];
    HSZ hsz = any_hsz();

    if (DdeKeepStringHandle(id, hsz))
        fuzz_assert(DdeFreeStringHandle(id, hsz));
}

/* A text that could be made can be read in the code page it came from, and gives the same handle again. */
static void round_trip(void)
{
    unsigned owner = fuzz_below(INSTANCES);
    int page = any_page();
    char *text = fuzz_text(200);
    WCHAR wide[HOST_ATOM_CHARS + 1];
    DWORD id = door.id[owner];
    HSZ hsz = DdeCreateStringHandleA(id, text, page), again;
    DWORD n;

    if (!hsz)
        return;
    n = DdeQueryStringW(id, hsz, wide, HOST_ATOM_CHARS + 1, CP_WINUNICODE);
    fuzz_assert(n > 0 && n <= HOST_ATOM_CHARS && wide[n] == 0);
    again = DdeCreateStringHandleW(id, wide, CP_WINUNICODE);
    fuzz_assert(again == hsz);
    DdeFreeStringHandle(id, again);
    DdeFreeStringHandle(id, hsz);
}

/* ---- The host's conversion -------------------------------------------------------------------------------- */

/* Host functions are given what they know. */
static bool host_page(unsigned *page)
{
    int any = any_page();

    *page = any == CP_WINANSI || any < 0 ? HOST_ANSI : (unsigned)any;
    return any != CP_WINUNICODE && host_code_page(*page);
}

static void to_wide(void)
{
    unsigned page;
    size_t size = fuzz_below(200), all, n, room;
    char *from;
    uint16_t *to;

    if (!host_page(&page))
        return;
    from = fuzz_exact(size);
    all = host_to_wide(page, from, size, NULL, 0);
    room = fuzz_byte() & 1 ? all : fuzz_below(200);
    to = malloc(room ? room * sizeof *to : 1);
    fuzz_assert(to);
    n = host_to_wide(page, from, size, to, room);
    fuzz_assert(n == (room < all ? 0 : all));
    free(to);
}

static void from_wide(void)
{
    unsigned page;
    size_t units = fuzz_below(100), all, n, room;
    uint16_t *from;
    char *to;

    if (!host_page(&page))
        return;
    from = fuzz_exact(units * sizeof *from);
    all = host_from_wide(page, from, units, NULL, 0);
    room = fuzz_byte() & 1 ? all : fuzz_byte();
    to = malloc(room ? room : 1);
    fuzz_assert(to);
    n = host_from_wide(page, from, units, to, room);
    fuzz_assert(n == (room < all ? 0 : all));
    free(to);
}

/* ---- Commands --------------------------------------------------------------------------------------------- */

static HDDEDATA CALLBACK callback(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR d1, ULONG_PTR d2)
{
    unsigned char *copy;
    DWORD size, n;

    (void)fmt;
    (void)conv;
    (void)hsz1;
    (void)hsz2;
    (void)d1;
    (void)d2;
    if (type == XTYP_CONNECT)
        return (HDDEDATA)(uintptr_t)TRUE;
    if (type != XTYP_EXECUTE)
        return 0;
    size = DdeGetData(data, NULL, 0, 0);
    copy = malloc(size ? size : 1);
    fuzz_assert(copy && size);
    n = DdeGetData(data, copy, size, 0);
    fuzz_assert(n == size);
    free(copy);
    return (HDDEDATA)(uintptr_t)DDE_FACK;
}

static HSZ name(DWORD id, const char *text)
{
    return DdeCreateStringHandleA(id, text, CP_WINANSI);
}

static void open_instance(unsigned i)
{
    bool unicode = fuzz_byte() & 1;

    (unicode ? DdeInitializeW : DdeInitializeA)(&door.id[i], callback, CBF_SKIP_ALLNOTIFICATIONS, 0);
}

static void open_conversation(void)
{
    HSZ there = name(door.id[1], "S"), here = name(door.id[0], "S");

    if (door.conv)
        return;
    DdeNameService(door.id[1], there, 0, DNS_REGISTER);
    door.conv = DdeConnect(door.id[0], here, here, NULL);
    fuzz_assert(door.conv);
}

static void execute(void)
{
    DWORD size = fuzz_size() % 1024, result = 0;
    bool by_handle = fuzz_byte() & 1;
    LPBYTE text;

    open_conversation();
    text = fuzz_exact(size);
    if (by_handle) {
        HDDEDATA data = DdeCreateDataHandle(door.id[0], text, size, 0, 0, 0, 0);

        DdeClientTransaction((LPBYTE)data, 0xFFFFFFFF, door.conv, 0, 0, XTYP_EXECUTE, 1000, &result);
    } else {
        DdeClientTransaction(text, size, door.conv, 0, 0, XTYP_EXECUTE, 1000, &result);
    }
    fuzz_assert(result & DDE_FACK);
}

/* ---- The door --------------------------------------------------------------------------------------------- */

static void (*const steps[])(void) = {create, create,     query,   query,     compare,
                                      count,  round_trip, to_wide, from_wide, execute};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_begin(data, size, NULL);
    memset(&door, 0, sizeof door);
    for (unsigned i = 0; i < INSTANCES; i++)
        open_instance(i);
    while (fuzz_more())
        steps[fuzz_below(sizeof steps / sizeof *steps)]();
    for (unsigned i = 0; i < INSTANCES; i++)
        fuzz_assert(DdeUninitialize(door.id[i]));
    fuzz_end();
    return 0;
}
