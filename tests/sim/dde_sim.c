/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Plays by the thousand.
 *
 * dde_sim --runs=N [--from=SEED|clock] [--jobs=J] [--seconds=S]   plays N seeds; the first violation ends it
 * dde_sim --seed=SEED [--steps=N] [--without=a,b] [--verbose]     plays one, and tells what happened
 * dde_sim --seed=SEED --shrink                                    looks for less that violates the same rule
 *
 * A violation is told with one line that plays it again. --names: how often each exported function was called; with
 * it the program fails if one never was. */

#define _GNU_SOURCE /* MAP_ANONYMOUS */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "play.h"

enum { JOBS = 64, TEXT = 2000, ALL_LINES = 200000 };

static struct {
    uint64_t seed, from, runs;
    unsigned steps, jobs, seconds;
    bool one, verbose, shrink, names, story;
    char without[TEXT];
} options = {.runs = 1, .jobs = 1};

/* What the player and whoever watches it share. */
struct result {
    uint64_t seed; /* being played */
    uint64_t runs; /* that are over */
    bool violated;
    char text[TEXT];
    uint64_t digest;
    uint64_t called[CALLED_N];
};
static struct result *results; /* one for each job, the last for single plays */

/* ---- One play ---------------------------------------------------------------------------------------------- */

static bool play_seed(struct result *r, const struct play_options *o, bool story)
{
    bool good;

    r->seed = o->seed;
    good = play_run(o);
    if (!good) {
        r->violated = true;
        snprintf(r->text, sizeof r->text, "%s", sim_violation());
    }
    r->digest = sim_digest();
    if (story)
        sim_story(stderr);
    sim_close();
    r->runs++;
    return good;
}

/* Plays in a process of its own: a crash is a violation, too. */
static void play_apart(struct result *r, const struct play_options *o, bool story)
{
    pid_t child;
    int status = 0;

    memset(r, 0, sizeof *r);
    fflush(NULL);
    child = fork();
    if (child == 0) {
        if (!story && !freopen("/dev/null", "w", stderr))
            _exit(2);
        alarm(60);
        _exit(play_seed(r, o, story) ? 0 : 1);
    }
    waitpid(child, &status, 0);
    if (!r->violated && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
        r->violated = true;
        snprintf(r->text, sizeof r->text, "crash: signal %d, exit %d",
                 WIFSIGNALED(status) ? WTERMSIG(status) : 0, WIFEXITED(status) ? WEXITSTATUS(status) : 0);
    }
}

static void print_replay(FILE *to, const struct play_options *o)
{
    fprintf(to, "replay: dde_sim --seed=%" PRIu64, o->seed);
    if (o->steps)
        fprintf(to, " --steps=%u", o->steps);
    if (o->without && *o->without)
        fprintf(to, " --without=%s", o->without);
    fputc('\n', to);
}

/* ---- Shrinking ------------------------------------------------------------------------------------------------ */

/* A rule's name is what stands before the colon. */
static bool same_rule(const char *a, const char *b)
{
    size_t n = strcspn(a, ":");

    return n == strcspn(b, ":") && !strncmp(a, b, n);
}

static bool still(const struct play_options *o, const char *text)
{
    struct result *r = &results[options.jobs];

    play_apart(r, o, false);
    return r->violated && same_rule(r->text, text);
}

static void shrink_steps(struct play_options *o, const char *text)
{
    unsigned low = 0, high = o->steps ? o->steps : 64;

    while (high - low > 1) {
        struct play_options fewer = *o;

        fewer.steps = low + (high - low) / 2;
        if (still(&fewer, text))
            high = fewer.steps;
        else
            low = fewer.steps;
    }
    if (!o->steps || high < o->steps) {
        struct play_options fewer = *o;

        fewer.steps = high;
        if (still(&fewer, text))
            *o = fewer;
    }
}

/* The digest of what is left, by which what makes no difference is told; 0: a crash has none. */
static uint64_t shrunk;

static void try_without(struct play_options *o, const char *text, const char *name)
{
    static char more[TEXT];
    struct play_options less = *o;

    if (snprintf(more, sizeof more, "%s%s%s", options.without, *options.without ? "," : "", name) >=
        (int)sizeof more)
        return;
    less.without = more;
    if (still(&less, text) && (!shrunk || results[options.jobs].digest != shrunk)) {
        shrunk = results[options.jobs].digest;
        memcpy(options.without, more, sizeof more);
    }
}

static void shrink_features(struct play_options *o, const char *text)
{
    static const char *const others[] = {"faults",        "world:kills",  "world:hangs",
                                         "world:jumps",   "world:delays", "world:queue",
                                         "world:preempt", "raw",          "block"};
    char name[40];

    for (unsigned i = 0; i < sizeof others / sizeof *others; i++)
        try_without(o, text, others[i]);
    for (int i = 0; i < SIM_FAULT_N; i++) {
        snprintf(name, sizeof name, "fault:%s", sim_fault_name((enum sim_fault)i));
        try_without(o, text, name);
    }
    for (unsigned i = 0; i < ACTORS; i++) {
        snprintf(name, sizeof name, "actor:%u", i);
        try_without(o, text, name);
    }
    for (unsigned i = 0; ops_name(i); i++)
        try_without(o, text, ops_name(i));
    for (unsigned i = 0; reactions_name(i); i++)
        try_without(o, text, reactions_name(i));
}

static int shrink(struct play_options *o)
{
    struct result *r = &results[options.jobs];
    char text[TEXT];

    play_apart(r, o, false);
    if (!r->violated) {
        printf("nothing to shrink: seed %" PRIu64 " violates nothing\n", o->seed);
        return 0;
    }
    memcpy(text, r->text, sizeof text);
    shrink_steps(o, text);
    play_apart(r, o, false);
    shrunk = r->digest;
    shrink_features(o, text);
    shrink_steps(o, text);
    play_apart(r, o, false);
    printf("%s\n", r->text);
    print_replay(stdout, o);
    return 1;
}

/* ---- Many plays -------------------------------------------------------------------------------------------------- */

static uint64_t now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec;
}

/* A job plays every so-manyth seed. */
static void work(unsigned job, uint64_t until)
{
    struct result *r = &results[job];

    for (uint64_t i = job; i < options.runs && (!options.seconds || now_s() < until); i += options.jobs) {
        struct play_options o = {
            .seed = options.from + i, .steps = options.steps, .without = options.without};

        alarm(60);
        if (!play_seed(r, &o, false))
            _exit(1);
        memcpy(r->called, called, sizeof called);
    }
    _exit(0);
}

static void note_crash(struct result *r, int status)
{
    bool good = WIFEXITED(status) && (WEXITSTATUS(status) == 0 || r->violated);

    if (good)
        return;
    r->violated = true;
    r->runs++;
    snprintf(r->text, sizeof r->text, "crash: signal %d, exit %d", WIFSIGNALED(status) ? WTERMSIG(status) : 0,
             WIFEXITED(status) ? WEXITSTATUS(status) : 0);
}

static void run_jobs(void)
{
    uint64_t until = now_s() + options.seconds;
    pid_t jobs[JOBS];
    bool failed = false;

    fflush(NULL);
    for (unsigned j = 0; j < options.jobs; j++)
        if ((jobs[j] = fork()) == 0)
            work(j, until);
    for (unsigned left = options.jobs; left; left--) {
        int status;
        pid_t over = wait(&status);

        for (unsigned j = 0; j < options.jobs; j++) {
            if (jobs[j] != over)
                continue;
            jobs[j] = 0;
            note_crash(&results[j], status);
            failed = failed || results[j].violated;
        }
        for (unsigned j = 0; failed && j < options.jobs; j++)
            if (jobs[j] > 0)
                kill(jobs[j], SIGKILL);
        if (failed)
            break;
    }
    while (wait(NULL) > 0)
        ;
}

static unsigned print_names(void)
{
    unsigned never = 0;

    for (int i = 0; i < CALLED_N; i++) {
        uint64_t n = 0;

        for (unsigned j = 0; j < options.jobs; j++)
            n += results[j].called[i];
        printf("%12" PRIu64 " %s\n", n, called_names[i]);
        never += n == 0;
    }
    if (never)
        printf("%u exported functions have never been called\n", never);
    return never;
}

static int play_many(void)
{
    const struct result *bad = NULL;
    uint64_t runs = 0;

    run_jobs();
    for (unsigned j = 0; j < options.jobs; j++) {
        runs += results[j].runs;
        if (results[j].violated && (!bad || results[j].seed < bad->seed))
            bad = &results[j];
    }
    printf("%" PRIu64 " runs, seeds from %" PRIu64 " to %" PRIu64 ", %s\n", runs, options.from,
           options.from + (runs ? runs - 1 : 0), bad ? "a violation" : "no violation");
    if (bad) {
        struct play_options o = {.seed = bad->seed, .steps = options.steps, .without = options.without};

        printf("%s\n", bad->text);
        print_replay(stdout, &o);
        return 1;
    }
    return options.names && print_names() ? 1 : 0;
}

static int play_one(struct play_options *o)
{
    struct result *r = &results[options.jobs];

    if (options.shrink)
        return shrink(o);
    play_apart(r, o, true);
    printf("seed %" PRIu64 ", digest %016" PRIx64 ": %s\n", o->seed, r->digest,
           r->violated ? r->text : "nothing was violated");
    if (r->violated)
        print_replay(stdout, o);
    return r->violated;
}

/* ---- Arguments ----------------------------------------------------------------------------------------------------- */

static uint64_t number(const char *text)
{
    char *end;
    uint64_t n;

    if (!strcmp(text, "clock"))
        return (uint64_t)time(NULL) * 1000000;
    errno = 0;
    n = strtoull(text, &end, 0);
    if (errno || *end || end == text) {
        fprintf(stderr, "dde_sim: %s is no number\n", text);
        exit(2);
    }
    return n;
}

static bool takes(const char *argument, const char *name, const char **value)
{
    size_t n = strlen(name);

    *value = argument + n;
    return !strncmp(argument, name, n);
}

static void read_argument(const char *argument)
{
    const char *value;

    if (takes(argument, "--seed=", &value)) {
        options.seed = number(value);
        options.one = true;
    } else if (takes(argument, "--from=", &value)) {
        options.from = number(value);
    } else if (takes(argument, "--runs=", &value)) {
        options.runs = number(value);
    } else if (takes(argument, "--steps=", &value)) {
        options.steps = (unsigned)number(value);
    } else if (takes(argument, "--jobs=", &value)) {
        options.jobs = (unsigned)number(value);
    } else if (takes(argument, "--seconds=", &value)) {
        options.seconds = (unsigned)number(value);
    } else if (takes(argument, "--without=", &value)) {
        snprintf(options.without, sizeof options.without, "%s", value);
    } else if (!strcmp(argument, "--verbose")) {
        options.verbose = true;
    } else if (!strcmp(argument, "--shrink")) {
        options.shrink = true;
    } else if (!strcmp(argument, "--names")) {
        options.names = true;
    } else {
        fprintf(stderr, "dde_sim: what is %s? See the head of tests/sim/dde_sim.c\n", argument);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct play_options o;

    for (int i = 1; i < argc; i++)
        read_argument(argv[i]);
    if (!options.jobs || options.jobs > JOBS)
        options.jobs = 1;
    results =
        mmap(NULL, (JOBS + 1) * sizeof *results, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (results == MAP_FAILED)
        return 2;
    if (!options.one)
        return play_many();
    o = (struct play_options){options.seed, options.steps, options.without, ALL_LINES, options.verbose};
    return play_one(&o);
}
