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

/* Time passes: what is due in so many milliseconds is due now. */
void inside_pass(uint32_t ms);

#endif
