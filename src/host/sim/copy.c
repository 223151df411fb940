/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/sim/copy.h"

#include "host/sim/inside.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

/* A copy is loaded when it is needed first. A process gets it as it was then, which takes a few thousand
 * instructions. */

struct loaded {
    const struct copy *copy;
    uint64_t *pristine;
};

static struct loaded all[SIM_PROCESSES];

/* Not memcpy: between the globals is what the sanitizer does not let anybody read. */
__attribute__((no_sanitize("address"))) static void copy_words(uint64_t *to, const uint64_t *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        to[i] = from[i];
        __asm__("" ::: "memory");
    }
}

static size_t words(const struct copy *c)
{
    return (size_t)(c->state_end - c->state) / sizeof(uint64_t);
}

static void load(int slot)
{
    struct loaded *l = &all[slot];
    char path[4096];
    void *library;

    snprintf(path, sizeof path, "%s-%d.so", SIM_LIBRARY, slot);
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    l->copy = library ? dlsym(library, "sim_copy") : NULL;
    if (!l->copy) {
        fprintf(stderr, "sim: %s\n", dlerror());
        abort();
    }
    l->pristine = malloc(words(l->copy) * sizeof(uint64_t));
    if (!l->pristine)
        abort();
    copy_words(l->pristine, (const uint64_t *)(const void *)l->copy->state, words(l->copy));
}

const struct copy *copy_fresh(int slot)
{
    struct loaded *l = &all[slot];

    if (!l->copy)
        load(slot);
    else
        copy_words((uint64_t *)(void *)l->copy->state, l->pristine, words(l->copy));
    *l->copy->spares_most = world.spares; /* whatever a sanitizer makes of it: one seed, one run */
    return l->copy;
}
