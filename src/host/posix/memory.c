/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#define _GNU_SOURCE /* memory descriptors */

#include "host/posix/memory.h"

#include "host/posix/figures.h"
#include "host/posix/slots.h"
#include "host/posix/user.h"

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
 * A block is looked up and locked without its shelf's lock: its handle says, before and after, whether it is
 * still the one that is meant. The lock is for making and freeing blocks, and for waiting: while the system is
 * called to change a block that nobody has locked, it is busy, and whoever wants it waits. */

/* ---- The heap ------------------------------------------------------------------------------------- */

enum { SMALL = 1024 };

/* calloc knows which large pieces are zero already, but takes much longer than malloc over small ones. The heap
 * rounds up as well; without that the compiler would join malloc and memset to a calloc. */
void *zeros_new(size_t size)
{
    void *p;

    if (size > SMALL)
        return calloc(1, size);
    p = malloc((size + 7) & ~(size_t)7);
    return p ? memset(p, 0, size) : NULL;
}

size_t mem_large = (size_t)32 * 1024 * 1024;

/* ---- Where the bytes are -------------------------------------------------------------------------- */

enum { FILES = 128 }; /* so many descriptors at most are kept for blocks: the program needs some, too */

enum place {
    ON_HEAP,
    IN_SLOT, /* where the block itself stands: most are the parameters of a message, or a short text */
    IN_FILE, /* a file of its own, open (fd)                                                */
    IN_VIEW, /* a private view of a sealed file; fd: of the file if it is our own, else -1   */
};

struct store {
    enum place place;
    int fd;
    char *bytes;
    size_t size;
};

/* Up to so many bytes stand in the slot; none if a sanitizer is to see who goes beyond the end. */
enum {
    SLOT_ROOM = 48,
#ifdef __SANITIZE_ADDRESS__
    MOST_IN_SLOT = 0,
#else
    MOST_IN_SLOT = SLOT_ROOM,
#endif
};

static atomic_uint files;

void descriptor_close(int fd)
{
    int former;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &former);
    close(fd);
    pthread_setcancelstate(former, NULL);
}

static void close_file(struct store *s)
{
    if (s->fd < 0)
        return;
    descriptor_close(s->fd);
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
    if (size >= mem_large && file_init(s, size))
        return true;
    *s = (struct store){.place = ON_HEAP, .fd = -1, .bytes = zeros_new(size), .size = size};
    return s->bytes;
}

static void store_deinit(struct store *s)
{
    if (s->place == ON_HEAP)
        free(s->bytes);
    else if (s->place != IN_SLOT)
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
    bool becomes_large = size >= mem_large && s->size < mem_large;

    if (s->place == IN_SLOT || s->place == IN_VIEW || (s->place == ON_HEAP && becomes_large))
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
    struct slot slot;   /* first; the handle comes last and goes first      */
    struct store store; /* of whoever has made it busy; what others see is: */
    _Atomic(char *) bytes;
    atomic_size_t size;
    atomic_size_t locks; /* or BUSY                                                                   */
    _Atomic uint64_t origin;
    atomic_bool sealed; /* the store's file has all its bytes: nobody can have written since it was sealed */
    max_align_t room[(SLOT_ROOM + sizeof(max_align_t) - 1) / sizeof(max_align_t)];
};

static const size_t BUSY = SIZE_MAX;

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
    return atomic_load(&b->slot.handle) == mem;
}

static struct shelf *shelf_of(host_mem mem)
{
    return &shelves[mem % SLOT_TAGS - FIRST_TAG];
}

/* NULL if the handle is not live. */
static inline struct block *find(host_mem mem)
{
    struct block *b = NULL;

    if (mem % SLOT_TAGS >= FIRST_TAG)
        b = (struct block *)(void *)slots_at(&shelf_of(mem)->slots, mem);
    return b && is(b, mem) ? b : NULL;
}

/* What is seldom needed is kept apart, so that the rest is short. */
#define SELDOM __attribute__((cold, noinline))

static SELDOM size_t wait_for_idle(host_mem mem, struct block *b)
{
    size_t locks;

    pthread_mutex_lock(&shelf_of(mem)->lock);
    while ((locks = atomic_load(&b->locks)) == BUSY)
        pthread_cond_wait(&shelf_of(mem)->idle, &shelf_of(mem)->lock);
    pthread_mutex_unlock(&shelf_of(mem)->lock);
    return locks;
}

/* The number of locks, once the block is not busy. */
static inline size_t idle_locks(host_mem mem, struct block *b)
{
    size_t locks = atomic_load(&b->locks);

    return locks != BUSY ? locks : wait_for_idle(mem, b);
}

static SELDOM void count_contended_lock(host_mem mem, struct block *b)
{
    size_t locks;

    do {
        locks = idle_locks(mem, b);
    } while (!atomic_compare_exchange_weak(&b->locks, &locks, locks + 1));
}

static SELDOM void discount_contended_lock(host_mem mem, struct block *b)
{
    size_t locks;

    do {
        locks = idle_locks(mem, b);
    } while (locks && !atomic_compare_exchange_weak(&b->locks, &locks, locks - 1));
}

/* false: others are at it as well. */
static inline bool count_lock(struct block *b)
{
    size_t locks = atomic_load_explicit(&b->locks, memory_order_relaxed);

    return locks != BUSY && atomic_compare_exchange_strong(&b->locks, &locks, locks + 1);
}

static inline bool discount_lock(struct block *b)
{
    size_t locks = atomic_load_explicit(&b->locks, memory_order_relaxed);

    return !locks || (locks != BUSY && atomic_compare_exchange_strong(&b->locks, &locks, locks - 1));
}

static void show(struct block *b, const struct store *s, bool sealed)
{
    b->store = *s;
    atomic_store_explicit(&b->bytes, s->bytes, memory_order_relaxed);
    atomic_store_explicit(&b->size, s->size, memory_order_relaxed);
    atomic_store_explicit(&b->sealed, sealed, memory_order_relaxed);
}

static void be_idle(host_mem mem, struct block *b)
{
    pthread_mutex_lock(&shelf_of(mem)->lock);
    atomic_store(&b->locks, 0);
    pthread_cond_broadcast(&shelf_of(mem)->idle);
    pthread_mutex_unlock(&shelf_of(mem)->lock);
}

/* Lends the store for changes: the block is busy. NULL: it is locked, or the handle is not live. */
static struct block *borrow(host_mem mem, struct store *s)
{
    struct block *b = find(mem);
    size_t no_locks = 0;

    if (!b || idle_locks(mem, b) || !atomic_compare_exchange_strong(&b->locks, &no_locks, BUSY))
        return NULL;
    if (!is(b, mem)) {
        be_idle(mem, b);
        return NULL;
    }
    *s = b->store;
    return b;
}

static void give_back(host_mem mem, struct block *b, const struct store *s, bool sealed)
{
    show(b, s, sealed);
    be_idle(mem, b);
}

static host_mem enter(struct shelf *shelf, struct store *s)
{
    struct block *b;
    host_mem mem = 0;

    pthread_mutex_lock(&shelf->lock);
    b = (struct block *)(void *)slots_take(&shelf->slots);
    if (b) {
        if (s->place == IN_SLOT)
            s->bytes = memset(b->room, 0, sizeof b->room);
        show(b, s, false);
        atomic_store_explicit(&b->locks, 0, memory_order_relaxed);
        atomic_store_explicit(&b->origin, 0, memory_order_relaxed);
        mem = b->slot.value;
        atomic_store_explicit(&b->slot.handle, mem, memory_order_release);
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
    struct store s = {.place = IN_SLOT, .fd = -1, .size = size};

    (void)fixed;
    if (size == 0 || (size > MOST_IN_SLOT && !store_init(&s, size)))
        return 0;
    return block_new(&s);
}

host_mem host_mem_resize(host_mem mem, size_t size)
{
    struct store s;
    struct block *b = size ? borrow(mem, &s) : NULL;
    bool done, sealed;

    if (!b)
        return 0;
    sealed = atomic_load(&b->sealed);
    done = store_resize(&s, size);
    give_back(mem, b, &s, sealed && !done);
    return done ? mem : 0;
}

static SELDOM void *locked_too_late(host_mem mem, struct block *b)
{
    discount_contended_lock(mem, b);
    return NULL;
}

/* Its lock has been counted. */
static inline void *locked(host_mem mem, struct block *b)
{
    if (!is(b, mem))
        return locked_too_late(mem, b);
    if (atomic_load_explicit(&b->sealed, memory_order_relaxed))
        atomic_store(&b->sealed, false); /* whoever locks it may write */
    return atomic_load_explicit(&b->bytes, memory_order_relaxed);
}

static SELDOM void *lock_contended(host_mem mem, struct block *b)
{
    count_contended_lock(mem, b);
    return locked(mem, b);
}

void *host_mem_lock(host_mem mem)
{
    struct block *b = find(mem);

    if (!b)
        return NULL;
    return count_lock(b) ? locked(mem, b) : lock_contended(mem, b);
}

void host_mem_unlock(host_mem mem)
{
    struct block *b = find(mem);

    if (b && !discount_lock(b))
        discount_contended_lock(mem, b);
}

size_t host_mem_size(host_mem mem)
{
    struct block *b = find(mem);
    size_t size = 0;

    if (b) {
        idle_locks(mem, b);
        size = atomic_load_explicit(&b->size, memory_order_acquire);
    }
    return b && is(b, mem) ? size : 0;
}

/* Whoever takes the handle away frees the block. A change that had begun before ends first; none begins now. */
void host_mem_free(host_mem mem)
{
    struct block *b = find(mem);
    uintptr_t handle = mem;
    struct shelf *shelf;
    struct store s;

    if (!b || !atomic_compare_exchange_strong(&b->slot.handle, &handle, 0))
        return;
    idle_locks(mem, b);
    s = b->store;
    shelf = shelf_of(mem);
    pthread_mutex_lock(&shelf->lock);
    slots_give(&shelf->slots, &b->slot);
    shelf->n--;
    pthread_mutex_unlock(&shelf->lock);
    store_deinit(&s);
}

/* ---- For other processes -------------------------------------------------------------------------- */

/* The file itself, if it has all the block's bytes; -1: it has not, or cannot be passed. */
static int share_file(host_mem mem, size_t *size)
{
    struct store s;
    struct block *b = borrow(mem, &s);
    bool sealed;
    int fd = -1;

    if (!b)
        return -1;
    sealed = atomic_load(&b->sealed);
    if (s.place == IN_FILE || sealed) {
        fd = store_seal(&s);
        sealed = s.place == IN_VIEW && s.fd >= 0;
    }
    *size = s.size;
    give_back(mem, b, &s, sealed);
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
    struct block *b = find(mem);

    if (b)
        atomic_store(&b->origin, origin);
}

uint64_t mem_origin(host_mem mem)
{
    struct block *b = find(mem);
    uint64_t origin = b ? atomic_load(&b->origin) : 0;

    return b && is(b, mem) ? origin : 0;
}

void shelves_hold(bool hold)
{
    for (unsigned i = 0; i < SHELVES; i++)
        (hold ? pthread_mutex_lock : pthread_mutex_unlock)(&shelves[i].lock);
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

/* ---- For user.c ----------------------------------------------------------------------------------- */

size_t mem_locks(host_mem mem)
{
    struct block *b = find(mem);
    size_t locks = b ? idle_locks(mem, b) : 0;

    return b && is(b, mem) ? locks : 0;
}

static host_mem find_bytes(struct shelf *shelf, const void *bytes)
{
    for (uint32_t i = 0; i < shelf->slots.used; i++) {
        struct block *b = (struct block *)(void *)slots_at(&shelf->slots, (uintptr_t)i << SLOT_TAG_BITS);
        host_mem mem = atomic_load_explicit(&b->slot.handle, memory_order_relaxed);
        if (mem && atomic_load_explicit(&b->bytes, memory_order_relaxed) == bytes)
            return mem;
    }
    return 0;
}

host_mem mem_of(const void *bytes)
{
    host_mem mem = 0;

    for (unsigned i = 0; bytes && i < SHELVES && !mem; i++) {
        pthread_mutex_lock(&shelves[i].lock);
        mem = find_bytes(&shelves[i], bytes);
        pthread_mutex_unlock(&shelves[i].lock);
    }
    return mem;
}
