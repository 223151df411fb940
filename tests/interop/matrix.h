/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_INTEROP_MATRIX_H
#define TESTS_INTEROP_MATRIX_H

/* A cell of the matrix: one scenario between one client and one server. */

#include <setjmp.h>

#include "interop/people.h"

#define SERVICE "Interop"
#define TOPIC   "Stocks"

enum { DEVIATIONS = 8, TEXT = 240 };

enum end { CLIENT, SERVER };

struct deviation {
    char text[TEXT];
    enum end end; /* whose program was seen to do something else than is right */
    int known;    /* row of the table of what is known; -1: none                */
};

struct cell {
    const struct scenario *scenario;
    struct agent *ends[2]; /* by enum end */
    DWORD patience;
    struct deviation deviations[DEVIATIONS];
    unsigned n;
    char trace[2][TEXT]; /* the messages that each end has received, if there are deviations */
    bool broken;         /* a process says nothing any more                                   */
    jmp_buf out;
};

struct scenario {
    const char *name;
    void (*play)(struct cell *c);
    bool wide[2]; /* by enum end: initialised for Unicode                */
    bool kills;   /* names that the one who dies has held are left behind */
};

enum { SCENARIOS = 18 };
extern const struct scenario scenarios[SCENARIOS];

/* Has something else happened than what is right? The cell goes on. */
void cell_deviates(struct cell *c, enum end end, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A line and its answer, which must come; else the cell is over. */
const char *cell_ask(struct cell *c, enum end end, const char *line);
/* The same, and the answer must be this. */
bool cell_expect(struct cell *c, enum end end, const char *line, const char *answer);

/* What this end has been told by its partner since this was last asked, in this order. Words that begin with ! are for
 * those with callbacks alone. */
void cell_events(struct cell *c, enum end end, const char *expected);
/* The same, as far as the end of it is concerned. */
void cell_events_end(struct cell *c, enum end end, const char *expected);
void cell_forget_events(struct cell *c, enum end end);

/* Several ends do something before any of them looks at its messages: begin for each, then all. */
void cell_freeze(struct cell *c, enum end end, const char *line);
void cell_thaw(void);
void cell_answer(struct cell *c, enum end end, const char *answer);

void cell_kill(struct cell *c, enum end end);
bool cell_is(const struct cell *c, enum end end, enum kind kind);

#endif
