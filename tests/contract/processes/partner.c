/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "partner.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "host/posix/figures.h"

/* ---- Windows, in either process ------------------------------------------------------------------------ */

static unsigned char byte_at(size_t i)
{
    return (unsigned char)(i * 7 + i / 4096);
}

static host_mem block_of(size_t size)
{
    host_mem mem = host_mem_alloc(size, false);
    unsigned char *bytes = host_mem_lock(mem);

    assert_non_null(bytes);
    memset(bytes, 0, 4);
    for (size_t i = 4; i < size; i++)
        bytes[i] = byte_at(i);
    host_mem_unlock(mem);
    return mem;
}

static uintptr_t packed(uintptr_t lo, uintptr_t hi)
{
    host_mem pair = host_mem_alloc(2 * sizeof(uintptr_t), true);
    uintptr_t *parts = host_mem_lock(pair);

    assert_non_null(parts);
    parts[0] = lo;
    parts[1] = hi;
    host_mem_unlock(pair);
    return pair;
}

/* P, G and the atom are the receiver's. */
static void take_data(struct seen *s, uintptr_t lparam)
{
    uintptr_t *parts = host_mem_lock(lparam);
    host_mem mem = parts[0];
    host_atom atom = (host_atom)parts[1];
    unsigned char *bytes = host_mem_lock(mem);

    s->size = host_mem_size(mem);
    for (size_t i = 4; i < s->size; i++)
        if (bytes[i] != byte_at(i)) {
            s->spoilt++;
            break;
        }
    host_mem_unlock(mem);
    host_mem_free(mem);
    host_mem_unlock(lparam);
    host_mem_free(lparam);
    host_atom_delete(atom);
}

host_atom atom_of(const char *text)
{
    uint16_t wide[HOST_ATOM_CHARS + 1];
    size_t n = 0;

    do
        wide[n] = (unsigned char)text[n];
    while (text[n++]);
    return host_atom_add(wide);
}

void write_down(void *ctx, const struct host_msg *msg)
{
    struct seen *s = ctx;

    s->n++;
    s->last = *msg;
    switch (msg->id) {
    case REQUEST:
        s->out_of_order |= (uint16_t)msg->lparam != (uint16_t)s->requests;
        s->requests++;
        break;
    case DATA:
        take_data(s, msg->lparam);
        break;
    case INITIATE:
        s->sent++;
        if (s->answer_to) {
            struct host_msg ack = {
                .to = msg->wparam, .id = ACK, .wparam = s->answer_to, .lparam = atom_of("Yes")};

            if (host_send(&ack, TEST_PATIENCE_MS) != HOST_OK)
                host_atom_delete((host_atom)ack.lparam);
        }
        break;
    case ACK: /* sent: its atoms are the receiver's */
        s->acks++;
        host_atom_delete((host_atom)msg->lparam);
        host_atom_delete((host_atom)(msg->lparam >> 16));
        break;
    case HOST_EV_REGISTER:
        s->events++;
        break;
    case DEADLY:
        test_die();
        break;
    }
}

static int post_some(host_wnd to, uint32_t id, host_wnd from, unsigned first, unsigned n, unsigned *posted)
{
    int r = HOST_OK;

    for (*posted = 0; *posted < n; ++*posted) {
        struct host_msg m = {.to = to, .id = id, .wparam = from, .lparam = (uint16_t)(first + *posted)};

        r = host_post(&m);
        if (r != HOST_OK)
            break;
    }
    return r;
}

int post_requests(host_wnd to, host_wnd from, unsigned first, unsigned n, unsigned *posted)
{
    return post_some(to, REQUEST, from, first, n, posted);
}

void write_down_value(void *ctx, const struct host_msg *msg)
{
    struct seen seen = {0};
    struct told *t = ctx;
    uintptr_t *parts;
    unsigned char *bytes;

    if (msg->id != DATA)
        return;
    assert_true(t->n < 2 * VALUES);
    parts = host_mem_lock(msg->lparam);
    bytes = host_mem_lock(parts[0]);
    t->value[t->n] = bytes[4];
    t->from[t->n++] = msg->wparam;
    bytes[4] = byte_at(4); /* it is this window's own */
    host_mem_unlock(parts[0]);
    host_mem_unlock(msg->lparam);
    take_data(&seen, msg->lparam);
    assert_int_equal(seen.spoilt, 0);
}

/* ---- The partner --------------------------------------------------------------------------------------- */

static struct {
    struct seen seen;
    host_wnd wnd, event;
} me;

void say(const char *format, ...)
{
    char line[TEST_LINE];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    test_parent_say(line);
}

static void tell_what_was_seen(const char *rest)
{
    (void)rest;
    say("%u %u %u %u %u %zu %u", me.seen.n, me.seen.requests, me.seen.out_of_order, me.seen.sent,
        me.seen.events, me.seen.size, me.seen.spoilt);
}

static void post_and_tell(const char *rest, uint32_t id)
{
    unsigned long long to = 0;
    unsigned n = 0, done;
    int r;

    sscanf(rest, "%llx %u", &to, &n);
    r = post_some((host_wnd)to, id, me.wnd, 0, n, &done);
    say("%d %u", r, done);
}

static void post(const char *rest)
{
    post_and_tell(rest, REQUEST);
}

static void post_others(const char *rest)
{
    post_and_tell(rest, PLAIN);
}

static void post_and_end(const char *rest)
{
    post(rest);
    exit(0);
}

/* Every value goes to one window, from one of ours to another, and to the first again; it is small or large, or too
 * large to travel in the message. What could not be posted is left behind, which the end will show. */
static void update(const char *rest)
{
    static const size_t sizes[] = {8, 300, 40000};
    unsigned long long one = 0, two = 0;
    unsigned n = 0;

    sscanf(rest, "%llx %llx %u", &one, &two, &n);
    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < 3; k++) {
            host_mem mem = block_of(sizes[i % 3]);
            struct host_msg m = {
                .to = (host_wnd)(k == 1 ? two : one), .id = DATA, .wparam = k == 1 ? me.event : me.wnd};
            unsigned char *bytes = host_mem_lock(mem);

            bytes[4] = (unsigned char)(i % COMES_BACK);
            host_mem_unlock(mem);
            m.lparam = packed(mem, atom_of("Item"));
            if (host_post(&m) == HOST_OK)
                host_mem_free(mem);
        }
    say("ok");
}

static void send_one(const char *rest)
{
    struct host_msg m = {.to = (host_wnd)strtoull(rest, NULL, 16), .id = INITIATE, .wparam = me.wnd};

    say("%d", host_send(&m, TEST_PATIENCE_MS));
}

static void meet(const char *rest)
{
    say("%d", host_window_meet((host_wnd)strtoull(rest, NULL, 16), TEST_PATIENCE_MS));
}

static void set_card(const char *rest)
{
    struct host_card card = {.size = 1, .u.bytes = {(unsigned char)atoi(rest)}};

    say("%d", host_card_set(me.wnd, &card));
}

static void serve(const char *rest)
{
    host_atom atom = atom_of(rest);

    say("%d", host_serve(me.wnd, atom, true));
    host_atom_delete(atom);
}

static void hear_all(const char *rest)
{
    (void)rest;
    host_hear_all(me.wnd, true);
    say("ok");
}

static void answer(const char *rest)
{
    (void)rest;
    me.seen.answer_to = me.wnd;
    say("ok");
}

static void listen_to_news(const char *rest)
{
    (void)rest;
    say("%d", host_listen(me.event, 8));
}

static void tell_news(const char *rest)
{
    unsigned char record[HOST_NEWS_SIZE];
    uint32_t kind;
    unsigned n = 0;

    (void)rest;
    while (host_hear(me.event, &kind, record, sizeof record))
        n++;
    say("%u", n);
}

static void have_few_descriptors(const char *rest)
{
    rlim_t n = (rlim_t)atoi(rest);

    say("%d", setrlimit(RLIMIT_NOFILE, &(struct rlimit){n, n}));
}

static void close_window(const char *rest)
{
    (void)rest;
    host_window_destroy(me.wnd);
    say("ok");
}

static const struct order orders[] = {
    {"seen", tell_what_was_seen}, /* as partner_has_seen reads it */
    {"post", post},               /* WINDOW N                     */
    {"post-others", post_others}, /* WINDOW N                     */
    {"post-and-end", post_and_end},
    {"update", update}, /* WINDOW WINDOW N */
    {"send", send_one}, /* WINDOW          */
    {"meet", meet},     /* WINDOW          */
    {"card", set_card}, /* NUMBER          */
    {"serve", serve},   /* NAME            */
    {"hear-all", hear_all},
    {"answer", answer},
    {"listen", listen_to_news},
    {"news", tell_news},
    {"few", have_few_descriptors}, /* NUMBER */
    {"close", close_window},
    {NULL, NULL},
};

/* Is it one of these? Then it has been obeyed. */
static bool obey(const struct order *known, const char *line)
{
    size_t length = strcspn(line, " ");

    for (; known && known->word; known++)
        if (strlen(known->word) == length && !strncmp(line, known->word, length)) {
            known->obey(line + length + (line[length] == ' '));
            return true;
        }
    return false;
}

bool is_partner(int argc, char **argv)
{
    return argc == 2 && !strcmp(argv[1], "partner");
}

host_wnd partner_wnd(void)
{
    return me.wnd;
}

int partner_run(const struct order *more)
{
    char line[TEST_LINE];

    me.wnd = host_window_create(HOST_MOM, 0, true, write_down, &me.seen);
    me.event = host_window_create(HOST_EVENT, 0, true, write_down, &me.seen);
    say("%llx", (unsigned long long)me.wnd);
    while (test_parent_hear(line, 6 * TEST_PATIENCE_MS) && strcmp(line, "end"))
        if (!obey(orders, line) && !obey(more, line))
            say("unknown: %s", line);
    host_window_destroy(me.wnd);
    host_window_destroy(me.event);
    while (host_dispatch(HOST_ALL_MESSAGES, 0))
        ;
    return figure_windows() || figure_posts() || figure_sends() || figure_blocks() || figure_atoms();
}

/* ---- The test's process -------------------------------------------------------------------------------- */

struct own own;

static struct figures {
    long windows, posts, sends, blocks, atoms;
} before;

static struct figures figures(void)
{
    return (struct figures){figure_windows(), figure_posts(), figure_sends(), figure_blocks(),
                            figure_atoms()};
}

struct partner *partner_start(void)
{
    struct partner *p = &own.partner[own.n_partners++];
    char line[TEST_LINE];
    unsigned long long wnd;

    p->process = test_process_play("partner");
    assert_true(test_process_hear(p->process, line, TEST_PATIENCE_MS));
    assert_int_equal(sscanf(line, "%llx", &wnd), 1);
    p->wnd = (host_wnd)wnd;
    return p;
}

struct partner *partner_known(void)
{
    struct partner *p = partner_start();

    assert_true(host_window_meet(p->wnd, TEST_PATIENCE_MS));
    return p;
}

static void tell(struct partner *p, const char *format, va_list args)
{
    char line[TEST_LINE];

    vsnprintf(line, sizeof line, format, args);
    assert_true(test_process_say(p->process, line));
}

void partner_tell(struct partner *p, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tell(p, format, args);
    va_end(args);
}

void partner_does(struct partner *p, const char *answer, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tell(p, format, args);
    va_end(args);
    test_process_expect(p->process, answer);
}

void partner_meets(struct partner *p, host_wnd wnd)
{
    partner_does(p, "1", "meet %llx", (unsigned long long)wnd);
}

struct seen partner_has_seen(struct partner *p)
{
    char line[TEST_LINE];
    unsigned order;
    struct seen s = {0};

    partner_tell(p, "seen");
    assert_true(test_process_hear(p->process, line, TEST_PATIENCE_MS));
    assert_int_equal(sscanf(line, "%u %u %u %u %u %zu %u", &s.n, &s.requests, &order, &s.sent, &s.events,
                            &s.size, &s.spoilt),
                     7);
    s.out_of_order = order;
    return s;
}

int up(void **state)
{
    (void)state;
    memset(&own, 0, sizeof own);
    host_dispatch(HOST_ALL_MESSAGES, 0);
    before = figures();
    own.wnd = host_window_create(HOST_MOM, 0, true, write_down, &own.seen);
    assert_true(own.wnd != 0);
    return 0;
}

int down(void **state)
{
    int left = 0;
    struct figures now;

    (void)state;
    for (unsigned i = 0; i < own.n_partners; i++) {
        struct test_process *p = own.partner[i].process;

        if (!p)
            continue;
        test_process_say(p, "end");
        left += test_process_end(p);
        test_process_free(p);
    }
    host_window_destroy(own.wnd);
    while (host_dispatch(HOST_ALL_MESSAGES, 0))
        ;
    now = figures();
    assert_int_equal(left, 0);
    assert_int_equal(now.windows, before.windows);
    assert_int_equal(now.posts, before.posts);
    assert_int_equal(now.sends, before.sends);
    assert_int_equal(now.blocks, before.blocks);
    assert_int_equal(now.atoms, before.atoms);
    return 0;
}

void partner_kill(struct partner *p)
{
    test_process_kill(p->process);
    test_process_free(p->process);
    p->process = NULL;
}

static bool is_gone(void *partner)
{
    return !host_window_alive(((struct partner *)partner)->wnd);
}

void partner_expect_gone(struct partner *p)
{
    assert_true(test_pump_until(is_gone, p, TEST_PATIENCE_MS));
}

struct wish {
    unsigned *count, n;
};

static bool is_granted(void *arg)
{
    const struct wish *w = arg;

    return *w->count >= w->n;
}

void expect(unsigned *count, unsigned n)
{
    struct wish w = {count, n};

    assert_true(test_pump_until(is_granted, &w, TEST_PATIENCE_MS));
}

int post_data(const struct partner *p, size_t size, struct host_msg *m, host_mem *mem)
{
    *mem = block_of(size);
    *m = (struct host_msg){
        .to = p->wnd, .id = DATA, .wparam = own.wnd, .lparam = packed(*mem, atom_of("Item"))};
    return host_post(m);
}

/* Of a message that could not be posted. */
void expect_unsent(const struct host_msg *m, host_mem mem)
{
    uintptr_t *parts = host_mem_lock(m->lparam);

    assert_non_null(parts);
    assert_true(parts[0] == mem);
    assert_true(host_mem_size(mem) != 0);
    host_atom_delete((host_atom)parts[1]);
    host_mem_unlock(m->lparam);
    host_mem_free(m->lparam);
    host_mem_free(mem);
}

int send_id(host_wnd to, uint32_t id, uintptr_t lparam, uint32_t wait_ms)
{
    struct host_msg m = {.to = to, .id = id, .wparam = own.wnd, .lparam = lparam};

    return host_send(&m, wait_ms);
}
