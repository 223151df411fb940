/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Making, ending and describing conversations. */

#include "api/api.h"

#include <string.h>

UINT api_target(const struct inst *in, HSZ service, HSZ topic, const CONVCONTEXT *context,
                struct api_target *target)
{
    if (context && context->cb != sizeof *context)
        return DMLERR_INVALIDPARAMETER;
    memset(target, 0, sizeof *target); /* a context is shown to others with the bytes that nobody sets */
    target->service = string_get(in, service);
    target->topic = string_get(in, topic);
    target->context.cb = sizeof target->context;
    target->context.iCodePage = in->unicode ? CP_WINUNICODE : CP_WINANSI;
    if (context)
        target->context = *context;
    if ((service && !target->service) || (topic && !target->topic))
        return DMLERR_INVALIDPARAMETER;
    if (in->monitor)
        return DMLERR_DLL_USAGE;
    return in->leaving ? DMLERR_NO_CONV_ESTABLISHED : DMLERR_NO_ERROR;
}

/* DdeConnect (4.3): opens a conversation with a server; the result is the client's side.
 *
 * hszService, hszTopic  Borrowed; 0 stands for any. An instance-specific service name reaches its instance
 *                       alone.
 * pCC                   Copied and shown to servers of this library; NULL: the default context.
 *
 * Servers are asked inside this call, which takes at most the initiate deadline (DdemlSetDeadlines) however
 * many windows do not answer. If several are willing the first is kept. End the conversation with
 * DdeDisconnect. Returns 0 on failure: DMLERR_DLL_NOT_INITIALIZED, DMLERR_INVALIDPARAMETER, DMLERR_DLL_USAGE
 * (monitor instance), DMLERR_NO_CONV_ESTABLISHED, DMLERR_SYS_ERROR, DMLERR_MEMORY_ERROR. */
HCONV WINAPI DdeConnect(DWORD idInst, HSZ hszService, HSZ hszTopic, PCONVCONTEXT pCC)
{
    struct inst *in = api_inst(idInst);
    struct api_target target;
    struct conv *c = NULL;
    HCONV result;
    UINT error;

    if (!in)
        return 0;
    inst_hold(in);
    error = api_target(in, hszService, hszTopic, pCC, &target);
    if (!error)
        c = conv_connect(in, target.service, target.topic, &target.context, &error);
    result = c ? (HCONV)c->handle : 0;
    if (!c)
        inst_fail(in, error);
    inst_drop(in);
    return result;
}

/* DdeReconnect (4.3): opens a conversation once more that its server has ended. To be called inside the
 * XTYP_DISCONNECT of hConv, a client's side, which dies when that callback returns.
 *
 * Service, topic and context are those of the first time. Every loop is asked for again with its format and
 * flags; one that the server refuses is gone without a word. hUser and the place in a conversation list pass
 * to the new conversation, whose handle is returned; or 0: DMLERR_INVALIDPARAMETER (not a client's side, or
 * not ended by its server), DMLERR_NO_CONV_ESTABLISHED, DMLERR_SYS_ERROR, DMLERR_MEMORY_ERROR. */
HCONV WINAPI DdeReconnect(HCONV hConv)
{
    struct conv *old = conv_get(hConv), *c;
    struct inst *in = old ? old->inst : NULL;
    UINT error = DMLERR_NO_CONV_ESTABLISHED;
    HCONV result;

    if (!old || !old->client || !old->terminated)
        return (HCONV)(uintptr_t)api_fail(in, DMLERR_INVALIDPARAMETER);
    inst_hold(in);
    conv_hold(old);
    c = in->leaving ? NULL : conv_reconnect(old, &error);
    result = c ? (HCONV)c->handle : 0;
    if (!c)
        inst_fail(in, error);
    conv_drop(old);
    inst_drop(in);
    return result;
}

/* DdeDisconnect (4.3): ends a conversation from either side. The handle is invalid at once, incomplete
 * transactions are abandoned, loops end; the partner gets XTYP_DISCONNECT, the caller does not. Never waits.
 * Returns nonzero, or 0: DMLERR_NO_CONV_ESTABLISHED. */
BOOL WINAPI DdeDisconnect(HCONV hConv)
{
    struct conv *c = conv_get(hConv);
    struct inst *in = c ? c->inst : NULL;

    if (!c || c->state != CONV_OPEN)
        return api_fail(in, DMLERR_NO_CONV_ESTABLISHED);
    inst_hold(in);
    conv_end(c, DMLERR_NO_CONV_ESTABLISHED);
    inst_drop(in);
    return TRUE;
}

/* ---- DdeQueryConvInfo --------------------------------------------------------------------------------- */

/* Set on an established client side; it has no ST_ name. */
enum { ST_ESTABLISHED_CLIENT = 0x8000 };

static UINT status_of(const struct conv *c)
{
    bool open = c->state == CONV_OPEN;

    return (open ? ST_CONNECTED : 0u) | (open && !list_empty(&c->links) ? ST_ADVISE : 0u) |
           (c->in_list ? ST_INLIST : 0u) | (c->partner_handle ? ST_ISLOCAL : 0u) |
           (c->gate == GATE_BLOCKED ? ST_BLOCKED : 0u) | (c->gate == GATE_ONE ? ST_BLOCKNEXT : 0u) |
           (c->client ? ST_CLIENT : 0u) | (c->terminated ? ST_TERMINATED : 0u) | (c->self ? ST_ISSELF : 0u) |
           (open && c->client ? (UINT)ST_ESTABLISHED_CLIENT : 0u);
}

static void describe(const struct conv *c, CONVINFO *info)
{
    const struct delivery *j = delivery_current(c);

    info->hUser = c->huser;
    info->hConvPartner = (HCONV)c->partner_handle;
    info->hszSvcPartner = (HSZ)string_handle(c->service);
    info->hszServiceReq = (HSZ)string_handle(c->service_req);
    info->hszTopic = (HSZ)string_handle(c->topic);
    info->wStatus = status_of(c);
    info->wConvst = c->convst;
    info->wLastError = c->last_error;
    info->hConvList = (HCONVLIST)(c->in_list ? c->in_list->handle : 0);
    info->ConvCtxt = c->context;
    info->hwnd = (HWND)c->end.self;
    info->hwndPartner = (HWND)c->end.partner;
    if (j) {
        struct string *item = j->xact ? j->xact->item : j->item;

        info->hszItem = (HSZ)string_handle(item);
        info->wFmt = j->fmt;
        info->wType = j->type;
    } else if (c->waiting) {
        info->hszItem = (HSZ)string_handle(c->waiting->item);
        info->wFmt = c->waiting->fmt;
        info->wType = c->waiting->type;
    }
}

static void describe_xact(const struct xact *x, CONVINFO *info)
{
    info->hUser = x->huser;
    info->hszItem = (HSZ)string_handle(x->item);
    info->wFmt = x->fmt;
    info->wType = x->type;
    info->wConvst = x->convst;
    info->wLastError = x->error;
}

/* The same conversation from the other end, as far as it can be known from here. */
static void turn_round(const struct conv *c, CONVINFO *info)
{
    struct conv_card card;

    info->hConvPartner = (HCONV)c->handle;
    info->hUser = conv_read_card(c->end.partner, &card) ? (DWORD_PTR)card.huser : 0;
    info->hwnd = (HWND)c->end.partner;
    info->hwndPartner = (HWND)c->end.self;
    info->hConvList = 0;
    info->wStatus =
        (info->wStatus ^ ST_CLIENT) & ~(UINT)(ST_BLOCKED | ST_BLOCKNEXT | ST_ESTABLISHED_CLIENT | ST_INLIST);
    if (info->wStatus & ST_CLIENT)
        info->wStatus |= ST_ESTABLISHED_CLIENT;
    info->hszItem = 0;
    info->wFmt = info->wType = 0;
    info->wConvst = XST_CONNECTED;
    info->wLastError = DMLERR_NO_ERROR;
}

/* One of this thread is known by itself as long as its handle is valid. */
static bool is_elsewhere(const struct conv *c)
{
    uint32_t thread = host_window_thread(c->end.partner);

    return !c->end.local || (thread && thread != host_session_thread());
}

/* The side of another thread, or of another process, is known only as the partner of one of ours, until either ends the
 * conversation. */
static struct conv *find_by_partner(HCONV h)
{
    struct thread *t = thread_current();

    if (!h || !t)
        return NULL;
    list_each (place, next, &t->insts) {
        struct inst *in = container_of(place, struct inst, node);

        list_each (node, after, &in->convs) {
            struct conv *c = container_of(node, struct conv, node);

            if (c->partner_handle == (uintptr_t)h)
                return c->state == CONV_OPEN && is_elsewhere(c) ? c : NULL;
        }
    }
    return NULL;
}

/* DdeQueryConvInfo (4.3): describes a conversation, or one of its asynchronous transactions.
 *
 * hConv          Either side's handle; CONVINFO.hConvPartner is accepted too, until the conversation ends.
 * idTransaction  QID_SYNC for the conversation, or the id of an asynchronous transaction.
 * pConvInfo      The caller's; cb says how large it is. That many bytes are written at most, cb among them.
 *                The string handles are borrowed: keep those that are needed for longer than the
 *                conversation.
 *
 * Returns the bytes written, or 0: DMLERR_INVALIDPARAMETER, DMLERR_UNFOUND_QUEUE_ID. */
UINT WINAPI DdeQueryConvInfo(HCONV hConv, DWORD idTransaction, PCONVINFO pConvInfo)
{
    struct conv *c = conv_get(hConv), *mine = c ? c : find_by_partner(hConv);
    struct xact *x = NULL;
    CONVINFO info = {0};
    UINT size;

    if (!mine || !pConvInfo || pConvInfo->cb < sizeof info.cb)
        return (UINT)api_fail(mine ? mine->inst : NULL, DMLERR_INVALIDPARAMETER);
    if (idTransaction != QID_SYNC) {
        x = c ? client_find(c, idTransaction) : NULL;
        if (!x)
            return (UINT)api_fail(mine->inst, DMLERR_UNFOUND_QUEUE_ID);
    }
    describe(mine, &info);
    if (x)
        describe_xact(x, &info);
    else if (!c)
        turn_round(mine, &info);
    size = pConvInfo->cb < sizeof info ? pConvInfo->cb : (UINT)sizeof info;
    info.cb = size;
    memcpy(pConvInfo, &info, size);
    return size;
}

/* DdeSetUserHandle (4.3): stores a value of the application's with the conversation (id QID_SYNC) or with one
 * of its asynchronous transactions; DdeQueryConvInfo returns it as hUser. Returns nonzero, or 0:
 * DMLERR_INVALIDPARAMETER, DMLERR_UNFOUND_QUEUE_ID. */
BOOL WINAPI DdeSetUserHandle(HCONV hConv, DWORD id, DWORD_PTR hUser)
{
    struct conv *c = conv_get(hConv);
    struct xact *x = c && id != QID_SYNC ? client_find(c, id) : NULL;

    if (!c)
        return api_fail(NULL, DMLERR_INVALIDPARAMETER);
    if (id != QID_SYNC && !x)
        return api_fail(c->inst, DMLERR_UNFOUND_QUEUE_ID);
    if (x) {
        x->huser = hUser;
        return TRUE;
    }
    c->huser = hUser;
    if (c->end.self && !port_shared(c->port))
        conv_write_card(c); /* the partner's view of it, which without memory stays as it was */
    return TRUE;
}

/* ---- DdeEnableCallback -------------------------------------------------------------------------------- */

static bool in_callback(const struct inst *in, const struct conv *c)
{
    if (c)
        return c->callbacks;
    list_each (node, next, (struct list *)&in->convs)
        if (container_of(node, struct conv, node)->callbacks)
            return true;
    return false;
}

/* DdeEnableCallback (4.3, 6.5): holds back or releases the transactions that a callback could block.
 *
 * hConv  0: all conversations of the instance, with EC_DISABLE and EC_ENABLEONE also those to come.
 * wCmd   EC_DISABLE, EC_ENABLEALL, EC_ENABLEONE; EC_QUERYWAITING only asks whether anything is waiting.
 *
 * What is released is delivered from the message loop, never inside this call. Returns nonzero
 * (EC_QUERYWAITING: if anything waits), or 0: DMLERR_DLL_NOT_INITIALIZED, DMLERR_INVALIDPARAMETER,
 * DMLERR_REENTRANCY (releasing inside a callback of the conversation). */
BOOL WINAPI DdeEnableCallback(DWORD idInst, HCONV hConv, UINT wCmd)
{
    struct inst *in = api_inst(idInst);
    struct conv *c = conv_get(hConv);

    if (!in)
        return FALSE;
    if (hConv && (!c || c->inst != in))
        return api_fail(in, DMLERR_INVALIDPARAMETER);
    if (wCmd == EC_QUERYWAITING)
        return delivery_waiting(in, c);
    if (wCmd != EC_DISABLE && wCmd != EC_ENABLEALL && wCmd != EC_ENABLEONE)
        return api_fail(in, DMLERR_INVALIDPARAMETER);
    if (wCmd != EC_DISABLE && in_callback(in, c))
        return api_fail(in, DMLERR_REENTRANCY);
    delivery_enable(in, c, wCmd);
    return TRUE;
}
