/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The names that an instance serves, and the news of them that goes to every instance. */

#include "core/core.h"

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

enum { TAG_CHARS = 2 + 2 * sizeof(uint32_t) };

static void write_tag(uint16_t *to, uint32_t wnd)
{
    static const char digits[] = "0123456789ABCDEF";

    *to++ = '(';
    for (int shift = 28; shift >= 0; shift -= 4)
        *to++ = (uint16_t)digits[wnd >> shift & 15];
    *to++ = ')';
    *to = 0;
}

static bool read_tag(const uint16_t *from, uint32_t *wnd)
{
    *wnd = 0;
    if (*from++ != '(')
        return false;
    for (int i = 0; i < 8; i++, from++) {
        if (*from >= '0' && *from <= '9')
            *wnd = *wnd << 4 | (uint32_t)(*from - '0');
        else if (*from >= 'A' && *from <= 'F')
            *wnd = *wnd << 4 | (uint32_t)(*from - 'A' + 10);
        else
            return false;
    }
    return from[0] == ')' && !from[1];
}

/* A base name that is too long for the tag loses its end: the window alone makes the name unique. */
static struct string *specific_name(struct inst *in, const struct string *base, host_wnd mom)
{
    uint16_t text[HOST_ATOM_CHARS + 1];
    size_t n = base->length < HOST_ATOM_CHARS - TAG_CHARS ? base->length : HOST_ATOM_CHARS - TAG_CHARS;

    for (size_t i = 0; i < n; i++)
        text[i] = base->text[i];
    write_tag(text + n, (uint32_t)mom);
    return string_from_text(in, text);
}

bool names_specific(const struct string *service, host_wnd *mom)
{
    uint32_t wnd;

    if (!service || service->length <= TAG_CHARS ||
        !read_tag(service->text + service->length - TAG_CHARS, &wnd))
        return false;
    *mom = wnd;
    return host_window_is(wnd, HOST_MOM);
}

struct string *names_base(struct inst *in, const struct string *specific)
{
    uint32_t wnd;

    if (specific->length <= TAG_CHARS || !read_tag(specific->text + specific->length - TAG_CHARS, &wnd) ||
        wnd != (uint32_t)in->mom)
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
