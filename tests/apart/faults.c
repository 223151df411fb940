/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The fault loop, in the copies: both what they call of the seam and what they have from the C library can fail. */

#include "apart/apart.h"
#include "faults/fault.h"

__attribute__((constructor)) static void refuse_copies(void)
{
    apart_refuses = fault_hits;
    apart_flavour = fault_flavour;
}
