/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDE_SERVE_H
#define DDE_SERVE_H

/* The parts of dde serve. */

#include "client.h"
#include "format.h"
#include "options.h"
#include "sys.h"

/* ---- serve_items.c: topics, their items and their values ---------------------------------------------- */

struct topic {
    char *name;
    HSZ hsz;
};

/* What an item is known from. */
enum source { FROM_LINE, FROM_FILE, FROM_PIPE, FROM_POKE, FROM_RUN };

struct item {
    size_t topic; /* its index */
    char *name;
    HSZ hsz;
    enum source source;
    unsigned pass;   /* of the file in which it was seen last           */
    unsigned format; /* 0: a text, in UTF-8, to be had in all text formats */
    struct text value;
    bool known; /* it has had a value */
};

enum { NO_TOPIC = -1 };

void items_begin(DWORD inst, const struct options *o);
void items_end(void);

size_t items_add_topic(const char *name); /* its index; an existing one is found */
size_t items_topics(void);
const struct topic *items_topic(size_t index);
int items_find_topic(HSZ hsz); /* or NO_TOPIC */

size_t items_count(void);
struct item *items_at(size_t index);
struct item *items_find(int topic, HSZ hsz); /* or NULL */
/* The item, made if it is not there yet. Pointers to items hold until another is made. */
struct item *items_make(size_t topic, const char *name, enum source source);
/* Gives it a value and tells its links if that is another one. */
void items_set(struct item *item, unsigned format, const void *bytes, size_t n);

/* A line: item=value, topic!item=value, [topic], an empty one or a # comment. false with *why if it is
 * none. */
bool items_take_line(const char *line, size_t *topic, enum source source, unsigned pass, struct text *why);
/* All the lines of a text; those that are wrong are told of and skipped. */
void items_take_lines(const char *text, size_t n, size_t *topic, enum source source, unsigned pass);
/* What the file once had and has no more. */
void items_drop_older_than(unsigned pass);

/* The value in a format, false if it cannot be had in it. */
bool items_value(const struct item *item, unsigned format, struct text *bytes);
void items_list(struct text *out, size_t topic);
void items_formats(struct text *out);

/* ---- serve_run.c: commands that are run, while the conversation that waits for them is blocked -------- */

enum job_kind { JOB_ITEM, JOB_EXECUTE };

struct job {
    enum job_kind kind;
    HCONV conv; /* blocked until it is done, or 0 */
    size_t topic;
    HSZ item;
    struct sys_process *process; /* NULL: it has ended */
    uint64_t until;
    struct text output;
    int code;
};

void jobs_begin(DWORD inst, const struct options *o, const char *service);
void jobs_end(void);
/* Starts one; false with the reason in *why. command is what is to be executed, or the item. */
bool jobs_start(enum job_kind kind, HCONV conv, size_t topic, HSZ item, const char *command,
                struct text *why);
struct job *jobs_of(HCONV conv, enum job_kind kind); /* or NULL */
bool jobs_are_running(void);
bool jobs_refreshing(size_t topic, HSZ item);
void jobs_remove(struct job *j);
void jobs_forget(HCONV conv);
/* Looks after all of them; ended is called for each that has come to its end just now. */
void jobs_look(void (*ended)(struct job *j));
/* The words of a command: blanks separate them, '...' and "..." keep them together. */
bool words_split(const char *command, struct text **words, size_t *n);

/* ---- serve_links.c: the links that clients hold; a second one on the same item and format is none ------ */

void links_begin(DWORD inst);
void links_end(void);
void links_add(HCONV conv, size_t topic, HSZ item, UINT format);
void links_forget(HCONV conv, HSZ item, UINT format); /* all of the conversation if item is 0 */
void links_each(void (*refresh)(size_t topic, HSZ item));

/* ---- serve_system.c ----------------------------------------------------------------------------------- */

void system_begin(DWORD inst, const struct options *o, const char *service);
void system_end(void);
bool is_system(size_t topic);
/* The value of an item that the server itself knows: all of the topic System, and the list of any other's
 * items. */
bool system_value(size_t topic, HSZ item, struct text *utf8);
void system_set_return_message(const char *message);

/* ---- serve_trace.c ------------------------------------------------------------------------------------ */

const char *callback_name(UINT type); /* without XTYP_ */
void trace(const struct options *o, DWORD inst, UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2,
           HDDEDATA data, ULONG_PTR d1, ULONG_PTR d2, HDDEDATA result);

#endif
