/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* DdeImpersonateClient, ImpersonateDdeClientWindow, DdeSetQualityOfService and CONVCONTEXT.qos
 * (docs/conformance.md, 4.3, 4.8). What the system can do is not ours to decide: on Windows the results are
 * compared with those of its own functions. */

#include "support/party.h"

#include "host/host.h"

#include <errno.h>

/* ---- The host, overheard ------------------------------------------------------------------------------- */

static struct {
    unsigned qualities, impersonations;
    host_wnd client, server;
    SECURITY_QUALITY_OF_SERVICE quality;
    int refusal; /* what host_quality is to say; HOST_OK: what it says by itself */
} heard;

int __real_host_quality(host_wnd client, const SECURITY_QUALITY_OF_SERVICE *quality,
                        SECURITY_QUALITY_OF_SERVICE *former);
int __wrap_host_quality(host_wnd client, const SECURITY_QUALITY_OF_SERVICE *quality,
                        SECURITY_QUALITY_OF_SERVICE *former);
int __wrap_host_quality(host_wnd client, const SECURITY_QUALITY_OF_SERVICE *quality,
                        SECURITY_QUALITY_OF_SERVICE *former)
{
    heard.qualities++;
    heard.client = client;
    if (quality)
        heard.quality = *quality;
    return heard.refusal ? heard.refusal : __real_host_quality(client, quality, former);
}

bool __real_host_impersonate(host_wnd client, host_wnd server);
bool __wrap_host_impersonate(host_wnd client, host_wnd server);
bool __wrap_host_impersonate(host_wnd client, host_wnd server)
{
    heard.impersonations++;
    heard.client = client;
    heard.server = server;
    return __real_host_impersonate(client, server);
}

/* ---- The system ---------------------------------------------------------------------------------------- */

#ifdef _WIN32

enum { NO_WINDOW = ERROR_INVALID_WINDOW_HANDLE, NO_PARAMETER = ERROR_INVALID_PARAMETER };

static void forget_error(void)
{
    SetLastError(ERROR_SUCCESS);
}

static unsigned long error_of_the_system(void)
{
    return GetLastError();
}

typedef BOOL WINAPI set_quality(HWND client, const SECURITY_QUALITY_OF_SERVICE *quality,
                                SECURITY_QUALITY_OF_SERVICE *former);
typedef BOOL WINAPI impersonate(HWND client, HWND server);
typedef void any_function(void);

static any_function *of_the_system(const char *name)
{
    return (any_function *)GetProcAddress(GetModuleHandleA("user32.dll"), name);
}

static bool system_sets_quality(HWND client, const SECURITY_QUALITY_OF_SERVICE *quality)
{
    return ((set_quality *)of_the_system("DdeSetQualityOfService"))(client, quality, NULL);
}

static bool system_impersonates(HWND client, HWND server)
{
    bool can = ((impersonate *)of_the_system("ImpersonateDdeClientWindow"))(client, server);

    RevertToSelf();
    return can;
}

static void be_oneself(void)
{
    RevertToSelf();
}

#else

enum { NO_WINDOW = EINVAL, NO_PARAMETER = EINVAL };

static void forget_error(void)
{
    errno = 0;
}

static int error_of_the_system(void)
{
    return errno;
}

static bool system_sets_quality(HWND client, const SECURITY_QUALITY_OF_SERVICE *quality)
{
    (void)client, (void)quality;
    return false;
}

static bool system_impersonates(HWND client, HWND server)
{
    (void)client, (void)server;
    return false;
}

static void be_oneself(void)
{
}

#endif

/* ---- The cast ------------------------------------------------------------------------------------------ */

static const SECURITY_QUALITY_OF_SERVICE anonymous = {sizeof anonymous, SecurityAnonymous,
                                                      SECURITY_DYNAMIC_TRACKING, FALSE};

static struct {
    struct party *server, *client;
    HCONV conv;
    CONVINFO info; /* of the server's side */
} cast;

static int cast_up(void **state)
{
    (void)state;
    memset(&heard, 0, sizeof heard);
    cast.server = party_serve(0);
    cast.client = party_open(0);
    cast.conv = party_connect(cast.client, SERVICE, TOPIC);
    cast.info = (CONVINFO){.cb = sizeof cast.info};
    assert_int_not_equal(DdeQueryConvInfo(cast.server->server, QID_SYNC, &cast.info), 0);
    forget_error();
    return 0;
}

static HCONV connect_with(const SECURITY_QUALITY_OF_SERVICE *quality)
{
    CONVCONTEXT context = {.cb = sizeof context, .iCodePage = CP_WINANSI, .qos = *quality};

    return DdeConnect(cast.client->id, party_text(cast.client, SERVICE), party_text(cast.client, TOPIC),
                      &context);
}

/* ---- Impersonating ------------------------------------------------------------------------------------- */

static void the_client_is_impersonated_by_its_windows(void **state)
{
    bool can = DdeImpersonateClient(cast.server->server);

    (void)state;
    be_oneself();
    assert_int_equal(heard.impersonations, 1);
    assert_int_equal(heard.client, (host_wnd)cast.info.hwndPartner);
    assert_int_equal(heard.server, (host_wnd)cast.info.hwnd);
    assert_int_equal(can, system_impersonates(cast.info.hwndPartner, cast.info.hwnd));
}

static void any_conversation_of_two_windows_will_do(void **state)
{
    bool can = ImpersonateDdeClientWindow(cast.info.hwndPartner, cast.info.hwnd);

    (void)state;
    be_oneself();
    assert_int_equal(can, system_impersonates(cast.info.hwndPartner, cast.info.hwnd));
}

static void a_failure_has_a_reason_that_only_the_system_tells(void **state)
{
    bool can;

    (void)state;
    DdeGetLastError(cast.server->id);
    forget_error();
    can = DdeImpersonateClient(cast.server->server);
    assert_true(can || error_of_the_system() != 0);
    be_oneself();
#ifndef _WIN32
    assert_int_equal(errno, ENOSYS);
#endif
    assert_error(cast.server, DMLERR_NO_ERROR);
}

static void only_a_servers_side_has_a_client_to_impersonate(void **state)
{
    HCONV bad[] = {0, (HCONV)(uintptr_t)0x7777, cast.conv, cast.info.hConvPartner};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        forget_error();
        assert_false(DdeImpersonateClient(bad[i]));
        assert_int_equal(error_of_the_system(), NO_WINDOW);
    }
    assert_true(DdeDisconnect(cast.server->server));
    forget_error();
    assert_false(DdeImpersonateClient(cast.server->server));
    assert_int_equal(error_of_the_system(), NO_WINDOW);
}

static void windows_that_are_none_have_no_client(void **state)
{
    HWND none = (HWND)(uintptr_t)0x7FFFFF1;

    (void)state;
    assert_false(ImpersonateDdeClientWindow(none, cast.info.hwnd));
    assert_int_equal(error_of_the_system(), NO_WINDOW);
    forget_error();
    assert_false(ImpersonateDdeClientWindow(cast.info.hwndPartner, NULL));
    assert_int_equal(error_of_the_system(), NO_WINDOW);
}

/* ---- Quality of service -------------------------------------------------------------------------------- */

static void the_quality_of_a_window_is_the_systems_to_set(void **state)
{
    SECURITY_QUALITY_OF_SERVICE former;
    bool can = DdeSetQualityOfService(cast.info.hwndPartner, &anonymous, &former);

    (void)state;
    assert_true(can || error_of_the_system() != 0);
    assert_int_equal(can, system_sets_quality(cast.info.hwndPartner, &anonymous));
    if (can) { /* the default */
        assert_int_equal(former.Length, sizeof former);
        assert_int_equal(former.ImpersonationLevel, SecurityImpersonation);
        assert_int_equal(former.ContextTrackingMode, SECURITY_STATIC_TRACKING);
        assert_int_equal(former.EffectiveOnly, TRUE);
    }
    assert_int_equal(DdeSetQualityOfService(cast.info.hwndPartner, &anonymous, NULL), can);
}

static void no_window_and_no_quality_are_refused(void **state)
{
    (void)state;
    assert_false(DdeSetQualityOfService(NULL, &anonymous, NULL));
    assert_int_equal(error_of_the_system(), NO_WINDOW);
    forget_error();
    assert_false(DdeSetQualityOfService((HWND)(uintptr_t)0x7FFFFF1, &anonymous, NULL));
    assert_int_equal(error_of_the_system(), NO_WINDOW);
    forget_error();
    assert_false(DdeSetQualityOfService(cast.info.hwnd, NULL, NULL));
    assert_int_equal(error_of_the_system(), NO_PARAMETER);
}

static void a_conversations_quality_needs_its_windows_and_a_place(void **state)
{
    SECURITY_QUALITY_OF_SERVICE quality;

    (void)state;
    assert_false(DdeGetQualityOfService(NULL, cast.info.hwnd, &quality));
    assert_int_equal(error_of_the_system(), NO_WINDOW);
    forget_error();
    assert_false(DdeGetQualityOfService(cast.info.hwndPartner, NULL, &quality));
    assert_int_equal(error_of_the_system(), NO_WINDOW);
    forget_error();
    assert_false(DdeGetQualityOfService(cast.info.hwndPartner, cast.info.hwnd, NULL));
    assert_int_equal(error_of_the_system(), NO_PARAMETER);
    forget_error();
    assert_false(DdeGetQualityOfService(cast.info.hwndPartner, cast.info.hwnd, &quality));
    assert_int_not_equal(error_of_the_system(), 0);
}

static unsigned set_before;

static bool look(struct party *p, const struct call *c, HDDEDATA *result)
{
    (void)p, (void)result;
    if (c->type == XTYP_CONNECT)
        set_before = heard.qualities;
    return false;
}

static void the_contexts_quality_is_set_before_anybody_is_asked(void **state)
{
    CONVINFO info = {.cb = sizeof info};
    HCONV conv;

    (void)state;
    cast.server->hook = look;
    conv = connect_with(&anonymous);
    assert_non_null(conv);
    assert_int_equal(set_before, 1);
    assert_int_equal(heard.qualities, 1);
    assert_int_not_equal(DdeQueryConvInfo(conv, QID_SYNC, &info), 0);
    assert_int_equal(heard.client, (host_wnd)info.hwnd);
    assert_int_equal(heard.quality.Length, anonymous.Length);
    assert_int_equal(heard.quality.ImpersonationLevel, anonymous.ImpersonationLevel);
    assert_int_equal(heard.quality.ContextTrackingMode, anonymous.ContextTrackingMode);
    assert_int_equal(heard.quality.EffectiveOnly, anonymous.EffectiveOnly);
}

static void a_quality_without_a_length_is_the_default(void **state) /* C18 */
{
    SECURITY_QUALITY_OF_SERVICE quality = anonymous;

    (void)state;
    quality.Length = 0;
    assert_non_null(connect_with(&quality));
    assert_int_equal(heard.qualities, 0);
}

/* Else servers could do more than the client has allowed. */
static void nobody_is_asked_if_the_quality_cannot_be_set(void **state)
{
    (void)state;
    party_forget(cast.server);
    heard.refusal = HOST_FAULT;
    assert_null(connect_with(&anonymous));
    assert_error(cast.client, DMLERR_SYS_ERROR);
    assert_int_equal(party_count(cast.server, XTYP_CONNECT), 0);
}

static void without_impersonation_there_is_nothing_to_limit(void **state)
{
    (void)state;
    heard.refusal = HOST_ABSENT;
    assert_non_null(connect_with(&anonymous));
}

int main(void)
{
#define cast_test(function) cmocka_unit_test_setup_teardown(function, cast_up, parties_down)
    static const struct CMUnitTest tests[] = {
        cast_test(the_client_is_impersonated_by_its_windows),
        cast_test(any_conversation_of_two_windows_will_do),
        cast_test(a_failure_has_a_reason_that_only_the_system_tells),
        cast_test(only_a_servers_side_has_a_client_to_impersonate),
        cast_test(windows_that_are_none_have_no_client),
        cast_test(the_quality_of_a_window_is_the_systems_to_set),
        cast_test(no_window_and_no_quality_are_refused),
        cast_test(a_conversations_quality_needs_its_windows_and_a_place),
        cast_test(the_contexts_quality_is_set_before_anybody_is_asked),
        cast_test(a_quality_without_a_length_is_the_default),
        cast_test(nobody_is_asked_if_the_quality_cannot_be_set),
        cast_test(without_impersonation_there_is_nothing_to_limit),
    };

    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
