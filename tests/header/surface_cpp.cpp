/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* surface.c for C++: linking proves that no name is mangled; running, that a call arrives. */

#include <winddeml.h>

typedef void any_function();

static any_function *const surface[] = {
#define DDEML_EXPORT(name, bytes) reinterpret_cast<any_function *>(name),
#include "ddeml_exports.inc"
};

int main()
{
    for (any_function *function : surface) {
        if (function == nullptr)
            return 1;
    }
    return DdemlGetVersion() == DDEML_VERSION ? 0 : 1;
}
