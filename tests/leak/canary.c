/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* canary KIND: leaves one thing of a kind behind and then checks as every test does. The check has to fail
 * and to name the kind; CTest looks for its words. */

#include <stdlib.h>

#include "core/core.h"
#include "leak/counters.h"
#include "leak/pair.h"

static const char *wanted;

static void converse(void)
{
    server_open(0);
    client_open();
    pair_connect();
}

static void leave_instances(void)
{
    client_open();
}

static void leave_conversations(void)
{
    converse();
}

static void leave_transactions(void)
{
    converse();
    DdeEnableCallback(server.inst, server.conv, EC_DISABLE);
    assert_true(pair_transact(XTYP_REQUEST, 0, TIMEOUT_ASYNC));
    test_pump_all();
}

static void leave_links(void)
{
    converse();
    assert_true(pair_transact(XTYP_ADVSTART, 0, SYNC_MS));
}

static void leave_strings(void)
{
    client_open();
    DdeCreateStringHandleA(client.inst, "of nobody", CP_WINANSI);
}

static void leave_data(void)
{
    client_open();
    DdeCreateDataHandle(client.inst, NULL, 0, 1, client.item[0], CF_TEXT, 0);
}

static void nothing(void *ctx, const struct host_msg *msg)
{
    (void)ctx, (void)msg;
}

static void leave_windows(void)
{
    assert_true(host_window_create(HOST_PLAIN, 0, true, nothing, NULL) != 0);
    ledger_count(NULL, LEDGER_windows, 1);
}

static void leave_memory(void)
{
    struct wire_end end = {0};

    assert_true(wire_mem_new(&end, WIRE_HEADER, "data", 4) != 0);
}

static void leave_packed(void)
{
    uintptr_t lparam;

    assert_true(wire_pack(WIRE_ACK, 0, 0, &lparam));
    ledger_count(NULL, LEDGER_packed, 1);
}

/* A name that there has not been yet: on Windows an atom outlives the program that has forgotten it. */
static void leave_atoms(void)
{
    uint64_t now = test_now_ms();
    uint16_t name[] = {'l',
                       'e',
                       'f',
                       't',
                       (uint16_t)('a' + now % 26),
                       (uint16_t)('a' + now / 26 % 26),
                       (uint16_t)('a' + now / 676 % 26),
                       (uint16_t)('a' + now / 17576 % 26),
                       0};

    assert_true(host_atom_add(name) != 0);
    ledger_count(NULL, LEDGER_atoms, 1);
}

/* An update that the client has not taken: what Q170626 lost. */
static void leave_queued(void)
{
    leave_links();
    pair_update(1, 1);
}

static void leave_heap(void)
{
    assert_non_null(mem_new(1));
}

static void leave_blocks(void)
{
#ifdef _WIN32
    assert_non_null(HeapAlloc(GetProcessHeap(), 0, 100));
#else
    assert_non_null(malloc(100));
#endif
}

#ifndef _WIN32
static void leave_post(void)
{
    struct host_msg msg = {.to = host_window_create(HOST_PLAIN, 0, true, nothing, NULL), .id = 0x0400};

    assert_int_equal(host_post(&msg), HOST_OK);
}

static struct test_event *held, *in_hand;

static void hold(void *ctx, const struct host_msg *msg)
{
    (void)ctx, (void)msg;
    test_event_set(in_hand);
    test_event_wait(held, TEST_PATIENCE_MS);
}

static void send_late(void *wnd)
{
    struct host_msg msg = {.to = *(host_wnd *)wnd, .id = 0x0400};

    while (!test_event_wait(in_hand, 0)) /* not yet begun: taken back, and tried again */
        host_send(&msg, 20);
}

static void receive(void *wnd)
{
    *(host_wnd *)wnd = host_window_create(HOST_PLAIN, 0, true, hold, NULL);
    test_event_set(in_hand);
    while (!test_event_wait(held, 0))
        DdemlDispatch(10);
}

/* The receiver has begun with it and does not end, so the sender does not wait any longer. */
static void leave_send(void)
{
    static host_wnd wnd;

    held = test_event_new();
    in_hand = test_event_new();
    test_thread_start(receive, &wnd);
    assert_true(test_event_wait(in_hand, TEST_PATIENCE_MS));
    test_event_reset(in_hand);
    test_thread_join(test_thread_start(send_late, &wnd));
    assert_true(test_event_wait(in_hand, TEST_PATIENCE_MS));
}
#endif

static const struct kind {
    const char *name;
    void (*leave)(void);
    bool counter; /* of counters.h; else a column of the ledger */
} kinds[] = {
#define COLUMN(name) {#name, leave_##name, false},
    DDEML_LEDGER_COLUMNS(COLUMN)
#undef COLUMN
        {"blocks", leave_blocks, true},
    {"bytes", leave_blocks, true},
#ifdef _WIN32
    {"global_atoms", leave_atoms, true},
#else
    {"host_windows", leave_windows, true},
    {"host_posts", leave_post, true},
    {"host_sends", leave_send, true},
    {"host_threads", leave_send, true},
    {"host_blocks", leave_memory, true},
    {"host_atoms", leave_atoms, true},
#endif
};

static const struct kind *find(void)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i].name, wanted))
            return &kinds[i];
    return NULL;
}

static void leaves_something(void **state)
{
    const struct kind *kind = find();
    struct counters before, after;

    (void)state;
    assert_non_null(kind);
    test_ledger_is_empty(); /* nothing is wrong before */
    counters_take(&before);
    kind->leave();
    if (!kind->counter) {
        test_ledger_is_empty();
        return;
    }
    counters_take(&after);
    if (!counters_equal(&before, &after, 1))
        fail_msg("the process holds more than before");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(leaves_something)};

    wanted = argc > 1 ? argv[1] : "";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
