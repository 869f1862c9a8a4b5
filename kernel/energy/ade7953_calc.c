// SPDX-License-Identifier: GPL-2.0-only
/*
 * ADE7953: the arithmetic. Pure functions, no access to the chip; built into
 * the driver and into KUnit.
 */
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "ade7953_calc.h"

/* The rms of a sine of 500 mV peak, in pV: 0.5e12 / sqrt(2) */
#define ADE7953_FS_RMS_PV	353553390593ULL
/* 2 * pi * ADE7953_PERIOD_HZ in urad/s */
#define ADE7953_PERIOD_URAD	1405862712481ULL

static u64 ade7953_scale_rms(u32 ratio, u32 gain)
{
	u64 pico = mul_u64_u32_div(ADE7953_FS_RMS_PV, ratio, ADE7953_FS_RMS);

	return div_u64(pico + 500 * gain, 1000 * gain);
}

/**
 * ade7953_scale() - scales from full-scale codes and the board
 * @board:	what the chip is wired to
 * @scales:	result
 */
void ade7953_scale(const struct ade7953_board *board,
		   struct ade7953_scales *scales)
{
	u32 vr = board->voltage_ratio, vg = board->voltage_gain;
	unsigned int i;
	u64 power;

	scales->voltage = ade7953_scale_rms(vr, vg);
	for (i = 0; i < 2; i++) {
		u32 ir = board->current_ratio[i], ig = board->current_gain[i];

		scales->current_rms[i] = ade7953_scale_rms(ir, ig);
		/* vr/2000 V peak times ir/2 mA peak, over 2 for a sine */
		power = mul_u64_u32_div((u64)vr * ir, NSEC_PER_SEC,
					ADE7953_FS_POWER);
		scales->power[i] = div_u64(power, 8000 * vg * ig);
		power = mul_u64_u32_div((u64)vr * ir, USEC_PER_SEC,
					ADE7953_ENERGY_HZ);
		scales->energy[i] = div_u64(power, 8000 * vg * ig);
	}
}

/**
 * ade7953_frequency_uhz() - frequency from the period register
 * @period:	register value
 *
 * Return: the frequency in uHz.
 */
u32 ade7953_frequency_uhz(u32 period)
{
	u64 uhz = div_u64((u64)ADE7953_PERIOD_HZ * USEC_PER_SEC, period + 1);

	/* Without a signal the register is small, and means nothing. */
	return uhz > U32_MAX ? 0 : uhz;
}

/**
 * ade7953_frequency_urad() - angular frequency from the period register
 * @period:	register value
 *
 * Return: the angular frequency in urad/s.
 */
u32 ade7953_frequency_urad(u32 period)
{
	u64 urad = div_u64(ADE7953_PERIOD_URAD, period + 1);

	return urad > U32_MAX ? 0 : urad;
}

/**
 * ade7953_peak_of_rms() - what sags and overcurrents are compared with
 * @code:	code of an rms register
 *
 * Return: the code of the peak of a sine with that rms.
 */
u32 ade7953_peak_of_rms(u32 code)
{
	return div_u64((u64)code * ADE7953_FS_WAVE + ADE7953_FS_RMS / 2,
		       ADE7953_FS_RMS);
}

/**
 * ade7953_rms_of_peak() - the other way round
 * @code:	code of a peak
 */
u32 ade7953_rms_of_peak(u32 code)
{
	return div_u64((u64)code * ADE7953_FS_RMS + ADE7953_FS_WAVE / 2,
		       ADE7953_FS_WAVE);
}

/**
 * ade7953_noload_level() - level of the no-load detection
 * @range:	what part of full scale counts as no load, as 1 / @range
 *
 * Return: the register value, 65536 - range / 1.4.
 */
u32 ade7953_noload_level(u32 range)
{
	return 65536 - DIV_ROUND_UP(range * 10, 14);
}
