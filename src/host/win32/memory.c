/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "win32.h"

/* A handle in a message is whatever the partner wrote there, or what it freed long ago. Two kinds are told
 * apart by their alignment: a fixed block is its own address in the heap, and the heap can say whether it is
 * one without touching wild memory; a moveable one is an entry of a table, never aligned like a block, and
 * is checked by every function that takes it. A moveable block of no bytes is the one without a size. */
static bool is_block(HGLOBAL mem)
{
    UINT flags;

    if (mem == NULL)
        return false;
    if ((UINT_PTR)mem % MEMORY_ALLOCATION_ALIGNMENT == 0)
        return HeapValidate(GetProcessHeap(), 0, mem);
    flags = GlobalFlags(mem);
    return flags != GMEM_INVALID_HANDLE && ((flags & GMEM_DISCARDED) != 0 || GlobalSize(mem) != 0);
}

host_mem host_mem_alloc(size_t size, bool fixed)
{
    UINT kind = fixed ? GMEM_FIXED : GMEM_MOVEABLE;

    return (host_mem)GlobalAlloc(kind | GMEM_DDESHARE | GMEM_ZEROINIT, size);
}

host_mem host_mem_resize(host_mem mem, size_t size)
{
    if (!is_block((HGLOBAL)mem))
        return 0;
    return (host_mem)GlobalReAlloc((HGLOBAL)mem, size, GMEM_MOVEABLE | GMEM_ZEROINIT);
}

void *host_mem_lock(host_mem mem)
{
    return is_block((HGLOBAL)mem) ? GlobalLock((HGLOBAL)mem) : NULL;
}

void host_mem_unlock(host_mem mem)
{
    if (is_block((HGLOBAL)mem))
        GlobalUnlock((HGLOBAL)mem);
}

size_t host_mem_size(host_mem mem)
{
    return is_block((HGLOBAL)mem) ? GlobalSize((HGLOBAL)mem) : 0;
}

void host_mem_free(host_mem mem)
{
    if (!is_block((HGLOBAL)mem))
        return;
    while ((GlobalFlags((HGLOBAL)mem) & GMEM_LOCKCOUNT) != 0)
        GlobalUnlock((HGLOBAL)mem);
    GlobalFree((HGLOBAL)mem);
}

void *host_alloc(size_t size)
{
    return HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, size);
}

void host_free(void *p)
{
    if (p != NULL)
        HeapFree(GetProcessHeap(), 0, p);
}
