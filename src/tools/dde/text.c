/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "text.h"
#include "exits.h"
#include "sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *must_resize(void *p, size_t size)
{
    void *q = realloc(p, size ? size : 1);

    if (!q) {
        fputs("dde: out of memory\n", stderr);
        exit(EXIT_MEMORY);
    }
    return q;
}

void *must_alloc(size_t size)
{
    return memset(must_resize(NULL, size), 0, size);
}

char *must_copy(const char *text)
{
    size_t size = strlen(text) + 1;

    return memcpy(must_resize(NULL, size), text, size);
}

/* ---- Growing ------------------------------------------------------------------------------------------ */

void text_free(struct text *t)
{
    free(t->at);
    *t = (struct text){0};
}

void text_clear(struct text *t)
{
    text_cut(t, 0);
}

const char *text_of(const struct text *t)
{
    return t->at ? t->at : "";
}

static void text_room(struct text *t, size_t more)
{
    if (more < t->room && t->n < t->room - more)
        return;
    t->room = 2 * t->room + more + 32;
    t->at = must_resize(t->at, t->room);
}

void text_add(struct text *t, const void *bytes, size_t n)
{
    text_room(t, n);
    if (n)
        memcpy(t->at + t->n, bytes, n);
    t->n += n;
    t->at[t->n] = '\0';
}

void text_put(struct text *t, const char *utf8)
{
    text_add(t, utf8, strlen(utf8));
}

void text_char(struct text *t, char c)
{
    text_add(t, &c, 1);
}

void text_printf(struct text *t, const char *format, ...)
{
    va_list args, again;
    int n;

    va_start(args, format);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, args);
    if (n > 0) {
        text_room(t, (size_t)n + 1);
        vsnprintf(t->at + t->n, (size_t)n + 1, format, again);
        t->n += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

void text_cut(struct text *t, size_t n)
{
    if (n >= t->n)
        return;
    t->n = n;
    t->at[n] = '\0';
}

/* ---- Unicode ------------------------------------------------------------------------------------------ */

#define NO_CHARACTER 0xFFFFFFFFu
#define REPLACEMENT  0xFFFDu

uint32_t utf8_next(const char **at, const char *end)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)*at;
    size_t left = (size_t)(end - *at);
    unsigned more = p[0] < 0x80             ? 0
                    : (p[0] & 0xE0) == 0xC0 ? 1
                    : (p[0] & 0xF0) == 0xE0 ? 2
                    : (p[0] & 0xF8) == 0xF0 ? 3
                                            : 4;
    uint32_t c;

    *at += 1;
    if (more == 0)
        return p[0];
    if (more == 4 || left <= more)
        return NO_CHARACTER;
    c = p[0] & (0x3Fu >> more);
    for (unsigned i = 1; i <= more; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return NO_CHARACTER;
        c = c << 6 | (p[i] & 0x3F);
    }
    if (c < least[more] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        return NO_CHARACTER;
    *at += more;
    return c;
}

void text_character(struct text *t, uint32_t c)
{
    if (c < 0x80) {
        text_char(t, (char)c);
    } else if (c < 0x800) {
        text_char(t, (char)(0xC0 | c >> 6));
        text_char(t, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        text_char(t, (char)(0xE0 | c >> 12));
        text_char(t, (char)(0x80 | (c >> 6 & 0x3F)));
        text_char(t, (char)(0x80 | (c & 0x3F)));
    } else {
        text_char(t, (char)(0xF0 | c >> 18));
        text_char(t, (char)(0x80 | (c >> 12 & 0x3F)));
        text_char(t, (char)(0x80 | (c >> 6 & 0x3F)));
        text_char(t, (char)(0x80 | (c & 0x3F)));
    }
}

bool is_utf8(const char *bytes, size_t n)
{
    const char *at = bytes, *end = bytes + n;

    while (at < end)
        if (utf8_next(&at, end) == NO_CHARACTER)
            return false;
    return true;
}

WCHAR *utf16_of(const char *utf8, size_t *units)
{
    const char *at = utf8, *end = utf8 + strlen(utf8);
    WCHAR *wide = must_alloc(((size_t)(end - at) + 1) * sizeof *wide);
    size_t n = 0;

    while (at < end) {
        uint32_t c = utf8_next(&at, end);

        if (c == NO_CHARACTER)
            c = REPLACEMENT;
        if (c < 0x10000) {
            wide[n++] = (WCHAR)c;
        } else {
            wide[n++] = (WCHAR)(0xD800 + ((c - 0x10000) >> 10));
            wide[n++] = (WCHAR)(0xDC00 + ((c - 0x10000) & 0x3FF));
        }
    }
    if (units)
        *units = n;
    return wide;
}

void text_utf16(struct text *t, const WCHAR *units, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t c = units[i];

        if (c >= 0xD800 && c < 0xDC00 && i + 1 < n && units[i + 1] >= 0xDC00 && units[i + 1] < 0xE000)
            c = 0x10000 + ((c - 0xD800) << 10) + (units[++i] - 0xDC00u);
        else if (c >= 0xD800 && c < 0xE000)
            c = REPLACEMENT;
        text_character(t, c);
    }
}

void text_foreign(struct text *t, const char *bytes, size_t n)
{
    if (is_utf8(bytes, n))
        text_add(t, bytes, n);
    else
        sys_decode(SYS_ANSI, t, bytes, n);
}

/* ---- Writing ------------------------------------------------------------------------------------------ */

/* The letter that stands for a control character after a backslash, or 0. */
static char escape_of(char c)
{
    static const char letters[] = "\nn\rr\tt\bb\ff";

    for (const char *p = letters; *p; p += 2)
        if (*p == c)
            return p[1];
    return 0;
}

void text_escaped(struct text *t, const char *utf8)
{
    for (; *utf8; utf8++) {
        if (*utf8 == '\\')
            text_put(t, "\\\\");
        else if (escape_of(*utf8))
            text_printf(t, "\\%c", escape_of(*utf8));
        else if ((unsigned char)*utf8 < 0x20 || *utf8 == 0x7F)
            text_printf(t, "\\x%02x", (unsigned)*utf8);
        else
            text_char(t, *utf8);
    }
}

void text_json(struct text *t, const char *utf8)
{
    const char *end = utf8 + strlen(utf8);

    text_char(t, '"');
    while (utf8 < end) {
        uint32_t c = utf8_next(&utf8, end);

        if (c == '"' || c == '\\')
            text_printf(t, "\\%c", (char)c);
        else if (c < 0x20 && escape_of((char)c))
            text_printf(t, "\\%c", escape_of((char)c));
        else if (c < 0x20 || c == 0x7F)
            text_printf(t, "\\u%04x", (unsigned)c);
        else
            text_character(t, c == NO_CHARACTER ? REPLACEMENT : c);
    }
    text_char(t, '"');
}

/* ---- Hex ---------------------------------------------------------------------------------------------- */

void text_hex(struct text *t, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        text_printf(t, i ? " %02x" : "%02x", ((const unsigned char *)bytes)[i]);
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool text_from_hex(struct text *t, const char *hex)
{
    for (;;) {
        int high, low;

        while (*hex == ' ' || *hex == '\n' || *hex == '\r' || *hex == '\t')
            hex++;
        if (!*hex)
            return true;
        high = digit(hex[0]);
        low = high < 0 ? -1 : digit(hex[1]);
        if (low < 0)
            return false;
        text_char(t, (char)(high << 4 | low));
        hex += 2;
    }
}

/* ---- Names -------------------------------------------------------------------------------------------- */

static char folded(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool same_name(const char *a, const char *b)
{
    while (*a && folded(*a) == folded(*b))
        a++, b++;
    return folded(*a) == folded(*b);
}

bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}
