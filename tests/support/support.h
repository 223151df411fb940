/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

/* What test programs share: message loops, threads and the look into the ledger, the same on every system. On
 * Windows the loops are those of any program, so that a test can also run against the system's own DDEML. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "winddeml.h"

/* A test of a rule of docs/conformance.md: CMocka names it by the section, then by the function. */
#define rule_with(section, function, setup, teardown)                                                        \
    {                                                                                                        \
        section " " #function, function, setup, teardown, NULL                                               \
    }

/* How long a test waits for something that must happen. Only a failing test waits that long. */
#define TEST_PATIENCE_MS 20000

/* Dispatches this thread's messages until done(arg) or until ms are over; returns done(arg). */
bool test_pump_until(bool (*done)(void *arg), void *arg, unsigned ms);

/* Dispatches this thread's messages until *flag is nonzero; fails the test after TEST_PATIENCE_MS. */
void test_pump_for(const volatile int *flag);

/* Dispatches what waits for this thread, and what that brings about, until nothing is left. */
void test_pump_all(void);

/* Is every party, and every other partner, a process of its own as far as the library knows? (tests/apart) */
extern bool test_apart;
/* Then: counts and names what these processes hold apart from the ledger. */
extern unsigned (*test_apart_left)(void);

/* For what only parties of one process or of one thread can do or know. */
#define skip_if_apart(reason)                                                                                \
    do {                                                                                                     \
        if (test_apart)                                                                                      \
            skip();                                                                                          \
    } while (0)

/* Lets all instances have the news of services. Those of other processes get them later, like what is posted. */
void test_news(void);

/* What DdeQueryConvInfo tells of a conversation; fails the test if it tells less than all. */
CONVINFO info_of(HCONV conv);

/* Milliseconds of a clock that never goes back. */
uint64_t test_now_ms(void);

/* Threads. The function runs on a thread of its own; join waits for it and frees the record. */
struct test_thread;
struct test_thread *test_thread_start(void (*run)(void *arg), void *arg);
void test_thread_join(struct test_thread *t);

/* Events between threads: once set, an event stays set until it is reset. */
struct test_event;
struct test_event *test_event_new(void);
void test_event_free(struct test_event *e);
void test_event_set(struct test_event *e);
void test_event_reset(struct test_event *e);
bool test_event_wait(struct test_event *e, unsigned ms); /* without dispatching messages */
/* The same, dispatching this thread's messages meanwhile. */
bool test_event_pump(struct test_event *e, unsigned ms);

#ifndef TEST_SYSTEM_DDEML
/* Fails the test, naming each column, unless the process's ledger is all zeros. For the teardown of every
 * test. */
void test_ledger_is_empty(void);
#endif

#endif
