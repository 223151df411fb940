/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/sim/inside.h"

#include <stdlib.h>
#include <string.h>

/* The heap and the global memory of processes. Bytes come from malloc, each piece as large as was asked for, so that
 * a sanitizer sees every access beside it. */

/* ---- The heap ------------------------------------------------------------------------------------------ */

enum { LIVE = 0x51B1E551, DEAD = 0x0DEADBED };

struct piece {
    struct list place;
    struct process *process;
    size_t size;
    uint32_t state;
    _Alignas(16) char bytes[];
};

void *host_alloc(size_t size)
{
    struct process *p = thread_current()->process;
    struct piece *piece;

    call_begin(CALL_alloc);
    if (call_fails(SIM_FAULT_alloc))
        return NULL;
    piece = calloc(1, sizeof *piece + size);
    if (!piece)
        return NULL;
    piece->process = p;
    piece->size = size;
    piece->state = LIVE;
    list_append(&p->heap, &piece->place);
    p->n_heap++;
    return piece->bytes;
}

static void piece_free(struct piece *piece)
{
    list_remove(&piece->place);
    piece->process->n_heap--;
    piece->state = DEAD;
    memset(piece->bytes, 0xDD, piece->size); /* a use after its end is seen without a sanitizer, too */
    __asm__("" ::"r"(piece) : "memory");
    free(piece);
}

void host_free(void *p)
{
    struct piece *piece;

    call_begin(CALL_free);
    if (!p)
        return;
    piece = container_of(p, struct piece, bytes);
    if (piece->state != LIVE || piece->process != world.current->process)
        sim_violate("freed what is no piece of the heap of this process");
    else
        piece_free(piece);
}

/* ---- Global memory -------------------------------------------------------------------------------------- */

/* Handles say nothing in other processes, where the same number may be another block. A number is not used again,
 * so that a stale one is seen. */
struct block {
    unsigned char *bytes;
    size_t size;
    unsigned locks;
    bool fixed;
    uintptr_t origin;
};

enum { MEM_BITS = 5, MEM_TAG = 8, MEM_FIRST = 0x1000 /* an ACK's part up to 0xFFFF would be an atom */ };

static host_mem handle_of(uint32_t number)
{
    return (host_mem)(number + MEM_FIRST) << MEM_BITS | MEM_TAG;
}

static struct block **slot_of(struct process *p, host_mem mem)
{
    uintptr_t number = (mem >> MEM_BITS) - MEM_FIRST;

    if (mem % (1u << MEM_BITS) != MEM_TAG || number >= p->n_blocks)
        return NULL;
    return &p->blocks[number];
}

static struct block *block_at(struct process *p, host_mem mem)
{
    struct block **slot = slot_of(p, mem);

    return slot ? *slot : NULL;
}

/* One of the calling process; NULL: none. That it was one is a misuse. */
static struct block *block_for(const char *use, host_mem mem)
{
    struct process *p = world.current->process;
    struct block *b = block_at(p, mem);

    if (!b && slot_of(p, mem))
        story_misuse(use, mem);
    return b;
}

static bool make_room(struct process *p)
{
    uint32_t room = p->blocks_room ? p->blocks_room * 2 : 64;
    struct block **blocks;

    if (p->n_blocks < p->blocks_room)
        return true;
    blocks = realloc(p->blocks, room * sizeof(struct block *));
    if (!blocks)
        return false;
    p->blocks = blocks;
    p->blocks_room = room;
    return true;
}

host_mem mem_new(struct process *p, const void *bytes, size_t size, bool fixed, uintptr_t origin)
{
    struct block *b = malloc(sizeof *b);

    if (!b || !make_room(p))
        goto no_block;
    *b = (struct block){
        .bytes = bytes ? malloc(size) : calloc(1, size), .size = size, .fixed = fixed, .origin = origin};
    if (!b->bytes)
        goto no_block;
    if (bytes)
        memcpy(b->bytes, bytes, size);
    p->blocks[p->n_blocks] = b;
    p->n_gmem++;
    return handle_of(p->n_blocks++);

no_block:
    free(b);
    return 0;
}

static void block_free(struct process *p, host_mem mem)
{
    struct block **slot = slot_of(p, mem);

    free((*slot)->bytes);
    free(*slot);
    *slot = NULL;
    p->n_gmem--;
}

uintptr_t mem_origin(host_mem mem)
{
    const struct block *b = block_at(world.current->process, mem);

    return b ? b->origin : 0;
}

const void *mem_bytes(host_mem mem, size_t *size)
{
    const struct block *b = block_at(world.current->process, mem);

    *size = b ? b->size : 0;
    return b ? b->bytes : NULL;
}

host_mem host_mem_alloc(size_t size, bool fixed)
{
    host_mem mem;

    call_begin(CALL_mem_alloc);
    if (call_fails(SIM_FAULT_mem))
        return 0;
    mem = mem_new(world.current->process, NULL, size, fixed, 0);
    story_call(CALL_mem_alloc, size, mem, 0);
    return mem;
}

host_mem host_mem_resize(host_mem mem, size_t size)
{
    struct block *b;
    unsigned char *bytes;

    call_begin(CALL_mem_resize);
    b = block_for("resized a block that has been freed", mem);
    if (!b || b->locks || call_fails(SIM_FAULT_mem))
        return 0;
    bytes = malloc(size);
    if (!bytes)
        return 0;
    memcpy(bytes, b->bytes, size < b->size ? size : b->size);
    if (size > b->size)
        memset(bytes + b->size, 0, size - b->size);
    free(b->bytes); /* a pointer into it is no good any more, wherever it lies */
    b->bytes = bytes;
    b->size = size;
    story_call(CALL_mem_resize, mem, size, 0);
    return mem;
}

void *host_mem_lock(host_mem mem)
{
    struct block *b;

    call_begin(CALL_mem_lock);
    b = block_for("locked a block that has been freed", mem);
    if (!b || call_fails(SIM_FAULT_mem_lock))
        return NULL;
    b->locks++;
    return b->bytes;
}

void host_mem_unlock(host_mem mem)
{
    struct block *b;

    call_begin(CALL_mem_unlock);
    b = block_for("unlocked a block that has been freed", mem);
    if (b && b->locks)
        b->locks--;
}

size_t host_mem_size(host_mem mem)
{
    const struct block *b;

    call_begin(CALL_mem_size);
    b = block_for("asked for the size of a block that has been freed", mem);
    return b ? b->size : 0;
}

void mem_take_back(struct process *p, host_mem mem)
{
    if (block_at(p, mem))
        block_free(p, mem);
}

void mem_give_up(host_mem mem)
{
    if (!block_for("freed a block that has been freed", mem))
        return;
    story_call(CALL_mem_free, mem, 0, 0);
    block_free(world.current->process, mem);
}

void host_mem_free(host_mem mem)
{
    call_begin(CALL_mem_free);
    mem_give_up(mem);
}

/* ---- The end of a process --------------------------------------------------------------------------------- */

void memory_end(struct process *p)
{
    while (!list_empty(&p->heap))
        piece_free(container_of(p->heap.next, struct piece, place));
    for (uint32_t i = 0; i < p->n_blocks; i++)
        if (p->blocks[i])
            block_free(p, handle_of(i));
    free(p->blocks);
    p->blocks = NULL;
    p->n_blocks = p->blocks_room = 0;
}
