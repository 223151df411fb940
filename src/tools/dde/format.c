/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "format.h"
#include "sys.h"

#include <stdlib.h>
#include <string.h>

#include "winddeml.h"

enum encoding { BYTES, ANSI_TEXT, OEM_TEXT, WIDE_TEXT };

#define ROW(name, encoding)                                                                                  \
    {                                                                                                        \
#name, CF_##name, encoding                                                                           \
    }

static const struct {
    const char *name;
    unsigned number;
    enum encoding encoding;
} rows[] = {
    ROW(TEXT, ANSI_TEXT),        ROW(BITMAP, BYTES),         ROW(METAFILEPICT, BYTES), ROW(SYLK, ANSI_TEXT),
    ROW(DIF, ANSI_TEXT),         ROW(TIFF, BYTES),           ROW(OEMTEXT, OEM_TEXT),   ROW(DIB, BYTES),
    ROW(PALETTE, BYTES),         ROW(PENDATA, BYTES),        ROW(RIFF, BYTES),         ROW(WAVE, BYTES),
    ROW(UNICODETEXT, WIDE_TEXT), ROW(ENHMETAFILE, BYTES),    ROW(HDROP, BYTES),        ROW(LOCALE, BYTES),
    ROW(DIBV5, BYTES),           ROW(OWNERDISPLAY, BYTES),   ROW(DSPTEXT, ANSI_TEXT),  ROW(DSPBITMAP, BYTES),
    ROW(DSPMETAFILEPICT, BYTES), ROW(DSPENHMETAFILE, BYTES),
};

enum { ROWS = sizeof rows / sizeof *rows };

/* ---- Names -------------------------------------------------------------------------------------------- */

static const char *without_cf(const char *name)
{
    return (name[0] | 0x20) == 'c' && (name[1] | 0x20) == 'f' && name[2] == '_' ? name + 3 : name;
}

unsigned format_number(const char *name)
{
    char *end;
    unsigned long number = 0;

    if (*name >= '0' && *name <= '9') {
        number = strtoul(name, &end, 0);
        return *end || number > 0xFFFF ? 0 : (unsigned)number;
    }
    for (size_t i = 0; i < ROWS; i++)
        if (same_name(without_cf(name), rows[i].name))
            return rows[i].number;
    return *name ? sys_format_number(name) : 0;
}

static bool put_name(struct text *out, unsigned number, const char *before)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].number != number)
            continue;
        text_put(out, before);
        text_put(out, rows[i].name);
        return true;
    }
    return sys_format_name(number, out);
}

void format_name(struct text *out, unsigned number)
{
    if (!put_name(out, number, "CF_"))
        text_printf(out, number < 0x80 ? "%u" : "0x%04X", number);
}

void format_system_name(struct text *out, unsigned number)
{
    if (!put_name(out, number, ""))
        text_printf(out, number < 0x80 ? "%u" : "0x%04X", number);
}

static enum encoding encoding_of(unsigned number)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].number == number)
            return rows[i].encoding;
    return BYTES;
}

bool format_is_text(unsigned number)
{
    return encoding_of(number) != BYTES;
}

/* ---- Values ------------------------------------------------------------------------------------------- */

bool format_encode(struct text *bytes, unsigned number, const char *utf8)
{
    bool whole = true;

    if (encoding_of(number) == WIDE_TEXT) {
        size_t units;
        WCHAR *wide = utf16_of(utf8, &units);

        text_add(bytes, wide, (units + 1) * sizeof *wide);
        free(wide);
        return true;
    }
    whole = sys_encode(encoding_of(number) == OEM_TEXT ? SYS_OEM : SYS_ANSI, bytes, utf8);
    text_char(bytes, '\0');
    return whole;
}

static void decode_wide(struct text *utf8, const unsigned char *bytes, size_t n)
{
    size_t units = n / sizeof(WCHAR), used = 0;
    WCHAR *wide = must_alloc((units + 1) * sizeof *wide);

    memcpy(wide, bytes, units * sizeof *wide);
    while (used < units && wide[used])
        used++;
    text_utf16(utf8, wide, used);
    free(wide);
}

static size_t up_to_null(const void *bytes, size_t n)
{
    const char *end = n ? memchr(bytes, 0, n) : NULL;

    return end ? (size_t)(end - (const char *)bytes) : n;
}

void format_decode(struct text *utf8, unsigned number, const void *bytes, size_t n)
{
    size_t start = utf8->n;

    switch (encoding_of(number)) {
    case WIDE_TEXT:
        decode_wide(utf8, bytes, n);
        break;
    case OEM_TEXT:
        sys_decode(SYS_OEM, utf8, bytes, up_to_null(bytes, n));
        break;
    case ANSI_TEXT:
        sys_decode(SYS_ANSI, utf8, bytes, up_to_null(bytes, n));
        break;
    case BYTES:
        text_foreign(utf8, bytes, up_to_null(bytes, n));
        break;
    }
    if (utf8->n >= start + 2 && !strcmp(utf8->at + utf8->n - 2, "\r\n"))
        text_cut(utf8, utf8->n - 2);
}

static bool shown_as_text(const struct options *o, unsigned number)
{
    return o->text || (!o->hex && format_is_text(number));
}

bool value_parse(struct text *bytes, const struct options *o, unsigned number, const char *given, size_t n,
                 struct text *why)
{
    struct text utf8 = {0};
    size_t start = why->n;

    if (o->raw) {
        text_add(bytes, given, n);
        return true;
    }
    text_foreign(&utf8, given, n);
    if (!shown_as_text(o, number)) {
        if (!text_from_hex(bytes, text_of(&utf8)))
            text_put(
                why,
                "the value has to be bytes in hexadecimal digits, like \"0a ff 00\"; see --text and --raw");
    } else if (!format_encode(bytes, number, text_of(&utf8))) {
        text_put(why, "the value has characters that ");
        format_name(why, number);
        text_put(why, " lacks: use --format CF_UNICODETEXT");
    }
    text_free(&utf8);
    return why->n == start;
}

void value_put(struct text *out, const struct options *o, unsigned number, const void *bytes, size_t n)
{
    if (o->raw)
        text_add(out, bytes, n);
    else if (shown_as_text(o, number))
        format_decode(out, number, bytes, n);
    else
        text_hex(out, bytes, n);
}

void value_json(struct text *out, const struct options *o, unsigned number, const void *bytes, size_t n)
{
    struct text t = {0};

    format_name(&t, number);
    text_put(out, ",\"format\":");
    text_json(out, text_of(&t));
    text_clear(&t);
    value_put(&t, o, number, bytes, n);
    text_put(out, shown_as_text(o, number) ? ",\"text\":" : ",\"hex\":");
    text_json(out, text_of(&t));
    text_free(&t);
}
