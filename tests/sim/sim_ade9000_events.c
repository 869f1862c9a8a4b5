// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulated ADE9000: dips, swells, overcurrents, lost zero crossings and
 * phase angles.
 *
 * After UG-1098: the levels are compared with the rms of a half cycle over
 * 2^5, each half cycle, and DIP_CYC and SWELL_CYC count whole cycles. Where it
 * is silent: overcurrents and lost crossings are told again and again while
 * they last, angles go from 0 to a whole turn, and with a voltage of nothing
 * the half cycles go on as they were.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "sim_ade9000.h"
#include "sim_sine.h"

#define LEVEL_SHIFT	5
#define ANGLE_HZ	1024000

static const struct ade_extreme {
	u16 level;
	u16 cycles;
	u16 value;
	u32 status;
	u32 event;
	bool above;
} ade_extremes[EXTREMES] = {
	{ ADE_DIP_LVL, ADE_DIP_CYC, ADE_DIPA, ADE_STATUS1_DIPA,
	  ADE_EVENT_DIPA, false },
	{ ADE_SWELL_LVL, ADE_SWELL_CYC, ADE_SWELLA, ADE_STATUS1_SWELLA,
	  ADE_EVENT_SWELLA, true },
};

static bool ade_extreme_now(const struct ade *ade, const struct ade_extreme *x,
			    u32 level)
{
	if (x->above)
		return level > ade->reg[x->level];
	return level < ade->reg[x->level];
}

/* The least voltage of a dip and the largest of a swell are kept. */
static void ade_extreme_keep(struct ade *ade, const struct ade_extreme *x,
			     u32 p, u32 level, bool begins)
{
	u32 *value = &ade->reg[x->value + p];

	if (begins || (x->above ? level > *value : level < *value))
		*value = level;
}

/* A half cycle of phase @p is over: has it been so for long enough? */
static void ade_extreme_step(struct ade *ade, u32 p, u32 n, u32 level)
{
	const struct ade_extreme *x = &ade_extremes[n];
	bool edges = ade->reg[ADE_CONFIG1] & ADE_CONFIG1_EDGES;
	u32 *half = &ade->phase[p].extreme_half[n];
	u32 *events = &ade->reg[ADE_EVENT_STATUS];
	bool was = *events & x->event << p;
	bool is = ade_extreme_now(ade, x, level);

	if (is)
		ade_extreme_keep(ade, x, p, level, !was && !*half);
	if (is == was && (edges || !is)) {
		*half = 0;
		return;
	}
	if (++*half < 2 * max(ade->reg[x->cycles], 1u))
		return;

	*half = 0;
	*events = is ? *events | x->event << p : *events & ~(x->event << p);
	if (is || edges)
		ade->reg[ADE_STATUS1] |= x->status << p;
}

/* OC_EN is in the opposite order of OISTATUS; here @n is that of the latter. */
static void ade_overcurrent(struct ade *ade, u32 n, u32 level)
{
	u32 *status = &ade->reg[ADE_OISTATUS];

	*status &= ~BIT(n);
	if (level <= ade->reg[ADE_OILVL] ||
	    !(ade->reg[ADE_CONFIG3] & BIT(15 - n)))
		return;
	*status |= BIT(n);
	ade->reg[ADE_OIA + n] = level;
	ade->reg[ADE_STATUS1] |= ADE_STATUS1_OI;
}

/* A half cycle of phase @p is over, whether or not the voltage crosses zero. */
void ade_half_cycle_events(struct ade *ade, u32 p)
{
	const u32 *out = &ade->reg[p * ADE_PHASE];
	u32 n;

	ade_outputs(ade);
	for (n = 0; n < EXTREMES; n++)
		ade_extreme_step(ade, p, n, out[ADE_VRMSONE] >> LEVEL_SHIFT);
	ade_overcurrent(ade, p, out[ADE_IRMSONE] >> LEVEL_SHIFT);
	if (!p)
		ade_overcurrent(ade, PHASES,
				ade->reg[ADE_NIRMSONE] >> LEVEL_SHIFT);
}

/* Is there a level that something could be compared with? */
bool ade_watches_levels(const struct ade *ade)
{
	return ade->reg[ADE_DIP_LVL] || ade->reg[ADE_SWELL_LVL] != 0xffffff ||
	       ade->reg[ADE_OILVL] != 0xffffff;
}

static u32 ade_zx_timeout(const struct ade *ade)
{
	return ade->reg[ADE_ZXTOUT] + 1;
}

void ade_zx_seen(struct ade *ade, u32 p)
{
	ade->phase[p].zx_left = ade_zx_timeout(ade);
}

/* Samples without a crossing */
void ade_zx_wait(struct ade *ade, u32 samples)
{
	u32 p;

	for (p = 0; p < PHASES; p++) {
		u32 *left = &ade->phase[p].zx_left;

		if (*left > samples) {
			*left -= samples;
			continue;
		}
		*left = ade_zx_timeout(ade);
		ade->reg[ADE_STATUS1] |= ADE_STATUS1_ZXTOVA << p;
	}
}

/* Samples until one is told that an output waits for, 0 if there is none */
u32 ade_zx_due(const struct ade *ade)
{
	u32 waits = ade->reg[ADE_MASK1] & ~ade->reg[ADE_STATUS1];
	u32 due = 0;
	u32 p;

	for (p = 0; p < PHASES; p++)
		if ((waits & ADE_STATUS1_ZXTOVA << p) &&
		    (!due || ade->phase[p].zx_left < due))
			due = ade->phase[p].zx_left;
	return due;
}

/* The phase by which a current lags, in 2^-48 of a turn, from its cosine */
static u64 ade_lag(const struct ade_phase *ph)
{
	u32 low = 0;
	u32 high = 1u << 31;

	while (high - low > 1) {
		u32 middle = low + (high - low) / 2;
		s32 s, c;

		sim_sincos(middle, &s, &c);
		if (c >= ph->cosine)
			low = middle;
		else
			high = middle;
	}
	return (u64)low << (TURN_BITS - 32);
}

static u64 ade_turn(const struct ade *ade, u32 p, bool current_wave)
{
	const struct ade_phase *ph = &ade->phase[p];

	return ph->theta + ade_offset[p] - (current_wave ? ade_lag(ph) : 0);
}

/* By how much the second of two waves is behind the first */
u32 ade_angle(const struct ade *ade, u32 address)
{
	static const struct {
		u8 first, first_i, second, second_i;
	} pairs[] = {
		{ 0, 0, 1, 0 }, { 1, 0, 2, 0 }, { 0, 0, 2, 0 },
		{ 0, 0, 0, 1 }, { 1, 0, 1, 1 }, { 2, 0, 2, 1 },
		{ 0, 1, 1, 1 }, { 1, 1, 2, 1 }, { 0, 1, 2, 1 },
	};
	u32 n = address - ADE_ANGL_FIRST;
	s64 hertz = ade->phase[pairs[n].first].hertz_micro;
	u64 behind = ade_turn(ade, pairs[n].first, pairs[n].first_i) -
		     ade_turn(ade, pairs[n].second, pairs[n].second_i);
	u64 counts;

	if (!ade_running(ade) || !hertz)
		return 0;
	counts = div64_u64(ANGLE_HZ * 1000000ULL, hertz);
	behind &= (1ULL << TURN_BITS) - 1;
	return min_t(u64, (behind >> 16) * counts >> (TURN_BITS - 16), 0xffff);
}
