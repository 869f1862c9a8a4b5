// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arithmetic of the estimator of sample instants.
 *
 * A real is mant * 2^exp and never negative; bit 31 of mant is set unless the
 * number is 0. Products are of 32 by 32 bits, quotients of 64 by 32 bits, so
 * that a 32-bit machine needs no library for them.
 */
#include <linux/bitops.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "stamp_math.h"

/* Beyond it a cut normal is told from its asymptote by 0.1 %. */
#define CUT_TABLE_END_Q16	(-8 * STAMP_Q16_ONE)
/* Beyond it the cut takes nothing away that 16 bits could show. */
#define CUT_WHOLE_Q16		(5 * STAMP_Q16_ONE)

/* 2^16 * (m(c) + c) at c = -i / 8, where m(c) = phi(c) / Phi(c) (Mills) */
static const u16 mills_table[65] = {
	52290, 49423, 46763, 44299, 42014, 39895, 37931, 36108,
	34415, 32842, 31380, 30018, 28749, 27565, 26460, 25426,
	24459, 23552, 22702, 21903, 21151, 20444, 19777, 19148,
	18553, 17991, 17458, 16954, 16475, 16021, 15588, 15177,
	14785, 14412, 14056, 13715, 13390, 13079, 12781, 12496,
	12223, 11960, 11708, 11466, 11234, 11010, 10794, 10586,
	10386, 10193, 10007, 9827, 9654, 9486, 9323, 9166,
	9014, 8867, 8724, 8586, 8452, 8322, 8196, 8073,
	7954,
};

/* 2^16 * -log2(Phi(i / 8)) */
static const u16 phi_table[41] = {
	65535, 56570, 48502, 41289, 34883, 29237, 24298, 20015,
	16334, 13199, 10557, 8354, 6537, 5057, 3865, 2919,
	2176, 1601, 1163, 833, 589, 411, 282, 191,
	128, 84, 55, 35, 22, 14, 8, 5,
	3, 2, 1, 1, 0, 0, 0, 0,
	0,
};

/* 2^16 * log2(1 + i / 32) */
static const u16 log2_table[33] = {
	0, 2909, 5732, 8473, 11136, 13727, 16248, 18704,
	21098, 23433, 25711, 27936, 30109, 32234, 34312, 36346,
	38336, 40286, 42196, 44068, 45904, 47705, 49472, 51207,
	52911, 54584, 56229, 57845, 59434, 60997, 62534, 64047,
	65535,
};

/* 2^16 * (2^(i / 32) - 1) */
static const u16 exp2_table[33] = {
	0, 1435, 2902, 4400, 5932, 7496, 9096, 10730,
	12400, 14106, 15850, 17633, 19454, 21315, 23216, 25160,
	27146, 29175, 31249, 33369, 35534, 37747, 40009, 42320,
	44682, 47095, 49562, 52082, 54658, 57289, 59979, 62727,
	65535,
};

/* @pos_q16: index and fraction; the last entry is never the lower one. */
static u32 interpolate(const u16 *table, u32 pos_q16)
{
	u32 i = pos_q16 >> 16;
	s32 step = (s32)table[i + 1] - table[i];

	return table[i] + (s32)(((s64)step * (pos_q16 & 0xffff)) >> 16);
}

/**
 * stamp_mul_shift() - product of 128 bits, shifted
 * @a:		factor
 * @b:		factor
 * @shift:	1 to 63
 *
 * Return: @a * @b / 2^@shift, cut towards 0, at most +-%STAMP_Q16_LIMIT.
 */
s64 stamp_mul_shift(s64 a, u64 b, unsigned int shift)
{
	u64 ua = a < 0 ? 0 - (u64)a : (u64)a;
	u32 a0 = ua, a1 = ua >> 32, b0 = b, b1 = b >> 32;
	u64 low = (u64)a0 * b0;
	u64 mid = (u64)a1 * b0 + (low >> 32);
	u64 mid2 = (u64)a0 * b1 + (u32)mid;
	u64 high = (u64)a1 * b1 + (mid >> 32) + (mid2 >> 32);
	u64 result;

	low = (mid2 << 32) | (u32)low;
	if (high >> (shift - 1))
		result = STAMP_Q16_LIMIT;
	else
		result = min_t(u64, (high << (64 - shift)) | (low >> shift),
			       STAMP_Q16_LIMIT);

	return a < 0 ? -(s64)result : (s64)result;
}

/**
 * stamp_real() - make a real
 * @value:	its digits
 * @exp:	the power of two they count
 */
struct cityhub_stamp_real stamp_real(u64 value, int exp)
{
	int shift = fls64(value) - 32;

	if (!value)
		return (struct cityhub_stamp_real) { };
	if (shift > 0)
		value >>= shift;
	else
		value <<= -shift;

	return (struct cityhub_stamp_real) { .mant = value, .exp = exp + shift };
}

/**
 * stamp_real_to() - a real as a whole number of units
 * @a:		real
 * @exp:	the unit is 2^@exp
 *
 * Return: @a / 2^@exp, rounded down, at most %STAMP_Q16_LIMIT.
 */
u64 stamp_real_to(struct cityhub_stamp_real a, int exp)
{
	int shift = a.exp - exp;

	if (shift > 28)
		return a.mant ? STAMP_Q16_LIMIT : 0;
	if (shift >= 0)
		return (u64)a.mant << shift;

	return shift > -32 ? a.mant >> -shift : 0;
}

s64 stamp_real_to_signed(struct cityhub_stamp_real a, bool negative, int exp)
{
	s64 value = stamp_real_to(a, exp);

	return negative ? -value : value;
}

/* a * 2^exp */
struct cityhub_stamp_real stamp_scale(struct cityhub_stamp_real a, int exp)
{
	if (a.mant)
		a.exp += exp;
	return a;
}

struct cityhub_stamp_real stamp_mul(struct cityhub_stamp_real a,
				    struct cityhub_stamp_real b)
{
	return stamp_real((u64)a.mant * b.mant, a.exp + b.exp);
}

/* @b is not 0. */
struct cityhub_stamp_real stamp_div(struct cityhub_stamp_real a,
				    struct cityhub_stamp_real b)
{
	return stamp_real(div_u64((u64)a.mant << 32, b.mant),
			  a.exp - b.exp - 32);
}

struct cityhub_stamp_real stamp_add(struct cityhub_stamp_real a,
				    struct cityhub_stamp_real b)
{
	if (stamp_less(a, b))
		swap(a, b);
	if (!b.mant || a.exp - b.exp > 31)
		return a;

	return stamp_real((u64)a.mant + (b.mant >> (a.exp - b.exp)), a.exp);
}

/* The difference, whichever is larger. */
struct cityhub_stamp_real stamp_diff(struct cityhub_stamp_real a,
				     struct cityhub_stamp_real b)
{
	if (stamp_less(a, b))
		swap(a, b);
	if (!b.mant || a.exp - b.exp > 31)
		return a;

	return stamp_real((u64)a.mant - (b.mant >> (a.exp - b.exp)), a.exp);
}

/* One division: a start from the table of logarithms, then Newton once. */
struct cityhub_stamp_real stamp_sqrt(struct cityhub_stamp_real a)
{
	struct cityhub_stamp_real root;
	s64 half;

	if (!a.mant)
		return a;

	half = stamp_log2_q16(a) >> 1;
	root = stamp_real(STAMP_Q16_ONE +
			  interpolate(exp2_table, (half & 0xffff) << 5),
			  (int)(half >> 16) - 16);

	return stamp_scale(stamp_add(root, stamp_div(a, root)), -1);
}

bool stamp_less(struct cityhub_stamp_real a, struct cityhub_stamp_real b)
{
	if (!a.mant || !b.mant)
		return b.mant;

	return a.exp == b.exp ? a.mant < b.mant : a.exp < b.exp;
}

/* @a is not 0. */
s64 stamp_log2_q16(struct cityhub_stamp_real a)
{
	/* 5 bits of index and 16 of fraction behind the leading 1 */
	u32 pos_q16 = (a.mant & 0x7fffffff) >> 10;

	return (a.exp + 31) * (s64)STAMP_Q16_ONE +
	       interpolate(log2_table, pos_q16);
}

/**
 * stamp_exp2_q24() - a power of two that is no more than 1
 * @exponent_q16:	exponent, not above 0
 */
u32 stamp_exp2_q24(s64 exponent_q16)
{
	u32 fraction = exponent_q16 & 0xffff;
	s64 whole = exponent_q16 >> 16;

	if (whole < -24)
		return 0;

	return (STAMP_Q16_ONE + interpolate(exp2_table, fraction << 5)) << 8 >>
	       -whole;
}

static void cut_below_table(s64 c_q16, struct stamp_cut *cut)
{
	struct cityhub_stamp_real t = stamp_real(-c_q16, -16);
	struct cityhub_stamp_real one = stamp_real(1, 0);
	struct cityhub_stamp_real square = stamp_mul(t, t);

	/* Leading terms of the continued fraction of Mills' ratio. */
	cut->below = stamp_div(t, stamp_add(square, stamp_real(2, 0)));
	cut->var = stamp_div(one, stamp_add(square, stamp_real(6, 0)));
	cut->log2_area_q16 = -stamp_log2_q16(stamp_add(t, cut->below));
}

static void cut_in_table(s64 c_q16, struct stamp_cut *cut)
{
	u32 t_q16 = -c_q16;
	u32 below_q16 = interpolate(mills_table, t_q16 << 3);
	u32 mills_q16 = t_q16 + below_q16;

	cut->below = stamp_real(below_q16, -16);
	cut->var = stamp_real((1ULL << 32) - (u64)below_q16 * mills_q16, -32);
	cut->log2_area_q16 = -stamp_log2_q16(stamp_real(mills_q16, -16));
}

static void cut_above_middle(s64 c_q16, struct stamp_cut *cut)
{
	u32 c = c_q16;
	s64 phi_q16 = interpolate(phi_table, c << 3);
	s64 square_q16 = ((u64)c * c) >> 16;
	s64 log2_mills_q16 = phi_q16 - STAMP_LOG2_SQRT2PI_Q16 -
			     ((square_q16 * (STAMP_LOG2_E_Q16 / 2)) >> 16);
	u32 mills_q24 = stamp_exp2_q24(log2_mills_q16);
	u32 below_q24 = (c << 8) + mills_q24;

	cut->below = stamp_real(below_q24, -24);
	cut->var = stamp_real((1ULL << 48) - (u64)below_q24 * mills_q24, -48);
	cut->log2_area_q16 = -phi_q16;
}

/**
 * stamp_cut() - moments of a standard normal distribution below a cut
 * @c_q16:	where it is cut, in standard deviations
 * @cut:	result; below 0 log2_area_q16 lacks log2(phi(c)), which is left
 *		to the caller because it may be far below what fits
 */
void stamp_cut(s64 c_q16, struct stamp_cut *cut)
{
	if (c_q16 <= CUT_TABLE_END_Q16) {
		cut_below_table(c_q16, cut);
	} else if (c_q16 < 0) {
		cut_in_table(c_q16, cut);
	} else if (c_q16 < CUT_WHOLE_Q16) {
		cut_above_middle(c_q16, cut);
	} else {
		cut->below = stamp_real(c_q16, -16);
		cut->var = stamp_real(1, 0);
		cut->log2_area_q16 = 0;
	}
}
