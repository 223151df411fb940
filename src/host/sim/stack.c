/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#define _GNU_SOURCE /* MAP_STACK */

/* Stacks of simulated threads. glibc's swapcontext makes a system call for every switch, so that it is only how a
 * new stack is entered for the first time; from then on the compiler's own setjmp goes from one to the other.
 *
 * A stack is kept for the threads to come. Its first function never returns: at its base every thread begins,
 * whatever the last one was in the middle of. */

#include "host/sim/inside.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifndef WITH_ASAN
#define WITH_ASAN 0
#endif

#if WITH_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

enum { STACK_SIZE = WITH_ASAN ? 2 << 20 : 512 << 10 };

typedef void *place[5]; /* what __builtin_setjmp fills in */

struct stack {
    struct stack *next_free;
    char *memory; /* above a page that must not be touched */
    place base, here;
    bool entered; /* else it begins at its base */
    void (*run)(void *arg);
    void *arg;
    void *fake; /* the sanitizer's */
};

static struct stack *free_stacks, *running;
static place home;
static ucontext_t home_context;

#if WITH_ASAN
static void *home_fake;
static const void *home_memory;
static size_t home_size;
#endif

/* The sanitizer is told before and after each change of stacks. */
static void going_home(struct stack *s)
{
    (void)s;
#if WITH_ASAN
    __sanitizer_start_switch_fiber(&s->fake, home_memory, home_size);
#endif
}

static void come_home(void)
{
#if WITH_ASAN
    __sanitizer_finish_switch_fiber(home_fake, NULL, NULL);
#endif
}

static void going_to(struct stack *s)
{
    (void)s;
#if WITH_ASAN
    __sanitizer_start_switch_fiber(&home_fake, s->memory, STACK_SIZE);
#endif
}

static void come_to(struct stack *s)
{
    (void)s;
#if WITH_ASAN
    __sanitizer_finish_switch_fiber(s->fake, &home_memory, &home_size);
#endif
}

/* What the last thread had on this stack is no longer there. */
static void wipe(struct stack *s)
{
    (void)s;
#if WITH_ASAN
    ASAN_UNPOISON_MEMORY_REGION(s->memory, STACK_SIZE);
    __asan_handle_no_return();
#endif
}

#define PLAIN __attribute__((noinline, no_sanitize("address", "undefined")))

_Noreturn PLAIN static void jump(void **to)
{
    __builtin_longjmp(to, 1);
}

PLAIN static void swap(void **from, void **to)
{
    if (__builtin_setjmp(from) == 0)
        jump(to);
}

PLAIN static void stack_main(void)
{
    come_to(running);
    if (__builtin_setjmp(running->base) == 0) {
        going_home(running);
        jump(home);
    }
    come_to(running);
    wipe(running);
    running->run(running->arg);
    stack_quit();
}

_Noreturn void stack_quit(void)
{
    running->entered = false;
    going_home(running);
    jump(home);
}

/* Until it has come to its base. */
PLAIN static void enter_first(const ucontext_t *first)
{
    if (__builtin_setjmp(home) == 0)
        setcontext(first);
}

static struct stack *stack_new(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct stack *s = calloc(1, sizeof *s);
    ucontext_t first;
    char *memory;

    memory =
        mmap(NULL, STACK_SIZE + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (!s || memory == MAP_FAILED || mprotect(memory, page, PROT_NONE) != 0)
        abort();
    s->memory = memory + page;
    getcontext(&first);
    first.uc_stack.ss_sp = s->memory;
    first.uc_stack.ss_size = STACK_SIZE;
    first.uc_link = &home_context;
    makecontext(&first, stack_main, 0);
    running = s;
    going_to(s);
    enter_first(&first);
    come_home();
    running = NULL;
    return s;
}

struct stack *stack_take(void (*run)(void *arg), void *arg)
{
    struct stack *s = free_stacks;

    if (s)
        free_stacks = s->next_free;
    else
        s = stack_new();
    s->run = run;
    s->arg = arg;
    s->entered = false;
    return s;
}

void stack_give(struct stack *s)
{
    s->next_free = free_stacks;
    free_stacks = s;
}

void stack_enter(struct stack *s)
{
    bool goes_on = s->entered;

    s->entered = true;
    running = s;
    going_to(s);
    swap(home, goes_on ? s->here : s->base);
    come_home();
    running = NULL;
}

void stack_leave(struct stack *s)
{
    going_home(s);
    swap(s->here, home);
    come_to(s);
}
