/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What the simulator promises to those who test with it, and that its detectors detect. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/host.h"
#include "host/sim/sim.h"
#include "winddeml.h"

/* ---- A conversation ------------------------------------------------------------------------------------ */

enum { ROUNDS = 3 };

struct party {
    DWORD inst;
    BOOL stop;
    int answers, updates, connects, disconnects;
    UINT error;
    DDEMLLEDGER ledger;
};

static struct party server, client;

/* Half of what it may refuse it refuses. */
static HDDEDATA CALLBACK serve_calls(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                     ULONG_PTR d1, ULONG_PTR d2)
{
    (void)conv, (void)data, (void)d1, (void)d2;
    switch (type) {
    case XTYP_CONNECT:
    case XTYP_ADVSTART:
        return (HDDEDATA)(ULONG_PTR)TRUE;
    case XTYP_CONNECT_CONFIRM:
        server.connects++;
        return NULL;
    case XTYP_DISCONNECT:
        server.disconnects++;
        return NULL;
    case XTYP_REQUEST:
    case XTYP_ADVREQ:
        return DdeCreateDataHandle(server.inst, (LPBYTE) "Forty-two", 10, 0, hsz2, fmt, 0);
    case XTYP_POKE:
        DdePostAdvise(server.inst, hsz1, hsz2);
        return (HDDEDATA)(ULONG_PTR)(sim_below(2) ? DDE_FACK : DDE_FNOTPROCESSED);
    case XTYP_EXECUTE:
        return (HDDEDATA)(ULONG_PTR)(sim_below(2) ? DDE_FACK : DDE_FNOTPROCESSED);
    default:
        return NULL;
    }
}

static void serve(void *arg)
{
    HSZ service;

    (void)arg;
    DdeInitializeA(&server.inst, serve_calls, APPCLASS_STANDARD, 0);
    service = DdeCreateStringHandleA(server.inst, "Oracle", CP_WINANSI);
    DdeNameService(server.inst, service, NULL, DNS_REGISTER);
    DdeFreeStringHandle(server.inst, service);
    while (!server.stop)
        DdemlDispatch(1000);
    DdeUninitialize(server.inst);
    server.ledger.cb = sizeof server.ledger;
    DdemlGetLedger(0, &server.ledger);
}

static HDDEDATA CALLBACK client_calls(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                      ULONG_PTR d1, ULONG_PTR d2)
{
    (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)d1, (void)d2;
    if (type != XTYP_ADVDATA)
        return NULL;
    client.updates++;
    return (HDDEDATA)(ULONG_PTR)(sim_below(2) ? DDE_FACK : DDE_FNOTPROCESSED);
}

static HDDEDATA transact(HCONV conv, UINT type, HSZ item)
{
    char text[] = "[Think]";
    HDDEDATA data;

    if (type == XTYP_EXECUTE)
        data = DdeClientTransaction((LPBYTE)text, sizeof text, conv, NULL, 0, type, 20000, NULL);
    else if (type == XTYP_POKE)
        data = DdeClientTransaction((LPBYTE)text, sizeof text, conv, item, CF_TEXT, type, 20000, NULL);
    else
        data = DdeClientTransaction(NULL, 0, conv, item, CF_TEXT, type, 20000, NULL);
    if (!data)
        client.error = DdeGetLastError(client.inst);
    return data;
}

static bool request(HCONV conv, HSZ item)
{
    HDDEDATA data = transact(conv, XTYP_REQUEST, item);
    char text[16] = "";

    DdeGetData(data, (LPBYTE)text, sizeof text, 0);
    DdeFreeDataHandle(data);
    return !strcmp(text, "Forty-two");
}

static void ask(void *arg)
{
    HSZ service, topic, item;
    HCONV conv = NULL;

    (void)arg;
    DdeInitializeA(&client.inst, client_calls, APPCMD_CLIENTONLY, 0);
    service = DdeCreateStringHandleA(client.inst, "oracle", CP_WINANSI);
    topic = DdeCreateStringHandleA(client.inst, "Life", CP_WINANSI);
    item = DdeCreateStringHandleA(client.inst, "Answer", CP_WINANSI);
    for (int i = 0; i < 20 && !conv; i++) {
        conv = DdeConnect(client.inst, service, topic, NULL);
        sim_sleep(10);
    }
    if (conv)
        transact(conv, XTYP_ADVSTART | XTYPF_ACKREQ, item);
    for (int i = 0; i < ROUNDS && conv; i++) {
        client.answers += request(conv, item);
        transact(conv, XTYP_POKE, item);
        transact(conv, XTYP_EXECUTE, NULL);
    }
    if (conv)
        DdeDisconnect(conv);
    DdeFreeStringHandle(client.inst, service);
    DdeFreeStringHandle(client.inst, topic);
    DdeFreeStringHandle(client.inst, item);
    DdeUninitialize(client.inst);
    client.ledger.cb = sizeof client.ledger;
    DdemlGetLedger(0, &client.ledger);
    server.stop = TRUE;
}

static bool converse(const struct sim_options *o)
{
    bool over;

    memset(&server, 0, sizeof server);
    memset(&client, 0, sizeof client);
    sim_open(o);
    sim_thread(sim_process(), serve, NULL);
    sim_thread(sim_process(), ask, NULL);
    over = sim_run(10000000);
    if (sim_violations())
        sim_story(stderr);
    return over;
}

static bool nothing_left(struct sim_left l)
{
    if (l.blocks | l.gmem | l.atoms | l.windows | l.timers | l.queued | l.threads)
        print_error(
            "left: %ld blocks, %ld gmem, %ld atoms, %ld windows, %ld timers, %ld queued, %ld threads\n",
            l.blocks, l.gmem, l.atoms, l.windows, l.timers, l.queued, l.threads);
    return !(l.blocks | l.gmem | l.atoms | l.windows | l.timers | l.queued | l.threads);
}

/* Nobody has misused anything, and those who have ended have left nothing. */
static void expect_clean(void)
{
    for (int p = 0; p < 2; p++)
        assert_true(sim_alive(p) || nothing_left(sim_left(p)));
    assert_int_equal(sim_violations(), 0);
}

static void two_processes_converse(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct sim_options o = {.seed = seed, .passing = seed % 2 ? SIM_PASS_COPY : SIM_PASS_MOVE};

        assert_true(converse(&o));
        assert_int_equal(client.answers, ROUNDS);
        assert_true(client.updates > 0);
        assert_int_equal(server.connects, 1);
        assert_int_equal(server.disconnects, 1);
        expect_clean();
        sim_close();
    }
}

/* ---- One seed, one run ----------------------------------------------------------------------------------- */

static uint64_t digest_of(const struct sim_options *o)
{
    uint64_t digest;

    converse(o);
    digest = sim_digest();
    sim_close();
    return digest;
}

static void the_same_seed_gives_the_same_run(void **state)
{
    unsigned same = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct sim_options o = sim_options_from_seed(seed), other = o;
        uint64_t digest = digest_of(&o);

        assert_int_equal(digest_of(&o), digest);
        other.seed++;
        same += digest_of(&other) == digest;
    }
    assert_true(same < 40); /* two calm worlds may be alike */
}

static void what_the_test_draws_depends_on_the_seed_alone(void **state)
{
    struct sim_options calm = {.seed = 7}, wild = {.seed = 7, .preempt_permille = 500};
    uint64_t first, second;

    (void)state;
    sim_open(&calm);
    first = sim_random();
    sim_close();
    sim_open(&wild);
    sim_thread(sim_process(), serve, NULL);
    sim_run(1100);
    second = sim_random();
    sim_close();
    assert_int_equal(first, second);
}

/* ---- Failures and deaths --------------------------------------------------------------------------------- */

static void whatever_fails_nothing_is_left(void **state)
{
    (void)state;
    for (int mode = SIM_ONCE; mode <= SIM_FROM_THEN_ON; mode++) {
        struct sim_options o = {.seed = 3, .fail_mode = (enum sim_fail_mode)mode};
        uint64_t fired;

        do {
            o.fail_at++;
            assert_true(converse(&o));
            fired = sim_figures()->n_fired;
            expect_clean();
            sim_close();
        } while (fired);
        assert_true(o.fail_at > 50);
    }
}

static void every_kind_of_failure_can_be_asked_for(void **state)
{
    (void)state;
    for (int kind = 0; kind < SIM_FAULT_N; kind++) {
        struct sim_options o = {.seed = 4};
        bool in_use = kind != SIM_FAULT_thread && kind != SIM_FAULT_listen && kind != SIM_FAULT_tell &&
                      kind != SIM_FAULT_meet;

        o.fault_permille[kind] = 1000;
        if (kind == SIM_FAULT_mem_lock) /* which the library may take for a block that is none */
            continue;
        assert_true(converse(&o));
        if (in_use && !sim_figures()->fired[kind])
            fail_msg("%s never failed", sim_fault_name((enum sim_fault)kind));
        assert_int_equal(sim_figures()->fired[kind], sim_figures()->n_fired);
        expect_clean();
        sim_close();
    }
}

static void a_process_may_die_at_every_host_call(void **state)
{
    (void)state;
    for (int victim = 0; victim < 2; victim++) {
        struct sim_options o = {.seed = 5, .kill_process = victim};
        bool killed;

        do {
            o.kill_at++;
            converse(&o);
            killed = sim_killed(victim);
            assert_true(sim_alive(0) ? victim == 1 : true); /* without its client the server waits on */
            expect_clean();
            sim_close();
        } while (killed);
        assert_true(o.kill_at > 200);
    }
}

static void sleep_for_long(void *arg)
{
    (void)arg;
    sim_sleep(UINT32_MAX);
}

static void hold_everything(void *arg)
{
    host_wnd wnd = host_window_create(HOST_MOM, 0, true, NULL, NULL);

    (void)arg;
    host_atom_add(u"held");
    host_mem_alloc(100, false);
    host_alloc(100);
    host_timer(wnd, 1000);
    host_thread_start(sleep_for_long, NULL);
    sleep_for_long(NULL);
}

static struct sim_left held;

static void kill_the_other(void *process)
{
    int victim = *(int *)process;

    sim_sleep(10);
    held = sim_left(victim);
    sim_kill(victim);
}

static void what_a_killed_process_had_is_taken_back(void **state)
{
    struct sim_options o = {.seed = 1};
    int victim;

    (void)state;
    sim_open(&o);
    victim = sim_process();
    for (int i = 0; i < 20; i++) { /* more than can live at a time */
        int killer = sim_process();

        if (i)
            victim = sim_process();
        sim_thread(victim, hold_everything, NULL);
        sim_thread(killer, kill_the_other, &victim);
        assert_true(sim_run(UINT32_MAX));
        assert_true(held.blocks > 0 && held.gmem > 0 && held.atoms > 0 && held.windows > 0 &&
                    held.timers > 0);
        assert_true(sim_killed(victim) && !sim_killed(killer));
        assert_true(nothing_left(sim_left(victim)));
        assert_true(nothing_left(sim_left(-1)));
    }
    sim_close();
}

static void fill_the_globals(void *instance)
{
    DWORD inst = 0;

    DdeInitializeA(&inst, client_calls, APPCMD_CLIENTONLY, 0);
    *(DWORD *)instance = inst;
    for (int i = 0; i < 100; i++)
        DdeCreateStringHandleA(inst, "left behind", CP_WINANSI);
    DdemlSetDeadlines(5, 5);
}

/* The slots are used again; the globals in them are not what the last process has left. */
static void a_process_begins_with_fresh_globals(void **state)
{
    struct sim_options o = {.seed = 1};
    DWORD first = 0, inst = 0;

    (void)state;
    sim_open(&o);
    for (int i = 0; i < 30; i++) {
        sim_thread(sim_process(), fill_the_globals, i ? &inst : &first);
        assert_true(sim_run(UINT32_MAX));
        if (i)
            assert_int_equal(inst, first);
    }
    assert_int_equal(sim_violations(), 0);
    sim_close();
}

/* ---- Time ------------------------------------------------------------------------------------------------ */

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static void wait_in_vain(void *arg)
{
    (void)arg;
    host_lock();
    sim_wait(never, NULL, 1000);
    host_lock(); /* its own: for ever */
}

static void who_waits_for_ever_is_told(void **state)
{
    struct sim_options o = {.seed = 1, .lenient = true};

    (void)state;
    sim_open(&o);
    sim_thread(sim_process(), wait_in_vain, NULL);
    assert_false(sim_run(UINT32_MAX));
    assert_non_null(strstr(sim_why(), "p0.t1 waits in lock"));
    sim_close();
}

static uint64_t slept, excused;

static void sleep_ten(void *arg)
{
    uint64_t since = sim_now_ms(), before = sim_excused_ms();

    (void)arg;
    sim_sleep(10);
    slept = sim_now_ms() - since;
    excused = sim_excused_ms() - before;
}

static void hang_the_sleeper(void *arg)
{
    sim_sleep(5); /* when both have begun */
    sim_hang(*(int *)arg, 5000);
}

static void what_hangs_is_excused(void **state)
{
    struct sim_options o = {.seed = 1};
    int sleeper;

    (void)state;
    sim_open(&o);
    sleeper = sim_process();
    sim_thread(sleeper, sleep_ten, NULL);
    sim_thread(sim_process(), hang_the_sleeper, &sleeper);
    assert_true(sim_run(UINT32_MAX));
    assert_true(slept >= 4990 && slept <= 5010);
    assert_true(slept - excused <= 11);
    sim_close();
}

/* ---- What comes at the wrong moment ---------------------------------------------------------------------- */

enum { CALLS = 30, CALL_MS = 5 };

static UINT last_call;

static void CALLBACK do_nothing(LPVOID param)
{
    (void)param;
}

static void call_in_haste(void *arg)
{
    DWORD service;

    (void)arg;
    last_call = DdemlStartThread(NULL, NULL, &service);
    for (int i = 0; i < CALLS && !last_call; i++)
        DdemlCallThread(service, do_nothing, NULL, CALL_MS);
    last_call = DdemlCallThread(service, do_nothing, NULL, 100000);
    DdemlStopThread(service, 100000);
}

/* Who gives up may do so after the thread has been woken and before it has taken the call. */
static void a_call_that_is_given_up_does_not_end_the_service_thread(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct sim_options o = {
            .seed = seed, .preempt_permille = 200, .hang_per_million = 50000, .max_hang_ms = 2 * CALL_MS};

        sim_open(&o);
        sim_thread(sim_process(), call_in_haste, NULL);
        assert_true(sim_run(UINT32_MAX));
        assert_int_equal(last_call, DMLERR_NO_ERROR);
        assert_true(nothing_left(sim_left(0)));
        sim_close();
    }
}

static unsigned starts, refusals;

static void CALLBACK note_start(LPVOID param)
{
    (void)param;
    starts++;
}

static void start_in_haste(void *arg)
{
    DWORD service;

    (void)arg;
    if (DdemlStartThread(note_start, NULL, &service) == DMLERR_NO_ERROR)
        DdemlStopThread(service, 100000);
    else
        refusals++;
    sim_sleep(100000);
}

/* What is passed to it may be gone as soon as the start is said to have failed. */
static void a_service_thread_whose_start_is_given_up_runs_nothing(void **state)
{
    enum { SEEDS = 300 };

    (void)state;
    starts = refusals = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_options o = {
            .seed = seed, .preempt_permille = 200, .hang_per_million = 30000, .max_hang_ms = 20000};

        sim_open(&o);
        sim_thread(sim_process(), start_in_haste, NULL);
        assert_true(sim_run(UINT32_MAX));
        assert_true(nothing_left(sim_left(0)));
        sim_close();
    }
    assert_true(refusals > 0);
    assert_int_equal(starts, SEEDS - refusals);
}

/* ---- The detectors --------------------------------------------------------------------------------------- */

static void note_nothing(void *ctx, const struct host_msg *msg)
{
    (void)ctx, (void)msg;
}

static void free_a_block_twice(void *arg)
{
    host_mem mem = host_mem_alloc(1, false);

    (void)arg;
    host_mem_free(mem);
    host_mem_free(mem);
}

static void use_a_freed_block(void *arg)
{
    host_mem mem = host_mem_alloc(1, false);

    (void)arg;
    host_mem_free(mem);
    host_mem_lock(mem);
}

static void delete_an_atom_twice(void *arg)
{
    host_atom atom = host_atom_add(u"twice");

    (void)arg;
    host_atom_delete(atom);
    host_atom_delete(atom);
}

static void destroy_a_window_twice(void *arg)
{
    host_wnd wnd = host_window_create(HOST_MOM, 0, true, note_nothing, NULL);

    (void)arg;
    host_window_destroy(wnd);
    host_window_destroy(wnd);
}

static void ask_under_the_lock(void *arg)
{
    (void)arg;
    host_lock();
    host_now_ms();
    host_unlock();
}

static void join_for_ever(void *arg)
{
    (void)arg;
    host_thread_join(host_thread_start(sleep_ten, NULL), UINT32_MAX);
}

static void leak_everything(void *arg)
{
    (void)arg;
    host_alloc(1);
    host_mem_alloc(1, false);
    host_atom_add(u"leaked");
    host_thread_start(sleep_ten, NULL);
}

static void what_is_misused_is_a_violation(void **state)
{
    static const struct {
        void (*crime)(void *arg);
        const char *verdict;
    } cases[] = {
        {free_a_block_twice, "freed a block that has been freed"},
        {use_a_freed_block, "locked a block that has been freed"},
        {delete_an_atom_twice, "deleted a reference"},
        {destroy_a_window_twice, "destroyed a window"},
        {ask_under_the_lock, "under its lock"},
        {join_for_ever, "without a deadline"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sim_options o = {.seed = 1};

        sim_open(&o);
        sim_thread(sim_process(), cases[i].crime, NULL);
        assert_true(sim_run(UINT32_MAX));
        assert_int_equal(sim_violations(), 1);
        assert_non_null(strstr(sim_violation(), cases[i].verdict));
        sim_close();
    }
}

static void what_is_leaked_is_counted(void **state)
{
    struct sim_options o = {.seed = 1};
    struct sim_left left;

    (void)state;
    sim_open(&o);
    sim_thread(sim_process(), leak_everything, NULL);
    assert_true(sim_run(UINT32_MAX));
    left = sim_left(0);
    assert_int_equal(left.blocks, 1);
    assert_int_equal(left.gmem, 1);
    assert_int_equal(left.atoms, 1);
    assert_int_equal(left.threads, 1);
    sim_close();
}

/* For twice.cmake: of many worlds. */
static int print_digest(void)
{
    uint64_t all = 0;

    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct sim_options o = sim_options_from_seed(seed);

        all = all * 31 + digest_of(&o);
    }
    printf("digest %llx\n", (unsigned long long)all);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_processes_converse),
        cmocka_unit_test(the_same_seed_gives_the_same_run),
        cmocka_unit_test(what_the_test_draws_depends_on_the_seed_alone),
        cmocka_unit_test(whatever_fails_nothing_is_left),
        cmocka_unit_test(every_kind_of_failure_can_be_asked_for),
        cmocka_unit_test(a_process_may_die_at_every_host_call),
        cmocka_unit_test(what_a_killed_process_had_is_taken_back),
        cmocka_unit_test(a_process_begins_with_fresh_globals),
        cmocka_unit_test(who_waits_for_ever_is_told),
        cmocka_unit_test(what_hangs_is_excused),
        cmocka_unit_test(a_call_that_is_given_up_does_not_end_the_service_thread),
        cmocka_unit_test(a_service_thread_whose_start_is_given_up_runs_nothing),
        cmocka_unit_test(what_is_misused_is_a_violation),
        cmocka_unit_test(what_is_leaked_is_counted),
    };

    if (argc == 2 && !strcmp(argv[1], "digest"))
        return print_digest();
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
