/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_INSIDE_H
#define TESTS_INSIDE_H

/* A look into the library; not for parties that are apart. */

#include "host/host.h"

struct inside {
    host_wnd mom, event; /* the windows of an instance that never have a conversation */
};

struct inside inside_of(uint32_t instance);

#endif
