/* SPDX-License-Identifier: GPL-2.0-only */
/* Arithmetic that several chip models share. */
#ifndef _CITYHUB_SIM_STEPS_H
#define _CITYHUB_SIM_STEPS_H

#include <linux/math64.h>
#include <linux/time64.h>

#include "sim.h"

/**
 * sim_clock_ns - a period by the clock of the chip
 * @chip:	chip
 * @nominal_ns:	period by a good clock, not negative
 */
static inline s64 sim_clock_ns(const struct sim_chip *chip, s64 nominal_ns)
{
	s32 ppb = chip->faults.clock_ppb;
	s64 part = mul_u64_u32_div(nominal_ns, ppb < 0 ? -ppb : ppb,
				   NSEC_PER_SEC);

	return ppb < 0 ? nominal_ns - part : nominal_ns + part;
}

/**
 * sim_steps - a value in the steps of a chip, rounded to the nearest
 * @micro:	value in micro-units
 * @step_micro:	size of a step
 */
static inline s64 sim_steps(s64 micro, s32 step_micro)
{
	s32 half = step_micro / 2;

	return div_s64(micro < 0 ? micro - half : micro + half, step_micro);
}

#endif /* _CITYHUB_SIM_STEPS_H */
