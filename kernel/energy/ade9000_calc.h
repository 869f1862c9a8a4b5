/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ADE9000: the arithmetic. Pure functions, no access to the chip.
 */
#ifndef _CITYHUB_ADE9000_CALC_H
#define _CITYHUB_ADE9000_CALC_H

#include <linux/bits.h>
#include <linux/types.h>

/* Waveform RAM: a ring of pages of sample sets, of the filters or the DSP. */
#define ADE9000_PAGES		16
#define ADE9000_PAGE_SETS	16
#define ADE9000_SAMPLE_HZ	8000
#define ADE9000_SAMPLE_NS	125000
#define ADE9000_PAGE_NS		(ADE9000_PAGE_SETS * ADE9000_SAMPLE_NS)
#define ADE9000_FAST_HZ		32000
#define ADE9000_FAST_NS		31250

/* Energy registers: the low word holds that many bits. */
#define ADE9000_ENERGY_LOW_BITS	13
#define ADE9000_ENERGY_SIGN_BIT	44
#define ADE9000_ENERGY_UNIT	BIT(ADE9000_ENERGY_LOW_BITS)

/**
 * struct ade9000_board - what the chip is wired to
 * @voltage_ratio:	mains volts per volt at the pin, in 1/1000
 * @current_ratio:	mains milliamperes per volt at the pin
 * @voltage_gain:	PGA gain of the voltage channels: 1, 2 or 4
 * @current_gain:	PGA gain of the current channels: 1, 2 or 4
 */
struct ade9000_board {
	u32 voltage_ratio;
	u32 current_ratio;
	u32 voltage_gain;
	u32 current_gain;
};

/**
 * struct ade9000_scales - nano-units (of mV, mA, mW, J) per code
 * @wave_voltage:	instantaneous voltage, at 8 kSPS
 * @wave_current:	instantaneous current, at 8 kSPS
 * @fast_voltage:	instantaneous voltage, at 32 kSPS
 * @fast_current:	instantaneous current, at 32 kSPS
 * @rms_voltage:	rms voltage
 * @rms_current:	rms current
 * @power:		active, reactive and apparent power
 * @energy:		energy, per unit of &struct ade9000_energy
 */
struct ade9000_scales {
	u64 wave_voltage;
	u64 wave_current;
	u64 fast_voltage;
	u64 fast_current;
	u64 rms_voltage;
	u64 rms_current;
	u64 power;
	u64 energy;
};

/**
 * struct ade9000_energy - accumulated energy
 * @units:	whole units of 2^13 codes: codes themselves would overflow
 *		after two years at full scale
 * @codes:	the rest, below one unit
 */
struct ade9000_energy {
	s64 units;
	u32 codes;
};

/**
 * struct ade9000_ring - how far the chip and the host have come
 * @complete:	pages the chip has filled since the capture began
 * @drained:	pages read, or given up, since then
 * @seen_ns:	when @complete was found out
 *
 * Page n lies at n modulo %ADE9000_PAGES. While page n is being filled,
 * page n - %ADE9000_PAGES is no more.
 */
struct ade9000_ring {
	u64 complete;
	u64 drained;
	s64 seen_ns;
};

u16 ade9000_crc(const u8 *data, size_t len);

void ade9000_scale(const struct ade9000_board *board,
		   struct ade9000_scales *scales);
u32 ade9000_frequency_uhz(u32 period);
u32 ade9000_frequency_urad(u32 period);
u32 ade9000_angle_urad(u32 code, u32 period);
s32 ade9000_temperature_mc(u32 code, u32 gain, u32 offset);

s64 ade9000_energy_join(u32 high, u32 low);
s64 ade9000_energy_since(s64 codes, s64 before, s64 expected);
void ade9000_energy_add(struct ade9000_energy *energy, s64 codes);
u32 ade9000_windows_missed(s64 elapsed_ns);

void ade9000_ring_see(struct ade9000_ring *ring, unsigned int last_page,
		      s64 now_ns, u32 page_ns);
u64 ade9000_ring_skip(struct ade9000_ring *ring);
bool ade9000_ring_holds(const struct ade9000_ring *ring, u64 page);
bool ade9000_sign_doubtful(s32 word, s32 next);
unsigned int ade9000_ring_chunk(const struct ade9000_ring *ring,
				unsigned int max);

#endif /* _CITYHUB_ADE9000_CALC_H */
