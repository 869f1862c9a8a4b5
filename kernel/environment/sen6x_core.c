// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sensirion SEN5x and SEN6x: commands, start and stop, probe, power.
 *
 * The chip measures from probe to removal. The gas index algorithms learn for
 * hours, NOx and CO2 are unknown for the first seconds after a start and the
 * fan needs up to half a minute: a start per reading would only ever give the
 * values of a cold chip. Who has to save power sets an autosuspend delay, which
 * is off at first.
 *
 * Words the chip declares unknown are -ENODATA in direct reads. A buffer has
 * no place for that: there they are 0xffff in unsigned and 0x7fff in signed
 * words.
 *
 * What can be set while the chip idles only stops it, and starts it again. A
 * start may have to wait for the chip to rest; a work does it then, and until
 * then the device is busy.
 */
#include <linux/array_size.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/iio/iio.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/pm.h>
#include <linux/pm_runtime.h>
#include <linux/regulator/consumer.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/workqueue.h>

#include <cityhub/member.h>

#include "sen6x.h"

/* Time from power to the first command (datasheet SEN6x, table 3.1). */
#define SEN6X_POWER_UP_MS	100
/* A busy chip does not acknowledge; try that often, a command's time apart. */
#define SEN6X_TRIES		3
/* The timer slack of that wait. */
#define SEN6X_SLACK_US		50
/* When a start fails; as often as the chip would sample. */
#define SEN6X_START_AGAIN_MS	1000

static void sen6x_wait(unsigned int ms)
{
	/* Not fsleep(), which may take twice that: brackets are made of it. */
	if (ms == SEN6X_ANSWER_MS)
		usleep_range(ms * USEC_PER_MSEC,
			     ms * USEC_PER_MSEC + SEN6X_SLACK_US);
	else
		fsleep(ms * USEC_PER_MSEC);
}

static int sen6x_exchange_once(struct sen6x *st,
			       const struct sen6x_request *rq)
{
	int ret;

	guard(mutex)(&st->lock);
	ret = st->bus->send(st->dev, rq->command, rq->args, rq->num_args);
	if (ret)
		return ret;

	sen6x_wait(rq->ms);
	if (!rq->num_answer)
		return 0;

	return st->bus->receive(st->dev, rq->answer, rq->num_answer);
}

/*
 * Ask, and ask again when the chip was busy or a checksum wrong. Every failed
 * try is counted.
 */
int sen6x_exchange(struct sen6x *st, const struct sen6x_request *rq)
{
	unsigned int try;
	int ret;

	for (try = 0; try < (rq->once ? 1 : SEN6X_TRIES); try++) {
		if (try)
			fsleep(SEN6X_ANSWER_MS * USEC_PER_MSEC);
		ret = sen6x_exchange_once(st, rq);
		if (!ret)
			return 0;
		cityhub_member_count(st->member, ret == -EBADMSG ?
				     CITYHUB_COUNT_CRC_ERROR :
				     CITYHUB_COUNT_BUS_ERROR, 1);
	}

	dev_warn_ratelimited(st->dev, "command %#06x failed: %d\n", rq->command,
			     ret);
	return ret;
}

int sen6x_query(struct sen6x *st, u16 command, u16 *words, unsigned int count)
{
	const struct sen6x_request rq = {
		.command = command, .ms = SEN6X_ANSWER_MS,
		.answer = words, .num_answer = count,
	};

	return sen6x_exchange(st, &rq);
}

int sen6x_read_status(struct sen6x *st, u16 command, u32 *status)
{
	u16 words[2];
	int ret;

	ret = sen6x_query(st, command, words, ARRAY_SIZE(words));
	if (ret)
		return ret;

	*status = (u32)words[0] << 16 | words[1];
	return 0;
}

/* Tell it all it was told before, and start it. */
static int sen6x_start(struct sen6x *st)
{
	static const struct sen6x_request rq = {
		.command = SEN6X_CMD_START, .ms = SEN6X_START_MS,
	};
	int ret;

	lockdep_assert_held(&st->mode_lock);
	ret = sen6x_settings_restore(st);
	if (ret)
		return ret;

	ret = sen6x_exchange(st, &rq);
	if (ret)
		return ret;

	st->started_ns = cityhub_raw_ns();
	WRITE_ONCE(st->measuring, true);
	return 0;
}

/* Stop the chip; nothing to do when it idles. It goes on when this fails. */
int sen6x_pause(struct sen6x *st)
{
	const struct sen6x_request rq = {
		.command = SEN6X_CMD_STOP, .ms = st->info->stop_ms,
	};
	int ret;

	lockdep_assert_held(&st->mode_lock);
	if (!st->measuring)
		return 0;

	if (sen6x_measures(st))
		sen6x_voc_save(st);

	ret = sen6x_exchange(st, &rq);
	if (ret)
		return ret;

	WRITE_ONCE(st->measuring, false);
	st->start_from_ns = cityhub_raw_ns() +
			    st->info->rest_ms * (s64)NSEC_PER_MSEC;
	return 0;
}

/*
 * Start the chip after a rest of @rest_ns at least. When it need not rest, the
 * error is that of the start, which is tried again later.
 */
int sen6x_proceed(struct sen6x *st, s64 rest_ns)
{
	s64 now = cityhub_raw_ns();
	int ret = 0;
	s64 rest;

	lockdep_assert_held(&st->mode_lock);
	if (st->measuring)
		return 0;

	st->start_from_ns = max(st->start_from_ns, now + rest_ns);
	rest = div_s64(st->start_from_ns - now, NSEC_PER_MSEC);
	if (rest <= 0) {
		ret = sen6x_start(st);
		if (!ret)
			return 0;
		rest = SEN6X_START_AGAIN_MS;
	}

	mod_delayed_work(system_wq, &st->starter, msecs_to_jiffies(rest) + 1);
	return ret;
}

static void sen6x_start_work(struct work_struct *work)
{
	struct sen6x *st = container_of(to_delayed_work(work), struct sen6x,
					starter);

	guard(mutex)(&st->mode_lock);
	sen6x_proceed(st, 0);
}

/* It idles though it should measure, and so it has forgotten everything. */
int sen6x_recover(struct sen6x *st)
{
	lockdep_assert_held(&st->mode_lock);
	cityhub_member_count(st->member, CITYHUB_COUNT_INVALID, 1);
	dev_warn_ratelimited(st->dev, "no data any more: measurement restarted\n");

	return sen6x_start(st);
}

static void sen6x_stop_action(void *data)
{
	struct sen6x *st = data;

	cancel_delayed_work_sync(&st->starter);
	guard(mutex)(&st->mode_lock);
	sen6x_pause(st);
}

static int sen6x_read_text(struct sen6x *st, u16 command, char *text)
{
	u16 words[SEN6X_TEXT_WORDS];
	const struct sen6x_request rq = {
		.command = command, .ms = SEN6X_TEXT_MS,
		.answer = words, .num_answer = SEN6X_TEXT_WORDS,
	};
	int ret;

	ret = sen6x_exchange(st, &rq);
	if (ret)
		return ret;

	sen6x_text(words, SEN6X_TEXT_WORDS, text);
	return 0;
}

static int sen6x_identify(struct sen6x *st)
{
	char text[SEN6X_TEXT_WORDS * sizeof(u16) + 1];
	int ret;

	ret = sen6x_read_text(st, SEN6X_CMD_NAME, text);
	if (ret)
		return dev_err_probe(st->dev, ret, "cannot read product name\n");

	if (!strstarts(text, st->info->product))
		dev_warn(st->dev, "product name \"%.32s\", expected %s\n", text,
			 st->info->product);

	ret = sen6x_read_text(st, SEN6X_CMD_SERIAL, text);
	if (ret)
		return dev_err_probe(st->dev, ret, "cannot read serial number\n");

	ret = sen6x_query(st, SEN6X_CMD_VERSION, &st->firmware, 1);
	if (ret)
		return dev_err_probe(st->dev, ret, "cannot read version\n");

	dev_dbg(st->dev, "serial number %.32s, firmware %u.%u\n", text,
		st->firmware >> 8, st->firmware & 0xff);
	return 0;
}

static int sen6x_power_on(struct sen6x *st)
{
	int ret;

	ret = regulator_enable(st->vdd);
	if (ret)
		return ret;

	st->powered = true;
	fsleep(SEN6X_POWER_UP_MS * USEC_PER_MSEC);
	return 0;
}

static void sen6x_power_off(void *data)
{
	struct sen6x *st = data;

	/* Not when it could not be switched on again after suspend. */
	if (st->powered)
		regulator_disable(st->vdd);
	st->powered = false;
}

/* It may measure from before; one that idles may refuse to stop. */
static void sen6x_stop_blindly(struct sen6x *st)
{
	scoped_guard(mutex, &st->lock)
		st->bus->send(st->dev, SEN6X_CMD_STOP, NULL, 0);
	fsleep(st->info->stop_ms * USEC_PER_MSEC);
	st->start_from_ns = cityhub_raw_ns() +
			    st->info->rest_ms * (s64)NSEC_PER_MSEC;
}

static int sen6x_power_up(struct sen6x *st)
{
	u32 status;
	int ret;

	st->vdd = devm_regulator_get(st->dev, "vdd");
	if (IS_ERR(st->vdd))
		return dev_err_probe(st->dev, PTR_ERR(st->vdd),
				     "cannot get vdd\n");

	ret = sen6x_power_on(st);
	if (ret)
		return dev_err_probe(st->dev, ret, "cannot enable vdd\n");

	ret = devm_add_action_or_reset(st->dev, sen6x_power_off, st);
	if (ret)
		return ret;

	sen6x_stop_blindly(st);
	ret = sen6x_identify(st);
	if (ret)
		return ret;

	ret = sen6x_read_status(st, SEN6X_CMD_CLEAR_STATUS, &status);
	if (ret)
		return dev_err_probe(st->dev, ret, "cannot clear status\n");

	return sen6x_settings_learn(st);
}

static int sen6x_begin(struct sen6x *st)
{
	int ret;

	ret = devm_add_action_or_reset(st->dev, sen6x_stop_action, st);
	if (ret)
		return ret;

	scoped_guard(mutex, &st->mode_lock)
		ret = sen6x_proceed(st, 0);
	if (ret)
		return dev_err_probe(st->dev, ret, "cannot start\n");

	ret = pm_runtime_set_active(st->dev);
	if (ret)
		return ret;

	/* Never, until user space sets power/autosuspend_delay_ms. */
	pm_runtime_set_autosuspend_delay(st->dev, -1);
	pm_runtime_use_autosuspend(st->dev);
	return devm_pm_runtime_enable(st->dev);
}

int sen6x_probe(struct device *dev, const struct sen6x_chip_info *info,
		const struct sen6x_bus_ops *bus)
{
	struct iio_dev *indio_dev;
	struct sen6x *st;
	int ret;

	indio_dev = devm_iio_device_alloc(dev, sizeof(*st));
	if (!indio_dev)
		return -ENOMEM;

	st = iio_priv(indio_dev);
	st->info = info;
	st->bus = bus;
	st->dev = dev;
	st->indio_dev = indio_dev;
	INIT_DELAYED_WORK(&st->starter, sen6x_start_work);
	dev_set_drvdata(dev, st);
	ret = devm_mutex_init(dev, &st->lock);
	if (ret)
		return ret;

	ret = devm_mutex_init(dev, &st->mode_lock);
	if (ret)
		return ret;

	indio_dev->name = info->name;
	indio_dev->info = info->iio_info;
	indio_dev->modes = INDIO_DIRECT_MODE;
	indio_dev->channels = info->channels;
	indio_dev->num_channels = info->num_channels;

	st->member = devm_cityhub_member_register(indio_dev, CITYHUB_MODE_FREE);
	if (IS_ERR(st->member))
		return dev_err_probe(dev, PTR_ERR(st->member),
				     "cannot become a member\n");

	ret = sen6x_power_up(st);
	if (ret)
		return ret;

	ret = sen6x_begin(st);
	if (ret)
		return ret;

	ret = sen6x_buffer_setup(st);
	if (ret)
		return dev_err_probe(dev, ret, "cannot set up the buffer\n");

	return devm_iio_device_register(dev, indio_dev);
}

static int sen6x_suspend(struct device *dev)
{
	struct sen6x *st = dev_get_drvdata(dev);
	int ret;

	sen6x_polling_stop(st);
	cancel_delayed_work_sync(&st->starter);
	guard(mutex)(&st->mode_lock);
	/*
	 * One that does not answer need not keep the system awake. An error
	 * would: without a call of resume, and so without polling.
	 */
	ret = sen6x_pause(st);
	if (ret)
		dev_warn(dev, "cannot stop measuring: %d\n", ret);

	WRITE_ONCE(st->measuring, false);
	sen6x_power_off(st);
	return 0;
}

static int sen6x_resume(struct device *dev)
{
	struct sen6x *st = dev_get_drvdata(dev);
	int ret;

	ret = sen6x_power_on(st);
	if (ret)
		return ret;

	/* One that does not start now is started later. */
	scoped_guard(mutex, &st->mode_lock)
		if (!pm_runtime_status_suspended(dev))
			sen6x_proceed(st, 0);

	return iio_buffer_enabled(st->indio_dev) ? sen6x_polling_start(st) : 0;
}

/*
 * The core keeps an error, and answers all that follows with it, until the
 * driver is bound anew. This one it forgets, and tries again after the delay.
 */
static int sen6x_runtime_suspend(struct device *dev)
{
	struct sen6x *st = dev_get_drvdata(dev);

	cancel_delayed_work_sync(&st->starter);
	guard(mutex)(&st->mode_lock);
	if (!sen6x_pause(st))
		return 0;

	pm_runtime_mark_last_busy(dev);
	return -EBUSY;
}

/* One that does not start now is started later, and busy until then. */
static int sen6x_runtime_resume(struct device *dev)
{
	struct sen6x *st = dev_get_drvdata(dev);

	guard(mutex)(&st->mode_lock);
	sen6x_proceed(st, 0);

	return 0;
}

const struct dev_pm_ops sen6x_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(sen6x_suspend, sen6x_resume)
	RUNTIME_PM_OPS(sen6x_runtime_suspend, sen6x_runtime_resume, NULL)
};
