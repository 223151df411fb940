/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The text of XTYP_EXECUTE between ANSI and Unicode instances and windows (specification 1.7). Only ASCII and
 * Latin-1 are used where the ANSI code page matters: they are the same in every Western one. */

#include "support/party.h"
#include "support/raw.h"

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

static void expect_bytes(const void *bytes, size_t size, const void *expected, size_t expected_size)
{
    assert_int_equal(size, expected_size);
    assert_memory_equal(bytes, expected, expected_size);
}

static void expect_received(const struct party *server, const void *expected, DWORD size)
{
    const struct call *c = party_last(server, XTYP_EXECUTE);

    expect_bytes(c->bytes, c->size, expected, size);
}

/* ---- From one end to the other: each rule for every pairing of instances
 * ----------------------------------- What is called sent is in the kind of the client's instance. */

enum { ANSI, WIDE, KINDS };

struct text {
    const void *bytes;
    DWORD size;
};
/* A literal with its null, without it, and with one byte of what follows. */
#define WITH_NULL(literal)                                                                                   \
    {                                                                                                        \
        literal, sizeof(literal)                                                                             \
    }
#define ALONE(literal)                                                                                       \
    {                                                                                                        \
        literal, sizeof(literal) - sizeof *(literal)                                                         \
    }
#define AND_1(literal)                                                                                       \
    {                                                                                                        \
        literal, sizeof(literal) - sizeof *(literal) + 1                                                     \
    }
#define NOTHING                                                                                              \
    {                                                                                                        \
        "", 0                                                                                                \
    }

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

/* ---- The posting end: what a server gets that is not of this library ----------------------------------- */

static struct raw raw;

static struct {
    unsigned char bytes[64];
    size_t size;
} posted;

static int raw_up(void **state)
{
    (void)state;
    raw_books_open();
    return 0;
}

static int raw_down(void **state)
{
    parties_down(state);
    raw_die(&raw);
    test_pump_all();
    raw_books_close();
    return 0;
}

static void note(struct raw *r, struct raw_seen *m)
{
    const void *text = host_mem_lock(m->mem);

    posted.size = host_mem_size(m->mem);
    if (text && posted.size <= sizeof posted.bytes)
        memcpy(posted.bytes, text, posted.size);
    host_mem_unlock(m->mem);
    raw_answer(r, m, WIRE_FACK);
}

static HCONV to_raw(bool client_wide, bool server_wide)
{
    (server_wide ? raw_open_wide : raw_open)(&raw);
    raw.serves = true;
    raw.on = note;
    return party_connect(open_kind(client_wide), RAW_SERVICE, RAW_TOPIC);
}

static void expect_posted(HCONV conv, struct text sent, struct text expected)
{
    execute(conv, sent.bytes, sent.size);
    expect_bytes(posted.bytes, posted.size, expected.bytes, expected.size);
}

static void between_unicode_windows_a_unicode_client_posts_as_supplied(void **state)
{
    HCONV conv = to_raw(true, true);

    (void)state;
    expect_posted(conv, (struct text)WITH_NULL(u"\u4E2D\u00E9\0x"),
                  (struct text)WITH_NULL(u"\u4E2D\u00E9\0x"));
    expect_posted(conv, (struct text)AND_1(u"ab"), (struct text)AND_1(u"ab"));
    expect_posted(conv, (struct text)WITH_NULL("ansi"), (struct text)WITH_NULL("ansi"));
}

static void to_an_ansi_window_a_unicode_client_posts_ansi(void **state)
{
    HCONV conv = to_raw(true, false);

    (void)state;
    expect_posted(conv, (struct text)WITH_NULL(u"\u4E2D\u00E9\0x"), (struct text)WITH_NULL("?\xE9\0x"));
    expect_posted(conv, (struct text)AND_1(u"ab"), (struct text)ALONE("ab"));
    expect_posted(conv, (struct text)ALONE("\x01\x4E\x02\x4E"), (struct text)ALONE("??"));
}

static void an_ansi_client_posts_as_supplied_to_either_window(void **state)
{
    (void)state;
    for (int wide = ANSI; wide < KINDS; wide++) {
        HCONV conv = to_raw(false, wide);

        expect_posted(conv, (struct text)WITH_NULL("caf\xE9"), (struct text)WITH_NULL("caf\xE9"));
        expect_posted(conv, (struct text)WITH_NULL(u"a\u4E2D"), (struct text)WITH_NULL(u"a\u4E2D"));
        assert_true(DdeDisconnect(conv));
        test_pump_all();
        raw_die(&raw);
    }
}

#ifdef _WIN32

static WNDPROC subclassed;

static LRESULT CALLBACK pass_on(HWND wnd, UINT message, WPARAM wparam, LPARAM lparam)
{
    return IsWindowUnicode(wnd) ? CallWindowProcW(subclassed, wnd, message, wparam, lparam)
                                : CallWindowProcA(subclassed, wnd, message, wparam, lparam);
}

static void subclass(HCONV conv, bool wide)
{
    CONVINFO info = {.cb = sizeof info};

    assert_int_not_equal(DdeQueryConvInfo(conv, QID_SYNC, &info), 0);
    subclassed =
        (WNDPROC)(wide ? SetWindowLongPtrW : SetWindowLongPtrA)(info.hwnd, GWLP_WNDPROC, (LONG_PTR)pass_on);
    assert_int_equal(IsWindowUnicode(info.hwnd), wide);
}

/* The instance says what the text is, the windows say what is posted, as they are at the time. */
static void an_ansi_client_in_a_unicode_window_posts_unicode(void **state)
{
    HCONV conv = to_raw(false, true);

    (void)state;
    subclass(conv, true);
    expect_posted(conv, (struct text)WITH_NULL("caf\xE9\0x"), (struct text)WITH_NULL(u"caf\u00E9\0x"));
    expect_posted(conv, (struct text)ALONE("abc"), (struct text)ALONE(u"abc"));
    expect_posted(conv, (struct text)NOTHING, (struct text)WITH_NULL(""));
}

static void a_unicode_client_in_an_ansi_window_posts_ansi(void **state)
{
    HCONV conv = to_raw(true, true);

    (void)state;
    subclass(conv, false);
    expect_posted(conv, (struct text)WITH_NULL(u"caf\u00E9"), (struct text)WITH_NULL("caf\xE9"));
}

#endif

/* ---- The receiving end: what a client says that is not of this library --------------------------------- */

static struct party *from_raw(bool client_wide, bool server_wide)
{
    struct party *server = open_kind(server_wide);

    (client_wide ? raw_open_wide : raw_open)(&raw);
    party_register(server, RAW_SERVICE);
    assert_true(raw_connect(&raw));
    return server;
}

static void expect_taken(struct party *server, struct text sent, struct text expected)
{
    host_mem mem = raw_bytes(sent.bytes, sent.size);
    struct raw_seen *m;

    assert_true(raw_post(&raw, WIRE_EXECUTE, 0, mem));
    m = raw_expect(&raw, WIRE_ACK);
    if (m->mem != mem)
        raw_left(m->mem, false);
    raw_free(mem);
    expect_received(server, expected.bytes, expected.size);
}

static void a_unicode_server_takes_unicode_from_a_unicode_window_as_it_is(void **state)
{
    struct party *server = from_raw(true, true);

    (void)state;
    expect_taken(server, (struct text)WITH_NULL(u"a\u4E2D\0x"), (struct text)WITH_NULL(u"a\u4E2D\0x"));
    expect_taken(server, (struct text)AND_1(u"ab"), (struct text)AND_1(u"ab"));
    expect_taken(server, (struct text)ALONE(u"ab"), (struct text)ALONE(u"ab"));
}

static void a_unicode_server_takes_unicode_from_an_ansi_window_without_what_ansi_lacks(void **state)
{
    struct party *server = from_raw(false, true);

    (void)state;
    expect_taken(server, (struct text)WITH_NULL(u"a\u4E2D\0\u4E2Dx"), (struct text)WITH_NULL(u"a?\0?x"));
    expect_taken(server, (struct text)AND_1(u"ab"), (struct text)ALONE(u"ab"));
}

static void a_unicode_server_takes_ansi_from_either_window_as_unicode_up_to_its_null(void **state)
{
    (void)state;
    for (int wide = ANSI; wide < KINDS; wide++) {
        struct party *server = from_raw(wide, true);

        expect_taken(server, (struct text)WITH_NULL("caf\xE9\0x"), (struct text)WITH_NULL(u"caf\u00E9"));
        expect_taken(server, (struct text)ALONE("caf\xE9"), (struct text)ALONE(u"caf\u00E9"));
        expect_taken(server, (struct text)WITH_NULL("\0x"), (struct text)WITH_NULL(u""));
        expect_taken(server, (struct text)WITH_NULL(u"\u4E2Dx"), (struct text)WITH_NULL(u"-Nx"));
        party_close(server);
        raw_die(&raw);
    }
}

static void an_ansi_server_takes_unicode_from_either_window_as_ansi(void **state)
{
    (void)state;
    for (int wide = ANSI; wide < KINDS; wide++) {
        struct party *server = from_raw(wide, false);

        expect_taken(server, (struct text)WITH_NULL(u"a\u4E2D\u00E9\0x"),
                     (struct text)WITH_NULL("a?\xE9\0x"));
        expect_taken(server, (struct text)ALONE(u"ab"), (struct text)ALONE("ab"));
        expect_taken(server, (struct text)AND_1(u"ab"), (struct text)ALONE("ab"));
        party_close(server);
        raw_die(&raw);
    }
}

static void an_ansi_server_takes_ansi_from_either_window_as_it_is(void **state)
{
    (void)state;
    for (int wide = ANSI; wide < KINDS; wide++) {
        struct party *server = from_raw(wide, false);

        expect_taken(server, (struct text)WITH_NULL("caf\xE9\0x"), (struct text)WITH_NULL("caf\xE9\0x"));
        expect_taken(server, (struct text)ALONE("a"), (struct text)ALONE("a"));
        expect_taken(server, (struct text)WITH_NULL("a"), (struct text)WITH_NULL("a"));
        expect_taken(server, (struct text)WITH_NULL("\0\0"), (struct text)WITH_NULL("\0\0"));
        expect_taken(server, (struct text)WITH_NULL(u"\u4E2Dx"), (struct text)WITH_NULL(u"\u4E2Dx"));
        party_close(server);
        raw_die(&raw);
    }
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
        rule("1.7", the_format_of_a_command_does_not_matter),
        rule("1.7", a_command_by_handle_is_converted_too_and_the_app_owned_original_is_not),
        rule("1.7", poked_data_is_never_converted),
        rule("1.7", requested_data_is_never_converted),
        rule("1.7", names_reach_the_other_kind),
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
        rule_with("1.7", between_unicode_windows_a_unicode_client_posts_as_supplied, raw_up, raw_down),
        rule_with("1.7", to_an_ansi_window_a_unicode_client_posts_ansi, raw_up, raw_down),
        rule_with("1.7", an_ansi_client_posts_as_supplied_to_either_window, raw_up, raw_down),
#ifdef _WIN32
        rule_with("1.7", an_ansi_client_in_a_unicode_window_posts_unicode, raw_up, raw_down),
        rule_with("1.7", a_unicode_client_in_an_ansi_window_posts_ansi, raw_up, raw_down),
#endif
        rule_with("1.7", a_unicode_server_takes_unicode_from_a_unicode_window_as_it_is, raw_up, raw_down),
        rule_with("1.7", a_unicode_server_takes_unicode_from_an_ansi_window_without_what_ansi_lacks, raw_up,
                  raw_down),
        rule_with("1.7", a_unicode_server_takes_ansi_from_either_window_as_unicode_up_to_its_null, raw_up,
                  raw_down),
        rule_with("1.7", an_ansi_server_takes_unicode_from_either_window_as_ansi, raw_up, raw_down),
        rule_with("1.7", an_ansi_server_takes_ansi_from_either_window_as_it_is, raw_up, raw_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
