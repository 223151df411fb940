/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* How many updates a second come from a server to a client in another process, by one hot link and by many on the
 * same item? For every number of links there are a client and a server, two processes; they all stay, and take turns in
 * short slices, so that what else happens to the machine happens to all of them. */

#include "bench/bench.h"

/* The server posts AT_ONCE updates at most before it looks for what has come, and there is always one more order
 * waiting for it than it is working on. */
enum { MOST = 1000, AT_ONCE = 2000, ORDERS = 2 };
enum { SLICES = 4, SLICE = 25 * AT_ONCE };

static const size_t sizes[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, MOST};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* ---- A client with its server -------------------------------------------------------------------------- */

static struct bench_pair pair;
static HCONV conv[MOST];
static size_t links;

static void begin(unsigned long n)
{
    bench_open(&pair, BENCH_PROCESSES);
    while (links < n) {
        conv[links] = bench_connect(&pair);
        bench_transact(&pair, conv[links++], XTYP_ADVSTART);
    }
}

static void update(size_t n)
{
    size_t each = AT_ONCE / links, before = bench_updates(), asked = 0, got;

    do {
        got = bench_updates() - before;
        for (; asked < n && asked < got + ORDERS * AT_ONCE; asked += each * links)
            bench_ask_for_updates(conv[0], (DWORD)each);
        bench_await_updates(before + (asked > AT_ONCE ? asked - AT_ONCE : asked));
    } while (asked < n);
    bench_await_updates(before + asked);
}

static double time_of(unsigned long what, unsigned long n)
{
    double then;

    (void)what;
    update(AT_ONCE); /* code and data are here again */
    then = bench_now_us();
    update(n);
    return bench_now_us() - then;
}

static void end(void)
{
    while (links)
        bench_disconnect(conv[--links]);
    bench_close(&pair);
}

/* ---- Whoever asks them --------------------------------------------------------------------------------- */

static struct bench_worker *workers[SIZES];
static struct bench_side sides[SIZES];

/* One link and the most links stand next to each other in the round. */
static void take_turn(size_t turn)
{
    size_t slices = bench_smoke() ? 1 : SLICES, n = bench_smoke() ? AT_ONCE : SLICE;
    double us[SIZES] = {0};

    for (size_t slice = 0; slice < slices; slice++)
        for (size_t i = 0; i < SIZES; i++)
            us[i] += bench_worker_us(workers[i], 0, n);
    for (size_t i = 0; i < SIZES; i++)
        sides[i].rate[turn] = (double)(slices * n) * 1e6 / us[i];
}

int main(int argc, char **argv)
{
    static const struct bench_work work = {begin, time_of, end};

    bench_work = &work;
    bench_begin(argc, argv);
    for (size_t i = 0; i < SIZES; i++)
        workers[i] = bench_worker_start((unsigned long)sizes[i]);
    for (size_t turn = 0; turn < bench_turns(); turn++)
        take_turn(turn);
    sides[0].name = "1 hot link";
    bench_compare("Updates by one hot link, two processes", &sides[0], NULL, AT_LEAST, 5e5);
    bench_compare("Updates by 1 000 hot links on one item, two processes", &sides[SIZES - 1], &sides[0],
                  RATIO_AT_LEAST, 1);
    for (size_t i = 0; i < SIZES; i++) {
        bench_point("links", "updates a second", (double)sizes[i], sides[i].rate, bench_turns());
        bench_worker_end(workers[i]);
    }
    return 0;
}
