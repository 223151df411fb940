/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* String handles (4.7). The code page says how a buffer is read or written; the A or W of the name only
 * chooses the code page that 0 stands for. Any code page of the system will do. */

#include "api/api.h"

#include <string.h>

enum { MAX_CHARS = HOST_ATOM_CHARS };

/* A code page as the host knows it; CP_WINUNICODE is none of its. */
static int code_page(int given, int standard)
{
    int cp = given ? given : standard;

    return cp == CP_WINANSI ? HOST_ANSI : cp;
}

static bool known(int cp)
{
    return cp == CP_WINUNICODE || (cp >= 0 && host_code_page((unsigned)cp));
}

/* Brings the text to UTF-16 with a null; its length, or 0 if it has none, or more than MAX_CHARS. */
static size_t read_wide(const uint16_t *from, uint16_t *to)
{
    size_t n = 0;

    while (n <= MAX_CHARS && from[n])
        n++;
    if (n <= MAX_CHARS)
        memcpy(to, from, (n + 1) * sizeof *to);
    return n;
}

static size_t read_narrow(const char *from, int cp, uint16_t *to)
{
    size_t bytes = strlen(from), n = host_to_wide((unsigned)cp, from, bytes, NULL, 0);

    if (n <= MAX_CHARS) {
        n = host_to_wide((unsigned)cp, from, bytes, to, MAX_CHARS);
        to[n] = 0;
    }
    return n;
}

static size_t read_text(const void *text, int cp, uint16_t *to)
{
    return cp == CP_WINUNICODE ? read_wide(text, to) : read_narrow(text, cp, to);
}

static HSZ create(DWORD idInst, const void *text, int cp)
{
    struct inst *in = api_inst(idInst);
    uint16_t wide[MAX_CHARS + 1];
    struct string *s;
    size_t n;

    if (!in)
        return 0;
    if (!text || !known(cp)) {
        inst_fail(in, DMLERR_INVALIDPARAMETER);
        return 0;
    }
    n = read_text(text, cp, wide);
    if (!n)
        return 0;
    s = n <= MAX_CHARS ? string_from_text(in, wide) : NULL;
    if (!s) {
        inst_fail(in, DMLERR_SYS_ERROR);
        return 0;
    }
    string_app_ref(s);
    monitor_string(s, MH_CREATE);
    string_unref(s);
    return (HSZ)s->handle;
}

/* DdeCreateStringHandle: a reference on the handle of a text of 1 to 255 characters. Texts that differ in
 * case alone share a handle and the spelling of the first. Give it back with DdeFreeStringHandle. iCodePage:
 * CP_WINANSI, CP_WINUNICODE, 0 for the one of the function's name, or the number of any code page that the
 * system has. Returns 0 for an empty text; or on failure: DMLERR_DLL_NOT_INITIALIZED, DMLERR_INVALIDPARAMETER
 * (also: an unknown code page), DMLERR_SYS_ERROR (too long, or no room). */
HSZ WINAPI DdeCreateStringHandleA(DWORD idInst, LPCSTR psz, int iCodePage)
{
    return create(idInst, psz, code_page(iCodePage, CP_WINANSI));
}

HSZ WINAPI DdeCreateStringHandleW(DWORD idInst, LPCWSTR psz, int iCodePage)
{
    return create(idInst, psz, code_page(iCodePage, CP_WINUNICODE));
}

/* DdeKeepStringHandle: one more reference, for instance on a handle that a callback was given.
 * Returns nonzero, or 0: DMLERR_DLL_NOT_INITIALIZED, DMLERR_INVALIDPARAMETER (0 included). */
BOOL WINAPI DdeKeepStringHandle(DWORD idInst, HSZ hsz)
{
    struct inst *in = api_inst(idInst);
    struct string *s = in ? string_get(in, hsz) : NULL;

    if (!in)
        return FALSE;
    if (!s)
        return api_fail(in, DMLERR_INVALIDPARAMETER);
    string_app_ref(s);
    monitor_string(s, MH_KEEP);
    return TRUE;
}

/* DdeFreeStringHandle: gives one of the application's references back. 0 is accepted and does nothing.
 * Returns nonzero, or 0: DMLERR_DLL_NOT_INITIALIZED, DMLERR_INVALIDPARAMETER (also: the application holds
 * none). */
BOOL WINAPI DdeFreeStringHandle(DWORD idInst, HSZ hsz)
{
    struct inst *in = api_inst(idInst);
    struct string *s = in ? string_get(in, hsz) : NULL;

    if (!in)
        return FALSE;
    if (!hsz)
        return TRUE;
    return s && string_app_unref(s) ? TRUE : api_fail(in, DMLERR_INVALIDPARAMETER);
}

/* ---- DdeQueryString ----------------------------------------------------------------------------------- */

static DWORD query_wide(const struct string *s, uint16_t *to, size_t max)
{
    size_t n = s->length < max - 1 ? s->length : max - 1;

    memcpy(to, s->text, n * sizeof *to);
    to[n] = 0;
    return (DWORD)n;
}

/* The longest beginning of the text that takes no more than `room` bytes, in whole characters. */
static size_t fitting(const struct string *s, unsigned cp, size_t room)
{
    size_t n = s->length;

    while (n && host_from_wide(cp, s->text, n, NULL, 0) > room) {
        n--;
        if (n && s->text[n] >> 10 == 0xDC00 >> 10 && s->text[n - 1] >> 10 == 0xD800 >> 10)
            n--; /* both halves of a character */
    }
    return n;
}

static DWORD query_narrow(const struct string *s, char *to, size_t max, unsigned cp)
{
    size_t n = fitting(s, cp, max - 1);

    if (n)
        n = host_from_wide(cp, s->text, n, to, max - 1);
    to[n] = 0;
    return (DWORD)n;
}

/* A handle of 0 reads as an empty text; the system's function returns 1 for it. */
static DWORD query_none(void *to, int cp)
{
    memset(to, 0, cp == CP_WINUNICODE ? sizeof(uint16_t) : 1);
    return 1;
}

static DWORD query(DWORD idInst, HSZ hsz, void *to, DWORD max, int cp)
{
    struct inst *in = api_inst(idInst);
    struct string *s = in ? string_get(in, hsz) : NULL;

    if (!in)
        return 0;
    if (!s)
        s = string_heard(in, hsz);
    if (!known(cp) || (hsz && !s))
        return (DWORD)api_fail(in, DMLERR_INVALIDPARAMETER);
    if (to && !max)
        return 0;
    if (!s)
        return to ? query_none(to, cp) : 0;
    if (cp == CP_WINUNICODE)
        return to ? query_wide(s, to, max) : (DWORD)s->length;
    return to ? query_narrow(s, to, max, (unsigned)cp)
              : (DWORD)host_from_wide((unsigned)cp, s->text, s->length, NULL, 0);
}

/* DdeQueryString: copies the text of a handle, at most cchMax - 1 characters and a terminator; psz NULL: only
 * measures. Characters are 16-bit units for CP_WINUNICODE and bytes for every other code page (iCodePage as
 * in DdeCreateStringHandle), of which none gets a part of a character; what it lacks becomes its default
 * character. A monitor may ask for the atoms of an event in its callback. Returns the characters copied, or
 * 0: DMLERR_DLL_NOT_INITIALIZED, DMLERR_INVALIDPARAMETER. */
DWORD WINAPI DdeQueryStringA(DWORD idInst, HSZ hsz, LPSTR psz, DWORD cchMax, int iCodePage)
{
    return query(idInst, hsz, psz, cchMax, code_page(iCodePage, CP_WINANSI));
}

DWORD WINAPI DdeQueryStringW(DWORD idInst, HSZ hsz, LPWSTR psz, DWORD cchMax, int iCodePage)
{
    return query(idInst, hsz, psz, cchMax, code_page(iCodePage, CP_WINUNICODE));
}

/* DdeCmpStringHandles: 0 if both stand for the same text without regard to case, else -1 or 1 by an order
 * that is total but not alphabetical; 0 is below all others. Sets no error. */
int WINAPI DdeCmpStringHandles(HSZ hsz1, HSZ hsz2)
{
    const struct string *s1 = string_get_any(hsz1), *s2 = string_get_any(hsz2);
    uintptr_t a = s1 && s2 ? s1->atom : (uintptr_t)hsz1, b = s1 && s2 ? s2->atom : (uintptr_t)hsz2;

    return a == b ? 0 : a < b ? -1 : 1;
}
