/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The topic System, and the item TopicItemList of all others: what the server knows of itself. */

#include "serve.h"

#include <stdlib.h>
#include <string.h>

static struct {
    DWORD inst;
    const struct options *options;
    const char *service;
    size_t topic;
    char *message; /* ReturnMessage */
} topic_system;

void system_begin(DWORD inst, const struct options *o, const char *service)
{
    topic_system.inst = inst;
    topic_system.options = o;
    topic_system.service = service;
    topic_system.topic = items_add_topic(SZDDESYS_TOPIC);
}

void system_end(void)
{
    free(topic_system.message);
    memset(&topic_system, 0, sizeof topic_system);
}

bool is_system(size_t topic)
{
    return topic == topic_system.topic;
}

static void put_topics(struct text *out)
{
    for (size_t i = 0; i < items_topics(); i++)
        text_printf(out, i ? "\t%s" : "%s", items_topic(i)->name);
}

static void put_sysitems(struct text *out);

static void put_status(struct text *out)
{
    text_put(out, jobs_are_running() ? "Busy" : "Ready");
}

static void put_help(struct text *out)
{
    text_printf(out, "%s is served by dde.", topic_system.service);
    text_put(out, " The item TopicItemList of a topic has the names of its items,");
    text_put(out, " Formats of System the formats in which their values can be had.");
    if (!topic_system.options->read_only)
        text_put(out, " Items can be poked.");
    text_put(out, topic_system.options->on_execute ? " Commands are executed."
                                                   : " Commands are shown where it runs.");
}

static void put_return_message(struct text *out)
{
    text_put(out, topic_system.message ? topic_system.message : "");
}

static void put_system_list(struct text *out)
{
    put_sysitems(out);
}

static const struct {
    const char *name;
    void (*put)(struct text *out);
} system_items[] = {
    {SZDDESYS_ITEM_TOPICS, put_topics},     {SZDDESYS_ITEM_SYSITEMS, put_sysitems},
    {SZDDESYS_ITEM_STATUS, put_status},     {SZDDESYS_ITEM_FORMATS, items_formats},
    {SZDDESYS_ITEM_HELP, put_help},         {SZDDESYS_ITEM_RTNMSG, put_return_message},
    {SZDDE_ITEM_ITEMLIST, put_system_list},
};

enum { SYSTEM_ITEMS = sizeof system_items / sizeof *system_items };

static void put_sysitems(struct text *out)
{
    for (size_t i = 0; i < SYSTEM_ITEMS; i++)
        text_printf(out, i ? "\t%s" : "%s", system_items[i].name);
}

/* The value of an item that the server itself knows: all of the topic System, and the list of any other's
 * items. */
bool system_value(size_t topic, HSZ item, struct text *utf8)
{
    struct text name = {0};
    bool found = false;

    put_string(&name, topic_system.inst, item);
    if (topic != topic_system.topic) {
        found = same_name(text_of(&name), SZDDE_ITEM_ITEMLIST);
        if (found)
            items_list(utf8, topic);
    }
    for (size_t i = 0; i < SYSTEM_ITEMS && topic == topic_system.topic && !found; i++) {
        found = same_name(text_of(&name), system_items[i].name);
        if (found)
            system_items[i].put(utf8);
    }
    text_free(&name);
    return found;
}

void system_set_return_message(const char *message)
{
    HSZ item = string_of(topic_system.inst, SZDDESYS_ITEM_RTNMSG);

    free(topic_system.message);
    topic_system.message = must_copy(message);
    DdePostAdvise(topic_system.inst, items_topic(topic_system.topic)->hsz, item);
    DdeFreeStringHandle(topic_system.inst, item);
}
