/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/sim/inside.h"

/* Chance: two streams of numbers from one seed, one for what the host decides and one for the test. And what may
 * happen to a host call. */

static struct {
    uint64_t host, test;
} streams;

/* splitmix64 */
static uint64_t next(uint64_t *stream)
{
    uint64_t z = *stream += 0x9E3779B97F4A7C15u;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static uint32_t below(uint64_t *stream, uint32_t n)
{
    return n ? (uint32_t)((next(stream) >> 32) * n >> 32) : 0;
}

uint64_t chance_raw(void)
{
    return next(&streams.host);
}

uint32_t chance_below(uint32_t n)
{
    return below(&streams.host, n);
}

bool chance_permille(uint32_t permille)
{
    return permille && chance_below(1000) < permille;
}

uint64_t sim_random(void)
{
    return next(&streams.test);
}

uint32_t sim_below(uint32_t n)
{
    return below(&streams.test, n);
}

bool sim_permille(uint32_t permille)
{
    return permille && sim_below(1000) < permille;
}

/* ---- Between two host calls ----------------------------------------------------------------------------- */

/* The call at which something that happens so often happens next. */
static uint64_t after(uint32_t often, uint32_t of)
{
    uint32_t mean;

    if (!often)
        return FOREVER;
    mean = of / often ? of / often : 1;
    return world.calls + 1 + chance_below(2 * mean - 1);
}

static void next_chance(void)
{
    const uint64_t all[] = {world.next_kill, world.next_hang, world.next_jump, world.next_preempt};

    world.next_chance = FOREVER;
    for (int i = 0; i < 4; i++)
        if (all[i] < world.next_chance)
            world.next_chance = all[i];
}

void faults_open(void)
{
    const struct sim_options *o = &world.options;

    streams.host = o->seed * 2;
    streams.test = o->seed * 2 + 1;
    next(&streams.host);
    next(&streams.test);
    world.next_kill = after(o->kill_per_million, 1000000);
    world.next_hang = after(o->hang_per_million, 1000000);
    world.next_jump = after(o->jump_per_million, 1000000);
    world.next_preempt = after(o->preempt_permille, 1000);
    next_chance();
}

static void take_chance(struct thread *me)
{
    const struct sim_options *o = &world.options;
    bool calm = me->calm || me->process->spared;

    if (world.calls >= world.next_jump) {
        world.next_jump = after(o->jump_per_million, 1000000);
        if (!calm)
            sim_jump(1 + chance_below(o->max_jump_ms));
    }
    if (world.calls >= world.next_kill) {
        world.next_kill = after(o->kill_per_million, 1000000);
        next_chance();
        if (!calm)
            sim_kill(me->process->number);
    }
    if (world.calls >= world.next_hang) {
        world.next_hang = after(o->hang_per_million, 1000000);
        if (!calm)
            sim_hang(me->process->number, 1 + chance_below(o->max_hang_ms));
    }
    if (world.calls >= world.next_preempt) {
        world.next_preempt = after(o->preempt_permille, 1000);
        next_chance();
        thread_preempt();
    }
    next_chance();
}

/* A thread that never waits lets others go on after so many calls. */
enum { QUANTUM = 10000 };

void call_begin(enum call call)
{
    struct thread *me = thread_current();
    struct process *p = me->process;

    world.now++;
    world.calls++;
    p->calls++;
    story_mix((uint64_t)call << 32 ^ (uint64_t)me->number);
    if (p->lock_owner == me && call != CALL_unlock)
        story_misuse("called the host under its lock", (uintptr_t)call);
    if (p->calls == world.options.kill_at && p->number == world.options.kill_process)
        sim_kill(p->number);
    if (world.calls >= world.next_chance)
        take_chance(me);
    if (++me->quantum >= QUANTUM)
        thread_preempt();
}

/* ---- Failures ------------------------------------------------------------------------------------------- */

const char *sim_fault_name(enum sim_fault fault)
{
    static const char *const names[] = {
#define X(name) #name,
        SIM_FAULTS(X)
#undef X
    };

    return names[fault];
}

static bool counted_out(enum sim_fault fault)
{
    const struct sim_options *o = &world.options;
    uint64_t n;

    if (!((o->fail_kinds ? o->fail_kinds : ~(1u << SIM_FAULT_mem_lock)) & 1u << fault) ||
        (o->fail_one && o->fail_process != world.current->process->number))
        return false;
    n = ++world.figures.fallible;
    if (!o->fail_at)
        return false;
    return o->fail_mode == SIM_ONCE ? n == o->fail_at : n >= o->fail_at;
}

bool call_fails(enum sim_fault fault)
{
    bool fails;

    if (world.current->calm)
        return false;
    fails = counted_out(fault);
    fails |= chance_permille(world.options.fault_permille[fault]);
    if (!fails)
        return false;
    world.figures.fired[fault]++;
    world.figures.n_fired++;
    story_call(CALL_fails, fault, 0, 0);
    return true;
}

void sim_calm_begin(void)
{
    thread_current()->calm++;
}

void sim_calm_end(void)
{
    thread_current()->calm--;
}

void sim_jump(uint32_t ms)
{
    world.now += MS(ms);
    if (world.current)
        world.current->excused += MS(ms);
    world.figures.jumps++;
    story_call(CALL_jumps, ms, 0, 0);
}
