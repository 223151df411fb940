/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* soak FOLDER64 FOLDER32 WARM SECONDS: every program there is, at once, each a server and a client of all the others,
 * at random and at the same time. After WARM seconds, every five minutes, and after SECONDS more, all conversations are ended, and what those of this library
 * hold is counted: the blocks of their heaps, their ledgers, and the global atoms there are. Fails unless that is equal,
 * and if one of them says nothing for too long or hears what nobody has said. The system's own are killed now and
 * then, in the middle of whatever they do; they also lose memory until they stop. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interop/people.h"

enum {
    LAST_WORD_MS = 30000,
    SYSTEMS_LAST_WORD_MS = 15000,
    CALM_MS = 20000,
    SAMPLE_MS = 300000,
    SAID_TO_LIVE = 20000,
    CONVS = 4
};

static struct agent agents[PROGRAMS];
static unsigned long long said, replaced, timeouts;
static bool failed;

static unsigned chance(unsigned n)
{
    static unsigned state = 20261123;

    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % n;
}

static bool is_ours(size_t i)
{
    return programs[i].kind == OURS;
}

static void fail(size_t i, const char *what, const char *detail)
{
    printf("FAULT: %s: %s: %s\n", programs[i].name, what, detail);
    fflush(stdout);
    failed = true;
}

/* ---- One of them ---------------------------------------------------------------------------------------------- */

static void begin(size_t i)
{
    char line[64], answer[LINE];

    if (!agent_start(&agents[i], &programs[i])) {
        printf("%s does not start\n", programs[i].path);
        exit(2);
    }
    snprintf(line, sizeof line, "serve Soak%u Stocks", (unsigned)i);
    agent_tell(&agents[i], "open A");
    agent_hear(&agents[i], answer, LAST_WORD_MS);
    agent_tell(&agents[i], line);
    agent_hear(&agents[i], answer, LAST_WORD_MS);
}

static void replace(size_t i)
{
    agent_end(&agents[i]);
    begin(i);
    replaced++;
}

static bool hear(size_t i, char answer[LINE])
{
    if (agent_hear(&agents[i], answer, programs[i].kind == SYSTEM ? SYSTEMS_LAST_WORD_MS : LAST_WORD_MS))
        return true;
    if (programs[i].kind == SYSTEM)
        replace(i);
    else
        fail(i, "it says nothing any more", "");
    return false;
}

static bool ask(size_t i, const char *line, char answer[LINE])
{
    agent_tell(&agents[i], line);
    return hear(i, answer);
}

/* The system's DDEML loses references on names, and gives up others that are not its own. Here they do not go, so that
 * nobody meets another name under the number of an old one. */
static void hold_names(void)
{
    static const char *const names[] = {"Soak0", "Soak1",  "Soak2", "Soak3", "Soak4",
                                        "Soak5", "Stocks", "Price", "Large", "Refused"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        GlobalAddAtomA(names[i]);
}

/* ---- Conversing ----------------------------------------------------------------------------------------------- */

static size_t someone_else(size_t i)
{
    size_t other;

    do
        other = chance(PROGRAMS);
    while (other == i || !programs[other].there);
    return other;
}

static void choose(size_t i, char line[LINE])
{
    static const char *const lines[] = {
        "request %u Price 5000",
        "request %u Price 5000",
        "request %u Large 5000",
        "request %u Refused 5000",
        "ask %u Price",
        "poke %u Price 42 5000",
        "poke %u Refused 1 5000",
        "execute %u [go] 5000",
        "execute %u [Refused] 5000",
        "advise %u hot Price 5000",
        "advise %u warm Price 5000",
        "advise %u ack Price 5000",
        "unadvise %u Price 5000",
        "disconnect %u",
        "disconnect %u",
    };
    enum { LINES = sizeof lines / sizeof *lines };
    unsigned dice = chance(LINES + 8), conv = chance(CONVS);

    if (dice < LINES)
        snprintf(line, LINE, lines[dice], conv);
    else if (dice < LINES + 4)
        snprintf(line, LINE, "connect %u Soak%u Stocks", conv, (unsigned)someone_else(i));
    else if (dice < LINES + 6)
        snprintf(line, LINE, "update %u", chance(1000));
    else if (dice < LINES + 7)
        snprintf(line, LINE, "burst %u", 1 + chance(30));
    else
        snprintf(line, LINE, chance(4) ? "ask %u Price" : "drop", conv);
}

/* What a request of this library's brings is a number, or Large. */
static void look_at(size_t i, const char *line, const char *answer)
{
    const char *value = answer + 3;

    timeouts += strcmp(answer, "timeout") == 0;
    if (!is_ours(i) || strncmp(answer, "ok:", 3) != 0)
        return;
    if (strstr(line, "Large") ? strcmp(value, "#3140586760") != 0
                              : !*value || strspn(value, "0123456789") != strlen(value))
        fail(i, line, answer);
}

static struct {
    char line[LINE]; /* what it is doing */
    ULONGLONG since;
} work[PROGRAMS];

static void tell(size_t i)
{
    choose(i, work[i].line);
    work[i].since = GetTickCount64();
    agent_tell(&agents[i], work[i].line);
}

/* Each gets its next line as soon as it has answered the last one; all are heard in the end. */
static void converse(ULONGLONG until)
{
    HANDLE there[PROGRAMS];
    char answer[LINE];
    DWORD n = 0;

    for (size_t i = 0; i < PROGRAMS; i++)
        if (programs[i].there)
            tell(i);
    while (GetTickCount64() < until && !failed) {
        n = 0;
        for (size_t i = 0; i < PROGRAMS; i++)
            if (programs[i].there)
                there[n++] = lines_event(agents[i].lines);
        hold_names();
        WaitForMultipleObjects(n, there, FALSE, 1000);
        for (size_t i = 0; i < PROGRAMS; i++) {
            if (!programs[i].there)
                continue;
            if (agent_hear(&agents[i], answer, 0)) {
                look_at(i, work[i].line, answer);
                said++;
                tell(i);
            } else if (GetTickCount64() - work[i].since > LAST_WORD_MS) {
                if (programs[i].kind != SYSTEM)
                    fail(i, "it says nothing any more", work[i].line);
                replace(i);
                tell(i);
            } else if (programs[i].kind == SYSTEM && chance(SAID_TO_LIVE) == 0) {
                replace(i);
                tell(i);
            }
        }
    }
    for (size_t i = 0; i < PROGRAMS; i++)
        if (programs[i].there)
            hear(i, answer);
}

/* Whatever this library keeps for a name is there from the beginning. */
static void introduce(size_t i)
{
    static const char *const lines[] = {"request 0 Price 5000", "request 0 Large 5000",
                                        "request 0 Refused 5000", "execute 0 [go] 5000", "disconnect 0"};
    char line[64], answer[LINE];

    for (size_t other = 0; other < PROGRAMS; other++) {
        snprintf(line, sizeof line, "connect 0 Soak%u Stocks", (unsigned)other);
        if (other == i || !programs[other].there || !ask(i, line, answer))
            continue;
        for (size_t k = 0; k < sizeof lines / sizeof *lines; k++)
            ask(i, lines[k], answer);
    }
}

/* ---- Counting ------------------------------------------------------------------------------------------------- */

struct sample {
    char counts[PROGRAMS][300]; /* of those of this library: blocks and ledger */
    unsigned atoms;
};

/* "Soak2(0x148)": the system's DDEML makes such a name for each instance that serves, and those that are killed leave
 * theirs behind. */
static bool is_left_by_the_killed(const char *name)
{
    unsigned i = strncmp(name, "Soak", 4) == 0 && name[5] == '(' ? (unsigned)(name[4] - '0') : PROGRAMS;

    return i < PROGRAMS && programs[i].kind == SYSTEM;
}

static unsigned atoms_in_use(void)
{
    char name[256];
    unsigned n = 0;

    for (UINT atom = 0xC000; atom <= 0xFFFF; atom++)
        n += GlobalGetAtomNameA((ATOM)atom, name, sizeof name) != 0 && !is_left_by_the_killed(name);
    return n;
}

static bool is_calm(size_t i, char answer[LINE])
{
    return ask(i, "counts", answer) && !strstr(answer, "-conversations") && !strstr(answer, "-transactions");
}

/* Ends all conversations. Those of the system's go without a word: they do not always answer the end. */
static void calm_down(void)
{
    char line[32], answer[LINE];

    for (size_t i = 0; i < PROGRAMS; i++)
        if (programs[i].kind == SYSTEM)
            agent_end(&agents[i]);
    for (size_t i = 0; i < PROGRAMS; i++) {
        for (unsigned conv = 0; conv < CONVS && agents[i].process; conv++) {
            snprintf(line, sizeof line, "disconnect %u", conv);
            ask(i, line, answer);
        }
    }
    for (size_t i = 0; i < PROGRAMS; i++) {
        ULONGLONG until = GetTickCount64() + CALM_MS;

        while (is_ours(i) && programs[i].there && !is_calm(i, answer) && GetTickCount64() < until)
            ask(i, "await 100 x", answer);
    }
}

static void take_sample(struct sample *s)
{
    char answer[LINE];

    calm_down();
    for (size_t i = 0; i < PROGRAMS; i++)
        if (is_ours(i) && programs[i].there && ask(i, "counts", answer))
            snprintf(s->counts[i], sizeof s->counts[i], "%s", answer);
    s->atoms = atoms_in_use();
    for (size_t i = 0; i < PROGRAMS; i++)
        if (programs[i].kind == SYSTEM && programs[i].there)
            begin(i);
}

static void print_sample(const char *when, const struct sample *s)
{
    printf("%s: %llu things done, %llu timeouts, %llu of the system's replaced\n", when, said, timeouts,
           replaced);
    for (size_t i = 0; i < PROGRAMS; i++)
        if (s->counts[i][0])
            printf("  %s: heap blocks, ledger: %s\n", programs[i].name, s->counts[i]);
    printf("  global atoms: %u\n", s->atoms);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct sample first, last;
    DWORD warm, rest;

    if (argc < 5)
        return 2;
    warm = 1000u * (DWORD)atoi(argv[3]);
    rest = 1000u * (DWORD)atoi(argv[4]);
    programs_find(argv[1], argv[2]);
    for (size_t i = 0; i < PROGRAMS; i++)
        if (programs[i].there)
            begin(i);
    for (size_t i = 0; i < PROGRAMS; i++)
        if (is_ours(i) && programs[i].there)
            introduce(i);
    converse(GetTickCount64() + warm);
    take_sample(&first);
    print_sample("after the first part", &first);
    for (ULONGLONG end = GetTickCount64() + rest; GetTickCount64() < end && !failed;) {
        converse(GetTickCount64() + SAMPLE_MS < end ? GetTickCount64() + SAMPLE_MS : end);
        take_sample(&last);
        print_sample(GetTickCount64() < end ? "later" : "at the end", &last);
        if (memcmp(first.counts, last.counts, sizeof first.counts) != 0 || first.atoms != last.atoms) {
            printf("FAULT: not equal\n");
            failed = true;
        }
    }
    for (size_t i = 0; i < PROGRAMS; i++)
        agent_end(&agents[i]);
    printf(failed ? "failed\n" : "equal\n");
    return failed;
}
