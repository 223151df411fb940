/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The callbacks of a play: what they do of their own, and what they return. */

#include <stdint.h>

#include "host/host.h"
#include "oracle.h"

enum { DEPTH = 4 };

/* ---- What a callback may do ----------------------------------------------------------------------------- */

static void do_a_step(struct heard *h)
{
    ops_step(h->party->actor);
}

static void hang_up(struct heard *h)
{
    struct talk *t = h->talk;

    if (!t || !t->open || t->quitting)
        return;
    if (CALL(DdeDisconnect)(t->handle))
        oracle_ended(t);
}

static void leave(struct heard *h)
{
    party_close(h->party);
}

static void post(struct heard *h)
{
    struct party *p = h->party;
    bool all = !h->talk || h->talk->topic < 0 || permille(p->actor, 300);

    if (h->type != XTYP_ADVREQ) /* it would come again and again */
        party_post(p, all ? -1 : h->talk->topic, -1);
}

static void free_what_is_lent(struct heard *h)
{
    if (h->data && h->type != XTYP_XACT_COMPLETE)
        CALL(DdeFreeDataHandle)(h->data);
}

static void stop_it(struct heard *h)
{
    if (h->talk && h->talk->open && CALL(DdeEnableCallback)(h->party->id, h->talk->handle, EC_DISABLE))
        oracle_enable(h->party, h->talk, EC_DISABLE);
}

static void release_it(struct heard *h)
{
    if (h->talk && h->talk->open && CALL(DdeEnableCallback)(h->party->id, h->talk->handle, EC_ENABLEALL))
        oracle_enable(h->party, h->talk, EC_ENABLEALL);
}

static void abandon(struct heard *h)
{
    if (h->talk && h->talk->open && h->talk->client &&
        CALL(DdeAbandonTransaction)(h->party->id, h->talk->handle, 0))
        oracle_abandoned(h->party, h->talk, 0);
}

static void run_a_loop(struct heard *h)
{
    CALL(DdemlDispatch)(chance(h->party->actor, 20));
}

static void destroy_partner(struct heard *h)
{
    int other = h->talk && h->talk->peer ? h->talk->peer->party->actor->process : -1;

    if (other >= 0 && other != sim_self() && !chance(h->party->actor, 4))
        sim_kill(other);
}

static void reconnect(struct heard *h)
{
    if (h->type == XTYP_DISCONNECT && h->talk && h->talk->client)
        party_reconnect(h->talk);
}

static const struct reaction {
    const char *name;
    void (*react)(struct heard *h);
    unsigned weight;
} reactions[] = {
    {"react:step", do_a_step, 8},         {"react:disconnect", hang_up, 2},
    {"react:uninitialize", leave, 1},     {"react:post", post, 3},
    {"react:free", free_what_is_lent, 1}, {"react:disable", stop_it, 1},
    {"react:enable", release_it, 2},      {"react:abandon", abandon, 1},
    {"react:loop", run_a_loop, 3},        {"react:destroy", destroy_partner, 1},
    {"react:reconnect", reconnect, 4},
};

enum { REACTIONS = sizeof reactions / sizeof *reactions };

const char *reactions_name(unsigned i)
{
    return i < REACTIONS ? reactions[i].name : NULL;
}

static void react(struct heard *h)
{
    unsigned sum = 0, at;
    const struct reaction *r = reactions;

    for (unsigned i = 0; i < REACTIONS; i++)
        sum += reactions[i].weight;
    at = chance(h->party->actor, sum);
    while (at >= r->weight)
        at -= r++->weight;
    if (!play_without(r->name))
        r->react(h);
}

/* ---- What it returns -------------------------------------------------------------------------------------- */

static HDDEDATA offer(struct party *p)
{
    struct actor *a = p->actor;
    HSZPAIR pairs[3] = {{p->services[chance(a, SERVICES)], p->topics[chance(a, TOPICS)]},
                        {p->services[chance(a, SERVICES)], p->topics[chance(a, TOPICS)]},
                        {0, 0}};

    return CALL(DdeCreateDataHandle)(p->id, (LPBYTE)pairs, sizeof pairs, 0, 0, 0, 0);
}

static HDDEDATA flags(struct actor *a)
{
    return (HDDEDATA)(uintptr_t)((permille(a, play.refuse) ? chance(a, 2) * DDE_FBUSY : DDE_FACK) |
                                 chance(a, 256));
}

static bool may_block(UINT type)
{
    return type == XTYP_REQUEST || type == XTYP_POKE || type == XTYP_EXECUTE || type == XTYP_ADVSTART ||
           type == XTYP_ADVSTOP || type == XTYP_ADVDATA || type == XTYP_XACT_COMPLETE;
}

static HDDEDATA result_of(struct heard *h, struct value **answer)
{
    struct party *p = h->party;
    struct actor *a = p->actor;

    if (!p->open)
        return 0;
    if (!a->tame && permille(a, may_block(h->type) ? play.block : play.block / 8) && !play_without("block"))
        return CBR_BLOCK;
    switch (h->type) {
    case XTYP_WILDCONNECT:
        return permille(a, play.refuse) ? 0 : offer(p);
    case XTYP_REQUEST:
    case XTYP_ADVREQ:
        return permille(a, play.refuse) ? 0 : party_answer(h, answer);
    case XTYP_CONNECT:
    case XTYP_ADVSTART:
        return (HDDEDATA)(uintptr_t)!permille(a, play.refuse);
    case XTYP_POKE:
    case XTYP_EXECUTE:
    case XTYP_ADVDATA:
        return flags(a);
    default:
        return 0;
    }
}

/* ---- The callback ------------------------------------------------------------------------------------------- */

static HDDEDATA called_back(struct heard *h)
{
    struct actor *a = h->party->actor;
    HDDEDATA lent = h->party->lent, result;
    HCONV ending = h->party->ending;
    uint64_t began = sim_now_ms(), before = a->in_callbacks_ms;
    struct value *answer = NULL;

    play_busy();
    oracle_begins(h);
    h->party->lent = h->data;
    if (h->type == XTYP_DISCONNECT)
        h->party->ending = h->conv;
    a->depth++;
    if (!a->tame && a->depth < DEPTH && h->type != XTYP_MONITOR && permille(a, play.wild))
        react(h);
    a->depth--;
    h->party->lent = lent;
    h->party->ending = ending;
    result = result_of(h, &answer);
    oracle_ends(h, result, answer);
    a->in_callbacks_ms = before + sim_now_ms() - began;
    return result;
}

#define CALLBACK_OF(n)                                                                                       \
    static HDDEDATA CALLBACK callback_##n(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2,               \
                                          HDDEDATA data, ULONG_PTR d1, ULONG_PTR d2)                         \
    {                                                                                                        \
        struct heard h = {.party = &play.parties[n],                                                         \
                          .type = type,                                                                      \
                          .fmt = fmt,                                                                        \
                          .conv = conv,                                                                      \
                          .hsz1 = hsz1,                                                                      \
                          .hsz2 = hsz2,                                                                      \
                          .data = data,                                                                      \
                          .d1 = d1,                                                                          \
                          .d2 = d2};                                                                         \
                                                                                                             \
        return called_back(&h);                                                                              \
    }

/* Each party has a callback of its own, and so can tell when it is called for another. Their numbers are octal. */
#define EIGHT(X, n) X(n##0) X(n##1) X(n##2) X(n##3) X(n##4) X(n##5) X(n##6) X(n##7)
#define ALL(X)                                                                                               \
    EIGHT(X, 0) EIGHT(X, 01) EIGHT(X, 02) EIGHT(X, 03) EIGHT(X, 04) EIGHT(X, 05) EIGHT(X, 06) EIGHT(X, 07)

ALL(CALLBACK_OF)

#define NAME_OF(n) callback_##n,
const PFNCALLBACK play_callbacks[PARTIES] = {ALL(NAME_OF)};
