/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Client and server in two processes, which may be a 32-bit and a 64-bit one. The test is the client; the
 * server tells what it sees when it is asked for it, and its exit code says whether it has left nothing
 * behind.
 *
 * processes [SERVER.exe]: the tests; without a program the server is this one.
 * processes serve NAME: the server. */

#include "support/party.h"
#include "support/process.h"

#include <stdlib.h>

/* Set on an established client side; it has no ST_ name. */
enum { ESTABLISHED_CLIENT = 0x8000 };

enum { NOT_LEFT_CLEAN = 3 };

/* What the server knows of the conversation in which it is asked. The widths are the same in every program.
 */
struct report {
    uint64_t conv, user, partner, partners_user, partners_partner;
    uint32_t inst, status, partners_status;
    uint32_t wnd, partner_wnd, partners_wnd, partners_partner_wnd;
    uint32_t offered_self, confirmed_self; /* dwData2 of the two callbacks            */
    CONVCONTEXT offered, described;        /* at XTYP_CONNECT, and in CONVINFO        */
};

static uint32_t wnd_of(HWND wnd)
{
    return (uint32_t)(uintptr_t)wnd;
}

/* ---- The server ---------------------------------------------------------------------------------------- */

static struct {
    volatile int quits;
    HSZ topic, other_topic;
} server;

static const struct call *offer(const struct party *p)
{
    return party_last(p, party_count(p, XTYP_CONNECT) ? XTYP_CONNECT : XTYP_WILDCONNECT);
}

static HDDEDATA report(struct party *p, const struct call *c)
{
    CONVINFO own = info_of(c->conv), partner = info_of(own.hConvPartner);
    struct report r = {
        .conv = (uintptr_t)c->conv,
        .user = own.hUser,
        .partner = (uintptr_t)own.hConvPartner,
        .partners_user = partner.hUser,
        .partners_partner = (uintptr_t)partner.hConvPartner,
        .inst = p->id,
        .status = own.wStatus,
        .partners_status = partner.wStatus,
        .wnd = wnd_of(own.hwnd),
        .partner_wnd = wnd_of(own.hwndPartner),
        .partners_wnd = wnd_of(partner.hwnd),
        .partners_partner_wnd = wnd_of(partner.hwndPartner),
        .offered_self = (uint32_t)offer(p)->data2,
        .confirmed_self = (uint32_t)party_last(p, XTYP_CONNECT_CONFIRM)->data2,
        .offered = offer(p)->context,
        .described = own.ConvCtxt,
    };

    return DdeCreateDataHandle(p->id, (LPBYTE)&r, sizeof r, 0, c->hsz2, c->fmt, 0);
}

static HDDEDATA offer_everything(struct party *p, const struct call *c)
{
    HSZPAIR pairs[] = {{c->hsz2, server.topic}, {c->hsz2, server.other_topic}, {0}};

    return DdeCreateDataHandle(p->id, (LPBYTE)pairs, sizeof pairs, 0, 0, 0, 0);
}

static bool serve(struct party *p, const struct call *c, HDDEDATA *result)
{
    uint64_t user;

    switch (c->type) {
    case XTYP_WILDCONNECT:
        *result = offer_everything(p, c);
        return true;
    case XTYP_REQUEST:
        *result = report(p, c);
        return true;
    case XTYP_POKE:
        memcpy(&user, c->bytes, sizeof user);
        DdeSetUserHandle(c->conv, QID_SYNC, (DWORD_PTR)user);
        return false;
    case XTYP_EXECUTE:
        if (!strcmp((const char *)c->bytes, "die"))
            test_die();
        server.quits = !strcmp((const char *)c->bytes, "quit");
        return false;
    default:
        return false;
    }
}

static bool told_to_quit(void *arg)
{
    (void)arg;
    return server.quits;
}

static int run_server(const char *name)
{
    DDEMLLEDGER left = {.cb = sizeof left};
    struct party *p = party_open(0);
    bool told;

    p->hook = serve;
    server.topic = party_text(p, TOPIC);
    server.other_topic = party_text(p, "Bonds");
    party_register(p, name);
    told = test_pump_until(told_to_quit, NULL, 3 * TEST_PATIENCE_MS);
    party_close(p);
    DdemlGetLedger(0, &left);
#define ADD(column) +(int)left.column
    return told && !(0 DDEML_LEDGER_COLUMNS(ADD)) ? 0 : NOT_LEFT_CLEAN;
#undef ADD
}

/* ---- The client ---------------------------------------------------------------------------------------- */

static const char *server_program; /* NULL: this one */
static char name[32];              /* of the service: nobody else's */

static struct {
    struct party *client;
    struct test_process *server;
} cast;

static bool server_is_there(void *client)
{
    struct party *p = client;

    for (unsigned i = 0; i < p->n; i++)
        if (p->calls[i].type == XTYP_REGISTER && !strcmp(p->calls[i].text1, name))
            return true;
    return false;
}

static void start_server(void)
{
    const char *const arguments[] = {"serve", name, NULL};

    snprintf(name, sizeof name, "Server of %ld", test_own_process_id());
    cast.server = test_process_start(server_program, arguments);
    assert_true(test_pump_until(server_is_there, cast.client, 2 * TEST_PATIENCE_MS));
}

static int cast_up(void **state)
{
    (void)state;
    cast.client = party_open(0); /* the first instance, as the server's is in its process */
    start_server();
    return 0;
}

static int cast_down(void **state)
{
    HCONV conv =
        DdeConnect(cast.client->id, party_text(cast.client, name), party_text(cast.client, TOPIC), NULL);
    int code = 0;

    if (conv) /* else it is not there to be told */
        party_send(cast.client, conv, XTYP_EXECUTE, "quit", TEST_PATIENCE_MS, NULL);
    if (conv)
        code = test_process_end(cast.server);
    test_process_free(cast.server);
    assert_int_equal(parties_down(state), 0);
    assert_int_equal(code, 0);
    return 0;
}

static struct report ask(HCONV conv)
{
    struct report r = {0};
    HDDEDATA data = party_transact(cast.client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);

    assert_non_null(data);
    assert_int_equal(DdeGetData(data, (LPBYTE)&r, sizeof r, 0), sizeof r);
    assert_int_equal(DdeGetData(data, NULL, 0, 0), sizeof r);
    DdeFreeDataHandle(data);
    return r;
}

static HCONV connect_with(const char *topic, CONVCONTEXT *context)
{
    HCONV conv =
        DdeConnect(cast.client->id, party_text(cast.client, name), party_text(cast.client, topic), context);

    assert_non_null(conv);
    return conv;
}

static const CONVCONTEXT special = {
    .cb = sizeof special,
    .wFlags = 0x11111111,
    .wCountryID = 0x22222222,
    .iCodePage = -3,
    .dwLangID = 0x44444444,
    .dwSecurity = 0xFFFFFFFF,
    .qos = {sizeof special.qos, SecurityIdentification, SECURITY_DYNAMIC_TRACKING, TRUE},
};

static void expect_context(const CONVCONTEXT *c, const CONVCONTEXT *expected)
{
    assert_memory_equal(c, expected, offsetof(CONVCONTEXT, qos));
    assert_int_equal(c->qos.Length, expected->qos.Length);
    assert_int_equal(c->qos.ImpersonationLevel, expected->qos.ImpersonationLevel);
    assert_int_equal(c->qos.ContextTrackingMode, expected->qos.ContextTrackingMode);
    assert_int_equal(c->qos.EffectiveOnly, expected->qos.EffectiveOnly);
}

static void the_server_is_shown_the_clients_context(void **state)
{
    CONVCONTEXT usual = {.cb = sizeof usual, .iCodePage = CP_WINANSI}, context = special;
    HCONV conv = connect_with(TOPIC, &context);
    CONVINFO info = info_of(conv);
    struct report r = ask(conv);

    (void)state;
    expect_context(&info.ConvCtxt, &special);
    expect_context(&r.offered, &special);
    expect_context(&r.described, &special);
    r = ask(connect_with(TOPIC, NULL));
    expect_context(&r.offered, &usual);
    expect_context(&r.described, &usual);
}

static void a_server_that_is_asked_for_any_topic_is_shown_it_too(void **state)
{
    CONVCONTEXT context = special;
    struct report r = ask(connect_with(NULL, &context));

    (void)state;
    expect_context(&r.offered, &special);
    expect_context(&r.described, &special);
}

static void both_sides_know_that_the_other_is_of_the_library(void **state)
{
    HCONV conv = connect_with(TOPIC, NULL);
    CONVINFO info = info_of(conv);
    struct report r = ask(conv);

    (void)state;
    assert_int_equal(info.wStatus, ST_CONNECTED | ST_ISLOCAL | ST_CLIENT | ESTABLISHED_CLIENT);
    assert_int_equal(r.status, ST_CONNECTED | ST_ISLOCAL);
    assert_non_null(info.hConvPartner);
    assert_int_not_equal(r.partner, 0);
    assert_int_equal(wnd_of(info.hwnd), r.partner_wnd);
    assert_int_equal(wnd_of(info.hwndPartner), r.wnd);
}

static void the_partners_handle_describes_the_partner_on_both_sides(void **state)
{
    HCONV conv = connect_with(TOPIC, NULL);
    CONVINFO info = info_of(conv), partner = info_of(info.hConvPartner);
    struct report r = ask(conv);

    (void)state;
    assert_ptr_equal(partner.hConvPartner, conv);
    assert_ptr_equal(partner.hwnd, info.hwndPartner);
    assert_ptr_equal(partner.hwndPartner, info.hwnd);
    assert_int_equal(partner.wStatus, ST_CONNECTED | ST_ISLOCAL);
    assert_int_equal(r.partners_partner, r.conv);
    assert_int_equal(r.partners_wnd, r.partner_wnd);
    assert_int_equal(r.partners_partner_wnd, r.wnd);
    assert_int_equal(r.partners_status, ST_CONNECTED | ST_ISLOCAL | ST_CLIENT | ESTABLISHED_CLIENT);
}

/* Each of them has a window of its own on both sides: the server is told which. */
static void the_conversations_of_a_list_are_told_apart(void **state)
{
    CONVCONTEXT context = special;
    HCONVLIST list = DdeConnectList(cast.client->id, party_text(cast.client, name), 0, 0, &context);
    HCONV conv = 0;
    uint32_t wnd[2];

    (void)state;
    assert_non_null(list);
    for (int i = 0; i < 2; i++) {
        CONVINFO info;
        struct report r;

        conv = DdeQueryNextServer(list, conv);
        assert_non_null(conv);
        info = info_of(conv);
        r = ask(conv);
        wnd[i] = wnd_of(info.hwnd);
        assert_int_equal(info.wStatus,
                         ST_CONNECTED | ST_ISLOCAL | ST_CLIENT | ST_INLIST | ESTABLISHED_CLIENT);
        assert_int_equal(r.status, ST_CONNECTED | ST_ISLOCAL);
        assert_int_equal(r.partner_wnd, wnd[i]);
        assert_int_equal(r.partners_partner, r.conv);
        expect_context(&r.described, &special);
    }
    assert_int_not_equal(wnd[0], wnd[1]);
    assert_null(DdeQueryNextServer(list, conv));
    assert_true(DdeDisconnectList(list));
}

static void set_servers_user(HCONV conv, uint64_t value)
{
    assert_non_null(DdeClientTransaction((LPBYTE)&value, sizeof value, conv, party_text(cast.client, ITEM),
                                         CF_TEXT, XTYP_POKE, TEST_PATIENCE_MS, NULL));
}

static void user_handles_are_seen_through_the_partners_handle(void **state)
{
    static const uint32_t values[] = {7, 0x87654321, 0, 1};
    HCONV conv = connect_with(TOPIC, NULL), partner = info_of(conv).hConvPartner;

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        assert_true(DdeSetUserHandle(conv, QID_SYNC, values[i]));
        set_servers_user(conv, ~values[i]);
        assert_int_equal(ask(conv).partners_user, values[i]);
        assert_int_equal(ask(conv).user, ~values[i]);
        assert_int_equal(info_of(partner).hUser, ~values[i]);
        assert_int_equal(info_of(conv).hUser, values[i]);
    }
}

/* Both processes number their handles alike. */
static void the_partners_handle_is_never_taken_for_one_of_ours(void **state)
{
    HCONV conv[24];

    (void)state;
    for (int i = 0; i < 24; i++)
        conv[i] = connect_with(TOPIC, NULL);
    for (int i = 0; i < 24; i++) {
        CONVINFO info = info_of(conv[i]), partner = info_of(info.hConvPartner);
        struct report r = ask(conv[i]);

        assert_ptr_equal(partner.hConvPartner, conv[i]);
        assert_ptr_equal(partner.hwnd, info.hwndPartner);
        assert_int_equal(r.partners_partner, r.conv);
        assert_int_equal(r.partners_wnd, r.partner_wnd);
        assert_false(DdeDisconnect(info.hConvPartner)); /* not ours to end */
        for (int j = 0; j < 24; j++)
            assert_ptr_not_equal(info.hConvPartner, conv[j]);
    }
}

static void the_partners_handle_dies_with_the_conversation(void **state)
{
    HCONV conv = connect_with(TOPIC, NULL), partner = info_of(conv).hConvPartner;
    CONVINFO info = {.cb = sizeof info};

    (void)state;
    assert_true(DdeDisconnect(conv));
    assert_int_equal(DdeQueryConvInfo(partner, QID_SYNC, &info), 0);
    assert_error(cast.client, DMLERR_INVALIDPARAMETER);
}

/* The first instance of a process has the same id everywhere. */
static void equal_instances_of_two_processes_are_not_the_same_instance(void **state)
{
    HCONV conv = connect_with(TOPIC, NULL);
    struct report r = ask(conv);

    (void)state;
    assert_int_equal(r.inst, cast.client->id);
    assert_int_equal(r.offered_self, 0);
    assert_int_equal(r.confirmed_self, 0);
    assert_int_equal((r.status | info_of(conv).wStatus) & ST_ISSELF, 0);
}

static bool is_told(void *arg)
{
    (void)arg;
    return party_count(cast.client, XTYP_DISCONNECT) != 0;
}

static void a_server_process_that_dies_is_noticed(void **state)
{
    HCONV conv = connect_with(TOPIC, NULL);

    (void)state;
    assert_non_null(party_send(cast.client, conv, XTYP_EXECUTE, "die", TIMEOUT_ASYNC, NULL));
    assert_true(test_pump_until(is_told, NULL, TEST_PATIENCE_MS));
    assert_ptr_equal(party_last(cast.client, XTYP_DISCONNECT)->conv, conv);
    assert_int_equal(party_last(cast.client, XTYP_DISCONNECT)->data2, 0);
}

int main(int argc, char *argv[])
{
#define cast_test(function) cmocka_unit_test_setup_teardown(function, cast_up, cast_down)
    static const struct CMUnitTest tests[] = {
        cast_test(equal_instances_of_two_processes_are_not_the_same_instance), /* the first: see there */
        cast_test(the_server_is_shown_the_clients_context),
        cast_test(a_server_that_is_asked_for_any_topic_is_shown_it_too),
        cast_test(both_sides_know_that_the_other_is_of_the_library),
        cast_test(the_partners_handle_describes_the_partner_on_both_sides),
        cast_test(the_conversations_of_a_list_are_told_apart),
        cast_test(user_handles_are_seen_through_the_partners_handle),
        cast_test(the_partners_handle_is_never_taken_for_one_of_ours),
        cast_test(the_partners_handle_dies_with_the_conversation),
        cast_test(a_server_process_that_dies_is_noticed),
    };

    if (argc == 3 && !strcmp(argv[1], "serve"))
        return run_server(argv[2]);
    server_program = argc == 2 ? argv[1] : NULL;
    if (server_program && !test_process_exists(server_program)) {
        printf("%s has not been built\n", server_program);
        return TEST_SKIPPED;
    }
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
