/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDE_COMMANDS_H
#define DDE_COMMANDS_H

/* The commands: each takes its parsed options and returns the exit code. */

#include "options.h"

int run_services(const struct options *o);
int run_request(const struct options *o);
int run_poke(const struct options *o);
int run_execute(const struct options *o);
int run_advise(const struct options *o);
int run_fetch(const struct options *o);
int run_serve(const struct options *o);
int run_monitor(const struct options *o);
int run_ledger(const struct options *o);

struct command {
    const char *name;
    unsigned bit;
    int (*run)(const struct options *o);
    const char *arguments;
    const char *says;
};

extern const struct command command_table[]; /* ends with a name that is NULL */

int run_tool(int argc, char *argv[]);

#endif
