/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_HOST_POSIX_BOARD_H
#define DDEML_HOST_POSIX_BOARD_H

/* Where the processes of one user meet: a folder of their own and a piece of memory that they share. It says
 * which processes there are, who serves which name, who listens, and what the global atoms mean.
 *
 * What a connect needs is read without a lock, so that nobody who stands still can hold it up. Atoms are
 * changed under a lock that every process takes with a deadline. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/host.h"

enum { BOARD_SLOTS = 1024, BOARD_NUMBER_BITS = 15, BOARD_PATH = 108 };

/* A process's number: 1 .. 2^15 - 1, its slot in the low ten bits. Numbers come again as late as can be. */
typedef uint16_t board_number;

enum board_trait {
    BOARD_TOP_LEVEL = 1,  /* has windows that hear broadcasts          */
    BOARD_UNFILTERED = 2, /* has one that wants every INITIATE          */
    BOARD_EVENTS = 4,     /* has windows that hear of services          */
};

/* Joins: opens or makes folder and board, takes a number and locks it. 0: there is nowhere to meet (errno says
 * why), and everything below finds nobody and does nothing. Tried again at most once a second. Once joined, the
 * number stays until the process ends. May be called by any thread at any time. */
board_number board_join(void);
board_number board_self(void); /* what board_join has returned last, without trying: a load */

/* The child of a fork has joined nothing: it closes its copies and may join anew. board_join arranges that fork
 * calls this in the child; more than once does no harm. Tests leave the board by it. */
void board_forked(void);

bool board_alive(board_number who); /* that very process is alive and joined; one system call  */
long board_pid(board_number who);   /* its process id, as it has written it itself; 0: none     */
void board_path(board_number who,
                char path[BOARD_PATH]); /* of its socket, which it makes itself                   */

/* Removes what a process has left behind that is no longer alive: its socket, names, traits, claims, kinds and
 * slot. Nothing happens if it is alive. board_join does so for all; whoever finds a process dead meanwhile calls
 * this. */
void board_bury(board_number who);

/* The traits of this process. */
void board_set_traits(unsigned traits);

/* This process serves a name (hash of the folded text: board_hash), counted. false: no room (or nowhere to tell):
 * then the caller may set BOARD_UNFILTERED instead. */
bool board_serve(uint64_t hash);
void board_serve_no_more(uint64_t hash);
uint64_t board_hash(const uint16_t *name); /* regardless of case, as atoms are compared */

/* The other live-looking processes (not checked with board_alive) that may have to hear of an INITIATE for that
 * name; hash 0: of one for any name. With `traits` instead: those that have one of them. In who[], at most `max`;
 * returns how many there are, be it more. No lock, no system call. */
size_t board_servers(uint64_t hash, board_number *who, size_t max);
size_t board_with(unsigned traits, board_number *who, size_t max);

/* News: what this process listens to; what anybody does (a load: 0 without a board); who listens to this kind. */
void board_set_kinds(uint32_t kinds);
uint32_t board_kinds(void);
size_t board_listeners(uint32_t kind, board_number *who, size_t max);

/* Atoms of strings, numbers 0xC000 .. 0xFFFF. A claim keeps number and text together until this process drops
 * it or dies; a process claims an atom once. text: UTF-16, compared regardless of case; the first claim's
 * spelling stays. Dropping and reading take no lock. */
host_atom board_claim(const uint16_t *text,
                      size_t length); /* 0: full, no memory, or the lock was not to be had */
void board_drop(host_atom atom);
/* The text of an atom that anybody claims, with its terminator; 0: nobody does. */
size_t board_atom_name(host_atom atom, uint16_t buf[HOST_ATOM_CHARS + 1]);
host_atom board_find(const uint16_t *text, size_t length); /* that anybody claims; 0: nobody, or as above */

#endif
