/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/posix/spelling.h"

#include <locale.h>
#include <pthread.h>
#include <wctype.h>

static pthread_once_t locale_once = PTHREAD_ONCE_INIT;
static locale_t unicode;

static void make_locale(void)
{
    unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* Without that locale only ASCII is folded. Nothing outside ASCII equals anything inside. */
static uint16_t fold(uint16_t c)
{
    wint_t low;

    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? (uint16_t)(c + 'a' - 'A') : c;
    pthread_once(&locale_once, make_locale);
    low = unicode ? towlower_l(c, unicode) : c;
    return low < 0x80 || low > 0xFFFF ? c : (uint16_t)low;
}

uint32_t spelling_hash(const uint16_t *text, size_t length)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < length; i++)
        h = (h ^ fold(text[i])) * 16777619u;
    return h ^ h >> 15;
}

uint64_t spelling_hash64(const uint16_t *text, size_t length)
{
    uint64_t h = 14695981039346656037u;

    for (size_t i = 0; i < length; i++)
        h = (h ^ fold(text[i])) * 1099511628211u;
    return h ^ h >> 29;
}

bool spelling_same(const uint16_t *a, const uint16_t *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (a[i] != b[i] && fold(a[i]) != fold(b[i]))
            return false;
    }
    return true;
}
