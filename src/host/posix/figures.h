/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_HOST_POSIX_FIGURES_H
#define DDEML_HOST_POSIX_FIGURES_H

/* What the host holds at this moment, for tests that require that nothing is left. */

#include "host/host.h"

long figure_windows(void);
long figure_posts(void);   /* queued, in all threads            */
long figure_sends(void);   /* sent and not over, or still held    */
long figure_remains(void); /* pieces of memory kept for threads that have ended */
long figure_threads(void); /* that have called the host           */
long figure_blocks(void);  /* of global memory                    */
long figure_atoms(void);   /* references on string atoms          */
long figure_timers(void);  /* of this thread that have been set   */

#endif
