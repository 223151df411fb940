/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/posix/peer.h"

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

enum { MEMORY_WAIT_MS = 10 };

/* Under the lock. Sent messages go first. */
static bool take_job(struct host_thread *me, unsigned kinds, uint64_t recently, struct job *job)
{
    me->probed = 0;
    if (kinds & WAKE_CORE && timers_next(me) <= recently + RECENT_MS)
        timers_raise(me, host_now_ms());
    return sent_next(me, job) || queue_next(me, kinds, job);
}

/* Makes the message of what another process has posted. false: no memory, it is to be tried again. */
static bool open_job(struct job *job)
{
    if (!queue_open_parcel(job->parcel, &job->msg))
        return false;
    parcel_free(job->parcel);
    inflow_taken(job->inflow);
    peers_settle();
    return true;
}

/* Under the lock, which it lets go of for a while if the job has to be made of something. */
static bool find_job(struct host_thread *me, unsigned kinds, uint64_t recently, struct job *job)
{
    bool opened;

    if (!take_job(me, kinds, recently, job))
        return false;
    if (!job->parcel)
        return true;
    pthread_mutex_unlock(&me->lock);
    opened = open_job(job);
    pthread_mutex_lock(&me->lock);
    if (opened)
        return true;
    queue_put_back(me, job);
    thread_park(me, 0, host_now_ms() + MEMORY_WAIT_MS);
    return false;
}

/* A thread that never sleeps must not keep waiting what has come from elsewhere: it looks whenever the cheap clock has
 * moved on. */
void look_around(struct host_thread *me, uint64_t recently)
{
    if (me->looked == recently)
        return;
    me->looked = recently;
    peers_look();
}

/* Before it sleeps; something may come meanwhile. */
void flush_unlocked(struct host_thread *me)
{
    pthread_mutex_unlock(&me->lock);
    peers_flush();
    pthread_mutex_lock(&me->lock);
}

/* The exact time is of interest only when the thread has slept. */
bool job_next(struct host_thread *me, unsigned kinds, const struct batch *b, uint64_t until, struct job *job)
{
    bool found = false, flushed = false, slept = false;
    uint64_t recently = recent_ms();

    look_around(me, recently);
    pthread_mutex_lock(&me->lock);
    while (!(b && batch_over(b)) && recently < until) {
        found = find_job(me, kinds, recently, job);
        if (found || (slept && host_now_ms() >= until))
            break;
        flushed = !flushed && peers_pause();
        if (flushed) {
            flush_unlocked(me);
        } else {
            thread_park(me, kinds, kinds & WAKE_CORE ? earlier(until, timers_next(me)) : until);
            slept = true;
        }
        recently = recent_ms();
    }
    pthread_mutex_unlock(&me->lock);
    thread_leave_watch(me);
    return found;
}

void job_run(const struct job *job)
{
    struct host_msg msg = job->msg;

    if (job->sent && !sent_open(job->sent, &msg))
        return;
    job_begins(&msg, job->sent);
    job->proc(job->ctx, &msg);
    job_ends();
    if (job->sent)
        sent_finish(job->sent, result_of_call(&msg));
}

static unsigned kinds_of(enum host_scope scope)
{
    return WAKE_SENT | WAKE_CORE | (scope == HOST_ALL_MESSAGES ? WAKE_REST : 0);
}

bool host_pump(enum host_scope scope, bool (*done)(void *arg), void *arg, uint64_t until)
{
    struct host_thread *me = thread_self();
    struct job job;

    if (!me)
        return done(arg);
    while (!done(arg)) {
        if (!job_next(me, kinds_of(scope), NULL, until, &job))
            return done(arg);
        job_run(&job);
    }
    return true;
}

static bool find_locked(struct host_thread *me, enum host_scope scope, struct job *job)
{
    bool found;

    pthread_mutex_lock(&me->lock);
    found = find_job(me, kinds_of(scope), recent_ms(), job);
    pthread_mutex_unlock(&me->lock);
    return found;
}

static bool find_at_once(struct host_thread *me, enum host_scope scope, struct job *job)
{
    look_around(me, recent_ms());
    if (find_locked(me, scope, job) || (peers_look() && find_locked(me, scope, job)))
        return true;
    peers_flush();
    return false;
}

bool host_dispatch(enum host_scope scope, uint64_t until)
{
    struct host_thread *me = until ? thread_self() : thread_peek();
    struct job job;
    bool found;

    if (!me)
        return false;
    if (recent_ms() < until)
        found = job_next(me, kinds_of(scope), NULL, until, &job);
    else
        found = find_at_once(me, scope, &job);
    if (found)
        job_run(&job);
    else
        loop_settle(me);
    return found;
}
