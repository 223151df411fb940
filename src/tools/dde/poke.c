/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* dde poke: gives an item a value. */

#include "client.h"
#include "commands.h"
#include "format.h"
#include "sys.h"

#include <string.h>

static int take_value(const struct options *o, unsigned format, struct text *bytes)
{
    struct text given = {0}, why = {0};
    const char *word = o->arguments.n ? o->arguments.at[o->arguments.n - 1] : NULL, *reason;
    int exit_code = EXIT_OK;

    if (o->file && !sys_read_file(o->file, &given, &reason))
        exit_code = fail_with(EXIT_FILE, "%s: %s", o->file, reason);
    else if (!o->file)
        text_put(&given, word);
    else if (!o->raw && given.n && given.at[given.n - 1] == '\n') /* the end of the last line is the file's */
        text_cut(&given, given.n - (given.n > 1 && given.at[given.n - 2] == '\r' ? 2 : 1));
    if (!exit_code && !value_parse(bytes, o, format, text_of(&given), given.n, &why))
        exit_code = fail_with(EXIT_USAGE, "poke: %s", text_of(&why));
    text_free(&given);
    text_free(&why);
    return exit_code;
}

static int poke(const struct options *o, const struct target *t)
{
    struct text bytes = {0};
    struct transaction x = {
        .type = XTYP_POKE, .format = o->format ? o->format : CF_TEXT, .item = t->item, .send = &bytes};
    int exit_code = take_value(o, x.format, &bytes);

    if (!exit_code)
        exit_code = client_begin(o, NULL);
    if (!exit_code) {
        x.conv = client_conversation(o, t, &exit_code);
        if (x.conv)
            exit_code = client_transact(o, &x, "poke", t);
    }
    client_end();
    text_free(&bytes);
    return exit_code;
}

int run_poke(const struct options *o)
{
    size_t values = o->file ? 0 : 1, words = o->arguments.n;
    struct target t;
    struct text why = {0};
    int exit_code;

    if (words < values || words > values + 1)
        return fail_with(EXIT_USAGE,
                         "poke: write the target and the value: dde poke 'service|topic!item' value");
    if (target_of(&t, o, words > values ? o->arguments.at[0] : NULL, NEED_ITEM, &why))
        exit_code = poke(o, &t);
    else
        exit_code = fail_with(EXIT_USAGE, "poke: %s", text_of(&why));
    target_free(&t);
    text_free(&why);
    return exit_code;
}
