/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Conversation lists. A list only names conversations: they end without it, and it without them. */

#include "core/core.h"

struct convlist *convlist_new(struct inst *in)
{
    struct convlist *l = mem_new(sizeof *l);

    if (!l)
        return NULL;
    l->inst = in;
    list_init(&l->members);
    list_append(&in->convlists, &l->node);
    return l;
}

bool convlist_publish(struct convlist *l)
{
    l->handle = handle_new(HANDLE_CONVLIST, l);
    return l->handle;
}

void convlist_hide(struct convlist *l)
{
    if (l->handle)
        handle_free(l->handle);
    l->handle = 0;
}

struct convlist *convlist_get(HCONVLIST h)
{
    return handle_get((uintptr_t)h, HANDLE_CONVLIST);
}

void convlist_add(struct convlist *l, struct conv *c)
{
    list_append(&l->members, &c->member);
    c->in_list = l;
}

void convlist_leave(struct conv *c)
{
    if (!c->in_list)
        return;
    list_remove(&c->member);
    c->in_list = NULL;
}

void convlist_drop_ended(struct convlist *l)
{
    list_each (node, next, &l->members)
        if (container_of(node, struct conv, member)->state != CONV_OPEN)
            convlist_leave(container_of(node, struct conv, member));
}

void convlist_free(struct convlist *l)
{
    while (!list_empty(&l->members))
        convlist_leave(container_of(l->members.next, struct conv, member));
    convlist_hide(l);
    list_remove(&l->node);
    mem_free(l);
}
