/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* A DDE client in a GLib main loop: asks for Prices|London!Copper, then follows it through a hot link.
 *
 *   cc client.c $(pkg-config --cflags --libs ddeml glib-2.0)
 *   ./client [UPDATES]   prints the price, and so many updates (10); fails if there is no server within 10 s */

#include <glib-unix.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <winddeml.h>

enum { TIMEOUT_MS = 5000, RETRY_MS = 50, PATIENCE_S = 10 };

static GMainLoop *loop;
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
            g_main_loop_quit(loop);
        return (HDDEDATA)(UINT_PTR)DDE_FACK;
    }
    if (type == XTYP_DISCONNECT)
        g_main_loop_quit(loop);
    return 0;
}

/* All that GLib has to do for DDE. */
static gboolean dde_is_ready(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd, (void)condition, (void)data;
    DdemlDispatch(0);
    return G_SOURCE_CONTINUE;
}

/* The server may be starting up. Synchronous calls may be made from anywhere in the loop: they dispatch what DDE needs
 * meanwhile, and end when their time is up. */
static gboolean try_to_connect(gpointer data)
{
    HDDEDATA price;

    (void)data;
    conv = DdeConnect(inst, service, topic, NULL);
    if (!conv)
        return G_SOURCE_CONTINUE;
    price = DdeClientTransaction(NULL, 0, conv, item, CF_TEXT, XTYP_REQUEST, TIMEOUT_MS, NULL);
    if (price) {
        print_price("price  ", price);
        DdeFreeDataHandle(price);
    }
    if (!price || !DdeClientTransaction(NULL, 0, conv, item, CF_TEXT, XTYP_ADVSTART, TIMEOUT_MS, NULL))
        g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static gboolean time_is_up(gpointer data)
{
    (void)data;
    fprintf(stderr, "no server, or no updates\n");
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
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

    loop = g_main_loop_new(NULL, FALSE);
    g_unix_fd_add(fd, G_IO_IN, dde_is_ready, NULL);
    g_timeout_add(RETRY_MS, try_to_connect, NULL);
    g_timeout_add_seconds(PATIENCE_S, time_is_up, NULL);
    g_main_loop_run(loop);
    g_main_loop_unref(loop);

    if (conv)
        DdeDisconnect(conv); /* ends the hot link, too */
    return DdeUninitialize(inst) && !failed ? 0 : 1;
}
