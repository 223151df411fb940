/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_HOST_POSIX_MEMORY_H
#define DDEML_HOST_POSIX_MEMORY_H

/* Blocks of global memory that go to another process or have come from one; and the heap. */

#include "host/host.h"

void *zeros_new(size_t size); /* for free() */

void descriptor_close(int fd); /* what is given back must not be a point where the thread is cancelled */

/* Blocks of this size and larger are files in memory, as long as there are descriptors for them: 32 MiB, up
 * to which the heap uses its memory again. New pages cost much more than copying into those that there are,
 * so that smaller blocks are better copied into a file when they travel. Less in tests only. */
extern size_t mem_large;

/* A descriptor of a sealed file that begins with the block's bytes, as they are now, for the caller to
 * close; *size: how many they are. The block stays as it is. What has been written to a large block since
 * it was made is not copied, unless it is locked. -1: no block, no descriptor, or no memory (errno). */
int mem_share(host_mem mem, size_t *size);

/* A block with the first bytes of a file that nobody can change any more. Its pages are shared until they
 * are written to. The descriptor stays the caller's. 0: no memory. */
host_mem mem_adopt(int fd, size_t size);

void shelves_hold(bool hold); /* around a fork (posix.h) */

/* What the block was called where it came from. 0: it was made here, or there is no such block. */
void mem_set_origin(host_mem mem, uint64_t origin);
uint64_t mem_origin(host_mem mem);

#endif
