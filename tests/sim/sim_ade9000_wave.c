// SPDX-License-Identifier: GPL-2.0-only
/* The simulated ADE9000: samples and the RAM they are kept in. */
#include <linux/bits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "sim_ade9000.h"
#include "sim_sine.h"

/* B lags A by a third of a turn, C leads. */
const u64 ade_offset[PHASES] = { 0, 187649984473771ULL, 93824992236885ULL };

/* One sample set, in the order of the waveform RAM. */
void ade_sample(const struct ade *ade, u32 src, s64 *set)
{
	u32 gain_n = ade->reg[ADE_NIGAIN];
	s64 neutral = 0;
	u32 p;

	for (p = 0; p < PHASES; p++) {
		const struct ade_phase *ph = &ade->phase[p];
		const u32 *cal = &ade->reg[p * ADE_PHASE];
		u32 turn = (ph->theta + ade_offset[p]) >> (TURN_BITS - 32);
		s32 s, c;
		s64 lag;

		sim_sincos(turn, &s, &c);
		lag = ((s64)s * ph->cosine - (s64)c * ph->sine) >> 30;
		neutral += ((s64)ade_peak_of(ph->pin_i) * lag) >> 30;
		set[2 * p] = (ph->adc_i * lag) >> 30;
		set[2 * p + 1] = ((s64)ph->adc_v * s + (s64)ph->adc_vc * c) >> 30;
		if (src == ADE_SRC_PCF) {
			set[2 * p] = ade_gained(set[2 * p], cal[ADE_IGAIN]);
			set[2 * p + 1] = ade_gained(set[2 * p + 1],
						    cal[ADE_VGAIN]);
		}
	}
	neutral = ade_channel_off(ade, 3) ? 0 : neutral * ade_pga(ade, 3);
	set[6] = clamp_t(s64, neutral, -FS_PCF, FS_PCF);
	if (src == ADE_SRC_PCF)
		set[6] = ade_gained(set[6], gain_n);
}

/* The filters before the PCF stage give 24 bits, shifted left by 4. */
void ade_sample_raw(const struct ade *ade, s64 *set)
{
	u32 c;

	ade_sample(ade, ADE_SRC_SINC, set);
	for (c = 0; c < CHANNELS; c++)
		set[c] = div_s64(set[c] * FS_SINC, FS_PCF) & ~0xfLL;
}

bool ade_wave_fast(const struct ade *ade)
{
	return ade->wave_on && ade->wave_src == ADE_SRC_SINC;
}

static void ade_wave_page(struct ade *ade)
{
	u32 page = (ade->wave_next - 1) / PAGE_WORDS;
	u32 *stat = &ade->reg[ADE_WFB_TRG_STAT];

	*stat = (*stat & GENMASK(10, 0)) | page << 12;
	if (ade->reg[ADE_WFB_PG_IRQEN] & BIT(page))
		ade->reg[ADE_STATUS0] |= ADE_PAGE_FULL;
	if (ade->wave_next < RAM_WORDS)
		return;
	ade->wave_next = 0;
	if ((ade->reg[ADE_WFB_CFG] >> 6 & 3) == ADE_STOP_FULL)
		ade->wave_on = false;
}

void ade_wave_write(struct ade *ade)
{
	s64 set[CHANNELS];
	u32 c;

	if (ade->wave_src == ADE_SRC_PCF)
		ade_sample(ade, ADE_SRC_PCF, set);
	else
		ade_sample_raw(ade, set);
	for (c = 0; c < CHANNELS; c++)
		ade->ram[ade->wave_next + c] = set[c];
	sim_truth(ade->chip, ade->tick_ns, set);

	ade->wave_next += SET_WORDS;
	if (!(ade->wave_next % PAGE_WORDS))
		ade_wave_page(ade);
	if (ade->wave_stop) {
		ade->wave_stop -= SET_WORDS;
		ade->wave_on = ade->wave_on && ade->wave_stop;
	}
}

/* CAP_EN went from 0 to 1, or to 0. Of the resampled wave there is none. */
void ade_wave_configure(struct ade *ade, u32 before)
{
	u32 cfg = ade->reg[ADE_WFB_CFG];

	if (!(cfg & ADE_WFB_CAP_EN)) {
		ade->wave_on = false;
	} else if (!(before & ADE_WFB_CAP_EN)) {
		ade->wave_src = cfg >> 8 & 3;
		ade->wave_on = (cfg & ADE_WFB_CAP_SEL) &&
			       ade->wave_src != ADE_SRC_NONE;
		ade->wave_next = 0;
		ade->wave_stop = 0;
	}
}

void ade_wave_trigger(struct ade *ade)
{
	u32 *stat = &ade->reg[ADE_WFB_TRG_STAT];

	if (!ade->wave_on)
		return;
	*stat = (*stat & GENMASK(15, 12)) | ade->wave_next;
	ade->reg[ADE_STATUS0] |= ADE_WFB_TRIG;
	switch (ade->reg[ADE_WFB_CFG] >> 6 & 3) {
	case ADE_STOP_TRIGGER:
		ade->wave_on = false;
		break;
	case ADE_CENTRE_TRIGGER:
		ade->wave_stop = RAM_WORDS / 2;
		break;
	}
}

/* Ticks until the page ends whose end sets PAGE_FULL, 0 if there is none. */
u32 ade_ticks_to_page(const struct ade *ade)
{
	u32 page = ade->wave_next / PAGE_WORDS;
	u32 words = PAGE_WORDS - ade->wave_next % PAGE_WORDS;
	u32 n;

	for (n = 0; n < RAM_WORDS / PAGE_WORDS; n++) {
		if (ade->reg[ADE_WFB_PG_IRQEN] & BIT((page + n) % 16))
			break;
		words += PAGE_WORDS;
	}
	if (n == RAM_WORDS / PAGE_WORDS)
		return 0;
	if (ade_wave_fast(ade))
		return words / SET_WORDS;
	return ade_ticks_to_sample(ade, words / SET_WORDS);
}
