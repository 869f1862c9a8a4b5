// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCBA-DBM: the buffer, and who looks at the history when.
 *
 * A work polls around the instant the next batch is due. The interrupt at 90
 * entries and a reader that flushes find entries as well; all three drain the
 * history in the same way, and whoever comes late finds nothing.
 */
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/i2c.h>
#include <linux/iio/buffer.h>
#include <linux/iio/iio.h>
#include <linux/iio/kfifo_buf.h>
#include <linux/iio/sysfs.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sysfs.h>
#include <linux/time64.h>
#include <linux/workqueue.h>

#include <cityhub/member.h>

#include "pcba_dbm.h"

/* A work wakes by the tick; from there on the rest is slept exactly. */
#define PCBA_DBM_WAKE_NS	(2 * (s64)TICK_NSEC)
/* After lock a batch may cost so many polls, at least so far apart. */
#define PCBA_DBM_POLLS		5
#define PCBA_DBM_POLL_GAP_NS	(250 * NSEC_PER_USEC)
/* After a reset the first level takes about a second (manual). */
#define PCBA_DBM_SETTLE_NS	NSEC_PER_SEC
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

static void pcba_dbm_watch_at(struct pcba_dbm *st, s64 raw_ns)
{
	s64 delay = max_t(s64, raw_ns - cityhub_raw_ns(), 0);

	/* Sampling instants depend on it: not behind somebody's long work. */
	mod_delayed_work(system_highpri_wq, &st->watch, nsecs_to_jiffies(delay));
}

/* When the polls for the next batch begin. */
static s64 pcba_dbm_polls_from(const struct pcba_dbm *st)
{
	return pcba_dbm_due(st) - pcba_dbm_uncertain(st) - st->poll_ns;
}

/* Poll for entry @len around the instant it is due; as pcba_dbm_look(). */
static int pcba_dbm_poll(struct pcba_dbm *st, u32 len, s64 *receipt)
{
	s64 gap = max_t(s64, pcba_dbm_uncertain(st) / 2, PCBA_DBM_POLL_GAP_NS);
	unsigned int poll;
	int ret;

	pcba_dbm_sleep_until(pcba_dbm_polls_from(st));
	for (poll = 0; poll < PCBA_DBM_POLLS; poll++) {
		if (poll)
			fsleep(div_s64(gap, NSEC_PER_USEC));
		ret = pcba_dbm_look(st, len, receipt);
		if (ret)
			return ret;
	}

	return 0;
}

static bool pcba_dbm_is_silent(const struct pcba_dbm *st)
{
	s64 patience = pcba_dbm_period(st) * (pcba_dbm_wanted(st) + 3) +
		       PCBA_DBM_SETTLE_NS;

	return cityhub_raw_ns() - st->alive_ns > patience;
}

/* Look for the next batch; as pcba_dbm_look(). */
static int pcba_dbm_look_for(struct pcba_dbm *st, u32 len, s64 *receipt)
{
	if (!pcba_dbm_predicts(st))
		return pcba_dbm_look(st, len, receipt);

	return pcba_dbm_poll(st, len, receipt);
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
	wake = pcba_dbm_polls_from(st) - PCBA_DBM_WAKE_NS;
	if (pcba_dbm_predicts(st) && wake > cityhub_raw_ns())
		return wake;

	len = st->known + pcba_dbm_wanted(st);
	ret = pcba_dbm_look_for(st, len, &receipt);
	if (ret > 0)
		ret = pcba_dbm_drain(st, len, receipt);
	if (ret > 0)
		return pcba_dbm_polls_from(st) - PCBA_DBM_WAKE_NS;

	if (pcba_dbm_is_silent(st))
		pcba_dbm_recover(st);

	return cityhub_raw_ns() + pcba_dbm_search_ns(st);
}

static void pcba_dbm_watch(struct work_struct *work)
{
	struct pcba_dbm *st = container_of(to_delayed_work(work),
					   struct pcba_dbm, watch);

	guard(mutex)(&st->lock);
	if (st->running)
		pcba_dbm_watch_at(st, pcba_dbm_visit(st));
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

	/* The watch was faster: so soon after a clear nothing can be full. */
	if (st->irq_ns - st->clear_ns < pcba_dbm_period(st))
		return pcba_dbm_write(st, PCBA_DBM_RESET, PCBA_DBM_RESET_IRQ);

	if (st->known >= PCBA_DBM_HISTORY_FILL)
		return pcba_dbm_clear(st);

	ret = pcba_dbm_look(st, PCBA_DBM_HISTORY_FILL, &receipt);
	if (ret < 0)
		return ret;
	if (ret)
		return pcba_dbm_drain(st, PCBA_DBM_HISTORY_FILL, st->irq_ns);

	cityhub_member_count(st->member, CITYHUB_COUNT_INVALID, 1);
	dev_warn_ratelimited(&st->client->dev, "interrupt without a full history\n");
	return pcba_dbm_write(st, PCBA_DBM_RESET, PCBA_DBM_RESET_IRQ) ?: -EPROTO;
}

static irqreturn_t pcba_dbm_irq_thread(int irq, void *data)
{
	struct pcba_dbm *st = data;
	int ret;

	scoped_guard(mutex, &st->lock)
		ret = pcba_dbm_serve(st);

	/* The line is low as long as the module is not served: no storm. */
	if (ret < 0)
		msleep(PCBA_DBM_IRQ_REST_MS);

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

	return pcba_dbm_drain(st, st->known + 1, receipt);
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

static int pcba_dbm_postenable(struct iio_dev *indio_dev)
{
	struct pcba_dbm *st = iio_priv(indio_dev);
	struct cityhub_stamp_config config = {
		.tolerance_ppm = PCBA_DBM_TOLERANCE_PPM,
	};
	int ret;

	cityhub_member_start(st->member);
	guard(mutex)(&st->lock);
	config.period_ns = (u64)st->tavg_ms * NSEC_PER_MSEC;
	cityhub_stamp_init(&st->stamp, &config);
	st->newest_ns = 0;
	ret = pcba_dbm_arm(st);
	if (ret)
		return ret;

	st->running = true;
	enable_irq(st->client->irq);
	pcba_dbm_watch_at(st, cityhub_raw_ns());
	return 0;
}

static int pcba_dbm_predisable(struct iio_dev *indio_dev)
{
	struct pcba_dbm *st = iio_priv(indio_dev);

	scoped_guard(mutex, &st->lock)
		st->running = false;
	disable_irq(st->client->irq);
	cancel_delayed_work_sync(&st->watch);

	guard(mutex)(&st->lock);
	/* A module that does not listen any more must not keep the buffer on. */
	pcba_dbm_write(st, PCBA_DBM_CONTROL, st->control);
	pcba_dbm_clear(st);
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
	INIT_DELAYED_WORK(&st->watch, pcba_dbm_watch);

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
