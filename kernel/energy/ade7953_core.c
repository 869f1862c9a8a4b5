// SPDX-License-Identifier: GPL-2.0-only
/*
 * Analog Devices ADE7953, single-phase energy meter with two current channels
 * (SPI or I2C).
 *
 * The chip adds up energy over a number of half cycles of the mains and
 * interrupts at the end of each such window; that is when its results are
 * fetched. This file starts the chip, keeps it running and serves its
 * interrupt. Facts are from the data sheet Rev C unless another source is
 * named.
 *
 * Device properties, all optional:
 *   adi,voltage-ratio-milli		mains volts per volt at the pin, in
 *					1/1000; default 801000
 *   adi,current-a-ratio-milliamp-per-volt, adi,current-b-...
 *					mains milliamperes per volt at the pin;
 *					default 196078
 *   adi,voltage-pga-gain, adi,current-a-pga-gain, adi,current-b-pga-gain
 *					1 (default), 2, 4, 8, 16, and 22 for A
 *   adi,line-frequency-hz		50 (default) or 60
 *   adi,no-load-range			1/part of full scale that counts as no
 *					load; default 10000, 0 is none
 *   cityhub,irq-latency-min-ns		constant part of the interrupt latency
 */
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/devm-helpers.h>
#include <linux/err.h>
#include <linux/gpio/consumer.h>
#include <linux/interrupt.h>
#include <linux/log2.h>
#include <linux/pm.h>
#include <linux/property.h>
#include <linux/regulator/consumer.h>
#include <linux/unaligned.h>

#include <cityhub/irq.h>
#include <cityhub/member.h>

#include "ade7953.h"

#define ADE7953_WATCH_JIFFIES	HZ

/* Low time of the reset line: at least 10 us. */
#define ADE7953_RESET_US	20
/* Power-up takes 26 ms, and 40 ms more until RESET shows: wait for 100. */
#define ADE7953_READY_US	100000
#define ADE7953_READY_TRIES	3
/* A bus that fails, or a line that stays low, is given a rest. */
#define ADE7953_REST_US		10000

#define ADE7953_UNLOCK_VALUE	0xad
#define ADE7953_RESERVED_VALUE	0x30
#define ADE7953_NOLOAD_RANGE	10000
#define ADE7953_NOLOAD_RANGE_MAX 65000
#define ADE7953_DISNOLOAD_ALL	GENMASK(2, 0)

/* A disturbed transfer is tried again so often before it counts as failed. */
#define ADE7953_TRIES		3

static unsigned int ade7953_width(u16 reg)
{
	switch (reg >> 8) {
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

/**
 * ade7953_read() - read a register
 * @st:		chip; the caller holds the lock
 * @reg:	address
 * @val:	result, sign-extended if the chip does so; not touched on failure
 *
 * Return: 0, or the error of the bus. Each failed try is counted.
 */
int ade7953_read(struct ade7953 *st, u16 reg, s32 *val)
{
	unsigned int i, tries, width = ade7953_width(reg);
	u8 data[4];
	int ret;

	for (tries = 0; tries < ADE7953_TRIES; tries++) {
		ret = st->bus->read(st, reg, data, width);
		if (!ret)
			break;
		cityhub_member_count(st->member, CITYHUB_COUNT_BUS_ERROR, 1);
	}
	if (ret)
		return ret;

	*val = 0;
	for (i = 0; i < width; i++)
		*val = (u32)*val << 8 | data[i];
	return 0;
}

static int ade7953_write_once(struct ade7953 *st, u16 reg, u32 val, bool hold)
{
	unsigned int width = ade7953_width(reg);
	u8 data[4];

	put_unaligned_be32(val << (8 * (4 - width)), data);
	return st->bus->write(st, reg, data, width, hold);
}

/**
 * ade7953_write() - write a register
 * @st:		chip; the caller holds the lock
 * @reg:	address
 * @val:	value
 *
 * Return: 0, or the error of the bus. Each failed try is counted.
 */
int ade7953_write(struct ade7953 *st, u16 reg, u32 val)
{
	unsigned int tries;
	int ret;

	for (tries = 0; tries < ADE7953_TRIES; tries++) {
		ret = ade7953_write_once(st, reg, val, false);
		if (!ret)
			break;
		cityhub_member_count(st->member, CITYHUB_COUNT_BUS_ERROR, 1);
	}

	return ret;
}

/**
 * ade7953_write_checked() - write a register and read it back
 * @st:		chip; the caller holds the lock
 * @reg:	address
 * @val:	value
 *
 * The chip has no checksum: this is how a disturbed write shows.
 *
 * Return: 0, -EIO when the register holds something else, or the error of the
 * bus.
 */
int ade7953_write_checked(struct ade7953 *st, u16 reg, u32 val)
{
	s32 back;
	int ret;

	ret = ade7953_write(st, reg, val);
	if (ret)
		return ret;

	ret = ade7953_read(st, reg, &back);
	if (ret)
		return ret;

	/* Of 24 bits, the upper byte repeats the sign. */
	return ((u32)back ^ val) & GENMASK(23, 0) ? -EIO : 0;
}

/**
 * ade7953_write_masks() - let through the interrupts that are wanted now
 * @st:		chip; the caller holds the lock
 *
 * Return: 0 or a negative error number.
 */
int ade7953_write_masks(struct ade7953 *st)
{
	int ret;

	ret = ade7953_write_checked(st, ADE7953_REG_IRQENB,
				    st->enabled_b & ~st->told_b);
	if (ret)
		return ret;

	return ade7953_write_checked(st, ADE7953_REG_IRQENA,
				     ADE7953_IRQ_RESET | ADE7953_IRQ_CYCEND |
				     (st->enabled & ~st->told));
}

static int ade7953_wait_ready(struct ade7953 *st)
{
	unsigned int tries;
	s32 status;

	for (tries = 0; tries < ADE7953_READY_TRIES; tries++) {
		fsleep(ADE7953_READY_US);
		if (!ade7953_read(st, ADE7953_REG_RSTIRQSTATA, &status) &&
		    status > 0 && status & ADE7953_IRQ_RESET)
			return 0;
	}

	return -ETIMEDOUT;
}

/* Through the line if there is one, else by a command: its other settings go. */
static int ade7953_reset(struct ade7953 *st)
{
	int ret;

	if (st->reset) {
		gpiod_set_value_cansleep(st->reset, 1);
		fsleep(ADE7953_RESET_US);
		gpiod_set_value_cansleep(st->reset, 0);
		return ade7953_wait_ready(st);
	}

	ret = ade7953_write(st, ADE7953_REG_CONFIG, ADE7953_CONFIG_COMM_LOCK |
			    ADE7953_CONFIG_HPFEN | ADE7953_CONFIG_SWRST);
	return ret ?: ade7953_wait_ready(st);
}

/*
 * These two make the chip reach its accuracy after each reset; nothing may come
 * between them. Then the interface is locked: until then the chip may take what
 * goes to its neighbours for the other interface.
 */
static int ade7953_unlock(struct ade7953 *st)
{
	s32 config;
	int ret;

	ret = ade7953_write_once(st, ADE7953_REG_UNLOCK, ADE7953_UNLOCK_VALUE,
				 false);
	if (ret)
		return ret;

	ret = ade7953_write_once(st, ADE7953_REG_RESERVED,
				 ADE7953_RESERVED_VALUE, false);
	if (ret)
		return ret;

	ret = ade7953_write_once(st, ADE7953_REG_CONFIG, ADE7953_CONFIG_HPFEN,
				 true);
	if (ret)
		return ret;

	ret = ade7953_read(st, ADE7953_REG_CONFIG, &config);
	if (ret)
		return ret;

	return config == ADE7953_CONFIG_HPFEN ? 0 : -EIO;
}

/* 22 is the code after that of 16. */
static u32 ade7953_gain_code(u32 gain)
{
	return gain == 22 ? 5 : ilog2(gain);
}

/* The detection must be off while its level changes. */
static int ade7953_write_noload(struct ade7953 *st)
{
	const struct {
		u16 reg;
		u32 val;
	} config[] = {
		{ ADE7953_REG_DISNOLOAD, ADE7953_DISNOLOAD_ALL },
		{ ADE7953_REG_AP_NOLOAD, st->noload },
		{ ADE7953_REG_VAR_NOLOAD, st->noload },
		{ ADE7953_REG_DISNOLOAD, 0 },
	};
	unsigned int i, n = st->noload ? ARRAY_SIZE(config) : 1;
	int ret;

	for (i = 0; i < n; i++) {
		ret = ade7953_write_checked(st, config[i].reg, config[i].val);
		if (ret)
			return ret;
	}

	return 0;
}

static int ade7953_configure(struct ade7953 *st)
{
	const struct {
		u16 reg;
		u32 val;
	} config[] = {
		{
			ADE7953_REG_PGA_V,
			ade7953_gain_code(st->board.voltage_gain)
		}, {
			ADE7953_REG_PGA_IA,
			ade7953_gain_code(st->board.current_gain[0])
		}, {
			ADE7953_REG_PGA_IB,
			ade7953_gain_code(st->board.current_gain[1])
		},
		{ ADE7953_REG_LINECYC, st->window },
		{ ADE7953_REG_LCYCMODE, ADE7953_LCYCMODE_ALL },
	};
	unsigned int i;
	int ret;

	ret = ade7953_write_noload(st);
	for (i = 0; !ret && i < ARRAY_SIZE(config); i++)
		ret = ade7953_write_checked(st, config[i].reg, config[i].val);
	if (ret)
		return ret;

	return ade7953_events_configure(st);
}

static int ade7953_start(struct ade7953 *st, bool reset)
{
	int ret;

	ret = reset ? ade7953_reset(st) : 0;
	if (ret)
		return ret;

	ret = ade7953_unlock(st);
	if (ret)
		return ret;

	ret = ade7953_configure(st);
	if (ret)
		return ret;

	ade7953_meter_restart(st);
	return 0;
}

static void ade7953_stop(void *data)
{
	struct ade7953 *st = data;

	guard(mutex)(&st->lock);
	ade7953_write(st, ADE7953_REG_IRQENA, 0);
	ade7953_write(st, ADE7953_REG_IRQENB, 0);
}

/* The chip said that it was reset, or has not been made to run since. */
static void ade7953_restore(struct ade7953 *st)
{
	int ret;

	cityhub_member_count(st->member, CITYHUB_COUNT_INVALID, 1);
	ret = ade7953_start(st, st->broken);
	st->broken = ret;
	if (ret)
		dev_err_ratelimited(st->dev,
				    "chip was reset and cannot be restored: %d\n",
				    ret);
	else
		dev_warn_ratelimited(st->dev,
				     "chip was reset, configuration restored\n");
}

/*
 * Returns whether the interrupt had a cause: the status has bits of its own,
 * which nobody waits for. What lasts shows again within a half cycle of being
 * read: what is not there after a longer time is over.
 */
static bool ade7953_serve(struct ade7953 *st, s64 irq_ns, s64 event_ns)
{
	s64 now = cityhub_raw_ns();
	bool long_ago = now - st->looked_ns > ADE7953_WINDOW_NS / 2;
	u32 events = st->enabled & ~st->told;
	s32 status, status_b = st->told_b;

	if (ade7953_read(st, ADE7953_REG_RSTIRQSTATA, &status))
		return false;
	/* All ones is no answer. */
	if (status == -1)
		return false;

	/* What was read is gone from the chip: that of B may fail. */
	ade7953_read(st, ADE7953_REG_RSTIRQSTATB, &status_b);
	if (status & ADE7953_IRQ_RESET || st->broken) {
		ade7953_restore(st);
		return true;
	}

	st->looked_ns = now;
	events &= status;
	ade7953_events_serve(st, status, status_b, event_ns);
	if (long_ago)
		ade7953_events_watch(st, status, status_b);
	/* With two causes nobody knows whose the instant is. */
	if (status & ADE7953_IRQ_CYCEND)
		ade7953_meter_service(st, events ? 0 : irq_ns);
	else
		st->quiet_ns = now;

	return events || status & ADE7953_IRQ_CYCEND;
}

static irqreturn_t ade7953_irq(int irq, void *data)
{
	struct ade7953 *st = data;

	st->irq_ns = cityhub_raw_ns();
	st->event_ns = iio_get_time_ns(st->indio_dev);
	return IRQ_WAKE_THREAD;
}

static bool ade7953_serve_irq(struct ade7953 *st)
{
	guard(mutex)(&st->lock);
	return ade7953_serve(st, st->irq_ns, st->event_ns);
}

/* A line nobody can release must not take the processor. */
static irqreturn_t ade7953_irq_thread(int irq, void *data)
{
	if (!ade7953_serve_irq(data))
		fsleep(ADE7953_REST_US);

	return IRQ_HANDLED;
}

/* Two windows should have ended since the last one did. */
static bool ade7953_is_late(const struct ade7953 *st)
{
	return cityhub_raw_ns() - st->window_ns > 2 * (s64)ADE7953_WINDOW_NS;
}

static bool ade7953_is_configured(struct ade7953 *st)
{
	unsigned int tries;
	s32 mode, window;

	/* A disturbed transfer is not a reset, nor is one that fails. */
	for (tries = 0; tries < 2; tries++) {
		if (ade7953_read(st, ADE7953_REG_LCYCMODE, &mode) ||
		    ade7953_read(st, ADE7953_REG_LINECYC, &window))
			return true;
		if (mode == ADE7953_LCYCMODE_ALL && window == st->window)
			return true;
	}

	return false;
}

/*
 * What no interrupt has told: none may have come. Without mains no window ends,
 * nor does one of a chip whose reset was told in a transfer that failed.
 */
static void ade7953_look(struct ade7953 *st)
{
	guard(mutex)(&st->lock);
	if (!st->broken && !ade7953_is_late(st) && !st->enabled_b && !st->told)
		return;

	ade7953_serve(st, 0, iio_get_time_ns(st->indio_dev));
	if (!st->broken && ade7953_is_late(st) && !ade7953_is_configured(st))
		ade7953_restore(st);
}

static void ade7953_watch(struct work_struct *work)
{
	struct ade7953 *st = container_of(to_delayed_work(work),
					  struct ade7953, watch);

	ade7953_look(st);
	schedule_delayed_work(&st->watch, ADE7953_WATCH_JIFFIES);
}

static bool ade7953_gain_valid(u32 gain, u32 max)
{
	return gain == 22 ? max == 22 : gain && gain <= 16 &&
					is_power_of_2(gain);
}

static int ade7953_check_board(struct ade7953 *st)
{
	const struct ade7953_board *board = &st->board;

	if (!board->voltage_ratio || !board->current_ratio[0] ||
	    !board->current_ratio[1])
		return dev_err_probe(st->dev, -EINVAL, "a ratio is 0\n");
	if (!ade7953_gain_valid(board->voltage_gain, 16) ||
	    !ade7953_gain_valid(board->current_gain[0], 22) ||
	    !ade7953_gain_valid(board->current_gain[1], 16))
		return dev_err_probe(st->dev, -EINVAL,
				     "a PGA gain is not 1, 2, 4, 8 or 16, or 22 of A\n");

	return 0;
}

static int ade7953_read_mains(struct ade7953 *st)
{
	u32 mains_hz = 50, range = ADE7953_NOLOAD_RANGE;

	device_property_read_u32(st->dev, "adi,line-frequency-hz", &mains_hz);
	device_property_read_u32(st->dev, "adi,no-load-range", &range);
	if (mains_hz != 50 && mains_hz != 60)
		return dev_err_probe(st->dev, -EINVAL,
				     "line frequency is not 50 or 60 Hz\n");
	if (range > ADE7953_NOLOAD_RANGE_MAX)
		return dev_err_probe(st->dev, -EINVAL,
				     "no-load range is above %u\n",
				     ADE7953_NOLOAD_RANGE_MAX);

	st->window = 2 * mains_hz;
	st->noload = range ? ade7953_noload_level(range) : 0;
	return 0;
}

static int ade7953_read_board(struct ade7953 *st)
{
	struct ade7953_board *board = &st->board;
	struct device *dev = st->dev;
	int ret;

	*board = (struct ade7953_board) {
		.voltage_ratio = 801000,
		.current_ratio = { 196078, 196078 },
		.voltage_gain = 1,
		.current_gain = { 1, 1 },
	};
	device_property_read_u32(dev, "adi,voltage-ratio-milli",
				 &board->voltage_ratio);
	device_property_read_u32(dev, "adi,current-a-ratio-milliamp-per-volt",
				 &board->current_ratio[0]);
	device_property_read_u32(dev, "adi,current-b-ratio-milliamp-per-volt",
				 &board->current_ratio[1]);
	device_property_read_u32(dev, "adi,voltage-pga-gain",
				 &board->voltage_gain);
	device_property_read_u32(dev, "adi,current-a-pga-gain",
				 &board->current_gain[0]);
	device_property_read_u32(dev, "adi,current-b-pga-gain",
				 &board->current_gain[1]);
	ret = ade7953_check_board(st);
	if (ret)
		return ret;

	ade7953_scale(board, &st->scales);
	return ade7953_read_mains(st);
}

static int ade7953_power_up(struct ade7953 *st)
{
	int ret;

	ret = devm_regulator_get_enable(st->dev, "vdd");
	if (ret)
		return dev_err_probe(st->dev, ret, "supply vdd\n");

	/* Until then a command would be lost, or not acknowledged. */
	fsleep(ADE7953_READY_US);
	st->reset = devm_gpiod_get_optional(st->dev, "reset", GPIOD_OUT_LOW);
	if (IS_ERR(st->reset))
		return dev_err_probe(st->dev, PTR_ERR(st->reset),
				     "reset line\n");

	guard(mutex)(&st->lock);
	ret = ade7953_start(st, true);
	if (ret)
		return dev_err_probe(st->dev, ret, "chip does not start\n");

	return 0;
}

static int ade7953_request_irq(struct ade7953 *st, int irq)
{
	int ret;

	if (irq <= 0)
		return dev_err_probe(st->dev, -ENXIO, "no interrupt\n");

	st->irq = irq;
	ret = cityhub_irq_require_level(st->dev, irq);
	if (ret)
		return ret;

	ret = devm_request_threaded_irq(st->dev, irq, ade7953_irq,
					ade7953_irq_thread, IRQF_ONESHOT,
					"ade7953", st);
	if (ret)
		return dev_err_probe(st->dev, ret, "interrupt\n");

	return 0;
}

/**
 * ade7953_probe() - bind to a chip
 * @dev:	device on the bus
 * @irq:	its interrupt
 * @bus:	how to talk to it
 *
 * Return: 0 or a negative error number.
 */
int ade7953_probe(struct device *dev, int irq,
		  const struct ade7953_bus_ops *bus)
{
	struct ade7953 *st;
	int ret;

	ret = ade7953_meter_alloc(dev, &st);
	if (ret)
		return ret;

	st->dev = dev;
	st->bus = bus;
	dev_set_drvdata(dev, st);
	ade7953_events_init(st);
	ret = devm_mutex_init(dev, &st->lock);
	if (ret)
		return ret;

	ret = ade7953_read_board(st);
	if (ret)
		return ret;

	ret = ade7953_power_up(st);
	if (ret)
		return ret;

	ret = devm_add_action_or_reset(dev, ade7953_stop, st);
	if (ret)
		return ret;

	ret = ade7953_request_irq(st, irq);
	if (ret)
		return ret;

	ret = devm_delayed_work_autocancel(dev, &st->watch, ade7953_watch);
	if (ret)
		return ret;

	schedule_delayed_work(&st->watch, ADE7953_WATCH_JIFFIES);
	return ade7953_meter_register(st);
}

static int ade7953_suspend(struct device *dev)
{
	struct ade7953 *st = dev_get_drvdata(dev);

	disable_irq(st->irq);
	cancel_delayed_work_sync(&st->watch);
	st->slept_ns = cityhub_slept_ns();
	return 0;
}

/* What fails here the watch finds. */
static int ade7953_resume(struct device *dev)
{
	struct ade7953 *st = dev_get_drvdata(dev);

	/* The line may be low for long: it is no instant to learn from. */
	scoped_guard(mutex, &st->lock) {
		ade7953_meter_slept(st, cityhub_slept_ns() - st->slept_ns);
		ade7953_serve(st, 0, iio_get_time_ns(st->indio_dev));
	}

	enable_irq(st->irq);
	schedule_delayed_work(&st->watch, ADE7953_WATCH_JIFFIES);
	return 0;
}

const struct dev_pm_ops ade7953_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(ade7953_suspend, ade7953_resume)
};
