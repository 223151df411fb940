/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_HOST_H
#define DDEML_HOST_H

/* The seam: everything the DDEML core needs from an operating system, and nothing else.
 *
 * A host offers threads with message queues, windows that belong to a thread, global memory, global
 * atoms, a clock and a heap. It never knows what a conversation is. Handles cross the seam as plain
 * integers. Unless a line below says otherwise a function may be called on any thread, never blocks,
 * and never calls back into the core. No host lock is held while a window procedure runs.
 *
 * tests/contract holds one suite that every host passes. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uintptr_t host_wnd; /* a window; 0 = none                                     */
typedef uintptr_t host_mem; /* a block of global memory; 0 = none                     */
typedef uint16_t host_atom; /* >= 0xC000 counted string atom, below: integer; 0 = none */

enum host_result {
    HOST_OK = 0,
    HOST_GONE = -1,   /* the window does not exist (any more)       */
    HOST_FULL = -2,   /* the receiver's queue is full: try later     */
    HOST_LATE = -3,   /* the deadline passed, and it was not begun   */
    HOST_FAULT = -4,  /* the system refused: out of memory, handles */
    HOST_UNSURE = -5, /* the deadline passed, but the receiver may have it or may still get it */
    HOST_ABSENT = -6, /* the system has nothing of the kind                                    */
};

/* ---- Messages ------------------------------------------------------------------------------------ */

enum host_event {
    /* 0x03E0..0x03E8 are WM_DDE_INITIATE .. WM_DDE_EXECUTE, with the wParam and lParam of the protocol. */
    HOST_EV_RESUME = 0x0501, /* posted by the core to one of its own windows                        */
    HOST_EV_REGISTER =
        0x0502, /* sent to event windows: a service came (wparam: a window, lparam: two atoms) */
    HOST_EV_UNREGISTER = 0x0503, /* sent to event windows: a service went                               */
    HOST_EV_TIMER = 0x0504,      /* from host_timer                                                      */
    HOST_EV_DESTROYED = 0x0505,  /* the window is being destroyed by somebody else (its parent's end, its
                                  * thread's end): last call; host_take still works, host_destroy must
                                  * not be called. Never raised by host_window_destroy itself.           */
    HOST_EV_MOVED = 0x0506,      /* sent by a conversation window to another: its conversation has got a
                                  * window of its own (wparam: that one, lparam: the former)             */
    HOST_EV_NEWS = 0x0507,       /* from host_tell                                                       */
    HOST_EV_LOST = 0x0508,       /* from host_watch: a window of another process has gone (wparam)       */
    HOST_EV_INTRUDER = 0x0509,   /* posted to one event window: another process (wparam: its id) did what
                                  * none may, and has been cut off                                        */
    HOST_EV_COUNT = 0x050A,      /* sent to event windows: a window (wparam) asks what they hold          */
};

struct host_msg {
    host_wnd to;
    uint32_t id;
    uintptr_t wparam;
    uintptr_t lparam;
};

/* Handles one message for a window of the calling thread. May call anything, host_window_destroy on its
 * own window included (the host keeps what it needs until the procedure returns). */
typedef void host_proc(void *ctx, const struct host_msg *msg);

/* ---- Threads ------------------------------------------------------------------------------------- */

/* A number that no other live thread of this process has; never 0. */
uint32_t host_thread_id(void);

uint32_t host_process_id(void); /* as the system numbers its processes */

/* The calling thread's slot for the core, NULL at first, or NULL as a whole if there is no memory for it.
 * When the thread ends with a non-NULL value in the slot, at_exit(value) runs on that thread while its
 * windows and queue still work. The host then destroys the windows that are left. */
void **host_thread_slot(void (*at_exit)(void *value));

/* Starts a thread that runs run(arg) and ends; it gets none of the process's signals. The handle is for one call of
 * host_thread_join or host_thread_let_go; 0: the system refuses. */
uintptr_t host_thread_start(void (*run)(void *arg), void *arg);

/* Waits for its end, at_exit included. HOST_OK: it has ended, and the handle with it; HOST_LATE: not in that time. */
int host_thread_join(uintptr_t thread, uint32_t wait_ms);
void host_thread_let_go(
    uintptr_t thread); /* nobody will wait for its end; it may have ended, or be the caller */

/* One process-wide leaf lock for the core: held for a few instructions, never across any other call. */
void host_lock(void);
void host_unlock(void);

/* Milliseconds of a clock that never goes back. */
uint64_t host_now_ms(void);

/* ---- Windows ------------------------------------------------------------------------------------- */

enum host_class {
    HOST_MOM,    /* top level: hears broadcasts. On Windows: class DDEMLMom                           */
    HOST_EVENT,  /* hears HOST_EV_REGISTER / UNREGISTER. DDEMLEvent                                     */
    HOST_CLIENT, /* one conversation, client side. DDEMLAnsiClient / DDEMLUnicodeClient                */
    HOST_SERVER, /* one conversation, server side. DDEMLAnsiServer / DDEMLUnicodeServer                */
    HOST_PLAIN,  /* top level: hears broadcasts; what a program that speaks WM_DDE_* itself would have */
    HOST_QUIET,  /* hears nothing but what is posted or sent to it alone                               */
};

/* Creates a hidden window of the calling thread. parent: the mom of a HOST_CLIENT / HOST_SERVER window,
 * else 0; a window dies with its parent. 0 if the system refuses. */
host_wnd host_window_create(enum host_class cls, host_wnd parent, bool unicode, host_proc *proc, void *ctx);

/* From now on posts to a window of the calling thread return HOST_GONE and sends are refused, as if it were destroyed;
 * what has been posted can be taken yet. Windows lets nobody refuse posts: nothing happens there. */
void host_window_seal(host_wnd wnd);

/* Destroys a window of the calling thread. Messages still queued for it vanish with whatever they carry:
 * the caller takes them out first. From now on posts to it return HOST_GONE. */
void host_window_destroy(host_wnd wnd);

bool host_window_alive(host_wnd wnd);
bool host_window_unicode(host_wnd wnd); /* false if the window is gone                                  */
bool host_window_is(host_wnd wnd, enum host_class cls);
bool host_window_foreign(host_wnd wnd);    /* belongs to another process (memory handles are translated on
                                            * the way); false if the window is gone                         */
uint32_t host_window_thread(host_wnd wnd); /* a number of its owner's, also in another process, that no other
                                            * thread of the session has as a rule; 0: it is gone           */
uint32_t host_session_thread(void);        /* the calling thread's, as host_window_thread tells it          */

bool host_window_ours(host_wnd wnd); /* made by this very copy of the library; false if the window is gone */

/* Windows of other processes are known from the messages that name them. This asks for one whose handle has
 * come in another way; it waits, as host_send does. On Windows all windows are known. */
bool host_window_meet(host_wnd wnd, uint32_t wait_ms);

/* HOST_EV_LOST comes to wnd, one of the calling thread's, when other has gone, behind whatever other has posted
 * to it. false: the system does not tell, or other has gone already: it has to be looked at now and then. */
bool host_watch(host_wnd wnd, host_wnd other);

/* Which broadcast INITIATEs a HOST_MOM window of the calling thread wants to get: those for names that it
 * serves, at first none, or all of them. A hint: it may get others, and where asking all costs nothing it does.
 * host_serve: false if the system has no room: then host_hear_all is the way. Both end with the window. */
bool host_serve(host_wnd mom, host_atom name, bool on);
void host_hear_all(host_wnd mom, bool all);

/* A small record that the window's creator shows to everyone who knows the window, so that two instances of
 * this library recognise each other. On Windows the window may be another process's, or another copy of the
 * library may have made it, and 32-bit and 64-bit programs read each other's cards: what is shown has to mean
 * the same to all of them. Nothing that others do to a window looks like a card. Copied in and out; dies with
 * the window. */
#define HOST_CARD_SIZE 96
struct host_card {
    size_t size;
    union {
        uint64_t align;
        unsigned char bytes[HOST_CARD_SIZE];
    } u;
};
/* false: the window is gone or another thread's, or no memory: a former card stays. */
bool host_card_set(host_wnd wnd, const struct host_card *card);
bool host_card_get(host_wnd wnd, struct host_card *card); /* false: no such window, or no card */

/* Posts HOST_EV_TIMER (lparam 0) to a window of the calling thread every interval_ms; 0 stops it. At most
 * one timer event per window is pending. false if the system refuses. */
bool host_timer(host_wnd wnd, uint32_t interval_ms);

/* ---- Passing messages ---------------------------------------------------------------------------- */

/* Queues a message. HOST_OK: the receiver owns what it carries; otherwise everything stays with the caller.
 * Messages of one thread to one window arrive in posting order. */
int host_post(const struct host_msg *msg);

/* What a successful post does to the global memory blocks in the message: it is for the system to decide. */
enum host_passing {
    HOST_PASS_SAME, /* the receiver gets the very handles that were posted                                */
    HOST_PASS_MOVE, /* the receiver gets blocks of its own; the system frees the sender's of a DATA, POKE or
                     * ADVISE that is given away, and hands an EXECUTE's back with the ACK                */
    HOST_PASS_COPY, /* the receiver gets blocks of its own, which are its to free whatever happens; the
                     * sender's remain the sender's, except for the packed parameter                      */
};

/* How messages pass between the calling thread's windows and wnd. */
enum host_passing host_post_passing(host_wnd wnd);

/* The largest block that a message may carry: the system loses larger ones. */
size_t host_post_limit(void);

/* Delivers a message to the window's procedure and waits until that has returned: directly on the window's
 * own thread, else for at most wait_ms. While it waits, messages *sent* to the calling thread are delivered;
 * posted ones are not. HOST_LATE: the receiver did not begin with it in time and never will; HOST_UNSURE: it
 * has begun, or cannot be stopped from it. */
int host_send(const struct host_msg *msg, uint32_t wait_ms);

enum host_audience { HOST_TOP_LEVEL, HOST_EVENT_WINDOWS };

/* host_send to every top-level window (HOST_MOM, HOST_PLAIN and, on Windows, everybody else's) or to every
 * event window, the caller's own included; msg->to is ignored. All threads are asked at the same time, so
 * that the whole takes at most wait_ms however many of them hang. A host that can do so asks only processes that
 * want to hear of it (host_serve), does not wait for the event windows of other processes, and for other
 * windows of theirs only until enough(arg), which is asked whenever something has been delivered. NULL: for
 * all of them. */
int host_broadcast(enum host_audience audience, const struct host_msg *msg, uint32_t wait_ms,
                   bool (*enough)(void *arg), void *arg);

/* Takes the oldest queued WM_DDE_* message (0x03E0..0x03E8) for a window of the calling thread (win32: or for one
 * of its children, as msg->to says); false if there is none. Delivers nothing that was posted (win32: may deliver
 * what was sent). */
bool host_take(host_wnd wnd, struct host_msg *msg);

enum host_scope {
    HOST_ALL_MESSAGES, /* everything in the thread's queue, the program's own windows included           */
    HOST_DDE_MESSAGES, /* only WM_DDE_*, the core's own events but the news, and messages sent from other
                        * threads                                                                        */
};

/* Dispatches the calling thread's messages until done(arg) or until host_now_ms() reaches `until`; returns
 * done(arg). done is asked first, and again after every message. A request to quit that is met on the way
 * is put back before returning. Blocks; runs window procedures. */
bool host_pump(enum host_scope scope, bool (*done)(void *arg), void *arg, uint64_t until);

/* Dispatches one message, for which it waits until host_now_ms() reaches `until` (0: only one that is there
 * already); false if there is none. */
bool host_dispatch(enum host_scope scope, uint64_t until);

/* A descriptor for poll and its like, made at the first call on the calling thread, closed when that ends, and never
 * to be read: readable while host_dispatch(HOST_ALL_MESSAGES, 0) would dispatch something on this thread, or may;
 * no more after one that has not. A child of fork has none until it asks. -1: the system has nothing of the kind,
 * or refuses (errno). */
int host_descriptor(void);

/* ---- News ------------------------------------------------------------------------------------------ */

#define HOST_NEWS_SIZE 2048 /* the largest record */

/* Records of what happens, for whoever listens: the windows of this process and, on Windows, of the others
 * that use this library. A kind is one bit, and the same for all of them. */

/* From now on the window, one of the calling thread's, hears records of these kinds (a mask) instead of those
 * before; 0: of none, and what it has not read is dropped. Its destruction does the same. false if the system
 * refuses: all is as it was. */
bool host_listen(host_wnd wnd, uint32_t kinds);

/* All kinds that anybody listens to: to be asked before a record is made, because it costs nothing. */
uint32_t host_listened(void);

/* Gives a record of 1 .. HOST_NEWS_SIZE bytes to every window that listens to its kind, the caller's own
 * included. A window that has about 1 MiB unread loses it. A thread's records keep their order. Nobody is
 * waited for; only another process that stands still in the middle of this function holds a caller up, once,
 * for a moment, and loses those records for all. */
void host_tell(uint32_t kind, const void *record, size_t size);

/* Takes the oldest record that the window, one of the calling thread's, has not read: its kind, at most `max`
 * of its bytes, and as the result its size; 0: there is none. HOST_EV_NEWS is posted to the window for the
 * first record to come, and after each host_hear as soon as there is another one. */
size_t host_hear(host_wnd wnd, uint32_t *kind, void *record, size_t max);

/* ---- Security ------------------------------------------------------------------------------------- */

/* How far the servers of the conversations that a window asks for from now on may act for its owner; former
 * (NULL: not wanted) receives what it was. The structure is the system's. HOST_ABSENT: nobody can act for
 * others here, so that there is nothing to limit. Why it failed is also told as the system does it:
 * GetLastError, errno. */
struct _SECURITY_QUALITY_OF_SERVICE;
int host_quality(host_wnd client, const struct _SECURITY_QUALITY_OF_SERVICE *quality,
                 struct _SECURITY_QUALITY_OF_SERVICE *former);

/* The quality of a conversation: no system is known to tell it. Always false; failures: as above. */
bool host_quality_of(host_wnd client, host_wnd server, const struct _SECURITY_QUALITY_OF_SERVICE *quality);

/* The calling thread takes the identity of the client of a conversation. Failures: as above. */
bool host_impersonate(host_wnd client, host_wnd server);

/* ---- Global memory: what messages carry ----------------------------------------------------------- */

/* A zeroed block of exactly `size` bytes (size >= 1). `fixed`: the kind that packed parameters use. */
host_mem host_mem_alloc(size_t size, bool fixed);
host_mem host_mem_resize(host_mem mem,
                         size_t size); /* unlocked block; new bytes are zero; 0: mem as before */
void *host_mem_lock(host_mem mem);     /* NULL if mem is not a global block. Counted.      */
void host_mem_unlock(host_mem mem);
size_t host_mem_size(host_mem mem); /* 0 if mem is not a global block. win32: may be rounded up for
                                     * blocks that others allocated                                     */
void host_mem_free(host_mem mem);   /* any lock count; ignored if mem is not a global block              */

/* ---- Data that is a handle ------------------------------------------------------------------------
 *
 * On Windows the data of some clipboard formats (bitmaps, palettes, metafiles) begins with the handle of an
 * object of the process, and is nothing else. Other hosts have no such formats. */

bool host_format_is_handle(unsigned fmt);

/* A copy of the object, with a handle of its own; 0 if there is no memory. What is no handle of the format's
 * kind is its own copy, and freeing it does nothing. */
uintptr_t host_handle_copy(unsigned fmt, uintptr_t handle);
void host_handle_free(unsigned fmt, uintptr_t handle);

/* Do such handles, in messages to and from wnd, stand for the same at the other end? false: they are numbers
 * there, good for nothing (or nobody knows, because the window is gone). */
bool host_handles_pass(host_wnd wnd);

/* ---- Global atoms --------------------------------------------------------------------------------- */

#define HOST_ATOM_CHARS 255 /* the longest string atom, in UTF-16 units, without the terminator           */

/* text: UTF-16, null-terminated, 1..255 units. Adds one reference, or makes the atom; matching ignores case
 * and the first spelling stays. "#123": the integer atom 123 (1..0xBFFF), uncounted. 0 if the table is full.
 */
host_atom host_atom_add(const uint16_t *text);

/* The same for an atom that the caller has a reference on, with its text: need not look for it. */
host_atom host_atom_again(host_atom atom, const uint16_t *text);
void host_atom_delete(host_atom atom); /* drops one reference; integer atoms: nothing                   */

/* Copies the text with its terminator to buf (HOST_ATOM_CHARS + 1 units) and returns its length; 0 if there
 * is no such atom. Integer atoms read "#123". */
size_t host_atom_name(host_atom atom, uint16_t *buf);

/* ---- Calls of other modules ------------------------------------------------------------------------ */

/* A function that other modules call by its name, and ours of that name. */
struct host_call {
    const char *name;
    void (*function)(void);
};

/* Leads the calls of a module of this process (a program, a DLL) that went to the system's functions to ours (on), or
 * ours back to the system's. Returns how many of them go there now; HOST_GONE: it is no such module; HOST_FAULT: the
 * system does not let it be changed, and nothing has been; HOST_ABSENT: this system has no such functions. */
int host_redirect(void *module, const struct host_call *calls, size_t n, bool on);

/* ---- Heap and text -------------------------------------------------------------------------------- */

void *host_alloc(size_t size); /* zeroed; NULL if there is none */
void host_free(void *p);       /* NULL: nothing                 */

#define HOST_ANSI 0 /* the code page that ANSI stands for: the system's, or Windows-1252 */

/* Is it the number of a code page that the system can convert? Texts in it end with a null byte. */
bool host_code_page(unsigned code_page);

/* Converts between a code page and UTF-16: `n` input units, null units included. Returns the units of the
 * whole result. dst NULL: only that; otherwise it has room for `max` units, and if they are too few the
 * result is 0 and what stands in dst of no use. Characters that the target lacks become its default
 * character. */
size_t host_to_wide(unsigned code_page, const char *src, size_t n, uint16_t *dst, size_t max);
size_t host_from_wide(unsigned code_page, const uint16_t *src, size_t n, char *dst, size_t max);

#endif
