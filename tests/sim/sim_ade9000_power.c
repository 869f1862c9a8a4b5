// SPDX-License-Identifier: GPL-2.0-only
/* The simulated ADE9000: rms, power, energy and what else it makes of the world. */
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>

#include "sim_ade9000.h"
#include "sim_sine.h"

/* World to codes. */

static s64 ade_world(const struct ade *ade, enum sim_quantity q, s64 fallback)
{
	s64 value;

	return sim_world_get(q, ade->tick_ns, &value) ? value : fallback;
}

/* @n is the place in PGA_GAIN: IA IB IC IN VA VB VC. */
u32 ade_pga(const struct ade *ade, u32 n)
{
	return 1 << min(ade->reg[ADE_PGA_GAIN] >> (2 * n) & 3, 2u);
}

/* @n is the place in CHNL_DIS, as in PGA_GAIN. */
bool ade_channel_off(const struct ade *ade, u32 n)
{
	return ade->reg[ADE_CHNL_DIS] & BIT(n);
}

s32 ade_gained(s64 code, u32 gain)
{
	code += (code * (s32)gain) >> 27;
	return clamp_t(s64, code, -(1 << 27) + 1, (1 << 27) - 1);
}

/* rms codes at the pin and unity gain */
static s64 ade_volt_code(s64 microvolt)
{
	return div_s64(clamp_t(s64, microvolt, 0, 1000000000) * FS_PCF +
		       500000LL * BOARD_VOLTAGE_RATIO,
		       1000000 * BOARD_VOLTAGE_RATIO);
}

static s64 ade_amp_code(s64 microamp)
{
	return div_s64(clamp_t(s64, microamp, 0, 1000000000) * FS_PCF +
		       500LL * BOARD_MILLIAMP_PER_VOLT,
		       1000 * BOARD_MILLIAMP_PER_VOLT);
}

s32 ade_peak_of(s64 rms)
{
	return (rms * SQRT2_Q30 + (1 << 29)) >> 30;
}

/*
 * What the converter makes of an rms code. Above full scale the amplitude is
 * limited, not the wave clipped.
 */
static s32 ade_converted(const struct ade *ade, s64 rms, u32 n)
{
	if (ade_channel_off(ade, n))
		return 0;
	return min_t(s64, rms * ade_pga(ade, n), FS_RMS);
}

static s32 ade_q7_power(u64 q7, s32 factor)
{
	return ((s64)q7 * factor + (1LL << 36)) >> 37;
}

static s32 ade_offset_rms(s64 rms, u32 offset)
{
	s64 square = rms * rms + (s64)(s32)offset * 32768;

	if (!offset)
		return rms;
	return square > 0 ? int_sqrt64(square) : 0;
}

/* The larger results come slowly after RUN. */
static s64 ade_settled(const struct ade *ade, s64 code)
{
	return code * (s32)(ade->age * 65536 / SETTLING_SAMPLES) >> 16;
}

static void ade_powers(struct ade *ade, u32 p)
{
	struct ade_phase *ph = &ade->phase[p];
	const u32 *cal = &ade->reg[p * ADE_PHASE];
	u64 q7 = (u64)ph->vrms * ph->irms >> (POWER_SHIFT - 7);
	s64 va = (s64)ade_offset_rms(ph->vrms, cal[ADE_VRMSOS]) *
		 ade_offset_rms(ph->irms, cal[ADE_IRMSOS]);
	s32 watt = ade_gained(ade_q7_power(q7, ph->pcos), cal[ADE_PGAIN]);
	s32 var = ade_gained(ade_q7_power(q7, ph->psin), cal[ADE_PGAIN]);

	va = (va + (1 << (POWER_SHIFT - 1))) >> POWER_SHIFT;
	ph->power[0] = ade_settled(ade, watt + (s32)cal[ADE_WATTOS]);
	ph->power[1] = ade_settled(ade, var + (s32)cal[ADE_VAROS]);
	ph->power[2] = ade_settled(ade, ade_gained(va, cal[ADE_PGAIN]));
	ph->power[3] = ade_settled(ade, watt + (s32)cal[ADE_FWATTOS]);
	ph->power[4] = ade_settled(ade, var + (s32)cal[ADE_FVAROS]);
	ph->power[5] = ph->power[2];
	if (ade->var_off)
		ph->power[1] = 0;
}

/* WATTACC and VARACC: signed, absolute, positive, negative */
static s32 ade_by_mode(s32 value, u32 mode)
{
	switch (mode) {
	case 1:
		return abs(value);
	case 2:
		return max(value, 0);
	case 3:
		return min(value, 0);
	default:
		return value;
	}
}

/* What is accumulated, and which results are too small for it. */
static u32 ade_accumulated(struct ade *ade, u32 p)
{
	static const u8 level[KINDS] = { 0, 1, 2, 0, 1, 2 };
	struct ade_phase *ph = &ade->phase[p];
	u32 timer = ade->reg[ADE_EP_CFG] >> 13;
	u32 idle = 0;
	u32 kind;

	for (kind = 0; kind < KINDS; kind++) {
		u64 energy = (u64)abs(ph->power[kind]) * (64 << timer);
		u32 mode = ade->reg[ADE_ACCMODE] >> 2 * (level[kind] == 1);

		if (level[kind] == 2)
			mode = 0;
		ph->add[kind] = ade_by_mode(ph->power[kind], mode & 3);
		if (timer == 7 ||
		    energy >= ade->reg[ADE_ACT_NL_LVL + level[kind]])
			continue;
		ph->add[kind] = 0;
		idle |= BIT(kind);
	}
	return idle;
}

/* STATUS1 and EVENT_STATUS have one bit for each kind, in the same order. */
static u32 ade_noload_bits(u32 phnoload)
{
	return (phnoload | phnoload >> 6 | phnoload >> 12) & GENMASK(5, 0);
}

/* Result registers of what the refresh finds, and the events in them. */
static void ade_signs(struct ade *ade, u32 idle)
{
	u32 turned = ade->reg[ADE_PHSIGN];
	u32 before = ade_noload_bits(ade->reg[ADE_PHNOLOAD]);
	u32 sign = 0;
	u32 p;

	for (p = 0; p < PHASES; p++) {
		sign |= ade->phase[p].power[0] < 0 ? BIT(2 * p) : 0;
		sign |= ade->phase[p].power[1] < 0 ? BIT(2 * p + 1) : 0;
	}
	turned ^= sign;
	for (p = 0; p < PHASES; p++) {
		if (turned & BIT(2 * p))
			ade->reg[ADE_STATUS0] |= ADE_REVAPA << p;
		if (turned & BIT(2 * p + 1))
			ade->reg[ADE_STATUS0] |= ADE_REVRPA << p;
	}
	ade->reg[ADE_PHSIGN] = sign;
	ade->reg[ADE_PHNOLOAD] = idle;
	ade->reg[ADE_STATUS1] |= before ^ ade_noload_bits(idle);
	ade->reg[ADE_EVENT_STATUS] &= ~ADE_EVENT_NOLOAD;
	ade->reg[ADE_EVENT_STATUS] |= ade_noload_bits(idle) << 10;
}

static void ade_mains(struct ade *ade, u32 p)
{
	enum sim_quantity q = SIM_L1_V + p * (SIM_L2_V - SIM_L1_V);
	s64 hertz = clamp_t(s64, ade_world(ade, q + 3, 50000000), 0, 100000000);
	s64 pf = clamp_t(s64, ade_world(ade, q + 2, 1000000), -1000000, 1000000);
	s64 volt = ade_volt_code(ade_world(ade, q, 0));
	struct ade_phase *ph = &ade->phase[p];
	s32 ppb = ade->chip->faults.clock_ppb;
	s32 i;

	hertz += div_s64(hertz * ppb, 1000000000);
	ph->hertz_micro = hertz;
	/* 2^48 / (32 kHz * 1e6) is 2^36 / 7812500. */
	ph->step = div_u64((u64)hertz << 36, 7812500);
	ph->cosine = div_s64(pf * SIM_SINE_ONE, 1000000);
	ph->sine = int_sqrt64((1ULL << 60) - (s64)ph->cosine * ph->cosine);

	ph->pin_i = min_t(s64, ade_amp_code(ade_world(ade, q + 1, 0)), FS_RMS);
	ph->volt = ade_converted(ade, volt, 4 + p);
	i = ade_converted(ade, ph->pin_i, p);
	ph->adc_v = ade_peak_of(ph->volt);
	ph->adc_vc = 0;
	ph->adc_i = ade_peak_of(i);
	ph->pcos = ph->cosine;
	ph->psin = ph->sine;
	ph->irms = ade_gained(i, ade->reg[ADE_IGAIN + p * ADE_PHASE]);
}

/* IPEAK and VPEAK hold the largest sample, taken to be the amplitude. */
static void ade_peak(struct ade *ade, u32 p)
{
	struct ade_phase *ph = &ade->phase[p];
	u32 code[2] = { ade_peak_of(ph->irms) >> 5, ade_peak_of(ph->vrms) >> 5 };
	u32 n;

	if (!(ade->reg[ADE_CONFIG3] & BIT(2 + p)))
		return;
	for (n = 0; n < 2; n++) {
		u32 *reg = &ade->reg[ADE_IPEAK + n];

		if (code[n] > (*reg & GENMASK(23, 0)))
			*reg = code[n] | BIT(24 + p);
	}
}

/* Which voltages make up that of a phase, by VCONSEL */
static const s8 ade_wirings[][PHASES][PHASES] = {
	[1] = { { 1, 0, 0 }, { 1, 0, -1 }, { 0, 0, 1 } },
	[2] = { { 1, 0, 0 }, { -1, 0, -1 }, { 0, 0, 1 } },
	[3] = { { 1, 0, 0 }, { -1, 0, 0 }, { 0, 0, 1 } },
	[4] = { { 1, -1, 0 }, { 1, 0, -1 }, { 0, -1, 1 } },
};

/* The sum of the voltages at the pins, as seen from phase @p */
static void ade_wire_phase(struct ade *ade, const s32 *peak, const s8 *part,
			   u32 p)
{
	struct ade_phase *ph = &ade->phase[p];
	u64 here = ph->theta + ade_offset[p];
	s64 in = 0, ahead = 0, size;
	u32 q;

	for (q = 0; q < PHASES; q++) {
		u64 there = ade->phase[q].theta + ade_offset[q];
		s32 s, c;

		sim_sincos((there - here) >> (TURN_BITS - 32), &s, &c);
		in += part[q] * ((s64)peak[q] * c >> 30);
		ahead += part[q] * ((s64)peak[q] * s >> 30);
	}
	ph->adc_v = in;
	ph->adc_vc = ahead;
	ph->volt = int_sqrt64((in * in + ahead * ahead) / 2);
	size = max_t(s64, int_sqrt64(in * in + ahead * ahead), 1);
	ph->pcos = div64_s64(in * ph->cosine - ahead * ph->sine, size);
	ph->psin = div64_s64(in * ph->sine + ahead * ph->cosine, size);
}

static void ade_wire(struct ade *ade)
{
	u32 wiring = ade->reg[ADE_ACCMODE] >> 4 & 7;
	s32 peak[PHASES];
	u32 p;

	for (p = 0; p < PHASES; p++)
		peak[p] = ade->phase[p].adc_v;
	for (p = 0; p < PHASES; p++) {
		struct ade_phase *ph = &ade->phase[p];

		if (wiring && wiring < ARRAY_SIZE(ade_wirings))
			ade_wire_phase(ade, peak, ade_wirings[wiring][p], p);
		ph->vrms = ade_gained(ph->volt,
				      ade->reg[ADE_VGAIN + p * ADE_PHASE]);
	}
}

/* Look at the world. */
void ade_refresh(struct ade *ade)
{
	u32 idle = 0;
	u32 p;

	for (p = 0; p < PHASES; p++)
		ade_mains(ade, p);
	ade_wire(ade);
	for (p = 0; p < PHASES; p++) {
		if (!ade_running(ade))
			continue;
		ade_powers(ade, p);
		ade_peak(ade, p);
		idle |= ade_accumulated(ade, p) << (6 * p);
	}
	if (ade_running(ade))
		ade_signs(ade, idle);
}

/* rms of the sum of the three currents at this instant */
static s64 ade_neutral_rms(const struct ade *ade)
{
	s64 re = 0;
	s64 im = 0;
	u32 p;

	for (p = 0; p < PHASES; p++) {
		const struct ade_phase *ph = &ade->phase[p];
		u32 turn = (ph->theta + ade_offset[p]) >> (TURN_BITS - 32);
		s32 s, c;

		sim_sincos(turn, &s, &c);
		re += ph->pin_i * (((s64)c * ph->cosine +
				    (s64)s * ph->sine) >> 30) >> 30;
		im += ph->pin_i * (((s64)s * ph->cosine -
				    (s64)c * ph->sine) >> 30) >> 30;
	}
	return int_sqrt64(re * re + im * im);
}

/* 0xA00000 at 50 Hz; without a voltage the chip assumes the nominal one. */
static u32 ade_period(const struct ade *ade, u32 p)
{
	s64 hertz = clamp_t(s64, ade->phase[p].hertz_micro, 40000000, 70000000);

	if (!ade->phase[p].vrms)
		hertz = ade->reg[ADE_ACCMODE] & BIT(8) ? 60000000 : 50000000;
	return div64_u64(524288000000000ULL + hertz / 2, hertz) - 1;
}

static void ade_outputs_phase(struct ade *ade, u32 p)
{
	struct ade_phase *ph = &ade->phase[p];
	const u32 *cal = &ade->reg[p * ADE_PHASE];
	u32 *out = &ade->reg[p * ADE_PHASE];
	u32 kind;

	out[ADE_IRMS] = ade_settled(ade, ade_offset_rms(ph->irms,
							cal[ADE_IRMSOS]));
	out[ADE_VRMS] = ade_settled(ade, ade_offset_rms(ph->vrms,
							cal[ADE_VRMSOS]));
	out[ADE_IFRMS] = ade_settled(ade, ph->irms);
	out[ADE_VFRMS] = ade_settled(ade, ph->vrms);
	out[ADE_IRMSONE] = out[ADE_IFRMS];
	out[ADE_VRMSONE] = out[ADE_VFRMS];
	out[ADE_IRMS1012] = out[ADE_IFRMS];
	out[ADE_VRMS1012] = out[ADE_VFRMS];
	for (kind = 0; kind < KINDS; kind++)
		out[ADE_WATT + kind] = ph->power[kind];
	out[ADE_PF] = ph->pf;
	out[ADE_VTHD] = ph->vthd;
	out[ADE_ITHD] = ph->ithd;
	ade->reg[ADE_APERIOD + p] = ade_period(ade, p);
}

static void ade_outputs_neutral(struct ade *ade)
{
	u32 *reg = ade->reg;
	s64 rms = ade_neutral_rms(ade);

	reg[ADE_ISUMRMS] = ade_settled(ade, rms);
	rms = ade_gained(ade_converted(ade, rms, 3), reg[ADE_NIGAIN]);
	reg[ADE_NIRMSONE] = ade_settled(ade, rms);
	reg[ADE_NIRMS1012] = reg[ADE_NIRMSONE];
	reg[ADE_NIRMS] = ade_settled(ade, ade_offset_rms(rms,
							 reg[ADE_NIRMSOS]));
}

/* Bring the result registers to the last sample; with RUN = 0 they stand. */
void ade_outputs(struct ade *ade)
{
	u32 *reg = ade->reg;
	s64 set[CHANNELS];
	u32 p, c;

	if (ade->fresh || !ade_running(ade))
		return;
	ade->fresh = true;
	ade_refresh(ade);
	ade_sample(ade, ADE_SRC_PCF, set);
	for (p = 0; p < PHASES; p++) {
		reg[ADE_I_PCF + p * ADE_PHASE] = set[2 * p];
		reg[ADE_V_PCF + p * ADE_PHASE] = set[2 * p + 1];
		ade_outputs_phase(ade, p);
	}
	reg[ADE_NI_PCF] = set[6];
	ade_outputs_neutral(ade);
	p = reg[ADE_ZX_LP_SEL] >> 3 & 3;
	reg[ADE_COM_PERIOD] = reg[ADE_APERIOD + (p == 3 ? 0 : p)];
	ade_sample_raw(ade, set);
	for (c = 0; c < CHANNELS; c++) {
		reg[ADE_SINC_DAT + c] = set[c];
		reg[ADE_LPF_DAT + c] = set[c];
	}
}

/* Samples. */

/* 5.27 of a ratio; the wave stays a sine all the same. */
static s32 ade_distortion(const struct ade *ade, enum sim_quantity q)
{
	s64 micro = clamp_t(s64, ade_world(ade, q, 0), 0, 10000000);

	return div_s64(micro << 27, 1000000);
}

/* One 1.024 s period is over. */
static void ade_power_factor(struct ade *ade)
{
	u32 p;

	for (p = 0; p < PHASES; p++) {
		struct ade_phase *ph = &ade->phase[p];

		enum sim_quantity q = SIM_L1_VTHD + 2 * p;

		ph->pf = ph->power[2] ? ph->pcos >> 3 : 0;
		ph->vthd = ade_distortion(ade, q);
		ph->ithd = ade_distortion(ade, q + 1);
	}
	ade->reg[ADE_STATUS0] |= ADE_THD_PF_RDY;
}

/* The window is over: its energy becomes readable. */
static void ade_energy_ready(struct ade *ade)
{
	bool overwrite = ade->reg[ADE_EP_CFG] & ADE_EP_OVERWRITE;
	u32 p, kind;

	for (p = 0; p < PHASES; p++) {
		struct ade_phase *ph = &ade->phase[p];

		for (kind = 0; kind < KINDS; kind++) {
			s64 user = overwrite ? 0 : ph->user[kind];

			user += sign_extend64(ph->energy[kind], 41);
			ph->user[kind] = sign_extend64(user, 44);
			if (kind == 0)
				ph->metered += ph->energy[kind];
			ph->energy[kind] = 0;
		}
	}
	ade->egy_left = ade->reg[ADE_EGY_TIME] + 1;
	ade->reg[ADE_STATUS0] |= ADE_EGYRDY;
}

static void ade_power_ready(struct ade *ade)
{
	u32 p, kind;

	for (p = 0; p < PHASES; p++) {
		struct ade_phase *ph = &ade->phase[p];

		for (kind = 0; kind < KINDS; kind++) {
			ph->mean[kind] = ph->sum[kind];
			ph->sum[kind] = 0;
		}
	}
	memcpy(ade->means, ade->sums, sizeof(ade->means));
	memset(ade->sums, 0, sizeof(ade->sums));
	ade->pwr_left = ade->reg[ADE_PWR_TIME] + 1;
	ade->reg[ADE_STATUS0] |= ADE_PWRRDY;
}

static void ade_add_energy(struct ade *ade, u32 samples)
{
	u32 p, kind;

	for (p = 0; p < PHASES; p++)
		for (kind = 0; kind < KINDS; kind++)
			ade->phase[p].energy[kind] +=
				(s64)ade->phase[p].add[kind] * samples;
}

static void ade_add_power(struct ade *ade, u32 samples)
{
	u32 p, kind;

	for (p = 0; p < PHASES; p++) {
		struct ade_phase *ph = &ade->phase[p];

		for (kind = 0; kind < KINDS; kind++)
			ph->sum[kind] += (s64)ph->add[kind] * samples;
		for (kind = 0; kind < 2; kind++)
			ade->sums[2 * kind + (ph->add[kind] < 0)] +=
				(s64)abs(ph->add[kind]) * samples;
	}
}

static void ade_accumulate(struct ade *ade, u32 samples)
{
	bool by_line = ade->reg[ADE_EP_CFG] & ADE_EP_LINE_CYCLES;
	u32 held = min(ade->hold, samples);
	u32 left, n;

	ade->hold -= held;
	samples -= held;
	if (!(ade->reg[ADE_EP_CFG] & ADE_EP_ENABLE))
		return;

	for (left = samples; left; left -= n) {
		n = min(left, ade->pwr_left);
		ade_add_power(ade, n);
		ade->pwr_left -= n;
		if (!ade->pwr_left)
			ade_power_ready(ade);
	}
	for (left = samples; left; left -= n) {
		n = by_line ? left : min(left, ade->egy_left);
		ade_add_energy(ade, n);
		ade->egy_left -= by_line ? 0 : n;
		if (!ade->egy_left)
			ade_energy_ready(ade);
	}
}

/* A half cycle of one phase is over. */
void ade_zero_crossing(struct ade *ade, u32 p)
{
	u32 zx = ade->reg[ADE_ZX_LP_SEL] >> 1 & 3;
	u32 ep = ade->reg[ADE_EP_CFG];

	ade_half_cycle_events(ade, p);
	if (!ade->phase[p].vrms)
		return;
	ade_zx_seen(ade, p);
	ade->reg[ADE_STATUS1] |= ADE_ZXVA << p;
	if (!p) {
		ade->reg[ADE_STATUS1] |= ADE_ZXCOMB;
		ade->reg[ADE_STATUS0] |= ADE_RMSONERDY;
		if (!--ade->rms_left) {
			/* 10 cycles at 50 Hz, 12 at 60 */
			ade->rms_left = ade->reg[ADE_ACCMODE] & BIT(8) ? 24 : 20;
			ade->reg[ADE_STATUS0] |= ADE_RMS1012RDY;
		}
	}
	if (p == (zx == 3 ? 0 : zx) && (ep & ADE_EP_LINE_CYCLES) &&
	    (ep & ADE_EP_ENABLE) && !ade->hold && !--ade->egy_left)
		ade_energy_ready(ade);
}

u64 ade_half_cycle(const struct ade *ade, u32 p)
{
	return (ade->phase[p].theta + ade_offset[p]) >> (TURN_BITS - 1);
}

/* The DSP has seen so many samples more. */
void ade_dsp(struct ade *ade, u32 samples)
{
	u32 left, n;

	if (!samples || !ade_running(ade))
		return;
	ade->reg[ADE_STATUS0] |= ADE_DREADY;
	ade->age = min_t(u32, ade->age + samples, SETTLING_SAMPLES);
	ade_accumulate(ade, samples);
	ade_zx_wait(ade, samples);
	for (left = samples; left; left -= n) {
		n = min(left, ade->pf_left);
		ade->pf_left -= n;
		if (!ade->pf_left) {
			ade_power_factor(ade);
			ade->pf_left = PF_SAMPLES;
		}
	}
}

void ade_temperature(struct ade *ade, s64 now)
{
	u32 trim = ade->reg[ADE_TEMP_TRIM];
	s64 micro;

	if (now < ade->temp_at)
		return;
	ade->temp_at = SIM_NEVER;
	/* T = -result * gain / 2^16 + offset / 32 */
	micro = (s64)(trim >> 16) * 31250 - ade_world(ade, SIM_TEMP_C, 25000000);
	micro = div_s64(micro * 65536, 1000000) + (s32)(trim & 0xffff) / 2;
	ade->reg[ADE_TEMP_RSLT] = clamp_t(s64, div_s64(micro, trim & 0xffff),
					  0, 0xffff);
	ade->reg[ADE_STATUS0] |= ADE_TEMP_RDY;
	ade->reg[ADE_TEMP_CFG] &= ~BIT(3);
}
