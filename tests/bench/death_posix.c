/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* How long after the server's process has been killed does its client know? Once by XTYP_DISCONNECT, while it looks
 * after its messages; once inside a synchronous transaction, which ends with DMLERR_SERVER_DIED. Each death is that of
 * a server of its own. */

#include <signal.h>
#include <time.h>

#include "bench/bench.h"

enum { DEATHS = BENCH_SAMPLES, TARGET_MS = 100, HEAD_START_MS = 20 };

static struct bench_pair pair;
static double killed_at, known_at;

static void kill_server(void)
{
    killed_at = bench_now_us();
    bench_signal(&pair, SIGKILL);
}

static void wait_for_the_end(HCONV conv)
{
    (void)conv;
    kill_server();
    bench_await_end();
    known_at = bench_now_us();
}

/* While the other thread waits for an answer that will not come: the server has been stopped. */
static void kill_later(void *arg)
{
    struct timespec head_start = {.tv_nsec = HEAD_START_MS * 1000000};

    (void)arg;
    nanosleep(&head_start, NULL);
    kill_server();
}

static void wait_for_an_answer(HCONV conv)
{
    struct test_thread *killer;

    bench_signal(&pair, SIGSTOP);
    killer = test_thread_start(kill_later, NULL);
    if (DdeClientTransaction(NULL, 0, conv, pair.item, CF_TEXT, XTYP_REQUEST, TEST_PATIENCE_MS, NULL) ||
        DdeGetLastError(pair.client) != DMLERR_SERVER_DIED)
        bench_fail("a dead server has answered, or is not missed");
    known_at = bench_now_us();
    test_thread_join(killer);
}

static double one_death(void (*wait)(HCONV conv))
{
    bench_open(&pair, BENCH_PROCESSES);
    wait(bench_connect(&pair));
    bench_close(&pair);
    return (known_at - killed_at) / 1e3;
}

static void answer(const char *question, void (*wait)(HCONV conv))
{
    double ms[DEATHS];
    struct bench_answer a = {
        .question = question, .unit = "ms", .ours = ms, .goal = AT_MOST, .target = TARGET_MS};

    for (a.turns = 0; a.turns < (bench_smoke() ? 1 : DEATHS); a.turns++)
        ms[a.turns] = one_death(wait);
    bench_answer(&a);
}

int main(int argc, char **argv)
{
    bench_begin(argc, argv);
    answer("From the death of the server's process to XTYP_DISCONNECT", wait_for_the_end);
    answer("From the death of the server's process to DMLERR_SERVER_DIED", wait_for_an_answer);
    return 0;
}
