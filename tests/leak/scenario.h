/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_LEAK_SCENARIO_H
#define TESTS_LEAK_SCENARIO_H

/* A scenario is something that a client and a server do again and again. Nothing may be left behind by it:
 * - after every cycle the ledger stands where it stood after the first one (unless the scenario has threads
 *   of its own: then there is no moment between two cycles at which everything has been taken);
 * - after the instances have gone the ledger is empty;
 * - and the process holds not one block, byte or atom more than before the first cycle, whoever counts them
 *   (counters.h). A run of a few cycles goes before, so that whatever is made once and kept is there. */

#include "leak/counters.h"
#include "leak/pair.h"

struct scenario {
    void (*cycle)(const struct scenario *s);
    UINT loop; /* XTYPF_ flags of the loops                       */
    void (*run)(const struct scenario *s,
                unsigned n); /* instead, if not NULL: all cycles, instances included */
    bool keeps;              /* the server's values are HDATA_APPOWNED          */
    DWORD server_cbf;        /* CBF_ flags of the server                        */
    bool own_sides;          /* the cycle opens and closes the instances itself */
    unsigned share;          /* only one of so many cycles; 0: all              */
    unsigned items;          /* loops of a conversation; 0: 1                   */
    unsigned updates;        /* of each before the end; 0: UPDATES              */
    unsigned stop;           /* STOP_: is every loop ended first?               */
    unsigned enders;         /* who ends the conversation                       */
    UINT inside;             /* in the callback of this type ...                */
    struct side *side;       /* ... of this side                                */
    bool sync;               /* transactions are synchronous                    */
    bool posix_only;         /* skipped on Windows: the scenario says why            */
    unsigned how;            /* whatever else the cycle wants to know           */
};

enum { BY_CLIENT = 1, BY_SERVER = 2, BY_BOTH = 3 };

enum { UPDATES = 12 };

/* One scenario as a test whose name is the rule. */
#define SCENARIO(rule, ...)                                                                                  \
    {                                                                                                        \
        .name = #rule, .test_func = scenario_test, .teardown_func = scenario_teardown,                       \
        .initial_state = &(struct scenario){__VA_ARGS__},                                                    \
    }

/* Who does so, and looks: repeat.c, and tests/faults/scenarios.c where something is refused meanwhile. */
void scenario_test(void **state);
int scenario_teardown(void **state);

/* main: [cycles [test]], both also for a single test. */
int scenario_main(int argc, char **argv, const char *group, const struct CMUnitTest *tests, size_t n);
#define SCENARIO_MAIN(argc, argv, tests)                                                                     \
    scenario_main(argc, argv, DDEML_TEST_NAME, tests, sizeof(tests) / sizeof *(tests))

/* ---- What scenarios have in common --------------------------------------------------------------------- */

/* Opens both sides as the scenario wants them, or forgets how the last one left them; closes what is open. */
void scenario_open(const struct scenario *s);
void scenario_close(void);

/* What a scenario wants done when nothing is refused any more, once; NULL: nothing. */
extern void (*scenario_afterwards)(void);

/* Connects and starts the loops. */
void scenario_converse(const struct scenario *s);

/* The updates, and if asked for the end of the loops. */
void scenario_update(const struct scenario *s);

/* Whoever is to end it does, without any message being taken in between. */
void scenario_end(unsigned enders);

#endif
