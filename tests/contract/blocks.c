/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Global memory, and data that is a handle. One rule per test; see cast.h. */

#include "cast.h"

/* ---- Global memory ---------------------------------------------------------------------------------- */

static void mem_has_the_exact_size_and_is_zero(void **state)
{
    const size_t size[] = {1, 2, 7, 8, 100, 4096, 1000003};

    (void)state;
    for (size_t i = 0; i < 14; i++) {
        host_mem mem = host_mem_alloc(size[i / 2], i % 2);
        const char *p = host_mem_lock(mem);
        size_t got = host_mem_size(mem), zeros = 0;
        while (p && zeros < got && p[zeros] == 0)
            zeros++;
        host_mem_unlock(mem);
        host_mem_free(mem);
        assert_int_equal(got, size[i / 2]);
        assert_int_equal(zeros, got);
    }
}

static void mem_resize_keeps_content(void **state)
{
    struct fx *fx = *state;
    host_mem mem = memory_of(fx, 10), bigger, smaller;
    char *p = host_mem_lock(mem);

    memset(p, 'a', 10);
    host_mem_unlock(mem);
    bigger = host_mem_resize(mem, 100000);
    assert_true(bigger != 0);
    fx->mem[0] = bigger;
    assert_int_equal(host_mem_size(bigger), 100000);
    p = host_mem_lock(bigger);
    assert_memory_equal(p, "aaaaaaaaaa", 10);
    for (size_t i = 10; i < 100000; i++)
        assert_int_equal(p[i], 0);
    host_mem_unlock(bigger);
    smaller = host_mem_resize(bigger, 3);
    assert_true(smaller != 0);
    fx->mem[0] = smaller;
    assert_int_equal(host_mem_size(smaller), 3);
    assert_memory_equal(host_mem_lock(smaller), "aaa", 3);
    host_mem_unlock(smaller);
}

static void locked_mem_stays_where_it_is(void **state)
{
    struct fx *fx = *state;
    host_mem mem = memory_of(fx, 16);
    char *p = host_mem_lock(mem);

    strcpy(p, "here");
    memory_of(fx, 1 << 20);
    assert_ptr_equal(host_mem_lock(mem), p);
    host_mem_unlock(mem);
    assert_string_equal(p, "here");
    host_mem_unlock(mem);
}

static void mem_is_freed_whatever_its_lock_count(void **state)
{
    struct fx *fx = *state;
    host_mem mem = memory_of(fx, 16);

    for (int i = 0; i < 3; i++)
        assert_non_null(host_mem_lock(mem));
    host_mem_free(mem);
    assert_int_equal(host_mem_size(mem), 0);
}

static void surplus_unlock_is_harmless(void **state)
{
    struct fx *fx = *state;
    host_mem mem = memory_of(fx, 16);

    host_mem_unlock(mem);
    host_mem_unlock(mem);
    assert_non_null(host_mem_lock(mem));
    host_mem_unlock(mem);
    assert_int_equal(host_mem_size(mem), 16);
}

static void freed_mem_is_refused(void **state)
{
    struct fx *fx = *state;
    host_mem mem = memory_of(fx, 16);

    host_mem_free(mem);
    assert_int_equal(host_mem_size(mem), 0);
    assert_null(host_mem_lock(mem));
    assert_true(host_mem_resize(mem, 8) == 0);
    host_mem_unlock(mem);
    host_mem_free(mem);
}

static void forged_mem_is_refused(void **state)
{
    struct fx *fx = *state;
    const host_mem forged[] = {0, 1, 0x8000, 0xFFFF, 0x12345678, window_of(fx, HOST_MOM, 0, &fx->rec)};

    for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
        assert_int_equal(host_mem_size(forged[i]), 0);
        assert_null(host_mem_lock(forged[i]));
        assert_true(host_mem_resize(forged[i], 8) == 0);
        host_mem_unlock(forged[i]);
        host_mem_free(forged[i]);
    }
    assert_true(host_window_alive(fx->wnd[0]));
}

static void handle_blocks(struct actor *a)
{
    make_window(a);
    event_set(&a->ready);
    host_pump(HOST_ALL_MESSAGES, told_to_stop, a, host_now_ms() + 3 * PATIENCE);
    host_window_destroy(a->wnd);
}

static void free_block(struct record *rec, const struct host_msg *msg)
{
    unsigned char *p;

    if (msg->id != INITIATE)
        return;
    p = host_mem_lock(msg->lparam);
    if (p)
        rec->value += *p;
    host_mem_unlock(msg->lparam);
    host_mem_free(msg->lparam);
}

static void mem_passes_between_threads(void **state)
{
    struct fx *fx = *state;
    struct actor *a = actor_of(fx, HOST_MOM, handle_blocks);

    a->rec.hook = free_block;
    for (int i = 0; i < 10; i++) {
        host_mem mem = memory_of(fx, 1);
        *(unsigned char *)host_mem_lock(mem) = 3;
        host_mem_unlock(mem);
        assert_int_equal(send_number(a->wnd, mem, PATIENCE), HOST_OK);
        assert_int_equal(host_mem_size(mem), 0);
        fx->n_mem--;
    }
    assert_int_equal(a->rec.value, 30);
}

static host_mem shared[8]; /* under host_lock */

static host_mem put_shared(unsigned at, host_mem mem)
{
    host_mem old;

    host_lock();
    old = shared[at];
    shared[at] = mem;
    host_unlock();
    return old;
}

/* Most blocks are freed by another thread than made them. */
static void shuffle_blocks(struct actor *a)
{
    event_set(&a->ready);
    event_wait(&a->go, PATIENCE);
    a->result = 1;
    for (unsigned i = 0; i < 5000; i++) {
        host_mem mem = host_mem_alloc(1 + i % 50, i % 2);
        char *p = host_mem_lock(mem);
        a->result &= p && !*p && host_mem_size(mem) == 1 + i % 50;
        if (p)
            *p = 1;
        host_mem_unlock(mem);
        mem = put_shared(i % 8, mem);
        p = host_mem_lock(mem);
        a->result &= !mem || (p && *p == 1);
        host_mem_free(mem);
    }
}

static void mem_serves_many_threads(void **state)
{
    struct actor *a[4];

    for (int i = 0; i < 4; i++)
        a[i] = actor_of(*state, HOST_MOM, shuffle_blocks);
    for (int i = 0; i < 4; i++)
        event_set(&a[i]->go);
    for (int i = 0; i < 4; i++) {
        actor_end(a[i]);
        assert_int_equal(a[i]->result, 1);
    }
    for (unsigned i = 0; i < 8; i++)
        host_mem_free(put_shared(i, 0));
}

/* ---- Data that is a handle ---------------------------------------------------------------------------- */

static const unsigned picture_formats[] = {2, 3, 9, 14, 0x82, 0x83, 0x8E};
enum { PICTURE_FORMATS = sizeof picture_formats / sizeof *picture_formats };

static void pictures_and_nothing_else_are_handles_on_windows(void **state)
{
    static const unsigned others[] = {0, 1, 4, 7, 8, 13, 15, 16, 17, 0x80, 0x81, 0xC001, 0x10002};

    (void)state;
    for (int i = 0; i < PICTURE_FORMATS; i++) {
#ifdef _WIN32
        assert_true(host_format_is_handle(picture_formats[i]));
#else
        assert_false(host_format_is_handle(picture_formats[i]));
#endif
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(host_format_is_handle(others[i]));
}

static void what_is_no_picture_is_its_own_copy_and_can_be_freed(void **state)
{
    host_mem mem = host_mem_alloc(8, false); /* too small for one */

    (void)state;
    for (int i = 0; i < PICTURE_FORMATS; i++) {
        const uintptr_t none[] = {0, 1, 0xFFFF, 0x12345678, UINTPTR_MAX, mem};

        for (size_t k = 0; k < sizeof none / sizeof *none; k++) {
            assert_int_equal(host_handle_copy(picture_formats[i], none[k]), none[k]);
            host_handle_free(picture_formats[i], none[k]);
        }
    }
    assert_int_equal(host_mem_size(mem), 8);
    host_mem_free(mem);
}

static void handles_pass_between_windows_of_a_process(void **state)
{
    struct fx *fx = *state;

    assert_true(host_handles_pass(window_of(fx, HOST_MOM, 0, &fx->rec)));
    assert_true(host_handles_pass(actor_of(fx, HOST_MOM, hear_messages)->wnd));
}

/* ---- Only here: rules for which Windows has other numbers, or no way to look -------------------------- */

#ifndef _WIN32

#ifndef DDEML_HOST_SIM

static void mem_handle_stays_stale_when_its_place_is_used_again(void **state)
{
    host_mem first = host_mem_alloc(1, false);
    bool again = false;

    (void)state;
    host_mem_free(first);
    for (int i = 0; i < PLACES && !again; i++) {
        host_mem mem = host_mem_alloc(1, false);
        bool stale = mem != first && host_mem_size(first) == 0;
        host_mem_free(first);
        stale &= host_mem_size(mem) == 1;
        host_mem_free(mem);
        assert_true(stale);
        again = same_place(mem, first);
    }
    assert_true(again);
}

#endif

static void locked_mem_is_not_resized(void **state)
{
    struct fx *fx = *state;
    host_mem mem = memory_of(fx, 8);

    host_mem_lock(mem);
    assert_true(host_mem_resize(mem, 100) == 0);
    host_mem_unlock(mem);
    assert_int_equal(host_mem_size(mem), 8);
}

#endif

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        RULE(mem_has_the_exact_size_and_is_zero),
        RULE(mem_resize_keeps_content),
        RULE(locked_mem_stays_where_it_is),
        RULE(mem_is_freed_whatever_its_lock_count),
        RULE(surplus_unlock_is_harmless),
        RULE(freed_mem_is_refused),
        RULE(forged_mem_is_refused),
        RULE(mem_passes_between_threads),
        RULE(mem_serves_many_threads),
        RULE(pictures_and_nothing_else_are_handles_on_windows),
        RULE(what_is_no_picture_is_its_own_copy_and_can_be_freed),
        RULE(handles_pass_between_windows_of_a_process),
#ifndef _WIN32
#ifndef DDEML_HOST_SIM
        RULE(mem_handle_stays_stale_when_its_place_is_used_again),
#endif
        RULE(locked_mem_is_not_resized),
#endif
    };

    (void)argc, (void)argv;
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
