/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_REBIND_IMAGE_H
#define TESTS_REBIND_IMAGE_H

/* Programs for Windows made by hand, and a loader that reads any program the way Windows does. Neither knows the code
 * that is tested. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Making ---------------------------------------------------------------------------------------------- */

/* Where things stand: the same for 32 and 64 bits. Sections: .text, .rdata (read only, with the imports), .data. */
enum {
    IMAGE_NT = 0x80,
    IMAGE_HEADERS = 0x400,
    IMAGE_CODE_RVA = 0x1000,
    IMAGE_CODE_AT = 0x400,
    IMAGE_RDATA_RVA = 0x2000,
    IMAGE_RDATA_AT = 0x600,
    IMAGE_RDATA_SIZE = 0x1000,
    IMAGE_DATA_RVA = 0x3000,
    IMAGE_DATA_AT = 0x1600,
    IMAGE_SIZE = 0x1800,

    IMAGE_SLOTS_RVA = IMAGE_RDATA_RVA + 0x200,
    IMAGE_SLOTS_SIZE = 0x200,
    IMAGE_SPARE_RVA = IMAGE_RDATA_RVA + 0xC00, /* 0x400 bytes that nothing uses */
};

#define IMAGE_FILE_AT(rva) ((rva)-IMAGE_RDATA_RVA + IMAGE_RDATA_AT)

struct image_dll {
    const char *dll;
    const char *names; /* apart by blanks; #5: by number */
};

struct image {
    uint8_t *at;
    size_t size;
    bool wide;
    unsigned slot;
};

/* dlls ends with a row without a name. no_names: the names stand in the slots alone, as Borland's linker has it. */
struct image image_new(bool wide, const struct image_dll *dlls, bool no_names);
void image_free(struct image *image);
/* Adds n bytes at the end. */
void image_append(struct image *image, const void *bytes, size_t n);

void image_put16(struct image *image, size_t at, uint32_t value);
void image_put32(struct image *image, size_t at, uint32_t value);
uint32_t image_get32(const struct image *image, size_t at);

size_t image_optional(const struct image *image, unsigned offset_32, unsigned offset_64);
size_t image_directory(const struct image *image, unsigned which); /* where its entry stands */
void image_set_directory(struct image *image, unsigned which, uint32_t rva, uint32_t size);
size_t image_section(const struct image *image, unsigned i); /* where its header stands */
size_t image_descriptor(unsigned i);
uint32_t image_text(struct image *image, uint32_t rva,
                    const char *text); /* written there; the next free one */

/* ---- Loading --------------------------------------------------------------------------------------------- */

enum { MOST_SLOTS = 600 };

struct loaded {
    uint8_t *at; /* the image in memory */
    size_t size;
    unsigned n;
    struct loaded_slot {
        uint32_t rva;
        char function[120]; /* "ddeml.dll!DdeConnect", DLL in lower case */
    } slots[MOST_SLOTS];
};

/* As it lies in memory before the loader has run; size_more bytes behind it belong to it too. NULL: Windows would not
 * start it. */
struct loaded *image_map(const void *bytes, size_t size, size_t size_more);
/* The loader: fills the slots. false: Windows would not start it, or it would write where it must not. */
bool image_load(struct loaded *l);
void image_unload(struct loaded *l);
/* What stands in the slot at this place; "" if nothing. */
const char *image_slot(const struct loaded *l, uint32_t rva);

#endif
