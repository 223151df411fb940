/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "base/ledger.h"

#include "host/host.h"

/* What has been booked in no open ledger, those that have been closed included. */
static atomic_long process[LEDGER_N];
static struct list open_ledgers = {&open_ledgers, &open_ledgers}; /* under host_lock */

void ledger_open(struct ledger *l)
{
    host_lock();
    list_append(&open_ledgers, &l->open);
    host_unlock();
    l->is_open = true;
}

void ledger_close(struct ledger *l)
{
    l->is_open = false;
    host_lock();
    list_remove(&l->open);
    for (int i = 0; i < LEDGER_N; i++)
        atomic_fetch_add_explicit(&process[i], atomic_load_explicit(&l->part[i], memory_order_relaxed),
                                  memory_order_relaxed);
    host_unlock();
}

void ledger_count_closed(enum ledger_column column, long n)
{
    atomic_fetch_add_explicit(&process[column], n, memory_order_relaxed);
}

struct ledger ledger_process(void)
{
    struct ledger now = {0};

    host_lock();
    for (int i = 0; i < LEDGER_N; i++)
        now.column[i] = atomic_load_explicit(&process[i], memory_order_relaxed);
    list_each (node, next, &open_ledgers) {
        const struct ledger *l = container_of(node, struct ledger, open);

        for (int i = 0; i < LEDGER_N; i++)
            now.column[i] += atomic_load_explicit(&l->part[i], memory_order_relaxed);
    }
    host_unlock();
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
