/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_API_IMPL_H
#define DDEML_API_IMPL_H

/* What the exported functions share: finding the object that a handle names, and failing with the error
 * stored: in the instance, or in all of the thread if none is concerned (1.5). A function with several
 * parameters checks them in the order of its list. Numbers in comments are sections of docs/conformance.md.
 */

#include "core/core.h"

/* The instance; NULL with the error stored if id is not one of this thread. */
struct inst *api_inst(DWORD id);

/* Whom a client wants to talk to, and the context that it shows; the strings are borrowed. */
struct api_target {
    struct string *service, *topic; /* NULL: any */
    CONVCONTEXT context;
};
/* Checks what DdeConnect and DdeConnectList are given. Returns a DMLERR_ code. */
UINT api_target(const struct inst *in, HSZ service, HSZ topic, const CONVCONTEXT *context,
                struct api_target *target);

/* Stores the error (in NULL: in every instance of the thread) and returns FALSE. */
BOOL api_fail(struct inst *in, UINT error);

#endif
