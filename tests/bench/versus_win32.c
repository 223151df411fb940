/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* This library and the system's own DDEML, on one machine in one run: this program is linked twice, with the one and
 * with the other. Called without arguments, the former starts itself and the latter in turns; each measures one thing
 * once and says what came of it. */

#include "bench/bench.h"

#include <stdlib.h>

#define SYSTEM "bench_versus_system.exe"

enum { FIRST_PAIRS = 200, ALL_PAIRS = 2000 };

/* ---- One turn of one of the two ----------------------------------------------------------------------- */

static struct bench_pair pair;
static HCONV conv;

static void poke(void *arg, size_t n)
{
    (void)arg;
    while (n--)
        bench_transact(&pair, conv, XTYP_POKE);
}

static double pokes(enum bench_place place)
{
    struct bench_side side = {.run = poke, .n = 20};
    double rate;

    bench_open(&pair, place);
    conv = bench_connect(&pair);
    poke(NULL, side.n); /* warm */
    rate = bench_rate(&side);
    bench_disconnect(conv);
    bench_close(&pair);
    return rate;
}

static double pairs(size_t n)
{
    double begin = bench_now_us();

    for (size_t i = 0; i < n; i++)
        bench_disconnect(bench_connect(&pair));
    return (double)n * 1e6 / (bench_now_us() - begin);
}

static void say(double a, double b)
{
    printf("%.3f %.3f\n", a, b);
    fflush(stdout);
}

static int take_turn(const char *what, size_t scale)
{
    if (strcmp(what, "threads") == 0) {
        say(pokes(BENCH_THREADS), 0);
    } else if (strcmp(what, "processes") == 0) {
        say(pokes(BENCH_PROCESSES), 0);
    } else {
        double first, last;

        bench_open(&pair, BENCH_THREADS);
        first = pairs(FIRST_PAIRS / scale);
        pairs((ALL_PAIRS - 2 * FIRST_PAIRS) / scale);
        last = pairs(FIRST_PAIRS / scale);
        say(first, last);
        bench_close(&pair);
    }
    return 0;
}

/* ---- Both --------------------------------------------------------------------------------------------- */

struct results {
    double ours[2][BENCH_TURNS], systems[2][BENCH_TURNS];
};

static void let(const char *path, const char *what, double *first, double *last)
{
    char arguments[64];
    FILE *process;

    snprintf(arguments, sizeof arguments, "turn %s %d", what, bench_smoke() ? 20 : 1);
    process = bench_start(path, arguments);
    if (fscanf(process, "%lf %lf", first, last) != 2)
        bench_fail("a turn has failed");
    bench_end(process);
}

static void take_turns(char *own, char *systems, const char *what, struct results *r)
{
    for (size_t turn = 0; turn < bench_turns(); turn++) {
        if (turn % 2)
            let(systems, what, &r->systems[0][turn], &r->systems[1][turn]);
        let(own, what, &r->ours[0][turn], &r->ours[1][turn]);
        if (turn % 2 == 0)
            let(systems, what, &r->systems[0][turn], &r->systems[1][turn]);
    }
}

static void answer(const char *question, const double *ours, const double *others, const char *other,
                   double target)
{
    struct bench_answer a = {
        .question = question,
        .unit = "/s",
        .ours = ours,
        .others = others,
        .turns = bench_turns(),
        .other = other,
        .goal = target > 0 ? RATIO_AT_LEAST : NO_GOAL,
        .target = target,
    };

    bench_answer(&a);
}

int main(int argc, char **argv)
{
    static struct results r;
    char systems[512];
    char *slash;

    bench_begin(argc, argv);
    if (argc > 3 && strcmp(argv[1], "turn") == 0)
        return take_turn(argv[2], (size_t)atoi(argv[3]));
    snprintf(systems, sizeof systems, "%s", argv[0]);
    slash = strrchr(systems, '\\');
    slash = slash ? slash + 1 : systems;
    snprintf(slash, sizeof systems - (size_t)(slash - systems), "%s", SYSTEM);

    take_turns(argv[0], systems, "threads", &r);
    answer("Wine: synchronous pokes, two threads", r.ours[0], r.systems[0], "the system's", 1);
    take_turns(argv[0], systems, "processes", &r);
    answer("Wine: synchronous pokes, two processes", r.ours[0], r.systems[0], "the system's", 1);
    take_turns(argv[0], systems, "pairs", &r);
    answer("Wine: connect and disconnect, pairs 1 to 200", r.ours[0], r.systems[0], "the system's", 2);
    answer("Wine: connect and disconnect, pairs 1 801 to 2 000", r.ours[1], r.systems[1], "the system's", 2);
    answer("Wine: connect and disconnect, pairs 1 801 to 2 000", r.ours[1], r.ours[0], "pairs 1 to 200", 0.9);
    answer("Wine, the system's: connect and disconnect, pairs 1 801 to 2 000", r.systems[1], r.systems[0],
           "pairs 1 to 200", 0);
    return 0;
}
