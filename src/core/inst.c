/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Instances: their beginning, the callback, their end. */

#include "core/core.h"

#include <assert.h>

/* How often conversations that need watching are looked at. */
enum { TICK_MS = 100 };

/* ---- Beginning ----------------------------------------------------------------------------------------- */

static void set_flags(struct inst *in, PFNCALLBACK callback, DWORD flags)
{
    if (callback)
        in->callback = callback;
    in->flags = flags & ~(DWORD)(APPCLASS_MASK | APPCMD_MASK);
    if (in->client_only)
        in->flags |= CBF_FAIL_ALLSVRXACTIONS;
}

static UINT reopen(DWORD id, PFNCALLBACK callback, DWORD flags)
{
    struct inst *in = inst_get(id);

    if (!in)
        return DMLERR_INVALIDPARAMETER;
    if (in->monitor != ((flags & APPCLASS_MASK) == APPCLASS_MONITOR))
        return DMLERR_DLL_USAGE;
    if (!monitor_listen(in, flags))
        return DMLERR_SYS_ERROR;
    set_flags(in, callback, flags);
    names_filter(in, flags & APPCMD_FILTERINITS);
    return DMLERR_NO_ERROR;
}

static struct inst *inst_new(struct thread *t)
{
    struct inst *in = mem_new(sizeof *in);

    if (!in)
        return NULL;
    in->thread = t;
    map_init(&in->strings);
    map_init(&in->xacts);
    map_init(&in->links);
    map_init(&in->topics);
    list_init(&in->all_strings);
    list_init(&in->all_data);
    list_init(&in->services);
    list_init(&in->convs);
    list_init(&in->tombstones);
    list_init(&in->ready);
    list_init(&in->watched);
    list_init(&in->convlists);
    list_init(&in->all_links);
    list_init(&in->scratch);
    list_init(&in->groups);
    spares_init(&in->spare_data, &in->ledger, handle_free);
    spares_init(&in->spare_xacts, &in->ledger, NULL);
    spares_init(&in->spare_deliveries, &in->ledger, NULL);
    list_append(&t->insts, &in->node);
    ledger_open(&in->ledger);
    ledger_count(&in->ledger, LEDGER_instances, 1);
    return in;
}

static host_wnd window_new(struct inst *in, enum host_class cls)
{
    host_wnd wnd = host_window_create(cls, 0, in->unicode, inst_event, in);

    if (wnd)
        ledger_count(&in->ledger, LEDGER_windows, 1);
    return wnd;
}

/* These windows have no conversation. */
static void stray_message(struct inst *in, const struct host_msg *hm)
{
    if (hm->id > WIRE_INITIATE && hm->id <= WIRE_LAST)
        monitor_received(in, NULL, WIRE_POSTED, hm);
    wire_stray(&in->ledger, hm);
}

static struct port *port_among(struct list *convs, host_wnd wnd)
{
    list_each (node, next, convs) {
        struct port *p = container_of(node, struct conv, node)->port;

        if (p->wnd == wnd)
            return p;
    }
    return NULL;
}

/* What has been posted to the window while its instance was ending, and nobody else would free. Among it there can be
 * messages for its children. */
static void take_strays(struct inst *in, host_wnd wnd)
{
    struct host_msg hm;

    while (host_take(wnd, &hm)) {
        struct port *p = port_among(&in->convs, hm.to);

        p = p ? p : port_among(&in->tombstones, hm.to);
        if (p)
            conv_message(p, &hm);
        else
            stray_message(in, &hm);
    }
}

static void window_free(struct inst *in, host_wnd *wnd)
{
    if (*wnd) {
        host_window_seal(*wnd);
        take_strays(in, *wnd);
    }
    if (*wnd) { /* what was sent to it has not closed it */
        host_window_destroy(*wnd);
        ledger_count(&in->ledger, LEDGER_windows, -1);
    }
    *wnd = 0;
}

static void inst_free(struct inst *in)
{
    struct thread *t = in->thread;

    window_free(in, &in->event);
    window_free(in, &in->mom);
    assert(list_empty(&in->convs) && list_empty(&in->tombstones) && list_empty(&in->groups));
    map_deinit(&in->strings);
    map_deinit(&in->xacts);
    map_deinit(&in->links);
    map_deinit(&in->topics);
    spares_deinit(&in->spare_data);
    spares_deinit(&in->spare_xacts);
    spares_deinit(&in->spare_deliveries);
    list_remove(&in->node);
    ledger_count(&in->ledger, LEDGER_instances, -1);
    ledger_close(&in->ledger);
    mem_free(in);
    thread_leave(t);
}

UINT inst_open(DWORD *id, PFNCALLBACK callback, DWORD flags, bool unicode)
{
    struct thread *t;
    struct inst *in;

    if (*id)
        return reopen(*id, callback, flags);
    t = thread_enter();
    if (!t)
        return DMLERR_SYS_ERROR;
    in = inst_new(t);
    if (!in) {
        thread_leave(t);
        return DMLERR_SYS_ERROR;
    }
    in->unicode = unicode;
    in->monitor = (flags & APPCLASS_MASK) == APPCLASS_MONITOR;
    in->client_only = flags & APPCMD_CLIENTONLY;
    in->filter = true;
    set_flags(in, callback, flags);
    in->mom = window_new(in, HOST_MOM);
    in->event = in->mom ? window_new(in, HOST_EVENT) : 0;
    in->handle = in->event && monitor_listen(in, in->flags) ? handle_new(HANDLE_INSTANCE, in) : 0;
    if (!in->handle) {
        inst_free(in);
        return DMLERR_SYS_ERROR;
    }
    *id = inst_id(in);
    return DMLERR_NO_ERROR;
}

struct inst *inst_get(DWORD id)
{
    return handle_get32(id, HANDLE_INSTANCE);
}

DWORD inst_id(const struct inst *in)
{
    return (DWORD)in->handle;
}

void inst_fail(struct inst *in, UINT error)
{
    struct thread *t;

    monitor_error(in, error);
    if (in) {
        in->last_error = error;
        return;
    }
    t = thread_current();
    if (!t)
        return;
    list_each (node, next, &t->insts)
        container_of(node, struct inst, node)->last_error = error;
}

/* ---- Memory for calls ---------------------------------------------------------------------------------- */

struct scratch {
    struct list node;
    uintptr_t memory[];
};

void *scratch_new(struct inst *in, size_t size)
{
    struct scratch *s = mem_new(sizeof *s + size);

    if (!s)
        return NULL;
    list_append(&in->scratch, &s->node);
    return s->memory;
}

void scratch_free(void *p)
{
    struct scratch *s = p ? container_of(p, struct scratch, memory) : NULL;

    if (!s)
        return;
    list_remove(&s->node);
    mem_free(s);
}

/* ---- The callback -------------------------------------------------------------------------------------- */

uintptr_t inst_raise(struct inst *in, struct conv *c, UINT type, UINT fmt, HCONV h, uintptr_t hsz1,
                     uintptr_t hsz2, uintptr_t data, ULONG_PTR d1, ULONG_PTR d2)
{
    struct callback cb = {type, fmt, (uintptr_t)h, hsz1, hsz2, data, d1, d2, 0};

    if (in->ending || in->thread->ended)
        return 0;
    inst_hold(in);
    if (c) {
        conv_hold(c);
        c->callbacks++;
    }
    cb.result = (uintptr_t)in->callback(type, fmt, h, (HSZ)hsz1, (HSZ)hsz2, (HDDEDATA)data, d1, d2);
    monitor_callback(in, c, &cb);
    if (c) {
        c->callbacks--;
        if (!c->callbacks && !c->running && !list_empty(&c->deliveries))
            conv_ready(c); /* what came in meanwhile had to wait */
        conv_drop(c);
    }
    inst_drop(in);
    return cb.result;
}

/* ---- Events ------------------------------------------------------------------------------------------- */

/* Walks a list of conversations that callbacks may change: moves it aside, and what still belongs to it back.
 */
static void look_after(struct inst *in)
{
    struct list todo, *node;

    list_init(&todo);
    while ((node = list_pop(&in->ready)) != NULL)
        list_append(&todo, node);
    while ((node = list_pop(&todo)) != NULL) {
        struct conv *c = container_of(node, struct conv, ready);

        conv_hold(c);
        if (c->broken && c->state == CONV_OPEN)
            conv_broken(c);
        else
            delivery_run(c);
        conv_drop(c);
    }
}

static void want_tick(struct inst *in)
{
    if (!in->ticking)
        in->ticking = host_timer(in->event, TICK_MS);
}

static void tick(struct inst *in)
{
    struct list todo, *node;

    list_init(&todo);
    while ((node = list_pop(&in->watched)) != NULL)
        list_append(&todo, node);
    while ((node = list_pop(&todo)) != NULL) {
        struct conv *c = container_of(node, struct conv, watch);

        conv_hold(c);
        if (conv_sweep(c))
            conv_watch(c);
        conv_drop(c);
    }
    look_after(in);
    if (!list_empty(&in->watched) || !list_empty(&in->ready)) {
        want_tick(in); /* one inside a callback may have found nothing to do */
    } else if (in->ticking) {
        host_timer(in->event, 0);
        in->ticking = false;
    }
}

void conv_watch(struct conv *c)
{
    if (list_empty(&c->watch))
        list_append(&c->inst->watched, &c->watch);
    want_tick(c->inst);
}

void conv_ready(struct conv *c)
{
    struct inst *in = c->inst;
    struct host_msg hm = {.to = in->event, .id = HOST_EV_RESUME};

    if (list_empty(&c->ready))
        list_append(&in->ready, &c->ready);
    if (!in->resume_posted)
        in->resume_posted = host_post(&hm) == HOST_OK;
    if (!in->resume_posted)
        want_tick(in);
}

/* The system may have refused the timer on which whoever is watched depends, or what could not be posted: every call
 * and every message is an occasion to ask for it again. */
static void watch_again(struct inst *in)
{
    if (!in->ticking && (!list_empty(&in->watched) || (!list_empty(&in->ready) && !in->resume_posted)))
        want_tick(in);
}

static void window_lost(struct inst *in, host_wnd wnd)
{
    take_strays(in, wnd);
    ledger_count(&in->ledger, LEDGER_windows, -1);
    if (wnd == in->mom)
        in->mom = 0;
    else
        in->event = 0;
}

void inst_event(void *inst, const struct host_msg *hm)
{
    struct inst *in = inst;

    inst_hold(in);
    switch (hm->id) {
    case WIRE_INITIATE:
        monitor_received(in, NULL, WIRE_SENT, hm);
        inst_initiate(in, hm);
        break;
    case HOST_EV_REGISTER:
    case HOST_EV_UNREGISTER:
        names_event(in, hm);
        break;
    case HOST_EV_RESUME:
        in->resume_posted = false;
        look_after(in);
        break;
    case HOST_EV_TIMER:
        tick(in);
        break;
    case HOST_EV_NEWS:
        monitor_deliver(in);
        break;
    case HOST_EV_COUNT:
        holders_answer(in, hm->wparam);
        break;
    case HOST_EV_INTRUDER:
        monitor_intruder();
        break;
    case HOST_EV_DESTROYED:
        window_lost(in, hm->to);
        break;
    default:
        stray_message(in, hm);
        break;
    }
    inst_drop(in);
}

/* ---- End ---------------------------------------------------------------------------------------------- */

/* As many messages as a queue holds: those that beget others must not keep the instance for ever. */
enum { MOST_PENDING = 10000 };

/* Lets the messages that are already queued have their callbacks (Q102572). */
static void dispatch_pending(void)
{
    uint64_t until = host_now_ms() + deadline_initiate();
    unsigned n = 0;

    while (n++ < MOST_PENDING && host_now_ms() < until && host_dispatch(HOST_DDE_MESSAGES, 0))
        ;
}

static bool tombs_gone(void *inst)
{
    return list_empty(&((struct inst *)inst)->tombstones);
}

/* Waits until every partner has confirmed the end of its conversation, looking out for those that died. */
static void await_partners(struct inst *in)
{
    uint64_t until = host_now_ms() + deadline_shutdown(), now;

    while ((now = host_now_ms()) < until && !tombs_gone(in)) {
        tick(in);
        host_pump(HOST_DDE_MESSAGES, tombs_gone, in, now + TICK_MS < until ? now + TICK_MS : until);
    }
}

/* A conversation's window whose partner has not confirmed the end goes with its parent: the host closes it
 * before it gives the last call, so that nothing can be posted between the last look and the end. */
static void release_everything(struct inst *in)
{
    window_free(in, &in->mom);
    while (!list_empty(&in->convs))
        conv_bury(container_of(in->convs.next, struct conv, node));
    while (!list_empty(&in->tombstones))
        conv_bury(container_of(in->tombstones.next, struct conv, node));
    while (!list_empty(&in->convlists))
        convlist_free(container_of(in->convlists.next, struct convlist, node));
    names_forget(in);
    while (!list_empty(&in->all_links))
        link_forget(container_of(in->all_links.next, struct link, all));
    while (!list_empty(&in->scratch))
        scratch_free(container_of(in->scratch.next, struct scratch, node)->memory);
    while (!list_empty(&in->all_data))
        data_free(container_of(in->all_data.next, struct data, all));
    while (!list_empty(&in->all_strings))
        string_forget(container_of(in->all_strings.next, struct string, all));
}

static void end_everything(struct inst *in)
{
    handle_free(in->handle);
    in->handle = 0;
    in->leaving = in->ending = true;
    names_unregister(in, NULL);
    while (!list_empty(&in->convs)) {
        struct conv *c = container_of(in->convs.next, struct conv, node);

        conv_hold(c);
        conv_end(c, DMLERR_NO_CONV_ESTABLISHED);
        list_remove(&c->node); /* one whose XTYP_DISCONNECT is running ends by itself */
        list_append(&in->tombstones, &c->node);
        if (c->handle)
            handle_free(c->handle);
        c->handle = 0;
        conv_drop(c);
    }
    list_each (place, next, &in->convlists)
        convlist_hide(container_of(place, struct convlist, node));
}

void inst_close(struct inst *in)
{
    inst_hold(in);
    in->leaving = true;
    if (in->holds == 1)
        dispatch_pending();
    if (!in->ending)
        end_everything(in);
    inst_drop(in);
}

/* The calls that were running when the thread ended are gone, and with them the lists that stood on its
 * stack. */
static void forget_calls(struct list *convs)
{
    list_each (node, next, convs) {
        struct conv *c = container_of(node, struct conv, node);

        list_init(&c->ready);
        list_init(&c->watch);
        if (!c->in_list)
            list_init(&c->member);
        conv_initiated(c);
    }
}

void inst_abort(struct inst *in)
{
    inst_hold(in);
    forget_calls(&in->convs);
    forget_calls(&in->tombstones);
    list_init(&in->ready);
    list_init(&in->watched);
    if (!in->ending)
        end_everything(in);
    release_everything(in);
    inst_free(in);
}

void inst_hold(struct inst *in)
{
    in->holds++;
}

void inst_drop(struct inst *in)
{
    if (in->holds == 1 && in->ending) {
        await_partners(in); /* still held, so that what runs meanwhile does not come here again */
        release_everything(in);
        inst_free(in);
        return;
    }
    watch_again(in);
    in->holds--;
}
