/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Import pointers for the static library on Windows.
 *
 * A program whose headers declare DDEML dllimport does not call DdeConnect but jumps through a pointer that
 * an import library defines. Linked with our static library it would not miss that pointer: the system's
 * import library has it, and the program would silently run on the system's DDEML. So the static library
 * defines the pointers too. The linker takes this object when the first of them is asked for. */

#include <winddeml.h>

#ifdef __i386__
#define IMPORT_NAME(name, bytes) "__imp__" #name "@" #bytes
#else
#define IMPORT_NAME(name, bytes) "__imp_" #name
#endif

typedef void any_function(void);

#define DDEML_EXPORT(name, bytes)                                                                            \
    extern any_function *const ddeml_imp_##name __asm__(IMPORT_NAME(name, bytes));                           \
    any_function *const ddeml_imp_##name = (any_function *)(name);
#include "ddeml_exports.inc"
