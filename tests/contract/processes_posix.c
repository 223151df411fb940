/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What src/host/host.h promises, kept between processes: one rule per test.
 *
 * The test's process has windows; so has a partner, another process of the same program, which does what it is told
 * in lines and answers each with one. Every partner says at its end whether it has left anything behind. */

#define _GNU_SOURCE

#include "support/process.h"
#include "support/support.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/host.h"
#include "host/posix/figures.h"
#include "host/posix/frames.h"

enum {
    INITIATE = 0x03E0,
    ACK = 0x03E4,
    DATA,
    REQUEST,
    PLAIN = 0x0400,
    DEADLY, /* whoever gets it dies */
    LIMIT = 10000,
    SOON = 50, /* ms: a deadline that passes */
    MB = 1 << 20,
    COMES_BACK = 15, /* so many values later one is the same again */
};

/* ---- What the system refuses --------------------------------------------------------------------------- */

/* The one after so many; 0: none. */
static atomic_uint no_malloc, no_calloc;

static atomic_uint no_blocks; /* so many are refused */

static atomic_bool no_packets; /* no memory for one that has to wait for room                     */
static atomic_bool no_line;    /* nothing can be written, for a reason that is not a lack of room */
static atomic_uint unsaid;     /* how often it could not                                          */
static atomic_size_t bytes_said;

static bool refuses(atomic_uint *which)
{
    unsigned n = atomic_load(which);

    return n && atomic_fetch_sub(which, 1) == 1;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return refuses(&no_malloc) || (no_packets && size >= FRAME_PACKET) ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
    return refuses(&no_calloc) ? NULL : __real_calloc(n, size);
}

host_mem __real_host_mem_alloc(size_t size, bool fixed);
host_mem __wrap_host_mem_alloc(size_t size, bool fixed);
host_mem __wrap_host_mem_alloc(size_t size, bool fixed)
{
    if (!no_blocks)
        return __real_host_mem_alloc(size, fixed);
    no_blocks--;
    return 0;
}

ssize_t __real_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags)
{
    ssize_t n;

    if (no_line) {
        unsaid++;
        errno = EMSGSIZE;
        return -1;
    }
    n = __real_sendmsg(fd, m, flags);
    bytes_said += n > 0 ? (size_t)n : 0;
    return n;
}

/* ---- Windows, in either process ------------------------------------------------------------------------ */

struct seen {
    unsigned n, requests, sent, events, acks;
    bool out_of_order;
    struct host_msg last;
    size_t size;        /* of the last DATA */
    unsigned spoilt;    /* blocks that do not hold what they should */
    host_wnd answer_to; /* INITIATEs are answered; 0: not */
};

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

static host_atom atom_of(const char *text)
{
    uint16_t wide[HOST_ATOM_CHARS + 1];
    size_t n = 0;

    do
        wide[n] = (unsigned char)text[n];
    while (text[n++]);
    return host_atom_add(wide);
}

static void write_down(void *ctx, const struct host_msg *msg)
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

static int post_requests(host_wnd to, host_wnd from, unsigned first, unsigned n, unsigned *posted)
{
    return post_some(to, REQUEST, from, first, n, posted);
}

/* ---- The partner --------------------------------------------------------------------------------------- */

static struct {
    struct seen seen;
    host_wnd wnd, event;
} me;

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
    char line[TEST_LINE];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    test_parent_say(line);
}

static unsigned hear_all_news(void)
{
    unsigned char record[HOST_NEWS_SIZE];
    uint32_t kind;
    unsigned n = 0;

    while (host_hear(me.event, &kind, record, sizeof record))
        n++;
    return n;
}

/* Every value goes to one window, from one of ours to another, and to the first again; it is small or large, or too
 * large to travel in the message. What could not be posted is left behind, which the end will show. */
static void update(host_wnd one, host_wnd two, unsigned n)
{
    static const size_t sizes[] = {8, 300, 40000};
    const host_wnd to[] = {one, two, one}, from[] = {me.wnd, me.event, me.wnd};

    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < 3; k++) {
            host_mem mem = block_of(sizes[i % 3]);
            struct host_msg m = {.to = to[k], .id = DATA, .wparam = from[k]};
            unsigned char *bytes = host_mem_lock(mem);

            bytes[4] = (unsigned char)(i % COMES_BACK);
            host_mem_unlock(mem);
            m.lparam = packed(mem, atom_of("Item"));
            if (host_post(&m) == HOST_OK)
                host_mem_free(mem);
        }
}

/* One that cannot be posted, and those after it. */
static void post_without_memory(host_wnd to)
{
    unsigned done, more;
    int r;

    no_packets = true;
    r = post_requests(to, me.wnd, 0, LIMIT, &done);
    no_packets = false;
    post_requests(to, me.wnd, done, 10, &more);
    say("%d %u %u", r, done, more);
}

/* Some that are lost after they have been posted, and those after them: the first few are written at once, those that
 * follow are gathered. */
static void post_what_is_lost(host_wnd to)
{
    unsigned arrived, lost, more, before = unsaid;
    uint64_t until = host_now_ms() + TEST_PATIENCE_MS;

    post_requests(to, me.wnd, 0, 20, &arrived);
    no_line = true;
    post_requests(to, me.wnd, arrived, 4, &lost);
    while (unsaid == before && host_now_ms() < until)
        sched_yield();
    no_line = false;
    post_requests(to, me.wnd, arrived + lost - 1, 10, &more);
    say("%u", lost);
}

static void obey(const char *line)
{
    unsigned long long wnd = 0, other = 0;
    unsigned n = 0, done = 0;
    char word[TEST_LINE] = "", text[TEST_LINE] = "";
    struct host_msg m = {.wparam = me.wnd};

    sscanf(line, "%s", word);
    if (!strcmp(word, "seen")) {
        say("%u %u %u %u %u %zu %u", me.seen.n, me.seen.requests, me.seen.out_of_order, me.seen.sent,
            me.seen.events, me.seen.size, me.seen.spoilt);
    } else if (sscanf(line, "post %llx %u", &wnd, &n) == 2) {
        int r = post_requests((host_wnd)wnd, me.wnd, 0, n, &done);

        say("%d %u", r, done);
    } else if (sscanf(line, "update %llx %llx %u", &wnd, &other, &n) == 3) {
        update((host_wnd)wnd, (host_wnd)other, n);
        say("ok");
    } else if (sscanf(line, "post-without-memory %llx", &wnd) == 1) {
        post_without_memory((host_wnd)wnd);
    } else if (sscanf(line, "post-what-is-lost %llx", &wnd) == 1) {
        post_what_is_lost((host_wnd)wnd);
    } else if (sscanf(line, "post-others %llx %u", &wnd, &n) == 2) {
        int r = post_some((host_wnd)wnd, PLAIN, me.wnd, 0, n, &done);

        say("%d %u", r, done);
    } else if (sscanf(line, "post-and-end %llx %u", &wnd, &n) == 2) {
        post_requests((host_wnd)wnd, me.wnd, 0, n, &done);
        exit(0);
    } else if (sscanf(line, "send %llx", &wnd) == 1) {
        m.to = (host_wnd)wnd;
        m.id = INITIATE;
        say("%d", host_send(&m, TEST_PATIENCE_MS));
    } else if (sscanf(line, "meet %llx", &wnd) == 1) {
        say("%d", host_window_meet((host_wnd)wnd, TEST_PATIENCE_MS));
    } else if (sscanf(line, "card %u", &n) == 1) {
        struct host_card card = {.size = 1, .u.bytes = {(unsigned char)n}};

        say("%d", host_card_set(me.wnd, &card));
    } else if (sscanf(line, "serve %s", text) == 1) {
        host_atom atom = atom_of(text);

        say("%d", host_serve(me.wnd, atom, true));
        host_atom_delete(atom);
    } else if (!strcmp(word, "hear-all")) {
        host_hear_all(me.wnd, true);
        say("ok");
    } else if (!strcmp(word, "answer")) {
        me.seen.answer_to = me.wnd;
        say("ok");
    } else if (!strcmp(word, "listen")) {
        say("%d", host_listen(me.event, 8));
    } else if (!strcmp(word, "news")) {
        say("%u", hear_all_news());
    } else if (sscanf(line, "few %u", &n) == 1) {
        struct rlimit few = {n, n};

        say("%d", setrlimit(RLIMIT_NOFILE, &few));
    } else if (!strcmp(word, "close")) {
        host_window_destroy(me.wnd);
        say("ok");
    }
}

static int run_partner(void)
{
    char line[TEST_LINE];

    me.wnd = host_window_create(HOST_MOM, 0, true, write_down, &me.seen);
    me.event = host_window_create(HOST_EVENT, 0, true, write_down, &me.seen);
    say("%llx", (unsigned long long)me.wnd);
    while (test_parent_hear(line, 6 * TEST_PATIENCE_MS) && strcmp(line, "end"))
        obey(line);
    host_window_destroy(me.wnd);
    host_window_destroy(me.event);
    while (host_dispatch(HOST_ALL_MESSAGES, 0))
        ;
    return figure_windows() || figure_posts() || figure_sends() || figure_blocks() || figure_atoms();
}

/* ---- The test's process -------------------------------------------------------------------------------- */

struct partner {
    struct test_process *process;
    host_wnd wnd;
};

static struct {
    struct seen seen;
    host_wnd wnd;
    struct partner partner[3];
    unsigned n_partners;
} own;

static struct figures {
    long windows, posts, sends, blocks, atoms;
} before;

static struct figures figures(void)
{
    return (struct figures){figure_windows(), figure_posts(), figure_sends(), figure_blocks(),
                            figure_atoms()};
}

static struct partner *partner(void)
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

static struct partner *known_partner(void)
{
    struct partner *p = partner();

    assert_true(host_window_meet(p->wnd, TEST_PATIENCE_MS));
    return p;
}

static void tell(struct partner *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void tell(struct partner *p, const char *format, ...)
{
    char line[TEST_LINE];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    assert_true(test_process_say(p->process, line));
}

static struct seen seen_by(struct partner *p)
{
    char line[TEST_LINE];
    unsigned order;
    struct seen s = {0};

    tell(p, "seen");
    assert_true(test_process_hear(p->process, line, TEST_PATIENCE_MS));
    assert_int_equal(sscanf(line, "%u %u %u %u %u %zu %u", &s.n, &s.requests, &order, &s.sent, &s.events,
                            &s.size, &s.spoilt),
                     7);
    s.out_of_order = order;
    return s;
}

static int up(void **state)
{
    (void)state;
    memset(&own, 0, sizeof own);
    host_dispatch(HOST_ALL_MESSAGES, 0);
    before = figures();
    own.wnd = host_window_create(HOST_MOM, 0, true, write_down, &own.seen);
    assert_true(own.wnd != 0);
    return 0;
}

static int down(void **state)
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

static void kill_partner(struct partner *p)
{
    test_process_kill(p->process);
    test_process_free(p->process);
    p->process = NULL;
}

static bool is_gone(void *partner)
{
    return !host_window_alive(((struct partner *)partner)->wnd);
}

static void expect_gone(struct partner *p)
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

static void expect(unsigned *count, unsigned n)
{
    struct wish w = {count, n};

    assert_true(test_pump_until(is_granted, &w, TEST_PATIENCE_MS));
}

static int post_data(const struct partner *p, size_t size, struct host_msg *m, host_mem *mem)
{
    *mem = block_of(size);
    *m = (struct host_msg){
        .to = p->wnd, .id = DATA, .wparam = own.wnd, .lparam = packed(*mem, atom_of("Item"))};
    return host_post(m);
}

/* Of a message that could not be posted. */
static void expect_unsent(const struct host_msg *m, host_mem mem)
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

static int send_id(host_wnd to, uint32_t id, uintptr_t lparam, uint32_t wait_ms)
{
    struct host_msg m = {.to = to, .id = id, .wparam = own.wnd, .lparam = lparam};

    return host_send(&m, wait_ms);
}

/* ---- Windows ------------------------------------------------------------------------------------------- */

static void a_window_is_known_by_its_handle_when_it_has_been_asked_for(void **state)
{
    struct partner *p = partner();

    (void)state;
    assert_false(host_window_alive(p->wnd));
    assert_true(host_window_meet(p->wnd, TEST_PATIENCE_MS));
    assert_true(host_window_alive(p->wnd));
    assert_true(host_window_foreign(p->wnd));
    assert_false(host_window_ours(p->wnd));
    assert_true(host_window_unicode(p->wnd));
    assert_true(host_window_is(p->wnd, HOST_MOM));
    assert_int_equal(host_post_passing(p->wnd), HOST_PASS_COPY);
    assert_int_not_equal(host_window_thread(p->wnd), 0);
    assert_int_not_equal(host_window_thread(p->wnd), host_window_thread(own.wnd));
    assert_false(host_window_foreign(own.wnd));
    assert_false(host_window_meet(p->wnd + 32 * 1000, TEST_PATIENCE_MS));
    assert_false(host_window_meet((p->wnd + 32 * 1000) % ((host_wnd)1 << 47), TEST_PATIENCE_MS));
}

static bool has_card_7(void *partner)
{
    struct host_card card;

    return host_card_get(((struct partner *)partner)->wnd, &card) && card.size == 1 && card.u.bytes[0] == 7;
}

static void a_card_is_seen_and_so_is_its_change(void **state)
{
    struct partner *p = partner();
    struct host_card card;

    (void)state;
    tell(p, "card 3");
    test_process_expect(p->process, "1");
    assert_true(host_window_meet(p->wnd, TEST_PATIENCE_MS));
    assert_true(host_card_get(p->wnd, &card));
    assert_int_equal(card.u.bytes[0], 3);
    assert_false(host_card_set(p->wnd, &card));
    tell(p, "card 7");
    test_process_expect(p->process, "1");
    assert_true(test_pump_until(has_card_7, p, TEST_PATIENCE_MS));
}

static void a_window_that_has_closed_is_gone(void **state)
{
    struct partner *p = known_partner();
    struct host_msg m;
    host_mem mem;

    (void)state;
    tell(p, "close");
    test_process_expect(p->process, "ok");
    expect_gone(p);
    assert_int_equal(post_data(p, 100, &m, &mem), HOST_GONE);
    expect_unsent(&m, mem);
    assert_int_equal(send_id(p->wnd, PLAIN, 0, TEST_PATIENCE_MS), HOST_GONE);
    assert_false(host_card_get(p->wnd, &(struct host_card){0}));
    assert_int_equal(host_window_thread(p->wnd), 0);
    assert_false(host_watch(own.wnd, p->wnd));
}

static void the_windows_of_a_process_that_has_died_are_gone(void **state)
{
    struct partner *p = known_partner();
    struct host_msg m;
    host_mem mem;

    (void)state;
    kill_partner(p);
    expect_gone(p);
    assert_int_equal(post_data(p, 100000, &m, &mem), HOST_GONE);
    expect_unsent(&m, mem);
    assert_int_equal(send_id(p->wnd, PLAIN, 0, TEST_PATIENCE_MS), HOST_GONE);
    assert_false(host_window_meet(p->wnd, TEST_PATIENCE_MS));
}

static void whoever_watches_hears_of_the_end_behind_what_was_posted(void **state)
{
    struct partner *p = known_partner();

    (void)state;
    assert_true(host_watch(own.wnd, p->wnd));
    tell(p, "meet %llx", (unsigned long long)own.wnd);
    test_process_expect(p->process, "1");
    tell(p, "post %llx 3000", (unsigned long long)own.wnd);
    test_process_expect(p->process, "0 3000");
    tell(p, "close");
    test_process_expect(p->process, "ok");
    expect(&own.seen.n, 3001);
    assert_int_equal(own.seen.requests, 3000);
    assert_false(own.seen.out_of_order);
    assert_int_equal(own.seen.last.id, HOST_EV_LOST);
    assert_true(own.seen.last.wparam == p->wnd);
}

static void what_a_process_has_posted_before_its_end_arrives(void **state)
{
    struct partner *p = known_partner();

    (void)state;
    assert_true(host_watch(own.wnd, p->wnd));
    tell(p, "meet %llx", (unsigned long long)own.wnd);
    test_process_expect(p->process, "1");
    tell(p, "post-and-end %llx 3000", (unsigned long long)own.wnd);
    assert_int_equal(test_process_end(p->process), 0);
    expect(&own.seen.n, 3001);
    assert_int_equal(own.seen.requests, 3000);
    assert_false(own.seen.out_of_order);
    assert_int_equal(own.seen.last.id, HOST_EV_LOST);
    test_process_free(p->process);
    p->process = NULL;
}

/* ---- Posting ------------------------------------------------------------------------------------------- */

static void a_posted_block_is_copied_and_the_rest_is_given(void **state)
{
    static const size_t sizes[] = {5, 32 * 1024, 32 * 1024 + 1, 300 * 1024, 64 * MB};
    struct partner *p = known_partner();
    struct host_msg m;
    host_mem mem;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        long atoms = figure_atoms(), blocks = figure_blocks();
        struct seen s;

        assert_int_equal(post_data(p, sizes[i], &m, &mem), HOST_OK);
        assert_int_equal(figure_atoms(), atoms);
        assert_int_equal(figure_blocks(), blocks + 1);
        assert_int_equal(host_mem_size(m.lparam), 0);
        assert_int_equal(host_mem_size(mem), sizes[i]);
        host_mem_free(mem);
        assert_int_equal(send_id(p->wnd, PLAIN, 0, TEST_PATIENCE_MS), HOST_OK);
        do
            s = seen_by(p);
        while (s.size != sizes[i]);
        assert_int_equal(s.spoilt, 0);
    }
}

enum { VALUES = 30 };

/* What a window has been told, in order, and by whom. */
struct told {
    unsigned n;
    unsigned char value[2 * VALUES];
    host_wnd from[2 * VALUES];
};

static void write_down_value(void *ctx, const struct host_msg *msg)
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

static void an_equal_message_to_another_window_is_a_message_of_its_own(void **state)
{
    struct partner *p = known_partner();
    struct told one = {0}, two = {0};
    host_wnd w1 = host_window_create(HOST_MOM, 0, true, write_down_value, &one),
             w2 = host_window_create(HOST_MOM, 0, true, write_down_value, &two);

    (void)state;
    tell(p, "meet %llx", (unsigned long long)w1);
    test_process_expect(p->process, "1");
    tell(p, "meet %llx", (unsigned long long)w2);
    test_process_expect(p->process, "1");
    tell(p, "update %llx %llx %u", (unsigned long long)w1, (unsigned long long)w2, VALUES);
    test_process_expect(p->process, "ok");
    expect(&one.n, 2 * VALUES);
    expect(&two.n, VALUES);
    for (unsigned i = 0; i < VALUES; i++) {
        assert_int_equal(one.value[2 * i], i % COMES_BACK);
        assert_int_equal(one.value[2 * i + 1], i % COMES_BACK);
        assert_int_equal(two.value[i], i % COMES_BACK);
        assert_true(one.from[2 * i] == p->wnd && one.from[2 * i + 1] == p->wnd);
        assert_true(two.from[i] == two.from[0] && two.from[i] != p->wnd);
    }
    host_window_destroy(w1);
    host_window_destroy(w2);
}

static void posts_to_one_that_stands_still_fill_its_queue_and_arrive_in_order(void **state)
{
    struct partner *slow = known_partner(), *other = known_partner();
    uint64_t until = host_now_ms() + 3 * TEST_PATIENCE_MS;
    unsigned posted = 0, more;
    struct host_msg m;
    host_mem mem;
    struct seen s;

    (void)state;
    test_process_stop(slow->process);
    assert_int_equal(post_requests(slow->wnd, own.wnd, 0, 2 * LIMIT, &posted), HOST_FULL);
    assert_int_equal(posted, LIMIT);
    assert_int_equal(post_data(slow, 100, &m, &mem), HOST_FULL);
    expect_unsent(&m, mem);
    /* Nobody else is held up. */
    assert_int_equal(send_id(other->wnd, INITIATE, 0, TEST_PATIENCE_MS), HOST_OK);
    assert_int_equal(post_requests(other->wnd, own.wnd, 0, 100, &more), HOST_OK);
    do
        s = seen_by(other);
    while (s.requests < 100);
    test_process_continue(slow->process);
    while (posted < 2 * LIMIT && host_now_ms() < until) {
        int r = post_requests(slow->wnd, own.wnd, posted, 2 * LIMIT - posted, &more);

        assert_true(r == HOST_OK || r == HOST_FULL);
        posted += more;
        host_dispatch(HOST_ALL_MESSAGES, host_now_ms() + 10);
    }
    assert_int_equal(posted, 2 * LIMIT);
    do
        s = seen_by(slow);
    while (s.requests < 2 * LIMIT && host_now_ms() < until);
    assert_int_equal(s.requests, 2 * LIMIT);
    assert_false(s.out_of_order);
}

static void an_equal_message_travels_as_a_reference_and_counts_like_any_other(void **state)
{
    enum { SIZE = 8192 };
    struct partner *p = known_partner();
    size_t said = bytes_said;
    unsigned posted = 0;
    struct host_msg m;
    host_mem mem;

    (void)state;
    test_process_stop(p->process);
    while (posted <= LIMIT && post_data(p, SIZE, &m, &mem) == HOST_OK) {
        host_mem_free(mem);
        posted++;
    }
    expect_unsent(&m, mem);
    assert_int_equal(posted, LIMIT);
    test_process_continue(p->process);
    do
        host_dispatch(HOST_ALL_MESSAGES, host_now_ms() + 10);
    while (seen_by(p).n < LIMIT);
    assert_int_equal(seen_by(p).spoilt, 0);
    assert_true(bytes_said - said < (size_t)LIMIT * 100);
}

static void behind_a_large_block_an_equal_message_travels_in_full(void **state)
{
    const size_t sizes[] = {100, 40000, 100, 100};
    enum { N = sizeof sizes / sizeof *sizes };
    struct partner *p = known_partner();

    (void)state;
    for (unsigned i = 0; i < N; i++) {
        struct host_msg m;
        host_mem mem;

        assert_int_equal(post_data(p, sizes[i], &m, &mem), HOST_OK);
        host_mem_free(mem);
    }
    assert_int_equal(send_id(p->wnd, INITIATE, 0, TEST_PATIENCE_MS), HOST_OK);
    while (seen_by(p).n < N + 1)
        assert_true(host_window_alive(p->wnd));
    assert_int_equal(seen_by(p).size, 100);
    assert_int_equal(seen_by(p).spoilt, 0);
}

static void a_message_that_could_not_be_posted_is_not_the_one_before(void **state)
{
    struct partner *p = known_partner();
    unsigned done, more;
    char line[TEST_LINE];
    int r;

    (void)state;
    tell(p, "meet %llx", (unsigned long long)own.wnd);
    test_process_expect(p->process, "1");
    tell(p, "post-without-memory %llx", (unsigned long long)own.wnd);
    assert_true(test_process_hear(p->process, line, TEST_PATIENCE_MS));
    assert_int_equal(sscanf(line, "%d %u %u", &r, &done, &more), 3);
    assert_int_equal(r, HOST_FAULT);
    assert_int_equal(more, 10);
    expect(&own.seen.requests, done + more);
    assert_false(own.seen.out_of_order);
}

static void behind_a_message_that_is_lost_nothing_arrives(void **state)
{
    struct partner *p = known_partner();

    (void)state;
    tell(p, "meet %llx", (unsigned long long)own.wnd);
    test_process_expect(p->process, "1");
    tell(p, "post-what-is-lost %llx", (unsigned long long)own.wnd);
    test_process_expect(p->process, "4");
    expect_gone(p);
    assert_true(own.seen.requests > 0);
    assert_false(own.seen.out_of_order);
}

/* That nothing is left behind is what the sanitizer sees. */
static void one_whose_messages_there_is_no_memory_for_is_gone(void **state)
{
    const struct {
        atomic_uint *what;
        unsigned which;
    } refused[] = {{&no_malloc, 1}, {&no_calloc, 1}, {&no_calloc, 2}};

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct partner *p = known_partner();
        uint64_t until = host_now_ms() + TEST_PATIENCE_MS;
        char line[TEST_LINE];

        tell(p, "meet %llx", (unsigned long long)own.wnd);
        test_process_expect(p->process, "1");
        tell(p, "post-others %llx 200", (unsigned long long)own.wnd);
        *refused[i].what = refused[i].which;
        while (*refused[i].what && host_now_ms() < until) /* they are not dispatched */
            host_dispatch(HOST_DDE_MESSAGES, host_now_ms() + 10);
        assert_int_equal(*refused[i].what, 0);
        expect_gone(p);
        assert_true(test_process_hear(p->process, line, TEST_PATIENCE_MS));
    }
}

static bool is_memory_there(void *unused)
{
    (void)unused;
    return no_blocks == 0;
}

static void a_message_waits_for_memory_and_is_lost_if_there_is_none_for_long(void **state)
{
    enum { A_FEW = 5, TOO_MANY = 100 }; /* for one message */
    const struct {
        unsigned refused, arrive;
    } rounds[] = {{A_FEW, 3}, {3 * TOO_MANY, 0}, {A_FEW, 3}};
    struct partner *p = known_partner();
    struct told told = {0};
    host_wnd wnd = host_window_create(HOST_MOM, 0, true, write_down_value, &told);

    (void)state;
    tell(p, "meet %llx", (unsigned long long)wnd);
    test_process_expect(p->process, "1");
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++) {
        told.n = 0;
        tell(p, "update %llx %llx 1", (unsigned long long)wnd, (unsigned long long)wnd);
        no_blocks = rounds[i].refused;
        test_process_expect(p->process, "ok");
        assert_true(test_pump_until(is_memory_there, NULL, TEST_PATIENCE_MS));
        expect(&told.n, rounds[i].arrive);
        while (host_dispatch(HOST_ALL_MESSAGES, 0))
            ;
        assert_int_equal(told.n, rounds[i].arrive);
        if (told.n)
            assert_true(told.from[0] == p->wnd && told.from[1] != p->wnd && told.from[2] == p->wnd);
    }
    host_window_destroy(wnd);
}

/* What was for a window that closes counts as taken: else its sender would wait for ever. */
static void a_queue_that_went_with_its_window_is_empty(void **state)
{
    struct partner *p = known_partner();

    (void)state;
    for (int round = 0; round < 3; round++) {
        host_wnd second = host_window_create(HOST_MOM, 0, true, write_down, &own.seen);
        uint64_t until = host_now_ms() + TEST_PATIENCE_MS;

        tell(p, "meet %llx", (unsigned long long)second);
        test_process_expect(p->process, "1");
        tell(p, "post-others %llx %d", (unsigned long long)second, LIMIT);
        while (figure_posts() < LIMIT && host_now_ms() < until) /* they are not dispatched */
            host_dispatch(HOST_DDE_MESSAGES, host_now_ms() + 10);
        assert_int_equal(figure_posts(), LIMIT);
        host_window_destroy(second);
        test_process_expect(p->process, "0 10000");
    }
}

static void blocks_for_one_that_stands_still_use_up_nobodys_descriptors(void **state)
{
    enum { BLOCKS = 600, FEW = 100 };
    struct rlimit many, few;
    struct partner *p = known_partner();
    unsigned posted = 0;
    int r;

    (void)state;
    tell(p, "few %d", FEW);
    test_process_expect(p->process, "0");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &many), 0);
    few = many;
    few.rlim_cur = FEW;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    test_process_stop(p->process);
    for (bool stopped = true; posted < BLOCKS;) {
        struct host_msg m;
        host_mem mem;

        r = post_data(p, 40000, &m, &mem);
        if (r == HOST_OK) {
            host_mem_free(mem);
            posted++;
            continue;
        }
        expect_unsent(&m, mem);
        if (r != HOST_FULL)
            break;
        if (stopped)
            test_process_continue(p->process);
        stopped = false;
        host_dispatch(HOST_ALL_MESSAGES, host_now_ms() + 1);
    }
    setrlimit(RLIMIT_NOFILE, &many);
    assert_int_equal(posted, BLOCKS);
    assert_true(host_window_alive(p->wnd));
    assert_int_equal(post_requests(p->wnd, own.wnd, 0, 1, &posted), HOST_OK);
    while (seen_by(p).requests < 1)
        ;
    assert_int_equal(seen_by(p).spoilt, 0);
    assert_int_equal(seen_by(p).size, 40000);
}

static void without_descriptors_whoever_connects_has_to_wait_and_is_heard_then(void **state)
{
    struct partner *p = partner();
    struct rlimit many, none;
    int lowest;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &many), 0);
    none = many;
    lowest = dup(0);
    close(lowest);
    none.rlim_cur = (rlim_t)lowest;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    tell(p, "meet %llx", (unsigned long long)own.wnd);
    for (int i = 0; i < 20; i++)
        host_dispatch(HOST_ALL_MESSAGES, host_now_ms() + 10);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &many), 0);
    test_process_expect(p->process, "1");
}

/* ---- Sending ------------------------------------------------------------------------------------------- */

static void a_sent_message_is_done_with_when_it_returns(void **state)
{
    struct partner *p = known_partner();
    host_atom service = atom_of("Service"), topic = atom_of("Topic");
    uintptr_t names = service | (uintptr_t)topic << 16;
    long atoms = figure_atoms();

    (void)state;
    for (unsigned i = 1; i <= 100; i++) {
        assert_int_equal(send_id(p->wnd, INITIATE, names, TEST_PATIENCE_MS), HOST_OK);
        assert_int_equal(figure_atoms(), atoms); /* they were lent */
    }
    assert_int_equal(seen_by(p).sent, 100);
    assert_int_equal(send_id(p->wnd, ACK, names, TEST_PATIENCE_MS), HOST_OK);
    assert_int_equal(figure_atoms(), atoms - 2); /* these were given */
}

static void what_may_have_arrived_is_no_longer_the_senders(void **state)
{
    struct partner *p = known_partner();
    uintptr_t names = atom_of("Service") | (uintptr_t)atom_of("Topic") << 16;
    long atoms = figure_atoms();

    (void)state;
    test_process_stop(p->process);
    assert_int_equal(send_id(p->wnd, ACK, names, SOON), HOST_UNSURE);
    assert_int_equal(figure_atoms(), atoms - 2);
    assert_int_equal(send_id(p->wnd, INITIATE, 0, SOON), HOST_UNSURE);
    test_process_continue(p->process);
    assert_int_equal(send_id(p->wnd, PLAIN, 0, TEST_PATIENCE_MS), HOST_OK);
    assert_int_equal(seen_by(p).sent, 0); /* its time was over */
}

static void a_process_that_dies_of_a_message_ends_the_wait(void **state)
{
    struct partner *p = known_partner();

    (void)state;
    assert_int_equal(send_id(p->wnd, DEADLY, 0, 6 * TEST_PATIENCE_MS), HOST_GONE);
    assert_false(host_window_alive(p->wnd));
    kill_partner(p);
}

static void two_processes_send_to_each_other_at_the_same_time(void **state)
{
    struct partner *p = known_partner();

    (void)state;
    tell(p, "meet %llx", (unsigned long long)own.wnd);
    test_process_expect(p->process, "1");
    for (unsigned i = 1; i <= 200; i++) {
        tell(p, "send %llx", (unsigned long long)own.wnd);
        assert_int_equal(send_id(p->wnd, INITIATE, 0, TEST_PATIENCE_MS), HOST_OK);
        test_process_expect(p->process, "0");
        assert_int_equal(own.seen.sent, i);
    }
    assert_int_equal(seen_by(p).sent, 200);
}

static void two_processes_may_connect_at_the_same_moment(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct partner *p = partner();

        tell(p, "meet %llx", (unsigned long long)own.wnd);
        assert_true(host_window_meet(p->wnd, TEST_PATIENCE_MS));
        test_process_expect(p->process, "1");
        assert_int_equal(send_id(p->wnd, INITIATE, 0, TEST_PATIENCE_MS), HOST_OK);
        kill_partner(p);
        own.n_partners = 0;
    }
}

static bool is_enough(void *arg)
{
    (void)arg;
    return own.seen.acks > 0;
}

static int ask_all(const char *service, uint32_t wait_ms, bool (*enough)(void *arg))
{
    host_atom name = atom_of(service);
    struct host_msg m = {.id = INITIATE, .wparam = own.wnd, .lparam = name};
    int r = host_broadcast(HOST_TOP_LEVEL, &m, wait_ms, enough, NULL);

    host_atom_delete(name);
    return r;
}

static void a_broadcast_asks_those_who_serve_the_name(void **state)
{
    struct partner *one = partner(), *other = partner();

    (void)state;
    tell(one, "serve Bread");
    test_process_expect(one->process, "1");
    assert_int_equal(ask_all("bread", TEST_PATIENCE_MS, NULL), HOST_OK);
    assert_int_equal(seen_by(one).sent, 1);
    assert_int_equal(ask_all("Wine", TEST_PATIENCE_MS, NULL), HOST_OK);
    assert_int_equal(seen_by(one).sent, 1);
    assert_int_equal(seen_by(other).sent, 0);
    tell(other, "hear-all");
    test_process_expect(other->process, "ok");
    assert_int_equal(ask_all("Wine", TEST_PATIENCE_MS, NULL), HOST_OK);
    assert_int_equal(seen_by(one).sent, 1);
    assert_int_equal(seen_by(other).sent, 1);
}

static void a_broadcast_that_has_enough_waits_for_nobody_who_stands_still(void **state)
{
    struct partner *slow = partner(), *quick = partner();

    (void)state;
    tell(slow, "hear-all");
    test_process_expect(slow->process, "ok");
    tell(quick, "serve Bread");
    test_process_expect(quick->process, "1");
    tell(quick, "answer");
    test_process_expect(quick->process, "ok");
    test_process_stop(slow->process);
    ask_all("Bread", UINT32_MAX / 2, is_enough); /* would wait for weeks */
    assert_int_equal(own.seen.acks, 1);
    assert_int_equal(ask_all("Bread", SOON, NULL), HOST_UNSURE);
    test_process_continue(slow->process);
}

static void event_windows_hear_and_are_not_waited_for(void **state)
{
    struct partner *p = known_partner();
    struct host_msg m = {.id = HOST_EV_REGISTER, .wparam = own.wnd};

    (void)state;
    test_process_stop(p->process);
    assert_int_equal(host_broadcast(HOST_EVENT_WINDOWS, &m, UINT32_MAX / 2, NULL, NULL), HOST_OK);
    test_process_continue(p->process);
    while (seen_by(p).events < 1)
        ;
}

static void nobody_speaks_in_the_name_of_another_ones_window(void **state)
{
    struct partner *p = known_partner(), *other = known_partner();
    struct host_msg m = {.to = p->wnd, .id = REQUEST, .wparam = other->wnd};

    (void)state;
    assert_int_equal(host_post(&m), HOST_FAULT);
    assert_int_equal(host_send(&m, TEST_PATIENCE_MS), HOST_FAULT);
    m.wparam = 12345;
    assert_int_equal(host_post(&m), HOST_FAULT);
    m.wparam = own.wnd;
    assert_int_equal(host_post(&m), HOST_OK);
    while (seen_by(p).requests < 1)
        ;
}

static void news_are_heard_in_other_processes(void **state)
{
    struct partner *p = partner();
    char line[TEST_LINE];
    unsigned heard = 0;

    (void)state;
    assert_int_equal(host_listened() & 8, 0);
    tell(p, "listen");
    test_process_expect(p->process, "1");
    assert_int_equal(host_listened() & 8, 8);
    for (int i = 0; i < 100; i++)
        host_tell(8, "news", 5);
    while (heard < 100) {
        tell(p, "news");
        assert_true(test_process_hear(p->process, line, TEST_PATIENCE_MS));
        heard += (unsigned)atoi(line);
    }
    assert_int_equal(heard, 100);
}

/* ---- Threads ------------------------------------------------------------------------------------------- */

enum { THREADS = 4, FROM_PARTNER = 500 };

struct listener {
    pthread_t id;
    struct seen seen;
    struct listener *next; /* whom it keeps awake */
    atomic_uintptr_t wnd;
    atomic_bool failed;
};

static atomic_uint n_ready;

static bool has_its_share(void *arg)
{
    const struct listener *l = arg;

    return l->seen.requests >= FROM_PARTNER;
}

/* With every message it gives another thread one of its own, so that that one wakes up at any moment. */
static void pass_on(void *ctx, const struct host_msg *msg)
{
    struct listener *l = ctx;
    struct host_msg m = {.to = l->next->wnd, .id = PLAIN};

    write_down(&l->seen, msg);
    if (msg->id == REQUEST)
        host_post(&m);
}

static void *keep_listening(void *arg)
{
    struct listener *l = arg;

    l->wnd = host_window_create(HOST_MOM, 0, true, pass_on, l);
    atomic_fetch_add(&n_ready, 1);
    l->failed = !host_pump(HOST_ALL_MESSAGES, has_its_share, l, host_now_ms() + 3 * TEST_PATIENCE_MS);
    host_window_destroy(l->wnd);
    return NULL;
}

static bool all_ready(void *arg)
{
    (void)arg;
    return n_ready == THREADS;
}

/* Whichever of them waits for other processes when it gets something to do hands that on. */
static void every_thread_gets_what_others_send_whoever_is_busy(void **state)
{
    struct listener all[THREADS] = {0};
    struct partner *p = partner();

    (void)state;
    n_ready = 0;
    for (int i = 0; i < THREADS; i++) {
        all[i].next = &all[(i + 1) % THREADS];
        assert_int_equal(pthread_create(&all[i].id, NULL, keep_listening, &all[i]), 0);
    }
    assert_true(test_pump_until(all_ready, NULL, TEST_PATIENCE_MS));
    for (int i = 0; i < THREADS; i++) {
        tell(p, "meet %llx", (unsigned long long)all[i].wnd);
        test_process_expect(p->process, "1");
    }
    for (int i = 0; i < THREADS; i++)
        tell(p, "post %llx %d", (unsigned long long)all[i].wnd, FROM_PARTNER);
    for (int i = 0; i < THREADS; i++)
        pthread_join(all[i].id, NULL); /* this thread does not look meanwhile */
    for (int i = 0; i < THREADS; i++)
        assert_false(all[i].failed);
    for (int i = 0; i < THREADS; i++)
        test_process_expect(p->process, "0 500");
}

enum { SLEEPERS = 3, TURNS = 300 };

struct sleeper {
    pthread_t id;
    atomic_uintptr_t wnd;
    struct test_event *heard, *go;
    atomic_uint back;
    atomic_bool over;
};

static void be_busy(void *ctx, const struct host_msg *msg)
{
    struct sleeper *s = ctx;

    if (msg->id == REQUEST) {
        test_event_set(s->heard);
    } else if (msg->id == PLAIN) {
        test_event_wait(s->go, TEST_PATIENCE_MS);
        test_event_reset(s->go);
        atomic_fetch_add(&s->back, 1);
    }
}

static bool is_over(void *arg)
{
    return ((struct sleeper *)arg)->over;
}

static void *sleep_and_be_busy(void *arg)
{
    struct sleeper *s = arg;

    s->wnd = host_window_create(HOST_MOM, 0, true, be_busy, s);
    atomic_fetch_add(&n_ready, 1);
    host_pump(HOST_ALL_MESSAGES, is_over, s, host_now_ms() + 6 * TEST_PATIENCE_MS);
    host_window_destroy(s->wnd);
    return NULL;
}

static bool are_sleeping(void *arg)
{
    (void)arg;
    return n_ready == SLEEPERS;
}

/* Two of three threads get something to do at once, one of which may be the one that waits for other processes, and
 * the other the one that is to take over from it. */
static void a_thread_that_is_asleep_is_reached_when_all_others_are_busy(void **state)
{
    struct sleeper all[SLEEPERS] = {0};
    struct partner *p = partner();
    bool heard = true;

    (void)state;
    n_ready = 0;
    for (int i = 0; i < SLEEPERS; i++) {
        all[i].heard = test_event_new();
        all[i].go = test_event_new();
        assert_int_equal(pthread_create(&all[i].id, NULL, sleep_and_be_busy, &all[i]), 0);
    }
    assert_true(test_pump_until(are_sleeping, NULL, TEST_PATIENCE_MS));
    for (int i = 0; i < SLEEPERS; i++) {
        tell(p, "meet %llx", (unsigned long long)all[i].wnd);
        test_process_expect(p->process, "1");
    }
    for (int turn = 0; turn < TURNS && heard; turn++) {
        struct sleeper *idle = &all[turn % SLEEPERS];

        for (int i = 1; i < SLEEPERS; i++) {
            struct host_msg m = {.to = all[(turn + i) % SLEEPERS].wnd, .id = PLAIN};

            assert_int_equal(host_post(&m), HOST_OK);
        }
        tell(p, "post %llx 1", (unsigned long long)idle->wnd);
        heard = test_event_wait(idle->heard, TEST_PATIENCE_MS);
        test_event_reset(idle->heard);
        for (int i = 1; i < SLEEPERS; i++) {
            struct sleeper *busy = &all[(turn + i) % SLEEPERS];
            unsigned before_it = busy->back;

            test_event_set(busy->go);
            while (busy->back == before_it && heard)
                sched_yield();
        }
        test_process_expect(p->process, "0 1");
    }
    for (int i = 0; i < SLEEPERS; i++) {
        struct host_msg m = {.to = all[i].wnd, .id = HOST_EV_RESUME};

        all[i].over = true;
        host_post(&m);
        pthread_join(all[i].id, NULL);
        test_event_free(all[i].heard);
        test_event_free(all[i].go);
    }
    assert_true(heard);
}

static void *wait_for_ever(void *arg)
{
    (void)arg;
    atomic_fetch_add(&n_ready, 1);
    host_pump(HOST_ALL_MESSAGES, is_granted, &(struct wish){&(unsigned){0}, 1},
              host_now_ms() + 3 * TEST_PATIENCE_MS);
    return NULL;
}

static void a_thread_that_is_cancelled_in_its_sleep_leaves_the_watch_to_others(void **state)
{
    struct partner *p = partner();
    pthread_t id;
    void *result;

    (void)state;
    tell(p, "meet %llx", (unsigned long long)own.wnd);
    test_process_expect(p->process, "1");
    for (int i = 0; i < 20; i++) {
        n_ready = 0;
        assert_int_equal(pthread_create(&id, NULL, wait_for_ever, NULL), 0);
        while (!n_ready)
            host_dispatch(HOST_ALL_MESSAGES, 0);
        if (i % 2)
            test_pump_all();
        assert_int_equal(pthread_cancel(id), 0);
        assert_int_equal(pthread_join(id, &result), 0);
        assert_true(result == PTHREAD_CANCELED);
        own.seen.requests = 0;
        tell(p, "post %llx 1", (unsigned long long)own.wnd);
        expect(&own.seen.requests, 1);
        test_process_expect(p->process, "0 1");
    }
}

/* ---- Children ------------------------------------------------------------------------------------------ */

static atomic_bool over;

/* Holds every lock now and then. */
static void *bustle(void *arg)
{
    host_wnd wnd = host_window_create(HOST_MOM, 0, true, write_down, &(struct seen){0});
    struct host_msg m = {.to = *(host_wnd *)arg, .id = PLAIN};

    while (!over) {
        host_mem mem = host_mem_alloc(100, false);
        host_atom atom = atom_of("Bustle");
        host_wnd child = host_window_create(HOST_CLIENT, wnd, true, write_down, &(struct seen){0});

        host_listen(wnd, 2);
        host_tell(2, "x", 1);
        host_post(&m);
        host_dispatch(HOST_ALL_MESSAGES, 0);
        host_window_destroy(child);
        host_atom_delete(atom);
        host_mem_free(mem);
    }
    host_window_destroy(wnd);
    return NULL;
}

/* In a child: everything works, among others with its parent's partner. */
static int be_a_child(host_wnd parents, host_wnd partners)
{
    struct seen s = {0};
    host_wnd wnd;

    alarm(2 * TEST_PATIENCE_MS / 1000);
    if (host_window_alive(parents) || host_window_alive(partners))
        return 1;
    wnd = host_window_create(HOST_MOM, 0, true, write_down, &s);
    if (post_requests(wnd, 0, 0, 1, &(unsigned){0}) != HOST_OK || !host_dispatch(HOST_ALL_MESSAGES, 0))
        return 2;
    if (!host_listen(wnd, 4) || post_requests(parents, 0, 0, 1, &(unsigned){0}) != HOST_GONE)
        return 3;
    host_mem_free(host_mem_alloc(100, false));
    host_atom_delete(atom_of("Child"));
    if (!host_window_meet(partners, TEST_PATIENCE_MS))
        return 4;
    host_window_destroy(wnd);
    return 0;
}

static void a_child_of_fork_finds_every_lock_free(void **state)
{
    struct partner *p = known_partner();
    pthread_t threads[2];

    (void)state;
    over = false;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, bustle, &p->wnd), 0);
    for (int i = 0; i < 60; i++) {
        int status = -1;
        pid_t child = fork();

        if (child == 0)
            _exit(be_a_child(own.wnd, p->wnd));
        assert_true(child > 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        if (status)
            over = true;
        assert_int_equal(status, 0);
    }
    over = true;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        RULE(a_window_is_known_by_its_handle_when_it_has_been_asked_for),
        RULE(a_card_is_seen_and_so_is_its_change),
        RULE(a_window_that_has_closed_is_gone),
        RULE(the_windows_of_a_process_that_has_died_are_gone),
        RULE(whoever_watches_hears_of_the_end_behind_what_was_posted),
        RULE(what_a_process_has_posted_before_its_end_arrives),
        RULE(a_posted_block_is_copied_and_the_rest_is_given),
        RULE(an_equal_message_to_another_window_is_a_message_of_its_own),
        RULE(posts_to_one_that_stands_still_fill_its_queue_and_arrive_in_order),
        RULE(an_equal_message_travels_as_a_reference_and_counts_like_any_other),
        RULE(behind_a_large_block_an_equal_message_travels_in_full),
        RULE(a_message_that_could_not_be_posted_is_not_the_one_before),
        RULE(behind_a_message_that_is_lost_nothing_arrives),
        RULE(one_whose_messages_there_is_no_memory_for_is_gone),
        RULE(a_message_waits_for_memory_and_is_lost_if_there_is_none_for_long),
        RULE(a_queue_that_went_with_its_window_is_empty),
        RULE(blocks_for_one_that_stands_still_use_up_nobodys_descriptors),
        RULE(without_descriptors_whoever_connects_has_to_wait_and_is_heard_then),
        RULE(a_sent_message_is_done_with_when_it_returns),
        RULE(what_may_have_arrived_is_no_longer_the_senders),
        RULE(a_process_that_dies_of_a_message_ends_the_wait),
        RULE(two_processes_send_to_each_other_at_the_same_time),
        RULE(two_processes_may_connect_at_the_same_moment),
        RULE(a_broadcast_asks_those_who_serve_the_name),
        RULE(a_broadcast_that_has_enough_waits_for_nobody_who_stands_still),
        RULE(event_windows_hear_and_are_not_waited_for),
        RULE(nobody_speaks_in_the_name_of_another_ones_window),
        RULE(news_are_heard_in_other_processes),
        RULE(every_thread_gets_what_others_send_whoever_is_busy),
        RULE(a_thread_that_is_asleep_is_reached_when_all_others_are_busy),
        RULE(a_thread_that_is_cancelled_in_its_sleep_leaves_the_watch_to_others),
        RULE(a_child_of_fork_finds_every_lock_free),
    };

    if (argc == 2 && !strcmp(argv[1], "partner"))
        return run_partner();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
