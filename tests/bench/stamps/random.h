/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random numbers that are the same on every machine: additions, products,
 * divisions and roots are exact to the bit in IEEE 754, the logarithm of a C
 * library is not, so it is made here.
 */
#ifndef STAMPS_RANDOM_H
#define STAMPS_RANDOM_H

#include <stdint.h>

/**
 * struct random - a generator (xoshiro256**)
 * @s:		its state
 * @spare:	second normal number of a pair
 * @has_spare:	whether there is one
 */
struct random {
	uint64_t s[4];
	double spare;
	int has_spare;
};

void random_seed(struct random *r, uint64_t seed);
uint64_t random_u64(struct random *r);
/* From 0 up to below 1. */
double random_unit(struct random *r);
/* Mean 1. */
double random_exponential(struct random *r);
/* Mean 0, variance 1. */
double random_normal(struct random *r);

#endif /* STAMPS_RANDOM_H */
