/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The verbs by the DDEML that this is linked with: this library, or the system's own. */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "interop/agent.h"
#include "winddeml.h"

#ifndef TEST_SYSTEM_DDEML
#include "base/spares.h"
#endif

enum { NAMES = 16, SERVED = 32 };

static DWORD inst;
static bool is_wide;
static HCONV convs[CONVS], served[SERVED];
static HSZ our_service, our_topic;
static struct {
    char text[32];
    HSZ hsz;
} names[NAMES];

/* Each name is made once and kept as long as the instance. */
static HSZ name(const char *text)
{
    unsigned i = 0;

    if (!text)
        return 0;
    while (i < NAMES && names[i].hsz && strcmp(names[i].text, text) != 0)
        i++;
    if (i == NAMES)
        return 0;
    if (!names[i].hsz) {
        snprintf(names[i].text, sizeof names[i].text, "%s", text);
        names[i].hsz = DdeCreateStringHandleA(inst, names[i].text, CP_WINANSI);
    }
    return names[i].hsz;
}

static const char *text_of(HSZ hsz)
{
    static char text[64];

    text[0] = 0;
    DdeQueryStringA(inst, hsz, text, sizeof text, CP_WINANSI);
    return text;
}

static const char *word_of(HDDEDATA data, bool wide)
{
    static char bytes[LARGE_SIZE + 64];
    DWORD size = DdeGetData(data, (LPBYTE)bytes, sizeof bytes, 0);

    return agent_word(bytes, size < LARGE_SIZE ? size : LARGE_SIZE, wide);
}

/* ---- The callback -------------------------------------------------------------------------------------------- */

static HDDEDATA flags(UINT value)
{
    return (HDDEDATA)(uintptr_t)value;
}

static HDDEDATA value_of(HSZ item, UINT fmt)
{
    DWORD size;
    const void *bytes = agent_value(text_of(item), &size);

    if (!bytes || fmt != CF_TEXT)
        return 0;
    return DdeCreateDataHandle(inst, (LPBYTE)(uintptr_t)bytes, size, 0, item, fmt, 0);
}

static HDDEDATA judge(const char *what, UINT accepted)
{
    if (strstr(what, REFUSED))
        return flags(DDE_FNOTPROCESSED);
    return flags(strstr(what, BUSY) ? DDE_FBUSY : accepted);
}

static HDDEDATA offer(HSZ topic, HSZ service)
{
    HSZPAIR pairs[2] = {{our_service, our_topic}, {0, 0}};

    if ((topic && topic != our_topic) || (service && service != our_service))
        return 0;
    agent_note("wildconnect", NULL, NULL);
    return DdeCreateDataHandle(inst, (LPBYTE)pairs, sizeof pairs, 0, 0, CF_TEXT, 0);
}

static void forget(HCONV conv)
{
    for (unsigned i = 0; i < CONVS; i++)
        if (convs[i] == conv)
            convs[i] = 0;
    for (unsigned i = 0; i < SERVED; i++)
        if (served[i] == conv)
            served[i] = 0;
}

static void keep(HCONV conv)
{
    unsigned i = 0;

    while (i < SERVED && served[i])
        i++;
    if (i < SERVED)
        served[i] = conv;
}

static HDDEDATA serve(UINT type, UINT fmt, HCONV conv, HSZ topic, HSZ item, HDDEDATA data)
{
    switch (type) {
    case XTYP_CONNECT:
        if (topic != our_topic)
            return 0;
        agent_note("connect", NULL, NULL);
        return flags(TRUE);
    case XTYP_WILDCONNECT:
        return offer(topic, item);
    case XTYP_CONNECT_CONFIRM:
        agent_note("confirm", NULL, NULL);
        keep(conv);
        return 0;
    case XTYP_REQUEST:
        agent_note("request", text_of(item), NULL);
        return value_of(item, fmt);
    case XTYP_ADVREQ:
        agent_note("advreq", text_of(item), NULL);
        return value_of(item, fmt);
    case XTYP_POKE:
        agent_note("poke", text_of(item), word_of(data, false));
        if (strcmp(text_of(item), "Price") == 0)
            snprintf(agent_price, sizeof agent_price, "%s", word_of(data, false));
        return judge(text_of(item), DDE_FACK | POKED);
    case XTYP_EXECUTE:
        agent_note("execute", word_of(data, is_wide), NULL);
        return judge(word_of(data, is_wide), DDE_FACK);
    case XTYP_ADVSTART:
        agent_note("advstart", text_of(item), NULL);
        return flags(strcmp(text_of(item), REFUSED) != 0);
    case XTYP_ADVSTOP:
        agent_note("advstop", text_of(item), NULL);
        return 0;
    default:
        return 0;
    }
}

static HDDEDATA CALLBACK callback(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR d1, ULONG_PTR d2)
{
    (void)d1, (void)d2;
    switch (type) {
    case XTYP_ADVDATA:
        if (data)
            agent_note("data", text_of(hsz2), word_of(data, false));
        else
            agent_note("notice", text_of(hsz2), NULL);
        return flags(DDE_FACK);
    case XTYP_XACT_COMPLETE:
        agent_note("complete", text_of(hsz2), data ? word_of(data, false) : "-");
        return 0;
    case XTYP_DISCONNECT:
        agent_note("disconnect", NULL, NULL);
        forget(conv);
        return 0;
    default:
        return serve(type, fmt, conv, hsz1, hsz2, data);
    }
}

/* ---- The verbs ----------------------------------------------------------------------------------------------- */

static const char *failure(void)
{
    static char code[16];
    UINT error = DdeGetLastError(inst);

    switch (error) {
    case DMLERR_NOTPROCESSED:
        return SAY_REFUSED;
    case DMLERR_BUSY:
        return SAY_BUSY;
    case DMLERR_ADVACKTIMEOUT:
    case DMLERR_DATAACKTIMEOUT:
    case DMLERR_EXECACKTIMEOUT:
    case DMLERR_POKEACKTIMEOUT:
    case DMLERR_UNADVACKTIMEOUT:
        return SAY_TIMEOUT;
    case DMLERR_SERVER_DIED:
    case DMLERR_NO_CONV_ESTABLISHED:
        return SAY_GONE;
    default:
        snprintf(code, sizeof code, "%04X", error);
        return code;
    }
}

const char *verb_open(bool wide)
{
#ifndef TEST_SYSTEM_DDEML
    DdemlSetDeadlines(1000, 1500);
    spares_most = 0; /* what is kept for next time would look as if it had been left */
#endif
    is_wide = wide;
    inst = 0;
    memset(convs, 0, sizeof convs);
    memset(served, 0, sizeof served);
    memset(names, 0, sizeof names);
    our_service = our_topic = 0;
    if ((wide ? DdeInitializeW : DdeInitializeA)(&inst, callback, APPCLASS_STANDARD, 0) != DMLERR_NO_ERROR)
        return "failed";
    return SAY_OK;
}

const char *verb_close(void)
{
    return DdeUninitialize(inst) ? SAY_OK : "failed";
}

const char *verb_serve(const char *service, const char *topic)
{
    our_service = name(service);
    our_topic = name(topic);
    return DdeNameService(inst, our_service, 0, DNS_REGISTER) ? SAY_OK : failure();
}

const char *verb_connect(unsigned conv, const char *service, const char *topic)
{
    if (convs[conv])
        return SAY_OK; /* it is there already */
    convs[conv] = DdeConnect(inst, name(service), name(topic), NULL);
    if (!convs[conv])
        return DdeGetLastError(inst) == DMLERR_NO_CONV_ESTABLISHED ? SAY_NONE : "none, with another error";
    return SAY_OK;
}

static HDDEDATA transact(unsigned conv, const void *bytes, DWORD size, const char *item, UINT type,
                         DWORD timeout, DWORD *result)
{
    UINT fmt = type == XTYP_EXECUTE ? 0 : CF_TEXT;

    return DdeClientTransaction((LPBYTE)(uintptr_t)bytes, size, convs[conv], name(item), fmt, type, timeout,
                                result);
}

static const char *simple(unsigned conv, const void *bytes, DWORD size, const char *item, UINT type,
                          DWORD timeout)
{
    static char word[16];
    DWORD result = 0;

    if (!convs[conv])
        return SAY_GONE;
    if (!transact(conv, bytes, size, item, type, timeout, &result))
        return failure();
    if (!(result & DDE_FAPPSTATUS) || type != XTYP_POKE)
        return SAY_OK;
    snprintf(word, sizeof word, "ok+%02X", (unsigned)result & DDE_FAPPSTATUS);
    return word;
}

const char *verb_request(unsigned conv, const char *item, DWORD timeout)
{
    static char said[80];
    HDDEDATA data;

    if (!convs[conv])
        return SAY_GONE;
    data = transact(conv, NULL, 0, item, XTYP_REQUEST, timeout, NULL);
    if (!data)
        return failure();
    snprintf(said, sizeof said, "ok:%s", word_of(data, false));
    DdeFreeDataHandle(data);
    return said;
}

const char *verb_ask(unsigned conv, const char *item)
{
    DWORD id;

    if (!convs[conv])
        return SAY_GONE;
    return transact(conv, NULL, 0, item, XTYP_REQUEST, TIMEOUT_ASYNC, &id) ? SAY_OK : failure();
}

const char *verb_poke(unsigned conv, const char *item, const char *value, DWORD timeout)
{
    return simple(conv, value, (DWORD)strlen(value) + 1, item, XTYP_POKE, timeout);
}

const char *verb_execute(unsigned conv, const char *command, DWORD timeout)
{
    WCHAR wide[64];
    DWORD n = (DWORD)strlen(command) + 1;

    if (!is_wide)
        return simple(conv, command, n, NULL, XTYP_EXECUTE, timeout);
    for (DWORD i = 0; i < n; i++)
        wide[i] = (WCHAR)command[i];
    return simple(conv, wide, n * sizeof *wide, NULL, XTYP_EXECUTE, timeout);
}

const char *verb_advise(unsigned conv, enum link_kind kind, const char *item, DWORD timeout)
{
    static const UINT kinds[] = {[LINK_HOT] = 0, [LINK_WARM] = XTYPF_NODATA, [LINK_ACK] = XTYPF_ACKREQ};

    return simple(conv, NULL, 0, item, XTYP_ADVSTART | kinds[kind], timeout);
}

const char *verb_unadvise(unsigned conv, const char *item, DWORD timeout)
{
    return simple(conv, NULL, 0, item, XTYP_ADVSTOP, timeout);
}

static const char *end(HCONV *conv)
{
    HCONV ended = *conv;

    *conv = 0;
    return DdeDisconnect(ended) ? SAY_OK : failure();
}

const char *verb_disconnect(unsigned conv)
{
    return convs[conv] ? end(&convs[conv]) : SAY_GONE;
}

const char *verb_update(void)
{
    return DdePostAdvise(inst, our_topic, name("Price")) ? SAY_OK : failure();
}

const char *verb_drop(void)
{
    const char *said = SAY_GONE;

    for (unsigned i = 0; i < SERVED; i++)
        if (served[i])
            said = end(&served[i]);
    return said;
}
