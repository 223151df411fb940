/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Data handles (docs/conformance.md, 4.6). */

#include "support/party.h"

enum { LARGEST = 4100 };

static HDDEDATA make(struct party *p, const char *text, UINT flags)
{
    return party_data(p, text, party_text(p, ITEM), CF_TEXT, flags);
}

static void expect_bytes(HDDEDATA data, const void *expected, DWORD size)
{
    unsigned char bytes[64];

    assert_int_equal(DdeGetData(data, NULL, 0, 0), size);
    assert_int_equal(DdeGetData(data, bytes, sizeof bytes, 0), size);
    assert_memory_equal(bytes, expected, size);
}

/* ---- Making -------------------------------------------------------------------------------------------- */

static void an_object_has_exactly_the_size_it_was_made_with(void **state)
{
    struct party *p = party_open(0);
    unsigned char in[LARGEST], out[LARGEST];

    (void)state;
    for (DWORD i = 0; i < LARGEST; i++)
        in[i] = (unsigned char)(i * 7);
    for (DWORD size = 0; size <= LARGEST; size++) {
        HSZ item = size % 2 ? party_text(p, ITEM) : 0; /* with and without a message header */
        HDDEDATA data = DdeCreateDataHandle(p->id, in, size, 0, item, CF_TEXT, 0);

        assert_non_null(data);
        assert_int_equal(DdeGetData(data, NULL, 0, 0), size);
        assert_int_equal(DdeGetData(data, out, sizeof out, 0), size);
        assert_memory_equal(out, in, size);
        assert_true(DdeFreeDataHandle(data));
    }
}

static void the_offset_of_a_new_object_is_in_the_object(void **state) /* C9 */
{
    struct party *p = party_open(0);
    BYTE in[] = "abc";

    (void)state;
    expect_bytes(DdeCreateDataHandle(p->id, in, 3, 5, 0, 0, 0), "\0\0\0\0\0abc", 8);
}

static void a_new_object_without_a_source_is_zero(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    expect_bytes(DdeCreateDataHandle(p->id, NULL, 4, 2, 0, 0, 0), "\0\0\0\0\0\0", 6);
}

static void a_source_of_no_bytes_is_ignored(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    expect_bytes(DdeCreateDataHandle(p->id, (LPBYTE)(uintptr_t)1, 0, 0, 0, 0, 0), "", 0);
}

static void unknown_flags_are_an_invalid_parameter(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_null(DdeCreateDataHandle(p->id, NULL, 4, 0, 0, 0, 2));
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

static void the_item_of_a_new_object_is_not_checked(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_non_null(DdeCreateDataHandle(p->id, NULL, 4, 0, (HSZ)(uintptr_t)0x7777, CF_TEXT, 0));
    assert_error(p, DMLERR_NO_ERROR);
}

static void an_object_of_an_unknown_instance_is_not_made(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_null(DdeCreateDataHandle(p->id ^ 0x10000, NULL, 4, 0, 0, 0, 0));
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

static void a_data_handle_is_never_a_value_with_a_meaning_of_its_own(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    for (int i = 0; i < 100; i++) {
        uintptr_t value = (uintptr_t)make(p, "x", 0);

        assert_true(value && value != TRUE && value != DDE_FACK && value != (uintptr_t)CBR_BLOCK);
    }
}

/* ---- Reading ------------------------------------------------------------------------------------------- */

static void reading_starts_at_the_offset(void **state)
{
    struct party *p = party_open(0);
    BYTE out[8] = {0};

    (void)state;
    assert_int_equal(DdeGetData(make(p, "abcdef", 0), out, 3, 2), 3);
    assert_string_equal((char *)out, "cde");
}

static void reading_tells_how_many_bytes_it_copied(void **state) /* C10 */
{
    struct party *p = party_open(0);
    HDDEDATA data = make(p, "abcdef", 0);
    BYTE out[32];

    (void)state;
    assert_int_equal(DdeGetData(data, out, sizeof out, 0), 7);
    assert_int_equal(DdeGetData(data, out, sizeof out, 5), 2);
    assert_int_equal(DdeGetData(data, out, 0, 0), 0);
    assert_int_equal(DdeGetData(data, out, sizeof out, 7), 0);
    assert_error(p, DMLERR_NO_ERROR);
}

static void reading_behind_the_end_is_an_invalid_parameter(void **state)
{
    struct party *p = party_open(0);
    BYTE out[8];

    (void)state;
    assert_int_equal(DdeGetData(make(p, "abc", 0), out, sizeof out, 5), 0);
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

/* ---- Adding -------------------------------------------------------------------------------------------- */

static void adding_grows_the_object_and_keeps_the_handle(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA data = DdeCreateDataHandle(p->id, NULL, 0, 0, party_text(p, ITEM), CF_TEXT, 0);
    BYTE out[LARGEST];

    (void)state;
    for (DWORD i = 0; i < LARGEST; i++)
        assert_ptr_equal(DdeAddData(data, &(BYTE){(BYTE)(i * 3)}, 1, i), data);
    assert_int_equal(DdeGetData(data, out, sizeof out, 0), LARGEST);
    for (DWORD i = 0; i < LARGEST; i++)
        assert_int_equal(out[i], (BYTE)(i * 3));
}

static void adding_inside_overwrites(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA data = make(p, "abcdef", 0);

    (void)state;
    assert_ptr_equal(DdeAddData(data, (LPBYTE)(uintptr_t) "XY", 2, 2), data);
    expect_bytes(data, "abXYef", 7);
}

static void adding_behind_the_end_leaves_zeros_between(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA data = DdeCreateDataHandle(p->id, (LPBYTE)(uintptr_t) "ab", 2, 0, 0, 0, 0);

    (void)state;
    assert_ptr_equal(DdeAddData(data, (LPBYTE)(uintptr_t) "z", 1, 5), data);
    expect_bytes(data, "ab\0\0\0z", 6);
}

static void adding_nothing_from_nowhere_fails_and_leaves_the_object(void **state) /* Q239789 */
{
    struct party *p = party_open(0);
    HDDEDATA data = make(p, "abc", 0);

    (void)state;
    assert_null(DdeAddData(data, NULL, 4, 0));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_null(DdeAddData(0, (LPBYTE)(uintptr_t) "x", 1, 0));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    expect_bytes(data, "abc", 4);
}

/* ---- Access -------------------------------------------------------------------------------------------- */

static void accessing_gives_the_bytes_and_their_number(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA data = make(p, "abc", 0);
    DWORD size = 0;

    (void)state;
    assert_memory_equal(DdeAccessData(data, &size), "abc", 4);
    assert_int_equal(size, 4);
    assert_true(DdeUnaccessData(data));
}

static void the_size_need_not_be_asked_for(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA data = make(p, "abc", 0);

    (void)state;
    assert_non_null(DdeAccessData(data, NULL));
    assert_true(DdeUnaccessData(data));
}

static void what_is_written_through_the_pointer_is_in_the_object(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA data = make(p, "abc", 0);

    (void)state;
    memcpy(DdeAccessData(data, NULL), "xyz", 3);
    assert_true(DdeUnaccessData(data));
    expect_bytes(data, "xyz", 4);
}

static void accesses_are_counted(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA data = make(p, "abc", 0);

    (void)state;
    assert_ptr_equal(DdeAccessData(data, NULL), DdeAccessData(data, NULL));
    assert_true(DdeUnaccessData(data));
    assert_true(DdeUnaccessData(data));
    assert_false(DdeUnaccessData(data));
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

/* Growing may move the bytes: a pointer that is out would dangle. */
static void an_accessed_object_does_not_grow(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA data = make(p, "abc", 0);

    (void)state;
    assert_non_null(DdeAccessData(data, NULL));
    assert_null(DdeAddData(data, (LPBYTE)(uintptr_t) "longer", 7, 0));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_ptr_equal(DdeAddData(data, (LPBYTE)(uintptr_t) "xyz", 3, 0), data);
    assert_true(DdeUnaccessData(data));
    assert_ptr_equal(DdeAddData(data, (LPBYTE)(uintptr_t) "longer", 7, 0), data);
    expect_bytes(data, "longer", 7);
}

static void an_accessed_object_can_be_freed(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA data = make(p, "abc", 0);

    (void)state;
    assert_non_null(DdeAccessData(data, NULL));
    assert_non_null(DdeAccessData(data, NULL));
    assert_true(DdeFreeDataHandle(data));
}

/* ---- Freeing ------------------------------------------------------------------------------------------- */

static void expect_dead(struct party *p, HDDEDATA data)
{
    BYTE byte;

    assert_false(DdeFreeDataHandle(data));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_int_equal(DdeGetData(data, &byte, 1, 0), 0);
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_null(DdeAccessData(data, NULL));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_false(DdeUnaccessData(data));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_null(DdeAddData(data, &byte, 1, 0));
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

static void a_freed_handle_is_dead_for_every_function(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA data = make(p, "abc", 0);

    (void)state;
    assert_true(DdeFreeDataHandle(data));
    expect_dead(p, data);
}

static void a_freed_handle_stays_dead_when_others_are_made(void **state)
{
    struct party *p = party_open(0);
    HDDEDATA data = make(p, "abc", 0);

    (void)state;
    assert_true(DdeFreeDataHandle(data));
    make(p, "def", 0);
    expect_dead(p, data);
}

static void a_forged_handle_is_dead_for_every_function(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    expect_dead(p, 0);
    expect_dead(p, (HDDEDATA)(uintptr_t)TRUE);
    expect_dead(p, CBR_BLOCK);
    expect_dead(p, (HDDEDATA)(uintptr_t)0x7777);
    expect_dead(p, (HDDEDATA)party_text(p, "a string handle is no data handle"));
}

/* ---- Passing on to DdeClientTransaction --------------------------------------------------------------- */

struct talk {
    struct party *server, *client;
    HCONV conv;
};

static struct talk talk(void)
{
    struct talk t = {party_serve(0), party_open(0), 0};

    t.conv = party_connect(t.client, SERVICE, TOPIC);
    party_forget(t.server);
    return t;
}

static HDDEDATA poke(const struct talk *t, HDDEDATA data)
{
    return DdeClientTransaction((LPBYTE)data, 0xFFFFFFFF, t->conv, party_text(t->client, ITEM), CF_TEXT,
                                XTYP_POKE, TEST_PATIENCE_MS, NULL);
}

static void an_ordinary_handle_that_was_sent_is_used_up(void **state)
{
    struct talk t = talk();
    HDDEDATA data = make(t.client, "abc", 0);

    (void)state;
    assert_non_null(poke(&t, data));
    expect_dead(t.client, data);
    assert_string_equal(party_last(t.server, XTYP_POKE)->bytes, "abc");
}

static void an_app_owned_handle_can_be_sent_again_and_again(void **state)
{
    struct talk t = talk();
    HDDEDATA data = make(t.client, "abc", HDATA_APPOWNED);

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_non_null(poke(&t, data));
    assert_int_equal(party_count(t.server, XTYP_POKE), 3);
    expect_bytes(data, "abc", 4);
    assert_true(DdeFreeDataHandle(data));
    expect_dead(t.client, data);
}

static void an_app_owned_handle_may_be_freed_while_it_is_under_way(void **state)
{
    struct talk t = talk();
    HDDEDATA data = make(t.client, "abc", HDATA_APPOWNED);

    (void)state;
    assert_non_null(DdeClientTransaction((LPBYTE)data, 0xFFFFFFFF, t.conv, party_text(t.client, ITEM),
                                         CF_TEXT, XTYP_POKE, TIMEOUT_ASYNC, NULL));
    assert_true(DdeFreeDataHandle(data));
    test_pump_all();
    assert_string_equal(party_last(t.server, XTYP_POKE)->bytes, "abc");
}

static void a_handle_is_not_used_up_by_a_call_that_fails_a_check(void **state)
{
    struct talk t = talk();
    HDDEDATA data = make(t.client, "abc", 0);
    HSZ item = party_text(t.client, ITEM);

    (void)state;
    assert_null(
        DdeClientTransaction((LPBYTE)data, 0xFFFFFFFF, t.conv, item, CF_UNICODETEXT, XTYP_POKE, 1, NULL));
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
    assert_true(DdeDisconnect(t.conv));
    assert_null(DdeClientTransaction((LPBYTE)data, 0xFFFFFFFF, t.conv, item, CF_TEXT, XTYP_POKE, 1, NULL));
    expect_bytes(data, "abc", 4);
}

static void data_made_for_another_item_is_an_invalid_parameter(void **state)
{
    struct talk t = talk();
    HDDEDATA data = party_data(t.client, "abc", party_text(t.client, "other"), CF_TEXT, 0);

    (void)state;
    assert_null(poke(&t, data));
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
    expect_bytes(data, "abc", 4);
}

static void a_dead_handle_is_an_invalid_parameter(void **state)
{
    struct talk t = talk();
    HDDEDATA data = make(t.client, "abc", 0);

    (void)state;
    assert_true(DdeFreeDataHandle(data));
    assert_null(poke(&t, data));
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
    assert_null(poke(&t, 0));
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
}

static void data_of_another_instance_is_an_invalid_parameter(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_null(poke(&t, make(t.server, "abc", 0)));
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
}

static HDDEDATA execute(const struct talk *t, HDDEDATA data)
{
    return DdeClientTransaction((LPBYTE)data, 0xFFFFFFFF, t->conv, 0, 0, XTYP_EXECUTE, TEST_PATIENCE_MS,
                                NULL);
}

static void a_command_by_handle_is_made_for_no_item_in_any_format(void **state)
{
    struct talk t = talk();
    HDDEDATA data = party_data(t.client, "[run]", 0, CF_TEXT, 0);

    (void)state;
    assert_non_null(execute(&t, data));
    assert_string_equal(party_last(t.server, XTYP_EXECUTE)->bytes, "[run]");
    expect_dead(t.client, data);
}

static void a_command_made_for_an_item_is_an_invalid_parameter(void **state)
{
    struct talk t = talk();

    (void)state;
    assert_null(execute(&t, make(t.client, "[run]", 0)));
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
}

/* ---- Returned from a callback ------------------------------------------------------------------------- */

static HDDEDATA returned;

static bool answer_with_returned(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p;
    *result = returned;
    return c->type == XTYP_REQUEST;
}

static void an_ordinary_handle_that_was_returned_is_used_up(void **state)
{
    struct talk t = talk();
    HDDEDATA answer;

    (void)state;
    t.server->hook = answer_with_returned;
    returned = make(t.server, "abc", 0);
    answer = party_transact(t.client, t.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
    expect_bytes(answer, "abc", 4);
    expect_dead(t.server, returned);
}

static void an_app_owned_handle_can_be_returned_again_and_again(void **state)
{
    struct talk t = talk();

    (void)state;
    t.server->hook = answer_with_returned;
    returned = make(t.server, "abc", HDATA_APPOWNED);
    for (int i = 0; i < 3; i++) {
        HDDEDATA answer = party_transact(t.client, t.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);

        expect_bytes(answer, "abc", 4);
        assert_true(DdeFreeDataHandle(answer));
    }
    assert_true(DdeFreeDataHandle(returned));
}

/* 5.1 REQUEST: what does not fit counts as no answer, and is an error of the server's. */
static void expect_refused(struct talk *t, HDDEDATA data)
{
    t->server->hook = answer_with_returned;
    returned = data;
    assert_null(party_transact(t->client, t->conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    assert_error(t->client, DMLERR_NOTPROCESSED);
    assert_error(t->server, DMLERR_INVALIDPARAMETER);
}

static void an_answer_for_another_item_is_none(void **state)
{
    struct talk t = talk();

    (void)state;
    expect_refused(&t, party_data(t.server, "abc", party_text(t.server, "other"), CF_TEXT, 0));
}

static void an_answer_in_another_format_is_none(void **state)
{
    struct talk t = talk();

    (void)state;
    expect_refused(&t, party_data(t.server, "abc", party_text(t.server, ITEM), CF_UNICODETEXT, 0));
}

static void an_answer_that_does_not_fit_is_given_away_all_the_same(void **state)
{
    struct talk t = talk();
    HDDEDATA data = party_data(t.server, "abc", party_text(t.server, "other"), CF_TEXT, 0);

    (void)state;
    expect_refused(&t, data);
    expect_dead(t.server, data);
}

static void an_answer_that_is_no_handle_is_none(void **state)
{
    struct talk t = talk();

    (void)state;
    expect_refused(&t, (HDDEDATA)(uintptr_t)0x7777);
}

static void an_answer_of_another_instance_is_none(void **state)
{
    struct talk t = talk();

    (void)state;
    expect_refused(&t, make(t.client, "abc", 0));
}

/* ---- Given by the library ----------------------------------------------------------------------------- */

static void the_answer_to_a_request_is_the_clients_to_free(void **state)
{
    struct talk t = talk();
    HDDEDATA answer = party_transact(t.client, t.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);

    (void)state;
    expect_bytes(answer, "value", 6);
    assert_true(DdeFreeDataHandle(answer));
    expect_dead(t.client, answer);
}

static void the_answer_to_a_request_outlives_the_conversation(void **state)
{
    struct talk t = talk();
    HDDEDATA answer = party_transact(t.client, t.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);

    (void)state;
    assert_true(DdeDisconnect(t.conv));
    party_close(t.server);
    expect_bytes(answer, "value", 6);
}

static void the_answer_to_a_request_is_read_only(void **state)
{
    struct talk t = talk();
    HDDEDATA answer = party_transact(t.client, t.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);

    (void)state;
    assert_null(DdeAddData(answer, (LPBYTE)(uintptr_t) "x", 1, 0));
    assert_error(t.client, DMLERR_INVALIDPARAMETER);
}

static BOOL free_result, added, readable;
static UINT lent_type;

static bool misuse_lent_data(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type != lent_type)
        return false;
    added = DdeAddData(c->data, (LPBYTE)(uintptr_t) "x", 1, 0) != 0;
    free_result = DdeFreeDataHandle(c->data);
    readable = DdeGetData(c->data, NULL, 0, 0) == c->size;
    return false;
}

static void expect_lent(struct party *p)
{
    assert_false(added);
    assert_true(free_result); /* C8: tolerated */
    assert_true(readable);
    assert_int_equal(DdeGetLastError(p->id), DMLERR_INVALIDPARAMETER); /* adding */
    expect_dead(p, party_last(p, lent_type)->data);
}

static void poked_data_is_lent_to_the_callback(void **state)
{
    struct talk t = talk();

    (void)state;
    lent_type = XTYP_POKE;
    t.server->hook = misuse_lent_data;
    assert_non_null(party_send(t.client, t.conv, XTYP_POKE, "abc", TEST_PATIENCE_MS, NULL));
    expect_lent(t.server);
}

static void a_command_is_lent_to_the_callback(void **state)
{
    struct talk t = talk();

    (void)state;
    lent_type = XTYP_EXECUTE;
    t.server->hook = misuse_lent_data;
    assert_non_null(party_send(t.client, t.conv, XTYP_EXECUTE, "abc", TEST_PATIENCE_MS, NULL));
    expect_lent(t.server);
}

static void an_update_is_lent_to_the_callback(void **state)
{
    struct talk t = talk();

    (void)state;
    lent_type = XTYP_ADVDATA;
    t.client->hook = misuse_lent_data;
    assert_non_null(party_transact(t.client, t.conv, XTYP_ADVSTART, TEST_PATIENCE_MS, NULL));
    assert_true(party_post(t.server, TOPIC, ITEM));
    test_pump_all();
    expect_lent(t.client);
}

static void an_asynchronous_answer_is_lent_to_the_callback(void **state)
{
    struct talk t = talk();

    (void)state;
    lent_type = XTYP_XACT_COMPLETE;
    t.client->hook = misuse_lent_data;
    assert_non_null(party_transact(t.client, t.conv, XTYP_REQUEST, TIMEOUT_ASYNC, NULL));
    test_pump_all();
    expect_lent(t.client);
}

static void every_size_arrives_as_it_was_sent(void **state)
{
    static const DWORD sizes[] = {0,  1,  2,  3,  4,  5,  7,    8,    15,   16,
                                  17, 31, 32, 33, 63, 64, 4095, 4096, 4097, 4100};
    struct talk t = talk();
    BYTE bytes[LARGEST] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_non_null(DdeClientTransaction(bytes, sizes[i], t.conv, party_text(t.client, ITEM), CF_TEXT,
                                             XTYP_POKE, TEST_PATIENCE_MS, NULL));
        assert_int_equal(party_last(t.server, XTYP_POKE)->size, sizes[i]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("4.6", an_object_has_exactly_the_size_it_was_made_with),
        rule("4.6", the_offset_of_a_new_object_is_in_the_object),
        rule("4.6", a_new_object_without_a_source_is_zero),
        rule("4.6", a_source_of_no_bytes_is_ignored),
        rule("4.6", unknown_flags_are_an_invalid_parameter),
        rule("4.6", the_item_of_a_new_object_is_not_checked),
        rule("4.6", an_object_of_an_unknown_instance_is_not_made),
        rule("1.3", a_data_handle_is_never_a_value_with_a_meaning_of_its_own),
        rule("4.6", reading_starts_at_the_offset),
        rule("4.6", reading_tells_how_many_bytes_it_copied),
        rule("4.6", reading_behind_the_end_is_an_invalid_parameter),
        rule("4.6", adding_grows_the_object_and_keeps_the_handle),
        rule("4.6", adding_inside_overwrites),
        rule("4.6", adding_behind_the_end_leaves_zeros_between),
        rule("4.6", adding_nothing_from_nowhere_fails_and_leaves_the_object),
        rule("4.6", accessing_gives_the_bytes_and_their_number),
        rule("4.6", the_size_need_not_be_asked_for),
        rule("4.6", what_is_written_through_the_pointer_is_in_the_object),
        rule("4.6", accesses_are_counted),
        rule("4.6", an_accessed_object_does_not_grow),
        rule("4.6", an_accessed_object_can_be_freed),
        rule("4.6", a_freed_handle_is_dead_for_every_function),
        rule("4.6", a_freed_handle_stays_dead_when_others_are_made),
        rule("1.3", a_forged_handle_is_dead_for_every_function),
        rule("4.4", an_ordinary_handle_that_was_sent_is_used_up),
        rule("4.6", an_app_owned_handle_can_be_sent_again_and_again),
        rule("4.6", an_app_owned_handle_may_be_freed_while_it_is_under_way),
        rule("4.4", a_handle_is_not_used_up_by_a_call_that_fails_a_check),
        rule("4.4", data_made_for_another_item_is_an_invalid_parameter),
        rule("4.4", a_dead_handle_is_an_invalid_parameter),
        rule("4.4", data_of_another_instance_is_an_invalid_parameter),
        rule("4.4", a_command_by_handle_is_made_for_no_item_in_any_format),
        rule("4.4", a_command_made_for_an_item_is_an_invalid_parameter),
        rule("4.6", an_ordinary_handle_that_was_returned_is_used_up),
        rule("4.6", an_app_owned_handle_can_be_returned_again_and_again),
        rule("5.1", an_answer_for_another_item_is_none),
        rule("5.1", an_answer_in_another_format_is_none),
        rule("4.6", an_answer_that_does_not_fit_is_given_away_all_the_same),
        rule("5.1", an_answer_that_is_no_handle_is_none),
        rule("5.1", an_answer_of_another_instance_is_none),
        rule("4.6", the_answer_to_a_request_is_the_clients_to_free),
        rule("4.6", the_answer_to_a_request_outlives_the_conversation),
        rule("4.6", the_answer_to_a_request_is_read_only),
        rule("4.6", poked_data_is_lent_to_the_callback),
        rule("4.6", a_command_is_lent_to_the_callback),
        rule("4.6", an_update_is_lent_to_the_callback),
        rule("4.6", an_asynchronous_answer_is_lent_to_the_callback),
        rule("4.4", every_size_arrives_as_it_was_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
