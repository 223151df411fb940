/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/sim/inside.h"

#include <stdlib.h>

/* Posted messages. One is first in transit, if it comes from another process, and then stands in two lists: one of
 * its thread (core or rest, merged by number) and one of its window (dde or other). So each question is answered by
 * the head of a list: what is next for the thread, in either scope; what is next for host_take; what vanishes with
 * the window. */

static bool is_dde(uint32_t id)
{
    return id >= EV_INITIATE && id <= EV_EXECUTE;
}

static bool is_core(uint32_t id)
{
    return is_dde(id) || (id >= HOST_EV_RESUME && id <= HOST_EV_DESTROYED) || id == HOST_EV_LOST;
}

static struct packet *first_in_thread(const struct list *l)
{
    return l->next == l ? NULL : container_of(l->next, struct packet, in_thread);
}

/* ---- Coming in ----------------------------------------------------------------------------------------- */

static void append(struct packet *p)
{
    struct thread *t = p->to->owner;

    p->order = t->n_posts++;
    list_append(is_core(p->msg.id) ? &t->core : &t->rest, &p->in_thread);
    list_append(is_dde(p->msg.id) ? &p->to->dde : &p->to->other, &p->in_window);
}

static void set_out(struct packet *p)
{
    struct list *before = p->to->owner->transit.prev;

    while (before != &p->to->owner->transit &&
           container_of(before, struct packet, in_thread)->arrives > p->arrives)
        before = before->prev;
    list_prepend(before, &p->in_thread);
    list_append(&p->to->other, &p->in_window); /* so that it goes with the window */
}

void queue_arrive(struct thread *t)
{
    struct packet *p;

    while ((p = first_in_thread(&t->transit)) && p->arrives <= world.now) {
        list_remove(&p->in_thread);
        list_remove(&p->in_window);
        append(p);
    }
}

uint64_t queue_next_arrival(const struct thread *t)
{
    const struct packet *p = first_in_thread(&t->transit);

    return p ? p->arrives : FOREVER;
}

/* Between processes it takes as long as the seed says, but not longer than what the same thread posts or sends to the
 * same window afterwards. */
uint64_t travel(const struct thread *from, const struct window *to)
{
    const struct sim_options *o = &world.options;
    uint64_t at = world.now;

    if (from->process == to->process)
        return at;
    if (o->max_delay_ms && (!o->delay_permille || chance_permille(o->delay_permille))) {
        world.figures.delayed++;
        at += chance_below(o->max_delay_ms * 1000) + 1;
    }
    list_each (node, next, (struct list *)(uintptr_t)&to->owner->transit) {
        const struct packet *p = container_of(node, struct packet, in_thread);

        if (p->to == to && p->from == from && p->arrives > at)
            at = p->arrives;
    }
    list_each (place, after, (struct list *)(uintptr_t)&to->owner->sent) {
        const struct sent *s = container_of(place, struct sent, place);

        if (s->to == to && s->batch->sender == from && s->arrives > at)
            at = s->arrives;
    }
    return at;
}

uint64_t queue_last_arrival(const struct thread *from)
{
    uint64_t last = world.now;

    list_each (node, next, &world.threads)
        list_each (place, after, &container_of(node, struct thread, place)->transit) {
            const struct packet *p = container_of(place, struct packet, in_thread);

            if (p->from == from && p->arrives > last)
                last = p->arrives;
        }
    return last;
}

static struct packet *packet_new(struct window *w, const struct host_msg *msg, struct thread *from,
                                 uint64_t at)
{
    struct packet *p = world_new(sizeof *p);

    p->to = w;
    p->from = from;
    p->msg = *msg;
    p->arrives = at;
    w->process->n_queued++;
    queue_arrive(w->owner); /* what has arrived already comes before it */
    if (at > world.now)
        set_out(p);
    else
        append(p);
    return p;
}

void queue_post_event(struct window *w, uint32_t id, uintptr_t wparam, struct thread *from, uint64_t at)
{
    struct host_msg msg = {.to = w->handle, .id = id, .wparam = wparam};
    struct packet *p = packet_new(w, &msg, from, at);

    if (id == HOST_EV_TIMER)
        w->tick = p;
}

/* The number of a message that has left nothing behind. */
static int post_to(struct window *w, const struct host_msg *msg)
{
    struct thread *me = world.current;
    struct cargo *cargo = NULL;
    struct packet *p;
    uintptr_t part[2];

    if (w->open && w->owner->queued >= world.options.queue_limit)
        return HOST_FULL;
    if (window_foreign(w)) {
        cargo = cargo_pack(msg, CARGO_POSTED);
        if (!cargo)
            return HOST_FAULT;
        if (world.move && cargo_parts(msg, CARGO_POSTED, part))
            moving_posted(msg, part);
        cargo_delivered(msg, CARGO_POSTED);
    }
    if (!w->open) { /* the news of its end is still on the way */
        cargo_free(cargo);
        return HOST_OK;
    }
    p = packet_new(w, msg, me, travel(me, w));
    p->cargo = cargo;
    p->counts = true;
    w->owner->queued++;
    return HOST_OK;
}

int host_post(const struct host_msg *msg)
{
    struct window *w;
    int r;

    call_begin(CALL_post);
    world.figures.posts++;
    w = window_live(msg->to);
    if (!w)
        r = HOST_GONE;
    else if (call_fails(SIM_FAULT_post_full))
        r = HOST_FULL;
    else if (call_fails(SIM_FAULT_post_fault))
        r = HOST_FAULT;
    else
        r = post_to(w, msg);
    story_call(CALL_post, msg->to, msg->id, (uint64_t)(int64_t)r & 0xFF);
    return r;
}

enum host_passing host_post_passing(host_wnd wnd)
{
    const struct window *w;

    call_begin(CALL_post_passing);
    w = window_at(wnd);
    if (!w || !window_foreign(w))
        return HOST_PASS_SAME;
    return world.move ? HOST_PASS_MOVE : HOST_PASS_COPY;
}

size_t host_post_limit(void)
{
    return SIZE_MAX;
}

/* ---- Going out ----------------------------------------------------------------------------------------- */

/* What it carries is the caller's. */
static void remove_packet(struct packet *p)
{
    list_remove(&p->in_thread);
    list_remove(&p->in_window);
    p->to->process->n_queued--;
    if (p->counts)
        p->to->owner->queued--;
    if (p->to->tick == p)
        p->to->tick = NULL;
    world_give(p, sizeof *p);
}

static struct host_msg take(struct packet *p)
{
    struct host_msg msg = p->msg;
    struct cargo *cargo = p->cargo;
    struct process *me = world.current->process;
    struct window *w = p->to;
    uintptr_t part[2];

    window_named(p->msg.wparam, me);
    if (p->msg.id == HOST_EV_MOVED)
        window_named(p->msg.lparam, me);
    remove_packet(p);
    if (!cargo)
        return msg;
    cargo_unpack(cargo, &msg);
    if (world.move && cargo_parts(&msg, CARGO_POSTED, part))
        moving_taken(w, &msg, part);
    return msg;
}

void queue_drop_tick(struct window *w)
{
    if (w->tick)
        remove_packet(w->tick);
}

static void drop_list(struct list *l)
{
    while (!list_empty(l)) {
        struct packet *p = container_of(l->next, struct packet, in_window);

        cargo_free(p->cargo);
        remove_packet(p);
    }
}

void queue_drop(struct window *w)
{
    drop_list(&w->dde);
    drop_list(&w->other);
}

bool host_take(host_wnd wnd, struct host_msg *msg)
{
    struct window *w;

    call_begin(CALL_take);
    w = window_own(wnd);
    if (!w)
        return false;
    queue_arrive(w->owner);
    if (list_empty(&w->dde))
        return false;
    *msg = take(container_of(w->dde.next, struct packet, in_window));
    story_call(CALL_take, wnd, msg->id, 0);
    return true;
}

static struct packet *next_packet(struct thread *t, enum host_scope scope)
{
    struct packet *p, *rest;

    queue_arrive(t);
    windows_due(t);
    p = first_in_thread(&t->core);
    rest = scope == HOST_ALL_MESSAGES ? first_in_thread(&t->rest) : NULL;
    return rest && (!p || rest->order < p->order) ? rest : p;
}

/* ---- Pumping ------------------------------------------------------------------------------------------- */

/* Sent messages go first. */
static bool next_job(enum host_scope scope, struct job *job)
{
    struct thread *me = world.current;
    struct packet *p;

    if (sent_next(me, job))
        return true;
    p = next_packet(me, scope);
    if (!p)
        return false;
    *job = (struct job){.wnd = p->to};
    job->msg = take(p);
    return true;
}

void job_run(struct job *job)
{
    struct thread *me = world.current;

    if (job->sent)
        sent_open(job);
    story_call(CALL_deliver, job->msg.to, job->msg.id, me->id);
    job->wnd->proc(job->wnd->ctx, &job->msg);
    if (job->sent)
        sent_finish(job->sent);
}

static bool has_any(void *thread)
{
    return sent_waits(thread) || next_packet(thread, HOST_ALL_MESSAGES);
}

static bool has_dde(void *thread)
{
    return sent_waits(thread) || next_packet(thread, HOST_DDE_MESSAGES);
}

static uint64_t us_of(uint64_t ms)
{
    return ms > FOREVER / 1000 ? FOREVER : ms * 1000;
}

/* One there is by then; false: there is none. */
static bool wait_for_job(enum call call, enum host_scope scope, uint64_t until, struct job *job)
{
    struct thread *me = world.current;

    while (world.now < until) {
        if (next_job(scope, job))
            return true;
        thread_wait(call, 0, scope == HOST_ALL_MESSAGES ? has_any : has_dde, me, until);
    }
    return false;
}

bool host_pump(enum host_scope scope, bool (*done)(void *arg), void *arg, uint64_t until)
{
    struct job job;

    call_begin(CALL_pump);
    while (!done(arg)) {
        if (!wait_for_job(CALL_pump, scope, us_of(until), &job))
            return done(arg);
        job_run(&job);
    }
    return true;
}

/* A thread that only looks, again and again, lets time pass in between. */
enum { POLL_US = 100 };

bool host_dispatch(enum host_scope scope, uint64_t until)
{
    struct thread *me = thread_current();
    struct job job;
    bool found;

    call_begin(CALL_dispatch);
    if (us_of(until) > world.now) {
        found = wait_for_job(CALL_dispatch, scope, us_of(until), &job);
    } else {
        found = next_job(scope, &job);
        if (!found)
            thread_wait(CALL_dispatch, 0, scope == HOST_ALL_MESSAGES ? has_any : has_dde, me,
                        world.now + POLL_US);
    }
    if (found)
        job_run(&job);
    return found;
}
