/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "cast.h"

#ifndef _WIN32
#include "host/posix/figures.h"
#endif

/* ---- Records ---------------------------------------------------------------------------------------- */

void record_proc(void *ctx, const struct host_msg *msg)
{
    struct record *rec = ctx;

    if (rec->n < RECORD_SIZE)
        rec->msg[rec->n] = *msg;
    rec->thread = host_thread_id();
    rec->n++;
    if (rec->hook)
        rec->hook(rec, msg);
}

bool wish_granted(void *arg)
{
    struct wish *wish = arg;

    return wish->rec->n >= wish->n;
}

bool pump_for(struct record *rec, int n)
{
    struct wish wish = {rec, n};

    return host_pump(HOST_ALL_MESSAGES, wish_granted, &wish, host_now_ms() + PATIENCE);
}

bool never(void *arg)
{
    (void)arg;
    return false;
}

void pump_dry(void)
{
    while (host_dispatch(HOST_ALL_MESSAGES, 0)) {
    }
}

/* ---- The fixture ------------------------------------------------------------------------------------ */

#ifndef _WIN32
static void take_figures(long figure[7])
{
    figure[0] = figure_windows();
    figure[1] = figure_posts();
    figure[2] = figure_sends();
    figure[3] = figure_threads();
    figure[4] = figure_blocks();
    figure[5] = figure_atoms();
    figure[6] = figure_remains();
}
#endif

int fx_up(void **state)
{
    struct fx *fx = calloc(1, sizeof *fx);

    if (!fx)
        return -1;
    host_dispatch(HOST_ALL_MESSAGES, 0); /* the main thread is one of the host's */
    host_thread_slot(NULL);
#ifndef _WIN32
    take_figures(fx->baseline);
#endif
    *state = fx;
    return 0;
}

host_wnd window_of(struct fx *fx, enum host_class cls, host_wnd parent, struct record *rec)
{
    host_wnd wnd = host_window_create(cls, parent, true, record_proc, rec);

    assert_true(fx->n_wnd < THINGS);
    fx->wnd[fx->n_wnd++] = wnd;
    assert_true(wnd != 0);
    return wnd;
}

host_mem memory_of(struct fx *fx, size_t size)
{
    host_mem mem = host_mem_alloc(size, false);

    assert_true(fx->n_mem < THINGS);
    fx->mem[fx->n_mem++] = mem;
    assert_true(mem != 0);
    return mem;
}

host_atom atom_of(struct fx *fx, const uint16_t *text)
{
    host_atom atom = host_atom_add(text);

    assert_true(fx->n_atom < THINGS);
    fx->atom[fx->n_atom++] = atom;
    assert_true(atom != 0);
    return atom;
}

void atom_drop(struct fx *fx, host_atom atom)
{
    for (size_t i = 0; i < fx->n_atom; i++) {
        if (fx->atom[i] == atom) {
            fx->atom[i] = fx->atom[--fx->n_atom];
            host_atom_delete(atom);
            return;
        }
    }
}

static void actor_main(void *arg)
{
    struct actor *a = arg;

    a->id = host_thread_id();
    a->session = host_session_thread();
    a->body(a);
    event_set(&a->seen);
}

struct actor *actor_of(struct fx *fx, enum host_class cls, void (*body)(struct actor *a))
{
    struct actor *a = &fx->actor[fx->n_actors];

    assert_true(fx->n_actors < ACTORS);
    a->cls = cls;
    a->body = body;
    event_init(&a->ready);
    event_init(&a->go);
    event_init(&a->seen);
    fx->n_actors++;
    a->running = thread_start(&a->thread, actor_main, a);
    assert_true(a->running);
    assert_true(event_wait(&a->ready, PATIENCE));
    return a;
}

void actor_end(struct actor *a)
{
    struct host_msg nudge = {.to = a->wnd, .id = HOST_EV_RESUME};

    if (!a->running)
        return;
    a->stop = true;
    event_set(&a->go);
    host_post(&nudge);
    thread_join(&a->thread);
    a->running = false;
}

int fx_down(void **state)
{
    struct fx *fx = *state;
    size_t alive = 0, blocks = 0, atoms = 0;
    uint16_t name[HOST_ATOM_CHARS + 1];
    bool queued;

    for (size_t i = 0; i < fx->n_actors; i++) {
        struct actor *a = &fx->actor[i];
        actor_end(a);
        event_deinit(&a->ready);
        event_deinit(&a->go);
        event_deinit(&a->seen);
        alive += host_window_alive(a->wnd);
    }
    for (size_t i = 0; i < fx->n_wnd; i++)
        host_window_destroy(fx->wnd[i]);
    for (size_t i = 0; i < fx->n_mem; i++)
        host_mem_free(fx->mem[i]);
    for (size_t i = 0; i < fx->n_atom; i++)
        host_atom_delete(fx->atom[i]);

    queued = host_dispatch(HOST_ALL_MESSAGES, 0);
    for (size_t i = 0; i < fx->n_wnd; i++)
        alive += host_window_alive(fx->wnd[i]);
    for (size_t i = 0; i < fx->n_mem; i++)
        blocks += host_mem_size(fx->mem[i]) != 0;
    for (size_t i = 0; i < fx->n_atom; i++)
        atoms += fx->atom[i] >= 0xC000 && host_atom_name(fx->atom[i], name) != 0;
#ifndef _WIN32
    long baseline[7], left[7] = {0};
    memcpy(baseline, fx->baseline, sizeof baseline);
    take_figures(left);
#endif
    free(fx);

    assert_int_equal(alive, 0);
    assert_int_equal(blocks, 0);
    assert_int_equal(atoms, 0);
    assert_false(queued);
#ifndef _WIN32
    assert_int_equal(left[0], baseline[0]); /* windows */
    assert_int_equal(left[1], baseline[1]); /* posts   */
    assert_int_equal(left[2], baseline[2]); /* sends   */
    assert_int_equal(left[3], baseline[3]); /* threads */
    assert_int_equal(left[4], baseline[4]); /* blocks  */
    assert_int_equal(left[5], baseline[5]); /* atoms   */
    assert_int_equal(left[6], 0);           /* memory of threads that have ended */
#endif
    return 0;
}

/* ---- Actors' usual parts ---------------------------------------------------------------------------- */

bool told_to_stop(void *arg)
{
    struct actor *a = arg;

    return a->stop;
}

void make_window(struct actor *a)
{
    a->wnd = host_window_create(a->cls, 0, true, record_proc, &a->rec);
}

void hear_messages(struct actor *a)
{
    make_window(a);
    event_set(&a->ready);
    host_pump(HOST_ALL_MESSAGES, told_to_stop, a, host_now_ms() + 3 * PATIENCE);
    host_window_destroy(a->wnd);
}

void hang_first(struct actor *a)
{
    make_window(a);
    event_set(&a->ready);
    event_wait(&a->go, 3 * PATIENCE);
    host_pump(HOST_ALL_MESSAGES, told_to_stop, a, host_now_ms() + 3 * PATIENCE);
    host_window_destroy(a->wnd);
}

int post_number(host_wnd to, uint32_t id, uintptr_t number)
{
    struct host_msg msg = {.to = to, .id = id, .lparam = number};

    return host_post(&msg);
}

int send_number(host_wnd to, uintptr_t number, uint32_t wait_ms)
{
    struct host_msg msg = {.to = to, .id = INITIATE, .lparam = number};

    return host_send(&msg, wait_ms);
}
