/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What the two of a pair do together. Both have been opened, the server serves; afterwards both are closed. Prices are
 * texts, 100 at first; see agent.h for the rest. */

#include "interop/matrix.h"

static void meet(struct cell *c)
{
    if (!cell_expect(c, CLIENT, "connect 0 " SERVICE " " TOPIC, "ok"))
        longjmp(c->out, 1);
    cell_events(c, SERVER, "connect,!confirm");
}

static void part(struct cell *c)
{
    cell_expect(c, CLIENT, "disconnect 0", "ok");
    cell_events(c, SERVER, "disconnect");
}

static void connect_by_name(struct cell *c)
{
    cell_expect(c, CLIENT, "connect 0 " SERVICE " Nothing", "none");
    cell_expect(c, CLIENT, "connect 0 Nobody " TOPIC, "none");
    meet(c);
    cell_expect(c, CLIENT, "request 0 Price 5000", "ok:100");
    cell_events(c, SERVER, "request:Price");
    part(c);
}

static void connect_to_any(struct cell *c, const char *line)
{
    if (!cell_expect(c, CLIENT, line, "ok"))
        return;
    cell_events(c, SERVER, "wildconnect,!confirm");
    cell_expect(c, CLIENT, "request 0 Price 5000", "ok:100");
    cell_events(c, SERVER, "request:Price");
    part(c);
}

static void wildcard(struct cell *c)
{
    connect_to_any(c, "connect 0 * " TOPIC);
    connect_to_any(c, "connect 0 " SERVICE " *");
    cell_expect(c, CLIENT, "connect 0 * Nothing", "none");
}

static void request(struct cell *c)
{
    meet(c);
    cell_expect(c, CLIENT, "request 0 Price 5000", "ok:100");
    cell_expect(c, CLIENT, "request 0 Large 5000", "ok:#3140586760");
    cell_expect(c, CLIENT, "request 0 Refused 5000", "refused");
    cell_events(c, SERVER, "request:Price,request:Large,request:Refused");
    cell_expect(c, CLIENT, "ask 0 Price", "ok");
    cell_events(c, CLIENT, "complete:Price=100");
    cell_events(c, SERVER, "request:Price");
    part(c);
}

static void poke(struct cell *c)
{
    meet(c);
    cell_expect(c, CLIENT, "poke 0 Price 42 5000", "ok+2A");
    cell_expect(c, CLIENT, "request 0 Price 5000", "ok:42");
    cell_expect(c, CLIENT, "poke 0 Refused 1 5000", "refused");
    cell_expect(c, CLIENT, "poke 0 Busy 2 5000", "busy");
    cell_events(c, SERVER, "poke:Price=42,request:Price,poke:Refused=1,poke:Busy=2");
    part(c);
}

static void execute(struct cell *c)
{
    meet(c);
    cell_expect(c, CLIENT, "execute 0 [go(\"1\")] 5000", "ok");
    cell_expect(c, CLIENT, "execute 0 [Refused] 5000", "refused");
    cell_expect(c, CLIENT, "execute 0 [Busy] 5000", "busy");
    cell_events(c, SERVER, "execute:[go(\"1\")],execute:[Refused],execute:[Busy]");
    part(c);
}

static void hot(struct cell *c)
{
    meet(c);
    cell_expect(c, CLIENT, "advise 0 hot Price 5000", "ok");
    cell_events(c, SERVER, "advstart:Price");
    cell_expect(c, SERVER, "update 101", "ok");
    cell_events(c, CLIENT, "data:Price=101");
    cell_expect(c, SERVER, "burst 5", "ok");
    cell_events(c, CLIENT, "data:Price=1,data:Price=2,data:Price=3,data:Price=4,data:Price=5");
    cell_events(c, SERVER,
                "!advreq:Price,!advreq:Price,!advreq:Price,!advreq:Price,!advreq:Price,!advreq:Price");
    cell_expect(c, CLIENT, "unadvise 0 Price 5000", "ok");
    cell_events(c, SERVER, "advstop:Price");
    cell_expect(c, SERVER, "update 102", "ok");
    cell_expect(c, CLIENT, "request 0 Price 5000", "ok:102"); /* what had been sent would have come before */
    cell_events(c, SERVER, "request:Price");
    cell_expect(c, CLIENT, "advise 0 hot Refused 5000", "refused");
    cell_events(c, SERVER, "advstart:Refused");
    part(c);
}

static void warm(struct cell *c)
{
    meet(c);
    cell_expect(c, CLIENT, "advise 0 warm Price 5000", "ok");
    cell_events(c, SERVER, "advstart:Price");
    cell_expect(c, SERVER, "update 101", "ok");
    cell_events(c, CLIENT, "notice:Price");
    cell_events(c, SERVER, "");
    cell_expect(c, CLIENT, "request 0 Price 5000", "ok:101");
    cell_events(c, SERVER, "request:Price");
    cell_expect(c, CLIENT, "unadvise 0 Price 5000", "ok");
    cell_events(c, SERVER, "advstop:Price");
    cell_expect(c, SERVER, "update 102", "ok");
    cell_expect(c, CLIENT, "request 0 Price 5000", "ok:102");
    cell_events(c, SERVER, "request:Price");
    part(c);
}

static void acknowledged(struct cell *c)
{
    meet(c);
    cell_expect(c, CLIENT, "advise 0 ack Price 5000", "ok");
    cell_events(c, SERVER, "advstart:Price");
    cell_expect(c, SERVER, "update 101", "ok");
    cell_events(c, CLIENT, "data:Price=101");
    cell_freeze(c, CLIENT, "request 0 Refused 5000");
    cell_expect(c, SERVER, "burst 5", "ok"); /* one under way, and then the newest */
    cell_thaw();
    cell_answer(c, CLIENT, "refused");
    cell_events(c, CLIENT, "data:Price=1,data:Price=5");
    cell_forget_events(c, SERVER);
    cell_expect(c, CLIENT, "unadvise 0 Price 5000", "ok");
    cell_events_end(c, SERVER, "advstop:Price");
    part(c);
}

/* The case of Q170626: updates are queued for the client when it goes. */
static void client_ends(struct cell *c)
{
    meet(c);
    cell_expect(c, CLIENT, "advise 0 hot Price 5000", "ok");
    cell_freeze(c, CLIENT, "disconnect 0");
    cell_expect(c, SERVER, "burst 20", "ok");
    cell_thaw();
    cell_answer(c, CLIENT, "ok");
    cell_events_end(c, SERVER, "disconnect");
    cell_expect(c, CLIENT, "request 0 Price 5000", "gone");
    cell_events(c, CLIENT, "");
}

/* A request is queued for the server when it goes. */
static void server_ends(struct cell *c)
{
    meet(c);
    cell_expect(c, CLIENT, "advise 0 hot Price 5000", "ok");
    cell_events(c, SERVER, "advstart:Price");
    cell_freeze(c, SERVER, "drop");
    cell_expect(c, CLIENT, "ask 0 Price", "ok");
    cell_thaw();
    cell_answer(c, SERVER, "ok");
    cell_events(c, CLIENT, "complete:Price=-,disconnect");
    cell_expect(c, CLIENT, "request 0 Price 5000", "gone");
    cell_events(c, SERVER, "");
}

static void both_end(struct cell *c)
{
    meet(c);
    cell_expect(c, CLIENT, "advise 0 hot Price 5000", "ok");
    cell_events(c, SERVER, "advstart:Price");
    cell_expect(c, SERVER, "update 101", "ok");
    cell_forget_events(c, SERVER);
    cell_forget_events(c, CLIENT);
    cell_freeze(c, CLIENT, "disconnect 0");
    cell_freeze(c, SERVER, "drop");
    cell_thaw();
    cell_answer(c, CLIENT, "ok");
    cell_answer(c, SERVER, "ok");
    cell_expect(c, CLIENT, "request 0 Price 5000", "gone");
}

/* In the middle of a transaction; it answers nothing any more. */
static void server_killed(struct cell *c)
{
    meet(c);
    cell_expect(c, CLIENT, "advise 0 hot Price 5000", "ok");
    cell_expect(c, SERVER, "stall", "stalling");
    agent_tell(c->ends[CLIENT], "request 0 Price 3000");
    cell_answer(c, SERVER, "requested");
    cell_kill(c, SERVER);
    cell_answer(c, CLIENT, "gone");
    cell_events(c, CLIENT, "!disconnect");
    cell_expect(c, CLIENT, "connect 1 " SERVICE " " TOPIC, "none");
}

static void client_killed(struct cell *c)
{
    meet(c);
    cell_expect(c, CLIENT, "advise 0 hot Price 5000", "ok");
    cell_events(c, SERVER, "advstart:Price");
    cell_kill(c, CLIENT);
    if (cell_is(c, SERVER, RAW))
        cell_expect(c, SERVER, "update 101", "ok");
    else
        cell_events(c, SERVER, "disconnect");
    cell_expect(c, SERVER, "update 102", "ok");
}

/* It stands still; afterwards it finds what has been sent meanwhile, the end included. */
static void server_hung(struct cell *c)
{
    meet(c);
    cell_expect(c, SERVER, "hang", "hanging");
    cell_expect(c, CLIENT, "request 0 Price 200", "timeout");
    cell_expect(c, CLIENT, "connect 1 Nobody " TOPIC, "none");
    cell_expect(c, CLIENT, "poke 0 Price 42 200", "timeout");
    cell_expect(c, CLIENT, "disconnect 0", "ok");
    cell_expect(c, SERVER, "wake", "ok");
    cell_events(c, SERVER, "request:Price,poke:Price=42,disconnect");
}

static void client_hung(struct cell *c)
{
    meet(c);
    cell_expect(c, CLIENT, "advise 0 hot Price 5000", "ok");
    cell_events(c, SERVER, "advstart:Price");
    cell_expect(c, CLIENT, "hang", "hanging");
    cell_expect(c, SERVER, "burst 50", "ok");
    cell_forget_events(c, SERVER);
    cell_expect(c, SERVER, "drop", "ok");
    cell_expect(c, CLIENT, "wake", "ok");
    cell_events_end(c, CLIENT, "data:Price=50,disconnect");
    cell_events(c, SERVER, "");
}

const struct scenario scenarios[SCENARIOS] = {
    {"named connect", connect_by_name, {false, false}, false},
    {"wildcard connect", wildcard, {false, false}, false},
    {"request", request, {false, false}, false},
    {"poke", poke, {false, false}, false},
    {"execute A", execute, {false, false}, false},
    {"execute W", execute, {true, true}, false},
    {"execute A to W", execute, {false, true}, false},
    {"execute W to A", execute, {true, false}, false},
    {"hot link", hot, {false, false}, false},
    {"warm link", warm, {false, false}, false},
    {"acknowledged link", acknowledged, {false, false}, false},
    {"client ends", client_ends, {false, false}, false},
    {"server ends", server_ends, {false, false}, false},
    {"both end", both_end, {false, false}, false},
    {"server killed", server_killed, {false, false}, true},
    {"client killed", client_killed, {false, false}, true},
    {"server hung", server_hung, {false, false}, false},
    {"client hung", client_hung, {false, false}, false},
};
