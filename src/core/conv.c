/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* One side of a conversation: its record, its window, and what each message means in each state. */

#include "core/core.h"

#include "base/ahead.h"

#include <string.h>

/* ---- Record and window -------------------------------------------------------------------------------- */

bool conv_write_card(struct conv *c)
{
    struct conv_card mine = {
        .handle = c->handle,
        .inst = inst_id(c->inst),
        .huser = c->huser,
        .context = c->context,
    };
    struct host_card card = {.size = sizeof mine};

    _Static_assert(sizeof mine == 56, "programs of 32 and of 64 bits show the same, and a card has room");
    memcpy(card.u.bytes, &mine, sizeof mine);
    return host_card_set(c->end.self, &card);
}

bool conv_read_card(host_wnd wnd, struct conv_card *out)
{
    struct host_card card;

    if (!host_card_get(wnd, &card) || card.size != sizeof *out)
        return false;
    memcpy(out, card.u.bytes, sizeof *out);
    return true;
}

/* A window and the conversation that it was made for are one piece of memory, so that what a message looks at stands
 * close together. It goes with the last conversation of the window. */
struct first {
    struct port port;
    struct conv conv;
};

static bool is_first(const struct conv *c)
{
    return c == &container_of(c->port, struct first, port)->conv;
}

static struct conv *conv_alloc(struct inst *in, const struct conv *scout)
{
    struct first *f = scout ? NULL : mem_new(sizeof *f);
    struct conv *c = scout ? mem_new(sizeof *c) : f ? &f->conv : NULL;

    if (f) {
        f->port.inst = in;
        list_init(&f->port.convs);
    }
    if (c) {
        c->port = scout ? scout->port : &f->port;
        list_append(&c->port->convs, &c->in_port);
    }
    return c;
}

static bool port_open(struct conv *c)
{
    struct inst *in = c->inst;

    c->port->wnd = host_window_create(c->client ? HOST_CLIENT : HOST_SERVER, in->mom, in->unicode,
                                      conv_message, c->port);
    if (c->port->wnd)
        ledger_count(&in->ledger, LEDGER_windows, 1);
    return c->port->wnd;
}

bool port_shared(const struct port *p)
{
    return p->convs.next != p->convs.prev;
}

/* The window goes with its last conversation. */
static void port_leave(struct conv *c)
{
    if (port_shared(c->port) || !c->port->wnd)
        return;
    host_window_destroy(c->port->wnd);
    ledger_count(&c->inst->ledger, LEDGER_windows, -1);
}

static void conv_free(struct conv *c)
{
    struct inst *in = c->inst;
    struct port *p = c->port;

    if (c->handle)
        handle_free(c->handle);
    if (c->partner_handle && !c->end.local)
        handle_free(c->partner_handle);
    conv_initiated(c);
    string_unref(c->service_req);
    string_unref(c->service);
    string_unref(c->topic);
    list_remove(&c->node);
    list_remove(&c->ready);
    list_remove(&c->watch);
    list_remove(&c->member);
    list_remove(&c->in_port);
    ledger_count(&in->ledger, LEDGER_conversations, -1);
    if (!is_first(c))
        mem_free(c);
    if (list_empty(&p->convs))
        mem_free(container_of(p, struct first, port));
}

/* A program that hears of the card may destroy the window. False: the conversation has ended before it began. */
static bool show_card(struct conv *c)
{
    bool shown;

    conv_hold(c);
    shown = conv_write_card(c) && c->state == CONV_CONNECTING;
    if (!shown)
        c->state = CONV_DEAD;
    conv_drop(c);
    return shown;
}

struct conv *conv_new(struct inst *in, bool client, struct string *service, struct string *topic,
                      const CONVCONTEXT *context, struct conv *scout)
{
    struct conv *c = conv_alloc(in, scout);

    if (!c)
        return NULL;
    c->inst = in;
    c->number = ++in->last_conv;
    c->client = client;
    c->end.ledger = &in->ledger;
    list_init(&c->end.backlog);
    list_init(&c->ready);
    list_init(&c->watch);
    list_init(&c->member);
    list_init(&c->deliveries);
    list_init(&c->under_way);
    list_init(&c->xacts);
    list_init(&c->failed);
    list_init(&c->links);
    list_init(&c->unacked);
    list_append(&in->convs, &c->node);
    ledger_count(&in->ledger, LEDGER_conversations, 1);
    c->service_req = string_ref(service);
    c->service = client ? string_ref(service) : NULL;
    c->topic = string_ref(topic);
    c->context = *context;
    c->gate = in->gate;
    c->handle = handle_new(HANDLE_CONVERSATION, c);
    if (!c->handle || !(scout || port_open(c))) {
        conv_free(c);
        return NULL;
    }
    c->end.self = c->port->wnd;
    return scout || show_card(c) ? c : NULL;
}

void conv_open(struct conv *c)
{
    c->state = CONV_OPEN;
    c->convst = XST_CONNECTED;
    if (!c->end.local && !c->told)
        conv_watch(c); /* nobody tells us if such a partner dies */
}

struct conv *conv_get(HCONV h)
{
    return handle_get((uintptr_t)h, HANDLE_CONVERSATION);
}

void conv_hold(struct conv *c)
{
    c->holds++;
}

void conv_drop(struct conv *c)
{
    if (--c->holds == 0 && c->state == CONV_DEAD)
        conv_bury(c);
}

void conv_set_error(struct conv *c, UINT error)
{
    c->last_error = error;
    inst_fail(c->inst, error);
}

static void give_up(struct conv *c)
{
    if (c->state != CONV_OPEN || c->broken)
        return;
    c->broken = true;
    c->inst->link_changes++; /* its loops are not usable any more */
    conv_ready(c);
}

bool conv_posted(struct conv *c, int result)
{
    if (result == HOST_OK) {
        if (!list_empty(&c->end.backlog))
            conv_watch(c);
        return true;
    }
    if (result == HOST_GONE)
        give_up(c);
    return false;
}

void conv_answered(struct conv *c, int result)
{
    if (!conv_posted(c, result))
        give_up(c);
}

/* The partner has fallen far behind. Told once, until it has caught up, and while there is still room for the
 * application to do something about it. */
void conv_tell_overrun(struct conv *c)
{
    if (c->state != CONV_OPEN || c->end.overrun || c->end.backlog_count <= WIRE_BACKLOG_LIMIT / 2)
        return;
    c->end.overrun = true;
    inst_raise(c->inst, c, XTYP_ERROR, 0, (HCONV)c->handle, 0, 0, 0, DMLERR_LOW_MEMORY, 0);
}

/* ---- Messages ----------------------------------------------------------------------------------------- */

/* What an open conversation does with a message of its partner. An empty cell is a message that this side
 * never gets from a partner that keeps to the protocol: it is disposed of and the conversation goes on
 * (docs/conformance.md, protocol 8.3). */
typedef void handler(struct conv *c, struct wire_msg *m);

static void on_terminate(struct conv *c, struct wire_msg *m)
{
    (void)m;
    conv_peer_quits(c);
}

static handler *const handlers[2][WIRE_LAST - WIRE_INITIATE + 1] = {
    {
        [WIRE_ADVISE - WIRE_INITIATE] = server_message,
        [WIRE_UNADVISE - WIRE_INITIATE] = server_message,
        [WIRE_REQUEST - WIRE_INITIATE] = server_message,
        [WIRE_POKE - WIRE_INITIATE] = server_message,
        [WIRE_EXECUTE - WIRE_INITIATE] = server_message,
        [WIRE_ACK - WIRE_INITIATE] = link_update_acked,
        [WIRE_TERMINATE - WIRE_INITIATE] = on_terminate,
    },
    {
        [WIRE_DATA - WIRE_INITIATE] = client_message,
        [WIRE_ACK - WIRE_INITIATE] = client_message,
        [WIRE_TERMINATE - WIRE_INITIATE] = on_terminate,
    },
};

static void open_message(struct conv *c, struct wire_msg *m)
{
    handler *handle = handlers[c->client][m->id - WIRE_INITIATE];

    if (handle)
        handle(c, m);
    else
        wire_dispose(&c->end, m, WIRE_STRAY);
}

/* The client speaks while the ACK of its INITIATE is still being sent: a callback in a callback dispatches messages. Its
 * message waits in line until the application knows of the conversation. */
static void first_message(struct conv *c, struct wire_msg *m)
{
    c->callbacks++;
    open_message(c, m);
    c->callbacks--;
    conv_confirm(c);
    delivery_run(c);
}

/* The tombstone: everything is disposed of, answers still release what they release, TERMINATE ends it. */
static void closing_message(struct conv *c, struct wire_msg *m)
{
    if (m->id == WIRE_TERMINATE)
        conv_confirmed(c);
    else if (m->id == WIRE_ACK && c->client)
        client_message(c, m);
    else if (m->id == WIRE_DATA && c->client)
        client_discard(c, m);
    else if (m->id == WIRE_ACK)
        link_update_acked(c, m);
    else
        wire_dispose(&c->end, m, WIRE_CLOSING);
}

/* A server that quits while the INITIATE is still going round: the conversation is not to be used. It is
 * answered at once, because it may be waiting for that inside the call which the INITIATE waits for; should
 * that fail, it will notice that our window has gone. Once: else two that answer each other would never end. */
static void connecting_message(struct conv *c, struct wire_msg *m)
{
    struct wire_msg reply = {.id = WIRE_TERMINATE};

    if (m->id == WIRE_TERMINATE && !c->broken) {
        c->broken = true;
        wire_post(&c->end, &reply, NULL);
    } else if (m->id == WIRE_DATA && m->status & WIRE_FACKREQ) {
        conv_posted(c, wire_answer(&c->end, m, 0)); /* else a later answer would be taken for this one */
    } else if (m->id == WIRE_ACK) {
        client_message(c, m); /* to nothing (A7): what it names is given up */
    } else {
        wire_dispose(&c->end, m, WIRE_STRAY);
    }
}

static void posted_message(struct conv *c, const struct host_msg *hm)
{
    struct wire_msg m;

    if (hm->id < WIRE_TERMINATE || hm->id > WIRE_LAST)
        return;
    monitor_received(c->inst, c, WIRE_POSTED, hm);
    switch (wire_read(&c->end, hm, &m)) {
    case WIRE_READ_STRAY:
        return;
    case WIRE_READ_UNREADABLE:
        if (c->state == CONV_OPEN)
            conv_violated(c);
        return;
    case WIRE_READ_OK:
        c->unsure = false; /* it knows of us */
        break;
    }
    switch (c->state) {
    case CONV_CONNECTING:
        connecting_message(c, &m);
        break;
    case CONV_OPEN:
        if (c->inst->ending && m.id != WIRE_TERMINATE)
            closing_message(c, &m); /* nobody would be asked */
        else if (c->broken && m.id != WIRE_TERMINATE)
            closing_message(c, &m); /* an answer out of turn would be taken for the one that is missing */
        else if (c->offering && m.id != WIRE_TERMINATE)
            first_message(c, &m);
        else
            open_message(c, &m);
        break;
    default:
        closing_message(c, &m);
        break;
    }
}

/* The conversation whose INITIATE is going round in the name of this one's window; itself if there is none.
 */
static struct conv *asker(struct conv *c)
{
    list_each (node, next, &c->port->convs)
        if (container_of(node, struct conv, in_port)->search)
            return container_of(node, struct conv, in_port);
    return c;
}

/* The ACK of an INITIATE is sent, carries two names and may come late: when the conversation is established
 * with another server, or over. A posted ACK carries an object, also one that comes while servers are asked. */
static bool is_offer(struct conv *c, const struct host_msg *hm)
{
    if (hm->id != WIRE_ACK || !c->client || host_mem_size(hm->lparam))
        return false;
    if (asker(c)->search)
        return true;
    return hm->wparam != c->end.partner && wire_is_offer(hm);
}

static void message_for(struct conv *c, const struct host_msg *hm)
{
    conv_hold(c);
    if (is_offer(c, hm))
        conv_initiate_ack(asker(c), hm);
    else if (hm->id == HOST_EV_MOVED)
        conv_moved(c, hm);
    else if (hm->id == HOST_EV_LOST)
        conv_gone(c, hm->wparam);
    else
        posted_message(c, hm);
    if (!list_empty(&c->end.backlog))
        conv_posted(c, wire_flush(&c->end)); /* the partner may have made room */
    conv_drop(c);
}

/* The conversation with that partner; strangers' messages are for the one that was there first. */
static struct conv *addressee(struct port *p, host_wnd partner)
{
    list_each (node, next, &p->convs)
        if (container_of(node, struct conv, in_port)->end.partner == partner)
            return container_of(node, struct conv, in_port);
    return container_of(p->convs.next, struct conv, in_port);
}

void conv_message(void *port, const struct host_msg *hm)
{
    struct port *p = port;
    struct inst *in = p->inst;

    fetch_ahead(container_of(p->convs.next, struct conv, in_port)->latest, sizeof(struct link));
    inst_hold(in);
    if (hm->id == HOST_EV_DESTROYED)
        port_lost(p);
    else
        message_for(addressee(p, hm->wparam), hm);
    inst_drop(in);
}

/* What a callback was being given, or a caller was waiting for, when the thread ended in the middle of it. */
static void forget_frames(struct conv *c)
{
    while (!list_empty(&c->under_way))
        delivery_withdraw(c, container_of(c->under_way.next, struct delivery, node));
    while (!list_empty(&c->failed))
        delivery_withdraw(c, container_of(c->failed.next, struct delivery, node));
    if (c->waiting)
        xact_unref(c->waiting);
}

/* What is still queued for it alone is dealt with as by the tombstone: an ACK may bring an atom or an object
 * back. */
void conv_bury(struct conv *c)
{
    struct host_msg hm;

    c->state = CONV_DEAD;
    c->holds++; /* the drain must not come here again */
    wire_drop_backlog(&c->end);
    if (!port_shared(c->port) && c->port->wnd) {
        host_window_seal(c->port->wnd); /* a partner in another thread may be posting just now */
        while (host_take(c->port->wnd, &hm))
            posted_message(c, &hm);
    }
    delivery_discard(c);
    link_end_all(c);
    client_end(c);
    link_settle_all(c);
    forget_frames(c);
    port_leave(c);
    conv_free(c);
}
