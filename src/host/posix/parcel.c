/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#define _GNU_SOURCE /* seals */

/* Bytes of a parcel: struct head, the texts of up to two atoms, and the payload unless that has a
 * descriptor.
 *
 * A message has two parts, as in PackDDElParam; what each of them is, and how lParam holds them, is one
 * table. What comes from outside is checked here, to the byte, and nowhere else. */

#include "host/posix/parcel.h"

#include "host/posix/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* ---- What messages carry -------------------------------------------------------------------------- */

enum shape {
    WHOLE,  /* lParam is the second part                        */
    HALVES, /* lParam is two times 16 bits                      */
    PACKED, /* lParam is a block with the two parts: P          */
};

enum part {
    NOTHING,
    NUMBER, /* up to 64 bits                                    */
    WORD,   /* 16 bits                                          */
    ATOM,   /* its text, or the number of one that has no text   */
    BLOCK,
    BLOCK_OR_0,
    ANSWER, /* of an ACK: an atom or a number                    */
};

struct form {
    enum shape shape;
    enum part part[2];
    bool lends; /* its atoms remain the sender's; else they become the receiver's */
    bool frees; /* its block is the receiver's to free: it says fRelease           */
};

enum {
    EV_INITIATE = 0x03E0,
    EV_ACK = 0x03E4,
    EV_EXECUTE = 0x03E8,
    FRELEASE = 0x2000,
    FIRST_STRING = 0xC000,
};

static const struct form *form_of(uint32_t id, enum parcel_way way)
{
    static const struct form numbers = {WHOLE, {NOTHING, NUMBER}, false, false};
    static const struct form lent = {HALVES, {ATOM, ATOM}, true, false};
    static const struct form given = {HALVES, {ATOM, ATOM}, false, false};
    static const struct form dde[] = {
        {WHOLE, {NOTHING, NUMBER}, false, false},     /* INITIATE, which nobody would free if it was posted */
        {WHOLE, {NOTHING, NUMBER}, false, false},     /* TERMINATE */
        {PACKED, {BLOCK, ATOM}, false, false},        /* ADVISE    */
        {HALVES, {WORD, ATOM}, false, false},         /* UNADVISE  */
        {PACKED, {NUMBER, ANSWER}, false, false},     /* ACK       */
        {PACKED, {BLOCK_OR_0, ATOM}, false, true},    /* DATA      */
        {HALVES, {WORD, ATOM}, false, false},         /* REQUEST   */
        {PACKED, {BLOCK, ATOM}, false, true},         /* POKE      */
        {WHOLE, {NOTHING, BLOCK_OR_0}, false, false}, /* EXECUTE   */
    };
    bool is_sent = way == PARCEL_SENT;

    if (is_sent && (id == EV_INITIATE || id == HOST_EV_REGISTER || id == HOST_EV_UNREGISTER))
        return &lent;
    if (is_sent && id == EV_ACK)
        return &given;
    return id >= EV_INITIATE && id <= EV_EXECUTE ? &dde[id - EV_INITIATE] : &numbers;
}

/* The two parts of a message; false: P is no block. */
static bool take_apart(const struct form *form, uintptr_t lparam, uintptr_t part[2])
{
    const uintptr_t *pair;
    bool is_pair;

    part[0] = 0;
    part[1] = lparam;
    if (form->shape == HALVES) {
        part[0] = lparam & 0xFFFF;
        part[1] = lparam >> 16 & 0xFFFF;
    }
    if (form->shape != PACKED)
        return true;
    pair = host_mem_lock(lparam);
    is_pair = pair && host_mem_size(lparam) >= 2 * sizeof *pair;
    if (is_pair)
        memcpy(part, pair, 2 * sizeof *pair);
    if (pair)
        host_mem_unlock(lparam);
    return is_pair;
}

/* false: no memory for P. */
static bool put_together(const struct form *form, const uintptr_t part[2], uintptr_t *lparam)
{
    uintptr_t *pair;

    *lparam = part[1];
    if (form->shape == HALVES) /* extended by its sign, as PackDDElParam does */
        *lparam = (uintptr_t)(intptr_t)(int32_t)((uint32_t)part[0] | (uint32_t)part[1] << 16);
    if (form->shape != PACKED)
        return true;
    *lparam = host_mem_alloc(2 * sizeof *pair, true);
    pair = *lparam ? host_mem_lock(*lparam) : NULL;
    if (!pair) {
        host_mem_free(*lparam);
        return false;
    }
    memcpy(pair, part, 2 * sizeof *pair);
    host_mem_unlock(*lparam);
    return true;
}

/* ---- The bytes ------------------------------------------------------------------------------------ */

enum { VERSION = 0x44440001 };

enum flag {
    HAS_BLOCK = 1,      /* the part that can be a block is one    */
    HAS_DESCRIPTOR = 2, /* and its bytes are in the file          */
};

struct head {
    uint32_t version, id;
    uint16_t way, flags;
    uint16_t length[2];               /* of the text of either part, in units; 0: it has none  */
    uint64_t size;                    /* of the block                                          */
    uint64_t from, origin, number[2]; /* wparam; an EXECUTE's block at the sender; the parts    */
};

static struct head head_of(const struct parcel *p)
{
    struct head h;

    memcpy(&h, p->bytes, sizeof h);
    return h;
}

static const struct form *form_in(const struct head *h)
{
    return form_of(h->id, (enum parcel_way)h->way);
}

static size_t text_size(const struct head *h)
{
    return ((size_t)h->length[0] + h->length[1]) * sizeof(uint16_t);
}

/* Of a part that has a text, with a terminator. */
static void text_of(const struct parcel *p, const struct head *h, int i, uint16_t buf[HOST_ATOM_CHARS + 1])
{
    size_t start = sizeof *h + (i ? h->length[0] * sizeof *buf : 0);

    memcpy(buf, p->bytes + start, h->length[i] * sizeof *buf);
    buf[h->length[i]] = 0;
}

/* ---- Packing -------------------------------------------------------------------------------------- */

/* What a message is to become: the head, and what is to follow it. */
struct draft {
    struct head h;
    uint16_t text[2][HOST_ATOM_CHARS + 1];
    host_mem block;
};

static void draft_atom(struct draft *d, int i, uintptr_t value)
{
    host_atom atom = (host_atom)value;

    if (atom >= FIRST_STRING)
        d->h.length[i] = (uint16_t)host_atom_name(atom, d->text[i]);
    if (!d->h.length[i])
        d->h.number[i] = atom;
}

static void draft_block(struct draft *d, uintptr_t value)
{
    d->h.size = host_mem_size(value);
    d->h.flags |= HAS_BLOCK;
    d->block = value;
}

/* An EXECUTE's block is called again what its sender has called it. */
/* An ACK of an EXECUTE gives back the sender's handle: no block travels, which its receiver would not expect to
 * own. */
static void draft_answer(struct draft *d, int i, uintptr_t value)
{
    uint64_t origin = mem_origin(value);

    if (value <= 0xFFFF)
        draft_atom(d, i, value);
    else
        d->h.number[i] = origin ? origin : value;
}

static void draft_part(struct draft *d, int i, enum part kind, uintptr_t value)
{
    switch (kind) {
    case NOTHING:
        break;
    case NUMBER:
    case WORD:
        d->h.number[i] = value;
        break;
    case ATOM:
        draft_atom(d, i, value);
        break;
    case ANSWER:
        draft_answer(d, i, value);
        break;
    case BLOCK_OR_0:
        if (value)
            draft_block(d, value);
        break;
    case BLOCK:
        draft_block(d, value);
        break;
    }
}

/* The payload behind the texts; false: there is no such block, or it is not what it was. */
static bool copy_inline(struct parcel *p, const struct draft *d)
{
    const void *bytes = host_mem_lock(d->block);
    bool same = bytes && host_mem_size(d->block) == d->h.size;

    if (same)
        memcpy(p->bytes + sizeof d->h + text_size(&d->h), bytes, (size_t)d->h.size);
    if (bytes)
        host_mem_unlock(d->block);
    return same;
}

static bool fill_in_payload(struct parcel *p, const struct draft *d)
{
    size_t size;

    if (!(d->h.flags & HAS_BLOCK))
        return true;
    if (d->h.flags & HAS_DESCRIPTOR) {
        p->fd = mem_share(d->block, &size);
        if (p->fd < 0)
            return false;
        if (size == d->h.size)
            return true;
    } else if (copy_inline(p, d)) {
        return true;
    }
    errno = EINVAL; /* also if somebody else changes it at this moment */
    return false;
}

static struct parcel *parcel_new(size_t size)
{
    struct parcel *p = malloc(sizeof *p + size);

    if (p)
        *p = (struct parcel){.size = (uint32_t)size, .fd = -1};
    return p;
}

static struct parcel *finish(struct draft *d)
{
    size_t texts = text_size(&d->h), size = sizeof d->h + texts;
    struct parcel *p;

    if (d->h.size > PARCEL_INLINE)
        d->h.flags |= HAS_DESCRIPTOR;
    else
        size += (size_t)d->h.size;
    p = parcel_new(size);
    if (!p)
        return NULL;
    memcpy(p->bytes, &d->h, sizeof d->h);
    memcpy(p->bytes + sizeof d->h, d->text[0], d->h.length[0] * sizeof d->text[0][0]);
    memcpy(p->bytes + sizeof d->h + d->h.length[0] * sizeof d->text[0][0], d->text[1],
           d->h.length[1] * sizeof d->text[1][0]);
    if (fill_in_payload(p, d))
        return p;
    parcel_free(p);
    return NULL;
}

struct parcel *parcel_pack(const struct host_msg *msg, enum parcel_way way)
{
    const struct form *form = form_of(msg->id, way);
    struct draft d;
    uintptr_t part[2];

    memset(&d.h, 0, sizeof d.h);
    d.h.version = VERSION;
    d.h.id = msg->id;
    d.h.way = (uint16_t)way;
    d.h.from = msg->wparam;
    if (!take_apart(form, msg->lparam, part)) {
        errno = EINVAL;
        return NULL;
    }
    for (int i = 0; i < 2; i++)
        draft_part(&d, i, form->part[i], part[i]);
    if (msg->id == EV_EXECUTE && d.h.flags & HAS_BLOCK)
        d.h.origin = msg->lparam;
    return finish(&d);
}

void parcel_delivered(const struct host_msg *msg, enum parcel_way way)
{
    const struct form *form = form_of(msg->id, way);
    uintptr_t part[2];

    if (form->lends || !take_apart(form, msg->lparam, part))
        return;
    for (int i = 0; i < 2; i++)
        if (form->part[i] == ATOM || (form->part[i] == ANSWER && part[i] <= 0xFFFF))
            host_atom_delete((host_atom)part[i]);
    if (form->shape == PACKED)
        host_mem_free(msg->lparam);
}

/* ---- Checking ------------------------------------------------------------------------------------- */

static bool can_be_block(enum part kind)
{
    return kind == BLOCK || kind == BLOCK_OR_0;
}

static bool part_fits(const struct head *h, int i, enum part kind)
{
    bool block = h->flags & HAS_BLOCK && can_be_block(kind);
    bool named = h->length[i];
    uint64_t number = h->number[i];

    if ((block || named) && number)
        return false;
    if (named && (h->length[i] > HOST_ATOM_CHARS || block))
        return false;
    switch (kind) {
    case NUMBER:
        return !named;
    case WORD:
        return !named && number <= 0xFFFF;
    case ATOM:
        return number <= 0xFFFF;
    case BLOCK:
        return block && !named;
    case ANSWER:
        return true;
    default:
        return !named && !number;
    }
}

static bool head_fits(const struct head *h, bool has_fd)
{
    const struct form *form = form_in(h);
    bool block = h->flags & HAS_BLOCK, descriptor = h->flags & HAS_DESCRIPTOR;

    return h->version == VERSION && (h->way == PARCEL_POSTED || h->way == PARCEL_SENT) &&
           !(h->flags & ~(HAS_BLOCK | HAS_DESCRIPTOR)) && descriptor == has_fd && block == (h->size > 0) &&
           descriptor == (h->size > PARCEL_INLINE) &&
           (!block || can_be_block(form->part[0]) || can_be_block(form->part[1])) &&
           (h->origin != 0) == (block && h->id == EV_EXECUTE) && part_fits(h, 0, form->part[0]) &&
           part_fits(h, 1, form->part[1]);
}

/* A text that stands for a string: no null in it, and not the name of an integer atom. */
static bool text_fits(const uint16_t *text, size_t length)
{
    size_t digits = 0;

    for (size_t i = 0; i < length; i++) {
        if (!text[i])
            return false;
        digits += i > 0 && text[i] >= '0' && text[i] <= '9';
    }
    return length == 0 || !(text[0] == '#' && length > 1 && digits == length - 1);
}

/* A file in memory that nobody can change any more, large enough and without holes: reading those would
 * need memory, and without memory it would end the program. */
static bool descriptor_fits(int fd, uint64_t size)
{
    const int wanted = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    int seals = fcntl(fd, F_GET_SEALS);
    struct statfs fs;
    struct stat st;

    return seals >= 0 && (seals & wanted) == wanted && (fcntl(fd, F_GETFL) & O_ACCMODE) != O_WRONLY &&
           fstatfs(fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC && fstat(fd, &st) == 0 &&
           size <= (uint64_t)st.st_size && size <= (uint64_t)st.st_blocks * 512;
}

static bool parcel_fits(const struct parcel *p)
{
    struct head h = head_of(p);
    uint16_t text[HOST_ATOM_CHARS + 1];
    uint64_t size;

    if (!head_fits(&h, p->fd >= 0))
        return false;
    size = sizeof h + text_size(&h) + (h.flags & HAS_DESCRIPTOR ? 0 : h.size);
    if (size != p->size)
        return false;
    for (int i = 0; i < 2; i++) {
        text_of(p, &h, i, text);
        if (!text_fits(text, h.length[i]))
            return false;
    }
    return p->fd < 0 || descriptor_fits(p->fd, h.size);
}

struct parcel *parcel_open(const void *bytes, size_t size, int fd, bool *wrong)
{
    bool possible = size >= sizeof(struct head) && size <= PARCEL_MAX;
    struct parcel *p = possible ? parcel_new(size) : NULL;

    *wrong = !possible;
    if (!p) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    p->fd = fd;
    memcpy(p->bytes, bytes, size);
    if (parcel_fits(p))
        return p;
    *wrong = true;
    parcel_free(p);
    return NULL;
}

/* ---- Unpacking ------------------------------------------------------------------------------------ */

/* A copy is the receiver's, whatever its sender has said of the original. */
static bool say_release(host_mem mem)
{
    uint16_t *flags = host_mem_lock(mem);

    if (!flags)
        return false;
    if (host_mem_size(mem) >= sizeof *flags && !(*flags & FRELEASE))
        *flags |= FRELEASE;
    host_mem_unlock(mem);
    return true;
}

static host_mem inline_block(const struct parcel *p, const struct head *h)
{
    host_mem mem = host_mem_alloc((size_t)h->size, false);
    void *bytes = mem ? host_mem_lock(mem) : NULL;

    if (!bytes) {
        host_mem_free(mem);
        return 0;
    }
    memcpy(bytes, p->bytes + sizeof *h + text_size(h), (size_t)h->size);
    host_mem_unlock(mem);
    return mem;
}

static void block_undo(const struct parcel *p, host_mem mem)
{
    if (mem != p->block)
        host_mem_free(mem);
}

static host_mem block_of(const struct parcel *p, const struct head *h, const struct form *form)
{
    host_mem mem = p->block;

    if (!mem)
        mem = p->fd >= 0 ? mem_adopt(p->fd, (size_t)h->size) : inline_block(p, h);
    if (mem && form->frees && !say_release(mem)) {
        block_undo(p, mem);
        return 0;
    }
    mem_set_origin(mem, h->origin);
    return mem;
}

/* A string's atom that came without its text: to its sender it was dead. If it is not, here, it is somebody else's,
 * and the reference that the receiver will give up is made for it. */
static void refer_to_number(const struct head *h, int i, enum part kind)
{
    bool can_be_atom = kind == ATOM || (kind == ANSWER && h->number[i] <= 0xFFFF);
    uint16_t text[HOST_ATOM_CHARS + 1];

    if (can_be_atom && h->number[i] >= FIRST_STRING && host_atom_name((host_atom)h->number[i], text))
        host_atom_add(text);
}

/* false: no memory. */
static bool part_of(const struct parcel *p, const struct head *h, int i, uintptr_t *part)
{
    const struct form *form = form_in(h);
    uint16_t text[HOST_ATOM_CHARS + 1];

    *part = (uintptr_t)h->number[i];
    if (h->length[i]) {
        text_of(p, h, i, text);
        *part = host_atom_add(text);
        return *part;
    }
    if (h->flags & HAS_BLOCK && can_be_block(form->part[i])) {
        *part = block_of(p, h, form);
        return *part;
    }
    return true;
}

static void part_undo(const struct parcel *p, const struct head *h, int i, uintptr_t part)
{
    if (h->length[i])
        host_atom_delete((host_atom)part);
    else if (h->flags & HAS_BLOCK && can_be_block(form_in(h)->part[i]))
        block_undo(p, part);
}

void parcel_settle(struct parcel *p)
{
    if (p->fd < 0)
        return;
    p->block = mem_adopt(p->fd, (size_t)head_of(p).size);
    if (!p->block)
        return;
    close(p->fd);
    p->fd = -1;
}

bool parcel_unpack(struct parcel *p, struct host_msg *msg)
{
    struct head h = head_of(p);
    uintptr_t part[2];

    if (!part_of(p, &h, 0, &part[0]))
        return false;
    if (!part_of(p, &h, 1, &part[1]))
        goto undo_first;
    if (!put_together(form_in(&h), part, &msg->lparam))
        goto undo_second;
    for (int i = 0; i < 2 && !form_in(&h)->lends; i++)
        refer_to_number(&h, i, form_in(&h)->part[i]);
    if (p->block) /* those of a parcel that has several receivers stay as they are */
        p->block = 0;
    msg->id = h.id;
    msg->wparam = (uintptr_t)h.from;
    return true;

undo_second:
    part_undo(p, &h, 1, part[1]);
undo_first:
    part_undo(p, &h, 0, part[0]);
    return false;
}

void parcel_returned(const struct parcel *p, const struct host_msg *msg)
{
    struct head h = head_of(p);
    const struct form *form = form_in(&h);
    uintptr_t part[2];

    if (!form->lends || !take_apart(form, msg->lparam, part))
        return;
    for (int i = 0; i < 2; i++)
        if (h.length[i])
            host_atom_delete((host_atom)part[i]);
}

/* ---- Looking inside ------------------------------------------------------------------------------- */

enum parcel_way parcel_way(const struct parcel *p)
{
    return (enum parcel_way)head_of(p).way;
}

uint32_t parcel_id(const struct parcel *p)
{
    return head_of(p).id;
}

uintptr_t parcel_from(const struct parcel *p)
{
    return (uintptr_t)head_of(p).from;
}

size_t parcel_service(const struct parcel *p, uint16_t buf[HOST_ATOM_CHARS + 1])
{
    struct head h = head_of(p);

    if (h.id != EV_INITIATE || h.way != PARCEL_SENT)
        return 0;
    if (!h.length[0])
        return host_atom_name((host_atom)h.number[0], buf);
    text_of(p, &h, 0, buf);
    return h.length[0];
}

struct parcel *parcel_share(struct parcel *p)
{
    atomic_fetch_add_explicit(&p->shares, 1, memory_order_relaxed);
    return p;
}

bool parcel_same(const struct parcel *a, const struct parcel *b)
{
    const size_t before = offsetof(struct head, from), after = before + sizeof((struct head *)0)->from;

    return a->size == b->size && a->fd < 0 && b->fd < 0 && memcmp(a->bytes, b->bytes, before) == 0 &&
           memcmp(a->bytes + after, b->bytes + after, a->size - after) == 0;
}

void parcel_free(struct parcel *p)
{
    if (!p || atomic_fetch_sub_explicit(&p->shares, 1, memory_order_acq_rel) > 0)
        return;
    if (p->fd >= 0)
        descriptor_close(p->fd);
    host_mem_free(p->block);
    free(p);
}
