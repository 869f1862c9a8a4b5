/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ADE7953: the arithmetic. Pure functions, no access to the chip.
 */
#ifndef _CITYHUB_ADE7953_CALC_H
#define _CITYHUB_ADE7953_CALC_H

#include <linux/types.h>

/* Codes at full scale: 500 mV peak at the pin with PGA gain 1 (data sheet). */
#define ADE7953_FS_WAVE		6500000
#define ADE7953_FS_RMS		9032007
#define ADE7953_FS_POWER	4862401
/* A code of energy is full scale for one period of this rate. */
#define ADE7953_ENERGY_HZ	206900
/* frequency = this / (period + 1) */
#define ADE7953_PERIOD_HZ	223750

/**
 * struct ade7953_board - what the chip is wired to
 * @voltage_ratio:	mains volts per volt at the pin, in 1/1000
 * @current_ratio:	mains milliamperes per volt at the pin, of A and B
 * @voltage_gain:	PGA gain of the voltage
 * @current_gain:	PGA gains of the currents
 */
struct ade7953_board {
	u32 voltage_ratio;
	u32 current_ratio[2];
	u32 voltage_gain;
	u32 current_gain[2];
};

/**
 * struct ade7953_scales - nano-units (of mV, mA, mW, J) per code
 * @voltage:	rms voltage
 * @current_rms: rms current of A and B
 * @power:	power of A and B
 * @energy:	energy of A and B
 */
struct ade7953_scales {
	u64 voltage;
	u64 current_rms[2];
	u64 power[2];
	u64 energy[2];
};

void ade7953_scale(const struct ade7953_board *board,
		   struct ade7953_scales *scales);
u32 ade7953_frequency_uhz(u32 period);
u32 ade7953_frequency_urad(u32 period);
u32 ade7953_peak_of_rms(u32 code);
u32 ade7953_rms_of_peak(u32 code);
u32 ade7953_noload_level(u32 range);

#endif /* _CITYHUB_ADE7953_CALC_H */
