/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The parts of the command dde that read and write: options, targets, formats, JSON. */

#include "support/support.h"

#include "exits.h"
#include "format.h"
#include "options.h"
#include "serve.h"
#include "target.h"
#include "text.h"

#include <stdlib.h>

/* ---- Targets ------------------------------------------------------------------------------------------ */

static void expect_part(const char *part, const char *expected)
{
    if (expected)
        assert_string_equal(part ? part : "(none)", expected);
    else
        assert_null(part);
}

static void targets_are_read_as_in_a_spreadsheet(void **state)
{
    static const char *const rows[][4] = {
        {"Prices|London!Copper", "Prices", "London", "Copper"},
        {"=Prices|London!Copper", "Prices", "London", "Copper"},
        {"Prices|London", "Prices", "London", NULL},
        {"Prices", "Prices", NULL, NULL},
        {"|System", NULL, "System", NULL},
        {"Prices||London", "Prices", "|London", NULL},
        {"'My App'|'a b'!item with quotes", "My App", "a b", "item with quotes"},
        {"'My|App'|'a!b'!'c|d!e'", "My|App", "a!b", "c|d!e"},
        {"'It''s'|topic!item", "It's", "topic", "item"},
        {"Excel|[Book1]Sheet1!R1C1:R2C2", "Excel", "[Book1]Sheet1", "R1C1:R2C2"},
        {"S|T!a|b!c", "S", "T", "a|b!c"},
        {"S|T!it's", "S", "T", "it's"},
        {"S|C:\\a b.xls!1", "S", "C:\\a b.xls", "1"},
        {"Z\xC3\xBCrich|\xCE\xA9!\xE2\x82\xAC", "Z\xC3\xBCrich", "\xCE\xA9", "\xE2\x82\xAC"},
        {"", NULL, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct target t;
        struct text why = {0};

        assert_true(target_parse(&t, rows[i][0], &why));
        expect_part(t.service, rows[i][1]);
        expect_part(t.topic, rows[i][2]);
        expect_part(t.item, rows[i][3]);
        target_free(&t);
    }
}

static void a_quotation_without_an_end_is_told_of(void **state)
{
    static const char *const rows[] = {"'My App|topic!item", "'a'b|topic", "a|'b'c!d", "a|b!'c",
                                       "a|b!'c'd",           "'"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct target t;
        struct text why = {0};

        assert_false(target_parse(&t, rows[i], &why));
        assert_non_null(strstr(text_of(&why), "''"));
        expect_part(t.service, NULL);
        text_free(&why);
    }
}

static void what_is_written_can_be_read_again(void **state)
{
    static const struct target rows[] = {
        {"Prices", "London", "Copper"},
        {"a|b", "c!d", "e'f"},
        {"a'b", "'c'", "'d"},
        {"=a", "=b", "=c"},
        {"a", "b", NULL},
        {"a", NULL, NULL},
        {NULL, "b", NULL},
        {"a b", " c ", " d "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct target t;
        struct text out = {0}, why = {0};

        target_put(&out, &rows[i]);
        assert_true(target_parse(&t, text_of(&out), &why));
        expect_part(t.service, rows[i].service);
        expect_part(t.topic, rows[i].topic);
        expect_part(t.item, rows[i].item);
        target_free(&t);
        text_free(&out);
    }
}

static void options_fill_in_what_a_target_leaves_out(void **state)
{
    const char *topics[] = {"T"};
    struct options o = {.topics = {topics, 1}, .item = "I"};
    struct target t;
    struct text why = {0};

    (void)state;
    assert_true(target_of(&t, &o, "S", NEED_ITEM, &why));
    expect_part(t.service, "S");
    expect_part(t.topic, "T");
    expect_part(t.item, "I");
    target_free(&t);
    o.service = "Other";
    assert_true(target_of(&t, &o, "S|T!x", NEED_ITEM, &why)); /* with a service it is an item */
    expect_part(t.service, "Other");
    expect_part(t.item, "S|T!x");
    target_free(&t);
}

static void a_target_that_lacks_something_is_told_what(void **state)
{
    static const struct {
        const char *word;
        enum target_need need;
        const char *says;
    } rows[] = {{NULL, NEED_SERVICE, "which service?"},
                {"S", NEED_TOPIC, "which topic? Write S|topic"},
                {"S|T", NEED_ITEM, "which item? Write S|T!item"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct options o = {0};
        struct target t;
        struct text why = {0};

        assert_false(target_of(&t, &o, rows[i].word, rows[i].need, &why));
        assert_non_null(strstr(text_of(&why), rows[i].says));
        text_free(&why);
    }
}

/* ---- Options ------------------------------------------------------------------------------------------ */

#define PARSE(options, command, why, ...)                                                                    \
    options_parse(options, command, (int)(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)),                 \
                  (char *[]){__VA_ARGS__}, why)

static void options_may_stand_anywhere_and_be_written_either_way(void **state)
{
    struct options o;
    struct text why = {0};

    (void)state;
    assert_true(PARSE(&o, FOR_ADVISE, &why, "one", "--timeout", "2s", "-jn3", "--format=CF_DIB", "two", "-T",
                      "500ms", "-x"));
    assert_int_equal(o.timeout, 500); /* the last one counts */
    assert_true(o.json && o.hex && !o.ack);
    assert_int_equal(o.count, 3);
    assert_int_equal(o.format, CF_DIB);
    assert_int_equal(o.arguments.n, 2);
    assert_string_equal(o.arguments.at[1], "two");
    options_free(&o);
}

static void negative_numbers_and_what_follows_two_minuses_are_no_options(void **state)
{
    struct options o;
    struct text why = {0};

    (void)state;
    assert_true(PARSE(&o, FOR_POKE, &why, "-5", "-.5", "-", "--", "--json", "-x"));
    assert_int_equal(o.arguments.n, 5);
    assert_string_equal(o.arguments.at[0], "-5");
    assert_string_equal(o.arguments.at[3], "--json");
    assert_false(o.json || o.hex);
    options_free(&o);
}

static void lists_keep_all_their_words(void **state)
{
    struct options o;
    struct text why = {0};

    (void)state;
    assert_true(PARSE(&o, FOR_SERVE, &why, "-t", "A", "--topic=B", "x=1"));
    assert_int_equal(o.topics.n, 2);
    assert_string_equal(o.topics.at[1], "B");
    options_free(&o);
}

static void a_bad_option_is_told_of(void **state)
{
    static const struct {
        unsigned command;
        char *word, *next;
        const char *says;
    } rows[] = {
        {FOR_REQUEST, "--nonsense", "x", "no option --nonsense"},
        {FOR_REQUEST, "--count=1", "x", "no option --count"}, /* of other commands only */
        {FOR_REQUEST, "-q", "x", "no option -q"},
        {FOR_REQUEST, "--json=yes", "x", "takes no value"},
        {FOR_REQUEST, "x", "--timeout", "needs a value: --timeout TIME"},
        {FOR_REQUEST, "x", "-T", "needs a value: -T TIME"},
        {FOR_REQUEST, "-T", "soon", "write a time"},
        {FOR_REQUEST, "-T", "0", "write a time"},
        {FOR_REQUEST, "-f", "NOTHING_LIKE_IT=", "CF_TEXT"},
        {FOR_ADVISE, "-n", "0", "write a number"},
        {FOR_ADVISE, "-n", "3x", "write a number"},
        {FOR_REQUEST, "--hex", "--text", "exclude each other"},
        {FOR_REQUEST, "--raw", "--json", "exclude each other"},
        {FOR_REQUEST, "--topic=a", "--topic=b", "once only"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct options o;
        struct text why = {0};

#ifdef _WIN32
        if (rows[i].says[0] == 'C') /* any name can be registered there */
            continue;
#endif
        assert_false(PARSE(&o, rows[i].command, &why, rows[i].word, rows[i].next));
        if (!strstr(text_of(&why), rows[i].says))
            fail_msg("%s %s: %s", rows[i].word, rows[i].next, text_of(&why));
        text_free(&why);
        options_free(&o);
    }
}

static void times_have_units(void **state)
{
    static const struct {
        const char *text;
        uint64_t ms;
    } good[] = {{"0", 0},     {"500", 500},   {"500ms", 500},
                {"5s", 5000}, {"2m", 120000}, {"2147483647", 2147483647}};
    static const char *const bad[] = {"",
                                      "s",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 s",
                                      "1h",
                                      "2147483648",
                                      "35792m",
                                      "99999999999999999999",
                                      "18446744073709551615s"};
    uint64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(parse_time(good[i].text, &ms));
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(parse_time(bad[i], &ms));
}

/* ---- Formats and values ------------------------------------------------------------------------------- */

static void formats_go_by_name_and_number(void **state)
{
    static const struct {
        const char *name;
        unsigned number;
    } rows[] = {{"CF_TEXT", 1},
                {"TEXT", 1},
                {"text", 1},
                {"cf_unicodetext", 13},
                {"13", 13},
                {"0xC123", 0xC123},
                {"CF_DSPENHMETAFILE", 0x8E},
                {"0", 0},
                {"0x10000", 0},
                {"12x", 0},
                {"", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(format_number(rows[i].name), rows[i].number);
}

static void expect_name(unsigned number, const char *name, const char *system_name)
{
    struct text t = {0};

    format_name(&t, number);
    assert_string_equal(text_of(&t), name);
    text_clear(&t);
    format_system_name(&t, number);
    assert_string_equal(text_of(&t), system_name);
    text_free(&t);
}

static void formats_are_named(void **state)
{
    (void)state;
    expect_name(CF_UNICODETEXT, "CF_UNICODETEXT", "UNICODETEXT");
    expect_name(0x300, "0x0300", "0x0300");
}

static void text_is_encoded_as_its_format_says(void **state)
{
    static const struct {
        unsigned format;
        const char *utf8, *bytes;
        size_t n;
        bool whole;
    } rows[] = {
        {CF_TEXT, "Z\xC3\xBC \xE2\x82\xAC", "Z\xFC \x80", 5, true},
        {CF_TEXT, "\xCE\xA9!", "?!", 3, false},
        {CF_OEMTEXT, "\xC3\xBC", "\x81", 2, true},
        {CF_UNICODETEXT, "\xCE\xA9", "\xA9\x03\0", 4, true},
        {CF_UNICODETEXT, "\xF0\x9F\x98\x80", "\x3D\xD8\x00\xDE\0", 6, true},
        {CF_TEXT, "", "", 1, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text bytes = {0}, back = {0};

        assert_int_equal(format_encode(&bytes, rows[i].format, rows[i].utf8), rows[i].whole);
        assert_int_equal(bytes.n, rows[i].n);
        assert_memory_equal(bytes.at, rows[i].bytes, rows[i].n);
        format_decode(&back, rows[i].format, bytes.at, bytes.n);
        if (rows[i].whole)
            assert_string_equal(text_of(&back), rows[i].utf8);
        text_free(&bytes);
        text_free(&back);
    }
}

static void a_text_ends_with_its_null_and_a_lines_end_is_not_shown(void **state)
{
    struct text t = {0};

    (void)state;
    format_decode(&t, CF_TEXT, "one\r\n\0two", 9);
    assert_string_equal(text_of(&t), "one");
    text_clear(&t);
    format_decode(&t, CF_TEXT, "no null", 7);
    assert_string_equal(text_of(&t), "no null");
    text_clear(&t);
    format_decode(&t, CF_UNICODETEXT, "a\0b", 3); /* an odd byte is no character */
    assert_string_equal(text_of(&t), "a");
    text_clear(&t);
    format_decode(&t, CF_TEXT, "", 0);
    assert_string_equal(text_of(&t), "");
    text_free(&t);
}

static void values_are_shown_as_the_options_say(void **state)
{
    static const struct {
        struct options o;
        unsigned format;
        const char *shown;
        size_t n;
    } rows[] = {
        {{0}, CF_TEXT, "ab", 2},          {{.hex = true}, CF_TEXT, "61 62 00", 8},
        {{0}, CF_DIB, "61 62 00", 8},     {{.text = true}, CF_DIB, "ab", 2},
        {{.raw = true}, CF_DIB, "ab", 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text t = {0};

        value_put(&t, &rows[i].o, rows[i].format, "ab", 3);
        assert_int_equal(t.n, rows[i].n);
        assert_string_equal(text_of(&t), rows[i].shown);
        text_free(&t);
    }
}

static void values_are_read_as_the_options_say(void **state)
{
    static const struct {
        struct options o;
        unsigned format;
        const char *given, *bytes;
        int n; /* -1: refused */
    } rows[] = {
        {{0}, CF_TEXT, "ab", "ab", 3},        {{.hex = true}, CF_TEXT, "0A ff0b", "\x0A\xFF\x0B", 3},
        {{0}, CF_DIB, "6162", "ab", 2},       {{0}, CF_DIB, "", "", 0},
        {{0}, CF_DIB, "616", NULL, -1},       {{0}, CF_DIB, "6 1", NULL, -1},
        {{0}, CF_DIB, "xy", NULL, -1},        {{0}, CF_TEXT, "\xCE\xA9", NULL, -1},
        {{.raw = true}, CF_DIB, "6", "6", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text bytes = {0}, why = {0};
        bool good =
            value_parse(&bytes, &rows[i].o, rows[i].format, rows[i].given, strlen(rows[i].given), &why);

        assert_int_equal(good, rows[i].n >= 0);
        assert_int_equal(good, why.n == 0);
        if (good) {
            assert_int_equal(bytes.n, rows[i].n);
            assert_memory_equal(text_of(&bytes), rows[i].bytes, bytes.n);
        }
        text_free(&bytes);
        text_free(&why);
    }
}

/* ---- Text --------------------------------------------------------------------------------------------- */

static void json_strings_are_escaped(void **state)
{
    struct text t = {0};

    (void)state;
    text_json(&t, "a\"b\\c\n\t\x01\x7F \xC3\xBC \xF0\x9F\x98\x80");
    assert_string_equal(text_of(&t), "\"a\\\"b\\\\c\\n\\t\\u0001\\u007f \xC3\xBC \xF0\x9F\x98\x80\"");
    text_free(&t);
}

static void what_is_no_utf8_becomes_the_replacement_character(void **state)
{
    static const char *const rows[] = {
        "\xFF", "\x80", "\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF8\x88\x80\x80\x80", "\xF4\x90\x80\x80"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text t = {0};

        assert_false(is_utf8(rows[i], strlen(rows[i])));
        text_json(&t, rows[i]);
        assert_memory_equal(text_of(&t), "\"\xEF\xBF\xBD", 4);
        text_free(&t);
    }
}

static void a_line_of_a_table_stays_one_line(void **state)
{
    struct text t = {0};

    (void)state;
    text_escaped(&t, "a\tb\r\nc\\d\x1B");
    assert_string_equal(text_of(&t), "a\\tb\\r\\nc\\\\d\\x1b");
    text_free(&t);
}

static void bytes_of_a_file_are_utf8_or_else_ansi(void **state)
{
    struct text t = {0};

    (void)state;
    text_foreign(&t, "\xC3\xBC", 2);
    text_foreign(&t, "\xFC", 1);
    assert_string_equal(text_of(&t), "\xC3\xBC\xC3\xBC");
    text_free(&t);
}

static void a_text_grows(void **state)
{
    struct text t = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        text_printf(&t, "%03d", i);
    assert_int_equal(t.n, 3000);
    assert_string_equal(t.at + 2997, "999");
    text_cut(&t, 3);
    assert_string_equal(text_of(&t), "000");
    text_free(&t);
}

/* ---- Other parts -------------------------------------------------------------------------------------- */

static void a_command_is_split_into_words(void **state)
{
    static const char *const expected[] = {"prog", "a b", "c'd", "", "e f", "\\x"};
    struct text *words;
    size_t n;

    (void)state;
    assert_true(words_split(" prog 'a b'\t\"c'd\" '' e' 'f \\x ", &words, &n));
    assert_int_equal(n, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(text_of(&words[i]), expected[i]);
        text_free(&words[i]);
    }
    free(words);
    assert_false(words_split("prog 'a", &words, &n));
    for (size_t i = 0; i < n; i++)
        text_free(&words[i]);
    free(words);
    assert_false(words_split("  ", &words, &n));
}

static void every_error_of_ddeml_has_its_class(void **state)
{
    (void)state;
    for (UINT code = DMLERR_FIRST; code <= DMLERR_LAST; code++) {
        assert_int_equal(dmlerr_of(code)->code, code);
        assert_in_range(dmlerr_of(code)->exit, EXIT_NO_CONVERSATION, EXIT_USE);
    }
    assert_string_equal(dmlerr_of(0x4321)->name, "NO_ERROR");
}

/* ---- What is written about the options elsewhere ------------------------------------------------------ */

static const char *source_folder;

static char *read_source(const char *name)
{
    char path[1024];
    char *text = calloc(1, 1 << 16);
    FILE *f;

    snprintf(path, sizeof path, "%s/src/tools/%s", source_folder, name);
    f = fopen(path, "rb");
    assert_non_null(f);
    assert_in_range(fread(text, 1, (1 << 16) - 1, f), 1, (1 << 16) - 2);
    fclose(f);
    return text;
}

static void every_option_is_in_the_manual_and_the_completions(void **state)
{
    static const char *const files[] = {"dde/dde.1", "completions/dde.bash", "completions/_dde"};

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *text = read_source(files[i]);

        for (const struct option *row = option_table; row->name; row++) {
            char written[64];
            const char *from = row->name;
            size_t n = (size_t)snprintf(written, sizeof written, i ? "--" : "\\-\\-");

            if (i == 0 && !strcmp(row->name, "help"))
                continue;
            for (; *from; from++) {
                if (*from == '-' && i == 0)
                    written[n++] = '\\';
                written[n++] = *from;
            }
            written[n] = '\0';
            if (!strstr(text, written))
                fail_msg("%s does not know %s", files[i], written);
        }
        free(text);
    }
}

int main(int argc, char *argv[])
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_are_read_as_in_a_spreadsheet),
        cmocka_unit_test(a_quotation_without_an_end_is_told_of),
        cmocka_unit_test(what_is_written_can_be_read_again),
        cmocka_unit_test(options_fill_in_what_a_target_leaves_out),
        cmocka_unit_test(a_target_that_lacks_something_is_told_what),
        cmocka_unit_test(options_may_stand_anywhere_and_be_written_either_way),
        cmocka_unit_test(negative_numbers_and_what_follows_two_minuses_are_no_options),
        cmocka_unit_test(lists_keep_all_their_words),
        cmocka_unit_test(a_bad_option_is_told_of),
        cmocka_unit_test(times_have_units),
        cmocka_unit_test(formats_go_by_name_and_number),
        cmocka_unit_test(formats_are_named),
        cmocka_unit_test(text_is_encoded_as_its_format_says),
        cmocka_unit_test(a_text_ends_with_its_null_and_a_lines_end_is_not_shown),
        cmocka_unit_test(values_are_shown_as_the_options_say),
        cmocka_unit_test(values_are_read_as_the_options_say),
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(what_is_no_utf8_becomes_the_replacement_character),
        cmocka_unit_test(a_line_of_a_table_stays_one_line),
        cmocka_unit_test(bytes_of_a_file_are_utf8_or_else_ansi),
        cmocka_unit_test(a_text_grows),
        cmocka_unit_test(a_command_is_split_into_words),
        cmocka_unit_test(every_error_of_ddeml_has_its_class),
        cmocka_unit_test(every_option_is_in_the_manual_and_the_completions),
    };

    if (argc < 2)
        return 1;
    source_folder = argv[1];
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
