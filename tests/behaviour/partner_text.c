/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The text of XTYP_EXECUTE with a partner of either kind of window that is not of this library
 * (docs/conformance.md, 1.7). */

#include "support/party.h"
#include "support/raw.h"
#include "support/text.h"

static struct party *open_kind(bool wide)
{
    return wide ? party_open_wide(0) : party_open(0);
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
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
