/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* String handles. A string is known by its global atom, of which it holds one reference: that gives matching
 * without regard to case and the spelling of whoever came first, and finds the string of an incoming atom at
 * once. */

#include "core/core.h"

#include <string.h>

struct string *string_known(const struct inst *in, host_atom atom)
{
    struct map_node *node = map_first(&in->strings, atom);

    while (node && container_of(node, struct string, node)->atom != atom)
        node = map_next(node);
    return node ? container_of(node, struct string, node) : NULL;
}

static void atom_release(struct inst *in, host_atom atom)
{
    host_atom_delete(atom);
    ledger_count(&in->ledger, LEDGER_atoms, -1);
}

/* A new reference, or 0. */
static host_atom booked(struct inst *in, host_atom atom)
{
    if (atom)
        ledger_count(&in->ledger, LEDGER_atoms, 1);
    return atom;
}

/* A new string without references around an atom reference that becomes its own; NULL: no memory. */
static struct string *string_new(struct inst *in, host_atom atom)
{
    uint16_t text[HOST_ATOM_CHARS + 1];
    size_t length = host_atom_name(atom, text), bytes = (length + 1) * sizeof *text;
    struct string *s = length ? mem_new(sizeof *s + bytes) : NULL;

    if (!s)
        return NULL;
    s->inst = in;
    s->atom = atom;
    s->length = length;
    memcpy(s->text, text, bytes);
    s->handle = handle_new(HANDLE_STRING, s);
    if (!s->handle) {
        mem_free(s);
        return NULL;
    }
    map_put(&in->strings, &s->node, atom);
    list_append(&in->all_strings, &s->all);
    return s;
}

static void string_free(struct string *s)
{
    struct inst *in = s->inst;

    map_remove(&in->strings, &s->node);
    list_remove(&s->all);
    handle_free(s->handle);
    atom_release(in, s->atom);
    mem_free(s);
}

struct string *string_from_text(struct inst *in, const uint16_t *text)
{
    host_atom atom = booked(in, host_atom_add(text));
    struct string *s = atom ? string_known(in, atom) : NULL;

    if (!atom)
        return NULL;
    if (s) {
        atom_release(in, atom);
        return string_ref(s);
    }
    s = string_new(in, atom);
    if (!s) {
        atom_release(in, atom);
        return NULL;
    }
    return string_ref(s);
}

struct string *string_from_atom(struct inst *in, host_atom atom)
{
    struct string *s = string_known(in, atom);
    uint16_t text[HOST_ATOM_CHARS + 1];

    if (s)
        return string_ref(s);
    return host_atom_name(atom, text) ? string_from_text(in, text) : NULL;
}

struct string *string_ref(struct string *s)
{
    if (s) {
        s->refs++;
        ledger_count(&s->inst->ledger, LEDGER_strings, 1);
    }
    return s;
}

static void dropped(struct string *s)
{
    ledger_count(&s->inst->ledger, LEDGER_strings, -1);
    if (!s->refs && !s->app_refs)
        string_free(s);
}

void string_unref(struct string *s)
{
    if (s) {
        s->refs--;
        dropped(s);
    }
}

void string_app_ref(struct string *s)
{
    s->app_refs++;
    ledger_count(&s->inst->ledger, LEDGER_strings, 1);
}

bool string_app_unref(struct string *s)
{
    if (!s->app_refs)
        return false;
    monitor_string(s, MH_DELETE);
    s->app_refs--;
    dropped(s);
    return true;
}

void string_forget(struct string *s)
{
    if (s->app_refs)
        monitor_string(s, MH_CLEANUP);
    ledger_count(&s->inst->ledger, LEDGER_strings, -(long)(s->refs + s->app_refs));
    string_free(s);
}

struct string *string_get_any(HSZ hsz)
{
    return handle_get((uintptr_t)hsz, HANDLE_STRING);
}

struct string *string_get(const struct inst *in, HSZ hsz)
{
    struct string *s = string_get_any(hsz);

    return s && s->inst == in ? s : NULL;
}

struct string *string_heard(const struct inst *in, HSZ atom)
{
    uintptr_t value = (uintptr_t)atom;

    return in->monitor && value && value <= 0xFFFF ? string_known(in, (host_atom)value) : NULL;
}

uintptr_t string_handle(const struct string *s)
{
    return s ? s->handle : 0;
}

host_atom string_atom_ref(struct string *s)
{
    return s ? booked(s->inst, host_atom_again(s->atom, s->text)) : 0;
}
