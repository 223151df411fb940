/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What does each operation cost as open conversations grow? Client and server are threads of one process. In each turn
 * every number of conversations is measured once; the ratio of a turn is that of the largest to the smallest. Each
 * operation is done on the conversation in the middle; the request also on each conversation in turn, so that nothing of
 * it is in the processor's caches when there are many. */

#include <stdlib.h>

#include "bench/bench.h"

enum { MOST = 100000, STEP = 7919 /* prime: so all get their turn, and not neighbours after each other */ };

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

static void grow_to(size_t n)
{
    while (open_count < n)
        conv[open_count++] = bench_connect(&pair);
    while (open_count > n)
        DdeDisconnect(conv[--open_count]);
    test_pump_all();
}

static double cost(const struct operation *o)
{
    size_t n = bench_smoke() ? 20 : o->n;
    double begin;

    if (o->run == update)
        bench_transact(&pair, middle(), XTYP_ADVSTART);
    begin = bench_now_us();
    for (size_t i = 0; i < n; i++)
        o->run(i);
    begin = (bench_now_us() - begin) / (double)n;
    if (o->run == update)
        bench_transact(&pair, middle(), XTYP_ADVSTOP);
    return begin;
}

static void measure(size_t turn)
{
    size_t n = bench_smoke() ? 2 : SIZES;

    for (size_t size = 0; size < n; size++) {
        grow_to(sizes[size]);
        for (size_t i = 0; i < OPERATIONS; i++)
            operations[i].us[size][turn] = cost(&operations[i]);
    }
    grow_to(sizes[0]);
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
    bench_begin(argc, argv);
    bench_open(&pair, BENCH_THREADS);
    grow_to(sizes[0]);
    for (size_t i = 0; i < OPERATIONS; i++)
        cost(&operations[i]); /* warm */
    for (size_t turn = 0; turn < bench_turns(); turn++)
        measure(turn);
    for (size_t i = 0; i < OPERATIONS; i++)
        answer(&operations[i]);
    grow_to(0);
    bench_close(&pair);
    return 0;
}
