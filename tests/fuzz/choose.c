/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* choose FILES BYTES FOLDER...: prints the paths of the inputs to keep: those of the first folder whose names begin with
 * "found-", and of all others as few as lead to every place in the code that any of them leads to, but no more files
 * and bytes than that. Always the one next that leads to most places where none has led. Linked with instrumented
 * code: each edge has a counter. */

#include "fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern uint8_t __start___sancov_cntrs[], __stop___sancov_cntrs[];

enum { MOST = 1 << 16 };

static struct input {
    char *path;
    size_t size, news;
    uint8_t *hits; /* one byte for each edge */
    bool found, kept;
} * inputs;
static size_t n_inputs, room, edges;

static void fail(const char *path)
{
    perror(path);
    exit(2);
}

static void run(struct input *i)
{
    static uint8_t bytes[MOST];
    FILE *file = fopen(i->path, "rb");

    if (!file)
        fail(i->path);
    i->size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    memset(__start___sancov_cntrs, 0, edges);
    LLVMFuzzerTestOneInput(bytes, i->size);
    i->hits = malloc(edges);
    if (!i->hits)
        fail(i->path);
    for (size_t e = 0; e < edges; e++)
        i->hits[e] = __start___sancov_cntrs[e] != 0;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct input *)a)->path, ((const struct input *)b)->path);
}

static void list(const char *folder, bool first)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    if (!dir)
        fail(folder);
    while ((entry = readdir(dir)) != NULL) {
        size_t size = strlen(folder) + strlen(entry->d_name) + 2;

        if (entry->d_name[0] == '.')
            continue;
        if (n_inputs == room) {
            room = room ? 2 * room : 1024;
            inputs = realloc(inputs, room * sizeof *inputs);
        }
        if (!inputs)
            fail(folder);
        inputs[n_inputs] =
            (struct input){.path = malloc(size), .found = first && !strncmp(entry->d_name, "found-", 6)};
        snprintf(inputs[n_inputs++].path, size, "%s/%s", folder, entry->d_name);
    }
    closedir(dir);
}

static size_t news_of(const struct input *i, const uint8_t *seen)
{
    size_t n = 0;

    for (size_t e = 0; e < edges; e++)
        n += i->hits[e] && !seen[e];
    return n;
}

/* Of two that lead equally far the smaller one. */
static struct input *best(const uint8_t *seen, size_t most)
{
    struct input *found = NULL;

    for (struct input *i = inputs; i < inputs + n_inputs; i++) {
        if (i->kept || i->size > most || (found && i->news < found->news)) /* news never become more */
            continue;
        i->news = news_of(i, seen);
        if (i->news && (!found || i->news > found->news || (i->news == found->news && i->size < found->size)))
            found = i;
    }
    return found;
}

static void keep(struct input *i, uint8_t *seen)
{
    i->kept = true;
    for (size_t e = 0; e < edges; e++)
        seen[e] |= i->hits[e];
    puts(i->path);
}

static void choose(size_t files, size_t bytes)
{
    uint8_t *seen = calloc(1, edges);
    struct input *i;

    if (!seen)
        fail("choose");
    for (i = inputs; i < inputs + n_inputs; i++) {
        if (!i->found)
            continue;
        keep(i, seen);
        files -= files > 0;
        bytes -= i->size < bytes ? i->size : bytes;
    }
    while (files && (i = best(seen, bytes)) != NULL) {
        keep(i, seen);
        files--;
        bytes -= i->size;
    }
    free(seen);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    edges = (size_t)(__stop___sancov_cntrs - __start___sancov_cntrs);
    for (int a = 3; a < argc; a++)
        list(argv[a], a == 3);
    qsort(inputs, n_inputs, sizeof *inputs, by_path);
    for (struct input *i = inputs; i < inputs + n_inputs; i++) {
        i->news = edges;
        run(i);
    }
    choose(strtoul(argv[1], NULL, 10), strtoul(argv[2], NULL, 10));
    for (struct input *i = inputs; i < inputs + n_inputs; i++) {
        free(i->hits);
        free(i->path);
    }
    free(inputs);
    return 0;
}
