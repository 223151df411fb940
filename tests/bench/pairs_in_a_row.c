/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Do connect and disconnect become slower the more of them there have been? 2 000 pairs in ten blocks, each turn with a
 * client and a server that are new; a turn's ratio is the rate of its last block to that of its first. */

#include "bench/bench.h"

enum { BLOCKS = 10, PAIRS = 200 };

static double rates[BLOCKS][BENCH_TURNS];

static void take_turn(size_t turn)
{
    size_t pairs = bench_smoke() ? 10 : PAIRS;
    struct bench_pair p;

    bench_open(&p, BENCH_THREADS);
    for (int block = 0; block < BLOCKS; block++) {
        double begin = bench_now_us();

        for (size_t i = 0; i < pairs; i++)
            bench_disconnect(bench_connect(&p));
        rates[block][turn] = (double)pairs * 1e6 / (bench_now_us() - begin);
    }
    bench_close(&p);
}

int main(int argc, char **argv)
{
    struct bench_answer a = {
        .question = "Connect and disconnect, pairs 1 801 to 2 000, two threads",
        .unit = "/s",
        .ours = rates[BLOCKS - 1],
        .others = rates[0],
        .other = "pairs 1 to 200",
        .goal = RATIO_AT_LEAST,
        .target = 0.9,
    };

    bench_begin(argc, argv);
    a.turns = bench_turns();
    for (size_t turn = 0; turn < a.turns; turn++)
        take_turn(turn);
    bench_answer(&a);
    return 0;
}
