/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* DdeNameService. */

#include "api/api.h"

/* DdeNameService (4.2): registers or unregisters a service name, or switches the filter of service names.
 *
 * hsz1   The name, borrowed; 0 with DNS_UNREGISTER: all names.
 * hsz2   0.
 * afCmd  DNS_ flags. Combined they act in this order: filter, unregister, register.
 *
 * Every instance that does not filter them hears of it by XTYP_REGISTER or XTYP_UNREGISTER, this one
 * included, before the function returns. Returns nonzero, or 0: DMLERR_DLL_NOT_INITIALIZED, DMLERR_DLL_USAGE
 * (client-only or monitor instance), DMLERR_INVALIDPARAMETER (also: unregistering what is not registered),
 * DMLERR_MEMORY_ERROR. */
HDDEDATA WINAPI DdeNameService(DWORD idInst, HSZ hsz1, HSZ hsz2, UINT afCmd)
{
    const UINT all = DNS_REGISTER | DNS_UNREGISTER | DNS_FILTERON | DNS_FILTEROFF;
    struct inst *in = api_inst(idInst);
    struct string *name = in ? string_get(in, hsz1) : NULL;
    UINT error = DMLERR_NO_ERROR;

    if (!in)
        return 0;
    if (in->client_only || in->monitor)
        error = DMLERR_DLL_USAGE;
    else if (hsz2 || !afCmd || afCmd & ~all || (hsz1 && !name) || (afCmd & DNS_REGISTER && !hsz1))
        error = DMLERR_INVALIDPARAMETER;
    if (error) {
        inst_fail(in, error);
        return 0;
    }
    inst_hold(in);
    if (afCmd & (DNS_FILTERON | DNS_FILTEROFF))
        names_filter(in, !(afCmd & DNS_FILTEROFF));
    string_ref(name);
    if (afCmd & DNS_UNREGISTER)
        error = names_unregister(in, name);
    if (!error && afCmd & DNS_REGISTER && !in->ending)
        error = names_register(in, name);
    string_unref(name);
    if (error)
        inst_fail(in, error);
    inst_drop(in);
    return (HDDEDATA)(uintptr_t)!error;
}
