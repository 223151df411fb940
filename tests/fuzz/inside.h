/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_FUZZ_INSIDE_H
#define TESTS_FUZZ_INSIDE_H

/* What the harness needs of a host beyond host.h: its clock, its sleep and its figures. One file for each host. */

#include <stdbool.h>
#include <stdint.h>

void inside_start(void); /* once: from here on time does not pass by itself */
void inside_begin(bool (*asleep)(void));
void inside_end(void);   /* nobody is asked any more when the library would sleep */
void inside_check(void); /* aborts if the host holds anything                     */

/* Before the first input: this process meets others, in a folder of its own. Otherwise it stays by itself. */
void inside_meet(void);

/* Runs it on a thread of its own and waits for the end of that; inside_end_thread ends it at once, and does nothing
 * on the thread of the harness. */
void inside_on_thread(void (*run)(void));
void inside_end_thread(void);

/* From now on every queue is full, or no more. */
void inside_fill(bool full);

/* Time passes: what is due in so many milliseconds is due now. */
void inside_pass(uint32_t ms);

#endif
