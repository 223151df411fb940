/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDE_MONITOR_H
#define DDE_MONITOR_H

/* The parts of dde monitor. */

#include "client.h"

/* A kind of event: its MF_ flag, and the word that --only takes. */
struct event_kind {
    UINT flag;
    const char *name;
};
extern const struct event_kind event_kinds[]; /* ends with a name that is NULL */

/* One event as one line; what does not concern the target is left out. true if it was printed. */
bool monitor_print(const struct options *o, const struct target *filter, DWORD inst, UINT kind,
                   const void *event);

/* The full-screen view: what there is, from what is heard. */
void view_begin(void);
void view_end(void);
void view_hear(DWORD inst, UINT kind, const void *event);
void view_service(const char *name, bool registered);
void view_print(const struct options *o);             /* once, as lines   */
void view_draw(const struct options *o, bool *first); /* on the terminal  */

#endif
