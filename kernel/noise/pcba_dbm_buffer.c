// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCBA-DBM: the buffer, and who looks at the history when.
 *
 * A thread polls around the instant the next batch is due. The interrupt at 90
 * entries and a reader that flushes find entries as well; all three drain the
 * history in the same way, and whoever comes late finds nothing.
 */
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/i2c.h>
#include <linux/iio/buffer.h>
#include <linux/iio/iio.h>
#include <linux/iio/kfifo_buf.h>
#include <linux/iio/sysfs.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/pm.h>
#include <linux/sysfs.h>
#include <linux/time64.h>

#include <cityhub/irq.h>
#include <cityhub/member.h>
#include <cityhub/poll.h>

#include "pcba_dbm.h"

/* A late wake-up costs the bracket of a batch. */
#define PCBA_DBM_SLACK_NS	(50 * NSEC_PER_USEC)
/* After lock a batch may cost so many polls, at least so far apart. */
#define PCBA_DBM_POLLS		5
#define PCBA_DBM_POLL_GAP_NS	(250 * NSEC_PER_USEC)
/* After a reset the first level takes about a second (manual). */
#define PCBA_DBM_SETTLE_NS	NSEC_PER_SEC
/* So long after entry 90 the interrupt should have been served. */
#define PCBA_DBM_IRQ_GRACE_NS	(20 * NSEC_PER_MSEC)
/* Of an interrupt that could not be served. */
#define PCBA_DBM_IRQ_REST_MS	100

/* The next batch cannot be there before, give or take pcba_dbm_uncertain(). */
static s64 pcba_dbm_due(const struct pcba_dbm *st)
{
	return st->newest_ns + pcba_dbm_period(st) * pcba_dbm_wanted(st);
}

static bool pcba_dbm_predicts(const struct pcba_dbm *st)
{
	return cityhub_stamp_bound_ns(&st->stamp) != U32_MAX;
}

/*
 * When the polls for the next batch begin: early enough to bracket it, unless
 * it is known better than by any poll, or an interrupt will tell of it.
 */
static s64 pcba_dbm_polls_from(const struct pcba_dbm *st)
{
	s64 uncertain = pcba_dbm_uncertain(st);
	s64 due = pcba_dbm_due(st);

	if (st->known + pcba_dbm_wanted(st) == PCBA_DBM_HISTORY_FILL)
		return due + uncertain + PCBA_DBM_IRQ_GRACE_NS;
	if (cityhub_stamp_bound_ns(&st->stamp) < st->poll_ns / 8)
		return due + uncertain;

	return due - uncertain - st->poll_ns;
}

static bool pcba_dbm_is_silent(const struct pcba_dbm *st)
{
	s64 patience = pcba_dbm_period(st) * (pcba_dbm_wanted(st) + 3) +
		       PCBA_DBM_SETTLE_NS;

	return cityhub_raw_ns() - st->alive_ns > patience;
}

/*
 * When to look again for a batch that is not there. The polls of a batch are
 * spread over the time in which it may come.
 */
static s64 pcba_dbm_again(const struct pcba_dbm *st)
{
	s64 uncertain = pcba_dbm_uncertain(st);
	s64 now = cityhub_raw_ns();

	if (!pcba_dbm_predicts(st) || now > pcba_dbm_due(st) + uncertain)
		return now + pcba_dbm_search_ns(st);

	return now + max_t(s64, div_s64(2 * uncertain, PCBA_DBM_POLLS - 1),
			   PCBA_DBM_POLL_GAP_NS);
}

/* One visit to the history; returns the instant of the next one. */
static s64 pcba_dbm_visit(struct pcba_dbm *st)
{
	s64 wake, receipt;
	u32 len;
	int ret;

	/* A clear that failed; what it may cost shows at the next entry. */
	if (st->known >= PCBA_DBM_HISTORY_FILL && pcba_dbm_clear(st))
		return cityhub_raw_ns() + pcba_dbm_search_ns(st);

	/* Somebody else may have taken the entries this visit was for. */
	wake = pcba_dbm_polls_from(st);
	if (pcba_dbm_predicts(st) && wake > cityhub_raw_ns())
		return wake;

	len = st->known + pcba_dbm_wanted(st);
	ret = pcba_dbm_look(st, len, &receipt);
	if (ret > 0)
		ret = pcba_dbm_drain(st, len, receipt, CITYHUB_STAMP_POLL);
	if (ret > 0)
		return pcba_dbm_polls_from(st);

	if (pcba_dbm_is_silent(st))
		pcba_dbm_recover(st);

	return pcba_dbm_again(st);
}

static void pcba_dbm_sleep_until(s64 raw_ns)
{
	s64 left = raw_ns - cityhub_raw_ns();
	ktime_t delay;

	/* Timers run by another clock: look again before a long sleep ends. */
	if (left > NSEC_PER_SEC)
		left -= left / 16;

	delay = ns_to_ktime(left);
	set_current_state(TASK_IDLE);
	if (!kthread_should_stop() && left > 0)
		schedule_hrtimeout_range(&delay, PCBA_DBM_SLACK_NS,
					 HRTIMER_MODE_REL);
	__set_current_state(TASK_RUNNING);
}

/*
 * A thread of its own: timers of works are exact to some per cent of the delay
 * only, which is more than the bracket of a batch.
 */
static int pcba_dbm_watch(void *data)
{
	struct pcba_dbm *st = data;
	s64 next = cityhub_raw_ns();
	bool fifo = false;
	s64 took = 0;
	s64 begin;

	while (!kthread_should_stop()) {
		cityhub_poll_priority(&fifo, took,
				      (s64)st->tavg_ms * NSEC_PER_MSEC);
		pcba_dbm_sleep_until(next);
		begin = cityhub_raw_ns();
		if (begin < next)
			continue;

		guard(mutex)(&st->lock);
		next = pcba_dbm_visit(st);
		took = cityhub_raw_ns() - begin;
	}

	return 0;
}

static irqreturn_t pcba_dbm_irq(int irq, void *data)
{
	struct pcba_dbm *st = data;

	/* The line stays masked until the thread is done, and so does this. */
	st->irq_ns = cityhub_raw_ns();
	return IRQ_WAKE_THREAD;
}

/* Serve the interrupt; an error when the line may still be asserted. */
static int pcba_dbm_serve(struct pcba_dbm *st)
{
	s64 receipt;
	int ret;

	if (!st->running)
		return pcba_dbm_serve_threshold(st);

	/* The watch was faster: so soon after a clear nothing can be full. */
	if (st->irq_ns - st->clear_ns < pcba_dbm_period(st))
		return pcba_dbm_write(st, PCBA_DBM_RESET, PCBA_DBM_RESET_IRQ);

	if (st->known >= PCBA_DBM_HISTORY_FILL)
		return pcba_dbm_clear(st);

	ret = pcba_dbm_look(st, PCBA_DBM_HISTORY_FILL, &receipt);
	if (ret < 0)
		return ret;
	if (ret)
		return pcba_dbm_drain(st, PCBA_DBM_HISTORY_FILL, st->irq_ns,
				      CITYHUB_STAMP_IRQ);

	cityhub_member_count(st->member, CITYHUB_COUNT_INVALID, 1);
	dev_warn_ratelimited(&st->client->dev, "interrupt without a full history\n");
	return pcba_dbm_write(st, PCBA_DBM_RESET, PCBA_DBM_RESET_IRQ) ?: -EPROTO;
}

static irqreturn_t pcba_dbm_irq_thread(int irq, void *data)
{
	struct pcba_dbm *st = data;
	bool storm;

	scoped_guard(mutex, &st->lock) {
		/* There is no reason for one before the next level. */
		storm = st->irq_ns - st->served_ns < pcba_dbm_nominal_ns(st) / 2;
		storm |= pcba_dbm_serve(st) < 0;
	}

	/* The line is low as long as the module is not served. */
	if (storm)
		msleep(PCBA_DBM_IRQ_REST_MS);
	st->served_ns = cityhub_raw_ns();

	return IRQ_HANDLED;
}

int pcba_dbm_set_watermark(struct iio_dev *indio_dev, unsigned int watermark)
{
	struct pcba_dbm *st = iio_priv(indio_dev);

	guard(mutex)(&st->lock);
	st->watermark = clamp(watermark, 1, PCBA_DBM_HISTORY_FILL);
	return 0;
}

/*
 * A reader wants what is there. One byte tells whether anything is; the whole
 * batch is taken then, @count only says how much room the reader has.
 */
int pcba_dbm_flush(struct iio_dev *indio_dev, unsigned int count)
{
	struct pcba_dbm *st = iio_priv(indio_dev);
	s64 receipt;
	int ret;

	guard(mutex)(&st->lock);
	if (!st->running || st->known >= PCBA_DBM_HISTORY_FILL)
		return 0;

	ret = pcba_dbm_look(st, st->known + 1, &receipt);
	if (ret <= 0)
		return ret;

	return pcba_dbm_drain(st, st->known + 1, receipt, CITYHUB_STAMP_POLL);
}

static int pcba_dbm_preenable(struct iio_dev *indio_dev)
{
	struct pcba_dbm *st = iio_priv(indio_dev);

	guard(mutex)(&st->lock);
	if (st->tavg_ms < PCBA_DBM_BUFFER_TAVG_MIN_MS) {
		dev_err(&st->client->dev, "the buffer needs an averaging time of at least %u ms\n",
			PCBA_DBM_BUFFER_TAVG_MIN_MS);
		return -EINVAL;
	}

	return 0;
}

static void pcba_dbm_prepare(struct pcba_dbm *st)
{
	struct cityhub_stamp_config config = {
		.period_ns = (u64)st->tavg_ms * NSEC_PER_MSEC,
		.tolerance_ppm = PCBA_DBM_TOLERANCE_PPM,
	};

	cityhub_stamp_init(&st->stamp, &config);
	st->newest_ns = 0;
	st->poll_ns = PCBA_DBM_POLL_GAP_NS;
	st->alive_ns = cityhub_raw_ns();
}

static int pcba_dbm_run(struct pcba_dbm *st)
{
	struct task_struct *watch;

	watch = kthread_run(pcba_dbm_watch, st, "%s", dev_name(&st->client->dev));
	if (IS_ERR(watch))
		return PTR_ERR(watch);

	st->watch = watch;
	return 0;
}

/* The interrupt becomes that of the history. */
static int pcba_dbm_begin(struct pcba_dbm *st)
{
	int ret;

	/* It may have been reset while nobody looked. */
	ret = pcba_dbm_revive(st);
	if (ret && ret != -ENODATA)
		return ret;

	pcba_dbm_prepare(st);
	st->running = true;
	ret = pcba_dbm_arm(st) ?: pcba_dbm_run(st);
	if (ret) {
		st->running = false;
		pcba_dbm_write_mode(st);
	}

	return ret;
}

static void pcba_dbm_stop(struct pcba_dbm *st)
{
	/* No flush begins from here on. */
	scoped_guard(mutex, &st->lock) {
		/* A resume that failed has left it stopped. */
		if (!st->running)
			return;
		st->running = false;
	}
	kthread_stop(st->watch);

	/* A module that does not listen any more must not keep the buffer on. */
	scoped_guard(mutex, &st->lock) {
		pcba_dbm_write_mode(st);
		pcba_dbm_clear(st);
	}
	pcba_dbm_listen(st);
}

static int pcba_dbm_postenable(struct iio_dev *indio_dev)
{
	struct pcba_dbm *st = iio_priv(indio_dev);
	int ret;

	cityhub_member_start(st->member);

	scoped_guard(mutex, &st->lock)
		ret = pcba_dbm_begin(st);
	pcba_dbm_listen(st);

	return ret;
}

static int pcba_dbm_predisable(struct iio_dev *indio_dev)
{
	pcba_dbm_stop(iio_priv(indio_dev));
	return 0;
}

static int pcba_dbm_postdisable(struct iio_dev *indio_dev)
{
	struct pcba_dbm *st = iio_priv(indio_dev);

	cityhub_member_stop(st->member);
	return 0;
}

static const struct iio_buffer_setup_ops pcba_dbm_buffer_ops = {
	.preenable = pcba_dbm_preenable,
	.postenable = pcba_dbm_postenable,
	.predisable = pcba_dbm_predisable,
	.postdisable = pcba_dbm_postdisable,
};

static int pcba_dbm_suspend(struct device *dev)
{
	struct pcba_dbm *st = dev_get_drvdata(dev);

	if (iio_buffer_enabled(st->indio_dev)) {
		/* What is in the history would be lost and not counted. */
		pcba_dbm_flush(st->indio_dev, 0);
		pcba_dbm_stop(st);
	}
	/* Nor may thresholds be served, when the bus is asleep. */
	scoped_guard(mutex, &st->lock)
		st->asleep = true;
	if (st->client->irq > 0)
		pcba_dbm_listen(st);

	return 0;
}

/* What fails here shows as silence, and the watch recovers then. */
static int pcba_dbm_begin_again(struct pcba_dbm *st)
{
	int ret;

	pcba_dbm_prepare(st);
	ret = pcba_dbm_run(st);
	if (ret)
		return ret;

	st->running = true;
	if (!pcba_dbm_restore(st))
		pcba_dbm_arm(st);
	return 0;
}

/* The module may have lost its settings with its power. */
static int pcba_dbm_resume(struct device *dev)
{
	struct pcba_dbm *st = dev_get_drvdata(dev);
	int ret;

	scoped_guard(mutex, &st->lock) {
		st->asleep = false;
		if (iio_buffer_enabled(st->indio_dev))
			ret = pcba_dbm_begin_again(st);
		else
			ret = pcba_dbm_restore(st);
	}
	if (st->client->irq > 0)
		pcba_dbm_listen(st);

	return ret;
}

DEFINE_SIMPLE_DEV_PM_OPS(pcba_dbm_pm_ops, pcba_dbm_suspend, pcba_dbm_resume);

static ssize_t hwfifo_watermark_show(struct device *dev,
				     struct device_attribute *attr, char *buf)
{
	struct pcba_dbm *st = iio_priv(dev_to_iio_dev(dev));

	guard(mutex)(&st->lock);
	return sysfs_emit(buf, "%u\n", st->watermark);
}

static ssize_t hwfifo_enabled_show(struct device *dev,
				   struct device_attribute *attr, char *buf)
{
	struct pcba_dbm *st = iio_priv(dev_to_iio_dev(dev));

	guard(mutex)(&st->lock);
	return sysfs_emit(buf, "%d\n", st->running);
}

static ssize_t hwfifo_watermark_min_show(struct device *dev,
					 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "1\n");
}

static ssize_t hwfifo_watermark_max_show(struct device *dev,
					 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", PCBA_DBM_HISTORY_FILL);
}

static IIO_DEVICE_ATTR_RO(hwfifo_watermark, 0);
static IIO_DEVICE_ATTR_RO(hwfifo_enabled, 0);
static IIO_DEVICE_ATTR_RO(hwfifo_watermark_min, 0);
static IIO_DEVICE_ATTR_RO(hwfifo_watermark_max, 0);

static const struct iio_dev_attr *pcba_dbm_fifo_attributes[] = {
	&iio_dev_attr_hwfifo_watermark,
	&iio_dev_attr_hwfifo_enabled,
	&iio_dev_attr_hwfifo_watermark_min,
	&iio_dev_attr_hwfifo_watermark_max,
	NULL
};

int pcba_dbm_buffer_setup(struct pcba_dbm *st)
{
	struct device *dev = &st->client->dev;
	int ret;

	st->watermark = 1;

	ret = cityhub_irq_require_level(dev, st->client->irq);
	if (ret)
		return ret;

	ret = devm_iio_kfifo_buffer_setup_ext(dev, st->indio_dev,
					      &pcba_dbm_buffer_ops,
					      pcba_dbm_fifo_attributes);
	if (ret)
		return ret;

	/* Polarity and type of the line are the firmware's to say. */
	return devm_request_threaded_irq(dev, st->client->irq, pcba_dbm_irq,
					 pcba_dbm_irq_thread,
					 IRQF_ONESHOT | IRQF_NO_AUTOEN,
					 "pcba-dbm", st);
}
