/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Advise loops: DdePostAdvise, XTYP_ADVREQ, XTYP_ADVDATA, XTYP_ADVSTART, XTYP_ADVSTOP
 * (docs/conformance.md, 4.5, 5.1, 6.4). */

#include "support/party.h"

#include <stdlib.h>

struct talk {
    struct party *server, *client;
    HCONV conv;
};

static struct talk talk(void)
{
    struct talk t = {party_serve(0), party_open(0), 0};

    t.conv = party_connect(t.client, SERVICE, TOPIC);
    party_forget(t.server);
    return t;
}

static HDDEDATA loop(struct party *client, HCONV conv, const char *item, UINT fmt, UINT type)
{
    return DdeClientTransaction(NULL, 0, conv, party_text(client, item), fmt, type, TEST_PATIENCE_MS, NULL);
}

static void start(const struct talk *t, UINT flags)
{
    assert_non_null(loop(t->client, t->conv, ITEM, CF_TEXT, XTYP_ADVSTART | flags));
}

static void stop(const struct talk *t)
{
    assert_non_null(loop(t->client, t->conv, ITEM, CF_TEXT, XTYP_ADVSTOP));
}

static void post(const struct talk *t)
{
    assert_true(party_post(t->server, TOPIC, ITEM));
}

static unsigned asked(const struct talk *t)
{
    return party_count(t->server, XTYP_ADVREQ);
}

static unsigned updates(const struct talk *t)
{
    return party_count(t->client, XTYP_ADVDATA);
}

/* Answers every request for a value with the next number. */
static bool count_up(struct party *p, const struct call *c, HDDEDATA *result)
{
    char text[16];

    if (c->type != XTYP_ADVREQ)
        return false;
    snprintf(text, sizeof text, "%u", party_count(p, XTYP_ADVREQ));
    *result = party_data(p, text, c->hsz2, c->fmt, 0);
    return true;
}

static int number(const struct call *c)
{
    return atoi((const char *)c->bytes);
}

/* ---- Hot loops ----------------------------------------------------------------------------------------- */

static void a_hot_loop_asks_inside_the_post_and_updates_the_client(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, 0);
    post(&t);
    assert_int_equal(asked(&t), 1);
    assert_int_equal(updates(&t), 0);
    test_pump_all();
    assert_int_equal(updates(&t), 1);
}

static void advreq_has_format_conversation_topic_item_and_count(void **state)
{
    struct talk t = talk();
    const struct call *c;

    (void)state;
    start(&t, 0);
    post(&t);
    c = party_last(t.server, XTYP_ADVREQ);
    assert_int_equal(c->fmt, CF_TEXT);
    assert_ptr_equal(c->conv, t.server->server);
    assert_string_equal(c->text1, TOPIC);
    assert_string_equal(c->text2, ITEM);
    assert_null(c->data);
    assert_int_equal(c->data1, 0);
    assert_int_equal(c->data2, 0);
}

static void advdata_has_format_conversation_topic_item_and_data(void **state)
{
    struct talk t = talk();
    const struct call *c;

    (void)state;
    start(&t, 0);
    post(&t);
    test_pump_all();
    c = party_last(t.client, XTYP_ADVDATA);
    assert_int_equal(c->fmt, CF_TEXT);
    assert_ptr_equal(c->conv, t.conv);
    assert_string_equal(c->text1, TOPIC);
    assert_string_equal(c->text2, ITEM);
    assert_int_equal(c->size, sizeof "value");
    assert_string_equal(c->bytes, "value");
    assert_int_equal(c->data1, 0);
    assert_int_equal(c->data2, 0);
}

static void no_value_sends_no_update(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, 0);
    t.server->value = NULL;
    post(&t);
    test_pump_all();
    assert_int_equal(asked(&t), 1);
    assert_int_equal(updates(&t), 0);
}

static HDDEDATA advreq_answer;

static bool answer_advreq(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = advreq_answer;
    return c->type == XTYP_ADVREQ;
}

static void a_block_of_advreq_counts_as_no_value(void **state) /* C12 */
{
    struct talk t = talk();
    CONVINFO info = {.cb = sizeof info};

    (void)state;
    start(&t, 0);
    t.server->hook = answer_advreq;
    advreq_answer = CBR_BLOCK;
    post(&t);
    test_pump_all();
    assert_int_equal(asked(&t), 1);
    assert_int_equal(updates(&t), 0);
    assert_true(DdeQueryConvInfo(t.server->server, QID_SYNC, &info));
    assert_int_equal(info.wStatus & ST_BLOCKED, 0);
}

static void a_value_that_does_not_fit_counts_as_none(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, 0);
    t.server->hook = answer_advreq;
    advreq_answer = party_data(t.server, "x", party_text(t.server, ITEM), CF_UNICODETEXT, 0);
    post(&t);
    test_pump_all();
    assert_int_equal(updates(&t), 0);
    assert_error(t.server, DMLERR_INVALIDPARAMETER);
}

static void a_post_without_loops_succeeds_and_asks_nobody(void **state)
{
    struct talk t = talk();

    (void)state;
    post(&t);
    assert_true(DdePostAdvise(t.server->id, 0, 0));
    assert_int_equal(t.server->n, 0);
}

static void a_bad_topic_or_item_is_an_invalid_parameter(void **state)
{
    struct talk t = talk();
    HSZ good = party_text(t.server, TOPIC), bad = (HSZ)(uintptr_t)0x7777;

    (void)state;
    assert_false(DdePostAdvise(t.server->id, bad, good));
    assert_error(t.server, DMLERR_INVALIDPARAMETER);
    assert_false(DdePostAdvise(t.server->id, good, bad));
    assert_error(t.server, DMLERR_INVALIDPARAMETER);
}

static void a_client_has_no_loops_to_post_for(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, 0);
    assert_true(party_post(t.client, TOPIC, ITEM));
    test_pump_all();
    assert_int_equal(asked(&t) + party_count(t.client, XTYP_ADVREQ), 0);
}

static void no_update_is_lost_on_a_plain_loop(void **state) /* U-04 */
{
    enum { MANY = 2000 };
    struct talk t = talk();

    (void)state;
    t.server->hook = count_up;
    start(&t, 0);
    for (int i = 0; i < MANY; i++)
        post(&t); /* nothing is dispatched meanwhile */
    test_pump_all();
    assert_int_equal(updates(&t), MANY);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(number(&t.client->calls[i]), i + 1);
}

/* ---- Warm loops ---------------------------------------------------------------------------------------- */

static void a_warm_loop_sends_a_notice_without_asking(void **state)
{
    struct talk t = talk();
    const struct call *c;

    (void)state;
    start(&t, XTYPF_NODATA);
    post(&t);
    test_pump_all();
    assert_int_equal(asked(&t), 0);
    assert_int_equal(updates(&t), 1);
    c = party_last(t.client, XTYP_ADVDATA);
    assert_null(c->data);
    assert_int_equal(c->fmt, CF_TEXT);
    assert_string_equal(c->text1, TOPIC);
    assert_string_equal(c->text2, ITEM);
}

static void every_post_of_a_warm_loop_is_noticed(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, XTYPF_NODATA);
    for (int i = 0; i < 100; i++)
        post(&t);
    test_pump_all();
    assert_int_equal(updates(&t), 100);
}

static HDDEDATA fetched;

static bool fetch(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_ADVDATA && !c->data)
        fetched =
            DdeClientTransaction(NULL, 0, c->conv, c->hsz2, c->fmt, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
    (void)p;
    return false;
}

static void the_value_can_be_requested_inside_a_notice(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, XTYPF_NODATA);
    t.client->hook = fetch;
    fetched = 0;
    post(&t);
    test_pump_all();
    assert_non_null(fetched);
    assert_int_equal(DdeGetData(fetched, NULL, 0, 0), sizeof "value");
}

/* ---- Acknowledged loops (U-06, U-07) ------------------------------------------------------------------ */

static void an_acknowledged_loop_has_one_update_under_way_and_then_the_newest(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = count_up;
    start(&t, XTYPF_ACKREQ);
    for (int i = 0; i < 1000; i++)
        post(&t);
    assert_int_equal(asked(&t), 1);
    test_pump_all();
    assert_int_equal(asked(&t), 2);
    assert_int_equal(updates(&t), 2);
    assert_int_equal(number(party_call(t.client, XTYP_ADVDATA, 0)), 1);
    assert_int_equal(number(party_call(t.client, XTYP_ADVDATA, 1)), 2);
}

static void the_request_after_a_late_ack_says_so(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, XTYPF_ACKREQ);
    post(&t);
    post(&t);
    test_pump_all();
    assert_int_equal(party_call(t.server, XTYP_ADVREQ, 0)->data1, 0);
    assert_int_equal(party_call(t.server, XTYP_ADVREQ, 1)->data1 & 0xFFFF, CADV_LATEACK);
    assert_string_equal(party_call(t.server, XTYP_ADVREQ, 1)->text1, TOPIC);
    assert_string_equal(party_call(t.server, XTYP_ADVREQ, 1)->text2, ITEM);
    assert_ptr_equal(party_call(t.server, XTYP_ADVREQ, 1)->conv, t.server->server);
}

static void without_a_change_meanwhile_the_ack_asks_for_nothing(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, XTYPF_ACKREQ);
    for (int i = 0; i < 10; i++) {
        post(&t);
        test_pump_all();
    }
    assert_int_equal(asked(&t), 10);
    assert_int_equal(updates(&t), 10);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(party_call(t.server, XTYP_ADVREQ, i)->data1, 0);
}

static void an_acknowledged_warm_loop_has_one_notice_under_way_and_then_one_more(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, XTYPF_ACKREQ | XTYPF_NODATA);
    for (int i = 0; i < 100; i++)
        post(&t);
    test_pump_all();
    assert_int_equal(asked(&t), 0);
    assert_int_equal(updates(&t), 2);
}

/* A notice does not say its format, so it may be taken for that of the loop that wants no answer. */
static void a_loop_without_acknowledgements_does_not_hold_up_another_of_its_item(void **state)
{
    static const UINT flags[][2] = {{XTYPF_NODATA, XTYPF_NODATA | XTYPF_ACKREQ},
                                    {XTYPF_NODATA | XTYPF_ACKREQ, XTYPF_NODATA}};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct talk t = talk();

        assert_non_null(loop(t.client, t.conv, ITEM, CF_TEXT, XTYP_ADVSTART | flags[i][0]));
        assert_non_null(loop(t.client, t.conv, ITEM, CF_DIB, XTYP_ADVSTART | flags[i][1]));
        for (int n = 0; n < 3; n++) {
            post(&t);
            test_pump_all();
        }
        assert_int_equal(updates(&t), 6);
        party_close(t.client);
        party_close(t.server);
    }
}

static ULONG_PTR update_answer;

static bool answer_update(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = (HDDEDATA)update_answer;
    return c->type == XTYP_ADVDATA;
}

static bool refuse_notices(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = (HDDEDATA)(ULONG_PTR)(c->fmt == CF_OEMTEXT ? DDE_FACK : 0);
    return c->type == XTYP_ADVDATA;
}

/* Whose a block is depends on its answer, and an answer names no more than the item. */
static void the_answer_to_a_notice_is_not_taken_for_that_to_a_block_of_its_item(void **state)
{
    struct talk t = talk();

    (void)state;
    t.client->hook = refuse_notices;
    assert_non_null(loop(t.client, t.conv, ITEM, CF_TEXT, XTYP_ADVSTART | XTYPF_NODATA));
    assert_non_null(loop(t.client, t.conv, ITEM, CF_DIB, XTYP_ADVSTART | XTYPF_NODATA | XTYPF_ACKREQ));
    assert_non_null(loop(t.client, t.conv, ITEM, CF_OEMTEXT, XTYP_ADVSTART | XTYPF_ACKREQ));
    for (int n = 0; n < 3; n++)
        post(&t);
    test_pump_all();
    party_close(t.client);
    party_close(t.server);
    test_ledger_is_empty();
}

/* The answer to a notice that nobody waited for is not taken for that to the next one. */
static void a_loop_that_wants_answers_meanwhile_waits_for_its_own(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_non_null(loop(t.client, t.conv, ITEM, CF_TEXT, XTYP_ADVSTART | XTYPF_NODATA));
    assert_non_null(loop(t.client, t.conv, ITEM, CF_DIB, XTYP_ADVSTART | XTYPF_NODATA | XTYPF_ACKREQ));
    assert_true(DdeEnableCallback(t.client->id, t.conv, EC_DISABLE));
    post(&t);
    assert_non_null(loop(t.client, t.conv, ITEM, CF_TEXT, XTYP_ADVSTART | XTYPF_NODATA | XTYPF_ACKREQ));
    post(&t);
    for (int n = 0; n < 2; n++) { /* those of the first change, in whatever order */
        assert_true(DdeEnableCallback(t.client->id, t.conv, EC_ENABLEONE));
        test_pump_all();
    }
    assert_int_equal(updates(&t), 2);
    for (int n = 0; n < 2; n++)
        post(&t);
    assert_true(DdeEnableCallback(t.client->id, t.conv, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(updates(&t), 6); /* of each loop: the first, the second, one for all that came later */
}

static bool block_start_of_dib(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = CBR_BLOCK;
    return c->type == XTYP_ADVSTART && c->fmt == CF_DIB;
}

/* Both sides have to agree about that: else an answer would be taken for another's, or waited for in vain. */
static void a_loop_that_has_yet_to_be_granted_does_not_have_notices_answered(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = block_start_of_dib;
    assert_non_null(loop(t.client, t.conv, ITEM, CF_OEMTEXT, XTYP_ADVSTART | XTYPF_ACKREQ));
    assert_non_null(loop(t.client, t.conv, ITEM, CF_TEXT, XTYP_ADVSTART | XTYPF_NODATA));
    assert_non_null(DdeClientTransaction(NULL, 0, t.conv, party_text(t.client, ITEM), CF_DIB,
                                         XTYP_ADVSTART | XTYPF_NODATA | XTYPF_ACKREQ, TIMEOUT_ASYNC, NULL));
    test_pump_all();
    assert_true(DdeEnableCallback(t.client->id, t.conv, EC_DISABLE));
    post(&t);
    assert_true(DdeEnableCallback(t.client->id, t.conv, EC_ENABLEONE));
    test_pump_all();
    assert_int_equal(party_last(t.client, XTYP_ADVDATA)->fmt, CF_TEXT);
    post(&t);
    assert_int_equal(asked(&t), 1); /* the block has no answer yet */
    assert_true(DdeEnableCallback(t.client->id, t.conv, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(asked(&t), 2);
}

static void any_acknowledgement_lets_the_next_update_go(void **state)
{
    static const ULONG_PTR answers[] = {0, DDE_FBUSY, TRUE, DDE_FACK}; /* C17: TRUE is a refusal */
    struct talk t = talk();

    (void)state;
    t.client->hook = answer_update;
    start(&t, XTYPF_ACKREQ);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        update_answer = answers[i];
        post(&t);
        test_pump_all();
    }
    assert_int_equal(updates(&t), sizeof answers / sizeof *answers);
    assert_int_equal(t.client->n, updates(&t)); /* and nothing else: the loop lives */
}

static void plain_loops_are_asked_at_once_and_pending_ones_later(void **state) /* U-07 */
{
    struct talk t = talk();
    HCONV second = party_connect(t.client, SERVICE, TOPIC), third = party_connect(t.client, SERVICE, TOPIC);

    (void)state;
    start(&t, XTYPF_ACKREQ);
    post(&t);
    assert_non_null(loop(t.client, second, ITEM, CF_TEXT, XTYP_ADVSTART));
    assert_non_null(loop(t.client, third, ITEM, CF_TEXT, XTYP_ADVSTART));
    test_pump_all();
    post(&t); /* pending from here on */
    party_forget(t.server);
    post(&t);
    assert_int_equal(asked(&t), 2);
    test_pump_all();
    assert_int_equal(asked(&t), 3);
}

/* U-01: the last update's ACK and the end of the loop cross each other. */
static void stopping_an_acknowledged_loop_with_an_update_under_way_keeps_the_conversation(void **state)
{
    struct talk t = talk();

    (void)state;
    for (int i = 0; i < 100; i++) {
        start(&t, XTYPF_ACKREQ);
        post(&t);
        post(&t);
        stop(&t);
        if (i % 3 == 0)
            test_pump_all();
    }
    test_pump_all();
    assert_int_equal(party_count(t.client, XTYP_DISCONNECT) + party_count(t.server, XTYP_DISCONNECT), 0);
    start(&t, XTYPF_ACKREQ);
    party_forget(t.client);
    post(&t);
    test_pump_all();
    assert_int_equal(updates(&t), 1);
}

/* ---- Counts (U-08) ------------------------------------------------------------------------------------- */

static void the_count_goes_down_to_0_for_each_format(void **state)
{
    struct talk t = talk();
    unsigned text = 5, unicode = 2;

    (void)state;
    for (int i = 0; i < 7; i++) {
        HCONV conv = party_connect(t.client, SERVICE, TOPIC);

        assert_non_null(loop(t.client, conv, ITEM, i % 3 == 1 ? CF_UNICODETEXT : CF_TEXT, XTYP_ADVSTART));
    }
    post(&t);
    assert_int_equal(asked(&t), 7);
    for (unsigned i = 0; i < 7; i++) {
        const struct call *c = party_call(t.server, XTYP_ADVREQ, i);

        assert_int_equal(c->data1, c->fmt == CF_TEXT ? --text : --unicode);
    }
    assert_int_equal(text + unicode, 0);
}

static void loops_of_one_format_are_asked_together(void **state)
{
    struct talk t = talk();
    unsigned changes = 0;

    (void)state;
    for (int i = 0; i < 6; i++) {
        HCONV conv = party_connect(t.client, SERVICE, TOPIC);

        assert_non_null(loop(t.client, conv, ITEM, i % 2 ? CF_UNICODETEXT : CF_TEXT, XTYP_ADVSTART));
    }
    post(&t);
    for (unsigned i = 1; i < 6; i++)
        changes += party_call(t.server, XTYP_ADVREQ, i)->fmt != party_call(t.server, XTYP_ADVREQ, i - 1)->fmt;
    assert_int_equal(changes, 1);
}

static void warm_and_pending_loops_are_not_counted(void **state)
{
    struct talk t = talk();
    HCONV conv[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        conv[i] = party_connect(t.client, SERVICE, TOPIC);
    assert_non_null(loop(t.client, conv[0], ITEM, CF_TEXT, XTYP_ADVSTART | XTYPF_ACKREQ));
    post(&t);
    test_pump_all();
    post(&t); /* conv[0] is pending, and stays so: nothing is dispatched but the starts' answers */
    assert_true(DdeEnableCallback(t.client->id, conv[0], EC_DISABLE));
    assert_non_null(loop(t.client, conv[1], ITEM, CF_TEXT, XTYP_ADVSTART | XTYPF_NODATA));
    assert_non_null(loop(t.client, conv[2], ITEM, CF_TEXT, XTYP_ADVSTART));
    assert_non_null(loop(t.client, conv[3], ITEM, CF_TEXT, XTYP_ADVSTART));
    party_forget(t.server);
    post(&t);
    assert_int_equal(asked(&t), 2);
    assert_int_equal(party_call(t.server, XTYP_ADVREQ, 0)->data1, 1);
    assert_int_equal(party_call(t.server, XTYP_ADVREQ, 1)->data1, 0);
}

static bool drop_a_conversation(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_ADVREQ && party_count(p, XTYP_ADVREQ) == 1)
        DdeDisconnect(party_call(p, XTYP_CONNECT_CONFIRM, 2)->conv);
    return false;
}

static void the_count_follows_loops_that_end_meanwhile(void **state)
{
    struct talk t = talk();

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_non_null(
            loop(t.client, party_connect(t.client, SERVICE, TOPIC), ITEM, CF_TEXT, XTYP_ADVSTART));
    t.server->hook = drop_a_conversation;
    post(&t);
    assert_int_equal(asked(&t), 3);
    assert_int_equal(party_call(t.server, XTYP_ADVREQ, 0)->data1, 3);
    assert_int_equal(party_call(t.server, XTYP_ADVREQ, 1)->data1, 1);
    assert_int_equal(party_call(t.server, XTYP_ADVREQ, 2)->data1, 0);
}

static void the_count_follows_loops_whose_kind_is_replaced(void **state)
{
    struct talk t = talk();
    HCONV conv[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        conv[i] = party_connect(t.client, SERVICE, TOPIC);
        assert_non_null(loop(t.client, conv[i], ITEM, CF_TEXT, XTYP_ADVSTART));
    }
    post(&t);
    for (unsigned hot = 2; hot <= 3; hot++) {
        UINT flags = hot == 2 ? XTYPF_NODATA : 0;

        assert_non_null(loop(t.client, conv[0], ITEM, CF_TEXT, XTYP_ADVSTART | flags));
        party_forget(t.server);
        post(&t);
        assert_int_equal(asked(&t), hot);
        for (unsigned i = 0; i < hot; i++)
            assert_int_equal(party_call(t.server, XTYP_ADVREQ, i)->data1, hot - 1 - i);
    }
}

static HDDEDATA shared;

static bool answer_with_one_handle(struct party *p, const struct call *c, HDDEDATA *result)
{
    if (c->type != XTYP_ADVREQ)
        return false;
    if (!shared)
        shared = party_data(p, "shared", c->hsz2, c->fmt, HDATA_APPOWNED);
    *result = shared;
    return true;
}

static void one_app_owned_handle_serves_all_loops(void **state)
{
    struct talk t = talk();

    (void)state;
    shared = 0;
    for (int i = 0; i < 5; i++)
        assert_non_null(
            loop(t.client, party_connect(t.client, SERVICE, TOPIC), ITEM, CF_TEXT, XTYP_ADVSTART));
    t.server->hook = answer_with_one_handle;
    post(&t);
    assert_true(DdeFreeDataHandle(shared)); /* the count was 0: nobody asks any more */
    test_pump_all();
    assert_int_equal(updates(&t), 5);
    for (unsigned i = 0; i < 5; i++)
        assert_string_equal(party_call(t.client, XTYP_ADVDATA, i)->bytes, "shared");
}

/* ---- Which loops (U-02, U-03) ------------------------------------------------------------------------- */

static void a_post_reaches_the_loops_of_its_topic_and_item_alone(void **state)
{
    struct talk t = talk();
    HCONV other = party_connect(t.client, SERVICE, "other topic");

    (void)state;
    start(&t, 0);
    assert_non_null(loop(t.client, t.conv, "other item", CF_TEXT, XTYP_ADVSTART));
    assert_non_null(loop(t.client, other, ITEM, CF_TEXT, XTYP_ADVSTART));
    post(&t);
    assert_int_equal(asked(&t), 1);
    assert_true(party_post(t.server, "third topic", ITEM));
    assert_int_equal(asked(&t), 1);
}

static void topic_and_item_match_regardless_of_case(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, 0);
    assert_true(party_post(t.server, "STOCKS", "acme"));
    assert_int_equal(asked(&t), 1);
}

static void no_topic_or_item_stands_for_all(void **state)
{
    struct talk t = talk();
    HCONV other = party_connect(t.client, SERVICE, "other topic");

    (void)state;
    assert_non_null(loop(t.client, t.conv, "one", CF_TEXT, XTYP_ADVSTART));
    assert_non_null(loop(t.client, t.conv, "two", CF_TEXT, XTYP_ADVSTART));
    assert_non_null(loop(t.client, other, "one", CF_TEXT, XTYP_ADVSTART));
    party_forget(t.server);
    assert_true(party_post(t.server, TOPIC, NULL));
    assert_int_equal(asked(&t), 2);
    assert_true(party_post(t.server, NULL, "one"));
    assert_int_equal(asked(&t), 4);
    assert_true(party_post(t.server, NULL, NULL));
    assert_int_equal(asked(&t), 7);
}

static void one_item_can_be_followed_in_several_formats(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, 0);
    assert_non_null(loop(t.client, t.conv, ITEM, CF_UNICODETEXT, XTYP_ADVSTART));
    post(&t);
    test_pump_all();
    assert_int_equal(updates(&t), 2);
    assert_int_not_equal(party_call(t.client, XTYP_ADVDATA, 0)->fmt,
                         party_call(t.client, XTYP_ADVDATA, 1)->fmt);
    stop(&t);
    post(&t);
    test_pump_all();
    assert_int_equal(updates(&t), 3);
    assert_int_equal(party_last(t.client, XTYP_ADVDATA)->fmt, CF_UNICODETEXT);
}

static void closing_one_loop_leaves_those_of_other_conversations(void **state) /* U-02 */
{
    struct talk t = talk(), other = {t.server, party_open(0), 0};

    (void)state;
    other.conv = party_connect(other.client, SERVICE, TOPIC);
    start(&t, 0);
    start(&other, 0);
    stop(&t);
    post(&t);
    test_pump_all();
    assert_int_equal(updates(&t), 0);
    assert_int_equal(updates(&other), 1);
    assert_true(DdeDisconnect(t.conv));
    post(&t);
    test_pump_all();
    assert_int_equal(updates(&other), 2);
}

static void the_items_of_a_conversation_do_not_mix(void **state) /* U-03 */
{
    enum { ITEMS = 50, POSTS = 3000 };
    struct talk t = talk();
    unsigned sent[ITEMS] = {0}, random = 1;
    char item[16];

    (void)state;
    for (int i = 0; i < ITEMS; i++) {
        snprintf(item, sizeof item, "item%d", i);
        assert_non_null(loop(t.client, t.conv, item, CF_TEXT, XTYP_ADVSTART | (i % 4 ? 0 : XTYPF_NODATA)));
    }
    for (int i = 0; i < POSTS; i++) {
        random = random * 1103515245 + 12345;
        snprintf(item, sizeof item, "item%u", (random >> 16) % ITEMS);
        sent[atoi(item + 4)]++;
        assert_true(party_post(t.server, TOPIC, item));
        if (i % 100 == 0)
            test_pump_all();
    }
    test_pump_all();
    for (unsigned i = 0; i < t.client->n; i++)
        sent[atoi(t.client->calls[i].text2 + 4)]--;
    for (int i = 0; i < ITEMS; i++)
        assert_int_equal(sent[i], 0);
}

/* ---- Starting ------------------------------------------------------------------------------------------ */

static bool refuse_loops(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = 0;
    return c->type == XTYP_ADVSTART;
}

static void a_refused_loop_is_none(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = refuse_loops;
    assert_null(loop(t.client, t.conv, ITEM, CF_TEXT, XTYP_ADVSTART));
    assert_error(t.client, DMLERR_NOTPROCESSED);
    post(&t);
    test_pump_all();
    assert_int_equal(asked(&t), 0);
}

static void starting_a_loop_again_asks_again_and_makes_no_second(void **state) /* U-16 */
{
    struct talk t = talk();

    (void)state;
    start(&t, 0);
    start(&t, 0);
    assert_int_equal(party_count(t.server, XTYP_ADVSTART), 2);
    for (int i = 0; i < 100; i++)
        post(&t);
    test_pump_all();
    assert_int_equal(updates(&t), 100);
    stop(&t);
    post(&t);
    test_pump_all();
    assert_int_equal(updates(&t), 100);
}

static void starting_a_loop_again_replaces_its_flags(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, XTYPF_NODATA);
    start(&t, 0);
    post(&t);
    assert_int_equal(asked(&t), 1);
    start(&t, XTYPF_NODATA | XTYPF_ACKREQ);
    party_forget(t.client);
    for (int i = 0; i < 10; i++)
        post(&t);
    test_pump_all();
    assert_int_equal(asked(&t), 1);
    assert_int_equal(updates(&t), 2);
}

static void refusing_to_start_a_loop_again_leaves_it_as_it_was(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, 0);
    t.server->hook = refuse_loops;
    assert_null(loop(t.client, t.conv, ITEM, CF_TEXT, XTYP_ADVSTART | XTYPF_NODATA));
    post(&t);
    test_pump_all();
    assert_int_equal(updates(&t), 1);
    assert_string_equal(party_last(t.client, XTYP_ADVDATA)->bytes, "value");
}

static bool post_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == *(const UINT *)p->arg)
        party_post(p, TOPIC, ITEM);
    return false;
}

static void a_post_while_the_loop_is_asked_for_is_delivered_once_it_stands(void **state) /* U-15 */
{
    struct talk t = talk();

    (void)state;
    t.server->hook = post_inside;
    t.server->arg = &(UINT){XTYP_ADVSTART};
    assert_non_null(party_transact(t.client, t.conv, XTYP_ADVSTART, TIMEOUT_ASYNC, NULL));
    test_pump_all();
    assert_int_equal(asked(&t), 1);
    assert_int_equal(updates(&t), 1);
    assert_true(party_last(t.client, XTYP_XACT_COMPLETE)->order < party_last(t.client, XTYP_ADVDATA)->order);
}

static bool post_and_refuse(struct party *p, const struct call *c, HDDEDATA *result)
{
    *result = 0;
    post_inside(p, c, result);
    return c->type == XTYP_ADVSTART;
}

static void a_post_while_a_loop_is_refused_is_for_nobody(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = post_and_refuse;
    t.server->arg = &(UINT){XTYP_ADVSTART};
    assert_null(loop(t.client, t.conv, ITEM, CF_TEXT, XTYP_ADVSTART));
    test_pump_all();
    assert_int_equal(asked(&t), 0);
    assert_int_equal(updates(&t), 0);
}

static void a_post_inside_a_command_updates_the_client(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, 0);
    t.server->hook = post_inside;
    t.server->arg = &(UINT){XTYP_EXECUTE};
    assert_non_null(party_send(t.client, t.conv, XTYP_EXECUTE, "[go]", TEST_PATIENCE_MS, NULL));
    assert_int_equal(updates(&t), 1); /* posted before the command's answer, so it came first */
}

/* ---- Stopping ------------------------------------------------------------------------------------------ */

static void a_stopped_loop_gets_no_more_updates(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, 0);
    stop(&t);
    post(&t);
    test_pump_all();
    assert_int_equal(asked(&t), 0);
    assert_int_equal(updates(&t), 0);
    assert_null(loop(t.client, t.conv, ITEM, CF_TEXT, XTYP_ADVSTOP)); /* it is not there any more */
    assert_error(t.client, DMLERR_NOTPROCESSED);
}

static void the_loop_has_ended_when_the_server_is_told(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, 0);
    t.server->hook = post_inside;
    t.server->arg = &(UINT){XTYP_ADVSTOP};
    stop(&t);
    test_pump_all();
    assert_int_equal(party_count(t.server, XTYP_ADVSTOP), 1);
    assert_int_equal(asked(&t), 0);
}

static void updates_sent_before_the_end_are_delivered_before_it(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, 0);
    post(&t);
    post(&t);
    stop(&t);
    assert_int_equal(updates(&t), 2);
}

static void a_loop_can_be_started_anew(void **state)
{
    struct talk t = talk();

    (void)state;
    for (int i = 0; i < 3; i++) {
        start(&t, 0);
        post(&t);
        stop(&t);
    }
    assert_int_equal(updates(&t), 3);
    assert_int_equal(party_count(t.server, XTYP_ADVSTART), 3);
    assert_int_equal(party_count(t.server, XTYP_ADVSTOP), 3);
}

static void the_end_of_the_conversation_ends_its_loops_without_advstop(void **state)
{
    struct talk t = talk();

    (void)state;
    start(&t, 0);
    assert_true(DdeDisconnect(t.conv));
    test_pump_all();
    assert_int_equal(party_count(t.server, XTYP_ADVSTOP), 0);
    post(&t);
    assert_int_equal(asked(&t), 0);
}

/* ---- Other ways ---------------------------------------------------------------------------------------- */

static void posting_works_while_the_server_is_blocked(void **state) /* 6.5 */
{
    struct talk t = talk();

    (void)state;
    start(&t, 0);
    assert_true(DdeEnableCallback(t.server->id, 0, EC_DISABLE));
    post(&t);
    test_pump_all();
    assert_int_equal(updates(&t), 1);
}

static void a_loop_with_oneself_works(void **state)
{
    struct party *p = party_serve(0);
    struct talk t = {p, p, party_connect(p, SERVICE, TOPIC)};

    (void)state;
    start(&t, 0);
    post(&t);
    test_pump_all();
    assert_int_equal(asked(&t), 1);
    assert_int_equal(updates(&t), 1);
    stop(&t);
}

enum { BURST = 2000 };

static bool burst(struct party *p, const struct call *c, HDDEDATA *result)
{
    if (c->type == XTYP_EXECUTE)
        for (int i = 0; i < BURST; i++)
            party_post(p, TOPIC, ITEM);
    return count_up(p, c, result);
}

static void serve_bursts(struct party *p)
{
    p->hook = burst;
    party_register(p, SERVICE);
}

static bool burst_is_through(void *client)
{
    return party_count(client, XTYP_ADVDATA) >= BURST;
}

static void no_update_is_lost_between_threads(void **state)
{
    struct talk t = {.client = party_open(0)};
    struct remote r;

    (void)state;
    remote_start(&r, 0, serve_bursts);
    t.conv = party_connect(t.client, SERVICE, TOPIC);
    start(&t, 0);
    party_forget(t.client);
    assert_non_null(party_send(t.client, t.conv, XTYP_EXECUTE, "[go]", TEST_PATIENCE_MS, NULL));
    assert_true(test_pump_until(burst_is_through, t.client, TEST_PATIENCE_MS));
    assert_int_equal(updates(&t), BURST);
    for (unsigned i = 0; i < BURST; i++)
        assert_int_equal(number(party_call(t.client, XTYP_ADVDATA, i)), i + 1);
    remote_stop(&r);
}

static bool newest_has_come(void *client)
{
    return party_count(client, XTYP_ADVDATA) && number(party_last(client, XTYP_ADVDATA)) == BURST;
}

/* The value is what was posted last, whether or not this update was asked for. */
static bool burst_of_changes(struct party *p, const struct call *c, HDDEDATA *result)
{
    char text[16];

    if (c->type == XTYP_EXECUTE)
        for (int i = 0; i < BURST; i++) {
            p->woken = i + 1;
            party_post(p, TOPIC, ITEM);
        }
    if (c->type != XTYP_ADVREQ)
        return false;
    snprintf(text, sizeof text, "%d", p->woken);
    *result = party_data(p, text, c->hsz2, c->fmt, 0);
    return true;
}

static void serve_changes(struct party *p)
{
    p->hook = burst_of_changes;
    party_register(p, SERVICE);
}

static void the_newest_value_arrives_on_an_acknowledged_loop_between_threads(void **state)
{
    struct talk t = {.client = party_open(0)};
    struct remote r;

    (void)state;
    remote_start(&r, 0, serve_changes);
    t.conv = party_connect(t.client, SERVICE, TOPIC);
    start(&t, XTYPF_ACKREQ);
    assert_non_null(party_send(t.client, t.conv, XTYP_EXECUTE, "[go]", TEST_PATIENCE_MS, NULL));
    assert_true(test_pump_until(newest_has_come, t.client, TEST_PATIENCE_MS));
    remote_stop(&r);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("4.5", a_hot_loop_asks_inside_the_post_and_updates_the_client),
        rule("5", advreq_has_format_conversation_topic_item_and_count),
        rule("5", advdata_has_format_conversation_topic_item_and_data),
        rule("4.5", no_value_sends_no_update),
        rule("5", a_block_of_advreq_counts_as_no_value),
        rule("4.6", a_value_that_does_not_fit_counts_as_none),
        rule("4.5", a_post_without_loops_succeeds_and_asks_nobody),
        rule("4.5", a_bad_topic_or_item_is_an_invalid_parameter),
        rule("4.5", a_client_has_no_loops_to_post_for),
        rule("6.4", no_update_is_lost_on_a_plain_loop),
        rule("6.4", a_warm_loop_sends_a_notice_without_asking),
        rule("6.4", every_post_of_a_warm_loop_is_noticed),
        rule("6.4", the_value_can_be_requested_inside_a_notice),
        rule("6.4", an_acknowledged_loop_has_one_update_under_way_and_then_the_newest),
        rule("6.4", the_request_after_a_late_ack_says_so),
        rule("6.4", without_a_change_meanwhile_the_ack_asks_for_nothing),
        rule("6.4", an_acknowledged_warm_loop_has_one_notice_under_way_and_then_one_more),
        rule("6.4", a_loop_without_acknowledgements_does_not_hold_up_another_of_its_item),
        rule("6.4", the_answer_to_a_notice_is_not_taken_for_that_to_a_block_of_its_item),
        rule("6.4", a_loop_that_wants_answers_meanwhile_waits_for_its_own),
        rule("6.4", a_loop_that_has_yet_to_be_granted_does_not_have_notices_answered),
        rule("6.4", any_acknowledgement_lets_the_next_update_go),
        rule("6.4", plain_loops_are_asked_at_once_and_pending_ones_later),
        rule("6.4", stopping_an_acknowledged_loop_with_an_update_under_way_keeps_the_conversation),
        rule("6.4", the_count_goes_down_to_0_for_each_format),
        rule("6.4", loops_of_one_format_are_asked_together),
        rule("6.4", warm_and_pending_loops_are_not_counted),
        rule("6.4", the_count_follows_loops_that_end_meanwhile),
        rule("6.4", the_count_follows_loops_whose_kind_is_replaced),
        rule("6.4", one_app_owned_handle_serves_all_loops),
        rule("4.5", a_post_reaches_the_loops_of_its_topic_and_item_alone),
        rule("4.5", topic_and_item_match_regardless_of_case),
        rule("4.5", no_topic_or_item_stands_for_all),
        rule("6.4", one_item_can_be_followed_in_several_formats),
        rule("6.4", closing_one_loop_leaves_those_of_other_conversations),
        rule("6.4", the_items_of_a_conversation_do_not_mix),
        rule("5.1", a_refused_loop_is_none),
        rule("5.1", starting_a_loop_again_asks_again_and_makes_no_second),
        rule("5.1", starting_a_loop_again_replaces_its_flags),
        rule("5.1", refusing_to_start_a_loop_again_leaves_it_as_it_was),
        rule("6.4", a_post_while_the_loop_is_asked_for_is_delivered_once_it_stands),
        rule("6.4", a_post_while_a_loop_is_refused_is_for_nobody),
        rule("6.4", a_post_inside_a_command_updates_the_client),
        rule("6.4", a_stopped_loop_gets_no_more_updates),
        rule("5.1", the_loop_has_ended_when_the_server_is_told),
        rule("6.4", updates_sent_before_the_end_are_delivered_before_it),
        rule("6.4", a_loop_can_be_started_anew),
        rule("4.3", the_end_of_the_conversation_ends_its_loops_without_advstop),
        rule("6.5", posting_works_while_the_server_is_blocked),
        rule("6.7", a_loop_with_oneself_works),
        rule("6.4", no_update_is_lost_between_threads),
        rule("6.4", the_newest_value_arrives_on_an_acknowledged_loop_between_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
