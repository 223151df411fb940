/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* A fault for each door, which the replay of its corpus has to find: the program is linked with the function of
 * that door alone replaced (CMakeLists.txt). */

#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "rebind/rebind.h"
#include "wire/wire.h"

void __wrap_wire_stray(struct ledger *ledger, const struct host_msg *hm);
void __wrap_wire_settle(struct wire_end *end, struct wire_sent *sent, enum wire_outcome outcome);
bool __wrap_wire_free_packed(uint32_t id, uintptr_t lparam);
size_t __wrap_host_from_wide(unsigned code_page, const uint16_t *src, size_t n, char *dst, size_t max);
enum rebind_result __wrap_rebind_undo(const void *bytes, size_t size, struct rebind_bytes *out,
                                      struct rebind_report *report);

/* window, socket: nobody frees what a stranger has sent. */
void __wrap_wire_stray(struct ledger *ledger, const struct host_msg *hm)
{
    (void)ledger;
    (void)hm;
}

/* calls: an object that a refusal gives back stays. */
void __wrap_wire_settle(struct wire_end *end, struct wire_sent *sent, enum wire_outcome outcome)
{
    (void)end;
    (void)sent;
    (void)outcome;
}

/* packing: freeing is only said to have been done. */
bool __wrap_wire_free_packed(uint32_t id, uintptr_t lparam)
{
    (void)id;
    (void)lparam;
    return true;
}

/* text: nothing fits into the room that it was measured to need. */
size_t __wrap_host_from_wide(unsigned code_page, const uint16_t *src, size_t n, char *dst, size_t max)
{
    (void)code_page;
    (void)src;
    (void)max;
    return dst ? 0 : n;
}

/* program: what has been rebound stays so. */
enum rebind_result __wrap_rebind_undo(const void *bytes, size_t size, struct rebind_bytes *out,
                                      struct rebind_report *report)
{
    (void)report;
    *out = (struct rebind_bytes){malloc(size), size};
    if (out->at)
        memcpy(out->at, bytes, size);
    return REBIND_OK;
}
