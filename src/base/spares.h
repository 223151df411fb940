/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_SPARES_H
#define DDEML_SPARES_H

/* Records of one kind that come and go with every message. Those that are given back wait here for the next one, a
 * few of them, which takes a fraction of what the heap does. On the books are those that are in use. */

#include <stddef.h>
#include <stdint.h>

struct ledger;
struct spare;

struct spares {
    struct ledger *ledger;
    struct spare *first;
    unsigned n;
    void (*let_go)(uintptr_t kept); /* of what is kept with a record; NULL: nothing is */
};

/* So many of a kind at most. 0 for tests that let the heap fail, and where a sanitizer looks for who uses what has been
 * given back. */
extern unsigned spares_most;

void spares_init(struct spares *s, struct ledger *l, void (*let_go)(uintptr_t kept));
void spares_deinit(struct spares *s);

/* A record of zeros, of two words or more. *kept (NULL: not wanted): what was given back with it; 0: it is a new one.
 * NULL: no memory. */
void *spares_new(struct spares *s, size_t size, uintptr_t *kept);

/* Gives a record back, and what is to be kept with it. NULL: nothing. */
void spares_free(struct spares *s, void *record, uintptr_t kept);

#endif
