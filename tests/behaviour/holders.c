/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* DdemlListHolders: what each instance holds (docs/conformance.md, 8.3). */

#include "host/host.h"
#include "support/party.h"

#ifndef _WIN32
#include <pthread.h>
#include <stdlib.h>
#endif

enum { A_WHILE = 50, MOST = 8 };

static struct {
    DDEMLHOLDER holders[MOST];
    DWORD n, wanted;
} told;

static BOOL CALLBACK note(const DDEMLHOLDER *holder, LPVOID param)
{
    assert_ptr_equal(param, &told);
    assert_in_range(told.n, 0, MOST - 1);
    told.holders[told.n++] = *holder;
    return told.n != told.wanted;
}

static DWORD list(DWORD wanted)
{
    memset(&told, 0, sizeof told);
    told.wanted = wanted;
    return DdemlListHolders(note, &told, TEST_PATIENCE_MS);
}

static void every_instance_is_told_with_what_it_holds(void **state)
{
    struct party *first = party_open(0), *second = party_open(0);

    (void)state;
    party_data(first, "data", 0, 0, 0);
    assert_int_equal(list(2), 2);
    for (DWORD i = 0; i < 2; i++) {
        const DDEMLHOLDER *h = &told.holders[i];
        DDEMLLEDGER own = {.cb = sizeof own};

        assert_true(h->idInst == first->id || h->idInst == second->id);
        assert_true(DdemlGetLedger(h->idInst, &own));
        assert_int_equal(h->inst.data, h->idInst == first->id);
        assert_memory_equal(&h->inst, &own, sizeof own);
        assert_int_equal(h->dwProcess, host_process_id());
    }
}

static void the_function_says_when_it_has_enough(void **state)
{
    (void)state;
    party_open(0);
    party_open(0);
    assert_int_equal(list(1), 1);
    assert_int_equal(told.n, 1);
}

static void without_a_function_nobody_is_asked(void **state)
{
    (void)state;
    party_open(0);
    assert_int_equal(DdemlListHolders(NULL, NULL, A_WHILE), 0);
}

/* What listens to this kind of news hears whatever anybody tells. */
static BOOL CALLBACK note_and_forge(const DDEMLHOLDER *holder, LPVOID param)
{
    enum { KIND_HOLDER = 1 };
    static const char forged[HOST_NEWS_SIZE];
    BOOL more = note(holder, param);

    host_tell(KIND_HOLDER, forged, 1);
    host_tell(KIND_HOLDER, forged, sizeof forged);
    return more;
}

static void what_is_no_answer_is_not_told(void **state)
{
    DWORD n;

    (void)state;
    skip_if_apart("the forger has to be heard by the copy that asks");
    party_open(0);
    do {
        memset(&told, 0, sizeof told);
        n = DdemlListHolders(note_and_forge, &told, A_WHILE);
    } while (!n); /* it takes longer */
    assert_int_equal(n, 1);
    assert_int_equal(told.n, 1);
}

#ifdef _WIN32 /* elsewhere a program cannot destroy windows that it has not made */
static unsigned event_windows(HWND *windows)
{
    HWND wnd = NULL;
    unsigned n = 0;

    while ((wnd = FindWindowExW(HWND_MESSAGE, wnd, L"DDEMLEvent", NULL)) != NULL)
        if (GetWindowThreadProcessId(wnd, NULL) == GetCurrentThreadId() && n < MOST)
            windows[n++] = wnd;
    return n;
}

static struct {
    HWND windows[MOST];
    unsigned n;
} before;

static BOOL CALLBACK note_and_destroy(const DDEMLHOLDER *holder, LPVOID param)
{
    HWND windows[MOST];
    unsigned n = event_windows(windows), destroyed = 0;

    for (unsigned i = 0; i < n; i++) {
        bool known = false;

        for (unsigned k = 0; k < before.n; k++)
            known |= before.windows[k] == windows[i];
        destroyed += !known && DestroyWindow(windows[i]);
    }
    assert_int_equal(destroyed, 1);
    return note(holder, param);
}

static void the_window_that_asks_may_be_destroyed_in_it(void **state)
{
    (void)state;
    party_open(0);
    party_open(0);
    memset(&told, 0, sizeof told);
    before.n = event_windows(before.windows);
    assert_int_equal(DdemlListHolders(note_and_destroy, &told, TEST_PATIENCE_MS), 1);
    assert_int_equal(told.n, 1);
    assert_int_equal(event_windows(before.windows), 2);
}
#endif

#ifndef _WIN32 /* where such a thread never leaves the system's frames */
static BOOL CALLBACK die(const DDEMLHOLDER *holder, LPVOID param)
{
    (void)holder, (void)param;
    pthread_exit(NULL);
}

static HDDEDATA CALLBACK callback(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR data1, ULONG_PTR data2)
{
    (void)type, (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)data1, (void)data2;
    return 0;
}

static void ask_and_die(void *unused)
{
    DWORD id = 0;

    (void)unused;
    assert_int_equal(DdeInitializeA(&id, callback, APPCMD_CLIENTONLY, 0), DMLERR_NO_ERROR);
    DdemlListHolders(die, NULL, TEST_PATIENCE_MS);
    abort();
}

static void the_thread_that_asks_may_end_in_it(void **state)
{
    (void)state;
    test_thread_join(test_thread_start(ask_and_die, NULL));
}
#endif

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("8.3", every_instance_is_told_with_what_it_holds),
        rule("8.3", the_function_says_when_it_has_enough),
        rule("8.3", without_a_function_nobody_is_asked),
        rule("8.3", what_is_no_answer_is_not_told),
#ifdef _WIN32
        rule("8.3", the_window_that_asks_may_be_destroyed_in_it),
#else
        rule("8.3", the_thread_that_asks_may_end_in_it),
#endif
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
