/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "bench/bench.h"

#include <stdlib.h>

#include "support/support.h"

#ifdef _WIN32
double bench_now_us(void)
{
    LARGE_INTEGER now, frequency;

    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&frequency);
    return (double)now.QuadPart * 1e6 / (double)frequency.QuadPart;
}
#else
#include <time.h>

double bench_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}
#endif

struct bench_server {
    struct test_event *ready, *stop;
    struct test_thread *thread;
};

static DWORD server; /* of the server's thread */

static HDDEDATA CALLBACK serve(UINT type, UINT fmt, HCONV conv, HSZ topic, HSZ item, HDDEDATA data,
                               ULONG_PTR d1, ULONG_PTR d2)
{
    (void)conv, (void)topic, (void)data, (void)d1, (void)d2;
    switch (type) {
    case XTYP_CONNECT:
    case XTYP_ADVSTART:
        return (HDDEDATA)(uintptr_t)TRUE;
    case XTYP_REQUEST:
    case XTYP_ADVREQ:
        return DdeCreateDataHandle(server, (LPBYTE) "0123456789012345678901234567890", 32, 0, item, fmt, 0);
    case XTYP_POKE:
    case XTYP_EXECUTE:
        return (HDDEDATA)(uintptr_t)DDE_FACK;
    default:
        return 0;
    }
}

static void run_server(void *arg)
{
    struct bench_server *s = arg;

    server = 0;
    DdeInitializeA(&server, serve, 0, 0);
    DdeNameService(server, DdeCreateStringHandleA(server, "Bench", CP_WINANSI), 0, DNS_REGISTER);
    test_event_set(s->ready);
    while (!test_event_pump(s->stop, 1000))
        ;
    DdeUninitialize(server);
}

static HDDEDATA CALLBACK ignore(UINT type, UINT fmt, HCONV conv, HSZ topic, HSZ item, HDDEDATA data,
                                ULONG_PTR d1, ULONG_PTR d2)
{
    (void)type, (void)fmt, (void)conv, (void)topic, (void)item, (void)data, (void)d1, (void)d2;
    return (HDDEDATA)(uintptr_t)DDE_FACK;
}

void bench_open(struct bench_pair *p)
{
    struct bench_server *s = calloc(1, sizeof *s);

    s->ready = test_event_new();
    s->stop = test_event_new();
    s->thread = test_thread_start(run_server, s);
    test_event_wait(s->ready, TEST_PATIENCE_MS);
    p->server = s;
    p->client = 0;
    DdeInitializeA(&p->client, ignore, 0, 0);
    p->service = DdeCreateStringHandleA(p->client, "Bench", CP_WINANSI);
    p->topic = DdeCreateStringHandleA(p->client, "Topic", CP_WINANSI);
    p->item = DdeCreateStringHandleA(p->client, "Item", CP_WINANSI);
}

void bench_close(struct bench_pair *p)
{
    DdeUninitialize(p->client);
    test_event_set(p->server->stop);
    test_thread_join(p->server->thread);
    test_event_free(p->server->ready);
    test_event_free(p->server->stop);
    free(p->server);
}

HCONV bench_connect(struct bench_pair *p)
{
    HCONV conv = DdeConnect(p->client, p->service, p->topic, NULL);

    if (!conv) {
        printf("DdeConnect failed: 0x%04x\n", DdeGetLastError(p->client));
        exit(1);
    }
    return conv;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_median(double *samples, size_t n)
{
    qsort(samples, n, sizeof *samples, ascending);
    return n % 2 ? samples[n / 2] : (samples[n / 2 - 1] + samples[n / 2]) / 2;
}

bool bench_smoke(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], "--smoke") == 0;
}
