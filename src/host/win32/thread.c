/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "win32.h"

#include <process.h>

/* Threads end without telling a library that may be linked into a program: only a fiber-local-storage
 * callback is called for everyone, early enough that the thread's windows and queue still work. */

static DWORD tls = TLS_OUT_OF_INDEXES;
static DWORD fls = FLS_OUT_OF_INDEXES;
static SRWLOCK core_lock = SRWLOCK_INIT;

static void thread_over(struct thread *self)
{
    if (self->value != NULL && self->at_exit != NULL)
        self->at_exit(self->value);
    while (self->windows != NULL && DestroyWindow(self->windows->hwnd)) {
    }
    while (self->timed != NULL && DestroyWindow(self->timed->hwnd)) {
    }
    TlsSetValue(tls, NULL);
    host_free(self);
}

static void CALLBACK fls_ended(void *value)
{
    struct thread *self = value;

    if (self == NULL || win32_process_is_ending())
        return;
    if (self->id == GetCurrentThreadId())
        thread_over(self);
    else if (self->windows == NULL &&
             self->timed == NULL) /* this DLL is being unloaded while that thread lives on */
        host_free(self);
}

static void free_slots(void)
{
    if (fls != FLS_OUT_OF_INDEXES)
        FlsFree(fls);
    if (tls != TLS_OUT_OF_INDEXES)
        TlsFree(tls);
    fls = FLS_OUT_OF_INDEXES;
    tls = TLS_OUT_OF_INDEXES;
}

bool win32_threads_open(void)
{
    tls = TlsAlloc();
    fls = FlsAlloc(fls_ended);
    if (tls != TLS_OUT_OF_INDEXES && fls != FLS_OUT_OF_INDEXES)
        return true;
    free_slots();
    return false;
}

/* A DLL that is unloaded has no other users: every thread's record goes. At the exit of a program the other
 * threads are still running, perhaps in here: only the calling one is over. */
void win32_threads_close(void)
{
    struct thread *self;

    if (win32_module() != GetModuleHandleW(NULL)) {
        free_slots();
        return;
    }
    self = FlsGetValue(fls);
    FlsSetValue(fls, NULL);
    fls_ended(self);
}

struct thread *win32_thread(void)
{
    struct thread *self;

    if (!win32_ready())
        return NULL;
    self = TlsGetValue(tls);
    if (self != NULL)
        return self;
    self = host_alloc(sizeof *self);
    if (self == NULL)
        return NULL;
    self->id = GetCurrentThreadId();
    if (!TlsSetValue(tls, self) || !FlsSetValue(fls, self)) {
        TlsSetValue(tls, NULL);
        host_free(self);
        return NULL;
    }
    return self;
}

uint32_t host_session_thread(void)
{
    return GetCurrentThreadId();
}

uint32_t host_process_id(void)
{
    return GetCurrentProcessId();
}

uint32_t host_thread_id(void)
{
    return GetCurrentThreadId();
}

void **host_thread_slot(void (*at_exit)(void *value))
{
    struct thread *self = win32_thread();

    if (self == NULL)
        return NULL;
    self->at_exit = at_exit;
    return &self->value;
}

struct beginning {
    void (*run)(void *arg);
    void *arg;
};

static unsigned WINAPI begin(void *beginning)
{
    struct beginning b = *(struct beginning *)beginning;

    host_free(beginning);
    b.run(b.arg);
    return 0;
}

uintptr_t host_thread_start(void (*run)(void *arg), void *arg)
{
    struct beginning *b = win32_ready() ? host_alloc(sizeof *b) : NULL;
    uintptr_t handle;

    if (b == NULL)
        return 0;
    b->run = run;
    b->arg = arg;
    win32_stay(); /* its code has to be there to the end */
    handle = _beginthreadex(NULL, 0, begin, b, 0, NULL);
    if (handle == 0)
        host_free(b);
    return handle;
}

int host_thread_join(uintptr_t thread, uint32_t wait_ms)
{
    if (WaitForSingleObject((HANDLE)thread, wait_ms) != WAIT_OBJECT_0)
        return HOST_LATE;
    CloseHandle((HANDLE)thread);
    return HOST_OK;
}

void host_thread_let_go(uintptr_t thread)
{
    CloseHandle((HANDLE)thread);
}

/* Every loop of Windows dispatches the messages of windows. */
int host_descriptor(void)
{
    return -1;
}

void host_lock(void)
{
    AcquireSRWLockExclusive(&core_lock);
}

void host_unlock(void)
{
    ReleaseSRWLockExclusive(&core_lock);
}

uint64_t host_now_ms(void)
{
    return GetTickCount64();
}
