/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_INTEROP_LINES_H
#define TESTS_INTEROP_LINES_H

/* Lines from a pipe, read by a thread of its own, so that whoever waits for one can wait for messages, too, and
 * knows at once that one is there. */

#include <stdbool.h>

#include <windows.h>

enum { LINE = 8192 };

struct lines;

/* at_end runs on that thread when the other end has been closed; NULL: nothing. */
struct lines *lines_open(HANDLE from, void (*at_end)(void));
void lines_close(struct lines *l); /* the other end has been closed */

/* Set while there is a line, and after the end. */
HANDLE lines_event(const struct lines *l);

/* Takes the next line; false: there is none now. */
bool lines_take(struct lines *l, char line[LINE]);

/* Waits for it, without a look at messages. */
bool lines_wait(struct lines *l, char line[LINE], DWORD ms);

/* One write for a whole line; its end is added. false: nobody takes it any more. */
bool lines_say(HANDLE to, const char *line);

#endif
