/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Known bugs, group W: wrong results and errors. Each test bears the number of its row in docs/known-bugs.md.
 */

#include "support/ours.h"
#include "support/party.h"

#include <stdlib.h>

/* How much of what the row is about; the everyday run is not a soak. */
#ifdef _WIN32
enum { COMMANDS = 50, STEP = 97, NAMES = 20, CHANGES = 100, TOGGLES = 30 };
#else
enum { COMMANDS = 1000, STEP = 1, NAMES = 100, CHANGES = 1000, TOGGLES = 1000 };
#endif

enum { A_MOMENT = 20 };

struct talk {
    struct party *server, *client;
    HCONV conv;
};

static struct talk talk_between(bool client_wide, bool server_wide)
{
    struct talk t = {server_wide ? party_open_wide(0) : party_open(0),
                     client_wide ? party_open_wide(0) : party_open(0), 0};

    party_register(t.server, SERVICE);
    t.conv = party_connect(t.client, SERVICE, TOPIC);
    party_forget(t.server);
    party_forget(t.client);
    return t;
}

static struct talk talk(void)
{
    return talk_between(false, false);
}

static HDDEDATA transact(const struct talk *t, UINT type)
{
    return party_transact(t->client, t->conv, type, TEST_PATIENCE_MS, NULL);
}

static HDDEDATA send_bytes(const struct talk *t, UINT type, const void *bytes, DWORD size)
{
    return DdeClientTransaction((LPBYTE)(uintptr_t)bytes, size, t->conv,
                                type == XTYP_EXECUTE ? 0 : party_text(t->client, ITEM),
                                type == XTYP_EXECUTE ? 0 : CF_TEXT, type, TEST_PATIENCE_MS, NULL);
}

static void still_works(const struct talk *t)
{
    HDDEDATA data = transact(t, XTYP_REQUEST);

    assert_non_null(data);
    assert_true(DdeFreeDataHandle(data));
}

/* One answer for one type of callback. */
static UINT answer_type;
static ULONG_PTR answer;

static bool give_answer(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = (HDDEDATA)answer;
    return c->type == answer_type;
}

static void answers(struct party *p, UINT type, ULONG_PTR result)
{
    answer_type = type;
    answer = result;
    p->hook = give_answer;
}

/* The other side of raw conversations. */
static struct raw raw;

static int raw_client_up(void **state)
{
    (void)state;
    DdemlSetDeadlines(1000, 100);
    raw_books_open();
    raw_open(&raw);
    ours_open(0);
    ours_serve();
    return raw_connect(&raw) ? 0 : -1;
}

static int raw_server_up(void **state)
{
    (void)state;
    DdemlSetDeadlines(1000, 100);
    raw_books_open();
    raw_open(&raw);
    raw.serves = true;
    ours_open(0);
    return ours_connect() ? 0 : -1;
}

static int raw_down(void **state)
{
    (void)state;
    raw.on = NULL;
    ours_close();
    raw_die(&raw);
    test_pump_all();
    test_ledger_is_empty();
    raw_books_close();
    return 0;
}

#define raw_client_test(f) cmocka_unit_test_setup_teardown(f, raw_client_up, raw_down)
#define raw_server_test(f) cmocka_unit_test_setup_teardown(f, raw_server_up, raw_down)

/* What a raw server does about a message. */
static uint16_t given_status;

static void give_status(struct raw *r, struct raw_seen *m)
{
    raw_answer(r, m, given_status);
}

static void drop_it(struct raw *r, struct raw_seen *m)
{
    (void)r;
    m->taken = true;
    raw_unref(m->atom);
    if (m->mem)
        raw_free(m->mem);
}

/* ---- Results and errors -------------------------------------------------------------------------------- */

static void w01_the_flags_of_a_commands_result_reach_the_client(void **state)
{
    static const DWORD flags[] = {DDE_FACK,        DDE_FBUSY,     DDE_FNOTPROCESSED,
                                  DDE_FACK | 0x42, DDE_FBUSY | 7, 0x55};
    struct talk t = talk();
    DWORD result;

    (void)state;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        answers(t.server, XTYP_EXECUTE, flags[i]);
        result = 0xDEAD;
        party_send(t.client, t.conv, XTYP_EXECUTE, "[run]", TEST_PATIENCE_MS, &result);
        assert_int_equal(result & 0xFFFF, flags[i]);
        assert_non_null(party_send(t.client, t.conv, XTYP_EXECUTE, "[run]", TIMEOUT_ASYNC, NULL));
        test_pump_all();
        assert_int_equal(party_last(t.client, XTYP_XACT_COMPLETE)->data2 & 0xFFFF, flags[i]);
    }
}

static host_mem strange;

static void answer_with_data(struct raw *r, struct raw_seen *m)
{
    strange = raw_object(WIRE_FRELEASE | WIRE_FRESPONSE, "result");
    assert_true(raw_post(r, WIRE_DATA, strange, raw_ref(RAW_ITEM)));
    drop_it(r, m);
}

static void w02_data_is_not_taken_for_the_answer_to_a_command(void **state)
{
    (void)state;
    raw.on = answer_with_data;
    assert_int_equal(ours_transact(XTYP_EXECUTE, 200, NULL), DMLERR_EXECACKTIMEOUT); /* and not: refused */
    raw_left(strange, false);
    assert_int_equal(ours_calls(XTYP_DISCONNECT), 0);
}

static void w03_an_error_is_there_until_it_is_read_and_then_no_more(void **state)
{
    struct party *p = party_open(0), *other = party_open(0);

    (void)state;
    assert_null(DdeConnect(p->id, party_text(p, "nobody"), party_text(p, TOPIC), NULL));
    assert_true(party_text(p, "success")); /* leaves the error where it is: documented so */
    assert_error(other, DMLERR_NO_ERROR);
    assert_error(p, DMLERR_NO_CONV_ESTABLISHED);
    assert_error(p, DMLERR_NO_ERROR);
    assert_false(DdeKeepStringHandle(p->id, 0));
    assert_null(DdeConnect(p->id, party_text(p, "nobody"), party_text(p, TOPIC), NULL));
    assert_error(p, DMLERR_NO_CONV_ESTABLISHED); /* the newest counts */
}

static bool transact_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    const struct talk *t = p->arg;

    (void)result;
    if (c->type == XTYP_EXECUTE) {
        assert_null(transact(t, XTYP_REQUEST));
        assert_error(t->client, DMLERR_REENTRANCY);
    }
    return false;
}

static bool leave_inside(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_EXECUTE)
        DdeDisconnect(c->conv);
    return false;
}

static void w04_each_error_has_its_own_code(void **state)
{
    static char too_long[257];
    struct party *client_only;
    struct talk t;

    (void)state;
    assert_int_equal(DdeGetLastError(0), DMLERR_DLL_NOT_INITIALIZED);
    t = talk();
    client_only = party_open(APPCMD_CLIENTONLY);
    assert_error(t.client, DMLERR_NO_ERROR);
    assert_null(DdeNameService(client_only->id, party_text(client_only, "x"), 0, DNS_REGISTER));
    assert_error(client_only, DMLERR_DLL_USAGE);
    assert_false(DdeKeepStringHandle(t.client->id, (HSZ)(uintptr_t)0x7777));
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
    assert_null(send_bytes(&t, XTYP_POKE, NULL, 1));
    assert_error(t.client, DMLERR_MEMORY_ERROR);
    assert_null(DdeConnect(t.client->id, party_text(t.client, "nobody"), 0, NULL));
    assert_error(t.client, DMLERR_NO_CONV_ESTABLISHED);
    memset(too_long, 'x', 256);
    assert_null(DdeCreateStringHandleA(t.client->id, too_long, CP_WINANSI));
    assert_error(t.client, DMLERR_SYS_ERROR);
    assert_false(DdeAbandonTransaction(t.client->id, t.conv, 12345));
    assert_error(t.client, DMLERR_UNFOUND_QUEUE_ID);
    answers(t.server, XTYP_POKE, DDE_FBUSY);
    assert_null(send_bytes(&t, XTYP_POKE, "x", 2));
    assert_error(t.client, DMLERR_BUSY);
    answers(t.server, XTYP_POKE, DDE_FNOTPROCESSED);
    assert_null(send_bytes(&t, XTYP_POKE, "x", 2));
    assert_error(t.client, DMLERR_NOTPROCESSED);
    t.server->hook = transact_inside;
    t.server->arg = &t;
    assert_non_null(send_bytes(&t, XTYP_EXECUTE, "x", 2));
    t.server->hook = leave_inside;
    assert_null(send_bytes(&t, XTYP_EXECUTE, "x", 2));
    assert_error(t.client, DMLERR_SERVER_DIED);
}

static void w04_each_timeout_has_its_own_code_and_so_has_a_dead_partner(void **state)
{
    static const struct {
        UINT type, error;
    } timeouts[] = {
        {XTYP_REQUEST, DMLERR_DATAACKTIMEOUT},  {XTYP_POKE, DMLERR_POKEACKTIMEOUT},
        {XTYP_EXECUTE, DMLERR_EXECACKTIMEOUT},  {XTYP_ADVSTART, DMLERR_ADVACKTIMEOUT},
        {XTYP_ADVSTOP, DMLERR_UNADVACKTIMEOUT},
    };

    (void)state;
    raw.on = drop_it;
    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++)
        assert_int_equal(ours_transact(timeouts[i].type, A_MOMENT, NULL), timeouts[i].error);
    raw_die(&raw);
    assert_int_equal(ours_transact(XTYP_REQUEST, A_MOMENT, NULL), DMLERR_POSTMSG_FAILED);
}

/* ---- Lengths ------------------------------------------------------------------------------------------- */

/* The answer to a request or update: bytes of the test's own. */
static struct {
    const void *bytes;
    DWORD size;
} value;

static bool give_value(struct party *p, const struct call *c, HDDEDATA *result)
{
    if (c->type != XTYP_REQUEST && c->type != XTYP_ADVREQ)
        return false;
    *result = value.bytes ? DdeCreateDataHandle(p->id, (LPBYTE)(uintptr_t)value.bytes, value.size, 0, c->hsz2,
                                                c->fmt, 0)
                          : 0;
    return true;
}

static void w05_the_length_that_was_sent_is_the_length_that_arrives(void **state)
{
    static const char beside[] = "abcPOISON";
    struct talk t = talk();
    const struct call *c;

    (void)state;
    assert_non_null(send_bytes(&t, XTYP_POKE, beside, 3));
    c = party_last(t.server, XTYP_POKE);
    assert_int_equal(c->size, 3);
    assert_memory_equal(c->bytes, "abc", 4); /* the copy was zero behind it */
    assert_non_null(send_bytes(&t, XTYP_EXECUTE, beside, 3));
    assert_int_equal(party_last(t.server, XTYP_EXECUTE)->size, 3);
}

static void w06_text_needs_no_terminator_and_may_be_shorter_than_its_buffer(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } texts[] = {{"abc", 3}, {"abc", 4}, {"abc\0slack", 10}, {"", 1}, {"abc\0\0\0\0", 8}};
    char object[WIRE_HEADER + 16] = {0};

    (void)state;
    object[1] = WIRE_FRELEASE >> 8;
    object[2] = RAW_FORMAT;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        memcpy(object + WIRE_HEADER, texts[i].bytes, texts[i].size);
        raw_give(&raw, WIRE_POKE, raw_bytes(object, WIRE_HEADER + texts[i].size), raw_ref(RAW_ITEM));
        raw_unref(raw_expect(&raw, WIRE_ACK)->atom);
        assert_int_equal(ours.size, texts[i].size);
        assert_memory_equal(ours.text, texts[i].bytes, texts[i].size);
    }
}

static void w07_sizes_are_exact(void **state)
{
    static unsigned char bytes[4101];
    struct talk t = talk();
    HDDEDATA data;
    DWORD size;

    (void)state;
    t.server->hook = give_value;
    value.bytes = bytes;
    for (DWORD n = 0; n <= 4100; n++) {
        data = DdeCreateDataHandle(t.client->id, bytes, n, 0, 0, CF_TEXT, 0);
        assert_int_equal(DdeGetData(data, NULL, 0, 0), n);
        assert_non_null(DdeAccessData(data, &size));
        assert_int_equal(size, n);
        assert_true(DdeFreeDataHandle(data));
    }
    for (DWORD n = 0; n <= 4100; n += STEP) {
        value.size = n;
        data = transact(&t, XTYP_REQUEST);
        assert_int_equal(DdeGetData(data, NULL, 0, 0), n);
        assert_true(DdeFreeDataHandle(data));
        assert_non_null(send_bytes(&t, XTYP_POKE, bytes, n));
        assert_int_equal(party_last(t.server, XTYP_POKE)->size, n);
        party_forget(t.server);
    }
}

static void w08_an_empty_value_is_not_a_refusal(void **state)
{
    struct talk t = talk();
    HDDEDATA data;

    (void)state;
    t.server->hook = give_value;
    value.bytes = "";
    value.size = 0;
    data = transact(&t, XTYP_REQUEST);
    assert_non_null(data);
    assert_int_equal(DdeGetData(data, NULL, 0, 0), 0);
    assert_true(DdeFreeDataHandle(data));
    value.bytes = NULL;
    assert_null(transact(&t, XTYP_REQUEST));
    assert_error(t.client, DMLERR_NOTPROCESSED);
}

/* A command of no bytes cannot be sent as a block of none: it arrives as the one null that ends it. */
static void w09_nothing_and_a_lone_terminator_can_be_poked_and_executed(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_non_null(send_bytes(&t, XTYP_POKE, "", 0));
    assert_int_equal(party_last(t.server, XTYP_POKE)->size, 0);
    assert_non_null(party_last(t.server, XTYP_POKE)->data);
    assert_non_null(send_bytes(&t, XTYP_POKE, "", 1));
    assert_int_equal(party_last(t.server, XTYP_POKE)->size, 1);
    assert_non_null(send_bytes(&t, XTYP_EXECUTE, "", 0));
    assert_int_equal(party_last(t.server, XTYP_EXECUTE)->size, 1);
    assert_int_equal(party_last(t.server, XTYP_EXECUTE)->bytes[0], 0);
    assert_non_null(send_bytes(&t, XTYP_EXECUTE, "", 1));
    assert_int_equal(party_last(t.server, XTYP_EXECUTE)->size, 1);
}

static void w10_a_warm_update_has_no_data_at_all(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_non_null(transact(&t, XTYP_ADVSTART | XTYPF_NODATA));
    party_forget(t.client);
    for (int i = 0; i < CHANGES; i++)
        assert_true(party_post(t.server, TOPIC, ITEM));
    test_pump_all();
    assert_int_equal(party_count(t.client, XTYP_ADVDATA), CHANGES);
    for (unsigned i = 0; i < CHANGES; i++)
        assert_null(party_call(t.client, XTYP_ADVDATA, i)->data);
}

/* What the server is to be given, and what it has been given. */
static struct {
    const void *bytes;
    DWORD size;
    unsigned equal, different;
} expected;

static bool compare(struct party *p, const struct call *c, HDDEDATA *result)
{
    DWORD size = 0;
    const BYTE *bytes;

    (void)p, (void)result;
    if (c->type != XTYP_POKE && c->type != XTYP_EXECUTE && c->type != XTYP_ADVDATA)
        return false;
    bytes = DdeAccessData(c->data, &size);
    if (bytes && size == expected.size && !memcmp(bytes, expected.bytes, size))
        expected.equal++;
    else
        expected.different++;
    DdeUnaccessData(c->data);
    return false;
}

static void compares(struct party *p, const void *bytes, DWORD size)
{
    p->hook = compare;
    expected.bytes = bytes;
    expected.size = size;
    expected.equal = expected.different = 0;
}

static void w11_no_byte_of_a_command_is_added_or_taken_away(void **state)
{
    static char command[4098];
    struct talk t = talk();

    (void)state;
    for (DWORD n = 1; n <= 4096; n += STEP) {
        memset(command, 'c', n);
        command[n] = 0;
        for (DWORD with = 0; with < 2; with++) {
            compares(t.server, command, n + with);
            assert_non_null(send_bytes(&t, XTYP_EXECUTE, command, n + with));
            assert_int_equal(expected.equal, 1);
        }
        party_forget(t.server);
    }
}

static uint32_t chance(void)
{
    static uint32_t x = 12345;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

static void w12_every_kind_of_transaction_brings_the_same_bytes_to_the_other_side(void **state)
{
    struct talk t = talk();
    unsigned char bytes[200];
    HDDEDATA data;

    (void)state;
    assert_non_null(transact(&t, XTYP_ADVSTART));
    for (int i = 0; i < COMMANDS; i++) {
        DWORD size = 2 + chance() % 198;

        for (DWORD k = 0; k < size; k++) /* no nulls: the second byte of a command must not be one */
            bytes[k] = (unsigned char)(1 + chance() % 255);
        compares(t.server, bytes, size);
        assert_non_null(send_bytes(&t, XTYP_EXECUTE, bytes, size));
        assert_non_null(send_bytes(&t, XTYP_POKE, bytes, size));
        assert_int_equal(expected.equal, 2);
        t.server->hook = give_value;
        value.bytes = bytes;
        value.size = size;
        compares(t.client, bytes, size);
        assert_true(party_post(t.server, TOPIC, ITEM));
        data = transact(&t, XTYP_REQUEST); /* behind the update */
        assert_int_equal(expected.equal, 1);
        assert_int_equal(DdeGetData(data, NULL, 0, 0), size);
        assert_memory_equal(DdeAccessData(data, NULL), bytes, size);
        assert_true(DdeFreeDataHandle(data));
        party_forget(t.server);
        party_forget(t.client);
    }
}

/* ---- Text ---------------------------------------------------------------------------------------------- */

static void w13_text_of_a_command_arrives_in_the_encoding_of_the_server(void **state)
{
    static const char narrow[] = "[Open]";
    static const WCHAR wide[] = u"[Open]";

    (void)state;
    for (int kind = 0; kind < 8; kind++) {
        bool client_wide = kind & 1, server_wide = kind & 2, text_wide = kind & 4;
        struct talk t = talk_between(client_wide, server_wide);
        const struct call *c;

        assert_non_null(send_bytes(&t, XTYP_EXECUTE, text_wide ? (const void *)wide : narrow,
                                   text_wide ? sizeof wide : sizeof narrow));
        c = party_last(t.server, XTYP_EXECUTE);
        if (client_wide && !server_wide && !text_wide) {
            /* Narrow text of a wide client cannot be told from wide text: it is converted, and lost. */
            assert_int_equal(c->size, sizeof narrow / sizeof(WCHAR));
        } else {
            assert_int_equal(c->size, server_wide ? sizeof wide : sizeof narrow);
            assert_memory_equal(c->bytes, server_wide ? (const void *)wide : narrow, c->size);
        }
        party_close(t.client);
        party_close(t.server);
    }
}

/* Commands of other scripts survive between Unicode programs if they begin with a Latin character, like the
 * bracket that all commands begin with: the receiver decides by that one (documented so). */
static void w14_text_of_every_script_survives_every_transaction(void **state)
{
    static const WCHAR texts[][16] = {
        u"[caf\u00E9]",
        u"[\u03B1\u03B2\u03B3]",
        u"[\u0416\u0443\u043A]",
        u"[\u05E9\u05DC\u05D5]",
        u"[\u0633\u0644\u0627]",
        u"[\u0928\u092E\u0938]",
        u"[\u0E2A\u0E27\u0E31]",
        u"[\u4E2D\u6587]",
        u"[\u3053\u3093\u306B]",
        u"[\uD55C\uAE00]",
        u"[\u0540\u0561\u0575]",
        u"[\u10E5\u10D0\u10E0]",
        u"[\xD83D\xDE00\xD835\xDD38]",
    };
    struct talk t = talk_between(true, true);
    HDDEDATA data;

    (void)state;
    assert_non_null(transact(&t, XTYP_ADVSTART));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        DWORD size = sizeof *texts;

        compares(t.server, texts[i], size);
        assert_non_null(send_bytes(&t, XTYP_EXECUTE, texts[i], size));
        assert_non_null(send_bytes(&t, XTYP_POKE, texts[i], size));
        assert_int_equal(expected.equal, 2);
        t.server->hook = give_value;
        value.bytes = texts[i];
        value.size = size;
        compares(t.client, texts[i], size);
        assert_true(party_post(t.server, TOPIC, ITEM));
        data = transact(&t, XTYP_REQUEST);
        assert_int_equal(expected.equal, 1);
        assert_memory_equal(DdeAccessData(data, NULL), texts[i], size);
        assert_true(DdeFreeDataHandle(data));
    }
}

static bool give_barcode(struct party *p, const struct call *c, HDDEDATA *result)
{
    bool wide = c->fmt == CF_UNICODETEXT;

    if (c->type != XTYP_REQUEST)
        return false;
    *result = DdeCreateDataHandle(p->id, (LPBYTE)(uintptr_t)(wide ? (const void *)u"BARCODE" : "BARCODE"),
                                  wide ? 16 : 8, 0, c->hsz2, c->fmt, 0);
    return true;
}

static void w15_all_characters_arrive_in_both_text_formats(void **state)
{
    struct talk t = talk_between(true, true);
    HSZ item = party_text(t.client, ITEM);
    HDDEDATA data;

    (void)state;
    t.server->hook = give_barcode;
    data = DdeClientTransaction(NULL, 0, t.conv, item, CF_TEXT, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
    assert_int_equal(DdeGetData(data, NULL, 0, 0), 8);
    assert_memory_equal(DdeAccessData(data, NULL), "BARCODE", 8);
    assert_true(DdeFreeDataHandle(data));
    data = DdeClientTransaction(NULL, 0, t.conv, item, CF_UNICODETEXT, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
    assert_int_equal(DdeGetData(data, NULL, 0, 0), 16);
    assert_memory_equal(DdeAccessData(data, NULL), u"BARCODE", 16);
    assert_true(DdeFreeDataHandle(data));
}

static void w16_a_narrow_server_understands_narrow_and_wide_clients_of_one_program(void **state)
{
    struct party *server = party_serve(0), *narrow = party_open(0), *wide = party_open_wide(0);
    struct talk a = {server, narrow, party_connect(narrow, SERVICE, TOPIC)};
    struct talk w = {server, wide, party_connect(wide, SERVICE, TOPIC)};

    (void)state;
    assert_non_null(send_bytes(&a, XTYP_EXECUTE, "[caf\xE9]", 7));
    assert_non_null(send_bytes(&w, XTYP_EXECUTE, u"[caf\u00E9]", 7 * sizeof(WCHAR)));
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(party_call(server, XTYP_EXECUTE, i)->size, 7);
        assert_memory_equal(party_call(server, XTYP_EXECUTE, i)->bytes, "[caf\xE9]", 7);
    }
}

static void w17_a_text_has_one_handle_in_every_code_page(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = DdeCreateStringHandleA(p->id, "Text", CP_WINANSI);

    (void)state;
    assert_true(hsz);
    assert_ptr_equal(DdeCreateStringHandleA(p->id, "Text", 0), hsz);
    assert_ptr_equal(DdeCreateStringHandleW(p->id, u"Text", 0), hsz);
    assert_ptr_equal(DdeCreateStringHandleW(p->id, u"Text", CP_WINUNICODE), hsz);
    assert_ptr_equal(DdeCreateStringHandleA(p->id, "Text", 437), hsz);
    assert_ptr_equal(DdeCreateStringHandleA(p->id, "Text", 65001), hsz);
    assert_ptr_equal(DdeCreateStringHandleW(p->id, (LPCWSTR)(const void *)"Text", CP_WINANSI), hsz);
    assert_ptr_equal(DdeCreateStringHandleA(p->id, (LPCSTR)(const void *)u"Text", CP_WINUNICODE), hsz);
    assert_error(p, DMLERR_NO_ERROR);
    hsz = DdeCreateStringHandleW(p->id, u"caf\u00E9", CP_WINUNICODE);
    assert_ptr_equal(DdeCreateStringHandleA(p->id, "caf\xE9", CP_WINANSI), hsz);
    assert_ptr_equal(DdeCreateStringHandleA(p->id, "caf\x82", 437), hsz);
    assert_ptr_equal(DdeCreateStringHandleA(p->id, "caf\xC3\xA9", 65001), hsz);
    assert_null(DdeCreateStringHandleA(p->id, "Text", 99999)); /* there is no such code page */
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

static void w18_names_match_regardless_of_case_and_a_link_keeps_its_format(void **state)
{
    struct talk t = talk();
    HSZ bid = party_text(t.client, "Bid");
    char text[8];

    (void)state;
    assert_int_equal(DdeCmpStringHandles(bid, party_text(t.client, "BID")), 0);
    assert_int_equal(DdeCmpStringHandles(bid, party_text(t.client, "bid")), 0);
    assert_int_equal(DdeQueryStringA(t.client->id, bid, text, sizeof text, CP_WINANSI), 3);
    assert_string_equal(text, "Bid");
    assert_non_null(
        DdeClientTransaction(NULL, 0, t.conv, bid, CF_UNICODETEXT, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    assert_true(party_post(t.server, TOPIC, "bID"));
    test_pump_all();
    assert_int_equal(party_last(t.server, XTYP_ADVREQ)->fmt, CF_UNICODETEXT);
    assert_int_equal(party_last(t.client, XTYP_ADVDATA)->fmt, CF_UNICODETEXT);
}

/* ---- Names and servers --------------------------------------------------------------------------------- */

/* The instance-specific names that a party hears of. */
static HSZ specific[8];
static unsigned n_specific;

static bool note_specific(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_REGISTER) {
        DdeKeepStringHandle(p->id, c->hsz2);
        specific[n_specific++] = c->hsz2;
    }
    return false;
}

static struct party *listening(void)
{
    struct party *p = party_open(0);

    n_specific = 0;
    p->hook = note_specific;
    return p;
}

static void w19_the_text_of_an_instance_specific_name_reaches_that_instance(void **state)
{
    struct party *client = listening(), *first = party_serve(0), *second = party_serve(0);
    char text[256];
    HSZ again;

    (void)state;
    assert_int_equal(n_specific, 2);
    assert_true(DdeQueryStringA(client->id, specific[1], text, sizeof text, CP_WINANSI));
    assert_string_not_equal(text, SERVICE);
    again = DdeCreateStringHandleA(client->id, text, CP_WINANSI);
    assert_int_equal(DdeCmpStringHandles(again, specific[1]), 0);
    assert_non_null(DdeConnect(client->id, again, party_text(client, TOPIC), NULL));
    assert_int_equal(party_count(first, XTYP_CONNECT), 0);
    assert_int_equal(party_count(second, XTYP_CONNECT_CONFIRM), 1);
}

static bool give_another_format(struct party *p, const struct call *c, HDDEDATA *result)
{
    if (c->type != XTYP_REQUEST)
        return false;
    *result = party_data(p, "value", c->hsz2, CF_TEXT, 0);
    return true;
}

static void w20_data_in_a_format_that_nobody_asked_for_is_a_refusal(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = give_another_format;
    assert_null(DdeClientTransaction(NULL, 0, t.conv, party_text(t.client, ITEM), CF_SYLK, XTYP_REQUEST,
                                     TEST_PATIENCE_MS, NULL));
    assert_error(t.client, DMLERR_NOTPROCESSED);
    assert_error(t.server, DMLERR_INVALIDPARAMETER); /* the server's mistake, and told to it */
    still_works(&t);
}

static void w21_every_registered_name_is_asked_for_and_no_other(void **state)
{
    struct party *server = party_open(0), *client = party_open(0);
    char text[32];

    (void)state;
    for (int i = 0; i < NAMES; i++) {
        snprintf(text, sizeof text, "service %d", i);
        party_register(server, text);
    }
    for (int i = 0; i < NAMES; i++) {
        snprintf(text, sizeof text, "service %d", i);
        party_connect(client, text, TOPIC);
    }
    snprintf(text, sizeof text, "service %d", NAMES);
    assert_null(DdeConnect(client->id, party_text(client, text), party_text(client, TOPIC), NULL));
    assert_error(client, DMLERR_NO_CONV_ESTABLISHED);
    assert_int_equal(party_count(server, XTYP_CONNECT), NAMES);
}

static void w22_a_server_may_have_several_names(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);

    (void)state;
    party_register(server, "Alias");
    party_connect(client, "Alias", TOPIC);
    party_connect(client, SERVICE, TOPIC);
    assert_int_equal(party_count(server, XTYP_CONNECT_CONFIRM), 2);
    assert_string_equal(party_call(server, XTYP_CONNECT_CONFIRM, 0)->text2, "Alias");
    assert_string_equal(party_call(server, XTYP_CONNECT_CONFIRM, 1)->text2, SERVICE);
}

/* A program that wants to know of near misses switches the filter off and sees every name that is asked for.
 */
static void w23_a_name_that_is_nearly_right_finds_nobody_but_can_be_seen(void **state)
{
    struct party *server = party_open(0), *client = party_open(0);
    HSZ wanted = party_text(client, "DOCUME~1"), topic = party_text(client, TOPIC);

    (void)state;
    party_register(server, "Documents");
    assert_null(DdeConnect(client->id, wanted, topic, NULL));
    assert_error(client, DMLERR_NO_CONV_ESTABLISHED);
    assert_int_equal(party_count(server, XTYP_CONNECT), 0);
    assert_non_null(DdeNameService(server->id, 0, 0, DNS_FILTEROFF));
    answers(server, XTYP_CONNECT, FALSE);
    assert_null(DdeConnect(client->id, wanted, topic, NULL));
    assert_string_equal(party_last(server, XTYP_CONNECT)->text2, "DOCUME~1");
}

static char value_of(struct party *client, HCONV conv)
{
    HDDEDATA data = party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
    char text[8] = "";

    assert_non_null(data);
    DdeGetData(data, (LPBYTE)text, sizeof text, 0);
    assert_true(DdeFreeDataHandle(data));
    return text[0];
}

static unsigned members(HCONVLIST list)
{
    unsigned n = 0;

    for (HCONV conv = DdeQueryNextServer(list, 0); conv; conv = DdeQueryNextServer(list, conv))
        n++;
    return n;
}

static void w24_of_several_servers_each_can_be_reached_and_the_same_one_answers(void **state)
{
    static const char *const values[] = {"a", "b", "c", "d", "e"};
    struct party *client = listening();
    HSZ topic = party_text(client, TOPIC);
    HCONVLIST list;
    char first;

    (void)state;
    for (int i = 0; i < 5; i++)
        party_serve(0)->value = values[i];
    for (int i = 0; i < 5; i++)
        assert_int_equal(value_of(client, DdeConnect(client->id, specific[i], topic, NULL)), values[i][0]);
    first = value_of(client, party_connect(client, SERVICE, TOPIC));
    for (int i = 0; i < 5; i++)
        assert_int_equal(value_of(client, party_connect(client, SERVICE, TOPIC)), first);
    list = DdeConnectList(client->id, party_text(client, SERVICE), topic, 0, NULL);
    assert_int_equal(members(list), 5);
    assert_true(DdeDisconnectList(list));
}

static void w25_every_transaction_reaches_the_callback_of_its_own_server(void **state)
{
    struct party *client = party_open(0), *servers[2] = {party_open(0), party_open(0)};

    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *name = i ? "Second" : "First";
        struct talk t = {servers[i], client, 0};

        party_register(servers[i], name);
        t.conv = party_connect(client, name, TOPIC);
        party_forget(servers[0]);
        party_forget(servers[1]);
        still_works(&t);
        assert_non_null(send_bytes(&t, XTYP_POKE, "x", 2));
        assert_non_null(send_bytes(&t, XTYP_EXECUTE, "x", 2));
        assert_non_null(transact(&t, XTYP_ADVSTART));
        assert_non_null(transact(&t, XTYP_ADVSTOP));
        assert_int_equal(servers[i]->n, 5);
        assert_int_equal(servers[!i]->n, 0);
    }
}

static bool offer_all(struct party *p, const struct call *c, HDDEDATA *result)
{
    HSZPAIR pairs[13] = {{0, 0}};
    char text[32];

    if (c->type != XTYP_WILDCONNECT)
        return false;
    for (int i = 0; i < 12; i++) {
        snprintf(text, sizeof text, "service %d", i / 4);
        pairs[i].hszSvc = party_text(p, text);
        snprintf(text, sizeof text, "topic %d", i % 4);
        pairs[i].hszTopic = party_text(p, text);
    }
    *result = DdeCreateDataHandle(p->id, (LPBYTE)pairs, sizeof pairs, 0, 0, 0, 0);
    return true;
}

static void w26_wildcards_are_answered_with_exactly_the_pairs_that_fit(void **state)
{
    static const struct {
        const char *service, *topic;
        unsigned pairs;
    } cases[] = {{"service 1", "topic 2", 1}, {"service 1", NULL, 4}, {NULL, "topic 2", 3}, {NULL, NULL, 12}};
    struct party *server = party_open(0), *client = party_open(0);

    (void)state;
    for (int i = 0; i < 3; i++) {
        char text[32];

        snprintf(text, sizeof text, "service %d", i);
        party_register(server, text);
    }
    server->hook = offer_all;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        HCONVLIST list;

        party_forget(server);
        list = DdeConnectList(client->id, party_text(client, cases[k].service),
                              party_text(client, cases[k].topic), 0, NULL);
        assert_int_equal(members(list), cases[k].pairs);
        assert_int_equal(party_count(server, XTYP_CONNECT_CONFIRM), cases[k].pairs);
        for (unsigned i = 0; i < cases[k].pairs; i++) {
            const struct call *a = party_call(server, XTYP_CONNECT_CONFIRM, i);

            assert_true(a->text1[0] && a->text2[0]);
            for (unsigned j = 0; j < i; j++) {
                const struct call *b = party_call(server, XTYP_CONNECT_CONFIRM, j);

                assert_true(strcmp(a->text1, b->text1) || strcmp(a->text2, b->text2));
            }
        }
        assert_true(DdeDisconnectList(list));
    }
}

static void w27_a_name_may_be_served_twice_and_each_is_told_apart(void **state)
{
    struct party *client = listening(), *first = party_serve(0), *second = party_serve(0);

    (void)state;
    party_register(first, SERVICE); /* the second time counts for nothing */
    assert_int_equal(n_specific, 2);
    assert_int_not_equal(DdeCmpStringHandles(specific[0], specific[1]), 0);
    assert_non_null(DdeNameService(first->id, party_text(first, SERVICE), 0, DNS_UNREGISTER));
    party_connect(client, SERVICE, TOPIC);
    assert_int_equal(party_count(first, XTYP_CONNECT), 0);
    assert_int_equal(party_count(second, XTYP_CONNECT_CONFIRM), 1);
}

static void w28_equal_topics_and_items_of_two_servers_are_kept_apart(void **state)
{
    struct party *client = party_open(0), *a = party_open(0), *b = party_open(0);
    HCONV to_a, to_b;

    (void)state;
    a->value = "a";
    b->value = "b";
    party_register(a, "A");
    party_register(b, "B");
    to_a = party_connect(client, "A", TOPIC);
    to_b = party_connect(client, "B", TOPIC);
    assert_non_null(party_transact(client, to_a, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    assert_non_null(party_transact(client, to_b, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    assert_int_equal(value_of(client, to_a), 'a');
    assert_int_equal(value_of(client, to_b), 'b');
    assert_true(party_post(b, TOPIC, ITEM));
    test_pump_all();
    assert_int_equal(party_count(client, XTYP_ADVDATA), 1);
    assert_ptr_equal(party_last(client, XTYP_ADVDATA)->conv, to_b);
    assert_string_equal(party_last(client, XTYP_ADVDATA)->bytes, "b");
}

static void w29_a_conversation_exists_only_with_a_server_and_can_always_be_closed(void **state)
{
    (void)state;
    raw.rude = true; /* it never confirms the end */
    assert_true(DdeDisconnect(ours.conv));
    assert_int_equal(ours_transact(XTYP_REQUEST, A_MOMENT, NULL), DMLERR_INVALIDPARAMETER);
    raw.serves = false;
    assert_false(ours_connect());
    assert_int_equal(DdeGetLastError(ours.id), DMLERR_NO_CONV_ESTABLISHED);
}

/* ---- Waiting ------------------------------------------------------------------------------------------- */

static void w30_commands_that_come_while_the_server_pauses_are_done_later(void **state)
{
    struct talk t = talk();
    char text[32];

    (void)state;
    assert_true(DdeEnableCallback(t.server->id, 0, EC_DISABLE));
    for (int i = 0; i < 10; i++) {
        snprintf(text, sizeof text, "[open %d]", i);
        assert_non_null(party_send(t.client, t.conv, XTYP_EXECUTE, text, TIMEOUT_ASYNC, NULL));
    }
    test_pump_all();
    assert_int_equal(party_count(t.server, XTYP_EXECUTE), 0);
    assert_true(DdeEnableCallback(t.server->id, 0, EC_ENABLEALL));
    test_pump_all();
    assert_int_equal(party_count(t.client, XTYP_XACT_COMPLETE), 10);
    for (int i = 0; i < 10; i++) {
        snprintf(text, sizeof text, "[open %d]", i);
        assert_string_equal(party_call(t.server, XTYP_EXECUTE, (unsigned)i)->bytes, text);
        assert_int_equal(party_call(t.client, XTYP_XACT_COMPLETE, (unsigned)i)->data2 & DDE_FACK, DDE_FACK);
    }
}

static volatile int work_is_done;
static struct test_event *let_it_end;

static bool work(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_EXECUTE) {
        test_event_wait(let_it_end, TEST_PATIENCE_MS);
        work_is_done = 1;
    }
    return false;
}

static void serve_work(struct party *p)
{
    p->hook = work;
    party_register(p, SERVICE);
}

static void w31_a_command_is_acknowledged_when_its_callback_has_returned(void **state)
{
    struct party *client = party_open(0);
    struct remote r;
    HCONV conv;

    (void)state;
    work_is_done = 0;
    let_it_end = test_event_new();
    remote_start(&r, 0, serve_work);
    conv = party_connect(client, SERVICE, TOPIC);
    assert_null(party_send(client, conv, XTYP_EXECUTE, "[print]", A_MOMENT, NULL));
    assert_error(client, DMLERR_EXECACKTIMEOUT); /* it has not returned */
    test_event_set(let_it_end);
    assert_non_null(party_send(client, conv, XTYP_EXECUTE, "[print]", TEST_PATIENCE_MS, NULL));
    assert_true(work_is_done);
    remote_stop(&r);
    test_event_free(let_it_end);
}

static void w32_the_longest_timeouts_wait_and_none_does_not(void **state)
{
    static const DWORD longest[] = {0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE};
    struct talk t = talk();

    (void)state;
    for (size_t i = 0; i < sizeof longest / sizeof *longest; i++)
        assert_non_null(party_send(t.client, t.conv, XTYP_POKE, "x", longest[i], NULL));
    assert_true(DdeEnableCallback(t.server->id, 0, EC_DISABLE));
    assert_null(party_send(t.client, t.conv, XTYP_POKE, "x", 0, NULL));
    assert_error(t.client, DMLERR_POKEACKTIMEOUT);
    assert_null(party_send(t.client, t.conv, XTYP_POKE, "x", 1, NULL));
    assert_error(t.client, DMLERR_POKEACKTIMEOUT);
}

static unsigned events, events_in_order;

static void note_event(void *ctx, const struct host_msg *msg)
{
    (void)ctx;
    if (msg->id == HOST_EV_RESUME)
        events_in_order += msg->lparam == events++;
}

static void w33_the_programs_own_messages_are_dispatched_unchanged_while_it_waits(void **state)
{
    struct talk t = talk();
    host_wnd wnd = host_window_create(HOST_PLAIN, 0, false, note_event, NULL);
    struct host_msg hm = {.to = wnd, .id = HOST_EV_RESUME};

    (void)state;
    events = events_in_order = 0;
    for (; hm.lparam < 1000; hm.lparam++)
        assert_int_equal(host_post(&hm), HOST_OK);
    still_works(&t);
    test_pump_all();
    host_window_destroy(wnd);
    assert_int_equal(events, 1000);
    assert_int_equal(events_in_order, 1000);
}

#ifdef _WIN32
static unsigned codes_asked, codes_unknown;

static LRESULT CALLBACK count_codes(int code, WPARAM wparam, LPARAM lparam)
{
    codes_asked++;
    codes_unknown += code != MSGF_DDEMGR;
    return CallNextHookEx(NULL, code, wparam, lparam);
}

static void w34_message_hooks_see_the_documented_code_and_no_other(void **state)
{
    HHOOK hook = SetWindowsHookExW(WH_MSGFILTER, count_codes, NULL, GetCurrentThreadId());
    struct talk t = talk();

    (void)state;
    codes_asked = codes_unknown = 0;
    for (int i = 0; i < COMMANDS; i++) {
        assert_true(PostThreadMessageW(GetCurrentThreadId(), WM_APP, 0, 0)); /* hooks see the program's own */
        still_works(&t);
    }
    assert_true(UnhookWindowsHookEx(hook));
    assert_true(codes_asked >= COMMANDS);
    assert_int_equal(codes_unknown, 0);
}
#endif

/* ---- What is documented twice -------------------------------------------------------------------------- */

static UINT status(HCONV conv)
{
    CONVINFO info = {.cb = sizeof info};

    assert_true(DdeQueryConvInfo(conv, QID_SYNC, &info));
    return info.wStatus & 0x7FFF; /* the highest has no name */
}

static UINT transaction_state(HCONV conv)
{
    CONVINFO info = {.cb = sizeof info};

    assert_true(DdeQueryConvInfo(conv, QID_SYNC, &info));
    return info.wConvst;
}

static UINT state_while_served, status_at_the_end;

static bool look_at_the_client(struct party *p, const struct call *c, HDDEDATA *result)
{
    const struct talk *t = p->arg;

    (void)result;
    if (c->type == XTYP_DISCONNECT)
        status_at_the_end = status(c->conv);
    else
        state_while_served = transaction_state(t->conv);
    return false;
}

static void w35_status_and_state_are_those_of_the_tables(void **state)
{
    static const struct {
        UINT type, state;
    } states[] = {
        {XTYP_REQUEST, XST_REQSENT},  {XTYP_POKE, XST_POKESENT},     {XTYP_EXECUTE, XST_EXECSENT},
        {XTYP_ADVSTART, XST_ADVSENT}, {XTYP_ADVSTOP, XST_UNADVSENT},
    };
    const UINT open = ST_CONNECTED | ST_ISLOCAL, client = open | ST_CLIENT;
    struct talk t = talk();
    HCONVLIST list;
    HCONV self;

    (void)state;
    assert_int_equal(status(t.conv), client);
    assert_int_equal(status(t.server->server), open);
    assert_int_equal(transaction_state(t.conv), XST_CONNECTED);
    t.server->hook = look_at_the_client;
    t.server->arg = &t;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        HDDEDATA data = states[i].type == XTYP_REQUEST || states[i].type == XTYP_ADVSTART ||
                                states[i].type == XTYP_ADVSTOP
                            ? transact(&t, states[i].type)
                            : send_bytes(&t, states[i].type, "x", 2);

        assert_non_null(data);
        if (states[i].type == XTYP_REQUEST)
            DdeFreeDataHandle(data);
        assert_int_equal(state_while_served, states[i].state);
        assert_int_equal(transaction_state(t.conv), XST_CONNECTED);
        assert_int_equal(status(t.conv), states[i].type == XTYP_ADVSTART ? client | ST_ADVISE : client);
    }
    assert_true(DdeEnableCallback(t.server->id, t.server->server, EC_DISABLE));
    assert_int_equal(status(t.server->server), open | ST_BLOCKED);
    assert_null(party_send(t.client, t.conv, XTYP_POKE, "x", 0, NULL));
    assert_int_equal(transaction_state(t.conv), XST_INCOMPLETE);
    assert_true(DdeEnableCallback(t.server->id, t.server->server, EC_ENABLEALL));
    test_pump_all();
    assert_true(DdeEnableCallback(t.server->id, t.server->server, EC_ENABLEONE));
    assert_int_equal(status(t.server->server), open | ST_BLOCKNEXT);
    self = party_connect(t.server, SERVICE, TOPIC);
    assert_int_equal(status(self), client | ST_ISSELF);
    assert_int_equal(status(t.server->server), open | ST_ISSELF);
    list = DdeConnectList(t.client->id, party_text(t.client, SERVICE), party_text(t.client, TOPIC), 0, NULL);
    assert_int_equal(status(DdeQueryNextServer(list, 0)), client | ST_INLIST);
    assert_true(DdeDisconnectList(list));
    assert_true(DdeDisconnect(t.conv));
    test_pump_all();
    assert_int_equal(status_at_the_end, ST_ISLOCAL | ST_TERMINATED | ST_BLOCKNEXT);
}

static void w36_the_offset_of_new_data_is_in_the_object(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA data =
        DdeCreateDataHandle(p->id, (LPBYTE) "abcdefghijklmnop", 4, 8, party_text(p, ITEM), CF_TEXT, 0);

    (void)state;
    assert_int_equal(DdeGetData(data, NULL, 0, 0), 12);
    assert_memory_equal(DdeAccessData(data, NULL), "\0\0\0\0\0\0\0\0abcd", 12);
    assert_true(DdeFreeDataHandle(data));
}

static void w36_the_response_flag_tells_an_answer_from_an_update(void **state)
{
    struct raw_seen *m;

    (void)state;
    ours.answer = "value";
    assert_true(raw_post(&raw, WIRE_REQUEST, RAW_FORMAT, raw_ref(RAW_ITEM)));
    m = raw_expect(&raw, WIRE_DATA);
    assert_int_equal(m->status & (WIRE_FRESPONSE | WIRE_FACKREQ), WIRE_FRESPONSE);
    drop_it(&raw, m);
    raw_give(&raw, WIRE_ADVISE, raw_object(WIRE_FACKREQ, ""), raw_ref(RAW_ITEM));
    raw_unref(raw_expect(&raw, WIRE_ACK)->atom);
    assert_true(DdePostAdvise(ours.id, ours.topic, ours.item));
    m = raw_expect(&raw, WIRE_DATA);
    assert_int_equal(m->status & (WIRE_FRESPONSE | WIRE_FACKREQ), WIRE_FACKREQ);
    raw_answer(&raw, m, WIRE_FACK);
}

static unsigned freed_and_intact;

static bool free_what_is_lent(struct party *p, const struct call *c, HDDEDATA *result)
{
    char text[8];

    (void)p, (void)result;
    if (!c->data || !c->size)
        return false;
    assert_true(DdeFreeDataHandle(c->data)); /* tolerated, because a page of the manual demands it */
    assert_int_equal(DdeGetData(c->data, (LPBYTE)text, sizeof text, 0), c->size);
    freed_and_intact += !memcmp(text, c->bytes, c->size);
    return false;
}

static void w37_freeing_what_is_lent_to_a_callback_changes_nothing(void **state)
{
    struct talk t = talk();

    (void)state;
    freed_and_intact = 0;
    t.server->hook = t.client->hook = free_what_is_lent;
    assert_non_null(send_bytes(&t, XTYP_EXECUTE, "[x]", 4));
    assert_non_null(send_bytes(&t, XTYP_POKE, "poked", 6));
    assert_non_null(transact(&t, XTYP_ADVSTART));
    assert_true(party_post(t.server, TOPIC, ITEM));
    assert_non_null(party_transact(t.client, t.conv, XTYP_REQUEST, TIMEOUT_ASYNC, NULL));
    test_pump_all();
    assert_int_equal(freed_and_intact, 4);
}

/* Blocks the first callback of a type, and what comes of it. */
static UINT to_block;

static bool block_once(struct party *p, const struct call *c, HDDEDATA *result)
{
    *result = CBR_BLOCK;
    return c->type == to_block && party_count(p, c->type) == 1;
}

/* Brings about one callback of each type that there is, but five completions. */
static void do_everything(const struct talk *t)
{
    HSZ other = party_text(t->server, "Other"), service = party_text(t->client, SERVICE);
    HCONV second;

    assert_non_null(party_transact(t->client, t->conv, XTYP_ADVSTART, TIMEOUT_ASYNC, NULL));
    test_pump_all();
    assert_true(party_post(t->server, TOPIC, ITEM));
    assert_non_null(party_transact(t->client, t->conv, XTYP_REQUEST, TIMEOUT_ASYNC, NULL));
    assert_non_null(party_send(t->client, t->conv, XTYP_POKE, "x", TIMEOUT_ASYNC, NULL));
    assert_non_null(party_send(t->client, t->conv, XTYP_EXECUTE, "x", TIMEOUT_ASYNC, NULL));
    assert_non_null(party_transact(t->client, t->conv, XTYP_ADVSTOP, TIMEOUT_ASYNC, NULL));
    assert_non_null(DdeNameService(t->server->id, other, 0, DNS_REGISTER));
    assert_non_null(DdeNameService(t->server->id, other, 0, DNS_UNREGISTER));
    assert_null(DdeConnect(t->client->id, service, 0, NULL));
    second = DdeConnect(t->client->id, service, party_text(t->client, TOPIC), NULL);
    assert_int_equal(second != 0, to_block != XTYP_CONNECT);
    test_pump_all();
    if (second)
        assert_true(DdeDisconnect(second));
    test_pump_all();
}

static void w38_what_can_be_blocked_comes_again_and_what_cannot_does_not(void **state)
{
    static const UINT types[] = {
        XTYP_REQUEST,  XTYP_POKE,       XTYP_EXECUTE,       XTYP_ADVSTART,
        XTYP_ADVSTOP,  XTYP_ADVDATA,    XTYP_XACT_COMPLETE, /* these can, and those cannot: */
        XTYP_ADVREQ,   XTYP_CONNECT,    XTYP_WILDCONNECT,   XTYP_CONNECT_CONFIRM,
        XTYP_REGISTER, XTYP_UNREGISTER,
    };
    struct talk t = talk();

    (void)state;
    t.server->hook = t.client->hook = block_once;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        bool at_client = types[i] == XTYP_ADVDATA || types[i] == XTYP_XACT_COMPLETE;
        struct party *asked = at_client ? t.client : t.server;

        to_block = 0;
        t.conv = party_connect(t.client, SERVICE, TOPIC);
        party_forget(t.server);
        party_forget(t.client);
        to_block = types[i];
        do_everything(&t);
        assert_int_equal(party_count(asked, types[i]), 1);
        assert_true(DdeEnableCallback(t.server->id, 0, EC_ENABLEALL));
        assert_true(DdeEnableCallback(t.client->id, 0, EC_ENABLEALL));
        test_pump_all();
        if (types[i] != XTYP_XACT_COMPLETE)
            assert_int_equal(party_count(asked, types[i]), types[i] & XTYPF_NOBLOCK ? 1 : 2);
        assert_int_equal(party_count(t.client, XTYP_XACT_COMPLETE), types[i] == XTYP_XACT_COMPLETE ? 6 : 5);
        assert_int_equal(party_count(t.client, XTYP_ADVDATA), types[i] == XTYP_ADVREQ    ? 0
                                                              : types[i] == XTYP_ADVDATA ? 2
                                                                                         : 1);
        assert_true(DdeDisconnect(t.conv));
    }
}

static void w39_the_partner_alone_is_told_of_the_end(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_true(DdeDisconnect(t.conv));
    test_pump_all();
    assert_int_equal(party_count(t.server, XTYP_DISCONNECT), 1);
    assert_int_equal(party_count(t.client, XTYP_DISCONNECT), 0);
    t.conv = party_connect(t.client, SERVICE, TOPIC);
    assert_true(DdeDisconnect(t.server->server));
    test_pump_all();
    assert_int_equal(party_count(t.server, XTYP_DISCONNECT), 1);
    assert_int_equal(party_count(t.client, XTYP_DISCONNECT), 1);
}

/* ---- Wrong instances ----------------------------------------------------------------------------------- */

static HDDEDATA CALLBACK no_callback(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                     ULONG_PTR d1, ULONG_PTR d2)
{
    (void)type, (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)d1, (void)d2;
    return 0;
}

/* Everything that an instance has. */
struct things {
    DWORD id;
    HSZ hsz;
    HCONV conv;
    HDDEDATA data;
};

/* Uses each function with things that are not the caller's; returns how many have worked. DdeUninitialize
 * comes first: nothing may happen to the instance. */
static unsigned use_everything(const struct things *x, DWORD own)
{
    CONVINFO info = {.cb = sizeof info};
    UINT error = own ? DMLERR_INVALIDPARAMETER : DMLERR_DLL_NOT_INITIALIZED;
    WCHAR wide[8];
    char text[8];
    BYTE byte = 0;
    unsigned worked = 0;

#define CALL(expression)                                                                                     \
    do {                                                                                                     \
        worked += (expression) ? 1 : 0;                                                                      \
        if (own)                                                                                             \
            worked += DdeGetLastError(own) == DMLERR_NO_ERROR;                                               \
    } while (0)

    CALL(DdeUninitialize(x->id));
    CALL(DdeNameService(x->id, x->hsz, 0, DNS_REGISTER));
    CALL(DdeConnect(x->id, x->hsz, x->hsz, NULL));
    CALL(DdeCreateStringHandleA(x->id, "text", CP_WINANSI));
    CALL(DdeCreateStringHandleW(x->id, u"text", CP_WINUNICODE));
    CALL(DdeKeepStringHandle(x->id, x->hsz));
    CALL(DdeFreeStringHandle(x->id, x->hsz));
    CALL(DdeCreateDataHandle(x->id, &byte, 1, 0, x->hsz, CF_TEXT, 0));
    CALL(DdePostAdvise(x->id, 0, 0));
    CALL(DdeEnableCallback(x->id, 0, EC_DISABLE));
    CALL(DdeAbandonTransaction(x->id, 0, 0));
    CALL(DdeDisconnect(x->conv));
    CALL(DdeQueryConvInfo(x->conv, QID_SYNC, &info));
    CALL(DdeSetUserHandle(x->conv, QID_SYNC, 1));
    CALL(DdeClientTransaction(&byte, 1, x->conv, 0, 0, XTYP_EXECUTE, 1, NULL));
    CALL(DdeAddData(x->data, &byte, 1, 0));
    CALL(DdeGetData(x->data, NULL, 0, 0));
    CALL(DdeAccessData(x->data, NULL));
    CALL(DdeUnaccessData(x->data));
    CALL(DdeFreeDataHandle(x->data));
#undef CALL
    worked += DdeQueryStringA(x->id, x->hsz, text, sizeof text, CP_WINANSI) != 0;
    worked += DdeQueryStringW(x->id, x->hsz, wide, 8, CP_WINUNICODE) != 0;
    worked += DdeGetLastError(x->id) != error;
    return worked;
}

struct stranger {
    struct things things;
    bool with_instance;
    unsigned worked;
};

static void use_from_here(void *arg)
{
    struct stranger *s = arg;
    DWORD own = 0;

    if (s->with_instance)
        s->worked += DdeInitializeA(&own, no_callback, 0, 0) != DMLERR_NO_ERROR;
    s->worked += use_everything(&s->things, own);
    if (own)
        DdeUninitialize(own);
}

static struct things things_of(const struct talk *t)
{
    return (struct things){t->client->id, party_text(t->client, ITEM), t->conv,
                           party_data(t->client, "data", 0, 0, 0)};
}

static void w40_an_instance_and_its_handles_are_unknown_on_another_thread(void **state)
{
    struct talk t = talk();

    (void)state;
    for (int with = 0; with < 2; with++) {
        struct stranger s = {.things = things_of(&t), .with_instance = with};

        test_thread_join(test_thread_start(use_from_here, &s));
        assert_int_equal(s.worked, 0);
        assert_true(DdeFreeDataHandle(s.things.data));
    }
    still_works(&t);
}

static void w41_calls_without_an_instance_fail_and_say_so(void **state)
{
    static const DWORD ids[] = {0, 1, 0xFFFFFFFF, 0x12345678};
    struct things x = {0};
    struct party *p;

    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        x.id = ids[i];
        assert_int_equal(use_everything(&x, 0), 0);
    }
    p = party_open(0);
    x.id = p->id;
    party_close(p);
    assert_int_equal(use_everything(&x, 0), 0); /* one that was */
    p = party_open(0);
    x.hsz = (HSZ)(uintptr_t)0x7777; /* keeping nothing is no error of the instance's */
    assert_int_equal(use_everything(&x, p->id), 0);
}

static void w42_data_is_not_made_for_a_bogus_instance(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_null(DdeCreateDataHandle(p->id + 1, (LPBYTE) "x", 1, 0, 0, CF_TEXT, 0));
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

static void w43_what_is_not_there_cannot_be_stopped_or_unregistered(void **state)
{
    struct talk t = talk();
    HSZ service = party_text(t.server, "Toggled"), wanted = party_text(t.client, "Toggled");

    (void)state;
    assert_non_null(transact(&t, XTYP_ADVSTART));
    assert_non_null(transact(&t, XTYP_ADVSTOP));
    assert_null(transact(&t, XTYP_ADVSTOP));
    assert_error(t.client, DMLERR_NOTPROCESSED);
    for (int i = 0; i < TOGGLES; i++) {
        HCONV conv;

        assert_non_null(DdeNameService(t.server->id, service, 0, DNS_REGISTER));
        conv = DdeConnect(t.client->id, wanted, wanted, NULL);
        assert_non_null(conv);
        assert_true(DdeDisconnect(conv));
        assert_non_null(DdeNameService(t.server->id, service, 0, DNS_UNREGISTER));
        assert_null(DdeConnect(t.client->id, wanted, wanted, NULL));
        assert_null(DdeNameService(t.server->id, service, 0, DNS_UNREGISTER));
        assert_error(t.server, DMLERR_INVALIDPARAMETER);
    }
}

static void w44_an_item_may_have_any_character_and_a_refused_link_says_so(void **state)
{
    struct talk t = talk();
    char item[] = "item ?";

    (void)state;
    for (int c = 1; c < 256; c++) {
        HSZ hsz;

        item[5] = (char)c;
        hsz = party_text(t.client, item);
        assert_non_null(
            DdeClientTransaction(NULL, 0, t.conv, hsz, CF_TEXT, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
        party_forget(t.client);
        assert_true(party_post(t.server, TOPIC, item));
        assert_non_null(
            DdeClientTransaction(NULL, 0, t.conv, hsz, CF_TEXT, XTYP_ADVSTOP, TEST_PATIENCE_MS, NULL));
        assert_int_equal(party_count(t.client, XTYP_ADVDATA), 1);
        assert_int_equal(DdeCmpStringHandles(party_last(t.client, XTYP_ADVDATA)->hsz2, hsz), 0);
    }
    answers(t.server, XTYP_ADVSTART, FALSE);
    assert_null(transact(&t, XTYP_ADVSTART));
    assert_error(t.client, DMLERR_NOTPROCESSED);
}

static void w45_names_of_either_kind_reach_servers_of_either_kind(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct party *server = kind & 1 ? party_open_wide(0) : party_open(0);
        struct party *client = kind & 2 ? party_open_wide(0) : party_open(0);
        HSZ served = kind & 1 ? DdeCreateStringHandleW(server->id, u"caf\u00E9", CP_WINUNICODE)
                              : DdeCreateStringHandleA(server->id, "caf\xE9", CP_WINANSI);
        HSZ wanted = kind & 2 ? DdeCreateStringHandleW(client->id, u"caf\u00E9", CP_WINUNICODE)
                              : DdeCreateStringHandleA(client->id, "caf\xE9", CP_WINANSI);

        assert_non_null(DdeNameService(server->id, served, 0, DNS_REGISTER));
        assert_non_null(DdeConnect(client->id, wanted, wanted, NULL));
        party_close(client);
        party_close(server);
    }
}

static void w46_a_command_that_is_not_allowed_is_refused_and_not_reported_as_done(void **state)
{
    struct party *server = party_serve(CBF_FAIL_EXECUTES), *client = party_open(0);
    struct talk t = {server, client, party_connect(client, SERVICE, TOPIC)};
    DWORD result = 0xDEAD;

    (void)state;
    assert_null(party_send(client, t.conv, XTYP_EXECUTE, "[macro]", TEST_PATIENCE_MS, &result));
    assert_error(client, DMLERR_NOTPROCESSED);
    assert_int_equal(result & 0xFFFF, DDE_FNOTPROCESSED);
    assert_int_equal(party_count(server, XTYP_EXECUTE), 0);
    still_works(&t);
}

/* The deadline of an initiate is set far off: a server that opts out does not let anybody wait for it. */
static void w47_a_server_that_ignores_others_refuses_at_once(void **state)
{
    struct party *server = party_serve(CBF_FAIL_CONNECTIONS), *client = party_open(0);

    (void)state;
    DdemlSetDeadlines(30 * TEST_PATIENCE_MS, 0);
    assert_null(DdeConnect(client->id, party_text(client, SERVICE), party_text(client, TOPIC), NULL));
    DdemlSetDeadlines(1000, 0);
    assert_error(client, DMLERR_NO_CONV_ESTABLISHED);
    assert_int_equal(party_count(server, XTYP_CONNECT), 0);
}

/* ---- Acknowledgements ---------------------------------------------------------------------------------- */

static void expect_ack_with_name(void)
{
    struct raw_seen *m = raw_expect(&raw, WIRE_ACK);

    assert_int_equal(m->atom, raw_name(RAW_ITEM));
    assert_false(m->mem);
    raw_unref(m->atom);
}

static void w48_a_servers_ack_carries_a_name_or_a_block_as_the_question_did(void **state)
{
    host_mem command = raw_bytes("[x]", 4);
    struct raw_seen *m;

    (void)state;
    raw_give(&raw, WIRE_POKE, raw_object(WIRE_FRELEASE, "x"), raw_ref(RAW_ITEM));
    expect_ack_with_name();
    raw_give(&raw, WIRE_ADVISE, raw_object(0, ""), raw_ref(RAW_ITEM));
    expect_ack_with_name();
    assert_true(raw_post(&raw, WIRE_UNADVISE, RAW_FORMAT, raw_ref(RAW_ITEM)));
    expect_ack_with_name();
    assert_true(raw_post(&raw, WIRE_REQUEST, RAW_FORMAT, raw_ref(RAW_ITEM))); /* refused */
    expect_ack_with_name();
    assert_true(raw_post(&raw, WIRE_EXECUTE, 0, command));
    m = raw_expect(&raw, WIRE_ACK);
    assert_false(m->atom);
    assert_true(m->mem == command || raw_copies()); /* Wine's is dead by now */
    raw_free(command);
}

static void w48_a_clients_ack_carries_the_name(void **state)
{
    host_mem update;

    (void)state;
    raw.on = give_status;
    given_status = WIRE_FACK;
    assert_int_equal(ours_transact(XTYP_ADVSTART | XTYPF_ACKREQ, TEST_PATIENCE_MS, NULL), DMLERR_NO_ERROR);
    raw.on = NULL;
    raw_forget(&raw);
    ours_return(XTYP_ADVDATA, DDE_FACK);
    update = raw_object(WIRE_FRELEASE | WIRE_FACKREQ, "x");
    raw_give(&raw, WIRE_DATA, update, raw_ref(RAW_ITEM));
    expect_ack_with_name();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        party_test(w01_the_flags_of_a_commands_result_reach_the_client),
        raw_server_test(w02_data_is_not_taken_for_the_answer_to_a_command),
        party_test(w03_an_error_is_there_until_it_is_read_and_then_no_more),
        party_test(w04_each_error_has_its_own_code),
        raw_server_test(w04_each_timeout_has_its_own_code_and_so_has_a_dead_partner),
        party_test(w05_the_length_that_was_sent_is_the_length_that_arrives),
        raw_client_test(w06_text_needs_no_terminator_and_may_be_shorter_than_its_buffer),
        party_test(w07_sizes_are_exact),
        party_test(w08_an_empty_value_is_not_a_refusal),
        party_test(w09_nothing_and_a_lone_terminator_can_be_poked_and_executed),
        party_test(w10_a_warm_update_has_no_data_at_all),
        party_test(w11_no_byte_of_a_command_is_added_or_taken_away),
        party_test(w12_every_kind_of_transaction_brings_the_same_bytes_to_the_other_side),
        party_test(w13_text_of_a_command_arrives_in_the_encoding_of_the_server),
        party_test(w14_text_of_every_script_survives_every_transaction),
        party_test(w15_all_characters_arrive_in_both_text_formats),
        party_test(w16_a_narrow_server_understands_narrow_and_wide_clients_of_one_program),
        party_test(w17_a_text_has_one_handle_in_every_code_page),
        party_test(w18_names_match_regardless_of_case_and_a_link_keeps_its_format),
        party_test(w19_the_text_of_an_instance_specific_name_reaches_that_instance),
        party_test(w20_data_in_a_format_that_nobody_asked_for_is_a_refusal),
        party_test(w21_every_registered_name_is_asked_for_and_no_other),
        party_test(w22_a_server_may_have_several_names),
        party_test(w23_a_name_that_is_nearly_right_finds_nobody_but_can_be_seen),
        party_test(w24_of_several_servers_each_can_be_reached_and_the_same_one_answers),
        party_test(w25_every_transaction_reaches_the_callback_of_its_own_server),
        party_test(w26_wildcards_are_answered_with_exactly_the_pairs_that_fit),
        party_test(w27_a_name_may_be_served_twice_and_each_is_told_apart),
        party_test(w28_equal_topics_and_items_of_two_servers_are_kept_apart),
        raw_server_test(w29_a_conversation_exists_only_with_a_server_and_can_always_be_closed),
        party_test(w30_commands_that_come_while_the_server_pauses_are_done_later),
        party_test(w31_a_command_is_acknowledged_when_its_callback_has_returned),
        party_test(w32_the_longest_timeouts_wait_and_none_does_not),
        party_test(w33_the_programs_own_messages_are_dispatched_unchanged_while_it_waits),
#ifdef _WIN32
        party_test(w34_message_hooks_see_the_documented_code_and_no_other),
#endif
        party_test(w35_status_and_state_are_those_of_the_tables),
        party_test(w36_the_offset_of_new_data_is_in_the_object),
        raw_client_test(w36_the_response_flag_tells_an_answer_from_an_update),
        party_test(w37_freeing_what_is_lent_to_a_callback_changes_nothing),
        party_test(w38_what_can_be_blocked_comes_again_and_what_cannot_does_not),
        party_test(w39_the_partner_alone_is_told_of_the_end),
        party_test(w40_an_instance_and_its_handles_are_unknown_on_another_thread),
        party_test(w41_calls_without_an_instance_fail_and_say_so),
        party_test(w42_data_is_not_made_for_a_bogus_instance),
        party_test(w43_what_is_not_there_cannot_be_stopped_or_unregistered),
        party_test(w44_an_item_may_have_any_character_and_a_refused_link_says_so),
        party_test(w45_names_of_either_kind_reach_servers_of_either_kind),
        party_test(w46_a_command_that_is_not_allowed_is_refused_and_not_reported_as_done),
        party_test(w47_a_server_that_ignores_others_refuses_at_once),
        raw_client_test(w48_a_servers_ack_carries_a_name_or_a_block_as_the_question_did),
        raw_server_test(w48_a_clients_ack_carries_the_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
