/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_POSIX_DDE_H
#define DDEML_POSIX_DDE_H

/* The name under which old sources include it. Not for a machine with a real <dde.h> in use. */
#include <winddeml.h>

#endif
