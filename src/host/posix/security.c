/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "posix.h"

#include <errno.h>

/* A thread of a POSIX process has no identity of its own, and all conversations are within one process. */

int host_quality(host_wnd client, const struct _SECURITY_QUALITY_OF_SERVICE *quality,
                 struct _SECURITY_QUALITY_OF_SERVICE *former)
{
    (void)former;
    if (!quality || !host_window_alive(client)) {
        errno = EINVAL;
        return quality ? HOST_GONE : HOST_FAULT;
    }
    errno = ENOSYS;
    return HOST_ABSENT;
}

bool host_quality_of(host_wnd client, host_wnd server, const struct _SECURITY_QUALITY_OF_SERVICE *quality)
{
    errno = quality && host_window_alive(client) && host_window_alive(server) ? ENOSYS : EINVAL;
    return false;
}

bool host_impersonate(host_wnd client, host_wnd server)
{
    errno = host_window_alive(client) && host_window_alive(server) ? ENOSYS : EINVAL;
    return false;
}
