/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Callbacks that end, give up or begin again what they were raised for. */

#include "support/support.h"

#include "host/host.h"

#define SERVICE "nested service"
#define TOPIC   "nested topic"
#define ITEM    "nested item"

static DWORD first, second;
static HSZ service, topic, item;
static HCONV conv;
static unsigned calls[16];
static HDDEDATA lent;

typedef HDDEDATA hook(UINT type, UINT fmt, HCONV at, HDDEDATA data, ULONG_PTR data1);
static hook *inside; /* asked first; NO_OPINION: the usual answer */
#define NO_OPINION ((HDDEDATA)(uintptr_t)2)

static unsigned index_of(UINT type)
{
    return (type & XTYP_MASK) >> XTYP_SHIFT;
}

static unsigned calls_of(UINT type)
{
    return calls[index_of(type)];
}

static HDDEDATA CALLBACK callback(UINT type, UINT fmt, HCONV at, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR data1, ULONG_PTR data2)
{
    HDDEDATA result;

    (void)hsz1;
    (void)data2;
    calls[index_of(type)]++;
    result = inside ? inside(type, fmt, at, data, data1) : NO_OPINION;
    if (result != NO_OPINION)
        return result;
    if (type == XTYP_REQUEST || type == XTYP_ADVREQ)
        return DdeCreateDataHandle(first, (LPBYTE)(uintptr_t)ITEM, sizeof ITEM, 0, hsz2, fmt, 0);
    if (type == XTYP_CONNECT || type == XTYP_ADVSTART)
        return (HDDEDATA)(uintptr_t)TRUE;
    return type == XTYP_POKE ? (HDDEDATA)(uintptr_t)DDE_FACK : 0;
}

static HSZ name(DWORD id, const char *text)
{
    HSZ hsz = DdeCreateStringHandleA(id, text, CP_WINANSI);

    assert_true(hsz != 0);
    return hsz;
}

static int setup(void **state)
{
    (void)state;
    first = second = 0;
    conv = 0;
    inside = NULL;
    memset(calls, 0, sizeof calls);
    assert_int_equal(DdeInitializeA(&first, callback, 0, 0), DMLERR_NO_ERROR);
    service = name(first, SERVICE);
    topic = name(first, TOPIC);
    item = name(first, ITEM);
    assert_true(DdeNameService(first, service, 0, DNS_REGISTER) != 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    inside = NULL;
    if (second)
        DdeUninitialize(second);
    if (first)
        DdeUninitialize(first);
    test_ledger_is_empty();
    return 0;
}

static HCONV connect_to_self(void)
{
    HCONV made = DdeConnect(first, service, topic, NULL);

    assert_true(made != 0);
    return made;
}

static HDDEDATA transact(HCONV at, UINT type, DWORD wait)
{
    static char text[] = "text";
    bool carries = type == XTYP_POKE;

    return DdeClientTransaction(carries ? (LPBYTE)text : NULL, carries ? sizeof text : 0, at, item, CF_TEXT,
                                type, wait, NULL);
}

/* ---- Data ---------------------------------------------------------------------------------------------- */

static HDDEDATA offer_what_was_lent(UINT type, UINT fmt, HCONV at, HDDEDATA data, ULONG_PTR data1)
{
    (void)fmt;
    (void)at;
    (void)data1;
    if (type == XTYP_WILDCONNECT)
        return lent;
    if (type != XTYP_POKE)
        return NO_OPINION;
    lent = data;
    DdeDisconnect(DdeConnect(first, 0, topic, NULL));
    assert_int_equal(DdeGetData(data, NULL, 0, 0), sizeof "text");
    return (HDDEDATA)(uintptr_t)DDE_FACK;
}

static void lent_data_stays_the_librarys_when_a_wildconnect_returns_it(void **state)
{
    (void)state;
    conv = connect_to_self();
    inside = offer_what_was_lent;
    assert_true(transact(conv, XTYP_POKE, TEST_PATIENCE_MS) != 0);
    assert_int_equal(calls_of(XTYP_WILDCONNECT), 1);
}

/* ---- The end of an instance ---------------------------------------------------------------------------- */

static HDDEDATA end_the_asked(UINT type, UINT fmt, HCONV at, HDDEDATA data, ULONG_PTR data1)
{
    DWORD id = second;

    (void)fmt;
    (void)at;
    (void)data;
    (void)data1;
    if (type != XTYP_CONNECT)
        return NO_OPINION;
    second = 0;
    assert_true(DdeUninitialize(id));
    return (HDDEDATA)(uintptr_t)TRUE;
}

static void an_instance_that_ends_while_asked_accepts_nobody(void **state)
{
    (void)state;
    assert_int_equal(DdeInitializeA(&second, callback, 0, 0), DMLERR_NO_ERROR);
    assert_true(DdeNameService(second, name(second, "nested other"), 0, DNS_REGISTER) != 0);
    inside = end_the_asked;
    assert_true(DdeConnect(first, name(first, "nested other"), topic, NULL) == 0);
    assert_int_equal(DdeGetLastError(first), DMLERR_NO_CONV_ESTABLISHED);
}

static HDDEDATA end_the_asker(UINT type, UINT fmt, HCONV at, HDDEDATA data, ULONG_PTR data1)
{
    DWORD id = first;

    (void)fmt;
    (void)at;
    (void)data;
    (void)data1;
    if (type != XTYP_CONNECT)
        return NO_OPINION;
    first = 0;
    assert_true(DdeUninitialize(id));
    return (HDDEDATA)(uintptr_t)TRUE;
}

static void a_server_hears_that_its_client_ended_before_the_offer(void **state)
{
    uint16_t text[HOST_ATOM_CHARS + 1];
    host_atom atom;

    (void)state;
    assert_int_equal(DdeInitializeA(&second, callback, 0, 0), DMLERR_NO_ERROR);
    assert_true(DdeNameService(second, name(second, "nested other"), 0, DNS_REGISTER) != 0);
    inside = end_the_asker;
    assert_true(DdeConnect(first, name(first, "nested other"), topic, NULL) == 0);
    test_pump_all();
    assert_int_equal(calls_of(XTYP_DISCONNECT), calls_of(XTYP_CONNECT_CONFIRM));
    assert_true(DdeUninitialize(second));
    second = 0;
    atom = host_atom_add((const uint16_t[]){'n', 'e', 's', 't', 'e', 'd', ' ', 't', 'o', 'p', 'i', 'c', 0});
    host_atom_delete(atom);
    assert_int_equal(host_atom_name(atom, text), 0);
}

static HDDEDATA end_after_the_answer(UINT type, UINT fmt, HCONV at, HDDEDATA data, ULONG_PTR data1)
{
    DWORD id = first;

    (void)fmt;
    (void)at;
    (void)data;
    (void)data1;
    if (type != XTYP_POKE)
        return NO_OPINION;
    test_pump_all();
    first = 0;
    assert_true(DdeUninitialize(id));
    return 0;
}

static void a_transaction_fails_if_its_instance_has_ended_meanwhile(void **state)
{
    HCONV other;

    (void)state;
    conv = connect_to_self();
    other = connect_to_self();
    inside = end_after_the_answer;
    assert_true(transact(conv, XTYP_POKE, TIMEOUT_ASYNC) != 0);
    assert_true(transact(other, XTYP_REQUEST, TEST_PATIENCE_MS) == 0);
    assert_int_equal(calls_of(XTYP_REQUEST), 1);
}

/* ---- Giving up and beginning again --------------------------------------------------------------------- */

static HDDEDATA abandon_and_block(UINT type, UINT fmt, HCONV at, HDDEDATA data, ULONG_PTR data1)
{
    (void)fmt;
    (void)data;
    if (type != XTYP_XACT_COMPLETE)
        return NO_OPINION;
    assert_true(DdeAbandonTransaction(first, at, (DWORD)data1));
    return CBR_BLOCK;
}

static void a_completion_abandoned_by_its_own_callback_does_not_come_again(void **state)
{
    (void)state;
    conv = connect_to_self();
    inside = abandon_and_block;
    assert_true(transact(conv, XTYP_POKE, TIMEOUT_ASYNC) != 0);
    test_pump_all();
    assert_false(DdeEnableCallback(first, conv, EC_QUERYWAITING));
    assert_true(DdeEnableCallback(first, conv, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(calls_of(XTYP_XACT_COMPLETE), 1);
}

static HDDEDATA refuse_the_first_loop(UINT type, UINT fmt, HCONV at, HDDEDATA data, ULONG_PTR data1)
{
    (void)fmt;
    (void)at;
    (void)data;
    (void)data1;
    return type == XTYP_ADVSTART && calls_of(XTYP_ADVSTART) == 1 ? 0 : NO_OPINION;
}

static void a_loop_refused_at_first_and_granted_then_delivers(void **state)
{
    (void)state;
    conv = connect_to_self();
    inside = refuse_the_first_loop;
    assert_true(transact(conv, XTYP_ADVSTART, TIMEOUT_ASYNC) != 0);
    assert_true(transact(conv, XTYP_ADVSTART, TIMEOUT_ASYNC) != 0);
    test_pump_all();
    assert_true(DdePostAdvise(first, topic, item));
    test_pump_all();
    assert_int_equal(calls_of(XTYP_ADVDATA), 1);
}

static HDDEDATA register_again(UINT type, UINT fmt, HCONV at, HDDEDATA data, ULONG_PTR data1)
{
    (void)fmt;
    (void)at;
    (void)data;
    (void)data1;
    if (type == XTYP_UNREGISTER && calls_of(XTYP_UNREGISTER) < 1000)
        DdeNameService(first, service, 0, DNS_REGISTER);
    return NO_OPINION;
}

static void unregistering_all_ends_though_a_callback_registers_again(void **state)
{
    (void)state;
    inside = register_again;
    assert_true(DdeNameService(first, 0, 0, DNS_UNREGISTER) != 0);
    assert_int_equal(calls_of(XTYP_UNREGISTER), 1);
}

#define TEST(section, function) rule_with(section, function, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST("5.1", lent_data_stays_the_librarys_when_a_wildconnect_returns_it),
        TEST("1.6", an_instance_that_ends_while_asked_accepts_nobody),
        TEST("1.6", a_server_hears_that_its_client_ended_before_the_offer),
        TEST("1.6", a_transaction_fails_if_its_instance_has_ended_meanwhile),
        TEST("4.4", a_completion_abandoned_by_its_own_callback_does_not_come_again),
        TEST("6.4", a_loop_refused_at_first_and_granted_then_delivers),
        TEST("4.2", unregistering_all_ends_though_a_callback_registers_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
