/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The demonstration: a server and a client that converse, and the storm of Q170626.
 *
 *   demo talk             both, each on a thread of its own
 *   demo serve            the server alone: until a client has told it to stop      (Windows: two processes)
 *   demo ask              the client alone
 *   demo storm [cycles]   connect, advise, 50 updates on their way, disconnect; again and again; what is
 * left?
 *
 * Only the documented API is used. Built with TEST_SYSTEM_DDEML the same program runs on the system's own
 * library. */

#include <stdatomic.h>
#include <stdlib.h>

#include "leak/counters.h"
#include "support/support.h"

#define SERVICE "Prices"
#define TOPIC   "London"
#define ITEM    "Copper"

enum { BURST = 50, PATIENCE_MS = 10000 };

static const char *const quotes[] = {"9 812.50", "9 815.00", "9 809.25"};

static void say(const char *who, const char *what)
{
    printf("  %-7s %s\n", who, what);
    fflush(stdout);
}

static void say_text(const char *who, const char *what, HDDEDATA data)
{
    char text[64] = "", line[128];

    DdeGetData(data, (LPBYTE)text, sizeof text - 1, 0);
    snprintf(line, sizeof line, "%s \"%s\"", what, text);
    say(who, line);
}

/* ---- The server --------------------------------------------------------------------------------------- */

static DWORD server;
static HSZ server_service, server_item;
static atomic_int server_done, quiet; /* of both threads */
static int quote;

static HDDEDATA flags(UINT value)
{
    return (HDDEDATA)(uintptr_t)value;
}

static HDDEDATA current_quote(HSZ item, UINT fmt)
{
    const char *text = quotes[quote % 3];

    return DdeCreateDataHandle(server, (LPBYTE)(uintptr_t)text, (DWORD)strlen(text) + 1, 0, item, fmt, 0);
}

static HDDEDATA execute(HDDEDATA data)
{
    char command[32] = "";

    DdeGetData(data, (LPBYTE)command, sizeof command - 1, 0);
    if (strcmp(command, "[move]") == 0) {
        quote++;
        DdePostAdvise(server, 0, server_item);
    } else if (strcmp(command, "[burst]") == 0) {
        for (int i = 0; i < BURST; i++)
            DdePostAdvise(server, 0, server_item);
    } else if (strcmp(command, "[stop]") == 0) {
        server_done = 1;
    } else {
        return flags(DDE_FNOTPROCESSED);
    }
    return flags(DDE_FACK);
}

static HDDEDATA CALLBACK serve(UINT type, UINT fmt, HCONV conv, HSZ topic, HSZ item, HDDEDATA data,
                               ULONG_PTR d1, ULONG_PTR d2)
{
    (void)conv, (void)topic, (void)d1, (void)d2;
    switch (type) {
    case XTYP_CONNECT:
    case XTYP_ADVSTART:
        return flags(TRUE);
    case XTYP_CONNECT_CONFIRM:
        if (!quiet)
            say("server", "a client has connected");
        return 0;
    case XTYP_REQUEST:
    case XTYP_ADVREQ:
        return current_quote(item, fmt);
    case XTYP_POKE:
        say_text("server", "was poked", data);
        return flags(DDE_FACK);
    case XTYP_EXECUTE:
        say_text("server", "executes", data);
        return execute(data);
    case XTYP_DISCONNECT:
        if (!quiet)
            say("server", "the client has disconnected");
        return 0;
    default:
        return 0;
    }
}

static bool start_server(void)
{
    server = 0;
    if (DdeInitializeA(&server, serve, 0, 0) != DMLERR_NO_ERROR)
        return false;
    server_service = DdeCreateStringHandleA(server, SERVICE, CP_WINANSI);
    server_item = DdeCreateStringHandleA(server, ITEM, CP_WINANSI);
    return DdeNameService(server, server_service, 0, DNS_REGISTER) != 0;
}

static bool stop_server(void)
{
    return DdeUninitialize(server);
}

static bool is_done(void *arg)
{
    (void)arg;
    return server_done;
}

static int serve_until_told(void)
{
    if (!start_server())
        return 1;
    say("server", "serves " SERVICE "|" TOPIC);
    if (!test_pump_until(is_done, NULL, 60000))
        say("server", "nobody came");
    test_pump_all();
    return !stop_server();
}

/* ---- The client --------------------------------------------------------------------------------------- */

static DWORD client;
static HSZ service, topic, item;
static int updates;

static HDDEDATA CALLBACK hear(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                              ULONG_PTR d1, ULONG_PTR d2)
{
    (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)d1, (void)d2;
    if (type != XTYP_ADVDATA)
        return 0;
    updates++;
    if (!quiet)
        say_text("client", "is told: " ITEM " is", data);
    return flags(DDE_FACK);
}

static bool start_client(void)
{
    client = 0;
    if (DdeInitializeA(&client, hear, APPCMD_CLIENTONLY, 0) != DMLERR_NO_ERROR)
        return false;
    service = DdeCreateStringHandleA(client, SERVICE, CP_WINANSI);
    topic = DdeCreateStringHandleA(client, TOPIC, CP_WINANSI);
    item = DdeCreateStringHandleA(client, ITEM, CP_WINANSI);
    return true;
}

static HDDEDATA transact(HCONV conv, const char *text, UINT type, DWORD timeout)
{
    DWORD size = text ? (DWORD)strlen(text) + 1 : 0;

    return DdeClientTransaction((LPBYTE)(uintptr_t)text, size, conv, type == XTYP_EXECUTE ? 0 : item, CF_TEXT,
                                type, timeout, NULL);
}

static bool told(void *arg)
{
    return updates >= *(int *)arg;
}

static bool converse(HCONV conv)
{
    int one = 1;
    HDDEDATA data = transact(conv, NULL, XTYP_REQUEST, PATIENCE_MS);

    if (!data)
        return false;
    say_text("client", "requests " ITEM ", gets", data);
    DdeFreeDataHandle(data);
    say("client", "pokes a limit");
    if (!transact(conv, "limit 9 800", XTYP_POKE, PATIENCE_MS))
        return false;
    say("client", "opens a hot link on " ITEM);
    if (!transact(conv, NULL, XTYP_ADVSTART, PATIENCE_MS))
        return false;
    say("client", "executes \"[move]\"");
    if (!transact(conv, "[move]", XTYP_EXECUTE, PATIENCE_MS) ||
        !test_pump_until(told, &one, TEST_PATIENCE_MS))
        return false;
    quiet = 1;
    say("client", "executes \"[burst]\" and does not wait: 50 updates are on their way while it disconnects");
    return transact(conv, "[burst]", XTYP_EXECUTE, TIMEOUT_ASYNC) != 0;
}

static bool try_to_connect(void *conv)
{
    *(HCONV *)conv = DdeConnect(client, service, topic, NULL);
    return *(HCONV *)conv != 0;
}

static int ask(void)
{
    HCONV conv;
    bool ok;

    if (!start_client())
        return 1;
    if (!test_pump_until(try_to_connect, &conv, 2 * PATIENCE_MS)) { /* the server may still be starting */
        printf("  client  finds no server: 0x%04x\n", DdeGetLastError(client));
        DdeUninitialize(client);
        return 1;
    }
    say("client", "has connected to " SERVICE "|" TOPIC);
    ok = converse(conv);
    DdeDisconnect(conv);
    say("client", "has disconnected");
    conv = DdeConnect(client, service, topic, NULL);
    ok = conv && transact(conv, "[stop]", XTYP_EXECUTE, PATIENCE_MS) && ok;
    if (!ok)
        printf("  client  failed: 0x%04x\n", DdeGetLastError(client));
    if (conv)
        DdeDisconnect(conv);
    DdeUninitialize(client);
    return !ok;
}

/* ---- Both --------------------------------------------------------------------------------------------- */

#ifndef TEST_SYSTEM_DDEML
static void print_ledger(const char *when)
{
    DDEMLLEDGER now = {.cb = sizeof now};
    int total = 0;

    DdemlGetLedger(0, &now);
    printf("  ledger %s:", when);
#define COLUMN(name)                                                                                         \
    total += now.name != 0;                                                                                  \
    if (now.name)                                                                                            \
        printf(" %s=%d", #name, (int)now.name);
    DDEML_LEDGER_COLUMNS(COLUMN)
#undef COLUMN
    puts(total ? "" : " all columns 0");
}
#else
#define print_ledger(when) ((void)0)
#endif

static void server_thread(void *ready)
{
    if (start_server()) {
        test_event_set(ready);
        test_pump_until(is_done, NULL, 60000);
        test_pump_all();
    }
    stop_server();
}

static int talk(void)
{
    struct test_event *ready = test_event_new();
    struct test_thread *thread = test_thread_start(server_thread, ready);
    int failed = !test_event_wait(ready, TEST_PATIENCE_MS);

    failed = failed || ask();
    server_done = 1;
    test_thread_join(thread);
    test_event_free(ready);
    print_ledger("afterwards");
    return failed;
}

/* ---- The storm ---------------------------------------------------------------------------------------- */

/* One cycle of Q170626: the updates are still queued for the client's window when it disconnects. */
static bool cycle(void)
{
    HCONV conv = DdeConnect(client, service, topic, NULL);

    if (!conv || !transact(conv, NULL, XTYP_ADVSTART, PATIENCE_MS))
        return false;
    for (int i = 0; i < BURST; i++)
        DdePostAdvise(server, 0, server_item);
    DdeDisconnect(conv);
    test_pump_all();
    return true;
}

static int storm(int cycles)
{
    struct counters before, after;
    int done = 0;

    quiet = 1;
    if (!start_server() || !start_client())
        return 1;
    while (done < 10 && cycle()) /* what is made once is made now */
        done++;
    print_ledger("before");
    counters_take(&before);
    for (done = 0; done < cycles && cycle();)
        done++;
    counters_take(&after);
    print_ledger("after ");
    printf("  %d cycles of connect, advise, %d updates, disconnect; counted without asking the library:\n",
           done, BURST);
#define COUNTER(name)                                                                                        \
    printf("    %-14s %+10ld   per cycle %.1f\n", #name, after.name - before.name,                           \
           done ? (double)(after.name - before.name) / done : 0.0);
    COUNTERS(COUNTER)
#undef COUNTER
    DdeUninitialize(client);
    stop_server();
    print_ledger("at the end");
    return done < cycles;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "talk";

    if (strcmp(what, "serve") == 0)
        return serve_until_told();
    if (strcmp(what, "ask") == 0)
        return ask();
    if (strcmp(what, "storm") == 0)
        return storm(argc > 2 ? atoi(argv[2]) : 1000);
    return talk();
}
