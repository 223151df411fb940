/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_PROGRAM_H
#define TESTS_PROGRAM_H

/* Programs that a test starts, with pipes for what they read and for what they print: the same on every
 * system. */

#include "support/support.h"

struct program;

/* Starts a program; argv ends with NULL, its first word is the path. */
struct program *program_start(const char *const argv[]);

/* What it has printed so far, on standard output and standard error together. */
const char *program_output(struct program *p);
/* Waits until it has printed this, and fails the test if it does not. */
void program_says(struct program *p, const char *text);

void program_tell(struct program *p, const char *text);
void program_close_input(struct program *p);

/* As the user does at the keyboard; false where that cannot be done from here. */
bool program_interrupt(struct program *p);
/* At once, without a chance to clean up. */
void program_kill(struct program *p);

/* Waits for its end and for the rest of what it prints, and returns its exit code; less than 0: a signal
 * ended it. What it has printed can be read until it is forgotten. */
int program_end(struct program *p);

/* Ends it if it is still running. NULL is none. */
void program_forget(struct program *p);
/* For the teardown of every test: ends what is still running, and forgets all. */
int programs_down(void **state);

#endif
