/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The end of a conversation (docs/architecture.md). A window is destroyed only when nothing can arrive at
 * it any more: when the partner's TERMINATE has come, which is its last message, or when the partner has
 * gone. Until then it is a tombstone that disposes of whatever comes. */

#include "core/core.h"

static bool post_terminate(struct conv *c, int *result)
{
    struct wire_msg m = {.id = WIRE_TERMINATE};

    *result = wire_post(&c->end, &m, NULL);
    return *result == HOST_OK;
}

/* What ends with the conversation on our side, whoever ends it. */
static void stop_everything(struct conv *c)
{
    monitor_conv(c, false);
    delivery_discard(c);
    if (!c->client) /* a client may want its loops back (DdeReconnect) */
        link_end_all(c);
    wire_drop_backlog(&c->end);
}

/* Everything that is already queued for the window, by the T rows. The caller holds one of its conversations.
 */
static void drain(struct port *p)
{
    struct host_msg hm;

    while (p->wnd && host_take(p->wnd, &hm))
        conv_message(p, &hm);
}

static void retire_handle(struct conv *c)
{
    if (c->handle)
        handle_free(c->handle);
    c->handle = 0;
}

static void make_tombstone(struct conv *c)
{
    link_end_all(c);
    convlist_leave(c);
    retire_handle(c);
    list_remove(&c->node);
    list_append(&c->inst->tombstones, &c->node);
}

/* Our TERMINATE has met a full queue, and the window that the partner watches stays, with other conversations. */
static bool keeps_waiting(const struct conv *c)
{
    return port_shared(c->port) && (c->owes_terminate || !list_empty(&c->end.backlog));
}

/* Our TERMINATE goes out; from here on whatever comes is disposed of. */
static void close_down(struct conv *c, UINT error, bool tell)
{
    bool shared = port_shared(c->port), gone;
    int r;

    if (tell)
        client_keep_answered(c);
    client_fail_all(c, error, tell);
    stop_everything(c);
    c->state = CONV_CLOSING;
    c->owes_terminate = !post_terminate(c, &r);
    gone = !shared && r == HOST_GONE && !host_window_alive(c->end.partner);
    if (!gone)
        conv_watch(c);
    if (!shared) /* else the tombstone sees to it, of whoever has gone, too: others' messages have callbacks */
        drain(c->port);
    if (gone)
        conv_finish(c);
}

void conv_end(struct conv *c, UINT error)
{
    if (c->state != CONV_OPEN && c->state != CONV_CONNECTING)
        return;
    conv_hold(c);
    make_tombstone(c);
    close_down(c, error, false);
    conv_drop(c);
}

void conv_give_up(struct conv *c)
{
    conv_hold(c);
    conv_end(c, DMLERR_NO_CONV_ESTABLISHED);
    retire_handle(c);
    conv_drop(c);
}

/* A server that has not been told of the beginning is not told of the end; nor is who has given it up. */
static void raise_disconnect(struct conv *c)
{
    if (c->handle && !c->offering && !(c->inst->flags & CBF_SKIP_DISCONNECTS))
        inst_raise(c->inst, c, XTYP_DISCONNECT, 0, (HCONV)c->handle, 0, 0, 0, 0, c->self);
}

/* The partner ended it, or has gone: TERMINATE is answered first, then the application is told. */
void conv_peer_quits(struct conv *c)
{
    int r;

    c->terminated = true;
    client_keep_answered(c);
    stop_everything(c);
    post_terminate(c, &r);
    c->confirmed = keeps_waiting(c);
    if (c->confirmed)
        conv_watch(c);
    else
        wire_drop_backlog(&c->end);
    c->state = c->confirmed ? CONV_CLOSING : CONV_DEAD;
    link_settle_all(c);
    client_fail_all(c, DMLERR_SERVER_DIED, true);
    client_tell_failed(c);
    raise_disconnect(c);
    make_tombstone(c);
}

/* Closed before the application is told, so that nothing that comes meanwhile tells it again. */
void conv_violated(struct conv *c)
{
    conv_hold(c);
    c->terminated = true;
    close_down(c, DMLERR_SERVER_DIED, true);
    client_tell_failed(c);
    raise_disconnect(c);
    make_tombstone(c);
    conv_drop(c);
}

void conv_confirmed(struct conv *c)
{
    c->confirmed = true;
    if (keeps_waiting(c))
        conv_watch(c);
    else
        conv_finish(c);
}

void conv_finish(struct conv *c)
{
    conv_hold(c);
    if (c->state == CONV_OPEN) {
        stop_everything(c);
        make_tombstone(c);
    }
    c->state = CONV_DEAD;
    client_end(c);
    link_settle_all(c);
    conv_drop(c);
}

void port_lost(struct port *p)
{
    struct conv *first = container_of(p->convs.next, struct conv, in_port);

    conv_hold(first);
    list_each (node, next, &p->convs)
        conv_end(container_of(node, struct conv, in_port), DMLERR_NO_CONV_ESTABLISHED);
    drain(p);
    p->wnd = 0;
    ledger_count(&p->inst->ledger, LEDGER_windows, -1);
    list_each (place, after, &p->convs) {
        struct conv *c = container_of(place, struct conv, in_port);

        c->end.self = 0;
        conv_finish(c);
    }
    conv_drop(first);
}

/* The partner has gone without a word; its last ones may still be here. */
void conv_lost(struct conv *c)
{
    drain(c->port);
    if (c->state == CONV_CLOSING)
        conv_finish(c);
    else if (c->state == CONV_OPEN)
        conv_peer_quits(c);
}

/* A partner that is still there has to be told, and knows nothing of it so far. */
void conv_broken(struct conv *c)
{
    if (host_window_alive(c->end.partner))
        conv_violated(c);
    else
        conv_lost(c);
}

void conv_gone(struct conv *c, host_wnd wnd)
{
    if (c->end.partner != wnd)
        return;
    c->broken = c->broken || c->state == CONV_CONNECTING;
    conv_lost(c);
}

/* Retries what a full queue held up, and notices partners that have gone without a word. */
bool conv_sweep(struct conv *c)
{
    int r;

    if (c->state == CONV_DEAD)
        return false;
    if (c->owes_terminate)
        c->owes_terminate = !post_terminate(c, &r);
    else
        conv_posted(c, wire_flush(&c->end));
    if (c->end.partner && !host_window_alive(c->end.partner)) {
        conv_lost(c);
        return false;
    }
    if (c->confirmed && !keeps_waiting(c)) {
        conv_finish(c);
        return false;
    }
    return c->state == CONV_CLOSING || !(c->end.local || c->told) || c->unsure ||
           !list_empty(&c->end.backlog);
}
