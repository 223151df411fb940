/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* dde services: the services and topics that answer. */

#include "client.h"
#include "commands.h"
#include "output.h"
#include "sys.h"

#include <stdlib.h>
#include <string.h>

struct offer {
    HCONV conv;
    struct target names;
};

struct offers {
    struct offer *at;
    size_t n;
};

static void name_offer(struct offer *offer)
{
    CONVINFO info = {.cb = sizeof info};
    struct text name = {0};

    DdeQueryConvInfo(offer->conv, QID_SYNC, &info);
    put_string(&name, client_instance(), info.hszSvcPartner);
    offer->names.service = must_copy(text_of(&name));
    text_clear(&name);
    put_string(&name, client_instance(), info.hszTopic);
    offer->names.topic = must_copy(text_of(&name));
    text_free(&name);
}

static int compare(const void *a, const void *b)
{
    const struct target *x = &((const struct offer *)a)->names, *y = &((const struct offer *)b)->names;
    int order = strcmp(x->service, y->service);

    return order ? order : strcmp(x->topic, y->topic);
}

static struct offers list_offers(HCONVLIST list)
{
    struct offers all = {NULL, 0};
    HCONV conv = 0;

    while ((conv = DdeQueryNextServer(list, conv)) != 0) {
        all.at = must_resize(all.at, (all.n + 1) * sizeof *all.at);
        all.at[all.n] = (struct offer){.conv = conv};
        client_adopt(conv);
        name_offer(&all.at[all.n++]);
    }
    if (all.n)
        qsort(all.at, all.n, sizeof *all.at, compare);
    return all;
}

/* ---- Printing ----------------------------------------------------------------------------------------- */

/* What the topic says its items are, separated by tabs; NULL if it does not say. */
static char *items_of(const struct options *o, const struct offer *offer)
{
    struct transaction x = {
        .conv = offer->conv, .type = XTYP_REQUEST, .format = CF_TEXT, .item = SZDDE_ITEM_ITEMLIST};
    struct text items = {0};

    if (client_try(o, &x) != DMLERR_NO_ERROR) {
        text_free(&x.answer);
        return NULL;
    }
    text_put(&items, "");
    format_decode(&items, CF_TEXT, text_of(&x.answer), x.answer.n);
    text_free(&x.answer);
    return items.at;
}

static void print_names(const struct target *names)
{
    struct text line = {0};

    target_put(&line, names);
    print_line(&line);
    text_free(&line);
}

static void print_items(const struct target *names, char *items)
{
    for (char *item = strtok(items, "\t"); item; item = strtok(NULL, "\t")) {
        struct target t = {names->service, names->topic, item};

        print_names(&t);
    }
}

static void print_object(const struct target *names, bool asked, char *items)
{
    struct text line = {0};

    json_member(&line, "service", names->service);
    json_member(&line, "topic", names->topic);
    if (asked) {
        const char *before = "";

        text_put(&line, ",\"items\":[");
        for (char *item = strtok(items ? items : (char[]){""}, "\t"); item; item = strtok(NULL, "\t")) {
            text_put(&line, before);
            text_json(&line, item);
            before = ",";
        }
        text_char(&line, ']');
    }
    text_char(&line, '}');
    print_json(&line);
    text_free(&line);
}

static void print_offer(const struct options *o, const struct offer *offer)
{
    char *items = o->items ? items_of(o, offer) : NULL;

    if (o->json) {
        print_object(&offer->names, o->items, items);
    } else {
        print_names(&offer->names);
        if (items)
            print_items(&offer->names, items);
    }
    free(items);
}

/* ---- Asking ------------------------------------------------------------------------------------------- */

static int none(const struct target *t)
{
    if (t->service || t->topic)
        return client_failed("services", t, DMLERR_NO_CONV_ESTABLISHED);
    return fail_with(EXIT_NO_CONVERSATION,
                     "no DDE server answers: start one, for example dde serve 'Test|Data' item=value");
}

static int list(const struct options *o, const struct target *t)
{
    DWORD inst = client_instance();
    HSZ service = string_of(inst, t->service), topic = string_of(inst, t->topic);
    HCONVLIST conversations = DdeConnectList(inst, service, topic, 0, NULL);
    UINT error = conversations ? DMLERR_NO_ERROR : DdeGetLastError(inst);
    struct offers all;

    DdeFreeStringHandle(inst, service);
    DdeFreeStringHandle(inst, topic);
    if (!conversations)
        return error == DMLERR_NO_CONV_ESTABLISHED ? none(t) : client_failed("services", t, error);
    all = list_offers(conversations);
    for (size_t i = 0; i < all.n && may_go_on(); i++)
        print_offer(o, &all.at[i]);
    for (size_t i = 0; i < all.n; i++)
        target_free(&all.at[i].names);
    free(all.at);
    DdeDisconnectList(conversations);
    return exit_of_the_end();
}

/* Both names may be left out: what is left out is asked for in all there are. */
static bool take_target(struct target *t, const struct options *o, struct text *why)
{
    *t = (struct target){NULL, NULL, NULL};
    if (o->arguments.n > 1 || (o->arguments.n && o->service))
        text_put(why, "write one target: service, service|topic or '|topic'");
    else if (o->arguments.n && target_parse(t, o->arguments.at[0], why) && t->item)
        text_put(why, "a service has no item: write service|topic, and --items for the items");
    if (!t->service && o->service)
        t->service = must_copy(o->service);
    if (!t->topic && o->topics.n)
        t->topic = must_copy(o->topics.at[0]);
    return !why->n;
}

int run_services(const struct options *o)
{
    struct target t;
    struct text why = {0};
    int exit_code;

    if (!take_target(&t, o, &why))
        exit_code = fail_with(EXIT_USAGE, "services: %s", text_of(&why));
    else if ((exit_code = client_begin(o, NULL)) == EXIT_OK)
        exit_code = list(o, &t);
    client_end();
    target_free(&t);
    text_free(&why);
    return exit_code;
}
