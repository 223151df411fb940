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

/* What holders_ask waits for; on its stack. */
struct answers {
    host_wnd wnd;
    DWORD n;
    bool enough;
};

/* What its window has. `tell` may end the thread, and then nobody comes back to holders_ask, or destroy the window: its
 * end is the end of this in every case. */
struct asking {
    PFNDDEMLHOLDER tell;
    LPVOID param;
    struct answers *answers;
};

static void fill(DDEMLLEDGER *to, const int32_t *from)
{
    LONG *column = (LONG *)(void *)((char *)to + sizeof to->cb);

    to->cb = sizeof *to;
    for (int i = 0; i < LEDGER_N; i++)
        column[i] = from[i];
}

static void heard(const struct asking *a)
{
    DDEMLHOLDER holder = {.cb = sizeof holder};
    struct answers *answers = a->answers;
    struct holder_record r;
    uint32_t kind;

    if (host_hear(answers->wnd, &kind, &r, sizeof r) != sizeof r || r.asker != answers->wnd ||
        r.columns != LEDGER_N || answers->enough)
        return;
    holder.dwProcess = r.process;
    holder.dwThread = r.thread;
    holder.idInst = r.inst;
    fill(&holder.process, r.of_process);
    fill(&holder.inst, r.of_inst);
    answers->n++;
    if (!a->tell(&holder, a->param))
        answers->enough = true;
}

static void ask_proc(void *ctx, const struct host_msg *hm)
{
    struct asking *a = ctx;

    if (hm->id == HOST_EV_NEWS)
        heard(a);
    else if (hm->id == HOST_EV_DESTROYED)
        mem_free(a);
    else
        wire_stray(NULL, hm);
}

static bool has_enough(void *answers)
{
    const struct answers *a = answers;

    return a->enough || !host_window_alive(a->wnd);
}

static struct asking *asking_new(PFNDDEMLHOLDER tell, LPVOID param, struct answers *answers)
{
    struct asking *a = mem_new(sizeof *a);

    if (!a)
        return NULL;
    a->tell = tell;
    a->param = param;
    a->answers = answers;
    answers->wnd = host_window_create(HOST_EVENT, 0, true, ask_proc, a);
    if (answers->wnd)
        return a;
    mem_free(a);
    return NULL;
}

DWORD holders_ask(PFNDDEMLHOLDER tell, LPVOID param, DWORD timeout)
{
    struct answers answers = {0};
    struct asking *a = asking_new(tell, param, &answers);
    struct host_msg hm = {.id = HOST_EV_COUNT};
    uint64_t until = host_now_ms() + timeout;

    if (!a)
        return 0;
    hm.wparam = answers.wnd;
    if (host_listen(answers.wnd, KIND_HOLDER)) {
        host_broadcast(HOST_EVENT_WINDOWS, &hm, timeout, NULL, NULL);
        host_pump(HOST_ALL_MESSAGES, has_enough, &answers, until);
    }
    if (!host_window_alive(answers.wnd))
        return answers.n; /* and `a` has gone with it */
    host_window_seal(answers.wnd);
    wire_take_strays(NULL, answers.wnd);
    host_window_destroy(answers.wnd);
    mem_free(a);
    return answers.n;
}
