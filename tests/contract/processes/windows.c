/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The windows of another process: known, seen, watched, and gone. One rule per test. */

#include "partner.h"

static void a_window_is_known_by_its_handle_when_it_has_been_asked_for(void **state)
{
    struct partner *p = partner_start();

    (void)state;
    assert_false(host_window_alive(p->wnd));
    assert_true(host_window_meet(p->wnd, TEST_PATIENCE_MS));
    assert_true(host_window_alive(p->wnd));
    assert_true(host_window_foreign(p->wnd));
    assert_false(host_window_ours(p->wnd));
    assert_true(host_window_unicode(p->wnd));
    assert_true(host_window_is(p->wnd, HOST_MOM));
    assert_int_equal(host_post_passing(p->wnd), HOST_PASS_COPY);
    assert_int_not_equal(host_window_thread(p->wnd), 0);
    assert_int_not_equal(host_window_thread(p->wnd), host_window_thread(own.wnd));
    assert_false(host_window_foreign(own.wnd));
    assert_false(host_window_meet(p->wnd + 32 * 1000, TEST_PATIENCE_MS));
    assert_false(host_window_meet((p->wnd + 32 * 1000) % ((host_wnd)1 << 47), TEST_PATIENCE_MS));
}

static bool has_card_7(void *partner)
{
    struct host_card card;

    return host_card_get(((struct partner *)partner)->wnd, &card) && card.size == 1 && card.u.bytes[0] == 7;
}

static void a_card_is_seen_and_so_is_its_change(void **state)
{
    struct partner *p = partner_start();
    struct host_card card;

    (void)state;
    partner_does(p, "1", "card 3");
    assert_true(host_window_meet(p->wnd, TEST_PATIENCE_MS));
    assert_true(host_card_get(p->wnd, &card));
    assert_int_equal(card.u.bytes[0], 3);
    assert_false(host_card_set(p->wnd, &card));
    partner_does(p, "1", "card 7");
    assert_true(test_pump_until(has_card_7, p, TEST_PATIENCE_MS));
}

static void a_window_that_has_closed_is_gone(void **state)
{
    struct partner *p = partner_known();
    struct host_msg m;
    host_mem mem;

    (void)state;
    partner_does(p, "ok", "close");
    partner_expect_gone(p);
    assert_int_equal(post_data(p, 100, &m, &mem), HOST_GONE);
    expect_unsent(&m, mem);
    assert_int_equal(send_id(p->wnd, PLAIN, 0, TEST_PATIENCE_MS), HOST_GONE);
    assert_false(host_card_get(p->wnd, &(struct host_card){0}));
    assert_int_equal(host_window_thread(p->wnd), 0);
    assert_false(host_watch(own.wnd, p->wnd));
}

static void the_windows_of_a_process_that_has_died_are_gone(void **state)
{
    struct partner *p = partner_known();
    struct host_msg m;
    host_mem mem;

    (void)state;
    partner_kill(p);
    partner_expect_gone(p);
    assert_int_equal(post_data(p, 100000, &m, &mem), HOST_GONE);
    expect_unsent(&m, mem);
    assert_int_equal(send_id(p->wnd, PLAIN, 0, TEST_PATIENCE_MS), HOST_GONE);
    assert_false(host_window_meet(p->wnd, TEST_PATIENCE_MS));
}

static void whoever_watches_hears_of_the_end_behind_what_was_posted(void **state)
{
    struct partner *p = partner_known();

    (void)state;
    assert_true(host_watch(own.wnd, p->wnd));
    partner_meets(p, own.wnd);
    partner_does(p, "0 3000", "post %llx 3000", (unsigned long long)own.wnd);
    partner_does(p, "ok", "close");
    expect(&own.seen.n, 3001);
    assert_int_equal(own.seen.requests, 3000);
    assert_false(own.seen.out_of_order);
    assert_int_equal(own.seen.last.id, HOST_EV_LOST);
    assert_true(own.seen.last.wparam == p->wnd);
}

static void what_a_process_has_posted_before_its_end_arrives(void **state)
{
    struct partner *p = partner_known();

    (void)state;
    assert_true(host_watch(own.wnd, p->wnd));
    partner_meets(p, own.wnd);
    partner_tell(p, "post-and-end %llx 3000", (unsigned long long)own.wnd);
    assert_int_equal(test_process_end(p->process), 0);
    expect(&own.seen.n, 3001);
    assert_int_equal(own.seen.requests, 3000);
    assert_false(own.seen.out_of_order);
    assert_int_equal(own.seen.last.id, HOST_EV_LOST);
    test_process_free(p->process);
    p->process = NULL;
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        RULE(a_window_is_known_by_its_handle_when_it_has_been_asked_for),
        RULE(a_card_is_seen_and_so_is_its_change),
        RULE(a_window_that_has_closed_is_gone),
        RULE(the_windows_of_a_process_that_has_died_are_gone),
        RULE(whoever_watches_hears_of_the_end_behind_what_was_posted),
        RULE(what_a_process_has_posted_before_its_end_arrives),
    };

    if (is_partner(argc, argv))
        return partner_run(NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
