/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_PICTURES_HOST_H
#define TESTS_PICTURES_HOST_H

/* Pictures: what stands behind data that is a handle. On Windows real bitmaps, palettes and metafiles;
 * elsewhere numbers in a table, which a host made for this test knows. */

#include <stdbool.h>
#include <stdint.h>

uintptr_t picture_new(unsigned fmt);
bool picture_exists(unsigned fmt, uintptr_t handle);
/* Is anything left of it, the block around a metafile included? Only while no other block is in use. */
bool picture_left(unsigned fmt, uintptr_t handle);
void picture_free(unsigned fmt, uintptr_t handle);

/* How many there are; and how often one was freed that did not exist, where that can be seen. */
unsigned pictures_count(void);
unsigned pictures_freed_twice(void);

/* What host_handles_pass says, whatever the system would say; and what host_handle_copy does. */
extern bool pictures_do_not_pass, pictures_cannot_be_copied;

#endif
