/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Chance in the virtual hub: the same after the same seed. No state but what
 * the caller keeps, so that it is tested by itself.
 */
#ifndef _CITYHUB_SIM_RANDOM_H
#define _CITYHUB_SIM_RANDOM_H

#include <linux/types.h>

/**
 * enum sim_profile - how late the interrupts of a host come
 * @SIM_PROFILE_NONE:	not at all
 * @SIM_PROFILE_LOADED:	10 us, and exponentially 3 us; in 10 % of the cases
 *			also exponentially 30 us, and in 0.5 % up to 500 us
 * @SIM_PROFILE_HOSTILE: the same, and in 1 % up to 3 ms
 * @SIM_PROFILES:	number of profiles
 */
enum sim_profile {
	SIM_PROFILE_NONE,
	SIM_PROFILE_LOADED,
	SIM_PROFILE_HOSTILE,
	SIM_PROFILES,
};

extern const char *const sim_profile_names[SIM_PROFILES];

u64 sim_random(u64 *state);
s32 sim_random_normal(u64 *state);
u32 sim_random_exponential(u64 *state);
s64 sim_random_late_ns(enum sim_profile profile, u64 *state);
s64 sim_random_noise_ns(u64 seed, s64 instant, u32 sd_ns);

#endif /* _CITYHUB_SIM_RANDOM_H */
