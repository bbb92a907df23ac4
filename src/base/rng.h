/* SPDX-License-Identifier: ISC
 * rng.h - random bytes from the kernel; ends the process when the kernel has none (we could neither salt nor sign).
 */
#ifndef TOCSIN_BASE_RNG_H
#define TOCSIN_BASE_RNG_H
#include <stddef.h>
#include <stdint.h>
void rng_bytes(void *out, size_t n);
uint64_t rng_u64(void);
void rng_hex(char *out, size_t bytes); /* 2*bytes digits and a NUL */
#endif
