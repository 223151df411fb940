/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The line of records in shared memory. */

#include "support/support.h"

#include <stdlib.h>

#include "base/ring.h"

static int make_ring(void **state)
{
    *state = calloc(1, sizeof(struct ring));
    return *state ? 0 : -1;
}

static int free_ring(void **state)
{
    free(*state);
    return 0;
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, make_ring, free_ring)

static void fill(unsigned char *record, size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++)
        record[i] = (unsigned char)(seed * 31 + i);
}

static void what_is_put_is_taken_in_order(void **state)
{
    struct ring *r = *state;
    char text[8] = "";
    uint32_t kind;

    assert_true(ring_empty(r));
    assert_true(ring_put(r, 1, "one", 4));
    assert_true(ring_put(r, 2, "second", 7));
    assert_false(ring_empty(r));
    assert_int_equal(ring_take(r, &kind, text, sizeof text), 4);
    assert_int_equal(kind, 1);
    assert_string_equal(text, "one");
    assert_int_equal(ring_take(r, &kind, text, sizeof text), 7);
    assert_int_equal(kind, 2);
    assert_string_equal(text, "second");
    assert_int_equal(ring_take(r, &kind, text, sizeof text), 0);
    assert_true(ring_empty(r));
}

/* Often enough to come round the end of the memory at every place, and past 2^32 bytes. */
static void records_of_all_sizes_come_round_whole(void **state)
{
    unsigned char in[3000], out[3000];
    struct ring *r = *state;
    uint32_t kind, start = UINT32_MAX / 8 * 8 - 5000 * 8;

    r->head = r->tail = start - start % RING_BYTES; /* nothing in it, much has been */
    for (unsigned i = 0; i < 20000; i++) {
        size_t size = 1 + i * 7 % sizeof in;

        fill(in, size, i);
        assert_true(ring_put(r, i, in, size));
        assert_int_equal(ring_take(r, &kind, out, sizeof out), size);
        assert_int_equal(kind, i);
        assert_memory_equal(in, out, size);
    }
}

static void a_full_ring_refuses_and_keeps_what_it_has(void **state)
{
    unsigned char record[1000], out[1000];
    struct ring *r = *state;
    unsigned n = 0, taken = 0;
    uint32_t kind;

    fill(record, sizeof record, 1);
    while (ring_put(r, n, record, sizeof record))
        n++;
    assert_int_equal(n, RING_BYTES / (sizeof record + 8));
    assert_false(ring_put(r, n, record, sizeof record));
    assert_false(ring_put(r, n, record, (size_t)RING_BYTES + 1));
    while (ring_take(r, &kind, out, sizeof out)) {
        assert_int_equal(kind, taken++);
        assert_memory_equal(out, record, sizeof record);
    }
    assert_int_equal(taken, n);
    assert_true(ring_put(r, n, record, sizeof record));
}

static void what_somebody_else_has_spoilt_is_dropped(void **state)
{
    const uint32_t wrong[] = {1, 7, 9, 100, RING_BYTES + 8, UINT32_MAX};
    struct ring *r = *state;
    char text[8];
    uint32_t kind;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ring_clear(r);
        assert_true(ring_put(r, 1, "one", 4));
        r->head = r->tail + wrong[i];
        while (ring_take(r, &kind, text, sizeof text))
            ;
        assert_true(ring_empty(r));
        assert_true(ring_put(r, 1, "one", 4));
        assert_int_equal(ring_take(r, &kind, text, sizeof text), 4);
    }
    assert_true(ring_put(r, 1, "one", 4));
    memset(r->bytes, 0xFF, 64); /* a size beyond all bounds */
    r->head = r->tail + 16;
    assert_int_equal(ring_take(r, &kind, text, sizeof text), 0);
    assert_true(ring_empty(r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(what_is_put_is_taken_in_order),
        RULE(records_of_all_sizes_come_round_whole),
        RULE(a_full_ring_refuses_and_keeps_what_it_has),
        RULE(what_somebody_else_has_spoilt_is_dropped),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
