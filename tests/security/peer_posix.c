/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* A process that does what none may. The test's process is its victim: a server and a monitor, in conversation with
 * an honest client in a third process. Whatever the intruder tries: it is cut off, the monitor hears of it, the
 * honest one does not notice, and nothing is left behind.
 *
 * The intruder joins the board like any process and then speaks for itself, through a socket of its own.
 *
 * security_peer: the tests. security_peer honest; security_peer intruder ATTEMPT NUMBER WINDOW: the other two. */

#define _GNU_SOURCE /* memory descriptors */

#include "support/party.h"
#include "support/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/posix/board.h"
#include "host/posix/figures.h"
#include "host/posix/frames.h"
#include "host/posix/parcel.h"

#define NONE (-1)

enum { PROCESS_SHIFT = 47, MOST_POSTS = 10000 };

/* ---- The intruder -------------------------------------------------------------------------------------- */

static struct {
    board_number self, victim;
    host_wnd window, victims; /* one that it calls its own; one of the victim's conversations */
    int socket, other_socket; /* other_socket: NONE, or a second line to the victim */
    size_t size;
    _Alignas(FRAME_ALIGN) unsigned char packet[2 * FRAME_PACKET];
} in;

static void give_up(const char *what)
{
    char line[TEST_LINE];

    snprintf(line, sizeof line, "%s: %s", what, strerror(errno));
    test_parent_say(line);
    exit(1);
}

static void line_to_path(const char *path)
{
    const struct timeval patience = {.tv_sec = TEST_PATIENCE_MS / 1000};
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    memcpy(a.sun_path, path, strlen(path));
    in.socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    setsockopt(in.socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (in.socket < 0 || connect(in.socket, (struct sockaddr *)&a, sizeof a) != 0)
        give_up("connect");
}

static void line_to(board_number victim)
{
    char path[BOARD_PATH];

    board_path(victim, path);
    line_to_path(path);
}

/* Adds a frame to the packet; its head can be spoilt afterwards. */
static struct frame_head *put(void *frame, size_t size, int type, const void *rest, size_t more)
{
    size_t whole = size + more, padding = -whole % FRAME_ALIGN;
    struct frame_head *head = (void *)(in.packet + in.size);

    memset(in.packet + in.size, 0, whole + padding);
    memcpy(in.packet + in.size, frame, size);
    if (more)
        memcpy(in.packet + in.size + size, rest, more);
    *head = (struct frame_head){.size = (uint32_t)(whole + padding),
                                .version = FRAME_VERSION,
                                .type = (uint8_t)type,
                                .padding = (uint8_t)padding};
    in.size += whole + padding;
    return head;
}

#define PUT(frame, type) put(&(frame), sizeof(frame), type, NULL, 0)

/* false: the victim does not listen any more. */
static bool say_with(const int *fds, size_t n)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(8 * sizeof(int))];
    } control = {.bytes = {0}};
    struct iovec part = {.iov_base = in.packet, .iov_len = in.size};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    struct cmsghdr *c;

    if (n) {
        m.msg_control = control.bytes;
        m.msg_controllen = CMSG_SPACE(n * sizeof(int));
        c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(n * sizeof(int));
        memcpy(CMSG_DATA(c), fds, n * sizeof(int));
    }
    in.size = 0;
    return sendmsg(in.socket, &m, MSG_NOSIGNAL) >= 0;
}

static bool say(int fd)
{
    return say_with(&fd, fd >= 0);
}

static struct frame_hello hello_of(board_number number)
{
    return (struct frame_hello){.magic = FRAME_MAGIC, .number = number};
}

static void say_hello(void)
{
    struct frame_hello hello = hello_of(in.self);

    PUT(hello, FRAME_HELLO);
    say(NONE);
}

static void put_window(host_wnd wnd)
{
    struct frame_window f = {.wnd = wnd, .traits = HOST_CLIENT, .thread = 1};

    PUT(f, FRAME_WINDOW);
}

static void say_window(void)
{
    put_window(in.window);
    say(NONE);
}

/* The bytes of a message as the host makes them. */
static struct parcel *parcel_of(uint32_t id, host_wnd from, uintptr_t lparam, enum parcel_way way)
{
    struct host_msg m = {.id = id, .wparam = from, .lparam = lparam};
    struct parcel *p = parcel_pack(&m, way);

    if (!p)
        give_up("parcel_pack");
    return p;
}

static void put_post(host_wnd to, const struct parcel *p)
{
    struct frame_post f = {.to = to};

    put(&f, sizeof f, FRAME_POST, p->bytes, p->size);
}

static void put_again(host_wnd to, host_wnd from, uint32_t lane)
{
    struct frame_again f = {.to = to, .from = from, .lane = lane};

    PUT(f, FRAME_AGAIN);
}

static void put_send(host_wnd to, const struct parcel *p, uint64_t serial)
{
    struct frame_send f = {.to = to, .serial = serial, .until = UINT64_MAX};

    put(&f, sizeof f, FRAME_SEND, p->bytes, p->size);
}

static void post(uint32_t id, host_wnd from, uintptr_t lparam)
{
    put_post(in.victims, parcel_of(id, from, lparam, PARCEL_POSTED));
    say(NONE);
}

enum { INITIATE_ = 0x03E0, TERMINATE_, ADVISE_, UNADVISE_, ACK_, DATA_, REQUEST_, POKE_, EXECUTE_ };

/* ---- Attempts: who it is ------------------------------------------------------------------------------- */

static void wrong_version(void)
{
    struct frame_hello hello = hello_of(in.self);

    PUT(hello, FRAME_HELLO)->version++;
    say(NONE);
}

static void wrong_magic(void)
{
    struct frame_hello hello = hello_of(in.self);

    hello.magic++;
    PUT(hello, FRAME_HELLO);
    say(NONE);
}

static void the_number_of_the_victim(void)
{
    struct frame_hello hello = hello_of(in.victim);

    PUT(hello, FRAME_HELLO);
    say(NONE);
}

static void a_number_that_nobody_has(void)
{
    struct frame_hello hello = hello_of((board_number)((in.self + 7) % 32767 + 1));

    PUT(hello, FRAME_HELLO);
    say(NONE);
}

static void a_number_that_none_can_be(void)
{
    struct frame_hello hello = hello_of(in.self);

    hello.number += 1u << 16;
    PUT(hello, FRAME_HELLO);
    say(NONE);
}

static void the_victims_number_and_more(void)
{
    struct frame_hello hello = hello_of(in.victim);

    PUT(hello, FRAME_HELLO);
    put_window(in.window);
    say(NONE);
}

static void frames_before_hello(void)
{
    say_window();
}

static void two_hellos(void)
{
    say_hello();
    say_hello();
}

/* Which of the two is cut off depends on which greeting is read first. */
static void two_connections(void)
{
    say_hello();
    in.other_socket = in.socket;
    line_to(in.victim);
    say_hello();
}

static void silence_by_the_hundred(void)
{
    int first = in.socket;

    for (int i = 0; i < 200; i++)
        line_to(in.victim);
    in.socket = first;
}

/* The folder lets nobody else in; it holds the door open for itself. */
static void another_user(void)
{
    char path[BOARD_PATH], door[32];
    int fd;

    close(in.socket);
    board_path(in.victim, path);
    fd = open(path, O_PATH | O_CLOEXEC);
    snprintf(door, sizeof door, "/proc/self/fd/%d", fd);
    if (fd < 0 || chmod(path, 0777) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
        give_up("setuid");
    prctl(PR_SET_DUMPABLE, 1); /* so that it may look at its own descriptors */
    line_to_path(door);
}

/* ---- Attempts: frames ---------------------------------------------------------------------------------- */

static void unknown_type(void)
{
    struct frame_gone f = {.wnd = in.window};

    say_hello();
    PUT(f, FRAME_TYPES);
    say(NONE);
}

static void no_type(void)
{
    struct frame_gone f = {.wnd = in.window};

    say_hello();
    PUT(f, 0);
    say(NONE);
}

static void length_of(uint32_t size)
{
    struct frame_gone f = {.wnd = in.window};

    say_hello();
    PUT(f, FRAME_GONE)->size = size;
    say(NONE);
}

static void no_length(void)
{
    length_of(0);
}

static void too_short(void)
{
    length_of(sizeof(struct frame_gone) - FRAME_ALIGN);
}

static void longer_than_the_packet(void)
{
    length_of(sizeof(struct frame_gone) + FRAME_ALIGN);
}

static void as_long_as_can_be(void)
{
    length_of(UINT32_MAX - 7);
}

static void odd_length(void)
{
    length_of(sizeof(struct frame_gone) - 1);
}

static void longer_than_its_kind(void)
{
    struct frame_gone f = {.wnd = in.window};

    say_hello();
    put(&f, sizeof f, FRAME_GONE, "12345678", 8);
    say(NONE);
}

static void more_padding_than_there_is(void)
{
    struct frame_gone f = {.wnd = in.window};

    say_hello();
    PUT(f, FRAME_GONE)->padding = 7;
    say(NONE);
}

static void part_of_a_head(void)
{
    say_hello();
    in.size = 4;
    say(NONE);
}

static void oversized_packet(void)
{
    say_hello();
    while (in.size <= FRAME_PACKET)
        put_window(in.window);
    say(NONE);
}

/* ---- Attempts: windows --------------------------------------------------------------------------------- */

static void the_victims_window_as_its_own(void)
{
    say_hello();
    put_window(in.victims);
    say(NONE);
}

static void a_window_of_nobody(void)
{
    say_hello();
    put_window(in.window % ((host_wnd)1 << PROCESS_SHIFT));
    say(NONE);
}

static void too_large_a_card(void)
{
    struct frame_window f = {.wnd = in.window, .card = HOST_CARD_SIZE + 1};

    say_hello();
    PUT(f, FRAME_WINDOW);
    say(NONE);
}

static void the_end_of_the_victims_window(void)
{
    struct frame_gone f = {.wnd = in.victims};

    say_hello();
    PUT(f, FRAME_GONE);
    say(NONE);
}

static void a_question_about_another_ones_window(void)
{
    struct frame_ask f = {.wnd = in.window, .serial = 1};

    say_hello();
    PUT(f, FRAME_ASK);
    say(NONE);
}

/* ---- Attempts: messages -------------------------------------------------------------------------------- */

static void post_in_the_name_of_the_victim(void)
{
    say_hello();
    post(REQUEST_, in.victims, 1);
}

static void send_in_the_name_of_the_victim(void)
{
    say_hello();
    put_send(in.victims, parcel_of(INITIATE_, in.victims, 0, PARCEL_SENT), 1);
    say(NONE);
}

static void post_to_another_process(void)
{
    say_hello();
    put_post(in.window, parcel_of(REQUEST_, in.window, 1, PARCEL_POSTED));
    say(NONE);
}

static void send_to_another_process(void)
{
    say_hello();
    put_send(in.window, parcel_of(INITIATE_, in.window, 0, PARCEL_SENT), 1);
    say(NONE);
}

static void send_to_an_unknown_audience(void)
{
    struct parcel *p = parcel_of(INITIATE_, in.window, 0, PARCEL_SENT);
    struct frame_send f = {.serial = 1, .until = UINT64_MAX, .audience = HOST_EVENT_WINDOWS + 1};

    say_hello();
    put(&f, sizeof f, FRAME_SEND, p->bytes, p->size);
    say(NONE);
}

/* What has been taken is credited only to those who listen; this one does not. */
static void posts_beyond_its_credit(void)
{
    say_hello();
    say_window();
    for (int i = 0; i <= MOST_POSTS; i++)
        post(REQUEST_, in.window, 1);
}

static void a_lane_that_there_is_not(void)
{
    struct parcel *p = parcel_of(REQUEST_, in.window, 1, PARCEL_POSTED);
    struct frame_post f = {.to = in.victims, .lane = FRAME_LANES};

    say_hello();
    put(&f, sizeof f, FRAME_POST, p->bytes, p->size);
    say(NONE);
}

static void a_sent_parcel_posted(void)
{
    host_atom atom = host_atom_add((const uint16_t[]){'S', 0});

    say_hello();
    say_window();
    put_post(in.victims, parcel_of(INITIATE_, in.window, atom | (uintptr_t)atom << 16, PARCEL_SENT));
    say(NONE);
}

static void a_posted_parcel_sent(void)
{
    say_hello();
    say_window();
    put_send(in.victims, parcel_of(REQUEST_, in.window, 1, PARCEL_POSTED), 1);
    say(NONE);
}

static void event(uint32_t id)
{
    say_hello();
    say_window();
    post(id, in.window, 0);
}

static void a_resumption(void)
{
    event(HOST_EV_RESUME);
}

static void a_timer(void)
{
    event(HOST_EV_TIMER);
}

static void a_destruction(void)
{
    event(HOST_EV_DESTROYED);
}

static void news_that_are_none(void)
{
    event(HOST_EV_NEWS);
}

static void a_loss(void)
{
    event(HOST_EV_LOST);
}

static void an_intruder(void)
{
    event(HOST_EV_INTRUDER);
}

static void a_posted_move(void)
{
    event(HOST_EV_MOVED);
}

static void a_posted_registration(void)
{
    event(HOST_EV_REGISTER);
}

static void a_sent_destruction(void)
{
    say_hello();
    say_window();
    put_send(in.victims, parcel_of(HOST_EV_DESTROYED, in.window, 0, PARCEL_SENT), 1);
    say(NONE);
}

static void an_answer_to_no_question(void)
{
    struct frame_reply f = {.serial = UINT64_MAX - 1};

    say_hello();
    PUT(f, FRAME_REPLY);
    say(NONE);
}

static void credit_that_is_not_due(void)
{
    struct frame_credit f = {.n = 1};

    say_hello();
    PUT(f, FRAME_CREDIT);
    say(NONE);
}

static void credit_for_another_lane(void)
{
    struct frame_credit f = {.lane = UINT32_MAX};

    say_hello();
    PUT(f, FRAME_CREDIT);
    say(NONE);
}

static void too_much_news(void)
{
    static const unsigned char record[HOST_NEWS_SIZE + 1];
    struct frame_news f = {.kind = 1};

    say_hello();
    put(&f, sizeof f, FRAME_NEWS, record, sizeof record);
    say(NONE);
}

/* ---- Attempts: what messages carry --------------------------------------------------------------------- */

static host_mem poke_block(size_t size)
{
    host_mem pair = host_mem_alloc(2 * sizeof(uintptr_t), true);
    uintptr_t *parts = host_mem_lock(pair);

    parts[0] = host_mem_alloc(size, false);
    parts[1] = host_atom_add((const uint16_t[]){'I', 't', 'e', 'm', 0});
    host_mem_unlock(pair);
    return pair;
}

static int file_of(size_t size, int seals)
{
    static char bytes[1 << 20];
    int fd = memfd_create("intruder", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (write(fd, bytes, size) != (ssize_t)size || fcntl(fd, F_ADD_SEALS, seals) != 0)
        give_up("memfd_create");
    return fd;
}

enum { SEALS = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW, LARGE = 200000 };

static void poke_with(size_t size, int fd)
{
    say_hello();
    say_window();
    put_post(in.victims, parcel_of(POKE_, in.window, poke_block(size), PARCEL_POSTED));
    say(fd);
}

static void an_unsealed_descriptor(void)
{
    poke_with(LARGE, file_of(LARGE, F_SEAL_SHRINK | F_SEAL_GROW));
}

static void a_descriptor_of_too_few_bytes(void)
{
    poke_with(LARGE, file_of(LARGE - 1, SEALS));
}

static void a_descriptor_of_something_else(void)
{
    poke_with(LARGE, open("/dev/zero", O_RDWR | O_CLOEXEC));
}

static void a_descriptor_that_is_missing(void)
{
    poke_with(LARGE, NONE);
}

static void a_descriptor_that_is_not_needed(void)
{
    poke_with(100, file_of(LARGE, SEALS));
}

static void a_descriptor_where_none_belongs(void)
{
    say_hello();
    put_window(in.window);
    say(file_of(LARGE, SEALS));
}

static void more_than_one_descriptor(void)
{
    int fds[8];

    say_hello();
    say_window();
    for (int i = 0; i < 8; i++)
        fds[i] = file_of(LARGE, SEALS);
    put_post(in.victims, parcel_of(POKE_, in.window, poke_block(LARGE), PARCEL_POSTED));
    say_with(fds, 8);
}

static void a_descriptor_for_everybody(void)
{
    say_hello();
    say_window();
    put_send(0, parcel_of(POKE_, in.window, poke_block(LARGE), PARCEL_SENT), 1);
    say(file_of(LARGE, SEALS));
}

static void part_of_a_parcel(void)
{
    struct parcel *p = parcel_of(REQUEST_, in.window, 1, PARCEL_POSTED);
    struct frame_post f = {.to = in.victims};

    say_hello();
    put(&f, sizeof f, FRAME_POST, p->bytes, p->size - 8);
    say(NONE);
}

static void no_parcel(void)
{
    struct frame_post f = {.to = in.victims};

    say_hello();
    PUT(f, FRAME_POST);
    say(NONE);
}

static void too_large_a_parcel(void)
{
    static unsigned char bytes[PARCEL_MAX + 8];
    struct parcel *p = parcel_of(REQUEST_, in.window, 1, PARCEL_POSTED);
    struct frame_post f = {.to = in.victims};

    memcpy(bytes, p->bytes, p->size);
    say_hello();
    put(&f, sizeof f, FRAME_POST, bytes, sizeof bytes);
    say(NONE);
}

/* ---- Attempts: the same again -------------------------------------------------------------------------- */

static void nothing_again(void)
{
    say_hello();
    say_window();
    put_again(in.victims, in.window, 0);
    say(NONE);
}

static void a_sent_one_again(void)
{
    say_hello();
    say_window();
    put_send(in.victims, parcel_of(INITIATE_, in.window, 0, PARCEL_SENT), 1);
    put_again(in.victims, in.window, 0);
    say(NONE);
}

static void one_with_a_descriptor_again(void)
{
    say_hello();
    say_window();
    post(REQUEST_, in.window, 1);
    put_post(in.victims, parcel_of(POKE_, in.window, poke_block(LARGE), PARCEL_POSTED));
    say(file_of(LARGE, SEALS));
    put_again(in.victims, in.window, 0);
    say(NONE);
}

/* Of a sound message. */
static void post_and_again(host_wnd to, host_wnd from, uint32_t lane)
{
    say_hello();
    say_window();
    post(REQUEST_, in.window, 1);
    put_again(to, from, lane);
    say(NONE);
}

static void again_in_the_name_of_the_victim(void)
{
    post_and_again(in.victims, in.victims, 0);
}

static void again_to_another_process(void)
{
    post_and_again(in.window, in.window, 0);
}

static void again_in_a_lane_that_there_is_not(void)
{
    post_and_again(in.victims, in.window, FRAME_LANES);
}

static void again_beyond_its_credit(void)
{
    post_and_again(in.victims, in.window, 0);
    for (int i = 1; i < MOST_POSTS; i++) {
        put_again(in.victims, in.window, 0);
        say(NONE);
    }
}

/* ---- Attempts: what harms nobody ----------------------------------------------------------------------- */

/* References that it has not, on names of the victim's. */
static void names_that_are_not_its_own(void)
{
    struct parcel *p = parcel_of(REQUEST_, in.window, 0, PARCEL_POSTED);
    uint64_t number;

    say_hello();
    say_window();
    for (host_atom atom = 0xC000; atom < 0xC040; atom++) {
        number = atom;
        memcpy(p->bytes + p->size - sizeof number, &number, sizeof number);
        for (int i = 0; i < 40; i++) {
            put_post(in.victims, p);
            say(NONE);
        }
    }
}

/* To a window that there is not, from one that has not been introduced, and from nobody. */
static void again_to_and_from_nobody(void)
{
    say_hello();
    say_window();
    put_post(in.victims, parcel_of(POKE_, in.window, poke_block(100), PARCEL_POSTED));
    put_again(in.victims + ((host_wnd)1 << 20), in.window, 0);
    put_again(in.victims, in.window + 1, 0);
    put_again(in.victims, 0, 0);
    say(NONE);
}

static void descriptors_with_nothing(void)
{
    int fd = file_of(1, SEALS);

    for (int i = 0; i < 100; i++) {
        line_to(in.victim);
        say(fd);
    }
}

static void an_end_in_mid_sentence(void)
{
    say_hello();
    say_window();
    put_send(in.victims, parcel_of(INITIATE_, in.window, 0, PARCEL_SENT), 1);
    say(NONE);
    for (int i = 0; i < 100; i++)
        post(REQUEST_, in.window, 1);
    close(in.socket);
}

/* ---- Attempts: anything -------------------------------------------------------------------------------- */

enum { PACKETS = 20000 };

static uint32_t chance(void)
{
    static uint64_t state = 0x9E3779B97F4A7C15;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

/* A frame that could be one, of bytes that could be anything. */
static void put_anything(void)
{
    static const size_t sizes[FRAME_TYPES] = {
        8,
        sizeof(struct frame_hello),
        sizeof(struct frame_window),
        sizeof(struct frame_ask),
        sizeof(struct frame_gone),
        sizeof(struct frame_post),
        sizeof(struct frame_again),
        sizeof(struct frame_send),
        sizeof(struct frame_reply),
        sizeof(struct frame_credit),
        sizeof(struct frame_news),
    };
    unsigned type = chance() % FRAME_TYPES;
    unsigned char bytes[512];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = chance() % 4 ? 0 : (unsigned char)chance();
    put(bytes, sizes[type], (int)type, bytes + 200, chance() % 4 ? 0 : chance() % 300);
}

/* A sound message in which some bytes are others. */
static void put_spoilt(void)
{
    static const uint32_t ids[] = {REQUEST_, TERMINATE_, UNADVISE_, 0x400, POKE_};
    uint32_t id = ids[chance() % 5];
    struct parcel *p = parcel_of(
        id, in.window, id == POKE_ ? poke_block(1 + chance() % 300) : chance() % 0x10000, PARCEL_POSTED);
    size_t start = in.size;

    put_window(in.window);
    if (chance() % 4)
        put_post(in.victims, p);
    else
        put_send(in.victims, p, chance());
    if (chance() % 4 == 0)
        put_again(in.victims, in.window, 0);
    for (unsigned n = chance() % 4; n; n--)
        in.packet[start + chance() % (in.size - start)] = (unsigned char)chance();
    parcel_free(p);
}

static void garbage(void)
{
    bool heard = false;

    for (int i = 0; i < PACKETS; i++) {
        if (!heard) {
            close(in.socket);
            line_to(in.victim);
            say_hello();
        }
        if (chance() % 8 == 0) {
            in.size = chance() % 300;
            for (size_t k = 0; k < in.size; k++)
                in.packet[k] = (unsigned char)chance();
        } else {
            (chance() % 2 ? put_anything : put_spoilt)();
        }
        heard = in.size && say(chance() % 16 ? NONE : STDIN_FILENO);
        in.size = 0;
    }
}

/* ---- All of them --------------------------------------------------------------------------------------- */

enum outcome { CUT_OFF, CUT_OFF_OFTEN, HARMLESS };

#define TRY(name, outcome)                                                                                   \
    {                                                                                                        \
#name, name, outcome                                                                                 \
    }

static const struct attempt {
    const char *name;
    void (*make)(void);
    enum outcome outcome;
} attempts[] = {
    TRY(wrong_version, CUT_OFF),
    TRY(wrong_magic, CUT_OFF),
    TRY(the_number_of_the_victim, CUT_OFF),
    TRY(a_number_that_nobody_has, CUT_OFF),
    TRY(a_number_that_none_can_be, CUT_OFF),
    TRY(the_victims_number_and_more, CUT_OFF),
    TRY(frames_before_hello, CUT_OFF),
    TRY(two_hellos, CUT_OFF),
    TRY(two_connections, CUT_OFF),
    TRY(silence_by_the_hundred, CUT_OFF_OFTEN),
    TRY(another_user, CUT_OFF),
    TRY(unknown_type, CUT_OFF),
    TRY(no_type, CUT_OFF),
    TRY(no_length, CUT_OFF),
    TRY(too_short, CUT_OFF),
    TRY(longer_than_the_packet, CUT_OFF),
    TRY(as_long_as_can_be, CUT_OFF),
    TRY(odd_length, CUT_OFF),
    TRY(longer_than_its_kind, CUT_OFF),
    TRY(more_padding_than_there_is, CUT_OFF),
    TRY(part_of_a_head, CUT_OFF),
    TRY(oversized_packet, CUT_OFF),
    TRY(the_victims_window_as_its_own, CUT_OFF),
    TRY(a_window_of_nobody, CUT_OFF),
    TRY(too_large_a_card, CUT_OFF),
    TRY(the_end_of_the_victims_window, CUT_OFF),
    TRY(a_question_about_another_ones_window, CUT_OFF),
    TRY(post_in_the_name_of_the_victim, CUT_OFF),
    TRY(send_in_the_name_of_the_victim, CUT_OFF),
    TRY(post_to_another_process, CUT_OFF),
    TRY(send_to_another_process, CUT_OFF),
    TRY(send_to_an_unknown_audience, CUT_OFF),
    TRY(posts_beyond_its_credit, CUT_OFF),
    TRY(a_lane_that_there_is_not, CUT_OFF),
    TRY(a_sent_parcel_posted, CUT_OFF),
    TRY(a_posted_parcel_sent, CUT_OFF),
    TRY(a_resumption, CUT_OFF),
    TRY(a_timer, CUT_OFF),
    TRY(a_destruction, CUT_OFF),
    TRY(news_that_are_none, CUT_OFF),
    TRY(a_loss, CUT_OFF),
    TRY(an_intruder, CUT_OFF),
    TRY(a_posted_move, CUT_OFF),
    TRY(a_posted_registration, CUT_OFF),
    TRY(a_sent_destruction, CUT_OFF),
    TRY(an_answer_to_no_question, CUT_OFF),
    TRY(credit_that_is_not_due, CUT_OFF),
    TRY(credit_for_another_lane, CUT_OFF),
    TRY(too_much_news, CUT_OFF),
    TRY(an_unsealed_descriptor, CUT_OFF),
    TRY(a_descriptor_of_too_few_bytes, CUT_OFF),
    TRY(a_descriptor_of_something_else, CUT_OFF),
    TRY(a_descriptor_that_is_missing, CUT_OFF),
    TRY(a_descriptor_that_is_not_needed, CUT_OFF),
    TRY(a_descriptor_where_none_belongs, CUT_OFF),
    TRY(more_than_one_descriptor, CUT_OFF),
    TRY(a_descriptor_for_everybody, CUT_OFF),
    TRY(part_of_a_parcel, CUT_OFF),
    TRY(no_parcel, CUT_OFF),
    TRY(too_large_a_parcel, CUT_OFF),
    TRY(nothing_again, CUT_OFF),
    TRY(a_sent_one_again, CUT_OFF),
    TRY(one_with_a_descriptor_again, CUT_OFF),
    TRY(again_in_the_name_of_the_victim, CUT_OFF),
    TRY(again_to_another_process, CUT_OFF),
    TRY(again_in_a_lane_that_there_is_not, CUT_OFF),
    TRY(again_beyond_its_credit, CUT_OFF),
    TRY(again_to_and_from_nobody, HARMLESS),
    TRY(names_that_are_not_its_own, HARMLESS),
    TRY(descriptors_with_nothing, HARMLESS),
    TRY(an_end_in_mid_sentence, HARMLESS),
    TRY(garbage, CUT_OFF_OFTEN),
};

enum { ATTEMPTS = sizeof attempts / sizeof *attempts };

/* The victim has closed its end. */
static bool is_cut_off(void)
{
    struct pollfd lines[] = {{.fd = in.socket}, {.fd = in.other_socket}};

    return poll(lines, 2, TEST_PATIENCE_MS) == 1 && (lines[0].revents | lines[1].revents) & POLLHUP;
}

static int run_intruder(char **argv)
{
    const struct attempt *a = &attempts[atoi(argv[0])];
    char line[TEST_LINE];

    in.victim = (board_number)atoi(argv[1]);
    in.victims = (host_wnd)strtoull(argv[2], NULL, 16);
    in.self = board_join();
    in.window = (host_wnd)in.self << PROCESS_SHIFT | 1 << 25 | 1;
    in.other_socket = NONE;
    line_to(in.victim);
    a->make();
    test_parent_say(a->outcome != CUT_OFF || is_cut_off() ? "done" : "not cut off");
    test_parent_hear(line, TEST_PATIENCE_MS);
    _exit(0); /* with all that it has not given back */
}

/* ---- The honest one ------------------------------------------------------------------------------------ */

/* Each line of its parent's is answered with what the server says. */
static int run_honest(void)
{
    struct party *p = party_open(APPCMD_CLIENTONLY);
    HCONV conv = party_connect(p, SERVICE, TOPIC);
    char line[TEST_LINE];

    test_parent_say("connected");
    while (test_parent_hear(line, 3 * TEST_PATIENCE_MS)) {
        HDDEDATA data = party_transact(p, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL);
        char value[64] = "nothing";

        DdeGetData(data, (LPBYTE)value, sizeof value, 0);
        test_parent_say(value);
        DdeFreeDataHandle(data);
    }
    party_close(p);
    return 0;
}

/* ---- The victim ---------------------------------------------------------------------------------------- */

static struct {
    struct party *server, *monitor;
    struct test_process *honest, *intruder;
} cast;

static struct figures {
    long windows, posts, sends, blocks, atoms, descriptors;
} before;

static long descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    long n = 0;

    assert_non_null(folder);
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

static struct figures figures(void)
{
    return (struct figures){figure_windows(), figure_posts(), figure_sends(),
                            figure_blocks(),  figure_atoms(), descriptors()};
}

static void the_honest_one_is_served(void)
{
    test_process_say(cast.honest, "ask");
    test_process_expect(cast.honest, "value");
}

static int up(void **state)
{
    (void)state;
    cast.server = party_serve(0);
    cast.monitor = party_open(APPCLASS_MONITOR | MF_ERRORS);
    cast.honest = test_process_play("honest");
    test_process_expect(cast.honest, "connected");
    the_honest_one_is_served();
    return 0;
}

static int down(void **state)
{
    test_process_free(cast.intruder);
    test_process_free(cast.honest);
    memset(&cast, 0, sizeof cast);
    return parties_down(state);
}

static unsigned reports(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < cast.monitor->n; i++) {
        const struct call *c = &cast.monitor->calls[i];
        MONERRSTRUCT error;

        memcpy(&error, c->bytes, sizeof error);
        n += c->type == XTYP_MONITOR && c->data2 == MF_ERRORS && error.wLastError == DMLERR_SYS_ERROR;
    }
    return n;
}

static bool is_reported(void *arg)
{
    (void)arg;
    return reports() > 0;
}

static bool is_as_before(void *arg)
{
    struct figures now = figures();

    (void)arg;
    return now.windows == before.windows && now.posts == before.posts && now.sends == before.sends &&
           now.blocks == before.blocks && now.atoms == before.atoms && now.descriptors == before.descriptors;
}

static void expect_as_before(void)
{
    struct figures now;

    if (test_pump_until(is_as_before, NULL, TEST_PATIENCE_MS))
        return;
    now = figures();
    assert_int_equal(now.windows, before.windows);
    assert_int_equal(now.posts, before.posts);
    assert_int_equal(now.sends, before.sends);
    assert_int_equal(now.blocks, before.blocks);
    assert_int_equal(now.atoms, before.atoms);
    assert_int_equal(now.descriptors, before.descriptors);
}

static void start_intruder(const struct attempt *a)
{
    HWND wnd = info_of(cast.server->server).hwnd;
    char which[16], number[16], window[32];

    snprintf(which, sizeof which, "%d", (int)(a - attempts));
    snprintf(number, sizeof number, "%d", (int)board_self());
    snprintf(window, sizeof window, "%llx", (unsigned long long)(uintptr_t)wnd);
    cast.intruder = test_process_play("intruder", which, number, window);
}

static void an_intruder_disturbs_nobody(void **state)
{
    const struct attempt *a = *state;

    if (a->make == another_user && geteuid() != 0) {
        print_message("not run: only root can become another user\n");
        skip();
    }
    test_pump_all();
    party_forget(cast.monitor);
    before = figures();
    start_intruder(a);
    test_process_expect(cast.intruder, "done");
    if (a->outcome != HARMLESS)
        assert_true(test_pump_until(is_reported, NULL, TEST_PATIENCE_MS));
    the_honest_one_is_served();
    assert_int_equal(party_count(cast.server, XTYP_DISCONNECT), 0);
    test_process_say(cast.intruder, "go");
    assert_int_equal(test_process_end(cast.intruder), 0);
    test_process_free(cast.intruder);
    cast.intruder = NULL;
    expect_as_before();
    if (a->outcome == CUT_OFF)
        assert_int_equal(reports(), 1);
    else if (a->outcome == HARMLESS)
        assert_int_equal(reports(), 0);
    the_honest_one_is_served();
}

static int monitor_up(void **state)
{
    (void)state;
    cast.monitor = party_open(APPCLASS_MONITOR | MF_ERRORS);
    return 0;
}

/* It is the first of its process to hear of the intruder. */
static void a_monitor_is_told_of_those_who_attack_itself(void **state)
{
    char which[16], number[16];

    (void)state;
    snprintf(which, sizeof which, "%d", 0);
    snprintf(number, sizeof number, "%d", (int)board_self());
    cast.intruder = test_process_play("intruder", which, number, "0");
    test_process_expect(cast.intruder, "done");
    assert_true(test_pump_until(is_reported, NULL, TEST_PATIENCE_MS));
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[ATTEMPTS + 1] = {
        [ATTEMPTS] =
            cmocka_unit_test_setup_teardown(a_monitor_is_told_of_those_who_attack_itself, monitor_up, down)};

    if (argc == 2 && !strcmp(argv[1], "honest"))
        return run_honest();
    if (argc == 5 && !strcmp(argv[1], "intruder"))
        return run_intruder(argv + 2);
    for (int i = 0; i < ATTEMPTS; i++)
        tests[i] = (struct CMUnitTest){attempts[i].name, an_intruder_disturbs_nobody, up, down,
                                       (void *)(uintptr_t)&attempts[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
