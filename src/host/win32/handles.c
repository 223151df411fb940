/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "win32.h"

/* The formats whose data is a handle: of a GDI object, or of a block that names a metafile. A partner may
 * have written any number there, so nothing is touched before it is known to be of the right kind. */

struct kind {
    bool (*is)(HANDLE object);
    HANDLE (*copy)(HANDLE object);
    void (*free)(HANDLE object);
};

/* ---- Bitmaps and palettes ------------------------------------------------------------------------------ */

static bool is_bitmap(HANDLE object)
{
    return GetObjectType(object) == OBJ_BITMAP;
}

static HANDLE copy_bitmap(HANDLE object)
{
    return CopyImage(object, IMAGE_BITMAP, 0, 0, 0);
}

static bool is_palette(HANDLE object)
{
    return GetObjectType(object) == OBJ_PAL;
}

static HANDLE copy_palette(HANDLE object)
{
    const WORD version = 0x300;
    UINT n = GetPaletteEntries(object, 0, 0, NULL);
    LOGPALETTE *entries = host_alloc(sizeof *entries + n * sizeof entries->palPalEntry[0]);
    HANDLE copy;

    if (entries == NULL)
        return NULL;
    entries->palVersion = version;
    entries->palNumEntries = (WORD)GetPaletteEntries(object, 0, n, entries->palPalEntry);
    copy = CreatePalette(entries);
    host_free(entries);
    return copy;
}

static void free_object(HANDLE object)
{
    DeleteObject(object);
}

/* ---- Metafiles ----------------------------------------------------------------------------------------- */

static bool is_enhanced(HANDLE object)
{
    return GetObjectType(object) == OBJ_ENHMETAFILE;
}

static HANDLE copy_enhanced(HANDLE object)
{
    return CopyEnhMetaFileW(object, NULL);
}

static void free_enhanced(HANDLE object)
{
    DeleteEnhMetaFile(object);
}

static HMETAFILE metafile_of(HANDLE picture)
{
    const METAFILEPICT *p = host_mem_lock((host_mem)picture);
    HMETAFILE metafile = p != NULL ? p->hMF : NULL;

    host_mem_unlock((host_mem)picture);
    return metafile;
}

static bool is_picture(HANDLE object)
{
    return host_mem_size((host_mem)object) >= sizeof(METAFILEPICT) &&
           GetObjectType(metafile_of(object)) == OBJ_METAFILE;
}

static HANDLE copy_picture(HANDLE object)
{
    const METAFILEPICT *from = host_mem_lock((host_mem)object);
    host_mem copy = host_mem_alloc(sizeof *from, false);
    METAFILEPICT *to = host_mem_lock(copy);

    if (to != NULL) {
        *to = *from;
        to->hMF = CopyMetaFileW(from->hMF, NULL);
    }
    host_mem_unlock((host_mem)object);
    if (to != NULL && to->hMF == NULL) {
        host_mem_free(copy);
        return NULL;
    }
    host_mem_unlock(copy);
    return (HANDLE)copy;
}

static void free_picture(HANDLE object)
{
    DeleteMetaFile(metafile_of(object));
    host_mem_free((host_mem)object);
}

/* ---- The formats --------------------------------------------------------------------------------------- */

static const struct kind bitmap = {is_bitmap, copy_bitmap, free_object},
                         palette = {is_palette, copy_palette, free_object},
                         enhanced = {is_enhanced, copy_enhanced, free_enhanced},
                         picture = {is_picture, copy_picture, free_picture};

static const struct kind *kind_of(unsigned fmt)
{
    switch (fmt) {
    case CF_BITMAP:
    case CF_DSPBITMAP:
        return &bitmap;
    case CF_PALETTE:
        return &palette;
    case CF_ENHMETAFILE:
    case CF_DSPENHMETAFILE:
        return &enhanced;
    case CF_METAFILEPICT:
    case CF_DSPMETAFILEPICT:
        return &picture;
    default:
        return NULL;
    }
}

bool host_format_is_handle(unsigned fmt)
{
    return kind_of(fmt) != NULL;
}

uintptr_t host_handle_copy(unsigned fmt, uintptr_t handle)
{
    const struct kind *kind = kind_of(fmt);

    return kind != NULL && kind->is((HANDLE)handle) ? (uintptr_t)kind->copy((HANDLE)handle) : handle;
}

void host_handle_free(unsigned fmt, uintptr_t handle)
{
    const struct kind *kind = kind_of(fmt);

    if (kind != NULL && kind->is((HANDLE)handle))
        kind->free((HANDLE)handle);
}
