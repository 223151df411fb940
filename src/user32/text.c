/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32/user32.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

/* ---- Between the ANSI code page and UTF-16 --------------------------------------------------------------- */

size_t wide_length(const WCHAR *text)
{
    size_t n = 0;

    while (text[n])
        n++;
    return n;
}

WCHAR *wide_copy(const WCHAR *text)
{
    size_t size = text ? (wide_length(text) + 1) * sizeof *text : 0;
    WCHAR *copy = text ? malloc(size) : NULL;

    return copy ? memcpy(copy, text, size) : NULL;
}

WCHAR *wide_from_ansi(const char *text)
{
    size_t n = text ? HOST.to_wide(HOST_ANSI, text, strlen(text) + 1, NULL, 0) : 0;
    WCHAR *wide = text ? malloc(n * sizeof *wide) : NULL;

    if (wide)
        HOST.to_wide(HOST_ANSI, text, strlen(text) + 1, wide, n);
    return wide;
}

char *ansi_from_wide(const WCHAR *text)
{
    size_t units = text ? wide_length(text) + 1 : 0;
    size_t n = text ? HOST.from_wide(HOST_ANSI, text, units, NULL, 0) : 0;
    char *ansi = text ? malloc(n) : NULL;

    if (ansi)
        HOST.from_wide(HOST_ANSI, text, units, ansi, n);
    return ansi;
}

size_t put_wide(WCHAR *dst, size_t size, const WCHAR *text)
{
    size_t n = wide_length(text);

    if (n >= size)
        n = size - 1;
    memcpy(dst, text, n * sizeof *dst);
    dst[n] = 0;
    return n;
}

/* A unit is a byte in this code page. */
size_t put_ansi(char *dst, size_t size, const WCHAR *text)
{
    size_t n = wide_length(text);

    if (n >= size)
        n = size - 1;
    n = n ? HOST.from_wide(HOST_ANSI, text, n, dst, n) : 0;
    dst[n] = 0;
    return n;
}

/* ---- Case ------------------------------------------------------------------------------------------------ */

static pthread_once_t locale_once = PTHREAD_ONCE_INIT;
static locale_t unicode;

static void make_locale(void)
{
    unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

static WCHAR fold(WCHAR c)
{
    wint_t low;

    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? (WCHAR)(c + 'a' - 'A') : c;
    pthread_once(&locale_once, make_locale);
    low = unicode ? towlower_l(c, unicode) : c;
    return low > 0xFFFF ? c : (WCHAR)low;
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static int compare(const WCHAR *a, const WCHAR *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return sign(*a - *b);
}

static int compare_folded(const WCHAR *a, const WCHAR *b)
{
    while (*a && fold(*a) == fold(*b)) {
        a++;
        b++;
    }
    return sign(fold(*a) - fold(*b));
}

/* As words in a dictionary: letters by their place in the alphabet, and small ones first. */
static int compare_words(const WCHAR *a, const WCHAR *b)
{
    int r = compare_folded(a, b);

    return r ? r : -compare(a, b);
}

bool same_name(const WCHAR *a, const WCHAR *b)
{
    return compare_folded(a, b) == 0;
}

/* ---- lstr... --------------------------------------------------------------------------------------------- */

/* What is no text comes before every text. */
static int compare_null(const void *a, const void *b)
{
    return (a != NULL) - (b != NULL);
}

static int compare_ansi(const char *a, const char *b, int (*how)(const WCHAR *a, const WCHAR *b))
{
    WCHAR *wide_a, *wide_b;
    int r = 0;

    if (!a || !b)
        return compare_null(a, b);
    wide_a = wide_from_ansi(a);
    wide_b = wide_from_ansi(b);
    if (wide_a && wide_b)
        r = how(wide_a, wide_b);
    free(wide_a);
    free(wide_b);
    return r;
}

INT WINAPI lstrcmpA(LPCSTR a, LPCSTR b)
{
    return compare_ansi(a, b, compare_words);
}

INT WINAPI lstrcmpW(LPCWSTR a, LPCWSTR b)
{
    return a && b ? compare_words(a, b) : compare_null(a, b);
}

INT WINAPI lstrcmpiA(LPCSTR a, LPCSTR b)
{
    return compare_ansi(a, b, compare_folded);
}

INT WINAPI lstrcmpiW(LPCWSTR a, LPCWSTR b)
{
    return a && b ? compare_folded(a, b) : compare_null(a, b);
}

INT WINAPI lstrlenA(LPCSTR text)
{
    return text ? (INT)strlen(text) : 0;
}

INT WINAPI lstrlenW(LPCWSTR text)
{
    return text ? (INT)wide_length(text) : 0;
}

LPSTR WINAPI lstrcpyA(LPSTR dst, LPCSTR src)
{
    return dst && src ? strcpy(dst, src) : NULL;
}

LPWSTR WINAPI lstrcpyW(LPWSTR dst, LPCWSTR src)
{
    return dst && src ? memcpy(dst, src, (wide_length(src) + 1) * sizeof *src) : NULL;
}

LPSTR WINAPI lstrcatA(LPSTR dst, LPCSTR src)
{
    return dst && src ? strcat(dst, src) : NULL;
}

LPWSTR WINAPI lstrcatW(LPWSTR dst, LPCWSTR src)
{
    if (!dst || !src)
        return NULL;
    lstrcpyW(dst + wide_length(dst), src);
    return dst;
}

LPSTR WINAPI lstrcpynA(LPSTR dst, LPCSTR src, INT size)
{
    size_t n;

    if (!dst || !src || size <= 0)
        return NULL;
    n = strlen(src);
    if (n >= (size_t)size)
        n = (size_t)size - 1;
    memcpy(dst, src, n);
    dst[n] = 0;
    return dst;
}

LPWSTR WINAPI lstrcpynW(LPWSTR dst, LPCWSTR src, INT size)
{
    if (!dst || !src || size <= 0)
        return NULL;
    put_wide(dst, (size_t)size, src);
    return dst;
}
