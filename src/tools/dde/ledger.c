/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* dde ledger: what DDE resources each process holds, that uses this library and dispatches its messages. */

#include "commands.h"
#include "exits.h"
#include "output.h"
#include "sys.h"

#include <stdlib.h>
#include <string.h>

static struct {
    DDEMLHOLDER *at;
    size_t n;
} holders;

static const struct {
    const char *name;
    size_t offset;
} columns[] = {
#define COLUMN(name) {#name, offsetof(DDEMLLEDGER, name)},
    DDEML_LEDGER_COLUMNS(COLUMN)
#undef COLUMN
};

enum { COLUMNS = sizeof columns / sizeof *columns };

static LONG column(const DDEMLLEDGER *ledger, size_t i)
{
    LONG value;

    memcpy(&value, (const char *)ledger + columns[i].offset, sizeof value);
    return value;
}

/* ---- Asking ------------------------------------------------------------------------------------------- */

static BOOL CALLBACK take(const DDEMLHOLDER *holder, LPVOID param)
{
    (void)param;
    holders.at = must_resize(holders.at, (holders.n + 1) * sizeof *holders.at);
    holders.at[holders.n++] = *holder;
    return !sys_interrupted();
}

static int order(DWORD a, DWORD b)
{
    return (a > b) - (a < b);
}

static int compare(const void *a, const void *b)
{
    const DDEMLHOLDER *x = a, *y = b;
    int by_process = order(x->dwProcess, y->dwProcess), by_thread = order(x->dwThread, y->dwThread);

    return by_process ? by_process : by_thread ? by_thread : order(x->idInst, y->idInst);
}

/* ---- Printing ----------------------------------------------------------------------------------------- */

static void print_heading(const struct options *o)
{
    struct text line = {0};

    text_printf(&line, "%-8s %-16s", "process", "program");
    if (o->instances)
        text_printf(&line, " %-8s %-10s", "thread", "instance");
    for (size_t i = 0; i < COLUMNS; i++)
        text_printf(&line, " %s", columns[i].name);
    print_line(&line);
    text_free(&line);
}

static void print_columns(const DDEMLHOLDER *h, const char *program, const DDEMLLEDGER *ledger, bool instance)
{
    struct text line = {0};

    text_printf(&line, "%-8lu %-16s", (unsigned long)h->dwProcess, program);
    if (instance)
        text_printf(&line, " %-8lu 0x%-8lx", (unsigned long)h->dwThread, (unsigned long)h->idInst);
    for (size_t i = 0; i < COLUMNS; i++)
        text_printf(&line, " %*ld", (int)strlen(columns[i].name), (long)column(ledger, i));
    print_line(&line);
    text_free(&line);
}

static void print_object(const DDEMLHOLDER *h, const char *program, const DDEMLLEDGER *ledger, bool instance)
{
    struct text line = {0};

    json_number(&line, "process", h->dwProcess);
    json_member(&line, "program", *program ? program : NULL);
    if (instance) {
        json_number(&line, "thread", h->dwThread);
        json_number(&line, "instance", h->idInst);
    }
    for (size_t i = 0; i < COLUMNS; i++)
        json_number(&line, columns[i].name, column(ledger, i));
    text_char(&line, '}');
    print_json(&line);
    text_free(&line);
}

static void print_holder(const struct options *o, const DDEMLHOLDER *h)
{
    const DDEMLLEDGER *ledger = o->instances ? &h->inst : &h->process;
    struct text program = {0};

    sys_program_name(h->dwProcess, &program);
    (o->json ? print_object : print_columns)(h, text_of(&program), ledger, o->instances);
    text_free(&program);
}

int run_ledger(const struct options *o)
{
    enum { USUAL_MS = 500 }; /* nobody knows how many will answer: it always takes all of its time */

    if (o->arguments.n)
        return fail_with(EXIT_USAGE, "ledger: it takes no target: it tells of all processes");
    DdemlListHolders(take, NULL, o->timeout ? (DWORD)o->timeout : USUAL_MS);
    if (holders.n)
        qsort(holders.at, holders.n, sizeof *holders.at, compare);
    if (!o->json)
        print_heading(o);
    for (size_t i = 0; i < holders.n; i++)
        if (o->instances || !i || holders.at[i].dwProcess != holders.at[i - 1].dwProcess)
            print_holder(o, &holders.at[i]);
    free(holders.at);
    memset(&holders, 0, sizeof holders);
    return sys_interrupted() ? EXIT_INTERRUPTED : EXIT_OK;
}
