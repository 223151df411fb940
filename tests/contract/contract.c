/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What src/host/host.h promises, one rule per test. Every host passes the same suite.
 *
 * The cast: the test itself, on the main thread, and actors, each a thread with one window of its own. A
 * failed assertion leaves a test in the middle, so the fixture owns whatever a test makes, and takes it down.
 * Only the main thread asserts; actors and procedures write down what they see. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/host.h"
#include "thread.h"

#ifndef _WIN32
#include "host/posix/figures.h"
#include "host/posix/slots.h" /* of which the simulator has none: its numbers never come again */
#endif

enum {
    INITIATE = 0x03E0,
    TERMINATE = 0x03E1,
    UNADVISE = 0x03E3,
    ACK = 0x03E4,
    REQUEST = 0x03E6, /* the one that is posted most here: its parameters are plain numbers */

    PATIENCE = 10000, /* ms: longer than anything that is going to happen takes */
    MOMENT = 200,     /* ms: for what is not going to happen                     */
};

/* ---- Records: what a window was told ---------------------------------------------------------------- */

#define RECORD_SIZE 64

struct record {
    struct host_msg msg[RECORD_SIZE]; /* the first ones */
    atomic_int n;
    uint32_t thread; /* that ran the procedure last */
    void (*hook)(struct record *rec, const struct host_msg *msg);
    void *arg; /* the hook's */
    int value; /* the hook's */
};

static void record_proc(void *ctx, const struct host_msg *msg)
{
    struct record *rec = ctx;

    if (rec->n < RECORD_SIZE)
        rec->msg[rec->n] = *msg;
    rec->thread = host_thread_id();
    rec->n++;
    if (rec->hook)
        rec->hook(rec, msg);
}

struct wish {
    struct record *rec;
    int n;
};

static bool wish_granted(void *arg)
{
    struct wish *wish = arg;

    return wish->rec->n >= wish->n;
}

/* Pumps until the record holds n messages. */
static bool pump_for(struct record *rec, int n)
{
    struct wish wish = {rec, n};

    return host_pump(HOST_ALL_MESSAGES, wish_granted, &wish, host_now_ms() + PATIENCE);
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

/* Delivers everything that is there. */
static void pump_dry(void)
{
    while (host_dispatch(HOST_ALL_MESSAGES, 0)) {
    }
}

/* ---- The fixture ------------------------------------------------------------------------------------ */

struct actor {
    struct thread thread;
    bool running;
    struct event ready, go, seen;
    atomic_bool stop;
    void (*body)(struct actor *a);
    enum host_class cls;
    host_wnd wnd;
    uint32_t id, session;
    struct record rec;
    struct actor *other;
    host_wnd partner;
    host_mem mem;
    int result, value;
    char log[16];
};

#define ACTORS 6
#define THINGS 64

struct fx {
    struct record rec, rec2, rec3; /* of the main thread's windows */
    host_wnd wnd[THINGS];
    host_mem mem[THINGS];
    host_atom atom[THINGS];
    size_t n_wnd, n_mem, n_atom, n_actors;
    struct actor actor[ACTORS];
#ifndef _WIN32
    long baseline[7];
#endif
};

#ifndef _WIN32
static void take_figures(long figure[7])
{
    figure[0] = figure_windows();
    figure[1] = figure_posts();
    figure[2] = figure_sends();
    figure[3] = figure_threads();
    figure[4] = figure_blocks();
    figure[5] = figure_atoms();
    figure[6] = figure_remains();
}
#endif

static int fx_up(void **state)
{
    struct fx *fx = calloc(1, sizeof *fx);

    if (!fx)
        return -1;
    host_dispatch(HOST_ALL_MESSAGES, 0); /* the main thread is one of the host's */
    host_thread_slot(NULL);
#ifndef _WIN32
    take_figures(fx->baseline);
#endif
    *state = fx;
    return 0;
}

static host_wnd window_of(struct fx *fx, enum host_class cls, host_wnd parent, struct record *rec)
{
    host_wnd wnd = host_window_create(cls, parent, true, record_proc, rec);

    assert_true(fx->n_wnd < THINGS);
    fx->wnd[fx->n_wnd++] = wnd;
    assert_true(wnd != 0);
    return wnd;
}

static host_mem mem_of(struct fx *fx, size_t size)
{
    host_mem mem = host_mem_alloc(size, false);

    assert_true(fx->n_mem < THINGS);
    fx->mem[fx->n_mem++] = mem;
    assert_true(mem != 0);
    return mem;
}

static host_atom atom_of(struct fx *fx, const uint16_t *text)
{
    host_atom atom = host_atom_add(text);

    assert_true(fx->n_atom < THINGS);
    fx->atom[fx->n_atom++] = atom;
    assert_true(atom != 0);
    return atom;
}

/* The test gives the reference back itself. */
static void atom_drop(struct fx *fx, host_atom atom)
{
    for (size_t i = 0; i < fx->n_atom; i++) {
        if (fx->atom[i] == atom) {
            fx->atom[i] = fx->atom[--fx->n_atom];
            host_atom_delete(atom);
            return;
        }
    }
}

static void actor_main(void *arg)
{
    struct actor *a = arg;

    a->id = host_thread_id();
    a->session = host_session_thread();
    a->body(a);
    event_set(&a->seen);
}

/* Starts an actor and waits until it says that it is ready. */
static struct actor *actor_of(struct fx *fx, enum host_class cls, void (*body)(struct actor *a))
{
    struct actor *a = &fx->actor[fx->n_actors];

    assert_true(fx->n_actors < ACTORS);
    a->cls = cls;
    a->body = body;
    event_init(&a->ready);
    event_init(&a->go);
    event_init(&a->seen);
    fx->n_actors++;
    a->running = thread_start(&a->thread, actor_main, a);
    assert_true(a->running);
    assert_true(event_wait(&a->ready, PATIENCE));
    return a;
}

/* Lets an actor finish, and waits for its thread to end. */
static void actor_end(struct actor *a)
{
    struct host_msg nudge = {.to = a->wnd, .id = HOST_EV_RESUME};

    if (!a->running)
        return;
    a->stop = true;
    event_set(&a->go);
    host_post(&nudge);
    thread_join(&a->thread);
    a->running = false;
}

static int fx_down(void **state)
{
    struct fx *fx = *state;
    size_t alive = 0, blocks = 0, atoms = 0;
    uint16_t name[HOST_ATOM_CHARS + 1];
    bool queued;

    for (size_t i = 0; i < fx->n_actors; i++) {
        struct actor *a = &fx->actor[i];
        actor_end(a);
        event_deinit(&a->ready);
        event_deinit(&a->go);
        event_deinit(&a->seen);
        alive += host_window_alive(a->wnd);
    }
    for (size_t i = 0; i < fx->n_wnd; i++)
        host_window_destroy(fx->wnd[i]);
    for (size_t i = 0; i < fx->n_mem; i++)
        host_mem_free(fx->mem[i]);
    for (size_t i = 0; i < fx->n_atom; i++)
        host_atom_delete(fx->atom[i]);

    queued = host_dispatch(HOST_ALL_MESSAGES, 0);
    for (size_t i = 0; i < fx->n_wnd; i++)
        alive += host_window_alive(fx->wnd[i]);
    for (size_t i = 0; i < fx->n_mem; i++)
        blocks += host_mem_size(fx->mem[i]) != 0;
    for (size_t i = 0; i < fx->n_atom; i++)
        atoms += fx->atom[i] >= 0xC000 && host_atom_name(fx->atom[i], name) != 0;
#ifndef _WIN32
    long baseline[7], left[7] = {0};
    memcpy(baseline, fx->baseline, sizeof baseline);
    take_figures(left);
#endif
    free(fx);

    assert_int_equal(alive, 0);
    assert_int_equal(blocks, 0);
    assert_int_equal(atoms, 0);
    assert_false(queued);
#ifndef _WIN32
    assert_int_equal(left[0], baseline[0]); /* windows */
    assert_int_equal(left[1], baseline[1]); /* posts   */
    assert_int_equal(left[2], baseline[2]); /* sends   */
    assert_int_equal(left[3], baseline[3]); /* threads */
    assert_int_equal(left[4], baseline[4]); /* blocks  */
    assert_int_equal(left[5], baseline[5]); /* atoms   */
    assert_int_equal(left[6], 0);           /* memory of threads that have ended */
#endif
    return 0;
}

/* ---- Actors' usual parts ---------------------------------------------------------------------------- */

static bool told_to_stop(void *arg)
{
    struct actor *a = arg;

    return a->stop;
}

static void make_window(struct actor *a)
{
    a->wnd = host_window_create(a->cls, 0, true, record_proc, &a->rec);
}

/* Hears messages until it is told to stop. */
static void hear_messages(struct actor *a)
{
    make_window(a);
    event_set(&a->ready);
    host_pump(HOST_ALL_MESSAGES, told_to_stop, a, host_now_ms() + 3 * PATIENCE);
    host_window_destroy(a->wnd);
}

/* Does not look at its messages until it is told to go on; then listens. */
static void hang_first(struct actor *a)
{
    make_window(a);
    event_set(&a->ready);
    event_wait(&a->go, 3 * PATIENCE);
    host_pump(HOST_ALL_MESSAGES, told_to_stop, a, host_now_ms() + 3 * PATIENCE);
    host_window_destroy(a->wnd);
}

/* A message that says who sends it and which one it is. */
static int post_number(host_wnd to, uint32_t id, uintptr_t number)
{
    struct host_msg msg = {.to = to, .id = id, .lparam = number};

    return host_post(&msg);
}

static int send_number(host_wnd to, uintptr_t number, uint32_t wait_ms)
{
    struct host_msg msg = {.to = to, .id = INITIATE, .lparam = number};

    return host_send(&msg, wait_ms);
}

/* ---- Threads ---------------------------------------------------------------------------------------- */

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
    host_mem mem = mem_of(fx, 4);
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
    struct host_card card;

    fill_card(&card, 1);
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

/* ---- News ------------------------------------------------------------------------------------------ */

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

/* ---- Global memory ---------------------------------------------------------------------------------- */

static void mem_has_the_exact_size_and_is_zero(void **state)
{
    const size_t size[] = {1, 2, 7, 8, 100, 4096, 1000003};

    (void)state;
    for (size_t i = 0; i < 14; i++) {
        host_mem mem = host_mem_alloc(size[i / 2], i % 2);
        const char *p = host_mem_lock(mem);
        size_t got = host_mem_size(mem), zeros = 0;
        while (p && zeros < got && p[zeros] == 0)
            zeros++;
        host_mem_unlock(mem);
        host_mem_free(mem);
        assert_int_equal(got, size[i / 2]);
        assert_int_equal(zeros, got);
    }
}

static void mem_resize_keeps_content(void **state)
{
    struct fx *fx = *state;
    host_mem mem = mem_of(fx, 10), bigger, smaller;
    char *p = host_mem_lock(mem);

    memset(p, 'a', 10);
    host_mem_unlock(mem);
    bigger = host_mem_resize(mem, 100000);
    assert_true(bigger != 0);
    fx->mem[0] = bigger;
    assert_int_equal(host_mem_size(bigger), 100000);
    p = host_mem_lock(bigger);
    assert_memory_equal(p, "aaaaaaaaaa", 10);
    for (size_t i = 10; i < 100000; i++)
        assert_int_equal(p[i], 0);
    host_mem_unlock(bigger);
    smaller = host_mem_resize(bigger, 3);
    assert_true(smaller != 0);
    fx->mem[0] = smaller;
    assert_int_equal(host_mem_size(smaller), 3);
    assert_memory_equal(host_mem_lock(smaller), "aaa", 3);
    host_mem_unlock(smaller);
}

static void locked_mem_stays_where_it_is(void **state)
{
    struct fx *fx = *state;
    host_mem mem = mem_of(fx, 16);
    char *p = host_mem_lock(mem);

    strcpy(p, "here");
    mem_of(fx, 1 << 20);
    assert_ptr_equal(host_mem_lock(mem), p);
    host_mem_unlock(mem);
    assert_string_equal(p, "here");
    host_mem_unlock(mem);
}

static void mem_is_freed_whatever_its_lock_count(void **state)
{
    struct fx *fx = *state;
    host_mem mem = mem_of(fx, 16);

    for (int i = 0; i < 3; i++)
        assert_non_null(host_mem_lock(mem));
    host_mem_free(mem);
    assert_int_equal(host_mem_size(mem), 0);
}

static void surplus_unlock_is_harmless(void **state)
{
    struct fx *fx = *state;
    host_mem mem = mem_of(fx, 16);

    host_mem_unlock(mem);
    host_mem_unlock(mem);
    assert_non_null(host_mem_lock(mem));
    host_mem_unlock(mem);
    assert_int_equal(host_mem_size(mem), 16);
}

static void freed_mem_is_refused(void **state)
{
    struct fx *fx = *state;
    host_mem mem = mem_of(fx, 16);

    host_mem_free(mem);
    assert_int_equal(host_mem_size(mem), 0);
    assert_null(host_mem_lock(mem));
    assert_true(host_mem_resize(mem, 8) == 0);
    host_mem_unlock(mem);
    host_mem_free(mem);
}

static void forged_mem_is_refused(void **state)
{
    struct fx *fx = *state;
    const host_mem forged[] = {0, 1, 0x8000, 0xFFFF, 0x12345678, window_of(fx, HOST_MOM, 0, &fx->rec)};

    for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
        assert_int_equal(host_mem_size(forged[i]), 0);
        assert_null(host_mem_lock(forged[i]));
        assert_true(host_mem_resize(forged[i], 8) == 0);
        host_mem_unlock(forged[i]);
        host_mem_free(forged[i]);
    }
    assert_true(host_window_alive(fx->wnd[0]));
}

static void handle_blocks(struct actor *a)
{
    make_window(a);
    event_set(&a->ready);
    host_pump(HOST_ALL_MESSAGES, told_to_stop, a, host_now_ms() + 3 * PATIENCE);
    host_window_destroy(a->wnd);
}

static void free_block(struct record *rec, const struct host_msg *msg)
{
    unsigned char *p;

    if (msg->id != INITIATE)
        return;
    p = host_mem_lock(msg->lparam);
    if (p)
        rec->value += *p;
    host_mem_unlock(msg->lparam);
    host_mem_free(msg->lparam);
}

static void mem_passes_between_threads(void **state)
{
    struct fx *fx = *state;
    struct actor *a = actor_of(fx, HOST_MOM, handle_blocks);

    a->rec.hook = free_block;
    for (int i = 0; i < 10; i++) {
        host_mem mem = mem_of(fx, 1);
        *(unsigned char *)host_mem_lock(mem) = 3;
        host_mem_unlock(mem);
        assert_int_equal(send_number(a->wnd, mem, PATIENCE), HOST_OK);
        assert_int_equal(host_mem_size(mem), 0);
        fx->n_mem--;
    }
    assert_int_equal(a->rec.value, 30);
}

static host_mem shared[8]; /* under host_lock */

static host_mem put_shared(unsigned at, host_mem mem)
{
    host_mem old;

    host_lock();
    old = shared[at];
    shared[at] = mem;
    host_unlock();
    return old;
}

/* Most blocks are freed by another thread than made them. */
static void shuffle_blocks(struct actor *a)
{
    event_set(&a->ready);
    event_wait(&a->go, PATIENCE);
    a->result = 1;
    for (unsigned i = 0; i < 5000; i++) {
        host_mem mem = host_mem_alloc(1 + i % 50, i % 2);
        char *p = host_mem_lock(mem);
        a->result &= p && !*p && host_mem_size(mem) == 1 + i % 50;
        if (p)
            *p = 1;
        host_mem_unlock(mem);
        mem = put_shared(i % 8, mem);
        p = host_mem_lock(mem);
        a->result &= !mem || (p && *p == 1);
        host_mem_free(mem);
    }
}

static void mem_serves_many_threads(void **state)
{
    struct actor *a[4];

    for (int i = 0; i < 4; i++)
        a[i] = actor_of(*state, HOST_MOM, shuffle_blocks);
    for (int i = 0; i < 4; i++)
        event_set(&a[i]->go);
    for (int i = 0; i < 4; i++) {
        actor_end(a[i]);
        assert_int_equal(a[i]->result, 1);
    }
    for (unsigned i = 0; i < 8; i++)
        host_mem_free(put_shared(i, 0));
}

/* ---- Atoms ------------------------------------------------------------------------------------------ */

static void assert_atom_reads(host_atom atom, const uint16_t *text)
{
    uint16_t name[HOST_ATOM_CHARS + 1];
    size_t length = 0;

    while (text[length])
        length++;
    memset(name, 0xEE, sizeof name);
    assert_int_equal(host_atom_name(atom, name), length);
    assert_memory_equal(name, text, (length + 1) * sizeof *text);
}

static void assert_no_atom(host_atom atom)
{
    uint16_t name[HOST_ATOM_CHARS + 1];

    assert_int_equal(host_atom_name(atom, name), 0);
}

static void atom_round_trip(void **state)
{
    host_atom atom = atom_of(*state, u"ddeml-contract: \u00C4 \u4E2D");

    assert_true(atom >= 0xC000);
    assert_atom_reads(atom, u"ddeml-contract: \u00C4 \u4E2D");
}

static void atom_is_the_same_for_the_same_text(void **state)
{
    host_atom one = atom_of(*state, u"ddeml-contract-1"), two = atom_of(*state, u"ddeml-contract-2");

    assert_int_not_equal(one, two);
    assert_int_equal(atom_of(*state, u"ddeml-contract-1"), one);
}

static void atom_ignores_case(void **state)
{
    host_atom atom = atom_of(*state, u"ddeml-Contract-\u00E4\u0436");

    assert_int_equal(atom_of(*state, u"DDEML-cONTRACT-\u00C4\u0416"), atom);
}

static void atom_keeps_the_first_spelling(void **state)
{
    host_atom atom = atom_of(*state, u"ddeml-contract-SpElLiNg");

    atom_of(*state, u"DDEML-CONTRACT-SPELLING");
    assert_atom_reads(atom, u"ddeml-contract-SpElLiNg");
}

static void atom_counts_its_references(void **state)
{
    struct fx *fx = *state;
    host_atom atom = atom_of(fx, u"ddeml-contract-count");

    atom_of(fx, u"ddeml-contract-count");
    atom_of(fx, u"DDEML-contract-count");
    atom_drop(fx, atom);
    atom_drop(fx, atom);
    assert_atom_reads(atom, u"ddeml-contract-count");
    atom_drop(fx, atom);
    assert_no_atom(atom);
    host_atom_delete(atom);
}

static void one_more_reference_on_an_atom_counts_like_any_other(void **state)
{
    struct fx *fx = *state;
    host_atom atom = atom_of(fx, u"ddeml-contract-again");

    assert_int_equal(host_atom_again(atom, u"ddeml-contract-again"), atom);
    atom_drop(fx, atom);
    assert_atom_reads(atom, u"ddeml-contract-again");
    host_atom_delete(atom);
    assert_no_atom(atom);
    assert_int_equal(host_atom_again(77, u"#77"), 77);
}

static void deleted_atom_forgets_its_spelling(void **state)
{
    struct fx *fx = *state;

    atom_drop(fx, atom_of(fx, u"ddeml-contract-SPELLING"));
    assert_atom_reads(atom_of(fx, u"ddeml-contract-spelling"), u"ddeml-contract-spelling");
}

static void integer_atom_is_its_number(void **state)
{
    (void)state;
    assert_int_equal(host_atom_add(u"#1"), 1);
    assert_int_equal(host_atom_add(u"#123"), 123);
    assert_int_equal(host_atom_add(u"#49151"), 0xBFFF);
    assert_atom_reads(123, u"#123");
    assert_atom_reads(0xBFFF, u"#49151");
}

static void integer_atom_is_not_counted(void **state)
{
    (void)state;
    host_atom_add(u"#77");
    host_atom_delete(77);
    host_atom_delete(77);
    assert_atom_reads(77, u"#77");
    host_atom_delete(0);
    assert_no_atom(0);
}

static void text_that_only_begins_like_a_number_is_a_string_atom(void **state)
{
    assert_true(atom_of(*state, u"#12x") >= 0xC000);
}

static void atom_may_have_255_characters(void **state)
{
    uint16_t text[HOST_ATOM_CHARS + 1] = {0};

    for (size_t i = 0; i < HOST_ATOM_CHARS; i++)
        text[i] = (uint16_t)('a' + i % 26);
    assert_atom_reads(atom_of(*state, text), text);
}

static void shuffle_atoms(struct actor *a)
{
    uint16_t text[] = u"ddeml-contract-shuffle-?", name[HOST_ATOM_CHARS + 1];
    size_t last = sizeof text / sizeof text[0] - 2;

    event_set(&a->ready);
    event_wait(&a->go, PATIENCE);
    a->result = 1;
    for (unsigned i = 0; i < 500; i++) {
        host_atom atom;
        text[last] = (uint16_t)('a' + i % 5);
        atom = host_atom_add(text);
        a->result &= host_atom_name(atom, name) == last + 1 && name[last] == text[last];
        host_atom_delete(atom);
    }
}

static void atoms_serve_many_threads(void **state)
{
    struct actor *a[3];

    for (int i = 0; i < 3; i++)
        a[i] = actor_of(*state, HOST_MOM, shuffle_atoms);
    for (int i = 0; i < 3; i++)
        event_set(&a[i]->go);
    for (int i = 0; i < 3; i++) {
        actor_end(a[i]);
        assert_int_equal(a[i]->result, 1);
    }
}

/* ---- Data that is a handle ---------------------------------------------------------------------------- */

static const unsigned picture_formats[] = {2, 3, 9, 14, 0x82, 0x83, 0x8E};
enum { PICTURE_FORMATS = sizeof picture_formats / sizeof *picture_formats };

static void pictures_and_nothing_else_are_handles_on_windows(void **state)
{
    static const unsigned others[] = {0, 1, 4, 7, 8, 13, 15, 16, 17, 0x80, 0x81, 0xC001, 0x10002};

    (void)state;
    for (int i = 0; i < PICTURE_FORMATS; i++) {
#ifdef _WIN32
        assert_true(host_format_is_handle(picture_formats[i]));
#else
        assert_false(host_format_is_handle(picture_formats[i]));
#endif
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(host_format_is_handle(others[i]));
}

static void what_is_no_picture_is_its_own_copy_and_can_be_freed(void **state)
{
    host_mem mem = host_mem_alloc(8, false); /* too small for one */

    (void)state;
    for (int i = 0; i < PICTURE_FORMATS; i++) {
        const uintptr_t none[] = {0, 1, 0xFFFF, 0x12345678, UINTPTR_MAX, mem};

        for (size_t k = 0; k < sizeof none / sizeof *none; k++) {
            assert_int_equal(host_handle_copy(picture_formats[i], none[k]), none[k]);
            host_handle_free(picture_formats[i], none[k]);
        }
    }
    assert_int_equal(host_mem_size(mem), 8);
    host_mem_free(mem);
}

static void handles_pass_between_windows_of_a_process(void **state)
{
    struct fx *fx = *state;

    assert_true(host_handles_pass(window_of(fx, HOST_MOM, 0, &fx->rec)));
    assert_true(host_handles_pass(actor_of(fx, HOST_MOM, hear_messages)->wnd));
}

/* ---- Heap and text ---------------------------------------------------------------------------------- */

static void heap_is_zeroed(void **state)
{
    unsigned char *p = host_alloc(1000);
    int sum = 0;

    (void)state;
    assert_non_null(p);
    for (size_t i = 0; i < 1000; i++)
        sum += p[i];
    memset(p, 1, 1000);
    host_free(p);
    host_free(NULL);
    assert_int_equal(sum, 0);
}

static void ascii_is_the_same_on_both_sides(void **state)
{
    uint16_t wide[6] = {0};
    char ansi[6] = {0};

    (void)state;
    assert_int_equal(host_to_wide(HOST_ANSI, "Hello", 6, wide, 6), 6);
    assert_memory_equal(wide, u"Hello", sizeof wide);
    assert_int_equal(host_from_wide(HOST_ANSI, u"Hello", 6, ansi, 6), 6);
    assert_string_equal(ansi, "Hello");
}

/* The code page is WINDOWS-1252 unless the system says otherwise. */
static bool other_code_page(void)
{
#ifdef _WIN32
    return GetACP() != 1252;
#else
    return false;
#endif
}

static void ansi_is_windows_1252(void **state)
{
    uint16_t wide[4];
    char ansi[4];

    (void)state;
    if (other_code_page())
        skip();
    assert_int_equal(host_to_wide(HOST_ANSI, "\xC4\xE9\x80\x9F", 4, wide, 4), 4);
    assert_memory_equal(wide, u"\u00C4\u00E9\u20AC\u0178", sizeof wide);
    assert_int_equal(host_from_wide(HOST_ANSI, wide, 4, ansi, 4), 4);
    assert_memory_equal(ansi, "\xC4\xE9\x80\x9F", 4);
}

static void every_ansi_character_survives_the_round_trip(void **state)
{
    char in[256], out[256];
    uint16_t wide[256];

    (void)state;
    if (other_code_page())
        skip();
    for (int i = 0; i < 256; i++)
        in[i] = (char)i;
    assert_int_equal(host_to_wide(HOST_ANSI, in, 256, wide, 256), 256);
    assert_int_equal(host_from_wide(HOST_ANSI, wide, 256, out, 256), 256);
    assert_memory_equal(in, out, 256);
}

static void what_ansi_cannot_express_becomes_a_question_mark(void **state)
{
    char ansi[3] = {0};

    (void)state;
    if (other_code_page())
        skip();
    assert_int_equal(host_from_wide(HOST_ANSI, u"a\u4E2Db", 3, ansi, 3), 3);
    assert_memory_equal(ansi, "a?b", 3);
}

static void nulls_inside_are_converted(void **state)
{
    uint16_t wide[5] = {1, 1, 1, 1, 1};
    char ansi[5] = {1, 1, 1, 1, 1};

    (void)state;
    assert_int_equal(host_to_wide(HOST_ANSI, "a\0b\0c", 5, wide, 5), 5);
    assert_memory_equal(wide, u"a\0b\0c", sizeof wide);
    assert_int_equal(host_from_wide(HOST_ANSI, u"a\0b\0c", 5, ansi, 5), 5);
    assert_memory_equal(ansi, "a\0b\0c", 5);
}

static void conversion_says_how_much_it_needs(void **state)
{
    (void)state;
    assert_int_equal(host_to_wide(HOST_ANSI, "four", 4, NULL, 0), 4);
    assert_int_equal(host_from_wide(HOST_ANSI, u"four", 4, NULL, 0), 4);
    assert_int_equal(host_to_wide(HOST_ANSI, "", 0, NULL, 0), 0);
    assert_int_equal(host_from_wide(65001, u"a\u00E9\u4E2D", 3, NULL, 0), 6);
    assert_int_equal(host_to_wide(65001, "a\xC3\xA9\xE4\xB8\xAD", 6, NULL, 0), 3);
}

static void conversion_into_too_little_room_gives_0_and_stays_within_it(void **state)
{
    uint16_t wide[3] = {0, 0, 7};
    char narrow[3] = {0, 0, 7};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        static const unsigned pages[] = {HOST_ANSI, 65001};

        assert_int_equal(host_to_wide(pages[i], "four", 4, wide, 2), 0);
        assert_int_equal(wide[2], 7);
        assert_int_equal(host_from_wide(pages[i], u"four", 4, narrow, 2), 0);
        assert_int_equal(narrow[2], 7);
        assert_int_equal(host_from_wide(pages[i], u"four", 4, narrow, 0), 0);
    }
}

/* One text in many code pages: by number, and what the number means. */
static const struct in_page {
    unsigned code_page;
    const char *narrow;
    const uint16_t *wide;
} in_pages[] = {
    {437, "\x82\xE1", u"\u00E9\u00DF"},
    {850, "\x82\xE1", u"\u00E9\u00DF"},
    {932, "\x93\xFA\x83\x41", u"\u65E5\u30A2"},
    {936, "\xD6\xD0", u"\u4E2D"},
    {949, "\xB0\xA1", u"\uAC00"},
    {950, "\xA4\xA4", u"\u4E2D"},
    {1250, "\xB9\xE6", u"\u0105\u0107"},
    {1251, "\xC6\xE6", u"\u0416\u0436"},
    {1252, "\x80\xE9", u"\u20AC\u00E9"},
    {1253, "\xE1", u"\u03B1"},
    {1254, "\xF0", u"\u011F"},
    {1255, "\xE0", u"\u05D0"},
    {1256, "\xC8", u"\u0628"},
    {1257, "\xE0", u"\u0105"},
    {1258, "\xD5", u"\u01A0"},
    {20866, "\xC1", u"\u0430"},
    {28591, "\xE9", u"\u00E9"},
    {28605, "\xA4", u"\u20AC"},
    {65001, "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", u"\u00E9\u20AC\U0001F600"},
};

static size_t wide_length(const uint16_t *text)
{
    size_t n = 0;

    while (text[n])
        n++;
    return n;
}

static void a_code_page_is_known_by_its_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof in_pages / sizeof *in_pages; i++) {
        const struct in_page *p = &in_pages[i];
        size_t bytes = strlen(p->narrow), units = wide_length(p->wide);
        uint16_t wide[8];
        char narrow[16];

        if (!host_code_page(p->code_page))
            fail_msg("no code page %u", p->code_page);
        assert_int_equal(host_to_wide(p->code_page, p->narrow, bytes, wide, 8), units);
        assert_memory_equal(wide, p->wide, units * sizeof *wide);
        assert_int_equal(host_from_wide(p->code_page, p->wide, units, narrow, sizeof narrow), bytes);
        assert_memory_equal(narrow, p->narrow, bytes);
    }
}

static void other_numbers_are_no_code_pages(void **state)
{
    static const unsigned none[] = {1, 2, 3, 36, 12345, 12000, 28590, 65002, 0x7FFFFFFF, 0xFFFFFFFF};

    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        if (host_code_page(none[i]))
            fail_msg("a code page %u", none[i]);
    }
    assert_int_equal(host_to_wide(12345, "text", 4, NULL, 0), 0);
    assert_int_equal(host_from_wide(12345, u"text", 4, NULL, 0), 0);
}

static void what_a_code_page_lacks_becomes_its_default_character(void **state)
{
    char narrow[8];

    (void)state;
    assert_int_equal(host_from_wide(437, u"a\u4E2Db", 3, narrow, sizeof narrow), 3);
    assert_memory_equal(narrow, "a?b", 3);
    assert_int_equal(host_from_wide(932, u"\uAC00\u65E5", 2, narrow, sizeof narrow), 3);
    assert_memory_equal(narrow, "?\x93\xFA", 3);
}

static void half_a_character_becomes_the_replacement_character(void **state)
{
    static const uint16_t half[] = {'a', 0xD83D, 'b'}, end[] = {'a', 0xD83D};
    uint16_t wide[8];
    char narrow[8];

    (void)state;
    assert_int_equal(host_from_wide(65001, half, 3, narrow, sizeof narrow), 5);
    assert_memory_equal(narrow,
                        "a\xEF\xBF\xBD"
                        "b",
                        5);
    assert_int_equal(host_from_wide(65001, end, 2, narrow, sizeof narrow), 4);
    assert_memory_equal(narrow, "a\xEF\xBF\xBD", 4);
    assert_int_equal(host_to_wide(65001,
                                  "a\xFF"
                                  "b",
                                  3, wide, 8),
                     3);
    assert_memory_equal(wide, u"a\uFFFDb", 3 * sizeof *wide);
    assert_int_equal(host_to_wide(65001, "a\xC3", 2, wide, 8), 2);
    assert_memory_equal(wide, u"a\uFFFD", 2 * sizeof *wide);
}

static void a_long_text_is_converted_as_a_whole(void **state)
{
    enum { LONG = 100000 };
    uint16_t *wide = calloc(LONG, sizeof *wide), *back = calloc(LONG, sizeof *back);
    char *narrow = malloc(3 * LONG);
    size_t need, written, again;

    (void)state;
    for (unsigned i = 0; i < LONG; i++)
        wide[i] = (uint16_t)(0x4E00 + i % 0x1000);
    need = host_from_wide(65001, wide, LONG, NULL, 0);
    written = host_from_wide(65001, wide, LONG, narrow, 3 * LONG);
    again = host_to_wide(65001, narrow, written, back, LONG);
    assert_int_equal(need, 3 * LONG);
    assert_int_equal(written, 3 * LONG);
    assert_int_equal(again, LONG);
    assert_memory_equal(back, wide, LONG * sizeof *wide);
    free(wide);
    free(back);
    free(narrow);
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

enum { PLACES = 1 << SLOT_INDEX_BITS };

/* The part of a handle that says where its owner stands; the rest tells one owner from the next. */
static bool same_place(uintptr_t a, uintptr_t b)
{
    return (a ^ b) % ((uintptr_t)1 << (SLOT_INDEX_BITS + SLOT_TAG_BITS)) == 0;
}

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

#ifndef DDEML_HOST_SIM /* nobody cancels simulated threads: what ends in the middle is a whole process */

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

#ifndef DDEML_HOST_SIM

static void mem_handle_stays_stale_when_its_place_is_used_again(void **state)
{
    host_mem first = host_mem_alloc(1, false);
    bool again = false;

    (void)state;
    host_mem_free(first);
    for (int i = 0; i < PLACES && !again; i++) {
        host_mem mem = host_mem_alloc(1, false);
        bool stale = mem != first && host_mem_size(first) == 0;
        host_mem_free(first);
        stale &= host_mem_size(mem) == 1;
        host_mem_free(mem);
        assert_true(stale);
        again = same_place(mem, first);
    }
    assert_true(again);
}

#endif

static void locked_mem_is_not_resized(void **state)
{
    struct fx *fx = *state;
    host_mem mem = mem_of(fx, 8);

    host_mem_lock(mem);
    assert_true(host_mem_resize(mem, 100) == 0);
    host_mem_unlock(mem);
    assert_int_equal(host_mem_size(mem), 8);
}

static void atom_counter_is_wide(void **state)
{
    struct fx *fx = *state;
    host_atom atom = atom_of(fx, u"ddeml-contract-wide");

    for (int i = 0; i < 70000; i++)
        host_atom_add(u"ddeml-contract-wide");
    for (int i = 0; i < 70000; i++)
        host_atom_delete(atom);
    assert_atom_reads(atom, u"ddeml-contract-wide");
}

static void full_atom_table_refuses_and_recovers(void **state)
{
    enum { ALL = 0x4000 };
    host_atom *atom = calloc(ALL + 1, sizeof *atom);
    uint16_t text[] = u"ddeml-contract-full-0000", name[HOST_ATOM_CHARS + 1];
    size_t last = sizeof text / sizeof text[0] - 2, n = 0, right = 0;
    host_atom again, first;

    (void)state;
    assert_non_null(atom);
    for (n = 0; n <= ALL; n++) {
        for (size_t digit = 0; digit < 4; digit++)
            text[last - digit] = (uint16_t)('a' + (n >> (4 * digit)) % 16);
        if ((atom[n] = host_atom_add(text)) == 0)
            break;
    }
    for (size_t i = 0; i < n; i++)
        right += atom[i] >= 0xC000 && host_atom_name(atom[i], name) == last + 1;
    first = atom[0];
    host_atom_delete(first);
    again = host_atom_add(text);
    host_atom_delete(again);
    for (size_t i = 1; i < n; i++)
        host_atom_delete(atom[i]);
    free(atom);
    assert_int_equal(n, ALL);
    assert_int_equal(right, ALL);
    assert_int_equal(again, first);
}

static void nothing_outside_ascii_equals_ascii(void **state)
{
    assert_int_not_equal(atom_of(*state, u"ddeml-contract-k"), atom_of(*state, u"ddeml-contract-\u212A"));
    assert_int_not_equal(atom_of(*state, u"ddeml-contract-i"), atom_of(*state, u"ddeml-contract-\u0130"));
}

#endif

#define RULE(name) cmocka_unit_test_setup_teardown(name, fx_up, fx_down)

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        RULE(thread_ids_differ),
        RULE(thread_slot_is_empty_at_first_and_keeps_its_value),
        RULE(thread_end_runs_at_exit_then_destroys_windows),
        RULE(thread_end_without_value_runs_nothing),
        RULE(at_exit_may_destroy_windows),
        RULE(thread_end_leaves_nothing),
        RULE(thread_slot_is_empty_for_the_next_thread),
        RULE(lock_excludes_others),
        RULE(clock_never_goes_back),
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
        RULE(mem_has_the_exact_size_and_is_zero),
        RULE(mem_resize_keeps_content),
        RULE(locked_mem_stays_where_it_is),
        RULE(mem_is_freed_whatever_its_lock_count),
        RULE(surplus_unlock_is_harmless),
        RULE(freed_mem_is_refused),
        RULE(forged_mem_is_refused),
        RULE(mem_passes_between_threads),
        RULE(mem_serves_many_threads),
        RULE(atom_round_trip),
        RULE(atom_is_the_same_for_the_same_text),
        RULE(atom_ignores_case),
        RULE(atom_keeps_the_first_spelling),
        RULE(atom_counts_its_references),
        RULE(one_more_reference_on_an_atom_counts_like_any_other),
        RULE(deleted_atom_forgets_its_spelling),
        RULE(integer_atom_is_its_number),
        RULE(integer_atom_is_not_counted),
        RULE(text_that_only_begins_like_a_number_is_a_string_atom),
        RULE(atom_may_have_255_characters),
        RULE(atoms_serve_many_threads),
        RULE(heap_is_zeroed),
        RULE(pictures_and_nothing_else_are_handles_on_windows),
        RULE(what_is_no_picture_is_its_own_copy_and_can_be_freed),
        RULE(handles_pass_between_windows_of_a_process),
        RULE(ascii_is_the_same_on_both_sides),
        RULE(ansi_is_windows_1252),
        RULE(every_ansi_character_survives_the_round_trip),
        RULE(what_ansi_cannot_express_becomes_a_question_mark),
        RULE(nulls_inside_are_converted),
        RULE(conversion_says_how_much_it_needs),
        RULE(conversion_into_too_little_room_gives_0_and_stays_within_it),
        RULE(a_code_page_is_known_by_its_number),
        RULE(other_numbers_are_no_code_pages),
        RULE(what_a_code_page_lacks_becomes_its_default_character),
        RULE(half_a_character_becomes_the_replacement_character),
        RULE(a_long_text_is_converted_as_a_whole),
#ifndef _WIN32
        RULE(hundred_thousand_windows_at_once),
#ifndef DDEML_HOST_SIM
        RULE(places_of_windows_are_used_again),
        RULE(waiting_thread_can_be_cancelled),
        RULE(mem_handle_stays_stale_when_its_place_is_used_again),
#endif
        RULE(no_window_is_made_after_at_exit),
        RULE(queue_holds_ten_thousand),
        RULE(dde_scope_leaves_the_rest_in_order),
        RULE(other_messages_do_not_end_the_dde_scopes_wait),
        RULE(last_call_misses_no_message),
        RULE(thread_that_ends_in_its_procedure_lets_the_sender_go),
        RULE(sender_may_end_in_its_own_broadcast),
        RULE(last_call_may_destroy_other_windows),
        RULE(locked_mem_is_not_resized),
        RULE(atom_counter_is_wide),
        RULE(full_atom_table_refuses_and_recovers),
        RULE(nothing_outside_ascii_equals_ascii),
#endif
    };

#ifdef _WIN32
    if (argc == 3 && strcmp(argv[1], "visit") == 0)
        return visit((host_wnd)strtoul(argv[2], NULL, 16));
#endif
    (void)argc, (void)argv;
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
