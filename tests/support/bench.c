/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "bench/bench.h"

#include <stdlib.h>

#ifdef _WIN32
#define popen    _popen
#define pclose   _pclose
#define getpid   (long)GetCurrentProcessId
#define IN_PLACE "" /* of the shell that popen starts */
#else
#include <signal.h>
#include <time.h>
#include <unistd.h>
#define IN_PLACE "exec "
#endif

enum { TURN_US = 150000, WARM_US = 20000, PATIENCE_MS = 20000 };

static bool smoke;
static char *program;

bool bench_smoke(void)
{
    return smoke;
}

size_t bench_turns(void)
{
    return smoke ? 1 : BENCH_TURNS;
}

void bench_fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* ---- Turns -------------------------------------------------------------------------------------------- */

#ifdef _WIN32
double bench_now_us(void)
{
    LARGE_INTEGER now, frequency;

    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&frequency);
    return (double)now.QuadPart * 1e6 / (double)frequency.QuadPart;
}
#else
double bench_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}
#endif

static double rate(const struct bench_side *side, double for_us)
{
    double begin = bench_now_us(), took;
    size_t done = 0;

    do {
        side->run(side->arg, side->n);
        done += side->n;
        took = bench_now_us() - begin;
    } while (took < for_us);
    return (double)done * 1e6 / took;
}

double bench_rate(const struct bench_side *side)
{
    return rate(side, smoke ? 0 : TURN_US);
}

void bench_take_turns(struct bench_side *sides, size_t n)
{
    for (size_t i = 0; i < n && !smoke; i++)
        rate(&sides[i], WARM_US);
    for (size_t turn = 0; turn < bench_turns(); turn++) {
        for (size_t i = 0; i < n; i++) {
            struct bench_side *side = &sides[turn % 2 ? n - 1 - i : i];

            side->rate[turn] = bench_rate(side);
        }
    }
}

/* ---- Answers ------------------------------------------------------------------------------------------ */

struct spread {
    double median, least, most;
};

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static struct spread spread_of(const double *samples, size_t n)
{
    double sorted[BENCH_SAMPLES];

    memcpy(sorted, samples, n * sizeof *samples);
    qsort(sorted, n, sizeof *sorted, ascending);
    return (struct spread){(sorted[(n - 1) / 2] + sorted[n / 2]) / 2, sorted[0], sorted[n - 1]};
}

static const char *text_of(double value, const char *unit, char text[32])
{
    if (value >= 1e6)
        snprintf(text, 32, "%.2f M%s", value / 1e6, unit);
    else if (value >= 1e4)
        snprintf(text, 32, "%.0f k%s", value / 1e3, unit);
    else if (value >= 100)
        snprintf(text, 32, "%.0f %s", value, unit);
    else
        snprintf(text, 32, "%.2f %s", value, unit);
    return text;
}

static bool is_met(const struct bench_answer *a, double ours, double ratio)
{
    switch (a->goal) {
    case RATIO_AT_LEAST:
        return ratio >= a->target;
    case RATIO_AT_MOST:
        return ratio <= a->target;
    case AT_LEAST:
        return ours >= a->target;
    case AT_MOST:
        return ours <= a->target;
    default:
        return true;
    }
}

void bench_answer(const struct bench_answer *a)
{
    bool relative = a->goal == RATIO_AT_LEAST || a->goal == RATIO_AT_MOST;
    bool least = a->goal == RATIO_AT_LEAST || a->goal == AT_LEAST;
    struct spread ours = spread_of(a->ours, a->turns), others = {0}, ratio = {0};
    char text[32], other_text[32], ratio_text[48] = "", target[48] = "";
    double ratios[BENCH_SAMPLES];
    const char *verdict;

    if (a->other) {
        for (size_t i = 0; i < a->turns; i++)
            ratios[i] = a->ours[i] / a->others[i];
        others = spread_of(a->others, a->turns);
        ratio = spread_of(ratios, a->turns);
        snprintf(ratio_text, sizeof ratio_text, "%.2f (%.2f to %.2f)", ratio.median, ratio.least, ratio.most);
    }
    if (a->goal != NO_GOAL && relative)
        snprintf(target, sizeof target, "ratio %s %g", least ? "at least" : "at most", a->target);
    else if (a->goal != NO_GOAL)
        snprintf(target, sizeof target, "%s %s", least ? "at least" : "at most",
                 text_of(a->target, a->unit, text));
    verdict = smoke                                  ? "tried"
              : a->goal == NO_GOAL                   ? ""
              : is_met(a, ours.median, ratio.median) ? "met"
                                                     : "MISSED";
    printf("| %s | %s", a->question, text_of(ours.median, a->unit, text));
    if (a->other) {
        printf(" | %s: %s |", a->other, text_of(others.median, a->unit, text));
    } else {
        if (a->turns > 1)
            printf(" (%s to %s)", text_of(ours.least, a->unit, text),
                   text_of(ours.most, a->unit, other_text));
        printf(" | |");
    }
    printf(" %s | %s | %s |\n", ratio_text, target, verdict);
    if (relative)
        printf("#ratio\t%s, against %s\t%g\t%g\t%g\t%g\n", a->question, a->other, ratio.median, ratio.least,
               ratio.most, a->target);
    fflush(stdout);
}

void bench_compare(const char *question, const struct bench_side *ours, const struct bench_side *other,
                   enum bench_goal goal, double target)
{
    struct bench_answer a = {
        .question = question,
        .unit = "/s",
        .ours = ours->rate,
        .others = other ? other->rate : NULL,
        .turns = bench_turns(),
        .other = other ? other->name : NULL,
        .goal = goal,
        .target = target,
    };

    bench_answer(&a);
}

void bench_point(const char *plot, const char *curve, double x, const double *y, size_t turns)
{
    struct spread s = spread_of(y, turns);

    printf("#%s\t%s\t%g\t%g\t%g\t%g\n", plot, curve, x, s.median, s.least, s.most);
}

/* ---- The server --------------------------------------------------------------------------------------- */

static struct {
    DWORD inst;
    HSZ topic, item, large;
    char *bytes;
    DWORD value; /* a new one for every update */
    volatile bool quit;
} server;

static HDDEDATA answer_of(HSZ item, UINT fmt)
{
    static char small[32] = "0123456789012345678901234567890";
    bool large = item == server.large;

    if (large && !server.bytes)
        server.bytes = memset(malloc(BENCH_LARGE), 'x', BENCH_LARGE);
    memcpy(small, &server.value, sizeof server.value);
    return DdeCreateDataHandle(server.inst, (LPBYTE)(large ? server.bytes : small), large ? BENCH_LARGE : 32,
                               0, item, fmt, 0);
}

/* The number of updates that are wanted; 0: to end. */
static void execute(HDDEDATA data)
{
    DWORD n = 0;

    DdeGetData(data, (LPBYTE)&n, sizeof n, 0);
    server.quit = n == 0;
    while (n--) {
        server.value++;
        if (!DdePostAdvise(server.inst, server.topic, server.item))
            bench_fail("an update is lost");
    }
}

static HDDEDATA CALLBACK serve(UINT type, UINT fmt, HCONV conv, HSZ topic, HSZ item, HDDEDATA data,
                               ULONG_PTR d1, ULONG_PTR d2)
{
    (void)conv, (void)topic, (void)d1, (void)d2;
    switch (type) {
    case XTYP_CONNECT:
    case XTYP_ADVSTART:
        return (HDDEDATA)(uintptr_t)TRUE;
    case XTYP_REQUEST:
    case XTYP_ADVREQ:
        return answer_of(item, fmt);
    case XTYP_EXECUTE:
        execute(data);
        return (HDDEDATA)(uintptr_t)DDE_FACK;
    case XTYP_POKE:
        return (HDDEDATA)(uintptr_t)DDE_FACK;
    default:
        return 0;
    }
}

static HSZ text_of_server(const char *text)
{
    return DdeCreateStringHandleA(server.inst, (LPSTR)(uintptr_t)text, CP_WINANSI);
}

static void prepare_server(const char *service)
{
    server.topic = text_of_server("Topic");
    server.item = text_of_server("Item");
    server.large = text_of_server("Large");
    DdeNameService(server.inst, text_of_server(service), 0, DNS_REGISTER);
}

static bool wants_to_quit(void *arg)
{
    (void)arg;
    return server.quit;
}

struct bench_server {
    char name[32];
    struct test_event *ready, *stop;
    struct test_thread *thread;
    FILE *process;
    long pid;
    bool killed;
};

static void run_server(void *arg)
{
    struct bench_server *s = arg;

    server.inst = 0;
    DdeInitializeA(&server.inst, serve, 0, 0);
    prepare_server(s->name);
    test_event_set(s->ready);
    while (!test_event_pump(s->stop, 1000))
        ;
    DdeUninitialize(server.inst);
}

/* The whole life of a server's process. */
static void serve_as_process(const char *name)
{
    server.inst = 0;
    if (DdeInitializeA(&server.inst, serve, 0, 0) != DMLERR_NO_ERROR)
        bench_fail("the server does not start");
    prepare_server(name);
    printf("%ld\n", (long)getpid());
    fflush(stdout);
    while (!test_pump_until(wants_to_quit, NULL, 10 * PATIENCE_MS))
        ;
    test_pump_all();
    DdeUninitialize(server.inst);
    exit(0);
}

/* ---- Workers ------------------------------------------------------------------------------------------ */

const struct bench_work *bench_work;

static struct {
    DWORD inst;
    bool over;
} orders; /* of a worker, or of whoever gives them */

static HDDEDATA CALLBACK obey(UINT type, UINT fmt, HCONV conv, HSZ topic, HSZ item, HDDEDATA data,
                              ULONG_PTR d1, ULONG_PTR d2)
{
    unsigned long what, n;
    char order[48];
    double us;

    (void)conv, (void)topic, (void)data, (void)d1, (void)d2;
    if (type == XTYP_DISCONNECT)
        orders.over = true;
    if (type != XTYP_REQUEST)
        return (HDDEDATA)(uintptr_t)(type == XTYP_CONNECT);
    DdeQueryStringA(orders.inst, item, order, sizeof order, CP_WINANSI);
    if (sscanf(order, "%lu: %lu", &what, &n) != 2)
        return 0;
    us = bench_work->us(what, n);
    return DdeCreateDataHandle(orders.inst, (LPBYTE)&us, sizeof us, 0, item, fmt, 0);
}

static void begin_orders(PFNCALLBACK callback)
{
    if (!orders.inst && DdeInitializeA(&orders.inst, callback, 0, 0) != DMLERR_NO_ERROR)
        bench_fail("DdeInitialize fails");
}

static HSZ text_of_orders(const char *text)
{
    return DdeCreateStringHandleA(orders.inst, (LPSTR)(uintptr_t)text, CP_WINANSI);
}

static bool is_over(void *arg)
{
    (void)arg;
    return orders.over;
}

static void work_as_process(const char *name, unsigned long argument)
{
    bench_work->begin(argument);
    begin_orders(obey);
    DdeNameService(orders.inst, text_of_orders(name), 0, DNS_REGISTER);
    puts("ready");
    fflush(stdout);
    while (!test_pump_until(is_over, NULL, 10 * PATIENCE_MS))
        ;
    DdeUninitialize(orders.inst);
    bench_work->end();
    exit(0);
}

void bench_begin(int argc, char **argv)
{
    program = argv[0];
    smoke = argc > 1 && strcmp(argv[1], "--smoke") == 0;
    if (argc > 2 && strcmp(argv[1], "serve") == 0)
        serve_as_process(argv[2]);
    if (argc > 3 && strcmp(argv[1], "work") == 0)
        work_as_process(argv[2], strtoul(argv[3], NULL, 10));
}

FILE *bench_start(const char *path, const char *arguments)
{
    char command[1024];
    FILE *process;

    fflush(stdout);
    snprintf(command, sizeof command, IN_PLACE "\"%s\" %s", path, arguments);
    process = popen(command, "r");
    if (!process)
        bench_fail("a process cannot be started");
    return process;
}

void bench_end(FILE *process)
{
    if (pclose(process) != 0)
        bench_fail("a process has failed");
}

struct bench_worker {
    FILE *process;
    HCONV conv;
};

static HDDEDATA CALLBACK hear_nothing(UINT type, UINT fmt, HCONV conv, HSZ topic, HSZ item, HDDEDATA data,
                                      ULONG_PTR d1, ULONG_PTR d2)
{
    (void)type, (void)fmt, (void)conv, (void)topic, (void)item, (void)data, (void)d1, (void)d2;
    return 0;
}

struct bench_worker *bench_worker_start(unsigned long argument)
{
    static unsigned number;
    struct bench_worker *w = calloc(1, sizeof *w);
    char name[64], arguments[96], line[16];
    HSZ service;

    snprintf(name, sizeof name, "Work%ld.%u", (long)getpid(), number++);
    snprintf(arguments, sizeof arguments, "work %s %lu", name, argument);
    w->process = bench_start(program, arguments);
    if (!fgets(line, sizeof line, w->process))
        bench_fail("a process does not start");
    begin_orders(hear_nothing);
    service = text_of_orders(name);
    w->conv = DdeConnect(orders.inst, service, service, NULL);
    if (!w->conv)
        bench_fail("a process does not answer");
    return w;
}

double bench_worker_us(const struct bench_worker *w, unsigned long what, unsigned long n)
{
    HDDEDATA data;
    char order[48];
    double us = 0;
    HSZ item;

    snprintf(order, sizeof order, "%lu: %lu", what, n);
    item = text_of_orders(order);
    data = DdeClientTransaction(NULL, 0, w->conv, item, CF_PRIVATEFIRST, XTYP_REQUEST, PATIENCE_MS, NULL);
    DdeFreeStringHandle(orders.inst, item);
    if (DdeGetData(data, (LPBYTE)&us, sizeof us, 0) != sizeof us)
        bench_fail("a process has failed");
    DdeFreeDataHandle(data);
    return us;
}

void bench_worker_end(struct bench_worker *w)
{
    DdeDisconnect(w->conv);
    test_pump_all();
    bench_end(w->process);
    free(w);
}

static void start_process(struct bench_server *s)
{
    char arguments[64], line[16];

    snprintf(arguments, sizeof arguments, "serve %s", s->name);
    s->process = bench_start(program, arguments);
    if (!fgets(line, sizeof line, s->process))
        bench_fail("the server does not start");
    s->pid = strtol(line, NULL, 10);
}

static void start_thread(struct bench_server *s)
{
    s->ready = test_event_new();
    s->stop = test_event_new();
    s->thread = test_thread_start(run_server, s);
    test_event_wait(s->ready, TEST_PATIENCE_MS);
}

static void stop_thread(struct bench_server *s)
{
    test_event_set(s->stop);
    test_thread_join(s->thread);
    test_event_free(s->ready);
    test_event_free(s->stop);
}

/* ---- The client --------------------------------------------------------------------------------------- */

static size_t updates, ends;

static HDDEDATA CALLBACK hear(UINT type, UINT fmt, HCONV conv, HSZ topic, HSZ item, HDDEDATA data,
                              ULONG_PTR d1, ULONG_PTR d2)
{
    if (type == XTYP_ADVDATA)
        updates++;
    else if (type == XTYP_DISCONNECT)
        ends++;
    else if (type != XTYP_XACT_COMPLETE) /* also the server, if it is alone */
        return serve(type, fmt, conv, topic, item, data, d1, d2);
    return (HDDEDATA)(uintptr_t)DDE_FACK;
}

static HSZ text_of_client(struct bench_pair *p, const char *text)
{
    return DdeCreateStringHandleA(p->client, (LPSTR)(uintptr_t)text, CP_WINANSI);
}

void bench_open(struct bench_pair *p, enum bench_place place)
{
    static unsigned n;
    struct bench_server *s = calloc(1, sizeof *s);

    snprintf(s->name, sizeof s->name, "Bench%ld.%u", (long)getpid(), n++);
    *p = (struct bench_pair){.place = place, .server = s};
    if (place == BENCH_PROCESSES)
        start_process(s);
    else if (place == BENCH_THREADS)
        start_thread(s);
    if (DdeInitializeA(&p->client, hear, 0, 0) != DMLERR_NO_ERROR)
        bench_fail("DdeInitialize fails");
    if (place == BENCH_ALONE) {
        server.inst = p->client;
        prepare_server(s->name);
    }
    p->service = text_of_client(p, s->name);
    p->topic = text_of_client(p, "Topic");
    p->item = text_of_client(p, "Item");
    p->large = text_of_client(p, "Large");
}

void bench_close(struct bench_pair *p)
{
    struct bench_server *s = p->server;

    if (p->place == BENCH_PROCESSES && !s->killed)
        bench_ask_for_updates(bench_connect(p), 0); /* which ends it */
    DdeUninitialize(p->client);
    if (s->killed)
        pclose(s->process);
    else if (s->process)
        bench_end(s->process);
    if (s->thread)
        stop_thread(s);
    free(s);
    free(server.bytes);
    server.bytes = NULL;
}

#ifndef _WIN32
void bench_signal(struct bench_pair *p, int signal)
{
    p->server->killed = p->server->killed || signal == SIGKILL;
    if (kill((pid_t)p->server->pid, signal) != 0)
        bench_fail("the server cannot be signalled");
}
#endif

HCONV bench_connect(struct bench_pair *p)
{
    HCONV conv = DdeConnect(p->client, p->service, p->topic, NULL);

    if (!conv) {
        fprintf(stderr, "DdeConnect: 0x%04x\n", DdeGetLastError(p->client));
        bench_fail("there is no server");
    }
    return conv;
}

void bench_disconnect(HCONV conv)
{
    DdeDisconnect(conv);
    test_pump_all();
}

static void ask(struct bench_pair *p, HCONV conv, HSZ item)
{
    HDDEDATA data = DdeClientTransaction(NULL, 0, conv, item, CF_TEXT, XTYP_REQUEST, PATIENCE_MS, NULL);

    if (!data) {
        fprintf(stderr, "XTYP_REQUEST: 0x%04x\n", DdeGetLastError(p->client));
        bench_fail("no answer");
    }
    DdeFreeDataHandle(data);
}

void bench_request(struct bench_pair *p, HCONV conv)
{
    ask(p, conv, p->item);
}

void bench_transact(struct bench_pair *p, HCONV conv, UINT type)
{
    static char bytes[32] = "0123456789012345678901234567890";
    bool takes = type == XTYP_POKE || type == XTYP_EXECUTE;

    if (!DdeClientTransaction(takes ? (LPBYTE)bytes : NULL, takes ? sizeof bytes : 0, conv,
                              type == XTYP_EXECUTE ? 0 : p->item, CF_TEXT, type, PATIENCE_MS, NULL)) {
        fprintf(stderr, "transaction 0x%04x: 0x%04x\n", type, DdeGetLastError(p->client));
        bench_fail("refused");
    }
}

size_t bench_updates(void)
{
    return updates;
}

static bool has_updates(void *n)
{
    return updates >= *(size_t *)n;
}

void bench_await_updates(size_t n)
{
    if (!test_pump_until(has_updates, &n, PATIENCE_MS))
        bench_fail("updates are missing");
}

void bench_ask_for_updates(HCONV conv, DWORD n)
{
    if (!DdeClientTransaction((LPBYTE)&n, sizeof n, conv, 0, 0, XTYP_EXECUTE, TIMEOUT_ASYNC, NULL))
        bench_fail("updates are refused");
}

static bool has_ended(void *arg)
{
    (void)arg;
    return ends;
}

void bench_await_end(void)
{
    if (!test_pump_until(has_ended, NULL, PATIENCE_MS))
        bench_fail("the conversation goes on");
    ends--;
}
