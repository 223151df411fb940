/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_HANDLE_H
#define DDEML_HANDLE_H

/* Public handles are numbers: a slot and the slot's generation, never pointers. One table serves the process,
 * so a handle names one object whatever its kind, instance or thread, and a handle of another kind, of
 * another thread, or of an object that has gone is told apart for certain (after 4 094 reuses of one slot on
 * 32 bit, at the earliest, a value comes again; freed slots wait in line behind all others).
 *
 * The low 32 bits of a handle are never below 0x00100000 and never 0xFFFFFFFF, so no handle can be mistaken
 * for 0, 1, -1, a status word or an integer atom. Looking up takes no lock. */

#include <stdbool.h>
#include <stdint.h>

enum handle_kind {
    HANDLE_INSTANCE = 1,
    HANDLE_CONVERSATION,
    HANDLE_CONVLIST,
    HANDLE_STRING,
    HANDLE_DATA,
    HANDLE_PARTNER, /* a conversation's partner that has no handle in this table */
};

/* A handle for obj, owned by the calling thread; 0 if there is no memory for it. */
uintptr_t handle_new(enum handle_kind kind, void *obj);
void handle_free(uintptr_t handle);

/* For an object that will soon have a handle again: takes this one out of use, but keeps its slot. false: it has been
 * freed, because with 32 bits its slot would run out of values. */
bool handle_retire(uintptr_t handle);
/* The next value of that slot, for the same object. Or handle_free gives the slot back. */
uintptr_t handle_renew(uintptr_t retired);

/* The object, if the handle is live, of this kind and of the calling thread; else NULL. */
void *handle_get(uintptr_t handle, enum handle_kind kind);

/* The same for an identifier that has only 32 bits (instances). */
void *handle_get32(uint32_t low, enum handle_kind kind);

#endif
