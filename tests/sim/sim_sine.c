// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sine and cosine in integers: the phase is folded to an eighth of a turn
 * about a multiple of a quarter turn, there the Taylor series up to x^9 and
 * x^10 is good to 2e-9 of full scale, rounding adds as much. Multiplications
 * of 32 by 32 bits only, which are cheap everywhere and in an emulator too.
 */
#include <linux/types.h>

#include "sim_sine.h"

/* pi / 2 */
#define SINE_HALF_PI	1686629713

static s32 sine_mul(s32 a, s32 b)
{
	return ((s64)a * b + (1 << 29)) >> 30;
}

/* sin(x) for |x| <= pi / 4 */
static s32 sine_series(s32 x, s32 x2)
{
	s32 y = SIM_SINE_ONE / 362880;

	y = sine_mul(y, x2) - SIM_SINE_ONE / 5040;
	y = sine_mul(y, x2) + SIM_SINE_ONE / 120;
	y = sine_mul(y, x2) - SIM_SINE_ONE / 6;
	return x + sine_mul(sine_mul(y, x2), x);
}

/* cos(x) for |x| <= pi / 4 */
static s32 cosine_series(s32 x2)
{
	s32 y = -SIM_SINE_ONE / 3628800;

	y = sine_mul(y, x2) + SIM_SINE_ONE / 40320;
	y = sine_mul(y, x2) - SIM_SINE_ONE / 720;
	y = sine_mul(y, x2) + SIM_SINE_ONE / 24;
	y = sine_mul(y, x2) - SIM_SINE_ONE / 2;
	return SIM_SINE_ONE + sine_mul(y, x2);
}

/**
 * sim_sincos() - sine and cosine of an angle
 * @phase:	the angle, 2^32 is a turn
 * @sine:	its sine, SIM_SINE_ONE is 1.0
 * @cosine:	its cosine
 *
 * The error is below 1e-8.
 */
void sim_sincos(u32 phase, s32 *sine, s32 *cosine)
{
	u32 quarter = (phase + (1U << 29)) >> 30;
	s32 x = sine_mul((s32)(phase - (quarter << 30)), SINE_HALF_PI);
	s32 x2 = sine_mul(x, x);
	s32 s = sine_series(x, x2);
	s32 c = cosine_series(x2);

	switch (quarter) {
	case 0:
		*sine = s;
		*cosine = c;
		break;
	case 1:
		*sine = c;
		*cosine = -s;
		break;
	case 2:
		*sine = -s;
		*cosine = -c;
		break;
	default:
		*sine = -c;
		*cosine = s;
		break;
	}
}
