/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The monitors' story and what has happened: of each thread a monitor hears every callback that has returned since it
 * began to listen, in their order; and what it has heard of conversations adds up to those that are open. */

#include "oracle.h"

#include <string.h>

enum { CALLBACKS = 2048, PAIRS = 512, BEGINNINGS = 32 };

/* A callback that has returned. */
struct event {
    UINT type, fmt;
    uintptr_t conv;
    DWORD result;
};

/* What a monitor has heard of two windows. */
struct heard_pair {
    uintptr_t client, server;
    int open, most; /* sides */
};

/* What it has heard of an actor: n events from one on, which is not known exactly: those that were happening while it
 * began to listen it may have heard or not. */
struct ear {
    unsigned first;      /* the first that it can have heard */
    uint32_t beginnings; /* which of those from that on can be the one that it has heard first: bits */
    unsigned n;
};

struct watcher {
    bool watching, full;
    DWORD kinds;
    struct ear ears[ACTORS];
    struct heard_pair pairs[PAIRS];
    unsigned n_pairs;
};

/* What has happened, by actors. */
static struct {
    struct event log[CALLBACKS];
    unsigned n;
} happened[ACTORS];
static bool log_is_full;

static struct watcher watchers[PARTIES];

void monitors_reset(void)
{
    log_is_full = false;
    for (unsigned i = 0; i < ACTORS; i++)
        happened[i].n = 0;
    for (unsigned i = 0; i < PARTIES; i++)
        if (watchers[i].watching)
            memset(&watchers[i], 0, sizeof watchers[i]);
}

/* One that has returned may not have been told of yet. */
void monitors_opening(struct party *p)
{
    struct watcher *w = &watchers[p->number];

    memset(w, 0, sizeof *w);
    for (unsigned i = 0; i < ACTORS; i++)
        w->ears[i].first = happened[i].n ? happened[i].n - 1 : 0;
}

void monitors_open(struct party *p)
{
    struct watcher *w = &watchers[p->number];

    w->watching = true;
    w->kinds = p->flags & MF_MASK;
    for (unsigned i = 0; i < ACTORS; i++) {
        unsigned most = happened[i].n - w->ears[i].first;

        w->full = w->full || most >= BEGINNINGS;
        w->ears[i].beginnings = (uint32_t)((2ull << most % BEGINNINGS) - 1);
    }
}

void monitors_called(const struct heard *h, HDDEDATA result)
{
    unsigned actor = h->party->actor->number;

    if (happened[actor].n >= CALLBACKS) {
        log_is_full = true;
        return;
    }
    sim_note("callback %#x of actor %u has returned %#x", h->type, actor, (unsigned)(uintptr_t)result);
    happened[actor].log[happened[actor].n++] = (struct event){
        .type = h->type,
        .fmt = h->fmt,
        .conv = (uintptr_t)h->conv,
        .result = (DWORD)(uintptr_t)result,
    };
}

/* Has anything kept events from monitors? Without memory they are lost. */
static bool unreliable(void)
{
    return log_is_full || sim_figures()->n_fired;
}

static struct actor *actor_of(HANDLE task)
{
    for (unsigned i = 0; i < play.n_actors; i++)
        if (play.actors[i].session_thread == (uint32_t)(uintptr_t)task)
            return &play.actors[i];
    return NULL;
}

static bool is_it(unsigned actor, unsigned at, const MONCBSTRUCT *cb)
{
    const struct event *e = &happened[actor].log[at];

    return at < happened[actor].n && e->type == cb->wType && e->fmt == cb->wFmt &&
           e->conv == (uintptr_t)cb->hConv && e->result == cb->dwRet;
}

static void heard_callback(struct party *p, const MONCBSTRUCT *cb)
{
    struct watcher *w = &watchers[p->number];
    struct actor *a = actor_of(cb->hTask);
    struct ear *ear = a ? &w->ears[a->number] : NULL;

    if (!ear || w->full || unreliable())
        return;
    for (unsigned i = 0; i < BEGINNINGS; i++)
        if (ear->beginnings >> i & 1 && !is_it(a->number, ear->first + i + ear->n, cb))
            ear->beginnings &= ~(1u << i);
    ear->n++;
    if (!ear->beginnings) {
        violated("monitor", "monitor %u: of actor %u it has heard of callback %#x, which is not the next",
                 p->number, a->number, cb->wType);
        w->full = true;
    }
}

static struct heard_pair *pair_of(struct watcher *w, uintptr_t client, uintptr_t server)
{
    for (unsigned i = 0; i < w->n_pairs; i++)
        if (w->pairs[i].client == client && w->pairs[i].server == server)
            return &w->pairs[i];
    if (w->n_pairs == PAIRS) {
        w->full = true;
        return NULL;
    }
    w->pairs[w->n_pairs] = (struct heard_pair){client, server, 0, 0};
    return &w->pairs[w->n_pairs++];
}

static void heard_conv(struct party *p, const MONCONVSTRUCT *conv)
{
    struct watcher *w = &watchers[p->number];
    struct heard_pair *pair = pair_of(w, (uintptr_t)conv->hConvClient, (uintptr_t)conv->hConvServer);

    if (pair)
        pair->open += conv->fConnect ? 1 : -1;
    if (pair && pair->open > pair->most)
        pair->most = pair->open;
    if (pair && pair->open > 2 && !unreliable())
        violated("monitor", "monitor %u: a conversation was established three times", p->number);
}

void monitors_heard(struct party *p, HDDEDATA data, ULONG_PTR kind)
{
    union {
        MONCBSTRUCT callback;
        MONCONVSTRUCT conv;
        unsigned char bytes[2048];
    } u;
    DWORD size = CALL(DdeGetData)(data, u.bytes, sizeof u, 0);

    if (!watchers[p->number].watching || !size)
        return;
    if (!(kind & watchers[p->number].kinds))
        violated("monitor", "monitor %u: an event of kind %#lx, which it does not want", p->number,
                 (unsigned long)kind);
    if (kind == MF_CALLBACKS)
        heard_callback(p, &u.callback);
    if (kind == MF_CONV)
        heard_conv(p, &u.conv);
}

struct sides {
    int open, all;
};

static struct sides sides_of(const struct heard_pair *pair)
{
    struct sides sides = {0, 0};

    for (unsigned i = 0; i < oracle_n_talks(); i++) {
        const struct talk *t = &oracle_talks[i];
        uintptr_t client = t->client ? t->wnd : t->partner, server = t->client ? t->partner : t->wnd;

        sides.all += client == pair->client && server == pair->server;
        sides.open += client == pair->client && server == pair->server && t->open;
    }
    return sides;
}

/* A pair of which it has not heard everything began before it did. */
static void conversations_at_rest(const struct party *p, const struct watcher *w)
{
    for (unsigned i = 0; !w->full && i < w->n_pairs; i++) {
        const struct heard_pair *pair = &w->pairs[i];
        struct sides sides = sides_of(pair);

        if (pair->most > 0 && pair->open >= 0 && pair->most == sides.all && pair->open != sides.open)
            violated("monitor", "monitor %u: %d sides of a conversation are open, and it has heard of %d",
                     p->number, sides.open, pair->open);
    }
}

static bool has_heard_all(const struct ear *ear, unsigned actor)
{
    for (unsigned i = 0; i < BEGINNINGS; i++)
        if (ear->beginnings >> i & 1 && ear->first + i + ear->n == happened[actor].n)
            return true;
    return false;
}

/* All that there was to hear has been heard. */
void monitors_at_rest(const struct party *p)
{
    const struct watcher *w = &watchers[p->number];

    if (!w->watching || w->full || unreliable())
        return;
    for (unsigned i = 0; w->kinds & MF_CALLBACKS && i < play.n_actors; i++)
        if (!sim_killed(play.actors[i].process) && !has_heard_all(&w->ears[i], i))
            violated("monitor", "monitor %u: it has not heard of every callback of actor %u", p->number, i);
    if (w->kinds & MF_CONV && !play.secretive && !sim_figures()->kills)
        conversations_at_rest(p, w);
}
