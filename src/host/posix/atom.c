/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#include "host/posix/figures.h"

#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

enum { FIRST_STRING = 0xC000, STRINGS = 0x10000 - FIRST_STRING, BUCKETS = 4096 };

struct atom {
    struct atom *next; /* in its bucket */
    uint64_t refs;
    uint32_t hash;
    host_atom number;
    uint16_t length;
    uint16_t text[]; /* the first spelling, with its terminator */
};

static struct {
    pthread_mutex_t lock;
    struct atom *bucket[BUCKETS];
    struct atom *atom[STRINGS]; /* by number */
    size_t n;
    uint64_t refs;
    size_t last; /* the number given out last: numbers come again as late as can be */
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- Spelling ------------------------------------------------------------------------------------- */

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

static uint32_t hash_of(const uint16_t *text, size_t length)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < length; i++)
        h = (h ^ fold(text[i])) * 16777619u;
    return h ^ h >> 15;
}

static bool same(const uint16_t *a, const uint16_t *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (a[i] != b[i] && fold(a[i]) != fold(b[i]))
            return false;
    }
    return true;
}

/* At most HOST_ATOM_CHARS + 1: no need to know how long it really is. */
static size_t length_of(const uint16_t *text)
{
    size_t n = 0;

    while (n <= HOST_ATOM_CHARS && text[n])
        n++;
    return n;
}

/* ---- Integer atoms -------------------------------------------------------------------------------- */

/* "#" and nothing but digits behind it. */
static bool names_integer(const uint16_t *text, host_atom *atom)
{
    uint32_t value = 0;

    if (text[0] != '#' || !text[1])
        return false;
    for (text++; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        if (value < FIRST_STRING)
            value = value * 10 + (*text - '0');
    }
    *atom = value < FIRST_STRING ? (host_atom)value : 0;
    return true;
}

static size_t integer_name(host_atom atom, uint16_t *buf)
{
    uint16_t digits[5];
    size_t n = 0, length = 0;

    for (; atom; atom /= 10)
        digits[n++] = (uint16_t)('0' + atom % 10);
    buf[length++] = '#';
    while (n)
        buf[length++] = digits[--n];
    buf[length] = 0;
    return length;
}

/* ---- The table, under its lock -------------------------------------------------------------------- */

static struct atom *find(const uint16_t *text, size_t length, uint32_t hash)
{
    struct atom *a = table.bucket[hash % BUCKETS];

    while (a && !(a->hash == hash && a->length == length && same(a->text, text, length)))
        a = a->next;
    return a;
}

static struct atom *make(const uint16_t *text, size_t length, uint32_t hash)
{
    struct atom *a;

    if (table.n == STRINGS)
        return NULL;
    a = malloc(sizeof *a + (length + 1) * sizeof a->text[0]);
    if (!a)
        return NULL;
    while (table.atom[table.last])
        table.last = (table.last + 1) % STRINGS;
    *a = (struct atom){.next = table.bucket[hash % BUCKETS],
                       .hash = hash,
                       .number = (host_atom)(FIRST_STRING + table.last),
                       .length = (uint16_t)length};
    memcpy(a->text, text, (length + 1) * sizeof a->text[0]);
    table.bucket[hash % BUCKETS] = a;
    table.atom[table.last] = a;
    table.last = (table.last + 1) % STRINGS;
    table.n++;
    return a;
}

static void drop(struct atom *a)
{
    struct atom **at = &table.bucket[a->hash % BUCKETS];

    while (*at != a)
        at = &(*at)->next;
    *at = a->next;
    table.atom[a->number - FIRST_STRING] = NULL;
    table.n--;
    free(a);
}

/* ---- The seam ------------------------------------------------------------------------------------- */

host_atom host_atom_add(const uint16_t *text)
{
    size_t length = length_of(text);
    host_atom number = 0;
    struct atom *a;
    uint32_t hash;

    if (length == 0 || length > HOST_ATOM_CHARS)
        return 0;
    if (names_integer(text, &number))
        return number;
    hash = hash_of(text, length);
    pthread_mutex_lock(&table.lock);
    a = find(text, length, hash);
    if (!a)
        a = make(text, length, hash);
    if (a) {
        a->refs++;
        table.refs++;
        number = a->number;
    }
    pthread_mutex_unlock(&table.lock);
    return number;
}

void host_atom_delete(host_atom atom)
{
    struct atom *a;

    if (atom < FIRST_STRING)
        return;
    pthread_mutex_lock(&table.lock);
    a = table.atom[atom - FIRST_STRING];
    if (a) {
        table.refs--;
        if (--a->refs == 0)
            drop(a);
    }
    pthread_mutex_unlock(&table.lock);
}

size_t host_atom_name(host_atom atom, uint16_t *buf)
{
    const struct atom *a;
    size_t length = 0;

    if (atom == 0)
        return 0;
    if (atom < FIRST_STRING)
        return integer_name(atom, buf);
    pthread_mutex_lock(&table.lock);
    a = table.atom[atom - FIRST_STRING];
    if (a) {
        length = a->length;
        memcpy(buf, a->text, (length + 1) * sizeof a->text[0]);
    }
    pthread_mutex_unlock(&table.lock);
    return length;
}

long figure_atoms(void)
{
    long n;

    pthread_mutex_lock(&table.lock);
    n = (long)table.refs;
    pthread_mutex_unlock(&table.lock);
    return n;
}
