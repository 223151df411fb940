/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* A DDE server in a program that has no loop: the library keeps a thread for it. Prices|London!Copper, with a new
 * price every 20 ms, for so many seconds or until the first client has left. Runs on Windows, too.
 *
 *   cc server.c $(pkg-config --cflags --libs ddeml)
 *   ./server [SECONDS] */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winddeml.h>
#ifdef _WIN32
#include <windows.h>
#else
#include <time.h>
#endif

enum { PERIOD_MS = 20, TIMEOUT_MS = 5000 };

/* Used on the service thread alone. */
static DWORD inst;
static HSZ service, topic, item;
static int price = 9800;

static atomic_bool client_has_left;

static HDDEDATA price_data(HSZ of, UINT fmt)
{
    char text[16];

    snprintf(text, sizeof text, "%d", price);
    return DdeCreateDataHandle(inst, (LPBYTE)text, (DWORD)strlen(text) + 1, 0, of, fmt, 0);
}

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
        client_has_left = true;
        return 0;
    default:
        return 0;
    }
}

/* The first that the thread does. */
static void CALLBACK open_shop(LPVOID ok)
{
    if (DdeInitializeA(&inst, callback, APPCLASS_STANDARD, 0) != DMLERR_NO_ERROR)
        return;
    service = DdeCreateStringHandleA(inst, "Prices", CP_WINANSI);
    topic = DdeCreateStringHandleA(inst, "London", CP_WINANSI);
    item = DdeCreateStringHandleA(inst, "Copper", CP_WINANSI);
    *(bool *)ok = DdeNameService(inst, service, 0, DNS_REGISTER) != 0;
}

/* What else is done with the instance is brought to its thread. */
static void CALLBACK set_price(LPVOID value)
{
    price = *(int *)value;
    DdePostAdvise(inst, topic, item);
}

static void CALLBACK nothing(LPVOID unused)
{
    (void)unused;
}

static void pause_for(int ms)
{
#ifdef _WIN32
    Sleep((DWORD)ms);
#else
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
#endif
}

int main(int argc, char **argv)
{
    int seconds = argc > 1 ? atoi(argv[1]) : 10, value = price;
    DWORD thread;
    bool open = false;

    if (DdemlStartThread(open_shop, &open, &thread) != DMLERR_NO_ERROR)
        return 1;
    if (DdemlCallThread(thread, nothing, NULL, TIMEOUT_MS) != DMLERR_NO_ERROR || !open)
        return 1; /* behind open_shop */

    /* Here the program does what it is made for. */
    for (int i = 0; i < seconds * 1000 / PERIOD_MS && !client_has_left; i++) {
        pause_for(PERIOD_MS);
        value++;
        if (DdemlCallThread(thread, set_price, &value, TIMEOUT_MS) != DMLERR_NO_ERROR)
            return 1;
    }

    /* Uninitialises what is left on the thread. */
    return DdemlStopThread(thread, TIMEOUT_MS) == DMLERR_NO_ERROR ? 0 : 1;
}
