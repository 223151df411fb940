/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What the system refuses between two processes: memory, descriptors, a line to write to. One rule per test. */

#include "partner.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/posix/figures.h"
#include "host/posix/frames.h"

/* The one after so many; 0: none. */
static atomic_uint no_malloc, no_calloc;

static atomic_uint no_blocks; /* so many are refused */

static atomic_bool no_packets; /* no memory for one that has to wait for room                     */
static atomic_bool no_line;    /* nothing can be written, for a reason that is not a lack of room */
static atomic_uint unsaid;     /* how often it could not                                          */
static atomic_size_t bytes_said;

static bool refuses(atomic_uint *which)
{
    unsigned n = atomic_load(which);

    return n && atomic_fetch_sub(which, 1) == 1;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return refuses(&no_malloc) || (no_packets && size >= FRAME_PACKET) ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
    return refuses(&no_calloc) ? NULL : __real_calloc(n, size);
}

host_mem __real_host_mem_alloc(size_t size, bool fixed);
host_mem __wrap_host_mem_alloc(size_t size, bool fixed);
host_mem __wrap_host_mem_alloc(size_t size, bool fixed)
{
    if (!no_blocks)
        return __real_host_mem_alloc(size, fixed);
    no_blocks--;
    return 0;
}

ssize_t __real_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags)
{
    ssize_t n;

    if (no_line) {
        unsaid++;
        errno = EMSGSIZE;
        return -1;
    }
    n = __real_sendmsg(fd, m, flags);
    bytes_said += n > 0 ? (size_t)n : 0;
    return n;
}

/* ---- The partner --------------------------------------------------------------------------------------- */

/* WINDOW: one that cannot be posted, and those after it. */
static void post_without_memory(const char *rest)
{
    host_wnd to = (host_wnd)strtoull(rest, NULL, 16);
    unsigned done, more;
    int r;

    no_packets = true;
    r = post_requests(to, partner_wnd(), 0, LIMIT, &done);
    no_packets = false;
    post_requests(to, partner_wnd(), done, 10, &more);
    say("%d %u %u", r, done, more);
}

/* WINDOW: some that are lost after they have been posted, and those after them: the first few are written at once,
 * those that follow are gathered. */
static void post_what_is_lost(const char *rest)
{
    host_wnd to = (host_wnd)strtoull(rest, NULL, 16);
    unsigned arrived, lost, more, before = unsaid;
    uint64_t until = host_now_ms() + TEST_PATIENCE_MS;

    post_requests(to, partner_wnd(), 0, 20, &arrived);
    no_line = true;
    post_requests(to, partner_wnd(), arrived, 4, &lost);
    while (unsaid == before && host_now_ms() < until)
        sched_yield();
    no_line = false;
    post_requests(to, partner_wnd(), arrived + lost - 1, 10, &more);
    say("%u", lost);
}

static const struct order orders[] = {
    {"post-without-memory", post_without_memory},
    {"post-what-is-lost", post_what_is_lost},
    {NULL, NULL},
};

/* ---- Rules ---------------------------------------------------------------------------------------------- */

static void an_equal_message_travels_as_a_reference_and_counts_like_any_other(void **state)
{
    enum { SIZE = 8192 };
    struct partner *p = partner_known();
    size_t said = bytes_said;
    unsigned posted = 0;
    struct host_msg m;
    host_mem mem;

    (void)state;
    test_process_stop(p->process);
    while (posted <= LIMIT && post_data(p, SIZE, &m, &mem) == HOST_OK) {
        host_mem_free(mem);
        posted++;
    }
    expect_unsent(&m, mem);
    assert_int_equal(posted, LIMIT);
    test_process_continue(p->process);
    do
        host_dispatch(HOST_ALL_MESSAGES, host_now_ms() + 10);
    while (partner_has_seen(p).n < LIMIT);
    assert_int_equal(partner_has_seen(p).spoilt, 0);
    assert_true(bytes_said - said < (size_t)LIMIT * 100);
}

static void a_message_that_could_not_be_posted_is_not_the_one_before(void **state)
{
    struct partner *p = partner_known();
    unsigned done, more;
    char line[TEST_LINE];
    int r;

    (void)state;
    partner_meets(p, own.wnd);
    partner_tell(p, "post-without-memory %llx", (unsigned long long)own.wnd);
    assert_true(test_process_hear(p->process, line, TEST_PATIENCE_MS));
    assert_int_equal(sscanf(line, "%d %u %u", &r, &done, &more), 3);
    assert_int_equal(r, HOST_FAULT);
    assert_int_equal(more, 10);
    expect(&own.seen.requests, done + more);
    assert_false(own.seen.out_of_order);
}

static void behind_a_message_that_is_lost_nothing_arrives(void **state)
{
    struct partner *p = partner_known();

    (void)state;
    partner_meets(p, own.wnd);
    partner_does(p, "4", "post-what-is-lost %llx", (unsigned long long)own.wnd);
    partner_expect_gone(p);
    assert_true(own.seen.requests > 0);
    assert_false(own.seen.out_of_order);
}

/* That nothing is left behind is what the sanitizer sees. */
static void one_whose_messages_there_is_no_memory_for_is_gone(void **state)
{
    const struct {
        atomic_uint *what;
        unsigned which;
    } refused[] = {{&no_malloc, 1}, {&no_calloc, 1}, {&no_calloc, 2}};

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct partner *p = partner_known();
        uint64_t until = host_now_ms() + TEST_PATIENCE_MS;
        char line[TEST_LINE];

        partner_meets(p, own.wnd);
        partner_tell(p, "post-others %llx 200", (unsigned long long)own.wnd);
        *refused[i].what = refused[i].which;
        while (*refused[i].what && host_now_ms() < until) /* they are not dispatched */
            host_dispatch(HOST_DDE_MESSAGES, host_now_ms() + 10);
        assert_int_equal(*refused[i].what, 0);
        partner_expect_gone(p);
        assert_true(test_process_hear(p->process, line, TEST_PATIENCE_MS));
    }
}

static bool is_memory_there(void *unused)
{
    (void)unused;
    return no_blocks == 0;
}

static void a_message_waits_for_memory_and_is_lost_if_there_is_none_for_long(void **state)
{
    enum { A_FEW = 5, TOO_MANY = 100 }; /* for one message */
    const struct {
        unsigned refused, arrive;
    } rounds[] = {{A_FEW, 3}, {3 * TOO_MANY, 0}, {A_FEW, 3}};
    struct partner *p = partner_known();
    struct told told = {0};
    host_wnd wnd = host_window_create(HOST_MOM, 0, true, write_down_value, &told);

    (void)state;
    partner_meets(p, wnd);
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++) {
        told.n = 0;
        partner_tell(p, "update %llx %llx 1", (unsigned long long)wnd, (unsigned long long)wnd);
        no_blocks = rounds[i].refused;
        test_process_expect(p->process, "ok");
        assert_true(test_pump_until(is_memory_there, NULL, TEST_PATIENCE_MS));
        expect(&told.n, rounds[i].arrive);
        while (host_dispatch(HOST_ALL_MESSAGES, 0))
            ;
        assert_int_equal(told.n, rounds[i].arrive);
        if (told.n)
            assert_true(told.from[0] == p->wnd && told.from[1] != p->wnd && told.from[2] == p->wnd);
    }
    host_window_destroy(wnd);
}

static void blocks_for_one_that_stands_still_use_up_nobodys_descriptors(void **state)
{
    enum { BLOCKS = 600, FEW = 100 };
    struct rlimit many, few;
    struct partner *p = partner_known();
    unsigned posted = 0;
    int r;

    (void)state;
    partner_does(p, "0", "few %d", FEW);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &many), 0);
    few = many;
    few.rlim_cur = FEW;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    test_process_stop(p->process);
    for (bool stopped = true; posted < BLOCKS;) {
        struct host_msg m;
        host_mem mem;

        r = post_data(p, 40000, &m, &mem);
        if (r == HOST_OK) {
            host_mem_free(mem);
            posted++;
            continue;
        }
        expect_unsent(&m, mem);
        if (r != HOST_FULL)
            break;
        if (stopped)
            test_process_continue(p->process);
        stopped = false;
        host_dispatch(HOST_ALL_MESSAGES, host_now_ms() + 1);
    }
    setrlimit(RLIMIT_NOFILE, &many);
    assert_int_equal(posted, BLOCKS);
    assert_true(host_window_alive(p->wnd));
    assert_int_equal(post_requests(p->wnd, own.wnd, 0, 1, &posted), HOST_OK);
    while (partner_has_seen(p).requests < 1)
        ;
    assert_int_equal(partner_has_seen(p).spoilt, 0);
    assert_int_equal(partner_has_seen(p).size, 40000);
}

static void without_descriptors_whoever_connects_has_to_wait_and_is_heard_then(void **state)
{
    struct partner *p = partner_start();
    struct rlimit many, none;
    int lowest;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &many), 0);
    none = many;
    lowest = dup(0);
    close(lowest);
    none.rlim_cur = (rlim_t)lowest;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    partner_tell(p, "meet %llx", (unsigned long long)own.wnd);
    for (int i = 0; i < 20; i++)
        host_dispatch(HOST_ALL_MESSAGES, host_now_ms() + 10);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &many), 0);
    test_process_expect(p->process, "1");
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        RULE(an_equal_message_travels_as_a_reference_and_counts_like_any_other),
        RULE(a_message_that_could_not_be_posted_is_not_the_one_before),
        RULE(behind_a_message_that_is_lost_nothing_arrives),
        RULE(one_whose_messages_there_is_no_memory_for_is_gone),
        RULE(a_message_waits_for_memory_and_is_lost_if_there_is_none_for_long),
        RULE(blocks_for_one_that_stands_still_use_up_nobodys_descriptors),
        RULE(without_descriptors_whoever_connects_has_to_wait_and_is_heard_then),
    };

    if (is_partner(argc, argv))
        return partner_run(orders);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
