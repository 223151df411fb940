/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Service threads of a library that is refused something, or whose windows the program destroys. */

#include "faults/fault.h"
#include "support/support.h"
#include "wire/wire.h"

#ifndef _WIN32
#include <pthread.h>
#endif

static bool nothing_is_left(void *unused)
{
    DDEMLLEDGER left = {.cb = sizeof left};

    (void)unused;
    return DdemlGetLedger(0, &left) && !left.heap && !left.windows;
}

/* Told, but not waited for: it ends without another word. */
static void a_thread_that_cannot_be_waited_for_ends_all_the_same(void **state)
{
    DWORD id;

    (void)state;
    assert_int_equal(DdemlStartThread(NULL, NULL, &id), DMLERR_NO_ERROR);
    fault_arm(1, false, &flavours[0]);
    assert_int_equal(DdemlStopThread(id, TEST_PATIENCE_MS), DMLERR_MEMORY_ERROR);
    fault_rest();
    assert_true(test_pump_until(nothing_is_left, NULL, TEST_PATIENCE_MS));
    assert_int_equal(DdemlStopThread(id, TEST_PATIENCE_MS), DMLERR_INVALIDPARAMETER);
}

static void CALLBACK nothing(LPVOID unused)
{
    (void)unused;
}

/* Its window is hidden, but any program can find windows. */
static void what_is_posted_to_its_window_is_disposed_of(void **state)
{
    struct host_msg hm = {.id = WIRE_TERMINATE};
    DWORD id;

    (void)state;
    assert_int_equal(DdemlStartThread(NULL, NULL, &id), DMLERR_NO_ERROR);
    hm.to = fault_window;
    assert_int_equal(host_post(&hm), HOST_OK);
    hm.id = WIRE_REQUEST;
    assert_int_equal(host_post(&hm), HOST_OK);
    for (int i = 0; i < 3; i++) /* behind each of which a message has its turn */
        assert_int_equal(DdemlCallThread(id, nothing, NULL, TEST_PATIENCE_MS), DMLERR_NO_ERROR);
    assert_int_equal(DdemlStopThread(id, TEST_PATIENCE_MS), DMLERR_NO_ERROR);
}

/* ---- Windows that the program destroys ------------------------------------------------------------------ */

static void CALLBACK lose_window(LPVOID unused)
{
    (void)unused;
    fault_lose_window();
}

static void CALLBACK count(LPVOID n)
{
    ++*(int *)n;
}

static void a_thread_whose_window_is_destroyed_serves_on(void **state)
{
    DWORD id;
    int n = 0;

    (void)state;
    assert_int_equal(DdemlStartThread(lose_window, NULL, &id), DMLERR_NO_ERROR);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(DdemlCallThread(id, count, &n, TEST_PATIENCE_MS), DMLERR_NO_ERROR);
        assert_int_equal(DdemlCallThread(id, lose_window, NULL, TEST_PATIENCE_MS), DMLERR_NO_ERROR);
    }
    assert_int_equal(DdemlStopThread(id, TEST_PATIENCE_MS), DMLERR_NO_ERROR);
    assert_int_equal(n, 3);
}

static void CALLBACK lose_window_for_good(LPVOID unused)
{
    (void)unused;
    fault_lose_window();
    fault_arm(1, true, &flavours[0]);
}

/* Neither can it wake who has called it, nor has it a window, however often it tries. */
static bool is_refused_windows(void *unused)
{
    (void)unused;
    return fault_count() >= 4;
}

static void a_thread_that_gets_no_other_window_serves_on(void **state)
{
    DWORD id;
    int n = 0;

    (void)state;
    assert_int_equal(DdemlStartThread(NULL, NULL, &id), DMLERR_NO_ERROR);
    assert_int_equal(DdemlCallThread(id, lose_window_for_good, NULL, TEST_PATIENCE_MS), DMLERR_NO_ERROR);
    assert_true(test_pump_until(is_refused_windows, NULL, TEST_PATIENCE_MS));
    fault_rest();
    assert_int_equal(DdemlCallThread(id, count, &n, TEST_PATIENCE_MS), DMLERR_NO_ERROR);
    assert_int_equal(DdemlStopThread(id, TEST_PATIENCE_MS), DMLERR_NO_ERROR);
    assert_int_equal(n, 1);
}

static void CALLBACK lose_window_and_end(LPVOID unused)
{
    (void)unused;
    fault_lose_window();
#ifdef _WIN32
    ExitThread(0);
#else
    pthread_exit(NULL);
#endif
}

static void the_end_of_a_thread_without_its_window_is_told(void **state)
{
    DWORD id;

    (void)state;
    assert_int_equal(DdemlStartThread(NULL, NULL, &id), DMLERR_NO_ERROR);
    assert_int_equal(DdemlCallThread(id, lose_window_and_end, NULL, TEST_PATIENCE_MS), DMLERR_SERVER_DIED);
    assert_int_equal(DdemlStopThread(id, TEST_PATIENCE_MS), DMLERR_INVALIDPARAMETER);
    assert_true(test_pump_until(nothing_is_left, NULL, TEST_PATIENCE_MS));
}

/* Of the thread that waits, and what is done there meanwhile. */
static struct {
    host_wnd window;
    bool end;
    struct test_event *done;
} asker;

static void in_the_wait(void *unused, const struct host_msg *hm)
{
    (void)unused;
    if (hm->id != HOST_EV_RESUME)
        return;
    fault_lose_window();
    test_event_set(asker.done);
    if (asker.end)
        lose_window_and_end(NULL);
}

static void CALLBACK disturb_the_asker(LPVOID disturbed)
{
    struct host_msg hm = {.to = asker.window, .id = HOST_EV_RESUME};

    *(bool *)disturbed = host_post(&hm) == HOST_OK && test_event_wait(asker.done, TEST_PATIENCE_MS);
}

struct asking {
    DWORD id;
    bool disturbed;
    UINT result;
};

static void ask(void *asking)
{
    struct asking *a = asking;

    asker.window = host_window_create(HOST_PLAIN, 0, true, in_the_wait, NULL);
    a->result = DdemlCallThread(a->id, disturb_the_asker, &a->disturbed, TEST_PATIENCE_MS);
    host_window_destroy(asker.window);
}

static void ask_and_stop(bool end, struct asking *a)
{
    struct test_thread *t;

    assert_int_equal(DdemlStartThread(NULL, NULL, &a->id), DMLERR_NO_ERROR);
    asker.end = end;
    asker.done = test_event_new();
    t = test_thread_start(ask, a);
    test_thread_join(t);
    assert_int_equal(DdemlStopThread(a->id, TEST_PATIENCE_MS), DMLERR_NO_ERROR);
    test_event_free(asker.done);
    assert_true(a->disturbed);
}

static void whoever_waits_does_so_without_a_window_too(void **state)
{
    struct asking a = {.result = DMLERR_SYS_ERROR};

    (void)state;
    ask_and_stop(false, &a);
    assert_int_equal(a.result, DMLERR_NO_ERROR);
}

static void whoever_waits_without_a_window_may_end(void **state)
{
    struct asking a = {.result = 4711};

    (void)state;
    ask_and_stop(true, &a);
    assert_int_equal(a.result, 4711);
}

/* A worker that could not be told is told once more when nothing is refused any more. */
static void start_call_and_stop(void)
{
    DWORD id = 0;

    DdemlStartThread(nothing, NULL, &id);
    DdemlCallThread(id, lose_window, NULL, 50);
    DdemlCallThread(id, nothing, NULL, 50);
    DdemlStopThread(id, 50);
    fault_rest();
    DdemlStopThread(id, TEST_PATIENCE_MS);
    assert_true(test_pump_until(nothing_is_left, NULL, TEST_PATIENCE_MS));
}

static void nothing_is_left_whatever_is_refused(void **state)
{
    (void)state;
    for (int for_good = 0; for_good < 2; for_good++) {
        unsigned n = 0;

        do {
            n++;
            fault_arm(n, for_good, &flavours[n % FLAVOURS]);
            start_call_and_stop();
        } while (fault_fired());
        assert_true(n > 5);
    }
}

static int down(void **state)
{
    (void)state;
    fault_rest();
    test_ledger_is_empty();
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_thread_that_cannot_be_waited_for_ends_all_the_same, down),
        cmocka_unit_test_teardown(what_is_posted_to_its_window_is_disposed_of, down),
        cmocka_unit_test_teardown(a_thread_whose_window_is_destroyed_serves_on, down),
        cmocka_unit_test_teardown(a_thread_that_gets_no_other_window_serves_on, down),
        cmocka_unit_test_teardown(the_end_of_a_thread_without_its_window_is_told, down),
        cmocka_unit_test_teardown(whoever_waits_does_so_without_a_window_too, down),
        cmocka_unit_test_teardown(whoever_waits_without_a_window_may_end, down),
        cmocka_unit_test_teardown(nothing_is_left_whatever_is_refused, down),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
