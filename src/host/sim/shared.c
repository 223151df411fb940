/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The part of a copy that is not of the library; see copy.h. The linker script state.ld gathers the globals. */

#include "host/sim/copy.h"

#include "base/spares.h"

extern char sim_state_begin[], sim_state_end[];

extern const struct copy sim_copy;
__attribute__((visibility("default"))) const struct copy sim_copy = {
#define DDEML_EXPORT(name, bytes) .name = name,
#include "ddeml_exports.inc"
#undef DDEML_EXPORT
    .state = sim_state_begin,
    .state_end = sim_state_end,
    .spares_most = &spares_most,
};
