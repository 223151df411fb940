/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/host.h"

int host_redirect(void *module, const struct host_call *calls, size_t n, bool on)
{
    (void)module, (void)calls, (void)n, (void)on;
    return HOST_ABSENT;
}
