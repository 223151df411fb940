/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef REBIND_TOOL_H
#define REBIND_TOOL_H

/* The command ddeml-rebind, above src/rebind. What it needs of a system stands in sys.h. */

/* What the tool exits with. */
enum {
    EXIT_OK,
    EXIT_USAGE,        /* the command line; nothing was done                         */
    EXIT_REFUSED,      /* it is not understood, or would not work: left as it is     */
    EXIT_NOTHING,      /* nothing of DDE is imported: left as it is                  */
    EXIT_FILE,         /* the file cannot be read or written                         */
    EXIT_NOT_YET,      /* --check: not rebound, but it can be                        */
    EXIT_LAUNCH = 125, /* --run: the program was not started; else its own code */
};

int run_tool(int argc, char *argv[]);

/* Prints "ddeml-rebind: what: why" and returns the code. */
int fail_with(int code, const char *what, const char *why);

#endif
