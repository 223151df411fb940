/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_APART_H
#define TESTS_APART_H

/* The copies of the library that a program uses, and the threads that use them; see copy.h. */

#include "apart/copy.h"
#include "winddeml.h"

/* One for each of a test's parties, and one for what is not of the library: partners that speak WM_DDE_*
 * themselves, and whatever else a test does through the seam. */
enum { APART_PARTIES = 16, APART_OTHER = APART_PARTIES, APART_COPIES };

#define APART_DDE(X)                                                                                         \
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
    X(DdemlDispatch)                                                                                         \
    X(DdemlGetLedger)                                                                                        \
    X(DdemlGetVersion)                                                                                       \
    X(DdemlSetDeadlines)

struct copy {
#define X(name) __typeof__(name) *name;
    APART_DDE(X)
#undef X
    const struct apart_copy *inside;
};

/* What is made to fail; NULL: nothing is. */
extern bool (*apart_refuses)(const char *what);
extern const struct flavour *(*apart_flavour)(void);

long apart_blocks(void);
long apart_bytes(void);

/* The copy, which from now on the calling thread has to do with. */
const struct copy *copy_at(unsigned i);

/* The same if it has been loaded, else NULL; nobody has anything to do with it for that. */
const struct copy *copy_if_loaded(unsigned i);

/* The first copy from i on that the calling thread has to do with; APART_COPIES: none. */
unsigned copy_of_mine(unsigned i);

/* DdemlSetDeadlines, for all copies that there are and will be. */
void copies_set_deadlines(DWORD initiate, DWORD shutdown);

/* Dispatches what there is for the calling thread in any copy, or waits for it until then. */
bool copies_dispatch(uint64_t until);

#endif
