/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "pictures/host.h"

#include "host/host.h"
#include "support/support.h"

bool pictures_do_not_pass, pictures_cannot_be_copied;

bool __real_host_handles_pass(host_wnd wnd);
bool __wrap_host_handles_pass(host_wnd wnd);

bool __wrap_host_handles_pass(host_wnd wnd)
{
    return !pictures_do_not_pass && __real_host_handles_pass(wnd);
}

#ifdef _WIN32

static HANDLE new_palette(void)
{
    LOGPALETTE one = {.palVersion = 0x300, .palNumEntries = 1};

    return CreatePalette(&one);
}

static HANDLE new_enhanced(void)
{
    HDC dc = CreateEnhMetaFileA(NULL, NULL, NULL, NULL);

    LineTo(dc, 2, 2);
    return CloseEnhMetaFile(dc);
}

static HANDLE new_picture(void)
{
    HDC dc = CreateMetaFileA(NULL);
    HGLOBAL block = GlobalAlloc(GMEM_MOVEABLE, sizeof(METAFILEPICT));
    METAFILEPICT *p = GlobalLock(block);

    assert_non_null(p);
    LineTo(dc, 2, 2);
    *p = (METAFILEPICT){MM_ANISOTROPIC, 10, 10, CloseMetaFile(dc)};
    GlobalUnlock(block);
    return block;
}

uintptr_t picture_new(unsigned fmt)
{
    HANDLE made = NULL;

    if (fmt == CF_BITMAP || fmt == CF_DSPBITMAP)
        made = CreateBitmap(3, 5, 1, 1, NULL);
    else if (fmt == CF_PALETTE)
        made = new_palette();
    else if (fmt == CF_ENHMETAFILE || fmt == CF_DSPENHMETAFILE)
        made = new_enhanced();
    else
        made = new_picture();
    assert_non_null(made);
    return (uintptr_t)made;
}

static HMETAFILE metafile_of(uintptr_t block)
{
    const METAFILEPICT *p = host_mem_lock(block);
    HMETAFILE metafile = p ? p->hMF : NULL;

    host_mem_unlock(block);
    return metafile;
}

bool picture_exists(unsigned fmt, uintptr_t handle)
{
    switch (fmt) {
    case CF_BITMAP:
    case CF_DSPBITMAP:
        return GetObjectType((HANDLE)handle) == OBJ_BITMAP;
    case CF_PALETTE:
        return GetObjectType((HANDLE)handle) == OBJ_PAL;
    case CF_ENHMETAFILE:
    case CF_DSPENHMETAFILE:
        return GetObjectType((HANDLE)handle) == OBJ_ENHMETAFILE;
    default:
        return GetObjectType(metafile_of(handle)) == OBJ_METAFILE;
    }
}

void picture_free(unsigned fmt, uintptr_t handle)
{
    host_handle_free(fmt, handle);
}

bool picture_left(unsigned fmt, uintptr_t handle)
{
    bool block = fmt == CF_METAFILEPICT || fmt == CF_DSPMETAFILEPICT;

    return block ? host_mem_size(handle) != 0 : picture_exists(fmt, handle);
}

/* Wine does not count GDI objects, but finds each by the low half of its handle. */
unsigned pictures_count(void)
{
    unsigned n = GetGuiResources(GetCurrentProcess(), GR_GDIOBJECTS);

    for (UINT_PTR i = n ? 0x10000 : 1; i <= 0xFFFF; i++)
        n += GetObjectType((HGDIOBJ)i) != 0;
    return n;
}

unsigned pictures_freed_twice(void)
{
    return 0;
}

#else

enum { PICTURES = 4096, FIRST = 0x10000 };

static bool live[PICTURES];
static unsigned made, twice;

bool __wrap_host_format_is_handle(unsigned fmt);
uintptr_t __wrap_host_handle_copy(unsigned fmt, uintptr_t handle);
void __wrap_host_handle_free(unsigned fmt, uintptr_t handle);

bool __wrap_host_format_is_handle(unsigned fmt)
{
    static const unsigned formats[] = {CF_BITMAP,      CF_DSPBITMAP,      CF_PALETTE,        CF_METAFILEPICT,
                                       CF_ENHMETAFILE, CF_DSPENHMETAFILE, CF_DSPMETAFILEPICT};

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i] == fmt)
            return true;
    return false;
}

uintptr_t picture_new(unsigned fmt)
{
    (void)fmt;
    assert_true(made < PICTURES);
    live[made] = true;
    return FIRST + made++;
}

static bool is_picture(uintptr_t handle)
{
    return handle >= FIRST && handle < FIRST + made;
}

bool picture_exists(unsigned fmt, uintptr_t handle)
{
    (void)fmt;
    return is_picture(handle) && live[handle - FIRST];
}

uintptr_t __wrap_host_handle_copy(unsigned fmt, uintptr_t handle)
{
    if (pictures_cannot_be_copied)
        return 0;
    return picture_exists(fmt, handle) ? picture_new(fmt) : handle;
}

void __wrap_host_handle_free(unsigned fmt, uintptr_t handle)
{
    twice += is_picture(handle) && !picture_exists(fmt, handle);
    if (is_picture(handle))
        live[handle - FIRST] = false;
}

bool picture_left(unsigned fmt, uintptr_t handle)
{
    return picture_exists(fmt, handle);
}

void picture_free(unsigned fmt, uintptr_t handle)
{
    __wrap_host_handle_free(fmt, handle);
}

unsigned pictures_count(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < made; i++)
        n += live[i];
    return n;
}

unsigned pictures_freed_twice(void)
{
    return twice;
}

#endif
