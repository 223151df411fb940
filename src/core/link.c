/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Advise loops (docs/conformance.md, 6.4). A loop is known on both sides by conversation, item and format. A
 * server also keeps its loops in groups of equal topic, item and format, which is how DdePostAdvise finds
 * them. */

#include "core/core.h"

#include "base/ahead.h"

struct group {
    struct list node;         /* inst->groups */
    struct map_node by_topic; /* inst->topics */
    struct string *topic, *item;
    UINT fmt;
    struct list links;
    unsigned count;
    unsigned asked, asked_at; /* how many would be asked for data, as of inst->link_changes asked_at */
};

/* An update that the client has still to acknowledge. It outlives its loop: the ACK may cross the UNADVISE.
 */
struct update {
    struct list node;  /* conv->unacked */
    struct link *link; /* whose item keeps the number of its name taken */
    bool holds;        /* the loop sends no more before the answer */
    struct wire_sent sent;
};

/* ---- Loops -------------------------------------------------------------------------------------------- */

static uintptr_t hash_of(const struct conv *c, const struct string *item)
{
    return map_hash_near(c->number, (uintptr_t)item);
}

static uintptr_t hash_of_group(const struct string *topic, const struct string *item)
{
    return map_hash((uintptr_t)topic, (uintptr_t)item);
}

static struct group *group_find(struct inst *in, const struct string *topic, const struct string *item,
                                UINT fmt)
{
    struct map_node *node = map_first(&in->topics, hash_of_group(topic, item));

    for (; node; node = map_next(node)) {
        struct group *g = container_of(node, struct group, by_topic);

        if (g->topic == topic && g->item == item && g->fmt == fmt)
            return g;
    }
    return NULL;
}

static struct group *group_get(struct inst *in, struct string *topic, struct string *item, UINT fmt)
{
    struct group *g = group_find(in, topic, item, fmt);

    if (g || !(g = mem_new(sizeof *g)))
        return g;
    g->topic = string_ref(topic);
    g->item = string_ref(item);
    g->fmt = fmt;
    list_init(&g->links);
    list_append(&in->groups, &g->node);
    map_put(&in->topics, &g->by_topic, hash_of_group(topic, item));
    return g;
}

static void group_leave(struct inst *in, struct group *g)
{
    if (--g->count)
        return;
    list_remove(&g->node);
    map_remove(&in->topics, &g->by_topic);
    string_unref(g->topic);
    string_unref(g->item);
    mem_free(g);
}

struct link *link_new(struct conv *c, struct string *item, UINT fmt, UINT flags)
{
    struct inst *in = c->inst;
    struct link *l = mem_new(sizeof *l);

    if (!l)
        return NULL;
    l->group = c->client ? NULL : group_get(in, c->topic, item, fmt);
    if (!c->client && !l->group) {
        mem_free(l);
        return NULL;
    }
    list_init(&l->in_group);
    if (l->group) {
        l->group->count++;
        list_append(&l->group->links, &l->in_group);
    }
    list_append(&in->all_links, &l->all);
    l->conv = c;
    l->inst = in;
    l->item = string_ref(item);
    l->fmt = fmt;
    l->no_data = flags & XTYPF_NODATA;
    l->ack_req = flags & XTYPF_ACKREQ;
    l->refs = 1;
    list_append(&c->links, &l->node);
    map_put(&in->links, &l->by_item, hash_of(c, item));
    in->link_changes++;
    ledger_count(&in->ledger, LEDGER_links, 1);
    return l;
}

static bool is_for(const struct link *l, const struct conv *c, const struct string *item, UINT fmt)
{
    return l->conv == c && l->item == item && l->fmt == fmt;
}

struct link *link_find(struct conv *c, const struct string *item, UINT fmt)
{
    struct map_node *node;

    if (c->latest && is_for(c->latest, c, item, fmt))
        return c->latest;
    for (node = map_first(&c->inst->links, hash_of(c, item)); node; node = map_next(node)) {
        struct link *l = container_of(node, struct link, by_item);

        if (is_for(l, c, item, fmt))
            return c->latest = l;
    }
    return NULL;
}

static int notice_rank(const struct link *l)
{
    return l->granted * 2 + l->ack_req;
}

/* A notice does not say which of the warm loops of its item it is for. It is answered if one of them is waiting for
 * an answer: that one's server would send no more. Not one that the server has yet to grant, which it has not spoken
 * of: so the server knows which of its notices are answered. */
struct link *link_find_notice(struct conv *c, const struct string *item)
{
    struct map_node *node = map_first(&c->inst->links, hash_of(c, item));
    struct link *found = NULL;

    for (; node; node = map_next(node)) {
        struct link *l = container_of(node, struct link, by_item);

        if (l->conv == c && l->item == item && l->no_data && (!found || notice_rank(l) > notice_rank(found)))
            found = l;
    }
    return found;
}

void link_ref(struct link *l)
{
    l->refs++;
}

void link_unref(struct link *l)
{
    struct inst *in = l->inst;

    if (--l->refs)
        return;
    list_remove(&l->all);
    string_unref(l->item);
    ledger_count(&in->ledger, LEDGER_links, -1);
    mem_free(l);
}

void link_end(struct link *l)
{
    struct inst *in = l->inst;

    monitor_link(l, false);
    list_remove(&l->node);
    list_remove(&l->in_group);
    map_remove(&in->links, &l->by_item);
    if (l->group)
        group_leave(in, l->group);
    if (l->conv->latest == l)
        l->conv->latest = NULL;
    l->group = NULL;
    l->conv = NULL;
    in->link_changes++;
    link_unref(l);
}

void link_end_all(struct conv *c)
{
    while (!list_empty(&c->links))
        link_end(container_of(c->links.next, struct link, node));
}

void link_forget(struct link *l)
{
    l->refs = 1;
    link_unref(l);
}

/* ---- Updates ------------------------------------------------------------------------------------------ */

static struct update *update_new(struct link *l)
{
    struct update *u = mem_new(sizeof *u);

    if (!u)
        return NULL;
    u->link = l;
    u->holds = l->ack_req;
    link_ref(l);
    list_append(&l->conv->unacked, &u->node);
    return u;
}

static void update_free(struct update *u)
{
    list_remove(&u->node);
    link_unref(u->link);
    mem_free(u);
}

/* Will the client answer what is sent over the loop? One of this library answers every notice of an item if one of its
 * warm loops wants that (link_find_notice). The answer has to find its place in line: it would be taken for that to
 * another loop's block, which is whoever's it says. */
static bool is_answered(const struct link *l)
{
    struct conv *c = l->conv;
    struct map_node *node;
    bool answered = l->ack_req;

    if (answered || !l->no_data || !c->partner_handle)
        return answered;
    for (node = map_first(&c->inst->links, hash_of(c, l->item)); node && !answered; node = map_next(node)) {
        const struct link *other = container_of(node, struct link, by_item);

        answered = other->conv == c && other->item == l->item && other->no_data && other->ack_req &&
                   other->state != LINK_STARTING;
    }
    return answered;
}

static bool usable(const struct link *l)
{
    return l->conv && l->conv->state == CONV_OPEN && !l->conv->broken && l->state == LINK_ACTIVE;
}

/* Sends what m carries over the loop; m's contents are gone afterwards. */
static UINT send_update(struct link *l, struct wire_msg *m)
{
    struct conv *c = l->conv;
    bool answered = is_answered(l);
    struct update *u = answered ? update_new(l) : NULL;
    int r;

    m->atom = string_atom_ref(l->item);
    if (!m->atom || (answered && !u)) {
        wire_dispose(&c->end, m, WIRE_POST_FAILED);
        if (u)
            update_free(u);
        return DMLERR_MEMORY_ERROR;
    }
    r = wire_post(&c->end, m, u ? &u->sent : NULL);
    if (conv_posted(c, r)) {
        l->pending = l->ack_req;
        l->inst->link_changes += l->pending;
        if (u)
            c->convst = XST_ADVDATASENT;
        return DMLERR_NO_ERROR;
    }
    if (u)
        update_free(u);
    return r == HOST_FAULT ? DMLERR_MEMORY_ERROR : DMLERR_POSTMSG_FAILED;
}

/* Serves one loop: asks the application for the value of a hot one. The caller holds the instance and l. */
static UINT serve(struct link *l, unsigned count)
{
    struct wire_msg m = {.id = WIRE_DATA, .fmt = (uint16_t)l->fmt, .owned = true};
    struct conv *c = l->conv;
    UINT error = DMLERR_NO_ERROR;
    uintptr_t result;

    conv_hold(c);
    m.status = WIRE_FRELEASE | (l->ack_req ? WIRE_FACKREQ : 0);
    if (!l->no_data) {
        result = inst_raise(c->inst, c, XTYP_ADVREQ, l->fmt, (HCONV)c->handle, string_handle(c->topic),
                            string_handle(l->item), 0, count, 0);
        m.mem = server_take_result(c, result, l->item, l->fmt);
    }
    if (!usable(l))
        wire_dispose(&c->end, &m, WIRE_POST_FAILED); /* the callback ended it */
    else if (m.mem || l->no_data)
        error = send_update(l, &m);
    conv_tell_overrun(c);
    conv_drop(c);
    return error;
}

/* Sends what has changed while nothing could be sent. */
static void catch_up(struct link *l, unsigned count)
{
    if (!l->dirty || l->pending || !usable(l))
        return;
    l->dirty = false;
    serve(l, count);
}

void link_confirmed(struct link *l)
{
    if (!l->conv)
        return;
    l->inst->link_changes++; /* if it was there already its flags may be others */
    if (l->state != LINK_STARTING)
        return;
    l->state = LINK_ACTIVE;
    monitor_link(l, true);
    catch_up(l, 0);
}

void link_resumed(struct link *l)
{
    if (!l->conv || l->state != LINK_STOPPING)
        return;
    l->state = LINK_ACTIVE;
    l->inst->link_changes++;
    catch_up(l, 0);
}

static struct update *match(struct conv *c, uintptr_t item)
{
    list_each (node, next, &c->unacked) {
        struct update *u = container_of(node, struct update, node);

        if (u->sent.atom == item || !item)
            return u;
    }
    return NULL;
}

void link_update_acked(struct conv *c, struct wire_msg *ack)
{
    struct update *u = match(c, ack->answer);
    struct link *l;

    if (ack->answer >= 0xC000 && ack->answer <= 0xFFFF)
        wire_ack_is_atom(&c->end, ack);
    wire_dispose(&c->end, ack, WIRE_ACCEPTED);
    if (!u)
        return; /* spontaneous (A7) */
    wire_settle(&c->end, &u->sent, ack->status & WIRE_FACK ? WIRE_ACKED : WIRE_NACKED);
    l = u->link;
    link_ref(l);
    l->pending = l->pending && !u->holds;
    update_free(u);
    l->inst->link_changes++;
    c->convst = XST_ADVDATAACKRCVD;
    catch_up(l, CADV_LATEACK);
    c->convst = list_empty(&c->unacked) ? XST_CONNECTED : XST_ADVDATASENT;
    link_unref(l);
}

void link_settle_all(struct conv *c)
{
    while (!list_empty(&c->unacked)) {
        struct update *u = container_of(c->unacked.next, struct update, node);

        wire_settle(&c->end, &u->sent, WIRE_ENDED);
        update_free(u);
    }
}

/* ---- DdePostAdvise ------------------------------------------------------------------------------------ */

/* The loops to be served, grouped: those of one topic, item and format stand together. */
struct batch {
    struct link **links;
    size_t n;
    struct link *few[8];
};

static bool matches(const struct group *g, const struct string *topic, const struct string *item)
{
    return (!topic || g->topic == topic) && (!item || g->item == item);
}

/* Walks the groups that match, from NULL to NULL; those of a topic and an item are found at once. */
static struct group *next_group(struct inst *in, const struct string *topic, const struct string *item,
                                const struct group *after)
{
    struct map_node *at;
    struct list *place;

    if (topic && item) {
        at = after ? map_next(&after->by_topic) : map_first(&in->topics, hash_of_group(topic, item));
        while (at && !matches(container_of(at, struct group, by_topic), topic, item))
            at = map_next(at);
        return at ? container_of(at, struct group, by_topic) : NULL;
    }
    place = after ? after->node.next : in->groups.next;
    while (place != &in->groups && !matches(container_of(place, struct group, node), topic, item))
        place = place->next;
    return place != &in->groups ? container_of(place, struct group, node) : NULL;
}

static bool is_asked(const struct link *l)
{
    return usable(l) && !l->no_data && !l->pending;
}

static void count_asked(struct inst *in, struct group *g)
{
    g->asked = 0;
    g->asked_at = in->link_changes;
    list_each (node, next, &g->links)
        g->asked += is_asked(container_of(node, struct link, in_group));
}

static void batch_add(struct batch *b, struct inst *in, struct group *g)
{
    if (g->asked_at != in->link_changes)
        count_asked(in, g);
    list_each (node, next, &g->links) {
        struct link *l = container_of(node, struct link, in_group);

        link_ref(l);
        b->links[b->n++] = l;
    }
}

static bool batch_open(struct batch *b, struct inst *in, const struct string *topic,
                       const struct string *item)
{
    struct group *g;
    size_t n = 0;

    for (g = next_group(in, topic, item, NULL); g; g = next_group(in, topic, item, g))
        n += g->count;
    b->n = 0;
    b->links = n > sizeof b->few / sizeof *b->few ? scratch_new(in, n * sizeof *b->links) : b->few;
    if (!b->links)
        return false;
    for (g = next_group(in, topic, item, NULL); g; g = next_group(in, topic, item, g))
        batch_add(b, in, g);
    return true;
}

static void batch_close(struct batch *b)
{
    if (b->links != b->few)
        scratch_free(b->links);
}

/* How many of the group will still be asked for data, from place i on. Those that have ended meanwhile stand
 * among them, and belong to no group any more. */
static unsigned still_asked(const struct batch *b, size_t i)
{
    const struct group *g = b->links[i]->group;
    unsigned count = 0;

    for (; i < b->n && (b->links[i]->group == g || !b->links[i]->group); i++)
        count += is_asked(b->links[i]);
    return count;
}

/* left: how many of its group will be asked for data after it. */
static UINT post_one(struct link *l, unsigned left)
{
    if (l->state != LINK_ACTIVE || l->pending)
        l->dirty = true; /* served when its ACK is through, or it is not stopped after all */
    else if (usable(l))
        return serve(l, left < CADV_LATEACK ? left : CADV_LATEACK - 1);
    return DMLERR_NO_ERROR;
}

/* What the loop begins with that comes after the next one, and the next one's conversation. */
static void look_ahead(const struct batch *b, size_t i)
{
    if (i + 2 >= b->n)
        return;
    fetch_ahead(b->links[i + 1]->conv, MOST_LOOKED_AT);
    fetch_ahead(b->links[i + 2], sizeof(struct link));
}

UINT link_post_advise(struct inst *in, struct string *topic, struct string *item)
{
    unsigned asked = 0, begun = in->link_changes, seen = begun, before;
    UINT error = DMLERR_NO_ERROR, failed;
    const struct group *group = NULL;
    struct batch b;

    if (!batch_open(&b, in, topic, item))
        return DMLERR_MEMORY_ERROR;
    for (size_t i = 0; i < b.n; i++) {
        struct link *l = b.links[i];

        look_ahead(&b, i);
        if (l->conv) {
            if (l->group != group || in->link_changes != seen)
                asked = in->link_changes == begun ? l->group->asked : still_asked(&b, i);
            group = l->group;
            seen = before = in->link_changes;
            asked -= is_asked(l);
            failed = post_one(l, asked);
            error = failed ? failed : error;
            if (l->pending && in->link_changes - before == 1)
                seen = in->link_changes; /* nothing has changed but this one */
        }
        link_unref(l);
    }
    batch_close(&b);
    return error;
}
