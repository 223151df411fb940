/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Data that is a handle (docs/conformance.md, 4.6): what it stands for goes where the data goes, and exactly
 * one side frees it. After every test there is not one picture more than before, and none has been freed
 * twice.
 */

#include "pictures/host.h"
#include "support/party.h"
#include "support/raw.h"

/* ---- Pictures under way -------------------------------------------------------------------------------- */

enum { NOTED = 256 };

static struct {
    UINT fmt;
    uintptr_t all[NOTED]; /* every one that the test has made, or that a callback has got */
    unsigned n;
    uintptr_t offered, received; /* the last ones                                          */
    bool arrived_dead;
    unsigned flags; /* of the data handles that are offered                             */
    bool misfit;    /* what a server returns is for another item                        */
    HDDEDATA kept;  /* app-owned, for every question                                    */
    DWORD verdict;  /* on a POKE or an update                                          */
    unsigned before, twice_before;
} pictures;

static uintptr_t note(uintptr_t handle)
{
    assert_true(pictures.n < NOTED);
    pictures.all[pictures.n++] = handle;
    return handle;
}

static uintptr_t fresh(void)
{
    return pictures.offered = note(picture_new(pictures.fmt));
}

static HDDEDATA data_of(struct party *p, HSZ item, uintptr_t handle, UINT flags)
{
    return DdeCreateDataHandle(p->id, (LPBYTE)&handle, sizeof handle, 0, item, pictures.fmt, flags);
}

static uintptr_t handle_in(HDDEDATA data)
{
    uintptr_t handle = 0;

    assert_int_equal(DdeGetData(data, (LPBYTE)&handle, sizeof handle, 0), sizeof handle);
    return handle;
}

static void take(HDDEDATA data)
{
    pictures.received = note(handle_in(data));
    if (!picture_exists(pictures.fmt, pictures.received))
        pictures.arrived_dead = true;
}

static bool hook(struct party *p, const struct call *call, HDDEDATA *result)
{
    switch (call->type) {
    case XTYP_REQUEST:
    case XTYP_ADVREQ:
        *result =
            pictures.kept ? pictures.kept : data_of(p, pictures.misfit ? call->hsz1 : call->hsz2, fresh(), 0);
        return true;
    case XTYP_POKE:
    case XTYP_ADVDATA:
        take(call->data);
        *result = (HDDEDATA)(uintptr_t)pictures.verdict;
        return true;
    case XTYP_XACT_COMPLETE:
        if (call->data && call->data != (HDDEDATA)(uintptr_t)TRUE)
            take(call->data);
        return true;
    default:
        return false;
    }
}

static int up(void **state)
{
    (void)state;
    memset(&pictures, 0, sizeof pictures);
    pictures.fmt = CF_BITMAP;
    pictures.verdict = DDE_FACK;
    for (int i = 0; i < 2; i++) /* what the system keeps ready from the first one on */
        picture_free(CF_ENHMETAFILE, picture_new(CF_ENHMETAFILE));
    pictures.before = pictures_count();
    pictures.twice_before = pictures_freed_twice();
    raw_books_open();
    return 0;
}

static void expect_none_left(void)
{
    for (unsigned i = 0; i < pictures.n; i++)
        assert_false(picture_left(pictures.fmt, pictures.all[i]));
    assert_int_equal(pictures_count(), pictures.before);
    assert_int_equal(pictures_freed_twice(), pictures.twice_before);
}

static struct raw raw;

static int down(void **state)
{
    pictures_do_not_pass = pictures_cannot_be_copied = false;
    parties_down(state);
    raw_die(&raw);
    test_pump_all();
    raw_books_close();
    assert_false(pictures.arrived_dead);
    expect_none_left();
    return 0;
}

struct talk {
    struct party *server, *client;
    HCONV conv;
};

static struct talk talk(void)
{
    struct talk t = {party_serve(0), party_open(0), 0};

    t.server->hook = t.client->hook = hook;
    t.conv = party_connect(t.client, SERVICE, TOPIC);
    return t;
}

static HDDEDATA ask(const struct talk *t, UINT type, DWORD timeout, DWORD *result)
{
    return DdeClientTransaction(NULL, 0, t->conv, party_text(t->client, ITEM), pictures.fmt, type, timeout,
                                result);
}

static HDDEDATA poke(const struct talk *t, uintptr_t handle, DWORD timeout)
{
    return DdeClientTransaction((LPBYTE)&handle, sizeof handle, t->conv, party_text(t->client, ITEM),
                                pictures.fmt, XTYP_POKE, timeout, NULL);
}

static HDDEDATA poke_data(const struct talk *t, HDDEDATA data)
{
    return DdeClientTransaction((LPBYTE)data, 0xFFFFFFFF, t->conv, party_text(t->client, ITEM), pictures.fmt,
                                XTYP_POKE, TEST_PATIENCE_MS, NULL);
}

static void loop(const struct talk *t, UINT flags)
{
    assert_non_null(ask(t, XTYP_ADVSTART | flags, TEST_PATIENCE_MS, NULL));
}

static bool lives(uintptr_t handle)
{
    return picture_exists(pictures.fmt, handle);
}

/* ---- Data handles -------------------------------------------------------------------------------------- */

static void freeing_the_data_frees_the_picture(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA data = data_of(p, party_text(p, ITEM), fresh(), 0);

    (void)state;
    assert_true(lives(pictures.offered));
    assert_true(DdeFreeDataHandle(data));
    assert_false(lives(pictures.offered));
}

static void freeing_app_owned_data_frees_the_picture(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA data = data_of(p, party_text(p, ITEM), fresh(), HDATA_APPOWNED);

    (void)state;
    assert_true(DdeFreeDataHandle(data));
    assert_false(lives(pictures.offered));
}

static void data_that_is_left_at_the_end_takes_its_picture_along(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    data_of(p, party_text(p, ITEM), fresh(), 0);
    data_of(p, party_text(p, ITEM), fresh(), HDATA_APPOWNED);
    party_close(p);
}

static void a_number_in_another_format_is_a_number(void **state)
{
    struct party *p = party_open(0);
    uintptr_t handle = fresh();
    HDDEDATA data =
        DdeCreateDataHandle(p->id, (LPBYTE)&handle, sizeof handle, 0, party_text(p, ITEM), CF_DIB, 0);

    (void)state;
    assert_true(DdeFreeDataHandle(data));
    assert_true(lives(handle));
    data = DdeCreateDataHandle(p->id, (LPBYTE)&handle, sizeof handle, 0, party_text(p, ITEM),
                               0x10000 + CF_BITMAP, 0);
    assert_true(DdeFreeDataHandle(data));
    assert_true(lives(handle));
    picture_free(pictures.fmt, handle);
}

static void what_is_no_handle_of_a_picture_does_no_harm(void **state)
{
    static const uintptr_t numbers[] = {0, 1, 0x1234, 0x7FFFFFF8, UINTPTR_MAX};
    struct talk t = talk();
    HSZ item = party_text(t.client, ITEM);

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        HDDEDATA data = data_of(t.client, item, numbers[i], HDATA_APPOWNED);

        assert_non_null(poke_data(&t, data));
        assert_int_equal(pictures.received, numbers[i]);
        assert_true(DdeFreeDataHandle(data));
    }
    pictures.arrived_dead = false;
    pictures.n = 0;
}

static void a_payload_shorter_than_a_handle_is_bytes(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = NULL;
    assert_non_null(DdeClientTransaction((LPBYTE) "abc", 3, t.conv, party_text(t.client, ITEM), pictures.fmt,
                                         XTYP_POKE, TEST_PATIENCE_MS, NULL));
    assert_string_equal(party_last(t.server, XTYP_POKE)->bytes, "abc");
}

/* ---- Request ------------------------------------------------------------------------------------------- */

static void the_client_frees_what_it_asked_for(void **state)
{
    struct talk t = talk();
    HDDEDATA data = ask(&t, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);

    (void)state;
    take(data);
    assert_int_equal(pictures.received, pictures.offered);
    assert_true(DdeFreeDataHandle(data));
    assert_false(lives(pictures.received));
}

static void what_was_asked_for_asynchronously_lives_as_long_as_the_callback(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_non_null(ask(&t, XTYP_REQUEST, TIMEOUT_ASYNC, NULL));
    test_pump_all();
    assert_int_equal(pictures.received, pictures.offered);
    assert_false(lives(pictures.received));
}

static void an_answer_that_does_not_fit_is_freed(void **state)
{
    struct talk t = talk();

    (void)state;
    pictures.misfit = true;
    assert_null(ask(&t, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    assert_false(lives(pictures.offered));
}

static bool answer_late(struct party *p, const struct call *call, HDDEDATA *result)
{
    if (call->type != XTYP_REQUEST || p->arg)
        return hook(p, call, result);
    p->arg = p;
    *result = CBR_BLOCK;
    return true;
}

static void a_late_answer_is_freed(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = answer_late;
    assert_null(ask(&t, XTYP_REQUEST, 20, NULL));
    assert_error(t.client, DMLERR_DATAACKTIMEOUT);
    assert_true(DdeEnableCallback(t.server->id, 0, EC_ENABLEALL));
    test_pump_all();
    assert_int_not_equal(pictures.offered, 0);
    assert_false(lives(pictures.offered));
}

static void the_answer_of_an_abandoned_request_is_freed(void **state)
{
    struct talk t = talk();
    DWORD id = 0;

    (void)state;
    assert_non_null(ask(&t, XTYP_REQUEST, TIMEOUT_ASYNC, &id));
    assert_true(DdeAbandonTransaction(t.client->id, t.conv, id));
    test_pump_all();
    assert_int_equal(party_count(t.client, XTYP_XACT_COMPLETE), 0);
    assert_false(lives(pictures.offered));
}

static bool hang_up_and_answer(struct party *p, const struct call *call, HDDEDATA *result)
{
    if (call->type == XTYP_REQUEST)
        DdeDisconnect(call->conv);
    return hook(p, call, result);
}

static void an_answer_after_the_end_is_freed(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = hang_up_and_answer;
    assert_null(ask(&t, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    assert_error(t.client, DMLERR_SERVER_DIED);
    assert_false(lives(pictures.offered));
}

/* ---- Poke ---------------------------------------------------------------------------------------------- */

static const DWORD verdicts[] = {DDE_FACK, 0, DDE_FBUSY};
enum { VERDICTS = sizeof verdicts / sizeof *verdicts };

static void a_poked_picture_is_freed_whatever_the_server_says(void **state)
{
    struct talk t = talk();

    (void)state;
    for (int i = 0; i < VERDICTS; i++) {
        pictures.verdict = verdicts[i];
        assert_int_equal(poke(&t, fresh(), TEST_PATIENCE_MS) != 0, verdicts[i] == DDE_FACK);
        assert_int_equal(pictures.received, pictures.offered);
        assert_false(lives(pictures.offered));
    }
}

static void a_poke_that_is_filtered_is_freed(void **state)
{
    struct talk t = talk();
    DWORD id = t.server->id;

    (void)state;
    assert_int_equal(DdeInitializeA(&id, NULL, CBF_FAIL_POKES, 0), DMLERR_NO_ERROR);
    assert_null(poke(&t, fresh(), TEST_PATIENCE_MS));
    assert_false(lives(pictures.offered));
}

static void a_poke_by_handle_gives_the_picture_away(void **state)
{
    struct talk t = talk();
    HDDEDATA data = data_of(t.client, party_text(t.client, ITEM), fresh(), 0);

    (void)state;
    assert_non_null(poke_data(&t, data));
    assert_int_equal(pictures.received, pictures.offered);
    assert_false(lives(pictures.offered));
}

static void a_poke_that_fails_a_check_gives_nothing_away(void **state)
{
    struct talk t = talk();
    HDDEDATA data = data_of(t.client, party_text(t.client, "another"), fresh(), 0);

    (void)state;
    assert_null(poke_data(&t, data));
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
    assert_true(lives(pictures.offered));
    assert_true(DdeFreeDataHandle(data));
}

static void an_app_owned_picture_is_poked_as_a_copy(void **state)
{
    struct talk t = talk();
    HDDEDATA data = data_of(t.client, party_text(t.client, ITEM), fresh(), HDATA_APPOWNED);

    (void)state;
    for (int i = 0; i < VERDICTS; i++) {
        pictures.verdict = verdicts[i];
        poke_data(&t, data);
        assert_int_not_equal(pictures.received, pictures.offered);
        assert_false(lives(pictures.received));
        assert_true(lives(pictures.offered));
    }
    assert_int_equal(handle_in(data), pictures.offered);
    assert_true(DdeFreeDataHandle(data));
    assert_false(lives(pictures.offered));
}

static void a_picture_that_cannot_be_copied_is_not_sent(void **state)
{
    struct talk t = talk();
    HDDEDATA data = data_of(t.client, party_text(t.client, ITEM), fresh(), HDATA_APPOWNED);

    (void)state;
#ifdef _WIN32
    skip(); /* the pictures are the system's there, and it does not refuse to copy them when a test says so */
#endif
    pictures_cannot_be_copied = true;
    assert_null(poke_data(&t, data));
    assert_error(t.client, DMLERR_MEMORY_ERROR);
    assert_int_equal(party_count(t.server, XTYP_POKE), 0);
    assert_true(lives(pictures.offered));
    assert_true(DdeFreeDataHandle(data));
}

static void pokes_that_the_server_has_not_read_when_it_ends_are_freed(void **state)
{
    struct talk t = talk();

    (void)state;
    for (int i = 0; i < 20; i++)
        assert_non_null(poke(&t, fresh(), TIMEOUT_ASYNC));
    assert_true(DdeDisconnect(t.server->server));
    test_pump_all();
    assert_int_equal(party_count(t.server, XTYP_POKE), 0);
    expect_none_left();
}

static void pokes_that_a_blocked_server_holds_when_it_ends_are_freed(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_true(DdeEnableCallback(t.server->id, 0, EC_DISABLE));
    for (int i = 0; i < 20; i++)
        assert_non_null(poke(&t, fresh(), TIMEOUT_ASYNC));
    test_pump_all();
    party_close(t.server);
    test_pump_all();
    expect_none_left();
}

/* ---- Advise -------------------------------------------------------------------------------------------- */

static void an_update_lives_as_long_as_the_callback(void **state)
{
    static const UINT flags[] = {0, XTYPF_ACKREQ};
    struct talk t = talk();

    (void)state;
    for (int i = 0; i < 2; i++) {
        loop(&t, flags[i]);
        for (int k = 0; k < VERDICTS; k++) {
            pictures.verdict = verdicts[k];
            assert_true(party_post(t.server, TOPIC, ITEM));
            test_pump_all();
            assert_int_equal(pictures.received, pictures.offered);
            assert_false(lives(pictures.offered));
        }
    }
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), 2 * VERDICTS);
}

static void one_app_owned_picture_serves_every_loop_and_update(void **state)
{
    struct talk t = talk();
    struct party *second = party_open(0);

    (void)state;
    second->hook = hook;
    loop(&t, 0);
    loop(&(struct talk){t.server, second, party_connect(second, SERVICE, TOPIC)}, XTYPF_ACKREQ);
    pictures.kept = data_of(t.server, party_text(t.server, ITEM), fresh(), HDATA_APPOWNED);
    for (int i = 0; i < 3; i++) {
        assert_true(party_post(t.server, TOPIC, ITEM));
        test_pump_all();
    }
    assert_int_equal(party_count(t.client, XTYP_ADVDATA) + party_count(second, XTYP_ADVDATA), 6);
    assert_true(lives(pictures.offered));
    assert_true(DdeFreeDataHandle(pictures.kept));
    assert_false(lives(pictures.offered));
}

/* The storm of Q170626, with pictures. */
static void updates_that_are_queued_when_the_client_ends_are_freed(void **state)
{
    static const UINT flags[] = {0, XTYPF_ACKREQ};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct talk t = talk();

        loop(&t, flags[i]);
        for (int k = 0; k < 50; k++)
            assert_true(party_post(t.server, TOPIC, ITEM));
        assert_true(DdeDisconnect(t.conv));
        test_pump_all();
        assert_int_equal(party_count(t.client, XTYP_ADVDATA), 0);
        expect_none_left();
        party_close(t.client);
        party_close(t.server);
    }
}

static void updates_that_wait_behind_a_block_are_freed_at_the_end(void **state)
{
    struct talk t = talk();

    (void)state;
    loop(&t, 0);
    assert_true(DdeEnableCallback(t.client->id, 0, EC_DISABLE));
    for (int i = 0; i < 20; i++)
        assert_true(party_post(t.server, TOPIC, ITEM));
    test_pump_all();
    assert_true(DdeDisconnect(t.conv));
    test_pump_all();
    expect_none_left();
}

static void an_update_for_a_loop_that_has_ended_is_freed(void **state)
{
    struct talk t = talk();

    (void)state;
    loop(&t, 0);
    assert_true(party_post(t.server, TOPIC, ITEM));
    assert_non_null(ask(&t, XTYP_ADVSTOP, TEST_PATIENCE_MS, NULL));
    test_pump_all();
    expect_none_left();
}

/* ---- All formats --------------------------------------------------------------------------------------- */

static void every_format_of_pictures_is_copied_and_freed(void **state)
{
    static const UINT formats[] = {CF_BITMAP,      CF_DSPBITMAP,      CF_PALETTE,        CF_METAFILEPICT,
                                   CF_ENHMETAFILE, CF_DSPENHMETAFILE, CF_DSPMETAFILEPICT};
    struct talk t = talk();

    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        HDDEDATA data;

        pictures.fmt = formats[i];
        pictures.n = 0;
        data = ask(&t, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
        take(data);
        assert_true(DdeFreeDataHandle(data));
        assert_non_null(poke(&t, fresh(), TEST_PATIENCE_MS));
        data = data_of(t.client, party_text(t.client, ITEM), fresh(), HDATA_APPOWNED);
        assert_non_null(poke_data(&t, data));
        assert_int_not_equal(pictures.received, pictures.offered);
        assert_true(lives(pictures.offered));
        assert_true(DdeFreeDataHandle(data));
        expect_none_left();
    }
}

/* ---- Between processes whose handles differ ------------------------------------------------------------ */

static struct talk talk_apart(void)
{
    pictures_do_not_pass = true;
    return talk();
}

static void a_poke_to_where_handles_do_not_pass_fails_and_the_conversation_goes_on(void **state)
{
    struct talk t = talk_apart();

    (void)state;
    assert_null(poke(&t, fresh(), TEST_PATIENCE_MS));
    assert_error(t.client, DMLERR_MEMORY_ERROR);
    assert_false(lives(pictures.offered));
    t.server->hook = NULL;
    assert_non_null(party_send(t.client, t.conv, XTYP_POKE, "text", TEST_PATIENCE_MS, NULL));
}

static void a_request_from_where_handles_do_not_pass_is_refused_and_the_conversation_goes_on(void **state)
{
    struct talk t = talk_apart();
    HDDEDATA data;

    (void)state;
    assert_null(ask(&t, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    assert_error(t.client, DMLERR_NOTPROCESSED);
    assert_error(t.server, DMLERR_MEMORY_ERROR);
    assert_false(lives(pictures.offered));
    t.server->hook = NULL;
    data = party_transact(t.client, t.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
    assert_non_null(data);
    assert_true(DdeFreeDataHandle(data));
}

static void an_update_to_where_handles_do_not_pass_fails_and_the_loop_stays(void **state)
{
    struct talk t = talk_apart();

    (void)state;
    loop(&t, 0);
    assert_false(party_post(t.server, TOPIC, ITEM));
    assert_error(t.server, DMLERR_MEMORY_ERROR);
    assert_false(lives(pictures.offered));
    assert_non_null(ask(&t, XTYP_ADVSTOP, TEST_PATIENCE_MS, NULL));
}

#ifdef _WIN32

static bool has_been_left(void *server)
{
    return party_count(server, XTYP_DISCONNECT) != 0;
}

/* The other process: a party that serves until its client has gone. */
static int serve_elsewhere(void)
{
    struct party *p = party_serve(0);

    test_pump_until(has_been_left, p, TEST_PATIENCE_MS);
    party_close(p);
    return 0;
}

static HANDLE start_elsewhere(void)
{
    STARTUPINFOA start = {.cb = sizeof start};
    PROCESS_INFORMATION started;
    char name[MAX_PATH], command[MAX_PATH + 16];

    GetModuleFileNameA(NULL, name, sizeof name);
    snprintf(command, sizeof command, "\"%s\" elsewhere", name);
    assert_true(CreateProcessA(NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &start, &started));
    CloseHandle(started.hThread);
    return started.hProcess;
}

/* What the tests above pretend. Where the system makes copies of pictures the poke succeeds instead. */
static void between_processes_handles_do_not_pass_under_wine(void **state)
{
    struct talk t = {NULL, party_open(0), 0};
    uint64_t until = test_now_ms() + TEST_PATIENCE_MS;
    HANDLE process = start_elsewhere();

    (void)state;
    while (!t.conv && test_now_ms() < until)
        t.conv = DdeConnect(t.client->id, party_text(t.client, SERVICE), party_text(t.client, TOPIC), NULL);
    assert_non_null(t.conv);
    DdeGetLastError(t.client->id);
    if (host_post_passing(0) == HOST_PASS_COPY) {
        assert_null(poke(&t, fresh(), TEST_PATIENCE_MS));
        assert_error(t.client, DMLERR_MEMORY_ERROR);
    } else {
        assert_non_null(poke(&t, fresh(), TEST_PATIENCE_MS));
    }
    assert_non_null(party_send(t.client, t.conv, XTYP_POKE, "text", TEST_PATIENCE_MS, NULL));
    assert_true(DdeDisconnect(t.conv));
    assert_int_equal(WaitForSingleObject(process, TEST_PATIENCE_MS), WAIT_OBJECT_0);
    CloseHandle(process);
}

#endif

/* ---- Partners that are not of this library ------------------------------------------------------------- */

enum { RELEASE = WIRE_FRELEASE, LENT = 0 };

static host_mem object(uint16_t flags)
{
    uint16_t header[2] = {flags, (uint16_t)pictures.fmt};
    unsigned char bytes[sizeof header + sizeof(uintptr_t)];
    uintptr_t handle = fresh();

    memcpy(bytes, header, sizeof header);
    memcpy(bytes + sizeof header, &handle, sizeof handle);
    return raw_bytes(bytes, sizeof bytes);
}

static struct talk talk_to_raw(void (*on)(struct raw *r, struct raw_seen *m))
{
    struct talk t = {NULL, party_open(0), 0};

    t.client->hook = hook;
    raw_open(&raw);
    raw.serves = true;
    raw.on = on;
    t.conv = party_connect(t.client, RAW_SERVICE, RAW_TOPIC);
    return t;
}

static struct party *serve_raw(void)
{
    struct party *server = party_open(0);

    server->hook = hook;
    party_register(server, RAW_SERVICE);
    raw_open(&raw);
    assert_true(raw_connect(&raw));
    return server;
}

static void refuse(struct raw *r, struct raw_seen *m)
{
    raw_answer(r, m, 0);
}

/* K3: the object is the client's again, and so is the picture. */
static void what_a_raw_server_refuses_the_client_frees(void **state)
{
    struct talk t = talk_to_raw(refuse);

    (void)state;
    assert_null(poke(&t, fresh(), TEST_PATIENCE_MS));
    assert_error(t.client, DMLERR_NOTPROCESSED);
    assert_false(lives(pictures.offered));
}

static void keep(struct raw *r, struct raw_seen *m)
{
    raw_answer(r, m, WIRE_FACK);
}

/* K2 */
static void what_a_raw_server_accepts_is_its_own(void **state)
{
    struct talk t = talk_to_raw(keep);

    (void)state;
    assert_non_null(poke(&t, fresh(), TEST_PATIENCE_MS));
    assert_true(lives(pictures.offered));
    picture_free(pictures.fmt, pictures.offered);
}

static host_mem lent;

static void lend(struct raw *r, struct raw_seen *m)
{
    if (m->id != WIRE_REQUEST)
        return;
    m->taken = true;
    lent = object(WIRE_FACKREQ | WIRE_FRESPONSE);
    assert_true(raw_post(r, WIRE_DATA, lent, m->atom));
}

/* D7 */
static void of_what_a_raw_server_lends_the_client_gets_a_copy(void **state)
{
    struct talk t = talk_to_raw(lend);
    HDDEDATA data = DdeClientTransaction(NULL, 0, t.conv, party_text(t.client, RAW_ITEM), pictures.fmt,
                                         XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
    struct raw_seen *m;

    (void)state;
    assert_non_null(data);
    take(data);
    m = raw_expect(&raw, WIRE_ACK);
    raw_unref(m->atom);
    raw_left(lent, true);
    assert_int_not_equal(pictures.received, pictures.offered);
    assert_true(DdeFreeDataHandle(data));
    assert_true(lives(pictures.offered));
    picture_free(pictures.fmt, pictures.offered);
}

/* K2, K3, K4: accepted and given, it is ours; refused or lent, it stays the client's. */
static void a_raw_clients_picture_is_ours_if_it_is_given_and_accepted(void **state)
{
    static const uint16_t flags[] = {RELEASE, LENT};

    serve_raw();
    (void)state;
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < VERDICTS; k++) {
            host_mem mem = object(flags[i]);
            bool ours = flags[i] == RELEASE && verdicts[k] == DDE_FACK;
            struct raw_seen *m;

            pictures.verdict = verdicts[k];
            assert_true(raw_post(&raw, WIRE_POKE, mem, raw_ref(RAW_ITEM)));
            m = raw_expect(&raw, WIRE_ACK);
            assert_int_equal(m->status, verdicts[k]);
            raw_unref(m->atom);
            raw_left(mem, !ours);
            assert_int_equal(lives(pictures.offered), !ours);
            if (!ours)
                picture_free(pictures.fmt, pictures.offered);
        }
    }
}

/* K5, K6 */
static void what_a_raw_client_has_poked_when_the_server_ends_is_freed_if_it_was_given(void **state)
{
    struct party *server = serve_raw();
    uintptr_t given, borrowed;
    host_mem mems[2];

    (void)state;
    mems[0] = object(RELEASE);
    given = pictures.offered;
    mems[1] = object(LENT);
    borrowed = pictures.offered;
    for (int i = 0; i < 2; i++)
        assert_true(raw_post(&raw, WIRE_POKE, mems[i], raw_ref(RAW_ITEM)));
    assert_true(DdeDisconnect(server->server));
    test_pump_all();
    raw_expect_nothing(&raw);
    raw_left(mems[0], false);
    raw_left(mems[1], true);
    assert_false(lives(given));
    assert_true(lives(borrowed));
    picture_free(pictures.fmt, borrowed);
}

static bool die_and_refuse(struct party *p, const struct call *call, HDDEDATA *result)
{
    if (call->type == XTYP_POKE)
        raw_die(&raw);
    return hook(p, call, result);
}

/* K10 */
static void a_refusal_that_cannot_be_posted_frees_the_picture(void **state)
{
    struct party *server = serve_raw();
    host_mem mem = object(RELEASE);

    (void)state;
    server->hook = die_and_refuse;
    pictures.verdict = 0;
    assert_true(raw_post(&raw, WIRE_POKE, mem, raw_ref(RAW_ITEM)));
    test_pump_all();
    assert_int_equal(party_count(server, XTYP_POKE), 1);
    raw_left(mem, false);
    assert_false(lives(pictures.offered));
}

/* It is the process's that sent it: to delete that number would delete some picture of ours. */
static void a_handle_from_where_handles_do_not_pass_is_no_handle(void **state)
{
    host_mem mem;
    struct raw_seen *m;

#ifndef _WIN32
    skip(); /* only a system that copies blocks passes numbers on */
#endif
    (void)state;
    pictures_do_not_pass = true;
    serve_raw();
    mem = object(RELEASE);
    assert_true(raw_post(&raw, WIRE_POKE, mem, raw_ref(RAW_ITEM)));
    m = raw_expect(&raw, WIRE_ACK);
    raw_unref(m->atom);
    raw_left(mem, false);
    assert_int_equal(pictures.received, 0);
    assert_true(lives(pictures.offered));
    picture_free(pictures.fmt, pictures.offered);
    pictures.arrived_dead = false;
}

#define picture_test(function) cmocka_unit_test_setup_teardown(function, up, down)

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        picture_test(freeing_the_data_frees_the_picture),
        picture_test(freeing_app_owned_data_frees_the_picture),
        picture_test(data_that_is_left_at_the_end_takes_its_picture_along),
        picture_test(a_number_in_another_format_is_a_number),
        picture_test(what_is_no_handle_of_a_picture_does_no_harm),
        picture_test(a_payload_shorter_than_a_handle_is_bytes),
        picture_test(the_client_frees_what_it_asked_for),
        picture_test(what_was_asked_for_asynchronously_lives_as_long_as_the_callback),
        picture_test(an_answer_that_does_not_fit_is_freed),
        picture_test(a_late_answer_is_freed),
        picture_test(the_answer_of_an_abandoned_request_is_freed),
        picture_test(an_answer_after_the_end_is_freed),
        picture_test(a_poked_picture_is_freed_whatever_the_server_says),
        picture_test(a_poke_that_is_filtered_is_freed),
        picture_test(a_poke_by_handle_gives_the_picture_away),
        picture_test(a_poke_that_fails_a_check_gives_nothing_away),
        picture_test(an_app_owned_picture_is_poked_as_a_copy),
        picture_test(a_picture_that_cannot_be_copied_is_not_sent),
        picture_test(pokes_that_the_server_has_not_read_when_it_ends_are_freed),
        picture_test(pokes_that_a_blocked_server_holds_when_it_ends_are_freed),
        picture_test(an_update_lives_as_long_as_the_callback),
        picture_test(one_app_owned_picture_serves_every_loop_and_update),
        picture_test(updates_that_are_queued_when_the_client_ends_are_freed),
        picture_test(updates_that_wait_behind_a_block_are_freed_at_the_end),
        picture_test(an_update_for_a_loop_that_has_ended_is_freed),
        picture_test(every_format_of_pictures_is_copied_and_freed),
        picture_test(a_poke_to_where_handles_do_not_pass_fails_and_the_conversation_goes_on),
        picture_test(a_request_from_where_handles_do_not_pass_is_refused_and_the_conversation_goes_on),
        picture_test(an_update_to_where_handles_do_not_pass_fails_and_the_loop_stays),
#ifdef _WIN32
        picture_test(between_processes_handles_do_not_pass_under_wine),
#endif
        picture_test(what_a_raw_server_refuses_the_client_frees),
        picture_test(what_a_raw_server_accepts_is_its_own),
        picture_test(of_what_a_raw_server_lends_the_client_gets_a_copy),
        picture_test(a_raw_clients_picture_is_ours_if_it_is_given_and_accepted),
        picture_test(what_a_raw_client_has_poked_when_the_server_ends_is_freed_if_it_was_given),
        picture_test(a_refusal_that_cannot_be_posted_frees_the_picture),
        picture_test(a_handle_from_where_handles_do_not_pass_is_no_handle),
    };

#ifdef _WIN32
    if (argc > 1 && strcmp(argv[1], "elsewhere") == 0)
        return serve_elsewhere();
#endif
    (void)argc;
    (void)argv;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
