/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_HOST_POSIX_PARCEL_H
#define DDEML_HOST_POSIX_PARCEL_H

/* A message on its way to another process: in bytes, names as text, and with a descriptor if it carries
 * much. Blocks are copied (HOST_PASS_COPY in host.h): the sender's stay the sender's, the receiver's are
 * its own. */

#include <stdatomic.h>

#include "host/host.h"

/* Payloads above this travel as a sealed memory descriptor. */
enum { PARCEL_INLINE = 32 * 1024, PARCEL_MAX = 48 * 1024 /* of the bytes of any parcel */ };

/* How it travels: a sent message's ACK carries two atoms, a posted one's a packed parameter. */
enum parcel_way { PARCEL_POSTED, PARCEL_SENT };

struct parcel {
    uint32_t size;      /* of bytes[]                                 */
    int fd;             /* -1: none. Closed by parcel_free.           */
    host_mem block;     /* of the descriptor that it had; 0: none     */
    atomic_uint shares; /* who else has it: it must not have a descriptor, nor have had one */
    unsigned char bytes[];
};

struct parcel *parcel_share(struct parcel *p); /* for one more parcel_free */

/* The same but for who it is from; never those with a descriptor. */
bool parcel_same(const struct parcel *a, const struct parcel *b);

/* The message in bytes; it stays as it is (a large block may have become a sealed one). NULL: no memory, no
 * descriptor (errno), or it carries something that is no block. HOST_EV_* and messages that are not of DDE
 * carry their parameters as numbers. */
struct parcel *parcel_pack(const struct host_msg *msg, enum parcel_way way);

/* It has been posted (PARCEL_POSTED), or its receiver has dealt with it or may do so (PARCEL_SENT): frees
 * what is no longer the sender's: P, and the references on atoms that the message gives away. Blocks stay.
 * The atoms of a sent INITIATE, HOST_EV_REGISTER or UNREGISTER are only lent; those of a sent ACK are
 * given. */
void parcel_delivered(const struct host_msg *msg, enum parcel_way way);

/* From bytes that came with (fd >= 0) or without a descriptor, which it takes in every case. NULL and
 * *wrong: a length, a kind or the descriptor is not as it must be: only a faulty partner sends such a
 * thing. NULL and !*wrong: no memory. */
struct parcel *parcel_open(const void *bytes, size_t size, int fd, bool *wrong);

/* Makes the block of its descriptor now, if there is memory, so that a parcel that waits keeps no descriptor. */
void parcel_settle(struct parcel *p);

/* The message, in blocks and atoms of this process, all the receiver's (so a DATA or POKE says fRelease).
 * The parcel stays (and can be freed; one that has been settled is empty). The caller gives `to`. false: no memory: nothing has been made, and
 * it can be tried again. */
bool parcel_unpack(struct parcel *p, struct host_msg *msg);

/* After the receiver has dealt with a sent message: frees what was only lent to it (atoms, see above). */
void parcel_returned(const struct parcel *p, const struct host_msg *msg);

uint32_t parcel_id(const struct parcel *p);    /* of the message */
uintptr_t parcel_from(const struct parcel *p); /* wparam         */
enum parcel_way parcel_way(const struct parcel *p);

/* The service that an INITIATE asks for; 0: any. */
size_t parcel_service(const struct parcel *p, uint16_t buf[HOST_ATOM_CHARS + 1]);

void parcel_free(struct parcel *p); /* NULL: nothing */

#endif
