// SPDX-License-Identifier: GPL-2.0-only
#include "common/cbor.h"

#include <math.h>
#include <string.h>

/* Major types, RFC 8949 section 3.1. */
#define CBOR_UINT	0
#define CBOR_NEGATIVE	1
#define CBOR_TEXT	3
#define CBOR_ARRAY	4
#define CBOR_MAP	5
#define CBOR_TAG	6
#define CBOR_SIMPLE	7

#define CBOR_TAG_DECIMAL	4
#define CBOR_FALSE		20
#define CBOR_TRUE		21
#define CBOR_HALF		25
#define CBOR_SINGLE		26
#define CBOR_DOUBLE		27

/* IEEE 754 binary16 */
#define CBOR_HALF_DIGITS	11
#define CBOR_HALF_MIN_EXP	(-14)	/* of the smallest normal number */
#define CBOR_HALF_MAX		65504.0

static void cbor_bits(struct bytes *b, int major, int info, uint64_t v,
		      int bytes)
{
	bytes_byte(b, (uint8_t)(major << 5 | info));
	while (bytes--)
		bytes_byte(b, (uint8_t)(v >> (8 * bytes)));
}

static void cbor_head(struct bytes *b, int major, uint64_t v)
{
	if (v < 24)
		cbor_bits(b, major, (int)v, 0, 0);
	else if (v <= UINT8_MAX)
		cbor_bits(b, major, 24, v, 1);
	else if (v <= UINT16_MAX)
		cbor_bits(b, major, 25, v, 2);
	else if (v <= UINT32_MAX)
		cbor_bits(b, major, 26, v, 4);
	else
		cbor_bits(b, major, 27, v, 8);
}

void cbor_array(struct bytes *b, uint64_t n)
{
	cbor_head(b, CBOR_ARRAY, n);
}

void cbor_map(struct bytes *b, uint64_t n)
{
	cbor_head(b, CBOR_MAP, n);
}

void cbor_int(struct bytes *b, int64_t v)
{
	if (v < 0)
		cbor_head(b, CBOR_NEGATIVE, (uint64_t)(-1 - v));
	else
		cbor_head(b, CBOR_UINT, (uint64_t)v);
}

void cbor_text(struct bytes *b, const char *text)
{
	size_t len = strlen(text);

	cbor_head(b, CBOR_TEXT, len);
	bytes_add(b, text, len);
}

void cbor_bool(struct bytes *b, bool v)
{
	cbor_head(b, CBOR_SIMPLE, v ? CBOR_TRUE : CBOR_FALSE);
}

void cbor_decimal(struct bytes *b, int64_t mantissa, int exponent)
{
	cbor_head(b, CBOR_TAG, CBOR_TAG_DECIMAL);
	cbor_array(b, 2);
	cbor_int(b, exponent);
	cbor_int(b, mantissa);
}

/* The nearest half, as its bits in @bits. Infinite when there is none. */
static double cbor_half(double v, uint16_t *bits)
{
	double a = fabs(v), near;
	int exponent;

	*bits = 0;
	if (a > CBOR_HALF_MAX)
		return INFINITY;
	frexp(a, &exponent);
	exponent--;	/* of the leading digit */
	if (exponent < CBOR_HALF_MIN_EXP)
		exponent = CBOR_HALF_MIN_EXP;
	near = rint(ldexp(a, CBOR_HALF_DIGITS - 1 - exponent));
	/* Rounding up to the next power of two carries into the exponent. */
	*bits = (uint16_t)near;
	if (near >= 1 << (CBOR_HALF_DIGITS - 1))
		*bits = (uint16_t)(*bits + ((exponent - CBOR_HALF_MIN_EXP) <<
					    (CBOR_HALF_DIGITS - 1)));
	if (signbit(v))
		*bits |= 0x8000;
	return copysign(ldexp(near, exponent - CBOR_HALF_DIGITS + 1), v);
}

static bool cbor_whole(struct bytes *b, double v, double tolerance)
{
	double whole = rint(v);

	/* Larger ones are not shorter than a single. */
	if (fabs(whole) > UINT16_MAX || fabs(v - whole) > tolerance)
		return false;
	cbor_int(b, (int64_t)whole);
	return true;
}

double cbor_number(struct bytes *b, double v, double tolerance)
{
	float single = (float)v;
	uint16_t half;
	uint32_t bits;
	double near;
	uint64_t all;

	if (cbor_whole(b, v, tolerance))
		return rint(v);
	near = cbor_half(v, &half);
	if (fabs(near - v) <= tolerance) {
		cbor_bits(b, CBOR_SIMPLE, CBOR_HALF, half, 2);
		return near;
	}
	if (fabs((double)single - v) <= tolerance) {
		memcpy(&bits, &single, sizeof(bits));
		cbor_bits(b, CBOR_SIMPLE, CBOR_SINGLE, bits, 4);
		return single;
	}
	memcpy(&all, &v, sizeof(all));
	cbor_bits(b, CBOR_SIMPLE, CBOR_DOUBLE, all, 8);
	return v;
}
