/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* A Windows program whose headers declare DDEML dllimport, linked with our static library ahead of user32:
 * what it calls must be ours. The program names the import pointer itself, as such a header makes the
 * compiler do. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <winddeml.h>

typedef void any_function(void);

#ifdef __i386__
extern any_function *const import_pointer __asm__("__imp__DdeGetLastError@4");
#else
extern any_function *const import_pointer __asm__("__imp_DdeGetLastError");
#endif

static void dllimport_takes_our_function_and_not_the_systems(void **state)
{
    any_function *systems = (any_function *)GetProcAddress(GetModuleHandleA("user32.dll"), "DdeGetLastError");

    (void)state;
    assert_true(import_pointer == (any_function *)DdeGetLastError);
    assert_true(import_pointer != systems);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(dllimport_takes_our_function_and_not_the_systems),
    };
    return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
