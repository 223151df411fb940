/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "target.h"

#include <stdlib.h>
#include <string.h>

static char *copy(const char *from, size_t n)
{
    char *part = must_alloc(n + 1);

    memcpy(part, from, n);
    return part;
}

/* Takes a part in quotation marks; NULL if there is no end to it. */
static char *take_quoted(const char **at)
{
    struct text part = {0};
    const char *p = *at + 1;

    text_put(&part, "");
    for (;; p++) {
        if (!*p) {
            text_free(&part);
            return NULL;
        }
        if (*p == '\'' && *++p != '\'')
            break;
        text_char(&part, *p);
    }
    *at = p;
    return part.at;
}

/* Takes the part up to the separator, which it skips, or up to the end if the separator is 0. NULL: bad
 * quotation. */
static char *take(const char **at, char separator)
{
    const char *end;
    char *part;

    if (**at == '\'') {
        part = take_quoted(at);
        if (part && **at && **at != separator) {
            free(part);
            return NULL;
        }
        *at += part && **at;
        return part;
    }
    end = separator ? strchr(*at, separator) : NULL;
    if (!end)
        end = *at + strlen(*at);
    part = copy(*at, (size_t)(end - *at));
    *at = end + (*end != '\0');
    return part;
}

/* An empty part is none. */
static char *some(char *part)
{
    if (part && !*part) {
        free(part);
        return NULL;
    }
    return part;
}

bool target_parse(struct target *t, const char *text, struct text *why)
{
    static const char separators[] = {'|', '!', '\0'};
    const char *at = text + (*text == '=');
    char *parts[3] = {NULL};

    *t = (struct target){NULL, NULL, NULL};
    for (int i = 0; i < 3 && *at; i++) {
        parts[i] = take(&at, separators[i]);
        if (!parts[i]) {
            text_printf(why,
                        "%s: a ' begins a name that has to end with ' before the next | or !; write '' for "
                        "one in a name",
                        text);
            while (i > 0)
                free(parts[--i]);
            return false;
        }
    }
    *t = (struct target){some(parts[0]), some(parts[1]), some(parts[2])};
    return true;
}

void target_free(struct target *t)
{
    free(t->service);
    free(t->topic);
    free(t->item);
    *t = (struct target){NULL, NULL, NULL};
}

static void put_part(struct text *out, const char *part, bool is_item)
{
    if (!part)
        return;
    if (part[0] != '\'' && part[0] != '=' && (is_item || !strpbrk(part, "|!'"))) {
        text_put(out, part);
        return;
    }
    text_char(out, '\'');
    for (; *part; part++)
        text_put(out, *part == '\'' ? "''" : (char[]){*part, '\0'});
    text_char(out, '\'');
}

void target_put(struct text *out, const struct target *t)
{
    put_part(out, t->service, false);
    if (t->topic || t->item) {
        text_char(out, '|');
        put_part(out, t->topic, false);
    }
    if (t->item) {
        text_char(out, '!');
        put_part(out, t->item, true);
    }
}

static void fill(char **part, const char *value)
{
    if (!*part && value && *value)
        *part = must_copy(value);
}

bool target_of(struct target *t, const struct options *o, const char *word, enum target_need need,
               struct text *why)
{
    *t = (struct target){NULL, NULL, NULL};
    if (o->service)
        fill(&t->item, word);
    else if (word && !target_parse(t, word, why))
        return false;
    fill(&t->service, o->service);
    fill(&t->topic, o->topics.n ? o->topics.at[0] : NULL);
    fill(&t->item, o->item);
    if (!t->service)
        text_put(why, "which service? Write service|topic!item, or --service, --topic and --item");
    else if (need >= NEED_TOPIC && !t->topic)
        text_printf(why, "which topic? Write %s|topic, or --topic", t->service);
    else if (need == NEED_ITEM && !t->item)
        text_printf(why, "which item? Write %s|%s!item, or --item", t->service, t->topic);
    if (!why->n)
        return true;
    target_free(t);
    return false;
}
