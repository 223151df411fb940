/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The text of XTYP_EXECUTE between ANSI and Unicode instances (specification 1.7). Only ASCII and Latin-1 are
 * used where the ANSI code page matters: they are the same in every Western one. */

#include "support/party.h"

static struct party *open_kind(bool wide)
{
    return wide ? party_open_wide(0) : party_open(0);
}

struct talk {
    struct party *server, *client;
    HCONV conv;
};

static struct talk talk(bool client_wide, bool server_wide)
{
    struct talk t = {open_kind(server_wide), open_kind(client_wide), 0};

    party_register(t.server, SERVICE);
    t.conv = party_connect(t.client, SERVICE, TOPIC);
    return t;
}

static const struct call *execute(const struct talk *t, const void *text, DWORD size)
{
    assert_non_null(DdeClientTransaction((LPBYTE)(uintptr_t)text, size, t->conv, 0, 0, XTYP_EXECUTE,
                                         TEST_PATIENCE_MS, NULL));
    return party_last(t->server, XTYP_EXECUTE);
}

static void expect_received(const struct talk *t, const void *sent, DWORD sent_size, const void *expected,
                            DWORD size)
{
    const struct call *c = execute(t, sent, sent_size);

    assert_int_equal(c->size, size);
    assert_memory_equal(c->bytes, expected, size);
}

/* ---- Text in the kind of the client's instance
 * ------------------------------------------------------------- */

static void ansi_to_ansi_arrives_as_it_is(void **state)
{
    struct talk t = talk(false, false);

    (void)state;
    expect_received(&t, "[Open \xE9]", 9, "[Open \xE9]", 9);
}

static void unicode_to_unicode_arrives_as_it_is(void **state)
{
    struct talk t = talk(true, true);
    static const WCHAR text[] = u"[Open \u03B1]";

    (void)state;
    expect_received(&t, text, sizeof text, text, sizeof text);
}

static void unicode_to_ansi_arrives_in_ansi(void **state)
{
    struct talk t = talk(true, false);
    static const WCHAR text[] = u"[Open \u00E9]";

    (void)state;
    expect_received(&t, text, sizeof text, "[Open \xE9]", 9);
}

static void ansi_to_unicode_arrives_in_unicode(void **state)
{
    struct talk t = talk(false, true);
    static const WCHAR text[] = u"[Open \u00E9]";

    (void)state;
    expect_received(&t, "[Open \xE9]", 9, text, sizeof text);
}

static void text_without_a_null_gets_none(void **state)
{
    struct talk t = talk(true, false);

    (void)state;
    expect_received(&t, u"abcd", 4 * sizeof(WCHAR), "abcd", 4);
}

/* ---- Text in another kind: the sender does not look at it
 * ---------------------------------------------------- */

static void an_ansi_text_of_a_unicode_client_counts_as_ansi_and_is_widened(void **state)
{
    struct talk t = talk(true, true);

    (void)state;
    expect_received(&t, "[Open]", 7, u"[Open]", 7 * sizeof(WCHAR));
}

static void a_unicode_text_of_an_ansi_client_is_narrowed_for_an_ansi_server(void **state)
{
    struct talk t = talk(false, false);
    static const WCHAR text[] = u"[Open]";

    (void)state;
    expect_received(&t, text, sizeof text, "[Open]", 7);
}

static void a_unicode_text_of_an_ansi_client_reaches_a_unicode_server_without_what_ansi_lacks(void **state)
{
    struct talk t = talk(false, true);
    static const WCHAR sent[] = u"[Open \u4E2D]", expected[] = u"[Open ?]";

    (void)state;
    expect_received(&t, sent, sizeof sent, expected, sizeof expected);
}

static void a_unicode_text_that_does_not_begin_with_latin_counts_as_ansi(void **state)
{
    struct talk t = talk(true, true);
    static const WCHAR sent[] = {0x4142, 0x4300, 0}; /* the bytes B A 0 C 0 0 */

    (void)state;
    expect_received(&t, sent, sizeof sent, u"BA", 3 * sizeof(WCHAR));
}

static void widening_ends_with_the_first_null(void **state)
{
    struct talk t = talk(false, true);

    (void)state;
    expect_received(&t, "ab\0cd", 6, u"ab", 3 * sizeof(WCHAR));
}

static void narrowing_covers_the_whole_buffer(void **state)
{
    struct talk t = talk(true, false);

    (void)state;
    expect_received(&t, u"ab\0cd", 6 * sizeof(WCHAR), "ab\0cd", 6);
}

static void ansi_text_behind_a_null_stays_between_ansi_instances(void **state)
{
    struct talk t = talk(false, false);

    (void)state;
    expect_received(&t, "ab\0cd", 6, "ab\0cd", 6);
}

/* Two bytes are too few to tell: a single character and its null count as ANSI. */
static void a_text_of_two_bytes_counts_as_ansi(void **state)
{
    struct talk t = talk(false, false);

    (void)state;
    expect_received(&t, "a", 2, "a", 2);
}

/* ---- What is not converted
 * ---------------------------------------------------------------------------------- */

static void the_format_of_a_command_does_not_matter(void **state) /* C20 */
{
    struct talk t = talk(true, false);

    (void)state;
    assert_non_null(DdeClientTransaction((LPBYTE)(uintptr_t)u"[Open]", 7 * sizeof(WCHAR), t.conv, 0, CF_TEXT,
                                         XTYP_EXECUTE, TEST_PATIENCE_MS, NULL));
    assert_string_equal(party_last(t.server, XTYP_EXECUTE)->bytes, "[Open]");
}

static void a_command_by_handle_is_converted_too_and_the_app_owned_original_is_not(void **state)
{
    struct talk t = talk(true, false);
    static const WCHAR text[] = u"[Open]";
    HDDEDATA data =
        DdeCreateDataHandle(t.client->id, (LPBYTE)(uintptr_t)text, sizeof text, 0, 0, 0, HDATA_APPOWNED);
    BYTE kept[sizeof text];

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_non_null(DdeClientTransaction((LPBYTE)data, 0xFFFFFFFF, t.conv, 0, 0, XTYP_EXECUTE,
                                             TEST_PATIENCE_MS, NULL));
        assert_string_equal(party_last(t.server, XTYP_EXECUTE)->bytes, "[Open]");
    }
    assert_int_equal(DdeGetData(data, kept, sizeof kept, 0), sizeof text);
    assert_memory_equal(kept, text, sizeof text);
    assert_true(DdeFreeDataHandle(data));
}

static void poked_data_is_never_converted(void **state)
{
    static const WCHAR text[] = u"text";
    struct talk t = talk(true, false);
    const struct call *c;

    (void)state;
    assert_non_null(DdeClientTransaction((LPBYTE)(uintptr_t)text, sizeof text, t.conv,
                                         party_text(t.client, ITEM), CF_UNICODETEXT, XTYP_POKE,
                                         TEST_PATIENCE_MS, NULL));
    c = party_last(t.server, XTYP_POKE);
    assert_int_equal(c->size, sizeof text);
    assert_memory_equal(c->bytes, text, sizeof text);
}

static void requested_data_is_never_converted(void **state)
{
    struct talk t = talk(true, false);
    HDDEDATA data = party_transact(t.client, t.conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
    char text[16];

    (void)state;
    assert_int_equal(DdeGetData(data, (LPBYTE)text, sizeof text, 0), sizeof "value");
    assert_string_equal(text, "value");
}

static void names_reach_the_other_kind(void **state)
{
    struct talk t = talk(true, false);
    HCONV conv = DdeConnect(t.client->id, party_text(t.client, SERVICE),
                            DdeCreateStringHandleW(t.client->id, u"caf\u00E9", CP_WINUNICODE), NULL);

    (void)state;
    assert_non_null(conv);
    assert_string_equal(party_last(t.server, XTYP_CONNECT)->text1, "caf\xE9");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("1.7", ansi_to_ansi_arrives_as_it_is),
        rule("1.7", unicode_to_unicode_arrives_as_it_is),
        rule("1.7", unicode_to_ansi_arrives_in_ansi),
        rule("1.7", ansi_to_unicode_arrives_in_unicode),
        rule("1.7", text_without_a_null_gets_none),
        rule("1.7", an_ansi_text_of_a_unicode_client_counts_as_ansi_and_is_widened),
        rule("1.7", a_unicode_text_of_an_ansi_client_is_narrowed_for_an_ansi_server),
        rule("1.7", a_unicode_text_of_an_ansi_client_reaches_a_unicode_server_without_what_ansi_lacks),
        rule("1.7", a_unicode_text_that_does_not_begin_with_latin_counts_as_ansi),
        rule("1.7", widening_ends_with_the_first_null),
        rule("1.7", narrowing_covers_the_whole_buffer),
        rule("1.7", ansi_text_behind_a_null_stays_between_ansi_instances),
        rule("1.7", a_text_of_two_bytes_counts_as_ansi),
        rule("1.7", the_format_of_a_command_does_not_matter),
        rule("1.7", a_command_by_handle_is_converted_too_and_the_app_owned_original_is_not),
        rule("1.7", poked_data_is_never_converted),
        rule("1.7", requested_data_is_never_converted),
        rule("1.7", names_reach_the_other_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
