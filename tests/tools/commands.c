/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The command dde as users start it: a server, and clients that are other processes.
 *
 * commands PATH-OF-DDE */

#include "tools/program.h"

#include <stdlib.h>

#ifndef _WIN32
#include <unistd.h>
#endif

static const char *dde;

/* Nobody else's service: several tests may run on one machine. */
static char service[32];

/* service|rest */
static const char *target(const char *rest)
{
    static char texts[4][128];
    static int next;
    char *text = texts[next++ % 4];

    snprintf(text, sizeof texts[0], "%s|%s", service, rest);
    return text;
}

#define START(...) program_start((const char *const[]){dde, __VA_ARGS__, NULL})

/* Runs a command to its end; returns its exit code, and what it has printed until the next one. */
static struct program *last;
#define RUN(...) run_to_end(START(__VA_ARGS__))

static int run_to_end(struct program *p)
{
    program_forget(last);
    last = p;
    return program_end(p);
}

static char items_file[64]; /* that a test has written */

static int down(void **state)
{
    if (*items_file)
        remove(items_file);
    *items_file = '\0';
    last = NULL;
    return programs_down(state);
}

static void expect_output(const char *expected)
{
    const char *output = program_output(last);
    char plain[8192];
    size_t n = 0;

    for (; *output && n < sizeof plain - 1; output++)
        if (*output != '\r')
            plain[n++] = *output;
    plain[n] = '\0';
    assert_string_equal(plain, expected);
}

static void expect_part(const char *part)
{
    if (!strstr(program_output(last), part))
        fail_msg("it does not say \"%s\", but:\n%s", part, program_output(last));
}

#define SERVE(...) serve(START("serve", "--ready", "--until-eof", __VA_ARGS__))

static struct program *serve(struct program *p)
{
    program_says(p, "ready");
    return p;
}

/* ---- Clients ------------------------------------------------------------------------------------------ */

static void a_request_prints_the_value(void **state)
{
    (void)state;
    SERVE(target("London"), "Copper=9 812.50", "a!b=x=y");
    assert_int_equal(RUN("request", target("London!Copper")), 0);
    expect_output("9 812.50\n");
    assert_int_equal(RUN("request", target("london!COPPER"), "--format", "CF_UNICODETEXT"), 0);
    expect_output("9 812.50\n");
    assert_int_equal(RUN("request", "-s", service, "-t", "London", "a!b"), 0);
    expect_output("x=y\n");
    assert_int_equal(RUN("request", target("London!Copper"), "--hex"), 0);
    expect_output("39 20 38 31 32 2e 35 30 00\n");
}

static void a_request_of_several_items_names_them(void **state)
{
    char expected[128];

    (void)state;
    SERVE(target("London"), "Copper=1", "Zinc=2");
    snprintf(expected, sizeof expected, "%s|London!Copper\t1\n%s|London!Zinc\t2\n", service, service);
    assert_int_equal(RUN("request", target("London!Copper"), target("London!Zinc")), 0);
    expect_output(expected);
    assert_int_equal(RUN("request", "-s", service, "-t", "London", "Copper", "Zinc"), 0);
    expect_output(expected);
    assert_int_equal(RUN("request", "-s", service, "-t", "London", "Copper", "None", "Zinc"), 5);
    expect_part("Zinc\t2");
}

static void json_has_all_of_it(void **state)
{
    char expected[256];

    (void)state;
    SERVE(target("London"), "Quote=say \"hi\"\\");
    assert_int_equal(RUN("request", "--json", target("London!Quote")), 0);
    snprintf(expected, sizeof expected,
             "\"service\":\"%s\",\"topic\":\"London\",\"item\":\"Quote\",\"format\":\"CF_TEXT\","
             "\"text\":\"say \\\"hi\\\"\\\\\"}",
             service);
    expect_part(expected);
    expect_part("{\"time\":\"");
}

static void a_poke_sets_the_value_and_updates_the_links(void **state)
{
    struct program *advise;

    (void)state;
    SERVE(target("London"), "Copper=1");
    advise =
        START("advise", "--count", "2", "--timeout", "20s", target("London!Copper"), target("London!New"));
    assert_int_equal(program_end(advise), 5); /* there is no such item yet */
    advise = START("fetch", "--follow", "--count", "3", target("London!Copper"));
    program_says(advise, "Copper\t1");
    assert_int_equal(RUN("poke", target("London!Copper"), "-2"), 0);
    expect_output("");
    program_says(advise, "Copper\t-2");
    assert_int_equal(RUN("poke", target("London!Copper"), "Z\xC3\xBCrich \xCE\xA9", "-f", "CF_UNICODETEXT"),
                     0);
    assert_int_equal(program_end(advise), 0);
    assert_int_equal(RUN("request", "--json", target("London!Copper"), "-f", "CF_UNICODETEXT"), 0);
    expect_part("\"text\":\"Z\xC3\xBCrich \xCE\xA9\"");
}

static void a_poke_may_be_bytes_in_any_format(void **state)
{
    (void)state;
    SERVE(target("London"));
    assert_int_equal(RUN("poke", target("London!Picture"), "-f", "CF_DIB", "00 0aFF"), 0);
    assert_int_equal(RUN("request", target("London!Picture"), "-f", "8"), 0);
    expect_output("00 0a ff\n");
    assert_int_equal(RUN("request", target("London!Picture")), 5); /* not in CF_TEXT */
    assert_int_equal(RUN("request", target("System!Formats")), 0);
    expect_output("TEXT\tUNICODETEXT\tOEMTEXT\tDIB\n");
}

static void a_value_that_the_format_lacks_is_refused(void **state)
{
    (void)state;
    assert_int_equal(RUN("poke", target("London!Copper"), "\xE4\xB8\xAD"), 1);
    expect_part("CF_UNICODETEXT");
}

static void commands_are_executed_in_turn(void **state)
{
    struct program *server;

    (void)state;
    server = SERVE(target("London"));
    assert_int_equal(RUN("execute", target("London"), "[open(\"a b\")]", "[close]"), 0);
    program_close_input(server);
    assert_int_equal(program_end(server), 0);
    last = server;
    expect_part("London\texecute\t[open(\"a b\")]");
    expect_part("London\texecute\t[close]");
}

static void an_advise_prints_each_update_with_its_time(void **state)
{
    struct program *server, *advise;

    (void)state;
    server = SERVE("--trace", "--file", "-", target("London"), "Copper=1", "Zinc=5");
    advise = START("advise", "--json", "-n", "2", target("London!Copper"));
    program_says(server, "XTYP_ADVSTART");
    program_tell(server, "Zinc=6\nCopper=2\n");
    program_says(advise, "\"text\":\"2\"");
    program_tell(server, "Copper=2\n"); /* it is so already */
    program_tell(server, "Copper=3\n");
    assert_int_equal(program_end(advise), 0);
    last = advise;
    expect_part("{\"time\":\"2");
    expect_part("\"text\":\"3\"");
    assert_null(strstr(program_output(advise), "Zinc"));
}

static void a_warm_link_tells_that_something_has_changed(void **state)
{
    struct program *server, *advise;

    (void)state;
    server = SERVE("--trace", "--file", "-", target("London"), "Copper=1");
    advise = START("advise", "--warm", "-n", "1", target("London!Copper"));
    program_says(server, "XTYP_ADVSTART");
    program_tell(server, "Copper=2\n");
    assert_int_equal(program_end(advise), 0);
    last = advise;
    expect_part("London!Copper\t(changed)");
}

static void a_fetch_has_its_link_before_it_requests(void **state)
{
    struct program *server;
    const char *start, *request;

    (void)state;
    server = SERVE("--trace", target("London"), "Copper=1");
    assert_int_equal(RUN("fetch", target("London!Copper")), 0);
    expect_output("1\n");
    program_says(server, "XTYP_REQUEST");
    start = strstr(program_output(server), "XTYP_ADVSTART");
    request = strstr(program_output(server), "XTYP_REQUEST");
    assert_true(start && start < request);
}

static void an_advise_ends_with_its_server(void **state)
{
    struct program *server, *advise;

    (void)state;
    server = SERVE("--trace", target("London"), "Copper=1");
    advise = START("advise", target("London!Copper"));
    program_says(server, "XTYP_ADVSTART");
    program_close_input(server);
    assert_int_equal(program_end(advise), 6);
    assert_int_equal(program_end(server), 0);
}

static void an_interruption_ends_the_conversation(void **state)
{
    struct program *server, *advise;

    (void)state;
    server = SERVE("--trace", target("London"), "Copper=1");
    advise = START("advise", target("London!Copper"));
    program_says(server, "XTYP_ADVSTART");
    if (!program_interrupt(advise))
        skip(); /* no console */
    assert_int_equal(program_end(advise), 130);
    program_says(server, "XTYP_DISCONNECT");
    assert_true(program_interrupt(server));
    assert_int_equal(program_end(server), 130);
}

static void a_client_can_wait_for_its_server(void **state)
{
    struct program *request;

    (void)state;
    request = START("request", "--wait", "--timeout", "20s", target("London!Copper"));
    SERVE(target("London"), "Copper=1");
    assert_int_equal(program_end(request), 0);
    last = request;
    expect_output("1\n");
}

static void services_lists_topics_and_their_items(void **state)
{
    char expected[512];

    (void)state;
    SERVE(target("London"), "-t", "New York", "Copper=1", "Zinc=2", "New York!Corn=3");
    assert_int_equal(RUN("services", service), 0);
    snprintf(expected, sizeof expected, "%s|London\n%s|New York\n%s|System\n", service, service, service);
    expect_output(expected);
    assert_int_equal(RUN("services", "--items", target("New York")), 0);
    snprintf(expected, sizeof expected, "%s|New York\n%s|New York!Corn\n", service, service);
    expect_output(expected);
    assert_int_equal(RUN("services", "--items", "--json", target("London")), 0);
    snprintf(expected, sizeof expected,
             "{\"service\":\"%s\",\"topic\":\"London\",\"items\":[\"Copper\",\"Zinc\"]}\n", service);
    expect_output(expected);
    assert_int_equal(RUN("services"), 0);
    expect_part(target("System"));
}

/* ---- The server --------------------------------------------------------------------------------------- */

static void the_system_topic_is_complete(void **state)
{
    static const char *const rows[][2] = {
        {"Topics", "System\tLondon\n"},
        {"Status", "Ready\n"},
        {"Formats", "TEXT\tUNICODETEXT\tOEMTEXT\n"},
        {"ReturnMessage", "\n"},
        {"SysItems", "Topics\tSysItems\tStatus\tFormats\tHelp\tReturnMessage\tTopicItemList\n"},
        {"TopicItemList", "Topics\tSysItems\tStatus\tFormats\tHelp\tReturnMessage\tTopicItemList\n"},
    };

    (void)state;
    SERVE(target("London"), "Copper=1");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(RUN("request", "-s", service, "-t", "System", rows[i][0]), 0);
        expect_output(rows[i][1]);
    }
    assert_int_equal(RUN("request", target("System!Help")), 0);
    expect_part("is served by dde");
    assert_int_equal(RUN("request", target("London!TopicItemList")), 0);
    expect_output("Copper\n");
    assert_int_equal(RUN("poke", target("System!Status"), "x"), 5);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void a_file_that_changes_is_read_again(void **state)
{
    struct program *server, *advise;

    (void)state;
    snprintf(items_file, sizeof items_file, "%s.items", service);
    write_file(items_file, "# prices\r\nCopper=1\r\nOld=0\r\n\r\n[New York]\r\nCorn = 7\r\n");
    server = SERVE("--trace", "--file", items_file, target("London"));
    assert_int_equal(RUN("request", target("London!Copper"), target("New York!Corn"), target("London!Old")),
                     0);
    expect_part("New York!Corn\t 7");
    advise = START("advise", "-n", "1", target("London!Copper"));
    program_says(server, "XTYP_ADVSTART");
    write_file(items_file, "Copper=22\n");
    assert_int_equal(program_end(advise), 0);
    last = advise;
    expect_part("Copper\t22");
    assert_int_equal(RUN("request", target("London!Old")), 5);
}

static void a_pipe_feeds_items_line_by_line(void **state)
{
    struct program *server;

    (void)state;
    server = SERVE("--file", "-", target("London"));
    assert_int_equal(RUN("request", target("London!Copper")), 5);
    program_tell(server, "Copper=1\n[Paris]\nCop");
    assert_int_equal(RUN("request", "--wait", "--timeout", "20s", target("Paris!TopicItemList")), 0);
    program_tell(server, "per=2\nSilver=3\n");
    assert_int_equal(RUN("fetch", "--timeout", "20s", target("Paris!TopicItemList")), 0);
    program_close_input(server);
    assert_int_equal(program_end(server), 0);
}

static void a_command_is_run_for_an_item(void **state)
{
    char run[1024];

    (void)state;
    /* dde itself is a program that is there on every system */
    snprintf(run, sizeof run, "'%s' help %%i", dde);
    SERVE("--run", run, target("London"), "given=1");
    assert_int_equal(RUN("request", target("London!ledger")), 0);
    expect_part("usage: dde ledger");
    assert_int_equal(RUN("request", target("London!given")), 0);
    expect_output("1\n");
    assert_int_equal(RUN("request", target("London!; echo x")),
                     5); /* one argument, and none that dde knows */
    assert_int_equal(RUN("request", target("System!ReturnMessage")), 0);
    expect_part("exit code 1");
}

static void a_command_that_takes_too_long_is_ended(void **state)
{
    char run[1024];
    struct program *slow;

    (void)state;
    snprintf(run, sizeof run, "'%s' monitor --for 1000s", dde);
    SERVE("--run", run, "--timeout", "2s", target("London"), "given=1");
    slow = START("request", "--timeout", "20s", target("London!item"));
    assert_int_equal(RUN("request", target("London!given")), 0); /* the others are served meanwhile */
    assert_int_equal(program_end(slow), 5);
}

static void a_linked_command_is_run_again(void **state)
{
    char run[1024];
    struct program *advise;

    (void)state;
    /* Its output has the time in it. */
    snprintf(run, sizeof run, "'%s' request --json '%s'", dde, target("System!Status"));
    SERVE("--run", run, "--every", "100ms", target("London"));
    advise = START("advise", "-n", "3", "--timeout", "20s", target("London!item"));
    assert_int_equal(program_end(advise), 0);
}

static void a_command_is_run_for_an_execute(void **state)
{
    char run[1024];

    (void)state;
    snprintf(run, sizeof run, "'%s' help %%c", dde);
    SERVE("--on-execute", run, target("London"));
    assert_int_equal(RUN("execute", target("London"), "advise"), 0);
    assert_int_equal(RUN("request", target("System!ReturnMessage")), 0);
    expect_part("usage: dde advise");
    assert_int_equal(RUN("execute", target("London"), "nothing"), 5);
}

static void a_server_can_be_told_to_quit(void **state)
{
    struct program *server;

    (void)state;
    server = serve(START("serve", "--ready", "--quit", "[quit]", target("London")));
    assert_int_equal(RUN("execute", target("London"), "[quit now]"), 0);
    assert_int_equal(RUN("execute", target("London"), "[quit]"), 0);
    assert_int_equal(program_end(server), 0);
    last = server;
    expect_part("[quit now]");
}

static void a_read_only_server_refuses_pokes(void **state)
{
    (void)state;
    SERVE("--read-only", target("London"), "Copper=1");
    assert_int_equal(RUN("poke", target("London!Copper"), "2"), 5);
    expect_part("DMLERR_NOTPROCESSED");
}

static void a_trace_shows_every_callback(void **state)
{
    struct program *server;

    (void)state;
    server = SERVE("--trace", target("London"), "Copper=1");
    assert_int_equal(RUN("request", target("London!Copper")), 0);
    program_says(server, "XTYP_DISCONNECT");
    last = server;
    expect_part("XTYP_REGISTER service=");
    expect_part("XTYP_CONNECT topic=London service=");
    expect_part("result=TRUE");
    expect_part("XTYP_CONNECT_CONFIRM conv=0x");
    expect_part("topic=London item=Copper format=CF_TEXT data=1 result=data");
}

/* ---- Watching ----------------------------------------------------------------------------------------- */

static void a_monitor_prints_what_happens_to_a_service(void **state)
{
    struct program *monitor;
    char other[64];

    (void)state;
    snprintf(other, sizeof other, "Other %s", service);
    SERVE(target("London"), "Copper=1");
    SERVE("--service", other, "--topic", "London", "Copper=1");
    monitor = START("monitor", "--ready", "--only", "conversations,callbacks", "-n", "5", service);
    program_says(monitor, "ready");
    assert_int_equal(RUN("request", "-s", other, "-t", "London", "Copper"), 0);
    assert_int_equal(RUN("request", target("London!Copper")), 0);
    assert_int_equal(program_end(monitor), 0);
    last = monitor;
    expect_part("XTYP_CONNECT topic=London service=");
    expect_part("conversation begin service=");
    assert_null(strstr(program_output(monitor), "WM_DDE"));
    assert_null(strstr(program_output(monitor), other));
}

static void the_view_without_a_terminal_is_a_snapshot(void **state)
{
    struct program *advise, *server, *monitor;

    (void)state;
    server = SERVE("--trace", target("London"), "Copper=1");
    monitor = START("monitor", "--ready", "--full", "--json", "--for", "3s");
    program_says(monitor, "ready");
    advise = START("advise", target("London!Copper"));
    program_says(server, "XTYP_ADVSTART");
    assert_int_equal(program_end(monitor), 0);
    last = monitor;
    expect_part("{\"track\":\"service\",\"what\":\"");
    expect_part(target("London!Copper CF_TEXT hot"));
    program_close_input(server);
    assert_int_equal(program_end(advise), 6);
}

/* How many lines of the output have this in them. */
static int lines_of(const char *part)
{
    int n = 0;

    for (const char *at = program_output(last); (at = strstr(at, part)) != NULL; n++)
        at += strcspn(at, "\n");
    return n;
}

static void the_ledger_shows_each_server(void **state)
{
    (void)state;
    SERVE(target("London"), "Copper=1");
    SERVE(target("Paris"), "Copper=1");
    assert_int_equal(RUN("ledger", "--timeout", "1s"), 0);
    expect_part("process  program");
    assert_int_equal(lines_of("dde"), 2);
    assert_int_equal(RUN("ledger", "--timeout", "1s", "--json", "--instances"), 0);
    expect_part("\"instances\":1,\"conversations\":0");
    assert_int_equal(lines_of("\"thread\":"), 2);
}

/* ---- Failures ----------------------------------------------------------------------------------------- */

static void each_failure_has_its_exit_code_and_its_advice(void **state)
{
    (void)state;
    assert_int_equal(RUN("request", target("London!Copper")), 2);
    expect_part("DMLERR_NO_CONV_ESTABLISHED");
    expect_part("dde services");
    assert_int_equal(RUN("services", service), 2);
    assert_int_equal(RUN("request", target("London")), 1);
    expect_part("which item?");
    assert_int_equal(RUN("request", "--nonsense"), 1);
    expect_part("dde request --help");
    assert_int_equal(RUN("nonsense"), 1);
    expect_part("dde --help");
    assert_int_equal(RUN("poke", target("London!Copper")), 1);
    assert_int_equal(RUN("poke", target("London!Copper"), "--file", "no such file"), 10);
    assert_int_equal(RUN("execute", target("London")), 1);
    assert_int_equal(RUN("serve", service), 1);
    expect_part("which topic?");
    assert_int_equal(RUN("serve", target("London"), "nothing"), 1);
    assert_int_equal(RUN("monitor", "--only", "x"), 1);
    assert_int_equal(RUN("ledger", "x"), 1);
}

static void no_answer_in_time_is_a_timeout(void **state)
{
    char run[1024];

    (void)state;
    snprintf(run, sizeof run, "'%s' monitor --for 1000s", dde);
    SERVE("--run", run, "--timeout", "20s", target("London"));
    assert_int_equal(RUN("request", "--timeout", "300ms", target("London!item")), 3);
    expect_part("DMLERR_DATAACKTIMEOUT");
    expect_part("--timeout");
}

static void a_server_that_dies_is_told_of(void **state)
{
    struct program *server, *advise;

    (void)state;
    server = SERVE("--trace", target("London"), "Copper=1");
    advise = START("advise", target("London!Copper"));
    program_says(server, "XTYP_ADVSTART");
    program_kill(server);
    assert_int_equal(program_end(advise), 6);
    last = advise;
    expect_part("DMLERR_SERVER_DIED");
}

static void help_and_version_are_there(void **state)
{
    static const char *const commands[] = {"services", "request", "poke",    "execute", "advise",
                                           "fetch",    "serve",   "monitor", "ledger"};

    (void)state;
    assert_int_equal(RUN("--help"), 0);
    expect_part("usage: dde COMMAND");
    assert_int_equal(RUN("--version"), 0);
    expect_part("dde 1.");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        assert_int_equal(RUN(commands[i], "--help"), 0);
        expect_part("--timeout TIME");
    }
}

int main(int argc, char *argv[])
{
#define command_test(function) cmocka_unit_test_teardown(function, down)
    static const struct CMUnitTest tests[] = {
        command_test(a_request_prints_the_value),
        command_test(a_request_of_several_items_names_them),
        command_test(json_has_all_of_it),
        command_test(a_poke_sets_the_value_and_updates_the_links),
        command_test(a_poke_may_be_bytes_in_any_format),
        command_test(a_value_that_the_format_lacks_is_refused),
        command_test(commands_are_executed_in_turn),
        command_test(an_advise_prints_each_update_with_its_time),
        command_test(a_warm_link_tells_that_something_has_changed),
        command_test(a_fetch_has_its_link_before_it_requests),
        command_test(an_advise_ends_with_its_server),
        command_test(an_interruption_ends_the_conversation),
        command_test(a_client_can_wait_for_its_server),
        command_test(services_lists_topics_and_their_items),
        command_test(the_system_topic_is_complete),
        command_test(a_file_that_changes_is_read_again),
        command_test(a_pipe_feeds_items_line_by_line),
        command_test(a_command_is_run_for_an_item),
        command_test(a_command_that_takes_too_long_is_ended),
        command_test(a_linked_command_is_run_again),
        command_test(a_command_is_run_for_an_execute),
        command_test(a_server_can_be_told_to_quit),
        command_test(a_read_only_server_refuses_pokes),
        command_test(a_trace_shows_every_callback),
        command_test(a_monitor_prints_what_happens_to_a_service),
        command_test(the_view_without_a_terminal_is_a_snapshot),
        command_test(the_ledger_shows_each_server),
        command_test(each_failure_has_its_exit_code_and_its_advice),
        command_test(no_answer_in_time_is_a_timeout),
        command_test(a_server_that_dies_is_told_of),
        command_test(help_and_version_are_there),
    };

    if (argc != 2)
        return 1;
    dde = argv[1];
#ifdef _WIN32
    GetDesktopWindow(); /* under Wine the first who needs it starts a program, which inherits all of its pipes */
    snprintf(service, sizeof service, "Test %lu", (unsigned long)GetCurrentProcessId());
#else
    snprintf(service, sizeof service, "Test %ld", (long)getpid());
#endif
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
