/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_WIRE_H
#define DDEML_WIRE_H

/* The WM_DDE_* protocol: reading and writing messages, and who owns what they carry.
 *
 * In the words of the protocol a message carries up to three things: P, the packed lParam; G, a global memory
 * object; A, a reference on a global atom. Everything that is freed because it came in a message, or could
 * not be sent in one, is freed in wire.c by one table (wire_dispose, wire_settle). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ledger.h"
#include "base/list.h"
#include "host/host.h"

enum {
    WIRE_INITIATE = 0x03E0,
    WIRE_TERMINATE,
    WIRE_ADVISE,
    WIRE_UNADVISE,
    WIRE_ACK,
    WIRE_DATA,
    WIRE_REQUEST,
    WIRE_POKE,
    WIRE_EXECUTE,
    WIRE_LAST = WIRE_EXECUTE,
};

/* Status word of an ACK; flags of a DATA, POKE or ADVISE object. */
enum {
    WIRE_FACK = 0x8000,
    WIRE_FBUSY = 0x4000,
    WIRE_FAPPSTATUS = 0x00FF,
    WIRE_FACKREQ = 0x8000,
    WIRE_FDEFERUPD = 0x4000,
    WIRE_FRELEASE = 0x2000,
    WIRE_FRESPONSE = 0x1000,
};

/* Bytes before the payload of a DATA or POKE object: 16 bits of flags, 16 bits of format. */
#define WIRE_HEADER 4

/* One end of a conversation, as far as messages are concerned. */
struct wire_end {
    host_wnd self, partner;
    bool local; /* the partner is a conversation of this copy of the library: it keeps the same books */
    enum host_passing passing; /* what posting does to the blocks in a message */
    bool no_handles;           /* a handle that is data means nothing on the other side */
    bool unread;               /* a DATA could not be read: which answer is to what is not known any more */
    struct ledger *ledger;     /* of the instance */
    struct list backlog;       /* messages that met a full queue, in order   */
    unsigned backlog_count;
    bool overrun; /* the application has been told that the backlog is long; false again when it is empty */
};

/* A message that has been read, or is to be posted. P never outlives the reading or the posting. */
struct wire_msg {
    uint32_t id;
    host_wnd from;
    uint16_t status;  /* ACK: status word; DATA, POKE, ADVISE: the object's flags                      */
    uint16_t fmt;     /* 0 if the message has none                                                    */
    host_atom atom;   /* A                                                                            */
    host_mem mem;     /* G                                                                            */
    bool owned;       /* G is this side's to free or to pass on; false: it is only lent (fRelease = 0) */
    size_t size;      /* bytes of payload in G                                                        */
    uintptr_t handle; /* read: what the payload stands for, if it is this side's with G; 0: bytes     */
    uintptr_t answer; /* an ACK's high part: an atom, or the G of an EXECUTE                          */
};

/* ---- Packing; the public functions are these --------------------------------------------------------- */

bool wire_packs(uint32_t id); /* does a posted message of this kind have a P? */
bool wire_pack(uint32_t id, uintptr_t lo, uintptr_t hi, uintptr_t *lparam); /* false: no memory, *lparam 0 */
bool wire_unpack(uint32_t id, uintptr_t lparam, uintptr_t *lo, uintptr_t *hi);
bool wire_free_packed(uint32_t id, uintptr_t lparam);
uintptr_t wire_reuse(uintptr_t lparam, uint32_t in, uint32_t out, uintptr_t lo, uintptr_t hi);

/* ---- Ownership: the rows are those of docs/ownership.md ----------------------------------------------- */

/* What became of a message. The first is its sender's, the others are its receiver's. */
enum wire_situation {
    WIRE_POST_FAILED, /* not sent: D1 K1 V1 U1 X1 Q1 A1; for an ACK also what it answers: D15 K10 V7 X5 */
    WIRE_ACCEPTED,    /* taken, wanted or not, with a positive answer or none: D2-D5 K2 V2 U2 Q2 A2-A5 */
    WIRE_CLOSING,     /* met after our TERMINATE, or in the queue of a window about to go: T rows       */
    WIRE_STRAY,       /* from a window that is not the partner: protocol 8.5                            */
    WIRE_ANONYMOUS,   /* from window 0: everything stays with whoever posted it                         */
    WIRE_SITUATIONS,
};

/* Frees what the message still carries and the table gives to this side; forgets the rest. */
void wire_dispose(struct wire_end *end, struct wire_msg *m, enum wire_situation situation);

/* A message whose answer is to be known again; and a G that was sent in it with the right to free it, and that some
 * answers give back to the sender. */
struct wire_sent {
    uint32_t id;
    /* By which the answer names it. The number of its text may become another one: somebody deletes one too many. */
    host_atom atom;
    host_mem mem; /* 0: nothing to remember. Not to be used otherwise: it may have gone */
    uint16_t fmt; /* and what its payload stands for; 0: bytes                          */
    uintptr_t handle;
};

enum wire_outcome { WIRE_ACKED, WIRE_NACKED, WIRE_ENDED, WIRE_OUTCOMES };

/* The answer is known (or will never come): frees the object if the table gives it back. Not if the answer may be
 * another one's (unread): better an object too many than one that is freed twice. An EXECUTE's names it. */
void wire_settle(struct wire_end *end, struct wire_sent *sent, enum wire_outcome outcome);

/* ---- Reading ------------------------------------------------------------------------------------------ */

enum wire_reading {
    WIRE_READ_OK,
    WIRE_READ_UNREADABLE, /* P or G is no global object: the conversation cannot go on (D13)   */
    WIRE_READ_STRAY,      /* not from the partner: disposed of                                 */
};

/* Takes a posted message apart and frees P. Afterwards m owns the rest; wire_dispose or wire_answer ends
 * that. */
enum wire_reading wire_read(struct wire_end *end, const struct host_msg *hm, struct wire_msg *m);

/* Does it look like the ACK of an INITIATE, which is sent and carries two names, not an object? */
bool wire_is_offer(const struct host_msg *hm);

/* What is posted to a window that has no conversation is disposed of (protocol 8.5); other messages: nothing. And
 * the same with all that waits for one that is about to be destroyed. */
void wire_stray(struct ledger *ledger, const struct host_msg *hm);
void wire_take_strays(struct ledger *ledger, host_wnd wnd);

/* An ACK's high part can be an atom or a G; only the conversation knows. Says that it is an atom. */
void wire_ack_is_atom(struct wire_end *end, struct wire_msg *m);

/* Moves G out of a message that will be accepted, or copies it if it remains the sender's. The result has the
 * WIRE_HEADER before the payload (EXECUTE: none). 0: no memory, m unchanged. */
host_mem wire_claim(struct wire_end *end, struct wire_msg *m);

/* ---- Writing ------------------------------------------------------------------------------------------ */

/* Messages that a full queue may hold up per conversation before posting fails. */
#define WIRE_BACKLOG_LIMIT 10000

/* Posts m (id, status, fmt, atom, mem as the message needs) and owns what it carries in every case: after a
 * failure (HOST_GONE, HOST_FULL, HOST_FAULT) it has been disposed of. A DATA, POKE or ADVISE object gets its
 * header here. sent, if not NULL, remembers G until the answer. A full queue holds the message back in the
 * backlog: HOST_OK. */
int wire_post(struct wire_end *end, struct wire_msg *m, struct wire_sent *sent);

/* Answers a received message with an ACK, which takes with it A, and G if a refusal or an EXECUTE gives that
 * back to the sender; disposes of the rest. */
int wire_answer(struct wire_end *end, struct wire_msg *m, uint16_t status);

/* Posts the backlog as far as it goes. HOST_OK: it is empty. HOST_GONE: the partner is, and so is the
 * backlog. HOST_FULL, HOST_FAULT: the rest waits for another time. */
int wire_flush(struct wire_end *end);

/* Disposes of the backlog: the conversation ends before it could be sent. */
void wire_drop_backlog(struct wire_end *end);

/* Can m be posted to this partner at all? Else wire_post fails with HOST_FAULT. */
bool wire_carries(const struct wire_end *end, const struct wire_msg *m);

/* A new G with room for `header` bytes before the payload (payload NULL: zeros), booked; 0 if there is no
 * memory. */
host_mem wire_mem_new(struct wire_end *end, size_t header, const void *payload, size_t size);

/* The same with a payload in that format: if it is a handle, it is that of a copy. */
host_mem wire_mem_copy(struct wire_end *end, size_t header, const void *payload, size_t size, unsigned fmt);

/* Frees a G that this side holds, and what a payload in that format stands for. */
void wire_mem_free(struct wire_end *end, host_mem mem, size_t header, unsigned fmt);

/* ---- Watching (watch.c) ------------------------------------------------------------------------------- */

/* Whoever listens is told of every message once: by its sender if that is of this library, else by its
 * receiver. */

/* How a message travels; the kinds of record that tell of it (the MF_ bits of DDEML). */
enum wire_way { WIRE_SENT = 0x02000000, WIRE_POSTED = 0x04000000 };

enum { WIRE_EXCERPT = 32 };

/* The record, the same for processes of either width. */
struct wire_report {
    uint32_t time, task; /* when; the thread that receives it, 0: everybody's */
    uint64_t to, wparam, lparam, lo, hi;
    uint32_t id, size;                   /* of the object, header included; 0: none */
    unsigned char excerpt[WIRE_EXCERPT]; /* its beginning                           */
};

/* Tells of a message that is about to be sent, or that has come and has not been read yet. */
void wire_tell(enum wire_way way, const struct host_msg *hm);

/* host_post, host_send, and host_broadcast to the top-level windows, which tell of what they do. */
int wire_post_message(const struct host_msg *hm);
int wire_send_message(const struct host_msg *hm, uint32_t wait_ms);
int wire_send_to_all(const struct host_msg *hm, uint32_t wait_ms, bool (*enough)(void *arg), void *arg);

#endif
