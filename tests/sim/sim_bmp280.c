// SPDX-License-Identifier: GPL-2.0-only
/*
 * BMP280: pressure and temperature as codes of its converter. The codes are
 * found by searching for those that the compensation of the sheet turns into
 * what the world has. The filter is not modelled.
 */
#include <linux/bitfield.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "sim_steps.h"

#define BMP_BOOT_NS		(2 * (s64)NSEC_PER_MSEC)

#define BMP_CALIB		0x88
#define BMP_CALIB_WORDS		12
#define BMP_ID			0xd0
#define BMP_RESET		0xe0
#define  BMP_RESET_WORD		0xb6
#define BMP_STATUS		0xf3
#define  BMP_STATUS_MEASURING	BIT(3)
#define BMP_CTRL_MEAS		0xf4
#define  BMP_OSRS_T		GENMASK(7, 5)
#define  BMP_OSRS_P		GENMASK(4, 2)
#define  BMP_MODE		GENMASK(1, 0)
#define  BMP_MODE_SLEEP		0
#define  BMP_MODE_NORMAL	3
#define BMP_CONFIG		0xf5
#define  BMP_CONFIG_STANDBY	GENMASK(7, 5)
#define BMP_DATA		0xf7

#define BMP_CODES		BIT(20)
#define BMP_SKIPPED		0x80000

/* One plausible chip. */
static const s32 bmp_t1 = 27610, bmp_t2 = 26310, bmp_t3 = 50;
static const s64 bmp_p1 = 36610, bmp_p2 = -10590, bmp_p3 = 3024;
static const s64 bmp_p4 = 4280, bmp_p5 = 85, bmp_p6 = -7;
static const s64 bmp_p7 = 15500, bmp_p8 = -14600, bmp_p9 = 6000;

/**
 * struct bmp - the chip
 * @boot_until:	it does not acknowledge before
 * @done_at:	end of the conversion that runs, SIM_NEVER in sleep
 * @pointer:	register to be read next
 * @ctrl_meas:	register
 * @config:	register
 * @press:	code, 20 bits
 * @temp:	code, 20 bits
 */
struct bmp {
	s64 boot_until;
	s64 done_at;
	u8 pointer;
	u8 ctrl_meas;
	u8 config;
	u32 press;
	u32 temp;
};

static s32 bmp_t_fine(s32 code)
{
	s32 coarse = (code >> 3) - (bmp_t1 << 1);
	s32 fine = (code >> 4) - bmp_t1;

	return ((coarse * bmp_t2) >> 11) +
	       ((((fine * fine) >> 12) * bmp_t3) >> 14);
}

static s32 bmp_centi_c(s32 code)
{
	return (bmp_t_fine(code) * 5 + 128) >> 8;
}

/* In Pa / 256; falls as the code rises. */
static s64 bmp_pressure(s32 code, s32 t_fine)
{
	s64 t = t_fine - 128000LL, offset, gain, p;

	offset = t * t * bmp_p6 + ((t * bmp_p5) << 17) + (bmp_p4 << 35);
	gain = ((t * t * bmp_p3) >> 8) + ((t * bmp_p2) << 12);
	gain = (((1LL << 47) + gain) * bmp_p1) >> 33;
	if (!gain)
		return 0;

	p = (((s64)(BMP_CODES - code) << 31) - offset) * 3125;
	p = div64_s64(p, gain);

	return ((p + ((bmp_p9 * (p >> 13) * (p >> 13)) >> 25) +
		 ((bmp_p8 * p) >> 19)) >> 8) + (bmp_p7 << 4);
}

static u32 bmp_find_temp(s32 centi_c)
{
	u32 low = 0, high = BMP_CODES - 1;

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (bmp_centi_c(middle) < centi_c)
			low = middle + 1;
		else
			high = middle;
	}

	return low;
}

static u32 bmp_find_press(s64 pa_q8, s32 t_fine)
{
	u32 low = 0, high = BMP_CODES - 1;

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (bmp_pressure(middle, t_fine) > pa_q8)
			low = middle + 1;
		else
			high = middle;
	}

	return low;
}

/* An oversampling of 0 skips the conversion, 5 and more are 16 fold. */
static u32 bmp_oversampling(u8 field)
{
	return field ? 1 << (min_t(u8, field, 5) - 1) : 0;
}

static s64 bmp_conversion_ns(const struct sim_chip *chip)
{
	const struct bmp *s = chip->priv;
	u32 t = bmp_oversampling(FIELD_GET(BMP_OSRS_T, s->ctrl_meas));
	u32 p = bmp_oversampling(FIELD_GET(BMP_OSRS_P, s->ctrl_meas));
	u32 half_ms = 2 + 4 * t + 4 * p + (p ? 1 : 0);

	return sim_clock_ns(chip, half_ms * (s64)NSEC_PER_MSEC / 2);
}

static s64 bmp_standby_ns(const struct sim_chip *chip)
{
	static const u32 us[] = { 500, 62500, 125000, 250000, 500000,
				  1000000, 2000000, 4000000 };
	const struct bmp *s = chip->priv;

	return sim_clock_ns(chip, us[FIELD_GET(BMP_CONFIG_STANDBY, s->config)] *
				  (s64)NSEC_PER_USEC);
}

static void bmp_power_on(struct sim_chip *chip, s64 now)
{
	struct bmp *s = chip->priv;

	memset(s, 0, sizeof(*s));
	s->boot_until = now + BMP_BOOT_NS;
	s->done_at = SIM_NEVER;
	s->press = BMP_SKIPPED;
	s->temp = BMP_SKIPPED;
}

static void bmp_sample(struct sim_chip *chip, s64 at)
{
	struct bmp *s = chip->priv;
	s64 hpa, temp, truth[4];
	u32 code;

	if (!sim_world_get(SIM_PRESSURE_HPA, at, &hpa) ||
	    !sim_world_get(SIM_TEMP_C, at, &temp))
		return;

	code = bmp_find_temp(sim_steps(temp, 10000));
	s->temp = s->ctrl_meas & BMP_OSRS_T ? code : BMP_SKIPPED;
	s->press = s->ctrl_meas & BMP_OSRS_P ?
		   bmp_find_press(sim_steps(hpa * 16, 625), bmp_t_fine(code)) :
		   BMP_SKIPPED;

	truth[0] = s->press;
	truth[1] = s->temp;
	truth[2] = bmp_pressure(s->press, bmp_t_fine(code));
	truth[3] = bmp_centi_c(s->temp);
	sim_truth(chip, at, truth);
}

static s64 bmp_advance(struct sim_chip *chip, s64 now)
{
	struct bmp *s = chip->priv;

	while (s->done_at <= now) {
		bmp_sample(chip, s->done_at);
		if (FIELD_GET(BMP_MODE, s->ctrl_meas) == BMP_MODE_NORMAL) {
			s->done_at += bmp_standby_ns(chip) +
				      bmp_conversion_ns(chip);
		} else {
			s->ctrl_meas &= ~BMP_MODE;
			s->done_at = SIM_NEVER;
		}
	}

	return s->done_at;
}

static void bmp_write_ctrl_meas(struct sim_chip *chip, s64 now, u8 value)
{
	struct bmp *s = chip->priv;

	s->ctrl_meas = value;
	s->done_at = FIELD_GET(BMP_MODE, value) == BMP_MODE_SLEEP ?
		     SIM_NEVER : now + bmp_conversion_ns(chip);
}

static void bmp_write_reg(struct sim_chip *chip, s64 now, u8 reg, u8 value)
{
	struct bmp *s = chip->priv;

	if (reg == BMP_RESET && value == BMP_RESET_WORD)
		bmp_power_on(chip, now);
	else if (reg == BMP_CTRL_MEAS)
		bmp_write_ctrl_meas(chip, now, value);
	else if (reg == BMP_CONFIG)
		s->config = value;
}

/* What is written are pairs of register and value. */
static int bmp_i2c_write(struct sim_chip *chip, s64 now, const u8 *buf, u32 len)
{
	struct bmp *s = chip->priv;
	u32 i;

	if (now < s->boot_until)
		return -ENXIO;
	if (len)
		s->pointer = buf[0];
	for (i = 1; i < len; i += 2)
		bmp_write_reg(chip, now, buf[i - 1], buf[i]);

	return len;
}

static u8 bmp_calib(u8 at)
{
	const u16 words[BMP_CALIB_WORDS] = {
		bmp_t1, bmp_t2, bmp_t3, bmp_p1, bmp_p2, bmp_p3,
		bmp_p4, bmp_p5, bmp_p6, bmp_p7, bmp_p8, bmp_p9,
	};

	return at & 1 ? words[at / 2] >> 8 : words[at / 2] & 0xff;
}

static u8 bmp_data(const struct bmp *s, u8 at)
{
	u8 bytes[8];

	put_unaligned_be32(s->press << 12, bytes);
	put_unaligned_be32(s->temp << 12, bytes + 3);

	return bytes[at];
}

/* A conversion runs for the last part of each period. */
static u8 bmp_status(const struct sim_chip *chip, s64 now)
{
	const struct bmp *s = chip->priv;

	return s->done_at != SIM_NEVER &&
	       s->done_at - now <= bmp_conversion_ns(chip) ?
	       BMP_STATUS_MEASURING : 0;
}

static u8 bmp_read_reg(const struct sim_chip *chip, s64 now, u8 reg)
{
	const struct bmp *s = chip->priv;

	if (reg >= BMP_CALIB && reg < BMP_CALIB + 2 * BMP_CALIB_WORDS)
		return bmp_calib(reg - BMP_CALIB);
	if (reg >= BMP_DATA && reg < BMP_DATA + 6)
		return bmp_data(s, reg - BMP_DATA);

	switch (reg) {
	case BMP_ID:
		return 0x58;
	case BMP_STATUS:
		return bmp_status(chip, now);
	case BMP_CTRL_MEAS:
		return s->ctrl_meas;
	case BMP_CONFIG:
		return s->config;
	default:
		return 0;
	}
}

static int bmp_i2c_read(struct sim_chip *chip, s64 now, u8 *buf, u32 len)
{
	struct bmp *s = chip->priv;
	u32 i;

	if (now < s->boot_until)
		return -ENXIO;

	for (i = 0; i < len; i++)
		buf[i] = bmp_read_reg(chip, now, s->pointer++);

	return len;
}

static int bmp_init(struct sim_chip *chip, s64 now)
{
	struct bmp *s;

	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;

	chip->priv = s;
	bmp_power_on(chip, now);
	return 0;
}

static void bmp_exit(struct sim_chip *chip)
{
	kfree(chip->priv);
}

const struct sim_chip_ops sim_bmp280_ops = {
	.name = "bmp280",
	.truth_columns = "press_adc,temp_adc,press_q8_pa,temp_centi_c",
	.init = bmp_init,
	.exit = bmp_exit,
	.advance = bmp_advance,
	.i2c_write = bmp_i2c_write,
	.i2c_read = bmp_i2c_read,
};
