/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDE_CLIENT_H
#define DDE_CLIENT_H

/* The client's side of DDE for all commands: one instance, conversations that are found again by their names,
 * and transactions that the user can interrupt. Functions that can fail return an exit code, have printed the
 * reason, and return EXIT_OK otherwise. */

#include "exits.h"
#include "options.h"
#include "target.h"

/* Is called for each update, from client_wait. data is 0 if the link is warm. */
typedef void (*client_update)(HCONV conv, HSZ item, UINT format, HDDEDATA data);

int client_begin(const struct options *o, client_update update);
void client_end(void);
DWORD client_instance(void);

/* The conversation about this service and topic, which is opened if there is none; 0 with *exit_code. */
HCONV client_conversation(const struct options *o, const struct target *t, int *exit_code);
/* Of a conversation that was opened otherwise transactions are waited for, too. */
void client_adopt(HCONV conv);
/* How many of those that have been opened are open. */
size_t client_open_conversations(void);

/* One transaction, with the data to be sent, or what came in answer. what names it if it fails. */
struct transaction {
    HCONV conv;
    UINT type, format;
    const char *item;        /* or NULL          */
    const struct text *send; /* or NULL          */
    struct text answer;      /* of a REQUEST     */
    /* Or NULL: called as soon as it has succeeded, before any update that was sent later. */
    void (*answered)(const struct transaction *x);
};
/* A DMLERR code, or INTERRUPTED. */
enum { INTERRUPTED = 1 };
UINT client_try(const struct options *o, struct transaction *x);
int client_transact(const struct options *o, struct transaction *x, const char *what, const struct target *t);
int client_failed(const char *what, const struct target *t, UINT error);

/* Callbacks run inside this. It returns after ms at the latest, and soon after the user has interrupted. */
void client_wait(uint64_t ms);
/* Can the command go on? Not once it has been interrupted, or nobody can read what it prints. */
bool may_go_on(void);
/* The exit code of a command that could not: EXIT_INTERRUPTED or EXIT_FILE; else EXIT_OK. */
int exit_of_the_end(void);

HSZ string_of(DWORD inst, const char *utf8);
void put_string(struct text *out, DWORD inst, HSZ hsz);
/* All the bytes of data. */
void put_data(struct text *out, HDDEDATA data);

#endif
