/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Where processes meet: numbers, names, news, atoms, and what the dead leave. The other processes are children of
 * this one, which do what they are told through a socket. */

#define _GNU_SOURCE
#include "support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/posix/board_memory.h"
#include "host/posix/figures.h"

/* ---- Processes ------------------------------------------------------------------------------------ */

enum order { JOIN, ADD, DELETE, CLAIM, SERVE, TRAITS, KINDS, LOCK };

struct command {
    enum order order;
    uint64_t value;
    uint16_t text[HOST_ATOM_CHARS + 1];
};

struct process {
    pid_t pid;
    int control;
    board_number number;
};

static uint64_t obey(const struct command *c)
{
    size_t length = 0;

    while (c->text[length])
        length++;
    switch (c->order) {
    case JOIN:
        return board_join();
    case ADD:
        return host_atom_add(c->text);
    case DELETE:
        host_atom_delete((host_atom)c->value);
        return 1;
    case CLAIM:
        return board_claim(c->text, length);
    case SERVE:
        return board_serve(c->value);
    case TRAITS:
        board_set_traits((unsigned)c->value);
        return 1;
    case KINDS:
        board_set_kinds((uint32_t)c->value);
        return 1;
    case LOCK:
        return board_lock(board_memory());
    }
    return 0;
}

static void serve(int control)
{
    struct command c;
    uint64_t answer;

    while (read(control, &c, sizeof c) == sizeof c) {
        answer = obey(&c);
        if (write(control, &answer, sizeof answer) != sizeof answer)
            break;
    }
    _exit(0);
}

static struct process process_start(void)
{
    struct process p = {0};
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    p.pid = fork();
    assert_true(p.pid >= 0);
    if (p.pid == 0) {
        close(ends[0]);
        serve(ends[1]);
    }
    close(ends[1]);
    p.control = ends[0];
    return p;
}

static uint64_t tell(struct process *p, const struct command *c)
{
    struct pollfd wait = {.fd = p->control, .events = POLLIN};
    uint64_t answer = 0;

    assert_int_equal(write(p->control, c, sizeof *c), sizeof *c);
    assert_int_equal(poll(&wait, 1, TEST_PATIENCE_MS), 1);
    assert_int_equal(read(p->control, &answer, sizeof answer), sizeof answer);
    return answer;
}

static uint64_t tell_number(struct process *p, enum order order, uint64_t value)
{
    struct command c = {.order = order, .value = value};

    return tell(p, &c);
}

static uint64_t tell_text(struct process *p, enum order order, const uint16_t *text)
{
    struct command c = {.order = order};

    for (size_t i = 0; text[i]; i++)
        c.text[i] = text[i];
    return tell(p, &c);
}

static struct process process_joined(void)
{
    struct process p = process_start();

    p.number = (board_number)tell_number(&p, JOIN, 0);
    assert_int_not_equal(p.number, 0);
    return p;
}

static void process_kill(struct process *p)
{
    close(p->control);
    kill(p->pid, SIGKILL);
    assert_int_equal(waitpid(p->pid, NULL, 0), p->pid);
}

/* ---- Every test has a folder of its own, and a process of its own, in which it is the first to join ---------- */

static char home[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int make_home(void **state)
{
    (void)state;
    strcpy(home, "/tmp/ddeml-board-XXXXXX");
    board_forked(); /* out of the former test's */
    return mkdtemp(home) && setenv("XDG_RUNTIME_DIR", home, 1) == 0 ? 0 : -1;
}

static int remove_home(void **state)
{
    (void)state;
    board_forked();
    return nftw(home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, make_home, remove_home)

static void two_processes_get_different_numbers(void **state)
{
    board_number self = board_join();
    struct process other = process_joined();

    (void)state;
    assert_int_not_equal(self, 0);
    assert_int_equal(board_self(), self);
    assert_int_not_equal(other.number, self);
    assert_true(board_alive(self));
    assert_true(board_alive(other.number));
    assert_int_equal(board_pid(other.number), other.pid);
    process_kill(&other);
    assert_false(board_alive(other.number));
}

static void the_same_text_is_the_same_atom_in_all_processes(void **state)
{
    struct process other = process_joined();
    uint16_t name[HOST_ATOM_CHARS + 1];
    host_atom atom = host_atom_add(u"Straße");

    (void)state;
    assert_int_equal(tell_text(&other, ADD, u"STRAßE"), atom);
    host_atom_delete(atom);
    assert_int_equal(host_atom_name(atom, name), 6);
    assert_memory_equal(name, u"Straße", 7 * sizeof *name);
    process_kill(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(two_processes_get_different_numbers),
        RULE(the_same_text_is_the_same_atom_in_all_processes),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
