/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What does connect + disconnect cost as open conversations grow? Client and server on their own threads;
 * both sizes are measured in turn, many times, and the ratio of each turn is what counts. */

#include "bench/bench.h"

#include <stdio.h>

enum { FEW = 100, MANY = 10000, PAIRS = 1000, TURNS = 15 };

static HCONV open_convs[MANY];
static size_t open_count;

static void grow_to(struct bench_pair *p, size_t n)
{
    while (open_count < n)
        open_convs[open_count++] = bench_connect(p);
    while (open_count > n)
        DdeDisconnect(open_convs[--open_count]);
    DdemlDispatch(0);
}

/* Microseconds per pair of connect and disconnect. */
static double measure(struct bench_pair *p, size_t pairs)
{
    double begin = bench_now_us();

    for (size_t i = 0; i < pairs; i++) {
        DdeDisconnect(bench_connect(p));
        DdemlDispatch(0);
    }
    return (bench_now_us() - begin) / (double)pairs;
}

int main(int argc, char **argv)
{
    bool smoke = bench_smoke(argc, argv);
    size_t turns = smoke ? 1 : TURNS, pairs = smoke ? 50 : PAIRS, many = smoke ? 1000 : MANY;
    double few_us[TURNS], many_us[TURNS], ratio[TURNS], middle;
    struct bench_pair p;

    bench_open(&p);
    grow_to(&p, FEW);
    measure(&p, pairs); /* warm */
    for (size_t i = 0; i < turns; i++) {
        grow_to(&p, FEW);
        few_us[i] = measure(&p, pairs);
        grow_to(&p, many);
        many_us[i] = measure(&p, pairs);
        ratio[i] = many_us[i] / few_us[i];
    }
    grow_to(&p, 0);
    bench_close(&p);
    printf("connect + disconnect with %d conversations open:    median %6.1f us\n", FEW,
           bench_median(few_us, turns));
    printf("connect + disconnect with %zu conversations open: median %6.1f us\n", many,
           bench_median(many_us, turns));
    middle = bench_median(ratio, turns);
    printf("ratio: median %.2f (%.2f to %.2f in %zu turns)\n", middle, ratio[0], ratio[turns - 1], turns);
    return 0;
}
