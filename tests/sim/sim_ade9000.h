/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulated ADE9000 from the inside: what its files share.
 */
#ifndef _CITYHUB_SIM_ADE9000_H
#define _CITYHUB_SIM_ADE9000_H

#include <linux/bits.h>
#include <linux/types.h>

#include "sim.h"

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
#define EXTREMES		2		/* dip and swell */
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
	ADE_VTHD = 0x217,
	ADE_ITHD = 0x218,
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
	ADE_OILVL = 0x409,
	ADE_OIA = 0x40a,
	ADE_DIP_LVL = 0x410,
	ADE_DIPA = 0x411,
	ADE_SWELL_LVL = 0x414,
	ADE_SWELLA = 0x415,
	ADE_APERIOD = 0x418,
	ADE_COM_PERIOD = 0x41b,
	ADE_ACT_NL_LVL = 0x41c,
	ADE_PHNOLOAD = 0x41f,
	ADE_LAST_DATA_32 = 0x423,
	ADE_TEMP_TRIM = 0x474,
	ADE_RUN = 0x480,
	ADE_CONFIG1 = 0x481,
	ADE_ANGL_FIRST = 0x482,
	ADE_ANGL_LAST = 0x48a,
	ADE_DIP_CYC = 0x48b,
	ADE_SWELL_CYC = 0x48c,
	ADE_OISTATUS = 0x48f,
	ADE_ACCMODE = 0x492,
	ADE_CONFIG3 = 0x493,
	ADE_ZXTOUT = 0x498,
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
#define ADE_CONFIG1_EDGES	BIT(10)		/* DIP_SWELL_IRQ_MODE */
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
#define ADE_STATUS1_DIPA	BIT(23)
#define ADE_STATUS1_SWELLA	BIT(20)
#define ADE_STATUS1_OI		BIT(17)
#define ADE_STATUS1_ZXTOVA	BIT(6)
#define ADE_EVENT_DIPA		BIT(0)
#define ADE_EVENT_SWELLA	BIT(3)
#define ADE_EVENT_NOLOAD	GENMASK(15, 10)
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
 * @adc_v:	peak code of the converted voltage, the part in phase
 * @adc_vc:	and the part a quarter of a turn ahead, of delta wirings
 * @volt:	rms code of the converted voltage
 * @pcos:	power factor of current and voltage as they are wired
 * @psin:	and its sine
 * @adc_i:	peak code of the converted current
 * @vrms:	rms code after gain calibration
 * @irms:	rms code after gain calibration
 * @power:	instantaneous results, by kind
 * @add:	what goes into the accumulators at each sample, by kind
 * @pf:		power factor of the last 1.024 s
 * @vthd:	distortion of the voltage in the last 1.024 s
 * @ithd:	distortion of the current in the last 1.024 s
 * @extreme_half: half cycles that a dip or a swell has begun or ended for
 * @zx_left:	samples until the crossings of the voltage are missed
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
	s32 adc_vc;
	s32 volt;
	s32 pcos;
	s32 psin;
	s32 adc_i;
	s32 vrms;
	s32 irms;
	s32 power[KINDS];
	s32 add[KINDS];
	s32 pf;
	s32 vthd;
	s32 ithd;
	u32 extreme_half[EXTREMES];
	u32 zx_left;
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

static inline bool ade_running(const struct ade *ade)
{
	return ade->reg[ADE_RUN] & ADE_RUN_ON;
}

static inline u32 ade_ticks_to_sample(const struct ade *ade, u32 samples)
{
	return samples * TICKS_PER_SAMPLE - ade->sub;
}

extern const u64 ade_offset[PHASES];

/* sim_ade9000.c */
void ade_reset(struct ade *ade, s64 now);

/* sim_ade9000_regs.c */
void ade_reset_registers(struct ade *ade);
u32 ade_width(u32 address);
bool ade_is_ram(u32 address);
bool ade_is_burst_range(u32 address);
u32 ade_mirror(u32 address);
u32 ade_read(struct ade *ade, u32 address);
void ade_write(struct ade *ade, u32 address, u32 value);

/* sim_ade9000_power.c */
u32 ade_pga(const struct ade *ade, u32 n);
bool ade_channel_off(const struct ade *ade, u32 n);
s32 ade_gained(s64 code, u32 gain);
s32 ade_peak_of(s64 rms);
void ade_refresh(struct ade *ade);
void ade_outputs(struct ade *ade);
void ade_zero_crossing(struct ade *ade, u32 p);
u64 ade_half_cycle(const struct ade *ade, u32 p);
void ade_dsp(struct ade *ade, u32 samples);
void ade_temperature(struct ade *ade, s64 now);

/* sim_ade9000_wave.c */
void ade_sample(const struct ade *ade, u32 src, s64 *set);
void ade_sample_raw(const struct ade *ade, s64 *set);
bool ade_wave_fast(const struct ade *ade);
void ade_wave_write(struct ade *ade);
void ade_wave_configure(struct ade *ade, u32 before);
void ade_wave_trigger(struct ade *ade);
u32 ade_ticks_to_page(const struct ade *ade);

/* sim_ade9000_events.c */
void ade_half_cycle_events(struct ade *ade, u32 p);
bool ade_watches_levels(const struct ade *ade);
void ade_zx_seen(struct ade *ade, u32 p);
void ade_zx_wait(struct ade *ade, u32 samples);
u32 ade_zx_due(const struct ade *ade);
u32 ade_angle(const struct ade *ade, u32 address);

/* sim_ade9000_spi.c */
void ade_spi_select(struct sim_chip *chip, s64 now, bool selected);
void ade_spi_exchange(struct sim_chip *chip, s64 now, const u8 *tx, u8 *rx,
		      u32 len);

#endif /* _CITYHUB_SIM_ADE9000_H */
