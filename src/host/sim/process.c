/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/sim/inside.h"

#include <stdlib.h>

/* Processes: what they have, and how they end. */

static int free_slot(void)
{
    int slot = 0;

    while (slot < SIM_PROCESSES && world.slots[slot])
        slot++;
    return slot;
}

int sim_process(void)
{
    int slot = free_slot();
    struct process *p;

    if (slot == SIM_PROCESSES)
        return -1;
    if (world.n_processes == world.processes_room) {
        world.processes_room = world.processes_room * 2 + 8;
        world.processes = realloc(world.processes, (size_t)world.processes_room * sizeof(struct process *));
        if (!world.processes)
            abort();
    }
    p = world_new(sizeof *p);
    p->number = world.n_processes;
    p->slot = slot;
    p->copy = copy_fresh(slot);
    list_init(&p->heap);
    world.slots[slot] = p;
    world.processes[world.n_processes++] = p;
    story_call(CALL_process, (uint64_t)p->number, (uint64_t)slot, 0);
    return p->number;
}

static struct process *process_at(int number)
{
    return number >= 0 && number < world.n_processes ? world.processes[number] : NULL;
}

int sim_thread(int process, void (*run)(void *arg), void *arg)
{
    struct process *p = process_at(process);

    return p && !p->over ? thread_new(p, run, arg)->number : 0;
}

static struct sim_left held_by(const struct process *p)
{
    return (struct sim_left){
        .blocks = p->n_heap,
        .gmem = p->n_gmem,
        .atoms = p->n_atoms,
        .windows = p->n_windows,
        .timers = p->n_timers,
        .queued = p->n_queued,
        .threads = (long)p->n_threads + p->n_handles,
    };
}

static void end(struct process *p)
{
    p->over = true;
    memory_end(p);
    atoms_end(p->slot);
    p->n_handles = 0;
    if (p->killed)
        p->left = held_by(p); /* nothing, or it has not been taken back */
    world.slots[p->slot] = NULL;
}

void process_settle(struct process *p)
{
    if (!p->killed)
        p->left = held_by(p);
    story_call(CALL_ends, (uint64_t)p->number, (uint64_t)p->left.blocks, (uint64_t)p->left.gmem);
    end(p);
}

void sim_kill(int process)
{
    struct process *p = process_at(process);
    struct thread *me = world.current;

    if (!p || p->over)
        return;
    world.figures.kills++;
    story_call(CALL_dies, (uint64_t)process, 0, 0);
    p->killed = true;
    list_each (node, next, &world.threads) {
        struct thread *t = container_of(node, struct thread, place);

        if (t->process == p && t != me)
            thread_stop(t);
    }
    if (me && me->process == p)
        thread_stop(me);
    end(p);
}

void sim_hang(int process, uint32_t ms)
{
    struct process *p = process_at(process);
    uint64_t until = world.now + MS(ms);

    if (!p || p->over)
        return;
    world.figures.hangs++;
    story_call(CALL_hangs, (uint64_t)process, ms, 0);
    if (until > p->hung_until)
        p->hung_until = until;
    if (world.current && world.current->process == p)
        thread_preempt();
}

void sim_spare(int process)
{
    struct process *p = process_at(process);

    if (p)
        p->spared = true;
}

bool sim_alive(int process)
{
    const struct process *p = process_at(process);

    return p && !p->over;
}

bool sim_killed(int process)
{
    const struct process *p = process_at(process);

    return p && p->killed;
}

static void add(struct sim_left *sum, struct sim_left left)
{
    sum->blocks += left.blocks;
    sum->gmem += left.gmem;
    sum->atoms += left.atoms;
    sum->windows += left.windows;
    sum->timers += left.timers;
    sum->queued += left.queued;
    sum->threads += left.threads;
}

struct sim_left sim_left(int process)
{
    const struct process *p = process_at(process);
    struct sim_left sum = {0};

    if (p)
        return p->over ? p->left : held_by(p);
    for (int i = 0; i < SIM_PROCESSES; i++)
        if (world.slots[i])
            add(&sum, held_by(world.slots[i]));
    return sum;
}

uint32_t host_process_id(void)
{
    call_begin(CALL_process_id);
    return (uint32_t)thread_current()->process->number + 1;
}
