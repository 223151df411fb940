/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Conversation lists (4.3). */

#include "api/api.h"

static UINT fill(struct convlist *l, HSZ service, HSZ topic, const CONVCONTEXT *context)
{
    struct api_target target;
    UINT error = api_target(l->inst, service, topic, context, &target);

    if (error)
        return error;
    convlist_drop_ended(l);
    error = conv_connect_all(l, target.service, target.topic, &target.context);
    if (l->inst->ending)
        return DMLERR_NO_CONV_ESTABLISHED;
    if (list_empty(&l->members))
        return error;
    return convlist_publish(l) ? DMLERR_NO_ERROR : DMLERR_SYS_ERROR;
}

/* DdeConnectList: opens a conversation with every server and topic that answers, and makes a list of them.
 *
 * hszService, hszTopic  As for DdeConnect.
 * hConvList             0, or a list whose conversations the new one takes over; who is in it already is not
 *                       connected to again. This handle is invalid afterwards, also on failure, after which
 *                       the conversations that it named go on without a list.
 * pCC                   As for DdeConnect.
 *
 * Free the list with DdeDisconnectList, also when all its conversations have ended. Returns 0 on failure:
 * DMLERR_DLL_NOT_INITIALIZED, DMLERR_INVALIDPARAMETER, DMLERR_DLL_USAGE (monitor instance),
 * DMLERR_NO_CONV_ESTABLISHED (the list would be empty), DMLERR_SYS_ERROR, DMLERR_MEMORY_ERROR. */
HCONVLIST WINAPI DdeConnectList(DWORD idInst, HSZ hszService, HSZ hszTopic, HCONVLIST hConvList,
                                PCONVCONTEXT pCC)
{
    struct inst *in = api_inst(idInst);
    struct convlist *l = convlist_get(hConvList);
    HCONVLIST result = 0;
    UINT error;

    if (!in)
        return 0;
    if (hConvList && (!l || l->inst != in))
        return (HCONVLIST)(uintptr_t)api_fail(in, DMLERR_INVALIDPARAMETER);
    inst_hold(in);
    if (l)
        convlist_hide(l);
    else
        l = convlist_new(in);
    error = l ? fill(l, hszService, hszTopic, pCC) : DMLERR_SYS_ERROR;
    if (!error)
        result = (HCONVLIST)l->handle;
    else
        inst_fail(in, error);
    if (l && error)
        convlist_free(l);
    inst_drop(in);
    return result;
}

/* DdeQueryNextServer: the member behind hConvPrev, the first one if that is 0; 0 after the last. On failure 0
 * with DMLERR_INVALIDPARAMETER (no list, or hConvPrev is not in it: one that has ended is not). */
HCONV WINAPI DdeQueryNextServer(HCONVLIST hConvList, HCONV hConvPrev)
{
    struct convlist *l = convlist_get(hConvList);
    struct conv *c = conv_get(hConvPrev);
    struct list *next;

    if (!l || (hConvPrev && (!c || c->in_list != l)))
        return (HCONV)(uintptr_t)api_fail(l ? l->inst : NULL, DMLERR_INVALIDPARAMETER);
    next = c ? c->member.next : l->members.next;
    return next == &l->members ? 0 : (HCONV)container_of(next, struct conv, member)->handle;
}

/* DdeDisconnectList: ends every conversation of the list as DdeDisconnect does, and frees the list. Returns
 * nonzero, or 0: DMLERR_INVALIDPARAMETER. */
BOOL WINAPI DdeDisconnectList(HCONVLIST hConvList)
{
    struct convlist *l = convlist_get(hConvList);
    struct inst *in = l ? l->inst : NULL;

    if (!l)
        return api_fail(NULL, DMLERR_INVALIDPARAMETER);
    inst_hold(in);
    convlist_hide(l);
    while (!list_empty(&l->members)) {
        struct conv *c = container_of(l->members.next, struct conv, member);

        convlist_leave(c);
        conv_give_up(c);
    }
    convlist_free(l);
    inst_drop(in);
    return TRUE;
}
