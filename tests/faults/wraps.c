/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What the linker makes of the calls of the host that can fail: CMakeLists.txt has the list. */

#include "faults/fault.h"
#include "host/host.h"

#define DECLARE(type, name, parameters)                                                                      \
    type __real_##name parameters;                                                                           \
    type __wrap_##name parameters;

#define WRAP_IF(condition, type, name, parameters, arguments, failure)                                       \
    DECLARE(type, name, parameters)                                                                          \
    type __wrap_##name parameters                                                                            \
    {                                                                                                        \
        return (condition) && fault_hits(#name) ? (failure) : __real_##name arguments;                       \
    }

#define WRAP(type, name, parameters, arguments, failure)                                                     \
    WRAP_IF(true, type, name, parameters, arguments, failure)

WRAP(void *, host_alloc, (size_t size), (size), NULL)
WRAP(host_atom, host_atom_add, (const uint16_t *text), (text), 0)
WRAP(host_atom, host_atom_again, (host_atom atom, const uint16_t *text), (atom, text), 0)
WRAP(size_t, host_atom_name, (host_atom atom, uint16_t *buf), (atom, buf), 0)
WRAP(bool, host_card_set, (host_wnd wnd, const struct host_card *card), (wnd, card), false)
WRAP(int, host_descriptor, (void), (), -1)
WRAP(size_t, host_from_wide, (unsigned code_page, const uint16_t *src, size_t n, char *dst, size_t max),
     (code_page, src, n, dst, max), 0)
WRAP(uintptr_t, host_handle_copy, (unsigned fmt, uintptr_t handle), (fmt, handle), 0)
WRAP(bool, host_impersonate, (host_wnd client, host_wnd server), (client, server), false)
WRAP(bool, host_listen, (host_wnd wnd, uint32_t kinds), (wnd, kinds), false)
WRAP(host_mem, host_mem_alloc, (size_t size, bool fixed), (size, fixed), 0)
WRAP(host_mem, host_mem_resize, (host_mem mem, size_t size), (mem, size), 0)
WRAP(int, host_post, (const struct host_msg *msg), (msg), fault_flavour()->post)
WRAP(int, host_quality,
     (host_wnd client, const struct _SECURITY_QUALITY_OF_SERVICE *quality,
      struct _SECURITY_QUALITY_OF_SERVICE *former),
     (client, quality, former), HOST_FAULT)
WRAP(int, host_thread_join, (uintptr_t thread, uint32_t wait_ms), (thread, wait_ms), HOST_LATE)
WRAP(uintptr_t, host_thread_start, (void (*run)(void *arg), void *arg), (run, arg), 0)
WRAP(bool, host_timer, (host_wnd wnd, uint32_t interval_ms), (wnd, interval_ms), false)
WRAP(size_t, host_to_wide, (unsigned code_page, const char *src, size_t n, uint16_t *dst, size_t max),
     (code_page, src, n, dst, max), 0)
WRAP(bool, host_watch, (host_wnd wnd, host_wnd other), (wnd, other), false)
WRAP(bool, host_window_meet, (host_wnd wnd, uint32_t wait_ms), (wnd, wait_ms), false)

/* Only entering it can fail. */
WRAP_IF(on, bool, host_serve, (host_wnd mom, host_atom name, bool on), (mom, name, on), false)

/* Within a copy of the library a card is there or not: nothing can fail. */
WRAP_IF(!host_window_ours(wnd), bool, host_card_get, (host_wnd wnd, struct host_card *card), (wnd, card),
        false)

/* The parameters of a message are a fixed block, whose locking cannot fail. */
WRAP_IF(host_mem_size(mem) != 2 * sizeof(uintptr_t), void *, host_mem_lock, (host_mem mem), (mem), NULL)

/* Only making the slot can fail. */
DECLARE(void **, host_thread_slot, (void (*at_exit)(void *value)))
void **__wrap_host_thread_slot(void (*at_exit)(void *value))
{
    void **slot = __real_host_thread_slot(at_exit);

    return slot && !*slot && fault_hits("host_thread_slot") ? NULL : slot;
}

/* What is sent may have been delivered although that has failed. */
DECLARE(int, host_send, (const struct host_msg *msg, uint32_t wait_ms))
int __wrap_host_send(const struct host_msg *msg, uint32_t wait_ms)
{
    bool failed = fault_hits("host_send");
    int r = HOST_OK;

    if (!failed || fault_flavour()->send == HOST_UNSURE)
        r = __real_host_send(msg, wait_ms);
    return failed ? fault_flavour()->send : r;
}

DECLARE(int, host_broadcast,
        (enum host_audience audience, const struct host_msg *msg, uint32_t wait_ms, bool (*enough)(void *arg),
         void *arg))
int __wrap_host_broadcast(enum host_audience audience, const struct host_msg *msg, uint32_t wait_ms,
                          bool (*enough)(void *arg), void *arg)
{
    bool failed = fault_hits("host_broadcast");
    int r = HOST_OK;

    if (!failed || fault_flavour()->send == HOST_UNSURE)
        r = __real_host_broadcast(audience, msg, wait_ms, enough, arg);
    return failed ? fault_flavour()->send : r;
}

_Atomic host_wnd fault_window;

/* The calling thread's last quiet window. */
static _Thread_local struct {
    host_wnd wnd;
    host_proc *proc;
    void *ctx;
} quiet;

void fault_lose_window(void)
{
    struct host_msg last_call = {.to = quiet.wnd, .id = HOST_EV_DESTROYED};

    if (!host_window_alive(quiet.wnd))
        return;
    quiet.proc(quiet.ctx, &last_call);
    host_window_destroy(quiet.wnd);
}

DECLARE(host_wnd, host_window_create,
        (enum host_class cls, host_wnd parent, bool unicode, host_proc *proc, void *ctx))
host_wnd __wrap_host_window_create(enum host_class cls, host_wnd parent, bool unicode, host_proc *proc,
                                   void *ctx)
{
    host_wnd wnd =
        fault_hits("host_window_create") ? 0 : __real_host_window_create(cls, parent, unicode, proc, ctx);

    if (cls == HOST_QUIET) {
        fault_window = quiet.wnd = wnd;
        quiet.proc = proc;
        quiet.ctx = ctx;
    }
    return wnd;
}
