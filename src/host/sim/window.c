/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/sim/inside.h"

#include <stdlib.h>

/* Windows. Their numbers are the world's. What another process sees of them can be late: a window that has closed
 * looks alive there until the news of it has arrived, and where the system does not show all windows to
 * everybody, one is known only from messages that name it. The news travels behind what the window's thread has
 * posted: whoever sees that a window has gone has got everything of it. */

enum { WND_BITS = 5, WND_TAG = 4 };

struct served {
    struct list place;
    host_atom name;
};

/* ---- Finding ------------------------------------------------------------------------------------------- */

struct window *window_at(host_wnd wnd)
{
    uintptr_t number = wnd >> WND_BITS;

    if (wnd % (1u << WND_BITS) != WND_TAG || number >= world.n_windows)
        return NULL;
    return world.windows[number];
}

bool window_foreign(const struct window *w)
{
    return w->process != world.current->process;
}

static bool is_known(const struct window *w, const struct process *to)
{
    return world.all_known || w->known & 1u << to->slot;
}

struct window *window_live(host_wnd wnd)
{
    struct window *w = window_at(wnd);

    if (!w)
        return NULL;
    if (!window_foreign(w))
        return w->open ? w : NULL;
    return is_known(w, world.current->process) && (w->open || world.now < w->gone) ? w : NULL;
}

struct window *window_own(host_wnd wnd)
{
    struct window *w = window_at(wnd);

    return w && !w->freed && w->owner == world.current ? w : NULL;
}

struct window *window_open_own(host_wnd wnd)
{
    struct window *w = window_own(wnd);

    return w && w->open ? w : NULL;
}

void window_named(host_wnd wnd, struct process *to)
{
    struct window *w = window_at(wnd);

    if (w)
        w->known |= (uint8_t)(1u << to->slot);
}

/* ---- Looking ------------------------------------------------------------------------------------------- */

bool host_window_alive(host_wnd wnd)
{
    call_begin(CALL_window_alive);
    return window_live(wnd);
}

bool host_window_unicode(host_wnd wnd)
{
    const struct window *w;

    call_begin(CALL_window_unicode);
    w = window_live(wnd);
    return w && w->unicode;
}

bool host_window_is(host_wnd wnd, enum host_class cls)
{
    const struct window *w;

    call_begin(CALL_window_is);
    w = window_live(wnd);
    return w && w->cls == cls;
}

bool host_window_foreign(host_wnd wnd)
{
    const struct window *w;

    call_begin(CALL_window_foreign);
    w = window_live(wnd);
    return w && window_foreign(w);
}

bool host_window_ours(host_wnd wnd)
{
    const struct window *w;

    call_begin(CALL_window_ours);
    w = window_live(wnd);
    return w && !window_foreign(w);
}

uint32_t host_window_thread(host_wnd wnd)
{
    const struct window *w;

    call_begin(CALL_window_thread);
    w = window_live(wnd);
    return w ? (uint32_t)w->owner->number : 0;
}

bool host_window_meet(host_wnd wnd, uint32_t wait_ms)
{
    struct window *w;
    uint64_t there;

    call_begin(CALL_window_meet);
    w = window_at(wnd);
    if (!w || !window_foreign(w) || window_live(wnd))
        return window_live(wnd);
    there = travel(world.current, w);
    if (call_fails(SIM_FAULT_meet) || there > world.now + MS(wait_ms)) {
        thread_wait(CALL_window_meet, wnd, NULL, NULL, world.now + MS(wait_ms));
        return false;
    }
    if (there > world.now)
        thread_wait(CALL_window_meet, wnd, NULL, NULL, there);
    window_named(wnd, world.current->process);
    return window_live(wnd);
}

/* ---- Making -------------------------------------------------------------------------------------------- */

static struct list *audience_of(enum host_class cls)
{
    if (cls == HOST_MOM || cls == HOST_PLAIN)
        return &world.audience[HOST_TOP_LEVEL];
    return cls == HOST_EVENT ? &world.audience[HOST_EVENT_WINDOWS] : NULL;
}

static struct window *window_new(void)
{
    struct window *w = world_new(sizeof *w);

    if (world.n_windows == world.windows_room) {
        world.windows_room = world.windows_room * 2 + 64;
        world.windows = realloc(world.windows, world.windows_room * sizeof(struct window *));
        if (!world.windows)
            abort();
    }
    w->handle = (host_wnd)world.n_windows << WND_BITS | WND_TAG;
    world.windows[world.n_windows++] = w;
    list_init(&w->children);
    list_init(&w->siblings);
    list_init(&w->audience);
    list_init(&w->dde);
    list_init(&w->other);
    list_init(&w->served);
    list_init(&w->moved);
    list_init(&w->watchers);
    list_init(&w->watching);
    list_init(&w->timed);
    return w;
}

host_wnd host_window_create(enum host_class cls, host_wnd parent, bool unicode, host_proc *proc, void *ctx)
{
    struct thread *me = thread_current();
    struct window *mom, *w;

    call_begin(CALL_window_create);
    mom = window_open_own(parent);
    if (me->ending || (parent && !mom) || call_fails(SIM_FAULT_window))
        return 0;
    w = window_new();
    w->owner = me;
    w->process = me->process;
    w->process->n_windows++;
    w->cls = cls;
    w->unicode = unicode;
    w->hears_all = cls == HOST_PLAIN;
    w->proc = proc;
    w->ctx = ctx;
    w->open = true;
    w->gone = FOREVER;
    list_append(mom ? &mom->children : &me->roots, &w->siblings);
    if (audience_of(cls))
        list_append(audience_of(cls), &w->audience);
    story_call(CALL_window_create, w->handle, cls, parent);
    return w->handle;
}

/* ---- Destroying ---------------------------------------------------------------------------------------- */

static void unwatch(struct watch *watch)
{
    list_remove(&watch->of_watched);
    list_remove(&watch->of_watcher);
    world_give(watch, sizeof *watch);
}

/* Those who watch hear of it behind everything that the window's thread has posted to them. */
static void tell_watchers(struct window *w)
{
    while (!list_empty(&w->watchers)) {
        struct watch *watch = container_of(w->watchers.next, struct watch, of_watched);
        struct window *watcher = watch->watcher;
        uint64_t at = travel(w->owner, watcher);

        story_call(CALL_lost, w->handle, watcher->handle, 0);
        queue_post_event(watcher, HOST_EV_LOST, w->handle, w->owner, at > w->gone ? at : w->gone);
        unwatch(watch);
    }
}

static void serve_no_more(struct window *w, struct served *s)
{
    list_remove(&s->place);
    atom_unref(s->name, w->process->slot);
    world_give(s, sizeof *s);
}

/* From here on the window takes no more messages; those it has got are still there. It leaves the tree, so that
 * whatever else is destroyed meanwhile passes it by. */
static void close_window(struct window *w)
{
    uint64_t last = queue_last_arrival(w->owner);

    list_remove(&w->siblings);
    list_append(&w->owner->closing, &w->siblings);
    w->open = false;
    w->gone = world.now;
    if (world.options.max_delay_ms)
        w->gone += chance_below(world.options.max_delay_ms * 1000);
    if (w->gone < last) /* not later still: no delay adds to another */
        w->gone = last;
    story_call(CALL_window_destroy, w->handle, 0, 0);
    sent_refuse(w);
    tell_watchers(w);
    while (!list_empty(&w->watching))
        unwatch(container_of(w->watching.next, struct watch, of_watcher));
    while (!list_empty(&w->served))
        serve_no_more(w, container_of(w->served.next, struct served, place));
    list_remove(&w->audience);
}

static void stop_timer(struct window *w)
{
    if (w->interval)
        w->process->n_timers--;
    w->interval = 0;
    list_remove(&w->timed);
    queue_drop_tick(w);
}

static void free_window(struct window *w)
{
    stop_timer(w);
    news_end(w);
    queue_drop(w);
    moving_end(w);
    list_remove(&w->siblings);
    w->freed = true;
    w->process->n_windows--;
}

static struct window *first_leaf(struct window *w)
{
    while (!list_empty(&w->children))
        w = container_of(w->children.next, struct window, siblings);
    return w;
}

static void last_call(struct window *w)
{
    struct host_msg msg = {.to = w->handle, .id = HOST_EV_DESTROYED};

    close_window(w);
    story_call(CALL_deliver, w->handle, msg.id, 0);
    w->proc(w->ctx, &msg);
    free_window(w);
}

/* The procedures may destroy other windows meanwhile, so every round starts afresh from the window itself. A
 * closed window gets no more children and cannot be destroyed again. */
static void destroy_children(struct window *w)
{
    while (!list_empty(&w->children))
        last_call(first_leaf(w));
}

void host_window_seal(host_wnd wnd)
{
    struct window *w;

    call_begin(CALL_window_seal);
    w = window_open_own(wnd);
    if (!w)
        return;
    close_window(w);
    w->sealed = true;
}

void host_window_destroy(host_wnd wnd)
{
    struct window *w;

    call_begin(CALL_window_destroy);
    w = window_own(wnd);
    if (!w || (!w->open && !w->sealed)) {
        if (window_at(wnd) && window_at(wnd)->owner == world.current && window_at(wnd)->freed)
            story_misuse("destroyed a window that has been destroyed", wnd);
        return;
    }
    if (!w->sealed)
        close_window(w);
    w->sealed = false;
    queue_drop(w);
    destroy_children(w);
    free_window(w);
}

/* Windows that are still closing belong to procedures that ended the thread. */
void windows_end(struct thread *t)
{
    while (!list_empty(&t->roots))
        last_call(first_leaf(container_of(t->roots.next, struct window, siblings)));
    while (!list_empty(&t->closing)) {
        struct window *w = container_of(t->closing.next, struct window, siblings);

        destroy_children(w);
        free_window(w);
    }
}

void windows_vanish(struct thread *t)
{
    while (!list_empty(&t->roots)) {
        struct window *w = first_leaf(container_of(t->roots.next, struct window, siblings));

        close_window(w);
        free_window(w);
    }
    while (!list_empty(&t->closing)) {
        struct window *w = first_leaf(container_of(t->closing.next, struct window, siblings));

        if (w->open)
            close_window(w);
        free_window(w);
    }
}

/* ---- Who watches, who serves what ------------------------------------------------------------------------ */

bool host_watch(host_wnd wnd, host_wnd other)
{
    struct window *w, *o;
    struct watch *watch;

    call_begin(CALL_watch);
    w = window_open_own(wnd);
    o = window_live(other);
    if (!w || !o || !window_foreign(o) || !o->open || call_fails(SIM_FAULT_watch))
        return false;
    watch = world_new(sizeof *watch);
    watch->watcher = w;
    watch->watched = o;
    list_append(&o->watchers, &watch->of_watched);
    list_append(&w->watching, &watch->of_watcher);
    return true;
}

static struct served *find_served(struct window *w, host_atom name)
{
    list_each (node, next, &w->served)
        if (container_of(node, struct served, place)->name == name)
            return container_of(node, struct served, place);
    return NULL;
}

bool host_serve(host_wnd mom, host_atom name, bool on)
{
    struct window *w;
    struct served *s;

    call_begin(CALL_serve);
    w = window_open_own(mom);
    s = w ? find_served(w, name) : NULL;
    if (!w || !on || s) {
        if (s && !on)
            serve_no_more(w, s);
        return w;
    }
    if (call_fails(SIM_FAULT_serve) || !atom_ref(name, w->process->slot))
        return false;
    s = world_new(sizeof *s);
    s->name = name;
    list_append(&w->served, &s->place);
    return true;
}

void host_hear_all(host_wnd mom, bool all)
{
    struct window *w;

    call_begin(CALL_hear_all);
    w = window_open_own(mom);
    if (w)
        w->hears_all = all;
}

bool window_wants(const struct window *w, host_atom name)
{
    if (w->hears_all || (!name && w->served.next != &w->served))
        return true;
    return find_served((struct window *)(uintptr_t)w, name);
}

/* ---- Cards --------------------------------------------------------------------------------------------- */

bool host_card_set(host_wnd wnd, const struct host_card *card)
{
    struct window *w;

    call_begin(CALL_card_set);
    w = window_open_own(wnd);
    if (!w || call_fails(SIM_FAULT_card))
        return false;
    w->card = *card;
    w->has_card = true;
    return true;
}

bool host_card_get(host_wnd wnd, struct host_card *card)
{
    const struct window *w;

    call_begin(CALL_card_get);
    w = window_live(wnd);
    if (!w || !w->has_card)
        return false;
    *card = w->card;
    return true;
}

/* ---- Timers -------------------------------------------------------------------------------------------- */

bool host_timer(host_wnd wnd, uint32_t interval_ms)
{
    struct window *w;

    call_begin(CALL_timer);
    w = window_open_own(wnd);
    if (!w)
        return false;
    if (interval_ms == 0) {
        stop_timer(w);
        return true;
    }
    if (call_fails(SIM_FAULT_timer))
        return false;
    if (!w->interval)
        w->process->n_timers++;
    w->interval = MS(interval_ms);
    w->due = world.now + w->interval;
    if (list_empty(&w->timed))
        list_append(&w->owner->timed, &w->timed);
    return true;
}

void windows_due(struct thread *t)
{
    list_each (node, next, &t->timed) {
        struct window *w = container_of(node, struct window, timed);

        if (w->due > world.now)
            continue;
        w->due = world.now + w->interval;
        if (!w->tick)
            queue_post_event(w, HOST_EV_TIMER, 0, NULL, world.now);
    }
}

uint64_t windows_next_due(const struct thread *t)
{
    uint64_t next = FOREVER;

    list_each (node, n, (struct list *)(uintptr_t)&t->timed)
        if (container_of(node, struct window, timed)->due < next)
            next = container_of(node, struct window, timed)->due;
    return next;
}
