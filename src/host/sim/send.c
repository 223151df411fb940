/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/sim/inside.h"

/* Sent messages. A batch is one message on its way to one or many windows; its parts are what the sender waits
 * for. Its record stays until the world is closed, so that a sender may leave at any time. */

/* ---- The receiver's side ------------------------------------------------------------------------------- */

static struct sent *first_to_begin(const struct thread *t)
{
    list_each (node, next, (struct list *)(uintptr_t)&t->sent) {
        struct sent *s = container_of(node, struct sent, place);

        if (s->arrives <= world.now)
            return s;
    }
    return NULL;
}

bool sent_waits(const struct thread *t)
{
    return first_to_begin(t);
}

uint64_t sent_next_arrival(const struct thread *t)
{
    uint64_t next = FOREVER;

    list_each (node, n, (struct list *)(uintptr_t)&t->sent)
        if (container_of(node, struct sent, place)->arrives < next)
            next = container_of(node, struct sent, place)->arrives;
    return next;
}

static void free_cargo(struct sent *s)
{
    cargo_free(s->cargo);
    s->cargo = NULL;
}

/* Its part is over; if the sender has left, what it carried is nobody's. */
static void over(struct sent *s, enum sent_state state)
{
    struct batch *b = s->batch;

    list_remove(&s->place);
    s->state = state;
    if (s->counted) {
        s->counted = false;
        b->parts--;
        b->parts_elsewhere -= s->foreign;
    }
    world.n_sends--;
    if (b->closed)
        free_cargo(s);
}

/* What comes from another process is not begun with after its deadline. */
bool sent_next(struct thread *t, struct job *job)
{
    struct sent *s;

    while ((s = first_to_begin(t)) && s->foreign && world.now >= s->batch->until)
        over(s, SENT_LATE);
    if (!s)
        return false;
    list_remove(&s->place);
    s->state = SENT_RUNNING;
    list_append(&t->running, &s->place);
    *job = (struct job){.wnd = s->to, .msg = s->batch->msg, .sent = s};
    job->msg.to = s->to->handle;
    return true;
}

void sent_open(struct job *job)
{
    struct sent *s = job->sent;
    struct process *me = world.current->process;

    window_named(job->msg.wparam, me);
    if (job->msg.id == HOST_EV_MOVED)
        window_named(job->msg.lparam, me);
    if (!s->cargo)
        return;
    cargo_lend(s->cargo, &job->msg);
    s->lent = job->msg;
}

void sent_finish(struct sent *s)
{
    if (s->lent.to)
        cargo_returned(s->cargo, &s->lent);
    story_call(CALL_returned, s->to->handle, s->batch->msg.id, 0);
    over(s, SENT_DONE);
}

void sent_refuse(struct window *w)
{
    list_each (node, next, &w->owner->sent) {
        struct sent *s = container_of(node, struct sent, place);

        if (s->to == w)
            over(s, SENT_GONE);
    }
}

/* No running procedure will return any more. Whether the sender is told that the window has gone, or that it does
 * not know what became of the message, is the system's. */
void sent_abandon(struct thread *t, bool dies)
{
    while (!list_empty(&t->running)) {
        struct sent *s = container_of(t->running.next, struct sent, place);

        over(s, dies && s->foreign && chance_below(2) ? SENT_GONE : SENT_CUT);
    }
    while (dies && !list_empty(&t->sent))
        over(container_of(t->sent.next, struct sent, place), SENT_GONE);
}

/* ---- The sender's side --------------------------------------------------------------------------------- */

static struct batch *batch_new(const struct host_msg *msg, size_t n, uint64_t until)
{
    struct batch *b = world_new(sizeof *b);

    b->sent = n ? world_new(n * sizeof *b->sent) : NULL;
    b->sender = world.current;
    b->msg = *msg;
    b->until = until;
    b->n = n;
    for (size_t i = 0; i < n; i++) {
        b->sent[i].batch = b;
        list_init(&b->sent[i].place);
    }
    list_append(&world.current->batches, &b->of_sender);
    return b;
}

static void count(struct sent *s)
{
    s->waited = s->counted = true;
    s->batch->parts++;
    s->batch->parts_elsewhere += s->foreign;
}

/* false: it carries what nobody can send. */
static bool hand_over(struct sent *s, struct window *w, bool waits)
{
    struct thread *me = world.current;

    s->to = w;
    s->foreign = window_foreign(w);
    if (!w->open) {
        s->state = SENT_GONE;
        return true;
    }
    if (w->owner == me) {
        s->state = SENT_OWN;
        return true;
    }
    if (s->foreign && !(s->cargo = cargo_pack(&s->batch->msg, CARGO_SENT)))
        return false;
    s->state = SENT_WAITING;
    s->arrives = travel(me, w);
    if (waits)
        count(s);
    world.n_sends++;
    list_append(&w->owner->sent, &s->place);
    return true;
}

static bool is_over(void *batch)
{
    const struct batch *b = batch;

    return b->parts == 0 || sent_waits(b->sender);
}

/* Threads of this process read the sender's atoms, so that they are waited for in any case. */
static void wait_for(struct batch *b, enum call call, uintptr_t what, bool (*enough)(void *arg), void *arg)
{
    struct thread *me = world.current;
    struct job job;

    while (b->parts && world.now < b->until) {
        if (enough && enough(arg) && b->parts == b->parts_elsewhere)
            return;
        if (sent_next(me, &job))
            job_run(&job);
        else
            thread_wait(call, what, is_over, b, b->until);
    }
}

/* What the sender may say of a part when it leaves. What has not begun in this process never will; whether another
 * one will, nobody knows. */
static int leave(struct sent *s)
{
    switch (s->state) {
    case SENT_OWN:
    case SENT_DONE:
        return HOST_OK;
    case SENT_GONE:
        return HOST_GONE;
    case SENT_LATE:
        return HOST_LATE;
    case SENT_WAITING:
        if (s->foreign && chance_below(2))
            return HOST_UNSURE;
        over(s, SENT_LATE);
        return HOST_LATE;
    default:
        return HOST_UNSURE;
    }
}

static bool is_out(const struct sent *s)
{
    return s->state == SENT_WAITING || s->state == SENT_RUNNING;
}

static void batch_close(struct batch *b)
{
    list_remove(&b->of_sender);
    for (size_t i = 0; i < b->n; i++)
        if (!is_out(&b->sent[i]))
            free_cargo(&b->sent[i]);
    b->closed = true;
}

/* Its sender ends in the middle: nobody begins with what waits. */
void batches_end(struct thread *t)
{
    while (!list_empty(&t->batches)) {
        struct batch *b = container_of(t->batches.next, struct batch, of_sender);

        for (size_t i = 0; i < b->n; i++)
            if (b->sent[i].state == SENT_WAITING)
                over(&b->sent[i], SENT_LATE);
        batch_close(b);
    }
}

static bool call_own(host_wnd to, const struct host_msg *msg)
{
    struct window *w = window_open_own(to);
    struct host_msg mine = *msg;

    if (!w)
        return false;
    mine.to = to;
    story_call(CALL_deliver, to, msg->id, world.current->id);
    w->proc(w->ctx, &mine);
    return true;
}

/* The time passes, and what others send is served. */
static void wait_in_vain(struct batch *b, enum call call, uintptr_t what)
{
    b->parts++;
    wait_for(b, call, what, NULL, NULL);
    b->parts--;
}

static int send_to(struct window *w, const struct host_msg *msg, uint64_t until)
{
    struct batch *b = batch_new(msg, 1, until);
    bool late = call_fails(SIM_FAULT_send_late), unsure = !late && call_fails(SIM_FAULT_send_unsure);
    bool packed = late || hand_over(&b->sent[0], w, !unsure);
    int r;

    if (late || unsure)
        wait_in_vain(b, CALL_send, msg->to);
    else if (packed)
        wait_for(b, CALL_send, msg->to, NULL, NULL);
    if (!packed)
        r = HOST_FAULT;
    else
        r = late ? HOST_LATE : unsure ? HOST_UNSURE : leave(&b->sent[0]);
    if (b->sent[0].foreign && (r == HOST_OK || r == HOST_UNSURE))
        cargo_delivered(msg, CARGO_SENT);
    batch_close(b);
    return r;
}

int host_send(const struct host_msg *msg, uint32_t wait_ms)
{
    struct window *w;
    int r;

    call_begin(CALL_send);
    world.figures.sends++;
    if (call_own(msg->to, msg))
        return HOST_OK;
    w = window_live(msg->to);
    if (!w)
        r = HOST_GONE;
    else if (call_fails(SIM_FAULT_send_fault))
        r = HOST_FAULT;
    else
        r = send_to(w, msg, world.now + MS(wait_ms));
    story_call(CALL_send, msg->to, msg->id, (uint64_t)(int64_t)r & 0xFF);
    return r;
}

/* ---- Broadcasts ---------------------------------------------------------------------------------------- */

static bool process_wants(const struct process *p, host_atom name)
{
    list_each (node, next, &world.audience[HOST_TOP_LEVEL]) {
        const struct window *w = container_of(node, struct window, audience);

        if (w->process == p && window_wants(w, name))
            return true;
    }
    return false;
}

/* Every window that is to hear it: the array is the world's. */
static struct window **hearers(enum host_audience audience, const struct host_msg *msg, size_t *n)
{
    bool wanted[SIM_PROCESSES],
        filters = world.filters && audience == HOST_TOP_LEVEL && msg->id == EV_INITIATE;
    struct window **all;
    size_t room = 0;

    for (int i = 0; i < SIM_PROCESSES; i++)
        wanted[i] = world.slots[i] && (!filters || world.slots[i] == world.current->process ||
                                       process_wants(world.slots[i], (host_atom)(msg->lparam & 0xFFFF)));
    list_each (node, next, &world.audience[audience])
        room++;
    all = world_new((room + 1) * sizeof(struct window *));
    *n = 0;
    list_each (node, next, &world.audience[audience]) {
        struct window *w = container_of(node, struct window, audience);

        if (wanted[w->process->slot])
            all[(*n)++] = w;
    }
    return all;
}

static int worst(struct batch *b)
{
    int r = HOST_OK;

    for (size_t i = 0; i < b->n; i++) {
        int its = b->sent[i].waited ? leave(&b->sent[i]) : HOST_OK;

        if (r != HOST_UNSURE && (its == HOST_LATE || its == HOST_UNSURE))
            r = its;
    }
    return r;
}

int host_broadcast(enum host_audience audience, const struct host_msg *msg, uint32_t wait_ms,
                   bool (*enough)(void *arg), void *arg)
{
    struct thread *me = thread_current();
    struct window **all;
    struct batch *b;
    size_t n;
    int r;

    call_begin(CALL_broadcast);
    world.figures.broadcasts++;
    all = hearers(audience, msg, &n);
    b = batch_new(msg, n, world.now + MS(wait_ms));
    for (size_t i = 0; i < n; i++) {
        bool waits = audience != HOST_EVENT_WINDOWS || !window_foreign(all[i]);

        if (all[i]->owner != me && call_fails(SIM_FAULT_broadcast)) {
            b->sent[i].state = SENT_LATE; /* and the whole time passes */
            count(&b->sent[i]);
        } else if (!hand_over(&b->sent[i], all[i], waits)) {
            b->sent[i].state = SENT_GONE;
        }
    }
    for (size_t i = 0; i < n; i++) /* while the others are at it */
        if (b->sent[i].state == SENT_OWN && b->sent[i].to)
            call_own(all[i]->handle, msg);
    wait_for(b, CALL_broadcast, msg->id, enough, arg);
    r = worst(b);
    batch_close(b);
    story_call(CALL_broadcast, msg->id, n, (uint64_t)(int64_t)r & 0xFF);
    return r;
}
