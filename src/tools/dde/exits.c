/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "exits.h"
#include "sys.h"
#include "text.h"

#include <stdio.h>

#define ROW(code, exit, says, advice)                                                                        \
    {                                                                                                        \
        DMLERR_##code, exit, #code, says, advice                                                             \
    }

static const char longer[] = "the server may be slow: give it more time with --timeout";
static const char fault[] = "this should not happen: please report it with the command";

static const struct dmlerr rows[] = {
    ROW(NO_CONV_ESTABLISHED, EXIT_NO_CONVERSATION, "no server answers",
        "'dde services' lists who does; '--wait' waits for one to start"),
    ROW(ADVACKTIMEOUT, EXIT_TIMEOUT, "no answer to the advise in time", longer),
    ROW(DATAACKTIMEOUT, EXIT_TIMEOUT, "no answer to the request in time", longer),
    ROW(EXECACKTIMEOUT, EXIT_TIMEOUT, "no answer to the execute in time", longer),
    ROW(POKEACKTIMEOUT, EXIT_TIMEOUT, "no answer to the poke in time", longer),
    ROW(UNADVACKTIMEOUT, EXIT_TIMEOUT, "no answer to the unadvise in time", longer),
    ROW(BUSY, EXIT_BUSY, "the server is busy", "try again later"),
    ROW(NOTPROCESSED, EXIT_REFUSED, "the server refuses",
        "see the item TopicItemList of the topic for its items, and Formats of the topic System"),
    ROW(SERVER_DIED, EXIT_DIED, "the server has ended the conversation", "see whether it is still running"),
    ROW(LOW_MEMORY, EXIT_MEMORY, "memory is low: the partner does not keep up", "slow down what is sent"),
    ROW(MEMORY_ERROR, EXIT_MEMORY, "there is not enough memory", "send less at a time"),
    ROW(SYS_ERROR, EXIT_SYSTEM, "the system has failed",
        "a name may be longer than 255 characters, or there are too many names or monitors"),
    ROW(POSTMSG_FAILED, EXIT_SYSTEM, "the message could not be posted",
        "the partner may have stopped reading"),
    ROW(INVALIDPARAMETER, EXIT_USE, "the library does not accept a value", "check the names and the format"),
    ROW(DLL_USAGE, EXIT_USE, "the library was used wrongly", fault),
    ROW(DLL_NOT_INITIALIZED, EXIT_USE, "the library is not initialised", fault),
    ROW(REENTRANCY, EXIT_USE, "another transaction is running", fault),
    ROW(UNFOUND_QUEUE_ID, EXIT_USE, "there is no such transaction", fault),
    ROW(NO_ERROR, EXIT_USE, "it failed without a reason", fault),
};

const struct dmlerr *dmlerr_of(UINT code)
{
    enum { LAST = sizeof rows / sizeof *rows - 1 };

    for (size_t i = 0; i < LAST; i++)
        if (rows[i].code == code)
            return &rows[i];
    return &rows[LAST];
}

int fail_dde(const char *what, UINT code)
{
    const struct dmlerr *e = dmlerr_of(code);
    struct text t = {0};

    text_printf(&t, "dde: %s: %s (DMLERR_%s, 0x%04x)\n", what, e->says, e->name, code);
    if (e->advice)
        text_printf(&t, "dde: %s\n", e->advice);
    sys_write_error(text_of(&t));
    text_free(&t);
    return e->exit;
}

int fail_with(int code, const char *format, ...)
{
    char line[1024];
    struct text t = {0};
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    text_printf(&t, "dde: %s\n", line);
    sys_write_error(text_of(&t));
    text_free(&t);
    return code;
}
