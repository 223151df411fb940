/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The command ddeml-rebind as users start it, on files. Arguments: its path, its manual's. */

#include "support/support.h"

#include "rebind/image.h"
#include "tools/program.h"

#include <stdlib.h>
#include <sys/stat.h>
#ifndef _WIN32
#include <unistd.h>
#endif

static const char *tool, *manual_path;
static const char file[] = "rebind_commands.exe", kept[] = "rebind_commands.exe.orig";

static const struct image_dll usual[] = {
    {"USER32.dll", "GetMessageA DdeConnect DdeDisconnect SetTimer PackDDElParam"}, {NULL, NULL}};

/* ---- Files ----------------------------------------------------------------------------------------------- */

static void write_file(const char *path, const struct image *image)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(image->at, 1, image->size, f), image->size);
    assert_int_equal(fclose(f), 0);
}

static struct image read_file(const char *path)
{
    struct image image = {NULL, 0, false, 0};
    uint8_t part[4096];
    size_t n;
    FILE *f = fopen(path, "rb");

    assert_non_null(f);
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        image_append(&image, part, n);
    fclose(f);
    return image;
}

static void file_is(const char *path, const struct image *expected)
{
    struct image there = read_file(path);

    assert_int_equal(there.size, expected->size);
    assert_memory_equal(there.at, expected->at, there.size);
    image_free(&there);
}

static bool exists(const char *path)
{
    struct stat facts;

    return stat(path, &facts) == 0;
}

/* ---- Running --------------------------------------------------------------------------------------------- */

/* Runs the tool with up to four arguments; it has to exit with this code and to say this. */
static void runs(int code, const char *says, const char *a, const char *b, const char *c, const char *d)
{
    const char *const argv[] = {tool, a, b, c, d, NULL};
    struct program *p = program_start(argv);
    int exit_code = program_end(p);

    if (!strstr(program_output(p), says) || exit_code != code)
        fail_msg("exit code %d, printed: %s", exit_code, program_output(p));
    program_forget(p);
}

static int up(void **state)
{
    static struct image image;

    image = image_new(false, usual, false);
    remove(file);
    remove(kept);
    write_file(file, &image);
    *state = &image;
    return 0;
}

static int down(void **state)
{
    programs_down(state);
    image_free(*state);
    remove(file);
    remove(kept);
    return 0;
}

/* ---- Tests ----------------------------------------------------------------------------------------------- */

static void a_file_is_rebound_and_comes_back(void **state)
{
    runs(5, "can be rebound: 3 functions of DDE from user32.dll, 32-bit", "--check", file, NULL, NULL);
    file_is(file, *state);
    runs(0, "rebound: 3 functions of DDE come from ddeml.dll now", file, NULL, NULL, NULL);
    runs(0, "is rebound", "--check", file, NULL, NULL);
    runs(0, "is rebound already", file, NULL, NULL, NULL);
    runs(0, "is the original again", "--undo", file, NULL, NULL);
    file_is(file, *state);
    assert_false(exists(kept));
}

static void the_original_is_kept_if_that_is_asked_for(void **state)
{
    runs(0, "rebound", "--backup", file, NULL, NULL);
    file_is(kept, *state);
    runs(0, "is the original again", "--undo", file, NULL, NULL);
    file_is(file, *state);
}

/* What is kept from another day may be the only original there is. */
static void an_original_that_was_kept_is_never_overwritten(void **state)
{
    struct image old = {(uint8_t *)"old", 3, false, 0};

    write_file(kept, &old);
    runs(4, kept, "--backup", file, NULL, NULL);
    file_is(kept, &old);
    file_is(file, *state);
}

static void what_is_refused_is_not_touched(void **state)
{
    struct image *image = *state;
    struct stat before, after;

    image_set_directory(image, 14, IMAGE_SPARE_RVA, 72);
    write_file(file, image);
    assert_int_equal(stat(file, &before), 0);
    runs(2, "is a .NET program", file, NULL, NULL, NULL);
    runs(2, "is a .NET program", "--check", file, NULL, NULL);
    runs(2, "has not been rebound", "--undo", file, NULL, NULL);
    assert_int_equal(stat(file, &after), 0);
    assert_true(before.st_mtime == after.st_mtime && before.st_ino == after.st_ino);
    file_is(file, image);
}

static void a_refusal_names_what_it_is_about(void **state)
{
    struct image *image = *state;

    memcpy(image->at + image_section(image, 0), "UPX1\0", 6);
    write_file(file, image);
    runs(2, "is packed: its table of imports is that of the unpacking code (UPX1); left as it is", file, NULL,
         NULL, NULL);
}

static void where_launching_is_another_way_the_refusal_says_so(void **state)
{
    struct image *image = *state;

    image->at[image_section(image, 3)] = 1;
    write_file(file, image);
    runs(2, "has no room for one more section; left as it is", file, NULL, NULL, NULL);
    runs(2, "--run, which changes no file, may do it", file, NULL, NULL, NULL);
}

static void a_program_without_dde_is_told_apart_from_a_refusal(void **state)
{
    struct image *image = *state;

    image_set_directory(image, 1, 0, 0);
    write_file(file, image);
    runs(3, "imports nothing of DDE from user32.dll; what a program looks up while it runs (GetProcAddress)",
         file, NULL, NULL, NULL);
    runs(3, "GetProcAddress", "--check", file, NULL, NULL);
    file_is(file, image);
}

static void a_signed_program_is_changed_with_an_option(void **state)
{
    struct image *image = *state;

    image_set_directory(image, 4, (uint32_t)image->size, 8);
    image_append(image, "\x08\0\0\0\0\x02\x02\0", 8);
    write_file(file, image);
    runs(2, "--drop-signature", file, NULL, NULL, NULL);
    file_is(file, image);
    runs(0, "its signature does not hold any more", "--drop-signature", file, NULL, NULL);
    runs(0, "is the original again", "--undo", file, NULL, NULL);
    file_is(file, image);
}

static void a_file_that_was_changed_since_is_not_undone(void **state)
{
    struct image changed;

    (void)state;
    runs(0, "rebound", file, NULL, NULL, NULL);
    changed = read_file(file);
    changed.at[IMAGE_CODE_AT] ^= 1;
    write_file(file, &changed);
    runs(2, "has been changed since it was rebound", "--undo", file, NULL, NULL);
    file_is(file, &changed);
    image_free(&changed);
}

static void several_files_are_done_and_the_first_trouble_is_the_exit_code(void **state)
{
    (void)state;
    runs(4, "rebound: 3", "no_such_file.exe", file, NULL, NULL);
    runs(0, "is rebound", "--check", file, NULL, NULL);
}

static void a_missing_library_is_spoken_of(void **state)
{
    (void)state;
    runs(5, "the 32-bit ddeml.dll has to be in its folder", "--check", file, NULL, NULL);
}

static void wrong_command_lines_do_nothing(void **state)
{
    runs(1, "which file?", NULL, NULL, NULL, NULL);
    runs(1, "--nonsense: no such option", "--nonsense", file, NULL, NULL);
    runs(1, "three different things", "--check", "--undo", file, NULL);
    runs(1, "--backup is for rebinding", "--undo", "--backup", file, NULL);
    runs(1, "--dll is for --run", "--dll", "x.dll", file, NULL);
    runs(125, "which program?", "--run", NULL, NULL, NULL);
    file_is(file, *state);
}

/* The manual knows what the help knows. */
static void the_manual_has_every_option_of_the_help(void **state)
{
    const char *const argv[] = {tool, "--help", NULL};
    struct program *p = program_start(argv);
    struct image manual = read_file(manual_path);
    unsigned n = 0;

    (void)state;
    image_append(&manual, "", 1);
    assert_int_equal(program_end(p), 0);
    for (const char *at = program_output(p); (at = strstr(at, "\n      --")); at++) {
        char escaped[64];
        size_t used = 0;

        for (const char *c = at + 7; *c == '-' || (*c >= 'a' && *c <= 'z'); c++, n++) {
            if (*c == '-')
                escaped[used++] = '\\';
            escaped[used++] = *c;
        }
        escaped[used] = '\0';
        if (!strstr((char *)manual.at, escaped))
            fail_msg("the manual has no %s", escaped);
    }
    assert_true(n);
    image_free(&manual);
}

static void help_and_version_are_printed(void **state)
{
    (void)state;
    runs(0, "usage: ddeml-rebind", "--help", NULL, NULL, NULL);
    runs(0, "ddeml-rebind 1.", "--version", NULL, NULL, NULL);
}

#ifdef _WIN32
/* It is no file that could run: nothing may begin. */
static void a_program_that_cannot_be_started_is_told(void **state)
{
    (void)state;
    runs(125, "no_such_program", "--run", "no_such_program", NULL, NULL);
}
#else
static void programs_are_started_on_windows_only(void **state)
{
    (void)state;
    runs(125, "--run is for Windows", "--run", file, NULL, NULL);
}

/* Who may read and run it stays as it was, and a link stays a link. */
static void the_file_keeps_its_mode_and_its_links(void **state)
{
    struct stat facts;

    assert_int_equal(chmod(file, 0750), 0);
    runs(0, "rebound", file, NULL, NULL, NULL);
    assert_int_equal(stat(file, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0750);
    remove(kept);
    assert_int_equal(symlink(file, kept), 0);
    runs(0, "is the original again", "--undo", kept, NULL, NULL);
    file_is(file, *state);
    assert_int_equal(lstat(kept, &facts), 0);
    assert_true(S_ISLNK(facts.st_mode));
}
#endif

int main(int argc, char *argv[])
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, up, down)
    const struct CMUnitTest tests[] = {
        ROW(a_file_is_rebound_and_comes_back),
        ROW(the_original_is_kept_if_that_is_asked_for),
        ROW(an_original_that_was_kept_is_never_overwritten),
        ROW(what_is_refused_is_not_touched),
        ROW(a_refusal_names_what_it_is_about),
        ROW(where_launching_is_another_way_the_refusal_says_so),
        ROW(a_program_without_dde_is_told_apart_from_a_refusal),
        ROW(a_signed_program_is_changed_with_an_option),
        ROW(a_file_that_was_changed_since_is_not_undone),
        ROW(several_files_are_done_and_the_first_trouble_is_the_exit_code),
        ROW(a_missing_library_is_spoken_of),
        ROW(wrong_command_lines_do_nothing),
        ROW(the_manual_has_every_option_of_the_help),
        ROW(help_and_version_are_printed),
#ifdef _WIN32
        ROW(a_program_that_cannot_be_started_is_told),
#else
        ROW(programs_are_started_on_windows_only),
        ROW(the_file_keeps_its_mode_and_its_links),
#endif
    };

    if (argc < 3)
        return 1;
    tool = argv[1];
    manual_path = argv[2];
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
