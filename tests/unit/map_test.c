/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The hash table of nodes that stand inside the objects they index. */

#include "support/support.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/map.h"

struct entry {
    struct map_node node;
    uintptr_t key;
};

enum { MANY = 5000 };

static struct entry *find(const struct map *m, uintptr_t key, uintptr_t hash)
{
    struct map_node *node = map_first(m, hash);

    while (node && container_of(node, struct entry, node)->key != key)
        node = map_next(node);
    return node ? container_of(node, struct entry, node) : NULL;
}

static void an_empty_map_finds_nothing(void **state)
{
    struct map m;

    (void)state;
    map_init(&m);
    assert_null(map_first(&m, 0));
    assert_null(map_first(&m, map_hash(1, 2)));
    map_deinit(&m);
}

static void what_is_put_in_is_found_until_it_is_taken_out(void **state)
{
    struct entry a = {.key = 1}, b = {.key = 2};
    struct map m;

    (void)state;
    map_init(&m);
    map_put(&m, &a.node, map_hash(1, 0));
    map_put(&m, &b.node, map_hash(2, 0));
    assert_ptr_equal(find(&m, 1, map_hash(1, 0)), &a);
    assert_ptr_equal(find(&m, 2, map_hash(2, 0)), &b);
    map_remove(&m, &a.node);
    assert_null(find(&m, 1, map_hash(1, 0)));
    assert_ptr_equal(find(&m, 2, map_hash(2, 0)), &b);
    map_remove(&m, &b.node);
    map_deinit(&m);
}

static void equal_hashes_are_all_found_and_others_are_not(void **state)
{
    struct entry same[5] = {{.key = 0}}, other = {.key = 99};
    unsigned seen = 0;
    struct map m;

    (void)state;
    map_init(&m);
    for (uintptr_t i = 0; i < 5; i++) {
        same[i].key = i;
        map_put(&m, &same[i].node, 42);
    }
    map_put(&m, &other.node, 42 + MAP_FIRST_BUCKETS); /* the same bucket */
    for (struct map_node *node = map_first(&m, 42); node; node = map_next(node))
        seen += 1u << container_of(node, struct entry, node)->key;
    assert_int_equal(seen, 31);
    for (uintptr_t i = 0; i < 5; i++)
        map_remove(&m, &same[4 - i].node);
    assert_null(map_first(&m, 42));
    map_remove(&m, &other.node);
    map_deinit(&m);
}

static void everything_is_still_found_while_the_map_grows_and_shrinks(void **state)
{
    struct entry *all = calloc(MANY, sizeof *all);
    struct map m;

    (void)state;
    map_init(&m);
    for (uintptr_t i = 0; i < MANY; i++) {
        all[i].key = i;
        map_put(&m, &all[i].node, map_hash(i, 7));
        assert_ptr_equal(find(&m, i / 2, map_hash(i / 2, 7)), &all[i / 2]);
    }
    assert_int_equal(m.count, MANY);
    assert_true(m.mask >= MANY / 2); /* the chains stay short */
    for (uintptr_t i = 0; i < MANY; i++)
        assert_ptr_equal(find(&m, i, map_hash(i, 7)), &all[i]);
    for (uintptr_t i = 0; i < MANY; i += 2)
        map_remove(&m, &all[i].node);
    for (uintptr_t i = 0; i < MANY; i++)
        assert_ptr_equal(find(&m, i, map_hash(i, 7)), i % 2 ? &all[i] : NULL);
    for (uintptr_t i = 1; i < MANY; i += 2)
        map_remove(&m, &all[i].node);
    map_deinit(&m);
    free(all);
}

static void an_empty_map_that_was_large_holds_no_memory_after_its_end(void **state)
{
    struct entry all[100] = {{.key = 0}};
    struct map m;

    (void)state;
    map_init(&m);
    for (uintptr_t i = 0; i < 100; i++)
        map_put(&m, &all[i].node, i);
    for (uintptr_t i = 0; i < 100; i++)
        map_remove(&m, &all[i].node);
    map_deinit(&m);
    test_ledger_is_empty();
    map_put(&m, &all[0].node, 1); /* it can be used again */
    assert_ptr_equal(map_first(&m, 1), &all[0].node);
    map_remove(&m, &all[0].node);
    map_deinit(&m);
}

/* Neighbouring keys, as handles and addresses are, must not meet in a few buckets. */
static void hashes_of_neighbouring_keys_spread(void **state)
{
    static const unsigned steps[] = {1, 8, 16, 4096, 1 << 20};
    enum { BUCKETS = 256, KEYS = 1024 };

    (void)state;
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        unsigned used[BUCKETS] = {0}, longest = 0;

        for (unsigned i = 0; i < KEYS; i++) {
            unsigned n = ++used[map_hash((uintptr_t)i * steps[s], 0x5000) % BUCKETS];
            longest = n > longest ? n : longest;
        }
        assert_in_range(longest, KEYS / BUCKETS, 8 * KEYS / BUCKETS);
    }
}

static void neighbours_never_meet_in_a_bucket(void **state)
{
    enum { BUCKETS = 256 };

    (void)state;
    for (uintptr_t key = 0; key < 100; key++) {
        bool used[BUCKETS] = {false};

        for (uintptr_t i = 0; i < BUCKETS; i++) {
            uintptr_t bucket = map_hash_near(key * 1000 + i, key) % BUCKETS;

            assert_false(used[bucket]);
            used[bucket] = true;
        }
    }
}

static void one_number_of_different_keys_is_in_different_buckets(void **state)
{
    enum { BUCKETS = 256, KEYS = 1024 };
    unsigned used[BUCKETS] = {0};

    (void)state;
    for (uintptr_t key = 0; key < KEYS; key++)
        assert_true(++used[map_hash_near(1, key * 64) % BUCKETS] <= 8 * KEYS / BUCKETS);
}

static int down(void **state)
{
    (void)state;
    test_ledger_is_empty();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_empty_map_finds_nothing, down),
        cmocka_unit_test_teardown(what_is_put_in_is_found_until_it_is_taken_out, down),
        cmocka_unit_test_teardown(equal_hashes_are_all_found_and_others_are_not, down),
        cmocka_unit_test_teardown(everything_is_still_found_while_the_map_grows_and_shrinks, down),
        cmocka_unit_test_teardown(an_empty_map_that_was_large_holds_no_memory_after_its_end, down),
        cmocka_unit_test_teardown(hashes_of_neighbouring_keys_spread, down),
        cmocka_unit_test_teardown(neighbours_never_meet_in_a_bucket, down),
        cmocka_unit_test_teardown(one_number_of_different_keys_is_in_different_buckets, down),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
