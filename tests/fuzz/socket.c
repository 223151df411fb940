/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The door of processes: what comes on the sockets. Two hostile processes, who really are this one, connect and say
 * what the input says: any bytes, or frames that are nearly right, in any order, with descriptors of all kinds; they
 * answer what they are asked, or something else, or not. The victim meanwhile serves, connects, converses and ends. */

#define _GNU_SOURCE /* memory descriptors, accept4 */

#include "fuzz/fuzz.h"

#include "fuzz/inside.h"
#include "host/posix/frames.h"
#include "host/posix/peers.h"
#include "support/inside.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    IDENTITIES = 2,
    LINES = 4,
    EARS = 16,
    OURS = 16, /* windows that they have heard of */
    KEPT = 4,
    DEPTH = 4,
    STEPS = 120,
    RAW = 256,
    LARGE = 40000, /* too much to go inside a frame */
    HALF = 16,
    LOOKS = 1000, /* more than a line has packets */
};

enum { CLIENT, SERVER, INSTANCES };

/* What there is once: it survives the inputs. */
static struct {
    board_number number[IDENTITIES];
    int listener[IDENTITIES];
    int sealed, unsealed, other; /* descriptors to be sent */
} once;

static struct door {
    DWORD ids[INSTANCES];
    HCONV convs[KEPT];
    bool known; /* the board tells of them: they serve and listen */
    int lines[LINES], ears[EARS];
    unsigned n_ears, who[LINES]; /* the identity behind a line */
    uint64_t ours[OURS], serial;
    unsigned n_ours;
    struct fuzz_steps steps;
    size_t size;
    _Alignas(FRAME_ALIGN) unsigned char packet[2 * FRAME_PACKET];
} door;

static bool another_step(void);

/* ---- The board tells of them ---------------------------------------------------------------------------------- */

long __real_board_pid(board_number who);
long __wrap_board_pid(board_number who);
bool __real_board_alive(board_number who);
bool __wrap_board_alive(board_number who);
void __real_board_bury(board_number who);
void __wrap_board_bury(board_number who);
size_t __real_board_servers(uint64_t hash, board_number *who, size_t max);
size_t __wrap_board_servers(uint64_t hash, board_number *who, size_t max);
size_t __real_board_with(unsigned traits, board_number *who, size_t max);
size_t __wrap_board_with(unsigned traits, board_number *who, size_t max);
size_t __real_board_listeners(uint32_t kind, board_number *who, size_t max);
size_t __wrap_board_listeners(uint32_t kind, board_number *who, size_t max);

static bool is_hostile(board_number who)
{
    return who && (who == once.number[0] || who == once.number[1]);
}

long __wrap_board_pid(board_number who)
{
    return is_hostile(who) ? (long)getpid() : __real_board_pid(who);
}

bool __wrap_board_alive(board_number who)
{
    return is_hostile(who) || __real_board_alive(who);
}

void __wrap_board_bury(board_number who)
{
    if (!is_hostile(who))
        __real_board_bury(who);
}

static size_t add_hostile(size_t n, board_number *who, size_t max)
{
    for (unsigned i = 0; door.known && i < IDENTITIES; i++) {
        if (n < max)
            who[n] = once.number[i];
        n++;
    }
    return n;
}

size_t __wrap_board_servers(uint64_t hash, board_number *who, size_t max)
{
    return add_hostile(__real_board_servers(hash, who, max), who, max);
}

size_t __wrap_board_with(unsigned traits, board_number *who, size_t max)
{
    return add_hostile(__real_board_with(traits, who, max), who, max);
}

size_t __wrap_board_listeners(uint32_t kind, board_number *who, size_t max)
{
    return add_hostile(__real_board_listeners(kind, who, max), who, max);
}

/* ---- Once ------------------------------------------------------------------------------------------------------ */

static void address_of(board_number number, struct sockaddr_un *a)
{
    char path[BOARD_PATH];

    memset(a, 0, sizeof *a);
    a->sun_family = AF_UNIX;
    board_path(number, path);
    fuzz_assert(path[0] && strlen(path) < sizeof a->sun_path);
    memcpy(a->sun_path, path, strlen(path));
}

static int new_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    fuzz_assert(fd >= 0);
    return fd;
}

static int listen_as(board_number number)
{
    struct sockaddr_un a;
    int fd = new_socket();

    address_of(number, &a);
    fuzz_assert(bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, SOMAXCONN) == 0);
    return fd;
}

static int file_of(int seals)
{
    static const char bytes[LARGE];
    int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    fuzz_assert(fd >= 0 && write(fd, bytes, LARGE) == LARGE && fcntl(fd, F_ADD_SEALS, seals) == 0);
    return fd;
}

static void start(void)
{
    board_number self;

    if (once.number[0])
        return;
    inside_meet();
    self = peers_join();
    fuzz_assert(self);
    for (unsigned i = 0; i < IDENTITIES; i++) {
        once.number[i] = (board_number)((self + i) % 1000 + 1);
        once.listener[i] = listen_as(once.number[i]);
    }
    once.sealed = file_of(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    once.unsealed = file_of(F_SEAL_GROW);
    once.other = open("/dev/null", O_RDWR | O_CLOEXEC);
}

/* ---- What they hear -------------------------------------------------------------------------------------------- */

static void learn(uint64_t wnd)
{
    for (unsigned i = 0; i < OURS; i++)
        if (door.ours[i] == wnd)
            return;
    door.ours[door.n_ours++ % OURS] = wnd;
}

static void hear_frame(const struct frame_head *head)
{
    switch (head->type) {
    case FRAME_WINDOW:
        learn(((const struct frame_window *)head)->wnd);
        break;
    case FRAME_SEND:
        door.serial = ((const struct frame_send *)head)->serial;
        break;
    case FRAME_ASK:
        door.serial = ((const struct frame_ask *)head)->serial;
        break;
    }
}

static void hear_packet(size_t size)
{
    size_t at = 0;

    while (at < size) {
        const struct frame_head *head = (const void *)(door.packet + at);

        fuzz_assert(size - at >= sizeof *head && head->size >= sizeof *head && head->size <= size - at);
        hear_frame(head);
        at += head->size;
    }
}

static bool hear_from(int ear)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {.iov_base = door.packet, .iov_len = sizeof door.packet};
    struct msghdr m = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(ear, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
    int fd;

    if (c && c->cmsg_type == SCM_RIGHTS) {
        memcpy(&fd, CMSG_DATA(c), sizeof fd);
        close(fd);
    }
    if (n > 0)
        hear_packet((size_t)n);
    return n > 0;
}

static void hear(void)
{
    for (unsigned i = 0; i < IDENTITIES; i++) {
        int fd;

        while (door.n_ears < EARS && (fd = accept4(once.listener[i], NULL, NULL, SOCK_CLOEXEC)) >= 0)
            door.ears[door.n_ears++] = fd;
    }
    for (unsigned i = 0; i < door.n_ears; i++)
        while (hear_from(door.ears[i]))
            ;
}

static void deafen(void)
{
    unsigned i = fuzz_below(EARS);

    if (fuzz_byte() < 128 || i >= door.n_ears)
        return;
    close(door.ears[i]);
    door.ears[i] = door.ears[--door.n_ears];
}

static void forget_all(void)
{
    int fd;

    for (unsigned i = 0; i < LINES; i++) {
        if (door.lines[i] >= 0)
            close(door.lines[i]);
        door.lines[i] = -1; /* the library may have the number next */
    }
    for (unsigned i = 0; i < door.n_ears; i++)
        close(door.ears[i]);
    door.n_ears = 0;
    for (unsigned i = 0; i < IDENTITIES; i++)
        while ((fd = accept4(once.listener[i], NULL, NULL, SOCK_CLOEXEC)) >= 0)
            close(fd);
}

/* ---- What they say --------------------------------------------------------------------------------------------- */

static void open_line(unsigned i)
{
    struct sockaddr_un a;

    if (door.lines[i] >= 0)
        close(door.lines[i]);
    door.lines[i] = new_socket();
    door.who[i] = i % IDENTITIES;
    address_of(peers_number(), &a);
    fuzz_assert(connect(door.lines[i], (struct sockaddr *)&a, sizeof a) == 0);
}

static void say(unsigned line, const int *fds, size_t n)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(3 * sizeof(int))];
    } control = {.bytes = {0}};
    struct iovec part = {.iov_base = door.packet, .iov_len = door.size};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    struct cmsghdr *c;

    if (door.lines[line] < 0)
        open_line(line);
    if (n) {
        m.msg_control = control.bytes;
        m.msg_controllen = CMSG_SPACE(n * sizeof(int));
        c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(n * sizeof(int));
        memcpy(CMSG_DATA(c), fds, n * sizeof(int));
    }
    sendmsg(door.lines[line], &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    door.size = 0;
}

/* Adds a frame to the packet. */
static void put(void *frame, size_t size, unsigned type, const void *rest, size_t more)
{
    struct frame_head *head = frame;
    size_t whole = size + more, padding = -whole % FRAME_ALIGN;

    if (door.size + whole + padding > FRAME_PACKET)
        return;
    *head = (struct frame_head){.size = (uint32_t)(whole + padding),
                                .version = FRAME_VERSION,
                                .type = (uint8_t)type,
                                .padding = (uint8_t)padding};
    memcpy(door.packet + door.size, frame, size);
    if (more)
        memcpy(door.packet + door.size + size, rest, more);
    memset(door.packet + door.size + whole, 0, padding);
    door.size += whole + padding;
}

static uint64_t any_of_ours(void)
{
    unsigned b = fuzz_byte();

    return b < 248 ? door.ours[b % OURS] : fuzz_number();
}

/* A window that they say is theirs. */
static uint64_t any_of_theirs(unsigned line)
{
    unsigned b = fuzz_byte();
    uint64_t number = once.number[door.who[line]];

    return b < 240 ? number << PROCESS_SHIFT | (b % 4 + 1) << HALF : b < 248 ? any_of_ours() : fuzz_number();
}

static uintptr_t any_atom(void)
{
    unsigned b = fuzz_byte();

    return b < 208 ? fuzz_atom(b) : fuzz_word();
}

/* A good block, or none. */
static host_mem any_block(void)
{
    unsigned b = fuzz_byte();
    host_mem mem = b < 8 ? fuzz_block(LARGE) : b < 224 ? fuzz_block(4 + b % 24) : 0;
    uint16_t *head = mem ? host_mem_lock(mem) : NULL;

    if (head) {
        head[1] = CF_TEXT;
        host_mem_unlock(mem);
    }
    return mem;
}

static uintptr_t any_lparam(uint32_t id, enum parcel_way way)
{
    uintptr_t one = any_atom(), lo, hi;

    if (way == PARCEL_SENT || id == WM_DDE_INITIATE || id < WM_DDE_FIRST || id > WM_DDE_LAST)
        return one | any_atom() << HALF;
    switch (id) {
    case WM_DDE_ADVISE:
    case WM_DDE_DATA:
    case WM_DDE_POKE:
        lo = any_block();
        hi = one;
        break;
    case WM_DDE_EXECUTE:
        lo = 0;
        hi = any_block();
        break;
    case WM_DDE_ACK:
        lo = fuzz_word();
        hi = fuzz_byte() < 192 ? one : (uintptr_t)fuzz_number();
        break;
    default:
        lo = CF_TEXT;
        hi = one;
        break;
    }
    return (uintptr_t)PackDDElParam(id, lo, hi);
}

/* The bytes of a message; NULL: there is none that can be packed. */
static struct parcel *any_parcel(unsigned line, enum parcel_way way)
{
    static const uint32_t ids[] = {WM_DDE_INITIATE, WM_DDE_TERMINATE, WM_DDE_ADVISE,    WM_DDE_UNADVISE,
                                   WM_DDE_ACK,      WM_DDE_DATA,      WM_DDE_REQUEST,   WM_DDE_POKE,
                                   WM_DDE_EXECUTE,  HOST_EV_MOVED,    HOST_EV_REGISTER, HOST_EV_UNREGISTER,
                                   HOST_EV_COUNT,   HOST_EV_TIMER,    HOST_EV_DESTROYED};
    unsigned b = fuzz_byte();
    struct host_msg hm = {.id = b < 240 ? ids[b % 15] : (uint32_t)fuzz_number()};
    struct parcel *p;

    if (way == PARCEL_SENT && b < 128)
        hm.id = b < 64 ? WM_DDE_INITIATE : WM_DDE_ACK;
    hm.wparam = (uintptr_t)any_of_theirs(line);
    hm.lparam = any_lparam(hm.id, way);
    p = parcel_pack(&hm, way);
    if (way == PARCEL_POSTED)
        FreeDDElParam(hm.id, (LPARAM)hm.lparam);
    return p;
}

static void put_parcel(unsigned line, bool sent, int *fd)
{
    enum parcel_way way = (sent ? fuzz_byte() < 240 : fuzz_byte() >= 240) ? PARCEL_SENT : PARCEL_POSTED;
    struct parcel *p = any_parcel(line, way);
    struct frame_post post = {.to = any_of_ours(), .lane = fuzz_byte() < 224 ? 0 : fuzz_word()};
    struct frame_send send = {.to = fuzz_byte() < 128 ? post.to : 0,
                              .serial = fuzz_byte(),
                              .until = UINT64_MAX,
                              .audience = fuzz_below(3)};

    if (!p)
        return;
    if (p->fd >= 0 && *fd < 0)
        *fd = fcntl(p->fd, F_DUPFD_CLOEXEC, 0);
    if (sent)
        put(&send, sizeof send, FRAME_SEND, p->bytes, p->size);
    else
        put(&post, sizeof post, FRAME_POST, p->bytes, p->size);
    parcel_free(p);
}

static void put_again(unsigned line)
{
    struct frame_again f = {.to = any_of_ours(), .from = any_of_theirs(line), .lane = fuzz_below(66)};

    put(&f, sizeof f, FRAME_AGAIN, NULL, 0);
}

static void put_hello(unsigned line)
{
    struct frame_hello f = {.magic = FRAME_MAGIC, .number = once.number[door.who[line]]};

    put(&f, sizeof f, FRAME_HELLO, NULL, 0);
}

static void put_window(unsigned line)
{
    static const unsigned traits[] = {HOST_CLIENT, HOST_SERVER, HOST_MOM, HOST_EVENT};
    struct frame_window f = {.wnd = any_of_theirs(line), .thread = fuzz_byte()};
    unsigned b = fuzz_byte();

    f.traits = b < 224 ? traits[b % 4] : fuzz_word();
    f.card = b & 1 ? 0 : fuzz_byte();
    if (f.card)
        fuzz_bytes(f.bytes, sizeof f.bytes);
    put(&f, sizeof f, FRAME_WINDOW, NULL, 0);
}

static void put_other(unsigned line, unsigned type)
{
    struct frame_gone gone = {.wnd = any_of_theirs(line)};
    struct frame_ask ask = {.wnd = any_of_ours(), .serial = fuzz_byte()};
    struct frame_reply reply = {.serial = fuzz_byte() < 224 ? door.serial : fuzz_number(),
                                .value = (int64_t)fuzz_byte(),
                                .result = fuzz_byte() < 224 ? HOST_OK : -(int32_t)fuzz_below(8)};
    struct frame_credit credit = {.lane = fuzz_below(66), .n = fuzz_below(4)};
    struct frame_news news = {.kind = 1u << fuzz_below(32)};
    unsigned char record[RAW];

    switch (type) {
    case 0:
        put(&gone, sizeof gone, FRAME_GONE, NULL, 0);
        break;
    case 1:
        put(&ask, sizeof ask, FRAME_ASK, NULL, 0);
        break;
    case 2:
        put(&reply, sizeof reply, FRAME_REPLY, NULL, 0);
        break;
    case 3:
        put(&credit, sizeof credit, FRAME_CREDIT, NULL, 0);
        break;
    default:
        put(&news, sizeof news, FRAME_NEWS, record, fuzz_bytes(record, fuzz_byte()));
        break;
    }
}

static void put_frame(unsigned line, int *fd)
{
    unsigned b = fuzz_byte();

    switch (b % 16) {
    case 0:
        put_hello(line);
        break;
    case 1:
    case 2:
        put_window(line);
        break;
    case 3:
    case 4:
    case 5:
    case 6:
        put_parcel(line, false, fd);
        break;
    case 7:
        put_again(line);
        break;
    case 8:
    case 9:
    case 10:
        put_parcel(line, true, fd);
        break;
    default:
        put_other(line, b % 16 - 11);
        break;
    }
}

/* Something in it is not as it was. */
static void spoil(void)
{
    unsigned b = fuzz_byte();

    if (b < 208 || !door.size)
        return;
    if (b < 240) {
        size_t at = fuzz_word() % door.size;

        door.packet[at] ^= (unsigned char)fuzz_byte();
    } else {
        door.size -= fuzz_byte() % door.size;
    }
}

static void send_packet(unsigned line, int fd)
{
    int fds[3], n = 0;
    unsigned b = fuzz_byte();

    if (fd >= 0 && b % 8 != 7)
        fds[n++] = fd;
    if (b >= 224) {
        fds[n++] = b % 3 == 0 ? once.sealed : b % 3 == 1 ? once.unsealed : once.other;
        if (b % 4 == 3)
            fds[n++] = once.other;
    }
    say(line, fds, (size_t)n);
    if (fd >= 0)
        close(fd);
}

static unsigned any_line(void)
{
    unsigned line = fuzz_below(LINES);

    if (door.lines[line] >= 0)
        return line;
    open_line(line);
    if (fuzz_byte() < 224) {
        put_hello(line);
        say(line, NULL, 0);
    }
    return line;
}

static void say_frames(void)
{
    unsigned line = any_line(), n = 1 + fuzz_below(3);
    int fd = -1;

    door.size = 0;
    while (n--)
        put_frame(line, &fd);
    spoil();
    send_packet(line, fd);
}

static void say_bytes(void)
{
    unsigned line = any_line();

    door.size = fuzz_bytes(door.packet, fuzz_byte());
    send_packet(line, -1);
}

static void hang_up(void)
{
    unsigned line = fuzz_below(LINES);

    if (door.lines[line] >= 0 && fuzz_byte() < 128) {
        close(door.lines[line]);
        door.lines[line] = -1;
    }
}

/* What it would say if it were a client or a server of good will. */
static void say_right_thing(void)
{
    unsigned line = any_line();
    uint64_t mine = (uint64_t)once.number[door.who[line]] << PROCESS_SHIFT | 1u << HALF;
    struct frame_window f = {.wnd = mine, .traits = HOST_CLIENT, .thread = 1};
    struct host_msg hm = {.wparam = (uintptr_t)mine};
    bool ask = fuzz_byte() & 1;
    struct frame_send send = {.to = ask ? 0 : any_of_ours(), .serial = 1, .until = UINT64_MAX};
    struct parcel *p;

    hm.id = ask ? WM_DDE_INITIATE : WM_DDE_ACK;
    hm.lparam = fuzz_atom(0) | (uintptr_t)fuzz_atom(1) << HALF;
    p = parcel_pack(&hm, PARCEL_SENT);
    fuzz_assert(p);
    door.size = 0;
    put(&f, sizeof f, FRAME_WINDOW, NULL, 0);
    put(&send, sizeof send, FRAME_SEND, p->bytes, p->size);
    parcel_free(p);
    say(line, NULL, 0);
}

static void answer(void)
{
    unsigned line = any_line();
    struct frame_reply reply = {.serial = door.serial};

    door.size = 0;
    put(&reply, sizeof reply, FRAME_REPLY, NULL, 0);
    say(line, NULL, 0);
}

/* ---- The victim ------------------------------------------------------------------------------------------------ */

static HSZ name(DWORD id, unsigned which)
{
    return DdeCreateStringHandleA(id, fuzz_names[which % FUZZ_NAMES], CP_WINANSI);
}

static void learn_conv(HCONV conv)
{
    CONVINFO info = {.cb = sizeof info};

    if (!conv)
        return;
    door.convs[fuzz_below(KEPT)] = conv;
    if (DdeQueryConvInfo(conv, QID_SYNC, &info))
        learn((uintptr_t)info.hwnd);
}

static HDDEDATA CALLBACK callback(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR d1, ULONG_PTR d2)
{
    static BYTE value[] = "value";
    unsigned b;

    (void)hsz1;
    (void)data;
    (void)d1;
    (void)d2;
    if (type == XTYP_CONNECT_CONFIRM)
        learn_conv(conv);
    if (!fuzz_more())
        return (HDDEDATA)(uintptr_t)TRUE;
    b = fuzz_byte();
    if (b % 8 == 7)
        another_step();
    if (b < 16)
        return CBR_BLOCK;
    if (type == XTYP_REQUEST || type == XTYP_ADVREQ)
        return DdeCreateDataHandle(door.ids[SERVER], value, sizeof value, 0, hsz2, fmt, 0);
    if (type & XCLASS_FLAGS)
        return (HDDEDATA)(uintptr_t)(b < 224 ? DDE_FACK : DDE_FBUSY);
    return (HDDEDATA)(uintptr_t)(type != XTYP_WILDCONNECT);
}

static void open_instance(unsigned i)
{
    DWORD id = 0;
    struct inside inside;

    DdeInitializeA(&id, callback, i == CLIENT ? APPCMD_CLIENTONLY : 0, 0);
    fuzz_assert(id);
    door.ids[i] = id;
    inside = inside_of(id);
    learn(inside.mom);
    learn(inside.event);
    if (i == SERVER)
        DdeNameService(id, name(id, 0), 0, DNS_REGISTER);
}

static void board_changes(void)
{
    door.known = fuzz_byte() & 1;
}

static void connect_to_server(void)
{
    DWORD id = door.ids[CLIENT];
    unsigned b = fuzz_byte();
    HSZ service = b & 1 ? name(id, 0) : 0;

    door.known = true;
    if (b & 2)
        DdeDisconnectList(DdeConnectList(id, service, name(id, 1), 0, NULL));
    else
        learn_conv(DdeConnect(id, service, name(id, 1), NULL));
}

static void transact(void)
{
    static const UINT types[] = {XTYP_REQUEST,
                                 XTYP_POKE,
                                 XTYP_EXECUTE,
                                 XTYP_ADVSTART,
                                 XTYP_ADVSTART | XTYPF_NODATA,
                                 XTYP_ADVSTART | XTYPF_ACKREQ,
                                 XTYP_ADVSTOP,
                                 XTYP_REQUEST};
    static BYTE value[] = "value";
    unsigned b = fuzz_byte();
    UINT type = types[b % 8];
    HDDEDATA data =
        DdeClientTransaction(value, sizeof value, door.convs[fuzz_below(KEPT)], name(door.ids[CLIENT], 2),
                             CF_TEXT, type, b < 160 ? TIMEOUT_ASYNC : b, NULL);

    if (type == XTYP_REQUEST && b >= 160)
        DdeFreeDataHandle(data);
}

static void disconnect(void)
{
    DdeDisconnect(door.convs[fuzz_below(KEPT)]);
}

static void post_advise(void)
{
    DdePostAdvise(door.ids[SERVER], 0, 0);
}

static void dispatch(void)
{
    hear();
    DdemlDispatch(0);
}

static void time_passes(void)
{
    inside_pass(fuzz_byte() * 16);
    DdemlDispatch(0);
}

static void (*const steps[])(void) = {
    say_frames, say_frames, say_frames, say_frames,      say_frames,        say_frames,    say_bytes,
    hang_up,    deafen,     answer,     say_right_thing, say_right_thing,   board_changes, transact,
    disconnect, dispatch,   dispatch,   dispatch,        connect_to_server, post_advise,   time_passes};

static bool another_step(void)
{
    return fuzz_step(&door.steps);
}

/* ---- The door -------------------------------------------------------------------------------------------------- */

/* While the victim waits it hears and says whatever comes next. */
static bool asleep(void)
{
    hear();
    return another_step();
}

/* The lowest that is free: it rises when some are not given back. */
static int next_descriptor(void)
{
    int fd = dup(once.other);

    close(fd);
    return fd;
}

static void end_victim(void)
{
    door.steps.left = 0;
    door.known = false;
    forget_all();
    DdemlDispatch(0);
    for (unsigned i = 0; i < INSTANCES; i++)
        DdeUninitialize(door.ids[i]);
    forget_all();
    for (unsigned n = 0; n < LOOKS && !list_empty(peers_all()); n++)
        peers_look();
    fuzz_assert(list_empty(peers_all()));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int first;

    start();
    fuzz_begin(data, size, asleep);
    first = next_descriptor();
    memset(&door, 0, offsetof(struct door, packet));
    memset(door.lines, -1, sizeof door.lines);
    door.steps = (struct fuzz_steps){steps, sizeof steps / sizeof *steps, STEPS, DEPTH, 0};
    for (unsigned i = 0; i < INSTANCES; i++)
        open_instance(i);
    while (fuzz_more() && door.steps.left)
        another_step();
    end_victim();
    fuzz_end();
    fuzz_assert(next_descriptor() == first);
    return 0;
}
