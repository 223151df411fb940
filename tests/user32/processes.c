/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32_test.h"

#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whole programs of the message era, each a process of its own, in conversation. */

enum { NO_SERVER = 1 }; /* how a client ends that has found none */

extern char **environ;

static const char *kind = ""; /* of the programs: books_ are those that see to it that nothing is left */
static pid_t server;

static pid_t start(const char *program, const char *first, const char *second, const char *third)
{
    char path[1024];
    char *line[] = {path, (char *)(uintptr_t)first, (char *)(uintptr_t)second, (char *)(uintptr_t)third,
                    NULL};
    pid_t pid;

    snprintf(path, sizeof path, "%s%s%s", OLD_PROGRAMS, kind, program);
    assert_int_equal(posix_spawn(&pid, path, NULL, NULL, line, environ), 0);
    return pid;
}

/* How it ended; -1: not by itself. */
static int end_of(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A server that has just been started may not be there yet. */
static int client_until_served(const char *client)
{
    uint64_t end = test_now_ms() + TEST_PATIENCE_MS;
    int code;

    do {
        code = end_of(start(client, "OldServ", "Stocks", "/quit"));
    } while (code == NO_SERVER && test_now_ms() < end);
    return code;
}

static void converse(const char *serving, const char *client)
{
    int code;

    server = start(serving, "OldServ", "Stocks", NULL);
    assert_int_equal(client_until_served(client), 0);
    code = end_of(server);
    server = 0;
    assert_int_equal(code, 0);
}

static int end_server(void **state)
{
    if (server) {
        kill(server, SIGKILL);
        end_of(server);
    }
    server = 0;
    return nothing_left(state);
}

static void a_raw_client_and_a_raw_server_go_through_every_transaction(void **state)
{
    (void)state;
    converse("rawserv", "rawclnt");
}

static void a_ddeml_client_and_a_raw_server_do(void **state)
{
    (void)state;
    converse("rawserv", "mlclnt");
}

static void a_raw_client_and_a_ddeml_server_do(void **state)
{
    (void)state;
    converse("mlserv", "rawclnt");
}

static void a_ddeml_client_and_a_ddeml_server_do(void **state)
{
    (void)state;
    converse("mlserv", "mlclnt");
}

static void the_ported_ticker_serves_its_price_until_it_is_told_to_close(void **state)
{
    uint64_t end = test_now_ms() + TEST_PATIENCE_MS;
    int code;

    (void)state;
    server = start("ticker", NULL, NULL, NULL);
    do {
        code = end_of(start("ask", NULL, NULL, NULL));
    } while (code == NO_SERVER && test_now_ms() < end);
    assert_int_equal(code, 0);
    code = end_of(server);
    server = 0;
    assert_int_equal(code, 0);
}

#define process_test(function) cmocka_unit_test_teardown(function, end_server)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        process_test(a_raw_client_and_a_raw_server_go_through_every_transaction),
        process_test(a_ddeml_client_and_a_raw_server_do),
        process_test(a_raw_client_and_a_ddeml_server_do),
        process_test(a_ddeml_client_and_a_ddeml_server_do),
        process_test(the_ported_ticker_serves_its_price_until_it_is_told_to_close),
    };

    if (argc > 1)
        kind = argv[1];
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
