/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "support/process.h"

#include <stdlib.h>

/* ---- Lines: the same on every system ------------------------------------------------------------------------ */

/* Bytes that have been read and are not a whole line yet. */
struct lines {
    char bytes[2 * TEST_LINE];
    size_t n;
    bool ended;
};

static bool take_line(struct lines *l, char line[TEST_LINE])
{
    char *end = memchr(l->bytes, '\n', l->n);
    size_t size, length;

    if (!end)
        return false;
    size = (size_t)(end - l->bytes) + 1;
    length = size - 1 - (size > 1 && end[-1] == '\r');
    assert_true(length < TEST_LINE);
    memcpy(line, l->bytes, length);
    line[length] = 0;
    l->n -= size;
    memmove(l->bytes, l->bytes + size, l->n);
    return true;
}

#ifdef _WIN32

#include "support/start_win32.h"

typedef HANDLE pipe_end;

/* What is there already; 0: nothing. */
static size_t read_some(pipe_end from, struct lines *l)
{
    DWORD there = 0, got = 0;

    if (!PeekNamedPipe(from, NULL, 0, NULL, &there, NULL)) {
        l->ended = true;
        return 0;
    }
    if (there > sizeof l->bytes - l->n)
        there = (DWORD)(sizeof l->bytes - l->n);
    if (there && !ReadFile(from, l->bytes + l->n, there, &got, NULL))
        l->ended = true;
    l->n += got;
    return got;
}

static bool write_all(pipe_end to, const char *bytes, size_t size)
{
    DWORD done;

    return WriteFile(to, bytes, (DWORD)size, &done, NULL) && done == size;
}

static pipe_end own_input(void)
{
    return GetStdHandle(STD_INPUT_HANDLE);
}

static pipe_end own_output(void)
{
    return GetStdHandle(STD_OUTPUT_HANDLE);
}

#else

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int pipe_end;

static size_t read_some(pipe_end from, struct lines *l)
{
    struct pollfd there = {.fd = from, .events = POLLIN};
    ssize_t n;

    if (poll(&there, 1, 0) != 1)
        return 0;
    n = read(from, l->bytes + l->n, sizeof l->bytes - l->n);
    if (n == 0 || (n < 0 && errno != EINTR))
        l->ended = true;
    l->n += n > 0 ? (size_t)n : 0;
    return n > 0 ? (size_t)n : 0;
}

static bool write_all(pipe_end to, const char *bytes, size_t size)
{
    return write(to, bytes, size) == (ssize_t)size;
}

static pipe_end own_input(void)
{
    return 0;
}

static pipe_end own_output(void)
{
    return 1;
}

#endif

static bool say(pipe_end to, const char *line)
{
    char whole[TEST_LINE + 1];
    int n = snprintf(whole, sizeof whole, "%s\n", line);

    assert_in_range(n, 1, sizeof whole - 1);
    return write_all(to, whole, (size_t)n);
}

struct hearing {
    pipe_end from;
    struct lines *lines;
    char *line;
    bool heard;
};

static bool has_heard(void *hearing)
{
    struct hearing *h = hearing;

    do {
        h->heard = take_line(h->lines, h->line);
    } while (!h->heard && read_some(h->from, h->lines));
    return h->heard || h->lines->ended;
}

static bool hear(pipe_end from, struct lines *lines, char line[TEST_LINE], unsigned ms)
{
    struct hearing h = {.from = from, .lines = lines, .line = line};

    test_pump_until(has_heard, &h, ms);
    return h.heard;
}

static struct lines from_parent;

void test_parent_say(const char *line)
{
    say(own_output(), line);
}

bool test_parent_hear(char line[TEST_LINE], unsigned ms)
{
    return hear(own_input(), &from_parent, line, ms);
}

/* ---- Processes ----------------------------------------------------------------------------------------------- */

struct test_process {
    pipe_end input, output; /* this program's ends */
    struct lines lines;
    bool over;
    int code;
#ifdef _WIN32
    HANDLE handle;
    DWORD id;
#else
    pid_t id;
#endif
};

#ifdef _WIN32

bool test_process_exists(const char *program)
{
    return GetFileAttributesA(program) != INVALID_FILE_ATTRIBUTES;
}

/* One end is for the process. */
static void make_pipe(pipe_end *mine, pipe_end *its, bool it_reads)
{
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};

    assert_true(CreatePipe(it_reads ? its : mine, it_reads ? mine : its, &inherited, 0));
    SetHandleInformation(*mine, HANDLE_FLAG_INHERIT, 0);
}

struct test_process *test_process_start(const char *program, const char *const *arguments)
{
    struct test_process *p = calloc(1, sizeof *p);
    STARTUPINFOW startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION process;
    char path[MAX_PATH], line[2 * MAX_PATH + 2 * TEST_LINE];
    size_t n;

    assert_non_null(p);
    GetModuleFileNameA(NULL, path, sizeof path);
    n = (size_t)snprintf(line, sizeof line, "\"%s\"", program ? program : path);
    for (; *arguments; arguments++)
        n += (size_t)snprintf(line + n, sizeof line - n, " \"%s\"", *arguments);
    assert_true(n < sizeof line);
    make_pipe(&p->input, &startup.hStdInput, true);
    make_pipe(&p->output, &startup.hStdOutput, false);
    startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    if (!start_process(line, CP_ACP, 0, &startup, &process))
        fail_msg("%s: error %lu", line, (unsigned long)GetLastError());
    CloseHandle(startup.hStdInput);
    CloseHandle(startup.hStdOutput);
    CloseHandle(process.hThread);
    p->handle = process.hProcess;
    p->id = process.dwProcessId;
    return p;
}

long test_own_process_id(void)
{
    return (long)GetCurrentProcessId();
}

bool test_process_is_over(struct test_process *p)
{
    DWORD code = 0;

    if (!p->over && WaitForSingleObject(p->handle, 0) == WAIT_OBJECT_0) {
        p->over = true;
        GetExitCodeProcess(p->handle, &code);
        p->code = (int)code;
    }
    return p->over;
}

void test_process_kill(struct test_process *p)
{
    if (test_process_is_over(p))
        return;
    TerminateProcess(p->handle, TEST_KILLED);
    WaitForSingleObject(p->handle, TEST_PATIENCE_MS);
    assert_true(test_process_is_over(p));
}

void test_die(void)
{
    TerminateProcess(GetCurrentProcess(), TEST_KILLED);
}

static void let_go(struct test_process *p)
{
    CloseHandle(p->handle);
    CloseHandle(p->input);
    CloseHandle(p->output);
}

#else

bool test_process_exists(const char *program)
{
    return access(program, X_OK) == 0;
}

static void make_pipe(pipe_end *mine, pipe_end *its, bool it_reads)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    *its = ends[it_reads ? 0 : 1];
    *mine = ends[it_reads ? 1 : 0];
    fcntl(*mine, F_SETFD, FD_CLOEXEC);
    fcntl(*its, F_SETFD, FD_CLOEXEC);
}

enum { MOST_ARGUMENTS = 8 };

/* In the child. */
static void become(const char *program, const char *const *arguments, int input, int output, pid_t parent)
{
    char *argv[MOST_ARGUMENTS + 2] = {(char *)(uintptr_t)program};

    for (int i = 0; i < MOST_ARGUMENTS && arguments[i]; i++)
        argv[i + 1] = (char *)(uintptr_t)arguments[i];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent && dup2(input, 0) == 0 && dup2(output, 1) == 1)
        execv(program, argv);
    _exit(127);
}

struct test_process *test_process_start(const char *program, const char *const *arguments)
{
    struct test_process *p = calloc(1, sizeof *p);
    pid_t parent = getpid();
    int input, output;

    assert_non_null(p);
    signal(SIGPIPE, SIG_IGN); /* a process that has gone takes no more lines */
    make_pipe(&p->input, &input, true);
    make_pipe(&p->output, &output, false);
    p->id = fork();
    if (p->id == 0)
        become(program ? program : "/proc/self/exe", arguments, input, output, parent);
    assert_true(p->id > 0);
    close(input);
    close(output);
    return p;
}

long test_own_process_id(void)
{
    return (long)getpid();
}

bool test_process_is_over(struct test_process *p)
{
    int status;

    if (!p->over && waitpid(p->id, &status, WNOHANG) == p->id) {
        p->over = true;
        p->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return p->over;
}

void test_process_kill(struct test_process *p)
{
    int status;

    if (test_process_is_over(p))
        return;
    kill(p->id, SIGKILL);
    while (waitpid(p->id, &status, 0) != p->id)
        ;
    p->over = true;
    p->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void test_process_stop(struct test_process *p)
{
    int status;

    assert_int_equal(kill(p->id, SIGSTOP), 0);
    assert_int_equal(waitpid(p->id, &status, WUNTRACED), p->id);
    assert_true(WIFSTOPPED(status));
}

void test_process_continue(struct test_process *p)
{
    assert_int_equal(kill(p->id, SIGCONT), 0);
}

void test_die(void)
{
    raise(SIGKILL);
}

static void let_go(struct test_process *p)
{
    close(p->input);
    close(p->output);
}

#endif

bool test_process_say(struct test_process *p, const char *line)
{
    return say(p->input, line);
}

bool test_process_hear(struct test_process *p, char line[TEST_LINE], unsigned ms)
{
    return hear(p->output, &p->lines, line, ms);
}

void test_process_expect(struct test_process *p, const char *expected)
{
    char line[TEST_LINE];

    if (!test_process_hear(p, line, 2 * TEST_PATIENCE_MS))
        fail_msg("the process says nothing instead of '%s'", expected);
    assert_string_equal(line, expected);
}

static bool is_over(void *p)
{
    return test_process_is_over(p);
}

int test_process_end(struct test_process *p)
{
    if (!test_pump_until(is_over, p, TEST_PATIENCE_MS))
        fail_msg("the process does not end");
    return p->code;
}

void test_process_free(struct test_process *p)
{
    if (!p)
        return;
    test_process_kill(p);
    let_go(p);
    free(p);
}

long test_process_id(const struct test_process *p)
{
    return (long)p->id;
}
