/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_TALK_H
#define TESTS_TALK_H

/* Two parties of one thread that talk about one item, with handles that are made once, so that the ledger can
 * be compared before and after. */

#include "support/party.h"

struct talk {
    struct party *server, *client;
    HSZ service, topic, item; /* the client's */
    HSZ server_topic, server_item;
    HCONV conv;
};

/* How often a test repeats itself, given how often it does on Linux. */
#ifdef _WIN32
#define OFTEN(n) ((n) / 50 + 5)
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OFTEN(n) ((n) / 5 + 1)
#else
#define OFTEN(n) (n)
#endif

struct talk talk_begin(void);      /* both parties, no conversation yet */
struct talk talk_connected(void);  /* with one                          */
void talk_connect(struct talk *t); /* a new one                         */

/* A transaction of the client about the item in CF_TEXT; POKE and EXECUTE have a short text. */
HDDEDATA talk_do(const struct talk *t, UINT type, DWORD timeout);
void talk_start(const struct talk *t, UINT flags); /* ADVSTART and ADVSTOP, which must succeed */
void talk_stop(const struct talk *t);
void talk_post(const struct talk *t); /* the server posts an update */

/* Runs the cycle so many times: after each, when all messages have been taken, the ledger must stand where it
 * stood after the first. What the parties have written down is forgotten before each. */
void talk_cycles(struct talk *t, unsigned times, void (*cycle)(struct talk *t, unsigned i));

DDEMLLEDGER ledger_now(void);
void ledger_is(const DDEMLLEDGER *before); /* fails the test, naming each column that differs */

/* A server's hook: each value that it is asked for is the next number, and the number that a call brought. */
bool count_up(struct party *p, const struct call *c, HDDEDATA *result);
int number_of(const struct call *c);

#endif
