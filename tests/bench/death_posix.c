/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* How long after the server's process has been killed does its client know? Once by XTYP_DISCONNECT, while it looks
 * after its messages; once inside a synchronous transaction, which ends with DMLERR_SERVER_DIED. Each death is that of
 * a server of its own. */

#include <signal.h>

#include "bench/bench.h"

enum { DEATHS = BENCH_SAMPLES, TARGET_MS = 100 };

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

/* A conversation of this thread with itself. What it is told to do it does while the thread waits for another answer. */
static struct killer {
    DWORD inst;
    HSZ name;
    HCONV conv;
} killer;

static HDDEDATA CALLBACK kill_when_told(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                        ULONG_PTR data1, ULONG_PTR data2)
{
    (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)data1, (void)data2;
    if (type == XTYP_EXECUTE)
        kill_server();
    return (HDDEDATA)(ULONG_PTR)(type == XTYP_CONNECT ? TRUE : DDE_FACK);
}

static void open_killer(void)
{
    DdeInitializeA(&killer.inst, kill_when_told, 0, 0);
    killer.name = DdeCreateStringHandleA(killer.inst, "Killer", CP_WINANSI);
    DdeNameService(killer.inst, killer.name, 0, DNS_REGISTER);
    killer.conv = DdeConnect(killer.inst, killer.name, killer.name, NULL);
    if (!killer.conv)
        bench_fail("no conversation with oneself");
}

static void wait_for_an_answer(HCONV conv)
{
    BYTE command[] = "";

    bench_signal(&pair, SIGSTOP);
    DdeClientTransaction(command, sizeof command, killer.conv, 0, 0, XTYP_EXECUTE, TIMEOUT_ASYNC, NULL);
    if (DdeClientTransaction(NULL, 0, conv, pair.item, CF_TEXT, XTYP_REQUEST, TEST_PATIENCE_MS, NULL) ||
        DdeGetLastError(pair.client) != DMLERR_SERVER_DIED)
        bench_fail("a dead server has answered, or is not missed");
    known_at = bench_now_us();
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
    open_killer();
    answer("From the death of the server's process to DMLERR_SERVER_DIED", wait_for_an_answer);
    DdeUninitialize(killer.inst);
    return 0;
}
