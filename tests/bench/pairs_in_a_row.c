/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Do connect and disconnect become slower the more of them there have been? In each turn one process makes 1 800 pairs
 * of them and another one none; then each makes 200, by turns and a few at a time, because a rate differs more from one
 * moment to the next than pairs 1 800 apart could. Client and server are threads. The ratio of a turn is the rate of the
 * old process to that of the new one. */

#include "bench/bench.h"

enum { BEFORE = 1800, PAIRS = 200, AT_A_TIME = 10, TURNS = 25 };

static struct bench_pair pair;

static double make_pairs(unsigned long what, unsigned long n)
{
    double begin = bench_now_us();

    (void)what;
    while (n--)
        bench_disconnect(bench_connect(&pair));
    return bench_now_us() - begin;
}

static void begin(unsigned long pairs_before)
{
    bench_open(&pair, BENCH_THREADS);
    make_pairs(0, pairs_before);
}

static void end(void)
{
    bench_close(&pair);
}

static double rate[2][TURNS];

static void take_turn(size_t turn)
{
    unsigned long pairs = bench_smoke() ? AT_A_TIME : PAIRS;
    struct bench_worker *sides[2] = {
        bench_worker_start(bench_smoke() ? AT_A_TIME : BEFORE),
        bench_worker_start(0),
    };
    double us[2] = {0};

    for (unsigned long done = 0; done < pairs; done += AT_A_TIME)
        for (int i = 0; i < 2; i++) {
            int side = (i + done / AT_A_TIME) % 2;

            us[side] += bench_worker_us(sides[side], 0, AT_A_TIME);
        }
    for (int i = 0; i < 2; i++) {
        rate[i][turn] = (double)pairs * 1e6 / us[i];
        bench_worker_end(sides[i]);
    }
}

int main(int argc, char **argv)
{
    static const struct bench_work work = {begin, make_pairs, end};
    struct bench_answer a = {
        .question = "Connect and disconnect, pairs 1 801 to 2 000, two threads",
        .unit = "/s",
        .ours = rate[0],
        .others = rate[1],
        .other = "pairs 1 to 200",
        .goal = RATIO_AT_LEAST,
        .target = 0.9,
    };

    bench_work = &work;
    bench_begin(argc, argv);
    a.turns = bench_smoke() ? 1 : TURNS;
    for (size_t turn = 0; turn < a.turns; turn++)
        take_turn(turn);
    bench_answer(&a);
    return 0;
}
