// SPDX-License-Identifier: GPL-2.0-only
/*
 * ADE9000, three-phase energy meter with waveform RAM, at register level.
 *
 * After the data sheet (rev. B) and the reference manual UG-1098. Where they
 * are silent the model does what a driver should not rely on:
 * - MISO reads ones whenever the chip has nothing to say: in the header, in
 *   the 50 ms after a reset, after the last byte, at the end of a burst range
 *   (the waveform burst does not wrap from 0xFFF to 0x800).
 * - Registers that do not exist read 0; writes to them, to read-only ones, to
 *   locked ones (STATUS0/1 included) and with too few bytes do nothing.
 * - While RUN is 0 the waveform RAM stands still like all other results.
 * - WFB_TRG_STAT keeps its last value when a capture starts.
 * - For the first 0.8 s after RUN rms and power are too small (settling).
 * - VAR_DIS is looked at when RUN is set. ERROR bits stay until a reset.
 * - With IRQ0_ON_IRQ1 nothing is seen on IRQ0.
 * Not modelled, and at their reset values: the resampled waveform, dip, swell,
 * overcurrent, phase sequence, current zero crossings, phase angles, CF
 * outputs, configuration CRC, multipoint gains, ADC_REDIRECT, delta wirings.
 *
 * The world is looked at once a millisecond, or once in a 1024th of a longer
 * time to catch up with, and for each register read; in between amplitudes and
 * frequencies stand still. Everything else is exact to the sample.
 */
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

#include "sim.h"
#include "sim_sine.h"

/* The board: 800 kohm over 1 kohm; a 2000:1 transformer into 10.2 ohm. */
#define BOARD_VOLTAGE_RATIO	801
#define BOARD_MILLIAMP_PER_VOLT	196078

/* Full scale is 1 V peak at the pin. */
#define FS_PCF			74532013
#define FS_RMS			52702092
#define FS_SINC			53000000	/* "about 53 million" */
#define SQRT2_Q30		1518500250
#define POWER_SHIFT		27		/* FS_RMS^2 >> 27 is 20 694 066 */

#define TICK_NS			31250		/* 32 kSPS, the fastest clock */
#define TICKS_PER_SAMPLE	4
#define RESET_NS		50000000
#define TEMPERATURE_NS		1000000
#define SETTLING_SAMPLES	6400
#define PF_SAMPLES		8192
#define WORLD_SAMPLES		8
#define TURN_BITS		48

#define PHASES			3
#define CHANNELS		7
#define KINDS			6		/* WATT VAR VA FWATT FVAR FVA */
#define SET_WORDS		8
#define PAGE_WORDS		128
#define RAM_WORDS		2048
#define RAM_BASE		0x800
#define REGISTERS		0x518

enum ade_register {
	ADE_IGAIN = 0x000,		/* of phase A, B is 0x20 on */
	ADE_VGAIN = 0x00b,
	ADE_IRMSOS = 0x00c,
	ADE_VRMSOS = 0x00d,
	ADE_PGAIN = 0x00e,
	ADE_WATTOS = 0x00f,
	ADE_VAROS = 0x010,
	ADE_FWATTOS = 0x011,
	ADE_FVAROS = 0x012,
	ADE_NIRMSOS = 0x06b,
	ADE_NIGAIN = 0x06d,
	ADE_PHASE = 0x20,		/* from phase to phase */
	ADE_I_PCF = 0x20a,
	ADE_V_PCF = 0x20b,
	ADE_IRMS = 0x20c,
	ADE_VRMS = 0x20d,
	ADE_IFRMS = 0x20e,
	ADE_VFRMS = 0x20f,
	ADE_WATT = 0x210,
	ADE_VAR = 0x211,
	ADE_VA = 0x212,
	ADE_FWATT = 0x213,
	ADE_FVAR = 0x214,
	ADE_FVA = 0x215,
	ADE_PF = 0x216,
	ADE_IRMSONE = 0x219,
	ADE_VRMSONE = 0x21a,
	ADE_IRMS1012 = 0x21b,
	ADE_VRMS1012 = 0x21c,
	ADE_MTREGION = 0x21d,
	ADE_NI_PCF = 0x265,
	ADE_NIRMS = 0x266,
	ADE_NIRMSONE = 0x267,
	ADE_NIRMS1012 = 0x268,
	ADE_ISUMRMS = 0x269,
	ADE_VERSION2 = 0x26a,
	ADE_ACC = 0x2e5,		/* 10 from kind to kind, 60 from phase to phase */
	ADE_ACC_LAST = 0x391,
	ADE_PWATT_ACC = 0x397,
	ADE_NWATT_ACC = 0x39b,
	ADE_PVAR_ACC = 0x39f,
	ADE_NVAR_ACC = 0x3a3,
	ADE_IPEAK = 0x400,
	ADE_VPEAK = 0x401,
	ADE_STATUS0 = 0x402,
	ADE_STATUS1 = 0x403,
	ADE_EVENT_STATUS = 0x404,
	ADE_MASK0 = 0x405,
	ADE_MASK1 = 0x406,
	ADE_APERIOD = 0x418,
	ADE_COM_PERIOD = 0x41b,
	ADE_ACT_NL_LVL = 0x41c,
	ADE_PHNOLOAD = 0x41f,
	ADE_LAST_DATA_32 = 0x423,
	ADE_TEMP_TRIM = 0x474,
	ADE_RUN = 0x480,
	ADE_CONFIG1 = 0x481,
	ADE_ACCMODE = 0x492,
	ADE_CONFIG3 = 0x493,
	ADE_ZX_LP_SEL = 0x49a,
	ADE_PHSIGN = 0x49d,
	ADE_WFB_CFG = 0x4a0,
	ADE_WFB_PG_IRQEN = 0x4a1,
	ADE_WFB_TRG_CFG = 0x4a2,
	ADE_WFB_TRG_STAT = 0x4a3,
	ADE_CRC_SPI = 0x4a9,
	ADE_LAST_DATA_16 = 0x4ac,
	ADE_LAST_CMD = 0x4ae,
	ADE_EP_CFG = 0x4b0,
	ADE_PWR_TIME = 0x4b1,
	ADE_EGY_TIME = 0x4b2,
	ADE_TEMP_CFG = 0x4b6,
	ADE_TEMP_RSLT = 0x4b7,
	ADE_PGA_GAIN = 0x4b9,
	ADE_CHNL_DIS = 0x4ba,
	ADE_WR_LOCK = 0x4bf,
	ADE_VAR_DIS = 0x4e0,
	ADE_VERSION = 0x4fe,
	ADE_SINC_DAT = 0x500,		/* in the order of the waveform RAM */
	ADE_LPF_DAT = 0x510,
	ADE_BY_QUANTITY = 0x600,
	ADE_BY_QUANTITY_LAST = 0x63c,
	ADE_BY_PHASE = 0x680,
	ADE_BY_PHASE_LAST = 0x6bc,
};

#define ADE_RUN_ON		BIT(0)
#define ADE_CONFIG1_IRQ0_ON_IRQ1 BIT(12)
#define ADE_CONFIG1_BURST_EN	BIT(11)
#define ADE_CONFIG1_SWRST	BIT(0)
#define ADE_WFB_IN_EN		BIT(12)
#define ADE_WFB_CAP_SEL		BIT(5)
#define ADE_WFB_CAP_EN		BIT(4)
#define ADE_WFB_SINGLE		0xf
#define ADE_WFB_FORCE		BIT(10)
#define ADE_EP_OVERWRITE	BIT(4)
#define ADE_EP_RD_RST_EN	BIT(5)
#define ADE_EP_LINE_CYCLES	BIT(1)
#define ADE_EP_ENABLE		BIT(0)
#define ADE_TEMP_START		(BIT(3) | BIT(2))
#define ADE_TEMP_RDY		BIT(25)
#define ADE_WFB_TRIG		(BIT(22) | BIT(16))
#define ADE_THD_PF_RDY		BIT(21)
#define ADE_RMS1012RDY		BIT(20)
#define ADE_RMSONERDY		BIT(19)
#define ADE_PWRRDY		BIT(18)
#define ADE_PAGE_FULL		BIT(17)
#define ADE_DREADY		BIT(15)
#define ADE_REVAPA		BIT(1)
#define ADE_REVRPA		BIT(4)
#define ADE_EGYRDY		BIT(0)
#define ADE_ERRORS		0xf0000000u
#define ADE_ERRORS_LOUD		0xb0000000u	/* not to be masked */
#define ADE_RSTDONE		BIT(16)
#define ADE_ZXCOMB		BIT(12)
#define ADE_ZXVA		BIT(9)

enum ade_wave_source { ADE_SRC_SINC, ADE_SRC_NONE, ADE_SRC_LPF, ADE_SRC_PCF };

enum ade_wave_mode { ADE_STOP_FULL, ADE_STOP_TRIGGER, ADE_CENTRE_TRIGGER };

/**
 * struct ade_phase - one phase of the mains and what the chip makes of it
 * @theta:	phase of the mains voltage before the offset of B and C
 * @step:	what @theta gains in a tick
 * @cosine:	of the lag of the current, the power factor
 * @sine:	of the lag of the current
 * @hertz_micro: frequency as the clock of the chip sees it
 * @pin_i:	rms code of the current at the pin, at unity gain
 * @adc_v:	peak code of the converted voltage
 * @adc_i:	peak code of the converted current
 * @vrms:	rms code after gain calibration
 * @irms:	rms code after gain calibration
 * @power:	instantaneous results, by kind
 * @add:	what goes into the accumulators at each sample, by kind
 * @pf:		power factor of the last 1.024 s
 * @energy:	internal accumulators of 42 bits, by kind
 * @user:	energy registers of 45 bits, by kind
 * @metered:	all active energy that became readable since power-on
 * @sum:	power accumulators, by kind
 * @mean:	power accumulator registers, by kind
 */
struct ade_phase {
	u64 theta;
	u64 step;
	s32 cosine;
	s32 sine;
	s64 hertz_micro;
	s32 pin_i;
	s32 adc_v;
	s32 adc_i;
	s32 vrms;
	s32 irms;
	s32 power[KINDS];
	s32 add[KINDS];
	s32 pf;
	s64 energy[KINDS];
	s64 user[KINDS];
	s64 metered;
	s64 sum[KINDS];
	s64 mean[KINDS];
};

/* Columns of a phase in the log of readings, after ade_reading_regs. */
enum ade_reading {
	READING_PERIOD = 5,
	READING_ENERGY,
	READING_COLUMNS,
};

/**
 * struct ade_frame - what happens between two edges of chip select
 * @bytes:	bytes seen
 * @header:	the command
 * @address:	address of @word
 * @word:	data in transit
 * @width:	bytes of @word
 * @left:	bytes of @word to come
 * @spi_crc:	the checksum of @word comes next
 * @burst:	further words come next
 */
struct ade_frame {
	u32 bytes;
	u16 header;
	u32 address;
	u32 word;
	u32 width;
	u32 left;
	bool spi_crc;
	bool burst;
};

/**
 * struct ade - the chip
 * @chip:	link to the core
 * @now:	instant advanced to
 * @ready_at:	end of the reset
 * @ready:	the reset is over
 * @tick_ns:	instant of the last tick of the 32 kHz clock
 * @tick_frac:	fraction of @tick_ns, in 2^-32 ns
 * @tick_slow:	what a tick is longer than TICK_NS, in 2^-32 ns
 * @sub:	ticks since the last 8 kHz sample
 * @fresh:	the result registers are those of the last sample
 * @world_left:	samples until the world is looked at again
 * @world_every: how often that is
 * @age:	samples since RUN, up to SETTLING_SAMPLES
 * @hold:	samples until accumulation starts
 * @egy_left:	samples or half cycles until EGYRDY
 * @pwr_left:	samples until PWRRDY
 * @pf_left:	samples until THD_PF_RDY
 * @rms_left:	half cycles until RMS1012RDY
 * @var_off:	VAR_DIS when RUN was set
 * @noise:	state of the erratic RD_RST_EN
 * @temp_at:	end of the temperature conversion
 * @phase:	the three phases
 * @sums:	sums over phases of positive and negative WATT, VAR
 * @means:	registers of @sums
 * @wave_on:	the waveform RAM is being written
 * @wave_src:	what is written
 * @wave_next:	word to be written next
 * @wave_stop:	words to write until a trigger stops the writer, 0 is never
 * @frame:	SPI transfer
 * @reading_on:	it fetches the results
 * @reading:	what it fetched, for the log of readings
 * @reg:	registers
 * @ram:	waveform RAM
 */
struct ade {
	struct sim_chip *chip;
	s64 now;
	s64 ready_at;
	bool ready;
	s64 tick_ns;
	u32 tick_frac;
	s64 tick_slow;
	u32 sub;
	bool fresh;
	u32 world_left;
	u32 world_every;
	u32 age;
	u32 hold;
	u32 egy_left;
	u32 pwr_left;
	u32 pf_left;
	u32 rms_left;
	bool var_off;
	u32 noise;
	s64 temp_at;
	struct ade_phase phase[PHASES];
	s64 sums[4];
	s64 means[4];
	bool wave_on;
	u32 wave_src;
	u32 wave_next;
	u32 wave_stop;
	struct ade_frame frame;
	bool reading_on;
	s64 reading[PHASES][READING_COLUMNS];
	u32 reg[REGISTERS];
	s32 ram[RAM_WORDS];
};

/* B lags A by a third of a turn, C leads. */
static const u64 ade_offset[PHASES] = { 0, 187649984473771ULL, 93824992236885ULL };

struct ade_default {
	u16 address;
	u32 value;
};

static const struct ade_default ade_defaults[] = {
	{ ADE_MTREGION, 0xf }, { ADE_MTREGION + ADE_PHASE, 0xf },
	{ ADE_MTREGION + 2 * ADE_PHASE, 0xf },
	{ 0x409, 0xffffff }, { 0x40e, 0x500000 }, { 0x40f, 0x45d45 },
	{ 0x411, 0x7fffff }, { 0x412, 0x7fffff }, { 0x413, 0x7fffff },
	{ 0x414, 0xffffff }, { 0x418, 0xa00000 }, { 0x419, 0xa00000 },
	{ 0x41a, 0xa00000 }, { 0x41b, 0xa00000 }, { 0x41c, 0xffff },
	{ 0x41d, 0xffff }, { 0x41e, 0xffff }, { 0x420, 0xffff },
	{ 0x421, 0xffff }, { 0x422, 0xffff }, { 0x424, 0x1fffff },
	{ 0x472, BIT(20) },
	/* 307.2 degC less 0.305 for each step: a plausible chip */
	{ ADE_TEMP_TRIM, 9830 << 16 | 20000 },
	{ 0x48b, 0xffff }, { 0x48c, 0xffff }, { 0x493, 0xf000 },
	{ 0x494, 0xffff }, { 0x495, 0xffff }, { 0x496, 0xffff },
	{ 0x497, 0xffff }, { 0x498, 0xffff }, { 0x499, 9 }, { 0x49a, 0x1e },
	{ 0x49c, 0xff }, { 0x4a4, 0x63 }, { 0x4af, 0x0c00 },
	{ ADE_PWR_TIME, 0xff }, { ADE_EGY_TIME, 0xff }, { ADE_VERSION, 0x00fe },
};

struct ade_range {
	u16 first;
	u16 last;
};

static const struct ade_range ade_writable[] = {
	{ 0x000, 0x018 }, { 0x020, 0x038 }, { 0x040, 0x058 }, { 0x060, 0x06e },
	{ 0x071, 0x073 }, { 0x402, 0x403 }, { 0x405, 0x407 }, { 0x409, 0x409 },
	{ 0x40e, 0x410 }, { 0x414, 0x414 }, { 0x41c, 0x41e }, { 0x420, 0x422 },
	{ 0x424, 0x425 }, { 0x480, 0x481 }, { 0x48b, 0x48c }, { 0x490, 0x494 },
	{ 0x495, 0x49a }, { 0x49c, 0x49c }, { 0x4a0, 0x4a2 }, { 0x4af, 0x4b2 },
	{ 0x4b4, 0x4b6 }, { 0x4b9, 0x4ba }, { 0x4bf, 0x4bf }, { 0x4e0, 0x4e0 },
};

/* Bits that exist, where not all do. */
static const struct ade_default ade_existing[] = {
	{ ADE_RUN, 0x1 }, { ADE_WFB_CFG, 0x13ff }, { ADE_WFB_TRG_CFG, 0x7ff },
	{ ADE_EP_CFG, 0xe0f3 }, { ADE_PWR_TIME, 0x1fff },
	{ ADE_EGY_TIME, 0x1fff }, { ADE_TEMP_CFG, 0xf },
	{ ADE_PGA_GAIN, 0x3fff }, { ADE_CHNL_DIS, 0x7f }, { ADE_VAR_DIS, 0x1 },
};

/* Registers of phase A in the order of the burst ranges, and the neutral's. */
static const u16 ade_by_phase[] = {
	ADE_V_PCF, ADE_I_PCF, ADE_IRMS, ADE_VRMS, ADE_WATT, ADE_VA, ADE_VAR,
	ADE_FVAR, ADE_PF, 0x217, 0x218, ADE_FWATT, ADE_FVA, ADE_IFRMS,
	ADE_VFRMS, ADE_IRMSONE, ADE_VRMSONE, ADE_IRMS1012, ADE_VRMS1012,
};

static const u16 ade_neutral[] = {
	ADE_NI_PCF, ADE_NIRMS, ADE_NIRMSONE, ADE_NIRMS1012,
};

/* A group of three phases, or one register where it is the neutral's. */
static const u16 ade_by_quantity[] = {
	ADE_V_PCF, ADE_NI_PCF, ADE_I_PCF, ADE_IRMS, ADE_VRMS, ADE_NIRMS,
	ADE_WATT, ADE_VA, ADE_VAR, ADE_FVAR, ADE_PF, 0x217, 0x218, ADE_FWATT,
	ADE_FVA, ADE_IFRMS, ADE_VFRMS, ADE_IRMSONE, ADE_VRMSONE, ADE_NIRMSONE,
	ADE_IRMS1012, ADE_VRMS1012, ADE_NIRMS1012,
};

static bool ade_running(const struct ade *ade)
{
	return ade->reg[ADE_RUN] & ADE_RUN_ON;
}

/* Time. */

/* The instant @ticks after the last tick. */
static s64 ade_instant(const struct ade *ade, u32 ticks, u32 *frac)
{
	u64 rest = (u64)(u32)ade->tick_slow * ticks + ade->tick_frac;

	if (frac)
		*frac = rest;
	return ade->tick_ns + (TICK_NS + (ade->tick_slow >> 32)) * ticks +
	       (s64)(rest >> 32);
}

/* Ticks to run until @now, at most nine hours' worth. */
static u32 ade_ticks_due(const struct ade *ade, s64 now)
{
	u64 ahead = min_t(s64, now - ade->tick_ns, 1LL << 45);
	u32 ticks;

	if (now <= ade->tick_ns)
		return 0;
	ticks = div_u64(ahead, TICK_NS + (s32)(ade->tick_slow >> 32)) + 1;
	while (ticks && ade_instant(ade, ticks, NULL) > now)
		ticks--;
	return ticks;
}

static u32 ade_ticks_to_sample(const struct ade *ade, u32 samples)
{
	return samples * TICKS_PER_SAMPLE - ade->sub;
}

static void ade_move(struct ade *ade, u32 ticks)
{
	u32 p;

	ade->tick_ns = ade_instant(ade, ticks, &ade->tick_frac);
	ade->sub = (ade->sub + ticks) % TICKS_PER_SAMPLE;
	for (p = 0; p < PHASES; p++)
		ade->phase[p].theta += ade->phase[p].step * ticks;
	ade->fresh = false;
}

/* World to codes. */

static s64 ade_world(const struct ade *ade, enum sim_quantity q, s64 fallback)
{
	s64 value;

	return sim_world_get(q, ade->tick_ns, &value) ? value : fallback;
}

/* @n is the place in PGA_GAIN: IA IB IC IN VA VB VC. */
static u32 ade_pga(const struct ade *ade, u32 n)
{
	return 1 << min(ade->reg[ADE_PGA_GAIN] >> (2 * n) & 3, 2u);
}

/* @n is the place in CHNL_DIS, as in PGA_GAIN. */
static bool ade_channel_off(const struct ade *ade, u32 n)
{
	return ade->reg[ADE_CHNL_DIS] & BIT(n);
}

static s32 ade_gained(s64 code, u32 gain)
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

static s32 ade_peak_of(s64 rms)
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
	s32 watt = ade_gained(ade_q7_power(q7, ph->cosine), cal[ADE_PGAIN]);
	s32 var = ade_gained(ade_q7_power(q7, ph->sine), cal[ADE_PGAIN]);

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
	ade->reg[ADE_EVENT_STATUS] = ade_noload_bits(idle) << 10;
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
	volt = ade_converted(ade, volt, 4 + p);
	i = ade_converted(ade, ph->pin_i, p);
	ph->adc_v = ade_peak_of(volt);
	ph->adc_i = ade_peak_of(i);
	ph->vrms = ade_gained(volt, ade->reg[ADE_VGAIN + p * ADE_PHASE]);
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

/* Look at the world. */
static void ade_refresh(struct ade *ade)
{
	u32 idle = 0;
	u32 p;

	for (p = 0; p < PHASES; p++) {
		ade_mains(ade, p);
		if (!ade_running(ade))
			continue;
		ade_powers(ade, p);
		ade_peak(ade, p);
		idle |= ade_accumulated(ade, p) << (6 * p);
	}
	if (ade_running(ade))
		ade_signs(ade, idle);
}

/* One sample set, in the order of the waveform RAM. */
static void ade_sample(const struct ade *ade, u32 src, s64 *set)
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
		set[2 * p + 1] = ((s64)ph->adc_v * s) >> 30;
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
static void ade_sample_raw(const struct ade *ade, s64 *set)
{
	u32 c;

	ade_sample(ade, ADE_SRC_SINC, set);
	for (c = 0; c < CHANNELS; c++)
		set[c] = div_s64(set[c] * FS_SINC, FS_PCF) & ~0xfLL;
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
static void ade_outputs(struct ade *ade)
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

/* One 1.024 s period is over. */
static void ade_power_factor(struct ade *ade)
{
	u32 p;

	for (p = 0; p < PHASES; p++) {
		struct ade_phase *ph = &ade->phase[p];

		ph->pf = ph->power[2] ? ph->cosine >> 3 : 0;
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
static void ade_zero_crossing(struct ade *ade, u32 p)
{
	u32 zx = ade->reg[ADE_ZX_LP_SEL] >> 1 & 3;
	u32 ep = ade->reg[ADE_EP_CFG];

	if (!ade->phase[p].vrms)
		return;
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

static u64 ade_half_cycle(const struct ade *ade, u32 p)
{
	return (ade->phase[p].theta + ade_offset[p]) >> (TURN_BITS - 1);
}

/* The DSP has seen so many samples more. */
static void ade_dsp(struct ade *ade, u32 samples)
{
	u32 left, n;

	if (!samples || !ade_running(ade))
		return;
	ade->reg[ADE_STATUS0] |= ADE_DREADY;
	ade->age = min_t(u32, ade->age + samples, SETTLING_SAMPLES);
	ade_accumulate(ade, samples);
	for (left = samples; left; left -= n) {
		n = min(left, ade->pf_left);
		ade->pf_left -= n;
		if (!ade->pf_left) {
			ade_power_factor(ade);
			ade->pf_left = PF_SAMPLES;
		}
	}
}

/* Waveform RAM. */

static bool ade_wave_fast(const struct ade *ade)
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

static void ade_wave_write(struct ade *ade)
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
static void ade_wave_configure(struct ade *ade, u32 before)
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

static void ade_wave_trigger(struct ade *ade)
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

/* Running. */

static bool ade_follows_line(const struct ade *ade)
{
	return ade->reg[ADE_EP_CFG] & ADE_EP_LINE_CYCLES ||
	       ade->reg[ADE_MASK0] & (ADE_RMSONERDY | ADE_RMS1012RDY) ||
	       ade->reg[ADE_MASK1] & (ADE_ZXCOMB | 7 * ADE_ZXVA);
}

/* Ticks until the sample after the next zero crossing of a voltage */
static u32 ade_ticks_to_crossing(const struct ade *ade, u32 ticks)
{
	const u64 half = 1ULL << (TURN_BITS - 1);
	u32 p;

	for (p = 0; p < PHASES; p++) {
		const struct ade_phase *ph = &ade->phase[p];
		u64 rest = half - ((ph->theta + ade_offset[p]) & (half - 1));

		if (!ph->vrms || rest > ph->step * ticks)
			continue;
		ticks = div64_u64(rest + ph->step - 1, ph->step) + ade->sub;
		ticks = ade_ticks_to_sample(ade,
					    DIV_ROUND_UP(ticks, TICKS_PER_SAMPLE));
	}
	return ticks;
}

/* Ticks during which nothing changes but the accumulators. */
static u32 ade_block_ticks(struct ade *ade, u32 ticks)
{
	if (!ade->world_left) {
		ade_refresh(ade);
		ade->world_left = ade->world_every;
	}
	ticks = min(ticks, ade_ticks_to_sample(ade, ade->world_left));
	if (ade_running(ade) && ade_follows_line(ade))
		ticks = min(ticks, ade_ticks_to_crossing(ade, ticks));
	return ticks;
}

static void ade_wave_run(struct ade *ade, u32 ticks)
{
	while (ticks) {
		u32 n = min(ticks, ade_ticks_to_sample(ade, 1));

		if (!ade->wave_on || !ade_running(ade))
			n = ticks;
		else if (ade_wave_fast(ade))
			n = 1;
		ade_move(ade, n);
		ticks -= n;
		if (ade->wave_on && ade_running(ade) &&
		    (!ade->sub || ade_wave_fast(ade)))
			ade_wave_write(ade);
	}
}

static void ade_block(struct ade *ade, u32 ticks)
{
	u32 samples = (ade->sub + ticks) / TICKS_PER_SAMPLE;
	u64 half[PHASES];
	u32 p;

	for (p = 0; p < PHASES; p++)
		half[p] = ade_half_cycle(ade, p);
	ade_wave_run(ade, ticks);
	ade->world_left -= samples;
	ade_dsp(ade, samples);
	if (!ade_running(ade))
		return;
	for (p = 0; p < PHASES; p++)
		if (half[p] != ade_half_cycle(ade, p))
			ade_zero_crossing(ade, p);
}

static void ade_run(struct ade *ade, s64 now)
{
	u32 ticks, n;

	ade->tick_slow = div_s64(ade->chip->faults.clock_ppb * 16777216LL, 125);
	ticks = ade_ticks_due(ade, now);
	ade->world_every = max_t(u32, WORLD_SAMPLES, ticks / 4096);
	for (; ticks; ticks -= n) {
		n = ade_block_ticks(ade, ticks);
		ade_block(ade, n);
	}
}

static void ade_temperature(struct ade *ade, s64 now)
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

/* Ticks until the page ends whose end sets PAGE_FULL, 0 if there is none. */
static u32 ade_ticks_to_page(const struct ade *ade)
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

struct ade_event {
	u32 bit;
	u32 samples;
};

/* Ticks until a bit of STATUS0 or 1 can be set that an output waits for. */
static u32 ade_ticks_to_event(const struct ade *ade)
{
	bool accumulates = ade->reg[ADE_EP_CFG] & ADE_EP_ENABLE;
	bool by_line = ade->reg[ADE_EP_CFG] & ADE_EP_LINE_CYCLES;
	const struct ade_event events[] = {
		{ ADE_DREADY, 1 },
		{ ADE_THD_PF_RDY, ade->pf_left },
		{ ADE_PWRRDY, accumulates ? ade->hold + ade->pwr_left : 0 },
		{ ADE_EGYRDY, by_line || !accumulates ? 0 :
			      ade->hold + ade->egy_left },
	};
	u32 waits = ade->reg[ADE_MASK0] & ~ade->reg[ADE_STATUS0];
	u32 ticks = U32_MAX;
	u32 n;

	for (n = 0; n < ARRAY_SIZE(events); n++)
		if ((waits & events[n].bit) && events[n].samples)
			ticks = min(ticks, ade_ticks_to_sample(ade,
							       events[n].samples));
	/* What follows from the mains or the world shows when it is looked at. */
	if ((waits & (7 * ADE_REVAPA | 7 * ADE_REVRPA)) ||
	    (ade->reg[ADE_MASK1] & ~ade->reg[ADE_STATUS1] & GENMASK(5, 0)))
		ticks = min(ticks, ade_ticks_to_sample(ade, WORLD_SAMPLES));
	if (!ade_follows_line(ade))
		return ticks;
	ticks = min(ticks, ade_ticks_to_sample(ade, WORLD_SAMPLES));
	return ade_ticks_to_crossing(ade, ticks);
}

/*
 * The writer of the waveform RAM asks for a call each half ring, event or not,
 * so that there is never much to catch up with.
 */
static s64 ade_next(const struct ade *ade)
{
	s64 next = ade->temp_at;
	u32 ticks, page;

	if (!ade_running(ade))
		return next;
	ticks = ade_ticks_to_event(ade);
	if (ade->wave_on) {
		page = RAM_WORDS / SET_WORDS / 2;
		if (!ade_wave_fast(ade))
			page = ade_ticks_to_sample(ade, page);
		ticks = min(ticks, page);
		page = ade_ticks_to_page(ade);
		if (page && !(ade->reg[ADE_STATUS0] & ADE_PAGE_FULL))
			ticks = min(ticks, page);
	}
	if (ticks != U32_MAX)
		next = min(next, ade_instant(ade, ticks, NULL));
	return next;
}

/* Reset. */

static void ade_reset(struct ade *ade, s64 now)
{
	struct sim_chip *chip = ade->chip;
	u32 n;

	memset(ade, 0, sizeof(*ade));
	ade->chip = chip;
	ade->now = now;
	ade->ready_at = now + RESET_NS;
	ade->temp_at = SIM_NEVER;
	ade->tick_ns = now;
	ade->pf_left = PF_SAMPLES;
	ade->egy_left = 1;
	ade->pwr_left = 1;
	ade->rms_left = 20;
	ade->noise = 1;
	for (n = 0; n < ARRAY_SIZE(ade_defaults); n++)
		ade->reg[ade_defaults[n].address] = ade_defaults[n].value;
}

static void ade_become_ready(struct ade *ade)
{
	ade->ready = true;
	ade->tick_ns = ade->ready_at;
	ade->reg[ADE_STATUS1] |= ADE_RSTDONE;
}

static int ade_init(struct sim_chip *chip, s64 now)
{
	struct ade *ade = kzalloc(sizeof(*ade), GFP_KERNEL);

	if (!ade)
		return -ENOMEM;
	ade->chip = chip;
	chip->priv = ade;
	ade_reset(ade, now);
	return 0;
}

static void ade_exit(struct sim_chip *chip)
{
	kfree(chip->priv);
	chip->priv = NULL;
}

static s64 ade_advance(struct sim_chip *chip, s64 now)
{
	struct ade *ade = chip->priv;

	ade->now = max(ade->now, now);
	if (!ade->ready) {
		if (now < ade->ready_at)
			return ade->ready_at;
		ade_become_ready(ade);
	}
	ade_run(ade, now);
	ade_temperature(ade, now);
	/* A scripted fault; only a reset after its end clears these. */
	ade->reg[ADE_STATUS1] |= chip->faults.status & ADE_ERRORS;
	return ade_next(ade);
}

static bool ade_irq_active(struct sim_chip *chip, unsigned int line)
{
	const struct ade *ade = chip->priv;
	const u32 *reg = ade->reg;
	bool irq0 = reg[ADE_STATUS0] & reg[ADE_MASK0];
	bool irq1 = reg[ADE_STATUS1] & (reg[ADE_MASK1] | ADE_ERRORS_LOUD |
					ADE_RSTDONE);
	bool joined = reg[ADE_CONFIG1] & ADE_CONFIG1_IRQ0_ON_IRQ1;

	return line ? irq1 || (joined && irq0) : irq0 && !joined;
}

/* Registers. */

static u32 ade_width(u32 address)
{
	return address >= ADE_RUN && address <= ADE_VERSION ? 2 : 4;
}

static bool ade_is_ram(u32 address)
{
	return address >= RAM_BASE;
}

static bool ade_is_burst_range(u32 address)
{
	return (address >= ADE_SINC_DAT && address <= ADE_BY_QUANTITY_LAST) ||
	       (address >= ADE_BY_PHASE && address <= ADE_BY_PHASE_LAST);
}

static u32 ade_mirror_by_quantity(u32 n)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(ade_by_quantity); i++) {
		u32 base = ade_by_quantity[i];
		u32 size = base >= ADE_NI_PCF ? 1 : PHASES;

		if (n < size)
			return base + n * ADE_PHASE;
		n -= size;
	}
	return 0;
}

/* The burst ranges show other registers in another order. */
static u32 ade_mirror(u32 address)
{
	const u32 each = ARRAY_SIZE(ade_by_phase);
	u32 n = address - ADE_BY_PHASE;

	if (address >= ADE_BY_QUANTITY && address <= ADE_BY_QUANTITY_LAST)
		return ade_mirror_by_quantity(address - ADE_BY_QUANTITY);
	if (address < ADE_BY_PHASE || address > ADE_BY_PHASE_LAST)
		return address;
	if (n >= PHASES * each)
		return ade_neutral[n - PHASES * each];
	return ade_by_phase[n % each] + n / each * ADE_PHASE;
}

/*
 * RD_RST_EN does not do what it says (errata); here one read in four resets
 * what it shall, the others nothing, all, or the half that was not read.
 */
static void ade_read_with_reset(struct ade *ade, s64 *user, bool high)
{
	ade->noise = ade->noise * 1664525 + 1013904223;
	switch (ade->noise >> 30) {
	case 0:
		*user = 0;
		break;
	case 1:
		*user &= high ? ~0x1fffLL : 0x1fff;
		break;
	case 2:
		*user &= high ? 0x1fff : ~0x1fffLL;
		break;
	}
}

/* LO holds 13 bits, HI the rest; so do the power accumulators. */
static u32 ade_split(s64 value, bool high)
{
	return high ? value >> 13 : value & 0x1fff;
}

static u32 ade_read_accumulator(struct ade *ade, u32 address)
{
	u32 n = address + 1 - ADE_ACC;
	struct ade_phase *ph = &ade->phase[n / 60];
	u32 kind = n % 60 / 10;
	u32 value;

	switch (n % 10) {
	case 0:
	case 1:
		return ade_split(ph->mean[kind], n % 10);
	case 2:
	case 3:
		value = ade_split(ph->user[kind], n % 10 == 3);
		if (ade->reg[ADE_EP_CFG] & ADE_EP_RD_RST_EN)
			ade_read_with_reset(ade, &ph->user[kind], n % 10 == 3);
		return value;
	default:
		return 0;
	}
}

static u32 ade_read_register(struct ade *ade, u32 address)
{
	u32 value;

	switch (address) {
	case ADE_ACC - 1 ... ADE_ACC_LAST:
		return ade_read_accumulator(ade, address);
	case ADE_PWATT_ACC:
	case ADE_NWATT_ACC:
	case ADE_PVAR_ACC:
	case ADE_NVAR_ACC:
		return ade_split(ade->means[(address - ADE_PWATT_ACC) / 4], true);
	case ADE_IPEAK:
	case ADE_VPEAK:
		value = ade->reg[address];
		ade->reg[address] = 0;
		return value;
	default:
		return address < REGISTERS ? ade->reg[address] : 0;
	}
}

static u32 ade_read(struct ade *ade, u32 address)
{
	if (ade_is_ram(address))
		return ade->ram[address - RAM_BASE];
	ade_outputs(ade);
	return ade_read_register(ade, ade_mirror(address));
}

static bool ade_may_write(const struct ade *ade, u32 address)
{
	bool locked = address <= 0x073 || (address >= 0x400 && address <= 0x4fe);
	u32 n;

	if (ade->reg[ADE_WR_LOCK] && locked && address != ADE_WR_LOCK)
		return false;
	for (n = 0; n < ARRAY_SIZE(ade_writable); n++)
		if (address >= ade_writable[n].first &&
		    address <= ade_writable[n].last)
			return true;
	return false;
}

static void ade_write_run(struct ade *ade, bool was_running)
{
	static const u16 settle[4] = { 512, 1024, 2048, 0 };

	if (!ade_running(ade) || was_running)
		return;
	ade->var_off = ade->reg[ADE_VAR_DIS];
	ade->age = 0;
	ade->hold = settle[ade->reg[ADE_CONFIG1] >> 8 & 3];
	ade->pf_left = PF_SAMPLES;
	ade->egy_left = ade->reg[ADE_EGY_TIME] + 1;
	ade->pwr_left = ade->reg[ADE_PWR_TIME] + 1;
	ade->reg[ADE_VERSION2] = 0x0c;
}

/* A window begins when accumulation is switched on. */
static void ade_write_ep(struct ade *ade, u32 before)
{
	u32 p;

	if (!(ade->reg[ADE_EP_CFG] & ~before & ADE_EP_ENABLE))
		return;
	for (p = 0; p < PHASES; p++) {
		memset(ade->phase[p].energy, 0, sizeof(ade->phase[p].energy));
		memset(ade->phase[p].sum, 0, sizeof(ade->phase[p].sum));
	}
	memset(ade->sums, 0, sizeof(ade->sums));
	ade->egy_left = ade->reg[ADE_EGY_TIME] + 1;
	ade->pwr_left = ade->reg[ADE_PWR_TIME] + 1;
}

static void ade_write_lock(struct ade *ade, u32 value)
{
	if (value == 0x3c64)
		ade->reg[ADE_WR_LOCK] = 1;
	else if (value == 0x4ad1)
		ade->reg[ADE_WR_LOCK] = 0;
}

static u32 ade_existing_bits(u32 address, u32 value)
{
	u32 n;

	for (n = 0; n < ARRAY_SIZE(ade_existing); n++)
		if (ade_existing[n].address == address)
			return value & ade_existing[n].value;
	return value;
}

/* A plain register has taken @before's place; what follows from that. */
static void ade_written(struct ade *ade, u32 address, u32 before)
{
	switch (address) {
	case ADE_RUN:
		ade_write_run(ade, before);
		break;
	case ADE_CONFIG1:
		if (ade->reg[address] & ADE_CONFIG1_SWRST)
			ade_reset(ade, ade->now);
		break;
	case ADE_EP_CFG:
		ade_write_ep(ade, before);
		break;
	case ADE_WFB_CFG:
		ade_wave_configure(ade, before);
		break;
	case ADE_WFB_TRG_CFG:
		if (ade->reg[address] & ADE_WFB_FORCE)
			ade_wave_trigger(ade);
		ade->reg[address] &= ~ADE_WFB_FORCE;
		break;
	case ADE_TEMP_CFG:
		if ((ade->reg[address] & ADE_TEMP_START) == ADE_TEMP_START)
			ade->temp_at = ade->now + TEMPERATURE_NS;
		break;
	}
}

static void ade_write(struct ade *ade, u32 address, u32 value)
{
	u32 before;

	if (!ade_may_write(ade, address))
		return;
	switch (address) {
	case ADE_STATUS0:
		ade->reg[address] &= ~value;
		break;
	case ADE_STATUS1:
		ade->reg[address] &= ~value | ADE_ERRORS;
		break;
	case ADE_WR_LOCK:
		ade_write_lock(ade, value);
		break;
	default:
		/* What is to stand still is what was there before. */
		ade_outputs(ade);
		before = ade->reg[address];
		ade->reg[address] = ade_existing_bits(address, value);
		ade->fresh = false;
		ade->world_left = 0;
		ade_written(ade, address, before);
		break;
	}
}

/* SPI. */

/* CCITT with initial value 0xFFFF */
static u16 ade_crc(u32 word, u32 bytes)
{
	u16 crc = 0xffff;
	u32 n;

	while (bytes--) {
		crc ^= (word >> (8 * bytes) & 0xff) << 8;
		for (n = 0; n < 8; n++)
			crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
	}
	return crc;
}

/* The check registers show the last command but not a look at themselves. */
static void ade_remember(struct ade *ade, u32 address, u32 value)
{
	struct ade_frame *f = &ade->frame;

	switch (address) {
	case ADE_LAST_CMD:
	case ADE_LAST_DATA_16:
	case ADE_LAST_DATA_32:
		return;
	}
	ade->reg[ADE_LAST_CMD] = f->header;
	if (f->width == 2)
		ade->reg[ADE_LAST_DATA_16] = value;
	else
		ade->reg[ADE_LAST_DATA_32] = value;
}

/* Words of a sample set that a waveform burst reads */
static u32 ade_burst_mask(const struct ade *ade)
{
	u32 neutral = ade->reg[ADE_WFB_CFG] & ADE_WFB_IN_EN ? BIT(6) : 0;
	u32 chan = ade->reg[ADE_WFB_CFG] & 0xf;

	switch (chan) {
	case 0:
		return GENMASK(5, 0) | neutral;
	case 1 ... 3:
		return 3 << (2 * chan - 2);
	case 0x8 ... 0xd:
		return 1 << (chan - 8);
	case 0xe:
		return neutral;
	default:
		return 0;
	}
}

/* The first address from @address on that the burst reads, 0 at its end */
static u32 ade_burst_address(const struct ade *ade, u32 address)
{
	u32 mask = ade_burst_mask(ade);

	if (!ade_is_ram(address))
		return ade_is_burst_range(address) ? address : 0;
	for (; address < RAM_BASE + RAM_WORDS; address++)
		if (mask & BIT(address % SET_WORDS))
			return address;
	return 0;
}

/*
 * Seen in the field: the sign byte of the first word of a page, negative, came
 * out as 0.
 */
static u32 ade_spoil_sign(struct ade *ade, u32 address, u32 word)
{
	struct sim_faults *faults = &ade->chip->faults;

	if (!faults->sign_byte || !ade_is_ram(address) ||
	    address % PAGE_WORDS || !(word & BIT(31)))
		return word;
	faults->sign_byte--;
	return word & 0x00ffffff;
}

/* The columns of a phase. */
#define ADE_READING(p) \
	p "_vrms," p "_irms," p "_watt," p "_var," p "_va," p "_period," \
	p "_energy"

static const u16 ade_reading_regs[] = {
	ADE_VRMS, ADE_IRMS, ADE_WATT, ADE_VAR, ADE_VA,
};

/* A burst over the results begins; its words follow one by one. */
static void ade_reading_begin(struct ade *ade)
{
	u32 p;

	ade->reading_on = true;
	ade_outputs(ade);
	for (p = 0; p < PHASES; p++) {
		ade->reading[p][READING_PERIOD] = ade->reg[ADE_APERIOD + p];
		ade->reading[p][READING_ENERGY] = ade->phase[p].metered;
	}
}

static void ade_reading_word(struct ade *ade, u32 address, u32 word)
{
	u32 reg = ade_mirror(address);
	u32 i, p;

	for (p = 0; p < PHASES; p++)
		for (i = 0; i < ARRAY_SIZE(ade_reading_regs); i++)
			if (reg == ade_reading_regs[i] + p * ADE_PHASE)
				ade->reading[p][i] = (s32)word;
}

static void ade_reading_end(struct ade *ade)
{
	if (ade->reading_on)
		sim_reading(ade->chip, ade->tick_ns, ade->reading[0]);
	ade->reading_on = false;
}

static void ade_load(struct ade *ade)
{
	struct ade_frame *f = &ade->frame;

	f->word = ade_read(ade, f->address);
	f->word = ade_spoil_sign(ade, f->address, f->word);
	if (ade->reading_on)
		ade_reading_word(ade, f->address, f->word);
	f->left = f->width;
}

static void ade_begin_read(struct ade *ade)
{
	bool may_burst = ade->reg[ADE_CONFIG1] & ADE_CONFIG1_BURST_EN;
	struct ade_frame *f = &ade->frame;

	if (ade_is_ram(f->address))
		f->burst = (ade->reg[ADE_WFB_CFG] & 0xf) != ADE_WFB_SINGLE;
	else
		f->burst = may_burst && ade_is_burst_range(f->address);
	if (f->burst) {
		if (!ade_is_ram(f->address))
			ade_reading_begin(ade);
		f->address = ade_burst_address(ade, f->address);
		if (f->address)
			ade_load(ade);
		return;
	}
	ade_load(ade);
	ade_remember(ade, f->address, f->word);
	if (f->address != ADE_CRC_SPI)
		ade->reg[ADE_CRC_SPI] = ade_crc(f->word, f->width);
	f->spi_crc = !may_burst;
}

/* A word has gone out; what is next? */
static void ade_continue_read(struct ade *ade)
{
	struct ade_frame *f = &ade->frame;

	if (f->burst && f->address) {
		f->address = ade_burst_address(ade, f->address + 1);
		if (f->address)
			ade_load(ade);
	} else if (f->spi_crc) {
		f->spi_crc = false;
		f->word = ade_crc(f->word, f->width);
		f->left = 2;
		if (ade->chip->faults.crc_error) {
			ade->chip->faults.crc_error--;
			f->word ^= 0x0001;
		}
	}
}

static u8 ade_shift_out(struct ade *ade)
{
	struct ade_frame *f = &ade->frame;

	if (!f->left)
		ade_continue_read(ade);
	if (!f->left)
		return 0xff;
	f->left--;
	return f->word >> (8 * f->left);
}

static void ade_shift_in(struct ade *ade, u8 in)
{
	struct ade_frame *f = &ade->frame;

	if (!f->left)
		return;
	f->word = f->word << 8 | in;
	if (--f->left)
		return;
	ade_remember(ade, f->address, f->word);
	ade_write(ade, f->address, f->word);
}

static void ade_command(struct ade *ade)
{
	struct ade_frame *f = &ade->frame;

	f->address = f->header >> 4;
	f->width = ade_width(f->address);
	if (f->header & BIT(3))
		ade_begin_read(ade);
	else
		f->left = f->width;
}

static u8 ade_shift(struct ade *ade, u8 in)
{
	struct ade_frame *f = &ade->frame;

	if (!ade->ready)
		return 0xff;
	if (f->bytes < 2) {
		f->header = f->header << 8 | in;
		if (++f->bytes == 2)
			ade_command(ade);
		return 0xff;
	}
	if (f->header & BIT(3))
		return ade_shift_out(ade);
	ade_shift_in(ade, in);
	return 0xff;
}

static void ade_spi_select(struct sim_chip *chip, s64 now, bool selected)
{
	struct ade *ade = chip->priv;

	ade_reading_end(ade);
	memset(&ade->frame, 0, sizeof(ade->frame));
	/* Selected in the reset: the rest of the command makes no sense. */
	if (!ade->ready)
		ade->frame.bytes = 2;
}

static void ade_spi_exchange(struct sim_chip *chip, s64 now, const u8 *tx,
			     u8 *rx, u32 len)
{
	struct ade *ade = chip->priv;
	u32 n;

	ade->now = max(ade->now, now);
	for (n = 0; n < len; n++) {
		u8 out = ade_shift(ade, tx ? tx[n] : 0);

		if (rx)
			rx[n] = out;
	}
}

const struct sim_chip_ops sim_ade9000_ops = {
	.name = "ade9000",
	.truth_columns = "ia,va,ib,vb,ic,vc,in",
	.reading_columns = ADE_READING("l1") "," ADE_READING("l2") ","
			   ADE_READING("l3"),
	.irq_lines = 2,
	.init = ade_init,
	.exit = ade_exit,
	.advance = ade_advance,
	.irq_active = ade_irq_active,
	.spi_select = ade_spi_select,
	.spi_exchange = ade_spi_exchange,
};
