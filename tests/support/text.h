/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_TEXT_H
#define TESTS_TEXT_H

/* Texts of commands, in either kind, whole and cut short. */

#include "winddeml.h"

enum { ANSI, WIDE, KINDS };

struct text {
    const void *bytes;
    DWORD size;
};

/* A literal with its null, without it, and with one byte of what follows. */
#define WITH_NULL(literal)                                                                                   \
    {                                                                                                        \
        literal, sizeof(literal)                                                                             \
    }
#define ALONE(literal)                                                                                       \
    {                                                                                                        \
        literal, sizeof(literal) - sizeof *(literal)                                                         \
    }
#define AND_1(literal)                                                                                       \
    {                                                                                                        \
        literal, sizeof(literal) - sizeof *(literal) + 1                                                     \
    }
#define NOTHING                                                                                              \
    {                                                                                                        \
        "", 0                                                                                                \
    }

#endif
