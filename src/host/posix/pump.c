/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/posix/posix.h"

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Under the lock. Sent messages go first. */
static bool take_job(struct host_thread *me, unsigned kinds, struct job *job)
{
    if (kinds & WAKE_CORE && timers_next(me) != FOREVER)
        timers_raise(me, host_now_ms());
    return sent_next(me, job) || queue_next(me, kinds, job);
}

bool job_next(struct host_thread *me, unsigned kinds, const struct batch *b, uint64_t until, struct job *job)
{
    bool found = false;

    pthread_mutex_lock(&me->lock);
    while (!(b && batch_over(b)) && host_now_ms() < until) {
        found = take_job(me, kinds, job);
        if (found)
            break;
        thread_park(me, kinds, kinds & WAKE_CORE ? earlier(until, timers_next(me)) : until);
    }
    pthread_mutex_unlock(&me->lock);
    return found;
}

void job_run(const struct job *job)
{
    job->proc(job->ctx, &job->msg);
    if (job->sent)
        sent_finish(job->sent);
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

bool host_dispatch(enum host_scope scope, uint64_t until)
{
    struct host_thread *me = until ? thread_self() : thread_peek();
    struct job job;
    bool found;

    if (!me)
        return false;
    pthread_mutex_lock(&me->lock);
    found = take_job(me, kinds_of(scope), &job);
    pthread_mutex_unlock(&me->lock);
    if (!found && until)
        found = job_next(me, kinds_of(scope), NULL, until, &job);
    if (found)
        job_run(&job);
    return found;
}
