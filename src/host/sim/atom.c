/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/sim/inside.h"

#include "host/posix/spelling.h"

#include <stdlib.h>
#include <string.h>

/* The world's atoms: the same numbers in all processes, each of which counts its own references. An atom lives while
 * anybody holds one; what dies with references pending takes them along. */

enum { ATOMS = 0x4000, BUCKETS = 256 };

struct atom {
    uint32_t next; /* in its bucket or in the line of free ones; 0: none. Numbers count from 1. */
    uint32_t refs; /* of all holders; 0: there is no such atom */
    uint32_t held[ATOM_HOLDERS];
    uint16_t length;
    uint16_t *text;
};

static struct {
    struct atom all[ATOMS + 1];
    uint32_t used, first_free, last_free, n;
    uint32_t bucket[BUCKETS];
} table;

static struct atom *live(host_atom atom)
{
    uint32_t i = (uint32_t)atom - FIRST_STRING + 1;

    return atom >= FIRST_STRING && i <= table.used && table.all[i].refs ? &table.all[i] : NULL;
}

static struct process *holder_process(int holder)
{
    return holder == ATOM_IN_TRANSIT ? NULL : world.slots[holder];
}

static void hold(struct atom *a, int holder)
{
    a->refs++;
    a->held[holder]++;
    if (holder_process(holder))
        holder_process(holder)->n_atoms++;
}

static uint32_t *bucket_of(const struct atom *a)
{
    return &table.bucket[spelling_hash(a->text, a->length) % BUCKETS];
}

static void forget(struct atom *a)
{
    uint32_t number = (uint32_t)(a - table.all), *at = bucket_of(a);

    while (*at != number)
        at = &table.all[*at].next;
    *at = a->next;
    free(a->text);
    a->text = NULL;
    table.n--;
    a->next = 0;
    if (!table.first_free) {
        table.first_free = table.last_free = number;
    } else if (world.atoms_at_once) {
        a->next = table.first_free;
        table.first_free = number;
    } else {
        table.all[table.last_free].next = number;
        table.last_free = number;
    }
}

static void release(struct atom *a, int holder, uint32_t n)
{
    a->refs -= n;
    a->held[holder] -= n;
    if (holder_process(holder))
        holder_process(holder)->n_atoms -= n;
    if (!a->refs)
        forget(a);
}

bool atom_ref(host_atom atom, int holder)
{
    struct atom *a = live(atom);

    if (a)
        hold(a, holder);
    return a;
}

void atom_unref(host_atom atom, int holder)
{
    struct atom *a = live(atom);

    if (a && a->held[holder])
        release(a, holder, 1);
}

bool atom_is_held(host_atom atom, int holder)
{
    const struct atom *a = live(atom);

    return a && a->held[holder];
}

/* Fresh numbers first, unless those that have gone are to come again at once. */
static uint32_t take_number(void)
{
    uint32_t number = table.first_free;

    if (number && (world.atoms_at_once || table.used == ATOMS)) {
        table.first_free = table.all[number].next;
        return number;
    }
    if (table.used == ATOMS)
        return 0;
    number = ++table.used;
    table.all[number] = (struct atom){0};
    return number;
}

static struct atom *find(const uint16_t *text, size_t length)
{
    uint32_t i = table.bucket[spelling_hash(text, length) % BUCKETS];

    while (i && !(table.all[i].length == length && spelling_same(table.all[i].text, text, length)))
        i = table.all[i].next;
    return i ? &table.all[i] : NULL;
}

static struct atom *make(const uint16_t *text, size_t length)
{
    uint32_t number = take_number();
    struct atom *a = &table.all[number];

    if (!number)
        return NULL;
    a->length = (uint16_t)length;
    a->text = malloc((length + 1) * sizeof *text);
    if (!a->text)
        abort();
    memcpy(a->text, text, (length + 1) * sizeof *text);
    a->next = *bucket_of(a);
    *bucket_of(a) = number;
    table.n++;
    return a;
}

/* "#123": the number; 0: it is none, or 0. */
static uint32_t number_in(const uint16_t *text, size_t length)
{
    uint32_t n = 0;

    if (text[0] != '#' || length < 2)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        n = n * 10 + text[i] - '0';
        if (n >= FIRST_STRING)
            return 0;
    }
    return n;
}

host_atom host_atom_add(const uint16_t *text)
{
    size_t length = 0;
    struct atom *a;
    uint32_t number;
    host_atom atom;

    call_begin(CALL_atom_add);
    if (call_fails(SIM_FAULT_atom))
        return 0;
    while (text[length] && length <= HOST_ATOM_CHARS)
        length++;
    if (length == 0 || length > HOST_ATOM_CHARS)
        return 0;
    number = number_in(text, length);
    if (number)
        return (host_atom)number;
    a = find(text, length);
    if (!a)
        a = make(text, length);
    if (!a)
        return 0;
    hold(a, world.current->process->slot);
    atom = (host_atom)(a - table.all - 1 + FIRST_STRING);
    story_call(CALL_atom_add, atom, a->refs, 0);
    return atom;
}

host_atom host_atom_again(host_atom atom, const uint16_t *text)
{
    struct atom *a = live(atom);

    call_begin(CALL_atom_again);
    if (call_fails(SIM_FAULT_atom))
        return 0;
    if (atom < FIRST_STRING)
        return atom;
    if (!a || !a->held[world.current->process->slot] || !spelling_same(a->text, text, a->length)) {
        story_misuse("another reference on an atom on which this process has none", atom);
        return 0;
    }
    hold(a, world.current->process->slot);
    story_call(CALL_atom_again, atom, a->refs, 0);
    return atom;
}

void atom_give_up(host_atom atom)
{
    struct atom *a = live(atom);
    int holder = world.current->process->slot;

    story_call(CALL_atom_delete, atom, a ? a->refs : 0, 0);
    if (a && a->held[holder])
        release(a, holder, 1);
    else
        story_misuse("deleted a reference on an atom that this process has not", atom);
}

void host_atom_delete(host_atom atom)
{
    call_begin(CALL_atom_delete);
    if (atom >= FIRST_STRING)
        atom_give_up(atom);
}

static size_t integer_name(host_atom atom, uint16_t *buf)
{
    uint16_t digits[8];
    size_t n = 0, length = 0;

    for (unsigned rest = atom; rest; rest /= 10)
        digits[n++] = (uint16_t)('0' + rest % 10);
    buf[length++] = '#';
    while (n)
        buf[length++] = digits[--n];
    buf[length] = 0;
    return length;
}

size_t host_atom_name(host_atom atom, uint16_t *buf)
{
    const struct atom *a;

    call_begin(CALL_atom_name);
    if (atom && atom < FIRST_STRING)
        return integer_name(atom, buf);
    a = live(atom);
    if (!a)
        return 0;
    memcpy(buf, a->text, (a->length + 1u) * sizeof *buf);
    return a->length;
}

void atoms_end(int holder)
{
    for (uint32_t i = 1; i <= table.used; i++)
        if (table.all[i].held[holder])
            release(&table.all[i], holder, table.all[i].held[holder]);
}

void atoms_close(void)
{
    for (uint32_t i = 1; i <= table.used; i++)
        free(table.all[i].text);
    table.used = table.first_free = table.last_free = table.n = 0;
    memset(table.bucket, 0, sizeof table.bucket);
}
