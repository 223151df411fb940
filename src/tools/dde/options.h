/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDE_OPTIONS_H
#define DDE_OPTIONS_H

/* The command line after the command's name. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

/* The commands, as bits: each option says which of them know it. */
enum {
    FOR_SERVICES = 1 << 0,
    FOR_REQUEST = 1 << 1,
    FOR_POKE = 1 << 2,
    FOR_EXECUTE = 1 << 3,
    FOR_ADVISE = 1 << 4,
    FOR_FETCH = 1 << 5,
    FOR_SERVE = 1 << 6,
    FOR_MONITOR = 1 << 7,
    FOR_LEDGER = 1 << 8,
    FOR_ALL = (1 << 9) - 1
};

struct words {
    const char **at;
    size_t n;
};

struct options {
    const char *service, *item, *file, *run, *on_execute, *quit;
    struct words topics, only, arguments;
    unsigned format;                  /* 0: not given */
    uint64_t timeout, every, run_for; /* in milliseconds; 0: not given */
    uint64_t count;                   /* 0: no end */
    bool json, hex, raw, text;
    bool wait, ack, warm, follow, items, trace, ready, until_eof, read_only, full, instances, help;
};

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_LIST, OPTION_TIME, OPTION_COUNT, OPTION_FORMAT };

struct option {
    const char *name;
    char letter; /* or 0 */
    enum option_kind kind;
    size_t offset;
    const char *argument;
    const char *says;
    unsigned commands;
};

extern const struct option option_table[]; /* ends with a name that is NULL */

/* false with *why for the user. The words are those of argv. */
bool options_parse(struct options *o, unsigned command, int argc, char *const argv[], struct text *why);
void options_free(struct options *o);

/* "500", "500ms", "5s", "2m"; false if it is none of these, or longer than a DDE timeout can be. */
bool parse_time(const char *text, uint64_t *ms);

uint64_t options_timeout(const struct options *o); /* of one transaction */

#endif
