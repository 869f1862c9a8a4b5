// SPDX-License-Identifier: GPL-2.0-only
/* The simulated ADE9000: transfers, and what can be wrong with them. */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>

#include "sim_ade9000.h"

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

void ade_spi_select(struct sim_chip *chip, s64 now, bool selected)
{
	struct ade *ade = chip->priv;

	ade_reading_end(ade);
	memset(&ade->frame, 0, sizeof(ade->frame));
	/* Selected in the reset: the rest of the command makes no sense. */
	if (!ade->ready)
		ade->frame.bytes = 2;
}

void ade_spi_exchange(struct sim_chip *chip, s64 now, const u8 *tx, u8 *rx,
		      u32 len)
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
