/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* How many synchronous requests of 32 bytes a second does one thread make of itself? */

#include "bench/bench.h"

static struct bench_pair pair;
static HCONV conv;

static void request(void *arg, size_t n)
{
    (void)arg;
    while (n--)
        bench_request(&pair, conv);
}

int main(int argc, char **argv)
{
    struct bench_side ours = {.run = request, .n = 1000};

    bench_begin(argc, argv);
    bench_open(&pair, BENCH_ALONE);
    conv = bench_connect(&pair);
    bench_take_turns(&ours, 1);
    bench_compare("Synchronous request of 32 bytes, one thread with itself", &ours, NULL, AT_LEAST, 1e6);
    bench_close(&pair);
    return 0;
}
