/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "support/inside.h"

#include "core/core.h"

struct inside inside_of(uint32_t instance)
{
    const struct inst *in = inst_get(instance);

    return (struct inside){.mom = in->mom, .event = in->event};
}
