// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>

#include "random.h"

static uint64_t rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

/* splitmix64 spreads a small seed over the state. */
void random_seed(struct random *r, uint64_t seed)
{
	int i;

	for (i = 0; i < 4; i++) {
		uint64_t z = seed += 0x9e3779b97f4a7c15;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		r->s[i] = z ^ z >> 31;
	}
	r->has_spare = 0;
}

uint64_t random_u64(struct random *r)
{
	uint64_t out = rotate(r->s[1] * 5, 7) * 9;
	uint64_t t = r->s[1] << 17;

	r->s[2] ^= r->s[0];
	r->s[3] ^= r->s[1];
	r->s[1] ^= r->s[2];
	r->s[0] ^= r->s[3];
	r->s[2] ^= t;
	r->s[3] = rotate(r->s[3], 45);
	return out;
}

double random_unit(struct random *r)
{
	return (random_u64(r) >> 11) * 0x1p-53;
}

/* ln x = e ln 2 + 2 artanh((m - 1) / (m + 1)), x = m 2^e, m near 1. */
static double logarithm(double x)
{
	int e, i;
	double m = frexp(x, &e), t, square, sum = 0;

	if (m < 0.70710678118654752) {
		m *= 2;
		e--;
	}
	t = (m - 1) / (m + 1);
	square = t * t;
	for (i = 21; i > 0; i -= 2)
		sum = sum * square + 1.0 / i;
	return e * 0.69314718055994531 + 2 * t * sum;
}

double random_exponential(struct random *r)
{
	return -logarithm(1 - random_unit(r));
}

/* Marsaglia's polar method. */
double random_normal(struct random *r)
{
	double x, y, s, f;

	if (r->has_spare) {
		r->has_spare = 0;
		return r->spare;
	}
	do {
		x = 2 * random_unit(r) - 1;
		y = 2 * random_unit(r) - 1;
		s = x * x + y * y;
	} while (s >= 1 || s == 0);
	f = sqrt(-2 * logarithm(s) / s);
	r->spare = y * f;
	r->has_spare = 1;
	return x * f;
}
