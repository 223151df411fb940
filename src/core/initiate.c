/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* How a conversation comes about (docs/conformance.md, protocol 6.1): INITIATE is sent to everyone, each
 * willing server answers with a sent ACK from a window of its own, the client keeps one of them. */

#include "core/core.h"

static void atom_release(struct inst *in, host_atom atom)
{
    if (atom) {
        host_atom_delete(atom);
        ledger_count(&in->ledger, LEDGER_atoms, -1);
    }
}

/* An atom that came with an ACK is ours to delete (I2). */
static struct string *take_name(struct inst *in, host_atom atom)
{
    struct string *name = string_from_atom(in, atom);

    host_atom_delete(atom);
    return name;
}

/* ---- Client ------------------------------------------------------------------------------------------- */

static void replace(struct string **to, struct string *name)
{
    string_unref(*to);
    *to = name;
}

/* From now on the conversation's partner is this window. */
static void pair(struct conv *c, host_wnd partner)
{
    struct conv_card card;

    c->end.partner = partner;
    c->end.passing = host_post_passing(partner);
    c->end.no_handles = !host_handles_pass(partner);
    c->told = host_watch(c->end.self, partner);
    if (!conv_read_card(partner, &card))
        return;
    c->end.local = host_window_ours(partner);
    if (c->end.local) {
        c->partner_handle = (uintptr_t)card.handle;
        c->self = card.inst == inst_id(c->inst);
    } else if (!c->partner_handle) { /* without memory for it the partner counts as a stranger */
        c->partner_handle = handle_new(HANDLE_PARTNER, c);
    }
}

/* One answer is kept; the server of any other is told at once that it is not wanted (I4). If that cannot be posted now,
 * there is a conversation with it after all: one that is over. */
static void refuse(struct conv *c, host_wnd server)
{
    struct host_msg hm = {.to = server, .id = WIRE_TERMINATE, .wparam = c->end.self};
    int r = wire_post_message(&hm);
    struct conv *surplus;

    if (r == HOST_OK || r == HOST_GONE)
        return;
    surplus = conv_new(c->inst, true, NULL, NULL, &c->context, c);
    if (!surplus)
        return;
    pair(surplus, server);
    conv_end(surplus, DMLERR_NO_CONV_ESTABLISHED);
}

/* A server is a thread, and an instance of it if it is of this library. */
static bool same_server(host_wnd one, host_wnd other)
{
    struct conv_card a, b;
    bool known = conv_read_card(one, &a);

    return host_window_thread(one) == host_window_thread(other) && known == conv_read_card(other, &b) &&
           (!known || a.inst == b.inst);
}

static bool is_among(struct list *members, host_wnd server, const struct string *service,
                     const struct string *topic)
{
    list_each (node, next, members) {
        const struct conv *c = container_of(node, struct conv, member);

        if (c->service == service && c->topic == topic && same_server(c->end.partner, server))
            return true;
    }
    return false;
}

/* A list does not want what it has already. A server that is not of this library and answers twice must have
 * its reasons; it is not asked a second time, though. */
static bool wanted(const struct conv *scout, host_wnd server, const struct string *service,
                   const struct string *topic)
{
    struct search *s = scout->search;
    struct conv_card card;

    if (!s || scout->state != CONV_CONNECTING || !service || !topic)
        return false;
    if (!s->many)
        return !scout->end.partner;
    return !is_among(&s->known->members, server, service, topic) &&
           !(conv_read_card(server, &card) && is_among(&s->found, server, service, topic));
}

/* One more conversation than the one that asks, held. Its server, if it is of this library, learns the window
 * that is its own; others know only the one that asked. NULL: no memory, the server does not answer, or the
 * instance was ended meanwhile. */
static struct conv *another(struct conv *scout, host_wnd server)
{
    struct host_msg moved = {.to = server, .id = HOST_EV_MOVED, .lparam = scout->end.self};
    struct conv_card card;
    bool known = conv_read_card(server, &card);
    struct conv *c =
        conv_new(scout->inst, true, scout->service_req, scout->topic, &scout->context, known ? NULL : scout);
    int r = HOST_OK;

    if (!c)
        return NULL;
    conv_hold(c);
    pair(c, server);
    moved.wparam = c->end.self;
    if (known)
        r = host_send(&moved, deadline_initiate());
    if (r != HOST_OK)
        refuse(scout, server); /* which knows of the window that asked */
    if (r == HOST_UNSURE)
        conv_end(c, DMLERR_NO_CONV_ESTABLISHED); /* it may have moved all the same */
    else if (r != HOST_OK && c->state == CONV_CONNECTING)
        c->state = CONV_DEAD;
    if (c->state == CONV_CONNECTING)
        return c;
    conv_drop(c);
    return NULL;
}

static struct conv *scout_takes(struct conv *scout, host_wnd server)
{
    conv_hold(scout);
    pair(scout, server);
    return scout;
}

/* Two windows have one conversation at most, and nobody has one with no window: such an answer is none. */
static bool is_paired(const struct port *p, host_wnd server)
{
    list_each (node, next, (struct list *)&p->convs)
        if (container_of(node, struct conv, in_port)->end.partner == server)
            return true;
    return !server;
}

void conv_initiate_ack(struct conv *scout, const struct host_msg *hm)
{
    struct string *service = take_name(scout->inst, (host_atom)hm->lparam);
    struct string *topic = take_name(scout->inst, (host_atom)(hm->lparam >> 16));
    bool paired = is_paired(scout->port, hm->wparam);
    struct conv *c = NULL;

    monitor_received(scout->inst, scout, WIRE_SENT, hm);
    if (!paired && wanted(scout, hm->wparam, service, topic))
        c = scout->end.partner ? another(scout, hm->wparam) : scout_takes(scout, hm->wparam);
    if (!c) {
        if (!paired)
            refuse(scout, hm->wparam);
        string_unref(service);
        string_unref(topic);
        return;
    }
    replace(&c->service, service);
    replace(&c->topic, topic);
    c->convst = XST_INIT2;
    list_append(&scout->search->found, &c->member);
}

/* Server: the client has given this conversation a window of its own, which is of the same thread. A TERMINATE
 * that went to the former one was nobody's. A server that has not waited for the end of its offer hears of it later. */
void conv_moved(struct conv *c, const struct host_msg *hm)
{
    bool established;

    if (!(c->offering || c->unsure) || hm->lparam != c->end.partner ||
        host_window_thread(hm->wparam) != host_window_thread(c->end.partner))
        return;
    established = c->established;
    monitor_conv(c, false); /* whoever has heard of it with the former window */
    pair(c, hm->wparam);
    monitor_conv(c, established);
    if (!c->end.local && !c->told)
        conv_watch(c);
    c->owes_terminate = c->state == CONV_CLOSING;
}

/* Who may answer only once need not be waited for by a conversation that has a server. */
static bool has_server(void *conv)
{
    const struct conv *c = conv;

    return c->search && !c->search->many && c->end.partner;
}

static int send_initiate(struct conv *c)
{
    struct host_msg hm = {
        .id = WIRE_INITIATE,
        .wparam = c->end.self,
        .lparam = (uintptr_t)c->asked[0] | (uintptr_t)c->asked[1] << 16,
    };

    if (names_specific(c->service_req, &hm.to))
        return wire_send_message(&hm, deadline_initiate());
    return wire_send_to_all(&hm, deadline_initiate(), has_server, c);
}

/* The servers may act for us only as far as the context says. */
static bool limits_servers(const struct conv *scout)
{
    const SECURITY_QUALITY_OF_SERVICE *quality = &scout->context.qos;
    int r = quality->Length ? host_quality(scout->end.self, quality, NULL) : HOST_OK; /* 0: as usual */

    return r == HOST_OK || r == HOST_ABSENT;
}

/* All answers are in: keeps the conversation, or ends what came about. Takes the caller's hold. */
static struct conv *connected(struct conv *c)
{
    bool connecting = c->state == CONV_CONNECTING;

    if (connecting && c->end.partner && !c->broken && !c->inst->ending) {
        conv_open(c);
        monitor_conv(c, true);
        conv_drop(c);
        return c;
    }
    if (connecting && (!c->end.partner || c->broken))
        c->state = CONV_DEAD; /* nobody is there, or all has been said */
    conv_end(c, DMLERR_NO_CONV_ESTABLISHED);
    if (c->broken && c->state == CONV_CLOSING)
        conv_finish(c); /* its server has said its last word already */
    conv_drop(c);
    return NULL;
}

void conv_initiated(struct conv *c)
{
    c->search = NULL;
    for (int i = 0; i < 2; i++) {
        atom_release(c->inst, c->asked[i]);
        c->asked[i] = 0;
    }
}

/* Sends INITIATE to everyone; the answers come meanwhile. */
static UINT ask_everyone(struct conv *scout, struct string *service, struct string *topic, struct search *s)
{
    UINT error = DMLERR_NO_CONV_ESTABLISHED;

    scout->asked[0] = string_atom_ref(service);
    scout->asked[1] = string_atom_ref(topic);
    if ((service && !scout->asked[0]) || (topic && !scout->asked[1]) || !limits_servers(scout)) {
        error = DMLERR_SYS_ERROR;
    } else {
        scout->convst = XST_INIT1;
        scout->search = s;
        send_initiate(scout);
    }
    conv_initiated(scout);
    return error;
}

/* Asks everyone. Afterwards s->found holds what is open, borrowed. */
static UINT find_servers(struct inst *in, struct string *service, struct string *topic,
                         const CONVCONTEXT *context, struct search *s)
{
    struct conv *scout = conv_new(in, true, service, topic, context, NULL);
    UINT error = DMLERR_MEMORY_ERROR;
    struct list answers, *node;

    list_init(&answers);
    list_init(&s->found);
    if (scout) {
        conv_hold(scout);
        error = ask_everyone(scout, service, topic, s);
    }
    while ((node = list_pop(&s->found)) != NULL)
        list_append(&answers, node);
    if (scout && scout->end.partner)
        conv_drop(scout); /* it is among the answers */
    else if (scout)
        connected(scout);
    while ((node = list_pop(&answers)) != NULL) {
        struct conv *c = connected(container_of(node, struct conv, member));

        if (c)
            list_append(&s->found, &c->member);
    }
    return list_empty(&s->found) ? error : DMLERR_NO_ERROR;
}

struct conv *conv_connect(struct inst *in, struct string *service, struct string *topic,
                          const CONVCONTEXT *context, UINT *error)
{
    struct search s = {.many = false};
    struct list *first;

    *error = find_servers(in, service, topic, context, &s);
    first = list_pop(&s.found);
    return first ? container_of(first, struct conv, member) : NULL;
}

UINT conv_connect_all(struct convlist *l, struct string *service, struct string *topic,
                      const CONVCONTEXT *context)
{
    struct search s = {.many = true, .known = l};
    UINT error = find_servers(l->inst, service, topic, context, &s);
    struct list *node;

    while ((node = list_pop(&s.found)) != NULL)
        convlist_add(l, container_of(node, struct conv, member));
    return error;
}

struct conv *conv_reconnect(struct conv *old, UINT *error)
{
    struct string *service = old->service_req ? old->service_req : old->service;
    struct conv *c = conv_connect(old->inst, service, old->topic, &old->context, error);
    struct convlist *l = old->in_list;
    bool open;

    if (!c)
        return NULL;
    conv_hold(c);
    c->huser = old->huser;
    conv_write_card(c);
    if (l) {
        convlist_leave(old);
        convlist_add(l, c);
    }
    list_each (node, next, &old->links)
        if (c->state == CONV_OPEN && container_of(node, struct link, node)->state == LINK_ACTIVE)
            client_restart(c, container_of(node, struct link, node));
    open = c->state == CONV_OPEN; /* XTYP_ERROR may have ended it */
    if (open)
        c->convst = XST_CONNECTED;
    else
        *error = DMLERR_NO_CONV_ESTABLISHED;
    conv_drop(c);
    return open ? c : NULL;
}

/* ---- Server ------------------------------------------------------------------------------------------- */

/* What a server's callbacks are told about the client. */
struct caller {
    host_wnd wnd;
    bool known; /* it is an instance of this library */
    bool self;
    struct conv_card card;
};

/* Sends the ACK. The client deletes the atoms if it gets them, else we do (I3). On their way they are nobody's: should
 * the thread end in a callback meanwhile, nobody would come back to book them off. A client that may never have got it
 * will not say so when it goes. */
static bool send_ack(struct conv *c)
{
    struct inst *in = c->inst;
    host_atom service = string_atom_ref(c->service_req), topic = string_atom_ref(c->topic);
    struct host_msg hm = {
        .to = c->end.partner,
        .id = WIRE_ACK,
        .wparam = c->end.self,
        .lparam = (uintptr_t)service | (uintptr_t)topic << 16,
    };

    int r = HOST_FAULT;

    if (service && topic) {
        ledger_count(&in->ledger, LEDGER_atoms, -2);
        r = wire_send_message(&hm, deadline_initiate());
    }
    c->unsure = r == HOST_UNSURE;
    if (c->unsure)
        conv_watch(c);
    if (r == HOST_OK || r == HOST_UNSURE) /* once it may have them, they are no longer ours */
        return true;
    if (service && topic)
        ledger_count(&in->ledger, LEDGER_atoms, 2);
    atom_release(in, service);
    atom_release(in, topic);
    return false;
}

/* Server: the client has taken the offer. */
void conv_confirm(struct conv *c)
{
    c->offering = false;
    monitor_conv(c, true);
    if (!(c->inst->flags & CBF_SKIP_CONNECT_CONFIRMS))
        inst_raise(c->inst, c, XTYP_CONNECT_CONFIRM, 0, (HCONV)c->handle, string_handle(c->topic),
                   string_handle(c->service_req), 0, 0, c->self);
}

static void accept_pair(struct inst *in, const struct caller *who, struct string *service,
                        struct string *topic)
{
    CONVCONTEXT none = {.cb = sizeof none};
    struct conv *c;
    bool taken;

    if (in->ending) /* by the callback that was asked */
        return;
    c = conv_new(in, false, service, topic, who->known ? &who->card.context : &none, NULL);
    if (!c) {
        inst_fail(in, DMLERR_MEMORY_ERROR);
        return;
    }
    pair(c, who->wnd);
    conv_hold(c);
    conv_open(c);
    /* The books of a local pair are kept together: nothing was booked for the ACK's atoms on the client's
     * side. */
    c->offering = true;
    taken = send_ack(c);
    if (!taken)
        conv_finish(c);
    else if (c->offering && c->state == CONV_OPEN)
        conv_confirm(c);
    c->offering = false;
    conv_drop(c);
}

static bool filtered(struct inst *in, const struct caller *who, const struct string *service)
{
    if (in->leaving || in->client_only || in->monitor || (in->flags & CBF_FAIL_CONNECTIONS))
        return true;
    if (who->self && (in->flags & CBF_FAIL_SELFCONNECTIONS))
        return true;
    return in->filter && !names_registered(in, service);
}

static void offer_one(struct inst *in, const struct caller *who, struct string *service, struct string *topic)
{
    CONVCONTEXT context = who->card.context;
    uintptr_t result = inst_raise(in, NULL, XTYP_CONNECT, 0, 0, topic->handle, service->handle, 0,
                                  who->known ? (ULONG_PTR)&context : 0, who->self);

    if (result && result != BLOCKED_RESULT)
        accept_pair(in, who, service, topic);
}

/* Accepts each offered pair that fits what was asked for. The array ends with a 0 member or with the object.
 */
static void accept_pairs(struct inst *in, const struct caller *who, const HSZPAIR *pairs, size_t n,
                         struct string *service, struct string *topic)
{
    for (size_t i = 0; i < n && pairs[i].hszSvc && pairs[i].hszTopic; i++) {
        struct string *s = string_get(in, pairs[i].hszSvc), *t = string_get(in, pairs[i].hszTopic);

        if (s && t && (!service || s == service) && (!topic || t == topic))
            accept_pair(in, who, s, t);
    }
}

static void offer_many(struct inst *in, const struct caller *who, struct string *service,
                       struct string *topic)
{
    CONVCONTEXT context = who->card.context;
    uintptr_t result = inst_raise(in, NULL, XTYP_WILDCONNECT, 0, 0, string_handle(topic),
                                  string_handle(service), 0, who->known ? (ULONG_PTR)&context : 0, who->self);
    struct data *d = result && result != BLOCKED_RESULT ? data_get((HDDEDATA)result) : NULL;
    size_t size = d ? d->size : 0;
    HSZPAIR *pairs = d && d->inst == in ? scratch_new(in, size ? size : 1) : NULL;

    /* A copy: the callbacks on the way may free an app-owned object. */
    if (pairs && data_lock(d)) {
        for (size_t i = 0; i < size; i++)
            ((unsigned char *)pairs)[i] = d->bytes[i];
        data_unlock(d);
    } else {
        size = 0;
    }
    if (d && d->inst == in && d->owner == DATA_APP && !d->app_owned)
        data_free(d);
    accept_pairs(in, who, pairs, size / sizeof *pairs, service, topic);
    scratch_free(pairs);
}

void inst_initiate(struct inst *in, const struct host_msg *hm)
{
    host_atom aservice = (host_atom)hm->lparam, atopic = (host_atom)(hm->lparam >> 16);
    struct caller who = {.wnd = hm->wparam};
    struct string *asked = aservice ? string_from_atom(in, aservice) : NULL;
    struct string *topic = atopic ? string_from_atom(in, atopic) : NULL;
    struct string *base = asked ? names_base(in, asked) : NULL;
    struct string *service = string_ref(base ? base : asked);

    who.known = conv_read_card(who.wnd, &who.card);
    who.self = who.known && host_window_ours(who.wnd) && who.card.inst == inst_id(in);
    if ((aservice && !asked) || (atopic && !topic) || filtered(in, &who, service))
        ; /* silence is the refusal */
    else if (service && topic)
        offer_one(in, &who, service, topic);
    else
        offer_many(in, &who, service, topic);
    string_unref(service);
    string_unref(topic);
    string_unref(asked);
}
