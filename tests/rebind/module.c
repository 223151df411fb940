/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* DdemlRebindModule. On Windows: with a DLL that was linked with user32 alone, whose path is the argument. */

#include "support/support.h"

#ifndef _WIN32

static void there_is_nothing_to_rebind_on_this_system(void **state)
{
    (void)state;
    assert_int_equal(DdemlRebindModule(NULL, TRUE), DMLERR_NOTPROCESSED);
    assert_int_equal(DdemlRebindModule((HANDLE)state, FALSE), DMLERR_NOTPROCESSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_is_nothing_to_rebind_on_this_system)};

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}

#else

#include "rebind/plugin.h"

static const char *path;
static long sides; /* of conversations that our library knows, while the plugin converses */

static void look(void)
{
    DDEMLLEDGER ledger = {.cb = sizeof ledger};

    DdemlGetLedger(0, &ledger);
    sides = ledger.conversations;
}

/* Lets the plugin converse; tells how many sides of it our library knew of. */
static long converse_in(HMODULE plugin)
{
    converse_function *call = (converse_function *)(void (*)(void))GetProcAddress(plugin, "converse");
    char value[16] = "";

    assert_non_null(call);
    sides = -1;
    call(value, look);
    assert_string_equal(value, "9812.50");
    return sides;
}

static int load(void **state)
{
    *state = LoadLibraryA(path);
    return *state ? 0 : -1;
}

static int unload(void **state)
{
    test_ledger_is_empty();
    FreeLibrary(*state);
    return GetModuleHandleA(path) ? -1 : 0; /* nobody else has kept it */
}

static void a_dll_that_was_linked_with_the_systems_converses_over_ours(void **state)
{
    assert_int_equal(converse_in(*state), 0); /* it is the system's at first */
    assert_int_equal(DdemlRebindModule(*state, TRUE), DMLERR_NO_ERROR);
    assert_int_equal(converse_in(*state), 2);
}

static void it_can_be_taken_back_and_done_again(void **state)
{
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(DdemlRebindModule(*state, TRUE), DMLERR_NO_ERROR);
        assert_int_equal(converse_in(*state), 2);
        assert_int_equal(DdemlRebindModule(*state, FALSE), DMLERR_NO_ERROR);
        assert_int_equal(converse_in(*state), 0);
    }
}

static void what_leads_there_already_is_no_error(void **state)
{
    assert_int_equal(DdemlRebindModule(*state, FALSE), DMLERR_NO_ERROR);
    assert_int_equal(DdemlRebindModule(*state, TRUE), DMLERR_NO_ERROR);
    assert_int_equal(DdemlRebindModule(*state, TRUE), DMLERR_NO_ERROR);
    assert_int_equal(converse_in(*state), 2);
}

static const IMAGE_NT_HEADERS *headers_of(const uint8_t *at)
{
    return (const IMAGE_NT_HEADERS *)(const void *)(at +
                                                    ((const IMAGE_DOS_HEADER *)(const void *)at)->e_lfanew);
}

/* As they are in what Microsoft's linker makes. */
static void slots_that_are_read_only_are_changed_and_are_read_only_again(void **state)
{
    uint8_t *at = *state;
    const IMAGE_DATA_DIRECTORY *slots =
        &headers_of(at)->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IAT];
    MEMORY_BASIC_INFORMATION facts;
    DWORD before;

    assert_true(slots->VirtualAddress && slots->Size);
    assert_true(VirtualProtect(at + slots->VirtualAddress, slots->Size, PAGE_READONLY, &before));
    assert_int_equal(DdemlRebindModule(at, TRUE), DMLERR_NO_ERROR);
    assert_true(VirtualQuery(at + slots->VirtualAddress, &facts, sizeof facts));
    assert_int_equal(facts.Protect, PAGE_READONLY);
    assert_int_equal(converse_in(*state), 2);
}

enum { THREADS = 4, ROUNDS = 400 };

struct binder {
    HMODULE plugin;
    unsigned failed;
};

static void rebind_again_and_again(void *arg)
{
    struct binder *b = arg;

    for (unsigned i = 0; i < ROUNDS; i++)
        b->failed += DdemlRebindModule(b->plugin, i % 2 == 0) != DMLERR_NO_ERROR;
}

static uint8_t *slots_of(HMODULE plugin)
{
    uint8_t *at = (uint8_t *)plugin;
    const IMAGE_DOS_HEADER *dos = (const void *)at;
    const IMAGE_NT_HEADERS *nt = (const void *)(at + dos->e_lfanew);
    IMAGE_DATA_DIRECTORY slots = nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IAT];

    assert_in_range(slots.Size, 1, 0x800);
    return at + slots.VirtualAddress;
}

static void protect(void *at, DWORD how)
{
    DWORD before;

    assert_true(VirtualProtect(at, 1, how, &before));
}

static void threads_that_rebind_one_module_do_not_meet(void **state)
{
    struct test_thread *threads[THREADS];
    struct binder binders[THREADS];

    protect(slots_of(*state), PAGE_READONLY); /* as most linkers have it: MinGW's leaves them writable */
    for (unsigned i = 0; i < THREADS; i++) {
        binders[i] = (struct binder){*state, 0};
        threads[i] = test_thread_start(rebind_again_and_again, &binders[i]);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        test_thread_join(threads[i]);
        assert_int_equal(binders[i].failed, 0);
    }
    assert_int_equal(DdemlRebindModule(*state, TRUE), DMLERR_NO_ERROR);
    assert_int_equal(converse_in(*state), 2);
}

static volatile LONG calling, called;

static void call_again_and_again(void *code)
{
    void (*function)(void);

    memcpy(&function, &code, sizeof function);
    while (calling) {
        function();
        called = 1;
    }
}

/* Linkers can be told to put the slots among the code. */
static void code_beside_the_slots_runs_meanwhile(void **state)
{
    const uint8_t nothing = 0xC3; /* RET */
    uint8_t *slots = slots_of(*state), *code = slots - (uintptr_t)slots % 0x1000 + 0xFFF;
    struct binder binder = {*state, 0};
    struct test_thread *thread;

    protect(slots, PAGE_READWRITE);
    assert_int_equal(*code, 0); /* nothing is there */
    *code = nothing;
    protect(slots, PAGE_EXECUTE_READ);
    calling = 1;
    thread = test_thread_start(call_again_and_again, code);
    while (!called)
        SwitchToThread();
    rebind_again_and_again(&binder);
    calling = 0;
    test_thread_join(thread);
    assert_int_equal(binder.failed, 0);
}

static void a_module_without_dde_has_nothing_to_rebind(void **state)
{
    (void)state;
    assert_int_equal(DdemlRebindModule(GetModuleHandleA("gdi32.dll"), TRUE), DMLERR_NOTPROCESSED);
    assert_int_equal(DdemlRebindModule(GetModuleHandleA(NULL), TRUE),
                     DMLERR_NOTPROCESSED); /* linked with ours */
}

static void what_is_no_module_is_an_invalid_parameter(void **state)
{
    char text[] = "no module";

    assert_int_equal(DdemlRebindModule(NULL, TRUE), DMLERR_INVALIDPARAMETER);
    assert_int_equal(DdemlRebindModule(text, TRUE), DMLERR_INVALIDPARAMETER);
    assert_int_equal(DdemlRebindModule((char *)*state + 64, TRUE), DMLERR_INVALIDPARAMETER);
    assert_int_equal(DdemlRebindModule((HANDLE)(uintptr_t)0x12345678, TRUE), DMLERR_INVALIDPARAMETER);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_dll_that_was_linked_with_the_systems_converses_over_ours, load,
                                        unload),
        cmocka_unit_test_setup_teardown(it_can_be_taken_back_and_done_again, load, unload),
        cmocka_unit_test_setup_teardown(what_leads_there_already_is_no_error, load, unload),
        cmocka_unit_test_setup_teardown(slots_that_are_read_only_are_changed_and_are_read_only_again, load,
                                        unload),
        cmocka_unit_test_setup_teardown(threads_that_rebind_one_module_do_not_meet, load, unload),
        cmocka_unit_test_setup_teardown(code_beside_the_slots_runs_meanwhile, load, unload),
        cmocka_unit_test_setup_teardown(a_module_without_dde_has_nothing_to_rebind, load, unload),
        cmocka_unit_test_setup_teardown(what_is_no_module_is_an_invalid_parameter, load, unload),
    };

    path = argc > 1 ? argv[1] : "";
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}

#endif
