/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Threads, what they keep, the lock and the clock. One rule per test; see cast.h. */

#include "cast.h"

static void thread_ids_differ(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, hear_messages),
                 *b = actor_of(*state, HOST_MOM, hear_messages);

    assert_int_not_equal(host_thread_id(), 0);
    assert_int_equal(host_thread_id(), host_thread_id());
    assert_int_not_equal(a->id, 0);
    assert_int_not_equal(a->id, b->id);
    assert_int_not_equal(a->id, host_thread_id());
}

static void ignore_exit(void *value)
{
    (void)value;
}

static void try_slot(struct actor *a)
{
    void **slot = host_thread_slot(ignore_exit);

    a->result = slot && !*slot;
    *slot = a;
    a->value = host_thread_slot(ignore_exit) == slot && *slot == a;
    event_set(&a->ready);
}

static void thread_slot_is_empty_at_first_and_keeps_its_value(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, try_slot), *b = actor_of(*state, HOST_MOM, try_slot);

    assert_true(a->result);
    assert_true(a->value);
    assert_true(b->result);
    assert_true(b->value);
}

static void log_destroyed(struct record *rec, const struct host_msg *msg)
{
    struct actor *a = rec->arg;

    if (msg->id == HOST_EV_DESTROYED)
        strcat(a->log, "d");
}

/* The windows and the queue still work: a message gets through. */
static void log_exit(void *value)
{
    struct actor *a = value;
    struct host_msg msg;

    strcat(a->log, "x");
    a->result = host_window_alive(a->wnd) && post_number(a->wnd, REQUEST, 7) == HOST_OK &&
                host_take(a->wnd, &msg) && msg.lparam == 7;
}

static void leave_window_and_value(struct actor *a)
{
    void **slot = host_thread_slot(log_exit);

    a->rec.hook = log_destroyed;
    a->rec.arg = a;
    make_window(a);
    *slot = a;
    event_set(&a->ready);
}

static void thread_end_runs_at_exit_then_destroys_windows(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, leave_window_and_value);

    actor_end(a);
    assert_string_equal(a->log, "xd");
    assert_true(a->result);
    assert_false(host_window_alive(a->wnd));
    assert_int_equal(a->rec.thread, a->id);
}

static void leave_no_value(struct actor *a)
{
    void **slot = host_thread_slot(log_exit);

    *slot = a;
    *slot = NULL;
    event_set(&a->ready);
}

static void thread_end_without_value_runs_nothing(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, leave_no_value);

    actor_end(a);
    assert_string_equal(a->log, "");
}

static void destroy_at_exit(void *value)
{
    struct actor *a = value;

    strcat(a->log, "x");
    host_window_destroy(a->wnd);
}

static void leave_window_for_exit(struct actor *a)
{
    leave_window_and_value(a);
    host_thread_slot(destroy_at_exit);
}

static void at_exit_may_destroy_windows(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, leave_window_for_exit);

    actor_end(a);
    assert_string_equal(a->log, "x");
    assert_false(host_window_alive(a->wnd));
}

/* Messages that are queued for the windows, children, a timer and a card go as well: the teardown counts. */
static void leave_everything(struct actor *a)
{
    struct host_card card = {.size = 1};
    host_wnd child;

    a->rec.hook = log_destroyed;
    a->rec.arg = a;
    make_window(a);
    child = host_window_create(HOST_CLIENT, a->wnd, true, record_proc, &a->rec);
    host_card_set(child, &card);
    host_timer(child, 1000);
    post_number(a->wnd, REQUEST, 1);
    post_number(child, REQUEST, 2);
    event_set(&a->ready);
}

static void thread_end_leaves_nothing(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, leave_everything);

    actor_end(a);
    assert_string_equal(a->log, "dd");
    assert_int_equal(post_number(a->wnd, REQUEST, 3), HOST_GONE);
}

static void set_slot_late(struct record *rec, const struct host_msg *msg)
{
    if (msg->id == HOST_EV_DESTROYED)
        *host_thread_slot(ignore_exit) = rec->arg;
}

static void leave_window_that_sets_the_slot(struct actor *a)
{
    a->rec.hook = set_slot_late;
    a->rec.arg = a;
    make_window(a);
    event_set(&a->ready);
}

static void thread_slot_is_empty_for_the_next_thread(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, leave_window_that_sets_the_slot), *b;

    actor_end(a);
    b = actor_of(*state, HOST_MOM, try_slot);
    assert_true(b->result);
}

static void hold_lock(struct actor *a)
{
    host_lock();
    event_set(&a->ready);
    event_wait(&a->go, PATIENCE);
    a->value = 1;
    host_unlock();
}

static void enter_lock(struct actor *a)
{
    event_set(&a->ready);
    event_wait(&a->go, PATIENCE);
    host_lock();
    a->result = a->other->value;
    host_unlock();
}

static void lock_excludes_others(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, hold_lock), *b = actor_of(*state, HOST_MOM, enter_lock);

    b->other = a;
    event_set(&b->go);
    assert_false(event_wait(&b->seen, MOMENT));
    event_set(&a->go);
    assert_true(event_wait(&b->seen, PATIENCE));
    assert_int_equal(b->result, 1);
}

static void clock_never_goes_back(void **state)
{
    uint64_t last = host_now_ms(), until = last + 20, now;

    (void)state;
    do {
        now = host_now_ms();
        assert_true(now >= last);
        last = now;
    } while (now < until);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        RULE(thread_ids_differ),
        RULE(thread_slot_is_empty_at_first_and_keeps_its_value),
        RULE(thread_end_runs_at_exit_then_destroys_windows),
        RULE(thread_end_without_value_runs_nothing),
        RULE(at_exit_may_destroy_windows),
        RULE(thread_end_leaves_nothing),
        RULE(thread_slot_is_empty_for_the_next_thread),
        RULE(lock_excludes_others),
        RULE(clock_never_goes_back),
    };

    (void)argc, (void)argv;
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
