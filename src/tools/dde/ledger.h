/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDE_LEDGER_H
#define DDE_LEDGER_H

#include "text.h"

#include "winddeml.h"

/* The item of the topic System by which dde serve tells what its process holds:
 * process=NUMBER, program=NAME, and each column of the ledger, as name=value separated by tabs. */
#define LEDGER_ITEM "Ledger"

void ledger_put_own(struct text *out);

/* What one process holds. ledger.cb is 0 if it does not tell. */
struct ledger_row {
    unsigned long process; /* 0: it is not known */
    char *name;            /* of the program or, if that is not known, of a service of it */
    DDEMLLEDGER ledger;
};

/* Reads such a line; false if it is none. */
bool ledger_parse(struct ledger_row *row, const char *line);

#endif
