/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_SIM_H
#define DDEML_SIM_H

/* The simulator: a host whose processes, threads, queues, clock and misfortunes all live in one thread of the
 * operating system. This is what tests say to it; what the core says to it is host.h.
 *
 * One seed decides what is left open: who runs next, how long a message travels, which host calls fail, who
 * hangs, who dies, how the clock jumps. The same options and the same workload give the same run to the byte:
 * handles and atoms are numbers of the world's, nothing is looked through in the order of addresses, and time
 * moves only when the simulator moves it.
 *
 * A test opens a world, gives it processes and threads and lets it run:
 *
 *     struct sim_options o = sim_options_from_seed(seed);
 *     sim_open(&o);
 *     sim_thread(sim_process(), serve, &server);
 *     sim_thread(sim_process(), ask, &client);
 *     over = sim_run(60000);
 *     if (!over || sim_violations())
 *         sim_story(stderr);
 *     sim_close();
 *
 * Every process has the library for itself: its globals are as at the start of a program. The threads call the
 * API, and host.h if they like, under the usual names. Only simulated threads may do that, and no simulated thread
 * may jump out of itself: assertions of a test stand behind sim_run. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- What may go wrong ------------------------------------------------------------------------------- */

/* The host calls that can fail, and what the caller sees then. */
#define SIM_FAULTS(X)                                                                                        \
    X(alloc)       /* host_alloc: NULL                                         */                            \
    X(mem)         /* host_mem_alloc, host_mem_resize: 0                       */                            \
    X(mem_lock)    /* host_mem_lock: NULL, which host.h excludes: only if asked for */                       \
    X(atom)        /* host_atom_add: 0                                         */                            \
    X(window)      /* host_window_create: 0                                    */                            \
    X(card)        /* host_card_set: false                                     */                            \
    X(timer)       /* host_timer: false                                        */                            \
    X(slot)        /* host_thread_slot: NULL                                   */                            \
    X(thread)      /* host_thread_start: 0                                     */                            \
    X(watch)       /* host_watch: false                                        */                            \
    X(meet)        /* host_window_meet: false, for a window of another process */                            \
    X(serve)       /* host_serve: false                                        */                            \
    X(listen)      /* host_listen: false                                       */                            \
    X(tell)        /* host_tell: a listener loses the record                   */                            \
    X(post_full)   /* host_post: HOST_FULL                                     */                            \
    X(post_fault)  /* host_post: HOST_FAULT                                    */                            \
    X(send_late)   /* host_send: HOST_LATE, the time having passed             */                            \
    X(send_unsure) /* host_send: HOST_UNSURE, the message arriving or not      */                            \
    X(send_fault)  /* host_send: HOST_FAULT                                    */                            \
    X(broadcast)   /* host_broadcast: a thread is not reached in time          */

enum sim_fault {
#define X(name) SIM_FAULT_##name,
    SIM_FAULTS(X)
#undef X
        SIM_FAULT_N
};

const char *sim_fault_name(enum sim_fault fault);

/* How messages to other processes pass (host_post_passing). Within a process they pass as they are. */
enum sim_passing { SIM_PASS_BY_SEED, SIM_PASS_COPY, SIM_PASS_MOVE };

enum sim_fail_mode { SIM_ONCE, SIM_FROM_THEN_ON };

/* All zeros: a world without misfortunes, in which the seed decides only who runs next. */
struct sim_options {
    uint64_t seed;

    uint16_t fault_permille[SIM_FAULT_N]; /* how often a call fails */

    /* The n-th call (from 1) that can fail does, once or from then on; 0: none. fail_kinds: only these are
     * counted, 1u << SIM_FAULT_x; 0: all but mem_lock. fail_process: only its calls are counted, if fail_one. */
    uint64_t fail_at;
    enum sim_fail_mode fail_mode;
    uint32_t fail_kinds;
    bool fail_one;
    int fail_process;

    /* A process dies as it makes its n-th host call (from 1), before anything of that call has happened;
     * 0: it does not. */
    uint64_t kill_at;
    int kill_process;
    uint32_t kill_per_million; /* host calls: of each process, but those of sim_spare */

    uint32_t queue_limit; /* messages of a thread; 0: 10 000 */

    uint32_t max_delay_ms;     /* of a message between processes; their order stays */
    uint32_t delay_permille;   /* of these messages are delayed; 0: all, if max_delay_ms */
    uint32_t preempt_permille; /* of host calls, at which another thread may go on */
    uint32_t hang_per_million; /* of host calls, at which the whole process stands still */
    uint32_t max_hang_ms;      /* for at most that long */
    uint32_t jump_per_million; /* of host calls, at which the clock jumps (as a machine that has slept) */
    uint32_t max_jump_ms;      /* by at most that much */
    uint32_t max_late_ms;      /* a deadline wakes its thread up to so much too late */
    enum sim_passing passing;

    bool lenient;         /* stale handles are no violations: for programs that forge some */
    bool loud;            /* every line of the story goes to stderr at once */
    uint32_t story_lines; /* how many of the last lines are kept as text; 0: 400 */
};

/* Most misfortunes are off, a few wildly on. */
struct sim_options sim_options_from_seed(uint64_t seed);

/* One line that sets all of them, for a report: what is zero is left out. */
void sim_options_print(const struct sim_options *o, FILE *to);

/* ---- The world --------------------------------------------------------------------------------------- */

enum { SIM_PROCESSES = 8 }; /* that live at the same time */

void sim_open(const struct sim_options *o);
void sim_close(void);

/* Numbers from 0, each given once. -1: no more can live. A process ends with its last thread, or is killed. */
int sim_process(void);

/* A thread of it; run begins when it is scheduled. Its number, from 1, each given once; 0: the process has
 * ended. May be called in and out of simulated threads. */
int sim_thread(int process, void (*run)(void *arg), void *arg);

/* Runs the world until all threads have ended: true. false: simulated time has reached until_ms, or nobody can
 * ever go on: sim_why tells. May be called again. */
bool sim_run(uint64_t until_ms);

/* After sim_run: who waits for what, one line for each thread; "" if all have ended. */
const char *sim_why(void);

uint64_t sim_now_ms(void); /* host_now_ms, which simulated threads alone may ask, without its side effects */

/* ---- For simulated threads --------------------------------------------------------------------------- */

int sim_self(void);        /* the running thread's process; -1: none runs */
int sim_self_thread(void); /* its number; 0: none runs */

void sim_yield(void); /* others may run */
void sim_sleep(uint32_t ms);

/* Until ready(arg) (true) or that long (false). It is asked out of no thread, and only looks. */
bool sim_wait(bool (*ready)(void *arg), void *arg, uint32_t ms);

_Noreturn void sim_exit(void); /* ends the calling thread, wherever it is, as if run had returned */

/* For how long until now the calling thread could have gone on, but others were let run, its process hung, the
 * clock jumped or a deadline woke it too late. What a call took beyond its deadline and not because of that
 * is too much. */
uint64_t sim_excused_ms(void);

bool sim_thread_over(int thread); /* it has ended, or its process has been killed */

/* What it has: at once. Its threads never go on, its windows vanish without a word to their procedures, its
 * memory is taken back. Any process; its own: does not return. */
void sim_kill(int process);
void sim_hang(int process, uint32_t ms); /* none of its threads runs for that long from now on */
void sim_spare(int process);             /* the chances of kills, hangs and jumps do not concern it */
void sim_jump(uint32_t ms);              /* the clock */

bool sim_moves(void); /* messages to other processes take their blocks along, see enum sim_passing */

bool sim_alive(int process);
bool sim_killed(int process); /* by sim_kill or by the options */

/* From the seed, for the workload too: in a stream of its own, so that what the host does in between does not
 * change it. */
uint64_t sim_random(void);
uint32_t sim_below(uint32_t n); /* 0 .. n-1; n = 0: 0 */
bool sim_permille(uint32_t permille);

/* Faults on or off for the calling thread: around what a test does for itself. They nest. */
void sim_calm_begin(void);
void sim_calm_end(void);

/* ---- The story --------------------------------------------------------------------------------------- */

/* A line of the run's story. What is said goes into the digest, so it has to be the same in the same run: no
 * pointers. */
void sim_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

uint64_t sim_digest(void); /* of all that has happened so far: same options, same workload, same digest */
void sim_story(FILE *to);  /* the options, the last lines, the violations, who waits */

/* What must never happen, whatever the library is told: a block, atom or window is used after its end or given
 * back twice, a wait is longer than its deadline though the thread could run, something host.h forbids. The
 * workload's oracle adds its own. The first one's text; "" if there is none. */
void sim_violate(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
unsigned sim_violations(void);
const char *sim_violation(void);

/* ---- Figures ----------------------------------------------------------------------------------------- */

struct sim_left {
    long blocks; /* of the heap (host_alloc) */
    long gmem;   /* global blocks, those on their way to the process included */
    long atoms;  /* references */
    long windows;
    long timers;
    long queued; /* messages that have not been taken, those on their way included */
    long threads;
};

/* What a process holds; if it has ended: what it held at its end. Killed: nothing. -1: all live processes
 * together. */
struct sim_left sim_left(int process);

/* What has happened so far: that a test has tried what it means to try. */
struct sim_figures {
    uint64_t calls;    /* of the host */
    uint64_t fallible; /* of these could have failed: what fail_at counts */
    uint64_t switches; /* from thread to thread */
    uint64_t posts, sends, broadcasts, delayed;
    uint64_t kills, hangs, jumps, preempted;
    uint64_t fired[SIM_FAULT_N];        /* faults */
    uint64_t n_fired;                   /* all of them */
    uint64_t by_process[SIM_PROCESSES]; /* host calls of the first processes: what kill_at counts */
};
const struct sim_figures *sim_figures(void);

#endif
