/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The lParam functions of programs that speak WM_DDE_* themselves. What they allocate
 * belongs to the caller, so it does not stand in the ledger. */

#include "api/api.h"

/* PackDDElParam: the lParam of a posted WM_DDE_* message. ADVISE, DATA, POKE and ACK get a new object, which
 * the post gives to the receiver; if the post fails, free it with FreeDDElParam. Returns 0 if there is no
 * memory. */
LPARAM WINAPI PackDDElParam(UINT msg, UINT_PTR uiLo, UINT_PTR uiHi)
{
    uintptr_t lparam;

    return wire_pack(msg, uiLo, uiHi, &lparam) ? (LPARAM)lparam : 0;
}

/* UnpackDDElParam: the two values of a posted message's lParam, which stays as it is. Either pointer may be
 * NULL. Returns FALSE, and zeros, if lParam is not what a message of this kind has. */
BOOL WINAPI UnpackDDElParam(UINT msg, LPARAM lParam, PUINT_PTR puiLo, PUINT_PTR puiHi)
{
    uintptr_t lo, hi;
    bool ok = wire_unpack(msg, (uintptr_t)lParam, &lo, &hi);

    if (puiLo)
        *puiLo = lo;
    if (puiHi)
        *puiHi = hi;
    return ok;
}

/* FreeDDElParam: frees the object of a received or unsent lParam, never what the two values refer to.
 * Messages that have no object: TRUE. Returns FALSE if lParam is no object. */
BOOL WINAPI FreeDDElParam(UINT msg, LPARAM lParam)
{
    return wire_free_packed(msg, (uintptr_t)lParam);
}

/* ReuseDDElParam: makes the lParam of an answer out of the one that was received, which it uses up. Returns
 * the lParam for msgOut; 0 if there is no memory for it. */
LPARAM WINAPI ReuseDDElParam(LPARAM lParam, UINT msgIn, UINT msgOut, UINT_PTR uiLo, UINT_PTR uiHi)
{
    return (LPARAM)wire_reuse((uintptr_t)lParam, msgIn, msgOut, uiLo, uiHi);
}
