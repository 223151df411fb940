/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "support/support.h"

#include <stdlib.h>

#ifdef _WIN32

uint64_t test_now_ms(void)
{
    return GetTickCount64();
}

static bool dispatch(unsigned wait_ms)
{
    MSG msg;

    if (!PeekMessageW(&msg, NULL, 0, 0, PM_REMOVE)) {
        if (!wait_ms)
            return false;
        MsgWaitForMultipleObjectsEx(0, NULL, wait_ms, QS_ALLINPUT, MWMO_INPUTAVAILABLE);
        if (!PeekMessageW(&msg, NULL, 0, 0, PM_REMOVE))
            return false;
    }
    DispatchMessageW(&msg);
    return true;
}

struct test_thread {
    HANDLE handle;
    void (*run)(void *arg);
    void *arg;
};

static DWORD WINAPI start(void *thread)
{
    struct test_thread *t = thread;

    t->run(t->arg);
    return 0;
}

struct test_thread *test_thread_start(void (*run)(void *arg), void *arg)
{
    struct test_thread *t = calloc(1, sizeof *t);

    assert_non_null(t);
    t->run = run;
    t->arg = arg;
    t->handle = CreateThread(NULL, 0, start, t, 0, NULL);
    assert_non_null(t->handle);
    return t;
}

void test_thread_join(struct test_thread *t)
{
    WaitForSingleObject(t->handle, INFINITE);
    CloseHandle(t->handle);
    free(t);
}

struct test_event {
    HANDLE handle;
};

struct test_event *test_event_new(void)
{
    struct test_event *e = calloc(1, sizeof *e);

    assert_non_null(e);
    e->handle = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_non_null(e->handle);
    return e;
}

void test_event_free(struct test_event *e)
{
    CloseHandle(e->handle);
    free(e);
}

void test_event_set(struct test_event *e)
{
    SetEvent(e->handle);
}

void test_event_reset(struct test_event *e)
{
    ResetEvent(e->handle);
}

bool test_event_wait(struct test_event *e, unsigned ms)
{
    return WaitForSingleObject(e->handle, ms) == WAIT_OBJECT_0;
}

#else

#include <pthread.h>
#include <time.h>

uint64_t test_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool dispatch(unsigned wait_ms)
{
    return DdemlDispatch(wait_ms);
}

struct test_thread {
    pthread_t thread;
    void (*run)(void *arg);
    void *arg;
};

static void *start(void *thread)
{
    struct test_thread *t = thread;

    t->run(t->arg);
    return NULL;
}

struct test_thread *test_thread_start(void (*run)(void *arg), void *arg)
{
    struct test_thread *t = calloc(1, sizeof *t);

    assert_non_null(t);
    t->run = run;
    t->arg = arg;
    assert_int_equal(pthread_create(&t->thread, NULL, start, t), 0);
    return t;
}

void test_thread_join(struct test_thread *t)
{
    pthread_join(t->thread, NULL);
    free(t);
}

struct test_event {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool set;
};

struct test_event *test_event_new(void)
{
    struct test_event *e = calloc(1, sizeof *e);
    pthread_condattr_t attr;

    assert_non_null(e);
    pthread_mutex_init(&e->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&e->changed, &attr);
    pthread_condattr_destroy(&attr);
    return e;
}

void test_event_free(struct test_event *e)
{
    pthread_cond_destroy(&e->changed);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

static void change(struct test_event *e, bool set)
{
    pthread_mutex_lock(&e->lock);
    e->set = set;
    pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->lock);
}

void test_event_set(struct test_event *e)
{
    change(e, true);
}

void test_event_reset(struct test_event *e)
{
    change(e, false);
}

bool test_event_wait(struct test_event *e, unsigned ms)
{
    uint64_t until = test_now_ms() + ms;
    struct timespec when = {.tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000};
    int r = 0;
    bool set;

    pthread_mutex_lock(&e->lock);
    while (!e->set && !r)
        r = pthread_cond_timedwait(&e->changed, &e->lock, &when);
    set = e->set;
    pthread_mutex_unlock(&e->lock);
    return set;
}

#endif

/* Between two looks at a condition that another thread may bring about. */
enum { SLICE_MS = 10 };

bool test_pump_until(bool (*done)(void *arg), void *arg, unsigned ms)
{
    uint64_t until = test_now_ms() + ms;

    while (!done(arg)) {
        uint64_t now = test_now_ms();

        if (now >= until)
            return false;
        dispatch(until - now < SLICE_MS ? (unsigned)(until - now) : SLICE_MS);
    }
    return true;
}

static bool is_set(void *flag)
{
    return *(const volatile int *)flag != 0;
}

void test_pump_for(const volatile int *flag)
{
    if (!test_pump_until(is_set, (void *)(uintptr_t)flag, TEST_PATIENCE_MS))
        fail_msg("what was waited for did not happen");
}

void test_pump_all(void)
{
    while (dispatch(0))
        ;
}

bool test_apart;
unsigned (*test_apart_left)(void);

void test_news(void)
{
    if (test_apart)
        test_pump_all();
}

static bool is_event_set(void *event)
{
    return test_event_wait(event, 0);
}

bool test_event_pump(struct test_event *e, unsigned ms)
{
    return test_pump_until(is_event_set, e, ms);
}

#ifndef TEST_SYSTEM_DDEML
void test_ledger_is_empty(void)
{
    DDEMLLEDGER left = {.cb = sizeof left};
    bool empty = true;

    assert_true(DdemlGetLedger(0, &left));
#define CHECK(name)                                                                                          \
    if (left.name) {                                                                                         \
        print_error("left: %d %s\n", (int)left.name, #name);                                                 \
        empty = false;                                                                                       \
    }
    DDEML_LEDGER_COLUMNS(CHECK)
#undef CHECK
    if (test_apart_left && test_apart_left())
        empty = false;
    if (!empty)
        fail_msg("the ledger is not empty");
}
#endif

/* DDEML_TEST=PATTERN in the environment: only the tests whose names fit, with * and ?. */
__attribute__((constructor)) static void choose_tests(void)
{
    const char *pattern = getenv("DDEML_TEST");

    if (pattern)
        cmocka_set_test_filter(pattern);
}

CONVINFO info_of(HCONV conv)
{
    CONVINFO info = {.cb = sizeof info};

    assert_int_equal(DdeQueryConvInfo(conv, QID_SYNC, &info), sizeof info);
    assert_int_equal(info.cb, sizeof info);
    return info;
}
