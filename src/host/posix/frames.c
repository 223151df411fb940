/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/posix/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is said between two processes: written here, and read here by one table. All of it is under the lock of
 * the peers, but for what stands under "The seam's side". */

/* Tells the sender when so many have been taken, so that it never waits in vain for the last few. */
enum { CREDIT_SHARE = QUEUE_LIMIT / 4 };

static atomic_bool credit_due;

/* ---- Writing --------------------------------------------------------------------------------------- */

/* A packet in the making. */
static struct {
    size_t size;
    _Alignas(FRAME_ALIGN) unsigned char bytes[FRAME_PACKET];
} out;

static void put(void *frame, size_t size, enum frame_type type, const void *rest, size_t more)
{
    struct frame_head *head = frame;
    size_t whole = size + more, padding = -whole % FRAME_ALIGN;

    *head = (struct frame_head){.size = (uint32_t)(whole + padding),
                                .version = FRAME_VERSION,
                                .type = (uint8_t)type,
                                .padding = (uint8_t)padding};
    memcpy(out.bytes + out.size, frame, size);
    if (more)
        memcpy(out.bytes + out.size + size, rest, more);
    memset(out.bytes + out.size + whole, 0, padding);
    out.size += whole + padding;
}

static int write_out(struct peer *p, int fd)
{
    int r = peer_write(p, out.bytes, out.size, fd);

    out.size = 0;
    return r;
}

int frame_hello(struct peer *p)
{
    struct frame_hello f = {.magic = FRAME_MAGIC, .number = peers_number()};

    put(&f, sizeof f, FRAME_HELLO, NULL, 0);
    return write_out(p, -1);
}

static void put_window(const struct window *w)
{
    struct frame_window f = {.wnd = w->slot.value,
                             .traits = atomic_load_explicit(&w->traits, memory_order_relaxed)};
    struct host_card card = {0};

    f.thread = window_session_thread(w);
    if (window_card(w, &card)) {
        f.card = (uint32_t)card.size;
        memcpy(f.bytes, card.u.bytes, sizeof f.bytes);
    }
    put(&f, sizeof f, FRAME_WINDOW, NULL, 0);
}

static struct known *find_known(const struct peer *p, host_wnd wnd)
{
    for (struct map_node *node = map_first(&p->known, window_hash(wnd)); node; node = map_next(node))
        if (container_of(node, struct known, node)->wnd == wnd)
            return container_of(node, struct known, node);
    return NULL;
}

static struct known *make_known(struct peer *p, host_wnd wnd)
{
    struct known *k = calloc(1, sizeof *k);

    if (!k)
        return NULL;
    k->wnd = wnd;
    list_append(&p->all_known, &k->of_peer);
    map_put(&p->known, &k->node, window_hash(wnd));
    return k;
}

static void forget_known(struct peer *p, struct known *k)
{
    window_at(k->wnd)->known_to = 0;
    map_remove(&p->known, &k->node);
    list_remove(&k->of_peer);
    free(k);
}

/* The window that a message names is introduced before it, in the same packet. false: no memory. */
static bool introduce(struct peer *p, host_wnd wnd, struct known **fresh)
{
    struct window *w = process_of(wnd) == peers_number() ? window_at(wnd) : NULL;

    *fresh = NULL;
    if (!w || !window_open(w, wnd) || w->known_to == p->id)
        return true;
    if (!find_known(p, wnd)) {
        *fresh = make_known(p, wnd);
        if (!*fresh)
            return false;
        put_window(w);
    }
    w->known_to = p->id;
    return true;
}

/* If the packet does not go out the window is as unknown as before. */
static int write_introduced(struct peer *p, int fd, struct known *fresh)
{
    int r = write_out(p, fd);

    if (r == HOST_FAULT && fresh)
        forget_known(p, fresh);
    return r;
}

/* For what the other one has to know: if there is no memory to tell it, it is let go, and sees that. */
static void write_surely(struct peer *p)
{
    if (write_out(p, -1) == HOST_FAULT)
        peer_let_go(p);
}

/* ---- Who may say what ------------------------------------------------------------------------------- */

/* What the library's instances tell each other, besides DDE. */
static bool is_of_core(uint32_t id)
{
    return id == HOST_EV_MOVED || id == HOST_EV_REGISTER || id == HOST_EV_UNREGISTER || id == HOST_EV_COUNT;
}

/* Its wparam is the window that it comes from. */
static bool names_sender(uint32_t id)
{
    return (id >= INITIATE && id <= INITIATE + 8) || is_of_core(id);
}

/* Nobody speaks for windows of other processes; whoever would is cut off by the receiver. */
static bool may_be_said(const struct parcel *parcel)
{
    host_wnd from = parcel_from(parcel);

    return !from || !names_sender(parcel_id(parcel)) || process_of(from) == peers_number();
}

/* What either side goes by if the next one is the same (FRAME_AGAIN). */
static void keep_parcel(struct parcel **last, struct parcel *parcel)
{
    parcel_free(*last);
    *last = parcel && parcel->fd < 0 ? parcel_share(parcel) : NULL;
}

/* ---- Posting ---------------------------------------------------------------------------------------- */

static void put_post(const struct peer *p, host_wnd to, uint32_t lane, const struct parcel *parcel)
{
    struct frame_again again = {.to = to, .from = parcel_from(parcel), .lane = lane};
    struct frame_post post = {.to = to, .lane = lane};

    if (p->posted && parcel_same(p->posted, parcel))
        put(&again, sizeof again, FRAME_AGAIN, NULL, 0);
    else
        put(&post, sizeof post, FRAME_POST, parcel->bytes, parcel->size);
}

static int post_to(const struct host_msg *msg, struct parcel *parcel)
{
    struct remote *r = remote_find(msg->to);
    uint32_t lane = r ? r->thread % FRAME_LANES : 0;
    struct known *fresh;
    struct peer *p;
    int result = HOST_GONE;

    if (!r)
        return HOST_GONE;
    p = peer_get(process_of(msg->to), &result);
    if (!p)
        return result;
    if (p->out_by[lane] >= QUEUE_LIMIT || peer_congested(p, parcel->fd))
        return HOST_FULL;
    if (!may_be_said(parcel) || !introduce(p, msg->wparam, &fresh))
        return HOST_FAULT;
    put_post(p, msg->to, lane, parcel);
    result = write_introduced(p, parcel->fd, fresh);
    if (result != HOST_OK)
        return result;
    p->out_by[lane]++;
    keep_parcel(&p->posted, parcel);
    return HOST_OK;
}

static int post_packed(const struct host_msg *msg)
{
    struct parcel *parcel = parcel_pack(msg, PARCEL_POSTED);
    int r;

    if (!parcel)
        return HOST_FAULT;
    peers_lock();
    r = post_to(msg, parcel);
    peers_unlock();
    parcel_free(parcel);
    if (r == HOST_OK)
        parcel_delivered(msg, PARCEL_POSTED);
    return r;
}

/* It waits for nobody, so it is no point where a thread is cancelled, though some of the calls would be. */
int peer_post(const struct host_msg *msg)
{
    int former, r;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &former);
    r = post_packed(msg);
    pthread_setcancelstate(former, NULL);
    return r;
}

/* ---- Sending ---------------------------------------------------------------------------------------- */

int peer_send(board_number process, host_wnd to, host_wnd from, const struct parcel *parcel,
              enum host_audience audience, uint64_t serial, uint64_t until)
{
    struct frame_send f = {.to = to, .serial = serial, .until = until, .audience = (uint32_t)audience};
    int result = HOST_GONE;
    struct known *fresh;
    struct peer *p;

    peers_lock();
    p = to && !remote_find(to) ? NULL : peer_get(process, &result);
    if (p && peer_congested(p, parcel->fd)) {
        result = HOST_FULL;
    } else if (p && (to || parcel->fd < 0) && may_be_said(parcel) && introduce(p, from, &fresh)) {
        put(&f, sizeof f, FRAME_SEND, parcel->bytes, parcel->size);
        result = write_introduced(p, parcel->fd, fresh);
    } else if (p) {
        result = HOST_FAULT;
    }
    peers_unlock();
    return result;
}

int peer_ask(host_wnd wnd, uint64_t serial)
{
    struct frame_ask f = {.wnd = wnd, .serial = serial};
    int result = HOST_GONE;
    struct peer *p;

    peers_lock();
    p = peer_get(process_of(wnd), &result);
    if (p) {
        put(&f, sizeof f, FRAME_ASK, NULL, 0);
        result = write_out(p, -1);
    }
    peers_unlock();
    return result;
}

static void reply(const struct caller *caller, int result, intptr_t value)
{
    struct frame_reply f = {.serial = caller->serial, .value = value, .result = result};
    struct peer *p = peer_known(caller->process);
    int why;

    if (!caller->serial || !p || p->id != caller->peer)
        return;
    if (!peer_get(caller->process, &why)) {
        peer_let_go(p); /* it waits for something that cannot be said to it: that it sees */
        return;
    }
    put(&f, sizeof f, FRAME_REPLY, NULL, 0);
    write_out(p, -1);
}

void peer_reply_now(const struct caller *caller, int result)
{
    reply(caller, result, 0);
}

void peer_reply(const struct caller *caller, int result, intptr_t value)
{
    peers_lock();
    reply(caller, result, value);
    peers_unlock();
}

size_t peers_audience(enum host_audience audience, const struct host_msg *msg, board_number *who, size_t max)
{
    uint16_t name[HOST_ATOM_CHARS + 1];
    host_atom service = (host_atom)msg->lparam;

    if (!peers_number())
        return 0;
    if (audience == HOST_EVENT_WINDOWS)
        return board_with(BOARD_EVENTS, who, max);
    if (msg->id != INITIATE)
        return board_with(BOARD_TOP_LEVEL, who, max);
    if (service && !host_atom_name(service, name))
        return 0;
    return board_servers(service ? board_hash(name) : 0, who, max);
}

/* ---- Windows that others know ------------------------------------------------------------------------ */

static void put_gone(const struct window *w)
{
    struct frame_gone f = {.wnd = w->slot.value};

    put(&f, sizeof f, FRAME_GONE, NULL, 0);
}

static void tell_known(struct window *w, bool gone)
{
    list_each (node, next, peers_all()) {
        struct peer *p = container_of(node, struct peer, place);
        struct known *k = p->doomed || p->out < 0 ? NULL : find_known(p, w->slot.value);

        if (!k)
            continue;
        if (gone)
            forget_known(p, k);
        (gone ? put_gone : put_window)(w);
        write_surely(p);
    }
}

void window_changed(struct window *w)
{
    if (!peers_number())
        return;
    peers_lock();
    tell_known(w, false);
    peers_unlock();
}

void window_closed(struct window *w)
{
    if (!peers_number())
        return;
    peers_lock();
    tell_known(w, true);
    watches_end(w);
    peers_unlock();
}

/* ---- News -------------------------------------------------------------------------------------------- */

void peers_tell(uint32_t kind, const void *record, size_t size)
{
    struct frame_news f = {.kind = kind};
    board_number who[BOARD_SLOTS];
    size_t n = peers_number() ? board_listeners(kind, who, BOARD_SLOTS) : 0;

    if (!n)
        return;
    peers_lock();
    for (size_t i = 0; i < n; i++) {
        int why;
        struct peer *p = peer_get(who[i], &why);

        if (!p || p->pending_bytes > NEWS_PENDING)
            continue;
        put(&f, sizeof f, FRAME_NEWS, record, size);
        write_out(p, -1);
    }
    peers_unlock();
}

/* ---- Taken messages ---------------------------------------------------------------------------------- */

void inflow_leave(struct inflow *f)
{
    if (atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) == 1)
        free(f);
}

void inflow_taken(struct inflow *f)
{
    if (atomic_fetch_add_explicit(&f->taken, 1, memory_order_relaxed) + 1 >= CREDIT_SHARE)
        atomic_store_explicit(&credit_due, true, memory_order_release);
    inflow_leave(f);
}

/* false: it could not be told now. A sender that waits for it must be told some time. */
static bool give_credit(struct peer *p, struct inflow *f)
{
    struct frame_credit frame = {.lane = f->lane};
    int why;

    if (atomic_load_explicit(&f->taken, memory_order_relaxed) < CREDIT_SHARE)
        return true;
    if (!peer_get(p->number, &why))
        return why == HOST_GONE;
    frame.n = atomic_exchange_explicit(&f->taken, 0, memory_order_relaxed);
    put(&frame, sizeof frame, FRAME_CREDIT, NULL, 0);
    if (write_out(p, -1) == HOST_FAULT) {
        atomic_fetch_add_explicit(&f->taken, frame.n, memory_order_relaxed);
        return false;
    }
    f->outstanding -= frame.n;
    return true;
}

static bool is_credit_due(void)
{
    return atomic_load_explicit(&credit_due, memory_order_relaxed);
}

void settle_all(void)
{
    bool settled = true;

    if (!atomic_exchange_explicit(&credit_due, false, memory_order_acquire))
        return;
    list_each (node, next, peers_all()) {
        struct peer *p = container_of(node, struct peer, place);

        for (unsigned i = 0; i < FRAME_LANES && !p->doomed; i++)
            settled &= !p->inflows[i] || give_credit(p, p->inflows[i]);
    }
    if (!settled)
        atomic_store_explicit(&credit_due, true, memory_order_relaxed);
}

void peers_settle(void)
{
    if (!is_credit_due())
        return;
    peers_lock();
    settle_all();
    peers_unlock();
}

/* ---- Reading ----------------------------------------------------------------------------------------- */

static bool on_hello(struct peer *p, const void *frame, const void *rest, size_t more, int *fd)
{
    const struct frame_hello *f = frame;

    (void)rest;
    (void)more;
    (void)fd;
    if (p->greeted || f->magic != FRAME_MAGIC || f->number == 0 || f->number >= 1u << BOARD_NUMBER_BITS)
        return false;
    p->claims = (board_number)f->number;
    return true;
}

static bool is_of(const struct peer *p, uint64_t wnd)
{
    return wnd >> (BOARD_NUMBER_BITS + PROCESS_SHIFT) == 0 && process_of((host_wnd)wnd) == p->number;
}

static bool on_window(struct peer *p, const void *frame, const void *rest, size_t more, int *fd)
{
    const struct frame_window *f = frame;
    struct remote r = {.wnd = (host_wnd)f->wnd, .traits = f->traits, .thread = f->thread};

    (void)rest;
    (void)more;
    (void)fd;
    if (!is_of(p, f->wnd) || f->card > HOST_CARD_SIZE)
        return false;
    r.card.size = f->card;
    memcpy(r.card.u.bytes, f->bytes, sizeof f->bytes);
    if (!remote_put(&p->remotes, &r))
        peer_let_go(p);
    return true;
}

static bool on_ask(struct peer *p, const void *frame, const void *rest, size_t more, int *fd)
{
    const struct frame_ask *f = frame;
    struct caller caller = {.process = p->number, .peer = p->id, .serial = f->serial};
    struct known *fresh;
    int why;

    (void)rest;
    (void)more;
    (void)fd;
    if (process_of((host_wnd)f->wnd) != peers_number())
        return false;
    if (peer_get(p->number, &why) && introduce(p, (host_wnd)f->wnd, &fresh) && fresh)
        write_introduced(p, -1, fresh);
    peer_reply_now(&caller, host_window_alive((host_wnd)f->wnd) ? HOST_OK : HOST_GONE);
    return true;
}

static bool on_gone(struct peer *p, const void *frame, const void *rest, size_t more, int *fd)
{
    const struct frame_gone *f = frame;
    struct remote *r;

    (void)rest;
    (void)more;
    (void)fd;
    if (!is_of(p, f->wnd))
        return false;
    r = remote_find((host_wnd)f->wnd);
    if (r)
        remote_gone(r);
    return true;
}

static bool may_say_from(const struct peer *p, uint32_t id, uint64_t from)
{
    return !names_sender(id) || is_of(p, from) || !from;
}

/* What hosts tell their own windows they tell nobody else's, and some things are sent, never posted. */
static bool may_say(const struct peer *p, const struct parcel *parcel, enum parcel_way way)
{
    uint32_t id = parcel_id(parcel);
    bool is_core = id >= HOST_EV_RESUME && id <= HOST_EV_LAST;

    if (parcel_way(parcel) != way || (is_core && !(is_of_core(id) && way == PARCEL_SENT)))
        return false;
    return may_say_from(p, id, parcel_from(parcel));
}

static struct parcel *take_parcel(struct peer *p, const void *rest, size_t more, int *fd, enum parcel_way way,
                                  bool *wrong)
{
    struct parcel *parcel = parcel_open(rest, more, *fd, wrong);

    *fd = -1;
    if (!parcel || may_say(p, parcel, way))
        return parcel;
    parcel_free(parcel);
    *wrong = true;
    return NULL;
}

static struct inflow *inflow_of(struct peer *p, uint32_t lane)
{
    struct inflow *f = p->inflows[lane] ? p->inflows[lane] : calloc(1, sizeof *f);

    if (f && !p->inflows[lane]) {
        f->lane = lane;
        atomic_init(&f->refs, 1);
        p->inflows[lane] = f;
    }
    return f;
}

/* Nobody could tell whose it would be to free what it carries, if it were made into blocks and atoms of this process. */
static bool is_of_nobody(const struct parcel *parcel, host_wnd from)
{
    return names_sender(parcel_id(parcel)) && !from;
}

/* What is for a window that has closed meanwhile leaves nothing behind. One who has posted what there is no memory
 * for believes that it has arrived: it is let go, so that it does not wait for an answer. The parcel is given away. */
static bool arrive(struct peer *p, host_wnd to, host_wnd from, uint32_t lane, struct parcel *parcel)
{
    struct inflow *flow = inflow_of(p, lane);
    int r;

    if (!parcel || !flow) {
        parcel_free(parcel);
        peer_let_go(p);
        return true;
    }
    if (++flow->outstanding > QUEUE_LIMIT) {
        parcel_free(parcel);
        return false;
    }
    atomic_fetch_add_explicit(&flow->refs, 1, memory_order_relaxed);
    r = is_of_nobody(parcel, from) ? HOST_GONE : queue_post_parcel(to, from, parcel, flow);
    if (r == HOST_OK)
        return true;
    parcel_free(parcel);
    inflow_taken(flow);
    if (r != HOST_GONE)
        peer_let_go(p);
    return true;
}

static bool is_for_us(uint64_t to, uint32_t lane)
{
    return process_of((host_wnd)to) == peers_number() && lane < FRAME_LANES;
}

static bool on_post(struct peer *p, const void *frame, const void *rest, size_t more, int *fd)
{
    const struct frame_post *f = frame;
    bool wrong = false;
    struct parcel *parcel;

    if (!is_for_us(f->to, f->lane))
        return false;
    parcel = take_parcel(p, rest, more, fd, PARCEL_POSTED, &wrong);
    if (wrong)
        return false;
    keep_parcel(&p->got, parcel);
    if (parcel)
        parcel_settle(parcel);
    return arrive(p, (host_wnd)f->to, parcel ? parcel_from(parcel) : 0, f->lane, parcel);
}

static bool on_again(struct peer *p, const void *frame, const void *rest, size_t more, int *fd)
{
    const struct frame_again *f = frame;

    (void)rest;
    (void)more;
    (void)fd;
    if (!p->got || !is_for_us(f->to, f->lane) || !may_say_from(p, parcel_id(p->got), f->from))
        return false;
    return arrive(p, (host_wnd)f->to, (host_wnd)f->from, f->lane, parcel_share(p->got));
}

static bool on_send(struct peer *p, const void *frame, const void *rest, size_t more, int *fd)
{
    const struct frame_send *f = frame;
    struct caller caller = {.process = p->number, .peer = p->id, .serial = f->serial};
    bool wrong = false;
    struct parcel *parcel;

    if ((f->to && process_of((host_wnd)f->to) != peers_number()) || f->audience > HOST_EVENT_WINDOWS)
        return false;
    parcel = take_parcel(p, rest, more, fd, PARCEL_SENT, &wrong);
    if (wrong)
        return false;
    if (parcel && is_of_nobody(parcel, parcel_from(parcel))) {
        parcel_free(parcel);
        peer_reply_now(&caller, HOST_GONE);
        return true;
    }
    if (parcel && !f->to && parcel->fd >= 0) { /* of no use to several */
        parcel_free(parcel);
        return false;
    }
    if (parcel)
        parcel_settle(parcel);
    caller.inflow = inflow_of(p, SENT_LANE);
    if (!parcel || !caller.inflow ||
        atomic_load_explicit(&caller.inflow->refs, memory_order_relaxed) > QUEUE_LIMIT) {
        parcel_free(parcel);
        peer_reply_now(&caller, HOST_FULL);
        return true;
    }
    atomic_fetch_add_explicit(&caller.inflow->refs, 1, memory_order_relaxed);
    sent_arrived(&caller, (host_wnd)f->to, (enum host_audience)f->audience, parcel, f->until);
    return true;
}

static bool on_reply(struct peer *p, const void *frame, const void *rest, size_t more, int *fd)
{
    const struct frame_reply *f = frame;

    (void)rest;
    (void)more;
    (void)fd;
    return calls_answer(p->number, f->serial, f->result, (intptr_t)f->value);
}

static bool on_credit(struct peer *p, const void *frame, const void *rest, size_t more, int *fd)
{
    const struct frame_credit *f = frame;

    (void)rest;
    (void)more;
    (void)fd;
    if (f->lane >= FRAME_LANES || p->out_by[f->lane] < f->n)
        return false;
    p->out_by[f->lane] -= f->n;
    return true;
}

static bool on_news(struct peer *p, const void *frame, const void *rest, size_t more, int *fd)
{
    const struct frame_news *f = frame;

    (void)p;
    (void)fd;
    if (more > HOST_NEWS_SIZE)
        return false;
    news_deliver(f->kind, rest, more);
    return true;
}

static const struct {
    size_t size;
    bool has_rest;
    bool (*read)(struct peer *p, const void *frame, const void *rest, size_t more, int *fd);
} readers[FRAME_TYPES] = {
    [FRAME_HELLO] = {sizeof(struct frame_hello), false, on_hello},
    [FRAME_WINDOW] = {sizeof(struct frame_window), false, on_window},
    [FRAME_ASK] = {sizeof(struct frame_ask), false, on_ask},
    [FRAME_GONE] = {sizeof(struct frame_gone), false, on_gone},
    [FRAME_POST] = {sizeof(struct frame_post), true, on_post},
    [FRAME_AGAIN] = {sizeof(struct frame_again), false, on_again},
    [FRAME_SEND] = {sizeof(struct frame_send), true, on_send},
    [FRAME_REPLY] = {sizeof(struct frame_reply), false, on_reply},
    [FRAME_CREDIT] = {sizeof(struct frame_credit), false, on_credit},
    [FRAME_NEWS] = {sizeof(struct frame_news), true, on_news},
};

/* Its size, or 0: it is none. */
static size_t check_frame(const struct peer *p, const unsigned char *at, size_t left)
{
    struct frame_head head;

    if (left < sizeof head)
        return 0;
    memcpy(&head, at, sizeof head);
    if (head.version != FRAME_VERSION || head.type == 0 || head.type >= FRAME_TYPES || head.zero)
        return 0;
    if (head.size > left || head.size % FRAME_ALIGN || head.padding >= FRAME_ALIGN ||
        head.size < readers[head.type].size + head.padding)
        return 0;
    if (!readers[head.type].has_rest && head.size != readers[head.type].size + head.padding)
        return 0;
    return p->greeted || head.type == FRAME_HELLO ? head.size : 0;
}

bool frames_read(struct peer *p, const unsigned char *bytes, size_t size, int fd)
{
    bool good = true;
    size_t at = 0;

    while (good && at < size && !p->doomed) {
        size_t n = check_frame(p, bytes + at, size - at);
        const struct frame_head *head = (const void *)(bytes + at);
        int none = -1;

        good = n != 0;
        if (!good)
            break;
        good = readers[head->type].read(p, bytes + at, bytes + at + readers[head->type].size,
                                        n - readers[head->type].size - head->padding,
                                        at + n == size ? &fd : &none);
        at += n;
        if (good && head->type == FRAME_HELLO && at < size)
            good = false; /* who it is has to be looked at first: a packet of its own */
    }
    if (fd >= 0) {
        close(fd);
        good = false; /* it belonged to nothing */
    }
    return good;
}

void peer_forget(struct peer *p)
{
    while (!list_empty(&p->remotes))
        remote_gone(container_of(p->remotes.next, struct remote, of_peer));
    for (unsigned i = 0; i <= SENT_LANE; i++)
        if (p->inflows[i])
            inflow_leave(p->inflows[i]);
    memset(p->inflows, 0, sizeof p->inflows);
    keep_parcel(&p->posted, NULL);
    keep_parcel(&p->got, NULL);
    while (!list_empty(&p->all_known))
        forget_known(p, container_of(p->all_known.next, struct known, of_peer));
    map_deinit(&p->known);
    if (p->number)
        calls_ended(p->number);
}
