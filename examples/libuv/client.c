/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* A DDE client in a libuv loop: asks for Prices|London!Copper, then follows it through a hot link.
 *
 *   cc client.c $(pkg-config --cflags --libs ddeml libuv)
 *   ./client [UPDATES]   prints the price, and so many updates (10); fails if there is no server within 10 s */

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>
#include <winddeml.h>

enum { TIMEOUT_MS = 5000, RETRY_MS = 50, PATIENCE_MS = 10000 };

static uv_loop_t loop;
static uv_poll_t dde;
static uv_timer_t retry, patience;
static DWORD inst;
static HSZ service, topic, item;
static HCONV conv;
static int updates, wanted = 10;
static int failed = 1;

static void print_price(const char *what, HDDEDATA data)
{
    char text[32] = "";

    DdeGetData(data, (LPBYTE)text, sizeof text - 1, 0);
    printf("%s %s\n", what, text);
}

static HDDEDATA CALLBACK callback(UINT type, UINT fmt, HCONV of, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR data1, ULONG_PTR data2)
{
    (void)fmt, (void)of, (void)hsz1, (void)hsz2, (void)data1, (void)data2;
    if (type == XTYP_ADVDATA && updates < wanted) {
        print_price("update ", data);
        failed = ++updates < wanted;
        if (!failed)
            uv_stop(&loop);
        return (HDDEDATA)(UINT_PTR)DDE_FACK;
    }
    if (type == XTYP_DISCONNECT)
        uv_stop(&loop);
    return 0;
}

/* All that libuv has to do for DDE. */
static void dde_is_ready(uv_poll_t *handle, int status, int events)
{
    (void)handle, (void)status, (void)events;
    DdemlDispatch(0);
}

/* The server may be starting up. Synchronous calls may be made from anywhere in the loop: they dispatch what DDE needs
 * meanwhile, and end when their time is up. */
static void try_to_connect(uv_timer_t *timer)
{
    HDDEDATA price;

    conv = DdeConnect(inst, service, topic, NULL);
    if (!conv)
        return;
    uv_timer_stop(timer);
    price = DdeClientTransaction(NULL, 0, conv, item, CF_TEXT, XTYP_REQUEST, TIMEOUT_MS, NULL);
    if (price) {
        print_price("price  ", price);
        DdeFreeDataHandle(price);
    }
    if (!price || !DdeClientTransaction(NULL, 0, conv, item, CF_TEXT, XTYP_ADVSTART, TIMEOUT_MS, NULL))
        uv_stop(&loop);
}

static void time_is_up(uv_timer_t *timer)
{
    (void)timer;
    fprintf(stderr, "no server, or no updates\n");
    uv_stop(&loop);
}

static void close_handles(void)
{
    uv_close((uv_handle_t *)&dde, NULL);
    uv_close((uv_handle_t *)&retry, NULL);
    uv_close((uv_handle_t *)&patience, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}

int main(int argc, char **argv)
{
    int fd;

    if (argc > 1)
        wanted = atoi(argv[1]);
    if (DdeInitializeA(&inst, callback, APPCMD_CLIENTONLY, 0) != DMLERR_NO_ERROR)
        return 1;
    service = DdeCreateStringHandleA(inst, "Prices", CP_WINANSI);
    topic = DdeCreateStringHandleA(inst, "London", CP_WINANSI);
    item = DdeCreateStringHandleA(inst, "Copper", CP_WINANSI);
    fd = DdemlGetFd();
    if (fd < 0)
        return 1;

    uv_loop_init(&loop);
    uv_poll_init(&loop, &dde, fd);
    uv_poll_start(&dde, UV_READABLE, dde_is_ready);
    uv_timer_init(&loop, &retry);
    uv_timer_start(&retry, try_to_connect, 0, RETRY_MS);
    uv_timer_init(&loop, &patience);
    uv_timer_start(&patience, time_is_up, PATIENCE_MS, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    close_handles(); /* the descriptor is the library's: libuv only lets go of it */

    if (conv)
        DdeDisconnect(conv); /* ends the hot link, too */
    return DdeUninitialize(inst) && !failed ? 0 : 1;
}
