/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_AHEAD_H
#define DDEML_AHEAD_H

/* Of a thousand conversations little is in the processor's cache. Whoever goes from one to the next has what comes
 * fetched meanwhile; nothing depends on it. */

#include <stddef.h>
#include <stdint.h>

enum {
    CACHE_LINE = 64,
    MOST_LOOKED_AT = 256, /* of a conversation, by most messages */
};

/* p need not be valid. The compiler takes a function that does nothing else for one that does nothing, and leaves
 * the calls out, unless it has to believe that something happens. */
static inline void fetch_ahead(const void *p, size_t size)
{
    for (size_t at = 0; at < size; at += CACHE_LINE)
        __builtin_prefetch((const void *)((uintptr_t)p + at));
    __asm__ volatile("");
}

#endif
