// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sensirion SEN5x and SEN6x: the buffer.
 *
 * The chip samples by its own clock, has no interrupt and keeps one sample
 * only. It is asked whether a new one is there around the instant at which
 * the next one is due; sen6x_aim.c says exactly when. What is known then:
 *
 *	blank	last look that found nothing, or sending of the last reading
 *		of values, which empties the chip
 *	seen	first look that found something
 *
 * and the sample lies in between. A look is the middle of a poll. When a poll
 * takes longer than it must, because others use the bus, nobody knows where
 * in it the look was: half the shortest poll after the sending at the earliest
 * and as long before the receipt at the latest.
 */
#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/iio/buffer.h>
#include <linux/iio/iio.h>
#include <linux/iio/kfifo_buf.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/pm_runtime.h>
#include <linux/time64.h>

#include <cityhub/member.h>
#include <cityhub/poll.h>

#include "sen6x.h"

#define SEN6X_READY		BIT(0)

/*
 * First data come 1.1 s after a start (datasheets), give or take 3 %; none for
 * longer: reset. To be back three seconds after one leaves no time to lose.
 */
#define SEN6X_SILENCE_NS	(SEN6X_PERIOD_NS * 5 / 4)
/* How often to look whether a chip that rests has been started. */
#define SEN6X_RESTING_NS	(SEN6X_PERIOD_NS / 10)
/* The fault bits are sticky, so it is enough to look now and then. */
#define SEN6X_STATUS_EVERY_NS	(60 * SEN6X_PERIOD_NS)
/* Rest between polls while nothing is known of the phase. */
#define SEN6X_SEARCH_NS		(SEN6X_PERIOD_NS / 32)
/* What the prediction may be off after the first, wide brackets. */
#define SEN6X_UNCERTAIN_NS	(SEN6X_PERIOD_NS / 16)
/* What a look may be off besides: the host's own delays. */
#define SEN6X_MARGIN_NS		(250 * NSEC_PER_USEC)
/* A late wake-up costs the bracket of a sample. */
#define SEN6X_SLACK_NS		(50 * NSEC_PER_USEC)

static s64 sen6x_period(const struct sen6x *st)
{
	return cityhub_stamp_span_ns(&st->stamp, 1);
}

/* From the sending of a poll to the look, give or take as much. */
static s64 sen6x_half_poll(const struct sen6x *st)
{
	return st->poll_ns / 2;
}

/* By how much the next look may be off the next sample. */
static s64 sen6x_uncertain(const struct sen6x *st)
{
	s64 bound = cityhub_stamp_bound_ns(&st->stamp);
	/* Of the period: all its tolerance, until two samples tell more. */
	s64 wander = SEN6X_PERIOD_NS / (USEC_PER_SEC / SEN6X_PERIOD_PPM);

	if (st->samples > 1)
		wander = div_s64(4 * bound, st->samples);

	return min_t(s64, bound + wander + SEN6X_MARGIN_NS, SEN6X_UNCERTAIN_NS);
}

/* When to poll next, after a sample. */
static s64 sen6x_next(struct sen6x *st)
{
	return sen6x_aim_first(&st->aim, st->newest_ns + sen6x_period(st),
			       sen6x_uncertain(st), st->poll_ns,
			       SEN6X_UNCERTAIN_NS) - sen6x_half_poll(st);
}

static int sen6x_read_values(struct sen6x *st, u16 *words)
{
	s64 sent = cityhub_raw_ns();
	int ret;

	ret = sen6x_query(st, st->info->read_command, words,
			  st->info->num_values);
	st->unread = ret;
	if (!ret)
		st->blank_ns = sent;

	return ret;
}

/* 95 % bound of a stamp: the search, and where in a poll the chip looks. */
static u32 sen6x_bound(const struct sen6x *st)
{
	return min_t(u64, (u64)cityhub_stamp_bound_ns(&st->stamp) +
		     sen6x_half_poll(st), U32_MAX);
}

/* The chip has a new sample and @receipt is when it said so. */
static void sen6x_observe(struct sen6x *st, s64 receipt)
{
	s64 seen = receipt - sen6x_half_poll(st);
	s64 late = clamp(seen - st->blank_ns, 0, sen6x_period(st));
	u32 n = 1;

	if (st->newest_ns)
		n = sen6x_samples_since(receipt - st->newest_ns,
					sen6x_period(st));
	if (n > 1)
		cityhub_member_count(st->member, CITYHUB_COUNT_LOST, n - 1);

	cityhub_stamp_update(&st->stamp, n, seen, late);
	sen6x_aim_hit(&st->aim);
	st->newest_ns = cityhub_stamp_instant(&st->stamp, 0);
	st->alive_ns = receipt;
	st->deaf = false;
	st->samples++;
	cityhub_member_stamp_state(st->member, st->newest_ns, sen6x_bound(st),
				   st->stamp.source);
	cityhub_member_estimator(st->member, &st->stamp);
}

static void sen6x_push(struct sen6x *st)
{
	IIO_DECLARE_BUFFER_WITH_TS(u16, scan, SEN6X_MAX_VALUES) = { };
	s64 due = st->newest_ns + sen6x_period(st);
	u16 words[SEN6X_MAX_VALUES];
	unsigned int bit, n = 0;
	int ret;

	ret = sen6x_read_values(st, words);
	/*
	 * The values were lost on the wire, or they came so late that they may
	 * be those of the next sample.
	 */
	if (ret || cityhub_raw_ns() > due - SEN6X_UNCERTAIN_NS) {
		cityhub_member_count(st->member, CITYHUB_COUNT_LOST, 1);
		return;
	}

	/*
	 * Up to 6.16 the demultiplexer of the core misplaces the stamp. What
	 * follows the particles is signed in all chips of which that matters.
	 */
	for_each_set_bit(bit, st->indio_dev->active_scan_mask,
			 st->info->num_values)
		scan[n++] = sen6x_known(words[bit], S16_MAX,
					st->info->signed_ffff &&
					bit >= SEN6X_HUMIDITY);

	cityhub_member_map(st->member);
	cityhub_member_push(st->member, scan, sizeof(scan), st->newest_ns);
}

static void sen6x_check_status(struct sen6x *st, s64 now)
{
	u32 status;

	if (now < st->status_ns)
		return;

	st->status_ns = now + SEN6X_STATUS_EVERY_NS;
	scoped_guard(mutex, &st->mode_lock)
		sen6x_voc_save(st);
	/* An answer to the command that clears may be lost, with the fault. */
	if (sen6x_read_status(st, SEN6X_CMD_READ_STATUS, &status) ||
	    !(status & st->info->fault_mask))
		return;

	cityhub_member_fault_status(st->member, status & st->info->fault_mask);
	dev_warn_ratelimited(st->dev, "sensor reports a fault: status %#010x\n",
			     status);
	/* So that a fault that lasts is reported again. */
	sen6x_read_status(st, SEN6X_CMD_CLEAR_STATUS, &status);
}

/* The phase is not what it was. */
static void sen6x_forget(struct sen6x *st)
{
	cityhub_stamp_reset(&st->stamp);
	sen6x_aim_reset(&st->aim);
	st->blank_ns = cityhub_raw_ns();
}

/*
 * No sample for long. A chip that still answers has forgotten that it should
 * measure, or cleans its fan. One that did not when asked before gets time for
 * a sample: it goes on by itself once the bus is back.
 */
static void sen6x_silent(struct sen6x *st)
{
	bool deaf = st->deaf;
	u32 status;

	st->alive_ns = cityhub_raw_ns();
	st->deaf = sen6x_read_status(st, SEN6X_CMD_READ_STATUS, &status);
	if (st->deaf || deaf)
		return;

	if (status & st->info->cleaning_mask) {
		/* What it does not take meanwhile is not lost. */
		st->newest_ns = 0;
		sen6x_forget(st);
		return;
	}

	scoped_guard(mutex, &st->mode_lock)
		sen6x_recover(st);
	sen6x_forget(st);
	st->alive_ns = cityhub_raw_ns();
}

/* Nothing to look for until it is started. */
static s64 sen6x_resting(struct sen6x *st)
{
	st->alive_ns = cityhub_raw_ns();
	st->blank_ns = st->alive_ns;
	st->unread = true;
	return st->alive_ns + SEN6X_RESTING_NS;
}

/* True when a new sample is there, *@receipt is when that was known. */
static bool sen6x_poll_ready(struct sen6x *st, s64 *receipt)
{
	u16 words[SEN6X_MAX_VALUES];
	s64 sent;
	int ret;

	if (st->unread && sen6x_read_values(st, words)) {
		*receipt = cityhub_raw_ns();
		return false;
	}

	sent = cityhub_raw_ns();
	ret = sen6x_query(st, SEN6X_CMD_DATA_READY, words, 1);
	*receipt = cityhub_raw_ns();
	if (ret)
		return false;

	st->poll_ns = min(st->poll_ns, *receipt - sent);
	if (words[0] & SEN6X_READY)
		return true;

	st->blank_ns = sent + sen6x_half_poll(st);
	return false;
}

/* One poll and what follows from it; returns the instant of the next one. */
static s64 sen6x_poll(struct sen6x *st)
{
	s64 receipt;

	if (!READ_ONCE(st->measuring))
		return sen6x_resting(st);

	if (sen6x_poll_ready(st, &receipt)) {
		sen6x_observe(st, receipt);
		sen6x_push(st);
		sen6x_check_status(st, receipt);
		return sen6x_next(st);
	}

	if (receipt - st->alive_ns > SEN6X_SILENCE_NS)
		sen6x_silent(st);

	return cityhub_raw_ns() + sen6x_aim_missed(&st->aim, SEN6X_SEARCH_NS);
}

static void sen6x_sleep_until(s64 raw_ns)
{
	ktime_t delay = ns_to_ktime(raw_ns - cityhub_raw_ns());

	set_current_state(TASK_IDLE);
	if (!kthread_should_stop() && ktime_compare(delay, 0) > 0)
		schedule_hrtimeout_range(&delay, SEN6X_SLACK_NS,
					 HRTIMER_MODE_REL);
	__set_current_state(TASK_RUNNING);
}

/*
 * A thread of its own: timers of works are exact to some per cent of the delay
 * only, which is more than the bracket of a sample.
 */
static int sen6x_thread(void *data)
{
	struct sen6x *st = data;
	s64 next = cityhub_raw_ns();
	bool fifo = false;
	s64 took = 0;
	s64 begin;

	while (!kthread_should_stop()) {
		cityhub_poll_priority(&fifo, took, SEN6X_PERIOD_NS);
		sen6x_sleep_until(next);
		begin = cityhub_raw_ns();
		if (begin < next)
			continue;

		next = sen6x_poll(st);
		took = cityhub_raw_ns() - begin;
	}

	return 0;
}

int sen6x_polling_start(struct sen6x *st)
{
	struct task_struct *thread;

	cityhub_stamp_reset(&st->stamp);
	st->newest_ns = 0;
	st->samples = 0;
	st->blank_ns = cityhub_raw_ns();
	st->alive_ns = st->blank_ns;
	st->status_ns = st->blank_ns;
	st->poll_ns = SEN6X_SEARCH_NS;
	sen6x_aim_reset(&st->aim);
	/* Nobody knows how old the sample in the chip is: start without. */
	st->unread = true;
	st->deaf = false;

	thread = kthread_run(sen6x_thread, st, "%s", dev_name(st->dev));
	if (IS_ERR(thread))
		return PTR_ERR(thread);

	st->thread = thread;
	return 0;
}

void sen6x_polling_stop(struct sen6x *st)
{
	if (!st->thread)
		return;

	kthread_stop(st->thread);
	st->thread = NULL;
}

static int sen6x_preenable(struct iio_dev *indio_dev)
{
	struct sen6x *st = iio_priv(indio_dev);

	return pm_runtime_resume_and_get(st->dev);
}

static int sen6x_postenable(struct iio_dev *indio_dev)
{
	struct sen6x *st = iio_priv(indio_dev);

	cityhub_member_start(st->member);
	return sen6x_polling_start(st);
}

static int sen6x_predisable(struct iio_dev *indio_dev)
{
	sen6x_polling_stop(iio_priv(indio_dev));
	return 0;
}

static int sen6x_postdisable(struct iio_dev *indio_dev)
{
	struct sen6x *st = iio_priv(indio_dev);

	cityhub_member_stop(st->member);
	pm_runtime_mark_last_busy(st->dev);
	pm_runtime_put_autosuspend(st->dev);
	return 0;
}

static const struct iio_buffer_setup_ops sen6x_buffer_ops = {
	.preenable = sen6x_preenable,
	.postenable = sen6x_postenable,
	.predisable = sen6x_predisable,
	.postdisable = sen6x_postdisable,
};

int sen6x_buffer_setup(struct sen6x *st)
{
	static const struct cityhub_stamp_config config = {
		.period_ns = SEN6X_PERIOD_NS,
		.tolerance_ppm = SEN6X_PERIOD_PPM,
	};

	cityhub_stamp_init(&st->stamp, &config);
	return devm_iio_kfifo_buffer_setup(st->dev, st->indio_dev,
					   &sen6x_buffer_ops);
}
