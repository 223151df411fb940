/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_LEAK_PAIR_H
#define TESTS_LEAK_PAIR_H

/* A client and a server to leak with. Only the documented API is used, so that the same source runs over the
 * system's DDEML. Each side is touched by one thread alone; mostly that is the same one, which makes every
 * run the same. */

#include "support/support.h"

enum { ITEMS = 4 };

/* Something that the library needs is refused on purpose: results are open then, and who waits for an answer
 * that has become impossible waits for a moment only. */
extern bool pair_lenient;

#define SYNC_MS pair_patience()
DWORD pair_patience(void);

/* What has to be so unless something is refused. */
#define expect(well) pair_expect((well), #well, __FILE__, __LINE__)
void pair_expect(bool well, const char *what, const char *file, int line);

struct call {
    UINT type, fmt;
    HCONV conv;
    HSZ item;
    HDDEDATA data;
};

struct side {
    DWORD inst;
    HSZ service, topic, item[ITEMS];
    HCONV conv;           /* the conversation; 0 once it has ended */
    bool keeps;           /* a server's values are HDATA_APPOWNED   */
    HDDEDATA kept[ITEMS]; /* those                                  */
    volatile int calls[16];
    /* Asked first; NULL or false: the usual answer. */
    bool (*answer)(struct side *s, const struct call *call, HDDEDATA *result);
};

extern struct side client, server;

#define KIND(type) (((type)&XTYP_MASK) >> XTYP_SHIFT)

/* Makes the instance and its strings on the calling thread; a server registers its service, too. What `keeps`
 * and `answer` say beforehand holds. */
void client_open(void);
void server_open(DWORD flags);

/* Frees all of that, unless DdeUninitialize has been called for it already. */
void side_close(struct side *s);

/* DdeUninitialize alone: strings and data are left to the library. */
void side_drop(struct side *s);

/* The conversation; server.conv is the other end of it once the server has confirmed. */
void pair_connect(void);

/* One transaction of client.conv; false if it failed. What a REQUEST brings is freed. */
bool pair_transact(UINT type, unsigned item, DWORD timeout);

/* REQUEST, POKE, EXECUTE, ADVSTART and ADVSTOP of the last item, so many times. */
void pair_transact_all(DWORD timeout, unsigned times);

void pair_update(unsigned items, unsigned times);

/* DdeDisconnect, if there is a conversation. */
void side_end(struct side *s);

/* ---- The case of Q170626 --------------------------------------------------------------------------- */

struct q170626 {
    UINT loop; /* XTYPF_ flags */
    unsigned updates;
    enum { STOP_NOT, STOP_ASYNC, STOP_SYNC } stop; /* ADVSTOP before the end; async: posted only */
};

/* Connects, starts a loop, lets the server post updates, disconnects before they have been taken, and then
 * lets both sides have all their messages. False if ADVSTOP failed: the system's does with updates queued. */
bool q170626_cycle(const struct q170626 *how);

#endif
