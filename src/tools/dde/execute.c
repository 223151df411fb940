/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* dde execute: sends commands, one after the other, until one fails. */

#include "client.h"
#include "commands.h"
#include "format.h"
#include "sys.h"

/* In Unicode: the library makes of it what the server's kind of window wants. */
static int execute(const struct options *o, const struct target *t, HCONV conv, const char *command)
{
    struct text bytes = {0};
    struct transaction x = {.conv = conv, .type = XTYP_EXECUTE, .send = &bytes};
    int exit_code;

    format_encode(&bytes, CF_UNICODETEXT, command);
    exit_code = client_transact(o, &x, "execute in", t);
    text_free(&bytes);
    return exit_code;
}

static int execute_all(const struct options *o, const struct target *t, size_t first)
{
    int exit_code = client_begin(o, NULL);
    HCONV conv = exit_code ? 0 : client_conversation(o, t, &exit_code);

    for (size_t i = first; conv && !exit_code && i < o->arguments.n; i++)
        exit_code = execute(o, t, conv, o->arguments.at[i]);
    client_end();
    return exit_code;
}

int run_execute(const struct options *o)
{
    size_t first = o->service ? 0 : 1;
    struct target t;
    struct text why = {0};
    int exit_code;

    if (o->arguments.n <= first)
        return fail_with(
            EXIT_USAGE, "execute: write the target and the command: dde execute 'service|topic' '[command]'");
    /* The words are not items here. */
    if (target_of(&t, o, first ? o->arguments.at[0] : NULL, NEED_TOPIC, &why) && !t.item)
        exit_code = execute_all(o, &t, first);
    else
        exit_code = fail_with(EXIT_USAGE, "execute: %s",
                              why.n ? text_of(&why) : "a command has no item: write service|topic");
    target_free(&t);
    text_free(&why);
    return exit_code;
}
