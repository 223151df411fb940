/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Do connect + disconnect become slower the more of them there have been? 2 000 pairs in ten blocks. */

#include "bench/bench.h"

#include <stdio.h>

#include "support/support.h"

enum { BLOCKS = 10, PAIRS = 200 };

int main(int argc, char **argv)
{
    int pairs = bench_smoke(argc, argv) ? 20 : PAIRS;
    double us[BLOCKS];
    struct bench_pair p;

    bench_open(&p);
    for (int block = 0; block < BLOCKS; block++) {
        double begin = bench_now_us();

        for (int i = 0; i < pairs; i++) {
            DdeDisconnect(bench_connect(&p));
            test_pump_all();
        }
        us[block] = (bench_now_us() - begin) / pairs;
    }
    bench_close(&p);
    for (int block = 0; block < BLOCKS; block++)
        printf("pairs %4d to %4d: %7.1f us each\n", block * pairs + 1, (block + 1) * pairs, us[block]);
    printf("last block / first block: %.2f\n", us[BLOCKS - 1] / us[0]);
    return 0;
}
