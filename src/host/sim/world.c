/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/sim/inside.h"

#include <stdlib.h>
#include <string.h>

/* The world and its memory. */

struct world world;

/* ---- Memory ------------------------------------------------------------------------------------------- */

/* Pieces come from the end of the last chunk. Chunks stay for the next world; a large piece has one of its own. */
enum { CHUNK = 64 << 10, GRAIN = 16, GRAINS = 32 };

struct chunk {
    struct chunk *next;
    _Alignas(16) char bytes[];
};

struct spare {
    struct spare *next;
};

static struct {
    struct chunk *chunks, *used, *large;
    size_t left;
    char *at;
    struct spare *spares[GRAINS]; /* by size in grains */
} memory;

static struct chunk *chunk_new(size_t size)
{
    struct chunk *c = malloc(sizeof *c + size);

    if (!c)
        abort();
    return c;
}

static void *take(size_t size)
{
    struct chunk *c;

    if (size > CHUNK / 4) {
        c = chunk_new(size);
        c->next = memory.large;
        memory.large = c;
        return c->bytes;
    }
    if (memory.left < size) {
        c = memory.chunks;
        if (c)
            memory.chunks = c->next;
        else
            c = chunk_new(CHUNK);
        c->next = memory.used;
        memory.used = c;
        memory.at = c->bytes;
        memory.left = CHUNK;
    }
    memory.left -= size;
    memory.at += size;
    return memory.at - size;
}

static size_t grains_of(size_t size)
{
    return (size + GRAIN - 1) / GRAIN;
}

void *world_new(size_t size)
{
    size_t grains = grains_of(size);
    struct spare *spare = grains < GRAINS ? memory.spares[grains] : NULL;

    if (spare)
        memory.spares[grains] = spare->next;
    else
        spare = take(grains * GRAIN);
    return memset(spare, 0, size);
}

void world_give(void *p, size_t size)
{
    struct spare *spare = p;
    size_t grains = grains_of(size);

    if (!p || grains >= GRAINS)
        return;
    spare->next = memory.spares[grains];
    memory.spares[grains] = spare;
}

static void memory_close(void)
{
    struct chunk *c;

    while ((c = memory.used)) {
        memory.used = c->next;
        c->next = memory.chunks;
        memory.chunks = c;
    }
    while ((c = memory.large)) {
        memory.large = c->next;
        free(c);
    }
    memory.left = 0;
    memset(memory.spares, 0, sizeof memory.spares);
}

/* ---- Opening and closing ------------------------------------------------------------------------------- */

void sim_open(const struct sim_options *o)
{
    struct world old;

    if (world.is_open) /* an assertion has left it */
        sim_close();
    old = world;
    world = (struct world){
        .is_open = true,
        .options = *o,
        .now = MS(1000),
        .by_number = old.by_number,
        .threads_room = old.threads_room,
        .processes = old.processes,
        .processes_room = old.processes_room,
        .windows = old.windows,
        .windows_room = old.windows_room,
    };
    if (!world.options.queue_limit)
        world.options.queue_limit = 10000;
    list_init(&world.threads);
    list_init(&world.audience[0]);
    list_init(&world.audience[1]);
    list_init(&world.listeners);
    story_open();
    faults_open();
    world.move = o->passing == SIM_PASS_MOVE || (o->passing == SIM_PASS_BY_SEED && chance_below(2));
    world.all_known = chance_below(2);
    world.filters = chance_below(2);
    world.spares = chance_below(2) ? 16 : 0;
    world.atoms_at_once = chance_below(2);
}

/* Whoever still runs never goes on. */
void sim_close(void)
{
    for (int i = 0; i < world.n_processes; i++)
        if (!world.processes[i]->over)
            sim_kill(i);
    atoms_close();
    memory_close();
    world.is_open = false;
}

uint64_t sim_now_ms(void)
{
    return world.now / 1000;
}

const struct sim_figures *sim_figures(void)
{
    struct sim_figures *f = &world.figures;

    f->calls = world.calls;
    for (int i = 0; i < world.n_processes && i < SIM_PROCESSES; i++)
        f->by_process[i] = world.processes[i]->calls;
    return f;
}
