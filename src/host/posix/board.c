/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Folder, file and numbers. Linux only: elsewhere there are no locks of an open file description (F_OFD_*),
 * which the kernel drops when a process dies, however it dies, and not when somebody closes another descriptor. */
#define _GNU_SOURCE

#include "host/posix/board_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    RETRY_MS = 1000,
    ALLOCATE_TRIES = 100,
    FIRST_DESCRIPTOR = 3, /* programs do as they like with the first three */
};

static const struct board_stamp stamp = {
    .magic = "ddemlbd",
    .version = 1,
    .bytes = sizeof(struct board),
    .mutex_bytes = sizeof(pthread_mutex_t),
    .pointer_bytes = sizeof(void *),
};

/* This process's part. The lock guards joining and burying; it is a leaf. */
static struct {
    pthread_mutex_t lock;
    _Atomic uint32_t number;
    _Atomic(struct board *) board; /* while there is a number */
    int fd;
    char folder[BOARD_PATH];

    _Atomic uint64_t retry_at;
    _Atomic int error;
} mine = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

struct board *board_memory(void)
{
    return atomic_load_explicit(&mine.board, memory_order_acquire);
}

int board_file(void)
{
    return mine.fd;
}

/* ---- Where to meet -------------------------------------------------------------------------------- */

/* Where the folder is does not depend on whether it can be used: or else two processes might wait for each other
 * in different places. */
static bool name_folder(void)
{
    const char *home = secure_getenv("XDG_RUNTIME_DIR");
    int n;

    if (home && home[0] == '/')
        n = snprintf(mine.folder, sizeof mine.folder, "%s/ddeml", home);
    else
        n = snprintf(mine.folder, sizeof mine.folder, "/tmp/ddeml-%lu", (unsigned long)geteuid());
    if (n + sizeof "/32767" > sizeof mine.folder) {
        errno = ENAMETOOLONG;
        return false;
    }
    return true;
}

/* Nobody else may have made it, nor be able to put anything into it. */
static bool private(int fd, mode_t type)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return false;
    if ((st.st_mode & S_IFMT) == type && st.st_uid == geteuid() && !(st.st_mode & (S_IRWXG | S_IRWXO)))
        return true;
    errno = EPERM;
    return false;
}

static int close_failed(int fd)
{
    int error = errno;

    close(fd);
    errno = error;
    return -1;
}

static int open_folder(void)
{
    int fd;

    if (!name_folder() || (mkdir(mine.folder, S_IRWXU) != 0 && errno != EEXIST))
        return -1;
    fd = open(mine.folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    return private(fd, S_IFDIR) ? fd : close_failed(fd);
}

/* ---- The file ------------------------------------------------------------------------------------- */

static bool init_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attr;

    errno = pthread_mutexattr_init(&attr);
    if (errno)
        return false;
    errno = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    if (!errno)
        errno = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    if (!errno)
        errno = pthread_mutex_init(lock, &attr);
    pthread_mutexattr_destroy(&attr);
    return !errno;
}

/* Memory that is not there is a fault (SIGBUS) for whoever touches it. So it is taken from the disk before. */
bool board_allocate(int fd, size_t from, size_t size)
{
    int error = EINTR;

    for (int i = 0; i < ALLOCATE_TRIES && error == EINTR; i++)
        error = posix_fallocate(fd, (off_t)from, (off_t)size);
    errno = error;
    return !error;
}

/* A file that is larger than the process may make it would be a signal. */
static bool may_be_made(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur >= sizeof(struct board))
        return true;
    errno = EFBIG;
    return false;
}

static bool fill_file(int fd)
{
    const size_t first = offsetof(struct board, atom) + BOARD_ATOM_CHUNK * sizeof(struct board_atom);
    struct board *b;
    bool done;

    if (!may_be_made() || ftruncate(fd, sizeof *b) != 0)
        return false;
    if (!board_allocate(fd, 0, first))
        return false;
    b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (b == MAP_FAILED)
        return false;
    done = init_lock(&b->lock);
    if (done) {
        b->stamp = stamp;
        atomic_store(&b->atoms_end, BOARD_ATOM_CHUNK);
    }
    munmap(b, sizeof *b);
    return done;
}

/* It appears under its name when it is complete; whoever comes second takes the other's. Only a process that is
 * killed meanwhile leaves the file under its first name. */
static bool make_file(int folder)
{
    char name[32];
    uint64_t random;
    bool done;
    int fd, error;

    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return false;
    snprintf(name, sizeof name, "new-%016llx", (unsigned long long)random);
    fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return false;
    done = fill_file(fd) && (linkat(folder, name, folder, "board", 0) == 0 || errno == EEXIST);
    error = errno;
    close(fd);
    unlinkat(folder, name, 0);
    errno = error;
    return done;
}

static bool file_fits(int fd)
{
    struct board_stamp found;
    struct stat st;

    if (fstat(fd, &st) != 0)
        return false;
    if (st.st_size == sizeof(struct board) && pread(fd, &found, sizeof found, 0) == sizeof found &&
        memcmp(&found, &stamp, sizeof found) == 0)
        return true;
    errno = EPROTO;
    return false;
}

static int open_file(int folder)
{
    const int how = O_RDWR | O_NOFOLLOW | O_CLOEXEC;
    int low = openat(folder, "board", how), fd;

    if (low < 0 && errno == ENOENT && make_file(folder))
        low = openat(folder, "board", how);
    if (low < 0)
        return -1;
    if (!private(low, S_IFREG) || !file_fits(low))
        return close_failed(low);
    if (low >= FIRST_DESCRIPTOR)
        return low;
    fd = fcntl(low, F_DUPFD_CLOEXEC, FIRST_DESCRIPTOR);
    close_failed(low);
    return fd;
}

/* ---- Slots ---------------------------------------------------------------------------------------- */

static bool slot_lock(int fd, unsigned slot, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = slot, .l_len = 1};

    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

static bool slot_locked(int fd, unsigned slot)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = slot, .l_len = 1};

    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static void name_socket(board_number who, char path[BOARD_PATH])
{
    snprintf(path, BOARD_PATH, "%.*s/%u", BOARD_PATH - 8, mine.folder, (unsigned)who);
}

/* The slot's lock is held, and its process dead. One who dies over it leaves the rest to the next. */
static void bury(struct board *b, unsigned slot)
{
    struct board_process *p = &b->process[slot];
    board_number who = atomic_load(&p->number) % BOARD_NUMBERS;
    char path[BOARD_PATH];

    if (!who)
        return;
    atomic_store(&p->number, BOARD_DEAD | who);
    name_socket(who, path);
    unlink(path);
    board_lists_bury(b, who);
    board_atoms_bury(b, slot);
    atomic_store(&p->pid, 0);
    atomic_store(&p->number, 0);
}

/* Under the lock of this process: what its descriptor has locked, all its threads have. */
static void bury_if_dead(struct board *b, int fd, unsigned slot, board_number who)
{
    const _Atomic uint32_t *number = &b->process[slot].number;

    if (atomic_load(number) % BOARD_NUMBERS != who || !slot_lock(fd, slot, F_WRLCK))
        return;
    if (atomic_load(number) % BOARD_NUMBERS == who)
        bury(b, slot);
    slot_lock(fd, slot, F_UNLCK);
}

/* Somebody has to clear away after those who died when nobody had to do with them. */
static void bury_all_dead(struct board *b, int fd, unsigned self)
{
    for (unsigned slot = 0; slot < BOARD_SLOTS; slot++) {
        board_number who = atomic_load(&b->process[slot].number) % BOARD_NUMBERS;

        if (who && slot != self)
            bury_if_dead(b, fd, slot, who);
    }
}

/* Slots and numbers are taken in turn, so that each comes again as late as can be. */
static board_number take_number(struct board *b, int fd)
{
    for (unsigned i = 0; i < 2 * BOARD_SLOTS; i++) {
        board_number n = (board_number)((atomic_fetch_add(&b->last_number, 1) + 1) % BOARD_NUMBERS);
        unsigned slot = board_slot(n);

        if (n == 0)
            continue;
        if (slot_lock(fd, slot, F_WRLCK)) {
            bury(b, slot);
            atomic_store(&b->process[slot].pid, getpid());
            atomic_store(&b->process[slot].number, n);
            return n;
        }
        if (errno != EAGAIN && errno != EACCES)
            return 0;
    }
    errno = EUSERS;
    return 0;
}

/* ---- Joining -------------------------------------------------------------------------------------- */

static board_number enter(int fd)
{
    struct board *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    board_number number;
    int error;

    if (b == MAP_FAILED)
        return 0;
    number = take_number(b, fd);
    if (!number) {
        error = errno;
        munmap(b, sizeof *b);
        errno = error;
        return 0;
    }
    bury_all_dead(b, fd, board_slot(number));
    mine.fd = fd;
    atomic_store_explicit(&mine.board, b, memory_order_release);
    atomic_store_explicit(&mine.number, number, memory_order_release);
    return number;
}

static board_number try_to_join(void)
{
    int folder = open_folder(), fd;
    board_number number;

    if (folder < 0)
        return 0;
    fd = open_file(folder);
    close_failed(folder);
    if (fd < 0)
        return 0;
    number = enter(fd);
    if (!number)
        close_failed(fd);
    return number;
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, board_forked);
}

static bool worth_trying(void)
{
    return host_now_ms() >= atomic_load_explicit(&mine.retry_at, memory_order_relaxed);
}

/* A thread that is cancelled over it would leave a descriptor, and the lock. */
static int lock_mine(void)
{
    int former;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &former);
    pthread_mutex_lock(&mine.lock);
    return former;
}

static void unlock_mine(int former)
{
    pthread_mutex_unlock(&mine.lock);
    pthread_setcancelstate(former, &former);
}

static board_number join_once(void)
{
    board_number number = board_self();

    if (number || !worth_trying())
        return number;
    number = try_to_join();
    if (!number) {
        atomic_store(&mine.error, errno);
        atomic_store(&mine.retry_at, host_now_ms() + RETRY_MS);
    }
    return number;
}

board_number board_join(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    board_number number = board_self();
    int former;

    if (number)
        return number;
    if (worth_trying()) {
        pthread_once(&once, watch_forks);
        former = lock_mine();
        number = join_once();
        unlock_mine(former);
    }
    if (!number)
        errno = atomic_load(&mine.error);
    return number;
}

board_number board_self(void)
{
    return (board_number)atomic_load_explicit(&mine.number, memory_order_relaxed);
}

void board_forked(void)
{
    struct board *b = board_memory();

    pthread_mutex_init(&mine.lock, NULL); /* whoever held it has stayed with the parent */
    atomic_store(&mine.retry_at, 0);
    if (!b)
        return;
    atomic_store(&mine.number, 0);
    atomic_store(&mine.board, NULL);
    board_lists_forked();
    munmap(b, sizeof *b);
    close(mine.fd);
    mine.fd = -1;
}

/* ---- The other processes -------------------------------------------------------------------------- */

bool board_alive(board_number who)
{
    struct board *b = board_memory();
    unsigned slot = board_slot(who);

    if (!b || !who || atomic_load(&b->process[slot].number) != who)
        return false;
    return who == board_self() || slot_locked(mine.fd, slot);
}

long board_pid(board_number who)
{
    struct board *b = board_memory();
    long pid;

    if (!b || !who)
        return 0;
    pid = (long)atomic_load(&b->process[board_slot(who)].pid);
    return atomic_load(&b->process[board_slot(who)].number) == who ? pid : 0;
}

void board_path(board_number who, char path[BOARD_PATH])
{
    path[0] = 0;
    if (board_memory())
        name_socket(who, path);
}

void board_bury(board_number who)
{
    struct board *b = board_memory();
    unsigned slot = board_slot(who);
    int former;

    if (!b || !who || slot == board_slot(board_self()))
        return;
    former = lock_mine();
    bury_if_dead(b, mine.fd, slot, who);
    unlock_mine(former);
}
