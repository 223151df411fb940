/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_PROCESS_H
#define TESTS_PROCESS_H

/* Other processes: started, talked to in lines, and ended. Whoever waits here dispatches this thread's messages
 * meanwhile. A process that has been started does not outlive the test program that did it. */

#include "support/support.h"

enum {
    TEST_SKIPPED = 77,
    TEST_LINE = 512,
    TEST_KILLED = 128 + 9 /* the exit code of a process that was killed */
};

struct test_process;

/* Starts a program, NULL: this one, with arguments up to a NULL; fails the test if that is not possible. */
struct test_process *test_process_start(const char *program, const char *const *arguments);
#define test_process_play(...) test_process_start(NULL, (const char *const[]){__VA_ARGS__, NULL})

/* Is there such a program? */
bool test_process_exists(const char *program);

/* A line, without its end, to the process; false: it takes no more. */
bool test_process_say(struct test_process *p, const char *line);

/* The next line that the process has said. false: none came in time, or none will any more. */
bool test_process_hear(struct test_process *p, char line[TEST_LINE], unsigned ms);

/* The next line is this one; else the test fails. */
void test_process_expect(struct test_process *p, const char *line);

/* Ends it at once, whatever it does. It is over when this returns. */
void test_process_kill(struct test_process *p);

bool test_process_is_over(struct test_process *p);

/* Waits for its end; the test fails if that does not come. Its exit code. */
int test_process_end(struct test_process *p);

/* Kills it if it is not over, and forgets it. NULL: nothing. */
void test_process_free(struct test_process *p);

/* The system's number of it. */
long test_process_id(const struct test_process *p);
long test_own_process_id(void);

#ifndef _WIN32
/* Stops it, and lets it go on. It stands still when this returns. */
void test_process_stop(struct test_process *p);
void test_process_continue(struct test_process *p);
#endif

/* Kills this one. */
void test_die(void);

/* ---- In the process that has been started ------------------------------------------------------------------ */

void test_parent_say(const char *line);
/* false: none came in time, or the parent has gone. */
bool test_parent_hear(char line[TEST_LINE], unsigned ms);

#endif
