/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef REBIND_REBIND_H
#define REBIND_REBIND_H

/* Makes a program that was linked with user32.dll import the functions of DDE from ddeml.dll instead. Bytes in, bytes
 * out: reading and writing is the caller's.
 *
 * A program calls what it imports through slots whose places are compiled into it, so the slots stay where they are.
 * What changes is who fills them. The loader goes by descriptors: "fill the slots from here on with the functions of
 * these names from this DLL, until the list of names ends". The descriptor of user32.dll is replaced by several, one
 * for each run of slots that are all DDE's or all not:
 *
 *     user32.dll: GetMessageA DdeConnect DdeDisconnect SetTimer        slots 0 1 2 3
 *     user32.dll: GetMessageA                                          slot  0
 *     ddeml.dll:  DdeConnect DdeDisconnect                             slots   1 2
 *     user32.dll: SetTimer                                             slot        3
 *
 * The new descriptors and lists stand in a section of their own at the end of the file (or, for a program that has
 * been mapped and not yet begun, somewhere behind it in memory); nothing else is moved. The section also holds what
 * the headers were before: taking that back and cutting the section off gives the original, byte for byte.
 *
 * What is not understood is refused. docs/rebind.md has the list, and why. */

#include "rebind/pe.h"

/* What came of it, and what is said about it. All from NO_PROGRAM on are refusals. */
#define REBIND_RESULTS(X)                                                                                    \
    X(OK, "can be rebound")                                                                                  \
    X(NOTHING, "imports nothing of DDE from user32.dll")                                                     \
    X(REBOUND, "is rebound")                                                                                 \
    X(NOT_REBOUND, "has not been rebound")                                                                   \
    X(NO_MEMORY, "is too large for this machine's memory")                                                   \
    X(NO_PROGRAM, "is no program for Windows")                                                               \
    X(PROCESSOR, "is for another processor")                                                                 \
    X(CONTRADICTORY, "has headers that are not understood")                                                  \
    X(IMPORTS, "has a table of imports that cannot be read")                                                 \
    X(LINKED, "has been linked with ddeml.dll")                                                              \
    X(NUMBER, "imports from user32.dll by number; what a number stands for depends on the Windows")          \
    X(UNKNOWN_NAME, "imports a function of DDE that ddeml.dll does not have")                                \
    X(API_SET, "imports DDE through an API set and not from user32.dll")                                     \
    X(DELAYED, "has its imports of DDE delayed: its own code resolves them, not the loader")                 \
    X(BOUND, "is bound to the DLLs of one machine and does not have the names of its imports any more")      \
    X(SIGNED, "is signed: any change makes the signature invalid")                                           \
    X(DOTNET, "is a .NET program: its calls of DDE are not in the table of imports")                         \
    X(PACKED, "is packed: its table of imports is that of the unpacking code")                               \
    X(HYBRID, "is compiled for two kinds of processors at a time")                                           \
    X(SYSTEM_ONLY, "takes its imports from the system's folder only")                                        \
    X(READ_ONLY, "has its imports where the loader would not write after the change")                        \
    X(NO_ROOM, "has no room for one more section")                                                           \
    X(CHANGED, "has been changed since it was rebound")

enum rebind_result {
#define REBIND_MEMBER(name, says) REBIND_##name,
    REBIND_RESULTS(REBIND_MEMBER)
#undef REBIND_MEMBER
};

const char *rebind_says(enum rebind_result result);

/* What was found. */
struct rebind_report {
    char detail[100]; /* which name, which section: may be empty                         */
    unsigned n_names; /* functions of DDE that are imported from user32.dll              */
    bool bound;       /* the imports were bound; they are not any more                   */
    bool is_signed;   /* with a signature that becomes invalid                           */
    uint32_t behind;  /* bytes behind the last section that are no table of symbols      */
    uint16_t machine; /* PE_I386 or PE_AMD64; 0: unknown                                 */
};

enum {
    REBIND_DROP_SIGNATURE = 1, /* a signed program is changed too, and is not signed any more */
};

/* Bytes of malloc: the caller's to free. */
struct rebind_bytes {
    uint8_t *at;
    size_t size;
};

/* ---- On disk -------------------------------------------------------------------------------------------- */

/* Looks only. REBIND_OK: rebind_file would succeed. REBIND_REBOUND: rebind_undo would. */
enum rebind_result rebind_look(const void *bytes, size_t size, unsigned options,
                               struct rebind_report *report);

/* REBIND_OK and *out, or why not. */
enum rebind_result rebind_file(const void *bytes, size_t size, unsigned options, struct rebind_bytes *out,
                               struct rebind_report *report);

/* The original. REBIND_OK and *out, or why not. */
enum rebind_result rebind_undo(const void *bytes, size_t size, struct rebind_bytes *out,
                               struct rebind_report *report);

/* ---- In memory, before the loader has run --------------------------------------------------------------- */

struct rebind_patch {
    uint32_t rva, value; /* 32 bits of the headers */
};

enum { REBIND_MOST_PATCHES = 6 };

struct rebind_memory {
    struct rebind_bytes directory; /* what has to stand at the address that was named */
    unsigned n_patches;
    struct rebind_patch patches[REBIND_MOST_PATCHES];
};

/* dll: the name or the whole path of the library, as the loader shall look for it. rva: where, relative to the image,
 * the new directory is going to stand; its size does not depend on that. */
enum rebind_result rebind_mapped(const void *image, size_t size, const char *dll, uint32_t rva,
                                 struct rebind_memory *out, struct rebind_report *report);

/* Is this one of the standard functions that ddeml.dll exports? */
bool rebind_knows(const char *name);

#endif
