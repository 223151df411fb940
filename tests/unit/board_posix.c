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
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/posix/board_memory.h"
#include "host/posix/figures.h"

/* ---- Processes ------------------------------------------------------------------------------------ */

enum order { JOIN, ADD, DELETE, CLAIM, SERVE, UNSERVE, TRAITS, KINDS, LOCK, FORK };

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

/* A child that has come back from fork, and does nothing until it is killed. */
static uint64_t fork_idler(void)
{
    char byte = 0;
    int ends[2];
    pid_t child;

    if (pipe(ends) != 0)
        return 0;
    child = fork();
    if (child == 0) {
        alarm(TEST_PATIENCE_MS / 1000);
        if (write(ends[1], &byte, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    if (read(ends[0], &byte, 1) != 1)
        return 0;
    return (uint64_t)child;
}

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
    case UNSERVE:
        board_serve_no_more(c->value);
        return 1;
    case TRAITS:
        board_set_traits((unsigned)c->value);
        return 1;
    case KINDS:
        board_set_kinds((uint32_t)c->value);
        return 1;
    case LOCK:
        return board_lock(board_memory());
    case FORK:
        return fork_idler();
    }
    return 0;
}

static void serve_orders(int control)
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
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
        close(ends[0]);
        serve_orders(ends[1]);
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
    assert_int_equal(nftw(home, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    assert_int_equal(figure_atoms(), 0);
    return 0;
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, make_home, remove_home)

/* ---- Helpers -------------------------------------------------------------------------------------- */

enum { FIRST_ATOM = 0xC000, STRING_ATOMS = 0x4000 };

static board_number joined(void)
{
    board_number self = board_join();

    assert_int_not_equal(self, 0);
    return self;
}

static void assert_reads(host_atom atom, const uint16_t *text)
{
    uint16_t name[HOST_ATOM_CHARS + 1];
    size_t length = 0;

    while (text[length])
        length++;
    assert_int_equal(host_atom_name(atom, name), length);
    assert_memory_equal(name, text, (length + 1) * sizeof *name);
}

static void assert_no_atom(host_atom atom)
{
    uint16_t name[HOST_ATOM_CHARS + 1];

    assert_int_equal(host_atom_name(atom, name), 0);
}

/* "prefix-number" */
static const uint16_t *numbered(const char *prefix, unsigned n)
{
    static uint16_t text[64];
    char bytes[64];
    int length = snprintf(bytes, sizeof bytes, "%s-%u", prefix, n);

    for (int i = 0; i <= length; i++)
        text[i] = (unsigned char)bytes[i];
    return text;
}

static host_atom claim(const uint16_t *text)
{
    size_t length = 0;

    while (text[length])
        length++;
    return board_claim(text, length);
}

static host_atom found(const uint16_t *text)
{
    size_t length = 0;

    while (text[length])
        length++;
    return board_find(text, length);
}

static void assert_only(size_t n, const board_number *who, board_number expected)
{
    assert_int_equal(n, expected ? 1 : 0);
    if (expected)
        assert_int_equal(who[0], expected);
}

static void assert_servers(const uint16_t *name, board_number expected)
{
    board_number who[4];

    assert_only(board_servers(board_hash(name), who, 4), who, expected);
}

static void path_at(char *path, size_t size, const char *name)
{
    assert_true((size_t)snprintf(path, size, "%s/ddeml%s", home, name) < size);
}

/* The chains and the entries say the same: each claimed atom is found by its text, and under one number. */
static void assert_consistent(void)
{
    struct board *b = board_memory();
    uint32_t end = atomic_load(&b->atoms_end), linked = 0;
    uint16_t name[HOST_ATOM_CHARS + 1];

    for (uint32_t i = 0; i < end; i++) {
        if (board_atom_name((host_atom)(FIRST_ATOM + i), name))
            assert_int_equal(found(name), FIRST_ATOM + i);
        else
            assert_true(board_set_empty(&b->atom[i].claims));
    }
    assert_true(board_lock(b));
    for (unsigned i = 0; i < BOARD_BUCKETS; i++) {
        for (uint32_t at = b->bucket[i]; at; at = b->atom[at - 1].next) {
            assert_true(at <= end);
            assert_int_equal(b->atom[at - 1].linked, 1);
            assert_int_equal(b->atom[at - 1].hash % BOARD_BUCKETS, i);
            assert_int_not_equal(linked++, end);
        }
    }
    for (uint32_t i = 0; i < end; i++)
        linked -= b->atom[i].linked;
    assert_int_equal(linked, 0);
    board_unlock(b);
}

/* ---- Numbers -------------------------------------------------------------------------------------- */

static void two_processes_get_different_numbers(void **state)
{
    board_number self = joined();
    struct process other = process_joined();

    (void)state;
    assert_int_equal(board_self(), self);
    assert_int_equal(board_join(), self);
    assert_int_not_equal(other.number, self);
    assert_true(board_alive(self));
    assert_true(board_alive(other.number));
    assert_int_equal(board_pid(other.number), other.pid);
    process_kill(&other);
    assert_false(board_alive(other.number));
}

static void processes_that_come_at_the_same_time_meet(void **state)
{
    enum { PROCESSES = 12, ROUNDS = 10 };
    struct command c = {.order = JOIN};
    board_number numbers[PROCESSES];
    struct process p[PROCESSES];
    char path[96];

    (void)state;
    path_at(path, sizeof path, "/board");
    for (int round = 0; round < ROUNDS; round++) {
        unlink(path);
        for (int i = 0; i < PROCESSES; i++)
            p[i] = process_start();
        for (int i = 0; i < PROCESSES; i++)
            assert_int_equal(write(p[i].control, &c, sizeof c), sizeof c);
        for (int i = 0; i < PROCESSES; i++) {
            uint64_t answer = 0;

            assert_int_equal(read(p[i].control, &answer, sizeof answer), sizeof answer);
            numbers[i] = (board_number)answer;
            assert_int_not_equal(numbers[i], 0);
            for (int j = 0; j < i; j++)
                assert_int_not_equal(numbers[j], numbers[i]);
        }
        board_forked();
        joined();
        for (int i = 0; i < PROCESSES; i++) {
            assert_true(board_alive(numbers[i]));
            assert_int_equal(board_pid(numbers[i]), p[i].pid);
            process_kill(&p[i]);
        }
    }
}

static void a_number_comes_again_late(void **state)
{
    static bool had[BOARD_NUMBERS];

    (void)state;
    memset(had, 0, sizeof had);
    for (int i = 0; i < BOARD_SLOTS + 100; i++) {
        board_number self = joined();

        assert_false(had[self]);
        had[self] = true;
        board_forked();
    }
}

static void no_more_processes_join_than_there_are_slots(void **state)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = BOARD_SLOTS};
    char path[96];
    int fd;

    (void)state;
    joined();
    board_forked();
    path_at(path, sizeof path, "/board");
    fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
    errno = 0;
    assert_int_equal(board_join(), 0);
    assert_int_equal(errno, EUSERS);
    close(fd);
    errno = 0;
    assert_int_equal(board_join(), 0); /* not tried again so soon */
    assert_int_equal(errno, EUSERS);
    board_forked();
    joined();
}

static void nothing_happens_without_a_board(void **state)
{
    board_number who[4];
    char path[BOARD_PATH];

    (void)state;
    setenv("XDG_RUNTIME_DIR", "/nowhere", 1);
    assert_int_equal(board_join(), 0);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(board_self(), 0);
    assert_false(board_alive(1));
    assert_int_equal(board_pid(1), 0);
    board_path(1, path);
    assert_string_equal(path, "");
    board_bury(1);
    board_set_traits(BOARD_TOP_LEVEL);
    board_set_kinds(1);
    assert_false(board_serve(1));
    board_serve_no_more(1);
    assert_int_equal(board_servers(0, who, 4), 0);
    assert_int_equal(board_with(BOARD_TOP_LEVEL, who, 4), 0);
    assert_int_equal(board_listeners(1, who, 4), 0);
    assert_int_equal(board_kinds(), 0);
    assert_int_equal(claim(u"text"), 0);
    assert_int_equal(found(u"text"), 0);
    board_drop(FIRST_ATOM);
    assert_no_atom(FIRST_ATOM);
}

/* ---- The folder and the file ---------------------------------------------------------------------- */

static void assert_refused(int error)
{
    board_forked();
    errno = 0;
    assert_int_equal(board_join(), 0);
    assert_int_equal(errno, error);
}

static void what_is_made_is_for_its_owner_only(void **state)
{
    mode_t mask = umask(0);
    char path[96];
    struct stat st;

    (void)state;
    joined();
    umask(mask);
    path_at(path, sizeof path, "");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode, S_IFDIR | 0700);
    assert_int_equal(st.st_nlink, 2);
    path_at(path, sizeof path, "/board");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0600);
    assert_int_equal(st.st_nlink, 1);
    assert_true(fcntl(board_file(), F_GETFD) & FD_CLOEXEC);
}

static void a_folder_that_others_can_enter_is_refused(void **state)
{
    char path[96];

    (void)state;
    path_at(path, sizeof path, "");
    assert_int_equal(mkdir(path, 0700), 0);
    for (mode_t bit = 1; bit < 0100; bit <<= 1) {
        assert_int_equal(chmod(path, 0700 | bit), 0);
        assert_refused(EPERM);
    }
    assert_int_equal(chmod(path, 0700), 0);
    board_forked();
    joined();
}

static void a_folder_that_is_a_link_or_a_file_is_refused(void **state)
{
    char path[96], other[96];

    (void)state;
    path_at(path, sizeof path, "");
    path_at(other, sizeof other, "-other");
    assert_int_equal(mkdir(other, 0700), 0);
    assert_int_equal(symlink(other, path), 0);
    assert_refused(ENOTDIR);
    assert_int_equal(rmdir(other), 0); /* nothing has been made there */
    unlink(path);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0700));
    assert_refused(ENOTDIR);
}

static void a_folder_too_deep_for_sockets_is_refused(void **state)
{
    char deep[256];

    (void)state;
    memset(deep, 'x', sizeof deep);
    deep[0] = '/';
    deep[BOARD_PATH - sizeof "/ddeml/32767" + 1] = 0;
    setenv("XDG_RUNTIME_DIR", deep, 1);
    assert_refused(ENAMETOOLONG);
    deep[BOARD_PATH - sizeof "/ddeml/32767"] = 0;
    setenv("XDG_RUNTIME_DIR", deep, 1);
    assert_refused(ENOENT);
}

static void a_file_that_is_not_ours_is_refused_and_left_alone(void **state)
{
    const struct {
        off_t at;
        char byte;
    } changes[] = {{0, 'x'}, {8, 77}, {12, 1}, {16, 1}, {20, 1}};
    char path[96], byte, former;
    struct stat before, after;
    int fd;

    (void)state;
    joined();
    board_forked();
    path_at(path, sizeof path, "/board");
    fd = open(path, O_RDWR | O_CLOEXEC);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        assert_int_equal(pread(fd, &former, 1, changes[i].at), 1);
        assert_int_equal(pwrite(fd, &changes[i].byte, 1, changes[i].at), 1);
        assert_int_equal(fstat(fd, &before), 0);
        assert_refused(EPROTO);
        assert_int_equal(fstat(fd, &after), 0);
        assert_int_equal(pread(fd, &byte, 1, changes[i].at), 1);
        assert_int_equal(byte, changes[i].byte);
        assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof before.st_mtim);
        assert_int_equal(pwrite(fd, &former, 1, changes[i].at), 1);
    }
    assert_int_equal(fchmod(fd, 0640), 0);
    assert_refused(EPERM);
    assert_int_equal(fstat(fd, &after), 0);
    assert_int_equal(after.st_mode, S_IFREG | 0640);
    assert_int_equal(fchmod(fd, 0600), 0);
    board_forked();
    joined();
    board_forked();
    assert_int_equal(ftruncate(fd, 4096), 0);
    assert_refused(EPROTO);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_refused(EPROTO);
    assert_int_equal(fstat(fd, &after), 0);
    assert_int_equal(after.st_size, 0);
    close(fd);
    unlink(path);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_refused(ELOOP);
}

static bool disk_full;

int __wrap_posix_fallocate(int fd, off_t from, off_t size);
int __real_posix_fallocate(int fd, off_t from, off_t size);

int __wrap_posix_fallocate(int fd, off_t from, off_t size)
{
    return disk_full ? ENOSPC : __real_posix_fallocate(fd, from, size);
}

static void a_full_disk_is_an_error_and_nothing_stays_on_it(void **state)
{
    char path[96];

    (void)state;
    disk_full = true;
    assert_refused(ENOSPC);
    disk_full = false;
    path_at(path, sizeof path, "");
    assert_int_equal(rmdir(path), 0); /* it is empty */
}

static void a_disk_that_becomes_full_limits_the_atoms(void **state)
{
    host_atom atom = 0;
    unsigned n = 0;

    (void)state;
    joined();
    disk_full = true;
    while (claim(numbered("full", n)))
        n++;
    assert_int_equal(n, BOARD_ATOM_CHUNK);
    atom = found(numbered("full", 7));
    board_drop(atom);
    assert_int_equal(claim(u"another"), atom);
    disk_full = false;
    assert_int_not_equal(claim(numbered("full", n)), 0);
    assert_consistent();
}

static void a_limit_for_files_is_an_error(void **state)
{
    struct rlimit limit, low;
    struct process other;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    low = (struct rlimit){.rlim_cur = 1 << 20, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    assert_refused(EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    other = process_joined();
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    board_forked();
    joined(); /* one that is there will do, and grows */
    for (unsigned i = 0; i < 2 * BOARD_ATOM_CHUNK; i++)
        assert_int_not_equal(claim(numbered("limit", i)), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    process_kill(&other);
}

/* ---- Traits, names, news -------------------------------------------------------------------------- */

static void names_are_found_regardless_of_case(void **state)
{
    struct process other = process_joined();

    (void)state;
    joined();
    assert_true(board_serve(board_hash(u"Mine"))); /* others are told of, not this process */
    assert_servers(u"Mine", 0);
    assert_servers(u"Kurse", 0);
    assert_int_equal(tell_number(&other, SERVE, board_hash(u"Kurse \u00C4")), 1);
    assert_servers(u"KURSE \u00E4", other.number);
    assert_servers(u"Kurse \u00E4\u00E4", 0);
    process_kill(&other);
    board_bury(other.number);
    assert_servers(u"Kurse \u00C4", 0);
}

static void a_name_is_served_until_it_is_for_the_last_time_no_more(void **state)
{
    struct process other = process_joined();
    uint64_t hash = board_hash(u"Kurse");
    board_number who[4];

    (void)state;
    joined();
    tell_number(&other, SERVE, hash);
    tell_number(&other, SERVE, hash);
    tell_number(&other, UNSERVE, hash);
    assert_servers(u"Kurse", other.number);
    assert_only(board_servers(0, who, 4), who, other.number);
    tell_number(&other, UNSERVE, hash);
    assert_servers(u"Kurse", 0);
    assert_only(board_servers(0, who, 4), who, 0);
    tell_number(&other, UNSERVE, hash);
    tell_number(&other, SERVE, hash);
    assert_servers(u"Kurse", other.number);
    process_kill(&other);
}

static void who_wants_every_initiate_is_asked_for_every_name_once(void **state)
{
    struct process other = process_joined();
    board_number who[4];

    (void)state;
    joined();
    assert_int_equal(board_servers(0, who, 4), 0);
    tell_number(&other, TRAITS, BOARD_TOP_LEVEL | BOARD_UNFILTERED);
    assert_servers(u"whatever", other.number);
    tell_number(&other, SERVE, board_hash(u"Kurse"));
    assert_servers(u"Kurse", other.number);
    assert_only(board_servers(0, who, 4), who, other.number);
    tell_number(&other, TRAITS, BOARD_TOP_LEVEL);
    assert_servers(u"whatever", 0);
    assert_servers(u"Kurse", other.number);
    process_kill(&other);
}

static void processes_are_found_by_their_traits(void **state)
{
    struct process one = process_joined(), two = process_joined();
    board_number who[4];

    (void)state;
    joined();
    board_set_traits(BOARD_TOP_LEVEL | BOARD_EVENTS);
    tell_number(&one, TRAITS, BOARD_TOP_LEVEL);
    tell_number(&two, TRAITS, BOARD_EVENTS);
    assert_only(board_with(BOARD_TOP_LEVEL, who, 4), who, one.number);
    assert_only(board_with(BOARD_EVENTS, who, 4), who, two.number);
    assert_int_equal(board_with(BOARD_TOP_LEVEL | BOARD_EVENTS, who, 4), 2);
    assert_int_equal(board_with(BOARD_TOP_LEVEL | BOARD_EVENTS, who, 1), 2); /* one of the two */
    tell_number(&one, TRAITS, 0);
    assert_only(board_with(BOARD_TOP_LEVEL, who, 4), who, 0);
    process_kill(&one);
    process_kill(&two);
}

static void what_anybody_listens_to_is_the_sum_of_all(void **state)
{
    struct process one = process_joined(), two = process_joined();
    board_number who[4];

    (void)state;
    joined();
    tell_number(&one, KINDS, 0x80000001);
    tell_number(&two, KINDS, 3);
    board_set_kinds(8);
    assert_int_equal(board_kinds(), 0x8000000B);
    assert_int_equal(board_listeners(1, who, 4), 2);
    assert_only(board_listeners(2, who, 4), who, two.number);
    assert_only(board_listeners(8, who, 4), who, 0);
    board_set_kinds(0);
    tell_number(&two, KINDS, 0);
    assert_int_equal(board_kinds(), 0x80000001);
    process_kill(&one);
    board_bury(one.number);
    assert_int_equal(board_kinds(), 0);
    process_kill(&two);
}

/* As if a thousand processes had joined that serve three names each, one of them the same for all. */
static void a_thousand_processes_names_are_looked_up(void **state)
{
    enum { PROCESSES = 1000 };
    static board_number who[BOARD_SLOTS];
    board_number self = joined();
    struct board *b = board_memory();
    uint32_t n = 0;

    (void)state;
    for (unsigned i = 0; i < PROCESSES; i++) {
        board_number number = (board_number)(self + 1 + i);

        atomic_store(&b->process[board_slot(number)].number, number);
        for (unsigned j = 0; j < 3; j++) {
            uint64_t hash = board_hash(numbered("name", j == 2 ? 99999 : 2 * i + j));

            atomic_store(&b->name[n++], hash / BOARD_NUMBERS * BOARD_NUMBERS + number);
        }
    }
    atomic_store(&b->names_end, n);
    for (unsigned i = 0; i < 2 * PROCESSES; i++)
        assert_servers(numbered("NAME", i), (board_number)(self + 1 + i / 2));
    assert_servers(numbered("name", 2 * PROCESSES), 0);
    assert_int_equal(board_servers(board_hash(numbered("name", 99999)), who, BOARD_SLOTS), PROCESSES);
    for (unsigned i = 0; i < PROCESSES; i++)
        assert_false(board_alive((board_number)(self + 1 + i)));
    assert_true(board_serve(board_hash(u"one more")));
    board_forked();
    joined(); /* nobody is there: all are buried */
    assert_int_equal(board_servers(board_hash(numbered("name", 99999)), who, BOARD_SLOTS), 0);
    assert_int_equal(board_pid(self), 0);
}

static void names_that_find_no_room_are_not_served(void **state)
{
    struct board *b;

    (void)state;
    joined();
    b = board_memory();
    for (unsigned i = 0; i < BOARD_NAMES; i++)
        atomic_store(&b->name[i], board_hash(numbered("name", i)) | (BOARD_NUMBERS - 1));
    assert_false(board_serve(board_hash(u"one more")));
    atomic_store(&b->name[BOARD_NAMES - 1], 0);
    assert_true(board_serve(board_hash(u"one more")));
    assert_true(board_serve(board_hash(u"one more")));
    board_serve_no_more(board_hash(u"one more"));
    assert_int_not_equal(atomic_load(&b->name[BOARD_NAMES - 1]), 0);
    board_serve_no_more(board_hash(u"one more"));
    assert_int_equal(atomic_load(&b->name[BOARD_NAMES - 1]), 0);
}

/* ---- The dead ------------------------------------------------------------------------------------- */

static void leave_everything(struct process *p, char path[BOARD_PATH], host_atom *atom)
{
    int fd;

    *p = process_joined();
    joined();
    tell_number(p, TRAITS, BOARD_TOP_LEVEL | BOARD_UNFILTERED | BOARD_EVENTS);
    tell_number(p, SERVE, board_hash(u"Kurse"));
    tell_number(p, KINDS, 6);
    *atom = (host_atom)tell_text(p, ADD, u"left behind");
    board_path(p->number, path);
    fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static void assert_nothing_left(board_number dead, const char *path, host_atom atom)
{
    board_number who[4];

    assert_false(board_alive(dead));
    assert_int_equal(board_pid(dead), 0);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(board_with(BOARD_TOP_LEVEL | BOARD_UNFILTERED | BOARD_EVENTS | BOARD_SERVES, who, 4), 0);
    assert_servers(u"Kurse", 0);
    assert_int_equal(board_kinds(), 0);
    assert_int_equal(board_listeners(6, who, 4), 0);
    assert_no_atom(atom);
    assert_int_equal(found(u"left behind"), 0);
    for (unsigned i = 0; i < BOARD_NAMES; i++)
        assert_int_equal(atomic_load(&board_memory()->name[i]), 0);
    assert_int_equal(atomic_load(&board_memory()->process[board_slot(dead)].number), 0);
}

static void what_a_killed_process_leaves_is_gone_when_it_is_buried(void **state)
{
    char path[BOARD_PATH];
    struct process other;
    host_atom atom;

    (void)state;
    leave_everything(&other, path, &atom);
    process_kill(&other);
    assert_reads(atom, u"left behind");
    assert_false(board_alive(other.number));
    board_bury(other.number);
    assert_nothing_left(other.number, path, atom);
    board_bury(other.number);
    assert_consistent();
}

static void who_joins_buries_all_dead(void **state)
{
    char path[BOARD_PATH];
    struct process other;
    host_atom atom;

    (void)state;
    leave_everything(&other, path, &atom);
    process_kill(&other);
    board_forked();
    joined();
    assert_nothing_left(other.number, path, atom);
}

static void a_burial_that_was_interrupted_is_finished_by_the_next(void **state)
{
    char path[BOARD_PATH];
    struct process other;
    host_atom atom;

    (void)state;
    leave_everything(&other, path, &atom);
    process_kill(&other);
    atomic_store(&board_memory()->process[board_slot(other.number)].number, BOARD_DEAD | other.number);
    assert_servers(u"Kurse", 0);
    board_bury(other.number);
    assert_nothing_left(other.number, path, atom);
}

static void the_living_are_not_buried(void **state)
{
    char path[BOARD_PATH];
    struct process other;
    host_atom atom;

    (void)state;
    leave_everything(&other, path, &atom);
    board_bury(other.number);
    board_bury((board_number)((other.number + BOARD_SLOTS) % BOARD_NUMBERS)); /* another of its slot */
    board_bury(board_self());
    board_bury(0);
    assert_true(board_alive(other.number));
    assert_true(board_alive(board_self()));
    assert_false(board_alive((board_number)((other.number + BOARD_SLOTS) % BOARD_NUMBERS)));
    assert_servers(u"Kurse", other.number);
    assert_reads(atom, u"left behind");
    assert_int_equal(access(path, F_OK), 0);
    process_kill(&other);
    board_bury((board_number)((other.number + BOARD_SLOTS) % BOARD_NUMBERS));
    assert_servers(u"Kurse", other.number);
}

/* ---- Forks ---------------------------------------------------------------------------------------- */

static void a_forked_child_is_nobody_until_it_joins(void **state)
{
    board_number self = joined();
    host_atom atom = host_atom_add(u"of the parent");
    pid_t child = fork();
    int status;

    (void)state;
    if (child == 0) {
        bool right = board_self() == 0 && board_memory() == NULL && board_file() == -1;

        host_atom_add(u"of the parent"); /* joins */
        right = right && board_self() && board_self() != self && board_alive(self);
        right = right && found(u"of the parent") == atom;
        host_atom_delete(atom);
        host_atom_delete(atom);
        _exit(right ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(found(u"of the parent"), atom);
    host_atom_delete(atom);
    assert_int_equal(found(u"of the parent"), 0);
}

static void a_child_does_not_keep_its_parent_alive(void **state)
{
    struct command c = {.order = FORK};
    struct process parent = process_joined();
    uint64_t grandchild;

    (void)state;
    joined();
    grandchild = tell(&parent, &c);
    assert_int_not_equal(grandchild, 0);
    process_kill(&parent);
    assert_false(board_alive(parent.number));
    kill((pid_t)grandchild, SIGKILL);
}

static void a_child_claims_what_it_has_of_its_parent(void **state)
{
    struct process parent = process_joined(), child;
    host_atom atom = host_atom_add(u"inherited");

    (void)state;
    joined();
    child = process_start(); /* with a reference of its own */
    tell_text(&child, ADD, u"anything");
    host_atom_delete(atom);
    assert_reads(atom, u"inherited");
    assert_int_equal(tell_text(&parent, ADD, u"Inherited"), atom);
    tell_number(&parent, DELETE, atom);
    assert_reads(atom, u"inherited");
    tell_number(&child, DELETE, atom);
    assert_no_atom(atom);
    process_kill(&child);
    process_kill(&parent);
}

/* ---- Atoms ---------------------------------------------------------------------------------------- */

static void the_same_text_is_the_same_atom_in_all_processes(void **state)
{
    struct process one = process_joined(), two = process_joined();
    host_atom atom = host_atom_add(u"Kurse \u00C4\u0416");

    (void)state;
    assert_int_equal(tell_text(&one, ADD, u"KURSE \u00E4\u0436"), atom);
    assert_int_equal(tell_text(&two, ADD, u"kurse \u00C4\u0416"), atom);
    assert_int_not_equal(tell_text(&two, ADD, u"other"), atom);
    host_atom_delete(atom);
    process_kill(&one);
    process_kill(&two);
}

static void an_atom_reads_in_processes_that_have_no_reference_on_it(void **state)
{
    struct process other = process_joined();
    host_atom atom = (host_atom)tell_text(&other, ADD, u"Of the Other");

    (void)state;
    joined();
    assert_reads(atom, u"Of the Other");
    host_atom_delete(atom); /* there is nothing to delete */
    assert_reads(atom, u"Of the Other");
    assert_int_equal(figure_atoms(), 0);
    assert_int_equal(host_atom_add(u"of the other"), atom);
    assert_reads(atom, u"Of the Other"); /* the first spelling */
    assert_int_equal(figure_atoms(), 1);
    host_atom_delete(atom);
    assert_reads(atom, u"Of the Other");
    process_kill(&other);
}

static void an_atom_lives_as_long_as_any_process_has_a_reference(void **state)
{
    struct process other = process_joined();
    host_atom atom = host_atom_add(u"Shared");

    (void)state;
    host_atom_add(u"Shared");
    tell_text(&other, ADD, u"Shared");
    tell_text(&other, ADD, u"Shared");
    host_atom_delete(atom);
    tell_number(&other, DELETE, atom);
    tell_number(&other, DELETE, atom);
    assert_int_equal(found(u"Shared"), atom);
    host_atom_delete(atom);
    assert_int_equal(found(u"Shared"), 0);
    assert_no_atom(atom);
    atom = host_atom_add(u"SHARED"); /* it begins anew */
    assert_int_equal(found(u"shared"), atom);
    assert_reads(atom, u"SHARED");
    host_atom_delete(atom);
    process_kill(&other);
}

static void texts_of_every_length_are_kept(void **state)
{
    uint16_t text[HOST_ATOM_CHARS + 1] = {0};

    (void)state;
    joined();
    for (size_t i = 0; i < HOST_ATOM_CHARS; i++) {
        text[i] = (uint16_t)(0x4E00 + i);
        assert_int_not_equal(board_claim(text, i + 1), 0);
        assert_reads(found(text), text);
    }
    assert_int_equal(board_claim(text, 0), 0);
    assert_int_equal(board_claim(text, HOST_ATOM_CHARS + 1), 0);
    assert_consistent();
}

static void a_full_table_gives_no_atom(void **state)
{
    struct process other = process_joined();
    uint16_t name[HOST_ATOM_CHARS + 1];
    host_atom atom;

    (void)state;
    joined();
    for (unsigned i = 0; i < STRING_ATOMS; i++)
        assert_int_not_equal(claim(numbered("full", i)), 0);
    assert_int_equal(claim(u"one more"), 0);
    assert_int_equal(host_atom_add(u"one more"), 0);
    assert_int_equal(tell_text(&other, ADD, u"one more"), 0);
    assert_int_equal(tell_text(&other, ADD, numbered("FULL", 12345)), found(numbered("full", 12345)));
    for (unsigned i = 0; i < STRING_ATOMS; i++)
        assert_int_not_equal(board_atom_name((host_atom)(FIRST_ATOM + i), name), 0);
    atom = found(numbered("full", 777));
    board_drop(atom);
    assert_int_equal(host_atom_add(u"one more"), atom);
    host_atom_delete(atom);
    assert_consistent();
    process_kill(&other);
}

static void an_atom_number_comes_again_late(void **state)
{
    host_atom last = 0;

    (void)state;
    joined();
    for (unsigned i = 0; i < BOARD_ATOM_CHUNK - 1; i++) {
        host_atom atom = claim(numbered("late", i));

        assert_int_not_equal(atom, 0);
        if (last)
            assert_int_not_equal(atom, last);
        else
            last = atom;
        board_drop(atom);
    }
    assert_int_equal(atomic_load(&board_memory()->atoms_end), BOARD_ATOM_CHUNK);
}

/* Somebody has deleted one reference too many, and the number has come again for another text. */
static void another_reference_is_on_the_text_whatever_has_become_of_its_number(void **state)
{
    host_atom atom, other = 0, again;
    unsigned n = 0;

    (void)state;
    joined();
    atom = host_atom_add(u"text");
    host_atom_delete(atom);
    do {
        host_atom_delete(other);
        other = host_atom_add(numbered("other", n));
    } while (other != atom && ++n < STRING_ATOMS);
    assert_int_equal(other, atom);
    again = host_atom_again(atom, u"text");
    assert_int_not_equal(again, other);
    assert_reads(again, u"text");
    host_atom_delete(again);
    host_atom_delete(other);
    assert_no_atom(again);
    assert_no_atom(other);
}

static void an_atom_from_before_the_board_keeps_its_number(void **state)
{
    struct process other = process_joined();
    host_atom early, late;
    unsigned n = 0;

    (void)state;
    setenv("XDG_RUNTIME_DIR", "/nowhere", 1);
    early = host_atom_add(u"early");
    assert_int_not_equal(early, 0);
    assert_int_equal(board_self(), 0);
    setenv("XDG_RUNTIME_DIR", home, 1);
    board_forked();
    while (tell_text(&other, CLAIM, numbered("theirs", n)) != early) /* there it means something else */
        assert_int_not_equal(n++, STRING_ATOMS);
    late = host_atom_add(numbered("theirs", n));
    assert_int_not_equal(board_self(), 0);
    assert_int_not_equal(late, early);
    assert_reads(late, numbered("theirs", n));
    assert_reads(early, u"early");
    assert_int_equal(host_atom_add(u"EARLY"), early);
    host_atom_delete(early);
    host_atom_delete(early);
    host_atom_delete(late);
    assert_int_equal(figure_atoms(), 0);
    process_kill(&other);
}

/* ---- Killed and stopped --------------------------------------------------------------------------- */

struct tally {
    _Atomic uint32_t rounds;
};

static void claim_for_ever(struct tally *tally, unsigned seed)
{
    host_atom atom[16] = {0};

    board_join();
    board_serve(seed + 1);
    board_set_kinds(1u << seed % 32);
    for (;;) {
        unsigned i, n;

        seed = seed * 1103515245 + 12345;
        i = seed >> 16 & 15;
        n = seed >> 20 & 1023;
        if (atom[i])
            board_drop(atom[i]);
        atom[i] = claim(numbered("random", n));
        atomic_fetch_add(&tally->rounds, 1);
    }
}

static void kill_at_random(struct tally *tally, unsigned seed)
{
    uint64_t patience = test_now_ms() + TEST_PATIENCE_MS;
    volatile unsigned spin = 0;
    pid_t child;

    atomic_store(&tally->rounds, 0);
    child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        claim_for_ever(tally, seed);
    }
    while (atomic_load(&tally->rounds) < 50 && test_now_ms() < patience)
        sched_yield();
    while (spin < seed * 7919 % 20011)
        spin = spin + 1;
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(atomic_load(&tally->rounds) >= 50);
}

static void bury_all(void)
{
    for (unsigned slot = 0; slot < BOARD_SLOTS; slot++)
        board_bury((board_number)(atomic_load(&board_memory()->process[slot].number) % BOARD_NUMBERS));
}

static void processes_killed_at_any_moment_leave_the_atoms_in_order(void **state)
{
    struct tally *tally =
        mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct process other = process_joined();
    host_atom kept = host_atom_add(u"kept"), theirs = (host_atom)tell_text(&other, ADD, u"theirs");
    board_number who[4];

    (void)state;
    assert_true(tally != MAP_FAILED);
    for (unsigned i = 0; i < 200; i++) {
        kill_at_random(tally, i);
        assert_int_equal(claim(u"kept"), kept); /* takes the lock, and repairs */
        assert_consistent();
        assert_int_equal(found(u"theirs"), theirs);
    }
    bury_all();
    assert_consistent();
    assert_int_equal(board_kinds(), 0);
    assert_int_equal(board_servers(0, who, 4), 0);
    for (unsigned n = 0; n < 1024; n++)
        assert_int_equal(found(numbered("random", n)), 0);
    assert_true(board_alive(other.number));
    assert_reads(kept, u"kept");
    assert_reads(theirs, u"theirs");
    host_atom_delete(kept);
    process_kill(&other);
    munmap(tally, sizeof *tally);
}

static void who_dies_with_the_lock_is_repaired_after(void **state)
{
    struct process other = process_joined();
    host_atom kept = host_atom_add(u"kept");
    struct board *b = board_memory();

    (void)state;
    assert_int_equal(tell_number(&other, LOCK, 0), 1);
    memset(b->bucket, 0xFF, sizeof b->bucket); /* the worst it could have left */
    for (uint32_t i = 0; i < BOARD_ATOM_CHUNK; i++)
        b->atom[i].linked = b->atom[i].next = 7;
    atomic_store(&b->atom[BOARD_ATOM_CHUNK - 1].version, 1);
    process_kill(&other);
    assert_int_equal(found(u"KEPT"), kept);
    assert_consistent();
    assert_int_not_equal(claim(u"new"), 0);
    host_atom_delete(kept);
}

static void who_stands_still_with_the_lock_does_not_keep_others_from_going_on(void **state)
{
    struct process other = process_joined();
    host_atom kept = host_atom_add(u"kept"), made;
    int status;

    (void)state;
    assert_int_equal(tell_number(&other, LOCK, 0), 1);
    kill(other.pid, SIGSTOP);
    assert_int_equal(waitpid(other.pid, &status, WUNTRACED), other.pid);
    assert_true(WIFSTOPPED(status));
    assert_int_equal(claim(u"new"), 0); /* after the deadline */
    for (unsigned i = 0; i < 1000; i++) /* which is not waited for again: or else this would take minutes */
        assert_int_equal(claim(u"new"), 0);
    assert_int_equal(found(u"kept"), 0);
    assert_reads(kept, u"kept");
    made = host_atom_add(u"made meanwhile");
    assert_int_not_equal(made, 0);
    assert_reads(made, u"made meanwhile");
    assert_true(board_serve(board_hash(u"served meanwhile")));
    assert_true(board_alive(other.number));
    host_atom_delete(kept); /* takes no lock */
    assert_no_atom(kept);
    process_kill(&other);
    assert_int_equal(found(u"kept"), 0);
    assert_int_not_equal(claim(u"new"), 0);
    assert_reads(made, u"made meanwhile");
    host_atom_delete(made);
    assert_consistent();
}

/* ---- Threads -------------------------------------------------------------------------------------- */

static atomic_int wrong;

static void shuffle(void *arg)
{
    unsigned seed = *(unsigned *)arg;
    uint16_t text[] = u"thread-?", name[HOST_ATOM_CHARS + 1];
    board_number who[4];

    board_join();
    for (unsigned i = 0; i < 3000; i++) {
        host_atom atom;

        seed = seed * 1103515245 + 12345;
        text[7] = (uint16_t)('a' + (seed >> 16) % 5);
        atom = host_atom_add(text);
        if (host_atom_name(atom, name) != 8 || name[7] != text[7])
            atomic_fetch_add(&wrong, 1);
        host_atom_delete(atom);
        for (unsigned n = 0; n < 8; n++) {
            size_t length = board_atom_name((host_atom)(FIRST_ATOM + (seed + n) % BOARD_ATOM_CHUNK), name);

            if (length != 0 && (length != 8 || name[6] != '-'))
                atomic_fetch_add(&wrong, 1);
        }
        board_serve(text[7]);
        board_set_kinds(1u << (seed >> 16) % 5);
        board_servers(text[7], who, 4);
        board_listeners(1, who, 4);
        board_serve_no_more(text[7]);
    }
}

static void many_threads_use_the_board(void **state)
{
    unsigned seed[4] = {1, 2, 3, 4};
    struct test_thread *t[4];

    (void)state;
    atomic_store(&wrong, 0);
    for (int i = 0; i < 4; i++)
        t[i] = test_thread_start(shuffle, &seed[i]);
    for (int i = 0; i < 4; i++)
        test_thread_join(t[i]);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_int_equal(figure_atoms(), 0);
    for (unsigned i = 0; i < BOARD_NAMES; i++)
        assert_int_equal(atomic_load(&board_memory()->name[i]), 0);
    board_set_kinds(0);
    assert_int_equal(board_kinds(), 0);
    assert_consistent();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(two_processes_get_different_numbers),
        RULE(processes_that_come_at_the_same_time_meet),
        RULE(a_number_comes_again_late),
        RULE(no_more_processes_join_than_there_are_slots),
        RULE(nothing_happens_without_a_board),
        RULE(what_is_made_is_for_its_owner_only),
        RULE(a_folder_that_others_can_enter_is_refused),
        RULE(a_folder_that_is_a_link_or_a_file_is_refused),
        RULE(a_folder_too_deep_for_sockets_is_refused),
        RULE(a_file_that_is_not_ours_is_refused_and_left_alone),
        RULE(a_full_disk_is_an_error_and_nothing_stays_on_it),
        RULE(a_disk_that_becomes_full_limits_the_atoms),
        RULE(a_limit_for_files_is_an_error),
        RULE(names_are_found_regardless_of_case),
        RULE(a_name_is_served_until_it_is_for_the_last_time_no_more),
        RULE(who_wants_every_initiate_is_asked_for_every_name_once),
        RULE(processes_are_found_by_their_traits),
        RULE(what_anybody_listens_to_is_the_sum_of_all),
        RULE(a_thousand_processes_names_are_looked_up),
        RULE(names_that_find_no_room_are_not_served),
        RULE(what_a_killed_process_leaves_is_gone_when_it_is_buried),
        RULE(who_joins_buries_all_dead),
        RULE(a_burial_that_was_interrupted_is_finished_by_the_next),
        RULE(the_living_are_not_buried),
        RULE(a_forked_child_is_nobody_until_it_joins),
        RULE(a_child_does_not_keep_its_parent_alive),
        RULE(a_child_claims_what_it_has_of_its_parent),
        RULE(the_same_text_is_the_same_atom_in_all_processes),
        RULE(an_atom_reads_in_processes_that_have_no_reference_on_it),
        RULE(an_atom_lives_as_long_as_any_process_has_a_reference),
        RULE(texts_of_every_length_are_kept),
        RULE(a_full_table_gives_no_atom),
        RULE(an_atom_number_comes_again_late),
        RULE(another_reference_is_on_the_text_whatever_has_become_of_its_number),
        RULE(an_atom_from_before_the_board_keeps_its_number),
        RULE(processes_killed_at_any_moment_leave_the_atoms_in_order),
        RULE(who_dies_with_the_lock_is_repaired_after),
        RULE(who_stands_still_with_the_lock_does_not_keep_others_from_going_on),
        RULE(many_threads_use_the_board),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
