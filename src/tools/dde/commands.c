/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The table of commands, and the help that is made of it and of the table of options. */

#include "commands.h"
#include "exits.h"
#include "output.h"

#include <string.h>

const struct command command_table[] = {
    {"services", FOR_SERVICES, run_services, "[SERVICE|TOPIC]", "lists the servers and topics that answer"},
    {"request", FOR_REQUEST, run_request, "SERVICE|TOPIC!ITEM...", "prints the value of items"},
    {"poke", FOR_POKE, run_poke, "SERVICE|TOPIC!ITEM VALUE", "gives an item a value"},
    {"execute", FOR_EXECUTE, run_execute, "SERVICE|TOPIC COMMAND...", "sends commands to a server"},
    {"advise", FOR_ADVISE, run_advise, "SERVICE|TOPIC!ITEM...",
     "prints every update of items, with its time"},
    {"fetch", FOR_FETCH, run_fetch, "SERVICE|TOPIC!ITEM...", "opens a link, then requests the value, once"},
    {"serve", FOR_SERVE, run_serve, "SERVICE[|TOPIC] [ITEM=VALUE]...", "is a server"},
    {"monitor", FOR_MONITOR, run_monitor, "[SERVICE[|TOPIC[!ITEM]]]",
     "prints what happens in DDE on this machine"},
    {"ledger", FOR_LEDGER, run_ledger, "", "prints what DDE resources each process holds"},
    {NULL, 0, NULL, NULL, NULL},
};

/* ---- Help --------------------------------------------------------------------------------------------- */

static const char about_targets[] =
    "\nA target is written as in a spreadsheet, service|topic!item, with ' around names that have\n"
    "| ! or ' in them; the shell wants quotation marks: dde request 'Prices|London!Copper'\n\n"
    "'dde COMMAND --help' tells of the options. Exit codes: 0 done, 1 usage, 2 no server answers,\n"
    "3 timeout, 4 busy, 5 refused, 6 the server has ended the conversation, 7 memory, 8 system,\n"
    "9 wrong use, 10 file or program, 130 interrupted.";

static void print_general_help(void)
{
    struct text t = {0};

    text_put(&t, "dde - Dynamic Data Exchange on the command line\n\n");
    text_put(&t, "usage: dde COMMAND [OPTION]... [TARGET]...\n\n");
    for (const struct command *c = command_table; c->name; c++)
        text_printf(&t, "  %-10s %s\n", c->name, c->says);
    text_put(&t, about_targets);
    print_line(&t);
    text_free(&t);
}

static void put_option(struct text *t, const struct option *row)
{
    struct text left = {0};

    text_put(&left, "      ");
    if (row->letter) {
        text_clear(&left);
        text_printf(&left, "  -%c, ", row->letter);
    }
    text_printf(&left, "--%s%s%s", row->name, row->argument ? " " : "", row->argument ? row->argument : "");
    text_printf(t, "\n%-26s %s", text_of(&left), row->says);
    text_free(&left);
}

static void print_help(const struct command *c)
{
    struct text t = {0};

    text_printf(&t, "usage: dde %s [OPTION]... %s\n\nThe command %s %s.\n", c->name, c->arguments, c->name,
                c->says);
    for (const struct option *row = option_table; row->name; row++)
        if (row->commands & c->bit)
            put_option(&t, row);
    print_line(&t);
    text_free(&t);
}

static void print_version(void)
{
    struct text t = {0};
    DWORD version = DdemlGetVersion();

    text_printf(&t, "dde %u.%u", (unsigned)HIWORD(version), (unsigned)LOWORD(version));
    print_line(&t);
    text_free(&t);
}

/* ---- Running ------------------------------------------------------------------------------------------ */

static const struct command *find(const char *name)
{
    for (const struct command *c = command_table; c->name; c++)
        if (!strcmp(c->name, name))
            return c;
    return NULL;
}

static int run_command(const struct command *c, int argc, char *argv[])
{
    struct options o;
    struct text why = {0};
    int exit_code = EXIT_OK;

    if (!options_parse(&o, c->bit, argc, argv, &why))
        exit_code = fail_with(EXIT_USAGE, "%s: %s; 'dde %s --help' tells what there is", c->name,
                              text_of(&why), c->name);
    else if (o.help)
        print_help(c);
    else
        exit_code = c->run(&o);
    options_free(&o);
    text_free(&why);
    return exit_code ? exit_code : output_is_lost() ? EXIT_FILE : EXIT_OK;
}

static int run_help(const char *name)
{
    const struct command *c = name ? find(name) : NULL;

    if (name && !c)
        return fail_with(EXIT_USAGE, "there is no command %s; 'dde --help' lists them", name);
    if (c)
        print_help(c);
    else
        print_general_help();
    return EXIT_OK;
}

int run_tool(int argc, char *argv[])
{
    const char *word = argc > 1 ? argv[1] : NULL;
    const struct command *c = word ? find(word) : NULL;

    if (c)
        return run_command(c, argc - 2, argv + 2);
    if (!word)
        return fail_with(EXIT_USAGE, "which command? 'dde --help' lists them");
    if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help"))
        return run_help(argc > 2 ? argv[2] : NULL);
    if (strcmp(word, "--version"))
        return fail_with(EXIT_USAGE, "there is no command %s; 'dde --help' lists them", word);
    print_version();
    return EXIT_OK;
}
