/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/sim/inside.h"

#include <stdlib.h>
#include <string.h>

/* What messages carry from process to process. While it is on its way it belongs to nobody: references on atoms are
 * held by the journey, blocks are bytes.
 *
 * A message has two parts, as in PackDDElParam; what each of them is, and how lParam holds them, is one table. */

enum shape {
    WHOLE,  /* lParam is the second part               */
    HALVES, /* lParam is two times 16 bits             */
    PACKED, /* lParam is a block with the two parts: P */
};

enum part { NOTHING, NUMBER, ATOM, BLOCK, ANSWER /* of an ACK: an atom or a number */ };

struct form {
    enum shape shape;
    enum part part[2];
    bool lends; /* its atoms remain the sender's; else they become the receiver's */
};

struct cargo {
    const struct form *form;
    uint32_t id;
    uintptr_t part[2]; /* a number, or an atom with a reference */
    bool held[2];      /* it is one */
    bool has_block;
    uintptr_t origin; /* what an EXECUTE's block is called by its sender */
    size_t size;
    unsigned char *bytes;
};

static const struct form *form_of(uint32_t id, enum cargo_way way)
{
    static const struct form numbers = {WHOLE, {NOTHING, NUMBER}, false};
    static const struct form lent = {HALVES, {ATOM, ATOM}, true};
    static const struct form given = {HALVES, {ATOM, ATOM}, false};
    static const struct form dde[] = {
        {WHOLE, {NOTHING, NUMBER}, false}, /* INITIATE, which nobody would free if it was posted */
        {WHOLE, {NOTHING, NUMBER}, false}, /* TERMINATE */
        {PACKED, {BLOCK, ATOM}, false},    /* ADVISE    */
        {HALVES, {NUMBER, ATOM}, false},   /* UNADVISE  */
        {PACKED, {NUMBER, ANSWER}, false}, /* ACK       */
        {PACKED, {BLOCK, ATOM}, false},    /* DATA      */
        {HALVES, {NUMBER, ATOM}, false},   /* REQUEST   */
        {PACKED, {BLOCK, ATOM}, false},    /* POKE      */
        {WHOLE, {NOTHING, BLOCK}, false},  /* EXECUTE   */
    };

    if (way == CARGO_SENT && (id == EV_INITIATE || id == HOST_EV_REGISTER || id == HOST_EV_UNREGISTER))
        return &lent;
    if (way == CARGO_SENT && id == EV_ACK)
        return &given;
    return id >= EV_INITIATE && id <= EV_EXECUTE ? &dde[id - EV_INITIATE] : &numbers;
}

/* false: P is no block. */
static bool take_apart(const struct form *form, uintptr_t lparam, uintptr_t part[2])
{
    const void *pair;
    size_t size;

    part[0] = 0;
    part[1] = lparam;
    if (form->shape == HALVES) {
        part[0] = lparam & 0xFFFF;
        part[1] = lparam >> 16 & 0xFFFF;
    }
    if (form->shape != PACKED)
        return true;
    pair = mem_bytes(lparam, &size);
    if (!pair || size < 2 * sizeof *part)
        return false;
    memcpy(part, pair, 2 * sizeof *part);
    return true;
}

static uintptr_t put_together(const struct form *form, const uintptr_t part[2])
{
    if (form->shape == HALVES) /* extended by its sign, as PackDDElParam does */
        return (uintptr_t)(intptr_t)(int32_t)((uint32_t)part[0] | (uint32_t)part[1] << 16);
    if (form->shape == WHOLE)
        return part[1];
    return mem_new(world.current->process, part, 2 * sizeof *part, true, 0);
}

static bool is_atom(enum part kind, uintptr_t value)
{
    return (kind == ATOM || kind == ANSWER) && value >= FIRST_STRING && value <= 0xFFFF;
}

static void copy_block(struct cargo *c, uintptr_t mem)
{
    const void *bytes = mem_bytes(mem, &c->size);

    if (!bytes)
        return;
    c->has_block = true;
    c->bytes = malloc(c->size);
    if (!c->bytes)
        abort();
    memcpy(c->bytes, bytes, c->size);
    if (c->id == EV_EXECUTE)
        c->origin = mem;
    if (!world.move && (c->id == EV_DATA || c->id == EV_POKE) && c->size >= sizeof(uint16_t))
        *(uint16_t *)(void *)c->bytes |= FLAG_RELEASE; /* the copy is the receiver's */
}

/* Where blocks move a message brings what its sender gives; else names travel as texts, and become references again
 * whatever the sender had. */
static bool brings(host_atom atom)
{
    return !world.move || atom_is_held(atom, world.current->process->slot);
}

/* An ACK of an EXECUTE names the block as its sender did: none travels, which nobody would expect to own. */
static void pack_part(struct cargo *c, int i, uintptr_t value)
{
    enum part kind = c->form->part[i];

    c->part[i] = value;
    if (is_atom(kind, value))
        c->held[i] = brings((host_atom)value) && atom_ref((host_atom)value, ATOM_IN_TRANSIT);
    else if (kind == ANSWER && mem_origin(value))
        c->part[i] = mem_origin(value);
    else if (kind == BLOCK)
        copy_block(c, value);
}

static bool blocks_are_blocks(const struct form *form, const uintptr_t part[2])
{
    size_t size;

    for (int i = 0; i < 2; i++)
        if (form->part[i] == BLOCK && part[i] && !mem_bytes(part[i], &size))
            return false;
    return true;
}

bool cargo_parts(const struct host_msg *msg, enum cargo_way way, uintptr_t part[2])
{
    return take_apart(form_of(msg->id, way), msg->lparam, part);
}

struct cargo *cargo_pack(const struct host_msg *msg, enum cargo_way way)
{
    const struct form *form = form_of(msg->id, way);
    uintptr_t part[2];
    struct cargo *c;

    if (!take_apart(form, msg->lparam, part) || !blocks_are_blocks(form, part))
        return NULL;
    c = world_new(sizeof *c);
    c->form = form;
    c->id = msg->id;
    for (int i = 0; i < 2; i++)
        pack_part(c, i, part[i]);
    return c;
}

void cargo_free(struct cargo *c)
{
    if (!c)
        return;
    for (int i = 0; i < 2; i++)
        if (c->held[i])
            atom_unref((host_atom)c->part[i], ATOM_IN_TRANSIT);
    free(c->bytes);
    world_give(c, sizeof *c);
}

/* What is no longer the sender's: P, and the references that the message gives away. */
void cargo_delivered(const struct host_msg *msg, enum cargo_way way)
{
    const struct form *form = form_of(msg->id, way);
    uintptr_t part[2];

    if (form->lends || !take_apart(form, msg->lparam, part))
        return;
    for (int i = 0; i < 2; i++)
        if (is_atom(form->part[i], part[i]))
            atom_give_up((host_atom)part[i]);
    if (form->shape == PACKED)
        mem_give_up(msg->lparam);
}

void cargo_lend(const struct cargo *c, struct host_msg *msg)
{
    struct process *me = world.current->process;
    uintptr_t part[2];

    for (int i = 0; i < 2; i++) {
        part[i] = c->part[i];
        if (c->held[i] || (!world.move && !c->form->lends && is_atom(c->form->part[i], part[i])))
            atom_ref((host_atom)part[i], me->slot);
        if (c->form->part[i] == BLOCK)
            part[i] = c->has_block ? mem_new(me, c->bytes, c->size, false, c->origin) : 0;
    }
    msg->lparam = put_together(c->form, part);
}

void cargo_unpack(struct cargo *c, struct host_msg *msg)
{
    cargo_lend(c, msg);
    cargo_free(c);
}

void cargo_returned(const struct cargo *c, const struct host_msg *msg)
{
    uintptr_t part[2];

    if (!c->form->lends || !take_apart(c->form, msg->lparam, part))
        return;
    for (int i = 0; i < 2; i++)
        if (c->held[i])
            atom_unref((host_atom)part[i], world.current->process->slot);
}
