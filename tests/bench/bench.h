/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

/* What benchmarks share: sides that take turns, a server to talk to, and the table of answers. Only the documented
 * API is used, so that a benchmark can also be built against the system's DDEML (TEST_SYSTEM_DDEML).
 *
 * A program that is called with --smoke does as little as shows that it works, and says so. */

#include <stdbool.h>
#include <stddef.h>

#include "support/support.h"

/* ---- Turns -------------------------------------------------------------------------------------------- */

enum { BENCH_TURNS = 9, BENCH_SAMPLES = 50 /* the most that an answer may have */ };

/* One side of a comparison. */
struct bench_side {
    const char *name;
    void (*run)(void *arg, size_t n); /* does it n times    */
    void *arg;
    size_t n;                 /* so many at a time          */
    double rate[BENCH_TURNS]; /* times a second, each turn  */
};

void bench_begin(int argc, char **argv);
bool bench_smoke(void);
size_t bench_turns(void); /* BENCH_TURNS, or 1 */
double bench_now_us(void);

/* The sides take turns, each for at least 150 ms, BENCH_TURNS times, after a short one that does not count. */
void bench_take_turns(struct bench_side *sides, size_t n);

/* One turn. */
double bench_rate(const struct bench_side *side);

/* A process whose standard output is read; its end is waited for, and must be a good one. */
FILE *bench_start(const char *path, const char *arguments);
void bench_end(FILE *process);

/* ---- Processes that take turns ------------------------------------------------------------------------ */

/* This program again, as `work NAME ARGUMENT`, which does as it is told and says how long that took: sides that
 * must not touch each other's memory can take turns as short as they like. It is told by a request. */
struct bench_worker;

struct bench_worker *bench_worker_start(unsigned long argument);
double bench_worker_us(const struct bench_worker *w, unsigned long what, unsigned long n);
void bench_worker_end(struct bench_worker *w);

/* The worker's own life: bench_begin does not return in it if the program has one. */
struct bench_work {
    void (*begin)(unsigned long argument);
    double (*us)(unsigned long what, unsigned long n);
    void (*end)(void);
};
extern const struct bench_work *bench_work; /* set it before bench_begin */

/* ---- Answers ------------------------------------------------------------------------------------------ */

enum bench_goal { NO_GOAL, RATIO_AT_LEAST, RATIO_AT_MOST, AT_LEAST, AT_MOST };

/* What one question has found out: the figures of each turn, and of the other side if there is one. */
struct bench_answer {
    const char *question, *unit; /* "/s", "us", "GB/s", "bytes" */
    const double *ours, *others;
    size_t turns;
    const char *other; /* its name; NULL: there is none */
    enum bench_goal goal;
    double target;
};

/* Prints a row of the table: question, ours and the other side's median, the ratio of each turn's two figures as
 * median and range, the target, and whether it is met; and, behind a #, the same for the plot. Without another side the
 * range is that of ours. */
void bench_answer(const struct bench_answer *a);

/* The same for two sides that have taken turns. other NULL: none. */
void bench_compare(const char *question, const struct bench_side *ours, const struct bench_side *other,
                   enum bench_goal goal, double target);

/* A point of a curve, for the plots. */
void bench_point(const char *plot, const char *curve, double x, const double *y, size_t turns);

/* ---- A client and its server -------------------------------------------------------------------------- */

enum bench_place { BENCH_ALONE, BENCH_THREADS, BENCH_PROCESSES };

/* The server answers REQUEST of p->item with 32 bytes and of p->large with BENCH_LARGE, says yes to everything else,
 * and posts so many updates of the item as the number in an EXECUTE says. */
enum { BENCH_LARGE = 64 << 20 };

struct bench_pair {
    enum bench_place place;
    DWORD client;
    HSZ service, topic, item, large;
    struct bench_server *server;
};

/* Where the server is: on the caller's thread and in its instance, on a thread of its own, or in a process of its
 * own. That one is this program again: bench_begin does not return in it. Ends the program if it fails. */
void bench_open(struct bench_pair *p, enum bench_place place);
void bench_close(struct bench_pair *p);
#ifndef _WIN32
void bench_signal(struct bench_pair *p, int signal); /* to the server's process */
#endif
HCONV bench_connect(struct bench_pair *p);
void bench_disconnect(HCONV conv); /* and dispatches what comes of it */

/* Ends the program, which has failed. */
void bench_fail(const char *what);

void bench_request(struct bench_pair *p, HCONV conv);
void bench_transact(struct bench_pair *p, HCONV conv, UINT type); /* anything else about p->item */
size_t bench_updates(void);                                       /* that the client has got so far */
void bench_await_end(void);         /* until a conversation has ended, one more than was waited for before */
void bench_await_updates(size_t n); /* until there are so many  */
/* Has the server post so many; returns at once. */
void bench_ask_for_updates(HCONV conv, DWORD n);

#endif
