/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Client and server on two threads: updates at full rate, answers that come late, and threads that end
 * without a word. Who gets how far differs from run to run; what is left behind must not. */

#include <stdatomic.h>
#include <stdlib.h>

#include "leak/scenario.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <pthread.h>
#endif

/* ---- The partner: the side that has a thread of its own ----------------------------------------------- */

static struct {
    const struct scenario *scenario;
    struct test_event *ready, *leave, *go_on;
    atomic_int end; /* number of the conversation that the server is to end */
} partner;

static struct test_thread *partner_start(const struct scenario *s, void (*run)(void *arg))
{
    partner.scenario = s;
    partner.ready = test_event_new();
    partner.leave = test_event_new();
    partner.go_on = test_event_new();
    atomic_store(&partner.end, 0);
    return test_thread_start(run, NULL);
}

static void partner_forget(void)
{
    test_event_free(partner.ready);
    test_event_free(partner.leave);
    test_event_free(partner.go_on);
}

static void partner_join(struct test_thread *thread)
{
    test_event_set(partner.leave);
    test_thread_join(thread);
    partner_forget();
}

static void await(bool (*done)(void *arg))
{
    expect(test_pump_until(done, NULL, pair_patience()));
}

static bool client_is_free(void *arg)
{
    (void)arg;
    return !client.conv;
}

static bool server_is_free(void *arg)
{
    (void)arg;
    return !server.conv;
}

/* ---- Full rate ---------------------------------------------------------------------------------------- */

static bool leaving(void *arg)
{
    (void)arg;
    return test_event_wait(partner.leave, 0);
}

static bool needed(void *arg)
{
    return server.conv || leaving(arg);
}

/* A server that does nothing but send updates, as fast as it can, with a look at its messages in between. */
static void serve_updates(void *arg)
{
    (void)arg;
    server_open(0);
    test_event_set(partner.ready);
    while (!leaving(NULL)) {
        test_pump_until(needed, NULL, TEST_PATIENCE_MS);
        pair_update(ITEMS, UPDATES);
        if (server.calls[KIND(XTYP_CONNECT_CONFIRM)] == atomic_load(&partner.end))
            side_end(&server);
        test_pump_all();
    }
    side_close(&server);
}

static bool has_updates(void *arg)
{
    (void)arg;
    return client.calls[KIND(XTYP_ADVDATA)] > 2;
}

static void under_fire(const struct scenario *s, int number)
{
    scenario_converse(s);
    client.calls[KIND(XTYP_ADVDATA)] = 0;
    await(has_updates);
    if (s->enders & BY_SERVER)
        atomic_store(&partner.end, number);
    if (s->stop != STOP_NOT)
        pair_transact(XTYP_ADVSTOP, 0, s->stop == STOP_SYNC ? SYNC_MS : TIMEOUT_ASYNC);
    if (s->enders & BY_CLIENT)
        side_end(&client);
    else
        await(client_is_free);
}

static void full_rate(const struct scenario *s, unsigned n)
{
    struct test_thread *thread;

    server.keeps = s->keeps;
    thread = partner_start(s, serve_updates);
    expect(test_event_wait(partner.ready, TEST_PATIENCE_MS));
    client_open();
    for (unsigned i = 1; i <= n; i++)
        under_fire(s, (int)i);
    side_close(&client);
    partner_join(thread);
}

/* ---- Late answers ------------------------------------------------------------------------------------- */

static bool dawdle(struct side *side, const struct call *call, HDDEDATA *result)
{
    (void)side, (void)result;
    if (KIND(call->type) == KIND(partner.scenario->inside))
        test_event_wait(partner.go_on, TEST_PATIENCE_MS);
    return false;
}

static void serve_late(void *arg)
{
    (void)arg;
    server.answer = dawdle;
    server_open(0);
    test_event_set(partner.ready);
    test_event_pump(partner.leave, TEST_PATIENCE_MS * 10);
    side_close(&server);
}

/* The server goes on only when the client has given up. The next question gets its own answer, or none is
 * asked any more. */
static void late(const struct scenario *s, unsigned n)
{
    struct test_thread *thread = partner_start(s, serve_late);

    expect(test_event_wait(partner.ready, TEST_PATIENCE_MS));
    client_open();
    while (n--) {
        pair_connect();
        test_event_reset(partner.go_on);
        expect(!pair_transact(s->inside, 0, 1));
        test_event_set(partner.go_on);
        if (s->sync)
            expect(pair_transact(s->inside, 0, SYNC_MS));
        side_end(&client);
    }
    side_close(&client);
    partner_join(thread);
}

/* ---- A thread ends, and with it an instance that nobody has uninitialised ----------------------------- */

static void exit_thread(void)
{
#ifdef _WIN32
    ExitThread(0);
#else
    pthread_exit(NULL);
#endif
}

static bool die(struct side *side, const struct call *call, HDDEDATA *result)
{
    (void)result;
    if (side == partner.scenario->side && KIND(call->type) == KIND(partner.scenario->inside))
        exit_thread();
    return false;
}

/* Does the partner answer while the thread ends, or does it take its messages afterwards? */
enum { ANSWERS_AFTERWARDS, ANSWERS_MEANWHILE };

static void converse_and_leave(void *arg)
{
    (void)arg;
    client_open();
    scenario_converse(partner.scenario);
    pair_transact_all(TIMEOUT_ASYNC, 1);
    test_event_set(partner.ready);
    test_event_wait(partner.leave, TEST_PATIENCE_MS); /* its queue fills meanwhile */
}

static void client_thread_ends(const struct scenario *s, unsigned n)
{
    server.keeps = s->keeps;
    server_open(0);
    while (n--) {
        struct test_thread *thread = partner_start(s, converse_and_leave);

        expect(test_event_pump(partner.ready, TEST_PATIENCE_MS));
        pair_update(ITEMS, UPDATES);
        test_event_set(partner.leave);
        if (s->how == ANSWERS_MEANWHILE)
            await(server_is_free);
        partner_join(thread);
        await(server_is_free);
    }
    side_close(&server);
}

static void serve_and_leave(void *arg)
{
    (void)arg;
    server.keeps = partner.scenario->keeps;
    server_open(0);
    test_event_set(partner.ready);
    test_event_pump(partner.go_on, TEST_PATIENCE_MS);
    pair_update(ITEMS, UPDATES);
    test_event_wait(partner.leave, TEST_PATIENCE_MS);
}

static void server_thread_ends(const struct scenario *s, unsigned n)
{
    client_open();
    while (n--) {
        struct test_thread *thread = partner_start(s, serve_and_leave);

        expect(test_event_pump(partner.ready, TEST_PATIENCE_MS));
        scenario_converse(s);
        test_event_set(partner.go_on);
        pair_transact_all(TIMEOUT_ASYNC, 1);
        test_event_set(partner.leave);
        await(client_is_free);
        partner_join(thread);
    }
    side_close(&client);
}

static void converse_and_end(void *arg)
{
    (void)arg;
    server.keeps = partner.scenario->keeps;
    server_open(0);
    client_open();
    scenario_converse(partner.scenario);
    pair_transact_all(TIMEOUT_ASYNC, 1);
    scenario_update(partner.scenario);
}

static void thread_of_both_ends(const struct scenario *s, unsigned n)
{
    while (n--)
        partner_join(partner_start(s, converse_and_end));
}

/* Whatever happens, the thread comes to the callback in which it dies; unless that is refused it. */
static void survive(void)
{
    if (!pair_lenient)
        abort();
}

static void converse_on_and_die(void *arg)
{
    client.answer = server.answer = die;
    converse_and_end(arg);
    test_pump_all();
    survive();
}

static void thread_of_both_dies(const struct scenario *s, unsigned n)
{
    while (n--)
        partner_join(partner_start(s, converse_on_and_die));
    client.answer = server.answer = NULL;
}

/* The same with `how` more conversations and their loops, and everything that makes a callback. */
static void converse_widely_and_die(void *arg)
{
    const struct scenario *s = partner.scenario;

    (void)arg;
    client.answer = server.answer = die;
    server.keeps = s->keeps;
    server_open(0);
    client_open();
    for (unsigned i = 0; i <= s->how; i++)
        scenario_converse(s);
    DdePostAdvise(server.inst, server.topic, 0);
    pair_transact_all(TIMEOUT_ASYNC, 1);
    test_pump_all();
    DdeConnect(client.inst, 0, 0, NULL);
    DdeNameService(server.inst, 0, 0, DNS_UNREGISTER);
    DdeDisconnect(server.conv);
    test_pump_all();
    survive();
}

static void thread_of_many_dies(const struct scenario *s, unsigned n)
{
    while (n--)
        partner_join(partner_start(s, converse_widely_and_die));
    client.answer = server.answer = NULL;
}

static bool uninitialize_or_die(struct side *side, const struct call *call, HDDEDATA *result)
{
    if (side == &server && call->type == XTYP_DISCONNECT)
        side_drop(&server);
    return die(side, call, result);
}

/* The news that the first of the server's names has gone end the thread while the rest is still there. */
static void uninitialize_and_die(void *arg)
{
    const struct scenario *s = partner.scenario;

    (void)arg;
    client.answer = server.answer = uninitialize_or_die;
    server_open(0);
    if (!test_apart) /* there the client's process has nobody left who could hear of the second */
        DdeNameService(server.inst, server.item[0], 0, DNS_REGISTER);
    client_open();
    scenario_converse(s);
    pair_transact_all(TIMEOUT_ASYNC, 1);
    if (s->enders & BY_CLIENT) /* and the callback that is told of it uninitialises */
        side_end(&client);
    else
        side_drop(&server);
    test_pump_all();
    survive();
}

static void thread_dies_uninitializing(const struct scenario *s, unsigned n)
{
    while (n--)
        partner_join(partner_start(s, uninitialize_and_die));
    client.answer = server.answer = NULL;
}

static void converse_and_die(void *arg)
{
    (void)arg;
    client.answer = die;
    client_open();
    scenario_converse(partner.scenario);
    pair_transact_all(TIMEOUT_ASYNC, 1);
    test_event_set(partner.ready);
    test_event_pump(partner.leave, pair_patience());
}

static void client_thread_dies(const struct scenario *s, unsigned n)
{
    server_open(0);
    while (n--) {
        struct test_thread *thread = partner_start(s, converse_and_die);

        expect(test_event_pump(partner.ready, TEST_PATIENCE_MS));
        pair_update(ITEMS, UPDATES);
        test_thread_join(thread);
        partner_forget();
        await(server_is_free);
    }
    side_close(&server);
}

static void serve_and_die(void *arg)
{
    (void)arg;
    server.answer = die;
    server_open(0);
    test_event_set(partner.ready);
    test_event_pump(partner.leave, TEST_PATIENCE_MS);
}

static void server_thread_dies(const struct scenario *s, unsigned n)
{
    client_open();
    while (n--) {
        struct test_thread *thread = partner_start(s, serve_and_die);

        expect(test_event_pump(partner.ready, TEST_PATIENCE_MS));
        pair_connect();
        if (s->sync)
            expect(!pair_transact(s->inside, 0, SYNC_MS));
        else
            pair_transact_all(TIMEOUT_ASYNC, 2);
        await(client_is_free);
        partner_join(thread);
    }
    side_close(&client);
}

/* ---- Tests -------------------------------------------------------------------------------------------- */

#define HOT    0
#define ACKREQ XTYPF_ACKREQ

static const struct CMUnitTest tests[] = {
    SCENARIO(client_ends_at_full_rate, .run = full_rate, .enders = BY_CLIENT),
    SCENARIO(client_ends_ackreq_at_full_rate, .run = full_rate, .loop = ACKREQ, .enders = BY_CLIENT),
    SCENARIO(client_ends_app_owned_at_full_rate, .run = full_rate, .keeps = true, .enders = BY_CLIENT),
    SCENARIO(client_ends_ackreq_app_owned_at_full_rate, .run = full_rate, .loop = ACKREQ, .keeps = true,
             .items = ITEMS, .enders = BY_CLIENT),
    SCENARIO(client_stops_then_ends_at_full_rate, .run = full_rate, .stop = STOP_SYNC, .enders = BY_CLIENT),
    SCENARIO(client_stops_and_ends_ackreq_at_full_rate, .run = full_rate, .loop = ACKREQ, .stop = STOP_ASYNC,
             .enders = BY_CLIENT),
    SCENARIO(server_ends_at_full_rate, .run = full_rate, .enders = BY_SERVER),
    SCENARIO(server_ends_ackreq_at_full_rate, .run = full_rate, .loop = ACKREQ, .enders = BY_SERVER),
    SCENARIO(both_end_at_full_rate, .run = full_rate, .enders = BY_BOTH),
    SCENARIO(both_end_ackreq_app_owned_at_full_rate, .run = full_rate, .loop = ACKREQ, .keeps = true,
             .enders = BY_BOTH),

    SCENARIO(request_answered_after_timeout, .run = late, .share = 5, .inside = XTYP_REQUEST, .sync = true),
    SCENARIO(poke_answered_after_timeout, .run = late, .share = 5, .inside = XTYP_POKE, .sync = true),
    SCENARIO(execute_answered_after_timeout, .run = late, .share = 5, .inside = XTYP_EXECUTE, .sync = true),
    SCENARIO(request_answered_after_timeout_and_end, .run = late, .share = 5, .inside = XTYP_REQUEST),
    SCENARIO(poke_answered_after_timeout_and_end, .run = late, .share = 5, .inside = XTYP_POKE),
    SCENARIO(execute_answered_after_timeout_and_end, .run = late, .share = 5, .inside = XTYP_EXECUTE),

    SCENARIO(client_thread_ends_with_full_queue, .run = client_thread_ends, .items = ITEMS),
    SCENARIO(client_thread_ends_with_ackreq_app_owned_data, .run = client_thread_ends, .loop = ACKREQ,
             .keeps = true, .items = ITEMS),
    SCENARIO(server_thread_ends_with_full_queue, .run = server_thread_ends, .items = ITEMS),
    /* A window of the system cannot be closed to posts before the last look into its queue. */
    SCENARIO(client_thread_ends_while_server_answers, .run = client_thread_ends, .how = ANSWERS_MEANWHILE,
             .items = ITEMS, .posix_only = true),
    SCENARIO(server_thread_ends_while_client_acknowledges, .run = server_thread_ends, .loop = ACKREQ,
             .keeps = true, .items = ITEMS, .posix_only = true),
    SCENARIO(thread_of_both_sides_ends, .run = thread_of_both_ends, .loop = ACKREQ, .keeps = true,
             .items = ITEMS),

    /* A thread that ends inside a window procedure never leaves the system's frames, nor the host's. */
    SCENARIO(thread_of_both_sides_dies_in_xact_complete, .run = thread_of_both_dies, .loop = ACKREQ,
             .side = &client, .inside = XTYP_XACT_COMPLETE, .posix_only = true),
    SCENARIO(thread_of_both_sides_dies_in_advdata, .run = thread_of_both_dies, .keeps = true, .items = ITEMS,
             .side = &client, .inside = XTYP_ADVDATA, .posix_only = true),
    SCENARIO(thread_of_both_sides_dies_in_execute, .run = thread_of_both_dies, .side = &server,
             .inside = XTYP_EXECUTE, .posix_only = true),
#define DIES_IN(type, of, ...)                                                                               \
    SCENARIO(thread_of_both_sides_dies_in_##type##_of_##of, .run = thread_of_many_dies, .side = &of,         \
             .inside = XTYP_##type, .posix_only = true, __VA_ARGS__)
    DIES_IN(CONNECT, server, .items = 1),
    DIES_IN(CONNECT_CONFIRM, server, .items = 1),
    DIES_IN(WILDCONNECT, server, .items = 1),
    DIES_IN(REGISTER, server, .items = 1),
    DIES_IN(UNREGISTER, server, .items = 1),
    DIES_IN(UNREGISTER, client, .items = 1),
    DIES_IN(ADVSTART, server, .items = 1),
    DIES_IN(ADVSTOP, server, .items = 2),
    DIES_IN(ADVREQ, server, .items = 2),
    DIES_IN(ADVREQ, server, .items = ITEMS, .how = 4, .loop = ACKREQ),
    DIES_IN(ADVDATA, client, .items = ITEMS, .how = 4),
    DIES_IN(XACT_COMPLETE, client, .items = 1, .how = 2),
    DIES_IN(DISCONNECT, client, .items = 2, .how = 2),
#undef DIES_IN

    SCENARIO(thread_of_both_sides_dies_in_uninitialize, .run = thread_dies_uninitializing, .side = &client,
             .inside = XTYP_UNREGISTER, .posix_only = true),
    SCENARIO(thread_of_both_sides_dies_in_uninitialize_inside_disconnect, .run = thread_dies_uninitializing,
             .side = &client, .inside = XTYP_UNREGISTER, .enders = BY_CLIENT, .posix_only = true),

    SCENARIO(client_thread_dies_in_advdata, .run = client_thread_dies, .side = &client,
             .inside = XTYP_ADVDATA, .posix_only = true),
    SCENARIO(client_thread_dies_in_advdata_with_ackreq, .run = client_thread_dies, .loop = ACKREQ,
             .side = &client, .inside = XTYP_ADVDATA, .posix_only = true),
    SCENARIO(server_thread_dies_in_awaited_request, .run = server_thread_dies, .side = &server, .sync = true,
             .inside = XTYP_REQUEST, .posix_only = true),
    SCENARIO(server_thread_dies_in_awaited_poke, .run = server_thread_dies, .side = &server, .sync = true,
             .inside = XTYP_POKE, .posix_only = true),
    SCENARIO(server_thread_dies_in_awaited_execute, .run = server_thread_dies, .side = &server, .sync = true,
             .inside = XTYP_EXECUTE, .posix_only = true),
};

int main(int argc, char **argv)
{
    return SCENARIO_MAIN(argc, argv, tests);
}
