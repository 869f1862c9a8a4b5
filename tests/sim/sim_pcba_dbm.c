// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCBA-DBM, MEMS version by default: sound level in whole decibels, a history of 100 of
 * them, and an interrupt that stays low until it is cleared.
 *
 * Where the manual is silent the model takes the side that is less comfortable
 * for a driver: the fill interrupt comes when the 90th entry arrives and at no
 * other time, a clear interrupt does not empty the history, and what is
 * undefined looks implausible.
 */
#include <linux/bitfield.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "sim_steps.h"

#define DBM_BOOT_NS		(5 * (s64)NSEC_PER_MSEC)
#define DBM_SETTLE_NS		((s64)NSEC_PER_SEC)

#define DBM_VERSION		0x00
#define DBM_ID			0x01
#define DBM_SCRATCH		0x05
#define DBM_CONTROL		0x06
#define  DBM_CONTROL_TYPE_THR	BIT(4)
#define  DBM_CONTROL_IRQ	BIT(3)
#define  DBM_CONTROL_FILTER	GENMASK(2, 1)
#define  DBM_CONTROL_DOWN	BIT(0)
#define DBM_TAVG_HIGH		0x07
#define DBM_TAVG_LOW		0x08
#define DBM_RESET		0x09
#define  DBM_RESET_SYSTEM	BIT(3)
#define  DBM_RESET_HISTORY	BIT(2)
#define  DBM_RESET_MIN_MAX	BIT(1)
#define  DBM_RESET_IRQ		BIT(0)
#define DBM_DECIBEL		0x0a
#define DBM_MIN			0x0b
#define DBM_MAX			0x0c
#define DBM_THR_MIN		0x0d
#define DBM_THR_MAX		0x0e
#define DBM_GAIN		0x0f
#define DBM_HISTORY		0x14
#define DBM_SPECTRUM		0x78
#define DBM_SPECTRUM_LEN	80

#define DBM_MEMS		0x31
#define DBM_MEMS_SPECTRUM	0x32
#define DBM_EXTERNAL		0x81
#define DBM_GAIN_MAX		95

#define DBM_HISTORY_LEN		100
#define DBM_HISTORY_IRQ		90
#define DBM_TAVG_MIN_MS		10
#define DBM_TAVG_MAX_MS		10000
#define DBM_LEVEL_MIN		35
#define DBM_LEVEL_MAX		120
#define DBM_UNDEFINED		0xa5

/**
 * struct dbm - the chip
 * @boot_until:	it does not acknowledge before
 * @settled_at:	no level before
 * @next:	next level
 * @pointer:	register to be accessed next
 * @scratch:	register
 * @control:	register
 * @tavg_high:	written, takes effect with the low byte
 * @tavg_ms:	averaging time in effect
 * @level:	latest level, 0 before the first
 * @min:	lowest level since cleared
 * @max:	highest
 * @thr_min:	register
 * @thr_max:	register
 * @gain:	register
 * @history:	levels, newest first
 * @filled:	entries in the history
 * @irq:	interrupt output, latched
 */
struct dbm {
	s64 boot_until;
	s64 settled_at;
	s64 next;
	u8 pointer;
	u8 scratch;
	u8 control;
	u8 tavg_high;
	u16 tavg_ms;
	u8 level;
	u8 min;
	u8 max;
	u8 thr_min;
	u8 thr_max;
	u8 gain;
	u8 history[DBM_HISTORY_LEN];
	u8 filled;
	bool irq;
};

static u8 dbm_version(const struct sim_chip *chip)
{
	return chip->faults.version ?: DBM_MEMS;
}

static s64 dbm_period(const struct sim_chip *chip)
{
	const struct dbm *s = chip->priv;

	return sim_clock_ns(chip, s->tavg_ms * (s64)NSEC_PER_MSEC);
}

static void dbm_clear_min_max(struct dbm *s)
{
	s->min = DBM_UNDEFINED;
	s->max = DBM_UNDEFINED;
}

static void dbm_clear_history(struct dbm *s)
{
	memset(s->history, 0, sizeof(s->history));
	s->filled = 0;
}

static void dbm_schedule(struct sim_chip *chip, s64 now)
{
	struct dbm *s = chip->priv;

	s->next = max(now + dbm_period(chip), s->settled_at);
}

static void dbm_power_on(struct sim_chip *chip, s64 now)
{
	struct dbm *s = chip->priv;

	memset(s, 0, sizeof(*s));
	s->boot_until = now + DBM_BOOT_NS;
	s->settled_at = now + DBM_SETTLE_NS;
	s->scratch = 0xaa;
	s->control = 0x02;
	s->tavg_high = 1000 >> 8;
	s->tavg_ms = 1000;
	s->thr_min = 45;
	s->thr_max = 85;
	s->gain = 18;
	dbm_clear_min_max(s);
	dbm_schedule(chip, now);
}

/* The world is A-weighted; a street has more to it at low frequencies. */
static s64 dbm_weighting(const struct dbm *s)
{
	switch (FIELD_GET(DBM_CONTROL_FILTER, s->control)) {
	case 0:
		return 6;
	case 2:
		return 4;
	default:
		return 0;
	}
}

static void dbm_note(struct dbm *s, u8 level)
{
	bool first = s->min == DBM_UNDEFINED;

	s->level = level;
	s->min = first ? level : min(s->min, level);
	s->max = first ? level : max(s->max, level);

	memmove(s->history + 1, s->history, DBM_HISTORY_LEN - 1);
	s->history[0] = level;
	s->filled = min(s->filled + 1, DBM_HISTORY_LEN);
}

static void dbm_interrupt(struct dbm *s, bool filled)
{
	bool outside = s->level < s->thr_min || s->level > s->thr_max;

	if (!(s->control & DBM_CONTROL_IRQ))
		return;
	if (s->control & DBM_CONTROL_TYPE_THR ? outside : filled)
		s->irq = true;
}

static void dbm_sample(struct sim_chip *chip, s64 at)
{
	struct dbm *s = chip->priv;
	s64 micro, level;

	if (!sim_world_get(SIM_NOISE_DBA, at, &micro))
		return;

	level = sim_steps(micro, 1000000) + dbm_weighting(s);
	level = clamp_t(s64, level, DBM_LEVEL_MIN, DBM_LEVEL_MAX);
	dbm_note(s, level);
	dbm_interrupt(s, s->filled == DBM_HISTORY_IRQ);
	sim_truth(chip, at, &level);
}

static s64 dbm_advance(struct sim_chip *chip, s64 now)
{
	struct dbm *s = chip->priv;

	if (s->control & DBM_CONTROL_DOWN)
		return SIM_NEVER;

	while (s->next <= now) {
		dbm_sample(chip, s->next);
		s->next += dbm_period(chip);
	}

	return s->next;
}

static bool dbm_irq_active(struct sim_chip *chip, unsigned int line)
{
	const struct dbm *s = chip->priv;

	return s->irq;
}

/* Power down is left by a system reset only. */
static void dbm_write_control(struct dbm *s, u8 value)
{
	if (FIELD_GET(DBM_CONTROL_FILTER, value) == 3)
		value = (value & ~DBM_CONTROL_FILTER) |
			(s->control & DBM_CONTROL_FILTER);

	s->control = (value & (DBM_CONTROL_TYPE_THR | DBM_CONTROL_IRQ |
			       DBM_CONTROL_FILTER | DBM_CONTROL_DOWN)) |
		     (s->control & DBM_CONTROL_DOWN);
}

static void dbm_latch_tavg(struct sim_chip *chip, s64 now, u8 low)
{
	struct dbm *s = chip->priv;
	u16 ms = s->tavg_high << 8 | low;

	if (ms < DBM_TAVG_MIN_MS || ms > DBM_TAVG_MAX_MS)
		return;

	s->tavg_ms = ms;
	dbm_schedule(chip, now);
}

static void dbm_reset(struct sim_chip *chip, s64 now, u8 value)
{
	struct dbm *s = chip->priv;

	if (value & DBM_RESET_SYSTEM) {
		dbm_power_on(chip, now);
		return;
	}

	if (value & DBM_RESET_HISTORY)
		dbm_clear_history(s);
	if (value & DBM_RESET_MIN_MAX)
		dbm_clear_min_max(s);
	if (value & DBM_RESET_IRQ)
		s->irq = false;
}

static void dbm_write_reg(struct sim_chip *chip, s64 now, u8 reg, u8 value)
{
	struct dbm *s = chip->priv;

	switch (reg) {
	case DBM_SCRATCH:
		s->scratch = value;
		break;
	case DBM_CONTROL:
		dbm_write_control(s, value);
		break;
	case DBM_TAVG_HIGH:
		s->tavg_high = value;
		break;
	case DBM_TAVG_LOW:
		dbm_latch_tavg(chip, now, value);
		break;
	case DBM_RESET:
		dbm_reset(chip, now, value);
		break;
	case DBM_THR_MIN:
		s->thr_min = value;
		break;
	case DBM_THR_MAX:
		s->thr_max = value;
		break;
	case DBM_GAIN:
		/* There is no amplifier in front of a MEMS microphone. */
		if (dbm_version(chip) == DBM_EXTERNAL && value <= DBM_GAIN_MAX)
			s->gain = value;
		break;
	}
}

/* The scale is not documented: any values do, if they differ. */
static u8 dbm_bin(const struct sim_chip *chip, u8 bin)
{
	return dbm_version(chip) == DBM_MEMS_SPECTRUM ? 200 - bin : 0;
}

static u8 dbm_read_reg(const struct sim_chip *chip, u8 reg)
{
	static const u8 id[] = { 0xc1, 0x7e, 0x5d, 0xb1 };
	const struct dbm *s = chip->priv;

	if (reg >= DBM_HISTORY && reg < DBM_HISTORY + DBM_HISTORY_LEN)
		return s->history[reg - DBM_HISTORY];
	if (reg >= DBM_SPECTRUM && reg < DBM_SPECTRUM + DBM_SPECTRUM_LEN)
		return dbm_bin(chip, reg - DBM_SPECTRUM);

	switch (reg) {
	case DBM_VERSION:
		return dbm_version(chip);
	case DBM_ID ... DBM_ID + 3:
		return id[reg - DBM_ID];
	case DBM_SCRATCH:
		return s->scratch;
	case DBM_CONTROL:
		return s->control;
	case DBM_TAVG_HIGH:
		return s->tavg_ms >> 8;
	case DBM_TAVG_LOW:
		return s->tavg_ms & 0xff;
	case DBM_DECIBEL:
		return s->level;
	case DBM_MIN:
		return s->min;
	case DBM_MAX:
		return s->max;
	case DBM_THR_MIN:
		return s->thr_min;
	case DBM_THR_MAX:
		return s->thr_max;
	case DBM_GAIN:
		return s->gain;
	default:
		return 0;
	}
}

static int dbm_i2c_write(struct sim_chip *chip, s64 now, const u8 *buf, u32 len)
{
	struct dbm *s = chip->priv;
	u32 i;

	if (now < s->boot_until)
		return -ENXIO;
	if (!len)
		return 0;

	s->pointer = buf[0];
	for (i = 1; i < len; i++) {
		dbm_write_reg(chip, now, s->pointer++, buf[i]);
		/* A reset ends the transfer. */
		if (now < s->boot_until)
			return i + 1;
	}

	return len;
}

static int dbm_i2c_read(struct sim_chip *chip, s64 now, u8 *buf, u32 len)
{
	struct dbm *s = chip->priv;
	u32 i;

	if (now < s->boot_until)
		return -ENXIO;

	for (i = 0; i < len; i++)
		buf[i] = dbm_read_reg(chip, s->pointer++);

	return len;
}

static u32 dbm_peek(struct sim_chip *chip, u32 address)
{
	return dbm_read_reg(chip, address);
}

static int dbm_init(struct sim_chip *chip, s64 now)
{
	struct dbm *s;

	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;

	chip->priv = s;
	dbm_power_on(chip, now);
	return 0;
}

static void dbm_exit(struct sim_chip *chip)
{
	kfree(chip->priv);
}

const struct sim_chip_ops sim_pcba_dbm_ops = {
	.name = "pcba-dbm",
	.truth_columns = "level_db",
	.irq_lines = 1,
	.init = dbm_init,
	.exit = dbm_exit,
	.advance = dbm_advance,
	.irq_active = dbm_irq_active,
	.i2c_write = dbm_i2c_write,
	.i2c_read = dbm_i2c_read,
	.peek = dbm_peek,
};
