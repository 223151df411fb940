/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

/* A server on a thread of its own and a client on the caller's, and the statistics of a benchmark. Only the
 * documented API is used, so a benchmark can also be built against the system's DDEML. */

#include <stdbool.h>
#include <stddef.h>

#include "winddeml.h"

struct bench_pair {
    DWORD client;
    HSZ service, topic, item;
    struct bench_server *server;
};

void bench_open(struct bench_pair *p);
void bench_close(struct bench_pair *p);
HCONV bench_connect(struct bench_pair *p); /* ends the program if it fails */

double bench_now_us(void);

/* Sorts the samples and returns the middle one. */
double bench_median(double *samples, size_t n);

/* The program was called with --smoke: run as little as shows that it works. */
bool bench_smoke(int argc, char **argv);

#endif
