/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arithmetic of the estimator: numbers of any size, logarithms, and the
 * moments of a normal distribution that is cut off.
 *
 * A kernel has no floating point, and the variances here span 30 decades (a
 * phase unknown by 100 s, known to 50 ns). So they are kept as mantissa and
 * exponent. All results are the same on every machine.
 */
#ifndef _CITYHUB_STAMP_MATH_H
#define _CITYHUB_STAMP_MATH_H

#include <linux/types.h>

#include <cityhub/stamp.h>

#define STAMP_Q16_ONE		65536
/* Saturation of all conversions: leaves room to add a few. */
#define STAMP_Q16_LIMIT		(S64_MAX >> 3)
/* log2(e) and log2(sqrt(2 pi)) */
#define STAMP_LOG2_E_Q16	94548
#define STAMP_LOG2_SQRT2PI_Q16	86884

s64 stamp_mul_shift(s64 a, u64 b, unsigned int shift);

struct cityhub_stamp_real stamp_real(u64 value, int exp);
u64 stamp_real_to(struct cityhub_stamp_real a, int exp);
s64 stamp_real_to_signed(struct cityhub_stamp_real a, bool negative, int exp);
struct cityhub_stamp_real stamp_scale(struct cityhub_stamp_real a, int exp);
struct cityhub_stamp_real stamp_mul(struct cityhub_stamp_real a,
				    struct cityhub_stamp_real b);
struct cityhub_stamp_real stamp_div(struct cityhub_stamp_real a,
				    struct cityhub_stamp_real b);
struct cityhub_stamp_real stamp_add(struct cityhub_stamp_real a,
				    struct cityhub_stamp_real b);
struct cityhub_stamp_real stamp_diff(struct cityhub_stamp_real a,
				     struct cityhub_stamp_real b);
struct cityhub_stamp_real stamp_sqrt(struct cityhub_stamp_real a);
bool stamp_less(struct cityhub_stamp_real a, struct cityhub_stamp_real b);

s64 stamp_log2_q16(struct cityhub_stamp_real a);
u32 stamp_exp2_q24(s64 exponent_q16);

/**
 * struct stamp_cut - a standard normal distribution cut off at c
 * @below:		mean distance below the cut
 * @var:		variance
 * @log2_area_q16:	log2 of the area left
 */
struct stamp_cut {
	struct cityhub_stamp_real below;
	struct cityhub_stamp_real var;
	s64 log2_area_q16;
};

void stamp_cut(s64 c_q16, struct stamp_cut *cut);

#endif /* _CITYHUB_STAMP_MATH_H */
