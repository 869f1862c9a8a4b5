// SPDX-License-Identifier: GPL-2.0-only
/* Longer windows against sums made by hand, and days with clocks changed. */
#include "unit.h"

#include <errno.h>
#include <time.h>

#include "cityhubd/local_day.h"
#include "cityhubd/longer.h"

#define MADE	8
#define HOUR	(3600 * SECOND)

static struct batch *made[MADE];
static unsigned int n;
static int refuse;
static struct batch_layout *layout;
static struct longer *longer;

static const struct batch_channel channels[] = {
	{ "temp", "temperature", "Cel", "", 3 },
	{ "LAeq", "sound_level", "dB(A)", "", 2 },
	{ "L1-energy", "energy", "Wh", "L1", 5 },
};
static const struct window_channel windows[] = {
	{ .reduce = WINDOW_LINEAR }, { .reduce = WINDOW_LEVEL },
	{ .reduce = WINDOW_COUNTER },
};

static int out(void *ctx, struct batch *b)
{
	ck_assert_ptr_eq(ctx, made);
	ck_assert_uint_lt(n, MADE);
	if (refuse) {
		batch_free(b);
		return refuse;
	}
	made[n++] = b;
	return 0;
}

static void setup(void)
{
	n = 0;
	refuse = 0;
	layout = batch_layout_new("hub", 3, channels);
}

static void teardown(void)
{
	longer_free(longer);
	longer = NULL;
	while (n)
		batch_free(made[--n]);
	batch_layout_put(layout);
}

static void open_longer(int64_t length_ns)
{
	longer = longer_new(length_ns, layout, windows, out, made);
	ck_assert_ptr_nonnull(longer);
}

/* One second from @from_ns on, with the same value in each channel. */
static struct batch *second(int64_t from_ns, double v, uint32_t count)
{
	struct batch *b = batch_new(layout);

	b->from_ns = from_ns;
	b->to_ns = from_ns + SECOND;
	b->sync = BATCH_SYNCHRONISED;
	b->bound_ns = 100;
	b->stamp_bound_ns = 5;
	for (int i = 0; i < 3; i++)
		b->results[i] = (struct batch_result){
			.mean = v, .min = v - 1, .max = v + 1,
			.rms = i ? NAN : v, .last = v,
			.difference = i == 2 ? 0.5 : NAN, .count = count,
			.expected = 4, .instant_ns = from_ns + SECOND / 2,
		};
	return b;
}

static void feed(struct batch *b)
{
	longer_feed(longer, b);
	batch_free(b);
}

static void feed_second(int64_t from_ns, double v, uint32_t count)
{
	feed(second(from_ns, v, count));
}

static int64_t utc(int year, int month, int day, int hour, int minute)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1,
			 .tm_mday = day, .tm_hour = hour, .tm_min = minute };

	return (int64_t)timegm(&tm) * SECOND;
}

static void set_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

START_TEST(each_quantity_has_its_reduction)
{
	const struct batch_result *r;

	open_longer(60 * SECOND);
	feed_second(0, 60, 3);
	feed_second(SECOND, 70, 1);
	ck_assert_uint_eq(n, 0);
	feed_second(60 * SECOND, 1, 4);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(batch_layout_sensor(made[0]->layout), "hub.60s");
	ck_assert_int_eq(made[0]->from_ns, 0);
	ck_assert_int_eq(made[0]->to_ns, 60 * SECOND);
	r = made[0]->results;
	ck_assert_double_eq_tol(r[0].mean, 62.5, 1e-12);
	ck_assert_double_eq_tol(r[0].rms, sqrt((3 * 3600 + 4900) / 4.0), 1e-12);
	ck_assert_double_eq(r[0].min, 59);
	ck_assert_double_eq(r[0].max, 71);
	ck_assert_double_eq(r[0].last, 70);
	ck_assert(isnan(r[0].difference));
	/* 60 dB for three parts and 70 dB for one. */
	ck_assert_double_eq_tol(r[1].mean, 10 * log10((3e6 + 1e7) / 4), 1e-12);
	ck_assert(isnan(r[1].rms));
	ck_assert_double_eq(r[2].difference, 1);
	ck_assert_double_eq(r[2].last, 70);
	ck_assert(isnan(r[2].mean));
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_eq(r[i].count, 4);
		ck_assert_uint_eq(r[i].expected, 240);
		ck_assert_int_eq(r[i].instant_ns, SECOND + SECOND / 2);
	}
}
END_TEST

START_TEST(worst_of_the_clock_and_all_flags)
{
	struct batch *b = second(0, 1, 1);

	open_longer(60 * SECOND);
	b->flags = BATCH_FLAGGED;
	feed(b);
	b = second(SECOND, 1, 1);
	b->bound_ns = 200;
	b->stamp_bound_ns = BATCH_UNKNOWN;
	b->flags = BATCH_AGAIN;	/* both parts are in here */
	b->epoch = 7;
	feed(b);
	feed_second(2 * SECOND, 1, 1);
	longer_close(longer);
	ck_assert_uint_eq(made[0]->flags, BATCH_FLAGGED);
	ck_assert_int_eq(made[0]->bound_ns, 200);
	ck_assert_int_eq(made[0]->stamp_bound_ns, BATCH_UNKNOWN);
	ck_assert_int_eq(made[0]->sync, BATCH_SYNCHRONISED);
	b = second(60 * SECOND, 1, 1);
	b->sync = BATCH_UNSYNCHRONISED;
	b->bound_ns = BATCH_UNKNOWN;
	feed(b);
	feed_second(61 * SECOND, 1, 1);
	longer_close(longer);
	ck_assert_int_eq(made[1]->sync, BATCH_UNSYNCHRONISED);
	ck_assert_int_eq(made[1]->bound_ns, BATCH_UNKNOWN);
}
END_TEST

START_TEST(late_data_opens_it_again)
{
	open_longer(60 * SECOND);
	feed_second(58 * SECOND, 1, 1);
	longer_flush(longer, 60 * SECOND + 299, 300);
	ck_assert_uint_eq(n, 0);
	longer_flush(longer, 60 * SECOND + 300, 300);
	ck_assert_uint_eq(n, 1);
	feed_second(59 * SECOND, 2, 1);
	feed_second(60 * SECOND, 2, 1);
	longer_close(longer);
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(made[1]->from_ns, 0);
	ck_assert_uint_eq(made[1]->flags, BATCH_AGAIN);
	ck_assert_double_eq(made[1]->results[0].mean, 2);
	ck_assert_uint_eq(made[2]->flags, 0);
}
END_TEST

/* Back by a second, and only the sync of the clock changed. */
START_TEST(a_step_of_the_clock_cuts_it_a_sync_does_not)
{
	struct batch *b = second(5 * SECOND, 1, 1);

	open_longer(60 * SECOND);
	feed(b);
	b = second(6 * SECOND, 1, 1);
	b->epoch = 1;
	b->flags = BATCH_STEP;
	feed(b);
	ck_assert_uint_eq(n, 0);
	b = second(5 * SECOND, 1, 1);
	b->epoch = 2;
	b->offset_ns = -SECOND;
	b->flags = BATCH_STEP;
	feed(b);
	longer_close(longer);
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(made[0]->flags, BATCH_STEP);
	ck_assert_uint_eq(made[0]->epoch, 1);
	ck_assert_uint_eq(made[1]->flags, BATCH_STEP);
	ck_assert_int_eq(made[1]->offset_ns, -SECOND);
	ck_assert_uint_eq(made[1]->results[0].count, 1);
}
END_TEST

/* The day of a clock that was never set is none; dated anew it stays in the past. */
START_TEST(the_first_sync_leaves_what_was_captured)
{
	int64_t offset_ns = utc(2026, 3, 29, 10, 0) - 8 * SECOND;
	struct batch *b;

	set_zone("UTC");
	open_longer(LONGER_DAY);
	for (int i = 7; i >= 5; i--) {	/* late data opens no other window */
		b = second(i * SECOND, 1, 4);
		b->sync = BATCH_UNSYNCHRONISED;
		feed(b);
	}
	b = second(utc(2026, 3, 29, 10, 0), 1, 4);
	b->offset_ns = offset_ns;
	feed(b);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(made[0]->sync, BATCH_UNSYNCHRONISED);
	ck_assert_int_eq(made[0]->from_ns, 5 * SECOND);
	ck_assert_int_eq(made[0]->to_ns, 8 * SECOND);
	ck_assert_uint_eq(made[0]->results[0].expected, 12);
	batch_redate(made[0], offset_ns, 0, 8 * SECOND);
	ck_assert_int_eq(made[0]->to_ns, utc(2026, 3, 29, 10, 0));
	/* A clock that is right keeps its windows. */
	feed_second(utc(2026, 3, 29, 10, 0), 1, 4);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(made[1]->from_ns, utc(2026, 3, 29, 0, 0));
	ck_assert_int_eq(made[1]->to_ns, utc(2026, 3, 30, 0, 0));
}
END_TEST

START_TEST(ledger_adds_up)
{
	struct ledger_sensor l, sum = { 0 };

	open_longer(2 * SECOND);
	ck_assert(!longer_account(longer, &l));
	feed_second(0, 1, 2);
	ck_assert(longer_account(longer, &l));
	ck_assert_uint_eq(l.captured, 6);
	ck_assert_uint_eq(l.pending, 6);
	ledger_sensor_add(&sum, &l);
	longer_accounted(longer);
	ck_assert(!longer_account(longer, &l));
	refuse = -ENOMEM;
	longer_close(longer);
	ck_assert(longer_account(longer, &l));
	ck_assert_uint_eq(l.captured, 0);
	ck_assert_uint_eq(l.pending, 0);
	ck_assert_uint_eq(l.dropped[LEDGER_DROP_STORE], 6);
}
END_TEST

START_TEST(only_batches_of_its_layout)
{
	struct batch_layout *other = batch_layout_new("hub", 2, channels);
	struct batch_layout *same = batch_layout_new("hub", 3, channels);

	open_longer(2 * SECOND);
	ck_assert(longer_fits(longer, layout));
	ck_assert(longer_fits(longer, same));
	ck_assert(!longer_fits(longer, other));
	batch_layout_put(other);
	batch_layout_put(same);
}
END_TEST

/* ---- days -------------------------------------------------------------------- */

static void day_is(int64_t at, int64_t from, int64_t to)
{
	int64_t got_from, got_to;

	local_day(at, &got_from, &got_to);
	ck_assert_int_eq(got_from, from);
	ck_assert_int_eq(got_to, to);
}

/* Rules as text, so that no data of zones is needed. */
#define VIENNA	"CET-1CEST,M3.5.0,M10.5.0/3"
#define HAVANA	"CST5CDT,M3.2.0/0,M11.1.0/1"
/* As it was: set back at 00:01, so that 23:01 to 00:00 comes twice. */
#define ST_JOHNS "NST3:30NDT,M4.1.0/0:01,M10.5.0/0:01"

START_TEST(a_day_has_23_24_or_25_hours)
{
	set_zone(VIENNA);
	day_is(utc(2026, 1, 5, 12, 0), utc(2026, 1, 4, 23, 0), utc(2026, 1, 5, 23, 0));
	day_is(utc(2026, 3, 29, 0, 59), utc(2026, 3, 28, 23, 0), utc(2026, 3, 29, 22, 0));
	day_is(utc(2026, 10, 25, 22, 59), utc(2026, 10, 24, 22, 0), utc(2026, 10, 25, 23, 0));
	day_is(utc(2026, 10, 25, 23, 0) - 1, utc(2026, 10, 24, 22, 0), utc(2026, 10, 25, 23, 0));
	day_is(utc(1969, 12, 31, 23, 0) - 1, utc(1969, 12, 30, 23, 0), utc(1969, 12, 31, 23, 0));
}
END_TEST

START_TEST(midnight_that_never_comes_or_twice)
{
	set_zone(HAVANA);
	/* 2026-03-08: from 00:00 to 01:00 at once. */
	day_is(utc(2026, 3, 8, 5, 0), utc(2026, 3, 8, 5, 0), utc(2026, 3, 9, 4, 0));
	day_is(utc(2026, 3, 8, 5, 0) - 1, utc(2026, 3, 7, 5, 0), utc(2026, 3, 8, 5, 0));
	/* 2026-11-01: 00:00 to 01:00 twice, the first one begins the day. */
	day_is(utc(2026, 11, 1, 5, 30), utc(2026, 11, 1, 4, 0), utc(2026, 11, 2, 5, 0));
}
END_TEST

/* Whatever the rule, days lie end to end, and each instant is in its own. */
START_TEST(days_have_no_gaps)
{
	static const char *const zones[] = { "UTC", VIENNA, HAVANA, ST_JOHNS,
					     "NPT-5:45", "LHST-10:30LHDT-11,M10.1.0,M4.1.0" };

	for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++) {
		int64_t from, to, last = 0;

		set_zone(zones[z]);
		for (int64_t t = utc(2026, 1, 1, 0, 7); t < utc(2027, 1, 2, 0, 0);
		     t += 2 * HOUR + HOUR / 4) {
			local_day(t, &from, &to);
			ck_assert_int_le(from, t);
			ck_assert_int_gt(to, t);
			ck_assert_int_ge(to - from, 23 * HOUR);
			ck_assert_int_le(to - from, 25 * HOUR);
			ck_assert(!last || from == last || to == last);
			last = to;
		}
	}
}
END_TEST

START_TEST(a_window_of_a_day)
{
	set_zone(VIENNA);
	open_longer(LONGER_DAY);
	feed_second(utc(2026, 3, 28, 23, 0), 1, 4);
	feed_second(utc(2026, 3, 29, 22, 0) - SECOND, 3, 4);
	feed_second(utc(2026, 3, 29, 22, 0), 5, 4);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(batch_layout_sensor(made[0]->layout), "hub.day");
	ck_assert_int_eq(made[0]->to_ns - made[0]->from_ns, 23 * HOUR);
	ck_assert_double_eq(made[0]->results[0].mean, 2);
	ck_assert_uint_eq(made[0]->results[0].expected, 4 * 23 * 3600);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("longer");
	TCase *t = tcase_create("longer");

	tcase_set_timeout(t, 60);	/* days_have_no_gaps, on a busy machine */
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, each_quantity_has_its_reduction);
	tcase_add_test(t, worst_of_the_clock_and_all_flags);
	tcase_add_test(t, late_data_opens_it_again);
	tcase_add_test(t, a_step_of_the_clock_cuts_it_a_sync_does_not);
	tcase_add_test(t, the_first_sync_leaves_what_was_captured);
	tcase_add_test(t, ledger_adds_up);
	tcase_add_test(t, only_batches_of_its_layout);
	tcase_add_test(t, a_day_has_23_24_or_25_hours);
	tcase_add_test(t, midnight_that_never_comes_or_twice);
	tcase_add_test(t, days_have_no_gaps);
	tcase_add_test(t, a_window_of_a_day);
	suite_add_tcase(s, t);
	return unit_run(s);
}
