/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* A process that is killed, at every step of a conversation and anywhere in between. Its partner is told once, what
 * waits for it fails, and nothing is left: neither with the partner nor where processes meet.
 *
 * processes_death [SEED]: the tests. With a role (see the end): the process that is killed. */

#include "support/party.h"
#include "support/process.h"

#include <dirent.h>
#include <stdlib.h>

#define NOBODYS_NAME "Nobody's"

/* ---- Who is killed ------------------------------------------------------------------------------------------- */

static struct {
    unsigned at, step; /* 0: never */
} doom;

/* One step more: the end, if it is the one. */
static void step(void)
{
    if (++doom.step == doom.at)
        test_die();
}

static bool die_in_time(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    step();
    if (c->type == XTYP_POKE || c->type == XTYP_EXECUTE) /* something to tell those who have loops */
        DdePostAdvise(p->id, 0, 0);
    return false;
}

static bool is_told_to_go(void *arg)
{
    char line[TEST_LINE];

    (void)arg;
    return test_parent_hear(line, 0);
}

/* Everything that a client can do, each a step. What fails has failed: the server may be gone. false: it was gone
 * before the conversation was ended. */
static bool converse(struct party *client, const char *service)
{
    HCONV conv = DdeConnect(client->id, party_text(client, service), party_text(client, TOPIC), NULL);
    HDDEDATA data;
    bool last;

    step();
    for (int hot = 0; hot < 2; hot++) {
        UINT loop = XTYP_ADVSTART | XTYPF_ACKREQ | (hot ? 0 : XTYPF_NODATA);

        party_transact(client, conv, loop, TEST_PATIENCE_MS, NULL);
        step();
        party_send(client, conv, XTYP_POKE, "poke", TEST_PATIENCE_MS, NULL);
        step();
        data = party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
        step();
        if (data)
            DdeFreeDataHandle(data);
        party_send(client, conv, XTYP_EXECUTE, "[run]", TEST_PATIENCE_MS, NULL);
        step();
        party_transact(client, conv, XTYP_REQUEST, TIMEOUT_ASYNC, NULL);
        party_send(client, conv, XTYP_POKE, "poke", TIMEOUT_ASYNC, NULL);
        step();
        test_pump_all();
        step();
        party_transact(client, conv, XTYP_ADVSTOP, TEST_PATIENCE_MS, NULL);
        step();
    }
    last = party_transact(client, conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL) != 0;
    party_send(client, conv, XTYP_EXECUTE, "[run]", TIMEOUT_ASYNC, NULL);
    step();
    if (conv)
        DdeDisconnect(conv);
    step();
    return !conv || last;
}

/* serve SERVICE STEP */
static int serve(char **argv)
{
    struct party *p = party_open(0);

    party_register(p, argv[2]);
    p->hook = die_in_time;
    doom.at = (unsigned)strtoul(argv[3], NULL, 10);
    test_parent_say("ready");
    test_pump_until(is_told_to_go, NULL, 3 * TEST_PATIENCE_MS);
    party_close(p);
    return 0;
}

/* ask SERVICE STEP */
static int ask(char **argv)
{
    struct party *p = party_open(0);

    p->hook = die_in_time;
    doom.at = (unsigned)strtoul(argv[3], NULL, 10);
    converse(p, argv[2]);
    party_close(p);
    return 0;
}

/* flood SERVICE: updates without end, for whoever wants them. */
static int flood(char **argv)
{
    struct party *p = party_open(0);

    party_register(p, argv[2]);
    test_parent_say("ready");
    while (p->id) {
        DdePostAdvise(p->id, 0, 0);
        DdemlDispatch(0);
        party_forget(p);
    }
    return 1;
}

/* storm SERVICE: conversations and transactions without end. */
static int storm(char **argv)
{
    struct party *p = party_open(0);
    HSZ service = party_text(p, argv[2]), topic = party_text(p, TOPIC), item = party_text(p, ITEM);

    test_parent_say("ready");
    for (unsigned i = 0; p->id; i++) {
        HCONV conv = DdeConnect(p->id, service, topic, NULL);

        DdeClientTransaction(NULL, 0, conv, item, CF_TEXT, XTYP_ADVSTART | XTYPF_ACKREQ, TIMEOUT_ASYNC, NULL);
        for (unsigned n = 0; n < 20; n++) {
            BYTE bytes[] = "poke";

            DdeClientTransaction(NULL, 0, conv, item, CF_TEXT, XTYP_REQUEST, TIMEOUT_ASYNC, NULL);
            DdeClientTransaction(bytes, sizeof bytes, conv, item, CF_TEXT, XTYP_POKE, TIMEOUT_ASYNC, NULL);
            DdeClientTransaction(bytes, sizeof bytes, conv, 0, 0, XTYP_EXECUTE, TIMEOUT_ASYNC, NULL);
            DdemlDispatch(0);
        }
        if (i % 4 == 0)
            DdeFreeDataHandle(
                DdeClientTransaction(NULL, 0, conv, item, CF_TEXT, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
        DdeDisconnect(conv);
        test_pump_all();
        party_forget(p);
    }
    return 1;
}

/* ---- Who survives -------------------------------------------------------------------------------------------- */

static struct test_process *other;
static uint64_t slowest; /* from a death to the news of it */

static void start(const char *role, const char *service, unsigned at)
{
    char number[16];

    snprintf(number, sizeof number, "%u", at);
    other = test_process_play(role, service, number);
}

static int down(void **state)
{
    test_process_free(other);
    other = NULL;
    return parties_down(state);
}

static unsigned disconnects(const struct party *p)
{
    return party_count(p, XTYP_DISCONNECT);
}

struct expectation {
    struct party *p;
    unsigned disconnects;
};

static bool are_told(void *expectation)
{
    struct expectation *e = expectation;

    return disconnects(e->p) >= e->disconnects;
}

/* So many conversations are ended by the other's death, each of which is told once. */
static void expect_disconnects(struct party *p, unsigned n)
{
    struct expectation e = {p, n};
    uint64_t begin = test_now_ms(), took;

    assert_true(test_pump_until(are_told, &e, TEST_PATIENCE_MS));
    took = test_now_ms() - begin;
    slowest = took > slowest ? took : slowest;
    test_pump_all();
    assert_int_equal(disconnects(p), n);
}

/* The instance holds nothing but itself, its strings and its service. */
static void expect_no_conversation(const struct party *p)
{
    DDEMLLEDGER left = {.cb = sizeof left};

    assert_true(DdemlGetLedger(p->id, &left));
    assert_int_equal(left.conversations, 0);
    assert_int_equal(left.transactions, 0);
    assert_int_equal(left.links, 0);
    assert_int_equal(left.data, 0);
    assert_int_equal(left.memory, 0);
    assert_int_equal(left.packed, 0);
    assert_int_equal(left.queued, 0);
}

/* Sockets at the meeting place: one of each process that is there. */
static unsigned sockets(void)
{
    char path[256];
    struct dirent *entry;
    unsigned n = 0;
    DIR *folder;

    snprintf(path, sizeof path, "%s/ddeml", getenv("XDG_RUNTIME_DIR"));
    folder = opendir(path);
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL)
        n += entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
    closedir(folder);
    return n;
}

static void a_server_may_be_killed_in_every_callback(void **state)
{
    bool survived = false;

    (void)state;
    for (unsigned at = 1; !survived; at++) {
        struct party *client = party_open(0);
        bool lasted;

        start("serve", SERVICE, at);
        test_process_expect(other, "ready");
        lasted = converse(client, SERVICE);
        test_process_say(other, "go");
        survived = test_process_end(other) == 0;
        assert_true(survived || test_process_end(other) == TEST_KILLED);
        if (lasted)
            assert_int_equal(disconnects(client), 0);
        else
            expect_disconnects(client, 1);
        test_pump_all();
        expect_no_conversation(client);
        down(NULL);
        assert_true(at < 200);
        if (survived)
            print_message("             killed in %u callbacks\n", at - 1);
    }
}

static const struct wait_row {
    const char *name;
    UINT type;
} waits[] = {
    {"request", XTYP_REQUEST}, {"poke", XTYP_POKE}, {"execute", XTYP_EXECUTE}, {"advstart", XTYP_ADVSTART}};

/* The third callback is that of the transaction. */
static void who_waits_for_a_server_that_is_killed_learns_that_it_died(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        struct party *client = party_open(0);
        UINT type = waits[i].type;
        HCONV conv;

        start("serve", SERVICE, 3);
        test_process_expect(other, "ready");
        conv = party_connect(client, SERVICE, TOPIC);
        if (type == XTYP_POKE || type == XTYP_EXECUTE)
            assert_null(party_send(client, conv, type, "text", TEST_PATIENCE_MS, NULL));
        else
            assert_null(party_transact(client, conv, type, TEST_PATIENCE_MS, NULL));
        assert_error(client, DMLERR_SERVER_DIED);
        expect_disconnects(client, 1);
        expect_no_conversation(client);
        assert_int_equal(test_process_end(other), TEST_KILLED);
        down(NULL);
    }
}

static bool tell_all(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_POKE || c->type == XTYP_EXECUTE)
        DdePostAdvise(p->id, 0, 0);
    return false;
}

static bool is_over(void *p)
{
    return test_process_is_over(p);
}

static void a_client_may_be_killed_at_every_step(void **state)
{
    struct party *server = party_serve(0);
    bool survived = false;
    unsigned at;

    (void)state;
    server->hook = tell_all;
    for (at = 1; !survived; at++) {
        start("ask", SERVICE, at);
        assert_true(test_pump_until(is_over, other, 2 * TEST_PATIENCE_MS));
        survived = test_process_end(other) == 0;
        expect_disconnects(server, party_count(server, XTYP_CONNECT_CONFIRM));
        expect_no_conversation(server);
        party_forget(server);
        test_process_free(other);
        other = NULL;
        assert_true(at < 200);
    }
    print_message("             killed at %u steps\n", at - 2);
}

/* ---- Anywhere ------------------------------------------------------------------------------------------------ */

#if defined(__SANITIZE_THREAD__) /* a queue full of updates takes seconds there */
enum { ROUNDS = 1 };
#elif defined(__SANITIZE_ADDRESS__)
enum { ROUNDS = 4 };
#else
enum { ROUNDS = 20 };
#endif

static uint32_t seed;

static unsigned chance(unsigned n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

struct countdown {
    unsigned left;
};

static bool is_down(void *countdown)
{
    return ((struct countdown *)countdown)->left-- == 0;
}

/* So many messages later. */
static void go_on_for_a_while(void)
{
    struct countdown c = {chance(300)};

    test_pump_until(is_down, &c, TEST_PATIENCE_MS);
}

static void a_server_that_floods_may_be_killed_anywhere(void **state)
{
    (void)state;
    print_message("             seed %u\n", seed);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct party *client = party_open(0);
        HCONV conv[3];

        start("flood", SERVICE, 0);
        test_process_expect(other, "ready");
        for (unsigned n = 0; n < 3; n++) {
            conv[n] = party_connect(client, SERVICE, TOPIC);
            assert_non_null(party_transact(client, conv[n], XTYP_ADVSTART | (n ? XTYPF_ACKREQ : 0),
                                           TEST_PATIENCE_MS, NULL));
        }
        go_on_for_a_while();
        test_process_kill(other);
        party_transact(client, conv[0], XTYP_REQUEST, TIMEOUT_ASYNC, NULL);
        expect_disconnects(client, 3);
        expect_no_conversation(client);
        down(NULL);
    }
    print_message("             told within %u ms\n", (unsigned)slowest);
}

static void a_client_that_storms_may_be_killed_anywhere(void **state)
{
    struct party *server = party_serve(0);

    (void)state;
    server->hook = tell_all;
    print_message("             seed %u\n", seed);
    for (unsigned i = 0; i < ROUNDS; i++) {
        start("storm", SERVICE, 0);
        test_process_expect(other, "ready");
        go_on_for_a_while();
        test_process_kill(other);
        test_pump_all();
        expect_disconnects(server, party_count(server, XTYP_CONNECT_CONFIRM));
        expect_no_conversation(server);
        party_forget(server);
        test_process_free(other);
        other = NULL;
    }
    print_message("             told within %u ms\n", (unsigned)slowest);
}

/* Those who have been killed before, too. */
static void what_the_killed_have_left_is_gone_when_the_next_one_joins(void **state)
{
    struct test_process *killed[8];

    (void)state;
    party_open(0);
    for (unsigned i = 0; i < 8; i++) {
        killed[i] = test_process_play(i % 2 ? "flood" : "serve", NOBODYS_NAME, "0");
        test_process_expect(killed[i], "ready");
    }
    assert_int_equal(sockets(), 9);
    for (unsigned i = 0; i < 8; i++)
        test_process_free(killed[i]);
    start("serve", SERVICE, 0);
    test_process_expect(other, "ready");
    assert_int_equal(sockets(), 2);
}

int main(int argc, char *argv[])
{
#define death_test(function) cmocka_unit_test_teardown(function, down)
    static const struct CMUnitTest tests[] = {
        death_test(a_server_may_be_killed_in_every_callback),
        death_test(who_waits_for_a_server_that_is_killed_learns_that_it_died),
        death_test(a_client_may_be_killed_at_every_step),
        death_test(a_server_that_floods_may_be_killed_anywhere),
        death_test(a_client_that_storms_may_be_killed_anywhere),
        death_test(what_the_killed_have_left_is_gone_when_the_next_one_joins),
    };
    static const struct {
        const char *name;
        int (*play)(char **argv);
    } roles[] = {{"serve", serve}, {"ask", ask}, {"flood", flood}, {"storm", storm}};

    for (size_t i = 0; argc == 4 && i < sizeof roles / sizeof *roles; i++)
        if (!strcmp(argv[1], roles[i].name))
            return roles[i].play(argv);
    seed = argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : (uint32_t)test_now_ms();
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
