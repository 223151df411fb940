/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Storms that are watched: by monitors that read all, a part or nothing of what they are told. */

#include "leak/scenario.h"

enum { READ_ALL, READ_IN_UNICODE, READ_SOME, READ_NOTHING };

static DWORD monitor;
static unsigned told;

static HDDEDATA CALLBACK watch(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                               ULONG_PTR d1, ULONG_PTR d2)
{
    (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)d1, (void)d2;
    if (type == XTYP_MONITOR && data) {
        DdeAccessData(data, NULL); /* and not ended */
        told++;
    }
    return 0;
}

static void watched(const struct scenario *s)
{
    monitor = 0;
    told = 0;
    expect((s->how == READ_IN_UNICODE ? DdeInitializeW : DdeInitializeA)(
               &monitor, watch, APPCLASS_MONITOR | MF_MASK, 0) == DMLERR_NO_ERROR);
    scenario_converse(s); /* whose waiting reads some */
    scenario_update(s);
    DdeFreeStringHandle(client.inst, DdeCreateStringHandleA(client.inst, "a text of its own", CP_WINANSI));
    scenario_end(s->enders);
    if (s->how == READ_NOTHING)
        DdeUninitialize(monitor);
    test_pump_all();
    if (s->how == READ_SOME) {
        pair_connect();
        scenario_end(s->enders);
    }
    if (s->how != READ_NOTHING) {
        expect(told > 20);
        DdeUninitialize(monitor);
    }
    test_pump_all();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(nothing_is_left_by_a_storm_that_is_watched, .cycle = watched, .enders = BY_CLIENT,
                 .loop = XTYPF_ACKREQ),
        SCENARIO(nothing_is_left_by_a_storm_that_is_watched_in_unicode, .cycle = watched, .enders = BY_SERVER,
                 .how = READ_IN_UNICODE),
        SCENARIO(nothing_is_left_by_a_monitor_that_does_not_read_all, .cycle = watched, .enders = BY_BOTH,
                 .how = READ_SOME),
        SCENARIO(nothing_is_left_by_a_monitor_that_goes_unread, .cycle = watched, .enders = BY_CLIENT,
                 .how = READ_NOTHING),
    };

    return SCENARIO_MAIN(argc, argv, tests);
}
