/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Partners that speak WM_DDE_* themselves: a window that serves and asks. A polite one keeps to the ownership table; a
 * hostile one forgets, answers twice, late, wrongly, or something else. */

#include <stdio.h>
#include <string.h>

#include "host/host.h"
#include "oracle.h"
#include "wire/wire.h"

enum { FRIENDS = 16, LATER = 16, RAWS = 8, WAIT_MS = 300 };

struct raw {
    struct actor *actor;
    host_wnd wnd;
    unsigned hostile; /* permille of answers that are not what they should be */
    host_atom service, topics[TOPICS], items[ITEMS];
    struct friend
    {
        host_wnd wnd;
        bool serves; /* it, and we ask */
        bool ending; /* our TERMINATE is out */
        bool unsure; /* it may never have got the offer */
    }
    friends[FRIENDS];
    struct host_msg later[LATER]; /* answers that come late */
    unsigned n_later;
};

static struct {
    struct raw raws[RAWS];
    unsigned n;
} all;

void raw_reset(void)
{
    memset(&all, 0, sizeof all);
}

bool raw_any(void)
{
    return all.n;
}

bool raw_hostile(void)
{
    return all.n && play.hostile;
}

bool raw_window(uintptr_t wnd)
{
    for (unsigned i = 0; i < all.n; i++)
        if (wnd && all.raws[i].wnd == wnd)
            return true;
    return false;
}

static host_atom atom_of(const char *text)
{
    uint16_t wide[64];
    unsigned i = 0;

    do
        wide[i] = (unsigned char)text[i];
    while (text[i++]);
    return host_atom_add(wide);
}

static bool is_string(uintptr_t atom)
{
    return atom >= 0xC000 && atom <= 0xFFFF;
}

static bool carries_object(uint32_t id)
{
    return id == WIRE_DATA || id == WIRE_POKE || id == WIRE_ADVISE;
}

static bool packs(uint32_t id)
{
    return carries_object(id) || id == WIRE_ACK;
}

/* ---- Posting ----------------------------------------------------------------------------------------------- */

/* What the system leaves to whoever has posted a block. */
static void posted_block(host_wnd to, host_mem mem)
{
    if (mem && host_post_passing(to) == HOST_PASS_COPY)
        host_mem_free(mem);
}

static bool post(struct raw *r, host_wnd to, uint32_t id, uintptr_t lo, uintptr_t hi)
{
    host_mem mem = id == WIRE_EXECUTE ? hi : carries_object(id) ? lo : 0;
    host_atom atom = id != WIRE_EXECUTE && is_string(hi) ? (host_atom)hi : 0;
    LPARAM packed = CALL(PackDDElParam)(id, lo, hi);
    struct host_msg hm = {.to = to, .id = id, .wparam = r->wnd, .lparam = (uintptr_t)packed};

    if ((packed || !packs(id)) && host_post(&hm) == HOST_OK) {
        posted_block(to, mem ? mem : id == WIRE_ACK && hi > 0xFFFF ? hi : 0);
        return true;
    }
    CALL(FreeDDElParam)(id, packed);
    if (atom)
        host_atom_delete(atom);
    if (mem || (id == WIRE_ACK && hi > 0xFFFF)) /* an EXECUTE's block with its answer, too */
        host_mem_free(mem ? mem : hi);
    return false;
}

static host_mem object(uint16_t flags, uint16_t fmt)
{
    host_mem mem = host_mem_alloc(WIRE_HEADER + 12, false);
    uint16_t *head = mem ? host_mem_lock(mem) : NULL;

    if (!head)
        return 0;
    head[0] = flags;
    head[1] = fmt;
    memcpy(head + 2, "raw object", 11);
    host_mem_unlock(mem);
    return mem;
}

static host_atom item_ref(struct raw *r)
{
    return atom_of(play_items[chance(r->actor, ITEMS)]);
}

/* ---- Friends ------------------------------------------------------------------------------------------------- */

static struct friend *friend_of(struct raw *r, host_wnd wnd)
{
    for (unsigned i = 0; i < FRIENDS; i++)
        if (r->friends[i].wnd == wnd)
            return &r->friends[i];
    return NULL;
}

static struct friend *befriend(struct raw *r, host_wnd wnd, bool serves)
{
    struct friend *f = friend_of(r, 0);

    if (f)
        *f = (struct friend){.wnd = wnd, .serves = serves};
    return f;
}

/* One whose queue is full has to be told another time. */
static void terminate(struct raw *r, struct friend *f)
{
    if (f->wnd && !f->ending)
        f->ending = post(r, f->wnd, WIRE_TERMINATE, 0, 0);
    if (!f->ending && !host_window_alive(f->wnd))
        f->wnd = 0;
}

/* ---- Answers --------------------------------------------------------------------------------------------------- */

/* Sends an answer, or keeps it for later, or says it twice. */
static void answer(struct raw *r, host_wnd to, uint32_t id, uintptr_t lo, uintptr_t hi)
{
    unsigned odd = permille(r->actor, r->hostile) ? 1 + chance(r->actor, 5) : 0;

    switch (odd) {
    case 1: /* forgets it */
        return;
    case 2: /* twice */
        if (is_string(hi))
            atom_of(play_items[0]);
        post(r, to, WIRE_ACK, chance(r->actor, 2) * WIRE_FACK, hi);
        break;
    case 3: /* late */
        if (r->n_later < LATER) {
            r->later[r->n_later++] = (struct host_msg){to, id, lo, hi};
            return;
        }
        break;
    case 4: /* something else */
        post(r, to, WIRE_DATA, object((uint16_t)chance(r->actor, 0x10000), WIRE_HEADER), item_ref(r));
        break;
    case 5:
        if (friend_of(r, to))
            terminate(r, friend_of(r, to));
        break;
    default:
        break;
    }
    post(r, to, id, lo, hi);
}

static void free_block(struct raw *r, host_mem mem, bool ours)
{
    (void)r;
    if (mem && ours && host_mem_size(mem))
        host_mem_free(mem);
}

static uint16_t flags_of(host_mem mem)
{
    const uint16_t *head = mem && host_mem_size(mem) >= WIRE_HEADER ? host_mem_lock(mem) : NULL;
    uint16_t flags = head ? head[0] : 0;

    if (head)
        host_mem_unlock(mem);
    return flags;
}

static void served(struct raw *r, host_wnd from, uint32_t id, uintptr_t lo, uintptr_t hi)
{
    host_mem data;

    switch (id) {
    case WIRE_REQUEST:
        data = permille(r->actor, 700) ? object(WIRE_FRELEASE | WIRE_FRESPONSE, (uint16_t)lo) : 0;
        if (data)
            answer(r, from, WIRE_DATA, data, hi);
        else
            answer(r, from, WIRE_ACK, 0, hi);
        break;
    case WIRE_POKE:
    case WIRE_ADVISE:
        free_block(r, lo, true);
        answer(r, from, WIRE_ACK, WIRE_FACK, hi);
        break;
    case WIRE_UNADVISE:
        answer(r, from, WIRE_ACK, WIRE_FACK, hi);
        break;
    default:
        answer(r, from, WIRE_ACK, WIRE_FACK, hi);
        break;
    }
}

static void got_data(struct raw *r, host_wnd from, uintptr_t lo, uintptr_t hi)
{
    uint16_t flags = flags_of(lo);

    free_block(r, lo, flags & WIRE_FRELEASE || host_post_passing(from) == HOST_PASS_COPY);
    if (flags & WIRE_FACKREQ)
        answer(r, from, WIRE_ACK, WIRE_FACK, hi);
    else if (is_string(hi))
        host_atom_delete((host_atom)hi);
}

/* An EXECUTE's block comes back, but where the system copies. */
static void got_ack(host_wnd from, uintptr_t hi)
{
    if (is_string(hi))
        host_atom_delete((host_atom)hi);
    else if (hi > 0xFFFF && host_post_passing(from) != HOST_PASS_COPY)
        host_mem_free(hi);
}

static void got_terminate(struct raw *r, host_wnd from)
{
    struct friend *f = friend_of(r, from);

    if (!f)
        return;
    if (!f->ending && !permille(r->actor, r->hostile))
        post(r, from, WIRE_TERMINATE, 0, 0);
    f->wnd = 0;
}

/* What has come after our TERMINATE is disposed of and not answered. */
static void dispose(host_wnd from, uint32_t id, uintptr_t lo, uintptr_t hi)
{
    if (carries_object(id) &&
        (id == WIRE_ADVISE || flags_of(lo) & WIRE_FRELEASE || host_post_passing(from) == HOST_PASS_COPY))
        free_block(NULL, lo, true);
    if (id == WIRE_EXECUTE)
        free_block(NULL, hi, true);
    else if (is_string(hi))
        host_atom_delete((host_atom)hi);
}

static void got_posted(struct raw *r, const struct host_msg *hm)
{
    struct friend *f = friend_of(r, hm->wparam);
    UINT_PTR lo, hi;

    if (hm->id == WIRE_TERMINATE) {
        got_terminate(r, hm->wparam);
        return;
    }
    if (!CALL(UnpackDDElParam)(hm->id, (LPARAM)hm->lparam, &lo, &hi))
        return;
    CALL(FreeDDElParam)(hm->id, (LPARAM)hm->lparam);
    if (hm->id == WIRE_ACK)
        got_ack(hm->wparam, hi);
    else if (!f || f->ending)
        dispose(hm->wparam, hm->id, lo, hi);
    else if (hm->id == WIRE_DATA)
        got_data(r, hm->wparam, lo, hi);
    else
        served(r, hm->wparam, hm->id, lo, hi);
}

/* ---- Initiating ---------------------------------------------------------------------------------------------------- */

static void asked(struct raw *r, const struct host_msg *hm)
{
    host_atom service = (host_atom)hm->lparam, topic = (host_atom)(hm->lparam >> 16);
    struct host_msg ack = {.to = hm->wparam, .id = WIRE_ACK, .wparam = r->wnd};
    struct friend *f;
    int sent;

    if (raw_window(hm->wparam) || (service && service != r->service) || friend_of(r, hm->wparam) ||
        !befriend(r, hm->wparam, false))
        return;
    service = atom_of(play_services[RAW_SERVICE]);
    topic = topic == r->topics[1] ? atom_of(play_topics[1]) : atom_of(play_topics[0]);
    ack.lparam = (uintptr_t)service | (uintptr_t)topic << 16;
    sent = service && topic ? host_send(&ack, WAIT_MS) : HOST_FAULT;
    f = friend_of(r, hm->wparam);
    if (f)
        f->unsure = sent == HOST_UNSURE;
    if (sent == HOST_OK || sent == HOST_UNSURE)
        return;
    host_atom_delete(service);
    host_atom_delete(topic);
    if (f)
        f->wnd = 0;
}

static void was_answered(struct raw *r, const struct host_msg *hm)
{
    struct host_msg no = {.to = hm->wparam, .id = WIRE_TERMINATE, .wparam = r->wnd};

    host_atom_delete((host_atom)hm->lparam);
    host_atom_delete((host_atom)(hm->lparam >> 16));
    if (!befriend(r, hm->wparam, true))
        host_post(&no);
}

/* The ACK of an INITIATE, maybe late: it has two names, and no packed parameter. */
static bool is_offer(const struct host_msg *hm)
{
    return hm->id == WIRE_ACK && is_string(hm->lparam & 0xFFFF) && is_string(hm->lparam >> 16 & 0xFFFF);
}

static void receive(void *raw, const struct host_msg *hm)
{
    struct raw *r = raw;

    play_busy();
    if (hm->id == WIRE_INITIATE)
        asked(r, hm);
    else if (is_offer(hm))
        was_answered(r, hm);
    else if (hm->id >= WIRE_TERMINATE && hm->id <= WIRE_LAST)
        got_posted(r, hm);
}

static void ask(struct raw *r)
{
    host_atom service = atom_of(play_services[chance(r->actor, SERVICES - 1)]);
    host_atom topic = permille(r->actor, 800) ? atom_of(play_topics[chance(r->actor, TOPICS)]) : 0;
    struct host_msg hm = {
        .id = WIRE_INITIATE, .wparam = r->wnd, .lparam = (uintptr_t)service | (uintptr_t)topic << 16};

    host_broadcast(HOST_TOP_LEVEL, &hm, WAIT_MS, NULL, NULL);
    host_atom_delete(service);
    host_atom_delete(topic);
}

/* ---- Steps ------------------------------------------------------------------------------------------------------------ */

static struct friend *any_friend(struct raw *r)
{
    unsigned from = chance(r->actor, FRIENDS);

    for (unsigned i = 0; i < FRIENDS; i++) {
        struct friend *f = &r->friends[(from + i) % FRIENDS];

        if (f->wnd && !f->ending)
            return f;
    }
    return NULL;
}

/* A client asks, a server tells of news, wanted or not; a hostile one does both. */
static void say(struct raw *r, const struct friend *f)
{
    unsigned what = r->hostile ? chance(r->actor, 6) : f->serves ? chance(r->actor, 5) : 5;
    host_wnd to = f->wnd;
    uint16_t fmt = (uint16_t)play_formats[chance(r->actor, FORMATS)];
    host_mem mem;

    switch (what) {
    case 0:
        post(r, to, WIRE_REQUEST, fmt, item_ref(r));
        break;
    case 1:
        if ((mem = object(WIRE_FRELEASE, fmt)) != 0)
            post(r, to, WIRE_POKE, mem, item_ref(r));
        break;
    case 2:
        if ((mem = object((uint16_t)(chance(r->actor, 4) << 14), fmt)) != 0)
            post(r, to, WIRE_ADVISE, mem, item_ref(r));
        break;
    case 3:
        post(r, to, WIRE_UNADVISE, permille(r->actor, 800) ? fmt : 0,
             permille(r->actor, 800) ? item_ref(r) : 0);
        break;
    case 4:
        if ((mem = host_mem_alloc(16, false)) != 0)
            post(r, to, WIRE_EXECUTE, 0, mem);
        break;
    default:
        if ((mem = object(WIRE_FRELEASE | (chance(r->actor, 2) ? WIRE_FACKREQ : 0), fmt)) != 0)
            post(r, to, WIRE_DATA, mem, item_ref(r));
        break;
    }
}

static void late_answers(struct raw *r)
{
    while (r->n_later) {
        const struct host_msg *m = &r->later[--r->n_later];

        post(r, m->to, m->id, m->wparam, m->lparam);
    }
}

static void raw_step(struct raw *r)
{
    struct friend *f = any_friend(r);

    play_busy();
    switch (chance(r->actor, 8)) {
    case 0:
        ask(r);
        break;
    case 1:
        late_answers(r);
        break;
    case 2:
        if (f && permille(r->actor, 300))
            terminate(r, f);
        break;
    case 3:
    case 4:
        if (f)
            say(r, f);
        break;
    default:
        host_dispatch(HOST_ALL_MESSAGES, host_now_ms() + chance(r->actor, 50));
        break;
    }
}

static bool raw_open(struct actor *a)
{
    struct raw *r =
        all.n < RAWS ? &all.raws[all.n++] : NULL; /* at once: every call of the host lets others run */

    if (!r)
        return false;
    *r = (struct raw){.actor = a, .hostile = play.hostile};
    r->wnd = host_window_create(HOST_PLAIN, 0, chance(a, 2), receive, r);
    if (!r->wnd)
        return false;
    a->raw = r;
    r->service = atom_of(play_services[RAW_SERVICE]);
    for (int i = 0; i < TOPICS; i++)
        r->topics[i] = atom_of(play_topics[i]);
    for (int i = 0; i < ITEMS; i++)
        r->items[i] = atom_of(play_items[i]);
    return true;
}

void raw_play(struct actor *a)
{
    if (!raw_open(a))
        return;
    while (play_next_step(a))
        raw_step(a->raw);
}

static bool alone(void *raw)
{
    const struct raw *r = raw;

    for (unsigned i = 0; i < FRIENDS; i++)
        if (r->friends[i].wnd)
            return false;
    return true;
}

/* Who has been told of the end has answered, where nothing stood in the way. To a full queue nobody says it twice: the
 * window is gone. */
void raw_at_rest(const struct actor *a)
{
    const struct raw *r = a->raw;
    const struct sim_figures *f = sim_figures();

    if (!r || r->hostile || f->n_fired || f->kills || play.full || play.torn || play_queues_are_short())
        return;
    for (unsigned i = 0; i < FRIENDS; i++)
        if (r->friends[i].wnd && r->friends[i].ending && !r->friends[i].unsure)
            violated("end", "actor %u, a raw partner: its TERMINATE has not been answered", a->number);
}

void raw_leave(struct actor *a)
{
    struct raw *r = a->raw;
    struct host_msg hm;

    if (!r)
        return;
    late_answers(r);
    for (unsigned tries = 0; tries < 50 && !alone(r); tries++) {
        for (unsigned i = 0; i < FRIENDS; i++)
            terminate(r, &r->friends[i]);
        host_pump(HOST_ALL_MESSAGES, alone, r, host_now_ms() + 100);
    }
    while (host_take(r->wnd, &hm))
        got_posted(r, &hm);
    host_window_destroy(r->wnd);
    host_atom_delete(r->service);
    for (int i = 0; i < TOPICS; i++)
        host_atom_delete(r->topics[i]);
    for (int i = 0; i < ITEMS; i++)
        host_atom_delete(r->items[i]);
}
