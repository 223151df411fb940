/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "win32.h"

/* What becomes of the blocks in a posted message is for the system to decide. Windows passes handles as they
 * are within a process, and re-creates the blocks, freeing the sender's, between processes. Wine re-creates
 * them always, even for a message to the thread that posts it, and leaves the sender's data blocks alone.
 * Which of the two this is, is found out by trying. */

enum habit { UNKNOWN, KEEPS_HANDLES, MAKES_COPIES };

static volatile LONG habit = UNKNOWN;

/* One warm update, posted from a window to itself and taken back at once. */
static enum habit try_out(void)
{
    const UINT update = 0x03E5; /* WM_DDE_DATA */
    HWND wnd = CreateWindowExW(0, L"STATIC", NULL, 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, win32_module(), NULL);
    host_mem data = host_mem_alloc(8, false), packed = host_mem_alloc(2 * sizeof(UINT_PTR), true);
    UINT_PTR *parts = (UINT_PTR *)packed;
    enum habit found = UNKNOWN;
    struct host_msg msg;

    if (wnd == NULL || data == 0 || packed == 0)
        goto tidy;
    parts[0] = data;
    parts[1] = 1; /* an integer atom */
    msg = (struct host_msg){(host_wnd)wnd, update, (uintptr_t)wnd, packed};
    if (host_post(&msg) != HOST_OK)
        goto tidy;
    packed = 0;
    if (!host_take((host_wnd)wnd, &msg))
        goto tidy;
    packed = msg.lparam;
    parts = host_mem_size(packed) >= 2 * sizeof(UINT_PTR) ? (UINT_PTR *)packed : NULL;
    if (parts != NULL) {
        found = parts[0] == data ? KEEPS_HANDLES : MAKES_COPIES;
        if (found == MAKES_COPIES)
            host_mem_free(parts[0]);
    }

tidy:
    host_mem_free(packed);
    host_mem_free(data);
    if (wnd != NULL)
        DestroyWindow(wnd);
    return found;
}

static bool makes_copies(void)
{
    if (habit == UNKNOWN)
        InterlockedExchange(&habit, try_out());
    return habit == MAKES_COPIES;
}

void win32_learn_passing(void)
{
    makes_copies();
}

enum host_passing host_post_passing(host_wnd to)
{
    if (makes_copies())
        return HOST_PASS_COPY;
    return host_window_foreign(to) ? HOST_PASS_MOVE : HOST_PASS_SAME;
}

/* Windows makes the receiver handles of its own, of copies. Wine passes the numbers on, which another process
 * would take for objects of its own. */
bool host_handles_pass(host_wnd wnd)
{
    return !makes_copies() || (host_window_alive(wnd) && !host_window_foreign(wnd));
}

size_t host_post_limit(void)
{
    /* Wine unpacks a message on the stack of the thread that receives it, 1 MB if nobody chose otherwise, and
     * a block that does not fit kills that thread's process or vanishes. */
    return makes_copies() ? 768 * 1024 : SIZE_MAX;
}
