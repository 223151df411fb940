/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_RING_H
#define DDEML_RING_H

/* A line of records in one piece of memory of fixed size, which processes of either width may share: it holds
 * no pointer. Its users see to a lock. A record counts only when the last step of putting it is done, so that
 * somebody who dies in the middle leaves the line as it was; and what stands there is not believed, since
 * others can write it. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RING_BYTES = 1 << 20 };

struct ring {
    _Atomic uint32_t head, tail; /* bytes ever put and taken, padding included; modulo 2^32 */
    unsigned char bytes[RING_BYTES];
};

/* False: no room, or a record of no bytes. */
bool ring_put(struct ring *r, uint32_t kind, const void *record, size_t size);

/* Takes the oldest record: its kind, at most `max` of its bytes, and as the result its size; 0: none. */
size_t ring_take(struct ring *r, uint32_t *kind, void *record, size_t max);

bool ring_empty(const struct ring *r);
void ring_clear(struct ring *r);

#endif
