/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32/figures.h"
#include "user32/user32.h"

#include <stdlib.h>

/* Global and local memory, which are one. A movable block is one of the host's and its handle is the host's, so
 * that it can travel in a message. A fixed one is a block of the host's that stays locked; it goes by its address.
 * What a block has beyond the host's stands in a table, under user32_lock. The library frees blocks that travel
 * without telling: an entry whose block is gone counts for nothing, and is dropped when it is met. */

enum { BUCKETS = 256 };

struct entry {
    struct entry *next;
    uintptr_t key; /* the handle as the program knows it */
    host_mem mem;
    bool fixed, discardable, discarded;
};

static struct entry *table[BUCKETS];

static struct entry **bucket_of(uintptr_t key)
{
    return &table[(key >> 4 ^ key >> 12) % BUCKETS];
}

static void drop(struct entry **at)
{
    struct entry *e = *at;

    *at = e->next;
    free(e);
}

static struct entry *find(uintptr_t key)
{
    struct entry **at = bucket_of(key);

    while (*at && (*at)->key != key)
        at = &(*at)->next;
    if (!*at || HOST.mem_size((*at)->mem))
        return *at;
    drop(at);
    return NULL;
}

static void forget(uintptr_t key)
{
    struct entry **at = bucket_of(key);

    while (*at && (*at)->key != key)
        at = &(*at)->next;
    if (*at)
        drop(at);
}

/* The entry, made if there is none; NULL: no memory. */
static struct entry *note(uintptr_t key, host_mem mem)
{
    struct entry *e = find(key);

    if (e)
        return e;
    e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->key = key;
    e->mem = mem;
    e->next = *bucket_of(key);
    *bucket_of(key) = e;
    return e;
}

/* What a handle stands for; mem 0, and the last error: nothing. */
static struct entry look_up(HGLOBAL handle)
{
    struct entry copy = {.key = (uintptr_t)handle, .mem = (host_mem)handle};
    const struct entry *e;

    pthread_mutex_lock(&user32_lock);
    e = find(copy.key);
    if (e)
        copy = *e;
    pthread_mutex_unlock(&user32_lock);
    if (!HOST.mem_size(copy.mem)) {
        copy.mem = 0;
        fail(ERROR_INVALID_HANDLE);
    }
    return copy;
}

host_mem memory_of_fixed(uintptr_t handle)
{
    const struct entry *e;
    host_mem mem = 0;

    pthread_mutex_lock(&user32_lock);
    e = find(handle);
    if (e && e->fixed)
        mem = e->mem;
    pthread_mutex_unlock(&user32_lock);
    return mem;
}

/* ---- Making and freeing ---------------------------------------------------------------------------------- */

static HGLOBAL enter(host_mem mem, uintptr_t key, bool fixed, bool discardable, bool discarded)
{
    struct entry *e;

    if (!fixed && !discardable && !discarded)
        return (HGLOBAL)key;
    pthread_mutex_lock(&user32_lock);
    if (fixed)
        forget(key); /* of a block that is gone */
    e = note(key, mem);
    if (e) {
        e->fixed = fixed;
        e->discardable = discardable;
        e->discarded = discarded;
    }
    pthread_mutex_unlock(&user32_lock);
    return e ? (HGLOBAL)key : NULL;
}

HGLOBAL WINAPI GlobalAlloc(UINT flags, SIZE_T size)
{
    host_mem mem = HOST.mem_alloc(size ? size : 1, false);
    bool fixed = !(flags & GMEM_MOVEABLE);
    uintptr_t key = fixed ? (uintptr_t)HOST.mem_lock(mem) : mem;
    HGLOBAL handle = NULL;

    if (key)
        handle = enter(mem, key, fixed, !fixed && flags & GMEM_DISCARDABLE, !fixed && !size);
    if (handle)
        return handle;
    HOST.mem_free(mem);
    fail(ERROR_NOT_ENOUGH_MEMORY);
    return NULL;
}

HGLOBAL WINAPI GlobalFree(HGLOBAL handle)
{
    struct entry e;

    if (!handle)
        return NULL;
    e = look_up(handle);
    if (!e.mem)
        return handle;
    pthread_mutex_lock(&user32_lock);
    forget(e.key);
    pthread_mutex_unlock(&user32_lock);
    HOST.mem_free(e.mem);
    return NULL;
}

/* ---- Locking --------------------------------------------------------------------------------------------- */

LPVOID WINAPI GlobalLock(HGLOBAL handle)
{
    struct entry e = look_up(handle);

    if (!e.mem)
        return NULL;
    if (e.fixed)
        return handle;
    if (!e.discarded)
        return HOST.mem_lock(e.mem);
    fail(ERROR_DISCARDED);
    return NULL;
}

BOOL WINAPI GlobalUnlock(HGLOBAL handle)
{
    struct entry e = look_up(handle);

    if (!e.mem)
        return FALSE;
    if (e.fixed)
        return TRUE;
    if (!HOST.mem_locks(e.mem))
        return fail(ERROR_NOT_LOCKED);
    HOST.mem_unlock(e.mem);
    return HOST.mem_locks(e.mem) || fail(NO_ERROR);
}

/* ---- Asking ---------------------------------------------------------------------------------------------- */

SIZE_T WINAPI GlobalSize(HGLOBAL handle)
{
    struct entry e = look_up(handle);

    return e.mem && !e.discarded ? HOST.mem_size(e.mem) : 0;
}

UINT WINAPI GlobalFlags(HGLOBAL handle)
{
    struct entry e = look_up(handle);
    size_t locks;

    if (!e.mem)
        return GMEM_INVALID_HANDLE;
    if (e.fixed)
        return 0;
    locks = HOST.mem_locks(e.mem);
    return (UINT)(locks < GMEM_LOCKCOUNT ? locks : GMEM_LOCKCOUNT) | (e.discardable ? GMEM_DISCARDABLE : 0) |
           (e.discarded ? GMEM_DISCARDED : 0);
}

HGLOBAL WINAPI GlobalHandle(LPCVOID bytes)
{
    host_mem mem = 0;

    if (memory_of_fixed((uintptr_t)bytes))
        return (HGLOBAL)(uintptr_t)bytes;
    mem = HOST.mem_of(bytes);
    if (!mem)
        fail(ERROR_INVALID_HANDLE);
    return (HGLOBAL)mem;
}

/* ---- Changing -------------------------------------------------------------------------------------------- */

static void wipe(host_mem mem)
{
    char *byte = HOST.mem_lock(mem);

    if (byte)
        *byte = 0;
    HOST.mem_unlock(mem);
}

static HGLOBAL discard(struct entry *e)
{
    if (HOST.mem_locks(e->mem) || !HOST.mem_resize(e->mem, 1)) {
        fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    wipe(e->mem);
    return enter(e->mem, e->key, false, e->discardable, true);
}

static HGLOBAL resize_movable(struct entry *e, SIZE_T size)
{
    if (!size)
        return discard(e);
    if (HOST.mem_locks(e->mem)) { /* it cannot move: what is there already is enough, or it is not */
        if (size <= HOST.mem_size(e->mem))
            return (HGLOBAL)e->key;
        fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    if (!HOST.mem_resize(e->mem, size)) {
        fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    if (e->discarded) {
        pthread_mutex_lock(&user32_lock);
        forget(e->key);
        pthread_mutex_unlock(&user32_lock);
    }
    return enter(e->mem, e->key, false, e->discardable, false);
}

static HGLOBAL resize_fixed(struct entry *e, SIZE_T size, bool may_move)
{
    host_mem resized;
    uintptr_t key;

    if (size <= HOST.mem_size(e->mem))
        return (HGLOBAL)e->key;
    if (!may_move) {
        fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    HOST.mem_unlock(e->mem);
    resized = HOST.mem_resize(e->mem, size);
    key = (uintptr_t)HOST.mem_lock(e->mem);
    if (!resized) {
        fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    if (key == e->key)
        return (HGLOBAL)key;
    pthread_mutex_lock(&user32_lock);
    forget(e->key);
    pthread_mutex_unlock(&user32_lock);
    return enter(e->mem, key, true, false, false);
}

static HGLOBAL modify(struct entry *e, UINT flags)
{
    if (!e->fixed && flags & GMEM_DISCARDABLE)
        return enter(e->mem, e->key, false, true, e->discarded);
    return (HGLOBAL)e->key;
}

/* Blocks are zeroed whether it is asked for or not. */
HGLOBAL WINAPI GlobalReAlloc(HGLOBAL handle, SIZE_T size, UINT flags)
{
    struct entry e = look_up(handle);

    if (!e.mem)
        return NULL;
    if (flags & GMEM_MODIFY)
        return modify(&e, flags);
    return e.fixed ? resize_fixed(&e, size, flags & GMEM_MOVEABLE) : resize_movable(&e, size);
}

/* ---- Local... -------------------------------------------------------------------------------------------- */

static UINT global_flags(UINT flags)
{
    return (flags & (LMEM_MOVEABLE | LMEM_ZEROINIT | LMEM_MODIFY)) |
           (flags & LMEM_DISCARDABLE ? GMEM_DISCARDABLE : 0);
}

HLOCAL WINAPI LocalAlloc(UINT flags, SIZE_T size)
{
    return GlobalAlloc(global_flags(flags), size);
}

HLOCAL WINAPI LocalFree(HLOCAL handle)
{
    return GlobalFree(handle);
}

LPVOID WINAPI LocalLock(HLOCAL handle)
{
    return GlobalLock(handle);
}

BOOL WINAPI LocalUnlock(HLOCAL handle)
{
    return GlobalUnlock(handle);
}

SIZE_T WINAPI LocalSize(HLOCAL handle)
{
    return GlobalSize(handle);
}

UINT WINAPI LocalFlags(HLOCAL handle)
{
    UINT flags = GlobalFlags(handle);

    return flags != GMEM_INVALID_HANDLE && flags & GMEM_DISCARDABLE ? flags | LMEM_DISCARDABLE : flags;
}

HLOCAL WINAPI LocalHandle(LPCVOID bytes)
{
    return GlobalHandle(bytes);
}

HLOCAL WINAPI LocalReAlloc(HLOCAL handle, SIZE_T size, UINT flags)
{
    return GlobalReAlloc(handle, size, global_flags(flags));
}

long figure_fixed(void)
{
    long n = 0;

    pthread_mutex_lock(&user32_lock);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (const struct entry *e = table[i]; e; e = e->next)
            n += e->fixed && HOST.mem_size(e->mem);
    }
    pthread_mutex_unlock(&user32_lock);
    return n;
}
