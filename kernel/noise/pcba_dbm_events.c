// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCBA-DBM: thresholds as IIO events, and the watch for resets.
 *
 * The module has one interrupt, for the history or for levels beyond the
 * thresholds. While the buffer is on it is that of the history, and each entry
 * is compared here; else the module compares. It tells a level beyond again
 * each averaging time, which is an event only after one that was within.
 */
#include <linux/cleanup.h>
#include <linux/dev_printk.h>
#include <linux/devm-helpers.h>
#include <linux/i2c.h>
#include <linux/iio/events.h>
#include <linux/iio/iio.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <cityhub/member.h>

#include "pcba_dbm.h"

/* What a reset costs in entries is bounded by this. */
#define PCBA_DBM_CHECK_JIFFIES	HZ
/* A check keeps so far from a poll, which it would delay by its transfer. */
#define PCBA_DBM_CHECK_GAP_NS	(10 * NSEC_PER_MSEC)

/* Entries that may come until an interrupt is served. */
#define PCBA_DBM_LATE		4

const struct iio_event_spec pcba_dbm_event_specs[] = {
	{
		.type = IIO_EV_TYPE_THRESH,
		.dir = IIO_EV_DIR_RISING,
		.mask_separate = BIT(IIO_EV_INFO_ENABLE) |
				 BIT(IIO_EV_INFO_VALUE),
	},
	{
		.type = IIO_EV_TYPE_THRESH,
		.dir = IIO_EV_DIR_FALLING,
		.mask_separate = BIT(IIO_EV_INFO_ENABLE) |
				 BIT(IIO_EV_INFO_VALUE),
	},
};

static bool pcba_dbm_is_beyond(const struct pcba_dbm *st, u8 level_db,
			       enum iio_event_direction dir)
{
	if (!(st->events & BIT(dir)))
		return false;

	return dir == IIO_EV_DIR_RISING ? level_db > st->thresholds[dir] :
					  level_db < st->thresholds[dir];
}

/* Tell of a level beyond a threshold, when the one before was not. */
void pcba_dbm_judge(struct pcba_dbm *st, u8 level_db, s64 raw_ns)
{
	struct iio_dev *indio_dev = st->indio_dev;
	s64 period = pcba_dbm_nominal_ns(st);
	enum iio_event_direction dir;
	s64 age;

	for (dir = IIO_EV_DIR_RISING; dir <= IIO_EV_DIR_FALLING; dir++) {
		if (!pcba_dbm_is_beyond(st, level_db, dir))
			continue;

		age = raw_ns - st->outside_ns[dir];
		st->outside_ns[dir] = raw_ns;
		if (age < period + period / 2)
			continue;

		iio_push_event(indio_dev,
			       IIO_UNMOD_EVENT_CODE(IIO_PRESSURE, 0,
						    IIO_EV_TYPE_THRESH, dir),
			       iio_get_time_ns(indio_dev) -
			       (cityhub_raw_ns() - raw_ns));
	}
}

/* A level beyond a threshold, among the last few: served late it is not the last. */
static int pcba_dbm_find_beyond(struct pcba_dbm *st, u8 *level_db)
{
	u8 levels[PCBA_DBM_LATE];
	unsigned int i;
	int ret;

	ret = pcba_dbm_read(st, PCBA_DBM_HISTORY, levels, sizeof(levels));
	if (ret)
		return ret;

	for (i = 0; i < ARRAY_SIZE(levels); i++) {
		*level_db = levels[i];
		if (!pcba_dbm_pressure_upa(levels[i]))
			continue;
		if (pcba_dbm_is_beyond(st, levels[i], IIO_EV_DIR_RISING) ||
		    pcba_dbm_is_beyond(st, levels[i], IIO_EV_DIR_FALLING))
			return 1;
	}

	return 0;
}

/* An interrupt while the buffer is off; an error when it may still be asserted. */
int pcba_dbm_serve_threshold(struct pcba_dbm *st)
{
	u8 level_db;
	int found, ret;

	found = pcba_dbm_find_beyond(st, &level_db);
	if (found < 0)
		return found;

	ret = pcba_dbm_write(st, PCBA_DBM_RESET, PCBA_DBM_RESET_IRQ);
	if (found)
		pcba_dbm_judge(st, level_db, st->irq_ns);
	else if (!ret)
		return -EPROTO;

	return ret;
}

static s64 pcba_dbm_next_poll(const struct pcba_dbm *st)
{
	return st->running && st->newest_ns ?
	       st->newest_ns + pcba_dbm_period(st) * pcba_dbm_wanted(st) :
	       S64_MAX;
}

static void pcba_dbm_check_now(struct pcba_dbm *st)
{
	if (!st->running)
		pcba_dbm_revive(st);
	else if (!pcba_dbm_holds(st))
		pcba_dbm_recover(st);
}

static void pcba_dbm_check(struct work_struct *work)
{
	struct pcba_dbm *st = container_of(to_delayed_work(work),
					   struct pcba_dbm, check);
	unsigned long again = PCBA_DBM_CHECK_JIFFIES;
	s64 gap;

	guard(mutex)(&st->lock);
	if (!st->running && !st->events)
		return;

	gap = pcba_dbm_next_poll(st) - cityhub_raw_ns();
	if (gap > 0 && gap < PCBA_DBM_CHECK_GAP_NS)
		again = nsecs_to_jiffies(2 * PCBA_DBM_CHECK_GAP_NS);
	else
		pcba_dbm_check_now(st);

	queue_delayed_work(system_freezable_wq, &st->check, again);
}

/*
 * Let the interrupt through while anybody needs it; the caller does not hold
 * the lock of the chip, which the handler takes.
 */
void pcba_dbm_listen(struct pcba_dbm *st)
{
	bool on;

	guard(mutex)(&st->irq_lock);
	scoped_guard(mutex, &st->lock)
		on = !st->asleep && (st->running || st->events);
	if (on == st->irq_on)
		return;

	st->irq_on = on;
	if (on) {
		enable_irq(st->client->irq);
		queue_delayed_work(system_freezable_wq, &st->check,
				   PCBA_DBM_CHECK_JIFFIES);
	} else {
		disable_irq(st->client->irq);
	}
}

int pcba_dbm_read_event_config(struct iio_dev *indio_dev,
			       const struct iio_chan_spec *chan,
			       enum iio_event_type type,
			       enum iio_event_direction dir)
{
	struct pcba_dbm *st = iio_priv(indio_dev);

	guard(mutex)(&st->lock);
	return !!(st->events & BIT(dir));
}

static int pcba_dbm_set_event(struct pcba_dbm *st,
			      enum iio_event_direction dir, bool on)
{
	u32 before;
	int ret;

	guard(mutex)(&st->lock);
	before = st->events;
	st->events = on ? before | BIT(dir) : before & ~BIT(dir);
	if (st->events == before)
		return 0;

	st->outside_ns[dir] = cityhub_raw_ns() - S64_MAX / 2;
	ret = pcba_dbm_write_thresholds(st) ?: pcba_dbm_write_mode(st);
	if (ret)
		st->events = before;

	return ret;
}

int pcba_dbm_write_event_config(struct iio_dev *indio_dev,
				const struct iio_chan_spec *chan,
				enum iio_event_type type,
				enum iio_event_direction dir,
				CITYHUB_EVENT_STATE state)
{
	struct pcba_dbm *st = iio_priv(indio_dev);
	int ret;

	ret = pcba_dbm_set_event(st, dir, state);
	pcba_dbm_listen(st);

	return ret;
}

int pcba_dbm_read_event_value(struct iio_dev *indio_dev,
			      const struct iio_chan_spec *chan,
			      enum iio_event_type type,
			      enum iio_event_direction dir,
			      enum iio_event_info info, int *val, int *val2)
{
	struct pcba_dbm *st = iio_priv(indio_dev);

	guard(mutex)(&st->lock);
	*val = pcba_dbm_pressure_upa(st->thresholds[dir]);
	return IIO_VAL_INT;
}

int pcba_dbm_write_event_value(struct iio_dev *indio_dev,
			       const struct iio_chan_spec *chan,
			       enum iio_event_type type,
			       enum iio_event_direction dir,
			       enum iio_event_info info, int val, int val2)
{
	struct pcba_dbm *st = iio_priv(indio_dev);
	u8 level_db, before;
	int ret;

	if (val < 0 || val > PCBA_DBM_PRESSURE_MAX || val2)
		return -EINVAL;

	/* What comes back is a level of the module; neither misses one. */
	level_db = pcba_dbm_level_db(val, dir == IIO_EV_DIR_FALLING);
	if (!level_db || !pcba_dbm_pressure_upa(level_db))
		return -EINVAL;

	guard(mutex)(&st->lock);
	before = st->thresholds[dir];
	st->thresholds[dir] = level_db;
	ret = pcba_dbm_write_thresholds(st);
	if (ret)
		st->thresholds[dir] = before;

	return ret;
}

static void pcba_dbm_silence(void *data)
{
	struct pcba_dbm *st = data;

	guard(mutex)(&st->lock);
	if (!st->events)
		return;
	st->events = 0;
	pcba_dbm_write_mode(st);
}

/* Before the interrupt is asked for. */
int pcba_dbm_events_setup(struct pcba_dbm *st)
{
	struct device *dev = &st->client->dev;
	int ret;

	ret = devm_mutex_init(dev, &st->irq_lock);
	if (ret)
		return ret;

	ret = devm_add_action_or_reset(dev, pcba_dbm_silence, st);
	if (ret)
		return ret;

	return devm_delayed_work_autocancel(dev, &st->check, pcba_dbm_check);
}
