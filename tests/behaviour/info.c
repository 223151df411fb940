/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* DdeQueryConvInfo and DdeSetUserHandle (docs/conformance.md, 3, 4.3, 6.1, 6.2). */

#include "support/party.h"

/* Set on an established client side; it has no ST_ name. */
enum { ESTABLISHED_CLIENT = 0x8000 };

struct talk {
    struct party *server, *client;
    HCONV conv;
};

static struct talk talk(void)
{
    struct talk t = {party_serve(0), party_open(0), 0};

    t.conv = party_connect(t.client, SERVICE, TOPIC);
    return t;
}

static void expect_text(struct party *p, HSZ hsz, const char *expected)
{
    char text[32] = "";

    if (hsz)
        DdeQueryStringA(p->id, hsz, text, sizeof text, CP_WINANSI);
    assert_string_equal(text, expected);
}

static UINT status_of(HCONV conv)
{
    return info_of(conv).wStatus;
}

/* ---- Fields -------------------------------------------------------------------------------------------- */

static void names_are_those_of_the_conversation_on_both_sides(void **state)
{
    struct talk t = talk();
    CONVINFO client = info_of(t.conv), server = info_of(t.server->server);

    (void)state;
    expect_text(t.client, client.hszSvcPartner, SERVICE);
    expect_text(t.client, client.hszServiceReq, SERVICE);
    expect_text(t.client, client.hszTopic, TOPIC);
    expect_text(t.server, server.hszServiceReq, SERVICE);
    expect_text(t.server, server.hszTopic, TOPIC);
    assert_null(server.hszSvcPartner); /* a client has no service name */
}

static void the_names_are_borrowed(void **state)
{
    struct talk t = talk();
    HSZ topic = info_of(t.conv).hszTopic;

    (void)state;
    assert_true(DdeFreeStringHandle(t.client->id, party_text(t.client, TOPIC)));
    assert_true(DdeFreeStringHandle(t.client->id, topic)); /* the one that connecting made */
    assert_false(DdeFreeStringHandle(t.client->id, topic));
    expect_text(t.client, topic, TOPIC);
}

static void each_side_names_the_other_as_its_partner(void **state)
{
    struct talk t = talk();
    CONVINFO client = info_of(t.conv), server = info_of(t.server->server);

    (void)state;
    if (test_apart) { /* names of their own for it: tests/processes/processes.c */
        assert_non_null(client.hConvPartner);
        assert_non_null(server.hConvPartner);
    } else {
        assert_ptr_equal(client.hConvPartner, t.server->server);
        assert_ptr_equal(server.hConvPartner, t.conv);
    }
    assert_non_null(client.hwnd);
    assert_non_null(server.hwnd);
    assert_ptr_equal(client.hwnd, server.hwndPartner);
    assert_ptr_equal(server.hwnd, client.hwndPartner);
}

static void one_window_carries_one_conversation(void **state) /* 1.2 */
{
    struct talk t = talk();
    HCONV first = t.server->server, other = party_connect(t.client, SERVICE, TOPIC);

    (void)state;
    assert_ptr_not_equal(info_of(t.conv).hwnd, info_of(other).hwnd);
    assert_ptr_not_equal(info_of(first).hwnd, info_of(t.server->server).hwnd);
}

static void both_sides_show_the_clients_context(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    CONVCONTEXT context = {.cb = sizeof context, .dwSecurity = 0xCAFE, .iCodePage = CP_WINUNICODE};
    HCONV conv = DdeConnect(client->id, party_text(client, SERVICE), party_text(client, TOPIC), &context);
    CONVINFO info = info_of(conv);

    (void)state;
    assert_memory_equal(&info.ConvCtxt, &context, sizeof context);
    info = info_of(server->server);
    assert_memory_equal(&info.ConvCtxt, &context, sizeof context);
}

static void an_idle_conversation_has_no_transaction_and_no_error(void **state)
{
    struct talk t = talk();
    HCONV sides[] = {t.conv, t.server->server};

    (void)state;
    for (int i = 0; i < 2; i++) {
        CONVINFO info = info_of(sides[i]);

        assert_int_equal(info.wConvst, XST_CONNECTED);
        assert_int_equal(info.wLastError, DMLERR_NO_ERROR);
        assert_null(info.hszItem);
        assert_int_equal(info.wFmt, 0);
        assert_int_equal(info.wType, 0);
        assert_null(info.hConvList);
        assert_int_equal(info.hUser, 0);
    }
}

/* ---- Status (6.1) -------------------------------------------------------------------------------------- */

static void an_open_conversation_is_connected_and_local(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_int_equal(status_of(t.conv), ST_CONNECTED | ST_ISLOCAL | ST_CLIENT | ESTABLISHED_CLIENT);
    assert_int_equal(status_of(t.server->server), ST_CONNECTED | ST_ISLOCAL);
}

static void a_conversation_with_oneself_says_so_on_both_sides(void **state)
{
    struct party *p = party_serve(0);
    HCONV conv = party_connect(p, SERVICE, TOPIC);

    (void)state;
    assert_int_equal(status_of(conv), ST_CONNECTED | ST_ISLOCAL | ST_ISSELF | ST_CLIENT | ESTABLISHED_CLIENT);
    assert_int_equal(status_of(p->server), ST_CONNECTED | ST_ISLOCAL | ST_ISSELF);
}

static void advise_is_shown_from_the_first_loop_to_the_last(void **state)
{
    struct talk t = talk();
    HCONV sides[] = {t.conv, t.server->server};
    HSZ other = party_text(t.client, "other");

    (void)state;
    assert_non_null(party_transact(t.client, t.conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    assert_non_null(
        DdeClientTransaction(NULL, 0, t.conv, other, CF_TEXT, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    assert_non_null(party_transact(t.client, t.conv, XTYP_ADVSTOP, TEST_PATIENCE_MS, NULL));
    for (int i = 0; i < 2; i++)
        assert_int_equal(status_of(sides[i]) & ST_ADVISE, ST_ADVISE);
    assert_non_null(
        DdeClientTransaction(NULL, 0, t.conv, other, CF_TEXT, XTYP_ADVSTOP, TEST_PATIENCE_MS, NULL));
    for (int i = 0; i < 2; i++)
        assert_int_equal(status_of(sides[i]) & ST_ADVISE, 0);
}

static CONVINFO seen;
static UINT seen_size, seen_type;

static bool look(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == seen_type) {
        memset(&seen, 0, sizeof seen);
        seen.cb = sizeof seen;
        seen_size = DdeQueryConvInfo(c->conv, QID_SYNC, &seen);
    }
    return false;
}

static void a_conversation_that_was_ended_can_be_asked_about_inside_disconnect(void **state)
{
    struct talk t = talk();

    (void)state;
    t.client->hook = look;
    seen_type = XTYP_DISCONNECT;
    assert_true(DdeDisconnect(t.server->server));
    test_pump_all();
    assert_int_equal(seen_size, sizeof seen);
    assert_int_equal(seen.wStatus & (ST_TERMINATED | ST_CONNECTED | ST_CLIENT | ESTABLISHED_CLIENT),
                     ST_TERMINATED | ST_CLIENT);
    expect_text(t.client, party_text(t.client, TOPIC), TOPIC);
    assert_ptr_equal(seen.hszTopic, party_text(t.client, TOPIC));
}

static void a_conversation_is_connected_when_it_is_confirmed(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);

    (void)state;
    server->hook = look;
    seen_type = XTYP_CONNECT_CONFIRM;
    party_connect(client, SERVICE, TOPIC);
    assert_int_equal(seen.wStatus, ST_CONNECTED | ST_ISLOCAL);
}

static void an_instance_specific_name_stays_what_was_asked_for(void **state)
{
    struct party *client = party_open(0), *server = party_serve(0);
    const char *specific = party_last(client, XTYP_REGISTER)->text2;
    CONVINFO info = info_of(party_connect(client, specific, TOPIC));

    (void)state;
    expect_text(client, info.hszSvcPartner, SERVICE);
    expect_text(client, info.hszServiceReq, specific);
    expect_text(server, info_of(server->server).hszServiceReq, SERVICE);
}

/* ---- The transaction ----------------------------------------------------------------------------------- */

static bool look_from_the_other_side(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == seen_type)
        seen = info_of(*(HCONV *)p->arg);
    return false;
}

static void a_waiting_client_shows_what_it_waits_for(void **state)
{
    static const struct {
        UINT type, state;
    } sent[] = {{XTYP_REQUEST, XST_REQSENT},
                {XTYP_POKE, XST_POKESENT},
                {XTYP_EXECUTE, XST_EXECSENT},
                {XTYP_ADVSTART, XST_ADVSENT},
                {XTYP_ADVSTOP, XST_UNADVSENT}};
    struct talk t = talk();

    (void)state;
    t.server->hook = look_from_the_other_side;
    t.server->arg = &t.conv;
    for (size_t i = 0; i < sizeof sent / sizeof *sent; i++) {
        bool execute = sent[i].type == XTYP_EXECUTE;

        seen_type = sent[i].type;
        if (execute || seen_type == XTYP_POKE)
            assert_non_null(party_send(t.client, t.conv, seen_type, "x", TEST_PATIENCE_MS, NULL));
        else
            assert_non_null(party_transact(t.client, t.conv, seen_type, TEST_PATIENCE_MS, NULL));
        assert_int_equal(seen.wConvst, sent[i].state);
        assert_int_equal(seen.wType, sent[i].type);
        assert_int_equal(seen.wFmt, execute ? 0 : CF_TEXT);
        expect_text(t.client, seen.hszItem, execute ? "" : ITEM);
        assert_int_equal(info_of(t.conv).wConvst, XST_CONNECTED);
        assert_int_equal(info_of(t.conv).wType, 0);
    }
}

static void a_callback_shows_the_transaction_that_is_delivered(void **state)
{
    static const UINT types[] = {XTYP_REQUEST, XTYP_ADVSTART, XTYP_ADVSTOP};
    struct talk t = talk();
    HSZ item = party_text(t.server, ITEM);

    (void)state;
    t.server->hook = look;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        seen_type = types[i];
        assert_non_null(party_transact(t.client, t.conv, types[i], TEST_PATIENCE_MS, NULL));
        assert_int_equal(seen.wType, types[i]);
        assert_int_equal(seen.wFmt, CF_TEXT);
        assert_ptr_equal(seen.hszItem, item);
        assert_int_equal(info_of(t.server->server).wType, 0);
    }
}

static void an_update_shows_itself_to_the_client(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_non_null(party_transact(t.client, t.conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    t.client->hook = look;
    seen_type = XTYP_ADVDATA;
    assert_true(party_post(t.server, TOPIC, ITEM));
    test_pump_all();
    assert_int_equal(seen.wType, XTYP_ADVDATA);
    assert_int_equal(seen.wFmt, CF_TEXT);
    assert_ptr_equal(seen.hszItem, party_text(t.client, ITEM));
}

static bool refuse(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = 0;
    return c->type == XTYP_REQUEST || c->type == XTYP_POKE;
}

static void a_failed_transaction_shows_its_error_until_one_succeeds(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = refuse;
    assert_null(party_transact(t.client, t.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    assert_int_equal(info_of(t.conv).wLastError, DMLERR_NOTPROCESSED);
    assert_int_equal(info_of(t.conv).wConvst, XST_INCOMPLETE);
    t.server->hook = NULL;
    assert_non_null(party_transact(t.client, t.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    assert_int_equal(info_of(t.conv).wLastError, DMLERR_NO_ERROR);
    assert_int_equal(info_of(t.conv).wConvst, XST_CONNECTED);
}

static void a_timeout_shows_as_the_error(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_true(DdeEnableCallback(t.server->id, 0, EC_DISABLE));
    assert_null(party_transact(t.client, t.conv, XTYP_REQUEST, 10, NULL));
    assert_int_equal(info_of(t.conv).wLastError, DMLERR_DATAACKTIMEOUT);
    assert_int_equal(info_of(t.conv).wConvst, XST_INCOMPLETE);
}

static void an_asynchronous_transaction_has_a_description_of_its_own(void **state)
{
    struct talk t = talk();
    CONVINFO info = {.cb = sizeof info};
    DWORD id, other;

    (void)state;
    assert_non_null(party_transact(t.client, t.conv, XTYP_REQUEST, TIMEOUT_ASYNC, &id));
    assert_non_null(party_send(t.client, t.conv, XTYP_EXECUTE, "x", TIMEOUT_ASYNC, &other));
    assert_int_equal(DdeQueryConvInfo(t.conv, id, &info), sizeof info);
    assert_int_equal(info.wType, XTYP_REQUEST);
    assert_int_equal(info.wFmt, CF_TEXT);
    expect_text(t.client, info.hszItem, ITEM);
    assert_int_equal(info.wConvst, XST_REQSENT);
    expect_text(t.client, info.hszTopic, TOPIC);
    info.cb = sizeof info;
    assert_int_equal(DdeQueryConvInfo(t.conv, other, &info), sizeof info);
    assert_int_equal(info.wType, XTYP_EXECUTE);
    assert_null(info.hszItem);
    assert_int_equal(info.wConvst, XST_EXECSENT);
}

static void a_completion_that_waits_shows_that_its_answer_is_in(void **state)
{
    struct talk t = talk();
    CONVINFO info = {.cb = sizeof info};
    DWORD id;

    (void)state;
    assert_true(DdeEnableCallback(t.client->id, 0, EC_DISABLE));
    assert_non_null(party_transact(t.client, t.conv, XTYP_REQUEST, TIMEOUT_ASYNC, &id));
    test_pump_all();
    assert_int_equal(DdeQueryConvInfo(t.conv, id, &info), sizeof info);
    assert_int_equal(info.wConvst, XST_DATARCVD);
}

/* ---- User handles -------------------------------------------------------------------------------------- */

static void each_side_has_its_own_user_handle(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_true(DdeSetUserHandle(t.conv, QID_SYNC, (DWORD_PTR)-5));
    assert_true(DdeSetUserHandle(t.server->server, QID_SYNC, 7));
    assert_int_equal(info_of(t.conv).hUser, (DWORD_PTR)-5);
    assert_int_equal(info_of(t.server->server).hUser, 7);
}

static void a_user_handle_can_be_replaced(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_true(DdeSetUserHandle(t.conv, QID_SYNC, 1));
    assert_true(DdeSetUserHandle(t.conv, QID_SYNC, 2));
    assert_int_equal(info_of(t.conv).hUser, 2);
}

static void an_asynchronous_transaction_has_its_own_user_handle(void **state)
{
    struct talk t = talk();
    CONVINFO info = {.cb = sizeof info};
    DWORD id;

    (void)state;
    assert_true(DdeSetUserHandle(t.conv, QID_SYNC, 1));
    assert_non_null(party_transact(t.client, t.conv, XTYP_REQUEST, TIMEOUT_ASYNC, &id));
    assert_true(DdeSetUserHandle(t.conv, id, 2));
    assert_int_equal(DdeQueryConvInfo(t.conv, id, &info), sizeof info);
    assert_int_equal(info.hUser, 2);
    assert_int_equal(info_of(t.conv).hUser, 1);
}

static void a_user_handle_needs_a_conversation_and_a_known_id(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_false(DdeSetUserHandle((HCONV)(uintptr_t)0x7777, QID_SYNC, 1));
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
    assert_false(DdeSetUserHandle(t.conv, 0x12345, 1));
    assert_error(t.client, DMLERR_UNFOUND_QUEUE_ID);
}

/* ---- The buffer ---------------------------------------------------------------------------------------- */

static void a_short_buffer_gets_what_fits_and_no_more(void **state) /* Q102572: sizes without the windows */
{
    struct talk t = talk();
    CONVINFO whole = info_of(t.conv);

    (void)state;
    for (DWORD size = sizeof whole.cb; size < sizeof whole; size++) {
        unsigned char bytes[sizeof whole + 1];

        memset(bytes, 0xEE, sizeof bytes);
        memcpy(bytes, &size, sizeof size);
        assert_int_equal(DdeQueryConvInfo(t.conv, QID_SYNC, (PCONVINFO)(void *)bytes), size);
        assert_memory_equal(bytes, &size, sizeof size);
        assert_memory_equal(bytes + sizeof size, (unsigned char *)&whole + sizeof size, size - sizeof size);
        assert_int_equal(bytes[size], 0xEE);
    }
}

static void a_larger_buffer_gets_the_structure_alone(void **state)
{
    struct talk t = talk();
    struct {
        CONVINFO info;
        unsigned char behind;
    } buffer = {.behind = 0xEE};

    (void)state;
    buffer.info.cb = sizeof buffer;
    assert_int_equal(DdeQueryConvInfo(t.conv, QID_SYNC, &buffer.info), sizeof buffer.info);
    assert_int_equal(buffer.info.cb, sizeof buffer.info);
    assert_int_equal(buffer.behind, 0xEE);
}

static void no_buffer_is_an_invalid_parameter(void **state)
{
    struct talk t = talk();
    CONVINFO info = {.cb = 0};

    (void)state;
    assert_int_equal(DdeQueryConvInfo(t.conv, QID_SYNC, NULL), 0);
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
    assert_int_equal(DdeQueryConvInfo(t.conv, QID_SYNC, &info), 0);
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
}

/* ---- Which conversation -------------------------------------------------------------------------------- */

static void the_partners_handle_can_be_asked_about(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_ptr_equal(info_of(info_of(t.conv).hConvPartner).hConvPartner, t.conv);
}

static void serve(struct party *p)
{
    party_register(p, SERVICE);
}

static void the_partners_handle_on_another_thread_can_be_asked_about(void **state)
{
    struct party *client = party_open(0);
    struct remote r;
    HCONV conv;
    CONVINFO mine, theirs;

    (void)state;
    remote_start(&r, 0, serve);
    conv = party_connect(client, SERVICE, TOPIC);
    mine = info_of(conv);
    theirs = info_of(mine.hConvPartner);
    assert_ptr_equal(theirs.hConvPartner, conv);
    assert_ptr_equal(theirs.hwnd, mine.hwndPartner);
    assert_ptr_equal(theirs.hwndPartner, mine.hwnd);
    assert_int_equal(theirs.wStatus, ST_CONNECTED | ST_ISLOCAL);
    expect_text(client, theirs.hszTopic, TOPIC);
    remote_stop(&r);
}

static void a_bad_or_ended_conversation_is_an_invalid_parameter(void **state) /* C23 */
{
    struct talk t = talk();
    HCONV bad[] = {0, (HCONV)(uintptr_t)0x7777, t.conv};
    CONVINFO info = {.cb = sizeof info};

    (void)state;
    assert_true(DdeDisconnect(t.conv));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(DdeQueryConvInfo(bad[i], QID_SYNC, &info), 0);
        assert_error(t.client, DMLERR_INVALIDPARAMETER);
    }
}

static UINT size_inside; /* what was told of the partner that had ended */

static bool ask_about_the_one_that_has_ended(struct party *p, const struct call *c, HDDEDATA *result)
{
    const HCONV *ended = p->arg;
    CONVINFO info = {.cb = sizeof info};

    (void)result;
    if (c->type != XTYP_DISCONNECT)
        return false;
    test_pump_all(); /* the other side hears that its end is confirmed, and is no more */
    size_inside = DdeQueryConvInfo(*ended, QID_SYNC, &info);
    return false;
}

static void who_has_ended_it_cannot_be_asked_about_inside_the_partners_disconnect(void **state)
{
    struct talk t = talk();

    (void)state;
    skip_if_apart("a handle of this thread's own is asked about");
    size_inside = 1;
    t.server->hook = ask_about_the_one_that_has_ended;
    t.server->arg = &t.conv;
    assert_true(DdeDisconnect(t.conv));
    test_pump_all();
    assert_int_equal(party_count(t.server, XTYP_DISCONNECT), 1);
    assert_int_equal(size_inside, 0);
    assert_error(t.server, DMLERR_INVALIDPARAMETER);
}

static void an_unknown_id_is_not_found(void **state)
{
    struct talk t = talk();
    CONVINFO info = {.cb = sizeof info};

    (void)state;
    assert_int_equal(DdeQueryConvInfo(t.conv, 0x12345, &info), 0);
    assert_error(t.client, DMLERR_UNFOUND_QUEUE_ID);
    assert_int_equal(DdeQueryConvInfo(t.conv, 0, &info), 0);
    assert_error(t.client, DMLERR_UNFOUND_QUEUE_ID);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("4.3", names_are_those_of_the_conversation_on_both_sides),
        rule("4.3", the_names_are_borrowed),
        rule("4.3", each_side_names_the_other_as_its_partner),
        rule("1.2", one_window_carries_one_conversation),
        rule("4.3", both_sides_show_the_clients_context),
        rule("6.2", an_idle_conversation_has_no_transaction_and_no_error),
        rule("6.1", an_open_conversation_is_connected_and_local),
        rule("6.7", a_conversation_with_oneself_says_so_on_both_sides),
        rule("6.1", advise_is_shown_from_the_first_loop_to_the_last),
        rule("5.1", a_conversation_that_was_ended_can_be_asked_about_inside_disconnect),
        rule("6.1", a_conversation_is_connected_when_it_is_confirmed),
        rule("4.3", an_instance_specific_name_stays_what_was_asked_for),
        rule("6.2", a_waiting_client_shows_what_it_waits_for),
        rule("4.3", a_callback_shows_the_transaction_that_is_delivered),
        rule("4.3", an_update_shows_itself_to_the_client),
        rule("6.2", a_failed_transaction_shows_its_error_until_one_succeeds),
        rule("6.2", a_timeout_shows_as_the_error),
        rule("4.3", an_asynchronous_transaction_has_a_description_of_its_own),
        rule("6.2", a_completion_that_waits_shows_that_its_answer_is_in),
        rule("4.3", each_side_has_its_own_user_handle),
        rule("4.3", a_user_handle_can_be_replaced),
        rule("4.3", an_asynchronous_transaction_has_its_own_user_handle),
        rule("4.3", a_user_handle_needs_a_conversation_and_a_known_id),
        rule("4.3", a_short_buffer_gets_what_fits_and_no_more),
        rule("4.3", a_larger_buffer_gets_the_structure_alone),
        rule("4.3", no_buffer_is_an_invalid_parameter),
        rule("4.3", the_partners_handle_can_be_asked_about),
        rule("4.3", the_partners_handle_on_another_thread_can_be_asked_about),
        rule("4.3", a_bad_or_ended_conversation_is_an_invalid_parameter),
        rule("4.3", who_has_ended_it_cannot_be_asked_about_inside_the_partners_disconnect),
        rule("4.3", an_unknown_id_is_not_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
