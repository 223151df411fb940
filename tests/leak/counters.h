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

void counters_take(struct counters *now);

/* False if any of them has grown, having named each and its growth per cycle. */
bool counters_equal(const struct counters *before, const struct counters *after, unsigned cycles);

#endif
