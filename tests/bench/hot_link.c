/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* How many updates a second come from a server to a client in another process, by one hot link and by many on the
 * same item? */

#include "bench/bench.h"

/* The server posts AT_ONCE updates at most before it looks for what has come, and there is always one more order
 * waiting for it than it is working on. */
enum { MOST = 1000, AT_ONCE = 2000, ORDERS = 2 };

static struct bench_pair pair;
static HCONV conv[MOST];
static size_t links;

static void grow_to(size_t n)
{
    for (; links < n; links++) {
        conv[links] = bench_connect(&pair);
        bench_transact(&pair, conv[links], XTYP_ADVSTART);
    }
}

static void shrink_to(size_t n)
{
    while (links > n)
        bench_disconnect(conv[--links]);
}

static void update(void *arg, size_t n)
{
    size_t each = AT_ONCE / links, begin = bench_updates(), asked = 0, got;

    (void)arg;
    do {
        got = bench_updates() - begin;
        for (; asked < n && asked < got + ORDERS * AT_ONCE; asked += each * links)
            bench_ask_for_updates(conv[0], (DWORD)each);
        bench_await_updates(begin + (asked > AT_ONCE ? asked - AT_ONCE : asked));
    } while (asked < n);
    bench_await_updates(begin + asked);
}

int main(int argc, char **argv)
{
    static const size_t few[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, MOST};
    enum { SIZES = sizeof few / sizeof *few };
    struct bench_side sides[SIZES];
    size_t sizes = SIZES;

    bench_begin(argc, argv);
    bench_open(&pair, BENCH_PROCESSES);
    for (size_t turn = 0; turn < bench_turns(); turn++) {
        for (size_t i = 0; i < sizes; i++) {
            sides[i].run = update;
            sides[i].n = bench_smoke() ? AT_ONCE : 10 * AT_ONCE;
            grow_to(few[i]);
            sides[i].rate[turn] = bench_rate(&sides[i]);
        }
        shrink_to(0);
    }
    sides[0].name = "1 hot link";
    bench_compare("Updates by one hot link, two processes", &sides[0], NULL, AT_LEAST, 5e5);
    bench_compare("Updates by 1 000 hot links on one item, two processes", &sides[SIZES - 1], &sides[0],
                  RATIO_AT_LEAST, 1);
    for (size_t i = 0; i < sizes; i++)
        bench_point("links", "updates a second", (double)few[i], sides[i].rate, bench_turns());
    bench_close(&pair);
    return 0;
}
