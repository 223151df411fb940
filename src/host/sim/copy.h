/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_SIM_COPY_H
#define DDEML_SIM_COPY_H

/* Copies of the library, one for each process that can live at a time, each with globals of its own. */

#include <stddef.h>

#include "winddeml.h"

/* What a copy shows, under the name sim_copy (shared.c). */
struct copy {
#define DDEML_EXPORT(name, bytes) __typeof__(name) *name;
#include "ddeml_exports.inc"
#undef DDEML_EXPORT
    char *state, *state_end; /* every global that can change */
    unsigned *spares_most;   /* base/spares.h */
};

#endif
