/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The order of deliveries. Transactions that a callback may block are delivered one after the other: never
 * while a callback of the same conversation is active, never while the conversation is blocked
 * (docs/conformance.md, 1.6, 6.5). */

#include "core/core.h"

bool delivery_blocked(const struct conv *c)
{
    return c->gate == GATE_BLOCKED || c->gate == GATE_PASSING;
}

static void append(struct conv *c, struct delivery *j)
{
    list_append(&c->deliveries, &j->node);
    ledger_count(&c->inst->ledger, LEDGER_queued, 1);
    delivery_run(c);
}

/* There is no memory to let the message wait. Refusing it is an answer, which must not overtake those that
 * are still due: the partner would take it for one of theirs. Then the conversation cannot go on. */
static void no_room(struct conv *c, struct wire_msg *m, bool answer)
{
    bool others_first = c->running || !list_empty(&c->deliveries);

    inst_fail(c->inst, DMLERR_MEMORY_ERROR);
    if (answer && !others_first) {
        conv_answered(c, wire_answer(&c->end, m, WIRE_FBUSY));
        return;
    }
    wire_dispose(&c->end, m, answer ? WIRE_CLOSING : WIRE_ACCEPTED);
    if (answer)
        conv_violated(c);
}

void delivery_add(struct conv *c, struct wire_msg *m, struct string *item, bool notice, int answer)
{
    struct delivery *j = spares_new(&c->inst->spare_deliveries, sizeof *j, NULL);

    if (!j) {
        string_unref(item);
        no_room(c, m, m->id != WIRE_DATA || notice);
        return;
    }
    j->m = *m;
    j->item = item;
    j->notice = notice;
    j->answer = answer;
    append(c, j);
}

void delivery_add_completion(struct conv *c, struct delivery *j)
{
    append(c, j);
}

/* Whatever it still carries goes by the T rows. */
void delivery_free(struct conv *c, struct delivery *j)
{
    if (j->m.id)
        wire_dispose(&c->end, &j->m, WIRE_CLOSING);
    if (j->xact) { /* it may still stand in line: a late answer has to find its place */
        j->xact->delivery = NULL;
        j->xact->state = XACT_ABANDONED;
        xact_unref(j->xact);
    }
    string_unref(j->item);
    spares_free(&c->inst->spare_deliveries, j, 0);
}

/* For the last callback that EC_ENABLEONE allowed. */
static void close_gate(struct conv *c)
{
    struct inst *in = c->inst;

    if (in->gate == GATE_ONE) {
        in->gate = GATE_BLOCKED;
        list_each (node, next, &in->convs)
            container_of(node, struct conv, node)->gate = GATE_BLOCKED;
    }
    c->gate = GATE_PASSING;
}

void delivery_begin(struct conv *c, struct delivery *j)
{
    list_append(&c->under_way, &j->node);
    j->under_way = true;
}

void delivery_end(struct delivery *j)
{
    list_remove(&j->node);
    j->under_way = false;
}

struct delivery *delivery_current(const struct conv *c)
{
    return list_empty(&c->under_way) ? NULL : container_of(c->under_way.prev, struct delivery, node);
}

/* What is refused without a callback passes a gate that lets one through, and leaves it as it is. */
uintptr_t delivery_raise(struct conv *c, struct delivery *j, UINT type, UINT fmt, const struct string *item,
                         uintptr_t data, ULONG_PTR d1, ULONG_PTR d2)
{
    if (c->gate == GATE_ONE && c->state == CONV_OPEN)
        close_gate(c);
    j->type = type;
    return inst_raise(c->inst, c, type, fmt, (HCONV)c->handle, string_handle(c->topic), string_handle(item),
                      data, d1, d2);
}

/* Makes one delivery; false if the callback blocked it. */
static bool deliver(struct conv *c, struct delivery *j)
{
    uintptr_t result = 0;

    delivery_begin(c, j);
    (c->client ? client_deliver : server_deliver)(c, j, &result);
    delivery_end(j);
    if (c->gate == GATE_PASSING)
        c->gate = GATE_BLOCKED;
    if (result != BLOCKED_RESULT || c->state != CONV_OPEN)
        return true;
    c->gate = GATE_BLOCKED;
    return false;
}

void delivery_run(struct conv *c)
{
    conv_hold(c);
    while (!c->running && !c->callbacks && c->state == CONV_OPEN && !c->broken && !c->inst->ending &&
           !delivery_blocked(c) && !list_empty(&c->deliveries)) {
        struct delivery *j = container_of(list_pop(&c->deliveries), struct delivery, node);

        c->running = true;
        if (deliver(c, j)) {
            ledger_count(&c->inst->ledger, LEDGER_queued, -1);
            delivery_free(c,
                          j); /* with what the delivery has left over because the conversation ended in it */
        } else {
            list_prepend(&c->deliveries, &j->node);
            if (j->xact && j->xact->state == XACT_ABANDONED) /* by its own callback */
                delivery_withdraw(c, j);
        }
        c->running = false;
        conv_tell_overrun(c); /* an answer may have been one too many */
    }
    conv_drop(c);
}

void delivery_withdraw(struct conv *c, struct delivery *j)
{
    list_remove(&j->node);
    ledger_count(&c->inst->ledger, LEDGER_queued, -1);
    delivery_free(c, j);
}

void delivery_discard(struct conv *c)
{
    while (!list_empty(&c->deliveries))
        delivery_withdraw(c, container_of(c->deliveries.next, struct delivery, node));
}

/* ---- DdeEnableCallback -------------------------------------------------------------------------------- */

static void set_gate(struct conv *c, enum conv_gate gate)
{
    c->gate = gate;
    if (gate != GATE_BLOCKED && !list_empty(&c->deliveries))
        conv_ready(c);
}

void delivery_enable(struct inst *in, struct conv *c, UINT command)
{
    enum conv_gate gate = command == EC_DISABLE     ? GATE_BLOCKED
                          : command == EC_ENABLEONE ? GATE_ONE
                                                    : GATE_OPEN;

    if (c) {
        set_gate(c, gate);
        return;
    }
    in->gate = gate;
    list_each (node, next, &in->convs)
        set_gate(container_of(node, struct conv, node), gate);
}

bool delivery_waiting(const struct inst *in, const struct conv *c)
{
    if (c)
        return !list_empty(&c->deliveries);
    list_each (node, next, (struct list *)&in->convs)
        if (!list_empty(&container_of(node, struct conv, node)->deliveries))
            return true;
    return false;
}
