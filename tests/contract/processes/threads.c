/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The threads and the children of a process that has to do with another one. One rule per test. */

#define _GNU_SOURCE

#include "partner.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Threads ------------------------------------------------------------------------------------------- */

enum { THREADS = 4, FROM_PARTNER = 500 };

struct listener {
    pthread_t id;
    struct seen seen;
    struct listener *next; /* whom it keeps awake */
    atomic_uintptr_t wnd;
    atomic_bool failed;
};

static atomic_uint n_ready;

static bool has_its_share(void *arg)
{
    const struct listener *l = arg;

    return l->seen.requests >= FROM_PARTNER;
}

/* With every message it gives another thread one of its own, so that that one wakes up at any moment. */
static void pass_on(void *ctx, const struct host_msg *msg)
{
    struct listener *l = ctx;
    struct host_msg m = {.to = l->next->wnd, .id = PLAIN};

    write_down(&l->seen, msg);
    if (msg->id == REQUEST)
        host_post(&m);
}

static void *keep_listening(void *arg)
{
    struct listener *l = arg;

    l->wnd = host_window_create(HOST_MOM, 0, true, pass_on, l);
    atomic_fetch_add(&n_ready, 1);
    l->failed = !host_pump(HOST_ALL_MESSAGES, has_its_share, l, host_now_ms() + 3 * TEST_PATIENCE_MS);
    host_window_destroy(l->wnd);
    return NULL;
}

static bool all_ready(void *arg)
{
    (void)arg;
    return n_ready == THREADS;
}

/* Whichever of them waits for other processes when it gets something to do hands that on. */
static void every_thread_gets_what_others_send_whoever_is_busy(void **state)
{
    struct listener all[THREADS] = {0};
    struct partner *p = partner_start();

    (void)state;
    n_ready = 0;
    for (int i = 0; i < THREADS; i++) {
        all[i].next = &all[(i + 1) % THREADS];
        assert_int_equal(pthread_create(&all[i].id, NULL, keep_listening, &all[i]), 0);
    }
    assert_true(test_pump_until(all_ready, NULL, TEST_PATIENCE_MS));
    for (int i = 0; i < THREADS; i++) {
        partner_meets(p, all[i].wnd);
    }
    for (int i = 0; i < THREADS; i++)
        partner_tell(p, "post %llx %d", (unsigned long long)all[i].wnd, FROM_PARTNER);
    for (int i = 0; i < THREADS; i++)
        pthread_join(all[i].id, NULL); /* this thread does not look meanwhile */
    for (int i = 0; i < THREADS; i++)
        assert_false(all[i].failed);
    for (int i = 0; i < THREADS; i++)
        test_process_expect(p->process, "0 500");
}

enum { SLEEPERS = 3, TURNS = 300 };

struct sleeper {
    pthread_t id;
    atomic_uintptr_t wnd;
    struct test_event *heard, *go;
    atomic_uint back;
    atomic_bool over;
};

static void be_busy(void *ctx, const struct host_msg *msg)
{
    struct sleeper *s = ctx;

    if (msg->id == REQUEST) {
        test_event_set(s->heard);
    } else if (msg->id == PLAIN) {
        test_event_wait(s->go, TEST_PATIENCE_MS);
        test_event_reset(s->go);
        atomic_fetch_add(&s->back, 1);
    }
}

static bool is_over(void *arg)
{
    return ((struct sleeper *)arg)->over;
}

static void *sleep_and_be_busy(void *arg)
{
    struct sleeper *s = arg;

    s->wnd = host_window_create(HOST_MOM, 0, true, be_busy, s);
    atomic_fetch_add(&n_ready, 1);
    host_pump(HOST_ALL_MESSAGES, is_over, s, host_now_ms() + 6 * TEST_PATIENCE_MS);
    host_window_destroy(s->wnd);
    return NULL;
}

static bool are_sleeping(void *arg)
{
    (void)arg;
    return n_ready == SLEEPERS;
}

/* Two of three threads get something to do at once, one of which may be the one that waits for other processes, and
 * the other the one that is to take over from it. */
static void a_thread_that_is_asleep_is_reached_when_all_others_are_busy(void **state)
{
    struct sleeper all[SLEEPERS] = {0};
    struct partner *p = partner_start();
    bool heard = true;

    (void)state;
    n_ready = 0;
    for (int i = 0; i < SLEEPERS; i++) {
        all[i].heard = test_event_new();
        all[i].go = test_event_new();
        assert_int_equal(pthread_create(&all[i].id, NULL, sleep_and_be_busy, &all[i]), 0);
    }
    assert_true(test_pump_until(are_sleeping, NULL, TEST_PATIENCE_MS));
    for (int i = 0; i < SLEEPERS; i++) {
        partner_meets(p, all[i].wnd);
    }
    for (int turn = 0; turn < TURNS && heard; turn++) {
        struct sleeper *idle = &all[turn % SLEEPERS];

        for (int i = 1; i < SLEEPERS; i++) {
            struct host_msg m = {.to = all[(turn + i) % SLEEPERS].wnd, .id = PLAIN};

            assert_int_equal(host_post(&m), HOST_OK);
        }
        partner_tell(p, "post %llx 1", (unsigned long long)idle->wnd);
        heard = test_event_wait(idle->heard, TEST_PATIENCE_MS);
        test_event_reset(idle->heard);
        for (int i = 1; i < SLEEPERS; i++) {
            struct sleeper *busy = &all[(turn + i) % SLEEPERS];
            unsigned before_it = busy->back;

            test_event_set(busy->go);
            while (busy->back == before_it && heard)
                sched_yield();
        }
        test_process_expect(p->process, "0 1");
    }
    for (int i = 0; i < SLEEPERS; i++) {
        struct host_msg m = {.to = all[i].wnd, .id = HOST_EV_RESUME};

        all[i].over = true;
        host_post(&m);
        pthread_join(all[i].id, NULL);
        test_event_free(all[i].heard);
        test_event_free(all[i].go);
    }
    assert_true(heard);
}

static bool never(void *unused)
{
    (void)unused;
    return false;
}

static void *wait_for_ever(void *arg)
{
    (void)arg;
    atomic_fetch_add(&n_ready, 1);
    host_pump(HOST_ALL_MESSAGES, never, NULL, host_now_ms() + 3 * TEST_PATIENCE_MS);
    return NULL;
}

static void a_thread_that_is_cancelled_in_its_sleep_leaves_the_watch_to_others(void **state)
{
    struct partner *p = partner_start();
    pthread_t id;
    void *result;

    (void)state;
    partner_meets(p, own.wnd);
    for (int i = 0; i < 20; i++) {
        n_ready = 0;
        assert_int_equal(pthread_create(&id, NULL, wait_for_ever, NULL), 0);
        while (!n_ready)
            host_dispatch(HOST_ALL_MESSAGES, 0);
        if (i % 2)
            test_pump_all();
        assert_int_equal(pthread_cancel(id), 0);
        assert_int_equal(pthread_join(id, &result), 0);
        assert_true(result == PTHREAD_CANCELED);
        own.seen.requests = 0;
        partner_tell(p, "post %llx 1", (unsigned long long)own.wnd);
        expect(&own.seen.requests, 1);
        test_process_expect(p->process, "0 1");
    }
}

/* ---- Children ------------------------------------------------------------------------------------------ */

static atomic_bool over;

/* Holds every lock now and then. */
static void *bustle(void *arg)
{
    host_wnd wnd = host_window_create(HOST_MOM, 0, true, write_down, &(struct seen){0});
    struct host_msg m = {.to = *(host_wnd *)arg, .id = PLAIN};

    while (!over) {
        host_mem mem = host_mem_alloc(100, false);
        host_atom atom = atom_of("Bustle");
        host_wnd child = host_window_create(HOST_CLIENT, wnd, true, write_down, &(struct seen){0});

        host_listen(wnd, 2);
        host_tell(2, "x", 1);
        host_post(&m);
        host_dispatch(HOST_ALL_MESSAGES, 0);
        host_window_destroy(child);
        host_atom_delete(atom);
        host_mem_free(mem);
    }
    host_window_destroy(wnd);
    return NULL;
}

/* In a child: everything works, among others with its parent's partner. */
static int be_a_child(host_wnd parents, host_wnd partners)
{
    struct seen s = {0};
    host_wnd wnd;

    alarm(2 * TEST_PATIENCE_MS / 1000);
    if (host_window_alive(parents) || host_window_alive(partners))
        return 1;
    wnd = host_window_create(HOST_MOM, 0, true, write_down, &s);
    if (post_requests(wnd, 0, 0, 1, &(unsigned){0}) != HOST_OK || !host_dispatch(HOST_ALL_MESSAGES, 0))
        return 2;
    if (!host_listen(wnd, 4) || post_requests(parents, 0, 0, 1, &(unsigned){0}) != HOST_GONE)
        return 3;
    host_mem_free(host_mem_alloc(100, false));
    host_atom_delete(atom_of("Child"));
    if (!host_window_meet(partners, TEST_PATIENCE_MS))
        return 4;
    host_window_destroy(wnd);
    return 0;
}

static void a_child_of_fork_finds_every_lock_free(void **state)
{
    struct partner *p = partner_known();
    pthread_t threads[2];

    (void)state;
    over = false;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, bustle, &p->wnd), 0);
    for (int i = 0; i < 60; i++) {
        int status = -1;
        pid_t child = fork();

        if (child == 0)
            _exit(be_a_child(own.wnd, p->wnd));
        assert_true(child > 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        if (status)
            over = true;
        assert_int_equal(status, 0);
    }
    over = true;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        RULE(every_thread_gets_what_others_send_whoever_is_busy),
        RULE(a_thread_that_is_asleep_is_reached_when_all_others_are_busy),
        RULE(a_thread_that_is_cancelled_in_its_sleep_leaves_the_watch_to_others),
        RULE(a_child_of_fork_finds_every_lock_free),
    };

    if (is_partner(argc, argv))
        return partner_run(NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
