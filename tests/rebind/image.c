/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "rebind/image.h"

#include "support/support.h"

#include <stdlib.h>

/* ---- Numbers --------------------------------------------------------------------------------------------- */

static uint32_t get16(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8;
}

static uint32_t get32(const uint8_t *at)
{
    return get16(at) | get16(at + 2) << 16;
}

void image_put16(struct image *image, size_t at, uint32_t value)
{
    assert_true(at + 2 <= image->size);
    image->at[at] = (uint8_t)value;
    image->at[at + 1] = (uint8_t)(value >> 8);
}

void image_put32(struct image *image, size_t at, uint32_t value)
{
    image_put16(image, at, value & 0xFFFF);
    image_put16(image, at + 2, value >> 16);
}

uint32_t image_get32(const struct image *image, size_t at)
{
    assert_true(at + 4 <= image->size);
    return get32(image->at + at);
}

/* ---- Making ---------------------------------------------------------------------------------------------- */

size_t image_optional(const struct image *image, unsigned offset_32, unsigned offset_64)
{
    return IMAGE_NT + 24 + (image->wide ? offset_64 : offset_32);
}

size_t image_directory(const struct image *image, unsigned which)
{
    return image_optional(image, 96, 112) + 8 * which;
}

void image_set_directory(struct image *image, unsigned which, uint32_t rva, uint32_t size)
{
    image_put32(image, image_directory(image, which), rva);
    image_put32(image, image_directory(image, which) + 4, size);
}

size_t image_section(const struct image *image, unsigned i)
{
    return image_directory(image, 16) + 40 * i;
}

size_t image_descriptor(unsigned i)
{
    return IMAGE_RDATA_AT + 20 * i;
}

uint32_t image_text(struct image *image, uint32_t rva, const char *text)
{
    size_t n = strlen(text) + 1;

    memcpy(image->at + IMAGE_FILE_AT(rva), text, n);
    return (uint32_t)(rva + n + 1) & ~1u;
}

static void put_section(struct image *image, unsigned i, const char *name, const uint32_t facts[5])
{
    size_t at = image_section(image, i);

    memcpy(image->at + at, name, strlen(name));
    for (unsigned f = 0; f < 4; f++)
        image_put32(image, at + 8 + 4 * f, facts[f]);
    image_put32(image, at + 36, facts[4]);
}

static void put_headers(struct image *image)
{
    static const uint32_t code[] = {0x200, IMAGE_CODE_RVA, 0x200, IMAGE_CODE_AT, 0x60000020},
                          rdata[] = {0x1000, IMAGE_RDATA_RVA, IMAGE_RDATA_SIZE, IMAGE_RDATA_AT, 0x40000040},
                          data[] = {0x900, IMAGE_DATA_RVA, 0x200, IMAGE_DATA_AT, 0xC0000040};

    memcpy(image->at, "MZ", 2);
    image_put32(image, 60, IMAGE_NT);
    memcpy(image->at + IMAGE_NT, "PE\0", 4);
    image_put16(image, IMAGE_NT + 4, image->wide ? 0x8664 : 0x14C);
    image_put16(image, IMAGE_NT + 6, 3);
    image_put16(image, IMAGE_NT + 20, image->wide ? 240 : 224);
    image_put16(image, IMAGE_NT + 22, 0x102);
    image_put16(image, IMAGE_NT + 24, image->wide ? 0x20B : 0x10B);
    image_put32(image, IMAGE_NT + 24 + 16, IMAGE_CODE_RVA);
    image_put32(image, image_optional(image, 28, 24), 0x400000);
    image_put32(image, IMAGE_NT + 24 + 32, 0x1000);
    image_put32(image, IMAGE_NT + 24 + 36, 0x200);
    image_put32(image, IMAGE_NT + 24 + 56, 0x4000);
    image_put32(image, IMAGE_NT + 24 + 60, IMAGE_HEADERS);
    image_put32(image, image_optional(image, 92, 108), 16);
    put_section(image, 0, ".text", code);
    put_section(image, 1, ".rdata", rdata);
    put_section(image, 2, ".data", data);
}

static void put_slot(struct image *image, uint32_t rva, unsigned i, uint32_t low, uint32_t high)
{
    size_t at = IMAGE_FILE_AT(rva) + (size_t)i * image->slot;

    image_put32(image, at, low);
    if (image->wide)
        image_put32(image, at + 4, high);
}

/* Descriptors at the beginning of .rdata, the slots at IMAGE_SLOTS_RVA, the lists 0x200 behind them, then texts. */
struct image image_new(bool wide, const struct image_dll *dlls, bool no_names)
{
    struct image image = {calloc(1, IMAGE_SIZE), IMAGE_SIZE, wide, wide ? 8 : 4};
    uint32_t slots = IMAGE_SLOTS_RVA, text = IMAGE_SLOTS_RVA + 2 * IMAGE_SLOTS_SIZE;
    unsigned d = 0;

    assert_non_null(image.at);
    for (size_t i = IMAGE_CODE_AT; i < IMAGE_RDATA_AT; i++)
        image.at[i] = (uint8_t)(i * 7);
    put_headers(&image);
    image_set_directory(&image, 12, IMAGE_SLOTS_RVA, IMAGE_SLOTS_SIZE);
    for (; dlls[d].dll; d++) {
        char *names = strdup(dlls[d].names), *name;
        unsigned n = 0;

        image_put32(&image, image_descriptor(d), no_names ? 0 : slots + IMAGE_SLOTS_SIZE);
        image_put32(&image, image_descriptor(d) + 12, text);
        image_put32(&image, image_descriptor(d) + 16, slots);
        text = image_text(&image, text, dlls[d].dll);
        assert_non_null(names);
        for (name = strtok(names, " "); name; name = strtok(NULL, " "), n++) {
            bool number = *name == '#';
            uint32_t low = number ? (uint32_t)atoi(name + 1) : text, high = 0;

            if (number && wide)
                high = 0x80000000;
            else if (number)
                low |= 0x80000000;
            put_slot(&image, slots, n, low, high);
            if (!no_names)
                put_slot(&image, slots + IMAGE_SLOTS_SIZE, n, low, high);
            if (!number)
                text = image_text(&image, text + 2, name);
        }
        free(names);
        slots += (n + 1) * image.slot;
    }
    assert_true(slots <= IMAGE_SLOTS_RVA + IMAGE_SLOTS_SIZE && text <= IMAGE_SPARE_RVA);
    image_set_directory(&image, 1, IMAGE_RDATA_RVA, 20 * (d + 1));
    return image;
}

void image_free(struct image *image)
{
    free(image->at);
    image->at = NULL;
}

void image_append(struct image *image, const void *bytes, size_t n)
{
    image->at = realloc(image->at, image->size + n);
    assert_non_null(image->at);
    memcpy(image->at + image->size, bytes, n);
    image->size += n;
}

/* ---- Loading --------------------------------------------------------------------------------------------- */

static const uint8_t *nt_of(const uint8_t *bytes)
{
    return bytes + get32(bytes + 60);
}

static uint32_t aligned(uint32_t n, uint32_t to)
{
    return (n + to - 1) / to * to;
}

static const uint8_t *directory(const uint8_t *bytes, unsigned which)
{
    const uint8_t *nt = nt_of(bytes);

    return nt + 24 + (get16(nt + 24) == 0x20B ? 112 : 96) + 8 * which;
}

static const uint8_t *section(const uint8_t *bytes, unsigned i)
{
    const uint8_t *nt = nt_of(bytes);

    return nt + 24 + get16(nt + 20) + 40 * i;
}

struct loaded *image_map(const void *bytes, size_t size, size_t size_more)
{
    const uint8_t *from = bytes, *nt = nt_of(from);
    uint32_t unit = get32(nt + 24 + 32), next = aligned(get32(nt + 24 + 60), unit),
             whole = get32(nt + 24 + 56);
    struct loaded *l = calloc(1, sizeof *l);

    assert_non_null(l);
    l->size = aligned(whole, unit) + size_more;
    l->at = calloc(1, l->size);
    assert_non_null(l->at);
    memcpy(l->at, from, get32(nt + 24 + 60));
    for (unsigned i = 0; i < get16(nt + 6); i++) {
        const uint8_t *s = section(from, i);
        uint32_t n = get32(s + 16), room = aligned(get32(s + 8), unit);

        if (get32(s + 12) != next || (n && (get32(s + 20) % 512 || get32(s + 20) + (uint64_t)n > size))) {
            image_unload(l);
            return NULL;
        }
        memcpy(l->at + next, from + get32(s + 20), n < room ? n : room);
        next += room;
    }
    if (next == aligned(whole, unit))
        return l;
    image_unload(l);
    return NULL;
}

/* Pages that may be written, and those that the loader unprotects: what the directory of slots says, or else the
 * section of the directory of imports. */
static bool may_write(const struct loaded *l, uint32_t rva)
{
    const uint8_t *nt = nt_of(l->at), *slots = directory(l->at, 12);
    uint32_t imports = get32(directory(l->at, 1)), from = get32(slots), n = get32(slots + 4);

    for (unsigned i = 0; i < get16(nt + 6); i++) {
        const uint8_t *s = section(l->at, i);
        uint32_t begin = get32(s + 12), end = begin + aligned(get32(s + 8), 0x1000);

        if (rva >= begin && rva < end && get32(s + 36) & 0x80000000)
            return true;
        if (!from && imports >= begin && imports < end)
            return rva >= begin && rva < end;
    }
    return rva >= from && rva - from < n;
}

static bool fill(struct loaded *l, const uint8_t *descriptor, unsigned width)
{
    uint32_t names = get32(descriptor), slots = get32(descriptor + 16), list = names ? names : slots;
    const char *dll = (char *)l->at + get32(descriptor + 12);

    for (unsigned i = 0;; i++) {
        const uint8_t *word = l->at + list + (size_t)i * width;
        uint32_t low = get32(word), high = width == 8 ? get32(word + 4) : low;
        struct loaded_slot *slot = &l->slots[l->n];

        if (!low && !high)
            return true;
        if (l->n == MOST_SLOTS || !may_write(l, slots + i * width))
            return false;
        slot->rva = slots + i * width;
        if (high & 0x80000000)
            snprintf(slot->function, sizeof slot->function, "%s!#%u", dll, low & 0xFFFF);
        else
            snprintf(slot->function, sizeof slot->function, "%s!%s", dll, (char *)l->at + low + 2);
        for (char *c = slot->function; *c && *c != '!'; c++)
            *c |= *c >= 'A' && *c <= 'Z' ? 0x20 : 0;
        l->n++;
    }
}

bool image_load(struct loaded *l)
{
    unsigned width = get16(nt_of(l->at) + 24) == 0x20B ? 8 : 4;
    const uint8_t *descriptor = l->at + get32(directory(l->at, 1));

    l->n = 0;
    for (; get32(descriptor + 12) && get32(descriptor + 16); descriptor += 20)
        if (!fill(l, descriptor, width))
            return false;
    return true;
}

void image_unload(struct loaded *l)
{
    free(l->at);
    free(l);
}

const char *image_slot(const struct loaded *l, uint32_t rva)
{
    for (unsigned i = 0; i < l->n; i++)
        if (l->slots[i].rva == rva)
            return l->slots[i].function;
    return "";
}
