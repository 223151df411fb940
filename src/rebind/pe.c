/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "rebind/pe.h"

#include <string.h>

enum {
    DOS_HEADER = 64,
    DOS_AT_NT = 60,
    OPTIONAL_FIXED_32 = 96,
    OPTIONAL_FIXED_64 = 112,
    MAGIC_32 = 0x10B,
    MAGIC_64 = 0x20B,
    PAGE = 0x1000,
    SECTOR = 0x200,
    DELAY_DESCRIPTOR = 32,
    MOST_DESCRIPTORS = 4096,
    MOST_WANTED = 65536,
    LONGEST_TEXT = 4096
};

/* ---- Numbers -------------------------------------------------------------------------------------------- */

uint32_t pe_get16(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

uint32_t pe_get32(const uint8_t *at)
{
    return pe_get16(at) | pe_get16(at + 2) << 16;
}

uint64_t pe_get64(const uint8_t *at)
{
    return pe_get32(at) | (uint64_t)pe_get32(at + 4) << 32;
}

static uint64_t align(uint64_t n, uint64_t to)
{
    return (n + to - 1) / to * to;
}

static bool is_power(uint32_t n)
{
    return n && !(n & (n - 1));
}

/* ---- Sections ------------------------------------------------------------------------------------------- */

struct pe_section pe_section(const struct pe *pe, unsigned i)
{
    const uint8_t *at = pe->at + pe->sections + (size_t)i * PE_SECTION_HEADER;
    struct pe_section s = {.rva = pe_get32(at + 12),
                           .extent = pe_get32(at + 8),
                           .at = pe_get32(at + 20),
                           .size = pe_get32(at + 16),
                           .flags = pe_get32(at + 36)};

    memcpy(s.name, at, 8);
    if (!s.extent)
        s.extent = s.size;
    return s;
}

bool pe_section_of(const struct pe *pe, uint32_t rva, uint32_t n, struct pe_section *found)
{
    for (unsigned i = 0; i < pe->n_sections; i++) {
        struct pe_section s = pe_section(pe, i);

        if (rva >= s.rva && (uint64_t)rva + n <= (uint64_t)s.rva + s.extent) {
            *found = s;
            return true;
        }
    }
    return false;
}

/* The bytes from a relative address on that lie together; *n tells how many. */
static const uint8_t *bytes_from(const struct pe *pe, uint32_t rva, size_t *n)
{
    if (pe->layout == PE_MAPPED) {
        *n = rva < pe->size ? pe->size - rva : 0;
        return pe->at + (*n ? rva : 0);
    }
    if (rva < pe->header_size) {
        *n = pe->header_size - rva;
        return pe->at + rva;
    }
    for (unsigned i = 0; i < pe->n_sections; i++) {
        struct pe_section s = pe_section(pe, i);
        uint64_t mapped = align(s.extent, pe->section_alignment);
        uint32_t there = s.size < mapped ? s.size : (uint32_t)mapped;

        if (rva >= s.rva && rva - s.rva < there) {
            *n = there - (rva - s.rva);
            return pe->at + s.at + (rva - s.rva);
        }
    }
    *n = 0;
    return NULL;
}

const uint8_t *pe_bytes(const struct pe *pe, uint32_t rva, uint32_t n)
{
    size_t there;
    const uint8_t *at = bytes_from(pe, rva, &there);

    return n <= there ? at : NULL;
}

const char *pe_text(const struct pe *pe, uint32_t rva)
{
    size_t there;
    const uint8_t *at = bytes_from(pe, rva, &there);

    if (there > LONGEST_TEXT)
        there = LONGEST_TEXT;
    return there && memchr(at, 0, there) ? (const char *)at : NULL;
}

/* ---- Headers -------------------------------------------------------------------------------------------- */

/* Windows wants sections in order and without gaps between them. */
static const char *check_sections(const struct pe *pe)
{
    uint64_t expected = align(pe->header_size, pe->section_alignment);

    for (unsigned i = 0; i < pe->n_sections; i++) {
        struct pe_section s = pe_section(pe, i);

        if (s.rva != expected || !s.extent)
            return "its sections do not follow each other";
        if (pe->layout == PE_FILE && s.size && (s.at % SECTOR || s.at < pe->header_size))
            return "a section stands at an impossible place of the file";
        if (pe->layout == PE_FILE && s.size && (s.at > pe->size || s.size > pe->size - s.at))
            return "the file ends before its sections do";
        expected = align(s.rva + (uint64_t)s.extent, pe->section_alignment);
        if (expected > INT32_MAX)
            return "its sections are larger than an image can be";
    }
    if (align(pe->image_size, pe->section_alignment) != expected)
        return "its size is not that of its sections";
    return NULL;
}

static const char *read_optional_header(struct pe *pe, uint32_t room)
{
    const uint8_t *at = pe->at + pe->nt + PE_AT_OPTIONAL;
    uint32_t magic = room >= 2 ? pe_get16(at) : 0, fixed;

    if (magic != MAGIC_32 && magic != MAGIC_64)
        return "its header is of an unknown kind";
    pe->wide = magic == MAGIC_64;
    pe->slot = pe->wide ? 8 : 4;
    fixed = pe->wide ? OPTIONAL_FIXED_64 : OPTIONAL_FIXED_32;
    if (room < fixed)
        return "its header is cut short";
    if (pe->wide != (pe->machine == PE_AMD64))
        return "its header is not that of its processor";
    pe->base = pe->wide ? pe_get64(at + 24) : pe_get32(at + 28);
    pe->section_alignment = pe_get32(at + 32);
    pe->file_alignment = pe_get32(at + 36);
    pe->image_size = pe_get32(at + 56);
    pe->header_size = pe_get32(at + 60);
    pe->n_directories = pe_get32(at + fixed - 4);
    pe->directories = pe->nt + PE_AT_OPTIONAL + fixed;
    if (pe->n_directories > PE_DIRECTORIES)
        pe->n_directories = PE_DIRECTORIES;
    if (room < fixed + 8 * pe->n_directories)
        return "its list of directories is cut short";
    return NULL;
}

static const char *check(struct pe *pe)
{
    uint32_t room = pe_get16(pe->at + pe->nt + 20);
    const char *wrong;

    if (pe->size > INT32_MAX)
        return "it is larger than 2 GiB";
    if (room > pe->size - PE_AT_OPTIONAL - pe->nt)
        return "its header is cut short";
    wrong = read_optional_header(pe, room);
    if (wrong)
        return wrong;
    pe->n_sections = pe_get16(pe->at + pe->nt + PE_AT_N_SECTIONS);
    pe->sections = pe->nt + PE_AT_OPTIONAL + room;
    if (!is_power(pe->section_alignment) || !is_power(pe->file_alignment))
        return "its alignments are no powers of two";
    if (pe->section_alignment < PAGE || pe->file_alignment < SECTOR ||
        pe->file_alignment > pe->section_alignment)
        return "its sections are aligned to less than a page or a sector";
    if (!pe->n_sections || pe->n_sections > PE_MOST_SECTIONS)
        return "it has no sections, or too many";
    if (pe->header_size > pe->size || pe->sections > pe->header_size ||
        pe->n_sections * PE_SECTION_HEADER > pe->header_size - pe->sections)
        return "its table of sections is cut short";
    if (pe->layout == PE_MAPPED && pe->image_size > pe->size)
        return "the image is cut short";
    return check_sections(pe);
}

enum pe_kind pe_open(struct pe *pe, const void *bytes, size_t size, enum pe_layout layout, const char **why)
{
    *pe = (struct pe){.at = bytes, .size = size, .layout = layout};
    *why = "it does not begin with MZ";
    if (size < DOS_HEADER || memcmp(pe->at, "MZ", 2) != 0)
        return PE_NO_PROGRAM;
    *why = "it has no PE header: it may be for DOS or for 16-bit Windows";
    pe->nt = pe_get32(pe->at + DOS_AT_NT);
    if (pe->nt > size - PE_AT_OPTIONAL || memcmp(pe->at + pe->nt, "PE\0\0", 4) != 0)
        return PE_NO_PROGRAM;
    *why = "it is neither for x86 nor for x86-64";
    pe->machine = (uint16_t)pe_get16(pe->at + pe->nt + 4);
    if (pe->machine != PE_I386 && pe->machine != PE_AMD64)
        return PE_OF_ANOTHER_PROCESSOR;
    *why = check(pe);
    return *why ? PE_CONTRADICTORY : PE_UNDERSTOOD;
}

uint32_t pe_directory_at(const struct pe *pe, unsigned which)
{
    return which < pe->n_directories ? pe->directories + 8 * which : 0;
}

struct pe_span pe_directory(const struct pe *pe, unsigned which)
{
    uint32_t at = pe_directory_at(pe, which);
    struct pe_span none = {0, 0};

    return at ? (struct pe_span){pe_get32(pe->at + at), pe_get32(pe->at + at + 4)} : none;
}

/* ---- Imports -------------------------------------------------------------------------------------------- */

enum pe_found pe_import(const struct pe *pe, uint32_t i, struct pe_import *import)
{
    uint32_t directory = pe_directory(pe, PE_IMPORTS).rva;
    const uint8_t *at;

    if (!directory)
        return PE_END;
    at = i < MOST_DESCRIPTORS ? pe_bytes(pe, directory + i * PE_DESCRIPTOR, PE_DESCRIPTOR) : NULL;
    if (!at)
        return PE_BROKEN;
    *import = (struct pe_import){.names = pe_get32(at),
                                 .stamp = pe_get32(at + 4),
                                 .forwarder = pe_get32(at + 8),
                                 .name = pe_get32(at + 12),
                                 .slots = pe_get32(at + 16)};
    if (!import->name || !import->slots)
        return PE_END;
    import->dll = pe_text(pe, import->name);
    return import->dll ? PE_FOUND : PE_BROKEN;
}

enum pe_found pe_wanted(const struct pe *pe, const struct pe_import *import, uint32_t i, struct pe_wanted *w)
{
    uint32_t list = import->names ? import->names : import->slots;
    const uint8_t *at = i < MOST_WANTED ? pe_bytes(pe, list + i * pe->slot, pe->slot) : NULL;
    uint64_t by_number = pe->wide ? UINT64_C(1) << 63 : UINT64_C(1) << 31;

    if (!at)
        return PE_BROKEN;
    *w = (struct pe_wanted){.word = pe->wide ? pe_get64(at) : pe_get32(at)};
    if (!w->word)
        return PE_END;
    w->number = (unsigned)(w->word & 0xFFFF);
    if (w->word & by_number)
        return PE_FOUND;
    if (w->word > INT32_MAX || !pe_bytes(pe, (uint32_t)w->word, 3))
        return PE_BROKEN;
    w->name = pe_text(pe, (uint32_t)w->word + 2); /* behind the hint */
    return w->name ? PE_FOUND : PE_BROKEN;
}

enum pe_found pe_delayed(const struct pe *pe, uint32_t i, struct pe_import *import)
{
    uint32_t directory = pe_directory(pe, PE_DELAYED_IMPORTS).rva, base;
    const uint8_t *at;

    if (!directory)
        return PE_END;
    at = i < MOST_DESCRIPTORS ? pe_bytes(pe, directory + i * DELAY_DESCRIPTOR, DELAY_DESCRIPTOR) : NULL;
    if (!at)
        return PE_BROKEN;
    if (!pe_get32(at + 4))
        return PE_END;
    /* Old linkers wrote addresses where others write relative ones; 32 bits held both. */
    base = pe_get32(at) & 1 ? 0 : (uint32_t)pe->base;
    *import = (struct pe_import){.name = pe_get32(at + 4) - base,
                                 .slots = pe_get32(at + 12) - base,
                                 .names = pe_get32(at + 16) - base};
    import->dll = pe_text(pe, import->name);
    return import->dll && import->names ? PE_FOUND : PE_BROKEN;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

size_t pe_begins(const char *name, const char *prefix)
{
    size_t n = 0;

    while (prefix[n] && lower(name[n]) == prefix[n])
        n++;
    return prefix[n] ? 0 : n;
}

bool pe_same_dll(const char *name, const char *stem)
{
    size_t n = pe_begins(name, stem);

    return n && (!name[n] || (pe_begins(name + n, ".dll") && !name[n + 4]));
}
