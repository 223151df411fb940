/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Runs a program of tests/contract, whose main is called contract_main, as the first thread of a simulated process,
 * once for each of some seeds. Its other threads take turns with it at every few host calls. */

#include <stdio.h>
#include <stdlib.h>

#include "host/posix/figures.h"
#include "host/sim/inside.h"

int contract_main(int argc, char **argv);

static int failed;

static void run_suite(void *arg)
{
    (void)arg;
    failed = contract_main(0, NULL);
}

int main(void)
{
    for (uint64_t seed = 1; seed <= 5 && !failed; seed++) {
        struct sim_options o = {.seed = seed, .lenient = true, .preempt_permille = (uint32_t)(seed - 1) * 20};
        bool over;

        sim_open(&o);
        sim_thread(sim_process(), run_suite, NULL);
        over = sim_run(UINT32_MAX);
        if (!over || failed || sim_violations())
            sim_story(stderr);
        failed |= !over || sim_violations();
        sim_close();
    }
    return failed;
}

/* ---- Figures, as the suite asks for them ---------------------------------------------------------------- */

long figure_windows(void)
{
    return sim_left(sim_self()).windows;
}

long figure_posts(void)
{
    return sim_left(sim_self()).queued;
}

long figure_sends(void)
{
    return world.n_sends;
}

long figure_threads(void)
{
    return sim_left(sim_self()).threads;
}

long figure_blocks(void)
{
    return sim_left(sim_self()).gmem;
}

long figure_atoms(void)
{
    return sim_left(sim_self()).atoms;
}

long figure_remains(void)
{
    return 0;
}
