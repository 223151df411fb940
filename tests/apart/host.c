/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The functions of the seam, for what is not of the library: a process of its own. And the figures of all. */

#include "apart/apart.h"
#include "host/posix/figures.h"
#include "support/inside.h"
#include "support/support.h"

#define FORWARD(type, name, parameters, arguments)                                                           \
    type name parameters                                                                                     \
    {                                                                                                        \
        return copy_at(APART_OTHER)->inside->name arguments;                                                 \
    }

#define ORDER(name, parameters, arguments)                                                                   \
    void name parameters                                                                                     \
    {                                                                                                        \
        copy_at(APART_OTHER)->inside->name arguments;                                                        \
    }

FORWARD(void *, host_alloc, (size_t size), (size))
FORWARD(host_atom, host_atom_add, (const uint16_t *text), (text))
ORDER(host_atom_delete, (host_atom atom), (atom))
FORWARD(host_atom, host_atom_again, (host_atom atom, const uint16_t *text), (atom, text))
FORWARD(size_t, host_atom_name, (host_atom atom, uint16_t *buf), (atom, buf))
FORWARD(int, host_broadcast,
        (enum host_audience audience, const struct host_msg *msg, uint32_t wait_ms, bool (*enough)(void *arg),
         void *arg),
        (audience, msg, wait_ms, enough, arg))
FORWARD(bool, host_card_get, (host_wnd wnd, struct host_card *card), (wnd, card))
FORWARD(bool, host_card_set, (host_wnd wnd, const struct host_card *card), (wnd, card))
FORWARD(size_t, host_hear, (host_wnd wnd, uint32_t *kind, void *record, size_t max), (wnd, kind, record, max))
FORWARD(bool, host_listen, (host_wnd wnd, uint32_t kinds), (wnd, kinds))
FORWARD(bool, host_watch, (host_wnd wnd, host_wnd other), (wnd, other))
FORWARD(bool, host_serve, (host_wnd mom, host_atom name, bool on), (mom, name, on))
ORDER(host_hear_all, (host_wnd mom, bool all), (mom, all))
FORWARD(int, host_descriptor, (void), ())
FORWARD(uint32_t, host_process_id, (void), ())
FORWARD(uint32_t, host_session_thread, (void), ())
FORWARD(bool, host_window_meet, (host_wnd wnd, uint32_t wait_ms), (wnd, wait_ms))
FORWARD(int, host_quality,
        (host_wnd client, const struct _SECURITY_QUALITY_OF_SERVICE *quality,
         struct _SECURITY_QUALITY_OF_SERVICE *former),
        (client, quality, former))
FORWARD(bool, host_quality_of,
        (host_wnd client, host_wnd server, const struct _SECURITY_QUALITY_OF_SERVICE *quality),
        (client, server, quality))
FORWARD(bool, host_impersonate, (host_wnd client, host_wnd server), (client, server))
FORWARD(bool, host_timer, (host_wnd wnd, uint32_t interval_ms), (wnd, interval_ms))
FORWARD(void **, host_thread_slot, (void (*at_exit)(void *value)), (at_exit))
FORWARD(bool, host_code_page, (unsigned code_page), (code_page))
FORWARD(bool, host_dispatch, (enum host_scope scope, uint64_t until), (scope, until))
FORWARD(bool, host_format_is_handle, (unsigned fmt), (fmt))
ORDER(host_free, (void *p), (p))
FORWARD(size_t, host_from_wide, (unsigned code_page, const uint16_t *src, size_t n, char *dst, size_t max),
        (code_page, src, n, dst, max))
FORWARD(uintptr_t, host_handle_copy, (unsigned fmt, uintptr_t handle), (fmt, handle))
ORDER(host_handle_free, (unsigned fmt, uintptr_t handle), (fmt, handle))
FORWARD(bool, host_handles_pass, (host_wnd wnd), (wnd))
FORWARD(uint32_t, host_listened, (void), ())
ORDER(host_lock, (void), ())
FORWARD(host_mem, host_mem_alloc, (size_t size, bool fixed), (size, fixed))
ORDER(host_mem_free, (host_mem mem), (mem))
FORWARD(void *, host_mem_lock, (host_mem mem), (mem))
FORWARD(host_mem, host_mem_resize, (host_mem mem, size_t size), (mem, size))
FORWARD(size_t, host_mem_size, (host_mem mem), (mem))
ORDER(host_mem_unlock, (host_mem mem), (mem))
FORWARD(uint64_t, host_now_ms, (void), ())
FORWARD(int, host_post, (const struct host_msg *msg), (msg))
FORWARD(size_t, host_post_limit, (void), ())
FORWARD(enum host_passing, host_post_passing, (host_wnd wnd), (wnd))
FORWARD(bool, host_pump, (enum host_scope scope, bool (*done)(void *arg), void *arg, uint64_t until),
        (scope, done, arg, until))
FORWARD(int, host_send, (const struct host_msg *msg, uint32_t wait_ms), (msg, wait_ms))
FORWARD(bool, host_take, (host_wnd wnd, struct host_msg *msg), (wnd, msg))
ORDER(host_tell, (uint32_t kind, const void *record, size_t size), (kind, record, size))
FORWARD(uint32_t, host_thread_id, (void), ())
FORWARD(size_t, host_to_wide, (unsigned code_page, const char *src, size_t n, uint16_t *dst, size_t max),
        (code_page, src, n, dst, max))
ORDER(host_unlock, (void), ())
FORWARD(bool, host_window_alive, (host_wnd wnd), (wnd))
FORWARD(host_wnd, host_window_create,
        (enum host_class cls, host_wnd parent, bool unicode, host_proc *proc, void *ctx),
        (cls, parent, unicode, proc, ctx))
ORDER(host_window_destroy, (host_wnd wnd), (wnd))
FORWARD(bool, host_window_foreign, (host_wnd wnd), (wnd))
FORWARD(bool, host_window_is, (host_wnd wnd, enum host_class cls), (wnd, cls))
FORWARD(bool, host_window_ours, (host_wnd wnd), (wnd))
FORWARD(uint32_t, host_window_thread, (host_wnd wnd), (wnd))
FORWARD(bool, host_window_unicode, (host_wnd wnd), (wnd))

#define SUM(name)                                                                                            \
    long name(void)                                                                                          \
    {                                                                                                        \
        long sum = 0;                                                                                        \
                                                                                                             \
        for (unsigned i = 0; i < APART_COPIES; i++)                                                          \
            if (copy_if_loaded(i))                                                                           \
                sum += copy_if_loaded(i)->inside->name();                                                    \
        return sum;                                                                                          \
    }
APART_FIGURES(SUM)

/* Nobody looks into another process. */
struct inside inside_of(uint32_t instance)
{
    (void)instance;
    return (struct inside){0};
}

/* Without an instance a party has nothing. */
static unsigned left(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < APART_PARTIES; i++) {
        const struct copy *copy = copy_if_loaded(i);

        if (!copy)
            continue;
#define LOOK(name)                                                                                           \
    if (copy->inside->name() != 0) {                                                                         \
        print_error("left: %ld " #name " of party %u\n", copy->inside->name(), i);                           \
        n++;                                                                                                 \
    }
        LOOK(figure_windows)
        LOOK(figure_posts)
        LOOK(figure_sends)
        LOOK(figure_blocks)
        LOOK(figure_atoms)
#undef LOOK
    }
    return n;
}

__attribute__((constructor)) static void look_closely(void)
{
    test_apart_left = left;
}
