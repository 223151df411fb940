/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What the simulator promises to those who test with it, and that its detectors detect. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/host.h"
#include "host/sim/sim.h"
#include "winddeml.h"

/* ---- A conversation ------------------------------------------------------------------------------------ */

struct party {
    DWORD inst;
    BOOL stop;
    int answers, connects, disconnects;
    UINT error;
    DDEMLLEDGER ledger;
};

static struct party server, client;

static HDDEDATA CALLBACK serve_calls(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                     ULONG_PTR d1, ULONG_PTR d2)
{
    (void)conv, (void)hsz1, (void)data, (void)d1, (void)d2;
    switch (type) {
    case XTYP_CONNECT:
        return (HDDEDATA)(ULONG_PTR)TRUE;
    case XTYP_CONNECT_CONFIRM:
        server.connects++;
        return NULL;
    case XTYP_DISCONNECT:
        server.disconnects++;
        return NULL;
    case XTYP_REQUEST:
        return DdeCreateDataHandle(server.inst, (LPBYTE) "Forty-two", 10, 0, hsz2, fmt, 0);
    default:
        return NULL;
    }
}

static void serve(void *arg)
{
    HSZ service;

    (void)arg;
    DdeInitializeA(&server.inst, serve_calls, APPCLASS_STANDARD, 0);
    service = DdeCreateStringHandleA(server.inst, "Oracle", CP_WINANSI);
    DdeNameService(server.inst, service, NULL, DNS_REGISTER);
    DdeFreeStringHandle(server.inst, service);
    while (!server.stop)
        DdemlDispatch(1000);
    DdeUninitialize(server.inst);
    server.ledger.cb = sizeof server.ledger;
    DdemlGetLedger(0, &server.ledger);
}

static HDDEDATA CALLBACK no_calls(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR d1, ULONG_PTR d2)
{
    (void)type, (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)d1, (void)d2;
    return NULL;
}

static void ask(void *arg)
{
    HSZ service, topic, item;
    HCONV conv = NULL;

    (void)arg;
    DdeInitializeA(&client.inst, no_calls, APPCMD_CLIENTONLY, 0);
    service = DdeCreateStringHandleA(client.inst, "oracle", CP_WINANSI);
    topic = DdeCreateStringHandleA(client.inst, "Life", CP_WINANSI);
    item = DdeCreateStringHandleA(client.inst, "Answer", CP_WINANSI);
    for (int i = 0; i < 20 && !conv; i++) {
        conv = DdeConnect(client.inst, service, topic, NULL);
        sim_sleep(10);
    }
    for (int i = 0; i < 10 && conv; i++) {
        HDDEDATA data = DdeClientTransaction(NULL, 0, conv, item, CF_TEXT, XTYP_REQUEST, 20000, NULL);
        char text[16] = "";

        if (!data) {
            client.error = DdeGetLastError(client.inst);
            sim_note("no answer: %x", client.error);
            continue;
        }
        DdeGetData(data, (LPBYTE)text, sizeof text, 0);
        client.answers += !strcmp(text, "Forty-two");
        DdeFreeDataHandle(data);
    }
    if (conv)
        DdeDisconnect(conv);
    DdeFreeStringHandle(client.inst, service);
    DdeFreeStringHandle(client.inst, topic);
    DdeFreeStringHandle(client.inst, item);
    DdeUninitialize(client.inst);
    client.ledger.cb = sizeof client.ledger;
    DdemlGetLedger(0, &client.ledger);
    server.stop = TRUE;
}

static bool converse(const struct sim_options *o)
{
    bool over;

    memset(&server, 0, sizeof server);
    memset(&client, 0, sizeof client);
    sim_open(o);
    sim_thread(sim_process(), serve, NULL);
    sim_thread(sim_process(), ask, NULL);
    over = sim_run(600000);
    if (!over || sim_violations())
        sim_story(stderr);
    return over;
}

static bool nothing_left(struct sim_left l)
{
    if (l.blocks | l.gmem | l.atoms | l.windows | l.timers | l.queued | l.threads)
        print_error(
            "left: %ld blocks, %ld gmem, %ld atoms, %ld windows, %ld timers, %ld queued, %ld threads\n",
            l.blocks, l.gmem, l.atoms, l.windows, l.timers, l.queued, l.threads);
    return !(l.blocks | l.gmem | l.atoms | l.windows | l.timers | l.queued | l.threads);
}

static void two_processes_converse(void **state)
{
    struct sim_options o = {.seed = 1};

    (void)state;
    for (o.seed = 1; o.seed <= 50; o.seed++) {
        assert_true(converse(&o));
        assert_int_equal(client.answers, 10);
        assert_int_equal(server.connects, 1);
        assert_int_equal(sim_violations(), 0);
        assert_true(nothing_left(sim_left(0)));
        assert_true(nothing_left(sim_left(1)));
        sim_close();
    }
}

static void the_same_seed_gives_the_same_run(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct sim_options o = sim_options_from_seed(seed);
        uint64_t digest[2];

        for (int i = 0; i < 2; i++) {
            converse(&o);
            digest[i] = sim_digest();
            sim_close();
        }
        assert_int_equal(digest[0], digest[1]);
    }
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_processes_converse),
        cmocka_unit_test(the_same_seed_gives_the_same_run),
    };

    (void)argc, (void)argv;
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
