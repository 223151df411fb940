/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_APART_COPY_H
#define TESTS_APART_COPY_H

/* A copy of the library, loaded from a file of its own, has globals of its own: its table of handles, its
 * threads, windows, queues and atoms, its number at the meeting place. For the library, what is reached
 * through two copies are two processes, though both live in this one. So the tests of conversations within a
 * program are also tests of conversations between programs: each instance of a test is served by another
 * copy (dde.c), on the thread that it was made on.
 *
 * A thread that has instances in several copies stands for a thread in each of these processes. Where it
 * waits in one copy, as for an answer, the others go on with what such a wait lets happen: the waiting is
 * done here (waiting.c), for all of them.
 *
 * copy.c is linked into each copy and gives what it does not export. */

#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"

/* The functions of the seam, as far as tests call them. */
#define APART_HOST(X)                                                                                        \
    X(host_alloc)                                                                                            \
    X(host_atom_add)                                                                                         \
    X(host_atom_again)                                                                                       \
    X(host_atom_delete)                                                                                      \
    X(host_atom_name)                                                                                        \
    X(host_broadcast)                                                                                        \
    X(host_code_page)                                                                                        \
    X(host_dispatch)                                                                                         \
    X(host_format_is_handle)                                                                                 \
    X(host_free)                                                                                             \
    X(host_from_wide)                                                                                        \
    X(host_handle_copy)                                                                                      \
    X(host_handle_free)                                                                                      \
    X(host_handles_pass)                                                                                     \
    X(host_listened)                                                                                         \
    X(host_lock)                                                                                             \
    X(host_mem_alloc)                                                                                        \
    X(host_mem_free)                                                                                         \
    X(host_mem_lock)                                                                                         \
    X(host_mem_resize)                                                                                       \
    X(host_mem_size)                                                                                         \
    X(host_mem_unlock)                                                                                       \
    X(host_now_ms)                                                                                           \
    X(host_post)                                                                                             \
    X(host_post_limit)                                                                                       \
    X(host_post_passing)                                                                                     \
    X(host_pump)                                                                                             \
    X(host_send)                                                                                             \
    X(host_take)                                                                                             \
    X(host_tell)                                                                                             \
    X(host_thread_id)                                                                                        \
    X(host_to_wide)                                                                                          \
    X(host_unlock)                                                                                           \
    X(host_window_alive)                                                                                     \
    X(host_window_create)                                                                                    \
    X(host_window_destroy)                                                                                   \
    X(host_window_foreign)                                                                                   \
    X(host_window_is)                                                                                        \
    X(host_window_ours)                                                                                      \
    X(host_window_thread)                                                                                    \
    X(host_card_get)                                                                                         \
    X(host_card_set)                                                                                         \
    X(host_hear)                                                                                             \
    X(host_listen)                                                                                           \
    X(host_timer)                                                                                            \
    X(host_thread_slot)                                                                                      \
    X(host_watch)                                                                                            \
    X(host_serve)                                                                                            \
    X(host_hear_all)                                                                                         \
    X(host_descriptor)                                                                                       \
    X(host_process_id)                                                                                       \
    X(host_session_thread)                                                                                   \
    X(host_window_meet)                                                                                      \
    X(host_quality)                                                                                          \
    X(host_quality_of)                                                                                       \
    X(host_impersonate)                                                                                      \
    X(host_window_unicode)

#define APART_FIGURES(X)                                                                                     \
    X(figure_windows)                                                                                        \
    X(figure_posts)                                                                                          \
    X(figure_sends)                                                                                          \
    X(figure_remains)                                                                                        \
    X(figure_threads)                                                                                        \
    X(figure_blocks)                                                                                         \
    X(figure_atoms)                                                                                          \
    X(apart_blocks)                                                                                          \
    X(apart_bytes)

struct flavour;

/* What a copy asks of the program. */
struct apart_program {
    /* The calling thread is to sleep until a copy has something for it, at most until then: one message of
     * these kinds may be dispatched instead, in another copy than this. `rung`: what bell said before the
     * copy last looked. */
    void (*wait)(unsigned copy, unsigned kinds, uint64_t until, uint64_t rung);
    uint64_t (*bell)(void);                 /* how often it has been rung */
    void (*ring)(void);                     /* some thread has something to wake up for */
    bool (*refuses)(const char *what);      /* is this call of the host, or of the C library, to fail? */
    const struct flavour *(*flavour)(void); /* and how (tests/faults/fault.h) */
};

/* What a copy offers. */
struct apart_copy {
    void (*begin)(unsigned copy, const struct apart_program *program);
    /* Dispatches one message of these kinds (enum wake) that waits for the calling thread; false: there is
     * none. */
    bool (*run_one)(unsigned kinds);
    /* From now on a message of these kinds for the calling thread rings the bell; returns when the next timer
     * is due. 0 kinds: no longer. */
    uint64_t (*arm)(unsigned kinds);
    /* Readable when another process has sent something; -1: this one has not joined the others. */
    int (*descriptor)(void);
#define X(name) __typeof__(name) *name;
    APART_HOST(X)
#undef X
#define X(name) long (*name)(void);
    APART_FIGURES(X)
#undef X
};

/* The name of the one thing that a copy exports besides the library's functions. */
#define APART_COPY ddeml_apart_copy

#endif
