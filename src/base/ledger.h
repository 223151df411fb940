/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_LEDGER_H
#define DDEML_LEDGER_H

/* The ledger: one number per kind of resource that this library holds, for the process and for each instance.
 *
 * The process's columns count what the library holds or has put into a message on its way to another
 * conversation window of this process. So a message that is lost inside the process stays on the books for
 * ever: the leak of Q170626 is a ledger that does not return to zero. What a message carries out of the
 * process, or to a window that is not ours, leaves the books when the post succeeds; what comes from there
 * enters them when it is taken. An instance's columns count what the instance itself has in hand. */

#include <stdatomic.h>
#include <stddef.h>

#include "base/list.h"
#include "winddeml.h"

enum ledger_column {
#define X(name) LEDGER_##name,
    DDEML_LEDGER_COLUMNS(X)
#undef X
        LEDGER_N
};

struct ledger {
    long column[LEDGER_N];
    atomic_long part[LEDGER_N]; /* of the process's figures: what has been booked here */
    struct list open;
    bool is_open; /* it stands in the list: for its own thread, because neighbours write to the line above */
};

/* What is booked in an open ledger is counted there and added up when the process's figures are asked for: that
 * costs its thread next to nothing. A ledger of zeros is a closed one. */
void ledger_open(struct ledger *l);
void ledger_close(struct ledger *l);

void ledger_count_closed(enum ledger_column column, long n); /* for the process, in no open ledger */

/* Something passes within the process: only the instance's figure changes. */
static inline void ledger_hand(struct ledger *own, enum ledger_column column, long n)
{
    if (own)
        own->column[column] += n;
}

/* Something is on its way: only the process's figure changes. An open ledger has one thread that writes. */
static inline void ledger_pass(struct ledger *own, enum ledger_column column, long n)
{
    if (own && own->is_open)
        atomic_store_explicit(&own->part[column],
                              atomic_load_explicit(&own->part[column], memory_order_relaxed) + n,
                              memory_order_relaxed);
    else
        ledger_count_closed(column, n);
}

/* Both: books n (which may be negative) for the process and, unless own is NULL, for the instance. */
static inline void ledger_count(struct ledger *own, enum ledger_column column, long n)
{
    ledger_pass(own, column, n);
    ledger_hand(own, column, n);
}

/* A copy of the process's figures. */
struct ledger ledger_process(void);

/* The library's own memory: zeroed, counted. mem_free takes NULL. */
void *mem_new(size_t size);
void mem_free(void *p);

#endif
