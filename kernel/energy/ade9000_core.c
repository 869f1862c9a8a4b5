// SPDX-License-Identifier: GPL-2.0-only
/*
 * Analog Devices ADE9000, poly-phase energy and power quality monitor (SPI).
 *
 * One chip is two IIO devices that share its registers: ade9000-wave delivers
 * the waveforms, page by page, and ade9000-meter all that is slow. This file
 * starts the chip, keeps it running and serves its interrupts. Facts are from
 * the data sheet Rev B unless another source is named.
 *
 * Device properties, all optional:
 *   adi,voltage-ratio-milli		mains volts per volt at the pin, in
 *					1/1000; default 801000 (800k + 1k)
 *   adi,current-ratio-milliamp-per-volt mains milliamperes per volt at the pin;
 *					default 196078 (2000:1, 10.2 ohms)
 *   adi,voltage-pga-gain, adi,current-pga-gain	1 (default), 2 or 4
 *   adi,line-frequency-hz		50 (default) or 60
 *   adi,wiring				how the voltages are wired, see
 *					ade9000_wirings; default 4-wire-wye
 *   cityhub,irq-latency-min-ns		constant part of the interrupt latency
 */
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/devm-helpers.h>
#include <linux/err.h>
#include <linux/gpio/consumer.h>
#include <linux/interrupt.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/pm.h>
#include <linux/property.h>
#include <linux/regulator/consumer.h>
#include <linux/slab.h>
#include <linux/spi/spi.h>
#include <linux/string.h>

#include <cityhub/irq.h>
#include <cityhub/member.h>

#include "ade9000.h"

#define ADE9000_SPI_MAX_HZ	20000000
#define ADE9000_WATCH_JIFFIES	HZ

/* Low time of the reset line: at least 1 us. */
#define ADE9000_RESET_US	10
/* From reset until RSTDONE; no-OS waits 50 ms, the sheet gives no maximum. */
#define ADE9000_READY_US	50000
#define ADE9000_READY_TRIES	5
/* Rms filters settle in a fraction of a second, early results are garbage. */
#define ADE9000_SETTLE_NS	NSEC_PER_SEC
/* A bus that fails while the interrupt line is low is given a rest. */
#define ADE9000_BUS_REST_US	10000
/* So is a line that is low for no reason, after that many looks. */
#define ADE9000_IDLE_MAX	8

/* Recommended with the dynamic range of 2 for the fundamental results. */
#define ADE9000_VLEVEL_VALUE	0x22ea28
/* Phase sequence is checked each line cycle. */
#define ADE9000_SEQ_CYC_VALUE	1
/* Windows of 8000 samples: one second of energy. */
#define ADE9000_EGY_TIME_VALUE	(ADE9000_SAMPLE_HZ - 1)

#define ADE9000_PGA_CURRENTS	0x0055
#define ADE9000_PGA_VOLTAGES	0x1500

/**
 * ade9000_format_scale() - a scale for read_raw
 * @nano:	scale in nano-units
 * @val:	whole units
 * @val2:	nano-units
 *
 * Return: IIO_VAL_INT_PLUS_NANO.
 */
int ade9000_format_scale(u64 nano, int *val, int *val2)
{
	u32 rest;

	*val = div_u64_rem(nano, NSEC_PER_SEC, &rest);
	*val2 = rest;
	return IIO_VAL_INT_PLUS_NANO;
}

/**
 * ade9000_write_mask0() - let through the interrupts that are wanted now
 * @st:		chip
 *
 * Return: 0 or a negative error number.
 */
int ade9000_write_mask0(struct ade9000 *st)
{
	u32 mask = ADE9000_STATUS0_EGYRDY;

	if (ade9000_wave_on(st->wave))
		mask |= ADE9000_STATUS0_PAGE_FULL;

	return ade9000_write(st, ADE9000_REG_MASK0, mask);
}

/**
 * ade9000_check_running() - are the results that were just read of this world?
 * @st:		chip; the caller holds the lock
 *
 * A chip that has lost its configuration answers, but measures nothing. It is
 * looked after at once.
 *
 * Return: 0, -EAGAIN if they are not, or an error of ade9000_read().
 */
int ade9000_check_running(struct ade9000 *st)
{
	u32 run;
	int ret;

	ret = ade9000_read(st, ADE9000_REG_RUN, &run);
	if (ret)
		return ret;

	if (run && cityhub_raw_ns() >= st->settled_ns)
		return 0;

	cityhub_member_count(st->member, CITYHUB_COUNT_INVALID, 1);
	if (!run)
		mod_delayed_work(system_wq, &st->watch, 0);
	return -EAGAIN;
}

/**
 * ade9000_wait_settled() - wait until results after a start are good
 * @st:		chip
 * @more_ns:	how much longer those wait that are made of settled ones
 */
void ade9000_wait_settled(struct ade9000 *st, s64 more_ns)
{
	s64 wait_ns;

	scoped_guard(mutex, &st->lock)
		wait_ns = st->settled_ns + more_ns - cityhub_raw_ns();

	if (wait_ns > 0)
		fsleep(div_u64(wait_ns, NSEC_PER_USEC) + 1);
}

static int ade9000_wait_ready(struct ade9000 *st)
{
	unsigned int tries;
	u32 status;

	for (tries = 0; tries < ADE9000_READY_TRIES; tries++) {
		fsleep(ADE9000_READY_US);
		if (!ade9000_read(st, ADE9000_REG_STATUS1, &status) &&
		    status & ADE9000_STATUS1_RSTDONE)
			return ade9000_write(st, ADE9000_REG_STATUS1,
					     ADE9000_STATUS1_RSTDONE);
	}

	return -ETIMEDOUT;
}

static int ade9000_reset(struct ade9000 *st)
{
	int ret;

	if (st->reset) {
		gpiod_set_value_cansleep(st->reset, 1);
		fsleep(ADE9000_RESET_US);
		gpiod_set_value_cansleep(st->reset, 0);
	} else {
		ret = ade9000_write(st, ADE9000_REG_CONFIG1,
				    ADE9000_CONFIG1_SWRST);
		if (ret)
			return ret;
	}

	return ade9000_wait_ready(st);
}

static int ade9000_configure(struct ade9000 *st)
{
	const struct {
		u16 reg;
		u32 val;
	} config[] = {
		{
			ADE9000_REG_PGA_GAIN,
			ilog2(st->board.current_gain) * ADE9000_PGA_CURRENTS |
			ilog2(st->board.voltage_gain) * ADE9000_PGA_VOLTAGES
		},
		{ ADE9000_REG_VLEVEL, ADE9000_VLEVEL_VALUE },
		{
			ADE9000_REG_ACCMODE,
			FIELD_PREP(ADE9000_ACCMODE_VCONSEL, st->wiring) |
			(st->mains_60hz ? ADE9000_ACCMODE_60HZ : 0)
		},
		{ ADE9000_REG_SEQ_CYC, ADE9000_SEQ_CYC_VALUE },
		{ ADE9000_REG_EGY_TIME, ADE9000_EGY_TIME_VALUE },
		{ ADE9000_REG_CONFIG1, ADE9000_CONFIG1_EDGES },
		{ ADE9000_REG_RUN, 1 },
		{
			ADE9000_REG_EP_CFG,
			ADE9000_EP_CFG_PWR_EN
		},
	};
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(config); i++) {
		ret = ade9000_write_checked(st, config[i].reg, config[i].val);
		if (ret)
			return ret;
	}

	ret = ade9000_calib_configure(st);
	if (ret)
		return ret;

	ret = ade9000_events_configure(st);
	if (ret)
		return ret;

	st->settled_ns = cityhub_raw_ns() + ADE9000_SETTLE_NS;
	return ade9000_write_mask0(st);
}

static int ade9000_start(struct ade9000 *st)
{
	int ret;

	ret = ade9000_reset(st);
	if (ret)
		return ret;

	ret = ade9000_configure(st);
	if (ret)
		return ret;

	ade9000_meter_restart(st->meter);
	return 0;
}

static void ade9000_stop(void *data)
{
	struct ade9000 *st = data;

	guard(mutex)(&st->lock);
	ade9000_write(st, ADE9000_REG_MASK0, 0);
	ade9000_write(st, ADE9000_REG_MASK1, 0);
	ade9000_write(st, ADE9000_REG_RUN, 0);
}

/* Another chip of the family may well work: say so and go on. */
static int ade9000_identify(struct ade9000 *st)
{
	u32 version;
	int ret;

	ret = ade9000_read(st, ADE9000_REG_VERSION, &version);
	if (ret)
		return ret;

	if ((version & ADE9000_VERSION_MASK) != ADE9000_VERSION_ID)
		dev_warn(&st->spi->dev, "unknown version 0x%04x\n", version);

	return 0;
}

/* Returns false when none of the interrupts in use is pending. */
static bool ade9000_serve(struct ade9000 *st, s64 irq_ns)
{
	u32 status;

	if (ade9000_read(st, ADE9000_REG_STATUS0, &status)) {
		st->late = true;
		fsleep(ADE9000_BUS_REST_US);
		return true;
	}

	status &= ADE9000_STATUS0_EGYRDY | ADE9000_STATUS0_PAGE_FULL;
	if (!status)
		return false;

	/*
	 * With two causes, or after a service that failed, nobody knows what
	 * the instant belongs to.
	 */
	if (status & ADE9000_STATUS0_EGYRDY || st->late)
		irq_ns = 0;

	/* Cleared first: a page filled from now on interrupts again. */
	st->late = ade9000_write(st, ADE9000_REG_STATUS0, status);
	if (status & ADE9000_STATUS0_PAGE_FULL && ade9000_wave_on(st->wave))
		ade9000_wave_service(st->wave, irq_ns);
	if (status & ADE9000_STATUS0_EGYRDY)
		ade9000_meter_service(st->meter);

	return true;
}

static irqreturn_t ade9000_irq0(int irq, void *data)
{
	struct ade9000 *st = data;

	st->irq_ns = cityhub_raw_ns();
	return IRQ_WAKE_THREAD;
}

/* Returns whether the line seems to be stuck. */
static bool ade9000_serve_irq0(struct ade9000 *st)
{
	guard(mutex)(&st->lock);
	if (ade9000_serve(st, st->irq_ns)) {
		st->idle = 0;
		return false;
	}

	/* Low for no reason it was low for longer than anybody knows. */
	st->late = true;
	return ++st->idle > ADE9000_IDLE_MAX;
}

/*
 * A line nobody can release must not take the processor. The core is not told
 * that the interrupt is of nobody, for it would switch the line off for good.
 */
static irqreturn_t ade9000_irq0_thread(int irq, void *data)
{
	if (ade9000_serve_irq0(data))
		fsleep(ADE9000_BUS_REST_US);

	return IRQ_HANDLED;
}

/* After a reset the chip is silent: no measurement, no interrupt on IRQ0. */
static bool ade9000_was_reset(struct ade9000 *st, u32 *status)
{
	u32 run;

	*status = 0;
	if (ade9000_read(st, ADE9000_REG_RUN, &run) ||
	    ade9000_read(st, ADE9000_REG_STATUS1, status))
		return false;

	return !run || *status & (ADE9000_STATUS1_RSTDONE |
				  ADE9000_STATUS1_ERRORS);
}

static void ade9000_restore(struct ade9000 *st)
{
	int ret;

	cityhub_member_count(st->member, CITYHUB_COUNT_INVALID, 1);
	ret = ade9000_start(st);
	if (!ret && ade9000_wave_on(st->wave))
		ret = ade9000_wave_restart(st->wave);

	st->broken = ret;
	if (ret)
		dev_err_ratelimited(&st->spi->dev,
				    "chip was reset and cannot be restored: %d\n",
				    ret);
	else
		dev_warn_ratelimited(&st->spi->dev,
				     "chip was reset, configuration restored\n");
}

/* Returns false when the chip had to be restored. */
static bool ade9000_check(struct ade9000 *st, u32 *status)
{
	if (!ade9000_was_reset(st, status) && !st->broken)
		return true;

	ade9000_restore(st);
	return false;
}

static irqreturn_t ade9000_irq1(int irq, void *data)
{
	struct ade9000 *st = data;

	st->event_ns = iio_get_time_ns(st->meter_dev);
	return IRQ_WAKE_THREAD;
}

static bool ade9000_serve_irq1(struct ade9000 *st)
{
	u32 status;

	guard(mutex)(&st->lock);
	return ade9000_check(st, &status) &&
	       ade9000_events_serve(st, status, st->event_ns);
}

/* A line nobody can release must not take the processor. */
static irqreturn_t ade9000_irq1_thread(int irq, void *data)
{
	if (!ade9000_serve_irq1(data))
		fsleep(ADE9000_BUS_REST_US);

	return IRQ_HANDLED;
}

/* What no interrupt has told: none may have come, or the line is not there. */
static void ade9000_look(struct ade9000 *st)
{
	s64 event_ns = iio_get_time_ns(st->meter_dev);
	s64 now = cityhub_raw_ns();
	u32 status;

	guard(mutex)(&st->lock);
	if (!ade9000_check(st, &status))
		return;

	ade9000_events_serve(st, status, event_ns);
	ade9000_events_watch(st, status, event_ns, now >= st->settled_ns);
	if (ade9000_wave_stale(st->wave, now) ||
	    ade9000_meter_stale(st->meter, now))
		ade9000_serve(st, 0);
}

static void ade9000_watch(struct work_struct *work)
{
	struct ade9000 *st = container_of(to_delayed_work(work),
					  struct ade9000, watch);

	ade9000_look(st);
	schedule_delayed_work(&st->watch, ADE9000_WATCH_JIFFIES);
}

static int ade9000_request_irq(struct ade9000 *st, int irq, irq_handler_t hard,
			       irq_handler_t thread, const char *name)
{
	struct device *dev = &st->spi->dev;
	int ret;

	ret = cityhub_irq_require_level(dev, irq);
	if (ret)
		return ret;

	ret = devm_request_threaded_irq(dev, irq, hard, thread, IRQF_ONESHOT,
					name, st);
	if (ret)
		return dev_err_probe(dev, ret, "interrupt %s\n", name);

	return 0;
}

static int ade9000_request_irqs(struct ade9000 *st)
{
	struct device *dev = &st->spi->dev;
	int irq0 = fwnode_irq_get_byname(dev_fwnode(dev), "irq0");
	int irq1 = fwnode_irq_get_byname(dev_fwnode(dev), "irq1");
	int ret;

	if (irq0 == -EPROBE_DEFER || irq1 == -EPROBE_DEFER)
		return -EPROBE_DEFER;
	if (irq0 <= 0)
		irq0 = st->spi->irq;
	if (irq0 <= 0)
		return dev_err_probe(dev, -ENXIO, "no interrupt IRQ0\n");

	st->irq0 = irq0;
	ret = ade9000_request_irq(st, irq0, ade9000_irq0, ade9000_irq0_thread,
				  "ade9000-irq0");
	if (ret || irq1 <= 0)
		return ret;

	st->irq1 = irq1;
	return ade9000_request_irq(st, irq1, ade9000_irq1, ade9000_irq1_thread,
				   "ade9000-irq1");
}

/* In the order of VCONSEL: which voltages the chip makes of the others */
static const char * const ade9000_wirings[] = {
	"4-wire-wye",
	"3-wire-delta",			/* B is A - C */
	"4-wire-wye-non-blondel",	/* B is -A - C */
	"4-wire-delta-non-blondel",	/* B is -A */
	"3-wire-delta-line-to-line",	/* A - B, A - C, C - B */
};

static int ade9000_read_wiring(struct ade9000 *st)
{
	struct device *dev = &st->spi->dev;
	const char *name = ade9000_wirings[0];
	int wiring;

	device_property_read_string(dev, "adi,wiring", &name);
	wiring = match_string(ade9000_wirings, ARRAY_SIZE(ade9000_wirings),
			      name);
	if (wiring < 0)
		return dev_err_probe(dev, -EINVAL, "wiring %s is unknown\n",
				     name);

	st->wiring = wiring;
	return 0;
}

static bool ade9000_gain_valid(u32 gain)
{
	return gain == 1 || gain == 2 || gain == 4;
}

static int ade9000_read_board(struct ade9000 *st)
{
	struct ade9000_board *board = &st->board;
	struct device *dev = &st->spi->dev;
	u32 mains_hz = 50;

	*board = (struct ade9000_board) {
		.voltage_ratio = 801000,
		.current_ratio = 196078,
		.voltage_gain = 1,
		.current_gain = 1,
	};
	device_property_read_u32(dev, "adi,voltage-ratio-milli",
				 &board->voltage_ratio);
	device_property_read_u32(dev, "adi,current-ratio-milliamp-per-volt",
				 &board->current_ratio);
	device_property_read_u32(dev, "adi,voltage-pga-gain",
				 &board->voltage_gain);
	device_property_read_u32(dev, "adi,current-pga-gain",
				 &board->current_gain);
	device_property_read_u32(dev, "adi,line-frequency-hz", &mains_hz);

	if (!board->voltage_ratio || !board->current_ratio)
		return dev_err_probe(dev, -EINVAL, "a ratio is 0\n");
	if (!ade9000_gain_valid(board->voltage_gain) ||
	    !ade9000_gain_valid(board->current_gain))
		return dev_err_probe(dev, -EINVAL, "a PGA gain is not 1, 2 or 4\n");
	if (mains_hz != 50 && mains_hz != 60)
		return dev_err_probe(dev, -EINVAL,
				     "line frequency is not 50 or 60 Hz\n");

	st->mains_60hz = mains_hz == 60;
	ade9000_scale(board, &st->scales);
	return ade9000_read_wiring(st);
}

static int ade9000_power_up(struct ade9000 *st)
{
	struct device *dev = &st->spi->dev;
	int ret;

	ret = devm_regulator_get_enable(dev, "vdd");
	if (ret)
		return dev_err_probe(dev, ret, "supply vdd\n");

	st->reset = devm_gpiod_get_optional(dev, "reset", GPIOD_OUT_LOW);
	if (IS_ERR(st->reset))
		return dev_err_probe(dev, PTR_ERR(st->reset), "reset line\n");

	guard(mutex)(&st->lock);
	ret = ade9000_start(st);
	if (ret)
		return dev_err_probe(dev, ret, "chip does not start\n");

	return ade9000_identify(st);
}

static int ade9000_setup_spi(struct spi_device *spi)
{
	spi->bits_per_word = 8;
	if (spi->max_speed_hz > ADE9000_SPI_MAX_HZ)
		spi->max_speed_hz = ADE9000_SPI_MAX_HZ;

	return spi_setup(spi);
}

static int ade9000_alloc(struct ade9000 *st)
{
	int ret;

	ret = devm_mutex_init(&st->spi->dev, &st->lock);
	if (ret)
		return ret;

	ret = ade9000_read_board(st);
	if (ret)
		return ret;

	ret = ade9000_meter_alloc(st);
	if (ret)
		return ret;

	return ade9000_wave_alloc(st);
}

static int ade9000_probe(struct spi_device *spi)
{
	struct device *dev = &spi->dev;
	struct ade9000 *st;
	int ret;

	ret = ade9000_setup_spi(spi);
	if (ret)
		return dev_err_probe(dev, ret, "SPI setup\n");

	st = devm_kzalloc(dev, sizeof(*st), GFP_KERNEL);
	if (!st)
		return -ENOMEM;

	st->spi = spi;
	spi_set_drvdata(spi, st);
	ade9000_events_init(st);
	ret = ade9000_alloc(st);
	if (ret)
		return ret;

	ret = ade9000_power_up(st);
	if (ret)
		return ret;

	ret = devm_add_action_or_reset(dev, ade9000_stop, st);
	if (ret)
		return ret;

	ret = ade9000_request_irqs(st);
	if (ret)
		return ret;

	ret = devm_delayed_work_autocancel(dev, &st->watch, ade9000_watch);
	if (ret)
		return ret;

	schedule_delayed_work(&st->watch, ADE9000_WATCH_JIFFIES);
	ret = ade9000_meter_register(st);
	if (ret)
		return ret;

	return ade9000_wave_register(st);
}

static int ade9000_suspend(struct device *dev)
{
	struct ade9000 *st = dev_get_drvdata(dev);

	disable_irq(st->irq0);
	if (st->irq1)
		disable_irq(st->irq1);
	cancel_delayed_work_sync(&st->watch);
	st->slept_ns = cityhub_slept_ns();
	return 0;
}

/* What fails here the watch makes good. */
static void ade9000_wake(struct ade9000 *st)
{
	s64 slept_ns = cityhub_slept_ns() - st->slept_ns;
	u32 status;

	guard(mutex)(&st->lock);
	st->settled_ns -= slept_ns;
	ade9000_meter_slept(st->meter, slept_ns);
	ade9000_wave_slept(st->wave, slept_ns);
	/* The line may be low for long: it is no instant to learn from. */
	st->late = true;
	if (ade9000_check(st, &status) && ade9000_wave_on(st->wave) &&
	    ade9000_wave_restart(st->wave))
		st->broken = true;
}

static int ade9000_resume(struct device *dev)
{
	struct ade9000 *st = dev_get_drvdata(dev);

	ade9000_wake(st);
	enable_irq(st->irq0);
	if (st->irq1)
		enable_irq(st->irq1);
	schedule_delayed_work(&st->watch, ADE9000_WATCH_JIFFIES);
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(ade9000_pm_ops, ade9000_suspend, ade9000_resume);

static const struct spi_device_id ade9000_ids[] = {
	{ "ade9000" },
	{ }
};
MODULE_DEVICE_TABLE(spi, ade9000_ids);

static const struct of_device_id ade9000_of_ids[] = {
	{ .compatible = "adi,ade9000" },
	{ }
};
MODULE_DEVICE_TABLE(of, ade9000_of_ids);

static struct spi_driver ade9000_driver = {
	.driver = {
		/* Since 6.18 the kernel has a driver named ade9000. */
		.name = "cityhub-ade9000",
		.of_match_table = ade9000_of_ids,
		.pm = pm_sleep_ptr(&ade9000_pm_ops),
	},
	.id_table = ade9000_ids,
	.probe = ade9000_probe,
};
module_spi_driver(ade9000_driver);

MODULE_AUTHOR("cityhub developers");
MODULE_DESCRIPTION("cityhub: Analog Devices ADE9000 energy and waveform driver");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CITYHUB");
