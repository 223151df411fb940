/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_CONTRACT_CAST_H
#define TESTS_CONTRACT_CAST_H

/* What src/host/host.h promises, one rule per test. Every host passes the same suite.
 *
 * The cast: the test itself, on the main thread, and actors, each a thread with one window of its own. A
 * failed assertion leaves a test in the middle, so the fixture owns whatever a test makes, and takes it down.
 * Only the main thread asserts; actors and procedures write down what they see. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/host.h"
#include "thread.h"

enum {
    INITIATE = 0x03E0,
    TERMINATE = 0x03E1,
    UNADVISE = 0x03E3,
    ACK = 0x03E4,
    REQUEST = 0x03E6, /* the one that is posted most here: its parameters are plain numbers */

    PATIENCE = 10000, /* ms: longer than anything that is going to happen takes */
    MOMENT = 200,     /* ms: for what is not going to happen                     */
};

/* ---- Records: what a window was told ---------------------------------------------------------------- */

#define RECORD_SIZE 64

struct record {
    struct host_msg msg[RECORD_SIZE]; /* the first ones */
    atomic_int n;
    uint32_t thread; /* that ran the procedure last */
    void (*hook)(struct record *rec, const struct host_msg *msg);
    void *arg; /* the hook's */
    int value; /* the hook's */
};

/* The procedure of a window whose context is a record. */
void record_proc(void *ctx, const struct host_msg *msg);

/* As many messages as somebody waits for; host_pump can ask whether they have come. */
struct wish {
    struct record *rec;
    int n;
};
bool wish_granted(void *wish);

/* Pumps until the record holds n messages. */
bool pump_for(struct record *rec, int n);

bool never(void *arg);

/* Delivers everything that is there. */
void pump_dry(void);

/* ---- The fixture ------------------------------------------------------------------------------------ */

struct actor {
    struct thread thread;
    bool running;
    struct event ready, go, seen;
    atomic_bool stop;
    void (*body)(struct actor *a);
    enum host_class cls;
    host_wnd wnd;
    uint32_t id, session;
    struct record rec;
    struct actor *other;
    host_wnd partner;
    host_mem mem;
    int result, value;
    char log[16];
};

#define ACTORS 6
#define THINGS 64

struct fx {
    struct record rec, rec2, rec3; /* of the main thread's windows */
    host_wnd wnd[THINGS];
    host_mem mem[THINGS];
    host_atom atom[THINGS];
    size_t n_wnd, n_mem, n_atom, n_actors;
    struct actor actor[ACTORS];
#ifndef _WIN32
    long baseline[7];
#endif
};

int fx_up(void **state);
int fx_down(void **state);
#define RULE(name) cmocka_unit_test_setup_teardown(name, fx_up, fx_down)

host_wnd window_of(struct fx *fx, enum host_class cls, host_wnd parent, struct record *rec);
host_mem memory_of(struct fx *fx, size_t size);
host_atom atom_of(struct fx *fx, const uint16_t *text);

/* The test gives the reference back itself. */
void atom_drop(struct fx *fx, host_atom atom);

/* Starts an actor and waits until it says that it is ready. */
struct actor *actor_of(struct fx *fx, enum host_class cls, void (*body)(struct actor *a));

/* Lets an actor finish, and waits for its thread to end. */
void actor_end(struct actor *a);

/* ---- Actors' usual parts ---------------------------------------------------------------------------- */

/* host_pump can ask whether it has been. */
bool told_to_stop(void *actor);

void make_window(struct actor *a);

/* Hears messages until it is told to stop. */
void hear_messages(struct actor *a);

/* Does not look at its messages until it is told to go on; then listens. */
void hang_first(struct actor *a);

/* A message that says which one it is. */
int post_number(host_wnd to, uint32_t id, uintptr_t number);
int send_number(host_wnd to, uintptr_t number, uint32_t wait_ms);

/* ---- Places, which are used again ------------------------------------------------------------------- */

#if !defined(_WIN32) && !defined(DDEML_HOST_SIM) /* whose numbers never come again */

#include "host/posix/slots.h"

enum { PLACES = 1 << SLOT_INDEX_BITS };

/* The part of a handle that says where its owner stands; the rest tells one owner from the next. */
static inline bool same_place(uintptr_t a, uintptr_t b)
{
    return (a ^ b) % ((uintptr_t)1 << (SLOT_INDEX_BITS + SLOT_TAG_BITS)) == 0;
}
#endif

#endif
