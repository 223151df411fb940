/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* How much memory does a conversation take on which nothing happens, both ends together? Everything is counted: what
 * the heap has given out, and by how much the process has grown. */

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/bench.h"

enum { MANY = 100000 };

static double heap_bytes(void)
{
    struct mallinfo2 m = mallinfo2();

    return (double)(m.uordblks + m.hblkhd);
}

static double resident_bytes(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long all, resident;

    if (!f || fscanf(f, "%ld %ld", &all, &resident) != 2)
        bench_fail("/proc/self/statm");
    fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static void answer(const char *question, double bytes)
{
    struct bench_answer a = {
        .question = question, .unit = "bytes", .ours = &bytes, .turns = 1, .goal = AT_MOST, .target = 2048};

    bench_answer(&a);
}

int main(int argc, char **argv)
{
    struct bench_pair pair;
    double heap, resident;
    size_t n;

    bench_begin(argc, argv);
    n = bench_smoke() ? 1000 : MANY;
    bench_open(&pair, BENCH_ALONE);
    bench_connect(&pair); /* what is made once is made now */
    test_pump_all();
    heap = heap_bytes();
    resident = resident_bytes();
    for (size_t i = 0; i < n; i++)
        bench_connect(&pair);
    test_pump_all();
    heap = (heap_bytes() - heap) / (double)n;
    resident = (resident_bytes() - resident) / (double)n;
    answer("Memory of an idle conversation, both ends, of the heap", heap);
    answer("Memory of an idle conversation, both ends, by which the process grows", resident);
    bench_close(&pair);
    return 0;
}
