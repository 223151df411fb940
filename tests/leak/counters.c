/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "leak/counters.h"

#include "support/support.h"

#ifdef _WIN32

#include <windows.h>

static long atoms_in_use(void)
{
    char name[256];
    long n = 0;

    for (UINT atom = 0xC000; atom <= 0xFFFF; atom++)
        n += GlobalGetAtomNameA((ATOM)atom, name, sizeof name) != 0;
    return n;
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

void counters_take(struct counters *now)
{
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
}

#endif

bool counters_equal(const struct counters *before, const struct counters *after, unsigned cycles)
{
    bool equal = true;

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
