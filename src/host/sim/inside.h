/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_SIM_INSIDE_H
#define DDEML_SIM_INSIDE_H

/* What the files of the simulator share. Everything is one thread of the operating system, so nothing is locked;
 * a simulated thread goes on until it waits for something or one of its host calls is where another goes on.
 *
 * Records of the world's own (threads, windows, messages) stay where they are until the world is closed, so
 * that whoever comes back after others have run may still look at them. */

#include "base/list.h"
#include "host/host.h"
#include "host/sim/sim.h"

#define FOREVER UINT64_MAX
#define MS(ms)  ((uint64_t)(ms)*1000)

enum {
    EV_INITIATE = 0x03E0,
    EV_ADVISE = 0x03E2,
    EV_UNADVISE,
    EV_ACK,
    EV_DATA,
    EV_REQUEST,
    EV_POKE,
    EV_EXECUTE,
    FIRST_STRING = 0xC000, /* atoms from here on are strings */
    STATUS_ACK = 0x8000,   /* in the status of an ACK */
    FLAG_ACKREQ = 0x8000,  /* in the flags of an object */
    FLAG_RELEASE = 0x2000,
    FLAG_RESPONSE = 0x1000,
};

/* ---- Host calls ---------------------------------------------------------------------------------------- */

#define SIM_CALLS(X)                                                                                         \
    X(thread_id)                                                                                             \
    X(process_id)                                                                                            \
    X(session_thread)                                                                                        \
    X(thread_slot)                                                                                           \
    X(thread_start)                                                                                          \
    X(thread_join)                                                                                           \
    X(thread_let_go)                                                                                         \
    X(lock)                                                                                                  \
    X(unlock)                                                                                                \
    X(now_ms)                                                                                                \
    X(window_create)                                                                                         \
    X(window_destroy)                                                                                        \
    X(window_seal)                                                                                           \
    X(window_alive)                                                                                          \
    X(window_unicode)                                                                                        \
    X(window_is)                                                                                             \
    X(window_foreign)                                                                                        \
    X(window_thread)                                                                                         \
    X(window_ours)                                                                                           \
    X(window_meet)                                                                                           \
    X(watch)                                                                                                 \
    X(serve)                                                                                                 \
    X(hear_all)                                                                                              \
    X(card_set)                                                                                              \
    X(card_get)                                                                                              \
    X(timer)                                                                                                 \
    X(post)                                                                                                  \
    X(post_passing)                                                                                          \
    X(send)                                                                                                  \
    X(broadcast)                                                                                             \
    X(take)                                                                                                  \
    X(pump)                                                                                                  \
    X(dispatch)                                                                                              \
    X(listen)                                                                                                \
    X(listened)                                                                                              \
    X(tell)                                                                                                  \
    X(hear)                                                                                                  \
    X(mem_alloc)                                                                                             \
    X(mem_resize)                                                                                            \
    X(mem_lock)                                                                                              \
    X(mem_unlock)                                                                                            \
    X(mem_size)                                                                                              \
    X(mem_free)                                                                                              \
    X(atom_add)                                                                                              \
    X(atom_again)                                                                                            \
    X(atom_delete)                                                                                           \
    X(atom_name)                                                                                             \
    X(alloc)                                                                                                 \
    X(free)

/* No calls, but in the story, too. */
#define SIM_EVENTS(X)                                                                                        \
    X(begins)                                                                                                \
    X(ends)                                                                                                  \
    X(deliver)                                                                                               \
    X(returned)                                                                                              \
    X(fails)                                                                                                 \
    X(hangs)                                                                                                 \
    X(jumps)                                                                                                 \
    X(preempted)                                                                                             \
    X(goes_on)                                                                                               \
    X(process)                                                                                               \
    X(dies)                                                                                                  \
    X(lost)

enum call {
#define X(name) CALL_##name,
    SIM_CALLS(X) SIM_EVENTS(X)
#undef X
        CALL_N
};

/* ---- Records ------------------------------------------------------------------------------------------- */

struct stack;
struct copy;

struct process {
    int number;
    int slot; /* of SIM_PROCESSES, and which copy of the library it has */
    bool killed, over, spared;
    unsigned n_threads; /* that have not ended */
    uint32_t last_thread;
    uint64_t calls;
    uint64_t hung_until; /* us */
    struct list heap;    /* struct piece.place */
    long n_heap, n_gmem, n_windows, n_timers, n_queued, n_handles, n_atoms;
    struct sim_left left; /* at its end */
    struct thread *lock_owner;
    struct block **blocks; /* of global memory, by number */
    uint32_t n_blocks, blocks_room;
    const struct copy *copy;
};

enum thread_state { THREAD_RUNNABLE, THREAD_WAITING, THREAD_OVER };

struct thread {
    struct list place; /* in the world's */
    int number;        /* in the world */
    uint32_t id;       /* in its process */
    struct process *process;
    struct stack *stack;
    void (*run)(void *arg);
    void *arg;

    enum thread_state state;
    bool (*ready)(void *arg); /* while it waits; NULL: nothing but the time */
    void *ready_arg;
    uint64_t until; /* us */
    enum call waits_in;
    uintptr_t waits_for;
    bool was_ready;       /* when it was woken: not by the time */
    uint64_t ready_since; /* us: it could go on; 0: it could not */
    uint64_t could_go;    /* us: when it could go on that last time */
    uint64_t excused;     /* us in which it could have gone on and was not let */
    unsigned quantum;     /* host calls since it last went on */
    unsigned calm;
    bool started; /* by host_thread_start: a handle is out */

    bool has_slot;
    void *slot;
    void (*at_exit)(void *value);
    bool ending; /* at_exit is over: no new windows */

    struct list core, rest;     /* struct packet.in_thread: WM_DDE_* and HOST_EV_*; others */
    struct list transit;        /* the same: on their way, the next to arrive first */
    uint64_t n_posts;           /* numbers what arrives */
    size_t queued;              /* what counts towards the limit */
    struct list sent, running;  /* struct sent.place: to be begun, begun */
    struct list roots, closing; /* struct window.siblings */
    struct list timed;          /* struct window.timed */
    struct list batches;        /* struct batch.of_sender: what it is sending */
};

struct window {
    host_wnd handle;
    struct thread *owner;
    struct process *process;
    struct window *parent;
    enum host_class cls;
    bool unicode, open, sealed, freed, hears_all;
    uint8_t known; /* by processes: bits of their slots */
    host_proc *proc;
    void *ctx;
    struct list children, siblings;
    struct list audience;           /* in the world's */
    struct list dde, other;         /* struct packet.in_window */
    struct list moved;              /* struct moved.place */
    struct list served;             /* struct served.place */
    struct list watchers, watching; /* struct watch: who watches it, whom it watches */
    uint64_t gone;                  /* us: when other processes notice; while it is open: FOREVER */
    uint64_t interval, due;         /* us; 0: no timer */
    struct packet *tick;            /* the timer's event, if it is queued */
    struct list timed;              /* in its thread's, with a timer */
    struct listener *listener;
    bool has_card;
    struct host_card card;
};

struct watch {
    struct list of_watched, of_watcher;
    struct window *watcher, *watched;
};

/* What a message between processes carries, while it is nobody's (cargo.c). */
struct cargo;

/* A posted message. */
struct packet {
    struct list in_thread, in_window;
    struct window *to;
    struct thread *from; /* NULL: the host itself */
    struct host_msg msg;
    struct cargo *cargo; /* NULL: within the process */
    uint64_t arrives;    /* us */
    uint64_t order;
    bool counts; /* towards the limit of the queue */
};

enum sent_state { SENT_OWN, SENT_WAITING, SENT_RUNNING, SENT_DONE, SENT_GONE, SENT_CUT, SENT_LATE };

/* A message on its way to one window; a batch is what one call sends. */
struct sent {
    struct list place;
    struct batch *batch;
    struct window *to;
    struct cargo *cargo;  /* of another process's */
    struct host_msg lent; /* what was made of it, while the procedure runs; to is 0: nothing */
    enum sent_state state;
    bool waited, counted; /* the sender waits for it; and it is not over */
    bool foreign;
    uint64_t arrives; /* us */
};

struct batch {
    struct list of_sender;
    struct thread *sender;
    struct host_msg msg;
    uint64_t until;                   /* us */
    size_t n, parts, parts_elsewhere; /* not over yet: all, those of other processes */
    bool closed;                      /* the sender has left */
    struct sent *sent;
};

struct world {
    bool is_open;
    struct sim_options options;
    uint64_t now;                /* us */
    uint64_t calls, next_chance; /* when something may happen to a call */
    uint64_t next_kill, next_hang, next_jump, next_preempt;
    struct thread *current;
    struct list threads;
    struct thread **by_number;
    int n_threads, threads_room, n_alive;
    struct process *slots[SIM_PROCESSES];
    struct process **processes; /* by number */
    int n_processes, processes_room;
    struct window **windows; /* by number */
    uint32_t n_windows, windows_room;
    struct list audience[2]; /* by enum host_audience */
    struct list listeners;
    long n_sends;
    bool move;          /* messages to other processes move their blocks */
    bool all_known;     /* windows of other processes need not be met */
    unsigned spares;    /* records that the library keeps for the next message */
    bool filters;       /* broadcasts ask only processes that want to hear of it */
    bool atoms_at_once; /* the number of an atom that has gone is used again at once */
    struct sim_figures figures;
};

extern struct world world;

/* ---- world.c ------------------------------------------------------------------------------------------- */

/* Zeroed memory that is the world's until it is closed. Small pieces of the same size can be given back. */
void *world_new(size_t size);
void world_give(void *p, size_t size);

/* ---- faults.c ------------------------------------------------------------------------------------------ */

/* The beginning of every host call: the clock moves on, and whatever may happen in between happens. */
void call_begin(enum call call);
bool call_fails(enum sim_fault fault);
void faults_open(void);
uint64_t chance_raw(void); /* the host's stream of numbers */
uint32_t chance_below(uint32_t n);
bool chance_permille(uint32_t permille);

/* ---- threads.c ----------------------------------------------------------------------------------------- */

struct thread *thread_current(void); /* fails the program if none runs */
struct thread *thread_new(struct process *p, void (*run)(void *arg), void *arg);
bool thread_wait(enum call call, uintptr_t what, bool (*ready)(void *arg), void *arg, uint64_t until);
void thread_preempt(void);
void thread_stop(struct thread *t); /* never goes on; of the calling thread: does not return */

/* ---- process.c ----------------------------------------------------------------------------------------- */

void process_settle(
    struct process *p); /* its last thread has ended: what it has left is counted and taken back */

/* ---- stack.c ------------------------------------------------------------------------------------------- */

struct stack *stack_take(void (*run)(void *arg), void *arg); /* out of no simulated thread, as the next one */
void stack_enter(struct stack *s);                           /* until it leaves */
void stack_leave(struct stack *s);                           /* until it is entered again */
void stack_give(struct stack *s);                            /* left for ever, or never entered */
_Noreturn void stack_quit(void); /* the running one is left for ever; the caller of stack_enter gives it */

/* ---- copy.c -------------------------------------------------------------------------------------------- */

const struct copy *copy_fresh(int slot); /* its globals as at the start */

/* ---- window.c ------------------------------------------------------------------------------------------ */

struct window *window_at(host_wnd wnd);   /* any that there ever was */
struct window *window_live(host_wnd wnd); /* as the calling process sees it */
struct window *window_own(host_wnd wnd);  /* of the calling thread, also while it is being destroyed */
struct window *window_open_own(host_wnd wnd);
bool window_foreign(const struct window *w);
void windows_end(struct thread *t);    /* destroys all, with their last calls */
void windows_vanish(struct thread *t); /* it has been killed: only other processes are told */
bool window_wants(const struct window *w, host_atom name); /* an INITIATE for that name; 0: for any */
void window_named(host_wnd wnd, struct process *to);       /* a message tells it of the window */
void windows_due(struct thread *t);                        /* raises the timers that are due */
uint64_t windows_next_due(const struct thread *t);

/* ---- queue.c ------------------------------------------------------------------------------------------- */

struct job {
    struct window *wnd;
    struct host_msg msg;
    struct sent *sent; /* NULL: it was posted */
};

void queue_arrive(struct thread *t);
uint64_t queue_next_arrival(const struct thread *t);
uint64_t queue_last_arrival(const struct thread *from); /* of what it has posted; now: all has arrived */
void queue_post_event(struct window *w, uint32_t id, uintptr_t wparam, struct thread *from, uint64_t at);
void queue_drop_tick(struct window *w);
void queue_drop(struct window *w); /* everything that is queued for the window */
void job_run(struct job *job);
uint64_t travel(const struct thread *from, const struct window *to); /* us: when a message arrives */

/* ---- send.c -------------------------------------------------------------------------------------------- */

bool sent_waits(const struct thread *t); /* there is one to begin with */
bool sent_next(struct thread *t, struct job *job);
void sent_open(struct job *job);
void sent_finish(struct sent *s);
void sent_refuse(struct window *w);
void sent_abandon(struct thread *t, bool dies);
uint64_t sent_next_arrival(const struct thread *t);
void batches_end(struct thread *t);

/* ---- cargo.c ------------------------------------------------------------------------------------------- */

enum cargo_way { CARGO_POSTED, CARGO_SENT };

/* The two parts of a message to another process; false: P is no block. */
bool cargo_parts(const struct host_msg *msg, enum cargo_way way, uintptr_t part[2]);
struct cargo *cargo_pack(const struct host_msg *msg, enum cargo_way way); /* NULL: it carries what is none */
void cargo_delivered(const struct host_msg *msg, enum cargo_way way);     /* the sender's part ends */
void cargo_unpack(struct cargo *c, struct host_msg *msg);     /* for the calling process; frees it */
void cargo_lend(const struct cargo *c, struct host_msg *msg); /* the same, but it stays */
void cargo_returned(const struct cargo *c, const struct host_msg *msg); /* what was only lent */
void cargo_free(struct cargo *c);

/* ---- moving.c ------------------------------------------------------------------------------------------ */

void moving_posted(const struct host_msg *msg, const uintptr_t part[2]);
void moving_taken(struct window *w, const struct host_msg *msg, const uintptr_t part[2]);
void moving_end(struct window *w);

/* ---- memory.c ------------------------------------------------------------------------------------------ */

host_mem mem_new(struct process *p, const void *bytes, size_t size, bool fixed, uintptr_t origin);
uintptr_t mem_origin(host_mem mem); /* what its sender called an EXECUTE's block; 0: it is none */
const void *mem_bytes(host_mem mem, size_t *size);   /* NULL: no block of the calling process */
void mem_take_back(struct process *p, host_mem mem); /* by the system, if it is still there */
void mem_give_up(host_mem mem);                      /* frees one of the calling process */
void memory_end(struct process *p);

/* ---- atom.c -------------------------------------------------------------------------------------------- */

/* References have holders: processes, by their slots, and messages on their way. */
enum { ATOM_IN_TRANSIT = SIM_PROCESSES, ATOM_HOLDERS };

bool atom_ref(host_atom atom, int holder); /* false: there is none */
void atom_unref(host_atom atom, int holder);
bool atom_is_held(host_atom atom, int holder);
void atom_give_up(host_atom atom); /* the calling process deletes a reference of its own */
void atoms_end(int holder);
void atoms_close(void);

/* ---- news.c -------------------------------------------------------------------------------------------- */

void news_end(struct window *w);

/* ---- story.c ------------------------------------------------------------------------------------------- */

void story_open(void);
void story_api(const char *name, unsigned number, bool returns, uintptr_t result);
void story_call(enum call call, uint64_t a, uint64_t b, uint64_t c);
void story_mix(uint64_t value); /* into the digest alone */

const char *call_name(enum call call);

/* Misuse of handles, unless the options are lenient. */
void story_misuse(const char *what, uintptr_t handle);

#endif
