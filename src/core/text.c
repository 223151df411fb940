/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The text of an EXECUTE (docs/conformance.md, 1.7). It travels as Unicode only between two Unicode windows,
 * and each end converts for itself: the sender by what its instance is, the receiver by what the text looks
 * like. */

#include "core/core.h"

#include <string.h>

static struct wire_msg execute_of(host_mem mem)
{
    return (struct wire_msg){.id = WIRE_EXECUTE, .mem = mem, .owned = true};
}

/* A new G with the ANSI text in Unicode; 0: no memory. */
static host_mem widened(struct conv *c, const char *text, size_t size)
{
    size_t n = host_to_wide(HOST_ANSI, text, size, NULL, 0);
    host_mem mem = wire_mem_new(&c->end, 0, NULL, n * sizeof(uint16_t));
    uint16_t *to = mem ? host_mem_lock(mem) : NULL;
    struct wire_msg m = execute_of(mem);

    if (!to) {
        wire_dispose(&c->end, &m, WIRE_POST_FAILED);
        return 0;
    }
    host_to_wide(HOST_ANSI, text, size, to, n);
    host_mem_unlock(mem);
    return mem;
}

/* A new G with the Unicode text in ANSI; a last odd byte is dropped. */
static host_mem narrowed(struct conv *c, const uint16_t *text, size_t size)
{
    size_t units = size / sizeof *text, n = host_from_wide(HOST_ANSI, text, units, NULL, 0);
    host_mem mem = wire_mem_new(&c->end, 0, NULL, n);
    char *to = mem ? host_mem_lock(mem) : NULL;
    struct wire_msg m = execute_of(mem);

    if (!to) {
        wire_dispose(&c->end, &m, WIRE_POST_FAILED);
        return 0;
    }
    host_from_wide(HOST_ANSI, text, units, to, n);
    host_mem_unlock(mem);
    return mem;
}

host_mem text_to_wire(struct conv *c, host_mem mem, size_t size)
{
    bool wide = host_window_unicode(c->end.self) && host_window_unicode(c->end.partner);
    struct wire_msg original = execute_of(mem);
    host_mem converted = 0;
    const void *text;

    if (wide == c->inst->unicode)
        return mem;
    text = host_mem_lock(mem);
    if (text) {
        converted = wide ? widened(c, text, size) : narrowed(c, text, size);
        host_mem_unlock(mem);
    }
    wire_dispose(&c->end, &original, WIRE_POST_FAILED);
    return converted;
}

/* Latin text in two-byte form gives itself away by its second byte. */
static bool looks_wide(const unsigned char *text, size_t size)
{
    return size > 2 && text[0] && !text[1];
}

/* A lent object that owns mem; 0 gives NULL. */
static struct data *lend(struct conv *c, host_mem mem)
{
    struct wire_msg m = execute_of(mem);
    struct data *d = mem ? data_wrap(c->inst, mem, 0, host_mem_size(mem), NULL, 0, true, DATA_LENT) : NULL;

    if (!d)
        wire_dispose(&c->end, &m, WIRE_POST_FAILED);
    return d;
}

/* To ANSI and back: what an ANSI client cannot have meant is lost. */
static host_mem washed(struct conv *c, const uint16_t *text, size_t size)
{
    host_mem narrow = narrowed(c, text, size), wide = 0;
    const char *ansi = narrow ? host_mem_lock(narrow) : NULL;
    struct wire_msg m = execute_of(narrow);

    if (ansi) {
        wide = widened(c, ansi, host_mem_size(narrow));
        host_mem_unlock(narrow);
    }
    wire_dispose(&c->end, &m, WIRE_POST_FAILED);
    return wide;
}

struct data *text_from_wire(struct conv *c, const struct wire_msg *m)
{
    const void *text = host_mem_lock(m->mem);
    bool wide = text && looks_wide(text, m->size);
    bool from_ansi = !host_window_unicode(c->end.partner);
    const char *null;
    struct data *d;

    if (!text)
        return NULL;
    null = memchr(text, 0, m->size);
    if (wide && !c->inst->unicode)
        d = lend(c, narrowed(c, text, m->size));
    else if (wide && from_ansi)
        d = lend(c, washed(c, text, m->size));
    else if (!wide && c->inst->unicode) /* ends with its first null */
        d = lend(c, widened(c, text, null ? (size_t)(null - (const char *)text) + 1 : m->size));
    else
        d = data_wrap(c->inst, m->mem, 0, m->size, NULL, 0, false, DATA_LENT);
    host_mem_unlock(m->mem);
    return d;
}
