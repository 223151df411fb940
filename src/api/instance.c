/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* DdeInitialize, DdeUninitialize, DdeGetLastError. */

#include "api/api.h"

/* The error for an id that is no instance: there may be none at all. */
static UINT bad_inst(void)
{
    struct thread *t = thread_current();

    return t && !list_empty(&t->insts) ? DMLERR_INVALIDPARAMETER : DMLERR_DLL_NOT_INITIALIZED;
}

struct inst *api_inst(DWORD id)
{
    struct inst *in = inst_get(id);

    if (!in)
        inst_fail(NULL, bad_inst());
    return in;
}

BOOL api_fail(struct inst *in, UINT error)
{
    inst_fail(in, error);
    return FALSE;
}

static UINT initialize(LPDWORD pidInst, PFNCALLBACK pfnCallback, DWORD afCmd, DWORD ulRes, bool unicode)
{
    if (!pidInst || ulRes || (!*pidInst && !pfnCallback))
        return DMLERR_INVALIDPARAMETER;
    return inst_open(pidInst, pfnCallback, afCmd, unicode);
}

/* DdeInitialize (4.1): creates an instance that belongs to the calling thread, or changes one.
 *
 * pidInst      In: 0 for a new instance, or the id of one of this thread to be re-initialised. Out: the id.
 * pfnCallback  Receives the instance's transactions, on this thread. May be NULL when re-initialising: kept
 *              as it is.
 * afCmd        APPCLASS_, APPCMD_, CBF_ and MF_ flags. Re-initialising replaces the CBF_ and MF_ flags.
 * ulRes        0.
 *
 * Conversation windows of the A variant are ANSI windows, those of the W variant Unicode windows.
 * Returns DMLERR_NO_ERROR; DMLERR_INVALIDPARAMETER; DMLERR_DLL_USAGE (another class than before);
 * DMLERR_SYS_ERROR (no memory, no window). On failure *pidInst is unchanged and nothing is held. End it with
 * DdeUninitialize. */
UINT WINAPI DdeInitializeA(LPDWORD pidInst, PFNCALLBACK pfnCallback, DWORD afCmd, DWORD ulRes)
{
    return initialize(pidInst, pfnCallback, afCmd, ulRes, false);
}

UINT WINAPI DdeInitializeW(LPDWORD pidInst, PFNCALLBACK pfnCallback, DWORD afCmd, DWORD ulRes)
{
    return initialize(pidInst, pfnCallback, afCmd, ulRes, true);
}

/* DdeUninitialize (4.1): ends the instance and everything in it.
 *
 * Messages that wait are delivered first; then every conversation is ended (the partners get XTYP_DISCONNECT,
 * this instance does not), every name unregistered, every string and data handle that is left freed. Waits
 * for partners to confirm, at most as long as DdemlSetDeadlines allows. Inside a callback or a synchronous
 * transaction the id and the handles of conversations die at once and the rest follows when that has returned. Returns
 * nonzero; 0 if idInst is no instance of the calling thread. */
BOOL WINAPI DdeUninitialize(DWORD idInst)
{
    struct inst *in = api_inst(idInst);

    if (!in)
        return FALSE;
    inst_close(in);
    return TRUE;
}

/* DdeGetLastError (4.1): returns the last error of the instance and resets it to DMLERR_NO_ERROR. For an id
 * that is no instance of the calling thread: DMLERR_INVALIDPARAMETER, or DMLERR_DLL_NOT_INITIALIZED if it has
 * none. */
UINT WINAPI DdeGetLastError(DWORD idInst)
{
    struct inst *in = inst_get(idInst);
    UINT error;

    if (!in)
        return bad_inst();
    error = in->last_error;
    in->last_error = DMLERR_NO_ERROR;
    return error;
}
