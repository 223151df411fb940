/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* Data objects. The bytes stand in a global block from the start, behind room for the header of the message
 * that may carry them, so that an object which is passed on is not copied. */

#include "core/core.h"

#include <string.h>

static struct wire_end books(struct inst *in)
{
    return (struct wire_end){.ledger = &in->ledger};
}

static void free_block(struct inst *in, host_mem mem, size_t header, UINT fmt)
{
    struct wire_end end = books(in);

    if (mem)
        wire_mem_free(&end, mem, header, fmt);
}

/* A record that is kept for the next object keeps the slot of its handle. */
static struct data *record_new(struct inst *in)
{
    uintptr_t retired;
    struct data *d = spares_new(&in->spare_data, sizeof *d, &retired);

    if (!d)
        return NULL;
    d->handle = retired ? handle_renew(retired) : handle_new(HANDLE_DATA, d);
    if (d->handle)
        return d;
    spares_free(&in->spare_data, d, 0);
    return NULL;
}

static void record_free(struct inst *in, struct data *d)
{
    uintptr_t handle = d->handle;

    spares_free(&in->spare_data, d, handle_retire(handle) ? handle : 0);
}

static struct data *data_make(struct inst *in, host_mem mem, size_t header, size_t size, UINT fmt)
{
    struct data *d = record_new(in);

    if (!d)
        return NULL;
    d->inst = in;
    d->mem = mem;
    d->header = header;
    d->size = size;
    d->fmt = fmt;
    list_append(&in->all_data, &d->all);
    ledger_count(&in->ledger, LEDGER_data, 1);
    return d;
}

struct data *data_new(struct inst *in, const void *src, size_t cb, size_t offset, HSZ item, UINT fmt,
                      bool app_owned)
{
    size_t header = item ? WIRE_HEADER : 0;
    struct wire_end end = books(in);
    host_mem mem = wire_mem_new(&end, header + offset, cb ? src : NULL, cb);
    struct data *d = mem ? data_make(in, mem, header, offset + cb, fmt) : NULL;

    if (!d) {
        free_block(in, mem, 0, 0);
        return NULL;
    }
    d->app_owned = app_owned;
    d->hsz = (uintptr_t)item;
    d->item = string_ref(string_get(in, item));
    return d;
}

struct data *data_wrap(struct inst *in, host_mem mem, size_t header, size_t size, struct string *item,
                       UINT fmt, bool own, enum data_owner owner)
{
    struct data *d = data_make(in, mem, header, size, fmt);

    if (!d)
        return NULL;
    d->borrowed = !own;
    d->owner = owner;
    d->read_only = true;
    d->item = string_ref(item);
    d->hsz = string_handle(item);
    return d;
}

struct data *data_get(HDDEDATA h)
{
    return handle_get((uintptr_t)h, HANDLE_DATA);
}

static void forget(struct data *d)
{
    while (d->locks)
        data_unlock(d);
    list_remove(&d->all);
    string_unref(d->item);
    ledger_count(&d->inst->ledger, LEDGER_data, -1);
    record_free(d->inst, d);
}

void data_free(struct data *d)
{
    host_mem mem = d && !d->borrowed ? d->mem : 0;
    struct inst *in = d ? d->inst : NULL;
    size_t header = d ? d->header : 0;
    UINT fmt = d ? d->fmt : 0;

    if (!d)
        return;
    forget(d);
    free_block(in, mem, header, fmt);
}

host_mem data_consume(struct data *d, size_t header)
{
    bool used_up = !d->app_owned && d->owner == DATA_APP;
    struct wire_end end = books(d->inst);
    host_mem mem = d->mem;

    if (used_up && d->header == header) {
        forget(d);
        return mem;
    }
    mem = 0;
    d->read_only = true; /* passed on: from now on everybody may rely on what it says */
    if (data_lock(d)) {
        mem = wire_mem_copy(&end, header, d->bytes, d->size, header ? d->fmt : 0);
        data_unlock(d);
    }
    if (used_up)
        data_free(d);
    return mem;
}

unsigned char *data_lock(struct data *d)
{
    if (!d->locks) {
        unsigned char *block = host_mem_lock(d->mem);

        if (!block)
            return NULL;
        d->bytes = block + d->header;
    }
    d->locks++;
    return d->bytes;
}

void data_unlock(struct data *d)
{
    if (--d->locks)
        return;
    host_mem_unlock(d->mem);
    d->bytes = NULL;
}

bool data_resize(struct data *d, size_t size)
{
    host_mem bigger = host_mem_resize(d->mem, d->header + size);

    if (!bigger)
        return false;
    d->mem = bigger;
    d->size = size;
    return true;
}
