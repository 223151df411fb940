/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

/* What the doors share. A door is a place where others hand bytes, messages or calls to the library; each is one
 * file with an LLVMFuzzerTestOneInput that reads its input as a list of things to do:
 *
 *   window   messages of a hostile window to every kind of ours
 *   socket   packets of a hostile process
 *   calls    calls of a hostile program
 *   packing  lParams that were never packed
 *   text     texts, code pages and commands
 *   program  programs for Windows that are to be rebound
 *
 * The same files are linked with libFuzzer (preset fuzz, scripts/fuzz.sh) and with replay.c, which feeds them the
 * corpus as ordinary tests.
 *
 * An input runs on one thread and begins and ends with nothing: fuzz_end aborts if anything is left. The clock is
 * the harness's own. It stands still until the library goes to sleep; then it is at once so late as the library
 * wanted to sleep. So no input takes time, and each runs the same way every time. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/host.h"
#include "winddeml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- An input ----------------------------------------------------------------------------------------- */

/* asleep: asked when the library would sleep; true: something has been done that may wake it. NULL: never. */
void fuzz_begin(const uint8_t *data, size_t size, bool (*asleep)(void));
void fuzz_end(void);

/* Does the input run on a thread of its own, which ends with it whatever it has begun? Its last byte says so. */
bool fuzz_wants_thread(const uint8_t *data, size_t size);

/* From here on the books of the library need not be balanced any more: somebody has spoken in the name of one of its
 * own windows, and what such a message carries it takes for what it has booked itself. */
void fuzz_books_forged(void);

/* Prints why, and aborts. */
_Noreturn void fuzz_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define fuzz_assert(what) ((what) ? (void)0 : fuzz_fail("%s:%d: %s", __FILE__, __LINE__, #what))

/* ---- Reading it: zeros at its end ------------------------------------------------------------------------ */

bool fuzz_more(void);
unsigned fuzz_byte(void);
unsigned fuzz_below(unsigned n);       /* n <= 256 */
uint32_t fuzz_word(void);              /* 16 bits  */
uint64_t fuzz_number(void);            /* of any size, limits of types before all */
uint32_t fuzz_size(void);              /* mostly small, or as large as can be     */
size_t fuzz_bytes(void *to, size_t n); /* as many as there are                  */

/* What an input does: one of these after another, and one within another up to a depth. */
struct fuzz_steps {
    void (*const *all)(void);
    unsigned n, left, deepest, depth;
};
bool fuzz_step(struct fuzz_steps *steps); /* false: there is none any more, or not so deep */

/* ---- What an input has made ------------------------------------------------------------------------------ */

/* A piece of the heap of exactly that size, filled from the input, until the end of the input. What is too large for
 * that is memory all the same, with zeros. */
void *fuzz_exact(size_t size);

/* A text with a terminator of two bytes, so that it may be read as either kind. */
char *fuzz_text(size_t most);

/* A block of global memory, which fuzz_end frees if it is still there. 0: there is none. */
host_mem fuzz_block(size_t size);
void fuzz_remember(host_mem block); /* the same for one that came from elsewhere */
host_mem fuzz_any_block(void);      /* one of these, alive or not; 0: there have been none */

/* The atom of a name, with one reference more; fuzz_end gives back what is left of all of them. */
host_atom fuzz_atom(unsigned name);
/* One that came in a message, with a reference: of whatever else, if the input has guessed its number. The same. */
void fuzz_remember_atom(host_atom atom);
#define FUZZ_NAMES 6
extern const char *const fuzz_names[FUZZ_NAMES];

#endif
