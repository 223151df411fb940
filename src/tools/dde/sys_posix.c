/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

extern char **environ; /* POSIX has no header that declares it */

/* ---- The program ---- */

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

void sys_begin(int *argc, char ***argv)
{
    struct sigaction end = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};

    (void)argc, (void)argv; /* they are UTF-8, as everything in this system is taken to be */
    sigaction(SIGINT, &end, NULL);
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGHUP, &end, NULL);
    sigaction(SIGPIPE, &ignore, NULL); /* sys_write tells */
}

void sys_end(void)
{
}

bool sys_interrupted(void)
{
    return interrupted;
}

unsigned long sys_process_id(void)
{
    return (unsigned long)getpid();
}

/* Where there is no such file nobody knows. */
void sys_program_name(unsigned long process, struct text *name)
{
    char path[48];
    const char *why;

    snprintf(path, sizeof path, "/proc/%lu/comm", process);
    sys_read_file(path, name, &why);
    if (name->n)
        text_cut(name, name->n - 1); /* the end of the line */
}

/* ---- Time ---- */

uint64_t sys_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void sys_wall_clock(char *text, size_t n)
{
    struct timespec now;
    struct tm local;
    size_t used;

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &local);
    used = strftime(text, n, "%Y-%m-%dT%H:%M:%S", &local);
    snprintf(text + used, n - used, ".%03d", (int)(now.tv_nsec / 1000000));
}

/* ---- Encodings ---- */

static const char *const pages[] = {[SYS_ANSI] = "CP1252", [SYS_OEM] = "CP437"};

/* One character at a time, so that one that cannot be converted costs nothing but itself. */
static size_t convert(iconv_t how, const char *in, size_t n, char out[8])
{
    char *from = (char *)(uintptr_t)in, *to = out;
    size_t left = n, room = 8;

    if (how == (iconv_t)-1 || iconv(how, &from, &left, &to, &room) == (size_t)-1) {
        if (how != (iconv_t)-1)
            iconv(how, NULL, NULL, NULL, NULL);
        return 0;
    }
    return 8 - room;
}

void sys_decode(enum sys_encoding encoding, struct text *utf8, const char *bytes, size_t n)
{
    iconv_t how = iconv_open("UTF-8", pages[encoding]);

    for (size_t i = 0; i < n; i++) {
        char out[8];
        size_t size = convert(how, bytes + i, 1, out);

        if (size)
            text_add(utf8, out, size);
        else /* Windows, too, reads the bytes that mean nothing as the control characters of Latin 1 */
            text_character(utf8, (unsigned char)bytes[i]);
    }
    if (how != (iconv_t)-1)
        iconv_close(how);
}

bool sys_encode(enum sys_encoding encoding, struct text *bytes, const char *utf8)
{
    iconv_t how = iconv_open(pages[encoding], "UTF-8");
    const char *end = utf8 + strlen(utf8);
    bool whole = true;

    while (utf8 < end) {
        const char *start = utf8;
        char out[8] = "?";
        size_t size;

        utf8_next(&utf8, end);
        size = convert(how, start, (size_t)(utf8 - start), out);
        whole = whole && size;
        text_add(bytes, size ? out : "?", size ? size : 1);
    }
    if (how != (iconv_t)-1)
        iconv_close(how);
    return whole;
}

/* ---- Clipboard formats ---- */

unsigned sys_format_number(const char *name)
{
    (void)name;
    return 0;
}

bool sys_format_name(unsigned number, struct text *name)
{
    (void)number, (void)name;
    return false;
}

/* ---- Standard streams ---- */

static bool write_all(int to, const char *bytes, size_t n)
{
    while (n) {
        ssize_t size = write(to, bytes, n);

        if (size < 0 && errno != EINTR)
            return false;
        if (size > 0) {
            bytes += size;
            n -= (size_t)size;
        }
    }
    return true;
}

bool sys_write(const char *bytes, size_t n, bool text)
{
    (void)text;
    return write_all(STDOUT_FILENO, bytes, n);
}

void sys_write_error(const char *utf8)
{
    write_all(STDERR_FILENO, utf8, strlen(utf8));
}

int sys_read_input(char *bytes, size_t n)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    ssize_t size;

    if (poll(&input, 1, 0) <= 0)
        return 0;
    size = read(STDIN_FILENO, bytes, n);
    if (size < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : -1;
    return size ? (int)size : -1;
}

/* ---- Files ---- */

bool sys_read_file(const char *path, struct text *bytes, const char **why)
{
    int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    char chunk[4096];
    ssize_t size = -1;

    while (fd >= 0 && !interrupted &&
           ((size = read(fd, chunk, sizeof chunk)) > 0 || (size < 0 && errno == EINTR)))
        if (size > 0)
            text_add(bytes, chunk, (size_t)size);
    *why = strerror(errno);
    if (fd > STDIN_FILENO)
        close(fd);
    return size == 0;
}

uint64_t sys_file_stamp(const char *path)
{
    struct stat s;

    if (stat(path, &s))
        return 0;
    return ((uint64_t)s.st_mtim.tv_sec * 1000000000u + (uint64_t)s.st_mtim.tv_nsec) ^
           (uint64_t)s.st_ino << 40 ^ (uint64_t)s.st_size << 20;
}

/* ---- The terminal ---- */

static struct termios before;

bool sys_is_terminal(void)
{
    return isatty(STDOUT_FILENO) && isatty(STDIN_FILENO);
}

void sys_terminal_begin(void)
{
    struct termios now;

    tcgetattr(STDIN_FILENO, &before);
    now = before;
    now.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
    now.c_cc[VMIN] = 0;
    now.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &now);
}

void sys_terminal_end(void)
{
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

void sys_terminal_size(int *rows, int *columns)
{
    struct winsize size = {0};

    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    *rows = size.ws_row ? size.ws_row : 24;
    *columns = size.ws_col ? size.ws_col : 80;
}

int sys_terminal_key(void)
{
    char key;

    return sys_read_input(&key, 1) == 1 ? (unsigned char)key : 0;
}

/* ---- Programs ---- */

struct sys_process {
    pid_t pid; /* of the process and of the group that it leads; 0: it has been waited for */
    int output;
};

static bool make_pipe(int ends[2])
{
    if (pipe(ends))
        return false;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return true;
}

/* Signals that this program ignores or handles are usual ones to the other, and it leads a group of its
 * own. */
static int spawn(pid_t *pid, char *const argv[], int output)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t usual;
    int error;

    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    error = posix_spawnp(pid, argv[0], &files, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return error;
}

struct sys_process *sys_process_start(char *const argv[], const char **why)
{
    struct sys_process *p = must_alloc(sizeof *p);
    int ends[2], error;

    if (!make_pipe(ends)) {
        *why = strerror(errno);
        free(p);
        return NULL;
    }
    error = spawn(&p->pid, argv, ends[1]);
    close(ends[1]);
    p->output = ends[0];
    if (!error)
        return p;
    *why = strerror(error);
    close(ends[0]);
    free(p);
    return NULL;
}

static void take_output(struct sys_process *p, struct text *output)
{
    char chunk[4096];
    ssize_t size;

    while ((size = read(p->output, chunk, sizeof chunk)) > 0 || (size < 0 && errno == EINTR))
        if (size > 0)
            text_add(output, chunk, (size_t)size);
}

bool sys_process_look(struct sys_process *p, struct text *output, int *code)
{
    int status;

    take_output(p, output);
    if (waitpid(p->pid, &status, WNOHANG) != p->pid)
        return false;
    p->pid = 0;
    take_output(p, output);
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
}

void sys_process_end(struct sys_process *p)
{
    if (p->pid) {
        kill(-p->pid, SIGKILL);
        while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    close(p->output);
    free(p);
}
