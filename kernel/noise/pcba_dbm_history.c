// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCBA-DBM: the history of the module.
 *
 * The history shifts by one each averaging time, newest entry first, and has
 * no counter, no overflow flag and no lock against being read while it shifts.
 * What it has is this: an entry is never 0 and a free place always is. So the
 * place behind the last entry is a counter in disguise:
 *
 * - One byte read there tells whether there was a new entry. Read around the
 *   instant one is due, it brackets that instant to some milliseconds.
 * - When that place is still free after the new entries were read, nothing
 *   shifted meanwhile and the read is not torn.
 *
 * The history is cleared only when it is nearly full, once in 90 averaging
 * times, and as far from the next entry as the bus allows: an entry that comes
 * between the last look and the clear is lost. It shows at the next entry,
 * which then lies one period later than it should, and is counted.
 *
 * The interrupt comes with entry 90. Its instant is better than that of any
 * poll by two orders of magnitude, so nobody polls for this entry unless the
 * interrupt fails to come; and once the period is known from interrupts, the
 * polls in between only fetch.
 *
 * The module documents neither how exact its averaging time is, nor whether a
 * clear restarts it, nor at which point of a transfer it looks at its history.
 * Nothing here relies on any of them. The instant of an entry is the end of
 * its averaging time.
 */
#include <linux/delay.h>
#include <linux/dev_printk.h>
#include <linux/errno.h>
#include <linux/i2c.h>
#include <linux/iio/iio.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/types.h>

#include <cityhub/member.h>

#include "pcba_dbm.h"

/* What a prediction may be off besides its bound: the host's own delays. */
#define PCBA_DBM_MARGIN_NS	(500 * NSEC_PER_USEC)
/* By what the clocks drift apart while a batch fills. */
#define PCBA_DBM_WANDER_PPM	30
/* Wake-ups are that exact: a late one costs a bracket. */
#define PCBA_DBM_SLACK_US	50
/* The history moved during a read so often in a row: there is something wrong. */
#define PCBA_DBM_FETCHES	8
/* A clear is this far from the next entry, at least; it is one short write. */
#define PCBA_DBM_CLEAR_NS	(5 * NSEC_PER_MSEC)

s64 pcba_dbm_period(const struct pcba_dbm *st)
{
	return cityhub_stamp_span_ns(&st->stamp, 1);
}

/*
 * Entries to wait for: what the reader wants, but no more than come before the
 * history is nearly full, and no more than a quarter of those the period was
 * learned from, for the prediction to hold that long.
 */
u32 pcba_dbm_wanted(const struct pcba_dbm *st)
{
	u32 room = PCBA_DBM_HISTORY_FILL - min(st->known,
					       PCBA_DBM_HISTORY_FILL - 1);

	return clamp(min(st->watermark, room), 1, max(st->samples / 4, 1));
}

/* How far the next batch may lie from where it is predicted. */
s64 pcba_dbm_uncertain(const struct pcba_dbm *st)
{
	s64 bound = cityhub_stamp_bound_ns(&st->stamp);
	s64 period = pcba_dbm_period(st);
	/* Per sample: all the tolerance, until the distance of two tells more. */
	s64 wander = div_s64(period, USEC_PER_SEC / PCBA_DBM_TOLERANCE_PPM);

	if (st->samples > 1)
		wander = div_s64(4 * bound, st->samples) +
			 div_s64(period, USEC_PER_SEC / PCBA_DBM_WANDER_PPM);

	return min(bound + wander * pcba_dbm_wanted(st) + PCBA_DBM_MARGIN_NS,
		   period / 4);
}

s64 pcba_dbm_search_ns(const struct pcba_dbm *st)
{
	return max_t(s64, pcba_dbm_period(st) / 32, NSEC_PER_MSEC);
}

int pcba_dbm_clear(struct pcba_dbm *st)
{
	s64 sent = cityhub_raw_ns();
	int ret;

	ret = pcba_dbm_write(st, PCBA_DBM_RESET,
			     PCBA_DBM_RESET_HISTORY | PCBA_DBM_RESET_IRQ);
	if (ret)
		return ret;

	st->known = 0;
	st->blank_len = 0;
	st->blank_ns = sent;
	st->clear_ns = cityhub_raw_ns();
	return 0;
}

int pcba_dbm_arm(struct pcba_dbm *st)
{
	int ret;

	ret = pcba_dbm_clear(st);
	if (ret)
		return ret;

	st->alive_ns = st->clear_ns;
	st->samples = 0;
	cityhub_stamp_reset(&st->stamp);
	return pcba_dbm_write_mode(st);
}

/* The module lost its settings, or its voice. */
void pcba_dbm_recover(struct pcba_dbm *st)
{
	cityhub_member_count(st->member, CITYHUB_COUNT_INVALID, 1);
	dev_warn_ratelimited(&st->client->dev, "reset or silent: set up again\n");

	/* What fails here shows as silence again. */
	if (!pcba_dbm_restore(st))
		pcba_dbm_arm(st);
	st->alive_ns = cityhub_raw_ns();
}

/*
 * Does the history hold @len entries? 1 when it does, 0 when not, or an error;
 * *@receipt is when that was known.
 */
int pcba_dbm_look(struct pcba_dbm *st, u32 len, s64 *receipt)
{
	s64 sent = cityhub_raw_ns();
	u8 entry;
	int ret;

	ret = pcba_dbm_read(st, PCBA_DBM_HISTORY + len - 1, &entry,
			    sizeof(entry));
	*receipt = cityhub_raw_ns();
	if (ret)
		return ret;

	/* Of a transfer that was disturbed. */
	if (entry && !pcba_dbm_pressure_upa(entry)) {
		cityhub_member_count(st->member, CITYHUB_COUNT_INVALID, 1);
		return -EIO;
	}

	st->poll_ns = min(*receipt - sent, pcba_dbm_search_ns(st));
	if (entry)
		return 1;

	st->blank_len = len - 1;
	st->blank_ns = sent;
	return 0;
}

/* How many entries the whole history holds. */
static int pcba_dbm_count(struct pcba_dbm *st)
{
	u8 history[PCBA_DBM_HISTORY_LEN];
	int ret;

	ret = pcba_dbm_read(st, PCBA_DBM_HISTORY, history, sizeof(history));
	if (ret)
		return ret;

	return pcba_dbm_entries(history, sizeof(history));
}

/* A full history shifts without a trace: read until it stays the same. */
static int pcba_dbm_fetch_full(struct pcba_dbm *st, u8 *history)
{
	u8 before[PCBA_DBM_HISTORY_LEN];
	unsigned int try;
	int ret;

	for (try = 0; try < PCBA_DBM_FETCHES; try++) {
		ret = pcba_dbm_read(st, PCBA_DBM_HISTORY, history,
				    PCBA_DBM_HISTORY_LEN);
		if (ret)
			return ret;
		if (try && !memcmp(before, history, sizeof(before)))
			return 0;
		memcpy(before, history, sizeof(before));
	}

	return -EAGAIN;
}

/*
 * Read the new entries. The history is known to hold @len of them, all told.
 * Returns how many it holds, which is more when some came meanwhile.
 */
static int pcba_dbm_fetch(struct pcba_dbm *st, u8 *history, u32 len)
{
	unsigned int try;
	s64 receipt;
	int ret;

	for (try = 0; try < PCBA_DBM_FETCHES; try++) {
		if (len == PCBA_DBM_HISTORY_LEN)
			return pcba_dbm_fetch_full(st, history) ?: (int)len;

		ret = pcba_dbm_read(st, PCBA_DBM_HISTORY, history,
				    len - st->known);
		if (ret)
			return ret;

		ret = pcba_dbm_look(st, len + 1, &receipt);
		if (ret <= 0)
			return ret ?: (int)len;

		ret = pcba_dbm_count(st);
		if (ret < 0)
			return ret;
		len = max_t(u32, ret, len + 1);
	}

	return -EAGAIN;
}

static void pcba_dbm_push(struct pcba_dbm *st, const u8 *history, u32 n)
{
	IIO_DECLARE_BUFFER_WITH_TS(u32, scan, 1) = { };
	s64 instant;

	cityhub_member_map(st->member);
	while (n--) {
		scan[0] = pcba_dbm_pressure_upa(history[n]);
		if (!scan[0]) {
			cityhub_member_count(st->member, CITYHUB_COUNT_INVALID, 1);
			continue;
		}

		instant = cityhub_stamp_instant(&st->stamp, n);
		cityhub_member_push(st->member, scan, sizeof(scan), instant);
		pcba_dbm_judge(st, history[n], instant);
	}
}

/*
 * Account for the entries up to @len, the last of which came after @lower and
 * was noticed at @receipt, by interrupt or poll. Returns the number of
 * samples, by count or by time.
 */
static u32 pcba_dbm_observe(struct pcba_dbm *st, u32 len, s64 lower,
			    s64 receipt, enum cityhub_stamp_source by)
{
	s64 period = pcba_dbm_period(st);
	u32 n = len - st->known;

	lower = clamp(lower, receipt - period, receipt);
	if (st->newest_ns)
		n = max(n, pcba_dbm_samples_since(lower - st->newest_ns, period));

	cityhub_stamp_update(&st->stamp, n, receipt, by == CITYHUB_STAMP_IRQ ?
			     CITYHUB_LATE_UNKNOWN : receipt - lower);
	st->newest_ns = cityhub_stamp_instant(&st->stamp, 0);
	st->alive_ns = receipt;
	st->samples += n;
	cityhub_member_stamp_state(st->member, st->newest_ns,
				   cityhub_stamp_bound_ns(&st->stamp),
				   st->stamp.source);
	cityhub_member_estimator(st->member, &st->stamp);

	return n;
}

/*
 * Deliver what is new in a history that holds at least @len entries, of which
 * entry @len was noticed at @receipt, by interrupt or poll. Returns the number
 * of samples delivered.
 */
static int pcba_dbm_take(struct pcba_dbm *st, u32 len, s64 receipt,
			 enum cityhub_stamp_source by)
{
	/* Fetching looks behind the last entry, and so moves blank_*. */
	s64 lower = len > st->blank_len ? st->blank_ns : S64_MIN;
	u8 history[PCBA_DBM_HISTORY_LEN];
	u32 n, there;
	int held;

	held = pcba_dbm_fetch(st, history, len);
	if (held < 0)
		return held;
	if (held > len) {
		receipt = cityhub_raw_ns();
		by = CITYHUB_STAMP_POLL;
	}

	/* A hole: the module was reset and has begun a new history. */
	there = held - st->known;
	if (memchr(history, 0, there))
		return -EPROTO;

	n = pcba_dbm_observe(st, held, lower, receipt, by);
	/* A full history may have shifted further than it grew. */
	if (held == PCBA_DBM_HISTORY_LEN)
		there = min(n, PCBA_DBM_HISTORY_LEN);
	if (n > there)
		cityhub_member_count(st->member, CITYHUB_COUNT_LOST, n - there);

	pcba_dbm_push(st, history, there);
	st->known = held;
	return there;
}

static s64 pcba_dbm_next(const struct pcba_dbm *st)
{
	return st->newest_ns + pcba_dbm_period(st);
}

/* Would a clear now be over well before the next entry? */
static bool pcba_dbm_may_clear(const struct pcba_dbm *st)
{
	if (st->known == PCBA_DBM_HISTORY_LEN)
		return true;

	return cityhub_raw_ns() + PCBA_DBM_CLEAR_NS <
	       pcba_dbm_next(st) - pcba_dbm_uncertain(st);
}

/* Not fsleep(): it sleeps by the tick when that is long. */
void pcba_dbm_sleep(s64 ns)
{
	unsigned long us = div_s64(max_t(s64, ns, 0), NSEC_PER_USEC);

	usleep_range(us, us + PCBA_DBM_SLACK_US);
}

/*
 * As pcba_dbm_take(), and clear the history when it is nearly full; when the
 * next entry is too near for that, take it too.
 */
int pcba_dbm_drain(struct pcba_dbm *st, u32 len, s64 receipt,
		   enum cityhub_stamp_source by)
{
	int taken = 0;
	int ret;

	do {
		ret = pcba_dbm_take(st, len, receipt, by);
		if (ret < 0)
			break;

		taken += ret;
		if (st->known < PCBA_DBM_HISTORY_FILL)
			return taken;
		if (pcba_dbm_may_clear(st)) {
			ret = pcba_dbm_clear(st);
			break;
		}

		pcba_dbm_sleep(pcba_dbm_next(st) + pcba_dbm_uncertain(st) -
			       cityhub_raw_ns());
		len = st->known + 1;
		by = CITYHUB_STAMP_POLL;
		ret = pcba_dbm_look(st, len, &receipt);
	} while (ret > 0);

	if (ret == -EPROTO)
		pcba_dbm_recover(st);

	return ret < 0 ? ret : taken;
}
