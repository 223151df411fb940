/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Threads that serve DDE for a program that has no loop: DdemlStartThread, DdemlCallThread, DdemlStopThread
 * (docs/conformance.md, 8.2). Functions that run on such a thread write down what they see; the test asserts. */

#include "support/party.h"

#include <stdatomic.h>
#include <stdlib.h>

#ifdef _WIN32
#include <process.h>
#else
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
#endif

#define FOR_EVER 0xFFFFFFFF

static const char *program;

static DWORD start(PFNDDEMLTHREAD function, void *param)
{
    DWORD id = 0;

    assert_int_equal(DdemlStartThread(function, param, &id), DMLERR_NO_ERROR);
    assert_int_not_equal(id, 0);
    return id;
}

static void call(DWORD id, PFNDDEMLTHREAD function, void *param)
{
    assert_int_equal(DdemlCallThread(id, function, param, TEST_PATIENCE_MS), DMLERR_NO_ERROR);
}

static void stop(DWORD id)
{
    assert_int_equal(DdemlStopThread(id, TEST_PATIENCE_MS), DMLERR_NO_ERROR);
}

static void CALLBACK nothing(LPVOID param)
{
    (void)param;
}

static void CALLBACK count(LPVOID n)
{
    ++*(int *)n;
}

static bool nothing_is_left(void *arg)
{
    DDEMLLEDGER left = {.cb = sizeof left};

    (void)arg;
    return DdemlGetLedger(0, &left) && !left.heap;
}

/* For a thread that ends by itself: nobody is told when it has said its last word. */
static void await_end_of(DWORD id)
{
    UINT r = DdemlStopThread(id, TEST_PATIENCE_MS);

    assert_true(r == DMLERR_NO_ERROR || r == DMLERR_INVALIDPARAMETER);
    assert_true(test_pump_until(nothing_is_left, NULL, TEST_PATIENCE_MS));
}

/* ---- Running ------------------------------------------------------------------------------------------- */

struct log {
    int n;
    char letters[16];
};

static void CALLBACK write_a(LPVOID log)
{
    struct log *l = log;

    l->letters[l->n++] = 'a';
}

static void CALLBACK write_b(LPVOID log)
{
    struct log *l = log;

    l->letters[l->n++] = 'b';
}

static void functions_run_one_after_the_other_behind_the_first(void **state)
{
    struct log log = {0};
    DWORD id = start(write_a, &log);

    (void)state;
    call(id, write_b, &log);
    call(id, write_a, &log);
    stop(id);
    assert_string_equal(log.letters, "aba");
}

static void a_thread_may_begin_with_nothing_to_do(void **state)
{
    DWORD id = start(NULL, NULL);
    int n = 0;

    (void)state;
    call(id, count, &n);
    stop(id);
    assert_int_equal(n, 1);
}

static DWORD own_id;
static UINT own_result;

static void CALLBACK call_itself(LPVOID n)
{
    own_result = DdemlCallThread(own_id, count, n, 0);
    *(int *)n *= 10;
}

static void a_call_on_the_thread_itself_runs_at_once(void **state)
{
    int n = 0;

    (void)state;
    own_id = start(NULL, NULL);
    call(own_id, call_itself, &n);
    stop(own_id);
    assert_int_equal(own_result, DMLERR_NO_ERROR);
    assert_int_equal(n, 10);
}

struct relay {
    DWORD next;
    int *n;
    UINT result;
};

static void CALLBACK pass_on(LPVOID relay)
{
    struct relay *r = relay;

    r->result = DdemlCallThread(r->next, count, r->n, TEST_PATIENCE_MS);
}

static void threads_may_call_each_other(void **state)
{
    int n = 0;
    DWORD first = start(NULL, NULL);
    struct relay r = {start(NULL, NULL), &n, DMLERR_SYS_ERROR};

    (void)state;
    assert_int_not_equal(first, r.next);
    call(first, pass_on, &r);
    assert_int_equal(r.result, DMLERR_NO_ERROR);
    assert_int_equal(n, 1);
    stop(r.next);
    stop(first);
}

enum { CALLERS = 4, CALLS = 100 };

struct caller {
    DWORD id;
    int *n;
    atomic_int wrong;
};

static void call_often(void *caller)
{
    struct caller *c = caller;

    for (int i = 0; i < CALLS; i++)
        if (DdemlCallThread(c->id, count, c->n, TEST_PATIENCE_MS) != DMLERR_NO_ERROR)
            c->wrong++;
}

/* Only one thread touches the counter. */
static void any_number_of_threads_may_call(void **state)
{
    int n = 0;
    struct caller c = {.id = start(NULL, NULL), .n = &n};
    struct test_thread *t[CALLERS];

    (void)state;
    for (int i = 0; i < CALLERS; i++)
        t[i] = test_thread_start(call_often, &c);
    for (int i = 0; i < CALLERS; i++)
        test_thread_join(t[i]);
    stop(c.id);
    assert_int_equal(c.wrong, 0);
    assert_int_equal(n, CALLERS * CALLS);
}

/* ---- Serving ------------------------------------------------------------------------------------------- */

static struct {
    DWORD id;
    DWORD thread; /* of the library */
    HSZ service, topic, item;
    int value, updates;
    void (*inside)(UINT type);
} server;

static HDDEDATA CALLBACK serve(UINT type, UINT fmt, HCONV conv, HSZ topic, HSZ item, HDDEDATA data,
                               ULONG_PTR data1, ULONG_PTR data2)
{
    char text[16];

    (void)conv, (void)topic, (void)data, (void)data1, (void)data2;
    if (server.inside)
        server.inside(type);
    switch (type) {
    case XTYP_CONNECT:
    case XTYP_ADVSTART:
        return (HDDEDATA)(uintptr_t)TRUE;
    case XTYP_EXECUTE:
        return (HDDEDATA)(uintptr_t)DDE_FACK;
    case XTYP_REQUEST:
    case XTYP_ADVREQ:
        snprintf(text, sizeof text, "%d", server.value);
        return DdeCreateDataHandle(server.id, (LPBYTE)text, (DWORD)strlen(text) + 1, 0, item, fmt, 0);
    default:
        return 0;
    }
}

static void CALLBACK open_server(LPVOID ok)
{
    server.id = 0;
    *(int *)ok = DdeInitializeA(&server.id, serve, 0, 0) == DMLERR_NO_ERROR;
    server.service = DdeCreateStringHandleA(server.id, SERVICE, CP_WINANSI);
    server.topic = DdeCreateStringHandleA(server.id, TOPIC, CP_WINANSI);
    server.item = DdeCreateStringHandleA(server.id, ITEM, CP_WINANSI);
    *(int *)ok &= DdeNameService(server.id, server.service, 0, DNS_REGISTER) != 0;
}

static void CALLBACK close_server(LPVOID ok)
{
    *(int *)ok = DdeUninitialize(server.id);
}

static void CALLBACK change(LPVOID value)
{
    server.value = *(int *)value;
    server.updates += DdePostAdvise(server.id, server.topic, server.item);
}

/* The server's thread; it is ready when this returns. */
static DWORD start_server(void)
{
    int ok = 0;

    memset(&server, 0, sizeof server);
    server.thread = start(open_server, &ok);
    call(server.thread, nothing, NULL);
    assert_true(ok);
    return server.thread;
}

static bool has_ten(void *client)
{
    return party_count(client, XTYP_ADVDATA) == 10;
}

static void a_program_without_a_loop_serves_requests_and_hot_links(void **state)
{
    DWORD id = start_server();
    struct party *client = party_open(APPCMD_CLIENTONLY);
    HCONV conv = party_connect(client, SERVICE, TOPIC);
    int ok = 0;

    (void)state;
    assert_non_null(party_transact(client, conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    for (int i = 1; i <= 10; i++)
        call(id, change, &i);
    assert_true(test_pump_until(has_ten, client, TEST_PATIENCE_MS));
    assert_string_equal((const char *)party_last(client, XTYP_ADVDATA)->bytes, "10");
    assert_true(DdeFreeDataHandle(party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
    assert_true(DdeDisconnect(conv));
    call(id, close_server, &ok);
    assert_true(ok);
    stop(id);
}

static bool is_told(void *client)
{
    return party_count(client, XTYP_DISCONNECT) != 0;
}

static void what_is_left_on_a_thread_that_stops_is_uninitialised(void **state)
{
    DWORD id = start_server();
    struct party *client = party_open(APPCMD_CLIENTONLY);
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    assert_non_null(conv);
    stop(id);
    assert_true(test_pump_until(is_told, client, TEST_PATIENCE_MS));
    assert_null(DdeConnect(client->id, party_text(client, SERVICE), party_text(client, TOPIC), NULL));
}

static atomic_bool enough;

static void call_until_enough(void *caller)
{
    struct caller *c = caller;

    while (!enough)
        if (DdemlCallThread(c->id, count, c->n, TEST_PATIENCE_MS) != DMLERR_NO_ERROR)
            c->wrong++;
}

static void calls_without_end_do_not_keep_messages_waiting(void **state)
{
    int n = 0;
    struct caller c = {.id = start_server(), .n = &n};
    struct party *client = party_open(APPCMD_CLIENTONLY);
    HCONV conv = party_connect(client, SERVICE, TOPIC);
    struct test_thread *t[CALLERS];

    (void)state;
    enough = false;
    for (int i = 0; i < CALLERS; i++)
        t[i] = test_thread_start(call_until_enough, &c);
    for (int i = 0; i < 20; i++)
        assert_true(DdeFreeDataHandle(party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
    enough = true;
    for (int i = 0; i < CALLERS; i++)
        test_thread_join(t[i]);
    stop(c.id);
    assert_int_equal(c.wrong, 0);
}

/* A client on the service thread, and its server on the thread that waits for it. */
static void CALLBACK ask_the_caller(LPVOID answered)
{
    DWORD id = 0;
    HSZ service, topic, item;
    HCONV conv;
    HDDEDATA data;

    *(int *)answered = DdeInitializeA(&id, serve, APPCMD_CLIENTONLY, 0) == DMLERR_NO_ERROR;
    service = DdeCreateStringHandleA(id, SERVICE, CP_WINANSI);
    topic = DdeCreateStringHandleA(id, TOPIC, CP_WINANSI);
    item = DdeCreateStringHandleA(id, ITEM, CP_WINANSI);
    conv = DdeConnect(id, service, topic, NULL);
    data = DdeClientTransaction(NULL, 0, conv, item, CF_TEXT, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
    *(int *)answered &= data && DdeFreeDataHandle(data) && DdeUninitialize(id);
}

static void whoever_waits_for_a_thread_serves_it_meanwhile(void **state)
{
    DWORD id = start(NULL, NULL);
    int answered = 0;

    (void)state;
    party_serve(0)->value = "yes";
    call(id, ask_the_caller, &answered);
    stop(id);
    assert_true(answered);
}

/* ---- Time that is up ------------------------------------------------------------------------------------- */

static struct test_event *begun, *go_on;

static void CALLBACK wait_to_go_on(LPVOID n)
{
    test_event_set(begun);
    test_event_wait(go_on, TEST_PATIENCE_MS);
    ++*(int *)n;
}

static void make_events(void)
{
    begun = test_event_new();
    go_on = test_event_new();
}

static void free_events(void)
{
    test_event_free(begun);
    test_event_free(go_on);
}

static void a_function_that_has_not_begun_in_time_never_does(void **state)
{
    int first = 0, second = 0;
    DWORD id;

    (void)state;
    make_events();
    id = start(wait_to_go_on, &first);
    assert_true(test_event_wait(begun, TEST_PATIENCE_MS));
    assert_int_equal(DdemlCallThread(id, count, &second, 0), DMLERR_BUSY);
    assert_int_equal(DdemlCallThread(id, count, &second, 20), DMLERR_BUSY);
    test_event_set(go_on);
    call(id, nothing, NULL);
    stop(id);
    assert_int_equal(first, 1);
    assert_int_equal(second, 0);
    free_events();
}

static void a_function_that_has_begun_goes_on_when_time_is_up(void **state)
{
    int n = 0;
    DWORD id;

    (void)state;
    make_events();
    id = start(NULL, NULL);
    while (!test_event_wait(begun, 0)) /* if it is late itself, another one begins */
        assert_int_not_equal(DdemlCallThread(id, wait_to_go_on, &n, 50), DMLERR_NO_ERROR);
    assert_int_equal(n, 0);
    test_event_set(go_on);
    call(id, nothing, NULL);
    stop(id);
    assert_int_equal(n, 1);
    free_events();
}

static bool wait_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    int n = 0;

    (void)p, (void)result;
    if (c->type == XTYP_REQUEST)
        wait_to_go_on(&n);
    return false;
}

static void serve_slowly(struct party *p)
{
    p->hook = wait_inside;
    party_register(p, SERVICE);
}

struct asking {
    DWORD id;
    int answered;
    UINT result;
};

static void call_from_elsewhere(void *asking)
{
    struct asking *a = asking;

    a->result = DdemlCallThread(a->id, ask_the_caller, &a->answered, TEST_PATIENCE_MS);
}

/* The thread waits for the answer to a transaction, and dispatches meanwhile. */
static void functions_do_not_run_inside_others_that_wait(void **state)
{
    struct asking a = {.id = start(NULL, NULL)};
    struct test_thread *asker;
    struct remote slow;
    int n = 0;

    (void)state;
    make_events();
    remote_start(&slow, 0, serve_slowly);
    asker = test_thread_start(call_from_elsewhere, &a);
    assert_true(test_event_wait(begun, TEST_PATIENCE_MS));
    assert_int_equal(DdemlCallThread(a.id, count, &n, 50), DMLERR_BUSY);
    test_event_set(go_on);
    test_thread_join(asker);
    assert_int_equal(a.result, DMLERR_NO_ERROR);
    stop(a.id);
    remote_stop(&slow);
    assert_int_equal(n, 0);
    free_events();
}

/* ---- Ids that are none ------------------------------------------------------------------------------------ */

static void what_is_no_thread_is_an_invalid_parameter(void **state)
{
    DWORD id = start(NULL, NULL);
    const DWORD bad[] = {0, 0xFFFFFFFF, id + 1000};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(DdemlCallThread(bad[i], nothing, NULL, FOR_EVER), DMLERR_INVALIDPARAMETER);
        assert_int_equal(DdemlStopThread(bad[i], FOR_EVER), DMLERR_INVALIDPARAMETER);
    }
    assert_int_equal(DdemlCallThread(id, NULL, NULL, FOR_EVER), DMLERR_INVALIDPARAMETER);
    assert_int_equal(DdemlStartThread(nothing, NULL, NULL), DMLERR_INVALIDPARAMETER);
    assert_int_equal(DdemlStopThread(id, FOR_EVER), DMLERR_NO_ERROR);
    assert_int_equal(DdemlCallThread(id, nothing, NULL, FOR_EVER), DMLERR_INVALIDPARAMETER);
    assert_int_equal(DdemlStopThread(id, FOR_EVER), DMLERR_INVALIDPARAMETER);
}

static void ids_are_not_used_again(void **state)
{
    DWORD last = 0;

    (void)state;
    for (int i = 0; i < 20; i++) {
        DWORD id = start(NULL, NULL);

        assert_int_not_equal(id, last);
        stop(id);
        last = id;
    }
}

/* ---- Ends ------------------------------------------------------------------------------------------------- */

struct call_of_thread {
    DWORD id;
    PFNDDEMLTHREAD function;
    int n;
    UINT result;
};

static void call_it(void *c)
{
    struct call_of_thread *call = c;

    call->result = DdemlCallThread(call->id, call->function, &call->n, TEST_PATIENCE_MS);
}

static void what_runs_is_finished_and_what_waits_is_dropped_when_a_thread_stops(void **state)
{
    DWORD id = start(NULL, NULL);
    struct call_of_thread running = {.id = id, .function = wait_to_go_on},
                          waiting = {.id = id, .function = count};
    struct test_thread *one, *two;
    int n = 0;
    UINT stopped;

    (void)state;
    make_events();
    one = test_thread_start(call_it, &running);
    assert_true(test_event_wait(begun, TEST_PATIENCE_MS));
    two = test_thread_start(call_it, &waiting);
    assert_int_equal(DdemlStopThread(id, 0), DMLERR_EXECACKTIMEOUT);
    assert_int_equal(DdemlCallThread(id, count, &n, TEST_PATIENCE_MS), DMLERR_SERVER_DIED);
    test_event_set(go_on);
    stopped = DdemlStopThread(id, TEST_PATIENCE_MS);
    assert_true(stopped == DMLERR_NO_ERROR ||
                stopped == DMLERR_INVALIDPARAMETER); /* it may have ended before */
    test_thread_join(one);
    test_thread_join(two);
    assert_int_equal(running.result, DMLERR_NO_ERROR);
    assert_int_equal(running.n, 1);
    assert_true(waiting.result == DMLERR_SERVER_DIED || waiting.result == DMLERR_INVALIDPARAMETER);
    assert_int_equal(waiting.n + n, 0);
    free_events();
}

static void stop_it(void *c)
{
    struct call_of_thread *call = c;

    call->result = DdemlStopThread(call->id, TEST_PATIENCE_MS);
}

static void all_who_stop_a_thread_wait_for_its_end(void **state)
{
    DWORD id = start(NULL, NULL);
    struct call_of_thread running = {.id = id, .function = wait_to_go_on};
    struct call_of_thread stops[CALLERS];
    struct test_thread *one, *t[CALLERS];

    (void)state;
    make_events();
    one = test_thread_start(call_it, &running);
    assert_true(test_event_wait(begun, TEST_PATIENCE_MS));
    for (int i = 0; i < CALLERS; i++) {
        stops[i].id = id;
        t[i] = test_thread_start(stop_it, &stops[i]);
    }
    test_event_set(go_on);
    for (int i = 0; i < CALLERS; i++) {
        test_thread_join(t[i]);
        assert_true(stops[i].result == DMLERR_NO_ERROR || stops[i].result == DMLERR_INVALIDPARAMETER);
    }
    test_thread_join(one);
    assert_int_equal(DdemlStopThread(id, FOR_EVER), DMLERR_INVALIDPARAMETER);
    free_events();
}

static UINT stopped_inside;

static void stop_inside(UINT type)
{
    if (type == XTYP_EXECUTE)
        stopped_inside = DdemlStopThread(server.thread, FOR_EVER);
}

static void a_callback_may_stop_its_thread(void **state)
{
    DWORD id = start_server();
    struct party *client = party_open(APPCMD_CLIENTONLY);
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    stopped_inside = DMLERR_SYS_ERROR;
    server.inside = stop_inside;
    assert_non_null(party_send(client, conv, XTYP_EXECUTE, "[stop]", TEST_PATIENCE_MS, NULL));
    assert_int_equal(stopped_inside, DMLERR_NO_ERROR);
    assert_true(test_pump_until(is_told, client, TEST_PATIENCE_MS));
    party_close(client);
    await_end_of(id);
}

static void CALLBACK stop_own(LPVOID id)
{
    stopped_inside = DdemlStopThread(*(DWORD *)id, FOR_EVER);
}

static void the_first_function_may_stop_its_thread(void **state)
{
    (void)state;
    stopped_inside = DMLERR_SYS_ERROR;
    assert_int_equal(DdemlStartThread(stop_own, &own_id, &own_id), DMLERR_NO_ERROR);
    await_end_of(own_id);
    assert_int_equal(stopped_inside, DMLERR_NO_ERROR);
}

static void CALLBACK end_thread(LPVOID param)
{
    (void)param;
#ifdef _WIN32
    ExitThread(0);
#else
    pthread_exit(NULL);
#endif
}

static void a_thread_may_end_by_itself(void **state)
{
    DWORD id = start_server();

    (void)state;
    assert_int_equal(DdemlCallThread(id, end_thread, NULL, TEST_PATIENCE_MS), DMLERR_SERVER_DIED);
    assert_int_equal(DdemlCallThread(id, nothing, NULL, TEST_PATIENCE_MS), DMLERR_INVALIDPARAMETER);
    await_end_of(id);
}

static void CALLBACK call_own_to_end(LPVOID id)
{
    DdemlCallThread(*(DWORD *)id, end_thread, NULL, FOR_EVER);
}

static void a_thread_may_end_in_what_it_tells_itself(void **state)
{
    DWORD id = start(NULL, NULL);

    (void)state;
    assert_int_equal(DdemlCallThread(id, call_own_to_end, &id, TEST_PATIENCE_MS), DMLERR_SERVER_DIED);
    await_end_of(id);
}

static void end_in_connect(UINT type)
{
    if (type == XTYP_CONNECT)
        end_thread(NULL);
}

static struct test_event *is_serving;

/* Serves while it waits, and ends in a callback. */
static void wait_and_end(void *c)
{
    int ok;

    open_server(&ok);
    server.inside = end_in_connect;
    test_event_set(is_serving);
    call_it(c);
}

static void whoever_waits_may_end_meanwhile(void **state)
{
    struct call_of_thread c = {.id = start(NULL, NULL), .function = wait_to_go_on, .result = 4711};
    struct party *client = party_open(APPCMD_CLIENTONLY);
    struct test_thread *t;

    (void)state;
    make_events();
    is_serving = test_event_new();
    memset(&server, 0, sizeof server);
    t = test_thread_start(wait_and_end, &c);
    assert_true(test_event_pump(is_serving, TEST_PATIENCE_MS));
    assert_true(test_event_pump(begun, TEST_PATIENCE_MS));
    DdeConnect(client->id, party_text(client, SERVICE), party_text(client, TOPIC), NULL);
    test_thread_join(t);
    test_event_set(go_on);
    stop(c.id);
    assert_int_equal(c.result, 4711);
    assert_int_equal(c.n, 1);
    test_event_free(is_serving);
    free_events();
}

/* ---- The end of the program ---------------------------------------------------------------------------------- */

static int leave_it_running(void)
{
    DWORD id = 0;
    int ok = 0;

    if (DdemlStartThread(open_server, &ok, &id) != DMLERR_NO_ERROR)
        return 1;
    if (DdemlCallThread(id, nothing, NULL, TEST_PATIENCE_MS) != DMLERR_NO_ERROR)
        return 2;
    return ok ? 0 : 3;
}

static int run_another(const char *what)
{
#ifdef _WIN32
    return (int)_spawnl(_P_WAIT, program, program, what, NULL);
#else
    char *argv[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)what, NULL};
    pid_t child = 0;
    int status = -1;

    assert_int_equal(posix_spawn(&child, program, NULL, NULL, argv, environ), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
#endif
}

static void a_program_may_end_while_its_threads_serve(void **state)
{
    (void)state;
    assert_int_equal(run_another("leave"), 0);
}

#ifdef _WIN32

/* ---- Windows ------------------------------------------------------------------------------------------------- */

/* The next window behind `last` that the library wakes the thread with. */
static HWND quiet_window(DWORD thread, HWND last)
{
    HWND wnd = last;

    do
        wnd = FindWindowExA(HWND_MESSAGE, wnd, "DdemlQuiet", NULL);
    while (wnd && GetWindowThreadProcessId(wnd, NULL) != thread);
    return wnd;
}

static void CALLBACK destroy_windows(LPVOID destroyed)
{
    HWND wnd;

    while ((wnd = quiet_window(GetCurrentThreadId(), NULL)) != NULL)
        *(int *)destroyed += DestroyWindow(wnd) != 0;
}

static void a_thread_whose_windows_the_program_destroys_serves_on(void **state)
{
    DWORD id = start_server();
    struct party *client = party_open(APPCMD_CLIENTONLY);
    HCONV conv = party_connect(client, SERVICE, TOPIC);
    int n = 0;

    (void)state;
    for (int i = 1; i <= 3; i++) {
        call(id, destroy_windows, &n);
        assert_int_equal(n, i);
        assert_true(DdeFreeDataHandle(party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
    }
    stop(id);
}

static void CALLBACK note_thread(LPVOID thread)
{
    *(DWORD *)thread = GetCurrentThreadId();
}

static bool has_window(void *thread)
{
    return quiet_window(*(DWORD *)thread, NULL) != NULL;
}

/* Any program may ask it to close, and that is what the system makes of it. */
static void a_thread_whose_window_is_closed_from_elsewhere_serves_on(void **state)
{
    DWORD thread = 0, id = start(note_thread, &thread);
    int n = 0;

    (void)state;
    for (int i = 1; i <= 3; i++) {
        call(id, count, &n);
        assert_true(test_pump_until(has_window, &thread, TEST_PATIENCE_MS));
        SendMessageA(quiet_window(thread, NULL), WM_CLOSE, 0, 0);
    }
    stop(id);
    assert_int_equal(n, 3);
}

static void CALLBACK destroy_windows_and_end(LPVOID destroyed)
{
    destroy_windows(destroyed);
    end_thread(NULL);
}

static void a_thread_may_destroy_its_windows_and_end(void **state)
{
    DWORD id = start_server();
    int n = 0;

    (void)state;
    assert_int_equal(DdemlCallThread(id, destroy_windows_and_end, &n, TEST_PATIENCE_MS), DMLERR_SERVER_DIED);
    assert_int_equal(DdemlCallThread(id, nothing, NULL, TEST_PATIENCE_MS), DMLERR_INVALIDPARAMETER);
    await_end_of(id);
    assert_int_equal(n, 1);
}

static int destroyed_inside;

static bool destroy_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_REQUEST)
        destroy_windows(&destroyed_inside);
    return false;
}

static void whoever_waits_may_destroy_its_windows_meanwhile(void **state)
{
    DWORD id = start(NULL, NULL);
    struct party *p = party_serve(0);
    int answered = 0;

    (void)state;
    p->value = "yes";
    p->hook = destroy_inside;
    destroyed_inside = 0;
    call(id, ask_the_caller, &answered);
    stop(id);
    assert_true(answered);
    assert_int_equal(destroyed_inside, 1);
}

#else

/* ---- Linux --------------------------------------------------------------------------------------------------- */

static void CALLBACK look_at_signals(LPVOID blocked)
{
    sigset_t set;

    pthread_sigmask(SIG_SETMASK, NULL, &set);
    *(int *)blocked = sigismember(&set, SIGTERM) && sigismember(&set, SIGINT) && sigismember(&set, SIGUSR1);
}

static void signals_are_for_the_programs_own_threads(void **state)
{
    int blocked = 0;
    DWORD id = start(look_at_signals, &blocked);

    (void)state;
    stop(id);
    assert_true(blocked);
}

static int open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static void CALLBACK ask_for_descriptor(LPVOID fd)
{
    *(int *)fd = DdemlGetFd();
}

static void a_thread_that_has_stopped_leaves_no_descriptor(void **state)
{
    struct party *first = party_open(0); /* from here on this process has met others */
    int n = open_descriptors(), fd = -1;

    (void)state;
    assert_non_null(first);
    for (int i = 0; i < 20; i++) {
        DWORD id = start_server();

        call(id, ask_for_descriptor, &fd);
        assert_true(fd >= 0);
        stop(id);
        assert_int_equal(open_descriptors(), n);
    }
}

static void a_child_of_fork_has_none_of_the_threads(void **state)
{
    DWORD id = start(NULL, NULL);
    int status = -1, n = 0;
    pid_t child;

    (void)state;
    call(id, nothing, NULL);
    child = fork();
    if (child == 0) {
        bool right = DdemlCallThread(id, count, &n, 20) != DMLERR_NO_ERROR &&
                     DdemlStopThread(id, 20) != DMLERR_NO_ERROR && n == 0;

        _exit(right ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    call(id, nothing, NULL);
    stop(id);
}

#endif

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        rule("8.2", functions_run_one_after_the_other_behind_the_first),
        rule("8.2", a_thread_may_begin_with_nothing_to_do),
        rule("8.2", a_call_on_the_thread_itself_runs_at_once),
        rule("8.2", threads_may_call_each_other),
        rule("8.2", any_number_of_threads_may_call),
        rule("8.2", a_program_without_a_loop_serves_requests_and_hot_links),
        rule("8.2", what_is_left_on_a_thread_that_stops_is_uninitialised),
        rule("8.2", calls_without_end_do_not_keep_messages_waiting),
        rule("8.2", whoever_waits_for_a_thread_serves_it_meanwhile),
        rule("8.2", a_function_that_has_not_begun_in_time_never_does),
        rule("8.2", a_function_that_has_begun_goes_on_when_time_is_up),
        rule("8.2", functions_do_not_run_inside_others_that_wait),
        rule("8.2", what_is_no_thread_is_an_invalid_parameter),
        rule("8.2", ids_are_not_used_again),
        rule("8.2", what_runs_is_finished_and_what_waits_is_dropped_when_a_thread_stops),
        rule("8.2", all_who_stop_a_thread_wait_for_its_end),
        rule("8.2", a_callback_may_stop_its_thread),
        rule("8.2", the_first_function_may_stop_its_thread),
        rule("8.2", a_thread_may_end_by_itself),
        rule("8.2", a_thread_may_end_in_what_it_tells_itself),
        rule("8.2", whoever_waits_may_end_meanwhile),
        rule("8.2", a_program_may_end_while_its_threads_serve),
#ifdef _WIN32
        rule("8.2", a_thread_whose_windows_the_program_destroys_serves_on),
        rule("8.2", a_thread_whose_window_is_closed_from_elsewhere_serves_on),
        rule("8.2", a_thread_may_destroy_its_windows_and_end),
        rule("8.2", whoever_waits_may_destroy_its_windows_meanwhile),
#else
        rule("8.2", signals_are_for_the_programs_own_threads),
        rule("8.2", a_thread_that_has_stopped_leaves_no_descriptor),
        rule("8.2", a_child_of_fork_has_none_of_the_threads),
#endif
    };

    program = argv[0];
    if (argc == 2 && strcmp(argv[1], "leave") == 0)
        return leave_it_running();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
