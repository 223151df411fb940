/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The full-screen view of dde monitor: four tracks, each a list of what there is, the newest first. */

#include "monitor.h"
#include "output.h"
#include "sys.h"

#include <stdlib.h>
#include <string.h>

enum track_kind { STRINGS, CONVERSATIONS, LINKS, SERVICES, TRACKS };

/* What is shown is the text; what makes it the same thing as one that was heard of before is the key. */
struct entry {
    char *key, *shown;
    unsigned count; /* of handles, or of sides that have told of it */
};

static struct {
    const char *title, *name;
    struct entry *at;
    size_t n;
    unsigned long ever; /* how many there have been */
} tracks[TRACKS];

void view_begin(void)
{
    static const char *const titles[TRACKS][2] = {{"String handles", "string"},
                                                  {"Conversations", "conversation"},
                                                  {"Links", "link"},
                                                  {"Services", "service"}};

    for (int i = 0; i < TRACKS; i++) {
        tracks[i].title = titles[i][0];
        tracks[i].name = titles[i][1];
    }
}

static void free_entry(struct entry *e)
{
    free(e->key);
    free(e->shown);
}

void view_end(void)
{
    for (int i = 0; i < TRACKS; i++) {
        for (size_t j = 0; j < tracks[i].n; j++)
            free_entry(&tracks[i].at[j]);
        free(tracks[i].at);
    }
    memset(tracks, 0, sizeof tracks);
}

/* ---- What there is ------------------------------------------------------------------------------------ */

static struct entry *find(enum track_kind kind, const char *key)
{
    for (size_t i = 0; i < tracks[kind].n; i++)
        if (!strcmp(tracks[kind].at[i].key, key))
            return &tracks[kind].at[i];
    return NULL;
}

static void add(enum track_kind kind, const char *key, const char *shown)
{
    struct entry *e = find(kind, key);

    if (e) {
        e->count++;
        return;
    }
    tracks[kind].at = must_resize(tracks[kind].at, (tracks[kind].n + 1) * sizeof *e);
    tracks[kind].at[tracks[kind].n++] = (struct entry){must_copy(key), must_copy(shown), 1};
    tracks[kind].ever++;
}

static void drop(enum track_kind kind, const char *key, bool wholly)
{
    struct entry *e = find(kind, key), *end;

    if (!e || (!wholly && --e->count))
        return;
    end = tracks[kind].at + tracks[kind].n--;
    free_entry(e);
    memmove(e, e + 1, (size_t)((char *)end - (char *)(e + 1)));
}

void view_service(const char *name, bool registered)
{
    if (!registered)
        drop(SERVICES, name, true);
    else if (!find(SERVICES, name))
        add(SERVICES, name, name);
}

/* ---- What is heard ------------------------------------------------------------------------------------ */

static void hear_string(const MONHSZSTRUCTW *e)
{
    struct text text = {0}, key = {0};
    size_t n = 0;

    while (e->str[n])
        n++;
    text_utf16(&text, e->str, n);
    /* Handles of an atom's value are equal in all tasks; each task has its own references. */
    text_printf(&key, "%llx %s", (unsigned long long)(uintptr_t)e->hTask, text_of(&text));
    if (e->fsAction == MH_CREATE || e->fsAction == MH_KEEP)
        add(STRINGS, text_of(&key), text_of(&text));
    else
        drop(STRINGS, text_of(&key), e->fsAction == MH_CLEANUP);
    text_free(&text);
    text_free(&key);
}

static void put_names(struct text *out, DWORD inst, HSZ service, HSZ topic, HSZ item)
{
    struct text parts[3] = {{0}};
    HSZ names[3] = {service, topic, item};
    struct target t;

    for (int i = 0; i < 3; i++)
        put_string(&parts[i], inst, names[i]);
    t = (struct target){parts[0].at, parts[1].at, item ? parts[2].at : NULL};
    target_put(out, &t);
    for (int i = 0; i < 3; i++)
        text_free(&parts[i]);
}

/* Both sides tell of it: it is there from the first word of its beginning to the first of its end. */
static void change(enum track_kind kind, bool begins, const struct text *key, const struct text *shown)
{
    if (!begins)
        drop(kind, text_of(key), true);
    else if (!find(kind, text_of(key)))
        add(kind, text_of(key), text_of(shown));
}

static void hear_conv(DWORD inst, const MONCONVSTRUCT *e)
{
    struct text key = {0}, shown = {0};

    put_names(&shown, inst, e->hszSvc, e->hszTopic, 0);
    text_printf(&key, "%llx %llx %s", (unsigned long long)(uintptr_t)e->hConvClient,
                (unsigned long long)(uintptr_t)e->hConvServer, text_of(&shown));
    change(CONVERSATIONS, e->fConnect, &key, &shown);
    text_free(&key);
    text_free(&shown);
}

static void hear_link(DWORD inst, const MONLINKSTRUCT *e)
{
    struct text key = {0}, shown = {0};

    put_names(&shown, inst, e->hszSvc, e->hszTopic, e->hszItem);
    text_char(&shown, ' ');
    format_name(&shown, e->wFmt);
    text_put(&shown, e->fNoData ? " warm" : " hot");
    text_printf(&key, "%llx %llx %s", (unsigned long long)(uintptr_t)e->hConvClient,
                (unsigned long long)(uintptr_t)e->hConvServer, text_of(&shown));
    change(LINKS, e->fEstablished, &key, &shown);
    text_free(&key);
    text_free(&shown);
}

void view_hear(DWORD inst, UINT kind, const void *event)
{
    switch (kind) {
    case MF_HSZ_INFO:
        hear_string(event);
        break;
    case MF_CONV:
        hear_conv(inst, event);
        break;
    case MF_LINKS:
        hear_link(inst, event);
        break;
    default:
        break;
    }
}

/* ---- Showing ------------------------------------------------------------------------------------------ */

static void put_entry(struct text *out, const struct entry *e)
{
    text_escaped(out, e->shown);
    if (e->count > 1)
        text_printf(out, " (%u)", e->count);
}

static void print_entry(const struct options *o, int track, const struct entry *e)
{
    struct text line = {0};

    if (o->json) {
        json_member(&line, "track", tracks[track].name);
        json_member(&line, "what", e->shown);
        json_number(&line, "count", e->count);
        text_char(&line, '}');
        print_json(&line);
    } else {
        text_put(&line, "  ");
        put_entry(&line, e);
        print_line(&line);
    }
    text_free(&line);
}

void view_print(const struct options *o)
{
    for (int i = 0; i < TRACKS; i++) {
        struct text line = {0};

        text_printf(&line, "%s: %u", tracks[i].title, (unsigned)tracks[i].n);
        if (!o->json)
            print_line(&line);
        text_free(&line);
        for (size_t j = tracks[i].n; j-- > 0;)
            print_entry(o, i, &tracks[i].at[j]);
    }
}

/* So many characters of a text, and blanks behind it; what is wider than one column is not known here. */
static void put_cell(struct text *out, const char *utf8, int width)
{
    const char *at = utf8, *end = utf8 + strlen(utf8);

    for (; width > 0 && at < end; width--) {
        const char *start = at;

        utf8_next(&at, end);
        text_add(out, start, (size_t)(at - start));
    }
    for (; width > 0; width--)
        text_char(out, ' ');
}

static void put_row(struct text *out, int track, int row, int width)
{
    struct text cell = {0};

    if (row == 0)
        text_printf(&cell, " %s: %u (%lu so far)", tracks[track].title, (unsigned)tracks[track].n,
                    tracks[track].ever);
    else if ((size_t)row <= tracks[track].n) {
        text_char(&cell, ' ');
        put_entry(&cell, &tracks[track].at[tracks[track].n - (size_t)row]);
    }
    if (row == 0)
        text_put(out, "\033[7m");
    put_cell(out, text_of(&cell), width);
    if (row == 0)
        text_put(out, "\033[0m");
    text_free(&cell);
}

/* Two tracks side by side, twice; in a narrow window one above the other. */
void view_draw(const struct options *o, bool *first)
{
    struct text screen = {0};
    int rows, columns, across, height;

    (void)o;
    sys_terminal_size(&rows, &columns);
    across = columns >= 60 ? 2 : 1;
    height = (rows - 1) / (TRACKS / across);
    text_put(&screen, *first ? "\033[?1049h\033[?25l\033[2J\033[H" : "\033[H");
    *first = false;
    for (int band = 0; band < TRACKS / across; band++)
        for (int row = 0; row < height; row++) {
            for (int i = 0; i < across; i++) {
                put_row(&screen, band * across + i, row, (columns - (across - 1)) / across);
                if (i + 1 < across)
                    text_char(&screen, ' ');
            }
            text_put(&screen, "\033[K\r\n");
        }
    text_put(&screen, " dde monitor: what has been seen since it began; q ends it\033[K\033[J");
    sys_write(text_of(&screen), screen.n, true);
    text_free(&screen);
}
