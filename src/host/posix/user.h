/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_HOST_POSIX_USER_H
#define DDEML_HOST_POSIX_USER_H

/* What libddeml-user32 needs of the host: host.h, and what user32 does beyond it. It is one table, because the
 * functions of the host are hidden in libddeml.so: a program may have a host_post of its own. The two libraries
 * are made together; nobody else may rely on this. */

#include "host/host.h"

/* A message as it lies in the queue. */
struct user_post {
    struct host_msg msg; /* to: 0 if it is the thread's own and no window's */
    uint32_t time;       /* when it was posted; 0: unknown                  */
    host_proc *proc;     /* the window's; NULL: no window's                 */
    void *ctx;
};

struct user_look {
    /* Is this one wanted? Called under a lock: looks at its arguments and calls nothing. */
    bool (*wants)(void *arg, const struct user_post *post);
    /* Is there something that comes before timers, or instead of waiting? Likewise. */
    bool (*settled)(void *arg);
    void *arg;
    bool remove;
};

/* What there is in a thread's queue. */
enum user_input {
    USER_SENT = 1,
    USER_POSTED = 2,
    USER_TIMER = 4,
};

enum user_send_flags {
    USER_BLOCK = 1,         /* nothing that is sent to the sender is delivered meanwhile         */
    USER_ABORT_IF_HUNG = 2, /* give up once the receiver has not looked at its queue for a while  */
    USER_NO_TIMEOUT = 4,    /* and only then                                                      */
};

#define USER_FOREVER UINT32_MAX

/* How the host has called a window's procedure. */
enum user_call {
    USER_CALL_DIRECT, /* on the caller's own stack, as a function                                */
    USER_CALL_SENT,   /* a message that another thread has sent                                   */
    USER_CALL_PUMPED, /* a posted message, out of a loop of the library's: DdeClientTransaction... */
};

struct user_host {
    /* host.h */
    int (*post)(const struct host_msg *msg);
    int (*broadcast)(enum host_audience audience, const struct host_msg *msg, uint32_t wait_ms);
    void (*window_destroy)(host_wnd wnd);
    bool (*window_alive)(host_wnd wnd);
    bool (*window_unicode)(host_wnd wnd);
    bool (*window_is)(host_wnd wnd, enum host_class cls);
    bool (*window_foreign)(host_wnd wnd);
    uint32_t (*window_thread)(host_wnd wnd);
    uint32_t (*thread_id)(void);
    uint64_t (*now_ms)(void);
    host_mem (*mem_alloc)(size_t size, bool fixed);
    host_mem (*mem_resize)(host_mem mem, size_t size);
    void *(*mem_lock)(host_mem mem);
    void (*mem_unlock)(host_mem mem);
    size_t (*mem_size)(host_mem mem);
    void (*mem_free)(host_mem mem);
    host_atom (*atom_add)(const uint16_t *text);
    void (*atom_delete)(host_atom atom);
    size_t (*atom_name)(host_atom atom, uint16_t *buf);
    size_t (*to_wide)(unsigned code_page, const char *src, size_t n, uint16_t *dst, size_t max);
    size_t (*from_wide)(unsigned code_page, const uint16_t *src, size_t n, char *dst, size_t max);

    /* A window whose messages know when they were posted. Its thread's end is told by HOST_EV_DESTROYED. */
    host_wnd (*window_create)(enum host_class cls, bool unicode, host_proc *proc, void *ctx);
    void (*window_set_unicode)(host_wnd wnd, bool unicode); /* one of the calling thread's       */
    void **(*window_ctx)(host_wnd wnd, host_proc *proc); /* one of the calling thread's with this procedure;
                                                             * NULL: it is not, or is closing                   */
    host_wnd *(*top_level)(size_t *n); /* all of this process, to be freed with free(); NULL: no memory */

    /* Posts a message to the window, one of the calling thread's, every interval_ms: with the number `id`, which
     * is none of the core's. At most one is pending; it comes when nothing else is there. 0: stops. */
    bool (*timer)(host_wnd wnd, uint32_t interval_ms, uint32_t id);

    /* Delivers what was sent to the calling thread; then finds the first posted message that is wanted, waiting
     * for it until host_now_ms() reaches `until` (0: not at all). Timers' messages come last. false: none, or
     * look->settled. */
    bool (*next)(const struct user_look *look, uint64_t until, struct user_post *post);
    /* Waits until the calling thread's queue has something of these kinds (enum user_input) that has come since
     * it was looked at last (or, `old`: anything), or until the time; returns the kinds. Delivers nothing. */
    unsigned (*wait)(unsigned kinds, bool old, uint64_t until);
    /* The kinds that are there, and those that have come since the last look. */
    void (*status)(unsigned *all, unsigned *fresh);
    /* Posts a message to a thread; HOST_GONE: there is none, or it has no queue: it has never called `next`,
     * `wait`, `status` or window_create. */
    int (*post_thread)(uint32_t thread, const struct host_msg *msg);

    /* As host_send, with the procedure's result; USER_FOREVER: no deadline. */
    int (*send)(const struct host_msg *msg, uint32_t wait_ms, unsigned flags, uintptr_t *result);
    /* Runs the procedure of a window of the calling thread; false: it is not. */
    bool (*call)(const struct host_msg *msg, uintptr_t *result);
    /* For a procedure, on its return: what has come of the message at this address. */
    void (*result)(const struct host_msg *msg, uintptr_t value);
    enum user_call (*how)(const struct host_msg *msg);
    /* Is the calling thread in the middle of a message that another one has sent? And has it replied? */
    bool (*in_send)(bool *replied);
    bool (*reply)(uintptr_t result); /* lets the sender go; false: nobody waits */

    size_t (*mem_locks)(host_mem mem);
    host_mem (*mem_of)(const void *bytes); /* the block that begins there; 0: none */
};

/* memory.c */
size_t mem_locks(host_mem mem);
host_mem mem_of(const void *bytes);

__attribute__((visibility("default"))) extern const struct user_host ddeml_user_host;

#endif
