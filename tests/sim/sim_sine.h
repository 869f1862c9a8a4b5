/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sine and cosine in integers, for the mains of the virtual hub.
 */
#ifndef _CITYHUB_SIM_SINE_H
#define _CITYHUB_SIM_SINE_H

#include <linux/bits.h>
#include <linux/types.h>

/** SIM_SINE_ONE - 1.0 in the results. */
#define SIM_SINE_ONE	((s32)BIT(30))

void sim_sincos(u32 phase, s32 *sine, s32 *cosine);

#endif /* _CITYHUB_SIM_SINE_H */
