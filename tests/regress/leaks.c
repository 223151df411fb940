/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Group L of docs/known-bugs.md: a message is dropped, refused or late, and what it carried stays. */

#include "support/ours.h"
#include "support/talk.h"

static struct raw raw; /* a partner that is not of this library */

enum { R = WIRE_FRELEASE, A = WIRE_FACKREQ, SHUTDOWN_MS = 100 };

/* ---- Posts that fail ---------------------------------------------------------------------------------- */

static struct {
    bool armed;
    unsigned n, fails_at;
    int reason;
} fault;

int __real_host_post(const struct host_msg *msg);
int __wrap_host_post(const struct host_msg *msg);
int __wrap_host_post(const struct host_msg *msg)
{
    if (fault.armed && ++fault.n == fault.fails_at)
        return fault.reason;
    return __real_host_post(msg);
}

/* ---- Fixtures ----------------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    (void)state;
    DdemlSetDeadlines(1000, SHUTDOWN_MS);
    raw_books_open();
    return 0;
}

static int tear_down(void **state)
{
    fault.armed = false;
    ours.inside = NULL;
    raw.on = NULL;
    ours_close();
    raw_die(&raw);
    parties_down(state);
    raw_books_close();
    return 0;
}

static void our_client_and_a_raw_server(void)
{
    raw_open(&raw);
    raw.serves = true;
    ours_open(APPCMD_CLIENTONLY);
}

static void our_server_and_a_raw_client(void)
{
    raw_open(&raw);
    ours_open(APPCLASS_STANDARD);
    ours_serve();
    assert_true(raw_connect(&raw));
}

static bool told_so_often(void *times)
{
    return ours_calls(XTYP_DISCONNECT) >= *(const unsigned *)times;
}

static void expect_disconnects(unsigned times)
{
    assert_true(test_pump_until(told_so_often, &times, TEST_PATIENCE_MS));
    assert_int_equal(ours_calls(XTYP_DISCONNECT), times);
}

static const UINT kinds[] = {XTYP_REQUEST, XTYP_POKE, XTYP_ADVSTART, XTYP_ADVSTOP, XTYP_EXECUTE};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* What is left in an instance. */
static DDEMLLEDGER ledger_of(const struct party *p)
{
    DDEMLLEDGER l = {.cb = sizeof l};

    assert_true(DdemlGetLedger(p->id, &l));
    return l;
}

/* ---- L-01 .. L-04 ------------------------------------------------------------------------------------- */

static void connect_advise_disconnect(struct talk *t, unsigned i)
{
    static const UINT loops[] = {0, XTYPF_ACKREQ, XTYPF_NODATA};
    unsigned how = i / 3 % 3;

    talk_connect(t);
    talk_start(t, loops[i % 3]);
    for (int u = 0; u < 50; u++)
        talk_post(t);
    if (how)
        assert_non_null(talk_do(t, XTYP_ADVSTOP, how == 1 ? TIMEOUT_ASYNC : TEST_PATIENCE_MS));
    assert_true(DdeDisconnect(t->conv));
    party_forget(t->client);
    test_pump_all();
    assert_int_equal(t->client->n, 0);
    assert_int_equal(party_count(t->server, XTYP_DISCONNECT), 1);
}

static void l01_disconnect_frees_what_is_still_queued(void **state)
{
    struct talk t = talk_begin();

    (void)state;
    talk_cycles(&t, OFTEN(2000), connect_advise_disconnect);
    assert_int_equal(ledger_of(t.server).conversations, 0);
    assert_int_equal(ledger_of(t.client).conversations, 0);
}

static void post_twice(struct talk *t, unsigned i)
{
    (void)i;
    talk_post(t);
    talk_post(t); /* while the first is unacknowledged */
    test_pump_all();
    assert_int_equal(party_count(t->server, XTYP_ADVREQ), 2);
    assert_int_equal(party_last(t->server, XTYP_ADVREQ)->data1 & 0xFFFF, CADV_LATEACK);
    assert_int_equal(party_count(t->client, XTYP_ADVDATA), 2);
}

/* More often than a count of 16 bits can count. */
#if defined(_WIN32) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { LATE_ACKS = 500 };
#else
enum { LATE_ACKS = 70000 };
#endif

static void l02_a_late_ack_takes_no_reference_on_the_item(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    talk_start(&t, XTYPF_ACKREQ);
    talk_cycles(&t, LATE_ACKS, post_twice);
    assert_true(DdeFreeStringHandle(t.server->id, t.server_item)); /* still there */
}

static ULONG_PTR execute_result;

static bool answer_execute(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = (HDDEDATA)execute_result;
    return c->type == XTYP_EXECUTE;
}

static void execute(struct talk *t, unsigned i)
{
    static const struct {
        ULONG_PTR result;
        DWORD timeout;
        UINT error;
    } ways[] = {
        {DDE_FACK, TEST_PATIENCE_MS, DMLERR_NO_ERROR},
        {0, TEST_PATIENCE_MS, DMLERR_NOTPROCESSED},
        {DDE_FACK, 0, DMLERR_EXECACKTIMEOUT}, /* and the ACK comes later */
    };
    unsigned way = i % 3;

    execute_result = ways[way].result;
    assert_true(
        DdeEnableCallback(t->server->id, t->server->server, ways[way].timeout ? EC_ENABLEALL : EC_DISABLE));
    assert_int_equal(talk_do(t, XTYP_EXECUTE, ways[way].timeout) != 0, ways[way].error == DMLERR_NO_ERROR);
    assert_error(t->client, ways[way].error);
    assert_true(DdeEnableCallback(t->server->id, t->server->server, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(party_count(t->server, XTYP_EXECUTE), 1);
}

static void l03_an_execute_leaves_no_copy_whatever_becomes_of_it(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    t.server->hook = answer_execute;
    talk_cycles(&t, OFTEN(3000), execute);
}

static void l04_the_ack_of_an_execute_brings_the_command_back(void **state)
{
    static const uintptr_t results[] = {DDE_FACK, 0, DDE_FBUSY};
    UINT_PTR lo = 0, hi = 0;
    LPARAM packed;

    (void)state;
    our_server_and_a_raw_client();
    for (unsigned i = 0; i < OFTEN(600); i++) {
        host_mem mem = raw_bytes(&i, sizeof i);
        struct raw_seen *ack;
        const unsigned *tag;

        ours_return(XTYP_EXECUTE, results[i % 3]);
        assert_true(raw_post(&raw, WIRE_EXECUTE, 0, mem));
        ack = raw_expect(&raw, WIRE_ACK);
        assert_true(raw_copies() || ack->mem == mem);
        tag = host_mem_lock(ack->mem);
        assert_non_null(tag);
        assert_int_equal(*tag, i);
        host_mem_unlock(ack->mem);
        raw_free(ack->mem);
        host_mem_free(mem); /* if the ACK brought a copy */
        raw_forget(&raw);
    }

    packed = PackDDElParam(WM_DDE_ACK, DDE_FACK, (UINT_PTR)-2); /* no name: all of a handle is kept */
    assert_true(UnpackDDElParam(WM_DDE_ACK, packed, &lo, &hi));
    assert_int_equal(hi, (UINT_PTR)-2);
    assert_true(FreeDDElParam(WM_DDE_ACK, packed));
}

/* ---- L-05 .. L-07 ------------------------------------------------------------------------------------- */

static void live(struct talk *t)
{
    t->conv = DdeConnect(t->client->id, t->service, t->topic, NULL);
    if (!t->conv)
        return;
    talk_do(t, XTYP_ADVSTART, TIMEOUT_ASYNC);
    test_pump_all();
    for (unsigned i = 0; i < KINDS; i++)
        talk_do(t, kinds[i], TIMEOUT_ASYNC);
    for (int i = 0; i < 3; i++)
        DdePostAdvise(t->server->id, t->server_topic, t->server_item);
    test_pump_all();
    DdePostAdvise(t->server->id, t->server_topic, t->server_item);
    DdeDisconnect(t->conv);
    test_pump_all();
}

static void l05_a_post_that_fails_leaves_nothing_behind(void **state)
{
    static const int reasons[] = {HOST_FULL, HOST_GONE, HOST_FAULT};
    struct talk t = talk_begin();

    (void)state;
    for (unsigned r = 0; r < 3; r++) {
        unsigned posts = 1;

        fault.reason = reasons[r];
        for (unsigned at = 1; at <= posts; at++) {
            fault.fails_at = at;
            fault.n = 0;
            fault.armed = true;
            live(&t);
            fault.armed = false;
            if (fault.n > posts)
                posts = fault.n;
        }
        assert_true(posts > 10);
    }
    party_close(t.client);
    party_close(t.server);
    test_pump_all();
    test_ledger_is_empty();
}

static void die_of_it(struct raw *r, struct raw_seen *m)
{
    m->taken = true;
    raw_unref(m->atom);
    if (m->mem)
        raw_free(m->mem);
    raw_die(r);
}

enum death { DEAD_BEFORE, DEAD_WITH_IT_QUEUED, DEAD_OF_IT, DEATHS };

static void l06_what_a_dead_server_will_never_see_is_released(void **state)
{
    unsigned deaths = 0;

    (void)state;
    ours_open(APPCMD_CLIENTONLY);
    for (unsigned kind = 0; kind < KINDS; kind++)
        for (int death = 0; death < DEATHS; death++) {
            raw_open(&raw);
            raw.serves = true;
            raw.on = death == DEAD_OF_IT ? die_of_it : NULL;
            assert_true(ours_connect());
            if (death == DEAD_BEFORE)
                raw_die(&raw);
            if (death == DEAD_WITH_IT_QUEUED) {
                ours_transact_async(kinds[kind]);
                raw_die(&raw);
            } else {
                assert_int_not_equal(ours_transact(kinds[kind], TEST_PATIENCE_MS, NULL), DMLERR_NO_ERROR);
            }
            expect_disconnects(++deaths);
        }
    ours_close();
    test_ledger_is_empty();
}

static void die_in_advreq(UINT type)
{
    if (type == XTYP_ADVREQ)
        raw_die(&raw);
}

static void l06_what_a_dead_client_will_never_see_is_released(void **state)
{
    (void)state;
    ours_open(APPCLASS_STANDARD);
    ours_serve();
    ours.answer = "update";
    for (unsigned i = 0; i < 2 * DEATHS; i++) {
        enum death death = i % DEATHS;

        raw_open(&raw);
        assert_true(raw_connect(&raw));
        raw_give(&raw, WIRE_ADVISE, raw_object(i < DEATHS ? 0 : A, ""), raw_ref(RAW_ITEM));
        raw_unref(raw_expect(&raw, WIRE_ACK)->atom);
        raw.on = death == DEAD_OF_IT ? die_of_it : NULL;
        ours.inside = death == DEAD_BEFORE ? die_in_advreq : NULL;
        DdePostAdvise(ours.id, ours.topic, ours.item);
        if (death == DEAD_WITH_IT_QUEUED)
            raw_die(&raw);
        expect_disconnects(i + 1);
    }
    ours_close();
    test_ledger_is_empty();
}

static void l07_what_arrives_after_terminate_is_emptied_but_for_what_was_only_lent(void **state)
{
    host_mem lent[51], given[51];
    unsigned callbacks = 0;

    (void)state;
    our_client_and_a_raw_server();
    assert_true(ours_connect());
    raw.on = NULL;
    raw.rude = true; /* answers TERMINATE by hand */
    for (unsigned i = 0; i < 51; i++) {
        given[i] = raw_object(i % 2 ? R : R | A, "given");
        lent[i] = raw_object(i % 2 ? 0 : A, "lent");
        raw_give(&raw, WIRE_DATA, given[i], raw_ref(RAW_ITEM));
        assert_true(raw_post(&raw, WIRE_DATA, lent[i], raw_ref(RAW_ITEM)));
        assert_true(raw_post(&raw, WIRE_ACK, 0, raw_ref(RAW_ITEM)));
        if (i == 25)
            assert_true(DdeDisconnect(ours.conv)); /* the first half is queued, the second comes later */
    }
    memset(ours.calls, 0, sizeof ours.calls);
    raw_terminate(&raw);
    test_pump_all();
    for (unsigned i = 0; i < 16; i++)
        callbacks += ours.calls[i];
    assert_int_equal(callbacks, 0);
    raw_expect_terminate(&raw, 1);
    for (unsigned i = 0; i < 51; i++) {
        raw_left(lent[i], true);
        assert_false(raw_exists(given[i]));
    }
    ours_close();
    test_ledger_is_empty();
}

/* ---- L-08 .. L-10 ------------------------------------------------------------------------------------- */

enum { HANDLES = 200 };

static HDDEDATA made[HANDLES];
static unsigned given_out;

static bool give_what_was_made(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    if (c->type != XTYP_REQUEST)
        return false;
    *result = made[given_out++];
    return true;
}

static void l08_handles_that_were_never_sent_are_freed_with_the_instance(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    t.server->hook = give_what_was_made;
    given_out = 0;
    for (unsigned i = 0; i < HANDLES; i++)
        made[i] = party_data(t.server, "value", t.server_item, CF_TEXT, 0);
    assert_int_equal(ledger_of(t.server).data, HANDLES);
    for (unsigned i = 0; i < HANDLES / 2; i++)
        assert_true(DdeFreeDataHandle(talk_do(&t, XTYP_REQUEST, TEST_PATIENCE_MS)));
    assert_int_equal(ledger_of(t.server).data, HANDLES / 2);
    assert_false(DdeFreeDataHandle(made[0]));          /* the library's, since it was handed over */
    assert_true(DdeFreeDataHandle(made[HANDLES - 1])); /* still the application's                 */
    party_close(t.server);
    test_pump_all();
    party_close(t.client);
    test_ledger_is_empty();
}

static HDDEDATA lent_to_callback;

static bool free_what_is_lent(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type != XTYP_ADVDATA)
        return false;
    lent_to_callback = c->data;
    DdeFreeDataHandle(c->data);
    DdeFreeDataHandle(c->data);
    assert_int_equal(DdeGetData(c->data, NULL, 0, 0), sizeof "value"); /* nothing has changed */
    return false;
}

static void request_and_free(struct talk *t, unsigned i)
{
    HDDEDATA data = talk_do(t, XTYP_REQUEST, TEST_PATIENCE_MS);

    (void)i;
    assert_true(DdeFreeDataHandle(data));
    assert_false(DdeFreeDataHandle(data));
}

static void l09_a_client_frees_what_it_asked_for_and_nothing_else(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    talk_cycles(&t, OFTEN(2000), request_and_free);
    assert_int_equal(ledger_of(t.client).data, 0);

    for (unsigned i = 0; i < OFTEN(2000); i++)
        assert_non_null(talk_do(&t, XTYP_REQUEST, TEST_PATIENCE_MS));
    assert_int_equal(ledger_of(t.client).data, OFTEN(2000));

    t.client->hook = free_what_is_lent;
    talk_start(&t, 0);
    talk_post(&t);
    test_pump_all();
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), 1);
    assert_false(DdeFreeDataHandle(lent_to_callback));
    party_close(t.client);
    test_pump_all();
    assert_int_equal(ledger_now().data, 0);
}

static bool give_the_same(struct party *p, const struct call *c, HDDEDATA *result)
{
    *result = p->arg;
    return c->type == XTYP_REQUEST;
}

static void l10_an_app_owned_handle_serves_all_and_stays_its_owners(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    t.server->arg = party_data(t.server, "value", t.server_item, CF_TEXT, HDATA_APPOWNED);
    t.server->hook = give_the_same;
    talk_cycles(&t, OFTEN(1000), request_and_free);
    assert_int_equal(DdeGetData(t.server->arg, NULL, 0, 0), sizeof "value");
    assert_true(DdeFreeDataHandle(t.server->arg));
    assert_int_equal(ledger_now().data, 0);
    assert_int_equal(ledger_now().memory, 0);
    t.server->arg = NULL;
}

/* ---- L-11 .. L-14 ------------------------------------------------------------------------------------- */

static void l11_an_answer_to_terminate_that_is_lost_holds_nobody_up(void **state)
{
    unsigned told = 0;

    (void)state;
    our_client_and_a_raw_server();
    raw.rude = true; /* its answers are lost */
    for (unsigned i = 0; i < OFTEN(400); i++) {
        assert_true(ours_connect());
        if (i % 2) {
            raw_terminate(&raw);
            expect_disconnects(++told);
        } else {
            assert_true(DdeDisconnect(ours.conv));
        }
    }
    assert_int_equal(ledger_now().conversations, OFTEN(400) - told); /* they still wait for the answer */
    ours_close();
    test_ledger_is_empty();
    assert_int_equal(ours_calls(XTYP_DISCONNECT), told);
}

static void l12_uninitialize_delivers_what_waits_and_tells_each_partner_once(void **state)
{
    struct talk t = talk_connected();
    enum { CONVERSATIONS = 3, UPDATES = 500 };

    (void)state;
    talk_start(&t, 0);
    for (int i = 1; i < CONVERSATIONS; i++)
        talk_connect(&t);
    for (int i = 0; i < UPDATES; i++)
        talk_post(&t);
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), 0);
    party_close(t.client);
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), UPDATES);
    test_pump_all();
    assert_int_equal(party_count(t.client, XTYP_DISCONNECT), 0);
    assert_int_equal(party_count(t.server, XTYP_DISCONNECT), CONVERSATIONS);
    party_close(t.server);
    test_ledger_is_empty();
}

static void abandon_all(struct talk *t, unsigned i)
{
    static DWORD highest;
    unsigned n = OFTEN(1000);

    (void)i;
    for (unsigned j = 0; j < n; j++) {
        DWORD id = 0;

        assert_non_null(
            DdeClientTransaction(NULL, 0, t->conv, t->item, CF_TEXT, XTYP_REQUEST, TIMEOUT_ASYNC, &id));
        assert_true(id > highest); /* none is used again */
        highest = id;
    }
    assert_true(DdeAbandonTransaction(t->client->id, t->conv, 0));
    test_pump_all();
    assert_int_equal(party_count(t->server, XTYP_REQUEST), n);
    assert_int_equal(t->client->n, 0);
}

static void l13_the_answers_to_abandoned_transactions_are_released(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    talk_cycles(&t, 5, abandon_all);
}

static bool count_requests(struct party *p, const struct call *c, HDDEDATA *result)
{
    char text[16];

    if (c->type != XTYP_REQUEST)
        return false;
    snprintf(text, sizeof text, "%u", party_count(p, XTYP_REQUEST));
    *result = party_data(p, text, c->hsz2, c->fmt, 0);
    return true;
}

/* The answer of the first comes while the second waits for its own. */
static void time_out_and_ask_again(struct talk *t, unsigned i)
{
    char text[16] = "";
    HDDEDATA data;

    (void)i;
    assert_true(DdeEnableCallback(t->server->id, t->server->server, EC_DISABLE));
    assert_null(talk_do(t, XTYP_REQUEST, 0));
    assert_error(t->client, DMLERR_DATAACKTIMEOUT);
    assert_true(DdeEnableCallback(t->server->id, t->server->server, EC_ENABLEALL));
    data = talk_do(t, XTYP_REQUEST, TEST_PATIENCE_MS);
    assert_int_equal(DdeGetData(data, (LPBYTE)text, sizeof text, 0), 2);
    assert_string_equal(text, "2");
    assert_true(DdeFreeDataHandle(data));
    assert_int_equal(t->client->n, 0);
}

static void l14_a_reply_after_a_timeout_is_released_and_not_taken_for_the_next(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    t.server->hook = count_requests;
    talk_cycles(&t, OFTEN(1000), time_out_and_ask_again);
}

/* ---- L-15 .. L-18 ------------------------------------------------------------------------------------- */

static bool refuse(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = 0;
    return c->type == XTYP_REQUEST || c->type == XTYP_POKE || c->type == XTYP_ADVSTART ||
           c->type == XTYP_EXECUTE;
}

static void be_refused(struct talk *t, unsigned i)
{
    assert_null(talk_do(t, kinds[i % KINDS], TEST_PATIENCE_MS));
    assert_error(t->client, DMLERR_NOTPROCESSED);
}

static void l15_a_refused_transaction_leaves_nothing(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    t.server->hook = refuse;
    be_refused(&t, 0);
    talk_cycles(&t, OFTEN(5000), be_refused);
}

static void register_a_new_name(struct talk *t, unsigned i)
{
    char name[32];
    HSZ hsz;

    snprintf(name, sizeof name, "Service %u", i);
    hsz = DdeCreateStringHandleA(t->server->id, name, CP_WINANSI);
    assert_non_null(DdeNameService(t->server->id, hsz, 0, DNS_REGISTER));
    assert_non_null(DdeNameService(t->server->id, hsz, 0, DNS_UNREGISTER));
    assert_true(DdeFreeStringHandle(t->server->id, hsz));
    assert_int_equal(DdeQueryStringA(t->server->id, hsz, name, sizeof name, CP_WINANSI), 0);
}

static void l16_a_name_goes_when_it_is_unregistered_and_freed(void **state)
{
    struct talk t = talk_begin();

    (void)state;
    talk_cycles(&t, OFTEN(2000), register_a_new_name);
    for (unsigned i = 0; i < OFTEN(100); i++) { /* and what is forgotten goes with the instance */
        char name[32];

        snprintf(name, sizeof name, "Forgotten %u", i);
        party_register(t.server, name);
    }
    party_close(t.server);
    party_close(t.client);
    test_ledger_is_empty();
}

static void ask_wide_and_narrow(struct talk *t, unsigned i)
{
    DWORD client = t->client->id;
    char narrow[16] = "";
    WCHAR wide[16] = {0};
    HSZ text = i % 2 ? DdeCreateStringHandleA(client, "Caf\xE9", CP_WINANSI)
                     : DdeCreateStringHandleW(client, u"Caf\u00E9", CP_WINUNICODE);
    WCHAR command[] = u"[run]";

    assert_int_equal(DdeQueryStringA(client, text, narrow, sizeof narrow, CP_WINANSI), 4);
    assert_int_equal(DdeQueryStringW(client, text, wide, 16, CP_WINUNICODE), 4);
    assert_string_equal(narrow, "Caf\xE9");
    assert_int_equal(wide[3], 0xE9);
    assert_non_null(DdeClientTransaction((LPBYTE)command, sizeof command, t->conv, 0, 0, XTYP_EXECUTE,
                                         TEST_PATIENCE_MS, NULL));
    assert_string_equal((const char *)party_last(t->server, XTYP_EXECUTE)->bytes, "[run]");
    assert_true(DdeFreeDataHandle(
        DdeClientTransaction(NULL, 0, t->conv, text, CF_TEXT, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
    assert_true(DdeFreeStringHandle(client, text));
}

static void l17_conversions_of_text_leave_nothing(void **state)
{
    struct talk t = {.server = party_serve(0), .client = party_open_wide(0)};

    (void)state;
    t.conv = party_connect(t.client, SERVICE, TOPIC);
    talk_cycles(&t, OFTEN(3000), ask_wide_and_narrow);
}

static unsigned pokes;
static bool freed_unasked;

/* Refuses, which gives the object back; but before that it frees every second one nevertheless. */
static void free_and_refuse(struct raw *r, struct raw_seen *m)
{
    freed_unasked = ++pokes % 2;
    m->taken = true;
    if (freed_unasked || raw_copies())
        raw_free(m->mem);
    assert_true(raw_post(r, WIRE_ACK, 0, m->atom));
}

static void l18_a_partner_that_frees_at_random_does_no_harm(void **state)
{
    DDEMLLEDGER before;

    (void)state;
    our_client_and_a_raw_server();
    assert_true(ours_connect());
    raw.on = free_and_refuse;
    pokes = 0;
    before = ledger_now();
    for (unsigned i = 0; i < OFTEN(2000); i++) {
        assert_int_equal(ours_transact(XTYP_POKE, TEST_PATIENCE_MS, NULL), DMLERR_NOTPROCESSED);
        raw_forget(&raw);
        ledger_is(&before);
    }
    assert_int_equal(pokes, OFTEN(2000));
}

/* ---- L-19 .. L-22 ------------------------------------------------------------------------------------- */

/* Every second message is not the partner's: it is dropped before anybody is told of it. */
static void l19_a_message_that_is_dropped_frees_its_parameter_and_payload(void **state)
{
    struct raw stranger;
    unsigned n = OFTEN(2000);

    (void)state;
    our_client_and_a_raw_server();
    assert_true(ours_connect());
    raw.on = NULL;
    raw_open(&stranger);
    for (unsigned i = 0; i < n; i++) {
        host_mem mem = raw_object(R, "update");

        assert_true(raw_post_from(&raw, i % 2 ? stranger.wnd : raw.wnd, WIRE_DATA, mem, raw_ref(RAW_ITEM)));
        test_pump_all();
        raw_left(mem, false);
        assert_int_equal(ledger_now().packed, 0);
        assert_int_equal(ledger_now().memory, 0);
    }
    assert_int_equal(ours_calls(XTYP_DISCONNECT), 0);
    raw_die(&stranger);
}

#ifdef _WIN32
static unsigned seen;

static LRESULT CALLBACK claim_every_second(int code, WPARAM wparam, LPARAM lparam)
{
    (void)wparam, (void)lparam;
    return code == MSGF_DDEMGR && ++seen % 2;
}

static void transact_under_updates(struct talk *t, unsigned i)
{
    talk_post(t);
    talk_do(t, kinds[i % 2], TEST_PATIENCE_MS);
}

static void l19_a_hook_that_claims_every_second_message_takes_nothing(void **state)
{
    struct talk t = talk_connected();
    HHOOK hook = SetWindowsHookExW(WH_MSGFILTER, claim_every_second, NULL, GetCurrentThreadId());

    (void)state;
    assert_non_null(hook);
    t.server->value = NULL; /* requests are refused: they bring no data to free */
    talk_start(&t, 0);
    talk_cycles(&t, OFTEN(1000), transact_under_updates);
    assert_true(UnhookWindowsHookEx(hook));
}
#endif

static void poke_a_handle(struct talk *t, unsigned i)
{
    HDDEDATA data = party_data(t->client, "value", t->item, CF_TEXT, i % 2 ? HDATA_APPOWNED : 0);

    assert_non_null(DdeClientTransaction((LPBYTE)data, 0xFFFFFFFF, t->conv, t->item, CF_TEXT, XTYP_POKE,
                                         TEST_PATIENCE_MS, NULL));
    assert_int_equal(DdeFreeDataHandle(data), i % 2); /* the sender's twin: its own, or gone */
    assert_false(DdeFreeDataHandle(party_last(t->server, XTYP_POKE)->data));
    assert_int_equal(ledger_of(t->client).data + ledger_of(t->server).data, 0);
    assert_int_equal(ledger_now().memory, 0);
}

static void l20_both_handles_of_what_was_passed_on_go(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    talk_cycles(&t, OFTEN(3000), poke_a_handle);
}

static HDDEDATA CALLBACK ignore(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                ULONG_PTR data1, ULONG_PTR data2)
{
    (void)type, (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)data1, (void)data2;
    return 0;
}

static void make_names_and_end(void *round)
{
    DWORD id = 0;

    assert_int_equal(DdeInitializeA(&id, ignore, APPCLASS_STANDARD, 0), DMLERR_NO_ERROR);
    for (unsigned i = 0; i < 1000; i++) {
        char name[32];

        snprintf(name, sizeof name, "Name %u of %u", i, *(unsigned *)round);
        assert_non_null(DdeCreateStringHandleA(id, name, CP_WINANSI));
    }
}

static void l21_the_names_of_a_thread_that_just_ends_go_with_it(void **state)
{
    (void)state;
    for (unsigned round = 0; round < OFTEN(100); round++) {
        test_thread_join(test_thread_start(make_names_and_end, &round));
        test_ledger_is_empty();
    }
}

/* A bridge: client of one server, server of another client. It keeps a copy of each update that it has been
 * lent, and gives the copy out. */
static HSZ bridge_topic, bridge_item;

static bool forward(struct party *p, const struct call *c, HDDEDATA *result)
{
    switch (c->type) {
    case XTYP_ADVDATA:
        DdeFreeDataHandle(p->arg);
        p->arg = party_data(p, (const char *)c->bytes, bridge_item, CF_TEXT, HDATA_APPOWNED);
        assert_true(DdePostAdvise(p->id, bridge_topic, bridge_item));
        return false;
    case XTYP_ADVREQ:
        *result = p->arg;
        return true;
    default:
        return false;
    }
}

static void l22_a_bridge_lives_on_what_it_is_lent_and_what_it_keeps(void **state)
{
    struct talk t = talk_begin();
    struct party *bridge = party_open(0);
    unsigned n = OFTEN(1000);
    DDEMLLEDGER before = {0};
    HCONV conv;

    (void)state;
    t.server->hook = count_up;
    bridge->hook = forward;
    bridge_topic = party_text(bridge, TOPIC);
    bridge_item = party_text(bridge, ITEM);
    party_register(bridge, "Bridge");
    conv = party_connect(bridge, SERVICE, TOPIC);
    assert_non_null(party_transact(bridge, conv, XTYP_ADVSTART | XTYPF_ACKREQ, TEST_PATIENCE_MS, NULL));
    t.conv = party_connect(t.client, "Bridge", TOPIC);
    talk_start(&t, 0);
    for (unsigned i = 1; i <= n; i++) {
        talk_post(&t);
        test_pump_all();
        assert_int_equal(number_of(party_last(t.client, XTYP_ADVDATA)), i);
        if (i == 1)
            before = ledger_now();
        ledger_is(&before);
    }
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), n);
    assert_true(DdeFreeDataHandle(bridge->arg));
    assert_int_equal(ledger_now().data, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* An argument chooses tests: "l01*". */
int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        TEST(l01_disconnect_frees_what_is_still_queued),
        TEST(l02_a_late_ack_takes_no_reference_on_the_item),
        TEST(l03_an_execute_leaves_no_copy_whatever_becomes_of_it),
        TEST(l04_the_ack_of_an_execute_brings_the_command_back),
        TEST(l05_a_post_that_fails_leaves_nothing_behind),
        TEST(l06_what_a_dead_server_will_never_see_is_released),
        TEST(l06_what_a_dead_client_will_never_see_is_released),
        TEST(l07_what_arrives_after_terminate_is_emptied_but_for_what_was_only_lent),
        TEST(l08_handles_that_were_never_sent_are_freed_with_the_instance),
        TEST(l09_a_client_frees_what_it_asked_for_and_nothing_else),
        TEST(l10_an_app_owned_handle_serves_all_and_stays_its_owners),
        TEST(l11_an_answer_to_terminate_that_is_lost_holds_nobody_up),
        TEST(l12_uninitialize_delivers_what_waits_and_tells_each_partner_once),
        TEST(l13_the_answers_to_abandoned_transactions_are_released),
        TEST(l14_a_reply_after_a_timeout_is_released_and_not_taken_for_the_next),
        TEST(l15_a_refused_transaction_leaves_nothing),
        TEST(l16_a_name_goes_when_it_is_unregistered_and_freed),
        TEST(l17_conversions_of_text_leave_nothing),
        TEST(l18_a_partner_that_frees_at_random_does_no_harm),
        TEST(l19_a_message_that_is_dropped_frees_its_parameter_and_payload),
#ifdef _WIN32
        TEST(l19_a_hook_that_claims_every_second_message_takes_nothing),
#endif
        TEST(l20_both_handles_of_what_was_passed_on_go),
        TEST(l21_the_names_of_a_thread_that_just_ends_go_with_it),
        TEST(l22_a_bridge_lives_on_what_it_is_lent_and_what_it_keeps),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
