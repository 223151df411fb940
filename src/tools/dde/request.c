/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* dde request: the value of one item, or of several. */

#include "client.h"
#include "commands.h"
#include "output.h"

#include "winddeml.h"

static int request(const struct options *o, const struct target *t, bool named)
{
    struct transaction x = {.type = XTYP_REQUEST, .format = o->format ? o->format : CF_TEXT, .item = t->item};
    int exit_code;

    x.conv = client_conversation(o, t, &exit_code);
    if (!x.conv)
        return exit_code;
    exit_code = client_transact(o, &x, "request", t);
    if (exit_code == EXIT_OK)
        print_value(o, &(struct shown_value){t, x.format, text_of(&x.answer), x.answer.n, false, named});
    text_free(&x.answer);
    return exit_code;
}

/* All that can be had: the exit code is that of the first failure. */
int run_request(const struct options *o)
{
    size_t n = o->arguments.n ? o->arguments.n : 1;
    int exit_code = client_begin(o, NULL);

    for (size_t i = 0; i < n && may_go_on(); i++) {
        struct target t;
        struct text why = {0};
        int now;

        if (target_of(&t, o, o->arguments.n ? o->arguments.at[i] : NULL, NEED_ITEM, &why))
            now = request(o, &t, n > 1);
        else
            now = fail_with(EXIT_USAGE, "request: %s", text_of(&why));
        exit_code = exit_code ? exit_code : now;
        target_free(&t);
        text_free(&why);
    }
    client_end();
    return exit_of_the_end() ? exit_of_the_end() : exit_code;
}
