/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_PARTY_H
#define TESTS_PARTY_H

/* A party is an instance that writes down every callback and answers willingly: it accepts conversations and
 * loops, acknowledges what it is sent and gives its value to whoever asks. A test's hook may answer instead.
 * Public functions only. */

#include "support/support.h"

#define SERVICE "Quotes"
#define TOPIC   "Stocks"
#define ITEM    "ACME"

struct party;

/* One callback as it was received; texts and data are copies of what the handles stood for. */
struct call {
    unsigned order; /* over all parties */
    UINT type, fmt;
    HCONV conv;
    HSZ hsz1, hsz2;
    HDDEDATA data;
    ULONG_PTR data1, data2;
    char text1[256], text2[256]; /* "" for no handle */
    DWORD size;                  /* of the data */
    unsigned char bytes[64];     /* its beginning */
    CONVCONTEXT context;         /* CONNECT, WILDCONNECT: what data1 pointed to */
};

/* True: *result is the answer. False: the party answers in its usual way. */
typedef bool party_hook(struct party *p, const struct call *call, HDDEDATA *result);

struct party {
    DWORD id;
    party_hook *hook;
    const char *value; /* what REQUEST and ADVREQ are answered with; NULL: nothing */
    HCONV server;      /* the conversation that was confirmed last                 */
    void *arg;         /* the test's own                                           */
    struct call *calls;
    unsigned n, room;
    volatile int woken; /* for hooks: "what was waited for has happened" */
};

struct party *party_open(DWORD flags);      /* DdeInitializeA */
struct party *party_open_wide(DWORD flags); /* DdeInitializeW */
/* Initialises and registers SERVICE. */
struct party *party_serve(DWORD flags);
/* Uninitialises; what was written down stays readable. */
void party_close(struct party *p);

/* Teardown of every test: closes what this thread has left open, and forgets all; then nothing may be left.
 */
int parties_down(void **state);
#define rule(section, function) rule_with(section, function, NULL, parties_down)
/* The same for a test that is named by something else. */
#define party_test(function) cmocka_unit_test_teardown(function, parties_down)

/* Text of this party as a handle; DdeUninitialize releases it. */
HSZ party_text(struct party *p, const char *text);
void party_register(struct party *p, const char *service);
/* Client side of a conversation; fails the test if there is none. NULL stands for any. */
HCONV party_connect(struct party *client, const char *service, const char *topic);

/* Transactions on item ITEM in CF_TEXT unless they say otherwise. The party's value has its null with it. */
HDDEDATA party_transact(struct party *client, HCONV conv, UINT type, DWORD timeout, DWORD *result);
HDDEDATA party_send(struct party *client, HCONV conv, UINT type, const char *text, DWORD timeout,
                    DWORD *result);
/* A data handle of this party for item and format. */
HDDEDATA party_data(struct party *p, const char *text, HSZ item, UINT fmt, UINT flags);
BOOL party_post(struct party *server, const char *topic, const char *item);

/* What was written down. */
unsigned party_count(const struct party *p, UINT type);
const struct call *party_call(const struct party *p, UINT type,
                              unsigned nth); /* from 0; fails if there is none */
const struct call *party_last(const struct party *p, UINT type);
void party_forget(struct party *p);

/* Takes the last error, which must be this. */
#define assert_error(party, error) assert_int_equal(DdeGetLastError((party)->id), (error))

/* A party on a thread of its own, which dispatches messages until it is stopped. */
struct remote {
    struct party *party; /* to be looked at only by that thread, or after remote_stop */
    DWORD flags;
    void (*prepare)(struct party *p); /* runs there first; may be NULL */
    struct test_thread *thread;
    struct test_event *ready, *stop, *done;
};
void remote_start(struct remote *r, DWORD flags, void (*prepare)(struct party *p));
/* Uninitialises it there while this thread dispatches, and waits for its end. */
void remote_stop(struct remote *r);

#endif
