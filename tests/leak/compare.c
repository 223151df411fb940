/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What does the case of Q170626 cost, per cycle? Run over this library, or over the system's DDEML; prints a
 * line per variant, and fails only if the counting itself is in doubt. */

#include <stdlib.h>

#ifndef _WIN32
#include "host/posix/figures.h"
#endif
#include "leak/counters.h"
#include "leak/pair.h"

enum { WARM_UP = 10 };

static const struct variant {
    const char *name;
    struct q170626 how;
} variants[] = {
    {"50 updates queued", {.updates = 50}},
    {"50 updates and ADVSTOP queued", {.updates = 50, .stop = STOP_ASYNC}},
    {"50 updates, ADVSTOP answered", {.updates = 50, .stop = STOP_SYNC}},
};

static unsigned cycles = 1000;

/* A timer is memory, too, which is held for as long as something has a deadline; on Windows it is not the heap's. */
static bool is_at_rest(void *arg)
{
    (void)arg;
#ifdef _WIN32
    return true;
#else
    return figure_timers() == 0;
#endif
}

static void take_at_rest(struct counters *now)
{
    assert_true(test_pump_until(is_at_rest, NULL, TEST_PATIENCE_MS));
    counters_take(now);
}

/* The instances stay, as in a client and a server that run for days. */
static void measure(const struct variant *v)
{
    struct counters before, after;

    for (int i = 0; i < WARM_UP; i++)
        q170626_cycle(&v->how);
    take_at_rest(&before);
    for (unsigned i = 0; i < cycles; i++)
        q170626_cycle(&v->how);
    take_at_rest(&after);
    printf("%s; %u cycles; %.3f blocks; %.3f bytes\n", v->name, cycles,
           (double)(after.blocks - before.blocks) / cycles, (double)(after.bytes - before.bytes) / cycles);
    fflush(stdout);
}

static void compare(void **state)
{
    (void)state;
    server_open(0);
    client_open();
#ifndef TEST_SYSTEM_DDEML
    {
        DDEMLLEDGER ledger = {.cb = sizeof ledger};

        assert_true(DdemlGetLedger(0, &ledger)); /* that it is this library which is measured */
        assert_int_equal(ledger.instances, 2);
    }
#endif
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
        measure(&variants[i]);
    side_close(&client);
    side_close(&server);
#ifndef TEST_SYSTEM_DDEML
    test_ledger_is_empty();
#endif
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(compare)};

    if (argc > 1)
        cycles = (unsigned)strtoul(argv[1], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
