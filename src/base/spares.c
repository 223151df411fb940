/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "base/spares.h"

#include <string.h>

#include "base/ledger.h"
#include "host/host.h"

struct spare {
    struct spare *next;
    uintptr_t kept;
};

#ifdef __SANITIZE_ADDRESS__
unsigned spares_most = 0;
#else
unsigned spares_most = 16;
#endif

void spares_init(struct spares *s, struct ledger *l, void (*let_go)(uintptr_t kept))
{
    *s = (struct spares){.ledger = l, .let_go = let_go};
}

void *spares_new(struct spares *s, size_t size, uintptr_t *kept)
{
    struct spare *record = s->first;

    if (kept)
        *kept = record ? record->kept : 0;
    if (record) {
        s->first = record->next;
        s->n--;
        memset(record, 0, size);
    } else {
        record = host_alloc(size);
    }
    if (record)
        ledger_pass(s->ledger, LEDGER_heap, 1);
    return record;
}

static void let_go(const struct spares *s, void *record, uintptr_t kept)
{
    if (kept && s->let_go)
        s->let_go(kept);
    host_free(record);
}

void spares_free(struct spares *s, void *record, uintptr_t kept)
{
    struct spare *spare = record;

    if (!spare)
        return;
    ledger_pass(s->ledger, LEDGER_heap, -1);
    if (s->n >= spares_most) {
        let_go(s, record, kept);
        return;
    }
    *spare = (struct spare){.next = s->first, .kept = kept};
    s->first = spare;
    s->n++;
}

void spares_deinit(struct spares *s)
{
    struct spare *spare, *next;

    for (spare = s->first; spare; spare = next) {
        next = spare->next;
        let_go(s, spare, spare->kept);
    }
    s->first = NULL;
    s->n = 0;
}
