/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDE_OUTPUT_H
#define DDE_OUTPUT_H

/* What the tool prints on standard output: lines of text or JSON objects, each written as soon as it is
 * complete. */

#include "format.h"
#include "options.h"
#include "target.h"

/* A line of text for people, whose end is added; bytes as they are. */
void print_line(const struct text *line);
void print_string(const char *line);
void print_json(const struct text *line); /* always UTF-8 */
void print_bytes(const void *bytes, size_t n);

/* Has output been lost, because nobody reads it or the disk is full? Then there is no point in going on. */
bool output_is_lost(void);

/* The value of an item. when: its time is printed before it; named: its target is, too. In JSON both always
 * are. bytes NULL: it has changed, but the value was not sent. */
struct shown_value {
    const struct target *target;
    unsigned format;
    const void *bytes;
    size_t n;
    bool when, named;
};
void print_value(const struct options *o, const struct shown_value *v);

/* {"time":"..." for an object that goes on. */
void json_begin_time(struct text *out);
/* ,"name":"value" (not if value is NULL); the first member of an object has no comma. */
void json_member(struct text *out, const char *name, const char *value);
void json_number(struct text *out, const char *name, long long value);
void json_bool(struct text *out, const char *name, bool value);

#endif
