/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Data handles (4.6). Objects are found by table look-up, so a bad handle is an error and never a fault.
 * Sizes and offsets are those of the data; the header that a message needs is not seen here. */

#include "api/api.h"

#include <string.h>

/* The object; NULL with the error stored. */
static struct data *find(HDDEDATA hData)
{
    struct data *d = data_get(hData);

    if (!d)
        inst_fail(NULL, DMLERR_INVALIDPARAMETER);
    return d;
}

/* DdeCreateDataHandle: makes a data object of cb + cbOff bytes.
 *
 * pSrc, cb     Copied to offset cbOff of the object; pSrc NULL copies nothing. Bytes not written are 0.
 * hszItem      The item it is for, 0 for EXECUTE; not checked here.
 * wFmt         Clipboard format.
 * afCmd        0: passing the handle on gives it away. HDATA_APPOWNED: it stays the caller's to free.
 *
 * Returns a handle that the caller frees or passes on; or 0: DMLERR_DLL_NOT_INITIALIZED,
 * DMLERR_INVALIDPARAMETER, DMLERR_MEMORY_ERROR. */
HDDEDATA WINAPI DdeCreateDataHandle(DWORD idInst, LPBYTE pSrc, DWORD cb, DWORD cbOff, HSZ hszItem, UINT wFmt,
                                    UINT afCmd)
{
    struct inst *in = api_inst(idInst);
    struct data *d;

    if (!in)
        return 0;
    if (afCmd & ~(UINT)HDATA_APPOWNED || cb > UINT32_MAX - WIRE_HEADER - cbOff ||
        cbOff > UINT32_MAX - WIRE_HEADER) {
        inst_fail(in, DMLERR_INVALIDPARAMETER);
        return 0;
    }
    d = data_new(in, pSrc, cb, cbOff, hszItem, wFmt, afCmd & HDATA_APPOWNED);
    if (!d) {
        inst_fail(in, DMLERR_MEMORY_ERROR);
        return 0;
    }
    return (HDDEDATA)d->handle;
}

/* DdeAddData: writes cb bytes at offset cbOff, making the object longer if need be. Only before it has been
 * passed on. Returns the handle (its value never changes); or 0 with the object as it was:
 * DMLERR_INVALIDPARAMETER (also: longer while a pointer from DdeAccessData is out), DMLERR_MEMORY_ERROR. */
HDDEDATA WINAPI DdeAddData(HDDEDATA hData, LPBYTE pSrc, DWORD cb, DWORD cbOff)
{
    struct data *d = find(hData);
    size_t end = (size_t)cbOff + cb;
    unsigned char *bytes;

    if (!d)
        return 0;
    if (!pSrc || d->read_only || end < cb || end > UINT32_MAX - WIRE_HEADER || (end > d->size && d->locks)) {
        inst_fail(d->inst, DMLERR_INVALIDPARAMETER);
        return 0;
    }
    if ((end > d->size && !data_resize(d, end)) || !(bytes = data_lock(d))) {
        inst_fail(d->inst, DMLERR_MEMORY_ERROR);
        return 0;
    }
    memcpy(bytes + cbOff, pSrc, cb);
    data_unlock(d);
    return hData;
}

/* DdeGetData: copies at most cbMax bytes from offset cbOff to pDst and returns how many; pDst NULL: returns
 * the size. 0 on failure: DMLERR_INVALIDPARAMETER (also: cbOff beyond the end), DMLERR_MEMORY_ERROR. */
DWORD WINAPI DdeGetData(HDDEDATA hData, LPBYTE pDst, DWORD cbMax, DWORD cbOff)
{
    struct data *d = find(hData);
    const unsigned char *bytes;
    size_t n;

    if (!d)
        return 0;
    if (!pDst)
        return (DWORD)d->size;
    if (cbOff > d->size)
        return (DWORD)api_fail(d->inst, DMLERR_INVALIDPARAMETER);
    n = d->size - cbOff < cbMax ? d->size - cbOff : cbMax;
    bytes = data_lock(d);
    if (!bytes)
        return (DWORD)api_fail(d->inst, DMLERR_MEMORY_ERROR);
    memcpy(pDst, bytes + cbOff, n);
    data_unlock(d);
    return (DWORD)n;
}

/* DdeAccessData: a pointer to the object's bytes, and their number in *pcbDataSize if that is not NULL. Each
 * access is ended by DdeUnaccessData. The bytes may be written only before the handle has been passed on.
 * NULL on failure: DMLERR_INVALIDPARAMETER, DMLERR_MEMORY_ERROR. */
LPBYTE WINAPI DdeAccessData(HDDEDATA hData, LPDWORD pcbDataSize)
{
    struct data *d = find(hData);
    unsigned char *bytes;

    if (!d)
        return NULL;
    bytes = data_lock(d);
    if (!bytes) {
        inst_fail(d->inst, DMLERR_MEMORY_ERROR);
        return NULL;
    }
    if (pcbDataSize)
        *pcbDataSize = (DWORD)d->size;
    return bytes;
}

/* DdeUnaccessData: ends one access. Returns nonzero, or 0: DMLERR_INVALIDPARAMETER (also: no access is open).
 */
BOOL WINAPI DdeUnaccessData(HDDEDATA hData)
{
    struct data *d = find(hData);

    if (!d)
        return FALSE;
    if (!d->locks)
        return api_fail(d->inst, DMLERR_INVALIDPARAMETER);
    data_unlock(d);
    return TRUE;
}

/* DdeFreeDataHandle: frees an object of the application's, open accesses or not. An object that was lent to a
 * callback is not its to free: the call succeeds and the object goes when the callback returns. Returns
 * nonzero, or 0: DMLERR_INVALIDPARAMETER. */
BOOL WINAPI DdeFreeDataHandle(HDDEDATA hData)
{
    struct data *d = find(hData);

    if (!d)
        return FALSE;
    if (d->owner == DATA_APP)
        data_free(d);
    return TRUE;
}
