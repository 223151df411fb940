/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/host.h"

#include <errno.h>
#include <iconv.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Code pages are iconv's. ANSI is Windows-1252, the one that is used all the time: every character of it is
 * one unit on either side, so that two tables, made once, say it all. */

enum { ANSI_PAGE = 1252, HALF = 0x80 };

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define WIDE "UTF-16LE"
#else
#define WIDE "UTF-16BE"
#endif

/* ---- Every code page ----------------------------------------------------------------------------------- */

/* iconv names most code pages by their number, and these otherwise. */
static const struct named {
    unsigned first, last;
    const char *name;
    unsigned number; /* of the first, where the name has one */
} named[] = {
    {20127, 20127, "ASCII", 0},  {20866, 20866, "KOI8-R", 0},    {21866, 21866, "KOI8-U", 0},
    {20932, 20932, "EUC-JP", 0}, {51932, 51932, "EUC-JP", 0},    {51936, 51936, "EUC-CN", 0},
    {51949, 51949, "EUC-KR", 0}, {54936, 54936, "GB18030", 0},   {65000, 65000, "UTF-7", 0},
    {65001, 65001, "UTF-8", 0},  {28591, 28606, "ISO-8859-", 1},
};

enum { NAME = 32 };

static void name_of(unsigned code_page, char name[NAME])
{
    snprintf(name, NAME, "CP%03u", code_page);
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        const struct named *n = &named[i];

        if (code_page < n->first || code_page > n->last)
            continue;
        if (n->number)
            snprintf(name, NAME, "%s%u", n->name, n->number + code_page - n->first);
        else
            snprintf(name, NAME, "%s", n->name);
    }
}

static iconv_t open_from(unsigned code_page)
{
    char name[NAME];

    name_of(code_page, name);
    return iconv_open(WIDE, name);
}

static iconv_t open_to(unsigned code_page)
{
    char name[NAME];

    name_of(code_page, name);
    return iconv_open(name, WIDE);
}

struct output {
    char *at; /* NULL: the bytes are only counted */
    size_t room, size;
};

/* 0, or E2BIG. */
static int put(struct output *out, const void *bytes, size_t n)
{
    out->size += n;
    if (!out->at)
        return 0;
    if (n > out->room)
        return E2BIG;
    memcpy(out->at, bytes, n);
    out->at += n;
    out->room -= n;
    return 0;
}

/* Converts as far as it goes (in NULL: what iconv has kept back); 0 or errno. iconv never sees the output's end: some
 * of its code pages want more room than they use, and a character that they lack is then one that does not fit. */
static int feed(iconv_t cd, char **in, size_t *left, struct output *out)
{
    char scrap[256], *to;
    int error = E2BIG;

    while (error == E2BIG) {
        size_t room = sizeof scrap;

        to = scrap;
        error = iconv(cd, in, left, &to, &room) == (size_t)-1 ? errno : 0;
        if (put(out, scrap, sizeof scrap - room) != 0)
            return E2BIG;
    }
    return error;
}

static int feed_unit(iconv_t cd, uint16_t unit, struct output *out)
{
    char *in = (char *)&unit;
    size_t left = sizeof unit;

    return feed(cd, &in, &left, out);
}

/* In place of a byte that is no character. */
static int put_replacement(iconv_t cd, struct output *out)
{
    static const uint16_t replacement = 0xFFFD;
    int error = feed(cd, NULL, NULL, out);

    return error ? error : put(out, &replacement, sizeof replacement);
}

/* In place of a unit that the code page lacks, or that is half a character. */
static int put_default(iconv_t cd, struct output *out)
{
    int error = feed_unit(cd, 0xFFFD, out);

    return error == EILSEQ ? feed_unit(cd, '?', out) : error;
}

/* The bytes of the whole result; 0 if they do not fit, or if cd is none. Closes cd. */
static size_t convert(iconv_t cd, int (*instead)(iconv_t cd, struct output *out), const void *src,
                      size_t size, size_t unit, struct output out)
{
    char *in = (char *)(uintptr_t)src;
    int error;

    if (cd == (iconv_t)-1)
        return 0;
    while ((error = feed(cd, &in, &size, &out)) == EILSEQ || error == EINVAL) {
        size_t bad = error == EINVAL ? size : unit; /* EINVAL: the input ends within a character */

        in += bad;
        size -= bad;
        error = instead(cd, &out);
        if (error == E2BIG)
            break;
    }
    if (!error)
        error = feed(cd, NULL, NULL, &out);
    iconv_close(cd);
    return error ? 0 : out.size;
}

/* ---- Windows-1252 -------------------------------------------------------------------------------------- */

/* The five bytes that the code page leaves open stand for the control characters of the same number, as on
 * Windows; so do all of the upper half if iconv does not know the code page. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint16_t wide_of[HALF];             /* by byte - 0x80                    */
static unsigned char page_of[256];         /* by the unit's high byte: 0, or 1 + the row of narrow_of */
static unsigned char narrow_of[HALF][256]; /* a row for each high byte that occurs */

static void make_tables(void)
{
    unsigned char pages = 0;

    for (unsigned i = 0; i < HALF; i++) {
        unsigned char byte = (unsigned char)(HALF + i);
        uint16_t wide = 0xFFFD;
        struct output out = {.at = (char *)&wide, .room = sizeof wide};

        convert(open_from(ANSI_PAGE), put_replacement, &byte, 1, 1, out);
        if (wide == 0xFFFD)
            wide = byte;
        if (!page_of[wide >> 8])
            page_of[wide >> 8] = ++pages;
        wide_of[i] = wide;
        narrow_of[page_of[wide >> 8] - 1][wide & 0xFF] = byte;
    }
}

static uint16_t to_wide(unsigned char c)
{
    if (c < HALF)
        return c;
    pthread_once(&once, make_tables);
    return wide_of[c - HALF];
}

static unsigned char to_narrow(uint16_t c)
{
    unsigned char page, narrow;

    if (c < HALF)
        return (unsigned char)c;
    pthread_once(&once, make_tables);
    page = page_of[c >> 8];
    narrow = page ? narrow_of[page - 1][c & 0xFF] : 0;
    return narrow ? narrow : '?';
}

/* ---- Both ---------------------------------------------------------------------------------------------- */

static bool is_ansi(unsigned code_page)
{
    return code_page == HOST_ANSI || code_page == ANSI_PAGE;
}

static bool opens(iconv_t cd)
{
    return cd != (iconv_t)-1 && iconv_close(cd) == 0;
}

bool host_code_page(unsigned code_page)
{
    return is_ansi(code_page) || (opens(open_from(code_page)) && opens(open_to(code_page)));
}

size_t host_to_wide(unsigned code_page, const char *src, size_t n, uint16_t *dst, size_t max)
{
    struct output out = {.at = (char *)dst, .room = max * sizeof *dst};

    if (!is_ansi(code_page))
        return convert(open_from(code_page), put_replacement, src, n, 1, out) / sizeof *dst;
    if (dst && n > max)
        return 0;
    for (size_t i = 0; dst && i < n; i++)
        dst[i] = to_wide((unsigned char)src[i]);
    return n;
}

size_t host_from_wide(unsigned code_page, const uint16_t *src, size_t n, char *dst, size_t max)
{
    struct output out = {.at = dst, .room = max};

    if (!is_ansi(code_page))
        return convert(open_to(code_page), put_default, src, n * sizeof *src, sizeof *src, out);
    if (dst && n > max)
        return 0;
    for (size_t i = 0; dst && i < n; i++)
        dst[i] = (char)to_narrow(src[i]);
    return n;
}
