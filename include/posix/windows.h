/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_POSIX_WINDOWS_H
#define DDEML_POSIX_WINDOWS_H

/* The name under which old sources include it. Not for a machine with a real <windows.h> in use. */
#include <winddeml.h>

#endif
