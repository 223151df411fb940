/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* How does a synchronous request of 32 bytes between two threads compare with the least that two threads can do: to
 * wake each other up by an eventfd? */

#include <sys/eventfd.h>
#include <unistd.h>

#include "bench/bench.h"

static struct bench_pair pair;
static HCONV conv;

static void request(void *arg, size_t n)
{
    (void)arg;
    while (n--)
        bench_request(&pair, conv);
}

static int there, back;

static uint64_t take(int fd)
{
    uint64_t value = 0;

    if (read(fd, &value, sizeof value) != sizeof value)
        bench_fail("eventfd");
    return value;
}

static void give(int fd, uint64_t value)
{
    if (write(fd, &value, sizeof value) != sizeof value)
        bench_fail("eventfd");
}

enum { GO_ON = 1, STOP };

static void echo(void *arg)
{
    (void)arg;
    while (take(there) == GO_ON)
        give(back, GO_ON);
}

static void ping(void *arg, size_t n)
{
    (void)arg;
    while (n--) {
        give(there, GO_ON);
        take(back);
    }
}

int main(int argc, char **argv)
{
    struct bench_side sides[] = {
        {.run = request, .n = 100},
        {.name = "eventfd there and back", .run = ping, .n = 100},
    };
    struct test_thread *thread;

    bench_begin(argc, argv);
    there = eventfd(0, EFD_CLOEXEC);
    back = eventfd(0, EFD_CLOEXEC);
    bench_open(&pair, BENCH_THREADS);
    conv = bench_connect(&pair);
    thread = test_thread_start(echo, NULL);
    bench_take_turns(sides, 2);
    bench_compare("Synchronous request of 32 bytes, two threads", &sides[0], &sides[1], RATIO_AT_LEAST, 0.7);
    give(there, STOP);
    test_thread_join(thread);
    bench_close(&pair);
    return 0;
}
