/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "faults/fault.h"

#include <limits.h>
#include <stdatomic.h>

#include "host/host.h"
#include "support/support.h"

#ifndef _WIN32
#include "host/posix/figures.h"
#endif

/* ---- Failures ----------------------------------------------------------------------------------------- */

const struct flavour flavours[FLAVOURS] = {
    {"full", HOST_FULL, HOST_LATE},
    {"gone", HOST_GONE, HOST_GONE},
    {"fault", HOST_FAULT, HOST_FAULT},
    {"unsure", HOST_FULL, HOST_UNSURE}, /* sent, but that is not known */
};

enum fault_layer fault_layer;

/* Of any thread's calls. */
static struct {
    atomic_bool armed;
    bool for_good;
    unsigned at;
    atomic_uint count;
    _Atomic(const char *) what;
    const struct flavour *flavour;
} fault;

void fault_arm(unsigned at, bool for_good, const struct flavour *flavour)
{
    fault.for_good = for_good;
    fault.at = at ? at : UINT_MAX;
    fault.flavour = flavour;
    fault.count = 0;
    fault.what = NULL;
    fault.armed = true;
}

void fault_rest(void)
{
    fault.armed = false;
}

unsigned fault_count(void)
{
    return fault.count;
}

const char *fault_fired(void)
{
    return fault.what;
}

const struct flavour *fault_flavour(void)
{
    return fault.flavour;
}

bool fault_hits(const char *what)
{
    const char *nothing = NULL;
    unsigned n;

    if (!fault.armed || (fault_layer == FAULT_SEAM) != !strncmp(what, "host_", 5))
        return false;
    n = ++fault.count;
    if (n != fault.at && !(fault.for_good && n > fault.at))
        return false;
    atomic_compare_exchange_strong(&fault.what, &nothing, what);
    return true;
}

bool fault_flavoured(void)
{
    const char *what = fault.what;

    return what && fault_layer == FAULT_SEAM &&
           (fault.for_good || !strcmp(what, "host_post") || !strcmp(what, "host_send") ||
            !strcmp(what, "host_broadcast"));
}

/* ---- Figures ------------------------------------------------------------------------------------------ */

struct figures figures(void)
{
    struct figures now = {.ledger = {.cb = sizeof now.ledger}};

    DdemlGetLedger(0, &now.ledger);
#ifndef _WIN32
    now.windows = figure_windows();
    now.posts = figure_posts();
    now.sends = figure_sends();
    now.blocks = figure_blocks();
    now.atoms = figure_atoms();
#endif
    return now;
}

static bool same(const char *what, long before, long after)
{
    if (before != after)
        print_error("left: %ld %s\n", after - before, what);
    return before == after;
}

bool nothing_left(const struct figures *before)
{
    struct figures now = figures();
    bool nothing = true;

#define CHECK(name) nothing &= same(#name, before->ledger.name, now.ledger.name);
    DDEML_LEDGER_COLUMNS(CHECK)
#undef CHECK
    nothing &= same("windows of the host", before->windows, now.windows);
    nothing &= same("posts of the host", before->posts, now.posts);
    nothing &= same("sends of the host", before->sends, now.sends);
    nothing &= same("blocks of the host", before->blocks, now.blocks);
    nothing &= same("atoms of the host", before->atoms, now.atoms);
    return nothing;
}
