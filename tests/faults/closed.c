/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* On Windows taking the last messages of a window may deliver one that was sent to it, and closes it: here whatever the
 * host. */

#include "host/host.h"
#include "support/party.h"

/* The last window of a kind, and whether it is closed when its messages are taken. */
static struct {
    enum host_class cls;
    bool armed;
    host_wnd wnd;
    host_proc *proc;
    void *ctx;
} victim;

host_wnd __real_host_window_create(enum host_class cls, host_wnd parent, bool unicode, host_proc *proc,
                                   void *ctx);
host_wnd __wrap_host_window_create(enum host_class cls, host_wnd parent, bool unicode, host_proc *proc,
                                   void *ctx);
host_wnd __wrap_host_window_create(enum host_class cls, host_wnd parent, bool unicode, host_proc *proc,
                                   void *ctx)
{
    host_wnd wnd = __real_host_window_create(cls, parent, unicode, proc, ctx);

    if (cls == victim.cls) {
        victim.wnd = wnd;
        victim.proc = proc;
        victim.ctx = ctx;
    }
    return wnd;
}

bool __real_host_take(host_wnd wnd, struct host_msg *msg);
bool __wrap_host_take(host_wnd wnd, struct host_msg *msg);
bool __wrap_host_take(host_wnd wnd, struct host_msg *msg)
{
    struct host_msg last_call = {.to = wnd, .id = HOST_EV_DESTROYED};

    if (!victim.armed || wnd != victim.wnd)
        return __real_host_take(wnd, msg);
    victim.armed = false;
    victim.proc(victim.ctx, &last_call);
    host_window_destroy(wnd);
    return false;
}

static void close_one_of_an_instance(enum host_class cls)
{
    struct party *server, *client;

    victim.cls = cls;
    server = party_serve(0);
    client = party_open(0);
    party_connect(client, SERVICE, TOPIC);
    victim.armed = true;
    party_close(client);
    assert_false(victim.armed);
    party_close(server);
    test_ledger_is_empty();
}

static void the_main_window_may_be_closed_while_its_instance_ends(void **state)
{
    (void)state;
    close_one_of_an_instance(HOST_MOM);
}

static void the_window_for_events_may_be_closed_while_its_instance_ends(void **state)
{
    (void)state;
    close_one_of_an_instance(HOST_EVENT);
}

static void the_window_of_a_conversation_may_be_closed_while_its_instance_ends(void **state)
{
    (void)state;
    close_one_of_an_instance(HOST_CLIENT);
}

static BOOL CALLBACK count(const DDEMLHOLDER *holder, LPVOID n)
{
    ++*(int *)n;
    return holder->cb != 0;
}

static void the_window_that_asks_the_holders_may_be_closed_when_they_have_answered(void **state)
{
    int n = 0;

    (void)state;
    party_open(0);
    victim.cls = HOST_EVENT;
    victim.armed = true;
    assert_int_equal(DdemlListHolders(count, &n, 50), 1);
    assert_false(victim.armed);
    assert_int_equal(n, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_main_window_may_be_closed_while_its_instance_ends, parties_down),
        cmocka_unit_test_teardown(the_window_for_events_may_be_closed_while_its_instance_ends, parties_down),
        cmocka_unit_test_teardown(the_window_of_a_conversation_may_be_closed_while_its_instance_ends,
                                  parties_down),
        cmocka_unit_test_teardown(the_window_that_asks_the_holders_may_be_closed_when_they_have_answered,
                                  parties_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
