/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Compiling this file proves every fact of facts.h under the header in use: our own declarations, Wine's
 * (FACTS_OF_WINE) or those of a Windows SDK. Nothing is run. */

#ifdef FACTS_OF_WINE
#define WIN32_LEAN_AND_MEAN /* the rest of Wine's headers needs more than standard C */
#include <windows.h>
#endif

#include <stddef.h>

#include <winddeml.h>

#if defined(DDEML_STANDALONE) == (defined(FACTS_OF_WINE) || defined(_WIN32))
#error "not the header that this compilation is meant to prove"
#endif

#if defined(FACTS_OF_WINE) && defined(__clang__)
/* Wine's WINAPI has an attribute that Clang ignores in types. */
#pragma clang diagnostic ignored "-Wignored-attributes"
#endif

#define ON_THIS_WIDTH(on32, on64) (sizeof(void *) == 4 ? (on32) : (on64))
#define SAME_TYPE(a, b)           __builtin_types_compatible_p(a, b)

#define FACT_SIZE(type, on32, on64) _Static_assert(sizeof(type) == ON_THIS_WIDTH(on32, on64), #type);
#define FACT_FIELD(structure, field, type, on32, on64)                                                       \
    _Static_assert(offsetof(structure, field) == ON_THIS_WIDTH(on32, on64), #structure "." #field);          \
    _Static_assert(SAME_TYPE(__typeof__(((structure *)0)->field), type), #structure "." #field);
#define FACT_VALUE(constant, value) _Static_assert((constant) == (value), #constant);
/* The calling convention is part of the type. */
#define FACT_FUNCTION(name, result, arguments)                                                               \
    _Static_assert(SAME_TYPE(__typeof__(&(name)), result(WINAPI *) arguments), #name);
#include "facts.h"

_Static_assert(SAME_TYPE(PFNCALLBACK,
                         HDDEDATA(CALLBACK *)(UINT, UINT, HCONV, HSZ, HSZ, HDDEDATA, ULONG_PTR, ULONG_PTR)),
               "PFNCALLBACK");

/* The convention is that of Windows, whatever the convention of this system. */
#if defined(__x86_64__)
_Static_assert(SAME_TYPE(void(WINAPI *)(void), void(__attribute__((ms_abi)) *)(void)), "WINAPI");
#elif defined(__i386__)
_Static_assert(SAME_TYPE(void(WINAPI *)(void), void(__attribute__((stdcall)) *)(void)), "WINAPI");
#endif
_Static_assert(SAME_TYPE(void(WINAPI *)(void), void(CALLBACK *)(void)), "CALLBACK");

/* Handles of different kinds are different types. */
_Static_assert(!SAME_TYPE(HCONV, HSZ) && !SAME_TYPE(HCONV, HCONVLIST) && !SAME_TYPE(HDDEDATA, HWND),
               "STRICT");

/* Signed and unsigned as documented. */
_Static_assert((LONG)-1 < 0 && (LPARAM)-1 < 0 && (LRESULT)-1 < 0 && (BOOL)-1 < 0, "signed");
_Static_assert((DWORD)-1 > 0 && (WPARAM)-1 > 0 && (UINT)-1 > 0 && (WORD)-1 > 0 && (WCHAR)-1 > 0, "unsigned");
