/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_INTEROP_AGENT_H
#define TESTS_INTEROP_AGENT_H

/* A party of the matrix: a program that speaks DDE in one of the ways there are, and does what it is told in lines,
 * each of which it answers by one. agent.c is the same in all of them: the lines, the loop, what is counted and what is
 * noted. The verbs are in ddeml.c, by the DDEML that the program is linked with, and in raw.c, by messages alone.
 *
 * A party serves Price, a text, and Large. Whatever concerns Refused it refuses; it is busy with what concerns Busy. */

#include <stdbool.h>
#include <stddef.h>

#include <windows.h>

enum {
    CONVS = 8,         /* that it can have as a client, by number */
    LARGE_SIZE = 60000 /* bytes of Large                          */
};

#define REFUSED "Refused"
#define BUSY    "Busy"
#define POKED   0x2A /* what the answer to an accepted poke says besides */

/* ---- The verbs: each returns a word ------------------------------------------------------------------------- */

/* "ok", or what the partner or the system said: */
#define SAY_OK      "ok"
#define SAY_REFUSED "refused"
#define SAY_BUSY    "busy"
#define SAY_TIMEOUT "timeout"
#define SAY_GONE    "gone" /* there is no such conversation any more */
#define SAY_NONE    "none" /* nobody answers an INITIATE             */

enum link_kind { LINK_HOT, LINK_WARM, LINK_ACK };

const char *verb_open(bool wide);
const char *verb_close(void);
const char *verb_serve(const char *service, const char *topic);
const char *verb_connect(unsigned conv, const char *service, const char *topic); /* NULL: any */
const char *verb_request(unsigned conv, const char *item, DWORD timeout);        /* "ok:value" */
const char *verb_ask(unsigned conv, const char *item); /* a request whose answer is noted when it comes */
const char *verb_poke(unsigned conv, const char *item, const char *value, DWORD timeout);
const char *verb_execute(unsigned conv, const char *command, DWORD timeout);
const char *verb_advise(unsigned conv, enum link_kind kind, const char *item, DWORD timeout);
const char *verb_unadvise(unsigned conv, const char *item, DWORD timeout);
const char *verb_disconnect(unsigned conv);
const char *verb_update(void); /* Price has changed */
const char *verb_drop(void);   /* the server ends all of its conversations */

/* ---- What the verbs use ------------------------------------------------------------------------------------- */

extern char agent_price[32];

/* Notes that something has happened to this party: "poke:Price=42". */
void agent_note(const char *what, const char *item, const char *value);

/* A value of any size as one word; text that is wide is narrowed. */
const char *agent_word(const void *bytes, size_t size, bool wide);

/* What an item is worth now; NULL: there is no such item. */
const void *agent_value(const char *item, DWORD *size);

/* Dispatches messages until done(arg), or until ms are over; returns done(arg). */
bool agent_pump(bool (*done)(void *arg), void *arg, DWORD ms);

#endif
