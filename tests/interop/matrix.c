/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* matrix FOLDER64 FOLDER32 [--with PROGRAM] [--only PATTERN]: every program as a client of every program, each
 * scenario. Every cell is played until nothing of ours grows any more, and judged: passed, failed by the partner in a
 * way that is known, or a fault. Ends with docs/interop.md's table. Fails if there is a fault and one of the two is of
 * this library. */

#include "interop/matrix.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LAST_WORD_MS = 15000,
    SYSTEMS_LAST_WORD_MS = 5500,
    PATIENT_MS = 8000,
    IMPATIENT_MS = 1000,
    HASTY_MS = 200,
    PLAYS = 5
};

/* ---- What is known of the system's DDEML ---------------------------------------------------------------------- */

/* Each is seen in the same words when the partner is the raw program, which has nothing of this library in it. */
static const struct known {
    enum end end;                /* what the system's is, where this is so */
    const char *scenario, *text; /* both begin so */
    const char *why;
} knowns[] = {
#define WHY "The system's client completes an asynchronous request of the system's server twice."
    {CLIENT, "request",
     "client: events: expected complete:Price=100, came complete:Price=100,complete:Price=-", WHY},
#undef WHY
#define WHY "The system's client takes every answer to a poke for a plain yes."
    {CLIENT, "poke", "client: poke 0 Price 42 5000: expected ok+2A, came ok", WHY},
    {CLIENT, "poke", "client: poke 0 Refused 1 5000: expected refused, came ok", WHY},
    {CLIENT, "poke", "client: poke 0 Busy 2 5000: expected busy, came ok", WHY},
#undef WHY
#define WHY "The system's client tells a busy answer to an execute as a refusal."
    {CLIENT, "execute", "client: execute 0 [Busy] 5000: expected busy, came refused", WHY},
#undef WHY
#define WHY                                                                                                  \
    "The system's client loses the names of updates: those that it acknowledges, and those that are queued when it \
disconnects (Q170626)."
    {CLIENT, "acknowledged link", "client: references on names are left: 1 of", WHY},
    {CLIENT, "client ends", "client: references on names are left", WHY},
#undef WHY
#define WHY "The system's client delivers an update after it has disconnected."
    {CLIENT, "client ends", "client: events: expected -, came data:Price=1", WHY},
#undef WHY
#define WHY                                                                                                  \
    "The system's client is not told of the end by its server, nor of what becomes of its transactions."
    {CLIENT, "server ends", "client: events: expected complete:Price=-,disconnect, came -", WHY},
    {CLIENT, "client hung", "client: events: expected at the end data:Price=50,disconnect, came", WHY},
#undef WHY
#define WHY "The system's client does not notice that its server has died, and waits until time is up."
    {CLIENT, "server killed", "client: answer: expected gone, came timeout", WHY},
    {CLIENT, "server killed", "client: events: expected disconnect, came -", WHY},
#undef WHY
#define WHY "The system's client gets another error than that there is nobody."
    {CLIENT, "server killed",
     "client: connect 1 Interop Stocks: expected none, came none, with another error", WHY},
#undef WHY
#define WHY "The system's DdeConnect stands still as long as any window of any program does."
    {CLIENT, "server hung", "client: connect 1 Nobody Stocks: it says nothing", WHY},
#undef WHY
#define WHY "The system's server refuses what its callback accepts with an application's byte in the answer."
    {SERVER, "poke", "client: poke 0 Price 42 5000: expected ok+2A, came refused", WHY},
#undef WHY
#define WHY "The system's server loses the names of links and of their updates."
    {SERVER, "hot link", "server: references on names are left: 1 of", WHY},
    {SERVER, "warm link", "server: references on names are left: 1 of", WHY},
#undef WHY
#define WHY "The system's server asks for a value that a warm link does not send."
    {SERVER, "warm link", "server: events: expected -, came advreq:Price", WHY},
#undef WHY
#define WHY                                                                                                  \
    "The system's server sends every value without waiting for an acknowledgement, and does not ask for "    \
    "one."
    {SERVER, "acknowledged link",
     "client: events: expected data:Price=1,data:Price=5, came data:Price=1,data:Price=2,", WHY},
#undef WHY
#define WHY                                                                                                  \
    "The system's server cannot end a conversation: DdeDisconnect fails without an error, and it goes on."
    {SERVER, "server ends", "server: answer: expected ok, came 0000", WHY},
    {SERVER, "server ends", "client: events: expected complete:Price=-,disconnect, came complete:Price=100",
     WHY},
    {SERVER, "server ends", "client: events: expected -, came complete:Price=100", WHY},
    {SERVER, "server ends", "client: request 0 Price 5000: expected gone, came", WHY},
    {SERVER, "server ends", "server: events: expected -, came request:Price,request:Price", WHY},
    {SERVER, "server ends", "server: events: expected -, came disconnect", WHY},
    {SERVER, "both end", "server: answer: expected ok, came 0000", WHY},
    {SERVER, "both end", "server: events: expected -, came disconnect", WHY},
    {SERVER, "client hung", "server: drop: expected ok, came 0000", WHY},
    {SERVER, "client hung", "client: events: expected at the end data:Price=50,disconnect, came", WHY},
    {SERVER, "client hung", "server: events: expected -, came disconnect", WHY},
#undef WHY
#define WHY "The system's server does not notice that its client has died; updates fail from then on."
    {SERVER, "client killed", "server: events: expected disconnect, came -", WHY},
    {SERVER, "client killed", "server: update 102: expected ok, came 400C", WHY},
    {SERVER, "client killed", "server: events: expected -, came advreq:Price", WHY},
#undef WHY
};

/* ---- A cell --------------------------------------------------------------------------------------------------- */

static const char *const end_names[] = {"client", "server"};

bool cell_is(const struct cell *c, enum end end, enum kind kind)
{
    return c->ends[end]->program->kind == kind;
}

static bool involves(const struct cell *c, enum kind kind)
{
    return cell_is(c, CLIENT, kind) || cell_is(c, SERVER, kind);
}

static int known_row(const struct cell *c, const char *text)
{
    for (size_t i = 0; i < sizeof knowns / sizeof *knowns; i++) {
        const struct known *k = &knowns[i];

        if (cell_is(c, k->end, SYSTEM) && strncmp(c->scenario->name, k->scenario, strlen(k->scenario)) == 0 &&
            strncmp(text, k->text, strlen(k->text)) == 0)
            return (int)i;
    }
    return -1;
}

void cell_deviates(struct cell *c, enum end end, const char *format, ...)
{
    struct deviation *d = &c->deviations[c->n < DEVIATIONS ? c->n++ : DEVIATIONS - 1];
    int n = snprintf(d->text, sizeof d->text, "%s: ", end_names[end]);
    va_list args;

    va_start(args, format);
    vsnprintf(d->text + n, sizeof d->text - (size_t)n, format, args);
    va_end(args);
    d->end = end;
    d->known = known_row(c, d->text);
}

static const char *hear(struct cell *c, enum end end, const char *to)
{
    static char said[LINE];
    DWORD ms = cell_is(c, end, SYSTEM) ? SYSTEMS_LAST_WORD_MS : LAST_WORD_MS;

    if (!agent_hear(c->ends[end], said, ms)) {
        cell_deviates(c, end, "%s: it says nothing for %lu s", to, ms / 1000);
        c->broken = true;
        longjmp(c->out, 1);
    }
    return said;
}

const char *cell_ask(struct cell *c, enum end end, const char *line)
{
    agent_tell(c->ends[end], line);
    return hear(c, end, line);
}

static bool compare(struct cell *c, enum end end, const char *about, const char *expected, const char *said)
{
    if (strcmp(said, expected) == 0)
        return true;
    cell_deviates(c, end, "%s: expected %s, came %s", about, expected, said);
    return false;
}

bool cell_expect(struct cell *c, enum end end, const char *line, const char *answer)
{
    return compare(c, end, line, answer, cell_ask(c, end, line));
}

static void await(struct cell *c, enum end end, const char *verb, const char *expected)
{
    char line[LINE], plain[LINE] = "";
    bool callbacks = !cell_is(c, end, RAW);

    for (const char *word = expected, *comma; *word; word = comma + (*comma == ',')) {
        comma = strchr(word, ',');
        comma = comma ? comma : word + strlen(word);
        if (*word == '!' && !callbacks)
            continue;
        word += *word == '!';
        snprintf(plain + strlen(plain), sizeof plain - strlen(plain), "%s%.*s", *plain ? "," : "",
                 (int)(comma - word), word);
    }
    if (!*plain)
        strcpy(plain, "-");
    snprintf(line, sizeof line, "%s %lu %s", verb, c->patience, plain);
    if (strcmp(verb, "await") == 0) {
        compare(c, end, "events", plain, cell_ask(c, end, line));
    } else {
        const char *said = cell_ask(c, end, line);
        size_t n = strlen(said), size = strlen(plain);

        if (n < size || strcmp(said + n - size, plain) != 0)
            cell_deviates(c, end, "events: expected at the end %s, came %s%s", plain, n > 40 ? "..." : "",
                          n > 40 ? said + n - 40 : said);
    }
}

void cell_events(struct cell *c, enum end end, const char *expected)
{
    await(c, end, "await", expected);
}

void cell_events_end(struct cell *c, enum end end, const char *expected)
{
    await(c, end, "until", expected);
}

void cell_forget_events(struct cell *c, enum end end)
{
    cell_ask(c, end, "await 0 -");
}

static HANDLE now;

void cell_freeze(struct cell *c, enum end end, const char *line)
{
    char whole[LINE];

    snprintf(whole, sizeof whole, "together %s", line);
    ResetEvent(now);
    cell_expect(c, end, whole, "waiting");
}

void cell_thaw(void)
{
    SetEvent(now);
}

void cell_answer(struct cell *c, enum end end, const char *answer)
{
    compare(c, end, "answer", answer, hear(c, end, "what was begun"));
}

void cell_kill(struct cell *c, enum end end)
{
    TerminateProcess(c->ends[end]->process, 0);
    WaitForSingleObject(c->ends[end]->process, INFINITE);
}

static bool is_alive(const struct cell *c, enum end end)
{
    return WaitForSingleObject(c->ends[end]->process, 0) == WAIT_TIMEOUT;
}

/* ---- One play ------------------------------------------------------------------------------------------------- */

enum { CREDIT = 50 };

static const char *const names[] = {SERVICE, TOPIC, "Nothing", "Nobody", "Price", "Large", "Refused", "Busy"};

static int take_away(const char *name)
{
    int n = 0;

    for (ATOM atom; (atom = GlobalFindAtomA(name)) != 0; n++)
        GlobalDeleteAtom(atom);
    return n;
}

/* References on the names of the conversations are added, so that it can be counted what has become of them. */
static void lend_names(void)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        take_away(names[i]);
        for (int n = 0; n < CREDIT; n++)
            GlobalAddAtomA(names[i]);
    }
}

/* How many are there that nobody holds any more, and how many have been given up by somebody who had none? */
static void take_names_back(int *left, int *missing)
{
    *left = *missing = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int surplus = take_away(names[i]) - CREDIT;

        *(surplus > 0 ? left : missing) += abs(surplus);
    }
}

static void look_at_names(struct cell *c)
{
    enum end end = cell_is(c, CLIENT, SYSTEM) && !cell_is(c, SERVER, SYSTEM) ? CLIENT : SERVER;
    int left, missing;

    take_names_back(&left, &missing);
    if (c->broken || c->scenario->kills)
        return;
    if (left)
        cell_deviates(c, end, "references on names are left: %d of them", left);
    if (missing)
        cell_deviates(c, end, "references on names are given up by who has none: %d of them", missing);
}

static void look_at_ledger(struct cell *c, enum end end)
{
    char said[LINE];

    if (!cell_is(c, end, OURS) || !is_alive(c, end))
        return;
    snprintf(said, sizeof said, "%s", cell_ask(c, end, "counts"));
    if (strcmp(strchr(said, ' '), " -") != 0)
        cell_deviates(c, end, "left in the ledger:%s", strchr(said, ' '));
}

/* Blocks of the heap of those of this library. */
static void count_blocks(struct cell *c, unsigned blocks[2])
{
    if (c->broken || setjmp(c->out) != 0)
        return;
    for (enum end end = CLIENT; end <= SERVER; end++)
        blocks[end] =
            cell_is(c, end, OURS) && is_alive(c, end) ? (unsigned)atoi(cell_ask(c, end, "counts")) : 0;
}

static void leave(struct cell *c)
{
    for (enum end end = CLIENT; end <= SERVER; end++)
        if (is_alive(c, end))
            cell_expect(c, end, "close", "ok");
    for (enum end end = CLIENT; end <= SERVER; end++) {
        if (!is_alive(c, end))
            continue;
        cell_events(c, end, "");
        look_at_ledger(c, end);
    }
}

static void play(struct cell *c)
{
    lend_names();
    if (setjmp(c->out) == 0) {
        for (enum end end = CLIENT; end <= SERVER; end++)
            cell_expect(c, end, c->scenario->wide[end] ? "open W" : "open A", "ok");
        cell_expect(c, SERVER, "serve " SERVICE " " TOPIC, "ok");
        c->scenario->play(c);
    }
    if (!c->broken && setjmp(c->out) == 0)
        leave(c);
    look_at_names(c);
    if (!c->broken && setjmp(c->out) == 0)
        for (enum end end = CLIENT; end <= SERVER && c->n; end++)
            if (is_alive(c, end))
                snprintf(c->trace[end], sizeof c->trace[end], "%s", cell_ask(c, end, "trace"));
}

/* Starts whoever is not there, or is not to be trusted any more. */
static void call(struct cell *c, const struct program *const programs_of[2])
{
    for (enum end end = CLIENT; end <= SERVER; end++) {
        if (c->ends[end]->process && is_alive(c, end) && !c->broken)
            continue;
        agent_end(c->ends[end]);
        if (!agent_start(c->ends[end], programs_of[end])) {
            fprintf(stderr, "%s does not start\n", programs_of[end]->path);
            exit(2);
        }
    }
    c->broken = false;
}

/* Plays it again as long as that leaves more and more behind: what is made once is made in the first one. */
static void look_for_growth(struct cell *c, const struct program *const programs_of[2])
{
    struct cell again = {.scenario = c->scenario, .ends = {c->ends[0], c->ends[1]}, .patience = c->patience};
    unsigned before[2] = {0}, after[2] = {0};
    bool grown = true;

    if (c->n) /* nobody waits once more for what will not come */
        again.patience = HASTY_MS;
    for (int i = 0; i < PLAYS && grown && !again.broken; i++) {
        call(&again, programs_of);
        count_blocks(&again, before);
        play(&again);
        count_blocks(&again, after);
        grown = after[CLIENT] > before[CLIENT] || after[SERVER] > before[SERVER];
    }
    for (enum end end = CLIENT; end <= SERVER && grown; end++)
        if (after[end] > before[end])
            cell_deviates(c, end, "blocks of the heap are left each time: %u", after[end] - before[end]);
    c->broken = again.broken;
}

static bool has_unknown(const struct cell *c)
{
    for (unsigned i = 0; i < c->n; i++)
        if (c->deviations[i].known < 0)
            return true;
    return false;
}

static bool is_fault(const struct cell *c)
{
    return involves(c, OURS) && has_unknown(c);
}

static void judge(struct cell *c, const struct program *const programs_of[2])
{
    bool dear;

    call(c, programs_of);
    dear = involves(c, OURS);
    c->patience = dear && !involves(c, SYSTEM) ? PATIENT_MS : IMPATIENT_MS;
    play(c);
    if (is_fault(c) && c->patience != PATIENT_MS) { /* was it the hurry? */
        c->patience = PATIENT_MS;
        c->n = 0;
        c->broken = true;
        call(c, programs_of);
        play(c);
    }
    if (dear && !c->broken)
        look_for_growth(c, programs_of);
}

/* ---- The report ----------------------------------------------------------------------------------------------- */

enum { NOTES = 200 };

static struct note {
    char text[4 * TEXT];
    char key[2 * TEXT];
} notes[NOTES];
static unsigned n_notes, n_cells, n_passed, n_theirs, n_faults;

/* One note for what is known, wherever it is seen, with the first evidence; one for each other thing. */
static unsigned note_of(const struct cell *c, const struct deviation *d)
{
    char key[2 * TEXT];
    unsigned i = 0;

    if (d->known >= 0)
        snprintf(key, sizeof key, "%s", knowns[d->known].why);
    else
        snprintf(key, sizeof key, "%s %s", c->scenario->name, d->text);
    while (i < n_notes && strcmp(notes[i].key, key) != 0)
        i++;
    if (i < n_notes || n_notes == NOTES)
        return i + 1;
    n_notes++;
    strcpy(notes[i].key, key);
    snprintf(notes[i].text, sizeof notes[i].text,
             "%s%sSeen as: %s to %s, %s; %s. Received by the client: %s; by the server: %s.",
             d->known >= 0 ? knowns[d->known].why : "", d->known >= 0 ? " " : "",
             c->ends[CLIENT]->program->name, c->ends[SERVER]->program->name, c->scenario->name, d->text,
             c->trace[CLIENT], c->trace[SERVER]);
    return i + 1;
}

static void report(const struct cell *c, char *row, size_t size)
{
    size_t n = strlen(row);
    unsigned last = 0;

    n_cells++;
    if (!c->n) {
        n_passed++;
        snprintf(row + n, size - n, " + |");
        return;
    }
    if (is_fault(c))
        n_faults++;
    else
        n_theirs++;
    n += (size_t)snprintf(row + n, size - n, is_fault(c) ? " FAULT" : "");
    for (unsigned i = 0; i < c->n; i++) {
        unsigned note = note_of(c, &c->deviations[i]);

        if (note != last)
            n += (size_t)snprintf(row + n, size - n, " [%u]", note);
        last = note;
        printf("%s > %s, %s: %s%s\n", c->ends[CLIENT]->program->name, c->ends[SERVER]->program->name,
               c->scenario->name,
               c->deviations[i].known >= 0 ? "(known) "
               : is_fault(c)               ? "FAULT: "
                                           : "",
               c->deviations[i].text);
    }
    printf("    received by the client: %s\n    received by the server: %s\n", c->trace[CLIENT],
           c->trace[SERVER]);
    snprintf(row + n, size - n, " |");
}

/* ---- All of it ------------------------------------------------------------------------------------------------ */

static char rows[PROGRAMS * PROGRAMS][2000];
static unsigned n_rows;

static void play_pair(const struct program *client, const struct program *server, const char *only)
{
    const struct program *const programs_of[2] = {client, server};
    static struct agent agents[2];
    ULONGLONG begin = GetTickCount64();
    char *row = rows[n_rows++];
    bool broken = false;

    snprintf(row, sizeof *rows, "| %s | %s |", client->name, server->name);
    for (size_t i = 0; i < SCENARIOS; i++) {
        struct cell c = {.scenario = &scenarios[i], .ends = {&agents[0], &agents[1]}, .broken = broken};

        if (only && !strstr(scenarios[i].name, only))
            continue;
        judge(&c, programs_of);
        call(&c, programs_of);
        broken = c.n != 0;
        report(&c, row, sizeof *rows);
        fflush(stdout);
    }
    agent_end(&agents[0]);
    agent_end(&agents[1]);
    printf("%s (%.1f s)\n", row, (double)(GetTickCount64() - begin) / 1000);
    fflush(stdout);
}

static void print_table(void)
{
    printf("<!-- table -->\n\n| Client | Server |");
    for (size_t i = 0; i < SCENARIOS; i++)
        printf(" %s |", scenarios[i].name);
    printf("\n|---|---|");
    for (size_t i = 0; i < SCENARIOS; i++)
        printf("---|");
    printf("\n");
    for (unsigned i = 0; i < n_rows; i++)
        printf("%s\n", rows[i]);
    printf("\n%u cells: %u passed, %u failed by the partner, %u faults of this library.\n\n", n_cells,
           n_passed, n_theirs, n_faults);
    for (unsigned i = 0; i < n_notes; i++)
        printf("%u. %s\n", i + 1, notes[i].text);
    printf("\n<!-- end -->\n");
}

int main(int argc, char **argv)
{
    const char *with = NULL, *only = NULL;

    if (argc < 3)
        return 2;
    programs_find(argv[1], argv[2]);
    for (int i = 3; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--with") == 0)
            with = argv[i + 1];
        else if (strcmp(argv[i], "--only") == 0)
            only = argv[i + 1];
    }
    now = CreateEventA(NULL, TRUE, FALSE, "ddeml-interop-now");
    for (const struct program *client = programs; client < programs + PROGRAMS; client++)
        for (const struct program *server = programs; server < programs + PROGRAMS; server++)
            if (client->there && server->there &&
                (!with || strstr(client->name, with) || strstr(server->name, with)))
                play_pair(client, server, only);
    print_table();
    return n_faults || !n_cells;
}
