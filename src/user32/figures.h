/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_USER32_FIGURES_H
#define DDEML_USER32_FIGURES_H

/* What libddeml-user32 holds at this moment, for tests that require that nothing is left. */

long figure_names(void);   /* references on atoms, for registered messages, formats and classes: for good */
long figure_classes(void); /* that programs have registered                                               */
long figure_hooks(void);
long figure_fixed(void);    /* blocks of GMEM_FIXED           */
long figure_received(void); /* objects from other processes that may have to be freed */

#endif
