// SPDX-License-Identifier: GPL-2.0-only
/*
 * ADE9000: the arithmetic. Pure functions, no access to the chip; built into
 * the driver and into KUnit.
 */
#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "ade9000_calc.h"

/*
 * Codes at full scale, a sine of 1 V peak at the pin with PGA gain 1 (data
 * sheet Rev B, specifications).
 */
#define ADE9000_FS_WAVE		74532013
/* The sheet says "about 53 million" of the filters before the DSP. */
#define ADE9000_FS_FAST		53000000
#define ADE9000_FS_RMS		52702092
#define ADE9000_FS_POWER	20694066

#define ADE9000_PICO		1000000000000ULL
/* The rms of a sine of 1 V peak, in pV: 1e12 / sqrt(2). */
#define ADE9000_SINE_RMS_PV	707106781187ULL

/* period code = 8000 * 2^16 / f - 1, so f in Hz = this / (code + 1). */
#define ADE9000_PERIOD_HZ	524288000ULL
/* 2 * pi * ADE9000_PERIOD_HZ in urad/s */
#define ADE9000_PERIOD_URAD	3294198658330571ULL

/* Clock of the angle registers */
#define ADE9000_ANGLE_HZ	1024000

/**
 * ade9000_crc() - checksum the chip appends to a register read
 * @data:	data as received
 * @len:	length in bytes
 *
 * Return: CRC-16 with polynomial 0x1021 and initial value 0xFFFF.
 */
u16 ade9000_crc(const u8 *data, size_t len)
{
	u16 crc = 0xffff;
	unsigned int bit;

	while (len--) {
		crc ^= *data++ << 8;
		for (bit = 0; bit < 8; bit++)
			crc = crc & BIT(15) ? (crc << 1) ^ 0x1021 : crc << 1;
	}

	return crc;
}

static u64 ade9000_scale_one(u64 full_scale_pico, u32 ratio, u32 gain, u32 code)
{
	u64 pico = mul_u64_u32_div(full_scale_pico, ratio, code);

	return div_u64(pico + 500 * gain, 1000 * gain);
}

/**
 * ade9000_scale() - scales from full-scale codes and the board
 * @board:	what the chip is wired to
 * @scales:	result
 */
void ade9000_scale(const struct ade9000_board *board,
		   struct ade9000_scales *scales)
{
	u32 vr = board->voltage_ratio, vg = board->voltage_gain;
	u32 ir = board->current_ratio, ig = board->current_gain;
	u64 power;

	scales->wave_voltage = ade9000_scale_one(ADE9000_PICO, vr, vg,
						 ADE9000_FS_WAVE);
	scales->wave_current = ade9000_scale_one(ADE9000_PICO, ir, ig,
						 ADE9000_FS_WAVE);
	scales->fast_voltage = ade9000_scale_one(ADE9000_PICO, vr, vg,
						 ADE9000_FS_FAST);
	scales->fast_current = ade9000_scale_one(ADE9000_PICO, ir, ig,
						 ADE9000_FS_FAST);
	scales->rms_voltage = ade9000_scale_one(ADE9000_SINE_RMS_PV, vr, vg,
						ADE9000_FS_RMS);
	scales->rms_current = ade9000_scale_one(ADE9000_SINE_RMS_PV, ir, ig,
						ADE9000_FS_RMS);

	/* Full scale is vr/1000 V peak times ir mA peak, over 2 for a sine. */
	power = mul_u64_u32_div((u64)vr * ir, NSEC_PER_SEC, ADE9000_FS_POWER);
	scales->power = div_u64(power, 2000 * vg * ig);

	/* A code of energy is a code of power for one sample period. */
	scales->energy = div_u64(scales->power * ADE9000_ENERGY_UNIT,
				 1000 * ADE9000_SAMPLE_HZ);
}

/**
 * ade9000_frequency_uhz() - frequency from a period register
 * @period:	register value
 *
 * Return: the frequency in uHz.
 */
u32 ade9000_frequency_uhz(u32 period)
{
	return div64_u64(ADE9000_PERIOD_HZ * USEC_PER_SEC, period + 1ULL);
}

/**
 * ade9000_frequency_urad() - angular frequency from a period register
 * @period:	register value
 *
 * Return: the angular frequency in urad/s.
 */
u32 ade9000_frequency_urad(u32 period)
{
	return div64_u64(ADE9000_PERIOD_URAD, period + 1ULL);
}

/**
 * ade9000_angle_urad() - angle from an angle register
 * @code:	register value, a time at 1.024 MHz (0.017578125 degrees at 50 Hz)
 * @period:	value of the period register
 *
 * Return: the angle in urad.
 */
u32 ade9000_angle_urad(u32 code, u32 period)
{
	u64 angle = (u64)code * ade9000_frequency_urad(period);

	return div_u64(angle + ADE9000_ANGLE_HZ / 2, ADE9000_ANGLE_HZ);
}

/**
 * ade9000_temperature_mc() - temperature from its register
 * @code:	register value
 * @gain:	of TEMP_TRIM, in 2^-16 degrees Celsius
 * @offset:	of TEMP_TRIM, in 1/32 degrees Celsius
 *
 * Return: the temperature in millidegrees Celsius.
 */
s32 ade9000_temperature_mc(u32 code, u32 gain, u32 offset)
{
	s64 offset_mc = (s64)offset * 1000 / 32;

	return offset_mc - ((s64)code * gain * 1000 >> 16);
}

/**
 * ade9000_energy_join() - energy from the two words of a user register
 * @high:	bits 44 to 13, bit 44 is the sign
 * @low:	bits 12 to 0; its other bits mean nothing
 *
 * Return: the energy in codes.
 */
s64 ade9000_energy_join(u32 high, u32 low)
{
	return (s64)(s32)high * ADE9000_ENERGY_UNIT +
	       (low & (ADE9000_ENERGY_UNIT - 1));
}

/**
 * ade9000_energy_since() - what an accumulating user register has grown by
 * @codes:	the register now
 * @before:	the register at an earlier reading
 * @expected:	about what it should have grown by
 *
 * Return: the energy in codes: of all that the register may have grown by, for
 * it goes round, the one next to what is expected.
 */
s64 ade9000_energy_since(s64 codes, s64 before, s64 expected)
{
	return expected + sign_extend64(codes - before - expected,
					ADE9000_ENERGY_SIGN_BIT);
}

/**
 * ade9000_energy_add() - accumulate
 * @energy:	accumulator
 * @codes:	what to add, of either sign
 */
void ade9000_energy_add(struct ade9000_energy *energy, s64 codes)
{
	s64 sum = energy->codes + codes;

	/* The shift floors, so the rest is never negative. */
	energy->units += sum >> ADE9000_ENERGY_LOW_BITS;
	energy->codes = sum & (ADE9000_ENERGY_UNIT - 1);
}

/**
 * ade9000_windows_missed() - energy windows nobody read
 * @elapsed_ns:	since the last window was read
 *
 * Return: how many windows of one second ended in between.
 */
u32 ade9000_windows_missed(s64 elapsed_ns)
{
	s64 windows = div_s64(elapsed_ns + NSEC_PER_SEC / 2, NSEC_PER_SEC);

	return clamp_t(s64, windows - 1, 0, S32_MAX - 1);
}

/**
 * ade9000_ring_see() - take note of the last page filled
 * @ring:	ring
 * @last_page:	page number as the chip tells it
 * @now_ns:	when it was read
 * @page_ns:	how long a page takes, as well as it is known
 *
 * The page number says how many pages were filled modulo the ring; time says
 * how often the ring went round.
 */
void ade9000_ring_see(struct ade9000_ring *ring, unsigned int last_page,
		      s64 now_ns, u32 page_ns)
{
	u64 elapsed = max_t(s64, now_ns - ring->seen_ns, 0);
	u64 guess = ring->complete + div_u64(elapsed, page_ns);
	s32 off = sign_extend32(last_page + 1 - (u32)guess, 3);

	BUILD_BUG_ON(ADE9000_PAGES != 16);
	ring->complete = max_t(s64, guess + off, ring->complete);
	ring->seen_ns = now_ns;
}

/**
 * ade9000_ring_skip() - give up pages that were overwritten
 * @ring:	ring
 *
 * Return: how many pages that were not drained are lost.
 */
u64 ade9000_ring_skip(struct ade9000_ring *ring)
{
	/* The page now being filled takes the place of the oldest. */
	u64 held = ADE9000_PAGES - 1;
	u64 oldest = ring->complete > held ? ring->complete - held : 0;
	u64 lost = oldest > ring->drained ? oldest - ring->drained : 0;

	ring->drained += lost;
	return lost;
}

/**
 * ade9000_ring_holds() - is a page still there?
 * @ring:	ring
 * @page:	page, complete
 */
bool ade9000_ring_holds(const struct ade9000_ring *ring, u64 page)
{
	return page + ADE9000_PAGES > ring->complete;
}

/**
 * ade9000_sign_doubtful() - may the sign byte of a word have come out as 0?
 * @word:	code
 * @next:	code of the same channel, one sample later
 *
 * Users have seen that of the first word of a page that was negative (ADI
 * forum, 552349). It moves the code by 2^24 at least; a sine of 50 Hz at full
 * scale moves by less than 2^22 from sample to sample.
 *
 * Return: whether to look again.
 */
bool ade9000_sign_doubtful(s32 word, s32 next)
{
	return (u32)word < BIT(24) && word - (s64)next > (s64)BIT(23);
}

/**
 * ade9000_ring_chunk() - pages to read in one go
 * @ring:	ring
 * @max:	at most so many
 *
 * Return: how many pages from @ring->drained on are complete and lie one
 * after the other in the RAM.
 */
unsigned int ade9000_ring_chunk(const struct ade9000_ring *ring,
				unsigned int max)
{
	u64 waiting = ring->complete - ring->drained;
	unsigned int to_end = ADE9000_PAGES - ring->drained % ADE9000_PAGES;

	return min_t(u64, waiting, min(max, to_end));
}
