/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Rebinding bytes: programs made by hand, and real ones whose paths are the arguments. What comes out is judged by a
 * loader of the tests' own, and by going back. */

#include "support/support.h"

#include "rebind/image.h"
#include "rebind/rebind.h"

#include <stdlib.h>

static const struct image_dll usual[] = {
    {"KERNEL32.dll", "ExitProcess GetModuleHandleA"},
    {"USER32.dll", "GetMessageA DdeConnect DdeDisconnect SetTimer PackDDElParam"},
    {"msvcrt.dll", "#7 puts"},
    {NULL, NULL},
};

static char **paths; /* of real programs */

/* ---- Helpers --------------------------------------------------------------------------------------------- */

/* A copy at the end of a block of its size: the sanitizers see the first byte too many. */
static uint8_t *exactly(const void *bytes, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);

    assert_non_null(copy);
    memcpy(copy, bytes, n);
    return copy;
}

static struct loaded *load(const void *bytes, size_t size)
{
    struct loaded *l = image_map(bytes, size, 0);

    assert_non_null(l);
    assert_true(image_load(l));
    return l;
}

static struct rebind_bytes rebound(const struct image *image, unsigned options)
{
    struct rebind_report report;
    struct rebind_bytes out;

    assert_string_equal(rebind_says(rebind_file(image->at, image->size, options, &out, &report)),
                        rebind_says(REBIND_OK));
    return out;
}

static void goes_back_to(const struct rebind_bytes *bytes, const void *original, size_t size)
{
    struct rebind_report report;
    struct rebind_bytes out;

    assert_int_equal(rebind_look(bytes->at, bytes->size, 0, &report), REBIND_REBOUND);
    assert_int_equal(rebind_undo(bytes->at, bytes->size, &out, &report), REBIND_OK);
    assert_int_equal(out.size, size);
    assert_memory_equal(out.at, original, size);
    free(out.at);
}

static bool is_dde(const char *function)
{
    const char *name = strchr(function, '!') + 1;

    return !strncmp(name, "Dde", 3) || strstr(name, "DDElParam") ||
           !strcmp(name, "ImpersonateDdeClientWindow");
}

/* The same slots, each filled as before, but DDE's of user32 from the library (lower case). */
static void slots_are_as_before(const struct loaded *before, const struct loaded *after, const char *library)
{
    char expected[200];

    assert_int_equal(after->n, before->n);
    for (unsigned i = 0; i < before->n; i++) {
        const char *function = before->slots[i].function;

        if (!strncmp(function, "user32", 6) && is_dde(function))
            snprintf(expected, sizeof expected, "%s%s", library, strchr(function, '!'));
        else
            snprintf(expected, sizeof expected, "%s", function);
        assert_string_equal(image_slot(after, before->slots[i].rva), expected);
    }
}

static void rebinds_and_goes_back(const struct image *image)
{
    struct rebind_bytes out = rebound(image, 0);
    struct loaded *before = load(image->at, image->size), *after = load(out.at, out.size);

    slots_are_as_before(before, after, "ddeml.dll");
    goes_back_to(&out, image->at, image->size);
    image_unload(before);
    image_unload(after);
    free(out.at);
}

/* ---- What is done ---------------------------------------------------------------------------------------- */

static void dde_comes_from_ddeml_through_the_same_slots(void **state)
{
    static const char *const lists[] = {
        "DdeConnect",
        "DdeConnect DdeDisconnect DdeGetData",
        "DdeConnect SetTimer",
        "SetTimer DdeConnect",
        "DdeConnect SetTimer DdeDisconnect KillTimer DdeGetData GetMessageA",
        "SetTimer KillTimer DdeConnect DdeDisconnect GetMessageA PostMessageA UnpackDDElParam",
        "FreeDDElParam ReuseDDElParam ImpersonateDdeClientWindow DdeGetQualityOfService",
    };

    (void)state;
    for (unsigned wide = 0; wide < 2; wide++)
        for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
            const struct image_dll dlls[] = {{"KERNEL32.dll", "ExitProcess"},
                                             {"USER32.dll", lists[i]},
                                             {"GDI32.dll", "TextOutA"},
                                             {NULL, NULL}};
            struct image image = image_new(wide, dlls, false);

            rebinds_and_goes_back(&image);
            image_free(&image);
        }
}

static void names_that_stand_in_the_slots_alone_are_found(void **state)
{
    (void)state;
    for (unsigned wide = 0; wide < 2; wide++) {
        struct image image = image_new(wide, usual, true);

        rebinds_and_goes_back(&image);
        image_free(&image);
    }
}

static void every_descriptor_of_user32_is_split(void **state)
{
    static const struct image_dll dlls[] = {{"user32.dll", "DdeConnect SetTimer"},
                                            {"kernel32.dll", "Sleep"},
                                            {"User32", "KillTimer DdeDisconnect"},
                                            {NULL, NULL}};
    struct image image = image_new(true, dlls, false);

    (void)state;
    rebinds_and_goes_back(&image);
    image_free(&image);
}

static void a_name_of_dde_from_another_dll_is_left_to_it(void **state)
{
    static const struct image_dll dlls[] = {
        {"user32.dll", "DdeConnect"}, {"user32x.dll", "DdeConnect DdeOfItsOwn"}, {NULL, NULL}};
    struct image image = image_new(false, dlls, false);
    struct rebind_bytes out = rebound(&image, 0);
    struct loaded *l = load(out.at, out.size);

    (void)state;
    assert_string_equal(image_slot(l, IMAGE_SLOTS_RVA), "ddeml.dll!DdeConnect");
    assert_string_equal(image_slot(l, IMAGE_SLOTS_RVA + 8), "user32x.dll!DdeConnect");
    image_unload(l);
    free(out.at);
    image_free(&image);
}

static void the_code_and_all_else_keep_their_bytes_and_places(void **state)
{
    struct image image = image_new(true, usual, false);
    struct rebind_bytes out = rebound(&image, 0);

    (void)state;
    assert_memory_equal(out.at, image.at, IMAGE_NT);
    assert_memory_equal(out.at + IMAGE_HEADERS, image.at + IMAGE_HEADERS, image.size - IMAGE_HEADERS);
    assert_int_equal(out.size % 512, 0);
    free(out.at);
    image_free(&image);
}

static void what_stands_behind_the_sections_stays_there(void **state)
{
    struct image image = image_new(false, usual, false);
    struct rebind_report report;
    struct rebind_bytes out;

    (void)state;
    image_append(&image, "an archive", 10);
    assert_int_equal(rebind_file(image.at, image.size, 0, &out, &report), REBIND_OK);
    assert_int_equal(report.behind, 10);
    assert_memory_equal(out.at + IMAGE_SIZE, "an archive", 10);
    free(out.at);
    rebinds_and_goes_back(&image);
    image_free(&image);
}

static void a_table_of_symbols_is_nothing_to_speak_of(void **state)
{
    static const uint8_t table[18 + 4 + 10] = {[18] = 4}; /* some linkers fill it up */
    struct image image = image_new(false, usual, false);
    struct rebind_report report;

    (void)state;
    image_put32(&image, IMAGE_NT + 12, IMAGE_SIZE);
    image_put32(&image, IMAGE_NT + 16, 1);
    image_append(&image, table, sizeof table);
    assert_int_equal(rebind_look(image.at, image.size, 0, &report), REBIND_OK);
    assert_int_equal(report.behind, 0);
    rebinds_and_goes_back(&image);
    image_append(&image, "x", 1);
    assert_int_equal(rebind_look(image.at, image.size, 0, &report), REBIND_OK);
    assert_int_equal(report.behind, sizeof table + 1);
    image_free(&image);
}

/* The sum as the documentation of CheckSumMappedFile describes it. */
static uint32_t checksum(const uint8_t *bytes, size_t size, size_t at)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < size; i++)
        if (i < at || i >= at + 4)
            sum += i % 2 ? (uint32_t)bytes[i] << 8 : bytes[i];
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return (uint32_t)(sum + size);
}

static void a_checksum_is_renewed_and_none_is_made_up(void **state)
{
    struct image image = image_new(true, usual, false);
    size_t at = IMAGE_NT + 24 + 64;
    struct rebind_bytes out = rebound(&image, 0);

    (void)state;
    assert_int_equal(out.at[at] | out.at[at + 1] | out.at[at + 2] | out.at[at + 3], 0);
    free(out.at);
    image_put32(&image, at, 4711);
    image_append(&image, "x", 1);
    out = rebound(&image, 0);
    assert_int_equal(out.at[at] | out.at[at + 1] << 8 | out.at[at + 2] << 16, checksum(out.at, out.size, at));
    goes_back_to(&out, image.at, image.size);
    free(out.at);
    image_free(&image);
}

static void bound_imports_are_unbound_until_it_is_undone(void **state)
{
    for (unsigned wide = 0; wide < 2; wide++) {
        struct image image = image_new(wide, usual, false);
        size_t room = image_section(&image, 3);
        struct rebind_report report;
        struct rebind_bytes out;

        (void)state;
        /* As the tool Bind leaves it: its directory behind the table of sections, addresses in the slots. */
        image_set_directory(&image, 11, (uint32_t)room, 60);
        memset(image.at + room, 0x55, 60);
        for (unsigned d = 0; d < 3; d++)
            image_put32(&image, image_descriptor(d) + 4, 0xFFFFFFFF);
        image_put32(&image, image_descriptor(0) + 8, 0xFFFFFFFF);
        memset(image.at + IMAGE_FILE_AT(IMAGE_SLOTS_RVA), 0x77, 2 * image.slot);
        assert_int_equal(rebind_file(image.at, image.size, 0, &out, &report), REBIND_OK);
        assert_true(report.bound);
        free(out.at);
        rebinds_and_goes_back(&image);

        out = rebound(&image, 0);
        free(image.at);
        image.at = out.at;
        image.size = out.size;
        assert_int_equal(image_get32(&image, image_directory(&image, 11)), 0);
        for (uint32_t d = 0, at = image_get32(&image, image_directory(&image, 1)); d < 5; d++) {
            size_t section = image_section(&image, 3);
            size_t file = at - image_get32(&image, section + 12) + image_get32(&image, section + 20) + 20 * d;

            assert_int_equal(image_get32(&image, file + 4), 0);
            assert_int_equal(image_get32(&image, file + 8), 0);
        }
        image_free(&image);
    }
}

/* The loader unprotects the section of the directory of imports, which moves: its old place has to be named. */
static void where_the_slots_are_is_told_if_it_was_not(void **state)
{
    struct image image = image_new(false, usual, true);
    struct rebind_bytes out;

    (void)state;
    image_set_directory(&image, 12, 0, 0);
    rebinds_and_goes_back(&image);
    out = rebound(&image, 0);
    assert_int_equal(out.at[image_directory(&image, 12) + 1], IMAGE_RDATA_RVA >> 8);
    free(out.at);
    image_free(&image);
}

static void a_program_that_has_fewer_directories_is_rebound_if_its_slots_can_be_written(void **state)
{
    struct image image = image_new(false, usual, false);
    struct rebind_report report;

    (void)state;
    image_put32(&image, image_optional(&image, 92, 108),
                11); /* what was the directory of slots is none any more */
    image_set_directory(&image, 12, 0, 0);
    assert_int_equal(rebind_look(image.at, image.size, 0, &report), REBIND_READ_ONLY);
    image_put32(&image, image_section(&image, 1) + 36, 0xC0000040);
    rebinds_and_goes_back(&image);
    image_free(&image);
}

static void a_signed_program_is_changed_only_if_that_is_asked_for(void **state)
{
    struct image image = image_new(true, usual, false);
    struct rebind_report report;
    struct rebind_bytes out;

    (void)state;
    image_set_directory(&image, 4, IMAGE_SIZE, 16);
    image_append(&image, "a certificate...", 16);
    assert_int_equal(rebind_file(image.at, image.size, 0, &out, &report), REBIND_SIGNED);
    assert_int_equal(rebind_file(image.at, image.size, REBIND_DROP_SIGNATURE, &out, &report), REBIND_OK);
    assert_true(report.is_signed);
    assert_int_equal(report.behind, 0);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(out.at[image_directory(&image, 4) + i], 0);
    goes_back_to(&out, image.at, image.size);
    free(out.at);
    image_free(&image);
}

static void the_functions_that_are_rebound_are_counted(void **state)
{
    struct image image = image_new(true, usual, false);
    struct rebind_report report;

    (void)state;
    assert_int_equal(rebind_look(image.at, image.size, 0, &report), REBIND_OK);
    assert_int_equal(report.n_names, 3);
    assert_int_equal(report.machine, PE_AMD64);
    assert_false(report.bound);
    assert_false(report.is_signed);
    image_free(&image);
}

/* ---- In memory ------------------------------------------------------------------------------------------- */

static void a_mapped_program_is_led_to_a_directory_behind_it(void **state)
{
    static const char library[] = "C:\\Program Files\\ddeml\\ddeml.dll";

    (void)state;
    for (unsigned wide = 0; wide < 2; wide++) {
        struct image image = image_new(wide, usual, wide == 0);
        struct loaded *before = load(image.at, image.size), *after = image_map(image.at, image.size, 0x10000);
        uint32_t rva = 0x4000 + 0x8000;
        struct rebind_report report;
        struct rebind_memory m;
        size_t size;

        assert_int_equal(rebind_mapped(after->at, 0x4000, library, 0, &m, &report), REBIND_OK);
        size = m.directory.size;
        free(m.directory.at);
        assert_int_equal(rebind_mapped(after->at, 0x4000, library, rva, &m, &report), REBIND_OK);
        assert_int_equal(m.directory.size, size);
        assert_in_range(m.n_patches, 2, REBIND_MOST_PATCHES);
        memcpy(after->at + rva, m.directory.at, m.directory.size);
        for (unsigned i = 0; i < m.n_patches; i++)
            memcpy(after->at + m.patches[i].rva, &m.patches[i].value, 4);
        assert_true(image_load(after));
        slots_are_as_before(before, after, "c:\\program files\\ddeml\\ddeml.dll");
        free(m.directory.at);
        image_unload(before);
        image_unload(after);
        image_free(&image);
    }
}

/* In memory the file is not changed, and its section table neither. */
static void a_mapped_program_may_be_signed_and_have_no_room(void **state)
{
    struct image image = image_new(true, usual, false);
    struct rebind_report report;
    struct rebind_memory m;
    struct loaded *l;

    (void)state;
    image_set_directory(&image, 4, IMAGE_SIZE, 16);
    memset(image.at + image_section(&image, 3), 0x55, 40);
    l = image_map(image.at, image.size, 0);
    assert_int_equal(rebind_mapped(l->at, l->size, "ddeml.dll", 0x5000, &m, &report), REBIND_OK);
    free(m.directory.at);
    assert_int_equal(rebind_mapped(l->at, l->size - 1, "ddeml.dll", 0x5000, &m, &report),
                     REBIND_CONTRADICTORY);
    image_unload(l);
    image_free(&image);
}

static void a_program_that_is_rebound_on_disk_is_known_in_memory(void **state)
{
    struct image image = image_new(false, usual, false);
    struct rebind_bytes out = rebound(&image, 0);
    struct loaded *l = image_map(out.at, out.size, 0);
    struct rebind_report report;
    struct rebind_memory m;

    (void)state;
    assert_int_equal(rebind_mapped(l->at, l->size, "ddeml.dll", 0x9000, &m, &report), REBIND_REBOUND);
    image_unload(l);
    free(out.at);
    image_free(&image);
}

/* ---- What is refused ------------------------------------------------------------------------------------- */

static void no_mz(struct image *i)
{
    i->at[0] = 'N';
}

static void no_pe(struct image *i)
{
    i->at[IMAGE_NT] = 'N';
}

static void for_arm64(struct image *i)
{
    image_put16(i, IMAGE_NT + 4, 0xAA64);
}

static void header_of_the_other_kind(struct image *i)
{
    image_put16(i, IMAGE_NT + 24, i->wide ? 0x10B : 0x20B);
}

static void aligned_to_less_than_a_page(struct image *i)
{
    image_put32(i, IMAGE_NT + 24 + 32, 0x200);
}

static void a_gap_between_sections(struct image *i)
{
    image_put32(i, image_section(i, 2) + 12, IMAGE_DATA_RVA + 0x1000);
    image_put32(i, IMAGE_NT + 24 + 56, 0x5000);
}

static void larger_than_its_sections(struct image *i)
{
    image_put32(i, IMAGE_NT + 24 + 56, 0x5000);
}

static void cut_off(struct image *i)
{
    i->size -= 1;
}

static void imports_in_nowhere(struct image *i)
{
    image_set_directory(i, 1, 0x7000, 60);
}

static void a_name_in_nowhere(struct image *i)
{
    image_put32(i, image_descriptor(1) + 12, 0x7000);
}

static void slots_in_nowhere(struct image *i)
{
    image_put32(i, image_descriptor(1) + 16, 0x7000);
}

static void linked_with_us(struct image *i)
{
    image_text(i, image_get32(i, image_descriptor(0) + 12), "DDEML.dll");
}

static void slots_that_would_not_be_written(struct image *i)
{
    image_set_directory(i, 12, IMAGE_SLOTS_RVA, 8);
}

static void bound_without_names(struct image *i)
{
    image_put32(i, image_descriptor(1), 0);
    image_put32(i, image_descriptor(1) + 4, 0x30000000);
}

static void signed_program(struct image *i)
{
    image_set_directory(i, 4, IMAGE_SIZE, 8);
}

static void dotnet(struct image *i)
{
    image_set_directory(i, 14, IMAGE_SPARE_RVA, 72);
}

static void packed_by_name(struct image *i)
{
    memcpy(i->at + image_section(i, 0), "UPX1\0\0\0", 8);
}

static void packed_by_its_code(struct image *i)
{
    image_put32(i, image_section(i, 0) + 16, 0);
}

static void full_header(struct image *i)
{
    i->at[image_section(i, 4) - 1] = 1;
}

static void short_header(struct image *i)
{
    uint32_t end = (uint32_t)image_section(i, 3) + 39;

    image_put32(i, IMAGE_NT + 24 + 60, end);
}

static void configure(struct image *i, unsigned offset_32, unsigned offset_64, uint32_t value)
{
    image_set_directory(i, 10, IMAGE_SPARE_RVA, 0x100);
    image_put32(i, IMAGE_FILE_AT(IMAGE_SPARE_RVA), 0x100);
    image_put32(i, IMAGE_FILE_AT(IMAGE_SPARE_RVA) + (i->wide ? offset_64 : offset_32), value);
}

static void from_the_systems_folder_only(struct image *i)
{
    configure(i, 52, 76, 0x0800u << 16);
}

static void hybrid(struct image *i)
{
    configure(i, 0x7C, 0xC8, 0x1000);
}

/* A directory of delayed imports of user32 with one name; relative addresses, or full ones as old linkers wrote. */
static void delay(struct image *i, const char *name, bool relative)
{
    uint32_t at = IMAGE_SPARE_RVA, base = relative ? 0 : 0x400000;
    size_t file = IMAGE_FILE_AT(at);

    image_set_directory(i, 13, at, 64);
    image_put32(i, file, relative);
    image_put32(i, file + 4, base + at + 0x80);
    image_put32(i, file + 12, base + at + 0xC0);
    image_put32(i, file + 16, base + at + 0xA0);
    image_text(i, at + 0x80, "USER32.dll");
    image_put32(i, file + 0xA0, at + 0xE0);
    image_text(i, at + 0xE2, name);
}

static void delayed(struct image *i)
{
    delay(i, "DdeConnect", true);
}

static void delayed_as_of_old(struct image *i)
{
    delay(i, "DdeConnect", false);
    if (i->wide) /* there was no such thing with 64 bits */
        delayed(i);
}

static void delayed_unknown_name(struct image *i)
{
    delay(i, "DdeUnheardOf", true);
}

static void delayed_in_nowhere(struct image *i)
{
    image_set_directory(i, 13, 0x7000, 64);
}

static void what_is_not_understood_is_refused_by_name(void **state)
{
    static const struct {
        void (*spoil)(struct image *i);
        enum rebind_result result;
    } rows[] = {
        {no_mz, REBIND_NO_PROGRAM},
        {no_pe, REBIND_NO_PROGRAM},
        {for_arm64, REBIND_PROCESSOR},
        {header_of_the_other_kind, REBIND_CONTRADICTORY},
        {aligned_to_less_than_a_page, REBIND_CONTRADICTORY},
        {a_gap_between_sections, REBIND_CONTRADICTORY},
        {larger_than_its_sections, REBIND_CONTRADICTORY},
        {cut_off, REBIND_CONTRADICTORY},
        {imports_in_nowhere, REBIND_IMPORTS},
        {a_name_in_nowhere, REBIND_IMPORTS},
        {slots_in_nowhere, REBIND_IMPORTS},
        {linked_with_us, REBIND_LINKED},
        {slots_that_would_not_be_written, REBIND_READ_ONLY},
        {bound_without_names, REBIND_BOUND},
        {signed_program, REBIND_SIGNED},
        {dotnet, REBIND_DOTNET},
        {packed_by_name, REBIND_PACKED},
        {packed_by_its_code, REBIND_PACKED},
        {full_header, REBIND_NO_ROOM},
        {short_header, REBIND_NO_ROOM},
        {from_the_systems_folder_only, REBIND_SYSTEM_ONLY},
        {hybrid, REBIND_HYBRID},
        {delayed, REBIND_DELAYED},
        {delayed_as_of_old, REBIND_DELAYED},
        {delayed_unknown_name, REBIND_UNKNOWN_NAME},
        {delayed_in_nowhere, REBIND_IMPORTS},
    };

    (void)state;
    for (unsigned wide = 0; wide < 2; wide++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            struct image image = image_new(wide, usual, false);
            struct rebind_report report;
            struct rebind_bytes out = {NULL, 0};

            rows[i].spoil(&image);
            assert_string_equal(rebind_says(rebind_file(image.at, image.size, 0, &out, &report)),
                                rebind_says(rows[i].result));
            assert_int_equal(rebind_look(image.at, image.size, 0, &report), rows[i].result);
            assert_null(out.at);
            image_free(&image);
        }
}

static void imports_that_are_not_understood_are_refused_by_name(void **state)
{
    static const struct {
        const char *dll, *names;
        enum rebind_result result;
        const char *detail;
    } rows[] = {
        {"user32.dll", "SetTimer KillTimer", REBIND_NOTHING, ""},
        {"gdi32.dll", "DdeConnect", REBIND_NOTHING, ""},
        {"user32.dll", "DdeConnect #17", REBIND_NUMBER, "number 17"},
        {"user32.dll", "#17", REBIND_NUMBER, "number 17"},
        {"user32.dll", "DdeConnect DdeUnheardOf", REBIND_UNKNOWN_NAME, "DdeUnheardOf"},
        {"user32.dll", "DdemlGetVersion", REBIND_UNKNOWN_NAME, "DdemlGetVersion"},
        {"ext-ms-win-ntuser-dde-l1-1-0.dll", "DdeConnect", REBIND_API_SET, "DdeConnect"},
        {"ext-ms-win-ntuser-dde-l1-1-0.dll", "SetTimer #3", REBIND_NOTHING, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct image_dll dlls[] = {{rows[i].dll, rows[i].names}, {NULL, NULL}};
        struct image image = image_new(i % 2, dlls, false);
        struct rebind_report report;

        assert_int_equal(rebind_look(image.at, image.size, 0, &report), rows[i].result);
        assert_string_equal(report.detail, rows[i].detail);
        image_free(&image);
    }
}

/* Each list alone is sound; together they would make a directory that is larger than the program. */
static void lists_that_overlap_are_refused(void **state)
{
#define TEN                                                                                                  \
    "DdeConnect SetTimer DdeConnect SetTimer DdeConnect SetTimer DdeConnect SetTimer DdeConnect SetTimer "
    static const struct image_dll dlls[] = {{"USER32.dll", TEN TEN TEN TEN}, {NULL, NULL}};
#undef TEN
    enum { COPIES = 50 };

    (void)state;
    for (unsigned wide = 0; wide < 2; wide++) {
        struct image image = image_new(wide, dlls, false);
        uint8_t *copies = image.at + IMAGE_FILE_AT(IMAGE_SPARE_RVA);
        struct rebind_report report;

        rebinds_and_goes_back(&image);
        for (unsigned i = 0; i < COPIES; i++)
            memcpy(copies + 20 * i, image.at + image_descriptor(0), 20);
        image_set_directory(&image, 1, IMAGE_SPARE_RVA, 20 * (COPIES + 1));
        assert_int_equal(rebind_look(image.at, image.size, 0, &report), REBIND_IMPORTS);
        assert_string_equal(report.detail, "USER32.dll");
        image_free(&image);
    }
}

/* What would be refused if it had to do with DDE, and has not. */
static void delayed_imports_that_are_not_ddes_do_no_harm(void **state)
{
    struct image image = image_new(true, usual, false);

    (void)state;
    delay(&image, "MessageBoxA", true);
    rebinds_and_goes_back(&image);
    image_free(&image);
}

static void a_program_without_imports_has_nothing_of_dde(void **state)
{
    struct image image = image_new(true, usual, false);
    struct rebind_report report;

    (void)state;
    image_set_directory(&image, 1, 0, 0);
    assert_int_equal(rebind_look(image.at, image.size, 0, &report), REBIND_NOTHING);
    image_free(&image);
}

/* ---- Going back ------------------------------------------------------------------------------------------ */

static void nothing_is_undone_that_was_not_done(void **state)
{
    struct image image = image_new(true, usual, false);
    struct rebind_report report;
    struct rebind_bytes out;

    (void)state;
    assert_int_equal(rebind_undo(image.at, image.size, &out, &report), REBIND_NOT_REBOUND);
    memcpy(image.at + image_section(&image, 2), ".ddeml\0",
           8); /* a section of that name does not make it ours */
    assert_int_equal(rebind_undo(image.at, image.size, &out, &report), REBIND_NOT_REBOUND);
    image_free(&image);
}

static void nothing_is_rebound_twice(void **state)
{
    struct image image = image_new(true, usual, false);
    struct rebind_bytes once = rebound(&image, 0), twice;
    struct rebind_report report;

    (void)state;
    assert_int_equal(rebind_file(once.at, once.size, 0, &twice, &report), REBIND_REBOUND);
    free(once.at);
    image_free(&image);
}

static void what_was_changed_since_is_not_undone(void **state)
{
    struct image image = image_new(true, usual, false);
    struct rebind_bytes out = rebound(&image, 0), original;
    struct rebind_report report;
    uint8_t *longer = malloc(out.size + 1);

    (void)state;
    assert_non_null(longer);
    memcpy(longer, out.at, out.size);
    longer[out.size] = 0;
    assert_int_equal(rebind_undo(longer, out.size + 1, &original, &report), REBIND_CHANGED);
    assert_int_equal(rebind_look(longer, out.size + 1, 0, &report), REBIND_CHANGED);
    longer[IMAGE_CODE_AT] ^= 1;
    assert_int_equal(rebind_undo(longer, out.size, &original, &report), REBIND_CHANGED);
    free(longer);
    free(out.at);
    image_free(&image);
}

/* Notes are bytes like all others. What one says of the original is wrong here, whatever it is. */
static void a_note_that_contradicts_itself_is_not_believed(void **state)
{
    static const uint32_t values[] = {0, 1, 8, 0x1000, 0x1801, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
    struct image image = image_new(true, usual, false);
    struct rebind_bytes out = rebound(&image, 0), original;
    struct rebind_report report;

    (void)state;
    for (uint32_t at = 16; at < 40; at += 4) /* sizes, digest, place */
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            uint8_t *file = exactly(out.at, out.size);

            for (unsigned b = 0; b < 4; b++)
                file[IMAGE_SIZE + at + b] = (uint8_t)(values[i] >> 8 * b);
            if (memcmp(file, out.at, out.size) != 0)
                assert_int_equal(rebind_undo(file, out.size, &original, &report), REBIND_CHANGED);
            free(file);
        }
    free(out.at);
    image_free(&image);
}

/* ---- Whatever the bytes are ------------------------------------------------------------------------------ */

/* Rebinding and undoing come to an end, read nothing that is not theirs, and what they make can be taken back. */
static void survives(const uint8_t *bytes, size_t size, enum rebind_result *result)
{
    uint8_t *file = exactly(bytes, size);
    struct rebind_report report;
    struct rebind_bytes out, back;
    struct rebind_memory m;

    *result = rebind_file(file, size, REBIND_DROP_SIGNATURE, &out, &report);
    if (*result == REBIND_OK) {
        goes_back_to(&out, file, size);
        free(out.at);
    }
    if (rebind_undo(file, size, &back, &report) == REBIND_OK)
        free(back.at);
    if (rebind_mapped(file, size, "ddeml.dll", 0x10000, &m, &report) == REBIND_OK)
        free(m.directory.at);
    assert_memory_equal(file, bytes, size);
    free(file);
}

static void a_file_that_is_cut_off_anywhere_is_refused(void **state)
{
    (void)state;
    for (unsigned wide = 0; wide < 2; wide++) {
        struct image image = image_new(wide, usual, false);
        struct rebind_bytes out = rebound(&image, 0);
        enum rebind_result result;

        for (size_t n = 0; n < image.size; n++) {
            survives(image.at, n, &result);
            assert_true(result >= REBIND_NO_PROGRAM);
        }
        for (size_t n = 0; n < out.size; n++) {
            survives(out.at, n, &result);
            assert_true(result >= REBIND_NO_PROGRAM);
        }
        free(out.at);
        image_free(&image);
    }
}

static void flip_every_byte(uint8_t *bytes, size_t size, size_t from, size_t to)
{
    static const uint8_t changes[] = {0x01, 0x10, 0x80, 0xFF};
    enum rebind_result result;

    for (size_t i = from; i < to; i++)
        for (size_t c = 0; c < sizeof changes; c++) {
            bytes[i] ^= changes[c];
            survives(bytes, size, &result);
            bytes[i] ^= changes[c];
        }
}

static void any_byte_of_headers_and_imports_may_be_wrong(void **state)
{
    (void)state;
    for (unsigned wide = 0; wide < 2; wide++) {
        struct image image = image_new(wide, usual, false);

        delay(&image, "MessageBoxA", true);
        flip_every_byte(image.at, image.size, 0, image_section(&image, 4));
        flip_every_byte(image.at, image.size, IMAGE_RDATA_AT, IMAGE_RDATA_AT + 0x60); /* descriptors */
        flip_every_byte(image.at, image.size, IMAGE_FILE_AT(IMAGE_SLOTS_RVA + IMAGE_SLOTS_SIZE),
                        IMAGE_FILE_AT(IMAGE_SLOTS_RVA + 2 * IMAGE_SLOTS_SIZE + 0x100)); /* lists and names */
        flip_every_byte(image.at, image.size, IMAGE_FILE_AT(IMAGE_SPARE_RVA),
                        IMAGE_FILE_AT(IMAGE_SPARE_RVA + 0x100)); /* delayed imports */
        image_free(&image);
    }
}

static void any_byte_of_a_rebound_file_may_be_wrong(void **state)
{
    struct image image = image_new(true, usual, false);
    struct rebind_bytes out = rebound(&image, 0);

    (void)state;
    flip_every_byte(out.at, out.size, 0, image_section(&image, 4));
    flip_every_byte(out.at, out.size, image.size, out.size);
    free(out.at);
    image_free(&image);
}

/* The same programs with a few words of headers and imports replaced by chance, the same chance in every run. */
static void random_words_do_no_harm(void **state)
{
    enum { RUNS = 5000 };
    static const uint32_t values[] = {0,      1,          0x1000,     0x2000,    0x2FFF,
                                      0x3000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
    unsigned seen[REBIND_CHANGED + 1] = {0}, kinds = 0;
    uint64_t chance = 42;

    (void)state;
    for (unsigned run = 0; run < RUNS; run++) {
        struct image image = image_new(run % 2, usual, run % 4 < 2);
        enum rebind_result result;

        for (unsigned words = run % 3 + 1; words; words--) {
            uint32_t at, value;

            chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            at = (uint32_t)(chance >> 33);
            value = chance >> 20 & 1 ? values[(chance >> 40) % (sizeof values / sizeof *values)]
                                     : (uint32_t)(chance >> 24) & 0xFFFF;
            at = at & 1 ? (at >> 1) % (uint32_t)(image_section(&image, 3) - IMAGE_NT) + IMAGE_NT
                        : (at >> 1) % 0x900 + IMAGE_RDATA_AT;
            image_put32(&image, at, value);
        }
        survives(image.at, image.size, &result);
        seen[result]++;
        image_free(&image);
    }
    for (unsigned i = 0; i <= REBIND_CHANGED; i++)
        kinds += seen[i] != 0;
    assert_true(seen[REBIND_OK] && kinds >= 8); /* it was not the same all the time */
}

/* ---- Real programs --------------------------------------------------------------------------------------- */

static struct image read_program(const char *path)
{
    struct image image = {NULL, 0, false, 0};
    uint8_t part[4096];
    size_t n;
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    while ((n = fread(part, 1, sizeof part, file)) > 0)
        image_append(&image, part, n);
    fclose(file);
    return image;
}

static void real_programs_are_rebound_and_come_back(void **state)
{
    (void)state;
    if (!*paths)
        skip(); /* real ones are named on the command line, where MinGW has made some */
    for (char **path = paths; *path; path++) {
        struct image image = read_program(*path);
        struct rebind_bytes out;
        size_t at = image_get32(&image, 60) + 24 + 64;

        rebinds_and_goes_back(&image);
        /* The linker's checksum, if it makes one, proves the sum that is ours. */
        out = rebound(&image, 0);
        if (image_get32(&image, at))
            assert_int_equal(image_get32(&image, at), checksum(image.at, image.size, at));
        else
            memcpy(out.at + at, (uint32_t[]){checksum(out.at, out.size, at)}, 4);
        free(image.at);
        image.at = out.at;
        image.size = out.size;
        assert_int_equal(image_get32(&image, at), checksum(image.at, image.size, at));
        image_free(&image);
    }
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dde_comes_from_ddeml_through_the_same_slots),
        cmocka_unit_test(names_that_stand_in_the_slots_alone_are_found),
        cmocka_unit_test(every_descriptor_of_user32_is_split),
        cmocka_unit_test(a_name_of_dde_from_another_dll_is_left_to_it),
        cmocka_unit_test(the_code_and_all_else_keep_their_bytes_and_places),
        cmocka_unit_test(what_stands_behind_the_sections_stays_there),
        cmocka_unit_test(a_table_of_symbols_is_nothing_to_speak_of),
        cmocka_unit_test(a_checksum_is_renewed_and_none_is_made_up),
        cmocka_unit_test(bound_imports_are_unbound_until_it_is_undone),
        cmocka_unit_test(where_the_slots_are_is_told_if_it_was_not),
        cmocka_unit_test(a_program_that_has_fewer_directories_is_rebound_if_its_slots_can_be_written),
        cmocka_unit_test(a_signed_program_is_changed_only_if_that_is_asked_for),
        cmocka_unit_test(the_functions_that_are_rebound_are_counted),
        cmocka_unit_test(a_mapped_program_is_led_to_a_directory_behind_it),
        cmocka_unit_test(a_mapped_program_may_be_signed_and_have_no_room),
        cmocka_unit_test(a_program_that_is_rebound_on_disk_is_known_in_memory),
        cmocka_unit_test(what_is_not_understood_is_refused_by_name),
        cmocka_unit_test(imports_that_are_not_understood_are_refused_by_name),
        cmocka_unit_test(lists_that_overlap_are_refused),
        cmocka_unit_test(delayed_imports_that_are_not_ddes_do_no_harm),
        cmocka_unit_test(a_program_without_imports_has_nothing_of_dde),
        cmocka_unit_test(nothing_is_undone_that_was_not_done),
        cmocka_unit_test(nothing_is_rebound_twice),
        cmocka_unit_test(what_was_changed_since_is_not_undone),
        cmocka_unit_test(a_note_that_contradicts_itself_is_not_believed),
        cmocka_unit_test(a_file_that_is_cut_off_anywhere_is_refused),
        cmocka_unit_test(any_byte_of_headers_and_imports_may_be_wrong),
        cmocka_unit_test(any_byte_of_a_rebound_file_may_be_wrong),
        cmocka_unit_test(random_words_do_no_harm),
        cmocka_unit_test(real_programs_are_rebound_and_come_back),
    };

    (void)argc;
    paths = argv + 1;
    return cmocka_run_group_tests_name(DDEML_TEST_NAME, tests, NULL, NULL);
}
