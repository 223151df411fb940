/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32/user32.h"

#include <stdlib.h>
#include <string.h>

/* wsprintf: %[-][#][0][width][.precision][h|l|I32|I64|I]type, types c C d i p s S u x X. */

enum { ROOM = 1024 }; /* units, the terminator included: no result is longer */

struct output {
    void *at;
    bool wide;
    size_t n;
};

struct spec {
    bool left, prefix, zeros;
    size_t width;
    bool exact; /* there is a precision */
    size_t precision;
    char size; /* 'h', 'l', 'q' for 64 bits, 0 */
};

static void put(struct output *out, unsigned unit)
{
    if (out->n + 1 >= ROOM)
        return;
    if (out->wide)
        ((WCHAR *)out->at)[out->n++] = (WCHAR)unit;
    else
        ((char *)out->at)[out->n++] = (char)unit;
}

static void put_times(struct output *out, unsigned unit, size_t n)
{
    for (; n && out->n + 1 < ROOM; n--)
        put(out, unit);
}

static unsigned unit_at(const void *text, bool wide, size_t i)
{
    return wide ? ((const WCHAR *)text)[i] : ((const unsigned char *)text)[i];
}

static void put_padded(struct output *out, const struct spec *spec, const void *text, bool wide, size_t n)
{
    size_t pad = spec->width > n ? spec->width - n : 0;

    if (!spec->left)
        put_times(out, ' ', pad);
    for (size_t i = 0; i < n; i++)
        put(out, unit_at(text, wide, i));
    if (spec->left)
        put_times(out, ' ', pad);
}

/* The text may be in the other form than the output. */
static void put_text(struct output *out, const struct spec *spec, const void *text, bool wide)
{
    void *other = NULL;
    size_t n = 0;

    if (!text) {
        text = "(null)";
        wide = false;
    }
    if (wide != out->wide) {
        other = wide ? (void *)ansi_from_wide(text) : (void *)wide_from_ansi(text);
        if (!other)
            return;
        text = other;
        wide = out->wide;
    }
    while ((!spec->exact || n < spec->precision) && unit_at(text, wide, n))
        n++;
    put_padded(out, spec, text, wide, n);
    free(other);
}

static void put_unit(struct output *out, const struct spec *spec, unsigned unit, bool wide)
{
    WCHAR as_wide[2] = {(WCHAR)unit, 0};
    char as_ansi[2] = {(char)unit, 0};
    void *text = wide ? (void *)as_wide : (void *)as_ansi, *other = NULL;

    if (unit && wide != out->wide) {
        other = wide ? (void *)ansi_from_wide(as_wide) : (void *)wide_from_ansi(as_ansi);
        text = other ? other : text;
    }
    put_padded(out, spec, text, out->wide, 1);
    free(other);
}

static void put_number(struct output *out, const struct spec *spec, uint64_t value, bool minus, char type)
{
    const char *digits = type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    unsigned base = type == 'd' || type == 'u' ? 10 : 16;
    char text[24], lead[3];
    size_t n = sizeof text, n_lead = 0, zeros, pad;

    do {
        text[--n] = digits[value % base];
        value /= base;
    } while (value);
    if (minus)
        lead[n_lead++] = '-';
    if (spec->prefix && base == 16) {
        lead[n_lead++] = '0';
        lead[n_lead++] = type;
    }
    zeros = spec->exact && spec->precision > sizeof text - n ? spec->precision - (sizeof text - n) : 0;
    pad = n_lead + zeros + (sizeof text - n);
    pad = spec->width > pad ? spec->width - pad : 0;
    if (spec->zeros && !spec->left) {
        zeros += pad;
        pad = 0;
    }
    if (!spec->left)
        put_times(out, ' ', pad);
    for (size_t i = 0; i < n_lead; i++)
        put(out, (unsigned char)lead[i]);
    put_times(out, '0', zeros);
    for (; n < sizeof text; n++)
        put(out, (unsigned char)text[n]);
    if (spec->left)
        put_times(out, ' ', pad);
}

static size_t read_number(const void *format, bool wide, size_t *i)
{
    size_t n = 0;

    for (; unit_at(format, wide, *i) >= '0' && unit_at(format, wide, *i) <= '9'; ++*i) {
        if (n < ROOM)
            n = n * 10 + unit_at(format, wide, *i) - '0';
    }
    return n;
}

static bool skip(const void *format, bool wide, size_t *i, const char *what)
{
    for (size_t k = 0; what[k]; k++) {
        if (unit_at(format, wide, *i + k) != (unsigned char)what[k])
            return false;
    }
    *i += strlen(what);
    return true;
}

static struct spec read_spec(const void *format, bool wide, size_t *i)
{
    struct spec spec = {0};

    for (;; ++*i) {
        unsigned c = unit_at(format, wide, *i);
        if (c == '-')
            spec.left = true;
        else if (c == '#')
            spec.prefix = true;
        else if (c == '0')
            spec.zeros = true;
        else
            break;
    }
    spec.width = read_number(format, wide, i);
    spec.exact = skip(format, wide, i, ".");
    if (spec.exact)
        spec.precision = read_number(format, wide, i);
    if (skip(format, wide, i, "I64"))
        spec.size = 'q';
    else if (skip(format, wide, i, "I32") || skip(format, wide, i, "l") || skip(format, wide, i, "w"))
        spec.size = 'l';
    else if (skip(format, wide, i, "h"))
        spec.size = 'h';
    else if (skip(format, wide, i, "I"))
        spec.size = sizeof(void *) == 8 ? 'q' : 'l';
    return spec;
}

/* %s and %c are of the output's form, %S and %C of the other one; h and l say which. */
static bool is_wide(const struct output *out, const struct spec *spec, unsigned type)
{
    if (spec->size == 'h')
        return false;
    if (spec->size == 'l')
        return true;
    return type == 's' || type == 'c' ? out->wide : !out->wide;
}

static INT format_to(struct output *out, const void *format, __ms_va_list arguments)
{
    bool wide = out->wide;

    for (size_t i = 0; unit_at(format, wide, i);) {
        unsigned c = unit_at(format, wide, i++);
        struct spec spec;
        int64_t value;

        if (c != '%') {
            put(out, c);
            continue;
        }
        spec = read_spec(format, wide, &i);
        c = unit_at(format, wide, i);
        if (c)
            i++;
        switch (c) {
        case 'c':
        case 'C':
            put_unit(out, &spec, (unsigned)va_arg(arguments, int) & 0xFFFF, is_wide(out, &spec, c));
            break;
        case 's':
        case 'S':
            put_text(out, &spec, va_arg(arguments, void *), is_wide(out, &spec, c));
            break;
        case 'd':
        case 'i':
            value = spec.size == 'q' ? va_arg(arguments, int64_t) : va_arg(arguments, int32_t);
            if (spec.size == 'h')
                value = (int16_t)value;
            put_number(out, &spec, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0, 'd');
            break;
        case 'u':
        case 'x':
        case 'X':
            value = spec.size == 'q' ? va_arg(arguments, int64_t) : (int64_t)va_arg(arguments, uint32_t);
            if (spec.size == 'h')
                value = (uint16_t)value;
            put_number(out, &spec, (uint64_t)value, false, (char)c);
            break;
        case 'p':
            spec.exact = true;
            spec.precision = 2 * sizeof(void *);
            spec.prefix = false;
            put_number(out, &spec, (uintptr_t)va_arg(arguments, void *), false, 'X');
            break;
        default: /* no type: the character stands for itself */
            if (c)
                put(out, c);
            break;
        }
    }
    if (wide)
        ((WCHAR *)out->at)[out->n] = 0;
    else
        ((char *)out->at)[out->n] = 0;
    return (INT)out->n;
}

INT WINAPI wvsprintfA(LPSTR buffer, LPCSTR format, __ms_va_list arguments)
{
    struct output out = {.at = buffer};

    return format_to(&out, format, arguments);
}

INT WINAPI wvsprintfW(LPWSTR buffer, LPCWSTR format, __ms_va_list arguments)
{
    struct output out = {.at = buffer, .wide = true};

    return format_to(&out, format, arguments);
}

INT WINAPIV wsprintfA(LPSTR buffer, LPCSTR format, ...)
{
    __ms_va_list arguments;
    INT n;

    __ms_va_start(arguments, format);
    n = wvsprintfA(buffer, format, arguments);
    __ms_va_end(arguments);
    return n;
}

INT WINAPIV wsprintfW(LPWSTR buffer, LPCWSTR format, ...)
{
    __ms_va_list arguments;
    INT n;

    __ms_va_start(arguments, format);
    n = wvsprintfW(buffer, format, arguments);
    __ms_va_end(arguments);
    return n;
}
