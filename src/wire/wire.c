/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Messages on their way: who owns P, G and A at each moment (docs/ownership.md).
 *
 * Resources are booked to the instance while it holds them. A message that goes to a conversation of this
 * library in the same process takes its bookings along (only the instances' figures change); one that goes
 * anywhere else takes them off the books, and one that comes from elsewhere puts them on.
 *
 * The payload of a DATA or POKE may be a handle (host_format_is_handle). What it stands for belongs to whom
 * the table gives G, in every case: also where the system makes each side a copy of G. */

#include "wire/wire.h"

#include <string.h>

/* ---- The ownership table ------------------------------------------------------------------------------ */

enum { FREE_A = 1, FREE_G = 2, FREE_ALL = FREE_A | FREE_G };

/* What this side frees. G is meant where it is owned: of DATA and POKE only with fRelease, which the reading
 * finds out. Where a refusal or an EXECUTE's acknowledgement returns G to the sender, it travels with the
 * ACK, and its row ACK / POST_FAILED is the answer that could not be given. */
static const uint8_t frees[WIRE_LAST - WIRE_INITIATE + 1][WIRE_SITUATIONS] = {
#define ROW(id) [WIRE_##id - WIRE_INITIATE]
    /*                POST_FAILED  ACCEPTED  CLOSING   STRAY     ANONYMOUS */
    ROW(ADVISE) = {FREE_ALL, FREE_ALL, FREE_ALL, FREE_ALL, 0},
    ROW(UNADVISE) = {FREE_A, FREE_A, FREE_A, FREE_A, 0},
    ROW(ACK) = {FREE_ALL, FREE_A, FREE_A, FREE_A, 0},
    ROW(DATA) = {FREE_ALL, FREE_ALL, FREE_ALL, FREE_ALL, 0},
    ROW(REQUEST) = {FREE_A, FREE_A, FREE_A, FREE_A, 0},
    ROW(POKE) = {FREE_ALL, FREE_ALL, FREE_ALL, FREE_ALL, 0},
    ROW(EXECUTE) = {FREE_G, FREE_G, FREE_G, FREE_G, 0},
#undef ROW
};

/* Whether a G that was given away is the sender's again after that outcome: D6 K3 V3, A4; not with D5 K2 V2,
 * nor D11 K7 V5 X4. Where the system moves blocks it has freed the sender's already, an EXECUTE's excepted;
 * where it copies them the sender has freed its own after the post. */
static bool comes_back(enum host_passing passing, uint32_t id, enum wire_outcome outcome)
{
    switch (passing) {
    case HOST_PASS_SAME:
        return outcome == WIRE_NACKED || (outcome == WIRE_ACKED && id == WIRE_EXECUTE);
    case HOST_PASS_MOVE:
        return outcome != WIRE_ENDED && id == WIRE_EXECUTE;
    default:
        return false;
    }
}

/* ---- Bookings ----------------------------------------------------------------------------------------- */

static inline void book(struct wire_end *end, enum ledger_column column, long n)
{
    if (!end->local)
        ledger_pass(end->ledger, column, n);
    ledger_hand(end->ledger, column, n);
}

static void leaves(struct wire_end *end, enum ledger_column column)
{
    book(end, column, -1);
}

static void enters(struct wire_end *end, enum ledger_column column)
{
    book(end, column, 1);
}

static void free_mem(struct wire_end *end, host_mem mem)
{
    host_mem_free(mem);
    ledger_count(end->ledger, LEDGER_memory, -1);
}

/* ---- Payloads that are handles ------------------------------------------------------------------------ */

static bool has_handle(const struct wire_msg *m)
{
    return (m->id == WIRE_DATA || m->id == WIRE_POKE) && m->mem && host_format_is_handle(m->fmt);
}

/* The place of the handle in a payload of that format; NULL: bytes. To be unlocked if it is not NULL. */
static unsigned char *lock_handle(host_mem mem, size_t header, unsigned fmt)
{
    unsigned char *block = NULL;

    if (host_format_is_handle(fmt) && host_mem_size(mem) >= header + sizeof(uintptr_t))
        block = host_mem_lock(mem);
    return block ? block + header : NULL;
}

static uintptr_t get_handle(host_mem mem, size_t header, unsigned fmt)
{
    const unsigned char *place = lock_handle(mem, header, fmt);
    uintptr_t handle = 0;

    if (place) {
        memcpy(&handle, place, sizeof handle);
        host_mem_unlock(mem);
    }
    return handle;
}

static void set_handle(host_mem mem, size_t header, unsigned fmt, uintptr_t handle)
{
    unsigned char *place = lock_handle(mem, header, fmt);

    if (place) {
        memcpy(place, &handle, sizeof handle);
        host_mem_unlock(mem);
    }
}

void wire_mem_free(struct wire_end *end, host_mem mem, size_t header, unsigned fmt)
{
    host_handle_free(fmt, get_handle(mem, header, fmt));
    free_mem(end, mem);
}

/* ---- Letting go ---------------------------------------------------------------------------------------- */

void wire_dispose(struct wire_end *end, struct wire_msg *m, enum wire_situation situation)
{
    uint8_t frees_now = frees[m->id - WIRE_INITIATE][situation];
    bool unsent = situation == WIRE_POST_FAILED && has_handle(m);
    uintptr_t handle = unsent ? get_handle(m->mem, WIRE_HEADER, m->fmt) : m->handle;

    if (m->atom) {
        if (frees_now & FREE_A) {
            host_atom_delete(m->atom);
            ledger_count(end->ledger, LEDGER_atoms, -1);
        } else {
            leaves(end, LEDGER_atoms);
        }
    }
    if (handle && frees_now & FREE_G)
        host_handle_free(m->fmt, handle);
    if (m->mem && m->owned) {
        if (frees_now & FREE_G || end->passing == HOST_PASS_COPY) /* a copy is nobody else's */
            free_mem(end, m->mem);
        else
            leaves(end, LEDGER_memory);
    }
    m->atom = 0;
    m->mem = 0;
    m->handle = 0;
}

void wire_settle(struct wire_end *end, struct wire_sent *sent, enum wire_outcome outcome)
{
    if (end->unread && sent->id != WIRE_EXECUTE)
        outcome = WIRE_ENDED;
    if (sent->mem && comes_back(end->passing, sent->id, outcome)) {
        enters(end, LEDGER_memory);
        free_mem(end, sent->mem);
    }
    if (sent->handle && outcome == WIRE_NACKED && end->passing != HOST_PASS_MOVE)
        host_handle_free(sent->fmt, sent->handle);
    *sent = (struct wire_sent){0};
}

/* ---- Reading ------------------------------------------------------------------------------------------ */

/* Reads the flags and format at the head of a DATA, POKE or ADVISE object. */
static bool read_object(struct wire_msg *m)
{
    const uint16_t *head = host_mem_lock(m->mem);
    size_t size = host_mem_size(m->mem);

    if (!head)
        return false;
    if (size >= WIRE_HEADER) {
        m->status = head[0];
        m->fmt = head[1];
        m->size = size - WIRE_HEADER;
    }
    host_mem_unlock(m->mem);
    return size >= WIRE_HEADER;
}

/* Finds out what the payload stands for. Where that is something else on either side it is nothing here. */
static void read_handle(const struct wire_end *from, struct wire_msg *m)
{
    if (!has_handle(m))
        return;
    if (from->no_handles && m->owned)
        set_handle(m->mem, WIRE_HEADER, m->fmt, 0);
    else if (m->status & WIRE_FRELEASE)
        m->handle = get_handle(m->mem, WIRE_HEADER, m->fmt);
}

/* Fills m from the two halves; false if the object that they name cannot be read. */
static bool read_parts(struct wire_msg *m, uintptr_t lo, uintptr_t hi)
{
    switch (m->id) {
    case WIRE_ACK:
        m->status = (uint16_t)lo;
        m->answer = hi;
        return true;
    case WIRE_REQUEST:
    case WIRE_UNADVISE:
        m->fmt = (uint16_t)lo;
        m->atom = (host_atom)hi;
        return true;
    case WIRE_EXECUTE:
        m->mem = hi;
        m->size = host_mem_size(hi);
        m->owned = true;
        return hi == 0 || m->size > 0;
    case WIRE_ADVISE:
        m->mem = lo;
        m->atom = (host_atom)hi;
        m->owned = true;
        return read_object(m);
    case WIRE_DATA:
    case WIRE_POKE:
        m->mem = lo;
        m->atom = (host_atom)hi;
        if (!lo)
            return true;
        if (!read_object(m))
            return false;
        m->owned = m->owned || m->status & WIRE_FRELEASE;
        return true;
    default:
        return true;
    }
}

static struct wire_end stranger_of(const struct wire_end *end, host_wnd wnd)
{
    return (struct wire_end){
        .ledger = end->ledger, .passing = host_post_passing(wnd), .no_handles = !host_handles_pass(wnd)};
}

static bool is_name(uintptr_t atom)
{
    uint16_t text[HOST_ATOM_CHARS + 1];

    return atom >= 0xC000 && atom <= 0xFFFF && host_atom_name((host_atom)atom, text);
}

bool wire_is_offer(const struct host_msg *hm)
{
    return hm->id == WIRE_ACK && hm->wparam && !host_mem_size(hm->lparam) && is_name(hm->lparam & 0xFFFF) &&
           is_name(hm->lparam >> 16 & 0xFFFF);
}

/* What is sent as such an ACK, and is not wanted: its names are the receiver's all the same (I5), be there two or one.
 * They never stand in the books. */
static void drop_offer(const struct host_msg *hm)
{
    const uintptr_t names[] = {hm->lparam & 0xFFFF, hm->lparam >> 16 & 0xFFFF};

    if (hm->id != WIRE_ACK || !hm->wparam || host_mem_size(hm->lparam))
        return;
    for (int i = 0; i < 2; i++)
        if (is_name(names[i]))
            host_atom_delete((host_atom)names[i]);
}

static enum wire_reading not_read(struct wire_end *end, const struct wire_msg *m, bool is_partner)
{
    end->unread = end->unread || (is_partner && m->id == WIRE_DATA);
    return is_partner ? WIRE_READ_UNREADABLE : WIRE_READ_STRAY;
}

enum wire_reading wire_read(struct wire_end *end, const struct host_msg *hm, struct wire_msg *m)
{
    bool is_partner = hm->wparam == end->partner && hm->wparam;
    struct wire_end stranger, *from = end;
    uintptr_t lo, hi;
    bool readable;

    if (!is_partner) {
        stranger = stranger_of(end, hm->wparam);
        from = &stranger;
    }

    *m = (struct wire_msg){.id = hm->id, .from = hm->wparam, .owned = from->passing == HOST_PASS_COPY};
    if (from->local && m->id != WIRE_TERMINATE)
        ledger_pass(end->ledger, LEDGER_queued, -1);
    if (!wire_unpack(m->id, hm->lparam, &lo, &hi)) {
        drop_offer(hm);
        return not_read(end, m, is_partner);
    }
    if (wire_packs(m->id)) {
        enters(from, LEDGER_packed);
        host_mem_free(hm->lparam);
        ledger_count(end->ledger, LEDGER_packed, -1);
    }
    readable = read_parts(m, lo, hi);
    if (!readable) /* the flags are unknown, but this library never lends: between its own ends all is given
                    */
        m->owned = m->owned || from->local;
    else
        read_handle(from, m);
    if (m->atom)
        enters(from, LEDGER_atoms);
    if (m->mem && m->owned)
        enters(from, LEDGER_memory);
    if (is_partner && readable)
        return WIRE_READ_OK;
    if (!is_partner && m->id == WIRE_ACK && m->answer <= 0xFFFF) /* else it names an EXECUTE's object */
        wire_ack_is_atom(from, m);
    wire_dispose(from, m, is_partner ? WIRE_CLOSING : hm->wparam ? WIRE_STRAY : WIRE_ANONYMOUS);
    return not_read(end, m, is_partner);
}

void wire_stray(struct ledger *ledger, const struct host_msg *hm)
{
    struct wire_end nobody = {.self = hm->to, .ledger = ledger};
    struct wire_msg m;

    if (hm->id > WIRE_INITIATE && hm->id <= WIRE_LAST)
        wire_read(&nobody, hm, &m);
}

void wire_take_strays(struct ledger *ledger, host_wnd wnd)
{
    struct host_msg hm;

    while (host_take(wnd, &hm))
        wire_stray(ledger, &hm);
}

void wire_ack_is_atom(struct wire_end *end, struct wire_msg *m)
{
    m->atom = (host_atom)m->answer;
    if (m->atom)
        enters(end, LEDGER_atoms);
}

static host_mem copy_object(struct wire_end *end, const struct wire_msg *m)
{
    size_t header = m->id == WIRE_EXECUTE ? 0 : WIRE_HEADER;
    const unsigned char *from = host_mem_lock(m->mem);
    host_mem copy;

    if (!from)
        return 0;
    copy = wire_mem_copy(end, header, from + header, m->size, m->fmt);
    host_mem_unlock(m->mem);
    return copy;
}

host_mem wire_claim(struct wire_end *end, struct wire_msg *m)
{
    bool lent = !m->owned || (has_handle(m) && !m->handle);
    host_mem mem = m->mem;

    if (lent)
        return copy_object(end, m);
    m->mem = 0;
    m->handle = 0;
    return mem;
}

/* ---- Writing ------------------------------------------------------------------------------------------ */

host_mem wire_mem_new(struct wire_end *end, size_t header, const void *payload, size_t size)
{
    host_mem mem = host_mem_alloc(header + size ? header + size : 1, false);
    unsigned char *to = mem && payload ? host_mem_lock(mem) : NULL;

    if (!mem)
        return 0;
    ledger_count(end->ledger, LEDGER_memory, 1);
    if (payload && !to) {
        free_mem(end, mem);
        return 0;
    }
    if (to) {
        memcpy(to + header, payload, size);
        host_mem_unlock(mem);
    }
    return mem;
}

host_mem wire_mem_copy(struct wire_end *end, size_t header, const void *payload, size_t size, unsigned fmt)
{
    host_mem mem = wire_mem_new(end, header, payload, size);
    uintptr_t handle = mem ? get_handle(mem, header, fmt) : 0, copy;

    if (!handle)
        return mem;
    copy = host_handle_copy(fmt, handle);
    set_handle(mem, header, fmt, copy);
    if (copy)
        return mem;
    free_mem(end, mem);
    return 0;
}

bool wire_carries(const struct wire_end *end, const struct wire_msg *m)
{
    size_t limit = host_post_limit();

    if (!m->mem)
        return true;
    return (limit == SIZE_MAX || host_mem_size(m->mem) <= limit) && !(end->no_handles && has_handle(m));
}

static bool write_header(const struct wire_msg *m)
{
    uint16_t *head = host_mem_lock(m->mem);

    if (!head)
        return false;
    head[0] = m->status;
    head[1] = m->fmt;
    host_mem_unlock(m->mem);
    return true;
}

/* Packs m into hm. What m carries stays m's. */
static bool write_message(struct wire_end *end, const struct wire_msg *m, struct host_msg *hm)
{
    uintptr_t lo = 0, hi = m->atom;

    *hm = (struct host_msg){.to = end->partner, .id = m->id, .wparam = end->self};
    switch (m->id) {
    case WIRE_ACK:
        lo = m->status;
        hi = m->answer;
        break;
    case WIRE_REQUEST:
    case WIRE_UNADVISE:
        lo = m->fmt;
        break;
    case WIRE_EXECUTE:
        hi = m->mem;
        break;
    case WIRE_ADVISE:
    case WIRE_DATA:
    case WIRE_POKE:
        if (m->mem && !write_header(m))
            return false;
        lo = m->mem;
        break;
    }
    if (!wire_carries(end, m))
        return false;
    if (!wire_pack(m->id, lo, hi, &hm->lparam))
        return false;
    if (wire_packs(m->id))
        ledger_count(end->ledger, LEDGER_packed, 1);
    return true;
}

/* Where the system copies, the original has served; of an ACK no copy is made. */
static void block_posted(struct wire_end *end, const struct wire_msg *m)
{
    bool copies = end->passing == HOST_PASS_COPY;

    if (copies)
        host_mem_free(m->mem);
    if (copies && m->id == WIRE_ACK)
        ledger_count(end->ledger, LEDGER_memory, -1);
    else
        leaves(end, LEDGER_memory);
}

static void posted(struct wire_end *end, const struct wire_msg *m)
{
    if (end->local && m->id != WIRE_TERMINATE)
        ledger_pass(end->ledger, LEDGER_queued, 1);
    if (wire_packs(m->id))
        leaves(end, LEDGER_packed);
    if (m->atom)
        leaves(end, LEDGER_atoms);
    if (m->mem && m->owned)
        block_posted(end, m);
}

static void not_posted(struct wire_end *end, struct wire_msg *m, const struct host_msg *hm)
{
    if (wire_packs(m->id)) {
        wire_free_packed(m->id, hm->lparam);
        ledger_count(end->ledger, LEDGER_packed, -1);
    }
    wire_dispose(end, m, WIRE_POST_FAILED);
}

struct held {
    struct list node;
    struct host_msg hm;
    struct wire_msg m;
};

static bool hold_back(struct wire_end *end, const struct wire_msg *m, const struct host_msg *hm)
{
    struct held *held = end->backlog_count < WIRE_BACKLOG_LIMIT ? mem_new(sizeof *held) : NULL;

    if (!held)
        return false;
    held->hm = *hm;
    held->m = *m;
    list_append(&end->backlog, &held->node);
    end->backlog_count++;
    ledger_count(end->ledger, LEDGER_queued, 1);
    return true;
}

static void let_go(struct wire_end *end, struct held *held)
{
    list_remove(&held->node);
    end->overrun = --end->backlog_count && end->overrun;
    ledger_count(end->ledger, LEDGER_queued, -1);
    mem_free(held);
}

int wire_flush(struct wire_end *end)
{
    while (!list_empty(&end->backlog)) {
        struct held *held = container_of(end->backlog.next, struct held, node);
        int r = wire_post_message(&held->hm);

        if (r == HOST_GONE)
            wire_drop_backlog(end);
        if (r != HOST_OK)
            return r;
        posted(end, &held->m);
        let_go(end, held);
    }
    return HOST_OK;
}

void wire_drop_backlog(struct wire_end *end)
{
    while (!list_empty(&end->backlog)) {
        struct held *held = container_of(end->backlog.next, struct held, node);

        not_posted(end, &held->m, &held->hm);
        let_go(end, held);
    }
}

/* Posts behind the backlog, if there is one. */
static int post_in_order(struct wire_end *end, const struct wire_msg *m, const struct host_msg *hm)
{
    int r = wire_flush(end);

    if (r == HOST_OK)
        r = wire_post_message(hm);
    if (r == HOST_OK)
        posted(end, m);
    else if (r == HOST_FULL && hold_back(end, m, hm))
        r = HOST_OK;
    return r;
}

int wire_post(struct wire_end *end, struct wire_msg *m, struct wire_sent *sent)
{
    struct host_msg hm;
    int r;

    m->owned = true;
    if (!write_message(end, m, &hm)) {
        wire_dispose(end, m, WIRE_POST_FAILED);
        return HOST_FAULT;
    }
    if (sent)
        *sent = (struct wire_sent){.id = m->id, .atom = m->atom, .mem = m->mem};
    if (sent && has_handle(m)) {
        sent->fmt = m->fmt;
        sent->handle = get_handle(m->mem, WIRE_HEADER, m->fmt);
    }
    r = post_in_order(end, m, &hm);
    if (r != HOST_OK) {
        not_posted(end, m, &hm);
        if (sent)
            *sent = (struct wire_sent){0};
    }
    return r;
}

int wire_answer(struct wire_end *end, struct wire_msg *m, uint16_t status)
{
    struct wire_msg ack = {.id = WIRE_ACK, .status = status, .atom = m->atom, .answer = m->atom};
    bool given_back = m->id == WIRE_EXECUTE || !(status & WIRE_FACK);
    struct host_msg hm;
    int r = HOST_FAULT;

    m->atom = 0;
    if (given_back) {
        ack.mem = m->mem;
        ack.owned = m->owned;
        ack.fmt = m->fmt;
        ack.handle = m->handle;
        m->mem = 0;
        m->handle = 0;
    }
    if (m->id == WIRE_EXECUTE)
        ack.answer = ack.mem;
    wire_dispose(end, m, WIRE_ACCEPTED);
    if (!write_message(end, &ack, &hm))
        wire_dispose(end, &ack, WIRE_POST_FAILED);
    else if ((r = post_in_order(end, &ack, &hm)) != HOST_OK)
        not_posted(end, &ack, &hm);
    return r;
}
