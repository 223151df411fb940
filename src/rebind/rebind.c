/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "rebind/rebind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char our_dll[] = "ddeml.dll";
static const char our_section[8] = ".ddeml";

const char *rebind_says(enum rebind_result result)
{
    static const char *const texts[] = {
#define REBIND_TEXT(name, says) says,
        REBIND_RESULTS(REBIND_TEXT)
#undef REBIND_TEXT
    };

    return texts[result];
}

static enum rebind_result fail(struct rebind_report *report, enum rebind_result result, const char *detail)
{
    snprintf(report->detail, sizeof report->detail, "%s", detail);
    return result;
}

static uint64_t align(uint64_t n, uint64_t to)
{
    return (n + to - 1) / to * to;
}

static void put32(uint8_t *at, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(n >> 8 * i);
}

static void put64(uint8_t *at, uint64_t n)
{
    put32(at, (uint32_t)n);
    put32(at + 4, (uint32_t)(n >> 32));
}

/* ---- Names ---------------------------------------------------------------------------------------------- */

static bool is_extension(const char *name)
{
    return !strncmp(name, "Ddeml", 5);
}

bool rebind_knows(const char *name)
{
    static const char *const names[] = {
#define DDEML_EXPORT(name, bytes) #name,
#include "ddeml_exports.inc"
#undef DDEML_EXPORT
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i], name))
            return !is_extension(name);
    return false;
}

/* ---- What is not touched -------------------------------------------------------------------------------- */

static enum rebind_result open_image(struct pe *pe, const void *bytes, size_t size, enum pe_layout layout,
                                     struct rebind_report *report)
{
    static const enum rebind_result results[] = {
        [PE_UNDERSTOOD] = REBIND_OK,
        [PE_NO_PROGRAM] = REBIND_NO_PROGRAM,
        [PE_OF_ANOTHER_PROCESSOR] = REBIND_PROCESSOR,
        [PE_CONTRADICTORY] = REBIND_CONTRADICTORY,
    };
    const char *why = NULL;
    enum pe_kind kind;

    *report = (struct rebind_report){.n_names = 0};
    kind = pe_open(pe, bytes, size, layout, &why);
    if (kind == PE_UNDERSTOOD)
        report->machine = pe->machine;
    return fail(report, results[kind], why ? why : "");
}

/* Sections by which packers are known; and code that is not there before the program runs. */
static bool is_packed(const struct pe *pe, struct rebind_report *report)
{
    static const char *const packers[] = {"UPX0",    "UPX1",  ".aspack",  ".MPRESS1", "pec1",
                                          ".petite", ".nsp0", ".themida", ".winlice", ".vmp0"};

    for (unsigned i = 0; i < pe->n_sections; i++) {
        struct pe_section s = pe_section(pe, i);
        bool packed = (s.flags & PE_SECTION_CODE) && !s.size;

        for (size_t p = 0; p < sizeof packers / sizeof *packers; p++)
            packed = packed || !strcmp(s.name, packers[p]);
        if (packed)
            return fail(report, true, s.name);
    }
    return false;
}

/* What the load configuration asks for: a member may lie behind its end. */
static uint32_t configured(const struct pe *pe, uint32_t offset_64, uint32_t offset_32, uint32_t n)
{
    uint32_t rva = pe_directory(pe, PE_LOAD_CONFIG).rva, offset = pe->wide ? offset_64 : offset_32;
    const uint8_t *size = rva ? pe_bytes(pe, rva, 4) : NULL, *at;

    if (!size || pe_get32(size) < offset + n)
        return 0;
    at = pe_bytes(pe, rva, offset + n);
    if (!at)
        return 0;
    return n == 2 ? pe_get16(at + offset) : n == 4 ? pe_get32(at + offset) : pe_get64(at + offset) != 0;
}

static bool is_hybrid(const struct pe *pe)
{
    return configured(pe, 0xC8, 0x7C, pe->slot) != 0; /* CHPEMetadataPointer */
}

/* LOAD_LIBRARY_SEARCH_... for what it imports: is the program's own folder among them? */
static bool is_for_system_dlls(const struct pe *pe)
{
    uint32_t flags = configured(pe, 78, 54, 2); /* DependentLoadFlags */

    return flags && !(flags & (0x0200 | 0x1000));
}

/* ---- Who imports what ----------------------------------------------------------------------------------- */

/* The new directory as it is counted (bytes NULL), then written: descriptors, lists of names, name of the DLL. */
struct directory {
    const struct pe *pe;
    const char *dll;
    uint8_t *bytes;
    uint32_t rva;
    uint32_t n_descriptors, n_words;
    uint32_t lists, name, size; /* offsets, once everything has been counted */
};

static void put_descriptor(struct directory *d, const struct pe_import *import)
{
    uint32_t i = d->n_descriptors++;
    uint8_t *at;

    if (!d->bytes)
        return;
    at = d->bytes + (size_t)i * PE_DESCRIPTOR;
    put32(at, import->names);
    put32(at + 4, import->stamp);
    put32(at + 8, import->forwarder);
    put32(at + 12, import->name);
    put32(at + 16, import->slots);
}

static void put_word(struct directory *d, uint64_t word)
{
    uint32_t i = d->n_words++;
    uint8_t *at;

    if (!d->bytes)
        return;
    at = d->bytes + d->lists + (size_t)i * d->pe->slot;
    put32(at, (uint32_t)word);
    if (d->pe->wide)
        put32(at + 4, (uint32_t)(word >> 32));
}

static bool is_dde(const struct pe_wanted *w)
{
    return w->name && rebind_knows(w->name);
}

/* One descriptor for each run of slots that all want DDE, or all do not. */
static void split(struct directory *d, const struct pe_import *import)
{
    struct pe_wanted w, next;
    uint32_t i = 0;
    bool more = pe_wanted(d->pe, import, 0, &next) == PE_FOUND;

    while (more) {
        struct pe_import piece = {.slots = import->slots + i * d->pe->slot, .name = import->name};

        w = next;
        if (is_dde(&w))
            piece.name = d->rva + d->name;
        piece.names = d->rva + d->lists + d->n_words * d->pe->slot;
        put_descriptor(d, &piece);
        do {
            put_word(d, next.word);
            more = pe_wanted(d->pe, import, ++i, &next) == PE_FOUND;
        } while (more && is_dde(&next) == is_dde(&w));
        put_word(d, 0);
    }
}

/* The imports have been checked before. */
static void fill(struct directory *d)
{
    struct pe_import import;

    d->n_descriptors = d->n_words = 0;
    for (uint32_t i = 0; pe_import(d->pe, i, &import) == PE_FOUND; i++) {
        /* No binding holds any more: the directory that Windows checks it by does not know ddeml.dll. */
        if (import.names)
            import.stamp = import.forwarder = 0;
        if (pe_same_dll(import.dll, "user32"))
            split(d, &import);
        else
            put_descriptor(d, &import);
    }
}

/* false: it would be larger than any program. */
static bool count(struct directory *d, const struct pe *pe, const char *dll)
{
    uint64_t lists, name, size;

    *d = (struct directory){.pe = pe, .dll = dll};
    fill(d);
    lists = align(((uint64_t)d->n_descriptors + 1) * PE_DESCRIPTOR, 8);
    name = lists + (uint64_t)d->n_words * pe->slot;
    size = name + strlen(dll) + 1;
    d->lists = (uint32_t)lists;
    d->name = (uint32_t)name;
    d->size = (uint32_t)size;
    return size <= INT32_MAX;
}

/* bytes are zeros and as many as have been counted. */
static void write_directory(struct directory *d, uint8_t *bytes, uint32_t rva)
{
    d->bytes = bytes;
    d->rva = rva;
    fill(d);
    memcpy(bytes + d->name, d->dll, strlen(d->dll));
}

/* ---- May it be done? ------------------------------------------------------------------------------------ */

/* Where the loader lifts the protection of pages while it fills slots. If the headers do not say, it is the section of
 * the directory of imports: that directory is going to stand elsewhere, so from now on they say. */
static struct pe_span slots_of(const struct pe *pe)
{
    struct pe_span span = pe_directory(pe, PE_SLOTS);
    struct pe_section s;

    if (!pe_directory_at(pe, PE_SLOTS))
        return (struct pe_span){0, 0};
    if ((!span.rva || !span.size) && pe_section_of(pe, pe_directory(pe, PE_IMPORTS).rva, PE_DESCRIPTOR, &s))
        return (struct pe_span){s.rva, s.extent};
    return span;
}

static enum rebind_result check_slots(const struct pe *pe, const struct pe_import *import, uint32_t n)
{
    struct pe_span span = slots_of(pe);
    struct pe_section s;

    if (!pe_section_of(pe, import->slots, (n + 1) * pe->slot, &s))
        return REBIND_IMPORTS;
    if (s.flags & PE_SECTION_WRITABLE)
        return REBIND_OK;
    if (import->slots < span.rva || (uint64_t)import->slots + n * pe->slot > (uint64_t)span.rva + span.size)
        return REBIND_READ_ONLY;
    return REBIND_OK;
}

/* The names that are wanted of user32.dll, or of a set of names that stands for it. */
static enum rebind_result check_names(const struct pe *pe, const struct pe_import *import, bool user32,
                                      uint32_t *n, struct rebind_report *report)
{
    struct pe_wanted w;
    enum pe_found found;

    for (*n = 0; (found = pe_wanted(pe, import, *n, &w)) == PE_FOUND; ++*n) {
        if (!w.name && user32) {
            snprintf(report->detail, sizeof report->detail, "number %u", w.number);
            return REBIND_NUMBER;
        }
        if (is_dde(&w) && !user32)
            return fail(report, REBIND_API_SET, w.name);
        if (is_dde(&w))
            report->n_names++;
        else if (w.name && user32 && !strncmp(w.name, "Dde", 3))
            return fail(report, REBIND_UNKNOWN_NAME, w.name);
    }
    return found == PE_END ? REBIND_OK : fail(report, REBIND_IMPORTS, import->dll);
}

/* all: names that are wanted of user32.dll, of all descriptors. They have places of their own: lists that overlap
 * would make the new directory larger than the program is. */
static enum rebind_result check_import(const struct pe *pe, const struct pe_import *import, uint64_t *all,
                                       struct rebind_report *report)
{
    bool user32 = pe_same_dll(import->dll, "user32");
    bool api_set = pe_begins(import->dll, "api-ms-") || pe_begins(import->dll, "ext-ms-");
    enum rebind_result result;
    uint32_t n = 0;

    if (pe_same_dll(import->dll, "ddeml"))
        return REBIND_LINKED;
    if (import->stamp && !import->names && (user32 || import->stamp == UINT32_MAX))
        return fail(report, REBIND_BOUND, import->dll);
    report->bound = report->bound || import->stamp;
    if (!user32 && !api_set)
        return REBIND_OK;
    result = check_names(pe, import, user32, &n, report);
    if (result == REBIND_OK && user32) {
        *all += n;
        result = *all * pe->slot <= pe->size ? check_slots(pe, import, n) : REBIND_IMPORTS;
        if (result != REBIND_OK)
            return fail(report, result, import->dll);
    }
    return result;
}

static enum rebind_result check_imports(const struct pe *pe, struct rebind_report *report)
{
    enum rebind_result result = REBIND_OK;
    struct pe_import import;
    enum pe_found found;
    uint64_t all = 0;

    report->bound = pe_directory(pe, PE_BOUND_IMPORTS).rva != 0;
    for (uint32_t i = 0; (found = pe_import(pe, i, &import)) == PE_FOUND; i++) {
        result = check_import(pe, &import, &all, report);
        if (result != REBIND_OK)
            return result;
    }
    return found == PE_END ? REBIND_OK : fail(report, REBIND_IMPORTS, "the list of DLLs");
}

/* Code of the program resolves them, and hands the address of its descriptor around: nothing can be split. */
static enum rebind_result check_delayed(const struct pe *pe, struct rebind_report *report)
{
    struct rebind_report there = {.n_names = 0};
    enum rebind_result result;
    struct pe_import import;
    enum pe_found found;
    uint32_t n;

    for (uint32_t i = 0; (found = pe_delayed(pe, i, &import)) == PE_FOUND; i++) {
        if (!pe_same_dll(import.dll, "user32"))
            continue;
        result = check_names(pe, &import, true, &n, &there);
        if (result != REBIND_OK)
            return fail(report, result, there.detail);
        if (there.n_names)
            return REBIND_DELAYED;
    }
    return found == PE_END ? REBIND_OK : fail(report, REBIND_IMPORTS, "the list of delayed DLLs");
}

static enum rebind_result check_program(const struct pe *pe, struct rebind_report *report)
{
    enum rebind_result result;

    if (pe_directory(pe, PE_DOTNET).rva)
        return REBIND_DOTNET;
    if (is_packed(pe, report))
        return REBIND_PACKED;
    result = check_imports(pe, report);
    if (result == REBIND_OK)
        result = check_delayed(pe, report);
    if (result != REBIND_OK)
        return result;
    if (!report->n_names)
        return REBIND_NOTHING;
    if (is_hybrid(pe))
        return REBIND_HYBRID;
    return REBIND_OK;
}

/* ---- Headers -------------------------------------------------------------------------------------------- */

static void add_patch(struct rebind_memory *m, uint32_t rva, uint32_t value)
{
    m->patches[m->n_patches++] = (struct rebind_patch){rva, value};
}

static void patch_directory(struct rebind_memory *m, const struct pe *pe, unsigned which, struct pe_span span)
{
    uint32_t at = pe_directory_at(pe, which);

    if (at) {
        add_patch(m, at, span.rva);
        add_patch(m, at + 4, span.size);
    }
}

/* What both ways have in common: the headers lead the loader to the new directory. */
static void patch_directories(struct rebind_memory *m, const struct directory *d, uint32_t rva)
{
    uint32_t n = (d->n_descriptors + 1) * PE_DESCRIPTOR;

    m->n_patches = 0;
    patch_directory(m, d->pe, PE_IMPORTS, (struct pe_span){rva, n});
    patch_directory(m, d->pe, PE_SLOTS, slots_of(d->pe));
    patch_directory(m, d->pe, PE_BOUND_IMPORTS, (struct pe_span){0, 0});
}

/* ---- The note: what is needed to go back ---------------------------------------------------------------- */

/* It begins our section; the saved headers follow it, then the directory. */
static const char note_magic[16] = "ddeml-rebind 1\r\n";

enum {
    NOTE_AT_SIZE = 16, /* of the original file    */
    NOTE_AT_DIGEST = 24,
    NOTE_AT_HEAD = 32, /* which bytes were saved  */
    NOTE_AT_HEAD_SIZE = 36,
    NOTE_AT_DIRECTORY = 40, /* in the section */
    NOTE_SIZE = 48
};

struct note {
    struct pe_section section;
    uint64_t size, digest;
    uint32_t head, head_size;
};

/* FNV-1a: tells apart what was changed by accident. */
static uint64_t digest_of(const uint8_t *bytes, size_t n)
{
    uint64_t digest = UINT64_C(0xCBF29CE484222325);

    for (size_t i = 0; i < n; i++)
        digest = (digest ^ bytes[i]) * UINT64_C(0x100000001B3);
    return digest;
}

static bool read_note(const struct pe *pe, struct note *note)
{
    struct pe_section s = pe_section(pe, pe->n_sections - 1);
    const uint8_t *at = pe_bytes(pe, s.rva, NOTE_SIZE);

    if (memcmp(s.name, our_section, sizeof our_section) != 0 || !at ||
        memcmp(at, note_magic, sizeof note_magic) != 0)
        return false;
    *note = (struct note){.section = s,
                          .size = pe_get64(at + NOTE_AT_SIZE),
                          .digest = pe_get64(at + NOTE_AT_DIGEST),
                          .head = pe_get32(at + NOTE_AT_HEAD),
                          .head_size = pe_get32(at + NOTE_AT_HEAD_SIZE)};
    return true;
}

/* ---- On disk -------------------------------------------------------------------------------------------- */

static size_t end_of_sections(const struct pe *pe)
{
    size_t end = pe->header_size;

    for (unsigned i = 0; i < pe->n_sections; i++) {
        struct pe_section s = pe_section(pe, i);

        if (s.size && (size_t)s.at + s.size > end)
            end = (size_t)s.at + s.size;
    }
    return end;
}

/* The table of symbols of some linkers stands behind the sections, and the headers say where. Zeros may follow it. */
static bool is_symbol_table(const struct pe *pe, size_t from)
{
    size_t at = pe_get32(pe->at + pe->nt + PE_AT_SYMBOLS);
    uint64_t texts = at + UINT64_C(18) * pe_get32(pe->at + pe->nt + PE_AT_N_SYMBOLS), end;

    if (at != from || texts + 4 > pe->size)
        return false;
    end = texts + pe_get32(pe->at + texts);
    while (end < pe->size && !pe->at[end])
        end++;
    return end == pe->size;
}

static bool has_room(const struct pe *pe)
{
    uint32_t end = pe->sections + pe->n_sections * PE_SECTION_HEADER;
    struct pe_span bound = pe_directory(pe, PE_BOUND_IMPORTS);

    if (pe->n_sections == PE_MOST_SECTIONS || pe->header_size - end < PE_SECTION_HEADER)
        return false;
    /* What binding put there goes together with it. */
    for (uint32_t i = end; i < end + PE_SECTION_HEADER; i++)
        if (pe->at[i] && !(i >= bound.rva && i - bound.rva < bound.size))
            return false;
    return true;
}

static enum rebind_result look(struct pe *pe, const void *bytes, size_t size, unsigned options,
                               struct rebind_report *report)
{
    enum rebind_result result = open_image(pe, bytes, size, PE_FILE, report);
    struct note note;
    size_t end;

    if (result != REBIND_OK)
        return result;
    if (read_note(pe, &note))
        return REBIND_REBOUND;
    result = check_program(pe, report);
    if (result != REBIND_OK)
        return result;
    if (is_for_system_dlls(pe))
        return REBIND_SYSTEM_ONLY;
    report->is_signed = pe_directory(pe, PE_CERTIFICATES).rva || pe_directory(pe, PE_CERTIFICATES).size;
    if (report->is_signed && !(options & REBIND_DROP_SIGNATURE))
        return REBIND_SIGNED;
    if (!has_room(pe))
        return REBIND_NO_ROOM;
    end = end_of_sections(pe);
    if (end < size && !report->is_signed && !is_symbol_table(pe, end))
        report->behind = (uint32_t)(size - end);
    return REBIND_OK;
}

/* The sum of all 16-bit words with the carries added, and the size. */
static uint32_t checksum_of(const uint8_t *bytes, size_t size, size_t at)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < size; i += 2) {
        uint32_t word = bytes[i] | (i + 1 < size ? (uint32_t)bytes[i + 1] << 8 : 0);

        sum += i == at || i == at + 2 ? 0 : word;
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return sum + (uint32_t)size;
}

static void add32(uint8_t *at, uint32_t n)
{
    put32(at, pe_get32(at) + n);
}

static void write_note(const struct pe *pe, uint8_t *at, uint32_t head_size, uint32_t directory)
{
    memcpy(at, note_magic, sizeof note_magic);
    put64(at + NOTE_AT_SIZE, pe->size);
    put64(at + NOTE_AT_DIGEST, digest_of(pe->at, pe->size));
    put32(at + NOTE_AT_HEAD, pe->nt);
    put32(at + NOTE_AT_HEAD_SIZE, head_size);
    put32(at + NOTE_AT_DIRECTORY, directory);
    memcpy(at + NOTE_SIZE, pe->at + pe->nt, head_size);
}

static void write_headers(const struct pe *pe, const struct directory *d, const struct pe_section *s,
                          uint32_t directory, uint8_t *out)
{
    uint8_t *header = out + pe->sections + (size_t)pe->n_sections * PE_SECTION_HEADER, *nt = out + pe->nt;
    struct pe_span none = {0, 0};
    struct rebind_memory m = {.n_patches = 0};

    memset(header, 0, PE_SECTION_HEADER);
    memcpy(header, our_section, sizeof our_section);
    put32(header + 8, s->extent);
    put32(header + 12, s->rva);
    put32(header + 16, s->size);
    put32(header + 20, s->at);
    put32(header + 36, s->flags);
    add32(nt + PE_AT_N_SECTIONS, 1); /* 16 bits, of which few are used: nothing is carried */
    add32(nt + PE_AT_DATA_SIZE, s->size);
    put32(nt + PE_AT_IMAGE_SIZE, (uint32_t)align((uint64_t)s->rva + s->extent, pe->section_alignment));
    patch_directories(&m, d, s->rva + directory);
    for (unsigned i = 0; i < m.n_patches; i++)
        put32(out + m.patches[i].rva, m.patches[i].value);
    if (pe_directory(pe, PE_CERTIFICATES).rva) {
        put32(out + pe_directory_at(pe, PE_CERTIFICATES), none.rva);
        put32(out + pe_directory_at(pe, PE_CERTIFICATES) + 4, none.size);
    }
}

enum rebind_result rebind_look(const void *bytes, size_t size, unsigned options, struct rebind_report *report)
{
    struct rebind_bytes original;
    struct pe pe;
    enum rebind_result result = look(&pe, bytes, size, options, report);

    if (result != REBIND_REBOUND)
        return result;
    result = rebind_undo(bytes, size, &original, report);
    if (result != REBIND_OK)
        return result;
    free(original.at);
    return REBIND_REBOUND;
}

enum rebind_result rebind_file(const void *bytes, size_t size, unsigned options, struct rebind_bytes *out,
                               struct rebind_report *report)
{
    struct directory d;
    struct pe pe;
    enum rebind_result result = look(&pe, bytes, size, options, report);
    struct pe_section s = {.flags = PE_SECTION_DATA | PE_SECTION_READABLE};
    uint32_t head_size, directory;
    uint64_t whole;

    if (result != REBIND_OK)
        return result;
    if (!count(&d, &pe, our_dll))
        return fail(report, REBIND_NO_ROOM, "it would be larger than 2 GiB");
    head_size = pe.sections + (pe.n_sections + 1) * PE_SECTION_HEADER - pe.nt;
    directory = (uint32_t)align(NOTE_SIZE + head_size, 8);
    s.extent = directory + d.size; /* less than 4 GiB */
    s.size = (uint32_t)align(s.extent, pe.file_alignment);
    s.rva = (uint32_t)align(pe.image_size, pe.section_alignment);
    whole = align(size, pe.file_alignment) + s.size;
    if (whole > INT32_MAX || (uint64_t)s.rva + s.extent + pe.section_alignment > INT32_MAX)
        return fail(report, REBIND_NO_ROOM, "it would be larger than 2 GiB");
    s.at = (uint32_t)whole - s.size;

    out->size = (size_t)whole;
    out->at = calloc(1, out->size);
    if (!out->at)
        return REBIND_NO_MEMORY;
    memcpy(out->at, bytes, size);
    write_note(&pe, out->at + s.at, head_size, directory);
    write_directory(&d, out->at + s.at + directory, s.rva + directory);
    write_headers(&pe, &d, &s, directory, out->at);
    if (pe_get32(pe.at + pe.nt + PE_AT_CHECKSUM)) /* most linkers leave it out, and nobody looks at it then */
        put32(out->at + pe.nt + PE_AT_CHECKSUM, checksum_of(out->at, out->size, pe.nt + PE_AT_CHECKSUM));
    return REBIND_OK;
}

enum rebind_result rebind_undo(const void *bytes, size_t size, struct rebind_bytes *out,
                               struct rebind_report *report)
{
    struct pe pe;
    struct note note;
    enum rebind_result result = open_image(&pe, bytes, size, PE_FILE, report);
    const uint8_t *saved;

    if (result != REBIND_OK)
        return result;
    if (!read_note(&pe, &note))
        return REBIND_NOT_REBOUND;
    if (size != (size_t)note.section.at + note.section.size)
        return fail(report, REBIND_CHANGED, "it has another size");
    saved = note.head_size <= size ? pe_bytes(&pe, note.section.rva, NOTE_SIZE + note.head_size) : NULL;
    if (!saved || note.size > note.section.at || note.head_size > note.size ||
        note.head > note.size - note.head_size)
        return fail(report, REBIND_CHANGED, "the note in it contradicts itself");

    out->size = (size_t)note.size;
    out->at = malloc(out->size ? out->size : 1);
    if (!out->at)
        return REBIND_NO_MEMORY;
    memcpy(out->at, bytes, out->size);
    memcpy(out->at + note.head, saved + NOTE_SIZE, note.head_size);
    if (digest_of(out->at, out->size) == note.digest)
        return REBIND_OK;
    free(out->at);
    *out = (struct rebind_bytes){NULL, 0};
    return fail(report, REBIND_CHANGED, "what would come out is not the original");
}

/* ---- In memory ------------------------------------------------------------------------------------------ */

enum rebind_result rebind_mapped(const void *image, size_t size, const char *dll, uint32_t rva,
                                 struct rebind_memory *out, struct rebind_report *report)
{
    struct directory d;
    struct pe pe;
    struct note note;
    enum rebind_result result = open_image(&pe, image, size, PE_MAPPED, report);

    if (result != REBIND_OK)
        return result;
    if (read_note(&pe, &note))
        return REBIND_REBOUND;
    result = check_program(&pe, report);
    if (result != REBIND_OK)
        return result;
    if (!count(&d, &pe, dll))
        return fail(report, REBIND_NO_ROOM, "it would be larger than 2 GiB");
    out->directory = (struct rebind_bytes){calloc(1, d.size), d.size};
    if (!out->directory.at)
        return REBIND_NO_MEMORY;
    write_directory(&d, out->directory.at, rva);
    patch_directories(out, &d, rva);
    return REBIND_OK;
}
