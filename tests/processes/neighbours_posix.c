/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Processes that have nothing to do with a conversation, or do nothing at all, do not disturb it; and what happens
 * where the system gives no more: no descriptors, no room on the disk, a child of fork.
 *
 * processes_neighbours: the tests. processes_neighbours serve SERVICE, wait SERVICE, cramped SERVICE: the others. */

#define _GNU_SOURCE /* unshare */

#include "support/party.h"
#include "support/process.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { CROWD = 40 };
#else
enum { CROWD = 200 };
#endif

#define STOPPED "Stopped"

/* ---- The others ---------------------------------------------------------------------------------------------- */

static unsigned pokes;

static bool count_pokes(struct party *p, const struct call *c, HDDEDATA *result)
{
    char text[16];

    if (c->type == XTYP_POKE)
        pokes++;
    if (c->type == XTYP_REQUEST) {
        snprintf(text, sizeof text, "%u", pokes);
        *result = party_data(p, text, c->hsz2, c->fmt, 0);
    }
    party_forget(p);
    return c->type == XTYP_REQUEST;
}

static bool is_told_to_go(void *arg)
{
    char line[TEST_LINE];

    (void)arg;
    return test_parent_hear(line, 0);
}

static int serve(const char *service)
{
    struct party *p = party_open(0);

    p->hook = count_pokes;
    party_register(p, service);
    test_parent_say("ready");
    test_pump_until(is_told_to_go, NULL, 6 * TEST_PATIENCE_MS);
    party_close(p);
    return 0;
}

/* Sleeps until there is something for it. */
static int wait_for_messages(const char *service)
{
    struct party *p = party_open(CBF_SKIP_ALLNOTIFICATIONS);

    party_register(p, service);
    test_parent_say("ready");
    while (p->id)
        DdemlDispatch(0xFFFFFFFF);
    return 1;
}

/* The meeting place stands on a disk that is full. */
static int cramped(const char *service)
{
    char place[] = "/tmp/ddeml-full-XXXXXX", path[64];
    struct party *server, *client;
    static const char zeros[4096];
    int fd;

    if (!mkdtemp(place) || unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("ddeml", place, "tmpfs", 0, "size=16k,mode=700") != 0) {
        rmdir(place);
        return TEST_SKIPPED;
    }
    snprintf(path, sizeof path, "%s/full", place);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    while (write(fd, zeros, sizeof zeros) > 0)
        ;
    close(fd);
    setenv("XDG_RUNTIME_DIR", place, 1);
    server = party_open(0);
    party_register(server, service);
    client = party_open(0);
    DdeFreeDataHandle(
        party_transact(client, party_connect(client, service, TOPIC), XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    assert_int_equal(DdeConnect(client->id, party_text(client, STOPPED), party_text(client, TOPIC), NULL), 0);
    assert_error(client, DMLERR_NO_CONV_ESTABLISHED);
    parties_down(NULL);
    umount2(place, MNT_DETACH);
    rmdir(place);
    return 0;
}

/* ---- The tests ----------------------------------------------------------------------------------------------- */

static struct test_process *others[CROWD];
static unsigned n_others;

static struct test_process *start(const char *role, const char *service)
{
    assert_true(n_others < CROWD);
    return others[n_others++] = test_process_play(role, service);
}

static struct test_process *start_ready(const char *role, const char *service)
{
    struct test_process *p = start(role, service);

    test_process_expect(p, "ready");
    return p;
}

/* Who is to be reached is waited for, also on a machine that has much else to do. */
static int up(void **state)
{
    (void)state;
    DdemlSetDeadlines(TEST_PATIENCE_MS, 0);
    return 0;
}

static int down(void **state)
{
    while (n_others)
        test_process_free(others[--n_others]);
    DdemlSetDeadlines(1000, 0);
    return parties_down(state);
}

static HCONV try_connect(struct party *client, const char *service)
{
    return DdeConnect(client->id, party_text(client, service), party_text(client, TOPIC), NULL);
}

static void works(struct party *client, HCONV conv)
{
    HDDEDATA data = party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);

    assert_non_null(data);
    DdeFreeDataHandle(data);
}

static void a_stopped_process_costs_those_nothing_who_want_another(void **state)
{
    struct party *client = party_open(0);
    struct test_process *stopped = start_ready("serve", STOPPED);
    uint64_t begin;

    (void)state;
    start_ready("serve", SERVICE);
    test_process_stop(stopped);
    DdemlSetDeadlines(30 * TEST_PATIENCE_MS, 0);
    begin = test_now_ms(); /* a connect that waited for it would wait for ten minutes */
    works(client, party_connect(client, SERVICE, TOPIC));
    print_message("             %u ms\n", (unsigned)(test_now_ms() - begin));
}

static void a_stopped_process_itself_is_waited_for_until_the_deadline(void **state)
{
    struct party *client = party_open(0);
    struct test_process *stopped = start_ready("serve", STOPPED);

    (void)state;
    test_process_stop(stopped);
    DdemlSetDeadlines(100, 0);
    assert_null(try_connect(client, STOPPED));
    assert_error(client, DMLERR_NO_CONV_ESTABLISHED);
    DdemlSetDeadlines(TEST_PATIENCE_MS, 0);
    test_process_continue(stopped);
    works(client, party_connect(client, STOPPED, TOPIC));
}

static void a_stopped_partner_holds_up_its_own_conversation_only(void **state)
{
    struct party *client = party_open(0);
    struct test_process *stopped = start_ready("serve", STOPPED);
    HCONV slow, other;

    (void)state;
    start_ready("serve", SERVICE);
    slow = party_connect(client, STOPPED, TOPIC);
    other = party_connect(client, SERVICE, TOPIC);
    test_process_stop(stopped);
    assert_null(party_transact(client, slow, XTYP_REQUEST, 50, NULL));
    assert_error(client, DMLERR_DATAACKTIMEOUT);
    works(client, other);
    test_process_continue(stopped);
    works(client, slow);
    assert_int_equal(party_count(client, XTYP_DISCONNECT), 0);
}

struct question {
    struct party *client;
    HCONV conv;
    HDDEDATA data;
};

/* As soon as there is room to ask. */
static bool is_answered(void *question)
{
    struct question *q = question;

    q->data = party_transact(q->client, q->conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
    if (!q->data)
        assert_error(q->client, DMLERR_POSTMSG_FAILED);
    return q->data != 0;
}

/* More than its queue, and what the system keeps for it, can hold. */
static void a_full_queue_holds_up_its_own_conversation_only(void **state)
{
    enum { MANY = 40000 };
    struct party *client = party_open(0);
    struct test_process *stopped = start_ready("serve", STOPPED);
    HSZ item = party_text(client, ITEM);
    HCONV slow, other;
    struct question question = {client, 0, 0};
    unsigned sent = 0;
    char text[16] = "";
    BYTE value[64] = "value";

    (void)state;
    start_ready("serve", SERVICE);
    slow = question.conv = party_connect(client, STOPPED, TOPIC);
    other = party_connect(client, SERVICE, TOPIC);
    test_process_stop(stopped);
    for (unsigned i = 0; i < MANY; i++) {
        if (DdeClientTransaction(value, sizeof value, slow, item, CF_TEXT, XTYP_POKE, TIMEOUT_ASYNC, NULL))
            sent++;
        else
            assert_error(client, DMLERR_POSTMSG_FAILED);
        if (i % 2000 == 0)
            works(client, other);
    }
    assert_true(sent >= 10000 && sent < MANY);
    works(client, other);
    test_process_continue(stopped);
    assert_true(test_pump_until(is_answered, &question, TEST_PATIENCE_MS));
    DdeGetData(question.data, (LPBYTE)text, sizeof text - 1, 0);
    DdeFreeDataHandle(question.data);
    assert_int_equal(strtoul(text, NULL, 10), sent); /* all of them, in order: the request was the last */
}

/* How often the process has gone to sleep. */
static unsigned long sleeps_of(const struct test_process *p)
{
    char path[64], line[256];
    unsigned long n = 0;
    FILE *status;

    snprintf(path, sizeof path, "/proc/%ld/status", test_process_id(p));
    status = fopen(path, "r");
    assert_non_null(status);
    while (fgets(line, sizeof line, status))
        if (sscanf(line, "voluntary_ctxt_switches: %lu", &n) == 1)
            break;
    fclose(status);
    return n;
}

static unsigned long sleeps_of_all(unsigned from)
{
    unsigned long n = 0;

    for (unsigned i = from; i < n_others; i++)
        n += sleeps_of(others[i]);
    return n;
}

struct rest {
    unsigned long sleeps;
    uint64_t since;
};

static bool is_quiet(void *arg)
{
    struct rest *r = arg;
    unsigned long now = sleeps_of_all(1);

    if (now != r->sleeps)
        *r = (struct rest){now, test_now_ms()};
    return test_now_ms() - r->since > 500;
}

static void nobody_is_woken_for_a_conversation_of_others(void **state)
{
    struct party *client = party_open(CBF_SKIP_ALLNOTIFICATIONS);
    struct rest r = {0};
    unsigned long before;
    uint64_t begin;
    char name[32];

    (void)state;
    start_ready("serve", SERVICE);
    for (unsigned i = 1; i < CROWD; i++) {
        snprintf(name, sizeof name, "Neighbour %u", i);
        start("wait", name);
    }
    for (unsigned i = 1; i < CROWD; i++)
        test_process_expect(others[i], "ready");
    assert_true(test_pump_until(is_quiet, &r, TEST_PATIENCE_MS));
    before = sleeps_of_all(1);
    begin = test_now_ms();
    for (unsigned i = 0; i < 100; i++) {
        HCONV conv = party_connect(client, SERVICE, TOPIC);

        works(client, conv);
        assert_true(DdeDisconnect(conv));
    }
    print_message("             %u processes: %u conversations in %u ms\n", CROWD, 100,
                  (unsigned)(test_now_ms() - begin));
    assert_int_equal(sleeps_of_all(1), before);
}

/* What the parent has is nothing here. */
static int try_what_is_the_parents(DWORD instance, HCONV conv)
{
    CONVINFO info = {.cb = sizeof info};

    if (DdeGetLastError(instance) == DMLERR_NO_ERROR || DdeUninitialize(instance))
        return 2;
    if (DdeDisconnect(conv) || DdeQueryConvInfo(conv, QID_SYNC, &info))
        return 3;
    if (DdeClientTransaction(NULL, 0, conv, 0, CF_TEXT, XTYP_REQUEST, TEST_PATIENCE_MS, NULL))
        return 4;
    return DdeConnect(instance, 0, 0, NULL) ? 4 : 0;
}

static HDDEDATA CALLBACK silent(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                ULONG_PTR data1, ULONG_PTR data2)
{
    (void)type, (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)data1, (void)data2;
    return 0;
}

/* A conversation of the child's own. */
static int anew(void)
{
    DWORD id = 0;
    HSZ service, topic, item;
    HDDEDATA data;
    HCONV conv;

    if (DdeInitializeA(&id, silent, APPCMD_CLIENTONLY, 0) != DMLERR_NO_ERROR)
        return 5;
    service = DdeCreateStringHandleA(id, SERVICE, CP_WINANSI);
    topic = DdeCreateStringHandleA(id, TOPIC, CP_WINANSI);
    item = DdeCreateStringHandleA(id, ITEM, CP_WINANSI);
    conv = DdeConnect(id, service, topic, NULL);
    if (!conv)
        return 6;
    data = DdeClientTransaction(NULL, 0, conv, item, CF_TEXT, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
    if (!data)
        return 7;
    DdeFreeDataHandle(data);
    return DdeUninitialize(id) ? 0 : 8;
}

static void a_child_of_fork_has_nothing_of_its_parents_and_begins_anew(void **state)
{
    struct party *client = party_open(0);
    HCONV conv;
    pid_t child;
    int status = 0;

    (void)state;
    start_ready("serve", SERVICE);
    conv = party_connect(client, SERVICE, TOPIC);
    works(client, conv);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        int code = try_what_is_the_parents(client->id, conv);

        _exit(code ? code : anew());
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    works(client, conv);
    assert_int_equal(party_count(client, XTYP_DISCONNECT), 0);
}

static rlim_t lowest_free(void)
{
    int fd = dup(0);

    close(fd);
    return (rlim_t)fd;
}

static void without_descriptors_a_connect_fails_and_nothing_is_lost(void **state)
{
    struct party *client = party_open(0);
    struct rlimit limit, none;
    HCONV conv;

    (void)state;
    start_ready("serve", SERVICE);
    start_ready("serve", "Other");
    conv = party_connect(client, SERVICE, TOPIC);
    getrlimit(RLIMIT_NOFILE, &limit);
    none = limit;
    none.rlim_cur = lowest_free();
    DdemlSetDeadlines(200, 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    works(client, conv);
    assert_null(try_connect(client, "Other"));
    assert_error(client, DMLERR_NO_CONV_ESTABLISHED);
    works(client, conv);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    DdemlSetDeadlines(TEST_PATIENCE_MS, 0);
    works(client, party_connect(client, "Other", TOPIC));
    works(client, conv);
}

static void on_a_full_disk_a_process_converses_with_itself(void **state)
{
    struct test_process *p = start("cramped", SERVICE);
    int code = test_process_end(p);

    (void)state;
    if (code == TEST_SKIPPED)
        skip(); /* not allowed to mount */
    assert_int_equal(code, 0);
}

int main(int argc, char *argv[])
{
#define neighbour_test(function) cmocka_unit_test_setup_teardown(function, up, down)
    static const struct CMUnitTest tests[] = {
        neighbour_test(a_stopped_process_costs_those_nothing_who_want_another),
        neighbour_test(a_stopped_process_itself_is_waited_for_until_the_deadline),
        neighbour_test(a_stopped_partner_holds_up_its_own_conversation_only),
        neighbour_test(a_full_queue_holds_up_its_own_conversation_only),
        neighbour_test(nobody_is_woken_for_a_conversation_of_others),
        neighbour_test(a_child_of_fork_has_nothing_of_its_parents_and_begins_anew),
        neighbour_test(without_descriptors_a_connect_fails_and_nothing_is_lost),
        neighbour_test(on_a_full_disk_a_process_converses_with_itself),
    };
    static const struct {
        const char *name;
        int (*play)(const char *service);
    } roles[] = {{"serve", serve}, {"wait", wait_for_messages}, {"cramped", cramped}};

    for (size_t i = 0; argc == 3 && i < sizeof roles / sizeof *roles; i++)
        if (!strcmp(argv[1], roles[i].name))
            return roles[i].play(argv[2]);
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
