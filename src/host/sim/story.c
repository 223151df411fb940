/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/sim/inside.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* The story of a run: what the host did, as numbers, and what the test said, as text. The last lines are kept, and
 * written out only if somebody wants to read them; all of it goes into the digest. */

enum { DEFAULT_LINES = 400, MOST_LINES = 1 << 20, NOTE = 160, TEXT = 400 };

struct line {
    uint64_t now;
    int thread, process;
    enum call call;  /* CALL_N: a note */
    const char *api; /* a call of the API; number: it returns, what */
    uint64_t number[3];
    char note[NOTE];
};

static struct {
    struct line *lines;
    size_t room, n; /* n: all there ever were in this world */
    uint64_t digest;
    unsigned violations;
    char violation[TEXT];
} story;

void story_open(void)
{
    size_t room = world.options.story_lines ? world.options.story_lines : DEFAULT_LINES;

    if (room > MOST_LINES)
        room = MOST_LINES;
    if (room > story.room) {
        free(story.lines);
        story.lines = malloc(room * sizeof *story.lines);
        if (!story.lines)
            abort();
    }
    story.room = room;
    story.n = 0;
    story.digest = 14695981039346656037u;
    story.violations = 0;
    story.violation[0] = 0;
}

void story_mix(uint64_t value)
{
    story.digest = (story.digest ^ value) * 0x9E3779B97F4A7C15u;
    story.digest ^= story.digest >> 29;
}

const char *call_name(enum call call)
{
    static const char *const names[] = {
#define X(name) #name,
        SIM_CALLS(X) SIM_EVENTS(X)
#undef X
    };

    return names[call];
}

static void print_line(const struct line *l, FILE *to)
{
    fprintf(to, "%10.3f  p%d.t%d  ", (double)l->now / 1000, l->process, l->thread);
    if (l->api)
        fprintf(to, l->number[0] ? "%s = %llx\n" : "%s\n", l->api, (unsigned long long)l->number[1]);
    else if (l->call == CALL_N)
        fprintf(to, "-- %s\n", l->note);
    else if (l->call == CALL_fails)
        fprintf(to, "FAILS: %s\n", sim_fault_name((enum sim_fault)l->number[0]));
    else
        fprintf(to, "%s %llx %llx %llx\n", call_name(l->call), (unsigned long long)l->number[0],
                (unsigned long long)l->number[1], (unsigned long long)l->number[2]);
}

static struct line *next_line(enum call call)
{
    struct line *l = &story.lines[story.n++ % story.room];

    l->now = world.now;
    l->thread = world.current ? world.current->number : 0;
    l->process = world.current ? world.current->process->number : -1;
    l->call = call;
    l->api = NULL;
    return l;
}

void story_call(enum call call, uint64_t a, uint64_t b, uint64_t c)
{
    struct line *l = next_line(call);

    l->number[0] = a;
    l->number[1] = b;
    l->number[2] = c;
    story_mix(l->now ^ (uint64_t)call << 48 ^ (uint64_t)l->thread << 56);
    story_mix(a);
    story_mix(b ^ c << 32);
    if (world.options.loud)
        print_line(l, stderr);
}

/* Results are handles, codes and numbers; one function has a pointer, of which only counts whether it is one. */
void story_api(const char *name, unsigned number, bool returns, uintptr_t result)
{
    struct line *l = next_line(CALL_N);

    if (returns && !strcmp(name, "DdeAccessData"))
        result = result != 0;
    l->api = name;
    l->number[0] = returns;
    l->number[1] = result;
    story_mix(l->now ^ (uint64_t)number << 48 ^ (uint64_t)returns << 47);
    story_mix(result);
    if (world.options.loud)
        print_line(l, stderr);
}

static void note(const char *fmt, va_list args)
{
    struct line *l = next_line(CALL_N);
    int n = vsnprintf(l->note, sizeof l->note, fmt, args);

    story_mix(l->now ^ (uint64_t)l->thread << 56);
    for (int i = 0; i < n && i < NOTE - 1; i++)
        story_mix((unsigned char)l->note[i]);
    if (world.options.loud)
        print_line(l, stderr);
}

void sim_note(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    note(fmt, args);
    va_end(args);
}

void sim_violate(const char *fmt, ...)
{
    char text[TEXT];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (story.violations++ == 0)
        snprintf(story.violation, sizeof story.violation, "%s", text);
    sim_note("VIOLATION: %s", text);
}

void story_misuse(const char *what, uintptr_t handle)
{
    if (!world.options.lenient)
        sim_violate("%s: %llx", what, (unsigned long long)handle);
}

unsigned sim_violations(void)
{
    return story.violations;
}

const char *sim_violation(void)
{
    return story.violation;
}

uint64_t sim_digest(void)
{
    return story.digest;
}

void sim_story(FILE *to)
{
    size_t first = story.n > story.room ? story.n - story.room : 0;

    sim_options_print(&world.options, to);
    if (first)
        fprintf(to, "... %zu lines before\n", first);
    for (size_t i = first; i < story.n; i++)
        print_line(&story.lines[i % story.room], to);
    if (story.violations)
        fprintf(to, "%u violations, the first: %s\n", story.violations, story.violation);
    fprintf(to, "%s", sim_why());
}
