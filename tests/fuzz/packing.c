/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The door of packed parameters: PackDDElParam, UnpackDDElParam, ReuseDDElParam and FreeDDElParam with lParams that
 * were packed, for this message or another one, were freed before, are other blocks, or were made up. What has been
 * packed and not been used up is remembered, and has to read as it was packed. */

#include "fuzz/fuzz.h"

enum { KEPT = 16 };

static struct packed {
    LPARAM lparam;
    UINT msg;
    UINT_PTR lo, hi;
    bool live;
} kept[KEPT];

static UINT any_msg(void)
{
    unsigned b = fuzz_byte();

    return b < 192 ? WM_DDE_FIRST + b % 9 : (UINT)fuzz_number();
}

static bool has_block(UINT msg)
{
    return msg == WM_DDE_ADVISE || msg == WM_DDE_DATA || msg == WM_DDE_POKE || msg == WM_DDE_ACK;
}

static struct packed *any_kept(void)
{
    return &kept[fuzz_below(KEPT)];
}

/* Whose lParam it is, if it is one of those that are remembered as alive. */
static struct packed *owner_of(LPARAM lparam)
{
    for (unsigned i = 0; i < KEPT; i++)
        if (kept[i].live && kept[i].lparam == lparam)
            return &kept[i];
    return NULL;
}

static LPARAM any_lparam(void)
{
    unsigned b = fuzz_byte();

    switch (b >> 5) {
    case 0:
        return (LPARAM)fuzz_number();
    case 1:
        return (LPARAM)fuzz_any_block();
    case 2:
        return (LPARAM)((ULONG_PTR)any_kept()->lparam + (b & 31) - 16);
    case 3:
        return (LPARAM)((ULONG_PTR)any_kept()->lparam ^ (ULONG_PTR)fuzz_number());
    default:
        return any_kept()->lparam;
    }
}

static void check(const struct packed *p)
{
    UINT_PTR lo = 1, hi = 1;

    fuzz_assert(UnpackDDElParam(p->msg, p->lparam, &lo, &hi));
    fuzz_assert(lo == p->lo && hi == p->hi);
}

static void free_kept(struct packed *p)
{
    if (!p->live)
        return;
    check(p);
    fuzz_assert(FreeDDElParam(p->msg, p->lparam));
    p->live = false;
    fuzz_assert(!FreeDDElParam(p->msg, p->lparam));
}

static void pack(void)
{
    struct packed *p = any_kept();
    UINT msg = any_msg();

    free_kept(p);
    *p = (struct packed){.msg = msg, .lo = (UINT_PTR)fuzz_number(), .hi = (UINT_PTR)fuzz_number()};
    p->lparam = PackDDElParam(msg, p->lo, p->hi);
    p->live = has_block(msg);
    if (p->live)
        check(p);
}

static void unpack(void)
{
    UINT msg = any_msg();
    LPARAM lparam = any_lparam();
    unsigned which = fuzz_byte();
    UINT_PTR lo, hi;

    UnpackDDElParam(msg, lparam, which & 1 ? &lo : NULL, which & 2 ? &hi : NULL);
}

static void release(void)
{
    UINT msg = any_msg();
    LPARAM lparam = any_lparam();
    struct packed *p = owner_of(lparam);

    if (FreeDDElParam(msg, lparam) && has_block(msg) && p)
        p->live = false;
}

static void reuse(void)
{
    struct packed *to = any_kept(), *from, made;
    UINT in = any_msg(), out = any_msg();
    LPARAM lparam = any_lparam();

    free_kept(to);
    from = owner_of(lparam);
    made = (struct packed){.msg = out, .lo = (UINT_PTR)fuzz_number(), .hi = (UINT_PTR)fuzz_number()};
    made.lparam = ReuseDDElParam(lparam, in, out, made.lo, made.hi);
    made.live = has_block(out);
    if (from && has_block(in))
        from->live = false;
    *to = made;
    if (made.live) {
        check(to);
        fuzz_remember((host_mem)made.lparam); /* it may be somebody else's block */
    }
}

static void block(void)
{
    fuzz_block(fuzz_below(64));
}

static void lend(void)
{
    host_mem mem = fuzz_any_block();

    if (host_mem_lock(mem) && fuzz_byte() & 1)
        host_mem_unlock(mem);
}

static void (*const steps[])(void) = {pack, pack, unpack, release, reuse, block, lend};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_begin(data, size, NULL);
    while (fuzz_more())
        steps[fuzz_below(sizeof steps / sizeof *steps)]();
    for (unsigned i = 0; i < KEPT; i++) {
        if (owner_of(kept[i].lparam) == &kept[i])
            free_kept(&kept[i]);
        kept[i] = (struct packed){0};
    }
    fuzz_end();
    return 0;
}
