/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The verbs by messages alone, as programs have them that know no DDEML: a window that hears INITIATE, and one for
 * each conversation. Between processes every block that arrives is a copy, and this side's to free; the sender's own
 * is freed here after the post unless the system has done so. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interop/agent.h"

#include <dde.h>

enum { ALL = 64, LINKS = 4, OUTSTANDING = 64, INITIATE_MS = 1000 };

/* The flags at the beginning of the blocks of DATA, POKE and ADVISE. */
enum {
    ACK_WANTED = 0x8000,
    DEFERRED = 0x4000,
    RELEASE = 0x2000,
    RESPONSE = 0x1000,
    ACCEPTED = 0x8000,
    IS_BUSY = 0x4000
};

struct object {
    WORD flags, fmt;
    char value[1];
};

struct question {
    UINT id;
    ATOM item;       /* a reference; 0: none                      */
    HGLOBAL command; /* of an EXECUTE: it comes back with the ACK */
    bool noted;      /* nobody waits for the answer               */
    bool given_up;   /* and nobody wants to know it either        */
};

struct link {
    ATOM item; /* a reference; 0: none */
    bool warm, acks, unacked, late;
};

struct conv {
    HWND wnd, partner;
    bool client, closing;
    struct question asked[OUTSTANDING]; /* oldest first */
    unsigned n_asked;
    struct link links[LINKS];
    ATOM echo;       /* what an ACK names that is none: see on_data */
    char answer[80]; /* to the last question that somebody waits for; "": none yet */
};

static HWND listener, searching;
static ATOM our_service, our_topic;
static struct conv all[ALL], *convs[CONVS];
static bool is_wide;

static const char *name_of(ATOM atom)
{
    static char text[64];

    text[0] = 0;
    GlobalGetAtomNameA(atom, text, sizeof text);
    return text;
}

static void release(ATOM atom)
{
    if (atom >= 0xC000)
        GlobalDeleteAtom(atom);
}

static void free_if_there(HGLOBAL mem)
{
    if (mem && GlobalFlags(mem) != GMEM_INVALID_HANDLE)
        GlobalFree(mem);
}

static struct conv *conv_of(HWND wnd)
{
    for (unsigned i = 0; i < ALL; i++)
        if (wnd && all[i].wnd == wnd)
            return &all[i];
    return NULL;
}

/* ---- Posting ------------------------------------------------------------------------------------------------- */

/* P and what the message carries have an owner in any case; true: the partner. */
static bool post(struct conv *c, UINT id, UINT_PTR lo, UINT_PTR hi)
{
    LPARAM lparam = PackDDElParam(id, lo, hi);
    bool posted = PostMessageA(c->partner, id, (WPARAM)c->wnd, lparam);

    if (!posted)
        FreeDDElParam(id, lparam);
    return posted;
}

static bool post_named(struct conv *c, UINT id, UINT_PTR lo, ATOM item)
{
    if (post(c, id, lo, item))
        return true;
    release(item);
    return false;
}

static bool post_object(struct conv *c, UINT id, HGLOBAL mem, ATOM item)
{
    bool posted = post_named(c, id, (UINT_PTR)mem, item);

    free_if_there(mem);
    return posted;
}

static HGLOBAL object(WORD flags, const void *value, size_t size)
{
    HGLOBAL mem = GlobalAlloc(GMEM_MOVEABLE | GMEM_DDESHARE, offsetof(struct object, value) + size);
    struct object *o = GlobalLock(mem);

    if (!o)
        abort();
    o->flags = flags;
    o->fmt = CF_TEXT;
    if (size)
        memcpy(o->value, value, size);
    GlobalUnlock(mem);
    return mem;
}

static void answer(struct conv *c, WORD status, ATOM item)
{
    if (c->closing)
        release(item);
    else
        post_named(c, WM_DDE_ACK, status, item);
}

static WORD judge(const char *what, WORD accepted)
{
    return strstr(what, REFUSED) ? 0 : strstr(what, BUSY) ? IS_BUSY : accepted;
}

/* ---- The end ------------------------------------------------------------------------------------------------- */

static void drop_question(struct conv *c, unsigned i)
{
    release(c->asked[i].item);
    free_if_there(c->asked[i].command);
    c->n_asked--;
    memmove(&c->asked[i], &c->asked[i + 1], (c->n_asked - i) * sizeof *c->asked);
}

static void finish_question(struct conv *c, unsigned i, const char *said)
{
    if (!c->asked[i].noted && !c->asked[i].given_up)
        snprintf(c->answer, sizeof c->answer, "%s", said);
    else if (!c->asked[i].given_up)
        agent_note("complete", name_of(c->asked[i].item), strncmp(said, "ok:", 3) == 0 ? said + 3 : "-");
    drop_question(c, i);
}

static void drop_link(struct link *l)
{
    release(l->item);
    memset(l, 0, sizeof *l);
}

static void forget(struct conv *c)
{
    for (unsigned i = 0; i < CONVS; i++)
        if (convs[i] == c)
            convs[i] = NULL;
    if (c->wnd)
        DestroyWindow(c->wnd);
    while (c->n_asked)
        drop_question(c, 0);
    for (unsigned i = 0; i < LINKS; i++)
        drop_link(&c->links[i]);
    memset(c, 0, sizeof *c);
}

static void terminate(struct conv *c)
{
    c->closing = true;
    if (!PostMessageA(c->partner, WM_DDE_TERMINATE, (WPARAM)c->wnd, 0))
        forget(c); /* it has gone */
}

static void on_terminate(struct conv *c)
{
    if (!c->closing) {
        PostMessageA(c->partner, WM_DDE_TERMINATE, (WPARAM)c->wnd, 0);
        c->closing = true; /* for whoever waits */
        while (c->n_asked)
            finish_question(c, 0, SAY_GONE);
        agent_note("disconnect", NULL, NULL);
    }
    forget(c);
}

/* ---- The server ---------------------------------------------------------------------------------------------- */

static bool send_value(struct conv *c, WORD more, ATOM item)
{
    DWORD size;
    const void *value = agent_value(name_of(item), &size);

    return post_object(c, WM_DDE_DATA, object(RELEASE | more, value, size), item);
}

static void on_request(struct conv *c, WORD fmt, ATOM item)
{
    DWORD size;

    agent_note("request", name_of(item), NULL);
    if (fmt == CF_TEXT && agent_value(name_of(item), &size))
        send_value(c, RESPONSE, item);
    else
        answer(c, 0, item);
}

static void on_poke(struct conv *c, HGLOBAL mem, ATOM item)
{
    const struct object *o = GlobalLock(mem);
    const char *word = o ? agent_word(o->value, strlen(o->value), false) : "";

    agent_note("poke", name_of(item), word);
    if (strcmp(name_of(item), "Price") == 0)
        snprintf(agent_price, sizeof agent_price, "%s", word);
    if (o)
        GlobalUnlock(mem);
    GlobalFree(mem);
    answer(c, judge(name_of(item), ACCEPTED | POKED), item);
}

static void on_execute(struct conv *c, HGLOBAL mem)
{
    bool wide = IsWindowUnicode(c->wnd) && IsWindowUnicode(c->partner);
    const void *text = GlobalLock(mem);
    const char *word = text ? agent_word(text, GlobalSize(mem) < 64 ? GlobalSize(mem) : 63, wide) : "";
    WORD status = judge(word, ACCEPTED);

    agent_note("execute", word, NULL);
    if (text)
        GlobalUnlock(mem);
    post(c, WM_DDE_ACK, status, (UINT_PTR)mem);
    free_if_there(mem);
}

static struct link *link_of(struct conv *c, ATOM item)
{
    for (unsigned i = 0; i < LINKS; i++)
        if (c->links[i].item == item)
            return &c->links[i];
    return NULL;
}

static void start_link(struct link *l, ATOM item, WORD options)
{
    if (!l->item)
        l->item = GlobalAddAtomA(name_of(item));
    l->warm = options & DEFERRED;
    l->acks = options & ACK_WANTED;
}

static void on_advise(struct conv *c, HGLOBAL mem, ATOM item)
{
    const struct object *o = GlobalLock(mem);
    struct link *l = link_of(c, item);
    WORD options = o ? o->flags : 0, status = judge(name_of(item), ACCEPTED);
    DWORD size;

    agent_note("advstart", name_of(item), NULL);
    l = l ? l : link_of(c, 0);
    if (!o || !l || (status & ACCEPTED && !agent_value(name_of(item), &size)))
        status = 0;
    if (status & ACCEPTED)
        start_link(l, item, options);
    if (o)
        GlobalUnlock(mem);
    GlobalFree(mem);
    answer(c, status, item);
}

static void on_unadvise(struct conv *c, ATOM item)
{
    struct link *l = link_of(c, item);

    if (l && item) {
        drop_link(l);
        agent_note("advstop", name_of(item), NULL);
    }
    answer(c, l && item ? ACCEPTED : 0, item);
}

/* One update at a time if it wants to acknowledge them, and then the newest. */
static bool send_update(struct conv *c, struct link *l)
{
    ATOM item = GlobalAddAtomA(name_of(l->item));

    if (l->unacked) {
        l->late = true;
        release(item);
        return true;
    }
    l->unacked = l->acks;
    l->late = false;
    if (l->warm)
        return post_named(c, WM_DDE_DATA, 0, item);
    return send_value(c, l->acks ? ACK_WANTED : 0, item);
}

/* ---- The client ---------------------------------------------------------------------------------------------- */

static const char *say_value(const struct object *o, size_t size)
{
    static char said[80];

    snprintf(said, sizeof said, "ok:%s", agent_word(o->value, size < LARGE_SIZE ? size : LARGE_SIZE, false));
    return said;
}

static bool answers_request(struct conv *c, ATOM item, WORD flags, unsigned *which)
{
    for (*which = 0; *which < c->n_asked; ++*which)
        if (c->asked[*which].id == WM_DDE_REQUEST && c->asked[*which].item == item && flags & RESPONSE)
            return true;
    return false;
}

static void on_data(struct conv *c, HGLOBAL mem, ATOM item)
{
    const struct object *o = mem ? GlobalLock(mem) : NULL;
    const struct link *l = link_of(c, item);
    WORD flags = o ? o->flags : l && l->acks ? ACK_WANTED : 0;
    const char *said = o ? say_value(o, GlobalSize(mem) - offsetof(struct object, value)) : NULL;
    unsigned which;

    /* The system's DDEML acknowledges a request, too, that it has answered with such a DATA; it has no reference for it. */
    c->echo = flags == RESPONSE ? item : 0;
    if (answers_request(c, item, flags, &which)) {
        if (c->closing)
            drop_question(c, which);
        else
            finish_question(c, which, said);
    } else if (!c->closing)
        agent_note(o ? "data" : "notice", name_of(item), o ? said + 3 : NULL);
    if (o)
        GlobalUnlock(mem);
    if (o && flags & RELEASE)
        GlobalFree(mem);
    if (flags & ACK_WANTED)
        answer(c, ACCEPTED, item);
    else
        release(item);
}

static const char *verdict(WORD status)
{
    static char word[16];

    if (!(status & ACCEPTED))
        return status & IS_BUSY ? SAY_BUSY : SAY_REFUSED;
    if (!(status & 0xFF))
        return SAY_OK;
    snprintf(word, sizeof word, "ok+%02X", status & 0xFF);
    return word;
}

static void on_server_ack(struct conv *c, ATOM item)
{
    struct link *l = link_of(c, item);

    release(item);
    if (l && item && l->unacked) {
        l->unacked = false;
        if (l->late && !c->closing)
            send_update(c, l);
    }
}

static void on_client_ack(struct conv *c, WORD status, UINT_PTR hi)
{
    bool echo = c->echo && c->echo == hi && status & ACCEPTED;

    c->echo = 0;
    if (echo || !c->n_asked)
        return;
    if (c->asked[0].id != WM_DDE_EXECUTE)
        release((ATOM)hi);
    else if ((HGLOBAL)hi != c->asked[0].command)
        free_if_there((HGLOBAL)hi);
    finish_question(c, 0, verdict(status));
}

/* ---- Windows ------------------------------------------------------------------------------------------------- */

static struct conv *new_conv(bool client);

static void on_initiate(HWND client, ATOM service, ATOM topic)
{
    struct conv *c;

    if (!our_service || (service && service != our_service) || (topic && topic != our_topic) ||
        conv_of(client))
        return;
    c = new_conv(false);
    c->partner = client;
    agent_note(service && topic ? "connect" : "wildconnect", NULL, NULL);
    service = GlobalAddAtomA(name_of(our_service));
    topic = GlobalAddAtomA(name_of(our_topic));
    SendMessageA(client, WM_DDE_ACK, (WPARAM)c->wnd, MAKELPARAM(service, topic));
}

static void on_initiate_ack(struct conv *c, HWND server, ATOM service, ATOM topic)
{
    release(service);
    release(topic);
    if (c->partner)
        PostMessageA(server, WM_DDE_TERMINATE, (WPARAM)c->wnd, 0);
    else
        c->partner = server;
}

static void receive(struct conv *c, UINT id, LPARAM lparam)
{
    UINT_PTR lo = 0, hi = 0;

    UnpackDDElParam(id, lparam, &lo, &hi);
    FreeDDElParam(id, lparam);
    switch (id) {
    case WM_DDE_ACK:
        if (c->client)
            on_client_ack(c, (WORD)lo, hi);
        else
            on_server_ack(c, (ATOM)hi);
        break;
    case WM_DDE_DATA:
        on_data(c, (HGLOBAL)lo, (ATOM)hi);
        break;
    case WM_DDE_REQUEST:
        if (c->closing)
            release((ATOM)hi);
        else
            on_request(c, (WORD)lo, (ATOM)hi);
        break;
    case WM_DDE_UNADVISE:
        on_unadvise(c, (ATOM)hi);
        break;
    case WM_DDE_EXECUTE:
        if (c->closing)
            free_if_there((HGLOBAL)hi);
        else
            on_execute(c, (HGLOBAL)hi);
        break;
    case WM_DDE_POKE:
        on_poke(c, (HGLOBAL)lo, (ATOM)hi);
        break;
    case WM_DDE_ADVISE:
        on_advise(c, (HGLOBAL)lo, (ATOM)hi);
        break;
    }
}

static LRESULT CALLBACK procedure(HWND wnd, UINT id, WPARAM wparam, LPARAM lparam)
{
    struct conv *c = conv_of(wnd);

    if (id == WM_DDE_INITIATE) {
        if (wnd == listener)
            on_initiate((HWND)wparam, LOWORD(lparam), HIWORD(lparam));
    } else if (id < WM_DDE_FIRST || id > WM_DDE_LAST) {
        return is_wide ? DefWindowProcW(wnd, id, wparam, lparam) : DefWindowProcA(wnd, id, wparam, lparam);
    } else if (c && id == WM_DDE_ACK && wnd == searching) {
        on_initiate_ack(c, (HWND)wparam, LOWORD(lparam), HIWORD(lparam));
    } else if (c && (HWND)wparam == c->partner) {
        if (id == WM_DDE_TERMINATE)
            on_terminate(c);
        else
            receive(c, id, lparam);
    }
    return 0;
}

static HWND new_window(HWND parent)
{
    WNDCLASSA narrow = {.lpfnWndProc = procedure, .lpszClassName = "InteropA"};
    WNDCLASSW wide = {.lpfnWndProc = procedure, .lpszClassName = L"InteropW"};

    RegisterClassA(&narrow);
    RegisterClassW(&wide);
    if (is_wide)
        return CreateWindowW(wide.lpszClassName, L"", WS_POPUP, 0, 0, 0, 0, parent, NULL, NULL, NULL);
    return CreateWindowA(narrow.lpszClassName, "", WS_POPUP, 0, 0, 0, 0, parent, NULL, NULL, NULL);
}

static struct conv *new_conv(bool client)
{
    unsigned i = 0;

    while (i < ALL && all[i].wnd)
        i++;
    if (i == ALL)
        abort();
    all[i] = (struct conv){.wnd = new_window(NULL), .client = client};
    return &all[i];
}

/* ---- The verbs ----------------------------------------------------------------------------------------------- */

const char *verb_open(bool wide)
{
    is_wide = wide;
    listener = new_window(NULL);
    return listener ? SAY_OK : "failed";
}

static bool all_have_ended(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < ALL; i++)
        if (all[i].wnd)
            return false;
    return true;
}

const char *verb_close(void)
{
    for (unsigned i = 0; i < ALL; i++)
        if (all[i].wnd && !all[i].closing)
            terminate(&all[i]);
    agent_pump(all_have_ended, NULL, 1500);
    for (unsigned i = 0; i < ALL; i++)
        if (all[i].wnd)
            forget(&all[i]);
    DestroyWindow(listener);
    listener = NULL;
    release(our_service);
    release(our_topic);
    our_service = our_topic = 0;
    return SAY_OK;
}

const char *verb_serve(const char *service, const char *topic)
{
    our_service = GlobalAddAtomA(service);
    our_topic = GlobalAddAtomA(topic);
    return SAY_OK;
}

const char *verb_connect(unsigned conv, const char *service, const char *topic)
{
    ATOM names[2];
    struct conv *c;
    DWORD_PTR result;

    if (convs[conv])
        return SAY_OK; /* it is there already */
    c = new_conv(true);
    names[0] = service ? GlobalAddAtomA(service) : 0;
    names[1] = topic ? GlobalAddAtomA(topic) : 0;
    convs[conv] = c;
    searching = c->wnd;
    SendMessageTimeoutA(HWND_BROADCAST, WM_DDE_INITIATE, (WPARAM)c->wnd, MAKELPARAM(names[0], names[1]),
                        SMTO_NORMAL, INITIATE_MS, &result);
    searching = NULL;
    release(names[0]);
    release(names[1]);
    if (c->partner)
        return SAY_OK;
    forget(c);
    return SAY_NONE;
}

static bool is_answered(void *conv)
{
    const struct conv *c = conv;

    return *c->answer || !c->wnd || !IsWindow(c->partner);
}

/* The message has been posted, or not; what has been said about it in the end. */
static const char *wait_for(struct conv *c, bool posted, DWORD timeout)
{
    static char said[sizeof c->answer];

    if (!posted) {
        drop_question(c, c->n_asked - 1);
        return SAY_GONE;
    }
    if (!agent_pump(is_answered, c, timeout)) {
        if (c->n_asked)
            c->asked[c->n_asked - 1].given_up = true;
        return SAY_TIMEOUT;
    }
    snprintf(said, sizeof said, "%s", *c->answer ? c->answer : SAY_GONE);
    return said;
}

static struct conv *ask(unsigned conv, UINT id, ATOM item, HGLOBAL command, bool noted)
{
    struct conv *c = convs[conv];

    if (!c || c->closing || c->n_asked == OUTSTANDING) {
        release(item);
        return NULL;
    }
    *c->answer = 0;
    c->asked[c->n_asked] = (struct question){.id = id, .command = command, .noted = noted};
    if (item)
        c->asked[c->n_asked].item = GlobalAddAtomA(name_of(item));
    c->n_asked++;
    return c;
}

const char *verb_request(unsigned conv, const char *item, DWORD timeout)
{
    ATOM atom = GlobalAddAtomA(item);
    struct conv *c = ask(conv, WM_DDE_REQUEST, atom, NULL, false);

    return c ? wait_for(c, post_named(c, WM_DDE_REQUEST, CF_TEXT, atom), timeout) : SAY_GONE;
}

const char *verb_ask(unsigned conv, const char *item)
{
    ATOM atom = GlobalAddAtomA(item);
    struct conv *c = ask(conv, WM_DDE_REQUEST, atom, NULL, true);

    return c && post_named(c, WM_DDE_REQUEST, CF_TEXT, atom) ? SAY_OK : SAY_GONE;
}

const char *verb_poke(unsigned conv, const char *item, const char *value, DWORD timeout)
{
    ATOM atom = GlobalAddAtomA(item);
    struct conv *c = ask(conv, WM_DDE_POKE, atom, NULL, false);

    if (!c)
        return SAY_GONE;
    return wait_for(c, post_object(c, WM_DDE_POKE, object(RELEASE, value, strlen(value) + 1), atom), timeout);
}

const char *verb_execute(unsigned conv, const char *command, DWORD timeout)
{
    struct conv *c = convs[conv];
    size_t n = strlen(command) + 1;
    HGLOBAL mem;
    WCHAR *wide;

    if (!c || c->closing)
        return SAY_GONE;
    mem = GlobalAlloc(GMEM_MOVEABLE | GMEM_DDESHARE | GMEM_ZEROINIT, n * sizeof *wide);
    wide = GlobalLock(mem);
    if (IsWindowUnicode(c->wnd) && IsWindowUnicode(c->partner))
        for (size_t i = 0; i < n; i++)
            wide[i] = (WCHAR)command[i];
    else
        memcpy(wide, command, n);
    GlobalUnlock(mem);
    ask(conv, WM_DDE_EXECUTE, 0, mem, false);
    return wait_for(c, post(c, WM_DDE_EXECUTE, 0, (UINT_PTR)mem), timeout);
}

const char *verb_advise(unsigned conv, enum link_kind kind, const char *item, DWORD timeout)
{
    static const WORD options[] = {[LINK_HOT] = 0, [LINK_WARM] = DEFERRED, [LINK_ACK] = ACK_WANTED};
    ATOM atom = GlobalAddAtomA(item);
    struct conv *c = ask(conv, WM_DDE_ADVISE, atom, NULL, false);
    struct link *l;

    if (!c)
        return SAY_GONE;
    l = link_of(c, atom);
    l = l ? l : link_of(c, 0);
    if (l) /* what its notices want */
        start_link(l, atom, options[kind]);
    return wait_for(c, post_object(c, WM_DDE_ADVISE, object(options[kind], NULL, 0), atom), timeout);
}

const char *verb_unadvise(unsigned conv, const char *item, DWORD timeout)
{
    ATOM atom = GlobalAddAtomA(item);
    struct conv *c = ask(conv, WM_DDE_UNADVISE, atom, NULL, false);
    struct link *l;

    if (!c)
        return SAY_GONE;
    l = link_of(c, atom);
    if (l)
        drop_link(l);
    return wait_for(c, post_named(c, WM_DDE_UNADVISE, CF_TEXT, atom), timeout);
}

const char *verb_disconnect(unsigned conv)
{
    struct conv *c = convs[conv];

    convs[conv] = NULL;
    if (!c)
        return SAY_GONE;
    if (!c->closing)
        terminate(c);
    return SAY_OK;
}

const char *verb_update(void)
{
    for (unsigned i = 0; i < ALL; i++)
        for (unsigned k = 0; k < LINKS; k++)
            if (all[i].wnd && !all[i].client && !all[i].closing && all[i].links[k].item)
                send_update(&all[i], &all[i].links[k]);
    return SAY_OK;
}

const char *verb_drop(void)
{
    const char *said = SAY_GONE;

    for (unsigned i = 0; i < ALL; i++) {
        if (all[i].wnd && !all[i].client && !all[i].closing) {
            terminate(&all[i]);
            said = SAY_OK;
        }
    }
    return said;
}
