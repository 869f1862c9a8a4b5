// SPDX-License-Identifier: GPL-2.0-only
/*
 * MPL3115A2 as a barometer: one-shot and continuous measurement. Altimeter,
 * FIFO and interrupts are not modelled; their bits read back and do nothing.
 */
#include <linux/bitfield.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "sim_steps.h"

/* Power-on and reset, of the order of a conversion without oversampling. */
#define MPL_BOOT_NS		(10 * (s64)NSEC_PER_MSEC)

#define MPL_STATUS		0x00
#define  MPL_STATUS_PTDR	BIT(3)
#define  MPL_STATUS_PDR		BIT(2)
#define  MPL_STATUS_TDR		BIT(1)
#define MPL_OUT_P		0x01
#define MPL_OUT_T		0x04
#define MPL_DR_STATUS		0x06
#define MPL_WHO_AM_I		0x0c
#define MPL_SYSMOD		0x11
#define MPL_PT_DATA_CFG		0x13
#define MPL_CTRL_REG1		0x26
#define  MPL_CTRL_OS		GENMASK(5, 3)
#define  MPL_CTRL_RST		BIT(2)
#define  MPL_CTRL_OST		BIT(1)
#define  MPL_CTRL_ACTIVE	BIT(0)
#define MPL_CTRL_REG2		0x27
#define  MPL_CTRL_ST		GENMASK(3, 0)
#define MPL_OFF_H		0x2d
#define MPL_REGS		0x2e

/**
 * struct mpl - the chip
 * @boot_until:	it does not acknowledge before
 * @done_at:	end of the conversion that runs, SIM_NEVER when none does
 * @pointer:	register to be read next
 * @regs:	registers
 */
struct mpl {
	s64 boot_until;
	s64 done_at;
	u8 pointer;
	u8 regs[MPL_REGS];
};

static void mpl_power_on(struct sim_chip *chip, s64 now)
{
	struct mpl *s = chip->priv;

	memset(s, 0, sizeof(*s));
	s->boot_until = now + MPL_BOOT_NS;
	s->done_at = SIM_NEVER;
	s->regs[MPL_WHO_AM_I] = 0xc4;
}

/* 6 ms, and 4 ms more for each sample that is averaged beyond the first. */
static s64 mpl_conversion_ns(const struct sim_chip *chip)
{
	const struct mpl *s = chip->priv;
	u32 ms = 2 + (4 << FIELD_GET(MPL_CTRL_OS, s->regs[MPL_CTRL_REG1]));

	return sim_clock_ns(chip, ms * (s64)NSEC_PER_MSEC);
}

/* Continuous measurement: every 2^ST seconds. */
static s64 mpl_period_ns(const struct sim_chip *chip)
{
	const struct mpl *s = chip->priv;
	u32 st = FIELD_GET(MPL_CTRL_ST, s->regs[MPL_CTRL_REG2]);

	return sim_clock_ns(chip, (s64)NSEC_PER_SEC << st);
}

static void mpl_sample(struct sim_chip *chip, s64 at)
{
	struct mpl *s = chip->priv;
	s64 hpa, temp, truth[2];
	u8 p[4];

	if (!sim_world_get(SIM_PRESSURE_HPA, at, &hpa) ||
	    !sim_world_get(SIM_TEMP_C, at, &temp))
		return;

	/* 0.25 Pa in 20 bits, 1/16 degC in 12 bits, both left-justified */
	truth[0] = clamp_t(s64, sim_steps(hpa, 2500), 0, GENMASK(19, 0));
	truth[1] = clamp_t(s64, sim_steps(temp, 62500), -2048, 2047);
	put_unaligned_be32((u32)truth[0] << 12, p);
	memcpy(&s->regs[MPL_OUT_P], p, 3);
	put_unaligned_be16((u16)truth[1] << 4, &s->regs[MPL_OUT_T]);
	s->regs[MPL_STATUS] |= MPL_STATUS_PTDR | MPL_STATUS_PDR |
			       MPL_STATUS_TDR;
	sim_truth(chip, at, truth);
}

static s64 mpl_advance(struct sim_chip *chip, s64 now)
{
	struct mpl *s = chip->priv;
	u8 *ctrl = &s->regs[MPL_CTRL_REG1];

	while (s->done_at <= now) {
		mpl_sample(chip, s->done_at);
		*ctrl &= ~MPL_CTRL_OST;
		if (*ctrl & MPL_CTRL_ACTIVE)
			s->done_at += mpl_period_ns(chip);
		else
			s->done_at = SIM_NEVER;
	}

	return s->done_at;
}

/* Returns whether the byte is acknowledged: a reset cuts the transfer off. */
static bool mpl_write_ctrl(struct sim_chip *chip, s64 now, u8 value)
{
	struct mpl *s = chip->priv;
	u8 *ctrl = &s->regs[MPL_CTRL_REG1];
	bool begins = value & ~*ctrl & (MPL_CTRL_OST | MPL_CTRL_ACTIVE);

	if (value & MPL_CTRL_RST) {
		mpl_power_on(chip, now);
		return false;
	}

	/* OST is cleared by the end of the conversion, not by writing. */
	*ctrl = value | (*ctrl & MPL_CTRL_OST);
	if (begins)
		s->done_at = now + mpl_conversion_ns(chip);
	else if (!(*ctrl & (MPL_CTRL_OST | MPL_CTRL_ACTIVE)))
		s->done_at = SIM_NEVER;

	return true;
}

static bool mpl_write_reg(struct sim_chip *chip, s64 now, u8 reg, u8 value)
{
	struct mpl *s = chip->priv;

	if (reg == MPL_CTRL_REG1)
		return mpl_write_ctrl(chip, now, value);
	if (reg == MPL_PT_DATA_CFG || (reg >= MPL_CTRL_REG2 && reg <= MPL_OFF_H))
		s->regs[reg] = value;

	return true;
}

static int mpl_i2c_write(struct sim_chip *chip, s64 now, const u8 *buf, u32 len)
{
	struct mpl *s = chip->priv;
	u32 i;

	if (now < s->boot_until)
		return -ENXIO;
	if (!len)
		return 0;

	s->pointer = buf[0];
	for (i = 1; i < len; i++)
		if (!mpl_write_reg(chip, now, s->pointer++, buf[i]))
			return i;

	return len;
}

static u8 mpl_read_reg(struct mpl *s, u8 reg)
{
	u8 *status = &s->regs[MPL_STATUS];

	switch (reg) {
	case MPL_OUT_P:
		*status &= ~(MPL_STATUS_PDR | MPL_STATUS_PTDR);
		break;
	case MPL_OUT_T:
		*status &= ~(MPL_STATUS_TDR | MPL_STATUS_PTDR);
		break;
	case MPL_DR_STATUS:
		return *status;
	case MPL_SYSMOD:
		return s->regs[MPL_CTRL_REG1] & MPL_CTRL_ACTIVE;
	}

	return reg < MPL_REGS ? s->regs[reg] : 0;
}

static int mpl_i2c_read(struct sim_chip *chip, s64 now, u8 *buf, u32 len)
{
	struct mpl *s = chip->priv;
	u32 i;

	if (now < s->boot_until)
		return -ENXIO;

	for (i = 0; i < len; i++)
		buf[i] = mpl_read_reg(s, s->pointer++);

	return len;
}

static int mpl_init(struct sim_chip *chip, s64 now)
{
	struct mpl *s;

	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;

	chip->priv = s;
	mpl_power_on(chip, now);
	return 0;
}

static void mpl_exit(struct sim_chip *chip)
{
	kfree(chip->priv);
}

const struct sim_chip_ops sim_mpl3115_ops = {
	.name = "mpl3115",
	.truth_columns = "pressure_lsb,temp_lsb",
	.init = mpl_init,
	.exit = mpl_exit,
	.advance = mpl_advance,
	.i2c_write = mpl_i2c_write,
	.i2c_read = mpl_i2c_read,
};
