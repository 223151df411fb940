/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "apart/apart.h"
#include "host/posix/frames.h"
#include "leak/counters.h"
#include "leak/pair.h"
#include "support/support.h"

static void add_copies(struct counters *now)
{
    now->blocks += apart_blocks();
    now->bytes += apart_bytes();
}

/* As counters_settle does it in one process, here in those that scenarios use. */
enum { USED = 2, MOST_BLOCKS = 45000, TABLES = 16, MOST_POSTS = 1000 };

static void fill_table(void *copy)
{
    static host_mem mem[MOST_BLOCKS];
    const struct apart_copy *inside = copy_at(*(unsigned *)copy)->inside;

    for (size_t i = 0; i < MOST_BLOCKS; i++)
        mem[i] = inside->host_mem_alloc(1, false);
    for (size_t i = 0; i < MOST_BLOCKS; i++)
        inside->host_mem_free(mem[i]);
}

static void take_nothing(void *ctx, const struct host_msg *msg)
{
    (void)ctx, (void)msg;
}

static void fill_queue(void *copy)
{
    const struct apart_copy *inside = copy_at(*(unsigned *)copy)->inside;
    host_wnd wnd = inside->host_window_create(HOST_PLAIN, 0, true, take_nothing, NULL);
    struct host_msg msg = {.to = wnd, .id = WM_DDE_TERMINATE};

    for (int i = 0; i < MOST_POSTS; i++)
        inside->host_post(&msg);
    while (inside->host_take(wnd, &msg))
        ;
    inside->host_window_destroy(wnd);
}

/* A process keeps a small record for each of the lanes on which another one posts; threads take them in turns. */
static void converse(void *unused)
{
    (void)unused;
    server_open(0);
    client_open();
    pair_connect();
    pair_transact_all(SYNC_MS, 1);
    side_close(&client);
    side_close(&server);
}

static void settle(void)
{
    for (unsigned copy = 0; copy < USED; copy++) {
        fill_queue(&copy);
        for (int i = 0; i < TABLES; i++)
            test_thread_join(test_thread_start(fill_table, &copy));
    }
    for (int i = 0; i < 2 * FRAME_LANES; i++)
        test_thread_join(test_thread_start(converse, NULL));
}

__attribute__((constructor)) static void count_copies(void)
{
    counters_elsewhere = add_copies;
    counters_settle_elsewhere = settle;
}
