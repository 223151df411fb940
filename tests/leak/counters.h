/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_LEAK_COUNTERS_H
#define TESTS_LEAK_COUNTERS_H

/* What the process really holds, counted without asking the library.
 *
 * Windows: the busy blocks of the process heap, where global memory and the library's own records live, and
 * the global atoms in use. Elsewhere: every block that the program's own code and the library have got from
 * malloc (the linker sends their calls here; what the C library allocates for itself is not among them) and
 * the host's own figures. */

#include <stdbool.h>

#ifdef _WIN32
#define COUNTERS(X) X(blocks) X(bytes) X(global_atoms)
#else
#define COUNTERS(X)                                                                                          \
    X(blocks)                                                                                                \
    X(bytes)                                                                                                 \
    X(host_windows)                                                                                          \
    X(host_posts)                                                                                            \
    X(host_sends)                                                                                            \
    X(host_threads)                                                                                          \
    X(host_blocks)                                                                                           \
    X(host_atoms)
#endif

struct counters {
#define X(name) long name;
    COUNTERS(X)
#undef X
};

/* Once, before scenarios with several threads: lets what grows to the most that was ever held at once, and
 * then stays, grow beyond what a scenario can ever hold. */
void counters_settle(void);

void counters_take(struct counters *now);

/* Adds what is held elsewhere in the program; NULL: nothing is. */
extern void (*counters_elsewhere)(struct counters *now);
extern void (*counters_settle_elsewhere)(void);

/* Something in which the system itself may lose memory: so many times it has been done.
 *
 * Wine notes each WM_DDE_EXECUTE that is taken from a queue: two handles, in one block that it makes longer.
 * It forgets them when the ACK is posted, so those of an EXECUTE that a server meets after its own TERMINATE
 * stay: the protocol forbids the ACK. The same happens between two windows without any DDEML. */
extern unsigned counters_executes;

/* False if any of them has grown, having named each and its growth per cycle. On Windows the bytes (not the
 * blocks) may grow by two handles per EXECUTE and a little more, once. */
bool counters_equal(const struct counters *before, const struct counters *after, unsigned cycles);

#endif
