/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_SIM_COPY_H
#define DDEML_SIM_COPY_H

/* Copies of the library, one for each process that can live at a time, each with globals of its own. */

#include <stddef.h>

#include "winddeml.h"

#define SIM_API(X)                                                                                           \
    X(DdeAbandonTransaction)                                                                                 \
    X(DdeAccessData)                                                                                         \
    X(DdeAddData)                                                                                            \
    X(DdeClientTransaction)                                                                                  \
    X(DdeCmpStringHandles)                                                                                   \
    X(DdeConnect)                                                                                            \
    X(DdeConnectList)                                                                                        \
    X(DdeCreateDataHandle)                                                                                   \
    X(DdeCreateStringHandleA)                                                                                \
    X(DdeCreateStringHandleW)                                                                                \
    X(DdeDisconnect)                                                                                         \
    X(DdeDisconnectList)                                                                                     \
    X(DdeEnableCallback)                                                                                     \
    X(DdeFreeDataHandle)                                                                                     \
    X(DdeFreeStringHandle)                                                                                   \
    X(DdeGetData)                                                                                            \
    X(DdeGetLastError)                                                                                       \
    X(DdeGetQualityOfService)                                                                                \
    X(DdeImpersonateClient)                                                                                  \
    X(DdeInitializeA)                                                                                        \
    X(DdeInitializeW)                                                                                        \
    X(DdeKeepStringHandle)                                                                                   \
    X(DdeNameService)                                                                                        \
    X(DdePostAdvise)                                                                                         \
    X(DdeQueryConvInfo)                                                                                      \
    X(DdeQueryNextServer)                                                                                    \
    X(DdeQueryStringA)                                                                                       \
    X(DdeQueryStringW)                                                                                       \
    X(DdeReconnect)                                                                                          \
    X(DdeSetQualityOfService)                                                                                \
    X(DdeSetUserHandle)                                                                                      \
    X(DdeUnaccessData)                                                                                       \
    X(DdeUninitialize)                                                                                       \
    X(FreeDDElParam)                                                                                         \
    X(ImpersonateDdeClientWindow)                                                                            \
    X(PackDDElParam)                                                                                         \
    X(ReuseDDElParam)                                                                                        \
    X(UnpackDDElParam)                                                                                       \
    X(DdemlCallThread)                                                                                       \
    X(DdemlDispatch)                                                                                         \
    X(DdemlGetFd)                                                                                            \
    X(DdemlGetLedger)                                                                                        \
    X(DdemlGetVersion)                                                                                       \
    X(DdemlListHolders)                                                                                      \
    X(DdemlRebindModule)                                                                                     \
    X(DdemlSetDeadlines)                                                                                     \
    X(DdemlStartThread)                                                                                      \
    X(DdemlStopThread)

/* What a copy shows, under the name sim_copy (shared.c). */
struct copy {
#define X(name) __typeof__(name) *name;
    SIM_API(X)
#undef X
    char *state, *state_end; /* every global that can change */
    unsigned *spares_most;   /* base/spares.h */
};

#endif
