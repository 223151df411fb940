/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What host.h promises of threads that the host starts, and of quiet windows. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/host.h"
#include "thread.h"

enum { INITIATE = 0x03E0, REQUEST = 0x03E6, PATIENCE = 20000, MOMENT = 50 };

struct visit {
    struct event go_on, over;
    uint32_t thread;
    atomic_int ends;
};

static void look(void *visit)
{
    struct visit *v = visit;

    v->thread = host_thread_id();
}

static void a_thread_runs_what_it_is_given_and_is_another_one(void **state)
{
    struct visit v = {.thread = 0};
    uintptr_t thread = host_thread_start(look, &v);

    (void)state;
    assert_int_not_equal(thread, 0);
    assert_int_equal(host_thread_join(thread, PATIENCE), HOST_OK);
    assert_int_not_equal(v.thread, 0);
    assert_int_not_equal(v.thread, host_thread_id());
}

static void wait_to_go_on(void *visit)
{
    struct visit *v = visit;

    event_wait(&v->go_on, PATIENCE);
    event_set(&v->over);
}

static void waiting_for_its_end_has_a_deadline(void **state)
{
    struct visit v = {.thread = 0};
    uintptr_t thread;

    (void)state;
    event_init(&v.go_on);
    event_init(&v.over);
    thread = host_thread_start(wait_to_go_on, &v);
    assert_int_equal(host_thread_join(thread, 0), HOST_LATE);
    assert_int_equal(host_thread_join(thread, MOMENT), HOST_LATE);
    event_set(&v.go_on);
    assert_int_equal(host_thread_join(thread, PATIENCE), HOST_OK);
    event_deinit(&v.go_on);
    event_deinit(&v.over);
}

static void a_thread_may_be_let_go_of_while_it_runs(void **state)
{
    static struct visit v;
    uintptr_t thread;

    (void)state;
    event_init(&v.go_on);
    event_init(&v.over);
    thread = host_thread_start(wait_to_go_on, &v);
    host_thread_let_go(thread);
    event_set(&v.go_on);
    assert_true(event_wait(&v.over, PATIENCE));
}

static void note_end(void *visit)
{
    ((struct visit *)visit)->ends++;
}

static void leave_something(void *visit)
{
    void **slot = host_thread_slot(note_end);

    *slot = visit;
}

static void its_end_includes_at_exit(void **state)
{
    struct visit v = {.thread = 0};

    (void)state;
    for (int i = 1; i <= 50; i++) {
        assert_int_equal(host_thread_join(host_thread_start(leave_something, &v), PATIENCE), HOST_OK);
        assert_int_equal(v.ends, i);
    }
}

/* ---- Quiet windows --------------------------------------------------------------------------------- */

static void count(void *n, const struct host_msg *msg)
{
    (void)msg;
    ++*(int *)n;
}

static void a_quiet_window_hears_what_is_for_it_alone(void **state)
{
    int n = 0;
    host_wnd wnd = host_window_create(HOST_QUIET, 0, true, count, &n);
    struct host_msg msg = {.to = wnd, .id = HOST_EV_RESUME};

    (void)state;
    assert_true(host_window_is(wnd, HOST_QUIET));
    assert_int_equal(host_post(&msg), HOST_OK);
    assert_true(host_dispatch(HOST_DDE_MESSAGES, host_now_ms() + PATIENCE));
    assert_int_equal(n, 1);
    host_window_destroy(wnd);
}

static void a_quiet_window_hears_no_broadcast(void **state)
{
    int n = 0, heard = 0;
    host_wnd wnd = host_window_create(HOST_QUIET, 0, true, count, &n);
    host_wnd plain = host_window_create(HOST_PLAIN, 0, true, count, &heard);
    struct host_msg initiate = {.id = INITIATE, .wparam = wnd},
                    news = {.id = HOST_EV_REGISTER, .wparam = wnd};

    (void)state;
    host_broadcast(HOST_TOP_LEVEL, &initiate, PATIENCE, NULL, NULL);
    host_broadcast(HOST_EVENT_WINDOWS, &news, PATIENCE, NULL, NULL);
    assert_int_equal(n, 0);
    assert_true(heard > 0);
    host_window_destroy(plain);
    host_window_destroy(wnd);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_runs_what_it_is_given_and_is_another_one),
        cmocka_unit_test(waiting_for_its_end_has_a_deadline),
        cmocka_unit_test(a_thread_may_be_let_go_of_while_it_runs),
        cmocka_unit_test(its_end_includes_at_exit),
        cmocka_unit_test(a_quiet_window_hears_what_is_for_it_alone),
        cmocka_unit_test(a_quiet_window_hears_no_broadcast),
    };

    (void)argc, (void)argv;
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
