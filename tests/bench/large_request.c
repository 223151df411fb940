/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* How fast do 64 MB come by one request, compared with memcpy? The server makes a data object of bytes that it has;
 * the client gets it and looks at every page. memcpy copies the same bytes, once into memory that has just been
 * allocated, as the object is, and once into memory that has been written to before. */

#include <stdlib.h>

#include "bench/bench.h"

enum { PAGE = 4096 };

static unsigned look_at(const volatile unsigned char *bytes, size_t size)
{
    unsigned sum = 0;

    for (size_t i = 0; i < size; i += PAGE)
        sum += bytes[i];
    return sum;
}

static void request(void *pair, size_t n)
{
    struct bench_pair *p = pair;
    static HCONV conv;

    if (!conv)
        conv = bench_connect(p);
    while (n--) {
        HDDEDATA data =
            DdeClientTransaction(NULL, 0, conv, p->large, CF_TEXT, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
        DWORD size = 0;
        const unsigned char *bytes = data ? DdeAccessData(data, &size) : NULL;

        if (!bytes || size != BENCH_LARGE || !look_at(bytes, size))
            bench_fail("the bytes do not come");
        DdeFreeDataHandle(data);
    }
}

static unsigned char *from, *warm;

static void copy_fresh(void *arg, size_t n)
{
    (void)arg;
    while (n--) {
        unsigned char *to = malloc(BENCH_LARGE);

        memcpy(to, from, BENCH_LARGE);
        look_at(to, BENCH_LARGE);
        free(to);
    }
}

static void copy_warm(void *arg, size_t n)
{
    (void)arg;
    while (n--) {
        memcpy(warm, from, BENCH_LARGE);
        look_at(warm, BENCH_LARGE);
    }
}

static void compare(const char *question, const struct bench_side *ours, const struct bench_side *other,
                    enum bench_goal goal)
{
    double speed[2][BENCH_TURNS];
    struct bench_answer a = {
        .question = question,
        .unit = "GB/s",
        .ours = speed[0],
        .others = speed[1],
        .turns = bench_turns(),
        .other = other->name,
        .goal = goal,
        .target = 0.5,
    };

    for (size_t i = 0; i < bench_turns(); i++) {
        speed[0][i] = ours->rate[i] * BENCH_LARGE / 1e9;
        speed[1][i] = other->rate[i] * BENCH_LARGE / 1e9;
    }
    bench_answer(&a);
}

int main(int argc, char **argv)
{
    struct bench_pair pair;
    struct bench_side sides[] = {
        {.run = request, .arg = &pair, .n = 1},
        {.name = "memcpy to fresh memory", .run = copy_fresh, .n = 1},
        {.name = "memcpy to warm memory", .run = copy_warm, .n = 1},
    };

    bench_begin(argc, argv);
    from = memset(malloc(BENCH_LARGE), 'x', BENCH_LARGE);
    warm = memset(malloc(BENCH_LARGE), 'y', BENCH_LARGE);
    bench_open(&pair, BENCH_PROCESSES);
    bench_take_turns(sides, 3);
    compare("64 MB by request, two processes", &sides[0], &sides[1], RATIO_AT_LEAST);
    compare("64 MB by request, two processes", &sides[0], &sides[2], NO_GOAL);
    bench_close(&pair);
    free(from);
    free(warm);
    return 0;
}
