/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The client's side of transactions. Each conversation keeps what it has posted in order; an answer belongs
 * to the oldest transaction that it fits. One that was abandoned or timed out stays in line until its answer
 * has come, because otherwise that answer would be taken for the next one's. */

#include "core/core.h"

/* How long a synchronous wait goes on before it looks whether the partner is still there. */
enum { LOOK_MS = 100 };

/* What differs between the five transactions. */
static const struct kind {
    UINT type;
    uint32_t message;
    UINT sent, received; /* XST_ states     */
    UINT timeout;        /* DMLERR_ of sync */
} kinds[] = {
    {XTYP_REQUEST, WIRE_REQUEST, XST_REQSENT, XST_DATARCVD, DMLERR_DATAACKTIMEOUT},
    {XTYP_POKE, WIRE_POKE, XST_POKESENT, XST_POKEACKRCVD, DMLERR_POKEACKTIMEOUT},
    {XTYP_EXECUTE, WIRE_EXECUTE, XST_EXECSENT, XST_EXECACKRCVD, DMLERR_EXECACKTIMEOUT},
    {XTYP_ADVSTART, WIRE_ADVISE, XST_ADVSENT, XST_ADVACKRCVD, DMLERR_ADVACKTIMEOUT},
    {XTYP_ADVSTOP, WIRE_UNADVISE, XST_UNADVSENT, XST_UNADVACKRCVD, DMLERR_UNADVACKTIMEOUT},
};

static const struct kind *kind_of(UINT type)
{
    const struct kind *k = kinds;

    while (k->type != type)
        k++;
    return k;
}

uint16_t client_status(uintptr_t result)
{
    uint16_t flags = result & WIRE_FACK ? WIRE_FACK : (uint16_t)(result & WIRE_FBUSY);

    return flags | (uint16_t)(result & WIRE_FAPPSTATUS);
}

/* ---- Records ------------------------------------------------------------------------------------------ */

static uint32_t new_id(struct inst *in)
{
    do {
        in->last_xact++;
    } while (in->last_xact == 0 || in->last_xact == QID_SYNC || map_first(&in->xacts, in->last_xact));
    return in->last_xact;
}

static struct xact *xact_new(struct conv *c, const struct client_call *call)
{
    struct inst *in = c->inst;
    bool async = call->timeout == TIMEOUT_ASYNC;
    struct xact *x = spares_new(&in->spare_xacts, sizeof *x, NULL);
    struct delivery *j = x && async ? spares_new(&in->spare_deliveries, sizeof *j, NULL) : NULL;

    if (!x || (async && !j)) {
        spares_free(&in->spare_xacts, x, 0);
        return NULL;
    }
    list_init(&x->node);
    x->conv = c;
    x->prepared = j;
    x->refs = 1;
    x->type = call->type;
    x->fmt = call->fmt;
    x->flags = call->flags;
    x->item = string_ref(call->item);
    if (async) {
        x->id = new_id(in);
        map_put(&in->xacts, &x->by_id, x->id);
    }
    ledger_count(&in->ledger, LEDGER_transactions, 1);
    return x;
}

void xact_unref(struct xact *x)
{
    struct inst *in = x->conv->inst;

    if (--x->refs)
        return;
    if (x->id)
        map_remove(&in->xacts, &x->by_id);
    if (x->mem)
        wire_mem_free(&x->conv->end, x->mem, WIRE_HEADER, x->fmt);
    string_unref(x->item);
    spares_free(&in->spare_deliveries, x->prepared, 0);
    ledger_count(&in->ledger, LEDGER_transactions, -1);
    spares_free(&in->spare_xacts, x, 0);
}

struct xact *client_find(struct conv *c, uint32_t id)
{
    struct map_node *node = map_first(&c->inst->xacts, id);
    struct xact *x = node ? container_of(node, struct xact, by_id) : NULL;

    return x && x->conv == c && x->state != XACT_ABANDONED ? x : NULL;
}

/* The conversation's own reference goes with the place in the line. */
static void out_of_line(struct xact *x)
{
    list_remove(&x->node);
    xact_unref(x);
}

/* ---- Posting ------------------------------------------------------------------------------------------ */

static uint16_t message_flags(const struct client_call *call)
{
    if (call->type == XTYP_POKE)
        return WIRE_FRELEASE;
    return (uint16_t)((call->flags & XTYPF_NODATA ? WIRE_FDEFERUPD : 0) |
                      (call->flags & XTYPF_ACKREQ ? WIRE_FACKREQ : 0));
}

/* The client's own record of a loop exists before the server can answer: some send data ahead of the ACK. */
static bool prepare_link(struct xact *x)
{
    bool start = x->type == XTYP_ADVSTART, stop = x->type == XTYP_ADVSTOP;
    struct link *l = start || stop ? link_find(x->conv, x->item, x->fmt) : NULL;

    if (!l && start) {
        l = link_new(x->conv, x->item, x->fmt, x->flags);
        if (!l)
            return false;
    } else if (l && stop) {
        l->state = LINK_STOPPING;
    } else if (l && l->state == LINK_STOPPING) {
        l->state = LINK_STARTING;
    }
    x->about_link = l != NULL;
    if (l)
        l->asked++;
    return true;
}

/* The last question about the same loop whose answer is still to come. */
static const struct xact *last_asked(const struct xact *x)
{
    const struct xact *last = NULL;

    list_each (node, next, &x->conv->xacts) {
        const struct xact *y = container_of(node, struct xact, node);

        if (y != x && (y->type == XTYP_ADVSTART || y->type == XTYP_ADVSTOP) && y->item == x->item &&
            y->fmt == x->fmt)
            last = y;
    }
    return last;
}

/* A loop is there if the server has granted it and not ended it since, or may still do so: a refused or
 * unsent ADVSTART leaves none behind, a refused or unsent ADVSTOP leaves it as it was. */
static void link_decide(struct link *l, const struct xact *last)
{
    if (last && last->type == XTYP_ADVSTOP)
        l->state = LINK_STOPPING;
    else if (l->granted)
        l->state = LINK_ACTIVE;
    else if (last)
        l->state = LINK_STARTING;
    else
        link_end(l);
}

static void link_answered(struct xact *x, bool positive)
{
    bool start = x->type == XTYP_ADVSTART, stop = x->type == XTYP_ADVSTOP;
    struct link *l = start || stop ? link_find(x->conv, x->item, x->fmt) : NULL;
    bool alone; /* nothing more has been asked about it */

    if (!l)
        return;
    alone = x->about_link && --l->asked == 0;
    if (positive)
        l->granted = start;
    if (positive && start) {
        l->no_data = x->flags & XTYPF_NODATA;
        l->ack_req = x->flags & XTYPF_ACKREQ;
    }
    if (positive)
        monitor_link(l, start);
    link_decide(l, alone ? NULL : last_asked(x));
}

static UINT post(struct xact *x, const struct client_call *call)
{
    struct conv *c = x->conv;
    struct wire_msg m = {
        .id = kind_of(x->type)->message,
        .status = message_flags(call),
        .fmt = (uint16_t)call->fmt,
        .mem = call->mem,
        .owned = true,
    };
    int r;

    if (x->type == XTYP_ADVSTART)
        m.mem = wire_mem_new(&c->end, WIRE_HEADER, NULL, 0);
    if (x->type != XTYP_EXECUTE)
        m.atom = string_atom_ref(x->item);
    if ((x->type != XTYP_EXECUTE && !m.atom) || (x->type == XTYP_ADVSTART && !m.mem) || !prepare_link(x)) {
        wire_dispose(&c->end, &m, WIRE_POST_FAILED);
        return DMLERR_MEMORY_ERROR;
    }
    x->refs++;
    list_append(&c->xacts, &x->node);
    x->convst = c->convst = kind_of(x->type)->sent;
    r = wire_post(&c->end, &m, &x->sent);
    if (conv_posted(c, r))
        return DMLERR_NO_ERROR;
    link_answered(x, false);
    c->convst = XST_INCOMPLETE;
    out_of_line(x);
    return r == HOST_FAULT ? DMLERR_MEMORY_ERROR : DMLERR_POSTMSG_FAILED;
}

/* ---- Waiting ------------------------------------------------------------------------------------------ */

static bool settled(void *xact)
{
    return ((struct xact *)xact)->state != XACT_SENT;
}

static void await(struct xact *x, DWORD timeout)
{
    uint64_t now = host_now_ms(), until = now + (timeout ? timeout : 1);

    while (now < until &&
           !host_pump(HOST_ALL_MESSAGES, settled, x, now + LOOK_MS < until ? now + LOOK_MS : until)) {
        conv_sweep(x->conv);
        now = host_now_ms();
    }
}

static UINT take_answer(struct xact *x, struct client_result *result)
{
    struct conv *c = x->conv;

    if (x->state == XACT_SENT) { /* time is up: the answer, should it come, is for nobody */
        x->state = XACT_ABANDONED;
        x->error = kind_of(x->type)->timeout;
    }
    if (x->state == XACT_DONE) {
        result->answered = true;
        result->status = x->status;
    }
    c->convst = x->error ? XST_INCOMPLETE : XST_CONNECTED;
    if (x->error || x->type != XTYP_REQUEST)
        return x->error;
    result->status = 0;
    result->data = data_wrap(c->inst, x->mem, WIRE_HEADER, x->size, x->item, x->fmt, true, DATA_APP);
    if (!result->data)
        return DMLERR_MEMORY_ERROR;
    x->mem = 0;
    return DMLERR_NO_ERROR;
}

static void dispose_unsent(struct conv *c, const struct client_call *call)
{
    struct wire_msg unsent = {
        .id = kind_of(call->type)->message, .fmt = (uint16_t)call->fmt, .mem = call->mem, .owned = true};

    wire_dispose(&c->end, &unsent, WIRE_POST_FAILED);
}

UINT client_transact(struct conv *c, const struct client_call *call, struct client_result *result)
{
    struct xact *x = xact_new(c, call);
    UINT error;

    if (!x) {
        dispose_unsent(c, call);
        return DMLERR_MEMORY_ERROR;
    }
    error = post(x, call);
    if (!error && x->id) {
        result->id = x->id;
        xact_unref(x); /* nothing waits: should the thread end in the callback, the line has it */
        conv_tell_overrun(c);
        return DMLERR_NO_ERROR;
    }
    if (!error) {
        c->inst->thread->waiting = true;
        c->waiting = x;
        conv_tell_overrun(c);
        await(x, call->timeout);
        c->waiting = NULL;
        c->inst->thread->waiting = false;
        error = take_answer(x, result);
    }
    xact_unref(x);
    return error;
}

void client_restart(struct conv *c, const struct link *l)
{
    struct client_call call = {
        .type = XTYP_ADVSTART,
        .flags = (l->no_data ? XTYPF_NODATA : 0u) | (l->ack_req ? XTYPF_ACKREQ : 0u),
        .fmt = l->fmt,
        .item = l->item,
        .timeout = TIMEOUT_ASYNC,
    };
    struct client_result result = {0};
    struct xact *x;

    client_transact(c, &call, &result);
    x = client_find(c, result.id);
    if (x)
        client_abandon(x);
}

/* ---- Answers ------------------------------------------------------------------------------------------ */

/* The transaction is over: it leaves the line, and whoever wants to know is told. */
static void complete(struct xact *x, uint16_t status, UINT error)
{
    struct conv *c = x->conv;
    struct delivery *j = x->prepared;

    if (c->broken) { /* one answer is missing: whose this one is nobody knows */
        status = 0;
        error = DMLERR_SERVER_DIED;
    }
    list_remove(&x->node);
    if (x->state == XACT_SENT) {
        x->state = XACT_DONE;
        x->status = status;
        x->error = error;
        x->convst = c->convst = error ? XST_INCOMPLETE : kind_of(x->type)->received;
        c->last_error = error;
        if (j) { /* which takes over the reference of the line */
            x->prepared = NULL;
            j->xact = x;
            x->delivery = j;
            delivery_add_completion(c, j);
            return;
        }
    }
    xact_unref(x);
}

static UINT error_of(uint16_t status)
{
    return status & WIRE_FACK ? DMLERR_NO_ERROR : status & WIRE_FBUSY ? DMLERR_BUSY : DMLERR_NOTPROCESSED;
}

static bool ack_fits(const struct xact *x, uintptr_t hi)
{
    return x->type == XTYP_EXECUTE ? hi == x->sent.mem : hi == x->sent.atom;
}

/* The oldest transaction that the ACK fits. Raw servers acknowledge an EXECUTE with another handle than they
 * got, or anything with item 0: that is taken for the oldest of all (docs/conformance.md, protocol 8.4). */
static struct xact *match_ack(struct conv *c, uintptr_t hi)
{
    struct xact *oldest;

    list_each (node, next, &c->xacts)
        if (ack_fits(container_of(node, struct xact, node), hi))
            return container_of(node, struct xact, node);
    if (list_empty(&c->xacts))
        return NULL;
    oldest = container_of(c->xacts.next, struct xact, node);
    return oldest->type == XTYP_EXECUTE || hi == 0 ? oldest : NULL;
}

/* Wine's DDEML answers a REQUEST with DATA that it neither gives away nor wants acknowledged (D8), and then with an ACK
 * as well. The DATA has brought the reference that this ACK names once more. */
static host_atom echo_of(const struct xact *x, const struct wire_msg *m)
{
    const uint16_t all = WIRE_FRESPONSE | WIRE_FRELEASE | WIRE_FACKREQ;

    return x && (m->status & all) == WIRE_FRESPONSE ? m->atom : 0;
}

static void on_ack(struct conv *c, struct wire_msg *m)
{
    struct xact *x = match_ack(c, m->answer);
    bool positive = m->status & WIRE_FACK;
    bool echo = positive && c->echo && c->echo == m->answer;

    c->echo = 0;
    if (echo)
        return;                                     /* A9 */
    if (m->answer >= 0xC000 && m->answer <= 0xFFFF) /* no object has such a handle, an EXECUTE's neither */
        wire_ack_is_atom(&c->end, m);
    wire_dispose(&c->end, m, WIRE_ACCEPTED);
    if (!x)
        return; /* spontaneous (A7) */
    wire_settle(&c->end, &x->sent, positive ? WIRE_ACKED : WIRE_NACKED);
    link_answered(x, positive);
    complete(x, m->status, x->type == XTYP_REQUEST && positive ? DMLERR_NOTPROCESSED : error_of(m->status));
}

static struct xact *match_request(struct conv *c, const struct wire_msg *m, const struct link *l)
{
    list_each (node, next, &c->xacts) {
        struct xact *x = container_of(node, struct xact, node);
        bool fits = x->type == XTYP_REQUEST && x->sent.atom == m->atom && x->fmt == m->fmt;

        if (fits && (m->status & WIRE_FRESPONSE || !l))
            return x;
        if (!(m->status & WIRE_FRESPONSE))
            return NULL; /* without the flag only the oldest transaction counts */
    }
    return NULL;
}

/* Takes a DATA that nobody is to see: the sender gets the answer that it asked for, behind those that are due. */
static void acknowledge(struct conv *c, struct wire_msg *m, uint16_t status)
{
    bool others_first = c->running || !list_empty(&c->deliveries);

    if (!(m->status & WIRE_FACKREQ))
        wire_dispose(&c->end, m, WIRE_ACCEPTED);
    else if (others_first)
        delivery_add(c, m, NULL, true, status);
    else
        conv_answered(c, wire_answer(&c->end, m, status));
}

/* x may be no more, or another one. */
static bool is_in_line(struct conv *c, const struct xact *x, DWORD id)
{
    list_each (node, next, &c->xacts)
        if (container_of(node, struct xact, node) == x)
            return x->id == id;
    return false;
}

static void on_response(struct conv *c, struct xact *x, struct wire_msg *m)
{
    UINT error = DMLERR_NO_ERROR;
    DWORD id = x->id;

    if (x->state == XACT_SENT) {
        x->size = m->size;
        x->mem = wire_claim(&c->end, m);
        if (!x->mem)
            error = DMLERR_MEMORY_ERROR;
    }
    acknowledge(c, m, WIRE_FACK);
    if (is_in_line(c, x, id)) /* else there was no memory for the answer, and all transactions have failed */
        complete(x, error ? 0 : WIRE_FACK, error);
}

/* Whatever a loop or a transaction is about has its string, so that no memory is needed to find out whose it is: the
 * server may count on an answer. */
static void on_data(struct conv *c, struct wire_msg *m)
{
    struct string *item = string_known(c->inst, m->atom);
    struct link *l = !item ? NULL : m->mem ? link_find(c, item, m->fmt) : link_find_notice(c, item);
    struct xact *x = m->mem ? match_request(c, m, l) : NULL;

    c->echo = echo_of(x, m);
    if (x) {
        on_response(c, x, m);
    } else if (l) {
        if (!m->mem)
            m->fmt = (uint16_t)l->fmt; /* a notice does not say its format */
        delivery_add(c, m, string_ref(item), m->mem ? m->status & WIRE_FACKREQ : l->ack_req, DELIVERED);
    } else {
        acknowledge(c, m, 0);
    }
}

/* After our TERMINATE a DATA is for nobody, but if it is an answer its transaction leaves the line: the next
 * ACK would be taken for the one that it has been waiting for. */
void client_discard(struct conv *c, struct wire_msg *m)
{
    struct xact *x = m->mem && m->status & WIRE_FRESPONSE ? match_request(c, m, NULL) : NULL;

    c->echo = echo_of(x, m);
    wire_dispose(&c->end, m, WIRE_CLOSING);
    if (x)
        complete(x, 0, DMLERR_NO_ERROR);
}

void client_message(struct conv *c, struct wire_msg *m)
{
    if (m->id == WIRE_ACK)
        on_ack(c, m);
    else
        on_data(c, m);
}

/* ---- Delivery ----------------------------------------------------------------------------------------- */

/* Wraps what the callback is to see; *failed if there should be something and no memory is left for it. */
static struct data *lend(struct conv *c, host_mem mem, size_t size, struct string *item, UINT fmt,
                         bool *failed)
{
    struct data *d = mem ? data_wrap(c->inst, mem, WIRE_HEADER, size, item, fmt, false, DATA_LENT) : NULL;

    *failed = mem && !d;
    if (*failed)
        inst_fail(c->inst, DMLERR_MEMORY_ERROR);
    return d;
}

static void deliver_update(struct conv *c, struct delivery *j, uintptr_t *result)
{
    struct data *d;
    bool failed;

    if (j->answer != DELIVERED) {
        conv_answered(c, wire_answer(&c->end, &j->m, (uint16_t)j->answer));
        return;
    }
    d = lend(c, j->m.mem, j->m.size, j->item, j->m.fmt, &failed);
    j->fmt = j->m.fmt;
    if (failed)
        *result = WIRE_FBUSY;
    else
        *result = delivery_raise(c, j, XTYP_ADVDATA, j->fmt, j->item, d ? d->handle : 0, 0, 0);
    data_free(d);
    if (*result == BLOCKED_RESULT || c->state != CONV_OPEN)
        return;
    if (j->notice)
        conv_answered(c, wire_answer(&c->end, &j->m, client_status(*result)));
    else
        wire_dispose(&c->end, &j->m, WIRE_ACCEPTED);
}

static uintptr_t raise_complete(struct conv *c, struct delivery *j)
{
    struct xact *x = j->xact;
    bool failed;
    struct data *d = lend(c, x->error ? 0 : x->mem, x->size, x->item, x->fmt, &failed);
    uintptr_t data = d ? d->handle : !x->error && !failed ? TRUE : 0;
    uintptr_t result;

    j->fmt = x->fmt;
    result = delivery_raise(c, j, XTYP_XACT_COMPLETE, d ? x->fmt : 0, x->item, data, x->id, x->status);
    data_free(d);
    return result;
}

void client_deliver(struct conv *c, struct delivery *j, uintptr_t *result)
{
    struct xact *x = j->xact;

    if (!x) {
        deliver_update(c, j, result);
        return;
    }
    *result = raise_complete(c, j);
    if (*result != BLOCKED_RESULT && c->state == CONV_OPEN && list_empty(&c->xacts))
        c->convst = x->error ? XST_INCOMPLETE : XST_CONNECTED;
}

/* ---- Giving up ---------------------------------------------------------------------------------------- */

void client_abandon(struct xact *x)
{
    struct conv *c = x->conv;
    bool waits = x->state == XACT_DONE && x->delivery && !x->delivery->under_way;

    if (waits)
        delivery_withdraw(c, x->delivery);
    else
        x->state = XACT_ABANDONED;
}

static void withdraw_completions(struct conv *c, struct list *waiting)
{
    list_each (node, next, waiting) {
        struct delivery *j = container_of(node, struct delivery, node);

        if (j->xact)
            delivery_withdraw(c, j);
    }
}

void client_abandon_all(struct conv *c)
{
    withdraw_completions(c, &c->deliveries);
    withdraw_completions(c, &c->failed);
    list_each (at, then, &c->under_way) {
        struct delivery *j = container_of(at, struct delivery, node);

        if (j->xact)
            client_abandon(j->xact);
    }
    list_each (place, after, &c->xacts) {
        struct xact *x = container_of(place, struct xact, node);

        if (x->id)
            client_abandon(x);
    }
}

/* The failed transaction's completion waits apart from the line, where an answer may still come for it. */
static void will_be_told(struct conv *c, struct xact *x)
{
    struct delivery *j = x->prepared;

    x->prepared = NULL;
    x->state = XACT_DONE;
    x->delivery = j;
    x->refs++;
    j->xact = x;
    list_append(&c->failed, &j->node);
    ledger_count(&c->inst->ledger, LEDGER_queued, 1);
}

/* The server ends the conversation. What has been answered already and waits behind a callback is told before that;
 * behind a block it is discarded. */
void client_keep_answered(struct conv *c)
{
    if (delivery_blocked(c))
        return;
    list_each (node, next, &c->deliveries) {
        struct delivery *j = container_of(node, struct delivery, node);

        if (!j->xact)
            continue;
        list_remove(&j->node);
        list_append(&c->failed, &j->node);
    }
}

/* The conversation is over before the answers are in. Tombstones keep the line: an EXECUTE's object may come
 * back. */
void client_fail_all(struct conv *c, UINT error, bool tell)
{
    list_each (place, next, &c->xacts) {
        struct xact *x = container_of(place, struct xact, node);

        if (x->state != XACT_SENT)
            continue;
        x->state = XACT_ABANDONED;
        x->error = error;
        if (tell && x->id && !delivery_blocked(c))
            will_be_told(c, x);
    }
    c->convst = XST_INCOMPLETE;
    c->last_error = error;
}

void client_tell_failed(struct conv *c)
{
    struct list *node;

    while ((node = list_pop(&c->failed)) != NULL) {
        struct delivery *j = container_of(node, struct delivery, node);

        delivery_begin(c, j);
        if (c->handle) /* else it has been given up meanwhile */
            raise_complete(c, j);
        delivery_end(j);
        ledger_count(&c->inst->ledger, LEDGER_queued, -1);
        delivery_free(c, j);
    }
}

void client_end(struct conv *c)
{
    while (!list_empty(&c->xacts)) {
        struct xact *x = container_of(c->xacts.next, struct xact, node);

        wire_settle(&c->end, &x->sent, WIRE_ENDED);
        out_of_line(x);
    }
}
