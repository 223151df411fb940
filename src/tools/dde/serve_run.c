/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "serve.h"

#include <stdlib.h>
#include <string.h>

static struct {
    DWORD inst;
    const struct options *options;
    const char *service;
    struct job **jobs;
    size_t n;
} runner;

void jobs_begin(DWORD inst, const struct options *o, const char *service)
{
    runner.inst = inst;
    runner.options = o;
    runner.service = service;
}

void jobs_end(void)
{
    while (runner.n)
        jobs_remove(runner.jobs[0]);
    free(runner.jobs);
    memset(&runner, 0, sizeof runner);
}

/* ---- Command lines: no shell, so that nothing in an item or a command can be more than an argument ---- */

bool words_split(const char *command, struct text **words, size_t *n)
{
    char quote = 0;
    bool inside = false;

    *words = NULL;
    *n = 0;
    for (const char *p = command; *p; p++) {
        bool blank = !quote && (*p == ' ' || *p == '\t');

        if (!blank && !inside) {
            *words = must_resize(*words, (*n + 1) * sizeof **words);
            (*words)[*n] = (struct text){0};
            text_put(&(*words)[(*n)++], "");
        }
        inside = !blank;
        if (blank)
            continue;
        if (quote && *p == quote)
            quote = 0;
        else if (!quote && (*p == '\'' || *p == '"'))
            quote = *p;
        else
            text_char(&(*words)[*n - 1], *p);
    }
    return *n && !quote;
}

struct expansion {
    const char *service, *topic, *item, *command;
};

static const char *expand_one(char letter, const struct expansion *e)
{
    switch (letter) {
    case 's':
        return e->service;
    case 't':
        return e->topic;
    case 'i':
        return e->item;
    case 'c':
        return e->command;
    case '%':
        return "%";
    default:
        return NULL;
    }
}

static char *expand(const char *word, const struct expansion *e)
{
    struct text out = {0};

    text_put(&out, "");
    for (; *word; word++) {
        const char *part = *word == '%' ? expand_one(word[1], e) : NULL;

        if (part)
            text_put(&out, part);
        else
            text_char(&out, *word);
        word += part != NULL;
    }
    return out.at;
}

static struct sys_process *start_process(const char *command, const struct expansion *e, struct text *why)
{
    struct text *words;
    size_t n;
    struct sys_process *process = NULL;
    const char *reason = "it is no command: each ' and \" has to be closed";

    if (words_split(command, &words, &n)) {
        char **argv = must_alloc((n + 1) * sizeof *argv);

        for (size_t i = 0; i < n; i++)
            argv[i] = expand(text_of(&words[i]), e);
        process = sys_process_start(argv, &reason);
        for (size_t i = 0; i < n; i++)
            free(argv[i]);
        free(argv);
    }
    if (!process)
        text_printf(why, "%s: %s", command, reason);
    for (size_t i = 0; i < n; i++)
        text_free(&words[i]);
    free(words);
    return process;
}

/* ---- Jobs --------------------------------------------------------------------------------------------- */

bool jobs_start(enum job_kind kind, HCONV conv, size_t topic, HSZ item, const char *command, struct text *why)
{
    struct expansion e = {runner.service, items_topic(topic)->name, kind == JOB_ITEM ? command : "", command};
    struct sys_process *process =
        start_process(kind == JOB_ITEM ? runner.options->run : runner.options->on_execute, &e, why);
    struct job *j;

    if (!process)
        return false;
    j = must_alloc(sizeof *j);
    *j = (struct job){.kind = kind, .conv = conv, .topic = topic, .item = item, .process = process};
    j->until = sys_now_ms() + options_timeout(runner.options);
    DdeKeepStringHandle(runner.inst, item);
    runner.jobs = must_resize(runner.jobs, (runner.n + 1) * sizeof *runner.jobs);
    runner.jobs[runner.n++] = j;
    return true;
}

struct job *jobs_of(HCONV conv, enum job_kind kind)
{
    for (size_t i = 0; i < runner.n; i++)
        if (runner.jobs[i]->conv == conv && runner.jobs[i]->kind == kind)
            return runner.jobs[i];
    return NULL;
}

bool jobs_refreshing(size_t topic, HSZ item)
{
    for (size_t i = 0; i < runner.n; i++)
        if (!runner.jobs[i]->conv && runner.jobs[i]->topic == topic && runner.jobs[i]->item == item)
            return true;
    return false;
}

bool jobs_are_running(void)
{
    return runner.n != 0;
}

void jobs_remove(struct job *j)
{
    for (size_t i = 0; i < runner.n; i++) {
        if (runner.jobs[i] != j)
            continue;
        runner.jobs[i] = runner.jobs[--runner.n];
        if (j->process)
            sys_process_end(j->process);
        DdeFreeStringHandle(runner.inst, j->item);
        text_free(&j->output);
        free(j);
        return;
    }
}

void jobs_forget(HCONV conv)
{
    for (size_t i = runner.n; i-- > 0;)
        if (runner.jobs[i]->conv == conv)
            jobs_remove(runner.jobs[i]);
}

enum { TIMED_OUT = 124 }; /* as the command timeout says it */

void jobs_look(void (*ended)(struct job *j))
{
    for (size_t i = runner.n; i-- > 0;) {
        struct job *j = runner.jobs[i];

        if (!j->process)
            continue;
        if (!sys_process_look(j->process, &j->output, &j->code)) {
            if (sys_now_ms() < j->until)
                continue;
            j->code = TIMED_OUT;
        }
        sys_process_end(j->process);
        j->process = NULL;
        ended(j);
    }
}
