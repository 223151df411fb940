/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDE_EXITS_H
#define DDE_EXITS_H

#include "winddeml.h"

/* What the tool exits with: one number for each class of failure. */
enum {
    EXIT_OK,
    EXIT_USAGE,           /* the command line; nothing was done                                            */
    EXIT_NO_CONVERSATION, /* nobody answers: DMLERR_NO_CONV_ESTABLISHED                                    */
    EXIT_TIMEOUT,         /* no answer in time: DMLERR_...ACKTIMEOUT                                       */
    EXIT_BUSY,            /* DMLERR_BUSY                                                                   */
    EXIT_REFUSED,         /* DMLERR_NOTPROCESSED                                                           */
    EXIT_DIED,            /* the partner ended the conversation: DMLERR_SERVER_DIED                        */
    EXIT_MEMORY,          /* DMLERR_LOW_MEMORY, DMLERR_MEMORY_ERROR                                        */
    EXIT_SYSTEM,          /* DMLERR_SYS_ERROR, DMLERR_POSTMSG_FAILED                                       */
    EXIT_USE,             /* all others: the library was used wrongly, or refuses the value                */
    EXIT_FILE,            /* a file, a pipe or a program of the command line                               */
    EXIT_INTERRUPTED = 130
};

/* What is known of an error of DDEML. */
struct dmlerr {
    UINT code;
    int exit;
    const char *name; /* without DMLERR_ */
    const char *says;
    const char *advice; /* what to do about it, or NULL */
};

const struct dmlerr *dmlerr_of(UINT code); /* never NULL */

/* Prints "dde: what: why" and what to do; returns the exit code. */
int fail_dde(const char *what, UINT code);
#ifdef __GNUC__
__attribute__((format(printf, 2, 3)))
#endif
int fail_with(int code, const char *format, ...);

#endif
