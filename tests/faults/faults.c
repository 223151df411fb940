/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Whatever the system refuses, and whenever: nothing is lost and nothing hangs.
 *
 * One play touches everything that a program does with this library. It is played again and again, and in the
 * n-th performance the n-th call of the host that can fail does fail: once, or from then on. After each
 * performance the ledger must be empty. The play does not look at results: its calls have to put up with the
 * handles that earlier failures have left 0. */

#include "faults/fault.h"
#include "support/support.h"

#include "base/spares.h"

/* ---- The play ----------------------------------------------------------------------------------------- */

/* For answers that a failure has swallowed, and for partners that a failure keeps from hearing of the end. */
enum { ANSWER_MS = 2, DEADLINE_MS = 3 };

static struct play {
    bool alone; /* one instance is server and client */
    DWORD server, client;
    bool watched; /* by a monitor: a shorter play */
    DWORD monitor;
    HSZ service, topic, items[3];    /* the server's */
    HSZ cservice, ctopic, citems[3]; /* the client's */
    HCONV served;                    /* the server's side of the last conversation */
    unsigned updates;
    bool reconnect; /* the next conversation that ends is to be opened again */
} play;

static HDDEDATA value_of(HSZ item, UINT fmt)
{
    BYTE text[20] = "value";

    return DdeCreateDataHandle(play.server, text, sizeof text, 0, item, fmt, 0);
}

static HDDEDATA pairs(void)
{
    HSZPAIR all[] = {{play.service, play.topic}, {play.service, play.items[0]}, {0, 0}};

    return DdeCreateDataHandle(play.server, (LPBYTE)all, sizeof all, 0, 0, CF_TEXT, 0);
}

static HDDEDATA CALLBACK callback(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR d1, ULONG_PTR d2)
{
    (void)hsz1, (void)d1, (void)d2;
    switch (type) {
    case XTYP_CONNECT:
    case XTYP_ADVSTART:
        return (HDDEDATA)TRUE;
    case XTYP_WILDCONNECT:
        return pairs();
    case XTYP_CONNECT_CONFIRM:
        play.served = conv;
        return 0;
    case XTYP_REQUEST:
    case XTYP_ADVREQ:
        return value_of(hsz2, fmt);
    case XTYP_POKE:
    case XTYP_EXECUTE:
        DdeAccessData(data, NULL);
        return (HDDEDATA)DDE_FACK;
    case XTYP_ADVDATA:
        play.updates++;
        return (HDDEDATA)(uintptr_t)(play.updates % 3 ? DDE_FACK : DDE_FNOTPROCESSED);
    case XTYP_DISCONNECT:
        if (play.reconnect)
            DdeReconnect(conv);
        play.reconnect = false;
        return 0;
    default:
        return 0;
    }
}

static void make_strings(void)
{
    static const char *const names[] = {"hot", "acknowledged", "warm"};
    static const WCHAR *const wide[] = {u"hot", u"acknowledged", u"warm"};

    play.service = DdeCreateStringHandleA(play.server, "service", 0);
    play.topic = DdeCreateStringHandleA(play.server, "topic", 0);
    play.cservice = DdeCreateStringHandleW(play.client, u"Service", 0);
    play.ctopic = DdeCreateStringHandleW(play.client, u"Topic", 0);
    for (int i = 0; i < 3; i++) {
        play.items[i] = DdeCreateStringHandleA(play.server, names[i], 0);
        play.citems[i] = DdeCreateStringHandleW(play.client, wide[i], 0);
    }
    DdeKeepStringHandle(play.server, play.topic);
    DdeFreeStringHandle(play.server, play.topic);
}

/* A Unicode client and an ANSI server; the other way round when they are watched. */
static void enter(void)
{
    (play.watched ? DdeInitializeW : DdeInitializeA)(&play.server, callback, APPCLASS_STANDARD, 0);
    if (play.watched)
        DdeInitializeA(&play.monitor, callback, APPCLASS_MONITOR | MF_MASK, 0);
    if (play.alone)
        play.client = play.server;
    else
        (play.watched ? DdeInitializeA : DdeInitializeW)(&play.client, callback, APPCLASS_STANDARD, 0);
    make_strings();
    DdeNameService(play.server, play.service, 0, DNS_REGISTER);
}

/* What an instance can be changed to, and what it tells. */
static BOOL CALLBACK count_holder(const DDEMLHOLDER *holder, LPVOID param)
{
    (void)holder, (void)param;
    return TRUE;
}

static void change(void)
{
    char text[20];

    DdeInitializeA(&play.server, NULL, APPCLASS_STANDARD | APPCMD_FILTERINITS, 0);
    DdeInitializeA(&play.monitor, NULL, APPCLASS_MONITOR | MF_CALLBACKS | MF_LINKS, 0);
    DdeQueryStringA(play.server, play.topic, text, sizeof text, 0);
    DdemlListHolders(count_holder, NULL, ANSWER_MS);
    DdeInitializeA(&play.server, NULL, APPCLASS_STANDARD, 0);
}

/* The ANSI client's texts are converted for the Unicode server, those that look like Unicode twice. */
static void command(HCONV conv)
{
    BYTE text[] = "[a command]";
    WCHAR wide[] = u"[a command]";

    DdeClientTransaction(text, sizeof text, conv, 0, 0, XTYP_EXECUTE, ANSWER_MS, NULL);
    DdeClientTransaction((LPBYTE)wide, sizeof wide, conv, 0, 0, XTYP_EXECUTE, ANSWER_MS, NULL);
}

static void ask(HCONV conv)
{
    BYTE text[] = "[a command]";
    HSZ item = play.citems[0];
    DWORD client = play.client;
    HDDEDATA data;

    data = DdeClientTransaction(NULL, 0, conv, item, CF_TEXT, XTYP_REQUEST, ANSWER_MS, NULL);
    DdeAccessData(data, NULL);
    DdeFreeDataHandle(data);
    DdeClientTransaction(text, sizeof text, conv, item, CF_TEXT, XTYP_POKE, ANSWER_MS, NULL);
    DdeClientTransaction(text, sizeof text, conv, 0, 0, XTYP_EXECUTE, ANSWER_MS, NULL);

    data = DdeCreateDataHandle(client, text, sizeof text, 0, item, CF_TEXT, 0);
    data = DdeAddData(data, text, sizeof text, sizeof text);
    DdeClientTransaction((LPBYTE)data, 0xFFFFFFFF, conv, item, CF_TEXT, XTYP_POKE, ANSWER_MS, NULL);
    data = DdeCreateDataHandle(client, text, sizeof text, 0, item, CF_TEXT, HDATA_APPOWNED);
    DdeClientTransaction((LPBYTE)data, 0xFFFFFFFF, conv, item, CF_TEXT, XTYP_POKE, ANSWER_MS, NULL);
    DdeFreeDataHandle(data);
    data = DdeCreateDataHandle(client, text, sizeof text, 0, 0, 0, 0);
    DdeClientTransaction((LPBYTE)data, 0xFFFFFFFF, conv, 0, 0, XTYP_EXECUTE, ANSWER_MS, NULL);
}

static void start_loops(HCONV conv)
{
    static const UINT flags[] = {0, XTYPF_ACKREQ, XTYPF_NODATA | XTYPF_ACKREQ};

    for (int i = 0; i < 3; i++)
        DdeClientTransaction(NULL, 0, conv, play.citems[i], CF_TEXT, XTYP_ADVSTART | flags[i], ANSWER_MS,
                             NULL);
}

static void update(void)
{
    DdePostAdvise(play.server, play.topic, play.items[0]);
    DdePostAdvise(play.server, 0, 0);
}

static void ask_later(HCONV conv)
{
    BYTE text[] = "later";
    DWORD id = 0, other = 0;

    DdeEnableCallback(play.server, 0, EC_DISABLE);
    DdeClientTransaction(NULL, 0, conv, play.citems[0], CF_TEXT, XTYP_REQUEST, TIMEOUT_ASYNC, &id);
    DdeClientTransaction(text, sizeof text, conv, play.citems[1], CF_TEXT, XTYP_POKE, TIMEOUT_ASYNC, NULL);
    DdeClientTransaction(text, sizeof text, conv, 0, 0, XTYP_EXECUTE, TIMEOUT_ASYNC, NULL);
    DdeClientTransaction(NULL, 0, conv, play.citems[1], CF_TEXT, XTYP_REQUEST, TIMEOUT_ASYNC, &other);
    DdeClientTransaction(NULL, 0, conv, play.citems[2], CF_TEXT, XTYP_ADVSTOP, TIMEOUT_ASYNC, NULL);
    DdeSetUserHandle(conv, id, 1);
    test_pump_all();
    DdeAbandonTransaction(play.client, conv, other);
    DdeEnableCallback(play.server, 0, EC_ENABLEALL);
    test_pump_all();
}

/* What there is to tell is told of one conversation. */
static void perform_watched(void)
{
    HCONV conv;

    enter();
    conv = DdeConnect(play.client, play.cservice, play.ctopic, NULL);
    DdeClientTransaction(NULL, 0, conv, play.citems[0], CF_TEXT, XTYP_ADVSTART, ANSWER_MS, NULL);
    DdePostAdvise(play.server, 0, 0);
    DdeConnect(play.client, play.citems[0], play.citems[0], NULL); /* nobody: an error */
    command(conv);
    test_pump_all();
    change();
    DdeDisconnect(conv);
    test_pump_all();
}

static void perform(void)
{
    CONVINFO info = {.cb = sizeof info};
    HCONV named, wild, third;
    HCONVLIST list;

    enter();
    named = DdeConnect(play.client, play.cservice, play.ctopic, NULL);
    DdeSetUserHandle(named, QID_SYNC, 1);
    DdeQueryConvInfo(named, QID_SYNC, &info);
    ask(named);
    wild = DdeConnect(play.client, 0, 0, NULL);
    start_loops(named);
    start_loops(wild);
    update();
    test_pump_all();
    update();
    ask_later(named);
    update();
    DdeDisconnect(wild); /* with updates under way */
    third = DdeConnect(play.client, play.cservice, play.ctopic, NULL);
    start_loops(third);
    DdeClientTransaction(NULL, 0, third, play.citems[0], CF_TEXT, XTYP_REQUEST, TIMEOUT_ASYNC, NULL);
    DdeDisconnect(play.served); /* with a request under way */
    update();
    list = DdeConnectList(play.client, 0, 0, 0, NULL);
    list = DdeConnectList(play.client, play.cservice, play.ctopic, list, NULL);
    start_loops(DdeQueryNextServer(list, 0));
    play.reconnect = true;
    DdeDisconnect(play.served);
    test_pump_all(); /* the client opens it again */
    update();
    DdeDisconnectList(list);
    DdeNameService(play.server, 0, 0, DNS_UNREGISTER);
    /* named stays for the end, with updates under way */
}

/* Either side may be the first to go. */
static void leave(bool server_first)
{
    DdeUninitialize(server_first ? play.server : play.client);
    if (!play.alone)
        DdeUninitialize(server_first ? play.client : play.server);
    DdeUninitialize(play.monitor);
}

/* ---- Performances ------------------------------------------------------------------------------------- */

enum mode {
    ONCE,         /* one call fails                                              */
    UNTIL_LEAVE,  /* all calls from one on, up to the end of the instances       */
    FOR_EVER,     /* the end of the instances included                           */
    THREAD_ENDS,  /* one call fails, and the thread ends without uninitialising  */
    THREAD_BREAKS /* all calls from one on, and the thread ends                  */
};

static bool for_good(enum mode mode)
{
    return mode != ONCE && mode != THREAD_ENDS;
}

static void on_thread(void *arg)
{
    (void)arg;
    (play.watched ? perform_watched : perform)();
}

static void run(enum mode mode, unsigned n)
{
    if (mode == THREAD_ENDS || mode == THREAD_BREAKS) {
        test_thread_join(test_thread_start(on_thread, NULL));
        return;
    }
    (play.watched ? perform_watched : perform)();
    if (mode == UNTIL_LEAVE)
        fault_rest();
    leave(n % 2);
}

enum cast { TWO_INSTANCES, ONE_INSTANCE, WITH_MONITOR, CASTS };

static bool perform_once(enum cast cast, enum mode mode, unsigned n, const struct flavour *flavour)
{
    struct figures before = figures();

    memset(&play, 0, sizeof play);
    play.alone = cast == ONE_INSTANCE;
    play.watched = cast == WITH_MONITOR;
    fault_arm(n, for_good(mode), flavour);
    run(mode, n);
    fault_rest();
    test_pump_all();
    return nothing_left(&before);
}

/* Every so many: programs are slow to talk to each other where the system is an emulated one. */
#ifdef _WIN32
enum { STRIDE = 41 };
#elif defined(__SANITIZE_THREAD__) /* the scenario has one thread */
enum { STRIDE = 7 };
#else
enum { STRIDE = 1 };
#endif

static void perform_all(enum mode mode)
{
    static const char *const casts[] = {"two instances", "one instance", "with a monitor"};
    unsigned failures = 0;

    DdemlSetDeadlines(DEADLINE_MS, DEADLINE_MS);
    for (int cast = 0; cast < CASTS; cast++)
        for (unsigned n = 1; (n == 1 || fault_fired()) && failures < 20; n += STRIDE)
            for (int f = 0; f < FLAVOURS; f++) {
                if (!perform_once((enum cast)cast, mode, n, &flavours[f])) {
                    print_error("that was %s, call %u (%s), flavour %s\n", casts[cast], n,
                                fault_fired() ? fault_fired() : "none", flavours[f].name);
                    failures++;
                }
                if (!fault_flavoured())
                    break;
            }
    assert_int_equal(failures, 0);
}

static void nothing_is_left_when_one_call_fails(void **state)
{
    (void)state;
    perform_all(ONCE);
}

static void nothing_is_left_when_all_calls_fail_from_some_point_on(void **state)
{
    (void)state;
    perform_all(UNTIL_LEAVE);
}

static void nothing_is_left_when_uninitialising_is_refused_everything(void **state)
{
    (void)state;
    perform_all(FOR_EVER);
}

static void nothing_is_left_when_one_call_fails_and_the_thread_just_ends(void **state)
{
    (void)state;
    perform_all(THREAD_ENDS);
}

static void nothing_is_left_when_all_calls_fail_and_the_thread_just_ends(void **state)
{
    (void)state;
    perform_all(THREAD_BREAKS);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(nothing_is_left_when_one_call_fails, down),
        cmocka_unit_test_teardown(nothing_is_left_when_all_calls_fail_from_some_point_on, down),
        cmocka_unit_test_teardown(nothing_is_left_when_uninitialising_is_refused_everything, down),
        cmocka_unit_test_teardown(nothing_is_left_when_one_call_fails_and_the_thread_just_ends, down),
        cmocka_unit_test_teardown(nothing_is_left_when_all_calls_fail_and_the_thread_just_ends, down),
    };

    spares_most = 0; /* every record comes from the heap, which can fail */
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
