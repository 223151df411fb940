/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The scenarios of the leak suite, each with the n-th call of the host failing, for every n: alone, and with all
 * that come after it. Whatever a scenario then comes to, the ledger is empty afterwards, the process holds
 * nothing that it did not hold before, and nobody waits for ever.
 *
 *   program [STRIDE [PATTERN]]    every STRIDE-th n; the scenarios whose names fit */

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "faults/fault.h"
#include "leak/counters.h"
#include "leak/scenario.h"

enum {
    DEADLINE_MS = 3,   /* of broadcasts, and of the end of an instance              */
    HANG_S = 60,       /* no run takes as long                                      */
    ROUNDS = 12,       /* see repeat.c: only what grows each time is a leak         */
    ROUNDS_APART = 70, /* a process keeps a record for each lane that a partner's threads post on */
    MOST_FAILURES = 5, /* of a scenario: then it is clear                           */
};

static unsigned stride = 1;
static struct {
    unsigned scenarios, calls, runs;
} total;

/* ---- If it does not come back --------------------------------------------------------------------------- */

static char now_running[300];

static void say_where(int signal_number)
{
    static const char hung[] = "no end of: ", crashed[] = "crashed: ";
    const char *what = signal_number == SIGALRM ? hung : crashed;
    ssize_t unused = write(STDERR_FILENO, what, strlen(what));

    unused = write(STDERR_FILENO, now_running, strlen(now_running));
    (void)unused;
    signal(SIGABRT, SIG_DFL);
    abort();
}

/* ---- One run --------------------------------------------------------------------------------------------- */

struct refusal {
    unsigned n;
    bool for_good;
    const struct flavour *flavour;
};

static void describe(const char *name, const struct refusal *r)
{
    snprintf(now_running, sizeof now_running, "%s, call %u failing %s, flavour %s\n", name, r->n,
             r->for_good ? "for good" : "once", r->flavour->name);
}

static void run_cycle(const struct scenario *s, unsigned n)
{
    (void)n;
    scenario_open(s);
    s->cycle(s);
    scenario_close();
}

/* A service thread that could not be waited for ends by itself. */
static bool is_empty(void *unused)
{
    DDEMLLEDGER now = {.cb = sizeof now};

    (void)unused;
    DdemlGetLedger(0, &now);
    return now.heap == 0;
}

static void run(const struct scenario *s, const struct refusal *r)
{
    const DWORD deadline = r->n ? DEADLINE_MS : TEST_PATIENCE_MS;

    alarm(HANG_S);
    pair_lenient = r->n != 0;
    DdemlSetDeadlines(deadline, deadline);
    fault_arm(r->n, r->for_good, r->flavour);
    (s->run ? s->run : run_cycle)(s, 1);
    fault_rest();
    scenario_close();
    test_pump_until(is_empty, NULL, TEST_PATIENCE_MS);
    alarm(0);
    total.runs++;
}

static bool grown(const struct counters *before, const struct counters *after)
{
    bool more = false;

#define X(name) more |= after->name > before->name;
    COUNTERS(X)
#undef X
    return more;
}

/* Runs it, and again as long as each run leaves more than the one before. */
static bool leaves_nothing(const struct scenario *s, const struct refusal *r)
{
    struct counters before, after;
    int rounds = test_apart ? ROUNDS_APART : ROUNDS;
    bool more = true;

    counters_take(&after);
    for (int round = 0; more && round < rounds; round++) {
        struct figures held = figures();

        before = after;
        run(s, r);
        if (!nothing_left(&held))
            return false;
        counters_take(&after);
        more = grown(&before, &after);
    }
    return !more || counters_equal(&before, &after, 1);
}

/* ---- All of them ----------------------------------------------------------------------------------------- */

static bool passes(const char *name, const struct scenario *s, const struct refusal *r)
{
    describe(name, r);
    if (leaves_nothing(s, r))
        return true;
    print_error("that was %s", now_running);
    print_error("where %s failed\n", fault_fired() ? fault_fired() : "nothing");
    return false;
}

static unsigned failures_at(const char *name, const struct scenario *s, unsigned n, bool for_good)
{
    unsigned failures = 0;

    for (int f = 0; f < FLAVOURS; f++) {
        failures += !passes(name, s, &(struct refusal){n, for_good, &flavours[f]});
        if (!fault_flavoured())
            break;
    }
    return failures;
}

static const char *name_of(const struct scenario *s);

/* Returns how many calls there were that can fail. */
static unsigned loop(const char *name, const struct scenario *s, unsigned *failures)
{
    unsigned calls;

    *failures += !passes(name, s, &(struct refusal){0, false, &flavours[0]});
    calls = fault_count();
    for (unsigned n = 1 + total.scenarios % stride; n <= calls && *failures < MOST_FAILURES; n += stride)
        for (int for_good = 0; for_good < 2; for_good++) {
            *failures += failures_at(name, s, n, for_good);
            total.calls++;
        }
    return calls;
}

void scenario_test(void **state)
{
    const struct scenario *s = *state;
    unsigned seam, heap = 0, failures = 0;

    fault_layer = FAULT_SEAM;
    seam = loop(name_of(s), s, &failures);
    fault_layer = FAULT_HEAP;
    if (test_apart)
        heap = loop(name_of(s), s, &failures);
    total.scenarios++;
    print_message("             %u calls of the host, %u of the C library that can fail\n", seam, heap);
    assert_int_equal(failures, 0);
}

int scenario_teardown(void **state)
{
    (void)state;
    fault_rest();
    scenario_close();
    return 0;
}

static const struct CMUnitTest *all;
static size_t n_all;

static const char *name_of(const struct scenario *s)
{
    for (size_t i = 0; i < n_all; i++)
        if (all[i].initial_state == s)
            return all[i].name;
    return "";
}

int scenario_main(int argc, char **argv, const char *group, const struct CMUnitTest *tests, size_t n)
{
    static const int signals[] = {SIGALRM, SIGSEGV, SIGBUS, SIGABRT, SIGFPE};
    int failed;

    all = tests;
    n_all = n;
    if (argc > 1)
        stride = (unsigned)strtoul(argv[1], NULL, 10);
    if (argc > 2)
        cmocka_set_test_filter(argv[2]);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], say_where);
    counters_settle();
    failed = _cmocka_run_group_tests(group, tests, n, NULL, NULL);
    print_message("%u scenarios, %u failures of calls, %u runs\n", total.scenarios, total.calls, total.runs);
    return failed;
}
