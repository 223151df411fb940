/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Instances: DdeInitialize, re-initialising, DdeUninitialize as such, the last error
 * (docs/conformance.md, 1.1, 1.5, 4.1). What DdeUninitialize does to conversations is in teardown.c. */

#include "support/party.h"

static HDDEDATA CALLBACK silent(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                ULONG_PTR data1, ULONG_PTR data2)
{
    (void)type, (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)data1, (void)data2;
    return 0;
}

/* ---- DdeInitialize ------------------------------------------------------------------------------------ */

static void initialising_yields_a_nonzero_id(void **state)
{
    DWORD ansi = 0, wide = 0;

    (void)state;
    assert_int_equal(DdeInitializeA(&ansi, silent, APPCLASS_STANDARD, 0), DMLERR_NO_ERROR);
    assert_int_equal(DdeInitializeW(&wide, silent, APPCLASS_STANDARD, 0), DMLERR_NO_ERROR);
    assert_int_not_equal(ansi, 0);
    assert_int_not_equal(wide, 0);
    assert_int_not_equal(ansi, wide);
    assert_true(DdeUninitialize(wide));
    assert_true(DdeUninitialize(ansi));
}

static void initialising_without_a_place_for_the_id_is_an_invalid_parameter(void **state)
{
    (void)state;
    assert_int_equal(DdeInitializeA(NULL, silent, 0, 0), DMLERR_INVALIDPARAMETER);
    assert_int_equal(DdeInitializeW(NULL, silent, 0, 0), DMLERR_INVALIDPARAMETER);
}

static void initialising_without_a_callback_is_an_invalid_parameter(void **state)
{
    DWORD id = 0;

    (void)state;
    assert_int_equal(DdeInitializeA(&id, NULL, 0, 0), DMLERR_INVALIDPARAMETER);
    assert_int_equal(id, 0);
}

static void initialising_with_a_reserved_value_is_an_invalid_parameter(void **state)
{
    DWORD id = 0;

    (void)state;
    assert_int_equal(DdeInitializeA(&id, silent, 0, 1), DMLERR_INVALIDPARAMETER);
    assert_int_equal(id, 0);
}

static void initialising_an_unknown_id_is_an_invalid_parameter_and_leaves_it(void **state)
{
    DWORD id = 0x12345;

    (void)state;
    assert_int_equal(DdeInitializeA(&id, silent, 0, 0), DMLERR_INVALIDPARAMETER);
    assert_int_equal(id, 0x12345);
}

static void initialising_raises_no_callback(void **state)
{
    struct party *other = party_open(0), *p = party_open(0);

    (void)state;
    test_pump_all();
    assert_int_equal(p->n, 0);
    assert_int_equal(other->n, 0); /* 4.1: no effect on others */
}

/* ---- Re-initialising ----------------------------------------------------------------------------------- */

static void reinitialising_keeps_the_id(void **state)
{
    struct party *p = party_open(0);
    DWORD id = p->id;

    (void)state;
    assert_int_equal(DdeInitializeA(&id, silent, 0, 0), DMLERR_NO_ERROR);
    assert_int_equal(id, p->id);
}

static void reinitialising_without_a_callback_keeps_the_old_one(void **state)
{
    struct party *p = party_serve(0), *client = party_open(0);

    (void)state;
    assert_int_equal(DdeInitializeA(&p->id, NULL, APPCMD_FILTERINITS, 0), DMLERR_NO_ERROR);
    party_connect(client, SERVICE, TOPIC);
    assert_int_equal(party_count(p, XTYP_CONNECT), 1);
}

static void reinitialising_replaces_the_callback(void **state)
{
    struct party *p = party_serve(0), *client = party_open(0);

    (void)state;
    assert_int_equal(DdeInitializeA(&p->id, silent, APPCMD_FILTERINITS, 0), DMLERR_NO_ERROR);
    assert_null(DdeConnect(client->id, party_text(client, SERVICE), party_text(client, TOPIC), NULL));
    assert_int_equal(p->n, 0);
}

static void reinitialising_raises_no_callback(void **state)
{
    struct party *p = party_serve(0);

    (void)state;
    assert_int_equal(DdeInitializeA(&p->id, NULL, CBF_FAIL_ALLSVRXACTIONS, 0), DMLERR_NO_ERROR);
    test_pump_all();
    assert_int_equal(p->n, 0);
}

static void reinitialising_keeps_conversations_strings_and_registrations(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV conv = party_connect(client, SERVICE, TOPIC);
    HSZ text = party_text(client, "kept");
    HDDEDATA value;
    char read[16];

    (void)state;
    assert_int_equal(DdeInitializeA(&client->id, NULL, 0, 0), DMLERR_NO_ERROR);
    assert_int_equal(DdeInitializeA(&server->id, NULL, APPCMD_FILTERINITS, 0), DMLERR_NO_ERROR);
    value = party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
    assert_non_null(value);
    assert_true(DdeFreeDataHandle(value));
    assert_int_equal(DdeQueryStringA(client->id, text, read, sizeof read, CP_WINANSI), 4);
    party_connect(client, SERVICE, TOPIC);
}

static void reinitialising_replaces_the_filter_flags(void **state)
{
    struct party *server = party_serve(CBF_FAIL_CONNECTIONS), *client = party_open(0);
    HSZ service = party_text(client, SERVICE), topic = party_text(client, TOPIC);

    (void)state;
    assert_null(DdeConnect(client->id, service, topic, NULL));
    assert_int_equal(DdeInitializeA(&server->id, NULL, APPCMD_FILTERINITS, 0), DMLERR_NO_ERROR);
    assert_non_null(DdeConnect(client->id, service, topic, NULL));
}

static void reinitialising_as_another_class_is_a_usage_error(void **state)
{
    struct party *p = party_open(0), *monitor = party_open(APPCLASS_MONITOR);

    (void)state;
    assert_int_equal(DdeInitializeA(&p->id, NULL, APPCLASS_MONITOR, 0), DMLERR_DLL_USAGE);
    assert_int_equal(DdeInitializeA(&monitor->id, NULL, APPCLASS_STANDARD, 0), DMLERR_DLL_USAGE);
}

static void a_client_only_instance_stays_one(void **state)
{
    struct party *p = party_open(APPCMD_CLIENTONLY);

    (void)state;
    assert_int_equal(DdeInitializeA(&p->id, NULL, 0, 0), DMLERR_NO_ERROR);
    assert_null(DdeNameService(p->id, party_text(p, SERVICE), 0, DNS_REGISTER));
    assert_error(p, DMLERR_DLL_USAGE);
}

static void an_instance_that_may_serve_does_not_become_client_only(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_int_equal(DdeInitializeA(&p->id, NULL, APPCMD_CLIENTONLY, 0), DMLERR_NO_ERROR);
    assert_non_null(DdeNameService(p->id, party_text(p, SERVICE), 0, DNS_REGISTER));
}

/* APPCMD_FILTERINITS, 4.1: on after the first call whether given or not; afterwards as given. */
static void reinitialising_without_filterinits_turns_the_name_filter_off(void **state)
{
    struct party *server = party_open(0), *client = party_open(0);
    HSZ service = party_text(client, SERVICE), topic = party_text(client, TOPIC);

    (void)state;
    assert_null(DdeConnect(client->id, service, topic, NULL));
    assert_int_equal(DdeInitializeA(&server->id, NULL, 0, 0), DMLERR_NO_ERROR);
    assert_non_null(DdeConnect(client->id, service, topic, NULL));
    assert_int_equal(DdeInitializeA(&server->id, NULL, APPCMD_FILTERINITS, 0), DMLERR_NO_ERROR);
    assert_null(DdeConnect(client->id, service, topic, NULL));
    assert_int_equal(party_count(server, XTYP_CONNECT), 1);
}

/* ---- What an instance may not do ----------------------------------------------------------------------- */

static void a_client_only_instance_may_not_serve(void **state)
{
    struct party *p = party_open(APPCMD_CLIENTONLY);

    (void)state;
    assert_null(DdeNameService(p->id, party_text(p, SERVICE), 0, DNS_REGISTER));
    assert_error(p, DMLERR_DLL_USAGE);
    assert_false(DdePostAdvise(p->id, 0, 0));
    assert_error(p, DMLERR_DLL_USAGE);
}

static void a_client_only_instance_is_not_asked_for_conversations(void **state)
{
    struct party *p = party_open(APPCMD_CLIENTONLY), *client = party_open(0);

    (void)state;
    assert_int_equal(DdeInitializeA(&p->id, NULL, 0, 0), DMLERR_NO_ERROR); /* the name filter is off now */
    assert_null(DdeConnect(client->id, 0, 0, NULL));
    assert_int_equal(p->n, 0);
}

static void a_monitor_may_neither_serve_nor_connect(void **state)
{
    struct party *p = party_open(APPCLASS_MONITOR);

    (void)state;
    assert_null(DdeNameService(p->id, party_text(p, SERVICE), 0, DNS_REGISTER));
    assert_error(p, DMLERR_DLL_USAGE);
    assert_false(DdePostAdvise(p->id, 0, 0));
    assert_error(p, DMLERR_DLL_USAGE);
    assert_null(DdeConnect(p->id, party_text(p, SERVICE), party_text(p, TOPIC), NULL));
    assert_error(p, DMLERR_DLL_USAGE);
}

static void any_instance_may_make_strings(void **state) /* 4.7 */
{
    struct party *monitor = party_open(APPCLASS_MONITOR), *client = party_open(APPCMD_CLIENTONLY);

    (void)state;
    assert_non_null(party_text(monitor, "text"));
    assert_non_null(party_text(client, "text"));
}

/* ---- DdeUninitialize ----------------------------------------------------------------------------------- */

static void uninitialising_an_unknown_id_fails(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_false(DdeUninitialize(p->id ^ 0x10000));
    assert_false(DdeUninitialize(0));
}

static void an_instance_is_uninitialised_once(void **state)
{
    DWORD id = 0;

    (void)state;
    assert_int_equal(DdeInitializeA(&id, silent, 0, 0), DMLERR_NO_ERROR);
    assert_true(DdeUninitialize(id));
    assert_false(DdeUninitialize(id));
}

static void uninitialising_releases_strings_and_data(void **state) /* the teardown looks */
{
    struct party *p = party_open(0);

    (void)state;
    for (int i = 0; i < 3; i++) {
        party_text(p, "held three times");
        assert_non_null(party_data(p, "data", 0, CF_TEXT, i % 2 ? HDATA_APPOWNED : 0));
    }
    party_close(p);
}

static void handles_die_with_their_instance(void **state)
{
    struct party *p = party_open(0), *other = party_open(0);
    HSZ text = party_text(p, "text");
    HDDEDATA data = party_data(p, "data", 0, 0, HDATA_APPOWNED);

    (void)state;
    party_close(p);
    assert_false(DdeFreeDataHandle(data));
    assert_error(other, DMLERR_INVALIDPARAMETER);
    assert_false(DdeKeepStringHandle(other->id, text));
    assert_error(other, DMLERR_INVALIDPARAMETER);
}

static void the_other_instances_of_a_thread_live_on(void **state)
{
    struct party *p = party_open(0), *other = party_open(0);
    HSZ text = party_text(other, "text");

    (void)state;
    party_close(p);
    assert_true(DdeKeepStringHandle(other->id, text));
}

/* ---- Threads (1.1) ------------------------------------------------------------------------------------- */

static void use_from_a_stranger(void *arg)
{
    const struct party *p = arg;

    assert_false(DdeUninitialize(p->id));
    assert_int_equal(DdeGetLastError(p->id), DMLERR_DLL_NOT_INITIALIZED); /* C2 */
    assert_null(DdeCreateStringHandleA(p->id, "text", CP_WINANSI));
    assert_null(DdeNameService(p->id, 0, 0, DNS_FILTEROFF));
}

static void an_instance_belongs_to_its_thread(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    test_thread_join(test_thread_start(use_from_a_stranger, p));
    assert_error(p, DMLERR_NO_ERROR);
    assert_true(DdeKeepStringHandle(p->id, party_text(p, "alive")));
}

static struct party *owner;
static HSZ owned_text;
static HDDEDATA owned_data;
static HCONV owned_conv;

static void use_from_another_instance_thread(struct party *p)
{
    CONVINFO info = {.cb = sizeof info};

    assert_false(DdeKeepStringHandle(owner->id, owned_text));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_false(DdeFreeDataHandle(owned_data));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_int_equal(DdeQueryConvInfo(owned_conv, QID_SYNC, &info), 0);
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_false(DdeDisconnect(owned_conv));
    assert_error(p, DMLERR_NO_CONV_ESTABLISHED);
}

static void handles_belong_to_the_thread_of_their_instance(void **state)
{
    struct party *server = party_serve(0);
    struct remote r;

    (void)state;
    owner = party_open(0);
    owned_text = party_text(owner, "text");
    owned_data = party_data(owner, "data", 0, 0, 0);
    owned_conv = party_connect(owner, SERVICE, TOPIC);
    remote_start(&r, 0, use_from_another_instance_thread);
    remote_stop(&r);
    assert_true(DdeFreeDataHandle(owned_data));
    assert_true(DdeDisconnect(owned_conv));
    party_close(owner);
    party_close(server);
}

static void leave_all_behind(void *arg)
{
    struct party *p = party_open(0);
    HCONV conv = party_connect(p, SERVICE, TOPIC);

    (void)arg;
    party_data(p, "data", 0, 0, 0);
    party_transact(p, conv, XTYP_REQUEST, TIMEOUT_ASYNC, NULL);
    party_transact(p, conv, XTYP_ADVSTART, TIMEOUT_ASYNC, NULL);
    p->id = 0;
}

static bool disconnected(void *p)
{
    return party_count(p, XTYP_DISCONNECT) > 0;
}

static void begin_and_leave(void *done)
{
    leave_all_behind(NULL);
    test_event_set(done);
}

static void a_thread_that_ends_ends_its_instances(void **state)
{
    struct party *server = party_serve(0);
    struct test_event *done = test_event_new();
    struct test_thread *t = test_thread_start(begin_and_leave, done);

    (void)state;
    assert_true(test_event_pump(done, TEST_PATIENCE_MS));
    test_thread_join(t);
    assert_true(test_pump_until(disconnected, server, TEST_PATIENCE_MS));
    assert_int_equal(party_count(server, XTYP_DISCONNECT), 1);
    test_event_free(done);
}

/* ---- The last error (1.5) ------------------------------------------------------------------------------ */

static void the_last_error_is_reset_by_looking_at_it(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_error(p, DMLERR_NO_ERROR);
    assert_false(DdeKeepStringHandle(p->id, 0));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_error(p, DMLERR_NO_ERROR);
}

static void success_leaves_the_last_error(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_false(DdeKeepStringHandle(p->id, 0));
    party_text(p, "text");
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

static void the_newest_error_counts(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_false(DdeKeepStringHandle(p->id, 0));
    assert_null(DdeConnect(p->id, party_text(p, "nobody"), party_text(p, TOPIC), NULL));
    assert_error(p, DMLERR_NO_CONV_ESTABLISHED);
}

static void each_instance_has_its_own_last_error(void **state)
{
    struct party *p = party_open(0), *other = party_open(0);

    (void)state;
    assert_false(DdeKeepStringHandle(p->id, 0));
    assert_error(other, DMLERR_NO_ERROR);
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

static void an_error_of_no_instance_is_stored_in_all_of_the_thread(void **state)
{
    struct party *p = party_open(0), *other = party_open(0);

    (void)state;
    assert_false(DdeFreeDataHandle((HDDEDATA)(uintptr_t)0x7777));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_error(other, DMLERR_INVALIDPARAMETER);
}

static void the_error_of_an_unknown_id_is_an_invalid_parameter(void **state) /* C2 */
{
    struct party *p = party_open(0);

    (void)state;
    assert_int_equal(DdeGetLastError(p->id ^ 0x10000), DMLERR_INVALIDPARAMETER);
    assert_null(DdeCreateStringHandleA(p->id ^ 0x10000, "text", CP_WINANSI));
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

static void without_any_instance_the_library_is_not_initialised(void **state) /* C2 */
{
    (void)state;
    assert_int_equal(DdeGetLastError(0), DMLERR_DLL_NOT_INITIALIZED);
    assert_int_equal(DdeGetLastError(0x12345), DMLERR_DLL_NOT_INITIALIZED);
    assert_false(DdeFreeDataHandle((HDDEDATA)(uintptr_t)0x7777));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("4.1", initialising_yields_a_nonzero_id),
        rule("4.1", initialising_without_a_place_for_the_id_is_an_invalid_parameter),
        rule("4.1", initialising_without_a_callback_is_an_invalid_parameter),
        rule("4.1", initialising_with_a_reserved_value_is_an_invalid_parameter),
        rule("4.1", initialising_an_unknown_id_is_an_invalid_parameter_and_leaves_it),
        rule("4.1", initialising_raises_no_callback),
        rule("4.1", reinitialising_keeps_the_id),
        rule("4.1", reinitialising_without_a_callback_keeps_the_old_one),
        rule("4.1", reinitialising_replaces_the_callback),
        rule("4.1", reinitialising_raises_no_callback),
        rule("4.1", reinitialising_keeps_conversations_strings_and_registrations),
        rule("4.1", reinitialising_replaces_the_filter_flags),
        rule("4.1", reinitialising_as_another_class_is_a_usage_error),
        rule("4.1", a_client_only_instance_stays_one),
        rule("4.1", an_instance_that_may_serve_does_not_become_client_only),
        rule("4.1", reinitialising_without_filterinits_turns_the_name_filter_off),
        rule("4.1", a_client_only_instance_may_not_serve),
        rule("4.1", a_client_only_instance_is_not_asked_for_conversations),
        rule("4.1", a_monitor_may_neither_serve_nor_connect),
        rule("4.7", any_instance_may_make_strings),
        rule("4.1", uninitialising_an_unknown_id_fails),
        rule("4.1", an_instance_is_uninitialised_once),
        rule("4.1", uninitialising_releases_strings_and_data),
        rule("4.1", handles_die_with_their_instance),
        rule("1.1", the_other_instances_of_a_thread_live_on),
        rule("1.1", an_instance_belongs_to_its_thread),
        rule("1.1", handles_belong_to_the_thread_of_their_instance),
        rule("1.1", a_thread_that_ends_ends_its_instances),
        rule("1.5", the_last_error_is_reset_by_looking_at_it),
        rule("1.5", success_leaves_the_last_error),
        rule("1.5", the_newest_error_counts),
        rule("1.5", each_instance_has_its_own_last_error),
        rule("1.5", an_error_of_no_instance_is_stored_in_all_of_the_thread),
        rule("1.5", the_error_of_an_unknown_id_is_an_invalid_parameter),
        rule("1.5", without_any_instance_the_library_is_not_initialised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
