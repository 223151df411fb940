/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "format.h"
#include "monitor.h"
#include "output.h"
#include "serve.h"
#include "sys.h"

/* One event on its way to a line: members are added as they are found. */
struct line {
    const struct options *options;
    const struct target *filter;
    DWORD inst;
    struct text text;
    struct text service, topic, item; /* that the event names */
};

static void member(struct line *l, const char *name, const char *value)
{
    struct text part = {0};

    if (l->options->json) {
        json_member(&l->text, name, value);
        return;
    }
    text_escaped(&part, value);
    text_printf(&l->text, " %s=%s", name, text_of(&part));
    text_free(&part);
}

static void handle(struct line *l, const char *name, const void *value)
{
    struct text t = {0};

    if (!value)
        return;
    text_printf(&t, "0x%llx", (unsigned long long)(uintptr_t)value);
    member(l, name, text_of(&t));
    text_free(&t);
}

static void number(struct line *l, const char *name, unsigned long long value)
{
    if (l->options->json)
        json_number(&l->text, name, (long long)value);
    else
        text_printf(&l->text, " %s=%llu", name, value);
}

static void word(struct line *l, const char *name, const char *value)
{
    if (l->options->json)
        json_member(&l->text, name, value);
    else
        text_printf(&l->text, " %s", value);
}

/* A name; what it names is remembered for the filter. */
static void string(struct line *l, const char *name, struct text *part, HSZ hsz)
{
    struct text unnamed = {0};

    if (!hsz)
        return;
    part = part ? part : &unnamed;
    put_string(part, l->inst, hsz);
    member(l, name, text_of(part));
    text_free(&unnamed);
}

static void format(struct line *l, UINT fmt)
{
    struct text name = {0};

    if (!fmt)
        return;
    format_name(&name, fmt);
    member(l, "format", text_of(&name));
    text_free(&name);
}

static void excerpt(struct line *l, DWORD size, const DWORD data[8])
{
    struct text hex = {0};

    if (!size)
        return;
    number(l, "size", size);
    text_hex(&hex, data, size < 32 ? size : 32);
    member(l, "data", text_of(&hex));
    text_free(&hex);
}

/* ---- The kinds ---------------------------------------------------------------------------------------- */

static void put_string_event(struct line *l, const void *event)
{
    static const char *const actions[] = {"?", "create", "keep", "delete", "cleanup"};
    const MONHSZSTRUCTW *e = event;
    size_t n = 0;

    while (e->str[n])
        n++;
    text_utf16(&l->item, e->str, n);
    word(l, "action", actions[e->fsAction >= MH_CREATE && e->fsAction <= MH_CLEANUP ? e->fsAction : 0]);
    member(l, "string", text_of(&l->item));
    handle(l, "task", e->hTask);
}

static void put_message_event(struct line *l, const void *event)
{
    static const char *const names[] = {"INITIATE", "TERMINATE", "ADVISE", "UNADVISE", "ACK",
                                        "DATA",     "REQUEST",   "POKE",   "EXECUTE"};
    const MONMSGSTRUCT *e = event;
    bool known = e->wMsg >= WM_DDE_FIRST && e->wMsg <= WM_DDE_LAST;
    struct text name = {0};

    text_printf(&name, known ? "WM_DDE_%s" : "%s", known ? names[e->wMsg - WM_DDE_FIRST] : "?");
    word(l, "message", text_of(&name));
    text_free(&name);
    handle(l, "to", e->hwndTo);
    handle(l, "from", (const void *)(uintptr_t)e->wParam);
    handle(l, "lo", (const void *)(uintptr_t)e->dmhd.uiLo);
    handle(l, "hi", (const void *)(uintptr_t)e->dmhd.uiHi);
    excerpt(l, e->dmhd.cbData, e->dmhd.Data);
    handle(l, "task", e->hTask);
}

/* hsz1 and hsz2 are other things in other callbacks. */
static void put_callback_event(struct line *l, const void *event)
{
    const MONCBSTRUCT *e = event;
    struct text name = {0};
    UINT type = e->wType;
    bool registers = type == XTYP_REGISTER || type == XTYP_UNREGISTER;
    bool connects = type == XTYP_CONNECT || type == XTYP_CONNECT_CONFIRM || type == XTYP_WILDCONNECT;

    text_printf(&name, "XTYP_%s", callback_name(type));
    word(l, "callback", text_of(&name));
    text_free(&name);
    if (registers) {
        string(l, "service", &l->service, e->hsz1);
        string(l, "specific", NULL, e->hsz2);
    } else {
        string(l, "topic", &l->topic, e->hsz1);
        string(l, connects ? "service" : "item", connects ? &l->service : &l->item, e->hsz2);
    }
    handle(l, "conv", e->hConv);
    format(l, e->wFmt);
    excerpt(l, e->cbData, e->Data);
    text_printf(&name, "0x%lx", (unsigned long)e->dwRet);
    member(l, "result", text_of(&name));
    text_free(&name);
    handle(l, "task", e->hTask);
}

static void put_error_event(struct line *l, const void *event)
{
    const MONERRSTRUCT *e = event;
    struct text name = {0};

    text_printf(&name, "DMLERR_%s", dmlerr_of(e->wLastError)->name);
    word(l, "error", text_of(&name));
    text_free(&name);
    handle(l, "task", e->hTask);
}

static void put_link_event(struct line *l, const void *event)
{
    const MONLINKSTRUCT *e = event;

    word(l, "change", e->fEstablished ? "begin" : "end");
    word(l, "kind", e->fNoData ? "warm" : "hot");
    string(l, "service", &l->service, e->hszSvc);
    string(l, "topic", &l->topic, e->hszTopic);
    string(l, "item", &l->item, e->hszItem);
    format(l, e->wFmt);
    member(l, "side", e->fServer ? "server" : "client");
    handle(l, "server", e->hConvServer);
    handle(l, "client", e->hConvClient);
    handle(l, "task", e->hTask);
}

static void put_conv_event(struct line *l, const void *event)
{
    const MONCONVSTRUCT *e = event;

    word(l, "change", e->fConnect ? "begin" : "end");
    string(l, "service", &l->service, e->hszSvc);
    string(l, "topic", &l->topic, e->hszTopic);
    handle(l, "server", e->hConvServer);
    handle(l, "client", e->hConvClient);
    handle(l, "task", e->hTask);
}

static const struct {
    UINT kind;
    const char *name;
    void (*put)(struct line *l, const void *event);
} printers[] = {
    {MF_HSZ_INFO, "string", put_string_event}, {MF_SENDMSGS, "send", put_message_event},
    {MF_POSTMSGS, "post", put_message_event},  {MF_CALLBACKS, "callback", put_callback_event},
    {MF_ERRORS, "error", put_error_event},     {MF_LINKS, "link", put_link_event},
    {MF_CONV, "conversation", put_conv_event},
};

/* ---- The filter --------------------------------------------------------------------------------------- */

static bool fits(const char *wanted, const struct text *found)
{
    return !wanted || (found->n && same_name(wanted, text_of(found)));
}

/* A string is of interest if it is one of the names. */
static bool concerns(const struct line *l, UINT kind)
{
    const struct target *f = l->filter;

    if (kind != MF_HSZ_INFO)
        return fits(f->service, &l->service) && fits(f->topic, &l->topic) && fits(f->item, &l->item);
    if (!f->service && !f->topic && !f->item)
        return true;
    return (f->service && fits(f->service, &l->item)) || (f->topic && fits(f->topic, &l->item)) ||
           (f->item && fits(f->item, &l->item));
}

static void begin(struct line *l, const char *name)
{
    char now[32];

    sys_wall_clock(now, sizeof now);
    if (l->options->json) {
        json_member(&l->text, "time", now);
        json_member(&l->text, "event", name);
    } else {
        text_printf(&l->text, "%s %-12s", now, name);
    }
}

bool monitor_print(const struct options *o, const struct target *filter, DWORD inst, UINT kind,
                   const void *event)
{
    struct line l = {.options = o, .filter = filter, .inst = inst};
    bool shown = false;

    for (size_t i = 0; i < sizeof printers / sizeof *printers; i++) {
        if (printers[i].kind != kind)
            continue;
        begin(&l, printers[i].name);
        printers[i].put(&l, event);
        shown = concerns(&l, kind);
    }
    if (shown && o->json) {
        text_char(&l.text, '}');
        print_json(&l.text);
    } else if (shown) {
        print_line(&l.text);
    }
    text_free(&l.text);
    text_free(&l.service);
    text_free(&l.topic);
    text_free(&l.item);
    return shown;
}
