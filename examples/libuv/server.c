/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* A DDE server in a libuv loop: Prices|London!Copper, with a new price every 20 ms.
 *
 *   cc server.c $(pkg-config --cflags --libs ddeml libuv)
 *   ./server          until it is interrupted
 *   ./server --once   until its first client has left */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>
#include <winddeml.h>

static uv_loop_t loop;
static uv_poll_t dde;
static uv_timer_t market;
static uv_signal_t interrupt;
static DWORD inst;
static HSZ service, topic, item;
static int price = 9800;
static int once;

static HDDEDATA price_data(HSZ of, UINT fmt)
{
    char text[16];

    snprintf(text, sizeof text, "%d", price);
    return DdeCreateDataHandle(inst, (LPBYTE)text, (DWORD)strlen(text) + 1, 0, of, fmt, 0);
}

/* Runs inside DdemlDispatch: on this thread, between other events. */
static HDDEDATA CALLBACK callback(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR data1, ULONG_PTR data2)
{
    (void)conv, (void)hsz1, (void)data, (void)data1, (void)data2;
    switch (type) {
    case XTYP_CONNECT:
    case XTYP_ADVSTART:
        return (HDDEDATA)TRUE;
    case XTYP_REQUEST:
    case XTYP_ADVREQ:
        return price_data(hsz2, fmt);
    case XTYP_DISCONNECT:
        if (once)
            uv_stop(&loop);
        return 0;
    default:
        return 0;
    }
}

/* All that libuv has to do for DDE. */
static void dde_is_ready(uv_poll_t *handle, int status, int events)
{
    (void)handle, (void)status, (void)events;
    DdemlDispatch(0);
}

static void market_moves(uv_timer_t *timer)
{
    (void)timer;
    price++;
    DdePostAdvise(inst, topic, item); /* to all who have a hot link; nothing if nobody has */
}

static void interrupted(uv_signal_t *handle, int number)
{
    (void)handle, (void)number;
    uv_stop(&loop);
}

static void close_handles(void)
{
    uv_close((uv_handle_t *)&dde, NULL);
    uv_close((uv_handle_t *)&market, NULL);
    uv_close((uv_handle_t *)&interrupt, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}

int main(int argc, char **argv)
{
    int fd;

    once = argc > 1 && strcmp(argv[1], "--once") == 0;
    if (DdeInitializeA(&inst, callback, APPCLASS_STANDARD, 0) != DMLERR_NO_ERROR)
        return 1;
    service = DdeCreateStringHandleA(inst, "Prices", CP_WINANSI);
    topic = DdeCreateStringHandleA(inst, "London", CP_WINANSI);
    item = DdeCreateStringHandleA(inst, "Copper", CP_WINANSI);
    fd = DdemlGetFd();
    if (fd < 0 || !DdeNameService(inst, service, 0, DNS_REGISTER))
        return 1;

    uv_loop_init(&loop);
    uv_poll_init(&loop, &dde, fd);
    uv_poll_start(&dde, UV_READABLE, dde_is_ready);
    uv_timer_init(&loop, &market);
    uv_timer_start(&market, market_moves, 20, 20);
    uv_signal_init(&loop, &interrupt);
    uv_signal_start(&interrupt, interrupted, SIGINT);
    uv_run(&loop, UV_RUN_DEFAULT);
    close_handles(); /* the descriptor is the library's: libuv only lets go of it */

    return DdeUninitialize(inst) ? 0 : 1; /* frees the strings, too */
}
