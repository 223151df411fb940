/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* How does a synchronous request of 32 bytes between two processes compare with the least that two processes can do,
 * to send 32 bytes there and back by a SOCK_SEQPACKET socket, and with a D-Bus method call that returns as many? */

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "bench/bench.h"

enum { SIZE = 32 };

/* ---- Ours --------------------------------------------------------------------------------------------- */

static struct bench_pair pair;
static HCONV conv;

static void request(void *arg, size_t n)
{
    (void)arg;
    while (n--)
        bench_request(&pair, conv);
}

/* ---- A bare socket ------------------------------------------------------------------------------------ */

static int sockets[2];

static void echo_until_closed(void)
{
    char bytes[SIZE];
    ssize_t n;

    close(sockets[0]);
    while ((n = recv(sockets[1], bytes, sizeof bytes, 0)) > 0 && send(sockets[1], bytes, (size_t)n, 0) == n)
        ;
    _exit(0);
}

/* Before there are any threads. */
static void start_echo(void)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
        bench_fail("socketpair");
    switch (fork()) {
    case -1:
        bench_fail("fork");
        break;
    case 0:
        echo_until_closed();
        break;
    default:
        close(sockets[1]);
    }
}

static void ping(void *arg, size_t n)
{
    char bytes[SIZE] = {0};

    (void)arg;
    while (n--)
        if (send(sockets[0], bytes, SIZE, 0) != SIZE || recv(sockets[0], bytes, SIZE, 0) != SIZE)
            bench_fail("the echo has gone");
}

/* ---- D-Bus -------------------------------------------------------------------------------------------- */

#define BUS_NAME      "org.ddeml.Bench"
#define BUS_PATH      "/"
#define BUS_INTERFACE "org.ddeml.Bench"

static sd_bus *bus;

static sd_bus *open_bus(const char *address)
{
    sd_bus *b = NULL;

    if (sd_bus_new(&b) < 0 || sd_bus_set_address(b, address) < 0 || sd_bus_set_bus_client(b, 1) < 0 ||
        sd_bus_start(b) < 0)
        bench_fail("there is no bus");
    return b;
}

static int get(sd_bus_message *m, void *arg, sd_bus_error *error)
{
    (void)arg, (void)error;
    return sd_bus_reply_method_return(m, "s", "0123456789012345678901234567890");
}

static const sd_bus_vtable methods[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Get", "s", "s", get, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

static void serve_bus(const char *address)
{
    bus = open_bus(address);
    if (sd_bus_add_object_vtable(bus, NULL, BUS_PATH, BUS_INTERFACE, methods, NULL) < 0 ||
        sd_bus_request_name(bus, BUS_NAME, 0) < 0)
        bench_fail("the bus refuses");
    puts("ready");
    fflush(stdout);
    while (sd_bus_process(bus, NULL) >= 0 && sd_bus_wait(bus, UINT64_MAX) >= 0)
        ;
    exit(0); /* the daemon has gone */
}

static void call(void *arg, size_t n)
{
    (void)arg;
    while (n--) {
        sd_bus_message *answer = NULL;
        const char *text;

        if (sd_bus_call_method(bus, BUS_NAME, BUS_PATH, BUS_INTERFACE, "Get", NULL, &answer, "s", "Item") <
                0 ||
            sd_bus_message_read(answer, "s", &text) < 0)
            bench_fail("no answer from the bus");
        sd_bus_message_unref(answer);
    }
}

/* A daemon of our own, which knows nothing but the two of us. */
static const char config[] =
    "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\""
    " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">"
    "<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>"
    "<policy context=\"default\"><allow send_destination=\"*\"/><allow receive_sender=\"*\"/>"
    "<allow own=\"*\"/></policy></busconfig>";

struct bus {
    FILE *daemon, *server;
    pid_t pid;
    char file[32];
};

static void start_bus(struct bus *b, const char *program)
{
    char arguments[256], address[128], line[32];
    int fd;

    strcpy(b->file, "/tmp/ddeml-bench-XXXXXX");
    fd = mkstemp(b->file);
    if (fd < 0 || write(fd, config, sizeof config - 1) != (ssize_t)sizeof config - 1)
        bench_fail("/tmp");
    close(fd);
    snprintf(arguments, sizeof arguments,
             "--config-file=%s --nofork --nopidfile --print-address=1 --print-pid=1 2>/dev/null", b->file);
    b->daemon = bench_start("dbus-daemon", arguments);
    if (!fgets(address, sizeof address, b->daemon) || !fgets(line, sizeof line, b->daemon))
        bench_fail("dbus-daemon does not start");
    b->pid = (pid_t)strtol(line, NULL, 10);
    address[strcspn(address, "\n")] = '\0';
    snprintf(arguments, sizeof arguments, "bus '%s'", address);
    b->server = bench_start(program, arguments);
    if (!fgets(line, sizeof line, b->server))
        bench_fail("nobody serves the bus");
    bus = open_bus(address);
}

static void stop_bus(struct bus *b)
{
    sd_bus_flush_close_unref(bus);
    if (b->pid > 0)
        kill(b->pid, SIGTERM);
    pclose(b->daemon);
    bench_end(b->server);
    unlink(b->file);
}

/* ------------------------------------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
    struct bench_side sides[] = {
        {.run = request, .n = 50},
        {.name = "SOCK_SEQPACKET there and back", .run = ping, .n = 50},
        {.name = "D-Bus method call", .run = call, .n = 10},
    };
    static const char question[] = "Synchronous request of 32 bytes, two processes";
    struct bus b;

    if (argc > 2 && strcmp(argv[1], "bus") == 0)
        serve_bus(argv[2]);
    bench_begin(argc, argv);
    start_echo();
    start_bus(&b, argv[0]);
    bench_open(&pair, BENCH_PROCESSES);
    conv = bench_connect(&pair);
    bench_take_turns(sides, 3);
    bench_compare(question, &sides[0], &sides[1], RATIO_AT_LEAST, 0.7);
    bench_compare(question, &sides[0], &sides[2], RATIO_AT_LEAST, 2);
    bench_close(&pair);
    stop_bus(&b);
    close(sockets[0]);
    return 0;
}
