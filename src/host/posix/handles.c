/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/host.h"

/* No format's data is a handle here: bytes are bytes. */

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
    (void)fmt;
    (void)handle;
}

bool host_handles_pass(host_wnd wnd)
{
    (void)wnd;
    return true;
}
