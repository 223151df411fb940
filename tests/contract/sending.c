/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What is sent to one window, or to all. One rule per test; see cast.h. */

#include "cast.h"

/* ---- Sending ---------------------------------------------------------------------------------------- */

static void send_to_own_window_is_a_call(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);

    post_number(wnd, REQUEST, 1);
    assert_int_equal(send_number(wnd, 2, 0), HOST_OK);
    assert_int_equal(fx->rec.n, 1);
    assert_int_equal(fx->rec.msg[0].id, INITIATE);
    assert_int_equal(fx->rec.msg[0].lparam, 2);
    pump_dry();
}

static void send_runs_on_receivers_thread(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, hear_messages);

    assert_int_equal(send_number(a->wnd, 9, PATIENCE), HOST_OK);
    assert_int_equal(a->rec.n, 1); /* it has returned */
    assert_int_equal(a->rec.thread, a->id);
    assert_true(a->rec.msg[0].to == a->wnd);
    assert_int_equal(a->rec.msg[0].id, INITIATE);
    assert_int_equal(a->rec.msg[0].lparam, 9);
}

static void send_to_gone_window_is_gone(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, hear_messages);

    actor_end(a);
    assert_int_equal(send_number(a->wnd, 1, PATIENCE), HOST_GONE);
}

/* Counts down from thread to thread; each step waits for all that follow. */
static void send_back(struct record *rec, const struct host_msg *msg)
{
    host_wnd to = (host_wnd)msg->wparam;
    struct host_msg back = {.to = to, .id = ACK, .wparam = msg->to, .lparam = msg->lparam - 1};

    if (msg->lparam > 0)
        rec->value |= host_send(&back, PATIENCE);
}

static void send_served_while_sending(void **state)
{
    struct fx *fx = *state;
    struct actor *a = actor_of(fx, HOST_MOM, hear_messages);
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);
    struct host_msg msg = {.to = a->wnd, .id = INITIATE, .wparam = wnd, .lparam = 9};

    fx->rec.hook = a->rec.hook = send_back;
    assert_int_equal(host_send(&msg, PATIENCE), HOST_OK);
    assert_int_equal(a->rec.n, 5);
    assert_int_equal(fx->rec.n, 5);
    assert_int_equal(a->rec.value | fx->rec.value, HOST_OK);
    assert_int_equal(fx->rec.thread, host_thread_id());
}

static void send_each_other(struct actor *a)
{
    struct wish wish = {&a->rec, 1};

    make_window(a);
    event_set(&a->ready);
    event_wait(&a->go, PATIENCE);
    a->result = send_number(a->partner, 1, PATIENCE);
    host_pump(HOST_ALL_MESSAGES, wish_granted, &wish, host_now_ms() + PATIENCE);
    host_window_destroy(a->wnd);
}

static void threads_may_send_to_each_other_at_once(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, send_each_other);
    struct actor *b = actor_of(*state, HOST_MOM, send_each_other);

    a->partner = b->wnd;
    b->partner = a->wnd;
    event_set(&a->go);
    event_set(&b->go);
    actor_end(a);
    actor_end(b);
    assert_int_equal(a->result, HOST_OK);
    assert_int_equal(b->result, HOST_OK);
    assert_int_equal(a->rec.msg[0].id, INITIATE);
    assert_int_equal(b->rec.msg[0].id, INITIATE);
}

static void posted_messages_wait_while_sending(void **state)
{
    struct fx *fx = *state;
    struct actor *a = actor_of(fx, HOST_MOM, hear_messages);
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);

    post_number(wnd, REQUEST, 1);
    post_number(wnd, HOST_EV_RESUME, 2);
    assert_int_equal(send_number(a->wnd, 1, PATIENCE), HOST_OK);
    assert_int_equal(fx->rec.n, 0);
    pump_dry();
    assert_int_equal(fx->rec.n, 2);
}

static void send_deadline_holds_on_hung_thread(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, hang_first);
    int r = send_number(a->wnd, 1, 50);

    assert_true(r == HOST_LATE || r == HOST_UNSURE);
    r = send_number(a->wnd, 1, 0);
    assert_true(r == HOST_LATE || r == HOST_UNSURE);
}

static void late_send_is_not_delivered(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, hang_first);
    int r = send_number(a->wnd, 1, 50);

    event_set(&a->go);
    assert_int_equal(send_number(a->wnd, 2, PATIENCE), HOST_OK);
    if (r == HOST_LATE) {
        assert_int_equal(a->rec.n, 1);
        assert_int_equal(a->rec.msg[0].lparam, 2);
    } else {
        assert_int_equal(r, HOST_UNSURE);
    }
}

static void hang_inside(struct record *rec, const struct host_msg *msg)
{
    struct actor *a = rec->arg;

    if (msg->id == INITIATE)
        event_wait(&a->go, PATIENCE);
}

/* As long as it has not begun the send is taken back and tried again. */
static void begun_send_is_unsure_at_the_deadline(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, hear_messages);
    uint64_t until = host_now_ms() + PATIENCE;
    int r;

    a->rec.arg = a;
    a->rec.hook = hang_inside;
    do {
        r = send_number(a->wnd, 1, 100);
    } while (r == HOST_LATE && host_now_ms() < until);
    assert_int_equal(r, HOST_UNSURE);
    actor_end(a);
    assert_int_equal(a->rec.msg[0].id, INITIATE);
}

static void send_and_leave(struct actor *a)
{
    event_set(&a->ready);
    event_wait(&a->go, PATIENCE);
    a->result = send_number(a->partner, 1, 100);
}

static void sender_may_end_before_its_message_does(void **state)
{
    struct fx *fx = *state;
    struct actor *receiver = actor_of(fx, HOST_MOM, hear_messages),
                 *sender = actor_of(fx, HOST_MOM, send_and_leave);

    receiver->rec.arg = receiver;
    receiver->rec.hook = hang_inside;
    sender->partner = receiver->wnd;
    actor_end(sender);
    assert_true(sender->result == HOST_UNSURE || sender->result == HOST_LATE);
    event_set(&receiver->go);
    assert_int_equal(send_number(receiver->wnd, 2, PATIENCE), HOST_OK);
}

static void hang_then_destroy(struct actor *a)
{
    make_window(a);
    event_set(&a->ready);
    event_wait(&a->go, PATIENCE);
    host_window_destroy(a->wnd);
    event_set(&a->seen);
    host_pump(HOST_ALL_MESSAGES, told_to_stop, a, host_now_ms() + MOMENT);
}

static void release(struct actor *a)
{
    event_set(&a->ready);
    event_wait(&a->go, PATIENCE);
    event_set(&a->other->go);
}

static void send_to_window_destroyed_meanwhile_is_gone(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, hang_then_destroy);
    struct actor *helper = actor_of(*state, HOST_MOM, release);

    helper->other = a;
    event_set(&helper->go);
    assert_int_equal(send_number(a->wnd, 1, 2000), HOST_GONE);
    assert_int_equal(a->rec.n, 0);
}

static void hang_then_end(struct actor *a)
{
    make_window(a);
    event_set(&a->ready);
    event_wait(&a->go, PATIENCE);
}

static void send_to_thread_that_ends_meanwhile_is_gone(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, hang_then_end);
    struct actor *helper = actor_of(*state, HOST_MOM, release);

    helper->other = a;
    event_set(&helper->go);
    assert_int_equal(send_number(a->wnd, 1, 2000), HOST_GONE);
}

/* ---- Broadcasts ------------------------------------------------------------------------------------- */

/* A service that nobody has: other programs may hear it. */
static int ask_everybody(struct fx *fx, enum host_audience audience, host_wnd from, uint32_t wait_ms)
{
    struct host_msg msg = {.id = audience == HOST_TOP_LEVEL ? INITIATE : HOST_EV_REGISTER, .wparam = from};

    msg.lparam = atom_of(fx, u"ddeml-contract-service");
    msg.lparam |= (uintptr_t)atom_of(fx, u"ddeml-contract-topic") << 16;
    return host_broadcast(audience, &msg, wait_ms, NULL, NULL);
}

static void broadcast_reaches_top_level_only(void **state)
{
    struct fx *fx = *state;
    host_wnd mom = window_of(fx, HOST_MOM, 0, &fx->rec);
    host_wnd plain = window_of(fx, HOST_PLAIN, 0, &fx->rec2);
    struct actor *a = actor_of(fx, HOST_MOM, hear_messages), *b = actor_of(fx, HOST_PLAIN, hear_messages);
    struct actor *c = actor_of(fx, HOST_EVENT, hear_messages);

    window_of(fx, HOST_EVENT, 0, &fx->rec3);
    window_of(fx, HOST_CLIENT, mom, &fx->rec3);
    window_of(fx, HOST_SERVER, mom, &fx->rec3);
    assert_int_not_equal(ask_everybody(fx, HOST_TOP_LEVEL, mom, PATIENCE), HOST_FAULT);
    assert_int_equal(fx->rec.n, 1);
    assert_int_equal(fx->rec2.n, 1);
    assert_int_equal(fx->rec3.n, 0);
    assert_int_equal(a->rec.n, 1);
    assert_int_equal(b->rec.n, 1);
    assert_int_equal(c->rec.n, 0);
    assert_true(fx->rec.msg[0].to == mom);
    assert_true(fx->rec2.msg[0].to == plain);
    assert_true(a->rec.msg[0].to == a->wnd);
    assert_true(a->rec.msg[0].wparam == mom);
    assert_int_equal(a->rec.thread, a->id);
}

static void broadcast_reaches_event_windows_only(void **state)
{
    struct fx *fx = *state;
    host_wnd event = window_of(fx, HOST_EVENT, 0, &fx->rec);
    host_wnd mom = window_of(fx, HOST_MOM, 0, &fx->rec2);
    struct actor *a = actor_of(fx, HOST_EVENT, hear_messages), *b = actor_of(fx, HOST_MOM, hear_messages);

    window_of(fx, HOST_PLAIN, 0, &fx->rec2);
    window_of(fx, HOST_CLIENT, mom, &fx->rec2);
    assert_int_not_equal(ask_everybody(fx, HOST_EVENT_WINDOWS, event, PATIENCE), HOST_FAULT);
    assert_int_equal(fx->rec.n, 1);
    assert_int_equal(fx->rec.msg[0].id, HOST_EV_REGISTER);
    assert_true(fx->rec.msg[0].wparam == event);
    assert_int_equal(fx->rec2.n, 0);
    assert_int_equal(a->rec.n, 1);
    assert_int_equal(b->rec.n, 0);
}

static void broadcast_skips_hung_thread_within_deadline(void **state)
{
    struct fx *fx = *state;
    struct actor *hung = actor_of(fx, HOST_MOM, hang_first), *well = actor_of(fx, HOST_MOM, hear_messages);
    struct actor *hung_too = actor_of(fx, HOST_MOM, hang_first),
                 *well_too = actor_of(fx, HOST_MOM, hear_messages);

    ask_everybody(fx, HOST_TOP_LEVEL, window_of(fx, HOST_MOM, 0, &fx->rec), 1000);
    assert_int_equal(fx->rec.n, 1);
    assert_int_equal(well->rec.n, 1);
    assert_int_equal(well_too->rec.n, 1);
    assert_int_equal(hung->rec.n, 0);
    assert_int_equal(hung_too->rec.n, 0);
}

/* Each is done only when the other has begun. */
static void meet_the_other(struct record *rec, const struct host_msg *msg)
{
    struct actor *a = rec->arg;

    if (msg->id != INITIATE)
        return;
    event_set(&a->other->go);
    a->result = event_wait(&a->go, PATIENCE / 2);
}

static void broadcast_asks_all_threads_at_once(void **state)
{
    struct fx *fx = *state;
    struct actor *a = actor_of(fx, HOST_MOM, hear_messages), *b = actor_of(fx, HOST_MOM, hear_messages);

    a->rec.arg = b->other = a;
    b->rec.arg = a->other = b;
    a->rec.hook = b->rec.hook = meet_the_other;
    ask_everybody(fx, HOST_TOP_LEVEL, window_of(fx, HOST_MOM, 0, &fx->rec), PATIENCE);
    assert_true(a->result);
    assert_true(b->result);
}

static void answer_initiate(struct record *rec, const struct host_msg *msg)
{
    struct host_msg ack = {.to = (host_wnd)msg->wparam, .id = ACK, .wparam = msg->to};

    if (msg->id == INITIATE)
        rec->value = host_send(&ack, PATIENCE);
}

static void broadcast_hears_answers_while_it_waits(void **state)
{
    struct fx *fx = *state;
    struct actor *a = actor_of(fx, HOST_MOM, hear_messages), *b = actor_of(fx, HOST_PLAIN, hear_messages);
    host_wnd mom = window_of(fx, HOST_MOM, 0, &fx->rec);
    host_wnd client = window_of(fx, HOST_CLIENT, mom, &fx->rec2);

    a->rec.hook = b->rec.hook = answer_initiate;
    ask_everybody(fx, HOST_TOP_LEVEL, client, PATIENCE);
    assert_int_equal(a->rec.value | b->rec.value, HOST_OK);
    assert_int_equal(fx->rec2.n, 2);
    assert_int_equal(fx->rec2.msg[0].id, ACK);
    assert_int_equal(fx->rec2.thread, host_thread_id());
}

static void destroy_another(struct record *rec, const struct host_msg *msg)
{
    struct fx *fx = rec->arg;

    for (size_t i = 0; i < fx->n_wnd; i++) {
        if (fx->wnd[i] != msg->to)
            host_window_destroy(fx->wnd[i]);
    }
    rec->value = host_window_alive(window_of(fx, HOST_MOM, 0, &fx->rec));
}

static void windows_may_come_and_go_during_broadcast(void **state)
{
    struct fx *fx = *state;

    fx->rec.arg = fx;
    fx->rec.hook = destroy_another;
    window_of(fx, HOST_MOM, 0, &fx->rec);
    window_of(fx, HOST_MOM, 0, &fx->rec);
    window_of(fx, HOST_MOM, 0, &fx->rec);
    ask_everybody(fx, HOST_TOP_LEVEL, fx->wnd[0], PATIENCE);
    assert_int_equal(fx->rec.n, 1);
    assert_true(fx->rec.value);
}

static void come_and_go(struct actor *a)
{
    struct host_card card = {.size = 1};

    event_set(&a->ready);
    while (!a->stop) {
        host_wnd wnd = host_window_create(HOST_MOM, 0, true, record_proc, &a->rec);
        host_card_set(wnd, &card);
        host_dispatch(HOST_ALL_MESSAGES, 0);
        host_window_destroy(wnd);
    }
}

static void windows_of_other_threads_may_come_and_go_during_broadcast(void **state)
{
    struct fx *fx = *state;
    struct actor *a = actor_of(fx, HOST_MOM, come_and_go), *b = actor_of(fx, HOST_MOM, come_and_go);
    struct host_msg msg = {.id = INITIATE, .wparam = window_of(fx, HOST_MOM, 0, &fx->rec)};

    msg.lparam = atom_of(fx, u"ddeml-contract-service") * 0x10001u;
    for (int i = 0; i < 20; i++)
        assert_int_not_equal(host_broadcast(HOST_TOP_LEVEL, &msg, PATIENCE, NULL, NULL), HOST_FAULT);
    assert_int_equal(fx->rec.n, 20);
    actor_end(a);
    actor_end(b);
}

/* ---- Only here: rules for which Windows has other numbers, or no way to look -------------------------- */

#ifndef _WIN32

static void end_the_thread(struct record *rec, const struct host_msg *msg)
{
    (void)rec;
    if (msg->id == INITIATE)
        thread_exit();
}

static void thread_that_ends_in_its_procedure_lets_the_sender_go(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, hear_messages);

    a->rec.hook = end_the_thread;
    assert_int_equal(send_number(a->wnd, 1, PATIENCE), HOST_UNSURE);
    actor_end(a);
    assert_false(host_window_alive(a->wnd));
}

static void exit_in_broadcast(struct actor *a)
{
    struct host_msg msg = {.id = INITIATE};

    a->rec.hook = end_the_thread;
    make_window(a);
    event_set(&a->ready);
    event_wait(&a->go, PATIENCE);
    host_broadcast(HOST_TOP_LEVEL, &msg, PATIENCE, NULL, NULL);
}

static void sender_may_end_in_its_own_broadcast(void **state)
{
    struct fx *fx = *state;
    struct actor *a = actor_of(fx, HOST_MOM, exit_in_broadcast), *b = actor_of(fx, HOST_MOM, hang_first);

    actor_end(a);
    event_set(&b->go);
    assert_int_equal(send_number(b->wnd, 2, PATIENCE), HOST_OK);
    assert_int_equal(b->rec.n, 1);
    assert_int_equal(b->rec.msg[0].lparam, 2);
    assert_int_equal(a->rec.msg[0].id, INITIATE);
}

#endif

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        RULE(send_to_own_window_is_a_call),
        RULE(send_runs_on_receivers_thread),
        RULE(send_to_gone_window_is_gone),
        RULE(send_served_while_sending),
        RULE(threads_may_send_to_each_other_at_once),
        RULE(posted_messages_wait_while_sending),
        RULE(send_deadline_holds_on_hung_thread),
        RULE(late_send_is_not_delivered),
        RULE(begun_send_is_unsure_at_the_deadline),
        RULE(sender_may_end_before_its_message_does),
        RULE(send_to_window_destroyed_meanwhile_is_gone),
        RULE(send_to_thread_that_ends_meanwhile_is_gone),
        RULE(broadcast_reaches_top_level_only),
        RULE(broadcast_reaches_event_windows_only),
        RULE(broadcast_skips_hung_thread_within_deadline),
        RULE(broadcast_asks_all_threads_at_once),
        RULE(broadcast_hears_answers_while_it_waits),
        RULE(windows_may_come_and_go_during_broadcast),
        RULE(windows_of_other_threads_may_come_and_go_during_broadcast),
#ifndef _WIN32
        RULE(thread_that_ends_in_its_procedure_lets_the_sender_go),
        RULE(sender_may_end_in_its_own_broadcast),
#endif
    };

    (void)argc, (void)argv;
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
