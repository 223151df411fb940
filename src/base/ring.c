/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "base/ring.h"

#include <string.h>

/* Stands before every record. All sizes are rounded up to its own, so that it is never cut in two. */
struct frame {
    uint32_t kind, size;
};

static size_t space_for(size_t size)
{
    return sizeof(struct frame) +
           (size + sizeof(struct frame) - 1) / sizeof(struct frame) * sizeof(struct frame);
}

/* How much of n bytes from `at` on comes before the end of the memory; the rest begins again at 0. */
static size_t first_part(uint32_t at, size_t n)
{
    size_t room = RING_BYTES - at % RING_BYTES;

    return n < room ? n : room;
}

static void write_bytes(struct ring *r, uint32_t at, const void *from, size_t n)
{
    size_t first = first_part(at, n);

    memcpy(r->bytes + at % RING_BYTES, from, first);
    memcpy(r->bytes, (const unsigned char *)from + first, n - first);
}

static void read_bytes(const struct ring *r, uint32_t at, void *to, size_t n)
{
    size_t first = first_part(at, n);

    memcpy(to, r->bytes + at % RING_BYTES, first);
    memcpy((unsigned char *)to + first, r->bytes, n - first);
}

bool ring_put(struct ring *r, uint32_t kind, const void *record, size_t size)
{
    struct frame frame = {kind, (uint32_t)size};
    uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    uint32_t used = head - atomic_load_explicit(&r->tail, memory_order_relaxed);

    if (size == 0 || size > RING_BYTES || used > RING_BYTES || space_for(size) > RING_BYTES - used)
        return false;
    write_bytes(r, head, &frame, sizeof frame);
    write_bytes(r, head + (uint32_t)sizeof frame, record, size);
    atomic_store_explicit(&r->head, head + (uint32_t)space_for(size), memory_order_release);
    return true;
}

size_t ring_take(struct ring *r, uint32_t *kind, void *record, size_t max)
{
    uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    uint32_t used = atomic_load_explicit(&r->head, memory_order_relaxed) - tail;
    struct frame frame;

    if (used < sizeof frame || used > RING_BYTES) {
        ring_clear(r);
        return 0;
    }
    read_bytes(r, tail, &frame, sizeof frame);
    if (frame.size == 0 || frame.size > RING_BYTES || space_for(frame.size) > used) {
        ring_clear(r);
        return 0;
    }
    *kind = frame.kind;
    read_bytes(r, tail + (uint32_t)sizeof frame, record, frame.size < max ? frame.size : max);
    atomic_store_explicit(&r->tail, tail + (uint32_t)space_for(frame.size), memory_order_release);
    return frame.size;
}

bool ring_empty(const struct ring *r)
{
    return atomic_load_explicit(&r->head, memory_order_relaxed) ==
           atomic_load_explicit(&r->tail, memory_order_relaxed);
}

void ring_clear(struct ring *r)
{
    atomic_store_explicit(&r->head, 0, memory_order_release);
    atomic_store_explicit(&r->tail, 0, memory_order_release);
}
