/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* A program that was linked with user32 alone (program.c) runs on the system's DDEML, rebound on disk or at load on
 * ours, and as ever when it is undone. Arguments: the tool, the program, our library. */

#include "support/support.h"

#include "tools/program.h"

#include <stdlib.h>

static const char *tool, *original, *library;

/* Folders of their own: what lies beside a program is part of the question. */
static const char with[] = "rebind_with", without[] = "rebind_without";
static char there[64], alone[64]; /* the program, with the library beside it and without */

static void copy(const char *from, const char *folder, const char *name)
{
    char to[MAX_PATH];

    snprintf(to, sizeof to, "%s\\%s", folder, name);
    assert_true(CopyFileA(from, to, FALSE));
}

/* Wine starts what belongs to a desktop when the first window is made, and those programs inherit what is inherited:
 * they would hold the pipes of a program of ours open. So the first window is the test's. */
static int make_a_window(void **state)
{
    HWND wnd = CreateWindowA("STATIC", "", WS_POPUP, 0, 0, 1, 1, NULL, NULL, NULL, NULL);

    (void)state;
    return wnd && DestroyWindow(wnd) ? 0 : -1;
}

static int up(void **state)
{
    (void)state;
    CreateDirectoryA(with, NULL);
    CreateDirectoryA(without, NULL);
    snprintf(there, sizeof there, "%s\\program.exe", with);
    snprintf(alone, sizeof alone, "%s\\program.exe", without);
    copy(original, with, "program.exe");
    copy(library, with, "ddeml.dll");
    copy(original, without, "program.exe");
    return 0;
}

static void runs(int code, const char *says, const char *const argv[])
{
    struct program *p = program_start(argv);
    int exit_code = program_end(p);

    if (!strstr(program_output(p), says) || exit_code != code)
        fail_msg("exit code %d, printed: %s", exit_code, program_output(p));
    program_forget(p);
}

#define RUNS(code, says, ...) runs(code, says, (const char *const[]){__VA_ARGS__, NULL})

static void is_original(const char *path)
{
    static uint8_t a[1 << 20], b[1 << 20];
    FILE *one = fopen(path, "rb"), *other = fopen(original, "rb");
    size_t n;

    assert_true(one && other);
    n = fread(a, 1, sizeof a, one);
    assert_in_range(n, 1, sizeof a - 1);
    assert_int_equal(fread(b, 1, sizeof b, other), n);
    assert_memory_equal(a, b, n);
    fclose(one);
    fclose(other);
}

static void as_it_was_linked_it_runs_on_the_systems(void **state)
{
    (void)state;
    RUNS(7, "system: 9812.50, timers: 1, arguments: [7]", there, "7");
}

static void rebound_on_disk_it_runs_on_ours(void **state)
{
    (void)state;
    RUNS(0, "rebound: 9 functions", tool, there);
    RUNS(7, "ddeml: 9812.50, timers: 1, arguments: [7]", there, "7");
}

static void undone_it_is_the_original_and_runs_on_the_systems(void **state)
{
    (void)state;
    RUNS(0, "rebound: 9 functions", tool, there);
    RUNS(0, "is the original again", tool, "--undo", there);
    is_original(there);
    RUNS(7, "system: 9812.50, timers: 1, arguments: [7]", there, "7");
}

/* As Microsoft's linker has it: MinGW's leaves the slots in a section that can be written. */
static void make_slots_read_only(const char *path)
{
    static uint8_t bytes[1 << 20];
    FILE *f = fopen(path, "r+b");
    size_t n;

    assert_non_null(f);
    n = fread(bytes, 1, sizeof bytes, f);
    for (size_t i = 0; i + 40 < n && i < 0x1000; i += 4)
        if (!memcmp(bytes + i, ".idata\0", 8)) {
            bytes[i + 39] &= 0x7F;
            fseek(f, 0, SEEK_SET);
            assert_int_equal(fwrite(bytes, 1, n, f), n);
            fclose(f);
            return;
        }
    fail_msg("%s has no section .idata", path);
}

static void slots_that_are_read_only_are_filled_too(void **state)
{
    (void)state;
    make_slots_read_only(there);
    RUNS(7, "system: 9812.50", there, "7");
    RUNS(7, "ddeml: 9812.50", tool, "--run", there, "7");
    RUNS(0, "rebound: 9 functions", tool, there);
    RUNS(7, "ddeml: 9812.50", there, "7");
}

/* The library lies beside the tool, or where it is told. */
static void launched_it_runs_on_ours_and_its_file_stays_as_it_is(void **state)
{
    (void)state;
    RUNS(7, "ddeml: 9812.50, timers: 1, arguments: [7]", tool, "--run", alone, "7");
    is_original(alone);
    RUNS(7, "ddeml: 9812.50, timers: 1, arguments: [7]", tool, "--run", "--dll", library, alone, "7");
    RUNS(7, "system: 9812.50", alone, "7");
}

static void launched_it_gets_its_arguments_as_they_were_written(void **state)
{
    (void)state;
    RUNS(0, "arguments: [0] [a b] [c\"d] [] [e\\]", tool, "--run", alone, "0", "a b", "c\"d", "", "e\\");
}

static void a_rebound_program_can_be_launched_too(void **state)
{
    (void)state;
    RUNS(0, "rebound: 9 functions", tool, there);
    RUNS(7, "ddeml: 9812.50", tool, "--run", there, "7");
}

static void a_program_without_dde_is_not_started(void **state)
{
    (void)state;
    RUNS(125, "imports nothing of DDE from user32.dll; not started", tool, "--run", tool, "--version");
}

static void without_the_library_nothing_is_started(void **state)
{
    char path[64];

    (void)state;
    copy(tool, without, "ddeml-rebind.exe");
    snprintf(path, sizeof path, "%s\\ddeml-rebind.exe", without);
    RUNS(125, "there is no ddeml.dll beside ddeml-rebind", path, "--run", alone, "7");
    RUNS(125, "cannot be read", tool, "--run", "--dll", "no_such.dll", alone, "7");
}

static void a_library_of_the_other_kind_is_not_taken(void **state)
{
    static uint8_t head[128] = {'M', 'Z', [60] = 64, [64] = 'P', 'E', 0, 0, 0x4C, 0x01}; /* 32 bits */
    char path[64];
    FILE *f;

    (void)state;
    if (sizeof(void *) == 4)
        memcpy(head + 68, "\x64\x86", 2);
    snprintf(path, sizeof path, "%s\\other.dll", without);
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(head, 1, sizeof head, f), sizeof head);
    fclose(f);
    RUNS(125, sizeof(void *) == 4 ? "it needs the 32-bit ddeml.dll" : "it needs the 64-bit ddeml.dll", tool,
         "--run", "--dll", path, alone, "7");
    RUNS(125, "-bit ddeml.dll", tool, "--run", "--dll", "CTestTestfile.cmake", alone,
         "7"); /* no DLL at all */
}

int main(int argc, char *argv[])
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, up, programs_down)
    const struct CMUnitTest tests[] = {
        ROW(as_it_was_linked_it_runs_on_the_systems),
        ROW(rebound_on_disk_it_runs_on_ours),
        ROW(undone_it_is_the_original_and_runs_on_the_systems),
        ROW(slots_that_are_read_only_are_filled_too),
        ROW(launched_it_runs_on_ours_and_its_file_stays_as_it_is),
        ROW(launched_it_gets_its_arguments_as_they_were_written),
        ROW(a_rebound_program_can_be_launched_too),
        ROW(a_program_without_dde_is_not_started),
        ROW(without_the_library_nothing_is_started),
        ROW(a_library_of_the_other_kind_is_not_taken),
    };

    if (argc < 4)
        return 1;
    tool = argv[1];
    original = argv[2];
    library = argv[3];
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, make_a_window, NULL);
}
