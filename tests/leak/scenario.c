/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "leak/scenario.h"

void scenario_open(const struct scenario *s)
{
    client.answer = server.answer = NULL;
    server.keeps = s->keeps;
    if (s->own_sides)
        return;
    server_open(s->server_cbf);
    client_open();
}

void (*scenario_afterwards)(void);

void scenario_close(void)
{
    void (*afterwards)(void) = scenario_afterwards;

    scenario_afterwards = NULL;
    if (afterwards)
        afterwards();
    side_close(&client);
    side_close(&server);
    test_pump_all();
}

static unsigned items(const struct scenario *s)
{
    return s->items ? s->items : 1;
}

void scenario_converse(const struct scenario *s)
{
    pair_connect();
    for (unsigned i = 0; i < items(s); i++)
        expect(pair_transact(XTYP_ADVSTART | s->loop, i, SYNC_MS));
}

void scenario_update(const struct scenario *s)
{
    pair_update(items(s), s->updates ? s->updates : UPDATES);
    for (unsigned i = 0; s->stop != STOP_NOT && i < items(s); i++)
        expect(pair_transact(XTYP_ADVSTOP, i, s->stop == STOP_SYNC ? SYNC_MS : TIMEOUT_ASYNC));
}

void scenario_end(unsigned enders)
{
    if (enders & BY_CLIENT)
        side_end(&client);
    if (enders & BY_SERVER)
        side_end(&server);
}
