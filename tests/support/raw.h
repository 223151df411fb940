/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_RAW_H
#define TESTS_RAW_H

/* A partner that speaks WM_DDE_* itself and knows nothing of the library: one window, which notes every
 * message it gets and does nothing about it unless the test tells it to. It keeps its own books, apart from
 * the library's ledger: what it has made and met must be gone in the end, and every name must have exactly
 * the references that it took itself.
 *
 * All of a raw partner's functions are called on the thread of its window. */

#include "host/host.h"
#include "support/support.h"
#include "wire/wire.h"

#define RAW_SERVICE "RawService"
#define RAW_TOPIC   "RawTopic"
#define RAW_ITEM    "RawItem"
#define RAW_FORMAT  1 /* CF_TEXT */

/* A message after P has been taken out of it and freed. A and G are the partner's problem. */
struct raw_seen {
    uint32_t id;
    host_wnd from;
    uint16_t status; /* ACK: its status word. DATA, POKE, ADVISE: the object's flags */
    uint16_t fmt;
    host_atom atom; /* A; of an ACK too, unless its high part is no string atom */
    host_mem mem;   /* G; of an ACK too, if its high part is a block            */
    bool taken;
};

enum { RAW_SEEN = 64 };

struct raw {
    host_wnd wnd, partner;
    bool serves;     /* answers INITIATE for RAW_SERVICE and RAW_TOPIC                     */
    bool initiating; /* its own INITIATE is going round                                     */
    bool rude;       /* never answers TERMINATE                                             */
    bool closing;    /* has posted TERMINATE                                                 */
    unsigned terminates, surplus;
    /* What it does about a message, after it has been noted; NULL: nothing. */
    void (*on)(struct raw *r, struct raw_seen *m);
    void (*on_initiate)(struct raw *r); /* in the middle of INITIATE, before its ACK; NULL: nothing */
    void (*on_open)(struct raw *r);     /* right after the ACK to INITIATE; NULL: nothing           */
    struct raw_seen seen[RAW_SEEN];     /* the oldest RAW_SEEN messages, TERMINATE not included     */
    unsigned n_seen;
};

/* The books of all raw partners of a test. raw_books_close fails the test unless every block is gone and
 * every name has exactly the references that the books themselves hold; it comes after the last
 * DdeUninitialize. */
void raw_books_open(void);
void raw_books_close(void);

void raw_open(struct raw *r);      /* makes the window                                      */
void raw_open_wide(struct raw *r); /* the same, a Unicode one                               */
void raw_die(struct raw *r); /* destroys it without a word, freeing what was queued; nothing if it has gone */

/* Asks for a conversation with RAW_SERVICE and RAW_TOPIC; false if nobody answers. */
bool raw_connect(struct raw *r);

/* A name's atom, borrowed from the books; and a new reference on it, for a message. */
host_atom raw_name(const char *text);
host_atom raw_ref(const char *text);
void raw_unref(host_atom atom); /* of a message that came; 0: nothing */

/* Blocks, entered in the books: an object with flags, RAW_FORMAT and a text; a text alone. */
host_mem raw_object(uint16_t flags, const char *text);
host_mem raw_bytes(const void *bytes, size_t size);
bool raw_exists(host_mem mem);
void raw_free(host_mem mem); /* fails the test if there is no such block */

/* Does the system copy what a message carries, also within a process, and leave the original to its sender?
 * Then neither side sees the other's blocks, and nobody can be seen to free them. */
bool raw_copies(void);
/* What is left of a block that was posted: it must be there if it was only lent, and is freed then; else it
 * must be gone. 0: nothing. */
void raw_left(host_mem mem, bool lent);

/* Posts to the partner; false, with everything still the caller's, if that fails. P is seen to. */
bool raw_post(struct raw *r, uint32_t id, uintptr_t lo, uintptr_t hi);
/* The same for a G that is given away for good; fails the test if it cannot be posted. */
void raw_give(struct raw *r, uint32_t id, uintptr_t lo, uintptr_t hi);
bool raw_post_from(struct raw *r, host_wnd from, uint32_t id, uintptr_t lo, uintptr_t hi);
void raw_terminate(struct raw *r);

/* Answers m as the protocol has it: A and an EXECUTE's G go back, an accepted G is freed. */
void raw_answer(struct raw *r, struct raw_seen *m, uint16_t status);
void raw_forget(struct raw *r); /* takes everything that it has been sent so far */

/* Dispatches until the partner has got a message that has not been taken yet, and takes it; raw_expect fails
 * the test if it is of another kind. */
struct raw_seen *raw_next(struct raw *r);
struct raw_seen *raw_expect(struct raw *r, uint32_t id);
/* Dispatches what there is; fails the test if the partner has got anything that has not been taken. */
void raw_expect_nothing(struct raw *r);
void raw_expect_terminate(struct raw *r, unsigned times);

/* ---- Storms: partners that are hostile ---------------------------------------------------------------- */

/* Starts a sequence of chances, and prints its seed; raw_random gives a number below n. */
void raw_seed(uint32_t seed);
unsigned raw_random(unsigned n);

/* Posts a message of any kind to a window. One in `odds` is forged: it is a stranger's or nobody's, what it
 * carries is dead, used before, of another kind or missing, or it is a TERMINATE. */
void raw_rage(struct raw *r, host_wnd to, unsigned odds);

/* A reaction to a message: the right answer, the wrong one, none, or the end. For raw.on. */
void raw_rave(struct raw *r, struct raw_seen *m);

/* After a storm nobody knows what is whose any more: frees what is left, before raw_books_close. */
void raw_books_give_up(void);

#endif
