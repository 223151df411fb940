/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* dde ledger: what DDE resources each process holds. Servers that run as dde serve have an item for it; of
 * others only the services can be named. */

#include "ledger.h"
#include "client.h"
#include "commands.h"
#include "output.h"
#include "sys.h"

#include <stdlib.h>
#include <string.h>

/* ---- The item ----------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    size_t offset;
} columns[] = {
#define COLUMN(name) {#name, offsetof(DDEMLLEDGER, name)},
    DDEML_LEDGER_COLUMNS(COLUMN)
#undef COLUMN
};

enum { COLUMNS = sizeof columns / sizeof *columns };

static LONG *column(DDEMLLEDGER *ledger, size_t i)
{
    return (LONG *)(void *)((char *)ledger + columns[i].offset);
}

void ledger_put_own(struct text *out)
{
    DDEMLLEDGER now = {.cb = sizeof now};

    DdemlGetLedger(0, &now);
    text_printf(out, "process=%lu\tprogram=dde", sys_process_id());
    for (size_t i = 0; i < COLUMNS; i++)
        text_printf(out, "\t%s=%ld", columns[i].name, (long)*column(&now, i));
}

static bool takes_number(const char *from, size_t n, const char *name, unsigned long *value)
{
    size_t length = strlen(name);
    char *end;

    if (n <= length + 1 || strncmp(from, name, length) || from[length] != '=')
        return false;
    *value = strtoul(from + length + 1, &end, 10);
    return end == from + n;
}

static void take_member(struct ledger_row *row, const char *from, size_t n)
{
    unsigned long value;

    if (takes_number(from, n, "process", &value))
        row->process = value;
    for (size_t i = 0; i < COLUMNS; i++)
        if (takes_number(from, n, columns[i].name, &value))
            *column(&row->ledger, i) = (LONG)value;
    if (n > 8 && begins_with(from, "program=")) {
        free(row->name);
        row->name = must_alloc(n - 7);
        memcpy(row->name, from + 8, n - 8);
    }
}

bool ledger_parse(struct ledger_row *row, const char *line)
{
    *row = (struct ledger_row){.ledger.cb = sizeof row->ledger};
    while (*line) {
        size_t n = strcspn(line, "\t");

        take_member(row, line, n);
        line += n + (line[n] == '\t');
    }
    if (row->process && row->name)
        return true;
    free(row->name);
    *row = (struct ledger_row){0};
    return false;
}

/* ---- Processes ---------------------------------------------------------------------------------------- */

static struct {
    const struct options *options;
    HCONVLIST list;
    HCONV conv;
    unsigned long *seen;
    size_t n_seen;
    bool own_told;
} walk;

static bool is_new(unsigned long process)
{
    for (size_t i = 0; i < walk.n_seen; i++)
        if (walk.seen[i] == process)
            return false;
    walk.seen = must_resize(walk.seen, (walk.n_seen + 1) * sizeof *walk.seen);
    walk.seen[walk.n_seen++] = process;
    return true;
}

static bool ask(struct ledger_row *row, HCONV conv)
{
    struct transaction x = {.conv = conv, .type = XTYP_REQUEST, .format = CF_TEXT, .item = LEDGER_ITEM};
    struct text line = {0};
    bool told;

    client_adopt(conv);
    told = client_try(walk.options, &x) == DMLERR_NO_ERROR;

    if (told)
        format_decode(&line, CF_TEXT, text_of(&x.answer), x.answer.n);
    told = told && ledger_parse(row, text_of(&line));
    text_free(&line);
    text_free(&x.answer);
    return told;
}

static void name_silent(struct ledger_row *row, HCONV conv)
{
    CONVINFO info = {.cb = sizeof info};
    struct text name = {0};

    DdeQueryConvInfo(conv, QID_SYNC, &info);
    put_string(&name, client_instance(), info.hszSvcPartner);
    *row = (struct ledger_row){.name = must_copy(text_of(&name))};
    text_free(&name);
}

/* The processes, one after the other; the row's name is the caller's to free. A list that the library keeps
 * of all processes would take the place of the servers' own answers here. */
static bool next_process(struct ledger_row *row)
{
    if (!walk.own_told) {
        struct text line = {0};

        walk.own_told = true;
        is_new(sys_process_id());
        ledger_put_own(&line);
        ledger_parse(row, text_of(&line));
        text_free(&line);
        return true;
    }
    while (walk.list && may_go_on() && (walk.conv = DdeQueryNextServer(walk.list, walk.conv)) != 0) {
        if (!ask(row, walk.conv)) {
            name_silent(row, walk.conv);
            return true;
        }
        if (is_new(row->process))
            return true;
        free(row->name);
    }
    return false;
}

/* ---- Printing ----------------------------------------------------------------------------------------- */

static void print_heading(void)
{
    struct text line = {0};

    text_printf(&line, "%-8s %-16s", "process", "program");
    for (size_t i = 0; i < COLUMNS; i++)
        text_printf(&line, " %s", columns[i].name);
    print_line(&line);
    text_free(&line);
}

static void print_row(const struct options *o, struct ledger_row *row)
{
    struct text line = {0};

    if (o->json) {
        if (row->process)
            json_number(&line, "process", (long long)row->process);
        json_member(&line, row->process ? "program" : "service", row->name);
        for (size_t i = 0; i < COLUMNS && row->ledger.cb; i++)
            json_number(&line, columns[i].name, *column(&row->ledger, i));
        text_char(&line, '}');
        print_json(&line);
    } else {
        if (row->process)
            text_printf(&line, "%-8lu", row->process);
        else
            text_printf(&line, "%-8s", "?");
        text_printf(&line, " %-16s", row->name);
        for (size_t i = 0; i < COLUMNS && row->ledger.cb; i++)
            text_printf(&line, " %*ld", (int)strlen(columns[i].name), (long)*column(&row->ledger, i));
        if (!row->ledger.cb)
            text_put(&line, " does not tell");
        print_line(&line);
    }
    text_free(&line);
}

int run_ledger(const struct options *o)
{
    struct ledger_row row;
    int exit_code;
    HSZ system;

    if (o->arguments.n)
        return fail_with(EXIT_USAGE, "ledger: it takes no target: it tells of all processes");
    exit_code = client_begin(o, NULL);
    if (exit_code)
        return exit_code;
    walk.options = o;
    system = string_of(client_instance(), SZDDESYS_TOPIC);
    walk.list = DdeConnectList(client_instance(), 0, system, 0, NULL);
    if (!o->json)
        print_heading();
    while (may_go_on() && next_process(&row)) {
        print_row(o, &row);
        free(row.name);
    }
    if (walk.list)
        DdeDisconnectList(walk.list);
    client_end();
    free(walk.seen);
    memset(&walk, 0, sizeof walk);
    return exit_of_the_end();
}
