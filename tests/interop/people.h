/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_INTEROP_PEOPLE_H
#define TESTS_INTEROP_PEOPLE_H

/* The programs that converse, and their processes: started, told what to do in lines (agent.h), and ended. */

#include "interop/lines.h"

enum kind { OURS, SYSTEM, RAW };
enum { PROGRAMS = 6 };

struct program {
    const char *name, *file;
    enum kind kind;
    int bits;
    char path[MAX_PATH];
    bool there;
};

extern struct program programs[PROGRAMS];

/* Where those of 64 bits are, and those of 32. */
void programs_find(const char *folder64, const char *folder32);

struct agent {
    const struct program *program;
    HANDLE process, input, output;
    struct lines *lines;
};

/* false: it does not start. */
bool agent_start(struct agent *a, const struct program *p);
/* Kills it, whatever it does; nothing if it has not been started. */
void agent_end(struct agent *a);

void agent_tell(struct agent *a, const char *line);
/* What it says; false: nothing in time. */
bool agent_hear(struct agent *a, char line[LINE], DWORD ms);

#endif
