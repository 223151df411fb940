/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Packing two values into an lParam. Which kind a message has is one table. */

#include "wire/wire.h"

enum kind { UNKNOWN, HALVES, BLOCK, DIRECT };

static enum kind kind_of(uint32_t id)
{
    static const uint8_t kinds[] = {
        [WIRE_INITIATE - WIRE_INITIATE] = HALVES, [WIRE_TERMINATE - WIRE_INITIATE] = HALVES,
        [WIRE_ADVISE - WIRE_INITIATE] = BLOCK,    [WIRE_UNADVISE - WIRE_INITIATE] = HALVES,
        [WIRE_ACK - WIRE_INITIATE] = BLOCK,       [WIRE_DATA - WIRE_INITIATE] = BLOCK,
        [WIRE_REQUEST - WIRE_INITIATE] = HALVES,  [WIRE_POKE - WIRE_INITIATE] = BLOCK,
        [WIRE_EXECUTE - WIRE_INITIATE] = DIRECT,
    };

    return id >= WIRE_INITIATE && id <= WIRE_LAST ? (enum kind)kinds[id - WIRE_INITIATE] : UNKNOWN;
}

bool wire_packs(uint32_t id)
{
    return kind_of(id) == BLOCK;
}

bool wire_pack(uint32_t id, uintptr_t lo, uintptr_t hi, uintptr_t *lparam)
{
    host_mem block;
    uintptr_t *pair;

    switch (kind_of(id)) {
    case DIRECT:
        *lparam = hi;
        return true;
    case BLOCK:
        *lparam = 0;
        block = host_mem_alloc(2 * sizeof *pair, true);
        pair = block ? host_mem_lock(block) : NULL;
        if (!pair) {
            host_mem_free(block);
            return false;
        }
        pair[0] = lo;
        pair[1] = hi;
        host_mem_unlock(block);
        *lparam = block;
        return true;
    default: /* the 32-bit value is sign-extended, as the system's function does */
        *lparam = (uintptr_t)(intptr_t)(int32_t)((uint32_t)(lo & 0xFFFF) | (uint32_t)(hi & 0xFFFF) << 16);
        return true;
    }
}

bool wire_unpack(uint32_t id, uintptr_t lparam, uintptr_t *lo, uintptr_t *hi)
{
    const uintptr_t *pair;

    *lo = *hi = 0;
    switch (kind_of(id)) {
    case UNKNOWN:
        return false;
    case DIRECT:
        *hi = lparam;
        return true;
    case HALVES:
        *lo = lparam & 0xFFFF;
        *hi = lparam >> 16 & 0xFFFF;
        return true;
    case BLOCK:
        break;
    }
    if (host_mem_size(lparam) < 2 * sizeof *pair)
        return false;
    pair = host_mem_lock(lparam);
    if (!pair)
        return false;
    *lo = pair[0];
    *hi = pair[1];
    host_mem_unlock(lparam);
    return true;
}

bool wire_free_packed(uint32_t id, uintptr_t lparam)
{
    if (kind_of(id) != BLOCK)
        return true;
    if (!host_mem_size(lparam))
        return false;
    host_mem_free(lparam);
    return true;
}

uintptr_t wire_reuse(uintptr_t lparam, uint32_t in, uint32_t out, uintptr_t lo, uintptr_t hi)
{
    uintptr_t *pair, result;

    if (kind_of(in) == BLOCK && kind_of(out) == BLOCK && host_mem_size(lparam) >= 2 * sizeof *pair) {
        pair = host_mem_lock(lparam);
        if (pair) {
            pair[0] = lo;
            pair[1] = hi;
            host_mem_unlock(lparam);
            return lparam;
        }
    }
    wire_free_packed(in, lparam);
    wire_pack(out, lo, hi, &result);
    return result;
}
