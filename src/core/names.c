/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The names that an instance serves, and the news of them that goes to every instance. */

#include "core/core.h"

#include <string.h>

struct service {
    struct list node;
    struct string *name;
};

static struct service *find(const struct inst *in, const struct string *name)
{
    list_each (node, next, (struct list *)&in->services)
        if (container_of(node, struct service, node)->name == name)
            return container_of(node, struct service, node);
    return NULL;
}

bool names_registered(const struct inst *in, const struct string *service)
{
    return service ? find(in, service) != NULL : !list_empty(&in->services);
}

/* ---- Instance-specific names: the base name, and the instance's window in parentheses ------------------ */

/* As many digits as the window needs: all of them, or windows of two processes would read alike. */
static const size_t tag_digits[] = {2 * sizeof(uint32_t), 2 * sizeof(host_wnd)};

enum { TAG_SIZES = sizeof tag_digits / sizeof *tag_digits, TAG_MOST = 2 + 2 * sizeof(host_wnd) };

static size_t digits_of(host_wnd wnd)
{
    return tag_digits[wnd > UINT32_MAX];
}

/* Returns how long it is. */
static size_t write_tag(uint16_t to[TAG_MOST + 1], host_wnd wnd)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t digits = digits_of(wnd);

    to[0] = '(';
    for (size_t i = digits; i > 0; i--, wnd >>= 4)
        to[i] = (uint16_t)hex[wnd & 15];
    to[digits + 1] = ')';
    to[digits + 2] = 0;
    return digits + 2;
}

static bool read_digits(const uint16_t *from, size_t digits, host_wnd *wnd)
{
    *wnd = 0;
    for (size_t i = 0; i < digits; i++) {
        if (from[i] >= '0' && from[i] <= '9')
            *wnd = *wnd << 4 | (host_wnd)(from[i] - '0');
        else if (from[i] >= 'A' && from[i] <= 'F')
            *wnd = *wnd << 4 | (host_wnd)(from[i] - 'A' + 10);
        else
            return false;
    }
    return digits == digits_of(*wnd);
}

static bool read_tag(const struct string *s, host_wnd *wnd)
{
    for (size_t i = 0; i < TAG_SIZES; i++) {
        size_t digits = tag_digits[i];
        const uint16_t *tag;

        if (s->length <= digits + 2)
            break;
        tag = s->text + s->length - digits - 2;
        if (tag[0] == '(' && tag[digits + 1] == ')' && read_digits(tag + 1, digits, wnd))
            return true;
    }
    return false;
}

/* A base name that is too long for the tag loses its end: the window alone makes the name unique. */
static struct string *specific_name(struct inst *in, const struct string *base, host_wnd mom)
{
    uint16_t text[HOST_ATOM_CHARS + 1], tag[TAG_MOST + 1];
    size_t most = HOST_ATOM_CHARS - write_tag(tag, mom), n = base->length < most ? base->length : most;

    memcpy(text, base->text, n * sizeof *text);
    write_tag(text + n, mom);
    return string_from_text(in, text);
}

bool names_specific(const struct string *service, host_wnd *mom)
{
    return service && read_tag(service, mom) && host_window_is(*mom, HOST_MOM);
}

struct string *names_base(struct inst *in, const struct string *specific)
{
    host_wnd wnd;

    if (!read_tag(specific, &wnd) || wnd != in->mom)
        return NULL;
    list_each (node, next, &in->services) {
        struct string *base = container_of(node, struct service, node)->name;
        struct string *candidate = specific_name(in, base, in->mom);

        string_unref(candidate); /* interned: the value alone decides, and specific keeps it alive */
        if (candidate == specific)
            return base;
    }
    return NULL;
}

/* INITIATEs come for both names. Where there is no room for that they all come. */
static void serve(struct inst *in, struct string *name, bool on)
{
    struct string *specific = specific_name(in, name, in->mom);

    bool room = specific && host_serve(in->mom, name->atom, on) && host_serve(in->mom, specific->atom, on);

    if (on && !room)
        host_hear_all(in->mom, true);
    string_unref(specific);
}

void names_filter(struct inst *in, bool on)
{
    in->filter = on;
    host_hear_all(in->mom, !on);
}

/* ---- News --------------------------------------------------------------------------------------------- */

static void announce(struct inst *in, uint32_t event, struct string *name)
{
    struct string *specific = specific_name(in, name, in->mom);
    struct host_msg hm = {.id = event, .wparam = in->mom};

    if (!specific)
        return;
    /* The strings hold the atoms until everybody has been told. */
    hm.lparam = (uintptr_t)name->atom | (uintptr_t)specific->atom << 16;
    host_broadcast(HOST_EVENT_WINDOWS, &hm, deadline_initiate(), NULL, NULL);
    string_unref(specific);
}

void names_event(struct inst *in, const struct host_msg *hm)
{
    bool came = hm->id == HOST_EV_REGISTER;
    struct string *name, *specific;

    if (in->flags & (came ? CBF_SKIP_REGISTRATIONS : CBF_SKIP_UNREGISTRATIONS))
        return;
    name = string_from_atom(in, (host_atom)hm->lparam);
    specific = string_from_atom(in, (host_atom)(hm->lparam >> 16));
    if (name && specific)
        inst_raise(in, NULL, came ? XTYP_REGISTER : XTYP_UNREGISTER, 0, 0, name->handle, specific->handle, 0,
                   0, 0);
    string_unref(name);
    string_unref(specific);
}

/* ---- Registering -------------------------------------------------------------------------------------- */

UINT names_register(struct inst *in, struct string *name)
{
    struct service *s;

    if (find(in, name))
        return DMLERR_NO_ERROR;
    s = mem_new(sizeof *s);
    if (!s)
        return DMLERR_MEMORY_ERROR;
    s->name = string_ref(name);
    list_append(&in->services, &s->node);
    serve(in, name, true);
    announce(in, HOST_EV_REGISTER, name);
    return DMLERR_NO_ERROR;
}

static void unregister(struct inst *in, struct service *s, bool tell)
{
    struct string *name = s->name;

    list_remove(&s->node);
    mem_free(s);
    serve(in, name, false);
    if (tell)
        announce(in, HOST_EV_UNREGISTER, name);
    string_unref(name);
}

UINT names_unregister(struct inst *in, struct string *name)
{
    struct service *s = name ? find(in, name) : NULL;
    size_t n = 0;

    if (name && !s)
        return DMLERR_INVALIDPARAMETER;
    if (s)
        unregister(in, s, true);
    if (!name)
        list_each (node, next, &in->services)
            n++;
    while (n-- && !list_empty(&in->services)) /* not what callbacks register meanwhile */
        unregister(in, container_of(in->services.next, struct service, node), true);
    return DMLERR_NO_ERROR;
}

void names_forget(struct inst *in)
{
    while (!list_empty(&in->services))
        unregister(in, container_of(in->services.next, struct service, node), false);
}
