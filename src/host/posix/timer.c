/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/posix/figures.h"
#include "host/posix/posix.h"

#include <stdlib.h>

/* A thread's timers stand in a binary heap. An event that is due joins the queue like a posted message, so
 * neither can starve the other; it is part of its timer, so raising it never fails. */

struct timer {
    struct window *wnd;
    uint64_t due;
    uint32_t interval;
    size_t place; /* in the heap */
    struct post event;
};

/* ---- The heap ------------------------------------------------------------------------------------- */

static void put(struct host_thread *me, size_t place, struct timer *timer)
{
    me->timers[place] = timer;
    timer->place = place;
}

static void move_up(struct host_thread *me, struct timer *timer)
{
    size_t place = timer->place;

    while (place > 0 && me->timers[(place - 1) / 2]->due > timer->due) {
        put(me, place, me->timers[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(me, place, timer);
}

static void move_down(struct host_thread *me, struct timer *timer)
{
    size_t place = timer->place, child;

    while ((child = place * 2 + 1) < me->n_timers) {
        if (child + 1 < me->n_timers && me->timers[child + 1]->due < me->timers[child]->due)
            child++;
        if (me->timers[child]->due >= timer->due)
            break;
        put(me, place, me->timers[child]);
        place = child;
    }
    put(me, place, timer);
}

static void set_due(struct host_thread *me, struct timer *timer, uint64_t due)
{
    timer->due = due;
    move_up(me, timer);
    move_down(me, timer);
}

static bool make_room(struct host_thread *me)
{
    size_t room = me->timer_room ? me->timer_room * 2 : 8;
    struct timer **timers;

    if (me->n_timers < me->timer_room)
        return true;
    timers = realloc(me->timers, room * sizeof(struct timer *));
    if (!timers)
        return false;
    me->timers = timers;
    me->timer_room = room;
    return true;
}

/* ---- Timers --------------------------------------------------------------------------------------- */

static struct timer *new_timer(struct host_thread *me, struct window *w)
{
    struct timer *timer = make_room(me) ? calloc(1, sizeof *timer) : NULL;

    if (!timer)
        return NULL;
    timer->wnd = w;
    timer->event.timer = timer;
    timer->event.msg = (struct host_msg){.to = w->slot.value, .id = HOST_EV_TIMER};
    list_init(&timer->event.in_thread);
    list_init(&timer->event.in_window);
    put(me, me->n_timers++, timer);
    w->timer = timer;
    return timer;
}

void timer_stop(struct host_thread *me, struct window *w)
{
    struct timer *timer = w->timer, *last;

    if (!timer)
        return;
    w->timer = NULL;
    last = me->timers[--me->n_timers];
    if (last != timer) {
        put(me, timer->place, last);
        set_due(me, last, last->due);
    }
    pthread_mutex_lock(&me->lock);
    list_remove(&timer->event.in_thread);
    list_remove(&timer->event.in_window);
    pthread_mutex_unlock(&me->lock);
    free(timer);
}

bool host_timer(host_wnd wnd, uint32_t interval_ms)
{
    struct host_thread *me = thread_peek();
    struct window *w = window_own(me, wnd);
    struct timer *timer;

    if (!w || !window_open(w, wnd))
        return false;
    if (interval_ms == 0) {
        timer_stop(me, w);
        return true;
    }
    timer = w->timer ? w->timer : new_timer(me, w);
    if (!timer)
        return false;
    timer->interval = interval_ms;
    set_due(me, timer, host_now_ms() + interval_ms);
    loop_timer_set(me);
    return true;
}

void timers_raise(struct host_thread *me, uint64_t now)
{
    while (me->n_timers && me->timers[0]->due <= now) {
        struct timer *timer = me->timers[0];
        if (list_empty(&timer->event.in_thread))
            queue_append(me, timer->wnd, &timer->event);
        set_due(me, timer, now + timer->interval);
    }
}

uint64_t timers_next(const struct host_thread *me)
{
    return me->n_timers ? me->timers[0]->due : FOREVER;
}

void timers_deinit(struct host_thread *me)
{
    free(me->timers);
    me->timers = NULL;
    me->timer_room = 0;
}

bool user_timer(host_wnd wnd, uint32_t interval_ms, uint32_t id)
{
    if (!host_timer(wnd, interval_ms))
        return false;
    if (interval_ms)
        window_at(wnd)->timer->event.msg.id = id;
    return true;
}

long figure_timers(void)
{
    struct host_thread *me = thread_peek();

    return me ? (long)me->n_timers : 0;
}
