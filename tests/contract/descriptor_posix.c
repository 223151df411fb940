/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What host.h promises of host_descriptor, where there is one. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "host/host.h"
#include "thread.h"

enum { REQUEST = 0x03E6, PLAIN = 0x0700, PATIENCE = 20000 };

struct counter {
    host_wnd wnd;
    int n;
};

static void count(void *ctx, const struct host_msg *msg)
{
    struct counter *c = ctx;

    (void)msg;
    c->n++;
}

static int up(void **state)
{
    struct counter *c = calloc(1, sizeof *c);

    *state = c;
    if (!c || host_descriptor() < 0)
        return -1;
    c->wnd = host_window_create(HOST_PLAIN, 0, true, count, c);
    while (host_dispatch(HOST_ALL_MESSAGES, 0))
        ;
    return c->wnd ? 0 : -1;
}

static int down(void **state)
{
    struct counter *c = *state;

    host_window_destroy(c->wnd);
    free(c);
    return 0;
}

static bool readable(int ms)
{
    struct pollfd p = {.fd = host_descriptor(), .events = POLLIN};

    return poll(&p, 1, ms) == 1;
}

static int post(host_wnd to, uint32_t id)
{
    struct host_msg msg = {.to = to, .id = id};

    return host_post(&msg);
}

static void it_rests_while_nothing_waits(void **state)
{
    (void)state;
    assert_false(readable(0));
    assert_false(host_dispatch(HOST_ALL_MESSAGES, 0));
    assert_false(readable(0));
}

static void it_is_readable_until_the_last_message_has_been_dispatched(void **state)
{
    struct counter *c = *state;

    for (int i = 0; i < 3; i++)
        assert_int_equal(post(c->wnd, i == 1 ? PLAIN : REQUEST), HOST_OK);
    for (int i = 0; i < 3; i++) {
        assert_true(readable(0));
        assert_true(host_dispatch(HOST_ALL_MESSAGES, 0));
    }
    assert_false(host_dispatch(HOST_ALL_MESSAGES, 0));
    assert_false(readable(0));
    assert_int_equal(c->n, 3);
}

static void what_the_dde_scope_leaves_is_told_on(void **state)
{
    struct counter *c = *state;

    assert_int_equal(post(c->wnd, PLAIN), HOST_OK);
    assert_false(host_dispatch(HOST_DDE_MESSAGES, 0));
    assert_true(readable(0));
    assert_true(host_dispatch(HOST_ALL_MESSAGES, 0));
    assert_false(host_dispatch(HOST_ALL_MESSAGES, 0));
    assert_false(readable(0));
}

static void what_vanishes_with_its_window_wakes_once_at_most(void **state)
{
    struct counter *c = *state, other = {0};

    (void)c;
    other.wnd = host_window_create(HOST_PLAIN, 0, true, count, &other);
    assert_int_equal(post(other.wnd, REQUEST), HOST_OK);
    host_window_destroy(other.wnd);
    assert_false(host_dispatch(HOST_ALL_MESSAGES, 0));
    assert_false(readable(0));
}

/* ---- Other threads --------------------------------------------------------------------------------- */

static void post_there(void *arg)
{
    post(((struct counter *)arg)->wnd, REQUEST);
}

static void posts_of_other_threads_make_it_readable(void **state)
{
    struct thread t;

    assert_true(thread_start(&t, post_there, *state));
    assert_true(readable(PATIENCE));
    assert_true(host_dispatch(HOST_ALL_MESSAGES, 0));
    thread_join(&t);
}

static void send_there(void *arg)
{
    struct host_msg msg = {.to = ((struct counter *)arg)->wnd, .id = REQUEST};

    host_send(&msg, PATIENCE);
}

static void sent_messages_make_it_readable(void **state)
{
    struct counter *c = *state;
    struct thread t;

    assert_true(thread_start(&t, send_there, c));
    assert_true(readable(PATIENCE));
    assert_true(host_dispatch(HOST_ALL_MESSAGES, 0));
    assert_false(host_dispatch(HOST_ALL_MESSAGES, 0));
    assert_false(readable(0));
    thread_join(&t);
    assert_int_equal(c->n, 1);
}

enum { FLOOD = 20000 };

static void flood(void *arg)
{
    struct counter *c = arg;

    for (int i = 0; i < FLOOD;)
        i += post(c->wnd, i % 2 ? REQUEST : PLAIN) == HOST_OK;
}

/* Each look may fall between any two instructions of those who post. */
static void no_message_comes_unnoticed_while_others_are_taken(void **state)
{
    enum { THREADS = 3 };
    struct counter *c = *state;
    struct thread t[THREADS];

    for (int i = 0; i < THREADS; i++)
        assert_true(thread_start(&t[i], flood, c));
    while (c->n < THREADS * FLOOD) {
        assert_true(readable(PATIENCE));
        while (host_dispatch(HOST_ALL_MESSAGES, 0))
            ;
    }
    for (int i = 0; i < THREADS; i++)
        thread_join(&t[i]);
    assert_false(readable(0));
}

/* ---- Timers ---------------------------------------------------------------------------------------- */

static void it_becomes_readable_when_a_timer_is_due(void **state)
{
    struct counter *c = *state;

    assert_true(host_timer(c->wnd, 10));
    for (int i = 1; i <= 3; i++) {
        assert_true(readable(PATIENCE));
        while (host_dispatch(HOST_ALL_MESSAGES, 0))
            ;
        assert_true(c->n >= i);
    }
}

static void an_earlier_timer_is_not_kept_waiting_by_a_later_one(void **state)
{
    struct counter *c = *state, other = {0};

    other.wnd = host_window_create(HOST_PLAIN, 0, true, count, &other);
    assert_true(host_timer(c->wnd, 24 * 3600 * 1000));
    assert_false(host_dispatch(HOST_ALL_MESSAGES, 0));
    assert_true(host_timer(other.wnd, 10));
    assert_true(readable(PATIENCE));
    host_window_destroy(other.wnd);
}

static void after_a_stopped_timer_it_rests(void **state)
{
    struct counter *c = *state;

    assert_true(host_timer(c->wnd, 1));
    assert_true(readable(PATIENCE));
    assert_true(host_timer(c->wnd, 0));
    assert_false(host_dispatch(HOST_ALL_MESSAGES, 0));
    assert_false(readable(0));
    assert_int_equal(c->n, 0);
}

static bool has_come(void *n)
{
    return *(int *)n != 0;
}

/* Two timers are due, a pump takes one of the events, and the clock is set anew. */
static void a_timers_event_that_a_pump_has_left_is_told(void **state)
{
    struct counter *c = *state, other = {0};
    uint64_t due;

    other.wnd = host_window_create(HOST_PLAIN, 0, true, count, &other);
    assert_true(host_timer(c->wnd, 1));
    assert_true(host_timer(other.wnd, 1));
    for (due = host_now_ms() + 2; host_now_ms() < due;) /* both */
        ;
    assert_true(host_pump(HOST_ALL_MESSAGES, has_come, &c->n, host_now_ms() + PATIENCE));
    other.n = 0;
    assert_true(host_timer(c->wnd, 24 * 3600 * 1000));
    while (!other.n) {
        assert_true(readable(PATIENCE));
        host_dispatch(HOST_ALL_MESSAGES, 0);
    }
    host_window_destroy(other.wnd);
}

/* ---- Ends ------------------------------------------------------------------------------------------ */

struct sleeper {
    struct event ready;
    pthread_t id;
    int fd;
};

static void sleep_for_ever(void *arg)
{
    struct sleeper *s = arg;
    struct pollfd p;

    s->id = pthread_self();
    p = (struct pollfd){.fd = s->fd = host_descriptor(), .events = POLLIN};
    while (host_dispatch(HOST_ALL_MESSAGES, 0))
        ;
    event_set(&s->ready);
    poll(&p, 1, -1);
}

static void a_cancelled_thread_leaves_no_descriptor(void **state)
{
    struct sleeper s;
    struct thread t;
    int before = dup(0);

    (void)state;
    close(before);
    event_init(&s.ready);
    assert_true(thread_start(&t, sleep_for_ever, &s));
    assert_true(event_wait(&s.ready, PATIENCE));
    pthread_cancel(s.id);
    thread_join(&t);
    event_deinit(&s.ready);
    assert_int_equal(s.fd, before); /* it was the lowest free one, and is again */
    assert_int_equal(dup(0), before);
    close(before);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RULE(it_rests_while_nothing_waits),
        RULE(it_is_readable_until_the_last_message_has_been_dispatched),
        RULE(what_the_dde_scope_leaves_is_told_on),
        RULE(what_vanishes_with_its_window_wakes_once_at_most),
        RULE(posts_of_other_threads_make_it_readable),
        RULE(sent_messages_make_it_readable),
        RULE(no_message_comes_unnoticed_while_others_are_taken),
        RULE(it_becomes_readable_when_a_timer_is_due),
        RULE(an_earlier_timer_is_not_kept_waiting_by_a_later_one),
        RULE(after_a_stopped_timer_it_rests),
        RULE(a_timers_event_that_a_pump_has_left_is_told),
        RULE(a_cancelled_thread_leaves_no_descriptor),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
