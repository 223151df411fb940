/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The end of conversations and instances: DdeDisconnect, DdeUninitialize, XTYP_DISCONNECT
 * (docs/conformance.md, 4.1, 4.3, 5.1, 6.6). That nothing is left afterwards is what every teardown of a test
 * looks at. */

#include "support/party.h"

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

static HDDEDATA transact(const struct talk *t, UINT type, DWORD timeout)
{
    if (type == XTYP_POKE || type == XTYP_EXECUTE)
        return party_send(t->client, t->conv, type, "data", timeout, NULL);
    return party_transact(t->client, t->conv, type, timeout, NULL);
}

static unsigned disconnects(const struct party *p)
{
    return party_count(p, XTYP_DISCONNECT);
}

/* ---- DdeDisconnect ------------------------------------------------------------------------------------- */

static void the_partner_is_told_once_from_its_message_loop(void **state) /* C6, C21 */
{
    struct talk t = talk();

    (void)state;
    assert_true(DdeDisconnect(t.conv));
    assert_int_equal(disconnects(t.server), 0);
    test_pump_all();
    assert_int_equal(disconnects(t.server), 1);
    assert_int_equal(disconnects(t.client), 0);
}

static void a_server_can_end_a_conversation_too(void **state) /* C19 */
{
    struct talk t = talk();

    (void)state;
    assert_true(DdeDisconnect(t.server->server));
    test_pump_all();
    assert_int_equal(disconnects(t.client), 1);
    assert_ptr_equal(party_last(t.client, XTYP_DISCONNECT)->conv, t.conv);
    assert_int_equal(disconnects(t.server), 0);
}

static void disconnect_has_the_conversation_and_nothing_else(void **state)
{
    struct talk t = talk();
    const struct call *c;

    (void)state;
    assert_true(DdeDisconnect(t.conv));
    test_pump_all();
    c = party_last(t.server, XTYP_DISCONNECT);
    assert_ptr_equal(c->conv, t.server->server);
    assert_int_equal(c->fmt, 0);
    assert_null(c->hsz1);
    assert_null(c->hsz2);
    assert_null(c->data);
    assert_int_equal(c->data1, 0);
    assert_int_equal(c->data2, 0);
}

static void a_handle_dies_when_its_conversation_is_ended(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_true(DdeDisconnect(t.conv));
    assert_false(DdeDisconnect(t.conv));
    assert_error(t.client, DMLERR_NO_CONV_ESTABLISHED);
    assert_false(DdeSetUserHandle(t.conv, QID_SYNC, 1));
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
}

static void a_handle_that_never_was_one_is_no_conversation(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_false(DdeDisconnect(0));
    assert_error(p, DMLERR_NO_CONV_ESTABLISHED);
    assert_false(DdeDisconnect((HCONV)(uintptr_t)0x7777));
    assert_error(p, DMLERR_NO_CONV_ESTABLISHED);
}

static void both_may_end_it_at_once_and_neither_is_told(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_true(DdeDisconnect(t.conv));
    assert_true(DdeDisconnect(t.server->server));
    test_pump_all();
    assert_int_equal(disconnects(t.server) + disconnects(t.client), 0);
}

static BOOL inner_disconnect;
static UINT inner_error;

static bool disconnect_again(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_DISCONNECT) {
        inner_disconnect = DdeDisconnect(c->conv);
        inner_error = DdeGetLastError(p->id);
    }
    return false;
}

static void ending_a_conversation_inside_its_own_disconnect_is_harmless(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = disconnect_again;
    assert_true(DdeDisconnect(t.conv));
    test_pump_all();
    assert_int_equal(disconnects(t.server), 1);
    assert_false(inner_disconnect);
    assert_int_equal(inner_error, DMLERR_NO_CONV_ESTABLISHED);
}

static void a_handle_dies_when_its_disconnect_returns(void **state)
{
    struct talk t = talk();
    CONVINFO info = {.cb = sizeof info};

    (void)state;
    assert_true(DdeDisconnect(t.conv));
    test_pump_all();
    assert_int_equal(DdeQueryConvInfo(t.server->server, QID_SYNC, &info), 0);
    assert_error(t.server, DMLERR_INVALIDPARAMETER);
}

static void a_new_conversation_never_gets_the_handle_of_an_ended_one(void **state)
{
    struct talk t = talk();
    HCONV ended = t.conv;

    (void)state;
    for (int i = 0; i < 50; i++) {
        assert_true(DdeDisconnect(t.conv));
        test_pump_all();
        t.conv = party_connect(t.client, SERVICE, TOPIC);
        assert_ptr_not_equal(t.conv, ended);
    }
}

static void what_the_client_posted_before_the_end_is_still_delivered(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_non_null(transact(&t, XTYP_POKE, TIMEOUT_ASYNC));
    assert_non_null(transact(&t, XTYP_EXECUTE, TIMEOUT_ASYNC));
    assert_true(DdeDisconnect(t.conv));
    test_pump_all();
    assert_int_equal(party_count(t.server, XTYP_POKE), 1);
    assert_int_equal(party_count(t.server, XTYP_EXECUTE), 1);
    assert_int_equal(t.server->calls[t.server->n - 1].type, XTYP_DISCONNECT);
    assert_int_equal(t.client->n, 0);
}

static void what_the_server_posted_is_not_delivered_after_the_clients_end(void **state) /* Q170626 */
{
    struct talk t = talk();

    (void)state;
    assert_non_null(transact(&t, XTYP_ADVSTART, TEST_PATIENCE_MS));
    for (int i = 0; i < 50; i++)
        assert_true(party_post(t.server, TOPIC, ITEM));
    assert_true(DdeDisconnect(t.conv));
    test_pump_all();
    assert_int_equal(t.client->n, 0);
    assert_int_equal(disconnects(t.server), 1);
}

/* ---- Inside callbacks ---------------------------------------------------------------------------------- */

/* How a callback of each type comes about, and whether it is the server's. */
static void cause_request(const struct talk *t)
{
    transact(t, XTYP_REQUEST, TIMEOUT_ASYNC);
}

static void cause_poke(const struct talk *t)
{
    transact(t, XTYP_POKE, TIMEOUT_ASYNC);
}

static void cause_execute(const struct talk *t)
{
    transact(t, XTYP_EXECUTE, TIMEOUT_ASYNC);
}

static void cause_advstart(const struct talk *t)
{
    transact(t, XTYP_ADVSTART, TIMEOUT_ASYNC);
}

static void cause_advstop(const struct talk *t)
{
    transact(t, XTYP_ADVSTOP, TIMEOUT_ASYNC);
}

static void cause_update(const struct talk *t)
{
    party_post(t->server, TOPIC, ITEM);
}

static void cause_server_disconnect(const struct talk *t)
{
    DdeDisconnect(t->conv);
}

static void cause_client_disconnect(const struct talk *t)
{
    DdeDisconnect(t->server->server);
}

static void cause_connect(const struct talk *t)
{
    DdeConnect(t->client->id, party_text(t->client, SERVICE), party_text(t->client, TOPIC), NULL);
}

static void cause_wildconnect(const struct talk *t)
{
    DdeConnect(t->client->id, 0, 0, NULL);
}

static void cause_register(const struct talk *t)
{
    party_register(t->client, "other");
}

static void cause_unregister(const struct talk *t)
{
    party_register(t->client, "other");
    DdeNameService(t->client->id, 0, 0, DNS_UNREGISTER);
}

static const struct cause {
    UINT type;
    bool servers;
    UINT loop; /* nonzero: with a loop of these flags (and ADVSTART's number) */
    void (*bring_about)(const struct talk *t);
} causes[] = {
    {XTYP_REQUEST, true, 0, cause_request},
    {XTYP_POKE, true, 0, cause_poke},
    {XTYP_EXECUTE, true, 0, cause_execute},
    {XTYP_ADVSTART, true, 0, cause_advstart},
    {XTYP_ADVSTOP, true, XTYP_ADVSTART, cause_advstop},
    {XTYP_ADVREQ, true, XTYP_ADVSTART, cause_update},
    {XTYP_ADVREQ, true, XTYP_ADVSTART | XTYPF_ACKREQ, cause_update},
    {XTYP_DISCONNECT, true, XTYP_ADVSTART, cause_server_disconnect},
    {XTYP_CONNECT, true, 0, cause_connect},
    {XTYP_CONNECT_CONFIRM, true, 0, cause_connect},
    {XTYP_WILDCONNECT, true, 0, cause_wildconnect},
    {XTYP_REGISTER, true, 0, cause_register},
    {XTYP_UNREGISTER, true, 0, cause_unregister},
    {XTYP_ADVDATA, false, XTYP_ADVSTART, cause_update},
    {XTYP_ADVDATA, false, XTYP_ADVSTART | XTYPF_ACKREQ, cause_update},
    {XTYP_ADVDATA, false, XTYP_ADVSTART | XTYPF_NODATA, cause_update},
    {XTYP_XACT_COMPLETE, false, 0, cause_request},
    {XTYP_XACT_COMPLETE, false, 0, cause_poke},
    {XTYP_DISCONNECT, false, XTYP_ADVSTART, cause_client_disconnect},
};
enum { CAUSES = sizeof causes / sizeof *causes };

/* Is it a callback of the conversation that stands? (What a server may do in XTYP_CONNECT_CONFIRM is in
 * connect.c.) */
static bool is_of_the_conversation(UINT type)
{
    return type != XTYP_CONNECT && type != XTYP_WILDCONNECT && type != XTYP_CONNECT_CONFIRM &&
           type != XTYP_REGISTER && type != XTYP_UNREGISTER;
}

/* Runs one cause on a fresh pair with the hook at the side that gets the callback. */
static void run_cause(const struct cause *cause, party_hook *hook, struct talk *t)
{
    struct party *p;

    *t = talk();
    if (cause->loop)
        assert_non_null(party_transact(t->client, t->conv, cause->loop, TEST_PATIENCE_MS, NULL));
    p = cause->servers ? t->server : t->client;
    party_forget(t->server);
    party_forget(t->client);
    p->arg = (void *)(uintptr_t)cause;
    p->hook = hook;
    p->woken = 0;
    cause->bring_about(t);
    test_pump_all();
    assert_true(p->woken);
}

static void close_pair(const struct talk *t)
{
    if (t->client->id)
        party_close(t->client);
    if (t->server->id)
        party_close(t->server);
    parties_down(NULL);
}

static bool uninitialise_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    const struct cause *cause = p->arg;
    DWORD id = p->id;

    (void)result;
    if (c->type != cause->type || p->woken)
        return false;
    p->woken = 1;
    p->id = 0;
    p->woken += DdeUninitialize(id) == TRUE;
    p->woken += !DdeUninitialize(id);
    p->woken += !DdeCreateStringHandleA(id, "text", CP_WINANSI);
    *result = 0;
    return true;
}

static void an_instance_may_be_ended_inside_every_callback(void **state)
{
    (void)state;
    for (int i = 0; i < CAUSES; i++) {
        struct talk t;
        struct party *gone, *left;

        run_cause(&causes[i], uninitialise_inside, &t);
        gone = causes[i].servers ? t.server : t.client;
        left = causes[i].servers ? t.client : t.server;
        assert_int_equal(gone->woken, 4); /* the id was dead at once */
        assert_int_equal(disconnects(gone), causes[i].type == XTYP_DISCONNECT);
        assert_int_equal(disconnects(left), causes[i].type != XTYP_DISCONNECT);
        close_pair(&t);
    }
}

static bool end_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    const struct cause *cause = p->arg;

    (void)result;
    if (c->type == cause->type && c->conv && !p->woken) {
        p->woken = 1;
        DdeDisconnect(c->conv);
    }
    return false;
}

static void a_conversation_may_be_ended_inside_every_callback_of_it(void **state)
{
    (void)state;
    for (int i = 0; i < CAUSES; i++) {
        struct talk t;
        struct party *ender, *other;

        if (!is_of_the_conversation(causes[i].type))
            continue;
        run_cause(&causes[i], end_inside, &t);
        ender = causes[i].servers ? t.server : t.client;
        other = causes[i].servers ? t.client : t.server;
        assert_int_equal(disconnects(ender), causes[i].type == XTYP_DISCONNECT);
        assert_int_equal(disconnects(other), causes[i].type != XTYP_DISCONNECT);
        close_pair(&t);
    }
}

static bool end_the_partner_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    CONVINFO info = {.cb = sizeof info};

    (void)result;
    if (c->conv && !p->woken && DdeQueryConvInfo(c->conv, QID_SYNC, &info)) {
        p->woken = 1;
        DdeDisconnect(info.hConvPartner);
        test_pump_all();
    }
    return false;
}

static void the_partner_may_end_it_inside_every_callback(void **state)
{
    (void)state;
    skip_if_apart("a partner's handle is not one's own to end");
    for (int i = 0; i < CAUSES; i++) {
        struct talk t;
        struct party *ended;

        if (!is_of_the_conversation(causes[i].type))
            continue;
        run_cause(&causes[i], end_the_partner_inside, &t);
        ended = causes[i].servers ? t.server : t.client;
        assert_int_equal(disconnects(ended), 1);
        close_pair(&t);
    }
}

/* ---- DdeUninitialize ----------------------------------------------------------------------------------- */

static void uninitialising_tells_every_partner_once_and_the_caller_nothing(void **state)
{
    struct talk t = talk();
    HCONV second = party_connect(t.client, SERVICE, TOPIC), third = party_connect(t.client, SERVICE, TOPIC);

    (void)state;
    party_close(t.client);
    test_pump_all();
    assert_int_equal(disconnects(t.server), 3);
    assert_int_equal(disconnects(t.client), 0);
    assert_ptr_not_equal(second, third);
}

static void a_server_that_uninitialises_tells_its_clients(void **state)
{
    struct talk t = talk();

    (void)state;
    party_close(t.server);
    test_pump_all();
    assert_int_equal(disconnects(t.client), 1);
    assert_int_equal(disconnects(t.server), 0);
}

static void uninitialising_delivers_what_waits_first(void **state) /* Q102572 */
{
    struct talk t = talk();

    (void)state;
    assert_non_null(transact(&t, XTYP_POKE, TIMEOUT_ASYNC));
    assert_non_null(transact(&t, XTYP_REQUEST, TIMEOUT_ASYNC));
    party_close(t.server);
    test_pump_all();
    assert_int_equal(party_count(t.server, XTYP_POKE), 1);
    assert_int_equal(party_count(t.server, XTYP_REQUEST), 1);
    assert_int_equal(party_count(t.client, XTYP_XACT_COMPLETE), 2);
    assert_int_equal(party_call(t.client, XTYP_XACT_COMPLETE, 0)->data2, DDE_FACK);
    assert_int_equal(party_call(t.client, XTYP_XACT_COMPLETE, 1)->data2, DDE_FACK);
}

static void a_conversation_with_oneself_ends_with_the_instance(void **state)
{
    struct party *p = party_serve(0);
    struct talk t = {p, p, party_connect(p, SERVICE, TOPIC)};

    (void)state;
    assert_non_null(transact(&t, XTYP_ADVSTART, TEST_PATIENCE_MS));
    assert_true(party_post(p, TOPIC, ITEM));
    assert_non_null(transact(&t, XTYP_POKE, TIMEOUT_ASYNC));
    party_close(p);
    assert_int_equal(disconnects(p), 0);
}

static void everything_under_way_is_released(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        struct talk t = talk();

        assert_non_null(transact(&t, XTYP_ADVSTART | XTYPF_ACKREQ, TEST_PATIENCE_MS));
        for (int i = 0; i < 20; i++) {
            assert_non_null(transact(&t, XTYP_POKE, TIMEOUT_ASYNC));
            assert_non_null(transact(&t, XTYP_REQUEST, TIMEOUT_ASYNC));
            assert_non_null(transact(&t, XTYP_EXECUTE, TIMEOUT_ASYNC));
            assert_true(party_post(t.server, TOPIC, ITEM));
        }
        party_close(first ? t.client : t.server);
        party_close(first ? t.server : t.client);
        parties_down(NULL);
    }
}

static DWORD to_close;
static BOOL closed;
static HCONV refused;

static bool close_the_waiting(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_REQUEST) {
        closed = DdeUninitialize(to_close);
        refused = DdeConnect(to_close, 0, 0, NULL);
    }
    return false;
}

static void uninitialising_during_a_synchronous_transaction_waits_for_its_end(void **state) /* Q102572 */
{
    struct talk t = talk();

    (void)state;
    t.server->hook = close_the_waiting;
    to_close = t.client->id;
    assert_null(party_transact(t.client, t.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    t.client->id = 0;
    assert_true(closed);
    assert_null(refused);
    test_pump_all();
    assert_int_equal(disconnects(t.server), 1);
    assert_int_equal(disconnects(t.client), 0);
}

static void a_server_that_uninitialises_instead_of_answering_has_died(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = close_the_waiting;
    to_close = t.server->id;
    assert_null(party_transact(t.client, t.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    t.server->id = 0;
    assert_error(t.client, DMLERR_SERVER_DIED);
    assert_int_equal(disconnects(t.client), 1);
}

/* ---- Threads ------------------------------------------------------------------------------------------- */

static void serve(struct party *p)
{
    party_register(p, SERVICE);
}

static void a_partner_on_another_thread_is_told_once(void **state)
{
    struct party *client = party_open(0);
    struct remote r;

    (void)state;
    remote_start(&r, 0, serve);
    for (int i = 0; i < 20; i++)
        assert_true(DdeDisconnect(party_connect(client, SERVICE, TOPIC)));
    remote_stop(&r);
    if (disconnects(r.party) != 19 || !test_apart) /* the last end may be on its way to another process */
        assert_int_equal(disconnects(r.party), 20);
    assert_int_equal(disconnects(client), 0);
}

static void both_threads_may_uninitialise_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct talk t = {.client = party_open(0)};
        struct remote r;

        remote_start(&r, 0, serve);
        t.conv = party_connect(t.client, SERVICE, TOPIC);
        assert_non_null(transact(&t, XTYP_ADVSTART | XTYPF_ACKREQ, TEST_PATIENCE_MS));
        assert_non_null(transact(&t, XTYP_POKE, TIMEOUT_ASYNC));
        test_event_set(r.stop);
        party_close(t.client);
        remote_stop(&r);
        assert_true(disconnects(r.party) <= 1 && disconnects(t.client) <= 1);
        parties_down(NULL);
    }
}

static void a_client_may_leave_while_a_thread_floods_it(void **state)
{
    struct talk t = {.client = party_open(0)};
    struct remote r;

    (void)state;
    remote_start(&r, 0, serve);
    for (int i = 0; i < 50; i++) {
        t.conv = party_connect(t.client, SERVICE, TOPIC);
        for (int n = 0; n < 20; n++) {
            assert_non_null(transact(&t, XTYP_REQUEST, TIMEOUT_ASYNC));
            assert_non_null(transact(&t, XTYP_EXECUTE, TIMEOUT_ASYNC));
        }
        assert_true(DdeDisconnect(t.conv));
    }
    remote_stop(&r);
    assert_int_equal(party_count(r.party, XTYP_CONNECT_CONFIRM), 50);
    if (disconnects(r.party) != 49 || !test_apart) /* the last end may be on its way to another process */
        assert_int_equal(disconnects(r.party), 50);
    assert_int_equal(
        t.client->n - party_count(t.client, XTYP_REGISTER) - party_count(t.client, XTYP_UNREGISTER), 0);
}

/* ---- The end of a thread ------------------------------------------------------------------------------- */

static volatile int is_over, called_afterwards;

static HDDEDATA CALLBACK note_whether_over(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                           ULONG_PTR data1, ULONG_PTR data2)
{
    (void)type, (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)data1, (void)data2;
    called_afterwards += is_over;
    return 0;
}

static void leave_two_instances(void *arg)
{
    DWORD first = 0, second = 0;

    (void)arg;
    DdeInitializeA(&first, note_whether_over, 0, 0);
    DdeInitializeA(&second, note_whether_over, 0, 0);
    DdeNameService(first, DdeCreateStringHandleA(first, SERVICE, CP_WINANSI), 0, DNS_REGISTER);
    is_over = 1;
}

/* The end of one instance is news for the other, whose thread is over, too. */
static void a_thread_that_has_ended_is_not_called_back(void **state)
{
    (void)state;
    is_over = called_afterwards = 0;
    test_thread_join(test_thread_start(leave_two_instances, NULL));
    assert_int_equal(called_afterwards, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("4.3", the_partner_is_told_once_from_its_message_loop),
        rule("6.6", a_server_can_end_a_conversation_too),
        rule("5", disconnect_has_the_conversation_and_nothing_else),
        rule("4.3", a_handle_dies_when_its_conversation_is_ended),
        rule("4.3", a_handle_that_never_was_one_is_no_conversation),
        rule("6.6", both_may_end_it_at_once_and_neither_is_told),
        rule("5.1", ending_a_conversation_inside_its_own_disconnect_is_harmless),
        rule("5.1", a_handle_dies_when_its_disconnect_returns),
        rule("1.3", a_new_conversation_never_gets_the_handle_of_an_ended_one),
        rule("6.6", what_the_client_posted_before_the_end_is_still_delivered),
        rule("6.6", what_the_server_posted_is_not_delivered_after_the_clients_end),
        rule("1.6", an_instance_may_be_ended_inside_every_callback),
        rule("1.6", a_conversation_may_be_ended_inside_every_callback_of_it),
        rule("1.6", the_partner_may_end_it_inside_every_callback),
        rule("4.1", uninitialising_tells_every_partner_once_and_the_caller_nothing),
        rule("4.1", a_server_that_uninitialises_tells_its_clients),
        rule("4.1", uninitialising_delivers_what_waits_first),
        rule("6.7", a_conversation_with_oneself_ends_with_the_instance),
        rule("4.1", everything_under_way_is_released),
        rule("4.1", uninitialising_during_a_synchronous_transaction_waits_for_its_end),
        rule("6.6", a_server_that_uninitialises_instead_of_answering_has_died),
        rule("6.6", a_partner_on_another_thread_is_told_once),
        rule("4.1", both_threads_may_uninitialise_at_once),
        rule("4.1", a_client_may_leave_while_a_thread_floods_it),
        rule("6.6", a_thread_that_has_ended_is_not_called_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
