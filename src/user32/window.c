/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "user32/user32.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Windows: the host's, with what user32 knows of each beside it. */

enum { BUCKETS = 256 };

pthread_mutex_t user32_lock = PTHREAD_MUTEX_INITIALIZER;

static struct window *buckets[BUCKETS];

/* ---- Finding --------------------------------------------------------------------------------------------- */

static struct window **bucket_of(HWND wnd)
{
    uintptr_t n = (uintptr_t)wnd;

    return &buckets[(n >> 5 ^ n >> 13) % BUCKETS];
}

struct window *window_find(HWND wnd)
{
    struct window *w = *bucket_of(wnd);

    while (w && w->handle != wnd)
        w = w->next;
    return w;
}

/* Only its own thread frees a window, so that the caller may keep what it gets. */
static struct window *find_mine(HWND wnd)
{
    struct window *w;

    pthread_mutex_lock(&user32_lock);
    w = window_find(wnd);
    if (w && w->thread != HOST.thread_id())
        w = NULL;
    pthread_mutex_unlock(&user32_lock);
    return w;
}

struct window *window_mine(HWND wnd)
{
    struct window *w = find_mine(wnd);

    if (!w)
        fail(HOST.window_alive((host_wnd)wnd) ? ERROR_ACCESS_DENIED : ERROR_INVALID_WINDOW_HANDLE);
    return w;
}

bool window_proc(HWND wnd, struct proc *proc)
{
    const struct window *w;

    pthread_mutex_lock(&user32_lock);
    w = window_find(wnd);
    if (w)
        *proc = w->proc;
    pthread_mutex_unlock(&user32_lock);
    return w;
}

bool window_within(const struct window *w, HWND top)
{
    while (w && w->handle != top)
        w = w->up;
    return w;
}

/* ---- The host's side -------------------------------------------------------------------------------------- */

static void enter(struct window *w, host_wnd handle)
{
    struct window **bucket;

    w->handle = (HWND)handle;
    bucket = bucket_of(w->handle);
    pthread_mutex_lock(&user32_lock);
    w->next = *bucket;
    *bucket = w;
    pthread_mutex_unlock(&user32_lock);
}

static void leave(struct window *w)
{
    struct window **at = bucket_of(w->handle);

    pthread_mutex_lock(&user32_lock);
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    pthread_mutex_unlock(&user32_lock);
}

/* Its children have gone before it, or go with their thread: then they are roots for a moment. */
static void free_window(struct window *w)
{
    timers_of_window_end(w);
    dde_window_ends(w->handle);
    while (!list_empty(&w->children)) {
        struct window *child = container_of(list_pop(&w->children), struct window, siblings);
        pthread_mutex_lock(&user32_lock);
        child->up = NULL;
        pthread_mutex_unlock(&user32_lock);
    }
    list_remove(&w->siblings);
    leave(w);
    props_free(w->props);
    class_give(w->cls);
    free(w->extra);
    free(w->text);
    free(w);
}

/* Out of a loop of the library's, which offers it to the program's filters first. */
static void pumped(const struct host_msg *msg)
{
    struct user_post post = {.msg = *msg, .proc = on_host_message};
    MSG m = message_of(&post);

    dde_taken(&m);
    if (m.message == WM_QUIT) {
        PostQuitMessage((int)m.wParam);
        return;
    }
    if (!CallMsgFilterW(&m, MSGF_DDEMGR))
        DispatchMessageW(&m);
}

/* A thread's end takes its windows along, and no procedure hears of it. */
void on_host_message(void *window, const struct host_msg *msg)
{
    switch (HOST.how(msg)) {
    case USER_CALL_PUMPED:
        pumped(msg);
        break;
    case USER_CALL_SENT:
        HOST.result(msg, (uintptr_t)send_arrived(msg));
        break;
    default:
        if (msg->id == HOST_EV_DESTROYED && !HOST.window_alive(msg->to))
            free_window(window);
        else
            HOST.result(msg,
                        (uintptr_t)send_here((HWND)msg->to, msg->id, msg->wparam, (LPARAM)msg->lparam, true));
        break;
    }
}

/* ---- fork ------------------------------------------------------------------------------------------------ */

static void before_fork(void)
{
    pthread_mutex_lock(&user32_lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&user32_lock);
}

/* The child keeps classes, hooks and names, and has none of its parent's windows: they stay where they are. */
static void in_child(void)
{
    memset(buckets, 0, sizeof buckets);
    dde_forked();
    timers_forked();
    pthread_mutex_unlock(&user32_lock);
}

static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

/* After the host has done so, which it does when it is asked who a thread is: locks are taken in the opposite order
 * of registering, and those of the host are taken last. */
static void watch_forks(void)
{
    HOST.thread_id();
    pthread_atfork(before_fork, after_fork, in_child);
}

/* ---- Making ---------------------------------------------------------------------------------------------- */

static const HWND message_only = (HWND)-3; /* HWND_MESSAGE */

/* The parent of a child, or the owner of a window that is none; false, and the last error: it cannot be. */
static bool place(const CREATESTRUCTW *cs, struct window *w)
{
    HWND top;

    if (cs->hwndParent == message_only || (!cs->hwndParent && !(cs->style & WS_CHILD)))
        return true;
    if (!cs->hwndParent)
        return fail(ERROR_TLW_WITH_WSCHILD);
    if (!HOST.window_alive((host_wnd)cs->hwndParent))
        return fail(ERROR_INVALID_WINDOW_HANDLE);
    if (cs->style & WS_CHILD) {
        w->up = window_mine(cs->hwndParent);
        if (w->up && w->up->destroying)
            return fail(ERROR_INVALID_WINDOW_HANDLE);
        return w->up;
    }
    pthread_mutex_lock(&user32_lock);
    top = cs->hwndParent;
    for (const struct window *o = window_find(top); o; o = o->up)
        top = o->handle;
    w->owner = top;
    pthread_mutex_unlock(&user32_lock);
    return true;
}

static struct window *new_window(const CREATESTRUCTW *cs)
{
    struct window *w = calloc(1, sizeof *w);
    enum host_class kind = HOST_PLAIN;
    host_wnd handle;

    pthread_once(&fork_once, watch_forks);
    if (!w) {
        fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    if (!place(cs, w))
        goto free_it;
    w->cls = class_take(cs->lpszClass);
    if (!w->cls)
        goto free_it;
    fail(ERROR_NOT_ENOUGH_MEMORY);
    w->extra_size = w->cls->window_extra;
    w->extra = w->extra_size ? calloc(1, (size_t)w->extra_size) : NULL;
    if (w->extra_size && !w->extra)
        goto give_class;
    w->thread = HOST.thread_id();
    w->proc = w->cls->proc;
    w->instance = cs->hInstance;
    w->style = (DWORD)cs->style;
    w->ex_style = cs->dwExStyle;
    w->id = (LONG_PTR)cs->hMenu;
    list_init(&w->children);
    list_init(&w->siblings);
    if (w->up || cs->hwndParent == message_only)
        kind = HOST_CLIENT; /* hears no broadcasts */
    handle = HOST.window_create(kind, w->proc.wide, on_host_message, w);
    if (!handle)
        goto free_extra;
    enter(w, handle);
    if (w->up)
        list_append(&w->up->children, &w->siblings);
    return w;

free_extra:
    free(w->extra);
give_class:
    class_give(w->cls);
free_it:
    free(w);
    return NULL;
}

static void destroy(HWND wnd);

static HWND create(CREATESTRUCTW *cs)
{
    struct window *w = new_window(cs);
    HWND wnd;

    if (!w)
        return NULL;
    wnd = w->handle;
    if (!send_here(wnd, WM_NCCREATE, 0, (LPARAM)cs, true)) {
        w = find_mine(wnd);
        if (w)
            w->told = true; /* what was never created is not destroyed */
        destroy(wnd);
        return NULL;
    }
    if (find_mine(wnd) && send_here(wnd, WM_CREATE, 0, (LPARAM)cs, true) == -1)
        destroy(wnd);
    return find_mine(wnd) ? wnd : NULL;
}

HWND WINAPI CreateWindowExW(DWORD ex_style, LPCWSTR class, LPCWSTR name, DWORD style, INT x, INT y, INT width,
                            INT height, HWND parent, HMENU menu, HINSTANCE instance, LPVOID param)
{
    CREATESTRUCTW cs = {
        .lpCreateParams = param,
        .hInstance = instance,
        .hMenu = menu,
        .hwndParent = parent,
        .cy = height,
        .cx = width,
        .y = y,
        .x = x,
        .style = (LONG)style,
        .lpszName = name,
        .lpszClass = class,
        .dwExStyle = ex_style,
    };

    return create(&cs);
}

HWND WINAPI CreateWindowExA(DWORD ex_style, LPCSTR class, LPCSTR name, DWORD style, INT x, INT y, INT width,
                            INT height, HWND parent, HMENU menu, HINSTANCE instance, LPVOID param)
{
    WCHAR *wide_class = is_atom(class) ? (WCHAR *)(uintptr_t) class : wide_from_ansi(class);
    WCHAR *wide_name = wide_from_ansi(name);
    HWND wnd = NULL;

    if ((wide_class || !class) && (wide_name || !name))
        wnd = CreateWindowExW(ex_style, wide_class, wide_name, style, x, y, width, height, parent, menu,
                              instance, param);
    else
        fail(ERROR_NOT_ENOUGH_MEMORY);
    free(wide_name);
    if (!is_atom(class))
        free(wide_class);
    return wnd;
}

/* ---- Destroying ------------------------------------------------------------------------------------------ */

static struct window *first_not_told(const struct window *w)
{
    list_each (node, next, &w->children) {
        struct window *child = container_of(node, struct window, siblings);
        if (!child->told)
            return child;
    }
    return NULL;
}

/* The window first, then its children, all of which are still there. A procedure may do anything meanwhile. */
static void tell(HWND wnd)
{
    struct window *w = find_mine(wnd), *child;

    if (!w)
        return;
    w->destroying = true;
    if (!w->told) {
        w->told = true;
        send_here(wnd, WM_DESTROY, 0, 0, true);
    }
    while ((w = find_mine(wnd)) && (child = first_not_told(w)))
        tell(child->handle);
}

/* Children first. */
static void bury(HWND wnd)
{
    struct window *w;

    while ((w = find_mine(wnd)) && !list_empty(&w->children)) {
        HWND child = container_of(w->children.next, struct window, siblings)->handle;
        tell(child);
        bury(child);
    }
    if (!w)
        return;
    send_here(wnd, WM_NCDESTROY, 0, 0, true);
    HOST.window_destroy((host_wnd)wnd);
    w = find_mine(wnd);
    if (w)
        free_window(w);
}

static HWND first_owned(HWND owner)
{
    HWND found = NULL;

    pthread_mutex_lock(&user32_lock);
    for (unsigned i = 0; i < BUCKETS && !found; i++) {
        const struct window *w = buckets[i];
        while (w && !(w->owner == owner && w->thread == HOST.thread_id() && !w->destroying))
            w = w->next;
        if (w)
            found = w->handle;
    }
    pthread_mutex_unlock(&user32_lock);
    return found;
}

static void destroy(HWND wnd)
{
    HWND owned;

    while ((owned = first_owned(wnd)))
        destroy(owned);
    tell(wnd);
    bury(wnd);
}

BOOL WINAPI DestroyWindow(HWND wnd)
{
    const struct window *w = window_mine(wnd);

    if (!w)
        return FALSE;
    if (w->destroying)
        return fail(ERROR_INVALID_WINDOW_HANDLE);
    destroy(wnd);
    return TRUE;
}

/* ---- Asking ---------------------------------------------------------------------------------------------- */

BOOL WINAPI IsWindow(HWND wnd)
{
    return HOST.window_alive((host_wnd)wnd);
}

BOOL WINAPI IsWindowUnicode(HWND wnd)
{
    if (!HOST.window_alive((host_wnd)wnd))
        return fail(ERROR_INVALID_WINDOW_HANDLE);
    return HOST.window_unicode((host_wnd)wnd);
}

DWORD WINAPI GetWindowThreadProcessId(HWND wnd, LPDWORD process)
{
    DWORD thread = HOST.window_thread((host_wnd)wnd);

    if (!thread)
        return fail(ERROR_INVALID_WINDOW_HANDLE);
    if (process)
        *process = HOST.window_foreign((host_wnd)wnd) ? 0 : (DWORD)getpid();
    return thread;
}

HWND WINAPI GetParent(HWND wnd)
{
    const struct window *w;
    HWND parent = NULL;

    if (!HOST.window_alive((host_wnd)wnd)) {
        fail(ERROR_INVALID_WINDOW_HANDLE);
        return NULL;
    }
    pthread_mutex_lock(&user32_lock);
    w = window_find(wnd);
    if (w && w->up)
        parent = w->up->handle;
    else if (w && w->style & WS_POPUP)
        parent = w->owner;
    pthread_mutex_unlock(&user32_lock);
    return parent;
}

BOOL WINAPI IsChild(HWND parent, HWND wnd)
{
    const struct window *w;
    bool below;

    pthread_mutex_lock(&user32_lock);
    w = window_find(wnd);
    below = w && w->up && window_within(w->up, parent);
    pthread_mutex_unlock(&user32_lock);
    return below;
}

/* The windows of the library have the names that they have on Windows. */
static const WCHAR *name_of_library_window(host_wnd wnd)
{
    static const struct {
        enum host_class cls;
        const WCHAR *ansi, *wide;
    } names[] = {
        {HOST_MOM, u"DDEMLMom", u"DDEMLMom"},
        {HOST_EVENT, u"DDEMLEvent", u"DDEMLEvent"},
        {HOST_CLIENT, u"DDEMLAnsiClient", u"DDEMLUnicodeClient"},
        {HOST_SERVER, u"DDEMLAnsiServer", u"DDEMLUnicodeServer"},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (HOST.window_is(wnd, names[i].cls))
            return HOST.window_unicode(wnd) ? names[i].wide : names[i].ansi;
    }
    return NULL;
}

enum { CLASS_NAME = HOST_ATOM_CHARS };

static bool class_name(HWND wnd, WCHAR name[CLASS_NAME])
{
    const struct window *w;
    const WCHAR *library;

    pthread_mutex_lock(&user32_lock);
    w = window_find(wnd);
    if (w)
        put_wide(name, CLASS_NAME, w->cls->name);
    pthread_mutex_unlock(&user32_lock);
    if (w)
        return true;
    library = name_of_library_window((host_wnd)wnd);
    if (!library)
        return fail(ERROR_INVALID_WINDOW_HANDLE);
    put_wide(name, CLASS_NAME, library);
    return true;
}

INT WINAPI GetClassNameW(HWND wnd, LPWSTR buffer, INT size)
{
    WCHAR name[CLASS_NAME];

    if (!buffer || size <= 0)
        return fail(ERROR_INSUFFICIENT_BUFFER);
    return class_name(wnd, name) ? (INT)put_wide(buffer, (size_t)size, name) : 0;
}

INT WINAPI GetClassNameA(HWND wnd, LPSTR buffer, INT size)
{
    WCHAR name[CLASS_NAME];

    if (!buffer || size <= 0)
        return fail(ERROR_INSUFFICIENT_BUFFER);
    return class_name(wnd, name) ? (INT)put_ansi(buffer, (size_t)size, name) : 0;
}

/* ---- All of them ----------------------------------------------------------------------------------------- */

BOOL WINAPI EnumWindows(WNDENUMPROC proc, LPARAM lparam)
{
    size_t n;
    host_wnd *all = proc ? HOST.top_level(&n) : NULL;
    BOOL go_on = TRUE;

    if (!all)
        return fail(proc ? ERROR_NOT_ENOUGH_MEMORY : ERROR_INVALID_PARAMETER);
    for (size_t i = 0; i < n && go_on; i++) {
        if (HOST.window_alive(all[i]))
            go_on = proc((HWND)all[i], lparam);
    }
    free(all);
    return go_on;
}

struct search {
    const WCHAR *class, *title;
    HWND found;
};

static bool matches(HWND wnd, const struct search *s)
{
    WCHAR name[CLASS_NAME];
    const struct window *w;
    bool titled;

    if (!class_name(wnd, name))
        return false;
    pthread_mutex_lock(&user32_lock);
    w = window_find(wnd);
    titled = !s->title || same_name(s->title, w && w->text ? w->text : u"");
    if (titled && is_atom(s->class) && s->class)
        titled = w && w->cls->atom == (ATOM)(uintptr_t)s->class;
    pthread_mutex_unlock(&user32_lock);
    return titled && (is_atom(s->class) || same_name(s->class, name));
}

static BOOL CALLBACK look_at(HWND wnd, LPARAM search)
{
    struct search *s = (struct search *)search;

    if (matches(wnd, s))
        s->found = wnd;
    return !s->found;
}

HWND WINAPI FindWindowW(LPCWSTR class, LPCWSTR title)
{
    struct search search = {class, title, NULL};

    EnumWindows(look_at, (LPARAM)&search);
    return search.found;
}

HWND WINAPI FindWindowA(LPCSTR class, LPCSTR title)
{
    WCHAR *wide_class = is_atom(class) ? (WCHAR *)(uintptr_t) class : wide_from_ansi(class);
    WCHAR *wide_title = wide_from_ansi(title);
    HWND found = NULL;

    if ((wide_class || !class) && (wide_title || !title))
        found = FindWindowW(wide_class, wide_title);
    free(wide_title);
    if (!is_atom(class))
        free(wide_class);
    return found;
}

/* ---- What a window keeps --------------------------------------------------------------------------------- */

/* Where the value of an index stands: with the size of what the caller asks for, as far as it can be; NULL, and
 * the last error. Under the lock. */
static void *field(struct window *w, INT index, size_t size)
{
    if (!w) {
        fail(ERROR_INVALID_WINDOW_HANDLE);
        return NULL;
    }
    if (index >= 0 && index <= w->extra_size && (size_t)(w->extra_size - index) >= size)
        return w->extra + index;
    fail(ERROR_INVALID_INDEX);
    return NULL;
}

static LONG_PTR *known_field(struct window *w, INT index)
{
    switch (index) {
    case GWLP_ID:
        return &w->id;
    case GWLP_USERDATA:
        return &w->user_data;
    case GWLP_HINSTANCE:
        return (LONG_PTR *)(void *)&w->instance;
    default:
        return NULL;
    }
}

static DWORD *style_field(struct window *w, INT index)
{
    if (index == GWL_STYLE)
        return &w->style;
    return index == GWL_EXSTYLE ? &w->ex_style : NULL;
}

/* Reads, and with `set` writes. Values of 2, 4 and 8 bytes live in the window's extra bytes. */
static LONG_PTR exchange(HWND wnd, INT index, size_t size, bool set, LONG_PTR value)
{
    LONG_PTR former = 0;
    struct window *w;
    void *at;

    pthread_mutex_lock(&user32_lock);
    w = window_find(wnd);
    if (w && style_field(w, index)) {
        former = (LONG)*style_field(w, index);
        if (set)
            *style_field(w, index) = (DWORD)value;
    } else if (w && index == GWLP_HWNDPARENT) {
        former = (LONG_PTR)(w->up ? w->up->handle : w->owner);
        if (set && !w->up)
            w->owner = (HWND)value;
    } else if (w && known_field(w, index)) {
        former = *known_field(w, index);
        if (set)
            *known_field(w, index) = value;
    } else if ((at = field(w, index, size))) {
        memcpy(&former, at, size);
        if (set)
            memcpy(at, &value, size);
    }
    pthread_mutex_unlock(&user32_lock);
    return former;
}

static LONG_PTR exchange_proc(HWND wnd, bool set, LONG_PTR value, bool wide)
{
    struct proc former = {NULL, wide}, next = {NULL, wide};
    struct window *w;

    if (set && !value)
        return fail(ERROR_INVALID_PARAMETER);
    if (set)
        next = proc_resolve((WNDPROC)value, wide);
    pthread_mutex_lock(&user32_lock);
    w = window_find(wnd);
    if (w) {
        former = w->proc;
        if (set)
            w->proc = next;
    }
    pthread_mutex_unlock(&user32_lock);
    if (!former.call)
        return fail(ERROR_INVALID_WINDOW_HANDLE);
    if (set && next.wide != former.wide)
        HOST.window_set_unicode((host_wnd)wnd, next.wide);
    return (LONG_PTR)(former.wide == wide ? former.call : proc_handle(former));
}

static LONG_PTR get_long(HWND wnd, INT index, size_t size, bool wide)
{
    if (index == GWLP_WNDPROC)
        return exchange_proc(wnd, false, 0, wide);
    return exchange(wnd, index, size, false, 0);
}

static LONG_PTR set_long(HWND wnd, INT index, size_t size, LONG_PTR value, bool wide)
{
    if (index == GWLP_WNDPROC)
        return exchange_proc(wnd, true, value, wide);
    return exchange(wnd, index, size, true, value);
}

#ifdef _WIN64

LONG_PTR WINAPI GetWindowLongPtrA(HWND wnd, INT index)
{
    return get_long(wnd, index, sizeof(LONG_PTR), false);
}

LONG_PTR WINAPI GetWindowLongPtrW(HWND wnd, INT index)
{
    return get_long(wnd, index, sizeof(LONG_PTR), true);
}

LONG_PTR WINAPI SetWindowLongPtrA(HWND wnd, INT index, LONG_PTR value)
{
    return set_long(wnd, index, sizeof(LONG_PTR), value, false);
}

LONG_PTR WINAPI SetWindowLongPtrW(HWND wnd, INT index, LONG_PTR value)
{
    return set_long(wnd, index, sizeof(LONG_PTR), value, true);
}

#endif

/* A pointer does not fit into a LONG of 64-bit programs: the values that are one are not for these four. */
static bool fits_long(INT index)
{
    bool pointer = index == GWLP_WNDPROC || index == GWLP_HINSTANCE || index == GWLP_HWNDPARENT;

    return !pointer || sizeof(LONG) == sizeof(LONG_PTR) || fail(ERROR_INVALID_INDEX);
}

LONG WINAPI GetWindowLongA(HWND wnd, INT index)
{
    return fits_long(index) ? (LONG)get_long(wnd, index, sizeof(LONG), false) : 0;
}

LONG WINAPI GetWindowLongW(HWND wnd, INT index)
{
    return fits_long(index) ? (LONG)get_long(wnd, index, sizeof(LONG), true) : 0;
}

LONG WINAPI SetWindowLongA(HWND wnd, INT index, LONG value)
{
    return fits_long(index) ? (LONG)set_long(wnd, index, sizeof(LONG), value, false) : 0;
}

LONG WINAPI SetWindowLongW(HWND wnd, INT index, LONG value)
{
    return fits_long(index) ? (LONG)set_long(wnd, index, sizeof(LONG), value, true) : 0;
}

WORD WINAPI GetWindowWord(HWND wnd, INT index)
{
    if (index >= 0)
        return (WORD)exchange(wnd, index, sizeof(WORD), false, 0);
    return index == GWLP_ID ? (WORD)exchange(wnd, index, sizeof(LONG_PTR), false, 0)
                            : fail(ERROR_INVALID_INDEX);
}

WORD WINAPI SetWindowWord(HWND wnd, INT index, WORD value)
{
    if (index >= 0)
        return (WORD)exchange(wnd, index, sizeof(WORD), true, value);
    return index == GWLP_ID ? (WORD)exchange(wnd, index, sizeof(LONG_PTR), true, value)
                            : fail(ERROR_INVALID_INDEX);
}

/* ---- The default procedure ------------------------------------------------------------------------------- */

static LRESULT set_text(HWND wnd, const WCHAR *text)
{
    WCHAR *fresh = wide_copy(text), *old = NULL;
    struct window *w;

    if (text && !fresh)
        return fail(ERROR_NOT_ENOUGH_MEMORY);
    pthread_mutex_lock(&user32_lock);
    w = window_find(wnd);
    if (w) {
        old = w->text;
        w->text = fresh;
    }
    pthread_mutex_unlock(&user32_lock);
    free(w ? old : fresh);
    return w ? TRUE : fail(ERROR_INVALID_WINDOW_HANDLE);
}

static LRESULT get_text(HWND wnd, WCHAR *buffer, size_t size)
{
    const struct window *w;
    size_t n = 0;

    if (!buffer || !size)
        return 0;
    pthread_mutex_lock(&user32_lock);
    w = window_find(wnd);
    n = put_wide(buffer, size, w && w->text ? w->text : u"");
    pthread_mutex_unlock(&user32_lock);
    return (LRESULT)n;
}

static LRESULT text_length(HWND wnd)
{
    const struct window *w;
    size_t n = 0;

    pthread_mutex_lock(&user32_lock);
    w = window_find(wnd);
    if (w && w->text)
        n = wide_length(w->text);
    pthread_mutex_unlock(&user32_lock);
    return (LRESULT)n;
}

LRESULT WINAPI DefWindowProcW(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    switch (msg) {
    case WM_NCCREATE:
        return set_text(wnd, ((const CREATESTRUCTW *)lparam)->lpszName);
    case WM_SETTEXT:
        return set_text(wnd, (const WCHAR *)lparam);
    case WM_GETTEXT:
        return get_text(wnd, (WCHAR *)lparam, wparam);
    case WM_GETTEXTLENGTH:
        return text_length(wnd);
    case WM_CLOSE:
        DestroyWindow(wnd);
        return 0;
    case WM_QUERYENDSESSION:
    case WM_QUERYOPEN:
        return TRUE;
    default:
        return 0;
    }
}

LRESULT WINAPI DefWindowProcA(HWND wnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    struct proc proc = {DefWindowProcW, true};

    return proc_call(proc, wnd, msg, wparam, lparam, false);
}

BOOL WINAPI SetWindowTextA(HWND wnd, LPCSTR text)
{
    return SendMessageA(wnd, WM_SETTEXT, 0, (LPARAM)text) != 0;
}

BOOL WINAPI SetWindowTextW(HWND wnd, LPCWSTR text)
{
    return SendMessageW(wnd, WM_SETTEXT, 0, (LPARAM)text) != 0;
}

INT WINAPI GetWindowTextA(HWND wnd, LPSTR buffer, INT size)
{
    if (!buffer || size <= 0)
        return 0;
    buffer[0] = 0;
    return (INT)SendMessageA(wnd, WM_GETTEXT, (WPARAM)size, (LPARAM)buffer);
}

INT WINAPI GetWindowTextW(HWND wnd, LPWSTR buffer, INT size)
{
    if (!buffer || size <= 0)
        return 0;
    buffer[0] = 0;
    return (INT)SendMessageW(wnd, WM_GETTEXT, (WPARAM)size, (LPARAM)buffer);
}

INT WINAPI GetWindowTextLengthA(HWND wnd)
{
    return (INT)SendMessageA(wnd, WM_GETTEXTLENGTH, 0, 0);
}

INT WINAPI GetWindowTextLengthW(HWND wnd)
{
    return (INT)SendMessageW(wnd, WM_GETTEXTLENGTH, 0, 0);
}
