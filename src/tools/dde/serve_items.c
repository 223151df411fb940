/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "serve.h"

#include <stdlib.h>
#include <string.h>

static struct {
    DWORD inst;
    const struct options *options;
    struct topic *topics;
    size_t n_topics;
    struct item *items;
    size_t n;
} store;

void items_begin(DWORD inst, const struct options *o)
{
    store.inst = inst;
    store.options = o;
}

static void forget_item(struct item *item)
{
    DdeFreeStringHandle(store.inst, item->hsz);
    free(item->name);
    text_free(&item->value);
}

void items_end(void)
{
    for (size_t i = 0; i < store.n; i++)
        forget_item(&store.items[i]);
    for (size_t i = 0; i < store.n_topics; i++) {
        DdeFreeStringHandle(store.inst, store.topics[i].hsz);
        free(store.topics[i].name);
    }
    free(store.items);
    free(store.topics);
    memset(&store, 0, sizeof store);
}

/* ---- Topics ------------------------------------------------------------------------------------------- */

size_t items_add_topic(const char *name)
{
    HSZ hsz = string_of(store.inst, name);
    int found = items_find_topic(hsz);

    if (found != NO_TOPIC) {
        DdeFreeStringHandle(store.inst, hsz);
        return (size_t)found;
    }
    store.topics = must_resize(store.topics, (store.n_topics + 1) * sizeof *store.topics);
    store.topics[store.n_topics] = (struct topic){must_copy(name), hsz};
    return store.n_topics++;
}

size_t items_topics(void)
{
    return store.n_topics;
}

const struct topic *items_topic(size_t index)
{
    return &store.topics[index];
}

/* Within an instance equal names have equal handles. */
int items_find_topic(HSZ hsz)
{
    for (size_t i = 0; i < store.n_topics; i++)
        if (store.topics[i].hsz == hsz)
            return (int)i;
    return NO_TOPIC;
}

/* ---- Items -------------------------------------------------------------------------------------------- */

size_t items_count(void)
{
    return store.n;
}

struct item *items_at(size_t index)
{
    return &store.items[index];
}

struct item *items_find(int topic, HSZ hsz)
{
    for (size_t i = 0; i < store.n; i++)
        if (store.items[i].hsz == hsz && (int)store.items[i].topic == topic)
            return &store.items[i];
    return NULL;
}

static void tell_links(size_t topic, const char *name)
{
    HSZ hsz = string_of(store.inst, name);

    DdePostAdvise(store.inst, store.topics[topic].hsz, hsz);
    DdeFreeStringHandle(store.inst, hsz);
}

struct item *items_make(size_t topic, const char *name, enum source source)
{
    HSZ hsz = string_of(store.inst, name);
    struct item *item = items_find((int)topic, hsz);

    if (!hsz)
        return NULL;
    if (item) {
        DdeFreeStringHandle(store.inst, hsz);
    } else {
        store.items = must_resize(store.items, (store.n + 1) * sizeof *store.items);
        item = &store.items[store.n++];
        *item = (struct item){.topic = topic, .name = must_copy(name), .hsz = hsz};
        tell_links(topic, SZDDE_ITEM_ITEMLIST);
    }
    item->source = source;
    return item;
}

void items_set(struct item *item, unsigned format, const void *bytes, size_t n)
{
    bool same = item->known && item->format == format && item->value.n == n &&
                (n == 0 || memcmp(item->value.at, bytes, n) == 0);

    if (same)
        return;
    text_clear(&item->value);
    text_add(&item->value, bytes, n);
    item->format = format;
    item->known = true;
    DdePostAdvise(store.inst, store.topics[item->topic].hsz, item->hsz);
}

void items_drop_older_than(unsigned pass)
{
    size_t kept = 0;

    for (size_t i = 0; i < store.n; i++) {
        struct item *item = &store.items[i];

        if (item->source != FROM_FILE || item->pass == pass) {
            store.items[kept++] = *item;
            continue;
        }
        tell_links(item->topic, SZDDE_ITEM_ITEMLIST);
        forget_item(item);
    }
    store.n = kept;
}

/* ---- Lines -------------------------------------------------------------------------------------------- */

static char *trimmed(const char *from, size_t n)
{
    char *name;

    while (n && (*from == ' ' || *from == '\t'))
        from++, n--;
    while (n && (from[n - 1] == ' ' || from[n - 1] == '\t'))
        n--;
    name = must_alloc(n + 1);
    memcpy(name, from, n);
    return name;
}

/* topic!item, if there is such a topic; else all of it is the item. */
static const char *split_topic(char *name, size_t *topic)
{
    char *mark = strchr(name, '!');
    HSZ hsz;
    int found;

    if (!mark || mark == name || !mark[1])
        return name;
    *mark = '\0';
    hsz = string_of(store.inst, name);
    found = items_find_topic(hsz);
    DdeFreeStringHandle(store.inst, hsz);
    *mark = '!';
    if (found == NO_TOPIC)
        return name;
    *topic = (size_t)found;
    return mark + 1;
}

/* The value as the options say that it is written. */
static bool set_written(struct item *item, const char *value, struct text *why)
{
    const struct options *o = store.options;
    unsigned format = o->format && !(format_is_text(o->format) && !o->hex) ? o->format : 0;
    struct text bytes = {0};
    bool done = true;

    if (format || o->hex) {
        format = format ? format : CF_TEXT;
        done = value_parse(&bytes, o, format, value, strlen(value), why);
        if (done)
            items_set(item, format, text_of(&bytes), bytes.n);
    } else {
        items_set(item, 0, value, strlen(value));
    }
    text_free(&bytes);
    return done;
}

static bool take_assignment(const char *line, const char *equals, size_t topic, enum source source,
                            unsigned pass, struct text *why)
{
    char *name = trimmed(line, (size_t)(equals - line));
    const char *item_name = split_topic(name, &topic);
    struct item *item = *item_name ? items_make(topic, item_name, source) : NULL;
    bool done = false;

    if (item) {
        item->pass = pass;
        done = set_written(item, equals + 1, why);
    } else {
        text_printf(why, "%s: an item has a name of 1 to 255 characters", line);
    }
    free(name);
    return done;
}

bool items_take_line(const char *line, size_t *topic, enum source source, unsigned pass, struct text *why)
{
    const char *equals = strchr(line, '='), *end = strrchr(line, ']');
    char *name;

    line += strspn(line, " \t");
    if (!*line || *line == '#')
        return true;
    if (*line == '[' && end && !equals) {
        name = trimmed(line + 1, (size_t)(end - line - 1));
        if (*name)
            *topic = items_add_topic(name);
        free(name);
        return true;
    }
    if (equals)
        return take_assignment(line, equals, *topic, source, pass, why);
    text_printf(why, "%s: write item=value", line);
    return false;
}

void items_take_lines(const char *text, size_t n, size_t *topic, enum source source, unsigned pass)
{
    static const char mark[] = "\xEF\xBB\xBF";
    const char *end = text + n;

    if (n >= 3 && !memcmp(text, mark, 3))
        text += 3;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((stop ? stop : end) - text);
        struct text line = {0}, why = {0};

        text_foreign(&line, text, length);
        if (line.n && line.at[line.n - 1] == '\r')
            text_cut(&line, line.n - 1);
        if (!items_take_line(text_of(&line), topic, source, pass, &why))
            fail_with(EXIT_USAGE, "serve: %s", text_of(&why));
        text_free(&line);
        text_free(&why);
        text = stop ? stop + 1 : end;
    }
}

/* ---- What clients are told ---------------------------------------------------------------------------- */

static const unsigned text_formats[] = {CF_TEXT, CF_UNICODETEXT, CF_OEMTEXT};

enum { TEXT_FORMATS = sizeof text_formats / sizeof *text_formats };

static bool is_offered_text(unsigned format)
{
    for (size_t i = 0; i < TEXT_FORMATS; i++)
        if (text_formats[i] == format)
            return true;
    return false;
}

bool items_value(const struct item *item, unsigned format, struct text *bytes)
{
    if (!item->known)
        return false;
    if (item->format == format) {
        text_add(bytes, text_of(&item->value), item->value.n);
        return true;
    }
    if (item->format || !is_offered_text(format))
        return false;
    format_encode(bytes, format, text_of(&item->value)); /* what the format lacks is a question mark there */
    return true;
}

static void put_tab(struct text *out, size_t start)
{
    if (out->n > start)
        text_char(out, '\t');
}

void items_list(struct text *out, size_t topic)
{
    size_t start = out->n;

    for (size_t i = 0; i < store.n; i++) {
        if (store.items[i].topic != topic)
            continue;
        put_tab(out, start);
        text_put(out, store.items[i].name);
    }
}

void items_formats(struct text *out)
{
    size_t start = out->n;

    for (size_t i = 0; i < TEXT_FORMATS; i++) {
        put_tab(out, start);
        format_system_name(out, text_formats[i]);
    }
    for (size_t i = 0; i < store.n; i++) {
        unsigned format = store.items[i].format;
        bool before = !format || is_offered_text(format);

        for (size_t j = 0; j < i && !before; j++)
            before = store.items[j].format == format;
        if (before)
            continue;
        text_char(out, '\t');
        format_system_name(out, format);
    }
}
