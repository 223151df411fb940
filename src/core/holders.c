/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* What each instance holds, in whichever process: everybody is asked, and each answers by a record of news. Who
 * does not dispatch does not answer. */

#include "core/core.h"

#include <string.h>

/* A kind of news that no monitor asks for. */
enum { KIND_HOLDER = 1 };

/* The same in processes of either width. */
struct holder_record {
    uint64_t asker;
    uint32_t process, thread, inst, columns;
    int32_t of_process[LEDGER_N], of_inst[LEDGER_N];
};

void holders_answer(const struct inst *in, host_wnd asker)
{
    struct ledger all = ledger_process();
    struct holder_record r = {
        .asker = asker,
        .process = host_process_id(),
        .thread = host_session_thread(),
        .inst = inst_id(in),
        .columns = LEDGER_N,
    };

    for (int i = 0; i < LEDGER_N; i++) {
        r.of_process[i] = (int32_t)all.column[i];
        r.of_inst[i] = (int32_t)in->ledger.column[i];
    }
    host_tell(KIND_HOLDER, &r, sizeof r);
}

/* `tell` may end the thread, and then nobody comes back to holders_ask; or destroy the window. */
struct asking {
    struct ending ending;
    host_wnd wnd; /* 0: it has gone */
    PFNDDEMLHOLDER tell;
    LPVOID param;
    DWORD n;
    bool enough;
};

static void fill(DDEMLLEDGER *to, const int32_t *from)
{
    LONG *column = (LONG *)(void *)((char *)to + sizeof to->cb);

    to->cb = sizeof *to;
    for (int i = 0; i < LEDGER_N; i++)
        column[i] = from[i];
}

static void heard(struct asking *a)
{
    DDEMLHOLDER holder = {.cb = sizeof holder};
    struct holder_record r;
    uint32_t kind;

    if (host_hear(a->wnd, &kind, &r, sizeof r) != sizeof r || r.asker != a->wnd || r.columns != LEDGER_N ||
        a->enough)
        return;
    holder.dwProcess = r.process;
    holder.dwThread = r.thread;
    holder.idInst = r.inst;
    fill(&holder.process, r.of_process);
    fill(&holder.inst, r.of_inst);
    a->n++;
    if (!a->tell(&holder, a->param))
        a->enough = true;
}

static void ask_proc(void *ctx, const struct host_msg *hm)
{
    struct asking *a = ctx;

    if (hm->id == HOST_EV_NEWS)
        heard(a);
    else if (hm->id == HOST_EV_DESTROYED)
        a->wnd = 0;
    else
        wire_stray(NULL, hm);
}

static bool has_enough(void *asking)
{
    const struct asking *a = asking;

    return a->enough || !a->wnd;
}

/* What is taken may bring something that was sent, and closes the window. */
static void asking_close(struct asking *a)
{
    a->enough = true;
    if (a->wnd) {
        host_window_seal(a->wnd);
        wire_take_strays(NULL, a->wnd);
    }
    if (a->wnd)
        host_window_destroy(a->wnd);
    ending_forget(&a->ending);
    mem_free(a);
}

static void thread_ends(struct ending *e)
{
    asking_close(container_of(e, struct asking, ending));
}

static struct asking *asking_new(PFNDDEMLHOLDER tell, LPVOID param)
{
    struct asking *a = mem_new(sizeof *a);

    if (!a)
        return NULL;
    a->tell = tell;
    a->param = param;
    if (!ending_await(&a->ending, thread_ends)) {
        mem_free(a);
        return NULL;
    }
    a->wnd = host_window_create(HOST_EVENT, 0, true, ask_proc, a);
    if (a->wnd)
        return a;
    asking_close(a);
    return NULL;
}

DWORD holders_ask(PFNDDEMLHOLDER tell, LPVOID param, DWORD timeout)
{
    struct asking *a = asking_new(tell, param);
    struct host_msg hm = {.id = HOST_EV_COUNT};
    uint64_t until = host_now_ms() + timeout;
    DWORD n;

    if (!a)
        return 0;
    hm.wparam = a->wnd;
    if (host_listen(a->wnd, KIND_HOLDER)) {
        host_broadcast(HOST_EVENT_WINDOWS, &hm, timeout, NULL, NULL);
        host_pump(HOST_ALL_MESSAGES, has_enough, a, until);
    }
    n = a->n;
    asking_close(a);
    return n;
}
