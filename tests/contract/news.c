/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* News, and who listens to them. One rule per test; see cast.h. */

#include "cast.h"

enum { ONE = 1, TWO = 0x40000000 }; /* kinds */

static host_wnd listener_of(struct fx *fx, struct record *rec, uint32_t kinds)
{
    host_wnd wnd = window_of(fx, HOST_EVENT, 0, rec);

    assert_true(host_listen(wnd, kinds));
    return wnd;
}

static void tell_number(uint32_t kind, uint32_t number)
{
    host_tell(kind, &number, sizeof number);
}

static void expect_number(host_wnd wnd, uint32_t kind, uint32_t number)
{
    uint32_t heard_kind = 0, heard = ~number;

    assert_int_equal(host_hear(wnd, &heard_kind, &heard, sizeof heard), sizeof heard);
    assert_int_equal(heard_kind, kind);
    assert_int_equal(heard, number);
}

static void expect_no_news(host_wnd wnd)
{
    uint32_t kind, number;

    assert_int_equal(host_hear(wnd, &kind, &number, sizeof number), 0);
}

static void what_is_listened_to_is_all_that_anybody_listens_to(void **state)
{
    struct fx *fx = *state;
    host_wnd one, two;

    assert_int_equal(host_listened(), 0);
    one = listener_of(fx, &fx->rec, ONE | 2);
    two = listener_of(fx, &fx->rec2, TWO | 2);
    assert_int_equal(host_listened(), ONE | TWO | 2);
    assert_true(host_listen(one, ONE));
    assert_true(host_listen(two, TWO));
    assert_int_equal(host_listened(), ONE | TWO);
    assert_true(host_listen(one, 0));
    assert_int_equal(host_listened(), TWO);
    host_window_destroy(two);
    assert_int_equal(host_listened(), 0);
}

static void record_is_heard_as_it_was_told(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = listener_of(fx, &fx->rec, ONE);
    unsigned char told[HOST_NEWS_SIZE], heard[HOST_NEWS_SIZE] = {0};
    uint32_t kind = 0;

    for (size_t i = 0; i < sizeof told; i++)
        told[i] = (unsigned char)(i * 7);
    host_tell(ONE, told, 1);
    host_tell(ONE, told, sizeof told);
    assert_int_equal(host_hear(wnd, &kind, heard, sizeof heard), 1);
    assert_int_equal(host_hear(wnd, &kind, heard, sizeof heard), sizeof told);
    assert_int_equal(kind, ONE);
    assert_memory_equal(heard, told, sizeof told);
}

static void record_that_is_too_long_for_its_reader_is_cut(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = listener_of(fx, &fx->rec, ONE);
    char heard[8] = "-------";
    uint32_t kind;

    host_tell(ONE, "record", 7);
    tell_number(ONE, 5);
    assert_int_equal(host_hear(wnd, &kind, heard, 3), 7);
    assert_string_equal(heard, "rec----");
    expect_number(wnd, ONE, 5);
}

static void news_keeps_its_order(void **state)
{
    enum { N = 20000 };
    struct fx *fx = *state;
    host_wnd wnd = listener_of(fx, &fx->rec, ONE | TWO);

    for (uint32_t i = 0; i < N; i++)
        tell_number(i % 2 ? ONE : TWO, i);
    for (uint32_t i = 0; i < N; i++)
        expect_number(wnd, i % 2 ? ONE : TWO, i);
    expect_no_news(wnd);
}

static void kinds_that_are_not_listened_to_are_not_heard(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = listener_of(fx, &fx->rec, ONE), other = listener_of(fx, &fx->rec2, TWO);

    tell_number(TWO, 1);
    tell_number(ONE, 2);
    expect_number(wnd, ONE, 2);
    expect_no_news(wnd);
    expect_number(other, TWO, 1);
    expect_no_news(other);
}

static void news_event_comes_once_until_something_is_heard(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = listener_of(fx, &fx->rec, ONE);

    for (uint32_t i = 0; i < 3; i++)
        tell_number(ONE, i);
    pump_dry();
    assert_int_equal(fx->rec.n, 1);
    assert_int_equal(fx->rec.msg[0].id, HOST_EV_NEWS);
    assert_true(fx->rec.msg[0].to == wnd);
    expect_number(wnd, ONE, 0); /* there is more */
    pump_dry();
    assert_int_equal(fx->rec.n, 2);
    expect_number(wnd, ONE, 1);
    expect_number(wnd, ONE, 2); /* there is none left */
    pump_dry();
    assert_int_equal(fx->rec.n, 3);
    tell_number(ONE, 3);
    pump_dry();
    assert_int_equal(fx->rec.n, 4);
}

static void news_wait_while_only_dde_is_wanted(void **state)
{
    struct fx *fx = *state;

    listener_of(fx, &fx->rec, ONE);
    tell_number(ONE, 1);
    host_pump(HOST_DDE_MESSAGES, never, NULL, host_now_ms() + MOMENT);
    assert_int_equal(fx->rec.n, 0);
    assert_true(pump_for(&fx->rec, 1));
}

static void window_that_has_too_much_unread_loses_the_rest(void **state)
{
    enum { SIZE = 1000, N = 5000 };
    struct fx *fx = *state;
    host_wnd wnd = listener_of(fx, &fx->rec, ONE), other;
    uint32_t kind, record[SIZE / sizeof(uint32_t)] = {0}, n = 0;

    for (uint32_t i = 0; i < N; i++) {
        record[0] = i;
        host_tell(ONE, record, SIZE);
    }
    other = listener_of(fx, &fx->rec2, ONE);
    tell_number(ONE, N);
    expect_number(other, ONE, N);
    while (host_hear(wnd, &kind, record, sizeof record) == SIZE)
        assert_int_equal(record[0], n++);
    assert_true(n * SIZE > 1000000 && n < N);
    tell_number(ONE, 1);
    expect_number(wnd, ONE, 1);
}

static void who_stops_listening_forgets_what_it_has_not_read(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = listener_of(fx, &fx->rec, ONE);

    tell_number(ONE, 1);
    assert_true(host_listen(wnd, 0));
    tell_number(ONE, 2);
    expect_no_news(wnd);
    assert_true(host_listen(wnd, ONE));
    expect_no_news(wnd);
    tell_number(ONE, 3);
    expect_number(wnd, ONE, 3);
    pump_dry();
}

static void listening_to_other_kinds_keeps_what_is_unread(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = listener_of(fx, &fx->rec, ONE);

    tell_number(ONE, 1);
    assert_true(host_listen(wnd, TWO));
    tell_number(ONE, 2);
    tell_number(TWO, 3);
    expect_number(wnd, ONE, 1);
    expect_number(wnd, TWO, 3);
    expect_no_news(wnd);
    pump_dry();
}

static void only_the_windows_thread_listens_and_hears(void **state)
{
    struct fx *fx = *state;
    struct actor *a = actor_of(fx, HOST_EVENT, hear_messages);

    assert_false(host_listen(a->wnd, ONE));
    assert_false(host_listen(0, ONE));
    assert_int_equal(host_listened(), 0);
    expect_no_news(a->wnd);
    expect_no_news(0);
}

static void tell_many(struct actor *a)
{
    event_set(&a->ready);
    event_wait(&a->go, PATIENCE);
    for (uint32_t i = 0; i < 2000; i++)
        tell_number(a->value ? ONE : TWO, i);
}

static void news_of_all_threads_is_heard_each_ones_in_order(void **state)
{
    struct fx *fx = *state;
    struct actor *a = actor_of(fx, HOST_EVENT, tell_many), *b = actor_of(fx, HOST_EVENT, tell_many);
    host_wnd wnd = listener_of(fx, &fx->rec, ONE | TWO);
    uint32_t kind, number, next[2] = {0};

    a->value = 1;
    event_set(&a->go);
    event_set(&b->go);
    actor_end(a);
    actor_end(b);
    while (host_hear(wnd, &kind, &number, sizeof number))
        assert_int_equal(number, next[kind == ONE]++);
    assert_int_equal(next[0], 2000);
    assert_int_equal(next[1], 2000);
    pump_dry();
}

static void hear_all(struct record *rec, const struct host_msg *msg)
{
    uint32_t kind, number;

    if (msg->id == HOST_EV_NEWS)
        while (host_hear(msg->to, &kind, &number, sizeof number))
            rec->value++;
}

enum { STORM = 10000, TELLERS = 5 };

static void tell_a_storm(struct actor *a)
{
    event_set(&a->ready);
    event_wait(&a->go, PATIENCE);
    for (uint32_t i = 0; i < STORM; i++)
        tell_number(ONE, i);
}

static bool has_heard_all_storms(void *rec)
{
    return ((struct record *)rec)->value == TELLERS * STORM;
}

/* Of those who tell at the same time only one posts the event; but one does. */
static void listener_whom_several_tell_at_the_same_time_hears_all(void **state)
{
    struct fx *fx = *state;
    struct actor *tellers[TELLERS];

    listener_of(fx, &fx->rec, ONE);
    fx->rec.hook = hear_all;
    for (int i = 0; i < TELLERS; i++)
        tellers[i] = actor_of(fx, HOST_EVENT, tell_a_storm);
    for (int i = 0; i < TELLERS; i++)
        event_set(&tellers[i]->go);
    assert_true(host_pump(HOST_ALL_MESSAGES, has_heard_all_storms, &fx->rec, host_now_ms() + PATIENCE));
    for (int i = 0; i < TELLERS; i++)
        actor_end(tellers[i]);
}

/* Listens, hears three records, and ends without a word. */
static void listen_for_three(struct actor *a)
{
    make_window(a);
    a->rec.hook = hear_all;
    a->result = host_listen(a->wnd, ONE);
    event_set(&a->ready);
    while (a->rec.value < 3)
        host_dispatch(HOST_ALL_MESSAGES, host_now_ms() + PATIENCE);
}

static void listener_wakes_up_for_news_and_listens_until_its_thread_ends(void **state)
{
    struct fx *fx = *state;
    struct actor *a = actor_of(fx, HOST_EVENT, listen_for_three);

    assert_true(a->result);
    for (uint32_t i = 0; i < 3; i++)
        tell_number(ONE, i);
    assert_true(event_wait(&a->seen, PATIENCE));
    actor_end(a);
    assert_int_equal(host_listened(), 0);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        RULE(what_is_listened_to_is_all_that_anybody_listens_to),
        RULE(record_is_heard_as_it_was_told),
        RULE(record_that_is_too_long_for_its_reader_is_cut),
        RULE(news_keeps_its_order),
        RULE(kinds_that_are_not_listened_to_are_not_heard),
        RULE(news_event_comes_once_until_something_is_heard),
        RULE(news_wait_while_only_dde_is_wanted),
        RULE(window_that_has_too_much_unread_loses_the_rest),
        RULE(who_stops_listening_forgets_what_it_has_not_read),
        RULE(listening_to_other_kinds_keeps_what_is_unread),
        RULE(only_the_windows_thread_listens_and_hears),
        RULE(news_of_all_threads_is_heard_each_ones_in_order),
        RULE(listener_whom_several_tell_at_the_same_time_hears_all),
        RULE(listener_wakes_up_for_news_and_listens_until_its_thread_ends),
    };

    (void)argc, (void)argv;
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
