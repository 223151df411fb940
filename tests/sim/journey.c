/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What passes between simulated processes: host.h, where the contract suite, which is one process, does not reach.
 * Every rule is tried with many seeds. The sender is process 0, the receiver process 1; they write down what they
 * see, and the test looks at it when both have ended. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/host.h"
#include "host/sim/sim.h"

enum {
    INITIATE = 0x03E0,
    TERMINATE,
    ADVISE,
    UNADVISE,
    ACK,
    DATA,
    REQUEST,
    POKE,
    EXECUTE,
    RELEASE = 0x2000,
    ACK_WANTED = 0x8000,
    ACCEPTED = 0x8000,
    SEEDS = 60,
};

/* ---- The two ------------------------------------------------------------------------------------------- */

struct side {
    int process;
    host_wnd wnd;
    struct host_msg seen[64];
    unsigned n;
    void (*hook)(struct side *s, const struct host_msg *msg);
    bool over;
    int result;
    host_mem mem;
    size_t size;
    char text[16];
    uint64_t took;
    struct sim_left left; /* before it ends */
};

static struct side sender, receiver;
static void (*send_part)(void);

static void write_down(void *ctx, const struct host_msg *msg)
{
    struct side *s = ctx;

    s->seen[s->n++ % 64] = *msg;
    if (s->hook)
        s->hook(s, msg);
}

static bool is_over(void *side)
{
    return ((struct side *)side)->over;
}

static void pump(struct side *s, uint32_t ms)
{
    host_pump(HOST_ALL_MESSAGES, is_over, s, host_now_ms() + ms);
}

static bool has_window(void *side)
{
    return ((struct side *)side)->wnd;
}

static void be_sender(void *arg)
{
    (void)arg;
    sender.wnd = host_window_create(HOST_MOM, 0, true, write_down, &sender);
    sim_wait(has_window, &receiver, 1000);
    host_window_meet(receiver.wnd, 60000);
    send_part();
    sender.left = sim_left(sender.process);
    host_window_destroy(sender.wnd);
}

static void be_receiver(void *arg)
{
    (void)arg;
    receiver.wnd = host_window_create(HOST_MOM, 0, true, write_down, &receiver);
    pump(&receiver, 100000);
    receiver.left = sim_left(receiver.process);
    if (host_window_alive(receiver.wnd))
        host_window_destroy(receiver.wnd);
}

static struct sim_options options_of(uint64_t seed)
{
    return (struct sim_options){.seed = seed,
                                .preempt_permille = seed % 3 ? 100 : 0,
                                .max_delay_ms = seed % 4 ? 200 : 0,
                                .passing = seed % 2 ? SIM_PASS_COPY : SIM_PASS_MOVE};
}

static void play(const struct sim_options *o, void (*part)(void),
                 void (*hook)(struct side *s, const struct host_msg *msg))
{
    memset(&sender, 0, sizeof sender);
    memset(&receiver, 0, sizeof receiver);
    send_part = part;
    receiver.hook = hook;
    sim_open(o);
    sender.process = sim_process();
    receiver.process = sim_process();
    sim_thread(sender.process, be_sender, NULL);
    sim_thread(receiver.process, be_receiver, NULL);
    assert_true(sim_run(1000000));
    if (sim_violations())
        sim_story(stderr);
    assert_int_equal(sim_violations(), 0);
}

static int post(host_wnd to, uint32_t id, host_wnd from, uintptr_t lparam)
{
    struct host_msg msg = {.to = to, .id = id, .wparam = from, .lparam = lparam};

    return host_post(&msg);
}

static host_mem block(uint16_t flags, const char *text)
{
    host_mem mem = host_mem_alloc(4 + strlen(text) + 1, false);
    unsigned char *bytes = host_mem_lock(mem);

    memcpy(bytes, &flags, sizeof flags);
    memcpy(bytes + 4, text, strlen(text) + 1);
    host_mem_unlock(mem);
    return mem;
}

static uintptr_t packed(uintptr_t lo, uintptr_t hi)
{
    host_mem mem = host_mem_alloc(2 * sizeof lo, true);
    uintptr_t *pair = host_mem_lock(mem);

    pair[0] = lo;
    pair[1] = hi;
    host_mem_unlock(mem);
    return mem;
}

static uintptr_t unpacked(uintptr_t lparam, uintptr_t *hi)
{
    uintptr_t *pair = host_mem_lock(lparam), lo = pair[0];

    *hi = pair[1];
    host_mem_free(lparam);
    return lo;
}

static bool clean(struct sim_left l)
{
    return !(l.gmem | l.atoms);
}

/* ---- Order --------------------------------------------------------------------------------------------- */

enum { MANY = 40 };

static void post_numbers(void)
{
    for (uintptr_t i = 0; i < MANY; i++)
        sender.result |= post(receiver.wnd, i % 2 ? REQUEST : HOST_EV_RESUME, sender.wnd, i);
    pump(&sender, 1000);
}

static void count_numbers(struct side *s, const struct host_msg *msg)
{
    s->result |= msg->lparam != s->n - 1;
    s->over = s->n == MANY;
}

static void what_one_thread_posts_to_one_window_keeps_its_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_options o = options_of(seed);

        play(&o, post_numbers, count_numbers);
        assert_int_equal(receiver.n, MANY);
        assert_int_equal(sender.result | receiver.result, 0);
        sim_close();
    }
}

static void post_and_go(void)
{
    for (uintptr_t i = 0; i < MANY; i++)
        post(receiver.wnd, REQUEST, sender.wnd, i);
}

static void watch_at_first(struct side *s, const struct host_msg *msg)
{
    if (s->n == 1)
        s->result = host_watch(s->wnd, msg->wparam) ? 1 : 2;
    s->over = msg->id == HOST_EV_LOST || (s->result == 2 && s->n == MANY);
}

static void the_loss_of_a_window_comes_behind_what_it_has_posted(void **state)
{
    unsigned watched = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_options o = options_of(seed);

        play(&o, post_and_go, watch_at_first);
        if (receiver.result == 1) { /* else the window had gone already */
            watched++;
            assert_int_equal(receiver.n, MANY + 1);
            assert_int_equal(receiver.seen[MANY].id, HOST_EV_LOST);
            assert_int_equal(receiver.seen[MANY].wparam, sender.wnd);
        }
        sim_close();
    }
    assert_true(watched > 5);
}

static void take_all_when_it_has_gone(struct side *s, const struct host_msg *msg)
{
    struct host_msg rest;

    s->over = s->n == MANY;
    if (host_window_alive(msg->wparam))
        return;
    while (host_take(s->wnd, &rest))
        s->n++;
    s->result = 1;
    s->over = true;
}

static void who_sees_that_a_window_has_gone_has_got_what_it_has_posted(void **state)
{
    unsigned seen = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_options o = options_of(seed);

        play(&o, post_and_go, take_all_when_it_has_gone);
        assert_int_equal(receiver.n, MANY);
        seen += receiver.result == 1;
        sim_close();
    }
    assert_true(seen > 5);
}

static void post_inside_a_send(struct side *s, const struct host_msg *msg)
{
    (void)s;
    if (msg->id == UNADVISE)
        post(receiver.wnd, REQUEST, sender.wnd, 0);
}

static void send_while_asked(void)
{
    struct host_msg first = {.to = receiver.wnd, .id = EXECUTE, .wparam = sender.wnd};

    sender.hook = post_inside_a_send;
    post(receiver.wnd, HOST_EV_RESUME, sender.wnd, 0);
    sender.result = host_send(&first, 10000);
    pump(&sender, 1000); /* it may be asked only now */
}

static void ask_the_sender(struct side *s, const struct host_msg *msg)
{
    struct host_msg question = {.to = sender.wnd, .id = UNADVISE, .wparam = s->wnd};

    if (msg->id == HOST_EV_RESUME)
        s->result = host_send(&question, 10000);
    if (msg->id == REQUEST)
        s->over = true;
}

static unsigned place_of(uint32_t id)
{
    unsigned i = 0;

    while (i < receiver.n && receiver.seen[i].id != id)
        i++;
    return i;
}

static void what_is_posted_inside_a_send_comes_behind_it(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_options o = options_of(seed);

        o.delay_permille = 500; /* many arrive at once: so one can overtake */
        play(&o, send_while_asked, ask_the_sender);
        assert_true(receiver.over);
        assert_true(place_of(EXECUTE) < place_of(REQUEST));
        sim_close();
    }
}

static void die_in_the_middle(void)
{
    post_and_go();
    sim_kill(sender.process);
}

static void what_a_process_has_posted_before_its_death_arrives(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_options o = options_of(seed);

        play(&o, die_in_the_middle, count_numbers);
        assert_int_equal(receiver.n, MANY);
        assert_int_equal(receiver.result, 0);
        assert_true(sim_killed(sender.process));
        sim_close();
    }
}

/* ---- What messages carry --------------------------------------------------------------------------------- */

static void give_data(void)
{
    host_mem mem = block(RELEASE | ACK_WANTED, "give");

    sender.mem = mem;
    sender.result = post(receiver.wnd, DATA, sender.wnd, packed(mem, host_atom_add(u"Item")));
    sender.left = sim_left(sender.process);
    sender.size = sender.left.gmem ? host_mem_size(mem) : 0;
    if (sender.size)
        host_mem_free(mem);
    pump(&sender, 1000);
}

static void keep_data(struct side *s, const struct host_msg *msg)
{
    uintptr_t item, mem = unpacked(msg->lparam, &item);
    uint16_t name[HOST_ATOM_CHARS + 1];

    strcpy(s->text, (const char *)host_mem_lock(mem) + 4);
    s->size = host_atom_name((host_atom)item, name);
    s->result = post(msg->wparam, ACK, s->wnd, packed(ACCEPTED, item));
    host_mem_free(mem);
    s->over = true;
}

static void refuse_data(struct side *s, const struct host_msg *msg)
{
    uintptr_t item, mem = unpacked(msg->lparam, &item);

    s->mem = mem;
    s->result = post(msg->wparam, ACK, s->wnd, packed(0, item));
    s->over = true;
}

static void what_is_given_away_is_the_receivers(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_options o = options_of(seed);

        play(&o, give_data, keep_data);
        assert_string_equal(receiver.text, "give");
        assert_int_equal(receiver.size, 4);
        assert_int_equal(sender.size != 0, o.passing == SIM_PASS_COPY);
        assert_true(clean(receiver.left));
        sim_close();
    }
}

/* Where blocks move the receiver, who believes that the refused one is the sender's again, is rid of it. */
static void what_is_refused_is_nobodys_where_blocks_move(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_options o = options_of(seed);

        play(&o, give_data, refuse_data);
        assert_int_equal(receiver.left.gmem, o.passing == SIM_PASS_COPY);
        assert_int_equal(receiver.left.atoms, 0);
        sim_close();
    }
}

static void execute(void)
{
    sender.mem = block(0, "run");
    sender.result = post(receiver.wnd, EXECUTE, sender.wnd, sender.mem);
    pump(&sender, 1000);
    if (sender.n && unpacked(sender.seen[0].lparam, &sender.seen[0].lparam) == ACCEPTED)
        sender.result = sender.seen[0].lparam == sender.mem;
    host_mem_free(sender.mem);
}

static void run_it(struct side *s, const struct host_msg *msg)
{
    host_mem mem = msg->lparam;

    strcpy(s->text, (const char *)host_mem_lock(mem) + 4);
    host_mem_unlock(mem);
    s->result = post(msg->wparam, ACK, s->wnd, packed(ACCEPTED, mem));
    if (host_post_passing(msg->wparam) == HOST_PASS_COPY)
        host_mem_free(mem);
    s->over = true;
}

static void the_answer_names_an_executes_block_as_its_sender_does(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_options o = options_of(seed);

        play(&o, execute, run_it);
        assert_string_equal(receiver.text, "run");
        assert_int_equal(sender.n, 1);
        assert_true(sender.result);
        assert_true(clean(receiver.left));
        sim_close();
    }
}

static void ignore_it(struct side *s, const struct host_msg *msg)
{
    host_mem_free(msg->lparam);
    s->over = true;
}

static void execute_and_forget(void)
{
    post(receiver.wnd, EXECUTE, sender.wnd, block(0, "run"));
    pump(&sender, 1000);
    if (host_post_passing(receiver.wnd) == HOST_PASS_COPY)
        sender.over = true;
}

static void an_executes_block_that_does_not_come_back_goes_with_the_conversation(void **state)
{
    (void)state;
    for (uint64_t seed = 2; seed <= SEEDS; seed += 2) {
        struct sim_options o = options_of(seed);

        play(&o, execute_and_forget, ignore_it);
        assert_int_equal(sender.left.gmem, 1);
        assert_int_equal(sim_left(sender.process).gmem, 0);
        sim_close();
    }
}

static void send_names(void)
{
    host_atom one = host_atom_add(u"Service"), two = host_atom_add(u"Topic");
    struct host_msg msg = {
        .to = receiver.wnd, .id = INITIATE, .wparam = sender.wnd, .lparam = one | (uintptr_t)two << 16};

    sender.result = host_send(&msg, 10000);
    host_atom_delete(one);
    host_atom_delete(two);
}

static void look_at_names(struct side *s, const struct host_msg *msg)
{
    uint16_t name[HOST_ATOM_CHARS + 1];

    s->size = host_atom_name((host_atom)(msg->lparam & 0xFFFF), name);
    s->left = sim_left(s->process);
    s->took = (uint64_t)s->left.atoms;
    s->over = true;
}

static void the_names_of_a_sent_message_are_lent(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_options o = options_of(seed);

        play(&o, send_names, look_at_names);
        assert_int_equal(sender.result, HOST_OK);
        assert_int_equal(receiver.size, 7);
        assert_int_equal(receiver.took, 2); /* while it looked */
        assert_true(clean(receiver.left) && clean(sender.left));
        sim_close();
    }
}

static void a_window_closes_on_what_is_under_way(struct side *s, const struct host_msg *msg)
{
    (void)msg;
    host_window_destroy(s->wnd);
    s->over = true;
}

static void give_much(void)
{
    for (int i = 0; i < 10; i++) {
        host_mem mem = block(RELEASE, "much");

        if (post(receiver.wnd, DATA, sender.wnd, packed(mem, host_atom_add(u"Item"))) != HOST_OK)
            sender.result = 1;
        sim_sleep(30);
    }
}

static void what_never_arrives_leaves_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 2; seed <= SEEDS; seed += 2) {
        struct sim_options o = options_of(seed);

        play(&o, give_much, a_window_closes_on_what_is_under_way);
        assert_int_equal(receiver.left.gmem, 2); /* of the one message that it has taken */
        assert_int_equal(receiver.left.atoms, 1);
        assert_int_equal(receiver.left.queued, 0);
        sim_close();
    }
}

/* ---- Those who do not answer ------------------------------------------------------------------------------ */

static void send_to_a_hung_one(void)
{
    struct host_msg msg = {.to = receiver.wnd, .id = REQUEST, .wparam = sender.wnd};
    uint64_t since = sim_now_ms();

    sim_hang(receiver.process, 5000);
    sender.result = host_send(&msg, 300);
    sender.took = sim_now_ms() - since;
}

static void it_is_over(struct side *s, const struct host_msg *msg)
{
    s->over = msg->id == REQUEST;
}

static void a_send_to_one_that_hangs_ends_at_its_deadline(void **state)
{
    unsigned late = 0, unsure = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_options o = options_of(seed);

        play(&o, send_to_a_hung_one, it_is_over);
        assert_true(sender.result == HOST_LATE || sender.result == HOST_UNSURE);
        assert_true(sender.took >= 300 && sender.took <= 301);
        late += sender.result == HOST_LATE;
        unsure += sender.result == HOST_UNSURE;
        sim_close();
    }
    assert_true(late > 5 && unsure > 5);
}

static void die(struct side *s, const struct host_msg *msg)
{
    (void)msg;
    sim_kill(s->process);
}

static void send_to_a_dying_one(void)
{
    struct host_msg msg = {.to = receiver.wnd, .id = REQUEST, .wparam = sender.wnd};

    sender.result = host_send(&msg, 10000);
    pump(&sender, 300); /* until the news of it must have arrived */
    sender.size = host_window_alive(receiver.wnd);
}

static void a_send_ends_with_the_process_that_dies_of_it(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_options o = options_of(seed);

        play(&o, send_to_a_dying_one, die);
        assert_true(sender.result == HOST_GONE || sender.result == HOST_UNSURE);
        assert_int_equal(sender.size, 0);
        sim_close();
    }
}

/* ---- Those who listen --------------------------------------------------------------------------------------- */

static void tell_numbers(void)
{
    for (uint32_t i = 0; i < MANY; i++)
        host_tell(2, &i, sizeof i);
}

static void hear_numbers(struct side *s, const struct host_msg *msg)
{
    uint32_t kind, number;

    if (msg->id == HOST_EV_RESUME)
        s->mem = host_listen(s->wnd, 2);
    while (msg->id == HOST_EV_NEWS && host_hear(s->wnd, &kind, &number, sizeof number))
        s->result |= number != s->size++;
    s->over = s->size == MANY;
}

static bool is_listened(void *arg)
{
    (void)arg;
    return receiver.mem;
}

static void make_it_listen(void)
{
    post(receiver.wnd, HOST_EV_RESUME, 0, 0);
    sim_wait(is_listened, NULL, 10000);
    tell_numbers();
}

static void news_are_heard_in_other_processes_in_their_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_options o = options_of(seed);

        play(&o, make_it_listen, hear_numbers);
        assert_int_equal(receiver.size, MANY);
        assert_int_equal(receiver.result, 0);
        sim_close();
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_thread_posts_to_one_window_keeps_its_order),
        cmocka_unit_test(the_loss_of_a_window_comes_behind_what_it_has_posted),
        cmocka_unit_test(who_sees_that_a_window_has_gone_has_got_what_it_has_posted),
        cmocka_unit_test(what_is_posted_inside_a_send_comes_behind_it),
        cmocka_unit_test(what_a_process_has_posted_before_its_death_arrives),
        cmocka_unit_test(what_is_given_away_is_the_receivers),
        cmocka_unit_test(what_is_refused_is_nobodys_where_blocks_move),
        cmocka_unit_test(the_answer_names_an_executes_block_as_its_sender_does),
        cmocka_unit_test(an_executes_block_that_does_not_come_back_goes_with_the_conversation),
        cmocka_unit_test(the_names_of_a_sent_message_are_lent),
        cmocka_unit_test(what_never_arrives_leaves_nothing),
        cmocka_unit_test(a_send_to_one_that_hangs_ends_at_its_deadline),
        cmocka_unit_test(a_send_ends_with_the_process_that_dies_of_it),
        cmocka_unit_test(news_are_heard_in_other_processes_in_their_order),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
