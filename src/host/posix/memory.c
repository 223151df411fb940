/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#define _GNU_SOURCE /* memory descriptors */

#include "host/posix/memory.h"

#include "host/posix/figures.h"
#include "host/posix/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* Global memory. A thread makes its blocks in a shelf of its own, more or less, so that threads seldom meet
 * at a lock.
 *
 * A large block is a file in memory, written through a shared mapping. To go to another process the file is
 * sealed and its descriptor passed, so that the bytes need not be copied. From then on either side sees it
 * through a private mapping: reading shares the pages, writing makes a page of one's own.
 *
 * The system is not called under a shelf's lock: meanwhile the block is busy, and whoever wants it waits. */

/* ---- Where the bytes are -------------------------------------------------------------------------- */

enum { FILES = 128 }; /* so many descriptors at most are kept for blocks: the program needs some, too */

enum place {
    ON_HEAP,
    IN_FILE, /* a file of its own, open (fd)                                                */
    IN_VIEW, /* a private view of a sealed file; fd: of the file if it is our own, else -1   */
};

struct store {
    enum place place;
    int fd;
    char *bytes;
    size_t size;
};

static atomic_uint files;

static void close_file(struct store *s)
{
    if (s->fd < 0)
        return;
    close(s->fd);
    s->fd = -1;
    atomic_fetch_sub_explicit(&files, 1, memory_order_relaxed);
}

/* Beyond the limit the system does not refuse, but ends the program. */
static bool file_may_have(size_t size)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur == RLIM_INFINITY || size <= limit.rlim_cur)
        return true;
    errno = EFBIG;
    return false;
}

/* Gives the file its pages from `start` on: a fault would cost more for each of them, and without memory it
 * would end the program. */
static bool fill_pages(const struct store *s, size_t start)
{
    size_t first = start & ~((size_t)sysconf(_SC_PAGESIZE) - 1);

    if (madvise(s->bytes + first, s->size - first, MADV_POPULATE_WRITE) == 0)
        return true;
    /* Linux before 5.14 */
    return errno == EINVAL && fallocate(s->fd, 0, (off_t)first, (off_t)(s->size - first)) == 0;
}

static bool file_init(struct store *s, size_t size)
{
    void *bytes = MAP_FAILED;

    if (atomic_fetch_add_explicit(&files, 1, memory_order_relaxed) >= FILES || !file_may_have(size)) {
        atomic_fetch_sub_explicit(&files, 1, memory_order_relaxed);
        return false;
    }
    *s = (struct store){.place = IN_FILE, .size = size};
    s->fd = memfd_create("ddeml", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (s->fd < 0) {
        atomic_fetch_sub_explicit(&files, 1, memory_order_relaxed);
        return false;
    }
    if (ftruncate(s->fd, (off_t)size) == 0)
        bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
    if (bytes == MAP_FAILED) {
        close_file(s);
        return false;
    }
    s->bytes = bytes;
    if (fill_pages(s, 0))
        return true;
    munmap(bytes, size);
    close_file(s);
    return false;
}

static bool store_init(struct store *s, size_t size)
{
    if (size >= MEM_LARGE && file_init(s, size))
        return true;
    *s = (struct store){.place = ON_HEAP, .fd = -1, .bytes = calloc(1, size), .size = size};
    return s->bytes;
}

static void store_deinit(struct store *s)
{
    if (s->place == ON_HEAP)
        free(s->bytes);
    else
        munmap(s->bytes, s->size);
    close_file(s);
}

static bool store_move(struct store *s, size_t size)
{
    struct store to;

    if (!store_init(&to, size))
        return false;
    memcpy(to.bytes, s->bytes, size < s->size ? size : s->size);
    store_deinit(s);
    *s = to;
    return true;
}

static bool heap_resize(struct store *s, size_t size)
{
    char *bytes = realloc(s->bytes, size);

    if (!bytes)
        return false;
    if (size > s->size)
        memset(bytes + s->size, 0, size - s->size);
    s->bytes = bytes;
    s->size = size;
    return true;
}

static bool map_again(struct store *s, size_t size)
{
    void *bytes = mremap(s->bytes, s->size, size, MREMAP_MAYMOVE);

    if (bytes == MAP_FAILED)
        return false;
    s->bytes = bytes;
    s->size = size;
    return true;
}

static bool file_shrink(struct store *s, size_t size)
{
    return map_again(s, size) && ftruncate(s->fd, (off_t)size) == 0;
}

static bool file_grow(struct store *s, size_t size)
{
    size_t former = s->size;

    if (!file_may_have(size) || ftruncate(s->fd, (off_t)size) != 0)
        return false;
    if (map_again(s, size) && fill_pages(s, former))
        return true;
    file_shrink(s, former);
    return false;
}

/* false: all is as it was. */
static bool store_resize(struct store *s, size_t size)
{
    bool becomes_large = size >= MEM_LARGE && s->size < MEM_LARGE;

    if (s->place == IN_VIEW || (s->place == ON_HEAP && becomes_large))
        return store_move(s, size);
    if (s->place == ON_HEAP)
        return heap_resize(s, size);
    return size > s->size ? file_grow(s, size) : file_shrink(s, size);
}

/* ---- Files for others ----------------------------------------------------------------------------- */

static bool seal(int fd)
{
    return fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0;
}

static void *view_of(int fd, size_t size)
{
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

    return bytes == MAP_FAILED ? NULL : bytes;
}

/* Another descriptor of the store's file, sealed; -1: the store's content is as it was. */
static int store_seal(struct store *s)
{
    int fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
    void *view = fd >= 0 && s->place == IN_FILE ? view_of(s->fd, s->size) : NULL;

    if (fd < 0 || s->place == IN_VIEW)
        return fd;
    if (!view) {
        close(fd);
        return -1;
    }
    munmap(s->bytes, s->size); /* while it can be written through a mapping it cannot be sealed */
    s->bytes = view;
    s->place = IN_VIEW;
    if (seal(fd))
        return fd;
    close(fd);
    close_file(s);
    return -1;
}

/* A sealed file with a copy of these bytes. */
static int copy_to_file(const char *bytes, size_t size)
{
    int fd = file_may_have(size) ? memfd_create("ddeml", MFD_CLOEXEC | MFD_ALLOW_SEALING) : -1;
    int error;

    while (fd >= 0 && size) {
        ssize_t n = write(fd, bytes, size);

        if (n > 0) {
            bytes += n;
            size -= (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            break;
        }
    }
    if (fd < 0 || (!size && seal(fd)))
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* ---- Blocks --------------------------------------------------------------------------------------- */

struct block {
    struct slot slot; /* first */
    struct store store;
    size_t locks;
    uint64_t origin;
    bool busy;   /* its store is being changed                                                      */
    bool sealed; /* the store's file has all its bytes: nobody can have written since it was sealed */
};

enum { SHELVES = SLOT_TAGS / 2, FIRST_TAG = SLOT_TAGS / 2 };

#define SHELF(i)                                                                                             \
    {                                                                                                        \
        .lock = PTHREAD_MUTEX_INITIALIZER, .idle = PTHREAD_COND_INITIALIZER, .slots = {                      \
            .tag = FIRST_TAG + (i),                                                                          \
            .item_size = sizeof(struct block)                                                                \
        }                                                                                                    \
    }

static struct shelf {
    pthread_mutex_t lock;
    pthread_cond_t idle; /* a block is not busy any more */
    long n;
    struct slots slots;
} shelves[SHELVES] = {
    SHELF(0), SHELF(1), SHELF(2),  SHELF(3),  SHELF(4),  SHELF(5),  SHELF(6),  SHELF(7),
    SHELF(8), SHELF(9), SHELF(10), SHELF(11), SHELF(12), SHELF(13), SHELF(14), SHELF(15),
};

static bool is(const struct block *b, host_mem mem)
{
    return atomic_load_explicit(&b->slot.handle, memory_order_relaxed) == mem;
}

/* The block, not busy, and its shelf locked; NULL, and nothing locked, if the handle is not live. */
static struct block *find(host_mem mem, struct shelf **shelfp)
{
    unsigned tag = mem % SLOT_TAGS;
    struct shelf *shelf;
    struct block *b;

    if (tag < FIRST_TAG)
        return NULL;
    shelf = &shelves[tag - FIRST_TAG];
    b = (struct block *)(void *)slots_at(&shelf->slots, mem);
    if (!b)
        return NULL;
    pthread_mutex_lock(&shelf->lock);
    while (is(b, mem) && b->busy)
        pthread_cond_wait(&shelf->idle, &shelf->lock);
    if (!is(b, mem)) {
        pthread_mutex_unlock(&shelf->lock);
        return NULL;
    }
    *shelfp = shelf;
    return b;
}

/* Lends the store of a block that was found, for changes without the lock. */
static struct store borrow(struct shelf *shelf, struct block *b)
{
    struct store s = b->store;

    b->busy = true;
    pthread_mutex_unlock(&shelf->lock);
    return s;
}

static void give_back(struct shelf *shelf, struct block *b, const struct store *s, bool sealed)
{
    pthread_mutex_lock(&shelf->lock);
    b->store = *s;
    b->sealed = sealed;
    b->busy = false;
    pthread_cond_broadcast(&shelf->idle);
    pthread_mutex_unlock(&shelf->lock);
}

static host_mem enter(struct shelf *shelf, const struct store *s)
{
    struct block *b;
    host_mem mem = 0;

    pthread_mutex_lock(&shelf->lock);
    b = (struct block *)(void *)slots_take(&shelf->slots);
    if (b) {
        b->store = *s;
        b->locks = 0;
        b->origin = 0;
        b->busy = b->sealed = false;
        mem = b->slot.value;
        atomic_store_explicit(&b->slot.handle, mem, memory_order_relaxed);
        shelf->n++;
    }
    pthread_mutex_unlock(&shelf->lock);
    return mem;
}

/* Takes the store in every case. */
static host_mem block_new(struct store *s)
{
    uint32_t first = host_thread_id();
    host_mem mem = 0;

    for (uint32_t i = 0; i < SHELVES && !mem; i++)
        mem = enter(&shelves[(first + i) % SHELVES], s);
    if (!mem)
        store_deinit(s);
    return mem;
}

/* ---- The seam ------------------------------------------------------------------------------------- */

/* Fixed blocks are nothing special here: no block moves while it is locked. */
host_mem host_mem_alloc(size_t size, bool fixed)
{
    struct store s;

    (void)fixed;
    return size && store_init(&s, size) ? block_new(&s) : 0;
}

host_mem host_mem_resize(host_mem mem, size_t size)
{
    struct shelf *shelf;
    struct block *b = find(mem, &shelf);
    struct store s;
    bool done;

    if (!b)
        return 0;
    if (!size || b->locks) {
        pthread_mutex_unlock(&shelf->lock);
        return 0;
    }
    s = borrow(shelf, b);
    done = store_resize(&s, size);
    give_back(shelf, b, &s, b->sealed && !done);
    return done ? mem : 0;
}

void *host_mem_lock(host_mem mem)
{
    struct shelf *shelf;
    struct block *b = find(mem, &shelf);
    void *bytes;

    if (!b)
        return NULL;
    b->locks++;
    b->sealed = false; /* whoever locks it may write */
    bytes = b->store.bytes;
    pthread_mutex_unlock(&shelf->lock);
    return bytes;
}

void host_mem_unlock(host_mem mem)
{
    struct shelf *shelf;
    struct block *b = find(mem, &shelf);

    if (!b)
        return;
    if (b->locks)
        b->locks--;
    pthread_mutex_unlock(&shelf->lock);
}

size_t host_mem_size(host_mem mem)
{
    struct shelf *shelf;
    struct block *b = find(mem, &shelf);
    size_t size;

    if (!b)
        return 0;
    size = b->store.size;
    pthread_mutex_unlock(&shelf->lock);
    return size;
}

void host_mem_free(host_mem mem)
{
    struct shelf *shelf;
    struct block *b = find(mem, &shelf);
    struct store s;

    if (!b)
        return;
    s = b->store;
    b->store = (struct store){.fd = -1};
    atomic_store_explicit(&b->slot.handle, 0, memory_order_relaxed);
    slots_give(&shelf->slots, &b->slot);
    shelf->n--;
    pthread_mutex_unlock(&shelf->lock);
    store_deinit(&s);
}

/* ---- For other processes -------------------------------------------------------------------------- */

/* The file itself, if it has all the block's bytes; -1: it has not, or cannot be passed. */
static int share_file(host_mem mem, size_t *size)
{
    struct shelf *shelf;
    struct block *b = find(mem, &shelf);
    struct store s;
    int fd;

    if (!b)
        return -1;
    if (b->locks || !(b->store.place == IN_FILE || b->sealed)) {
        pthread_mutex_unlock(&shelf->lock);
        return -1;
    }
    s = borrow(shelf, b);
    fd = store_seal(&s);
    *size = s.size;
    give_back(shelf, b, &s, s.place == IN_VIEW && s.fd >= 0);
    return fd;
}

int mem_share(host_mem mem, size_t *size)
{
    int fd = share_file(mem, size);
    const char *bytes;

    if (fd >= 0)
        return fd;
    bytes = host_mem_lock(mem);
    if (!bytes) {
        errno = EINVAL;
        return -1;
    }
    *size = host_mem_size(mem);
    fd = copy_to_file(bytes, *size);
    host_mem_unlock(mem);
    return fd;
}

host_mem mem_adopt(int fd, size_t size)
{
    struct store s = {.place = IN_VIEW, .fd = -1, .bytes = view_of(fd, size), .size = size};

    return s.bytes ? block_new(&s) : 0;
}

void mem_set_origin(host_mem mem, uint64_t origin)
{
    struct shelf *shelf;
    struct block *b = find(mem, &shelf);

    if (!b)
        return;
    b->origin = origin;
    pthread_mutex_unlock(&shelf->lock);
}

uint64_t mem_origin(host_mem mem)
{
    struct shelf *shelf;
    struct block *b = find(mem, &shelf);
    uint64_t origin;

    if (!b)
        return 0;
    origin = b->origin;
    pthread_mutex_unlock(&shelf->lock);
    return origin;
}

long figure_blocks(void)
{
    long n = 0;

    for (unsigned i = 0; i < SHELVES; i++) {
        pthread_mutex_lock(&shelves[i].lock);
        n += shelves[i].n;
        pthread_mutex_unlock(&shelves[i].lock);
    }
    return n;
}
