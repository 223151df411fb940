/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32/figures.h"
#include "user32/user32.h"

#include <stdlib.h>

/* Between processes the system has a part in who frees what (docs/ownership.md): it copies the objects. Of what
 * is given away it frees the sender's; what a program refuses, or hands back with the answer to an EXECUTE, it
 * frees at the receiver's, who believes that it is the sender's again. Within a process it does nothing. */

/* An object that came from another process and may be refused: the last one of its pair and item. */
struct received {
    struct list link;
    HWND mine, theirs;
    UINT_PTR item; /* an atom; of an EXECUTE: 0 */
    host_mem mem;
};

static struct list received = {&received, &received};
static long n_received;

static void forget(struct received *r)
{
    list_remove(&r->link);
    free(r);
    n_received--;
}

/* All of a window, or of a pair. */
static void forget_all(HWND mine, HWND theirs)
{
    pthread_mutex_lock(&user32_lock);
    list_each (node, next, &received) {
        struct received *r = container_of(node, struct received, link);
        if (r->mine == mine && (!theirs || r->theirs == theirs))
            forget(r);
    }
    pthread_mutex_unlock(&user32_lock);
}

void dde_forked(void)
{
    list_init(&received);
    n_received = 0;
}

void dde_window_ends(HWND wnd)
{
    forget_all(wnd, NULL);
}

static void remember(HWND mine, HWND theirs, UINT_PTR item, host_mem mem)
{
    struct received *fresh = malloc(sizeof *fresh);

    if (!fresh)
        return; /* then it is lost, if it is refused */
    *fresh = (struct received){.mine = mine, .theirs = theirs, .item = item, .mem = mem};
    pthread_mutex_lock(&user32_lock);
    list_each (node, next, &received) {
        struct received *r = container_of(node, struct received, link);
        if (item && r->mine == mine && r->theirs == theirs && r->item == item)
            forget(r);
    }
    list_prepend(&received, &fresh->link);
    n_received++;
    pthread_mutex_unlock(&user32_lock);
}

/* What an ACK speaks of, which is remembered no more; 0: nothing. */
static host_mem recall(HWND mine, HWND theirs, UINT_PTR hi, bool *executed)
{
    host_mem mem = 0;

    pthread_mutex_lock(&user32_lock);
    list_each (node, next, &received) {
        struct received *r = container_of(node, struct received, link);
        if (mem || r->mine != mine || r->theirs != theirs || hi != (r->item ? r->item : r->mem))
            continue;
        mem = r->mem;
        *executed = !r->item;
        forget(r);
    }
    pthread_mutex_unlock(&user32_lock);
    return mem;
}

/* ---- What a program takes -------------------------------------------------------------------------------- */

void dde_taken(const MSG *msg)
{
    UINT_PTR lo = 0, hi = 0;
    HWND from = (HWND)msg->wParam;
    struct proc proc;

    if (msg->message < WM_DDE_FIRST || msg->message > WM_DDE_LAST || !HOST.window_foreign((host_wnd)from))
        return;
    if (!window_proc(msg->hwnd, &proc)) /* the library's: it keeps its own books */
        return;
    switch (msg->message) {
    case WM_DDE_DATA:
    case WM_DDE_POKE:
    case WM_DDE_ADVISE:
        if (UnpackDDElParam(msg->message, msg->lParam, &lo, &hi) && lo)
            remember(msg->hwnd, from, hi, lo);
        break;
    case WM_DDE_EXECUTE:
        remember(msg->hwnd, from, 0, (host_mem)msg->lParam);
        break;
    case WM_DDE_TERMINATE:
        forget_all(msg->hwnd, from);
        break;
    default:
        break;
    }
}

/* ---- What it posts --------------------------------------------------------------------------------------- */

static bool carries(UINT msg)
{
    return msg == WM_DDE_DATA || msg == WM_DDE_POKE || msg == WM_DDE_ADVISE;
}

static bool given_away(UINT msg, host_mem mem)
{
    const uint16_t *flags = mem && HOST.mem_size(mem) >= sizeof *flags ? HOST.mem_lock(mem) : NULL;
    bool away;

    if (!flags)
        return false;
    away = msg == WM_DDE_ADVISE || *flags & DDE_FRELEASE;
    HOST.mem_unlock(mem);
    return away;
}

static int post_abroad(const struct host_msg *msg)
{
    HWND mine = (HWND)msg->wparam, theirs = (HWND)msg->to;
    bool executed = false, refused = false, away;
    UINT_PTR lo = 0, hi = 0;
    host_mem mem;
    int r;

    if (msg->id == WM_DDE_ACK || carries(msg->id))
        UnpackDDElParam(msg->id, (LPARAM)msg->lparam, &lo, &hi);
    away = carries(msg->id) && given_away(msg->id, lo);
    refused = msg->id == WM_DDE_ACK && !(lo & DDE_FACK);
    r = HOST.post(msg);
    if (r != HOST_OK)
        return r;
    if (away)
        HOST.mem_free(lo);
    if (msg->id == WM_DDE_ACK) {
        mem = recall(mine, theirs, hi, &executed);
        if (mem && (refused || executed))
            HOST.mem_free(mem);
    }
    if (msg->id == WM_DDE_TERMINATE)
        forget_all(mine, theirs);
    return HOST_OK;
}

/* A fixed block is known to the program by its address, to everybody else by its handle. */
static LPARAM with_handle(const struct host_msg *msg)
{
    bool execute = msg->id == WM_DDE_EXECUTE;
    UINT_PTR lo = 0, hi = 0;
    host_mem mem;

    if (!(execute || carries(msg->id)) || !UnpackDDElParam(msg->id, (LPARAM)msg->lparam, &lo, &hi))
        return 0;
    mem = memory_of_fixed(execute ? hi : lo);
    if (!mem)
        return 0;
    return execute ? PackDDElParam(msg->id, lo, mem) : PackDDElParam(msg->id, mem, hi);
}

int dde_post(const struct host_msg *msg)
{
    struct host_msg posted = *msg;
    LPARAM other = with_handle(msg);
    int r;

    if (other)
        posted.lparam = (uintptr_t)other;
    r = HOST.window_foreign(msg->to) ? post_abroad(&posted) : HOST.post(&posted);
    if (other)
        FreeDDElParam(msg->id, r == HOST_OK ? (LPARAM)msg->lparam : other);
    return r;
}

long figure_received(void)
{
    long n;

    pthread_mutex_lock(&user32_lock);
    n = n_received;
    pthread_mutex_unlock(&user32_lock);
    return n;
}
