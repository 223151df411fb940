/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Known bugs whose rows in docs/known-bugs.md need a system that refuses something. */

#include "host/host.h"
#include "support/party.h"
#include "support/raw.h"

/* How many windows may still be made, and how many blocks may still be locked; the parameters of a message
 * are a fixed block, whose locking cannot fail. */
enum { NO_END = -1 };
static int windows_left = NO_END, locks_left = NO_END;

/* The window that was made last, and the kind that the program destroys as soon as its card is shown, as a hook can on
 * Windows. */
static struct {
    enum host_class cls;
    host_proc *proc;
    void *ctx;
} last;
static enum host_class hooked = HOST_MOM;

static bool refused(int *left)
{
    if (*left == 0)
        return true;
    *left -= *left > 0;
    return false;
}

host_wnd __real_host_window_create(enum host_class cls, host_wnd parent, bool unicode, host_proc *proc,
                                   void *ctx);
host_wnd __wrap_host_window_create(enum host_class cls, host_wnd parent, bool unicode, host_proc *proc,
                                   void *ctx);
host_wnd __wrap_host_window_create(enum host_class cls, host_wnd parent, bool unicode, host_proc *proc,
                                   void *ctx)
{
    last.cls = cls;
    last.proc = proc;
    last.ctx = ctx;
    return refused(&windows_left) ? 0 : __real_host_window_create(cls, parent, unicode, proc, ctx);
}

bool __real_host_card_set(host_wnd wnd, const struct host_card *card);
bool __wrap_host_card_set(host_wnd wnd, const struct host_card *card);
bool __wrap_host_card_set(host_wnd wnd, const struct host_card *card)
{
    struct host_msg last_call = {.to = wnd, .id = HOST_EV_DESTROYED};

    if (last.cls != hooked)
        return __real_host_card_set(wnd, card);
    last.proc(last.ctx, &last_call);
    host_window_destroy(wnd);
    return false;
}

void *__real_host_mem_lock(host_mem mem);
void *__wrap_host_mem_lock(host_mem mem);
void *__wrap_host_mem_lock(host_mem mem)
{
    bool fixed = host_mem_size(mem) == 2 * sizeof(uintptr_t);

    return !fixed && refused(&locks_left) ? NULL : __real_host_mem_lock(mem);
}

static int down(void **state)
{
    windows_left = locks_left = NO_END;
    hooked = HOST_MOM;
    return parties_down(state);
}

static void still_works(struct party *client, HCONV conv)
{
    HDDEDATA data = party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);

    assert_non_null(data);
    assert_true(DdeFreeDataHandle(data));
}

static void s04_without_resources_connecting_is_an_error_and_the_others_go_on(void **state)
{
    enum { ROOM = 34 };
    struct party *server = party_serve(0), *client = party_open(0);
    HSZ service = party_text(client, SERVICE), topic = party_text(client, TOPIC);
    HCONV convs[ROOM];
    int n = 0;

    (void)state;
    windows_left = ROOM; /* two for each conversation */
    while (n < ROOM && (convs[n] = DdeConnect(client->id, service, topic, NULL)) != 0)
        n++;
    assert_int_equal(n, ROOM / 2);
    assert_error(client, DMLERR_MEMORY_ERROR);
    for (int i = 0; i < n; i++)
        still_works(client, convs[i]);
    windows_left = 1; /* the client's, but not the server's */
    assert_null(DdeConnect(client->id, service, topic, NULL));
    assert_error(client, DMLERR_NO_CONV_ESTABLISHED);
    assert_error(server, DMLERR_MEMORY_ERROR);
    assert_true(DdeDisconnect(convs[0]));
    windows_left = NO_END;
    still_works(client, party_connect(client, SERVICE, TOPIC));
}

static void a_window_that_is_destroyed_before_its_conversation_begins_is_none(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HSZ service = party_text(client, SERVICE), topic = party_text(client, TOPIC);

    (void)state;
    for (int i = 0; i < 2; i++) {
        hooked = i ? HOST_SERVER : HOST_CLIENT;
        assert_null(DdeConnect(client->id, service, topic, NULL));
        assert_error(client, i ? DMLERR_NO_CONV_ESTABLISHED : DMLERR_MEMORY_ERROR);
    }
    assert_error(server, DMLERR_MEMORY_ERROR);
    hooked = HOST_MOM;
    still_works(client, party_connect(client, SERVICE, TOPIC));
}

/* What cannot be locked cannot be read, not even whether it wants an answer: nothing that is certain could be
 * said to the server about it. */
static void c26_an_update_that_cannot_be_locked_ends_the_conversation_and_nothing_else(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV conv = party_connect(client, SERVICE, TOPIC), other = party_connect(client, SERVICE, TOPIC);

    (void)state;
    assert_non_null(party_transact(client, conv, XTYP_ADVSTART | XTYPF_ACKREQ, TEST_PATIENCE_MS, NULL));
    assert_true(party_post(server, TOPIC, ITEM));
    locks_left = 0;
    test_pump_all();
    locks_left = NO_END;
    assert_int_equal(party_count(client, XTYP_ADVDATA), 0);
    assert_int_equal(party_count(client, XTYP_DISCONNECT), 1);
    assert_int_equal(party_count(server, XTYP_DISCONNECT), 1);
    still_works(client, other);
}

static void c26_data_that_cannot_be_locked_is_an_error_and_stays(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA data = party_data(p, "data", 0, 0, 0);
    char text[8];

    (void)state;
    locks_left = 0;
    assert_null(DdeAccessData(data, NULL));
    assert_error(p, DMLERR_MEMORY_ERROR);
    assert_int_equal(DdeGetData(data, (LPBYTE)text, sizeof text, 0), 0);
    assert_error(p, DMLERR_MEMORY_ERROR);
    locks_left = NO_END;
    assert_int_equal(DdeGetData(data, (LPBYTE)text, sizeof text, 0), 5);
    assert_string_equal(text, "data");
    assert_true(DdeFreeDataHandle(data));
}

#ifndef _WIN32 /* where the system may lock it as well */
static void c26_a_lent_answer_that_cannot_be_copied_is_an_error_and_goes_back(void **state)
{
    struct party *client = party_open(0);
    struct raw server;
    struct raw_seen *m;
    host_mem lent;
    HCONV conv;

    (void)state;
    raw_books_open();
    raw_open(&server);
    server.serves = true;
    conv = party_connect(client, RAW_SERVICE, RAW_TOPIC);
    assert_non_null(DdeClientTransaction(NULL, 0, conv, party_text(client, RAW_ITEM), RAW_FORMAT,
                                         XTYP_REQUEST, TIMEOUT_ASYNC, NULL));
    raw_unref(raw_expect(&server, WIRE_REQUEST)->atom);
    lent = raw_object(WIRE_FRESPONSE | WIRE_FACKREQ, "longer than two pointers");
    assert_true(raw_post(&server, WIRE_DATA, lent, raw_ref(RAW_ITEM)));
    locks_left = 1; /* its header's */
    m = raw_expect(&server, WIRE_ACK);
    locks_left = NO_END;
    raw_unref(m->atom);
    raw_left(lent, true);
    assert_int_equal(party_count(client, XTYP_XACT_COMPLETE), 1);
    assert_null(party_last(client, XTYP_XACT_COMPLETE)->data);
    party_close(client);
    raw_die(&server);
    raw_books_close();
}
#endif

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, down)
        TEST(s04_without_resources_connecting_is_an_error_and_the_others_go_on),
        TEST(a_window_that_is_destroyed_before_its_conversation_begins_is_none),
        TEST(c26_an_update_that_cannot_be_locked_ends_the_conversation_and_nothing_else),
        TEST(c26_data_that_cannot_be_locked_is_an_error_and_stays),
#ifndef _WIN32
        TEST(c26_a_lent_answer_that_cannot_be_copied_is_an_error_and_goes_back),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
