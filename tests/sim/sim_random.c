// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chance in the virtual hub: uniform (SplitMix64), normal and exponential
 * numbers in integers, and what is made of them.
 */
#include <linux/bits.h>
#include <linux/types.h>

#include "sim_random.h"

#define ONE_Q16		65536
#define LN2_Q16		45426

/* Chances, as parts of 2^16. */
#define TEN_PER_CENT	6554
#define HALF_PER_CENT	328
#define ONE_PER_CENT	655

const char *const sim_profile_names[SIM_PROFILES] = {
	[SIM_PROFILE_NONE] = "none",
	[SIM_PROFILE_LOADED] = "loaded",
	[SIM_PROFILE_HOSTILE] = "hostile",
};

/* Uniform in 64 bits. */
u64 sim_random(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;

	return z ^ (z >> 31);
}

/*
 * Mean 0 and standard deviation 1, in 2^-16: the sum of twelve uniform numbers
 * of 16 bits, which never leaves 6 standard deviations.
 */
s32 sim_random_normal(u64 *state)
{
	s32 sum = -6 * (ONE_Q16 - 1);
	unsigned int i;
	u64 bits = 0;

	for (i = 0; i < 12; i++, bits >>= 16) {
		if (i % 4 == 0)
			bits = sim_random(state);
		sum += bits & (ONE_Q16 - 1);
	}

	return sum;
}

/* log2(value), in 2^-16: each squaring gives the next bit. */
static u32 sim_log2(u32 value)
{
	u32 log = 31, bit;
	u64 x = value;

	while (!(x & BIT(31))) {
		x <<= 1;
		log--;
	}
	for (bit = 0; bit < 16; bit++) {
		x = x * x >> 31;
		log <<= 1;
		if (x >> 32) {
			x >>= 1;
			log |= 1;
		}
	}

	return log;
}

/* Mean 1, in 2^-16. */
u32 sim_random_exponential(u64 *state)
{
	u32 uniform = sim_random(state) >> 32 | 1;

	return (u64)(32 * ONE_Q16 - sim_log2(uniform)) * LN2_Q16 >> 16;
}

static bool sim_random_chance(u64 *state, u32 part_q16)
{
	return sim_random(state) >> 48 < part_q16;
}

static s64 sim_random_below(u64 *state, u32 limit)
{
	return (sim_random(state) >> 32) * limit >> 32;
}

/* How late the next interrupt is. */
s64 sim_random_late_ns(enum sim_profile profile, u64 *state)
{
	s64 late = 10000;

	if (profile == SIM_PROFILE_NONE)
		return 0;

	late += (u64)sim_random_exponential(state) * 3000 >> 16;
	if (sim_random_chance(state, TEN_PER_CENT))
		late += (u64)sim_random_exponential(state) * 30000 >> 16;
	if (sim_random_chance(state, HALF_PER_CENT))
		late += sim_random_below(state, 500000);
	if (profile == SIM_PROFILE_HOSTILE &&
	    sim_random_chance(state, ONE_PER_CENT))
		late += sim_random_below(state, 3000000);

	return late;
}

/*
 * By how much what should happen at @instant happens off it: the same for
 * whoever asks.
 */
s64 sim_random_noise_ns(u64 seed, s64 instant, u32 sd_ns)
{
	u64 state = seed ^ instant;

	if (!sd_ns)
		return 0;

	return ((s64)sim_random_normal(&state) * sd_ns) >> 16;
}
