/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDE_FORMAT_H
#define DDE_FORMAT_H

/* Clipboard formats, and values in them. */

#include "options.h"
#include "text.h"

/* A name with or without CF_, a number in C's notation, or the name of a registered format; 0: there is
 * none. */
unsigned format_number(const char *name);
void format_name(struct text *out, unsigned number);
/* As the items Formats of the System topic have it: without CF_. */
void format_system_name(struct text *out, unsigned number);
bool format_is_text(unsigned number);

/* The bytes of a text in a format, with the null that ends it; false if characters were lost. */
bool format_encode(struct text *bytes, unsigned number, const char *utf8);
/* The text that bytes of a format hold: up to the first null, without a line's end behind it. */
void format_decode(struct text *utf8, unsigned number, const void *bytes, size_t n);

/* A value as the user writes it (--hex, --raw, --text or by the format) and as it is to be shown. */
bool value_parse(struct text *bytes, const struct options *o, unsigned number, const char *bytes_of_user,
                 size_t n, struct text *why);
void value_put(struct text *out, const struct options *o, unsigned number, const void *bytes, size_t n);
/* The members format and text (or hex) of a JSON object, each with a comma before it. */
void value_json(struct text *out, const struct options *o, unsigned number, const void *bytes, size_t n);

#endif
