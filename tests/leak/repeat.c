/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The leak suite as such: each scenario a thousand times, and what the process holds before and after. */

#include "leak/scenario.h"

#include <stdlib.h>

/* A host keeps some memory for messages to come, as much as there were at one time: how many that are is for the
 * threads to decide. That grows now and then, by chance in some rounds after one another; a leak every time. */
enum { WARM_UP = 20, ROUNDS = 6 };

static unsigned cycles = 1000;

/* ---- Counting ------------------------------------------------------------------------------------------ */

static DDEMLLEDGER ledger_now(void)
{
    DDEMLLEDGER now = {.cb = sizeof now};

    assert_true(DdemlGetLedger(0, &now));
    return now;
}

static void ledger_is(const DDEMLLEDGER *before, unsigned cycle)
{
    DDEMLLEDGER now = ledger_now();

    if (!memcmp(before, &now, sizeof now))
        return;
#define CHECK(name)                                                                                          \
    if (now.name != before->name)                                                                            \
        print_error("cycle %u: %d instead of %d %s\n", cycle, (int)now.name, (int)before->name, #name);
    DDEML_LEDGER_COLUMNS(CHECK)
#undef CHECK
    fail_msg("the ledger has changed");
}

static void run_cycles(const struct scenario *s, unsigned n)
{
    DDEMLLEDGER before;

    scenario_open(s);
    s->cycle(s);
    before = ledger_now();
    for (unsigned i = 2; i <= n; i++) {
        s->cycle(s);
        ledger_is(&before, i);
    }
    scenario_close();
}

static void run(const struct scenario *s, unsigned n)
{
    (s->run ? s->run : run_cycles)(s, n);
    test_ledger_is_empty();
}

void scenario_test(void **state)
{
    const struct scenario *s = *state;
    unsigned n = s->share ? cycles / s->share : cycles;
    struct counters before, after;
    bool same = false;

#ifdef _WIN32
    if (s->posix_only)
        skip(); /* the scenario says why */
#endif
    n = n > WARM_UP ? n : WARM_UP;
    if (s->run || test_apart) /* how far a queue fills is a matter of chance */
        counters_settle();
    run(s, WARM_UP);
    counters_take(&after);
    for (int round = 0; round < ROUNDS && !same; round++) {
        before = after;
        counters_executes = 0;
        run(s, n);
        counters_take(&after);
        same = counters_equal(&before, &after, n);
    }
    if (!same)
        fail_msg("the process holds more than before, and more each time");
    print_message("             %u cycles: %.3f blocks, %.3f bytes per cycle\n", n,
                  (double)(after.blocks - before.blocks) / n, (double)(after.bytes - before.bytes) / n);
}

int scenario_teardown(void **state)
{
    (void)state;
    scenario_close();
    test_ledger_is_empty();
    return 0;
}

int scenario_main(int argc, char **argv, const char *group, const struct CMUnitTest *tests, size_t n)
{
    if (argc > 1)
        cycles = (unsigned)strtoul(argv[1], NULL, 10);
    if (argc > 2)
        cmocka_set_test_filter(argv[2]);
    return _cmocka_run_group_tests(group, tests, n, NULL, NULL);
}
