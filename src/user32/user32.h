/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_USER32_H
#define DDEML_USER32_H

/* The user32 and kernel32 names that programs of the message era use, on the windows and queues of the posix
 * host, declared by Wine's headers.
 *
 * Who may touch what:
 * - user32_lock guards the classes, the list of windows and what other threads see of a window, hooks, and the
 *   tables of names and procedures. It is a leaf, and never held while a program's code runs.
 * - A window's thread alone makes it, destroys it and changes its place in the tree: it may look at its own
 *   windows without the lock.
 * - Whoever calls a program's procedure looks the window up again afterwards: it may be gone. */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <windows.h>

#include <ddeml.h>

#include <dde.h>

#include "base/list.h"
#include "host/posix/user.h"

#define HOST ddeml_user_host

/* ---- text.c: the ANSI code page and UTF-16 -------------------------------------------------------------- */

/* Copies in memory of the heap, to be freed with free(); NULL: no memory, or text is NULL. */
WCHAR *wide_copy(const WCHAR *text);
WCHAR *wide_from_ansi(const char *text);
char *ansi_from_wide(const WCHAR *text);

/* As much as fits of a text, always with its terminator (size > 0); returns the length of what is there. */
size_t put_wide(WCHAR *dst, size_t size, const WCHAR *text);
size_t put_ansi(char *dst, size_t size, const WCHAR *text);

size_t wide_length(const WCHAR *text);
bool same_name(const WCHAR *a, const WCHAR *b); /* without regard to case */

/* Is it an atom, as by MAKEINTATOM, and not the address of a text? */
static inline bool is_atom(const void *name)
{
    return (uintptr_t)name < 0x10000;
}

/* ---- system.c ------------------------------------------------------------------------------------------- */

bool fail(DWORD error); /* SetLastError; always false */
DWORD error_of(int r);  /* what an enum host_result other than HOST_OK stands for */

/* ---- names.c: registered messages and formats ------------------------------------------------------------ */

UINT name_register(const WCHAR *name);                    /* 0xC000..0xFFFF; 0, and the last error */
bool name_text(UINT number, WCHAR text[HOST_ATOM_CHARS]); /* false: it has none                    */

/* ---- proc.c: window procedures ---------------------------------------------------------------------------- */

/* A procedure and the form of the texts that it gets. */
struct proc {
    WNDPROC call;
    bool wide;
};

/* What a program is given for a procedure that expects the other form: only for CallWindowProc and
 * SetWindowLongPtr. NULL: no memory. */
WNDPROC proc_handle(struct proc proc);
/* The procedure that a program speaks of, which it would call in the form of `wide`. */
struct proc proc_resolve(WNDPROC given, bool wide);

/* Calls it with a message whose texts are in the form of `wide`. */
LRESULT proc_call(struct proc proc, HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool wide);

/* ---- class.c ---------------------------------------------------------------------------------------------- */

struct class
{
    struct list link; /* of all classes */
    WCHAR *name;
    ATOM atom;
    struct proc proc;
    HINSTANCE instance;
    UINT style;
    int class_extra, window_extra;
    HICON icon, small_icon;
    HCURSOR cursor;
    HBRUSH brush;
    WCHAR *menu; /* or an atom */
    size_t windows;
};

/* The class of this name or atom, with one window more; NULL, and the last error. */
struct class *class_take(const WCHAR *name);
void class_give(struct class *cls);
struct class *class_find(const WCHAR *name); /* under the lock */

/* ---- window.c --------------------------------------------------------------------------------------------- */

struct window {
    struct window *next; /* in its bucket */
    HWND handle;
    DWORD thread;
    struct class *cls;
    struct proc proc;
    HINSTANCE instance;
    DWORD style, ex_style;
    LONG_PTR id, user_data;
    WCHAR *text;
    struct window *up; /* the parent; NULL: it is no child  */
    HWND owner;        /* of a window that is none          */
    struct prop *props;
    int extra_size;
    unsigned char *extra;

    /* the window's thread alone */
    struct list children, siblings;
    bool destroying, told; /* told: has got its WM_DESTROY */
};

extern pthread_mutex_t user32_lock;

struct window *window_find(HWND wnd);          /* under the lock                                            */
struct window *window_mine(HWND wnd);          /* one of the calling thread's; else NULL and the last error */
bool window_proc(HWND wnd, struct proc *proc); /* false: no window of user32's */
bool window_within(const struct window *w, HWND top); /* it is `top` or below; of the calling thread's */
host_proc on_host_message;                            /* the procedure of every window of user32's      */

/* DefWindowProc for texts in UTF-16; creation included. */
LRESULT window_default(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam);

/* ---- prop.c ----------------------------------------------------------------------------------------------- */

void props_free(struct prop *props);

/* ---- send.c ----------------------------------------------------------------------------------------------- */

/* Gives a message to a window procedure of this thread as SendMessage does: hooks first. */
LRESULT send_here(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam, bool wide);
/* The same for what another thread has sent. */
LRESULT send_arrived(const struct host_msg *msg);

/* ---- message.c -------------------------------------------------------------------------------------------- */

/* Of the calling thread. */
struct queue {
    bool quit;
    int quit_code;
    DWORD time; /* of the message that was taken last */
};
struct queue *queue_here(void);
MSG message_of(const struct user_post *post);

/* ---- timer.c ---------------------------------------------------------------------------------------------- */

host_proc on_timer;                              /* the procedure of every timer's window      */
void timer_message(const void *timer, MSG *msg); /* its WM_TIMER                                */
HWND timer_window(const void *timer);            /* NULL: it is a thread's                      */
bool timer_within(const void *timer, HWND top);  /* its window is `top` or below                */
bool timer_proc_known(TIMERPROC proc);           /* is it that of a timer of this thread?       */
void timers_of_window_end(const struct window *w);
void timers_forked(void);

/* ---- hook.c ----------------------------------------------------------------------------------------------- */

bool hooks_there(int id); /* is there any, for any thread? */
LRESULT hooks_call(int id, int code, WPARAM wparam, LPARAM lparam);

/* ---- dde.c: what a message to or from another process leaves behind --------------------------------------- */

/* Posts a WM_DDE_* message; what becomes of the objects in it is the system's business between processes. */
int dde_post(const struct host_msg *msg);
void dde_taken(const MSG *msg);
void dde_window_ends(HWND wnd);
void dde_forked(void); /* under the lock */

/* ---- memory.c ---------------------------------------------------------------------------------------------- */

host_mem memory_of_fixed(uintptr_t handle); /* the block of GMEM_FIXED that goes by this address; 0: none */

#endif
