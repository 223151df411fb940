/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What is posted, and how it is got. One rule per test; see cast.h. */

#include "cast.h"

/* ---- Posting ---------------------------------------------------------------------------------------- */

static void post_carries_all_of_the_message(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_PLAIN, 0, &fx->rec);
    struct host_msg msg = {.to = wnd, .id = REQUEST, .wparam = wnd, .lparam = 0xC0DE0001u & INT32_MAX};

    assert_int_equal(host_post(&msg), HOST_OK);
    assert_int_equal(fx->rec.n, 0);
    assert_true(pump_for(&fx->rec, 1));
    assert_true(fx->rec.msg[0].to == wnd);
    assert_int_equal(fx->rec.msg[0].id, REQUEST);
    assert_true(fx->rec.msg[0].wparam == msg.wparam);
    assert_true(fx->rec.msg[0].lparam == msg.lparam);
}

static void post_keeps_order(void **state)
{
    const uint32_t id[] = {REQUEST, HOST_EV_RESUME, UNADVISE, TERMINATE};
    struct fx *fx = *state;
    host_wnd one = window_of(fx, HOST_MOM, 0, &fx->rec), two = window_of(fx, HOST_PLAIN, 0, &fx->rec);

    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(post_number(i % 3 ? one : two, id[i % 4], i), HOST_OK);
    pump_dry();
    assert_int_equal(fx->rec.n, 40);
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(fx->rec.msg[i].lparam, i);
        assert_int_equal(fx->rec.msg[i].id, id[i % 4]);
        assert_true(fx->rec.msg[i].to == (i % 3 ? one : two));
    }
}

static void post_many(struct actor *a)
{
    event_set(&a->ready);
    event_wait(&a->go, PATIENCE);
    for (uintptr_t i = 0; i < 1000; i++) {
        struct host_msg msg = {.to = a->partner, .id = REQUEST, .wparam = a->id, .lparam = i};
        a->result |= host_post(&msg);
    }
}

struct arrivals {
    struct actor *from[2];
    uintptr_t next[2];
    bool wrong;
};

static void check_arrival(struct record *rec, const struct host_msg *msg)
{
    struct arrivals *all = rec->arg;
    int i = msg->wparam == all->from[0]->id ? 0 : 1;

    all->wrong |= msg->wparam != all->from[i]->id || msg->lparam != all->next[i]++;
}

static void post_from_other_threads_keeps_each_ones_order(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);
    struct arrivals all = {
        {actor_of(fx, HOST_MOM, post_many), actor_of(fx, HOST_MOM, post_many)}, {0}, false};

    fx->rec.hook = check_arrival;
    fx->rec.arg = &all;
    for (int i = 0; i < 2; i++) {
        all.from[i]->partner = wnd;
        event_set(&all.from[i]->go);
    }
    assert_true(pump_for(&fx->rec, 2000));
    assert_false(all.wrong);
    for (int i = 0; i < 2; i++)
        assert_true(event_wait(&all.from[i]->seen, PATIENCE));
    assert_int_equal(all.from[0]->result | all.from[1]->result, HOST_OK);
}

static void post_to_destroyed_window_is_gone(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);

    host_window_destroy(wnd);
    assert_int_equal(post_number(wnd, REQUEST, 1), HOST_GONE);
    assert_int_equal(post_number(wnd, HOST_EV_RESUME, 1), HOST_GONE);
}

static void sealed_window_gives_what_it_has_and_takes_no_more(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_CLIENT, window_of(fx, HOST_MOM, 0, &fx->rec), &fx->rec);
    struct host_msg msg;

#ifdef _WIN32
    skip(); /* nobody can refuse posts */
#endif
    assert_int_equal(post_number(wnd, REQUEST, 1), HOST_OK);
    host_window_seal(wnd);
    host_window_seal(wnd);
    assert_int_equal(post_number(wnd, REQUEST, 2), HOST_GONE);
    assert_int_equal(send_number(wnd, 3, MOMENT), HOST_GONE);
    assert_false(host_window_alive(wnd));
    assert_true(host_take(wnd, &msg));
    assert_int_equal(msg.lparam, 1);
    assert_false(host_take(wnd, &msg));
    host_window_destroy(wnd);
    assert_false(host_take(wnd, &msg));
    assert_int_equal(fx->rec.n, 0);
}

static void failed_post_keeps_owner(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);
    host_mem mem = memory_of(fx, 4);
    host_atom atom = atom_of(fx, u"ddeml-contract-failed-post");
    uint16_t name[HOST_ATOM_CHARS + 1];
    struct host_msg msg = {.to = wnd, .id = 0x03E8, .wparam = wnd, .lparam = mem};

    host_window_destroy(wnd);
    assert_int_equal(host_post(&msg), HOST_GONE);
    assert_int_equal(host_mem_size(mem), 4);
    assert_int_equal(post_number(wnd, REQUEST, (uintptr_t)atom << 16), HOST_GONE);
    assert_int_not_equal(host_atom_name(atom, name), 0);
}

static void destroyed_windows_queue_vanishes(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec), other = window_of(fx, HOST_MOM, 0, &fx->rec2);

    for (unsigned i = 0; i < 10; i++) {
        post_number(wnd, i % 2 ? REQUEST : HOST_EV_RESUME, i);
        post_number(other, i % 2 ? REQUEST : HOST_EV_RESUME, i);
    }
    host_window_destroy(wnd);
    pump_dry();
    assert_int_equal(fx->rec.n, 0);
    assert_int_equal(fx->rec2.n, 10);
}

/* A system whose queues have no limit does not break the rule. */
static void full_queue_refuses_and_recovers(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);
    uintptr_t n = 0;
    struct host_msg msg;
    int r;

    while ((r = post_number(wnd, REQUEST, n)) == HOST_OK && n < 12000)
        n++;
    if (r == HOST_FULL) {
        assert_int_equal(post_number(wnd, REQUEST, n), HOST_FULL);
        assert_true(host_take(wnd, &msg));
        assert_int_equal(msg.lparam, 0);
        assert_int_equal(post_number(wnd, REQUEST, n), HOST_OK);
        assert_int_equal(post_number(wnd, REQUEST, n), HOST_FULL);
        assert_true(n >= 1000);
    } else {
        assert_int_equal(r, HOST_OK);
    }
    for (uintptr_t i = r == HOST_FULL; i <= n; i++) {
        assert_true(host_take(wnd, &msg));
        assert_int_equal(msg.lparam, i);
    }
    assert_false(host_take(wnd, &msg));
}

/* ---- Taking ----------------------------------------------------------------------------------------- */

static void take_keeps_order(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);
    struct host_msg msg;

    post_number(wnd, REQUEST, 1);
    post_number(wnd, TERMINATE, 2);
    assert_true(host_take(wnd, &msg));
    assert_true(msg.to == wnd);
    assert_int_equal(msg.id, REQUEST);
    assert_int_equal(msg.lparam, 1);
    assert_true(host_take(wnd, &msg));
    assert_int_equal(msg.id, TERMINATE);
    assert_false(host_take(wnd, &msg));
    assert_int_equal(fx->rec.n, 0);
}

static void take_removes_only_that_window(void **state)
{
    struct fx *fx = *state;
    host_wnd mom = window_of(fx, HOST_MOM, 0, &fx->rec);
    host_wnd client = window_of(fx, HOST_CLIENT, mom, &fx->rec2);
    host_wnd server = window_of(fx, HOST_SERVER, mom, &fx->rec3);
    struct host_msg msg;

    post_number(client, REQUEST, 1);
    post_number(server, REQUEST, 2);
    post_number(client, REQUEST, 3);
    assert_true(host_take(server, &msg));
    assert_int_equal(msg.lparam, 2);
    assert_false(host_take(server, &msg));
    pump_dry();
    assert_int_equal(fx->rec2.n, 2);
    assert_int_equal(fx->rec3.n, 0);
}

static void take_returns_nothing_of_other_kinds(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);
    struct host_msg msg;

    post_number(wnd, HOST_EV_RESUME, 1);
    assert_false(host_take(wnd, &msg));
    post_number(wnd, REQUEST, 2);
    assert_true(host_take(wnd, &msg));
    assert_int_equal(msg.lparam, 2);
    pump_dry();
    assert_int_equal(fx->rec.n, 1);
    assert_int_equal(fx->rec.msg[0].id, HOST_EV_RESUME);
}

static void take_when_told(struct actor *a)
{
    struct host_msg msg = {0};

    make_window(a);
    event_set(&a->ready);
    event_wait(&a->go, PATIENCE);
    a->result = host_take(a->wnd, &msg) && msg.lparam == 1;
    host_window_destroy(a->wnd);
}

static void take_gets_nothing_of_another_thread(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, take_when_told);
    struct host_msg msg;

    assert_int_equal(post_number(a->wnd, REQUEST, 1), HOST_OK);
    assert_false(host_take(a->wnd, &msg));
    actor_end(a);
    assert_true(a->result);
}

/* ---- Pumping ---------------------------------------------------------------------------------------- */

static bool always(void *arg)
{
    (void)arg;
    return true;
}

static void pump_asks_done_first(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);

    post_number(wnd, REQUEST, 1);
    assert_true(host_pump(HOST_ALL_MESSAGES, always, NULL, host_now_ms() + PATIENCE));
    assert_true(host_pump(HOST_DDE_MESSAGES, always, NULL, 0));
    assert_int_equal(fx->rec.n, 0);
    pump_dry();
}

static void pump_asks_done_after_every_message(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);

    for (unsigned i = 0; i < 5; i++)
        post_number(wnd, REQUEST, i);
    for (int n = 1; n <= 5; n++) {
        assert_true(pump_for(&fx->rec, n));
        assert_int_equal(fx->rec.n, n);
    }
}

static void pump_ends_at_the_deadline(void **state)
{
    uint64_t until = host_now_ms() + 50;

    (void)state;
    assert_false(host_pump(HOST_ALL_MESSAGES, never, NULL, until));
    assert_true(host_now_ms() >= until);
    assert_false(host_pump(HOST_DDE_MESSAGES, never, NULL, until + 50));
    assert_true(host_now_ms() >= until + 50);
}

static void post_again(struct record *rec, const struct host_msg *msg)
{
    (void)rec;
    host_post(msg);
}

static void pump_ends_at_the_deadline_in_a_flood(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);
    struct host_msg msg;

    fx->rec.hook = post_again;
    post_number(wnd, REQUEST, 1);
    assert_false(host_pump(HOST_ALL_MESSAGES, never, NULL, host_now_ms() + 50));
    assert_true(fx->rec.n > 1);
    assert_true(host_take(wnd, &msg));
}

/* The poster goes on only when the pump has got the last message, so that the pump finds its queue empty
 * again and again. Nothing but a post wakes it. */
static void post_and_wait(struct actor *a)
{
    event_set(&a->ready);
    a->result = event_wait(&a->go, PATIENCE);
    for (int i = 0; i < 200 && a->result; i++) {
        a->result = post_number(a->partner, i % 2 ? HOST_EV_RESUME : REQUEST, 1) == HOST_OK;
        while (a->result && !a->stop && a->other->rec.n <= i)
            a->result = send_number(a->partner, 0, PATIENCE) == HOST_OK;
    }
}

static void count_posts(struct record *rec, const struct host_msg *msg)
{
    struct actor *a = rec->arg;

    if (msg->id != INITIATE)
        a->rec.n++;
}

static void pump_wakes_for_what_is_posted_and_sent(void **state)
{
    struct fx *fx = *state;
    struct actor *a = actor_of(fx, HOST_MOM, post_and_wait);
    struct wish wish = {&a->rec, 200};

    a->other = a;
    a->partner = window_of(fx, HOST_MOM, 0, &fx->rec);
    fx->rec.hook = count_posts;
    fx->rec.arg = a;
    event_set(&a->go);
    assert_true(host_pump(HOST_ALL_MESSAGES, wish_granted, &wish, host_now_ms() + PATIENCE));
    while (!event_wait(&a->seen, 0))
        host_dispatch(HOST_ALL_MESSAGES, 0);
    assert_true(a->result);
}

static void dde_scope_delivers_dde_and_core_messages(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);
    struct wish wish = {&fx->rec, 3};

    post_number(wnd, REQUEST, 1);
    post_number(wnd, HOST_EV_RESUME, 2);
    post_number(wnd, TERMINATE, 3);
    assert_true(host_pump(HOST_DDE_MESSAGES, wish_granted, &wish, host_now_ms() + PATIENCE));
    assert_int_equal(fx->rec.n, 3);
}

static void send_once(struct actor *a)
{
    event_set(&a->ready);
    event_wait(&a->go, PATIENCE);
    a->result = send_number(a->partner, 5, PATIENCE);
}

/* The pump notices what a sent message has done: it does not wait for its deadline. */
static void sent_messages_are_delivered_in_both_scopes(void **state)
{
    const enum host_scope scope[] = {HOST_ALL_MESSAGES, HOST_DDE_MESSAGES};
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);

    for (int i = 0; i < 2; i++) {
        struct actor *a = actor_of(fx, HOST_MOM, send_once);
        struct wish wish = {&fx->rec, i + 1};
        uint64_t until = host_now_ms() + PATIENCE;
        a->partner = wnd;
        event_set(&a->go);
        assert_true(host_pump(scope[i], wish_granted, &wish, until));
        assert_true(host_now_ms() < until);
        actor_end(a);
        assert_int_equal(a->result, HOST_OK);
    }
}

static void dispatch_delivers_one_message_and_never_waits(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);

    assert_false(host_dispatch(HOST_ALL_MESSAGES, 0));
    assert_false(host_dispatch(HOST_DDE_MESSAGES, 0));
    post_number(wnd, REQUEST, 1);
    post_number(wnd, REQUEST, 2);
    assert_true(host_dispatch(HOST_ALL_MESSAGES, 0));
    assert_int_equal(fx->rec.n, 1);
    assert_true(host_dispatch(HOST_DDE_MESSAGES, 0));
    assert_int_equal(fx->rec.n, 2);
    assert_false(host_dispatch(HOST_ALL_MESSAGES, 0));
}

static void pump_inside(struct record *rec, const struct host_msg *msg)
{
    struct wish wish = {rec, 3};

    if (msg->lparam == 1)
        rec->value = host_pump(HOST_ALL_MESSAGES, wish_granted, &wish, host_now_ms() + PATIENCE);
}

static void pump_nests(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);

    fx->rec.hook = pump_inside;
    for (unsigned i = 1; i <= 3; i++)
        post_number(wnd, REQUEST, i);
    assert_true(pump_for(&fx->rec, 1));
    assert_true(fx->rec.value);
    assert_int_equal(fx->rec.n, 3);
}

/* ---- Only here: rules for which Windows has other numbers, or no way to look -------------------------- */

#ifndef _WIN32

static void queue_holds_ten_thousand(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);
    int n = 0;

    while (post_number(wnd, n % 2 ? REQUEST : HOST_EV_RESUME, 0) == HOST_OK)
        n++;
    pump_dry();
    assert_int_equal(n, 10000);
    assert_int_equal(fx->rec.n, 10000);
}

static void dde_scope_leaves_the_rest_in_order(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_PLAIN, 0, &fx->rec);

    for (unsigned i = 0; i < 12; i++)
        post_number(wnd, i % 3 ? 0x0400 : REQUEST, i);
    while (host_dispatch(HOST_DDE_MESSAGES, 0)) {
    }
    assert_int_equal(fx->rec.n, 4);
    post_number(wnd, REQUEST, 12);
    pump_dry();
    assert_int_equal(fx->rec.n, 13);
    for (int i = 5; i < 13; i++)
        assert_true(fx->rec.msg[i].lparam > fx->rec.msg[i - 1].lparam);
    assert_int_equal(fx->rec.msg[12].lparam, 12);
}

static void other_messages_do_not_end_the_dde_scopes_wait(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_PLAIN, 0, &fx->rec);

    post_number(wnd, 0x0400, 1);
    assert_false(host_pump(HOST_DDE_MESSAGES, never, NULL, host_now_ms() + 20));
    assert_int_equal(fx->rec.n, 0);
    pump_dry();
    assert_int_equal(fx->rec.n, 1);
}

static void free_what_is_left(struct record *rec, const struct host_msg *msg)
{
    struct host_msg left;

    if (msg->id != HOST_EV_DESTROYED)
        return;
    rec->value += post_number(msg->to, REQUEST, 0) == HOST_GONE;
    while (host_take(msg->to, &left))
        host_mem_free(left.lparam);
}

static void make_and_lose_windows(struct actor *a)
{
    a->rec.hook = free_what_is_left;
    event_set(&a->ready);
    while (!a->stop) {
        host_wnd mom = host_window_create(HOST_MOM, 0, true, record_proc, &a->rec);
        host_wnd child = host_window_create(HOST_CLIENT, mom, true, record_proc, &a->rec);
        host_lock();
        a->partner = child;
        host_unlock();
        host_window_destroy(mom);
        a->value++;
    }
}

/* The window takes nothing more once its last call has begun, so what is taken out there is all there is. The
 * teardown counts the blocks. */
static void last_call_misses_no_message(void **state)
{
    struct fx *fx = *state;
    struct actor *a = actor_of(fx, HOST_MOM, make_and_lose_windows);
    int posted = 0;

    for (int i = 0; i < 200000 && posted < 2000; i++) {
        host_mem mem = host_mem_alloc(1, false);
        host_wnd to;
        host_lock();
        to = a->partner;
        host_unlock();
        if (post_number(to, REQUEST, mem) == HOST_OK)
            posted++;
        else
            host_mem_free(mem);
    }
    actor_end(a);
    assert_true(a->value > 0);
    assert_int_equal(a->rec.value, a->value);
}

#ifndef DDEML_HOST_SIM

static void wait_for_ever(struct actor *a)
{
    make_window(a);
    event_set(&a->ready);
    host_pump(HOST_ALL_MESSAGES, never, NULL, UINT64_MAX);
}

static void waiting_thread_can_be_cancelled(void **state)
{
    struct actor *a;

#ifdef __SANITIZE_THREAD__
    skip(); /* it does not see the locks of a thread that has been cancelled in epoll_wait */
#endif
    a = actor_of(*state, HOST_MOM, wait_for_ever);
    assert_int_equal(pthread_cancel(a->thread.handle), 0);
    actor_end(a);
    assert_false(host_window_alive(a->wnd));
}

#endif

#endif

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        RULE(post_carries_all_of_the_message),
        RULE(post_keeps_order),
        RULE(post_from_other_threads_keeps_each_ones_order),
        RULE(post_to_destroyed_window_is_gone),
        RULE(sealed_window_gives_what_it_has_and_takes_no_more),
        RULE(failed_post_keeps_owner),
        RULE(destroyed_windows_queue_vanishes),
        RULE(full_queue_refuses_and_recovers),
        RULE(take_keeps_order),
        RULE(take_removes_only_that_window),
        RULE(take_returns_nothing_of_other_kinds),
        RULE(take_gets_nothing_of_another_thread),
        RULE(pump_asks_done_first),
        RULE(pump_asks_done_after_every_message),
        RULE(pump_ends_at_the_deadline),
        RULE(pump_ends_at_the_deadline_in_a_flood),
        RULE(pump_wakes_for_what_is_posted_and_sent),
        RULE(dde_scope_delivers_dde_and_core_messages),
        RULE(sent_messages_are_delivered_in_both_scopes),
        RULE(dispatch_delivers_one_message_and_never_waits),
        RULE(pump_nests),
#ifndef _WIN32
#ifndef DDEML_HOST_SIM
        RULE(waiting_thread_can_be_cancelled),
#endif
        RULE(queue_holds_ten_thousand),
        RULE(dde_scope_leaves_the_rest_in_order),
        RULE(other_messages_do_not_end_the_dde_scopes_wait),
        RULE(last_call_misses_no_message),
#endif
    };

    (void)argc, (void)argv;
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
