/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_HOST_POSIX_FRAMES_H
#define DDEML_HOST_POSIX_FRAMES_H

/* What two processes say to each other. Each has a connection of its own to the other (SOCK_SEQPACKET), on which
 * it only writes. A packet holds whole frames; a descriptor that comes with a packet belongs to its last one.
 * Numbers are in the machine's order: both ends are on the same machine. */

#include <stdint.h>

#include "host/host.h"

#define FRAME_MAGIC 0x4C4D4544u /* "DEML" */

enum {
    FRAME_VERSION = 2,
    FRAME_PACKET = 64 * 1024,
    FRAME_ALIGN = 8,
    FRAME_LANES = 64, /* for the receiving threads of a process; those beyond share them */
};

enum frame_type {
    FRAME_HELLO = 1, /* first of all, and never again                                   */
    FRAME_WINDOW,    /* a window of the sender's: before it is named, or shows another card */
    FRAME_ASK,       /* is there such a window of the receiver's?                         */
    FRAME_GONE,      /* it is no more, or it does not exist                               */
    FRAME_POST,      /* a posted message; a parcel follows                                */
    FRAME_AGAIN,     /* the one posted last, which had no descriptor, from and to other windows */
    FRAME_SEND,      /* a sent one; a parcel follows                                      */
    FRAME_REPLY,     /* what became of it                                                 */
    FRAME_CREDIT,    /* so many posted messages have been taken                           */
    FRAME_NEWS,      /* a record for those who listen follows                             */
    FRAME_TYPES,
};

struct frame_head {
    uint32_t size; /* of the whole frame, a multiple of FRAME_ALIGN       */
    uint8_t version, type;
    uint8_t padding; /* so many bytes at the end are there for the alignment */
    uint8_t zero;
};

struct frame_hello {
    struct frame_head head;
    uint32_t magic, number; /* of the process */
};

struct frame_window {
    struct frame_head head;
    uint64_t wnd;
    uint32_t traits, thread;
    uint32_t card, zero; /* its size: 0: none */
    unsigned char bytes[HOST_CARD_SIZE];
};

/* Answered by WINDOW, if there is one, and a REPLY. */
struct frame_ask {
    struct frame_head head;
    uint64_t wnd, serial;
};

struct frame_gone {
    struct frame_head head;
    uint64_t wnd;
};

struct frame_post {
    struct frame_head head;
    uint64_t to;
    uint32_t lane, zero; /* which it counts for: credit names it again */
};

/* As an update goes to all who have a link. */
struct frame_again {
    struct frame_head head;
    uint64_t to, from;
    uint32_t lane, zero;
};

struct frame_send {
    struct frame_head head;
    uint64_t to;     /* 0: every window of the audience                    */
    uint64_t serial; /* 0: no reply is wanted                              */
    uint64_t until;  /* a receiver that has not begun by then leaves it    */
    uint32_t audience, zero;
};

struct frame_reply {
    struct frame_head head;
    uint64_t serial;
    int64_t value; /* of the procedure, if there was one receiver */
    int32_t result;
    uint32_t zero;
};

struct frame_credit {
    struct frame_head head;
    uint32_t lane, n;
};

struct frame_news {
    struct frame_head head;
    uint32_t kind, zero;
};

#endif
