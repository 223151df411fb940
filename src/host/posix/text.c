/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/host.h"

#include <iconv.h>
#include <pthread.h>

/* The ANSI code page is WINDOWS-1252: every character is one unit on either side, so two tables say it all.
 * They are made once, by iconv. The five bytes that the code page leaves open stand for the control
 * characters of the same number, as on Windows; so do all of the upper half if iconv does not know the code
 * page. */

enum { HALF = 0x80 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint16_t wide_of[HALF];             /* by byte - 0x80                    */
static unsigned char page_of[256];         /* by the unit's high byte: 0, or 1 + the row of narrow_of */
static unsigned char narrow_of[HALF][256]; /* a row for each high byte that occurs */

static uint16_t ask(iconv_t cd, unsigned char byte)
{
    char in = (char)byte, *inp = &in, *outp;
    unsigned char out[2];
    size_t n_in = 1, n_out = sizeof out;

    outp = (char *)out;
    if (cd == (iconv_t)-1)
        return byte;
    iconv(cd, NULL, NULL, NULL, NULL);
    if (iconv(cd, &inp, &n_in, &outp, &n_out) == (size_t)-1 || n_out != 0)
        return byte;
    return (uint16_t)(out[0] | out[1] << 8);
}

static void make_tables(void)
{
    iconv_t cd = iconv_open("UTF-16LE", "WINDOWS-1252");
    unsigned char pages = 0;

    for (unsigned i = 0; i < HALF; i++) {
        uint16_t wide = ask(cd, (unsigned char)(HALF + i));
        if (!page_of[wide >> 8])
            page_of[wide >> 8] = ++pages;
        wide_of[i] = wide;
        narrow_of[page_of[wide >> 8] - 1][wide & 0xFF] = (unsigned char)(HALF + i);
    }
    if (cd != (iconv_t)-1)
        iconv_close(cd);
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

size_t host_ansi_to_wide(const char *src, size_t n, uint16_t *dst, size_t max)
{
    for (size_t i = 0; dst && i < n && i < max; i++)
        dst[i] = to_wide((unsigned char)src[i]);
    return n;
}

size_t host_wide_to_ansi(const uint16_t *src, size_t n, char *dst, size_t max)
{
    for (size_t i = 0; dst && i < n && i < max; i++)
        dst[i] = (char)to_narrow(src[i]);
    return n;
}
