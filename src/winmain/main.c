/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "user32/instance.h"

/* The main of a program that begins with WinMain: it gets what stands behind the program's name, as it would be
 * written on a command line. Calls nothing of the library: a linker may leave out what the program does not use. */

static size_t quoted(char *to, const char *argument)
{
    int quotes = !*argument || strpbrk(argument, " \t") != NULL;
    size_t n = strlen(argument);

    if (to) {
        if (quotes)
            *to++ = '"';
        memcpy(to, argument, n);
        if (quotes)
            to[n] = '"';
    }
    return quotes ? n + 2 : n;
}

int main(int argc, char **argv)
{
    size_t size = 1;
    char *line, *at;
    int code;

    for (int i = 1; i < argc; i++)
        size += quoted(NULL, argv[i]) + 1;
    line = at = malloc(size);
    if (!line)
        return EXIT_FAILURE;
    for (int i = 1; i < argc; i++) {
        if (i > 1)
            *at++ = ' ';
        at += quoted(at, argv[i]);
    }
    *at = 0;
    code = WinMain(USER32_INSTANCE, NULL, line, SW_SHOWNORMAL);
    free(line);
    return code;
}
