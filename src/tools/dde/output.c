/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "output.h"
#include "exits.h"
#include "sys.h"

#include <string.h>

static bool lost;

static void put_out(const void *bytes, size_t n, bool text)
{
    if (lost || sys_write(bytes, n, text))
        return;
    lost = true;
    fail_with(EXIT_FILE, "what is printed here can no longer be written");
}

bool output_is_lost(void)
{
    return lost;
}

static void print(const char *line, bool text)
{
    struct text whole = {0};

    text_printf(&whole, "%s\n", line);
    put_out(whole.at, whole.n, text);
    text_free(&whole);
}

void print_line(const struct text *line)
{
    print(text_of(line), true);
}

void print_string(const char *line)
{
    print(line, true);
}

void print_json(const struct text *line)
{
    print(text_of(line), false);
}

void print_bytes(const void *bytes, size_t n)
{
    put_out(bytes, n, false);
}

/* ---- JSON --------------------------------------------------------------------------------------------- */

static void name_member(struct text *out, const char *name)
{
    if (!out->n)
        text_char(out, '{');
    else if (out->at[out->n - 1] != '{')
        text_char(out, ',');
    text_json(out, name);
    text_char(out, ':');
}

void json_member(struct text *out, const char *name, const char *value)
{
    if (!value)
        return;
    name_member(out, name);
    text_json(out, value);
}

void json_number(struct text *out, const char *name, long long value)
{
    name_member(out, name);
    text_printf(out, "%lld", value);
}

void json_bool(struct text *out, const char *name, bool value)
{
    name_member(out, name);
    text_put(out, value ? "true" : "false");
}

void json_begin_time(struct text *out)
{
    char now[32];

    sys_wall_clock(now, sizeof now);
    json_member(out, "time", now);
}

/* ---- Values ------------------------------------------------------------------------------------------- */

static void value_as_json(const struct options *o, const struct shown_value *v)
{
    struct text line = {0};

    json_begin_time(&line);
    json_member(&line, "service", v->target->service);
    json_member(&line, "topic", v->target->topic);
    json_member(&line, "item", v->target->item);
    if (v->bytes)
        value_json(&line, o, v->format, v->bytes, v->n);
    else
        json_bool(&line, "changed", true);
    text_char(&line, '}');
    print_json(&line);
    text_free(&line);
}

/* In a table a value has to stay on its line. */
static void value_as_line(const struct options *o, const struct shown_value *v)
{
    struct text line = {0}, part = {0};
    char now[32];

    if (v->when) {
        sys_wall_clock(now, sizeof now);
        text_printf(&line, "%s\t", now);
    }
    if (v->named) {
        target_put(&part, v->target);
        text_escaped(&line, text_of(&part));
        text_char(&line, '\t');
        text_clear(&part);
    }
    if (v->bytes)
        value_put(&part, o, v->format, v->bytes, v->n);
    else
        text_put(&part, "(changed)");
    if (v->when || v->named)
        text_escaped(&line, text_of(&part));
    else
        text_put(&line, text_of(&part));
    print_line(&line);
    text_free(&line);
    text_free(&part);
}

void print_value(const struct options *o, const struct shown_value *v)
{
    if (o->json)
        value_as_json(o, v);
    else if (o->raw && v->bytes)
        print_bytes(v->bytes, v->n);
    else
        value_as_line(o, v);
}
