/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Monitoring across processes. Without arguments: the tests, which start this program again in the roles at
 * its end. With one: they start that program, which is the same one for the other width. */

#include "support/party.h"
#include "support/process.h"

#include <stdlib.h>

#include "host/host.h"

/* ---- The other process -------------------------------------------------------------------------------- */

static struct test_process *others[4];
static unsigned n_others;
static const char *program; /* NULL: this one */

static struct test_process *start(const char *role)
{
    const char *const arguments[] = {role, NULL};

    assert_true(n_others < sizeof others / sizeof *others);
    return others[n_others++] = test_process_start(program, arguments);
}

/* What the other process says when it has done its first part. */
static void await_ready(struct test_process *o)
{
    test_process_expect(o, "ready");
}

static int down(void **state)
{
    while (n_others)
        test_process_free(others[--n_others]);
    return parties_down(state);
}

/* ---- What is heard ------------------------------------------------------------------------------------ */

static struct heard {
    DWORD task; /* whose events are counted; 0: everybody's */
    unsigned strings, errors, convs, begun, links, callbacks, sent, posted;
    char text[64]; /* the last string */
    UINT error;
    unsigned wrong; /* events out of a string's order */
    BOOL last;      /* its last MH_                    */
} heard;

static bool is_watched(HANDLE task)
{
    return !heard.task || (DWORD)(uintptr_t)task == heard.task;
}

static void note_string(const MONHSZSTRUCTA *s)
{
    if (!is_watched(s->hTask))
        return;
    heard.strings++;
    snprintf(heard.text, sizeof heard.text, "%s", s->str);
    heard.wrong += s->fsAction == heard.last; /* they are made and freed in turns */
    heard.last = s->fsAction;
}

static bool note(struct party *p, const struct call *c, HDDEDATA *result)
{
    union {
        MONHSZSTRUCTA string;
        MONERRSTRUCT error;
        MONCONVSTRUCT conv;
        MONLINKSTRUCT link;
        MONCBSTRUCT callback;
        MONMSGSTRUCT message;
        BYTE bytes[512];
    } u = {.bytes = {0}};

    (void)p, (void)result;
    if (c->type != XTYP_MONITOR)
        return false;
    DdeGetData(c->data, u.bytes, sizeof u, 0);
    switch (c->data2) {
    case MF_HSZ_INFO:
        note_string(&u.string);
        break;
    case MF_ERRORS:
        heard.errors += is_watched(u.error.hTask);
        heard.error = u.error.wLastError;
        break;
    case MF_CONV:
        heard.convs += is_watched(u.conv.hTask);
        heard.begun += u.conv.fConnect;
        break;
    case MF_LINKS:
        heard.links += is_watched(u.link.hTask);
        break;
    case MF_CALLBACKS:
        heard.callbacks += is_watched(u.callback.hTask);
        break;
    case MF_SENDMSGS:
        heard.sent++;
        break;
    case MF_POSTMSGS:
        heard.posted += is_watched(u.message.hTask);
        break;
    }
    party_forget(p);
    return true;
}

static struct party *watch(DWORD kinds)
{
    struct party *monitor = party_open(APPCLASS_MONITOR | kinds);

    memset(&heard, 0, sizeof heard);
    monitor->hook = note;
    return monitor;
}

static bool has_heard_strings(void *n)
{
    return heard.strings >= *(unsigned *)n;
}

/* ---- The tests ---------------------------------------------------------------------------------------- */

static void a_monitor_hears_everything_of_another_process(void **state)
{
    struct test_process *o;
    char task[TEST_LINE];

    (void)state;
    watch(MF_MASK);
    o = start("talk");
    assert_true(test_process_hear(o, task, TEST_PATIENCE_MS));
    heard.task = (DWORD)strtoul(task, NULL, 10);
    test_process_say(o, "go on");
    assert_int_equal(test_process_end(o), 0);
    test_pump_all();
    assert_true(heard.strings > 0);
    assert_int_equal(heard.errors, 1);
    assert_int_equal(heard.error, DMLERR_INVALIDPARAMETER);
    assert_int_equal(heard.convs, 4); /* both sides, from the beginning to the end */
    assert_int_equal(heard.begun, 2);
    assert_int_equal(heard.links, 4);
    assert_true(heard.callbacks > 3);
    assert_int_equal(heard.sent, 2);
    assert_true(heard.posted > 5);
    assert_string_equal(heard.text, ITEM); /* the last one to be cleaned up */
}

static void a_monitor_in_another_process_hears_everything_in_order(void **state)
{
    struct test_process *o = start("watch");
    struct party *p;

    (void)state;
    await_ready(o);
    p = party_open(0);
    for (unsigned i = 0; i < 500; i++)
        DdeFreeStringHandle(p->id, party_text(p, "text"));
    assert_int_equal(test_process_end(o), 0);
}

static void a_monitor_that_is_killed_costs_the_others_nothing(void **state)
{
    struct test_process *o = start("hang");
    struct party *p, *client;
    HCONV conv;

    (void)state;
    await_ready(o);
    assert_int_not_equal(host_listened(), 0);
    p = party_serve(0);
    for (unsigned i = 0; i < 1000; i++) {
        DdeFreeStringHandle(p->id, party_text(p, "text"));
        if (i == 500)
            test_process_kill(o);
    }
    test_pump_all(); /* at the latest now it is noticed */
    assert_int_equal(host_listened(), 0);
    client = party_open(0);
    conv = party_connect(client, SERVICE, TOPIC);
    assert_non_null(party_send(client, conv, XTYP_POKE, "value", TEST_PATIENCE_MS, NULL));
}

static void a_monitor_outlives_whom_it_watches(void **state)
{
    unsigned many = 100, more;

    (void)state;
    watch(MF_HSZ_INFO);
    for (unsigned i = 0; i < 3; i++) { /* killed wherever they are */
        struct test_process *o = start("storm");

        heard.strings = heard.wrong = 0;
        heard.last = 0;
        test_process_say(o, "go");
        assert_true(test_pump_until(has_heard_strings, &many, TEST_PATIENCE_MS));
        test_process_kill(o);
        test_pump_all();
        assert_int_equal(heard.wrong, 0);
    }
    more = heard.strings + 1;
    party_text(party_open(0), "text");
    assert_true(test_pump_until(has_heard_strings, &more, TEST_PATIENCE_MS));
}

static bool has_heard_the_end(void *arg)
{
    (void)arg;
    return heard.convs - heard.begun == 2;
}

static void messages_between_processes_are_told_once(void **state)
{
    struct party *client;
    struct test_process *o = start("serve");
    HCONV conv;

    (void)state;
    await_ready(o);
    watch(MF_SENDMSGS | MF_POSTMSGS | MF_CONV);
    client = party_open(0);
    conv = party_connect(client, SERVICE, TOPIC);
    DdeFreeDataHandle(party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    DdeDisconnect(conv);
    assert_true(test_pump_until(has_heard_the_end, NULL, TEST_PATIENCE_MS));
    assert_int_equal(test_process_end(o), 0);
    test_pump_all();
    assert_int_equal(heard.begun, 2);
    assert_int_equal(heard.sent, 2);
    assert_int_equal(heard.posted, 4); /* REQUEST, DATA, and TERMINATE of both */
}

#ifdef _WIN32
/* The lock is the library's own: nothing else stops a process just there. */
static void a_process_that_stands_still_while_it_tells_holds_nobody_up(void **state)
{
    unsigned some = 1;
    struct test_process *o;
    struct party *p;

    (void)state;
    watch(MF_HSZ_INFO);
    p = party_open(0);
    o = start("stand");
    await_ready(o);
    for (unsigned i = 0; i < 1000; i++)
        DdeFreeStringHandle(p->id, party_text(p, "text"));
    test_process_kill(o);
    test_pump_all();
    heard.strings = 0;
    party_text(p, "text");
    assert_true(test_pump_until(has_heard_strings, &some, TEST_PATIENCE_MS));
    assert_int_equal(heard.strings, 1);
}
#else
static void a_process_that_stands_still_while_it_tells_holds_nobody_up(void **state)
{
    unsigned many = 100, one = 1;
    struct party *p;

    (void)state;
    watch(MF_HSZ_INFO);
    p = party_open(0);
    for (unsigned i = 0; i < 3; i++) { /* stopped wherever they are */
        struct test_process *o = start("storm");

        heard.strings = 0;
        test_process_say(o, "go");
        assert_true(test_pump_until(has_heard_strings, &many, TEST_PATIENCE_MS));
        test_process_stop(o);
        for (unsigned n = 0; n < 1000; n++)
            DdeFreeStringHandle(p->id, party_text(p, "text"));
        test_process_kill(o);
        test_pump_all();
        heard.strings = 0;
        DdeFreeStringHandle(p->id, party_text(p, "text"));
        assert_true(test_pump_until(has_heard_strings, &one, TEST_PATIENCE_MS));
    }
}
#endif

#ifdef _WIN32
/* ---- What others may have left behind ------------------------------------------------------------------ */

/* The memory that all processes share, as anybody can change it, and as one that is killed at the wrong
 * moment leaves it. */
enum { SEATS = 16 };

struct shared_board {
    volatile LONG kinds;
    struct {
        volatile LONG kinds, wnd, process, told;
    } seats[SEATS];
};

struct shared_ring {
    volatile LONG head, tail;
    unsigned char bytes[1 << 20];
};

static void *shared_view(const char *name)
{
    HANDLE section = OpenFileMappingA(FILE_MAP_WRITE | FILE_MAP_READ, FALSE, name);
    void *view = section ? MapViewOfFile(section, FILE_MAP_WRITE | FILE_MAP_READ, 0, 0, 0) : NULL;

    assert_non_null(view);
    CloseHandle(section);
    return view;
}

static unsigned seat_of_this_process(const struct shared_board *board)
{
    for (unsigned i = 0; i < SEATS; i++)
        if (board->seats[i].kinds && (DWORD)board->seats[i].process == GetCurrentProcessId())
            return i;
    fail_msg("nobody listens");
    return 0;
}

static void expect_to_be_heard(struct party *p)
{
    unsigned one = 1;

    heard.strings = 0;
    party_text(p, "text");
    assert_true(test_pump_until(has_heard_strings, &one, TEST_PATIENCE_MS));
    test_pump_all();
    assert_int_equal(heard.strings, 1);
}

/* What stands in a ring is nonsense, or it is full, and nobody has said so: whoever told last was killed, or
 * could not post. */
static void a_monitor_with_a_spoilt_or_full_ring_hears_again(void **state)
{
    static const struct {
        LONG head, tail;
    } spoilt[] = {
        {0x7FFFFFFF, 0}, /* more than there is room for */
        {0, 8},          /* less than nothing           */
        {1 << 20, 0},    /* full                        */
        {4, 0},          /* half a head                 */
    };
    struct shared_board *board;
    struct shared_ring *rings;
    struct party *p = party_open(0);
    unsigned seat;

    (void)state;
    watch(MF_HSZ_INFO);
    expect_to_be_heard(p);
    board = shared_view("Local\\DdemlNewsBoard1");
    rings = shared_view("Local\\DdemlNewsUnread1");
    seat = seat_of_this_process(board);
    for (unsigned i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
        memset(rings[seat].bytes, 0xFF, sizeof rings[seat].bytes);
        rings[seat].head = spoilt[i].head;
        rings[seat].tail = spoilt[i].tail;
        party_text(p, "may be lost");
        test_pump_all();
        expect_to_be_heard(p);
    }
    UnmapViewOfFile(rings);
    UnmapViewOfFile(board);
}

static void listening_again_makes_up_for_an_event_that_was_lost(void **state)
{
    struct shared_board *board;
    struct party *p = party_open(0), *monitor;

    (void)state;
    monitor = watch(MF_HSZ_INFO);
    expect_to_be_heard(p);
    board = shared_view("Local\\DdemlNewsBoard1");
    board->seats[seat_of_this_process(board)].told = TRUE; /* as one who sat there before has left it */
    assert_int_equal(DdeInitializeA(&monitor->id, NULL, APPCLASS_MONITOR | MF_HSZ_INFO, 0), DMLERR_NO_ERROR);
    expect_to_be_heard(p);
    UnmapViewOfFile(board);
}

static void what_nobody_listens_to_is_told_once_and_never_again(void **state)
{
    struct shared_board *board;
    struct party *p = party_open(0);

    (void)state;
    party_close(watch(MF_HSZ_INFO)); /* the board has been opened */
    assert_int_equal(host_listened(), 0);
    board = shared_view("Local\\DdemlNewsBoard1");
    board->kinds = MF_HSZ_INFO; /* its last listener was struck off by one who was killed at it */
    party_text(p, "text");
    assert_int_equal(host_listened(), 0);
    UnmapViewOfFile(board);
}

#endif

/* ---- The roles ----------------------------------------------------------------------------------------- */

static void say_ready(void)
{
    test_parent_say("ready");
}

/* Until it is killed; without a look at its messages. */
static int stand_still(void)
{
    say_ready();
    test_event_wait(test_event_new(), 3 * TEST_PATIENCE_MS);
    return 1;
}

/* One conversation, of one instance with itself, with everything in it. */
static int talk(void)
{
    char task[TEST_LINE], go_on[TEST_LINE];
    struct party *p;
    HCONV conv;

    snprintf(task, sizeof task, "%lu", (unsigned long)host_session_thread());
    test_parent_say(task);
    if (!test_parent_hear(go_on, TEST_PATIENCE_MS))
        return 1;
    p = party_serve(0);
    conv = party_connect(p, SERVICE, TOPIC);
    DdeNameService(p->id, 0, 0, 0);
    party_transact(p, conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL);
    party_send(p, conv, XTYP_POKE, "value", TEST_PATIENCE_MS, NULL);
    party_transact(p, conv, XTYP_ADVSTOP, TEST_PATIENCE_MS, NULL);
    party_send(p, conv, XTYP_EXECUTE, "[run]", TEST_PATIENCE_MS, NULL);
    DdeDisconnect(conv);
    test_pump_all();
    party_close(p);
    return 0;
}

/* Until it has heard of 500 strings that were made and freed. */
static int listen_to(void)
{
    unsigned all = 1000;
    struct party *monitor = watch(MF_HSZ_INFO);
    bool ok;

    say_ready();
    ok = test_pump_until(has_heard_strings, &all, TEST_PATIENCE_MS) && heard.strings == all && !heard.wrong;
    party_close(monitor);
    return !ok;
}

static int hang(void)
{
    watch(MF_MASK);
    return stand_still();
}

/* No more than a monitor that is slow can keep, each time that it is told to. */
static int storm(void)
{
    enum { BURST = 1000 };
    struct party *p = party_open(0);
    char line[TEST_LINE];

    while (test_parent_hear(line, 3 * TEST_PATIENCE_MS))
        for (unsigned i = 0; i < BURST; i++)
            DdeFreeStringHandle(p->id, party_text(p, "storm"));
    return 1;
}

static bool has_left(void *server)
{
    return party_count(server, XTYP_DISCONNECT) != 0;
}

static int serve(void)
{
    struct party *p = party_serve(0);
    bool ok;

    say_ready();
    ok = test_pump_until(has_left, p, TEST_PATIENCE_MS);
    party_close(p);
    return !ok;
}

#ifdef _WIN32
static int stand(void)
{
    HANDLE lock = OpenMutexA(SYNCHRONIZE, FALSE, "Local\\DdemlNewsLock1");

    return WaitForSingleObject(lock, TEST_PATIENCE_MS) != WAIT_OBJECT_0 || stand_still();
}
#endif

static const struct {
    const char *name;
    int (*play)(void);
} roles[] = {
    {"talk", talk},   {"watch", listen_to}, {"hang", hang}, {"storm", storm}, {"serve", serve},
#ifdef _WIN32
    {"stand", stand},
#endif
};

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_monitor_hears_everything_of_another_process, down),
        cmocka_unit_test_teardown(a_monitor_in_another_process_hears_everything_in_order, down),
        cmocka_unit_test_teardown(a_monitor_that_is_killed_costs_the_others_nothing, down),
        cmocka_unit_test_teardown(a_monitor_outlives_whom_it_watches, down),
        cmocka_unit_test_teardown(messages_between_processes_are_told_once, down),
        cmocka_unit_test_teardown(a_process_that_stands_still_while_it_tells_holds_nobody_up, down),
#ifdef _WIN32
        cmocka_unit_test_teardown(a_monitor_with_a_spoilt_or_full_ring_hears_again, down),
        cmocka_unit_test_teardown(listening_again_makes_up_for_an_event_that_was_lost, down),
        cmocka_unit_test_teardown(what_nobody_listens_to_is_told_once_and_never_again, down),
#endif
    };

    for (size_t i = 0; argc == 2 && i < sizeof roles / sizeof *roles; i++)
        if (!strcmp(argv[1], roles[i].name))
            return roles[i].play();
    program = argc == 2 ? argv[1] : NULL;
    if (program && !test_process_exists(program))
        return TEST_SKIPPED;
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
