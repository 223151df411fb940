/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* dde advise: every update of items, until interrupted. dde fetch: a link first, then the value, once:
 * servers that begin to follow an item only when somebody wants to be told of it have a value then. */

#include "client.h"
#include "commands.h"
#include "output.h"
#include "sys.h"

#include <stdlib.h>

#include "winddeml.h"

struct link {
    struct target target;
    HCONV conv;
    bool fetched; /* updates count from now on */
};

static struct {
    const struct options *options;
    const char *name;
    struct link *links;
    size_t n;
    uint64_t updates;
    bool fetching; /* the value itself is asked for         */
    bool quiet;    /* nothing is wanted any more            */
} advise;

/* ---- Updates ------------------------------------------------------------------------------------------ */

static struct link *link_of(HCONV conv, const char *item)
{
    for (size_t i = 0; i < advise.n; i++)
        if (advise.links[i].conv == conv && same_name(advise.links[i].target.item, item))
            return &advise.links[i];
    return NULL;
}

static bool has_enough(void)
{
    return advise.quiet || (advise.options->count && advise.updates >= advise.options->count);
}

static void show(const struct target *t, UINT format, const struct text *bytes)
{
    const struct options *o = advise.options;
    bool once = advise.fetching && !o->follow;

    if (has_enough())
        return;
    advise.updates++;
    print_value(o, &(struct shown_value){t, format, bytes ? text_of(bytes) : NULL, bytes ? bytes->n : 0,
                                         !once, !once || advise.n > 1});
}

static void update(HCONV conv, HSZ item, UINT format, HDDEDATA data)
{
    struct text name = {0}, bytes = {0};
    struct link *l;

    put_string(&name, client_instance(), item);
    l = link_of(conv, text_of(&name));
    if (data)
        put_data(&bytes, data);
    if (l && l->fetched)
        show(&l->target, format, data ? &bytes : NULL);
    text_free(&name);
    text_free(&bytes);
}

/* ---- Links -------------------------------------------------------------------------------------------- */

static UINT format_of(const struct options *o)
{
    return o->format ? o->format : CF_TEXT;
}

static int add_link(const struct options *o, const char *word)
{
    struct text why = {0};
    struct link l = {.fetched = !advise.fetching};
    int exit_code = EXIT_OK;

    if (!target_of(&l.target, o, word, NEED_ITEM, &why)) {
        exit_code = fail_with(EXIT_USAGE, "%s: %s", advise.name, text_of(&why));
    } else {
        advise.links = must_resize(advise.links, (advise.n + 1) * sizeof *advise.links);
        advise.links[advise.n++] = l;
    }
    text_free(&why);
    return exit_code;
}

static int start(const struct options *o, struct link *l)
{
    UINT flags = (o->ack ? XTYPF_ACKREQ : 0) | (o->warm ? XTYPF_NODATA : 0);
    struct transaction x = {.type = XTYP_ADVSTART | flags, .format = format_of(o), .item = l->target.item};
    int exit_code;

    l->conv = x.conv = client_conversation(o, &l->target, &exit_code);
    return x.conv ? client_transact(o, &x, "advise", &l->target) : exit_code;
}

/* The value as it is now: what was sent before it is older. */
static void answered(const struct transaction *x)
{
    struct link *l = link_of(x->conv, x->item);

    l->fetched = true;
    show(&l->target, x->format, &x->answer);
}

static int request(const struct options *o, const struct link *l)
{
    struct transaction x = {.conv = l->conv,
                            .type = XTYP_REQUEST,
                            .format = format_of(o),
                            .item = l->target.item,
                            .answered = answered};
    int exit_code = client_transact(o, &x, "request", &l->target);

    text_free(&x.answer);
    return exit_code;
}

static int fetch(const struct options *o)
{
    int exit_code = EXIT_OK;

    for (size_t i = 0; i < advise.n && may_go_on(); i++) {
        int now = request(o, &advise.links[i]);

        exit_code = exit_code ? exit_code : now;
    }
    return exit_code;
}

/* Until it has enough, time is over, nobody is there any more, or it is interrupted. */
static int follow(const struct options *o)
{
    uint64_t until = o->run_for ? sys_now_ms() + o->run_for : UINT64_MAX, now;

    while (may_go_on() && !has_enough() && (now = sys_now_ms()) < until) {
        if (!client_open_conversations())
            return client_failed(advise.name, &advise.links[0].target, DMLERR_SERVER_DIED);
        client_wait(until - now);
    }
    return exit_of_the_end();
}

static int run(const struct options *o, const char *name, bool fetching)
{
    size_t n = o->arguments.n ? o->arguments.n : 1;
    int exit_code = EXIT_OK;

    advise.options = o;
    advise.name = name;
    advise.fetching = fetching;
    for (size_t i = 0; i < n && !exit_code; i++)
        exit_code = add_link(o, o->arguments.n ? o->arguments.at[i] : NULL);
    if (!exit_code)
        exit_code = client_begin(o, update);
    for (size_t i = 0; i < advise.n && !exit_code; i++)
        exit_code = start(o, &advise.links[i]);
    if (!exit_code && fetching)
        exit_code = fetch(o);
    if (!exit_code && (!fetching || o->follow))
        exit_code = follow(o);
    advise.quiet = true; /* what comes while everything ends */
    client_end();
    for (size_t i = 0; i < advise.n; i++)
        target_free(&advise.links[i].target);
    free(advise.links);
    return exit_code;
}

int run_advise(const struct options *o)
{
    return run(o, "advise", false);
}

int run_fetch(const struct options *o)
{
    return run(o, "fetch", true);
}
