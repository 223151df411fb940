/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The end of a conversation, by whom, when and where it may come: nothing that is on its way is lost. */

#include "leak/scenario.h"

/* ---- Q170626 ------------------------------------------------------------------------------------------- */

static void q170626(const struct scenario *s)
{
    expect(q170626_cycle(&(struct q170626){.loop = s->loop, .updates = s->updates, .stop = s->stop}));
}

/* ---- Under updates ------------------------------------------------------------------------------------ */

static void under_updates(const struct scenario *s)
{
    scenario_converse(s);
    scenario_update(s);
    scenario_end(s->enders);
    test_pump_all();
}

/* Everything that a client can ask for is on its way, too. */
static void under_everything(const struct scenario *s)
{
    scenario_converse(s);
    pair_transact_all(TIMEOUT_ASYNC, 2);
    scenario_update(s);
    scenario_end(s->enders);
    test_pump_all();
}

/* The answers are on their way, too: data, an acknowledgement, and a refusal, which alone gives back what it
 * refuses and must not be taken for the answer to something else. */
static void under_answers(const struct scenario *s)
{
    pair_connect();
    pair_transact(XTYP_REQUEST, 0, TIMEOUT_ASYNC);
    pair_transact(XTYP_POKE, 0, TIMEOUT_ASYNC);
    pair_transact(XTYP_ADVSTOP, 0, TIMEOUT_ASYNC); /* of a loop that there is not */
    scenario_end(s->enders);
    test_pump_all();
}

/* All that two sides can post to each other, none of it waited for. */
static void under_everything_in_turn(const struct scenario *s)
{
    pair_connect();
    for (unsigned i = 0; i < s->items; i++)
        pair_transact(XTYP_ADVSTART | s->loop, i, TIMEOUT_ASYNC);
    test_pump_all();
    pair_transact(XTYP_POKE, ITEMS - 1, TIMEOUT_ASYNC);
    pair_transact(XTYP_ADVSTOP, ITEMS - 1, TIMEOUT_ASYNC); /* refused, see above */
    pair_update(s->items, 3);
    pair_transact_all(TIMEOUT_ASYNC, 1);
    test_pump_all();
    pair_transact(XTYP_REQUEST, 0, SYNC_MS);
    pair_update(s->items, 2);
    pair_transact_all(TIMEOUT_ASYNC, 1);
    scenario_end(s->enders);
    test_pump_all();
}

/* ---- Inside callbacks --------------------------------------------------------------------------------- */

static const struct scenario *trap;

static bool end_inside(struct side *side, const struct call *call, HDDEDATA *result)
{
    (void)result;
    if (trap && side == trap->side && KIND(call->type) == KIND(trap->inside)) {
        unsigned enders = trap->enders;

        trap = NULL;
        scenario_end(enders);
    }
    return false;
}

static void set_trap(const struct scenario *s)
{
    client.answer = server.answer = end_inside;
    trap = s;
}

/* The first callback of the wanted type ends the conversation while everything else is on its way. */
static void inside(const struct scenario *s)
{
    pair_connect();
    set_trap(s);
    for (unsigned i = 0; i < ITEMS; i++)
        pair_transact(XTYP_ADVSTART | s->loop, i, TIMEOUT_ASYNC);
    test_pump_all();
    pair_transact_all(TIMEOUT_ASYNC, 2);
    pair_update(ITEMS, UPDATES);
    if (s->inside == XTYP_DISCONNECT)
        scenario_end(s->side == &client ? BY_SERVER : BY_CLIENT);
    test_pump_all();
    expect(!trap);
    scenario_end(BY_BOTH);
    test_pump_all();
}

/* The same while the client waits for the answer. */
static void inside_sync(const struct scenario *s)
{
    pair_connect();
    pair_transact(XTYP_ADVSTART | s->loop, 0, SYNC_MS);
    pair_update(1, UPDATES);
    set_trap(s);
    expect(!pair_transact(s->how, 0, SYNC_MS));
    expect(!trap);
    pair_update(1, UPDATES);
    scenario_end(BY_BOTH);
    test_pump_all();
}

/* A callback about the end of one conversation ends another one. */
static HCONV other;

static bool end_other(struct side *side, const struct call *call, HDDEDATA *result)
{
    (void)result;
    if (side == trap->side && call->type == XTYP_DISCONNECT && other) {
        HCONV conv = other;

        other = 0;
        DdeDisconnect(call->conv); /* which ends already */
        DdeDisconnect(conv);
    }
    return false;
}

static void inside_disconnect_of_another(const struct scenario *s)
{
    scenario_converse(s);
    other = s->side->conv;
    scenario_converse(s);
    trap = s;
    client.answer = server.answer = end_other;
    scenario_update(s);
    scenario_end(s->enders);
    test_pump_all();
    expect(!other);
    client.answer = server.answer = NULL;
}

/* ---- Lists, and conversations that are opened again ---------------------------------------------------- */

static void list_with_updates_queued(const struct scenario *s)
{
    HCONVLIST list = DdeConnectList(client.inst, client.service, client.topic, 0, NULL);

    list = DdeConnectList(client.inst, client.service, client.item[0], list, NULL);
    client.conv = DdeQueryNextServer(list, 0);
    expect(client.conv != 0);
    for (unsigned i = 0; i < ITEMS; i++)
        expect(pair_transact(XTYP_ADVSTART | s->loop, i, SYNC_MS));
    pair_transact_all(TIMEOUT_ASYNC, 2);
    pair_update(ITEMS, UPDATES);
    expect(DdeDisconnectList(list));
    client.conv = 0;
    test_pump_all();
}

static bool open_again(struct side *side, const struct call *call, HDDEDATA *result)
{
    (void)result;
    if (call->type == XTYP_DISCONNECT && side == &client)
        other = DdeReconnect(call->conv);
    return false;
}

static void reconnected_with_updates_queued(const struct scenario *s)
{
    scenario_converse(s);
    pair_transact_all(TIMEOUT_ASYNC, 2);
    scenario_update(s);
    other = 0;
    client.answer = open_again;
    scenario_end(BY_SERVER);
    test_pump_all();
    client.answer = NULL;
    expect(other != 0);
    scenario_update(s);
    DdeDisconnect(other);
    test_pump_all();
}

static const struct CMUnitTest tests[] = {
#define HOT    0
#define WARM   XTYPF_NODATA
#define ACKREQ XTYPF_ACKREQ
    SCENARIO(q170626_disconnect_with_50_updates_queued, q170626, HOT, .updates = 50),
    SCENARIO(q170626_the_same_with_advstop_queued, q170626, HOT, .updates = 50, .stop = STOP_ASYNC),
    SCENARIO(q170626_the_same_after_advstop, q170626, HOT, .updates = 50, .stop = STOP_SYNC),
    SCENARIO(q170626_with_app_owned_data, q170626, HOT, .updates = 50, .keeps = true),
    SCENARIO(q170626_with_warm_loop, q170626, WARM, .updates = 50),

    SCENARIO(client_ends_hot_ackreq_loops, under_updates, ACKREQ, .items = ITEMS, .enders = BY_CLIENT),
    SCENARIO(client_ends_hot_ackreq_app_owned_loops, under_updates, ACKREQ, .keeps = true, .items = ITEMS,
             .enders = BY_CLIENT),
    SCENARIO(client_ends_warm_ackreq_loops, under_updates, WARM | ACKREQ, .items = ITEMS,
             .enders = BY_CLIENT),
    SCENARIO(client_stops_then_ends_hot_ackreq_loops, under_updates, ACKREQ, .items = ITEMS,
             .stop = STOP_ASYNC, .enders = BY_CLIENT),
    SCENARIO(client_stops_then_ends_hot_app_owned_loops, under_updates, HOT, .keeps = true,
             .stop = STOP_ASYNC, .enders = BY_CLIENT),
    SCENARIO(client_stops_in_sync_then_ends_hot_ackreq_app_owned_loops, under_updates, ACKREQ, .keeps = true,
             .items = ITEMS, .stop = STOP_SYNC, .enders = BY_CLIENT),
    SCENARIO(server_ends_hot_loops, under_updates, HOT, .enders = BY_SERVER),
    SCENARIO(server_ends_hot_app_owned_loops, under_updates, HOT, .keeps = true, .enders = BY_SERVER),
    SCENARIO(server_ends_hot_ackreq_loops, under_updates, ACKREQ, .items = ITEMS, .enders = BY_SERVER),
    SCENARIO(server_ends_stopped_loops, under_updates, ACKREQ, .items = ITEMS, .stop = STOP_ASYNC,
             .enders = BY_SERVER),
    SCENARIO(both_end_hot_loops, under_updates, HOT, .enders = BY_BOTH),
    SCENARIO(both_end_hot_ackreq_app_owned_loops, under_updates, ACKREQ, .keeps = true, .items = ITEMS,
             .enders = BY_BOTH),
    SCENARIO(both_end_stopped_loops, under_updates, ACKREQ, .items = ITEMS, .stop = STOP_ASYNC,
             .enders = BY_BOTH),
    SCENARIO(client_ends_with_everything_queued, under_everything, ACKREQ, .items = ITEMS,
             .enders = BY_CLIENT),
    SCENARIO(server_ends_with_everything_queued, under_everything, HOT, .keeps = true, .enders = BY_SERVER),
    SCENARIO(both_end_with_everything_queued, under_everything, ACKREQ, .items = ITEMS, .enders = BY_BOTH),

    SCENARIO(client_ends_before_data_and_refusal_arrive, under_answers, HOT, .enders = BY_CLIENT),
    SCENARIO(both_end_before_data_and_refusal_arrive, under_answers, HOT, .keeps = true, .enders = BY_BOTH),

    SCENARIO(client_ends_when_all_has_had_its_turn, under_everything_in_turn, HOT, .items = 2,
             .enders = BY_CLIENT),
    SCENARIO(server_ends_when_all_has_had_its_turn, under_everything_in_turn, ACKREQ, .items = 2,
             .enders = BY_SERVER),

#define INSIDE(type, name, owner, ender, who)                                                                \
    SCENARIO(owner##_callback_##name##_ended_by_##ender, inside, ACKREQ, .inside = type, .side = &owner,     \
             .enders = who)
#define INSIDE_ALL(type, name, owner)                                                                        \
    INSIDE(type, name, owner, client, BY_CLIENT), INSIDE(type, name, owner, server, BY_SERVER),              \
        INSIDE(type, name, owner, both, BY_BOTH)
    INSIDE_ALL(XTYP_ADVDATA, advdata, client),
    INSIDE_ALL(XTYP_ADVREQ, advreq, server),
    INSIDE_ALL(XTYP_REQUEST, request, server),
    INSIDE_ALL(XTYP_EXECUTE, execute, server),
    INSIDE_ALL(XTYP_POKE, poke, server),
    INSIDE_ALL(XTYP_ADVSTART, advstart, server),
    INSIDE_ALL(XTYP_ADVSTOP, advstop, server),
    INSIDE_ALL(XTYP_XACT_COMPLETE, xact_complete, client),
    INSIDE(XTYP_DISCONNECT, disconnect, client, client, BY_CLIENT),
    INSIDE(XTYP_DISCONNECT, disconnect, server, server, BY_SERVER),
    SCENARIO(client_callback_disconnect_ends_another, inside_disconnect_of_another, HOT, .side = &client,
             .enders = BY_SERVER),
    SCENARIO(server_callback_disconnect_ends_another, inside_disconnect_of_another, ACKREQ, .side = &server,
             .enders = BY_CLIENT),

#define IN_WAIT(type, name, ender, who)                                                                      \
    SCENARIO(name##_awaited_when_##ender##_ends, inside_sync, HOT, .how = type, .inside = type,              \
             .side = &server, .enders = who)
    IN_WAIT(XTYP_REQUEST, request, client, BY_CLIENT),
    IN_WAIT(XTYP_REQUEST, request, server, BY_SERVER),
    IN_WAIT(XTYP_POKE, poke, client, BY_CLIENT),
    IN_WAIT(XTYP_POKE, poke, server, BY_SERVER),
    IN_WAIT(XTYP_EXECUTE, execute, client, BY_CLIENT),
    IN_WAIT(XTYP_EXECUTE, execute, server, BY_SERVER),
    SCENARIO(request_awaited_when_advdata_ends, inside_sync, HOT, .how = XTYP_REQUEST, .inside = XTYP_ADVDATA,
             .side = &client, .enders = BY_CLIENT),

    SCENARIO(list_ends_with_updates_queued, list_with_updates_queued, HOT, .items = ITEMS),
    SCENARIO(list_ends_with_ackreq_updates_queued, list_with_updates_queued, ACKREQ, .items = ITEMS),
    SCENARIO(reconnected_with_hot_updates_queued, reconnected_with_updates_queued, HOT, .items = ITEMS),
    SCENARIO(reconnected_with_ackreq_app_owned_updates_queued, reconnected_with_updates_queued, ACKREQ,
             .keeps = true, .items = ITEMS),
};

int main(int argc, char **argv)
{
    return SCENARIO_MAIN(argc, argv, tests);
}
