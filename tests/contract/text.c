/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Atoms, the heap, and text. One rule per test; see cast.h. */

#include "cast.h"

/* ---- Atoms ------------------------------------------------------------------------------------------ */

static void assert_atom_reads(host_atom atom, const uint16_t *text)
{
    uint16_t name[HOST_ATOM_CHARS + 1];
    size_t length = 0;

    while (text[length])
        length++;
    memset(name, 0xEE, sizeof name);
    assert_int_equal(host_atom_name(atom, name), length);
    assert_memory_equal(name, text, (length + 1) * sizeof *text);
}

static void assert_no_atom(host_atom atom)
{
    uint16_t name[HOST_ATOM_CHARS + 1];

    assert_int_equal(host_atom_name(atom, name), 0);
}

static void atom_round_trip(void **state)
{
    host_atom atom = atom_of(*state, u"ddeml-contract: \u00C4 \u4E2D");

    assert_true(atom >= 0xC000);
    assert_atom_reads(atom, u"ddeml-contract: \u00C4 \u4E2D");
}

static void atom_is_the_same_for_the_same_text(void **state)
{
    host_atom one = atom_of(*state, u"ddeml-contract-1"), two = atom_of(*state, u"ddeml-contract-2");

    assert_int_not_equal(one, two);
    assert_int_equal(atom_of(*state, u"ddeml-contract-1"), one);
}

static void atom_ignores_case(void **state)
{
    host_atom atom = atom_of(*state, u"ddeml-Contract-\u00E4\u0436");

    assert_int_equal(atom_of(*state, u"DDEML-cONTRACT-\u00C4\u0416"), atom);
}

static void atom_keeps_the_first_spelling(void **state)
{
    host_atom atom = atom_of(*state, u"ddeml-contract-SpElLiNg");

    atom_of(*state, u"DDEML-CONTRACT-SPELLING");
    assert_atom_reads(atom, u"ddeml-contract-SpElLiNg");
}

static void atom_counts_its_references(void **state)
{
    struct fx *fx = *state;
    host_atom atom = atom_of(fx, u"ddeml-contract-count");

    atom_of(fx, u"ddeml-contract-count");
    atom_of(fx, u"DDEML-contract-count");
    atom_drop(fx, atom);
    atom_drop(fx, atom);
    assert_atom_reads(atom, u"ddeml-contract-count");
    atom_drop(fx, atom);
    assert_no_atom(atom);
    host_atom_delete(atom);
}

static void one_more_reference_on_an_atom_counts_like_any_other(void **state)
{
    struct fx *fx = *state;
    host_atom atom = atom_of(fx, u"ddeml-contract-again");

    assert_int_equal(host_atom_again(atom, u"ddeml-contract-again"), atom);
    atom_drop(fx, atom);
    assert_atom_reads(atom, u"ddeml-contract-again");
    host_atom_delete(atom);
    assert_no_atom(atom);
    assert_int_equal(host_atom_again(77, u"#77"), 77);
}

static void deleted_atom_forgets_its_spelling(void **state)
{
    struct fx *fx = *state;

    atom_drop(fx, atom_of(fx, u"ddeml-contract-SPELLING"));
    assert_atom_reads(atom_of(fx, u"ddeml-contract-spelling"), u"ddeml-contract-spelling");
}

static void integer_atom_is_its_number(void **state)
{
    (void)state;
    assert_int_equal(host_atom_add(u"#1"), 1);
    assert_int_equal(host_atom_add(u"#123"), 123);
    assert_int_equal(host_atom_add(u"#49151"), 0xBFFF);
    assert_atom_reads(123, u"#123");
    assert_atom_reads(0xBFFF, u"#49151");
}

static void integer_atom_is_not_counted(void **state)
{
    (void)state;
    host_atom_add(u"#77");
    host_atom_delete(77);
    host_atom_delete(77);
    assert_atom_reads(77, u"#77");
    host_atom_delete(0);
    assert_no_atom(0);
}

static void text_that_only_begins_like_a_number_is_a_string_atom(void **state)
{
    assert_true(atom_of(*state, u"#12x") >= 0xC000);
}

static void atom_may_have_255_characters(void **state)
{
    uint16_t text[HOST_ATOM_CHARS + 1] = {0};

    for (size_t i = 0; i < HOST_ATOM_CHARS; i++)
        text[i] = (uint16_t)('a' + i % 26);
    assert_atom_reads(atom_of(*state, text), text);
}

static void shuffle_atoms(struct actor *a)
{
    uint16_t text[] = u"ddeml-contract-shuffle-?", name[HOST_ATOM_CHARS + 1];
    size_t last = sizeof text / sizeof text[0] - 2;

    event_set(&a->ready);
    event_wait(&a->go, PATIENCE);
    a->result = 1;
    for (unsigned i = 0; i < 500; i++) {
        host_atom atom;
        text[last] = (uint16_t)('a' + i % 5);
        atom = host_atom_add(text);
        a->result &= host_atom_name(atom, name) == last + 1 && name[last] == text[last];
        host_atom_delete(atom);
    }
}

static void atoms_serve_many_threads(void **state)
{
    struct actor *a[3];

    for (int i = 0; i < 3; i++)
        a[i] = actor_of(*state, HOST_MOM, shuffle_atoms);
    for (int i = 0; i < 3; i++)
        event_set(&a[i]->go);
    for (int i = 0; i < 3; i++) {
        actor_end(a[i]);
        assert_int_equal(a[i]->result, 1);
    }
}

/* ---- Heap and text ---------------------------------------------------------------------------------- */

static void heap_is_zeroed(void **state)
{
    unsigned char *p = host_alloc(1000);
    int sum = 0;

    (void)state;
    assert_non_null(p);
    for (size_t i = 0; i < 1000; i++)
        sum += p[i];
    memset(p, 1, 1000);
    host_free(p);
    host_free(NULL);
    assert_int_equal(sum, 0);
}

static void ascii_is_the_same_on_both_sides(void **state)
{
    uint16_t wide[6] = {0};
    char ansi[6] = {0};

    (void)state;
    assert_int_equal(host_to_wide(HOST_ANSI, "Hello", 6, wide, 6), 6);
    assert_memory_equal(wide, u"Hello", sizeof wide);
    assert_int_equal(host_from_wide(HOST_ANSI, u"Hello", 6, ansi, 6), 6);
    assert_string_equal(ansi, "Hello");
}

/* The code page is WINDOWS-1252 unless the system says otherwise. */
static bool other_code_page(void)
{
#ifdef _WIN32
    return GetACP() != 1252;
#else
    return false;
#endif
}

static void ansi_is_windows_1252(void **state)
{
    uint16_t wide[4];
    char ansi[4];

    (void)state;
    if (other_code_page())
        skip();
    assert_int_equal(host_to_wide(HOST_ANSI, "\xC4\xE9\x80\x9F", 4, wide, 4), 4);
    assert_memory_equal(wide, u"\u00C4\u00E9\u20AC\u0178", sizeof wide);
    assert_int_equal(host_from_wide(HOST_ANSI, wide, 4, ansi, 4), 4);
    assert_memory_equal(ansi, "\xC4\xE9\x80\x9F", 4);
}

static void every_ansi_character_survives_the_round_trip(void **state)
{
    char in[256], out[256];
    uint16_t wide[256];

    (void)state;
    if (other_code_page())
        skip();
    for (int i = 0; i < 256; i++)
        in[i] = (char)i;
    assert_int_equal(host_to_wide(HOST_ANSI, in, 256, wide, 256), 256);
    assert_int_equal(host_from_wide(HOST_ANSI, wide, 256, out, 256), 256);
    assert_memory_equal(in, out, 256);
}

static void what_ansi_cannot_express_becomes_a_question_mark(void **state)
{
    char ansi[3] = {0};

    (void)state;
    if (other_code_page())
        skip();
    assert_int_equal(host_from_wide(HOST_ANSI, u"a\u4E2Db", 3, ansi, 3), 3);
    assert_memory_equal(ansi, "a?b", 3);
}

static void nulls_inside_are_converted(void **state)
{
    uint16_t wide[5] = {1, 1, 1, 1, 1};
    char ansi[5] = {1, 1, 1, 1, 1};

    (void)state;
    assert_int_equal(host_to_wide(HOST_ANSI, "a\0b\0c", 5, wide, 5), 5);
    assert_memory_equal(wide, u"a\0b\0c", sizeof wide);
    assert_int_equal(host_from_wide(HOST_ANSI, u"a\0b\0c", 5, ansi, 5), 5);
    assert_memory_equal(ansi, "a\0b\0c", 5);
}

static void conversion_says_how_much_it_needs(void **state)
{
    (void)state;
    assert_int_equal(host_to_wide(HOST_ANSI, "four", 4, NULL, 0), 4);
    assert_int_equal(host_from_wide(HOST_ANSI, u"four", 4, NULL, 0), 4);
    assert_int_equal(host_to_wide(HOST_ANSI, "", 0, NULL, 0), 0);
    assert_int_equal(host_from_wide(65001, u"a\u00E9\u4E2D", 3, NULL, 0), 6);
    assert_int_equal(host_to_wide(65001, "a\xC3\xA9\xE4\xB8\xAD", 6, NULL, 0), 3);
}

static void conversion_into_too_little_room_gives_0_and_stays_within_it(void **state)
{
    uint16_t wide[3] = {0, 0, 7};
    char narrow[3] = {0, 0, 7};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        static const unsigned pages[] = {HOST_ANSI, 65001};

        assert_int_equal(host_to_wide(pages[i], "four", 4, wide, 2), 0);
        assert_int_equal(wide[2], 7);
        assert_int_equal(host_from_wide(pages[i], u"four", 4, narrow, 2), 0);
        assert_int_equal(narrow[2], 7);
        assert_int_equal(host_from_wide(pages[i], u"four", 4, narrow, 0), 0);
    }
}

/* One text in many code pages: by number, and what the number means. */
static const struct in_page {
    unsigned code_page;
    const char *narrow;
    const uint16_t *wide;
} in_pages[] = {
    {437, "\x82\xE1", u"\u00E9\u00DF"},
    {850, "\x82\xE1", u"\u00E9\u00DF"},
    {932, "\x93\xFA\x83\x41", u"\u65E5\u30A2"},
    {936, "\xD6\xD0", u"\u4E2D"},
    {949, "\xB0\xA1", u"\uAC00"},
    {950, "\xA4\xA4", u"\u4E2D"},
    {1250, "\xB9\xE6", u"\u0105\u0107"},
    {1251, "\xC6\xE6", u"\u0416\u0436"},
    {1252, "\x80\xE9", u"\u20AC\u00E9"},
    {1253, "\xE1", u"\u03B1"},
    {1254, "\xF0", u"\u011F"},
    {1255, "\xE0", u"\u05D0"},
    {1256, "\xC8", u"\u0628"},
    {1257, "\xE0", u"\u0105"},
    {1258, "\xD5", u"\u01A0"},
    {20866, "\xC1", u"\u0430"},
    {28591, "\xE9", u"\u00E9"},
    {28605, "\xA4", u"\u20AC"},
    {65001, "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", u"\u00E9\u20AC\U0001F600"},
};

static size_t wide_length(const uint16_t *text)
{
    size_t n = 0;

    while (text[n])
        n++;
    return n;
}

static void a_code_page_is_known_by_its_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof in_pages / sizeof *in_pages; i++) {
        const struct in_page *p = &in_pages[i];
        size_t bytes = strlen(p->narrow), units = wide_length(p->wide);
        uint16_t wide[8];
        char narrow[16];

        if (!host_code_page(p->code_page))
            fail_msg("no code page %u", p->code_page);
        assert_int_equal(host_to_wide(p->code_page, p->narrow, bytes, wide, 8), units);
        assert_memory_equal(wide, p->wide, units * sizeof *wide);
        assert_int_equal(host_from_wide(p->code_page, p->wide, units, narrow, sizeof narrow), bytes);
        assert_memory_equal(narrow, p->narrow, bytes);
    }
}

static void other_numbers_are_no_code_pages(void **state)
{
    static const unsigned none[] = {1, 2, 3, 36, 12345, 12000, 28590, 65002, 0x7FFFFFFF, 0xFFFFFFFF};

    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        if (host_code_page(none[i]))
            fail_msg("a code page %u", none[i]);
    }
    assert_int_equal(host_to_wide(12345, "text", 4, NULL, 0), 0);
    assert_int_equal(host_from_wide(12345, u"text", 4, NULL, 0), 0);
}

static void what_a_code_page_lacks_becomes_its_default_character(void **state)
{
    char narrow[8];

    (void)state;
    assert_int_equal(host_from_wide(437, u"a\u4E2Db", 3, narrow, sizeof narrow), 3);
    assert_memory_equal(narrow, "a?b", 3);
    assert_int_equal(host_from_wide(932, u"\uAC00\u65E5", 2, narrow, sizeof narrow), 3);
    assert_memory_equal(narrow, "?\x93\xFA", 3);
}

static void half_a_character_becomes_the_replacement_character(void **state)
{
    static const uint16_t half[] = {'a', 0xD83D, 'b'}, end[] = {'a', 0xD83D};
    uint16_t wide[8];
    char narrow[8];

    (void)state;
    assert_int_equal(host_from_wide(65001, half, 3, narrow, sizeof narrow), 5);
    assert_memory_equal(narrow,
                        "a\xEF\xBF\xBD"
                        "b",
                        5);
    assert_int_equal(host_from_wide(65001, end, 2, narrow, sizeof narrow), 4);
    assert_memory_equal(narrow, "a\xEF\xBF\xBD", 4);
    assert_int_equal(host_to_wide(65001,
                                  "a\xFF"
                                  "b",
                                  3, wide, 8),
                     3);
    assert_memory_equal(wide, u"a\uFFFDb", 3 * sizeof *wide);
    assert_int_equal(host_to_wide(65001, "a\xC3", 2, wide, 8), 2);
    assert_memory_equal(wide, u"a\uFFFD", 2 * sizeof *wide);
}

static void a_long_text_is_converted_as_a_whole(void **state)
{
    enum { LONG = 100000 };
    uint16_t *wide = calloc(LONG, sizeof *wide), *back = calloc(LONG, sizeof *back);
    char *narrow = malloc(3 * LONG);
    size_t need, written, again;

    (void)state;
    for (unsigned i = 0; i < LONG; i++)
        wide[i] = (uint16_t)(0x4E00 + i % 0x1000);
    need = host_from_wide(65001, wide, LONG, NULL, 0);
    written = host_from_wide(65001, wide, LONG, narrow, 3 * LONG);
    again = host_to_wide(65001, narrow, written, back, LONG);
    assert_int_equal(need, 3 * LONG);
    assert_int_equal(written, 3 * LONG);
    assert_int_equal(again, LONG);
    assert_memory_equal(back, wide, LONG * sizeof *wide);
    free(wide);
    free(back);
    free(narrow);
}

/* ---- Only here: rules for which Windows has other numbers, or no way to look -------------------------- */

#ifndef _WIN32

static void atom_counter_is_wide(void **state)
{
    struct fx *fx = *state;
    host_atom atom = atom_of(fx, u"ddeml-contract-wide");

    for (int i = 0; i < 70000; i++)
        host_atom_add(u"ddeml-contract-wide");
    for (int i = 0; i < 70000; i++)
        host_atom_delete(atom);
    assert_atom_reads(atom, u"ddeml-contract-wide");
}

static void full_atom_table_refuses_and_recovers(void **state)
{
    enum { ALL = 0x4000 };
    host_atom *atom = calloc(ALL + 1, sizeof *atom);
    uint16_t text[] = u"ddeml-contract-full-0000", name[HOST_ATOM_CHARS + 1];
    size_t last = sizeof text / sizeof text[0] - 2, n = 0, right = 0;
    host_atom again, first;

    (void)state;
    assert_non_null(atom);
    for (n = 0; n <= ALL; n++) {
        for (size_t digit = 0; digit < 4; digit++)
            text[last - digit] = (uint16_t)('a' + (n >> (4 * digit)) % 16);
        if ((atom[n] = host_atom_add(text)) == 0)
            break;
    }
    for (size_t i = 0; i < n; i++)
        right += atom[i] >= 0xC000 && host_atom_name(atom[i], name) == last + 1;
    first = atom[0];
    host_atom_delete(first);
    again = host_atom_add(text);
    host_atom_delete(again);
    for (size_t i = 1; i < n; i++)
        host_atom_delete(atom[i]);
    free(atom);
    assert_int_equal(n, ALL);
    assert_int_equal(right, ALL);
    assert_int_equal(again, first);
}

static void nothing_outside_ascii_equals_ascii(void **state)
{
    assert_int_not_equal(atom_of(*state, u"ddeml-contract-k"), atom_of(*state, u"ddeml-contract-\u212A"));
    assert_int_not_equal(atom_of(*state, u"ddeml-contract-i"), atom_of(*state, u"ddeml-contract-\u0130"));
}

#endif

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        RULE(atom_round_trip),
        RULE(atom_is_the_same_for_the_same_text),
        RULE(atom_ignores_case),
        RULE(atom_keeps_the_first_spelling),
        RULE(atom_counts_its_references),
        RULE(one_more_reference_on_an_atom_counts_like_any_other),
        RULE(deleted_atom_forgets_its_spelling),
        RULE(integer_atom_is_its_number),
        RULE(integer_atom_is_not_counted),
        RULE(text_that_only_begins_like_a_number_is_a_string_atom),
        RULE(atom_may_have_255_characters),
        RULE(atoms_serve_many_threads),
        RULE(heap_is_zeroed),
        RULE(ascii_is_the_same_on_both_sides),
        RULE(ansi_is_windows_1252),
        RULE(every_ansi_character_survives_the_round_trip),
        RULE(what_ansi_cannot_express_becomes_a_question_mark),
        RULE(nulls_inside_are_converted),
        RULE(conversion_says_how_much_it_needs),
        RULE(conversion_into_too_little_room_gives_0_and_stays_within_it),
        RULE(a_code_page_is_known_by_its_number),
        RULE(other_numbers_are_no_code_pages),
        RULE(what_a_code_page_lacks_becomes_its_default_character),
        RULE(half_a_character_becomes_the_replacement_character),
        RULE(a_long_text_is_converted_as_a_whole),
#ifndef _WIN32
        RULE(atom_counter_is_wide),
        RULE(full_atom_table_refuses_and_recovers),
        RULE(nothing_outside_ascii_equals_ascii),
#endif
    };

    (void)argc, (void)argv;
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
