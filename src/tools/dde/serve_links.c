/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "serve.h"

#include <stdlib.h>

struct link {
    HCONV conv;
    size_t topic;
    HSZ item; /* kept */
    UINT format;
};

static struct {
    DWORD inst;
    struct link *at;
    size_t n;
} links;

void links_begin(DWORD inst)
{
    links.inst = inst;
}

void links_end(void)
{
    while (links.n)
        links_forget(links.at[0].conv, 0, 0);
    free(links.at);
    links.at = NULL;
}

void links_add(HCONV conv, size_t topic, HSZ item, UINT format)
{
    for (size_t i = 0; i < links.n; i++)
        if (links.at[i].conv == conv && links.at[i].item == item && links.at[i].format == format)
            return;
    DdeKeepStringHandle(links.inst, item);
    links.at = must_resize(links.at, (links.n + 1) * sizeof *links.at);
    links.at[links.n++] = (struct link){conv, topic, item, format};
}

void links_forget(HCONV conv, HSZ item, UINT format)
{
    for (size_t i = links.n; i-- > 0;) {
        struct link *l = &links.at[i];

        if (l->conv != conv || (item && (l->item != item || l->format != format)))
            continue;
        DdeFreeStringHandle(links.inst, l->item);
        *l = links.at[--links.n];
    }
}

void links_each(void (*refresh)(size_t topic, HSZ item))
{
    for (size_t i = 0; i < links.n; i++)
        refresh(links.at[i].topic, links.at[i].item);
}
