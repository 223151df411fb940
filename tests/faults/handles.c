/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The table of handles is full, and there is no memory for more of it. */

#include "host/host.h"
#include "support/party.h"

enum { PIECE = 4096, MOST = 100000 }; /* no other record of the library is as large as a piece of the table */

static bool refused;

void *__real_host_alloc(size_t size);
void *__wrap_host_alloc(size_t size);
void *__wrap_host_alloc(size_t size)
{
    return refused && size >= PIECE ? NULL : __real_host_alloc(size);
}

static int down(void **state)
{
    refused = false;
    return parties_down(state);
}

static HDDEDATA CALLBACK callback(UINT type, UINT fmt, HCONV conv, HSZ hsz1, HSZ hsz2, HDDEDATA data,
                                  ULONG_PTR data1, ULONG_PTR data2)
{
    (void)type, (void)fmt, (void)conv, (void)hsz1, (void)hsz2, (void)data, (void)data1, (void)data2;
    return 0;
}

static void without_room_for_handles_nothing_new_is_made_and_the_rest_goes_on(void **state)
{
    static HDDEDATA data[MOST];
    struct party *client = (party_serve(0), party_open(0));
    HCONV conv = party_connect(client, SERVICE, TOPIC);
    HSZ service = party_text(client, SERVICE), topic = party_text(client, TOPIC);
    DWORD inst = 0;
    unsigned n = 0;

    (void)state;
    party_text(client, ITEM);
    refused = true;
    while (n < MOST && (data[n] = DdeCreateDataHandle(client->id, NULL, 0, 1, 0, CF_TEXT, 0)) != 0)
        n++;
    assert_in_range(n, 1, MOST - 1);
    assert_error(client, DMLERR_MEMORY_ERROR);
    assert_null(DdeCreateStringHandleA(client->id, "one more", CP_WINANSI));
    assert_error(client, DMLERR_SYS_ERROR);
    assert_null(DdeConnect(client->id, service, topic, NULL));
    assert_error(client, DMLERR_MEMORY_ERROR);
    assert_null(DdeConnectList(client->id, service, topic, 0, NULL));
    assert_error(client, DMLERR_MEMORY_ERROR);
    assert_int_equal(DdeInitializeA(&inst, callback, APPCMD_CLIENTONLY, 0), DMLERR_SYS_ERROR);
    assert_null(party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL));
    refused = false;
    assert_true(DdeFreeDataHandle(party_transact(client, conv, XTYP_REQUEST, TEST_PATIENCE_MS, NULL)));
    while (n)
        assert_true(DdeFreeDataHandle(data[--n]));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(without_room_for_handles_nothing_new_is_made_and_the_rest_goes_on, down),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
