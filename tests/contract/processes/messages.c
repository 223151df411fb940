/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What is posted, sent, broadcast and told to another process. One rule per test. */

#include "partner.h"

#include <stdlib.h>

#include "host/posix/figures.h"

/* ---- Posting ------------------------------------------------------------------------------------------- */

static void a_posted_block_is_copied_and_the_rest_is_given(void **state)
{
    static const size_t sizes[] = {5, 32 * 1024, 32 * 1024 + 1, 300 * 1024, 64 * MB};
    struct partner *p = partner_known();
    struct host_msg m;
    host_mem mem;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        long atoms = figure_atoms(), blocks = figure_blocks();
        struct seen s;

        assert_int_equal(post_data(p, sizes[i], &m, &mem), HOST_OK);
        assert_int_equal(figure_atoms(), atoms);
        assert_int_equal(figure_blocks(), blocks + 1);
        assert_int_equal(host_mem_size(m.lparam), 0);
        assert_int_equal(host_mem_size(mem), sizes[i]);
        host_mem_free(mem);
        assert_int_equal(send_id(p->wnd, PLAIN, 0, TEST_PATIENCE_MS), HOST_OK);
        do
            s = partner_has_seen(p);
        while (s.size != sizes[i]);
        assert_int_equal(s.spoilt, 0);
    }
}

static void an_equal_message_to_another_window_is_a_message_of_its_own(void **state)
{
    struct partner *p = partner_known();
    struct told one = {0}, two = {0};
    host_wnd w1 = host_window_create(HOST_MOM, 0, true, write_down_value, &one),
             w2 = host_window_create(HOST_MOM, 0, true, write_down_value, &two);

    (void)state;
    partner_meets(p, w1);
    partner_meets(p, w2);
    partner_does(p, "ok", "update %llx %llx %u", (unsigned long long)w1, (unsigned long long)w2, VALUES);
    expect(&one.n, 2 * VALUES);
    expect(&two.n, VALUES);
    for (unsigned i = 0; i < VALUES; i++) {
        assert_int_equal(one.value[2 * i], i % COMES_BACK);
        assert_int_equal(one.value[2 * i + 1], i % COMES_BACK);
        assert_int_equal(two.value[i], i % COMES_BACK);
        assert_true(one.from[2 * i] == p->wnd && one.from[2 * i + 1] == p->wnd);
        assert_true(two.from[i] == two.from[0] && two.from[i] != p->wnd);
    }
    host_window_destroy(w1);
    host_window_destroy(w2);
}

static void posts_to_one_that_stands_still_fill_its_queue_and_arrive_in_order(void **state)
{
    struct partner *slow = partner_known(), *other = partner_known();
    uint64_t until = host_now_ms() + 3 * TEST_PATIENCE_MS;
    unsigned posted = 0, more;
    struct host_msg m;
    host_mem mem;
    struct seen s;

    (void)state;
    test_process_stop(slow->process);
    assert_int_equal(post_requests(slow->wnd, own.wnd, 0, 2 * LIMIT, &posted), HOST_FULL);
    assert_int_equal(posted, LIMIT);
    assert_int_equal(post_data(slow, 100, &m, &mem), HOST_FULL);
    expect_unsent(&m, mem);
    /* Nobody else is held up. */
    assert_int_equal(send_id(other->wnd, INITIATE, 0, TEST_PATIENCE_MS), HOST_OK);
    assert_int_equal(post_requests(other->wnd, own.wnd, 0, 100, &more), HOST_OK);
    do
        s = partner_has_seen(other);
    while (s.requests < 100);
    test_process_continue(slow->process);
    while (posted < 2 * LIMIT && host_now_ms() < until) {
        int r = post_requests(slow->wnd, own.wnd, posted, 2 * LIMIT - posted, &more);

        assert_true(r == HOST_OK || r == HOST_FULL);
        posted += more;
        host_dispatch(HOST_ALL_MESSAGES, host_now_ms() + 10);
    }
    assert_int_equal(posted, 2 * LIMIT);
    do
        s = partner_has_seen(slow);
    while (s.requests < 2 * LIMIT && host_now_ms() < until);
    assert_int_equal(s.requests, 2 * LIMIT);
    assert_false(s.out_of_order);
}

static void behind_a_large_block_an_equal_message_travels_in_full(void **state)
{
    const size_t sizes[] = {100, 40000, 100, 100};
    enum { N = sizeof sizes / sizeof *sizes };
    struct partner *p = partner_known();

    (void)state;
    for (unsigned i = 0; i < N; i++) {
        struct host_msg m;
        host_mem mem;

        assert_int_equal(post_data(p, sizes[i], &m, &mem), HOST_OK);
        host_mem_free(mem);
    }
    assert_int_equal(send_id(p->wnd, INITIATE, 0, TEST_PATIENCE_MS), HOST_OK);
    while (partner_has_seen(p).n < N + 1)
        assert_true(host_window_alive(p->wnd));
    assert_int_equal(partner_has_seen(p).size, 100);
    assert_int_equal(partner_has_seen(p).spoilt, 0);
}

/* What was for a window that closes counts as taken: else its sender would wait for ever. */
static void a_queue_that_went_with_its_window_is_empty(void **state)
{
    struct partner *p = partner_known();

    (void)state;
    for (int round = 0; round < 3; round++) {
        host_wnd second = host_window_create(HOST_MOM, 0, true, write_down, &own.seen);
        uint64_t until = host_now_ms() + TEST_PATIENCE_MS;

        partner_meets(p, second);
        partner_tell(p, "post-others %llx %d", (unsigned long long)second, LIMIT);
        while (figure_posts() < LIMIT && host_now_ms() < until) /* they are not dispatched */
            host_dispatch(HOST_DDE_MESSAGES, host_now_ms() + 10);
        assert_int_equal(figure_posts(), LIMIT);
        host_window_destroy(second);
        test_process_expect(p->process, "0 10000");
    }
}

/* ---- Sending ------------------------------------------------------------------------------------------- */

static void a_sent_message_is_done_with_when_it_returns(void **state)
{
    struct partner *p = partner_known();
    host_atom service = atom_of("Service"), topic = atom_of("Topic");
    uintptr_t names = service | (uintptr_t)topic << 16;
    long atoms = figure_atoms();

    (void)state;
    for (unsigned i = 1; i <= 100; i++) {
        assert_int_equal(send_id(p->wnd, INITIATE, names, TEST_PATIENCE_MS), HOST_OK);
        assert_int_equal(figure_atoms(), atoms); /* they were lent */
    }
    assert_int_equal(partner_has_seen(p).sent, 100);
    assert_int_equal(send_id(p->wnd, ACK, names, TEST_PATIENCE_MS), HOST_OK);
    assert_int_equal(figure_atoms(), atoms - 2); /* these were given */
}

static void what_may_have_arrived_is_no_longer_the_senders(void **state)
{
    struct partner *p = partner_known();
    uintptr_t names = atom_of("Service") | (uintptr_t)atom_of("Topic") << 16;
    long atoms = figure_atoms();

    (void)state;
    test_process_stop(p->process);
    assert_int_equal(send_id(p->wnd, ACK, names, SOON), HOST_UNSURE);
    assert_int_equal(figure_atoms(), atoms - 2);
    assert_int_equal(send_id(p->wnd, INITIATE, 0, SOON), HOST_UNSURE);
    test_process_continue(p->process);
    assert_int_equal(send_id(p->wnd, PLAIN, 0, TEST_PATIENCE_MS), HOST_OK);
    assert_int_equal(partner_has_seen(p).sent, 0); /* its time was over */
}

static void a_process_that_dies_of_a_message_ends_the_wait(void **state)
{
    struct partner *p = partner_known();

    (void)state;
    assert_int_equal(send_id(p->wnd, DEADLY, 0, 6 * TEST_PATIENCE_MS), HOST_GONE);
    assert_false(host_window_alive(p->wnd));
    partner_kill(p);
}

static void two_processes_send_to_each_other_at_the_same_time(void **state)
{
    struct partner *p = partner_known();

    (void)state;
    partner_meets(p, own.wnd);
    for (unsigned i = 1; i <= 200; i++) {
        partner_tell(p, "send %llx", (unsigned long long)own.wnd);
        assert_int_equal(send_id(p->wnd, INITIATE, 0, TEST_PATIENCE_MS), HOST_OK);
        test_process_expect(p->process, "0");
        assert_int_equal(own.seen.sent, i);
    }
    assert_int_equal(partner_has_seen(p).sent, 200);
}

static void two_processes_may_connect_at_the_same_moment(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct partner *p = partner_start();

        partner_tell(p, "meet %llx", (unsigned long long)own.wnd);
        assert_true(host_window_meet(p->wnd, TEST_PATIENCE_MS));
        test_process_expect(p->process, "1");
        assert_int_equal(send_id(p->wnd, INITIATE, 0, TEST_PATIENCE_MS), HOST_OK);
        partner_kill(p);
        own.n_partners = 0;
    }
}

static bool is_enough(void *arg)
{
    (void)arg;
    return own.seen.acks > 0;
}

static int ask_all(const char *service, uint32_t wait_ms, bool (*enough)(void *arg))
{
    host_atom name = atom_of(service);
    struct host_msg m = {.id = INITIATE, .wparam = own.wnd, .lparam = name};
    int r = host_broadcast(HOST_TOP_LEVEL, &m, wait_ms, enough, NULL);

    host_atom_delete(name);
    return r;
}

static void a_broadcast_asks_those_who_serve_the_name(void **state)
{
    struct partner *one = partner_start(), *other = partner_start();

    (void)state;
    partner_does(one, "1", "serve Bread");
    assert_int_equal(ask_all("bread", TEST_PATIENCE_MS, NULL), HOST_OK);
    assert_int_equal(partner_has_seen(one).sent, 1);
    assert_int_equal(ask_all("Wine", TEST_PATIENCE_MS, NULL), HOST_OK);
    assert_int_equal(partner_has_seen(one).sent, 1);
    assert_int_equal(partner_has_seen(other).sent, 0);
    partner_does(other, "ok", "hear-all");
    assert_int_equal(ask_all("Wine", TEST_PATIENCE_MS, NULL), HOST_OK);
    assert_int_equal(partner_has_seen(one).sent, 1);
    assert_int_equal(partner_has_seen(other).sent, 1);
}

static void a_broadcast_that_has_enough_waits_for_nobody_who_stands_still(void **state)
{
    struct partner *slow = partner_start(), *quick = partner_start();

    (void)state;
    partner_does(slow, "ok", "hear-all");
    partner_does(quick, "1", "serve Bread");
    partner_does(quick, "ok", "answer");
    test_process_stop(slow->process);
    ask_all("Bread", UINT32_MAX / 2, is_enough); /* would wait for weeks */
    assert_int_equal(own.seen.acks, 1);
    assert_int_equal(ask_all("Bread", SOON, NULL), HOST_UNSURE);
    test_process_continue(slow->process);
}

static void event_windows_hear_and_are_not_waited_for(void **state)
{
    struct partner *p = partner_known();
    struct host_msg m = {.id = HOST_EV_REGISTER, .wparam = own.wnd};

    (void)state;
    test_process_stop(p->process);
    assert_int_equal(host_broadcast(HOST_EVENT_WINDOWS, &m, UINT32_MAX / 2, NULL, NULL), HOST_OK);
    test_process_continue(p->process);
    while (partner_has_seen(p).events < 1)
        ;
}

static void nobody_speaks_in_the_name_of_another_ones_window(void **state)
{
    struct partner *p = partner_known(), *other = partner_known();
    struct host_msg m = {.to = p->wnd, .id = REQUEST, .wparam = other->wnd};

    (void)state;
    assert_int_equal(host_post(&m), HOST_FAULT);
    assert_int_equal(host_send(&m, TEST_PATIENCE_MS), HOST_FAULT);
    m.wparam = 12345;
    assert_int_equal(host_post(&m), HOST_FAULT);
    m.wparam = own.wnd;
    assert_int_equal(host_post(&m), HOST_OK);
    while (partner_has_seen(p).requests < 1)
        ;
}

static void news_are_heard_in_other_processes(void **state)
{
    struct partner *p = partner_start();
    char line[TEST_LINE];
    unsigned heard = 0;

    (void)state;
    assert_int_equal(host_listened() & 8, 0);
    partner_does(p, "1", "listen");
    assert_int_equal(host_listened() & 8, 8);
    for (int i = 0; i < 100; i++)
        host_tell(8, "news", 5);
    while (heard < 100) {
        partner_tell(p, "news");
        assert_true(test_process_hear(p->process, line, TEST_PATIENCE_MS));
        heard += (unsigned)atoi(line);
    }
    assert_int_equal(heard, 100);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        RULE(a_posted_block_is_copied_and_the_rest_is_given),
        RULE(an_equal_message_to_another_window_is_a_message_of_its_own),
        RULE(posts_to_one_that_stands_still_fill_its_queue_and_arrive_in_order),
        RULE(behind_a_large_block_an_equal_message_travels_in_full),
        RULE(a_queue_that_went_with_its_window_is_empty),
        RULE(a_sent_message_is_done_with_when_it_returns),
        RULE(what_may_have_arrived_is_no_longer_the_senders),
        RULE(a_process_that_dies_of_a_message_ends_the_wait),
        RULE(two_processes_send_to_each_other_at_the_same_time),
        RULE(two_processes_may_connect_at_the_same_moment),
        RULE(a_broadcast_asks_those_who_serve_the_name),
        RULE(a_broadcast_that_has_enough_waits_for_nobody_who_stands_still),
        RULE(event_windows_hear_and_are_not_waited_for),
        RULE(nobody_speaks_in_the_name_of_another_ones_window),
        RULE(news_are_heard_in_other_processes),
    };

    if (is_partner(argc, argv))
        return partner_run(NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
