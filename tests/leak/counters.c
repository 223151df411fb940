/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "leak/counters.h"

#include "support/support.h"

unsigned counters_executes;
void (*counters_elsewhere)(struct counters *now);
void (*counters_settle_elsewhere)(void);

#ifdef _WIN32

#include <windows.h>

/* New atoms take the lowest free numbers, so behind a long run of free ones there are none. */
enum { FREE_RUN = 1024 };

static long atoms_in_use(void)
{
    char name[256];
    long n = 0;
    int free_ones = 0;

    for (UINT atom = 0xC000; atom <= 0xFFFF && free_ones < FREE_RUN; atom++) {
        bool used = GlobalGetAtomNameA((ATOM)atom, name, sizeof name) != 0;

        n += used;
        free_ones = used ? 0 : free_ones + 1;
    }
    return n;
}

void counters_settle(void)
{
}

void counters_take(struct counters *now)
{
    HANDLE heap = GetProcessHeap();
    PROCESS_HEAP_ENTRY entry = {0};

    *now = (struct counters){.global_atoms = atoms_in_use()};
    HeapLock(heap);
    while (HeapWalk(heap, &entry)) {
        if (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) {
            now->blocks++;
            now->bytes += (long)entry.cbData;
        }
    }
    HeapUnlock(heap);
}

#else

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "host/host.h"
#include "host/posix/figures.h"

/* What the linker makes of calls of malloc and its kin. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);

static atomic_long blocks, bytes;

static void *enters(void *p)
{
    if (p) {
        atomic_fetch_add(&blocks, 1);
        atomic_fetch_add(&bytes, (long)malloc_usable_size(p));
    }
    return p;
}

static void leaves(void *p)
{
    if (p) {
        atomic_fetch_sub(&blocks, 1);
        atomic_fetch_sub(&bytes, (long)malloc_usable_size(p));
    }
}

void *__wrap_malloc(size_t size)
{
    return enters(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return enters(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t size)
{
    void *moved;

    leaves(p);
    moved = __real_realloc(p, size);
    if (!moved)
        enters(p);
    return enters(moved);
}

void __wrap_free(void *p)
{
    leaves(p);
    __real_free(p);
}

/* The tables of global memory are such a thing. How far a server gets with filling a client's queue is a
 * matter of chance, but a queue and a backlog have ends: 10 000 updates each, of two blocks. Every thread has
 * its own table, until the sixteenth, which shares with the first. */
enum { MOST_BLOCKS = 45000, TABLES = 16 };

static void fill_table(void *arg)
{
    static host_mem mem[MOST_BLOCKS];

    (void)arg;
    for (size_t i = 0; i < MOST_BLOCKS; i++)
        mem[i] = host_mem_alloc(1, false);
    for (size_t i = 0; i < MOST_BLOCKS; i++)
        host_mem_free(mem[i]);
}

static void take_nothing(void *ctx, const struct host_msg *msg)
{
    (void)ctx, (void)msg;
}

/* A thread keeps some of the memory of the messages that it has taken. */
static void fill_queue(void)
{
    host_wnd wnd = host_window_create(HOST_PLAIN, 0, true, take_nothing, NULL);
    struct host_msg msg = {.to = wnd, .id = WM_DDE_TERMINATE};

    for (int i = 0; i < 1000; i++)
        host_post(&msg);
    while (host_take(wnd, &msg))
        ;
    host_window_destroy(wnd);
}

void counters_settle(void)
{
    static bool settled;

    if (!settled)
        fill_queue();
    for (int i = 0; i < TABLES && !settled; i++)
        test_thread_join(test_thread_start(fill_table, NULL));
    if (counters_settle_elsewhere && !settled)
        counters_settle_elsewhere();
    settled = true;
}

void counters_take(struct counters *now)
{
    test_news(); /* what is on its way to another process is held, too */
    *now = (struct counters){
        .blocks = atomic_load(&blocks),
        .bytes = atomic_load(&bytes),
        .host_windows = figure_windows(),
        .host_posts = figure_posts(),
        .host_sends = figure_sends(),
        .host_threads = figure_threads(),
        .host_blocks = figure_blocks(),
        .host_atoms = figure_atoms(),
    };
    if (counters_elsewhere)
        counters_elsewhere(now);
}

#endif

/* What the system keeps, see the header; 0 if the bytes have grown for another reason, too. */
static long kept_by_system(const struct counters *before, const struct counters *after)
{
#ifdef _WIN32
    long grown = after->bytes - before->bytes, note = 2 * (long)sizeof(void *);
    const long spare = 4; /* the block grows in steps */

    if (after->blocks == before->blocks && grown % note == 0 &&
        grown / note <= (long)counters_executes + spare)
        return grown;
#endif
    (void)before, (void)after;
    return 0;
}

bool counters_equal(const struct counters *was, const struct counters *after, unsigned cycles)
{
    struct counters now = *was, *before = &now;
    bool equal = true;

    before->bytes += kept_by_system(was, after);
#define X(name)                                                                                              \
    if (after->name > before->name) {                                                                        \
        print_error("grown: %ld %s, %.3f per cycle\n", after->name - before->name, #name,                    \
                    (double)(after->name - before->name) / cycles);                                          \
        equal = false;                                                                                       \
    }
    COUNTERS(X)
#undef X
    return equal;
}
