/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDE_SYS_H
#define DDE_SYS_H

/* All that the tool wants from the system besides the library and C's own. sys_posix.c and sys_win32.c. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

/* ---- The program ---- */

/* The arguments in UTF-8; makes the tool ready to be interrupted. They live until sys_end. */
void sys_begin(int *argc, char ***argv);
void sys_end(void);

/* Has the user, or the system, asked for the end? */
bool sys_interrupted(void);
unsigned long sys_process_id(void);
/* The name of the program that a process runs; nothing if it cannot be known. */
void sys_program_name(unsigned long process, struct text *name);

/* ---- Time ---- */

uint64_t sys_now_ms(void);                 /* a clock that never goes back */
void sys_wall_clock(char *text, size_t n); /* YYYY-MM-DDThh:mm:ss.mmm, local time */

/* ---- Encodings that are not Unicode ---- */

enum sys_encoding { SYS_ANSI, SYS_OEM };

void sys_decode(enum sys_encoding encoding, struct text *utf8, const char *bytes, size_t n);
/* false if characters were lost: a question mark stands for each. */
bool sys_encode(enum sys_encoding encoding, struct text *bytes, const char *utf8);

/* ---- Clipboard formats that have been registered: 0 and false where there is no such thing ---- */

unsigned sys_format_number(const char *name);
bool sys_format_name(unsigned number, struct text *name);

/* ---- Standard streams ---- */

/* text: for people, in the encoding of the terminal; else the bytes as they are. false: nobody can read
 * it. */
bool sys_write(const char *bytes, size_t n, bool text);
void sys_write_error(const char *utf8);

/* What can be had of standard input without waiting: > 0 bytes, 0 nothing yet, < 0 the end. */
int sys_read_input(char *bytes, size_t n);

/* ---- Files ---- */

/* The whole of a file, "-" standard input; false with *why if it cannot be had. */
bool sys_read_file(const char *path, struct text *bytes, const char **why);
/* Changes when the file does. */
uint64_t sys_file_stamp(const char *path);

/* ---- The terminal ---- */

bool sys_is_terminal(void); /* are input and output one? */
void sys_terminal_begin(void);
void sys_terminal_end(void);
void sys_terminal_size(int *rows, int *columns);
int sys_terminal_key(void); /* the key that was pressed, or 0; waits for none */

/* ---- Programs ---- */

struct sys_process;

/* Starts a program, found as a shell would find it, with these arguments (NULL last), nothing to read, and
 * its output for sys_process_look. NULL with *why if it cannot be started. */
struct sys_process *sys_process_start(char *const argv[], const char **why);
/* Takes what it has printed. true once it has ended: then *code is its exit code. */
bool sys_process_look(struct sys_process *p, struct text *output, int *code);
/* Ends it if it is running still, and forgets it. */
void sys_process_end(struct sys_process *p);

#endif
