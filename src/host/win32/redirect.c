/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Calls that other modules of the process have imported. A call goes through a slot of its module, which the loader has
 * filled with the address of the function: another address is another function. Slots are told by what stands in them,
 * so it does not matter how the module asked for the function, and what somebody else has redirected is left alone. */

#include "win32.h"

#include "rebind/pe.h"

/* The functions of one name: user32's and ours. */
struct pair {
    void *system, *ours;
};

enum { MOST_CALLS = 64 };

/* Two that change one page would each protect it while the other one writes. */
static SRWLOCK slots_lock = SRWLOCK_INIT;

static size_t find_system(const struct host_call *calls, size_t n, struct pair pairs[MOST_CALLS])
{
    HMODULE user32 = GetModuleHandleW(L"user32.dll");
    size_t found = 0;

    for (size_t i = 0; user32 && i < n && found < MOST_CALLS; i++) {
        FARPROC system = GetProcAddress(user32, calls[i].name);

        if (system)
            pairs[found++] = (struct pair){(void *)(uintptr_t)system, (void *)(uintptr_t)calls[i].function};
    }
    return found;
}

/* Other threads may be calling through the slot, and be running code that stands in the same page. */
static bool fill(void **slot, void *function)
{
    const DWORD executable =
        PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY;
    MEMORY_BASIC_INFORMATION page;
    DWORD before, writable;

    if (VirtualQuery(slot, &page, sizeof page) == 0)
        return false;
    writable = page.Protect & executable ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
    if (!VirtualProtect(slot, sizeof *slot, writable, &before))
        return false;
    InterlockedExchangePointer(slot, function);
    return VirtualProtect(slot, sizeof *slot, before, &before);
}

/* The slots of one descriptor. Adds to *n those that lead where they should; false: one cannot be written. */
static bool lead_slots(const struct pe *pe, const struct pe_import *import, const struct pair *pairs,
                       size_t n_pairs, bool on, int *n)
{
    uint32_t rva = import->slots;

    for (; pe_bytes(pe, rva, sizeof(void *)); rva += sizeof(void *)) {
        void **slot = (void **)(uintptr_t)(pe->at + rva);

        if (!*slot)
            return true; /* the list ends with a zero */
        for (size_t i = 0; i < n_pairs; i++) {
            void *from = on ? pairs[i].system : pairs[i].ours, *to = on ? pairs[i].ours : pairs[i].system;

            if (*slot != from && *slot != to)
                continue;
            if (*slot == from && !fill(slot, to))
                return false;
            ++*n;
            break;
        }
    }
    return true;
}

static int lead(const struct pe *pe, const struct pair *pairs, size_t n_pairs, bool on)
{
    struct pe_import import;
    int n = 0;

    for (uint32_t i = 0; pe_import(pe, i, &import) == PE_FOUND; i++)
        if (pe_same_dll(import.dll, "user32") && !lead_slots(pe, &import, pairs, n_pairs, on, &n))
            return HOST_FAULT;
    return n;
}

/* The loader has accepted these headers before. */
static bool open_module(HMODULE module, struct pe *pe)
{
    const uint8_t *at = (const uint8_t *)module;
    const char *why;

    return pe_open(pe, at, pe_get32(at + pe_get32(at + 60) + PE_AT_IMAGE_SIZE), PE_MAPPED, &why) ==
           PE_UNDERSTOOD;
}

int host_redirect(void *module, const struct host_call *calls, size_t n, bool on)
{
    struct pair pairs[MOST_CALLS];
    size_t n_pairs = find_system(calls, n, pairs);
    HMODULE held;
    struct pe pe;
    int result = HOST_GONE;

    /* Anything may have been passed: only the system knows. It stays meanwhile. */
    if (!module || !GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, module, &held))
        return HOST_GONE;
    if (held == module && open_module(held, &pe)) {
        AcquireSRWLockExclusive(&slots_lock);
        result = lead(&pe, pairs, n_pairs, on);
        if (result == HOST_FAULT)
            lead(&pe, pairs, n_pairs, !on); /* all or nothing */
        ReleaseSRWLockExclusive(&slots_lock);
    }
    FreeLibrary(held);
    return result;
}
