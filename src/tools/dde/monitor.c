/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* dde monitor: every event that a monitor can see, as lines or in the full-screen view. */

#include "monitor.h"
#include "commands.h"
#include "output.h"
#include "serve.h"
#include "sys.h"

#include <stdlib.h>
#include <string.h>

const struct event_kind event_kinds[] = {
    {MF_HSZ_INFO, "strings"}, {MF_SENDMSGS, "sends"}, {MF_POSTMSGS, "posts"},     {MF_CALLBACKS, "callbacks"},
    {MF_ERRORS, "errors"},    {MF_LINKS, "links"},    {MF_CONV, "conversations"}, {0, NULL},
};

static struct {
    const struct options *options;
    struct target filter;
    DWORD inst, news; /* the monitor, and an ordinary instance that hears of services */
    uint64_t events;
} monitor;

/* ---- Callbacks ---------------------------------------------------------------------------------------- */

static bool has_enough(void)
{
    return monitor.options->count && monitor.events >= monitor.options->count;
}

static HDDEDATA CALLBACK hear(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                              ULONG_PTR d1, ULONG_PTR d2)
{
    const void *event;

    (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)d1;
    if (type != XTYP_MONITOR || has_enough())
        return 0;
    event = DdeAccessData(data, NULL);
    if (event && monitor.options->full)
        view_hear(monitor.inst, (UINT)d2, event);
    else if (event)
        monitor.events += monitor_print(monitor.options, &monitor.filter, monitor.inst, (UINT)d2, event);
    DdeUnaccessData(data);
    return 0;
}

static HDDEDATA CALLBACK hear_news(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                   ULONG_PTR d1, ULONG_PTR d2)
{
    struct text name = {0};

    (void)fmt, (void)conv, (void)hsz2, (void)data, (void)d1, (void)d2;
    if (type != XTYP_REGISTER && type != XTYP_UNREGISTER)
        return 0;
    put_string(&name, monitor.news, hsz1);
    view_service(text_of(&name), type == XTYP_REGISTER);
    text_free(&name);
    return 0;
}

/* ---- Lines -------------------------------------------------------------------------------------------- */

static int run_lines(const struct options *o)
{
    uint64_t until = o->run_for ? sys_now_ms() + o->run_for : UINT64_MAX, now;

    while (may_go_on() && !has_enough() && (now = sys_now_ms()) < until)
        client_wait(until - now);
    return exit_of_the_end();
}

/* ---- The view ----------------------------------------------------------------------------------------- */

enum { DRAW_MS = 200, SNAPSHOT_MS = 1000 };

static void list_services(void)
{
    HCONVLIST list = DdeConnectList(monitor.news, 0, 0, 0, NULL);
    HCONV conv = 0;

    while (list && (conv = DdeQueryNextServer(list, conv)) != 0) {
        CONVINFO info = {.cb = sizeof info};
        struct text name = {0};

        DdeQueryConvInfo(conv, QID_SYNC, &info);
        put_string(&name, monitor.news, info.hszSvcPartner);
        view_service(text_of(&name), true);
        text_free(&name);
    }
    if (list)
        DdeDisconnectList(list);
}

/* Before the monitor begins: what this does is not to be seen by it. */
static int begin_news(void)
{
    UINT error = DdeInitializeW(&monitor.news, hear_news, APPCMD_CLIENTONLY, 0);

    if (error != DMLERR_NO_ERROR)
        return fail_dde("DDE cannot be used", error);
    list_services();
    return EXIT_OK;
}

static int run_snapshot(const struct options *o)
{
    uint64_t until = sys_now_ms() + (o->run_for ? o->run_for : SNAPSHOT_MS), now;

    while (may_go_on() && (now = sys_now_ms()) < until)
        client_wait(until - now);
    view_print(o);
    return exit_of_the_end();
}

static int run_screen(const struct options *o)
{
    uint64_t until = o->run_for ? sys_now_ms() + o->run_for : UINT64_MAX, now, next = 0;
    bool first = true;
    int key = 0;

    sys_terminal_begin();
    while (may_go_on() && key != 'q' && key != 'Q' && (now = sys_now_ms()) < until) {
        if (now >= next) {
            view_draw(o, &first);
            next = now + DRAW_MS;
        }
        client_wait(next - now);
        key = sys_terminal_key();
    }
    print_bytes("\033[?25h\033[?1049l", 14);
    sys_terminal_end();
    return exit_of_the_end();
}

/* ---- Beginning and end -------------------------------------------------------------------------------- */

static UINT kind_of(const char *word)
{
    for (const struct event_kind *k = event_kinds; k->name; k++)
        if (same_name(k->name, word))
            return k->flag;
    return 0;
}

static bool take_kinds(const struct options *o, UINT *kinds, struct text *why)
{
    *kinds = o->full ? MF_HSZ_INFO | MF_LINKS | MF_CONV : o->only.n ? 0 : MF_MASK;
    for (size_t i = 0; i < o->only.n && !o->full; i++) {
        const char *word = o->only.at[i];

        while (*word) { /* also several with commas between them */
            size_t n = strcspn(word, ",");
            struct text one = {0};
            UINT kind;

            text_add(&one, word, n);
            kind = kind_of(text_of(&one));
            if (!kind)
                text_printf(
                    why, "--only %s: write strings, sends, posts, callbacks, errors, links or conversations",
                    text_of(&one));
            text_free(&one);
            *kinds |= kind;
            word += n + (word[n] == ',');
        }
    }
    return !why->n;
}

static bool take_filter(const struct options *o, struct text *why)
{
    const char *word = o->arguments.n ? o->arguments.at[0] : NULL;
    struct target *t = &monitor.filter;

    if (o->arguments.n > 1)
        text_put(why, "write one target");
    else if (word && target_parse(t, word, why) && o->service)
        text_put(why, "write the target or --service, not both");
    if (o->service)
        t->service = must_copy(o->service);
    if (o->topics.n && !t->topic)
        t->topic = must_copy(o->topics.at[0]);
    if (o->item && !t->item)
        t->item = must_copy(o->item);
    return !why->n;
}

static int run(const struct options *o, UINT kinds)
{
    int exit_code = o->full ? begin_news() : EXIT_OK;
    UINT error;

    if (exit_code)
        return exit_code;
    error = DdeInitializeW(&monitor.inst, hear, APPCLASS_MONITOR | kinds, 0);
    if (error != DMLERR_NO_ERROR)
        return fail_dde("monitor", error);
    if (o->ready)
        print_string(o->json ? "{\"ready\":true}" : "ready");
    if (!o->full)
        return run_lines(o);
    return sys_is_terminal() && !o->json ? run_screen(o) : run_snapshot(o);
}

int run_monitor(const struct options *o)
{
    struct text why = {0};
    UINT kinds;
    int exit_code;

    monitor.options = o;
    DdemlSetDeadlines(o->timeout ? (DWORD)o->timeout : 0, (DWORD)options_timeout(o));
    view_begin();
    if (take_kinds(o, &kinds, &why) && take_filter(o, &why))
        exit_code = run(o, kinds);
    else
        exit_code = fail_with(EXIT_USAGE, "monitor: %s", text_of(&why));
    if (monitor.inst)
        DdeUninitialize(monitor.inst);
    if (monitor.news)
        DdeUninitialize(monitor.news);
    view_end();
    target_free(&monitor.filter);
    text_free(&why);
    memset(&monitor, 0, sizeof monitor);
    return exit_code;
}
