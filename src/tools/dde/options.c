/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "options.h"
#include "format.h"

#include <stdlib.h>
#include <string.h>

enum {
    TALKS = FOR_REQUEST | FOR_POKE | FOR_EXECUTE | FOR_ADVISE | FOR_FETCH,
    SHOWS = FOR_REQUEST | FOR_ADVISE | FOR_FETCH,
    LASTS = FOR_ADVISE | FOR_FETCH | FOR_SERVE | FOR_MONITOR
};

#define ROW(name, letter, kind, member, argument, says, commands)                                            \
    {                                                                                                        \
        name, letter, OPTION_##kind, offsetof(struct options, member), argument, says, commands              \
    }

const struct option option_table[] = {
    ROW("service", 's', TEXT, service, "NAME", "the service; what follows are then items or values",
        FOR_ALL & ~FOR_LEDGER),
    ROW("topic", 't', LIST, topics, "NAME", "the topic (serve: may be given more than once)",
        FOR_ALL & ~FOR_LEDGER),
    ROW("item", 'i', TEXT, item, "NAME", "the item", (TALKS & ~FOR_EXECUTE) | FOR_MONITOR),
    ROW("format", 'f', FORMAT, format, "FORMAT",
        "the clipboard format: CF_UNICODETEXT, 13, 0xC123, or a registered name",
        (TALKS & ~FOR_EXECUTE) | FOR_SERVE),
    ROW("timeout", 'T', TIME, timeout, "TIME", "how long to wait for each answer: 500, 500ms, 5s, 2m (5s)",
        FOR_ALL),
    ROW("wait", 0, FLAG, wait, NULL, "wait for the server to start, as long as --timeout says", TALKS),
    ROW("json", 'j', FLAG, json, NULL, "one JSON object a line", FOR_ALL),
    ROW("hex", 'x', FLAG, hex, NULL, "values are bytes in hexadecimal digits",
        (TALKS & ~FOR_EXECUTE) | FOR_SERVE),
    ROW("text", 0, FLAG, text, NULL, "values are text, whatever the format",
        (TALKS & ~FOR_EXECUTE) | FOR_SERVE),
    ROW("raw", 0, FLAG, raw, NULL, "values are the bytes themselves, unchanged", TALKS & ~FOR_EXECUTE),
    ROW("file", 'F', TEXT, file, "FILE",
        "the value (poke) or the items (serve) stand in FILE; - is standard input", FOR_POKE | FOR_SERVE),
    ROW("count", 'n', COUNT, count, "N", "end after N updates or events",
        FOR_ADVISE | FOR_FETCH | FOR_MONITOR),
    ROW("for", 0, TIME, run_for, "TIME", "end after TIME", LASTS),
    ROW("ack", 0, FLAG, ack, NULL, "the server waits for each update to be acknowledged",
        FOR_ADVISE | FOR_FETCH),
    ROW("warm", 0, FLAG, warm, NULL, "a warm link: that something has changed, without the value",
        FOR_ADVISE),
    ROW("follow", 0, FLAG, follow, NULL, "go on with the updates, as advise does", FOR_FETCH),
    ROW("items", 0, FLAG, items, NULL, "ask each topic for its items, too", FOR_SERVICES),
    ROW("run", 0, TEXT, run, "COMMAND",
        "run COMMAND for the value of an item; %i is the item, %t the topic, %s the service, %% a %",
        FOR_SERVE),
    ROW("every", 0, TIME, every, "TIME", "run it again for linked items so often", FOR_SERVE),
    ROW("on-execute", 0, TEXT, on_execute, "COMMAND",
        "run COMMAND for each execute; %c is what is to be executed", FOR_SERVE),
    ROW("quit", 0, TEXT, quit, "COMMAND", "end when COMMAND is executed", FOR_SERVE),
    ROW("read-only", 0, FLAG, read_only, NULL, "refuse pokes", FOR_SERVE),
    ROW("until-eof", 0, FLAG, until_eof, NULL, "end when standard input does", FOR_SERVE),
    ROW("ready", 0, FLAG, ready, NULL, "print \"ready\" as soon as it can be used", FOR_SERVE | FOR_MONITOR),
    ROW("trace", 0, FLAG, trace, NULL, "print each callback with its parameters and its result", FOR_SERVE),
    ROW("only", 'o', LIST, only, "KIND",
        "only these events: strings, sends, posts, callbacks, errors, links, conversations", FOR_MONITOR),
    ROW("full", 0, FLAG, full, NULL, "the full-screen view; q ends it", FOR_MONITOR),
    ROW("instances", 0, FLAG, instances, NULL, "a line for each instance, with what it holds itself",
        FOR_LEDGER),
    ROW("help", 'h', FLAG, help, NULL, "this help", FOR_ALL),
    {NULL, 0, OPTION_FLAG, 0, NULL, NULL, 0},
};

/* ---- Values ------------------------------------------------------------------------------------------- */

enum { LONGEST = 0x7FFFFFFF };

bool parse_time(const char *text, uint64_t *ms)
{
    static const struct {
        const char *name;
        uint64_t factor;
    } units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60000}};
    char *end;
    unsigned long long n;

    if (*text < '0' || *text > '9')
        return false;
    n = strtoull(text, &end, 10);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].name))
            continue;
        *ms = n * units[i].factor;
        return n <= LONGEST && *ms <= LONGEST;
    }
    return false;
}

static bool parse_count(const char *text, uint64_t *n)
{
    char *end;

    if (*text < '1' || *text > '9')
        return false;
    *n = strtoull(text, &end, 10);
    return !*end;
}

static void add_word(struct words *list, const char *word)
{
    list->at = must_resize(list->at, (list->n + 1) * sizeof *list->at);
    list->at[list->n++] = word;
}

static bool store(const struct option *row, struct options *o, const char *value, struct text *why)
{
    void *member = (char *)o + row->offset;

    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)member = true;
        return true;
    case OPTION_TEXT:
        *(const char **)member = value;
        return true;
    case OPTION_LIST:
        add_word(member, value);
        return true;
    case OPTION_TIME:
        if (parse_time(value, member) && *(uint64_t *)member)
            return true;
        text_printf(why, "--%s %s: write a time like 500ms, 5s or 2m", row->name, value);
        return false;
    case OPTION_COUNT:
        if (parse_count(value, member))
            return true;
        text_printf(why, "--%s %s: write a number of 1 or more", row->name, value);
        return false;
    case OPTION_FORMAT:
        *(unsigned *)member = format_number(value);
        if (*(unsigned *)member)
            return true;
        text_printf(
            why,
            "--format %s: no format of this name is known here; write CF_TEXT, CF_UNICODETEXT... or a number "
            "from 1 to 0xFFFF",
            value);
        return false;
    }
    return false;
}

/* ---- The line ----------------------------------------------------------------------------------------- */

static const struct option *find_long(const char *name, size_t n, unsigned command)
{
    for (const struct option *row = option_table; row->name; row++)
        if (row->commands & command && strlen(row->name) == n && !strncmp(row->name, name, n))
            return row;
    return NULL;
}

static const struct option *find_short(char letter, unsigned command)
{
    for (const struct option *row = option_table; row->name; row++)
        if (row->commands & command && row->letter == letter)
            return row;
    return NULL;
}

/* What begins with a minus but is none of these: "-" for standard input, "-5" for a number. */
static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] && !(word[1] >= '0' && word[1] <= '9') && word[1] != '.' &&
           word[1] != ',';
}

static bool take_long(struct options *o, unsigned command, const char *word, const char *next, bool *took,
                      struct text *why)
{
    const char *equals = strchr(word, '=');
    size_t n = equals ? (size_t)(equals - word) : strlen(word);
    const struct option *row = find_long(word, n, command);

    if (!row) {
        text_printf(why, "there is no option --%.*s here", (int)n, word);
        return false;
    }
    if (row->kind == OPTION_FLAG && equals) {
        text_printf(why, "--%s takes no value", row->name);
        return false;
    }
    *took = row->kind != OPTION_FLAG && !equals;
    if (*took && !next) {
        text_printf(why, "--%s needs a value: --%s %s", row->name, row->name, row->argument);
        return false;
    }
    return store(row, o, equals ? equals + 1 : next, why);
}

static bool take_short(struct options *o, unsigned command, const char *letters, const char *next, bool *took,
                       struct text *why)
{
    for (; *letters; letters++) {
        const struct option *row = find_short(*letters, command);

        if (!row) {
            text_printf(why, "there is no option -%c here", *letters);
            return false;
        }
        if (row->kind != OPTION_FLAG) {
            *took = !letters[1];
            if (*took && !next) {
                text_printf(why, "-%c needs a value: -%c %s", *letters, *letters, row->argument);
                return false;
            }
            return store(row, o, *took ? next : letters + 1, why);
        }
        store(row, o, NULL, why);
    }
    return true;
}

static bool check(const struct options *o, unsigned command, struct text *why)
{
    if (o->hex + o->text + o->raw > 1)
        text_put(why, "--hex, --text and --raw exclude each other");
    else if (o->topics.n > 1 && command != FOR_SERVE)
        text_put(why, "--topic can be given once only");
    else if (o->json && o->raw)
        text_put(why, "--json and --raw exclude each other: use --json --hex");
    return !why->n;
}

bool options_parse(struct options *o, unsigned command, int argc, char *const argv[], struct text *why)
{
    bool only_words = false;

    *o = (struct options){0};
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
        bool took = false;

        if (only_words || !is_option(word))
            add_word(&o->arguments, word);
        else if (!strcmp(word, "--"))
            only_words = true;
        else if (!(word[1] == '-' ? take_long(o, command, word + 2, next, &took, why)
                                  : take_short(o, command, word + 1, next, &took, why)))
            return false;
        i += took;
    }
    return check(o, command, why);
}

void options_free(struct options *o)
{
    free(o->topics.at);
    free(o->only.at);
    free(o->arguments.at);
    *o = (struct options){0};
}

uint64_t options_timeout(const struct options *o)
{
    return o->timeout ? o->timeout : 5000;
}
