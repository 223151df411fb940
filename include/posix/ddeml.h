/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_POSIX_DDEML_H
#define DDEML_POSIX_DDEML_H

/* The name under which old sources include it. Not for a machine with a real <ddeml.h> in use. */
#include <winddeml.h>

#endif
