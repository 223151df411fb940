/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The door of ddeml-rebind: programs for Windows. One is made by hand (rebind/image.h), then any of its bytes are
 * changed, and its end is cut off or added to. What can be rebound has to come back byte for byte; what has been
 * rebound, and was changed since, is hostile as well; and so is what lies in memory. */

#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "rebind/image.h"
#include "rebind/rebind.h"

enum { MAPPED_SIZE = 0x5000, MOST_TAIL = 64 };

static const struct image_dll usual[] = {
    {"KERNEL32.dll", "ExitProcess"},
    {"USER32.dll", "SetTimer DdeConnect DdeDisconnect KillTimer DdeGetData"},
    {NULL, NULL}};
static const struct image_dll twice[] = {{"user32.dll", "DdeConnect SetTimer"},
                                         {"kernel32.dll", "Sleep #5"},
                                         {"User32", "KillTimer DdeDisconnect"},
                                         {NULL, NULL}};
static const struct image_dll numbered[] = {{"USER32.dll", "#17 DdeConnect"}, {NULL, NULL}};
static const struct image_dll linked[] = {
    {"ddeml.dll", "DdeConnect"}, {"USER32.dll", "SetTimer"}, {NULL, NULL}};
static const struct image_dll none[] = {{NULL, NULL}};
static const struct image_dll *const all[] = {usual, twice, numbered, linked, none};

/* Places that mean something, or any. */
static size_t any_place(size_t size)
{
    static const struct {
        uint16_t from, n;
    } parts[] = {
        {0, 64},                         /* the old header     */
        {IMAGE_NT, 24},                  /* the header         */
        {IMAGE_NT + 24, 112},            /* the optional one   */
        {IMAGE_NT + 24 + 96, 144},       /* its directories    */
        {IMAGE_NT + 24 + 224, 136},      /* sections           */
        {IMAGE_RDATA_AT, 100},           /* descriptors        */
        {IMAGE_RDATA_AT + 0x200, 0x80},  /* slots              */
        {IMAGE_RDATA_AT + 0x400, 0x80},  /* lists              */
        {IMAGE_RDATA_AT + 0x600, 0x100}, /* names              */
    };
    unsigned part = fuzz_below(16);
    size_t place =
        part < sizeof parts / sizeof *parts ? parts[part].from + fuzz_word() % parts[part].n : fuzz_word();

    return size ? place % size : 0;
}

static void change(uint8_t *bytes, size_t size)
{
    size_t at = any_place(size);
    uint64_t value = fuzz_below(4) ? fuzz_word() : fuzz_number();
    unsigned width = 1u << fuzz_below(4);

    for (unsigned i = 0; i < width && at + i < size; i++)
        bytes[at + i] = (uint8_t)(value >> 8 * i);
}

/* In a piece of the heap of its size: reading beyond it is found. */
static uint8_t *exactly(const void *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    fuzz_assert(copy);
    memcpy(copy, bytes, size);
    return copy;
}

static void undo_changed(const struct rebind_bytes *bytes)
{
    uint8_t *copy = exactly(bytes->at, bytes->size);
    struct rebind_report report;
    struct rebind_bytes out;

    for (unsigned n = 1 + fuzz_below(4); n; n--)
        change(copy, bytes->size);
    if (rebind_undo(copy, bytes->size - fuzz_below(3), &out, &report) == REBIND_OK)
        free(out.at);
    free(copy);
}

static void on_disk(const uint8_t *bytes, size_t size, unsigned options)
{
    struct rebind_report report, again;
    enum rebind_result looks = rebind_look(bytes, size, options, &report);
    struct rebind_bytes out, back;

    fuzz_assert(memchr(report.detail, '\0', sizeof report.detail));
    if (looks == REBIND_REBOUND) {
        fuzz_assert(rebind_undo(bytes, size, &out, &report) == REBIND_OK);
        free(out.at);
        return;
    }
    fuzz_assert(rebind_file(bytes, size, options, &out, &again) == looks);
    if (looks != REBIND_OK)
        return;
    fuzz_assert(rebind_look(out.at, out.size, options, &again) == REBIND_REBOUND);
    fuzz_assert(rebind_file(out.at, out.size, options, &back, &again) == REBIND_REBOUND);
    fuzz_assert(rebind_undo(out.at, out.size, &back, &again) == REBIND_OK);
    if (!(options & REBIND_DROP_SIGNATURE && report.is_signed))
        fuzz_assert(back.size == size && !memcmp(back.at, bytes, size));
    free(back.at);
    undo_changed(&out);
    free(out.at);
}

static void in_memory(const struct image *image)
{
    uint8_t *mapped = calloc(1, MAPPED_SIZE);
    struct rebind_report report;
    struct rebind_memory out;
    size_t size = MAPPED_SIZE - fuzz_below(2) * (size_t)fuzz_word() % MAPPED_SIZE;

    fuzz_assert(mapped);
    memcpy(mapped, image->at, IMAGE_HEADERS);
    memcpy(mapped + IMAGE_CODE_RVA, image->at + IMAGE_CODE_AT, IMAGE_RDATA_AT - IMAGE_CODE_AT);
    memcpy(mapped + IMAGE_RDATA_RVA, image->at + IMAGE_RDATA_AT, IMAGE_RDATA_SIZE);
    memcpy(mapped + IMAGE_DATA_RVA, image->at + IMAGE_DATA_AT, IMAGE_SIZE - IMAGE_DATA_AT);
    while (fuzz_more())
        change(mapped, MAPPED_SIZE);
    {
        uint8_t *exact = exactly(mapped, size);

        if (rebind_mapped(exact, size, "C:\\Programs\\ddeml.dll", (uint32_t)fuzz_number(), &out, &report) ==
            REBIND_OK) {
            fuzz_assert(out.n_patches <= REBIND_MOST_PATCHES);
            for (unsigned i = 0; i < out.n_patches; i++)
                fuzz_assert(out.patches[i].rva + (uint64_t)4 <= size);
            free(out.directory.at);
        }
        free(exact);
    }
    free(mapped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image image;
    unsigned how;
    char tail[MOST_TAIL];

    fuzz_begin(data, size, NULL);
    how = fuzz_byte();
    image = image_new(how & 1, all[(how >> 3) % (sizeof all / sizeof *all)], how & 2);
    if (how & 4) {
        in_memory(&image);
    } else {
        unsigned options = fuzz_below(2) ? REBIND_DROP_SIGNATURE : 0, more = fuzz_below(MOST_TAIL);
        size_t cut = fuzz_below(8) ? 0 : fuzz_word() % (image.size + 1);
        uint8_t *exact;

        image_append(&image, tail, fuzz_bytes(tail, more));
        for (unsigned n = fuzz_below(32); n && fuzz_more(); n--)
            change(image.at, image.size);
        exact = exactly(image.at, image.size - cut);
        on_disk(exact, image.size - cut, options);
        free(exact);
    }
    image_free(&image);
    fuzz_end();
    return 0;
}
