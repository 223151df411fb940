/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "win32.h"

/* Cards as other processes and other copies of this library see them: as the text of the window, one unit
 * for each byte. The text is kept by the system, replaced as a whole and gone with the window, and can be
 * read from everywhere without asking the window. Extra bytes of the window would be another place, but since
 * Windows 10 those lie in the memory of the process that owns it; properties would be the third, but each of
 * them has to be set, read and removed by itself.
 *
 * In front of the card stands a checksum over it and the window. It tells our cards from whatever else may be
 * the text of a window. */

enum {
    UNIT = 0x100, /* of the byte 0: a text has no zeros */
    VERSION = 2,  /* of this arrangement */
    STAMP = sizeof(DWORD),
    LONGEST = STAMP + HOST_CARD_SIZE,
};

/* FNV-1a. */
static DWORD stamp_of(HWND hwnd, const struct host_card *card)
{
    const DWORD prime = 16777619;
    DWORD hash = (2166136261u ^ VERSION) * prime;

    hash = (hash ^ (DWORD)(UINT_PTR)hwnd) * prime;
    for (size_t i = 0; i < card->size; i++)
        hash = (hash ^ card->u.bytes[i]) * prime;
    return hash;
}

static WCHAR *write_bytes(WCHAR *to, const void *from, size_t n)
{
    for (const unsigned char *byte = from; n-- != 0; byte++)
        *to++ = (WCHAR)(UNIT + *byte);
    *to = 0;
    return to;
}

/* false: not written by us. */
static bool read_bytes(void *to, const WCHAR *from, size_t n)
{
    unsigned char *bytes = to;

    for (size_t i = 0; i < n; i++) {
        if ((from[i] & ~0xFF) != UNIT)
            return false;
        bytes[i] = (unsigned char)from[i];
    }
    return true;
}

/* Not by SetWindowText, which programs that subclass the window would see. */
bool win32_card_show(HWND hwnd, const struct host_card *card)
{
    DWORD stamp = stamp_of(hwnd, card);
    WCHAR text[LONGEST + 1];

    write_bytes(write_bytes(text, &stamp, sizeof stamp), card->u.bytes, card->size);
    return DefWindowProcW(hwnd, WM_SETTEXT, 0, (LPARAM)text) == TRUE;
}

/* Not by GetWindowText, which sends a message to a window of this process: its thread may not answer. */
bool win32_card_read(HWND hwnd, struct host_card *card)
{
    WCHAR text[LONGEST + 2]; /* would show that a text is longer */
    int length = InternalGetWindowText(hwnd, text, LONGEST + 2);
    DWORD stamp;

    if (length < STAMP || length > LONGEST)
        return false;
    ZeroMemory(card, sizeof *card);
    card->size = (size_t)length - STAMP;
    return read_bytes(&stamp, text, STAMP) && read_bytes(card->u.bytes, text + STAMP, card->size) &&
           stamp == stamp_of(hwnd, card);
}
