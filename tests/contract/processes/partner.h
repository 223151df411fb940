/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_CONTRACT_PARTNER_H
#define TESTS_CONTRACT_PARTNER_H

/* What src/host/host.h promises, kept between processes.
 *
 * The test's process has a window; so has a partner, another process of the same program, which does what it is told
 * in lines and answers each with one. Every partner says at its end whether it has left anything behind. */

#include "support/process.h"
#include "support/support.h"

#include "host/host.h"

enum {
    INITIATE = 0x03E0,
    ACK = 0x03E4,
    DATA,
    REQUEST,
    PLAIN = 0x0400,
    DEADLY, /* whoever gets it dies */
    LIMIT = 10000,
    SOON = 50, /* ms: a deadline that passes */
    MB = 1 << 20,
    VALUES = 30,     /* as many as are told of  */
    COMES_BACK = 15, /* so many values later one is the same again */
};

/* ---- Windows, in either process ------------------------------------------------------------------------ */

struct seen {
    unsigned n, requests, sent, events, acks;
    bool out_of_order;
    struct host_msg last;
    size_t size;        /* of the last DATA */
    unsigned spoilt;    /* blocks that do not hold what they should */
    host_wnd answer_to; /* INITIATEs are answered; 0: not */
};

/* The procedure of a window whose context is a struct seen. */
void write_down(void *seen, const struct host_msg *msg);

/* What a window has been told in DATA, in order, and by whom. */
struct told {
    unsigned n;
    unsigned char value[2 * VALUES];
    host_wnd from[2 * VALUES];
};

/* The procedure of a window whose context is a struct told. */
void write_down_value(void *told, const struct host_msg *msg);

host_atom atom_of(const char *text);

/* REQUESTs with the numbers from first on; as many as could be posted, and what came of the one after them. */
int post_requests(host_wnd to, host_wnd from, unsigned first, unsigned n, unsigned *posted);

/* ---- In the partner ------------------------------------------------------------------------------------ */

/* Something that a partner can be told to do: a line that begins with this word. */
struct order {
    const char *word;
    void (*obey)(const char *rest); /* of the line */
};

/* Is this process one? */
bool is_partner(int argc, char **argv);

/* All of its life: it obeys the orders that partner.c knows, and these, up to one without a word; NULL: none. Its exit
 * code. */
int partner_run(const struct order *more);

host_wnd partner_wnd(void);

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- In the test's process ------------------------------------------------------------------------------ */

struct partner {
    struct test_process *process;
    host_wnd wnd;
};

struct own {
    struct seen seen;
    host_wnd wnd;
    struct partner partner[3];
    unsigned n_partners;
};
extern struct own own;

int up(void **state);
int down(void **state); /* nothing is left, of either process */
#define RULE(name) cmocka_unit_test_setup_teardown(name, up, down)

struct partner *partner_start(void);
struct partner *partner_known(void); /* whose window this process has met */

void partner_tell(struct partner *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Tells it, and expects this answer. */
void partner_does(struct partner *p, const char *answer, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* It meets a window of this process. */
void partner_meets(struct partner *p, host_wnd wnd);
struct seen partner_has_seen(struct partner *p);
void partner_kill(struct partner *p);
void partner_expect_gone(struct partner *p);

/* Dispatches until there are so many. */
void expect(unsigned *count, unsigned n);

/* A DATA with a block of this size, which stays the sender's. */
int post_data(const struct partner *p, size_t size, struct host_msg *m, host_mem *mem);

/* All of it is still there, of a message that could not be posted; takes it back. */
void expect_unsent(const struct host_msg *m, host_mem mem);

int send_id(host_wnd to, uint32_t id, uintptr_t lparam, uint32_t wait_ms);

#endif
