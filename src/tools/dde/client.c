/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "client.h"
#include "output.h"
#include "sys.h"

#include <stdlib.h>
#include <string.h>

struct talk {
    char *service, *topic;
    HCONV conv; /* 0: it has ended */
};

static struct {
    DWORD inst;
    client_update update;
    struct talk *talks;
    size_t n;
    /* the transaction that is waited for */
    struct {
        DWORD id;
        bool complete, succeeded;
        UINT flags;
        struct transaction *x;
    } waited;
} client;

/* ---- Strings and data --------------------------------------------------------------------------------- */

HSZ string_of(DWORD inst, const char *utf8)
{
    WCHAR *wide;
    HSZ hsz;

    if (!utf8)
        return 0;
    wide = utf16_of(utf8, NULL);
    hsz = DdeCreateStringHandleW(inst, wide, CP_WINUNICODE);
    free(wide);
    return hsz;
}

void put_string(struct text *out, DWORD inst, HSZ hsz)
{
    WCHAR wide[256];
    DWORD n = hsz ? DdeQueryStringW(inst, hsz, wide, 256, CP_WINUNICODE) : 0;

    text_utf16(out, wide, n);
}

void put_data(struct text *out, HDDEDATA data)
{
    DWORD size = 0;
    LPBYTE bytes = DdeAccessData(data, &size);

    text_add(out, bytes ? (const void *)bytes : "", bytes ? size : 0);
    if (bytes)
        DdeUnaccessData(data);
}

/* ---- Waiting ------------------------------------------------------------------------------------------ */

enum { SLICE_MS = 50 }; /* so soon an interruption is noticed */

bool may_go_on(void)
{
    return !sys_interrupted() && !output_is_lost();
}

int exit_of_the_end(void)
{
    return sys_interrupted() ? EXIT_INTERRUPTED : output_is_lost() ? EXIT_FILE : EXIT_OK;
}

void client_wait(uint64_t ms)
{
    if (may_go_on())
        DdemlDispatch(ms < SLICE_MS ? (DWORD)ms : SLICE_MS);
}

static uint64_t left_until(uint64_t until)
{
    uint64_t now = sys_now_ms();

    return now < until ? until - now : 0;
}

/* ---- The callback ------------------------------------------------------------------------------------- */

static void take_completion(HDDEDATA data, ULONG_PTR id, ULONG_PTR flags)
{
    struct transaction *x = client.waited.x;

    if (client.waited.complete || id != client.waited.id)
        return;
    client.waited.complete = true;
    client.waited.succeeded = data != 0;
    client.waited.flags = LOWORD(flags);
    if (data && (x->type & XCLASS_MASK) == XCLASS_DATA)
        put_data(&x->answer, data);
    if (data && x->answered)
        x->answered(x);
}

static struct talk *talk_of(HCONV conv)
{
    for (size_t i = 0; i < client.n; i++)
        if (client.talks[i].conv == conv)
            return &client.talks[i];
    return NULL;
}

static HDDEDATA CALLBACK callback(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR d1, ULONG_PTR d2)
{
    struct talk *talk;

    (void)hsz1;
    switch (type) {
    case XTYP_XACT_COMPLETE:
        take_completion(data, d1, d2);
        return 0;
    case XTYP_ADVDATA:
        if (client.update)
            client.update(conv, hsz2, fmt, data);
        return (HDDEDATA)(uintptr_t)DDE_FACK;
    case XTYP_DISCONNECT:
        talk = talk_of(conv);
        if (talk)
            talk->conv = 0;
        return 0;
    default:
        return 0;
    }
}

/* ---- Beginning and end -------------------------------------------------------------------------------- */

int client_begin(const struct options *o, client_update update)
{
    DWORD timeout = (DWORD)options_timeout(o);
    UINT error;

    client.update = update;
    DdemlSetDeadlines(o->timeout ? timeout : 0, timeout);
    error = DdeInitializeW(&client.inst, callback, APPCMD_CLIENTONLY, 0);
    return error == DMLERR_NO_ERROR ? EXIT_OK : fail_dde("DDE cannot be used", error);
}

void client_end(void)
{
    if (client.inst)
        DdeUninitialize(client.inst);
    for (size_t i = 0; i < client.n; i++) {
        free(client.talks[i].service);
        free(client.talks[i].topic);
    }
    free(client.talks);
    memset(&client, 0, sizeof client);
}

DWORD client_instance(void)
{
    return client.inst;
}

/* ---- Conversations ------------------------------------------------------------------------------------ */

static HCONV connect_once(const struct target *t)
{
    HSZ service = string_of(client.inst, t->service), topic = string_of(client.inst, t->topic);
    HCONV conv = service && topic ? DdeConnect(client.inst, service, topic, NULL) : 0;

    DdeFreeStringHandle(client.inst, service);
    DdeFreeStringHandle(client.inst, topic);
    return conv;
}

static HCONV open_conversation(const struct options *o, const struct target *t, int *exit_code)
{
    uint64_t until = sys_now_ms() + options_timeout(o);
    struct target names = {t->service, t->topic, NULL};

    for (;;) {
        HCONV conv = connect_once(t);
        UINT error = conv ? DMLERR_NO_ERROR : DdeGetLastError(client.inst);

        if (conv)
            return conv;
        if (o->wait && error == DMLERR_NO_CONV_ESTABLISHED && may_go_on() && left_until(until)) {
            client_wait(left_until(until));
            continue;
        }
        *exit_code = may_go_on() ? client_failed("connect to", &names, error) : exit_of_the_end();
        return 0;
    }
}

static void add_talk(char *service, char *topic, HCONV conv)
{
    client.talks = must_resize(client.talks, (client.n + 1) * sizeof *client.talks);
    client.talks[client.n++] = (struct talk){service, topic, conv};
}

void client_adopt(HCONV conv)
{
    add_talk(must_copy(""), must_copy(""), conv);
}

HCONV client_conversation(const struct options *o, const struct target *t, int *exit_code)
{
    HCONV conv;

    for (size_t i = 0; i < client.n; i++)
        if (client.talks[i].conv && same_name(client.talks[i].service, t->service) &&
            same_name(client.talks[i].topic, t->topic))
            return client.talks[i].conv;
    conv = open_conversation(o, t, exit_code);
    if (conv)
        add_talk(must_copy(t->service), must_copy(t->topic), conv);
    return conv;
}

size_t client_open_conversations(void)
{
    size_t n = 0;

    for (size_t i = 0; i < client.n; i++)
        n += client.talks[i].conv != 0;
    return n;
}

/* ---- Transactions ------------------------------------------------------------------------------------- */

static UINT timeout_error(UINT type)
{
    switch (type & XTYP_MASK) {
    case XTYP_REQUEST &XTYP_MASK:
        return DMLERR_DATAACKTIMEOUT;
    case XTYP_POKE &XTYP_MASK:
        return DMLERR_POKEACKTIMEOUT;
    case XTYP_EXECUTE &XTYP_MASK:
        return DMLERR_EXECACKTIMEOUT;
    case XTYP_ADVSTOP &XTYP_MASK:
        return DMLERR_UNADVACKTIMEOUT;
    default:
        return DMLERR_ADVACKTIMEOUT;
    }
}

static UINT outcome(const struct transaction *x)
{
    if (client.waited.complete && client.waited.succeeded)
        return DMLERR_NO_ERROR;
    if (!talk_of(x->conv))
        return DMLERR_SERVER_DIED;
    if (client.waited.complete)
        return client.waited.flags & DDE_FBUSY ? DMLERR_BUSY : DMLERR_NOTPROCESSED;
    DdeAbandonTransaction(client.inst, x->conv, client.waited.id);
    return may_go_on() ? timeout_error(x->type) : INTERRUPTED;
}

/* Asynchronous, so that the wait for the answer is ours and can be interrupted. */
UINT client_try(const struct options *o, struct transaction *x)
{
    uint64_t until = sys_now_ms() + options_timeout(o);
    HSZ item = string_of(client.inst, x->item);
    LPBYTE bytes = x->send ? (LPBYTE)(uintptr_t)text_of(x->send) : NULL;
    HDDEDATA posted;

    memset(&client.waited, 0, sizeof client.waited);
    client.waited.x = x;
    if (!talk_of(x->conv))
        return DMLERR_SERVER_DIED;
    posted = DdeClientTransaction(bytes, x->send ? (DWORD)x->send->n : 0, x->conv, item, x->format, x->type,
                                  TIMEOUT_ASYNC, &client.waited.id);
    DdeFreeStringHandle(client.inst, item);
    if (!posted)
        return DdeGetLastError(client.inst);
    while (!client.waited.complete && talk_of(x->conv) && may_go_on() && left_until(until))
        client_wait(left_until(until));
    return outcome(x);
}

int client_failed(const char *what, const struct target *t, UINT error)
{
    struct text line = {0};
    int exit_code = EXIT_INTERRUPTED;

    text_printf(&line, "%s ", what);
    target_put(&line, t);
    if (error != INTERRUPTED)
        exit_code = fail_dde(text_of(&line), error);
    text_free(&line);
    return exit_code;
}

int client_transact(const struct options *o, struct transaction *x, const char *what, const struct target *t)
{
    UINT error = client_try(o, x);

    return error == DMLERR_NO_ERROR ? EXIT_OK : client_failed(what, t, error);
}
