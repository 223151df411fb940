/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_HOST_POSIX_SPELLING_H
#define DDEML_HOST_POSIX_SPELLING_H

/* Texts in UTF-16 without regard to case. Processes of different versions of this library compare by these
 * hashes, so that they are part of the board's layout (board_memory.h). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint32_t spelling_hash(const uint16_t *text, size_t length);
uint64_t spelling_hash64(const uint16_t *text, size_t length);
bool spelling_same(const uint16_t *a, const uint16_t *b, size_t length);

#endif
