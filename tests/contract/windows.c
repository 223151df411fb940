/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Windows, the cards on them, and their timers. One rule per test; see cast.h. */

#include "cast.h"

/* ---- Windows ---------------------------------------------------------------------------------------- */

static void window_has_the_class_it_was_made_with(void **state)
{
    struct fx *fx = *state;
    host_wnd mom = window_of(fx, HOST_MOM, 0, &fx->rec);
    host_wnd wnd[] = {
        [HOST_MOM] = mom,
        [HOST_EVENT] = window_of(fx, HOST_EVENT, 0, &fx->rec),
        [HOST_CLIENT] = window_of(fx, HOST_CLIENT, mom, &fx->rec),
        [HOST_SERVER] = window_of(fx, HOST_SERVER, mom, &fx->rec),
        [HOST_PLAIN] = window_of(fx, HOST_PLAIN, 0, &fx->rec),
    };

    for (int i = HOST_MOM; i <= HOST_PLAIN; i++) {
        assert_true(host_window_alive(wnd[i]));
        for (int cls = HOST_MOM; cls <= HOST_PLAIN; cls++)
            assert_int_equal(host_window_is(wnd[i], (enum host_class)cls), i == cls);
    }
}

static void window_has_the_form_it_was_made_with(void **state)
{
    struct fx *fx = *state;

    for (int cls = HOST_MOM; cls <= HOST_PLAIN; cls++) {
        bool child = cls == HOST_CLIENT || cls == HOST_SERVER;
        host_wnd mom = child ? window_of(fx, HOST_MOM, 0, &fx->rec) : 0;
        host_wnd ansi = host_window_create((enum host_class)cls, mom, false, record_proc, &fx->rec);
        fx->wnd[fx->n_wnd++] = ansi;
        assert_true(ansi != 0);
        assert_false(host_window_unicode(ansi));
        assert_true(host_window_unicode(window_of(fx, (enum host_class)cls, mom, &fx->rec)));
    }
}

static void own_window_is_not_foreign(void **state)
{
    struct fx *fx = *state;
    struct actor *a = actor_of(fx, HOST_MOM, hear_messages);

    assert_false(host_window_foreign(window_of(fx, HOST_MOM, 0, &fx->rec)));
    assert_false(host_window_foreign(a->wnd));
    assert_true(host_window_ours(fx->wnd[0]));
    assert_true(host_window_ours(a->wnd));
}

static void window_belongs_to_the_thread_that_made_it(void **state)
{
    struct fx *fx = *state;
    struct actor *a = actor_of(fx, HOST_MOM, hear_messages);
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);

    assert_int_equal(host_window_thread(wnd), host_session_thread());
    assert_int_equal(host_window_thread(a->wnd), a->session);
    host_window_destroy(wnd);
    assert_int_equal(host_window_thread(wnd), 0);
}

static void no_window_is_nothing(void **state)
{
    const host_wnd none[] = {0, 0x7FFFFF1};
    struct host_card card;
    struct host_msg msg;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_false(host_window_alive(none[i]));
        assert_false(host_window_unicode(none[i]));
        assert_false(host_window_is(none[i], HOST_MOM));
        assert_false(host_window_foreign(none[i]));
        assert_false(host_window_ours(none[i]));
        assert_int_equal(host_window_thread(none[i]), 0);
        assert_false(host_card_get(none[i], &card));
        assert_false(host_take(none[i], &msg));
        assert_int_equal(post_number(none[i], REQUEST, 1), HOST_GONE);
        assert_int_equal(send_number(none[i], 1, MOMENT), HOST_GONE);
        host_window_destroy(none[i]);
    }
}

static void destroyed_window_is_gone(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);

    host_window_destroy(wnd);
    assert_false(host_window_alive(wnd));
    assert_false(host_window_is(wnd, HOST_MOM));
    assert_false(host_window_unicode(wnd));
    host_window_destroy(wnd);
    assert_int_equal(fx->rec.n, 0);
}

static void handle_stays_stale_when_its_place_is_used_again(void **state)
{
    struct fx *fx = *state;
    host_wnd first = host_window_create(HOST_MOM, 0, true, record_proc, &fx->rec);

    host_window_destroy(first);
    for (int i = 0; i < 300; i++) {
        host_wnd wnd = host_window_create(HOST_MOM, 0, true, record_proc, &fx->rec);
        struct host_card card = {.size = 1};
        struct host_msg msg;
        bool stale = wnd && wnd != first && !host_window_alive(first);
        stale &= !host_card_get(wnd, &card); /* nor is anything left of those before it */
        host_card_set(wnd, &card);
        stale &= post_number(first, REQUEST, 1) == HOST_GONE && send_number(first, 1, 0) == HOST_GONE;
        stale &= post_number(wnd, REQUEST, 1) == HOST_OK && !host_take(first, &msg);
        host_window_destroy(wnd);
        assert_true(stale);
    }
}

static void window_may_destroy_itself(struct record *rec, const struct host_msg *msg)
{
    host_window_destroy(msg->to);
    rec->value = !host_window_alive(msg->to);
}

static void procedure_may_destroy_its_own_window(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);

    fx->rec.hook = window_may_destroy_itself;
    post_number(wnd, REQUEST, 1);
    post_number(wnd, REQUEST, 2);
    pump_dry();
    assert_true(fx->rec.value);
    assert_int_equal(fx->rec.n, 1);
}

static void window_of_another_thread_is_not_destroyed(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, hear_messages);

    host_window_destroy(a->wnd);
    assert_true(host_window_alive(a->wnd));
    assert_int_equal(send_number(a->wnd, 1, PATIENCE), HOST_OK);
}

static void destroyed_event_for_children(void **state)
{
    struct fx *fx = *state;
    host_wnd mom = window_of(fx, HOST_MOM, 0, &fx->rec);
    host_wnd client = window_of(fx, HOST_CLIENT, mom, &fx->rec2);
    host_wnd server = window_of(fx, HOST_SERVER, mom, &fx->rec3);

    host_window_destroy(mom);
    assert_false(host_window_alive(client));
    assert_false(host_window_alive(server));
    assert_int_equal(fx->rec2.n, 1);
    assert_int_equal(fx->rec2.msg[0].id, HOST_EV_DESTROYED);
    assert_true(fx->rec2.msg[0].to == client);
    assert_int_equal(fx->rec3.n, 1);
    assert_int_equal(fx->rec3.msg[0].id, HOST_EV_DESTROYED);
}

static void no_destroyed_event_for_the_window_that_was_asked_for(void **state)
{
    struct fx *fx = *state;
    host_wnd mom = window_of(fx, HOST_MOM, 0, &fx->rec);
    host_wnd client = window_of(fx, HOST_CLIENT, mom, &fx->rec2);

    host_window_destroy(client);
    host_window_destroy(mom);
    assert_int_equal(fx->rec.n, 0);
    assert_int_equal(fx->rec2.n, 0);
}

static void take_what_is_left(struct record *rec, const struct host_msg *msg)
{
    struct host_msg left;

    if (msg->id != HOST_EV_DESTROYED)
        return;
    while (host_take(msg->to, &left))
        rec->value += (int)left.lparam;
}

static void take_works_in_the_last_call(void **state)
{
    struct fx *fx = *state;
    host_wnd mom = window_of(fx, HOST_MOM, 0, &fx->rec);
    host_wnd client = window_of(fx, HOST_CLIENT, mom, &fx->rec2);

    fx->rec2.hook = take_what_is_left;
    post_number(client, REQUEST, 10);
    post_number(client, TERMINATE, 32);
    host_window_destroy(mom);
    assert_int_equal(fx->rec2.value, 42);
}

static void parent_must_be_alive(void **state)
{
    struct fx *fx = *state;
    host_wnd mom = window_of(fx, HOST_MOM, 0, &fx->rec);

    host_window_destroy(mom);
    assert_true(host_window_create(HOST_CLIENT, mom, true, record_proc, &fx->rec2) == 0);
}

/* ---- Cards ------------------------------------------------------------------------------------------ */

static void fill_card(struct host_card *card, unsigned char with)
{
    memset(card, 0, sizeof *card);
    card->size = HOST_CARD_SIZE - 1u;
    memset(card->u.bytes, with, sizeof card->u.bytes);
}

static void card_round_trip(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);
    struct host_card in, out;

    fill_card(&in, 0xA5);
    assert_true(host_card_set(wnd, &in));
    fill_card(&out, 0);
    assert_true(host_card_get(wnd, &out));
    assert_memory_equal(&in, &out, sizeof in);
}

static void new_card_takes_the_place_of_the_old(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);
    struct host_card first, second, out;

    fill_card(&first, 1);
    fill_card(&second, 2);
    host_card_set(wnd, &first);
    assert_true(host_card_set(wnd, &second));
    assert_true(host_card_get(wnd, &out));
    assert_memory_equal(&second, &out, sizeof out);
}

static void window_without_card_has_none(void **state)
{
    struct fx *fx = *state;
    struct host_card card;

    assert_false(host_card_get(window_of(fx, HOST_MOM, 0, &fx->rec), &card));
}

static void card_dies_with_window(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);
    struct host_card card;

    fill_card(&card, 1);
    host_card_set(wnd, &card);
    host_window_destroy(wnd);
    assert_false(host_card_get(wnd, &card));
    assert_false(host_card_set(wnd, &card));
}

static void show_card(struct actor *a)
{
    struct host_card card;

    fill_card(&card, 0x5A);
    make_window(a);
    host_card_set(a->wnd, &card);
    event_set(&a->ready);
    event_wait(&a->go, PATIENCE);
    host_window_destroy(a->wnd);
}

static void card_is_seen_from_other_threads(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, show_card);
    struct host_card card;

    fill_card(&card, 0);
    assert_true(host_card_get(a->wnd, &card));
    assert_int_equal(card.u.bytes[HOST_CARD_SIZE - 1], 0x5A);
}

#ifdef _WIN32

/* The window of another part of the program; the caller destroys it. */
static HWND strange_window(void)
{
    return CreateWindowExW(0, L"STATIC", NULL, 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
}

static bool takes_for_a_card(HWND wnd, const WCHAR *text)
{
    struct host_card card;

    SetWindowTextW(wnd, text);
    return host_card_get((host_wnd)wnd, &card);
}

/* Nor is a card one on another window. */
static void what_others_write_on_a_window_is_no_card(void **state)
{
    struct fx *fx = *state;
    host_wnd ours = window_of(fx, HOST_MOM, 0, &fx->rec);
    HWND wnd = strange_window();
    bool empty, lookalike = false;
    WCHAR text[300];
    struct host_card card;

    fill_card(&card, 1);
    host_card_set(ours, &card);
    empty = !host_card_get((host_wnd)wnd, &card);
    for (unsigned n = 0; n < 256; n++) {
        text[n] = 0;
        lookalike |= takes_for_a_card(wnd, text);
        text[n] = (WCHAR)(n < 128 ? 0x100 : 'x');
    }
    assert_true(InternalGetWindowText((HWND)ours, text, 300) > 0);
    lookalike |= takes_for_a_card(wnd, text);
    DestroyWindow(wnd);
    assert_true(empty);
    assert_false(lookalike);
}

static void the_programs_own_window_takes_no_card(void **state)
{
    HWND wnd = strange_window();
    struct host_card card;
    bool ours, taken;

    (void)state;
    fill_card(&card, 1);
    ours = host_window_ours((host_wnd)wnd);
    taken = host_card_set((host_wnd)wnd, &card);
    DestroyWindow(wnd);
    assert_false(ours);
    assert_false(taken);
}

/* What another process finds wrong with a window of this one that shows a card filled with 0x5A. */
static int visit(host_wnd wnd)
{
    struct host_card card, expected;

    fill_card(&card, 0);
    fill_card(&expected, 0x5A);
    expected.u.bytes[HOST_CARD_SIZE - 1] = 0; /* behind the end of what is shown */
    if (!host_window_foreign(wnd) || host_window_ours(wnd))
        return 1;
    if (!host_card_get(wnd, &card))
        return 2;
    if (memcmp(&card, &expected, sizeof card) != 0)
        return 3;
    return host_card_set(wnd, &card) ? 4 : 0;
}

/* This program once more, as a visitor; its result. */
static DWORD send_visitor(host_wnd wnd)
{
    WCHAR path[MAX_PATH], line[] = L"contract visit 0x00000000";
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    DWORD result = 100;

    GetModuleFileNameW(NULL, path, MAX_PATH);
    for (unsigned i = 0; i < 8; i++)
        line[sizeof line / sizeof line[0] - 2 - i] = L"0123456789ABCDEF"[(DWORD)wnd >> (4 * i) & 0xF];
    if (!CreateProcessW(path, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process))
        return result;
    if (WaitForSingleObject(process.hProcess, PATIENCE) == WAIT_OBJECT_0)
        GetExitCodeProcess(process.hProcess, &result);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return result;
}

static void card_is_seen_from_other_processes(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);
    struct host_card card;

    assert_int_equal(send_visitor(wnd), 2);
    for (unsigned char with = 0; with <= 0x5A; with += 0x5A) { /* the second takes the place of the first */
        fill_card(&card, with);
        assert_true(host_card_set(wnd, &card));
        assert_int_equal(send_visitor(wnd), with == 0x5A ? 0 : 3);
    }
    host_window_destroy(wnd);
    assert_int_equal(send_visitor(wnd), 1);
}

static void card_stays_whatever_text_others_give_the_window(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_MOM, 0, &fx->rec);
    struct host_card card;

    fill_card(&card, 0x5A);
    host_card_set(wnd, &card);
    SetWindowTextW((HWND)wnd, L"text");
    SetWindowTextA((HWND)wnd, "text");
    assert_int_equal(send_visitor(wnd), 0);
}

#endif

/* ---- Timers ----------------------------------------------------------------------------------------- */

static void timer_comes_again_and_again(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_EVENT, 0, &fx->rec);

    assert_true(host_timer(wnd, 10));
    assert_true(pump_for(&fx->rec, 3));
    assert_int_equal(fx->rec.msg[0].id, HOST_EV_TIMER);
    assert_true(fx->rec.msg[0].to == wnd);
    assert_true(fx->rec.msg[0].lparam == 0);
}

static void timer_wakes_the_dde_scope(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_EVENT, 0, &fx->rec);
    struct wish wish = {&fx->rec, 2};

    host_timer(wnd, 10);
    assert_true(host_pump(HOST_DDE_MESSAGES, wish_granted, &wish, host_now_ms() + PATIENCE));
}

static void stop_timer(struct record *rec, const struct host_msg *msg)
{
    rec->value = host_timer(msg->to, 0);
}

static void stopped_timer_is_silent(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_EVENT, 0, &fx->rec);

    fx->rec.hook = stop_timer;
    host_timer(wnd, 10);
    host_pump(HOST_ALL_MESSAGES, never, NULL, host_now_ms() + MOMENT);
    assert_true(fx->rec.value);
    assert_int_equal(fx->rec.n, 1);
}

static void timers_of_windows_are_independent(void **state)
{
    struct fx *fx = *state;
    host_wnd one = window_of(fx, HOST_EVENT, 0, &fx->rec), two = window_of(fx, HOST_EVENT, 0, &fx->rec2);
    host_wnd three = window_of(fx, HOST_EVENT, 0, &fx->rec3);

    host_timer(one, 30);
    host_timer(two, 10);
    host_timer(three, 20);
    host_timer(one, 0);
    assert_true(pump_for(&fx->rec2, 3));
    assert_true(pump_for(&fx->rec3, 3));
    assert_int_equal(fx->rec.n, 0);
}

/* Nobody sets the event: while it is waited for, the timer becomes due many times. */
static void timer_events_coalesce(void **state)
{
    enum { INTERVAL = 20, TIMES = 20 };
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_EVENT, 0, &fx->rec);
    struct event silence;
    uint64_t since;

    host_timer(wnd, INTERVAL);
    event_init(&silence);
    event_wait(&silence, INTERVAL * TIMES);
    event_deinit(&silence);
    since = host_now_ms();
    pump_dry();
    assert_true(fx->rec.n >= 1);
    assert_true((uint64_t)(fx->rec.n - 2) * INTERVAL <= host_now_ms() - since || fx->rec.n <= 2);
}

static void timer_dies_with_window(void **state)
{
    struct fx *fx = *state;
    host_wnd wnd = window_of(fx, HOST_EVENT, 0, &fx->rec);

    host_timer(wnd, 10);
    host_window_destroy(wnd);
    host_pump(HOST_ALL_MESSAGES, never, NULL, host_now_ms() + MOMENT);
    assert_int_equal(fx->rec.n, 0);
    assert_false(host_timer(wnd, 10));
}

/* ---- Only here: rules for which Windows has other numbers, or no way to look -------------------------- */

#ifndef _WIN32

static void hundred_thousand_windows_at_once(void **state)
{
    enum { MANY = 100000 };
    struct fx *fx = *state;
    host_wnd mom = window_of(fx, HOST_MOM, 0, &fx->rec);
    host_wnd *wnd = calloc(MANY, sizeof *wnd);
    size_t made = 0, reached = 0;

    assert_non_null(wnd);
    while (made < MANY &&
           (wnd[made] = host_window_create(HOST_CLIENT, mom, true, record_proc, &fx->rec2)) != 0)
        made++;
    for (size_t i = 0; i < made; i += 97) {
        struct host_msg msg;
        reached += post_number(wnd[i], REQUEST, i) == HOST_OK && host_take(wnd[i], &msg) && msg.lparam == i;
    }
    for (size_t i = 0; i < made / 2; i++)
        host_window_destroy(wnd[i]);
    free(wnd);
    host_window_destroy(mom);
    assert_int_equal(made, MANY);
    assert_int_equal(reached, (MANY + 96) / 97);
    assert_int_equal(fx->rec2.n, MANY / 2);
}

#ifndef DDEML_HOST_SIM

static void places_of_windows_are_used_again(void **state)
{
    struct fx *fx = *state;
    host_wnd first = host_window_create(HOST_MOM, 0, true, record_proc, &fx->rec);
    bool again = false;

    host_window_destroy(first);
    for (int i = 0; i < PLACES && !again; i++) {
        host_wnd wnd = host_window_create(HOST_MOM, 0, true, record_proc, &fx->rec);
        again = same_place(wnd, first);
        host_window_destroy(wnd);
    }
    assert_true(again);
}

#endif

static void make_window_in_last_call(struct record *rec, const struct host_msg *msg)
{
    struct actor *a = rec->arg;

    if (msg->id == HOST_EV_DESTROYED && rec->n < 5)
        a->partner = host_window_create(HOST_MOM, 0, true, record_proc, rec);
}

static void leave_window_that_makes_another(struct actor *a)
{
    a->rec.hook = make_window_in_last_call;
    a->rec.arg = a;
    a->partner = 1;
    make_window(a);
    event_set(&a->ready);
}

static void no_window_is_made_after_at_exit(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, leave_window_that_makes_another);

    actor_end(a);
    assert_true(a->partner == 0);
    assert_int_equal(a->rec.n, 1);
}

static void last_call_may_destroy_the_parent(struct record *rec, const struct host_msg *msg)
{
    struct actor *a = rec->arg;

    if (msg->id == HOST_EV_DESTROYED)
        strcat(a->log, "d");
    host_window_destroy(a->wnd);
}

static void leave_a_family(struct actor *a)
{
    a->rec.hook = last_call_may_destroy_the_parent;
    a->rec.arg = a;
    make_window(a);
    host_window_create(HOST_CLIENT, a->wnd, true, record_proc, &a->rec);
    host_window_create(HOST_CLIENT, a->wnd, true, record_proc, &a->rec);
    event_set(&a->ready);
}

static void last_call_may_destroy_other_windows(void **state)
{
    struct actor *a = actor_of(*state, HOST_MOM, leave_a_family);

    actor_end(a);
    assert_string_equal(a->log, "dd"); /* the children; the mom was asked for */
}

#endif

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        RULE(window_has_the_class_it_was_made_with),
        RULE(window_has_the_form_it_was_made_with),
        RULE(own_window_is_not_foreign),
        RULE(window_belongs_to_the_thread_that_made_it),
        RULE(no_window_is_nothing),
        RULE(destroyed_window_is_gone),
        RULE(handle_stays_stale_when_its_place_is_used_again),
        RULE(procedure_may_destroy_its_own_window),
        RULE(window_of_another_thread_is_not_destroyed),
        RULE(destroyed_event_for_children),
        RULE(no_destroyed_event_for_the_window_that_was_asked_for),
        RULE(take_works_in_the_last_call),
        RULE(parent_must_be_alive),
        RULE(card_round_trip),
        RULE(new_card_takes_the_place_of_the_old),
        RULE(window_without_card_has_none),
        RULE(card_dies_with_window),
        RULE(card_is_seen_from_other_threads),
#ifdef _WIN32
        RULE(what_others_write_on_a_window_is_no_card),
        RULE(the_programs_own_window_takes_no_card),
        RULE(card_is_seen_from_other_processes),
        RULE(card_stays_whatever_text_others_give_the_window),
#endif
        RULE(timer_comes_again_and_again),
        RULE(timer_wakes_the_dde_scope),
        RULE(stopped_timer_is_silent),
        RULE(timers_of_windows_are_independent),
        RULE(timer_events_coalesce),
        RULE(timer_dies_with_window),
#ifndef _WIN32
        RULE(hundred_thousand_windows_at_once),
#ifndef DDEML_HOST_SIM
        RULE(places_of_windows_are_used_again),
#endif
        RULE(no_window_is_made_after_at_exit),
        RULE(last_call_may_destroy_other_windows),
#endif
    };

#ifdef _WIN32
    if (argc == 3 && strcmp(argv[1], "visit") == 0)
        return visit((host_wnd)strtoul(argv[2], NULL, 16));
#endif
    (void)argc, (void)argv;
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
