// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCBA-DBM: transfers, and the settings of the module.
 *
 * The bus has no checksum and the module no status. So each setting is read
 * back when it was written, and SCRATCH is given a value that a reset undoes:
 * as long as it is there, so are the settings.
 */
#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/dev_printk.h>
#include <linux/errno.h>
#include <linux/i2c.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include <cityhub/member.h>

#include "pcba_dbm.h"

/* A transfer that fails is tried again, for as long as a module starts up. */
#define PCBA_DBM_TRIES		3
#define PCBA_DBM_RETRY_US	\
	(PCBA_DBM_POWER_UP_MS * USEC_PER_MSEC / (PCBA_DBM_TRIES - 1) + 500)

/* Any value but that after a reset, which is 0xaa. */
#define PCBA_DBM_MARK		0x55

/* No level is lower or higher. */
#define PCBA_DBM_NO_MIN		0
#define PCBA_DBM_NO_MAX		0xff

static int pcba_dbm_read_once(struct pcba_dbm *st, u8 reg, u8 *buf, u32 len)
{
	struct i2c_msg msgs[] = {
		{
			.addr = st->client->addr,
			.len = sizeof(reg),
			.buf = &reg,
		},
		{
			.addr = st->client->addr,
			.flags = I2C_M_RD,
			.len = len,
			.buf = buf,
		},
	};
	int ret;

	ret = i2c_transfer(st->client->adapter, msgs, ARRAY_SIZE(msgs));
	if (ret < 0)
		return ret;

	return ret == ARRAY_SIZE(msgs) ? 0 : -EIO;
}

static int pcba_dbm_write_once(struct pcba_dbm *st, u8 reg, u8 value)
{
	u8 bytes[] = { reg, value };
	int ret;

	ret = i2c_master_send(st->client, bytes, sizeof(bytes));
	if (ret < 0)
		return ret;

	return ret == sizeof(bytes) ? 0 : -EIO;
}

/* Every failed try is counted; true when another one may follow. */
static bool pcba_dbm_failed(struct pcba_dbm *st, u8 reg, unsigned int try,
			    int ret)
{
	cityhub_member_count(st->member, CITYHUB_COUNT_BUS_ERROR, 1);
	if (try + 1 < PCBA_DBM_TRIES) {
		fsleep(PCBA_DBM_RETRY_US);
		return true;
	}

	dev_warn_ratelimited(&st->client->dev, "register %#04x: transfer failed: %d\n",
			     reg, ret);
	return false;
}

int pcba_dbm_read(struct pcba_dbm *st, u8 reg, u8 *buf, u32 len)
{
	unsigned int try = 0;
	int ret;

	do {
		ret = pcba_dbm_read_once(st, reg, buf, len);
	} while (ret && pcba_dbm_failed(st, reg, try++, ret));

	return ret;
}

int pcba_dbm_write(struct pcba_dbm *st, u8 reg, u8 value)
{
	unsigned int try = 0;
	int ret;

	do {
		ret = pcba_dbm_write_once(st, reg, value);
	} while (ret && pcba_dbm_failed(st, reg, try++, ret));

	return ret;
}

/* Write registers that follow each other until they hold what was written. */
static int pcba_dbm_set(struct pcba_dbm *st, u8 reg, const u8 *values, u32 len)
{
	unsigned int try;
	u8 back[2];
	u32 i;
	int ret;

	for (try = 0; try < PCBA_DBM_TRIES; try++) {
		for (i = 0; i < len; i++) {
			ret = pcba_dbm_write(st, reg + i, values[i]);
			if (ret)
				return ret;
		}

		ret = pcba_dbm_read(st, reg, back, len);
		if (ret)
			return ret;
		if (!memcmp(back, values, len))
			return 0;
		cityhub_member_count(st->member, CITYHUB_COUNT_INVALID, 1);
	}

	dev_warn_ratelimited(&st->client->dev, "register %#04x does not take its value\n",
			     reg);
	return -EIO;
}

/* The interrupt has one meaning at a time, and the buffer comes first. */
static u8 pcba_dbm_control(const struct pcba_dbm *st)
{
	u8 control = FIELD_PREP(PCBA_DBM_CONTROL_FILTER, st->filter);

	if (st->running)
		return control | PCBA_DBM_CONTROL_IRQ_ENABLE;
	if (st->events)
		return control | PCBA_DBM_CONTROL_IRQ_ENABLE |
		       PCBA_DBM_CONTROL_IRQ_THRESHOLD;

	return control;
}

static int pcba_dbm_write_control(struct pcba_dbm *st)
{
	u8 control = pcba_dbm_control(st);

	return pcba_dbm_set(st, PCBA_DBM_CONTROL, &control, sizeof(control));
}

/* The chip takes the new time when the low byte is written. */
int pcba_dbm_write_tavg(struct pcba_dbm *st)
{
	u8 bytes[2];

	put_unaligned_be16(st->tavg_ms, bytes);
	return pcba_dbm_set(st, PCBA_DBM_TAVG_HIGH, bytes, sizeof(bytes));
}

int pcba_dbm_write_gain(struct pcba_dbm *st)
{
	if (st->version != PCBA_DBM_VERSION_EXTERNAL)
		return 0;

	return pcba_dbm_set(st, PCBA_DBM_GAIN, &st->gain, sizeof(st->gain));
}

/* One bit lets both thresholds interrupt: who is not asked for is out of reach. */
int pcba_dbm_write_thresholds(struct pcba_dbm *st)
{
	u8 levels[] = { PCBA_DBM_NO_MIN, PCBA_DBM_NO_MAX };

	if (st->events & BIT(IIO_EV_DIR_FALLING))
		levels[0] = st->thresholds[IIO_EV_DIR_FALLING];
	if (st->events & BIT(IIO_EV_DIR_RISING))
		levels[1] = st->thresholds[IIO_EV_DIR_RISING];

	return pcba_dbm_set(st, PCBA_DBM_THR_MIN, levels, sizeof(levels));
}

int pcba_dbm_clear_min_max(struct pcba_dbm *st)
{
	int ret;

	ret = pcba_dbm_write(st, PCBA_DBM_RESET, PCBA_DBM_RESET_MIN_MAX);
	if (ret)
		return ret;

	/* Undefined until the first level after that. */
	st->min_max_ns = cityhub_raw_ns() + pcba_dbm_nominal_ns(st) +
			 div_s64(pcba_dbm_nominal_ns(st),
				 USEC_PER_SEC / PCBA_DBM_TOLERANCE_PPM);
	return 0;
}

/* Only a system reset wakes a module that was powered down. */
static int pcba_dbm_wake(struct pcba_dbm *st)
{
	u8 control;
	int ret;

	ret = pcba_dbm_read(st, PCBA_DBM_CONTROL, &control, sizeof(control));
	if (ret || !(control & PCBA_DBM_CONTROL_POWER_DOWN))
		return ret;

	ret = pcba_dbm_write(st, PCBA_DBM_RESET, PCBA_DBM_RESET_SYSTEM);
	if (ret)
		return ret;

	fsleep(PCBA_DBM_POWER_UP_MS * USEC_PER_MSEC);
	return 0;
}

/* Write all settings to a module that may have lost them. */
int pcba_dbm_restore(struct pcba_dbm *st)
{
	u8 mark = PCBA_DBM_MARK;
	int ret;

	ret = pcba_dbm_wake(st) ?: pcba_dbm_write_thresholds(st) ?:
	      pcba_dbm_write_gain(st) ?: pcba_dbm_write_tavg(st) ?:
	      pcba_dbm_write_control(st) ?: pcba_dbm_clear_min_max(st);
	if (ret)
		return ret;

	return pcba_dbm_set(st, PCBA_DBM_SCRATCH, &mark, sizeof(mark));
}

/* A write that was disturbed may have sent the module to sleep. */
int pcba_dbm_write_mode(struct pcba_dbm *st)
{
	int ret;

	ret = pcba_dbm_write_control(st);

	return ret == -EIO ? pcba_dbm_restore(st) : ret;
}

/* Are the settings still there? 1 when so, 0 when not, or an error. */
int pcba_dbm_holds(struct pcba_dbm *st)
{
	unsigned int try;
	u8 bytes[4];
	int ret;

	/* A disturbed transfer is not a reset. */
	for (try = 0; try < 2; try++) {
		ret = pcba_dbm_read(st, PCBA_DBM_SCRATCH, bytes, sizeof(bytes));
		if (ret)
			return ret;
		if (bytes[0] == PCBA_DBM_MARK &&
		    bytes[1] == pcba_dbm_control(st) &&
		    get_unaligned_be16(bytes + 2) == st->tavg_ms)
			return 1;
	}

	return 0;
}

/*
 * 0 when the settings are there, -ENODATA when they are again: there is no
 * level yet then; or the error of the bus.
 */
int pcba_dbm_revive(struct pcba_dbm *st)
{
	int ret;

	ret = pcba_dbm_holds(st);
	if (ret)
		return min(ret, 0);

	cityhub_member_count(st->member, CITYHUB_COUNT_INVALID, 1);
	dev_warn_ratelimited(&st->client->dev, "module was reset, settings restored\n");
	return pcba_dbm_restore(st) ?: -ENODATA;
}
