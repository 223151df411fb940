/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* facts.c for C++: compiling proves the facts; nothing is run. */

#ifdef FACTS_OF_WINE
#define WIN32_LEAN_AND_MEAN /* the rest of Wine's headers needs more than standard C */
#include <windows.h>
#endif

#include <stddef.h>
#include <type_traits>

#include <winddeml.h>

#if defined(DDEML_STANDALONE) == (defined(FACTS_OF_WINE) || defined(_WIN32))
#error "not the header that this compilation is meant to prove"
#endif

#define ON_THIS_WIDTH(on32, on64) (sizeof(void *) == 4 ? (on32) : (on64))

#define FACT_SIZE(type, on32, on64) static_assert(sizeof(type) == ON_THIS_WIDTH(on32, on64), #type);
#define FACT_FIELD(structure, field, type, on32, on64)                                                       \
    static_assert(offsetof(structure, field) == ON_THIS_WIDTH(on32, on64), #structure "." #field);           \
    static_assert(std::is_same<decltype(structure::field), type>::value, #structure "." #field);
#define FACT_VALUE(constant, value) static_assert((constant) == (value), #constant);
#define FACT_FUNCTION(name, result, arguments)
#include "facts.h"

/* Templates ignore calling conventions; a plain initialisation does not. */
void every_prototype();
void every_prototype()
{
#define FACT_SIZE(type, on32, on64)
#define FACT_FIELD(structure, field, type, on32, on64)
#define FACT_VALUE(constant, value)
#define FACT_FUNCTION(name, result, arguments)                                                               \
    {                                                                                                        \
        result(WINAPI *function) arguments = name;                                                           \
        (void)function;                                                                                      \
    }
#include "facts.h"
}
