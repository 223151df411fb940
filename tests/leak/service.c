/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* A server on a service thread: it ends with the thread, whatever is under way. */

#include "leak/scenario.h"

/* The server there: nothing of it is of another thread's. */
static DWORD there;
static HSZ topic_there, item_there;

static HDDEDATA CALLBACK called_there(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                      ULONG_PTR d1, ULONG_PTR d2)
{
    BYTE value[] = "some value from there";

    (void)conv, (void)hsz1, (void)data, (void)d1, (void)d2;
    switch (type) {
    case XTYP_CONNECT:
    case XTYP_ADVSTART:
        return (HDDEDATA)(UINT_PTR)TRUE;
    case XTYP_REQUEST:
    case XTYP_ADVREQ:
        return DdeCreateDataHandle(there, value, sizeof value, 0, hsz2, fmt, 0);
    default:
        return (HDDEDATA)(UINT_PTR)(type & XCLASS_FLAGS ? DDE_FACK : 0);
    }
}

static void CALLBACK serve_there(LPVOID unused)
{
    HSZ service;

    (void)unused;
    there = 0;
    DdemlGetFd(); /* closed when the thread ends */
    DdeInitializeA(&there, called_there, APPCLASS_STANDARD, 0);
    service = DdeCreateStringHandleA(there, "ddeml leak test", CP_WINANSI);
    topic_there = DdeCreateStringHandleA(there, "topic", CP_WINANSI);
    item_there = DdeCreateStringHandleA(there, "first", CP_WINANSI);
    DdeNameService(there, service, 0, DNS_REGISTER);
}

static void CALLBACK update_there(LPVOID unused)
{
    (void)unused;
    for (unsigned i = 0; i < UPDATES; i++)
        DdePostAdvise(there, topic_there, item_there);
}

/* Where the library could not even tell the thread to end, it has to be asked once more. */
static DWORD service;

static void stop_service(void)
{
    if (DdemlStopThread(service, TEST_PATIENCE_MS) != DMLERR_INVALIDPARAMETER)
        assert_true(pair_lenient);
}

/* Nobody but the thread's end uninitialises what is there. */
static void service_thread(const struct scenario *s, unsigned n)
{
    const DWORD patience = 10 * SYNC_MS;

    scenario_afterwards = stop_service;
    while (n--) {
        DWORD id = 0;

        client_open();
        expect(DdemlStartThread(serve_there, NULL, &id) == DMLERR_NO_ERROR);
        service = id;
        expect(DdemlCallThread(id, update_there, NULL, patience) == DMLERR_NO_ERROR);
        scenario_converse(s);
        pair_transact_all(SYNC_MS, 1);
        expect(DdemlCallThread(id, update_there, NULL, patience) == DMLERR_NO_ERROR);
        scenario_end(s->enders);
        expect(DdemlStopThread(id, patience) == DMLERR_NO_ERROR);
        side_close(&client);
    }
}

static const struct CMUnitTest tests[] = {
    SCENARIO(service_thread_ends_with_updates_queued, .run = service_thread, .enders = BY_CLIENT),
    SCENARIO(service_thread_ends_its_conversation, .run = service_thread, .loop = XTYPF_ACKREQ),
};

int main(int argc, char **argv)
{
    return SCENARIO_MAIN(argc, argv, tests);
}
