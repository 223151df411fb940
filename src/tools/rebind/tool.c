/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys.h"
#include "winddeml.h"

/* ---- What is printed ------------------------------------------------------------------------------------ */

enum { LINE = 4096 };

#ifdef __GNUC__
__attribute__((format(printf, 2, 3)))
#endif
static void
print(bool error, const char *format, ...)
{
    char line[LINE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    strcat(line, "\n");
    sys_print(error, line);
}

int fail_with(int code, const char *what, const char *why)
{
    print(true, "ddeml-rebind: %s: %s", what, why);
    return code;
}

static void print_help(void)
{
    print(false,
          "ddeml-rebind - makes a program use ddeml.dll in place of the DDEML of user32.dll\n\n"
          "usage: ddeml-rebind [OPTION]... FILE...\n"
          "       ddeml-rebind --run [--dll DLL] PROGRAM [ARGUMENT]...\n\n"
          "      --check             only tells: rebound or not, and whether it can be\n"
          "      --undo              gives back the original, byte for byte\n"
          "      --backup            keeps the original as FILE.orig\n"
          "      --drop-signature    changes signed files too; until --undo they are not signed\n"
          "      --run               starts a program with the library; no file is changed\n"
          "      --dll DLL           with --run: this library, not the one beside ddeml-rebind\n"
          "      --help, --version\n\n"
          "A rebound program looks for ddeml.dll of its own kind (32 or 64 bit) in its own folder first.\n"
          "What is not understood is refused and left as it is. What a program looks up while it runs\n"
          "(GetProcAddress) cannot be seen here.\n\n"
          "Exit codes: 0 done (--check: is rebound), 1 usage, 2 refused, 3 imports nothing of DDE,\n"
          "4 a file cannot be read or written, 5 (--check) not rebound, but can be; --run: the exit code\n"
          "of the program, 125 if it was not started.");
}

static const char *bits(const struct rebind_report *report)
{
    return report->machine == PE_I386 ? "32-bit" : "64-bit";
}

static int refuse(const char *path, enum rebind_result result, const struct rebind_report *report)
{
    print(true, "ddeml-rebind: %s: %s%s%s%s; left as it is", path, rebind_says(result),
          report->detail[0] ? " (" : "", report->detail, report->detail[0] ? ")" : "");
    if (result == REBIND_NO_ROOM || result == REBIND_SYSTEM_ONLY)
        print(true, "ddeml-rebind: %s: --run, which changes no file, may do it", path);
    if (result == REBIND_SIGNED)
        print(true, "ddeml-rebind: %s: --drop-signature changes it all the same, --run starts it unchanged",
              path);
    return result == REBIND_NOTHING ? EXIT_NOTHING : EXIT_REFUSED;
}

static int nothing(const char *path)
{
    print(true, "ddeml-rebind: %s: %s; what a program looks up while it runs (GetProcAddress) cannot be seen",
          path, rebind_says(REBIND_NOTHING));
    return EXIT_NOTHING;
}

/* What a user should know of a file that can be changed or has been. */
static void print_notes(const char *path, const struct rebind_report *report)
{
    if (report->bound)
        print(false, "%s: note: it was bound to the DLLs of one machine, which made it start faster; no more",
              path);
    if (report->is_signed)
        print(false, "%s: note: its signature does not hold any more; --undo brings it back", path);
    if (report->behind)
        print(false,
              "%s: note: %u bytes stand behind its last section; they keep their place, but are not the end "
              "of "
              "the file any more",
              path, (unsigned)report->behind);
    if (!sys_is_beside(path, "ddeml.dll"))
        print(false, "%s: note: the %s ddeml.dll has to be in its folder, or where Windows looks for DLLs",
              path, bits(report));
}

/* ---- What is done --------------------------------------------------------------------------------------- */

struct options {
    bool check, undo, backup, run, help, version;
    unsigned rebind;
    const char *dll;
};

static int check_file(const char *path, const struct rebind_bytes *bytes, const struct options *o)
{
    struct rebind_report report;
    enum rebind_result result = rebind_look(bytes->at, bytes->size, o->rebind, &report);

    switch (result) {
    case REBIND_OK:
        print(false, "%s: %s: %u functions of DDE from user32.dll, %s", path, rebind_says(result),
              report.n_names, bits(&report));
        print_notes(path, &report);
        return EXIT_NOT_YET;
    case REBIND_REBOUND:
        print(false, "%s: %s; --undo gives back the original", path, rebind_says(result));
        return EXIT_OK;
    case REBIND_NOTHING:
        return nothing(path);
    default:
        return refuse(path, result, &report);
    }
}

static bool keep_original(const char *path, const struct rebind_bytes *bytes)
{
    size_t n = strlen(path) + sizeof ".orig";
    char *kept = malloc(n);
    const char *why = "there is no memory for it";
    bool done = false;

    if (kept) {
        snprintf(kept, n, "%s.orig", path);
        done = sys_create(kept, bytes, &why);
    }
    if (!done)
        fail_with(EXIT_FILE, kept ? kept : path, why);
    free(kept);
    return done;
}

/* Writes what has come out, and frees it. */
static int write_file(const char *path, struct rebind_bytes *out)
{
    const char *why;
    bool done = sys_replace(path, out, &why);

    free(out->at);
    return done ? EXIT_OK : fail_with(EXIT_FILE, path, why);
}

static int rebind_path(const char *path, const struct rebind_bytes *bytes, const struct options *o)
{
    struct rebind_report report;
    struct rebind_bytes out;
    enum rebind_result result = rebind_file(bytes->at, bytes->size, o->rebind, &out, &report);
    int exit_code;

    if (result == REBIND_REBOUND) {
        print(false, "%s: is rebound already", path);
        return EXIT_OK;
    }
    if (result == REBIND_NOTHING)
        return nothing(path);
    if (result != REBIND_OK)
        return refuse(path, result, &report);
    if (o->backup && !keep_original(path, bytes)) {
        free(out.at);
        return EXIT_FILE;
    }
    exit_code = write_file(path, &out);
    if (exit_code)
        return exit_code;
    print(false, "%s: rebound: %u functions of DDE come from ddeml.dll now, not from user32.dll", path,
          report.n_names);
    print_notes(path, &report);
    return EXIT_OK;
}

static int undo_path(const char *path, const struct rebind_bytes *bytes)
{
    struct rebind_report report;
    struct rebind_bytes out;
    enum rebind_result result = rebind_undo(bytes->at, bytes->size, &out, &report);
    int exit_code;

    if (result != REBIND_OK)
        return refuse(path, result, &report);
    exit_code = write_file(path, &out);
    if (!exit_code)
        print(false, "%s: is the original again", path);
    return exit_code;
}

static int work_on(const char *path, const struct options *o)
{
    struct rebind_bytes bytes;
    const char *why;
    int exit_code;

    if (!sys_read(path, &bytes, &why))
        return fail_with(EXIT_FILE, path, why);
    exit_code = o->check  ? check_file(path, &bytes, o)
                : o->undo ? undo_path(path, &bytes)
                          : rebind_path(path, &bytes, o);
    free(bytes.at);
    return exit_code;
}

/* ---- The command line ----------------------------------------------------------------------------------- */

static bool take_option(struct options *o, const char *word)
{
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        {"--check", &o->check}, {"--undo", &o->undo}, {"--backup", &o->backup},   {"--run", &o->run},
        {"--help", &o->help},   {"-h", &o->help},     {"--version", &o->version},
    };

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (!strcmp(word, flags[i].name)) {
            *flags[i].flag = true;
            return true;
        }
    if (strcmp(word, "--drop-signature") != 0)
        return false;
    o->rebind |= REBIND_DROP_SIGNATURE;
    return true;
}

static const char *contradiction(const struct options *o, bool file)
{
    if (o->check + o->undo + o->run > 1)
        return "--check, --undo and --run are three different things";
    if (o->backup && (o->check || o->undo || o->run))
        return "--backup is for rebinding a file";
    if (o->rebind && (o->undo || o->run))
        return "--drop-signature is for changing a file";
    if (o->dll && !o->run)
        return "--dll is for --run";
    if (!file)
        return o->run ? "which program?" : "which file?";
    return NULL;
}

int run_tool(int argc, char *argv[])
{
    struct options o = {.check = false};
    int i = 1, exit_code = EXIT_OK;
    const char *wrong;

    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "--")) {
            i++;
            break;
        }
        if (!strcmp(argv[i], "--dll") && i + 1 < argc)
            o.dll = argv[++i];
        else if (!take_option(&o, argv[i]))
            return fail_with(EXIT_USAGE, argv[i],
                             "no such option; 'ddeml-rebind --help' tells what there is");
    }
    if (o.help) {
        print_help();
        return EXIT_OK;
    }
    if (o.version) {
        print(false, "ddeml-rebind %u.%u", (unsigned)HIWORD(DDEML_VERSION), (unsigned)LOWORD(DDEML_VERSION));
        return EXIT_OK;
    }
    wrong = contradiction(&o, i < argc);
    if (wrong)
        return fail_with(o.run ? EXIT_LAUNCH : EXIT_USAGE, wrong,
                         "'ddeml-rebind --help' tells what there is");
    if (o.run)
        return sys_run(i, argv[i], o.dll);
    for (; i < argc; i++) {
        int code = work_on(argv[i], &o);

        exit_code = code && !exit_code ? code : exit_code; /* the first trouble is told */
    }
    return exit_code;
}
