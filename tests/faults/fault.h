/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_FAULTS_FAULT_H
#define TESTS_FAULTS_FAULT_H

/* The calls of the host that can fail are counted, and the n-th of them does fail: alone, or with all that come
 * after it. wraps.c is what the linker makes of these calls, fault.c decides. */

#include <stdbool.h>

#include "host/host.h"
#include "winddeml.h"

/* How the passing of messages fails. */
struct flavour {
    const char *name;
    int post, send;
};
enum { FLAVOURS = 4 };
extern const struct flavour flavours[FLAVOURS];

/* What fails: the functions of the seam, or what the host itself has from the C library. The latter only where
 * that is known from what the test has (tests/apart). */
enum fault_layer { FAULT_SEAM, FAULT_HEAP };
extern enum fault_layer fault_layer;

/* Counts from now on, and lets call number `at` fail; 0: none. */
void fault_arm(unsigned at, bool for_good, const struct flavour *flavour);
void fault_rest(void); /* from now on nothing fails, and nothing is counted */

unsigned fault_count(void);    /* calls since fault_arm                        */
const char *fault_fired(void); /* what failed first since fault_arm; NULL: nothing has */
bool fault_flavoured(void);    /* would it have been something else with another flavour? */

/* For wraps.c: one more call of this function; does it fail, and how? */
bool fault_hits(const char *what);
const struct flavour *fault_flavour(void);

extern _Atomic host_wnd fault_window; /* the last HOST_QUIET one that was made */

/* Destroys the last one that the calling thread has made, if it is still there, as a program can on Windows. */
void fault_lose_window(void);

/* What there is, by the ledger and, where it has them, by the host's own figures. */
struct figures {
    DDEMLLEDGER ledger;
    long windows, posts, sends, blocks, atoms;
};

struct figures figures(void);
bool nothing_left(const struct figures *before); /* false: says what */

#endif
