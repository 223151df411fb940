/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_SIM_ORACLE_H
#define TESTS_SIM_ORACLE_H

/* The oracle: it is told of every call and every callback of a play, keeps its own records of who converses with
 * whom about what, and knows what may happen. A rule has a name, with which its violation begins:
 *
 *   envelope  a callback's arguments are those of its transaction, on the thread of its instance
 *   legal     a callback comes when it may: after the beginning and before the end of conversation and instance,
 *             never inside another that cannot nest, never where it is filtered or blocked
 *   again     a blocked transaction is the next one, with equal arguments
 *   bytes     data arrives as it was sent
 *   partner   it arrives at the other end of the conversation that it was sent in
 *   order     transactions of a conversation and updates of a loop arrive in order, and of a plain hot loop all
 *   once      no transaction and no update arrives twice, no completion comes twice or not at all
 *   answer    a transaction has the answer that the server's callback gave, and not before it has given it
 *   newest    an acknowledged loop ends with the newest value
 *   deadline  a call returns in its time
 *   monitor   a monitor hears what has happened, in order
 *   rest      when nothing happens any more, nothing waits, and what has ended is gone
 *   ledger    nothing is left
 *   hang      everybody comes to the end
 *
 * What a killed process, a failed host call or a hostile partner permits is derived from the world's own
 * records. */

#include "play.h"

struct deed;
struct value;

enum gate { GATE_FREE, GATE_SHUT, GATE_SINGLE, GATE_WITHIN, GATE_UNKNOWN };

/* What a loop was asked to be, by its client. */
enum loop_mode { LOOP_NONE, LOOP_HOT, LOOP_HOT_ACK, LOOP_WARM, LOOP_MIXED };

struct loop {
    enum loop_mode mode;        /* client */
    const struct value *last;   /* client: the last one that arrived */
    bool granted;               /* server */
    uint64_t posted_at;         /* server: DdePostAdvise began */
    uint64_t asked_at;          /* server: XTYP_ADVREQ began */
    const struct value *newest; /* server: the last one that was handed over */
};

struct talk {
    unsigned number;
    struct party *party;
    HCONV handle;
    bool client;
    bool open;     /* its handle is valid */
    bool quitting; /* its XTYP_DISCONNECT has begun */
    bool raw;      /* its partner is */
    bool restarts; /* DdeReconnect has asked for its former loops again */
    struct talk *peer;
    uintptr_t wnd, partner;
    int topic, service;
    uint64_t since;
    enum gate gate;
    unsigned inside;                   /* blockable callbacks that are running */
    struct deed *first, *last;         /* client */
    struct deed *served;               /* client: the last one that the server was given */
    struct deed *blocked;              /* server: the one that comes again; client: the completion */
    const struct value *blocked_value; /* client: the update that comes again */
    bool blocked_notice;
    uint64_t blocked_hits; /* how many host calls had failed by then */
    struct loop loops[ITEMS][FORMATS];
};

enum deed_state { DEED_ASKING, DEED_SENT, DEED_DONE, DEED_ABANDONED, DEED_DROPPED, DEED_UNSENT };

/* A client's transaction. */
struct deed {
    struct talk *talk;
    struct deed *next;
    UINT type, flags;
    int item, fmt; /* -1: none */
    bool async;
    DWORD id; /* 0: not known */
    enum deed_state state;
    const struct value *sent, *answer;
    bool served, replied;
    bool completing; /* its XTYP_XACT_COMPLETE is running */
    uintptr_t reply;
};

enum value_kind { VALUE_POKE, VALUE_COMMAND, VALUE_ANSWER, VALUE_UPDATE };

struct value {
    uint32_t id; /* from 1, in the order of their making */
    enum value_kind kind;
    struct talk *from;
    int item, fmt;
    uint32_t size;
    bool lost; /* its sender was told, or could not be */
    bool got;
    uint64_t faults; /* that its process had met when it was made */
};

void oracle_reset(void);

/* ---- Parties and conversations ------------------------------------------------------------------------ */

void oracle_entered(struct party *p);
void oracle_left(struct party *p);                  /* no callback may come any more */
struct talk *oracle_talk(struct party *p, HCONV h); /* an open one; NULL: none */
struct talk *oracle_connected(struct party *p, HCONV h, bool client);
void oracle_ended(struct talk *t); /* by its own side */
void oracle_disconnected(struct actor *a, HCONV h);
void oracle_reconnected(struct talk *old, struct talk *now);
void oracle_enable(struct party *p, struct talk *t, UINT command); /* it has succeeded */
struct talk *oracle_any(struct party *p, unsigned (*pick)(void *arg, unsigned n), void *arg, int client);

/* ---- Values -------------------------------------------------------------------------------------------- */

enum { VALUE_MOST = 400 };

/* A new value; NULL: the records are full. */
struct value *value_new(enum value_kind kind, struct talk *from, int item, int fmt, uint32_t size);
void value_write(const struct value *v, unsigned char *bytes);
uint32_t value_write_text(const struct value *v, bool wide,
                          unsigned char *bytes); /* VALUE_COMMAND; returns its size */
const struct value *value_read(HDDEDATA data);
const struct value *value_read_text(HDDEDATA data, bool wide);

/* ---- Transactions --------------------------------------------------------------------------------------- */

struct deed *oracle_asks(struct talk *t, UINT type, UINT flags, int item, int fmt, bool async,
                         struct value *sent);
void oracle_asked(struct deed *d, HDDEDATA result, UINT error, DWORD told);
struct deed *oracle_deed(struct talk *t, unsigned n); /* the n-th asynchronous one that is under way */
void oracle_abandoned(struct party *p, struct talk *t, DWORD id);

void oracle_posts(struct party *p, int topic, int item); /* -1: all */
void oracle_posted(struct party *p, uint32_t first_value, bool succeeded);
uint32_t oracle_values(void);

/* ---- Callbacks ------------------------------------------------------------------------------------------ */

struct heard {
    struct party *party;
    UINT type, fmt;
    HCONV conv;
    HSZ hsz1, hsz2;
    HDDEDATA data;
    ULONG_PTR d1, d2;
    struct talk *talk;
    struct deed *deed;
    const struct value *value;
    bool blockable;
    bool after_end; /* the completion of what the conversation's end has failed waits for nobody */
};

void party_reconnect(struct talk *t);

/* A new value for a server to answer with: what was asked for. */
HDDEDATA party_answer(struct heard *h, struct value **answer);

void oracle_begins(struct heard *h);
void oracle_ends(struct heard *h, HDDEDATA result, struct value *answer);

/* ---- Monitors (oracle_monitor.c) -------------------------------------------------------------------------- */

void monitors_reset(void);
void monitors_opening(struct party *p);
void monitors_open(struct party *p);
void monitors_heard(struct party *p, HDDEDATA data, ULONG_PTR kind);
void monitors_called(const struct heard *h, HDDEDATA result); /* a callback of another party has returned */
void monitors_at_rest(const struct party *p);

/* ---- Time --------------------------------------------------------------------------------------------------- */

struct stopwatch {
    uint64_t began, lost, callbacks, allowed;
};
struct stopwatch oracle_starts(struct actor *a);
void oracle_stops(struct actor *a, const struct stopwatch *w, const char *call, uint64_t may_ms);

/* ---- At rest, and at the end -------------------------------------------------------------------------------- */

void oracle_at_rest(struct party *p); /* on its thread */
void oracle_all_at_rest(void);
void oracle_process_over(int process); /* in the process, when all its instances have gone */
void oracle_world_over(void);

/* Where every violation goes. */
void violated(const char *rule, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The talks, for whoever wants to look at all of them. */
extern struct talk *const oracle_talks;
unsigned oracle_n_talks(void);

#endif
