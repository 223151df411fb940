/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "output.h"
#include "serve.h"

#include <string.h>

/* What hsz1 and hsz2 are, and what kind of result the callback has. */
#define ROW(name, hsz1, hsz2)                                                                                \
    {                                                                                                        \
        XTYP_##name, #name, hsz1, hsz2                                                                       \
    }

static const struct row {
    UINT type;
    const char *name, *hsz1, *hsz2;
} rows[] = {
    ROW(ERROR, NULL, NULL),
    ROW(ADVDATA, "topic", "item"),
    ROW(ADVREQ, "topic", "item"),
    ROW(ADVSTART, "topic", "item"),
    ROW(ADVSTOP, "topic", "item"),
    ROW(EXECUTE, "topic", NULL),
    ROW(CONNECT, "topic", "service"),
    ROW(CONNECT_CONFIRM, "topic", "service"),
    ROW(XACT_COMPLETE, "topic", "item"),
    ROW(POKE, "topic", "item"),
    ROW(REGISTER, "service", "specific"),
    ROW(REQUEST, "topic", "item"),
    ROW(DISCONNECT, NULL, NULL),
    ROW(UNREGISTER, "service", "specific"),
    ROW(WILDCONNECT, "topic", "service"),
    ROW(MONITOR, NULL, NULL),
};

static const struct row *row_of(UINT type)
{
    static const struct row unknown = {0, "?", "hsz1", "hsz2"};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if ((rows[i].type & XTYP_MASK) == (type & XTYP_MASK))
            return &rows[i];
    return &unknown;
}

const char *callback_name(UINT type)
{
    return row_of(type)->name;
}

static void put_result(struct text *out, UINT type, HDDEDATA result)
{
    uintptr_t value = (uintptr_t)result;

    if (result == CBR_BLOCK) {
        text_put(out, "CBR_BLOCK");
        return;
    }
    switch (type & XCLASS_MASK) {
    case XCLASS_BOOL:
        text_put(out, value ? "TRUE" : "FALSE");
        break;
    case XCLASS_DATA:
        text_put(out, value ? "data" : "none");
        break;
    case XCLASS_FLAGS:
        text_put(out, value & DDE_FACK ? "DDE_FACK" : value & DDE_FBUSY ? "DDE_FBUSY" : "DDE_FNOTPROCESSED");
        if (value & DDE_FAPPSTATUS)
            text_printf(out, "+%u", (unsigned)(value & DDE_FAPPSTATUS));
        break;
    default:
        break;
    }
}

/* What the callback was given or, if it answers with data, what it answers. */
static void put_value(struct text *out, const struct options *o, UINT type, UINT fmt, HDDEDATA data)
{
    bool command = (type & XTYP_MASK) == (XTYP_EXECUTE & XTYP_MASK);
    struct text bytes = {0};

    put_data(&bytes, data);
    value_put(out, command ? &(struct options){0} : o, command ? CF_UNICODETEXT : fmt, text_of(&bytes),
              bytes.n);
    text_free(&bytes);
}

static void member(struct text *out, bool json, const char *name, const char *value)
{
    struct text part = {0};

    if (json) {
        json_member(out, name, value);
        return;
    }
    text_escaped(&part, value);
    text_printf(out, " %s=%s", name, text_of(&part));
    text_free(&part);
}

static void string_member(struct text *out, bool json, DWORD inst, const char *name, HSZ hsz)
{
    struct text part = {0};

    if (!name || !hsz)
        return;
    put_string(&part, inst, hsz);
    member(out, json, name, text_of(&part));
    text_free(&part);
}

static bool is(UINT type, UINT other)
{
    return (type & XTYP_MASK) == (other & XTYP_MASK);
}

/* What dwData1 and dwData2 say, where they say anything. */
static void more_parameters(struct text *out, bool json, UINT type, ULONG_PTR d1, ULONG_PTR d2)
{
    struct text part = {0};

    if (is(type, XTYP_ADVREQ) && LOWORD(d1) == CADV_LATEACK) {
        member(out, json, "left", "CADV_LATEACK");
    } else if (is(type, XTYP_ADVREQ)) {
        text_printf(&part, "%u", (unsigned)LOWORD(d1));
        member(out, json, "left", text_of(&part));
    } else if (is(type, XTYP_ERROR)) {
        text_printf(&part, "DMLERR_%s", dmlerr_of((UINT)LOWORD(d1))->name);
        member(out, json, "error", text_of(&part));
    }
    if (d2 && (is(type, XTYP_CONNECT) || is(type, XTYP_CONNECT_CONFIRM) || is(type, XTYP_WILDCONNECT) ||
               is(type, XTYP_DISCONNECT)))
        member(out, json, "self", "true");
    text_free(&part);
}

void trace(const struct options *o, DWORD inst, UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2,
           HDDEDATA data, ULONG_PTR d1, ULONG_PTR d2, HDDEDATA result)
{
    const struct row *row = row_of(type);
    struct text line = {0}, part = {0};
    bool answers = (type & XCLASS_MASK) == XCLASS_DATA && result && result != CBR_BLOCK && fmt;

    json_begin_time(&line);
    if (o->json) {
        json_member(&line, "callback", row->name);
    } else {
        char now[32];

        sys_wall_clock(now, sizeof now);
        text_clear(&line);
        text_printf(&line, "%s XTYP_%s", now, row->name);
    }
    if (conv) {
        text_printf(&part, "0x%llx", (unsigned long long)(uintptr_t)conv);
        member(&line, o->json, "conv", text_of(&part));
        text_clear(&part);
    }
    string_member(&line, o->json, inst, row->hsz1, hsz1);
    string_member(&line, o->json, inst, row->hsz2, hsz2);
    if (fmt) {
        format_name(&part, fmt);
        member(&line, o->json, "format", text_of(&part));
        text_clear(&part);
    }
    if (data || answers) {
        put_value(&part, o, type, fmt, data ? data : result);
        member(&line, o->json, "data", text_of(&part));
        text_clear(&part);
    }
    more_parameters(&line, o->json, type, d1, d2);
    put_result(&part, type, result);
    if (part.n)
        member(&line, o->json, "result", text_of(&part));
    if (o->json)
        text_char(&line, '}');
    if (o->json)
        print_json(&line);
    else
        print_line(&line);
    text_free(&line);
    text_free(&part);
}
