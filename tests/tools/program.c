/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "tools/program.h"

#include <stdatomic.h>
#include <stdlib.h>

#ifdef _WIN32
#include "support/start_win32.h"
typedef HANDLE pipe_end;
#define NO_PIPE NULL
#else
typedef int pipe_end;
#define NO_PIPE (-1)
#endif

enum { OUTPUT_ROOM = 1 << 20, PROCESSES = 16 };

/* A thread reads what is printed, and alone writes output and n. */
struct program {
    char *output;
    atomic_size_t n;
    char *shown; /* as much of the output as the test has looked at */
    size_t n_shown;
    atomic_int ended; /* of the output */
    struct test_event *more;
    struct test_thread *reader;
    pipe_end input, printed;
    bool running;
    int exit_code;
#ifdef _WIN32
    HANDLE process;
    DWORD id;
#else
    int pid;
#endif
};

static struct program *processes[PROCESSES];

/* ---- What the systems do differently ------------------------------------------------------------------ */

static bool spawn(struct program *p, const char *const argv[]);
static size_t read_pipe(pipe_end from, void *bytes, size_t n); /* 0: the end */
static bool write_pipe(pipe_end to, const char *bytes, size_t n);
static void close_pipe(pipe_end *end);
static bool wait_for_exit(struct program *p, unsigned ms);

#ifdef _WIN32

/* As the C library of the program takes it apart. */
static void add_argument(char *line, size_t room, const char *argument)
{
    size_t n = strlen(line);

    assert_true(2 * strlen(argument) + n + 4 < room);
    line[n++] = ' ';
    line[n++] = '"';
    for (; *argument; argument++) {
        if (*argument == '"' || (*argument == '\\' && (argument[1] == '"' || !argument[1])))
            line[n++] = '\\';
        line[n++] = *argument;
    }
    line[n++] = '"';
    line[n] = '\0';
}

static bool spawn(struct program *p, const char *const argv[])
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    STARTUPINFOW startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION started;
    HANDLE theirs_in, theirs_out;
    char line[8192] = "";
    bool done;

    for (int i = 0; argv[i]; i++)
        add_argument(line, sizeof line, argv[i]);
    assert_true(CreatePipe(&theirs_in, &p->input, &inherited, 0));
    assert_true(CreatePipe(&p->printed, &theirs_out, &inherited, 0));
    SetHandleInformation(p->input, HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(p->printed, HANDLE_FLAG_INHERIT, 0);
    startup.hStdInput = theirs_in;
    startup.hStdOutput = startup.hStdError = theirs_out;
    done = start_process(line + 1, CP_UTF8, CREATE_NEW_PROCESS_GROUP, &startup, &started);
    CloseHandle(theirs_in);
    CloseHandle(theirs_out);
    if (!done)
        return false;
    CloseHandle(started.hThread);
    p->process = started.hProcess;
    p->id = started.dwProcessId;
    return true;
}

static size_t read_pipe(pipe_end from, void *bytes, size_t n)
{
    DWORD size;

    return ReadFile(from, bytes, (DWORD)n, &size, NULL) ? size : 0;
}

static bool write_pipe(pipe_end to, const char *bytes, size_t n)
{
    DWORD size;

    return WriteFile(to, bytes, (DWORD)n, &size, NULL) && size == n;
}

static void close_pipe(pipe_end *end)
{
    if (*end)
        CloseHandle(*end);
    *end = NO_PIPE;
}

bool program_interrupt(struct program *p)
{
    return GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, p->id);
}

void program_kill(struct program *p)
{
    TerminateProcess(p->process, 137);
}

static bool wait_for_exit(struct program *p, unsigned ms)
{
    DWORD code;

    if (WaitForSingleObject(p->process, ms) != WAIT_OBJECT_0)
        return false;
    GetExitCodeProcess(p->process, &code);
    CloseHandle(p->process);
    p->exit_code = (int)code;
    return true;
}

#else

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ; /* POSIX has no header that declares it */

static void make_pipe(int ends[2])
{
    assert_int_equal(pipe(ends), 0);
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
}

static bool spawn(struct program *p, const char *const argv[])
{
    posix_spawn_file_actions_t files;
    int in[2], out[2], error;

    make_pipe(in);
    make_pipe(out);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, out[1], STDERR_FILENO);
    error = posix_spawn(&p->pid, argv[0], &files, NULL, (char **)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&files);
    close(in[0]);
    close(out[1]);
    p->input = in[1];
    p->printed = out[0];
    return !error;
}

static size_t read_pipe(pipe_end from, void *bytes, size_t n)
{
    ssize_t size;

    do
        size = read(from, bytes, n);
    while (size < 0 && errno == EINTR);
    return size > 0 ? (size_t)size : 0;
}

static bool write_pipe(pipe_end to, const char *bytes, size_t n)
{
    return write(to, bytes, n) == (ssize_t)n;
}

static void close_pipe(pipe_end *end)
{
    if (*end != NO_PIPE)
        close(*end);
    *end = NO_PIPE;
}

bool program_interrupt(struct program *p)
{
    return kill(p->pid, SIGINT) == 0;
}

void program_kill(struct program *p)
{
    kill(p->pid, SIGKILL);
}

/* Its pipe is closed by the time it can be waited for: what is left is a matter of moments, and the time
 * limit of the test program's. */
static bool wait_for_exit(struct program *p, unsigned ms)
{
    int status;

    (void)ms;
    while (waitpid(p->pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    p->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return true;
}

#endif

/* ---- What is the same --------------------------------------------------------------------------------- */

static void read_output(void *process)
{
    struct program *p = process;
    size_t n = 0, size;

    while (n < OUTPUT_ROOM - 1 && (size = read_pipe(p->printed, p->output + n, OUTPUT_ROOM - 1 - n)) > 0) {
        n += size;
        atomic_store(&p->n, n);
        test_event_set(p->more);
    }
    atomic_store(&p->ended, 1);
    test_event_set(p->more);
}

struct program *program_start(const char *const argv[])
{
    struct program *p = calloc(1, sizeof *p);
    int slot = 0;

    while (slot < PROCESSES && processes[slot])
        slot++;
    assert_in_range(slot, 0, PROCESSES - 1);
    p->output = calloc(1, OUTPUT_ROOM);
    p->shown = calloc(1, OUTPUT_ROOM);
    p->more = test_event_new();
    p->input = p->printed = NO_PIPE;
    processes[slot] = p;
    if (!spawn(p, argv))
        fail_msg("%s cannot be started", argv[0]);
    p->running = true;
    p->reader = test_thread_start(read_output, p);
    return p;
}

const char *program_output(struct program *p)
{
    size_t n = atomic_load(&p->n);

    memcpy(p->shown + p->n_shown, p->output + p->n_shown, n - p->n_shown);
    p->n_shown = n;
    return p->shown;
}

void program_says(struct program *p, const char *text)
{
    uint64_t until = test_now_ms() + TEST_PATIENCE_MS;

    for (;;) {
        bool ended = atomic_load(&p->ended);

        test_event_reset(p->more);
        if (strstr(program_output(p), text))
            return;
        if (ended || test_now_ms() >= until)
            fail_msg("it does not say \"%s\", but:\n%s", text, program_output(p));
        if (!atomic_load(&p->ended))
            test_event_wait(p->more, (unsigned)(until - test_now_ms()));
    }
}

void program_tell(struct program *p, const char *text)
{
    assert_true(write_pipe(p->input, text, strlen(text)));
}

void program_close_input(struct program *p)
{
    close_pipe(&p->input);
}

static bool output_ends(struct program *p, unsigned ms)
{
    uint64_t until = test_now_ms() + ms, now = 0;

    while (!atomic_load(&p->ended) && (now = test_now_ms()) < until) {
        test_event_reset(p->more);
        if (!atomic_load(&p->ended))
            test_event_wait(p->more, (unsigned)(until - now));
    }
    return atomic_load(&p->ended);
}

static bool end(struct program *p, unsigned ms)
{
    bool done = output_ends(p, ms) && wait_for_exit(p, ms);

    p->running = !done;
    return done;
}

int program_end(struct program *p)
{
    close_pipe(&p->input);
    if (!end(p, TEST_PATIENCE_MS))
        fail_msg("it does not end; it has said:\n%s", program_output(p));
    return p->exit_code;
}

static void release(struct program *p)
{
    close_pipe(&p->input); /* which ends many a program */
    if (p->running && !end(p, TEST_PATIENCE_MS)) {
        program_kill(p);
        end(p, TEST_PATIENCE_MS);
    }
    if (p->reader)
        test_thread_join(p->reader);
    close_pipe(&p->printed);
    test_event_free(p->more);
    free(p->output);
    free(p->shown);
    free(p);
}

void program_forget(struct program *p)
{
    for (int i = 0; i < PROCESSES; i++) {
        if (!p || processes[i] != p)
            continue;
        processes[i] = NULL;
        release(p);
    }
}

int programs_down(void **state)
{
    (void)state;
    for (int i = 0; i < PROCESSES; i++)
        program_forget(processes[i]);
    return 0;
}
