/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef REBIND_SYS_H
#define REBIND_SYS_H

/* All that the tool wants from the system: sys_posix.c, sys_win32.c. Texts are UTF-8. Where a function fails, *why
 * says it in the system's words; they hold until the next call. */

#include <stdbool.h>
#include <stddef.h>

#include "rebind/rebind.h"

/* The arguments in UTF-8, until sys_end. */
void sys_begin(int *argc, char ***argv);
void sys_end(void);

void sys_print(bool error, const char *text);

/* The whole of a file, of malloc. */
bool sys_read(const char *path, struct rebind_bytes *bytes, const char **why);
/* A new file; never one that is there already. */
bool sys_create(const char *path, const struct rebind_bytes *bytes, const char **why);
/* Other bytes in place of a file's, or nothing is changed: they are written beside it, then take its name. Who may
 * use the file stays the same. */
bool sys_replace(const char *path, const struct rebind_bytes *bytes, const char **why);
/* Is a file of this name in the same folder as the path? */
bool sys_is_beside(const char *path, const char *name);

/* Starts a program with our library, waits for its end and returns its exit code. The command line from argument
 * first on is the program's. dll: the library, NULL: the one beside the tool. */
int sys_run(int first, const char *program, const char *dll);

#endif
