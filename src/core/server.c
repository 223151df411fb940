/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The server's side of transactions: each message becomes a callback, each result an answer. */

#include "core/core.h"

void server_message(struct conv *c, struct wire_msg *m)
{
    struct string *item;

    if (m->id == WIRE_EXECUTE && !m->mem)
        return; /* X8: ignored, not even answered */
    item = string_from_atom(c->inst, m->atom);
    delivery_add(c, m, item, false, DELIVERED);
}

/* ---- The answers -------------------------------------------------------------------------------------- */

/* A delivery whose callback ended the conversation, or blocked it, gives no answer. */
static bool answerable(const struct conv *c, uintptr_t result)
{
    return c->state == CONV_OPEN && result != BLOCKED_RESULT;
}

static void answer(struct conv *c, struct delivery *j, uint16_t status)
{
    conv_answered(c, wire_answer(&c->end, &j->m, status));
}

static uintptr_t ask(struct conv *c, struct delivery *j, UINT type, const struct string *item, uintptr_t data)
{
    j->fmt = j->m.fmt;
    return delivery_raise(c, j, type, type == XTYP_EXECUTE ? 0 : j->fmt, item, data, 0, 0);
}

host_mem server_take_result(struct conv *c, uintptr_t result, const struct string *item, UINT fmt)
{
    struct data *d = result && result != BLOCKED_RESULT ? data_get((HDDEDATA)result) : NULL;
    bool fits =
        d && d->inst == c->inst && d->owner == DATA_APP && d->fmt == fmt && d->hsz == string_handle(item);
    host_mem mem;

    if (fits) {
        mem = data_consume(d, WIRE_HEADER);
        if (!mem)
            inst_fail(c->inst, DMLERR_MEMORY_ERROR);
        return mem;
    }
    if (d && d->inst == c->inst && d->owner == DATA_APP && !d->app_owned)
        data_free(d); /* returned is given away, fitting or not */
    if (result && result != BLOCKED_RESULT)
        inst_fail(c->inst, DMLERR_INVALIDPARAMETER);
    return 0;
}

/* ---- REQUEST ------------------------------------------------------------------------------------------ */

static void deliver_request(struct conv *c, struct delivery *j, uintptr_t *result)
{
    struct wire_msg reply = {
        .id = WIRE_DATA, .status = WIRE_FRESPONSE | WIRE_FRELEASE, .fmt = j->m.fmt, .owned = true};

    if (c->inst->flags & CBF_FAIL_REQUESTS) {
        answer(c, j, 0);
        return;
    }
    *result = ask(c, j, XTYP_REQUEST, j->item, 0);
    if (*result == BLOCKED_RESULT && c->state == CONV_OPEN)
        return;
    reply.mem = server_take_result(c, *result, j->item, j->m.fmt);
    if (c->state != CONV_OPEN) {
        wire_dispose(&c->end, &reply, WIRE_POST_FAILED);
    } else if (!reply.mem) {
        answer(c, j, 0);
    } else if (!wire_carries(&c->end, &reply)) {
        inst_fail(c->inst, DMLERR_MEMORY_ERROR);
        wire_dispose(&c->end, &reply, WIRE_POST_FAILED);
        answer(c, j, 0);
    } else {
        reply.atom = j->m.atom; /* Q2: the question's reference goes back with the answer */
        j->m.atom = 0;
        conv_answered(c, wire_post(&c->end, &reply, NULL));
    }
}

/* ---- POKE and EXECUTE --------------------------------------------------------------------------------- */

static void deliver_command(struct conv *c, struct delivery *j, uintptr_t *result, UINT type, struct data *d)
{
    if (!d)
        inst_fail(c->inst, DMLERR_MEMORY_ERROR);
    *result = d ? ask(c, j, type, j->item, d->handle) : WIRE_FBUSY;
    data_free(d);
    if (answerable(c, *result))
        answer(c, j, client_status(*result));
}

static void deliver_poke(struct conv *c, struct delivery *j, uintptr_t *result)
{
    struct wire_msg *m = &j->m;

    if (!m->mem || c->inst->flags & CBF_FAIL_POKES) { /* K11 */
        answer(c, j, 0);
        return;
    }
    deliver_command(c, j, result, XTYP_POKE,
                    data_wrap(c->inst, m->mem, WIRE_HEADER, m->size, j->item, m->fmt, false, DATA_LENT));
}

static void deliver_execute(struct conv *c, struct delivery *j, uintptr_t *result)
{
    if (c->inst->flags & CBF_FAIL_EXECUTES)
        answer(c, j, 0);
    else
        deliver_command(c, j, result, XTYP_EXECUTE, text_from_wire(c, &j->m));
}

/* ---- ADVISE and UNADVISE ------------------------------------------------------------------------------ */

static UINT link_flags(const struct wire_msg *m)
{
    return (m->status & WIRE_FDEFERUPD ? XTYPF_NODATA : 0u) | (m->status & WIRE_FACKREQ ? XTYPF_ACKREQ : 0u);
}

/* The loop exists while the application is asked, so that a value that changes meanwhile is not lost. */
static void deliver_advise(struct conv *c, struct delivery *j, uintptr_t *result)
{
    struct link *l = j->item ? link_find(c, j->item, j->m.fmt) : NULL;
    UINT flags = link_flags(&j->m);
    bool fresh = !l || l->state == LINK_STARTING; /* asked for again after a block: still not settled */

    if (c->inst->flags & CBF_FAIL_ADVISES || !j->item) {
        answer(c, j, 0);
        if (l && fresh) /* it has been blocked, and the filter set meanwhile */
            link_end(l);
        return;
    }
    if (!l)
        l = link_new(c, j->item, j->m.fmt, flags);
    if (!l) {
        inst_fail(c->inst, DMLERR_MEMORY_ERROR);
        answer(c, j, 0);
        return;
    }
    link_ref(l);
    *result = ask(c, j, XTYP_ADVSTART, j->item, 0);
    if (answerable(c, *result)) {
        if (*result) {
            l->no_data = flags & XTYPF_NODATA;
            l->ack_req = flags & XTYPF_ACKREQ;
            answer(c, j, WIRE_FACK);
            link_confirmed(l);
        } else {
            answer(c, j, 0);
        }
    }
    if (fresh && !*result && l->conv)
        link_end(l);
    link_unref(l);
}

/* The next loop that the message covers: item 0 and format 0 cover all. */
static struct link *next_covered(struct conv *c, const struct delivery *j)
{
    if (j->item && j->m.fmt)
        return link_find(c, j->item, j->m.fmt);
    list_each (node, next, &c->links) {
        struct link *l = container_of(node, struct link, node);

        if ((!j->item || l->item == j->item) && (!j->m.fmt || l->fmt == j->m.fmt))
            return l;
    }
    return NULL;
}

/* A loop that is left has been refused its end: the answer is no, and if it had been blocked before, it goes on. */
static void answer_unadvise(struct conv *c, struct delivery *j)
{
    struct link *left = next_covered(c, j);

    if (left)
        link_ref(left);
    answer(c, j, j->did_something && !left ? WIRE_FACK : 0);
    if (!left)
        return;
    link_resumed(left);
    link_unref(left);
}

/* Each loop is out of use before its callback; a block comes back to the same one. */
static void deliver_unadvise(struct conv *c, struct delivery *j, uintptr_t *result)
{
    struct link *l;

    while (!(c->inst->flags & CBF_FAIL_ADVISES) && c->state == CONV_OPEN &&
           (l = next_covered(c, j)) != NULL) {
        link_ref(l);
        l->state = LINK_STOPPING;
        c->inst->link_changes++;
        j->fmt = l->fmt;
        *result = delivery_raise(c, j, XTYP_ADVSTOP, l->fmt, l->item, 0, 0, 0);
        if (*result != BLOCKED_RESULT && l->conv)
            link_end(l);
        link_unref(l);
        if (*result == BLOCKED_RESULT)
            return;
        j->did_something = true;
    }
    *result = 0;
    if (c->state == CONV_OPEN)
        answer_unadvise(c, j);
}

void server_deliver(struct conv *c, struct delivery *j, uintptr_t *result)
{
    typedef void deliver_fn(struct conv *, struct delivery *, uintptr_t *);
    static deliver_fn *const by_message[] = {
        [WIRE_REQUEST - WIRE_INITIATE] = deliver_request,   [WIRE_POKE - WIRE_INITIATE] = deliver_poke,
        [WIRE_EXECUTE - WIRE_INITIATE] = deliver_execute,   [WIRE_ADVISE - WIRE_INITIATE] = deliver_advise,
        [WIRE_UNADVISE - WIRE_INITIATE] = deliver_unadvise,
    };

    if (j->m.atom &&
        !j->item) /* a name that does not exist, or no memory for it: refused when its turn comes */
        answer(c, j, 0);
    else
        by_message[j->m.id - WIRE_INITIATE](c, j, result);
}
