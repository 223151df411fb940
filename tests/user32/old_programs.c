/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32_test.h"

/* Whole programs of the message era, each on a thread of its own in place of a process, in conversation. */

int WINAPI rawserv_main(HINSTANCE instance, HINSTANCE former, LPSTR line, int show);
int WINAPI rawclnt_main(HINSTANCE instance, HINSTANCE former, LPSTR line, int show);
int WINAPI mlserv_main(HINSTANCE instance, HINSTANCE former, LPSTR line, int show);
int WINAPI mlclnt_main(HINSTANCE instance, HINSTANCE former, LPSTR line, int show);

struct program {
    int(WINAPI *main)(HINSTANCE instance, HINSTANCE former, LPSTR line, int show);
    char line[64];
    int code;
};

static void run(void *program)
{
    struct program *p = program;

    p->code = p->main(GetModuleHandleA(NULL), NULL, p->line, SW_SHOWNORMAL);
}

/* Clients of WM_DDE_INITIATE find a server that has a window; those of DDEML likewise. */
static void wait_for(const char *class)
{
    uint64_t end = test_now_ms() + TEST_PATIENCE_MS;

    while (!FindWindowA(class, NULL) && test_now_ms() < end)
        Sleep(1);
}

static void converse(struct program server, const char *class, struct program client)
{
    struct test_thread *thread = test_thread_start(run, &server), *other;

    wait_for(class);
    other = test_thread_start(run, &client);
    test_thread_join(other);
    test_thread_join(thread);
    assert_int_equal(client.code, 0);
    assert_int_equal(server.code, 0);
}

static void a_raw_client_and_a_raw_server_go_through_every_transaction(void **state)
{
    (void)state;
    converse((struct program){rawserv_main, "OldServ Stocks", -1}, "RawServMain",
             (struct program){rawclnt_main, "OldServ Stocks /quit", -1});
}

static void a_ddeml_client_and_a_raw_server_do(void **state)
{
    (void)state;
    converse((struct program){rawserv_main, "OldServ Stocks", -1}, "RawServMain",
             (struct program){mlclnt_main, "OldServ Stocks /quit", -1});
}

static void a_raw_client_and_a_ddeml_server_do(void **state)
{
    (void)state;
    converse((struct program){mlserv_main, "OldServ Stocks", -1}, "MlServMain",
             (struct program){rawclnt_main, "OldServ Stocks /quit", -1});
}

static void a_ddeml_client_and_a_ddeml_server_do(void **state)
{
    (void)state;
    converse((struct program){mlserv_main, "OldServ Stocks", -1}, "MlServMain",
             (struct program){mlclnt_main, "OldServ Stocks /quit", -1});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        user32_test(a_raw_client_and_a_raw_server_go_through_every_transaction),
        user32_test(a_ddeml_client_and_a_raw_server_do),
        user32_test(a_raw_client_and_a_ddeml_server_do),
        user32_test(a_ddeml_client_and_a_ddeml_server_do),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
