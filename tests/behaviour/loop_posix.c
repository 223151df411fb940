/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* A program's own event loop: the descriptor of DdemlGetFd (docs/conformance.md, 8.1). The loop here is poll; what
 * GLib and libuv make of it stands in examples/. */

#include "support/talk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *program;

static bool readable(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, ms) == 1 && p.revents == POLLIN;
}

/* A program's loop as the manual describes it: it waits in nothing but poll. */
static void poll_until(bool (*done)(void *arg), void *arg)
{
    int fd = DdemlGetFd();

    assert_true(fd >= 0);
    while (!done(arg)) {
        if (!readable(fd, TEST_PATIENCE_MS))
            fail_msg("what was waited for did not happen");
        DdemlDispatch(0);
    }
}

/* Whatever is on its way has come when this returns: nothing but messages of this process, for this thread. */
static void poll_all(void)
{
    while (readable(DdemlGetFd(), 0))
        DdemlDispatch(0);
}

static void assert_rests(void)
{
    assert_false(readable(DdemlGetFd(), 0));
    assert_false(DdemlDispatch(0));
    assert_false(readable(DdemlGetFd(), 0));
}

static int open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n - 3; /* "." and "..", and the folder itself */
}

/* ---- The descriptor ------------------------------------------------------------------------------------ */

static void a_thread_has_one_descriptor_however_often_it_asks(void **state)
{
    int fd = DdemlGetFd(), n = open_descriptors();

    (void)state;
    assert_true(fd >= 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(DdemlGetFd(), fd);
    assert_int_equal(open_descriptors(), n);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void ask(void *fd)
{
    *(int *)fd = DdemlGetFd();
}

static void each_thread_has_its_own_and_loses_it_with_its_end(void **state)
{
    int mine = DdemlGetFd(), other = -1, n = open_descriptors();

    (void)state;
    test_thread_join(test_thread_start(ask, &other));
    assert_true(other >= 0);
    assert_int_not_equal(other, mine);
    assert_int_equal(open_descriptors(), n);
    assert_int_equal(fcntl(other, F_GETFD), -1);
}

struct refusal {
    int limit, fd, error, later;
};

static void ask_in_vain(void *arg)
{
    struct refusal *r = arg;
    struct rlimit former, tight;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &former), 0);
    tight = former;
    tight.rlim_cur = (rlim_t)r->limit;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    r->fd = DdemlGetFd();
    r->error = errno;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &former), 0);
    r->later = DdemlGetFd();
}

/* Descriptors are given out from the lowest that is free: the limit lets through none, one or two of three. */
static void without_descriptors_it_is_refused_with_the_reason_and_can_be_asked_for_again(void **state)
{
    int n = open_descriptors(), lowest = dup(0);

    (void)state;
    close(lowest);
    for (int more = 0; more < 3; more++) {
        struct refusal r = {.limit = lowest + more};

        test_thread_join(test_thread_start(ask_in_vain, &r));
        assert_int_equal(r.fd, -1);
        assert_int_equal(r.error, EMFILE);
        assert_true(r.later >= 0);
        assert_int_equal(open_descriptors(), n);
    }
}

static void a_child_of_fork_has_none_of_its_parents_and_can_ask_for_its_own(void **state)
{
    int fd = DdemlGetFd(), status = -1;
    pid_t child;

    (void)state;
    poll_all();
    child = fork();
    if (child == 0) {
        bool gone = fcntl(fd, F_GETFD) == -1, own = DdemlGetFd() >= 0 && readable(DdemlGetFd(), 0);

        DdemlDispatch(0);
        _exit(gone && own && !readable(DdemlGetFd(), 0) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_rests();
}

/* ---- What it tells ------------------------------------------------------------------------------------- */

static bool is_answered(void *client)
{
    return party_count(client, XTYP_XACT_COMPLETE) != 0;
}

static void a_message_makes_it_readable_and_its_dispatch_ends_that(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    poll_all();
    assert_rests();
    assert_non_null(talk_do(&t, XTYP_REQUEST, TIMEOUT_ASYNC));
    assert_true(readable(DdemlGetFd(), 0));
    assert_true(readable(DdemlGetFd(), 0)); /* as long as it lies there */
    poll_until(is_answered, t.client);
    poll_all();
    assert_rests();
}

static bool has_updates(void *client)
{
    return party_count(client, XTYP_ADVDATA) == 2500;
}

static void after_a_burst_nothing_is_missing_and_it_rests(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    talk_start(&t, 0);
    for (int i = 0; i < 2500; i++)
        talk_post(&t);
    poll_until(has_updates, t.client);
    poll_all();
    assert_rests();
}

static void what_a_synchronous_transaction_has_taken_wakes_nobody_for_long(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    assert_non_null(talk_do(&t, XTYP_REQUEST, TEST_PATIENCE_MS));
    DdemlDispatch(0);
    assert_rests();
}

static bool post_more(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_ADVREQ && party_count(p, XTYP_ADVREQ) < 50)
        assert_true(party_post(p, TOPIC, ITEM));
    return false;
}

static void what_a_callback_posts_is_told_or_dispatched(void **state)
{
    struct talk t = talk_connected();

    (void)state;
    talk_start(&t, 0);
    t.server->hook = post_more;
    talk_post(&t);
    poll_all();
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), 50);
    assert_rests();
}

static void before_the_first_instance_it_may_be_asked_for(void *arg)
{
    int fd = DdemlGetFd();
    struct talk t;

    (void)arg;
    assert_true(fd >= 0);
    DdemlDispatch(0);
    assert_false(readable(fd, 0));
    t = talk_connected();
    assert_non_null(talk_do(&t, XTYP_REQUEST, TIMEOUT_ASYNC));
    poll_until(is_answered, t.client);
    party_close(t.client);
    party_close(t.server);
    poll_all();
}

static void ask_late(void *arg)
{
    struct talk t = talk_connected();

    (void)arg;
    assert_non_null(talk_do(&t, XTYP_REQUEST, TIMEOUT_ASYNC));
    poll_until(is_answered, t.client);
    party_close(t.client);
    party_close(t.server);
}

static void what_waited_before_the_first_call_is_told(void **state)
{
    (void)state;
    test_thread_join(test_thread_start(ask_late, NULL));
}

static void it_may_be_asked_for_before_the_first_instance(void **state)
{
    (void)state;
    test_thread_join(test_thread_start(before_the_first_instance_it_may_be_asked_for, NULL));
}

/* ---- Others -------------------------------------------------------------------------------------------- */

static atomic_int clients_left;

/* A client that knows nothing of its server's ways; all it does waits with a deadline. */
static void one_client(void *arg)
{
    struct party *client = party_open(APPCMD_CLIENTONLY);
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)arg;
    for (int i = 0; i < OFTEN(200); i++)
        assert_true(DdeFreeDataHandle(party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
    party_close(client);
    atomic_fetch_sub(&clients_left, 1);
}

static bool nobody_left(void *arg)
{
    (void)arg;
    return atomic_load(&clients_left) == 0;
}

/* The last of them tells so by a message, its TERMINATE, or later than that: hence the short waits. */
static void serve_until_they_have_left(void)
{
    while (!nobody_left(NULL)) {
        if (readable(DdemlGetFd(), 10))
            DdemlDispatch(0);
    }
}

static void clients_on_other_threads_are_served_from_poll(void **state)
{
    enum { CLIENTS = 4 };
    struct test_thread *clients[CLIENTS];

    (void)state;
    party_serve(0);
    atomic_store(&clients_left, CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = test_thread_start(one_client, NULL);
    serve_until_they_have_left();
    for (int i = 0; i < CLIENTS; i++)
        test_thread_join(clients[i]);
    poll_all();
    assert_rests();
}

/* Another process: this program again. */
static pid_t run(const char *what)
{
    char *argv[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)what, NULL};
    pid_t child = 0;

    assert_int_equal(posix_spawn(&child, program, NULL, NULL, argv, environ), 0);
    return child;
}

struct child {
    pid_t pid;
    int status;
};

static bool has_ended(void *arg)
{
    struct child *c = arg;

    return waitpid(c->pid, &c->status, WNOHANG) == c->pid;
}

static HDDEDATA CALLBACK no_answer(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                   ULONG_PTR data1, ULONG_PTR data2)
{
    (void)type, (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)data1, (void)data2;
    return 0;
}

static int ask_another_process(void)
{
    DWORD id = 0;
    HSZ service, topic, item;
    HCONV conv;
    char text[16] = "";

    if (DdeInitializeA(&id, no_answer, APPCMD_CLIENTONLY, 0) != DMLERR_NO_ERROR)
        return 2;
    service = DdeCreateStringHandleA(id, SERVICE, CP_WINANSI);
    topic = DdeCreateStringHandleA(id, TOPIC, CP_WINANSI);
    item = DdeCreateStringHandleA(id, ITEM, CP_WINANSI);
    conv = DdeConnect(id, service, topic, NULL);
    if (!conv)
        return 3;
    for (int i = 0; i < 50; i++) {
        HDDEDATA data =
            DdeClientTransaction(NULL, 0, conv, item, CF_TEXT, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);

        DdeGetData(data, (LPBYTE)text, sizeof text - 1, 0);
        if (!data || strcmp(text, "7") != 0)
            return 4;
        DdeFreeDataHandle(data);
    }
    return DdeUninitialize(id) ? 0 : 5;
}

/* Its end is told by the signal pipe of a real program; here by looking. */
static void serve_process(int fd)
{
    struct child c = {.pid = run("ask")};

    while (!has_ended(&c)) {
        if (readable(fd, 10))
            DdemlDispatch(0);
    }
    assert_int_equal(c.status, 0);
    poll_all();
    assert_rests();
}

static void a_client_of_another_process_is_served_from_poll(void **state)
{
    struct party *server = party_serve(0);

    (void)state;
    server->value = "7";
    serve_process(DdemlGetFd());
}

static DWORD server;
static bool client_has_left;

static HDDEDATA CALLBACK serve_one(UINT type, UINT fmt, HCONV conv, HSZ topic, HSZ item, HDDEDATA data,
                                   ULONG_PTR data1, ULONG_PTR data2)
{
    char seven[] = "7";

    (void)conv, (void)topic, (void)data, (void)data1, (void)data2;
    client_has_left |= type == XTYP_DISCONNECT;
    if (type == XTYP_REQUEST)
        return DdeCreateDataHandle(server, (LPBYTE)seven, sizeof seven, 0, item, fmt, 0);
    return (HDDEDATA)(uintptr_t)(type == XTYP_CONNECT);
}

/* Nothing in this process has met others yet when the descriptor is made. */
static int serve_another_process(void)
{
    int fd = DdemlGetFd();

    if (fd < 0 || DdeInitializeA(&server, serve_one, 0, 0) != DMLERR_NO_ERROR)
        return 2;
    if (!DdeNameService(server, DdeCreateStringHandleA(server, SERVICE, CP_WINANSI), 0, DNS_REGISTER))
        return 3;
    while (!client_has_left) {
        if (!readable(fd, TEST_PATIENCE_MS))
            return 4;
        DdemlDispatch(0);
    }
    return DdeUninitialize(server) ? 0 : 5;
}

struct attempt {
    struct party *client;
    HCONV conv;
};

static bool has_connected(void *arg)
{
    struct attempt *a = arg;

    a->conv = DdeConnect(a->client->id, party_text(a->client, SERVICE), party_text(a->client, TOPIC), NULL);
    return a->conv;
}

static void other_processes_reach_a_thread_that_asked_before_its_first_instance(void **state)
{
    struct attempt a = {.client = party_open(APPCMD_CLIENTONLY)};
    struct child c = {.pid = run("serve")};

    (void)state;
    assert_true(test_pump_until(has_connected, &a, TEST_PATIENCE_MS));
    assert_true(DdeFreeDataHandle(party_transact(a.client, a.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
    assert_true(DdeDisconnect(a.conv));
    assert_true(test_pump_until(has_ended, &c, TEST_PATIENCE_MS));
    assert_int_equal(c.status, 0);
}

/* ---- Other loops --------------------------------------------------------------------------------------- */

static void it_may_stand_in_epolls_within_epolls(void **state)
{
    struct talk t = talk_connected();
    struct epoll_event e = {.events = EPOLLIN}, found;
    int inner = epoll_create1(EPOLL_CLOEXEC), outer = epoll_create1(EPOLL_CLOEXEC);

    (void)state;
    assert_int_equal(epoll_ctl(inner, EPOLL_CTL_ADD, DdemlGetFd(), &e), 0);
    assert_int_equal(epoll_ctl(outer, EPOLL_CTL_ADD, inner, &e), 0);
    poll_all();
    assert_int_equal(epoll_wait(outer, &found, 1, 0), 0);
    assert_non_null(talk_do(&t, XTYP_REQUEST, TIMEOUT_ASYNC));
    while (!is_answered(t.client)) {
        assert_int_equal(epoll_wait(outer, &found, 1, TEST_PATIENCE_MS), 1);
        DdemlDispatch(0);
    }
    poll_all();
    assert_int_equal(epoll_wait(outer, &found, 1, 0), 0);
    close(inner);
    close(outer);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        rule("8.1", a_thread_has_one_descriptor_however_often_it_asks),
        rule("8.1", each_thread_has_its_own_and_loses_it_with_its_end),
        rule("8.1", without_descriptors_it_is_refused_with_the_reason_and_can_be_asked_for_again),
        rule("8.1", a_child_of_fork_has_none_of_its_parents_and_can_ask_for_its_own),
        rule("8.1", a_message_makes_it_readable_and_its_dispatch_ends_that),
        rule("8.1", what_waited_before_the_first_call_is_told),
        rule("8.1", it_may_be_asked_for_before_the_first_instance),
        rule("8.1", after_a_burst_nothing_is_missing_and_it_rests),
        rule("8.1", what_a_synchronous_transaction_has_taken_wakes_nobody_for_long),
        rule("8.1", what_a_callback_posts_is_told_or_dispatched),
        rule("8.1", clients_on_other_threads_are_served_from_poll),
        rule("8.1", a_client_of_another_process_is_served_from_poll),
        rule("8.1", other_processes_reach_a_thread_that_asked_before_its_first_instance),
        rule("8.1", it_may_stand_in_epolls_within_epolls),
    };

    program = argv[0];
    if (argc == 2 && strcmp(argv[1], "ask") == 0)
        return ask_another_process();
    if (argc == 2 && strcmp(argv[1], "serve") == 0)
        return serve_another_process();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
