/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Conversation lists with servers that speak WM_DDE_* themselves: they know only the window that asked, so
 * their conversations share it and are told apart by the servers' windows (docs/conformance.md,
 * protocol 6.1). */

#include "support/ours.h"
#include "support/raw.h"

enum { SERVERS = 3 };

static struct raw servers[SERVERS];
static HCONVLIST list;
static HCONV members[SERVERS];

static int set_up(void **state)
{
    (void)state;
    raw_books_open();
    ours_open(0);
    for (int i = 0; i < SERVERS; i++) {
        raw_open(&servers[i]);
        servers[i].serves = true;
    }
    list = DdeConnectList(ours.id, ours.service, ours.topic, 0, NULL);
    if (!list)
        return -1;
    for (int i = 0; i < SERVERS; i++)
        members[i] = DdeQueryNextServer(list, i ? members[i - 1] : 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ours.inside = NULL;
    ours_close();
    DdemlSetDeadlines(0, 30 * TEST_PATIENCE_MS);
    for (int i = 0; i < SERVERS; i++) {
        servers[i].on = NULL;
        raw_die(&servers[i]);
    }
    test_pump_all();
    test_ledger_is_empty();
    raw_books_close();
    return 0;
}

/* The member whose server this is. */
static HCONV member_of(const struct raw *r)
{
    for (int i = 0; i < SERVERS; i++)
        if ((host_wnd)info_of(members[i]).hwndPartner == r->wnd)
            return members[i];
    fail_msg("this server is in no list");
    return 0;
}

static DWORD request(HCONV conv)
{
    DWORD id = 0;

    assert_non_null(
        DdeClientTransaction(NULL, 0, conv, ours.item, RAW_FORMAT, XTYP_REQUEST, TIMEOUT_ASYNC, &id));
    return id;
}

static void give(struct raw *r, const char *text)
{
    raw_give(r, WIRE_DATA, raw_object(WIRE_FRELEASE | WIRE_FRESPONSE, text), raw_ref(RAW_ITEM));
}

static void answer_request(struct raw *r, const char *text)
{
    struct raw_seen *m = raw_expect(r, WIRE_REQUEST);

    raw_unref(m->atom);
    give(r, text);
}

/* ---- Making ------------------------------------------------------------------------------------------- */

static void every_server_is_in_the_list(void **state)
{
    (void)state;
    for (int i = 0; i < SERVERS; i++) {
        assert_non_null(members[i]);
        assert_int_equal(info_of(members[i]).wStatus & (ST_CONNECTED | ST_INLIST | ST_ISLOCAL),
                         ST_CONNECTED | ST_INLIST);
        assert_true(info_of(members[i]).hwnd == info_of(members[0]).hwnd);
        member_of(&servers[i]);
    }
    assert_null(DdeQueryNextServer(list, members[SERVERS - 1]));
}

static void who_is_in_the_old_list_is_sent_away(void **state)
{
    (void)state;
    list = DdeConnectList(ours.id, ours.service, ours.topic, list, NULL);
    assert_non_null(list);
    for (int i = 0; i < SERVERS; i++) {
        assert_true(info_of(members[i]).hConvList == list);
        raw_expect_terminate(&servers[i], 1); /* the second conversation, which nobody wanted */
    }
    assert_null(DdeQueryNextServer(list, members[SERVERS - 1]));
    DdemlSetDeadlines(0, 50); /* these partners know one conversation, and have confirmed the end of one */
}

static void answer_again(struct raw *r)
{
    struct host_msg ack = {.to = r->partner, .id = WIRE_ACK, .wparam = r->wnd};

    ack.lparam = (uintptr_t)raw_ref(RAW_SERVICE) | (uintptr_t)raw_ref(RAW_TOPIC) << 16;
    assert_int_equal(host_send(&ack, TEST_PATIENCE_MS), HOST_OK);
}

/* Two windows are one conversation, however often that is said. */
static void a_window_that_answers_twice_is_in_the_list_once(void **state)
{
    HCONV conv = 0;

    (void)state;
    assert_true(DdeDisconnectList(list));
    test_pump_all();
    for (int i = 0; i < SERVERS; i++) {
        servers[i].on_open = answer_again;
        servers[i].closing = false;
        raw_expect_terminate(&servers[i], 1);
        servers[i].terminates = 0;
    }
    list = DdeConnectList(ours.id, ours.service, ours.topic, 0, NULL);
    for (int i = 0; i < SERVERS; i++) {
        conv = DdeQueryNextServer(list, conv);
        assert_non_null(conv);
        members[i] = conv;
    }
    assert_null(DdeQueryNextServer(list, conv));
    for (int i = 0; i < SERVERS; i++) {
        raw_expect_terminate(&servers[i], 0);
        request(member_of(&servers[i]));
        answer_request(&servers[i], "alive");
    }
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), SERVERS);
}

/* ---- Conversing ---------------------------------------------------------------------------------------- */

static void each_answer_reaches_its_own_conversation(void **state)
{
    DWORD id[SERVERS];

    (void)state;
    for (int i = 0; i < SERVERS; i++)
        id[i] = request(member_of(&servers[i]));
    for (int i = SERVERS - 1; i >= 0; i--) {
        char text[2] = {(char)('a' + i), 0};

        answer_request(&servers[i], text);
        test_pump_all();
        assert_int_equal(ours.data1, id[i]);
        assert_string_equal(ours.text, text);
        assert_true(ours.conv == member_of(&servers[i]));
    }
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), SERVERS);
}

static void a_strangers_message_reaches_none(void **state)
{
    struct raw stranger = {0};

    (void)state;
    raw_open(&stranger);
    stranger.partner = (host_wnd)info_of(members[0]).hwnd;
    request(member_of(&servers[0]));
    request(member_of(&servers[1]));
    give(&stranger, "lie");
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 0);
    answer_request(&servers[0], "truth");
    answer_request(&servers[1], "truth");
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 2);
    assert_string_equal(ours.text, "truth");
    raw_die(&stranger);
}

/* ---- Ending ------------------------------------------------------------------------------------------- */

static void one_end_leaves_the_others(void **state)
{
    HCONV first = member_of(&servers[0]), second = member_of(&servers[1]);

    (void)state;
    assert_true(DdeDisconnect(first));
    raw_expect_terminate(&servers[0], 1);
    raw_terminate(&servers[0]);
    test_pump_all();
    request(second);
    answer_request(&servers[1], "alive");
    test_pump_all();
    assert_string_equal(ours.text, "alive");
    assert_int_equal(ours_calls(XTYP_DISCONNECT), 0);
}

static void a_servers_end_is_told_for_its_conversation(void **state)
{
    HCONV second = member_of(&servers[1]);

    (void)state;
    raw_terminate(&servers[1]);
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_DISCONNECT), 1);
    assert_true(ours.conv == second);
    raw_expect_terminate(&servers[1], 1);
    for (int i = 0; i < SERVERS; i += 2)
        raw_expect_terminate(&servers[i], 0);
}

/* What is queued for the shared window when one of its conversations ends is of all of them. */
static void a_disconnect_loses_nothing_of_the_others(void **state)
{
    (void)state;
    for (int i = 0; i < SERVERS; i++)
        request(member_of(&servers[i]));
    for (int i = 0; i < SERVERS; i++)
        answer_request(&servers[i], "queued");
    assert_true(DdeDisconnect(member_of(&servers[1])));
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 0); /* and nothing of it inside the call */
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), SERVERS - 1);
    raw_expect_terminate(&servers[1], 1);
}

static void a_server_that_dies_leaves_the_others(void **state)
{
    HCONV second = member_of(&servers[1]), third = member_of(&servers[2]);

    (void)state;
    request(member_of(&servers[0])); /* queued for the server when it dies */
    raw_die(&servers[0]);
    assert_true(DdeDisconnect(second));
    raw_expect_terminate(&servers[1], 1);
    request(third);
    answer_request(&servers[2], "alive");
    test_pump_all();
    assert_string_equal(ours.text, "alive");
}

static void a_list_that_ends_with_everything_queued_leaves_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < SERVERS; i++)
        for (int k = 0; k < 20; k++)
            request(member_of(&servers[i]));
    for (int i = 0; i < SERVERS; i++)
        for (int k = 0; k < 20; k++)
            answer_request(&servers[i], "queued");
    assert_true(DdeDisconnectList(list));
    test_pump_all();
    for (int i = 0; i < SERVERS; i++) {
        raw_expect_terminate(&servers[i], 1);
        raw_terminate(&servers[i]);
    }
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 0);
}

static void uninitialising_with_silent_servers_leaves_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < SERVERS; i++) {
        servers[i].rude = true;
        request(member_of(&servers[i]));
        answer_request(&servers[i], "queued");
    }
    DdemlSetDeadlines(0, 50);
    ours_close();
    for (int i = 0; i < SERVERS; i++)
        raw_expect_terminate(&servers[i], 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule_with("protocol 6.1", every_server_is_in_the_list, set_up, tear_down),
        rule_with("protocol 5.1", who_is_in_the_old_list_is_sent_away, set_up, tear_down),
        rule_with("protocol 6.1", a_window_that_answers_twice_is_in_the_list_once, set_up, tear_down),
        rule_with("protocol 6.1", each_answer_reaches_its_own_conversation, set_up, tear_down),
        rule_with("protocol 8.5", a_strangers_message_reaches_none, set_up, tear_down),
        rule_with("protocol 7.1", one_end_leaves_the_others, set_up, tear_down),
        rule_with("protocol 7.1", a_servers_end_is_told_for_its_conversation, set_up, tear_down),
        rule_with("protocol 7.1", a_disconnect_loses_nothing_of_the_others, set_up, tear_down),
        rule_with("protocol 7.6", a_server_that_dies_leaves_the_others, set_up, tear_down),
        rule_with("protocol 7.1", a_list_that_ends_with_everything_queued_leaves_nothing, set_up, tear_down),
        rule_with("protocol 7.5", uninitialising_with_silent_servers_leaves_nothing, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
