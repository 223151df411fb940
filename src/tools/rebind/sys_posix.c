/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Programs for Windows are also rebound where they are kept: on the disk of another system, or for Wine. */

#define _XOPEN_SOURCE 700 /* realpath */

#include "sys.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void sys_begin(int *argc, char ***argv)
{
    (void)argc, (void)argv;
}

void sys_end(void)
{
}

void sys_print(bool error, const char *text)
{
    fputs(text, error ? stderr : stdout);
}

static bool system_says(const char **why)
{
    *why = strerror(errno);
    return false;
}

static bool read_whole(int file, struct rebind_bytes *bytes)
{
    size_t n = 0;

    while (n < bytes->size) {
        ssize_t size = read(file, bytes->at + n, bytes->size - n);

        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0) {
            errno = size ? errno : EIO; /* it has become shorter */
            return false;
        }
        n += (size_t)size;
    }
    return true;
}

bool sys_read(const char *path, struct rebind_bytes *bytes, const char **why)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat facts;
    bool done = false;

    bytes->at = NULL;
    if (file < 0)
        return system_says(why);
    if (fstat(file, &facts) == 0) {
        bytes->size = (size_t)facts.st_size;
        errno = S_ISREG(facts.st_mode) ? 0 : EISDIR;
        bytes->at = errno ? NULL : malloc(bytes->size + 1);
        done = bytes->at && read_whole(file, bytes);
    }
    if (!done) {
        system_says(why);
        free(bytes->at);
    }
    close(file);
    return done;
}

static bool write_whole(int file, const struct rebind_bytes *bytes)
{
    size_t n = 0;

    while (n < bytes->size) {
        ssize_t size = write(file, bytes->at + n, bytes->size - n);

        if (size < 0 && errno != EINTR)
            return false;
        n += size > 0 ? (size_t)size : 0;
    }
    return fsync(file) == 0;
}

bool sys_create(const char *path, const struct rebind_bytes *bytes, const char **why)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    bool done;

    if (file < 0)
        return system_says(why);
    done = write_whole(file, bytes) || system_says(why);
    close(file);
    if (!done)
        unlink(path);
    return done;
}

/* path is where the file really is: what a link names, not the link. */
static bool replace(const char *path, const struct rebind_bytes *bytes, char *beside, const char **why)
{
    struct stat facts;
    int file = mkstemp(beside);
    bool done;

    if (file < 0)
        return system_says(why);
    done = write_whole(file, bytes) && stat(path, &facts) == 0 && fchmod(file, facts.st_mode & 07777) == 0;
    if (done && fchown(file, facts.st_uid, facts.st_gid) != 0)
        done = errno == EPERM; /* then it is the user's own */
    done = done && rename(beside, path) == 0;
    if (!done) {
        system_says(why);
        unlink(beside);
    }
    close(file);
    return done;
}

bool sys_replace(const char *path, const struct rebind_bytes *bytes, const char **why)
{
    char *real = realpath(path, NULL), *beside = real ? malloc(strlen(real) + sizeof ".XXXXXX") : NULL;
    bool done = false;

    if (beside) {
        sprintf(beside, "%s.XXXXXX", real);
        done = replace(real, bytes, beside, why);
    } else {
        system_says(why);
    }
    free(beside);
    free(real);
    return done;
}

bool sys_is_beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
    char *other = malloc(folder + strlen(name) + 1);
    bool there;

    if (!other)
        return false;
    memcpy(other, path, folder);
    strcpy(other + folder, name);
    there = access(other, F_OK) == 0;
    free(other);
    return there;
}

int sys_run(int first, const char *program, const char *dll)
{
    (void)first, (void)dll;
    return fail_with(EXIT_LAUNCH, program, "--run is for Windows; under Wine: wine ddeml-rebind.exe --run");
}
