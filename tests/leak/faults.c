/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Every post fails once: the first of a conversation's life, the second, and so on to the last, with each of
 * the reasons a system can have, alone and together with all that follow it. */

#include <stdatomic.h>

#include "host/host.h"
#include "leak/scenario.h"

int __real_host_post(const struct host_msg *msg);
int __wrap_host_post(const struct host_msg *msg);

/* Posts are counted while a scenario runs. */
static struct {
    bool armed, for_good;
    unsigned n, fails_at;
    int reason;
} fault;

int __wrap_host_post(const struct host_msg *msg)
{
    if (fault.armed) {
        fault.n++;
        if (fault.n == fault.fails_at || (fault.for_good && fault.n > fault.fails_at))
            return fault.reason;
    }
    return __real_host_post(msg);
}

/* Everything that two sides post to each other, none of it waited for: an answer that could not be posted
 * would not come. */
static void live(const struct scenario *s)
{
    client.conv = DdeConnect(client.inst, client.service, client.topic, NULL);
    if (!client.conv)
        return;
    for (unsigned i = 0; i < s->items; i++)
        pair_transact(XTYP_ADVSTART | s->loop, i, TIMEOUT_ASYNC);
    test_pump_all();
    pair_transact(XTYP_POKE, ITEMS - 1, TIMEOUT_ASYNC);
    pair_transact(XTYP_ADVSTOP, ITEMS - 1,
                  TIMEOUT_ASYNC); /* refused: must not be taken for the POKE's answer */
    pair_update(s->items, 3);
    pair_transact_all(TIMEOUT_ASYNC, 1);
    test_pump_all();
    pair_transact(XTYP_REQUEST, 0, 1);
    pair_update(s->items, 2);
    pair_transact_all(TIMEOUT_ASYNC, 1);
    scenario_end(s->enders);
    test_pump_all();
}

/* Returns the number of posts. Afterwards posts succeed again, and both instances end. */
static unsigned life(const struct scenario *s, unsigned fails_at)
{
    client.answer = server.answer = NULL;
    server.keeps = s->keeps;
    server_open(0);
    client_open();
    fault.n = 0;
    fault.fails_at = fails_at;
    fault.armed = true;
    live(s);
    fault.armed = false;
    side_close(&client);
    side_close(&server);
    test_pump_all();
    test_ledger_is_empty();
    return fault.n;
}

static void fails_everywhere(const struct scenario *s, unsigned n)
{
    unsigned posts = 0;

    fault.reason = (int)s->how;
    fault.for_good = s->sync;
    for (unsigned at = 1; n--; at = at < posts ? at + 1 : 1)
        posts = at > 1 ? (life(s, at), posts) : life(s, 0);
}

#define ACKREQ XTYPF_ACKREQ
#define FAULT(rule, reason, ...)                                                                             \
    SCENARIO(rule, .run = fails_everywhere, .items = 2, .how = (unsigned)(reason), .enders = BY_CLIENT,      \
             __VA_ARGS__)

static const struct CMUnitTest tests[] = {
    FAULT(post_meets_full_queue_once, HOST_FULL, .keeps = false),
    FAULT(post_meets_full_queue_once_with_ackreq, HOST_FULL, .loop = ACKREQ),
    FAULT(post_meets_full_queue_for_good, HOST_FULL, .sync = true),
    FAULT(post_meets_full_queue_for_good_with_ackreq, HOST_FULL, .loop = ACKREQ, .sync = true),
    FAULT(post_finds_partner_gone_once, HOST_GONE, .keeps = true),
    FAULT(post_finds_partner_gone_once_with_ackreq, HOST_GONE, .loop = ACKREQ),
    FAULT(post_finds_partner_gone_for_good, HOST_GONE, .loop = ACKREQ, .sync = true),
    FAULT(post_is_refused_once, HOST_FAULT, .keeps = true),
    FAULT(post_is_refused_once_with_ackreq, HOST_FAULT, .loop = ACKREQ),
    FAULT(post_is_refused_for_good, HOST_FAULT, .loop = ACKREQ, .sync = true),
};

int main(int argc, char **argv)
{
    DdemlSetDeadlines(100, 1000);
    return SCENARIO_MAIN(argc, argv, tests);
}
