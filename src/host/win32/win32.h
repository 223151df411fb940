/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_HOST_WIN32_H
#define DDEML_HOST_WIN32_H

/* What the files of the win32 host share. The host is thin: windows, queues, atoms and global memory are
 * user32's and kernel32's own; what is added here is one record per window and one per thread. */

#define WIN32_LEAN_AND_MEAN
#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0601
#endif
#include <windows.h>

#include "host/host.h"

#define WM_DDE_LOWEST  0x03E0
#define WM_DDE_HIGHEST 0x03E8

/* One window of ours. Belongs to its thread; other threads only use `hwnd`, `thread` and `card`, under
 * records_lock. */
struct window {
    HWND hwnd;
    DWORD thread;
    struct window *in_bucket; /* the next one in the table */
    enum host_class cls;
    host_proc *proc;
    void *ctx;
    struct host_card *card;
    unsigned busy; /* calls of proc that have not returned: the record outlives the window until then */
    bool expected; /* host_window_destroy is at work: nobody has to be told                            */
    bool gone;
    bool timed; /* has a timer: then in its thread's list `timed`, else in `windows` */
    struct window *next, **link;
};

struct broadcast;

/* One thread that has used the host. Found through TLS, which fibers share; FLS only tells when it ends. */
struct thread {
    DWORD id;
    void *value;
    void (*at_exit)(void *value);
    struct window *windows, *timed;
    struct broadcast *broadcasts; /* those that wait on this thread, the innermost first */
    HDESK desktop;                /* its own, while it has windows; NULL: not asked for yet */
    bool expects;                 /* has posted something to a window of its own since it last pumped */
};

/* ---- module.c: what is set up once and taken down when the module that contains us goes ------------- */

/* Numbers of our own messages: registered ones, because they travel between processes, and because a
 * filter on them must not catch anybody else's. */
struct messages {
    UINT resume, arrived, left, moved, news, count;
};

bool win32_ready(void); /* sets everything up at the first call; false: the system refused, try later */
HINSTANCE win32_module(void);
const struct messages *win32_messages(void);
void win32_stay(void); /* never unload: the system will call back into this module */
bool win32_process_is_ending(void);

/* ---- thread.c --------------------------------------------------------------------------------------- */

bool win32_threads_open(void);
void win32_threads_close(void);
struct thread *win32_thread(void); /* NULL: no memory */

/* ---- window.c --------------------------------------------------------------------------------------- */

bool win32_classes_open(void);
void win32_classes_close(void);
const WCHAR *win32_event_class(void);
void win32_expect(HWND hwnd);                 /* something is being posted to it */
HWND win32_next_timed(struct thread *thread); /* goes round among those with a timer; NULL: none */

/* ---- news.c ----------------------------------------------------------------------------------------- */

void win32_news_open(void);
void win32_news_close(void);
void win32_news_end(HWND hwnd); /* the window hears no more */
/* ---- card.c ------------------------------------------------------------------------------------------ */

/* Shows a card to everybody, in place of the former one; the window is the calling thread's. false: no memory,
 * the former one stays. */
bool win32_card_show(HWND hwnd, const struct host_card *card);
bool win32_card_read(HWND hwnd, struct host_card *card);

/* ---- passing.c -------------------------------------------------------------------------------------- */

/* Finds out how messages pass. To be called outside of any window procedure: inside one that answers another
 * thread Wine's queue may keep the trial message back. */
void win32_learn_passing(void);

#endif
