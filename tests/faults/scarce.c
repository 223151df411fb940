/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What the system refuses for a while, and what becomes of it when that is over. */

#include "host/host.h"
#include "support/ours.h"
#include "support/party.h"

static bool no_timers, no_wakening, no_memory, no_atoms;

bool __real_host_timer(host_wnd wnd, uint32_t interval_ms);
bool __wrap_host_timer(host_wnd wnd, uint32_t interval_ms);
bool __wrap_host_timer(host_wnd wnd, uint32_t interval_ms)
{
    return !(no_timers && interval_ms) && __real_host_timer(wnd, interval_ms);
}

/* An instance tells itself by this message that there is something to do. */
int __real_host_post(const struct host_msg *msg);
int __wrap_host_post(const struct host_msg *msg);
int __wrap_host_post(const struct host_msg *msg)
{
    return no_wakening && msg->id == HOST_EV_RESUME ? HOST_FULL : __real_host_post(msg);
}

void *__real_host_alloc(size_t size);
void *__wrap_host_alloc(size_t size);
void *__wrap_host_alloc(size_t size)
{
    return no_memory ? NULL : __real_host_alloc(size);
}

host_atom __real_host_atom_add(const uint16_t *text);
host_atom __wrap_host_atom_add(const uint16_t *text);
host_atom __wrap_host_atom_add(const uint16_t *text)
{
    return no_atoms ? 0 : __real_host_atom_add(text);
}

static struct raw partner;

static void refuse_nothing(void)
{
    no_timers = no_wakening = no_memory = no_atoms = false;
}

static int set_up(void **state)
{
    (void)state;
    raw_books_open();
    raw_open(&partner);
    ours_open(APPCLASS_STANDARD);
    ours_serve();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    refuse_nothing();
    ours_close();
    raw_die(&partner);
    test_pump_all();
    test_ledger_is_empty();
    raw_books_close();
    return 0;
}

static bool is_disconnected(void *unused)
{
    (void)unused;
    return ours_calls(XTYP_DISCONNECT) > 0;
}

/* Nobody says that such a partner has gone: it is looked at now and then. */
static void a_partner_is_watched_as_soon_as_there_is_a_timer_for_it(void **state)
{
    (void)state;
    no_timers = true;
    assert_true(raw_connect(&partner));
    test_pump_all();
    no_timers = false;
    raw_die(&partner);
    assert_true(DdePostAdvise(ours.id, 0, 0)); /* the next occasion */
    assert_true(test_pump_until(is_disconnected, NULL, TEST_PATIENCE_MS));
}

static int down(void **state)
{
    refuse_nothing();
    return parties_down(state);
}

static bool is_poked(void *server)
{
    return party_count(server, XTYP_POKE) > 0;
}

static void what_is_released_comes_as_soon_as_there_is_a_timer_for_it(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    assert_true(DdeEnableCallback(server->id, 0, EC_DISABLE));
    assert_non_null(party_send(client, conv, XTYP_POKE, "data", TIMEOUT_ASYNC, NULL));
    test_pump_all();
    no_timers = no_wakening = true;
    assert_true(DdeEnableCallback(server->id, 0, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(party_count(server, XTYP_POKE), 0);
    no_timers = no_wakening = false;
    assert_true(party_post(server, TOPIC, ITEM)); /* the next occasion */
    assert_true(test_pump_until(is_poked, server, TEST_PATIENCE_MS));
}

/* Else the server would take the next answer for this one. The records that are kept for the next message are used up
 * or not: it may be told that the client is busy. */
static void a_notice_is_answered_without_memory(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    assert_non_null(
        party_transact(client, conv, XTYP_ADVSTART | XTYPF_ACKREQ | XTYPF_NODATA, TEST_PATIENCE_MS, NULL));
    assert_true(party_post(server, TOPIC, ITEM));
    assert_int_equal(info_of(server->server).wConvst, XST_ADVDATASENT);
    no_memory = no_atoms = true;
    test_pump_all();
    refuse_nothing();
    assert_int_equal(info_of(server->server).wConvst, XST_CONNECTED);
    party_forget(client);
    assert_true(party_post(server, TOPIC, ITEM));
    test_pump_all();
    assert_int_equal(party_count(client, XTYP_ADVDATA), 1);
    assert_int_equal(info_of(server->server).wConvst, XST_CONNECTED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_partner_is_watched_as_soon_as_there_is_a_timer_for_it),
        cmocka_unit_test_teardown(what_is_released_comes_as_soon_as_there_is_a_timer_for_it, down),
        cmocka_unit_test_teardown(a_notice_is_answered_without_memory, down),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
