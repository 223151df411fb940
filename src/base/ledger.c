/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "base/ledger.h"

#include <stdatomic.h>

#include "host/host.h"

static atomic_long process[LEDGER_N];

void ledger_count(struct ledger *own, enum ledger_column column, long n)
{
    atomic_fetch_add_explicit(&process[column], n, memory_order_relaxed);
    ledger_hand(own, column, n);
}

void ledger_hand(struct ledger *own, enum ledger_column column, long n)
{
    if (own)
        own->column[column] += n;
}

struct ledger ledger_process(void)
{
    struct ledger now;

    for (int i = 0; i < LEDGER_N; i++)
        now.column[i] = atomic_load_explicit(&process[i], memory_order_relaxed);
    return now;
}

void *mem_new(size_t size)
{
    void *p = host_alloc(size);

    if (p)
        ledger_count(NULL, LEDGER_heap, 1);
    return p;
}

void mem_free(void *p)
{
    if (!p)
        return;
    ledger_count(NULL, LEDGER_heap, -1);
    host_free(p);
}
