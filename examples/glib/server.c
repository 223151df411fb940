/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* A DDE server in a GLib main loop: Prices|London!Copper, with a new price every 20 ms.
 *
 *   cc server.c $(pkg-config --cflags --libs ddeml glib-2.0)
 *   ./server          until it is interrupted
 *   ./server --once   until its first client has left */

#include <glib-unix.h>
#include <glib.h>
#include <winddeml.h>

static GMainLoop *loop;
static DWORD inst;
static HSZ service, topic, item;
static int price = 9800;
static gboolean once;

static HDDEDATA price_data(HSZ of, UINT fmt)
{
    char text[16];

    g_snprintf(text, sizeof text, "%d", price);
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
            g_main_loop_quit(loop);
        return 0;
    default:
        return 0;
    }
}

/* All that GLib has to do for DDE. */
static gboolean dde_is_ready(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd, (void)condition, (void)data;
    DdemlDispatch(0);
    return G_SOURCE_CONTINUE;
}

static gboolean market_moves(gpointer data)
{
    (void)data;
    price++;
    DdePostAdvise(inst, topic, item); /* to all who have a hot link; nothing if nobody has */
    return G_SOURCE_CONTINUE;
}

static gboolean interrupted(gpointer data)
{
    (void)data;
    g_main_loop_quit(loop);
    return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
    int fd;

    once = argc > 1 && g_str_equal(argv[1], "--once");
    if (DdeInitializeA(&inst, callback, APPCLASS_STANDARD, 0) != DMLERR_NO_ERROR)
        return 1;
    service = DdeCreateStringHandleA(inst, "Prices", CP_WINANSI);
    topic = DdeCreateStringHandleA(inst, "London", CP_WINANSI);
    item = DdeCreateStringHandleA(inst, "Copper", CP_WINANSI);
    fd = DdemlGetFd();
    if (fd < 0 || !DdeNameService(inst, service, 0, DNS_REGISTER))
        return 1;

    loop = g_main_loop_new(NULL, FALSE);
    g_unix_fd_add(fd, G_IO_IN, dde_is_ready, NULL);
    g_timeout_add(20, market_moves, NULL);
    g_unix_signal_add(SIGINT, interrupted, NULL);
    g_main_loop_run(loop);
    g_main_loop_unref(loop);

    return DdeUninitialize(inst) ? 0 : 1; /* frees the strings, too */
}
