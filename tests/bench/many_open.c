/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What does each operation cost as open conversations grow? For every number of conversations there is a process, in
 * which client and server are threads; they all stay, and take turns in short slices, so that what else happens to the
 * machine happens to all of them. The ratio of a turn is that of the largest to the smallest. Each operation is done on
 * the conversation in the middle; the request also on each conversation in turn, so that nothing of it is in the
 * processor's caches when there are many. */

#include <stdlib.h>

#include "bench/bench.h"

enum { MOST = 100000, STEP = 7919 /* prime: so all get their turn, and not neighbours after each other */ };
enum { SLICES = 10 };

static const size_t sizes[] = {100, 1000, 10000, MOST};
enum { SIZES = sizeof sizes / sizeof *sizes };

static struct bench_pair pair;
static HCONV conv[MOST];
static size_t open_count;

static HCONV middle(void)
{
    return conv[open_count / 2];
}

static void request(size_t i)
{
    (void)i;
    bench_request(&pair, middle());
}

static void request_each(size_t i)
{
    bench_request(&pair, conv[i * STEP % open_count]);
}

static void poke(size_t i)
{
    (void)i;
    bench_transact(&pair, middle(), XTYP_POKE);
}

static void poke_asynchronously(size_t i)
{
    DWORD id;

    (void)i;
    DdeClientTransaction((LPBYTE)(uintptr_t) "bytes", 6, middle(), pair.item, CF_TEXT, XTYP_POKE,
                         TIMEOUT_ASYNC, &id);
    DdeAbandonTransaction(pair.client, middle(), id);
    if (i % 16 == 0)
        bench_request(&pair, middle()); /* behind them */
}

static void make_and_end_loop(size_t i)
{
    (void)i;
    bench_transact(&pair, middle(), XTYP_ADVSTART);
    bench_transact(&pair, middle(), XTYP_ADVSTOP);
}

/* With one loop. */
static void update(size_t i)
{
    (void)i;
    bench_ask_for_updates(middle(), 1);
    bench_await_updates(bench_updates() + 1);
}

static void connect_and_disconnect(size_t i)
{
    (void)i;
    bench_disconnect(bench_connect(&pair));
}

static void query(size_t i)
{
    CONVINFO info = {.cb = sizeof info};

    (void)i;
    DdeQueryConvInfo(middle(), QID_SYNC, &info);
    DdeSetUserHandle(middle(), QID_SYNC, i);
}

static void block(size_t i)
{
    (void)i;
    DdeEnableCallback(pair.client, middle(), EC_DISABLE);
    DdeEnableCallback(pair.client, middle(), EC_ENABLEALL);
}

static struct operation {
    const char *name;
    void (*run)(size_t i);
    size_t n; /* at a time */
    double us[SIZES][BENCH_TURNS];
} operations[] = {
    {.name = "synchronous request", .run = request, .n = 3000},
    {.name = "synchronous request, each conversation in turn", .run = request_each, .n = 3000},
    {.name = "synchronous poke", .run = poke, .n = 3000},
    {.name = "asynchronous poke, abandoned", .run = poke_asynchronously, .n = 8000},
    {.name = "advise loop made and ended", .run = make_and_end_loop, .n = 1500},
    {.name = "one update", .run = update, .n = 2000},
    {.name = "connect and disconnect", .run = connect_and_disconnect, .n = 1500},
    {.name = "conversation asked about, user value set", .run = query, .n = 50000},
    {.name = "callbacks disabled and enabled", .run = block, .n = 50000},
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

/* ---- A process with its conversations ----------------------------------------------------------------- */

static void open_all(unsigned long size)
{
    bench_open(&pair, BENCH_THREADS);
    while (open_count < size)
        conv[open_count++] = bench_connect(&pair);
    test_pump_all();
}

static double time_of(unsigned long operation, unsigned long n)
{
    const struct operation *o = &operations[operation];
    double begin;

    if (o->run == update)
        bench_transact(&pair, middle(), XTYP_ADVSTART);
    o->run(0); /* its code and data are here again */
    begin = bench_now_us();
    for (unsigned long i = 1; i <= n; i++)
        o->run(i);
    begin = bench_now_us() - begin;
    if (o->run == update)
        bench_transact(&pair, middle(), XTYP_ADVSTOP);
    return begin;
}

static void close_all(void)
{
    bench_close(&pair);
}

static const struct bench_work work = {open_all, time_of, close_all};

/* ---- Whoever asks them -------------------------------------------------------------------------------- */

static struct bench_worker *workers[SIZES];
static size_t n_workers;

static void measure(size_t operation, size_t turn)
{
    struct operation *o = &operations[operation];
    size_t slices = bench_smoke() ? 1 : SLICES, n = bench_smoke() ? 20 : o->n / SLICES;

    for (size_t slice = 0; slice < slices; slice++)
        for (size_t i = 0; i < n_workers; i++)
            o->us[i][turn] += bench_worker_us(workers[i], operation, n) / (double)(slices * n);
}

static void answer(const struct operation *o)
{
    size_t last = bench_smoke() ? 1 : SIZES - 1;
    char question[128];
    struct bench_answer a = {
        .question = question,
        .unit = "us",
        .ours = o->us[last],
        .others = o->us[0],
        .turns = bench_turns(),
        .other = "at 100",
        .goal = RATIO_AT_MOST,
        .target = 1.3,
    };

    snprintf(question, sizeof question, "Cost at 100 000 open conversations: %s", o->name);
    bench_answer(&a);
    for (size_t size = 0; size <= last; size++)
        bench_point("open", o->name, (double)sizes[size], o->us[size], bench_turns());
}

int main(int argc, char **argv)
{
    bench_work = &work;
    bench_begin(argc, argv);
    for (; n_workers < (bench_smoke() ? 2 : SIZES); n_workers++)
        workers[n_workers] = bench_worker_start((unsigned long)sizes[n_workers]);
    for (size_t turn = 0; turn < bench_turns(); turn++)
        for (size_t i = 0; i < OPERATIONS; i++)
            measure(i, turn);
    for (size_t i = 0; i < OPERATIONS; i++)
        answer(&operations[i]);
    while (n_workers)
        bench_worker_end(workers[--n_workers]);
    return 0;
}
