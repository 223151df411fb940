/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The name service (docs/conformance.md, 4.2, 5). */

#include "support/party.h"

static HDDEDATA name_service(struct party *p, const char *name, UINT command)
{
    HDDEDATA done = DdeNameService(p->id, party_text(p, name), 0, command);

    test_news();
    return done;
}

static bool connects(struct party *client, const char *service)
{
    return DdeConnect(client->id, party_text(client, service), party_text(client, TOPIC), NULL) != 0;
}

/* ---- Registering --------------------------------------------------------------------------------------- */

static void registering_is_told_to_every_instance_the_own_included(void **state) /* C4 */
{
    struct party *p = party_open(0), *other = party_open(0);

    (void)state;
    assert_non_null(name_service(p, SERVICE, DNS_REGISTER));
    assert_int_equal(party_count(p, XTYP_REGISTER), 1); /* inside the call: nothing was dispatched */
    assert_int_equal(party_count(other, XTYP_REGISTER), 1);
}

static void expect_news(const struct call *c)
{
    assert_string_equal(c->text1, SERVICE);
    assert_true(c->hsz2 != 0);
    assert_string_not_equal(c->text2, SERVICE);
    assert_int_equal(strncmp(c->text2, SERVICE "(", strlen(SERVICE) + 1), 0);
    assert_int_equal(c->fmt, 0);
    assert_null(c->conv);
    assert_null(c->data);
    assert_int_equal(c->data1, 0);
    assert_int_equal(c->data2, 0);
}

static void the_news_of_a_registration_has_base_and_instance_specific_name_alone(void **state)
{
    struct party *p = party_open(0), *other = party_open(0);

    (void)state;
    assert_non_null(name_service(p, SERVICE, DNS_REGISTER));
    expect_news(party_last(other, XTYP_REGISTER));
    expect_news(party_last(p, XTYP_REGISTER));
}

static void unregistering_is_told_to_every_instance_the_own_included(void **state)
{
    struct party *p = party_serve(0), *other = party_open(0);

    (void)state;
    assert_non_null(name_service(p, SERVICE, DNS_UNREGISTER));
    assert_int_equal(party_count(p, XTYP_UNREGISTER), 1);
    assert_int_equal(party_count(other, XTYP_UNREGISTER), 1);
    expect_news(party_last(other, XTYP_UNREGISTER));
}

static void both_news_carry_the_same_instance_specific_name(void **state)
{
    struct party *p = party_open(0), *other = party_open(0);

    (void)state;
    assert_non_null(name_service(p, SERVICE, DNS_REGISTER));
    assert_non_null(name_service(p, SERVICE, DNS_UNREGISTER));
    assert_string_equal(party_last(other, XTYP_REGISTER)->text2, party_last(other, XTYP_UNREGISTER)->text2);
}

static void instances_with_one_name_have_different_instance_specific_names(void **state)
{
    struct party *p = party_open(0), *q = party_open(0), *other = party_open(0);

    (void)state;
    assert_non_null(name_service(p, SERVICE, DNS_REGISTER));
    assert_non_null(name_service(q, SERVICE, DNS_REGISTER));
    assert_string_not_equal(party_call(other, XTYP_REGISTER, 0)->text2,
                            party_call(other, XTYP_REGISTER, 1)->text2);
}

/* It ends like one, with the window of an instance, or nearly so. */
static void a_name_that_only_looks_instance_specific_is_a_name_like_others(void **state)
{
    struct party *p = party_open(0), *client = party_open(0);
    char name[256], tag[256];

    (void)state;
    assert_non_null(name_service(p, SERVICE, DNS_REGISTER));
    strcpy(name, party_last(p, XTYP_REGISTER)->text2);
    strcpy(tag, strrchr(name, '('));
    memset(strrchr(name, '(') + 1, 'G', strlen(tag) - 2);
    assert_false(connects(client, name));
    assert_non_null(name_service(p, name, DNS_REGISTER));
    assert_true(connects(client, name));
    strcpy(name, "Nobody");
    strcat(name, tag);
    assert_false(connects(client, name)); /* the instance is there, but not under this name */
}

static void the_longest_name_can_be_registered_and_reached(void **state)
{
    struct party *p = party_open(0), *client = party_open(0);
    char name[256];

    (void)state;
    memset(name, 'n', 255);
    name[255] = 0;
    assert_non_null(name_service(p, name, DNS_REGISTER));
    assert_string_equal(party_last(client, XTYP_REGISTER)->text1, name);
    assert_string_not_equal(party_last(client, XTYP_REGISTER)->text2, name);
    assert_true(connects(client, name));
    assert_true(connects(client, party_last(client, XTYP_REGISTER)->text2));
}

static void registering_a_name_twice_succeeds_and_counts_once(void **state)
{
    struct party *p = party_serve(0), *other = party_open(0);

    (void)state;
    assert_non_null(name_service(p, SERVICE, DNS_REGISTER));
    assert_int_equal(party_count(other, XTYP_REGISTER), 0);
    assert_non_null(name_service(p, SERVICE, DNS_UNREGISTER));
    assert_false(connects(other, SERVICE));
    assert_null(name_service(p, SERVICE, DNS_UNREGISTER));
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

static void names_are_registered_regardless_of_case(void **state)
{
    struct party *p = party_open(0), *client = party_open(0);

    (void)state;
    assert_non_null(name_service(p, "quoteS", DNS_REGISTER));
    assert_true(connects(client, "QUOTEs"));
    assert_non_null(name_service(p, "QUOTES", DNS_UNREGISTER));
    assert_false(connects(client, "quoteS"));
}

static void an_instance_can_register_many_names(void **state)
{
    struct party *p = party_open(0), *client = party_open(0);
    char name[16];

    (void)state;
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "name%d", i);
        assert_non_null(name_service(p, name, DNS_REGISTER));
    }
    assert_true(connects(client, "name0"));
    assert_true(connects(client, "name19"));
    assert_false(connects(client, "name20"));
}

static void unregistering_no_name_unregisters_all_each_with_its_news(void **state)
{
    struct party *p = party_open(0), *other = party_open(0);

    (void)state;
    assert_non_null(name_service(p, "one", DNS_REGISTER));
    assert_non_null(name_service(p, "two", DNS_REGISTER));
    assert_non_null(name_service(p, NULL, DNS_UNREGISTER));
    assert_int_equal(party_count(other, XTYP_UNREGISTER), 2);
    assert_false(connects(other, "one"));
    assert_false(connects(other, "two"));
}

static void unregistering_no_name_succeeds_without_any(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_non_null(name_service(p, NULL, DNS_UNREGISTER));
}

static void unregistering_one_name_leaves_the_others(void **state)
{
    struct party *p = party_open(0), *client = party_open(0);

    (void)state;
    assert_non_null(name_service(p, "one", DNS_REGISTER));
    assert_non_null(name_service(p, "two", DNS_REGISTER));
    assert_non_null(name_service(p, "one", DNS_UNREGISTER));
    assert_false(connects(client, "one"));
    assert_true(connects(client, "two"));
}

static void unregistering_an_unknown_name_is_an_invalid_parameter(void **state)
{
    struct party *p = party_serve(0);

    (void)state;
    assert_null(name_service(p, "unknown", DNS_UNREGISTER));
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

static void conversations_outlive_the_registration(void **state)
{
    struct party *p = party_serve(0), *client = party_open(0);
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    assert_non_null(name_service(p, SERVICE, DNS_UNREGISTER));
    assert_non_null(party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    assert_int_equal(party_count(client, XTYP_DISCONNECT), 0);
}

static void uninitialising_unregisters_and_tells_the_others_only(void **state)
{
    struct party *p = party_serve(0), *other = party_open(0);

    (void)state;
    party_close(p);
    test_news();
    assert_int_equal(party_count(other, XTYP_UNREGISTER), 1);
    assert_string_equal(party_last(other, XTYP_UNREGISTER)->text1, SERVICE);
    assert_int_equal(party_count(p, XTYP_UNREGISTER), 0);
}

static HDDEDATA register_result;

static bool register_another(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_REGISTER && !strcmp(c->text1, SERVICE))
        register_result = name_service(p, "second", DNS_REGISTER);
    return false;
}

static void a_name_may_be_registered_inside_the_news_of_another(void **state)
{
    struct party *p = party_open(0), *other = party_open(0);

    (void)state;
    register_result = 0;
    p->hook = register_another;
    assert_non_null(name_service(p, SERVICE, DNS_REGISTER));
    assert_non_null(register_result);
    assert_int_equal(party_count(other, XTYP_REGISTER), 2);
    assert_true(connects(other, "second"));
}

static HCONV connected_back;

static bool connect_back(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_REGISTER)
        connected_back = DdeConnect(p->id, c->hsz2, party_text(p, TOPIC), NULL);
    return false;
}

static void a_new_server_can_be_connected_to_inside_its_news(void **state)
{
    struct party *p = party_open(0), *other = party_open(0);

    (void)state;
    connected_back = 0;
    other->hook = connect_back;
    assert_non_null(name_service(p, SERVICE, DNS_REGISTER));
    assert_non_null(connected_back);
}

/* ---- Filters ------------------------------------------------------------------------------------------- */

static void skipped_registrations_are_not_told(void **state)
{
    struct party *p = party_open(CBF_SKIP_REGISTRATIONS), *other = party_open(CBF_SKIP_REGISTRATIONS);

    (void)state;
    assert_non_null(name_service(p, SERVICE, DNS_REGISTER));
    assert_int_equal(party_count(p, XTYP_REGISTER) + party_count(other, XTYP_REGISTER), 0);
    assert_non_null(name_service(p, SERVICE, DNS_UNREGISTER));
    assert_int_equal(party_count(other, XTYP_UNREGISTER), 1); /* C13: not filtered by this one */
}

static void skipped_unregistrations_are_not_told(void **state)
{
    struct party *p = party_open(0), *other = party_open(CBF_SKIP_UNREGISTRATIONS);

    (void)state;
    assert_non_null(name_service(p, SERVICE, DNS_REGISTER));
    assert_int_equal(party_count(other, XTYP_REGISTER), 1);
    assert_non_null(name_service(p, SERVICE, DNS_UNREGISTER));
    assert_int_equal(party_count(other, XTYP_UNREGISTER), 0);
}

static void without_the_name_filter_any_service_is_asked_for(void **state)
{
    struct party *p = party_open(0), *client = party_open(0);

    (void)state;
    assert_false(connects(client, "anything"));
    assert_int_equal(party_count(p, XTYP_CONNECT), 0);
    assert_non_null(name_service(p, NULL, DNS_FILTEROFF));
    assert_true(connects(client, "anything"));
    assert_non_null(name_service(p, NULL, DNS_FILTERON));
    assert_false(connects(client, "anything"));
}

static void the_name_filter_is_an_instances_own(void **state)
{
    struct party *p = party_open(0), *other = party_open(0), *client = party_open(0);

    (void)state;
    assert_non_null(name_service(p, NULL, DNS_FILTEROFF));
    assert_true(connects(client, "anything"));
    assert_int_equal(party_count(p, XTYP_CONNECT), 1);
    assert_int_equal(party_count(other, XTYP_CONNECT), 0);
}

static void the_name_filter_may_be_switched_with_a_name_given(void **state)
{
    struct party *p = party_open(0), *client = party_open(0);

    (void)state;
    assert_non_null(name_service(p, SERVICE, DNS_FILTEROFF));
    assert_true(connects(client, "anything"));
    assert_int_equal(party_count(client, XTYP_REGISTER), 0);
}

/* ---- Combined: filter, then unregister, then register ------------------------------------------------- */

static void registering_and_filter_can_be_combined(void **state)
{
    struct party *p = party_open(0), *client = party_open(0);

    (void)state;
    assert_non_null(name_service(p, SERVICE, DNS_REGISTER | DNS_FILTEROFF));
    assert_int_equal(party_count(client, XTYP_REGISTER), 1);
    assert_true(connects(client, "anything"));
}

static void unregistering_and_registering_combined_leave_the_name_registered(void **state)
{
    struct party *p = party_serve(0), *other = party_open(0);

    (void)state;
    assert_non_null(name_service(p, SERVICE, DNS_UNREGISTER | DNS_REGISTER));
    assert_true(party_last(other, XTYP_UNREGISTER)->order < party_last(other, XTYP_REGISTER)->order);
    assert_true(connects(other, SERVICE));
}

static void filter_on_and_off_combined_is_off(void **state)
{
    struct party *p = party_open(0), *client = party_open(0);

    (void)state;
    assert_non_null(name_service(p, NULL, DNS_FILTERON | DNS_FILTEROFF));
    assert_true(connects(client, "anything"));
}

/* ---- Errors -------------------------------------------------------------------------------------------- */

static void expect_invalid(struct party *p, HSZ hsz1, HSZ hsz2, UINT command)
{
    assert_null(DdeNameService(p->id, hsz1, hsz2, command));
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

static void a_bad_argument_is_an_invalid_parameter(void **state)
{
    struct party *p = party_open(0), *other = party_open(0);
    HSZ name = party_text(p, SERVICE);

    (void)state;
    expect_invalid(p, 0, 0, DNS_REGISTER);
    expect_invalid(p, (HSZ)(uintptr_t)0x7777, 0, DNS_REGISTER);
    expect_invalid(p, party_text(other, SERVICE), 0, DNS_REGISTER);
    expect_invalid(p, name, name, DNS_REGISTER);
    expect_invalid(p, name, 0, 0);
    expect_invalid(p, name, 0, 0x10);
    assert_int_equal(p->n, 0);
    assert_int_equal(other->n, 0);
}

static void an_unknown_instance_is_an_invalid_parameter(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_null(DdeNameService(p->id ^ 0x10000, party_text(p, SERVICE), 0, DNS_REGISTER));
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

/* ---- Threads ------------------------------------------------------------------------------------------- */

static void serve(struct party *p)
{
    party_register(p, SERVICE);
}

static void news_cross_threads_before_the_call_returns(void **state)
{
    struct party *p = party_open(0);
    struct remote r;

    (void)state;
    remote_start(&r, 0, NULL);
    assert_non_null(name_service(p, SERVICE, DNS_REGISTER));
    assert_non_null(name_service(p, SERVICE, DNS_UNREGISTER));
    remote_stop(&r);
    assert_int_equal(party_count(r.party, XTYP_REGISTER), 1);
    expect_news(party_last(r.party, XTYP_REGISTER));
    assert_int_equal(party_count(r.party, XTYP_UNREGISTER), 1);
    expect_news(party_last(r.party, XTYP_UNREGISTER));
}

static void a_server_on_another_thread_is_heard_of_and_reached(void **state)
{
    struct party *p = party_open(0);
    struct remote r;

    (void)state;
    remote_start(&r, 0, serve);
    test_news();
    expect_news(party_last(p, XTYP_REGISTER));
    assert_true(connects(p, party_last(p, XTYP_REGISTER)->text2));
    assert_true(connects(p, SERVICE));
    remote_stop(&r);
    test_news();
    assert_int_equal(party_count(p, XTYP_UNREGISTER), 1);
    assert_false(connects(p, SERVICE));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("4.2", registering_is_told_to_every_instance_the_own_included),
        rule("5", the_news_of_a_registration_has_base_and_instance_specific_name_alone),
        rule("4.2", unregistering_is_told_to_every_instance_the_own_included),
        rule("1.4", both_news_carry_the_same_instance_specific_name),
        rule("1.4", instances_with_one_name_have_different_instance_specific_names),
        rule("1.4", the_longest_name_can_be_registered_and_reached),
        rule("1.4", a_name_that_only_looks_instance_specific_is_a_name_like_others),
        rule("4.2", registering_a_name_twice_succeeds_and_counts_once),
        rule("4.2", names_are_registered_regardless_of_case),
        rule("4.2", an_instance_can_register_many_names),
        rule("4.2", unregistering_no_name_unregisters_all_each_with_its_news),
        rule("4.2", unregistering_no_name_succeeds_without_any),
        rule("4.2", unregistering_one_name_leaves_the_others),
        rule("4.2", unregistering_an_unknown_name_is_an_invalid_parameter),
        rule("4.2", conversations_outlive_the_registration),
        rule("4.1", uninitialising_unregisters_and_tells_the_others_only),
        rule("4.2", a_name_may_be_registered_inside_the_news_of_another),
        rule("4.2", a_new_server_can_be_connected_to_inside_its_news),
        rule("5", skipped_registrations_are_not_told),
        rule("5", skipped_unregistrations_are_not_told),
        rule("4.2", without_the_name_filter_any_service_is_asked_for),
        rule("4.2", the_name_filter_is_an_instances_own),
        rule("4.2", the_name_filter_may_be_switched_with_a_name_given),
        rule("4.2", registering_and_filter_can_be_combined),
        rule("4.2", unregistering_and_registering_combined_leave_the_name_registered),
        rule("4.2", filter_on_and_off_combined_is_off),
        rule("4.2", a_bad_argument_is_an_invalid_parameter),
        rule("1.5", an_unknown_instance_is_an_invalid_parameter),
        rule("4.2", news_cross_threads_before_the_call_returns),
        rule("4.2", a_server_on_another_thread_is_heard_of_and_reached),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
