/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef REBIND_PE_H
#define REBIND_PE_H

/* A program or DLL for Windows (PE32, PE32+), read and never written. The bytes are the file's, or those of the image
 * as the system maps it. They may come from anywhere: every offset and every size is looked at before it is used, and
 * what contradicts itself is refused. Nothing is allocated. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pe_layout {
    PE_FILE,   /* as on disk                                */
    PE_MAPPED, /* as in memory: relative addresses are offsets */
};

enum {
    PE_I386 = 0x014C,
    PE_AMD64 = 0x8664,
};

/* The data directories that this project knows. */
enum {
    PE_IMPORTS = 1,
    PE_CERTIFICATES = 4,
    PE_LOAD_CONFIG = 10,
    PE_BOUND_IMPORTS = 11,
    PE_SLOTS = 12, /* the import address table */
    PE_DELAYED_IMPORTS = 13,
    PE_DOTNET = 14,
    PE_DIRECTORIES = 16
};

enum {
    PE_SECTION_HEADER = 40,
    PE_DESCRIPTOR = 20, /* of imports */
    PE_MOST_SECTIONS = 96
};

/* Offsets from the signature PE\0\0. */
enum {
    PE_AT_N_SECTIONS = 6,
    PE_AT_SYMBOLS = 12,
    PE_AT_N_SYMBOLS = 16,
    PE_AT_OPTIONAL = 24,
    PE_AT_DATA_SIZE = PE_AT_OPTIONAL + 8,
    PE_AT_IMAGE_SIZE = PE_AT_OPTIONAL + 56,
    PE_AT_CHECKSUM = PE_AT_OPTIONAL + 64,
};

struct pe {
    const uint8_t *at;
    size_t size;
    enum pe_layout layout;
    bool wide; /* PE32+: slots of 8 bytes */
    unsigned slot;
    uint16_t machine;
    uint64_t base;
    uint32_t nt; /* where the signature stands */
    uint32_t n_directories, directories;
    uint32_t n_sections, sections;
    uint32_t section_alignment, file_alignment;
    uint32_t image_size, header_size;
};

enum pe_kind {
    PE_UNDERSTOOD, /* the others: pe must not be used     */
    PE_NO_PROGRAM, /* for Windows                         */
    PE_OF_ANOTHER_PROCESSOR,
    PE_CONTRADICTORY, /* or not known                     */
};

/* *why: in a few words, unless the program is understood. */
enum pe_kind pe_open(struct pe *pe, const void *bytes, size_t size, enum pe_layout layout, const char **why);

/* ---- Pieces --------------------------------------------------------------------------------------------- */

uint32_t pe_get16(const uint8_t *at);
uint32_t pe_get32(const uint8_t *at);
uint64_t pe_get64(const uint8_t *at);

/* n bytes of the image, and a text up to its end; NULL if they are not all there. */
const uint8_t *pe_bytes(const struct pe *pe, uint32_t rva, uint32_t n);
const char *pe_text(const struct pe *pe, uint32_t rva);

struct pe_span {
    uint32_t rva, size;
};
struct pe_span pe_directory(const struct pe *pe, unsigned which); /* zeros: there is none */
uint32_t pe_directory_at(const struct pe *pe, unsigned which);    /* where its entry stands; 0: nowhere */

struct pe_section {
    char name[9];
    uint32_t rva, extent; /* in memory */
    uint32_t at, size;    /* in the file */
    uint32_t flags;
};
#define PE_SECTION_DATA     0x00000040u
#define PE_SECTION_CODE     0x20000000u
#define PE_SECTION_READABLE 0x40000000u
#define PE_SECTION_WRITABLE 0x80000000u

struct pe_section pe_section(const struct pe *pe, unsigned i);
bool pe_section_of(const struct pe *pe, uint32_t rva, uint32_t n, struct pe_section *found);

/* ---- Imports -------------------------------------------------------------------------------------------- */

struct pe_import {
    const char *dll;
    uint32_t names; /* relative address of the list of names; 0: they stand in the slots */
    uint32_t slots;
    uint32_t stamp, forwarder, name; /* as they stand in the descriptor */
};

enum pe_found { PE_END, PE_FOUND, PE_BROKEN };

enum pe_found pe_import(const struct pe *pe, uint32_t i, struct pe_import *import);

/* The i-th name that a descriptor asks for. The word as it stands there; name NULL: it asks by number. */
struct pe_wanted {
    uint64_t word;
    const char *name;
    unsigned number;
};
enum pe_found pe_wanted(const struct pe *pe, const struct pe_import *import, uint32_t i, struct pe_wanted *w);

/* The imports that the program itself resolves, when it first needs them. */
enum pe_found pe_delayed(const struct pe *pe, uint32_t i, struct pe_import *import);

/* How many characters of the name are those of the prefix, without regard to case: all of it, or 0. */
size_t pe_begins(const char *name, const char *prefix);
/* Are these the name of one DLL? Without regard to case, with or without .dll. */
bool pe_same_dll(const char *name, const char *stem);

#endif
