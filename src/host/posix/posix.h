/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_HOST_POSIX_H
#define DDEML_HOST_POSIX_H

/* A small user32 for DDE: windows, message queues, timers and sent messages for the threads of one process.
 *
 * Who may touch what:
 * - A window's slot and a thread's record are never given back to the heap, only used again. So whoever holds
 *   a stale handle may still look at them, and learns under the owner's lock whether the handle is the live
 * one.
 * - struct host_thread.lock guards the thread's queue, its list of sent messages, and what other threads see
 * of its windows. It is a leaf: no second lock is taken under it, and it is never held while a procedure
 * runs.
 * - The directory's lock (window.c) guards the free slots and the lists that broadcasts walk. A leaf, too.
 * - The lock of the news (news.c) guards who listens and what is unread. A leaf, too.
 * - Everything marked "owner" is read and written by the owning thread alone. */

#include <pthread.h>
#include <stdatomic.h>

#include "base/list.h"
#include "host/host.h"
#include "host/posix/slots.h"

#define FOREVER UINT64_MAX

enum { QUEUE_LIMIT = 10000, SPARE_LIMIT = 64 };

enum { INITIATE = 0x03E0, HOST_EV_LAST = HOST_EV_COUNT };

struct timer;
struct loop;
struct batch;
struct listener;
struct served;
struct parcel;
struct inflow;
struct user_thread;

/* What a sleeping thread wants to be woken for. */
enum wake {
    WAKE_SENT = 1,   /* a message was sent to it                                 */
    WAKE_CORE = 2,   /* WM_DDE_* or HOST_EV_* was posted                          */
    WAKE_REST = 4,   /* another message was posted                                */
    WAKE_REPLY = 8,  /* everybody it has sent its message to is done              */
    WAKE_WATCH = 16, /* nobody waits for other processes: it is this thread's turn */
};

struct host_thread {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct host_thread *next_record; /* all there are, for ever                */
    struct host_thread *next_free;

    /* under the lock */
    bool live;
    atomic_uint waiting;    /* enum wake, 0: not asleep                       */
    bool looking;           /* awake as yet, looking out for it to become 0   */
    struct list core, rest; /* struct post.in_thread: WM_DDE_* and HOST_EV_*; others */
    uint64_t posts;         /* numbers posts, to merge the two lists          */
    size_t queued;          /* posts that count towards QUEUE_LIMIT           */
    struct list spare;      /* struct post.in_thread                          */
    size_t n_spare;
    struct list sent, running; /* struct sent.link: to be begun; begun          */
    atomic_bool polling;       /* asleep in peers_poll, else at the condition    */
    struct loop *loop;         /* the owner's; others signal it; NULL: none      */
    uint64_t probed;           /* when somebody asked first whether it still looks at its queue; 0: it has */
    struct user_thread *user;  /* read by the owner, or under the lock: user.c                             */

    /* owner */
    void *slot;
    void (*at_exit)(void *value);
    bool ending;           /* at_exit is over: no new windows                */
    struct list off_watch; /* under the lock of the watch                      */
    struct list roots;     /* struct window.siblings: windows without parent */
    struct list closing;   /* the same: windows that are being destroyed     */
    struct list batches;   /* struct batch.link: what it is sending          */
    struct timer **timers; /* a heap, the next one due first                 */
    size_t n_timers, timer_room;
    uint64_t looked;     /* when it has last looked for messages of other processes        */
    unsigned vain;       /* how often, of late, it has looked out in vain     */
    unsigned no_looks;   /* so many times to come it goes to sleep at once    */
    uint64_t look_again; /* and until then                                    */
};

struct window {
    /* What every message looks at stands in front, in one line of the processor's cache (slots.c): the rest of many
     * windows is not there. */
    struct slot slot; /* first; its handle is 0 once the window takes no more messages */
    _Atomic(struct host_thread *) owner;
    struct list dde; /* struct post.in_window: WM_DDE_*; under the owner's lock, as is other */
    host_proc *proc; /* owner */
    void *ctx;       /* owner */

    uint32_t known_to; /* the id of the peer that it was introduced to last; 0: none. Under the peers' lock */
    _Atomic unsigned traits; /* enum host_class, UNICODE_TRAIT */
    _Atomic uint32_t thread; /* the owner's id                 */

    /* owner */
    bool hears_all; /* it wants every INITIATE                      */
    bool sealed;    /* and will be destroyed by host_window_destroy */
    struct list children, siblings;
    struct timer *timer;
    struct listener *listener;
    struct served *served; /* names of a HOST_MOM window */

    struct list watching; /* struct watch.of_window; under the lock of the peers */

    /* under the owner's lock */
    struct list other; /* struct post.in_window: whatever is not WM_DDE_* */
    struct host_card *card;

    struct list audience; /* under the directory's lock */
};

enum { CLASS_TRAITS = 7, UNICODE_TRAIT = 8, USER_TRAIT = 16 };

/* One posted message. */
struct post {
    struct list in_thread, in_window;
    struct window *wnd;
    struct timer *timer; /* the timer whose event this is, and part of which it is; NULL: an ordinary post */
    uint64_t order;
    uint32_t time; /* when it was posted, if it is for a window with USER_TRAIT, which wants to know */
    struct host_msg msg;
    struct parcel *parcel; /* from another process: becomes the message when it is taken; NULL: it is one */
    struct inflow *inflow; /* and for whom it counts                                                        */
    unsigned tries;        /* how often there was no memory for that                                        */
};

/* A procedure call that is due. */
struct job {
    host_proc *proc;
    void *ctx;
    struct host_msg msg;
    struct sent *sent;     /* NULL: the message was posted                            */
    struct parcel *parcel; /* posted by another process: to be unpacked, and the job's */
    struct inflow *inflow;
    unsigned tries;
};

/* Who sent a message from another process, and what it calls that. */
struct caller {
    uint16_t process;
    uint32_t peer;
    uint64_t serial;       /* 0: it does not wait for the answer */
    struct inflow *inflow; /* for which its messages count      */
};

/* ---- Around a fork -------------------------------------------------------------------------------- */

/* These hold the leaf locks while the process forks, so that the child finds them free and nothing half done. */
void threads_hold(bool hold);
void windows_hold(bool hold);
void calls_hold(bool hold);
void news_hold(bool hold);
void atoms_hold(bool hold);
void core_hold(bool hold);

/* In the child, when they are free again. It has one thread, which has nothing of its parent's. */
void windows_forked(void);
void calls_forked(void);
void news_forked(void);
void thread_forked(void);

/* ---- thread.c ------------------------------------------------------------------------------------ */

struct host_thread *thread_self(void); /* the calling thread's record; NULL: no memory for it   */
struct host_thread *thread_peek(void); /* the same, but does not make one                       */

/* The owner of a window, locked, if the handle is live; else NULL. */
struct host_thread *thread_lock_owner(host_wnd wnd, struct window **wp);

/* Lets go of the record's lock and wakes the thread if it sleeps for this. */
void thread_unlock_and_wake(struct host_thread *t, enum wake what);
void thread_wake(struct host_thread *t, enum wake what);

/* Sleeps until woken for one of these or until the time; holds the lock before and after. Sleepers take what
 * other processes send, one at a time: whoever has something to do leaves that to the next one. */
void thread_park(struct host_thread *me, unsigned what, uint64_t until);
void thread_leave_watch(struct host_thread *me);

/* ---- system.c ------------------------------------------------------------------------------------ */

/* host_now_ms as it was RECENT_MS ago at the earliest: asking costs a fraction. */
enum { RECENT_MS = 20 };
uint64_t recent_ms(void);

/* ---- window.c ------------------------------------------------------------------------------------ */

/* The slot; its window may be another one by now. */
struct window *window_at(host_wnd wnd);

/* A window of the calling thread, also while it is being destroyed; else NULL. */
struct window *window_own(struct host_thread *me, host_wnd wnd);

bool window_open(const struct window *w, host_wnd wnd); /* it still takes messages             */
void windows_end(struct host_thread *me);               /* destroys all, with their last calls */

uint32_t window_session_thread(const struct window *w); /* as other processes know it      */
bool window_card(const struct window *w, struct host_card *card);
void window_tell_intruder(uint32_t pid); /* HOST_EV_INTRUDER to one of the event windows */

/* All windows that hear such a broadcast, in memory of the heap; NULL: no memory. */
host_wnd *window_audience(enum host_audience audience, size_t *n);

/* ---- queue.c ------------------------------------------------------------------------------------- */

/* These take the lock themselves, and a full queue does not refuse what they post. */
bool queue_post_event(host_wnd wnd, uint32_t id, uintptr_t wparam);
int queue_post_parcel(host_wnd wnd, host_wnd from, struct parcel *parcel, struct inflow *inflow);

/* Makes the message of a parcel that was posted to msg->to from msg->wparam. false: no memory, it can be tried again. */
bool queue_open_parcel(struct parcel *parcel, struct host_msg *msg);

/* ---- queue.c: under the owner's lock -------------------------------------------------------------- */

void queue_append(struct host_thread *t, struct window *w, struct post *p);
bool queue_next(struct host_thread *me, unsigned kinds, struct job *job);
void queue_drop(struct host_thread *me, struct window *w); /* everything that is queued for the window */
void queue_free_spare(struct host_thread *me);
void queue_put_back(struct host_thread *me, const struct job *job); /* it comes next again */
struct post *queue_new_post(struct host_thread *t);       /* counts towards QUEUE_LIMIT; NULL: no memory */
void queue_remove(struct host_thread *t, struct post *p); /* what it has from elsewhere is the caller's */

/* ---- timer.c ------------------------------------------------------------------------------------- */

void timers_raise(struct host_thread *me, uint64_t now); /* queues the events that are due (under the lock) */
uint64_t timers_next(const struct host_thread *me); /* when the next one is due; FOREVER: none           */
void timer_stop(struct host_thread *me, struct window *w);
void timers_deinit(struct host_thread *me);

/* ---- send.c -------------------------------------------------------------------------------------- */

bool sent_next(struct host_thread *me, struct job *job); /* under the lock                              */
bool sent_open(struct sent *sent, struct host_msg *msg); /* false: it is not to be begun, and finished */
void sent_finish(struct sent *sent, uintptr_t result);   /* its procedure has returned                 */
void sent_refuse(struct host_thread *me, host_wnd gone); /* the window has closed                       */
void sent_abandon(struct host_thread *me);               /* no running procedure will return any more  */
bool batch_over(const struct batch *b);                  /* all have answered                           */
void batches_end(struct host_thread *me);

void sent_arrived(const struct caller *caller, host_wnd to, enum host_audience audience,
                  struct parcel *parcel, uint64_t until);                         /* takes the parcel */
bool calls_answer(uint16_t process, uint64_t serial, int result, intptr_t value); /* false: to no question */
void calls_ended(uint16_t process); /* it will not answer any more */

/* ---- news.c -------------------------------------------------------------------------------------- */

void news_end(struct window *w);                                   /* the window hears no more */
void news_deliver(uint32_t kind, const void *record, size_t size); /* to the windows of this process */

/* ---- loop.c -------------------------------------------------------------------------------------- */

void loop_signal(struct host_thread *t);     /* under its lock: there is something for it              */
void loop_timer_set(struct host_thread *me); /* another timer may be the next one                      */
void loop_settle(struct host_thread *me);    /* it has looked and found nothing                        */
bool loop_join(struct host_thread *me);      /* once the process has joined others; false: no memory   */
void loop_close(struct host_thread *me);
/* ---- user.c -------------------------------------------------------------------------------------- */

/* What the procedure made of the message that was given to it at this address; 0 if it did not say. */
void result_forget(void); /* before the call */
uintptr_t result_of_call(const struct host_msg *msg);
void job_begins(const struct host_msg *msg, bool sent); /* forgets, too */
void job_ends(void);

void user_thread_end(struct host_thread *me);
void users_forked(void); /* in the child */

/* The rows of struct user_host that need what is private elsewhere. */
bool user_call(const struct host_msg *msg, uintptr_t *result);
bool user_timer(host_wnd wnd, uint32_t interval_ms, uint32_t id);                               /* timer.c  */
int user_send(const struct host_msg *msg, uint32_t wait_ms, unsigned flags, uintptr_t *result); /* send.c   */
bool user_in_send(bool *replied);
bool user_reply(uintptr_t result);

/* ---- pump.c -------------------------------------------------------------------------------------- */

/* Waits for a message of these kinds: until the time or, unless it is NULL, until the batch is over. */
bool job_next(struct host_thread *me, unsigned kinds, const struct batch *b, uint64_t until, struct job *job);
void job_run(const struct job *job);
void look_around(struct host_thread *me, uint64_t recently); /* once for every message that it looks for */
void flush_unlocked(
    struct host_thread *me); /* before it sleeps; under the lock, which it lets go of meanwhile */

#endif
