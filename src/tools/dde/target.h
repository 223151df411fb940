/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDE_TARGET_H
#define DDE_TARGET_H

/* What a command is about, written as in a spreadsheet: service|topic!item, with '...' around a part that
 * contains | or ! or a quotation mark, which then stands twice. A leading = is skipped. The item is the rest
 * of the text. */

#include "options.h"

struct target {
    char *service, *topic, *item; /* NULL: not given */
};

bool target_parse(struct target *t, const char *text, struct text *why);
void target_free(struct target *t);
void target_put(struct text *out, const struct target *t); /* so that it could be read again */

/* What is needed of a target. */
enum target_need { NEED_SERVICE, NEED_TOPIC, NEED_ITEM };

/* The target of a command: word is the target, or the item if --service is given, or NULL; the options fill
 * in what it leaves out. */
bool target_of(struct target *t, const struct options *o, const char *word, enum target_need need,
               struct text *why);

#endif
