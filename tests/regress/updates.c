/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Group U of docs/known-bugs.md: updates that are lost, doubled, out of order, or that end the conversation.
 */

#include <stdlib.h>

#include "base/spares.h"
#include "support/ours.h"
#include "support/talk.h"

static struct raw raw; /* a partner that is not of this library */

enum { R = WIRE_FRELEASE, A = WIRE_FACKREQ, SHUTDOWN_MS = 100 };

/* ---- What the system refuses -------------------------------------------------------------------------- */

/* A window whose queue takes only so many messages at a time. */
static struct {
    host_wnd wnd;
    unsigned room;
} narrow;

static host_wnd gone; /* there is no such window, says the system */

int __real_host_post(const struct host_msg *msg);
int __wrap_host_post(const struct host_msg *msg);
int __wrap_host_post(const struct host_msg *msg)
{
    if (gone && gone == msg->to)
        return HOST_GONE;
    if (narrow.wnd && narrow.wnd == msg->to && msg->id <= WIRE_LAST) {
        if (!narrow.room)
            return HOST_FULL;
        narrow.room--;
    }
    return __real_host_post(msg);
}

static bool no_memory;

void *__real_host_alloc(size_t size);
void *__wrap_host_alloc(size_t size);
void *__wrap_host_alloc(size_t size)
{
    return no_memory ? NULL : __real_host_alloc(size);
}

static host_wnd window_of(HCONV conv)
{
    CONVINFO info = {.cb = sizeof info};

    assert_true(DdeQueryConvInfo(conv, QID_SYNC, &info));
    return (host_wnd)info.hwnd;
}

/* ---- Fixtures ----------------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    (void)state;
    memset(&narrow, 0, sizeof narrow);
    DdemlSetDeadlines(1000, SHUTDOWN_MS);
    raw_books_open();
    return 0;
}

static int tear_down(void **state)
{
    no_memory = false;
    gone = 0;
    memset(&narrow, 0, sizeof narrow);
    ours.inside = NULL;
    raw.on = NULL;
    ours_close();
    raw_die(&raw);
    parties_down(state);
    raw_books_close();
    return 0;
}

static unsigned updates(const struct talk *t)
{
    return party_count(t->client, XTYP_ADVDATA);
}

static unsigned asked(const struct talk *t)
{
    return party_count(t->server, XTYP_ADVREQ);
}

/* What a server gives: the number of the last change. */
static unsigned change;

static bool give_change(struct party *p, const struct call *c, HDDEDATA *result)
{
    char text[16];

    if (c->type != XTYP_ADVREQ && c->type != XTYP_REQUEST)
        return false;
    snprintf(text, sizeof text, "%u", change);
    *result = party_data(p, text, c->hsz2, c->fmt, 0);
    return true;
}

static void post_change(const struct talk *t)
{
    change++;
    talk_post(t);
}

static struct talk changing(UINT flags)
{
    struct talk t = talk_connected();

    change = 0;
    t.server->hook = give_change;
    talk_start(&t, flags);
    return t;
}

/* The n updates that have come are numbered from `first`, none missing, none twice. */
static void came_in_order(const struct talk *t, unsigned first, unsigned n)
{
    unsigned at = 0;

    for (unsigned i = 0; i < t->client->n; i++)
        if (t->client->calls[i].type == XTYP_ADVDATA)
            assert_int_equal(number_of(&t->client->calls[i]), first + at++);
    assert_int_equal(at, n);
}

static void nobody_was_disconnected(const struct talk *t)
{
    assert_int_equal(party_count(t->client, XTYP_DISCONNECT), 0);
    assert_int_equal(party_count(t->server, XTYP_DISCONNECT), 0);
}

/* ---- U-01 .. U-05 ------------------------------------------------------------------------------------- */

/* The ACK of the last update before, after and beside the end of the loop. */
static void stop_under_updates(struct talk *t, unsigned i)
{
    talk_start(t, XTYPF_ACKREQ);
    talk_post(t);
    talk_post(t);
    if (i % 3 == 0)
        test_pump_all();
    if (i % 3 == 1)
        assert_non_null(talk_do(t, XTYP_ADVSTOP, TIMEOUT_ASYNC));
    else
        talk_stop(t);
    test_pump_all();
    nobody_was_disconnected(t);
}

static void u01_stopping_an_acknowledged_loop_keeps_the_conversation(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    talk_cycles(&t, OFTEN(3000), stop_under_updates);
    talk_start(&t, XTYPF_ACKREQ);
    party_forget(t.client);
    talk_post(&t);
    test_pump_all();
    assert_int_equal(updates(&t), 1);
}

static void u01_an_ack_that_comes_after_the_loop_has_ended_is_absorbed(void **state)
{
    (void)state;
    raw_open(&raw);
    ours_open(APPCLASS_STANDARD);
    ours_serve();
    ours.answer = "update";
    assert_true(raw_connect(&raw));
    for (unsigned i = 0; i < OFTEN(500); i++) {
        struct raw_seen *update;

        raw_forget(&raw);
        raw_give(&raw, WIRE_ADVISE, raw_object(A, ""), raw_ref(RAW_ITEM));
        raw_unref(raw_expect(&raw, WIRE_ACK)->atom);
        assert_true(DdePostAdvise(ours.id, ours.topic, ours.item));
        update = raw_expect(&raw, WIRE_DATA);
        if (i % 3 == 0)
            raw_answer(&raw, update, WIRE_FACK);
        assert_true(raw_post(&raw, WIRE_UNADVISE, RAW_FORMAT, raw_ref(RAW_ITEM)));
        if (i % 3 == 1)
            raw_answer(&raw, update, WIRE_FACK);
        raw_unref(raw_expect(&raw, WIRE_ACK)->atom);
        if (i % 3 == 2)
            raw_answer(&raw, update, WIRE_FACK);
        raw_expect_nothing(&raw);
    }
    assert_int_equal(raw.terminates, 0);
    assert_int_equal(ours_calls(XTYP_DISCONNECT), 0);
}

static void u02_closing_one_loop_leaves_that_of_another_client(void **state)
{
    struct talk t = changing(0), first = t;
    struct party *other = party_open(0);
    HCONV conv = party_connect(other, SERVICE, TOPIC);

    (void)state;
    assert_non_null(party_transact(other, conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    for (unsigned i = 0; i < OFTEN(200); i++) {
        party_forget(t.client);
        party_forget(other);
        post_change(&t);
        test_pump_all();
        assert_int_equal(updates(&t), 1);
        assert_int_equal(party_count(other, XTYP_ADVDATA), 1);
        talk_stop(&first);
        post_change(&t);
        test_pump_all();
        assert_int_equal(updates(&t), 1);
        assert_int_equal(party_count(other, XTYP_ADVDATA), 2);
        talk_start(&first, 0);
        if (i % 10 == 9) { /* the whole conversation */
            assert_true(DdeDisconnect(first.conv));
            post_change(&t);
            test_pump_all();
            assert_int_equal(party_count(other, XTYP_ADVDATA), 3);
            talk_connect(&first);
            talk_start(&first, 0);
        }
    }
}

enum { ITEMS = 50 };

static unsigned posted[ITEMS];

static bool give_own_count(struct party *p, const struct call *c, HDDEDATA *result)
{
    char text[16];

    if (c->type != XTYP_ADVREQ)
        return false;
    snprintf(text, sizeof text, "%u", posted[atoi(c->text2)]);
    *result = party_data(p, text, c->hsz2, c->fmt, 0);
    return true;
}

static void u03_the_items_of_one_conversation_are_independent(void **state)
{
    struct talk t = talk_connected();
    HSZ items[ITEMS];
    unsigned came[ITEMS] = {0}, last[ITEMS] = {0};

    (void)state;
    raw_seed(3);
    memset(posted, 0, sizeof posted);
    t.server->hook = give_own_count;
    for (unsigned i = 0; i < ITEMS; i++) {
        char name[32];

        snprintf(name, sizeof name, "%u", i);
        items[i] = party_text(t.server, name);
        assert_non_null(DdeClientTransaction(NULL, 0, t.conv, party_text(t.client, name), CF_TEXT,
                                             XTYP_ADVSTART | (i % 2 ? XTYPF_ACKREQ : 0), TEST_PATIENCE_MS,
                                             NULL));
    }
    for (unsigned n = 0; n < OFTEN(5000); n++) {
        unsigned i = raw_random(ITEMS);

        posted[i]++;
        assert_true(DdePostAdvise(t.server->id, t.server_topic, items[i]));
        if (!raw_random(10))
            test_pump_all();
    }
    test_pump_all();
    for (unsigned i = 0; i < t.client->n; i++) {
        const struct call *c = &t.client->calls[i];

        came[atoi(c->text2)]++;
        last[atoi(c->text2)] = (unsigned)number_of(c);
    }
    for (unsigned i = 0; i < ITEMS; i++) {
        assert_int_equal(last[i], posted[i]); /* the newest */
        if (i % 2 == 0)
            assert_int_equal(came[i], posted[i]); /* and each */
    }
}

static void u04_no_update_of_a_plain_loop_is_dropped_though_the_client_stalls(void **state)
{
    struct talk t = changing(0);
    unsigned n = OFTEN(3000);

    (void)state;
    for (unsigned i = 0; i < n; i++) {
        post_change(&t);
        if (i % 50 == 0)
            assert_true(DdeEnableCallback(t.client->id, t.conv, i % 100 ? EC_DISABLE : EC_ENABLEALL));
        if (i % 10 == 0)
            test_pump_all();
    }
    assert_true(DdeEnableCallback(t.client->id, t.conv, EC_ENABLEALL));
    test_pump_all();
    came_in_order(&t, 1, n);
}

static void u05_every_post_is_told_to_every_loop(void **state)
{
    struct talk t = changing(0);
    HCONV warm = party_connect(t.client, SERVICE, TOPIC);
    unsigned n = OFTEN(1000), notices = 0;

    (void)state;
    assert_non_null(party_transact(t.client, warm, XTYP_ADVSTART | XTYPF_NODATA, TEST_PATIENCE_MS, NULL));
    party_forget(t.client);
    for (unsigned i = 0; i < n; i++)
        post_change(&t);
    test_pump_all();
    for (unsigned i = 0; i < t.client->n; i++)
        notices += t.client->calls[i].type == XTYP_ADVDATA && !t.client->calls[i].data;
    assert_int_equal(notices, n);
    assert_int_equal(updates(&t), 2 * n);
}

/* ---- U-06 .. U-08 ------------------------------------------------------------------------------------- */

static void u06_an_acknowledged_loop_has_one_update_under_way_and_then_the_newest(void **state)
{
    struct talk t = changing(XTYPF_ACKREQ);

    (void)state;
    for (int i = 0; i < 1000; i++)
        post_change(&t); /* the first is sent, the others find it unacknowledged */
    test_pump_all();
    assert_int_equal(updates(&t), 2);
    assert_int_equal(number_of(party_call(t.client, XTYP_ADVDATA, 0)), 1);
    assert_int_equal(number_of(party_call(t.client, XTYP_ADVDATA, 1)), 1000);
    assert_int_equal(asked(&t), 2);
    assert_int_equal(party_call(t.server, XTYP_ADVREQ, 1)->data1 & 0xFFFF, CADV_LATEACK);
}

static void u07_plain_loops_are_asked_within_the_post_and_unacknowledged_ones_later(void **state)
{
    struct talk t = changing(XTYPF_ACKREQ);

    (void)state;
    for (int i = 0; i < 2; i++) {
        talk_connect(&t);
        talk_start(&t, 0);
    }
    post_change(&t); /* unacknowledged from here on */
    party_forget(t.server);
    post_change(&t);
    assert_int_equal(asked(&t), 2);
    test_pump_all();
    assert_int_equal(asked(&t), 3);
}

static void u08_the_count_goes_down_to_0_in_each_format(void **state)
{
    struct talk t = talk_begin();
    unsigned left[2] = {5, 2};

    (void)state;
    for (int i = 0; i < 7; i++) {
        talk_connect(&t);
        assert_non_null(DdeClientTransaction(NULL, 0, t.conv, t.item, i % 3 == 1 ? CF_UNICODETEXT : CF_TEXT,
                                             XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    }
    talk_post(&t);
    assert_int_equal(asked(&t), 7);
    for (unsigned i = 0; i < 7; i++) {
        const struct call *c = party_call(t.server, XTYP_ADVREQ, i);

        assert_int_equal(c->data1, --left[c->fmt == CF_UNICODETEXT]);
    }
    assert_int_equal(left[0] + left[1], 0);
}

/* ---- U-09 .. U-12 ------------------------------------------------------------------------------------- */

static void u09_a_frozen_client_costs_a_bounded_backlog_and_an_exact_count(void **state)
{
    enum { BACKLOG = 10000, BEYOND = 500 };
    struct talk t = changing(0);
    unsigned refused = 0;
    LONG queued;

    (void)state;
    narrow.wnd = window_of(t.conv);
    for (change = 1; change <= BACKLOG + BEYOND; change++)
        if (!DdePostAdvise(t.server->id, t.server_topic, t.server_item)) {
            assert_error(t.server, DMLERR_POSTMSG_FAILED);
            refused++;
        }
    assert_int_equal(refused, BEYOND);
    queued = ledger_now().memory;
    assert_in_range(queued, 1, BACKLOG);
    narrow.wnd = 0; /* the server looks again when a message comes */
    assert_non_null(talk_do(&t, XTYP_POKE, TEST_PATIENCE_MS));
    test_pump_all();
    came_in_order(&t, 1, BACKLOG);
    post_change(&t);
    test_pump_all();
    assert_int_equal(updates(&t), BACKLOG + 1);
}

static void u09_a_client_that_thaws_gets_the_newest_value_on_an_acknowledged_loop(void **state)
{
    struct talk t = changing(XTYPF_ACKREQ);

    (void)state;
    narrow.wnd = window_of(t.conv);
    for (unsigned i = 0; i < OFTEN(1000); i++)
        post_change(&t);
    assert_in_range(ledger_now().memory, 0, 1);
    narrow.wnd = 0;
    assert_non_null(talk_do(&t, XTYP_POKE, TEST_PATIENCE_MS));
    test_pump_all();
    assert_int_equal(updates(&t), 2);
    assert_int_equal(number_of(party_last(t.client, XTYP_ADVDATA)), OFTEN(1000));
}

static void u10_a_burst_into_a_small_queue_loses_nothing(void **state)
{
    struct talk t = changing(0);
    unsigned n = OFTEN(1000);

    (void)state;
    narrow.wnd = window_of(t.conv);
    narrow.room = 8;
    for (unsigned i = 0; i < n; i++)
        post_change(&t);
    test_pump_all();
    assert_int_equal(updates(&t), 8);
    while (updates(&t) < n) {
        narrow.room = 8;
        assert_non_null(talk_do(&t, XTYP_POKE, TIMEOUT_ASYNC)); /* has the server look again */
        test_pump_all();
    }
    came_in_order(&t, 1, n);
}

static void u11_a_blocked_conversation_keeps_what_comes_in_order(void **state)
{
    struct talk t = talk_connected();
    unsigned n = OFTEN(3000);

    (void)state;
    assert_true(DdeEnableCallback(t.server->id, t.server->server, EC_DISABLE));
    for (unsigned i = 1; i <= n; i++) {
        char text[16];

        snprintf(text, sizeof text, "%u", i);
        assert_non_null(party_send(t.client, t.conv, XTYP_POKE, text, TIMEOUT_ASYNC, NULL));
    }
    test_pump_all();
    assert_int_equal(party_count(t.server, XTYP_POKE), 0);
    assert_true(DdeEnableCallback(t.server->id, t.server->server, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(party_count(t.client, XTYP_XACT_COMPLETE), n);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(number_of(&t.server->calls[i]), i + 1);
}

static void u11_what_there_is_no_memory_to_keep_is_answered_busy(void **state)
{
    struct raw_seen *ack;
    host_mem mem;

    (void)state;
    raw_open(&raw);
    ours_open(APPCLASS_STANDARD);
    ours_serve();
    assert_true(raw_connect(&raw));
    assert_true(DdeEnableCallback(ours.id, ours.conv, EC_DISABLE));
    mem = raw_object(R, "poke");
    assert_true(raw_post(&raw, WIRE_POKE, mem, raw_ref(RAW_ITEM)));
    no_memory = true;
    ack = raw_next(&raw);
    no_memory = false;
    assert_int_equal(ack->id, WIRE_ACK);
    assert_int_equal(ack->status, WIRE_FBUSY);
    raw_unref(ack->atom);
    raw_left(mem, true);
    assert_int_equal(ours_calls(XTYP_POKE), 0);
    assert_int_equal(ours_calls(XTYP_DISCONNECT), 0);
}

/* The answer waits behind another one's completion, and there is no memory for what waits: the conversation ends, and
 * with it the transaction that is being completed. */
static void u11_an_answer_whose_acknowledgement_finds_no_memory_ends_the_conversation(void **state)
{
    struct raw_seen *asked[2];

    (void)state;
    raw_open(&raw);
    raw.serves = true;
    ours_open(APPCMD_CLIENTONLY);
    assert_true(ours_connect());
    for (int i = 0; i < 2; i++) {
        ours_transact_async(XTYP_REQUEST);
        asked[i] = raw_next(&raw);
        asked[i]->taken = true;
    }
    assert_true(DdeEnableCallback(ours.id, 0, EC_DISABLE));
    raw_give(&raw, WIRE_DATA, raw_object(WIRE_FRESPONSE | R, "first"), asked[0]->atom);
    raw_give(&raw, WIRE_DATA, raw_object(WIRE_FRESPONSE | R | A, "second"), asked[1]->atom);
    raw_terminate(&raw);
    no_memory = true;
    raw_expect_terminate(&raw, 1);
    no_memory = false;
    test_pump_all();
    assert_int_equal(ours_calls(XTYP_DISCONNECT), 1);
    assert_int_equal(ours_calls(XTYP_XACT_COMPLETE), 0); /* nobody listens */
}

static bool block_every_fifth(struct party *p, const struct call *c, HDDEDATA *result)
{
    *result = CBR_BLOCK;
    return c->type == XTYP_POKE && party_count(p, XTYP_POKE) % 5 == 0;
}

static void u12_after_a_block_the_blocked_one_comes_first_and_then_the_others_in_order(void **state)
{
    struct talk t = talk_connected();
    unsigned calls = 5, next = 5; /* the number that the next call must bring */

    (void)state;
    t.server->hook = block_every_fifth;
    for (unsigned i = 1; i <= 20; i++) {
        char text[16];

        snprintf(text, sizeof text, "%u", i);
        assert_non_null(party_send(t.client, t.conv, XTYP_POKE, text, TIMEOUT_ASYNC, NULL));
    }
    test_pump_all();
    while (next <= 20) {
        assert_int_equal(party_count(t.server, XTYP_POKE), calls);
        assert_true(DdeEnableCallback(t.server->id, t.server->server, EC_ENABLEONE));
        test_pump_all();
        assert_int_equal(number_of(party_last(t.server, XTYP_POKE)), next);
        if (++calls % 5)
            next++;
    }
    assert_int_equal(party_count(t.client, XTYP_XACT_COMPLETE), 20);
}

/* ---- U-13 .. U-16 ------------------------------------------------------------------------------------- */

/* The server's first value: a change that it posts when it is asked for the loop. */
static bool change_when_asked_to_start(struct party *p, const struct call *c, HDDEDATA *result)
{
    if (c->type == XTYP_ADVSTART) {
        change++;
        assert_true(DdePostAdvise(p->id, c->hsz1, c->hsz2));
    }
    return give_change(p, c, result);
}

static void u13_a_value_posted_when_the_loop_starts_comes_once_and_hides_no_change(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    change = 0;
    t.server->hook = change_when_asked_to_start;
    talk_start(&t, 0);
    post_change(&t);
    test_pump_all();
    came_in_order(&t, 1, 2);
}

static void start_with_an_update(struct talk *t, unsigned i)
{
    (void)i;
    talk_start(t, 0);
    assert_int_equal(updates(t), 0); /* the confirmation came first */
    test_pump_all();
    assert_int_equal(updates(t), 1);
    assert_int_equal(number_of(party_last(t->client, XTYP_ADVDATA)), (int)change);
    talk_stop(t);
}

static void u14_the_first_update_never_overtakes_the_confirmation(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    t.server->hook = change_when_asked_to_start;
    talk_cycles(&t, OFTEN(2000), start_with_an_update);
}

static void post_inside_advstart(UINT type)
{
    if (type == XTYP_ADVSTART)
        assert_true(DdePostAdvise(ours.id, ours.topic, ours.item));
}

static void u14_on_the_wire_too_the_ack_comes_before_the_update(void **state)
{
    struct raw_seen *update;

    (void)state;
    raw_open(&raw);
    ours_open(APPCLASS_STANDARD);
    ours_serve();
    ours.answer = "update";
    ours.inside = post_inside_advstart;
    assert_true(raw_connect(&raw));
    raw_give(&raw, WIRE_ADVISE, raw_object(0, ""), raw_ref(RAW_ITEM));
    raw_unref(raw_expect(&raw, WIRE_ACK)->atom);
    update = raw_expect(&raw, WIRE_DATA);
    raw_unref(update->atom);
    raw_free(update->mem);
    raw_expect_nothing(&raw);
}

static DWORD_PTR user_handle;

static bool note_user_handle(struct party *p, const struct call *c, HDDEDATA *result)
{
    CONVINFO info = {.cb = sizeof info};

    (void)p, (void)result;
    if (c->type != XTYP_ADVDATA)
        return false;
    assert_true(DdeQueryConvInfo(c->conv, QID_SYNC, &info));
    user_handle = info.hUser;
    return false;
}

static void u15_an_update_posted_inside_advstart_comes_once_after_the_loop_stands(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    t.server->hook = change_when_asked_to_start;
    t.client->hook = note_user_handle;
    user_handle = 0;
    assert_true(DdeSetUserHandle(t.conv, QID_SYNC, 4711));
    assert_non_null(talk_do(&t, XTYP_ADVSTART, TIMEOUT_ASYNC));
    test_pump_all();
    assert_int_equal(updates(&t), 1);
    assert_int_equal(party_count(t.client, XTYP_XACT_COMPLETE), 1);
    assert_true(party_last(t.client, XTYP_XACT_COMPLETE)->order < party_last(t.client, XTYP_ADVDATA)->order);
    assert_ptr_equal(party_last(t.client, XTYP_ADVDATA)->conv, t.conv);
    assert_int_equal(user_handle, 4711);
}

static void u16_starting_a_loop_again_doubles_nothing(void **state)
{
    struct talk t = changing(0);

    (void)state;
    talk_start(&t, 0);
    assert_int_equal(ledger_now().links, 2); /* one, seen from both sides */
    for (int i = 0; i < 100; i++)
        post_change(&t);
    test_pump_all();
    came_in_order(&t, 1, 100);
    talk_stop(&t);
    post_change(&t);
    test_pump_all();
    assert_int_equal(updates(&t), 100);
    assert_null(talk_do(&t, XTYP_ADVSTOP, TEST_PATIENCE_MS)); /* there is no second */
    assert_error(t.client, DMLERR_NOTPROCESSED);
}

/* ---- U-17 .. U-21 ------------------------------------------------------------------------------------- */

static void u17_a_change_is_told_to_the_loops_of_its_item_alone(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    for (int i = 0; i < 50; i++) {
        char name[32];

        snprintf(name, sizeof name, "item %d", i);
        assert_non_null(DdeClientTransaction(NULL, 0, t.conv, party_text(t.client, name), CF_TEXT,
                                             XTYP_ADVSTART | XTYPF_NODATA, TEST_PATIENCE_MS, NULL));
    }
    assert_true(party_post(t.server, TOPIC, "item 7"));
    test_pump_all();
    assert_int_equal(updates(&t), 1);
    assert_string_equal(party_last(t.client, XTYP_ADVDATA)->text2, "item 7");
}

static void restart(struct talk *t, unsigned i)
{
    (void)i;
    talk_start(t, XTYPF_ACKREQ);
    post_change(t);
    post_change(t); /* a value that is still to be fetched when the loop ends */
    assert_non_null(talk_do(t, XTYP_ADVSTOP, TIMEOUT_ASYNC));
    assert_non_null(talk_do(t, XTYP_ADVSTART | XTYPF_ACKREQ, TIMEOUT_ASYNC));
    change++;
    test_pump_all(); /* the ACK of the old loop's update comes when the new loop stands */
    assert_int_equal(asked(t), 1);
    party_forget(t->client);
    post_change(t);
    test_pump_all();
    assert_int_equal(updates(t), 1);
    assert_int_equal(number_of(party_last(t->client, XTYP_ADVDATA)), (int)change);
    talk_stop(t);
}

static void u18_a_loop_that_is_started_anew_knows_nothing_of_the_old_one(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    t.server->hook = give_change;
    talk_cycles(&t, OFTEN(1000), restart);
}

static bool post_when_told(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_POKE)
        assert_true(party_post(p, TOPIC, ITEM));
    return false;
}

static void serve_when_told(struct party *p)
{
    p->hook = post_when_told;
    party_register(p, SERVICE);
}

/* Whoever waits without a limit is woken by the message, or never. */
static void u19_a_message_wakes_whoever_waits_for_it(void **state)
{
    struct party *client = party_open(0);
    struct remote r;
    HCONV conv;

    (void)state;
    remote_start(&r, 0, serve_when_told);
    conv = party_connect(client, SERVICE, TOPIC);
    assert_non_null(party_transact(client, conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    party_forget(client);
    for (unsigned i = 1; i <= OFTEN(500); i++) {
        assert_non_null(party_send(client, conv, XTYP_POKE, "go", TIMEOUT_ASYNC, NULL));
        while (party_count(client, XTYP_ADVDATA) < i || party_count(client, XTYP_XACT_COMPLETE) < i)
            assert_true(DdemlDispatch(0xFFFFFFFF));
    }
    assert_int_equal(party_count(client, XTYP_ADVDATA), OFTEN(500));
    remote_stop(&r);
}

static void u20_an_acknowledged_loop_never_has_more_than_one_update_under_way(void **state)
{
    struct talk t = changing(XTYPF_ACKREQ);

    (void)state;
    assert_true(DdeEnableCallback(t.client->id, t.conv, EC_DISABLE));
    for (unsigned i = 0; i < OFTEN(2000); i++) {
        post_change(&t);
        if (i % 20 == 0) {
            assert_true(DdeEnableCallback(t.client->id, t.conv, EC_ENABLEONE)); /* a slow client */
            test_pump_all();
        }
        assert_in_range(ledger_now().memory, 0, 1);
        assert_in_range(ledger_now().queued, 0, 2); /* it, and the answer to the one before */
    }
    assert_true(DdeEnableCallback(t.client->id, t.conv, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(number_of(party_last(t.client, XTYP_ADVDATA)), OFTEN(2000));
}

static unsigned moment;
static host_mem crossing[4];
static unsigned acks;
static bool given_back;

/* Posts an update of each kind. */
static void send_updates(struct raw *r)
{
    static const uint16_t flags[] = {R, R | A, 0, A};

    for (unsigned i = 0; i < 4; i++) {
        crossing[i] = raw_object(flags[i], "update");
        assert_true(raw_post(r, WIRE_DATA, crossing[i], raw_ref(RAW_ITEM)));
    }
}

/* The updates cross the end of the loop: before its ACK or after it. */
static void cross(struct raw *r, struct raw_seen *m)
{
    if (m->id == WIRE_ACK) { /* of the second and the fourth update; a refusal gives back what was given */
        if (!acks++)
            given_back = !(m->status & WIRE_FACK);
        m->taken = true;
        raw_unref(m->atom);
        return;
    }
    if (m->id == WIRE_UNADVISE && moment == 1)
        send_updates(r);
    raw_answer(r, m, WIRE_FACK);
    if (m->id == WIRE_UNADVISE && moment == 2)
        send_updates(r);
}

static void u21_data_that_crosses_the_end_of_its_loop_is_released(void **state)
{
    (void)state;
    raw_open(&raw);
    raw.serves = true;
    ours_open(APPCMD_CLIENTONLY);
    ours_return(XTYP_ADVDATA, DDE_FACK);
    assert_true(ours_connect());
    raw.on = cross;
    for (unsigned i = 0; i < OFTEN(300); i++) {
        moment = i % 3;
        acks = 0;
        assert_int_equal(ours_transact(XTYP_ADVSTART, TEST_PATIENCE_MS, NULL), DMLERR_NO_ERROR);
        if (moment == 0)
            send_updates(&raw);
        assert_int_equal(ours_transact(XTYP_ADVSTOP, TEST_PATIENCE_MS, NULL), DMLERR_NO_ERROR);
        test_pump_all();
        assert_int_equal(acks, 2);
        for (unsigned j = 0; j < 4; j++)
            raw_left(crossing[j], j >= 2 || (j == 1 && given_back));
        raw_forget(&raw);
    }
    assert_int_equal(ours_calls(XTYP_DISCONNECT), 0);
    assert_int_equal(raw.terminates, 0);
}

/* A post asks n loops, and each is told how many come after it. */
static void post_asks(const struct talk *t, unsigned n)
{
    unsigned before = asked(t);

    talk_post(t);
    assert_int_equal(asked(t) - before, n);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(party_call(t->server, XTYP_ADVREQ, before + i)->data1, n - 1 - i);
}

static struct talk counted;
static UINT post_inside_type;
static unsigned asked_inside;

static bool post_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    if (c->type != post_inside_type)
        return false;
    post_asks(&counted, asked_inside);
    *result = c->type == XTYP_ADVSTOP ? CBR_BLOCK : (HDDEDATA)TRUE;
    return true;
}

static void post_inside_of(UINT type, unsigned n)
{
    post_inside_type = type;
    asked_inside = n;
}

static void u08_the_count_follows_whatever_becomes_of_a_loop(void **state)
{
    (void)state;
    counted = talk_connected();
    counted.server->hook = post_inside;
    post_inside_of(0, 0);
    talk_start(&counted, 0);
    talk_connect(&counted);
    talk_start(&counted, 0);
    post_asks(&counted, 2);
    talk_connect(&counted);
    post_inside_of(XTYP_ADVSTART, 2);
    talk_start(&counted, 0); /* and is granted */
    post_asks(&counted, 3);
    post_inside_of(XTYP_ADVSTOP, 2);
    talk_start(&counted, XTYPF_ACKREQ);
    post_asks(&counted, 3);
    post_asks(&counted, 2); /* its update is under way */
    counted.server->value = NULL;
    test_pump_all(); /* acknowledged, and there is nothing to follow it */
    counted.server->value = "value";
    post_asks(&counted, 3);
    test_pump_all();
    talk_start(&counted, 0);
    post_asks(&counted, 3);
    assert_non_null(talk_do(&counted, XTYP_ADVSTOP, TIMEOUT_ASYNC)); /* and is blocked */
    test_pump_all();
    post_asks(&counted, 2);
    assert_int_equal(DdeInitializeA(&counted.server->id, NULL, CBF_FAIL_ADVISES, 0), DMLERR_NO_ERROR);
    assert_true(DdeEnableCallback(counted.server->id, 0, EC_ENABLEALL)); /* and goes on */
    test_pump_all();
    post_asks(&counted, 3);
}

static void u08_the_count_follows_a_partner_that_is_found_dead(void **state)
{
    static const UINT formats[] = {CF_TEXT, CF_UNICODETEXT};
    struct talk t = talk_connected();
    HCONV first = t.conv;

    (void)state;
    talk_connect(&t);
    for (int i = 0; i < 2; i++) {
        assert_non_null(
            DdeClientTransaction(NULL, 0, first, t.item, formats[i], XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
        assert_non_null(
            DdeClientTransaction(NULL, 0, t.conv, t.item, formats[i], XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    }
    talk_post(&t);
    test_pump_all();
    party_forget(t.server);
    gone = window_of(first);
    DdePostAdvise(t.server->id, t.server_topic, t.server_item);
    gone = 0;
    assert_int_equal(asked(&t), 3);
    assert_int_equal(party_call(t.server, XTYP_ADVREQ, 0)->data1, 1);
    assert_int_equal(party_call(t.server, XTYP_ADVREQ, 1)->data1, 0);
    assert_int_equal(party_call(t.server, XTYP_ADVREQ, 2)->data1, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* An argument chooses tests: "u01*". */
int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        TEST(u01_stopping_an_acknowledged_loop_keeps_the_conversation),
        TEST(u01_an_ack_that_comes_after_the_loop_has_ended_is_absorbed),
        TEST(u02_closing_one_loop_leaves_that_of_another_client),
        TEST(u03_the_items_of_one_conversation_are_independent),
        TEST(u04_no_update_of_a_plain_loop_is_dropped_though_the_client_stalls),
        TEST(u05_every_post_is_told_to_every_loop),
        TEST(u06_an_acknowledged_loop_has_one_update_under_way_and_then_the_newest),
        TEST(u07_plain_loops_are_asked_within_the_post_and_unacknowledged_ones_later),
        TEST(u08_the_count_goes_down_to_0_in_each_format),
        TEST(u08_the_count_follows_whatever_becomes_of_a_loop),
        TEST(u08_the_count_follows_a_partner_that_is_found_dead),
        TEST(u09_a_frozen_client_costs_a_bounded_backlog_and_an_exact_count),
        TEST(u09_a_client_that_thaws_gets_the_newest_value_on_an_acknowledged_loop),
        TEST(u10_a_burst_into_a_small_queue_loses_nothing),
        TEST(u11_a_blocked_conversation_keeps_what_comes_in_order),
        TEST(u11_what_there_is_no_memory_to_keep_is_answered_busy),
        TEST(u11_an_answer_whose_acknowledgement_finds_no_memory_ends_the_conversation),
        TEST(u12_after_a_block_the_blocked_one_comes_first_and_then_the_others_in_order),
        TEST(u13_a_value_posted_when_the_loop_starts_comes_once_and_hides_no_change),
        TEST(u14_the_first_update_never_overtakes_the_confirmation),
        TEST(u14_on_the_wire_too_the_ack_comes_before_the_update),
        TEST(u15_an_update_posted_inside_advstart_comes_once_after_the_loop_stands),
        TEST(u16_starting_a_loop_again_doubles_nothing),
        TEST(u17_a_change_is_told_to_the_loops_of_its_item_alone),
        TEST(u18_a_loop_that_is_started_anew_knows_nothing_of_the_old_one),
        TEST(u19_a_message_wakes_whoever_waits_for_it),
        TEST(u20_an_acknowledged_loop_never_has_more_than_one_update_under_way),
        TEST(u21_data_that_crosses_the_end_of_its_loop_is_released),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    spares_most = 0; /* every record comes from the heap, which is refused */
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
