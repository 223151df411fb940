/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* dde serve: a server with the System topic, items and links. */

#include "commands.h"
#include "output.h"
#include "serve.h"

#include <stdlib.h>
#include <string.h>

static struct {
    const struct options *options;
    DWORD inst;
    struct target target;
    HSZ service;
    size_t first_topic; /* of lines that name none */
    /* Where the lines of the file and of the pipe go. */
    size_t file_topic, pipe_topic;
    unsigned pass;
    uint64_t stamp, next_stamp, next_refresh;
    struct text input; /* of a line that is not complete yet */
    bool reads_input, input_ended, told_to_quit;
} server;

enum { FILE_CHECK_MS = 250, SLICE_MS = 20, JOB_SLICE_MS = 5 };

static HDDEDATA flags(UINT value)
{
    return (HDDEDATA)(uintptr_t)value;
}

static HDDEDATA data_of(const struct text *bytes, HSZ item, UINT fmt)
{
    return DdeCreateDataHandle(server.inst, (LPBYTE)(uintptr_t)text_of(bytes), (DWORD)bytes->n, 0, item, fmt,
                               0);
}

/* ---- Values ------------------------------------------------------------------------------------------- */

/* The value as it is known now; 0 if there is none. */
static HDDEDATA value_now(size_t topic, HSZ item, UINT fmt)
{
    struct text utf8 = {0}, bytes = {0};
    struct item *stored = items_find((int)topic, item);
    HDDEDATA data = 0;

    if (stored ? items_value(stored, fmt, &bytes) : system_value(topic, item, &utf8)) {
        struct item own = {.value = utf8, .known = true};

        if (stored || items_value(&own, fmt, &bytes))
            data = data_of(&bytes, item, fmt);
    }
    text_free(&utf8);
    text_free(&bytes);
    return data;
}

/* Is the item's value the output of a command? */
static bool is_run(size_t topic, HSZ item)
{
    struct item *stored = items_find((int)topic, item);
    struct text utf8 = {0};
    bool own = system_value(topic, item, &utf8);

    text_free(&utf8);
    return server.options->run && !is_system(topic) && !own && (!stored || stored->source == FROM_RUN);
}

static bool start_job(enum job_kind kind, HCONV conv, size_t topic, HSZ item, const char *command)
{
    struct text why = {0};
    bool started = jobs_start(kind, conv, topic, item, command, &why);

    if (!started) {
        fail_with(EXIT_FILE, "serve: %s", text_of(&why));
        system_set_return_message(text_of(&why));
    }
    text_free(&why);
    return started;
}

static bool start_item_job(HCONV conv, size_t topic, HSZ item)
{
    struct text name = {0};
    bool started;

    put_string(&name, server.inst, item);
    started = start_job(JOB_ITEM, conv, topic, item, text_of(&name));
    text_free(&name);
    return started;
}

/* What a command printed is the item's value, without the last line's end. */
static void store_output(struct job *j)
{
    struct text utf8 = {0}, name = {0};
    struct item *item;

    text_foreign(&utf8, text_of(&j->output), j->output.n);
    while (utf8.n && (utf8.at[utf8.n - 1] == '\n' || utf8.at[utf8.n - 1] == '\r'))
        text_cut(&utf8, utf8.n - 1);
    put_string(&name, server.inst, j->item);
    item = items_make(j->topic, text_of(&name), FROM_RUN);
    if (item)
        items_set(item, 0, text_of(&utf8), utf8.n);
    text_free(&utf8);
    text_free(&name);
}

/* Comes twice: the first time the command is started and the conversation blocked, the second time it has
 * ended. */
static HDDEDATA request(HCONV conv, size_t topic, HSZ item, UINT fmt)
{
    struct job *j = jobs_of(conv, JOB_ITEM);
    bool ended = j && !j->process, good = ended && j->code == 0;

    if (!is_run(topic, item))
        return value_now(topic, item, fmt);
    if (!j)
        return start_item_job(conv, topic, item) ? CBR_BLOCK : 0;
    if (!ended)
        return CBR_BLOCK;
    jobs_remove(j);
    return good ? value_now(topic, item, fmt) : 0;
}

/* ---- Commands and pokes ------------------------------------------------------------------------------- */

static void show_command(size_t topic, const char *command)
{
    struct text line = {0}, name = {0};
    struct target t = {server.target.service, items_topic(topic)->name, NULL};

    if (server.options->json) {
        json_begin_time(&line);
        json_member(&line, "service", t.service);
        json_member(&line, "topic", t.topic);
        json_member(&line, "execute", command);
        text_char(&line, '}');
        print_json(&line);
    } else {
        target_put(&name, &t);
        text_printf(&line, "%s\texecute\t", text_of(&name));
        text_escaped(&line, command);
        print_line(&line);
    }
    text_free(&line);
    text_free(&name);
}

static HDDEDATA execute(HCONV conv, size_t topic, HDDEDATA data)
{
    struct job *j = jobs_of(conv, JOB_EXECUTE);
    struct text bytes = {0}, command = {0};
    HDDEDATA result = flags(DDE_FACK);

    put_data(&bytes, data);
    format_decode(&command, CF_UNICODETEXT, text_of(&bytes), bytes.n);
    if (server.options->quit && !strcmp(text_of(&command), server.options->quit)) {
        server.told_to_quit = true;
    } else if (!server.options->on_execute) {
        show_command(topic, text_of(&command));
    } else if (!j) {
        result =
            start_job(JOB_EXECUTE, conv, topic, 0, text_of(&command)) ? CBR_BLOCK : flags(DDE_FNOTPROCESSED);
    } else if (j->process) {
        result = CBR_BLOCK;
    } else {
        result = flags((j->code ? DDE_FNOTPROCESSED : DDE_FACK) | ((UINT)j->code & DDE_FAPPSTATUS));
        jobs_remove(j);
    }
    text_free(&bytes);
    text_free(&command);
    return result;
}

static HDDEDATA poke(size_t topic, HSZ hsz, UINT fmt, HDDEDATA data)
{
    struct text name = {0}, bytes = {0}, utf8 = {0};
    struct item *item = NULL;
    bool is_text = fmt == CF_TEXT || fmt == CF_UNICODETEXT || fmt == CF_OEMTEXT;

    if (server.options->read_only || system_value(topic, hsz, &utf8) || is_system(topic)) {
        text_free(&utf8);
        return flags(DDE_FNOTPROCESSED);
    }
    put_string(&name, server.inst, hsz);
    put_data(&bytes, data);
    if (name.n)
        item = items_make(topic, text_of(&name), FROM_POKE);
    if (is_text)
        format_decode(&utf8, fmt, text_of(&bytes), bytes.n);
    if (item && is_text)
        items_set(item, 0, text_of(&utf8), utf8.n);
    else if (item)
        items_set(item, fmt, text_of(&bytes), bytes.n);
    text_free(&name);
    text_free(&bytes);
    text_free(&utf8);
    return flags(item ? DDE_FACK : DDE_FNOTPROCESSED);
}

/* ---- Links -------------------------------------------------------------------------------------------- */

static void refresh(size_t topic, HSZ item)
{
    if (is_run(topic, item) && !jobs_refreshing(topic, item))
        start_item_job(0, topic, item);
}

static bool start_link(HCONV conv, size_t topic, HSZ item, UINT fmt)
{
    bool run = is_run(topic, item);
    HDDEDATA value = run ? 0 : value_now(topic, item, fmt);

    if (!value && !run)
        return false;
    if (value)
        DdeFreeDataHandle(value);
    links_add(conv, topic, item, fmt);
    refresh(topic, item);
    return true;
}

/* ---- The callback ------------------------------------------------------------------------------------- */

static HDDEDATA offers(HSZ topic, HSZ service)
{
    HSZPAIR *pairs = must_alloc((items_topics() + 1) * sizeof *pairs);
    size_t n = 0;
    HDDEDATA data;

    if (!service || service == server.service)
        for (size_t i = 0; i < items_topics(); i++)
            if (!topic || topic == items_topic(i)->hsz)
                pairs[n++] = (HSZPAIR){server.service, items_topic(i)->hsz};
    data =
        n ? DdeCreateDataHandle(server.inst, (LPBYTE)pairs, (DWORD)((n + 1) * sizeof *pairs), 0, 0, 0, 0) : 0;
    free(pairs);
    return data;
}

static HDDEDATA answer(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data)
{
    int topic = items_find_topic(hsz1);

    switch (type) {
    case XTYP_WILDCONNECT:
        return offers(hsz1, hsz2);
    case XTYP_DISCONNECT:
        jobs_forget(conv);
        links_forget(conv, 0, 0);
        return 0;
    case XTYP_ERROR:
        fail_with(EXIT_MEMORY, "serve: a client does not keep up with its updates");
        return 0;
    default:
        break;
    }
    if (topic == NO_TOPIC)
        return 0;
    switch (type) {
    case XTYP_CONNECT:
        return flags(hsz2 == server.service);
    case XTYP_REQUEST:
        return request(conv, (size_t)topic, hsz2, fmt);
    case XTYP_ADVREQ:
        return value_now((size_t)topic, hsz2, fmt);
    case XTYP_ADVSTART:
        return flags(start_link(conv, (size_t)topic, hsz2, fmt));
    case XTYP_ADVSTOP:
        links_forget(conv, hsz2, fmt);
        return 0;
    case XTYP_POKE:
        return poke((size_t)topic, hsz2, fmt, data);
    case XTYP_EXECUTE:
        return execute(conv, (size_t)topic, data);
    default:
        return 0;
    }
}

static HDDEDATA CALLBACK callback(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR d1, ULONG_PTR d2)
{
    HDDEDATA result = answer(type, fmt, conv, hsz1, hsz2, data);

    if (server.options->trace)
        trace(server.options, server.inst, type, fmt, conv, hsz1, hsz2, data, d1, d2, result);
    return result;
}

/* ---- What happens besides DDE ------------------------------------------------------------------------- */

static void job_ended(struct job *j)
{
    struct text message = {0};

    if (j->code)
        text_printf(&message, "the command ended with the exit code %d", j->code);
    else if (j->kind == JOB_EXECUTE)
        text_foreign(&message, text_of(&j->output), j->output.n);
    if (j->code || j->kind == JOB_EXECUTE)
        system_set_return_message(text_of(&message));
    text_free(&message);
    if (j->kind == JOB_ITEM && !j->code)
        store_output(j);
    if (j->conv) /* the callback comes again and finds the job */
        DdeEnableCallback(server.inst, j->conv, EC_ENABLEALL);
    else
        jobs_remove(j);
}

static int read_file(void)
{
    struct text bytes = {0};
    const char *why;
    bool done;

    server.stamp = sys_file_stamp(server.options->file);
    server.next_stamp = sys_now_ms() + FILE_CHECK_MS;
    done = sys_read_file(server.options->file, &bytes, &why);
    if (done) {
        server.file_topic = server.first_topic;
        items_take_lines(text_of(&bytes), bytes.n, &server.file_topic, FROM_FILE, ++server.pass);
        items_drop_older_than(server.pass);
    }
    text_free(&bytes);
    return done ? EXIT_OK : fail_with(EXIT_FILE, "serve: %s: %s", server.options->file, why);
}

/* A file that is not there for a moment is being replaced. */
static void look_at_file(void)
{
    uint64_t stamp;

    if (sys_now_ms() < server.next_stamp)
        return;
    server.next_stamp = sys_now_ms() + FILE_CHECK_MS;
    stamp = sys_file_stamp(server.options->file);
    if (stamp && stamp != server.stamp)
        read_file();
}

static void take_input_lines(bool all)
{
    size_t n = server.input.n;

    while (!all && n && server.input.at[n - 1] != '\n')
        n--;
    if (!n)
        return;
    items_take_lines(server.input.at, n, &server.pipe_topic, FROM_PIPE, 0);
    memmove(server.input.at, server.input.at + n, server.input.n - n + 1);
    server.input.n -= n;
}

static void look_at_input(void)
{
    char chunk[4096];
    int size;

    if (server.input_ended)
        return;
    while ((size = sys_read_input(chunk, sizeof chunk)) > 0)
        text_add(&server.input, chunk, (size_t)size);
    server.input_ended = size < 0;
    if (server.options->file && !strcmp(server.options->file, "-"))
        take_input_lines(server.input_ended);
    else
        text_clear(&server.input);
}

static void look_around(void)
{
    const struct options *o = server.options;

    jobs_look(job_ended);
    if (o->file && strcmp(o->file, "-"))
        look_at_file();
    if (server.reads_input)
        look_at_input();
    if (o->every && sys_now_ms() >= server.next_refresh) {
        server.next_refresh = sys_now_ms() + o->every;
        links_each(refresh);
    }
}

static int serve(void)
{
    const struct options *o = server.options;
    uint64_t until = o->run_for ? sys_now_ms() + o->run_for : UINT64_MAX, now;

    if (o->ready || o->trace)
        print_string(o->json ? "{\"ready\":true}" : "ready");
    while (may_go_on() && (now = sys_now_ms()) < until && !server.told_to_quit &&
           !(o->until_eof && server.input_ended)) {
        DdemlDispatch(jobs_are_running()       ? JOB_SLICE_MS
                      : until - now < SLICE_MS ? (DWORD)(until - now)
                                               : SLICE_MS);
        look_around();
    }
    return exit_of_the_end();
}

/* ---- Beginning and end -------------------------------------------------------------------------------- */

static int open_instance(const struct options *o)
{
    DWORD timeout = (DWORD)options_timeout(o);
    DWORD quiet = o->trace ? 0 : CBF_SKIP_REGISTRATIONS | CBF_SKIP_UNREGISTRATIONS;
    UINT error;

    server.options = o;
    DdemlSetDeadlines(0, timeout);
    error = DdeInitializeW(&server.inst, callback, APPCLASS_STANDARD | quiet, 0);
    return error == DMLERR_NO_ERROR ? EXIT_OK : fail_dde("DDE cannot be used", error);
}

static int take_topics(const struct options *o)
{
    server.service = string_of(server.inst, server.target.service);
    if (!server.service)
        return client_failed("serve", &server.target, DdeGetLastError(server.inst));
    system_begin(server.inst, o, server.target.service);
    server.first_topic = items_add_topic(server.target.topic);
    for (size_t i = 0; i < o->topics.n; i++)
        items_add_topic(o->topics.at[i]);
    server.pipe_topic = server.first_topic;
    return EXIT_OK;
}

static int take_items(const struct options *o)
{
    struct text why = {0};
    int exit_code = EXIT_OK;

    for (size_t i = o->service ? 0 : 1; i < o->arguments.n && !exit_code; i++) {
        size_t topic = server.first_topic;

        if (!strchr(o->arguments.at[i], '='))
            exit_code = fail_with(EXIT_USAGE, "serve: %s: write item=value", o->arguments.at[i]);
        else if (!items_take_line(o->arguments.at[i], &topic, FROM_LINE, 0, &why))
            exit_code = fail_with(EXIT_USAGE, "serve: %s", text_of(&why));
    }
    text_free(&why);
    server.reads_input = o->until_eof || (o->file && !strcmp(o->file, "-"));
    return !exit_code && o->file && strcmp(o->file, "-") ? read_file() : exit_code;
}

static int run(const struct options *o)
{
    int exit_code = open_instance(o);

    if (exit_code)
        return exit_code;
    items_begin(server.inst, o);
    jobs_begin(server.inst, o, server.target.service);
    links_begin(server.inst);
    exit_code = take_topics(o);
    if (!exit_code)
        exit_code = take_items(o);
    if (!exit_code && !DdeNameService(server.inst, server.service, 0, DNS_REGISTER))
        exit_code = client_failed("serve", &server.target, DdeGetLastError(server.inst));
    return exit_code ? exit_code : serve();
}

static void end(void)
{
    if (server.inst)
        DdeUninitialize(server.inst); /* callbacks may come until then */
    jobs_end();
    links_end();
    system_end();
    items_end();
    target_free(&server.target);
    text_free(&server.input);
    memset(&server, 0, sizeof server);
}

int run_serve(const struct options *o)
{
    struct text why = {0};
    struct options named = *o;
    int exit_code;

    named.item = NULL;
    if (target_of(&server.target, &named, o->service || !o->arguments.n ? NULL : o->arguments.at[0],
                  NEED_TOPIC, &why) &&
        !server.target.item)
        exit_code = run(o);
    else
        exit_code = fail_with(EXIT_USAGE, "serve: %s",
                              why.n ? text_of(&why) : "write service|topic, and then item=value");
    end();
    text_free(&why);
    return exit_code;
}
