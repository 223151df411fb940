/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* String handles (docs/conformance.md, 1.4, 1.7, 4.7). */

#include "support/party.h"

static HSZ make(struct party *p, const char *text)
{
    return DdeCreateStringHandleA(p->id, text, CP_WINANSI);
}

static void expect_text(struct party *p, HSZ hsz, const char *expected)
{
    char text[300];

    assert_int_equal(DdeQueryStringA(p->id, hsz, text, sizeof text, CP_WINANSI), strlen(expected));
    assert_string_equal(text, expected);
}

/* ---- Making -------------------------------------------------------------------------------------------- */

static void a_text_comes_back_as_it_was(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    expect_text(p, make(p, "Ein Text!"), "Ein Text!");
}

static void equal_texts_have_one_handle(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_ptr_equal(make(p, "text"), make(p, "text"));
}

static void texts_that_differ_in_case_have_one_handle(void **state) /* C1 */
{
    struct party *p = party_open(0);

    (void)state;
    assert_ptr_equal(make(p, "Text"), make(p, "tEXT"));
}

static void the_first_spelling_is_kept(void **state) /* C1 */
{
    struct party *p = party_open(0);

    (void)state;
    make(p, "Text");
    expect_text(p, make(p, "tEXT"), "Text");
}

static void a_spelling_goes_with_its_last_reference(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_true(DdeFreeStringHandle(p->id, make(p, "Text")));
    expect_text(p, make(p, "tEXT"), "tEXT");
}

static void different_texts_have_different_handles(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_ptr_not_equal(make(p, "text"), make(p, "text "));
}

static void an_empty_text_gives_no_handle(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_null(DdeCreateStringHandleA(p->id, "", CP_WINANSI));
    assert_null(DdeCreateStringHandleW(p->id, u"", CP_WINUNICODE));
    assert_error(p, DMLERR_NO_ERROR);
}

static void no_text_is_an_invalid_parameter(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_null(DdeCreateStringHandleA(p->id, NULL, CP_WINANSI));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_null(DdeCreateStringHandleW(p->id, NULL, CP_WINUNICODE));
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

static void a_text_has_at_most_255_characters(void **state)
{
    struct party *p = party_open(0);
    char text[257];

    (void)state;
    memset(text, 'x', sizeof text);
    text[256] = 0;
    assert_null(make(p, text));
    assert_error(p, DMLERR_SYS_ERROR);
    text[255] = 0;
    expect_text(p, make(p, text), text);
}

static void a_wide_text_has_at_most_255_characters(void **state)
{
    struct party *p = party_open(0);
    WCHAR text[257];

    (void)state;
    for (int i = 0; i < 256; i++)
        text[i] = 0x3B1;
    text[256] = 0;
    assert_null(DdeCreateStringHandleW(p->id, text, CP_WINUNICODE));
    assert_error(p, DMLERR_SYS_ERROR);
    text[255] = 0;
    assert_int_equal(
        DdeQueryStringW(p->id, DdeCreateStringHandleW(p->id, text, CP_WINUNICODE), NULL, 0, CP_WINUNICODE),
        255);
}

/* 1.4: "#ddd" names an integer atom. Its text is the number, and its handle counts like any other. */
static void a_number_atom_reads_as_its_number(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = make(p, "#123");

    (void)state;
    expect_text(p, hsz, "#123");
    assert_ptr_equal(make(p, "#0123"), hsz);
    assert_ptr_not_equal(make(p, "#124"), hsz);
}

static void a_number_atom_can_be_kept_and_freed(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = make(p, "#123");

    (void)state;
    assert_true(DdeKeepStringHandle(p->id, hsz));
    assert_true(DdeFreeStringHandle(p->id, hsz));
    assert_true(DdeFreeStringHandle(p->id, hsz));
}

static void a_number_atom_serves_as_a_name(void **state)
{
    struct party *server = party_open(0), *client = party_open(0);

    (void)state;
    party_register(server, "#1234");
    party_connect(client, "#1234", "#77");
    assert_string_equal(party_last(server, XTYP_CONNECT)->text2, "#1234");
    assert_string_equal(party_last(server, XTYP_CONNECT)->text1, "#77");
}

/* ---- Code pages (1.7) ---------------------------------------------------------------------------------- */

static void a_text_is_the_same_in_both_code_pages(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_ptr_equal(make(p, "Text"), DdeCreateStringHandleW(p->id, u"Text", CP_WINUNICODE));
}

static void the_code_page_decides_not_the_name_of_the_function(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = make(p, "Text");
    WCHAR wide[16] = {0};
    char narrow[16] = {0};

    (void)state;
    assert_ptr_equal(DdeCreateStringHandleA(p->id, (LPCSTR)u"Text", CP_WINUNICODE), hsz);
    assert_ptr_equal(DdeCreateStringHandleW(p->id, (LPCWSTR)(const void *)"Text", CP_WINANSI), hsz);
    assert_int_equal(DdeQueryStringA(p->id, hsz, (LPSTR)wide, 16, CP_WINUNICODE), 4);
    assert_memory_equal(wide, u"Text", 5 * sizeof *wide);
    assert_int_equal(DdeQueryStringW(p->id, hsz, (LPWSTR)(void *)narrow, 16, CP_WINANSI), 4);
    assert_string_equal(narrow, "Text");
}

static void code_page_0_is_that_of_the_function(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = make(p, "Text");
    WCHAR wide[16];
    char narrow[16];

    (void)state;
    assert_ptr_equal(DdeCreateStringHandleA(p->id, "Text", 0), hsz);
    assert_ptr_equal(DdeCreateStringHandleW(p->id, u"Text", 0), hsz);
    assert_int_equal(DdeQueryStringA(p->id, hsz, narrow, 16, 0), 4);
    assert_string_equal(narrow, "Text");
    assert_int_equal(DdeQueryStringW(p->id, hsz, wide, 16, 0), 4);
    assert_memory_equal(wide, u"Text", 5 * sizeof *wide);
}

static void an_unknown_code_page_is_an_invalid_parameter(void **state)
{
    static const int unknown[] = {-1, 1, 2, 3, 12345, 65002};
    struct party *p = party_open(0);
    HSZ hsz = make(p, "Text");
    char text[16] = "#";

    (void)state;
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        assert_null(DdeCreateStringHandleA(p->id, "Text", unknown[i]));
        assert_error(p, DMLERR_INVALIDPARAMETER);
        assert_null(DdeCreateStringHandleW(p->id, u"Text", unknown[i]));
        assert_error(p, DMLERR_INVALIDPARAMETER);
        assert_int_equal(DdeQueryStringA(p->id, hsz, text, sizeof text, unknown[i]), 0);
        assert_error(p, DMLERR_INVALIDPARAMETER);
    }
    assert_string_equal(text, "#");
}

static void a_text_is_the_same_in_every_code_page(void **state)
{
    static const struct {
        int code_page;
        const char *text;
    } same[] = {{437, "caf\x82"},   {850, "caf\x82"},   {1250, "caf\xE9"},
                {1252, "caf\xE9"},  {1254, "caf\xE9"},  {1257, "caf\xE9"},
                {28591, "caf\xE9"}, {28605, "caf\xE9"}, {65001, "caf\xC3\xA9"}};
    struct party *p = party_open(0);
    HSZ hsz = DdeCreateStringHandleW(p->id, u"caf\u00E9", CP_WINUNICODE);
    char text[16];

    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        assert_ptr_equal(DdeCreateStringHandleA(p->id, same[i].text, same[i].code_page), hsz);
        assert_int_equal(DdeQueryStringA(p->id, hsz, text, sizeof text, same[i].code_page),
                         strlen(same[i].text));
        assert_string_equal(text, same[i].text);
    }
}

static void both_functions_take_every_code_page(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = DdeCreateStringHandleW(p->id, u"\u0416", CP_WINUNICODE);
    char text[4];

    (void)state;
    assert_ptr_equal(DdeCreateStringHandleW(p->id, (LPCWSTR)(const void *)"\xC6\0", 1251), hsz);
    assert_int_equal(DdeQueryStringW(p->id, hsz, (LPWSTR)(void *)text, sizeof text, 20866), 1);
    assert_string_equal(text, "\xF6");
}

static void the_length_is_counted_in_bytes_of_the_code_page(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = DdeCreateStringHandleW(p->id, u"a\u65E5\u30A2", CP_WINUNICODE);

    (void)state;
    assert_int_equal(DdeQueryStringA(p->id, hsz, NULL, 0, 932), 5);
    assert_int_equal(DdeQueryStringA(p->id, hsz, NULL, 0, 65001), 7);
    assert_int_equal(DdeQueryStringA(p->id, hsz, NULL, 0, CP_WINUNICODE), 3);
}

static void a_short_buffer_gets_whole_characters_of_the_code_page(void **state)
{
    static const struct {
        int code_page;
        DWORD room;
        const char *text;
    } cuts[] = {
        {932, 6, "a\x93\xFA\x83\x41"},
        {932, 5, "a\x93\xFA"},
        {932, 4, "a\x93\xFA"},
        {932, 3, "a"},
        {932, 1, ""},
        {65001, 7, "a\xE6\x97\xA5"},
        {65001, 4, "a"},
        {65001, 2, "a"},
    };
    struct party *p = party_open(0);
    HSZ hsz = DdeCreateStringHandleW(p->id, u"a\u65E5\u30A2", CP_WINUNICODE);

    (void)state;
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        char text[16] = "###############";

        assert_int_equal(DdeQueryStringA(p->id, hsz, text, cuts[i].room, cuts[i].code_page),
                         strlen(cuts[i].text));
        assert_string_equal(text, cuts[i].text);
        assert_int_equal(text[cuts[i].room], '#');
    }
}

static void a_short_buffer_gets_no_half_of_a_pair(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = DdeCreateStringHandleW(p->id, u"a\U0001F600", CP_WINUNICODE);
    char text[8];

    (void)state;
    assert_int_equal(DdeQueryStringA(p->id, hsz, text, 6, 65001), 5);
    assert_string_equal(text, "a\xF0\x9F\x98\x80");
    assert_int_equal(DdeQueryStringA(p->id, hsz, text, 5, 65001), 1);
    assert_string_equal(text, "a");
}

static void what_a_code_page_lacks_is_read_as_its_default_character(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = DdeCreateStringHandleW(p->id, u"a\u4E2Db", CP_WINUNICODE);
    char text[8];

    (void)state;
    assert_int_equal(DdeQueryStringA(p->id, hsz, text, sizeof text, 437), 3);
    assert_string_equal(text, "a?b");
    assert_int_equal(DdeQueryStringA(p->id, hsz, text, sizeof text, CP_WINANSI), 3);
    assert_string_equal(text, "a?b");
}

/* Some converters want two bytes of room before they look whether they have the character at all. */
static void what_a_code_page_lacks_fits_where_it_is_measured_to_fit(void **state)
{
    static const int code_pages[] = {932, 936, 949, 950, 20932, 1252, 65001};
    struct party *p = party_open(0);
    HSZ hsz = DdeCreateStringHandleW(p->id, u"ab\uD7D7", CP_WINUNICODE);
    char text[16];

    (void)state;
    for (size_t i = 0; i < sizeof code_pages / sizeof *code_pages; i++) {
        DWORD n = DdeQueryStringA(p->id, hsz, NULL, 0, code_pages[i]);

        assert_in_range(n, 3, 5);
        assert_int_equal(DdeQueryStringA(p->id, hsz, text, n + 1, code_pages[i]), n);
    }
}

/* 255 is the limit of the text, whatever it takes in the code page. */
static void a_text_of_765_bytes_can_have_255_characters(void **state)
{
    struct party *p = party_open(0);
    char text[3 * 256 + 1], copy[sizeof text];
    HSZ hsz;

    (void)state;
    for (int i = 0; i < 256; i++)
        memcpy(text + 3 * i, "\xE4\xB8\xAD", 4);
    assert_null(DdeCreateStringHandleA(p->id, text, 65001));
    assert_error(p, DMLERR_SYS_ERROR);
    text[3 * 255] = 0;
    hsz = DdeCreateStringHandleA(p->id, text, 65001);
    assert_non_null(hsz);
    assert_int_equal(DdeQueryStringA(p->id, hsz, copy, sizeof copy, 65001), 3 * 255);
    assert_string_equal(copy, text);
    assert_int_equal(DdeQueryStringA(p->id, hsz, copy, 0xFFFFFFFF, 65001), 3 * 255);
}

static void an_empty_text_gives_no_handle_in_any_code_page(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_null(DdeCreateStringHandleA(p->id, "", 437));
    assert_null(DdeCreateStringHandleA(p->id, "", 65001));
    assert_error(p, DMLERR_NO_ERROR);
}

static void wide_characters_are_kept(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = DdeCreateStringHandleW(p->id, u"\u03B1\u4E2D", CP_WINUNICODE);
    WCHAR text[16];

    (void)state;
    assert_int_equal(DdeQueryStringW(p->id, hsz, text, 16, CP_WINUNICODE), 2);
    assert_memory_equal(text, u"\u03B1\u4E2D", 3 * sizeof *text);
}

static void an_ansi_character_is_its_wide_one(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_ptr_equal(make(p, "caf\xE9"), DdeCreateStringHandleW(p->id, u"caf\u00E9", CP_WINUNICODE));
}

/* ---- DdeQueryString ------------------------------------------------------------------------------------ */

static void without_a_buffer_the_length_is_told(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = make(p, "Text");

    (void)state;
    assert_int_equal(DdeQueryStringA(p->id, hsz, NULL, 0, CP_WINANSI), 4);
    assert_int_equal(DdeQueryStringA(p->id, hsz, NULL, 2, CP_WINANSI), 4);
    assert_int_equal(DdeQueryStringW(p->id, hsz, NULL, 0, CP_WINUNICODE), 4); /* C11: characters */
}

static void a_short_buffer_gets_the_beginning_and_a_null(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = make(p, "Text");
    char narrow[8] = "#######";
    WCHAR wide[8] = u"#######";

    (void)state;
    assert_int_equal(DdeQueryStringA(p->id, hsz, narrow, 3, CP_WINANSI), 2);
    assert_memory_equal(narrow, "Te\0#", 4);
    assert_int_equal(DdeQueryStringW(p->id, hsz, wide, 3, CP_WINUNICODE), 2);
    assert_memory_equal(wide, u"Te\0#", 4 * sizeof *wide);
}

static void a_buffer_of_one_gets_the_null(void **state)
{
    struct party *p = party_open(0);
    char text[2] = "##";

    (void)state;
    assert_int_equal(DdeQueryStringA(p->id, make(p, "Text"), text, 1, CP_WINANSI), 0);
    assert_memory_equal(text, "\0#", 2);
}

static void a_buffer_of_none_is_not_touched(void **state)
{
    struct party *p = party_open(0);
    char text[1] = "#";

    (void)state;
    assert_int_equal(DdeQueryStringA(p->id, make(p, "Text"), text, 0, CP_WINANSI), 0);
    assert_memory_equal(text, "#", 1);
}

static void no_handle_reads_as_an_empty_text_of_length_1(void **state)
{
    struct party *p = party_open(0);
    char text[4] = "###";

    (void)state;
    assert_int_equal(DdeQueryStringA(p->id, 0, text, sizeof text, CP_WINANSI), 1);
    assert_string_equal(text, "");
    assert_error(p, DMLERR_NO_ERROR);
}

/* ---- Counting ------------------------------------------------------------------------------------------ */

static void a_handle_lives_as_often_as_it_was_made(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = make(p, "text");

    (void)state;
    make(p, "TEXT");
    assert_true(DdeFreeStringHandle(p->id, hsz));
    expect_text(p, hsz, "text");
    assert_true(DdeFreeStringHandle(p->id, hsz));
    assert_int_equal(DdeQueryStringA(p->id, hsz, NULL, 0, CP_WINANSI), 0);
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

static void keeping_a_handle_counts_as_making_it(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = make(p, "text");

    (void)state;
    assert_true(DdeKeepStringHandle(p->id, hsz));
    assert_true(DdeFreeStringHandle(p->id, hsz));
    expect_text(p, hsz, "text");
    assert_true(DdeFreeStringHandle(p->id, hsz));
    assert_false(DdeFreeStringHandle(p->id, hsz));
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

static void a_freed_handle_cannot_be_used(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = make(p, "text");

    (void)state;
    assert_true(DdeFreeStringHandle(p->id, hsz));
    assert_false(DdeKeepStringHandle(p->id, hsz));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_null(DdeConnect(p->id, hsz, 0, NULL));
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

static void a_freed_handle_stays_dead_when_the_text_is_made_again(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = make(p, "text");

    (void)state;
    assert_true(DdeFreeStringHandle(p->id, hsz));
    assert_non_null(make(p, "text"));
    assert_false(DdeKeepStringHandle(p->id, hsz));
}

static void freeing_no_handle_succeeds_keeping_it_does_not(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_true(DdeFreeStringHandle(p->id, 0));
    assert_error(p, DMLERR_NO_ERROR);
    assert_false(DdeKeepStringHandle(p->id, 0));
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

static void a_handle_of_another_instance_is_none(void **state)
{
    struct party *p = party_open(0), *other = party_open(0);
    HSZ hsz = make(other, "text");

    (void)state;
    assert_false(DdeKeepStringHandle(p->id, hsz));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_false(DdeFreeStringHandle(p->id, hsz));
    assert_error(p, DMLERR_INVALIDPARAMETER);
    assert_int_equal(DdeQueryStringA(p->id, hsz, NULL, 0, CP_WINANSI), 0);
    assert_error(p, DMLERR_INVALIDPARAMETER);
}

static void the_application_may_free_a_text_that_the_library_uses(void **state)
{
    struct party *server = party_open(0), *client = party_open(0);
    HSZ hsz = make(server, SERVICE);

    (void)state;
    assert_non_null(DdeNameService(server->id, hsz, 0, DNS_REGISTER));
    assert_true(DdeFreeStringHandle(server->id, hsz));
    party_connect(client, SERVICE, TOPIC);
}

/* ---- Handles that callbacks are given (1.4) ------------------------------------------------------------ */

static bool keep_item(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_REQUEST)
        DdeKeepStringHandle(p->id, c->hsz2);
    return false;
}

static void a_handle_that_a_callback_keeps_stays_valid(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV conv = party_connect(client, SERVICE, TOPIC);
    HSZ item;

    (void)state;
    server->hook = keep_item;
    assert_true(DdeFreeDataHandle(party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
    item = party_last(server, XTYP_REQUEST)->hsz2;
    expect_text(server, item, ITEM);
    assert_true(DdeFreeStringHandle(server->id, item));
    assert_false(DdeFreeStringHandle(server->id, item));
}

static void a_handle_that_a_callback_does_not_keep_goes(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    assert_true(DdeFreeDataHandle(party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
    assert_false(DdeKeepStringHandle(server->id, party_last(server, XTYP_REQUEST)->hsz2));
}

static BOOL freed;

static bool free_item(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)result;
    if (c->type == XTYP_REQUEST)
        freed = DdeFreeStringHandle(p->id, c->hsz2);
    return false;
}

static void a_handle_that_a_callback_was_given_is_not_the_applications_to_free(void **state)
{
    struct party *server = party_serve(0), *client = party_open(0);
    HCONV conv = party_connect(client, SERVICE, TOPIC);

    (void)state;
    server->hook = free_item;
    assert_true(DdeFreeDataHandle(party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
    assert_false(freed);
    assert_error(server, DMLERR_INVALIDPARAMETER);
}

/* ---- DdeCmpStringHandles ------------------------------------------------------------------------------- */

static void equal_handles_compare_as_equal(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    assert_int_equal(DdeCmpStringHandles(make(p, "text"), make(p, "TEXT")), 0);
    assert_int_equal(DdeCmpStringHandles(0, 0), 0);
}

static void no_handle_orders_before_any(void **state)
{
    struct party *p = party_open(0);
    HSZ hsz = make(p, "text");

    (void)state;
    assert_int_equal(DdeCmpStringHandles(0, hsz), -1);
    assert_int_equal(DdeCmpStringHandles(hsz, 0), 1);
}

static void the_order_of_handles_is_total(void **state)
{
    struct party *p = party_open(0);
    HSZ a = make(p, "a"), b = make(p, "b"), c = make(p, "c");
    int ab = DdeCmpStringHandles(a, b), bc = DdeCmpStringHandles(b, c), ac = DdeCmpStringHandles(a, c);

    (void)state;
    assert_int_equal(ab * ab, 1);
    assert_int_equal(DdeCmpStringHandles(b, a), -ab);
    assert_int_equal(ab == bc ? ac : ab, ab);
}

static void comparing_sets_no_error(void **state)
{
    struct party *p = party_open(0);

    (void)state;
    DdeCmpStringHandles((HSZ)(uintptr_t)0x7777, make(p, "text"));
    assert_error(p, DMLERR_NO_ERROR);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        rule("1.4", a_text_comes_back_as_it_was),
        rule("1.4", equal_texts_have_one_handle),
        rule("1.4", texts_that_differ_in_case_have_one_handle),
        rule("1.4", the_first_spelling_is_kept),
        rule("1.4", a_spelling_goes_with_its_last_reference),
        rule("1.4", different_texts_have_different_handles),
        rule("4.7", an_empty_text_gives_no_handle),
        rule("4.7", no_text_is_an_invalid_parameter),
        rule("1.4", a_text_has_at_most_255_characters),
        rule("1.4", a_wide_text_has_at_most_255_characters),
        rule("1.4", a_number_atom_reads_as_its_number),
        rule("1.4", a_number_atom_can_be_kept_and_freed),
        rule("1.4", a_number_atom_serves_as_a_name),
        rule("1.7", a_text_is_the_same_in_both_code_pages),
        rule("1.7", the_code_page_decides_not_the_name_of_the_function),
        rule("1.7", code_page_0_is_that_of_the_function),
        rule("1.7", wide_characters_are_kept),
        rule("1.7", an_ansi_character_is_its_wide_one),
        rule("4.7", without_a_buffer_the_length_is_told),
        rule("4.7", a_short_buffer_gets_the_beginning_and_a_null),
        rule("4.7", a_buffer_of_one_gets_the_null),
        rule("4.7", a_buffer_of_none_is_not_touched),
        rule("4.7", no_handle_reads_as_an_empty_text_of_length_1),
        rule("1.4", a_handle_lives_as_often_as_it_was_made),
        rule("4.7", keeping_a_handle_counts_as_making_it),
        rule("1.3", a_freed_handle_cannot_be_used),
        rule("1.3", a_freed_handle_stays_dead_when_the_text_is_made_again),
        rule("4.7", freeing_no_handle_succeeds_keeping_it_does_not),
        rule("1.1", a_handle_of_another_instance_is_none),
        rule("4.9", the_application_may_free_a_text_that_the_library_uses),
        rule("1.4", a_handle_that_a_callback_keeps_stays_valid),
        rule("1.4", a_handle_that_a_callback_does_not_keep_goes),
        rule("1.4", a_handle_that_a_callback_was_given_is_not_the_applications_to_free),
        rule("4.7", equal_handles_compare_as_equal),
        rule("4.7", no_handle_orders_before_any),
        rule("4.7", the_order_of_handles_is_total),
        rule("4.7", comparing_sets_no_error),
        rule("1.7", an_unknown_code_page_is_an_invalid_parameter),
        rule("1.7", a_text_is_the_same_in_every_code_page),
        rule("1.7", both_functions_take_every_code_page),
        rule("1.7", the_length_is_counted_in_bytes_of_the_code_page),
        rule("1.7", a_short_buffer_gets_whole_characters_of_the_code_page),
        rule("1.7", a_short_buffer_gets_no_half_of_a_pair),
        rule("1.7", what_a_code_page_lacks_is_read_as_its_default_character),
        rule("1.7", what_a_code_page_lacks_fits_where_it_is_measured_to_fit),
        rule("1.7", a_text_of_765_bytes_can_have_255_characters),
        rule("1.7", an_empty_text_gives_no_handle_in_any_code_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
