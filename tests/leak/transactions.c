/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Transactions that do not end as their client hoped: blocked, too late, abandoned, refused, or cut off by
 * the end of an instance. */

#include "leak/scenario.h"

/* ---- Blocked callbacks --------------------------------------------------------------------------------- */

static bool block(struct side *side, const struct call *call, HDDEDATA *result)
{
    (void)side;
    if (KIND(call->type) != KIND(XTYP_REQUEST) && KIND(call->type) != KIND(XTYP_ADVDATA))
        return false;
    *result = CBR_BLOCK;
    return true;
}

enum { BY_RESULT, BY_CONVERSATION, BY_INSTANCE };

static void set_blocks(const struct scenario *s, UINT command)
{
    if (s->how == BY_RESULT) {
        s->side->answer = command == EC_DISABLE ? block : NULL;
    } else if (s->side->conv || s->how == BY_INSTANCE) {
        DdeEnableCallback(s->side->inst, s->how == BY_INSTANCE ? 0 : s->side->conv, command);
    }
}

/* Whatever is for the blocked side waits when the end comes. */
static void blocked(const struct scenario *s)
{
    scenario_converse(s);
    set_blocks(s, EC_DISABLE);
    pair_transact_all(TIMEOUT_ASYNC, 3);
    scenario_update(s);
    test_pump_all();
    scenario_update(s);
    scenario_end(s->enders);
    test_pump_all();
    set_blocks(s, EC_ENABLEALL);
}

/* The block goes, one delivery is made, and then comes the end. */
static void unblocked(const struct scenario *s)
{
    scenario_converse(s);
    set_blocks(s, EC_DISABLE);
    pair_transact_all(TIMEOUT_ASYNC, 3);
    scenario_update(s);
    test_pump_all();
    DdeEnableCallback(s->side->inst, s->side->conv, EC_ENABLEONE);
    test_pump_all();
    scenario_end(s->enders);
    test_pump_all();
}

/* ---- Too late ------------------------------------------------------------------------------------------ */

static UINT next_type(void)
{
    static const UINT types[] = {XTYP_REQUEST, XTYP_POKE, XTYP_EXECUTE, XTYP_ADVSTART, XTYP_ADVSTOP};
    static unsigned next;

    return types[next++ % (sizeof types / sizeof *types)];
}

/* The server is blocked until the client has given up: then it answers, or the end comes first. */
static void late(const struct scenario *s)
{
    UINT type = next_type();

    scenario_converse(s);
    scenario_update(s);
    test_pump_all();
    DdeEnableCallback(server.inst, server.conv, EC_DISABLE);
    expect(!pair_transact(type, 0, 1));
    if (s->how) {
        DdeEnableCallback(server.inst, server.conv, EC_ENABLEALL);
        test_pump_all();
    }
    scenario_end(s->enders);
    test_pump_all();
}

/* ---- Abandoned ---------------------------------------------------------------------------------------- */

enum { ONE_BY_ONE, OF_CONVERSATION, OF_INSTANCE };

static void abandon(unsigned how)
{
    static const UINT types[] = {XTYP_REQUEST, XTYP_POKE, XTYP_ADVSTART, XTYP_ADVSTOP};

    for (size_t i = 0; how == ONE_BY_ONE && i < sizeof types / sizeof *types; i++) {
        BYTE text[] = "a text to poke";
        bool pokes = types[i] == XTYP_POKE;
        DWORD id = 0;

        DdeClientTransaction(pokes ? text : NULL, pokes ? sizeof text : 0, client.conv, client.item[1],
                             CF_TEXT, types[i], TIMEOUT_ASYNC, &id);
        expect(id && DdeAbandonTransaction(client.inst, client.conv, id));
    }
    if (how == OF_CONVERSATION)
        expect(DdeAbandonTransaction(client.inst, client.conv, 0));
    else if (how == OF_INSTANCE)
        expect(DdeAbandonTransaction(client.inst, 0, 0));
}

/* The server answers them all, for nobody; or the end comes first. */
static void abandoned(const struct scenario *s)
{
    scenario_converse(s);
    if (s->how != ONE_BY_ONE)
        pair_transact_all(TIMEOUT_ASYNC, 3);
    abandon(s->how);
    if (s->sync)
        test_pump_all();
    client.calls[KIND(XTYP_XACT_COMPLETE)] = 0;
    scenario_update(s);
    scenario_end(s->enders);
    test_pump_all();
    expect(client.calls[KIND(XTYP_XACT_COMPLETE)] == 0);
}

/* They are complete, and wait for a blocked client. */
static void abandoned_complete(const struct scenario *s)
{
    scenario_converse(s);
    DdeEnableCallback(client.inst, client.conv, EC_DISABLE);
    pair_transact_all(TIMEOUT_ASYNC, 3);
    test_pump_all();
    abandon(s->how);
    DdeEnableCallback(client.inst, client.conv, EC_ENABLEALL);
    client.calls[KIND(XTYP_XACT_COMPLETE)] = 0;
    test_pump_all();
    expect(client.calls[KIND(XTYP_XACT_COMPLETE)] == 0);
    scenario_end(s->enders);
    test_pump_all();
}

/* ---- Refused ------------------------------------------------------------------------------------------ */

static uintptr_t refusal;

static bool refuse(struct side *side, const struct call *call, HDDEDATA *result)
{
    (void)side;
    switch (KIND(call->type)) {
    case KIND(XTYP_POKE):
    case KIND(XTYP_EXECUTE):
    case KIND(XTYP_ADVDATA):
        *result = (HDDEDATA)refusal;
        return true;
    case KIND(XTYP_REQUEST):
    case KIND(XTYP_ADVSTART):
    case KIND(XTYP_ADVREQ):
        return true;
    }
    return false;
}

/* The server refuses whatever it is asked for, by its callback or by its filter. */
static void refused(const struct scenario *s)
{
    static const UINT types[] = {XTYP_REQUEST, XTYP_POKE, XTYP_EXECUTE, XTYP_ADVSTART, XTYP_ADVSTOP};

    pair_connect();
    refusal = s->how;
    server.answer = s->server_cbf ? NULL : refuse;
    for (size_t i = 0; s->sync && i < sizeof types / sizeof *types; i++)
        expect(!pair_transact(types[i], 0, SYNC_MS));
    pair_transact_all(TIMEOUT_ASYNC, 3);
    test_pump_all();
    pair_transact_all(TIMEOUT_ASYNC, 3);
    scenario_end(s->enders);
    test_pump_all();
    server.answer = NULL;
}

/* The client refuses what it is sent. */
static void updates_refused(const struct scenario *s)
{
    scenario_converse(s);
    refusal = s->how;
    client.answer = refuse;
    scenario_update(s);
    test_pump_all();
    expect(client.calls[KIND(XTYP_ADVDATA)] > 0);
    scenario_update(s);
    scenario_end(s->enders);
    test_pump_all();
    client.answer = NULL;
}

/* The server has data for another question than it was asked. */
static bool answer_wrongly(struct side *side, const struct call *call, HDDEDATA *result)
{
    if (KIND(call->type) != KIND(XTYP_REQUEST) && KIND(call->type) != KIND(XTYP_ADVREQ))
        return false;
    *result = DdeCreateDataHandle(side->inst, NULL, 0, 30, side->item[ITEMS - 1], CF_UNICODETEXT, 0);
    return true;
}

static void answered_wrongly(const struct scenario *s)
{
    scenario_converse(s);
    server.answer = answer_wrongly;
    expect(!pair_transact(XTYP_REQUEST, 0, SYNC_MS));
    scenario_update(s);
    scenario_end(s->enders);
    test_pump_all();
    server.answer = NULL;
}

/* ---- DdeUninitialize ---------------------------------------------------------------------------------- */

static const struct scenario *trap;

static void drop_sides(unsigned enders)
{
    if (enders & BY_CLIENT)
        side_drop(&client);
    if (enders & BY_SERVER)
        side_drop(&server);
}

static bool uninitialize_inside(struct side *side, const struct call *call, HDDEDATA *result)
{
    (void)result;
    if (trap && side == trap->side && KIND(call->type) == KIND(trap->inside)) {
        unsigned enders = trap->enders;

        trap = NULL;
        drop_sides(enders);
    }
    return false;
}

static void open_and_converse(const struct scenario *s)
{
    client.answer = server.answer = NULL;
    server.keeps = s->keeps;
    server_open(0);
    client_open();
    scenario_converse(s);
}

/* A callback inside the wait ends the instance that waits, the one that is waited for, or both. */
static void uninitialized_in_wait(const struct scenario *s)
{
    open_and_converse(s);
    scenario_update(s);
    client.answer = server.answer = uninitialize_inside;
    trap = s;
    pair_transact(s->how, 0, SYNC_MS);
    expect(!trap);
    drop_sides(BY_CLIENT);
    drop_sides(BY_SERVER);
    test_pump_all();
    test_ledger_is_empty();
}

/* Everything is on its way, and strings, data and conversations are still open. */
static void uninitialized(const struct scenario *s)
{
    open_and_converse(s);
    scenario_converse(s); /* a second conversation that nobody ends */
    pair_transact_all(TIMEOUT_ASYNC, 3);
    scenario_update(s);
    drop_sides(s->enders);
    drop_sides(BY_BOTH);
    test_pump_all();
    test_ledger_is_empty();
}

#define HOT    0
#define WARM   XTYPF_NODATA
#define ACKREQ XTYPF_ACKREQ

#define FILTERS (CBF_FAIL_ADVISES | CBF_FAIL_EXECUTES | CBF_FAIL_POKES | CBF_FAIL_REQUESTS)

static const struct CMUnitTest tests[] = {
#define BLOCKED(by, who, owner, flags)                                                                       \
    SCENARIO(owner##_blocked_##by##_when_ended_##who, blocked, flags, .items = 2, .side = &owner, .how = by, \
             .enders = who)
    BLOCKED(BY_RESULT, BY_CLIENT, server, HOT),
    BLOCKED(BY_RESULT, BY_SERVER, server, HOT),
    BLOCKED(BY_RESULT, BY_BOTH, server, HOT),
    BLOCKED(BY_CONVERSATION, BY_CLIENT, server, HOT),
    BLOCKED(BY_CONVERSATION, BY_SERVER, server, HOT),
    BLOCKED(BY_INSTANCE, BY_BOTH, server, HOT),
    BLOCKED(BY_RESULT, BY_CLIENT, client, HOT),
    BLOCKED(BY_RESULT, BY_SERVER, client, ACKREQ),
    BLOCKED(BY_CONVERSATION, BY_CLIENT, client, HOT),
    BLOCKED(BY_CONVERSATION, BY_SERVER, client, ACKREQ),
    BLOCKED(BY_INSTANCE, BY_CLIENT, client, WARM | ACKREQ),
    SCENARIO(server_enabled_for_one_when_client_ends, unblocked, HOT, .side = &server, .how = BY_CONVERSATION,
             .enders = BY_CLIENT),
    SCENARIO(client_enabled_for_one_when_client_ends, unblocked, ACKREQ, .side = &client,
             .how = BY_CONVERSATION, .enders = BY_CLIENT),
    SCENARIO(client_enabled_for_one_when_server_ends, unblocked, HOT, .side = &client, .how = BY_CONVERSATION,
             .enders = BY_SERVER),

    /* Each of these cycles waits for a time-out of a millisecond. */
    SCENARIO(answer_comes_after_timeout, late, HOT, .share = 5, .how = true, .enders = BY_CLIENT),
    SCENARIO(answer_with_app_owned_data_comes_after_timeout, late, ACKREQ, .keeps = true, .share = 5,
             .how = true, .enders = BY_SERVER),
    SCENARIO(client_ends_between_timeout_and_answer, late, HOT, .share = 5, .enders = BY_CLIENT),
    SCENARIO(server_ends_between_timeout_and_answer, late, HOT, .share = 5, .enders = BY_SERVER),

    SCENARIO(abandoned_one_by_one_then_answered, abandoned, HOT, .how = ONE_BY_ONE, .sync = true,
             .enders = BY_CLIENT),
    SCENARIO(abandoned_by_conversation_then_answered, abandoned, ACKREQ, .how = OF_CONVERSATION, .sync = true,
             .enders = BY_SERVER),
    SCENARIO(abandoned_by_instance_then_answered, abandoned, HOT, .how = OF_INSTANCE, .sync = true,
             .enders = BY_CLIENT),
    SCENARIO(abandoned_one_by_one_then_ended, abandoned, HOT, .how = ONE_BY_ONE, .enders = BY_CLIENT),
    SCENARIO(abandoned_by_conversation_then_ended, abandoned, HOT, .how = OF_CONVERSATION,
             .enders = BY_SERVER),
    SCENARIO(abandoned_by_instance_then_ended, abandoned, HOT, .how = OF_INSTANCE, .enders = BY_BOTH),
    SCENARIO(abandoned_when_complete, abandoned_complete, HOT, .how = OF_CONVERSATION, .enders = BY_CLIENT),
    SCENARIO(abandoned_by_instance_when_complete, abandoned_complete, HOT, .how = OF_INSTANCE,
             .enders = BY_SERVER),

    SCENARIO(every_kind_refused, refused, HOT, .sync = true, .enders = BY_CLIENT),
    SCENARIO(every_kind_answered_busy, refused, HOT, .how = DDE_FBUSY, .sync = true, .enders = BY_CLIENT),
    SCENARIO(every_kind_filtered_out, refused, HOT, .server_cbf = FILTERS, .sync = true, .enders = BY_CLIENT),
    SCENARIO(refused_transactions_ended_by_server, refused, HOT, .enders = BY_SERVER),
    SCENARIO(hot_updates_refused, updates_refused, HOT, .enders = BY_CLIENT),
    SCENARIO(hot_ackreq_updates_refused, updates_refused, ACKREQ, .items = ITEMS, .enders = BY_CLIENT),
    SCENARIO(hot_ackreq_app_owned_updates_refused, updates_refused, ACKREQ, .keeps = true, .items = ITEMS,
             .enders = BY_CLIENT),
    SCENARIO(hot_ackreq_updates_answered_busy, updates_refused, ACKREQ, .how = DDE_FBUSY, .items = ITEMS,
             .enders = BY_SERVER),
    SCENARIO(warm_ackreq_updates_refused, updates_refused, WARM | ACKREQ, .items = ITEMS,
             .enders = BY_CLIENT),
    SCENARIO(answers_that_do_not_fit_are_freed, answered_wrongly, ACKREQ, .items = ITEMS,
             .enders = BY_CLIENT),

#define IN_WAIT(type, name, who)                                                                             \
    SCENARIO(name##_awaited_when_uninitialized_##who, uninitialized_in_wait, HOT, .own_sides = true,         \
             .how = type, .inside = type, .side = &server, .enders = who)
    IN_WAIT(XTYP_REQUEST, request, BY_CLIENT),
    IN_WAIT(XTYP_REQUEST, request, BY_SERVER),
    IN_WAIT(XTYP_REQUEST, request, BY_BOTH),
    IN_WAIT(XTYP_POKE, poke, BY_CLIENT),
    IN_WAIT(XTYP_POKE, poke, BY_SERVER),
    IN_WAIT(XTYP_EXECUTE, execute, BY_CLIENT),
    IN_WAIT(XTYP_EXECUTE, execute, BY_SERVER),
    SCENARIO(request_awaited_when_advdata_uninitializes, uninitialized_in_wait, HOT, .own_sides = true,
             .keeps = true, .how = XTYP_REQUEST, .inside = XTYP_ADVDATA, .side = &client,
             .enders = BY_CLIENT),
    SCENARIO(request_awaited_when_advdata_uninitializes_server, uninitialized_in_wait, HOT, .own_sides = true,
             .how = XTYP_REQUEST, .inside = XTYP_ADVDATA, .side = &client, .enders = BY_SERVER),
    SCENARIO(client_uninitialized_with_everything_open, uninitialized, HOT, .own_sides = true, .keeps = true,
             .enders = BY_CLIENT),
    SCENARIO(server_uninitialized_with_everything_open, uninitialized, ACKREQ, .own_sides = true, .items = 2,
             .enders = BY_SERVER),
};

int main(int argc, char **argv)
{
    return SCENARIO_MAIN(argc, argv, tests);
}
