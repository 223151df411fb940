/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "win32.h"

/* Windows and their records. A record stands in a table of the process, under its window, and in its thread's
 * list. (GWLP_USERDATA is left to programs that subclass conversation windows, and extra bytes of a window
 * are the system's to keep, which has to be told of them each time.) Other threads of the process may read it:
 * it is taken out of the table under records_lock before it is freed. */

#define FORMS 2 /* ANSI, Unicode */

/* Classes with one form are registered in Unicode; an ANSI window of such a class is made one by itself. The
 * names by form are also what the classes of other windows are compared with. */
static const struct {
    const char *ansi;
    const WCHAR *unicode[FORMS];
} names[] = {
    [HOST_MOM] = {NULL, {L"DDEMLMom", L"DDEMLMom"}},
    [HOST_EVENT] = {NULL, {L"DDEMLEvent", L"DDEMLEvent"}},
    [HOST_CLIENT] = {"DDEMLAnsiClient", {L"DDEMLAnsiClient", L"DDEMLUnicodeClient"}},
    [HOST_SERVER] = {"DDEMLAnsiServer", {L"DDEMLAnsiServer", L"DDEMLUnicodeServer"}},
    [HOST_PLAIN] = {NULL, {L"DdemlPlain", L"DdemlPlain"}},
    [HOST_QUIET] = {NULL, {L"DdemlQuiet", L"DdemlQuiet"}},
};

#define CLASSES (sizeof names / sizeof names[0])

static ATOM classes[CLASSES][FORMS];
static SRWLOCK records_lock = SRWLOCK_INIT;

/* ---- Records ---------------------------------------------------------------------------------------- */

/* The low half of a handle is a place in a table of the system's, in steps of two. */
enum { BUCKETS = 1024 };
static struct window *table[BUCKETS];

static struct window **bucket_of(HWND hwnd)
{
    return &table[(UINT_PTR)hwnd / 2 % BUCKETS];
}

/* The record of a window of ours, else NULL. Only under records_lock. */
static struct window *find_record(HWND hwnd)
{
    struct window *self = *bucket_of(hwnd);

    while (self != NULL && self->hwnd != hwnd)
        self = self->in_bucket;
    return self;
}

/* Whatever thread it is of. One that was ended by force has left records of windows that are gone. */
static struct window *find_any_record(HWND hwnd)
{
    struct window *self = find_record(hwnd);

    return self != NULL && GetWindowThreadProcessId(hwnd, NULL) == self->thread ? self : NULL;
}

/* That of a window of the calling thread. Nobody else takes it away. */
static struct window *own_record(HWND hwnd)
{
    struct window *self;

    AcquireSRWLockShared(&records_lock);
    self = find_record(hwnd);
    ReleaseSRWLockShared(&records_lock);
    return self != NULL && self->thread == GetCurrentThreadId() ? self : NULL;
}

static void table_put(struct window *self)
{
    struct window **bucket = bucket_of(self->hwnd);

    AcquireSRWLockExclusive(&records_lock);
    self->in_bucket = *bucket;
    *bucket = self;
    ReleaseSRWLockExclusive(&records_lock);
}

static void table_remove(struct window *self)
{
    struct window **at = bucket_of(self->hwnd);

    AcquireSRWLockExclusive(&records_lock);
    while (*at != self)
        at = &(*at)->in_bucket;
    *at = self->in_bucket;
    ReleaseSRWLockExclusive(&records_lock);
}

static void record_unlink(struct window *self)
{
    if (self->link == NULL)
        return;
    *self->link = self->next;
    if (self->next != NULL)
        self->next->link = self->link;
    self->link = NULL;
}

static void record_link(struct window *self, struct window **at)
{
    self->next = *at;
    self->link = at;
    if (self->next != NULL)
        self->next->link = &self->next;
    *at = self;
}

static void record_free(struct window *self)
{
    record_unlink(self);
    host_free(self->card);
    host_free(self);
}

/* ---- Procedures ------------------------------------------------------------------------------------- */

static void no_longer_busy(struct window *self)
{
    if (--self->busy == 0 && self->gone)
        record_free(self);
}

static void deliver(struct window *self, uint32_t id, WPARAM wparam, LPARAM lparam)
{
    struct host_msg msg = {(host_wnd)self->hwnd, id, wparam, (uintptr_t)lparam};

    self->busy++;
    self->proc(self->ctx, &msg);
    no_longer_busy(self);
}

static void detach(struct window *self)
{
    win32_news_end(self->hwnd);
    table_remove(self);
    record_unlink(self);
    self->gone = true;
    if (self->busy == 0)
        record_free(self);
}

/* False if the message is none of ours. */
static bool handle(HWND hwnd, UINT id, WPARAM wparam, LPARAM lparam)
{
    const struct messages *own = win32_messages();
    struct window *self = own_record(hwnd);

    if (self == NULL)
        return false;
    if (id >= WM_DDE_LOWEST && id <= WM_DDE_HIGHEST)
        deliver(self, id, wparam, lparam);
    else if (id == own->resume)
        deliver(self, HOST_EV_RESUME, wparam, lparam);
    else if (id == own->arrived)
        deliver(self, HOST_EV_REGISTER, wparam, lparam);
    else if (id == own->left)
        deliver(self, HOST_EV_UNREGISTER, wparam, lparam);
    else if (id == own->moved)
        deliver(self, HOST_EV_MOVED, wparam, lparam);
    else if (id == own->news)
        deliver(self, HOST_EV_NEWS, wparam, lparam);
    else if (id == own->count)
        deliver(self, HOST_EV_COUNT, wparam, lparam);
    else if (id == WM_TIMER && self->timed)
        deliver(self, HOST_EV_TIMER, 0, 0);
    else if (id == WM_DESTROY && !self->expected)
        deliver(self, HOST_EV_DESTROYED, 0, 0);
    else if (id == WM_NCDESTROY)
        detach(self);
    else
        return id == WM_SETTEXT; /* the text is the card's place */
    return id != WM_NCDESTROY;
}

/* All that the default would do is give the window an empty text. */
static LRESULT begin(HWND hwnd, const CREATESTRUCTW *how)
{
    struct window *self = how->lpCreateParams; /* the ANSI structure has the same layout */

    if (self != NULL) {
        self->hwnd = hwnd;
        table_put(self);
    }
    return TRUE;
}

static LRESULT CALLBACK procedure_ansi(HWND hwnd, UINT id, WPARAM wparam, LPARAM lparam)
{
    if (id == WM_NCCREATE)
        return begin(hwnd, (const CREATESTRUCTW *)lparam);
    return handle(hwnd, id, wparam, lparam) ? 0 : DefWindowProcA(hwnd, id, wparam, lparam);
}

static LRESULT CALLBACK procedure_unicode(HWND hwnd, UINT id, WPARAM wparam, LPARAM lparam)
{
    if (id == WM_NCCREATE)
        return begin(hwnd, (const CREATESTRUCTW *)lparam);
    return handle(hwnd, id, wparam, lparam) ? 0 : DefWindowProcW(hwnd, id, wparam, lparam);
}

/* ---- Classes ---------------------------------------------------------------------------------------- */

bool win32_classes_open(void)
{
    WNDCLASSEXA ansi = {.cbSize = sizeof ansi, .lpfnWndProc = procedure_ansi};
    WNDCLASSEXW unicode = {.cbSize = sizeof unicode, .lpfnWndProc = procedure_unicode};

    ansi.hInstance = unicode.hInstance = win32_module();
    for (size_t i = 0; i < CLASSES; i++) {
        ansi.lpszClassName = names[i].ansi;
        unicode.lpszClassName = names[i].unicode[true];
        classes[i][true] = RegisterClassExW(&unicode);
        classes[i][false] = names[i].ansi != NULL ? RegisterClassExA(&ansi) : classes[i][true];
        if (classes[i][false] == 0 || classes[i][true] == 0) {
            win32_classes_close();
            return false;
        }
    }
    return true;
}

void win32_classes_close(void)
{
    for (size_t i = 0; i < CLASSES; i++) {
        for (int unicode = 0; unicode < FORMS; unicode++) {
            if (classes[i][unicode] != 0)
                UnregisterClassW((const WCHAR *)(UINT_PTR)classes[i][unicode], win32_module());
            classes[i][unicode] = 0;
        }
    }
}

const WCHAR *win32_event_class(void)
{
    return names[HOST_EVENT].unicode[true];
}

/* ---- The seam --------------------------------------------------------------------------------------- */

host_wnd host_window_create(enum host_class cls, host_wnd parent, bool unicode, host_proc *proc, void *ctx)
{
    struct thread *thread = win32_thread();
    struct window *self;
    DWORD style = parent != 0 ? WS_CHILD : WS_POPUP;
    bool hidden = cls == HOST_EVENT || cls == HOST_QUIET; /* from broadcasts */
    HWND above = hidden ? HWND_MESSAGE : (HWND)parent;
    UINT_PTR atom;
    HWND hwnd;

    if (thread == NULL || (self = host_alloc(sizeof *self)) == NULL)
        return 0;
    if (cls == HOST_MOM)
        win32_learn_passing(); /* before anybody talks to anybody */
    self->cls = cls;
    self->proc = proc;
    self->ctx = ctx;
    self->thread = GetCurrentThreadId();
    self->busy = 1;        /* nobody else frees it, however far its creation gets */
    self->expected = true; /* and nobody is told of the end of what has not been there */
    atom = classes[cls][unicode];
    hwnd = unicode ? CreateWindowExW(WS_EX_NOPARENTNOTIFY, (const WCHAR *)atom, NULL, style, 0, 0, 0, 0,
                                     above, NULL, win32_module(), self)
                   : CreateWindowExA(WS_EX_NOPARENTNOTIFY, (const char *)atom, NULL, style, 0, 0, 0, 0, above,
                                     NULL, win32_module(), self);
    if (hwnd == NULL || self->gone) {
        if (self->hwnd != NULL && !self->gone)
            table_remove(self);
        host_free(self);
        return 0;
    }
    self->busy = 0;
    self->expected = false;
    if (thread->windows == NULL && thread->timed == NULL)
        thread->desktop = NULL;
    record_link(self, &thread->windows);
    if (!unicode && IsWindowUnicode(hwnd))
        SetWindowLongPtrA(hwnd, GWLP_WNDPROC, (LONG_PTR)procedure_ansi);
    return (host_wnd)hwnd;
}

void host_window_seal(host_wnd wnd)
{
    (void)wnd;
}

void host_window_destroy(host_wnd wnd)
{
    struct window *self = own_record((HWND)wnd);

    if (self == NULL)
        return;
    self->expected = true;
    DestroyWindow((HWND)wnd);
}

bool host_window_alive(host_wnd wnd)
{
    return IsWindow((HWND)wnd);
}

bool host_window_unicode(host_wnd wnd)
{
    return IsWindowUnicode((HWND)wnd);
}

bool host_window_is(host_wnd wnd, enum host_class cls)
{
    WCHAR name[32];

    if (GetClassNameW((HWND)wnd, name, sizeof name / sizeof name[0]) == 0)
        return false;
    return lstrcmpiW(name, names[cls].unicode[false]) == 0 || lstrcmpiW(name, names[cls].unicode[true]) == 0;
}

bool host_window_ours(host_wnd wnd)
{
    bool ours;

    AcquireSRWLockShared(&records_lock);
    ours = find_any_record((HWND)wnd) != NULL;
    ReleaseSRWLockShared(&records_lock);
    return ours;
}

bool host_window_foreign(host_wnd wnd)
{
    DWORD process = 0;

    return GetWindowThreadProcessId((HWND)wnd, &process) != 0 && process != GetCurrentProcessId();
}

uint32_t host_window_thread(host_wnd wnd)
{
    return GetWindowThreadProcessId((HWND)wnd, NULL);
}

bool host_card_set(host_wnd wnd, const struct host_card *card)
{
    struct window *self = own_record((HWND)wnd);
    struct host_card *copy = self != NULL ? host_alloc(sizeof *copy) : NULL, *old = copy;
    bool shown;

    if (copy == NULL)
        return false;
    *copy = *card;
    self->busy++; /* a hook that hears of new texts may destroy the window */
    shown = win32_card_show((HWND)wnd, copy) && !self->gone;
    if (shown) {
        AcquireSRWLockExclusive(&records_lock);
        old = self->card;
        self->card = copy;
        ReleaseSRWLockExclusive(&records_lock);
    }
    host_free(old);
    no_longer_busy(self);
    return shown;
}

bool host_card_get(host_wnd wnd, struct host_card *card)
{
    struct window *self;
    bool ours, found;

    AcquireSRWLockShared(&records_lock);
    self = find_any_record((HWND)wnd);
    ours = self != NULL;
    found = ours && self->card != NULL;
    if (found)
        *card = *self->card;
    ReleaseSRWLockShared(&records_lock);
    return ours ? found : win32_card_read((HWND)wnd, card);
}

bool host_timer(host_wnd wnd, uint32_t interval_ms)
{
    struct window *self = own_record((HWND)wnd);
    struct thread *thread = win32_thread();

    if (self == NULL || thread == NULL)
        return false;
    if (interval_ms != 0 && SetTimer((HWND)wnd, 1, interval_ms, NULL) == 0)
        return false;
    if (interval_ms == 0 && self->timed)
        KillTimer((HWND)wnd, 1);
    if (self->timed != (interval_ms != 0)) {
        self->timed = !self->timed;
        record_unlink(self);
        record_link(self, self->timed ? &thread->timed : &thread->windows);
    }
    return true;
}

void win32_expect(HWND hwnd)
{
    struct thread *thread = own_record(hwnd) != NULL ? win32_thread() : NULL;

    if (thread != NULL)
        thread->expects = true;
}

HWND win32_next_timed(struct thread *thread)
{
    struct window *first = thread->timed, **end = &thread->timed;

    if (first == NULL)
        return NULL;
    record_unlink(first);
    while (*end != NULL)
        end = &(*end)->next;
    record_link(first, end);
    return first->hwnd;
}

/* ---- What this system does not tell, or does for everybody ------------------------------------------- */

bool host_watch(host_wnd wnd, host_wnd other)
{
    (void)wnd;
    (void)other;
    return false;
}

bool host_serve(host_wnd mom, host_atom name, bool on)
{
    (void)mom;
    (void)name;
    (void)on;
    return true;
}

void host_hear_all(host_wnd mom, bool all)
{
    (void)mom;
    (void)all;
}

bool host_window_meet(host_wnd wnd, uint32_t wait_ms)
{
    (void)wait_ms;
    return host_window_alive(wnd);
}
