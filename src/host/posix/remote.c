/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/posix/peer.h"
#include "host/posix/peers.h"

#include <stdlib.h>
#include <string.h>

/* Windows of other processes, as their owners describe them before they name them. All of it is under the
 * lock of the peers. */

struct watch {
    struct list of_remote, of_window;
    host_wnd watcher;
};

static struct map remotes = MAP_OFF_BOOKS; /* by window */

/* Conversations that have begun one after the other have windows one after the other, and are often told the same
 * thing in that order: what comes next is fetched. */
struct remote *remote_find(host_wnd wnd)
{
    struct map_node *node;

    map_fetch(&remotes, window_hash(wnd) + 1);
    for (node = map_first(&remotes, window_hash(wnd)); node; node = map_next(node))
        if (container_of(node, struct remote, node)->wnd == wnd)
            return container_of(node, struct remote, node);
    return NULL;
}

bool remote_put(struct list *of_peer, const struct remote *as)
{
    struct remote *r = remote_find(as->wnd);

    if (!r) {
        r = calloc(1, sizeof *r);
        if (!r)
            return false;
        r->wnd = as->wnd;
        list_init(&r->watches);
        list_append(of_peer, &r->of_peer);
        map_put(&remotes, &r->node, window_hash(r->wnd));
    }
    r->traits = as->traits;
    r->thread = as->thread;
    r->card = as->card;
    return true;
}

static void watch_free(struct watch *w)
{
    list_remove(&w->of_remote);
    list_remove(&w->of_window);
    free(w);
}

/* Behind everything that the window has posted itself. */
void remote_gone(struct remote *r)
{
    while (!list_empty(&r->watches)) {
        struct watch *w = container_of(r->watches.next, struct watch, of_remote);

        queue_post_event(w->watcher, HOST_EV_LOST, r->wnd);
        watch_free(w);
    }
    map_remove(&remotes, &r->node);
    list_remove(&r->of_peer);
    free(r);
}

bool remote_look(host_wnd wnd, struct remote *copy)
{
    struct remote *r;

    peers_lock();
    r = remote_find(wnd);
    if (r)
        *copy = *r;
    peers_unlock();
    return r;
}

bool host_watch(host_wnd wnd, host_wnd other)
{
    struct window *w = window_own(thread_peek(), wnd);
    struct remote *r;
    struct watch *watch = NULL;

    if (!w || !window_open(w, wnd) || !is_remote(other))
        return false;
    peers_lock();
    r = remote_find(other);
    watch = r ? calloc(1, sizeof *watch) : NULL;
    if (watch) {
        watch->watcher = wnd;
        list_append(&r->watches, &watch->of_remote);
        list_append(&w->watching, &watch->of_window);
    }
    peers_unlock();
    return watch;
}

/* Under the lock: the window is closed, and will hear of nobody any more. */
void watches_end(struct window *w)
{
    while (!list_empty(&w->watching))
        watch_free(container_of(w->watching.next, struct watch, of_window));
}
