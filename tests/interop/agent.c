/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "interop/agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interop/lines.h"
#include "winddeml.h"

/* ---- What is noted ------------------------------------------------------------------------------------------- */

/* Nothing here allocates: the blocks of the process's heap are counted. */
static char events[4000], trace[4000];

static void append(char *to, size_t size, const char *what)
{
    size_t n = strlen(to);

    snprintf(to + n, size - n, "%s%s", n ? "," : "", what);
}

void agent_note(const char *what, const char *item, const char *value)
{
    char text[160];

    snprintf(text, sizeof text, "%s%s%s%s%s", what, item ? ":" : "", item ? item : "", value ? "=" : "",
             value ? value : "");
    append(events, sizeof events, text);
}

/* The messages that have come, as they came, whatever the verbs make of them. */
static void note_message(UINT id, LPARAM lparam, bool posted)
{
    static const char *const names[] = {"INITIATE", "TERMINATE", "ADVISE", "UNADVISE", "ACK",
                                        "DATA",     "REQUEST",   "POKE",   "EXECUTE"};
    UINT_PTR lo = 0, hi = 0;
    char text[48];

    if (id < WM_DDE_FIRST || id > WM_DDE_LAST)
        return;
    snprintf(text, sizeof text, "%s", names[id - WM_DDE_FIRST]);
    if (id == WM_DDE_ACK && posted && UnpackDDElParam(id, lparam, &lo, &hi))
        snprintf(text, sizeof text, "ACK %04X", (unsigned)lo);
    if (id == WM_DDE_DATA && UnpackDDElParam(id, lparam, &lo, &hi)) {
        const WORD *object = lo ? GlobalLock((HGLOBAL)lo) : NULL;

        snprintf(text, sizeof text, object ? "DATA %04X" : "DATA empty", object ? *object : 0);
        if (object)
            GlobalUnlock((HGLOBAL)lo);
    }
    append(trace, sizeof trace, text);
}

static LRESULT CALLBACK see_posted(int code, WPARAM wparam, LPARAM lparam)
{
    const MSG *msg = (const MSG *)lparam;

    if (code == HC_ACTION && wparam == PM_REMOVE)
        note_message(msg->message, msg->lParam, true);
    return CallNextHookEx(NULL, code, wparam, lparam);
}

static LRESULT CALLBACK see_sent(int code, WPARAM wparam, LPARAM lparam)
{
    const CWPSTRUCT *msg = (const CWPSTRUCT *)lparam;

    if (code == HC_ACTION && msg->message == WM_DDE_ACK)
        note_message(msg->message, 0, false);
    return CallNextHookEx(NULL, code, wparam, lparam);
}

/* ---- Values -------------------------------------------------------------------------------------------------- */

char agent_price[32];

const void *agent_value(const char *item, DWORD *size)
{
    static char large[LARGE_SIZE];

    if (strcmp(item, "Price") == 0) {
        *size = (DWORD)strlen(agent_price) + 1;
        return agent_price;
    }
    if (strcmp(item, "Large") == 0) {
        for (size_t i = 0; i < sizeof large; i++)
            large[i] = (char)('a' + i % 23);
        *size = sizeof large;
        return large;
    }
    return NULL;
}

const char *agent_word(const void *bytes, size_t size, bool wide)
{
    static char word[64];
    size_t n = 0, step = wide ? 2 : 1;
    unsigned sum = 0;

    if (size > sizeof word) {
        for (size_t i = 0; i < size; i++)
            sum = sum * 31 + ((const unsigned char *)bytes)[i];
        snprintf(word, sizeof word, "#%u", sum);
        return word;
    }
    for (size_t i = 0; i + step <= size && n < sizeof word - 1; i += step) {
        unsigned c = ((const unsigned char *)bytes)[i];

        if (wide)
            c |= (unsigned)((const unsigned char *)bytes)[i + 1] << 8;
        if (!c)
            break;
        word[n++] = c > ' ' && c < 0x7F ? (char)c : '?';
    }
    word[n] = 0;
    return word;
}

/* ---- The loop ------------------------------------------------------------------------------------------------ */

static struct lines *input;

static void die(void)
{
    TerminateProcess(GetCurrentProcess(), 1);
}

static void say(const char *line)
{
    lines_say(GetStdHandle(STD_OUTPUT_HANDLE), *line ? line : "-");
}

/* Dispatches what is there; then waits for more, or for the handle if there is one. */
static void pump_once(HANDLE handle, DWORD ms)
{
    MSG msg;
    bool any = false;

    while (PeekMessageW(&msg, NULL, 0, 0, PM_REMOVE)) {
        DispatchMessageW(&msg);
        any = true;
    }
    if (!any)
        MsgWaitForMultipleObjectsEx(handle ? 1 : 0, &handle, ms, QS_ALLINPUT, MWMO_INPUTAVAILABLE);
}

bool agent_pump(bool (*done)(void *arg), void *arg, DWORD ms)
{
    ULONGLONG until = GetTickCount64() + ms;

    while (!done(arg)) {
        if (GetTickCount64() >= until)
            return false;
        pump_once(NULL, 10);
    }
    return true;
}

/* ---- Lines that are not verbs -------------------------------------------------------------------------------- */

static bool is_wrong_or_complete(void *expected)
{
    return strcmp(events, expected) == 0 || strncmp(events, expected, strlen(events)) != 0;
}

static bool has_come_to(void *end)
{
    size_t n = strlen(events), size = strlen(end);

    return n >= size && strcmp(events + n - size, end) == 0;
}

/* What has happened since it was last asked for, when that is as expected or cannot become so any more. */
static const char *take_events(bool (*done)(void *arg), char *expected, const char *ms)
{
    static char taken[sizeof events];

    agent_pump(done, strcmp(expected, "-") ? expected : (char[]){""}, (DWORD)atoi(ms));
    snprintf(taken, sizeof taken, "%s", events);
    events[0] = 0;
    return taken;
}

static const char *take_trace(void)
{
    static char taken[sizeof trace];

    snprintf(taken, sizeof taken, "%s", trace);
    trace[0] = 0;
    return taken;
}

static const char *ledger(void)
{
    static char text[256];

    text[0] = 0;
#ifndef TEST_SYSTEM_DDEML
    DDEMLLEDGER now = {.cb = sizeof now};
    char column[48];

    DdemlGetLedger(0, &now);
#define COLUMN(name)                                                                                         \
    if (now.name) {                                                                                          \
        snprintf(column, sizeof column, "%d-%s", (int)now.name, #name);                                      \
        append(text, sizeof text, column);                                                                   \
    }
    DDEML_LEDGER_COLUMNS(COLUMN)
#undef COLUMN
#endif
    return text;
}

static unsigned heap_blocks(void)
{
    HANDLE heap = GetProcessHeap();
    PROCESS_HEAP_ENTRY entry = {0};
    unsigned n = 0;

    HeapLock(heap);
    while (HeapWalk(heap, &entry))
        n += (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0;
    HeapUnlock(heap);
    return n;
}

static const char *counts(void)
{
    static char text[300];
    const char *left = ledger();

    snprintf(text, sizeof text, "%u %s", heap_blocks(), *left ? left : "-");
    return text;
}

/* Stands still until the next line; that one only wakes it. */
static const char *hang(void)
{
    char line[LINE];

    say("hanging");
    lines_wait(input, line, INFINITE);
    return SAY_OK;
}

/* The same, and says when a request has come, which it leaves where it is. */
static const char *stall(void)
{
    HANDLE line = lines_event(input);
    MSG msg;

    say("stalling");
    while (!PeekMessageW(&msg, NULL, WM_DDE_REQUEST, WM_DDE_REQUEST, PM_NOREMOVE))
        if (MsgWaitForMultipleObjectsEx(1, &line, 10, QS_POSTMESSAGE, MWMO_INPUTAVAILABLE) == WAIT_OBJECT_0)
            return "disturbed";
    say("requested");
    WaitForSingleObject(line, INFINITE);
    return SAY_OK;
}

static const char *obey(char *line);

/* Stands still until everybody may go on, and does something before it looks at its messages. */
static const char *together(char *line)
{
    HANDLE now = OpenEventA(SYNCHRONIZE, FALSE, "ddeml-interop-now");

    if (!now)
        return "failed";
    say("waiting");
    WaitForSingleObject(now, 10000);
    CloseHandle(now);
    return obey(line);
}

static const char *open_party(bool wide)
{
    events[0] = trace[0] = 0;
    snprintf(agent_price, sizeof agent_price, "100");
    return verb_open(wide);
}

static const char *update(const char *value)
{
    snprintf(agent_price, sizeof agent_price, "%s", value);
    return verb_update();
}

static const char *burst(int n)
{
    const char *said = SAY_OK;
    char value[16];

    for (int i = 1; i <= n && strcmp(said, SAY_OK) == 0; i++) {
        snprintf(value, sizeof value, "%d", i);
        said = update(value);
    }
    return said;
}

/* ---- Lines --------------------------------------------------------------------------------------------------- */

enum { WORDS = 5 };

static const char *any(const char *name)
{
    return strcmp(name, "*") ? name : NULL;
}

static enum link_kind kind_of(const char *name)
{
    return strcmp(name, "warm") == 0 ? LINK_WARM : strcmp(name, "ack") == 0 ? LINK_ACK : LINK_HOT;
}

static const char *obey(char *line)
{
    char *word[WORDS] = {"", "", "", "", ""};
    const char *verb;
    unsigned conv;
    int n = 0;

    if (strncmp(line, "together ", 9) == 0)
        return together(line + 9);
    for (char *next = strtok(line, " "); next && n < WORDS; next = strtok(NULL, " "))
        word[n++] = next;
    verb = word[0];
    conv = (unsigned)atoi(word[1]) % CONVS;
    if (strcmp(verb, "open") == 0)
        return open_party(word[1][0] == 'W');
    if (strcmp(verb, "close") == 0)
        return verb_close();
    if (strcmp(verb, "serve") == 0)
        return verb_serve(word[1], word[2]);
    if (strcmp(verb, "connect") == 0)
        return verb_connect(conv, any(word[2]), any(word[3]));
    if (strcmp(verb, "request") == 0)
        return verb_request(conv, word[2], (DWORD)atoi(word[3]));
    if (strcmp(verb, "ask") == 0)
        return verb_ask(conv, word[2]);
    if (strcmp(verb, "poke") == 0)
        return verb_poke(conv, word[2], word[3], (DWORD)atoi(word[4]));
    if (strcmp(verb, "execute") == 0)
        return verb_execute(conv, word[2], (DWORD)atoi(word[3]));
    if (strcmp(verb, "advise") == 0)
        return verb_advise(conv, kind_of(word[2]), word[3], (DWORD)atoi(word[4]));
    if (strcmp(verb, "unadvise") == 0)
        return verb_unadvise(conv, word[2], (DWORD)atoi(word[3]));
    if (strcmp(verb, "disconnect") == 0)
        return verb_disconnect(conv);
    if (strcmp(verb, "update") == 0)
        return update(word[1]);
    if (strcmp(verb, "burst") == 0)
        return burst(atoi(word[1]));
    if (strcmp(verb, "drop") == 0)
        return verb_drop();
    if (strcmp(verb, "await") == 0)
        return take_events(is_wrong_or_complete, word[2], word[1]);
    if (strcmp(verb, "until") == 0)
        return take_events(has_come_to, word[2], word[1]);
    if (strcmp(verb, "trace") == 0)
        return take_trace();
    if (strcmp(verb, "counts") == 0)
        return counts();
    if (strcmp(verb, "hang") == 0)
        return hang();
    if (strcmp(verb, "stall") == 0)
        return stall();
    return "unknown";
}

int main(void)
{
    static char line[LINE];

    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    input = lines_open(GetStdHandle(STD_INPUT_HANDLE), die);
    SetWindowsHookExA(WH_GETMESSAGE, see_posted, NULL, GetCurrentThreadId());
    SetWindowsHookExA(WH_CALLWNDPROC, see_sent, NULL, GetCurrentThreadId());
    say("ready");
    for (;;) { /* messages first: there may always be a line */
        pump_once(lines_event(input), INFINITE);
        if (lines_take(input, line))
            say(obey(line));
    }
}
