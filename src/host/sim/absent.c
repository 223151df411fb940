/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/host.h"

/* What this host has nothing of. */

/* Nobody outside could wait for it. */
int host_descriptor(void)
{
    return -1;
}

int host_redirect(void *module, const struct host_call *calls, size_t n, bool on)
{
    (void)module, (void)calls, (void)n, (void)on;
    return HOST_ABSENT;
}

bool host_format_is_handle(unsigned fmt)
{
    (void)fmt;
    return false;
}

uintptr_t host_handle_copy(unsigned fmt, uintptr_t handle)
{
    (void)fmt;
    return handle;
}

void host_handle_free(unsigned fmt, uintptr_t handle)
{
    (void)fmt, (void)handle;
}

bool host_handles_pass(host_wnd wnd)
{
    (void)wnd;
    return true;
}
