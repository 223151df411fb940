/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDE_TEXT_H
#define DDE_TEXT_H

/* Texts of any length, and what they are written in. Inside the tool every text is UTF-8; names go to the
 * library in UTF-16, data in the encoding of its format. */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "winddeml.h"

/* All zeros is the empty text. at is terminated as soon as anything has been added. */
struct text {
    char *at;
    size_t n, room;
};

/* Memory: these do not return without it. */
void *must_alloc(size_t size);
void *must_resize(void *p, size_t size);
char *must_copy(const char *text);

void text_free(struct text *t);
void text_clear(struct text *t);
const char *text_of(const struct text *t); /* never NULL */
void text_add(struct text *t, const void *bytes, size_t n);
void text_put(struct text *t, const char *utf8);
void text_char(struct text *t, char c);
#ifdef __GNUC__
__attribute__((format(printf, 2, 3)))
#endif
void text_printf(struct text *t, const char *format, ...);
void text_cut(struct text *t, size_t n); /* to the first n bytes */

/* One character of UTF-8, at least one byte of it; what is none reads as 0xFFFFFFFF and is one byte long. */
uint32_t utf8_next(const char **at, const char *end);
void text_character(struct text *t, uint32_t c);
bool is_utf8(const char *bytes, size_t n);

/* UTF-16 on its way to the library and back. The first is the caller's to free. */
WCHAR *utf16_of(const char *utf8, size_t *units);
void text_utf16(struct text *t, const WCHAR *units, size_t n);

/* Bytes of a file or a pipe that may be UTF-8 or, if they are not, the ANSI code page. */
void text_foreign(struct text *t, const char *bytes, size_t n);

/* For one line of a table: control characters and the backslash as C writes them. */
void text_escaped(struct text *t, const char *utf8);
/* Between quotation marks, as JSON wants it. */
void text_json(struct text *t, const char *utf8);

void text_hex(struct text *t, const void *bytes, size_t n);
/* Appends the bytes that hex digits stand for, blanks between bytes allowed; false if it is no such text. */
bool text_from_hex(struct text *t, const char *hex);

/* Names without regard to the case of ASCII letters. */
bool same_name(const char *a, const char *b);
bool begins_with(const char *text, const char *start);

#endif
