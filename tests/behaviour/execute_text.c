/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The text of XTYP_EXECUTE between ANSI and Unicode instances and windows (docs/conformance.md, 1.7). Only
 * ASCII and Latin-1 are used where the ANSI code page matters: they are the same in every Western one. */

#include "support/party.h"
#include "support/text.h"

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

static void execute(HCONV conv, const void *text, DWORD size)
{
    assert_non_null(DdeClientTransaction((LPBYTE)(uintptr_t)text, size, conv, 0, 0, XTYP_EXECUTE,
                                         TEST_PATIENCE_MS, NULL));
}

/* ---- From one end to the other: each rule for every pairing of instances ------------------------------ */

/* What is called sent is in the kind of the client's instance. */

struct rule {
    struct text sent[KINDS];            /* by the client's instance         */
    struct text received[KINDS][KINDS]; /* by the client's and the server's */
};

static void check(const struct rule *rule)
{
    static const char *const services[KINDS] = {"AnsiServer", "WideServer"};
    struct party *servers[KINDS] = {party_open(0), party_open_wide(0)};
    struct party *clients[KINDS] = {party_open(0), party_open_wide(0)};

    for (int server = ANSI; server < KINDS; server++)
        party_register(servers[server], services[server]);
    for (int client = ANSI; client < KINDS; client++) {
        for (int server = ANSI; server < KINDS; server++) {
            const struct text *expected = &rule->received[client][server];
            const struct call *c;

            execute(party_connect(clients[client], services[server], TOPIC), rule->sent[client].bytes,
                    rule->sent[client].size);
            c = party_last(servers[server], XTYP_EXECUTE);
            if (c->size != expected->size || memcmp(c->bytes, expected->bytes, c->size) != 0)
                fail_msg("%s client, %s: %u bytes, beginning with %02x %02x",
                         client == ANSI ? "ANSI" : "Unicode", services[server], (unsigned)c->size,
                         c->bytes[0], c->bytes[1]);
        }
    }
}

static void a_text_arrives_in_the_kind_of_the_server(void **state)
{
    static const struct rule rule = {
        .sent = {WITH_NULL("[Open \xE9]"), WITH_NULL(u"[Open \u00E9]")},
        .received = {{WITH_NULL("[Open \xE9]"), WITH_NULL(u"[Open \u00E9]")},
                     {WITH_NULL("[Open \xE9]"), WITH_NULL(u"[Open \u00E9]")}},
    };

    (void)state;
    check(&rule);
}

static void an_unterminated_text_stays_without_a_null(void **state)
{
    static const struct rule rule = {
        .sent = {ALONE("abc"), ALONE(u"abc")},
        .received = {{ALONE("abc"), ALONE(u"abc")}, {ALONE("abc"), ALONE(u"abc")}},
    };

    (void)state;
    check(&rule);
}

static void an_empty_text_stays_empty(void **state)
{
    static const struct rule rule = {
        .sent = {WITH_NULL(""), WITH_NULL(u"")},
        .received = {{WITH_NULL(""), WITH_NULL(u"")}, {WITH_NULL(""), WITH_NULL(u"")}},
    };

    (void)state;
    check(&rule);
}

/* No block is without bytes: the one that is there is zero, and a null to an ANSI eye. */
static void no_text_at_all_arrives_as_a_null(void **state)
{
    static const struct rule rule = {
        .sent = {NOTHING, NOTHING},
        .received = {{WITH_NULL(""), WITH_NULL(u"")}, {WITH_NULL(""), WITH_NULL(u"")}},
    };

    (void)state;
    check(&rule);
}

static void one_character_with_its_null_is_told_apart_by_its_size(void **state)
{
    static const struct rule rule = {
        .sent = {WITH_NULL("a"), WITH_NULL(u"a")},
        .received = {{WITH_NULL("a"), WITH_NULL(u"a")}, {WITH_NULL("a"), WITH_NULL(u"a")}},
    };

    (void)state;
    check(&rule);
}

/* Two bytes are too few to tell: the Unicode character counts as an ANSI one with its null. */
static void one_character_alone_gets_a_null_between_unicode_instances(void **state)
{
    static const struct rule rule = {
        .sent = {ALONE("a"), ALONE(u"a")},
        .received = {{ALONE("a"), ALONE(u"a")}, {ALONE("a"), WITH_NULL(u"a")}},
    };

    (void)state;
    check(&rule);
}

static void an_odd_last_byte_is_lost_in_narrowing_only(void **state)
{
    static const struct rule rule = {
        .sent = {AND_1("ab"), AND_1(u"ab")},
        .received = {{WITH_NULL("ab"), WITH_NULL(u"ab")}, {ALONE("ab"), AND_1(u"ab")}},
    };

    (void)state;
    check(&rule);
}

static void what_ansi_lacks_becomes_a_question_mark_there(void **state)
{
    static const struct rule rule = {
        .sent = {WITH_NULL("a?b"), WITH_NULL(u"a\u4E2Db")},
        .received = {{WITH_NULL("a?b"), WITH_NULL(u"a?b")}, {WITH_NULL("a?b"), WITH_NULL(u"a\u4E2Db")}},
    };

    (void)state;
    check(&rule);
}

/* Its first two bytes are 2D and 4E: it counts as the ANSI text "-N", and what follows as its rest. */
static void unicode_that_begins_above_ff_counts_as_ansi(void **state)
{
    static const struct rule rule = {
        .sent = {WITH_NULL("?c"), WITH_NULL(u"\u4E2D\u4443c")},
        .received = {{WITH_NULL("?c"), WITH_NULL(u"?c")}, {WITH_NULL("\?\?c"), WITH_NULL(u"-NCDc")}},
    };

    (void)state;
    check(&rule);
}

static void nulls_inside_end_what_is_widened_by_the_server_and_nothing_else(void **state)
{
    static const struct rule rule = {
        .sent = {WITH_NULL("ab\0cd"), WITH_NULL(u"ab\0cd")},
        .received = {{WITH_NULL("ab\0cd"), WITH_NULL(u"ab")}, {WITH_NULL("ab\0cd"), WITH_NULL(u"ab\0cd")}},
    };

    (void)state;
    check(&rule);
}

/* The client does not look at it, the server looks at nothing else. */
static void a_text_in_the_other_kind_is_treated_as_what_it_looks_like(void **state)
{
    static const struct rule rule = {
        .sent = {WITH_NULL(u"[Open \u4E2D]"), WITH_NULL("[Opens]")},
        .received = {{WITH_NULL("[Open ?]"), WITH_NULL(u"[Open ?]")},
                     {ALONE("\?\?\?]"), WITH_NULL(u"[Opens]")}},
    };

    (void)state;
    check(&rule);
}

/* ---- What is not converted ---------------------------------------------------------------------------- */

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
        rule("1.7", a_text_arrives_in_the_kind_of_the_server),
        rule("1.7", an_unterminated_text_stays_without_a_null),
        rule("1.7", an_empty_text_stays_empty),
        rule("1.7", no_text_at_all_arrives_as_a_null),
        rule("1.7", one_character_with_its_null_is_told_apart_by_its_size),
        rule("1.7", one_character_alone_gets_a_null_between_unicode_instances),
        rule("1.7", an_odd_last_byte_is_lost_in_narrowing_only),
        rule("1.7", what_ansi_lacks_becomes_a_question_mark_there),
        rule("1.7", unicode_that_begins_above_ff_counts_as_ansi),
        rule("1.7", nulls_inside_end_what_is_widened_by_the_server_and_nothing_else),
        rule("1.7", a_text_in_the_other_kind_is_treated_as_what_it_looks_like),
        rule("1.7", the_format_of_a_command_does_not_matter),
        rule("1.7", a_command_by_handle_is_converted_too_and_the_app_owned_original_is_not),
        rule("1.7", poked_data_is_never_converted),
        rule("1.7", requested_data_is_never_converted),
        rule("1.7", names_reach_the_other_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
