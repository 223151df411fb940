/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* DdeClientTransaction, DdeAbandonTransaction, DdePostAdvise. */

#include "api/api.h"

/* cbData that says: pData is a data handle. */
#define BY_HANDLE 0xFFFFFFFFu

static bool takes_data(UINT type)
{
    return type == XTYP_POKE || type == XTYP_EXECUTE;
}

static bool is_client_type(UINT type)
{
    return takes_data(type) || type == XTYP_REQUEST || type == XTYP_ADVSTART || type == XTYP_ADVSTOP;
}

/* Does the object fit? POKE: made for the same item and format; EXECUTE: for no item. */
static bool data_fits(const struct data *d, const struct conv *c, const struct client_call *call)
{
    if (!d || d->inst != c->inst)
        return false;
    return call->type == XTYP_EXECUTE ? !d->hsz : d->hsz == string_handle(call->item) && d->fmt == call->fmt;
}

/* Checks everything that can be checked without taking anything, in the order of the error list of
 * DdeClientTransaction. */
static UINT check(struct conv *c, const struct client_call *call, const void *data, DWORD size)
{
    bool by_handle = takes_data(call->type) && size == BY_HANDLE;

    if (!c->client || !is_client_type(call->type))
        return DMLERR_INVALIDPARAMETER;
    if (call->type != XTYP_EXECUTE && (!call->item || !call->fmt || call->fmt > UINT16_MAX))
        return DMLERR_INVALIDPARAMETER;
    if (by_handle && !data_fits(data_get((HDDEDATA)data), c, call))
        return DMLERR_INVALIDPARAMETER;
    if (c->state != CONV_OPEN)
        return DMLERR_NO_CONV_ESTABLISHED;
    if (call->timeout != TIMEOUT_ASYNC && (c->inst->thread->waiting || c->inst->leaving))
        return DMLERR_REENTRANCY;
    if (takes_data(call->type) && !data)
        return DMLERR_MEMORY_ERROR;
    return DMLERR_NO_ERROR;
}

/* The object that travels; 0: no memory. An ordinary handle is used up from here on. */
static host_mem payload(struct conv *c, const struct client_call *call, void *data, DWORD cb)
{
    struct data *d = cb == BY_HANDLE ? data_get((HDDEDATA)data) : NULL;
    size_t size = d ? d->size : cb, header = call->type == XTYP_POKE ? WIRE_HEADER : 0;
    host_mem mem = d ? data_consume(d, header) : wire_mem_new(&c->end, header, data, cb);

    return mem && call->type == XTYP_EXECUTE ? text_to_wire(c, mem, size) : mem;
}

static UINT transact(struct conv *c, struct client_call *call, void *data, DWORD cb,
                     struct client_result *result)
{
    UINT error = check(c, call, data, cb);

    if (error)
        return error;
    if (takes_data(call->type)) {
        call->mem = payload(c, call, data, cb);
        if (!call->mem)
            return DMLERR_MEMORY_ERROR;
    }
    return client_transact(c, call, result);
}

/* DdeClientTransaction (4.4): asks something of the server.
 *
 * pData, cbData  POKE, EXECUTE: cbData bytes, copied; or a data handle with cbData 0xFFFFFFFF, which is used
 *                up unless HDATA_APPOWNED or the call fails a check. Ignored otherwise.
 * hConv          A client side.
 * hszItem, wFmt  Item and clipboard format; ignored by EXECUTE.
 * wType          XTYP_REQUEST, XTYP_POKE, XTYP_EXECUTE, XTYP_ADVSTART (with XTYPF_NODATA, XTYPF_ACKREQ),
 *                XTYP_ADVSTOP.
 * dwTimeout      Milliseconds to wait in a message loop, or TIMEOUT_ASYNC: the outcome comes as
 *                XTYP_XACT_COMPLETE.
 * pdwResult      May be NULL. Synchronous: the answer's DDE_ flags; asynchronous: the transaction's id.
 *
 * Returns a data handle that the caller frees (synchronous REQUEST) or TRUE; or 0: DMLERR_INVALIDPARAMETER,
 * DMLERR_NO_CONV_ESTABLISHED, DMLERR_REENTRANCY, DMLERR_DLL_USAGE, DMLERR_MEMORY_ERROR,
 * DMLERR_POSTMSG_FAILED, DMLERR_BUSY, DMLERR_NOTPROCESSED, DMLERR_SERVER_DIED, or the timeout error of the
 * type. After a timeout the conversation can be used; a late answer is disposed of. */
HDDEDATA WINAPI DdeClientTransaction(LPBYTE pData, DWORD cbData, HCONV hConv, HSZ hszItem, UINT wFmt,
                                     UINT wType, DWORD dwTimeout, LPDWORD pdwResult)
{
    const UINT loop_flags = XTYPF_NODATA | XTYPF_ACKREQ;
    bool is_loop = (wType & ~loop_flags) == XTYP_ADVSTART;
    struct conv *c = conv_get(hConv);
    struct client_call call = {
        .type = is_loop ? (UINT)XTYP_ADVSTART : wType,
        .flags = is_loop ? wType & loop_flags : 0,
        .fmt = wFmt,
        .timeout = dwTimeout,
    };
    struct client_result result = {0};
    struct inst *in;
    HDDEDATA value;
    UINT error;

    if (!c) {
        api_fail(NULL, DMLERR_INVALIDPARAMETER);
        return 0;
    }
    in = c->inst;
    inst_hold(in);
    conv_hold(c);
    if (call.type != XTYP_EXECUTE)
        call.item = string_ref(string_get(in, hszItem));
    error = transact(c, &call, pData, cbData, &result);
    string_unref(call.item);
    if (error)
        conv_set_error(c, error);
    if (pdwResult && (result.answered || result.id))
        *pdwResult = result.id ? result.id : result.status;
    value = error || in->ending ? 0 : result.data ? (HDDEDATA)result.data->handle : (HDDEDATA)(uintptr_t)TRUE;
    conv_drop(c);
    inst_drop(in);
    return value;
}

static void abandon_all(struct inst *in)
{
    list_each (node, next, &in->convs)
        client_abandon_all(container_of(node, struct conv, node));
}

/* DdeAbandonTransaction (4.4): gives up asynchronous transactions; no XTYP_XACT_COMPLETE will come for them.
 *
 * hConv          A client side; 0: every conversation of the instance.
 * idTransaction  0: all of the conversation. Ignored if hConv is 0.
 *
 * Returns nonzero, or 0: DMLERR_DLL_NOT_INITIALIZED, DMLERR_INVALIDPARAMETER, DMLERR_UNFOUND_QUEUE_ID. */
BOOL WINAPI DdeAbandonTransaction(DWORD idInst, HCONV hConv, DWORD idTransaction)
{
    struct inst *in = api_inst(idInst);
    struct conv *c = conv_get(hConv);
    struct xact *x;

    if (!in)
        return FALSE;
    if (!hConv) {
        abandon_all(in);
        return TRUE;
    }
    if (!c || c->inst != in || !c->client)
        return api_fail(in, DMLERR_INVALIDPARAMETER);
    if (!idTransaction) {
        client_abandon_all(c);
        return TRUE;
    }
    x = client_find(c, idTransaction);
    if (!x)
        return api_fail(in, DMLERR_UNFOUND_QUEUE_ID);
    client_abandon(x);
    return TRUE;
}

/* DdePostAdvise (4.5, 6.4): tells the clients that the value of an item has changed.
 *
 * hszTopic, hszItem  Borrowed; 0 stands for all.
 *
 * The caller's callback gets XTYP_ADVREQ for each hot loop inside this call, except for loops with
 * XTYPF_ACKREQ whose client has not acknowledged the last update: they are served when it does. Returns
 * nonzero also if no loop matches; or 0: DMLERR_DLL_NOT_INITIALIZED, DMLERR_DLL_USAGE (client-only or monitor
 * instance), DMLERR_INVALIDPARAMETER (bad string handle), DMLERR_MEMORY_ERROR or DMLERR_POSTMSG_FAILED (an
 * update is lost: no memory, or the client has fallen too far behind: before that comes XTYP_ERROR). */
BOOL WINAPI DdePostAdvise(DWORD idInst, HSZ hszTopic, HSZ hszItem)
{
    struct inst *in = api_inst(idInst);
    struct string *topic = in ? string_get(in, hszTopic) : NULL;
    struct string *item = in ? string_get(in, hszItem) : NULL;
    UINT error;

    if (!in)
        return FALSE;
    if (in->client_only || in->monitor)
        return api_fail(in, DMLERR_DLL_USAGE);
    if ((hszTopic && !topic) || (hszItem && !item))
        return api_fail(in, DMLERR_INVALIDPARAMETER);
    inst_hold(in);
    string_ref(topic);
    string_ref(item);
    error = link_post_advise(in, topic, item);
    string_unref(topic);
    string_unref(item);
    if (error)
        inst_fail(in, error);
    inst_drop(in);
    return !error;
}
