/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "win32.h"

/* Cards as other processes and other copies of this library see them: as properties of the window, 32 bits
 * each, under integer atoms, which nobody counts. Properties are kept by the system and can be read from
 * everywhere. Extra bytes of the window would be the other place; but since Windows 10 those lie in the
 * memory of the process that owns it.
 *
 * A property that is 0 is not there at all. The last one is a checksum over the others and the window. It
 * tells our cards from whatever anybody else may have put on a window, and a card from the middle of its
 * replacement. */

enum {
    FIRST_ATOM = 0x0DDE,
    VERSION = 1, /* of this arrangement */
    WORDS = HOST_CARD_SIZE / sizeof(DWORD),
    LENGTH = WORDS,
    STAMP,
    PROPERTIES,
};

static const WCHAR *name_of(unsigned number)
{
    return (const WCHAR *)(UINT_PTR)(FIRST_ATOM + number);
}

static DWORD property(HWND hwnd, unsigned number)
{
    return (DWORD)(UINT_PTR)GetPropW(hwnd, name_of(number));
}

static bool set_property(HWND hwnd, unsigned number, DWORD value)
{
    if (value != 0)
        return SetPropW(hwnd, name_of(number), (HANDLE)(UINT_PTR)value);
    RemovePropW(hwnd, name_of(number));
    return true;
}

/* FNV-1a, a word at a time. */
static DWORD stamp_of(HWND hwnd, const DWORD *words)
{
    const DWORD prime = 16777619;
    DWORD hash = (2166136261u ^ VERSION) * prime;

    hash = (hash ^ (DWORD)(UINT_PTR)hwnd) * prime;
    for (unsigned i = 0; i < STAMP; i++)
        hash = (hash ^ words[i]) * prime;
    return hash != 0 ? hash : 1;
}

static void to_words(HWND hwnd, const struct host_card *card, DWORD *words)
{
    ZeroMemory(words, PROPERTIES * sizeof(DWORD));
    if (card == NULL)
        return;
    CopyMemory(words, card->u.bytes, card->size);
    words[LENGTH] = (DWORD)card->size;
    words[STAMP] = stamp_of(hwnd, words);
}

bool win32_card_show(HWND hwnd, const struct host_card *former, const struct host_card *card)
{
    DWORD from[PROPERTIES], to[PROPERTIES];

    to_words(hwnd, former, from);
    to_words(hwnd, card, to);
    for (unsigned i = 0; i < PROPERTIES; i++) {
        if (to[i] == from[i] || set_property(hwnd, i, to[i]))
            continue;
        while (i-- > 0) {
            if (to[i] != from[i])
                set_property(hwnd, i, from[i]);
        }
        return false;
    }
    return true;
}

bool win32_card_read(HWND hwnd, struct host_card *card)
{
    const unsigned patience = 100; /* somebody may be at work on it, or have been stopped in the middle */
    DWORD words[PROPERTIES];

    for (unsigned tries = 0; tries < patience; tries++) {
        ZeroMemory(words, sizeof words);
        if ((words[STAMP] = property(hwnd, STAMP)) == 0)
            return false;
        words[LENGTH] = property(hwnd, LENGTH);
        for (unsigned i = 0; i < WORDS && i * sizeof(DWORD) < words[LENGTH]; i++)
            words[i] = property(hwnd, i);
        if (words[LENGTH] <= HOST_CARD_SIZE && words[STAMP] == stamp_of(hwnd, words)) {
            ZeroMemory(card, sizeof *card);
            card->size = words[LENGTH];
            CopyMemory(card->u.bytes, words, HOST_CARD_SIZE);
            return true;
        }
        SwitchToThread();
    }
    return false;
}
