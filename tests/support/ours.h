/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_OURS_H
#define TESTS_OURS_H

/* The library's side of a conversation with a raw partner: one instance with a callback that counts what it
 * is given and returns what it is told to. */

#include "support/raw.h"

struct ours {
    DWORD id;
    HSZ service, topic, item;
    HCONV conv;                /* the last one that a callback named, or that ours_connect made */
    unsigned calls[16];        /* by ours_index                                                 */
    HDDEDATA results[16];      /* what to return; REQUEST and ADVREQ: see answer                 */
    const char *answer;        /* the text that REQUEST and ADVREQ get; NULL: refused            */
    void (*inside)(UINT type); /* runs in every callback; NULL: nothing                          */
    UINT fmt;                  /* the last data, poke, execute or completion:                    */
    char text[64];             /* its bytes                                                       */
    DWORD size;
    DWORD_PTR data1, data2;
};

extern struct ours ours;

/* Index into calls and results. */
unsigned ours_index(UINT type);
unsigned ours_calls(UINT type);
void ours_return(UINT type, uintptr_t result);

void ours_open(DWORD flags);
void ours_serve(void); /* registers the service and accepts whatever comes, unless told otherwise */
void ours_close(void); /* DdeUninitialize; nothing if it has been done */

bool ours_connect(void);
/* A synchronous transaction about the item; returns its error, the data freed, the answer's flags in *flags
 * (NULL: not wanted). */
UINT ours_transact(UINT type, DWORD timeout, DWORD *flags);
DWORD ours_transact_async(UINT type); /* its id */

#endif
