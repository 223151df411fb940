/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_SIM_PLAY_H
#define TESTS_SIM_PLAY_H

/* A play: what one seed makes of processes, threads, instances and raw partners that call the whole API in a
 * simulated world, and whose callbacks do whatever a callback may do. Afterwards everything rests, the oracle
 * (oracle.h) looks at what has come of it, all leave, and nothing may be left.
 *
 *   actor   a simulated thread of the play
 *   party   an instance of the library, of one actor
 *   talk    one side of a conversation, as the oracle knows it
 *
 * Chance comes from the seed, the actor and the number of its step alone, so that a step that is left out
 * (--steps, --without) leaves the others what they were. */

#include "winddeml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/sim/sim.h"

enum {
    ACTORS = 24,
    PARTIES = 64,
    SERVICES = 4, /* the last one is that of raw partners */
    TOPICS = 2,
    ITEMS = 3,
    FORMATS = 2,
    RAW_SERVICE = SERVICES - 1,
    AT_ONCE = 2,   /* parties of an actor at the same time */
    REMEMBERED = 8 /* data, strings, lists of a party */
};

extern const char *const play_services[SERVICES];
extern const char *const play_topics[TOPICS];
extern const char *const play_items[ITEMS];
extern const UINT play_formats[FORMATS];

/* ---- Actors ------------------------------------------------------------------------------------------ */

enum actor_kind { ACTOR_PLAIN, ACTOR_RAW, ACTOR_SERVICE };

enum actor_stage {
    STAGE_UNUSED,
    STAGE_PLAYING,
    STAGE_RESTING,
    STAGE_QUIET,
    STAGE_LOOKED,
    STAGE_JUDGED,
    STAGE_GONE
};

struct party;

struct actor {
    unsigned number;
    enum actor_kind kind;
    enum actor_stage stage;
    int process, sim_thread;
    uint32_t thread, session_thread; /* of the host */
    uint64_t random;                 /* of the step */
    unsigned step, steps;
    unsigned depth; /* of callbacks in callbacks */
    bool exits;     /* its thread ends without a word */
    bool stopping;  /* ACTOR_SERVICE: it has been told to */
    bool tame;      /* callbacks do nothing of their own any more */
    struct party *parties[AT_ONCE];
    DWORD service_thread;     /* ACTOR_SERVICE: DdemlStartThread's id; 0: it has ended */
    struct actor *keeper;     /* ACTOR_SERVICE: who has started it */
    unsigned syncs;           /* synchronous transactions under way: 0 or 1 */
    uint64_t in_callbacks_ms; /* time that callbacks have taken */
    uint64_t allowed_ms;      /* time that ends of instances inside other calls may have taken */
    struct raw *raw;          /* ACTOR_RAW */
};

struct party {
    unsigned number;
    struct actor *actor;
    DWORD id;
    bool open;    /* callbacks may come */
    bool leaving; /* DdeUninitialize has been called */
    bool wide, monitor, client_only, filter;
    bool fickle;    /* its flags have changed */
    bool secretive; /* has not been told of every conversation's beginning or end, at some time */
    DWORD flags;
    PFNCALLBACK callback;
    HSZ services[SERVICES], topics[TOPICS], items[ITEMS];
    unsigned connecting; /* DdeConnect and the like under way */
    unsigned reconnecting;
    unsigned posting; /* DdePostAdvise under way */
    HDDEDATA data[REMEMBERED];
    HSZ strings[REMEMBERED];
    HCONVLIST lists[REMEMBERED];
    HDDEDATA lent; /* what the innermost callback was given */
    HCONV ending;  /* while its XTYP_DISCONNECT is running */
};

struct play_options {
    uint64_t seed;
    unsigned steps; /* of all actors together; 0: by seed */
    const char *without;
    uint32_t lines; /* of the story that are kept; 0: some */
    bool loud;
};

struct play {
    struct play_options options;
    struct sim_options world;
    unsigned steps;
    unsigned wild;    /* permille of callbacks that do something of their own */
    unsigned block;   /* permille of results that are CBR_BLOCK, where that means something */
    unsigned hostile; /* permille of odd answers of raw partners */
    unsigned refuse;  /* permille of refusals */
    uint32_t initiate_ms, shutdown_ms;
    struct actor actors[ACTORS];
    unsigned n_actors;
    int n_processes;
    struct party parties[PARTIES];
    unsigned n_parties;
    bool rehearsed[SIM_PROCESSES]; /* DdemlSetDeadlines has been called */
    uint64_t busy_at;              /* when something happened last, or may happen at last */
    bool secretive;                /* any party has been */
    bool torn;                     /* a thread has ended inside a callback */
    bool full;                     /* the records of the oracle are: no new steps */
};
extern struct play play;

/* Plays. true: nothing was violated; else sim_violation has the rule and the text. The world is open
 * afterwards, for the story. */
bool play_run(const struct play_options *options);

bool play_without(const char *name); /* has that been left out? */

struct actor *play_cast(enum actor_kind kind, int process); /* NULL: there are enough */
void play_enter(struct actor *a);                           /* on its thread, before anything else */
bool play_next_step(struct actor *a);                       /* false: it has had all of them */
void play_busy(void);                                       /* something is happening */
void play_busy_for(uint64_t ms);                            /* or cannot happen before that */
struct actor *play_self(void);

/* Chance, of the actor's current step. */
unsigned chance(struct actor *a, unsigned n); /* 0 .. n-1 */
bool permille(struct actor *a, unsigned n);

/* ---- Operations (play_ops.c) -------------------------------------------------------------------------- */

/* How often each exported function has been called, by all plays of this process. */
enum called {
#define DDEML_EXPORT(name, bytes) CALLED_##name,
#include "ddeml_exports.inc"
#undef DDEML_EXPORT
    CALLED_N
};
extern const char *const called_names[CALLED_N];
extern uint64_t called[CALLED_N];
#define CALL(name) (called[CALLED_##name]++, name)

void ops_prepare(void); /* the weights of this seed */
void ops_step(struct actor *a);
bool ops_known(const char *name); /* does --without know it? */
const char *ops_name(unsigned i); /* NULL: no more */

bool party_open(struct actor *a, DWORD flags, bool wide);
void party_close(struct party *p);
void service_stop(struct actor *s, DWORD wait);        /* a thread of DdemlStartThread */
void party_post(struct party *p, int topic, int item); /* -1: all */

/* ---- Callbacks (play_callbacks.c) ---------------------------------------------------------------------- */

extern const PFNCALLBACK play_callbacks[PARTIES];
const char *reactions_name(unsigned i);

/* ---- Raw partners (play_raw.c) -------------------------------------------------------------------------- */

void raw_play(struct actor *a); /* its steps */
bool play_queues_are_short(void);
void raw_at_rest(const struct actor *a);
void raw_leave(struct actor *a); /* ends all its conversations and its window */
bool raw_window(uintptr_t wnd);
bool raw_any(void);
bool raw_hostile(void); /* has any of them been, in this play? */
void raw_reset(void);

#endif
