/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/sim/inside.h"

#include <inttypes.h>

/* Options from a seed: most misfortunes are off, a few wildly on. */

static uint64_t mix(uint64_t *s)
{
    uint64_t z = *s += 0xD1B54A32D192ED03u;

    z = (z ^ z >> 32) * 0xABC98388FB8FAC03u;
    z = (z ^ z >> 29) * 0xABC98388FB8FAC03u;
    return z ^ z >> 32;
}

static uint32_t pick(uint64_t *s, const uint32_t *of, uint32_t n)
{
    return of[mix(s) % n];
}

#define PICK(s, ...)                                                                                         \
    pick(s, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

struct sim_options sim_options_from_seed(uint64_t seed)
{
    struct sim_options o = {.seed = seed};
    uint64_t s = seed ^ 0x5DEECE66Du;

    o.preempt_permille = PICK(&s, 0, 0, 5, 50, 300);
    if (mix(&s) % 3) {
        o.max_delay_ms = PICK(&s, 1, 10, 200, 3000);
        o.delay_permille = PICK(&s, 0, 50, 500);
    }
    o.max_late_ms = PICK(&s, 0, 0, 1, 20);
    if (mix(&s) % 4 == 0) {
        o.hang_per_million = PICK(&s, 100, 1000, 5000);
        o.max_hang_ms = PICK(&s, 10, 500, 20000);
    }
    if (mix(&s) % 8 == 0) {
        o.jump_per_million = PICK(&s, 100, 1000);
        o.max_jump_ms = PICK(&s, 100, 5000, 60000);
    }
    if (mix(&s) % 4 == 0)
        o.kill_per_million = PICK(&s, 50, 300, 2000);
    if (mix(&s) % 4 == 0)
        o.queue_limit = PICK(&s, 1, 2, 5, 20, 100);
    if (mix(&s) % 2 == 0) {
        for (unsigned n = 1 + (unsigned)(mix(&s) % 3); n > 0; n--)
            o.fault_permille[mix(&s) % SIM_FAULT_N] = (uint16_t)PICK(&s, 1, 10, 100, 500, 1000);
        o.fault_permille[SIM_FAULT_mem_lock] = 0;
    } else if (mix(&s) % 4 == 0) {
        o.fail_at = 1 + mix(&s) % 400;
        o.fail_mode = mix(&s) % 2 ? SIM_ONCE : SIM_FROM_THEN_ON;
    }
    return o;
}

void sim_options_print(const struct sim_options *o, FILE *to)
{
    fprintf(to, "seed=%" PRIu64, o->seed);
    for (int i = 0; i < SIM_FAULT_N; i++)
        if (o->fault_permille[i])
            fprintf(to, " %s=%u", sim_fault_name((enum sim_fault)i), o->fault_permille[i]);
#define SHOW(name)                                                                                           \
    if (o->name)                                                                                             \
        fprintf(to, " " #name "=%" PRIu64, (uint64_t)o->name);
    SHOW(fail_at)
    SHOW(fail_mode)
    SHOW(fail_kinds)
    SHOW(fail_one)
    SHOW(fail_process)
    SHOW(kill_at)
    SHOW(kill_process)
    SHOW(kill_per_million)
    SHOW(queue_limit)
    SHOW(max_delay_ms)
    SHOW(delay_permille)
    SHOW(preempt_permille)
    SHOW(hang_per_million)
    SHOW(max_hang_ms)
    SHOW(jump_per_million)
    SHOW(max_jump_ms)
    SHOW(max_late_ms)
    SHOW(passing)
    SHOW(lenient)
#undef SHOW
    fputc('\n', to);
}
