// SPDX-License-Identifier: GPL-2.0-only
/*
 * ADE7953, single-phase energy meter with two currents, at register level, on
 * SPI or I2C.
 *
 * After the data sheet (rev. C). Where it is silent the model does what a
 * driver should not rely on:
 * - MISO reads ones in the header and in the 66 ms after a reset; on I2C the
 *   address is not acknowledged then.
 * - Until 0xAD and 0x30 are written, one right after the other, all results
 *   are an eighth too small. A reset of any kind takes that back.
 * - On SPI the write that clears COMM_LOCK does so only if the chip stays
 *   selected for 1.2 us.
 * - A transfer of the wrong length does nothing.
 * - Sags, over-voltages and overcurrents are told each half cycle while they
 *   last; the samples are taken to reach the peak of the sine.
 * - Without a voltage there is no zero crossing: windows do not end.
 * - Each cause sets its bit of the status, whether or not it interrupts; a
 *   sample does so 7000 times a second.
 * - For 0.2 s after a start the results are too small (settling).
 * The world gives L1 as voltage and circuit A, and the current of L2 with its
 * power factor as circuit B. It is looked at once each half cycle, and for each
 * register read. Not modelled, and at their reset values: samples, CF outputs,
 * checksum of the configuration, gains and offsets, sign and overflow
 * interrupts, ALT_OUTPUT.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

#include "sim.h"

/* The board: 800 kohm over 1 kohm; 2000:1 transformers into 10.2 ohm. */
#define BOARD_VOLTAGE_RATIO	801
#define BOARD_MILLIAMP_PER_VOLT	196078

/* Full scale is 500 mV peak at the pin. */
#define FS_WAVE			6500000
#define FS_RMS			9032007
#define FS_POWER		4862401
/* Its rms in nV: 0.5e9 / sqrt(2) */
#define FS_RMS_NV		353553391
/* Power code times ns that make a code of energy: FS_POWER * 1e9 / 206900 */
#define ENERGY_UNIT		23501212663LL
#define ENERGY_UNIT_SCALE	1000

#define READY_NS		66000000LL
#define SETTLING_NS		200000000LL
/* 512 of the 3.58 MHz */
#define SAMPLE_NS		143017LL
#define HOLD_NS			1200
#define DEGRADED		8

#define ADDRESSES		0x400
#define CIRCUITS		2
#define KINDS			3

enum a53_register {
	A53_SAGCYC = 0x000,
	A53_DISNOLOAD = 0x001,
	A53_LCYCMODE = 0x004,
	A53_PGA_V = 0x007,
	A53_PGA_I = 0x008,
	A53_WRITE_PROTECT = 0x040,
	A53_LAST_OP = 0x0fd,
	A53_UNLOCK = 0x0fe,
	A53_LAST_RWDATA = 0x0ff,
	A53_ZXTOUT = 0x100,
	A53_LINECYC = 0x101,
	A53_CONFIG = 0x102,
	A53_PF = 0x10a,
	A53_PERIOD = 0x10e,
	A53_RESERVED = 0x120,
	A53_LAST_ADD = 0x1fe,
	/* Of 24 bits, at 0x2xx and 0x3xx */
	A53_SAGLVL = 0x200,
	A53_ACCMODE = 0x201,
	A53_AP_NOLOAD = 0x203,
	A53_VAR_NOLOAD = 0x204,
	A53_VA_NOLOAD = 0x205,
	A53_VA = 0x210,
	A53_WATT = 0x212,
	A53_VAR = 0x214,
	A53_IRMS = 0x21a,
	A53_VRMS = 0x21c,
	A53_ENERGY = 0x21e,
	A53_OVLVL = 0x224,
	A53_OILVL = 0x225,
	A53_IRQENA = 0x22c,
	A53_IRQSTATA = 0x22d,
	A53_RSTIRQSTATA = 0x22e,
	A53_IRQENB = 0x22f,
	A53_IRQSTATB = 0x230,
	A53_RSTIRQSTATB = 0x231,
	A53_VERSION = 0x702,
};

#define A53_LCYC_RSTREAD	BIT(6)
#define A53_CONFIG_SWRST	BIT(7)
#define A53_CONFIG_COMM_LOCK	BIT(15)
#define A53_AP_NOLOAD_BIT	BIT(6)
#define A53_OI			BIT(13)
#define A53_ZXTO		BIT(14)
#define A53_ZXV			BIT(15)
#define A53_OV			BIT(16)
#define A53_WSMP		BIT(17)
#define A53_CYCEND		BIT(18)
#define A53_SAG			BIT(19)
#define A53_RESET		BIT(20)

/**
 * struct a53_frame - what happens between two edges of select, or conditions
 * @bytes:	bytes seen
 * @address:	register
 * @command:	of SPI: read or write
 * @word:	data in transit
 * @left:	bytes of @word to come
 * @pending:	a write is complete, and takes effect at the end
 */
struct a53_frame {
	u32 bytes;
	u16 address;
	u8 command;
	u32 word;
	u32 left;
	bool pending;
};

/**
 * struct a53 - the chip
 * @chip:	link to the core
 * @now:	instant advanced to
 * @ready_at:	end of the reset
 * @ready:	the reset is over
 * @halfway:	0xAD was the last thing that was written
 * @exact:	and 0x30 followed
 * @next_sample: when a sample is told next
 * @next_half:	end of the half cycle of the voltage
 * @half_ns:	its length
 * @halves_left: half cycles until the window ends
 * @sagging:	half cycles below the level
 * @zx_at:	when the last crossing was, or was missed
 * @power:	instantaneous power, by circuit and kind: WATT, VAR, VA
 * @sum:	power times ns of the window, by circuit and kind
 * @frame:	transfer
 * @reg:	registers, those of 24 bits at 0x2xx
 */
struct a53 {
	struct sim_chip *chip;
	s64 now;
	s64 ready_at;
	bool ready;
	bool halfway;
	bool exact;
	s64 next_sample;
	s64 next_half;
	s64 half_ns;
	u32 halves_left;
	u32 sagging;
	s64 zx_at;
	s32 power[CIRCUITS][KINDS];
	s64 sum[CIRCUITS][KINDS];
	struct a53_frame frame;
	u32 reg[ADDRESSES];
};

static const struct {
	u16 address;
	u32 value;
} a53_defaults[] = {
	{ A53_LCYCMODE, 0x40 }, { A53_ZXTOUT, 0xffff }, { A53_CONFIG, 0x8004 },
	{ 0x103, 0x3f }, { 0x104, 0x3f }, { 0x107, 0x0300 },
	{ A53_AP_NOLOAD, 0xe419 }, { A53_VAR_NOLOAD, 0xe419 },
	{ A53_OVLVL, 0xffffff }, { A53_OILVL, 0xffffff },
	{ A53_IRQENA, A53_RESET },
};

/* What is not here is read-only, or missing. */
static const struct {
	u16 first;
	u16 last;
} a53_writable[] = {
	{ 0x000, 0x001 }, { 0x004, 0x004 }, { 0x007, 0x009 }, { 0x040, 0x040 },
	{ 0x100, 0x104 }, { 0x107, 0x109 }, { 0x110, 0x110 },
	{ 0x200, 0x201 }, { 0x203, 0x205 }, { 0x224, 0x225 },
	{ 0x22c, 0x22c }, { 0x22f, 0x22f }, { 0x280, 0x29f },
};

/* World to codes. */

static s64 a53_world(const struct a53 *a, enum sim_quantity q, s64 fallback)
{
	s64 value;

	return sim_world_get(q, a->now, &value) ? value : fallback;
}

/* PGA codes 0 to 4 are 1 to 16, and 5 is 22 for circuit A. */
static u32 a53_gain(const struct a53 *a, u32 address)
{
	u32 code = a->reg[address] & 7;

	if (address == A53_PGA_I && code == 5)
		return 22;
	return 1 << min(code, 4u);
}

/* The rms code of so many nV at the pin */
static u32 a53_rms(const struct a53 *a, s64 nanovolt, u32 gain_address)
{
	s64 code = div_s64(clamp_t(s64, nanovolt, 0, 1000000000) * FS_RMS,
			   FS_RMS_NV) * a53_gain(a, gain_address);

	code = min_t(s64, code, FS_RMS);
	return a->exact ? code : code / DEGRADED;
}

static u32 a53_peak(u32 rms)
{
	return div_u64((u64)rms * FS_WAVE, FS_RMS);
}

static u32 a53_settled(const struct a53 *a, u32 code)
{
	s64 age = a->now - a->ready_at;

	if (age >= SETTLING_NS)
		return code;
	return div64_u64((u64)code * max_t(s64, age, 0), SETTLING_NS);
}

/* The smallest power that counts: 65536 - Y / 1.4 stands for full scale / Y */
static u32 a53_noload(const struct a53 *a, u32 kind)
{
	static const u16 level[KINDS] = {
		A53_AP_NOLOAD, A53_VAR_NOLOAD, A53_VA_NOLOAD,
	};
	u32 y = (65536 - (a->reg[level[kind]] & 0xffff)) * 7 / 5;

	if (a->reg[A53_DISNOLOAD] & BIT(kind) || !a->reg[level[kind]])
		return 0;
	return FS_POWER / max(y, 1u);
}

static void a53_circuit(struct a53 *a, u32 n, u32 vrms)
{
	enum sim_quantity q = n ? SIM_L2_A : SIM_L1_A;
	s64 pf = clamp_t(s64, a53_world(a, q + 1, 1000000), -1000000, 1000000);
	s64 microamp = a53_world(a, q, 0);
	s64 sine = int_sqrt64(1000000000000LL - pf * pf);
	u32 irms, kind;
	s64 va;

	irms = a53_rms(a, div_s64(microamp * 1000000, BOARD_MILLIAMP_PER_VOLT),
		       A53_PGA_I + n);
	irms = a53_settled(a, irms);
	a->reg[A53_IRMS + n] = irms;
	va = div64_u64((u64)vrms * irms / 4, (u64)FS_RMS * FS_RMS / 4 / FS_POWER);
	a->power[n][0] = div_s64(va * pf, 1000000);
	a->power[n][1] = div_s64(va * sine, 1000000);
	a->power[n][2] = va;
	/* Its sign is that of the reactive power, which only lags here. */
	a->reg[A53_PF + n] = min_t(s64, div_s64(abs(pf) * 32768, 1000000),
				   0x7fff);
	for (kind = 0; kind < KINDS; kind++)
		if ((u32)abs(a->power[n][kind]) < a53_noload(a, kind)) {
			a->power[n][kind] = 0;
			if (!kind)
				a->reg[A53_PF + n] = 0;
		}
	a->reg[A53_WATT + n] = a->power[n][0];
	a->reg[A53_VAR + n] = a->power[n][1];
	a->reg[A53_VA + n] = va;
}

/* Look at the world. */
static void a53_refresh(struct a53 *a)
{
	s64 hertz = clamp_t(s64, a53_world(a, SIM_L1_HZ, 50000000), 40000000,
			    70000000);
	s64 microvolt = a53_world(a, SIM_L1_V, 0);
	u32 vrms, n;

	a->half_ns = div64_s64(500000000000000LL, hertz);
	vrms = a53_rms(a, div_s64(microvolt * 1000, BOARD_VOLTAGE_RATIO),
		       A53_PGA_V);
	vrms = a53_settled(a, vrms);
	a->reg[A53_VRMS] = vrms;
	a->reg[A53_PERIOD] = div64_s64(223750000000LL + hertz / 2, hertz) - 1;
	for (n = 0; n < CIRCUITS; n++)
		a53_circuit(a, n, vrms);
}

/* Half cycles. */

/* The window is over; its energy takes the place of that before. */
static void a53_window_ends(struct a53 *a)
{
	s64 record[1 + CIRCUITS * KINDS];
	u32 n, kind;

	for (n = 0; n < CIRCUITS; n++)
		for (kind = 0; kind < KINDS; kind++) {
			s64 code = div64_s64(a->sum[n][kind] * ENERGY_UNIT_SCALE,
					     ENERGY_UNIT);

			/* Modes of accumulation are not modelled: signed. */
			if (a->reg[A53_LCYCMODE] & BIT(2 * kind + n))
				a->reg[A53_ENERGY + 2 * kind + n] =
					code & 0xffffff;
			record[1 + KINDS * n + kind] = code;
			a->sum[n][kind] = 0;
		}
	record[0] = a->reg[A53_VRMS];
	sim_truth(a->chip, a->now, record);
	a->halves_left = max(a->reg[A53_LINECYC], 1u);
	a->reg[A53_IRQSTATA] |= A53_CYCEND;
}

static void a53_levels(struct a53 *a)
{
	u32 peak = a53_peak(a->reg[A53_VRMS]);
	u32 sagcyc = a->reg[A53_SAGCYC];

	a->sagging = peak < a->reg[A53_SAGLVL] ? a->sagging + 1 : 0;
	if (sagcyc && a->sagging >= sagcyc)
		a->reg[A53_IRQSTATA] |= A53_SAG;
	if (peak > a->reg[A53_OVLVL])
		a->reg[A53_IRQSTATA] |= A53_OV;
	if (a53_peak(a->reg[A53_IRMS]) > a->reg[A53_OILVL])
		a->reg[A53_IRQSTATA] |= A53_OI;
	if (a53_peak(a->reg[A53_IRMS + 1]) > a->reg[A53_OILVL])
		a->reg[A53_IRQSTATB] |= A53_OI;
}

static void a53_half_cycle(struct a53 *a)
{
	u32 n, kind;

	a53_refresh(a);
	a53_levels(a);
	a->next_half = a->now + a->half_ns;
	for (n = 0; n < CIRCUITS; n++)
		for (kind = 0; kind < KINDS; kind++)
			a->sum[n][kind] += a->power[n][kind] *
					   div_s64(a->half_ns, 1000);
	/* The threshold of the crossings is full scale over 1250. */
	if (a->reg[A53_VRMS] < FS_RMS / 1250)
		return;
	a->zx_at = a->now;
	a->reg[A53_IRQSTATA] |= A53_ZXV;
	if (a->reg[A53_LINECYC] && a->reg[A53_LCYCMODE] & GENMASK(5, 0) &&
	    !--a->halves_left)
		a53_window_ends(a);
}

/* 70 us to a step */
static void a53_timeout(struct a53 *a)
{
	if (a->now - a->zx_at < a->reg[A53_ZXTOUT] * 70000LL)
		return;
	a->zx_at = a->now;
	a->reg[A53_IRQSTATA] |= A53_ZXTO;
}

/* Nobody can tell how many there were. */
static void a53_samples(struct a53 *a)
{
	if (a->now < a->next_sample)
		return;
	a->next_sample += SAMPLE_NS *
			  (div_s64(a->now - a->next_sample, SAMPLE_NS) + 1);
	a->reg[A53_IRQSTATA] |= A53_WSMP;
}

/* Reset. */

static void a53_reset(struct a53 *a, s64 now)
{
	struct sim_chip *chip = a->chip;
	u32 n;

	memset(a, 0, sizeof(*a));
	a->chip = chip;
	a->now = now;
	a->ready_at = now + READY_NS;
	for (n = 0; n < ARRAY_SIZE(a53_defaults); n++)
		a->reg[a53_defaults[n].address] = a53_defaults[n].value;
}

static void a53_become_ready(struct a53 *a)
{
	a->ready = true;
	a->now = a->ready_at;
	a->zx_at = a->now;
	a->halves_left = 1;
	a->reg[A53_IRQSTATA] |= A53_RESET;
	a53_refresh(a);
	a->next_sample = a->now + SAMPLE_NS;
	a->next_half = a->now + a->half_ns;
}

static int a53_init(struct sim_chip *chip, s64 now)
{
	struct a53 *a = kzalloc(sizeof(*a), GFP_KERNEL);

	if (!a)
		return -ENOMEM;
	a->chip = chip;
	chip->priv = a;
	a53_reset(a, now);
	return 0;
}

static void a53_exit(struct sim_chip *chip)
{
	kfree(chip->priv);
	chip->priv = NULL;
}

static s64 a53_advance(struct sim_chip *chip, s64 now)
{
	struct a53 *a = chip->priv;

	if (!a->ready) {
		if (now < a->ready_at)
			return a->ready_at;
		a53_become_ready(a);
	}
	while (a->next_half <= now) {
		a->now = a->next_half;
		a53_half_cycle(a);
		a53_timeout(a);
	}
	a->now = max(a->now, now);
	a53_samples(a);
	if (a->reg[A53_IRQENA] & A53_WSMP)
		return min(a->next_half, a->next_sample);
	return a->next_half;
}

static bool a53_irq_active(struct sim_chip *chip, unsigned int line)
{
	const struct a53 *a = chip->priv;

	return a->reg[A53_IRQSTATA] & (a->reg[A53_IRQENA] | A53_RESET);
}

/* Registers. */

static u32 a53_width(u16 address)
{
	switch (address >> 8) {
	case 1:
		return 2;
	case 2:
		return 3;
	case 3:
		return 4;
	default:
		return 1;
	}
}

/* Registers of 24 bits have two addresses. */
static u16 a53_place(u16 address)
{
	return address >> 8 == 3 ? address - 0x100 : address;
}

/* The upper byte of 32 bits repeats bit 23, of all results. */
static u32 a53_extended(u16 address, u32 value)
{
	value &= 0xffffff;
	if (address >> 8 == 3 && value & BIT(23))
		value |= 0xff000000;
	return value;
}

static bool a53_is_energy(u16 place)
{
	return place >= A53_ENERGY && place < A53_ENERGY + CIRCUITS * KINDS;
}

static u32 a53_read(struct a53 *a, u16 address)
{
	u16 place = a53_place(address);
	u32 value;

	if (address == A53_VERSION)
		return 0x04;
	if (place >= ADDRESSES)
		return 0;
	if (place < A53_ENERGY && place >= A53_PF)
		a53_refresh(a);
	switch (place) {
	case A53_RSTIRQSTATA:
	case A53_RSTIRQSTATB:
		value = a->reg[place - 1];
		a->reg[place - 1] = 0;
		return value;
	}
	value = a->reg[place];
	if (a53_is_energy(place) && a->reg[A53_LCYCMODE] & A53_LCYC_RSTREAD)
		a->reg[place] = 0;
	return place >> 8 == 2 ? a53_extended(address, value) : value;
}

static bool a53_may_write(const struct a53 *a, u16 place)
{
	u32 protect = a->reg[A53_WRITE_PROTECT];
	u32 n;

	if (place != A53_WRITE_PROTECT && protect & BIT(min(place >> 8, 2)))
		return false;
	for (n = 0; n < ARRAY_SIZE(a53_writable); n++)
		if (place >= a53_writable[n].first &&
		    place <= a53_writable[n].last)
			return true;
	return false;
}

static bool a53_moves_level(u16 place)
{
	return place == A53_AP_NOLOAD || place == A53_VAR_NOLOAD ||
	       place == A53_VA_NOLOAD;
}

static void a53_write_config(struct a53 *a, u32 value)
{
	bool held = !a->chip->ops->spi_select ||
		    a->chip->spi_hold_ns >= HOLD_NS;

	if (value & A53_CONFIG_SWRST) {
		a53_reset(a, a->now);
		return;
	}
	/* Once locked it stays so; not held, the write is lost. */
	if (!(value & A53_CONFIG_COMM_LOCK) && !held)
		return;
	a->reg[A53_CONFIG] = value & (A53_CONFIG_COMM_LOCK |
				      GENMASK(13, 11) | GENMASK(8, 0));
}

static void a53_write(struct a53 *a, u16 address, u32 value)
{
	u16 place = a53_place(address);
	bool halfway = a->halfway;

	a->halfway = address == A53_UNLOCK && value == 0xad;
	if (address == A53_RESERVED && halfway && value == 0x30)
		a->exact = true;
	if (!a53_may_write(a, place))
		return;
	/* The level counts only if it was changed while the detection is off. */
	if (a53_moves_level(place) &&
	    !(a->reg[A53_DISNOLOAD] & BIT(place - A53_AP_NOLOAD)))
		return;
	if (place == A53_CONFIG) {
		a53_write_config(a, value);
		return;
	}
	a->reg[place] = place >> 8 == 2 ? value & 0xffffff : value;
}

/* Transfers. */

static void a53_remember(struct a53 *a, u8 operation)
{
	a->reg[A53_LAST_OP] = operation;
	a->reg[A53_LAST_ADD] = a->frame.address;
	a->reg[A53_LAST_RWDATA] = a->frame.word & 0xff;
}

static void a53_load(struct a53 *a)
{
	struct a53_frame *f = &a->frame;

	f->word = a53_read(a, f->address);
	f->left = a53_width(f->address);
	a->halfway = false;
	a53_remember(a, 0x35);
}

static u8 a53_shift_out(struct a53_frame *f)
{
	if (!f->left)
		return 0xff;
	f->left--;
	return f->word >> (8 * f->left);
}

static void a53_shift_in(struct a53_frame *f, u8 in)
{
	/* One byte too many, and nothing is written. */
	f->pending = f->left == 1;
	if (!f->left)
		return;
	f->word = f->word << 8 | in;
	f->left--;
}

static void a53_finish(struct a53 *a)
{
	struct a53_frame *f = &a->frame;

	if (f->pending) {
		a53_remember(a, 0xca);
		a53_write(a, f->address, f->word);
	}
	memset(f, 0, sizeof(*f));
}

static u8 a53_spi_shift(struct a53 *a, u8 in)
{
	struct a53_frame *f = &a->frame;

	if (!a->ready)
		return 0xff;
	if (f->bytes < 2) {
		f->address = f->address << 8 | in;
		f->bytes++;
		return 0xff;
	}
	if (f->bytes == 2) {
		f->bytes++;
		f->command = in;
		if (in == 0x80)
			a53_load(a);
		else
			f->left = a53_width(f->address);
		return 0xff;
	}
	if (f->command == 0x80)
		return a53_shift_out(f);
	if (f->command == 0x00)
		a53_shift_in(f, in);
	return 0xff;
}

static void a53_spi_select(struct sim_chip *chip, s64 now, bool selected)
{
	struct a53 *a = chip->priv;

	if (selected)
		memset(&a->frame, 0, sizeof(a->frame));
	else
		a53_finish(a);
}

static void a53_spi_exchange(struct sim_chip *chip, s64 now, const u8 *tx,
			     u8 *rx, u32 len)
{
	struct a53 *a = chip->priv;
	u32 n;

	for (n = 0; n < len; n++) {
		u8 out = a53_spi_shift(a, tx ? tx[n] : 0);

		if (rx)
			rx[n] = out;
	}
}

static int a53_i2c_write(struct sim_chip *chip, s64 now, const u8 *buf, u32 len)
{
	struct a53 *a = chip->priv;
	struct a53_frame *f = &a->frame;
	u32 n;

	if (!a->ready)
		return -ENXIO;
	/* Only asked for its address, it waits for the read all the same. */
	if (!len)
		return 0;
	memset(f, 0, sizeof(*f));
	for (n = 0; n < len; n++) {
		if (n < 2)
			f->address = f->address << 8 | buf[n];
		if (n == 1)
			f->left = a53_width(f->address);
		if (n >= 2)
			a53_shift_in(f, buf[n]);
	}
	/* Without data it is the address of a read to come. */
	if (len > 2)
		a53_finish(a);
	return len;
}

static int a53_i2c_read(struct sim_chip *chip, s64 now, u8 *buf, u32 len)
{
	struct a53 *a = chip->priv;
	u32 n;

	if (!a->ready)
		return -ENXIO;
	a53_load(a);
	for (n = 0; n < len; n++)
		buf[n] = a53_shift_out(&a->frame);
	memset(&a->frame, 0, sizeof(a->frame));
	return len;
}

static u32 a53_peek(struct sim_chip *chip, u32 address)
{
	const struct a53 *a = chip->priv;
	u16 place = a53_place(address);

	return place < ADDRESSES ? a->reg[place] : 0;
}

#define A53_TRUTH "vrms,a_active,a_reactive,a_apparent,b_active,b_reactive," \
	"b_apparent"

const struct sim_chip_ops sim_ade7953_spi_ops = {
	.name = "ade7953",
	.truth_columns = A53_TRUTH,
	.irq_lines = 1,
	.init = a53_init,
	.exit = a53_exit,
	.advance = a53_advance,
	.irq_active = a53_irq_active,
	.peek = a53_peek,
	.spi_select = a53_spi_select,
	.spi_exchange = a53_spi_exchange,
};

const struct sim_chip_ops sim_ade7953_i2c_ops = {
	.name = "ade7953-i2c",
	.truth_columns = A53_TRUTH,
	.irq_lines = 1,
	.init = a53_init,
	.exit = a53_exit,
	.advance = a53_advance,
	.irq_active = a53_irq_active,
	.peek = a53_peek,
	.i2c_write = a53_i2c_write,
	.i2c_read = a53_i2c_read,
};
