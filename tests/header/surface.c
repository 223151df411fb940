/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The whole public surface, linked against the shared library: every export of ddeml.def, by the name and the
 * decoration that a C program asks for, and every name that UNICODE chooses. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <winddeml.h>

typedef void any_function(void);

static any_function *const surface[] = {
#define DDEML_EXPORT(name, bytes) (any_function *)(name),
#include "ddeml_exports.inc"
};

#define N_SURFACE (sizeof(surface) / sizeof(surface[0]))

static void every_export_is_there_and_no_two_are_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SURFACE; i++) {
        assert_true(surface[i] != NULL);
        for (size_t j = 0; j < i; j++)
            assert_true(surface[i] != surface[j]);
    }
}

static void neutral_names_choose_the_variant(void **state)
{
    (void)state;
#ifdef UNICODE
    assert_true((any_function *)DdeInitialize == (any_function *)DdeInitializeW);
    assert_true((any_function *)DdeCreateStringHandle == (any_function *)DdeCreateStringHandleW);
    assert_true((any_function *)DdeQueryString == (any_function *)DdeQueryStringW);
    assert_int_equal(sizeof(MONHSZSTRUCT), sizeof(MONHSZSTRUCTW));
#else
    assert_true((any_function *)DdeInitialize == (any_function *)DdeInitializeA);
    assert_true((any_function *)DdeCreateStringHandle == (any_function *)DdeCreateStringHandleA);
    assert_true((any_function *)DdeQueryString == (any_function *)DdeQueryStringA);
    assert_int_equal(sizeof(MONHSZSTRUCT), sizeof(MONHSZSTRUCTA));
#endif
}

static void library_and_header_are_of_one_version(void **state)
{
    (void)state;
    assert_int_equal(DdemlGetVersion(), DDEML_VERSION);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_export_is_there_and_no_two_are_one),
        cmocka_unit_test(neutral_names_choose_the_variant),
        cmocka_unit_test(library_and_header_are_of_one_version),
    };
    return cmocka_run_group_tests_name("surface", tests, NULL, NULL);
}
