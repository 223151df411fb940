/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* replay FILE-OR-FOLDER...: feeds a door what it is given, in the order of the names. It aborts where the door does,
 * after it has told which file that was. Nothing to feed is a failure, too. */

#include "fuzz/fuzz.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST = 1 << 20 };

static unsigned fed;

/* In a piece of the heap of its size: reading beyond it is found. */
static void feed(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *all = malloc(MOST), *exact;
    size_t n;

    if (!file || !all) {
        perror(path);
        exit(2);
    }
    n = fread(all, 1, MOST, file);
    fclose(file);
    exact = malloc(n ? n : 1);
    if (!exact)
        exit(2);
    memcpy(exact, all, n);
    free(all);
    printf("%s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    fed++;
}

static void feed_all(const char *path)
{
    struct dirent **names = NULL;
    struct stat st;
    int n;

    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        feed(path);
        return;
    }
    n = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char file[4096];

        snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.')
            feed(file);
        free(names[i]);
    }
    free(names);
}

/* A finding has been printed: a failure like any other, and no core of it. */
static void found(int signal)
{
    (void)signal;
    _Exit(1);
}

int main(int argc, char **argv)
{
    signal(SIGABRT, found);
    for (int i = 1; i < argc; i++)
        feed_all(argv[i]);
    printf("%u inputs\n", fed);
    return fed ? 0 : 1;
}
