/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "base/ahead.h"
#include "host/posix/figures.h"
#include "host/posix/peer.h"

#include <stdlib.h>
#include <string.h>

/* The directory: every window of the process, and who hears which broadcast. */
static struct {
    pthread_mutex_t lock;
    struct slots slots;
    long n;
    long hears_all, events; /* windows that want every INITIATE; that hear of services */
    struct audience {
        struct list members; /* struct window.audience */
        size_t n;
    } audience[2]; /* by enum host_audience */
} directory = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .slots = {.item_size = sizeof(struct window)},
    .audience =
        {
            {.members = {&directory.audience[0].members, &directory.audience[0].members}},
            {.members = {&directory.audience[1].members, &directory.audience[1].members}},
        },
};

/* ---- Finding -------------------------------------------------------------------------------------- */

struct window *window_at(host_wnd wnd)
{
    return (struct window *)(void *)slots_at(&directory.slots, wnd);
}

bool window_open(const struct window *w, host_wnd wnd)
{
    return wnd && atomic_load_explicit(&w->slot.handle, memory_order_acquire) == wnd;
}

/* The order of the tests matters: once the owner is known to be this thread, nobody else can change the
 * value. */
struct window *window_own(struct host_thread *me, host_wnd wnd)
{
    struct window *w = window_at(wnd);

    if (!w || !me || atomic_load_explicit(&w->owner, memory_order_acquire) != me)
        return NULL;
    return w->slot.value == wnd ? w : NULL;
}

bool host_window_alive(host_wnd wnd)
{
    struct window *w = window_at(wnd);
    struct remote r;

    return (w && window_open(w, wnd)) || (is_remote(wnd) && remote_look(wnd, &r));
}

/* The traits belong to the handle if it is live both before and after they have been read: they change only
 * while the slot has no live handle. */
static bool read_traits(host_wnd wnd, unsigned *traits)
{
    struct window *w = window_at(wnd);
    struct remote r;

    if (is_remote(wnd)) {
        if (!remote_look(wnd, &r))
            return false;
        *traits = r.traits;
        return true;
    }
    if (!w || !window_open(w, wnd))
        return false;
    *traits = atomic_load_explicit(&w->traits, memory_order_acquire);
    return window_open(w, wnd);
}

bool host_window_unicode(host_wnd wnd)
{
    unsigned traits;

    return read_traits(wnd, &traits) && (traits & UNICODE_TRAIT);
}

bool host_window_is(host_wnd wnd, enum host_class cls)
{
    unsigned traits;

    return read_traits(wnd, &traits) && (traits & CLASS_TRAITS) == (unsigned)cls;
}

/* Threads of other processes have the number of their process above that of their own, which is larger than the
 * numbers of most programs' threads ever get. */
enum { THREAD_BITS = 17 };

static uint32_t in_session(uint32_t thread)
{
    return (uint32_t)peers_number() << THREAD_BITS | thread % (1u << THREAD_BITS);
}

uint32_t window_session_thread(const struct window *w)
{
    return in_session(atomic_load_explicit(&w->thread, memory_order_relaxed));
}

uint32_t host_session_thread(void)
{
    peers_join(); /* the number would change */
    return in_session(host_thread_id());
}

uint32_t host_window_thread(host_wnd wnd)
{
    struct window *w = window_at(wnd);
    struct remote r;
    uint32_t thread;

    if (is_remote(wnd))
        return remote_look(wnd, &r) ? r.thread : 0;
    if (!w || !window_open(w, wnd))
        return 0;
    thread = atomic_load_explicit(&w->thread, memory_order_acquire);
    return window_open(w, wnd) ? in_session(thread) : 0;
}

/* There is one copy of the library in a process. */
bool host_window_ours(host_wnd wnd)
{
    return !is_remote(wnd) && host_window_alive(wnd);
}

bool host_window_foreign(host_wnd wnd)
{
    return is_remote(wnd) && host_window_alive(wnd);
}

_Static_assert(sizeof(void *) < 8 || sizeof(struct window) % CACHE_LINE == 0,
               "each begins with a line of its own");

/* ---- What broadcasts are for this process ---------------------------------------------------------- */

struct served {
    struct served *next;
    uint64_t hash;
    host_atom name;
};

/* Under the directory's lock. */
static void show_traits(void)
{
    unsigned traits = 0;

    if (directory.audience[HOST_TOP_LEVEL].n)
        traits |= BOARD_TOP_LEVEL;
    if (directory.hears_all)
        traits |= BOARD_UNFILTERED;
    if (directory.audience[HOST_EVENT_WINDOWS].n)
        traits |= BOARD_EVENTS;
    board_set_traits(traits);
}

void host_hear_all(host_wnd mom, bool all)
{
    struct window *w = window_own(thread_peek(), mom);

    if (!w || w->hears_all == all)
        return;
    w->hears_all = all;
    pthread_mutex_lock(&directory.lock);
    directory.hears_all += all ? 1 : -1;
    show_traits();
    pthread_mutex_unlock(&directory.lock);
}

static void serve_no_more(struct served **at)
{
    struct served *s = *at;

    *at = s->next;
    board_serve_no_more(s->hash);
    host_atom_delete(s->name);
    free(s);
}

/* Where it stands, or would. */
static struct served **find_served(struct window *w, host_atom name)
{
    struct served **at = &w->served;

    while (*at && (*at)->name != name)
        at = &(*at)->next;
    return at;
}

bool host_serve(host_wnd mom, host_atom name, bool on)
{
    struct window *w = window_own(thread_peek(), mom);
    uint16_t text[HOST_ATOM_CHARS + 1];
    struct served **at = w ? find_served(w, name) : NULL, *s;

    if (!w || !on || *at) {
        if (w && *at && !on)
            serve_no_more(at);
        return w;
    }
    if (!host_atom_name(name, text))
        return false;
    s = calloc(1, sizeof *s);
    if (!s)
        return false;
    s->hash = board_hash(text);
    if (peers_number() && !board_serve(s->hash)) {
        free(s);
        return false;
    }
    s->name = host_atom_add(text);
    *at = s;
    return true;
}

/* ---- Making --------------------------------------------------------------------------------------- */

static struct audience *audience_of(enum host_class cls)
{
    if (cls == HOST_MOM || cls == HOST_PLAIN)
        return &directory.audience[HOST_TOP_LEVEL];
    return cls == HOST_EVENT ? &directory.audience[HOST_EVENT_WINDOWS] : NULL;
}

static struct window *take_slot(void)
{
    struct window *w;

    pthread_mutex_lock(&directory.lock);
    w = (struct window *)(void *)slots_take(&directory.slots);
    if (w)
        directory.n++;
    pthread_mutex_unlock(&directory.lock);
    return w;
}

static void publish(struct window *w, enum host_class cls)
{
    struct audience *a = audience_of(cls);

    atomic_store_explicit(&w->slot.handle, w->slot.value, memory_order_release);
    if (!a)
        return;
    pthread_mutex_lock(&directory.lock);
    list_append(&a->members, &w->audience);
    a->n++;
    show_traits();
    pthread_mutex_unlock(&directory.lock);
}

host_wnd host_window_create(enum host_class cls, host_wnd parent, bool unicode, host_proc *proc, void *ctx)
{
    struct host_thread *me = thread_self();
    struct window *mom = window_own(me, parent), *w;

    if (!me || me->ending || (parent && !(mom && window_open(mom, parent))))
        return 0;
    if (audience_of(cls))
        peers_join();
    if (!loop_join(me))
        return 0;
    w = take_slot();
    if (!w)
        return 0;
    w->slot.value |= (uintptr_t)peers_number() << PROCESS_SHIFT;
    w->served = NULL;
    list_init(&w->watching);
    list_init(&w->children);
    list_init(&w->dde);
    list_init(&w->other);
    list_init(&w->audience);
    list_append(mom ? &mom->children : &me->roots, &w->siblings);
    w->proc = proc;
    w->ctx = ctx;
    atomic_store_explicit(&w->traits, (unsigned)cls | (unicode ? UNICODE_TRAIT : 0), memory_order_release);
    atomic_store_explicit(&w->thread, host_thread_id(), memory_order_release);
    atomic_store_explicit(&w->owner, me, memory_order_release);
    publish(w, cls);
    host_hear_all(w->slot.value, cls == HOST_PLAIN);
    return w->slot.value;
}

/* ---- Destroying ----------------------------------------------------------------------------------- */

/* From here on the window takes no more messages; those it has got are still there. It leaves the tree, so
 * that whatever else is destroyed meanwhile passes it by. */
static void close_window(struct host_thread *me, struct window *w)
{
    list_remove(&w->siblings);
    list_append(&me->closing, &w->siblings);

    pthread_mutex_lock(&me->lock);
    atomic_store_explicit(&w->slot.handle, 0, memory_order_release);
    pthread_mutex_unlock(&me->lock);
    sent_refuse(me, w->slot.value);
    window_closed(w);
    host_hear_all(w->slot.value, false);
    while (w->served)
        serve_no_more(&w->served);

    if (!audience_of(w->traits & CLASS_TRAITS))
        return;
    pthread_mutex_lock(&directory.lock);
    list_remove(&w->audience);
    audience_of(w->traits & CLASS_TRAITS)->n--;
    show_traits();
    pthread_mutex_unlock(&directory.lock);
}

static void drop_messages(struct host_thread *me, struct window *w)
{
    pthread_mutex_lock(&me->lock);
    queue_drop(me, w);
    pthread_mutex_unlock(&me->lock);
    peers_settle();
}

static void free_window(struct host_thread *me, struct window *w)
{
    timer_stop(me, w);
    news_end(w);
    drop_messages(me, w);
    free(w->card);
    w->card = NULL;
    w->sealed = false;
    list_remove(&w->siblings);
    atomic_store_explicit(&w->owner, NULL, memory_order_release);

    pthread_mutex_lock(&directory.lock);
    slots_give(&directory.slots, &w->slot);
    directory.n--;
    pthread_mutex_unlock(&directory.lock);
}

static struct window *first_leaf(struct window *w)
{
    while (!list_empty(&w->children))
        w = container_of(w->children.next, struct window, siblings);
    return w;
}

static void last_call(struct host_thread *me, struct window *w)
{
    struct host_msg msg = {.to = w->slot.value, .id = HOST_EV_DESTROYED};

    close_window(me, w);
    w->proc(w->ctx, &msg);
}

/* The procedures may destroy other windows meanwhile, so every round starts afresh from the window itself. A
 * closed window gets no more children and cannot be destroyed again. */
static void destroy_children(struct host_thread *me, struct window *w)
{
    while (!list_empty(&w->children)) {
        struct window *leaf = first_leaf(w);
        last_call(me, leaf);
        free_window(me, leaf);
    }
}

void host_window_seal(host_wnd wnd)
{
    struct host_thread *me = thread_peek();
    struct window *w = window_own(me, wnd);

    if (!w || !window_open(w, wnd))
        return;
    close_window(me, w);
    w->sealed = true;
}

void host_window_destroy(host_wnd wnd)
{
    struct host_thread *me = thread_peek();
    struct window *w = window_own(me, wnd);

    if (!w || (!window_open(w, wnd) && !w->sealed))
        return;
    if (!w->sealed)
        close_window(me, w);
    w->sealed = false;
    drop_messages(me, w);
    destroy_children(me, w);
    free_window(me, w);
}

/* Windows that are still closing belong to procedures that ended the thread. */
void windows_end(struct host_thread *me)
{
    while (!list_empty(&me->roots)) {
        struct window *leaf = first_leaf(container_of(me->roots.next, struct window, siblings));
        last_call(me, leaf);
        free_window(me, leaf);
    }
    while (!list_empty(&me->closing)) {
        struct window *w = container_of(me->closing.next, struct window, siblings);
        destroy_children(me, w);
        free_window(me, w);
    }
}

/* ---- Cards ---------------------------------------------------------------------------------------- */

bool host_card_set(host_wnd wnd, const struct host_card *card)
{
    struct host_card *fresh = malloc(sizeof *fresh), *old;
    struct host_thread *t;
    struct window *w;

    if (!fresh)
        return false;
    *fresh = *card;
    t = thread_lock_owner(wnd, &w);
    if (!t) {
        free(fresh);
        return false;
    }
    old = w->card;
    w->card = fresh;
    pthread_mutex_unlock(&t->lock);
    free(old);
    window_changed(w);
    return true;
}

static bool read_card(host_wnd wnd, struct host_card *card)
{
    struct window *w;
    struct host_thread *t = thread_lock_owner(wnd, &w);
    bool found;

    if (!t)
        return false;
    found = w->card;
    if (found)
        *card = *w->card;
    pthread_mutex_unlock(&t->lock);
    return found;
}

bool window_card(const struct window *w, struct host_card *card)
{
    return read_card(w->slot.value, card);
}

bool host_card_get(host_wnd wnd, struct host_card *card)
{
    struct remote r;

    if (!is_remote(wnd))
        return read_card(wnd, card);
    if (!remote_look(wnd, &r) || !r.card.size)
        return false;
    *card = r.card;
    return true;
}

/* ---- Broadcasts ----------------------------------------------------------------------------------- */

host_wnd *window_audience(enum host_audience audience, size_t *n)
{
    struct audience *a = &directory.audience[audience];
    host_wnd *all;

    pthread_mutex_lock(&directory.lock);
    *n = 0;
    all = malloc((a->n + 1) * sizeof *all);
    if (all) {
        list_each (node, next, &a->members)
            all[(*n)++] = container_of(node, struct window, audience)->slot.value;
    }
    pthread_mutex_unlock(&directory.lock);
    return all;
}

void window_tell_intruder(uint32_t pid)
{
    struct list *members = &directory.audience[HOST_EVENT_WINDOWS].members;
    struct host_msg msg = {.id = HOST_EV_INTRUDER, .wparam = pid};

    pthread_mutex_lock(&directory.lock);
    if (!list_empty(members))
        msg.to = container_of(members->next, struct window, audience)->slot.value;
    pthread_mutex_unlock(&directory.lock);
    host_post(&msg); /* a full queue has enough of them */
}

void windows_hold(bool hold)
{
    (hold ? pthread_mutex_lock : pthread_mutex_unlock)(&directory.lock);
}

/* Nobody owns the windows that the parent had. */
void windows_forked(void)
{
    for (uint32_t i = 0; i < directory.slots.used; i++) {
        struct window *w = window_at((host_wnd)i << SLOT_TAG_BITS);

        atomic_store_explicit(&w->slot.handle, 0, memory_order_relaxed);
        atomic_store_explicit(&w->owner, NULL, memory_order_relaxed);
    }
    for (int i = 0; i < 2; i++) {
        list_init(&directory.audience[i].members);
        directory.audience[i].n = 0;
    }
    directory.hears_all = 0;
    directory.n = 0;
}

long figure_windows(void)
{
    long n;

    pthread_mutex_lock(&directory.lock);
    n = directory.n;
    pthread_mutex_unlock(&directory.lock);
    return n;
}

enum host_passing host_post_passing(host_wnd wnd)
{
    return is_remote(wnd) ? HOST_PASS_COPY : HOST_PASS_SAME;
}

size_t host_post_limit(void)
{
    return SIZE_MAX;
}
